import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { projections } from '../../projections/index.js';
import { contract, type Contract } from '../../src/domain/contract/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { tower } from '../../src/domain/tower/index.js';
import { ViewTooLargeError } from '../../src/engine/read/read-errors.js';
import { MAX_STREAMS_ON_DAY, type DayQuestion } from '../../src/engine/read/rows/day-views.js';
import { canonical, eventSource, IllegalTransitionError, linkedList, projection, ranked, source, type Contribution, type History, type Json, type Projection, type RecordedEvent } from '../../src/kernel/index.js'; // prettier-ignore
import { MAX_PAGE, type ReadModelReader } from '../../src/store/read-model.js';
import type { EventStore } from '../../src/store/event-store.js';
import { memoryStore } from '../fakes/memory-store.js';
import { bounded, moves, play, recordWorld, World } from '../random-history.js';
import { appendAll, ChangedFile, closeRows, newFolder, Rows } from './rows-after.js';

afterEach(closeRows);

const award = { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: { amount: '96000000', currency: 'GBP' } }; // prettier-ignore
const on = (effectiveOn: string) => ({ effectiveOn });
const valued = (amount: string) => ({ kind: 'value', to: { amount, currency: 'GBP' } });

let world: World;
beforeEach(async () => {
  world = new World('2016-01-04');
  await recordWorld(world);
});

/** What a view asked of the log and of the read model. */
const watched = async (store: EventStore, shown: readonly Projection[] = projections) => {
  const [pages, reads]: [{ readonly after: number }[], string[]] = [[], []];
  const read = (reader: ReadModelReader) => {
    const streams = reader.streams.bind(reader);
    reader.streams = (page) => (pages.push({ after: page.after }), streams(page));
  };
  const folder = newFolder();
  const rows = await new Rows(store, shown, folder, { readModel: new ChangedFile(folder, { read }) }).read();
  const readStream = store.read.bind(store);
  store.read = (...page) => (reads.push(page[0]), readStream(...page));
  return { rows, pages, reads };
};
const rowOf = async (rows: Rows, name: string, key: string, question: DayQuestion) =>
  (await rows.projector.ask(name, (_, days) => days.row(question, key)))?.row as any;
const keysOf = async (rows: Rows, name: string, question: DayQuestion) =>
  (await rows.projector.ask(name, (_, days) => days.page(question, '', 10_000))).rows.map(({ key }) => key);
/** Many streams whose first event is like another one, each with an id of its own. */
const like = (event: RecordedEvent, streams: readonly string[]): readonly RecordedEvent[] =>
  streams.map((stream, n) => ({ ...event, stream, revision: 0, id: `019353d2-0000-7000-9000-${String(n).padStart(12, '0')}` }));
const lastOf = async (stream: string) => (await world.store.read(stream)).at(-1)!;

const textOf = (state: unknown) => createHash('sha256').update(canonical(state as Json)).digest('hex').slice(0, 12); // prettier-ignore
const contracts = source(contract, 'contract', {
  place: (id, state) => [{ key: `contract:${id}/${textOf(state)}`, row: true }],
  show: ({ id, state }) => ({ [`contract:${id}/${textOf(state)}`]: {} }),
});
/** A row for each contract, named by the state that it is in. */
const states = projection({ name: 'states', version: 1, question: 'In which state is each contract?', from: [contracts], rows: { contract: (id, lookup) => lookup.get(contracts, id) } }); // prettier-ignore

describe('where a stream stands on a day', () => {
  const keyOf = ({ id, state }: History) => `contract:${id}/${textOf(state)}`;
  /** What the history of a contract says by itself. */
  const expectedOf = (history: History, day: string) => {
    const part = history.onDay(day);
    if (part.revision < 0) return [];
    const { approximate, leftOut } = history.uncertainOn(day);
    if (approximate.length + leftOut.length === 0) return [{ key: keyOf(part), row: {} }];
    const counts = { inside: approximate.length, leftOut: leftOut.length, needed: 0 };
    const uncertain = (withoutInside: unknown, needed = 0) => [{ key: keyOf(part), row: {}, uncertain: expect.objectContaining({ counts: { ...counts, needed }, withoutInside }) }]; // prettier-ignore
    if (approximate.length === 0) return uncertain([]);
    try {
      const without = history.onDay(day, true);
      return uncertain(without.revision >= 0 && keyOf(without) === keyOf(part) ? [] : [{ op: 'remove', path: '', was: null }]);
    } catch (error) {
      if (!(error instanceof IllegalTransitionError)) throw error;
      return uncertain(null, approximate.length);
    }
  };

  it('is where its history says, whatever is uncertain, corrected or withdrawn, and so are the facts that may lie on the other side', async () => {
    let uncertain = 0;
    await fc.assert(
      fc
        .asyncProperty(moves(25), fc.nat(1000), async (tried, any) => {
          const played = await play(tried);
          const rows = await new Rows(played.store, [states]).read();
          const days = (await played.events()).flatMap(({ metadata }) => /\d{4}-\d\d-\d\d/.exec(metadata.effectiveOn) ?? []);
          for (const day of [0, 1, 2, 3].map((n) => days[(any + 7 * n) % days.length]!)) {
            const expected = [];
            for (const id of ['alpha', 'beta']) expected.push(...expectedOf(await played.history(`contract-${id}`), day));
            const question = { at: rows.projector.sequence, day };
            const page = await rows.projector.ask('states', (_, asked) => asked.page(question, '', 10));
            expect([day, page.rows]).toEqual([day, expected]);
            uncertain += page.rows.filter((row) => row.uncertain).length;
          }
        })
        .afterEach(closeRows),
      { numRuns: 60, ...bounded },
    );
    expect(uncertain).toBeGreaterThan(10);
  }, 30_000);

  it('is where its history says however many events it has, and nowhere where some of them are missing', async () => {
    await world.record('contract-a', 'AwardContract', award, on('2015-11-01'));
    for (let n = 1; n <= 210; n++) await world.record('contract-a', 'ApproveChange', valued(`${n}000000`), on(n % 2 ? 'unknown' : '2015-12-01')); // prettier-ignore
    await world.record('contract-b', 'AwardContract', award, on('2015-11-01'));
    await world.record('contract-b', 'ApproveChange', valued('97000000'), on('2015-12-01'));
    const rows = await new Rows(world.store, [states]).read();
    const day = '2015-12-31';
    const page = () => rows.projector.ask('states', (_, days) => days.page({ at: rows.projector.sequence, day }, '', 10));
    const { read } = world.store;
    world.store.read = async (stream, from = 0, limit) => (await read.call(world.store, stream, from, limit)).slice(0, stream === 'contract-b' ? 1 - from : undefined); // prettier-ignore
    await expect(page()).rejects.toThrow('contract-b ends at revision 0, before 1.');
    world.store.read = read;
    expect((await page()).rows).toEqual([...expectedOf(await world.history('contract-a'), day), ...expectedOf(await world.history('contract-b'), day)]); // prettier-ignore
  });

  it('is where facts of one day leave it in the order in which they were recorded, and those of a day that is in doubt may be of it', async () => {
    await world.record('contract-a', 'AwardContract', award, on('2015-11-01'));
    const dates = [
      '2015-12-01',
      '2016-01-02',
      '2015-12-01',
      '2015-11',
      '2015-12-15',
      '[2015-12-31..2016-01-04]',
      '[2015-12-20..2015-12-31]',
    ];
    for (const [n, date] of dates.entries()) await world.record('contract-a', 'ApproveChange', valued(`${n + 1}000000`), on(date));
    const rows = await new Rows(world.store, [states]).read();
    const history = await world.history('contract-a');
    for (const day of ['2015-11-15', '2015-11-30', '2015-12-14', '2015-12-20', '2015-12-30', '2015-12-31', '2016-01-01', '2016-01-02']) {
      const page = await rows.projector.ask('states', (_, days) => days.page({ at: rows.projector.sequence, day }, '', 10));
      expect([day, page.rows]).toEqual([day, expectedOf(history, day)]);
    }
    const amountOn = (day: string) => (history.onDay(day).state as Contract).ceiling;
    expect(['2015-11-30', '2015-12-14', '2015-12-30'].map(amountOn)).toEqual(['4', '3', '7'].map((amount) => expect.objectContaining({ amount: `${amount}000000` }))); // prettier-ignore
  });

  it('is with the notes that were made by that day, and without later ones', async () => {
    const notes = eventSource('note', {
      place: ({ type, revision, stream }) => (type === 'FactAnnotated' ? [{ key: `note:${stream}/${revision}`, row: true }] : []),
      show: () => ({}),
    });
    const noted = projection({ name: 'noted', version: 1, question: 'What was noted?', from: [notes], rows: { note: (id) => ({ id }) } });
    await world.record('contract-a', 'AwardContract', award, on('2015-11-01'));
    await world.record('contract-a', 'Annotate', { note: 'Of the day' });
    world.wait(1);
    await world.record('contract-a', 'Annotate', { note: 'Of the next' });
    const rows = await new Rows(world.store, [noted]).read();
    const notedBy = (day: string) => keysOf(rows, 'noted', { at: rows.projector.sequence, day });
    expect([await notedBy('2016-01-03'), await notedBy('2016-01-04')]).toEqual([[], ['note:contract-a/1']]);
    expect(await notedBy('2016-01-05')).toEqual(['note:contract-a/1', 'note:contract-a/2']);
  });

  it('is where it stood before it could be folded no more, which its totals count from then on', async () => {
    await world.record('contract-a', 'AwardContract', award, on('2015-11-01'));
    const last = await lastOf('contract-a');
    const unheard = { ...last, type: 'ContractEnchanted', metadata: { ...last.metadata, schemaVersion: 1 } };
    const before = (await world.events()).length;
    await world.store.append('contract-a', 0, [{ ...unheard, id: 'unheard' }]);
    await world.store.append('contract-new', -1, [{ ...unheard, id: 'unheard-of' }]);
    await world.record('supplier-csc', 'RenameSupplier', { title: 'DXC' });
    const rows = await new Rows(world.store).read();
    const counted = async (at: number) => (await rowOf(rows, 'tower-board', 'programme:met', { at, day: '2016-06-30' })).faultedStreams;
    expect([await counted(before), await counted(before + 1), await counted(before + 2)]).toEqual([0, 1, 2]);
    const board = (at: number) => rowOf(rows, 'contract-register', 'contract:a', { at, day: '2016-06-30' });
    expect(await board(before)).not.toHaveProperty('faulted');
    expect(await board(before + 3)).toMatchObject({ stage: 'awarded', supplierName: 'DXC', faulted: { event: 'unheard' } });
  });
});

describe('a view of a day', () => {
  const day = '2016-06-30';

  it('is made once, however many ask for it and for whatever row, and read on for a later sequence', async () => {
    world.wait(365);
    for (const id of ['a', 'b', 'c']) await world.record(`contract-${id}`, 'AwardContract', award, on('2015-11-01'));
    const { rows, pages, reads } = await watched(world.store);
    const at = rows.projector.sequence;
    await Promise.all([1, 2, 3].map(() => rowOf(rows, 'money', 'programme:met', { at, day })));
    await rowOf(rows, 'money', 'programme:met', { at, day });
    expect(pages).toEqual([{ after: 0 }]);
    reads.length = 0;
    expect(await rowOf(rows, 'money', 'programme:none', { at, day })).toBeUndefined();
    expect(reads).toEqual([]);
    await world.record('contract-a', 'ApproveChange', valued('97000000'), on('2016-03-01'));
    await world.record('contract-later', 'AwardContract', award, on('2016-03-01'));
    await rows.read();
    reads.length = 0;
    const later = { at: rows.projector.sequence, day };
    expect((await rowOf(rows, 'money', 'programme:met', later)).towers.ceiling.text).toBe('£385m');
    expect(pages).toEqual([{ after: 0 }, { after: at }]);
    expect(new Set(reads)).toEqual(new Set(['contract-a', 'contract-later']));
    expect((await rowOf(rows, 'money', 'programme:met', { at: at - 1, day })).towers.ceiling.text).toBe('£192m');
  });

  it('is made of no view of another day, of another programme, or without its uncertain facts', async () => {
    world.wait(365);
    await world.record('contract-a', 'AwardContract', award, on('2015-11-01'));
    await world.record('contract-a', 'ApproveChange', valued('97000000'), on('unknown'));
    await world.record('contract-a', 'ApproveChange', valued('98000000'), on('2016-03-01'));
    const rows = await new Rows(world.store).read();
    const ceiling = async (asked: Omit<DayQuestion, 'at'>) => (await rowOf(rows, 'money', 'contract:a', { at: rows.projector.sequence, ...asked }))?.ceiling.amount; // prettier-ignore
    const all = async () => [await ceiling({ day: '2015-12-31' }), await ceiling({ day, programme: 'none' }), await ceiling({ day, programme: 'met' }), await ceiling({ day })]; // prettier-ignore
    expect(await all()).toEqual(['97000000', undefined, '98000000', '98000000']);
    for (const id of ['b', 'c']) {
      await world.record(`contract-${id}`, 'AwardContract', award, on('2015-11-01'));
      await rows.read();
      expect(await all()).toEqual(['97000000', undefined, '98000000', '98000000']);
    }
  });

  it('of one programme follows what its streams link to, and what that links to, also when it was recorded later', async () => {
    await world.record('programme-nhs', 'CharterProgramme', { title: 'NHS', authority: 'DH', baseCurrency: 'GBP' }, on('2002'));
    await world.record('contract-n', 'AwardContract', { ...award, programme: 'nhs', towers: [], suppliers: [{ supplier: 'atos' }] }, on('2015-11-01')); // prettier-ignore
    await world.record('contract-a', 'AwardContract', award, on('2015-11-01'));
    const rows = await new Rows(world.store).read();
    const ask = async (programme: string) => {
      const question = { at: rows.projector.sequence, day: '2030-01-01', programme };
      const { rows: listed } = await rows.projector.ask('contract-register', (_, days) => days.page(question, '', 10));
      return listed.map(({ key, row }) => [key, row['supplierName']]);
    };
    expect([await ask('met'), await ask('nhs'), await ask('none')]).toEqual([[['contract:a', 'CSC']], [['contract:n', 'Atos']], []]);
    await world.record('supplier-csc', 'RenameSupplier', { title: 'DXC' });
    await rows.read();
    expect([await ask('met'), await ask('nhs')]).toEqual([[['contract:a', 'DXC']], [['contract:n', 'Atos']]]);
    await world.record('supplier-later', 'RegisterSupplier', { title: 'Later', form: 'company' });
    await world.record('contract-b', 'AwardContract', { ...award, suppliers: [{ supplier: 'later' }] });
    await rows.read();
    expect(await ask('met')).toEqual([['contract:a', 'DXC'], ['contract:b', 'Later']]); // prettier-ignore
  });

  it('of one programme is made whole where what it links to links to each other, or to nothing', async () => {
    const links: Record<string, readonly `supplier:${string}`[]> = { csc: ['supplier:atos', 'supplier:nobody'], atos: ['supplier:csc'] };
    const suppliers = source(supplier, 'supplier', {
      place: (id) => [
        { key: `supplier:${id}`, row: true, links: links[id]! },
        { key: 'supplier:oldest', row: true },
      ],
      show: ({ id, state }) => ({ [`supplier:${id}`]: state, 'supplier:oldest': state }),
    });
    const contracts = source(contract, 'contract', {
      place: (id) => [{ key: `contract:${id}`, links: ['tower:hosting', ranked(1, 'supplier:atos')] }],
      show: () => ({}),
    });
    const shown = projection({ name: 'linked', version: 1, question: 'Which suppliers are linked to?', from: [contracts, suppliers], rows: { supplier: (id, lookup) => ({ title: lookup.get(suppliers, id)!.title }) } }); // prettier-ignore
    await world.record('contract-a', 'AwardContract', award, on('2015-11-01'));
    const rows = await new Rows(world.store, [shown]).read();
    const titles = async (programme?: string) => {
      const question = { at: (await rows.read()).projector.sequence, day, programme };
      const page = await rows.projector.ask('linked', (_, days) => days.page(question, '', 10));
      return Object.fromEntries(page.rows.map(({ key, row }) => [key, row['title']]));
    };
    const all = { 'supplier:atos': 'Atos', 'supplier:csc': 'CSC', 'supplier:oldest': 'CSC' };
    expect([await titles('met'), await titles()]).toEqual([all, all]);
    await world.record('supplier-csc', 'RenameSupplier', { title: 'DXC' });
    const renamed = { ...all, 'supplier:csc': 'DXC', 'supplier:oldest': 'DXC' };
    expect([await titles('met'), await titles()]).toEqual([renamed, renamed]);
  });

  it(`lists more than ${MAX_PAGE} contracts of a tower in the order in which they came to it, as recorded`, async () => {
    const contracts = source(contract, 'contract', {
      place: (id, { towers }) => [{ key: `contract:${id}`, links: towers.map((of) => `tower:${of}` as const) }],
      show: ({ id }) => ({ [`contract:${id}`]: id }),
    });
    const towers = source(tower, 'tower', { place: (id) => [{ key: `tower:${id}`, row: true }], show: () => ({}) });
    const ofTower = linkedList(contracts);
    const listed = projection({ name: 'listed', version: 1, question: 'Which contracts does a tower have?', from: [contracts, towers], rows: { tower: () => ({}) }, lists: { tower: { contracts: ofTower } } }); // prettier-ignore
    await world.record('contract-first', 'AwardContract', { ...award, towers: ['euc'] }, on('2015-11-01'));
    await world.record('contract-second', 'AwardContract', award, on('2015-11-01'));
    const { id: event } = await lastOf('contract-first');
    await world.record('contract-first', 'CorrectFact', { event, changes: [{ pointer: '/towers', value: ['hosting'] }], because: 'error' });
    await appendAll(
      world.store,
      like(
        await lastOf('contract-second'),
        Array.from({ length: MAX_PAGE }, (_, n) => `contract-c${n}`),
      ),
    );
    const rows = await new Rows(world.store, [listed]).read();
    const at = rows.projector.sequence;
    const [recorded, planned] = [[] as unknown[], [] as unknown[]];
    for (let cursor: string | undefined, more = true; more;) {
      const page = (await rows.projector.ask('listed', (now) => now.list('tower:hosting', 'contracts', at, cursor, 400)))!;
      recorded.push(...page.entries);
      cursor = page.next;
      more = cursor !== undefined;
    }
    for (let cursor: string | undefined, more = true; more;) {
      const page = (await rows.projector.ask('listed', (_, days) => days.list({ at, day }, 'tower:hosting', 'contracts', cursor, 400)))!;
      planned.push(...page.entries);
      cursor = page.next;
      more = cursor !== undefined;
    }
    expect(planned).toEqual(recorded);
    expect(planned.slice(-3)).toEqual(['c0', 'first', 'second']);
  });

  it(`of more than ${MAX_STREAMS_ON_DAY} streams of a category is refused before any of them is read, also where some were there before`, async () => {
    await world.record('contract-a', 'AwardContract', award, on('2015-11-01'));
    const supplier = await lastOf('supplier-csc');
    const more = like(
      supplier,
      Array.from({ length: MAX_STREAMS_ON_DAY - 1 }, (_, n) => `supplier-s${n}`),
    );
    const store = memoryStore();
    await appendAll(store, [...(await world.events()), ...more.slice(0, -1)]);
    const { rows, reads } = await watched(store, [...projections.filter(({ name }) => name === 'contract-register'), states]);
    const question = () => ({ at: rows.projector.sequence, day });
    expect(await keysOf(rows, 'contract-register', question())).toEqual(['contract:a']);
    await store.append('supplier-s0', 0, [{ ...more[0]!, id: 'again' }]); // cannot be folded, and is no other stream
    expect(await keysOf(await rows.read(), 'contract-register', question())).toEqual(['contract:a']);
    await appendAll(store, more.slice(-1));
    await rows.read();
    const refused = new ViewTooLargeError('The ledger has more than 5000 supplier records: name a programme with the parameter programme.');
    await expect(keysOf(rows, 'contract-register', question())).rejects.toThrow(refused);
    reads.length = 0;
    await expect(keysOf(rows, 'contract-register', { ...question(), day: '2016-07-01' })).rejects.toThrow(refused);
    expect(reads).toEqual([]);
    expect(await keysOf(rows, 'contract-register', { ...question(), programme: 'met' })).toEqual(['contract:a']);
    reads.length = 0;
    expect(await keysOf(rows, 'states', question())).toHaveLength(1); // which reads no suppliers
    expect(new Set(reads)).toEqual(new Set(['contract-a']));
  });

  it('that takes more memory than one view may is refused, and says what to ask for instead', async () => {
    const LONG = 'x'.repeat(100_000); // 200 kB, in a key or in the name of a total
    const place = (id: string): readonly Contribution<'contract'>[] =>
      id === 'a'
        ? Array.from({ length: 300 }, (_, n) => ({ key: `contract:a/${n}/${LONG}` }))
        : Array.from({ length: 40 }, (_, n) => ({ key: `contract:b/${n}`, sums: { [`tower:${n}/${LONG}`]: { n: 1n } } }));
    const heavy = projection({ name: 'heavy', version: 1, question: 'What takes much memory?', from: [source(contract, 'contract', { place, show: () => ({}) })], rows: {} }); // prettier-ignore
    world.wait(365);
    await world.record('contract-a', 'AwardContract', award, on('2015-11-01'));
    const rows = await new Rows(world.store, [heavy]).read();
    const keys = async (programme?: string) => keysOf(await rows.read(), 'heavy', { at: rows.projector.sequence, day, programme });
    expect(await keys()).toEqual([]);
    await world.record('contract-a', 'ApproveChange', valued('97000000'), on('2016-03-01'));
    expect(await keys()).toEqual([]); // what the contract took before is not counted again
    await world.record('contract-b', 'AwardContract', award, on('2015-11-01'));
    await expect(keys()).rejects.toThrow(new ViewTooLargeError('The ledger has more than one view holds: name a programme with the parameter programme.')); // prettier-ignore
    await expect(keys('met')).rejects.toThrow(new ViewTooLargeError('The programme met has more than one view holds: read its contracts one at a time, by GET /contracts/{id}?effectiveOn=….')); // prettier-ignore
  });
});
