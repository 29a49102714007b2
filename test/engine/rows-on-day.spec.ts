import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { projections } from '../../projections/index.js';
import { InvalidCursorError } from '../../src/engine/read/read-errors.js';
import { MAX_STREAMS_ON_DAY, type DayQuestion } from '../../src/engine/read/rows/day-views.js';
import { ViewTooLargeError } from '../../src/engine/read/read-errors.js';
import { contract } from '../../src/domain/contract/index.js';
import { projection, source, type RecordedEvent } from '../../src/kernel/index.js';
import { everyMove, playEveryMove } from '../every-move.js';
import { playCommands } from '../random-commands.js';
import { moves, play, recordWorld, World } from '../random-history.js';
import { memoryStore } from '../fakes/memory-store.js';
import { CertainWorld, isBroughtIn, ledgerOf, onDay, shown, upTo } from './ledger-on-day.js';
import { closeRows, Rows, appendAll } from './rows-after.js';

afterEach(closeRows);

const PATIENCE = 120_000;
const names = projections.map(({ name }) => name);

describe('rows as of a day', () => {
  /** Compares whole and part; counts the facts that the part leaves out, so that it is not empty. */
  const isThePart = async (all: readonly RecordedEvent[], any: number): Promise<number> => {
    const at = any % 3 === 0 ? all.length : 1 + (any % all.length);
    const known = all.slice(0, at);
    const days = known.map(({ metadata }) => metadata.effectiveOn).sort();
    const day = days[any % days.length]!;
    if (isBroughtIn(known, day)) return 0; // what its record says of days before it, no part of the facts does
    const part = upTo(day, known);
    const only = await ledgerOf(part, day);
    if (only.projector.list().some(({ faulted }) => faulted.length > 0)) return 0; // what was corrected leant on what came later
    const whole = await ledgerOf(all);
    for (const name of names.filter((_, i) => (i + any) % 3 === 0)) {
      const expected = await shown(only, name);
      if (name === 'decisions')
        for (const key of Object.keys(expected))
          if ((expected[key] as { readonly effectiveOn: string }).effectiveOn > day) delete expected[key];
      expect([name, day, await shown(whole, name, { at, day })]).toEqual([name, day, expected]);
    }
    return known.length - part.length;
  };

  it(
    'are those of a ledger that was only given the facts up to that day, by both clocks',
    async () => {
      let left = 0;
      await fc.assert(
        fc
          .asyncProperty(moves(), fc.nat(10_000), async (tried, any) => {
            left += await isThePart(await (await play(tried, new CertainWorld())).events(), any);
          })
          .afterEach(closeRows),
        { numRuns: 40, interruptAfterTimeLimit: 20_000 },
      );
      expect(left).toBeGreaterThan(20);
    },
    PATIENCE,
  );

  it(
    'also of commands of every kind',
    async () => {
      let left = 0;
      await fc.assert(
        fc
          .asyncProperty(fc.gen(), fc.nat(10_000), async (any, n) => {
            left += await isThePart(await (await playCommands(any, new CertainWorld())).events(), n);
          })
          .afterEach(closeRows),
        { numRuns: 40, interruptAfterTimeLimit: 20_000 },
      );
      expect(left).toBeGreaterThan(20);
    },
    PATIENCE,
  );
});

const awarded = (n: number) => ({ programme: 'met', title: `Contract ${n}`, towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: { amount: `${n}000000`, currency: 'GBP' } }); // prettier-ignore
const world2015 = async (): Promise<World> => {
  const world = new World('2020-01-06');
  await recordWorld(world);
  for (const stream of ['programme-met', 'tower-hosting', 'tower-euc', 'supplier-csc', 'supplier-atos']) {
    const { entries } = await world.history(stream);
    await world.record(stream, 'CorrectFact', { event: entries[0]!.recorded.id, changes: [{ pointer: '/effectiveOn', value: '2014-01-01' }], because: 'error' }); // prettier-ignore
  }
  return world;
};
const asked = async (world: World) => {
  const rows = await ledgerOf(await world.events());
  const question = (day: string, programme?: string): DayQuestion => ({ at: rows.projector.sequence, day, programme });
  const row = (name: string, key: string, day: string, programme?: string) =>
    rows.projector.ask(name, (_, days) => days.row(question(day, programme), key));
  return { rows, question, row };
};

/** What a projection shows, to the byte: rows in their order, and every list of them in its order. */
const inOrder = async (rows: Rows, name: string, question: DayQuestion | undefined) => {
  const { lists = {} } = rows.projector.projection(name);
  const all = question ? (await onDay(rows, name, question)).rows : await rows.all(name);
  const found: unknown[] = all.map(({ key, row }) => [key, row]);
  for (const { key } of all)
    for (const list of Object.keys(lists[key.slice(0, key.indexOf(':'))] ?? {})) {
      const page = await rows.projector.ask(name, (now, days) =>
        question ? days.list(question, key, list, undefined, 100) : now.list(key, list, rows.projector.sequence, undefined, 100),
      );
      found.push([key, list, page!.entries]);
    }
  return found;
};

describe('rows as of today', () => {
  it(
    'are those of which no day is asked, with their lists in the same order',
    async () => {
      let longest = 0;
      await fc.assert(
        fc
          .asyncProperty(everyMove(200), async (tried) => {
            const rows = await ledgerOf(await (await playEveryMove(tried)).events());
            for (const name of names) {
              const now = await inOrder(rows, name, undefined);
              expect([name, await inOrder(rows, name, { at: rows.projector.sequence, day: '2030-01-01' })]).toEqual([name, now]);
              for (const [, , entries] of now as unknown[][]) longest = Math.max(longest, (entries as unknown[] | undefined)?.length ?? 0);
            }
          })
          .afterEach(closeRows),
        { numRuns: 12, interruptAfterTimeLimit: 20_000 },
      );
      expect(longest).toBeGreaterThan(1);
    },
    PATIENCE,
  );

  it('count what names only a contract with the same newest contracts of a supplier', async () => {
    const world = await world2015();
    const gbp = (amount: string) => ({ amount, currency: 'GBP' });
    const award = (id: string, supplier: string) =>
      world.record(`contract-${id}`, 'AwardContract', { programme: 'met', title: id, suppliers: [{ supplier }], value: gbp('1') });
    await award('moved', 'csc');
    await world.record('loss-moved', 'RaiseLoss', { programme: 'met', contract: 'moved', title: 'L', bearer: 'authority', category: 'other', gross: gbp('7') }); // prettier-ignore
    for (let i = 0; i < 20; i++) await award(`other-${i}`, 'atos');
    await world.record('contract-moved', 'SignContract', {});
    await world.record('contract-moved', 'NovateContract', { supplier: 'atos' });
    const rows = await ledgerOf(await world.events());
    const now = await rows.row('exposure', 'supplier:atos');
    expect([now.counts.losses, now.losses.authority.gross.text]).toEqual([1, '£7']);
    const { row } = (await onDay(rows, 'exposure', { at: rows.projector.sequence, day: '2030-01-01' })).rows.find(({ key }) => key === 'supplier:atos')!; // prettier-ignore
    expect(row).toEqual(now);
  });
});

describe('a contract that a register brings in later', () => {
  const recorded = { ...awarded(96), stage: 'live', role: 'tower' };
  const board = async (row: Awaited<ReturnType<typeof asked>>['row'], day: string) =>
    ((await row('tower-board', 'tower:hosting', day))!.row as any).contracts.map((one: any) => [one.contract, one.stage]);

  it('is on the board of a day before its record, from its award on', async () => {
    const world = await world2015();
    await world.record('contract-a', 'RecordContract', { ...recorded, awardedOn: '2016-01-01', startsOn: '2017-01-01' }, { effectiveOn: '2020-01-02' }); // prettier-ignore
    const { row } = await asked(world);
    expect([await board(row, '2015-12-31'), await board(row, '2016-12-31'), await board(row, '2019-12-31')]).toEqual([[], [['a', 'awarded']], [['a', 'live']]]); // prettier-ignore
  });

  it('is on the board from the day on which its service started', async () => {
    const world = await world2015();
    await world.record('contract-a', 'RecordContract', recorded, { effectiveOn: '2020-01-02' });
    await world.record('contract-a', 'StartService', {}, { effectiveOn: '2018-04-01' });
    const { row } = await asked(world);
    expect([await board(row, '2018-03-31'), await board(row, '2019-12-31'), await board(row, '2020-01-05')]).toEqual([[], [['a', 'live']], [['a', 'live']]]); // prettier-ignore
    expect((await row('money', 'programme:met', '2019-12-31'))!.row).toMatchObject({ towers: { ceiling: { text: '£96m' } } });
  });
});

describe('facts of an uncertain date', () => {
  it('are named where they stand in a row or may belong to it, with what they change, and the row without them', async () => {
    const world = await world2015();
    await world.record('contract-a', 'AwardContract', awarded(96), { effectiveOn: '2015-11-01' });
    await world.record('contract-a', 'ApproveChange', { kind: 'value', to: { amount: '176000000', currency: 'GBP' } }, { effectiveOn: 'unknown' }); // prettier-ignore
    const { row } = await asked(world);
    const found = await row('money', 'contract:a', '2016-12-31');
    expect(found!.row).toMatchObject({ ceiling: { amount: '176000000' } });
    expect(found!.uncertain!.counts).toEqual({ inside: 1, leftOut: 0, needed: 0 });
    expect(found!.uncertain!.inside).toEqual([
      expect.objectContaining({ type: 'ChangeApproved', stream: 'contract-a', effectiveOn: 'unknown' }),
    ]);
    expect(found!.uncertain!.inside[0]!.changed).toContainEqual(expect.objectContaining({ path: '/ceiling/amount', value: '176000000' }));
    expect(found!.uncertain!.withoutInside).toContainEqual(expect.objectContaining({ path: '/ceiling/amount', value: '96000000' }));
    const total = await row('money', 'programme:met', '2016-12-31');
    expect(total!.uncertain!.withoutInside).toContainEqual(expect.objectContaining({ path: '/towers/ceiling/text', value: '£96m' }));
  });

  it('are named also where they stand behind a fact that is certainly later', async () => {
    const world = await world2015();
    await world.record('contract-a', 'AwardContract', awarded(96), { effectiveOn: '2015-11-01' });
    await world.record('contract-a', 'SignContract', {}, { effectiveOn: '2017-03-01' });
    await world.record('contract-a', 'ApproveChange', { kind: 'value', to: { amount: '176000000', currency: 'GBP' } }, { effectiveOn: 'unknown' }); // prettier-ignore
    const { row } = await asked(world);
    const found = await row('money', 'contract:a', '2016-12-31');
    expect(found!.row).toMatchObject({ ceiling: { amount: '96000000' } });
    expect(found!.uncertain).toMatchObject({ counts: { inside: 0, leftOut: 1 }, leftOut: [{ type: 'ChangeApproved' }], withoutInside: [] });
    expect((await row('money', 'contract:a', '2017-03-01'))!.uncertain).toMatchObject({ counts: { inside: 1, leftOut: 0 } });
  });

  it('without which others cannot follow cannot be taken out', async () => {
    const world = await world2015();
    await world.record('contract-a', 'AwardContract', awarded(96), { effectiveOn: 'unknown' });
    await world.record('contract-a', 'SignContract', {}, { effectiveOn: '2016-01-01' });
    const { row } = await asked(world);
    expect((await row('money', 'contract:a', '2016-12-31'))!.uncertain).toMatchObject({
      counts: { inside: 1, needed: 1 },
      withoutInside: null,
    });
    await world.record('contract-b', 'AwardContract', awarded(5), { effectiveOn: '2016' });
    const both = (await (await asked(world)).row('money', 'programme:met', '2016-06-30'))!;
    expect(both.row).toMatchObject({ towers: { ceiling: { text: '£101m' } } });
    expect(both.uncertain!.counts).toEqual({ inside: 2, leftOut: 0, needed: 1 });
    expect(both.uncertain!.withoutInside).toContainEqual(expect.objectContaining({ path: '/towers/ceiling/text', value: '£96m' }));
  });

  it('are named up to 20 of each kind, the newest of their streams, and counted all', async () => {
    const world = await world2015();
    const change = (id: string, n: number) => world.record(`contract-${id}`, 'ApproveChange', { kind: 'value', to: { amount: `${n}000000`, currency: 'GBP' } }, { effectiveOn: 'unknown' }); // prettier-ignore
    for (const id of ['b', 'c', 'a']) await world.record(`contract-${id}`, 'AwardContract', awarded(96), { effectiveOn: '2015-11-01' });
    for (let n = 1; n <= 23; n++) await change('a', n);
    for (let n = 1; n <= 2; n++) await change('b', n);
    for (const id of ['b', 'c']) await world.record(`contract-${id}`, 'SignContract', {}, { effectiveOn: '2017-03-01' });
    for (let n = 3; n <= 24; n++) await change('b', n);
    await change('c', 1);
    const { row } = await asked(world);
    const { inside, leftOut, counts } = (await row('money', 'programme:met', '2016-12-31'))!.uncertain!;
    expect(counts).toEqual({ inside: 25, leftOut: 23, needed: 0 });
    const amountsOf = (facts: typeof inside) => facts.map(({ stream, changed }) => [stream, (changed.find(({ path }) => path === '/ceiling/amount') as any).value]); // prettier-ignore
    const changes = (stream: string, first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => [stream, `${first + i}000000`]); // prettier-ignore
    expect(amountsOf(inside)).toEqual([...changes('contract-b', 1, 2), ...changes('contract-a', 4, 21)]);
    expect(amountsOf(leftOut)).toEqual(changes('contract-b', 5, 24));
  });

  it('name at most 20 of what they change', async () => {
    const world = await world2015();
    const options = Array.from({ length: 12 }, (_, n) => ({ option: `year-${n}`, months: 12 }));
    await world.record('contract-a', 'AwardContract', { ...awarded(96), startsOn: '2016-01-01', endsOn: '2021-12-31', options }, { effectiveOn: '2016' }); // prettier-ignore
    const { row } = await asked(world);
    const [fact] = (await row('money', 'contract:a', '2016-06-30'))!.uncertain!.inside;
    expect(fact!.changed).toHaveLength(20);
  });

  it('of which the whole row is made leave no row', async () => {
    const world = await world2015();
    await world.record('contract-a', 'AwardContract', awarded(96), { effectiveOn: '2016' });
    const { row } = await asked(world);
    expect((await row('money', 'contract:a', '2016-06-30'))!.uncertain!.withoutInside).toEqual([{ op: 'remove', path: '', was: null }]);
    expect((await row('money', 'contract:a', '2016-12-31'))!.uncertain).toBeUndefined();
    expect(await row('money', 'contract:a', '2015-12-31')).toBeUndefined();
  });
});

describe('a view of a day', () => {
  it('to come shows what is planned today', async () => {
    const world = await world2015();
    await world.record('contract-a', 'AwardContract', awarded(96), { effectiveOn: '2015-11-01' });
    const { row } = await asked(world);
    expect((await row('contract-register', 'contract:a', '2150-01-01'))!.row).toMatchObject({ stage: 'awarded' });
  });

  it('of one programme has what its streams link to, and nothing of another programme', async () => {
    const world = await world2015();
    await world.record(
      'programme-nhs',
      'CharterProgramme',
      { title: 'NHS', authority: 'DH', baseCurrency: 'GBP' },
      { effectiveOn: '2002' },
    );
    await world.record('contract-a', 'AwardContract', awarded(96), { effectiveOn: '2015-11-01' });
    await world.record('contract-n', 'AwardContract', { ...awarded(7), programme: 'nhs', towers: [] }, { effectiveOn: '2015-11-01' });
    const { rows, question, row } = await asked(world);
    const page = await onDay(rows, 'contract-register', question('2016-01-01', 'met'));
    expect(page.rows.map(({ key, row: { supplierName } }) => [key, supplierName])).toEqual([['contract:a', 'CSC']]);
    expect((await row('exposure', 'supplier:csc', '2016-01-01', 'met'))!.row).toMatchObject({ ceiling: { text: '£96m' } });
    expect((await row('exposure', 'supplier:csc', '2016-01-01'))!.row).toMatchObject({ ceiling: { text: '£103m' } });
  });

  it('comes in pages of any size, of rows and of lists', async () => {
    const world = await world2015();
    for (let n = 1; n <= 23; n++) await world.record(`contract-c${n}`, 'AwardContract', awarded(n), { effectiveOn: '2015-11-01' });
    const { rows, question } = await asked(world);
    const whole = (await onDay(rows, 'contract-register', question('2016-01-01'))).rows.map(({ key }) => key);
    expect(whole).toHaveLength(23);
    const keys: string[] = [];
    for (let next: string | undefined = ''; next !== undefined;) {
      const page = await onDay(rows, 'contract-register', question('2016-01-01'), 5, next);
      keys.push(...page.rows.map(({ key }) => key));
      next = page.next;
    }
    expect(keys).toEqual(whole);
    const entries: string[] = [];
    for (let cursor: string | undefined, more = true; more;) {
      const page = await rows.projector.ask('tower-board', (_, days) => days.list(question('2016-01-01'), 'tower:hosting', 'contracts', cursor, 4)); // prettier-ignore
      entries.push(...page!.entries.map((entry) => (entry as { readonly contract: string }).contract));
      cursor = page!.next;
      more = cursor !== undefined;
    }
    expect(entries).toEqual(Array.from({ length: 23 }, (_, i) => `c${23 - i}`));
    await expect(onDay(rows, 'contract-register', question('2016-01-01'), 5, 'contract:none')).rejects.toThrow(InvalidCursorError);
  });

  it('is made of what was recorded since, and stays what it was at its own position', async () => {
    const world = await world2015();
    await world.record('contract-a', 'AwardContract', awarded(96), { effectiveOn: '2015-11-01' });
    const events = await world.events();
    const rows = await ledgerOf(events);
    const question = { at: events.length, day: '2016-12-31', programme: 'met' };
    const [before] = (await onDay(rows, 'money', question)).rows;
    await world.record('contract-a', 'ApproveChange', { kind: 'value', to: { amount: '100000000', currency: 'GBP' } }, { effectiveOn: '2016-03-01' }); // prettier-ignore
    await world.record('contract-b', 'AwardContract', awarded(5), { effectiveOn: '2016-03-01' });
    await appendAll(rows.store, (await world.events()).slice(events.length));
    await rows.read();
    const now = await onDay(rows, 'money', { ...question, at: rows.projector.sequence });
    expect(now.rows.map(({ key, row }) => [key, (row['ceiling'] as { readonly amount: string } | undefined)?.amount])).toEqual([
      ['contract:a', '100000000'],
      ['contract:b', '5000000'],
      ['programme:met', undefined],
    ]);
    expect((await onDay(rows, 'money', question)).rows[0]).toEqual(before);
  });

  it('that several ask for at once is made once', async () => {
    const world = await world2015();
    for (let n = 1; n <= 30; n++) await world.record(`contract-c${n}`, 'AwardContract', awarded(n), { effectiveOn: '2015-11-01' });
    const store = memoryStore();
    await appendAll(store, await world.events());
    const rows = await new Rows(store).read();
    let reads = 0;
    const read = store.read.bind(store);
    store.read = async (...page) => (reads++, read(...page));
    const question = { at: rows.projector.sequence, day: '2015-12-31' };
    await Promise.all([1, 2, 3, 4, 5].map(() => rows.projector.ask('money', (_, days) => days.row(question, 'programme:met'))));
    expect(reads).toBeLessThan(60);
  });

  it('of too many streams is refused, and names what to ask for', async () => {
    const world = await world2015();
    await world.record('contract-a', 'AwardContract', awarded(96), { effectiveOn: '2015-11-01' });
    const events = await world.events();
    const like = events.find(({ stream }) => stream === 'supplier-csc')!;
    const store = memoryStore();
    await appendAll(store, events);
    for (let n = 0; n < MAX_STREAMS_ON_DAY; n++)
      await store.append(`supplier-s${n}`, -1, [{ ...like, id: `019353d2-0000-7000-9000-${String(n).padStart(12, '0')}` }]);
    const rows = await new Rows(
      store,
      projections.filter(({ name }) => name === 'contract-register'),
    ).read();
    const question = { at: rows.projector.sequence, day: '2016-01-01' };
    const ask = (programme?: string) => onDay(rows, 'contract-register', { ...question, programme });
    await expect(ask()).rejects.toThrow(new ViewTooLargeError('The ledger has more than 5000 supplier records: name a programme with the parameter programme.')); // prettier-ignore
    expect((await ask('met')).rows.map(({ key }) => key)).toEqual(['contract:a']);
  });

  it('is rendered as if the asked day were today', async () => {
    const contracts = source(contract, 'contract', {
      place: (id) => [{ key: `contract:${id}`, row: true }],
      show: ({ id, state }) => ({ [`contract:${id}`]: { endsOn: state.term.endsOn ?? '9999' } }),
    });
    const ended = projection({
      name: 'ended',
      version: 1,
      question: 'Which contracts have ended?',
      from: [contracts],
      rows: { contract: (id, lookup) => ({ ended: lookup.get(contracts, id)!.endsOn < lookup.day }) },
    });
    const world = await world2015();
    await world.record('contract-a', 'AwardContract', { ...awarded(96), endsOn: '2018-03-31' }, { effectiveOn: '2015-11-01' });
    const store = memoryStore();
    await appendAll(store, await world.events());
    let now = '2018-03-31T12:00:00.000Z';
    const rows = await new Rows(store, [ended], undefined, { now: () => now }).read();
    const at = rows.projector.sequence;
    const on = (day: string) => rows.projector.ask('ended', async (_, days) => (await days.row({ at, day }, 'contract:a'))?.row);
    expect([await on('2018-03-31'), await on('2018-04-01')]).toEqual([{ ended: false }, { ended: true }]);
    expect(await rows.row('ended', 'contract:a')).toEqual({ ended: false });
    now = '2018-04-01T00:00:00.000Z';
    expect(await rows.row('ended', 'contract:a')).toEqual({ ended: true });
  });
});
