import { beforeEach, describe, expect, it } from '@jest/globals';
import { NEWEST } from '../../src/kernel/index.js';
import { recordWorld, World } from '../random-history.js';
import { inMemory } from './in-memory.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
let world: World;
beforeEach(async () => {
  world = new World('2019-11-04');
  await recordWorld(world);
  for (const id of ['desk', 'print', 'cloud']) await world.record(`tower-${id}`, 'PlanTower', { programme: 'met', title: id });
});
const record = (id: string, amount: string, towers: readonly string[], more: object = {}) =>
  world.record(`contract-${id}`, 'RecordContract', { programme: 'met', title: id, towers, suppliers: [{ supplier: 'csc' }], value: gbp(amount), stage: 'live', role: 'tower', ...more }); // prettier-ignore
const split = (tower: string, ...into: readonly object[]) => world.record(`tower-${tower}`, 'SplitTower', { into });
const merge = (tower: string, into: string) => world.record(`tower-${tower}`, 'MergeTowers', { into });
/** What the row of each tower says: its contracts in order, how many, what they come to, and its stage. */
const says = async (...ids: readonly string[]) => {
  const board = await inMemory('tower-board', world);
  return ids.map((id) => {
    const { contracts, counts, total, stage } = board.row(`tower:${id}`);
    return [contracts.map(({ contract }: { contract: string }) => contract).join(' '), counts.contracts, total.text, stage];
  });
};

describe('a tower that was split', () => {
  beforeEach(async () => {
    await record('a', '100', ['euc']);
    await record('b', '20', ['euc']);
  });

  it('keeps the contracts that it gave to nobody, and gives none that it never had: its tower was corrected since', async () => {
    const { events } = await record('other', '7', ['euc']);
    await split('euc', { tower: 'desk', contracts: ['a', 'other'] }, { tower: 'print' });
    await world.record('contract-other', 'CorrectFact', { event: events[0]!.id!, changes: [{ pointer: '/towers', value: ['cloud'] }], because: 'error' }); // prettier-ignore
    expect(await says('euc', 'desk', 'print', 'cloud')).toEqual([
      ['b', 1, '£20', 'split'],
      ['a', 1, '£100', 'live'],
      ['', 0, 'nothing', 'planned'],
      ['other', 1, '£7', 'live'],
    ]);
  });

  it('keeps the oldest of its contracts, also where it gave more of them away than a row shows', async () => {
    const given = Array.from({ length: NEWEST + 1 }, (_, n) => `c-${n}`);
    for (const id of given) await record(id, '1', ['euc']);
    await split('euc', { tower: 'desk', contracts: given }, { tower: 'print', contracts: ['b'] });
    const [euc, desk] = await says('euc', 'desk');
    expect(euc).toEqual(['a', 1, '£100', 'split']);
    expect([(desk![0] as string).split(' ').length, desk![1], desk![2]]).toEqual([NEWEST, NEWEST + 1, '£21']);
  });

  it('gives on what it was given itself', async () => {
    await split('euc', { tower: 'desk', contracts: ['a', 'b'] }, { tower: 'print' });
    await split('desk', { tower: 'cloud', contracts: ['b'] }, { tower: 'hosting' });
    expect(await says('euc', 'desk', 'cloud')).toEqual([['', 0, 'nothing', 'split'], ['a', 1, '£100', 'split'], ['b', 1, '£20', 'live']]); // prettier-ignore
  });

  it('gives to another one nothing that this had by itself', async () => {
    await record('both', '5', ['euc', 'desk']);
    await split('euc', { tower: 'desk', contracts: ['both', 'a'] }, { tower: 'print', contracts: ['both'] });
    expect(await says('desk', 'print', 'euc')).toEqual([['both a', 2, '£105', 'live'], ['both', 1, '£5', 'live'], ['b', 1, '£20', 'split']]); // prettier-ignore
  });

  it('is where what it was given stands: whose contract says so', async () => {
    await record('old', '1', ['hosting'], { role: 'incumbent', stage: 'exiting' });
    await split('hosting', { tower: 'cloud', contracts: ['old'] }, { tower: 'print' });
    const row = (await inMemory('tower-board', world)).row('tower:cloud');
    expect([row.stage, row.stageOf, row.predecessors]).toMatchObject(['exiting', 'incumbent', [{ tower: 'hosting', title: 'Hosting', how: 'split', contracts: ['old'], takes: null }]]); // prettier-ignore
  });

  it('no more than others counts what a running contract has taken the place of', async () => {
    await record('next', '30', ['euc'], { replaces: 'a' });
    await split('euc', { tower: 'desk', contracts: ['a', 'next'] }, { tower: 'print' });
    const { total } = (await inMemory('tower-board', world)).row('tower:desk');
    expect([total.text, total.replaced]).toEqual(['£30', 1]);
  });

  it('says of what its total is made: of all that stands under it but what it gave away, and of what it was given', async () => {
    await record('next', '30', ['euc'], { replaces: 'b' });
    await split('euc', { tower: 'desk', contracts: ['a'] }, { tower: 'print' });
    const rows = await inMemory('tower-board', world);
    const opened = (id: string) => {
      rows.addedUp.length = 0;
      rows.row(`tower:${id}`);
      return rows.addedUp;
    };
    const how = { measures: ['ex', 'inc', 'unknown'], field: '/ceiling' };
    expect(opened('euc')).toEqual([{ ...how, key: 'tower:euc', without: ['contract:b', 'contract:a'], also: [] }]);
    expect(opened('desk')).toEqual([{ ...how, key: 'tower:desk', without: [], also: [{ key: 'tower:euc', only: ['contract:a'] }] }]);
  });
});

describe('towers that became one', () => {
  it('are where a contract of any of them stands, and name where they came from', async () => {
    await record('theirs', '3', ['print'], { stage: 'signed' });
    await merge('print', 'desk');
    const row = (await inMemory('tower-board', world)).row('tower:desk');
    expect([row.stage, row.stageOf, row.predecessors]).toMatchObject(['transitioning', 'own', [{ tower: 'print', title: 'print', how: 'merged' }]]); // prettier-ignore
  });

  it('have all their contracts in one place: each once, those in force first, and no total of their own', async () => {
    await record('ended', '1', ['desk'], { stage: 'closed' });
    await record('own', '100', ['desk']);
    await record('both', '20', ['desk', 'print']);
    await record('theirs', '3', ['print'], { kind: 'call-off', framework: { reference: 'RM 1' } });
    await record('frame', '9000', ['desk', 'print'], { kind: 'framework' });
    await world.record('contract-plan', 'PlanContract', { programme: 'met', title: 'Plan', towers: ['print'] });
    await merge('print', 'desk');
    expect(await says('desk', 'print')).toEqual([
      ['both own theirs plan ended', 5, '£124', 'live'],
      ['', 0, 'nothing', 'merged'],
    ]);
    const rows = await inMemory('tower-board', world);
    rows.row('tower:desk');
    expect(rows.addedUp).toMatchObject([{ key: 'tower:desk', without: [], also: [{ key: 'tower:print' }] }]);
    expect(rows.row('tower:print').total).toMatchObject({ text: 'nothing', replaced: 0 });
  });

  it('take out of their total what was replaced in any of them, and nothing that stands elsewhere', async () => {
    await record('old', '100', ['print']);
    await record('new', '30', ['desk'], { replaces: 'old' });
    await record('far', '5', ['cloud']);
    await record('near', '8', ['desk'], { replaces: 'far' });
    await record('out', '4', ['desk'], { role: 'outside' });
    await record('in', '2', ['desk'], { replaces: 'out' });
    await merge('print', 'desk');
    const rows = await inMemory('tower-board', world);
    expect([rows.row('tower:desk').total.text, rows.row('tower:desk').total.replaced]).toEqual(['£40', 1]);
    expect(rows.row('tower:cloud').total.text).toBe('£5');
  });

  it('count a contract of several of them once, however many these are', async () => {
    await record('all', '100', ['desk', 'print', 'cloud']);
    await record('one', '3', ['desk']);
    await record('frame', '9000', ['desk', 'print'], { kind: 'framework' });
    await record('out', '4', ['desk', 'print'], { role: 'outside' });
    for (const id of ['print', 'cloud']) await merge(id, 'desk');
    expect((await says('desk'))[0]!.slice(1, 3)).toEqual([2, '£103']);
    expect((await inMemory('tower-board', world)).placedBy('shared')).toMatchObject([{ key: 'shared:all', links: ['tower:desk', 'tower:print', 'tower:cloud'] }]); // prettier-ignore
  });

  it('hold what came to one of them before', async () => {
    await record('a', '100', ['euc']);
    await record('shared', '10', ['euc', 'hosting']);
    await split('euc', { tower: 'desk', contracts: ['a', 'shared'] }, { tower: 'print' });
    await merge('desk', 'cloud');
    await merge('cloud', 'hosting');
    expect(await says('hosting', 'cloud', 'desk')).toEqual([['shared a', 2, '£110', 'live'], ['', 0, 'nothing', 'merged'], ['', 0, 'nothing', 'merged']]); // prettier-ignore
  });
});
