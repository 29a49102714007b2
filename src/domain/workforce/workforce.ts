import {
  certainlyBefore,
  count,
  date,
  eventsOf,
  headcount,
  id,
  isNone,
  negative,
  optional,
  plus,
  quantity,
  rangeOf,
  ref,
  choice,
  smaller,
  sumOf,
  aggregate,
  text,
  ZERO,
  type Occurrence,
  type Quantity,
  type Range,
  type Rules,
} from '../../kernel/index.js';
import { lawOf } from '../programme/law.js';
import { programme, type Programme } from '../programme/programme.js';
import { factsOfTransfer, factsSaid } from './law.js';
import {
  counted,
  inUnit,
  isShort,
  LEAVER_REASONS,
  moved,
  once,
  pool,
  poolFields,
  poolName,
  poolOf,
  samePool,
  shortfall,
  shortBy,
  UNITS,
  vacated,
  type LeaverReason,
  type PoolName,
  type Pools,
} from './pools.js';
import {
  anotherEmployer,
  dayOfTransfer,
  inRange,
  ofAKnownPlan,
  oneUnit,
  registerFields,
  transferFields,
  transferRules,
  wholeNumbers,
  type Plan,
  type Planning,
  type Transfer,
} from './transfers.js';

/** Who left for outside: when, from where, under which plan, why. */
export interface Leavers extends PoolName {
  readonly count: Range;
  readonly plan?: string;
  readonly reason?: LeaverReason;
  readonly notifiedOn?: string;
  readonly on: string;
  readonly event: string;
}

/**
 * Headcount in double entry: people who enter a pool leave another, or come from outside. Every change stands on a line of the movement
 * tables of the pools, and the lines between pools come to nothing.
 */
export interface Workforce extends Planning {
  readonly stage: 'none' | 'counted';
  readonly programme?: string;
  readonly pools: Pools;
  readonly leavers: readonly Leavers[];
  /** By how many fewer a pool was counted than was recorded, where that is certain. */
  readonly missing: readonly Missing[];
}
interface Missing extends PoolName {
  readonly count: Range;
  readonly on: string;
}

const ofThisProgramme = {
  'workforce/another-programme': {
    says: 'The workforce of a programme has the id of the programme.',
    field: '/programme',
    detail: ({ id }) => `This is the workforce of ${id}.`,
    holds: ({ id, data }) => data.programme === id,
  },
} satisfies Rules<Occurrence<{ readonly programme: string }>, Workforce>;

const how = quantity('How many', { min: 1, example: 113 });
const wholeCount = {
  'workforce/not-whole': wholeNumbers<Pick<PoolName, 'unit'> & { readonly count: Quantity }>(({ unit, count }) => [
    unit,
    { '/count': count },
  ]),
};
/** A fact of one pool that may stand under a plan. */
const underPlan = {
  ...ofAKnownPlan,
  'workforce/not-of-the-plan': {
    says: 'Those who leave or join under a plan are of the pool that it moves.',
    field: '/plan',
    detail: ({ data: { plan } }, { plans }) => `${plan} moves staff of ${poolName(plans.find((p) => p.plan === plan)!.from)}.`,
    holds: ({ data }, { plans }) => plans.every(({ plan, from }) => plan !== data.plan || samePool(from, data)),
  },
  ...wholeCount,
} satisfies Rules<Occurrence<PoolName & { readonly plan?: string; readonly count: Quantity }>, Workforce>;

/** Copies the list of plans once: an event costs a search and a copy of references, 8 bytes for each plan. */
const withPlan = (w: Workforce, plan: string | undefined, change: (plan: Plan) => Plan): Workforce => {
  const at = plan === undefined ? -1 : w.plans.findIndex((p) => p.plan === plan);
  return at === -1 ? w : { ...w, plans: w.plans.with(at, change(w.plans[at]!)) };
};
const notCancelled = {
  'workforce/plan-cancelled': {
    says: 'A cancelled plan is not revised: make another one.',
    field: '/plan',
    detail: ({ data: { plan } }, { plans }) => `${plan} was cancelled on ${plans.find((p) => p.plan === plan)!.cancelled!.on}.`,
    holds: ({ data: { plan } }, { plans }) => !plans.some((p) => p.plan === plan && p.cancelled),
  },
} satisfies Rules<Occurrence<{ readonly plan: string }>, Workforce>;

/** Leavers under a plan whom transfers of it, which may be later, have among their `left`: the pool has lost them already. */
const knownToHaveLeft = (w: Workforce, plan: string, pool: PoolName, count: Range, effectiveOn: string) => {
  let rest = count;
  let transfers = w.transfers;
  for (const [i, t] of w.transfers.entries()) {
    if (t.plan !== plan || !samePool(t.from, pool) || certainlyBefore(t.on, effectiveOn)) continue;
    const open = once(inRange(t.left, t.from), t.leftRecorded).more;
    const covered = smaller(open, rest);
    if (isNone(covered)) continue;
    rest = once(rest, covered).more;
    transfers = transfers.with(i, { ...t, leftRecorded: plus(t.leftRecorded, covered) });
  }
  return { transfers, more: rest, covered: once(count, rest).more };
};

/** Who was in scope of the transfers of a plan that stand. */
const inScopeUntilNow = ({ transfers }: Workforce, { plan, from }: Plan): Range =>
  sumOf(transfers.map((t) => (t.plan === plan && samePool(t.from, from) ? inRange(t.inScope, from) : ZERO)));

const event = eventsOf<Workforce, Programme>();

export const workforce = aggregate({
  category: 'workforce',
  initial: { stage: 'none', pools: [], plans: [], transfers: [], leavers: [], missing: [] } as Workforce,
  stages: ['none', 'counted'],
  events: {
    BaselineRecorded: event({
      allowedIn: ['none', 'counted'],
      fields: {
        programme: ref('programme'),
        employer: poolFields.employer,
        function: poolFields.function,
        headcount: headcount('How many there are'),
        vacancies: optional(count('Vacant ones among the posts')),
      },
      rules: {
        ...ofThisProgramme,
        'workforce/not-vacant': {
          says: 'Only posts are vacant, and no more of them than there are.',
          field: '/vacancies',
          detail: ({ data: { headcount, vacancies } }) => `${vacancies} of ${headcount.count} ${headcount.unit} would be vacant.`,
          holds: ({ data: { headcount, vacancies = 0 } }) =>
            vacancies === 0 || (headcount.unit === 'posts' && vacancies <= (rangeOf(headcount, 'posts').most ?? Number.POSITIVE_INFINITY)),
        },
      },
      evolve: (w, { programme, employer, function: of, headcount, vacancies }, { effectiveOn }) => {
        const name: PoolName = { employer, function: of, unit: headcount.unit };
        const measured = { ...headcount, on: effectiveOn };
        const holds = rangeOf(headcount, headcount.unit);
        const pools = counted(w.pools, name, measured, holds, vacancies);
        const fewer = shortfall(poolOf(w.pools, name), holds);
        const missing = fewer ? [...w.missing, { ...name, count: fewer, on: effectiveOn }] : w.missing;
        return { ...w, stage: 'counted', programme, pools, missing };
      },
    }),
    TransferPlanned: event({
      allowedIn: ['none', 'counted'],
      fields: {
        programme: ref('programme'),
        plan: id('The planned transfer', { example: 'applications-2016' }),
        from: pool,
        to: pool,
        inScope: headcount('How many are in scope'),
        ...registerFields,
        expectedOn: optional(date('When they are to move')),
      },
      rules: {
        ...ofThisProgramme,
        'workforce/duplicate': {
          says: 'Each plan and each transfer has an id of its own.',
          field: '/plan',
          detail: ({ data: { plan } }) => `${plan} is the id of another plan.`,
          holds: ({ data }, { plans }) => !plans.some(({ plan }) => plan === data.plan),
        },
        'workforce/same-employer': anotherEmployer,
        'workforce/mixed-units': {
          ...oneUnit,
          holds: ({ data: { from, to, inScope } }) => from.unit === inScope.unit && to.unit === inScope.unit,
        },
      },
      evolve: (w, { programme, ...data }, { event, effectiveOn }) => {
        const start = {
          scopeOn: effectiveOn,
          revisions: 0,
          before: ZERO,
          left: ZERO,
          joined: ZERO,
          covered: ZERO,
          informed: [],
          consulted: [],
        };
        return { ...w, stage: 'counted', programme, plans: [...w.plans, { ...data, ...start, on: effectiveOn, event }] };
      },
    }),
    PlanRevised: event({
      allowedIn: ['counted'],
      fields: {
        plan: id('The plan', { example: 'applications-2016' }),
        inScope: optional(headcount('How many are on the list of this day', { example: { count: 110, unit: 'people' } })),
        expectedOn: optional(date('When they are to move')),
        ...registerFields,
        why: optional(text('Why', { max: 1000 })),
      },
      rules: {
        ...ofAKnownPlan,
        ...notCancelled,
        'workforce/revises-nothing': {
          says: 'A revision states what changes.',
          field: '/inScope',
          holds: ({ data: { plan: _, why: __, ...changes } }) => Object.keys(changes).length > 0,
        },
        'workforce/mixed-units': {
          ...oneUnit,
          field: '/inScope/unit',
          holds: ({ data: { plan, inScope } }, { plans }) =>
            !inScope || plans.every((p) => p.plan !== plan || p.from.unit === inScope.unit),
        },
      },
      evolve: (w, { plan, why: _, ...changes }, { effectiveOn }) =>
        withPlan(w, plan, (p) => ({
          ...p,
          ...changes,
          // A new list has nobody who left or transferred before it, and all who joined until then.
          ...(changes.inScope && { scopeOn: effectiveOn, before: inScopeUntilNow(w, p), left: ZERO, joined: ZERO, covered: ZERO }),
          revisions: p.revisions + 1,
        })),
    }),
    PlanCancelled: event({
      allowedIn: ['counted'],
      fields: { plan: id('The plan', { example: 'applications-2016' }), why: text('Why', { max: 1000 }) },
      rules: ofAKnownPlan,
      evolve: (w, { plan, why }, { effectiveOn }) =>
        withPlan(w, plan, (p) => ({ ...p, cancelled: p.cancelled ?? { on: effectiveOn, why } })),
    }),
    LiabilityInformationDelivered: event({
      allowedIn: ['counted'],
      fields: {
        plan: id('The plan', { example: 'applications-2016' }),
        transferOn: optional(date('The day of the transfer that it is for, where the plan has several')),
      },
      rules: ofAKnownPlan,
      evolve: (w, { plan, transferOn }, { effectiveOn }) =>
        withPlan(w, plan, (p) => ({ ...p, informed: [...p.informed, { on: effectiveOn, ...(transferOn && { transferOn }) }] })),
    }),
    ConsultationRecorded: event({
      allowedIn: ['counted'],
      fields: {
        plan: id('The plan', { example: 'applications-2016' }),
        with: choice(['union', 'representatives', 'direct'], 'With whom'),
        informedOn: optional(date('When they were informed; the day of the act when absent')),
        measures: optional(text('The measures that are envisaged, in our own words', { max: 2000 })),
        employees: optional(count('How many employees the employer has, where it consults them directly')),
      },
      rules: {
        ...ofAKnownPlan,
        'workforce/informed-later': {
          says: 'Who was informed is recorded on that day or later.',
          field: '/informedOn',
          detail: ({ data: { informedOn }, effectiveOn }) => `They would be informed on ${informedOn}, after ${effectiveOn}.`,
          holds: ({ data: { informedOn }, effectiveOn }) => !informedOn || !certainlyBefore(effectiveOn, informedOn),
        },
      },
      evolve: (w, { plan, informedOn, ...data }, { effectiveOn }) =>
        withPlan(w, plan, (p) => ({ ...p, consulted: [...p.consulted, { ...data, informedOn: informedOn ?? effectiveOn }] })),
    }),
    StaffTransferred: event({
      allowedIn: ['counted'],
      fields: transferFields,
      rules: transferRules,
      evolve(w, { listSha256: _, objected = 0, retained = 0, left = 0, ...rest }, { event, effectiveOn }) {
        const { from, to, fte, posts, vacancies } = rest;
        const plan = w.plans.find(({ plan }) => plan === rest.plan);
        // Leavers under the plan are of its pool: a transfer from another one has lost others.
        const open = plan && samePool(plan.from, from) ? once(plan.left, plan.covered).more : ZERO;
        const { more, covered } = once(inRange(left, from), open);
        let pools = both(w.pools, from, to, inRange(rest.moved, from));
        pools = moved(pools, from, 'objected', negative(inRange(objected, from)));
        pools = moved(pools, from, 'left-before-transfer', negative(more));
        if (fte) {
          const [of, into] = [inUnit(from, 'fte'), inUnit(to, 'fte')];
          pools = both(pools, of, into, inRange(fte.moved, of));
          pools = moved(pools, of, 'objected', negative(inRange(fte.objected, of)));
          pools = moved(pools, of, 'left-before-transfer', negative(inRange(fte.left, of)));
        }
        if (posts) pools = both(pools, inUnit(from, 'posts'), inUnit(to, 'posts'), rangeOf(posts.moved, 'posts'));
        pools = vacated(pools, inUnit(from, 'posts'), inUnit(to, 'posts'), posts?.vacancies ?? vacancies ?? 0);
        const transfer: Transfer = { ...rest, objected, retained, left, leftRecorded: covered, on: effectiveOn, event };
        const after = { ...w, pools, transfers: [...w.transfers, transfer] };
        return withPlan(after, rest.plan, (p) => ({ ...p, covered: plus(p.covered, covered) }));
      },
      assess(data, context, w, governing) {
        const transferOn = dayOfTransfer({ ...data, on: context.effectiveOn });
        const plan = w.plans.find(({ plan }) => plan === data.plan);
        const facts = factsOfTransfer(plan, { basis: data.basis, transferOn, transferring: inRange(data.moved, data.from) });
        return lawOf(governing, { subject: 'transfer', facts, inputs: factsSaid(facts), refuses: false }, context);
      },
    }),
    StaffRedeployed: event({
      allowedIn: ['counted'],
      fields: {
        employer: poolFields.employer,
        unit: choice(UNITS, 'What is counted'),
        from: id('What they did', { example: 'it' }),
        to: id('What they do now', { example: 'finance' }),
        count: how,
        why: optional(text('Why')),
      },
      rules: {
        'workforce/same-pool': {
          says: 'Staff are redeployed to another function.',
          field: '/to',
          detail: ({ data: { to } }) => `They are in ${to} already.`,
          holds: ({ data: { from, to } }) => from !== to,
        },
        ...wholeCount,
      },
      evolve: (w, { employer, unit, from, to, count }) => {
        const moving = rangeOf(count, unit);
        const gone = moved(w.pools, { employer, function: from, unit }, 'redeployed-out', negative(moving));
        return { ...w, pools: moved(gone, { employer, function: to, unit }, 'redeployed-in', moving) };
      },
    }),
    StaffLeft: event({
      allowedIn: ['counted'],
      fields: {
        ...poolFields,
        count: how,
        plan: optional(id('The plan under which they were in scope')),
        reason: optional(choice(LEAVER_REASONS, 'Why they left')),
        notifiedOn: optional(date('When notice of the redundancies was given to the public authority, where there was one')),
        why: optional(text('Why, in our own words')),
      },
      rules: underPlan,
      evolve(w, { count, plan, reason, notifiedOn, why: _, ...name }, { event, effectiveOn }) {
        const left = rangeOf(count, name.unit);
        const { transfers, more, covered } = plan ? knownToHaveLeft(w, plan, name, left, effectiveOn) : { transfers: w.transfers, more: left, covered: ZERO }; // prettier-ignore
        const leavers: Leavers = { ...name, count: left, ...(plan && { plan }), ...(reason && { reason }), ...(notifiedOn && { notifiedOn }), on: effectiveOn, event }; // prettier-ignore
        const pools = moved(w.pools, name, `left: ${reason ?? 'not stated'}`, negative(more));
        const after = { ...w, pools, transfers, leavers: [...w.leavers, leavers] };
        return withPlan(after, plan, (p) => ({ ...p, left: plus(p.left, left), covered: plus(p.covered, covered) }));
      },
    }),
    StaffJoined: event({
      allowedIn: ['counted'],
      fields: {
        ...poolFields,
        count: how,
        plan: optional(id('The plan under which they are in scope')),
        why: optional(text('Why they joined')),
      },
      rules: underPlan,
      evolve: (w, { count, plan, why: _, ...name }) => {
        const more = rangeOf(count, name.unit);
        return withPlan({ ...w, pools: moved(w.pools, name, 'joined', more) }, plan, (p) => ({ ...p, joined: plus(p.joined, more) }));
      },
    }),
  },
  invariants: {
    'workforce/below-zero': {
      says: 'No more can leave a pool than it was counted to hold.',
      brokenBy: { StaffTransferred: '/moved', StaffRedeployed: '/count', StaffLeft: '/count' },
      detail: ({ pools }) =>
        pools
          .filter(isShort)
          .map((pool) => `${poolName(pool)}: ${shortBy(pool)} more would leave than it holds.`)
          .join(' '),
      holds: ({ pools }) => !pools.some(isShort),
    },
  },
  about: (_, { programme }) => (programme ? { programme } : {}),
  governedBy: { aggregate: programme, of: (w) => w.programme },
});

/** Both legs of a transfer. */
function both(pools: Pools, from: PoolName, to: PoolName, count: Range): Pools {
  return moved(moved(pools, from, 'transferred-out', negative(count)), to, 'transferred-in', count);
}
