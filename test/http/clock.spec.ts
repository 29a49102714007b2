import { afterAll, afterEach, expect, it, jest } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { award, closeRunning, partsOf, startServer, stopServer, recordWorld, accepted, type Server } from './server.js';

afterAll(closeRunning);
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

const DAY = 24 * 3600_000;
/** Sets the wall clock; timers and the monotonic clock go on as they are. */
const setClock = (ms: number): void =>
  void jest.useFakeTimers({
    now: ms,
    doNotFake: ['hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate', 'setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'], // prettier-ignore
  });
const register = ({ post }: Server, id: string) => post(`/suppliers/${id}/register-supplier`, { title: 'X', form: 'company' });

/** A ledger whose last event was recorded by a clock that was two years ahead. */
const recordedAhead = async (): Promise<{ readonly server: Server; readonly watermark: string }> => {
  const server = await startServer();
  await recordWorld(server);
  await accepted(server.post('/contracts/c/award-contract', award));
  const { store, projector } = partsOf(server);
  const [event] = await store.read('contract-c');
  const watermark = new Date(Date.now() + 730 * DAY).toISOString();
  const id = '01999999-0000-7000-8000-000000000001';
  const { position } = await store.append('supplier-ahead', -1, [
    {
      id,
      type: 'SupplierRegistered',
      data: { title: 'Ahead', form: 'company' },
      metadata: { ...event!.metadata, recordedAt: watermark, about: {}, command: { id, name: 'RegisterSupplier' } },
    },
  ]);
  await projector.reached(position, 5000);
  return { server, watermark };
};

const isRefused = async (server: Server, state: string): Promise<void> => {
  const head = await partsOf(server).store.head();
  const { status, body, headers } = await register(server, 'late');
  expect([status, body.type]).toEqual([503, 'urn:tower-ledger:problem:clock']);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await partsOf(server).store.head()).toBe(head);
  const ready = await server.get('/readyz');
  expect([ready.status, ready.body.type, ready.body.clock]).toEqual([503, 'urn:tower-ledger:problem:not-ready', state]);
  const { text } = await server.get('/metrics');
  expect(text).toMatch(/^ledger_clock_trusted 0$/m);
  expect(text).toMatch(/^ledger_commands_total\{command="RegisterSupplier",outcome="clock"\} [1-9]/m);
  expect((await server.get('/livez')).status).toBe(200);
};

it('a clock that jumps by two years records nothing, also not right after it was set right', async () => {
  const server = await startServer();
  await accepted(register(server, 'first'));
  expect((await server.get('/readyz')).body.clock).toBe('trusted');
  expect((await server.get('/metrics')).text).toMatch(/^ledger_clock_trusted 1$/m);
  const right = Date.now();
  setClock(right + 730 * DAY);
  await isRefused(server, 'jumped');
  setClock(right);
  await isRefused(server, 'jumped');
  expect(server.logged.filter((line) => line.includes('clock'))).toHaveLength(1);
  expect((await server.get('/suppliers/first')).status).toBe(200);
  await stopServer(server);
});

it('a clock behind the last record is refused while the server runs, and when it starts, also without a read model', async () => {
  const { server, watermark } = await recordedAhead();
  await isRefused(server, 'behind');
  await server.close();
  const again = await startServer({ DATA_DIR: server.dir });
  await isRefused(again, 'behind');
  await again.close();
  for (const end of ['', '-wal', '-shm']) await rm(join(server.dir, `read-model.db${end}`), { force: true });
  // the projections have read nothing yet when the first command comes
  const follow = jest.spyOn(SqliteStore.prototype, 'follow').mockImplementation(async function* (_, signal) {
    await new Promise((aborted) => signal.addEventListener('abort', aborted));
    yield* [];
  });
  const without = await startServer({ DATA_DIR: server.dir });
  expect((await register(without, 'early')).body.type).toBe('urn:tower-ledger:problem:clock');
  follow.mockRestore();
  expect(without.logged.join()).toContain(`LEDGER_ACCEPT_WATERMARK=${watermark}`);
  await stopServer(without);
});

it('a clock behind the last record is accepted by the name of exactly that watermark', async () => {
  const { server, watermark } = await recordedAhead();
  await server.close();
  const other = await startServer({ DATA_DIR: server.dir, LEDGER_ACCEPT_WATERMARK: new Date(Date.parse(watermark) + 1).toISOString() });
  await isRefused(other, 'behind');
  await other.close();
  const third = await startServer({ DATA_DIR: server.dir, LEDGER_ACCEPT_WATERMARK: watermark.replace('Z', '000+00:00') });
  await accepted(register(third, 'late'));
  await accepted(register(third, 'later'));
  expect((await third.get('/readyz')).body.clock).toBe('trusted');
  await stopServer(third);
});

it('an old ledger, and another time zone, are warned of at the start and accepted', async () => {
  const first = await startServer();
  await accepted(register(first, 'first'));
  await first.close();
  expect(first.logged).toEqual([]);
  setClock(Date.now() + 40 * DAY);
  const later = await startServer({ DATA_DIR: first.dir, LEDGER_TIME_ZONE: 'America/New_York' });
  await accepted(register(later, 'second'));
  expect(later.logged.join()).toMatch(/40 days ahead of the last record/);
  expect(later.logged.join()).toMatch(/LEDGER_TIME_ZONE is America\/New_York, but the days of this ledger are days in Europe\/London/);
  await stopServer(later);
});
