/** What the compiler must refuse in a projection: `npm run types` fails when one of these lines compiles. */
import { contract } from '../../src/domain/contract/index.js';
import { eventSource, linkedList, ownList, projection, source, sums } from '../../src/kernel/index.js';

const totals = sums({ contracts: 'count', ceiling: 'value' });

const contracts = source(contract, 'contract', {
  place: (id, state) => [
    {
      key: `contract:${id}`,
      row: true,
      sums: { [`supplier:${state.suppliers[0]!.supplier}`]: totals.of({ contracts: 1, ceiling: state.ceiling }) },
    },
  ],
  show: ({ id, state }) => ({ [`contract:${id}`]: { contract: id, title: state.title, suppliers: state.suppliers } }),
});

source(contract, 'contract', {
  // @ts-expect-error -- the state has no such field
  place: (id, state) => (state.titel ? [{ key: `contract:${id}` }] : []),
  show: () => ({}),
});
source(contract, 'contract', {
  // @ts-expect-error -- the key is of another kind than the source
  place: (id) => [{ key: `contrct:${id}` }],
  show: () => ({}),
});
source(contract, 'contract', {
  place: () => [],
  // @ts-expect-error -- the history's state has no such field
  show: ({ id, state }) => ({ [`contract:${id}`]: state.supliers }),
});
// @ts-expect-error -- there is no such measure
totals.of({ ceilings: { amount: '1.00', currency: 'GBP' } });
// @ts-expect-error -- a count is a number
totals.of({ contracts: { amount: '1.00', currency: 'GBP' } });
// @ts-expect-error -- a value is no number
totals.of({ ceiling: 1 });
// @ts-expect-error -- a measure is a count or a value
sums({ contracts: 'counts' });
// @ts-expect-error -- an event's metadata has no such field
eventSource('decision', { place: ({ metadata }) => [{ key: `decision:${metadata.comand}` }], show: () => ({}) });
// @ts-expect-error -- the shown value has no such field
linkedList(contracts, { entry: (shown) => shown.titel });
// @ts-expect-error -- the state has no such list
ownList(contract, ({ state }) => state.change, (change) => change); // prettier-ignore
// @ts-expect-error -- a change has no such field
ownList(contract, ({ state }) => state.changes, (change) => change.form); // prettier-ignore

export const typed = projection({
  name: 'typed',
  version: 1,
  question: 'What does the compiler know?',
  from: [contracts],
  rows: {
    contract(id, lookup) {
      const row = lookup.get(contracts, id);
      // @ts-expect-error -- what the source shows has no such field
      void row?.titel;
      // @ts-expect-error -- nor has a total
      void lookup.sum(totals, `supplier:${id}`).ceilings;
      // @ts-expect-error -- a key has a kind
      void lookup.sum(totals, id);
      return row && { kind: 'contract', ...row };
    },
    supplier: (id, lookup) => ({ kind: 'supplier', contracts: lookup.newest(linkedList(contracts), `supplier:${id}`) }),
  },
  filters: {
    title: (row) => row.title,
    // @ts-expect-error -- no row has such a field
    supplier: (row) => row.suplier,
    // @ts-expect-error -- what only some rows have may be absent
    contracts: (row) => row.contracts.map(({ title }) => title),
  },
});
