import { describe, expect, it } from '@jest/globals';
import { applied, at, canonical, canonicalFrom, differences, duplicateName, hasPlace, inKeyOrder, overlap, sameJson, stepOf, withoutValue, withValue } from '../../src/kernel/index.js'; // prettier-ignore

const contract = { title: 'Hosting', options: [{ option: 'year-6' }], 'a/b': { 'm~n': 1 }, nothing: null };

describe('a JSON Pointer', () => {
  it.each<[string, unknown]>([
    ['/title', 'Hosting'],
    ['/options/0/option', 'year-6'],
    ['/a~1b/m~0n', 1],
    ['/nothing', null],
    ['', contract],
  ])('%s names what is there', (pointer, value) => {
    expect(at(contract, pointer)).toEqual(value);
    expect(hasPlace(contract, pointer)).toBe(true);
  });

  it.each([
    '/constructor',
    '/toString',
    '/options/length',
    '/options/-',
    '/options/00',
    '/options/0x0',
    '/options/1',
    '/title/0',
    '/title/length',
    '/nothing/x',
  ])('%s names nothing', (pointer) => expect(at(contract, pointer)).toBeUndefined());

  it.each([
    '/options/-',
    '/options/1',
    '/options/01',
    '/options/00',
    '/options/0x0',
    '/options/00/option',
    '/options/1/option',
    '/options/length',
    '/title/0',
    '/nothing/x',
    '/no/such',
    '/toString/name',
    '/__proto__/name',
  ])('%s is no place for a value, and changes nothing', (pointer) => {
    expect(hasPlace(contract, pointer)).toBe(false);
    expect(withValue(contract, pointer, 'x')).toEqual(contract);
  });

  it('names the whole, which may be replaced whatever it is', () => {
    for (const whole of ['Hosting', null, 5, [1]]) expect([hasPlace(whole, ''), withValue(whole, '', 'x')]).toEqual([true, 'x']);
  });

  it('adds a field to an object that is there, whatever its name, and leaves the former value as it was', () => {
    expect(withValue(contract, '/options/0/months', 12).options).toEqual([{ option: 'year-6', months: 12 }]);
    expect(Object.keys(withValue({}, '/toString', 1))).toEqual(['toString']);
    expect(withValue(contract, '/a~1b/m~0n', 2)['a/b']).toEqual({ 'm~n': 2 });
    expect(contract.options).toEqual([{ option: 'year-6' }]);
  });

  it('names an entry of a long list', () =>
    expect(
      at(
        Array.from({ length: 30 }, (_, i) => i),
        '/21',
      ),
    ).toBe(21));

  it('is shown with a long key shortened', () => {
    expect(stepOf('x'.repeat(649_000))).toHaveLength(64);
    expect(stepOf(`${'x'.repeat(62)}/y`)).toBe(`${'x'.repeat(62)}~1y`);
    expect(stepOf('x'.repeat(65))).toBe(`${'x'.repeat(63)}…`);
    expect(stepOf('a/b~c')).toBe('a~1b~0c');
  });
});

describe('a name that stands twice in one object', () => {
  it.each([
    ['{"a":1,"b":2,"a":3}', '/a'],
    ['{"a":{"b":[0,{"c":1,"c":2}]}}', '/a/b/1/c'],
    ['{"a":1,"\\u0061":2}', '/a'],
    ['{"a/b":{"~":1,"~":2}}', '/a~1b/~0'],
    ['[[],[{"x":1},{"x":1,"x":1}]]', '/1/1/x'],
    ['[{"x":1,"x":1},[]]', '/0/x'],
    ['{"\\"":1,"\\"":2}', '/"'],
    ['{"":1,"":2}', '/'],
    ['{"__proto__":1,"__proto__":2}', '/__proto__'],
  ])('is found: %s', (text, pointer) => expect(duplicateName(text)).toBe(pointer));

  it.each(['{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}]}', '{"a":"b\\":{\\"a","b":"a","c":"a"}', '[]', '"a"', '{"a":1,"A":2}'])(
    'is none: %s',
    (text) => expect(duplicateName(text)).toBeUndefined(),
  );

  it('is found behind a text of a megabyte', () => expect(duplicateName(`{"a":"${'x\\n'.repeat(330_000)}","b":1,"b":2}`)).toBe('/b'));
});

describe('keys in the order of canonical JSON', () => {
  it('are put so in every object, and nothing else is changed', () => {
    expect(JSON.stringify(inKeyOrder({ b: [{ d: 1, c: 2 }], a: 'x' }))).toBe('{"a":"x","b":[{"c":2,"d":1}]}');
    const ordered = { a: [{ b: 1 }, null], c: 2 };
    expect(inKeyOrder(ordered)).toBe(ordered);
  });

  it('stay as they are where an object cannot have them so', () => {
    for (const value of [{ b: 1, 10: 2, 9: 3 }, { z: 1, _: 2 }, [{ b: 1, a: { 1: 1, 0: 2 } }]]) expect(inKeyOrder(value)).toBe(value);
  });
});

describe('canonical JSON', () => {
  it('has any number of keys in order, and keeps a text that is in order already', () => {
    const keys = Array.from({ length: 20 }, (_, i) => `k${String.fromCharCode(97 + ((i * 7) % 20))}`);
    const many = Object.fromEntries(keys.map((key, i) => [key, i]));
    expect(Object.keys(inKeyOrder(many))).toEqual(keys.toSorted());
    expect(JSON.parse(canonical(many))).toEqual(many);
    expect(canonicalFrom({ a: 1, b: 2 }, 'the text that was sent')).toBe('the text that was sent');
    expect(canonicalFrom({ b: 2, a: 1 }, '{"b":2,"a":1}')).toBe('{"a":1,"b":2}');
  });

  it('puts a key of digits in its place by its text, and `_` too', () => {
    expect(canonical({ a: 1, 9: 2, ':': 3, '/': 4, 10: 5, 0: 6 })).toBe('{"/":4,"0":6,"10":5,"9":2,":":3,"a":1}');
    expect(canonical([{ b: { _: 1, Z: 2 }, a: [{ 1: 1 }] }])).toBe('[{"a":[{"1":1}],"b":{"Z":2,"_":1}}]');
  });

  it('keeps an object that can have its keys in order, also beside `:` and `/`', () => {
    expect(Object.keys(inKeyOrder({ ':': 1, '/': 2, '^': 3, '`': 4 }))).toEqual(['/', ':', '^', '`']);
    expect(inKeyOrder({ b: [{ 1: 1 }], a: 1 })).toEqual({ b: [{ 1: 1 }], a: 1 });
  });
});

describe('the same JSON', () => {
  it.each<[string, unknown, unknown, boolean]>([
    ['an absent member and one that is undefined', { a: 1, b: undefined }, { a: 1 }, true],
    ['the same the other way round', { a: 1 }, { a: 1, b: undefined }, true],
    ['a member more', { a: 1 }, { a: 1, b: null }, false],
    ['a member less', { a: 1, b: 2 }, { a: 1 }, false],
    ['a list and an object of the same entries', [1], { 0: 1 }, false],
    ['an object and a list', {}, [], false],
    ['a longer list', [1], [1, 2], false],
    ['a shorter list', [1, 2], [1], false],
    ['nothing and an object', null, {}, false],
    ['an object and nothing', {}, null, false],
    ['a text and an object', 'a', {}, false],
    ['an object and a text', {}, 'a', false],
    ['a member that every object inherits', { toString: 1 }, {}, false],
    ['the inherited one itself', {}, { constructor: Object }, false],
    ['members in another order', { a: [1, { b: 2, c: 3 }], d: 4 }, { d: 4, a: [1, { c: 3, b: 2 }] }, true],
  ])('%s', (_, a, b, expected) => expect(sameJson(a, b)).toBe(expected));
});

describe('what makes one state of another', () => {
  it.each<[string, unknown, unknown]>([
    [
      'a field within an entry of a list',
      { options: [{ option: 'y6' }, { option: 'y7', months: 12 }] },
      { options: [{ option: 'y6' }, { option: 'y7', months: 6 }] },
    ],
    ['a field that goes within an entry', [{ a: 1, b: 2 }], [{ a: 1 }]],
    ['a field that comes within an entry', [{ a: 1 }], [{ a: 1, b: { c: 2 } }]],
    ['a list within an entry that grows in its middle', [[1, 3]], [[1, 2, 3]]],
    ['a list within an entry that shrinks', { l: [[1, 2, 3], 'x'] }, { l: [[1, 3], 'x'] }],
    ['the whole, of another kind', { a: 1 }, 'closed'],
    ['a list that becomes an object', { a: [1] }, { a: { b: 1 } }],
    ['nothing that becomes an object', { a: null }, { a: { b: 1 } }],
    ['an object that becomes nothing', { a: { b: 1 } }, { a: null }],
    ['keys that a pointer escapes', { 'a/b': { 'c~d': 1 } }, { 'a/b': { 'c~d': 2 } }],
    ['two entries for one', { l: [1, 2, 3] }, { l: [1, 8, 9, 3] }],
  ])('applied to the first gives the second: %s', (_, from, to) => {
    const before = JSON.stringify(from);
    expect(applied(from, differences(from, to))).toStrictEqual(to);
    expect(JSON.stringify(from)).toBe(before);
  });

  it('names what came and what went as a whole where there was nothing or nothing is left', () => {
    expect(differences(undefined, { a: 1 })).toEqual([{ op: 'add', path: '', value: { a: 1 } }]);
    expect(differences([1], undefined, '/l')).toEqual([{ op: 'remove', path: '/l', was: [1] }]);
    expect(applied({ a: 1 }, [{ op: 'remove', path: '', was: { a: 1 } }])).toBeUndefined();
    expect(differences({ a: null }, { a: { b: 1 } })).toEqual([{ op: 'replace', path: '/a', value: { b: 1 }, was: null }]);
    expect(differences({ a: [1] }, { a: { b: 1 } })).toEqual([{ op: 'replace', path: '/a', value: { b: 1 }, was: [1] }]);
  });

  it.each<[string, unknown, unknown, unknown]>([
    ['an entry more at both ends of what was there', [2], [1, 2, 3], [{ op: 'replace', path: '', value: [1, 2, 3], was: [2] }]],
    ['the last of equal entries', [1, 1], [1], [{ op: 'remove', path: '/1', was: 1 }]],
    ['one more of equal entries', [1], [1, 1], [{ op: 'add', path: '/1', value: 1 }]],
    ['two that went', [1, 2, 3, 4], [1, 4], [{ op: 'remove', path: '/1', was: 2 }, { op: 'remove', path: '/1', was: 3 }]], // prettier-ignore
    ['all of them', [1, 2], [], [{ op: 'remove', path: '/0', was: 1 }, { op: 'remove', path: '/0', was: 2 }]], // prettier-ignore
  ])('of a list: %s', (_, from, to, expected) => expect(differences(from, to)).toEqual(expected));
});

describe('two JSON Pointers overlap', () => {
  it.each([
    ['/a', '/a', true],
    ['/a/b', '/a', true],
    ['/a', '/a/b', true],
    ['/ab', '/a', false],
    ['/a', '/ab', false],
    ['', '/a', true],
  ])('%s and %s: %s', (a, b, expected) => expect(overlap(a, b)).toBe(expected));
});

describe('a value without a member', () => {
  it('has lost it and nothing else; an entry of a list stays, and so does what is not there', () => {
    const value = { a: { b: 1, c: 2 }, list: [{ d: 1, e: 2 }] };
    expect(withoutValue(value, '/a/b')).toEqual({ a: { c: 2 }, list: [{ d: 1, e: 2 }] });
    expect(withoutValue(value, '/list/0/d')).toEqual({ a: { b: 1, c: 2 }, list: [{ e: 2 }] });
    expect(withoutValue([[{ a: 1 }, { a: 2 }]], '/0/1/a')).toEqual([[{ a: 1 }, {}]]);
    for (const pointer of ['/list/0', '/list/1/d', '/x', '/a/x/y', '']) expect(withoutValue(value, pointer)).toEqual(value);
  });
});
