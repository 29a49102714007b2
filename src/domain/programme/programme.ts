import {
  bounds,
  certainlyBefore,
  choice,
  count,
  exponentOf,
  eventsOf,
  isDay,
  optional,
  ref,
  references,
  aggregate,
  text,
  withReferences,
} from '../../kernel/index.js';
import { headcountTargetFields, QUALIFIERS, savingFields, savingsTargetFields, strategyFields } from './aims.js';
import { malformedIn, unreachableIn as unreachableRuleIn } from '../law/index.js';
import { unreachableRow } from './loss-authority.js';
import { fits, isNew } from './bounds.js';
import { budgetEvents } from './budget.js';
import { linkEvents, linkInvariants } from './links.js';
import { reviewFollows } from './reviews.js';
import { riskEvents } from './risks.js';
import { YEAR_STARTS, type Programme } from './state.js';
import { policyFields, type ApprovalRow, type PolicyData } from './policy.js';

export { YEAR_STARTS, type Programme, type YearStart } from './state.js';

const event = eventsOf<Programme>();

/** The first entry that has the key of an earlier one. */
const duplicate = <T>(list: readonly T[], keyOf: (entry: T) => string): T | undefined => {
  const seen = new Set<string>();
  return list.find((entry) => seen.size === seen.add(keyOf(entry)).size);
};
/** The first row of a table for losses that can never apply. */
const unreachableIn = (policy: PolicyData): { readonly pointer: string; readonly approver: string } | undefined => {
  for (const table of ['writeOffs', 'specialPayments'] as const) {
    const rows = policy[table] ?? [];
    const index = unreachableRow(rows);
    if (index !== -1) return { pointer: `/${table}/${index}`, approver: rows[index]!.approver };
  }
  return undefined;
};
const isEmpty = ({ approver: _, ...conditions }: ApprovalRow): boolean => Object.keys(conditions).length === 0;
const versionOf = ({ policy, version }: PolicyData): string => `${policy} ${version}`;
const eachOnce = {
  'programme/duplicate': {
    says: 'Each strategy, target, saving and risk has an id of its own.',
    brokenBy: {
      StrategyPublished: '/strategy',
      SavingsTargetSet: '/target',
      SavingRecorded: '/saving',
      HeadcountTargetSet: '/target',
      RiskRaised: '/risk',
    },
    holds: (p: Programme) =>
      isNew(p.strategies, ({ strategy }) => strategy) &&
      isNew(p.savingsTargets, ({ target }) => target) &&
      isNew(p.savings, ({ saving }) => saving) &&
      isNew(p.headcountTargets, ({ target }) => target) &&
      isNew(p.risks, ({ risk }) => risk),
  },
  'programme/unknown-target': {
    says: 'A saving counts towards a target that was set.',
    brokenBy: { SavingRecorded: '/target' },
    holds: ({ savings, savingsTargets }: Programme) => {
      const { target: of } = savings.at(-1) ?? {};
      return of === undefined || savingsTargets.some(({ target }) => target === of);
    },
  },
};

export const programme = aggregate({
  category: 'programme',
  initial: {
    stage: 'none',
    title: '',
    authority: '',
    baseCurrency: '',
    lateGraceDays: 0,
    financialYearStarts: 'april',
    policies: [],
    warnings: [],
    budgets: [],
    links: [],
    strategies: [],
    savingsTargets: [],
    savings: [],
    headcountTargets: [],
    risks: [],
  } as Programme,
  stages: ['none', 'chartered'],
  events: {
    ProgrammeChartered: event({
      allowedIn: ['none'],
      fields: {
        title: text('Title of the programme'),
        authority: text('The public authority'),
        baseCurrency: text('ISO 4217 code', { max: 3, example: 'GBP' }),
        lateGraceDays: optional(count('Days by which a decision may be recorded after its day and still count as taken now', { max: 366 })),
        financialYearStarts: optional(choice(YEAR_STARTS, 'Month with whose first day the financial year begins; April when absent')),
        references,
      },
      rules: {
        'programme/unknown-currency': {
          says: 'The base currency is one that ISO 4217 lists.',
          field: '/baseCurrency',
          detail: ({ data: { baseCurrency } }) => `ISO 4217 does not list ${baseCurrency}.`,
          holds: ({ data: { baseCurrency } }) => exponentOf(baseCurrency) !== undefined,
        },
      },
      evolve: (p, { title, authority, baseCurrency, lateGraceDays = 0, financialYearStarts = 'april', references }) => ({
        ...p,
        stage: 'chartered',
        title,
        authority,
        baseCurrency,
        lateGraceDays,
        financialYearStarts,
        ...withReferences([], references),
      }),
    }),
    IntegratorAppointed: event({
      allowedIn: ['chartered'],
      fields: { contract: ref('contract', 'The contract under which the integrator holds the towers together') },
      evolve: (p, { contract }, { effectiveOn }) => ({ ...p, integrator: { contract, on: effectiveOn } }),
    }),
    StrategyPublished: event({
      allowedIn: ['chartered'],
      fields: strategyFields,
      rules: {
        'programme/review-before-publication': {
          says: 'A review follows the publication.',
          field: '/reviewDue',
          detail: ({ data: { published }, effectiveOn }) => `It was published on ${published ?? effectiveOn}.`,
          holds: ({ data: { published, reviewDue }, effectiveOn }) => !reviewDue || !certainlyBefore(reviewDue, published ?? effectiveOn),
        },
        ...fits('strategies', (p) => p.strategies),
      },
      evolve: (p, data, { event, effectiveOn }) => ({
        ...p,
        strategies: [...p.strategies, { ...data, event, on: data.published ?? effectiveOn }],
      }),
    }),
    PortfolioSizeRecorded: event({
      allowedIn: ['chartered'],
      fields: { projects: count('How many projects', { example: 146 }), qualifier: optional(choice(QUALIFIERS)) },
      evolve: (p, data, { event, effectiveOn }) => ({ ...p, portfolio: { ...data, event, on: effectiveOn } }),
    }),
    SavingsTargetSet: event({
      allowedIn: ['chartered'],
      fields: savingsTargetFields,
      rules: {
        'programme/target-without-figure': {
          says: 'A target needs an amount or a percentage.',
          field: '/amount',
          holds: ({ data: { amount, percent } }) => amount !== undefined || percent !== undefined,
        },
        'programme/percentage-of-nothing': {
          says: 'A percentage is of something.',
          field: '/of',
          holds: ({ data: { percent, of } }) => percent === undefined || of !== undefined,
        },
        ...fits('savings targets', (p) => p.savingsTargets),
      },
      evolve: (p, data, { event, effectiveOn }) => ({ ...p, savingsTargets: [...p.savingsTargets, { ...data, event, on: effectiveOn }] }),
    }),
    SavingRecorded: event({
      allowedIn: ['chartered'],
      fields: savingFields,
      rules: fits('savings', (p) => p.savings),
      evolve: (p, data, { event, effectiveOn }) => ({ ...p, savings: [...p.savings, { ...data, event, on: effectiveOn }] }),
    }),
    HeadcountTargetSet: event({
      allowedIn: ['chartered'],
      fields: headcountTargetFields,
      rules: {
        'programme/mixed-units': {
          says: 'Posts, people and full-time equivalents are never mixed.',
          field: '/to/unit',
          detail: ({ data: { from, to } }) => `There were so many ${from!.unit}, and are to be so many ${to.unit}.`,
          holds: ({ data: { from, to } }) => !from || from.unit === to.unit,
        },
        ...fits('headcount targets', (p) => p.headcountTargets),
      },
      evolve: (p, data, { event, effectiveOn }) => ({
        ...p,
        headcountTargets: [...p.headcountTargets, { ...data, event, on: effectiveOn }],
      }),
    }),
    ...riskEvents,
    ...budgetEvents,
    ...linkEvents,
    PolicyAdopted: event({
      allowedIn: ['chartered'],
      // The second shape has more checks to choose from.
      version: 2,
      upcast: { 1: (data) => data },
      fields: policyFields,
      rules: {
        'programme/policy-without-rules': {
          says: 'A policy needs an approval table or a check.',
          field: '/approvals',
          holds: ({ data: { approvals = [], writeOffs = [], specialPayments = [], checks = [], discloseAbove, law } }) =>
            approvals.length + writeOffs.length + specialPayments.length + checks.length > 0 || (discloseAbove ?? law) !== undefined,
        },
        'programme/policy-ends-before-start': {
          says: 'A policy cannot end before it is in force.',
          field: '/inForceUntil',
          detail: ({ data: { inForceFrom } }) => `It is in force from ${inForceFrom}.`,
          holds: ({ data: { inForceFrom, inForceUntil } }) => !inForceUntil || !certainlyBefore(inForceUntil, inForceFrom),
        },
        'programme/policy-without-day': {
          says: 'A policy of unknown start is in force from the day of its adoption, which has to be known.',
          field: '/record/effectiveOn',
          holds: ({ data: { inForceFrom }, effectiveOn }) => inForceFrom !== 'unknown' || isDay(bounds(effectiveOn).latest),
        },
        'programme/empty-approval-row': {
          says: 'A row of an approval table needs a condition.',
          field: ({ data: { approvals = [] } }) => `/approvals/${approvals.findIndex(isEmpty)}`,
          holds: ({ data: { approvals = [] } }) => !approvals.some(isEmpty),
        },
        'programme/unreachable-row': {
          says: 'Every row of a table for losses can apply: the highest office stands first.',
          field: ({ data }) => unreachableIn(data)!.pointer,
          detail: ({ data }) => `${unreachableIn(data)!.approver} would never be asked: a row before it applies wherever this one does.`,
          holds: ({ data }) => unreachableIn(data) === undefined,
        },
        'programme/malformed-rule': {
          says: 'Every rule of a pack of law is one that can be asked.',
          field: ({ data: { law } }) => `/law${malformedIn(law!)[0]!.pointer}`,
          detail: ({ data: { law } }) => `${malformedIn(law!)[0]!.pointer} ${malformedIn(law!)[0]!.detail}.`,
          holds: ({ data: { law } }) => !law || malformedIn(law).length === 0,
        },
        'programme/unreachable-rule': {
          says: 'Every rule of a pack of law can apply.',
          field: ({ data: { law } }) => `/law${unreachableRuleIn(law!)!.pointer}`,
          detail: ({ data: { law } }) => `${unreachableRuleIn(law!)!.detail}.`,
          holds: ({ data: { law } }) => !law || unreachableRuleIn(law) === undefined,
        },
        ...reviewFollows,
        ...fits('versions of policies', (p) => p.policies),
      },
      evolve: (p, policy, { effectiveOn }) => ({ ...p, policies: [...p.policies, { ...policy, adoptedOn: effectiveOn }] }),
    }),
  },
  invariants: {
    ...eachOnce,
    ...linkInvariants,
    'programme/warning-exists': {
      says: 'Each warning has an id of its own.',
      brokenBy: { WarningAdded: '/warning' },
      detail: ({ warnings }) => `${duplicate(warnings, ({ warning }) => warning)!.warning} is the id of another warning.`,
      holds: ({ warnings }) => isNew(warnings, ({ warning }) => warning),
    },
    'programme/policy-exists': {
      says: 'A version of a policy is adopted once: other rules are a new version.',
      brokenBy: { PolicyAdopted: '/version' },
      detail: ({ policies }) => {
        const { policy, version } = duplicate(policies, versionOf)!;
        return `Version ${version} of ${policy} has other rules: adopt a new version.`;
      },
      holds: ({ policies }) => isNew(policies, versionOf),
    },
  },
  about: (id, { integrator }) => ({ programme: id, ...(integrator && { contract: [integrator.contract] }) }),
});
