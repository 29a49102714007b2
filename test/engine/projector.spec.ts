import { afterEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { join } from 'node:path';
import { projections } from '../../projections/index.js';
import { contract, type Contract } from '../../src/domain/contract/index.js';
import { aggregates } from '../../src/domain/index.js';
import { tower } from '../../src/domain/tower/index.js';
import { RebuildingError } from '../../src/engine/read/projector.js';
import type { Row } from '../../src/engine/read/rows/rendering.js';
import { Rows as RowsOfBuild } from '../../src/engine/read/rows/rows.js';
import {
  canonical,
  linkedList,
  projection,
  source,
  sums,
  type Projection,
  type RecordedEvent,
  type StreamSource,
} from '../../src/kernel/index.js';
import type { ReadModel, ReadModelReader } from '../../src/store/read-model.js';
import { memoryStore, MemoryStore } from '../fakes/memory-store.js';
import { bounded, moves, play, recordWorld, World } from '../random-history.js';
import { ChangedFile, closeRows, InPieces, newFolder, Rows, rowsAfter, appendAll } from './rows-after.js';

afterEach(closeRows);
/** More than a property that fails may take. */
const PATIENCE = 30_000;

const names = projections.map(({ name }) => name);
const named = (wanted: string): Projection => projections.find(({ name }) => name === wanted)!;
/** All rows of every projection, as text. */
const bytes = async (rows: Rows, at?: number): Promise<string[]> => {
  const texts: string[] = [];
  for (const name of names) texts.push(canonical(await rows.all(name, at)));
  return texts;
};

describe('on every history that the ledger accepts', () => {
  const everyHistory = (holds: (events: readonly RecordedEvent[], tried: number) => Promise<void>, numRuns: number) =>
    fc.assert(
      fc.asyncProperty(moves(), fc.nat(1000), async (tried, any) => holds(await (await play(tried)).events(), any)).afterEach(closeRows),
      { numRuns, ...bounded },
    );

  it(
    'rows that were kept as events came are the rows made again, to the byte',
    () => everyHistory(async (events) => void (await rowsAfter(events)), 40),
    PATIENCE,
  );

  it(
    'rows as of a position stay as they were, to the byte, whatever is recorded later',
    () =>
      everyHistory(async (events) => {
        const store = memoryStore();
        const rows = new Rows(store);
        const then: string[][] = [];
        for (const event of events) {
          await appendAll(store, [event]);
          await rows.read();
          then.push(await bytes(rows));
        }
        const restarted = await rows.restart();
        for (const [i, texts] of then.entries()) expect(await bytes(restarted, i + 1)).toEqual(texts);
      }, 25),
    PATIENCE,
  );

  it(
    'updates from the beginning on make the rows of now',
    () =>
      everyHistory(async (events) => {
        const store = memoryStore();
        await appendAll(store, events);
        const rows = await new Rows(store).read();
        for (const name of names) {
          const made: Record<string, unknown> = {};
          for (const { sequence, changes } of await rows.updates(name)) {
            for (const [key, row] of Object.entries(changes)) {
              if (row === null) expect(made[key]).toBeDefined();
              if (row === null) delete made[key];
              else made[key] = row;
            }
            expect(canonical(made)).toBe(canonical(Object.fromEntries((await rows.all(name, sequence)).map(({ key, row }) => [key, row]))));
          }
          expect(canonical(made)).toBe(canonical(Object.fromEntries((await rows.all(name)).map(({ key, row }) => [key, row]))));
        }
      }, 30),
    PATIENCE,
  );

  it(
    'a client that comes back at a position gets what follows it, without gap or repeat, in pages of any size',
    () =>
      everyHistory(async (events, any) => {
        const store = memoryStore();
        await appendAll(store, events);
        const rows = await new Rows(store).read();
        const after = any % (events.length + 1);
        for (const name of names) {
          const whole = await rows.updates(name);
          const rest = whole.filter(({ sequence: sequence }) => sequence > after);
          for (const limit of [1, 2, 3, undefined]) expect(await rows.updates(name, after, limit)).toEqual(rest);
          for (const { sequence: sequence, position, event, stream } of whole)
            expect({ position, id: event, stream }).toEqual(placed(events[sequence - 1]!));
        }
      }, 30),
    PATIENCE,
  );

  it(
    'pages of any size are the whole, at any position, without gap or repeat',
    () =>
      everyHistory(async (events, any) => {
        const rows = await new Rows(await storeOf(events)).read();
        const at = any % (events.length + 1);
        for (const name of names) {
          const whole = await rows.all(name, at);
          for (const limit of [1, 3, Math.max(1, whole.length)]) {
            const paged: Row[] = [];
            for (let cursor: string | undefined = ''; cursor !== undefined;) {
              const page = await rows.projector.rows(name, { at, limit, cursor });
              expect(page.rows.length).toBeLessThanOrEqual(limit);
              paged.push(...page.rows);
              cursor = page.next;
            }
            expect(paged).toEqual(whole);
          }
          expect(new Set(whole.map(({ key }) => key)).size).toBe(whole.length);
          for (const { key, row } of whole) expect(await rows.row(name, key, at)).toEqual(row);
        }
      }, 20),
    PATIENCE,
  );

  it(
    'no stream stops',
    () =>
      everyHistory(async (events) => {
        const store = new InPieces();
        await appendAll(store, events);
        const rows = await new Rows(store).read();
        expect(rows.projector.list().flatMap(({ faulted }) => faulted)).toEqual([]);
      }, 60),
    PATIENCE,
  );

  it(
    'histories that are forgotten and read again make no difference',
    () =>
      everyHistory(async (events) => {
        const store = new InPieces();
        await appendAll(store, events);
        const forgetful = await new Rows(store, projections, undefined, { historyBytes: 1 }).read();
        const rows = await new Rows(store).read();
        expect(forgetful.dumps()).toEqual(rows.dumps());
        expect(await forgetful.texts()).toEqual(await rows.texts());
      }, 20),
    PATIENCE,
  );
});
const placed = ({ position, id, stream }: RecordedEvent) => ({ position, id, stream });

const world = async (...context: readonly Parameters<World['record']>[]): Promise<World> => {
  const small = new World();
  await recordWorld(small);
  for (const one of context) await small.record(...one);
  return small;
};
const award = {
  programme: 'met',
  title: 'EUC',
  towers: ['euc'],
  suppliers: [{ supplier: 'csc' }],
  value: { amount: '155000000.00', currency: 'GBP' },
};
const storeOf = async (events: readonly RecordedEvent[]): Promise<MemoryStore> => {
  const store = memoryStore();
  await appendAll(store, events);
  return store;
};
/** A store that takes its time for what is read of one stream. */
class Slow extends MemoryStore {
  ms = 0;
  override async read(...asked: Parameters<MemoryStore['read']>): Promise<readonly RecordedEvent[]> {
    if (this.ms > 0) await new Promise((resolve) => setTimeout(resolve, this.ms));
    return super.read(...asked);
  }
}
const unheardOf = (events: readonly RecordedEvent[]): RecordedEvent => {
  const last = events.findLast(({ stream }) => stream === 'contract-euc')!;
  const metadata = { ...last.metadata, schemaVersion: 1 };
  return { ...last, id: 'unheard', type: 'ContractEnchanted', revision: last.revision + 1, metadata };
};

describe('a stream that cannot be folded', () => {
  const awarded = async () => (await world(['contract-euc', 'AwardContract', award], ['contract-other', 'AwardContract', award])).events();

  it('keeps its row where it stands, and the row says so with the event and the error', async () => {
    const events = await awarded();
    const store = await storeOf(events);
    const rows = await new Rows(store).read();
    const before = await rows.row('contract-register', 'contract:euc');
    await appendAll(store, [unheardOf(events)]);
    await rows.read();
    const sequence = events.length + 1;
    const statusOf = (wanted: string) => rows.projector.list().find(({ name }) => name === wanted)!;
    const said = ['tower-board', 'contract-register', 'decisions'].map(statusOf);
    expect(said.map(({ faulted, position }) => [faulted.length, position])).toEqual(
      [1, 1, 0].map((faulted) => [faulted, said[0]!.position]),
    );
    expect(said[0]!.position).toBe(await store.head());
    expect(said[0]!.faulted).toEqual([
      { stream: 'contract-euc', sequence: sequence, error: 'ContractEnchanted at revision 1 cannot be folded.' },
    ]);
    const position = await store.head();
    const faulted = { stream: 'contract-euc', position, event: 'unheard', error: 'ContractEnchanted at revision 1 cannot be folded.' };
    expect(await rows.row('contract-register', 'contract:euc')).toEqual({ ...before, faulted });
    expect(await rows.row('contract-register', 'contract:euc', sequence - 1)).toEqual(before);
    expect((await rows.updates('contract-register')).at(-1)).toMatchObject({ sequence, changes: { 'contract:euc': { faulted } } });
    expect(rows.logged).toContain('tower-board: contract-euc is faulted.');
  });

  it('is counted in the totals that it adds to: 1 stopped', async () => {
    const events = await awarded();
    const rows = await rowsAfter([...events, unheardOf(events)]);
    expect(await rows.row('tower-board', 'programme:met')).toMatchObject({ faultedStreams: 1, totals: { towers: { text: '£310m' } } });
    expect(await rows.row('tower-board', 'programme:met', events.length)).toMatchObject({ faultedStreams: 0 });
    expect(await rows.updates('tower-board', events.length)).toEqual([
      expect.objectContaining({ changes: { 'programme:met': expect.objectContaining({ faultedStreams: 1 }) } }),
    ]);
  });

  it('is counted in its programme when it stops at its first event', async () => {
    const events = await awarded();
    const first = { ...unheardOf(events), id: 'first-of-another', stream: 'contract-another', revision: 0 };
    const rows = await new Rows(await storeOf([...events, first])).read();
    expect(await rows.row('tower-board', 'programme:met')).toMatchObject({ faultedStreams: 1 });
  });

  it('stays stopped whatever follows it, also after a restart, while others go on', async () => {
    const events = await awarded();
    const unheard = unheardOf(events);
    const store = await storeOf([...events, unheard]);
    const rows = await (await new Rows(store).read()).restart();
    await rows.read();
    const signed = (stream: string, revision: number) => ({ ...unheard, id: `signed-${stream}`, type: 'ContractSigned', data: {}, stream, revision }); // prettier-ignore
    await appendAll(store, [signed('contract-euc', 2), signed('contract-other', 1)]);
    await rows.read();
    expect((await rows.row('contract-register', 'contract:euc')).stage).toBe('awarded');
    expect((await rows.row('contract-register', 'contract:other')).stage).toBe('signed');
    expect(rows.projector.list().find(({ name }) => name === 'tower-board')!.faulted).toHaveLength(1);
  });

  it('goes on once a program starts that knows the event', async () => {
    const events = await awarded();
    const store = await storeOf([...events, unheardOf(events)]);
    const rows = await new Rows(store).read();
    await rows.projector.close();
    const enchanted = { allowedIn: ['awarded'], fields: {}, evolve: (c: Contract) => ({ ...c, title: 'Enchanted' }) };
    const newer = aggregates.map((s) => (s.category === 'contract' ? { ...s, events: { ...s.events, ContractEnchanted: enchanted } } : s));
    const again = await new Rows(store, projections, rows.folder, { aggregates: newer }).read();
    expect(again.projector.list().flatMap(({ faulted: stopped }) => stopped)).toEqual([]);
    expect((await again.row('contract-register', 'contract:euc')).title).toBe('Enchanted');
  });

  it('is not one whose facts were withdrawn with what depended on them', async () => {
    const origin = await world(['contract-euc', 'AwardContract', award], ['contract-euc', 'SignContract', {}]);
    const { id: event } = (await origin.store.read('contract-euc'))[0]!;
    await origin.record('contract-euc', 'WithdrawFact', { event, withDependants: true });
    const rows = await rowsAfter(await origin.events());
    expect(rows.projector.list().flatMap(({ faulted: stopped }) => stopped)).toEqual([]);
    expect(await rows.row('contract-register', 'contract:euc')).toBeUndefined();
  });
});

describe('a projection', () => {
  const totals = sums({ contracts: 'count' });
  const counted = (version: number, more: Partial<Projection> = {}): Projection => {
    const contracts = source(contract, 'contract', {
      place: (id, state) => [
        {
          key: `contract:${id}`,
          links: state.towers.map((t) => `tower:${t}`),
          sums: Object.fromEntries(state.towers.map((t) => [`tower:${t}`, totals.of({ contracts: 1 })])),
        },
      ],
      show: ({ id }) => ({ [`contract:${id}`]: { version } }),
    });
    const towers = source(tower, 'tower', {
      place: (id) => [{ key: `tower:${id}`, row: true }],
      show: ({ id, state }) => ({ [`tower:${id}`]: { title: state.title } }),
    });
    const linking = linkedList(contracts);
    return {
      ...projection({
        name: 'counted',
        version,
        question: 'How many contracts does each tower have?',
        from: [contracts, towers],
        rows: {
          tower: (id, lookup) => ({
            version,
            ...lookup.sum(totals, `tower:${id}`),
            linking: lookup.newest(linking, `tower:${id}`).length,
          }),
        },
      }),
      ...more,
    };
  };
  /** One source of contracts, with rows that show what it says of each. */
  const ofContracts = (place: StreamSource<'contract'>['place'], show: StreamSource['show'] = ({ id }) => ({ [`contract:${id}`]: {} })) => {
    const contracts = source(contract, 'contract', { place, show });
    return counted(1, { from: [contracts], rows: { contract: (id, lookup) => lookup.get(contracts, id) } });
  };
  const two = () => world(['contract-euc', 'AwardContract', award], ['contract-other', 'AwardContract', award]);

  it('of a new version is a new generation, made again beside the log', async () => {
    const store = await storeOf(await (await two()).events());
    const first = await new Rows(store, [counted(1)]).read();
    const generation = first.projector.generation('counted');
    expect(await first.row('counted', 'tower:euc')).toEqual({ version: 1, contracts: 2, linking: 2 });

    const same = await first.restart();
    expect(same.projector.list()).toEqual([expect.objectContaining({ generation, state: 'serving', behind: 0 })]);

    const second = await same.restart([counted(2)]);
    expect(second.projector.list()).toEqual([expect.objectContaining({ version: 2, state: 'rebuilding', position: null })]);
    await expect(second.row('counted', 'tower:euc')).rejects.toThrow(RebuildingError);
    await second.read();
    expect(second.projector.generation('counted')).not.toBe(generation);
    expect(await second.row('counted', 'tower:euc')).toEqual({ version: 2, contracts: 2, linking: 2 });

    const back = await (await second.restart([counted(1)])).read();
    expect(back.projector.generation('counted')).toBe(generation);
    expect(await back.row('counted', 'tower:euc')).toEqual({ version: 1, contracts: 2, linking: 2 });
  });

  it('lets other work in between the rows of one page', async () => {
    const contracts = Array.from(
      { length: 150 },
      (_, i) => [`contract-c${i}`, 'AwardContract', award] satisfies Parameters<World['record']>,
    );
    const store = await storeOf(await (await world(...contracts)).events());
    const rows = await new Rows(store, [ofContracts((id) => [{ key: `contract:${id}`, row: true }])]).read();
    await rows.all('counted'); // so that the next page reads no log
    let turns = 0;
    const count = () => void (turns++, (other = setImmediate(count)));
    let other = setImmediate(count);
    expect(await rows.all('counted', rows.projector.sequence - 1)).toHaveLength(149);
    clearImmediate(other);
    expect(turns).toBeGreaterThanOrEqual(4);
  });

  it('that is new is made from the whole log while the others answer', async () => {
    const store = await storeOf(await (await two()).events());
    const rows = await (await new Rows(store, [named('contract-register')]).read()).restart([named('contract-register'), counted(1)]);
    expect((await rows.row('contract-register', 'contract:euc')).stage).toBe('awarded');
    await rows.read();
    expect((await rows.row('counted', 'tower:euc')).contracts).toBe(2);
  });

  it('reads on while it is made again: what comes meanwhile is in it', async () => {
    const events = await (await two()).events();
    const store = new InPieces();
    await appendAll(store, events.slice(0, -1));
    const rows = await new Rows(store, [counted(1)]).read();
    const rebuilt = rows.projector.rebuild('counted');
    await appendAll(store, events.slice(-1));
    await rebuilt;
    await rows.read();
    expect(await rows.row('counted', 'tower:euc')).toEqual({ version: 1, contracts: 2, linking: 2 });
    const again = await rowsAfter(events, [counted(1)]);
    expect(rows.dumps()).toEqual(again.dumps());
    expect(await rows.texts()).toEqual(await again.texts());
  });

  it('answers whole while it is made again, and when the parts it stood in are swept away', async () => {
    const store = new Slow();
    const origin = await world();
    for (let n = 0; n < 30; n++) await origin.record(`contract-c${n}`, 'AwardContract', award);
    await appendAll(store, await origin.events());
    const register = [named('contract-register')];
    const whole = await (await new Rows(store, register).read()).all('contract-register');
    expect(whole).toHaveLength(30);
    const rows = await new Rows(store, register, undefined, { historyBytes: 1 }).read();
    store.ms = 3;
    const asked = [
      rows.all('contract-register'),
      rows.row('contract-register', 'contract:c29'),
      rows.updates('contract-register'),
    ] as const;
    await rows.projector.rebuild('contract-register');
    const [all, row, updates] = await Promise.all(asked);
    expect(all).toEqual(whole);
    expect(row).toEqual(whole.find(({ key }) => key === 'contract:c29')!.row);
    expect(updates).toHaveLength(30);
  });

  it('that cannot be made again rolls back nothing of what the others have read', async () => {
    const events = await (await two()).events();
    const { metadata } = events.at(-1)!;
    const notes = Array.from({ length: 1200 }, (_, n) => ({ ...events.at(-1)!, id: `note-${n}`, type: 'Annotated', data: { note: 'A note.' }, revision: n + 1, metadata: { ...metadata, command: { id: `note-${n}`, name: 'Annotate', body: {} } } })); // prettier-ignore
    const folder = newFolder();
    let rebuilt: Promise<unknown> | undefined;
    const written = (model: ReadModel) => {
      const [mark, transaction] = [model.mark.bind(model), model.transaction.bind(model)];
      model.mark = (build, name, at) => {
        if (build === 2) throw new Error('The disk is full.');
        mark(build, name, at);
      };
      model.transaction = (work, hold) => {
        transaction(work, hold);
        if (hold) rebuilt ??= rows.projector.rebuild('decisions').catch((error: unknown) => error);
      };
    };
    const readModel = new ChangedFile(folder, { written });
    const rows = new Rows(await storeOf([...events, ...notes]), [named('decisions')], folder, { readModel });
    await rows.read();
    expect([await rebuilt, rows.logged.at(-1)]).toEqual([new Error('The disk is full.'), 'decisions could not be rebuilt.']);
    expect(await rows.projector.events({ tags: [], after: 0, limit: 10_000 })).toHaveLength(events.length + notes.length);
  });

  it('may add to one total from several parts of a stream', async () => {
    const twice = (id: string) =>
      [
        { key: `contract:${id}/one`, sums: { 'tower:euc': totals.of({ contracts: 1 }) } },
        { key: `contract:${id}/two`, sums: { 'tower:euc': totals.of({ contracts: 2 }) } },
      ] as const;
    const halves = counted(1, {
      from: [
        source(tower, 'tower', { place: (id) => [{ key: `tower:${id}`, row: true }], show: ({ id }) => ({ [`tower:${id}`]: {} }) }),
        source(contract, 'contract', { place: twice, show: () => ({}) }),
      ],
    });
    const rows = await rowsAfter(await (await two()).events(), [halves]);
    expect((await rows.row('counted', 'tower:euc')).contracts).toBe(6);
  });

  it('takes away from totals and links what a correction takes away', async () => {
    const origin = await two();
    const { id: event } = (await origin.store.read('contract-euc'))[0]!;
    await origin.record('contract-euc', 'WithdrawFact', { event });
    const events = await origin.events();
    const rows = await rowsAfter(events, [counted(1)]);
    expect(await rows.row('counted', 'tower:euc')).toEqual({ version: 1, contracts: 1, linking: 1 });
    expect(await rows.row('counted', 'tower:euc', events.length - 1)).toEqual({ version: 1, contracts: 2, linking: 2 });
  });

  it('sends every row that an event changed in one update, in pages of any size', async () => {
    const five = [0, 1, 2, 3, 4];
    const contracts = source(contract, 'contract', {
      place: (id) => five.map((n) => ({ key: `contract:${id}/${n}` as const, row: true })),
      show: ({ id, revision }) => Object.fromEntries(five.map((n) => [`contract:${id}/${n}`, revision])),
    });
    const broad = projection({
      name: 'broad',
      version: 1,
      question: 'What stands in many rows, and does not change with every event?',
      from: [contracts],
      rows: { contract: (id, lookup) => ({ half: Math.floor(lookup.get(contracts, id)! / 2) }) },
    });
    const origin = await two();
    await origin.record('contract-euc', 'SignContract', {});
    await origin.record('contract-other', 'SignContract', {});
    await origin.record('contract-euc', 'TerminateContract', { ground: 'Failure to deliver' });
    const rows = await rowsAfter(await origin.events(), [broad]);
    const whole = await rows.updates('broad');
    expect(whole.map(({ changes }) => Object.keys(changes).length)).toEqual([5, 5, 5]);
    for (let after = 0; after < rows.projector.sequence; after++)
      for (const limit of [1, 2, 100])
        expect(await rows.updates('broad', after, limit)).toEqual(whole.filter(({ sequence }) => sequence > after));
  });

  it('whose stream breaks its own code stops that stream alone', async () => {
    const fragile = ofContracts((id) => {
      if (id === 'euc') throw new Error('Out of ink.');
      return [{ key: `contract:${id}`, row: true }];
    });
    const rows = await rowsAfter(await (await two()).events(), [fragile]);
    expect((await rows.all('counted')).map(({ key }) => key)).toEqual(['contract:other']);
    expect(rows.projector.list()[0]!.faulted).toEqual([expect.objectContaining({ stream: 'contract-euc', error: 'Out of ink.' })]);
  });

  it('that gives one key to two parts of a stream stops that stream alone', async () => {
    const twice = ofContracts((id) => Array.from({ length: id === 'euc' ? 2 : 1 }, () => ({ key: `contract:${id}` as const, row: true })));
    const rows = await rowsAfter(await (await two()).events(), [twice]);
    expect((await rows.all('counted')).map(({ key }) => key)).toEqual(['contract:other']);
    expect(rows.projector.list()[0]!.faulted).toEqual([
      expect.objectContaining({ stream: 'contract-euc', error: 'Two contributions stand under contract:euc.' }),
    ]);
  });

  it('whose part cannot be shown leaves out that part alone, and says so', async () => {
    const fragile = ofContracts(
      (id) => [{ key: `contract:${id}`, row: true }],
      ({ id }) => {
        if (id === 'euc') throw new Error('Out of ink.');
        return { [`contract:${id}`]: { id } };
      },
    );
    const rows = await new Rows(await storeOf(await (await two()).events()), [fragile]).read();
    expect((await rows.all('counted')).map(({ key }) => key)).toEqual(['contract:other']);
    expect(rows.projector.list()[0]!.faulted).toEqual([
      expect.objectContaining({ stream: 'contract-euc', error: 'contract:euc cannot be shown: Out of ink.' }),
    ]);
    expect(rows.logged).toEqual(['counted: contract:euc of contract-euc cannot be shown.']);
  });
});

describe('a reader that waits', () => {
  const awarded = async () => {
    const origin = await world(['contract-euc', 'AwardContract', award]);
    const store = await storeOf(await origin.events());
    return { origin, store, rows: await new Rows(store).read() };
  };
  /** The position that the next event of the memory store gets. */
  const next = async (origin: World, store: MemoryStore, rows: Rows) => {
    await origin.record('contract-euc', 'SignContract', {});
    const events = (await origin.events()).slice(rows.projector.sequence);
    const position = (await origin.store.head())!;
    return { position, record: () => appendAll(store, events) };
  };

  it('for a position is answered once it is read, with all the others that wait for it', async () => {
    const { origin, store, rows } = await awarded();
    const { position, record } = await next(origin, store, rows);
    const waiting = [1, 2, 3].map(async () => {
      const reached = await rows.projector.reached(position, 5000);
      return [reached, (await rows.row('contract-register', 'contract:euc')).stage];
    });
    await record();
    expect(await Promise.all(waiting)).toEqual([1, 2, 3].map(() => [true, 'signed']));
    expect(await rows.projector.reached(position, 0)).toBe(true);
  });

  it('for a position that never comes is answered after its time, and when the projector is closed', async () => {
    const { origin, store, rows } = await awarded();
    const { position } = await next(origin, store, rows);
    expect(await rows.projector.reached(position, 20)).toBe(false);
    const waiting = rows.projector.reached(position, 60_000);
    const following = rows.projector.beyond(rows.projector.sequence, new AbortController().signal);
    following.catch(() => undefined);
    await rows.close();
    expect(await waiting).toBe(false);
    await expect(following).rejects.toThrow('The projector is closed.');
  });

  it('is answered though 200 others come and go meanwhile', async () => {
    const { origin, store, rows } = await awarded();
    const { position, record } = await next(origin, store, rows);
    const followers = Array.from({ length: 200 }, async (_, n) => {
      for (let turn = 0; turn < 5; turn++) {
        const gone = new AbortController();
        const waiting = rows.projector.beyond(rows.projector.sequence, gone.signal);
        await new Promise((resolve) => setTimeout(resolve, n % 7));
        gone.abort();
        await waiting;
        await rows.projector.updates('contract-register', n % 5);
        await rows.row('contract-register', 'contract:euc', Math.max(5, n % rows.projector.sequence));
      }
    });
    const waiting = rows.projector.reached(position, 5000);
    await record();
    expect(await waiting).toBe(true);
    await Promise.all(followers);
  });
});

describe('a rebuild', () => {
  it('that fails is rejected, and leaves the build that serves', async () => {
    const rows = await new Rows(await storeOf(await (await world(['contract-euc', 'AwardContract', award])).events())).read();
    const texts = await rows.texts();
    const read = rows.store.readAll.bind(rows.store);
    rows.store.readAll = () => Promise.reject(new Error('The disk is away.'));
    await expect(rows.projector.rebuild('decisions')).rejects.toThrow('The disk is away.');
    rows.store.readAll = async () => [];
    await expect(rows.projector.rebuild('decisions')).rejects.toThrow('The log ends at its start, before event 1 of');
    rows.store.readAll = read;
    expect(await rows.texts()).toEqual(texts);
    await rows.projector.rebuild('decisions');
    expect(await rows.texts()).toEqual(texts);
  });

  it('that another one always overtakes ends a question with an error', async () => {
    const events = await (await world(['contract-euc', 'AwardContract', award])).events();
    const rows = await new Rows(await storeOf(events), [named('contract-register')]).read();
    const { page } = RowsOfBuild.prototype;
    let asked = 0;
    RowsOfBuild.prototype.page = async function (...args) {
      asked++;
      await rows.projector.rebuild('contract-register');
      return page.apply(this, args);
    };
    try {
      await expect(rows.projector.rows('contract-register')).rejects.toThrow(RebuildingError);
    } finally {
      RowsOfBuild.prototype.page = page;
    }
    expect(asked).toBe(5);
    expect(await rows.all('contract-register')).toHaveLength(1);
  });
});

describe('what is kept', () => {
  /** A follower whose writing fails until the test lets it succeed; it is not tried again before the test has looked. */
  const failingAt = async (store: MemoryStore, change: (model: ReadModel, fail: () => void) => void, retryMs = 60_000) => {
    const folder = newFolder();
    const state = { failing: true };
    const fail = () => {
      if (state.failing) throw new Error('The disk is full.');
    };
    const readModel = new ChangedFile(folder, { written: (model) => change(model, fail) });
    return { rows: new Rows(store, projections, folder, { readModel, retryMs }), state };
  };
  const AGAIN = 'Projections do not follow the log for now; they try again.';

  it('holds nothing of a batch that failed halfway, and is whole after a restart', async () => {
    const events = await (await world(['contract-euc', 'AwardContract', award])).events();
    const store = await storeOf(events);
    const whole = await new Rows(store).read();
    const { rows } = await failingAt(store, (model, fail) => {
      let contributions = 0;
      const open = model.openContribution.bind(model);
      model.openContribution = (...contribution) => {
        if (++contributions === 5) fail();
        open(...contribution);
      };
    });
    await expect(rows.read()).rejects.toThrow('The disk is full.');
    expect([rows.projector.sequence, rows.projector.eventAt(1)]).toEqual([0, undefined]);
    expect(rows.projector.list()[0]).toMatchObject({ error: 'The disk is full.' });
    expect(rows.logged).toEqual([AGAIN]);
    const again = await (await rows.restart()).read();
    expect(again.dumps()).toEqual(whole.dumps());
    expect(await again.texts()).toEqual(await whole.texts());
  });

  it('holds nothing of many batches that share a commit when the last of them fails', async () => {
    const events = await (await world(['contract-euc', 'AwardContract', award])).events();
    const { metadata } = events.at(-1)!;
    const notes = Array.from({ length: 1200 }, (_, n) => ({ ...events.at(-1)!, id: `note-${n}`, type: 'Annotated', data: { note: 'A note.' }, revision: n + 1, metadata: { ...metadata, command: { id: `note-${n}`, name: 'Annotate', body: {} } } })); // prettier-ignore
    const store = await storeOf([...events, ...notes]);
    const whole = await new Rows(store).read();
    const { rows } = await failingAt(store, (model, fail) => {
      const mark = model.mark.bind(model);
      model.mark = (build, name, at) => {
        if (at === 900) fail();
        mark(build, name, at);
      };
    });
    await expect(rows.read()).rejects.toThrow('The disk is full.');
    expect(rows.projector.sequence).toBeLessThan(900);
    const again = await (await rows.restart()).read();
    expect(again.dumps()).toEqual(whole.dumps());
  });

  it('follows again by itself, from what was committed, once the read model can be written', async () => {
    const origin = await world(['contract-euc', 'AwardContract', award]);
    const store = await storeOf(await origin.events());
    const whole = await new Rows(store).read();
    const { rows, state } = await failingAt(store, (model, fail) => {
      const commit = model.commit.bind(model);
      model.commit = () => {
        fail();
        commit();
      };
    }, 5); // prettier-ignore
    await expect(rows.read()).rejects.toThrow('The disk is full.');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([rows.projector.sequence, rows.logged]).toEqual([0, [AGAIN]]); // said once, however often it is tried
    state.failing = false;
    expect(await rows.projector.reached((await store.head())!, 5000)).toBe(true);
    expect(rows.projector.failed).toBeUndefined();
    expect(await (await rows.read()).texts()).toEqual(await whole.texts());
    expect(rows.logged).toEqual([AGAIN, 'Projections follow the log again.']);
  });

  it('answers from what was committed while another process holds the lock, and reads on after it', async () => {
    const origin = await world(['contract-euc', 'AwardContract', award]);
    const store = await storeOf(await origin.events());
    const folder = newFolder();
    const rows = await new Rows(store, projections, folder, { retryMs: 5 }).read();
    const before = [rows.projector.sequence, await rows.all('contract-register')];
    const other = new Database(join(folder, 'read-model.db'));
    other.exec('BEGIN IMMEDIATE');
    await origin.record('contract-euc', 'SignContract', {});
    await appendAll(store, (await origin.events()).slice(rows.projector.sequence));
    await expect(rows.read()).rejects.toThrow('The read model is not available: database is locked.');
    expect([rows.projector.sequence, await rows.all('contract-register')]).toEqual(before);
    expect(await rows.projector.reached((await store.head())!, 30)).toBe(false);
    other.exec('ROLLBACK');
    other.close();
    expect(await rows.projector.reached((await store.head())!, 5000)).toBe(true);
    expect((await rows.row('contract-register', 'contract:euc')).stage).toBe('signed');
    expect(rows.projector.failed).toBeUndefined();
  });

  it('may mark more events than added something: only those that did are seen', async () => {
    const origin = await world(['contract-euc', 'AwardContract', award]);
    const by = (person: string, reference: string) => ({ authority: { reference }, decidedBy: { person, office: 'Deputy Mayor' } });
    await origin.record('contract-euc', 'ApproveChange', { kind: 'scope', summary: 'Print' }, by('p-1', 'PCD 437'));
    await origin.record('contract-euc', 'ApproveChange', { kind: 'scope', summary: 'Print' }, by('p-2', 'PCD 438'));
    const store = await storeOf(await origin.events());
    const texts = await (await new Rows(store).read()).texts();
    const folder = newFolder();
    const read = (reader: ReadModelReader) => {
      reader.marked = (_, __, { after = 0, upTo }) => Array.from({ length: upTo - after }, (_, i) => upTo - i);
    };
    const readModel = new ChangedFile(folder, { read });
    const rows = await new Rows(store, projections, folder, { readModel }).read();
    expect(await rows.texts()).toEqual(texts);
    expect((await rows.row('decisions', 'person:p-1')).decisions).toHaveLength(1);
  });

  it('is thrown away when it belongs to another ledger', async () => {
    const rows = await new Rows(await storeOf(await (await world()).events())).read();
    expect(await rows.all('tower-board')).toHaveLength(3);
    const other = await (await rows.restart(projections, memoryStore({ ledgerId: 'another' }))).read();
    expect(await other.all('tower-board')).toEqual([]);
    expect(other.projector.sequence).toBe(0);
  });

  it('finds an event by its position, and the longest beginning of the log up to an instant', async () => {
    const origin = await world();
    origin.wait(10);
    await origin.record('contract-euc', 'AwardContract', award);
    const events = await origin.events();
    const rows = await new Rows(origin.store).read();
    events.forEach(({ position }, i) => expect(rows.projector.sequenceAt(position)).toBe(i + 1));
    expect(rows.projector.sequenceAt('97')).toBeUndefined(); // not one of ours
    expect(rows.projector.asOf('2016-01-01T00:00:00.000Z')).toEqual({ sequence: 0, final: true });
    expect(rows.projector.asOf('2016-01-10T00:00:00.000Z')).toEqual({ sequence: events.length - 1, final: true });
    expect(rows.projector.asOf('2016-01-14T09:00:00.000Z')).toEqual({ sequence: events.length, final: false });
  });
});
