import { describe, expect, it } from '@jest/globals';
import { check, checkField, fieldAt, list, MAX_PROBLEMS, object, text, value, type Fields } from '../../src/kernel/index.js';

const detailOf = (given: unknown, max = 200): string | undefined => checkField(text(undefined, { max }), given, '')[0]?.detail;

describe('a text', () => {
  it.each([
    ['zero-width spaces', '\u200b\u200c\u200d\u2060\ufeff'],
    ['blanks of any width', '\u00a0\u2003\u3000\u2028\u2029\t\n'],
    ['soft hyphens', '\u00ad'],
    ['a Hangul filler', '\u3164'],
    ['half-width and Jamo fillers', '\uffa0\u115f\u1160'],
    ['empty braille cells', '\u2800'],
    ['variation selectors and tags', '\ufe0f\u{e0041}\u{e007f}'],
    ['marks of direction', '\u200e\u200f\u061c'],
  ])('of %s alone is refused', (_, blank) => expect(detailOf(blank)).toBe('must hold something that can be seen'));

  it.each(['a', '\u200bPCD\u00a0813\u200b', '🏗\ufe0f', 'חוזה', '\u200fחוזה', '外包', 'e\u0301', 'one\ntwo\tthree', '⠁'])(
    'that can be seen passes: %j',
    (seen) => expect(detailOf(seen)).toBeUndefined(),
  );

  it.each(['\u202a', '\u202b', '\u202c', '\u202d', '\u202e', '\u2066', '\u2067', '\u2068', '\u2069'])(
    'that turns its direction by %j is refused',
    (turn) => expect(detailOf(`paid ${turn}001£`)).toBe('must not hold characters that turn the direction of the text'),
  );

  it.each(['\u0000', '\u001b', '\u007f', '\u0080', '\u0085', '\u009f'])('with the control character %j is refused', (control) =>
    expect(detailOf(`a${control}b`)).toBe('must not hold control characters'),
  );

  it('with half a character is refused', () => expect(detailOf('a\ud83c')).toBe('must not hold broken unicode'));

  it('is as long as it has code points, as JSON Schema counts', () => {
    expect(detailOf('🏗'.repeat(200))).toBeUndefined();
    expect(detailOf('x'.repeat(200))).toBeUndefined();
    for (const long of ['🏗'.repeat(201), `${'🏗'.repeat(200)}x`, 'x'.repeat(201), 'x'.repeat(401)])
      expect(detailOf(long)).toBe('must not be longer than 200 characters');
  });
});

describe('what is wrong with an input', () => {
  const fields: Fields = { title: text(), towers: list(text()), value: value() };

  it('is listed fifty times at most, and then counted', () => {
    const unknown = Object.fromEntries(Array.from({ length: 60_000 }, (_, n) => [`${n}-${'x'.repeat(100)}`, 1]));
    const problems = check(fields, { ...unknown, title: 5, towers: Array(100).fill(''), value: 3 });
    expect(problems).toHaveLength(MAX_PROBLEMS + 1);
    expect(problems.at(-1)).toEqual({ pointer: '', detail: `${60_000 + 1 + 100 + 1 - 50} more faults are not listed` });
    expect(JSON.stringify(problems).length).toBeLessThan(8192);
  });

  it('is listed whole where there are no more than fifty', () => {
    const problems = check(object(fields).fields!, { title: 't', towers: Array(50).fill(''), value: { undisclosed: true } });
    expect(problems).toHaveLength(50);
    const more = check(fields, { title: 't', towers: Array(51).fill(''), value: { undisclosed: true } });
    expect(more.at(-1)!.detail).toBe('1 more fault is not listed');
  });
});

describe('the field at a pointer', () => {
  const fields: Fields = { value: value(), 'a/b': text(), list: list(object({ deep: text() })) };

  it.each([
    '/constructor',
    '/value/constructor',
    '/value/toString',
    '/list/length',
    '/list/-',
    '/list/00/deep',
    '/list/0/toString',
    '/a/b',
    '/~1',
  ])('%s is none', (pointer) => expect(fieldAt(fields, pointer)).toBeUndefined());

  it.each([
    ['/value/amount', 'text'],
    ['/a~1b', 'text'],
    ['/list/7', 'object'],
    ['/list/10/deep', 'text'],
  ])('%s is a %s', (pointer, kind) => expect(fieldAt(fields, pointer)?.kind).toBe(kind));
});
