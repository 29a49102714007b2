import { newestOf, ownList, projection, source } from '../src/kernel/index.js';
import { redundancyFindings, workforce } from '../src/domain/workforce/index.js';
import { planShown, poolWithFindings, transferShown } from './staff.js';
import { trailOf } from './trail.js';

const workforces = source(workforce, 'workforce', {
  place: (id, { stage }) => (stage === 'none' ? [] : [{ key: `workforce:${id}`, row: true }]),
  show(history) {
    const { state } = history;
    const { programme, pools, plans, transfers } = state;
    const redundancies = redundancyFindings(state);
    return {
      [`workforce:${history.id}`]: {
        programme,
        pools: newestOf(pools).map((pool) => poolWithFindings(pool, state)),
        plans: newestOf(plans).map((plan) => planShown(plan, state)),
        transfers: newestOf(transfers).map((transfer) => transferShown(transfer, state)),
        findings: newestOf(redundancies),
        counts: { pools: pools.length, plans: plans.length, transfers: transfers.length, findings: redundancies.length },
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
      pools: ownList(
        workforce,
        ({ state }) => state.pools,
        (pool, { state }) => poolWithFindings(pool, state),
      ),
      plans: ownList(
        workforce,
        ({ state }) => state.plans,
        (plan, { state }) => planShown(plan, state),
      ),
      transfers: ownList(
        workforce,
        ({ state }) => state.transfers,
        (transfer, { state }) => transferShown(transfer, state),
      ),
      findings: ownList(
        workforce,
        ({ state }) => redundancyFindings(state),
        (finding) => finding,
      ),
    },
  },
  filters: { programme: (row) => row.programme, employer: (row) => row.pools?.map(({ employer }) => employer) },
});
