import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { closeRows, rowsAfter } from '../engine/rows-after.js';
import { recordWorld, World } from '../random-history.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const award = { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: gbp('95000000') };

let world: World;
beforeEach(async () => {
  world = new World('2019-11-04');
  await recordWorld(world);
});
afterEach(closeRows);

it('the latest end of a contract counts the options that are still open, each once', async () => {
  const options = [
    { option: 'year-7', months: 12 },
    { option: 'year-8', months: 12 },
  ];
  await world.record('contract-hosting', 'AwardContract', { ...award, startsOn: '2016-01-01', endsOn: '2021-12-31', options });
  await world.record('contract-hosting', 'SignContract', {});
  await world.record('contract-hosting', 'ExerciseExtension', { option: 'year-7' });
  const [hosting] = (await (await rowsAfter(await world.events())).row('tower-board', 'tower:hosting')).contracts;
  expect(hosting.term).toMatchObject({ ends: '2022-12-31', latestEnd: '2023-12-31' });
});

it('a tower shows the contract in force before one that has ended, however new that is', async () => {
  for (const id of ['contract-old', 'contract-new']) {
    await world.record(id, 'AwardContract', award);
    await world.record(id, 'SignContract', {});
  }
  await world.record('contract-new', 'TerminateContract', { ground: 'Convenience' });
  await world.record('contract-new', 'CloseContract', { finalValue: gbp('1'), endedOn: '2016-01-04' });
  const { contracts } = await (await rowsAfter(await world.events())).row('tower-board', 'tower:hosting');
  expect(contracts.map(({ contract }: { contract: string }) => contract)).toEqual(['old', 'new']);
});

it('the register counts what it lists of a contract', async () => {
  await world.record('contract-hosting', 'AwardContract', award);
  await world.record('contract-hosting', 'PublishAwardNotice', { reference: '2016/S 045' });
  await world.record('contract-hosting', 'SignContract', {});
  await world.record('contract-hosting', 'ApproveChange', { kind: 'value', to: gbp('96000000') });
  await world.record('contract-hosting', 'ApproveChange', { kind: 'value', to: gbp('97000000') });
  await world.record('contract-hosting', 'RecordDelay', { milestone: 'Go-live', to: '2021' });
  await world.record('contract-hosting', 'NovateContract', { supplier: 'atos' });
  const row = await (await rowsAfter(await world.events())).row('contract-register', 'contract:hosting');
  expect(row.counts).toEqual({ changes: 2, delays: 1, novations: 1, notices: 1, suppliers: 2, terminations: 0 });
});
