import { expect, it } from '@jest/globals';
import type { RecordedEvent } from '../../src/kernel/index.js';
import { InvalidPositionError, StoreUnavailableError } from '../../src/store/event-store.js';
import { hasReplica, ReplicaSource } from '../../src/store/replica/replica-source.js';
import { ReplicaFile } from '../../src/store/replica/replica-file.js';
import { ReplicaStore } from '../../src/store/replica/replica-store.js';
import { FolderInUseError } from '../../src/store/sqlite/folder.js';
import { memoryStore } from '../fakes/memory-store.js';
import { facts, freshStream } from './event-store.contract.js';
import { newFolders } from './folders.js';

const newFolder = newFolders();

it('a replica without its store is the log that it was made of, and takes nothing more', async () => {
  const dir = await newFolder();
  const remote = memoryStore();
  const watched = { brokenBy: async () => undefined, onBounded: () => undefined, onCaughtUp: () => undefined };
  const store = await ReplicaStore.open({ dir, connect: async () => Object.assign(remote, watched), uptime: () => 0, chance: () => 0.5 });
  const [stream, other] = [freshStream(), freshStream()];
  await store.append(stream, -1, facts(3));
  await store.append(other, -1, facts(2));
  await store.head();
  const whole = await store.readAll();
  expect(() => new ReplicaSource(dir)).toThrow(FolderInUseError);
  await store.close();

  const source = new ReplicaSource(dir);
  expect([hasReplica(dir), source.genesis, source.size()]).toEqual([true, remote.genesis, 5]);
  expect(await source.readAll()).toEqual(whole);
  expect(await source.readAll(whole[1]!.position, 2)).toEqual(whole.slice(2, 4));
  expect((await source.read(stream, 1)).map(({ revision }) => revision)).toEqual([1, 2]);
  expect(await source.head()).toBe(whole.at(-1)!.position);
  expect(Math.sign(source.compare(whole[1]!.position, whole[3]!.position))).toBe(-1);

  const pages: (readonly RecordedEvent[])[] = [];
  for await (const page of source.follow(whole[0]!.position, new AbortController().signal, 3)) pages.push(page);
  expect([pages.map(({ length }) => length), pages.flat()]).toEqual([[3, 1], whole.slice(1)]); // and it ends with the log
  const stop = new AbortController();
  for await (const page of source.follow(undefined, stop.signal, 2)) {
    expect(page).toEqual(whole.slice(0, 2));
    stop.abort();
  }

  await expect(source.append()).rejects.toThrow(StoreUnavailableError);
  await expect(source.readAll('k999999')).rejects.toThrow(InvalidPositionError);
  await expect(source.readAll('9'.repeat(99))).rejects.toThrow(`The replica has no event at ${'9'.repeat(40)}.`);
  expect(await source.readAll()).toEqual(whole);
  await source.close();
});

it('a replica of no ledger is no source, and its folder stays free', async () => {
  const dir = await newFolder();
  expect(hasReplica(dir)).toBe(false);
  new ReplicaFile(dir).close();
  for (let n = 0; n < 2; n++) expect(() => new ReplicaSource(dir)).toThrow(`The replica in ${dir} is empty.`);
});
