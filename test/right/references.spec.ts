import { describe, expect, it } from '@jest/globals';
import { registerTotals } from '../../projections/register-totals.js';
import { inMemory } from '../projections/in-memory.js';
import { recordWorld, World } from '../random-history.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const award = { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: gbp('95000000') };

const world2016 = async (): Promise<World> => {
  const world = new World('2016-01-04');
  await recordWorld(world);
  return world;
};
const correct = async (world: World, stream: string, pointer: string, value: object | string) => {
  const event = (await world.history(stream)).entries[0]!.recorded.id;
  return world.record(stream, 'CorrectFact', { event, changes: [{ pointer, value }], because: 'error' });
};

describe('a contract is not in the way of itself', () => {
  it.each([
    ['replaces', { replaces: 'c' }, 'contract/replaces-itself'],
    ['is called off from', { framework: { contract: 'c' } }, 'contract/framework-of-itself'],
  ])('it never %s itself, once it is planned', async (_, named, code) => {
    const world = await world2016();
    await world.record('contract-c', 'PlanContract', { programme: 'met', title: 'Hosting', towers: ['hosting'] });
    await expect(world.record('contract-c', 'AwardContract', { ...award, ...named })).rejects.toMatchObject({ code });
  });

  it.each([
    ['PlanContract', { programme: 'met', title: 'Hosting' }],
    ['AwardContract', award],
    ['RecordContract', { ...award, stage: 'live', role: 'tower' }],
  ])('nor by a correction of %s', async (command, data) => {
    const world = await world2016();
    await world.record('contract-c', command, data);
    const refused = { code: 'ledger/names-itself' };
    await expect(correct(world, 'contract-c', '/replaces', 'c')).rejects.toMatchObject(refused);
    await expect(correct(world, 'contract-c', '/framework', { contract: 'c' })).rejects.toMatchObject(refused);
  });
});

describe('contracts that are said to replace each other', () => {
  it('are both counted, since neither took the place of the other; one that replaces another is counted alone', async () => {
    const world = await world2016();
    for (const id of ['a', 'b']) {
      await world.record(`contract-${id}`, 'AwardContract', { ...award, ...(id === 'b' && { replaces: 'a' }) });
      await world.record(`contract-${id}`, 'StartService', {});
    }
    const totals = async () => {
      const board = await inMemory('tower-board', world);
      const money = (await inMemory('money', world)).row('programme:met').towers.ceiling.text;
      const exposure = (await inMemory('exposure', world)).row('supplier:csc').ceiling.text;
      const register = await inMemory('contract-register', world);
      const { ceiling } = registerTotals.total(['contract:a', 'contract:b'].map((key) => registerTotals.part(register.row(key))));
      return [board.row('tower:hosting').total.text, board.row('programme:met').totals.towers.text, money, exposure, ceiling];
    };
    expect(await totals()).toEqual(Array(5).fill('£95m'));
    await correct(world, 'contract-a', '/replaces', 'b');
    expect(await totals()).toEqual(Array(5).fill('£190m'));
  });
});
