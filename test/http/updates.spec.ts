import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { cp } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { PassThrough, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Subscribers, type Reply } from '../../src/http/subscribers.js';
import { award, closeRunning, partsOf, startServer, stopServer, recordWorld, tempFolder, accepted, type Server } from './server.js';

const BOARD = '/projections/contract-register/updates';
let server: Server;
/** Awards a contract, and waits until the projections have read it. */
const awardAs = async (id: string) => {
  const receipt = await accepted(server.post(`/contracts/${id}/award-contract`, award));
  await server.get(`/projections?minPosition=${receipt.position}`);
  return receipt;
};

/** A client that keeps what it heard. */
const follow = (url: string, headers: Record<string, string> = {}) =>
  new Promise<Follower>((resolve, reject) => {
    const sent = request(url, { headers }, (response) => resolve(new Follower(response)));
    sent.on('error', reject).end();
  });
class Follower {
  readonly messages: EventSourceMessage[] = [];
  readonly comments: string[] = [];
  ended = false;
  constructor(readonly response: IncomingMessage) {
    const parser = createParser({ onEvent: (message) => this.messages.push(message), onComment: (c) => this.comments.push(c) });
    response.setEncoding('utf8').on('data', (chunk: string) => parser.feed(chunk));
    response.on('error', () => undefined).on('close', () => (this.ended = true));
  }
  get updates(): any[] {
    return this.messages.filter(({ event }) => event === undefined).map(({ data }) => JSON.parse(data));
  }
  get lastId(): string {
    return this.messages.at(-1)!.id!;
  }
  async until(holds: (f: Follower) => boolean): Promise<this> {
    await waitFor(
      () => holds(this),
      () => `Received only ${JSON.stringify(this.messages.map(({ event, id }) => [event, id]))}`,
    );
    return this;
  }
  hangUp(): void {
    this.response.destroy();
  }
}

const waitFor = async (holds: () => boolean, otherwise = () => 'It never came.'): Promise<void> => {
  for (const end = Date.now() + 4000; !holds(); await sleep(5)) if (Date.now() > end) throw new Error(otherwise());
};
/** Once the projections have read a position. */
const shown = async (of: Server, position: string): Promise<void> => {
  expect((await of.get(`/projections?minPosition=${position}`)).status).toBe(200);
};
/** The end of the id of the event at a position. */
const endAt = async (position: string): Promise<string> => {
  const { projector } = partsOf(server);
  return projector.eventAt(projector.sequenceAt(position)!)!.id.slice(-12);
};
const nobodyFollows = () => waitFor(() => partsOf(server).subscribers.size === 0);

beforeAll(async () => {
  server = await startServer({ LEDGER_SUBSCRIBERS: '12' });
  await recordWorld(server);
  await server.get('/projections/contract-register?minPosition=5');
});
afterAll(() => stopServer(server));
afterAll(closeRunning);

describe('a subscriber', () => {
  it('hears where it stands, then every change of a row with its event and decision', async () => {
    const follower = await follow(server.url + BOARD);
    expect(follower.response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    const [hello] = (await follower.until(({ messages }) => messages.length === 1)).messages;
    const { generation, position } = JSON.parse(hello!.data);
    expect([hello!.event, hello!.id]).toEqual(['hello', `${generation}.${position}.${await endAt(position)}`]);
    const { rows, ...rest } = (await server.get('/projections/contract-register')).body;
    expect([rest.generation, rest.asOf.position, rows]).toEqual([generation, position, []]);

    const receipt = await awardAs('heard');
    await follower.until(({ updates }) => updates.length === 1);
    expect(follower.lastId).toBe(`${generation}.${receipt.position}.${receipt.events[0].id.slice(-12)}`);
    expect(follower.updates).toEqual([
      {
        position: receipt.position,
        event: receipt.events[0].id,
        decision: receipt.decision,
        type: 'ContractAwarded',
        stream: 'contract-heard',
        changes: { 'contract:heard': expect.objectContaining({ stage: 'awarded' }) },
      },
    ]);
    follower.hangUp();
  });

  it('hears of a row that is gone', async () => {
    const { events } = await awardAs('gone');
    const follower = await (await follow(server.url + BOARD)).until(({ messages }) => messages.length === 1);
    await accepted(server.post('/contracts/gone/withdraw-fact', { event: events[0].id }));
    await follower.until(({ updates }) => updates.length === 1);
    expect(follower.updates[0].changes).toEqual({ 'contract:gone': null });
    follower.hangUp();
  });

  it('hears that a tower lost its contract, and that another one got it', async () => {
    await accepted(server.post('/towers/lost/plan-tower', { programme: 'met', title: 'Lost' }));
    await accepted(server.post('/towers/found/plan-tower', { programme: 'met', title: 'Found' }));
    const { position } = await accepted(server.post('/contracts/stays/award-contract', { ...award, towers: ['lost'] }));
    await shown(server, position);
    const follower = await (await follow(`${server.url}/projections/tower-board/updates`)).until(({ messages }) => messages.length === 1);
    const { events } = await accepted(server.post('/contracts/moved/award-contract', { ...award, towers: ['lost'] }));
    await follower.until(({ updates }) => updates.length === 1);
    await accepted(server.post('/contracts/moved/withdraw-fact', { event: events[0].id }));
    await follower.until(({ updates }) => updates.length === 2);
    await accepted(server.post('/contracts/moved/award-contract', { ...award, towers: ['found'] }));
    await follower.until(({ updates }) => updates.length === 3);
    const [both, lost, found] = follower.updates.map(({ changes }) => changes);
    const stays = { contract: 'stays' };
    expect(both['tower:lost']).toMatchObject({
      contracts: [{ contract: 'moved' }, stays],
      counts: { contracts: 2 },
      total: { text: '£310m' },
    });
    expect(lost['tower:lost']).toMatchObject({ contracts: [stays], counts: { contracts: 1 }, total: { text: '£155m' } });
    expect(found['tower:found']).toMatchObject({ contracts: [{ contract: 'moved' }], counts: { contracts: 1 }, total: { text: '£155m' } });
    expect([lost['tower:found'], found['tower:lost']]).toEqual([undefined, undefined]);

    await accepted(server.post('/contracts/moved/cancel-contract', { why: 'No longer needed' }));
    await follower.until(({ updates }) => updates.length === 4);
    const { contracts } = follower.updates[3].changes['tower:found'];
    expect(contracts.map((c: any) => [c.contract, c.stage])).toEqual([['moved', 'cancelled']]);
    follower.hangUp();
  });

  it('that is more than 100 messages behind gets the latest rows in one, then each change again', async () => {
    await awardAs('busy');
    const follower = await (await follow(server.url + BOARD)).until(({ messages }) => messages.length === 1);
    const { lastId } = follower;
    follower.hangUp();
    let last = { position: '' };
    for (let n = 1; n <= 120; n++)
      last = await accepted(
        server.post('/contracts/busy/approve-change', { kind: 'value', to: { amount: String(200_000_000 + n), currency: 'GBP' } }),
      );
    await shown(server, last.position);
    const again = await (await follow(server.url + BOARD, { 'last-event-id': lastId })).until(({ updates }) => updates.length === 1);
    const { row } = (await server.get('/projections/contract-register/contract:busy')).body;
    expect(again.updates).toEqual([
      expect.objectContaining({
        position: last.position,
        type: 'ChangeApproved',
        stream: 'contract-busy',
        events: 120,
        changes: { 'contract:busy': row },
      }),
    ]);
    expect(again.lastId).toMatch(new RegExp(`\\.${last.position}\\.[0-9a-f]{12}$`));
    const { position } = await awardAs('after-busy');
    await again.until(({ updates }) => updates.length === 2);
    expect(again.updates[1]).toEqual(expect.objectContaining({ position, changes: { 'contract:after-busy': expect.anything() } }));
    again.hangUp();
  }, 20_000);

  it('hears nothing of what changes no row', async () => {
    const follower = await (await follow(server.url + BOARD)).until(({ messages }) => messages.length === 1);
    await accepted(server.post('/programmes/met/annotate', { note: 'Not about contracts.' }));
    const { position } = await awardAs('after-note');
    await follower.until(({ updates }) => updates.length === 1);
    expect(follower.updates[0].position).toBe(position);
    follower.hangUp();
  });

  it('that is cut and comes back hears every update once', async () => {
    let follower = await (await follow(server.url + BOARD)).until(({ messages }) => messages.length === 1);
    const positions: string[] = [];
    const heard: string[] = [];
    for (let cut = 0; cut < 6; cut++) {
      const writing = (async () => {
        for (let i = 0; i < 10; i++) positions.push((await awardAs(`cut-${cut * 10 + i}`)).position);
      })();
      await follower.until(({ updates }) => updates.length >= 5);
      follower.hangUp();
      heard.push(...follower.updates.map(({ position }) => position));
      await writing;
      follower = await follow(cut % 2 ? `${server.url}${BOARD}?after=${follower.lastId}` : server.url + BOARD, {
        'last-event-id': follower.lastId,
      });
    }
    await follower.until(({ updates }) => heard.length + updates.length >= 60);
    heard.push(...follower.updates.map(({ position }) => position));
    expect(heard).toEqual(positions);
    follower.hangUp();
  }, 15_000);

  it('may hear everything from the start', async () => {
    const { generation } = (await server.get('/projections/contract-register?limit=1')).body;
    const follower = await follow(`${server.url}${BOARD}?after=${generation}.start`);
    await follower.until(({ updates }) => updates.some(({ changes }) => 'contract:cut-59' in changes));
    expect(follower.updates[0].changes).toHaveProperty('contract:heard');
    const all = follower.updates.map(({ position }) => Number(position));
    expect(all).toEqual([...new Set(all)].toSorted((a, b) => a - b));
    follower.hangUp();
  });

  it('hears every update once across a restart of the server', async () => {
    const follower = await (await follow(server.url + BOARD)).until(({ messages }) => messages.length === 1);
    const first = await awardAs('before-restart');
    await follower.until(({ updates }) => updates.length === 1);
    await server.close();
    await follower.until(({ ended }) => ended);
    server = await startServer({ DATA_DIR: server.dir, LEDGER_SUBSCRIBERS: '12' });
    const second = await awardAs('after-restart');
    const again = await follow(server.url + BOARD, { 'last-event-id': follower.lastId });
    const third = await awardAs('after-return');
    await again.until(({ updates }) => updates.length === 2);
    expect(follower.updates.map(({ position }) => position)).toEqual([first.position]);
    expect(again.updates.map(({ position }) => position)).toEqual([second.position, third.position]);
    expect(again.messages.map(({ event }) => event)).toEqual([undefined, undefined]);
    again.hangUp();
  }, 10_000);

  it('with an id that is of no event of this log gets a reset that says why, and continues from now', async () => {
    const { generation } = (await server.get('/projections/contract-register?limit=1')).body;
    const { position, events } = await awardAs('known');
    const end = events[0].id.slice(-12);
    const cases: readonly (readonly [id: string, reason: string])[] = [
      [`0123456789ab.${position}.${end}`, 'another-generation'],
      [`${generation}.999999.${end}`, 'beyond-the-log'],
      [`${generation}.${position}.000000000000`, 'another-event'],
      [`${generation}.${position}`, 'no-event'],
    ];
    for (const [n, [id, why]] of cases.entries()) {
      const follower = await (await follow(server.url + BOARD, { 'last-event-id': id })).until(({ messages }) => messages.length === 1);
      const [reset] = follower.messages;
      const { generation, position, reason } = JSON.parse(reset!.data);
      expect([reset!.event, reset!.id, reason]).toEqual(['reset', `${generation}.${position}.${await endAt(position)}`, why]);
      const { body } = await server.get('/projections/contract-register?limit=1');
      expect([body.generation, body.asOf.position]).toEqual([generation, position]);
      const next = await awardAs(`after-reset-${n}`);
      await follower.until(({ updates }) => updates.length === 1);
      expect(follower.updates[0].position).toBe(next.position);
      follower.hangUp();
    }
  });

  it('with an id that is malformed is refused', async () => {
    const { generation } = (await server.get('/projections/contract-register?limit=1')).body;
    for (const id of ['x', '.', 'a.', 'a b.c', `${'a'.repeat(65)}.1`, `${generation}.x.0123456789ab`]) {
      const { status, body } = await server.get(BOARD, { 'last-event-id': id });
      expect([id, status, body.status]).toEqual([id, 400, 400]);
    }
  });

  it('that never reads costs the server no more than its socket', async () => {
    const lazy = await follow(server.url + BOARD);
    lazy.response.pause();
    const eager = await (await follow(server.url + BOARD)).until(({ messages }) => messages.length === 1);
    for (let i = 0; i < 20; i++) await accepted(server.post(`/contracts/heard/annotate`, { note: 'n'.repeat(1500) }));
    const { position } = await awardAs('past-the-lazy');
    await eager.until(({ updates }) => updates.at(-1)?.position === position);
    for (const each of [lazy, eager]) each.hangUp();
  });

  it('beyond the bound is asked to come later, and finds a place when another leaves', async () => {
    await nobodyFollows();
    const { subscribers } = partsOf(server);
    const followers = await Promise.all(Array.from({ length: 12 }, () => follow(server.url + BOARD)));
    const { status, headers, body } = await server.get(BOARD);
    expect([status, body.type, headers.get('retry-after')]).toEqual([503, 'urn:tower-ledger:problem:too-many-subscribers', '10']);
    followers[0]!.hangUp();
    await waitFor(() => subscribers.size < 12);
    const late = await follow(server.url + BOARD);
    expect(late.response.statusCode).toBe(200);
    for (const each of [...followers, late]) each.hangUp();
  });

  it('who asks with HEAD hears the headers alone', async () => {
    await nobodyFollows();
    const response = await fetch(server.url + BOARD, { method: 'HEAD' });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
  });
});

describe('a subscriber of a log that was restored from an older copy', () => {
  it('gets a reset, whether the log is shorter or has another event at the position', async () => {
    const first = await startServer();
    await recordWorld(first);
    await first.close();
    const copy = await tempFolder();
    await cp(first.dir, copy, { recursive: true });

    const newer = await startServer({ DATA_DIR: first.dir });
    const follower = await (await follow(newer.url + BOARD)).until(({ messages }) => messages.length === 1);
    await accepted(newer.post('/contracts/a/award-contract', award));
    await follower.until(({ updates }) => updates.length === 1);
    const { lastId } = follower;
    await stopServer(newer);

    const older = await startServer({ DATA_DIR: copy });
    const heard = async () => {
      const back = await (await follow(older.url + BOARD, { 'last-event-id': lastId })).until(({ messages }) => messages.length === 1);
      back.hangUp();
      const [{ event, data }] = back.messages as [EventSourceMessage];
      return [event, JSON.parse(data).reason];
    };
    expect(await heard()).toEqual(['reset', 'beyond-the-log']);
    const { position } = await accepted(older.post('/contracts/b/award-contract', award));
    expect(lastId.split('.')[1]).toBe(position);
    await shown(older, position);
    expect(await heard()).toEqual(['reset', 'another-event']);
    await stopServer(older);
  }, 20_000);
});

/** A response whose client reads nothing unless the test does. */
const response = (highWaterMark?: number) =>
  Object.assign(new PassThrough({ ...(highWaterMark !== undefined && { highWaterMark }) }), {
    writeHead: () => undefined,
    removeHeader: () => undefined,
  });
const replyTo = (raw: ReturnType<Reply['hijack']>['raw']): Reply => ({
  hijack: () => ({ raw }),
  getHeaders: () => ({}),
  request: { method: 'GET' },
});

describe('the stream of updates', () => {
  it('ends for a client that does not read, with the reason, once its socket has been full for too long', async () => {
    const { projector, store, log } = partsOf(server);
    const subscribers = new Subscribers({ projector, store, log, most: 1, stalledMs: 50 });
    const raw = response(512);
    const generation = projector.generation('contract-register');
    await subscribers.open({ name: 'contract-register', lastId: `${generation}.start` }, replyTo(raw), () => new Error());
    await waitFor(() => subscribers.size === 0);
    expect(raw.writableLength + raw.readableLength).toBeLessThan(10_000_000);
    let text = '';
    raw.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    await waitFor(() => raw.readableEnded);
    expect(text).toMatch(/event: end\ndata: {"reason":"stalled"}\n\n$/);
  });

  it('is cut off for the client that took nothing for longest, when those that take nothing hold more than all may', async () => {
    const { projector, store, log } = partsOf(server);
    const opened = async (subscribers: Subscribers) => {
      const raw = response(512);
      const lastId = `${projector.generation('contract-register')}.start`;
      await subscribers.open({ name: 'contract-register', lastId }, replyTo(raw), () => new Error());
      return raw;
    };
    const one = new Subscribers({ projector, store, log, most: 1 });
    const alone = await opened(one);
    await waitFor(() => alone.writableNeedDrain);
    const held = alone.writableLength;
    one.close();
    alone.destroy();

    const three = new Subscribers({ projector, store, log, most: 3, heldBytes: 2.5 * held });
    const clients = [await opened(three), await opened(three), await opened(three)];
    await waitFor(() => three.size === 2 && clients.every(({ destroyed, writableNeedDrain }) => destroyed || writableNeedDrain));
    expect(clients.map(({ destroyed }) => destroyed)).toEqual([true, false, false]);
    three.close();
    for (const each of clients) each.destroy();
  });

  it('is sent about a megabyte at a time to a client that is behind and reads slowly', async () => {
    const { projector, store, log } = partsOf(server);
    const lots = Array.from({ length: 50 }, (_, n) => ({ lot: `lot-${n}`, title: `${n} ${'x'.repeat(190)}` }));
    const first = await accepted(server.post('/contracts/large/award-contract', { ...award, lots }));
    let last = { position: '' };
    for (let n = 1; n <= 95; n++)
      last = await accepted(
        server.post('/contracts/large/approve-change', { kind: 'value', to: { amount: String(200_000_000 + n), currency: 'GBP' } }),
      );
    await shown(server, last.position);
    const generation = projector.generation('contract-register');
    const lastId = `${generation}.${first.position}.${first.events[0].id.slice(-12)}`;
    const subscribers = new Subscribers({ projector, store, log, most: 1 });
    let [text, isReading, take] = ['', false, (): void => undefined];
    const socket = new Writable({
      write: (chunk: Buffer, _, taken) => {
        text += chunk.toString();
        if (isReading) setImmediate(taken);
        else take = taken;
      },
    });
    const raw = Object.assign(socket, { writeHead: () => undefined, removeHeader: () => undefined });
    await subscribers.open({ name: 'contract-register', lastId }, replyTo(raw), () => new Error());
    await waitFor(() => raw.writableNeedDrain);
    expect(raw.writableLength).toBeLessThan(1_200_000);
    isReading = true;
    take();
    await waitFor(() => text.includes(`"position":"${last.position}"`));
    expect([text.match(/^id: /gm)!.length, text.length > 1_200_000]).toEqual([95, true]);
    subscribers.close();
    raw.destroy();
  }, 20_000);

  it('is rendered once for all who hear the same', async () => {
    const { projector, store, log } = partsOf(server);
    let rendered = 0;
    const counting = new Proxy(projector, {
      get: (target, name) => {
        if (name === 'event') rendered++;
        return bound(target, name);
      },
    });
    const subscribers = new Subscribers({ projector: counting, store, log, most: 50 });
    const heard = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const client = { raw: response(), text: '' };
        client.raw.setEncoding('utf8').on('data', (chunk: string) => (client.text += chunk));
        await subscribers.open({ name: 'contract-register' }, replyTo(client.raw), () => new Error());
        return client;
      }),
    );
    await awardAs('rendered-once');
    await waitFor(() => heard.every(({ text }) => text.includes('contract:rendered-once')));
    expect([rendered, new Set(heard.map(({ text }) => text)).size]).toEqual([1, 1]);
    subscribers.close();
    for (const { raw } of heard) raw.destroy();
  });

  it('ends with a reset when the projection becomes another generation', async () => {
    const { projector, store, log } = partsOf(server);
    let generation = projector.generation('contract-register');
    const changing = new Proxy(projector, {
      get: (target, name) => (name === 'generation' ? () => generation : bound(target, name)),
    });
    const subscribers = new Subscribers({ projector: changing, store, log, most: 1 });
    const chunks: string[] = [];
    const raw = response();
    raw.on('data', (chunk) => chunks.push(String(chunk)));
    await subscribers.open({ name: 'contract-register' }, replyTo(raw), () => new Error());
    generation = 'another';
    await awardAs('wakes-the-stream');
    await waitFor(() => raw.writableEnded);
    const text = chunks.join('');
    expect(text).toMatch(/event: hello/);
    expect(text).toMatch(
      /event: reset\nid: another\.\d+\.[0-9a-f]{12}\ndata: {"generation":"another","position":"\d+","reason":"another-generation"}\n\n$/,
    );
  });
});

describe('a subscriber of some rows', () => {
  const awardOf = (id: string, of: object) => accepted(server.post(`/contracts/${id}/award-contract`, { ...award, towers: [], ...of }));
  const heardOf = ({ updates }: Follower) => updates.map(({ changes }) => changes);
  const started = (query: string, headers: Record<string, string> = {}) => follow(`${server.url}${BOARD}?${query}`, headers);
  beforeAll(async () => {
    await accepted(server.post('/programmes/mopac/charter-programme', { title: 'MOPAC', authority: 'MOPAC', baseCurrency: 'GBP' }));
  });

  it('hears of the row, the programme or the supplier that it asks for, and of nothing else', async () => {
    const greeted = async (query: string) => (await started(query)).until(({ messages }) => messages.length === 1);
    const [one, mopac, atos, both] = await Promise.all(
      ['key=contract:chosen-1', 'programme=mopac', 'supplier=atos', 'programme=mopac&supplier=atos'].map(greeted),
    );
    await awardOf('chosen-1', {});
    await awardOf('chosen-2', { programme: 'mopac' });
    await awardOf('chosen-3', { suppliers: [{ supplier: 'atos' }] });
    await awardOf('chosen-4', { programme: 'mopac', suppliers: [{ supplier: 'atos' }] });
    await Promise.all([
      one!.until(({ updates }) => updates.length === 1),
      ...[mopac!, atos!].map((each) => each.until(({ updates }) => updates.length === 2)),
      both!.until(({ updates }) => updates.length === 1),
    ]);
    const ids = (of: Follower) => heardOf(of).flatMap((changes) => Object.keys(changes));
    expect([one!, mopac!, atos!, both!].map(ids)).toEqual([
      ['contract:chosen-1'],
      ['contract:chosen-2', 'contract:chosen-4'],
      ['contract:chosen-3', 'contract:chosen-4'],
      ['contract:chosen-4'],
    ]);
    const { rows } = (await server.get('/projections/contract-register?programme=mopac')).body;
    expect(rows).toEqual(heardOf(mopac!).flatMap((changes) => Object.entries<object>(changes).map(([key, row]) => ({ key, ...row }))));
    for (const each of [one!, mopac!, atos!, both!]) each.hangUp();
  });

  it('hears that a row passes no more, and when it passes again; far behind too', async () => {
    const { position } = await awardOf('comes-and-goes', { suppliers: [{ supplier: 'atos' }] });
    await shown(server, position);
    const follower = await (await started('supplier=atos')).until(({ messages }) => messages.length === 1);
    const { lastId } = follower;
    const { events } = (await server.get('/events?subject=contract-comes-and-goes')).body;
    const correct = (supplier: string) =>
      accepted(
        server.post('/contracts/comes-and-goes/correct-fact', {
          event: events[0].id,
          changes: [{ pointer: '/suppliers', value: [{ supplier }] }],
          because: 'error',
        }),
      );
    await correct('csc');
    await follower.until(({ updates }) => updates.length === 1);
    await correct('atos');
    await follower.until(({ updates }) => updates.length === 2);
    expect(heardOf(follower)).toEqual([{ 'contract:comes-and-goes': null }, { 'contract:comes-and-goes': expect.objectContaining({}) }]);
    follower.hangUp();

    await correct('csc');
    let last = { position: '' };
    for (let n = 1; n <= 100; n++) last = await accepted(server.post('/contracts/comes-and-goes/annotate', { note: `${n}` }));
    await shown(server, last.position);
    const again = await (await started('supplier=atos', { 'last-event-id': lastId })).until(({ updates }) => updates.length === 1);
    expect([heardOf(again), again.updates[0].events]).toEqual([[{ 'contract:comes-and-goes': null }], expect.any(Number)]);
    again.hangUp();
  }, 20_000);

  it('resumes with its filter by the id that it saw last, and by the place that it is sent while it hears nothing', async () => {
    const { projector, store, log } = partsOf(server);
    const subscribers = new Subscribers({ projector, store, log, most: 1, heartbeatMs: 20 });
    const raw = response();
    let text = '';
    raw.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const choice = { filters: { programme: 'mopac' } };
    await subscribers.open({ name: 'contract-register', choice }, replyTo(raw), () => new Error());
    const { position } = await awardOf('not-for-mopac', {});
    await waitFor(() => text.includes('event: position'));
    subscribers.close();
    const id = /event: position\nid: (\S+)/.exec(text)![1]!;
    expect(id.split('.')[1]).toBe(position);
    expect(text).not.toMatch(/^data:.*changes/m);

    await awardOf('not-for-mopac-either', {});
    await awardOf('for-mopac', { programme: 'mopac' });
    const again = await (await started('programme=mopac', { 'last-event-id': id })).until(({ messages }) => messages.length === 1);
    expect(heardOf(again)).toEqual([{ 'contract:for-mopac': expect.objectContaining({ programme: 'mopac' }) }]);
    again.hangUp();
  });

  it('may begin at the start: it gets every row that passes, and hears when it has them', async () => {
    const follower = await (
      await started('after=start&programme=mopac')
    ).until(({ messages }) => messages.some((m) => m.event === 'position'));
    const { rows } = (await server.get('/projections/contract-register?programme=mopac')).body;
    const latest = Object.assign({}, ...heardOf(follower)) as object;
    expect(Object.keys(latest).sort()).toEqual(rows.map(({ key }: any) => key).sort());
    const one = await (
      await started('after=start&key=contract:chosen-1')
    ).until(({ messages }) => messages.some((m) => m.event === 'position'));
    expect(Object.keys(Object.assign({}, ...heardOf(one)) as object)).toEqual(['contract:chosen-1']);
    for (const each of [follower, one]) each.hangUp();
  });

  it('hears of nothing where the id is unknown, and is refused where there is no such row or filter', async () => {
    const nobody = await (await started('supplier=nobody')).until(({ messages }) => messages.length === 1);
    nobody.hangUp();
    for (const [query, parameter, detail] of [
      ['key=tower:hosting', 'key', 'must begin with contract:'],
      ['stage=sleeping', 'stage', expect.stringMatching(/^must be one of .*awarded/)],
      ['colour=red', 'colour', expect.stringMatching(/^is not known here: there are after, key, .*supplier/)],
      ['after=begin', 'after', expect.stringMatching(/or start$/)],
      ['programme=mopac&programme=met', 'programme', 'must be given once'],
    ] as const) {
      const { status, body } = await server.get(`${BOARD}?${query}`);
      expect([query, status, body.errors]).toEqual([query, 400, [{ parameter, detail }]]);
    }
  });
});

describe('the stream of the page of events as they come', () => {
  it('is of the programme or the contract that the page shows', async () => {
    const page = await server.get('/app/live?contract=live');
    expect(page.text).toContain('data-live="/app/live/events?contract=live"');
    const follower = await follow(`${server.url}/app/live/events?contract=live`);
    await follower.until(({ messages }) => messages.length === 1);
    await awardAs('not-live');
    const { decision } = await awardAs('live');
    await follower.until(({ updates }) => updates.length === 1);
    expect(Object.keys(follower.updates[0].changes)).toEqual([`decision:${decision}`]);
    follower.hangUp();
  });
});

describe('a subscriber from the start', () => {
  it('gets every row in several messages, where one may not hold them', async () => {
    const { projector } = partsOf(server);
    const decisions = `${server.url}/projections/decisions/updates`;
    const begin = projector.sequence;
    let position = '';
    for (let n = 0; begin + n < 540; n += 30)
      for (const receipt of await Promise.all(
        Array.from({ length: 30 }, (_, i) => accepted(server.post(`/contracts/many-${n + i}/award-contract`, award))),
      ))
        position = receipt.position;
    await shown(server, position);
    const follower = await (await follow(`${decisions}?after=start`)).until(({ messages }) => messages.some((m) => m.event !== undefined));
    expect(follower.messages.map(({ event }) => event).filter(Boolean)).toEqual(['position']);
    const keys = new Set(follower.updates.flatMap(({ changes }) => Object.keys(changes)));
    expect(keys.size).toBeGreaterThan(500);
    for (let cursor = ''; ;) {
      const { rows, next } = (await server.get(`/projections/decisions?limit=500${cursor}`)).body;
      for (const { key } of rows) expect(keys).toContain(key);
      if (next === undefined) break;
      cursor = `&cursor=${next}`;
    }
    const resumed = await follow(decisions, { 'last-event-id': follower.lastId.replace(/\..*/, '.start') });
    await resumed.until(({ messages }) => messages.length > 0);
    expect(JSON.parse(resumed.messages[0]!.data).reason).toBe('too-many-rows');
    for (const each of [follower, resumed]) each.hangUp();
  }, 20_000);
});
const bound = (target: any, name: PropertyKey) => (typeof target[name] === 'function' ? target[name].bind(target) : target[name]);
