import {
  add,
  amountOf,
  betweenOf,
  certainlyBefore,
  date,
  id,
  isAmount,
  optional,
  redenominated,
  showAmount,
  signedAmount,
  text,
  type Amount,
  type Value,
} from '../../../kernel/index.js';
import { twoPeople } from '../../programme/two-people.js';
import { assessChange } from '../law.js';
import { atLeast } from '../options.js';
import { afterAward, endingOn, event, type Change, type Contract } from '../state.js';
import { covers, vat } from './award.js';
import { changeFields, changeRules } from './change-fields.js';
import { delayed } from './milestones.js';
import { decided, differing, proposalOf, proposalRules } from './proposal.js';

/** The ceiling after a change, when it can be known. */
const raised = ({ ceiling }: Contract, to?: Amount, by?: Amount): Amount | undefined =>
  to ?? (by && isAmount(ceiling) && by.currency === ceiling.currency ? add(ceiling, by) : undefined);

/** The ceiling after a change: of one that is not known, what its steps make of it at least, had it been nothing before them. */
export const ceilingAfter = (c: Contract, to?: Amount, by?: Amount): Value => {
  const { ceiling } = c;
  const known = raised(c, to, by);
  if (known || !by || isAmount(ceiling)) return known ?? ceiling;
  const { atLeast, ...unknown } = ceiling;
  if (atLeast && atLeast.currency !== by.currency) return ceiling;
  const { least } = betweenOf(atLeast ? add(atLeast, by) : by);
  return least > 0n ? { ...unknown, atLeast: amountOf(least, by.currency) } : unknown;
};

/** Steps that were approved while the value was undisclosed are counted once it is known. */
const stepped = (c: Contract, value: Amount): Contract => {
  let sum: Contract = { ...c, ceiling: value };
  const changes = c.changes.map((change): Change => {
    const to = change.by && (isAmount(change.by) ? raised(sum, undefined, change.by) : atLeast(sum.ceiling));
    if (!to) return change;
    const counted = { ...change, from: sum.ceiling, to };
    sum = { ...sum, ceiling: to };
    return counted;
  });
  return { ...sum, changes };
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
    fields: { ...changeFields, proposal: optional(id('The proposal that is approved; absent where the change was not proposed here')) },
    rules: {
      ...proposalRules,
      'contract/other-than-proposed': {
        says: 'An approval says what was proposed: another change is another proposal.',
        field: ({ data }, c) => `/${differing(data, proposalOf(data.proposal, c))}`,
        detail: ({ data }, c) => `${data.proposal} differs in ${differing(data, proposalOf(data.proposal, c))}.`,
        holds: ({ data }, c) => differing(data, proposalOf(data.proposal, c)) === undefined,
      },
      ...changeRules,
    },
    evolve: (c, { kind, summary, to, by, statedFrom, endsOn, ground, proposal }, { event, effectiveOn, authority }) => ({
      ...c,
      ...decided(c, proposal, { status: 'approved', decidedOn: effectiveOn }),
      ceiling: ceilingAfter(c, to, by),
      term: endsOn ? endingOn(c, endsOn) : c.term,
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
          ...(proposal && { proposal }),
          ...(authority && { reference: authority.reference }),
        },
      ],
    }),
    assess: ({ to, by, endsOn: newEndsOn, unforeseen, ground, proposal }, context, c, programme, taken) => {
      const value = to || by ? (raised(c, to, by) ?? { unknown: true as const }) : undefined;
      return [
        ...twoPeople(programme, proposalOf(proposal, c), context, taken),
        ...assessChange(c, { to: value, by, newEndsOn, unforeseen, ground }, context, programme),
      ];
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
      ...delayed(c, milestone, to, cause),
      delays: [...c.delays, { milestone, to, event, ...(from && { from }), ...(cause && { cause }) }],
    }),
  }),
};
