import { describe, expect, it } from '@jest/globals';
import { inMemory } from '../projections/in-memory.js';
import { recordWorld, World } from '../random-history.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const award = { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: gbp('95000000') };
const raised = { programme: 'met', title: 'Paid twice', bearer: 'authority', category: 'overpayment', gross: gbp('100') };
const press = { evidence: [{ title: 'Press' }] };

const world2016 = async (): Promise<World> => {
  const world = new World('2016-01-04');
  await recordWorld(world);
  return world;
};
const firstOf = async (world: World, stream: string) => (await world.history(stream)).entries[0]!.recorded.id;
const correct = async (world: World, stream: string, ...changes: readonly object[]) =>
  world.record(stream, 'CorrectFact', { event: await firstOf(world, stream), changes, because: 'error' });

describe('an identifier that was left out is added by a correction, and the rows follow', () => {
  it('the contract and the supplier of a loss', async () => {
    const world = await world2016();
    await world.record('contract-c', 'AwardContract', award);
    await world.record('loss-l', 'RaiseLoss', raised);
    expect((await inMemory('exposure', world)).row('supplier:csc').lossList).toEqual([]);
    await correct(world, 'loss-l', { pointer: '/contract', value: 'c' }, { pointer: '/supplier', value: 'csc' });
    expect((await inMemory('exposure', world)).row('loss:l')).toMatchObject({ contract: 'c', supplier: 'csc' });
    expect((await inMemory('tower-board', world)).row('tower:hosting').contracts[0].losses).toMatchObject([{ loss: 'l' }]);
  });

  it('the towers of a contract and what it replaces', async () => {
    const world = await world2016();
    await world.record('contract-old', 'AwardContract', { ...award, title: 'Old' });
    const { towers: _, ...outside } = award;
    await world.record('contract-c', 'AwardContract', outside);
    await correct(world, 'contract-c', { pointer: '/towers', value: ['euc'] }, { pointer: '/replaces', value: 'old' });
    const { contracts } = (await inMemory('tower-board', world)).row('tower:euc');
    expect(contracts.map(({ contract }: { contract: string }) => contract)).toEqual(['c']);
    expect((await world.history('contract-c')).state).toMatchObject({ towers: ['euc'], replaces: 'old' });
  });
});

describe('what cannot be corrected alone is corrected together', () => {
  it('who moved and who was retained in a transfer', async () => {
    const world = await world2016();
    const from = { employer: 'authority', function: 'it', unit: 'people' };
    const counted = { programme: 'met', employer: 'authority', function: 'it', headcount: { count: 800, unit: 'people' } };
    await world.record('workforce-met', 'RecordBaseline', counted);
    const transfer = { transfer: 't', from, to: { ...from, employer: 'csc' }, inScope: 100, moved: 90, objected: 0, retained: 10, left: 0 };
    const { events } = await world.record('workforce-met', 'TransferStaff', transfer);
    const mend = (...changes: readonly object[]) =>
      world.record('workforce-met', 'CorrectFact', { event: events[0]!.id!, changes, because: 'error' });
    await expect(mend({ pointer: '/moved', value: 80 })).rejects.toMatchObject({ code: 'ledger/wrong-value' });
    await mend({ pointer: '/moved', value: 80 }, { pointer: '/retained', value: 20 });
    const pools = (await inMemory('workforce', world)).row('workforce:met').pools as { employer: string; text: string }[];
    expect(pools.map(({ employer, text }) => [employer, text])).toEqual([
      ['authority', '720 people'],
      ['csc', 'unknown, net +80 recorded'],
    ]);
  });
});

describe('a claim', () => {
  const claims = async (world: World, stream: string, claim: object) =>
    world.record(stream, 'Annotate', { event: await firstOf(world, stream), note: 'The press says', claim }, press);
  const open = async (world: World, projection: string, key: string) =>
    (await inMemory(projection, world)).row(key).trail.claims.map(({ value }: { value: object }) => value);

  it('that equals what was disclosed since is no conflict, and one that differs is', async () => {
    const world = await world2016();
    await world.record('contract-c', 'AwardContract', { ...award, value: { undisclosed: true } });
    await claims(world, 'contract-c', { pointer: '/value', value: gbp('96000000') });
    await claims(world, 'contract-c', { pointer: '/value', value: gbp('95000000') });
    const both = [gbp('96000000'), gbp('95000000')];
    expect(await open(world, 'contract-register', 'contract:c')).toEqual(both);
    const { events } = await world.record('contract-c', 'DiscloseValue', { value: gbp('96000000.00') });
    expect(await open(world, 'contract-register', 'contract:c')).toEqual([gbp('95000000')]);
    await world.record('contract-c', 'WithdrawFact', { event: events[0]!.id! });
    expect(await open(world, 'contract-register', 'contract:c')).toEqual(both);
  });

  it('that equals what a loss was revised to is none either', async () => {
    const world = await world2016();
    await world.record('loss-l', 'RaiseLoss', raised);
    await claims(world, 'loss-l', { pointer: '/gross', value: gbp('250') });
    expect(await open(world, 'exposure', 'loss:l')).toEqual([gbp('250')]);
    await world.record('loss-l', 'ReviseLoss', { gross: gbp('250') });
    expect(await open(world, 'exposure', 'loss:l')).toEqual([]);
  });
});

describe('what is withdrawn and taken back', () => {
  it('leaves every total, and comes back into it', async () => {
    const world = await world2016();
    await world.record('contract-c', 'AwardContract', award);
    const { events } = await world.record('contract-c', 'ApproveChange', { kind: 'value', by: gbp('1000000') });
    const total = async () => (await inMemory('money', world)).row('programme:met').towers.ceiling.text;
    const event = events[0]!.id!;
    expect(await total()).toBe('£96m');
    await world.record('contract-c', 'WithdrawFact', { event });
    expect(await total()).toBe('£95m');
    await world.record('contract-c', 'ReinstateFact', { event });
    expect(await total()).toBe('£96m');
  });

  it('a duplicate leaves totals and rows, and the one that is kept stays', async () => {
    const world = await world2016();
    await world.record('contract-c', 'AwardContract', award);
    await world.record('contract-d', 'AwardContract', award);
    await world.record('contract-d', 'MarkDuplicate', { of: 'c' });
    expect((await inMemory('money', world)).row('programme:met').towers.ceiling.text).toBe('£95m');
    expect((await inMemory('contract-register', world)).keys()).toEqual(['contract:c']);
  });
});
