import { genesisIn, HistoryBrokenError, type Genesis } from '../event-store.js';
import { CallFailedError, isRetryableRead, isTransient } from './errors.js';
import type { Recorded } from './events.js';
import { nameOf, type ClusterConnection } from './cluster-connection.js';
import type { Node } from './node.js';
import type { Proposed } from './protocol.js';
import { collect, mustBeUnbounded, type Places } from './reading.js';

const TYPE = 'LedgerOpened';

/** The server already holds another ledger than the one being migrated to it. */
export class OtherLedgerError extends Error {
  override readonly name = 'OtherLedgerError';
  readonly code = 'other-ledger';
}

/**
 * The genesis of the ledger in the store. The first node to start writes it. Nodes that start at the same time all append it with "no
 * stream" as the expected revision: one wins, and all read the same record.
 * @throws UnsupportedFormatError, HistoryBrokenError, CallFailedError
 */
export const genesisOf = async (
  connection: ClusterConnection,
  places: Places,
  fresh: () => Genesis,
  newId: () => string,
): Promise<Genesis> => {
  const { names, deadline } = places;
  let event: Proposed | undefined;
  for (let tries = 0; ; tries++) {
    const found = await connection.retry((node) => storedGenesis(node, places), isRetryableRead);
    if (found) return found;
    await connection.retry((node) => mustBeUnbounded(node, 'genesis', places), isRetryableRead);
    event ??= { id: newId(), type: TYPE, data: Buffer.from(JSON.stringify(fresh())), metadata: Buffer.from('{}') };
    const proposed = [event];
    try {
      await connection.retry((node) => node.append(names.genesis, -1, proposed, deadline), isTransient);
    } catch (error) {
      // Without an answer it may have been stored: the next read shows it.
      if (tries > 4 || !(error instanceof CallFailedError) || !isRetryableRead(error.failure)) throw error;
    }
  }
};

/**
 * A server behind the same address may have been wiped or replaced, and would accept appends to a ledger that it does not hold.
 * @throws CallFailedError when the node does not hold this ledger
 */
export const mustHoldLedger = async (node: Node, { ledgerId }: Genesis, places: Places): Promise<void> => {
  const found = await storedGenesis(node, places).catch((error: unknown) => {
    if (error instanceof HistoryBrokenError) return undefined;
    throw error;
  });
  if (found?.ledgerId === ledgerId) return;
  const held = found ? `the ledger ${found.ledgerId}` : 'no ledger';
  const message = `${nameOf(node.endpoint)} holds ${held} in ${places.names.genesis}, not ${ledgerId}`;
  throw new CallFailedError({ kind: 'other-ledger', message });
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
