import { afterEach, describe, expect, it } from '@jest/globals';
import { exposure } from '../../projections/exposure.js';
import { aggregates, commands } from '../../src/domain/index.js';
import { Engine, type CommandRequest } from '../../src/engine/write/engine.js';
import { Rejection, type AnyAggregate } from '../../src/kernel/index.js';
import { StoreUnavailableError } from '../../src/store/event-store.js';
import { World } from '../random-history.js';
import { closeRows, rowsAfter } from './rows-after.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const officer = { record: { decidedBy: { person: 'p-1', office: 'Chief Finance Officer' } } };
const writeOffs = [{ grossAbove: gbp('500000'), approver: 'Deputy Mayor' }, { approver: 'Chief Finance Officer' }];
const losses = ['a', 'b', 'c', 'd'] as const;

/** A case of some losses of £490,000, each of which a Chief Finance Officer may write off when it is not beside another. */
const aCase = async () => {
  const world = new World('2019-11-04');
  await world.record('programme-met', 'CharterProgramme', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' });
  await world.record('programme-met', 'AdoptPolicy', { policy: 'scheme', title: 'Scheme', version: '1', inForceFrom: '2011', writeOffs });
  const raise = (id: string) =>
    world.record(`loss-${id}`, 'RaiseLoss', { programme: 'met', title: 'Fraud', bearer: 'authority', category: 'cash', case: 'fraud-7', gross: { unknown: true } }); // prettier-ignore
  for (const id of losses) await raise(id);
  return world;
};
let ids = 0;
/** An engine of its own on the log of a world: what it knows of a case it reads when it decides. */
const nodeOn = (world: World, members: (set: string) => Promise<readonly string[] | undefined>, store = world.store) =>
  new Engine(
    { store, now: () => '2019-11-05T09:00:00.000Z', newId: () => `019353d3-0000-7000-8000-${String(++ids).padStart(12, '0')}`, members },
    aggregates,
  );
const inCase = async (set: string) => (set === 'case:met/fraud-7' ? losses.map((id) => `loss-${id}`) : []);
const writeOff = (engine: Engine, id: string, amount = '490000', more: object = officer, dryRun = false) =>
  engine.handle({
    command: commands.find(({ name }) => name === 'WriteOff')!,
    aggregate: aggregates.find(({ category }): boolean => category === 'loss')! as AnyAggregate,
    id,
    body: { amount: gbp(amount), ...more } as CommandRequest['body'],
    actor: { id: 'ana' },
    dryRun,
  });
const outcomes = (tried: readonly PromiseSettledResult<unknown>[]) =>
  tried.map((one) => (one.status === 'fulfilled' ? 'accepted' : one.reason instanceof Rejection ? one.reason.code : String(one.reason)));
afterEach(closeRows);

describe('decisions on the losses of one case', () => {
  it('at once on one node follow each other: one is accepted, the others see it', async () => {
    const world = await aCase();
    const node = nodeOn(world, inCase);
    const tried = await Promise.allSettled(losses.map((id) => writeOff(node, id)));
    expect(outcomes(tried).sort()).toEqual(['accepted', ...losses.slice(1).map(() => 'ledger/policy-not-met')]);
  });

  it('are held up by no decision on another case, or of no case, and by none that only asks', async () => {
    const world = await aCase();
    const other = { programme: 'met', title: 'Fraud', bearer: 'authority', category: 'cash', gross: { unknown: true } };
    await world.record('loss-x', 'RaiseLoss', { ...other, case: 'fraud-8' });
    await world.record('loss-y', 'RaiseLoss', other);
    let go = (): void => undefined;
    const held = new Promise<void>((resolve) => (go = resolve));
    let asked = 0;
    const node = nodeOn(world, async (set) => {
      if (set === 'case:met/fraud-7' && asked++ === 0) await held;
      return inCase(set);
    });
    const first = writeOff(node, 'a');
    await writeOff(node, 'x');
    await writeOff(node, 'y');
    expect((await writeOff(node, 'b', '490000', officer, true)).outcome).toBe('dry-run');
    const second = writeOff(node, 'b');
    second.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(asked).toBe(2); // the first and the dry run: the second waits
    go();
    expect(outcomes(await Promise.allSettled([first, second]))).toEqual(['accepted', 'ledger/policy-not-met']);
  });

  it('on two nodes, one after the other, are refused as on one', async () => {
    const world = await aCase();
    await writeOff(nodeOn(world, inCase), 'a');
    await expect(writeOff(nodeOn(world, inCase), 'b')).rejects.toMatchObject({ message: expect.stringContaining('£980,000') });
  });

  it('on two nodes at once, each without the other’s, are both found on the row of the case, until a higher office ratifies', async () => {
    const world = await aCase();
    let waiting = 0;
    let go = (): void => undefined;
    const both = new Promise<void>((resolve) => (go = resolve));
    /** Appends wait for each other, so that each decision is taken before the other is stored. */
    const held = new Proxy(world.store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (name !== 'append') return value.bind(target) as unknown;
        return async (...args: Parameters<typeof target.append>) => {
          if (++waiting === 2) go();
          await both;
          return target.append(...args);
        };
      },
    });
    const tried = await Promise.all(['a', 'b'].map((id) => writeOff(nodeOn(world, inCase, held), id)));
    expect(tried.map(({ known }) => known.filter(({ stream }) => stream < 'loss-c' && stream > 'loss'))).toEqual([
      [{ stream: 'loss-b', revision: 0 }],
      [{ stream: 'loss-a', revision: 0 }],
    ]);
    const found = async () => {
      const { lossList } = await (await rowsAfter(await world.events(), [exposure])).row('exposure', 'case:met/fraud-7');
      return Object.fromEntries(lossList.map(({ loss, findings }: { loss: string; findings: readonly string[] }) => [loss, findings]));
    };
    const finding =
      'The write-off of 2019-11-05 was approved under too small a case by Chief Finance Officer: it comes to £980,000 now, and Deputy Mayor must ratify it.';
    expect(await found()).toEqual({ a: [finding], b: [finding], c: [], d: [] });
    for (const [i, id] of ['a', 'b'].entries()) {
      world.wait(2);
      await world.record(`loss-${id}`, 'RatifyWriteOff', { event: tried[i]!.events[0]!.id! }, { decidedBy: { person: 'p-2', office: 'Deputy Mayor' } }); // prettier-ignore
    }
    expect(await found()).toEqual({ a: [], b: [], c: [], d: [] });
  });

  it('are not assessable where the case is larger than what is read of it, so that they are refused now', async () => {
    const world = await aCase();
    await expect(
      writeOff(
        nodeOn(world, async () => undefined),
        'a',
      ),
    ).rejects.toMatchObject({ code: 'ledger/policy-not-met' });
  });

  it('are not taken while nobody can say which losses belong to the case', async () => {
    const world = await aCase();
    const behind = new StoreUnavailableError('The projections are behind.', 1000);
    let reached = false;
    const node = nodeOn(world, async (set) => (reached ? inCase(set) : Promise.reject(behind)));
    await expect(writeOff(node, 'a')).rejects.toBe(behind);
    reached = true;
    expect((await writeOff(node, 'a')).outcome).toBe('accepted');
  });
});
