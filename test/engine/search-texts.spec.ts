import { describe, expect, it } from '@jest/globals';
import { groupsOf, NoSearchWordsError, searchPage, type SearchQuestion } from '../../src/engine/read/search.js';
import { newWordings, searchedWords, wordingsOf, type SearchText } from '../../src/engine/read/search-texts.js';
import type { HistoryCache } from '../../src/engine/history-cache.js';
import { aggregate, amount, choice, count, date, eventsOf, flag, id, json, list, object, optional, ref, text, uri, value, type AnyAggregate, type History } from '../../src/kernel/index.js'; // prettier-ignore
import type { FoundWords, ReadModelReader, WordQuery } from '../../src/store/read-model.js';
import { context, historyOf, stream, theFact, type GivenEvent } from '../given.js';

const event = eventsOf<{ readonly stage: string }>();
/** A binder with a field of each kind. */
const binderOf = () =>
  aggregate({
    category: 'binder',
    initial: { stage: 'none' },
    stages: ['none', 'open'],
    events: {
      Opened: event({
        allowedIn: ['none', 'open'],
        fields: {
          title: optional(text()),
          site: optional(uri()),
          owner: optional(id()),
          supplier: optional(ref('supplier')),
          any: optional(json()),
          price: optional(value()),
          sheets: optional(list(object({ label: text(), pages: count() }))),
          names: optional(list(text())),
          colours: optional(list(choice(['red', 'blue']))),
          box: optional(object({ place: optional(text()), locked: optional(flag()) })),
          plain: optional(object({ pages: count() })),
          colour: optional(choice(['red', 'blue'])),
          since: optional(date()),
          cost: optional(amount()),
          kept: optional(flag()),
          shelf: optional(object({ record: optional(choice(['red', 'blue'])) })),
        },
        evolve: () => ({ stage: 'open' }),
      }),
    },
    about: () => ({}),
  }) as AnyAggregate;
const of = (...events: readonly GivenEvent[]): History => historyOf(stream(binderOf(), 'met-a', ...events));
const opened = (data: object, record?: GivenEvent['record']) => context('Opened', data, '2016', record);
const lines = (texts: readonly SearchText[]) => texts.map(({ pointer, text }) => `${pointer} ${text}`);
const current = (history: History, revision = 0) => lines(wordingsOf(history, history.recorded[revision]!).current);
const superseded = (history: History, revision = 0) => lines(wordingsOf(history, history.recorded[revision]!).superseded);
const ID = '/id met-a';

describe('what an event is found by', () => {
  it.each<[what: string, data: object, texts: readonly string[]]>([
    ['nothing', {}, []],
    ['a text', { title: 'Hosting' }, ['/title Hosting']],
    ['an address', { site: 'https://example.org/a' }, ['/site https://example.org/a']],
    ['a name of the user’s own', { owner: 'ana' }, ['/owner ana']],
    ['the id of another aggregate', { supplier: 'csc' }, ['/supplier csc']],
    ['any JSON, as deep as it goes', { any: { a: ['x', { b: 'y' }, 7, null], c: true, d: '' } }, ['/any/a/0 x', '/any/a/1/b y', '/any/d ']],
    ['JSON that is a text', { any: 'x' }, ['/any x']],
    ['why a value is withheld', { price: { withheld: { why: 'Commercial', until: '2020' } } }, ['/price/withheld/why Commercial']],
    ['the texts of a list', { names: ['x', 'y'] }, ['/names/0 x', '/names/1 y']],
    ['the texts of the objects of a list', { sheets: [{ label: 'x', pages: 3 }, { label: 'y', pages: 4 }] }, ['/sheets/0/label x', '/sheets/1/label y']], // prettier-ignore
    ['the texts of an object', { box: { place: 'Cellar', locked: true } }, ['/box/place Cellar']],
  ])('has %s', (_, data, texts) => expect(current(of(opened(data)))).toEqual([...texts, ID]));

  it('has no date, figure, choice or flag', () => {
    const data = { price: { amount: '5', currency: 'GBP' }, plain: { pages: 4 }, colour: 'red', colours: ['red'], since: '2016', cost: { amount: '5', currency: 'GBP' }, kept: true }; // prettier-ignore
    expect(current(of(opened(data)))).toEqual([ID]);
    expect(current(of(opened({ price: { unknown: true }, box: {} })))).toEqual([ID]);
  });

  it('has why and on what papers it was decided, and by whom', () => {
    const record = {
      reason: 'Cheapest',
      authority: { reference: 'PCD 813', limit: { amount: '5', currency: 'GBP' } },
      decidedBy: { person: 'p-1', office: 'Deputy Mayor' },
      evidence: [{ title: 'Press', uri: 'https://example.org', paragraph: '4.2', published: '2016', confidence: 'press' as const }, { title: 'Minutes' }], // prettier-ignore
    };
    expect(current(of(opened({}, record)))).toEqual([
      '/record/reason Cheapest',
      '/record/authority/reference PCD 813',
      '/record/decidedBy/person p-1',
      '/record/decidedBy/office Deputy Mayor',
      '/evidence/0/title Press',
      '/evidence/0/uri https://example.org',
      '/evidence/0/paragraph 4.2',
      '/evidence/1/title Minutes',
      ID,
    ]);
    expect(current(of(opened({}, { decidedBy: { person: 'p-1' } })))).toEqual(['/record/decidedBy/person p-1', ID]);
  });

  it('has the id of its stream, where it is the first of it', () => {
    const history = of(opened({ title: 'A' }), opened({ title: 'B' }));
    expect([current(history), current(history, 1)]).toEqual([['/title A', ID], ['/title B']]);
  });

  it('is for a note what it says, and for a correction why, and nothing of what it writes', () => {
    const note = context('FactAnnotated', { event: theFact(1), note: 'Seen', claim: { pointer: '/title', value: 'Other' } });
    const correction = context('FactCorrected', { event: theFact(1), changes: [{ pointer: '/title', value: 'B' }], because: 'error' }, '2016', { reason: 'A slip' }); // prettier-ignore
    const history = of(opened({ title: 'A' }), note, correction);
    expect([current(history, 1), current(history, 2)]).toEqual([['/note Seen', '/claim/value Other'], ['/record/reason A slip']]);
    expect([superseded(history, 1), superseded(history, 2)]).toEqual([[], []]);
    const gone = of(opened({ title: 'A' }), note, context('FactWithdrawn', { event: theFact(2) }));
    expect([current(gone, 1), superseded(gone, 1)]).toEqual([[], ['/note Seen', '/claim/value Other']]);
  });

  it('is of a new event all that it says', () => {
    const { recorded, aggregate: binder } = of(opened({ title: 'A' }, { reason: 'Because' }), context('FactAnnotated', { note: 'Seen' }));
    expect(
      recorded.map((one) => newWordings(binder, one)).map((wordings) => [lines(wordings.current), lines(wordings.superseded)]),
    ).toEqual([
      [['/title A', '/record/reason Because', ID], []],
      [['/note Seen'], []],
    ]);
  });

  it('passes over what is stored otherwise than it is described', () => {
    const { recorded, aggregate } = of(opened({}));
    const data = { title: 7, names: 'x', sheets: [null, 'y', { label: 'z' }], box: 'Cellar', price: null, plain: null };
    expect(lines(newWordings(aggregate, { ...recorded[0]!, data }).current)).toEqual(['/sheets/2/label z', ID]);
  });
});

describe('what an event was found by', () => {
  const corrected = (...changes: readonly object[]) => context('FactCorrected', { event: theFact(1), changes, because: 'error' });
  const other = context('FactCorrected', { event: theFact(2), changes: [{ pointer: '/title', value: 'Of another' }], because: 'error' });

  it('is nothing while nothing corrected it', () => {
    const history = of(opened({ title: 'A' }), opened({ title: 'B' }), other);
    expect([current(history), superseded(history)]).toEqual([['/title A', ID], []]);
    expect([current(history, 1), superseded(history, 1)]).toEqual([['/title Of another'], ['/title B']]);
  });

  it('is what it read before each correction, and does not read any more, each once', () => {
    const history = of(
      opened({ title: 'A', names: ['x', 'y'] }, { reason: 'Because' }),
      corrected({ pointer: '/title', value: 'B' }, { pointer: '/names/1', value: 'z' }),
      corrected({ pointer: '/title', value: 'C' }),
      corrected({ pointer: '/title', value: 'B' }),
      corrected({ pointer: '/title', value: 'C' }),
    );
    expect(current(history)).toEqual(['/title C', '/names/0 x', '/names/1 z', '/record/reason Because', ID]);
    expect(superseded(history)).toEqual(['/title A', '/names/1 y', '/title B']);
  });

  it('has what corrections wrote of its record and its evidence, and of whole fields', () => {
    const history = of(
      opened({ box: { place: 'Cellar' } }, { evidence: [{ title: 'Press' }] }),
      corrected({ pointer: '/evidence', value: [{ title: 'Minutes' }] }, { pointer: '/record/reason', value: 'Late' }, { pointer: '/box', value: { place: 'Attic' } }), // prettier-ignore
      corrected({ pointer: '/evidence/0/title', value: 'Letter' }, { pointer: '/record/reason', remove: true }, { pointer: '/box/place', value: 'Roof' }, { pointer: '/record', value: { reason: 'Now' } }), // prettier-ignore
    );
    expect(current(history)).toEqual(['/box/place Roof', '/record/reason Now', '/evidence/0/title Letter', ID]);
    expect(superseded(history)).toEqual(['/box/place Cellar', '/evidence/0/title Press', '/evidence/0/title Minutes', '/record/reason Late', '/box/place Attic']); // prettier-ignore
  });

  it('is of a withdrawn fact all that it said, also as it was corrected', () => {
    const history = of(opened({ title: 'A' }), opened({ title: 'B' }), corrected({ pointer: '/title', value: 'C' }), context('FactWithdrawn', { event: theFact(1) })); // prettier-ignore
    expect([current(history), superseded(history)]).toEqual([[], ['/title A', ID, '/title C']]);
    expect([current(history, 1), superseded(history, 1)]).toEqual([['/title B'], []]);
  });

  it('has nothing that corrections wrote of another event', () => {
    const history = of(opened({ title: 'A' }), opened({ title: 'B' }), corrected({ pointer: '/title', value: 'C' }), other);
    expect([superseded(history), superseded(history, 1)]).toEqual([['/title A'], ['/title B']]);
  });

  it('has nothing of a date or a figure that a correction wrote', () => {
    const history = of(opened({ title: 'A' }), corrected({ pointer: '/effectiveOn', value: '2015' }, { pointer: '/colour', value: 'red' }, { pointer: '/shelf/record', value: 'blue' })); // prettier-ignore
    expect([current(history), superseded(history)]).toEqual([['/title A', ID], []]);
  });
});

describe('the words that are searched', () => {
  const words = (...texts: readonly string[]) => searchedWords(texts.map((text) => ({ pointer: '/x', text })));
  it('are those of each text, with a mark behind it that no text has', () => {
    expect([words(), words('Hosting 12'), words('A b', '...', 'C')]).toEqual(['', 'HOSTING 12 -', 'A B - C -']);
  });

  it('are those of the first 20,000 characters', () => {
    const long = 'a'.repeat(19_996);
    expect(words(long, 'b', 'cc dd')).toBe(`${'A'.repeat(19_996)} - B - CC -`);
    expect(words(`${long} bb`, 'c', 'd')).toBe(`${'A'.repeat(19_996)} BB - C -`);
    expect(words(`${long} bbbb`, 'c')).toBe(`${'A'.repeat(19_996)} BBB -`);
  });
});

describe('what a question asks for', () => {
  it.each<[text: string, groups: readonly object[]]>([
    ['hosting  servers', [{ words: ['HOSTING'], begins: false }, { words: ['SERVERS'], begins: false }]],
    ['"hosting servers" csc', [{ words: ['HOSTING', 'SERVERS'], begins: false }, { words: ['CSC'], begins: false }]],
    ['"hosting servers', [{ words: ['HOSTING', 'SERVERS'], begins: false }]],
    ['serv*', [{ words: ['SERV'], begins: true }]],
    ['se*', [{ words: ['SE'], begins: true }]],
    ['s*', [{ words: ['S'], begins: false }]],
    ['"serv*"', [{ words: ['SERV'], begins: false }]],
    ['"" ... PCD-813*', [{ words: ['PCD', '813'], begins: true }]],
    ['pcd-8* x', [{ words: ['PCD', '8'], begins: false }, { words: ['X'], begins: false }]],
    ['*a', [{ words: ['A'], begins: false }]],
    ['a"b c"d', [{ words: ['A'], begins: false }, { words: ['B', 'C'], begins: false }, { words: ['D'], begins: false }]],
  ])('%s', (text, groups) => expect(groupsOf(text)).toEqual(groups)); // prettier-ignore

  it('is at least one word, and at most 16 groups of them', () => {
    for (const text of ['', '  ', '""', '***', '"...']) expect(() => groupsOf(text)).toThrow(new NoSearchWordsError('It has no word: a word is of letters or digits.')); // prettier-ignore
    expect(groupsOf('a '.repeat(16))).toHaveLength(16);
    expect(() => groupsOf('a '.repeat(17))).toThrow(new NoSearchWordsError('It has more than 16 words.'));
    expect(() => groupsOf('a '.repeat(17))).toThrow(NoSearchWordsError);
  });
});

describe('a page of hits', () => {
  const history = of(
    opened({ title: 'Hosting of servers', names: ['servers', 'servers for hosting'] }, { reason: 'The servers' }),
    opened({ title: 'Desks' }),
    context('FactCorrected', { event: theFact(2), changes: [{ pointer: '/title', value: 'Service desk' }], because: 'error' }, '2017'),
    opened({ title: 'Printers' }),
    context('FactWithdrawn', { event: theFact(4) }),
  );
  /** An index that finds these, page by page, for a log that has the events of the binder. */
  const asked: WordQuery[] = [];
  const page = async (pages: readonly (readonly FoundWords[])[], question: Partial<SearchQuestion>, ids = history.recorded) => {
    asked.length = 0;
    const readModel = {
      findWords: (query: WordQuery) => {
        asked.push(query);
        const n = asked.length - 1;
        return { found: pages[n] ?? [], ...(n < pages.length - 1 && { next: 100 - n }) };
      },
      eventAt: (sequence: number) => ({ ...ids[sequence - 1]!, sequence, watermark: '' }),
      revisionAt: (_: string, upTo: number) => upTo - 1,
    } as unknown as ReadModelReader;
    const histories = { at: async (_: string, revision: number) => history.atRevision(revision) } as unknown as HistoryCache;
    return searchPage({ readModel, histories, sequence: 5 }, { text: 'servers', limit: 10, ...question });
  };
  const now = (sequence: number): FoundWords => ({ sequence, wording: 'current' });
  const then = (sequence: number): FoundWords => ({ sequence, wording: 'superseded' });

  it('shows of an event the text that has most of the words, the first of several', async () => {
    const { hits, next } = await page([[now(1)]], { text: 'servers hosting' });
    expect(hits).toEqual([
      {
        stream: 'binder-met-a',
        event: theFact(1),
        type: 'Opened',
        revision: 0,
        position: '0',
        recordedAt: '2026-03-01T09:00:00.000Z',
        effectiveOn: '2016',
        superseded: false,
        pointer: '/title',
        snippet: [{ text: 'Hosting', hit: true }, { text: ' of ' }, { text: 'servers', hit: true }],
      },
    ]);
    expect(next).toBeUndefined();
    expect((await page([[now(1)]], { text: 'for servers' })).hits[0]).toMatchObject({ pointer: '/names/1' });
    expect((await page([[now(1)]], { text: 'servers servers' })).hits[0]).toMatchObject({ pointer: '/title' });
  });

  it('says what was corrected, what was withdrawn, and what is so now', async () => {
    const { hits } = await page([[then(4), now(2), then(2), then(1)]], { text: 'desks printers desk' });
    expect(hits.map(({ revision, superseded, snippet }) => [revision, superseded, snippet.map(({ text }) => text).join('')])).toEqual([
      [3, 'withdrawn', 'Printers'],
      [1, false, 'Service desk'],
      [1, 'corrected', 'Desks'],
    ]);
  });

  it('leaves out what the log does not say any more, or has of another event', async () => {
    expect((await page([[now(4), now(1)]], { text: 'printers' })).hits).toEqual([]);
    const others = history.recorded.map((one) => ({ ...one, id: theFact(99) }));
    expect((await page([[now(1)]], {}, others)).hits).toEqual([]);
    const beyond = history.recorded.map((one) => ({ ...one, revision: 9 }));
    expect((await page([[now(1)]], {}, beyond)).hits).toEqual([]);
  });

  it('takes words whole, and beginnings where they are asked for as such', async () => {
    expect((await page([[now(1)]], { text: 'serv' })).hits).toEqual([]);
    expect((await page([[now(1)]], { text: 'serv*' })).hits[0]!.snippet).toContainEqual({ text: 'servers', hit: true });
    const { snippet } = (await page([[now(1)]], { text: 'hosting-of-serv*' })).hits[0]!;
    expect(snippet.filter(({ hit }) => hit).map(({ text }) => text)).toEqual(['Hosting', 'of', 'servers']);
    expect((await page([[now(1)]], { text: 'host-of-serv*' })).hits[0]!.snippet.filter(({ hit }) => hit).map(({ text }) => text)).toEqual(['of', 'servers']); // prettier-ignore
  });

  it('asks the index for what it needs, until it has enough or there is no more', async () => {
    const { hits, next } = await page([[now(1)], [now(4)], [now(1)], [now(1)]], { limit: 2, before: 7, wording: 'current', category: 'binder', programme: 'met' }); // prettier-ignore
    expect([hits.length, next]).toEqual([2, 98]);
    const question = { groups: [{ words: ['SERVERS'], begins: false }], marks: ['-binder', '-p-met'], wording: 'current', upTo: 5 };
    expect(asked).toEqual([
      { ...question, before: 7, limit: 2 },
      { ...question, before: 100, limit: 1 },
      { ...question, before: 99, limit: 1 },
    ]);
    const all = await page([[now(1)], [now(1)]], { limit: 2 });
    expect([all.hits.length, all.next, asked[0]!.marks]).toEqual([2, undefined, []]);
  });

  it('looks through so many parts of the log, and says where to go on', async () => {
    const { hits, next } = await page(
      Array.from({ length: 200 }, () => []),
      {},
    );
    expect([hits, asked.length, next]).toEqual([[], 100, 1]);
  });
});
