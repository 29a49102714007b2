import { date, optional, ref, text } from '../../../kernel/index.js';
import { event } from '../state.js';

/** How a contract moves to another supplier: decided on one day, in effect on the same or on a later one. */
export const novating = {
  ContractNovated: event({
    allowedIn: ['signed', 'live', 'notice-given', 'exiting'],
    fields: {
      supplier: ref('supplier', 'The supplier that takes the contract over'),
      ground: optional(text('The ground in law or contract that is cited', { max: 300 })),
      takesEffectOn: optional(date('When it takes effect')),
    },
    rules: {
      'contract/same-supplier': {
        says: 'A novation is to another supplier.',
        field: '/supplier',
        detail: (_, { supplier }) => `It is with ${supplier}.`,
        holds: ({ data }, { supplier }) => data.supplier !== supplier,
      },
    },
    evolve: (c, { supplier, takesEffectOn }, { event, effectiveOn }) => ({
      ...c,
      supplier,
      novations: [...c.novations, { event, from: c.supplier!, to: supplier, on: takesEffectOn ?? effectiveOn }],
    }),
  }),
};
