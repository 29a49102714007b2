import { beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { RecordedEvent } from '../../src/kernel/index.js';
import { recordWorld, World } from '../random-history.js';
import { InMemory } from './in-memory.js';

let events: readonly RecordedEvent[];
let identifiers: InMemory;
const local = (id: string) => [{ scheme: 'local', id }];
beforeAll(async () => {
  const world = new World('2016-01-04');
  await recordWorld(world);
  await world.record('programme-nhs', 'CharterProgramme', { title: 'NHS', authority: 'NHS', baseCurrency: 'GBP', references: local('1') });
  await world.record('tower-desk', 'PlanTower', { programme: 'met', title: 'Desk', references: local('1') });
  await world.record('supplier-bt', 'RegisterSupplier', { title: 'BT', form: 'company', references: [...local('1'), { scheme: 'GB-COH', id: '1800000' }] }); // prettier-ignore
  await world.record('contract-plain', 'AwardContract', { programme: 'met', suppliers: [{ supplier: 'csc' }], references: local('1'), value: { unknown: true } }); // prettier-ignore
  await world.record('contract-none', 'PlanContract', { programme: 'met', title: 'None' });
  events = await world.events();
});
beforeEach(() => void (identifiers = new InMemory('identifiers', events)));

it.each([
  ['programme', 'nhs', 'NHS'],
  ['tower', 'desk', 'Desk'],
  ['supplier', 'bt', 'BT'],
  ['contract', 'plain', 'plain'],
])('the same identifier is of a %s apart from any other: %s, %s', (category, id, title) => {
  const key = `${category}-reference:local/1`;
  expect(identifiers.row(key)).toEqual({ category, scheme: 'local', id: '1', holders: [{ category, id, title }], counts: { holders: 1 }, finding: null }); // prettier-ignore
  expect(identifiers.list(key, 'holders')).toEqual([{ category, id, title }]);
});

it('each of several identifiers leads to the one that has them', () =>
  expect(identifiers.row('supplier-reference:GB-COH/1800000').holders).toEqual([{ category: 'supplier', id: 'bt', title: 'BT' }]));

it('who has no identifier stands under none', () =>
  expect(identifiers.placedBy('contract-holder')).toMatchObject([{ key: 'contract-holder:plain', links: ['contract-reference:local/1'] }]));
