import { certainlyBefore, type Occurrence, type Rules } from '../../kernel/index.js';
import type { Programme } from './state.js';

/** For an event that says when something is to be reviewed. */
export const reviewFollows = {
  'programme/review-before-its-record': {
    says: 'A review follows the day on which it is asked for.',
    field: '/reviewDue',
    detail: ({ effectiveOn }) => `It is asked for on ${effectiveOn}.`,
    holds: ({ data: { reviewDue }, effectiveOn }) => reviewDue === undefined || !certainlyBefore(reviewDue, effectiveOn),
  },
} satisfies Rules<Occurrence<{ readonly reviewDue?: string }>, Programme>;
