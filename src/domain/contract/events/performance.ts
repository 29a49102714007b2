import {
  amount,
  certainlyBefore,
  choice,
  compareRatio,
  count,
  date,
  flag,
  id,
  isAmount,
  isSameDate,
  list,
  object,
  optional,
  percentage,
  ratioOfPercent,
  text,
  type Occurrence,
  type Rules,
} from '../../../kernel/index.js';
import { changed, withItem, type Kpi } from '../lists.js';
import { afterAward, event, type Contract } from '../state.js';

/** Measures are decimals of at most four digits before and after the point, as percentages are. */
const MOST = 9999;
const kpiOf = (kpi: string | undefined, { kpis }: Pick<Contract, 'kpis'>): Kpi | undefined => kpis?.find((one) => one.kpi === kpi);

interface Measured {
  readonly kpi: string;
  readonly measured?: number | string;
  readonly met?: boolean;
}
/** What a measure says against the target: undefined where nothing can be compared. */
const resultOf = ({ kpi, measured, met }: Measured, c: Pick<Contract, 'kpis'>): 'met' | 'missed' | undefined => {
  const { target, bound = 'at-least' } = kpiOf(kpi, c) ?? {};
  if (target === undefined || measured === undefined) return met === undefined ? undefined : met ? 'met' : 'missed';
  const order = compareRatio(ratioOfPercent(measured), ratioOfPercent(target));
  return (bound === 'at-least' ? order >= 0 : order <= 0) ? 'met' : 'missed';
};

const knownKpi = {
  'contract/unknown-kpi': {
    says: 'The contract has no such indicator.',
    field: '/kpi',
    detail: (_, { kpis = [] }) => `It has ${kpis.map(({ kpi }) => kpi).join(', ') || 'none'}.`,
    holds: ({ data: { kpi } }, c) => kpi === undefined || kpiOf(kpi, c) !== undefined,
  },
} satisfies Rules<Occurrence<{ readonly kpi?: string }>, Contract>;

/** How well a contract is performed, and what the supplier gives back where it is not. */
export const performing = {
  KpisSet: event({
    allowedIn: afterAward,
    fields: {
      kpis: list(
        object({
          kpi: id('The indicator', { example: 'availability' }),
          title: text('What is measured', { example: 'Availability of the service desk' }),
          target: optional(percentage('The figure that is to be reached', { max: MOST, example: '99.5' })),
          bound: optional(choice(['at-least', 'at-most'], 'Whether the target is the least or the most; at least when absent')),
          unit: optional(text('Unit of the figure', { max: 40, example: '%' })),
          every: optional(count('Months of each period', { min: 1, max: 120, example: 3 })),
          from: optional(date('First day that is measured')),
        }),
        'Indicators; one that the contract has already is replaced from this day on',
        { min: 1, max: 50 },
      ),
    },
    rules: {
      'contract/kpi-duplicate': {
        says: 'An indicator is set once in a list.',
        field: '/kpis',
        holds: ({ data: { kpis } }) => new Set(kpis.map(({ kpi }) => kpi)).size === kpis.length,
      },
    },
    evolve(c, { kpis }, { event, effectiveOn: on }) {
      const kept = (c.kpis ?? []).filter(({ kpi }) => !kpis.some((set) => set.kpi === kpi));
      return {
        ...c,
        kpis: [
          ...kept,
          ...kpis.map((set) => {
            const { assessed = 0, missed = 0, last } = kpiOf(set.kpi, c) ?? {};
            return { ...set, event, on, assessed, missed, ...(last && { last }) };
          }),
        ],
      };
    },
  }),
  KpiAssessed: event({
    allowedIn: [...afterAward, 'closed'],
    fields: {
      kpi: id('The indicator', { example: 'availability' }),
      from: optional(date('First day of the period')),
      to: date('Last day of the period'),
      measured: optional(percentage('What was measured', { max: MOST, example: '99.1' })),
      met: optional(flag('Whether it was met, where there is no figure')),
      note: optional(text('What a reader should know', { max: 1000 })),
    },
    rules: {
      ...knownKpi,
      'contract/kpi-not-measured': {
        says: 'An assessment says what was measured, or whether the indicator was met.',
        field: '/measured',
        holds: ({ data }, c) => kpiOf(data.kpi, c) === undefined || resultOf(data, c) !== undefined,
      },
      'contract/kpi-contradicts': {
        says: 'What was measured decides whether the indicator was met.',
        field: '/met',
        detail: ({ data }, c) => `${data.measured} is ${resultOf(data, c)}: the target is ${kpiOf(data.kpi, c)!.bound ?? 'at-least'} ${kpiOf(data.kpi, c)!.target}.`, // prettier-ignore
        holds: ({ data }, c) => data.met === undefined || (resultOf(data, c) ?? 'met') === (data.met ? 'met' : 'missed'),
      },
      'contract/period-ends-before-start': {
        says: 'A period cannot end before it starts.',
        field: '/to',
        detail: ({ data: { from } }) => `It starts on ${from}.`,
        holds: ({ data: { from, to } }) => !from || !certainlyBefore(to, from),
      },
      'contract/period-assessed': {
        says: 'A period is assessed once: correct the assessment.',
        field: '/to',
        detail: ({ data: { to } }) => `The period that ends on ${to} was assessed.`,
        holds: ({ data: { kpi, to } }, { kpiAssessments = [] }) => !kpiAssessments.some((one) => one.kpi === kpi && isSameDate(one.to, to)),
      },
    },
    evolve(c, data, { event, effectiveOn: on }) {
      const { met: _, ...rest } = data;
      // Rules are asked where it stands: a correction that no rule lets pass is folded first, and counts as missed.
      const result = resultOf(data, c) ?? 'missed';
      return {
        ...c,
        kpiAssessments: withItem(c.kpiAssessments, { ...rest, result, event, on }),
        kpis: changed(
          c.kpis,
          ({ kpi }) => kpi === data.kpi,
          (kpi) => ({
            ...kpi,
            assessed: kpi.assessed + 1,
            missed: kpi.missed + (result === 'missed' ? 1 : 0),
            last: kpi.last && certainlyBefore(data.to, kpi.last.to) ? kpi.last : { to: data.to, result },
          }),
        ),
      };
    },
  }),
  ServiceCreditApplied: event({
    allowedIn: [...afterAward, 'closed'],
    fields: {
      credit: id('The service credit', { example: 'q1-availability' }),
      amount: amount('What the supplier gives back'),
      kpi: optional(id('The indicator that was missed', { example: 'availability' })),
      to: optional(date('Last day of the period that was missed')),
      reference: optional(text('Number of the credit note', { max: 100 })),
    },
    rules: {
      'contract/credit-exists': {
        says: 'Each service credit has an id of its own.',
        field: '/credit',
        holds: ({ data: { credit } }, { serviceCredits = [] }) => !serviceCredits.some((one) => one.credit === credit),
      },
      ...knownKpi,
      'contract/credit-without-miss': {
        says: 'A service credit for a period follows an assessment that missed the target.',
        field: '/to',
        detail: ({ data: { kpi, to } }) => `No assessment of ${kpi} for the period that ends on ${to} missed it.`,
        holds: ({ data: { kpi, to } }, { kpiAssessments = [] }) =>
          kpi === undefined ||
          to === undefined ||
          kpiAssessments.some((one) => one.kpi === kpi && isSameDate(one.to, to) && one.result === 'missed'),
      },
      'contract/credit-currency': {
        says: 'A service credit is in the currency of the contract.',
        field: '/amount/currency',
        detail: (_, { ceiling }) => `The contract is in ${isAmount(ceiling) ? ceiling.currency : ''}.`,
        holds: ({ data: { amount } }, { ceiling }) => !isAmount(ceiling) || ceiling.currency === amount.currency,
      },
    },
    evolve: (c, data, { event, effectiveOn: on }) => ({ ...c, serviceCredits: withItem(c.serviceCredits, { ...data, event, on }) }),
  }),
};
