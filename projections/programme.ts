import { projection, source } from '../src/kernel/index.js';
import { programme } from '../src/domain/programme/index.js';
import { programmeLists, programmeShown } from './programmes.js';

const programmes = source(programme, 'programme', {
  place: (id, { stage }) => (stage === 'none' ? [] : [{ key: `programme:${id}`, row: true }]),
  show: (history) => ({ [`programme:${history.id}`]: programmeShown(history) }),
});

/** What a programme set out to do. Whether a review is overdue is for the reader to say, who knows the day. */
export const programmeBoard = projection({
  name: 'programme',
  version: 6,
  question: 'What does the programme aim at: strategy and its review, savings promised and verified, headcount, projects, budget, risks?',
  from: [programmes],
  rows: { programme: (id, lookup) => lookup.get(programmes, id) },
  lists: { programme: programmeLists },
  filters: { programme: (row) => row.programme },
});
