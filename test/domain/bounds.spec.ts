import { describe, expect, it } from '@jest/globals';
import { contract } from '../../src/domain/contract/index.js';
import { admitSupplier } from '../../src/domain/contract/commands/admit-supplier.js';
import { novateContract } from '../../src/domain/contract/commands/novate-contract.js';
import { commands } from '../../src/domain/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { tower } from '../../src/domain/tower/index.js';
import { context, specification, stream, type GivenEvent } from '../given.js';

const MOST = 1000;
const chartered = context('ProgrammeChartered', { title: 'T', authority: 'MPS', baseCurrency: 'GBP' }, '2010');
const title = (n: number) => `t-${n}`;
const source = { title: 'A report' };
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
  it.each<readonly [what: string, command: string, type: string, data: (n: number) => object, before?: readonly GivenEvent[]]>([
    ['risks', 'RaiseRisk', 'RiskRaised', risk],
    [
      'measures against that risk',
      'MitigateRisk',
      'RiskMitigated',
      () => ({ risk: 't-0', measure: 'Watched' }),
      [context('RiskRaised', risk(0), '2012')],
    ],
    ['warnings', 'AddWarning', 'WarningAdded', warning],
    [
      'answers to that warning',
      'AnswerWarning',
      'WarningAnswered',
      () => ({ warning: 't-0', answer: 'Noted' }),
      [context('WarningAdded', warning(0), '2012')],
    ],
    ['budgets', 'SetBudget', 'BudgetSet', (n) => ({ year: 2000 + (n % 90), kind: 'capital', amount: { amount: '1', currency: 'GBP' } })],
    ['links of towers', 'LinkTowers', 'TowersLinked', (n) => pairs[n]!],
    ['strategies', 'PublishStrategy', 'StrategyPublished', (n) => ({ strategy: title(n), title: 'S' })],
    [
      'savings targets',
      'SetSavingsTarget',
      'SavingsTargetSet',
      (n) => ({ target: title(n), title: 'S', amount: { amount: '1', currency: 'GBP' } }),
    ],
    ['savings', 'RecordSaving', 'SavingRecorded', (n) => ({ saving: title(n), amount: { amount: '1', currency: 'GBP' } })],
    [
      'headcount targets',
      'SetHeadcountTarget',
      'HeadcountTargetSet',
      (n) => ({ target: title(n), title: 'H', to: { count: 100, unit: 'people' } }),
    ],
    ['versions of policies', 'AdoptPolicy', 'PolicyAdopted', policy],
  ])('%s', async (what, name, type, data, before = []) => {
    // prettier-ignore
    const command = commands.find((one) => one.name === name)!;
    const all = [chartered, ...before, ...times(MOST, type, data)];
    if (what === 'risks') await given(...all.slice(0, -1)).when(command, data(MOST - 1)).then({ type, data: data(MOST - 1) }); // prettier-ignore
  });

  it('towers are still never linked in a circle, through however many others', async () => {
    const chain = towers.slice(1).map((needs, i) => context('TowersLinked', { tower: towers[i]!, needs }, '2015'));
    const link = commands.find(({ name }) => name === 'LinkTowers')!;
    const last = towers.at(-1)!;
    await given(chartered, ...chain).when(link, { tower: last, needs: 't-0' }).rejects('programme/circular-links', { detail: 'before itself' }); // prettier-ignore
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
