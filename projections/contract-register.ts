import { newestOf, ownList, projection, source, type History } from '../src/kernel/index.js';
import { contract, pastEndFrom, type Contract } from '../src/domain/contract/index.js';
import { supplier } from '../src/domain/supplier/index.js';
import { onDay, supplierKeys } from './promised.js';
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
    pastEndFrom: pastEndFrom(state) ?? null,
    supplier: state.supplier ?? null,
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
  place: (id, state) => (state.stage === 'none' ? [] : [{ key: `contract:${id}`, row: true, links: supplierKeys(state) }]),
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
      if (!row) return undefined;
      const today = onDay(row, lookup.day);
      const nameOf = (supplier: string | null | undefined) => (supplier ? (lookup.get(suppliers, supplier) ?? supplier) : null);
      const becomes = today.becomes && { ...today.becomes, supplierName: nameOf(today.becomes.supplier) };
      return { ...row, ...today, becomes, supplierName: nameOf(today.supplier) };
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
