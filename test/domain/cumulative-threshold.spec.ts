import { describe, expect, it } from '@jest/globals';
import { approveChange } from '../../src/domain/contract/commands/approve-change.js';
import { contract } from '../../src/domain/contract/index.js';
import { adoptPolicy } from '../../src/domain/programme/commands/adopt-policy.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import type { Value } from '../../src/kernel/index.js';
import { context, specification, stream, type GivenEvent } from '../given.js';

const gbp = (amount: string, more: object = {}) => ({ amount, currency: 'GBP', ...more });
const about = (amount: string) => gbp(amount, { qualifier: 'about' });
const chartered = context('ProgrammeChartered', { title: 'TT', authority: 'MPS', baseCurrency: 'GBP' }, '2010');
const above = (percent: number | string, more: object = {}) => ({ cumulativeOverOriginalAbove: percent, approver: 'Mayor', ...more });
const under = (...approvals: object[]) =>
  specification(contract, {
    id: 'c',
    others: [
      stream(programme, 'met', chartered, context('PolicyAdopted', { policy: 'scheme', title: 'S', version: '1', inForceFrom: '2010', approvals }, '2010')), // prettier-ignore
      stream(supplier, 'csc', context('SupplierRegistered', { title: 'CSC', form: 'company' }, '2010')),
    ],
  });
const awarded = (value: Value): GivenEvent =>
  context('ContractAwarded', { programme: 'met', title: 'C', suppliers: [{ supplier: 'csc' }], value, endsOn: '2020-06-30' }, '2015');
const changed = (step: object, on = '2016'): GivenEvent => context('ChangeApproved', { kind: 'value', ...step }, on);
const value = (step: object) => ({ kind: 'value', ...step });
const director = { effectiveOn: '2018', decidedBy: { person: 'p', office: 'Director' } };
const mayor = { effectiveOn: '2018', decidedBy: { person: 'p', office: 'Mayor' } };

describe('a row of an approval table on what all changes come to', () => {
  it('is asked of the changes before together with this one: £96m → £143m → £176.8m is 84.2 %, in steps of 49.0 % and 35.2 %', async () => {
    const siam = under(above(50))(awarded(gbp('96000000')));
    await siam.when(approveChange, value({ to: gbp('143000000') }), director).assesses({ 'scheme/approval': { result: 'met', note: 'No row of the table asks for an approver.' } }); // prettier-ignore
    const second = under(above(50))(awarded(gbp('96000000')), changed({ to: gbp('143000000') }));
    await second.when(approveChange, value({ to: gbp('176800000') }), director).assesses({ 'scheme/approval': { result: 'not-met', note: 'Mayor must approve this.', inputs: { cumulativeOverOriginal: '0.841667', approver: 'Mayor' } } }); // prettier-ignore
    await second.when(approveChange, value({ to: gbp('176800000') }), mayor).assesses({ 'scheme/approval': 'met' });
  });

  it('refuses the wrong office today', () =>
    under(above(50))(awarded(gbp('100')), changed({ by: gbp('50') }))
      .when(approveChange, value({ by: gbp('0.01') }), { decidedBy: director.decidedBy })
      .rejects('ledger/policy-not-met', { detail: 'Mayor must approve' }));

  it.each([
    ['may reach its limit', '12.5', [], { by: gbp('12.50') }, 'met'],
    ['is exceeded by a penny', '12.5', [], { by: gbp('12.51') }, 'not-met'],
    ['adds what was added before', '12.5', [{ by: gbp('10') }], { by: gbp('2.51') }, 'not-met'],
    ['takes off what was taken away', '12.5', [{ by: gbp('20') }, { by: gbp('-10') }], { by: gbp('2.50') }, 'met'],
    ['applies to a step down that leaves more than the limit', '12.5', [{ by: gbp('20') }], { by: gbp('-5') }, 'not-met'],
    ['is measured on the original, never on the value before', '100', [{ to: gbp('199') }], { by: gbp('1') }, 'met'],
    ['counts the value that is stated where no step is', '100', [{ to: gbp('199') }], { to: gbp('200.01') }, 'not-met'],
  ] as const)('%s', (_, limit, before, step, result) =>
    under(above(limit))(awarded(gbp('100')), ...before.map((one) => changed(one)))
      .when(approveChange, value(step), director)
      .assesses({ 'scheme/approval': result }),
  );

  it('is not asked of a change that leaves the value as it is', () =>
    under(above(50))(awarded(gbp('100')), changed({ by: gbp('90') }))
      .when(approveChange, { kind: 'term', endsOn: '2030' }, director)
      .assesses({ 'scheme/approval': 'met' }));

  it('is one of the three limits of which one has to be exceeded, beside all other conditions', async () => {
    const row = above(50, { stepOverOriginalAbove: 60, originalAtLeast: gbp('100'), unforeseen: true });
    const step = (...events: readonly GivenEvent[]) => under(row)(...events).when(approveChange, { ...value({ by: gbp('40') }), unforeseen: true }, director); // prettier-ignore
    await step(awarded(gbp('100')), changed({ by: gbp('20') })).assesses({ 'scheme/approval': 'not-met' });
    await step(awarded(gbp('100'))).assesses({ 'scheme/approval': 'met' });
    await step(awarded(gbp('99')), changed({ by: gbp('20') })).assesses({ 'scheme/approval': 'met' });
  });

  const missing = 'The original value or the value after the change is not known.';
  it.each([
    ['the original value', awarded({ undisclosed: true }), { to: gbp('200') }],
    ['the value after the change', awarded({ unknown: true }), { by: gbp('200') }],
    ['the original value in one currency with a bound', awarded(gbp('100', { qualifier: 'at-least' })), { to: gbp('200') }],
  ])('names what it lacks: %s; unless each row that may apply asks for the office', async (_, award, step) => {
    const asked = under(above(50))(award);
    await asked.when(approveChange, value(step), director).assesses({ 'scheme/approval': { result: 'not-assessable', note: missing } });
    await asked.when(approveChange, value(step), mayor).assesses({ 'scheme/approval': { result: 'met', note: 'Met whichever row applies.' } }); // prettier-ignore
    await under(above(50), { approver: 'Board' })(award).when(approveChange, value(step), mayor).assesses({ 'scheme/approval': { result: 'not-assessable', note: missing } }); // prettier-ignore
  });

  // About £65m is 64.5 to 65.5; three steps of exactly £5m are £15m of it: 22.90 % to 23.26 %.
  it.each([
    ['22.9', 'not-met'],
    ['23', 'not-assessable'],
    ['23.3', 'met'],
  ] as const)(
    'weighs exact steps exactly beside an approximate original: above %s %%, %s',
    (limit, result) =>
    under(above(limit))(awarded(about('65000000')), changed({ by: gbp('5000000') }), changed({ by: gbp('5000000') }))
      .when(approveChange, value({ by: gbp('5000000') }), director)
      .assesses({ 'scheme/approval': { result, ...(result === 'not-assessable' && { note: expect.stringMatching(/within precision.*roundedTo/) }) } }), // prettier-ignore
  );

  // One that states the new ceiling alone is as uncertain as both ends: (80.5 − 65.5) ÷ 65.5 is 22.90 %, (81.5 − 64.5) ÷ 64.5 is 26.36 %.
  it.each([
    ['22.9', 'not-met'],
    ['23.3', 'not-assessable'],
    ['26.4', 'met'],
  ] as const)('weighs a new ceiling that is approximate by both ends: above %s %%, %s', (limit, result) =>
    under(above(limit))(awarded(about('65000000')), changed({ by: gbp('5000000') }))
      .when(approveChange, value({ to: about('81000000') }), director)
      .assesses({ 'scheme/approval': result }),
  );

  it('is adopted with a percentage of at most four digits after the point', () =>
    specification(programme, { id: 'met' })(chartered)
      .when(adoptPolicy, { policy: 'p', title: 'P', version: '1', inForceFrom: '2016', approvals: [above('33.3333')] })
      .leaves({ policies: [{ approvals: [{ cumulativeOverOriginalAbove: '33.3333' }] }] }));
});
