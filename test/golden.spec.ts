import { describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { aggregates } from '../src/domain/index.js';
import { contract } from '../src/domain/contract/index.js';
import {
  canonical,
  date,
  eventsOf,
  flag,
  id,
  ledgerEvents,
  object,
  optional,
  ref,
  text,
  value,
  versionOf,
  type AnyAggregate,
  type Field,
  type Fields,
  type History,
  type StateOf,
} from '../src/kernel/index.js';
import { historyOf, theFact, type Stream } from './given.js';
import { shapeOf, withExamples, type Golden, type GoldenType } from './golden/additions.js';

/**
 * Every shape of event that was ever stored, with samples of it in small legal streams. What stands here is never changed: a new shape
 * gets a new version in the code (with its upcast), and `npm run golden` adds a new entry beside the old one and a sample.
 */
const FILE = 'test/golden/events.json';
const path = join(import.meta.dirname, '..', FILE);
const types: readonly GoldenType[] = [
  ...aggregates.flatMap((aggregate) =>
    Object.entries<any>(aggregate.events).map(([type, { version = 1, fields }]) => ({ type, version, fields, aggregate })),
  ),
  ...Object.entries<Fields>(ledgerEvents).map(([type, fields]) => ({ type, version: versionOf(aggregates[0]!, type), fields })),
];
const stored: Golden = JSON.parse(readFileSync(path, 'utf8'));
const golden = process.env['GOLDEN'] === 'write' ? withExamples(stored, types) : stored;
if (golden !== stored) writeFileSync(path, await format(JSON.stringify(golden, null, 2), { parser: 'json', printWidth: 140 }));

const streams = golden.streams.map(({ aggregate, id, events }): Stream => {
  return { aggregate: aggregates.find(({ category }) => category === aggregate)!, id, events };
});
const samples = golden.streams.flatMap(({ events }) => events);
const typesOf = (events: readonly { readonly type: string }[]): readonly string[] => events.map(({ type }) => type);

/** @throws an error that names the event that does not fold, by id and type */
const folded = (stream: Stream): History => {
  try {
    return historyOf(stream);
  } catch (error) {
    const { aggregate, id, events } = stream;
    const at = events.findIndex((_, i) => !folds({ ...stream, events: events.slice(0, i + 1) }));
    const before = events.slice(0, at).map(({ type }, i) => `${theFact(i + 1)} ${type}`);
    throw new Error(
      `${aggregate.category}-${id} does not fold: ${theFact(at + 1)} ${events[at]!.type}, behind ${before.join(', ') || 'nothing'}. ${(error as Error).message}`,
    );
  }
};
const folds = (stream: Stream): boolean => {
  try {
    return historyOf(stream).revision >= 0;
  } catch {
    return false;
  }
};

describe('every sample that was ever stored still folds', () => {
  it.each(streams.map((stream) => [`${stream.aggregate.category}-${stream.id}`, stream] as const))('%s', (_, stream) => {
    const history = folded(stream);
    expect(history.state.stage).not.toBe('none');
    expect(typesOf(history.recorded)).toEqual(typesOf(stream.events));
  });
});

/** Names of dates that are published as plain texts, the keys of `dates` among them. A new one is called `on` or `…On`. */
const OTHER_DATES: ReadonlySet<string> = new Set(
  'awarded baseline decideBy from inForceUntil noticeGiven planned recordedAs signed started to until version'.split(' '),
);
/** Names of fields whose value is a whole day or an interval of days. */
const namesOfDates = (value: unknown, name = ''): readonly string[] => {
  if (typeof value === 'string') return /^\d{4}-\d{2}-\d{2}$|^\[.*\.\..*\]$/.test(value) ? [name] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => namesOfDates(inner, Array.isArray(value) ? name : key));
};
it('every date of a state is called on or …On: by that name the document of the API has it as a date', () => {
  const names = new Set(streams.flatMap((stream) => namesOfDates(folded(stream).state)));
  expect(names.size).toBeGreaterThan(10);
  expect([...names].filter((name) => !/^on$|On$/.test(name) && !OTHER_DATES.has(name)).sort()).toEqual([]);
});

describe.each(types)('$type $version', ({ type, version, fields }) => {
  const versions = Array.from({ length: version }, (_, i) => i + 1);
  const ofVersion = (wanted: number) => samples.filter((sample) => sample.type === type && sample.schemaVersion === wanted);

  /** @throws a sentence that says what to add, where the file has no such shape */
  const goldenShape = (wanted: number): object => {
    const shape = golden.shapes[type]?.[wanted];
    if (shape) return shape;
    if (wanted < version) throw new Error(`${type} has no shape ${wanted} in ${FILE}: what was stored in it must stay there`);
    throw new Error(`${type} has no shape in ${FILE}: npm run golden adds it`);
  };

  it('is of the shape that the golden file has for its version', () => expect(shapeOf(fields)).toEqual(goldenShape(version)));

  it('has a shape and a sample of every version', () => {
    versions.forEach(goldenShape);
    expect(Object.keys(golden.shapes[type]!).map(Number)).toEqual(versions);
    const lacking = versions.filter((v) => ofVersion(v).length === 0);
    expect(
      lacking.map(
        (v) =>
          `${type} has no sample of version ${v} in ${FILE}: npm run golden adds one, or where it can follow nothing that is there, add a stream`,
      ),
    ).toEqual([]);
  });

  it('has every field in some sample', () => {
    for (const v of versions) {
      const shape = goldenShape(v);
      const present = ofVersion(v).flatMap(({ data }) => Object.keys(data));
      expect([...new Set(present)].sort()).toEqual(Object.keys(shape).map((name) => name.replace('?', '')).sort()); // prettier-ignore
    }
  });
});

describe('the golden file', () => {
  it('has no type that the code has forgotten', () =>
    expect(Object.keys(golden.shapes).sort()).toEqual(types.map(({ type }) => type).sort()));

  const shape = { a: { kind: 'text', optional: false }, b: { kind: 'count', optional: true } } as const satisfies Fields;
  it.each<[string, Fields]>([
    ['a field that is gone', { a: shape.a }],
    ['a field that is new', { ...shape, c: shape.b }],
    ['a field of another name', { a: shape.a, c: shape.b }],
    ['a field of another kind', { ...shape, b: { kind: 'text', optional: true } }],
    ['a field that is no longer optional', { ...shape, b: { kind: 'count', optional: false } }],
  ])('sees %s', (_, changed) => expect(canonical(shapeOf(changed))).not.toBe(canonical(shapeOf(shape))));

  it('sees what changed inside a list, an object, a choice or a reference', () => {
    const shapes = [
      { kind: 'list', optional: false, item: shape.a },
      { kind: 'list', optional: false, item: shape.b },
      { kind: 'object', optional: false, fields: shape },
      { kind: 'object', optional: false, fields: { a: shape.a } },
      { kind: 'choice', optional: false, values: ['x', 'y'] },
      { kind: 'choice', optional: false, values: ['x', 'z'] },
      { kind: 'ref', optional: false, category: 'tower' },
      { kind: 'ref', optional: false, category: 'contract' },
    ] as const satisfies readonly Field[];
    expect(new Set(shapes.map((field) => canonical(shapeOf({ field })))).size).toBe(shapes.length);
  });

  it('does not mind a sentence, an example or a limit', () =>
    expect(shapeOf({ ...shape, a: { ...shape.a, about: 'What it is', example: 'x', max: 10 } })).toEqual(shapeOf(shape)));
});

describe('npm run golden', () => {
  const event = eventsOf<StateOf<typeof contract>>();
  const policy = id('As it is called');
  const recorded = event({
    allowedIn: ['awarded'],
    fields: { policy, insurer: optional(ref('supplier')), cover: optional(object({ value: value(), until: optional(date()) })) },
    evolve: (state) => ({ ...state, title: 'insured' }),
  });
  const lapsed = event({
    allowedIn: ['awarded'],
    fields: { policy, why: optional(text()), unknown: optional(flag()) },
    rules: {
      'contract/no-example': { says: 'There is an example.', field: '/policy', holds: (_, { title }) => title === 'insured' },
      'contract/why-not': { says: 'Why, or that it is unknown.', field: '/why', holds: ({ data }) => (data.why === undefined) !== (data.unknown === undefined) }, // prettier-ignore
    },
    evolve: (state) => state,
  });
  const extended = { ...contract, events: { ...contract.events, ExampleRecorded: recorded, ExampleLapsed: lapsed } } as AnyAggregate;
  const added = (type: string): GoldenType => ({ type, version: 1, fields: extended.events[type]!.fields, aggregate: extended });
  const both = [...types, added('ExampleLapsed'), added('ExampleRecorded')];

  const complete = withExamples(golden, types);

  it('has nothing to add to the file', () => expect(complete).toEqual(golden));

  it('adds a shape and a sample of each new event, behind what it can follow, and changes nothing that is there', () => {
    const { shapes, streams: all } = withExamples(complete, both);
    expect(all.slice(0, complete.streams.length)).toEqual(complete.streams);
    expect(shapes).toEqual({
      ...complete.shapes,
      ExampleRecorded: { 1: { 'cover?': { 'until?': 'date', value: 'value' }, 'insurer?': 'ref supplier', policy: 'id' } },
      ExampleLapsed: { 1: { policy: 'id', 'unknown?': 'flag', 'why?': 'text' } },
    });
    const more = all.slice(complete.streams.length).map(({ aggregate, id, events }) => [aggregate, id, events.at(-1)!.data]);
    const whole = { policy: 'met-example', insurer: 'example-supplier', cover: { value: { amount: '95000000.00', currency: 'GBP' } } };
    expect(more).toEqual([
      ['contract', 'golden-example-recorded-1', whole],
      ['contract', 'golden-example-lapsed-1-why', { policy: 'met-example', why: 'text' }],
      ['contract', 'golden-example-lapsed-1-unknown', { policy: 'met-example', unknown: true }],
    ]);
    for (const { id, events } of all.slice(complete.streams.length))
      expect(historyOf({ aggregate: extended, id, events }).revision).toBe(events.length - 1);
  });

  it('adds nothing the second time', () => {
    const once = withExamples(complete, both);
    expect(withExamples(once, both)).toEqual(once);
  });

  it('adds the shape of a new version beside the one before it', () => {
    const newer = { ...added('ExampleRecorded'), version: 2 };
    const once = withExamples(complete, [...types, added('ExampleRecorded')]);
    const twice = withExamples(once, [...types, newer]);
    expect(Object.keys(twice.shapes['ExampleRecorded']!)).toEqual(['1', '2']);
    expect(twice.streams.slice(0, once.streams.length)).toEqual(once.streams);
    expect(twice.streams.at(-1)!.events.at(-1)).toMatchObject({ type: 'ExampleRecorded', schemaVersion: 2 });
  });
});
