import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { deadlines } from '../../projections/deadlines.js';
import { automations } from '../../src/domain/automations.js';
import { aggregates, commands } from '../../src/domain/index.js';
import { Automations, type AutomationsOptions } from '../../src/engine/automation/automations.js';
import { Engine } from '../../src/engine/write/engine.js';
import { ClockError } from '../../src/engine/write/clock-guard.js';
import type { Receipt } from '../../src/engine/write/receipt.js';
import { check, History, provenanceFields, type RecordedEvent } from '../../src/kernel/index.js';
import { StoreUnavailableError, type EventStore } from '../../src/store/event-store.js';
import { MemoryStore } from '../fakes/memory-store.js';
import { recordWorld, World } from '../random-history.js';
import { closeRows, Rows } from './rows-after.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
let store: MemoryStore;
let world: World;
beforeEach(async () => {
  store = new MemoryStore();
  world = new World('2019-01-04', store);
  await recordWorld(world);
});
afterEach(closeRows);

const terms = { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: gbp('1000000.00') };
const options = [{ option: 'year-6', months: 12, noticeMonths: 6 }];
/** Its option is exercised by 2020-05-31. */
const award = (more: object = {}, id = 'a', record: object = {}) =>
  world.record(`contract-${id}`, 'AwardContract', { ...terms, startsOn: '2015-12-01', endsOn: '2020-11-30', options, ...more }, record);
const sign = async (id = 'a') => {
  await world.record(`contract-${id}`, 'SignContract', {});
  await world.record(`contract-${id}`, 'StartService', {});
};
const until = (day: string) => world.wait(Temporal.PlainDate.from(world.today).until(day).days);
const stateOf = async (id = 'a') => (await world.history(`contract-${id}`)).state;
const issued = async (): Promise<readonly RecordedEvent[]> =>
  (await world.events()).filter(({ metadata }) => metadata.actor.id === 'system');

const graceOf = async (days: number) => {
  const [{ id: event }] = (await store.read('programme-met')) as [RecordedEvent];
  return world.record('programme-met', 'CorrectFact', { event, changes: [{ pointer: '/lateGraceDays', value: days }], because: 'refined' });
};

let nodes = 0;
/** What one node runs, with an engine and read models of its own. */
const nodeOn = async (on: EventStore = store, more: Partial<AutomationsOptions> = {}) => {
  const now = () => `${world.today}T09:00:00.000Z`;
  const { projector } = await new Rows(on, [deadlines], undefined, { now }).read();
  let ids = 0;
  const prefix = `019353d2-0000-7000-9${String(++nodes).padStart(3, '0')}`;
  const engine = new Engine({ store: on, now, newId: () => `${prefix}-${String(++ids).padStart(12, '0')}` }, aggregates);
  const logged: string[] = [];
  const node = new Automations({
    automations,
    engine,
    deadlines: async (kind, cursor, overdueOn) => {
      const { rows, next } = await projector.rows('deadlines', { kind, cursor, filters: { ...(overdueOn && { overdueOn }) } });
      return { keys: rows.map(({ key }) => key), ...(next !== undefined && { next }) };
    },
    sequence: () => projector.sequence,
    caughtUp: () => projector.idle(),
    now,
    timeZone: on.genesis.timeZone,
    log: (message) => logged.push(message),
    ...more,
  });
  return { node, logged, projector };
};
const runAll = async (node: Automations): Promise<void> => {
  for (let runs = 0; await node.run(); runs++) if (runs === 1000) throw new Error('It never comes to an end.');
};
/** A new node runs until nothing is left to look at. */
const run = async (): Promise<Automations> => {
  const { node } = await nodeOn();
  await runAll(node);
  return node;
};

describe('an option that nobody exercised', () => {
  it('lapses on the day after its last one, by the system, because of the fact that set that day', async () => {
    await award();
    await until('2020-05-31');
    await run();
    expect(await issued()).toEqual([]);

    await until('2020-06-01');
    const node = await run();
    expect((await stateOf()).options).toMatchObject([{ option: 'year-6', status: 'lapsed' }]);
    const [awarded] = await store.read('contract-a');
    const [lapsed, ...more] = await issued();
    expect(more).toEqual([]);
    expect(lapsed).toMatchObject({
      type: 'OptionLapsed',
      data: { option: 'year-6', why: 'Nobody exercised it by 2020-05-31, the last day to do so.' },
      metadata: {
        effectiveOn: '2020-06-01',
        actor: { id: 'system', role: 'when-option-window-passed-then-lapse-option' },
        command: { name: 'LapseOption' },
        $causationId: awarded!.id,
        $correlationId: awarded!.metadata.$correlationId,
      },
    });
    expect(node.counts).toEqual([{ automation: 'when-option-window-passed-then-lapse-option', outcome: 'accepted', count: 1 }]);
  });

  it('lapses once, however often and late it is looked for', async () => {
    await award();
    await until('2020-09-14');
    for (let i = 0; i < 3; i++) await run();
    expect((await issued()).map(({ metadata }) => metadata.effectiveOn)).toEqual(['2020-06-01']);
  });

  it('is asked again for its last day where the term has another end since, and names the fact that moved it', async () => {
    await award();
    await sign();
    await world.record('contract-a', 'ApproveChange', { kind: 'term', endsOn: '2021-11-30' });
    await until('2021-05-31');
    await run();
    expect(await issued()).toEqual([]);
    await until('2021-06-01');
    await run();
    const moved = (await store.read('contract-a')).find(({ type }) => type === 'ChangeApproved');
    expect((await issued()).map(({ metadata }) => metadata.$causationId)).toEqual([moved!.id]);
  });

  it.each<[string, string, () => Promise<unknown>]>([
    ['while its last day is not certain to have passed', '2020-06-30', () => award({ endsOn: '2020-12' })],
    ['where nobody knows its last day', '2030-01-01', () => award({ endsOn: 'unknown' })],
    [
      'once it was exercised',
      '2021-11-01',
      async () => {
        await award();
        await sign();
        await world.record('contract-a', 'ExerciseExtension', { option: 'year-6' });
      },
    ],
    [
      'while notice is given',
      '2020-06-01',
      async () => {
        await award();
        await sign();
        await world.record('contract-a', 'GiveTerminationNotice', { by: 'authority', takesEffectOn: '2020-11-30' });
      },
    ],
    [
      'once its contract was terminated',
      '2020-06-01',
      async () => {
        await award();
        await sign();
        await world.record('contract-a', 'TerminateContract', { ground: 'Breach' });
      },
    ],
    [
      'within the days of grace that the programme gives to those who record late',
      '2020-06-10',
      async () => {
        await award();
        await graceOf(10);
      },
    ],
    [
      'whose history is complete only from a later day on',
      '2020-06-01',
      () =>
        world.record('contract-a', 'RecordContract', { ...terms, role: 'tower', stage: 'live', startsOn: '2015-12-01', endsOn: '2020-11-30', options, historyCompleteFrom: '2020-06' }), // prettier-ignore
    ],
    [
      'of which the ledger learned after its last day, so that what follows it may still be recorded',
      '2021-01-04',
      async () => {
        await until('2021-01-03');
        await award({}, 'a', { effectiveOn: '2015-11-16' });
      },
    ],
    [
      'whose last day was another one, as the ledger had it on that day',
      '2020-09-01',
      async () => {
        await award();
        await sign();
        await until('2020-08-01');
        await world.record('contract-a', 'ApproveChange', { kind: 'term', endsOn: '2020-12-31' }, { effectiveOn: '2020-07-31' });
        const { events } = await world.record('contract-a', 'ApproveChange', { kind: 'term', endsOn: '2020-12-31' });
        await world.record('contract-a', 'CorrectFact', { event: events[0]!.id, changes: [{ pointer: '/endsOn', value: '2020-11-29' }], because: 'error' }); // prettier-ignore
      },
    ],
  ])('stays open %s', async (_, day, given) => {
    await given();
    const history = await world.history('contract-a');
    const { state: programme } = await world.history('programme-met');
    expect(automations[0]!.due({ history, item: 'year-6', programme, today: day })).toBeUndefined();
  });

  it('stays open while an extension by it is sought, and lapses once the contract is past its end', async () => {
    await award();
    await sign();
    await world.record('contract-a', 'SeekExtension', { option: 'year-6', why: 'The successor is late' });
    await until('2020-11-30');
    await run();
    expect(await issued()).toEqual([]);
    await until('2020-12-01');
    await run();
    expect((await issued()).map(({ metadata }) => metadata.effectiveOn)).toEqual(['2020-12-01']);
  });

  it('lapses after the days of grace, as of the day after its last one', async () => {
    await award();
    await graceOf(10);
    await until('2020-06-10');
    await run();
    expect(await issued()).toEqual([]);
    await until('2020-06-11');
    await run();
    expect((await issued()).map(({ metadata }) => metadata.effectiveOn)).toEqual(['2020-06-01']);
  });

  it('is not lapsed again for the same day once somebody withdrew the lapse', async () => {
    await award();
    await sign();
    await until('2020-06-01');
    await run();
    const [lapsed] = await issued();
    await world.record('contract-a', 'WithdrawFact', { event: lapsed!.id });
    await until('2020-07-01');
    const node = await run();
    expect((await stateOf()).options).toMatchObject([{ status: 'open' }]);
    expect(node.counts).toEqual([expect.objectContaining({ outcome: 'replayed' })]);
    await world.record('contract-a', 'ExerciseExtension', { option: 'year-6' });
  });
});

describe('a termination that forces others', () => {
  const forces = [{ contract: 'b', endsOn: '2019-12-31' }, { contract: 'c' }];
  const terminate = (data: object = {}, record: object = {}) =>
    world.record('contract-a', 'TerminateContract', { ground: 'Insolvency', forces, ...data }, record);
  beforeEach(async () => {
    for (const id of ['a', 'b', 'c']) await award({}, id);
    for (const id of ['a', 'b']) await sign(id);
  });
  const forcedEnds = async () => {
    const { projector } = await nodeOn();
    return (await projector.rows('deadlines', { kind: 'forced-end' })).rows.map(({ key, row }) => `${key} ${row['due'] as string}`);
  };

  it('terminates each by a command of its own, of the same day and decider, and a refusal of one keeps no other from it', async () => {
    const decidedBy = { person: 'board', office: 'Programme board' };
    const authority = { reference: 'PB 12' };
    await terminate({}, { decidedBy, authority, reason: 'The supplier is insolvent' });
    expect(await forcedEnds()).toEqual(['forced-end:a/b 2019-12-31', 'forced-end:a/c 2019-01-04']);
    const { node, logged } = await nodeOn();
    await runAll(node);
    const [forced, ...more] = await issued();
    expect(more).toEqual([]);
    const cause = (await store.read('contract-a')).at(-1)!;
    expect(forced).toMatchObject({
      stream: 'contract-b',
      type: 'ContractTerminated',
      data: { ground: 'Forced by the termination of a', causedBy: 'a', endsOn: '2019-12-31' },
      metadata: {
        effectiveOn: '2019-01-04',
        actor: { id: 'system', role: 'when-contract-terminated-then-terminate-forced' },
        decidedBy,
        authority,
        reason: 'The supplier is insolvent',
        $causationId: cause.id,
        $correlationId: cause.metadata.$correlationId,
      },
    });
    expect((await stateOf('b')).stage).toBe('exiting');
    expect(logged).toEqual([expect.stringMatching(/^when-contract-terminated-then-terminate-forced was refused: contract-c /)]);
    expect(await forcedEnds()).toEqual(['forced-end:a/c 2019-01-04']);
  });

  it('is refused once: what was refused waits for a person, and is not asked for again', async () => {
    await terminate();
    const { node, logged, projector } = await nodeOn();
    await runAll(node);
    await world.record('contract-c', 'AssignOwner', { owner: 'ana' });
    await projector.idle();
    await runAll(node);
    expect(logged).toHaveLength(1);
    expect(node.counts).toContainEqual(expect.objectContaining({ outcome: 'refused', count: 1 }));
  });

  it('names the person who recorded it as the decider where it names none', async () => {
    await terminate();
    await run();
    expect((await issued())[0]!.metadata.decidedBy).toEqual({ person: 'ana' });
  });

  it('follows a termination that is recorded while the node runs', async () => {
    const { node, projector } = await nodeOn();
    await runAll(node);
    await terminate();
    await projector.idle();
    await runAll(node);
    expect(await issued()).toHaveLength(1);
  });

  it('leaves to people what was recorded late, as history', async () => {
    await until('2019-03-01');
    await terminate({}, { effectiveOn: '2019-02-01' });
    await run();
    expect(await issued()).toEqual([]);
    expect(await forcedEnds()).toHaveLength(2);
  });

  it('takes nothing along any more once it is withdrawn', async () => {
    const { events } = await terminate();
    await world.record('contract-a', 'WithdrawFact', { event: events[0]!.id });
    await run();
    expect(await issued()).toEqual([]);
    expect(await forcedEnds()).toEqual([]);
  });
});

describe('a late termination of a contract whose history is complete', () => {
  it.each([
    ['from an earlier day on takes the others along', '2019-01', 1],
    ['only from a later day on does not', '2019-04', 0],
  ])('%s', async (_, historyCompleteFrom, expected) => {
    await world.record('contract-a', 'RecordContract', { ...terms, role: 'tower', stage: 'live', historyCompleteFrom }, { effectiveOn: '2019-01-04' }); // prettier-ignore
    await award({}, 'b');
    await sign('b');
    await until('2019-03-01');
    await world.record('contract-a', 'TerminateContract', { ground: 'Breach', forces: [{ contract: 'b' }] }, { effectiveOn: '2019-02-01' });
    await run();
    expect(await issued()).toHaveLength(expected);
  });
});

describe('several nodes and failures', () => {
  const many = (n: number) => Array.from({ length: n }, (_, i) => ({ option: `o-${i}`, months: 1 }));

  it('two nodes that do the same at once record it once', async () => {
    for (const id of ['a', 'b', 'c']) await award({ options: many(5) }, id);
    await until('2020-12-01');
    const [one, two] = [await nodeOn(), await nodeOn()];
    await Promise.all([runAll(one.node), runAll(two.node)]);
    expect((await issued()).map(({ stream, data }) => `${stream} ${data.option}`).sort()).toEqual(
      ['a', 'b', 'c'].flatMap((id) => many(5).map(({ option }) => `contract-${id} ${option}`)),
    );
    expect([...one.logged, ...two.logged]).toEqual([]);
  });

  it('a node that stops in the middle leaves the rest to the next start, and nothing is done twice', async () => {
    await award({ options: many(6) });
    await until('2020-12-01');
    let sent = 0;
    const { node } = await nodeOn(store, {
      engine: {
        history: (of, id) => world.engine.history(of, id),
        handle: (request) => (sent++ < 3 ? world.engine.handle(request) : Promise.reject(new StoreUnavailableError('The store is away.'))),
      },
    });
    await expect(runAll(node)).rejects.toThrow('away');
    expect(await issued()).toHaveLength(3);
    await run();
    expect((await issued()).map(({ data }) => data.option)).toEqual(many(6).map(({ option }) => option));
  });

  it('an option is left open whose last day is moved between the look at it and the command', async () => {
    await award();
    await sign();
    await until('2020-06-01');
    let handled = 0;
    const { node, logged } = await nodeOn(store, {
      engine: {
        history: (of, id) => world.engine.history(of, id),
        handle: async (request) => {
          if (handled++ === 0) await world.record('contract-a', 'ApproveChange', { kind: 'term', endsOn: '2021-11-30' });
          return world.engine.handle(request);
        },
      },
    });
    await runAll(node);
    expect([handled, await issued(), logged]).toEqual([1, [], []]);
  });

  it.each([
    ['lapses though others record in its contract meanwhile', 2],
    ['is left to the next run where others never stop to record in its contract', Infinity],
  ])('an option %s', async (_, times) => {
    const event = (await award()).events[0]!.id;
    await until('2020-06-01');
    let noted = 0;
    const { node, logged } = await nodeOn(store, {
      engine: {
        history: (of, id) => world.engine.history(of, id),
        handle: async (request) => {
          if (noted < times) await world.record('contract-a', 'Annotate', { event, note: `Note ${++noted}` });
          return world.engine.handle(request);
        },
      },
    });
    await (times === Infinity ? expect(runAll(node)).rejects.toThrow('contract-a is at revision') : runAll(node));
    expect([(await issued()).length, noted, logged]).toEqual([times === Infinity ? 0 : 1, Math.min(times, 5), []]);
    await run();
    expect(await issued()).toHaveLength(1);
  });

  it('an append without an answer is sent again with the same ids, and recorded once', async () => {
    await award();
    await until('2020-12-01');
    store.faults.push('unknown-stored');
    await run();
    expect(await issued()).toHaveLength(1);
  });

  it('does nothing while nothing can be recorded, and goes on afterwards', async () => {
    await award();
    await until('2020-12-01');
    let isRefused = true;
    const { node, logged } = await nodeOn(store, {
      now: () => {
        if (isRefused) throw new ClockError('The clock jumped.', 1000);
        return `${world.today}T09:00:00.000Z`;
      },
    });
    expect([await node.run(), node.isResting, node.failed, logged]).toEqual([false, true, undefined, []]);
    expect(await issued()).toEqual([]);
    isRefused = false;
    await runAll(node);
    expect([node.isResting, (await issued()).length]).toEqual([false, 1]);
  });

  it('goes by the day in the time zone of the ledger', async () => {
    await award();
    await until('2020-05-31');
    const at = async (now: string) => {
      const { node } = await nodeOn(store, { now: () => now });
      await runAll(node);
      return (await issued()).length;
    };
    await world.wait(1); // the engine of the test is a day ahead: what decides is the clock of the automations
    expect(await at('2020-05-31T22:59:59.999Z')).toBe(0);
    expect(await at('2020-05-31T23:00:00.000Z')).toBe(1); // British Summer Time
  });

  it('tries again after a failure, says so once, and forgets it when it goes on', async () => {
    await award();
    await until('2020-12-01');
    let failures = 0;
    const { node, logged } = await nodeOn(store, {
      retryMs: 1,
      everyMs: 1,
      caughtUp: () => (++failures < 4 ? Promise.reject(new Error('The projections are behind.')) : Promise.resolve()),
    });
    node.start();
    for (let ms = 0; (await issued()).length === 0 && ms < 10_000; ms += 2) await new Promise((resolve) => setTimeout(resolve, 2));
    await node.close();
    expect([failures, logged, node.failed]).toEqual([4, ['Automations stopped at a failure; they are tried again.'], undefined]);
  });

  it('a stream that cannot be folded keeps no other from its turn', async () => {
    for (const id of ['a', 'b']) await award({}, id);
    await until('2020-12-01');
    const { node, logged } = await nodeOn();
    const [last] = await store.read('contract-a');
    await store.append('contract-a', 0, [{ ...last!, id: '019353d2-0000-7000-8000-0000000000ff', type: 'NeverHeardOf', metadata: { ...last!.metadata, command: { id: 'x', name: 'Future' } } }]); // prettier-ignore
    await runAll(node);
    expect((await issued()).map(({ stream }) => stream)).toEqual(['contract-b']);
    expect(logged).toHaveLength(1);
  });

  it('does what is due in bounded parts, and 10,000 at once in the end', async () => {
    const perContract = 20;
    await award({ options: many(perContract) });
    await until('2020-12-01');
    const { recorded, aggregate, timeZone } = await world.history('contract-a');
    const keys = Array.from({ length: 500 }, (_, i) => `m-${String(i).padStart(3, '0')}`)
      .flatMap((id) => many(perContract).map(({ option }) => `option:${id}/${option}`))
      .sort();
    const [pages, sent] = [[] as number[], new Set<string>()];
    const { node } = await nodeOn(store, {
      // 500 contracts like the one that is recorded, on an engine that accepts
      deadlines: (kind, after) => {
        const from = after === '' ? 0 : keys.indexOf(after) + 1;
        const page = kind === 'option' ? keys.slice(from, from + 100) : [];
        pages.push(page.length);
        return Promise.resolve({ keys: page, ...(page.length > 0 && from + 100 < keys.length && { next: page.at(-1)! }) });
      },
      engine: {
        history: (of, id) =>
          of === aggregate ? Promise.resolve(History.of(of, id, recorded, timeZone)) : world.history(`programme-${id}`),
        handle: ({ id, body }) => {
          sent.add(`option:${id}/${body['option'] as string}`);
          return Promise.resolve({ outcome: 'accepted' } as Receipt);
        },
      },
    });
    let runs = 1;
    for (let before = 0; runs < 1000 && (await node.run()); runs++) {
      expect(node.counts[0]!.count - before).toBeLessThanOrEqual(200);
      before = node.counts[0]!.count;
    }
    expect(runs).toBeGreaterThanOrEqual(50);
    expect(Math.max(...pages)).toBe(100);
    expect(node.counts).toEqual([expect.objectContaining({ outcome: 'accepted', count: 10_000 })]);
    expect([...sent].sort()).toEqual(keys);
  });
});

it('every command that an automation issues passes the checks that callers have to pass', async () => {
  await award();
  await award({}, 'b');
  await sign('b');
  await sign();
  await until('2020-06-01');
  await world.record('contract-a', 'TerminateContract', { ground: 'Breach', forces: [{ contract: 'b' }] });
  const history = await world.history('contract-a');
  const optionOf = await world.history('contract-b');
  const found = automations.map((automation) =>
    automation.due({
      history: automation.deadline === 'option' ? optionOf : history,
      item: automation.deadline === 'option' ? 'year-6' : 'b',
      programme: {},
      today: '2020-06-01',
    }),
  );
  for (const due of found) {
    const { record, ...data } = due!.body;
    expect([check(due!.command.fields, data), check(provenanceFields, record)]).toEqual([[], []]);
    expect(commands).toContain(due!.command);
  }
});
