import { existsSync } from 'node:fs';
import { randomUUIDv7 } from 'node:crypto';
import { join } from 'node:path';
import { ReplicaStore } from '../store/replica/replica-store.js';
import { REPLICA_FILE } from '../store/replica/replica-file.js';
import { SqliteStore, LEDGER_FILE } from '../store/sqlite/sqlite-store.js';
import { connectionOf } from '../store/kurrentdb/connection.js';
import { examine } from '../store/kurrentdb/doctor.js';
import { KurrentStore } from '../store/kurrentdb/kurrent-store.js';

export interface Finding {
  readonly step: string;
  readonly ok: boolean;
  readonly detail: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The steps of looking at the store that the environment names, up to the first that fails: KURRENTDB_URL, or the folder DATA_DIR;
 * LEDGER_STORE says which when both are there.
 * @throws InvalidConnection
 */
export const diagnose = ({ LEDGER_STORE, KURRENTDB_URL, DATA_DIR = './data' }: Environment): AsyncIterable<Finding> => {
  const onServer = LEDGER_STORE === undefined ? KURRENTDB_URL !== undefined : LEDGER_STORE === 'kurrentdb';
  return onServer ? examineServer(KURRENTDB_URL ?? '', DATA_DIR) : examineFolder(DATA_DIR);
};

/** With the copy of its log in the folder, where there is one. */
const examineServer = (url: string, dir: string): AsyncIterable<Finding> => {
  const steps = examine(connectionOf(url), () => randomUUIDv7());
  return (async function* () {
    let well = true;
    for await (const step of steps) {
      well &&= step.ok;
      yield step;
    }
    if (well && existsSync(join(dir, REPLICA_FILE)))
      yield await copyOf(url, dir).then(
        (detail) => ({ step: 'copy', ok: true, detail }),
        (error: unknown) => ({ step: 'copy', ok: false, detail: wordsOf(error) }),
      );
  })();
};

/** Every event of the copy beside the server's. @throws HistoryBroken that names where they part, FolderInUse */
const copyOf = async (url: string, dir: string): Promise<string> => {
  const connect = () => KurrentStore.open({ url, timeZone: 'UTC', now: () => '', newId: () => randomUUIDv7() });
  const replica = await ReplicaStore.open({ dir, connect, chance: () => 1 });
  let server: KurrentStore | undefined;
  try {
    server = await connect();
    const { count, root } = await replica.verify();
    await replica.verifyAgainst(server);
    return `${count} events, each as the server has it; root ${root}`;
  } finally {
    await server?.close();
    await replica.close();
  }
};

/** Nothing is made where there is no ledger. */
async function* examineFolder(dir: string): AsyncGenerator<Finding> {
  const there = existsSync(join(dir, LEDGER_FILE));
  yield { step: 'folder', ok: there, detail: there ? dir : `${dir} holds no ledger` };
  if (!there) return;
  let store: SqliteStore;
  try {
    store = await SqliteStore.open({ dir, timeZone: 'UTC', now: () => '', newId: () => randomUUIDv7() });
  } catch (error) {
    yield { step: 'open', ok: false, detail: wordsOf(error) };
    return;
  }
  try {
    yield { step: 'open', ok: true, detail: `ledger ${store.genesis.ledgerId}, used by no other process` };
    yield await historyOf(store).then(
      (detail) => ({ step: 'history', ok: true, detail }),
      (error: unknown) => ({ step: 'history', ok: false, detail: wordsOf(error) }),
    );
  } finally {
    await store.close();
  }
}

const historyOf = async (store: SqliteStore): Promise<string> => {
  const revisions = new Map<string, number>();
  let [count, at]: [number, string | undefined] = [0, undefined];
  for (;;) {
    const page = await store.readAll(at);
    if (page.length === 0) return `${count} events in ${revisions.size} streams, none missing`;
    for (const { stream, revision } of page) {
      if (revision !== (revisions.get(stream) ?? -1) + 1) throw new Error(`${stream} has no event before revision ${revision}`);
      revisions.set(stream, revision);
    }
    count += page.length;
    at = page.at(-1)!.position;
  }
};

export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
