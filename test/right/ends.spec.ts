import { describe, expect, it } from '@jest/globals';
import { InMemory, inMemory } from '../projections/in-memory.js';
import { recordWorld, World } from '../random-history.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const award = {
  programme: 'met',
  title: 'Hosting',
  towers: ['hosting'],
  suppliers: [{ supplier: 'csc' }],
  value: gbp('95000000'),
  startsOn: '2016-01-04',
  endsOn: '2016-12-31',
};
const world2016 = async (more: object = {}): Promise<World> => {
  const world = new World('2016-01-04');
  await recordWorld(world);
  await world.record('contract-c', 'AwardContract', { ...award, ...more });
  await world.record('contract-c', 'SignContract', {});
  await world.record('contract-c', 'StartService', {});
  return world;
};
const refusal = async (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'accepted',
    ({ code }: { code: string }) => code,
  );

describe('a contract whose last day has certainly passed', () => {
  const PLACES: readonly (readonly [projection: string, key: string, in_: (row: any) => { readonly pastEndSince: string | null }])[] = [
    ['contract-register', 'contract:c', (row) => row],
    ['tower-board', 'tower:hosting', (row) => row.contracts[0]],
    ['exposure', 'supplier:csc', (row) => row.contracts[0]],
    ['money', 'contract:c', (row) => row],
  ];

  it.each(PLACES)(
    'says since when it is past its end in %s, from the day after its last one until it is closed',
    async (name, key, in_) => {
      const world = await world2016();
      const on = async (day: string) => in_(new InMemory(name, await world.events(), day).row(key)).pastEndSince;
      expect([await on('2016-12-31'), await on('2017-01-01')]).toEqual([null, '2017-01-01']);
      world.wait(400);
      await world.record('contract-c', 'CloseContract', { how: 'expired', finalValue: gbp('95000000'), endedOn: '2016-12-31' });
      expect(await on('2017-03-01')).toBe(null);
    },
  );

  it('says so as a call-off of a framework, too', async () => {
    const world = await world2016({ kind: 'framework', value: gbp('500000000'), endsOn: '2030-12-31' });
    const { towers: _, ...callOff } = award;
    await world.record('contract-d', 'AwardContract', { ...callOff, framework: { contract: 'c' } });
    const row = new InMemory('frameworks', await world.events(), '2017-01-01').row('framework:c');
    expect(row.callOffs).toMatchObject([{ title: 'Hosting', pastEndSince: '2017-01-01' }]);
  });

  it.each([
    ['live', []],
    ['notice given', [['GiveTerminationNotice', { by: 'authority', takesEffectOn: '2016-12-31' }]]],
  ] as const)('may be closed from %s, as expired, completed or terminated', async (_, moves) => {
    const world = await world2016();
    for (const [command, data] of moves) await world.record('contract-c', command, data);
    const closed = (how: string) => ({ how, finalValue: gbp('95000000'), endedOn: '2016-12-31' });
    expect(await refusal(world.record('contract-c', 'CloseContract', closed('expired')))).not.toBe('accepted');
    world.wait(400);
    if (moves.length === 0) expect(await refusal(world.record('contract-c', 'CloseContract', closed('terminated')))).not.toBe('accepted');
    await world.record('contract-c', 'CloseContract', closed(moves.length === 0 ? 'completed' : 'terminated'));
    expect((await inMemory('contract-register', world)).row('contract:c')).toMatchObject({ stage: 'closed', pastEndSince: null });
  });
});

describe('a notice and a novation act on their days', () => {
  it('a termination notice changes the stage on the day on which it is given, and the end on the day on which it takes effect', async () => {
    const world = await world2016({ endsOn: '2020-12-31' });
    world.wait(100);
    const given = { effectiveOn: '2016-03-01' };
    await world.record('contract-c', 'GiveTerminationNotice', { by: 'authority', takesEffectOn: '2017-06-30' }, given);
    const history = await world.history('contract-c');
    const on = (day: string) => history.asOf(day).state as { stage: string; term: { endsOn: string } };
    expect([on('2016-02-29').stage, on('2016-03-01').stage]).toEqual(['live', 'notice-given']);
    const register = async (day: string) => new InMemory('contract-register', await world.events(), day).row('contract:c');
    expect([(await register('2017-06-30')).pastEndSince, (await register('2017-07-01')).pastEndSince]).toEqual([null, '2017-07-01']);
    const deadlines = await inMemory('deadlines', world);
    expect(deadlines.row('end:c')).toMatchObject({ due: '2017-06-30' });
  });

  it('as of 2016 the contract is with the old supplier, in the exposure too', async () => {
    const world = await world2016({ endsOn: '2030-12-31' });
    world.wait(4000);
    await world.record('contract-c', 'NovateContract', { supplier: 'atos', takesEffectOn: '2023-11-01' }, { effectiveOn: '2023-06-01' });
    const events = await world.events();
    const named = (day: string) => {
      const { supplierName, becomes } = new InMemory('contract-register', events, day).row('contract:c');
      return [supplierName, becomes?.supplierName ?? null, becomes?.on ?? null];
    };
    expect(named('2016-12-31')).toEqual(['CSC', 'Atos', '2023-11-01']);
    expect(named('2023-10-31')).toEqual(['CSC', 'Atos', '2023-11-01']);
    expect(named('2023-11-01')).toEqual(['Atos', null, null]);
    const suppliers = (await world.history('contract-c')).asOf('2016-12-31').state as { suppliers: { supplier: string }[] };
    expect(suppliers.suppliers.map(({ supplier }) => supplier)).toEqual(['csc']);
  });
});

describe('an option', () => {
  const withOption = (more: object = {}) =>
    world2016({ covers: 'initial-term', options: [{ option: 'one', months: 12, value: gbp('1000000') }], ...more });

  it('that is exercised adds its value where the value covers the initial term, nothing where it covers the options, else "at least"', async () => {
    const ceilingOf = async (more: object) => {
      const world = await withOption(more);
      await world.record('contract-c', 'ExerciseExtension', { option: 'one' });
      return (await inMemory('contract-register', world)).row('contract:c').ceiling;
    };
    expect(await ceilingOf({})).toEqual(gbp('96000000.00'));
    expect(await ceilingOf({ covers: 'with-options' })).toEqual(gbp('95000000'));
    expect(await ceilingOf({ options: [{ option: 'one', months: 12 }] })).toMatchObject({ ...gbp('95000000.00'), qualifier: 'at-least' });
  });

  it('never gives more than its months: the refusal names ApproveChange', async () => {
    const world = await withOption();
    const beyond = world.record('contract-c', 'ExerciseExtension', { option: 'one', months: 13 });
    await expect(beyond).rejects.toThrow(/approve the rest with ApproveChange/);
    await expect(world.record('contract-c', 'ExerciseExtension', { option: 'one', endsOn: '2018-01-01' })).rejects.toThrow(/ApproveChange/);
    await world.record('contract-c', 'ExerciseExtension', { option: 'one', endsOn: '2017-12-31' });
  });
});
