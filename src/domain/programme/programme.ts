import {
  amount,
  certainlyBefore,
  choice,
  count,
  date,
  exponentOf,
  eventsOf,
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
  type Qualifier,
} from '../../kernel/index.js';
import {
  headcountTargetFields,
  riskFields,
  QUALIFIERS,
  savingFields,
  savingsTargetFields,
  strategyFields,
  type HeadcountTarget,
  type Risk,
  type Saving,
  type SavingsTarget,
  type Strategy,
} from './aims.js';

/** One row of an approval table: the conditions that are told must all hold; of the last two, one. */
export const approvalRow = object({
  originalAtLeast: optional(amount('Original value of the contract from which the row applies')),
  stepOverOriginalAbove: optional(count('Per cent of the original value that the change must exceed', { max: 1000, example: 10 })),
  monthsAbove: optional(count('Months that the extension must exceed', { max: 1200, example: 12 })),
  unforeseen: optional(flag('Only changes that were, or were not, unforeseen')),
  approver: text('Office that must approve', { example: 'Deputy Mayor for Policing and Crime' }),
});

export const writeOffRow = object({
  grossAtLeast: optional(amount('Gross loss from which the row applies')),
  approver: text('Office that must approve', { example: 'Deputy Mayor for Policing and Crime' }),
});

/** Checks that a programme may adopt, by name. */
export const CHECKS = ['signed-before-service', 'contractual-notice', 'standstill', 'option-notice'] as const;

export const policyFields = {
  policy: id('The policy', { example: 'scheme-of-consent' }),
  title: text('Title of the policy'),
  version: text('Version', { max: 40, example: '2016-1' }),
  inForceFrom: date('First day in force'),
  inForceUntil: optional(date('Last day in force')),
  approvals: optional(list(approvalRow, 'Who must approve which change: the first row that applies', { max: 50 })),
  writeOffs: optional(list(writeOffRow, 'Who must approve which write-off: the first row that applies', { max: 50 })),
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
  readonly strategies: readonly Strategy[];
  readonly portfolio?: { readonly projects: number; readonly qualifier?: Qualifier; readonly on: string; readonly event: string };
  readonly savingsTargets: readonly SavingsTarget[];
  readonly savings: readonly Saving[];
  readonly headcountTargets: readonly HeadcountTarget[];
  readonly risks: readonly Risk[];
  readonly warnings: readonly Warning[];
}

const fact = eventsOf<Programme>();

const once = (list: readonly object[], key: string): boolean =>
  new Set(list.map((entry) => (entry as Readonly<Record<string, unknown>>)[key])).size === list.length;
const eachOnce = {
  'programme/duplicate': {
    says: 'Each strategy, target, saving and risk has an id of its own.',
    holds: (p: Programme) =>
      once(p.strategies, 'strategy') &&
      once(p.savingsTargets, 'target') &&
      once(p.savings, 'saving') &&
      once(p.headcountTargets, 'target') &&
      once(p.risks, 'risk'),
  },
  'programme/unknown-target': {
    says: 'A saving counts towards a target that was set.',
    holds: (p: Programme) => p.savings.every((s) => s.target === undefined || p.savingsTargets.some(({ target }) => target === s.target)),
  },
};

export const programme = subject({
  category: 'programme',
  initial: {
    stage: 'none',
    title: '',
    authority: '',
    baseCurrency: '',
    lateGraceDays: 0,
    policies: [],
    warnings: [],
    strategies: [],
    savingsTargets: [],
    savings: [],
    headcountTargets: [],
    risks: [],
  } as Programme,
  events: {
    ProgrammeChartered: fact({
      allowedIn: ['none'],
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
      evolve: (p, { title, authority, baseCurrency, lateGraceDays = 0 }) => ({
        ...p,
        stage: 'chartered',
        title,
        authority,
        baseCurrency,
        lateGraceDays,
      }),
    }),
    IntegratorAppointed: fact({
      allowedIn: ['chartered'],
      fields: { contract: ref('contract', 'The contract under which the integrator holds the towers together') },
      evolve: (p, { contract }, { effectiveOn }) => ({ ...p, integrator: { contract, on: effectiveOn } }),
    }),
    WarningAdded: fact({
      allowedIn: ['chartered'],
      fields: warningFields,
      evolve: (p, data, { event, effectiveOn }) => ({ ...p, warnings: [...p.warnings, { ...data, event, on: effectiveOn }] }),
    }),
    StrategyPublished: fact({
      allowedIn: ['chartered'],
      fields: strategyFields,
      check({ published, reviewDue }, { effectiveOn }) {
        if (reviewDue && certainlyBefore(reviewDue, published ?? effectiveOn))
          reject('programme/review-before-publication', `It was published on ${published ?? effectiveOn}.`, { pointer: '/reviewDue' });
      },
      evolve: (p, data, { event, effectiveOn }) => ({
        ...p,
        strategies: [...p.strategies, { ...data, event, on: data.published ?? effectiveOn }],
      }),
    }),
    PortfolioSizeRecorded: fact({
      allowedIn: ['chartered'],
      fields: { projects: count('How many projects', { example: 146 }), qualifier: optional(choice(QUALIFIERS)) },
      evolve: (p, data, { event, effectiveOn }) => ({ ...p, portfolio: { ...data, event, on: effectiveOn } }),
    }),
    SavingsTargetSet: fact({
      allowedIn: ['chartered'],
      fields: savingsTargetFields,
      check({ amount, percent, of }) {
        if (!amount && percent === undefined)
          reject('programme/target-without-figure', 'Tell an amount or a percentage.', { pointer: '/amount' });
        if (percent !== undefined && !of) reject('programme/percentage-of-nothing', 'Tell of what.', { pointer: '/of' });
      },
      evolve: (p, data, { event, effectiveOn }) => ({ ...p, savingsTargets: [...p.savingsTargets, { ...data, event, on: effectiveOn }] }),
    }),
    SavingRecorded: fact({
      allowedIn: ['chartered'],
      fields: savingFields,
      evolve: (p, data, { event, effectiveOn }) => ({ ...p, savings: [...p.savings, { ...data, event, on: effectiveOn }] }),
    }),
    HeadcountTargetSet: fact({
      allowedIn: ['chartered'],
      fields: headcountTargetFields,
      check({ from, to }) {
        if (from && from.unit !== to.unit)
          reject('programme/mixed-units', 'Posts, people and full-time equivalents are never mixed.', { pointer: '/to/unit' });
      },
      evolve: (p, data, { event, effectiveOn }) => ({
        ...p,
        headcountTargets: [...p.headcountTargets, { ...data, event, on: effectiveOn }],
      }),
    }),
    RiskRaised: fact({
      allowedIn: ['chartered'],
      fields: riskFields,
      evolve: (p, data, { event, effectiveOn }) => ({ ...p, risks: [...p.risks, { ...data, event, on: effectiveOn }] }),
    }),
    PolicyAdopted: fact({
      allowedIn: ['chartered'],
      fields: policyFields,
      check({ approvals = [], writeOffs = [], checks = [], inForceFrom, inForceUntil }) {
        if (approvals.length + writeOffs.length + checks.length === 0)
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
    ...eachOnce,
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
