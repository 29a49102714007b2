import { beforeEach, describe, expect, it } from '@jest/globals';
import { commands, aggregates } from '../../src/domain/index.js';
import { Engine } from '../../src/engine/write/engine.js';
import { OutcomeUnknownError, StoreUnavailableError } from '../../src/store/event-store.js';
import { memoryStore, type MemoryStore } from '../fakes/memory-store.js';

let store: MemoryStore;
let engine: Engine;
let ids: number;
beforeEach(() => {
  store = memoryStore();
  ids = 0;
  const newId = () => `019353d2-0000-7000-8000-${String(++ids).padStart(12, '0')}`;
  engine = new Engine({ store, now: () => '2026-03-01T09:00:00.000Z', newId }, aggregates);
});

const register = (idempotencyKey?: string) =>
  engine.handle({
    command: commands.find(({ name }) => name === 'RegisterSupplier')!,
    aggregate: aggregates.find(({ category }) => category === 'supplier')!,
    id: 'csc',
    body: { title: 'CSC', form: 'company' },
    actor: { id: 'ana' },
    idempotencyKey,
  });
const recorded = async (): Promise<number> => (await store.read('supplier-csc')).length;

describe('a command whose append has no answer', () => {
  it.each(['unknown-stored', 'unknown-lost'] as const)('is never answered with "nothing was stored" afterwards: %s', async (first) => {
    store.faults.push(first, 'unavailable', 'unavailable', 'unavailable');
    const answer = register('k');
    await expect(answer).rejects.toBeInstanceOf(OutcomeUnknownError);
    await expect(answer).rejects.toMatchObject({ cause: expect.any(StoreUnavailableError) });
    expect(await register('k')).toMatchObject({ outcome: first === 'unknown-stored' ? 'replayed' : 'accepted' });
    expect(await recorded()).toBe(1);
  });

  it('is accepted when the store recovers while it is sent again', async () => {
    store.faults.push('unknown-lost', 'unavailable');
    expect(await register()).toMatchObject({ outcome: 'accepted' });
    expect(await recorded()).toBe(1);
  });

  it('is not sent again to a store that has failed for good', async () => {
    store.faults.push('unknown-lost');
    Object.assign(store, { failure: new Error('The disk is gone.') });
    await expect(register()).rejects.toBeInstanceOf(OutcomeUnknownError);
    expect(await recorded()).toBe(0);
  });
});
