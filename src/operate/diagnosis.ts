import { existsSync } from 'node:fs';
import { randomUUIDv7 } from 'node:crypto';
import { join } from 'node:path';
import { ReplicaStore } from '../store/replica/replica-store.js';
import { REPLICA_FILE } from '../store/replica/replica-file.js';
import { FolderInUseError } from '../store/sqlite/folder.js';
import { SqliteStore, LEDGER_FILE } from '../store/sqlite/sqlite-store.js';
import { connectionOf } from '../store/kurrentdb/connection.js';
import { examine } from '../store/kurrentdb/doctor.js';
import { KurrentStore } from '../store/kurrentdb/kurrent-store.js';
import { prefixOf, StreamNames } from '../store/kurrentdb/stream-names.js';
import { ConfigError } from '../config.js';
import { genesisHash } from '../proof/checkpoint.js';
import { compareWithNote } from '../proof/comparison.js';
import { checkEvidence, type Named } from '../proof/evidence-check.js';
import { EVIDENCE_FOLDER, EvidenceFolder } from '../proof/evidence-folder.js';
import { ProofFolder } from '../proof/proof-folder.js';
import { countRefusals, REFUSALS_FOLDER } from '../refusals/refusal-folder.js';
import type { EventStore, Genesis } from '../store/event-store.js';

export interface Finding {
  readonly step: string;
  readonly ok: boolean;
  readonly detail: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Examines the store that the environment names, step by step up to the first that fails: LEDGER_KURRENTDB_URL, or the folder DATA_DIR;
 * LEDGER_STORE says which when both are set. `onProgress` is called with the part of a server's log that is scanned, between 0 and 1.
 * @throws InvalidConnectionError
 */
export const diagnose = (
  { LEDGER_STORE, LEDGER_KURRENTDB_URL, LEDGER_PREFIX, LEDGER_PROOF_KEY, DATA_DIR = './data' }: Environment,
  onProgress?: (part: number) => void,
): AsyncIterable<Finding> => {
  const onServer = LEDGER_STORE === undefined ? LEDGER_KURRENTDB_URL !== undefined : LEDGER_STORE === 'kurrentdb';
  const proof = new ProofFolder(DATA_DIR, LEDGER_PROOF_KEY);
  if (!onServer) return examineFolder(DATA_DIR, proof);
  const prefix = LEDGER_PREFIX === undefined ? '' : prefixOf(LEDGER_PREFIX);
  if (prefix === undefined) throw new ConfigError('LEDGER_PREFIX must be letters and digits, with dots between them, such as met.');
  return examineServer(LEDGER_KURRENTDB_URL ?? '', prefix, DATA_DIR, proof, onProgress);
};

/** And the replica of its log in the folder, where there is one. */
const examineServer = (
  url: string,
  prefix: string,
  dir: string,
  proof: ProofFolder,
  onProgress?: (part: number) => void,
): AsyncIterable<Finding> => {
  const steps = examine(connectionOf(url), () => randomUUIDv7(), new StreamNames(prefix), onProgress);
  return (async function* () {
    let well = true;
    for await (const step of steps) {
      well &&= step.ok;
      yield step;
    }
    if (well && existsSync(join(dir, REPLICA_FILE)))
      yield* await copyOf(url, prefix, dir, proof).catch((error: unknown) => [{ step: 'copy', ok: false, detail: wordsOf(error) }]);
  })();
};

/** Compares every event of the replica with the server's. @throws HistoryBrokenError that names where they differ, FolderInUseError */
const copyOf = async (url: string, prefix: string, dir: string, proof: ProofFolder): Promise<readonly Finding[]> => {
  const connect = (ledger?: Genesis) =>
    KurrentStore.open({ url, prefix, ledger, timeZone: 'UTC', now: () => '', newId: () => randomUUIDv7() });
  const replica = await ReplicaStore.open({ dir, connect, uptime: () => 0, chance: () => 1 });
  let server: KurrentStore | undefined;
  try {
    server = await connect(replica.genesis);
    const { count, root } = await replica.verify();
    await replica.verifyAgainst(server);
    const copy = { step: 'copy', ok: true, detail: `${count} events, each as the server has it; root ${root}` };
    return [copy, noteOf(replica, proof), ...(await refusalsIn(dir, replica)), ...(await evidenceIn(replica, dir))];
  } finally {
    await server?.close();
    await replica.close();
  }
};

/** Makes nothing where there is no ledger. Needs the folder for itself, since it opens the ledger as the server does. */
async function* examineFolder(dir: string, proof: ProofFolder): AsyncGenerator<Finding> {
  const found = existsSync(join(dir, LEDGER_FILE));
  yield { step: 'folder', ok: found, detail: found ? dir : `${dir} holds no ledger` };
  if (!found) return;
  let store: SqliteStore;
  try {
    store = await SqliteStore.open({ dir, timeZone: 'UTC', now: () => '', newId: () => randomUUIDv7() });
  } catch (error) {
    const advice = error instanceof FolderInUseError ? ' Stop it, or make a backup and examine that: DATA_DIR=BACKUP npm run doctor.' : '';
    yield { step: 'open', ok: false, detail: wordsOf(error) + advice };
    return;
  }
  try {
    yield { step: 'open', ok: true, detail: `ledger ${store.genesis.ledgerId}, used by no other process` };
    let isReadable = true;
    for await (const { part: step, ok, detail } of store.examine()) {
      isReadable &&= ok || step === 'tree';
      yield { step, ok, detail };
    }
    yield* await refusalsIn(dir, store);
    if (!isReadable) return;
    yield noteOf(store, proof);
    yield* await evidenceIn(store, dir);
  } finally {
    await store.close();
  }
}

/** Compares the tree with the last signed note. */
const noteOf = ({ tree, genesis }: EventStore, folder: ProofFolder): Finding => {
  try {
    const note = folder.last();
    if (!note) return { step: 'note', ok: true, detail: 'none is kept in this folder: the next start of the server signs the first' };
    const agreement = compareWithNote(tree!, genesisHash(genesis), note, folder.older());
    if (agreement.state !== 'agrees') return { step: 'note', ok: false, detail: agreement.detail };
    return { step: 'note', ok: true, detail: `the ledger is the one that was signed over ${note.size} events, by ${note.origin}` };
  } catch (error) {
    return { step: 'note', ok: false, detail: wordsOf(error) };
  }
};

/** Remembered refusals are no part of the ledger: what is wrong with their files is said, and is no fault of it. */
const refusalsIn = async (dir: string, { genesis }: EventStore): Promise<readonly Finding[]> => {
  if (!existsSync(join(dir, REFUSALS_FOLDER))) return [];
  const { refusals, lines, damaged, bytes, since, foreign } = await countRefusals(dir, genesis.ledgerId);
  const counted = `${refusals} remembered in ${lines} lines${since === undefined ? '' : ` since ${since}`}, ${(bytes / 1e6).toFixed(1)} MB`;
  const faults = [...(damaged > 0 ? [`${damaged} lines cannot be read`] : []), ...foreign.slice(0, 3)];
  return [{ step: 'refusals', ok: true, detail: [counted, ...faults].join('; ') }];
};

/** Compares the pieces of evidence in a folder with their hashes, and with what events name. */
const evidenceIn = async (log: EventStore, dir: string): Promise<readonly Finding[]> => {
  const step = 'evidence';
  try {
    const { whole, bytes, altered, unnamed, missing, foreign } = await checkEvidence(log, new EvidenceFolder(dir));
    const faults = altered.names.map((name) => ({
      step,
      ok: false,
      detail: `${EVIDENCE_FOLDER}/${name} is not what was sent: its hash differs`,
    }));
    if (altered.count > faults.length)
      faults.push({ step, ok: false, detail: `${altered.count - faults.length} more pieces are not what was sent` });
    const parts = [
      `${whole} pieces, ${(bytes / 1e6).toFixed(1)} MB, each with the hash of its name`,
      listed(missing, 'times events name one that is not kept here'),
      listed(unnamed, 'that no event names'),
      listed(foreign, 'other files'),
    ];
    return [...faults, ...(faults.length > 0 ? [] : [{ step, ok: true, detail: parts.filter((part) => part !== '').join('; ') }])];
  } catch (error) {
    return [{ step, ok: false, detail: wordsOf(error) }];
  }
};
const listed = ({ count, names }: Named, what: string): string => {
  if (count === 0) return '';
  const some = names.slice(0, SHOWN).join(', ');
  return `${count} ${what} (${some}${names.length > SHOWN ? ', …' : ''})`;
};
/** Names in one line. */
const SHOWN = 3;

export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
