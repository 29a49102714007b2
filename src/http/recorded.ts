import type { IndexedEvent } from '../store/read-model.js';
import { caughtUp } from './as-of.js';
import type { ReadSide } from './ledger.js';
import { NotFoundError } from './problem.js';

/** What is found. Where nothing is, the rows may be behind: it is looked for again once they have all that the log has now. */
const foundByNow = async <Found>(
  readSide: ReadSide,
  find: () => Found | undefined | Promise<Found | undefined>,
): Promise<Found | undefined> => {
  const found = await find();
  if (found !== undefined) return found;
  const minPosition = await readSide.store.head();
  if (minPosition === undefined) return undefined;
  await caughtUp(readSide, { minPosition });
  return find();
};

/** The stream of a decision. @throws NotFoundError, and as `caughtUp` */
export const streamOfDecision = async (readSide: ReadSide, id: string): Promise<string> => {
  const { projector } = readSide;
  const row = await foundByNow(
    readSide,
    async () => (await projector.row('decisions', `decision:${id}`)) as { readonly stream: string } | undefined,
  );
  if (!row) throw new NotFoundError(`No decision ${id} is recorded.`);
  return row.stream;
};

/** Where an event stands in the log. @throws NotFoundError, and as `caughtUp` */
export const eventWithId = async (readSide: ReadSide, id: string): Promise<IndexedEvent> => {
  const found = await foundByNow(readSide, () => readSide.projector.eventById(id));
  if (!found) throw new NotFoundError(`No event ${id} is recorded.`);
  return found;
};
