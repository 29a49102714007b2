// Read by `npm run types` alone: each line under `@ts-expect-error` is a typo that the compiler must find.
import { awardContract } from '../../src/domain/contract/commands/award-contract.js';
import { writeOff } from '../../src/domain/loss/commands/write-off.js';
import { loss } from '../../src/domain/loss/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { specification } from '../given.js';
import { eventsOf, list, optional, ref, aggregate, text, type Command } from '../../src/kernel/index.js';

interface Note {
  readonly stage: 'none' | 'open';
  readonly words: readonly string[];
}
const event = eventsOf<Note>();
const note = aggregate({
  category: 'note',
  initial: { stage: 'none', words: [] } as Note,
  stages: ['none', 'open'],
  events: {
    Noted: event({
      allowedIn: ['none', 'open'],
      fields: { word: text(), by: optional(ref(supplier)), about: optional(list(ref(loss))), elsewhere: optional(ref('tower')) },
      rules: {
        'note/said-before': { says: 'A word is noted once.', holds: ({ data }, { words }) => !words.includes(data.word) },
        // @ts-expect-error the event has no such field
        'note/typo-of-field': { says: 'A word is noted.', holds: ({ data }) => data.wrod !== '' },
        // @ts-expect-error the state has no such part
        'note/typo-of-state': { says: 'A word is noted.', holds: (_, { wrods }) => wrods.length > 0 },
      },
      evolve: (n, { word }) => ({ stage: 'open', words: [...n.words, word] }),
    }),
    // @ts-expect-error no such stage
    Closed: event({ allowedIn: ['opne'], fields: {}, evolve: (n) => n }),
  },
  invariants: {
    'note/too-many': { says: 'Ten words are enough.', brokenBy: { Noted: '/word' }, holds: ({ words }) => words.length <= 10 },
    'note/typo-of-event': {
      says: 'Ten words are enough.',
      // @ts-expect-error no such event
      brokenBy: { Notde: '/word' },
      holds: ({ words }) => words.length <= 10,
    },
  },
  about: () => ({}),
});

export const plain = note.command('NoteWord', { summary: 'Note a word.', records: 'Noted' });
export const alsoRefs = note.command('NoteAgain', {
  summary: 'Note a word.',
  records: 'Noted',
  rules: {
    'note/of-nobody': { says: 'A supplier has a title.', holds: ({ refs }) => refs.by?.state.title !== '' },
    'note/of-bearer': {
      says: 'An authority bears it.',
      holds: ({ refs }) => refs.about?.every(({ state }) => state.bearer === 'authority') ?? true,
    },
    'note/of-tower': { says: 'The tower is planned.', holds: ({ refs }) => refs.elsewhere?.state.stage !== 'none' },
    // @ts-expect-error a supplier has no such part
    'note/typo-of-ref-state': { says: 'A supplier has a title.', holds: ({ refs }) => refs.by?.state.tilte !== '' },
    // @ts-expect-error the field names nobody
    'note/no-ref': { says: 'A supplier has a title.', holds: ({ refs }) => refs.word !== undefined },
  },
});
// @ts-expect-error no such event
export const typoOfEvent = note.command('NoteWord', { summary: 'Note a word.', records: 'Notde' });
// @ts-expect-error fields of its own that are not the event's need a `decide`
export const ownFields = note.command('NoteWord', { summary: 'Note a word.', records: 'Noted', fields: { other: text() } });
export const ownDecide = note.command('NoteWord', {
  summary: 'Note a word.',
  records: 'Noted',
  fields: { other: text() },
  decide: ({ data }) => [{ type: 'Noted', data: { word: data.other } }],
});
export const typoInData = note.command('NoteWord', {
  summary: 'Note a word.',
  records: 'Noted',
  // @ts-expect-error the event has no such field
  decide: ({ data }) => [{ type: 'Noted', data: { wrod: data.word } }],
});
export const typoInField = note.command('NoteWord', {
  summary: 'Note a word.',
  records: 'Noted',
  // @ts-expect-error the command has no such field
  alreadySo: ({ data }, { words }) => words.includes(data.wrod),
});

type CodeOf<C> = C extends Command<infer Code> ? Code : never;
export const known: readonly CodeOf<typeof plain>[] = ['note/said-before', 'note/too-many'];
export const ofLoss: readonly CodeOf<typeof writeOff>[] = ['loss/more-than-outstanding', 'loss/mixed-currencies'];
export const ofAward: readonly CodeOf<typeof awardContract>[] = ['contract/another-programme'];
// @ts-expect-error no such refusal
export const typoOfCode: CodeOf<typeof writeOff> = 'loss/more-then-gross';

export const met = specification(loss)().when(writeOff).rejects('loss/more-than-outstanding');
// @ts-expect-error no such refusal of this command
export const typoInSpec = specification(loss)().when(writeOff).rejects('loss/more-then-gross');
