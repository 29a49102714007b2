import { expect } from '@jest/globals';
import { aggregates } from '../src/domain/index.js';
import { decide as decideOn, engineRefusals, readOthers, type Decision, type Holders } from '../src/engine/write/decide.js';
import {
  check,
  provenanceFields,
  History,
  isLedgerEvent,
  ledgerEvents,
  object,
  optional,
  Rejection,
  stageRefusalsOf,
  versionOf,
  type AnyCommand,
  type Command,
  type Actor,
  type AnyAggregate,
  type Assessment,
  type Event,
  type ExternalReference,
  type Fields,
  type Provenance,
  type StateOf,
  type RecordedEvent,
} from '../src/kernel/index.js';

/** The day on which every command of a specification is decided; what it finds was recorded the day before. */
export const TODAY = '2026-03-02';
const RECORDED_AT = '2026-03-01T09:00:00.000Z';

/** An event as a stream holds it; what is left out here is filled in. */
export interface GivenEvent extends Event {
  readonly effectiveOn?: string;
  readonly schemaVersion?: number;
  readonly record?: Omit<Provenance, 'effectiveOn' | 'waives'>;
}
export const context = (type: string, data: object, effectiveOn?: string, record?: GivenEvent['record']): GivenEvent => ({
  type,
  data,
  ...(effectiveOn && { effectiveOn }),
  ...(record && { record }),
});

export interface Stream {
  readonly aggregate: AnyAggregate;
  readonly id: string;
  readonly events: readonly GivenEvent[];
}
export const stream = (aggregate: AnyAggregate, id: string, ...events: readonly GivenEvent[]): Stream => ({ aggregate, id, events });

/** The id of the first, second … fact that was given. */
export const theFact = (nth: number): string => `019353d2-0000-7000-8000-${String(nth).padStart(12, '0')}`;

const eventFields = (aggregate: AnyAggregate, type: string): Fields =>
  isLedgerEvent(type) ? ledgerEvents[type] : (aggregate.events[type]?.fields ?? {});

const recorded = ({ aggregate, id }: Stream, event: GivenEvent, revision: number): RecordedEvent => ({
  id: theFact(revision + 1),
  type: event.type,
  data: event.data,
  stream: `${aggregate.category}-${id}`,
  revision,
  position: String(revision * 7),
  metadata: {
    schemaVersion: event.schemaVersion ?? versionOf(aggregate, event.type),
    recordedAt: RECORDED_AT,
    effectiveOn: event.effectiveOn ?? '2016-01-01',
    about: {},
    command: { id: `decision-${revision + 1}`, name: 'Given' },
    actor: { id: 'ana' },
    ...event.record,
    $correlationId: 'given',
    $causationId: 'given',
    known: [],
  },
});

export const recordedOf = (context: Stream): readonly RecordedEvent[] => context.events.map((event, i) => recorded(context, event, i));

/** The stream as it is read; each event must have a shape that passes its own check. */
export const historyOf = (context: Stream): History => {
  const history = History.of(context.aggregate, context.id, recordedOf(context));
  for (const { recorded: stored, data } of history.entries) expectShape(stored.type, eventFields(context.aggregate, stored.type), data);
  expectJson(history.state);
  freeze(history.state);
  return history;
};

/** A state and a decision are JSON as they stand: what is not known is absent, never undefined. */
const expectJson = (value: unknown): void => expect(JSON.parse(JSON.stringify(value))).toStrictEqual(value);

/** So that a decision, a rule or an `evolve` that changes what it reads throws. */
const freeze = (value: unknown): void => {
  if (value === null || typeof value !== 'object' || Object.isFrozen(value)) return;
  Object.freeze(value);
  Object.values(value).forEach(freeze);
};

const expectShape = (of: string, fields: Fields, data: unknown): void =>
  expect({ of, problems: check(fields, data) }).toEqual({ of, problems: [] });

/** What a rule said: its result alone, or any part of the assessment. */
/** A value, or what jest matches it by. */
type Expected = Assessment['result'] | { readonly [F in keyof Assessment]?: Assessment[F] | ReturnType<typeof expect.stringMatching> };

/** The codes that a command can be refused with, by the compiler's knowledge: a typo in a specification is no code. */
type CodeOf<C> = C extends Command<infer Code> ? Code | `${string}/${StageEnd}` | keyof typeof engineRefusals : string;
type StageEnd = 'unknown' | 'exists' | 'not-yet' | 'stage';

interface Outcome<State, C> {
  /** These new facts and no others; with none, `changesNothing` says it better. */
  then(...events: readonly Event[]): Promise<void>;
  changesNothing(): Promise<void>;
  /** `more`: what the answer has for programs beside the code; `detail` stands in the sentence for people. */
  rejects(code: CodeOf<C>, more?: { readonly detail?: string; readonly [key: string]: unknown }): Promise<void>;
  /** These rules were assessed and no others. */
  assesses(expected: Readonly<Record<string, Expected>>): Promise<void>;
  /** The state once the new facts stand in their place. */
  leaves(expected: object | ((state: State, history: History<State>) => void)): Promise<void>;
}

/** For one aggregate: given(facts).when(command, data, record).then(facts), on the engine's own way to a decision. */
export const specification =
  <S extends AnyAggregate>(
    aggregate: S,
    { id = 'met-example', others = [], actor = { id: 'ana' } }: { id?: string; others?: readonly Stream[]; actor?: Actor } = {},
  ) =>
  (...events: readonly GivenEvent[]) => ({
    when: <C extends AnyCommand>(command: C, data: object = {}, record: Provenance = {}): Outcome<StateOf<S>, C> => {
      if ('record' in data) throw new Error('The record is not among the fields of a command here: when(command, fields, record).');
      const own: Stream = { aggregate, id, events };

      const load = async (category: string, wanted: string): Promise<History> => {
        const found = [own, ...others].find((s) => s.aggregate.category === category && s.id === wanted);
        return found
          ? historyOf(found)
          : History.of(
              aggregates.find((s) => s.category === category)!,
              wanted,
            );
      };

      const members = async (set: string): Promise<readonly string[]> =>
        others.map(historyOf).flatMap(({ stream, aggregate: of, state }) => (of.setOf?.(state) === set ? [stream] : []));

      const holders: Holders = async (category, { scheme, id: reference }) =>
        others.map(historyOf).flatMap(({ stream, aggregate: of, state }) => {
          const has = (state.references as readonly ExternalReference[] | undefined)?.some(
            (one) => one.scheme === scheme && one.id === reference,
          );
          return of.category === category && has ? [stream] : [];
        });

      const decide = async (): Promise<Decision> => {
        expectShape(command.name, { ...command.fields, record: optional(object(provenanceFields)) }, { ...data, record });
        const effectiveOn = record.effectiveOn ?? TODAY;
        const context = { id, data, record, actor, effectiveOn, today: TODAY };
        return decideOn(command, context, await readOthers(command, { ...data }, historyOf(own), load, members, holders));
      };

      /** What was decided must also stand once it is recorded, and be read the same again. */
      const after = (decision: Decision): History => {
        const { effectiveOn = TODAY, waives: _, ...grounds } = record;
        expectJson(decision);
        const added = decision.events.map((event) => ({ ...event, effectiveOn, record: grounds }));
        for (const { type, data } of added) {
          expect(command.events).toContain(type);
          expectShape(type, eventFields(aggregate, type), data);
        }
        const history = historyOf(own).extended(added.map((event, i) => recorded(own, event, events.length + i)));
        expect(history.state).toEqual(historyOf({ ...own, events: [...events, ...added] }).state);
        return history;
      };

      return {
        then: async (...expected) => {
          const decision = await decide();
          expect(decision.events.map(({ type, data }) => ({ type, data }))).toEqual(expected.map(({ type, data }) => ({ type, data })));
          after(decision);
        },
        changesNothing: async () => {
          expect((await decide()).events).toEqual([]);
        },
        rejects: async (code, { detail = '', ...more } = {}) => {
          const stages = command.aggregate ? stageRefusalsOf(aggregate, command.events) : { [`${aggregate.category}/unknown`]: '' };
          const declared = { ...command.refusals, ...stages, ...engineRefusals };
          const error: unknown = await decide().then(
            ({ events: facts }) => `accepted: ${JSON.stringify(facts)}`,
            (e: unknown) => e,
          );
          if (!(error instanceof Rejection)) throw error instanceof Error ? error : new Error(String(error));
          expect({ code: error.code, ...error.more }).toMatchObject({ code, ...more });
          expect(error.message).toContain(detail);
          expect(Object.keys(declared)).toContain(code);
        },
        assesses: async (expected) => {
          const decision = await decide();
          const assessed = decision.assessed.flat();
          const asExpected = Object.entries(expected).map(([rule, e]) => ({ rule, ...(typeof e === 'string' ? { result: e } : e) }));
          expect(assessed.map(({ rule }) => rule)).toEqual(Object.keys(expected));
          expect(assessed).toMatchObject(asExpected);
          after(decision);
        },
        leaves: async (expected) => {
          const history = after(await decide());
          if (typeof expected === 'function') expected(history.state, history);
          else expect(history.state).toMatchObject(expected);
        },
      };
    },
  });
