import { certainlyBefore, date, id, optional, matchKey, text, type Occurrence, type Rules } from '../../../kernel/index.js';
import { changed, withItem, type Milestone } from '../lists.js';
import { afterAward, event, type Contract } from '../state.js';

const milestone = id('The milestone', { example: 'go-live' });
const milestoneOf = (milestone: string, { milestones }: Pick<Contract, 'milestones'>): Milestone | undefined =>
  milestones?.find((one) => one.milestone === milestone);
const moved = (c: Contract, milestone: string, change: (found: Milestone) => Milestone): Contract => {
  const { milestones = [] } = c;
  const at = milestones.findIndex((one) => one.milestone === milestone);
  return at === -1 ? c : { ...c, milestones: milestones.with(at, change(milestones[at]!)) };
};

/** For an event of a milestone: it is set, and was not reached. */
const milestoneRules = {
  'contract/unknown-milestone': {
    says: 'The contract has no such milestone.',
    field: '/milestone',
    detail: (_, { milestones = [] }) => `It has ${milestones.map(({ milestone }) => milestone).join(', ') || 'none'}.`,
    holds: ({ data: { milestone } }, c) => milestoneOf(milestone, c) !== undefined,
  },
  'contract/milestone-reached': {
    says: 'A milestone that was reached is neither moved, missed nor reached again.',
    field: '/milestone',
    detail: ({ data: { milestone } }, c) => `${milestone} was reached on ${milestoneOf(milestone, c)!.reachedOn}.`,
    holds: ({ data: { milestone } }, c) => milestoneOf(milestone, c)?.status !== 'reached',
  },
} satisfies Rules<Occurrence<{ readonly milestone: string }>, Contract>;

const later =
  (forecast: string, cause: string | undefined) =>
  ({ cause: _, ...one }: Milestone): Milestone => ({ ...one, forecast, moves: one.moves + 1, ...(cause && { cause }) });
/** The key of its title, made once for each: a delay is compared with every milestone. */
const keys = new WeakMap<Milestone, string>();
const keyOf = (one: Milestone): string => {
  let key = keys.get(one);
  if (key === undefined) keys.set(one, (key = matchKey(one.title)));
  return key;
};
/** A delay of something that is a milestone, by its id or its title, moves it: one that was reached stays as it was. */
export const delayed = (c: Contract, name: string, to: string, cause: string | undefined): Contract => {
  const key = matchKey(name);
  const isMeant = (one: Milestone): boolean =>
    one.status !== 'reached' && (one.milestone === name || (key === '' ? one.title === name : keyOf(one) === key));
  return c.milestones?.some(isMeant) ? { ...c, milestones: changed(c.milestones, isMeant, later(to, cause)) } : c;
};

/** What a contract is to have done by which day: as agreed, as expected, as it was. */
export const tracking = {
  MilestoneSet: event({
    allowedIn: afterAward,
    fields: {
      milestone,
      title: text('What is to be reached', { example: 'Go-live of hosting' }),
      baseline: date('The day that was agreed'),
    },
    rules: {
      'contract/milestone-exists': {
        says: 'Each milestone has an id of its own, and one baseline.',
        field: '/milestone',
        detail: ({ data: { milestone } }, c) => `${milestone} is agreed for ${milestoneOf(milestone, c)!.baseline}: move it instead.`,
        holds: ({ data: { milestone } }, c) => milestoneOf(milestone, c) === undefined,
      },
    },
    evolve: (c, { milestone, title, baseline }, { event, effectiveOn: on }) => ({
      ...c,
      milestones: withItem(c.milestones, { milestone, title, baseline, forecast: baseline, status: 'planned', moves: 0, event, on }),
    }),
  }),
  MilestoneMoved: event({
    allowedIn: afterAward,
    fields: {
      milestone,
      forecast: date('When it is expected now, later or earlier; unknown when nobody says'),
      cause: optional(text('Why', { max: 1000 })),
    },
    rules: milestoneRules,
    evolve: (c, { milestone, forecast, cause }) => moved(c, milestone, later(forecast, cause)),
  }),
  MilestoneReached: event({
    allowedIn: [...afterAward, 'closed'],
    fields: { milestone, reachedOn: optional(date('When it was reached; the day of the act when absent')) },
    rules: {
      ...milestoneRules,
      'contract/reached-in-the-future': {
        says: 'A milestone is recorded as reached on its day or later.',
        field: '/reachedOn',
        detail: ({ effectiveOn }) => `It is recorded as of ${effectiveOn}.`,
        holds: ({ data: { reachedOn }, effectiveOn }) => !reachedOn || !certainlyBefore(effectiveOn, reachedOn),
      },
    },
    evolve: (c, { milestone, reachedOn }, { effectiveOn }) =>
      moved(c, milestone, (one) => ({ ...one, status: 'reached', reachedOn: reachedOn ?? effectiveOn })),
  }),
  MilestoneMissed: event({
    allowedIn: [...afterAward, 'closed'],
    fields: { milestone, cause: optional(text('Why', { max: 1000 })) },
    rules: {
      ...milestoneRules,
      'contract/not-yet-missed': {
        says: 'A milestone is missed once its baseline has passed.',
        field: '/record/effectiveOn',
        detail: ({ data: { milestone } }, c) => `${milestone} is agreed for ${milestoneOf(milestone, c)!.baseline}.`,
        holds({ data: { milestone }, effectiveOn }, c) {
          const baseline = milestoneOf(milestone, c)?.baseline;
          return baseline === undefined || !certainlyBefore(effectiveOn, baseline);
        },
      },
    },
    evolve: (c, { milestone, cause }) => moved(c, milestone, (one) => ({ ...one, status: 'missed', ...(cause && { cause }) })),
  }),
};
