import {
  amount,
  certainlyBefore,
  choice,
  count,
  date,
  exponentOf,
  factsOf,
  flag,
  id,
  list,
  object,
  optional,
  ref,
  reject,
  subject,
  text,
  uri,
  type DataOf,
} from '../../kernel/index.js';

/** One row of an approval table: the conditions that are told must all hold; of the last two, one. */
export const approvalRow = object({
  originalAtLeast: optional(amount('Original value of the contract from which the row applies')),
  stepOverOriginalAbove: optional(count('Per cent of the original value that the change must exceed', { max: 1000, example: 10 })),
  monthsAbove: optional(count('Months that the extension must exceed', { max: 1200, example: 12 })),
  unforeseen: optional(flag('Only changes that were, or were not, unforeseen')),
  approver: text('Office that must approve', { example: 'Deputy Mayor for Policing and Crime' }),
});

/** Checks that a programme may adopt, by name. */
export const CHECKS = ['signed-before-service', 'contractual-notice'] as const;

export const policyFields = {
  policy: id('The policy', { example: 'scheme-of-consent' }),
  title: text('Title of the policy'),
  version: text('Version', { max: 40, example: '2016-1' }),
  inForceFrom: date('First day in force'),
  inForceUntil: optional(date('Last day in force')),
  approvals: optional(list(approvalRow, 'Who must approve which change: the first row that applies', { max: 50 })),
  checks: optional(list(choice(CHECKS), 'Checks that apply', { max: CHECKS.length })),
};
export type Policy = DataOf<typeof policyFields>;
export type ApprovalRow = NonNullable<Policy['approvals']>[number];

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
export type Warning = DataOf<typeof warningFields> & { readonly event: string; readonly on: string };

export interface Programme {
  readonly stage: 'none' | 'chartered';
  readonly title: string;
  readonly authority: string;
  readonly baseCurrency: string;
  /** Days by which a decision may be told after its day and still count as taken now. */
  readonly lateGraceDays: number;
  readonly integrator?: { readonly contract: string; readonly on: string };
  readonly policies: readonly Policy[];
  readonly warnings: readonly Warning[];
}

const fact = factsOf<Programme>();

export const programme = subject({
  category: 'programme',
  initial: { stage: 'none', title: '', authority: '', baseCurrency: '', lateGraceDays: 0, policies: [], warnings: [] } as Programme,
  events: {
    ProgrammeChartered: fact({
      from: ['none'],
      fields: {
        title: text('Title of the programme'),
        authority: text('The public authority'),
        baseCurrency: text('ISO 4217 code', { max: 3, example: 'GBP' }),
        lateGraceDays: optional(count('Days by which a decision may be told after its day and still count as taken now', { max: 366 })),
      },
      check({ baseCurrency }) {
        if (exponentOf(baseCurrency) === undefined)
          reject('programme/unknown-currency', `ISO 4217 does not list ${baseCurrency}.`, { pointer: '/baseCurrency' });
      },
      evolve: (_, { title, authority, baseCurrency, lateGraceDays = 0 }) => ({
        stage: 'chartered',
        title,
        authority,
        baseCurrency,
        lateGraceDays,
        policies: [],
        warnings: [],
      }),
    }),
    IntegratorAppointed: fact({
      from: ['chartered'],
      fields: { contract: ref('contract', 'The contract under which the integrator holds the towers together') },
      evolve: (p, { contract }, { effectiveOn }) => ({ ...p, integrator: { contract, on: effectiveOn } }),
    }),
    WarningAdded: fact({
      from: ['chartered'],
      fields: warningFields,
      evolve: (p, data, { event, effectiveOn }) => ({ ...p, warnings: [...p.warnings, { ...data, event, on: effectiveOn }] }),
    }),
    PolicyAdopted: fact({
      from: ['chartered'],
      fields: policyFields,
      check({ approvals = [], checks = [], inForceFrom, inForceUntil }) {
        if (approvals.length + checks.length === 0)
          reject('programme/policy-without-rules', 'Tell an approval table or a check.', { pointer: '/approvals' });
        if (inForceUntil && certainlyBefore(inForceUntil, inForceFrom))
          reject('programme/policy-ends-before-start', `It is in force from ${inForceFrom}.`, { pointer: '/inForceUntil' });
        approvals.forEach(({ approver: _, ...conditions }, i) => {
          if (Object.keys(conditions).length === 0)
            reject('programme/empty-approval-row', 'Tell when the row applies.', { pointer: `/approvals/${i}` });
        });
      },
      evolve: (p, policy) => ({ ...p, policies: [...p.policies, policy] }),
    }),
  },
  invariants: {
    'programme/warning-twice': {
      says: 'Each warning has an id of its own.',
      holds: ({ warnings }) => new Set(warnings.map((w) => w.warning)).size === warnings.length,
    },
    'programme/policy-version-twice': {
      says: 'Each version of a policy is adopted once.',
      holds: ({ policies }) => new Set(policies.map((p) => `${p.policy} ${p.version}`)).size === policies.length,
    },
  },
  about: (id, { integrator }) => ({ programme: id, ...(integrator && { contract: [integrator.contract] }) }),
});
