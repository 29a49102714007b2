import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projections } from '../projections/index.js';
import { aggregates } from '../src/domain/index.js';
import { Projector } from '../src/engine/read/projector.js';
import { followOnThread, type ThreadOptions } from '../src/projector-worker.js';
import { SqliteReadModelFile } from '../src/store/sqlite/read-model-file.js';
import { LEDGER_FILE, SqliteStore } from '../src/store/sqlite/sqlite-store.js';
import type { EventStore } from '../src/store/event-store.js';

const PAGE = 1000;

/** Reads every event in pages with data and metadata parsed: the least that a rebuild can do. */
export const scan = async (store: SqliteStore): Promise<{ readonly events: number; readonly ms: number }> => {
  const begun = performance.now();
  let events = 0;
  for (let page = await store.readAll(undefined, PAGE); page.length > 0; page = await store.readAll(page.at(-1)!.position, PAGE))
    events += page.length;
  return { events, ms: performance.now() - begun };
};

/** @param log the file of the store, where another thread can read it */
export const rebuild = async (store: EventStore, log?: ThreadOptions['log']): Promise<{ readonly ms: number; readonly bytes: number }> => {
  const folder = await mkdtemp(join(tmpdir(), 'tower-ledger-rebuild-'));
  const begun = performance.now();
  const readModel = new SqliteReadModelFile(join(folder, 'read-model.db'));
  const projector = Projector.start({
    store,
    readModel,
    ...(log && { follow: followOnThread({ log, readModel: readModel.file, genesis: store.genesis }, () => undefined) }),
    projections,
    aggregates,
    now: () => new Date().toISOString(),
  });
  await projector.idle();
  const ms = performance.now() - begun;
  const faulted = projector.list().flatMap((status) => status.faulted);
  if (faulted.length > 0) throw new Error(`${faulted[0]!.stream}: ${faulted[0]!.error}`);
  await projector.close();
  const { size } = await stat(join(folder, 'read-model.db'));
  await rm(folder, { recursive: true, force: true });
  return { ms, bytes: size };
};

/** Rebuilds all projections from the log of a folder, between two scans of it. @returns the rate of the rebuild ÷ that of the scans */
export const rebuildAgainstScan = async (
  dir: string,
): Promise<{ readonly ratio: number; readonly events: number; readonly summary: string }> => {
  const store = await SqliteStore.open({ dir, timeZone: 'Europe/London', now: () => '', newId: () => '' });
  const before = await scan(store);
  const built = await rebuild(store, { kind: 'sqlite', file: join(dir, LEDGER_FILE) });
  const after = await scan(store);
  await store.close();
  const perSecond = (events: number, ms: number) => (events / ms) * 1000;
  const scanned = perSecond(2 * before.events, before.ms + after.ms);
  const rebuilt = perSecond(before.events, built.ms);
  const { size } = await stat(join(dir, 'ledger.db'));
  const summary =
    `rebuild of ${projections.length} projections, ${before.events} events: ${rebuilt.toFixed(0)} events/s; scan ${scanned.toFixed(0)} events/s; ` +
    `ratio ${(rebuilt / scanned).toFixed(3)}; stored per event: log ${(size / before.events).toFixed(0)} bytes, read models ${(built.bytes / before.events).toFixed(0)} bytes`;
  return { ratio: rebuilt / scanned, events: before.events, summary };
};
