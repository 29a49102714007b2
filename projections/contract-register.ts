import { newestOf, ownList, projection, source, type History } from '../src/kernel/index.js';
import { contract, type Contract } from '../src/domain/contract/index.js';
import { supplier } from '../src/domain/supplier/index.js';
import { trailOf } from './trail.js';

const lists = {
  changes: ownList(
    contract,
    ({ state }) => state.changes,
    (change) => change,
  ),
  delays: ownList(
    contract,
    ({ state }) => state.delays,
    (delay) => delay,
  ),
  novations: ownList(
    contract,
    ({ state }) => state.novations,
    (novation) => novation,
  ),
  notices: ownList(
    contract,
    ({ state }) => state.notices,
    (notice) => notice,
  ),
};

const shown = (history: History<Contract>) => {
  const { id, state } = history;
  return {
    contract: id,
    ...state,
    changes: newestOf(state.changes),
    delays: newestOf(state.delays),
    novations: newestOf(state.novations),
    notices: newestOf(state.notices),
    counts: {
      changes: state.changes.length,
      delays: state.delays.length,
      novations: state.novations.length,
      notices: state.notices.length,
    },
    trail: trailOf(history),
  };
};

const contracts = source(contract, 'contract', {
  place: (id, state) =>
    state.stage === 'none' ? [] : [{ key: `contract:${id}`, row: true, links: state.supplier ? [`supplier:${state.supplier}`] : [] }],
  show: (history) => ({ [`contract:${history.id}`]: shown(history) }),
});
const suppliers = source(supplier, 'supplier', {
  place: (id) => [{ key: `supplier:${id}` }],
  show: ({ id, state }) => ({ [`supplier:${id}`]: state.title }),
  shownByLinking: true,
});

/** Every contract that was ever recorded. */
export const contractRegister = projection({
  name: 'contract-register',
  version: 3,
  question: 'Which contracts are there, with whom, for how much, until when?',
  from: [contracts, suppliers],
  rows: {
    contract(id, lookup) {
      const row = lookup.get(contracts, id);
      return row && { ...row, supplierName: row.supplier ? (lookup.get(suppliers, row.supplier) ?? row.supplier) : null };
    },
  },
  lists: { contract: lists },
  filters: {
    programme: (row) => row.programme,
    supplier: (row) => row.supplier,
    tower: (row) => row.towers,
    stage: (row) => row.stage,
  },
});
