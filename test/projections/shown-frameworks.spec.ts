import { beforeEach, describe, expect, it } from '@jest/globals';
import { NEWEST } from '../../src/kernel/index.js';
import { recordWorld, World } from '../random-history.js';
import { inMemory } from './in-memory.js';

const gbp = (amount: string, more: object = {}) => ({ amount, currency: 'GBP', ...more });
const lots = [{ lot: 'north', title: 'North' }, { lot: 'south', title: 'South', value: gbp('400') }]; // prettier-ignore
const both = [{ supplier: 'csc' }, { supplier: 'atos', lot: 'south' }];

let world: World;
beforeEach(async () => {
  world = new World('2020-01-06');
  await recordWorld(world);
  await world.record('supplier-eviden', 'RegisterSupplier', { title: 'Eviden', form: 'company' });
});
const award = (id: string, on: string, more: object = {}) =>
  world.record(`contract-${id}`, 'AwardContract', { programme: 'met', title: id, suppliers: [{ supplier: 'csc' }], value: gbp('100'), ...more }, { effectiveOn: on }); // prettier-ignore
const framework = (more: object = {}) =>
  award('desks', '2015-03-01', { title: 'Desks', kind: 'framework', lots, suppliers: both, value: gbp('1000'), endsOn: '2019-02-28', ...more }); // prettier-ignore
const callOff = (id: string, value: object | string = '100', more: object = {}) =>
  award(id, '2016-01-01', { framework: { contract: 'desks' }, value: typeof value === 'string' ? gbp(value) : value, ...more });
const withdraw = async (id: string) =>
  world.record(`contract-${id}`, 'WithdrawFact', { event: (await world.history(`contract-${id}`)).first!.recorded.id });
const frameworks = () => inMemory('frameworks', world);
const desks = async () => (await frameworks()).row('framework:desks');
const found = async (id: string): Promise<readonly string[]> =>
  (await frameworks()).row(`call-off:${id}`).findings.map(({ code, text }: { code: string; text: string }) => `${code}: ${text}`);

describe('a framework', () => {
  it('has what was estimated, with whom it is, and until when: its suppliers are promised nothing', async () => {
    await framework();
    const row = await desks();
    expect(row).toMatchObject({
      kind: 'framework',
      framework: 'desks',
      programme: 'met',
      title: 'Desks',
      stage: 'awarded',
      ends: '2019-02-28',
      maximum: gbp('1000'),
      vat: 'unknown',
      used: { text: 'nothing', callOffs: 0 },
      remaining: gbp('1000'),
      lots: [{ lot: 'north', title: 'North', used: { text: 'nothing', callOffs: 0 } }, { lot: 'south' }],
      supplierName: 'CSC, Atos',
      pastEndSince: '2019-03-01',
      becomes: null,
      callOffs: [],
      findings: [],
      counts: { suppliers: 2, callOffs: 0 },
    });
    for (const supplier of row.suppliers) expect(Object.keys(supplier)).not.toContain('promised');
    expect((await frameworks()).row('framework:others')).toBeUndefined();
  });

  it('ends on the day that a notice names: what is called off later was called off after its end', async () => {
    await framework();
    await world.record('contract-desks', 'SignContract', {}, { effectiveOn: '2015-03-02' });
    await world.record('contract-desks', 'GiveTerminationNotice', { by: 'authority', takesEffectOn: '2015-12-31' }, { effectiveOn: '2015-06-01' }); // prettier-ignore
    await callOff('one');
    expect(await desks()).toMatchObject({ ends: '2015-12-31', pastEndSince: '2016-01-01' });
    expect(await found('one')).toEqual(['called-off-after-end: It was called off on 2016-01-01; the framework desks ended on 2015-12-31.']);
  });

  it('without a title goes by its id, as its call-offs do, and without an end by none', async () => {
    await framework({ title: undefined, endsOn: undefined });
    await callOff('one', '100', { title: undefined });
    const rows = await frameworks();
    expect(rows.row('framework:desks')).toMatchObject({ title: 'desks', ends: null, pastEndSince: null });
    expect(rows.row('call-off:one')).toMatchObject({ kind: 'call-off', callOff: 'one', title: 'one', findings: [] });
  });

  it('says who join it and who leave it, and when', async () => {
    await framework();
    await world.record('contract-desks', 'AdmitSupplier', { supplier: 'eviden', takesEffectOn: '2027-01-01' });
    await world.record('contract-desks', 'RemoveSupplier', { supplier: 'atos', takesEffectOn: '2027-01-01' });
    const rows = await frameworks();
    expect(rows.row('framework:desks')).toMatchObject({ supplierName: 'CSC, Atos', becomes: { supplierName: 'CSC, Eviden', on: '2027-01-01' }, counts: { suppliers: 3 } }); // prettier-ignore
    expect(rows.list('framework:desks', 'suppliers').map(({ supplier, joinedOn, leftOn }) => [supplier, joinedOn ?? leftOn])).toEqual([
      ['eviden', '2027-01-01'],
      ['atos', '2027-01-01'],
      ['csc', undefined],
    ]);
  });

  it('has every call-off, newest first, those that promise nothing too: each counts in the lot that it names', async () => {
    await framework();
    await callOff('one', '250', { framework: { contract: 'desks', lot: 'north' } });
    await callOff('two', '300');
    await callOff('three', '50', { framework: { contract: 'desks', lot: 'north' } });
    await world.record('contract-four', 'PlanContract', {
      programme: 'met',
      title: 'Four',
      framework: { contract: 'desks', lot: 'south' },
    });
    const rows = await frameworks();
    const row = rows.row('framework:desks');
    expect([row.used.text, row.used.callOffs, row.counts.callOffs]).toEqual(['£600', 3, 4]);
    expect(row.lots.map(({ lot, used }: any) => [lot, used.text, used.callOffs])).toEqual([['north', '£300', 2], ['south', 'nothing', 0]]); // prettier-ignore
    for (const entries of [row.callOffs, rows.list('framework:desks', 'callOffs')])
      expect(entries.map(({ callOff, framework }: any) => [callOff, framework])).toStrictEqual([
        ['four', { contract: 'desks', lot: 'south' }],
        ['three', { contract: 'desks', lot: 'north' }],
        ['two', { contract: 'desks' }],
        ['one', { contract: 'desks', lot: 'north' }],
      ]);
    expect(row.callOffs[2]).toMatchObject({ title: 'two', programme: 'met', stage: 'awarded', supplierName: 'CSC', calledOffOn: '2016-01-01', suppliers: [{ promised: gbp('300') }] }); // prettier-ignore
    const two = rows.placedBy('call-off').find(({ key }) => key === 'call-off:two')!;
    expect(Object.keys(two.sums!)).toEqual(['framework:desks']);
  });

  it('goes with the fact that it was awarded, and a call-off with its own', async () => {
    await framework();
    await callOff('one');
    await award('two', '2016-01-01', { framework: { reference: 'RM 1' } });
    for (const id of ['one', 'two']) await withdraw(id);
    expect((await frameworks()).keys()).toEqual(['framework:desks']);
    expect((await desks()).counts.callOffs).toBe(0);
    await callOff('three');
    await withdraw('desks');
    expect((await frameworks()).keys()).toEqual(['call-off:three']);
  });
});

it('what was called off from a framework can be opened, in all and by lot', async () => {
  await framework();
  await callOff('one');
  const rows = await frameworks();
  rows.row('framework:desks');
  const keys = ['framework:desks', 'framework:desks#lot/north', 'framework:desks#lot/south'];
  expect(rows.addedUp).toEqual(keys.map((key) => ({ key, measures: ['ex', 'inc', 'unknown'], field: '/ceiling' })));
});

describe('what is left of an estimated maximum', () => {
  const left = async (...values: readonly (object | string)[]) => {
    for (const [i, value] of values.entries()) await callOff(`c-${i}`, value);
    const { remaining, findings } = await desks();
    return [remaining, findings.map(({ text }: any) => text)];
  };
  const withheld = { withheld: { until: '2030', why: 'Commercial' } };

  it.each<[string, readonly (object | string)[], object | null]>([
    ['the maximum without what was called off', ['600', '150.50'], gbp('249.50')],
    ['nothing, where all of it was called off: that is no finding', ['1000'], gbp('0.00')],
    ['known as well as what was called off', [gbp('600', { qualifier: 'about' })], gbp('400.00', { qualifier: 'about', roundedTo: '100.00' })],
    // £550 to £650 and £1: £349 to £449 are left
    ['rounded as far as the roughest call-off, beside an exact one', [gbp('600', { qualifier: 'about' }), '1'], gbp('399.00', { qualifier: 'about', roundedTo: '100.00' })],
    ['at most so much, where more may have been called off', [gbp('600', { qualifier: 'at-least' })], gbp('400.00', { qualifier: 'at-most' })],
    ['at most so much, where more may have been called off, beside a rounded call-off', [gbp('600', { qualifier: 'at-least' }), gbp('100', { qualifier: 'about' })], gbp('350.00', { qualifier: 'at-most' })],
    ['at most the rest of the least that is known', [gbp('600', { qualifier: 'about' }), { undisclosed: true }], gbp('450.00', { qualifier: 'at-most' })],
    ['at most the maximum, where one value is not disclosed', [{ undisclosed: true }], gbp('1000.00', { qualifier: 'at-most' })],
    ['at most the maximum, where one is not disclosed and one is withheld', [{ undisclosed: true }, withheld], gbp('1000.00', { qualifier: 'at-most' })],
    ['at most the maximum, where one is not disclosed and one is not known', [{ undisclosed: true }, { unknown: true }], gbp('1000.00', { qualifier: 'at-most' })],
    ['at least so much, where less may have been called off', [gbp('600', { qualifier: 'at-most' })], gbp('400.00', { qualifier: 'at-least' })],
    ['at least so much, where less may have been called off, beside a rounded call-off', [gbp('600', { qualifier: 'at-most' }), gbp('100', { qualifier: 'about' })], gbp('250.00', { qualifier: 'at-least' })],
    ['not known, where more and less may have been called off', [gbp('600', { qualifier: 'at-most' }), gbp('100', { qualifier: 'at-least' })], null],
    ['not known, where less may have been called off, and one value is not disclosed', [gbp('600', { qualifier: 'at-most' }), { undisclosed: true }], null],
    ['not known, where something was called off in another currency', [{ amount: '10', currency: 'EUR' }], null],
    ['not known, where something was called off in several currencies', ['10', { amount: '10', currency: 'EUR' }], null],
  ])('is %s', async (_, values, remaining) => {
    await framework();
    expect(await left(...values)).toEqual([remaining, []]);
  }); // prettier-ignore

  it('is below nothing only where more was called off for certain', async () => {
    await framework({ value: gbp('590') });
    expect((await left(gbp('600', { qualifier: 'about' }), '1'))[1]).toEqual([]);
    await callOff('more', '40');
    expect((await desks()).findings).toEqual([{ code: 'used-above-maximum', text: 'about £600 was called off; at most £590 was estimated.' }]); // prettier-ignore
  });

  it('is not known of a maximum that nobody disclosed', async () => {
    await framework({ value: { undisclosed: true } });
    expect(await left('600')).toEqual([null, []]);
  });

  it('is never a difference of figures that differ in VAT', async () => {
    await framework({ vat: 'ex' });
    await callOff('one', '300', { vat: 'ex' });
    expect((await desks()).remaining).toEqual(gbp('700.00'));
    await callOff('two', '200', { vat: 'inc', framework: { contract: 'desks', lot: 'north' } });
    const { used, remaining, lots: byLot } = await desks();
    expect(used).toMatchObject({ text: '£300 without VAT + £200 with VAT', vat: 'mixed', callOffs: 2, byVat: { ex: { text: '£300' }, inc: { text: '£200' } } }); // prettier-ignore
    expect([remaining, byLot[0].used.text, byLot[0].used.vat]).toEqual([null, '£200', 'inc']);
  });

  it('is at most so much where a call-off of another VAT says no figure', async () => {
    await framework({ vat: 'ex' });
    await callOff('one', '300', { vat: 'ex' });
    await callOff('two', { undisclosed: true });
    expect((await desks()).remaining).toEqual(gbp('700.00', { qualifier: 'at-most' }));
  });

  it('is not known where all that was called off is of another VAT', async () => {
    await framework({ vat: 'ex' });
    expect(await left('2000')).toEqual([null, []]);
  });
});

describe('what is unusual in a call-off', () => {
  it('is nothing with those who are on the framework, in all lots or in the one that it names', async () => {
    await framework();
    await callOff('all', '1', { framework: { contract: 'desks', lot: 'north' } });
    await callOff('own', '1', { framework: { contract: 'desks', lot: 'south' }, suppliers: [{ supplier: 'atos' }, { supplier: 'csc' }] });
    await callOff('any', '1', { suppliers: [{ supplier: 'atos' }] });
    for (const id of ['all', 'own', 'any']) expect([id, await found(id)]).toEqual([id, []]);
  });

  it('is asked of those who are on the framework on its day: of one that joined from then on, of one that left until then', async () => {
    await framework();
    await world.record(
      'contract-desks',
      'AdmitSupplier',
      { supplier: 'eviden', takesEffectOn: '2017-01-01' },
      { effectiveOn: '2016-06-01' },
    );
    await world.record('contract-desks', 'RemoveSupplier', { supplier: 'csc' }, { effectiveOn: '2018-01-01' });
    const on = async (day: string, supplier: string) => {
      await award(`${supplier}-${day}`, day, { framework: { contract: 'desks' }, suppliers: [{ supplier }] });
      return (await found(`${supplier}-${day}`)).length;
    };
    expect([await on('2016-12-31', 'eviden'), await on('2017-01-01', 'eviden')]).toEqual([1, 0]);
    expect([await on('2017-12-31', 'csc'), await on('2018-01-01', 'csc')]).toEqual([0, 1]);
  });

  it('names who is not on the framework, on which day, and in which lot', async () => {
    await framework();
    await callOff('one', '1', { suppliers: [{ supplier: 'eviden' }] });
    await callOff('lot', '1', {
      framework: { contract: 'desks', lot: 'north' },
      suppliers: [{ supplier: 'eviden' }, { supplier: 'atos' }],
    });
    await callOff('west', '1', { framework: { contract: 'desks', lot: 'west' }, suppliers: [{ supplier: 'csc' }] });
    expect(await found('one')).toEqual(['not-on-framework: eviden is not on the framework desks on 2016-01-01.']);
    expect(await found('lot')).toEqual(['not-on-framework: eviden, atos are not on the framework desks in its lot north on 2016-01-01.']);
    expect(await found('west')).toEqual(['unknown-framework-lot: The framework desks has no lot west.']);
  });

  it('is asked of all who ever were on the framework where nobody knows its day', async () => {
    await framework();
    await world.record('contract-desks', 'AdmitSupplier', { supplier: 'eviden' }, { effectiveOn: '2018-01-01' });
    await world.record('contract-desks', 'RemoveSupplier', { supplier: 'eviden' }, { effectiveOn: '2018-06-01' });
    await world.record('supplier-sopra', 'RegisterSupplier', { title: 'Sopra', form: 'company' });
    const recorded = { programme: 'met', title: 'X', stage: 'live', role: 'outside', framework: { contract: 'desks' }, value: gbp('1') };
    for (const id of ['eviden', 'sopra']) await world.record(`contract-${id}`, 'RecordContract', { ...recorded, suppliers: [{ supplier: id }] }); // prettier-ignore
    expect((await frameworks()).row('call-off:eviden')).toMatchObject({ calledOffOn: null, findings: [] });
    expect(await found('sopra')).toEqual(['not-on-framework: sopra is not on the framework desks.']);
  });

  it('is asked of those who had the call-off on its day, not of those who have it since', async () => {
    await framework();
    await callOff('moved');
    await world.record('contract-moved', 'SignContract', {}, { effectiveOn: '2016-02-01' });
    await world.record('contract-moved', 'NovateContract', { supplier: 'eviden' }, { effectiveOn: '2017-01-01' });
    expect(await found('moved')).toEqual([]);
  });

  it('is asked of all who have the call-off where nobody knows its day', async () => {
    await framework();
    await world.record('contract-open', 'RecordContract', { programme: 'met', title: 'X', stage: 'live', role: 'outside', framework: { contract: 'desks' }, value: gbp('1'), suppliers: [{ supplier: 'csc' }] }); // prettier-ignore
    await world.record('contract-open', 'AdmitSupplier', { supplier: 'eviden', takesEffectOn: '2027-01-01' });
    expect(await found('open')).toEqual(['not-on-framework: eviden is not on the framework desks.']);
  });

  it('is that it was called off once the framework had ended', async () => {
    await framework();
    const recorded = { programme: 'met', title: 'X', stage: 'live', role: 'outside', framework: { contract: 'desks' }, value: gbp('1'), suppliers: [{ supplier: 'csc' }] }; // prettier-ignore
    await world.record('contract-signed', 'RecordContract', { ...recorded, signedOn: '2019-03-01' });
    await world.record('contract-started', 'RecordContract', { ...recorded, startsOn: '2019-03' });
    await world.record('contract-perhaps', 'RecordContract', { ...recorded, startsOn: '2019' });
    expect(await found('signed')).toEqual([
      'called-off-after-end: It was called off on 2019-03-01; the framework desks ended on 2019-02-28.',
    ]);
    expect(await found('started')).toEqual([
      'called-off-after-end: It was called off on 2019-03; the framework desks ended on 2019-02-28.',
    ]);
    expect(await found('perhaps')).toEqual([]);
  });

  it('is that what it names is no framework, here, on the board and in the register; nothing is said of one recorded elsewhere', async () => {
    await framework();
    await award('plain', '2016-01-01');
    await callOff('wrong', '1', { framework: { contract: 'plain' }, towers: ['hosting'] });
    await award('other', '2016-01-01', { framework: { reference: 'RM 1' }, towers: ['euc'] });
    await callOff('right', '1', { towers: ['hosting'] });
    const [board, register] = [await inMemory('tower-board', world), await inMemory('contract-register', world)];
    const findings = [{ code: 'not-a-framework', text: 'It is called off from plain, which is no framework.' }];
    expect((await frameworks()).row('call-off:wrong').findings).toEqual(findings);
    expect(board.row('tower:hosting').contracts.map((c: any) => [c.contract, c.findings])).toEqual([['right', []], ['wrong', findings]]); // prettier-ignore
    expect([register.row('contract:wrong').findings, register.row('contract:plain').findings]).toEqual([findings, []]);
    expect([await found('other'), board.row('tower:euc').contracts[0].findings, register.row('contract:other').findings]).toEqual([[], [], []]); // prettier-ignore
  });

  it('changes on the board and in the register with its framework', async () => {
    await framework();
    await callOff('one');
    for (const name of ['tower-board', 'contract-register']) {
      const one = (await inMemory(name, world)).placedBy('contract').at(-1);
      expect([name, one!.key, one!.links]).toEqual([name, 'contract:one', expect.arrayContaining(['framework:desks'])]);
    }
  });
});

describe('a framework of another authority', () => {
  it('is what was called off from it, by its reference', async () => {
    await award('one', '2016-01-01', { framework: { reference: 'RM 3804/b', lot: '2' } });
    await award('two', '2016-01-02', { framework: { reference: 'RM 3804/b' }, value: gbp('7') });
    const rows = await frameworks();
    const key = 'external-framework:RM%203804%2Fb';
    expect(rows.row(key)).toMatchObject({ kind: 'external-framework', framework: 'RM 3804/b', used: { text: '£107', callOffs: 2 }, counts: { callOffs: 2 } }); // prettier-ignore
    for (const entries of [rows.row(key).callOffs, rows.list(key, 'callOffs')])
      expect(entries.map(({ callOff, framework }: any) => [callOff, framework])).toStrictEqual([
        ['two', { reference: 'RM 3804/b' }],
        ['one', { reference: 'RM 3804/b', lot: '2' }],
      ]);
    expect(rows.row('external-framework:RM%201')).toBeUndefined();
  });
});

describe('frameworks and call-offs are found', () => {
  it('by kind, programme, supplier, and what is unusual in them', async () => {
    await framework();
    await callOff('one', '1', { suppliers: [{ supplier: 'eviden' }] });
    await award('other', '2016-01-01', { framework: { reference: 'RM 1' } });
    const rows = await frameworks();
    const asked: readonly [Record<string, string>, readonly string[]][] = [
      [{ kind: 'framework' }, ['framework:desks']],
      [{ kind: 'call-off' }, ['call-off:one', 'call-off:other']],
      [{ kind: 'external-framework' }, ['external-framework:RM%201']],
      [{ programme: 'met' }, ['call-off:one', 'call-off:other', 'framework:desks']],
      [{ programme: 'nhs' }, []],
      [{ supplier: 'csc' }, ['call-off:other', 'framework:desks']],
      [{ supplier: 'eviden' }, ['call-off:one']],
      [{ finding: 'not-on-framework' }, ['call-off:one']],
      [{ finding: 'called-off-after-end' }, []],
    ];
    for (const [filters, keys] of asked) expect([filters, rows.keys(filters)]).toEqual([filters, keys]);
  });

  it('by each of their suppliers, also by those whom a row does not carry', async () => {
    const many = Array.from({ length: NEWEST + 2 }, (_, n) => ({ supplier: `s-${n}` }));
    for (const { supplier } of many) await world.record(`supplier-${supplier}`, 'RegisterSupplier', { title: supplier, form: 'company' });
    await framework({ suppliers: many });
    await callOff('one', '1', { suppliers: many });
    const rows = await frameworks();
    expect(rows.row('call-off:one').suppliers).toHaveLength(NEWEST);
    for (const supplier of ['s-0', 's-21']) expect([supplier, rows.keys({ supplier })]).toEqual([supplier, ['call-off:one', 'framework:desks']]); // prettier-ignore
    expect(rows.keys({ supplier: 'csc' })).toEqual([]);
  });
});
