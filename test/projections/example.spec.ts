import { afterEach, expect, it } from '@jest/globals';
import { contract } from '../../src/domain/contract/index.js';
import { newestOf, ownList, projection, source } from '../../src/kernel/index.js';
import { closeRows, rowsAfter } from '../engine/rows-after.js';
import { recordWorld, World } from '../random-history.js';

// docs/extend.md shows this file: it compiles and runs as a projection of the product does.
const contracts = source(contract, 'contract', {
  place: (id, { disputes }) => (disputes ? [{ key: `contract:${id}`, row: true }] : []),
  show: ({ id, state: { programme, title, disputes = [] } }) => ({
    [`contract:${id}`]: { contract: id, programme, title, disputes: newestOf(disputes), counts: { disputes: disputes.length } },
  }),
});
export const disputes = projection({
  name: 'disputes',
  version: 1,
  question: 'Which disputes has a contract, and how did each end?',
  from: [contracts],
  rows: { contract: (id, lookup) => lookup.get(contracts, id) },
  lists: {
    contract: {
      disputes: ownList(
        contract,
        ({ state }) => state.disputes ?? [],
        (dispute) => dispute,
      ),
    },
  },
  filters: { programme: (row) => row.programme },
});

afterEach(closeRows);

it('shows the newest 20 disputes of a contract, counts all, and has all in pages', async () => {
  const world = new World('2016-01-04');
  await recordWorld(world);
  const award = { programme: 'met', title: 'Hosting', suppliers: [{ supplier: 'csc' }], value: { amount: '1000000', currency: 'GBP' } };
  await world.record('contract-quiet', 'AwardContract', award);
  await world.record('contract-hosting', 'AwardContract', award);
  for (let n = 1; n <= 21; n++)
    await world.record('contract-hosting', 'RecordDispute', { dispute: `d-${n}`, by: 'supplier', matter: 'Outages' });
  const rows = await rowsAfter(await world.events(), [disputes]);
  const row = await rows.row('disputes', 'contract:hosting');
  expect([row.disputes.length, row.disputes.at(-1).dispute, row.counts]).toEqual([20, 'd-21', { disputes: 21 }]);
  expect(await rows.row('disputes', 'contract:quiet')).toBeUndefined();
  const { projector } = rows;
  const page = await projector.ask('disputes', (r) => r.list('contract:hosting', 'disputes', projector.sequence, undefined, 100));
  expect(page!.entries.map((entry) => (entry as { dispute: string }).dispute)).toEqual(Array.from({ length: 21 }, (_, i) => `d-${21 - i}`));
});
