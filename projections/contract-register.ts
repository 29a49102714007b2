import { source, projection } from '../src/kernel/index.js';
import { contract } from '../src/domain/contract/index.js';
import { supplier } from '../src/domain/supplier/index.js';
import { trailOf } from './trail.js';

/** Every contract that was ever told of, whole. */
export const contractRegister = projection({
  name: 'contract-register',
  version: 1,
  question: 'Which contracts are there, with whom, for how much, until when?',
  filters: {
    programme: (row) => row.programme,
    supplier: (row) => row.supplier,
    tower: (row) => row.towers,
    stage: (row) => row.stage,
  },
  from: [
    source(contract, (history) =>
      history.state.stage === 'none'
        ? []
        : [
            {
              key: `contract:${history.id}`,
              value: () => ({ contract: history.id, ...history.state, trail: trailOf(history) }) as never,
              row: true,
              links: history.state.supplier ? [`supplier:${history.state.supplier}`] : [],
            },
          ],
    ),
    source(supplier, ({ id, state }) => [{ key: `supplier:${id}`, value: () => ({ title: state.title }) }]),
  ],
  row(key, lookup) {
    const [own] = lookup.get(key);
    return own && { ...own, supplierName: own.supplier ? (lookup.get(`supplier:${own.supplier}`)[0]?.title ?? own.supplier) : null };
  },
});
