import { newestOf, ownList, projection, source, sums, type Key } from '../src/kernel/index.js';
import { redundancyFindings, workforce } from '../src/domain/workforce/index.js';
import { planOn, planShown, poolWithFindings, transferShown } from './staff.js';
import { trailOf } from './trail.js';

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
  version: 5,
  question: 'How many staff does each employer have, who is to move to whom, and who moved?',
  byDay: true,
  from: [workforces],
  rows: {
    workforce(id, lookup) {
      const row = lookup.get(workforces, id);
      return row && { ...row, plans: row.plans.map((plan) => planOn(plan, lookup.day)) };
    },
  },
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
        (plan, { state }, day) => planOn(planShown(plan, state), day),
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
  filters: {
    programme: (row) => row.programme,
    employer: (_, { value, key, lookup }) => lookup.sum(employers, keyOfEmployer(key, value)).employers > 0,
  },
});
