import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { RecordedEvent } from '../../src/kernel/index.js';
import {
  AppendTooLargeError,
  InvalidPositionError,
  StoreUnavailableError,
  UNREADABLE,
  WrongExpectedRevisionError,
} from '../../src/store/event-store.js';
import { connectionOf, InvalidConnectionError } from '../../src/store/kurrentdb/connection.js';
import { CannotOpenError, examine, type Finding } from '../../src/store/kurrentdb/doctor.js';
import { OtherLedgerError } from '../../src/store/kurrentdb/genesis.js';
import { KurrentStore, type KurrentOptions } from '../../src/store/kurrentdb/kurrent-store.js';
import { Node } from '../../src/store/kurrentdb/node.js';
import { StreamNames } from '../../src/store/kurrentdb/stream-names.js';
import { Authority } from '../fakes/kurrentdb/certificate.js';
import { FakeServer, type FakeServerOptions } from '../fakes/kurrentdb/fake-server.js';
import { appendBy } from '../kurrentdb/transport.js';
import { eventStoreContract, fact, facts, freshStream, metadata, newId, wholeLog } from './event-store.contract.js';

const options = (url: string, more: Partial<KurrentOptions> = {}): KurrentOptions => ({
  url,
  timeZone: 'Europe/London',
  now: () => '2026-03-04T05:06:07.089Z',
  newId,
  ...more,
});

const contractServers: FakeServer[] = [];
afterAll(() => Promise.all(contractServers.map((server) => server.kill())));

const TRANSPORTS = ['batch', 'unary'] as const;
for (const appends of TRANSPORTS)
  eventStoreContract(`KurrentDB, on a fake server, with ${appends} appends,`, async () => {
    const server = await new FakeServer().start();
    contractServers.push(server);
    server.systemWrite(3);
    server.writeForeign('person-1', { type: 'PersonNamed', data: Buffer.from('{}') });
    return KurrentStore.open(options(server.url, { appends }));
  });

eventStoreContract('KurrentDB, on a fake server beside another ledger, with a prefix,', async () => {
  const server = await new FakeServer().start();
  contractServers.push(server);
  const neighbour = await KurrentStore.open(options(server.url, { prefix: 'met.east.' }));
  await neighbour.append(freshStream(), -1, facts(3));
  await neighbour.close();
  const store = await KurrentStore.open(options(server.url, { prefix: 'met.' }));
  for await (const { ok } of examine(connectionOf(server.url), newId, new StreamNames('met.'))) expect(ok).toBe(true);
  return store;
});

const url = process.env['LEDGER_KURRENTDB_URL'];
if (url !== undefined) {
  jest.setTimeout(60_000); // events of earlier runs are read too
  for (const appends of TRANSPORTS)
    eventStoreContract(`KurrentDB, on a real server, with ${appends} appends,`, () => KurrentStore.open(options(url, { appends })));
  eventStoreContract('KurrentDB, on a real server, with a prefix,', () => KurrentStore.open(options(url, { prefix: 'contract.test.' })));
}

describe('KurrentDB, on a fake server,', () => {
  let server: FakeServer;
  let opened: KurrentStore[] = [];
  beforeEach(async () => {
    server = await new FakeServer().start();
  });
  afterEach(async () => {
    await Promise.all(opened.map((store) => store.close()));
    opened = [];
    await server.kill();
  });
  const open = async (more: Partial<KurrentOptions> = {}): Promise<KurrentStore> => {
    const store = await KurrentStore.open(options(server.url, more));
    opened.push(store);
    return store;
  };

  describe('the ledger', () => {
    it('is created once by any number of nodes that start at the same time', async () => {
      const nodes = await Promise.all(
        Array.from({ length: 8 }, (_, n) => open({ timeZone: n % 2 === 0 ? 'Europe/London' : 'Asia/Tokyo' })),
      );
      expect(new Set(nodes.map(({ genesis }) => genesis.ledgerId)).size).toBe(1);
      expect(server.recorded('genesis').map(({ type }) => type)).toEqual(['LedgerOpened']);
    });

    it('keeps its genesis, whatever a later node is configured with', async () => {
      const { genesis } = await open();
      const asked: string[] = [];
      const again = await open({ timeZone: 'Asia/Tokyo', newId: () => String(asked.push('an id')) });
      expect(again.genesis).toEqual(genesis);
      expect(asked).toEqual([]);
    });

    it('can be migrated from another store, after which no other ledger is accepted', async () => {
      const genesis = { ledgerId: newId(), formatVersion: 2, timeZone: 'Asia/Tokyo', createdAt: '2020-01-01T00:00:00.000Z' } as const;
      expect((await open({ genesis })).genesis).toEqual(genesis);
      expect((await open({ genesis })).genesis).toEqual(genesis);
      await expect(open({ genesis: { ...genesis, ledgerId: newId() } })).rejects.toBeInstanceOf(OtherLedgerError);
    });

    it.each([1, 3])('of format %d is refused', async (formatVersion) => {
      const data = { ledgerId: newId(), formatVersion, timeZone: 'Europe/London', createdAt: '2030-01-01T00:00:00.000Z' };
      server.writeForeign('genesis', { type: 'LedgerOpened', data: Buffer.from(JSON.stringify(data)) });
      await expect(open()).rejects.toThrow(`The ledger has format ${formatVersion}; this program reads format 2: `);
    });

    it('opens although the answer to its genesis record was lost', async () => {
      server.storeThenFail('append', 'cut');
      const { genesis } = await open();
      expect((await open()).genesis).toEqual(genesis);
      expect(server.recorded('genesis')).toHaveLength(1);
    });
  });

  describe.each(TRANSPORTS)('an append by %s', (appends) => {
    const append = appendBy(appends);
    const openStore = (more: Partial<KurrentOptions> = {}) => open({ appends, ...more });

    it('goes to the server once, in the chosen way', async () => {
      const store = await openStore();
      const before = { ...server.calls }; // genesis
      await Promise.all(Array.from({ length: 20 }, () => store.append(freshStream(), -1, facts(2))));
      expect(server.calls).toEqual({ ...before, [append]: before[append] + 20 });
    });

    it('stores JSON data and metadata in the fields of the protocol', async () => {
      const store = await openStore();
      const stream = freshStream();
      const event = fact({ a: 1 });
      await store.append(stream, -1, [event]);
      const [recorded] = server.recorded(stream);
      expect(recorded).toMatchObject({ id: event.id, type: event.type, json: true, revision: 0 });
      expect(JSON.parse(Buffer.from(recorded!.data).toString())).toEqual({ a: 1 });
      expect(JSON.parse(Buffer.from(recorded!.metadata).toString())).toEqual(metadata);
    });

    it('is accepted without being read back', async () => {
      const store = await openStore();
      const before = server.calls.readStream;
      for (let n = 0; n < 10; n++) await store.append(freshStream(), -1, facts(2));
      expect(server.calls.readStream).toBe(before);
    });

    it('with stored ids but other data is refused, although the server answers with success', async () => {
      const store = await openStore();
      const stream = freshStream();
      const events = facts(2);
      await store.append(stream, -1, events);
      const other = events.map((event) => ({ ...event, data: { forged: true } }));
      await expect(store.append(stream, -1, other)).rejects.toMatchObject({ name: 'WrongExpectedRevisionError', expected: -1, actual: 1 });
      const late = events.map((event) => ({ ...event, metadata: { ...metadata, actor: { id: 'person-2' } } }));
      await expect(store.append(stream, -1, late)).rejects.toBeInstanceOf(WrongExpectedRevisionError);
      const renamed = events.map((event) => ({ ...event, type: 'ContractSigned' }));
      await expect((await openStore()).append(stream, -1, renamed)).rejects.toBeInstanceOf(WrongExpectedRevisionError);
      expect((await store.read(stream)).map(({ data }) => data)).toEqual([{ n: 0 }, { n: 1 }]);
    });

    it('with the ids of one still in flight is compared with it', async () => {
      const store = await openStore();
      const stream = freshStream();
      const event = fact({ right: true });
      const both = await Promise.allSettled([
        store.append(stream, -1, [event]),
        store.append(stream, -1, [{ ...event, data: { right: false } }]),
      ]);
      expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
      expect((await store.read(stream)).map(({ data }) => data)).toEqual([{ right: true }]);
    });

    it('sent again by another process returns the original answer', async () => {
      const stream = freshStream();
      const events = facts(3);
      const first = await (await openStore()).append(stream, -1, events);
      expect(await (await openStore()).append(stream, -1, events)).toEqual(first);
      expect(server.recorded(stream)).toHaveLength(3);
    });

    it('waits when 64 are in flight', async () => {
      const store = await openStore();
      server.latency = 5;
      await Promise.all(Array.from({ length: 400 }, () => store.append(freshStream(), -1, facts(1))));
      expect(server.appendsAtOnce).toBeLessThanOrEqual(64);
      expect(server.appendsAtOnce).toBeGreaterThan(32);
    });

    it('is refused when the queue is full', async () => {
      const store = await openStore({ inFlight: 2, queue: 3 });
      server.latency = 20;
      const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => store.append(freshStream(), -1, facts(1))));
      const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
      expect(refused).toHaveLength(5);
      for (const error of refused) expect(error).toBeInstanceOf(StoreUnavailableError);
      expect((refused[0] as { retryAfter?: number }).retryAfter).toBeGreaterThan(0);
    });

    it('larger than the server accepts is refused as too large', async () => {
      const store = await openStore();
      server.maxAppendSize = 10_000;
      const stream = freshStream();
      await expect(store.append(stream, -1, [fact({ text: 'x'.repeat(11_000) })])).rejects.toBeInstanceOf(AppendTooLargeError);
      server.maxEventSize = 1_000;
      await expect(store.append(stream, -1, [fact({ text: 'x'.repeat(1_000) })])).rejects.toBeInstanceOf(AppendTooLargeError);
      expect(await store.read(stream)).toEqual([]);
    });

    it('needs ids that are UUIDs', async () => {
      const store = await openStore();
      const before = server.calls[append];
      await expect(store.append(freshStream(), -1, [fact({}, { id: 'e-1' })])).rejects.toBeInstanceOf(TypeError);
      expect(server.calls[append]).toBe(before);
    });
  });

  describe('an event that another program wrote in a stream of the ledger', () => {
    const ours = Buffer.from(JSON.stringify(metadata));
    it.each<[string, { data: Buffer; contentType?: string; metadata?: Buffer }, unknown]>([
      ['is not JSON', { data: Buffer.from([0, 255, 128]), contentType: 'application/octet-stream', metadata: ours }, null],
      ['claims to be JSON and is not', { data: Buffer.from('{"half":'), metadata: ours }, null],
      ['has no metadata', { data: Buffer.from('{"a":1}') }, { a: 1 }],
      ['has metadata that is not JSON', { data: Buffer.from('{"a":1}'), metadata: Buffer.from('so it goes') }, { a: 1 }],
      [
        'has another program’s metadata',
        { data: Buffer.from('"text"'), metadata: Buffer.from('{"$correlationId":"x","actor":null}') },
        'text',
      ],
      ['has metadata that is a list', { data: Buffer.from('[]'), metadata: Buffer.from('[]') }, []],
      ['is empty', { data: Buffer.alloc(0), contentType: 'application/octet-stream' }, null],
    ])('and that %s is returned as unreadable', async (_, event, data) => {
      const store = await open();
      const stream = freshStream();
      const [first, last] = [fact({ first: true }), fact({ last: true })];
      await store.append(stream, -1, [first]);
      const id = newId();
      server.writeForeign(stream, { type: 'SomethingElse', id, ...event });
      await store.append(stream, 1, [last]);
      const read = await store.read(stream);
      expect(read.map((e) => e.id)).toEqual([first.id, id, last.id]);
      expect(read[1]).toEqual({
        id,
        type: 'SomethingElse',
        stream,
        revision: 1,
        position: read[1]!.position,
        data,
        metadata: {
          schemaVersion: UNREADABLE,
          recordedAt: expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
          effectiveOn: 'unknown',
          about: {},
          command: { id, name: 'unknown' },
          actor: { id: 'unknown' },
          $correlationId: id,
          $causationId: id,
          known: [],
        },
      });
      expect(await wholeLog(store)).toEqual(read);
      const followed: RecordedEvent[] = [];
      for await (const batch of store.follow(undefined, new AbortController().signal)) if (followed.push(...batch) === 3) break;
      expect(followed).toEqual(read);
    });
  });

  describe('a prefix', () => {
    const bothLogs = async (store: KurrentStore, count: number) => {
      const followed: RecordedEvent[] = [];
      for await (const batch of store.follow(undefined, AbortSignal.timeout(5000))) if (followed.push(...batch) >= count) break;
      expect(followed).toEqual(await wholeLog(store));
      return followed;
    };

    it('is put before every stream on the server, and known to nobody else', async () => {
      const store = await open({ prefix: 'met.' });
      const stream = freshStream();
      const { position } = await store.append(stream, -1, facts(2));
      expect(server.recorded('met.genesis')).toHaveLength(1);
      expect(server.recorded(`met.${stream}`)).toHaveLength(2);
      expect(server.recorded(stream)).toEqual([]);
      expect(await store.read(stream)).toMatchObject([{ stream }, { stream }]);
      expect((await bothLogs(store, 2)).map((event) => event.stream)).toEqual([stream, stream]);
      expect(await store.head()).toBe(position);
      server.boundStream(`met.${stream}`, { $tb: 1 });
      await expect(store.read(stream)).rejects.toMatchObject({ stream });
      expect(await store.brokenBy(stream)).toEqual({ why: 'it is bounded by $tb', isDeleted: false });
    });

    it('keeps ledgers on one server apart, also from one without a prefix and one whose prefix is longer', async () => {
      const ledgers = await Promise.all(
        [undefined, 'met.', 'met.east.', 'gmp.'].map((prefix) => open({ ...(prefix !== undefined && { prefix }) })),
      );
      expect(new Set(ledgers.map(({ genesis }) => genesis.ledgerId)).size).toBe(4);
      const stream = freshStream();
      const appended = await Promise.all(ledgers.map((ledger, i) => ledger.append(stream, -1, facts(i + 1))));
      for (const [i, ledger] of ledgers.entries()) {
        expect(await ledger.read(stream)).toHaveLength(i + 1);
        expect(await bothLogs(ledger, i + 1)).toHaveLength(i + 1);
        expect(await ledger.head()).toBe(appended[i]!.position);
      }
    });

    it('makes every category under it one of the ledger, also one that this program does not know', async () => {
      const store = await open({ prefix: 'met.' });
      const later = `audit-${newId()}`;
      server.writeForeign(`met.${later}`, { type: 'AuditBegun', data: Buffer.from('{}'), metadata: Buffer.from(JSON.stringify(metadata)) });
      server.writeForeign('met.note', { type: 'Noted', data: Buffer.from('{}') });
      const log = await bothLogs(store, 1);
      expect(log).toMatchObject([{ stream: later, type: 'AuditBegun', metadata }]);
    });
  });

  describe('the log', () => {
    it('has positions in a form of its own and refuses those of other stores', async () => {
      const store = await open();
      const { position } = await store.append(freshStream(), -1, facts(1));
      expect(position).toMatch(/^k\d+$/);
      for (const other of ['12', 'k', 'k-1', 'k01', 'k1.', 'k1.2.3', 'K1', 'k99999999999999999999'])
        expect(() => store.compare(other, position)).toThrow(InvalidPositionError);
      expect(store.compare('k9', 'k10')).toBeLessThan(0);
      expect(store.compare('k10.9', 'k10')).toBeLessThan(0);
      expect(store.compare('k9007199254740993', 'k9007199254740992')).toBeGreaterThan(0);
    });

    it('refuses a position of another log', async () => {
      const store = await open();
      await store.append(freshStream(), -1, facts(3));
      await expect(store.readAll('k1')).rejects.toBeInstanceOf(InvalidPositionError);
      const follow = store.follow('k1', new AbortController().signal);
      await expect(follow.next()).rejects.toBeInstanceOf(InvalidPositionError);
    });

    it('has its head at the last event of the ledger, whatever the server writes after it', async () => {
      const store = await open();
      const { position } = await store.append(freshStream(), -1, facts(1));
      server.systemWrite(500);
      server.writeForeign('person-1', { type: 'PersonNamed', data: Buffer.from('{}') });
      expect(await store.head()).toBe(position);
      expect(await store.readAll(position)).toEqual([]);
    });

    it('is read at the leader', async () => {
      const store = await open();
      const other = await new FakeServer({ log: server.log }).start();
      server.leaderIs('127.0.0.1', other.port);
      await store.head();
      await store.read(freshStream());
      await store.readAll();
      expect(other.calls.readAll).toBeGreaterThan(0);
      expect(other.calls.readStream).toBeGreaterThan(0);
      await other.kill();
    });

    it('returns a partial page when the deadline passes', async () => {
      const store = await open({ deadline: 200 });
      await store.append(freshStream(), -1, facts(10));
      server.holdNext('readAll', { after: 4 });
      const page = await store.readAll();
      expect(page).toHaveLength(4);
      server.holdNext('readAll', { after: 1 });
      expect(await store.readAll(page.at(-1)!.position)).toHaveLength(6);
    });

    it('is read in pages that are bounded by bytes', async () => {
      const store = await open({ pageBytes: 100_000 });
      const text = 'abcdefghij'.repeat(1_000);
      for (let n = 0; n < 3; n++)
        await store.append(
          freshStream(),
          -1,
          Array.from({ length: 10 }, () => fact({ text })),
        );
      const page = await store.readAll();
      expect(page.length).toBeGreaterThan(5);
      expect(page.length).toBeLessThan(15);
      expect(await wholeLog(store)).toHaveLength(30);
    });
  });

  describe('starting', () => {
    it.each<[string, () => void, Finding['step']]>([
      ['at TCP when nothing listens', () => undefined, 'TCP'],
      ['at the authentication when the credentials are wrong', () => server.requireCredentials('admin', 'changeit'), 'authentication'],
      [
        'at the leader when there is none',
        () => server.failNext('readAll', { code: 14, details: 'Server Is Not Ready' }, { times: 99 }),
        'leader',
      ],
      [
        'at the gossip when the server is not KurrentDB',
        () => server.failNext('gossip', { code: 12, details: 'unknown service' }, { times: 99 }),
        'gossip',
      ],
    ])('fails %s, and the error names the step', async (_, given, step) => {
      if (step === 'TCP') await server.kill();
      given();
      const logged: string[] = [];
      const opening = open({ openDeadline: 600, log: (message) => logged.push(message) });
      await expect(opening).rejects.toBeInstanceOf(CannotOpenError);
      await expect(opening).rejects.toMatchObject({ finding: { step, ok: false } });
      await expect(opening).rejects.toThrow(`${step} failed`);
      expect(logged).toHaveLength(1);
      if (step === 'TCP') await server.start();
    });

    it('fails at DNS when the name cannot be resolved', async () => {
      const opening = KurrentStore.open(options('esdb://no-such-host.invalid?tls=false', { openDeadline: 200 }));
      await expect(opening).rejects.toMatchObject({ finding: { step: 'DNS' } });
    });

    it('hints at tls=false when the server speaks TLS', async () => {
      const authority = new Authority('An authority');
      const secure = await new FakeServer({ tls: authority.issue('node', ['localhost']) }).start();
      const opening = KurrentStore.open(options(`esdb://127.0.0.1:${secure.port}?tls=false`, { openDeadline: 4_000 }));
      await expect(opening).rejects.toMatchObject({ finding: { step: 'gossip', detail: expect.stringContaining('leave out tls=false') } });
      await secure.kill();
    });

    it('fails at TLS when the server does not speak it', async () => {
      const opening = KurrentStore.open(options(server.url.replace('tls=false', 'tls=true'), { openDeadline: 600 }));
      await expect(opening).rejects.toMatchObject({ finding: { step: 'TLS' } });
    });

    it('waits for a server that is starting', async () => {
      await server.kill();
      const opening = open();
      await new Promise((later) => setTimeout(later, 300));
      await server.start();
      expect((await opening).genesis.formatVersion).toBe(2);
    });

    it('finds the leader through any member', async () => {
      const leader = await new FakeServer().start();
      server.leaderIs('127.0.0.1', leader.port);
      const store = await KurrentStore.open(options(`esdb://127.0.0.1:${server.port},127.0.0.1:1?tls=false`));
      await store.append(freshStream(), -1, facts(1));
      expect(leader.calls).toMatchObject({ append: 1, batchAppend: 1 }); // genesis, and the event
      expect(server.calls).toMatchObject({ append: 0, batchAppend: 0 });
      await store.close();
      await leader.kill();
    });

    it('never shows the password, in an error, a log or a printed object', async () => {
      const printed: string[] = [];
      const log = (message: string) => printed.push(message);
      const withPassword = (url: string) => url.replace('esdb://', 'esdb://admin:s3cret%3Aword@');
      server.requireCredentials('admin', 'other');
      await expect(open({ url: withPassword(server.url), openDeadline: 200, log })).rejects.toThrow(CannotOpenError);
      await open({ url: withPassword(server.url), openDeadline: 200, log }).catch((error: unknown) =>
        printed.push(inspect(error, { depth: 9 })),
      );
      printed.push(
        inspect(connectionOf(withPassword(server.url)), { depth: 9, showHidden: false }),
        JSON.stringify(connectionOf(withPassword(server.url))),
      );
      expect(printed.length).toBeGreaterThan(3);
      for (const text of printed) expect(text).not.toMatch(/s3cret|word/);
    });
  });

  describe('the doctor', () => {
    const findings = async (): Promise<Finding[]> => {
      const found: Finding[] = [];
      for await (const finding of examine(connectionOf(server.url), newId)) found.push(finding);
      return found;
    };

    it('checks every step, and writes only outside the ledger', async () => {
      const store = await open();
      await store.append(freshStream(), -1, facts(2));
      const found = await findings();
      expect(found.map(({ step }) => step)).toEqual([
        'DNS',
        'TCP',
        'gossip',
        'authentication',
        'leader',
        'write',
        'read back',
        'ledger streams',
      ]);
      expect(found.filter(({ ok }) => !ok)).toEqual([]);
      expect(await wholeLog(store)).toHaveLength(2);
      expect(server.recorded('ledger-doctor')).toHaveLength(1);
    });

    it('keeps one event on the server, however often it is called, and says how far it has scanned the log', async () => {
      server.systemWrite(3_000);
      const parts: number[] = [];
      for (let n = 0; n < 3; n++)
        for await (const { ok } of examine(connectionOf(server.url), newId, undefined, (part) => parts.push(part))) expect(ok).toBe(true);
      const node = new Node({ address: '127.0.0.1', port: server.port }, connectionOf(server.url), 0);
      const seen = await node.responses({ stream: 'ledger-doctor', from: 'start', limit: 10 }, 1_000);
      let events = 0;
      for await (const response of seen) if (response.hasEvent()) events++;
      await node.close();
      expect(events).toBe(1);
      expect(parts.length).toBeGreaterThan(3);
      expect(Math.max(...parts)).toBeLessThanOrEqual(1);
    });

    it('stops at the step that fails', async () => {
      for (let n = 0; n < 2; n++) server.failNext('append', { code: 7, details: 'Access Denied' });
      const found = await findings();
      expect(found.at(-1)).toMatchObject({ step: 'write', ok: false, detail: expect.stringContaining('Access Denied') });
    });

    it('needs no right to write metadata, and says what follows when the user has none', async () => {
      server.failNext('append', { code: 7, details: 'Access Denied' });
      const found = await findings();
      expect(found.filter(({ ok }) => !ok)).toEqual([]);
      expect(found.find(({ step }) => step === 'write')?.detail).toMatch(/^revision 0 of ledger-doctor, which keeps all that is written: the user may not write its metadata$/); // prettier-ignore
    });

    it('says when the user may not read $all', async () => {
      server.failNext('readAll', { code: 7, details: 'Access Denied' });
      const found = await findings();
      expect(found.at(-1)).toMatchObject({ step: 'authentication', ok: false, detail: expect.stringContaining('$all cannot be read') });
    });

    it('says when a migration into the ledger has not ended: no server opens it then', async () => {
      await (await open()).append(freshStream(), -1, facts(2));
      server.writeForeign('genesis', { type: 'MigrationBegun', data: Buffer.from('{}') });
      const last = {
        step: 'ledger streams',
        ok: false,
        detail: expect.stringMatching(/^they are the beginning of a ledger only: a migration into it/),
      };
      expect((await findings()).at(-1)).toEqual(last);
      server.writeForeign('genesis', { type: 'MigrationCompleted', data: Buffer.from('{}') });
      expect((await findings()).at(-1)).toMatchObject({ step: 'ledger streams', ok: true });
    });

    it('names the streams of the ledger that are deleted, truncated or bounded', async () => {
      const store = await open();
      const streams = Array.from({ length: 6 }, () => freshStream()) as [string, string, string, string, string, string];
      for (const stream of streams) await store.append(stream, -1, facts(3));
      const [deleted, tombstoned, truncated, bounded, mended] = streams;
      server.deleteStream(deleted);
      server.tombstoneStream(tombstoned);
      server.boundStream(truncated, { $tb: 1 });
      server.boundStream(bounded, { $maxCount: 10 });
      server.boundStream(mended, { $tb: 2 });
      server.boundStream(mended, {});
      server.boundStream('others-1', { $maxCount: 1 });
      const last = (await findings()).at(-1)!;
      expect(last).toMatchObject({ step: 'ledger streams', ok: false });
      for (const [stream, why] of [
        [deleted, 'deleted'],
        [tombstoned, 'deleted'],
        [truncated, '$tb'],
        [bounded, '$maxCount'],
      ] as const)
        // prettier-ignore
        expect(last.detail).toContain(`${stream} (it ${why === 'deleted' ? 'was deleted' : `is bounded by ${why}`})`);
      for (const stream of [mended, streams[5], 'others-1']) expect(last.detail).not.toContain(stream);
    });
  });
});

describe('KurrentDB over TLS', () => {
  const [trusted, stranger] = [new Authority('An authority'), new Authority('Another authority')];
  let dir: string;
  let servers: FakeServer[] = [];
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tower-ledger-tls-'));
  });
  afterEach(async () => {
    await Promise.all(servers.map((server) => server.kill()));
    servers = [];
    await rm(dir, { recursive: true });
  });
  const start = async (tls: FakeServerOptions['tls']): Promise<FakeServer> => {
    const server = await new FakeServer({ ...(tls && { tls }) }).start();
    servers.push(server);
    return server;
  };
  const fileOf = async (name: string, pem: string): Promise<string> => {
    await writeFile(join(dir, name), pem);
    return `${name === 'ca' ? 'tlsCAFile' : name}=${encodeURIComponent(join(dir, name))}`;
  };
  const openAt = (url: string) => KurrentStore.open(options(url, { openDeadline: 800 }));

  it.each(['localhost', '127.0.0.1'])('a server at %s is trusted if the given authority signed its certificate', async (host) => {
    const server = await start(trusted.issue('node', ['localhost', '127.0.0.1']));
    server.requireCredentials('admin', 's3:cret@');
    const ca = await fileOf('ca', trusted.certificate);
    const store = await openAt(`esdb://admin:s3:cret%40@${host}:${server.port}?${ca}`);
    const stream = freshStream();
    await store.append(stream, -1, facts(2));
    expect(await store.read(stream)).toHaveLength(2);
    for await (const batch of store.follow(undefined, new AbortController().signal)) if (batch.length > 0) break;
    await store.close();
    await expect(openAt(`esdb://admin:wrong@${host}:${server.port}?${ca}`)).rejects.toMatchObject({ finding: { step: 'authentication' } });
    await expect(openAt(`esdb://${host}:${server.port}?${ca}`)).rejects.toMatchObject({ finding: { step: 'authentication' } });
    await expect(openAt(`esdb://${host}:${server.port}`)).rejects.toMatchObject({ finding: { step: 'TLS' } });
  });

  it('a server with the certificate of another host is refused, by name and by address', async () => {
    const ca = await fileOf('ca', trusted.certificate);
    for (const [host, names] of [
      ['127.0.0.1', ['localhost', '127.0.0.2', 'by-address.invalid']],
      ['localhost', ['ledger.example', '127.0.0.1']],
    ] as const) {
      const server = await start(trusted.issue('node', names));
      await expect(openAt(`esdb://${host}:${server.port}?${ca}`)).rejects.toMatchObject({ finding: { step: 'TLS' } });
      const node = new Node({ address: host, port: server.port }, connectionOf(`esdb://${host}:${server.port}?${ca}`), 0);
      await expect(node.members(1_000)).rejects.toThrow(/altnames/);
      await node.close();
    }
  });

  it('a user can authenticate with a certificate', async () => {
    const server = await start({ ...trusted.issue('node', ['localhost']), clientsOf: stranger.certificate });
    const ca = await fileOf('ca', trusted.certificate);
    const user = stranger.issue('ledger');
    const own = `${await fileOf('userCertFile', user.certificate)}&${await fileOf('userKeyFile', user.key)}`;
    const store = await openAt(`esdb://localhost:${server.port}?${ca}&${own}`);
    await store.append(freshStream(), -1, facts(1));
    await store.close();
    await expect(openAt(`esdb://localhost:${server.port}?${ca}`)).rejects.toBeInstanceOf(CannotOpenError);
  });
});

describe('a connection string of KurrentDB', () => {
  it('names hosts and options', () => {
    expect(connectionOf('esdb://localhost')).toMatchObject({ hosts: [{ address: 'localhost', port: 2113 }], cluster: false, tls: true });
    expect(connectionOf('kurrentdb://a.example:1,b.example:2/?tls=false')).toMatchObject({
      hosts: [{ address: 'a.example', port: 1 }, { address: 'b.example', port: 2 }], // prettier-ignore
      cluster: true,
      tls: false,
    });
    expect(connectionOf('esdb+discover://ledger.example?nodePreference=Leader')).toMatchObject({ cluster: true });
    expect(connectionOf('kurrentdb+discover://[::1]:2114?keepAliveInterval=20000&connection-name=a%20b')).toMatchObject({
      hosts: [{ address: '[::1]', port: 2114 }],
      keepAliveInterval: 20_000,
      connectionName: 'a b',
    });
    expect(connectionOf('esdb://h?defaultDeadline=700&gossipTimeout=7')).toMatchObject({ defaultDeadline: 700, gossipTimeout: 7_000 });
  });

  it('may contain any user and password, also with a colon', () => {
    expect(connectionOf('esdb://admin:pa:ss:word@h').credentials?.password).toBe('pa:ss:word');
    expect(connectionOf('esdb://ad%3Amin:p%40%2F%3F%23%25@h').credentials).toEqual({ username: 'ad:min' });
    expect(connectionOf('esdb://ad%3Amin:p%40%2F%3F%23%25@h').credentials?.password).toBe('p@/?#%');
    expect(connectionOf('esdb://h').credentials).toBeUndefined();
  });

  it.each<[string, string]>([
    ['', 'must begin with esdb://'],
    ['http://h', 'must begin with esdb://'],
    ['esdb://', 'host:port'],
    ['esdb://h:0', 'host:port'],
    ['esdb://h:99999', 'host:port'],
    ['esdb://h,,i', 'host:port'],
    ['esdb://h o', 'host:port'],
    ['esdb://user@h', 'user:password@host'],
    ['esdb://user:@h', 'user:password@host'],
    ['esdb://user:se/cret@h', 'percent-encode'],
    ['esdb://user:se?cret@h', 'percent-encode'],
    ['esdb://user:se@cret@h', 'percent-encode'],
    ['esdb://user:se%cret@h', 'percent-encoded'],
    ['esdb://h?tls=maybe', 'tls must be true or false'],
    ['esdb://h?tls=true&tls=true', 'tls is given twice'],
    ['esdb://h?tls', 'tls needs one value'],
    ['esdb://h?secret=1', 'secret is not an option. Options are: tls, '],
    ['esdb://h?s3cr+et=1', 'one of the names is not an option'],
    ['esdb://h?maxDiscoverAttempts=3', 'maxDiscoverAttempts has no effect'],
    ['esdb://h?throwOnAppendFailure=false', 'throwOnAppendFailure has no effect'],
    ['esdb://h?nodePreference=follower', 'nodePreference must be leader'],
    ['esdb://h?tlsVerifyCert=false', 'tlsCAFile'],
    ['esdb://h?keepAliveInterval=-1', 'keepAliveInterval must be a whole number'],
    ['esdb://h?keepAliveInterval=9999', 'keepAliveInterval must be a whole number'],
    ['esdb://h?defaultDeadline=1s', 'defaultDeadline must be a whole number'],
    ['esdb://h?tls=false&tlsCAFile=x', 'tlsCAFile has no effect'],
    ['esdb://h?tlsCAFile=/no/such/file', 'tlsCAFile cannot be read'],
    ['esdb://h?userCertFile=x', 'must be given together'],
    ['esdb://h?a=1?b=2', 'more than one "?"'],
  ])('%j is refused, and the error names the mistake', (url, message) => {
    expect(() => connectionOf(url)).toThrow(InvalidConnectionError);
    expect(() => connectionOf(url)).toThrow(message);
    for (const secret of ['se/cret', 'se?cret', 'se@cret', 'se%cret', 'cret@h', 's3cr+et'])
      expect(() => connectionOf(url)).not.toThrow(secret);
  });

  it('refuses an authority file that is not a certificate', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'tower-ledger-ca-'));
    const file = join(dir, 'ca.crt');
    await writeFile(file, 'no certificate');
    expect(() => connectionOf(`esdb://h?tlsCAFile=${encodeURIComponent(file)}`)).toThrow('tlsCAFile is not a certificate');
    await rm(dir, { recursive: true });
  });
});
