import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { towerBoard } from '../../projections/tower-board.js';
import { closeRows, Rows } from '../engine/rows-after.js';
import { recordWorld, World } from '../random-history.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
let world: World;
beforeEach(async () => {
  world = new World('2009-01-05');
  await recordWorld(world);
  world.wait(4000);
});
afterEach(closeRows);

const plan = (id: string, on = '2010') => world.record(`tower-${id}`, 'PlanTower', { programme: 'met', title: id }, { effectiveOn: on });
const award = (id: string, amount: string, towers: readonly string[], more: object = {}) =>
  world.record(
    `contract-${id}`,
    'AwardContract',
    { programme: 'met', title: id, towers, suppliers: [{ supplier: 'csc' }], value: gbp(amount), ...more },
    { effectiveOn: '2012' },
  );
const split = (tower: string, into: readonly object[], effectiveOn?: string) =>
  world.record(`tower-${tower}`, 'SplitTower', { into }, effectiveOn === undefined ? {} : { effectiveOn });
const merge = (tower: string, into: string, effectiveOn?: string) =>
  world.record(`tower-${tower}`, 'MergeTowers', { into }, effectiveOn === undefined ? {} : { effectiveOn });

const board = async () => {
  const rows = await new Rows(world.store, [towerBoard]).read();
  const row = (id: string): Promise<any> => rows.row('tower-board', `tower:${id}`);
  /** What a tower's row says: its contracts, how many, and what they come to. */
  const says = async (id: string) => {
    const { contracts, counts, total } = await row(id);
    return [contracts.map(({ contract }: { contract: string }) => contract).join(' '), counts.contracts, total.text];
  };
  return { rows, row, says };
};

describe('a tower that was split', () => {
  beforeEach(async () => {
    for (const id of ['desk', 'print', 'cloud']) await plan(id);
    await award('a', '100', ['euc']);
    await award('b', '20', ['euc']);
    await award('c', '3', ['euc']);
  });

  it('leaves its contracts, with all that is planned and recorded of them, to the towers that go on with them', async () => {
    await world.record('programme-met', 'RaiseRisk', {
      risk: 'r',
      summary: 'Late',
      source: { title: 'A report' },
      about: { contract: 'a' },
    });
    await split(
      'euc',
      [
        { tower: 'desk', contracts: ['a'] },
        { tower: 'print', contracts: ['b'] },
      ],
      '2015',
    );
    const { says, row } = await board();
    expect(await Promise.all(['euc', 'desk', 'print'].map(says))).toEqual([
      ['c', 1, '£3'],
      ['a', 1, '£100'],
      ['b', 1, '£20'],
    ]);
    expect(await row('desk')).toMatchObject({ stage: 'awarded', stageOf: 'own', contracts: [{ contract: 'a', risks: [{ risk: 'r' }] }] });
    expect(await row('euc')).toMatchObject({ stage: 'split', stageOf: null });
  });

  it('held all of them on the day before', async () => {
    await split(
      'euc',
      [
        { tower: 'desk', contracts: ['a'] },
        { tower: 'print', contracts: ['b'] },
      ],
      '2015-06-01',
    );
    const { rows } = await board();
    const on = async (day: string, id: string): Promise<any> =>
      (await rows.projector.ask('tower-board', (_, days) => days.row({ day, at: rows.projector.sequence }, `tower:${id}`)))?.row;
    expect([(await on('2015-05-31', 'euc')).total.text, (await on('2015-05-31', 'desk')).total.text]).toEqual(['£123', 'nothing']);
    expect([(await on('2015-06-01', 'euc')).total.text, (await on('2015-06-01', 'desk')).total.text]).toEqual(['£3', '£100']);
  });

  it('and those that go on may be split and merged again', async () => {
    await split(
      'euc',
      [
        { tower: 'desk', contracts: ['a', 'c'] },
        { tower: 'print', contracts: ['b'] },
      ],
      '2015',
    );
    await plan('phones', '2010');
    await split('desk', [{ tower: 'cloud', contracts: ['a'] }, { tower: 'phones' }], '2016');
    await merge('print', 'phones', '2017');
    await merge('cloud', 'hosting', '2018');
    const { says } = await board();
    expect(await Promise.all(['euc', 'desk', 'print', 'cloud', 'phones', 'hosting'].map(says))).toEqual([
      ['', 0, 'nothing'],
      ['c', 1, '£3'],
      ['', 0, 'nothing'],
      ['', 0, 'nothing'],
      ['b', 1, '£20'],
      ['a', 1, '£100'],
    ]);
  });

  it('a contract that several go on with counts in each of them, as one that was awarded for several, and once where these are merged', async () => {
    await split(
      'euc',
      [
        { tower: 'desk', contracts: ['a'] },
        { tower: 'print', contracts: ['a', 'b'] },
      ],
      '2015',
    );
    await award('d', '7000', ['desk', 'print']);
    const before = await board();
    expect(await Promise.all(['desk', 'print'].map(before.says))).toEqual([
      ['d a', 2, '£7,100'],
      ['d a b', 3, '£7,120'],
    ]);
    expect((await before.rows.row('tower-board', 'programme:met')).totals.towers.text).toBe('£7,123');
    await merge('desk', 'print', '2018');
    const { says } = await board();
    expect(await says('print')).toEqual(['d a b', 3, '£7,120']);
  });

  it('a contract is not counted beside the one that replaces it in the tower that goes on', async () => {
    await split('euc', [{ tower: 'desk', contracts: ['a'] }, { tower: 'print' }], '2015');
    await award('new', '500', ['desk'], { replaces: 'a' });
    await world.record('contract-new', 'SignContract', {});
    expect(await (await board()).says('desk')).toEqual(['new a', 2, '£600']);
    await world.record('contract-new', 'StartService', {});
    const { row } = await board();
    expect((await row('desk')).total).toMatchObject({ text: '£500', replaced: 1 });
  });

  it('says why the total is as it is, with contracts that came from elsewhere', async () => {
    await split(
      'euc',
      [
        { tower: 'desk', contracts: ['a'] },
        { tower: 'print', contracts: ['b'] },
      ],
      '2015',
    );
    await award('d', '7000', ['desk']);
    await merge('print', 'desk', '2018');
    const { rows } = await board();
    const opened = async (id: string) => {
      const at = rows.projector.sequence;
      const { totals } = (await rows.projector.ask('tower-board', (of) => of.totalsOf(`tower:${id}`, at)))!;
      const { text, addsUp, contributions } = await rows.projector.ask('tower-board', (of) => of.opened(totals.get('/total')!, at));
      return [text, addsUp, contributions.map(({ key, notCounted = false }) => [key, notCounted])];
    };
    expect(await opened('desk')).toEqual([
      '£7,120',
      true,
      [
        ['contract:d', false],
        ['contract:b', false],
        ['contract:a', false],
      ],
    ]);
    expect(await opened('euc')).toEqual([
      '£3',
      true,
      [
        ['contract:a', true],
        ['contract:b', true],
        ['contract:c', false],
      ],
    ]);
  });

  it('a follower hears of a contract in the row of the tower that goes on, however often its towers were split and merged', async () => {
    await split('euc', [{ tower: 'desk', contracts: ['a'] }, { tower: 'print' }], '2015');
    await merge('desk', 'cloud', '2016');
    await merge('cloud', 'hosting', '2017');
    const { rows } = await board();
    const from = rows.projector.sequence;
    await world.record('contract-a', 'ApproveChange', { kind: 'value', to: gbp('900') }, { effectiveOn: '2018' });
    const after = await board();
    const { updates } = await after.rows.projector.updates('tower-board', from);
    expect(updates.flatMap(({ changes }) => Object.keys(changes))).toContain('tower:hosting');
    expect((await after.row('hosting')).total.text).toBe('£900');
  });
});

describe('however towers were split and merged', () => {
  const TOWERS = ['hosting', 'euc', 'desk', 'print', 'cloud'];
  const CONTRACTS = ['a', 'b', 'c', 'd'];
  const move = fc.record({
    kind: fc.constantFrom('split' as const, 'merge' as const),
    tower: fc.constantFrom(...TOWERS),
    into: fc.constantFrom(...TOWERS),
    other: fc.constantFrom(...TOWERS),
    takes: fc.subarray(CONTRACTS, { maxLength: 2 }),
  });
  const refused = new Set<string>();

  it('the rows of the towers come to what the contracts come to, each counted once and only once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(move, { minLength: 1, maxLength: 6 }),
        fc.array(fc.constantFrom(...TOWERS), { minLength: 4, maxLength: 4 }),
        async (moves, homes) => {
          world = new World('2019-11-04');
          await recordWorld(world);
          for (const id of TOWERS.slice(2)) await plan(id);
          for (const [i, id] of CONTRACTS.entries()) await award(id, String(10 ** i), [homes[i]!]);
          for (const { kind, tower, into, other, takes } of moves) {
            const [command, data] =
              kind === 'merge'
                ? ['MergeTowers', { into }]
                : ['SplitTower', { into: [{ tower: into, ...(takes.length > 0 && { contracts: takes }) }, { tower: other }] }];
            await world.try(`tower-${tower}`, command, data);
          }
          for (const code of world.refused.keys()) refused.add(code);
          const { rows } = await board();
          const all = await Promise.all(TOWERS.map((id) => rows.row('tower-board', `tower:${id}`)));
          const sum = all
            .flatMap(({ total }) => total.amounts)
            .reduce((sum: number, { amount }: { amount: string }) => sum + Number(amount), 0);
          const held = all.flatMap(({ contracts }) => contracts.map(({ contract }: { contract: string }) => contract));
          expect([sum, held.sort()]).toEqual([1111, CONTRACTS]);
          expect(all.reduce((n, { counts }) => n + counts.contracts, 0)).toBe(4);
          await closeRows();
        },
      ),
      { numRuns: 40, endOnFailure: true },
    );
    expect([...refused]).toEqual(expect.arrayContaining(['tower/successor-over', 'tower/contract-of-another-tower']));
  }, 60_000);
});
