import { source, projection } from '../src/kernel/index.js';
import { samePool, workforce, type Plan, type Pool, type Workforce } from '../src/domain/workforce/index.js';
import { trailOf } from './trail.js';

const poolOf = ({ count, measured, ...name }: Pool) => ({
  ...name,
  /** By all that was told; of a pool that nobody counted, only what moved in and out of it. */
  headcount: { count, ...(measured?.qualifier && { qualifier: measured.qualifier }), unit: name.unit },
  measured: measured !== undefined,
  measuredOn: measured?.on ?? null,
});
/** How many of those in scope have moved so far under the plan's own transfers. */
const planOf = (plan: Plan, { transfers }: Workforce) => {
  const own = transfers.filter((t) => t.plan === plan.plan);
  return { ...plan, moved: own.reduce((sum, { moved }) => sum + moved, 0), transfers: own.map(({ transfer }) => transfer) };
};

/** Who employs how many, who is to move, who moved. */
export const workforceBoard = projection({
  name: 'workforce',
  version: 1,
  question: 'How many staff does each employer have, who is to move to whom, and who moved?',
  filters: { programme: (row) => row.programme, employer: (row) => row.pools.map(({ employer }: { employer: string }) => employer) },
  from: [
    source(workforce, (history) => {
      const { id, state } = history;
      if (state.stage === 'none') return [];
      const { pools, plans, transfers, external } = state;
      return [
        {
          key: `workforce:${id}`,
          value: () =>
            ({
              programme: state.programme,
              pools: pools.map(poolOf),
              external,
              plans: plans.map((plan) => planOf(plan, state)),
              transfers: transfers.map((t) => ({ ...t, unit: pools.find((p) => samePool(p, t.from))?.unit ?? t.from.unit })),
              trail: trailOf(history),
            }) as never,
          row: true,
        },
      ];
    }),
  ],
  row: (key, lookup) => lookup.get(key)[0],
});
