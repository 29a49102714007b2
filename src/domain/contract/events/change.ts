import {
  add,
  amountOf,
  betweenOf,
  certainlyBefore,
  choice,
  date,
  flag,
  isAmount,
  optional,
  redenominated,
  showAmount,
  signedAmount,
  text,
  type Amount,
  type Value,
} from '../../../kernel/index.js';
import { assessChange } from '../law.js';
import { atLeast } from '../options.js';
import { afterAward, endsAfterStart, event, type Change, type Contract } from '../state.js';
import { covers, vat } from './award.js';

/** The ceiling after a change, when it can be known. */
const raised = ({ ceiling }: Contract, to?: Amount, by?: Amount): Amount | undefined =>
  to ?? (by && isAmount(ceiling) && by.currency === ceiling.currency ? add(ceiling, by) : undefined);

/** The ceiling after a change: of one that is not known, what steps that are not negative make of it at least. */
export const ceilingAfter = (c: Contract, to?: Amount, by?: Amount): Value => {
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
      const to = change.by && (isAmount(change.by) ? raised(sum, undefined, change.by) : atLeast(sum.ceiling));
      const counted: Change = to ? { ...change, from: sum.ceiling, to } : change;
      return { ...sum, ceiling: to ?? sum.ceiling, changes: [...sum.changes, counted] };
    },
    { ...c, ceiling: value, changes: [] },
  );

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
    reveals: ['ContractAwarded', 'ContractRecorded'],
    fields: { value: signedAmount('The value that was undisclosed until now'), covers: optional(covers), vat: optional(vat) },
    rules: {
      'contract/already-disclosed': {
        says: 'A value is disclosed once: correct the event that stated it.',
        field: '/value',
        detail: (_, { original }) => `It is known as ${isAmount(original) ? showAmount(original) : ''}: correct the event that stated it.`,
        holds: (_, { original }) => !isAmount(original),
      },
    },
    /** The value is in the currency of the award: where that was replaced since, it is converted as every other figure was. */
    evolve: (c, { value, covers, vat }) => {
      const now = (c.redenominations ?? []).reduce<Amount>((money, { to, rate }) => redenominated(money, to, rate) as Amount, value);
      return { ...(isAmount(c.ceiling) ? c : stepped(c, now)), original: now, ...(covers && { covers }), ...(vat && { vat }) };
    },
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
      'contract/change-without-content': {
        says: 'A change of scope says what changes: in words, in value or in term.',
        field: '/summary',
        holds: ({ data: { kind, summary, to, by, endsOn } }) => kind !== 'scope' || (summary ?? to ?? by ?? endsOn) !== undefined,
      },
      ...endsAfterStart('/endsOn', ({ endsOn }: { readonly startsOn?: string; readonly endsOn?: string }) => endsOn),
    },
    evolve: (c, { kind, summary, to, by, statedFrom, endsOn, ground }, { event, effectiveOn, authority }) => ({
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
          ...(summary && { summary }),
          ...(ground && { ground }),
          ...(statedFrom && { statedFrom }),
          ...(endsOn && { endsOn }),
          ...(authority && { reference: authority.reference }),
        },
      ],
    }),
    assess: ({ to, by, endsOn: newEndsOn, unforeseen, ground }, context, c, programme) => {
      const value = to || by ? (raised(c, to, by) ?? { unknown: true as const }) : undefined;
      return assessChange(c, { to: value, by, newEndsOn, unforeseen, ground }, context, programme);
    },
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
