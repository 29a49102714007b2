import { genesisIn, HistoryBrokenError, type Genesis, type Revision } from '../event-store.js';
import { CallFailedError, isRetryableRead, isTransient } from './errors.js';
import type { Recorded } from './events.js';
import { nameOf, type ClusterConnection } from './cluster-connection.js';
import type { Node } from './node.js';
import type { Proposed } from './protocol.js';
import { collect, mustBeUnbounded, type Places } from './reading.js';

const TYPE = 'LedgerOpened';
/** Behind it, the last record says whether a ledger is still being copied into the server, event by event. */
const MIGRATION = { begun: 'MigrationBegun', completed: 'MigrationCompleted' } as const;
export type MigrationMark = keyof typeof MIGRATION;

/** The server already holds another ledger than the one being migrated to it. */
export class OtherLedgerError extends Error {
  override readonly name = 'OtherLedgerError';
  readonly code = 'other-ledger';
}

/**
 * The genesis of the ledger in the store. The first node to start writes it. Nodes that start at the same time all append it with "no
 * stream" as the expected revision: one wins, and all read the same record.
 * @param isMigrated whether it comes from another store: then it begins with the mark of that
 * @throws UnsupportedFormatError, HistoryBrokenError, CallFailedError
 */
export const genesisOf = async (
  connection: ClusterConnection,
  places: Places,
  fresh: () => Genesis,
  newId: () => string,
  isMigrated: boolean,
): Promise<Genesis> => {
  const { names, deadline } = places;
  let proposed: readonly Proposed[] | undefined;
  for (let tries = 0; ; tries++) {
    const found = await connection.retry((node) => storedGenesis(node, places), isRetryableRead);
    if (found) return found;
    await connection.retry((node) => mustBeUnbounded(node, 'genesis', places), isRetryableRead);
    const records = (proposed ??= [recordOf(newId(), TYPE, fresh()), ...(isMigrated ? [recordOf(newId(), MIGRATION.begun)] : [])]);
    try {
      await connection.retry((node) => node.append(names.genesis, -1, records, deadline), isTransient);
    } catch (error) {
      // Without an answer it may have been stored: the next read shows it.
      if (tries > 4 || !(error instanceof CallFailedError) || !isRetryableRead(error.failure)) throw error;
    }
  }
};

/** Marks that a migration begins or is complete, unless it is marked so already. @throws CallFailedError */
export const markMigration = async (
  connection: ClusterConnection,
  places: Places,
  mark: MigrationMark,
  newId: () => string,
): Promise<void> => {
  const { names, deadline } = places;
  const proposed = [recordOf(newId(), MIGRATION[mark])];
  for (let tries = 0; ; tries++) {
    const { revision, isMigrating } = await connection.retry((node) => endOfGenesis(node, places), isRetryableRead);
    if (isMigrating === (mark === 'begun')) return;
    try {
      await connection.retry((node) => node.append(names.genesis, revision, proposed, deadline), isTransient);
    } catch (error) {
      if (tries > 4 || !(error instanceof CallFailedError) || !isRetryableRead(error.failure)) throw error;
    }
  }
};

/**
 * A server behind the same address may have been wiped or replaced, and would accept appends to a ledger that it does not hold.
 * @param isMigration whether it is opened to be copied into; for all others the beginning of a ledger is none
 * @throws CallFailedError when the node does not hold this ledger
 */
export const mustHoldLedger = async (node: Node, { ledgerId }: Genesis, places: Places, isMigration = false): Promise<void> => {
  const found = await storedGenesis(node, places).catch((error: unknown) => {
    if (error instanceof HistoryBrokenError) return undefined;
    throw error;
  });
  const refuse = (held: string): never => {
    throw new CallFailedError({ kind: 'other-ledger', message: `${nameOf(node.endpoint)} holds ${held}` });
  };
  if (found?.ledgerId !== ledgerId)
    return refuse(`${found ? `the ledger ${found.ledgerId}` : 'no ledger'} in ${places.names.genesis}, not ${ledgerId}`);
  if (!isMigration && (await endOfGenesis(node, places)).isMigrating)
    refuse(`the beginning of the ledger ${ledgerId} only: a migration into it is under way, or was interrupted and is to be run again`);
};

const recordOf = (id: string, type: string, data: object = {}): Proposed => ({
  id,
  type,
  data: Buffer.from(JSON.stringify(data)),
  metadata: Buffer.from('{}'),
});

/** The revision of its last record, and whether a migration has begun and is not complete. @throws CallFailedError */
const endOfGenesis = async (
  node: Node,
  { names, deadline }: Places,
): Promise<{ readonly revision: Revision; readonly isMigrating: boolean }> => {
  const found = await collect(node, { stream: names.genesis, from: 'end', backwards: true, limit: 1 }, deadline);
  const last = found === 'not-found' ? undefined : found[0];
  return { revision: last?.revision ?? -1, isMigrating: last?.type === MIGRATION.begun };
};

/** Undefined when the server has no such stream. @throws UnsupportedFormatError, HistoryBrokenError, CallFailedError */
const storedGenesis = async (node: Node, { names, deadline }: Places): Promise<Genesis | undefined> => {
  const found = await collect(node, { stream: names.genesis, from: 'start', limit: 1 }, deadline);
  return found === 'not-found' ? undefined : read(found[0], names.genesis);
};

const read = (record: Recorded | undefined, stream: string): Genesis => {
  const genesis = record?.type === TYPE && record.revision === 0 ? genesisIn(record.json()) : undefined;
  if (!genesis) throw new HistoryBrokenError(`The stream ${stream} does not begin with a ledger's genesis record.`);
  return genesis;
};
