import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { canonical, type NewEvent, type RecordedEvent } from '../../src/kernel/index.js';
import { ReplicaStore } from '../../src/store/replica/replica-store.js';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { CATEGORIES, localPage, WrongExpectedRevisionError, type EventStore } from '../../src/store/event-store.js';
import { KurrentStore } from '../../src/store/kurrentdb/kurrent-store.js';
import { memoryStore } from '../fakes/memory-store.js';
import { closeRows, Rows } from '../engine/rows-after.js';
import { FakeServer } from '../fakes/kurrentdb/fake-server.js';
import { moves, play, Tally, World, type Move } from '../random-history.js';
import { Apart } from './apart.js';
import { metadata, newId } from './event-store.contract.js';

const began = { timeZone: 'Europe/London', now: () => '2026-03-04T05:06:07.089Z', newId };
const folders: string[] = [];
const folder = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'tower-ledger-differential-'));
  folders.push(dir);
  return dir;
};
const servers: FakeServer[] = [];
const server = async (): Promise<string> => {
  const node = await new FakeServer().start();
  servers.push(node);
  return node.url;
};
const kurrent = async (url: string): Promise<EventStore> => KurrentStore.open({ ...began, url, uptime: () => performance.now() });
const replicated = async (url: string): Promise<EventStore> => {
  const store = await ReplicaStore.open({
    dir: await folder(),
    connect: () => kurrent(url),
    uptime: () => performance.now(),
    chance: () => 0.5,
  });
  while (store.status().age === undefined) await sleep(20); // a shared server holds many events
  return store;
};

const real = process.env['LEDGER_KURRENTDB_URL'];
/** Every store behind the port, except the memory store, which is the reference. */
const stores: readonly (readonly [name: string, open: () => Promise<EventStore>])[] = [
  ['the embedded store', async () => SqliteStore.open({ ...began, dir: await folder() })],
  ['KurrentDB, on a fake server', async () => kurrent(await server())],
  ['a replica of KurrentDB, on a fake server', async () => replicated(await server())],
  ...(real
    ? ([
        ['a real KurrentDB', () => kurrent(real)],
        ['a replica of a real KurrentDB', () => replicated(real)],
      ] as const)
    : []),
];

/** An empty ledger, even on a real server that already holds one. */
const empty = async (store: EventStore): Promise<EventStore> => ((await store.head()) === undefined ? store : Apart.in(store, newId()));
const using = async <T>(opening: Promise<EventStore>, work: (store: EventStore) => Promise<T>): Promise<T> => {
  const store = await opening;
  return work(store).finally(() => store.close());
};
afterAll(async () => {
  await closeRows();
  await Promise.all(servers.map((node) => node.kill()));
  await Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true })));
});

/** One call of a client of the port. Streams are numbers, and so are positions: the nth event of the log, 0 for before the first. */
type Step =
  | {
      readonly does: 'append';
      readonly stream: number;
      readonly expected: number;
      readonly events: readonly NewEvent[];
      readonly times: number;
    }
  | { readonly does: 'read' | 'local'; readonly stream: number; readonly from: number; readonly limit: number | undefined }
  | { readonly does: 'page' | 'follow'; readonly after: number; readonly limit: number | undefined }
  | { readonly does: 'head' | 'foreign-position' }
  | { readonly does: 'compare'; readonly a: number; readonly b: number };

const KINDS = [
  ...Array<'right'>(10).fill('right'),
  ...([
    'behind',
    'ahead',
    'retry',
    'retry',
    'retry',
    'forged',
    'forged',
    'part',
    'longer',
    'later',
    'elsewhere',
    'twice',
    'nothing',
  ] as const),
  ...(['read', 'read', 'read', 'local', 'page', 'page', 'page', 'follow', 'follow', 'head', 'compare', 'foreign-position'] as const),
];
const draw = fc.record({
  kind: fc.constantFrom(...KINDS),
  stream: fc.nat(CATEGORIES.length - 1),
  count: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 1, max: 4 }) }, { weight: 1, arbitrary: fc.constant(40) }),
  n: fc.nat(9999),
  data: fc.jsonValue({ maxDepth: 2 }),
});
type Draw = typeof draw extends fc.Arbitrary<infer T> ? T : never;

/** Turns random draws into the steps of a client on an empty log: the same steps for every store. */
const stepsOf = (draws: readonly Draw[]): readonly Step[] => {
  const heads = CATEGORIES.map(() => -1);
  const appends: { readonly stream: number; readonly expected: number; readonly events: readonly NewEvent[] }[] = [];
  let length = 0;
  const append = (stream: number, expected: number, events: readonly NewEvent[], times = 1): Step => {
    if (expected === heads[stream] && events.length > 0) {
      heads[stream] += events.length;
      length += events.length;
      appends.push({ stream, expected, events });
    }
    return { does: 'append', stream, expected, events, times };
  };
  return draws.map(({ kind, stream, count, n, data }): Step => {
    const fresh = Array.from({ length: count }, (_, i) => ({ id: newId(), type: `Recorded${n % 3}`, data: { i, data }, metadata }));
    const head = heads[stream]!;
    const limit = n % 3 === 0 ? undefined : count;
    const past = appends[n % Math.max(1, appends.length)];
    const after = n % (length + 1);
    switch (kind) {
      case 'behind':
        return append(stream, head - 1 - (n % 3) < -1 ? head + 1 : head - 1 - (n % 3), fresh);
      case 'ahead':
        return append(stream, head + 1 + (n % 3), fresh);
      case 'nothing':
        return append(stream, head, []);
      case 'read':
      case 'local':
        return { does: kind, stream, from: n % (head + 3), limit };
      case 'page':
      case 'follow':
        return { does: kind, after, limit };
      case 'head':
      case 'foreign-position':
        return { does: kind };
      case 'compare':
        return { does: kind, a: after, b: (n * 7) % (length + 1) };
    }
    if (kind === 'right' || !past) return append(stream, head, fresh);
    const { stream: origin, expected, events } = past;
    switch (kind) {
      case 'retry':
        return append(origin, expected, events, 1 + (n % 3));
      case 'forged':
        return append(origin, expected, forged(events, n));
      case 'part':
        return append(origin, expected, events.slice(0, -1));
      case 'longer':
        return append(origin, expected, [...events, ...fresh]);
      case 'later':
        return append(origin, heads[origin]!, events);
      case 'elsewhere':
        return append(stream, head, events);
      case 'twice':
        return append(origin, heads[origin]!, [...fresh, ...fresh]);
    }
  });
};

/** The same ids, with one event changed; every fourth time only the order of its keys. */
const forged = (events: readonly NewEvent[], n: number): readonly NewEvent[] => {
  const which = n % events.length;
  const other = (event: NewEvent): NewEvent =>
    [
      { ...event, data: { forged: n } },
      { ...event, type: 'Forged' },
      { ...event, metadata: { ...metadata, actor: { id: 'forger' } } },
      { ...event, data: { data: event.data.data, i: event.data.i } },
    ][n % 4]!;
  return events.map((event, i) => (i === which ? other(event) : event));
};

const within = async <T>(promise: Promise<T>): Promise<T> => {
  const patience = new AbortController();
  const late = sleep(10_000, undefined, { signal: patience.signal }).then(() => Promise.reject(new Error('Nothing arrived within 10 s.')));
  late.catch(() => undefined);
  return Promise.race([promise, late]).finally(() => patience.abort());
};

/** Executes steps on a store and describes each outcome without store-specific details. */
class Client {
  readonly #name = newId();
  readonly #sequences = new Map<string, number>();
  /** Positions by sequence; 0 is the head of the log before the first step. */
  readonly #positions: (string | undefined)[];

  private constructor(
    private readonly store: EventStore,
    begin: string | undefined,
  ) {
    this.#positions = [begin];
  }
  static async of(store: EventStore): Promise<Client> {
    return new Client(store, await store.head());
  }

  async does(steps: readonly Step[]): Promise<readonly unknown[]> {
    const outcomes: unknown[] = [];
    for (const step of steps) outcomes.push(await this.#does(step).catch((error: unknown) => this.#failure(error)));
    return outcomes;
  }

  async #does(step: Step): Promise<unknown> {
    const { store } = this;
    switch (step.does) {
      case 'append':
        return this.#append(step);
      case 'read':
        return this.#described(await store.read(this.#stream(step.stream), step.from, step.limit));
      case 'local':
        await store.head(); // a replica may lag, but head() waits for this process's own appends
        return this.#described(await localPage(store, this.#stream(step.stream), step.from, step.limit));
      case 'page':
        return this.#described(await store.readAll(this.#positions[step.after], step.limit));
      case 'follow':
        return this.#follow(step.after, step.limit);
      case 'head': {
        const head = await store.head();
        return head === this.#positions[0] ? 0 : this.#at(head!);
      }
      case 'foreign-position':
        return Promise.allSettled([store.readAll('no position'), (async () => store.compare('no position', 'no position'))()]).then((all) =>
          all.map((one) => (one.status === 'rejected' ? this.#failure(one.reason) : one.value)),
        );
      case 'compare': {
        const [a, b] = [this.#positions[step.a], this.#positions[step.b]];
        return a === undefined || b === undefined ? Math.sign(step.a - step.b) : Math.sign(store.compare(a, b));
      }
    }
  }

  async #append({ stream, expected, events, times }: Extract<Step, { does: 'append' }>): Promise<unknown> {
    const name = this.#stream(stream);
    const answers = await Promise.allSettled(Array.from({ length: times }, () => this.store.append(name, expected, events)));
    const recorded = await this.store.read(name, expected + 1, events.length);
    for (const { position } of recorded)
      if (!this.#sequences.has(position)) {
        this.#sequences.set(position, this.#positions.length);
        this.#positions.push(position);
      }
    return answers.map((answer) =>
      answer.status === 'rejected'
        ? this.#failure(answer.reason)
        : { revision: answer.value.revision, at: this.#at(answer.value.position) },
    );
  }

  async #follow(after: number, limit: number | undefined): Promise<unknown> {
    const count = this.#positions.length - 1 - after;
    const stop = new AbortController();
    const seen: RecordedEvent[] = [];
    const follow = async () => {
      if (count === 0) stop.abort();
      for await (const batch of this.store.follow(this.#positions[after], stop.signal, limit)) {
        if (batch.length === 0 || (limit !== undefined && batch.length > limit)) throw new Error(`A batch of ${batch.length}.`);
        seen.push(...batch);
        if (seen.length >= count) stop.abort();
      }
    };
    await within(follow()).finally(() => stop.abort());
    return this.#described(seen);
  }

  #at(position: string): number {
    const sequence = this.#sequences.get(position);
    if (sequence === undefined) throw new Error(`No event has the position ${position}.`);
    return sequence;
  }
  #stream(n: number): string {
    return `${CATEGORIES[n]}-${this.#name}`;
  }
  #described(events: readonly RecordedEvent[]): unknown {
    return events.map(({ position, stream, ...event }) => ({ ...event, at: this.#at(position), stream: stream.split('-')[0] }));
  }
  #failure(error: unknown): unknown {
    if (error instanceof WrongExpectedRevisionError) return { error: error.name, expected: error.expected, actual: error.actual };
    return { error: (error as Error).name, ...((error as Error).name === 'Error' && { message: (error as Error).message }) };
  }
}

describe('the same workload', () => {
  const seen = new Map<string, number>();

  it.each(stores)(
    'has the same outcomes on %s as in memory',
    async (_, open) => {
      const memory = memoryStore();
      const same = (store: EventStore) =>
        fc.asyncProperty(fc.array(draw, { minLength: 60, maxLength: 120 }), async (draws) => {
          const steps = stepsOf(draws);
          const right = await (await Client.of(memory)).does(steps);
          const found = await (await Client.of(store)).does(steps);
          const first = found.findIndex((outcome, i) => canonical(outcome) !== canonical(right[i]));
          expect({ step: steps[first], outcome: found[first] }).toEqual({ step: steps[first], outcome: right[first] });
          for (const { kind } of draws) seen.set(kind, (seen.get(kind) ?? 0) + 1);
        });
      await using(open(), (store) => fc.assert(same(store), { numRuns: 3, interruptAfterTimeLimit: 30_000 }));
    },
    60_000,
  );

  it('contains every kind of call at least five times', () => {
    expect([...new Set(KINDS)].filter((kind) => !(seen.get(kind)! >= 5))).toEqual([]);
  });
});

/** Everything that users see of a ledger after a random history, with ids and positions replaced by sequence numbers. */
const outcomeOf = async (tried: readonly Move[], store: EventStore): Promise<{ readonly shown: unknown; readonly tally: Tally }> => {
  const world = await play(tried, new World(undefined, store, newId().slice(0, 23)));
  const receipts = await world.again();
  const log = await world.events();
  const rows = await new Rows(store).read();
  const texts = Object.entries(await rows.texts()).map(([name, text]) => [name, JSON.parse(text) as unknown]);
  await rows.close();
  const sequences = new Map<unknown, string>();
  log.forEach(({ id, metadata: { command } }, i) => {
    sequences.set(id, `event ${i}`);
    if (!sequences.has(command.id)) sequences.set(command.id, `decision ${i}`);
  });
  const places = new Map<unknown, number>(log.map(({ position }, i) => [position, i]));
  const shown = (value: unknown, key = ''): unknown => {
    if (key === 'position') return places.get(value) ?? 'no position';
    if (key === 'leaf') return /^[0-9a-f]{64}$/.test(String(value)); // of the ids as well
    if (key === 'proof') return sequences.get(String(value).split('/').at(-1));
    if (Array.isArray(value)) return value.map((one) => shown(one));
    if (typeof value !== 'object' || value === null) return sequences.get(value) ?? value;
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [sequences.get(k) ?? k, shown(v, k)]));
  };
  const tally = new Tally();
  await tally.add(world);
  return { shown: shown({ receipts, refused: [...world.refused], log, rows: texts }), tally };
};

describe('the same commands', () => {
  it.each(stores)(
    'get the same receipts and refusals, and leave the same rows, on %s as in memory',
    async (_, open) => {
      let [runs, accepted, refused] = [0, 0, 0];
      await fc.assert(
        fc.asyncProperty(moves(40), async (tried) => {
          const right = await outcomeOf(tried, memoryStore());
          const found = await using(empty(await open()), (store) => outcomeOf(tried, store));
          expect(found.shown).toEqual(right.shown);
          runs++;
          accepted += right.tally.accepted;
          refused += [...right.tally.refused.values()].reduce((sum, n) => sum + n, 0);
        }),
        { numRuns: 3, interruptAfterTimeLimit: 30_000 },
      );
      expect(runs).toBeGreaterThan(0); // all three where there is time
      expect(accepted).toBeGreaterThan(5 * runs);
      expect(refused).toBeGreaterThan(0);
    },
    60_000,
  );
});
