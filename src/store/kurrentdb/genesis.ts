import { genesisIn, HistoryBrokenError, type Genesis } from '../event-store.js';
import { CallFailedError, mayBeAskedAgain, passes } from './errors.js';
import type { Recorded } from './events.js';
import type { ClusterConnection } from './cluster-connection.js';
import type { Proposed } from './protocol.js';
import { collect, mustBeWhole } from './reading.js';

const STREAM = 'genesis';
const TYPE = 'LedgerOpened';

/** The server holds a ledger already, another than the one that is moved there. */
export class OtherLedgerError extends Error {
  override readonly name = 'OtherLedgerError';
  readonly code = 'other-ledger';
}

/**
 * The ledger that stands in the store, opened by whichever node came first: all that start at once write it only where no stream is, one
 * of them wins, and all read the same.
 * @throws UnsupportedFormatError, HistoryBrokenError, CallFailedError
 */
export const genesisOf = async (link: ClusterConnection, fresh: () => Genesis, newId: () => string, deadline: number): Promise<Genesis> => {
  let event: Proposed | undefined;
  for (let tries = 0; ; tries++) {
    const found = await link.persist((node) => collect(node, { stream: STREAM, from: 'start', limit: 1 }, deadline), mayBeAskedAgain);
    if (found !== 'not-found') return read(found[0]);
    await link.persist((node) => mustBeWhole(node, STREAM, deadline), mayBeAskedAgain);
    event ??= { id: newId(), type: TYPE, data: Buffer.from(JSON.stringify(fresh())), metadata: Buffer.from('{}') };
    const proposed = [event];
    try {
      await link.persist((node) => node.append(STREAM, -1, proposed, deadline), passes);
    } catch (error) {
      // Without an answer it may stand there: that is seen by reading.
      if (tries > 4 || !(error instanceof CallFailedError) || !mayBeAskedAgain(error.failure)) throw error;
    }
  }
};

const read = (record: Recorded | undefined): Genesis => {
  const genesis = record?.type === TYPE && record.revision === 0 ? genesisIn(record.json()) : undefined;
  if (!genesis) throw new HistoryBrokenError(`The stream ${STREAM} does not begin with the first record of a ledger.`);
  return genesis;
};
