import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { contract } from '../../src/domain/contract/index.js';
import { loss } from '../../src/domain/loss/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { type RowChoice, type Changes, type Followed } from '../../src/engine/read/rows/updates.js';
import {
  linkedList,
  projection,
  ranked,
  source,
  sums,
  through,
  type Key,
  type Projection,
  type RecordedEvent,
} from '../../src/kernel/index.js';
import type { ReadModelReader } from '../../src/store/read-model.js';
import { memoryStore } from '../fakes/memory-store.js';
import { recordWorld, World } from '../random-history.js';
import { ChangedFile, closeRows, newFolder, Rows } from './rows-after.js';

const breathe = async () => undefined;
/** An event of each type, as a command recorded it. */
const like = new Map<string, RecordedEvent>();
beforeAll(async () => {
  const world = new World();
  await recordWorld(world);
  const value = { amount: '100', currency: 'GBP' };
  await world.record('contract-a', 'AwardContract', { programme: 'met', title: 'EUC', towers: ['euc'], suppliers: [{ supplier: 'csc' }], value }); // prettier-ignore
  await world.record('contract-a', 'SignContract', {});
  await world.record('supplier-csc', 'RenameSupplier', { title: 'DXC' });
  await world.record('loss-a', 'RaiseLoss', { programme: 'met', title: 'Paid twice', bearer: 'authority', category: 'other', contract: 'a', gross: value }); // prettier-ignore
  await world.record('loss-a', 'ReviseLoss', { gross: { ...value, amount: '70' } });
  await world.record('contract-a', 'NovateContract', { supplier: 'atos' });
  for (const event of await world.events()) like.set(event.type, event);
});
afterEach(closeRows);

/** Counts the totals that are read. */
const countedTotals = () => {
  const totals = {
    read: 0,
    count: (reader: ReadModelReader) => {
      const sumAt = reader.sumAt.bind(reader);
      reader.sumAt = (...asked) => {
        totals.read++;
        return sumAt(...asked);
      };
    },
  };
  return totals;
};

/** What a projection says of these events, in their order. */
const ledgerOf = async (
  shown: Projection,
  events: readonly (readonly [stream: string, type: string, data?: object])[],
  more: { readonly today?: () => string; readonly read?: (reader: ReadModelReader) => void } = {},
) => {
  const store = memoryStore();
  const revisions = new Map<string, number>();
  for (const [n, [stream, type, data = {}]] of events.entries()) {
    const revision = revisions.get(stream) ?? -1;
    const event = like.get(type) ?? { ...like.get('ContractSigned')!, type };
    await store.append(stream, revision, [
      { ...event, id: `019353d2-0000-7000-9000-${String(n).padStart(12, '0')}`, data: { ...event.data, ...data } },
    ]);
    revisions.set(stream, revision + 1);
  }
  const folder = newFolder();
  const { today = () => '2020-03-01', read } = more;
  const now = () => `${today()}T12:00:00.000Z`;
  const rows = await new Rows(store, [shown], folder, { now, ...(read && { readModel: new ChangedFile(folder, { read }) }) }).read();
  const follow = (after: number, to: number, most = 1000): Promise<Followed> =>
    rows.projector.ask(shown.name, (of) => of.follow(after, to, most, breathe));
  return {
    follow,
    /** The keys of the rows that the only update between two sequences changes. */
    changedBy: async (after: number, to: number) => (await follow(after, to)).updates.flatMap(({ changes }) => Object.keys(changes)),
    latest: async (after: number, to: number) => (await follow(after, to, 0)).latest!.changes,
    /** The updates after a sequence, for somebody who follows nothing. */
    updates: (after: number, limit: number) => rows.projector.updates(shown.name, after, limit),
    choose: (changes: Changes, choice: RowChoice) => rows.projector.ask(shown.name, (of) => of.chosen(changes, choice, breathe)),
  };
};
const awards = (...ids: readonly string[]) => ids.map((id) => [`contract-${id}`, 'ContractAwarded'] as const);
const each = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

describe('a follower hears', () => {
  const contracts = source(contract, 'contract', {
    place: (id, { stage, suppliers }) => [{ key: `contract:${id}`, row: true, links: suppliers.map(({ supplier: of }) => ranked(stage === 'signed' ? 1 : 0, `supplier:${of}`)) }], // prettier-ignore
    show: ({ id, state }) => ({ [`contract:${id}`]: state.suppliers.map(({ supplier: of }) => of) }),
  });
  const suppliersOf = (shownByLinking: boolean) =>
    source(supplier, 'supplier', {
      shownByLinking,
      place: (id) => [{ key: `supplier:${id}`, row: true }],
      show: ({ id, state }) => ({ [`supplier:${id}`]: state.title }),
    });
  const list = linkedList(contracts, { ranks: 2, entry: (of) => of });
  const named = suppliersOf(true);
  /** Contracts that show the names of their suppliers. */
  const names = projection({
    name: 'names',
    version: 1,
    question: 'What are the suppliers of each contract called?',
    from: [contracts, named],
    rows: {
      contract: (id, lookup) => ({ names: lookup.get(contracts, id)?.map((of) => lookup.get(named, of) ?? of) }),
      supplier: (id, lookup) => ({ name: lookup.get(named, id) }),
    },
    lists: { supplier: { contracts: list } },
  });

  it('of every contract that shows the name of a supplier when that changes, signed or not, and of no other', async () => {
    const ids = each(205, (n) => `c${n}`);
    const { changedBy, latest } = await ledgerOf(names, [
      ...['csc', 'atos'].map((id) => [`supplier-${id}`, 'SupplierRegistered'] as const),
      ...awards(...ids),
      ['contract-other', 'ContractAwarded', { suppliers: [{ supplier: 'atos' }] }],
      ...['c3', 'c200', 'c7'].map((id) => [`contract-${id}`, 'ContractSigned'] as const),
      ['supplier-csc', 'SupplierRenamed'],
    ]);
    const head = 2 + 205 + 1 + 3 + 1;
    const all = [...ids.map((id) => `contract:${id}`), 'supplier:csc'].sort();
    expect(await changedBy(head - 1, head)).toEqual(all);
    expect(Object.keys((await latest(head - 1, head))!)).toEqual(all);
  });

  it('of the row of a supplier alone, where no contract shows its name', async () => {
    const plain = suppliersOf(false);
    const apart = projection({
      name: 'apart',
      version: 1,
      question: 'What is each supplier called?',
      from: [contracts, plain],
      rows: { supplier: (id, lookup) => ({ name: lookup.get(plain, id) }) },
    });
    const { changedBy, latest } = await ledgerOf(apart, [
      ...['csc', 'atos'].map((id) => [`supplier-${id}`, 'SupplierRegistered'] as const),
      ['contract-joint', 'ContractAwarded', { suppliers: [{ supplier: 'csc' }, { supplier: 'atos' }] }],
      ['supplier-csc', 'SupplierRenamed'],
    ]);
    expect([await changedBy(3, 4), Object.keys((await latest(3, 4))!)]).toEqual([['supplier:csc'], ['supplier:csc']]);
  });

  it('of a thousand rows that inherit from one, also where they inherit in a circle', async () => {
    const parts = source(contract, 'contract', {
      place: (id, { stage }) =>
        id === 'first'
          ? [{ key: `contract:${id}`, row: true, links: stage === 'none' ? [] : ['contract:ring/0'] }]
          : each(1200, (n) => ({ key: `contract:${id}/${n}` as const, row: true, links: [`contract:${id}/${(n + 1) % 1200}`] })),
      show: ({ id, state }) => ({ [`contract:${id}`]: state.stage }),
    });
    const inherited = projection({
      name: 'inherited',
      version: 1,
      question: 'At which stage is what a contract comes from?',
      from: [parts],
      inherits: 'contract',
      rows: { contract: (_, lookup) => ({ first: lookup.get(parts, 'first') }) },
    });
    const { changedBy } = await ledgerOf(inherited, [...awards('ring', 'first'), ['contract-first', 'ContractSigned']]);
    expect(await changedBy(2, 3)).toEqual(['contract:first', ...each(999, (n) => `contract:ring/${n}`)].sort());
  });

  it('that a row is gone whose contribution went, while another one of its stream stays as it was', async () => {
    const lots = source(contract, 'contract', {
      place: (id, { stage }) => (stage === 'awarded' ? ['one', 'two'] : ['one']).map((lot) => ({ key: `contract:${id}/${lot}`, row: true })), // prettier-ignore
      show: ({ id }) => ({ [`contract:${id}/one`]: 'A lot', [`contract:${id}/two`]: 'A lot' }),
    });
    const ofLots = projection({
      name: 'lots',
      version: 1,
      question: 'Which lots does a contract have?',
      from: [lots],
      rows: { contract: (id, lookup) => ({ lot: lookup.get(lots, id) }) },
    });
    const { follow, latest } = await ledgerOf(ofLots, [...awards('a'), ['contract-a', 'ContractSigned']]);
    const gone = { 'contract:a/two': null };
    expect([(await follow(1, 2)).updates[0]!.changes, await latest(1, 2)]).toEqual([gone, gone]);
  });
});

const stages = source(contract, 'contract', {
  place: (id) => [{ key: `contract:${id}`, row: true }],
  show: ({ id, state }) => ({ [`contract:${id}`]: state.stage }),
});

describe('a follower that is far behind', () => {
  it('gets no rows where more than 10,000 lie around what changed; one that is not gets its updates', async () => {
    const towers = (id: string, part: number) => each(id === 'wide' && part === 0 ? 100 : 99, (n) => `tower:${part}/${n}`);
    const wide = source(contract, 'contract', {
      place: (id) => each(100, (part) => ({ key: `contract:${id}/${part}` as const, row: part === 0, links: towers(id, part) })),
      show: () => ({}),
    });
    const broad = projection({
      name: 'broad',
      version: 1,
      question: 'Which contracts have parts?',
      from: [wide],
      rows: { contract: (id) => ({ id }) },
    });
    const { changedBy, latest } = await ledgerOf(broad, awards('narrow', 'wide'));
    expect(await latest(0, 1)).toEqual({ 'contract:narrow/0': { id: 'narrow/0' } });
    expect(await latest(1, 2)).toBeUndefined();
    expect(await changedBy(1, 2)).toEqual(['contract:wide/0']);
  });

  it('gets rows of 4 MB together, and of more none', async () => {
    const text = 'x'.repeat((1 << 20) - JSON.stringify({ text: '' }).length);
    const long = projection({
      name: 'long',
      version: 1,
      question: 'What do contracts say?',
      from: [stages],
      rows: { contract: (id) => ({ text: id === 'short' ? '' : text }) },
    });
    const { latest } = await ledgerOf(long, awards('a', 'b', 'c', 'd', 'short'));
    expect(Object.keys((await latest(0, 4))!)).toEqual(['a', 'b', 'c', 'd'].map((id) => `contract:${id}`));
    expect(await latest(0, 5)).toBeUndefined();
    expect(Object.keys((await latest(1, 5))!)).toHaveLength(4);
  });
});

const staged = projection({
  name: 'staged',
  version: 1,
  question: 'At which stage is each contract today?',
  byDay: true,
  from: [stages],
  rows: { contract: (id, lookup) => ({ stage: lookup.get(stages, id), day: lookup.day }) },
});

describe('a follower that goes on', () => {
  it('hears once that a stream can be folded no more, and nothing of what is recorded there later', async () => {
    const { follow, latest } = await ledgerOf(staged, [
      ...awards('a'),
      ['contract-a', 'ContractEnchanted'],
      ['contract-a', 'ContractSigned'],
      ['contract-a', 'ContractSigned'],
    ]);
    const { updates } = await follow(0, 4);
    expect(updates.map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect(updates[1]!.changes).toEqual({ 'contract:a': expect.objectContaining({ stage: 'awarded', faulted: expect.anything() }) });
    expect(await follow(2, 4)).toEqual({ upTo: 4, updates: [] });
    expect([await latest(2, 4), await latest(3, 4)]).toEqual([{}, {}]);
    expect(await latest(1, 4)).toEqual(updates[1]!.changes);
  });

  it('over midnight hears of rows as they are on the new day', async () => {
    let today = '2020-03-01';
    const { follow } = await ledgerOf(staged, [...awards('a', 'b'), ['contract-a', 'ContractSigned']], { today: () => today });
    expect((await follow(0, 2)).updates[1]!.changes).toEqual({ 'contract:b': { stage: 'awarded', day: '2020-03-01' } });
    today = '2020-03-02';
    expect((await follow(2, 3)).updates[0]!.changes).toEqual({ 'contract:a': { stage: 'signed', day: '2020-03-02' } });
  });

  const counted = sums({ contracts: 'count' });
  const counting = source(contract, 'contract', {
    place: (id, { stage }) => [
      { key: `contract:${id}`, row: true, ...(stage === 'awarded' && { sums: { 'tower:euc': counted.of({ contracts: 1 }) } }) },
    ],
    show: ({ id, state }) => ({ [`contract:${id}`]: state.stage }),
  });
  const towers = source(supplier, 'tower', { place: () => [{ key: 'tower:euc', row: true }], show: () => ({}) });
  const counts = projection({
    name: 'counts',
    version: 1,
    question: 'How many contracts are awarded?',
    from: [counting, towers],
    rows: {
      contract: (id, lookup) => ({ stage: lookup.get(counting, id) }),
      tower: (_, lookup) => ({ ...lookup.sum(counted, 'tower:euc'), others: each(5, (n) => lookup.sum(counted, `tower:other-${n}`)) }),
    },
    filters: { atMost: (_, { value, lookup }) => lookup.sum(counted, 'tower:euc').contracts <= Number(value) },
  });

  it('reads no total again that did not move, whatever others ask for in between', async () => {
    const totals = countedTotals();
    const { follow, updates } = await ledgerOf(counts, [['supplier-x', 'SupplierRegistered'], ...awards('a', 'b', 'c')], {
      read: totals.count,
    });
    const step = async (after: number) => {
      totals.read = 0;
      const heard = await follow(after, after + 1);
      return [(heard.updates[0]!.changes['tower:euc'] as { contracts: number }).contracts, totals.read];
    };
    expect((await step(1))[0]).toBe(1);
    expect(await step(2)).toEqual([2, 0]);
    expect((await updates(0, 1)).updates.map(({ sequence }) => sequence)).toEqual([1]);
    expect(await step(3)).toEqual([3, 0]);
    const [again, afresh] = await step(1);
    expect([again, afresh! > 5]).toEqual([1, true]);
  });

  it('and chooses rows by a total hears that they pass no more once it was exceeded', async () => {
    const { follow, choose } = await ledgerOf(counts, [['supplier-x', 'SupplierRegistered'], ...awards('a', 'b', 'c')]);
    const { updates } = await follow(1, 4);
    const heard = [];
    for (const { changes } of updates) heard.push(await choose(changes, { key: 'tower:euc', filters: { atMost: '1' } }));
    expect(heard).toEqual([{ 'tower:euc': updates[0]!.changes['tower:euc'] }, { 'tower:euc': null }, undefined]);
  });
});

describe('a follower of what names only a contract', () => {
  const lost = sums({ pounds: 'count' });
  const pounds = (gross: object): number => ('amount' in gross ? Number(gross.amount) : 0);
  const contracts = source(contract, 'contract', {
    place: (id, { suppliers }) => [
      { key: `contract:${id}/terms`, row: true },
      { key: `contract:${id}`, links: suppliers.flatMap(({ supplier: of, leftOn }): Key[] => (leftOn ? [] : [`supplier:${of}`])) },
    ],
    show: ({ id, state }) => ({ [`contract:${id}/terms`]: state.stage }),
    carries: [''],
  });
  const losses = source(loss, 'loss', {
    place: (id, { contract: of, gross }) =>
      of === undefined
        ? []
        : [
            { key: `loss:${id}/form` as const },
            {
              key: `loss:${id}` as const,
              links: [through(`contract:${of}`)],
              sums: { [`contract:${of}`]: lost.of({ pounds: pounds(gross) }) },
            },
          ],
    show: ({ id }) => ({ [`loss:${id}`]: id }),
  });
  const list = linkedList(losses);
  const suppliers = source(supplier, 'supplier', { place: (id) => [{ key: `supplier:${id}`, row: true }], show: () => ({}) });
  const lossesOf = projection({
    name: 'losses-of',
    version: 1,
    question: 'What was lost with each supplier?',
    from: [suppliers, contracts, losses],
    rows: { supplier: (id, lookup) => ({ lost: lookup.sum(lost, `supplier:${id}`).pounds, losses: lookup.newest(list, `supplier:${id}`) }) }, // prettier-ignore
    lists: { supplier: { losses: list } },
  });
  const begun = [...['csc', 'atos'].map((id) => [`supplier-${id}`, 'SupplierRegistered'] as const), ...awards('a', 'b')];
  const raised = (id: string, of = 'a') => [`loss-${id}`, 'LossRaised', { contract: of }] as const;
  /** The rows of suppliers that each event after the first four changes, heard one by one; and how many totals were read for it. */
  const heardOf = async (...events: readonly (readonly [stream: string, type: string, data?: object])[]) => {
    const totals = countedTotals();
    const { follow } = await ledgerOf(lossesOf, [...begun, ...events], { read: totals.count });
    await follow(0, begun.length);
    const [heard, reads]: [unknown[], number[]] = [[], []];
    for (const n of events.keys()) {
      totals.read = 0;
      const { updates } = await follow(begun.length + n, begun.length + n + 1);
      heard.push(...updates.map(({ changes }) => changes));
      reads.push(totals.read);
    }
    return { heard, reads };
  };

  it('hears what its supplier has lost when it is recorded, revised, and recorded again', async () => {
    const { heard } = await heardOf(raised('l'), ['loss-l', 'LossRevised'], raised('m'));
    expect(heard).toEqual([
      { 'supplier:csc': { lost: 100, losses: ['l'] } },
      { 'supplier:csc': { lost: 70, losses: ['l'] } },
      { 'supplier:csc': { lost: 170, losses: ['m', 'l'] } },
    ]);
  });

  it('hears that it goes to another supplier with the contract', async () => {
    const { heard } = await heardOf(raised('l'), raised('m', 'b'), ['contract-a', 'ContractSigned'], ['contract-a', 'ContractNovated']);
    expect(heard.slice(1)).toEqual([
      { 'supplier:csc': { lost: 200, losses: ['m', 'l'] } },
      { 'supplier:csc': { lost: 100, losses: ['m'] }, 'supplier:atos': { lost: 100, losses: ['l'] } },
    ]);
  });

  it('reads no total again for a contract that nothing names, only that of a supplier which it has not looked at', async () => {
    const { heard, reads } = await heardOf(raised('l'), ['contract-b', 'ContractSigned'], ['contract-b', 'ContractNovated']);
    expect(heard).toEqual([{ 'supplier:csc': { lost: 100, losses: ['l'] } }]);
    expect(reads.slice(1)).toEqual([0, 1]);
  });
});
