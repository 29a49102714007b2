import { earlier } from '../engine/earlier.js';
import type { Receipt } from '../engine/write/receipt.js';
import type { AnyAggregate, History } from '../kernel/index.js';
import type { Projector } from '../engine/read/projector.js';

/** What others recorded about an aggregate that nothing is left of. */
export interface NamedBy {
  /** Their streams in the order in which they first named it, at most `MOST`. */
  readonly streams: readonly string[];
  /** Whether there may be further ones. */
  readonly more: boolean;
}

/** Streams that are listed at most. */
const MOST = 100;
/** Events that are looked through at once, and pages at most. */
const PAGE = 500;
const PAGES = 20;
const WAIT_MS = 5000;

/** Whether a command can take away all that was recorded of an aggregate. */
export const mayWithdrawAll = (events: readonly string[]): boolean =>
  events.includes('FactWithdrawn') || events.includes('DuplicateMarked');

/**
 * The streams whose events before a decision are about the aggregate that it withdraws as a whole: the same whenever it is asked.
 * Undefined where something is left of the aggregate, or where the log's index is more than five seconds behind.
 * @param now the history of the stream, with the decision unless it is a dry run
 */
export const namedBy = async (
  projector: Projector,
  { category }: AnyAggregate,
  now: History,
  { revision, position, events, outcome }: Receipt,
): Promise<NamedBy | undefined> => {
  if (outcome === 'already-so') return undefined;
  const after = outcome === 'dry-run' ? now.with(events) : await earlier(now, revision);
  if (after.entries.length > 0) return undefined;
  if (position !== undefined && !(await projector.reached(position, WAIT_MS))) return undefined;
  const upTo = position === undefined ? projector.sequence : projector.sequenceAt(position);
  const streams = new Set<string>();
  let cursor = 0;
  for (let page = 0; page < PAGES; page++) {
    const found = await projector.events({
      tags: [`${category}:${now.id}`],
      after: cursor,
      ...(upTo !== undefined && { upTo }),
      limit: PAGE,
    });
    for (const { stream } of found) if (stream !== now.stream) streams.add(stream);
    if (streams.size > MOST) break;
    if (found.length < PAGE) return { streams: [...streams], more: false };
    cursor = found.at(-1)!.sequence;
  }
  return { streams: [...streams].slice(0, MOST), more: true };
};
