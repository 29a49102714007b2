import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { partsOf } from '../../projections/promised.js';
import { contract } from '../../src/domain/contract/index.js';
import { recordWorld, World } from '../random-history.js';
import { closeRows, rowsAfter } from '../engine/rows-after.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
let world: World;
const award = (id: string, on: string, more: object = {}) =>
  world.record(`contract-${id}`, 'AwardContract', { programme: 'met', title: id, suppliers: [{ supplier: 'csc' }], value: gbp('100'), ...more }, { effectiveOn: on }); // prettier-ignore
const lots = [{ lot: 'north', title: 'North' }, { lot: 'south', title: 'South', value: gbp('400') }]; // prettier-ignore
beforeEach(async () => {
  world = new World('2020-01-06');
  await recordWorld(world);
  await world.record('supplier-eviden', 'RegisterSupplier', { title: 'Eviden', form: 'company' });
  const suppliers = [
    { supplier: 'csc', lot: 'north' },
    { supplier: 'csc', lot: 'south' },
    { supplier: 'atos', lot: 'south' },
  ];
  await award('desks', '2015-03-01', { kind: 'framework', towers: ['hosting'], lots, suppliers, value: gbp('1000'), endsOn: '2019-02-28' });
});
afterEach(closeRows);
const rows = async () => rowsAfter(await world.events());
const callOff = (id: string, on: string, more: object = {}) => award(id, on, { framework: { contract: 'desks', lot: 'north' }, ...more });
const codes = ({ findings }: any) => findings.map(({ code }: any) => code);

describe('a framework', () => {
  it('shows its call-offs, what they come to in all and by lot, and what is left of its estimated maximum', async () => {
    await callOff('one', '2016-01-01', { value: gbp('250') });
    await callOff('two', '2016-02-01', { value: gbp('350'), framework: { contract: 'desks', lot: 'south' } });
    await world.record('contract-three', 'PlanContract', { programme: 'met', title: 'Three', framework: { contract: 'desks' } });
    const row = await (await rows()).row('frameworks', 'framework:desks');
    expect(row).toMatchObject({
      kind: 'framework',
      programme: 'met',
      maximum: gbp('1000'),
      used: { text: '£600', callOffs: 2 },
      remaining: gbp('400.00'),
      lots: [
        { lot: 'north', used: { text: '£250' } },
        { lot: 'south', used: { text: '£350' } },
      ],
      supplierName: 'CSC, Atos',
      findings: [],
      counts: { callOffs: 3, suppliers: 3 },
    });
    expect(row.callOffs.map(({ callOff }: any) => callOff)).toEqual(['three', 'two', 'one']);
    expect(row).not.toHaveProperty('ceiling');
  });

  it('has at most its maximum left where nothing is known of what was called off', async () => {
    await callOff('one', '2016-01-01', { value: { undisclosed: true } });
    const row = await (await rows()).row('frameworks', 'framework:desks');
    expect(row).toMatchObject({ used: { text: '1 undisclosed', callOffs: 1 }, remaining: { amount: '1000.00', qualifier: 'at-most' } });
  });

  it('has at most so much left where a call-off is not known, and says where more was called off than was estimated', async () => {
    await callOff('one', '2016-01-01', { value: gbp('600') });
    await callOff('two', '2016-02-01', { value: { undisclosed: true } });
    const before = await (await rows()).row('frameworks', 'framework:desks');
    expect(before).toMatchObject({ used: { text: 'at least £600, 1 undisclosed' }, remaining: { amount: '400.00', qualifier: 'at-most' } });
    expect(codes(before)).toEqual([]);
    await callOff('three', '2016-03-01', { value: gbp('401') });
    const after = await (await rows()).row('frameworks', 'framework:desks');
    expect(after.findings).toEqual([{ code: 'used-above-maximum', text: 'at least £1,001, 1 undisclosed was called off; at most £1,000 was estimated.' }]); // prettier-ignore
  });

  it('is in no total of what was promised, and on no board; its call-offs are', async () => {
    await callOff('one', '2016-01-01', { value: gbp('250'), towers: ['hosting'] });
    const read = await rows();
    expect(await read.row('tower-board', 'tower:hosting')).toMatchObject({ total: { text: '£250' }, counts: { contracts: 1 } });
    expect((await read.row('tower-board', 'programme:met')).totals).toMatchObject({ towers: { text: '£250' }, outside: { contracts: 0 } });
    expect((await read.row('money', 'programme:met')).towers).toMatchObject({ ceiling: { text: '£250' } });
    expect((await read.all('money')).map(({ key }) => key)).not.toContain('contract:desks');
    expect(await read.row('exposure', 'supplier:csc')).toMatchObject({ ceiling: { text: '£250' }, counts: { contracts: 1 } });
    expect(await read.row('exposure', 'supplier:atos')).toMatchObject({ ceiling: { text: 'nothing' }, counts: { contracts: 0 } });
    expect(await read.row('contract-register', 'contract:desks')).toMatchObject({ kind: 'framework', ceiling: gbp('1000') });
  });

  it('of another authority is known by its reference alone', async () => {
    for (const id of ['one', 'two']) await callOff(id, '2021', { framework: { reference: 'RM 3804/b' } }).catch(() => callOff(id, '2019', { framework: { reference: 'RM 3804/b' } })); // prettier-ignore
    const read = await rows();
    expect(await read.row('frameworks', 'external-framework:RM%203804%2Fb')).toMatchObject({ framework: 'RM 3804/b', used: { text: '£200' }, counts: { callOffs: 2 } }); // prettier-ignore
    expect((await read.all('frameworks')).map(({ key }) => key)).toEqual(['call-off:one', 'call-off:two', 'external-framework:RM%203804%2Fb', 'framework:desks']); // prettier-ignore
    expect(codes(await read.row('frameworks', 'call-off:one'))).toEqual([]);
  });
});

describe('a call-off', () => {
  const found = async (id: string) => codes(await (await rows()).row('frameworks', `call-off:${id}`));

  it('may begin on the last day of the framework; a later one is found, here and on the board', async () => {
    await callOff('last', '2019-02-28');
    await callOff('late', '2019-03-01', { towers: ['hosting'] });
    expect([await found('last'), await found('late')]).toEqual([[], ['called-off-after-end']]);
    const board = await (await rows()).row('tower-board', 'tower:hosting');
    expect(board.contracts[0].findings).toEqual([{ code: 'called-off-after-end', text: 'It was called off on 2019-03-01; the framework desks ended on 2019-02-28.' }]); // prettier-ignore
  });

  it('is with those who are on the framework on its day, and in its lot', async () => {
    await world.record('contract-desks', 'AdmitSupplier', { supplier: 'eviden', lot: 'north', takesEffectOn: '2017-01-01' }, { effectiveOn: '2016-06-01' }); // prettier-ignore
    await callOff('early', '2016-12-31', { suppliers: [{ supplier: 'eviden' }] });
    await callOff('then', '2017-01-01', { suppliers: [{ supplier: 'eviden' }] });
    await callOff('other', '2017-01-01', { suppliers: [{ supplier: 'atos' }, { supplier: 'csc' }] });
    await world.record('contract-desks', 'RemoveSupplier', { supplier: 'csc' }, { effectiveOn: '2018-01-01' });
    await callOff('gone', '2018-01-01');
    expect([await found('early'), await found('then'), await found('other'), await found('gone')]).toEqual([
      ['not-on-framework'],
      [],
      ['not-on-framework'],
      ['not-on-framework'],
    ]);
    const { findings } = await (await rows()).row('frameworks', 'call-off:other');
    expect(findings[0].text).toBe('atos is not on the framework desks in its lot north on 2017-01-01.');
  });

  it('names a lot that the framework has, and a framework', async () => {
    await callOff('west', '2016-01-01', { framework: { contract: 'desks', lot: 'west' } });
    await award('plain', '2016-01-01');
    await callOff('wrong', '2016-01-01', { framework: { contract: 'plain' } });
    expect([await found('west'), await found('wrong')]).toEqual([['not-on-framework', 'unknown-framework-lot'], ['not-a-framework']]);
    expect(await found('west')).toContain('unknown-framework-lot');
  });

  it('changes with its framework', async () => {
    await callOff('one', '2018-03-01');
    const before = await rows();
    expect(codes(await before.row('frameworks', 'call-off:one'))).toEqual([]);
    await world.record('contract-desks', 'SignContract', { endsOn: '2018-02-28' }, { effectiveOn: '2015-04-01' });
    const after = await rows();
    expect(codes(await after.row('frameworks', 'call-off:one'))).toEqual(['called-off-after-end']);
    expect((await after.updates('frameworks')).at(-1)!.changes).toHaveProperty('call-off:one');
  });
});

describe('what several suppliers are promised', () => {
  const { initial } = contract;
  const parts = (suppliers: readonly any[], more: object = {}) =>
    partsOf({ ...initial, ceiling: gbp('100.01'), lots, ...more }, suppliers).map(({ supply, value, jointly }) => [supply.supplier, 'amount' in value ? value.amount : value, jointly]); // prettier-ignore

  it('is the whole of one, shares that add up to the whole, and the rest of those without a share jointly', () => {
    expect(parts([{ supplier: 'csc' }])).toEqual([['csc', '100.01', false]]);
    const thirds = parts([
      { supplier: 'a', share: '33.3333' },
      { supplier: 'b', share: '33.3333' },
      { supplier: 'c', share: '33.3334' },
    ]);
    expect(thirds).toEqual([['a', '33.34', false], ['b', '33.33', false], ['c', '33.34', false]]); // prettier-ignore
    expect(parts([{ supplier: 'a' }, { supplier: 'b' }])).toEqual([['a', '100.01', true], ['b', '100.01', true]]); // prettier-ignore
    expect(parts([{ supplier: 'a', share: 60 }, { supplier: 'b' }])).toEqual([['a', '60.01', false], ['b', '40.00', false]]); // prettier-ignore
    expect(parts([{ supplier: 'a', share: 60 }, { supplier: 'b' }, { supplier: 'c' }])).toEqual([['a', '60.01', false], ['b', '40.00', true], ['c', '40.00', true]]); // prettier-ignore
  });

  it('is of its lot where it has one, known as well as that', () => {
    expect(parts([{ supplier: 'a', lot: 'north' }, { supplier: 'b', lot: 'south', share: 25 }])).toEqual([['a', { unknown: true }, false], ['b', '100.00', false]]); // prettier-ignore
    expect(parts([{ supplier: 'a', lot: 'south' }, { supplier: 'b' }])).toEqual([['a', '400', false], ['b', '100.01', true]]); // prettier-ignore
    expect(parts([{ supplier: 'a', share: 40 }], { ceiling: { undisclosed: true } })).toEqual([['a', { undisclosed: true }, false]]);
    const [{ value }] = partsOf({ ceiling: { amount: '65000000', currency: 'GBP', qualifier: 'about' }, lots: [] }, [{ supplier: 'a', share: 40 }]) as any; // prettier-ignore
    expect(value).toEqual({ amount: '26000000.00', currency: 'GBP', qualifier: 'about', roundedTo: '400000.00' });
  });

  it('is counted with each once, and what is joint apart', async () => {
    await award('shared', '2016', { value: gbp('1000'), suppliers: [{ supplier: 'csc', share: '60' }, { supplier: 'atos', share: '40' }] }); // prettier-ignore
    await award('joint', '2016', { value: gbp('70'), suppliers: [{ supplier: 'csc', role: 'joint' }, { supplier: 'atos', role: 'joint' }] }); // prettier-ignore
    await award('alone', '2016', { value: gbp('5') });
    const read = await rows();
    expect(await read.row('exposure', 'supplier:csc')).toMatchObject({ ceiling: { text: '£605' }, jointly: { text: '£70', contracts: 1 }, counts: { contracts: 3 } }); // prettier-ignore
    expect(await read.row('exposure', 'supplier:atos')).toMatchObject({ ceiling: { text: '£400' }, jointly: { text: '£70' }, counts: { contracts: 2 } }); // prettier-ignore
    expect((await read.row('money', 'programme:met')).outside.ceiling.text).toBe('£1,075');
    expect((await read.row('money', 'contract:shared')).suppliers).toMatchObject([
      { supplier: 'csc', promised: gbp('600.00'), jointly: false },
      { supplier: 'atos', promised: gbp('400.00') },
    ]);
  });

  it('names the members of a joint venture beside it', async () => {
    await world.record('supplier-jv', 'RegisterSupplier', { title: 'JV', form: 'joint-venture', members: ['csc'] });
    await award('back-office', '2016', { suppliers: [{ supplier: 'jv' }] });
    expect(await (await rows()).row('exposure', 'supplier:jv')).toMatchObject({ ceiling: { text: '£100' }, members: [{ supplier: 'csc', title: 'CSC' }] }); // prettier-ignore
  });
});

describe('more suppliers than a row carries', () => {
  it('are counted, listed in full, and found by a filter', async () => {
    for (let n = 0; n < 22; n++) {
      await world.record(`supplier-s-${n}`, 'RegisterSupplier', { title: `S ${n}`, form: 'company' });
      await world.record('contract-desks', 'AdmitSupplier', { supplier: `s-${n}`, lot: 'north' });
    }
    const read = await rows();
    for (const name of ['contract-register', 'frameworks']) {
      const with_ = (supplier: string) => read.projector.rows(name, { limit: 10, filters: { supplier } });
      expect(((await with_('s-0')).rows as any[]).length).toBe(1);
      expect(((await with_('eviden')).rows as any[]).length).toBe(0);
    }
    const row = await read.row('frameworks', 'framework:desks');
    expect([row.suppliers.length, row.counts.suppliers]).toEqual([20, 25]);
    expect(row.supplierName).toMatch(/^S 2, .*, S 21 and 5 more$/);
  });
});
