import {
  add,
  amountOf,
  before,
  betweenOf,
  certainlyBefore,
  choice,
  count,
  date,
  flag,
  id,
  isAmount,
  moveEnd,
  optional,
  ref,
  showAmount,
  signedAmount,
  text,
  type Amount,
  type Assessment,
  type EventContext,
  type Value,
} from '../../../kernel/index.js';
import { lawOf } from '../../programme/law.js';
import { approvalOf, checked, inputsOf } from '../../programme/policies.js';
import { changeRegimeOf, factsOfChange } from '../law.js';
import { optionRules } from '../options.js';
import { afterAward, endsAfterServiceStart, event, type Change, type Contract } from '../state.js';
import type { WithPolicies } from '../../programme/policy.js';
import { covers, vat } from './award.js';

/** The ceiling after a change, when it can be known. */
const raised = ({ ceiling }: Contract, to?: Amount, by?: Amount): Amount | undefined =>
  to ?? (by && isAmount(ceiling) && by.currency === ceiling.currency ? add(ceiling, by) : undefined);

/** The ceiling after a change: of one that is not known, what steps that are not negative make of it at least. */
const ceilingAfter = (c: Contract, to?: Amount, by?: Amount): Value => {
  const { ceiling } = c;
  const known = raised(c, to, by);
  if (known || !by || isAmount(ceiling)) return known ?? ceiling;
  const { atLeast } = ceiling;
  const least = betweenOf(atLeast && atLeast.currency === by.currency ? add(atLeast, by) : by).least;
  if (least <= 0n || (atLeast && atLeast.currency !== by.currency)) return ceiling;
  return { ...ceiling, atLeast: amountOf(least, by.currency) };
};

/** Steps that were approved while the value was undisclosed are counted once it is known. */
const stepped = (c: Contract, value: Amount): Contract =>
  c.changes.reduce<Contract>(
    (sum, change) => {
      const to = change.by && isAmount(change.by) ? raised(sum, undefined, change.by) : undefined;
      const counted: Change = to ? { ...change, from: sum.ceiling, to } : change;
      return { ...sum, ceiling: to ?? sum.ceiling, changes: [...sum.changes, counted] };
    },
    { ...c, ceiling: value, changes: [] },
  );

/** By how many months an extension makes the term longer, and its new last day, as far as they are known. */
const extended = (
  { options, term }: Contract,
  {
    option,
    months,
    endsOn,
  }: { readonly option?: string | undefined; readonly months?: number | undefined; readonly endsOn?: string | undefined },
): { readonly more?: number | undefined; readonly end?: string | undefined } => {
  const more = months ?? options.find((o) => o.option === option)?.months;
  return { more, end: endsOn ?? (term.endsOn && more ? moveEnd(term.endsOn, more) : undefined) };
};

/** What adopted tables and packs of law say of a change of value, term or scope. */
const assessed = (
  c: Contract,
  { to, by, newEndsOn, unforeseen, ground }: Omit<Parameters<typeof factsOfChange>[1], 'on'>,
  context: EventContext,
  programme: WithPolicies,
): readonly Assessment[] => {
  const change = { original: c.original, current: c.ceiling, to, by, endsOn: c.term.endsOn, newEndsOn, unforeseen };
  const facts = factsOfChange(c, { on: context.effectiveOn, to, by, newEndsOn, ground, unforeseen });
  const inputs = { ...inputsOf(change), ...(ground !== undefined && { ground }) };
  return [
    ...(to || newEndsOn ? approvalOf(programme, change, context) : []),
    ...lawOf(programme, { subject: 'change', regime: changeRegimeOf(c), facts, inputs }, context),
  ];
};

/** When a milestone was due before a delay: as the delay states it, and by the delay before. */
const dueBefore = (
  { milestone, from }: { readonly milestone: string; readonly from?: string },
  delays: Contract['delays'],
): readonly string[] => {
  const before = delays.findLast((delay) => delay.milestone === milestone)?.to;
  return [...(from ? [from] : []), ...(before ? [before] : [])];
};

/** What becomes of a contract while it runs. */
export const changing = {
  ValueDisclosed: event({
    allowedIn: [...afterAward, 'closed'],
    fields: { value: signedAmount('The value that was undisclosed until now'), covers: optional(covers), vat: optional(vat) },
    rules: {
      'contract/already-disclosed': {
        says: 'A value is disclosed once: correct the event that stated it.',
        field: '/value',
        detail: (_, { original }) => `It is known as ${isAmount(original) ? showAmount(original) : ''}: correct the event that stated it.`,
        holds: (_, { original }) => !isAmount(original),
      },
    },
    evolve: (c, { value, covers, vat }) => ({
      ...(isAmount(c.ceiling) ? c : stepped(c, value)),
      original: value,
      ...(covers && { covers }),
      ...(vat && { vat }),
    }),
  }),
  ChangeApproved: event({
    allowedIn: ['awarded', 'signed', 'live', 'notice-given'],
    fields: {
      kind: choice(['value', 'term', 'scope'], 'What changes'),
      summary: optional(text('What the change is, in our own words', { max: 1000 })),
      to: optional(signedAmount('The new ceiling')),
      by: optional(signedAmount('What the change adds, or takes away, where only the step is known')),
      statedFrom: optional(signedAmount('The value before, where the source gives another than the ledger')),
      endsOn: optional(date('The new last day of the term')),
      ground: optional(text('The ground in law or contract that is cited', { max: 300, example: 'PCR 2015 reg. 72(1)(b)' })),
      unforeseen: optional(flag('Whether the need was unforeseen')),
    },
    rules: {
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
      ...endsAfterServiceStart('/endsOn', ({ endsOn }: { readonly endsOn?: string }) => endsOn),
    },
    evolve: (c, { kind, to, by, statedFrom, endsOn, ground }, { event, effectiveOn, authority }) => ({
      ...c,
      ceiling: ceilingAfter(c, to, by),
      term: { ...c.term, ...(endsOn && { endsOn }) },
      changes: [
        ...c.changes,
        {
          event,
          kind,
          on: effectiveOn,
          from: c.ceiling,
          ...(raised(c, to, by) && { to: raised(c, to, by)! }),
          ...(by && { by }),
          ...(ground && { ground }),
          ...(statedFrom && { statedFrom }),
          ...(endsOn && { endsOn }),
          ...(authority && { reference: authority.reference }),
        },
      ],
    }),
    assess: ({ to, by, endsOn: newEndsOn, unforeseen, ground }, context, c, programme) => {
      const value = to || by ? (raised(c, to, by) ?? { unknown: true as const }) : undefined;
      return assessed(c, { to: value, by, newEndsOn, unforeseen, ground }, context, programme);
    },
  }),
  ExtensionSought: event({
    allowedIn: ['signed', 'live', 'notice-given'],
    fields: {
      option: optional(id('The option to be exercised', { example: 'year-7' })),
      until: optional(date('The last day that is sought')),
      why: optional(text('Why', { max: 1000 })),
    },
    rules: optionRules,
    evolve: (c, { option, until }, { effectiveOn }) => ({
      ...c,
      extensionSought: { on: effectiveOn, ...(option && { option }), ...(until && { until }) },
    }),
  }),
  ExtensionExercised: event({
    allowedIn: ['signed', 'live', 'notice-given'],
    fields: {
      option: optional(id('The option that is exercised; absent when the contract had none', { example: 'year-7' })),
      months: optional(count('Months by which the term is longer', { min: 1, max: 1200 })),
      endsOn: optional(date('The new last day of the term')),
    },
    rules: {
      ...optionRules,
      'contract/extension-without-length': {
        says: 'An extension names the option, the months or the new last day.',
        field: '/option',
        holds: ({ data: { option, months, endsOn } }) => option !== undefined || months !== undefined || endsOn !== undefined,
      },
      ...endsAfterServiceStart('/endsOn', ({ endsOn }: { readonly endsOn?: string }) => endsOn),
    },
    evolve: ({ extensionSought: _, ...c }, { option, months, endsOn }, { event, effectiveOn, authority }) => {
      const { more, end } = extended(c, { option, months, endsOn });
      return {
        ...c,
        options: c.options.map((o) => (o.option === option ? { ...o, status: 'exercised' } : o)),
        term: { ...c.term, ...(end && { endsOn: end }), ...(more && { extendedMonths: (c.term.extendedMonths ?? 0) + more }) },
        changes: [
          ...c.changes,
          {
            event,
            kind: 'term',
            on: effectiveOn,
            from: c.ceiling,
            ...(end && { endsOn: end }),
            ...(authority && { reference: authority.reference }),
          },
        ],
      };
    },
    assess({ option, months, endsOn }, context, c, programme) {
      // Without an option it changes the term.
      if (option === undefined) return assessed(c, { newEndsOn: extended(c, { months, endsOn }).end ?? 'unknown' }, context, programme);
      const { options, term } = c;
      const { effectiveOn } = context;
      const notice = options.find((o) => o.option === option)?.noticeMonths;
      if (notice === undefined) return [];
      const last = term.endsOn && moveEnd(term.endsOn, -notice);
      const late = last ? before(last, effectiveOn) : 'unknown';
      const result = late === 'no' ? 'met' : late === 'yes' ? 'not-met' : 'not-assessable';
      return checked(programme, 'option-notice', effectiveOn, { noticeMonths: notice, endsOn: term.endsOn ?? null }, result);
    },
  }),
  ContractNovated: event({
    allowedIn: ['signed', 'live', 'notice-given', 'exiting'],
    fields: {
      supplier: ref('supplier', 'The supplier that takes the contract over'),
      ground: optional(text('The ground in law or contract that is cited', { max: 300 })),
      takesEffectOn: optional(date('When it takes effect')),
    },
    rules: {
      'contract/same-supplier': {
        says: 'A novation is to another supplier.',
        field: '/supplier',
        detail: (_, { supplier }) => `It is with ${supplier}.`,
        holds: ({ data }, { supplier }) => data.supplier !== supplier,
      },
    },
    evolve: (c, { supplier, takesEffectOn }, { event, effectiveOn }) => ({
      ...c,
      supplier,
      novations: [...c.novations, { from: c.supplier!, to: supplier, on: takesEffectOn ?? effectiveOn, event }],
    }),
  }),
  DelayRecorded: event({
    allowedIn: ['awarded', 'signed', 'live', 'notice-given', 'exiting'],
    fields: {
      milestone: text('What is late', { example: 'Go-live' }),
      from: optional(date('When it was due')),
      to: date('When it is expected now; unknown when nobody says'),
      cause: optional(text('Why', { max: 1000 })),
    },
    rules: {
      'contract/delay-earlier': {
        says: 'A delay moves a milestone to a later date.',
        field: '/to',
        detail: ({ data }, { delays }) => `${data.to} lies before ${dueBefore(data, delays).find((due) => certainlyBefore(data.to, due))}.`,
        holds: ({ data }, { delays }) => !dueBefore(data, delays).some((due) => certainlyBefore(data.to, due)),
      },
    },
    evolve: (c, { milestone, from, to, cause }, { event }) => ({
      ...c,
      delays: [...c.delays, { milestone, to, event, ...(from && { from }), ...(cause && { cause }) }],
    }),
  }),
};
