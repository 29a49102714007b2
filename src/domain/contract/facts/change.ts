import {
  add,
  addMonths,
  amount,
  before,
  certainlyBefore,
  choice,
  count,
  date,
  flag,
  id,
  isAmount,
  optional,
  ref,
  reject,
  text,
  type Amount,
} from '../../../kernel/index.js';
import { approvalOf, checked } from '../../programme/policies.js';
import { afterAward, event, type Change, type Contract } from '../state.js';
import { covers, vat } from './award.js';

/** The ceiling after a change, when it can be known. */
const raised = ({ ceiling }: Contract, to?: Amount, by?: Amount): Amount | undefined =>
  to ?? (by && isAmount(ceiling) && by.currency === ceiling.currency ? add(ceiling, by) : undefined);

/** The steps that were told while the value was not can be counted once it is. */
const stepped = (c: Contract, value: Amount): Contract =>
  c.changes.reduce<Contract>(
    (sum, change) => {
      const to = change.by && isAmount(change.by) ? raised(sum, undefined, change.by) : undefined;
      const counted: Change = to ? { ...change, from: sum.ceiling, to } : change;
      return { ...sum, ceiling: to ?? sum.ceiling, changes: [...sum.changes, counted] };
    },
    { ...c, ceiling: value, changes: [] },
  );

/** What becomes of a contract while it runs. */
export const changing = {
  ValueDisclosed: event({
    allowedIn: [...afterAward, 'closed'],
    fields: { value: amount('The value that was undisclosed until now'), covers: optional(covers), vat: optional(vat) },
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
      to: optional(amount('The new ceiling')),
      by: optional(amount('What the change adds, where only the step is told')),
      statedFrom: optional(amount('The value before, where the source gives another than the ledger')),
      endsOn: optional(date('The new last day of the term')),
      ground: optional(text('The ground in law or contract that is cited', { max: 300, example: 'PCR 2015 reg. 72(1)(b)' })),
      unforeseen: optional(flag('Whether the need was unforeseen')),
    },
    check({ kind, to, by, endsOn }) {
      if (kind === 'value' && !to && !by) reject('contract/change-without-value', 'Tell the new value, or the step.', { pointer: '/to' });
      if (to && by) reject('contract/change-duplicate', 'Tell the new value or the step, not both.', { pointer: '/by' });
      if (kind === 'term' && !endsOn) reject('contract/change-without-end', 'Tell the new last day of the term.', { pointer: '/endsOn' });
    },
    evolve: (c, { kind, to, by, statedFrom, endsOn, ground }, { event, effectiveOn, authority }) => ({
      ...c,
      ceiling: raised(c, to, by) ?? c.ceiling,
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
    assess: ({ to, by, endsOn: newEndsOn, unforeseen }, context, c, programme) => {
      const value = to || by ? (raised(c, to, by) ?? { unknown: true as const }) : undefined;
      const change = { original: c.original, current: c.ceiling, to: value, endsOn: c.term.endsOn, newEndsOn, unforeseen };
      return value || newEndsOn ? approvalOf(programme, change, context) : [];
    },
  }),
  ExtensionSought: event({
    allowedIn: ['signed', 'live', 'notice-given'],
    fields: {
      option: optional(id('The option to be exercised', { example: 'year-7' })),
      until: optional(date('The last day that is sought')),
      why: optional(text('Why', { max: 1000 })),
    },
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
    check({ option, months, endsOn }) {
      if (!option && months === undefined && !endsOn)
        reject('contract/extension-without-length', 'Tell the option, the months or the new last day.', { pointer: '/option' });
    },
    evolve: ({ extensionSought: _, ...c }, { option, months, endsOn }, { event, effectiveOn, authority }) => {
      const more = months ?? c.options.find((o) => o.option === option)?.months;
      const end = endsOn ?? (c.term.endsOn && more ? addMonths(c.term.endsOn, more) : undefined);
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
    assess({ option }, { effectiveOn }, { options, term }, programme) {
      const notice = options.find((o) => o.option === option)?.noticeMonths;
      if (notice === undefined) return [];
      const last = term.endsOn && addMonths(term.endsOn, -notice);
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
    check({ from, to }) {
      if (from && certainlyBefore(to, from)) reject('contract/delay-earlier', `${to} lies before ${from}.`, { pointer: '/to' });
    },
    evolve: (c, { milestone, from, to, cause }, { event }) => ({
      ...c,
      delays: [...c.delays, { milestone, to, event, ...(from && { from }), ...(cause && { cause }) }],
    }),
  }),
};
