import { describe, expect, it } from '@jest/globals';
import { at, duplicateName, hasPlace, inKeyOrder, overlap, stepOf, withoutValue, withValue } from '../../src/kernel/index.js';

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
    '/options/1',
    '/title/0',
    '/title/length',
    '/nothing/x',
  ])('%s names nothing', (pointer) => expect(at(contract, pointer)).toBeUndefined());

  it.each([
    '/options/-',
    '/options/1',
    '/options/01',
    '/options/1/option',
    '/options/length',
    '/title/0',
    '/nothing/x',
    '/no/such',
    '/toString/name',
  ])('%s is no place for a value, and changes nothing', (pointer) => {
    expect(hasPlace(contract, pointer)).toBe(false);
    expect(withValue(contract, pointer, 'x')).toEqual(contract);
  });

  it('adds a field to an object that is there, whatever its name, and leaves the former value as it was', () => {
    expect(withValue(contract, '/options/0/months', 12).options).toEqual([{ option: 'year-6', months: 12 }]);
    expect(Object.keys(withValue({}, '/toString', 1))).toEqual(['toString']);
    expect(withValue(contract, '/a~1b/m~0n', 2)['a/b']).toEqual({ 'm~n': 2 });
    expect(contract.options).toEqual([{ option: 'year-6' }]);
  });

  it('is shown with a long key shortened', () => {
    expect(stepOf('x'.repeat(649_000))).toHaveLength(64);
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
    for (const pointer of ['/list/0', '/list/1/d', '/x', '/a/x/y', '']) expect(withoutValue(value, pointer)).toEqual(value);
  });
});
