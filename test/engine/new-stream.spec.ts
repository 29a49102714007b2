import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aggregates, commands } from '../../src/domain/index.js';
import { split } from '../../src/engine/audit/audit.js';
import { Engine, type CommandRequest } from '../../src/engine/write/engine.js';
import type { Receipt } from '../../src/engine/write/receipt.js';
import type { EventStore } from '../../src/store/event-store.js';
import { ReplicaStore } from '../../src/store/replica/replica-store.js';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { memoryStore } from '../fakes/memory-store.js';

let folder: string;
let store: EventStore;
let engine: Engine;
/** Streams that were read, from a file or from the leader. */
let read: string[];
let ids = 0;
const newId = () => `019353d2-0000-7000-8000-${String(++ids).padStart(12, '0')}`;
const now = () => '2026-03-01T09:00:00.000Z';

const embedded = () => SqliteStore.open({ dir: folder, timeZone: 'Europe/London', now, newId });
const replicated = (leader: EventStore) => {
  const client = (): EventStore => ({
    kind: leader.kind,
    genesis: leader.genesis,
    read: (...args) => leader.read(...args),
    append: (...args) => leader.append(...args),
    readAll: (...args) => leader.readAll(...args),
    follow: (...args) => leader.follow(...args),
    head: () => leader.head(),
    compare: (a, b) => leader.compare(a, b),
    close: async () => undefined, // the leader goes on when a node ends
  });
  return () => ReplicaStore.open({ dir: folder, connect: async () => client(), uptime: () => performance.now(), chance: () => 0.5 });
};

/** A process that has just started: of the streams in its file it knows nothing. */
const start = async (open: () => Promise<EventStore>) => {
  store = await open();
  read = [];
  for (const name of ['read', 'readLocal'] as const) {
    const original = store[name];
    if (original) store[name] = (stream, from, limit) => (read.push(stream), original.call(store, stream, from, limit));
  }
  engine = new Engine({ store, now, newId }, aggregates);
};
const send = (stream: string, command: string, body: object, more: Partial<CommandRequest> = {}): Promise<Receipt> => {
  const [category, id] = split(stream);
  const [known, aggregate] = [commands.find(({ name }) => name === command)!, aggregates.find((other) => other.category === category)!];
  return engine.handle({ command: known, aggregate, id, body: body as CommandRequest['body'], actor: { id: 'ana' }, ...more });
};
const award = { programme: 'met', title: 'Hosting', suppliers: [{ supplier: 'csc' }], value: { amount: '95000000', currency: 'GBP' } };
const key = (idempotencyKey: string): Partial<CommandRequest> => ({ idempotencyKey });

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

describe.each([
  ['the embedded store', () => embedded],
  ['a replica', () => replicated(memoryStore())],
])('on %s, a command that may begin a stream of which a process knows nothing', (_, opener) => {
  let open: () => Promise<EventStore>;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tower-ledger-new-stream-'));
    await start((open = opener()));
    await send('programme-met', 'CharterProgramme', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' });
    await send('supplier-csc', 'RegisterSupplier', { title: 'CSC', form: 'company' });
  });

  it('is accepted without a read of the stream', async () => {
    read = [];
    expect(await send('contract-hosting', 'AwardContract', award)).toMatchObject({ outcome: 'accepted', revision: 0 });
    expect(read).not.toContain('contract-hosting');
    expect(await store.read('contract-hosting')).toHaveLength(1);
  });

  it('is decided on what this process appended to it, though the log that it follows has not shown it yet', async () => {
    await send('contract-hosting', 'AwardContract', award, key('k'));
    const { append } = store;
    const appends: string[] = [];
    store.append = (stream, ...rest) => (appends.push(stream), append.call(store, stream, ...rest));
    expect(await send('contract-hosting', 'AwardContract', award, key('k'))).toMatchObject({ outcome: 'replayed', revision: 0 });
    expect(appends).toEqual([]);
  });

  describe('that was begun before it started', () => {
    beforeEach(async () => {
      await send('contract-hosting', 'AwardContract', award, key('k'));
      await store.head(); // a replica has by then what this process appended
      await store.close();
      await start(open);
    });

    it('is decided on what the stream holds, and refused as ever', async () => {
      await expect(send('contract-hosting', 'AwardContract', award)).rejects.toMatchObject({ code: 'contract/stage' });
      expect(await store.read('contract-hosting')).toHaveLength(1);
    });

    it('gets the original response to its key', async () => {
      expect(await send('contract-hosting', 'AwardContract', award, key('k'))).toMatchObject({ outcome: 'replayed', revision: 0 });
      expect(await store.read('contract-hosting')).toHaveLength(1);
    });

    it('is refused in a dry run too', async () => {
      await expect(send('contract-hosting', 'AwardContract', award, { dryRun: true })).rejects.toMatchObject({ code: 'contract/stage' });
    });

    it('meets its precondition at the revision that the stream is at', async () => {
      const change = { kind: 'value', to: { amount: '96000000', currency: 'GBP' } };
      await expect(send('contract-hosting', 'AwardContract', award, { ifMatch: [1] })).rejects.toMatchObject({ actual: 0 });
      expect(await send('contract-hosting', 'ApproveChange', change, { ifMatch: [0] })).toMatchObject({ outcome: 'accepted', revision: 1 });
    });

    it('is judged by the policies of its programme, which are read', async () => {
      expect(await send('contract-desktops', 'AwardContract', award)).toMatchObject({ outcome: 'accepted' });
      expect(read).toEqual(expect.arrayContaining(['programme-met', 'supplier-csc']));
    });
  });
});
