import { genesisIn, HistoryBrokenError, type Genesis } from '../event-store.js';
import { CallFailedError, isRetryableRead, isTransient } from './errors.js';
import type { Recorded } from './events.js';
import type { ClusterConnection } from './cluster-connection.js';
import type { Proposed } from './protocol.js';
import { collect, mustBeWhole } from './reading.js';

const STREAM = 'genesis';
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
  fresh: () => Genesis,
  newId: () => string,
  deadline: number,
): Promise<Genesis> => {
  let event: Proposed | undefined;
  for (let tries = 0; ; tries++) {
    const found = await connection.retry((node) => collect(node, { stream: STREAM, from: 'start', limit: 1 }, deadline), isRetryableRead);
    if (found !== 'not-found') return read(found[0]);
    await connection.retry((node) => mustBeWhole(node, STREAM, deadline), isRetryableRead);
    event ??= { id: newId(), type: TYPE, data: Buffer.from(JSON.stringify(fresh())), metadata: Buffer.from('{}') };
    const proposed = [event];
    try {
      await connection.retry((node) => node.append(STREAM, -1, proposed, deadline), isTransient);
    } catch (error) {
      // Without an answer it may have been stored: the next read shows it.
      if (tries > 4 || !(error instanceof CallFailedError) || !isRetryableRead(error.failure)) throw error;
    }
  }
};

const read = (record: Recorded | undefined): Genesis => {
  const genesis = record?.type === TYPE && record.revision === 0 ? genesisIn(record.json()) : undefined;
  if (!genesis) throw new HistoryBrokenError(`The stream ${STREAM} does not begin with a ledger's genesis record.`);
  return genesis;
};
