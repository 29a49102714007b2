import { setImmediate as turn } from 'node:timers/promises';
import {
  dayOf,
  daysLate,
  differences,
  isLedgerEvent,
  ledgerDataOf,
  NEWEST,
  newestOf,
  completions,
  openClaims,
  Rejection,
  shapeOf,
  type AnyAggregate,
  type AnyCommand,
  type Assessment,
  type Entry,
  type History,
  type Json,
  type Operation,
  type RecordedEvent,
  type StateOf,
} from '../../kernel/index.js';
import { earlier } from '../earlier.js';
import { decide, readOthers, type Load, type Other, type ReadSet } from '../write/decide.js';
import { bodyOf } from '../write/receipt.js';

/** An aggregate's state in both times: as recorded up to the history's revision, and as of a day in valid time. */
export const stateView = (history: History, { effectiveOn }: { readonly effectiveOn?: string | undefined } = {}) => {
  const { state, entries, approximate, leftOut, revealed } =
    effectiveOn === undefined
      ? { state: history.state, entries: history.entries, approximate: [], leftOut: [], revealed: [] }
      : history.asOf(effectiveOn);
  const completed = completions({ aggregate: history.aggregate, entries });
  return {
    id: history.id,
    stream: history.stream,
    revision: history.revision,
    state: state as Json,
    /** Events in the view whose uncertain date may be after `effectiveOn`. */
    approximate: approximate.map(summaryOf),
    /** Events outside of the view whose uncertain date may be on `effectiveOn` or before. */
    leftOut: leftOut.map(summaryOf),
    /** Events of a later day in the view, since they say what already was; by the recorded clock they are not in it. */
    revealed: revealed.map(summaryOf),
    conflicts: entries.flatMap((entry) =>
      openClaims(entry, completed.get(entry)).map(({ claim, by, note, evidence }) => ({
        event: entry.recorded.id,
        by,
        ...claim,
        note,
        evidence,
      })),
    ),
    notes: history.notes,
  };
};

type StateView = ReturnType<typeof stateView>;
/** JSON of a view in characters, up to which it has all of its lists. */
const WHOLE = 64 << 10;
/** A view as it is; a longer one has the newest 20 of each list, and by JSON Pointer how many there are of each that has more. */
export const boundedView = (view: StateView): StateView & { readonly counts?: Readonly<Record<string, number>> } => {
  if (JSON.stringify(view).length <= WHOLE) return view;
  const counts: Record<string, number> = {};
  const cut = <Of extends object>(of: Of, path: string): Of =>
    Object.fromEntries(
      Object.entries(of).map(([name, value]: [string, unknown]) => {
        if (!Array.isArray(value) || value.length <= NEWEST) return [name, value];
        counts[`${path}/${name}`] = value.length;
        return [name, newestOf(value)];
      }),
    ) as Of;
  const bounded = cut(view, '');
  return { ...bounded, state: cut(view.state as object, '/state') as Json, counts };
};

const summaryOf = ({ recorded, effectiveOn }: Entry) => ({ event: recorded.id, type: recorded.type, effectiveOn });

export const whoAndWhy = ({ metadata }: RecordedEvent) => {
  const { recordedAt, actor, decidedBy, authority, reason, command, assessed, $correlationId } = metadata;
  return {
    recordedAt,
    decision: command.id,
    command: command.name,
    actor,
    decidedBy,
    authority,
    reason,
    assessed,
    correlation: $correlationId,
  };
};

/** As corrected: what was removed is absent. */
const grounded = ({ decidedBy, authority, reason }: Entry['grounds']) => ({ decidedBy, authority, reason });

/** One event with its corrections applied: who decided it, and why. */
export const factView = ({ recorded, data, effectiveOn, evidence, grounds, corrections, notes }: Entry, timeZone: string) => {
  const late = daysLate(effectiveOn, recorded.metadata.recordedAt, timeZone);
  return {
    event: recorded.id,
    type: recorded.type,
    stream: recorded.stream,
    revision: recorded.revision,
    position: recorded.position,
    effectiveOn,
    ...(late > 0 && { daysLate: late }),
    ...whoAndWhy(recorded),
    ...grounded(grounds),
    evidence,
    data: data as Json,
    corrections,
    notes,
  };
};
export type FactView = ReturnType<typeof factView>;

/** The same at its place in valid-time order, with what it changed. */
export const entryView = ({ entry, before, after }: Step, timeZone: string) => ({
  ...factView(entry, timeZone),
  changed: differences(before, after),
});
interface Step {
  readonly entry: Entry;
  readonly before: unknown;
  readonly after: unknown;
}

/** A correction, a withdrawal or a note, as recorded: it has no place of its own. */
const ledgerView = (event: RecordedEvent) => ({
  event: event.id,
  type: event.type,
  stream: event.stream,
  revision: event.revision,
  position: event.position,
  ...whoAndWhy(event),
  evidence: event.metadata.evidence ?? [],
  data: event.data as Json,
});

/** Steps that are folded, and entries that are compared, before other work gets its turn. */
const STEPS = 200;
const COMPARED = 16;

/** Some entries of a history by their place, `from` up to `to`: linear in `to`, with pauses. */
export const entryViews = async (history: History, from: number, to: number, wanted: (entry: Entry) => boolean = () => true) => {
  const views: ReturnType<typeof entryView>[] = [];
  let place = 0;
  for (const step of history.steps()) {
    if (place >= to) break;
    if (place >= from && wanted(step.entry)) {
      views.push(entryView(step, history.timeZone));
      if (views.length % COMPARED === 0) await turn();
    }
    if (++place % STEPS === 0) await turn();
  }
  return views;
};

/**
 * A page of the audit trail of a stream: its entries in valid-time order, then the ledger's own events as recorded, then what was
 * withdrawn; `next` is where to go on, absent at the end.
 */
export const historyPage = async (history: History, from: number, limit: number) => {
  const { entries, recorded } = history;
  const own = recorded.filter(({ type }) => isLedgerEvent(type));
  const withdrawn = [...history.withdrawn];
  const to = from + limit;
  const slice = <T>(items: readonly T[], begin: number) => items.slice(Math.max(0, from - begin), Math.max(0, to - begin));
  const byId = new Map(withdrawn.length > 0 ? recorded.map((event) => [event.id, event]) : []);
  const total = entries.length + own.length + withdrawn.length;
  return {
    entries: from < entries.length ? await entryViews(history, from, to) : [],
    ledger: slice(own, entries.length).map(ledgerView),
    withdrawn: slice(withdrawn, entries.length + own.length).map(([event, by]) => {
      const stored = byId.get(event);
      return { event, by, type: stored?.type, effectiveOn: stored?.metadata.effectiveOn };
    }),
    ...(to < total && { next: to }),
  };
};

export type DecisionStatus = 'stands' | 'corrected' | 'partly-withdrawn' | 'withdrawn';
export interface Became {
  readonly status: DecisionStatus;
  readonly withdrawn?: 'all' | 'some';
  readonly corrections?: number;
}
export const STANDS: Became = { status: 'stands' };

/** What became of the events of a decision: withdrawn, all or some of them, or corrected, or they stand as recorded. */
export const becameOf = (events: readonly RecordedEvent[], { entries, withdrawn }: History): Became => {
  const gone = events.filter(({ id }) => withdrawn.has(id)).length;
  const ids = new Set(events.map(({ id }) => id));
  const corrections = entries.reduce((sum, entry) => (ids.has(entry.recorded.id) ? sum + entry.corrections.length : sum), 0);
  const all = gone === events.length;
  return {
    status: gone > 0 ? (all ? 'withdrawn' : 'partly-withdrawn') : corrections > 0 ? 'corrected' : 'stands',
    ...(gone > 0 && { withdrawn: all ? ('all' as const) : ('some' as const) }),
    ...(corrections > 0 && { corrections }),
  };
};

export interface Replay {
  readonly decision: string;
  /** Whether replaying the decision against what was known gives exactly what was recorded. */
  readonly same: boolean;
  readonly differences: readonly Operation[];
  readonly refused?: { readonly code: string; readonly detail: string };
  readonly known: readonly { readonly stream: string; readonly revision: number }[];
  readonly recorded: readonly Outcome[];
  readonly again: readonly Outcome[];
}
interface Outcome {
  readonly type: string;
  readonly data: Json;
  readonly assessed: readonly Assessment[];
}

/** Streams as they were known: at a revision, -1 before the first event. */
export type LoadAt = (category: string, id: string, revision: number) => Promise<History>;
/** What the governing programme is taken to be, instead of what it was known to be. */
export type WhatIf = (state: StateOf<AnyAggregate>, effectiveOn: string) => StateOf<AnyAggregate>;

/** Replays a decision against the streams and revisions that were known when it was taken. */
export const replay = (load: Load, command: AnyCommand, events: readonly RecordedEvent[], whatIf?: WhatIf): Promise<Replay> =>
  replayAt(async (category, id, revision) => earlier(await load(category, id), revision), command, events, whatIf);

/** The same, of streams that are loaded at their revisions. @throws what `load` throws */
export const replayAt = async (load: LoadAt, command: AnyCommand, events: readonly RecordedEvent[], whatIf?: WhatIf): Promise<Replay> => {
  const first = events[0]!;
  const { metadata, stream } = first;
  const [category, id] = split(stream);
  const { record = {}, ...sent } = bodyOf(first);
  const data = command.upcast?.(sent, metadata.schemaVersion) ?? sent;
  const known = new Map(metadata.known.map((k) => [k.stream, k.revision]));
  const asKnown: Load = (c, i) => load(c, i, known.get(`${c}-${i}`) ?? -1);
  const history = await load(category, id, first.revision - 1);
  const context = {
    id,
    data,
    record,
    actor: metadata.actor,
    effectiveOn: metadata.effectiveOn,
    today: dayOf(metadata.recordedAt, history.timeZone),
  };
  const today = (e: RecordedEvent): Json => (isLedgerEvent(e.type) ? ledgerDataOf(e) : shapeOf(history.aggregate, e));
  const recorded = events.map((e): Outcome => ({ type: e.type, data: today(e), assessed: e.metadata.assessed ?? [] }));
  const base = { decision: metadata.command.id, known: [{ stream, revision: first.revision - 1 }, ...metadata.known], recorded };
  try {
    const set = metadata.known.map((k) => k.stream).filter((of) => split(of)[0] === category);
    const readSet = await readOthers(command, data, history, asKnown, async () => set);
    const decision = decide(command, context, whatIf ? instead(readSet, whatIf, metadata.effectiveOn) : readSet);
    const again = decision.events.map((f, i): Outcome => ({ type: f.type, data: f.data as Json, assessed: decision.assessed[i] ?? [] }));
    const differ = differences({ events: recorded }, { events: again }).concat(
      differences(byStream(metadata.known), byStream(decision.known), '/known'),
    );
    return { ...base, same: differ.length === 0, differences: differ, again };
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    return { ...base, same: false, differences: [], again: [], refused: { code: error.code, detail: error.message } };
  }
};

/** The read set with another governing programme. */
const instead = (readSet: ReadSet, whatIf: WhatIf, effectiveOn: string): ReadSet => {
  const { governedBy } = readSet.own.aggregate;
  const others = [...readSet.others].map(([name, other]): [string, Other] => {
    if (other.aggregate !== governedBy?.aggregate) return [name, other];
    const { aggregate, id, stream, revision, state } = other;
    return [name, { aggregate, id, stream, revision, state: whatIf(state, effectiveOn), duplicateOf: undefined }];
  });
  return { ...readSet, others: new Map(others) };
};

const byStream = (known: readonly { readonly stream: string; readonly revision: number }[]) =>
  Object.fromEntries(known.map(({ stream, revision }) => [stream, revision]));

/** `contract-met-hosting` → `contract`, `met-hosting`. */
export const split = (stream: string): [category: string, id: string] => {
  const dash = stream.indexOf('-');
  return [stream.slice(0, dash), stream.slice(dash + 1)];
};
