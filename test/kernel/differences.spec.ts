import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { applied, at, canonical, differences, sameJson, type Json, type Operation } from '../../src/kernel/index.js';
import '../seed.js';

const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;
const lists = fc.tuple(
  fc.array(fc.integer({ max: 4, min: 0 }), { maxLength: 8 }),
  fc.array(fc.integer({ max: 4, min: 0 }), { maxLength: 8 }),
);

/** Applies operations as RFC 6902 says, checking that each finds the former value that it names. */
const apply = (value: any, operations: readonly Operation[]): any => {
  let whole = structuredClone({ root: value });
  for (const operation of operations) {
    const path = `/root${operation.path}`;
    const steps = path.split('/').slice(1).map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~')); // prettier-ignore
    const last = steps.at(-1)!;
    const parent = steps.slice(0, -1).reduce<any>((here, step) => here[step], whole);
    if (operation.op !== 'add') expect(canonical(parent[last])).toBe(canonical(operation.was));
    if (operation.op === 'remove') {
      if (Array.isArray(parent)) parent.splice(Number(last), 1);
      else delete parent[last];
    } else if (operation.op === 'add' && Array.isArray(parent)) parent.splice(Number(last), 0, operation.value);
    else parent[last] = operation.value;
    whole = { ...whole };
  }
  return whole.root;
};

describe('differences', () => {
  it('applied in order to the first value give the second', () =>
    fc.assert(
      fc.property(json, json, (from, to) => {
        const operations = differences({ a: from }, { a: to });
        expect(canonical(apply({ a: from }, operations))).toBe(canonical({ a: to }));
        expect(canonical(applied({ a: from }, operations))).toBe(canonical({ a: to }));
      }),
      { numRuns: 300 },
    ));

  it('of lists do so too, whatever came, went or changed', () =>
    fc.assert(
      fc.property(lists, ([from, to]) => {
        const operations = differences({ list: from }, { list: to });
        expect(apply({ list: from }, operations).list).toEqual(to);
        expect(applied({ list: from }, operations).list).toEqual(to);
      }),
      { numRuns: 500 },
    ));

  it('of the same value are none, though an absent member is undefined', () =>
    expect(differences({ a: 1, b: undefined }, { a: 1 })).toEqual([]));

  it('name the former value of what was replaced and removed', () =>
    expect(differences({ stage: 'none', gone: 1, 'a/b~c': { x: 1 } }, { stage: 'live', 'a/b~c': { x: 2 }, come: true })).toEqual([
      { op: 'replace', path: '/stage', was: 'none', value: 'live' },
      { op: 'remove', path: '/gone', was: 1 },
      { op: 'replace', path: '/a~1b~0c/x', was: 1, value: 2 },
      { op: 'add', path: '/come', value: true },
    ]));

  it.each([
    ['an entry at the end', [1, 2], [1, 2, 3], [{ op: 'add', path: '/2', value: 3 }]],
    ['two entries in the middle', [1, 4], [1, 2, 3, 4], [{ op: 'add', path: '/1', value: 2 }, { op: 'add', path: '/2', value: 3 }]], // prettier-ignore
    ['an entry that went', [1, 2, 3], [1, 3], [{ op: 'remove', path: '/1', was: 2 }]],
    ['an entry that changed', [{ a: 1 }, { b: 1 }], [{ a: 1 }, { b: 2 }], [{ op: 'replace', path: '/1/b', was: 1, value: 2 }]],
    ['many that came and went in two places', [1, 2, 3, 4], [2, 9, 9, 3], [{ op: 'replace', path: '', was: [1, 2, 3, 4], value: [2, 9, 9, 3] }].slice(1)], // prettier-ignore
  ] as const)('pass over what lists have in common: %s', (_, from, to, expected) => {
    const found = differences(from, to);
    if (expected.length > 0) expect(found).toEqual(expected);
    else expect(apply(from, found)).toEqual(to);
  });

  it('share what both values share: a long list with one entry more is not compared to its depth', () => {
    let looked = 0;
    const watched = new Proxy({ deep: 1 }, { get: (target, key) => (looked++, Reflect.get(target, key)) });
    const entries = Array.from({ length: 10_000 }, () => watched);
    expect(differences({ entries }, { entries: [...entries, 'one more'] })).toEqual([
      { op: 'add', path: '/entries/10000', value: 'one more' },
    ]);
    expect(looked).toBe(0);
  });
});

describe('the same JSON', () => {
  it('is what canonical JSON says it is', () =>
    fc.assert(
      fc.property(json, json, (a, b) => {
        expect(sameJson(a, b)).toBe(canonical(a) === canonical(b));
        expect(sameJson(a, JSON.parse(JSON.stringify(a)))).toBe(true);
      }),
      { numRuns: 300 },
    ));
});

it('a pointer names a value only through own members and entries', () => {
  expect(at({ a: [{ b: 1 }] }, '/a/0/b')).toBe(1);
  expect(at({ a: 1 }, '/constructor')).toBeUndefined();
});
