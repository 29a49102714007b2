import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Added } from '../../src/engine/read/rows/added.js';
import { Changed, plus } from '../../src/engine/read/rows/changed.js';
import type { Contribution, Contributions } from '../../src/kernel/index.js';

const at = (id: string, more: Partial<Contribution> = {}): Contribution => ({ key: `contract:${id}`, ...more });
const between = (before: Contributions, now: Contributions, same: Contributions = []) => {
  const changed = new Changed();
  changed.between(before, now, same, 'contract-euc', 3);
  return shown(changed);
};
const shown = ({ keys, rows, totals, moved, revisions, unclear }: Changed) => ({
  keys: [...keys].sort(),
  rows: [...rows].sort(),
  totals: Object.fromEntries(totals),
  moved: [...moved].sort(),
  revisions: [...revisions],
  unclear,
});
const none = { keys: [], rows: [], totals: {}, moved: [], revisions: [['contract-euc', 3]], unclear: false };

describe('what an event changed of what its stream contributes', () => {
  it('is nothing of what stands alike and shows the same', () => {
    const euc = at('euc', { row: true, links: ['tower:euc'], sums: { 'programme:met': { n: 2n } } });
    expect(between([euc], [{ ...euc }], [euc])).toEqual(none);
    expect(between([], [])).toEqual(none);
  });

  it('is the key alone where it stands as it stood, and shows something else', () => {
    const euc = at('euc', { row: true, links: ['tower:euc'], sums: { 'programme:met': { n: 2n } } });
    expect(between([euc], [{ ...euc }])).toEqual({ ...none, keys: ['contract:euc'] });
    expect(between([euc, at('b')], [{ ...euc }, at('b')], [at('b')])).toEqual({ ...none, keys: ['contract:euc'] });
  });

  it('is the key and all that it linked to or links to now, where it came, went or links otherwise', () => {
    const [was, is] = [at('euc', { links: ['tower:a', 'tower:b'] }), at('euc', { links: ['tower:b', '1|tower:c'] })];
    const moved = (...targets: readonly string[]) => [...targets, 'contract:euc'];
    expect(between([], [is])).toEqual({ ...none, keys: ['contract:euc'], moved: moved('contract0>tower:b', 'contract1>tower:c') });
    expect(between([was], [])).toEqual({ ...none, keys: ['contract:euc'], moved: moved('contract0>tower:a', 'contract0>tower:b') });
    expect(between([was], [is])).toEqual({ ...none, keys: ['contract:euc'], moved: moved('contract0>tower:a', 'contract0>tower:b', 'contract1>tower:c') }); // prettier-ignore
    expect(between([at('euc')], [at('euc', { row: true })])).toMatchObject({ moved: ['contract:euc'] });
  });

  it('is of totals what was added, with the rows that show them', () => {
    const sums = (n: bigint, m?: bigint) => ({ sums: { 'programme:met#outside': { n, ...(m !== undefined && { m }) } } });
    expect(between([at('euc', sums(2n, 1n))], [at('euc', sums(5n, 1n))])).toEqual({ ...none, keys: ['contract:euc'], rows: ['programme:met'], totals: { 'programme:met#outside': { n: 3n } } }); // prettier-ignore
    expect(between([], [at('euc', sums(2n))]).totals).toEqual({ 'programme:met#outside': { n: 2n } });
    expect(between([at('euc', sums(2n))], []).totals).toEqual({ 'programme:met#outside': { n: -2n } });
    expect(between([at('euc', sums(2n))], [at('euc', sums(2n))])).toMatchObject({ rows: [], totals: {} });
    const other = { sums: { 'programme:nhs': { n: 2n } } };
    expect(between([at('euc', sums(2n))], [at('euc', other)])).toMatchObject({ rows: ['programme:met', 'programme:nhs'], totals: { 'programme:met#outside': { n: -2n }, 'programme:nhs': { n: 2n } } }); // prettier-ignore
  });

  it('adds up over events, and what comes to nothing is left out', () => {
    const changed = new Changed();
    const [two, five] = [2n, 5n].map((n) => at('euc', { sums: { 'programme:met': { n } } }));
    changed.between([two!], [five!], [], 'contract-euc', 1);
    changed.between([five!], [two!], [], 'contract-euc', 2);
    changed.between([], [at('b', { sums: { 'programme:met': { m: 1n } } })], [], 'contract-b', 0);
    expect(shown(changed)).toMatchObject({ totals: { 'programme:met': { m: 1n } }, rows: ['programme:met'], revisions: [['contract-euc', 2], ['contract-b', 0]] }); // prettier-ignore
  });
});

describe('what an event changed by itself', () => {
  it('is its own keys, the rows that it links to, and what it adds to totals', () => {
    const added: Added = {
      'decision:1': { contribution: { key: 'decision:1', links: ['person:p', '2|person:q'], sums: { 'person:p': { n: 1n } } }, value: {}, text: '{}' }, // prettier-ignore
      'decision:2': { contribution: { key: 'decision:2' }, value: {}, text: '{}' },
    };
    const changed = new Changed();
    changed.byEvent(added);
    changed.byEvent(added);
    expect(shown(changed)).toEqual({
      keys: ['decision:1', 'decision:2'],
      rows: ['person:p', 'person:q'],
      totals: { 'person:p': { n: 2n } },
      moved: ['decision0>person:p', 'decision2>person:q', 'decision:1', 'decision:2'],
      revisions: [],
      unclear: false,
    });
  });
});

it('measures are added one by one, and zero is omitted', () => {
  const measures = fc.dictionary(
    fc.constantFrom('a', 'b', 'c'),
    fc.bigInt({ min: -3n, max: 3n }).filter((n) => n !== 0n),
  );
  fc.assert(
    fc.property(measures, measures, (x, y) => {
      const sum = plus(x, y);
      for (const name of ['a', 'b', 'c']) expect(sum[name] ?? 0n).toBe((x[name] ?? 0n) + (y[name] ?? 0n));
      expect(Object.values(sum)).not.toContain(0n);
    }),
  );
  const x = { a: 1n };
  expect([plus(x, { a: 2n }), x]).toEqual([{ a: 3n }, { a: 1n }]);
});
