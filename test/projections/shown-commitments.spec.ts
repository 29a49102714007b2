import { beforeEach, describe, expect, it } from '@jest/globals';
import { committedShown, commits, minus, notInCircles } from '../../projections/commitments.js';
import type { Lookup, ShownTotal } from '../../src/kernel/index.js';
import { recordWorld, World } from '../random-history.js';
import { inMemory } from './in-memory.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const running = { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: gbp('100'), vat: 'ex', stage: 'live', role: 'tower' }; // prettier-ignore
let world: World;
const record = (id: string, more: object = {}) => world.record(`contract-${id}`, 'RecordContract', { ...running, ...more });
beforeEach(async () => {
  world = new World('2019-11-04');
  await recordWorld(world);
});
/** The totals of two towers, and of the programme's towers and of what is outside them: their text, how many contracts, how many are replaced. */
const totals = async () => {
  const board = await inMemory('tower-board', world);
  const of = ({ text, replaced }: any) => `${text}, ${replaced} replaced`;
  const { towers, outside } = board.row('programme:met').totals;
  return [of(board.row('tower:hosting').total), of(board.row('tower:euc').total), of(towers), of(outside)];
};

describe('a contract that a running one has taken the place of', () => {
  it('is counted no more where that stands', async () => {
    await record('old', { towers: ['hosting', 'euc'] });
    expect(await totals()).toEqual(['£100, 0 replaced', '£100, 0 replaced', '£100, 0 replaced', 'nothing, 0 replaced']);
    await record('new', { value: gbp('300'), replaces: 'old' });
    expect(await totals()).toEqual(['£300, 1 replaced', '£100, 0 replaced', '£300, 1 replaced', 'nothing, 0 replaced']);
  });

  it('is counted in its own group: a contract outside the towers takes no money from these', async () => {
    await record('old');
    await record('new', { role: 'outside', value: gbp('300'), replaces: 'old' });
    expect(await totals()).toEqual(['£100, 0 replaced', 'nothing, 0 replaced', '£100, 0 replaced', '£300, 0 replaced']);
    await record('desk', { towers: [], role: 'outside', value: gbp('7') });
    await record('newer', { towers: [], role: 'outside', value: gbp('8'), replaces: 'desk' });
    expect((await totals()).at(-1)).toBe('£308, 1 replaced');
  });

  it('is counted where it promised nothing, as nothing: a framework, and a plan', async () => {
    await record('frame', { kind: 'framework', value: gbp('9000') });
    await world.record('contract-plan', 'PlanContract', { programme: 'met', title: 'Plan', towers: ['hosting'] });
    await record('new', { value: gbp('300'), replaces: 'frame' });
    await record('other', { value: gbp('5'), replaces: 'plan' });
    expect((await totals())[0]).toBe('£305, 0 replaced');
  });

  it('is taken out once, whatever number took its place', async () => {
    await record('old', { value: gbp('100') });
    for (const id of ['a', 'b']) await record(id, { value: gbp('40'), replaces: 'old' });
    expect((await totals())[0]).toBe('£80, 1 replaced');
  });

  it('is out of the money of its programme: of its own VAT and state alone, and each figure opens without it', async () => {
    await record('old', { stage: 'signed' });
    await record('new', { value: gbp('300'), vat: 'inc', replaces: 'old' });
    await record('other', { value: gbp('7') });
    const money = await inMemory('money', world);
    const { towers } = money.row('programme:met');
    const texts = (parts: object) => Object.entries<any>(parts).map(([of, { ceiling, contracts }]) => `${of}: ${ceiling.text} of ${contracts}`); // prettier-ignore
    expect([towers.ceiling.text, towers.replaced]).toEqual(['£7 without VAT + £300 with VAT', 1]);
    expect([texts(towers.byVat), texts(towers.byState)]).toEqual([['ex: £7 of 1', 'inc: £300 of 1'], ['inForce: £7 without VAT + £300 with VAT of 2']]); // prettier-ignore
    expect([towers.vat, towers.byState.inForce.vat, towers.byState.inForce.original.text]).toEqual(['mixed', 'mixed', '£7 without VAT + £300 with VAT']); // prettier-ignore
    const without = (key: string) => money.addedUp.flatMap((total) => (total.key === `programme:met#${key}` && total.measures[0] === 'ceiling' ? [total.without] : [])); // prettier-ignore
    expect([without('towers/ex'), without('towers/inc'), without('towers')]).toEqual([[['contract:old']], [[]], [['contract:old'], ['contract:old']]]); // prettier-ignore
  });

  it('is counted where contracts replace each other in a circle: nobody took the place of another', async () => {
    const by = (...pairs: readonly string[]) => pairs.map((pair) => ({ by: pair[0]!, replaced: pair[1]! }));
    const left = (...pairs: readonly string[]) => notInCircles(by(...pairs)).map((one) => one.by + one.replaced);
    expect(left()).toEqual([]);
    expect(left('ab', 'bc')).toEqual(['ab', 'bc']);
    expect(left('aa')).toEqual([]);
    expect(left('ab', 'ba')).toEqual([]);
    // what replaces one of a circle did take its place
    expect(left('xa', 'ab', 'bc', 'ca', 'yx')).toEqual(['xa', 'yx']);
    expect(left('ab', 'ba', 'cd', 'dc', 'ef')).toEqual(['ef']);
  });
});

describe('a total of ceilings', () => {
  const value = (more: object = {}) => ({ stage: 'live', kind: 'contract', vat: 'ex', ceiling: gbp('100'), ...more }) as Parameters<typeof commits>[0]; // prettier-ignore
  const opened: ShownTotal[] = [];
  const lookup: Lookup = { day: '2019-11-04', get: () => undefined, newest: () => [], sum: (sums) => sums.total({}), measures: () => ({}), faulted: () => 0, addedUp: (_, total) => void opened.push(total) }; // prettier-ignore
  const shown = (...all: readonly ReturnType<typeof value>[]) =>
    committedShown(lookup, minus({}, ...all.map((one) => minus({}, commits(one)))), { key: 'tower:x', without: ['contract:old'] }, 1);

  it('has one figure for each VAT, and says of each which it is', () => {
    const { text, vat, amounts, byVat, contracts, replaced } = shown(
      value(),
      value({ vat: 'inc', ceiling: gbp('5') }),
      value({ vat: 'inc' }),
    );
    expect([text, vat, contracts, replaced]).toEqual(['£100 without VAT + £105 with VAT', 'mixed', 3, 1]);
    expect(amounts).toMatchObject([{ amount: '100.00', vat: 'ex', count: 1 }, { amount: '105.00', vat: 'inc', count: 2 }]); // prettier-ignore
    expect(Object.entries(byVat).map(([of, part]) => [of, part.text])).toEqual([['ex', '£100'], ['inc', '£105']]); // prettier-ignore
  });

  it('of one VAT is one figure, and of nothing none', () => {
    const one = shown(value(), value({ ceiling: gbp('1') }));
    expect([one.text, one.vat, one.amounts.length, Object.keys(one.amounts[0]!).includes('vat')]).toEqual(['£101', 'ex', 1, false]);
    expect(shown()).toEqual({ amounts: [], undisclosed: 0, withheld: 0, unknown: 0, text: 'nothing', vat: null, byVat: {}, contracts: 0, replaced: 1 }); // prettier-ignore
  });

  it('counts what is undisclosed, withheld or not known with the VAT that it has, also where nothing else has it', () => {
    const missing = [{ undisclosed: true }, { withheld: { why: 'Commercial' } }, { unknown: true }];
    for (const ceiling of missing) expect(shown(value({ ceiling }), value({ vat: 'inc' }))).toMatchObject({ vat: 'mixed', text: `1 ${Object.keys(ceiling)[0]} without VAT + £100 with VAT` }); // prettier-ignore
    const all = shown(...missing.map((ceiling) => value({ ceiling })));
    expect([all.vat, all.text, all.contracts]).toEqual(['ex', '1 undisclosed, 1 withheld, 1 unknown', 3]);
    expect(shown(value({ ceiling: missing[0] }), value({ ceiling: missing[0], vat: 'inc' })).undisclosed).toBe(2);
  });

  it('counts no framework and nothing that was never promised', () =>
    expect(shown(value({ kind: 'framework' }), value({ stage: 'planned' }), value({ stage: 'cancelled' }))).toMatchObject({ text: 'nothing', vat: null, contracts: 0 })); // prettier-ignore

  it('can be opened into what it adds up, without what was replaced', () => {
    shown(value());
    expect(opened.at(-1)).toEqual({ key: 'tower:x', without: ['contract:old'], measures: ['ex', 'inc', 'unknown'], field: '/ceiling' });
  });
});

describe('a total of which there is more than it looks at says so', () => {
  it('of replacements: the newest 200 are taken out, and what others replace is counted beside them', async () => {
    for (let i = 0; i <= 200; i++) {
      await record(`old-${i}`);
      await record(`new-${i}`, { value: gbp('300'), replaces: `old-${i}` });
    }
    const [text, beyond] = ['£60,400, up to 1 replacement not looked at', 1];
    const board = await inMemory('tower-board', world);
    const counted = { text, replaced: 200, beyond };
    expect([board.row('tower:hosting').total, board.row('programme:met').totals.towers]).toMatchObject([counted, counted]);
    expect(board.row('tower:euc').total).not.toHaveProperty('beyond');
    expect((await inMemory('exposure', world)).row('supplier:csc')).toMatchObject({ ceiling: { text }, replaced: 200, beyond });
    expect((await inMemory('money', world)).row('programme:met').towers).toMatchObject({ ceiling: { text }, replaced: 200, beyond });
  }, 60_000);

  it('of contracts of several towers that became one: the newest 200 are counted once, the others in each', async () => {
    for (let i = 0; i <= 200; i++) await record(`both-${i}`, { towers: ['hosting', 'euc'] });
    await world.record('tower-hosting', 'MergeTowers', { into: 'euc' });
    const board = await inMemory('tower-board', world);
    expect(board.row('tower:euc').total).toMatchObject({ text: '£20,200, up to 2 contracts of several towers not looked at', beyond: 2 });
  }, 60_000);
});
