import { HistoryBroken, type Genesis } from '../event-store.js';
import { Failed, passes } from './errors.js';
import type { Recorded } from './events.js';
import type { Link } from './link.js';
import { collect, mustBeWhole } from './reading.js';

const STREAM = 'genesis';
const TYPE = 'LedgerOpened';
const FORMAT = 1;

/** The ledger was written in a format that this program does not know. */
export class NewerFormat extends Error {
  override readonly name = 'NewerFormat';
}

/** The server holds a ledger already, another than the one that is moved there. */
export class OtherLedger extends Error {
  override readonly name = 'OtherLedger';
}

/**
 * The ledger that stands in the store, opened by whichever node came first: all that start at once write it only where no stream is, one
 * of them wins, and all read the same.
 * @param mustBeSame the ledger is moved here: no other may stand in its place
 * @throws NewerFormat, OtherLedger, HistoryBroken, Failed
 */
export const genesisOf = async (link: Link, fresh: Genesis, id: string, mustBeSame: boolean, deadline: number): Promise<Genesis> => {
  const event = { id, type: TYPE, data: Buffer.from(JSON.stringify(fresh)), metadata: Buffer.from('{}') };
  let lost: unknown;
  for (let tries = 0; tries < 5; tries++) {
    const found = await link.persist(
      (node) => collect(node, { stream: STREAM, from: 'start', limit: 1 }, deadline),
      (failure) => passes(failure) || failure.kind === 'lost',
    );
    if (found !== 'not-found') return read(found[0], fresh, mustBeSame);
    await link.persist((node) => mustBeWhole(node, STREAM, deadline), passes);
    try {
      await link.persist((node) => node.append(STREAM, -1, [event], deadline), passes);
    } catch (error) {
      if (!(error instanceof Failed) || error.failure.kind !== 'lost') throw error;
      lost = error; // it may stand there: read again
    }
  }
  throw lost ?? new HistoryBroken('The first record of the ledger cannot be read.');
};

const read = (record: Recorded | undefined, fresh: Genesis, mustBeSame: boolean): Genesis => {
  const told = record?.json() as Partial<Genesis> | undefined;
  if (record?.type !== TYPE || record.revision !== 0 || typeof told?.ledgerId !== 'string' || typeof told.timeZone !== 'string')
    throw new HistoryBroken(`The stream ${STREAM} does not begin with the first record of a ledger.`);
  const { ledgerId, formatVersion = FORMAT, timeZone, createdAt = '' } = told;
  if (formatVersion > FORMAT) throw new NewerFormat(`This ledger has format ${formatVersion}; this program knows ${FORMAT}.`);
  if (mustBeSame && ledgerId !== fresh.ledgerId)
    throw new OtherLedger(`The server holds the ledger ${ledgerId} already, not ${fresh.ledgerId}.`);
  return { ledgerId, formatVersion, timeZone, createdAt };
};
