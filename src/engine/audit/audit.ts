import {
  dayOf,
  daysLate,
  differences,
  isLedgerEvent,
  Rejection,
  type AnyCommand,
  type Assessment,
  type Entry,
  type History,
  type Json,
  type Operation,
  type RecordedEvent,
} from '../../kernel/index.js';
import { decide, readOthers, type Load } from '../write/decide.js';
import { bodyOf } from '../write/receipt.js';

/** An aggregate's state in both times: as recorded up to the history's revision, and as of a day in valid time. */
export const stateView = (history: History, { effectiveOn }: { readonly effectiveOn?: string | undefined } = {}) => {
  const { state, entries, approximate } =
    effectiveOn === undefined ? { state: history.state, entries: history.entries, approximate: [] } : history.asOf(effectiveOn);
  return {
    id: history.id,
    stream: history.stream,
    revision: history.revision,
    state: state as Json,
    /** Events in the view whose uncertain date may be after `effectiveOn`. */
    approximate: approximate.map(summaryOf),
    conflicts: entries.flatMap((entry) =>
      entry.notes.flatMap(({ claim, by, note, evidence }) => (claim ? [{ event: entry.recorded.id, by, ...claim, note, evidence }] : [])),
    ),
    notes: history.notes,
  };
};

const summaryOf = ({ recorded, effectiveOn }: Entry) => ({ event: recorded.id, type: recorded.type, effectiveOn });

const whoAndWhy = ({ metadata }: RecordedEvent) => {
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

/** An aggregate's audit trail: each event in valid-time order, corrections applied, with who decided it, why, and what it changed. */
export const historyView = (history: History, timeZone: string) => {
  const entries = [...history.steps()].map(({ entry, before, after }) => {
    const { recorded, data, effectiveOn, evidence, corrections, notes } = entry;
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
      evidence,
      data: data as Json,
      corrections,
      notes,
      changed: differences(before, after),
    };
  });
  const own = history.recorded.filter(({ type }) => isLedgerEvent(type));
  return {
    entries,
    /** Corrections, withdrawals and notes, in the order recorded: they have no place in valid-time order. */
    ledger: own.map((event) => ({
      event: event.id,
      type: event.type,
      stream: event.stream,
      revision: event.revision,
      position: event.position,
      ...whoAndWhy(event),
      evidence: event.metadata.evidence ?? [],
      data: event.data as Json,
    })),
    withdrawn: [...history.withdrawn].map(([event, by]) => {
      const stored = history.recorded.find(({ id }) => id === event);
      return { event, by, type: stored?.type, effectiveOn: stored?.metadata.effectiveOn };
    }),
  };
};

/** The record of one decision: the command, its sender, what was known and assessed, and what has happened to its events since. */
export const dossierOf = (events: readonly RecordedEvent[], history: History, timeZone: string) => {
  const first = events[0]!;
  const { metadata } = first;
  const body = bodyOf(first) as { readonly [field: string]: Json };
  const late = daysLate(metadata.effectiveOn, metadata.recordedAt, timeZone);
  return {
    stream: first.stream,
    ...whoAndWhy(first),
    effectiveOn: metadata.effectiveOn,
    ...(late > 0 && { daysLate: late }),
    evidence: metadata.evidence ?? [],
    asked: body,
    known: [{ stream: first.stream, revision: first.revision - 1 }, ...metadata.known],
    assessed: events.flatMap((event) => event.metadata.assessed ?? []),
    events: events.map((event) => {
      const entry = history.entries.find(({ recorded }) => recorded.id === event.id);
      const withdrawnBy = history.withdrawn.get(event.id);
      return {
        event: event.id,
        type: event.type,
        revision: event.revision,
        position: event.position,
        data: event.data as Json,
        ...(withdrawnBy && { withdrawnBy }),
        ...(entry?.corrections.length && { corrections: entry.corrections }),
        ...(entry?.notes.length && { notes: entry.notes }),
      };
    }),
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

/** Replays a decision against the streams and revisions that were known when it was taken. */
export const replay = async (load: Load, command: AnyCommand, events: readonly RecordedEvent[], timeZone: string): Promise<Replay> => {
  const first = events[0]!;
  const { metadata, stream } = first;
  const [category, id] = split(stream);
  const { record = {}, ...data } = bodyOf(first);
  const known = new Map(metadata.known.map((k) => [k.stream, k.revision]));
  const asKnown: Load = async (c, i) => (await load(c, i)).atRevision(known.get(`${c}-${i}`) ?? -1);
  const history = (await load(category, id)).atRevision(first.revision - 1);
  const context = {
    id,
    data,
    record,
    actor: metadata.actor,
    effectiveOn: metadata.effectiveOn,
    today: dayOf(metadata.recordedAt, timeZone),
  };
  const recorded = events.map((e): Outcome => ({ type: e.type, data: e.data as Json, assessed: e.metadata.assessed ?? [] }));
  const base = { decision: metadata.command.id, known: [{ stream, revision: first.revision - 1 }, ...metadata.known], recorded };
  try {
    const decision = decide(command, context, await readOthers(command, data, history, asKnown));
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

const byStream = (known: readonly { readonly stream: string; readonly revision: number }[]) =>
  Object.fromEntries(known.map(({ stream, revision }) => [stream, revision]));

/** `contract-met-hosting` → `contract`, `met-hosting`. */
export const split = (stream: string): [category: string, id: string] => {
  const dash = stream.indexOf('-');
  return [stream.slice(0, dash), stream.slice(dash + 1)];
};
