import { choice, id, optional, text, value, type Occurrence, type Rules } from '../../../kernel/index.js';
import { changed, SETTLEMENTS, withItem, type Dispute } from '../lists.js';
import { afterAward, event, type Contract } from '../state.js';

const dispute = id('The dispute', { example: 'milestone-payment' });
const disputeOf = (dispute: string, { disputes }: Pick<Contract, 'disputes'>): Dispute | undefined =>
  disputes?.find((one) => one.dispute === dispute);

/** Disputes outlive a contract: they are raised and settled after it is closed as well. */
export const disputing = {
  DisputeRaised: event({
    allowedIn: [...afterAward, 'closed'],
    fields: {
      dispute,
      by: choice(['authority', 'supplier'], 'Who raises it'),
      matter: text('What it is about, in our own words', { max: 1000 }),
      amount: optional(value('What is claimed')),
    },
    rules: {
      'contract/dispute-exists': {
        says: 'Each dispute has an id of its own.',
        field: '/dispute',
        detail: ({ data: { dispute } }, c) => `${dispute} was raised on ${disputeOf(dispute, c)!.on}.`,
        holds: ({ data: { dispute } }, c) => disputeOf(dispute, c) === undefined,
      },
    },
    evolve: (c, data, { event, effectiveOn: on }) => ({ ...c, disputes: withItem(c.disputes, { ...data, status: 'open', event, on }) }),
  }),
  DisputeSettled: event({
    allowedIn: [...afterAward, 'closed'],
    fields: {
      dispute,
      how: choice(SETTLEMENTS, 'How it came to its end'),
      outcome: text('What was agreed or decided', { max: 1000 }),
      amount: optional(value('What is paid in settlement')),
    },
    rules: {
      'contract/unknown-dispute': {
        says: 'The contract has no such dispute.',
        field: '/dispute',
        detail: (_, { disputes = [] }) => `It has ${disputes.map(({ dispute }) => dispute).join(', ') || 'none'}.`,
        holds: ({ data: { dispute } }, c) => disputeOf(dispute, c) !== undefined,
      },
      'contract/dispute-settled': {
        says: 'A dispute is settled once.',
        field: '/dispute',
        detail: ({ data: { dispute } }, c) => `${dispute} was settled on ${disputeOf(dispute, c)!.settled!.on}.`,
        holds: ({ data: { dispute } }, c) => disputeOf(dispute, c)?.status !== 'settled',
      },
    } satisfies Rules<Occurrence<{ readonly dispute: string }>, Contract>,
    evolve: (c, { dispute, ...settled }, { effectiveOn: on }) => ({
      ...c,
      disputes: changed(c.disputes, (one) => one.dispute === dispute, (one) => ({ ...one, status: 'settled', settled: { ...settled, on } })), // prettier-ignore
    }),
  }),
};
