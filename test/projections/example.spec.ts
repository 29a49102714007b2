import { afterEach, expect, it } from '@jest/globals';
import { contract, endOfContract, idsOf } from '../../src/domain/contract/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { certainlyBefore, linkedList, newestOf, ownList, projection, source, sums } from '../../src/kernel/index.js';
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

const count = sums({ disputes: 'count' });
const disputed = source(contract, 'contract', {
  place(id, { programme: of, suppliers: parties, disputes: raised }) {
    if (!raised) return [];
    const keys = idsOf(parties).map((party) => `supplier:${party}`);
    const adds = count.of({ disputes: raised.length });
    const totals = keys.flatMap((key) => [key, `${key}#${of}`]).map((key) => [key, adds]);
    return [{ key: `contract:${id}`, links: [...keys, `programme:${of}`], sums: Object.fromEntries(totals) }];
  },
  show: ({ id, state }) => ({ [`contract:${id}`]: { contract: id, of: state.programme ?? '', ends: endOfContract(state) ?? null } }),
});
const programmes = source(programme, 'programme', {
  place: (id) => [{ key: `programme:${id}` }],
  show: ({ id, state }) => ({ [`programme:${id}`]: state.title }),
  shownByLinking: true,
});
const suppliers = source(supplier, 'supplier', {
  place: (id) => [{ key: `supplier:${id}`, row: true }],
  show: ({ id, state }) => ({ [`supplier:${id}`]: { supplier: id, name: state.title } }),
});
const contractsOf = linkedList(disputed, {
  entry: ({ of, ...shown }, lookup) => ({
    ...shown,
    programme: lookup.get(programmes, of) ?? null,
    isPastEnd: shown.ends !== null && certainlyBefore(shown.ends, lookup.day),
  }),
});
export const disputesBySupplier = projection({
  name: 'disputes-by-supplier',
  version: 1,
  question: 'With which suppliers are there disputes, under which contracts?',
  byDay: true,
  from: [suppliers, disputed, programmes],
  rows: {
    supplier(id, lookup) {
      const { disputes: counted } = lookup.sum(count, `supplier:${id}`);
      const shown = lookup.get(suppliers, id);
      if (!shown || counted === 0) return undefined;
      return { ...shown, contracts: lookup.newest(contractsOf, `supplier:${id}`), counts: { disputes: counted } };
    },
  },
  lists: { supplier: { contracts: contractsOf } },
  filters: { programme: (_, { value, key, lookup }) => lookup.sum(count, `${key}#${value}`).disputes > 0 },
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

it('shows the suppliers with disputes under their names, counts these, and chooses by programme', async () => {
  const world = new World('2016-01-04');
  await recordWorld(world);
  const award = { programme: 'met', title: 'Hosting', suppliers: [{ supplier: 'csc' }], value: { amount: '1000000', currency: 'GBP' } };
  for (const [id, endsOn] of [
    ['hosting', '2016-01-01'],
    ['network', '2099-01-01'],
  ] as const) {
    await world.record(`contract-${id}`, 'AwardContract', { ...award, startsOn: '2015-01-01', endsOn });
    await world.record(`contract-${id}`, 'RecordDispute', { dispute: 'd-1', by: 'supplier', matter: 'Outages' });
  }
  const charter = (await world.events()).find(({ type }) => type === 'ProgrammeChartered')!.id;
  await world.record('programme-met', 'CorrectFact', {
    event: charter,
    changes: [{ pointer: '/title', value: 'One Met' }],
    because: 'error',
  });
  const rows = await rowsAfter(await world.events(), [disputesBySupplier]);
  const entry = { programme: 'One Met' };
  expect(await rows.row('disputes-by-supplier', 'supplier:csc')).toMatchObject({
    name: 'CSC',
    contracts: [
      { ...entry, contract: 'network', ends: '2099-01-01', isPastEnd: false },
      { ...entry, contract: 'hosting', ends: '2016-01-01', isPastEnd: true },
    ],
    counts: { disputes: 2 },
  });
  const { projector } = rows;
  const chosen = async (value: string) => (await projector.rows('disputes-by-supplier', { limit: 10, filters: { programme: value } })).rows.map(({ key }) => key); // prettier-ignore
  expect([await chosen('met'), await chosen('other')]).toEqual([['supplier:csc'], []]);
  const renamed = (await rows.updates('disputes-by-supplier')).at(-1)!;
  expect([renamed.stream, Object.keys(renamed.changes)]).toEqual(['programme-met', ['supplier:csc']]);
});
