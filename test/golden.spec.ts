import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { aggregates } from '../src/domain/index.js';
import { canonical, ledgerEvents, type Field, type Fields } from '../src/kernel/index.js';
import { historyOf, type Stream, type GivenEvent } from './given.js';

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
const golden: Golden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden/events.json'), 'utf8'));

const streams = golden.streams.map(({ aggregate, id, events }): Stream => {
  return { aggregate: aggregates.find(({ category }) => category === aggregate)!, id, events };
});
const samples = golden.streams.flatMap(({ events }) => events);
const types: readonly { readonly type: string; readonly version: number; readonly fields: Fields }[] = [
  ...aggregates.flatMap(({ events }) => Object.entries<any>(events)).map(([type, { version = 1, fields }]) => ({ type, version, fields })),
  ...Object.entries<Fields>(ledgerEvents).map(([type, fields]) => ({ type, version: 1, fields })),
];

describe('every sample that was ever stored still folds', () => {
  it.each(streams.map((stream) => [`${stream.aggregate.category}-${stream.id}`, stream] as const))('%s', (_, stream) => {
    const history = historyOf(stream);
    expect(history.state.stage).not.toBe('none');
    expect(history.recorded).toHaveLength(stream.events.length);
  });
});

describe.each(types)('$type $version', ({ type, version, fields }) => {
  const versions = Array.from({ length: version }, (_, i) => i + 1);
  const ofVersion = (wanted: number) => samples.filter((sample) => sample.type === type && sample.schemaVersion === wanted);

  it('is of the shape that the golden file has for its version', () => expect(shapeOf(fields)).toEqual(golden.shapes[type]?.[version]));

  it('has a shape and a sample of every version', () => {
    expect(Object.keys(golden.shapes[type] ?? {}).map(Number)).toEqual(versions);
    expect(versions.filter((v) => ofVersion(v).length === 0)).toEqual([]);
  });

  it('has every field in some sample', () => {
    for (const v of versions) {
      const present = ofVersion(v).flatMap(({ data }) => Object.keys(data));
      expect([...new Set(present)].sort()).toEqual(Object.keys(golden.shapes[type]![v] as object).map((name) => name.replace('?', '')).sort()); // prettier-ignore
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
