import { newestOf, ownList, projection, source, sums, type Key } from '../src/kernel/index.js';
import { samePool, workforce, type Plan, type Pool, type Transfer, type Workforce } from '../src/domain/workforce/index.js';
import { trailOf } from './trail.js';

type Of = { readonly state: Workforce };
const poolShown = ({ count, measured, ...name }: Pool) => ({
  ...name,
  /** By everything recorded; of a pool that nobody counted, only what moved in and out of it. */
  headcount: { count, ...(measured?.qualifier && { qualifier: measured.qualifier }), unit: name.unit },
  measured: measured !== undefined,
  measuredOn: measured?.on ?? null,
});
/** How many of those in scope have moved so far under the plan's own transfers. */
const planShown = (plan: Plan, { state: { transfers } }: Of) => {
  const own = transfers.filter((t) => t.plan === plan.plan);
  return {
    ...plan,
    moved: own.reduce((sum, { moved }) => sum + moved, 0),
    transfers: newestOf(own.map(({ transfer }) => transfer)),
    counts: { transfers: own.length },
  };
};
const transferShown = (t: Transfer, { state: { pools } }: Of) => ({
  ...t,
  unit: pools.find((p) => samePool(p, t.from))?.unit ?? t.from.unit,
});

/** The employers of all pools: the row carries only some of them. */
const employers = sums({ employers: 'count' });
const ONE_EMPLOYER = employers.of({ employers: 1 });
const keyOfEmployer = (key: Key, employer: string) => `${key}#of/${employer}` as Key;

const workforces = source(workforce, 'workforce', {
  place: (id, { stage, pools }) =>
    stage === 'none'
      ? []
      : [
          {
            key: `workforce:${id}`,
            row: true,
            sums: Object.fromEntries(pools.map(({ employer }) => [keyOfEmployer(`workforce:${id}`, employer), ONE_EMPLOYER])),
          },
        ],
  show(history) {
    const { programme, pools, plans, transfers, external } = history.state;
    return {
      [`workforce:${history.id}`]: {
        programme,
        pools: newestOf(pools).map(poolShown),
        external,
        plans: newestOf(plans).map((plan) => planShown(plan, history)),
        transfers: newestOf(transfers).map((t) => transferShown(t, history)),
        counts: { pools: pools.length, plans: plans.length, transfers: transfers.length },
        trail: trailOf(history),
      },
    };
  },
});

/** Who employs how many, who is to move, who moved. */
export const workforceBoard = projection({
  name: 'workforce',
  version: 3,
  question: 'How many staff does each employer have, who is to move to whom, and who moved?',
  from: [workforces],
  rows: { workforce: (id, lookup) => lookup.get(workforces, id) },
  lists: {
    workforce: {
      pools: ownList(workforce, ({ state }) => state.pools, poolShown),
      plans: ownList(workforce, ({ state }) => state.plans, planShown),
      transfers: ownList(workforce, ({ state }) => state.transfers, transferShown),
    },
  },
  filters: {
    programme: (row) => row.programme,
    employer: (_, { value, key, lookup }) => lookup.sum(employers, keyOfEmployer(key, value)).employers > 0,
  },
});
