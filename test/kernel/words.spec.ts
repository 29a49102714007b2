import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { snippetOf, wordsOf } from '../../src/kernel/index.js';

describe('the words of a text', () => {
  it('are the same in any case, form and with any separator, but for one between digits', () => {
    for (const text of ['PCD 813', 'pcd-813', 'pcd８１３', ' «Pcd·813» ']) expect([text, wordsOf(text)]).toEqual([text, ['PCD', '813']]);
    for (const text of ['1/12', '1.12', '１–12']) expect([text, wordsOf(text)]).toEqual([text, ['1-12']]);
    expect([wordsOf('1 / 12'), wordsOf('11/2'), wordsOf('2016-02-29')]).toEqual([['1', '12'], ['11-2'], ['2016-02-29']]);
    expect([wordsOf('Straße'), wordsOf('ΣΊΣΥΦΟΣ'), wordsOf('σίσυφος')].flat()).toEqual(['STRASSE', 'ΣΊΣΥΦΟΣ', 'ΣΊΣΥΦΟΣ']);
    expect([wordsOf(''), wordsOf('–/-*"'), wordsOf('a\u00a0b')]).toEqual([[], [], ['A', 'B']]);
  });

  it('hold nothing but letters, marks, digits and a dash between digits, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        for (const word of wordsOf(text)) {
          expect(word).toMatch(/^[\p{L}\p{M}\p{N}]+(-[\p{L}\p{M}\p{N}]+)*$/u);
          expect(wordsOf(word)).toEqual([word]);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('the words of a text in ASCII', () => {
  const signs = fc.constantFrom(
    'a',
    'Z',
    'm1',
    '0',
    '9',
    '12',
    ' ',
    '\t',
    '\n',
    '-',
    '--',
    '/',
    '.',
    '_',
    '"',
    '\0',
    '\x7f',
    '\x1f',
    "'",
    ':',
  );
  it('are those of the same text beside one that is not', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(signs, { maxLength: 12 }).map((all) => all.join('')),
          fc.string(),
        ),
        (text) => expect(wordsOf(`${text} é`)).toEqual([...wordsOf(text), 'É']),
      ),
      { numRuns: 2000 },
    );
  });
});

describe('a snippet', () => {
  const isHit = (word: string) => word === 'LAMP';
  it('marks each hit without the signs around it, and cuts a long text around the first', () => {
    expect(snippetOf('a (lamp), a LAMP!', isHit)).toEqual([
      { text: 'a (' },
      { text: 'lamp', hit: true },
      { text: '), a ' },
      { text: 'LAMP', hit: true },
      { text: '!' },
    ]);
    const cut = snippetOf(`${'x '.repeat(100)}lamp ${'y '.repeat(200)}`, isHit)!;
    expect(cut.map(({ text }) => text).join('').length).toBeLessThan(180);
    expect([cut[0]!.text.slice(0, 3), cut.at(-1)!.text.slice(-2)]).toEqual(['… x', ' …']);
    expect(snippetOf('nothing', isHit)).toBeUndefined();
  });

  it('has 50 characters before its first hit and 160 in all, and begins and ends with a whole word', () => {
    expect(snippetOf(`${'x '.repeat(100)}lamp ${'y '.repeat(200)}`, isHit)).toEqual([
      { text: `… ${'x '.repeat(25)}` },
      { text: 'lamp', hit: true },
      { text: `${' y'.repeat(53)} …` },
    ]);
    expect(snippetOf(`${'xx '.repeat(40)}lamp`, isHit)).toEqual([{ text: `… ${'xx '.repeat(16)}` }, { text: 'lamp', hit: true }]);
    expect(snippetOf('a  lamp  b', isHit)).toEqual([{ text: 'a  ' }, { text: 'lamp', hit: true }, { text: '  b' }]);
  });

  it('has 160 characters of a hit that is longer', () => {
    const [whole, longer] = [`lamp-${'x'.repeat(155)}`, `lamp-${'x'.repeat(156)}`];
    expect([snippetOf(whole, isHit), snippetOf(`${longer}!`, isHit)]).toEqual([[{ text: whole, hit: true }], [{ text: `${whole}…`, hit: true }, { text: '!' }]]); // prettier-ignore
  });
});
