import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { aggregates } from '../src/domain/index.js';
import { decide, readOthers } from '../src/engine/write/decide.js';
import {
  check,
  exampleOf,
  History,
  IllegalTransitionError,
  isLedgerEvent,
  Rejection,
  stageRefusalsOf,
  versionOf,
  type AnyAggregate,
  type AnyCommand,
} from '../src/kernel/index.js';
import { historyOf, TODAY, type GivenEvent, type Stream } from './given.js';
import { inputOf } from './random-commands.js';

/** The golden streams: small legal ones that hold every type of event. */
const golden: readonly { readonly aggregate: string; readonly id: string; readonly events: readonly GivenEvent[] }[] = JSON.parse(
  readFileSync(join(import.meta.dirname, 'golden/events.json'), 'utf8'),
).streams;
const aggregateOf = (category: string): AnyAggregate => aggregates.find((one) => one.category === category)!;
const streamsOf = (aggregate: AnyAggregate): readonly Stream[] =>
  golden
    .filter((one) => one.aggregate === aggregate.category)
    .map(({ id, events: [first, ...rest] }) => ({ aggregate, id, events: [{ ...first!, effectiveOn: '1998' }, ...rest] }));

/** Events that lead to a stage of which no golden stream is. */
const MORE: { readonly [category: string]: readonly GivenEvent[] } = {
  loss: [{ type: 'WriteOffReversed', data: { amount: { amount: '110000.00', currency: 'GBP' }, why: 'All of it was paid' } }],
};

/** This stream and one event more, or undefined where that event cannot follow. */
const followedBy = (stream: Stream, event: GivenEvent): Stream | undefined => {
  const history = historyOf(stream);
  try {
    history.tryEvents([event], [{ event: 'new-0', effectiveOn: '2026-01-01', recordedBy: 'ana' }], history.before('2026-01-01'));
  } catch (error) {
    if (error instanceof IllegalTransitionError) return undefined;
    throw error;
  }
  return { ...stream, events: [...stream.events, { ...event, effectiveOn: '2026-01-01' }] };
};

/** Stage → a stream that stands there: a golden one as far as it was recorded, or with golden events behind it. */
const stagesOf = (aggregate: AnyAggregate): ReadonlyMap<string, History> => {
  const streams = streamsOf(aggregate);
  const found = new Map<string, Stream>();
  const add = (stream: Stream): void => {
    const { stage } = historyOf(stream).state;
    if (stage !== 'none' && !found.has(stage)) found.set(stage, stream);
  };
  for (const stream of streams) for (let n = 1; n <= stream.events.length; n++) add({ ...stream, events: stream.events.slice(0, n) });
  const isOfToday = ({ type, schemaVersion }: GivenEvent): boolean => !isLedgerEvent(type) && schemaVersion === versionOf(aggregate, type);
  const samples = [...streams.flatMap(({ events }) => events).filter(isOfToday), ...(MORE[aggregate.category] ?? [])];
  for (const stream of found.values()) {
    if (found.size === aggregate.stages.length - 1) break; // behind what is found here, the loop goes on with what it adds
    for (const sample of samples) {
      const next = followedBy(stream, sample);
      if (next) add(next);
    }
  }
  return new Map([...found].map(([stage, stream]) => [stage, historyOf(stream)]));
};
/** Aggregate → its stages but `none`, as far as they are reached → a stream that stands there. */
export const stages: ReadonlyMap<AnyAggregate, ReadonlyMap<string, History>> = new Map(aggregates.map((one) => [one, stagesOf(one)]));

/** What a command names is there, whatever its id: the first golden stream of the category. */
const named = new Map<string, History>();
const load = async (category: string, id: string): Promise<History> => {
  const stream = `${category}-${id}`;
  if (!named.has(stream)) named.set(stream, historyOf({ ...streamsOf(aggregateOf(category))[0]!, id }));
  return named.get(stream)!;
};

/** Drawn inputs at most of one command in one place. */
const DRAWN = 20;
/** Inputs of a command: its example, the data of golden events, and those that its own name draws, so that a new command changes no other. */
function* inputsOf({ name, fields, aggregate, events }: AnyCommand): Generator<object> {
  yield exampleOf(fields);
  for (const { type, data } of streamsOf(aggregate!).flatMap((stream) => stream.events))
    if (events.includes(type) && check(fields, data).length === 0) yield data;
  const seed = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) | 0, 7);
  yield* fc.sample(inputOf(fields), { seed, numRuns: DRAWN });
}

/** The code of its refusal, or undefined where it is accepted or changes nothing. */
const outcomeOf = async (command: AnyCommand, data: object, own: History, effectiveOn: string): Promise<string | undefined> => {
  const read = await readOthers(command, { ...data }, own, load, async () => []);
  try {
    decide(command, { id: own.id, data, record: {}, actor: { id: 'ana' }, effectiveOn, today: TODAY }, read);
    return undefined;
  } catch (error) {
    if (error instanceof Rejection) return error.code;
    throw error;
  }
};

/** The place before the first fact of a stream, where its stage is `none`. */
export const BEFORE = 'before the first fact';

/** A command in one place of its aggregate. */
export interface Tried {
  readonly place: string;
  /** How often it was accepted, or changed nothing. */
  readonly accepted: number;
  readonly codes: ReadonlySet<string>;
}

/** One command where nothing is recorded, before the first fact, and at each stage, with inputs until its stage refuses one there. */
export const tryAtEveryStage = async (command: AnyCommand): Promise<readonly Tried[]> => {
  const aggregate = command.aggregate!;
  const ofStages = stageRefusalsOf(aggregate, command.events);
  const tryOn = async (place: string, own: History, effectiveOn = TODAY): Promise<Tried> => {
    const codes = new Set<string>();
    let accepted = 0;
    for (const data of inputsOf(command)) {
      const code = await outcomeOf(command, data, own, effectiveOn);
      if (code === undefined) accepted++;
      else codes.add(code);
      // of several events another input may give one that the stage refuses
      if (code === undefined ? command.events.length === 1 : code in ofStages) break;
    }
    return { place, accepted, codes };
  };
  const there = [...stages.get(aggregate)!];
  const [, first] = there[0]!;
  const tried = [await tryOn('none', History.of(aggregate, first.id))];
  for (const [stage, own] of there) tried.push(await tryOn(stage, own));
  tried.push(await tryOn(BEFORE, first, '1900'));
  return tried;
};
