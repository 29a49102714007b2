import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { projections } from '../../projections/index.js';
import { contract } from '../../src/domain/contract/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { tower } from '../../src/domain/tower/index.js';
import { InvalidCursorError, ListTooLargeError } from '../../src/engine/read/read-errors.js';
import { MAX_LISTED, type ListQuestion } from '../../src/engine/read/rows/listing.js';
import type { ListPage, RowValue } from '../../src/engine/read/rows/rendering.js';
import {
  eventSource,
  ownList,
  projection,
  source,
  type Contribution,
  type History,
  type Lookup,
  type Projection,
} from '../../src/kernel/index.js';
import { MAX_SCANNED } from '../../src/store/read-model.js';
import { recordWorld, World } from '../random-history.js';
import { closeRows, Rows } from './rows-after.js';

const award = (n: number) => ({ programme: 'met', title: `Contract ${n}`, towers: ['hosting'], suppliers: [{ supplier: n % 2 ? 'csc' : 'atos' }], value: { amount: `${n}000000`, currency: 'GBP' } }); // prettier-ignore

let world: World;
beforeEach(async () => {
  world = new World('2016-01-04');
  await recordWorld(world);
});
afterEach(closeRows);

/** An event that no program knows: its stream can be folded no more. */
const appendUnheardOf = async (stream: string, expected: number): Promise<void> => {
  const like = (await world.events()).find(({ type }) => type === 'ContractAwarded')!;
  await world.store.append(stream, expected, [{ ...like, id: 'unheard', type: 'ContractEnchanted', metadata: { ...like.metadata, schemaVersion: 1 } }]); // prettier-ignore
};

/** The contracts of a world, with rows of one's own. */
const contractsWith = (
  row: (id: string, lookup: Lookup) => object,
  more: Partial<Projection> = {},
  place = (id: string): readonly Contribution<'contract'>[] => [{ key: `contract:${id}`, row: true }],
) => {
  // prettier-ignore
  const contracts = source(contract, 'contract', { place, show: ({ id, state }) => ({ [`contract:${id}`]: state.title }) });
  const rows = { contract: row };
  return { ...projection({ name: 'contracts', version: 1, question: 'Which contracts are there?', from: [contracts], rows }), ...more };
};

interface Page {
  readonly rows: readonly { readonly key: string; readonly row: RowValue }[];
  readonly next?: string;
}
/** What can be asked of a projection, as recorded and as of a day. */
interface Asked {
  row(key: string): Promise<RowValue | undefined>;
  page(after: string, limit: number, filters?: Record<string, string>): Promise<Page>;
  sorted(after: string, limit: number, question: ListQuestion): Promise<Page>;
  totals(question: ListQuestion): Promise<object | undefined>;
  list(key: string, name: string, cursor: string | undefined, limit: number): Promise<ListPage | undefined>;
}
type Ask = (rows: Rows, name: string) => Asked;
const asRecorded: Ask = ({ projector }, name) => {
  const at = projector.sequence;
  return {
    row: (key) => projector.ask(name, (now) => now.row(key, at)),
    page: (...asked) => projector.ask(name, (now) => now.page(at, ...asked)),
    sorted: (...asked) => projector.ask(name, (now) => now.sorted(at, ...asked)),
    totals: (question) => projector.ask(name, (now) => now.totals(at, question)),
    list: (key, list, ...page) => projector.ask(name, (now) => now.list(key, list, at, ...page)),
  };
};
const onADay: Ask = ({ projector }, name) => {
  const question = { at: projector.sequence, day: '2016-02-29' };
  return {
    row: async (key) => (await projector.ask(name, (_, days) => days.row(question, key)))?.row,
    page: (...asked) => projector.ask(name, (_, days) => days.page(question, ...asked)),
    sorted: (...asked) => projector.ask(name, (_, days) => days.sorted(question, ...asked)),
    totals: (asked) => projector.ask(name, (_, days) => days.totals(question, asked)),
    list: (...asked) => projector.ask(name, (_, days) => days.list(question, ...asked)),
  };
};
const keysOf = ({ rows }: Page) => rows.map(({ key }) => key);
/** The keys of every page from the first to the last. */
const paged = async (ask: (after: string) => Promise<Page>): Promise<string[][]> => {
  const pages: string[][] = [];
  for (let next: string | undefined = ''; next !== undefined && pages.length < 100;) {
    const page: Page = await ask(next);
    pages.push(keysOf(page));
    next = page.next;
  }
  return pages;
};

describe.each<[string, Ask]>([
  ['rows as recorded', asRecorded],
  ['rows as of a day', onADay],
])('%s', (_, ask) => {
  it('come sorted in pages of any size, of those that pass, with what they come to', async () => {
    for (let n = 1; n <= 7; n++) await world.record(`contract-c${n}`, 'AwardContract', award(n));
    const rows = await new Rows(world.store).read();
    const register = ask(rows, 'contract-register');
    const chosen = { filters: { supplier: 'csc' }, sort: '-ceiling' };
    expect(await paged((after) => register.sorted(after, 3, chosen))).toEqual([['contract:c7', 'contract:c5', 'contract:c3'], ['contract:c1']]); // prettier-ignore
    const bySize = { filters: {}, sort: 'ceiling' };
    expect(keysOf(await register.sorted('contract:c5', 10, bySize))).toEqual(['contract:c6', 'contract:c7']);
    expect(await register.totals(chosen)).toMatchObject({ rows: 4 });
    expect(await register.totals(bySize)).toMatchObject({ rows: 7 });
    await world.record('contract-c9', 'AwardContract', award(9));
    const now = ask(await rows.read(), 'contract-register');
    expect([await now.totals(chosen), await register.totals(chosen)]).toMatchObject([{ rows: 5 }, { rows: 4 }]);
  });

  it('have no totals where their projection has none', async () => {
    const money = ask(await new Rows(world.store).read(), 'money');
    expect(await money.totals({ filters: {} })).toBeUndefined();
  });

  it('come in pages of any size, which go on behind one of them and behind nothing else', async () => {
    for (let n = 1; n <= 3; n++) await world.record(`contract-c${n}`, 'AwardContract', award(n));
    const register = ask(await new Rows(world.store).read(), 'contract-register');
    expect(await paged((after) => register.page(after, 2))).toEqual([['contract:c1', 'contract:c2'], ['contract:c3']]);
    expect(keysOf(await register.page('contract:c1', 10))).toEqual(['contract:c2', 'contract:c3']);
    expect(await register.page('contract:c3', 10)).toEqual({ rows: [] });
    await expect(register.sorted('contract:c9', 10, { filters: {} })).rejects.toThrow(InvalidCursorError);
  });

  it('of single events stand once each, as they were recorded, behind those of streams, on pages of any size', async () => {
    const notes = eventSource('aside', {
      place: ({ type, data }) => {
        const texts = type === 'FactAnnotated' ? (data as { readonly note: string }).note.split(' ') : [];
        return texts.map((text) => ({ key: `aside:${text}`, row: !text.startsWith('(') }));
      },
      show: ({ revision, data }) => Object.fromEntries((data as { readonly note?: string }).note?.split(' ').map((text) => [`aside:${text}`, revision]) ?? []), // prettier-ignore
    });
    const contracts = contractsWith(() => ({}));
    const noted = { ...contracts, from: [...contracts.from, notes], rows: { ...contracts.rows, aside: (text: string, lookup: Lookup) => ({ revision: lookup.get(notes, text)! }) } }; // prettier-ignore
    for (const id of ['b', 'a']) await world.record(`contract-${id}`, 'AwardContract', award(1));
    for (const note of ['z', '(aside', 'y x', 'z w']) await world.record('contract-b', 'Annotate', { note });
    await world.record('supplier-csc', 'Annotate', { note: 'v' });
    await appendUnheardOf('contract-new', -1);
    const read = await new Rows(world.store, [noted]).read();
    const rows = ask(read, 'contracts');
    const all = ['contract:a', 'contract:b', 'aside:z', 'aside:y', 'aside:x', 'aside:w', 'aside:v'];
    for (const limit of [1, 2, 3, 10]) expect((await paged((after) => rows.page(after, limit))).flat()).toEqual(all);
    expect((await paged((after) => rows.sorted(after, 4, { filters: {} }))).flat()).toEqual(all);
    expect(await Promise.all(['z', 'x', 'w'].map((text) => rows.row(`aside:${text}`)))).toEqual(
      [1, 3, 4].map((revision) => ({ revision })),
    );
    expect(read.projector.list()[0]!.faulted.map(({ stream }) => stream)).toEqual(['contract-new']);
  });

  it(`of which few pass are on pages for which ${MAX_SCANNED} are looked at`, async () => {
    const filters = { last: (_row: object, { key, value }: { readonly key: string; readonly value: string }) => key.endsWith(value) };
    const many = contractsWith(() => ({}), { filters }, (id) => Array.from({ length: MAX_SCANNED + 5 }, (_, n) => ({ key: `contract:${id}/${10_000 + n}` as const, row: true }))); // prettier-ignore
    await world.record('contract-a', 'AwardContract', award(1));
    const rows = ask(await new Rows(world.store, [many]).read(), 'contracts');
    const behind = `contract:a/${10_000 + MAX_SCANNED - 1}`;
    expect(await rows.page('', 10, { last: '/12004' })).toEqual({ rows: [], next: behind });
    expect(keysOf(await rows.page(behind, 10, { last: '/12004' }))).toEqual(['contract:a/12004']);
  });

  it(`are neither sorted nor added up where there are more than ${MAX_LISTED}, and none of them is made for it`, async () => {
    let made = 0;
    const many = contractsWith(
      () => ({ made: made++ }),
      { totals: { part: () => 1, total: () => ({}) } },
      (id) => Array.from({ length: MAX_LISTED + 1 }, (_, n) => ({ key: `contract:${id}/${n}` as const, row: true })),
    );
    await world.record('contract-a', 'AwardContract', award(1));
    const rows = ask(await new Rows(world.store, [many]).read(), 'contracts');
    await expect(rows.totals({ filters: {} })).rejects.toThrow(ListTooLargeError);
    await expect(rows.sorted('', 5, { filters: {} })).rejects.toThrow(ListTooLargeError);
    expect(made).toBe(0);
  });

  it('are made once for all who ask, unless one alone takes more than the memory for all', async () => {
    const made: string[] = [];
    const ofSize = contractsWith((id) => {
      made.push(id);
      return { text: 'x'.repeat(id === 'long' ? 4_000_000 : 1_000_000) };
    });
    for (const id of ['long', 'short']) await world.record(`contract-${id}`, 'AwardContract', award(1));
    const rows = ask(await new Rows(world.store, [ofSize]).read(), 'contracts');
    for (let times = 0; times < 3; times++)
      for (const id of ['short', 'long']) expect(await rows.row(`contract:${id}`)).toHaveProperty('text');
    expect(made.filter((id) => id === 'short')).toHaveLength(1);
    expect(made.filter((id) => id === 'long')).toHaveLength(3);
    expect(await rows.row('contract:none')).toHaveProperty('text'); // nothing stands under its key, and it shows something
  });

  it('show what a stream contributes once, however many of them show it, and of no source what it does not place', async () => {
    const asked: string[] = [];
    const showing = (kind: string) => ({ id, stream, state }: History<{ readonly title?: string }>) => (asked.push(`${kind} of ${stream}`), { [`${kind}:${id}`]: state.title }); // prettier-ignore
    const contracts = source(contract, 'contract', { place: (id) => [{ key: `contract:${id}`, row: true }], show: showing('contract') });
    const suppliers = source(supplier, 'supplier', { place: (id) => [{ key: `supplier:${id}` }], show: showing('supplier') });
    const nothing = source(contract, 'nothing', { place: () => [], show: showing('nothing') });
    const shown = projection({ name: 'contracts', version: 1, question: 'Whose are they?', from: [contracts, suppliers, nothing], rows: { contract: (id, lookup) => ({ title: lookup.get(contracts, id), supplier: lookup.get(suppliers, 'csc') }) } }); // prettier-ignore
    for (const n of [1, 2]) await world.record(`contract-${n}`, 'AwardContract', award(n));
    const { rows } = await ask(await new Rows(world.store, [shown]).read(), 'contracts').page('', 10);
    expect(rows.map(({ row }) => row)).toEqual([{ title: 'Contract 1', supplier: 'CSC' }, { title: 'Contract 2', supplier: 'CSC' }]); // prettier-ignore
    expect(asked.toSorted()).toEqual(['contract of contract-1', 'contract of contract-2', 'supplier of supplier-csc']);
  });

  it('end a page where their text is long, also where it is too long to be kept', async () => {
    const long = contractsWith((id) => ({ text: 'x'.repeat({ a: 100, b: 600_000, c: 4_000_000 }[id] ?? 100) }));
    for (const id of ['a', 'b', 'c', 'd']) await world.record(`contract-${id}`, 'AwardContract', award(1));
    const rows = ask(await new Rows(world.store, [long]).read(), 'contracts');
    const pages = [['contract:a', 'contract:b'], ['contract:c'], ['contract:d']];
    expect(await paged((after) => rows.page(after, 10))).toEqual(pages);
    expect(await paged((after) => rows.sorted(after, 10, { filters: {} }))).toEqual(pages);
  });

  it('have lists in pages of any size, which begin behind no place where no page ended', async () => {
    await world.record('contract-a', 'AwardContract', award(1));
    for (let n = 2; n <= 4; n++) await world.record('contract-a', 'ApproveChange', { kind: 'value', to: { amount: `${n}000000`, currency: 'GBP' } }); // prettier-ignore
    const board = ask(await new Rows(world.store).read(), 'tower-board');
    const amounts: unknown[] = [];
    for (let cursor: string | undefined, more = true; more;) {
      const page: ListPage = (await board.list('contract:a', 'changes', cursor, 2))!;
      amounts.push(page.entries.map((entry) => (entry as any).to.amount));
      cursor = page.next;
      more = cursor !== undefined;
    }
    expect(amounts).toEqual([['4000000', '3000000'], ['2000000']]);
    expect(await board.list('tower:hosting', 'contracts', undefined, 1)).toEqual({ entries: [expect.objectContaining({ contract: 'a' })] });
    for (const cursor of ['', '-1', '1.5', ' 1', '1 ', 'x', '1x', '9999999999'])
      for (const [key, list] of [
        ['contract:a', 'changes'],
        ['tower:hosting', 'contracts'],
      ] as const)
        await expect(board.list(key, list, cursor, 2)).rejects.toThrow(InvalidCursorError);
    expect(await board.list('contract:a', 'constructor', undefined, 2)).toBeUndefined();
    expect(await board.list('contract:none', 'changes', undefined, 2)).toEqual({ entries: [] });
  });

  it('have nothing in a list of another aggregate than the one that stands under their key', async () => {
    const moves = ownList(tower, ({ entries }) => entries, ({ recorded }) => recorded.type); // prettier-ignore
    await world.record('contract-a', 'AwardContract', award(1));
    const rows = ask(await new Rows(world.store, [contractsWith(() => ({}), { lists: { contract: { moves } } })]).read(), 'contracts');
    expect(await rows.list('contract:a', 'moves', undefined, 5)).toEqual({ entries: [] });
  });

  it('leave out what cannot be shown, and the projection says so', async () => {
    const contracts = source(contract, 'contract', {
      place: (id) => [{ key: `contract:${id}`, row: true }],
      show: ({ id }) => {
        if (id === 'b') throw new Error('Out of ink.');
        return { [`contract:${id}`]: { id } };
      },
    });
    const shown = projection({ name: 'contracts', version: 1, question: 'Which contracts can be shown?', from: [contracts], rows: { contract: (id, lookup) => lookup.get(contracts, id) } }); // prettier-ignore
    for (const id of ['a', 'b']) await world.record(`contract-${id}`, 'AwardContract', award(1));
    const rows = await new Rows(world.store, [shown]).read();
    expect(keysOf(await ask(rows, 'contracts').page('', 10))).toEqual(['contract:a']);
    expect(rows.projector.list()[0]!.faulted).toEqual([
      expect.objectContaining({ stream: 'contract-b', error: 'contract:b cannot be shown: Out of ink.' }),
    ]);
  });

  it('stay where a stream stood that can be folded no more, and say so', async () => {
    for (const id of ['a', 'b']) await world.record(`contract-${id}`, 'AwardContract', award(1));
    await appendUnheardOf('contract-a', 0);
    const rows = await new Rows(world.store, projections.filter(({ name }) => name === 'contract-register')).read(); // prettier-ignore
    const register = ask(rows, 'contract-register');
    expect(await register.row('contract:a')).toMatchObject({ stage: 'awarded', faulted: { stream: 'contract-a', event: 'unheard' } });
    expect((await register.page('', 10)).rows.map(({ row }) => 'faulted' in row)).toEqual([true, false]);
    expect(await register.row('contract:b')).not.toHaveProperty('faulted');
  });
});

describe('rows of which no day is asked', () => {
  it('come of one kind alone, on pages of any size', async () => {
    for (const id of ['a', 'b']) await world.record(`contract-${id}`, 'AwardContract', { ...award(1), towers: [] });
    const { projector } = await new Rows(world.store).read();
    const ofKind = (kind: string, limit: number) =>
      paged((cursor) => projector.rows('tower-board', { kind, limit, ...(cursor !== '' && { cursor }) }));
    expect((await ofKind('contract', 1)).flat()).toEqual(['contract:a', 'contract:b']);
    expect((await ofKind('tower', 1)).flat()).toEqual(['tower:euc', 'tower:hosting']);
    expect([await ofKind('programme', 5), await ofKind('nothing', 5)]).toEqual([[['programme:met']], [[]]]);
  });

  it('are found by the events that may link to one of them, the newest first', async () => {
    await world.record('contract-a', 'AwardContract', award(1));
    const decidedBy = { person: 'p-1' };
    for (const summary of ['One', 'Two', 'Three']) await world.record('contract-a', 'ApproveChange', { kind: 'scope', summary }, { decidedBy }); // prettier-ignore
    const { projector } = await new Rows(world.store).read();
    const at = projector.sequence;
    const linking = (upTo: number, limit: number) => projector.ask('decisions', async (now) => now.eventsLinking('decision', 'person:p-1', upTo, limit)); // prettier-ignore
    expect([await linking(at, 5), await linking(at, 2), await linking(at - 1, 5)]).toEqual([[at, at - 1, at - 2], [at, at - 1], [at - 1, at - 2]]); // prettier-ignore
  });
});
