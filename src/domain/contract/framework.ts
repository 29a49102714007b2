import { certainlyBefore, choice, count, date, id, list, object, optional, ref, signedValue, text, type DataOf, type Occurrence, type Rules } from '../../kernel/index.js'; // prettier-ignore
import { KINDS, MOST_MONTHS, type Contract } from './state.js';

const months = count('Months', { min: 1, max: MOST_MONTHS, example: 48 });
/** What a contract is, and what it is made of. */
export const composed = {
  kind: optional(choice(KINDS, 'A contract where nothing else is said, and a call-off where it names its framework')),
  lots: optional(
    list(
      object({
        lot: id('The lot'),
        title: text('Title of the lot'),
        value: optional(signedValue('Its part of the value')),
        term: optional(
          object({
            months: optional(months),
            startsOn: optional(date('First day of its term')),
            endsOn: optional(date('Last day of its term')),
          }),
        ),
      }),
      'Its lots',
      { max: 100 },
    ),
  ),
  framework: optional(
    object(
      {
        contract: optional(ref('contract', 'The framework, where it is recorded here')),
        reference: optional(text('The framework, where it is another authority’s', { example: 'RM3804' })),
        lot: optional(id('The lot that is called off')),
      },
      'The framework that it is called off from: recorded here, or by its reference',
    ),
  ),
};
type Composed = DataOf<typeof composed> & { readonly replaces?: string };

/** What is sent replaces what was planned. */
export const withComposed = (c: Contract, { kind, lots, framework }: Composed): Pick<Contract, 'kind' | 'lots' | 'framework'> => {
  const its = framework ?? c.framework;
  return { kind: kind ?? (its ? 'call-off' : c.kind), lots: lots ?? c.lots, ...(its && { framework: its }) };
};

const duplicate = (lots: Contract['lots']): string | undefined => lots.find(({ lot }, i) => lots.findIndex((other) => other.lot === lot) < i)?.lot; // prettier-ignore
const backwards = (lots: Contract['lots']): Contract['lots'][number] | undefined =>
  lots.find(({ term }) => term?.startsOn !== undefined && term.endsOn !== undefined && certainlyBefore(term.endsOn, term.startsOn));

/** For an event that can say what a contract is. */
export const composedRules = {
  'contract/framework-or-reference': {
    says: 'A framework is named by its contract here or by its reference, not by both.',
    field: '/framework',
    holds: ({ data: { framework } }) => framework === undefined || (framework.contract === undefined) !== (framework.reference === undefined), // prettier-ignore
  },
  'contract/call-off-without-framework': {
    says: 'A call-off names its framework.',
    field: '/framework',
    holds: (on, c) => withComposed(c, on.data).kind !== 'call-off' || withComposed(c, on.data).framework !== undefined,
  },
  'contract/not-a-call-off': {
    says: 'What names its framework is a call-off.',
    field: '/kind',
    detail: (on, c) => `It is a ${withComposed(c, on.data).kind}.`,
    holds: (on, c) => withComposed(c, on.data).kind === 'call-off' || withComposed(c, on.data).framework === undefined,
  },
  'contract/duplicate-lot': {
    says: 'A lot stands once in a contract.',
    field: '/lots',
    detail: ({ data: { lots = [] } }) => `${duplicate(lots)} stands there twice.`,
    holds: ({ data: { lots = [] } }) => duplicate(lots) === undefined,
  },
  'contract/lot-ends-before-start': {
    says: 'A lot cannot end before it starts.',
    field: '/lots',
    detail({ data: { lots = [] } }) {
      const { lot, term } = backwards(lots)!;
      return `${lot} would start on ${term!.startsOn} and end on ${term!.endsOn}.`;
    },
    holds: ({ data: { lots = [] } }) => backwards(lots) === undefined,
  },
} satisfies Rules<Occurrence<Composed>, Contract>;
/** For an event behind the plan, which alone can name its own contract. */
export const plannedRules = {
  'contract/framework-of-itself': {
    says: 'A contract is not called off from itself.',
    field: '/framework/contract',
    holds: ({ id, data: { framework } }) => framework?.contract !== id,
  },
  'contract/replaces-itself': {
    says: 'A contract replaces another one, never itself.',
    field: '/replaces',
    holds: ({ id, data: { replaces } }) => replaces !== id,
  },
  'contract/another-kind': {
    says: 'A contract stays of the kind that was planned.',
    field: '/kind',
    detail: (_, { kind }) => `It was planned as a ${kind}.`,
    holds: ({ data: { kind } }, c) => kind === undefined || c.stage === 'none' || kind === c.kind,
  },
} satisfies Rules<Occurrence<Composed>, Contract>;
