import { describe, expect, it } from '@jest/globals';
import { matchKey, sameName } from '../../src/kernel/index.js';

describe('one paper, however it is written', () => {
  it.each([
    ['PCD 813', 'PCD-813', 'pcd813', ' Pcd / 813 ', 'ＰＣＤ ８１３', 'PCD\u00a0813', '(PCD 813).'],
    ['1/12', '1-12', '1 / 12', '1.12', ' 1 12 ', '１／１２'],
    ['2016/S 045-075423', '2016 s 045/075423'],
    ['Straße 7', 'STRASSE 7', 'strasse-7'],
    ['ΟΔΟΣ', 'οδος', 'Οδοσ'],
    ['ﬁnance №7', 'Finance No7', 'FINANCE NO 7'],
    ['Café', 'Cafe\u0301', 'CAFÉ'],
  ])('%s', (...written) => expect(new Set(written.map(matchKey)).size).toBe(1));

  it.each([
    ['1/12', '11/2'],
    ['1/12', '112'],
    ['11/2', '112'],
    ['PCD 81', 'PCD 813'],
    ['DMPC 813', 'PCD 813'],
    ['2016/1-2', '2016/12'],
    ['1²', '1-2'],
    ['क', 'का'],
  ])('never %s and %s', (a, b) => expect(matchKey(a)).not.toBe(matchKey(b)));

  it('is read as a key without blanks', () => {
    expect(matchKey('PCD 813')).toBe('PCD813');
    expect(matchKey('DMPCD 2016 10')).toBe('DMPCD2016-10');
    expect(matchKey(' – 7 – ')).toBe('7');
    expect(matchKey('—')).toBe('');
  });
});

describe('one name', () => {
  it('is compared in the same way', () => {
    expect(sameName('Deputy Mayor for Policing and Crime', ' deputy  mayor for policing and crime')).toBe(true);
    expect(sameName('Deputy Mayor', 'Ｄeputy Mayor')).toBe(true);
    expect(sameName('Deputy Mayor', 'Mayor')).toBe(false);
    expect(sameName('Board 1/12', 'Board 11/2')).toBe(false);
  });

  it('that is made of signs alone is only itself', () => {
    expect(sameName('—', '—')).toBe(true);
    expect(sameName('—', '…')).toBe(false);
  });
});
