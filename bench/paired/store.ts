import Database from 'better-sqlite3';
import { randomUUIDv7 } from 'node:crypto';
import { join } from 'node:path';
import { inKeyOrder, type Json } from '../../src/kernel/index.js';
import { award } from '../story.js';
import { openStore, type NewEvent } from './builds.js';
import { attempt, report, type Figure, type Run } from './report.js';

const AT_ONCE = 64;

interface Provenance {
  readonly [part: string]: object;
}
const { record, ...data } = JSON.parse(award('x').body) as { readonly record: Provenance };
const body = inKeyOrder({ ...data, record } as unknown as Json);
const { authority, decidedBy, evidence } = inKeyOrder(record as unknown as Json) as unknown as Provenance;

/** An event of about the size of an award's, its metadata in the order in which the engine stores it. */
const eventOf = (): NewEvent => {
  const id = randomUUIDv7();
  return {
    id,
    type: 'ContractAwarded',
    data: data as NewEvent['data'],
    metadata: {
      $causationId: id,
      $correlationId: id,
      about: { programme: 'p' },
      actor: { id: 'bench' },
      authority,
      command: { body, id, name: 'AwardContract' },
      decidedBy,
      effectiveOn: '2015-11',
      evidence,
      known: [
        { revision: 0, stream: 'programme-p' },
        { revision: 0, stream: 'tower-t-1' },
        { revision: 0, stream: 'supplier-s-1' },
      ],
      recordedAt: '2026-01-01T00:00:00.000Z',
      schemaVersion: 1,
    } as unknown as NewEvent['metadata'],
  };
};

/** The same rows by better-sqlite3 alone: 64 in one transaction, WAL, synchronous=FULL. */
const openRaw = (file: string) => {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('wal_autocheckpoint = 4000');
  db.exec(`CREATE TABLE events (position INTEGER PRIMARY KEY, stream TEXT NOT NULL, revision INTEGER NOT NULL, id TEXT NOT NULL,
    type TEXT NOT NULL, data TEXT NOT NULL, metadata TEXT NOT NULL) STRICT;
    CREATE UNIQUE INDEX events_by_stream ON events (stream, revision)`);
  const insert = db.prepare('INSERT INTO events (stream, revision, id, type, data, metadata) VALUES (?, 0, ?, ?, ?, ?)');
  const append = db.transaction((batch: readonly (readonly [string, NewEvent])[]) => {
    for (const [stream, { id, type, data, metadata }] of batch)
      insert.run(stream, id, type, JSON.stringify(data), JSON.stringify(metadata));
  });
  return { append, close: () => void db.close() };
};

/** Durable appends of the store alone, 64 at once to new streams, beside the same rows by SQLite alone. */
export const store = async (run: Run): Promise<void> => {
  const rounds = run.quick ? 2 : 2 * run.rounds;
  const ms = Math.min(run.roundMs, 1500);
  const stores = await Promise.all(run.builds.map(async (build) => openStore(build, await run.folder())));
  const raw = openRaw(join(await run.folder(), 'raw.db'));
  let streams = 0;
  const nextStream = () => `contract-x-${++streams}`;

  const rate = async (append: () => Promise<unknown>): Promise<number> => {
    const begun = performance.now();
    let count = 0;
    while (performance.now() - begun < ms) {
      await append();
      count += AT_ONCE;
    }
    return (count / (performance.now() - begun)) * 1000;
  };
  const rates: number[][] = stores.map(() => []);
  const raws: number[] = [];
  for (let n = 0; n <= rounds; n++) {
    const one = await rate(async () => raw.append(Array.from({ length: AT_ONCE }, () => [nextStream(), eventOf()] as const)));
    if (n > 0) raws.push(one);
    for (const [i, store] of stores.entries()) {
      const own = await attempt(run.patienceMs, () =>
        rate(() => Promise.all(Array.from({ length: AT_ONCE }, () => store.append(nextStream(), -1, [eventOf()])))),
      );
      if (n > 0) rates[i]!.push(typeof own === 'string' ? NaN : own);
    }
  }
  raw.close();
  for (const store of stores) await store.close();
  const divided: Figure[] = rates.map((own) => own.map((value, i) => value / raws[i]!));
  report(`the store alone, ${AT_ONCE} appends at once`, run, [
    { what: 'durable appends/s', figures: rates, digits: 0, compare: true },
    { what: 'better-sqlite3 alone, 64 in one transaction', figures: rates.map(() => raws), digits: 0 },
    { what: 'store ÷ better-sqlite3', figures: divided, digits: 3, required: '≥ 0.65' },
  ]);
};
