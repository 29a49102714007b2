import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { rmSync } from 'node:fs';
import { HISTORY_BYTES } from '../../src/engine/history-cache.js';
import { Follower, type FollowerOptions, type FollowerReport } from '../../src/engine/read/follower.js';
import { under } from '../../src/engine/read/projection-writer.js';
import {
  aggregate,
  count,
  eventSource,
  eventsOf,
  projection,
  ranked,
  source,
  through,
  type AnyAggregate,
  type Contribution,
  type Contributions,
  type Projection,
  type RecordedEvent,
} from '../../src/kernel/index.js';
import { MAX_PAGE, type ReadModel, type ReadModelReader } from '../../src/store/read-model.js';
import { memoryStore, type MemoryStore } from '../fakes/memory-store.js';
import { recordWorld, World } from '../random-history.js';
import { ChangedFile, newFolder } from './rows-after.js';

/** A thing stands where its last move brought it. */
interface Thing {
  readonly stage: 'none' | 'there';
  readonly n: number;
}
const any = ['none', 'there'] as const;
const thing = aggregate({
  category: 'thing',
  initial: { stage: 'none', n: -1 } as Thing,
  stages: any,
  events: {
    Moved: eventsOf<Thing>()({ allowedIn: any, fields: { n: count() }, evolve: (_, { n }) => ({ stage: 'there', n }) }),
    Noted: eventsOf<Thing>()({ allowedIn: any, fields: {}, evolve: (of) => of }),
  },
  about: () => ({}),
}) as unknown as AnyAggregate;

/** What each thing contributes at each of its places, in this test. */
let placed: Readonly<Record<string, readonly Contributions[]>> = {};
const things = source(thing, 'thing', {
  place: (id, { n }: Thing) => (placed[id]?.[n] ?? []) as readonly Contribution<'thing'>[],
  show: () => ({}),
});
const places = projection({ name: 'places', version: 1, question: 'Where do things stand?', from: [things], rows: { thing: (id) => ({ id }) } }); // prettier-ignore
const moves = eventSource<'move', object>('move', {
  place: ({ type, stream, revision }) => type === 'Moved' ? [{ key: `move:${revision}`, links: [`${stream.replace('-', ':')}`, '3|thing:all'], sums: { 'thing:all': { moves: 1n } } }] : [], // prettier-ignore
  show: () => ({}),
});
const log = projection({ name: 'log', version: 1, question: 'Which moves were there?', from: [moves], rows: {} });

let like: RecordedEvent;
beforeAll(async () => {
  const world = new World();
  await recordWorld(world);
  like = (await world.events())[0]!;
});
const opened: { readonly follower: Follower; readonly reader: ReadModelReader }[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const { follower, reader } of opened.splice(0)) {
    await follower.close().catch(() => undefined);
    reader.close();
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  placed = {};
});

/** Records that a thing moved, or another event of it. */
const record = async (store: MemoryStore, id: string, what: number | string, metadata: object = {}): Promise<void> => {
  const revision = (await store.read(`thing-${id}`)).length;
  const [type, data] = typeof what === 'number' ? ['Moved', { n: what }] : [what, {}];
  await store.append(`thing-${id}`, revision - 1, [{ ...like, id: `${id}-${revision}`, type, data, metadata: { ...like.metadata, about: {}, ...metadata } }]); // prettier-ignore
};
const recordAll = async (store: MemoryStore, moved: readonly (readonly [id: string, what: number | string])[]): Promise<void> => {
  for (const one of moved) await record(store, ...one);
};
const until = async (holds: () => boolean): Promise<void> => {
  for (const end = Date.now() + 15_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 1)))
    if (Date.now() > end) throw new Error('It never came.');
};

/** A follower of a log, what it reports, and a reader of what it committed. */
const follow = async (
  store: MemoryStore,
  projections: readonly Projection[] = [places],
  { folder = newFolder(), written, ...options }: Partial<FollowerOptions> & { readonly folder?: string; readonly written?: (model: ReadModel) => void } = {}, // prettier-ignore
) => {
  folders.push(folder);
  const file = new ChangedFile(folder, { ...(written && { written }) });
  file.prepare('a test');
  const reports: FollowerReport[] = [];
  const logged: string[] = [];
  const listener = {
    report: (report: FollowerReport) => void reports.push(report),
    log: (message: string, error?: unknown) => void logged.push(error instanceof Error ? `${message} ${error.message}` : message),
  };
  const readModel = file.write();
  const follower = new Follower({ log: store, readModel, projections, aggregates: [thing], historyBytes: HISTORY_BYTES, listener, ...options }); // prettier-ignore
  const reader = file.read(() => undefined);
  opened.push({ follower, reader });
  const last = () => reports.at(-1)!;
  let failed: { readonly error: unknown } | undefined;
  follower.ended.catch((error: unknown) => (failed = { error }));
  return {
    follower,
    reader,
    reports,
    logged,
    folder,
    last,
    build: (name = 'places') => last().builds.find(({ projection: of }) => of === name)!.build!,
    /** Once it has committed so many events. */
    read: async (sequence: number) => {
      await until(() => {
        if (failed) throw failed.error; // it goes on no more
        follower.flush();
        return last().sequence >= sequence && last().builds.every(({ catchingUp }) => catchingUp === undefined);
      });
    },
  };
};

describe('where a thing stands', () => {
  const key = 'thing:a' as const;
  const place = (more: Partial<Contribution> = {}): Contribution => ({ key, ...more });
  const linked = (...links: readonly string[]) => place({ links });
  const summed = (sums: NonNullable<Contribution['sums']>) => place({ sums });

  it.each<[string, readonly Contributions[], object]>([
    ['it has a row from the event on that gives it one, to the event that takes it', [[place()], [place({ row: true })], [place()]], { rows: [[], ['thing:a'], []] }], // prettier-ignore
    [
      'it is linked from its row as long as it links there, in the rank that it has',
      [[linked('tower:x')], [linked('tower:x', 'tower:y')], [linked(ranked(2, 'tower:x'))], [linked('tower:y', 'tower:y')], [linked()], []],
      { linked: ['x', 'xy', '2', 'y', '', ''], since: [[1], [2], [3], [4], [5], []] },
    ],
    ['links in another order are another place', [[linked('tower:x', 'tower:y')], [linked('tower:y', 'tower:x')]], { since: [[1], [2]] }],
    ['it stands since the event that placed it, whatever happens to what it adds', [[summed({ 'tower:x': { n: 1n } })], [summed({ 'tower:x': { n: 2n } })], [place({ sums: {} })]], { since: [[1], [1], [1]], sums: [{ n: 1n }, { n: 2n }, {}] }], // prettier-ignore
    ['it adds to a total what it adds now, by measure', [[summed({ 'tower:x': { n: 5n, m: 1n } })], [summed({ 'tower:x': { n: 3n } })], [summed({ 'tower:x': { n: 3n, k: 0n } })], [summed({ 'tower:y': { n: 3n } })], []], { sums: [{ n: 5n, m: 1n }, { n: 3n }, { n: 3n }, {}, {}] }], // prettier-ignore
    ['several contributions add to one total', [[summed({ 'tower:x': { n: 1n } }), { key: 'thing:b', sums: { 'tower:x': { n: 10n } } }], [{ key: 'thing:b', sums: { 'tower:x': { n: 20n } } }]], { sums: [{ n: 11n }, { n: 20n }] }], // prettier-ignore
    [
      'one of many goes, and the others stay',
      [
        Array.from({ length: 12 }, (_, i) => ({ key: `thing:${i}`, row: true, sums: { 'tower:x': { n: 1n } } }) as const),
        Array.from({ length: 11 }, (_, i) => ({ key: `thing:${i}`, row: i !== 5, sums: { 'tower:x': { n: 1n } } }) as const),
      ],
      { sums: [{ n: 12n }, { n: 11n }], rows: [12, 10] },
    ],
    ['it stands where it stood while its links are the same, among many others too', [0, 1, 2].map((n) => [place({ row: true, links: ['tower:x', 'tower:y'], sums: { 'tower:x': { n: BigInt(n) } } }), ...Array.from({ length: 11 }, (_, i) => ({ key: `thing:${i + n}` }) as const)]), { since: [[1], [1], [1]], linked: ['xy', 'xy', 'xy'], sums: [{}, { n: 1n }, { n: 2n }] }], // prettier-ignore
    ['another contribution comes beside it', [[place({ row: true })], [place({ row: true }), { key: 'thing:b', row: true, sums: { 'tower:x': { n: 1n } } }]], { since: [[1], [1]], rows: [['thing:a'], ['thing:a', 'thing:b']], sums: [{}, { n: 1n }] }], // prettier-ignore
    ['it contributes nothing before it contributes', [[], [place({ row: true, sums: { 'tower:x': { n: 1n } } })]], { rows: [[], ['thing:a']], sums: [{}, { n: 1n }] }], // prettier-ignore
  ])('%s', async (_, states, expected) => {
    // prettier-ignore
    const wanted = expected as { rows?: readonly (readonly string[] | number)[]; linked?: readonly string[]; since?: readonly (readonly number[])[]; sums?: readonly object[] };
    placed = { a: states };
    for (const before of [0, 1, states.length]) {
      // read one by one, at once, or in the middle of a restart
      const store = memoryStore();
      const at = async (reading: Awaited<ReturnType<typeof follow>>, sequence: number) => {
        await reading.read(sequence);
        const { reader } = reading;
        const build = reading.build();
        const x = (rank: number) => reader.referencingAt(build, `thing${rank}>tower:x`, sequence, { limit: 9 });
        const y = reader.referencingAt(build, 'thing0>tower:y', sequence, { limit: 9 });
        const { keys } = reader.rowKeys(build, sequence, '', 100);
        return {
          rows: typeof wanted.rows?.[sequence - 1] === 'number' ? keys.length : keys,
          linked: `${x(0).length > 0 ? 'x' : ''}${x(2).length > 0 ? '2' : ''}${y.length > 0 ? 'y' : ''}`,
          since: reader.contributionsAt(build, key, sequence).map(({ since }) => since),
          sums: reader.sumAt(build, 'tower:x', sequence),
        };
      };
      for (let n = 0; n < before; n++) await record(store, 'a', n);
      let reading = await follow(store);
      await reading.read(before);
      if (before === 1) {
        await reading.follower.close();
        reading = await follow(store, [places], { folder: reading.folder });
      }
      for (let n = before; n < states.length; n++) {
        await record(store, 'a', n);
        await reading.read(n + 1);
      }
      for (let sequence = 1; sequence <= states.length; sequence++) {
        const found = await at(reading, sequence);
        for (const name of ['rows', 'linked', 'since', 'sums'] as const)
          if (wanted[name]) expect([sequence, name, found[name]]).toEqual([sequence, name, wanted[name][sequence - 1]]);
      }
    }
  });

  it('totals that many streams add to are sums of what each adds now', async () => {
    placed = Object.fromEntries(['a', 'b', 'c'].map((id, i) => [id, [1, 2, 3, 4].map((n) => [{ key: `thing:${id}` as const, sums: { 'tower:x': { n: BigInt(n * 10 ** i) }, [`tower:${id}`]: { n: BigInt(n) } } }])])); // prettier-ignore
    const store = memoryStore();
    await recordAll(store, [['a', 0], ['b', 3], ['c', 1], ['a', 2], ['b', 0], ['c', 9], ['a', 2]]); // prettier-ignore
    const { read, reader, build } = await follow(store);
    await read(7);
    const sums = [1, 2, 3, 4, 5, 6, 7].map((at) => Number(reader.sumAt(build(), 'tower:x', at)['n']));
    expect(sums).toEqual([1, 41, 241, 243, 213, 13, 13]);
    expect([reader.sumAt(build(), 'tower:a', 7), reader.sumAt(build(), 'tower:c', 7)]).toEqual([{ n: 3n }, {}]);
  });

  it('a total may have a key of any length and many measures', async () => {
    const total = `tower:${'x'.repeat(400)}`;
    const sumsOf = (n: bigint) => Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`measure-${i}`, n]));
    placed = Object.fromEntries(['a', 'b'].map((id) => [id, [1n, 5n].map((n) => [{ key: `thing:${id}` as const, sums: { [total]: sumsOf(n) } }])])); // prettier-ignore
    const store = memoryStore();
    await recordAll(store, [['a', 0], ['b', 0], ['a', 1]]); // prettier-ignore
    const { read, reader, build } = await follow(store);
    await read(3);
    expect([1, 2, 3].map((at) => reader.sumAt(build(), total, at))).toEqual([1n, 2n, 6n].map(sumsOf));
  });

  it('what single events contribute is found for ever under their keys and links, and is counted', async () => {
    const store = memoryStore();
    await recordAll(store, [['a', 0], ['b', 0], ['a', 'Noted'], ['a', 1], ['b', 'Enchanted'], ['b', 2]]); // prettier-ignore
    placed = { a: [[{ key: 'thing:a', row: true }]] };
    const { read, reader, build } = await follow(store, [{ ...log, from: [moves, things] }, places]);
    await read(6);
    expect([1, 6].map((at) => reader.rowKeys(build('log'), at, '', 9).keys)).toEqual([['thing:a'], []]); // and what streams do beside it
    const marked = (name: string) => reader.marked(build('log'), name, { upTo: 6, limit: 9 });
    expect([marked(under('move:0')), marked(under('move:2')), marked('move0>thing:a'), marked('move3>thing:all')]).toEqual([[1, 2], [4, 6], [1, 4], [1, 2, 4, 6]]); // prettier-ignore
    expect(reader.sumAt(build('log'), 'thing:all', 6)).toEqual({ moves: 4n });
    expect(reader.sumAt(build('log'), 'thing:all', 3)).toEqual({ moves: 2n });
  });
});

describe('what goes on through a thing', () => {
  const carrying: Projection = { ...places, from: [{ ...things, carries: ['', '#paid'] }] };
  /** Where a thing stands that others go on through. */
  const standing = (...links: readonly string[]): Contributions => [{ key: 'thing:a', links }];
  /** What goes on through it, and adds to its totals. */
  const going = (id: string, n: bigint, own: readonly string[] = []): Contributions => [
    {
      key: `thing:${id}`,
      links: [...own, through('thing:a')],
      sums: { 'thing:a': { n }, 'thing:a#paid': { n: 10n * n, m: n }, 'thing:a#open': { n } },
    },
  ];
  const x = 'tower:x';
  /** After each event: of x and of y who is listed there, what is added, and what is added of the second total. */
  const after = async (
    moved: readonly (readonly [id: string, what: number | string])[],
    states: Readonly<Record<string, readonly Contributions[]>>,
  ) => {
    placed = states;
    const store = memoryStore();
    const one = await follow(store, [carrying]);
    for (const [i, [id, what]] of moved.entries()) {
      await record(store, id, what);
      await one.read(i + 1);
    }
    const whole = await follow(store, [carrying]); // which reads them all at once
    await whole.read(moved.length);
    const said = [one, whole].map(({ reader, build }) =>
      moved.map((_, i) =>
        ['tower:x', 'tower:y'].map((key) => [
          reader
            .referencingAt(build(), `thing0>${key}`, i + 1, { limit: 9 })
            .map(({ key: of }) => of.slice('thing:'.length))
            .join(''),
          reader.sumAt(build(), key, i + 1),
          reader.sumAt(build(), `${key}#paid`, i + 1),
          reader.sumAt(build(), `${key}#open`, i + 1),
        ]),
      ),
    );
    expect(said[1]).toEqual(said[0]);
    return said[0]!;
  };
  const nothing = ['', {}, {}, {}];
  const added = (who: string, n: bigint) => [who, { n }, { n: 10n * n, m: n }, {}];

  it('counts where that stands, in the totals that are carried on, and moves along with it', async () => {
    const states = { a: [standing('tower:x'), standing('tower:y'), [], standing('tower:x')], l: [going('l', 5n), going('l', 7n), []] };
    expect(
      await after(
        [
          ['a', 0],
          ['l', 0],
          ['a', 1],
          ['l', 1],
          ['a', 2],
          ['a', 3],
          ['l', 2],
        ],
        states,
      ),
    ).toEqual([
      [['a', {}, {}, {}], nothing],
      [added('la', 5n), nothing],
      [nothing, added('la', 5n)],
      [nothing, added('la', 7n)],
      [nothing, nothing],
      [added('la', 7n), nothing],
      [['a', {}, {}, {}], nothing],
    ]);
  });

  it('waits where that stands nowhere yet, and stays where that stays', async () => {
    const states = { a: [[], standing('tower:x', 'tower:z'), standing('tower:x', 'tower:y')], l: [going('l', 5n)], k: [going('k', 2n)] };
    expect(
      await after(
        [
          ['a', 0],
          ['l', 0],
          ['k', 0],
          ['a', 1],
          ['a', 2],
        ],
        states,
      ),
    ).toEqual([
      [nothing, nothing],
      [nothing, nothing],
      [nothing, nothing],
      [added('lka', 7n), nothing],
      [added('lka', 7n), added('lka', 7n)],
    ]);
  });

  it('is listed once where it stands itself, and stays there alone when the other goes', async () => {
    const states = { a: [standing('tower:x'), standing('tower:y')], l: [going('l', 5n, ['tower:x'])] };
    expect(
      await after(
        [
          ['a', 0],
          ['l', 0],
          ['a', 1],
        ],
        states,
      ),
    ).toEqual([
      [['a', {}, {}, {}], nothing],
      [added('la', 5n), nothing],
      [['l', {}, {}, {}], added('la', 5n)],
    ]);
  });

  it('is counted as faulted where it counted, once it can be folded no more', async () => {
    const states = { a: [standing('tower:x')], l: [going('l', 5n)] };
    const said = await after(
      [
        ['a', 0],
        ['l', 0],
        ['l', 'Enchanted'],
      ],
      states,
    );
    expect(said[2]).toEqual([['la', { n: 5n, faulted: 1n }, { n: 50n, m: 5n }, {}], nothing]);
  });

  it('moves along, however many they are', async () => {
    const ids = Array.from({ length: MAX_PAGE + 1 }, (_, i) => `l${i}`);
    placed = { a: [standing('tower:x'), standing('tower:y')], ...Object.fromEntries(ids.map((id) => [id, [going(id, 1n)]])) };
    const store = memoryStore();
    await recordAll(store, [['a', 0], ...ids.map((id) => [id, 0] as const), ['a', 1]]);
    const { read, reader, build } = await follow(store, [carrying]);
    await read(ids.length + 2);
    expect(reader.referencingAt(build(), `thing0>${x}`, ids.length + 2, { limit: 9 })).toEqual([]);
    expect(reader.sumAt(build(), 'tower:y', ids.length + 2)).toEqual({ n: BigInt(ids.length) });
    const first = reader.referencingAt(build(), 'thing0>tower:y', ids.length + 2, { limit: MAX_PAGE });
    const rest = reader.referencingAt(build(), 'thing0>tower:y', ids.length + 2, { limit: MAX_PAGE, after: first.at(-1)! });
    expect([...first, ...rest]).toHaveLength(ids.length + 1);
  });
});

describe('a stream that cannot be folded', () => {
  it('stays as it was from then on, is named once with its error, and is counted where it had a share', async () => {
    placed = { a: [[{ key: 'thing:a', row: true, sums: { 'programme:p#outside': { n: 1n } } }], []], b: [[{ key: 'thing:b', row: true }]] };
    const store = memoryStore();
    await recordAll(store, [['a', 0], ['a', 'Enchanted'], ['b', 0], ['a', 1], ['a', 'Enchanted']]); // prettier-ignore
    const first = await follow(store);
    await first.read(5);
    const holds = ({ reader, build }: typeof first) => {
      expect(reader.rowKeys(build(), 5, '', 9).keys).toEqual(['thing:a', 'thing:b']);
      expect(reader.sumAt(build(), 'programme:p#outside', 5)).toEqual({ n: 1n });
      expect([1, 2, 5].map((at) => reader.sumAt(build(), 'programme:p', at))).toEqual([{}, { faulted: 1n }, { faulted: 1n }]);
      expect(reader.faulted(build(), { limit: 9 })).toEqual([{ stream: 'thing-a', sequence: 2, error: 'Enchanted at revision 1 cannot be folded.' }]); // prettier-ignore
    };
    holds(first);
    expect(first.last().builds).toEqual([expect.objectContaining({ faulted: 1 })]);
    expect(first.logged.filter((line) => line.startsWith('places'))).toEqual(['places: thing-a is faulted. Enchanted at revision 1 cannot be folded.']); // prettier-ignore
    expect(first.logged[0]).toMatch(/^thing-a cannot be folded from revision 1 \(.+\) on\. /);
    await first.follower.close();
    const again = await follow(store, [places], { folder: first.folder });
    await again.read(5);
    holds(again);
  });

  it('is counted in its programme when it faults at its first event, and nowhere when it has none', async () => {
    const store = memoryStore();
    await record(store, 'a', 'Enchanted', { about: { programme: 'p' } });
    await record(store, 'b', 'Enchanted');
    const { read, reader, build } = await follow(store);
    await read(2);
    expect(reader.sumAt(build(), 'programme:p', 2)).toEqual({ faulted: 1n });
    expect(reader.faulted(build(), { limit: 9 }).map(({ stream }) => stream)).toEqual(['thing-a', 'thing-b']);
  });

  it('is one of thousands, all of which a new start knows', async () => {
    const store = memoryStore();
    for (let n = 0; n < 1001; n++) await record(store, `t${n}`, 'Enchanted');
    const first = await follow(store);
    await first.read(1001);
    expect(first.last().builds[0]!.faulted).toBe(1001);
    await first.follower.close();
    const again = await follow(store, [places], { folder: first.folder });
    expect(again.reports[0]!.builds[0]).toMatchObject({ faulted: 1001, catchingUp: 0 }); // it is made again: this program may know more
  }, 20_000);
});

describe('a follower', () => {
  it('indexes each event under all that it is about, with the latest instant of recording so far', async () => {
    const store = memoryStore();
    const about = { programme: 'p', tower: ['t-1', 't-2'], contract: ['c-1'], supplier: ['s-1', 's-2'] };
    const at = (recordedAt: string, more: object = {}) => ({ recordedAt, ...more });
    await record(store, 'a', 0, at('2020-01-02T00:00:00.000Z', { about, actor: { id: 'ana' } }));
    await record(store, 'a', 1, at('2020-01-01T00:00:00.000Z', { $correlationId: 'another', actor: { id: 'ben' } }));
    await record(store, 'b', 'Noted', at('2020-01-03T00:00:00.000Z', { actor: { id: 'ana' }, $correlationId: 'own', command: { ...like.metadata.command, id: 'own' } })); // prettier-ignore
    const { read, reader, last } = await follow(store);
    await read(3);
    const found = (tag: string) => reader.events({ tags: [tag], after: 0, upTo: 3, limit: 9 }).events.map(({ sequence }) => sequence);
    const tags = ['type:Moved', 'type:Noted', 'actor:ana', 'actor:ben', 'correlation:another', 'correlation:own', 'programme:p', 'tower:t-1', 'tower:t-2', 'contract:c-1', 'supplier:s-1', 'supplier:s-2', 'tower:p']; // prettier-ignore
    expect(tags.map(found)).toEqual([[1, 2], [3], [1, 3], [2], [2], [], [1], [1], [1], [1], [1], [1], []]);
    expect([1, 2, 3].map((sequence) => reader.eventAt(sequence)!.watermark.slice(0, 10))).toEqual(['2020-01-02', '2020-01-02', '2020-01-03']); // prettier-ignore
    const [, second] = await store.readAll(undefined, 9);
    expect(reader.eventAt(2)).toMatchObject({ sequence: 2, position: second!.position, stream: 'thing-a', revision: 1, id: second!.id });
    expect(last()).toMatchObject({ sequence: 3, position: await store.head(), watermark: '2020-01-03T00:00:00.000Z' });
  });

  it('reports what serves when it begins, and what is committed whenever more is, once each', async () => {
    const store = memoryStore();
    const { reports, read, follower } = await follow(store);
    expect(reports).toEqual([{ sequence: 0, position: undefined, watermark: undefined, builds: [{ projection: 'places', build: 1, catchingUp: undefined, faulted: 0 }] }]); // prettier-ignore
    await record(store, 'a', 0);
    await read(1);
    await record(store, 'a', 0);
    await read(2);
    follower.flush();
    await follower.close();
    expect(reports.map(({ sequence }) => sequence)).toEqual([0, 1, 2]);
  });

  it('goes on after a restart behind what was committed', async () => {
    placed = { a: [[{ key: 'thing:a', row: true, sums: { 'tower:x': { n: 1n } } }]] };
    const store = memoryStore();
    await recordAll(store, [['a', 0], ['a', 'Noted']]); // prettier-ignore
    const first = await follow(store);
    await first.read(2);
    await first.follower.close();
    const again = await follow(store, [places], { folder: first.folder });
    expect(again.last()).toMatchObject({ sequence: 2, builds: [{ build: 1, catchingUp: undefined }] });
    await record(store, 'a', 5);
    await again.read(3);
    expect([1, 2, 3].map((at) => again.reader.sumAt(1, 'tower:x', at))).toEqual([{ n: 1n }, { n: 1n }, {}]);
    expect(again.reader.rowKeys(1, 3, '', 9).keys).toEqual([]);
  });

  it('ends with what went wrong, and reads and reports nothing from then on', async () => {
    const store = memoryStore();
    await record(store, 'a', 0);
    let fails = 0;
    const full = (model: ReadModel) => {
      const commit = model.commit.bind(model);
      model.commit = () => {
        if (fails-- > 0) throw new Error('The disk is full.');
        commit();
      };
    };
    let followed: AbortSignal | undefined;
    const { follow: follows } = store;
    store.follow = (...asked) => {
      followed = asked[1];
      return follows.apply(store, asked);
    };
    const { follower, read, reports } = await follow(store, [places], { written: full });
    await read(1);
    fails = 1;
    await record(store, 'a', 1);
    await expect(follower.ended).rejects.toThrow('The disk is full.');
    expect(followed!.aborted).toBe(true);
    await follower.close();
    expect(reports.at(-1)!.sequence).toBe(1);
  });

  it('ends with what the log says when it cannot be followed', async () => {
    const store = memoryStore();
    store.follow = () => {
      throw new Error('The log is away.');
    };
    const { follower } = await follow(store);
    await expect(follower.ended).rejects.toThrow('The log is away.');
  });

  it('is not begun where the read model cannot be written', async () => {
    const written = (model: ReadModel) => {
      model.transaction = () => {
        throw new Error('The disk is read-only.');
      };
    };
    const { follower, folder } = await follow(memoryStore());
    await follower.close();
    await expect(follow(memoryStore(), [places], { folder, written })).rejects.toThrow('The disk is read-only.');
  });
});

describe('what a follower has read', () => {
  const { setTimeout: real, clearTimeout: clear } = globalThis;
  afterEach(() => void Object.assign(globalThis, { setTimeout: real, clearTimeout: clear }));
  /** Timers that come when the test says so. */
  const timers = () => {
    const waiting: { readonly ms: number; readonly run: () => void }[] = [];
    const remove = (timer: object | undefined) => {
      const at = waiting.findIndex((one) => one === timer);
      if (at >= 0) waiting.splice(at, 1);
    };
    Object.assign(globalThis, {
      setTimeout: (run: () => void, ms: number) => {
        const timer = { ms, run };
        waiting.push(timer);
        return timer;
      },
      clearTimeout: remove,
    });
    return {
      delays: () => waiting.map(({ ms }) => ms),
      pass: () => {
        for (const timer of [...waiting]) {
          remove(timer);
          timer.run();
        }
      },
      some: async () => {
        for (let turns = 0; waiting.length === 0 && turns < 100_000; turns++) await new Promise((resolve) => setImmediate(resolve));
      },
    };
  };

  it('waits for others that share a commit, and only a moment once somebody waits for it', async () => {
    const store = memoryStore();
    const { delays, pass, some } = timers();
    const { follower, reports } = await follow(store);
    await record(store, 'a', 0);
    await some();
    expect([delays(), reports.length]).toEqual([[250], 1]);
    follower.flush();
    follower.flush();
    expect([delays(), reports.length]).toEqual([[5], 1]);
    pass();
    expect([delays(), reports.at(-1)!.sequence]).toEqual([[], 1]);

    await record(store, 'a', 1);
    await some();
    expect(delays()).toEqual([250]); // nobody waits any more
    pass();
    follower.flush();
    expect(delays()).toEqual([]);
    await record(store, 'a', 2);
    await some();
    expect(delays()).toEqual([5]);
    pass();
    expect(reports.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3]);
  });

  it('is committed less often while it catches up', async () => {
    const store = memoryStore();
    for (let n = 0; n < 1001; n++) await record(store, `t${n}`, 0);
    const { delays, pass, some } = timers();
    const { follower, reports } = await follow(store);
    follower.flush();
    await some();
    expect(delays()).toEqual([200]);
    await follower.close();
    pass();
    expect(reports.at(-1)!.sequence).toBeGreaterThanOrEqual(250);
  });

  it('is committed and reported before it is closed, and so is the read model', async () => {
    const store = memoryStore();
    const { delays, some } = timers();
    let closed = 0;
    const written = (model: ReadModel) => {
      const close = model.close.bind(model);
      model.close = () => {
        closed++;
        close();
      };
    };
    const { follower, reports } = await follow(store, [places], { written });
    await record(store, 'a', 0);
    await some();
    expect([reports.length, closed]).toEqual([1, 0]);
    await Promise.all([follower.close(), follower.close()]);
    expect([reports.at(-1)!.sequence, closed, delays()]).toEqual([1, 1, []]);
    await follower.ended;
  });
});

describe('a projection', () => {
  const row = (id: string): Contributions => [{ key: `thing:${id}`, row: true, sums: { 'tower:x': { n: 1n } } }];
  const newer: Projection = { ...places, version: 2 };
  const filled = async (n = 3) => {
    placed = Object.fromEntries(Array.from({ length: n }, (_, i) => [`t${i}`, [row(`t${i}`)]]));
    const store = memoryStore();
    await recordAll(store, Array.from({ length: n }, (_, i) => [`t${i}`, 0] as const)); // prettier-ignore
    return store;
  };

  it('of another version is made beside the log, and says how far it has come; no other is', async () => {
    const store = await filled();
    const first = await follow(store, [places, log]);
    await first.read(3);
    await first.follower.close();
    const again = await follow(store, [newer, log], { folder: first.folder });
    expect(again.reports[0]!.builds).toEqual([
      { projection: 'places', build: undefined, catchingUp: 0, faulted: 0 },
      { projection: 'log', build: first.build('log'), catchingUp: undefined, faulted: 0 },
    ]);
    await again.read(3);
    expect(again.build()).not.toBe(first.build());
    expect(again.reader.dump(again.build())).toContain('thing:t2');
    expect(again.reports.some(({ builds }) => builds[0]!.catchingUp === 3 || builds[0]!.build !== undefined)).toBe(true);
    expect(again.reader.sumAt(again.build(), 'tower:x', 3)).toEqual({ n: 3n });
    await record(store, 't0', 7);
    await again.read(4);
    expect(again.reader.sumAt(again.build(), 'tower:x', 4)).toEqual({ n: 2n });
  });

  it('that is new is made from the events that the others have read; of an empty log it serves at once', async () => {
    const store = memoryStore();
    const empty = await follow(store, [places]);
    await empty.follower.close();
    const both = await follow(store, [places, log], { folder: empty.folder });
    expect(both.reports[0]!.builds.map(({ build, catchingUp }) => [typeof build, catchingUp])).toEqual([['number', undefined], ['number', undefined]]); // prettier-ignore
    expect(both.build()).toBe(empty.build());
  });

  it('that was left out for a while is made again', async () => {
    const store = await filled();
    let reading = await follow(store, [places, log]);
    await reading.read(3);
    const before = reading.build('log');
    await reading.follower.close();
    reading = await follow(store, [places], { folder: reading.folder });
    await record(store, 't9', 0);
    await reading.read(4);
    await reading.follower.close();
    reading = await follow(store, [places, log], { folder: reading.folder });
    await reading.read(4);
    expect(reading.build('log')).not.toBe(before);
    expect(reading.reader.sumAt(reading.build('log'), 'thing:all', 4)).toEqual({ moves: 4n });
  });

  it('is made again to the byte, one after another, while the one before serves', async () => {
    const store = await filled(1100); // of several batches and pages
    const { follower, reader, build, read, reports } = await follow(store, [places, log]);
    await read(1100);
    const [before, dumps] = [
      [build(), build('log')],
      [reader.dump(build()), reader.dump(build('log'))],
    ] as const;
    const since = reports.length;
    await Promise.all([follower.rebuild('places'), follower.rebuild('log')]);
    const made = [build(), build('log')];
    expect(made.some((id) => before.includes(id))).toBe(false);
    expect(made.map((id) => reader.dump(id))).toEqual(dumps);
    const said = reports.slice(since).map(({ builds }) => builds.map(({ build: id, catchingUp }) => [id, catchingUp]));
    expect(said[0]).toEqual([[before[0], 0], [before[1], undefined]]); // prettier-ignore
    expect(said[1]).toEqual([[before[0], 0], [before[1], 0]]); // prettier-ignore
    expect(said).toContainEqual([[before[0], 1000], [before[1], 0]]); // prettier-ignore
    expect(said).toContainEqual([[made[0], undefined], [before[1], 0]]); // prettier-ignore
    expect(said.at(-1)).toEqual([[made[0], undefined], [made[1], undefined]]); // prettier-ignore
    await record(store, 't0', 7);
    await read(1101);
    expect(reader.sumAt(build(), 'tower:x', 1101)).toEqual({ n: 1099n });
  });

  it('is made again up to where the others have read, though the log goes on', async () => {
    const store = await filled();
    const { follow: follows } = store;
    store.follow = async function* (after, signal) {
      for await (const page of follows.call(store, after, signal)) {
        yield page.slice(0, 2);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      }
    };
    const { follower, reader, read, build } = await follow(store);
    await read(2);
    const dump = reader.dump(build());
    await follower.rebuild('places');
    expect([reader.dump(build()), reader.builds().find(({ id }) => id === build())!.cursor]).toEqual([dump, 2]);
  });

  it('that was replaced is swept away once nobody reads it any more, and not before', async () => {
    const store = await filled();
    const { follower, reader, build, read } = await follow(store);
    await read(3);
    const old = build();
    const empty = reader.dump(999);
    follower.retire();
    await follower.rebuild('places');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(reader.dump(old)).not.toBe(empty);
    follower.retire();
    await until(() => reader.dump(old) === empty);
    expect(reader.dump(build())).not.toBe(empty);
  });

  it('that cannot be swept away ends the follower', async () => {
    const store = await filled();
    const written = (model: ReadModel) => {
      model.retire = () => {
        throw new Error('The disk is full.');
      };
    };
    const { follower, read } = await follow(store, [places], { written });
    await read(3);
    await follower.rebuild('places');
    follower.retire();
    await expect(follower.ended).rejects.toThrow('The disk is full.');
  });

  it('that cannot be made again leaves the one that serves, says why, and what was made of it is swept away', async () => {
    const store = await filled();
    const { follower, reader, build, read, logged, last } = await follow(store, [places, log]);
    await read(3);
    follower.retire();
    const [serving, dump] = [build(), reader.dump(build())];
    const { readAll } = store;
    store.readAll = async (...asked) => (asked[0] === undefined ? (await readAll.apply(store, asked)).slice(0, 2) : []);
    const { position } = (await readAll.call(store, undefined, 9))[1]!;
    const why = `The log ends at ${position}, before event 3 of 3.`;
    await expect(follower.rebuild('places')).rejects.toThrow(why);
    expect([build(), reader.dump(serving), logged]).toEqual([serving, dump, [`places could not be rebuilt. ${why}`]]);
    expect(last().builds[0]).toEqual({ projection: 'places', build: serving, catchingUp: undefined, faulted: 0 });
    await until(() => reader.builds().length === 2 && reader.dump(serving + 2) === reader.dump(999));
    store.readAll = readAll;
    await follower.rebuild('places');
    expect(reader.dump(build())).toBe(dump);
    expect(logged).toHaveLength(1);
  });

  it('that serves nothing yet and cannot be made ends the follower, so that it is tried again', async () => {
    const store = await filled();
    const first = await follow(store, [places]);
    await first.read(3);
    await first.follower.close();
    store.readAll = () => Promise.reject(new Error('The disk is away.'));
    store.follow = async function* (_, signal) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    };
    const { follower, logged } = await follow(store, [newer], { folder: first.folder });
    await expect(follower.ended).rejects.toThrow('The disk is away.');
    expect(logged).toEqual(['places could not be rebuilt. The disk is away.']);
  });

  it('that is being made when the follower is closed is given up without a word', async () => {
    const store = await filled(600);
    const { follower, read, logged, reader, build } = await follow(store);
    await read(600);
    const serving = build();
    const rebuilt = follower.rebuild('places');
    const closed = follower.close();
    await expect(rebuilt).rejects.toThrow('The projector was closed.');
    await closed;
    await follower.ended;
    expect(logged).toEqual([]);
    expect(reader.builds().filter((of) => of.serving).map(({ id }) => id)).toEqual([serving]); // prettier-ignore
  });

  it('whose code fails for one stream stops that stream alone', async () => {
    const fragile = source(thing, 'thing', {
      place: (id, { n }: Thing) => {
        if (id === 't1' && n === 1) throw new Error('Out of ink.');
        return n === 2 ? [{ key: `thing:${id}` }, { key: `thing:${id}` }] : [{ key: `thing:${id}`, row: true }];
      },
      show: () => ({}),
    });
    const store = memoryStore();
    await recordAll(store, [['t0', 0], ['t1', 0], ['t2', 0], ['t1', 1], ['t2', 2], ['t0', 1]]); // prettier-ignore
    const { read, reader, build } = await follow(store, [{ ...places, from: [fragile] }]);
    await read(6);
    expect(reader.faulted(build(), { limit: 9 })).toEqual([
      { stream: 'thing-t1', sequence: 4, error: 'Out of ink.' },
      { stream: 'thing-t2', sequence: 5, error: 'Two contributions stand under thing:t2.' },
    ]);
    expect(reader.rowKeys(build(), 6, '', 9).keys).toEqual(['thing:t0', 'thing:t1', 'thing:t2']);
  });

  it('of several sources has what each of them contributes', async () => {
    placed = { a: [row('a')] };
    const more = source(thing, 'other', { place: (id, { n }: Thing) => (n < 0 ? [] : [{ key: `other:${id}`, row: true }]), show: () => ({}) }); // prettier-ignore
    const none = source(thing, 'none', { place: () => [], show: () => ({}) });
    const store = memoryStore();
    await recordAll(store, [['a', 0], ['a', 3]]); // prettier-ignore
    const { read, reader, build } = await follow(store, [{ ...places, from: [none, things, more] }]);
    await read(2);
    expect([1, 2].map((at) => reader.rowKeys(build(), at, '', 9).keys)).toEqual([['other:a', 'thing:a'], ['other:a']]);
  });
});
