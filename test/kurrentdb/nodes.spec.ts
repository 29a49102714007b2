import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { tellStory } from '../../src/cli/story.js';
import type { RecordedEvent } from '../../src/kernel/index.js';
import { migrate } from '../../src/operate/migration.js';
import { openLedger, openOrBegin, type Place } from '../../src/operate/stores.js';
import { KurrentStore } from '../../src/store/kurrentdb/kurrent-store.js';
import { award, partsOf, startServer, stopServer, tempFolder, told, type Answer, type Server } from '../http/server.js';
import { metadata, newId, wholeLog } from '../store/event-store.contract.js';
import { Listener } from '../fakes/kurrentdb/listener.js';
import { Proxy } from '../fakes/kurrentdb/proxy.js';
import { StandIn } from '../fakes/kurrentdb/fake-server.js';

const real = process.env['KURRENTDB_URL'];
const clusters: readonly (readonly [name: string, url: string | undefined])[] = [
  ['on the wire', undefined],
  ...(real !== undefined && !real.includes(',') ? [['on a real server', real] as const] : []),
];

/** An API node; what it says to the database goes through a proxy of its own. */
interface Node extends Server {
  readonly proxy: Proxy;
}

const until = async (what: string, holds: () => boolean | Promise<boolean>, ms = 15_000): Promise<void> => {
  for (const end = Date.now() + ms; !(await holds()); await sleep(20))
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`);
};
const ready = (node: Server) => until('a node is ready', async () => (await node.get('/readyz')).status === 200, 30_000);

describe.each(clusters)('two API nodes, %s,', (_, url) => {
  let standIn: StandIn | undefined;
  let database: string;
  let a: Node;
  let b: Node;
  let nodes: Node[] = [];
  /** Ids that no other run has given, since a real server keeps what earlier runs told. */
  const run = newId().slice(24);
  const id = (name: string) => `${name}-${run}`;
  const [programme, tower, supplier] = [id('met'), id('hosting'), id('csc')];
  const terms = { ...award, programme, towers: [tower], supplier };
  const register = { title: 'Atos', form: 'company' };

  const startNode = async (dir?: string, reachable = true): Promise<Node> => {
    const { hostname, port } = new URL(database.replace('esdb:', 'http:'));
    const proxy = await new Proxy({ host: hostname, port: Number(port) }).start();
    if (!reachable) proxy.refuse();
    const through = database.replace(`${hostname}:${port}`, `127.0.0.1:${proxy.port}`);
    const server = await startServer({ LEDGER_STORE: 'kurrentdb', KURRENTDB_URL: through, ...(dir !== undefined && { DATA_DIR: dir }) });
    const node = { ...server, proxy };
    nodes.push(node);
    if (reachable) await ready(node);
    return node;
  };
  /** Its folder stays. */
  const close = async (node: Node): Promise<void> => {
    nodes = nodes.filter((other) => other !== node);
    await node.close();
    await node.proxy.close();
  };
  const ledgerOf = partsOf;
  const logOf = (node: Node, stream: string): Promise<readonly RecordedEvent[]> => ledgerOf(node).store.read(stream);
  const post = (node: Node, path: string, body: object, headers?: Record<string, string>) => node.post(path, body, headers);
  /** Without a copy that follows, a node has nothing at hand of what the other one does next. On a real server it is only late. */
  const blindfold = async () => {
    if (standIn) await until('all nodes follow', () => standIn!.openSubscriptions >= 2);
    standIn?.silenceSubscriptions();
  };

  const lose = ({ proxy }: Node): void => {
    proxy.refuse();
    proxy.reset();
  };

  beforeAll(async () => {
    if (url === undefined) standIn = await new StandIn().start();
    database = url ?? standIn!.url;
    [a, b] = [await startNode(), await startNode()];
    await told(post(a, `/programmes/${programme}/charter-programme`, { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }));
    await told(post(b, `/towers/${tower}/plan-tower`, { programme, title: 'Hosting' }));
    await told(post(a, `/suppliers/${supplier}/register-supplier`, { title: 'CSC', form: 'company' }));
  }, 60_000);
  beforeEach(async () => {
    standIn?.dropSubscriptions();
    await Promise.all([a, b].map(ready));
  });
  afterAll(async () => {
    await Promise.allSettled(nodes.map((node) => stopServer(node)));
    await Promise.all(nodes.map(({ proxy }) => proxy.close()));
    await standIn?.kill();
  }, 30_000);

  describe('writing to the same subject', () => {
    it('let one of two commands through that have seen the same revision', async () => {
      const { revision } = await told(post(a, `/contracts/${id('seen')}/award-contract`, terms));
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

    it('neither lose nor double a command that races others', async () => {
      await told(post(a, `/contracts/${id('raced')}/award-contract`, terms));
      const notes = Array.from({ length: 40 }, (_, n) => `Note ${n}`);
      const receipts = await Promise.all(
        notes.map((note, n) => told(post([a, b][n % 2]!, `/contracts/${id('raced')}/annotate`, { note }))),
      );
      expect(receipts.map(({ revision }) => revision).sort((one, other) => one - other)).toEqual(notes.map((_, n) => n + 1));
      const recorded = (await logOf(a, `contract-${id('raced')}`)).slice(1);
      expect(recorded.map(({ data }) => data.note).sort()).toEqual(notes.sort());
      for (const { revision, events } of receipts) expect(recorded[revision - 1]!.id).toBe(events[0].id);
    });

    it('let one of many commands be the first', async () => {
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

  describe('asked with the same key', () => {
    const key = { 'idempotency-key': 'award-1', 'x-actor': 'ana' };
    const path = `/contracts/${id('keyed')}/award-contract`;
    const isReplayOf = (first: Answer, again: Answer) => {
      expect([again.status, again.headers.get('idempotency-replayed'), again.text]).toEqual([201, 'true', first.text]);
    };

    it('answer alike, whichever is asked, also right after the first and after a start', async () => {
      await blindfold();
      const first = await post(a, path, terms, key);
      expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([201, null]);
      isReplayOf(first, await post(b, path, terms, key));
      isReplayOf(first, await post(a, path, terms, key));
      standIn?.dropSubscriptions();
      await close(b);
      b = await startNode(b.dir);
      isReplayOf(first, await post(b, path, terms, key));
      const newcomer = await startNode();
      isReplayOf(first, await post(newcomer, path, terms, key));
      await close(newcomer);
      await rm(newcomer.dir, { recursive: true });
      expect(await logOf(a, `contract-${id('keyed')}`)).toHaveLength(1);
    }, 30_000);

    it('refuse it for another body, wherever the first was sent', async () => {
      await blindfold();
      const other = { 'idempotency-key': 'award-2', 'x-actor': 'ana' };
      await told(post(b, `/contracts/${id('keyed-b')}/award-contract`, terms, other));
      const answer = await post(a, `/contracts/${id('keyed-b')}/award-contract`, { ...terms, title: 'Another' }, other);
      expect([answer.status, answer.body.type]).toEqual([422, 'urn:tower-ledger:problem:key-reused']);
    });

    it('record it once though it reaches both at the same time', async () => {
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

  describe('of which one has recorded something a moment ago', () => {
    const types = (answer: Answer) => [answer.status, answer.body.type ?? answer.body.outcome];

    it('refuse on the other what it rules out', async () => {
      await blindfold();
      await told(post(a, `/suppliers/${id('atos')}/register-supplier`, register));
      if (standIn) expect((await b.get(`/suppliers/${id('atos')}`)).status).toBe(404); // it knows nothing of it yet
      const again = await post(b, `/suppliers/${id('atos')}/register-supplier`, register);
      expect(types(again)).toEqual([409, 'urn:tower-ledger:problem:supplier/exists']);
      expect(await logOf(a, `supplier-${id('atos')}`)).toHaveLength(1);
    });

    it('accept on the other what it makes possible', async () => {
      await blindfold();
      await told(post(a, `/towers/${id('new-tower')}/plan-tower`, { programme, title: 'Networks' }));
      await told(post(a, `/suppliers/${id('new-supplier')}/register-supplier`, register));
      const towers = [id('new-tower')];
      const receipt = await told(
        post(b, `/contracts/${id('on-new')}/award-contract`, { ...terms, towers, supplier: id('new-supplier'), endsOn: '2099-12-31' }),
      );
      expect(receipt.known).toContainEqual({ stream: `tower-${id('new-tower')}`, revision: 0 });
      await told(post(b, `/contracts/${id('on-new')}/sign-contract`, {}));
      await told(post(a, `/contracts/${id('on-new')}/start-service`, {}));
    });

    it('do not call on the other what was undone done already, or in the way', async () => {
      const warning = { warning: `w-${run}`, summary: 'Not without risk', by: 'Watchdog', source: { title: 'Report' } };
      const warned = await told(post(a, `/programmes/${programme}/add-warning`, warning));
      const known = await told(post(a, `/suppliers/${id('undone')}/register-supplier`, register));
      expect((await b.get(`/suppliers/${id('undone')}?minPosition=${known.position}`)).status).toBe(200);
      expect(types(await post(b, `/programmes/${programme}/add-warning`, warning))).toEqual([200, 'already-so']);
      await blindfold();
      await told(post(a, `/programmes/${programme}/withdraw-fact`, { event: warned.events[0].id }));
      await told(post(a, `/suppliers/${id('undone')}/withdraw-fact`, { event: known.events[0].id }));
      expect(types(await post(b, `/programmes/${programme}/add-warning`, warning))).toEqual([201, 'accepted']);
      expect(types(await post(b, `/suppliers/${id('undone')}/register-supplier`, register))).toEqual([201, 'accepted']);
    });

    it('know on the other the revision that was just seen', async () => {
      const { revision } = await told(post(a, `/contracts/${id('fresh')}/award-contract`, terms));
      await blindfold();
      const noted = await told(post(a, `/contracts/${id('fresh')}/annotate`, { note: 'Seen' }, { 'if-match': `"${revision}"` }));
      const next = await post(b, `/contracts/${id('fresh')}/annotate`, { note: 'Seen' }, { 'if-match': `"${noted.revision}"` });
      expect(types(next)).toEqual([201, 'accepted']);
      const late = await post(a, `/contracts/${id('fresh')}/annotate`, { note: 'Late' }, { 'if-match': `"${noted.revision}"` });
      expect(late.status).toBe(412);
    });

    it('try on the other what would come of a command now', async () => {
      await blindfold();
      await told(post(a, `/suppliers/${id('tried')}/register-supplier`, register));
      const tried = await post(b, `/suppliers/${id('tried')}/register-supplier?dryRun=true`, register);
      expect(types(tried)).toEqual([409, 'urn:tower-ledger:problem:supplier/exists']);
    });

    it('wait on the other for a position that was shown already', async () => {
      const { generation } = (await a.get('/projections/contract-register?limit=1')).body;
      await blindfold();
      const { position } = await told(post(a, `/contracts/${id('shown')}/award-contract`, terms));
      const asked = [
        b.get(`/contracts/${id('shown')}?position=${position}`),
        b.get(`/projections/contract-register/contract:${id('shown')}?position=${position}`),
      ];
      const listening = Listener.to(`${b.url}/projections/contract-register/updates`, `${generation}.${position}`);
      await sleep(100);
      standIn?.dropSubscriptions();
      expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200]);
      const listener = await listening;
      const next = await told(post(b, `/contracts/${id('shown')}/sign-contract`, {}));
      await until('the next update is heard', () => listener.updates.length > 0);
      expect([listener.updates.map((update) => update.position), listener.resets]).toEqual([[next.position], []]);
      listener.hangUp();
    });

    it('show it on the other to whoever tells the position', async () => {
      for (let n = 0; n < 10; n++) {
        const [here, there] = n % 2 ? [a, b] : [b, a];
        const { position, events } = await told(post(here, `/contracts/${id(`read-${n}`)}/award-contract`, terms));
        const own = `minPosition=${position}`;
        expect((await there.get(`/contracts/${id(`read-${n}`)}?${own}`)).body).toMatchObject({ position, state: { stage: 'awarded' } });
        expect((await there.get(`/contracts/${id(`read-${n}`)}/history?${own}`)).body.entries).toHaveLength(1);
        expect((await there.get(`/projections/contract-register/contract:${id(`read-${n}`)}?${own}`)).body.row.stage).toBe('awarded');
        expect((await there.get(`/events/${events[0].id}?${own}`)).body).toMatchObject({ position });
      }
    });
  });

  describe('with many writers and a subscriber each', () => {
    const WRITERS = 16;
    const REGISTER = '/projections/contract-register/updates';

    /** Awards, each to be told exactly once; sent again to whichever node is left when the answer does not come. */
    const write = async (name: string, node: () => Node, times: number): Promise<void> => {
      for (let n = 0; n < times; n++) {
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
    const writers = (name: string, node: () => Node, times: number) =>
      Promise.all(Array.from({ length: WRITERS }, (_, i) => write(`${name}-${i}`, node, times)));
    const isOf = (stream: string, names: readonly string[]) =>
      stream.endsWith(`-${run}`) && names.some((name) => stream.startsWith(`contract-${name}-`));
    /** The awards of these writers, in the order of the log. */
    const awards = async (node: Node, names: readonly string[], after?: string): Promise<readonly string[]> => {
      await until('all is copied', async () => (await ledgerOf(node).replica!()).behind === 0);
      return (await wholeLog(ledgerOf(node).store, after))
        .filter(({ type, stream }) => type === 'ContractAwarded' && isOf(stream, names))
        .map(({ position }) => position);
    };
    const heard = (listeners: readonly Listener[], names: readonly string[]) =>
      listeners.flatMap(({ updates }) => updates.flatMap(({ position, stream }) => (isOf(stream, names) ? [position] : [])));

    it('tell each subscriber every update once and in order', async () => {
      await told(post(a, `/contracts/${id('shared')}/award-contract`, terms));
      const begin = await ledgerOf(a).store.head();
      const listeners = [await Listener.to(a.url + REGISTER), await Listener.to(b.url + REGISTER)];
      await Promise.all([writers('on-a', () => a, 6), writers('on-b', () => b, 6)]);
      const names = ['on-a', 'on-b'];
      const written = await awards(a, names, begin);
      expect(written).toHaveLength(2 * WRITERS * 6);
      for (const listener of listeners) {
        await until('all is heard', () => heard([listener], names).length >= written.length);
        expect(heard([listener], names)).toEqual(written);
        const { store } = ledgerOf(a);
        listener.updates
          .slice(1)
          .forEach(({ position }, i) => expect(store.compare(listener.updates[i]!.position, position)).toBeLessThan(0));
        listener.hangUp();
      }
    }, 60_000);

    it('tell of an event what it is, though another has its id', async () => {
      await told(post(a, `/contracts/${id('one')}/plan-contract`, { programme, title: 'One', towers: [tower] }));
      await told(post(a, `/contracts/${id('one')}/award-contract`, terms));
      const [planned, awarded] = await logOf(a, `contract-${id('one')}`);
      const listener = await Listener.to(a.url + REGISTER);
      const stranger = await KurrentStore.open({ url: database, timeZone: 'Europe/London', now: () => metadata.recordedAt, newId });
      await stranger.append(`contract-${id('other')}`, -1, [
        { ...planned!, id: newId() },
        { ...awarded!, id: planned!.id },
      ]);
      await stranger.close();
      const of = () => listener.updates.filter(({ stream }) => stream === `contract-${id('other')}`);
      await until('both are heard', () => of().length === 2);
      expect(of().map(({ type }) => type)).toEqual(['ContractPlanned', 'ContractAwarded']);
      listener.hangUp();
    });

    it('go on when one of them is gone, and its subscriber goes on at the other', async () => {
      const begin = await ledgerOf(a).store.head();
      const gone = await startNode();
      let left = false;
      const node = () => (left ? a : gone);
      const names = ['left', 'stays'];
      const follower = await Listener.to(gone.url + REGISTER);
      const other = await Listener.to(a.url + REGISTER);
      const writing = Promise.all([writers('left', node, 6), writers('stays', () => a, 6)]);
      await until('it is under way', () => follower.updates.length > 20);
      left = true;
      lose(gone);
      gone.app.getHttpServer().closeAllConnections();
      follower.hangUp();
      const next = await Listener.to(a.url + REGISTER, follower.lastId);
      await writing;
      const written = await awards(a, names, begin);
      expect(written).toHaveLength(2 * WRITERS * 6);
      await until(
        'all is heard',
        () => heard([follower, next], names).length >= written.length && heard([other], names).length >= written.length,
      );
      expect(heard([other], names)).toEqual(written);
      expect(next.resets).toEqual([]);
      expect(heard([follower, next], names)).toEqual(written);
      for (const listener of [other, next]) listener.hangUp();
      await close(gone);
      await rm(gone.dir, { recursive: true });
    }, 60_000);
  });

  describe('while the database is away', () => {
    const contract = id('kept');
    const away = async (node: Node) => until('it is away', async () => (await node.get('/readyz')).status === 503);
    const key = { 'idempotency-key': 'kept' };

    it('go on reading, refuse commands until it is back, and go on then', async () => {
      const { position } = await told(post(a, `/contracts/${contract}/award-contract`, terms, key));
      for (const node of [a, b]) expect((await node.get(`/contracts/${contract}?minPosition=${position}`)).status).toBe(200);
      for (const node of [a, b]) lose(node);
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
          [`/contracts/${contract}/award-contract`, terms], // refused, were the leader there to ask
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
      const signed = await told(post(b, `/contracts/${contract}/sign-contract`, {}));
      expect((await a.get(`/contracts/${contract}?minPosition=${signed.position}`)).body.state.stage).toBe('signed');
      expect(await logOf(a, `supplier-${id('away')}`)).toEqual([]);
    }, 60_000);

    it('start, read what they have, and are ready once it is back', async () => {
      const { position } = await told(post(a, `/contracts/${id('started')}/award-contract`, terms));
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
      await told(post(b, `/contracts/${id('started')}/sign-contract`, {}));
    }, 90_000);
  });

  describe('of which another is newer', () => {
    it.each([
      ['ContractSigned', {}],
      ['FactAnnotated', { note: 'In words of tomorrow.' }],
      ['ContractPainted', { colour: 'blue' }],
    ])('stop at what only that one understands, and at nothing else: %s', async (type, data) => {
      const contract = `${type.toLowerCase()}-${run}`;
      const { position } = await told(post(a, `/contracts/${contract}/award-contract`, terms));
      expect((await b.get(`/contracts/${contract}?minPosition=${position}`)).status).toBe(200);
      await blindfold();
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
      standIn?.dropSubscriptions();
      for (const node of [a, b]) {
        const { projections } = (await node.get(`/projections?minPosition=${appended.position}`)).body;
        const faulted = Object.fromEntries(projections.map((p: any) => [p.name, p.faulted.map(({ stream }: any) => stream)]));
        for (const name of ['contract-register', 'tower-board', 'money']) expect(faulted[name]).toContain(`contract-${contract}`);
        expect((await node.get(`/projections/contract-register/contract:${contract}`)).body.row.stage).toBe('awarded');
        const shown = await node.get(`/contracts/${contract}`);
        expect([shown.status, shown.body.type]).toEqual([503, 'urn:tower-ledger:problem:newer-version-needed']);
        expect((await node.get(`/events/${event.id}`)).body).toMatchObject({ type, position: appended.position });
        expect(node.logged.filter((line) => line.includes(`contract-${contract} stopped`)).length).toBeGreaterThan(0);
        await refuses(node);
        const other = await told(post(node, `/contracts/${type.toLowerCase()}-${nodes.indexOf(node)}-${run}/award-contract`, terms));
        expect((await node.get(`/contracts/${other.stream.slice('contract-'.length)}?minPosition=${other.position}`)).status).toBe(200);
      }
      expect(await logOf(a, `contract-${contract}`)).toHaveLength(2);
    });
  });
});

describe('the story of the Metropolitan Police, moved to KurrentDB and back', () => {
  let standIn: StandIn;
  const servers: Server[] = [];
  const folders: string[] = [];
  beforeAll(async () => {
    standIn = await new StandIn().start();
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });
  afterAll(async () => {
    await standIn.kill();
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

  /** Every row of every projection, with positions as the sequences of their events. */
  const boards = async (server: Server): Promise<unknown> => {
    const { projector, store, replica: copy } = partsOf(server);
    if (copy) await until('all is copied', async () => (await copy()).behind === 0);
    await projector.idle();
    const sequences = new Map((await wholeLog(store)).map(({ position }, i) => [position, i]));
    const rows = await Promise.all(projector.list().map(async ({ name }) => [name, (await projector.rows(name, { limit: 10_000 })).rows]));
    return JSON.parse(JSON.stringify(rows, (key, value) => (key === 'position' ? sequences.get(value as string) : value)));
  };
  const move = async (from: Place, to: Place) => {
    const source = await openLedger(from);
    const target = await openOrBegin(to, source.genesis);
    try {
      return await migrate({ from: source, to: target });
    } finally {
      await Promise.all([source.close(), target.close()]);
    }
  };

  it('has the same root and the same boards, and forgets the positions that it had', async () => {
    const [home, back] = [await folder(), await folder()];
    const before = await serve({ DATA_DIR: home });
    await tellStory(before.url, await folder(), () => undefined);
    const told = await boards(before);
    await before.close();
    servers.length = 0;
    const kurrentdb: Place = { kind: 'kurrentdb', url: standIn.url };
    const there = await move({ kind: 'embedded', dir: home }, kurrentdb);
    expect(there).toMatchObject({ copied: there.count, more: false });
    expect(there.count).toBeGreaterThan(80);
    const node = await serve({ LEDGER_STORE: 'kurrentdb', KURRENTDB_URL: standIn.url, DATA_DIR: await folder() });
    expect(await boards(node)).toEqual(told);
    expect(await partsOf(node).replica!()).toMatchObject({ root: there.root, sequence: there.count });
    expect((await node.get('/programmes/met?position=7')).status).toBe(410);
    const { position } = (await node.get('/programmes/met')).body;
    await node.close();
    servers.length = 0;
    const again = await move(kurrentdb, { kind: 'embedded', dir: back });
    expect([again.root, again.count]).toEqual([there.root, there.count]);
    const after = await serve({ DATA_DIR: back });
    expect(await boards(after)).toEqual(told);
    expect((await after.get(`/programmes/met?position=${position}`)).status).toBe(410);
  }, 60_000);
});
