import { id, optional, text } from '../../../kernel/index.js';
import { withItem, type Ownership } from '../lists.js';
import { afterAward, event, type Contract } from '../state.js';

/** Who answers for it now. */
export const ownerOf = ({ owners }: Pick<Contract, 'owners'>): Ownership | undefined => owners?.at(-1);

export const owning = {
  OwnerAssigned: event({
    allowedIn: ['planned', 'tendering', ...afterAward],
    fields: {
      owner: optional(id('Who answers for the contract: a person id, never a name', { example: 'p-17' })),
      department: optional(text('The department that it belongs to', { example: 'Digital Policing' })),
    },
    rules: {
      'contract/owner-without-content': {
        says: 'An assignment names a person, a department, or both.',
        field: '/owner',
        holds: ({ data: { owner, department } }) => (owner ?? department) !== undefined,
      },
    },
    /** What is not named stays as it was. */
    evolve: (c, data, { event, effectiveOn: on }) => {
      const { owner, department } = { ...ownerOf(c), ...data };
      return { ...c, owners: withItem(c.owners, { ...(owner && { owner }), ...(department && { department }), event, on }) };
    },
  }),
};
