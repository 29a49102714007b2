import { genesisIn, HistoryBrokenError, type Genesis } from '../event-store.js';
import { CallFailedError, isRetryableRead, isTransient } from './errors.js';
import type { Recorded } from './events.js';
import { nameOf, type ClusterConnection } from './cluster-connection.js';
import type { Node } from './node.js';
import type { Proposed } from './protocol.js';
import { collect, mustBeUnbounded, type Places } from './reading.js';
import type { StreamNames } from './stream-names.js';

const TYPE = 'LedgerOpened';
/** Behind it, the last record says whether a ledger is still being copied into the server, event by event. */
const MIGRATION = { begun: 'MigrationBegun', completed: 'MigrationCompleted' } as const;

/** The server already holds another ledger than the one being migrated to it. */
export class OtherLedgerError extends Error {
  override readonly name = 'OtherLedgerError';
  readonly code = 'other-ledger';
}

/**
 * The genesis of the ledger in the store. The first node to start writes it. Nodes that start at the same time all append it with "no
 * stream" as the expected revision: one wins, and all read the same record.
 * @param migration the id of its mark, where it comes from another store: then the ledger begins with that
 * @throws UnsupportedFormatError, HistoryBrokenError, CallFailedError
 */
export const genesisOf = async (
  connection: ClusterConnection,
  places: Places,
  fresh: () => Genesis,
  newId: () => string,
  migration: string | undefined,
): Promise<Genesis> => {
  const { names, deadline } = places;
  let proposed: readonly Proposed[] | undefined;
  for (let tries = 0; ; tries++) {
    const found = await connection.retry((node) => storedGenesis(node, places), isRetryableRead);
    if (found) return found;
    await connection.retry((node) => mustBeUnbounded(node, 'genesis', places), isRetryableRead);
    const records = (proposed ??= [
      recordOf(newId(), TYPE, fresh()),
      ...(migration !== undefined ? [recordOf(migration, MIGRATION.begun)] : []),
    ]);
    try {
      await connection.retry((node) => node.append(names.genesis, -1, records, deadline), isTransient);
    } catch (error) {
      // Without an answer it may have been stored: the next read shows it.
      if (tries > 4 || !(error instanceof CallFailedError) || !isRetryableRead(error.failure)) throw error;
    }
  }
};

/** Whether a record is the mark of a migration that begins; another one may have ended it since. */
export const isBegun = ({ name, type }: Pick<Recorded, 'name' | 'type'>, { genesis }: StreamNames): boolean =>
  name === genesis && type === MIGRATION.begun;

/** A migration into the store, by the id of the mark with which it begins. */
export interface Migration {
  readonly id: string;
  /** What was marked before that; undefined while it was not added, and where the ledger begins with it. */
  before?: 'open' | 'begun by another';
}

/** Marks that a migration begins: a later one takes over from it. Where it is said again, nothing is added. @throws CallFailedError */
export const markBegun = async (connection: ClusterConnection, places: Places, migration: Migration): Promise<void> => {
  for (let tries = 0; ; tries++) {
    const { last, isMigrating } = await connection.retry((node) => endOfGenesis(node, places), isRetryableRead);
    if (last?.id === migration.id) return;
    if (tries > 4) throw new CallFailedError({ kind: 'busy', message: 'Other migrations into the ledger begin at the same time.' });
    migration.before = isMigrating ? 'begun by another' : 'open'; // it may be stored though no answer comes
    await add(connection, places, last, recordOf(migration.id, MIGRATION.begun), tries);
  }
};

/**
 * Marks that a migration is complete, which began with the mark of this id.
 * @returns whether it is: not where another one has begun since. @throws CallFailedError
 */
export const markCompleted = async (
  connection: ClusterConnection,
  places: Places,
  begun: string,
  newId: () => string,
): Promise<boolean> => {
  const completed = recordOf(newId(), MIGRATION.completed);
  for (let tries = 0; ; tries++) {
    const { last, isMigrating } = await connection.retry((node) => endOfGenesis(node, places), isRetryableRead);
    if (!isMigrating) return true;
    if (last?.id !== begun) return false;
    await add(connection, places, last, completed, tries);
  }
};

/** Whether a migration into the ledger is under way, or was interrupted. @throws CallFailedError */
export const isMigrating = async (node: Node, places: Places): Promise<boolean> => (await endOfGenesis(node, places)).isMigrating;
/** Whether none is. @throws CallFailedError */
export const isOpen = async (connection: ClusterConnection, places: Places): Promise<boolean> =>
  !(await connection.retry((node) => isMigrating(node, places), isRetryableRead));

/** Adds a record, unless another one comes next already: the next read shows it, as where no answer comes. @throws CallFailedError */
const add = async (
  connection: ClusterConnection,
  { names, deadline }: Places,
  last: Recorded | undefined,
  proposed: Proposed,
  tries: number,
): Promise<void> => {
  try {
    await connection.retry((node) => node.append(names.genesis, last?.revision ?? -1, [proposed], deadline), isTransient);
  } catch (error) {
    if (tries > 4 || !(error instanceof CallFailedError) || !isRetryableRead(error.failure)) throw error;
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

/** Its last record, and whether that says that a migration has begun and is not complete. @throws CallFailedError */
const endOfGenesis = async (
  node: Node,
  { names, deadline }: Places,
): Promise<{ readonly last: Recorded | undefined; readonly isMigrating: boolean }> => {
  const found = await collect(node, { stream: names.genesis, from: 'end', backwards: true, limit: 1 }, deadline);
  const last = found === 'not-found' ? undefined : found[0];
  return { last, isMigrating: last?.type === MIGRATION.begun };
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
