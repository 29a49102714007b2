import { expect, it } from '@jest/globals';
import { trailOf } from '../../projections/trail.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { HistoryCache } from '../../src/engine/history-cache.js';
import { MemoryStore } from '../fakes/memory-store.js';

/** A supplier of 1 July, recorded half an hour before the midnight in UTC at which that day ends, as a ledger of this time zone has it. */
const registeredLate = async (timeZone: string) => {
  const store = new MemoryStore({ timeZone });
  await store.append('supplier-csc', -1, [
    {
      id: '01999999-0000-7000-8000-000000000001',
      type: 'SupplierRegistered',
      data: { title: 'CSC', form: 'company' },
      metadata: {
        schemaVersion: 1,
        recordedAt: '2026-07-01T23:30:00.000Z',
        effectiveOn: '2026-07-01',
        about: {},
        command: { id: 'd1', name: 'RegisterSupplier' },
        actor: { id: 'ana' },
        $correlationId: 'd1',
        $causationId: 'd1',
        known: [],
      },
    },
  ]);
  return new HistoryCache({ store, aggregates: [supplier] }).load(supplier, 'csc');
};

it('the day on which something was recorded is a day in the time zone of the ledger', async () => {
  const late = async (timeZone: string) => trailOf(await registeredLate(timeZone)).daysLate;
  expect([await late('Europe/London'), await late('UTC'), await late('America/New_York')]).toEqual([1, 0, 0]);
});

it('a history keeps its time zone at an earlier revision', async () =>
  expect((await registeredLate('Europe/London')).atRevision(-1).timeZone).toBe('Europe/London'));
