import { choice, date, flag, optional, signedAmount, text, type Amount, type Occurrence, type Rules } from '../../../kernel/index.js';
import { CHANGE_KINDS } from '../lists.js';
import { endsAfterStart, type Contract } from '../state.js';

/** What a change is, proposed or approved. */
export const changeFields = {
  kind: choice(CHANGE_KINDS, 'What changes'),
  summary: optional(text('What the change is, in our own words', { max: 1000 })),
  to: optional(signedAmount('The new ceiling')),
  by: optional(signedAmount('What the change adds, or takes away, where only the step is known')),
  statedFrom: optional(signedAmount('The value before, where the source gives another than the ledger')),
  endsOn: optional(date('The new last day of the term')),
  ground: optional(text('The ground in law or contract that is cited', { max: 300, example: 'PCR 2015 reg. 72(1)(b)' })),
  unforeseen: optional(flag('Whether the need was unforeseen')),
};
interface Content {
  readonly startsOn?: string;
  readonly kind: (typeof CHANGE_KINDS)[number];
  readonly summary?: string;
  readonly to?: Amount;
  readonly by?: Amount;
  readonly endsOn?: string;
}

/** What a change has to say, proposed or approved. */
export const changeRules = {
  'contract/change-without-value': {
    says: 'A change of value states the new value or the step.',
    field: '/to',
    holds: ({ data: { kind, to, by } }) => kind !== 'value' || to !== undefined || by !== undefined,
  },
  'contract/change-duplicate': {
    says: 'A change states the new value or the step, not both.',
    field: '/by',
    holds: ({ data: { to, by } }) => !to || !by,
  },
  'contract/change-without-end': {
    says: 'A change of term states the new last day.',
    field: '/endsOn',
    holds: ({ data: { kind, endsOn } }) => kind !== 'term' || endsOn !== undefined,
  },
  'contract/change-without-content': {
    says: 'A change of scope, of a party or in administration says what changes: in words, in value or in term.',
    field: '/summary',
    holds: ({ data: { kind, summary, to, by, endsOn } }) =>
      kind === 'value' || kind === 'term' || (summary ?? to ?? by ?? endsOn) !== undefined,
  },
  ...endsAfterStart('/endsOn', ({ endsOn }: Content) => endsOn),
} satisfies Rules<Occurrence<Content>, Contract>;
