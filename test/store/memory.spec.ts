import { describe, expect, it } from '@jest/globals';
import { InvalidPositionError, OutcomeUnknownError, StoreUnavailableError } from '../../src/store/event-store.js';
import { memoryStore } from '../fakes/memory-store.js';
import { eventStoreContract, facts, freshStream, wholeLog } from './event-store.contract.js';

eventStoreContract('the memory store', async () => memoryStore());

describe('the memory store, as awkward as the port allows,', () => {
  it('has no head and an empty log when it is new', async () => {
    const store = memoryStore();
    expect(await store.head()).toBeUndefined();
    expect(await store.readAll()).toEqual([]);
  });

  it('can store an append and leave its outcome unknown: the same append returns what it stored', async () => {
    const store = memoryStore();
    const stream = freshStream();
    const events = facts(2);
    store.faults.push('unknown-stored');
    await expect(store.append(stream, -1, events)).rejects.toBeInstanceOf(OutcomeUnknownError);
    expect(await store.read(stream)).toHaveLength(2);
    expect(await store.append(stream, -1, events)).toEqual({ revision: 1, position: await store.head() });
    expect(await store.read(stream)).toHaveLength(2);
  });

  it('can lose an append and leave its outcome unknown: the same append stores it', async () => {
    const store = memoryStore();
    const stream = freshStream();
    const events = facts(2);
    store.faults.push('unknown-lost');
    await expect(store.append(stream, -1, events)).rejects.toBeInstanceOf(OutcomeUnknownError);
    expect(await store.read(stream)).toEqual([]);
    expect((await store.append(stream, -1, events)).revision).toBe(1);
  });

  it('can be unavailable: nothing is stored, and the next append succeeds', async () => {
    const store = memoryStore();
    const stream = freshStream();
    store.faults.push('unavailable');
    await expect(store.append(stream, -1, facts(1))).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(await store.head()).toBeUndefined();
    expect((await store.append(stream, -1, facts(1))).revision).toBe(0);
  });

  it('applies its faults one by one, in the order of the appends', async () => {
    const store = memoryStore();
    store.faults.push('unavailable', 'unknown-lost');
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => store.append(freshStream(), -1, facts(1))));
    expect(outcomes.map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as Error).name : 'stored'))).toEqual([
      'StoreUnavailableError',
      'OutcomeUnknownError',
      'stored',
    ]);
    expect(store.faults).toEqual([]);
  });

  it('has positions with gaps that do not sort as texts', async () => {
    const store = memoryStore();
    await store.append(freshStream(), -1, facts(30));
    const positions = (await wholeLog(store, undefined, 4)).map(({ position }) => position);
    expect(positions).toHaveLength(30);
    expect(positions.toSorted((a, b) => store.compare(a, b))).toEqual(positions);
    expect(positions.toSorted()).not.toEqual(positions);
    const steps = new Set(positions.slice(1).map((position, i) => Number(position) - Number(positions[i])));
    expect(steps.size).toBeGreaterThan(1);
    expect(Math.min(...steps)).toBeGreaterThan(1);
  });

  it('refuses a position between two of its own', async () => {
    const store = memoryStore();
    const { position } = await store.append(freshStream(), -1, facts(1));
    await expect(store.readAll(String(Number(position) + 1))).rejects.toBeInstanceOf(InvalidPositionError);
  });

  it('can be opened with another genesis', () => {
    expect(memoryStore({ timeZone: 'Asia/Tokyo' }).genesis.timeZone).toBe('Asia/Tokyo');
  });
});
