import { canonical, date, id, optional, text, type Occurrence, type Rules } from '../../../kernel/index.js';
import { changeFields, changeRules } from './change-fields.js';
import { changed, withItem, type Proposal } from '../lists.js';
import { event, type Contract } from '../state.js';

const proposal = id('The proposal', { example: 'add-printing' });
const why = text('Why', { max: 1000 });

export const proposalOf = (proposal: string | undefined, { proposals }: Pick<Contract, 'proposals'>): Proposal | undefined =>
  proposals?.find((one) => one.proposal === proposal);

/** For an event that can name a proposal: it is one of the contract's, and nobody has decided it. */
export const proposalRules = {
  'contract/unknown-proposal': {
    says: 'The contract has no such proposal.',
    field: '/proposal',
    detail: ({ data: { proposal } }) => `Nobody proposed ${proposal} before that day.`,
    holds: ({ data: { proposal } }, c) => proposal === undefined || proposalOf(proposal, c) !== undefined,
  },
  'contract/proposal-decided': {
    says: 'A proposal is approved, rejected or withdrawn once.',
    field: '/proposal',
    detail: ({ data: { proposal } }, c) => `${proposal} was ${proposalOf(proposal, c)!.status} on ${proposalOf(proposal, c)!.decidedOn}.`,
    holds: ({ data: { proposal } }, c) => (proposalOf(proposal, c)?.status ?? 'open') === 'open',
  },
} satisfies Rules<Occurrence<{ readonly proposal?: string }>, Contract>;

/** What a proposal and its approval say alike. */
const CONTENT = ['kind', 'summary', 'to', 'by', 'statedFrom', 'endsOn', 'ground', 'unforeseen'] as const;
type Content = Partial<Pick<Proposal, (typeof CONTENT)[number]>>;
const isSame = (a: unknown, b: unknown): boolean => (a === undefined || b === undefined ? a === b : canonical(a) === canonical(b));
/** The first field in which an approval differs from what was proposed. */
export const differing = (data: Content, proposed: Content | undefined): (typeof CONTENT)[number] | undefined =>
  proposed && CONTENT.find((field) => !isSame(data[field], proposed[field]));
/** The content of a proposal, as an approval of it says it. */
export const contentOf = (proposed: Content | undefined): Content =>
  Object.fromEntries(CONTENT.flatMap((field) => (proposed?.[field] === undefined ? [] : [[field, proposed[field]]])));

/** The proposals once one of them was decided. */
export const decided = (
  { proposals }: Pick<Contract, 'proposals'>,
  proposal: string | undefined,
  how: Pick<Proposal, 'status' | 'decidedOn' | 'why'>,
): Pick<Contract, 'proposals'> =>
  proposals && proposal !== undefined ? { proposals: changed(proposals, (one) => one.proposal === proposal, (one) => ({ ...one, ...how })) } : {}; // prettier-ignore

/** How a change is asked for, and how that ends where it is not approved. */
export const proposing = {
  ChangeProposed: event({
    allowedIn: ['awarded', 'signed', 'live', 'notice-given'],
    fields: { proposal, ...changeFields, decideBy: optional(date('By when a decision is asked for')) },
    rules: {
      'contract/proposal-exists': {
        says: 'Each proposal has an id of its own.',
        field: '/proposal',
        detail: ({ data: { proposal } }, c) => `${proposal} was proposed on ${proposalOf(proposal, c)!.on}.`,
        holds: ({ data: { proposal } }, c) => proposalOf(proposal, c) === undefined,
      },
      ...changeRules,
    },
    evolve: (c, data, { event, effectiveOn, decidedBy, recordedBy }) => {
      const proposedBy = decidedBy?.person ?? recordedBy;
      return {
        ...c,
        proposals: withItem(c.proposals, {
          ...data,
          event,
          on: effectiveOn,
          status: 'open',
          ...(proposedBy !== undefined && { proposedBy }),
        }),
      };
    },
  }),
  ChangeRejected: event({
    allowedIn: ['awarded', 'signed', 'live', 'notice-given', 'exiting'],
    fields: { proposal, why },
    rules: proposalRules,
    evolve: (c, { proposal, why }, { effectiveOn }) => ({ ...c, ...decided(c, proposal, { status: 'rejected', decidedOn: effectiveOn, why }) }), // prettier-ignore
  }),
  ProposalWithdrawn: event({
    allowedIn: ['awarded', 'signed', 'live', 'notice-given', 'exiting'],
    fields: { proposal, why: optional(why) },
    rules: proposalRules,
    evolve: (c, { proposal, why }, { effectiveOn }) => ({
      ...c,
      ...decided(c, proposal, { status: 'withdrawn', decidedOn: effectiveOn, ...(why && { why }) }),
    }),
  }),
};
