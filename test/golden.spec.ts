import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { aggregates } from '../src/domain/index.js';
import { canonical, ledgerEvents, versionOf, type Field, type Fields, type History } from '../src/kernel/index.js';
import { historyOf, theFact, type Stream, type GivenEvent } from './given.js';

/**
 * Every shape of event that was ever stored, with samples of it in small legal streams. What stands here is never changed: a new shape
 * gets a new version in the code (with its upcast), and here a new entry beside the old one and a sample.
 */
interface Golden {
  /** Type → version → the shape. */
  readonly shapes: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly streams: readonly {
    readonly aggregate: string;
    readonly id: string;
    readonly events: readonly (GivenEvent & { schemaVersion: number })[];
  }[];
}
const FILE = 'test/golden/events.json';
const golden: Golden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden/events.json'), 'utf8'));

const streams = golden.streams.map(({ aggregate, id, events }): Stream => {
  return { aggregate: aggregates.find(({ category }) => category === aggregate)!, id, events };
});
const samples = golden.streams.flatMap(({ events }) => events);
const types: readonly { readonly type: string; readonly version: number; readonly fields: Fields }[] = [
  ...aggregates.flatMap(({ events }) => Object.entries<any>(events)).map(([type, { version = 1, fields }]) => ({ type, version, fields })),
  ...Object.entries<Fields>(ledgerEvents).map(([type, fields]) => ({ type, version: versionOf(aggregates[0]!, type), fields })),
];

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

describe.each(types)('$type $version', ({ type, version, fields }) => {
  const versions = Array.from({ length: version }, (_, i) => i + 1);
  const ofVersion = (wanted: number) => samples.filter((sample) => sample.type === type && sample.schemaVersion === wanted);

  /** @throws a sentence that says what to add, where the file has no such shape */
  const goldenShape = (wanted: number): object => {
    const shape = golden.shapes[type]?.[wanted];
    if (shape) return shape;
    if (wanted < version) throw new Error(`${type} has no shape ${wanted} in ${FILE}: what was stored in it must stay there`);
    const entry = { [type]: { [version]: shapeOf(fields) } };
    throw new Error(`${type} has no shape in ${FILE}: add to its shapes ${JSON.stringify(entry).slice(1, -1)}`);
  };

  it('is of the shape that the golden file has for its version', () => expect(shapeOf(fields)).toEqual(goldenShape(version)));

  it('has a shape and a sample of every version', () => {
    versions.forEach(goldenShape);
    expect(Object.keys(golden.shapes[type]!).map(Number)).toEqual(versions);
    const lacking = versions.filter((v) => ofVersion(v).length === 0);
    expect(lacking.map((v) => `${type} has no sample of version ${v} in ${FILE}: add one to a stream, where it can follow`)).toEqual([]);
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

/** Names (with `?` when it is optional) and kinds, sorted; what readers do not depend on is left out. */
function shapeOf(fields: Fields): Record<string, unknown> {
  const entries = Object.entries(fields).map(([name, field]) => [`${name}${field.optional ? '?' : ''}`, kindOf(field)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
function kindOf({ kind, item, fields, values, category }: Field): unknown {
  if (kind === 'list') return [kindOf(item!)];
  if (kind === 'object') return shapeOf(fields!);
  if (kind === 'choice') return [...values!].sort().join(' | ');
  return category ? `${kind} ${category}` : kind;
}
