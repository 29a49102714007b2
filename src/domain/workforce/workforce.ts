import {
  choice,
  count,
  date,
  eventsOf,
  headcount,
  id,
  object,
  optional,
  ref,
  subject,
  text,
  type DataOf,
  type Headcount,
  type Occurrence,
  type Rule,
  type Rules,
} from '../../kernel/index.js';
import { programme, type Programme } from '../programme/programme.js';

const poolFields = {
  employer: id('Who employs them: the authority, or a supplier', { example: 'authority' }),
  function: id('What they do', { example: 'it' }),
  unit: choice(['posts', 'people', 'fte'], 'What is counted; never mixed'),
};
const pool = object(poolFields, 'A pool of staff');
const heads = count('How many', { min: 1, example: 113 });

export type PoolName = DataOf<typeof poolFields>;
/** A pool holds `count` by all that was recorded of it; `measured` is the last baseline. */
export interface Pool extends PoolName {
  readonly count: number;
  readonly measured?: Headcount & { readonly on: string };
}
export interface Plan {
  readonly plan: string;
  readonly from: PoolName;
  readonly to: PoolName;
  readonly inScope: Headcount;
  readonly contract?: string;
  readonly expectedOn?: string;
  readonly event: string;
}
export interface Transfer {
  readonly transfer: string;
  readonly plan?: string;
  readonly contract?: string;
  readonly from: PoolName;
  readonly to: PoolName;
  readonly inScope: number;
  readonly moved: number;
  readonly objected: number;
  readonly retained: number;
  readonly left: number;
  readonly on: string;
  readonly event: string;
}

/** Headcount in double entry: people who enter a pool leave another, or come from outside; the sum over all never changes. */
export interface Workforce {
  readonly stage: 'none' | 'counted';
  readonly programme?: string;
  readonly pools: readonly Pool[];
  /** The counter-leg of baselines, joiners and leavers, by unit. */
  readonly external: { readonly posts: number; readonly people: number; readonly fte: number };
  readonly plans: readonly Plan[];
  readonly transfers: readonly Transfer[];
}

export const samePool = (a: PoolName, b: PoolName): boolean => a.employer === b.employer && a.function === b.function && a.unit === b.unit;
export const poolName = ({ employer, function: of, unit }: PoolName): string => `${employer}, ${of}, ${unit}`;
const named = ({ employer, function: of, unit }: PoolName): PoolName => ({ employer, function: of, unit });

/** Both legs of an entry: so many more in a pool, so many fewer outside. */
const entered = (w: Workforce, name: PoolName, more: number, measured?: Pool['measured']): Workforce => {
  const before = w.pools.find((p) => samePool(p, name)) ?? { ...named(name), count: 0 };
  const after: Pool = { ...before, count: before.count + more, ...(measured && { measured }) };
  return {
    ...w,
    pools: [...w.pools.filter((p) => p !== before), after].sort((a, b) => (poolName(a) < poolName(b) ? -1 : 1)),
    external: { ...w.external, [name.unit]: w.external[name.unit] - more },
  };
};
const countOf = (w: Workforce, name: PoolName): number => w.pools.find((p) => samePool(p, name))?.count ?? 0;

/** Fewer than none, by an exact count. */
const isShort = ({ count, measured }: Pool): boolean => count < 0 && measured !== undefined && (measured.qualifier ?? 'exact') === 'exact';

const ofThisProgramme = {
  'workforce/another-programme': {
    says: 'The workforce of a programme has the id of the programme.',
    field: '/programme',
    detail: ({ id }) => `This is the workforce of ${id}.`,
    holds: ({ id, data }) => data.programme === id,
  },
} satisfies Rules<Occurrence<{ readonly programme: string }>, Workforce>;
const anotherEmployer: Rule<Occurrence<{ readonly from: PoolName; readonly to: PoolName }>, Workforce> = {
  says: 'A transfer goes from one employer to another.',
  field: '/to/employer',
  detail: ({ data: { to } }) => `${to.employer} employs them already.`,
  holds: ({ data: { from, to } }) => from.employer !== to.employer,
};
const oneUnit = { says: 'Posts, people and full-time equivalents are never mixed.', field: '/to/unit' };

const event = eventsOf<Workforce, Programme>();

export const workforce = subject({
  category: 'workforce',
  initial: { stage: 'none', pools: [], external: { posts: 0, people: 0, fte: 0 }, plans: [], transfers: [] } as Workforce,
  stages: ['none', 'counted'],
  events: {
    BaselineRecorded: event({
      allowedIn: ['none', 'counted'],
      fields: {
        programme: ref('programme'),
        employer: poolFields.employer,
        function: poolFields.function,
        headcount: headcount('How many there are'),
      },
      rules: ofThisProgramme,
      evolve: (w, { programme, employer, function: of, headcount }, { effectiveOn }) => {
        const name: PoolName = { employer, function: of, unit: headcount.unit };
        const counted = entered(w, name, headcount.count - countOf(w, name), { ...headcount, on: effectiveOn });
        return { ...counted, stage: 'counted', programme };
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
        contract: optional(ref('contract', 'The contract that makes it necessary')),
        expectedOn: optional(date('When they are to move')),
      },
      rules: {
        ...ofThisProgramme,
        'workforce/same-employer': anotherEmployer,
        'workforce/mixed-units': {
          ...oneUnit,
          holds: ({ data: { from, to, inScope } }) => from.unit === inScope.unit && to.unit === inScope.unit,
        },
      },
      evolve: (w, { programme, ...plan }, { event }) => ({ ...w, stage: 'counted', programme, plans: [...w.plans, { ...plan, event }] }),
    }),
    StaffTransferred: event({
      allowedIn: ['counted'],
      fields: {
        transfer: id('The transfer', { example: 'applications-2016' }),
        plan: optional(id('The plan that it carries out')),
        contract: optional(ref('contract', 'The contract that made it necessary')),
        from: pool,
        to: pool,
        inScope: heads,
        moved: count('Who moved to the new employer'),
        objected: optional(count('Who objected, and so left')),
        retained: optional(count('Who stayed with the old employer')),
        left: optional(count('Who left before the day')),
        listSha256: optional(text('SHA-256 of the list of staff, in hexadecimal; names are never stored', { max: 64 })),
      },
      rules: {
        'workforce/same-employer': anotherEmployer,
        'workforce/mixed-units': { ...oneUnit, holds: ({ data: { from, to } }) => from.unit === to.unit },
        'workforce/does-not-add-up': {
          says: 'Moved, objected, retained and left are together those in scope.',
          field: '/inScope',
          detail: ({ data: { inScope, moved, objected = 0, retained = 0, left = 0 } }) =>
            `${moved} moved, ${objected} objected, ${retained} retained and ${left} left are ${moved + objected + retained + left}, not ${inScope}.`,
          holds: ({ data: { inScope, moved, objected = 0, retained = 0, left = 0 } }) => moved + objected + retained + left === inScope,
        },
      },
      evolve: (w, { listSha256: _, objected = 0, retained = 0, left = 0, ...rest }, { event, effectiveOn }) => {
        const gone = entered(w, rest.from, -(rest.moved + objected + left));
        const moved = entered(gone, rest.to, rest.moved);
        return { ...moved, transfers: [...w.transfers, { ...rest, objected, retained, left, on: effectiveOn, event }] };
      },
    }),
    StaffLeft: event({
      allowedIn: ['counted'],
      fields: { ...poolFields, count: heads, why: optional(text('Why they left')) },
      evolve: (w, { count, ...name }) => entered(w, name, -count),
    }),
    StaffJoined: event({
      allowedIn: ['counted'],
      fields: { ...poolFields, count: heads, why: optional(text('Why they joined')) },
      evolve: (w, { count, ...name }) => entered(w, name, count),
    }),
  },
  invariants: {
    'workforce/below-zero': {
      says: 'No more can leave a pool than it was counted to hold.',
      brokenBy: { StaffTransferred: '/moved', StaffLeft: '/count' },
      detail: ({ pools }) =>
        pools
          .filter(isShort)
          .map((pool) => `${poolName(pool)} would hold ${pool.count}.`)
          .join(' '),
      holds: ({ pools }) => !pools.some(isShort),
    },
    'workforce/duplicate': {
      says: 'Each plan and each transfer has an id of its own.',
      brokenBy: { TransferPlanned: '/plan', StaffTransferred: '/transfer' },
      holds: ({ plans, transfers }) =>
        new Set(plans.map(({ plan }) => plan)).size === plans.length &&
        new Set(transfers.map(({ transfer }) => transfer)).size === transfers.length,
    },
    'workforce/unknown-plan': {
      says: 'A transfer carries out a plan that was recorded.',
      brokenBy: { StaffTransferred: '/plan' },
      holds: ({ plans, transfers }) => transfers.every((t) => t.plan === undefined || plans.some(({ plan }) => plan === t.plan)),
    },
  },
  about: (_, { programme }) => (programme ? { programme } : {}),
  governedBy: { aggregate: programme, of: (w) => w.programme },
});
