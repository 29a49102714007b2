import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { closeRows, rowsAfter } from '../engine/rows-after.js';
import { recordWorld, World } from '../random-history.js';

const award = { programme: 'met', title: 'Hosting', towers: ['hosting'], supplier: 'csc', value: { amount: '95000000', currency: 'GBP' } };

let world: World;
beforeEach(async () => {
  world = new World('2016-01-04');
  await recordWorld(world);
});
afterEach(closeRows);

const register = async () => {
  const rows = await rowsAfter(await world.events());
  return {
    rows,
    row: (id: string) => rows.row('contract-register', `contract:${id}`),
    keys: async (filters: Record<string, string> = {}) =>
      (await rows.projector.rows('contract-register', { filters })).rows.map(({ key }) => key.slice('contract:'.length)),
  };
};
const firstOf = async (stream: string): Promise<string> => (await world.store.read(stream))[0]!.id;

describe('the contract register', () => {
  it('has every contract whole, with the name of its supplier', async () => {
    await world.record('contract-hosting', 'AwardContract', award);
    expect(await (await register()).row('hosting')).toMatchObject({
      contract: 'hosting',
      stage: 'awarded',
      supplier: 'csc',
      supplierName: 'CSC',
      towers: ['hosting'],
      original: award.value,
      dates: { awarded: '2016-01-04' },
    });
  });

  it('has a contract that is planned, before anybody supplies it', async () => {
    await world.record('contract-networks', 'PlanContract', { programme: 'met', title: 'Networks' });
    expect(await (await register()).row('networks')).toMatchObject({ stage: 'planned', supplierName: null, original: { unknown: true } });
  });

  it('finds contracts by programme, supplier, tower and stage', async () => {
    await world.record('contract-a', 'AwardContract', award);
    await world.record('contract-b', 'AwardContract', { ...award, towers: ['hosting', 'euc'], supplier: 'atos' });
    await world.record('contract-b', 'SignContract', {});
    const { keys } = await register();
    expect(await keys()).toEqual(['a', 'b']);
    expect(await keys({ programme: 'met' })).toEqual(['a', 'b']);
    expect(await keys({ supplier: 'atos' })).toEqual(['b']);
    expect(await keys({ tower: 'hosting' })).toEqual(['a', 'b']);
    expect(await keys({ tower: 'euc', stage: 'signed' })).toEqual(['b']);
    expect(await keys({ tower: 'euc', stage: 'awarded' })).toEqual([]);
  });

  it('keeps a terminated contract, and who caused its end', async () => {
    await world.record('contract-other', 'AwardContract', award);
    await world.record('contract-hosting', 'AwardContract', award);
    await world.record('contract-hosting', 'SignContract', {});
    await world.record('contract-hosting', 'TerminateContract', { ground: 'Its tower is gone', causedBy: 'other' });
    expect(await (await register()).row('hosting')).toMatchObject({
      stage: 'exiting',
      terminations: [{ ground: 'Its tower is gone', causedBy: 'other', partial: false, on: '2016-01-04' }],
    });
  });

  it('has no longer a contract that never was', async () => {
    await world.record('contract-hosting', 'AwardContract', award);
    await world.record('contract-hosting', 'WithdrawFact', { event: await firstOf('contract-hosting') });
    const { keys, rows } = await register();
    expect(await keys()).toEqual([]);
    expect((await rows.updates('contract-register')).at(-1)!.changes).toEqual({ 'contract:hosting': null });
  });

  it('shows what it believes now, and what it believed then', async () => {
    await world.record('contract-hosting', 'AwardContract', award);
    const then = (await world.events()).length;
    await world.record('contract-hosting', 'CorrectFact', { event: await firstOf('contract-hosting'), pointer: '/effectiveOn', value: '2015-12-01', because: 'better-source' }); // prettier-ignore
    const { row, rows } = await register();
    expect(await row('hosting')).toMatchObject({ dates: { awarded: '2015-12-01' }, trail: { corrections: 1, daysLate: 34 } });
    expect(await rows.row('contract-register', 'contract:hosting', then)).toMatchObject({
      dates: { awarded: '2016-01-04' },
      trail: { corrections: 0, daysLate: 0 },
    });
  });

  it('lists what is late, with its cause', async () => {
    await world.record('contract-hosting', 'AwardContract', award);
    await world.record('contract-hosting', 'RecordDelay', { milestone: 'Go-live', from: '2016-06', to: 'unknown', cause: 'Migration' });
    expect((await (await register()).row('hosting')).delays).toEqual([
      { milestone: 'Go-live', from: '2016-06', to: 'unknown', cause: 'Migration', event: expect.any(String) },
    ]);
  });

  it('says who gave notice, and forgets a notice that was withdrawn', async () => {
    await world.record('contract-hosting', 'AwardContract', award);
    await world.record('contract-hosting', 'SignContract', {});
    await world.record('contract-hosting', 'GiveTerminationNotice', { by: 'supplier', takesEffectOn: '2016-09' });
    expect(await (await register()).row('hosting')).toMatchObject({
      stage: 'notice-given',
      notice: { by: 'supplier', takesEffectOn: '2016-09' },
    });
    await world.record('contract-hosting', 'WithdrawTerminationNotice', {});
    const { notice, stage } = await (await register()).row('hosting');
    expect([stage, notice]).toEqual(['signed', undefined]);
  });
});
