import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isShownBy, textOfRow, textOfShown } from '../../src/engine/read/rows/row-text.js';

const NAMES = ['id', 'title', 'value', 'stage', 'more', 'a"b'] as const;
const json = fc.oneof(
  fc.constantFrom(undefined, null, '', 'a', ',', '}', '"', 0, 1, true, false),
  fc.array(fc.constantFrom(1, 'x', null, undefined, ','), { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('x', 'y', ','), fc.constantFrom(1, 'text', null, undefined), { maxKeys: 2 }),
);
const fields = fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 6 }).chain((names) => fc.tuple(...names.map((name) => fc.tuple(fc.constant(name), json))).map((pairs) => Object.fromEntries(pairs))); // prettier-ignore
/** What a list makes of what is shown: the first of its fields, perhaps one of them otherwise, and others behind. */
const made = fc.record({
  kept: fc.nat(6),
  changed: fc.option(fc.nat(5), { nil: undefined }),
  to: json,
  more: fields,
  isSame: fc.boolean(),
});
const entryOf = (
  value: Record<string, unknown>,
  { kept, changed, to, more, isSame }: typeof made extends fc.Arbitrary<infer M> ? M : never,
) => {
  if (isSame) return value;
  const names = Object.keys(value).slice(0, kept);
  const entry = Object.fromEntries(names.map((name, i) => [name, i === changed ? to : value[name]]));
  for (const [name, other] of Object.entries(more)) if (!(name in entry)) entry[name] = other;
  return entry;
};
/** Counts how often it is written as JSON. */
const counting = () => {
  let written = 0;
  return { part: { toJSON: () => (written++, 'written') }, times: () => written };
};

describe('the text of a row', () => {
  it('is its JSON, whatever of what it shows was written before', () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(fields, made, fc.boolean()), { maxLength: 4 }), json, json, (shown, plain, last) => {
        const entries = shown.map(([value, how, isKept]) => {
          if (isKept) expect(textOfShown(value)).toBe(JSON.stringify(value));
          return isShownBy(entryOf(value, how), value);
        });
        const row = { plain, entries, others: [null, undefined, 'x', 7, ['y', undefined]], last, nothing: undefined };
        expect(textOfRow(row)).toBe(JSON.stringify(row));
      }),
      { numRuns: 1500 },
    ));

  it.each<[what: string, value: any, entry: any]>([
    ['the whole', { a: 1, b: 2 }, { a: 1, b: 2 }],
    ['the whole and more', { a: 1, b: 2 }, { a: 1, b: 2, c: 3 }],
    ['a part', { a: 1, b: 2 }, { a: 1 }],
    ['a part and others', { a: 1, b: 2, c: { d: 1 } }, { a: 1, x: 2 }],
    ['nothing of it', { a: 1, b: 2 }, { x: 1 }],
    ['nothing of something', { a: 1 }, {}],
    ['all of nothing', {}, {}],
    ['more than nothing', {}, { a: 1 }],
    ['what JSON leaves out in front', { a: undefined, b: 2 }, { a: undefined, b: 2, c: 3 }],
    ['what JSON leaves out alone', { a: undefined }, { a: undefined, c: 3 }],
    ['what JSON leaves out behind', { a: 1, b: undefined }, { a: 1, c: 3 }],
    ['another value of a name', { a: 1, b: 2 }, { a: 1, b: 3 }],
    ['the same in another order', { a: 1, b: 2 }, { b: 2, a: 1 }],
    ['a part, and the rest without a trace', { a: 1, b: 2 }, { a: 1, b: undefined }],
    ['a text that ends like an object', { a: '1},', b: 2 }, { a: '1},', c: ',' }],
    ['a list', { a: 1, b: [1, { c: 2 }] }, { a: 1, b: [1, { c: 2 }], d: 1 }],
  ])('of an entry that shows %s', (_, value, entry) => {
    textOfShown(value);
    // what both have in common is the same value
    for (const name of Object.keys(entry)) if (JSON.stringify(entry[name]) === JSON.stringify(value[name])) entry[name] = value[name];
    expect(textOfRow({ list: [isShownBy(entry, value), entry] })).toBe(JSON.stringify({ list: [entry, entry] }));
  });

  it('has what it shows as it was written when that was shown, however many rows show it', () => {
    const { part, times } = counting();
    const value = { title: 'A', part };
    expect(textOfShown(value)).toBe('{"title":"A","part":"written"}');
    const entry = isShownBy({ ...value, more: 1 }, value);
    for (let i = 0; i < 3; i++) expect(textOfRow({ list: [entry, value] })).toBe('{"list":[{"title":"A","part":"written","more":1},{"title":"A","part":"written"}]}'); // prettier-ignore
    expect(times()).toBe(1);
    const first = isShownBy({ title: 'A', rest: 1 }, value);
    expect(textOfRow({ list: [first] })).toBe('{"list":[{"title":"A","rest":1}]}');
    expect(times()).toBe(2); // what is left out is measured
  });

  it('is right of what is frozen, and of an entry that is shown by one value after another', () => {
    const frozen = Object.freeze({ a: 1 });
    expect([textOfShown(frozen), textOfRow({ list: [isShownBy(frozen, { a: 1 })] })]).toEqual(['{"a":1}', '{"list":[{"a":1}]}']);
    const [first, second, entry] = [{ a: 1 }, { a: 1, b: 2 }, { a: 1, b: 2 }];
    for (const value of [first, second]) textOfShown(value);
    expect(textOfRow({ list: [isShownBy(isShownBy(entry, first), second)] })).toBe('{"list":[{"a":1,"b":2}]}');
  });

  it('of what is no object, or is shown as it is, needs no note of it', () => {
    expect([textOfShown('text'), textOfShown(undefined), textOfShown([1]), textOfShown(null)]).toEqual(['"text"', '', '[1]', 'null']);
    const value = { a: 1 };
    expect([isShownBy('text', value), isShownBy(value, value), isShownBy(value, 'text')]).toEqual(['text', value, value]);
    expect(textOfRow({ list: [value, 'text'] })).toBe('{"list":[{"a":1},"text"]}');
    const entries = [null, undefined, 'text', ['x']].map((nothing) => isShownBy({ a: 1 }, nothing));
    expect(textOfRow({ list: entries })).toBe(JSON.stringify({ list: entries }));
    expect([textOfRow({}), textOfRow({ a: undefined }), textOfRow({ a: undefined, b: [] })]).toEqual(['{}', '{}', '{"b":[]}']);
  });
});
