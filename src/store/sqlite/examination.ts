import type Database from 'better-sqlite3';
import { setImmediate as others } from 'node:timers/promises';
import { GENESIS } from './ledger-file.js';

export interface Examined {
  readonly part: 'file' | 'events' | 'streams' | 'tree';
  readonly ok: boolean;
  readonly detail: string;
}

/** Rows that are read without a pause. */
const PAGE = 200;
/** Faults that are named of each part, at most: one damaged page can hold many. */
const MAX_FAULTS = 20;

/**
 * What a ledger's file holds, part by part: its pages, the JSON of every event, the revisions of every stream. A part that is as it should
 * be gives one result, another one result for each fault, which names position and stream. The first part with a fault is the last.
 */
export async function* examineLedger(db: Database.Database): AsyncGenerator<Examined, void, undefined> {
  for (const [part, examine] of [
    ['file', examineFile],
    ['events', examineEvents],
    ['streams', examineStreams],
  ] as const) {
    // prettier-ignore
    let faults = 0;
    let detail = '';
    try {
      for await (const found of examine(db)) {
        if (found.ok) detail = found.detail;
        else {
          yield { part, ...found };
          if (++faults === MAX_FAULTS) break;
        }
      }
    } catch (error) {
      faults++;
      yield { part, ok: false, detail: (error as Error).message };
    }
    if (faults > 0) return;
    yield { part, ok: true, detail };
  }
}

type Found = Omit<Examined, 'part'>;
const fault = (detail: string): Found => ({ ok: false, detail });

/** Within SQLite, which does not yield: about a second for each gigabyte. */
async function* examineFile(db: Database.Database): AsyncGenerator<Found> {
  const results = db.pragma(`quick_check(${MAX_FAULTS})`) as { readonly quick_check: string }[];
  for (const { quick_check } of results) if (quick_check !== 'ok') yield fault(`SQLite finds: ${quick_check}`);
  yield { ok: true, detail: 'SQLite finds every page sound' };
}

interface Place {
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
}
const placeOf = ({ position, stream, revision }: Place): string => `position ${position} (${stream}, revision ${revision})`;

async function* examineEvents(db: Database.Database): AsyncGenerator<Found> {
  const page = db.prepare<[number, number], Place & { readonly data: string; readonly metadata: string }>(
    'SELECT * FROM events WHERE position > ? ORDER BY position LIMIT ?',
  );
  let last: Place | undefined;
  let count = 0;
  for (;;) {
    let rows;
    try {
      rows = page.all(last?.position ?? 0, PAGE);
    } catch (error) {
      yield fault(`What follows ${last ? placeOf(last) : 'the beginning'} cannot be read: ${(error as Error).message}`);
      return;
    }
    if (rows.length === 0) break;
    for (const row of rows) {
      for (const name of ['data', 'metadata'] as const)
        if (!isJson(row[name])) yield fault(`The event at ${placeOf(row)} has ${name} that is not JSON`);
      if (row.stream !== GENESIS) count++;
    }
    last = rows.at(-1)!;
    await others();
  }
  yield { ok: true, detail: `${count} events, the data and metadata of each are JSON` };
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** In the order of the index, so that nothing is kept but the row before. */
async function* examineStreams(db: Database.Database): AsyncGenerator<Found> {
  const page = db.prepare<[string, number, number], Place>(
    'SELECT position, stream, revision FROM events WHERE (stream, revision) > (?, ?) ORDER BY stream, revision LIMIT ?',
  );
  let last: Place | undefined;
  let [count, events, end, isSound] = [0, 0, 0, true];
  for (;;) {
    const rows = page.all(last?.stream ?? '', last?.revision ?? -1, PAGE);
    if (rows.length === 0) break;
    for (const row of rows) {
      const before = last?.stream === row.stream ? last : undefined;
      if (!before && row.stream !== GENESIS) count++;
      const faults = [];
      if (row.revision !== (before?.revision ?? -1) + 1) faults.push(`follows ${before ? `revision ${before.revision}` : 'no event of its stream'}`); // prettier-ignore
      if (before && row.position < before.position) faults.push(`is before the one that it follows, at ${before.position}`);
      for (const detail of faults) yield fault(`The event at ${placeOf(row)} ${detail}`);
      isSound &&= faults.length === 0;
      [last, events, end] = [row, events + 1, Math.max(end, row.position)];
    }
    await others();
  }
  // Positions have no gaps, so an event that was the last of its stream is missed as well.
  if (isSound && events !== end) yield* gaps(db);
  yield { ok: true, detail: `${count} streams, no revision missing` };
}

function* gaps(db: Database.Database): Generator<Found> {
  const after = db.prepare<[number], Place>(
    'SELECT * FROM events e WHERE NOT EXISTS (SELECT 1 FROM events WHERE position = e.position - 1) AND position > 1 ORDER BY position LIMIT ?',
  );
  for (const row of after.all(MAX_FAULTS)) yield fault(`Position ${row.position - 1} is missing before the event at ${placeOf(row)}`);
}
