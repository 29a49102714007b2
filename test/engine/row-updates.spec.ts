import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { projections } from '../../projections/index.js';
import { contract } from '../../src/domain/contract/index.js';
import { tower } from '../../src/domain/tower/index.js';
import type { Rows as RowsOfBuild } from '../../src/engine/read/rows/rows.js';
import { textOfChanges, type Changes, type Followed, type Update } from '../../src/engine/read/rows/updates.js';
import {
  canonical,
  linkedList,
  projection,
  ranked,
  source,
  type Key,
  type Projection,
  type RecordedEvent,
} from '../../src/kernel/index.js';
import type { EventStore } from '../../src/store/event-store.js';
import { memoryStore, type MemoryStore } from '../fakes/memory-store.js';
import { recordWorld, World } from '../random-history.js';
import { appendAll, closeRows, Rows } from './rows-after.js';

const breathe = async () => undefined;
const award = {
  programme: 'met',
  title: 'EUC',
  towers: ['euc'],
  suppliers: [{ supplier: 'csc' }],
  value: { amount: '100', currency: 'GBP' },
};

/** Rows that are asked for on one day, however long a test takes. */
const rowsOf = (store: EventStore, projections: readonly Projection[]): Rows =>
  new Rows(store, projections, undefined, { now: () => '2020-03-01T12:00:00.000Z' });
/** How often the row of a contract was rendered since somebody asked last. */
let rendered = 0;
const renders = (): number => {
  const since = rendered;
  rendered = 0;
  return since;
};
const contracts = source(contract, 'contract', {
  place: (id, { stage }) => (stage === 'none' ? [] : [{ key: `contract:${id}`, row: true }]),
  show: ({ id, state }) => ({ [`contract:${id}`]: { stage: state.stage } }),
});
/** The stages of contracts, and nothing of other streams. */
const stages = projection({
  name: 'stages',
  version: 1,
  question: 'At which stage is each contract?',
  from: [contracts],
  rows: {
    contract: (id, lookup) => {
      const stage = lookup.get(contracts, id);
      rendered++;
      return stage;
    },
  },
});
const titled = source(contract, 'contract', {
  place: (id, { stage, towers }) => (stage === 'none' ? [] : [{ key: `contract:${id}`, links: towers.map((of) => ranked(stage === 'signed' ? 1 : 0, `tower:${of}`)) }]), // prettier-ignore
  show: ({ id, state }) => ({ [`contract:${id}`]: `${id} ${state.title} ${state.stage}` }),
});
const towers = source(tower, 'tower', {
  place: (id, { split }) => [
    { key: `tower:${id}`, row: true, ...(split && { links: split.into.map((part): Key => `tower:${part.tower}`) }) },
  ],
  show: ({ id }) => ({ [`tower:${id}`]: id }),
});
const [ofTower, before] = [linkedList(titled, { ranks: 2, entry: (title) => title }), linkedList(towers)];
/** The contracts of each tower, and of those that it came from: no totals lead to its row, only links. */
const lines = projection({
  name: 'lines',
  version: 1,
  question: 'Which contracts did a tower and those before it have?',
  from: [titled, towers],
  inherits: 'tower',
  rows: {
    tower: (id, lookup) => {
      const from = (of: string): readonly string[] => [...lookup.newest(ofTower, `tower:${of}`), ...lookup.newest(before, `tower:${of}`).flatMap(from)]; // prettier-ignore
      return { contracts: from(id) };
    },
  },
  lists: { tower: { contracts: ofTower, before } },
});
const shown = [lines, stages, ...projections.filter(({ name }) => ['tower-board', 'contract-register', 'decisions'].includes(name))];
const names = shown.map(({ name }) => name);

let events: readonly RecordedEvent[];
let store: MemoryStore;
let rows: Rows;
/** What each event changed, by projection, worked out apart. */
const expected = new Map<string, readonly Update[]>();

beforeAll(async () => {
  const world = new World();
  await recordWorld(world);
  const first = async (stream: string) => (await world.history(stream)).recorded[0]!.id;
  await world.record('contract-a', 'AwardContract', award);
  await world.record('contract-b', 'AwardContract', { ...award, title: 'Other', towers: ['hosting', 'euc'], suppliers: [{ supplier: 'atos' }] }); // prettier-ignore
  await world.record('contract-a', 'Annotate', { note: 'Nothing changes' });
  await world.record('contract-a', 'SignContract', {}, { decidedBy: { person: 'p-1' } });
  await world.record('supplier-csc', 'RenameSupplier', { title: 'DXC' });
  for (const title of ['Desks', 'Print']) await world.record(`tower-${title.toLowerCase()}`, 'PlanTower', { programme: 'met', title });
  await world.record('tower-euc', 'SplitTower', {
    into: [
      { tower: 'desks', contracts: ['b'] },
      { tower: 'print', contracts: ['a'] },
    ],
  });
  await world.record('contract-a', 'ApproveChange', { kind: 'value', to: { amount: '150', currency: 'GBP' } }, { decidedBy: { person: 'p-1' } }); // prettier-ignore
  await world.record('contract-b', 'CorrectFact', { event: await first('contract-b'), changes: [{ pointer: '/towers', value: ['hosting'] }], because: 'error' }); // prettier-ignore
  await world.record('tower-thin', 'PlanTower', { programme: 'met', title: 'Thin' });
  await world.record('tower-desks', 'SplitTower', { into: [{ tower: 'thin' }, { tower: 'print' }] });
  await world.record('contract-c', 'AwardContract', { ...award, title: 'Third' });
  await world.record('contract-c', 'WithdrawFact', { event: await first('contract-c') });
  await world.record('contract-c', 'ReinstateFact', { event: await first('contract-c') });
  await world.record('contract-c', 'MarkDuplicate', { of: 'a' });
  await world.record('contract-d', 'AwardContract', { ...award, title: 'Fourth' });
  const known = await world.events();
  const last = known.at(-1)!;
  const unheard = { ...last, id: 'unheard', type: 'ContractEnchanted', revision: 1, position: '' };
  store = memoryStore();
  await appendAll(store, [...known, unheard]);
  const apart = await rowsOf(store, shown).read();
  for (const name of names) expected.set(name, await apart.updates(name));
  events = await store.readAll(undefined, 100);
}, 30_000);
beforeEach(async () => {
  rows = await rowsOf(store, shown).read();
});
afterEach(closeRows);

const follow = (name: string, after: number, to: number, most = 1000, enough?: (bytes: number) => boolean): Promise<Followed> =>
  rows.projector.ask(name, (of) => of.follow(after, to, most, breathe, enough));
const between = (name: string, after: number, to: number) =>
  expected.get(name)!.filter(({ sequence }) => sequence > after && sequence <= to);
/** The rows after the first so many events. */
const rowsAt = (name: string, at: number): Map<string, unknown> => {
  const made = new Map<string, unknown>();
  for (const { changes } of between(name, 0, at))
    for (const [key, row] of Object.entries(changes)) if (row === null) made.delete(key); else made.set(key, row); // prettier-ignore
  return made;
};

describe('what changed rows', () => {
  it('is said of the event that changed them, and of no other', async () => {
    const head = events.length;
    for (const name of names) {
      expect(await rows.updates(name)).toEqual(expected.get(name));
      for (let at = 0; at <= head; at++) {
        const { rows: now } = await rows.projector.rows(name, { at, limit: 1000 });
        expect([name, at, new Map([...rowsAt(name, at)].sort())]).toEqual([name, at, new Map(now.map(({ key, row }) => [key, row]))]);
      }
      for (const { sequence, event, position, stream, changes } of expected.get(name)!) {
        const { id, ...placed } = events[sequence - 1]!;
        expect([event, position, stream]).toEqual([id, placed.position, placed.stream]);
        expect(Object.keys(changes)).toEqual(Object.keys(changes).toSorted());
        for (const [key, row] of Object.entries(changes)) expect(canonical(row)).not.toBe(canonical((rowsAt(name, sequence - 1).get(key) ?? null))); // prettier-ignore
      }
    }
    expect(names.map((name) => expected.get(name)!.length).every((n) => n > 3)).toBe(true);
    const stagesSaid = expected.get('stages')!.map(({ changes }) => Object.entries(changes).map(([key, row]) => `${key} ${(row as any)?.stage ?? 'gone'}`).join()); // prettier-ignore
    expect(stagesSaid.slice(0, 6)).toEqual(['contract:a awarded', 'contract:b awarded', 'contract:a signed', 'contract:c awarded', 'contract:c gone', 'contract:c awarded']); // prettier-ignore
  });

  it('comes in pages of so many, which end with the last of them or at the head', async () => {
    for (const name of names)
      for (const limit of [1, 2, 1000]) {
        const { updates, upTo } = await rows.projector.updates(name, 0, limit);
        const all = expected.get(name)!;
        expect(updates).toEqual(all.slice(0, limit));
        expect(upTo).toBe(all.length < limit ? events.length : all[limit - 1]!.sequence);
      }
    expect(await rows.projector.updates('stages', events.length)).toEqual({ updates: [], upTo: events.length });
  });

  it('is worked out once for those who ask together, and kept for those who come later', async () => {
    const fresh = await rowsOf(rows.store, [stages]).read();
    const ask = () => fresh.projector.updates('stages', 0, 1000);
    renders();
    const [one, other] = await Promise.all([ask(), ask()]);
    const work = renders();
    expect([one.updates, other.updates]).toEqual([expected.get('stages'), expected.get('stages')]);
    expect(await ask()).toEqual(one);
    expect(renders()).toBe(0);
    const later = [other, await ask()].flatMap(({ updates }) => updates);
    expect(later.every((update, i) => update === one.updates[i % one.updates.length])).toBe(true); // its text is made once as well
    const { sequence } = one.updates[0]!;
    expect(await fresh.row('stages', 'contract:a', sequence)).toEqual(one.updates[0]!.changes['contract:a']);
    expect(renders()).toBe(0);
    const alone = await rowsOf(rows.store, [stages]).read();
    await alone.projector.updates('stages', 0, 1000);
    expect(renders()).toBe(work);
  });
});

describe('an update', () => {
  it('that could not be read is read again when somebody asks later', async () => {
    const { read } = store;
    store.read = () => Promise.reject(new Error('The disk is away.'));
    await expect(rows.projector.updates('stages', 0)).rejects.toThrow('The disk is away.');
    store.read = read;
    expect((await rows.projector.updates('stages', 0, 1000)).updates).toEqual(expected.get('stages'));
  });
});

describe('a follower', () => {
  it('hears of each event what it changed, wherever it begins and however many others follow', async () => {
    for (const name of names)
      for (const [after, to] of [[0, 9], [9, 14], [3, 12], [14, 99], [12, 13], [0, 99], [13, 16], [6, 7], [5, 99]] as const) {
        const until = Math.min(to, events.length);
        expect(await follow(name, after, until)).toEqual({ upTo: until, updates: between(name, after, until) });
      } // prettier-ignore
  });

  it('one step behind another hears the same', async () => {
    for (const name of names)
      for (let at = 0; at < events.length; at++) {
        expect((await follow(name, at, at + 1)).updates).toEqual(between(name, at, at + 1));
        if (at > 0) expect((await follow(name, at - 1, at)).updates).toEqual(between(name, at - 1, at));
      }
  });

  it('that is far behind hears of the latest rows instead, and how many events may have changed them', async () => {
    for (const name of names)
      for (const [after, to] of [[0, 99], [6, 99], [5, 12], [12, 99]] as const) {
        const until = Math.min(to, events.length);
        const { upTo, updates, latest } = await follow(name, after, until, 0);
        expect([upTo, updates]).toEqual([until, []]);
        const [was, is] = [rowsAt(name, after), rowsAt(name, until)];
        for (const [key, row] of Object.entries(latest!.changes!)) expect([key, row]).toEqual([key, is.get(key) ?? null]);
        for (const key of new Set([...was.keys(), ...is.keys()]))
          if (canonical((was.get(key) ?? null)) !== canonical((is.get(key) ?? null))) expect(Object.keys(latest!.changes!)).toContain(key); // prettier-ignore
        expect(textOfChanges(latest!.changes!)).toBe(JSON.stringify(latest!.changes!));
        const reads = name === 'stages' ? events.slice(after, until).filter(({ stream }) => stream.startsWith('contract-')).length : latest!.events;
        expect(latest!.events).toBe(reads);
      } // prettier-ignore
  });

  it('is as far behind as there are events that may have changed rows, and no others', async () => {
    const ofContracts = events.filter(({ stream }) => stream.startsWith('contract-')).length;
    expect((await follow('stages', 0, events.length, ofContracts)).latest).toBeUndefined();
    expect((await follow('stages', 0, events.length, ofContracts - 1)).latest).toMatchObject({ events: ofContracts });
    expect((await follow('decisions', 0, events.length, events.length - 1)).latest).toMatchObject({ events: events.length });
  });

  it('stops when it has enough, behind the event that was heard last', async () => {
    for (const name of names) {
      const heard: number[] = [];
      const { upTo, updates } = await follow(name, 0, events.length, 1000, (bytes) => (heard.push(bytes), heard.length === 8));
      expect(updates).toEqual(between(name, 0, upTo));
      expect(heard.at(-1)).toBe(updates.reduce((sum, { changes }) => sum + textOfChanges(changes).length, 0));
      expect(heard).toHaveLength(8);
      expect((await follow(name, upTo, events.length)).updates).toEqual(between(name, upTo, events.length));
    }
  });

  it('renders once what it goes on to hear of', async () => {
    let fresh = await rowsOf(rows.store, [stages]).read();
    const step = async (after: number, to: number, most = 1000) => {
      renders();
      await fresh.projector.ask('stages', (of) => of.follow(after, to, most, breathe));
      return renders();
    };
    const [awarded, signed] = ['ContractAwarded', 'ContractSigned'].map((type) => events.findIndex((event) => event.type === type && event.stream === 'contract-a')); // prettier-ignore
    expect(await step(0, awarded! + 1)).toBe(1);
    expect(await step(awarded! + 1, signed! + 1)).toBe(2); // of a second contract, and the first one as signed
    expect(await step(signed!, signed! + 1)).toBe(2); // another follower: before and after
    const third = events.findIndex(({ stream }) => stream === 'contract-c');
    expect(await step(third, third + 3)).toBe(2); // awarded, gone, and awarded again
    fresh = await rowsOf(rows.store, [stages]).read();
    expect(await step(0, signed!, 0)).toBe(2); // the latest of two contracts
    expect(await step(signed!, signed! + 1)).toBe(1); // and one of them as signed
  });

  it('hears what changed, though others were just sent what had changed before', async () => {
    const third = events.findIndex(({ stream }) => stream === 'contract-c');
    const said = (of: readonly Update[]) => of.map(({ sequence, changes }) => [sequence - third, changes['contract:c'] !== null]);
    expect(said((await follow('stages', 0, third + 2)).updates).slice(-2)).toEqual([[1, true], [2, false]]); // prettier-ignore
    expect(said((await rows.projector.updates('stages', third, 1)).updates)).toEqual([[1, true]]);
    expect(said((await follow('stages', third + 2, third + 3)).updates)).toEqual([[3, true]]);
  });
});

describe('a follower of some rows', () => {
  const choose = (name: string, changes: Changes, choice: Parameters<RowsOfBuild['chosen']>[1]) =>
    rows.projector.ask(name, (of) => of.chosen(changes, choice, breathe));
  /** The keys of the rows that pass, after so many events. */
  const passing = async (name: string, at: number, filters: Readonly<Record<string, string>>) =>
    new Set((await rows.projector.rows(name, { at, limit: 1000, filters })).rows.map(({ key }) => key));

  it('hears of those that pass, and once of each that passes no more', async () => {
    const filters = { stage: 'awarded' };
    const awarded = events.findIndex(({ stream }) => stream === 'contract-a') + 1;
    for (const [after, most] of [[4, 1000], [4, 0], [awarded, 0]] as const) {
      const { updates, latest, upTo } = await follow('contract-register', after, events.length, most);
      const said = latest
        ? [[after, upTo, latest.changes!] as const]
        : updates.map(({ sequence, changes }) => [sequence - 1, sequence, changes] as const);
      let [left, silent] = [0, 0];
      for (const [from, to, changes] of said) {
        const [was, is] = [await passing('contract-register', from, filters), await passing('contract-register', to, filters)];
        const heard = Object.entries(changes).flatMap(([key, row]): [string, unknown][] => (is.has(key) ? [[key, row]] : was.has(key) ? [[key, null]] : [])); // prettier-ignore
        const chosen = await choose('contract-register', changes, { filters });
        expect(chosen && Object.entries(chosen)).toEqual(heard.length === 0 ? undefined : heard);
        if (chosen) expect(textOfChanges(chosen)).toBe(JSON.stringify(chosen));
        if (heard.some(([, row]) => row === null)) left++;
        if (heard.length === 0) silent++;
        expect(await choose('contract-register', changes, { filters: {} })).toEqual(changes);
      }
      if (most > 0) expect([left > 0, silent > 0]).toEqual([true, true]);
      if (after === awarded) expect(left).toBeGreaterThan(0);
    } // prettier-ignore
  });

  it('hears of one row what changed of it, whatever else did', async () => {
    for (const { changes } of (await follow('tower-board', 0, events.length)).updates)
      for (const key of [...Object.keys(changes), 'tower:none'])
        expect(await choose('tower-board', changes, { key, filters: {} })).toEqual(key in changes ? { [key]: changes[key] } : undefined);
    const changeOf = (key: string, from: number, to: number) => rows.projector.ask('stages', (of) => of.changeOf(key, from, to, breathe));
    for (const [from, to] of [[0, events.length], [5, 7], [7, 8], [8, 9], [12, events.length]] as const)
      for (const key of ['contract:a', 'contract:c', 'contract:none']) {
        const [was, is] = [rowsAt('stages', from).get(key) ?? null, rowsAt('stages', to).get(key) ?? null];
        const changes = await changeOf(key, from, to);
        expect(changes).toEqual(canonical(was) === canonical(is) ? undefined : { [key]: is });
        if (!changes) continue;
        expect(textOfChanges(changes)).toBe(JSON.stringify(changes));
        expect(await choose('stages', changes, { key, filters: {} })).toEqual(changes);
      } // prettier-ignore
    const [awarded, signed] = ['ContractAwarded', 'ContractSigned'].map((type) => events.findIndex((event) => event.type === type && event.stream === 'contract-a') + 1); // prettier-ignore
    const key = 'contract:a';
    const signing = await rows.projector.ask('contract-register', (of) => of.changeOf(key, awarded!, signed!, breathe));
    expect(await choose('contract-register', signing!, { key, filters: { stage: 'awarded' } })).toEqual({ [key]: null });
  });
});

describe('of many events', () => {
  it('two thousand are looked at, so that all followers come to the same places', async () => {
    const store = memoryStore();
    const [like, ofContract] = [events.find(({ stream }) => stream === 'supplier-csc')!, events.find(({ type }) => type === 'ContractAwarded')!]; // prettier-ignore
    const id = (n: number) => `019353d2-0000-7000-9000-${String(n).padStart(12, '0')}`;
    for (let n = 0; n < 2050; n++) await store.append(`supplier-s${n}`, -1, [{ ...like, id: id(n) }]);
    await store.append('contract-late', -1, [{ ...ofContract, id: id(9999) }]);
    const many = await rowsOf(store, [stages]).read();
    const hear = async (after: number) => {
      const { upTo, updates } = await many.projector.ask('stages', (of) => of.follow(after, 2051, 1000, breathe));
      return [upTo, updates.length];
    };
    expect([await hear(0), await hear(7), await hear(50), await hear(51), await hear(2000)]).toEqual([[2000, 0], [2000, 0], [2000, 0], [2051, 1], [2051, 1]]); // prettier-ignore
    const first = await many.projector.updates('stages', 0);
    expect([first.upTo, first.updates]).toEqual([2000, []]);
    expect((await many.projector.updates('stages', 2000)).updates).toHaveLength(1);
  });

  it('five hundred rows are sent as they are now, and of more of them none', async () => {
    const like = events.find(({ type, stream }) => type === 'ContractAwarded' && stream === 'contract-a')!;
    const store = memoryStore();
    for (let n = 0; n < 501; n++) await store.append(`contract-m${n}`, -1, [{ ...like, id: `019353d2-0000-7000-9000-${String(n).padStart(12, '0')}` }]); // prettier-ignore
    const many = await rowsOf(store, [stages]).read();
    const latest = async (after: number, to: number) => (await many.projector.ask('stages', (of) => of.follow(after, to, 1, breathe))).latest!; // prettier-ignore
    expect(Object.keys((await latest(0, 500)).changes!)).toHaveLength(500);
    expect(await latest(0, 501)).toEqual({ events: 501, changes: undefined });
    expect(Object.keys((await latest(1, 501)).changes!)).toHaveLength(500);
    const { updates } = await many.projector.ask('stages', (of) => of.follow(0, 501, 1000, breathe));
    expect(updates).toHaveLength(501);
  });
});
