import { afterEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contractRegister } from '../../projections/contract-register.js';
import { closeRows, Rows } from '../engine/rows-after.js';
import { memoryStore } from '../fakes/memory-store.js';
import { InMemory, inMemory } from '../projections/in-memory.js';
import { recordWorld, World } from '../random-history.js';

afterEach(closeRows);

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const award = { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: gbp('95000000') };
const world2026 = async (more: object = {}, effectiveOn = '2014-06-01'): Promise<World> => {
  const world = new World('2026-03-02');
  await recordWorld(world);
  await world.record('contract-c', 'AwardContract', { ...award, ...more }, { effectiveOn });
  return world;
};
const registered = async (world: World) => (await inMemory('contract-register', world)).row('contract:c');

describe('months are counted from an inclusive last day, by one function', () => {
  it.each([
    ['2020-06-30', 6, '2020-12-31'],
    ['2015-02-28', 12, '2016-02-29'],
    ['2019-08-31', 6, '2020-02-29'],
    ['2019-08-30', 6, '2020-02-29'],
    ['2015-01-30', 1, '2015-02-28'],
    ['2018-04-15', 12, '2019-04-15'],
  ])('a term that ends on %s, extended by %d months, ends on %s', async (endsOn, months, ends) => {
    const world = await world2026({ endsOn });
    await world.record('contract-c', 'StartService', {}, { effectiveOn: '2014-09-01' });
    await world.record('contract-c', 'ExerciseExtension', { months }, { effectiveOn: '2014-12-01' });
    expect(await registered(world)).toMatchObject({ ends });
    expect((await inMemory('tower-board', world)).row('tower:hosting').contracts[0].term.ends).toBe(ends);
  });

  it('a start in 2015-10 for 12 months ends between 2016-09-30 and 2016-10-30', async () =>
    expect(await registered(await world2026({ startsOn: '2015-10', termMonths: 12 }))).toMatchObject({ ends: '[2016-09-30..2016-10-30]' }));

  it('notice counts back the same way: 6 months before 2021-03-31 is 2020-09-30', async () => {
    const world = await world2026({ endsOn: '2021-03-31', options: [{ option: 'first', months: 12, noticeMonths: 6 }] });
    expect((await inMemory('deadlines', world)).row('option:c/first')).toMatchObject({ due: '2020-09-30' });
  });
});

describe('a fact that reveals acts where it belongs', () => {
  /** The gross and the value as a ledger shows them that has only so much. */
  const until = async (world: World, events: number, day: string) => {
    const all = (await world.events()).slice(0, events);
    return { money: new InMemory('money', all, day), exposure: new InMemory('exposure', all, day) };
  };

  it('a loss that is revised was so large from its beginning; by the recorded clock it was believed to be smaller', async () => {
    const world = await world2026();
    const raised = { programme: 'met', title: 'Paid twice', bearer: 'authority', category: 'overpayment', gross: gbp('100') };
    await world.record('loss-l', 'RaiseLoss', raised, { effectiveOn: '2016-01-04' });
    const before = (await world.events()).length;
    await world.record('loss-l', 'ReviseLoss', { gross: gbp('250'), why: 'A second invoice was found' }, { effectiveOn: '2019-05-01' });
    const history = await world.history('loss-l');
    expect(history.asOf('2016-12-31').state).toMatchObject({ gross: gbp('250') });
    expect(history.atRevision(0).asOf('2016-12-31').state).toMatchObject({ gross: gbp('100') });
    expect((await until(world, before, '2016-12-31')).exposure.row('loss:l').gross).toEqual(gbp('100'));
    expect((await inMemory('exposure', world)).row('loss:l').gross).toEqual(gbp('250'));
  });

  it('a correction that refines a date moves the fact, and every day then shows it there', async () => {
    const world = await world2026();
    const { events } = await world.record(
      'contract-c',
      'ApproveChange',
      { kind: 'value', to: gbp('96000000') },
      { effectiveOn: 'unknown' },
    );
    const before = (await world.history('contract-c')).revision;
    const change = { pointer: '/effectiveOn', value: '2018-03-01' };
    await world.record('contract-c', 'CorrectFact', { event: events[0]!.id!, changes: [change], because: 'refined' });
    const history = await world.history('contract-c');
    const ceilings = (days: readonly string[], of = history) => days.map((day) => (of.asOf(day).state as { ceiling: object }).ceiling);
    expect(ceilings(['2018-02-28', '2018-03-01'])).toEqual([gbp('95000000'), gbp('96000000')]);
    expect(ceilings(['2018-02-28'], history.atRevision(before))).toEqual([gbp('96000000')]); // undated, it was believed to stand there
  });
});

describe('an open date', () => {
  it('[2018..] is then or later: a term of 12 months from then ends in 2018 at the earliest', async () =>
    expect(await registered(await world2026({ startsOn: '[2018..]', termMonths: 12 }))).toMatchObject({ ends: '[2018-12-31..]' }));

  it('is documented', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
    expect(readme).toMatch(/`\[2018\.\.\]`\s+\(then\s+or\s+later\)/);
    expect(readme).toMatch(/`\[\.\.2016-02-29\]`\s+\(then\s+or\s+before\)/);
  });
});

describe('today is the day in the time zone of the ledger', () => {
  // At 09:00 UTC it is 23:00 of the day before on Hawaii.
  const onHawaii = async (): Promise<World> => {
    const world = new World('2016-01-04', memoryStore({ timeZone: 'Pacific/Honolulu' }));
    await recordWorld(world);
    await world.record('contract-c', 'AwardContract', { ...award, endsOn: '2016-01-02' }, { effectiveOn: '2015-12-01' });
    await world.record('contract-c', 'SignContract', {});
    return world;
  };
  const refusal = async (asked: Promise<unknown>): Promise<string> =>
    asked.then(
      () => 'accepted',
      ({ code }: { code: string }) => code,
    );

  it('for the day of a fact, also where none is stated', async () => {
    const world = await onHawaii();
    const { entries } = await world.history('contract-c');
    expect(entries.at(-1)!.effectiveOn).toBe('2016-01-03');
    expect(await refusal(world.record('contract-c', 'StartService', {}, { effectiveOn: '2016-01-04' }))).toBe(
      'ledger/effective-after-today',
    );
    expect(await refusal(world.record('contract-c', 'ApproveChange', { kind: 'scope', summary: 'More' }, { effectiveOn: '2016-01-03' }))).toBe('accepted'); // prettier-ignore
  });

  it('for late days', async () => {
    const world = await onHawaii();
    await world.record('contract-c', 'ApproveChange', { kind: 'scope', summary: 'More' }, { effectiveOn: '2016-01-03' });
    const rows = await new Rows(world.store, [contractRegister]).read();
    expect((await rows.row('contract-register', 'contract:c')).trail.daysLate).toBe(33); // from 1 December to 3 January
  });

  it('for the end of a contract, and for a correction, which dates no fact after its recording', async () => {
    const world = await onHawaii();
    const { entries } = await world.history('contract-c');
    const dated = (value: string) => ({
      event: entries.at(-1)!.recorded.id,
      changes: [{ pointer: '/effectiveOn', value }],
      because: 'error',
    });
    world.wait(30);
    expect(await refusal(world.record('contract-c', 'CorrectFact', dated('2016-01-04')))).toBe('ledger/effective-after-recording');
    expect(await refusal(world.record('contract-c', 'CorrectFact', dated('2016-01-02')))).toBe('accepted');
    const closed = (endedOn: string) => ({ how: 'completed', finalValue: gbp('1'), endedOn });
    expect(await refusal(world.record('contract-c', 'CloseContract', closed('2016-02-03'), { reason: 'It went on' }))).toBe('contract/ends-in-the-future'); // prettier-ignore
    expect(await refusal(world.record('contract-c', 'CloseContract', closed('2016-02-02'), { reason: 'It went on' }))).toBe('accepted');
  });
});
