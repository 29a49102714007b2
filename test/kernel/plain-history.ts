import {
  aggregate,
  at,
  bounds,
  certainlyBefore,
  count,
  date,
  eventsOf,
  isDay,
  isLedgerEvent,
  optional,
  overlap,
  text,
  withoutValue,
  withValue,
  type AnyAggregate,
  type Assessment,
  type Corrected,
  type RecordedEvent,
} from '../../src/kernel/index.js';

/** A tape: its state is the list of all that acted on it, each with what stood beside it. Anything may follow anything. */
export interface Tape {
  readonly stage: 'none' | 'open';
  readonly acts: readonly string[];
}
/** How often a fact was folded, since the program began. */
export let folds = 0;
const event = eventsOf<Tape>();
const acts =
  (type: string) =>
  (tape: Tape, data: object, context: object): Tape => {
    folds++;
    return { stage: 'open', acts: [...tape.acts, JSON.stringify([type, inOrder(data), inOrder(context)])] };
  };
const inOrder = (value: object) => Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
const any = ['none', 'open'] as const;
const opened = acts('Opened');
export const tape = aggregate({
  category: 'tape',
  initial: { stage: 'none', acts: [] } as Tape,
  stages: ['none', 'open'],
  events: {
    /** Of what is older than the record of it: `since` is the day of which it speaks first. */
    Opened: event({ allowedIn: any, fields: { since: date() }, bringsIn: true, evolve: (tape, data, context) => (context.asOf !== undefined && certainlyBefore(context.asOf, data.since) ? tape : opened(tape, data, context)) }), // prettier-ignore
    Added: event({ allowedIn: any, fields: { n: count(), remark: optional(text()) }, version: 2, upcast: { 1: ({ amount, ...rest }) => ({ n: amount, ...rest }) }, moved: { 1: { '/amount': '/n' } }, evolve: acts('Added') }), // prettier-ignore
    Moved: event({ allowedIn: any, fields: { n: count(), remark: optional(text()) }, evolve: acts('Moved') }),
    Learned: event({ allowedIn: any, fields: { n: count(), remark: optional(text()) }, reveals: ['Added', 'Opened'], evolve: acts('Learned') }), // prettier-ignore
  },
  about: () => ({}),
}) as unknown as AnyAggregate;

/** A fact as it reads. */
export interface PlainEntry {
  readonly recorded: RecordedEvent;
  readonly data: any;
  readonly effectiveOn: string;
  readonly sequence: number | undefined;
  readonly evidence: readonly object[];
  readonly grounds: { readonly decidedBy?: object; readonly authority?: object; readonly reason?: string };
  readonly corrections: readonly object[];
  readonly judged: readonly Assessment[] | undefined;
  readonly notes: readonly object[];
  /** What it acts with. */
  readonly context: object;
}

const groundsOf = ({ decidedBy, authority, reason }: any) => ({ ...(decidedBy && { decidedBy }), ...(authority && { authority }), ...(reason !== undefined && { reason }) }); // prettier-ignore
const sequenceOf = ({ sequence }: any) => (sequence === undefined ? {} : { sequence });

/** What a stream of tape says, worked out the plain way, from nothing and for once: whatever a history keeps and shares, it says the same. */
export const plainly = (log: readonly RecordedEvent[]) => {
  const corrections = new Map<string, any[]>();
  const withdrawn = new Map<string, string>();
  const notes = new Map<string, any[]>();
  const judged = new Map<string, readonly Assessment[]>();
  let duplicateOf: string | undefined;
  const types: Record<string, any> = tape.events;
  log.forEach(({ id, type, data, metadata }, i) => {
    const earlier = log.slice(0, i);
    /** Only the shape of an earlier version has its fields elsewhere. */
    const pointerNow = (of: string, pointer: string): string => {
      const about = earlier.find((one) => one.id === of);
      return about?.type === 'Added' && about.metadata.schemaVersion === 1 && pointer === '/amount' ? '/n' : pointer;
    };
    if (!isLedgerEvent(type)) duplicateOf = undefined;
    if (type === 'FactCorrected') {
      const {
        event: of,
        because,
        changes,
      }: Corrected = data.changes ? data : { ...data, changes: [{ pointer: data.pointer, value: data.value }] };
      let own = corrections.get(of) ?? [];
      for (const { pointer: sent, value, remove } of changes) {
        const pointer = pointerNow(of, sent);
        own = own.filter((other) => other.pointer !== pointer);
        own.push({ event: of, pointer, ...(remove ? { remove } : { value }), because, by: id });
      }
      corrections.set(of, own);
      if (metadata.assessed?.length) judged.set(of, metadata.assessed);
      const settles = ({ claim, settledBy }: any) =>
        claim && !settledBy && changes.some(({ pointer }) => overlap(pointerNow(of, pointer), claim.pointer));
      if (because === 'settled')
        notes.set(
          of,
          (notes.get(of) ?? []).map((note) => (settles(note) ? { ...note, settledBy: id } : note)),
        );
    }
    if (type === 'FactWithdrawn') for (const of of [data.event, ...(data.dependants ?? [])]) withdrawn.set(of, id);
    if (type === 'FactReinstated') {
      for (const of of [data.event, ...(data.dependants ?? [])]) withdrawn.delete(of);
      duplicateOf = undefined;
    }
    if (type === 'DuplicateMarked') {
      for (const one of earlier) if (!isLedgerEvent(one.type) && !withdrawn.has(one.id)) withdrawn.set(one.id, id);
      duplicateOf = data.of;
    }
    if (type === 'FactAnnotated') {
      const of = data.event ?? '';
      const claim = data.claim && data.event ? { ...data.claim, pointer: pointerNow(of, data.claim.pointer) } : data.claim;
      notes.set(of, [...(notes.get(of) ?? []), { ...data, ...(claim && { claim }), by: id, evidence: metadata.evidence ?? [] }]);
    }
  });
  const notesOf = (of: string) => (notes.get(of) ?? []).filter(({ by }) => !withdrawn.has(by));

  const entryOf = (recorded: RecordedEvent): PlainEntry => {
    const { metadata } = recorded;
    const { version = 1, upcast } = types[recorded.type];
    let { data } = recorded as { data: any };
    for (let v = metadata.schemaVersion; v < version; v++) data = upcast[v](data);
    let whole: any = { ...data, effectiveOn: metadata.effectiveOn, evidence: metadata.evidence ?? [], record: { ...groundsOf(metadata), ...sequenceOf(metadata) } }; // prettier-ignore
    const corrected: object[] = [];
    for (const correction of corrections.get(recorded.id) ?? []) {
      const { pointer, value, remove } = correction;
      corrected.push({ ...correction, was: at(whole, pointer) ?? null });
      whole = remove ? withoutValue(whole, pointer) : withValue(whole, pointer, value);
    }
    const { effectiveOn = metadata.recordedAt.slice(0, 10), evidence = [], record, ...fields } = whole;
    const assessed = corrected.length > 0 ? judged.get(recorded.id) : undefined;
    return {
      recorded,
      data: fields,
      effectiveOn,
      sequence: record.sequence,
      evidence,
      grounds: groundsOf(record),
      corrections: corrected,
      judged: assessed,
      notes: notesOf(recorded.id),
      context: {
        event: recorded.id,
        effectiveOn,
        recordedBy: metadata.actor.id,
        evidence,
        ...groundsOf(record),
        ...((assessed ?? metadata.assessed) && { assessed: assessed ?? metadata.assessed }),
      },
    };
  };

  const placeOf = (order: readonly PlainEntry[], effectiveOn: string, sequence?: number): number => {
    const place = order.findIndex(
      (other) =>
        certainlyBefore(effectiveOn, other.effectiveOn) ||
        (isDay(effectiveOn) && other.effectiveOn === effectiveOn && other.sequence !== undefined && sequence !== undefined && other.sequence > sequence), // prettier-ignore
    );
    return place === -1 ? order.length : place;
  };
  const order: PlainEntry[] = [];
  for (const recorded of log) {
    if (isLedgerEvent(recorded.type) || withdrawn.has(recorded.id)) continue;
    const entry = entryOf(recorded);
    order.splice(placeOf(order, entry.effectiveOn, entry.sequence), 0, entry);
  }

  /** The facts before a place of an order, in the order in which they act, with what completes them. */
  const acting = (in_: readonly PlainEntry[], end = in_.length): readonly PlainEntry[] => {
    const completed = in_.map(({ recorded: { type } }, place) => (types[type].reveals ? in_.findLastIndex((other, i) => i < place && types[type].reveals.includes(other.recorded.type)) : -1)); // prettier-ignore
    return in_
      .slice(0, end)
      .flatMap((entry, place) => (completed[place] === -1 ? [entry, ...in_.filter((_, later) => completed[later] === place)] : []));
  };
  const step = (state: Tape, { recorded, data, context }: PlainEntry): Tape => types[recorded.type].evolve(state, data, context);
  const fold = (entries: readonly PlainEntry[]): Tape => entries.reduce(step, tape.initial as Tape);

  const uncertainOn = (day: string) => {
    const place = placeOf(order, day);
    const elsewhere = new Set(order.filter(({ recorded: { type } }, i) => types[type].reveals && order.some((other, j) => j < i && types[type].reveals.includes(other.recorded.type)))); // prettier-ignore
    const own = (facts: readonly PlainEntry[]) => facts.filter((entry) => !elsewhere.has(entry));
    const { latest } = bounds(day);
    return {
      approximate: own(order.slice(0, place)).filter(({ effectiveOn }) => bounds(effectiveOn).latest > latest),
      leftOut: own(order.slice(place)).filter(({ effectiveOn }) => bounds(effectiveOn).earliest <= latest),
    };
  };
  /** The facts of a day, as they act; `without` leaves out those that may lie after it. */
  const onDay = (day: string, without = false): readonly PlainEntry[] => {
    const gone = new Set(without ? uncertainOn(day).approximate : []);
    const kept = order.filter((entry) => !gone.has(entry));
    const place = placeOf(order, day) - gone.size;
    const [first] = kept;
    if (place === 0 && first?.recorded.type === 'Opened' && !certainlyBefore(day, first.data.since))
      return [{ ...first, context: { ...first.context, asOf: day } }, ...acting(kept, 1).slice(1)];
    return acting(kept, place);
  };

  return {
    order,
    entries: acting(order),
    state: fold(acting(order)),
    withdrawn,
    notes: notesOf(''),
    duplicateOf,
    latestStart: order.reduce((latest, { effectiveOn }) => (bounds(effectiveOn).earliest > latest ? bounds(effectiveOn).earliest : latest), ''), // prettier-ignore
    before: (day: string, sequence?: number) => {
      const place = placeOf(order, day, sequence);
      return { place, state: fold(acting(order, place)) };
    },
    acting,
    fold,
    uncertainOn,
    onDay,
  };
};
