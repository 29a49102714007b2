import { Command } from 'commander';
import { existsSync } from 'node:fs';
import { randomUUIDv7 } from 'node:crypto';
import { join } from 'node:path';
import { EmbeddedStore } from '../store/embedded/embedded-store.js';
import { connectionOf } from '../store/kurrentdb/connection.js';
import { examine } from '../store/kurrentdb/doctor.js';

interface Finding {
  readonly step: string;
  readonly ok: boolean;
  readonly detail: string;
}

const failed = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The steps of looking at a folder that holds a ledger, up to the first that fails. Nothing is made where there is none. */
async function* examineFolder(dir: string): AsyncGenerator<Finding> {
  const there = existsSync(join(dir, 'ledger.db'));
  yield { step: 'folder', ok: there, detail: there ? dir : `${dir} holds no ledger` };
  if (!there) return;
  let store: EmbeddedStore;
  try {
    store = await EmbeddedStore.open({ dir, timeZone: 'UTC', now: () => '', newId: randomUUIDv7 });
  } catch (error) {
    yield { step: 'open', ok: false, detail: failed(error) };
    return;
  }
  try {
    yield { step: 'open', ok: true, detail: `ledger ${store.genesis.ledgerId}, used by no other process` };
    yield await historyOf(store).then(
      (detail) => ({ step: 'history', ok: true, detail }),
      (error: unknown) => ({ step: 'history', ok: false, detail: failed(error) }),
    );
  } finally {
    await store.close();
  }
}

const historyOf = async (store: EmbeddedStore): Promise<string> => {
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

new Command('doctor')
  .description(
    'Looks at the store of the ledger, step by step: KURRENTDB_URL, or the folder DATA_DIR (LEDGER_STORE says which). A KurrentDB is ' +
      'written to, in a stream that is not of the ledger. Exit code 1 when a step fails.',
  )
  .parse();
const { LEDGER_STORE, KURRENTDB_URL, DATA_DIR = './data' } = process.env;

try {
  const onServer = LEDGER_STORE === undefined ? KURRENTDB_URL !== undefined : LEDGER_STORE === 'kurrentdb';
  const steps: AsyncIterable<Finding> = onServer
    ? examine(connectionOf(KURRENTDB_URL ?? ''), () => randomUUIDv7())
    : examineFolder(DATA_DIR);
  for await (const { step, ok, detail } of steps) {
    process.stdout.write(`${ok ? '✓' : '✗'} ${step.padEnd(14)} ${detail}\n`);
    if (!ok) process.exitCode = 1;
  }
} catch (error) {
  process.stderr.write(`${failed(error)}\n`);
  process.exitCode = 1;
}
