import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StoreUnavailableError, StreamBrokenError } from '../../src/store/event-store.js';
import { connectionOf } from '../../src/store/kurrentdb/connection.js';
import { examine, reach, type Finding } from '../../src/store/kurrentdb/doctor.js';
import { CallFailedError } from '../../src/store/kurrentdb/errors.js';
import type { Recorded } from '../../src/store/kurrentdb/events.js';
import { KurrentStore } from '../../src/store/kurrentdb/kurrent-store.js';
import { Node } from '../../src/store/kurrentdb/node.js';
import { boundOf, brokenBy, collect, endOf, readOn, records, Revisions, scan } from '../../src/store/kurrentdb/reading.js';
import { StreamNames } from '../../src/store/kurrentdb/stream-names.js';
import { FakeServer, type FakeServerOptions } from '../fakes/kurrentdb/fake-server.js';
import { newId } from '../store/event-store.contract.js';

const UNAUTHENTICATED = { code: 16, details: 'Unauthenticated' } as const;
const UNAVAILABLE = { code: 14, details: 'Connection dropped' } as const;
const ABORTED = { code: 10, details: 'CommitTimeout' } as const;

let servers: FakeServer[] = [];
let nodes: Node[] = [];
let server: FakeServer;
const another = async (options: FakeServerOptions = {}): Promise<FakeServer> => {
  servers.push(await new FakeServer(options).start());
  return servers.at(-1)!;
};
beforeEach(async () => void (server = await another()));
afterEach(async () => {
  await Promise.all(nodes.map((node) => node.close()));
  await Promise.all(servers.map((one) => one.kill()));
  [nodes, servers] = [[], []];
});

const node = (): Node => {
  nodes.push(new Node({ address: '127.0.0.1', port: server.port }, connectionOf(server.url), 0));
  return nodes.at(-1)!;
};
const write = (stream: string, count: number): void => {
  for (let n = 0; n < count; n++) server.writeForeign(stream, { type: 'T', data: Buffer.from(`{"n":${n}}`) });
};
const all = async <T>(of: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = [];
  for await (const one of of) found.push(one);
  return found;
};
const revisions = (found: readonly Recorded[] | 'not-found') => (found === 'not-found' ? found : found.map(({ revision }) => revision));
const LEDGER = ['contract-'];

describe('a scan of the log', () => {
  it('ends where the log ends', async () => {
    write('contract-c1', 3);
    const found = await all(scan(node(), { from: 'start', prefixes: LEDGER }, 2_000));
    expect(revisions(found.filter((next) => 'revision' in next))).toEqual([0, 1, 2]);
  });

  it('that gets nothing for its deadline is late, and lost', async () => {
    server.holdNext('subscribe');
    await expect(all(scan(node(), { from: 'start' }, 100))).rejects.toMatchObject({ failure: { kind: 'lost', isLate: true } });
  });

  it('that ends before the end of the log is lost, and not the end of it', async () => {
    server.failNext('subscribe', UNAVAILABLE, { after: 2 });
    write('contract-c1', 5);
    const scanned = all(scan(node(), { from: 'start', prefixes: LEDGER }, 2_000));
    await expect(scanned).rejects.toMatchObject({ failure: { kind: 'lost', isLate: false } });
  });

  it('that is given up says that the store is closed, also when it was given up before', async () => {
    server.holdNext('subscribe', { times: 2 });
    const stop = new AbortController();
    const scanned = all(scan(node(), { from: 'start' }, 5_000, stop.signal));
    setTimeout(() => stop.abort(), 50);
    await expect(scanned).rejects.toThrow(StoreUnavailableError);
    await expect(all(scan(node(), { from: 'start' }, 5_000, stop.signal))).rejects.toThrow('The store is closed.');
  });
});

describe('a page of the log', () => {
  it('found by a scan has as many records as it may, or as many bytes and the record beyond', async () => {
    write('contract-c1', 10);
    const page = async (bounds: { limit?: number; bytes?: number }) =>
      revisions(await readOn(node(), { from: 'start', prefixes: LEDGER, ...bounds }, 2_000));
    expect(await page({ limit: 3 })).toEqual([0, 1, 2]);
    expect(await page({ bytes: 8 })).toEqual([0, 1]); // 7 bytes each
    expect(await page({})).toHaveLength(10);
  });

  it('that breaks has what came before, and is an error where nothing did', async () => {
    write('contract-c1', 10);
    const found = async (after: number) => {
      server.failNext('subscribe', UNAVAILABLE, { after });
      return revisions(await readOn(node(), { from: 'start', prefixes: LEDGER }, 2_000));
    };
    const some = await found(5);
    expect(some.length).toBeGreaterThan(0);
    expect(some.length).toBeLessThan(10);
    await expect(found(0)).rejects.toThrow(CallFailedError);
  });
});

describe('a read', () => {
  it('that was given up before it began asks for nothing that it waits for', async () => {
    server.holdNext('readStream');
    const read = collect(node(), { stream: 'contract-c1', from: 'start', limit: 1 }, 5_000, AbortSignal.abort());
    await expect(read).rejects.toThrow('The store is closed.');
  });

  it('names a stream that the server does not have, and one whose answer was refused', async () => {
    expect(await collect(node(), { stream: 'contract-none', from: 'start', limit: 1 }, 2_000)).toBe('not-found');
    server.failNext('readStream', UNAUTHENTICATED);
    const refused = all(records(node(), { stream: 'contract-none', from: 'start', limit: 1 }, 2_000));
    await expect(refused).rejects.toMatchObject({ failure: { kind: 'refused' } });
  });

  it('of the end of the log finds the last record of any program', async () => {
    expect(await endOf(node(), 2_000)).toBeUndefined();
    write('contract-c1', 1);
    const { commit } = (await endOf(node(), 2_000))!;
    write('person-1', 1);
    expect((await endOf(node(), 2_000))!.commit).toBeGreaterThan(commit);
  });
});

describe('the revisions of a log', () => {
  const record = (revision: number, type = 'T') => ({ revision, type }) as Recorded;

  it('follow each other in every stream', () => {
    const seen = new Revisions(true);
    for (const revision of [0, 1, 2]) seen.pass('contract-a', record(revision));
    expect(() => seen.pass('contract-a', record(4))).toThrow('it goes from revision 2 to 4');
    expect(() => seen.pass('contract-b', record(1))).toThrow('it goes from revision -1 to 1');
    expect(() => seen.pass('contract-a', record(3, '$streamDeleted'))).toThrow(StreamBrokenError);
    expect(() => new Revisions(false).pass('contract-b', record(7))).not.toThrow();
  });

  it('are remembered of so many streams, those seen last', () => {
    const seen = new Revisions(true, 2);
    for (const stream of ['contract-a', 'contract-b']) seen.pass(stream, record(0));
    seen.pass('contract-a', record(1));
    seen.pass('contract-c', record(5)); // its beginning may have been forgotten
    expect(() => seen.pass('contract-a', record(3))).toThrow('it goes from revision 1 to 3');
    expect(() => seen.pass('contract-b', record(3))).not.toThrow();
  });
});

describe('what is left of a stream', () => {
  it('is said of one that is bounded, empty, or begins late', async () => {
    const places = { names: new StreamNames(), deadline: 2_000 };
    const why = async (stream: string) => brokenBy(node(), stream, places);
    write('contract-c1', 3);
    expect(await why('contract-c1')).toBeUndefined();
    expect(await why('contract-none')).toEqual({ why: 'none of its events is left', isDeleted: false });
    server.boundStream('contract-c1', { $maxCount: 2 });
    expect(await why('contract-c1')).toEqual({ why: 'it is bounded by $maxCount', isDeleted: false });
    server.log.scavenge();
    server.boundStream('contract-c1', {});
    expect(await why('contract-c1')).toEqual({ why: 'it begins at revision 1', isDeleted: false });
    server.deleteStream('contract-c1');
    expect(await why('contract-c1')).toEqual({ why: 'it was deleted', isDeleted: true });
    server.failNext('readStream', UNAUTHENTICATED, { times: 2 });
    await expect(why('contract-c1')).rejects.toMatchObject({ failure: { kind: 'refused' } });
  });

  it.each<[unknown, string | undefined]>([
    [null, undefined],
    ['text', undefined],
    [{}, undefined],
    [{ $tb: 0 }, undefined],
    [{ $maxCount: '3' }, undefined],
    [{ $tb: 1 }, 'it is bounded by $tb'],
    [{ $maxAge: 60 }, 'it is bounded by $maxAge'],
    [{ $tb: Number.MAX_SAFE_INTEGER + 1 }, 'it was deleted'],
  ])('is bounded by its metadata: %j', (json, bound) => expect(boundOf(json)).toBe(bound));
});

describe('the first record of a ledger', () => {
  const open = () =>
    KurrentStore.open({ url: server.url, timeZone: 'UTC', now: () => '2026-03-04T05:06:07.089Z', newId, deadline: 500, patience: 200 });

  it.each<[string, { type: string; data: Buffer; contentType?: string }]>([
    ['of another type', { type: 'PersonNamed', data: Buffer.from('{}') }],
    ['without an id of the ledger', { type: 'LedgerOpened', data: Buffer.from('{"formatVersion":2,"timeZone":"UTC"}') }],
    ['that is not JSON', { type: 'LedgerOpened', data: Buffer.from('x'), contentType: 'application/octet-stream' }],
  ])('is none %s: the store is not opened', async (_, event) => {
    server.writeForeign('genesis', event);
    await expect(open()).rejects.toThrow("The stream genesis does not begin with a ledger's genesis record.");
    expect(server.recorded('genesis')).toHaveLength(1);
  });

  it('is written once though its writer got no answer', async () => {
    server.storeThenFail('append');
    server.storeThenFail('batchAppend');
    const store = await open();
    expect(server.recorded('genesis')).toHaveLength(1);
    await store.close();
  });

  it('is given up after six appends without an outcome', async () => {
    for (const method of ['append', 'batchAppend'] as const) server.failNext(method, ABORTED, { times: 50 });
    await expect(open()).rejects.toThrow();
    expect(server.calls.append + server.calls.batchAppend).toBe(6);
    expect(server.recorded('genesis')).toEqual([]);
  });
});

describe('the doctor', () => {
  const findings = async (url = server.url, between: (found: Finding) => void = () => undefined): Promise<Finding[]> => {
    const found: Finding[] = [];
    for await (const finding of examine(connectionOf(url), newId)) {
      found.push(finding);
      between(finding);
    }
    return found;
  };

  it('says of a cluster that it knows no leader', async () => {
    const second = await another();
    for (const one of [server, second]) one.isReady(false);
    const found = await findings(`esdb://127.0.0.1:${server.port},127.0.0.1:${second.port}?tls=false`);
    expect(found.at(-1)).toMatchObject({ step: 'gossip', ok: false, detail: expect.stringContaining('it knows no leader') });
  });

  it('asks the leader that a follower names, and reads there', async () => {
    const leader = await another({ log: server.log });
    server.leaderIs('127.0.0.1', leader.port);
    const found = await findings();
    expect(found.find(({ step }) => step === 'leader')).toEqual({ step: 'leader', ok: true, detail: `127.0.0.1:${leader.port}` });
    expect(found.filter(({ ok }) => !ok)).toEqual([]);
  });

  it('misses the event that it wrote', async () => {
    const found = await findings(server.url, ({ step }) => step === 'write' && server.deleteStream('ledger-doctor'));
    expect(found.at(-1)).toEqual({ step: 'read back', ok: false, detail: 'the event that was written is missing' });
  });

  it('names twenty broken streams, and how many more there are; those of other programs are none of its concern', async () => {
    for (let n = 10; n < 33; n++) {
      write(`contract-c${n}`, 1);
      server.boundStream(`contract-c${n}`, { $maxCount: 5 });
    }
    write('person-1', 1);
    server.tombstoneStream('person-1');
    const { ok, detail } = (await findings()).at(-1)!;
    expect([ok, detail.split(',').length]).toEqual([false, 20]);
    expect(detail).toMatch(/^not whole: contract-c10 \(it is bounded by \$maxCount\).* and 3 more$/);
    expect(detail).not.toContain('person-1');
  });

  it('waits no longer than it may', async () => {
    const steps = reach(connectionOf(server.url), AbortSignal.abort());
    expect((await steps.next()).value).toEqual({ step: 'DNS', ok: false, detail: '127.0.0.1:' + server.port + ': no answer in time' });
    expect(await steps.next()).toEqual({ done: true, value: undefined });
  });
});
