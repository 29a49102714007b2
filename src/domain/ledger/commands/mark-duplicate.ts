import { ledgerCommand, ledgerEvents, reject } from '../../../kernel/index.js';

const own = {
  'ledger/duplicate-of-itself': 'A duplicate names another one, which is kept.',
  'ledger/nothing-stands': 'All that was recorded of it has been withdrawn.',
};

export const markDuplicate = ledgerCommand('MarkDuplicate', {
  summary: 'Mark it as a duplicate of another one, which is kept: it leaves totals and lists, and links to the other.',
  fields: { ...ledgerEvents.DuplicateMarked },
  events: ['DuplicateMarked'],
  refusals: own,
  named: ({ of }, { aggregate: { category } }) => [{ category, id: of, pointer: '/of' }],

  decide({ id, data }, history) {
    if (data.of === id) reject<keyof typeof own>('ledger/duplicate-of-itself', `${id} is itself.`, { pointer: '/of' });
    if (history.duplicateOf === data.of) return [];
    if (history.entries.length === 0) {
      const why = history.duplicateOf === undefined ? 'All of it was withdrawn' : `It is a duplicate of ${history.duplicateOf}`;
      reject<keyof typeof own>('ledger/nothing-stands', `${why}: reinstate it first.`);
    }
    return [{ type: 'DuplicateMarked', data }];
  },
});
