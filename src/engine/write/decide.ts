import {
  addDays,
  certainlyBefore,
  changeAt,
  contextOf,
  currenciesIn,
  differences,
  IllegalTransitionError,
  inKeyOrder,
  isUnmet,
  refsIn,
  refsOf,
  reject,
  Rejection,
  withdrawnOn,
  type About,
  type AnyAggregate,
  type AnyCommand,
  type AnyCommandInput,
  type Assessment,
  type Corrected,
  type Event,
  type ExternalReference,
  type EventContext,
  type Followed,
  type History,
  type Json,
  type Known,
  type NamedReference,
  type Reference,
  type Reinstated,
  type StateOfOther,
  type Taken,
} from '../../kernel/index.js';

/** The refusals that any command can meet beside its own and its stages'. */
export const engineRefusals = {
  'ledger/unknown-reference': 'An id in the body names something of which nothing is recorded.',
  'ledger/another-programme': 'An id in the body names something of another programme.',
  'ledger/reference-taken': 'An external reference belongs to another one of its kind.',
  'ledger/former-currency': 'An amount is in a currency that was withdrawn before its day.',
  'ledger/effective-after-today': 'An act is recorded on its day or later, never before.',
  'ledger/breaks-later-event': 'A fact that is already recorded could no longer follow.',
  'ledger/policy-not-met': 'An adopted rule is not met; a waiver needs a reason and an authority.',
  'ledger/waiver-without-grounds': 'A waiver needs a reason and an authority.',
  'ledger/waives-nothing': 'The waived rule was not assessed here.',
};

/** Another stream, as far as a decision looks at it. */
export type Other = Pick<History, 'aggregate' | 'id' | 'stream' | 'revision' | 'state' | 'duplicateOf'>;

/** What a decision is taken on: nothing of it changes while the decision is taken. */
export interface ReadSet {
  readonly own: History;
  /** By stream, in the order in which they were named: the governing programme first, then the references of the body, then its set. */
  readonly others: ReadonlyMap<string, Other>;
  /** Streams of the others in its set; absent where nothing can say which they are. */
  readonly set?: readonly string[] | undefined;
  /** External references that the command would add and that others have. */
  readonly taken?: readonly (NamedReference & { readonly by: string })[];
}

/** What was decided, before it has a place in the log. */
export interface Decision {
  readonly events: readonly Event[];
  readonly assessed: readonly (readonly Assessment[])[];
  readonly about: readonly About[];
  readonly known: readonly Known[];
}

/** A history: at once where nothing has to be read for it. */
export type Load = (category: string, id: string) => History | Promise<History>;
/**
 * The streams of a set that is judged together; undefined where they are too many to be read. A set may grow meanwhile: what it held when
 * the decision was taken is recorded with it.
 */
export type Members = (set: string) => Promise<readonly string[] | undefined>;

/** The set with which policy judges this command of a stream, such as its case; undefined where it judges the stream alone, or nothing. */
export const setJudged = (command: AnyCommand, { aggregate, state }: History): string | undefined => {
  const assesses =
    !command.aggregate || // a correction is judged as its event is
    command.events.some((type) => aggregate.events[type]?.assess);
  return assesses ? aggregate.setOf?.(state) : undefined;
};

/** The streams that have an external reference, of one category; what is recorded meanwhile is not among them. */
export type Holders = (category: string, reference: ExternalReference) => Promise<readonly string[]>;

/** Streams of a set that are read at once. */
const AT_ONCE = 50;

/**
 * Reads what a decision has to know beside its own stream, in parallel: the governing programme, and the aggregates that the body names.
 * @throws what `load` throws
 */
export const readOthers = async (
  command: AnyCommand,
  data: Fields,
  own: History,
  load: Load,
  members?: Members,
  holders?: Holders,
): Promise<ReadSet> => {
  const set = await readNamed(command, data, own, load, members);
  const references = holders ? referencesOf(command, data, own) : [];
  if (references.length === 0) return set;
  const taken = await Promise.all(
    references.map(async (reference) => {
      const by = (await holders!(own.aggregate.category, reference)).find((stream) => stream !== own.stream);
      return by === undefined ? [] : [{ ...reference, by }];
    }),
  );
  return { ...set, taken: taken.flat() };
};
const referencesOf = (command: AnyCommand, data: Fields, own: History): readonly NamedReference[] => {
  if (command.references) return command.references(data, own);
  if (!command.fields['references']?.unique) return [];
  const sent = (data['references'] ?? []) as readonly ExternalReference[];
  return sent.map(({ scheme, id }, i) => ({ scheme, id, pointer: `/references/${i}` }));
};
const readNamed = async (command: AnyCommand, data: Fields, own: History, load: Load, members?: Members): Promise<ReadSet> => {
  const { governedBy } = own.aggregate;
  const governing = governedBy && (governedBy.of(own.state) ?? data['programme']);
  const wanted = new Map<string, History | Promise<History>>();
  let isRead = true;
  const want = (category: string, id: string) => {
    const stream = `${category}-${id}`;
    if (wanted.has(stream)) return;
    const history = load(category, id);
    isRead &&= !(history instanceof Promise);
    wanted.set(stream, history);
  };
  if (governing) want(governedBy.aggregate.category, governing as string);
  for (const { category, id } of namedBy(command, data, own)) want(category, id);
  if (!isRead) for (const history of await Promise.all(wanted.values())) wanted.set(history.stream, history);
  const others = wanted as Map<string, History>; // in the order in which they were named
  if (command.follows) await readFollowed(command.follows(data, stateIn(others), own), { command, data, own, others }, load);
  const name = setJudged(command, own);
  if (name === undefined) return { own, others, set: [] };
  const set = (await members?.(name))?.filter((stream) => stream !== own.stream);
  if (!set) return { own, others };
  const more = set.filter((stream) => !others.has(stream));
  for (let from = 0; from < more.length; from += AT_ONCE)
    for (const history of await Promise.all(more.slice(from, from + AT_ONCE).map((stream) => load(...split(stream)))))
      others.set(history.stream, history);
  return { own, others, set };
};
/** Rounds in which a command follows what it names to what that names, at most. */
const MAX_ROUNDS = 20;
const stateIn =
  (others: ReadonlyMap<string, Other>): StateOfOther =>
  (category, id) =>
    others.get(`${category}-${id}`)?.state;
const readFollowed = async (
  first: readonly Followed[],
  { command, data, own, others }: { readonly command: AnyCommand; readonly data: Fields; readonly own: History; readonly others: Map<string, History> }, // prettier-ignore
  load: Load,
): Promise<void> => {
  for (let [round, asked] = [0, first]; round < MAX_ROUNDS; round++, asked = command.follows!(data, stateIn(others), own)) {
    const more = new Map(asked.map(({ category, id }) => [`${category}-${id}`, [category, id] as const]));
    const unread = [...more].filter(([stream]) => stream !== own.stream && !others.has(stream));
    if (unread.length === 0) return;
    for (let from = 0; from < unread.length; from += AT_ONCE)
      for (const history of await Promise.all(unread.slice(from, from + AT_ONCE).map(([, [category, id]]) => load(category, id))))
        others.set(history.stream, history);
  }
};
const namedBy = (command: AnyCommand, data: unknown, own: History): readonly Reference[] => {
  const refs = refsIn(command.fields, data);
  return command.named ? [...refs, ...command.named(data, own)] : refs;
};
/** `loss-debts` → `loss`, `debts`. */
const split = (stream: string): [category: string, id: string] => {
  const dash = stream.indexOf('-');
  return [stream.slice(0, dash), stream.slice(dash + 1)];
};
type Fields = { readonly [field: string]: unknown };

/**
 * Decides, without appending: the command's answer, its place in valid-time order, what stands behind it folded again, the rules
 * assessed. Synchronous and pure, so all that was known is what the read set holds. A replay takes the same way.
 * @throws Rejection
 */
export const decide = (command: AnyCommand, context: AnyCommandInput, { own, others, set, taken: held = [] }: ReadSet): Decision => {
  const { aggregate } = own;
  const { data, record, effectiveOn, today } = context;
  if (certainlyBefore(today, effectiveOn)) reject('ledger/effective-after-today', `Today is ${today}.`, { pointer: '/record/effectiveOn' });

  if (!command.aggregate && own.revision < 0)
    reject(`${aggregate.category}/unknown`, `No such ${aggregate.category}: nothing was recorded of it.`);

  const refs = namedBy(command, data, own);
  for (const { category, id, pointer } of refs)
    if (others.get(`${category}-${id}`)?.state.stage === 'none')
      reject('ledger/unknown-reference', whyNotThere(category, others.get(`${category}-${id}`)!), { pointer });
  refuseOtherProgrammes(aggregate.governedBy ? (aggregate.governedBy.of(own.state) ?? data.programme) : own.id, own, others, refs);

  for (const { scheme, id, pointer, by } of held) reject('ledger/reference-taken', `${scheme} ${id} belongs to ${by}.`, { pointer });

  for (const { currency, pointer } of currenciesIn(command.fields, data)) {
    const withdrawn = withdrawnOn(currency);
    if (withdrawn !== undefined && certainlyBefore(withdrawn, effectiveOn))
      reject('ledger/former-currency', `${currency} was withdrawn in ${withdrawn}; this is of ${effectiveOn}.`, { pointer });
  }

  const found = own.before(effectiveOn, record.sequence);
  const { governedBy } = aggregate;
  const programme = governedBy && (governedBy.of(own.state) ?? data.programme);
  const governing: Governing = governedBy ? programme && others.get(`${governedBy.aggregate.category}-${programme}`)?.state : found.state;

  const named = refsOf(command.fields, data, (category, id) => ({ id, state: others.get(`${category}-${id}`)?.state }));
  const events = command.decide({ ...context, refs: named, stateOf: stateIn(others) }, command.aggregate ? found.state : own);
  const places = events.length === 0 ? [] : command.aggregate ? onAggregate(events, context, own, found) : onLedger(events, context, own);
  const related = set?.map((stream) => ({ id: others.get(stream)!.id, state: others.get(stream)!.state }));
  const now = !command.aggregate || isTakenNow(context, own, governing); // what changes the ledger changes it now, whatever its day
  const taken: Taken = {
    now,
    on: effectiveOn,
    actor: context.actor,
    ...(!command.aggregate && { amends: true as const }),
    ...(related && { related }),
    id: own.id,
    stateOf: stateIn(others),
  };
  const assessOne = ({ type, data, context, state }: Judged): readonly Assessment[] =>
    (governing && aggregate.events[type]?.assess?.(data, context, state, governing, taken)) ?? [];
  const assess = ({ was, ...judged }: Judged): readonly Assessment[] => {
    if (!was) return assessOne(judged);
    const { decidedBy, authority } = was.context;
    const by = { ...judged.context, ...(decidedBy && { decidedBy }), ...(authority && { authority }) };
    const ofItsDecider = assessOne({ ...judged, context: by });
    if (differences(assessOne(was), ofItsDecider).length > 0) return assessOne(judged);
    return ofItsDecider.some(isUnmet) ? NOTHING_DECIDED : ofItsDecider; // what was found of the fact stands
  };
  const assessed = places.map(({ judged }) =>
    judged.flatMap(assess).map((a): Assessment => {
      if (!isUnmet(a) || !record.waives?.includes(a.rule)) return inKeyOrder(a);
      return inKeyOrder({ ...a, result: 'waived', ...(record.reason !== undefined && { note: record.reason }) });
    }),
  );
  if (events.length > 0) refuseByPolicy(context, taken, assessed.flat());
  const known = [...others.values()].map(({ stream, revision }): Known => ({ revision, stream }));
  const about = places.map(({ after }) => aboutOf(aggregate, context, after, refs));
  return { events, assessed, about, known };
};

const whyNotThere = (category: string, { id, revision, duplicateOf }: Other): string => {
  if (duplicateOf !== undefined) return `${category} ${id} is a duplicate of ${duplicateOf}.`;
  return revision < 0 ? `No ${category} ${id} is recorded.` : `All that was recorded of ${category} ${id} has been withdrawn.`;
};

/** References stay inside their programme: a supplier belongs to none. */
const refuseOtherProgrammes = (
  programme: string | undefined,
  { aggregate }: History,
  others: ReadonlyMap<string, Other>,
  refs: readonly { readonly category: string; readonly id: string; readonly pointer: string }[],
): void => {
  const ofProgrammes = aggregate.governedBy !== undefined || aggregate.category === 'programme';
  if (programme === undefined || !ofProgrammes) return;
  for (const { category, id, pointer } of refs) {
    const other = others.get(`${category}-${id}`);
    const its = other?.aggregate.governedBy?.of(other.state);
    if (its !== undefined && its !== programme)
      reject('ledger/another-programme', `The ${category} ${id} is of the programme ${its}, this is of ${programme}.`, { pointer });
  }
};

/** A fact on the state that it finds, as policy judges it. */
interface Judged {
  readonly type: string;
  readonly data: unknown;
  readonly context: EventContext;
  readonly state: unknown;
  /** As it stood before a correction that names nobody: where policy says the same of both, the decider of the fact still stands. */
  readonly was?: Judged;
}
/** What policy judges of a new event, and the state that the event leaves. */
interface Placed {
  readonly judged: readonly Judged[];
  readonly after: unknown;
}
/** The state of the programme whose policy judges: what the engine itself reads of it. */
type Governing = { readonly lateGraceDays?: number } | undefined;

const onAggregate = (
  events: readonly Event[],
  request: AnyCommandInput,
  history: History,
  found: ReturnType<History['before']>,
): Placed[] => {
  const { decidedBy, authority, reason, evidence } = request.record;
  const context = events.map((_, i): EventContext => ({
    event: `new-${i}`,
    effectiveOn: request.effectiveOn,
    recordedBy: request.actor.id,
    ...(decidedBy && { decidedBy }),
    ...(authority && { authority }),
    ...(reason !== undefined && { reason }),
    ...(evidence && { evidence }),
  }));
  const { first } = history;
  const { category, events: types } = history.aggregate;
  if (!first && types[events[0]!.type]!.mayPrecede)
    reject(`${category}/unknown`, `No such ${category}: ${events[0]!.type} is recorded once the ${category} is.`);
  if (found.place === 0 && first && !history.aggregate.events[events[0]!.type]!.allowedIn.includes('none'))
    reject(
      `${history.aggregate.category}/not-yet`,
      `It begins with ${first.recorded.type} of ${first.effectiveOn}; this would lie before it.`,
      {
        pointer: '/record/effectiveOn',
      },
    );
  const after = rejectIllegal(() => history.tryEvents(events, context, found));
  return events.map(({ type, data }, i) => ({
    judged: [{ type, data, context: context[i]!, state: i === 0 ? found.state : after[i - 1] }],
    after: after[i],
  }));
};

/**
 * A corrected fact is judged again at its place, and one whose withdrawal is a decision as it stood: by the decider whom the command names,
 * since who decided the fact did not decide this.
 */
const onLedger = (events: readonly Event[], { record }: AnyCommandInput, history: History): Placed[] => {
  const corrections = events.flatMap(({ type, data }) => (type === 'FactCorrected' ? [data as Corrected] : []));
  const reinstated = reinstatedBy(events);
  const after = events.map((_, i) => rejectIllegal(() => history.with(events.slice(0, i + 1)), corrections, reinstated)).at(-1)!;
  // What was withdrawn as a whole is still about what it was about.
  const about = after.first ? after.state : history.state;
  const types = history.aggregate.events;
  const byCommand = (judged: Judged, correction?: Corrected): Judged => {
    const { decidedBy: as, authority: on, ...context } = judged.context;
    const decidedBy = correction && corrects(correction, 'decidedBy') ? as : record.decidedBy;
    const authority = correction && corrects(correction, 'authority') ? on : record.authority;
    return { ...judged, context: { ...context, ...(decidedBy && { decidedBy }), ...(authority && { authority }) } };
  };
  const ofDecisions = (in_: History, facts: readonly string[]): readonly Judged[] =>
    asTheyStand(in_, facts, (type) => types[type].assessesWithdrawal === true).map((of) => byCommand(of));
  const ofCorrected = (in_: History, event: string) => asTheyStand(in_, [event], (type) => types[type].assess !== undefined);
  const judgedOf = ({ type, data }: Event): readonly Judged[] => {
    if (type === 'FactWithdrawn') return ofDecisions(history, [data.event as string, ...((data.dependants ?? []) as readonly string[])]);
    if (type === 'FactReinstated') return ofDecisions(after, reinstated);
    if (type === 'DuplicateMarked') return ofDecisions(history, history.entries.flatMap(({ recorded: of }) => (types[of.type].assessesWithdrawal ? [of.id] : []))); // prettier-ignore
    if (type !== 'FactCorrected') return [];
    const correction = data as Corrected;
    if (correction.changes.every(({ pointer }) => NOT_JUDGED.test(pointer))) return [];
    const [was] = ofCorrected(history, correction.event);
    const names = record.decidedBy ?? record.authority ?? (corrects(correction, 'decidedBy') || corrects(correction, 'authority'));
    return ofCorrected(after, correction.event).map((judged) => ({ ...byCommand(judged, correction), ...(was && !names && { was }) }));
  };
  return events.map((event) => ({ judged: judgedOf(event), after: about }));
};
/** Facts of a history where they stand, those that policy judges, in the order in which they are named. */
const asTheyStand = (history: History, facts: readonly string[], isJudged: (type: string) => boolean): readonly Judged[] => {
  const found = new Map<string, Judged>();
  for (const { entry, before } of history.standing(facts, isJudged)) {
    const { recorded, data } = entry;
    found.set(recorded.id, { type: recorded.type, data, context: contextOf(entry), state: before });
  }
  return found.size === 0 ? [] : facts.flatMap((event) => found.get(event) ?? []);
};

/** Fields that no policy asks for. */
const NOT_JUDGED = /^\/(evidence|record\/reason)(\/|$)/;

/** Whether a correction says itself who decided the fact, or on what authority. */
const corrects = ({ changes }: Corrected, name: 'decidedBy' | 'authority'): boolean =>
  changes.some(({ pointer }) => `${pointer}/`.startsWith(`/record/${name}/`) || pointer === '/record');

const reinstatedBy = (events: readonly Event[]): readonly string[] =>
  events.flatMap(({ type, data }) => (type === 'FactReinstated' ? [data.event as string, ...((data as Reinstated).dependants ?? [])] : []));

/** `corrections`: the rules of their own events speak of the values that were sent. */
const rejectIllegal = <T>(fold: () => T, corrections: readonly Corrected[] = [], reinstated: readonly string[] = []): T => {
  try {
    return fold();
  } catch (error) {
    if (!(error instanceof IllegalTransitionError)) throw error;
    const { entry, broken, code, message } = error;
    if (!entry) throw new Rejection(code, message, broken?.pointer === undefined ? {} : { pointer: broken.pointer });
    const { recorded, effectiveOn } = entry;
    const where = { event: recorded.id, eventType: recorded.type, eventEffectiveOn: effectiveOn, because: code };
    if (reinstated.includes(recorded.id))
      throw new Rejection('ledger/cannot-stand-again', `${recorded.type} of ${effectiveOn} cannot stand again: ${message}`, {
        pointer: '/event',
        ...where,
      });
    const correction = broken && corrections.find(({ event }) => event === recorded.id);
    if (correction)
      throw new Rejection('ledger/wrong-value', `${recorded.type} of ${effectiveOn} cannot say this: ${message}`, {
        pointer: `/changes/${changeAt(correction.changes, (broken.pointer ?? '').replace('/record/effectiveOn', '/effectiveOn'))}/value`,
        ...where,
      });
    const advice = effectiveOn === 'unknown' ? ' Refine its date first: it is unknown.' : '';
    throw new Rejection(
      'ledger/breaks-later-event',
      `${recorded.type} of ${effectiveOn} could no longer follow: ${message}${advice}`,
      where,
    );
  }
};

/** Not taken now is what was certainly decided before today, beyond the grace of the programme, and before its history is complete. */
const isTakenNow = ({ effectiveOn, today }: AnyCommandInput, history: History, governing: Governing): boolean => {
  if (!certainlyBefore(effectiveOn, addDays(today, -(governing?.lateGraceDays ?? 0)))) return true;
  const completeFrom = history.aggregate.completeFrom?.(history.state);
  return completeFrom !== undefined && !certainlyBefore(effectiveOn, completeFrom);
};

/** Policy refuses only a decision taken now; a backdated one is accepted, with the unmet rules recorded. */
const refuseByPolicy = ({ record }: AnyCommandInput, { now }: Taken, assessed: readonly Assessment[]): void => {
  if (record.waives?.length && (record.reason === undefined || !record.authority))
    reject('ledger/waiver-without-grounds', 'Name the reason and the authority of the waiver.', { pointer: '/record/waives' });
  for (const rule of record.waives ?? [])
    if (!assessed.some((a) => a.rule === rule && a.result === 'waived'))
      reject('ledger/waives-nothing', `${rule} was not assessed as not met here.`, { pointer: '/record/waives' });
  const broken = assessed.filter(isUnmet);
  if (broken.length === 0 || !now) return;
  reject('ledger/policy-not-met', broken.map(({ rule, note }) => `${rule}: ${note ?? 'not met'}`).join(' '), {
    assessed: broken as unknown as Json,
  });
};

const NOTHING_DECIDED: readonly Assessment[] = [];

/** The identifiers that the state gives, and every id that the command named. */
const aboutOf = (
  aggregate: AnyAggregate,
  { id }: AnyCommandInput,
  state: unknown,
  refs: readonly { category: string; id: string }[],
): About => {
  const about: Record<string, string | readonly string[]> = { ...aggregate.about(id, state) };
  for (const { category, id: named } of refs) {
    if (category === 'programme') about['programme'] ??= named;
    else about[category] = [...new Set([...((about[category] as readonly string[]) ?? []), named])];
  }
  return inKeyOrder(about as About);
};
