import {
  amount,
  choice,
  count,
  date,
  id,
  object,
  optional,
  ref,
  text,
  uri,
  type DataOf,
  type ExternalReference,
  type Qualifier,
} from '../../kernel/index.js';
import type { HeadcountTarget, Saving, SavingsTarget, Strategy } from './aims.js';
import type { WithPolicies } from './policy.js';

export const LEVELS = ['low', 'medium', 'high'] as const;
export const riskFields = {
  risk: id('The risk', { example: 'integration' }),
  summary: text('What may happen, in our own words', { max: 1000 }),
  source: object({ uri: optional(uri()), title: text('Where it was said', { max: 300 }) }, 'A risk needs its source'),
  about: optional(object({ supplier: optional(ref('supplier')), contract: optional(ref('contract')), tower: optional(ref('tower')) })),
  likelihood: optional(choice(LEVELS)),
  impact: optional(choice(LEVELS)),
  reviewDue: optional(date('When it is to be reviewed')),
};
export const warningFields = {
  warning: id('The warning', { example: 'gds-tower-model' }),
  summary: text('What is warned of, in our own words', { max: 1000 }),
  by: text('Who warns'),
  source: object({ uri: optional(uri()), title: text('Where it was said', { max: 300 }) }, 'A warning needs its source'),
  about: optional(
    object({
      supplier: optional(ref('supplier')),
      contract: optional(ref('contract')),
      elsewhere: optional(
        object({ authority: text('Authority'), programme: optional(text('Programme')) }, 'What belongs to another authority'),
      ),
    }),
  ),
};
/** How a risk ended: it came true, it can no longer come true, or the authority lives with it. */
export const CLOSINGS = ['occurred', 'passed', 'accepted'] as const;

/** The event that recorded it, and its day. */
interface RecordedBy {
  readonly event: string;
  readonly on: string;
}
/** With its likelihood, impact and next review as they were said last. */
export type Risk = DataOf<typeof riskFields> &
  RecordedBy & {
    readonly mitigations: readonly (RecordedBy & { readonly measure: string })[];
    readonly closed?: RecordedBy & { readonly how: (typeof CLOSINGS)[number]; readonly why?: string };
  };
export type Warning = DataOf<typeof warningFields> &
  RecordedBy & { readonly answers: readonly (RecordedBy & { readonly answer: string; readonly by?: string })[] };

export const budgetFields = {
  year: count('The year in which the financial year begins', { min: 1900, max: 2199, example: 2016 }),
  kind: choice(['capital', 'revenue']),
  amount: amount('What may be spent in that year'),
  why: optional(text('Why, in our own words', { max: 1000 })),
};
/** Of one financial year; one that is set later replaces it. */
export type Budget = DataOf<typeof budgetFields> & { readonly event: string; readonly on: string };

export const linkFields = {
  tower: ref('tower', 'The tower that waits'),
  needs: ref('tower', 'The tower that must be live before it'),
  why: optional(text('What it needs of it', { max: 1000 })),
};
export type TowerLink = DataOf<typeof linkFields> & { readonly event: string; readonly on: string };

export const YEAR_STARTS = ['january', 'april', 'july', 'october'] as const;
export type YearStart = (typeof YEAR_STARTS)[number];

export interface Programme extends WithPolicies {
  readonly stage: 'none' | 'chartered';
  readonly title: string;
  readonly authority: string;
  readonly baseCurrency: string;
  /** Days by which a decision may be recorded after its day and still count as taken now. */
  readonly lateGraceDays: number;
  /** With the first day of which month its financial year begins. */
  readonly financialYearStarts: YearStart;
  readonly integrator?: { readonly contract: string; readonly on: string };
  readonly strategies: readonly Strategy[];
  readonly portfolio?: { readonly projects: number; readonly qualifier?: Qualifier; readonly on: string; readonly event: string };
  readonly savingsTargets: readonly SavingsTarget[];
  readonly savings: readonly Saving[];
  readonly headcountTargets: readonly HeadcountTarget[];
  readonly risks: readonly Risk[];
  readonly warnings: readonly Warning[];
  /** In the order of decision: of each financial year and kind, the last one counts. */
  readonly budgets: readonly Budget[];
  readonly links: readonly TowerLink[];
  readonly references?: readonly ExternalReference[];
}
