import { afterEach, describe, expect, it } from '@jest/globals';
import { lapseOption } from '../../src/domain/contract/commands/lapse-option.js';
import { contract } from '../../src/domain/contract/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { Automations, type AutomationsOptions } from '../../src/engine/automation/automations.js';
import { StaleRevisionError, type CommandRequest } from '../../src/engine/write/engine.js';
import { IdempotencyKeyReusedError, type Receipt } from '../../src/engine/write/receipt.js';
import {
  History,
  IllegalTransitionError,
  Rejection,
  UnsupportedSchemaVersionError,
  type AnyAggregate,
  type Automation,
  type AutomationInput,
  type DueCommand,
  type RecordedEvent,
} from '../../src/kernel/index.js';
import { StoreUnavailableError } from '../../src/store/event-store.js';

const cause = { id: 'cause', metadata: { $correlationId: 'correlation' } } as RecordedEvent;
const started: Automations[] = [];
afterEach(async () => {
  for (const node of started.splice(0)) await node.close();
});

/** One automation over deadlines of a test: due where `isDue` says so, and accepted unless the test answers otherwise. */
const nodeOf = (
  keys: readonly string[],
  more: Partial<AutomationsOptions> & {
    readonly waitsForDay?: boolean;
    readonly isDue?: (item: string) => boolean;
    readonly aggregate?: AnyAggregate;
    /** To whom the command goes; to the stream of the deadline unless set. */
    readonly to?: Partial<Pick<DueCommand, 'aggregate' | 'id'>>;
  } = {},
) => {
  const { waitsForDay = true, isDue = () => true, aggregate = contract, to, ...options } = more;
  const inputs: AutomationInput[] = [];
  const automation: Automation = {
    name: 'when-it-passed-then-lapse',
    summary: 'Lapses what passed.',
    deadline: 'option',
    aggregate,
    waitsForDay,
    due: (input) => {
      inputs.push(input);
      if (!isDue(input.item)) return undefined;
      return { command: lapseOption, aggregate: contract, id: input.history.id, body: { option: input.item, record: {} }, cause, key: `lapse ${input.item}`, ...to }; // prettier-ignore
    },
  };
  const state = { today: '2020-06-01', sequence: 7, caughtUp: 0 };
  const [asked, sent, logged, refused] = [[] as string[], [] as CommandRequest[], [] as string[], [] as [CommandRequest, unknown][]];
  const node = new Automations({
    automations: [automation],
    engine: {
      history: async (of, id) => History.of(of, id),
      handle: async (request) => {
        sent.push(request);
        return { outcome: 'accepted' } as Receipt;
      },
    },
    deadlines: async (kind, after, overdueOn) => {
      asked.push(`${kind} after ${after || 'the start'}${overdueOn === undefined ? '' : `, overdue on ${overdueOn}`}`);
      const from = after === '' ? 0 : keys.indexOf(after) + 1;
      return { keys: keys.slice(from, from + 100), ...(from + 100 < keys.length && { next: keys[from + 99]! }) };
    },
    sequence: () => state.sequence,
    caughtUp: async () => void state.caughtUp++,
    now: () => `${state.today}T09:00:00.000Z`,
    timeZone: 'Europe/London',
    log: (message) => logged.push(message),
    refused: (request, error) => refused.push([request, error]),
    ...options,
  });
  started.push(node);
  /** The items of the commands that were sent since somebody asked last. */
  const taken = () => sent.splice(0).map(({ body }) => body['option']);
  return { node, state, asked, sent, taken, logged, refused, inputs };
};
const keysOf = (n: number) => Array.from({ length: n }, (_, i) => `option:a/${String(i).padStart(4, '0')}`);
const until = async (holds: () => boolean): Promise<void> => {
  for (const end = Date.now() + 15_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 1)))
    if (Date.now() > end) throw new Error('It never came.');
};

describe('an automation', () => {
  it('is asked about the stream and the item of each deadline, and sends its command with an identity that no caller can have', async () => {
    const { node, sent, inputs } = nodeOf(['option:a:b/year-6/x']);
    expect(await node.run()).toBe(false);
    expect(inputs).toEqual([
      { history: expect.objectContaining({ id: 'a:b' }), item: 'year-6/x', programme: undefined, today: '2020-06-01' },
    ]);
    expect(sent).toEqual([
      {
        command: lapseOption,
        aggregate: contract,
        id: 'a:b',
        body: { option: 'year-6/x', record: {} },
        actor: { id: 'system', role: 'when-it-passed-then-lapse' },
        idempotencyKey: '\nwhen-it-passed-then-lapse\nlapse year-6/x',
        ifMatch: [-1],
        correlationId: 'correlation',
        causationId: 'cause',
      },
    ]);
  });

  it('that waits for a day looks once a day at what is overdue, once the deadlines are up to date', async () => {
    const { node, state, asked, taken } = nodeOf(keysOf(1));
    const found = [];
    for (const [today, sequence] of [['2020-06-01', 7], ['2020-06-01', 8], ['2020-06-02', 8], ['2020-06-02', 9]] as const) {
      Object.assign(state, { today, sequence });
      found.push(await node.run(), taken().length);
    } // prettier-ignore
    expect(found).toEqual([false, 1, false, 0, false, 1, false, 0]);
    expect(asked).toEqual(['2020-06-01', '2020-06-02'].map((day) => `option after the start, overdue on ${day}`));
    expect(state.caughtUp).toBe(2);
  });

  it('that waits for a day waits until all that was recorded before it is there; another one does not', async () => {
    const days: string[] = [];
    let before = '2020-05-31';
    const hasAllBefore = (day: string) => days.push(day) > 0 && before >= day;
    const waiting = nodeOf(keysOf(1), { hasAllBefore });
    for (before of ['2020-05-31', '2020-06-01', '2020-05-31'])
      expect([await waiting.node.run(), waiting.taken().length]).toEqual([false, before === '2020-06-01' ? 1 : 0]);
    expect(days).toEqual(['2020-06-01', '2020-06-01', '2020-06-01']);
    const other = nodeOf(keysOf(1), { hasAllBefore: () => false, waitsForDay: false });
    expect([await other.node.run(), other.taken().length]).toEqual([false, 1]);
  });

  it('that waits for no day looks at all deadlines again whenever something was recorded, and on another day', async () => {
    const { node, state, asked, taken } = nodeOf(keysOf(1), { waitsForDay: false });
    const found = [];
    for (const [today, sequence] of [['2020-06-01', 7], ['2020-06-01', 7], ['2020-06-01', 8], ['2020-06-02', 8]] as const) {
      Object.assign(state, { today, sequence });
      await node.run();
      found.push(taken().length);
    } // prettier-ignore
    expect(found).toEqual([1, 0, 1, 1]);
    expect(asked).toEqual(Array.from({ length: 3 }, () => 'option after the start'));
    expect(state.caughtUp).toBe(0);
  });

  it('goes on after a pause where it stopped, whatever was recorded meanwhile, and begins again on another day', async () => {
    for (const waitsForDay of [true, false]) {
      const { node, state, taken } = nodeOf(keysOf(500), { waitsForDay });
      const items = keysOf(500).map((key) => key.slice('option:a/'.length));
      expect([await node.run(), taken()]).toEqual([true, items.slice(0, 200)]);
      state.sequence++;
      expect([await node.run(), taken()]).toEqual([true, items.slice(200, 400)]);
      state.today = '2020-06-02';
      expect([await node.run(), taken()]).toEqual([true, items.slice(0, 200)]);
    }
  });

  it('looks at 2,000 deadlines at a time, of which none may be due', async () => {
    const { node, asked, inputs } = nodeOf(keysOf(2001), { isDue: (item) => item === '2000' });
    expect([await node.run(), inputs.length, node.counts]).toEqual([true, 2000, []]);
    expect([await node.run(), inputs.length]).toEqual([false, 2001]);
    expect(node.counts).toEqual([{ automation: 'when-it-passed-then-lapse', outcome: 'accepted', count: 1 }]);
    expect(asked).toHaveLength(22);
  });

  it('over streams that belong to no programme is asked about them without one', async () => {
    const { node, inputs, sent } = nodeOf(['option:csc/x'], { aggregate: supplier });
    expect(await node.run()).toBe(false);
    expect(inputs).toMatchObject([{ history: { id: 'csc' }, item: 'x', programme: undefined }]);
    expect(sent).toHaveLength(1);
  });

  it('is asked about a contract with the programme that it belongs to', async () => {
    const { node, inputs } = nodeOf(['option:desks/x'], {
      engine: {
        history: async (of, id) => ({ aggregate: of, id, revision: 3, state: of === contract ? { programme: 'met' } : { title: `The programme ${id}` } }) as History, // prettier-ignore
        handle: async () => ({ outcome: 'accepted' }) as Receipt,
      },
    });
    expect(await node.run()).toBe(false);
    expect(inputs).toMatchObject([{ history: { id: 'desks' }, programme: { title: 'The programme met' } }]);
  });

  it('looks past what was refused before: it takes no place of a command', async () => {
    const refused = new Rejection('contract/stage', 'The contract has ended.');
    const history = async (of: AnyAggregate, id: string) => History.of(of, id);
    for (const [first, engine] of [
      [true, { history, handle: () => Promise.reject(refused) }],
      [false, { history: () => Promise.reject(refused), handle: () => Promise.reject(new Error('Nothing was read.')) }],
    ] as [boolean, AutomationsOptions['engine']][]) {
      const { node, state, logged } = nodeOf(keysOf(250), { engine });
      expect(await node.run()).toBe(first); // 200 that are sent and refused are enough for one run
      if (first) expect(await node.run()).toBe(false);
      state.today = '2020-06-02';
      expect([await node.run(), logged.length]).toEqual([false, 250]);
    }
  });

  it('sends 200 commands at a time, and looks no further', async () => {
    const { node, inputs } = nodeOf(keysOf(201));
    expect([await node.run(), inputs.length, await node.run(), inputs.length]).toEqual([true, 200, false, 201]);
  });
});

describe('a command of an automation', () => {
  it.each([
    ['against a rule', new Rejection('contract/stage', 'The contract has ended.')],
    ['because another command has its key', new IdempotencyKeyReusedError('The key was used for another command.')],
    ['because no order of events allows it', new IllegalTransitionError('contract/stage', 'It cannot follow.')],
    [
      'because an event is newer than the program',
      new UnsupportedSchemaVersionError({ type: 'ContractEnchanted', stream: 'contract-a', revision: 3 }),
    ],
  ])('that is refused %s is reported once, and the next one has its turn', async (_, error) => {
    const { node, state, sent, logged, refused } = nodeOf(keysOf(2), {
      engine: {
        history: async (of, id) => History.of(of, id),
        handle: async (request) => {
          sent.push(request);
          if (request.body['option'] === '0000') throw error;
          return { outcome: 'accepted' } as Receipt;
        },
      },
    });
    await node.run();
    state.today = '2020-06-02';
    await node.run();
    expect(sent.map(({ body }) => body['option'])).toEqual(['0000', '0001', '0001']);
    expect(logged).toEqual([`when-it-passed-then-lapse was refused: contract-a lapse 0000: ${error.message}`]);
    expect(refused).toEqual([[sent[0], error]]);
    expect(node.counts.map(({ outcome, count }) => [outcome, count])).toEqual([['refused', 1], ['accepted', 2]]); // prettier-ignore
  });

  it('that nobody answered, or whose stream cannot be read, is tried again: it is not refused', async () => {
    const away = new StoreUnavailableError('The store is away.');
    for (const engine of [
      { history: async (of: never, id: string) => History.of(of, id), handle: () => Promise.reject(away) },
      { history: () => Promise.reject(away), handle: () => Promise.reject(new Error('Nothing was read.')) },
    ] as AutomationsOptions['engine'][]) {
      const { node, logged, refused } = nodeOf(keysOf(1), { engine });
      for (let attempt = 0; attempt < 2; attempt++) await expect(node.run()).rejects.toBe(away);
      expect([logged, refused, node.counts]).toEqual([[], [], []]);
    }
  });

  it('to another stream than that of its deadline expects no revision there', async () => {
    const revisionsOf = async (to: Parameters<typeof nodeOf>[1]) => {
      const { node, sent } = nodeOf(['option:a/x'], to);
      await node.run();
      return sent.map(({ ifMatch }) => ifMatch);
    };
    expect(await revisionsOf({ to: { id: 'a' } })).toEqual([[-1]]);
    expect(await revisionsOf({ to: { id: 'b' } })).toEqual([undefined]);
    expect(await revisionsOf({ to: { aggregate: supplier } })).toEqual([undefined]);
  });

  it('is looked at again at once where others record in its stream meanwhile, five times at most', async () => {
    const stale = new StaleRevisionError('It is at revision 4.', 4);
    for (const overtaken of [4, 5]) {
      let asked = 0;
      const { node, inputs } = nodeOf(keysOf(1), {
        engine: {
          history: async (of, id) => History.of(of, id),
          handle: async () => (asked++ < overtaken ? Promise.reject(stale) : ({ outcome: 'accepted' } as Receipt)),
        },
      });
      if (overtaken < 5) expect(await node.run()).toBe(false);
      else await expect(node.run()).rejects.toBe(stale);
      expect([asked, inputs.length]).toEqual([5, 5]);
      expect(node.counts.map(({ outcome, count }) => [outcome, count])).toEqual(overtaken < 5 ? [['accepted', 1]] : []);
    }
  });

  it('of a stream that cannot be folded is refused once, and the next stream has its turn', async () => {
    const error = new UnsupportedSchemaVersionError({ type: 'ContractEnchanted', stream: 'contract-a', revision: 3 });
    const { node, state, taken, logged } = nodeOf(['option:a/x', 'option:b/y'], {
      engine: {
        history: async (of, id) => (id === 'a' ? Promise.reject(error) : History.of(of, id)),
        handle: async ({ id }) => ({ outcome: id === 'b' ? 'replayed' : 'accepted' }) as unknown as Receipt,
      },
    });
    await node.run();
    state.today = '2020-06-02';
    await node.run();
    expect(logged).toEqual([`when-it-passed-then-lapse was refused: ${error.message}`.replace(':', ': option:a/x:')]);
    expect(node.counts.map(({ outcome, count }) => [outcome, count])).toEqual([['refused', 1], ['replayed', 2]]); // prettier-ignore
    expect(taken()).toEqual([]);
  });
});

describe('a node that runs automations', () => {
  it('has not failed and does not rest before its first run', () => {
    const { node } = nodeOf([]);
    expect([node.failed, node.isResting]).toEqual([undefined, false]);
  });

  it('rests while nothing can be recorded, which is no failure, and goes on when it can', async () => {
    let isRefused = true;
    const now = () => {
      if (isRefused) throw new Error('The clock is behind.');
      return '2020-06-01T09:00:00.000Z';
    };
    const { node, asked, taken } = nodeOf(keysOf(1), { now });
    expect([await node.run(), node.isResting, node.failed, asked]).toEqual([false, true, undefined, []]);
    isRefused = false;
    expect([await node.run(), node.isResting, taken()]).toEqual([false, false, ['0000']]);
  });

  it('goes on after a short pause while something is left, and looks again after a long one', async () => {
    const hour = 3_600_000;
    const many = nodeOf(keysOf(450), { retryMs: 1, pauseMs: 1, everyMs: hour });
    many.node.start();
    await until(() => many.sent.length === 450);
    const few = nodeOf(keysOf(1), { retryMs: 1, pauseMs: hour, everyMs: 1, waitsForDay: false });
    few.node.start();
    await until(() => few.sent.length === 1);
    few.state.sequence++;
    await until(() => few.sent.length === 2);
  });

  it('begins once, however often it is started', async () => {
    const { node, asked, state } = nodeOf(keysOf(1), { retryMs: 1, everyMs: 3_600_000, waitsForDay: false });
    expect(node.start()).toBe(node.start());
    await until(() => asked.length > 0);
    state.sequence++;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(asked).toHaveLength(1);
  });

  it('says what keeps it from going on, until it goes on', async () => {
    let isAway = true;
    let attempts = 0;
    const caughtUp = async () => {
      attempts++;
      if (isAway) throw new Error('The projections are behind.');
    };
    const { node, sent, logged } = nodeOf(keysOf(1), { caughtUp, retryMs: 1, everyMs: 1 });
    node.start();
    await until(() => node.failed !== undefined);
    expect(node.failed).toEqual(new Error('The projections are behind.'));
    await until(() => attempts >= 3);
    isAway = false;
    await until(() => sent.length === 1 && node.failed === undefined);
    expect(logged).toEqual(['Automations stopped at a failure; they are tried again.']);
  });

  it('stops at once when it is closed: while it waits, and between two commands', async () => {
    const waiting = nodeOf(keysOf(1), { retryMs: 3_600_000 });
    waiting.node.start();
    await waiting.node.close();
    expect([waiting.asked, waiting.node.failed]).toEqual([[], undefined]);

    const { sent } = waiting;
    const working = nodeOf(keysOf(10), {
      retryMs: 1,
      engine: {
        history: async (of, id) => History.of(of, id),
        handle: async (request) => {
          if (sent.push(request) === 3) void working.node.close();
          return { outcome: 'accepted' } as Receipt;
        },
      },
    });
    working.node.start();
    await until(() => sent.length === 3);
    await working.node.close();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect([sent.length, working.node.failed]).toEqual([3, undefined]);
  });
});
