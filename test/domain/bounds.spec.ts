import { describe, expect, it } from '@jest/globals';
import { contract } from '../../src/domain/contract/index.js';
import { admitSupplier } from '../../src/domain/contract/commands/admit-supplier.js';
import { novateContract } from '../../src/domain/contract/commands/novate-contract.js';
import { addWarning } from '../../src/domain/programme/commands/add-warning.js';
import { adoptPolicy } from '../../src/domain/programme/commands/adopt-policy.js';
import { answerWarning } from '../../src/domain/programme/commands/answer-warning.js';
import { linkTowers } from '../../src/domain/programme/commands/link-towers.js';
import { mitigateRisk } from '../../src/domain/programme/commands/mitigate-risk.js';
import { publishStrategy } from '../../src/domain/programme/commands/publish-strategy.js';
import { raiseRisk } from '../../src/domain/programme/commands/raise-risk.js';
import { recordSaving } from '../../src/domain/programme/commands/record-saving.js';
import { setBudget } from '../../src/domain/programme/commands/set-budget.js';
import { setHeadcountTarget } from '../../src/domain/programme/commands/set-headcount-target.js';
import { setSavingsTarget } from '../../src/domain/programme/commands/set-savings-target.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { tower } from '../../src/domain/tower/index.js';
import { context, specification, stream, type GivenEvent } from '../given.js';

const MOST = 1000;
const chartered = context('ProgrammeChartered', { title: 'T', authority: 'MPS', baseCurrency: 'GBP' }, '2010');
const title = (n: number) => `t-${n}`;
const source = { title: 'A report' };
const pound = { amount: '1', currency: 'GBP' };
const towers = Array.from({ length: 46 }, (_, n) => title(n));
const others = towers.map((id) => stream(tower, id, context('TowerPlanned', { programme: 'met', title: id }, '2010')));
const given = specification(programme, { id: 'met', others });
const times = (count: number, type: string, data: (n: number) => object): GivenEvent[] => Array.from({ length: count }, (_, n) => context(type, data(n), '2015')); // prettier-ignore
/** Pairs of towers, of which none waits for itself. */
const pairs = towers.flatMap((one, i) => towers.slice(i + 1).map((needs) => ({ tower: one, needs })));

const risk = (n: number) => ({ risk: title(n), summary: 'It may fail', source });
const warning = (n: number) => ({ warning: title(n), summary: 'It may fail', by: 'Somebody', source });
const policy = (n: number) => ({ policy: title(n), title: 'P', version: '1', inForceFrom: '2010', checks: ['standstill'] });

describe('a list of a programme has a bound, and the refusal names it', () => {
  type Given = ReturnType<typeof given>;
  type Refused = (full: Given, data: object, says: { readonly detail: string }) => Promise<void>;
  it.each<readonly [what: string, type: string, data: (n: number) => object, refused: Refused, before?: readonly GivenEvent[]]>([
    ['risks', 'RiskRaised', risk, (full, data, says) => full.when(raiseRisk, data).rejects('programme/full', says)],
    ['measures against that risk', 'RiskMitigated', () => ({ risk: 't-0', measure: 'Watched' }), (full, data, says) => full.when(mitigateRisk, data).rejects('programme/full', says), [context('RiskRaised', risk(0), '2012')]],
    ['warnings', 'WarningAdded', warning, (full, data, says) => full.when(addWarning, data).rejects('programme/full', says)],
    ['answers to that warning', 'WarningAnswered', () => ({ warning: 't-0', answer: 'Noted' }), (full, data, says) => full.when(answerWarning, data).rejects('programme/full', says), [context('WarningAdded', warning(0), '2012')]],
    ['budgets', 'BudgetSet', (n) => ({ year: 2000 + (n % 90), kind: 'capital', amount: pound }), (full, data, says) => full.when(setBudget, data).rejects('programme/full', says)],
    ['links of towers', 'TowersLinked', (n) => pairs[n]!, (full, data, says) => full.when(linkTowers, data).rejects('programme/full', says)],
    ['strategies', 'StrategyPublished', (n) => ({ strategy: title(n), title: 'S' }), (full, data, says) => full.when(publishStrategy, data).rejects('programme/full', says)],
    ['savings targets', 'SavingsTargetSet', (n) => ({ target: title(n), title: 'S', amount: pound }), (full, data, says) => full.when(setSavingsTarget, data).rejects('programme/full', says)],
    ['savings', 'SavingRecorded', (n) => ({ saving: title(n), amount: pound }), (full, data, says) => full.when(recordSaving, data).rejects('programme/full', says)],
    ['headcount targets', 'HeadcountTargetSet', (n) => ({ target: title(n), title: 'H', to: { count: 100, unit: 'people' } }), (full, data, says) => full.when(setHeadcountTarget, data).rejects('programme/full', says)],
    ['versions of policies', 'PolicyAdopted', policy, (full, data, says) => full.when(adoptPolicy, data).rejects('programme/full', says)],
  ])('%s', (what, type, data, refused, before = []) =>
    refused(given(chartered, ...before, ...times(MOST, type, data)), data(MOST), { detail: `It has 1,000 ${what}.` })); // prettier-ignore

  it('and takes entries until then', () =>
    given(chartered, ...times(MOST - 1, 'RiskRaised', risk))
      .when(raiseRisk, risk(MOST))
      .then({ type: 'RiskRaised', data: risk(MOST) }));

  it('towers are still never linked in a circle, through however many others', async () => {
    const chain = towers.slice(1).map((needs, i) => context('TowersLinked', { tower: towers[i]!, needs }, '2015'));
    const last = towers.at(-1)!;
    await given(chartered, ...chain).when(linkTowers, { tower: last, needs: 't-0' }).rejects('programme/circular-links', { detail: 'before itself' }); // prettier-ignore
  });
});

describe('the suppliers of a contract', () => {
  const companies = ['new', 's-0'].map((id) => stream(supplier, id, context('SupplierRegistered', { title: id, form: 'company' }, '2009')));
  const framework = context('ContractRecorded', { programme: 'met', title: 'F', stage: 'live', role: 'outside', kind: 'framework', suppliers: [{ supplier: 's-0' }], value: { unknown: true } }, '2012'); // prettier-ignore
  const of = specification(contract, { others: [stream(programme, 'met', chartered), ...companies] });

  it('are 5,000 at most, with those that have left', async () => {
    const all = times(4999, 'SupplierAdmitted', (n) => ({ supplier: `s-${n + 1}` }));
    await of(framework, ...all)
      .when(admitSupplier, { supplier: 'new' })
      .rejects('contract/full', { detail: '5,000' });
    await of(framework, ...all)
      .when(novateContract, { supplier: 'new', from: 's-0' })
      .rejects('contract/full');
  });

  it('whose shares begin later are added up on each of those days', async () => {
    const later = (n: number, share: string) => context('SupplierAdmitted', { supplier: `s-${n}`, share, takesEffectOn: `2020-01-0${n}` }, '2015'); // prettier-ignore
    const all = [framework, later(1, '40'), later(2, '30')];
    await of(...all)
      .when(admitSupplier, { supplier: 'new', share: '30.0001', takesEffectOn: '2019-01-01' })
      .rejects('contract/shares-above-whole', { detail: '100.0001 per cent on 2020-01-02' });
    await of(...all).when(admitSupplier, { supplier: 'new', share: '30', takesEffectOn: '2019-01-01' }).leaves((c) => expect(c.suppliers).toHaveLength(4)); // prettier-ignore
  });
});
