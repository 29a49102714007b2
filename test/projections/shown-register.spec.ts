import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { conductShown } from '../../projections/contract-lists.js';
import { registerTotals } from '../../projections/register-totals.js';
import type { Contract } from '../../src/domain/contract/index.js';
import { NEWEST, type Lookup, type RecordedEvent } from '../../src/kernel/index.js';
import { recordWorld, World } from '../random-history.js';
import { InMemory, inMemory } from './in-memory.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const award = { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: gbp('100'), vat: 'ex' };
const early = { effectiveOn: '2014-06-01' };

const NOTHING: Lookup = { day: '2016-01-04', get: () => undefined, newest: () => [], sum: (sums) => sums.total({}), measures: () => ({}), faulted: () => 0 }; // prettier-ignore

let world: World;
let events: readonly RecordedEvent[];
let register: InMemory;
const record = (id: string, command: string, data: object, on: object = early) => world.record(`contract-${id}`, command, data, on);
const found = (filters: Record<string, string>): string => register.keys(filters).map((key) => key.slice('contract:'.length)).join(' '); // prettier-ignore
beforeAll(async () => {
  world = new World('2016-01-04');
  await recordWorld(world);
  await record('frame', 'AwardContract', { ...award, title: 'Frame', kind: 'framework', startsOn: '2012-01-01', endsOn: '2013-12-31' });
  await record('live', 'AwardContract', { ...award, title: 'Ｓervice  Desk', startsOn: '2013-01', termMonths: 24, framework: { reference: 'RM 1', lot: '2' } }); // prettier-ignore
  await record('live', 'SignContract', {});
  await record('live', 'StartService', {});
  await record('live', 'ExerciseExtension', { months: 6 });
  await record('live', 'AssignOwner', { owner: 'p-1', department: 'Digital' });
  for (const [milestone, baseline] of [['second', '2016-05'], ['first', '2016-04-02'], ['third', '2016-06'], ['lost', '2013-01'], ['won', '2013-02']]) await record('live', 'SetMilestone', { milestone, title: milestone, baseline }); // prettier-ignore
  await record('live', 'MissMilestone', { milestone: 'lost' });
  await record('live', 'RecordMilestone', { milestone: 'won' });
  await record('live', 'ProposeChange', { proposal: 'a', kind: 'scope', summary: 'More' });
  await record('live', 'ProposeChange', { proposal: 'b', kind: 'scope', summary: 'Less' });
  await record('live', 'RejectChange', { proposal: 'b', why: 'No' });
  await record('live', 'SetKpis', { kpis: [{ kpi: 'up', title: 'Up', target: 99 }, { kpi: 'fast', title: 'Fast' }, { kpi: 'new', title: 'New' }] }); // prettier-ignore
  await record('live', 'AssessKpi', { kpi: 'up', to: '2014-05', measured: 98 });
  await record('live', 'AssessKpi', { kpi: 'fast', to: '2014-05', met: true });
  await record('live', 'RecordDispute', { dispute: 'x', by: 'supplier', matter: 'X' });
  await record('live', 'RecordDispute', { dispute: 'y', by: 'supplier', matter: 'Y' });
  await record('live', 'ResolveDispute', { dispute: 'y', how: 'mediation', outcome: 'Paid' });
  await record('live', 'ApplyServiceCredit', { credit: 'c', amount: gbp('1') });
  await record('open', 'AwardContract', { ...award, title: 'Open', suppliers: [{ supplier: 'atos' }, { supplier: 'csc' }], towers: ['hosting', 'euc'], value: { undisclosed: true }, startsOn: 'unknown', termMonths: 12 }); // prettier-ignore
  await record('plan', 'PlanContract', { programme: 'met', title: 'Plan' });
  await world.record('supplier-csc', 'AddAlias', { alias: 'CSC Ltd' });
  await world.record('supplier-csc', 'RenameSupplier', { title: 'Computer Sciences' });
  await world.record('supplier-csc', 'RenameSupplier', { title: 'CSC' });
  events = await world.events();
});
beforeEach(() => void (register = new InMemory('contract-register', events)));
const row = (id: string) => register.row(`contract:${id}`);

describe('a contract in the register', () => {
  it('shows how its milestones stand, and which of those that are planned is expected first', () => {
    expect(row('live')).toMatchObject({ milestonesReached: 1, milestonesMissed: 1, nextMilestone: { milestone: 'first', title: 'first', forecast: '2016-04-02' }, owner: 'p-1', department: 'Digital' }); // prettier-ignore
    expect(row('plan')).toMatchObject({ milestonesReached: 0, milestonesMissed: 0, nextMilestone: null, owner: null, department: null });
  });

  it('has that milestone next which was set first, where two are expected on the same day', async () => {
    const ledger = new World('2016-01-04');
    await recordWorld(ledger);
    await ledger.record('contract-two', 'AwardContract', award);
    for (const milestone of ['set-first', 'set-later'])
      await ledger.record('contract-two', 'SetMilestone', { milestone, title: milestone, baseline: '2016-05' });
    expect((await inMemory('contract-register', ledger)).row('contract:two').nextMilestone).toMatchObject({ milestone: 'set-first' });
  });

  it('goes by the id of a supplier of which nothing can be read', () => {
    register = new InMemory(
      'contract-register',
      events.filter(({ stream }) => stream !== 'supplier-csc'),
    );
    expect(row('live')).toMatchObject({ supplierName: 'csc', suppliers: [{ supplier: 'csc', name: 'csc' }], otherNames: [] });
  });

  it('ends on the last day of its term, counted with its extension where only the months are known', () =>
    expect(['frame', 'live', 'open', 'plan'].map((id) => row(id).ends)).toEqual(['2013-12-31', expect.stringMatching(/^\[?2015-0[67]/), null, null])); // prettier-ignore

  it('has the lists that it came to have, and how long they are', () => {
    expect(row('live').counts).toMatchObject({ milestones: 5, proposals: 2, kpis: 3, disputes: 2, serviceCredits: 1, owners: 1 });
    expect(row('live').milestones).toHaveLength(5);
    for (const name of ['milestones', 'kpis', 'owners']) expect(row('plan')).not.toHaveProperty(name);
    expect(register.list('contract:live', 'proposals').map(({ proposal }) => proposal)).toEqual(['b', 'a']);
    expect(register.list('contract:plan', 'proposals')).toEqual([]);
  });

  it('is conducted as its open proposals and disputes say, and what was missed', () => {
    const { state } = register.row('contract:live') as { readonly state?: Contract };
    expect(state).toBeUndefined();
    const conduct = (c: object) => conductShown(c as Contract, 5);
    expect(conduct(row('live'))).toMatchObject({ owner: 'p-1', conduct: { proposals: 1, milestonesMissed: 1, kpisMissed: 1, disputes: 1, serviceCredits: 1 } }); // prettier-ignore
    expect(conduct({})).toEqual({ owner: null, department: null, milestones: [], conduct: { proposals: 0, milestonesMissed: 0, kpisMissed: 0, disputes: 0, serviceCredits: 0 } }); // prettier-ignore
  });
});

describe('contracts are found', () => {
  it.each<[Record<string, string>, string]>([
    [{ text: 'service desk' }, 'live'],
    [{ text: 'DESK  csc' }, 'live'],
    [{ text: 'desk atos' }, ''],
    [{ text: 'atos' }, 'open'],
    [{ text: 'frame' }, 'frame'],
    [{ supplierName: 'csc' }, 'frame live open'],
    [{ supplierName: 'nobody' }, ''],
    [{ supplierName: 'csccsc' }, ''],
    [{ endsFrom: '2013-12-31', endsUntil: '2014-12-31' }, 'frame'],
    [{ endsFrom: '2014-01-01' }, 'live'],
    [{ endsUntil: '2013-12-31' }, 'frame'],
    [{ endsUntil: '2013-12-30' }, ''],
    [{ endsFrom: '2013' }, ''],
    [{ endsUntil: 'soon' }, ''],
    [{ valueFrom: '100' }, 'frame live'],
    [{ valueFrom: '100.0001' }, ''],
    [{ valueUntil: '100.00' }, 'frame live'],
    [{ valueUntil: '99.9999' }, ''],
    [{ valueFrom: '99' }, 'frame live'],
    [{ valueUntil: '101' }, 'frame live'],
    [{ originalFrom: '99' }, 'frame live'],
    [{ originalUntil: '101' }, 'frame live'],
    [{ valueUntil: '1000000000000000' }, ''],
    [{ valueUntil: 'x100' }, ''],
    [{ valueUntil: '100x' }, ''],
    [{ originalFrom: '100' }, 'frame live'],
    [{ originalFrom: '100.0001' }, ''],
    [{ originalFrom: 'much' }, ''],
    [{ originalUntil: '100' }, 'frame live'],
    [{ originalUntil: '99.9999' }, ''],
    [{ originalUntil: 'much' }, ''],
    [{ startsFrom: '2013-01-31' }, 'live open'],
    [{ startsFrom: '2013-02-01' }, 'open'],
    [{ startsUntil: '2013-01-01' }, 'frame live open'],
    [{ startsUntil: '2012-12-31' }, 'frame open'],
    [{ startsFrom: '2012' }, ''],
    [{ startsUntil: '2012' }, ''],
    [{ frameworkLot: '2' }, 'live'],
    [{ pastEnd: 'true' }, 'frame live'],
    [{ pastEnd: 'false' }, 'open plan'],
    [{ text: 'csc  live' }, 'live'],
    [{ text: 'frameframe' }, ''],
    [{ text: 'computer sciences' }, 'frame live open'],
    [{ supplierName: 'SCIENCES ltd' }, 'frame live open'],
    [{ finding: 'past-end' }, ''],
    [{ finding: 'ended-before-award' }, 'frame'],
    [{ tower: 'euc' }, 'open'],
    [{ stage: 'planned' }, 'plan'],
    [{ framework: 'RM 1' }, 'live'],
    [{ department: 'Digital' }, 'live'],
    [{ milestoneFrom: '2016-04-02' }, 'live'],
    [{ milestoneFrom: '2016-04-03' }, ''],
    [{ milestoneUntil: '2016-04-02' }, 'live'],
    [{ milestoneUntil: '2016-04-01' }, ''],
    [{ milestoneUntil: '2016' }, ''],
    [{ finding: 'no-such' }, ''],
  ])('by %j: %s', (filters, ids) => expect(found(filters)).toBe(ids));

  it('whatever a list holds of them: nothing is known of one that was withdrawn', () => {
    const { filters } = register.projection;
    const gone = (name: string, value: string) => filters![name]!(JSON.parse('{}'), { value, key: 'contract:x', lookup: NOTHING });
    for (const name of ['endsFrom', 'endsUntil', 'startsFrom', 'startsUntil', 'milestoneFrom', 'milestoneUntil'])
      expect(gone(name, '2016-01-01')).toBe(false);
    expect(filters!['finding']!({ findings: [{ code: 'late' }] }, { value: 'late', key: 'contract:x', lookup: NOTHING })).toEqual(['late']);
    expect([gone('text', 'x'), gone('supplierName', 'x'), gone('finding', 'x'), gone('pastEnd', 'true')]).toStrictEqual([false, false, [], 'false']); // prettier-ignore
  });

  it('by the name of a supplier, and in their text also by its id', async () => {
    await world.record('supplier-s-1', 'RegisterSupplier', { title: 'Steria', form: 'company' });
    await record('named', 'AwardContract', { ...award, suppliers: [{ supplier: 's-1' }] });
    register = await inMemory('contract-register', world);
    expect([found({ supplierName: 'steria' }), found({ text: 'steria' })]).toEqual(['named', 'named']);
    expect([found({ supplierName: 's-1' }), found({ text: 's-1' })]).toEqual(['', 'named']);
  });

  it('by each of their suppliers, also by those whom a row does not carry', async () => {
    const many = Array.from({ length: NEWEST + 1 }, (_, n) => ({ supplier: `m-${n}` }));
    for (const { supplier } of many) await world.record(`supplier-${supplier}`, 'RegisterSupplier', { title: supplier, form: 'company' });
    for (const id of ['all', 'some']) await record(id, 'AwardContract', { ...award, suppliers: id === 'all' ? many : many.slice(1) });
    register = await inMemory('contract-register', world);
    expect(row('all').suppliers).toHaveLength(NEWEST);
    expect([found({ supplier: 'm-0' }), found({ supplier: 'm-20' }), found({ supplier: 'csc' })]).toEqual(['all', 'all some', 'frame live open']); // prettier-ignore
  });
});

describe('contracts are sorted', () => {
  const sorted = (name: string) => ['frame', 'live', 'open', 'plan'].map((id) => register.projection.sorts![name]!(row(id)));
  it.each<[string, readonly unknown[]]>([
    ['contract', ['frame', 'live', 'open', 'plan']],
    ['title', ['frame', 'service  desk', 'open', 'plan']],
    ['supplier', ['csc', 'csc', 'atos, csc', null]],
    ['stage', ['03', '05', '03', '01']],
    ['original', ['GBP 010000000000000000010000', 'GBP 010000000000000000010000', null, null]],
    ['programme', ['met', 'met', 'met', 'met']],
    ['role', ['tower', 'tower', 'tower', 'tower']],
    ['kind', ['framework', 'call-off', 'contract', 'contract']],
    ['framework', [null, 'RM 1', null, null]],
    ['owner', [null, 'p-1', null, null]],
    ['department', [null, 'digital', null, null]],
    ['milestone', [null, '2016-04-02', null, null]],
    ['starts', ['2012-01-01', '2013-01-01', null, null]],
  ])('by %s: %j', (name, values) => expect(sorted(name)).toEqual(values));

  it('by amounts below zero before those above, and by nothing where nothing is known', () => {
    const { sorts } = register.projection;
    const below = sorts!['ceiling']!({ ceiling: gbp('-5') }) as string;
    expect(below < (sorts!['ceiling']!({ ceiling: gbp('0.01') }) as string)).toBe(true);
    for (const name of ['title', 'supplier', 'stage', 'ceiling', 'department', 'starts', 'ends', 'milestone']) expect([name, sorts![name]!({})]).toEqual([name, null]); // prettier-ignore
    expect(sorts!['findings']!({})).toBe(0n);
  });
});

it('the table of a contract says every date by its first and its last day', () => {
  const { csv } = register.projection.formats!;
  if (csv?.type !== 'text/csv') throw new Error('It has no table.');
  const cells = (id: string) => Object.fromEntries(csv.columns.map(([name, cell]) => [name, cell(csv.records(row(id))[0]!)]));
  expect(cells('live')).toMatchObject({ startsEarliest: '2013-01-01', startsLatest: '2013-01-31', frameworkLot: '2', framework: 'RM 1', milestones: 5, nextMilestone: 'first', nextMilestoneEarliest: '2016-04-02', nextMilestoneLatest: '2016-04-02' }); // prettier-ignore
  expect(cells('open')).toMatchObject({ towers: 'hosting euc', supplier: 'atos csc', originalAmount: null, originalQualifier: 'undisclosed', startsEarliest: null, startsLatest: null, endsLatest: null, framework: null, frameworkLot: null, milestones: 0, nextMilestone: null }); // prettier-ignore
  const about = { ...gbp('65'), qualifier: 'about' };
  const cell = (name: string, more: object) => csv.columns.find(([one]) => one === name)![1]({ ...row('live'), ...more });
  expect([cells('live')['programme'], cells('live')['originalQualifier'], cells('live')['ceilingQualifier']]).toEqual([
    'met',
    'exact',
    'exact',
  ]);
  expect([cell('originalQualifier', { original: about }), cell('ceilingQualifier', { ceiling: about })]).toEqual(['about', 'about']);
  expect(cells('live')).toMatchObject({ originalPerYearAmount: '50.00', originalPerYearCurrency: 'GBP', originalPerYearQualifier: 'exact', originalPerYearDivides: 'original ÷ 2 years' }); // prettier-ignore
  expect([cell('originalPerYearQualifier', { perYear: about }), cells('open')['originalPerYearQualifier']]).toEqual(['about', null]);
  const two = [{ code: 'one', text: '' }, { code: 'two', text: '' }]; // prettier-ignore
  expect(csv.columns.find(([name]) => name === 'findings')![1]({ ...row('live'), findings: two })).toBe('one two');
});

describe('what the contracts of a list come to', () => {
  type Part = Parameters<typeof registerTotals.part>[0];
  const one = (contract: string, more: Partial<Part> = {}): Part => ({ contract, kind: 'contract', stage: 'live', original: gbp('100'), ceiling: gbp('120'), vat: 'ex', ...more }) as Part; // prettier-ignore
  const total = (...contracts: readonly Part[]) => registerTotals.total(contracts.map(registerTotals.part));

  it('is nothing of none', () =>
    expect(total()).toEqual({ rows: 0, notCounted: { frameworks: 0, withoutPromise: 0, replaced: 0 }, contracts: 0, original: 'nothing', ceiling: 'nothing', vat: null, byVat: {}, byState: {} })); // prettier-ignore

  it('is added up by VAT and by state, and never across', () => {
    const { rows, contracts, original, ceiling, vat, byVat, byState } = total(
      one('a'),
      one('b', { stage: 'signed' }),
      one('c', { vat: 'inc', stage: 'closed' }),
    );
    expect([rows, contracts, original, ceiling, vat]).toEqual([3, 3, '£200 without VAT + £100 with VAT', '£240 without VAT + £120 with VAT', 'mixed']); // prettier-ignore
    expect(Object.entries(byVat).map(([of, part]) => [of, part.contracts, part.ceiling.text])).toEqual([['ex', 2, '£240'], ['inc', 1, '£120']]); // prettier-ignore
    expect(Object.entries(byState).map(([of, part]) => [of, part.contracts, part.ceiling, part.vat])).toEqual([['toCome', 1, '£120', 'ex'], ['inForce', 1, '£120', 'ex'], ['ended', 1, '£120', 'inc']]); // prettier-ignore
  });

  it('counts no framework, nothing that was never promised, and nothing whose replacement runs', () => {
    const { rows, contracts, notCounted, ceiling } = total(
      one('a'),
      one('frame', { kind: 'framework', ceiling: gbp('9000') }),
      one('planned', { stage: 'planned' }),
      one('gone', { stage: 'cancelled' }),
      one('old'),
      one('new', { replaces: 'old', ceiling: gbp('7') }),
      one('still'),
      one('not-yet', { replaces: 'still', stage: 'awarded', ceiling: gbp('5') }),
    );
    expect([rows, contracts, notCounted, ceiling]).toEqual([8, 4, { frameworks: 1, withoutPromise: 2, replaced: 1 }, '£252']);
  });
});

describe('an identifier of another system', () => {
  it('belongs to the one that has it, and to several only where they were recorded at the same moment', async () => {
    const ids = (...references: object[]) => ({ programme: 'met', title: 'T', references });
    const ledger = new World('2016-01-04');
    await recordWorld(ledger);
    const [local, odd] = [{ scheme: 'local', id: '1' }, { scheme: 'a/b', id: 'c d' }]; // prettier-ignore
    await ledger.record('contract-one', 'PlanContract', ids(local, odd));
    await ledger.record('contract-two', 'PlanContract', ids({ scheme: 'local', id: '2' }));
    const identifiers = await inMemory('identifiers', ledger);
    expect(identifiers.row('contract-reference:local/1')).toEqual({ category: 'contract', scheme: 'local', id: '1', holders: [{ category: 'contract', id: 'one', title: 'T' }], counts: { holders: 1 }, finding: null }); // prettier-ignore
    expect(identifiers.row('contract-reference:a%2Fb/c%20d')).toMatchObject({ scheme: 'a/b', id: 'c d' });
    for (const nobody of ['contract-reference:local/3', 'tower-reference:local/1']) expect(identifiers.row(nobody)).toBeUndefined();
    const race: Lookup = { ...NOTHING, sum: (sums) => sums.total({ 'holders.count': 2n, holders: 2n }) };
    expect(identifiers.projection.rows['contract-reference']!('local/1', race)).toMatchObject({ finding: 'several have this reference' });
  });
});
