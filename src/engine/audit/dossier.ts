import { setImmediate as turn } from 'node:timers/promises';
import {
  certainlyBefore,
  daysLate,
  differences,
  isDay,
  isLedgerEvent,
  ledgerDataOf,
  type AnyCommand,
  type Assessment,
  type Correction,
  type History,
  type Json,
  type Note,
  type Operation,
  type RecordedEvent,
} from '../../kernel/index.js';
import { earlier } from '../earlier.js';
import { bodyOf } from '../write/receipt.js';
import type { Load } from '../write/decide.js';
import { becameOf, split, whoAndWhy } from './audit.js';
import { ruleSince } from './rules.js';

/** The record of one decision: the command, its sender, what was known and assessed, and what has happened to its events since. */
export const dossierOf = (events: readonly RecordedEvent[], history: History) => {
  const first = events[0]!;
  const { metadata } = first;
  const body = bodyOf(first) as { readonly [field: string]: Json };
  const late = daysLate(metadata.effectiveOn, metadata.recordedAt, history.timeZone);
  const ids = new Set(events.map(({ id }) => id));
  const standing = new Map(history.entries.flatMap((entry) => (ids.has(entry.recorded.id) ? [[entry.recorded.id, entry]] : [])));
  return {
    stream: first.stream,
    ...whoAndWhy(first),
    effectiveOn: metadata.effectiveOn,
    ...(late > 0 && { daysLate: late }),
    evidence: metadata.evidence ?? [],
    asked: body,
    known: [{ stream: first.stream, revision: first.revision - 1 }, ...metadata.known],
    assessed: events.flatMap((event) => (event.metadata.assessed ?? []).map((one) => asRecorded(one, event))),
    events: events.map((event) => {
      const entry = standing.get(event.id);
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

/** An assessment of an approver rests on who is named as deciding: that is the word of the person who recorded it. */
export type Assessed = Assessment & { readonly asRecordedBy?: string };
const APPROVERS = ['office', 'approvedBy'];
const asRecorded = (assessed: Assessment, { metadata: { decidedBy, actor } }: RecordedEvent): Assessed =>
  decidedBy && APPROVERS.some((name) => assessed.inputs[name] != null) ? { ...assessed, asRecordedBy: actor.id } : assessed;

/** Known streams that are shown with their content, and the JSON of one and of all of them, in bytes, about. */
const MAX_SHOWN = 20;
const STATE_BYTES = 64 << 10;
const STATES_BYTES = 256 << 10;
/** Operations of one event, and their JSON in bytes, about. */
const MAX_OPERATIONS = 500;
const OPERATIONS_BYTES = 128 << 10;
/** What happened since, newest last; decisions that belong together. */
const MAX_SINCE = 200;
const MAX_TOGETHER = 100;
/** Events that are looked at before other work gets its turn. */
const LOOKED_AT = 2000;

/** What a dossier is made of beside the stream of its decision. */
export interface Surroundings {
  readonly load: Load;
  /** The command that it was, as it is declared now; undefined where there is none of that name any more. */
  readonly command: AnyCommand | undefined;
  /** The first events of the decisions under a correlation id, at most `limit`, oldest first. */
  correlated(correlation: string, limit: number): Promise<readonly RecordedEvent[]>;
  /** An event by its id; undefined when there is none. */
  event(id: string): Promise<RecordedEvent | undefined>;
  /** The address of a stream at a revision. */
  href(stream: string, revision: number): string;
}

/** A stream as the decision knew it. */
export interface KnownStream {
  readonly stream: string;
  readonly revision: number;
  readonly href: string;
  /** Events that were recorded there since, without those of the decision; absent of streams that are not shown. */
  readonly since?: number;
  /** Facts among those known that are certainly of a later day than the act. */
  readonly laterThanTheAct?: number;
  /** Its state at that revision; null before its first event. Absent beyond 20 streams, 64 KB of one, or 256 KB of all. */
  readonly state?: Json;
}

/** What somebody recorded about the decision after it. */
export interface RecordedSince {
  readonly kind: 'corrected' | 'withdrawn' | 'reinstated' | 'annotated' | 'marked-as-duplicate';
  readonly event: string;
  readonly decision: string;
  readonly revision: number;
  readonly recordedAt: string;
  readonly actor: RecordedEvent['metadata']['actor'];
  readonly decidedBy?: RecordedEvent['metadata']['decidedBy'];
  readonly authority?: RecordedEvent['metadata']['authority'];
  readonly reason?: string;
  readonly evidence?: RecordedEvent['metadata']['evidence'];
  /** The events of the decision that it is about. */
  readonly of: readonly string[];
  readonly because?: string;
  readonly changes?: readonly (Pick<Correction, 'pointer'> & Partial<Pick<Correction, 'value' | 'remove' | 'was'>>)[];
  readonly note?: string;
  readonly claim?: Note['claim'];
  readonly duplicateOf?: string;
  /** How policy assessed the fact again. */
  readonly assessed?: readonly Assessment[];
}

/** A decision in one line. */
export interface NamedDecision {
  readonly decision: string;
  readonly command: string;
  readonly stream: string;
  readonly recordedAt: string;
  readonly event?: string;
  readonly type?: string;
}

/** Everything about one decision, on one page. Bounded as the constants above say; what is left out is counted and has an address. */
export const wholeDossier = async (events: readonly RecordedEvent[], now: History, around: Surroundings) => {
  const first = events[0]!;
  const last = events.at(-1)!;
  const { known, assessed, events: shown, ...base } = dossierOf(events, now);
  await turn();
  const before = await earlier(now, first.revision - 1);
  const after = before.extended(events);
  const programmes = await programmesOf(events, now, around.load);
  const changed = changesOf(events, before, after);
  const since = await recordedSince(events, now);
  const { status } = becameOf(events, now);
  return {
    ...base,
    ...(around.command && { summary: around.command.summary }),
    status,
    since: since.newest,
    ...(since.more > 0 && { earlierSince: since.more }),
    position: last.position,
    revision: last.revision,
    assessed: assessed.map((one) => assessmentOf(one, programmes)),
    knownMeans: knownMeans(first, base.daysLate),
    known: await knownOf(known, events, before, around),
    events: shown.map((event, i) => ({ ...event, ...changed[i]! })),
    caused: await causesOf(events, around),
  };
};
export type WholeDossier = Awaited<ReturnType<typeof wholeDossier>>;

interface Judging {
  readonly history: History;
  readonly revision: number;
}
/** The programme whose policy judged the decision, as it was known. */
const programmesOf = async (events: readonly RecordedEvent[], now: History, load: Load): Promise<Judging | undefined> => {
  const first = events[0]!;
  if (events.every(({ metadata }) => !metadata.assessed?.length)) return undefined;
  if (first.stream.startsWith('programme-')) return { history: now, revision: first.revision - 1 };
  const known = first.metadata.known.find(({ stream }) => stream.startsWith('programme-'));
  return known && { history: await load(...split(known.stream)), revision: known.revision };
};

/** With what it lacked, and what became of its policy since. */
const assessmentOf = (assessed: Assessed, judging: Judging | undefined) => ({
  ...assessed,
  ...(assessed.result === 'not-assessable' && { missing: assessed.note ?? 'What it asks for was not said.' }),
  ...(judging && ruleSince(judging.history, judging.revision, assessed)),
});

interface Changed {
  readonly changed: readonly Operation[];
  /** How many operations are left out. */
  readonly more?: number;
}
/** What each event changed at its place in valid-time order, read right after all of them were recorded. */
const changesOf = (events: readonly RecordedEvent[], before: History, after: History): readonly Changed[] => {
  if (events.length === 1 && isLedgerEvent(events[0]!.type)) return [bounded(differences(before.state, after.state))];
  const atEnd = after.entries.slice(-events.length).every(({ recorded }, i) => recorded.id === events[i]!.id);
  if (events.length === 1 && atEnd) return [bounded(differences(before.state, after.state))];
  const ids = new Set(events.map(({ id }) => id));
  const found = new Map<string, Changed>();
  for (const step of after.steps())
    if (ids.has(step.entry.recorded.id)) found.set(step.entry.recorded.id, bounded(differences(step.before, step.after)));
  return events.map(({ id }) => found.get(id) ?? { changed: [] });
};
const bounded = (operations: readonly Operation[]): Changed => {
  let bytes = 0;
  let kept = 0;
  while (kept < operations.length && kept < MAX_OPERATIONS) {
    bytes += sizeOf(operations[kept]);
    if (bytes > OPERATIONS_BYTES && kept > 0) break;
    kept++;
  }
  return kept === operations.length ? { changed: operations } : { changed: operations.slice(0, kept), more: operations.length - kept };
};
const sizeOf = (value: unknown): number => JSON.stringify(value)?.length ?? 0;

/** The ledger's own events about the events of a decision, in the order in which they were recorded. */
const recordedSince = async (
  events: readonly RecordedEvent[],
  now: History,
): Promise<{ readonly newest: readonly RecordedSince[]; readonly more: number }> => {
  const ids = new Set(events.map(({ id }) => id));
  const corrections = new Map<string, Map<string, Correction>>();
  for (const { recorded, corrections: of } of now.entries)
    if (ids.has(recorded.id))
      for (const one of of) corrections.set(one.by, (corrections.get(one.by) ?? new Map<string, Correction>()).set(one.pointer, one));
  const found: RecordedSince[] = [];
  let more = 0;
  const begin = events.at(-1)!.revision + 1;
  for (let from = begin; from <= now.revision; from += LOOKED_AT) {
    for (const event of now.recordedFrom(from, from + LOOKED_AT - 1)) {
      if (!isLedgerEvent(event.type)) continue;
      const since = sinceOf(event, ids, corrections.get(event.id));
      if (since) found.push(since);
      if (found.length > MAX_SINCE) {
        found.shift();
        more++;
      }
    }
    await turn();
  }
  return { newest: found, more };
};

const sinceOf = (
  event: RecordedEvent,
  ids: ReadonlySet<string>,
  corrections: ReadonlyMap<string, Correction> | undefined,
): RecordedSince | undefined => {
  const data = ledgerDataOf(event);
  const duplicate = event.type === 'DuplicateMarked';
  const of = duplicate ? [...ids] : [data.event as string, ...((data.dependants ?? []) as readonly string[])].filter((id) => ids.has(id));
  if (of.length === 0) return undefined;
  const { decidedBy, authority, reason, evidence, assessed, command, recordedAt, actor } = event.metadata;
  const base = {
    event: event.id,
    decision: command.id,
    revision: event.revision,
    recordedAt,
    actor,
    ...(decidedBy && { decidedBy }),
    ...(authority && { authority }),
    ...(reason !== undefined && { reason }),
    ...(evidence && { evidence }),
    of,
    ...(assessed && { assessed }),
  };
  switch (event.type) {
    case 'FactCorrected':
      return {
        kind: 'corrected',
        ...base,
        because: data.because,
        changes: (data.changes as readonly Correction[]).map(({ pointer, value, remove }) => ({
          pointer,
          ...(remove ? { remove } : { value: value! }),
          ...(corrections?.has(pointer) && { was: corrections.get(pointer)!.was }),
        })),
      };
    case 'FactWithdrawn':
      return { kind: 'withdrawn', ...base };
    case 'FactReinstated':
      return { kind: 'reinstated', ...base };
    case 'DuplicateMarked':
      return { kind: 'marked-as-duplicate', ...base, duplicateOf: data.of };
    default:
      return { kind: 'annotated', ...base, note: data.note, ...(data.claim && { claim: data.claim }) };
  }
};

/** What "known" says of a decision, by how its day lies to the day of its recording. */
const knownMeans = ({ metadata: { effectiveOn } }: RecordedEvent, late: number | undefined): string => {
  const held = 'Known is what this ledger held when the decision was recorded';
  const notThen = 'not what those who decided had before them: what was recorded in between is in it, and what nobody recorded is not.';
  if (effectiveOn === 'unknown') return `${held}. The day of the act is unknown, so this may be ${notThen}`;
  if (late !== undefined) return `${held}, at least ${late} days after the act of ${effectiveOn}. It is ${notThen}`;
  if (!isDay(effectiveOn)) return `${held}. The act is of ${effectiveOn} and may be earlier, so this may be ${notThen}`;
  return `${held}, on the day of the act.`;
};

const knownOf = async (
  known: readonly { readonly stream: string; readonly revision: number }[],
  events: readonly RecordedEvent[],
  own: History,
  { load, href }: Surroundings,
): Promise<readonly KnownStream[]> => {
  const { effectiveOn } = events[0]!.metadata;
  const last = events.at(-1)!.revision;
  const found: KnownStream[] = [];
  let bytes = 0;
  for (const [i, { stream, revision }] of known.entries()) {
    const base = { stream, revision, href: href(stream, revision) };
    if (i >= MAX_SHOWN) {
      found.push(base);
      continue;
    }
    const now = await load(...split(stream));
    const then = stream === own.stream ? own : await earlier(now, revision);
    const state = revision < 0 ? null : (then.state as Json);
    const size = sizeOf(state);
    const fits = size <= STATE_BYTES && bytes + size <= STATES_BYTES;
    if (fits) bytes += size;
    const later = then.entries.filter((entry) => certainlyBefore(effectiveOn, entry.effectiveOn)).length;
    found.push({
      ...base,
      since: now.revision - (stream === own.stream ? last : revision),
      ...(later > 0 && { laterThanTheAct: later }),
      ...(fits && { state }),
    });
    await turn();
  }
  return found;
};

const namedBy = ({ id, type, stream, metadata: { command, recordedAt } }: RecordedEvent, withEvent = false): NamedDecision => ({
  decision: command.id,
  command: command.name,
  stream,
  recordedAt,
  ...(withEvent && { event: id, type }),
});

/** What led to the decision, what it led to, and what was recorded together with it under one correlation id. */
const causesOf = async (events: readonly RecordedEvent[], { correlated, event: byId }: Surroundings) => {
  const first = events[0]!;
  const { command, $causationId: cause, $correlationId: correlation } = first.metadata;
  const ids = new Set([command.id, ...events.map(({ id }) => id)]);
  const about: RecordedEvent[] = [];
  for (const event of events) {
    if (!isLedgerEvent(event.type)) continue;
    const { event: of } = ledgerDataOf(event) as { readonly event?: string };
    const found = of === undefined ? undefined : await byId(of);
    if (found) about.push(found);
  }
  const together = [...(await correlated(correlation, MAX_TOGETHER))];
  if (correlation !== command.id) together.push(...(await correlated(command.id, MAX_TOGETHER)));
  const others = [...new Map(together.map((event) => [event.metadata.command.id, event])).values()].filter(
    ({ metadata }) => metadata.command.id !== command.id,
  );
  const by = cause === command.id ? undefined : (others.find(({ metadata }) => metadata.command.id === cause) ?? (await byId(cause)));
  const causing = others.filter(({ metadata }) => ids.has(metadata.$causationId));
  return {
    correlation,
    ...(cause !== command.id && { by: by ? namedBy(by) : { decision: cause } }),
    ...(about.length > 0 && { about: about.map((event) => namedBy(event, true)) }),
    causing: causing.map((event) => namedBy(event)),
    together: others.filter((event) => event !== by && !causing.includes(event)).map((event) => namedBy(event)),
  };
};
