import { describe, expect, it } from '@jest/globals';
import { paymentApproval, writeOffApproval } from '../../src/domain/loss/authority.js';
import { loss, type Loss } from '../../src/domain/loss/index.js';
import { lossApprovalOf, outgrown, unreachableRow, type Basis } from '../../src/domain/programme/loss-authority.js';
import { programme, type Programme } from '../../src/domain/programme/index.js';
import type { EventContext, Taken } from '../../src/kernel/index.js';
import { context, historyOf, stream, type GivenEvent } from '../given.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const eur = (amount: string) => ({ amount, currency: 'EUR' });
const chartered = context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2010');
const adopted = (more: object) => context('PolicyAdopted', { policy: 'scheme', title: 'Scheme', version: '1', inForceFrom: '2011', ...more }, '2011'); // prettier-ignore
const governed = (...policies: GivenEvent[]) => historyOf(stream(programme, 'met', chartered, ...policies)).state as Programme;
const [MAYOR, OFFICER, DIRECTOR] = ['Mayor', 'Officer', 'Director'] as const;
const table = [{ grossAbove: gbp('500'), approver: MAYOR }, { grossAtLeast: gbp('50'), approver: OFFICER }, { approver: DIRECTOR }]; // prettier-ignore
const scheme = governed(adopted({ writeOffs: table }));
const units = (pounds: bigint, euros?: bigint): Basis => ({ 'the gross': (currency) => (currency === 'GBP' ? pounds : euros) });
const on = '2016-01-01';
const at = (office?: string, more: object = {}) => ({ event: 'e', effectiveOn: on, ...(office !== undefined && { decidedBy: { person: 'p', office } }), ...more }) as EventContext; // prettier-ignore
const NOW = { now: true, on, actor: { id: 'ana' } } as Taken;
const LATE = { ...NOW, now: false };

describe('an approval that was outgrown', () => {
  const ratifier = (pounds: bigint, office?: string, of = scheme) => outgrown(of, 'writeOffs', units(pounds), { on, office }).map(({ approver }) => approver); // prettier-ignore

  it('names who would have to approve by what the loss comes to, where the office is neither that nor a higher one', () => {
    expect([ratifier(4999n, DIRECTOR), ratifier(5000n, DIRECTOR), ratifier(50_000n, DIRECTOR), ratifier(50_001n, DIRECTOR)]).toEqual([[], [OFFICER], [OFFICER], [MAYOR]]); // prettier-ignore
    expect([ratifier(5000n, OFFICER), ratifier(5000n, MAYOR), ratifier(50_001n, OFFICER), ratifier(5000n)]).toEqual([[], [], [MAYOR], [OFFICER]]); // prettier-ignore
  });

  it('says by how much, and of nothing where no table was in force, or no row applies, or the loss is not known in its currency', () => {
    expect(outgrown(scheme, 'writeOffs', units(50_001n), { on })).toEqual([{ approver: MAYOR, basis: gbp('500.01') }]);
    expect(outgrown(scheme, 'writeOffs', units(1n), { on })).toEqual([{ approver: DIRECTOR, basis: gbp('0.01') }]);
    const alone = governed(adopted({ writeOffs: [{ approver: DIRECTOR }] }));
    expect(outgrown(alone, 'writeOffs', units(1n), { on })).toEqual([{ approver: DIRECTOR }]);
    expect([ratifier(9n, DIRECTOR, governed(adopted({ writeOffs: [table[0]] }))), ratifier(99_999n, DIRECTOR, governed())]).toEqual([
      [],
      [],
    ]);
    expect(outgrown(scheme, 'writeOffs', units(99_999n), { on: '2010-12-31' })).toEqual([]);
    expect(outgrown(scheme, 'specialPayments', units(99_999n), { on })).toEqual([]);
    expect(
      outgrown(governed(adopted({ writeOffs: [{ grossAbove: eur('5'), approver: MAYOR }] })), 'writeOffs', units(9999n), { on }),
    ).toEqual([]);
  });

  it('of a table whose last row has no limit says nothing of how much where that is not known', () => {
    const mixed = governed(adopted({ writeOffs: [{ grossAbove: gbp('500'), approver: MAYOR }, { approver: DIRECTOR }] }));
    expect(outgrown(mixed, 'writeOffs', units(100n), { on, office: 'Clerk' })).toEqual([{ approver: DIRECTOR, basis: gbp('1.00') }]);
  });
});

describe('a row of a table', () => {
  const twice = governed(adopted({ writeOffs: [{ grossAtLeast: gbp('100'), grossAbove: eur('200'), approver: MAYOR }, { approver: DIRECTOR }] })); // prettier-ignore
  const approver = (pounds: bigint, euros?: bigint) => outgrown(twice, 'writeOffs', units(pounds, euros), { on })[0]?.approver;
  it('with limits in two currencies compares each in its own, and is not known without both', () => {
    expect([approver(10_000n, 20_001n), approver(10_000n, 20_000n), approver(9999n, 20_001n), approver(10_000n)]).toEqual([MAYOR, DIRECTOR, DIRECTOR, undefined]); // prettier-ignore
    expect(lossApprovalOf(twice, 'writeOffs', { basis: units(10_000n), inputs: {} }, at(MAYOR), NOW)).toMatchObject([{ result: 'not-assessable', refuses: true, note: 'The table is in EUR: give the equivalent of the gross in it (stated).' }]); // prettier-ignore
  });
  it('with a floor and a limit applies where both do', () => {
    const both = governed(
      adopted({ writeOffs: [{ grossAtLeast: gbp('100'), grossAbove: gbp('50'), approver: MAYOR }, { approver: DIRECTOR }] }),
    );
    const of = (pounds: bigint) => outgrown(both, 'writeOffs', units(pounds), { on })[0]?.approver;
    expect([of(9999n), of(10_000n), of(5001n)]).toEqual([DIRECTOR, MAYOR, DIRECTOR]);
  });
  it('can apply unless a row before it applies wherever it would', () => {
    const row = (more: object) => ({ approver: MAYOR, ...more });
    expect(unreachableRow([row({ grossAbove: gbp('5') }), row({ grossAbove: gbp('5') })])).toBe(1);
    expect(unreachableRow([row({ grossAbove: gbp('5') }), row({ grossAtLeast: gbp('5') })])).toBe(-1);
    expect(unreachableRow([row({ grossAbove: gbp('5') }), row({ grossAtLeast: gbp('5.01') })])).toBe(1);
    expect(unreachableRow([row({}), row({ grossAbove: eur('5') })])).toBe(1);
    expect(unreachableRow([row({ grossAbove: gbp('5') }), row({ grossAbove: eur('9') })])).toBe(-1);
    expect(unreachableRow([row({ grossAtLeast: gbp('5'), grossAbove: eur('5') }), row({ grossAbove: gbp('9') })])).toBe(-1);
    expect(unreachableRow([row({ grossAbove: gbp('5') }), row({ grossAtLeast: gbp('9'), grossAbove: eur('9') })])).toBe(-1);
    expect(unreachableRow([row({ grossAtLeast: gbp('0') }), row({ grossAtLeast: gbp('9'), grossAbove: eur('9') })])).toBe(-1);
  });
});

describe('the authority over a loss', () => {
  const judge = (pounds: bigint, context: EventContext, taken = NOW, of = scheme) => lossApprovalOf(of, 'writeOffs', { basis: units(pounds), inputs: {} }, context, taken); // prettier-ignore
  it('is asked by the tables of the day of the fact, and of a decision taken now also by those of today', () => {
    const later = governed(adopted({ inForceFrom: '2018', writeOffs: table }));
    const today = { ...NOW, on: '2019-01-01' };
    expect(judge(50_001n, at(DIRECTOR), today, later)).toMatchObject([{ rule: 'scheme/write-off', result: 'not-met' }]);
    expect(judge(50_001n, at(DIRECTOR), { ...today, now: false }, later)).toEqual([]);
    expect(judge(50_001n, at(DIRECTOR), today)).toHaveLength(1); // once, where it is the same table
    const ended = governed(adopted({ inForceUntil: '2016', writeOffs: table }), adopted({ policy: 'next', inForceFrom: '2017', writeOffs: [{ approver: DIRECTOR }] })); // prettier-ignore
    expect(judge(50_001n, at(DIRECTOR), today, ended).map(({ rule, result }) => [rule, result])).toEqual([['scheme/write-off', 'not-met'], ['next/write-off', 'met']]); // prettier-ignore
    expect(judge(1n, at(DIRECTOR), NOW, governed(adopted({ discloseAbove: gbp('1') })))).toEqual([]);
  });
  it('keeps the limit that it was given, and is not met beyond it', () => {
    const limited = (amount: string) => at(MAYOR, { authority: { reference: 'PCD 1', limit: gbp(amount) } });
    expect(judge(10_000n, limited('100'))).toMatchObject([{ result: 'met', inputs: { limit: gbp('100'), office: MAYOR } }]);
    expect(judge(10_001n, limited('100'))).toMatchObject([{ result: 'not-met', note: 'The authority is limited to £100; this comes to £100.01.' }]); // prettier-ignore
    expect(judge(10_001n, at(MAYOR, { authority: { reference: 'PCD 1' } }))[0]!.inputs).not.toHaveProperty('limit');
    expect(judge(0n, limited('0'))).toMatchObject([{ result: 'met' }]);
  });
  it('of nobody is not met now, and not assessable late', () => {
    expect([judge(1n, at()), judge(1n, at(), LATE)]).toMatchObject([[{ result: 'not-met' }], [{ result: 'not-assessable', note: 'Nobody was named as deciding.', refuses: true }]]); // prettier-ignore
  });
});

describe('what a case comes to', () => {
  const fraud = { programme: 'met', title: 'Fraud', bearer: 'authority', category: 'cash', gross: gbp('200'), case: 'k' };
  const state = (more: object = {}, ...events: GivenEvent[]) => historyOf(stream(loss, 'a', context('LossRaised', { ...fraud, ...more }, '2013'), ...events)).state as Loss; // prettier-ignore
  const claim = { kind: 'special-payment', category: 'compensation' };
  const both = governed(adopted({ writeOffs: table, specialPayments: table }));
  const note = (own: Loss, related: readonly Loss[] | undefined, approve: typeof writeOffApproval = writeOffApproval) =>
    approve(own, gbp('200'), both, at(DIRECTOR), { ...NOW, ...(related && { related: related.map((of, i) => ({ id: `l${i}`, state: of })) }) } as Taken)[0]?.note; // prettier-ignore

  it('is the sum of the losses of its name, programme and kind that are ours', () => {
    const comes = (sum: string) => `Officer must approve this: ${sum === '200' ? 'the gross' : 'the case k'} comes to £${sum}.`;
    expect(note(state(), [])).toBe(comes('200'));
    expect(note(state(), [state(), state({ gross: gbp('50') })])).toBe(comes('450'));
    for (const other of [
      { case: 'other' },
      { programme: 'nhs' },
      claim,
      { bearer: 'supplier', supplier: 'csc' },
      { elsewhere: { authority: 'NHS' } },
    ])
      // prettier-ignore
      expect(note(state(), [state(other)])).toBe(comes('200'));
    const { case: _, ...alone } = state();
    expect(note(alone, [state()])).toBe(comes('200'));
    expect(note(state({ bearer: 'supplier', supplier: 'csc' }), [])).toBeUndefined();
  });
  it('counts what was written off where that is more than the least gross, and is not known where one is not', () => {
    const off = context('WrittenOff', { amount: gbp('250') }, '2014');
    expect(note(state(), [state({ gross: { unknown: true } }, off)])).toContain('the case k comes to £450');
    expect(note(state(), [state({ gross: eur('1') })])).toContain('give the equivalent of the case k');
    expect(note(state(), [state({ gross: { unknown: true } }, context('WrittenOff', { amount: eur('1') }, '2014'))])).toContain('give the equivalent of the case k'); // prettier-ignore
    expect(note(state(), [state({ gross: eur('1') }), state()])).toContain('give the equivalent of the case k');
    expect(note(state(), undefined)).toContain('give the equivalent of the case k');
  });
  it('of special payments is what is approved, or paid where that is more', () => {
    const approved = (amount: string) => context('SpecialPaymentApproved', { amount: gbp(amount) }, '2014');
    const paid = context('SpecialPaymentRecorded', { amount: gbp('90') }, '2015');
    expect(note(state(claim), [state(claim, approved('80'), paid), state({})], paymentApproval)).toContain('the case k comes to £290');
    expect(note(state(claim), [state(claim, approved('95'), paid)], paymentApproval)).toContain('the case k comes to £295');
    expect(note(state({ ...claim, bearer: 'supplier', supplier: 'csc' }), [], paymentApproval)).toBeUndefined();
  });
});
