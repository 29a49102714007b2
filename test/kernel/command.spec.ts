import { describe, expect, it } from '@jest/globals';
import { registerSupplier } from '../../src/domain/supplier/commands/register-supplier.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { eventsOf, list, optional, ref, stageRefusalsOf, aggregate, text, type AnyAggregate } from '../../src/kernel/index.js';
import { context, specification, stream } from '../given.js';

interface Board {
  readonly stage: 'none' | 'open' | 'shut';
  readonly words: readonly string[];
}
const event = eventsOf<Board>();
const board = aggregate({
  category: 'board',
  initial: { stage: 'none', words: [] } as Board,
  stages: ['none', 'open', 'shut'],
  events: {
    WordPinned: event({
      allowedIn: ['none', 'open'],
      fields: { word: text(), by: optional(ref(supplier)), seenBy: optional(list(ref(supplier))) },
      rules: {
        'board/pinned-before': {
          says: 'A word is pinned once.',
          field: '/word',
          detail: ({ data }, { words }) => `${data.word} is one of ${words.join(', ')}.`,
          holds: ({ data }, { words }) => !words.includes(data.word),
        },
      },
      evolve: (b, { word }) => ({ ...b, stage: 'open', words: [...b.words, word] }),
    }),
    BoardShut: event({ allowedIn: ['open'], fields: {}, evolve: (b) => ({ ...b, stage: 'shut' }) }),
  },
  invariants: {
    'board/full': { says: 'A board holds three words.', brokenBy: { WordPinned: '/word' }, holds: ({ words }) => words.length <= 3 },
  },
  about: () => ({}),
});

const pinWord = board.command('PinWord', {
  summary: 'Pin a word.',
  records: 'WordPinned',
  rules: {
    'board/not-for-consortia': {
      says: 'A consortium pins no word.',
      field: '/by',
      detail: ({ refs }) => `${refs.by!.state.title} is a consortium.`,
      holds: ({ refs }) => refs.by?.state.form !== 'consortium',
    },
    'board/seen-by-itself': {
      says: 'The supplier that pins a word is not among those who saw it.',
      field: ({ data, refs }) => `/seenBy/${refs.seenBy!.findIndex(({ id }) => id === data.by)}`,
      holds: ({ data, refs }) => !refs.seenBy?.some(({ id, state }) => id === data.by && state.stage === 'registered'),
    },
  },
  alreadySo: ({ data }, { words }) => words.at(-1) === data.word,
});
const shutBoard = board.command('ShutBoard', {
  summary: 'Pin a last word, and shut the board.',
  records: ['WordPinned', 'BoardShut'],
  fields: { last: text() },
  decide: ({ data }) => [
    { type: 'WordPinned', data: { word: data.last } },
    { type: 'BoardShut', data: {} },
  ],
});

const shutOnly = board.command('ShutOnly', { summary: 'Shut the board.', records: 'BoardShut' });

const registered = (id: string, form: string) =>
  stream(supplier, id, context('SupplierRegistered', { title: id.toUpperCase(), form }, '2009'));
const given = specification(board, { others: [registered('csc', 'company'), registered('sscl', 'consortium')] });
const pinned = (word: string, on = '2015') => context('WordPinned', { word }, on);

describe('a command is one declaration', () => {
  it('that records its event with the data it was sent', () =>
    given()
      .when(pinWord, { word: 'a', by: 'csc', seenBy: ['sscl'] })
      .then(context('WordPinned', { word: 'a', by: 'csc', seenBy: ['sscl'] })));

  it('with the fields of its event', () => expect(pinWord.fields).toBe(board.events.WordPinned.fields));

  it('that records nothing where it is already so, before any rule is asked', () =>
    given(pinned('a')).when(pinWord, { word: 'a', by: 'sscl' }).changesNothing());

  it('with rules of its own, which know the state of every aggregate that it names', async () => {
    await given().when(pinWord, { word: 'a', by: 'sscl' }).rejects('board/not-for-consortia', { pointer: '/by', detail: 'SSCL is a consortium.' }); // prettier-ignore
    await given()
      .when(pinWord, { word: 'a', by: 'csc', seenBy: ['sscl', 'csc'] })
      .rejects('board/seen-by-itself', { pointer: '/seenBy/1', detail: 'not among those who saw it' });
  });

  it('that decides itself where it says more', () =>
    given(pinned('a'))
      .when(shutBoard, { last: 'b' })
      .then(context('WordPinned', { word: 'b' }), context('BoardShut', {})));
});

describe('a refusal', () => {
  it('of an event names the field and the figure', () =>
    given(pinned('a'), pinned('b'))
      .when(pinWord, { word: 'a' })
      .rejects('board/pinned-before', { pointer: '/word', detail: 'a is one of a, b.' }));

  it('of an invariant blames the field of the event that breaks it', () =>
    given(pinned('a'), pinned('b'), pinned('c'))
      .when(pinWord, { word: 'd' })
      .rejects('board/full', { pointer: '/word', detail: 'A board holds three words.' }));

  it('of the stage comes before any rule', () =>
    given(pinned('a'), context('BoardShut', {}, '2016'))
      .when(pinWord, { word: 'b' })
      .rejects('board/stage'));

  it('is declared by every command that can meet it', () => {
    expect(pinWord.refusals).toEqual({
      'board/pinned-before': 'A word is pinned once.',
      'board/full': 'A board holds three words.',
      'board/not-for-consortia': 'A consortium pins no word.',
      'board/seen-by-itself': 'The supplier that pins a word is not among those who saw it.',
    });
    expect(Object.keys(shutBoard.refusals)).toEqual(['board/pinned-before', 'board/full']);
  });

  it('of a stage is derived from the stages of the events', () => {
    const ends = (...types: string[]) => Object.keys(stageRefusalsOf(board, types)).map((code) => code.replace('board/', ''));
    expect(ends('WordPinned')).toEqual(['stage']);
    expect(ends('BoardShut')).toEqual(['unknown', 'not-yet', 'stage']);
    expect(ends('WordPinned', 'BoardShut')).toEqual(['unknown', 'not-yet', 'stage']);
    expect(stageRefusalsOf(supplier, ['SupplierRegistered'])).toEqual({ 'supplier/exists': 'The supplier is already there.' });
    expect(stageRefusalsOf(board, ['BoardShut'])).toEqual({
      'board/unknown': 'No such board.',
      'board/not-yet': 'The board begins later than this.',
      'board/stage': 'The board is at a stage that this cannot follow.',
    });
  });

  it('of a stage is only declared where some stage is in the way', () => {
    const event = { fields: {}, evolve: () => ({ stage: 'open' }) };
    const life = {
      ...board,
      events: { Opened: { ...event, allowedIn: ['none'] }, Anything: { ...event, allowedIn: ['none', 'open', 'shut'] }, Later: { ...event, allowedIn: ['open', 'shut'] } }, // prettier-ignore
    } as unknown as AnyAggregate;
    const ends = (...types: string[]) => Object.keys(stageRefusalsOf(life, types)).map((code) => code.replace('board/', ''));
    expect([ends('Opened'), ends('Anything'), ends('Later')]).toEqual([['exists'], [], ['unknown', 'not-yet']]);
    expect(ends('Opened', 'Later')).toEqual(['unknown', 'exists', 'not-yet']);
    expect(ends('Opened', 'Anything')).toEqual(['exists']);
  });

  it('of a stage says where it stands and what the event follows', async () => {
    await given().when(shutOnly, {}).rejects('board/unknown', { detail: 'No such board: BoardShut follows open.' });
    await given(pinned('a'), context('BoardShut', {}, '2016'))
      .when(pinWord, { word: 'b' })
      .rejects('board/stage', { detail: 'The board is shut: WordPinned follows nothing or open.' });
    await specification(supplier)(context('SupplierRegistered', { title: 'CSC', form: 'company' }, '2009'))
      .when(registerSupplier, { title: 'CSC', form: 'company' })
      .rejects('supplier/exists', { detail: 'The supplier is already there: SupplierRegistered can only come first.' });
  });
});

describe('a rule that is younger than the events', () => {
  it('leaves them readable, and new ones are checked', async () => {
    const twice = [pinned('a', '2015'), pinned('a', '2016')];
    await given(...twice)
      .when(pinWord, { word: 'b' })
      .leaves({ words: ['a', 'a', 'b'] });
    await given(...twice, pinned('c', '2017'))
      .when(pinWord, { word: 'a' })
      .rejects('board/pinned-before');
  });
});
