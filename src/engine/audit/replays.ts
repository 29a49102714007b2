import { LRUCache } from 'lru-cache';
import { setImmediate as turn } from 'node:timers/promises';
import {
  History,
  sameJson,
  type AnyAggregate,
  type AnyCommand,
  type Assessment,
  type Json,
  type RecordedEvent,
} from '../../kernel/index.js';
import { HistoryBrokenError, isOfTheStore, localPage, type EventStore } from '../../store/event-store.js';
import { earlier } from '../earlier.js';
import { replayAt, split, type Replay, type WhatIf } from './audit.js';

/** Memory for the streams that replays go through, in bytes, and the events that are read at once. */
const VERSION_BYTES = 16 << 20;
const PAGE = 500;
/** Operations of one line, and their JSON in bytes, about. */
const MAX_OPERATIONS = 100;
const OPERATIONS_BYTES = 64 << 10;

/**
 * Streams as they were at revisions that mostly grow, as they do in the order of the log: each event is folded once, while its stream stays
 * within the 16 MB that are kept. An earlier revision is folded again.
 */
export class Versions {
  readonly #kept = new LRUCache<string, History>({
    maxSize: VERSION_BYTES,
    sizeCalculation: ({ bytes }) => Math.min(500 + bytes, VERSION_BYTES / 2),
  });

  constructor(
    private readonly store: Pick<EventStore, 'genesis' | 'read' | 'readLocal'>,
    private readonly aggregates: readonly AnyAggregate[],
  ) {}

  /** @throws HistoryBrokenError where the stream ends before it, and what keeps it from being folded */
  async at(category: string, id: string, revision: number): Promise<History> {
    const stream = `${category}-${id}`;
    let history = this.#kept.get(stream) ?? this.#empty(category, id);
    if (history.revision === revision) return history;
    if (history.revision > revision) return earlier(history, revision);
    while (history.revision < revision) {
      const from = history.revision + 1;
      const page = await localPage(this.store, stream, from, Math.min(PAGE, revision - history.revision));
      if (page.length === 0) throw new HistoryBrokenError(`${stream} ends at revision ${history.revision}, before ${revision}.`);
      history = history.extended(page);
      if (history.revision < revision) await turn();
    }
    this.#kept.set(stream, history);
    return history;
  }

  /** Goes on with events that are read anyway, where the stream is there already. */
  goOn(events: readonly RecordedEvent[]): void {
    const { stream, revision } = events[0]!;
    const kept = this.#kept.peek(stream) ?? (revision === 0 ? this.#empty(...split(stream)) : undefined);
    if (kept?.revision !== revision - 1) return;
    try {
      this.#kept.set(stream, kept.extended(events));
    } catch {
      this.#kept.delete(stream); // who replays the next decision of it is shown why
    }
  }

  #empty(category: string, id: string): History {
    const aggregate = this.aggregates.find((one) => one.category === category)!;
    return History.of(aggregate, id, [], this.store.genesis.timeZone);
  }
}

export interface RuleResult {
  readonly rule: string;
  readonly version: string;
  readonly result: Assessment['result'];
}

/** What came of replaying one decision. */
export interface ReplayLine {
  readonly decision: string;
  readonly command: string;
  readonly stream: string;
  readonly revision: number;
  readonly recordedAt: string;
  readonly effectiveOn: string;
  readonly reference?: string;
  /**
   * `same`: exactly what was recorded; with another policy, the same events and results. `differs`: it comes out otherwise. `refused`: it
   * would not be accepted. `failed`: it cannot be replayed, and `error` says why.
   */
  readonly outcome: 'same' | 'differs' | 'refused' | 'failed';
  /** What the rules said, as recorded and again; absent where it is the same. */
  readonly results?: { readonly recorded: readonly RuleResult[]; readonly again: readonly RuleResult[] };
  /** At most 100 operations, and 64 KB of JSON; `more` counts the others. */
  readonly differences?: Replay['differences'];
  readonly more?: number;
  readonly refused?: Replay['refused'];
  readonly error?: string;
}

/** Replays one decision as a line of many. Nothing is written. @throws what the store throws when it is away */
export const replayLine = async (
  versions: Versions,
  command: AnyCommand | undefined,
  events: readonly RecordedEvent[],
  whatIf?: WhatIf,
): Promise<ReplayLine> => {
  const [first] = events as readonly [RecordedEvent];
  const { command: stamp, recordedAt, effectiveOn, authority } = first.metadata;
  const base = {
    decision: stamp.id,
    command: stamp.name,
    stream: first.stream,
    revision: first.revision,
    recordedAt,
    effectiveOn,
    ...(authority && { reference: authority.reference }),
  };
  if (!command) return { ...base, outcome: 'failed', error: `There is no command ${stamp.name} any more.` };
  let replayed: Replay;
  try {
    replayed = await replayAt((category, id, revision) => versions.at(category, id, revision), command, events, whatIf);
  } catch (error) {
    if (isOfTheStore(error) && !(error instanceof HistoryBrokenError)) throw error;
    return { ...base, outcome: 'failed', error: error instanceof Error ? error.message : String(error) };
  }
  const { same, refused, recorded, again } = replayed;
  if (same) return { ...base, outcome: 'same' };
  const results = { recorded: resultsOf(recorded), again: resultsOf(again) };
  if (refused) return { ...base, outcome: 'refused', refused, results };
  if (whatIf && sameOutcome(replayed)) return { ...base, outcome: 'same' };
  return { ...base, outcome: 'differs', results, ...bounded(replayed.differences) };
};

const resultsOf = (outcomes: Replay['recorded']): readonly RuleResult[] =>
  outcomes.flatMap(({ assessed }) => assessed.map(({ rule, version, result }) => ({ rule, version, result })));

/** Whether events and results are the same, whatever the version, the inputs and the words of the rules. */
const sameOutcome = ({ recorded, again, differences }: Replay): boolean =>
  differences.every(({ path }) => path.startsWith('/events/')) && sameJson(recorded.map(essence), again.map(essence));
const essence = ({ type, data, assessed }: Replay['recorded'][number]): Json => ({
  type,
  data,
  assessed: assessed.map(({ rule, result }) => ({ rule, result })),
});

const bounded = (operations: Replay['differences']): Pick<ReplayLine, 'differences' | 'more'> => {
  let [kept, bytes] = [0, 0];
  while (kept < Math.min(operations.length, MAX_OPERATIONS)) {
    bytes += JSON.stringify(operations[kept]).length;
    if (bytes > OPERATIONS_BYTES) break;
    kept++;
  }
  return { differences: operations.slice(0, kept), ...(kept < operations.length && { more: operations.length - kept }) };
};
