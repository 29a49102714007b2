import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { recordStory } from '../../src/cli/story.js';
import type { RecordedEvent } from '../../src/kernel/index.js';
import { migrate } from '../../src/operate/migration.js';
import { openLedger, openOrBegin, type Place } from '../../src/operate/stores.js';
import type { ReplicaStatus } from '../../src/http/ledger.js';
import { KurrentStore } from '../../src/store/kurrentdb/kurrent-store.js';
import { award, partsOf, startServer, stopServer, tempFolder, accepted, type Answer, type Server } from '../http/server.js';
import { metadata, newId, wholeLog } from '../store/event-store.contract.js';
import { Listener } from '../fakes/kurrentdb/listener.js';
import { Proxy } from '../fakes/kurrentdb/proxy.js';
import { FakeServer } from '../fakes/kurrentdb/fake-server.js';

const real = process.env['LEDGER_KURRENTDB_URL'];
const clusters: readonly (readonly [name: string, url: string | undefined])[] = [
  ['on a fake server', undefined],
  ...(real !== undefined && !real.includes(',') ? [['on a real server', real] as const] : []),
];

/** An API node, which reaches the database through its own proxy. */
interface Node extends Server {
  readonly proxy: Proxy;
}

const until = async (what: string, holds: () => boolean | Promise<boolean>, ms = 15_000): Promise<void> => {
  for (const end = Date.now() + ms; !(await holds()); await sleep(20))
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`);
};
/** Waits until a replica has all that was in the log when this was called. */
const caughtUp = async (replica: ReplicaStatus): Promise<void> => {
  const since = performance.now();
  await until('all is replicated', () => (replica().age ?? Infinity) * 1000 <= performance.now() - since);
};
const ready = (node: Server) => until('a node is ready', async () => (await node.get('/readyz')).status === 200, 30_000);

describe.each(clusters)('two API nodes, %s,', (_, url) => {
  let fakeServer: FakeServer | undefined;
  let database: string;
  let a: Node;
  let b: Node;
  let nodes: Node[] = [];
  /** Suffix of every id of this run, because a real server keeps the events of earlier runs. */
  const run = newId().slice(24);
  const id = (name: string) => `${name}-${run}`;
  const [programme, tower, supplier] = [id('met'), id('hosting'), id('csc')];
  const terms = { ...award, programme, towers: [tower], suppliers: [{ supplier }] };
  const register = { title: 'Atos', form: 'company' };

  const startNode = async (dir?: string, reachable = true): Promise<Node> => {
    const { hostname, port } = new URL(database.replace('esdb:', 'http:'));
    const proxy = await new Proxy({ host: hostname, port: Number(port) }).start();
    if (!reachable) proxy.refuse();
    const through = database.replace(`${hostname}:${port}`, `127.0.0.1:${proxy.port}`);
    const server = await startServer({
      LEDGER_STORE: 'kurrentdb',
      LEDGER_KURRENTDB_URL: through,
      LEDGER_READY_SECONDS: '2',
      ...(dir !== undefined && { DATA_DIR: dir }),
    });
    const node = { ...server, proxy };
    nodes.push(node);
    if (reachable) await ready(node);
    return node;
  };
  /** Closes a node and keeps its folder. */
  const close = async (node: Node): Promise<void> => {
    nodes = nodes.filter((other) => other !== node);
    await node.close();
    await node.proxy.close();
  };
  const ledgerOf = partsOf;
  const logOf = (node: Node, stream: string): Promise<readonly RecordedEvent[]> => ledgerOf(node).store.read(stream);
  const post = (node: Node, path: string, body: object, headers?: Record<string, string>) => node.post(path, body, headers);
  /** Stops replication, so that a node's replica lacks what the other node records next. On a real server it only lags. */
  const stopReplication = async () => {
    if (fakeServer) await until('all nodes follow', () => fakeServer!.openSubscriptions >= 2);
    fakeServer?.silenceSubscriptions();
  };

  const disconnect = ({ proxy }: Node): void => {
    proxy.refuse();
    proxy.reset();
  };

  beforeAll(async () => {
    if (url === undefined) fakeServer = await new FakeServer().start();
    database = url ?? fakeServer!.url;
    [a, b] = [await startNode(), await startNode()];
    await accepted(
      post(a, `/programmes/${programme}/charter-programme`, { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }),
    );
    await accepted(post(b, `/towers/${tower}/plan-tower`, { programme, title: 'Hosting' }));
    await accepted(post(a, `/suppliers/${supplier}/register-supplier`, { title: 'CSC', form: 'company' }));
  }, 60_000);
  beforeEach(async () => {
    fakeServer?.dropSubscriptions();
    await Promise.all([a, b].map(ready));
  });
  afterAll(async () => {
    await Promise.allSettled(nodes.map((node) => stopServer(node)));
    await Promise.all(nodes.map(({ proxy }) => proxy.close()));
    await fakeServer?.kill();
  }, 30_000);

  describe('writing to the same aggregate', () => {
    it('accept one of two commands with the same If-Match and refuse the other with 412', async () => {
      const { revision } = await accepted(post(a, `/contracts/${id('seen')}/award-contract`, terms));
      let seen = revision;
      for (let n = 0; n < 10; n++) {
        const headers = { 'if-match': `"${seen}"` };
        const answers = await Promise.all(
          [a, b].map((node, i) => post(node, `/contracts/${id('seen')}/annotate`, { note: `Note ${n} on ${i}` }, headers)),
        );
        expect(answers.map(({ status }) => status).sort()).toEqual([201, 412]);
        seen = answers.find(({ status }) => status === 201)!.body.revision;
        expect(seen).toBe(revision + n + 1);
        expect(answers.find(({ status }) => status === 412)!.body).toMatchObject({ revision: seen });
      }
    });

    it('record each of many concurrent commands exactly once', async () => {
      await accepted(post(a, `/contracts/${id('raced')}/award-contract`, terms));
      const notes = Array.from({ length: 40 }, (_, n) => `Note ${n}`);
      const receipts = await Promise.all(
        notes.map((note, n) => accepted(post([a, b][n % 2]!, `/contracts/${id('raced')}/annotate`, { note }))),
      );
      expect(receipts.map(({ revision }) => revision).sort((one, other) => one - other)).toEqual(notes.map((_, n) => n + 1));
      const recorded = (await logOf(a, `contract-${id('raced')}`)).slice(1);
      expect(recorded.map(({ data }) => data.note).sort()).toEqual(notes.sort());
      for (const { revision, events } of receipts) expect(recorded[revision - 1]!.id).toBe(events[0].id);
    });

    it('accept exactly one of many concurrent registrations of a supplier', async () => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          post([a, b][n % 2]!, `/suppliers/${id('first')}/register-supplier`, { title: `Supplier ${n}`, form: 'company' }),
        ),
      );
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
      expect(answers.filter(({ body }) => body.type === 'urn:tower-ledger:problem:supplier/exists')).toHaveLength(19);
      expect(await logOf(b, `supplier-${id('first')}`)).toHaveLength(1);
    });
  });

  describe('receiving the same idempotency key', () => {
    const key = { 'idempotency-key': 'award-1', 'x-actor': 'ana' };
    const path = `/contracts/${id('keyed')}/award-contract`;
    const isReplayOf = (first: Answer, again: Answer) => {
      expect([again.status, again.headers.get('idempotency-replayed'), again.text]).toEqual([201, 'true', first.text]);
    };

    it('give the original response from either node, at once and after a restart', async () => {
      await stopReplication();
      const first = await post(a, path, terms, key);
      expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([201, null]);
      isReplayOf(first, await post(b, path, terms, key));
      isReplayOf(first, await post(a, path, terms, key));
      fakeServer?.dropSubscriptions();
      await close(b);
      b = await startNode(b.dir);
      isReplayOf(first, await post(b, path, terms, key));
      const newcomer = await startNode();
      isReplayOf(first, await post(newcomer, path, terms, key));
      await close(newcomer);
      await rm(newcomer.dir, { recursive: true });
      expect(await logOf(a, `contract-${id('keyed')}`)).toHaveLength(1);
    }, 30_000);

    it('refuse it for another body, even when the first body went to the other node', async () => {
      await stopReplication();
      const other = { 'idempotency-key': 'award-2', 'x-actor': 'ana' };
      await accepted(post(b, `/contracts/${id('keyed-b')}/award-contract`, terms, other));
      const answer = await post(a, `/contracts/${id('keyed-b')}/award-contract`, { ...terms, title: 'Another' }, other);
      expect([answer.status, answer.body.type]).toEqual([422, 'urn:tower-ledger:problem:key-reused']);
    });

    it('record the command once when it reaches both at the same time', async () => {
      for (let n = 0; n < 8; n++) {
        const answers = await Promise.all(
          [a, b, a, b].map((node) => post(node, `/contracts/${id(`both-${n}`)}/award-contract`, terms, { 'idempotency-key': 'k' })),
        );
        expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
        expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
        expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') === null)).toHaveLength(1);
        expect(await logOf(a, `contract-${id(`both-${n}`)}`)).toHaveLength(1);
      }
    });
  });

  describe('of which one has just recorded something', () => {
    const types = (answer: Answer) => [answer.status, answer.body.type ?? answer.body.outcome];

    it('refuse on the other node what it rules out', async () => {
      await stopReplication();
      await accepted(post(a, `/suppliers/${id('atos')}/register-supplier`, register));
      if (fakeServer) expect((await b.get(`/suppliers/${id('atos')}`)).status).toBe(404); // its replica does not have it yet
      const again = await post(b, `/suppliers/${id('atos')}/register-supplier`, register);
      expect(types(again)).toEqual([409, 'urn:tower-ledger:problem:supplier/exists']);
      expect(await logOf(a, `supplier-${id('atos')}`)).toHaveLength(1);
    });

    it('accept on the other node what it makes possible', async () => {
      await stopReplication();
      await accepted(post(a, `/towers/${id('new-tower')}/plan-tower`, { programme, title: 'Networks' }));
      await accepted(post(a, `/suppliers/${id('new-supplier')}/register-supplier`, register));
      const towers = [id('new-tower')];
      const receipt = await accepted(
        post(b, `/contracts/${id('on-new')}/award-contract`, {
          ...terms,
          towers,
          suppliers: [{ supplier: id('new-supplier') }],
          endsOn: '2099-12-31',
        }),
      );
      expect(receipt.known).toContainEqual({ stream: `tower-${id('new-tower')}`, revision: 0 });
      await accepted(post(b, `/contracts/${id('on-new')}/sign-contract`, {}));
      await accepted(post(a, `/contracts/${id('on-new')}/start-service`, {}));
    });

    it('do not treat a withdrawn fact as still standing on the other node', async () => {
      const warning = { warning: `w-${run}`, summary: 'Not without risk', by: 'Watchdog', source: { title: 'Report' } };
      const warned = await accepted(post(a, `/programmes/${programme}/add-warning`, warning));
      const known = await accepted(post(a, `/suppliers/${id('undone')}/register-supplier`, register));
      expect((await b.get(`/suppliers/${id('undone')}?minPosition=${known.position}`)).status).toBe(200);
      expect(types(await post(b, `/programmes/${programme}/add-warning`, warning))).toEqual([200, 'already-so']);
      await stopReplication();
      await accepted(post(a, `/programmes/${programme}/withdraw-fact`, { event: warned.events[0].id }));
      await accepted(post(a, `/suppliers/${id('undone')}/withdraw-fact`, { event: known.events[0].id }));
      expect(types(await post(b, `/programmes/${programme}/add-warning`, warning))).toEqual([201, 'accepted']);
      expect(types(await post(b, `/suppliers/${id('undone')}/register-supplier`, register))).toEqual([201, 'accepted']);
    });

    it('compare If-Match on the other node with the newest revision', async () => {
      const { revision } = await accepted(post(a, `/contracts/${id('fresh')}/award-contract`, terms));
      await stopReplication();
      const noted = await accepted(post(a, `/contracts/${id('fresh')}/annotate`, { note: 'Seen' }, { 'if-match': `"${revision}"` }));
      const next = await post(b, `/contracts/${id('fresh')}/annotate`, { note: 'Seen' }, { 'if-match': `"${noted.revision}"` });
      expect(types(next)).toEqual([201, 'accepted']);
      const late = await post(a, `/contracts/${id('fresh')}/annotate`, { note: 'Late' }, { 'if-match': `"${noted.revision}"` });
      expect(late.status).toBe(412);
    });

    it('make a dry run on the other node against the newest state', async () => {
      await stopReplication();
      await accepted(post(a, `/suppliers/${id('tried')}/register-supplier`, register));
      const tried = await post(b, `/suppliers/${id('tried')}/register-supplier?dryRun=true`, register);
      expect(types(tried)).toEqual([409, 'urn:tower-ledger:problem:supplier/exists']);
    });

    it('wait on the other node for a position that a client has already seen', async () => {
      const { generation } = (await a.get('/projections/contract-register?limit=1')).body;
      await stopReplication();
      const { position, events } = await accepted(post(a, `/contracts/${id('shown')}/award-contract`, terms));
      const asked = [
        b.get(`/contracts/${id('shown')}?position=${position}`),
        b.get(`/projections/contract-register/contract:${id('shown')}?position=${position}`),
      ];
      const listening = Listener.to(
        `${b.url}/projections/contract-register/updates`,
        `${generation}.${position}.${events[0].id.slice(-12)}`,
      );
      await sleep(100);
      fakeServer?.dropSubscriptions();
      expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200]);
      const listener = await listening;
      const next = await accepted(post(b, `/contracts/${id('shown')}/sign-contract`, {}));
      await until('the next update is received', () => listener.updates.length > 0);
      expect([listener.updates.map((update) => update.position), listener.resets]).toEqual([[next.position], []]);
      listener.hangUp();
    });

    it('show it on the other node to a client that sends minPosition', async () => {
      for (let n = 0; n < 10; n++) {
        const [here, there] = n % 2 ? [a, b] : [b, a];
        const { position, events } = await accepted(post(here, `/contracts/${id(`read-${n}`)}/award-contract`, terms));
        const own = `minPosition=${position}`;
        expect((await there.get(`/contracts/${id(`read-${n}`)}?${own}`)).body).toMatchObject({ position, state: { stage: 'awarded' } });
        expect((await there.get(`/contracts/${id(`read-${n}`)}/history?${own}`)).body.entries).toHaveLength(1);
        expect((await there.get(`/projections/contract-register/contract:${id(`read-${n}`)}?${own}`)).body.row.stage).toBe('awarded');
        expect((await there.get(`/events/${events[0].id}?${own}`)).body).toMatchObject({ position });
      }
    });
  });

  describe('with many writers and a subscriber each', () => {
    /** Of two nodes, each with so many awards and a note for some: fewer events than a follower may be behind and still get one for each. */
    const [WRITERS, AWARDS] = [8, 4];
    const REGISTER = '/projections/contract-register/updates';

    /** Sends awards, each with its own key, and repeats one without an answer on the node that is left. */
    const write = async (name: string, node: () => Node): Promise<void> => {
      for (let n = 0; n < AWARDS; n++) {
        const headers = { 'idempotency-key': `${name}-${n}` };
        for (;;) {
          const answer = await post(node(), `/contracts/${id(`${name}-${n}`)}/award-contract`, terms, headers).catch(() => undefined);
          if (answer?.status === 201) break;
          if (answer && answer.status !== 503) throw new Error(`${answer.status} ${answer.text}`);
          await sleep(20);
        }
        if (n % 3 === 0) await post(node(), `/contracts/${id('shared')}/annotate`, { note: `${name} ${n}` }).catch(() => undefined);
      }
    };
    const writers = (name: string, node: () => Node) => Promise.all(Array.from({ length: WRITERS }, (_, i) => write(`${name}-${i}`, node)));
    const isOf = (stream: string, names: readonly string[]) =>
      stream.endsWith(`-${run}`) && names.some((name) => stream.startsWith(`contract-${name}-`));
    /** The awards of these writers, in the order of the log. */
    const awards = async (node: Node, names: readonly string[], after?: string): Promise<readonly string[]> => {
      await caughtUp(ledgerOf(node).replica!);
      return (await wholeLog(ledgerOf(node).store, after))
        .filter(({ type, stream }) => type === 'ContractAwarded' && isOf(stream, names))
        .map(({ position }) => position);
    };
    const received = (listeners: readonly Listener[], names: readonly string[]) =>
      listeners.flatMap(({ updates }) => updates.flatMap(({ position, stream }) => (isOf(stream, names) ? [position] : [])));

    it('send every update to each subscriber once and in order', async () => {
      await accepted(post(a, `/contracts/${id('shared')}/award-contract`, terms));
      const begin = await ledgerOf(a).store.head();
      const listeners = [await Listener.to(a.url + REGISTER), await Listener.to(b.url + REGISTER)];
      await Promise.all([writers('on-a', () => a), writers('on-b', () => b)]);
      const names = ['on-a', 'on-b'];
      const written = await awards(a, names, begin);
      expect(written).toHaveLength(2 * WRITERS * AWARDS);
      for (const listener of listeners) {
        await until('all is received', () => received([listener], names).length >= written.length);
        expect(received([listener], names)).toEqual(written);
        const { store } = ledgerOf(a);
        listener.updates
          .slice(1)
          .forEach(({ position }, i) => expect(store.compare(listener.updates[i]!.position, position)).toBeLessThan(0));
        listener.hangUp();
      }
    }, 60_000);

    it('send each event with its own type, even when two events share an id', async () => {
      await accepted(post(a, `/contracts/${id('one')}/plan-contract`, { programme, title: 'One', towers: [tower] }));
      await accepted(post(a, `/contracts/${id('one')}/award-contract`, terms));
      const [planned, awarded] = await logOf(a, `contract-${id('one')}`);
      const listener = await Listener.to(a.url + REGISTER);
      const stranger = await KurrentStore.open({ url: database, timeZone: 'Europe/London', now: () => metadata.recordedAt, newId });
      await stranger.append(`contract-${id('other')}`, -1, [
        { ...planned!, id: newId() },
        { ...awarded!, id: planned!.id },
      ]);
      await stranger.close();
      const of = () => listener.updates.filter(({ stream }) => stream === `contract-${id('other')}`);
      await until('both are received', () => of().length === 2);
      expect(of().map(({ type }) => type)).toEqual(['ContractPlanned', 'ContractAwarded']);
      listener.hangUp();
    });

    it('keep working when one of them fails, and its subscriber resumes on the other', async () => {
      const begin = await ledgerOf(a).store.head();
      const gone = await startNode();
      let left = false;
      const node = () => (left ? a : gone);
      const names = ['left', 'stays'];
      const follower = await Listener.to(gone.url + REGISTER);
      const other = await Listener.to(a.url + REGISTER);
      const writing = Promise.all([writers('left', node), writers('stays', () => a)]);
      await until('it is under way', () => follower.updates.length > 20);
      left = true;
      disconnect(gone);
      gone.app.getHttpServer().closeAllConnections();
      follower.hangUp();
      const next = await Listener.to(a.url + REGISTER, follower.lastId);
      await writing;
      const written = await awards(a, names, begin);
      expect(written).toHaveLength(2 * WRITERS * AWARDS);
      await until(
        'all is received',
        () => received([follower, next], names).length >= written.length && received([other], names).length >= written.length,
      );
      expect(received([other], names)).toEqual(written);
      expect(next.resets).toEqual([]);
      expect(received([follower, next], names)).toEqual(written);
      for (const listener of [other, next]) listener.hangUp();
      await close(gone);
      await rm(gone.dir, { recursive: true });
    }, 60_000);
  });

  describe('while the database is unavailable', () => {
    const contract = id('kept');
    const away = async (node: Node) => until('the store is away', async () => (await node.get('/readyz')).status === 503);
    const key = { 'idempotency-key': 'kept' };

    it('keep answering reads, refuse commands with 503, and recover', async () => {
      const { position } = await accepted(post(a, `/contracts/${contract}/award-contract`, terms, key));
      for (const node of [a, b]) expect((await node.get(`/contracts/${contract}?minPosition=${position}`)).status).toBe(200);
      for (const node of [a, b]) disconnect(node);
      for (const node of [a, b]) {
        await away(node);
        expect((await node.get('/readyz')).body).toMatchObject({ store: 'away', replica: { connected: false } });
        expect((await node.get('/livez')).status).toBe(200);
        expect((await node.get(`/contracts/${contract}`)).body.state.stage).toBe('awarded');
        expect((await node.get(`/contracts/${contract}/history?position=${position}`)).body.entries).toHaveLength(1);
        expect((await node.get(`/projections/contract-register/contract:${contract}`)).body.row.stage).toBe('awarded');
        expect((await node.get(`/projections/tower-board?programme=${programme}&minPosition=${position}`)).status).toBe(200);
        expect((await node.get(`/events?subject=contract-${contract}`)).body.events).toHaveLength(1);
        await ledgerOf(node).projector.rebuild('money');
        for (const [path, body] of [
          [`/contracts/${contract}/sign-contract`, {}],
          [`/contracts/${contract}/award-contract`, terms], // would be refused if the leader could be reached
          [`/suppliers/${id('away')}/register-supplier`, register],
        ] as const) {
          const { status, headers, body: problem } = await post(node, path, body);
          expect([status, Number(headers.get('retry-after')) > 0]).toEqual([503, true]);
          expect(problem.type).toMatch(/^urn:tower-ledger:problem:(store-unavailable|outcome-unknown)$/);
        }
        expect((await post(node, `/contracts/${contract}/award-contract`, terms, key)).headers.get('idempotency-replayed')).toBe('true');
      }
      for (const { proxy } of [a, b]) await proxy.accept();
      await Promise.all([a, b].map(ready));
      const signed = await accepted(post(b, `/contracts/${contract}/sign-contract`, {}));
      expect((await a.get(`/contracts/${contract}?minPosition=${signed.position}`)).body.state.stage).toBe('signed');
      expect(await logOf(a, `supplier-${id('away')}`)).toEqual([]);
    }, 60_000);

    it('start, answer reads from the replica, and become ready once it is back', async () => {
      const { position } = await accepted(post(a, `/contracts/${id('started')}/award-contract`, terms));
      expect((await b.get(`/contracts/${id('started')}?minPosition=${position}`)).status).toBe(200);
      await close(b);
      b = await startNode(b.dir, false);
      expect((await b.get(`/contracts/${id('started')}`)).body.state.stage).toBe('awarded');
      expect((await b.get(`/projections/contract-register/contract:${id('started')}`)).body.row.stage).toBe('awarded');
      const { status, headers } = await post(b, `/contracts/${id('started')}/sign-contract`, {});
      expect([status, Number(headers.get('retry-after')) > 0]).toEqual([503, true]);
      expect((await b.get('/readyz')).status).toBe(503);
      await b.proxy.accept();
      await ready(b);
      await accepted(post(b, `/contracts/${id('started')}/sign-contract`, {}));
    }, 90_000);

    it('start over midnight, and let an option lapse once they know what another one recorded on its last day', async () => {
      const yesterday = new Date(Date.now() - 24 * 3600_000).toISOString().slice(0, 10);
      const [like, other] = [id('like'), id('unread')];
      const record = { effectiveOn: '2020-01-06' };
      await close(b);
      const options = [{ option: 'year-6', months: 12 }];
      await accepted(post(a, `/contracts/${like}/award-contract`, { ...terms, endsOn: yesterday, options, record }));
      await accepted(post(a, `/contracts/${like}/sign-contract`, { record }));
      await accepted(post(a, `/contracts/${like}/start-service`, { record }));
      const recorded = (await logOf(a, `contract-${like}`)).map(({ type, data, metadata: of }) => {
        const { about, ...rest } = of;
        return {
          id: newId(),
          type,
          data,
          metadata: { ...rest, about: { ...about, contract: [other] }, recordedAt: `${yesterday}T08:00:00.000Z` },
        };
      });
      const store = await KurrentStore.open({ url: database, timeZone: 'Europe/London', now: () => metadata.recordedAt, newId });
      await store.append(`contract-${other}`, -1, recorded);
      await store.close();
      b = await startNode(b.dir, false);
      await sleep(2500); // time for its first look at what is due
      await b.proxy.accept();
      await ready(b);
      const status = async () => (await b.get(`/contracts/${other}`)).body.state.options[0].status;
      await until('it lapses', async () => (await status()) === 'lapsed');
    }, 90_000);
  });

  describe('beside a newer version of the program', () => {
    it.each([
      ['ContractSigned', {}],
      ['FactAnnotated', { note: 'In a newer schema version.' }],
      ['ContractPainted', { colour: 'blue' }],
    ])('refuse only the stream with an event that they do not understand: %s', async (type, data) => {
      const contract = `${type.toLowerCase()}-${run}`;
      const { position } = await accepted(post(a, `/contracts/${contract}/award-contract`, terms));
      expect((await b.get(`/contracts/${contract}?minPosition=${position}`)).status).toBe(200);
      await stopReplication();
      const newer = await KurrentStore.open({ url: database, timeZone: 'Europe/London', now: () => metadata.recordedAt, newId });
      const about = { programme, contract: [contract] };
      const event = { id: newId(), type, data, metadata: { ...metadata, about, schemaVersion: 2 } };
      const appended = await newer.append(`contract-${contract}`, 0, [event]);
      await newer.close();
      const refuses = async (node: Node) => {
        const answer = await post(node, `/contracts/${contract}/start-service`, {});
        expect([answer.status, answer.body.type]).toEqual([503, 'urn:tower-ledger:problem:newer-version-needed']);
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      };
      await refuses(b);
      fakeServer?.dropSubscriptions();
      for (const node of [a, b]) {
        const { projections } = (await node.get(`/projections?minPosition=${appended.position}`)).body;
        const faulted = Object.fromEntries(projections.map((p: any) => [p.name, p.faulted.map(({ stream }: any) => stream)]));
        for (const name of ['contract-register', 'tower-board', 'money']) expect(faulted[name]).toContain(`contract-${contract}`);
        expect((await node.get(`/projections/contract-register/contract:${contract}`)).body.row.stage).toBe('awarded');
        const shown = await node.get(`/contracts/${contract}`);
        expect([shown.status, shown.body.type]).toEqual([503, 'urn:tower-ledger:problem:newer-version-needed']);
        expect((await node.get(`/events/${event.id}`)).body).toMatchObject({ type, position: appended.position });
        expect(node.logged.filter((line) => line.includes(`contract-${contract} is faulted`)).length).toBeGreaterThan(0);
        await refuses(node);
        const other = await accepted(post(node, `/contracts/${type.toLowerCase()}-${nodes.indexOf(node)}-${run}/award-contract`, terms));
        expect((await node.get(`/contracts/${other.stream.slice('contract-'.length)}?minPosition=${other.position}`)).status).toBe(200);
      }
      expect(await logOf(a, `contract-${contract}`)).toHaveLength(2);
    });
  });
});

describe('the Metropolitan Police ledger, migrated to KurrentDB and back', () => {
  let fakeServer: FakeServer;
  const servers: Server[] = [];
  const folders: string[] = [];
  beforeAll(async () => {
    fakeServer = await new FakeServer().start();
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });
  afterAll(async () => {
    await fakeServer.kill();
    await Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true })));
  });
  const folder = async (): Promise<string> => {
    const dir = await tempFolder();
    folders.push(dir);
    return dir;
  };
  const serve = async (env: Readonly<Record<string, string>>): Promise<Server> => {
    const server = await startServer(env);
    servers.push(server);
    await ready(server);
    return server;
  };

  /** Every row of every projection, with each position replaced by the event's sequence number. */
  const boards = async (server: Server): Promise<unknown> => {
    const { projector, store, replica } = partsOf(server);
    if (replica) await caughtUp(replica);
    await projector.idle();
    const sequences = new Map((await wholeLog(store)).map(({ position }, i) => [position, i]));
    const rows = await Promise.all(projector.list().map(async ({ name }) => [name, (await projector.rows(name, { limit: 10_000 })).rows]));
    return JSON.parse(JSON.stringify(rows, (key, value) => (key === 'position' ? sequences.get(value as string) : value)));
  };
  const migrateTo = async (from: Place, to: Place) => {
    const source = await openLedger(from);
    const target = await openOrBegin(to, source.genesis);
    try {
      return await migrate({ from: source, to: target });
    } finally {
      await Promise.all([source.close(), target.close()]);
    }
  };

  it('keeps its Merkle root and its rows, and refuses positions of the former store', async () => {
    const [original, back] = [await folder(), await folder()];
    const before = await serve({ DATA_DIR: original });
    await recordStory(before.url, await folder(), () => undefined);
    const rows = await boards(before);
    await before.close();
    servers.length = 0;
    const kurrentdb: Place = { kind: 'kurrentdb', url: fakeServer.url };
    const there = await migrateTo({ kind: 'embedded', dir: original }, kurrentdb);
    expect(there).toMatchObject({ copied: there.count, more: false });
    expect(there.count).toBeGreaterThan(80);
    const node = await serve({ LEDGER_STORE: 'kurrentdb', LEDGER_KURRENTDB_URL: fakeServer.url, DATA_DIR: await folder() });
    expect(await boards(node)).toEqual(rows);
    expect(partsOf(node).replica!()).toMatchObject({ root: there.root, sequence: there.count });
    expect((await node.get('/programmes/met?position=7')).status).toBe(410);
    const { position } = (await node.get('/programmes/met')).body;
    await node.close();
    servers.length = 0;
    const again = await migrateTo(kurrentdb, { kind: 'embedded', dir: back });
    expect([again.root, again.count]).toEqual([there.root, there.count]);
    const after = await serve({ DATA_DIR: back });
    expect(await boards(after)).toEqual(rows);
    expect((await after.get(`/programmes/met?position=${position}`)).status).toBe(410);
  }, 60_000);
});
