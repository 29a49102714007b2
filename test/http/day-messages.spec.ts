import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { projections } from '../../projections/index.js';
import type { Projector } from '../../src/engine/read/projector.js';
import { Subscribers } from '../../src/http/subscribers.js';
import { closeRows, Rows } from '../engine/rows-after.js';
import { recordWorld, World } from '../random-history.js';

const BEAT_MS = 2;
let world: World;
let rows: Rows;
let subscribers: Subscribers;
let now: string;
/** The projections of a ledger in London, on a clock that the test sets. */
beforeEach(async () => {
  now = '2026-06-10T12:00:00.000Z';
  world = new World('2026-06-10');
  await recordWorld(world);
  rows = await new Rows(world.store, projections, undefined, { now: () => now }).read();
  const log = pino({ level: 'silent' });
  subscribers = new Subscribers({ projector: rows.projector, store: world.store, log, most: 10, heartbeatMs: BEAT_MS });
});
afterEach(async () => {
  subscribers.close();
  await closeRows();
});

/** A client that keeps what it heard; one that does not read yet has a socket that is full after some bytes. */
const follow = async (name: string, { lastId, reads = true }: { lastId?: string; reads?: boolean } = {}) => {
  const heard: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => heard.push(message) });
  const raw = Object.assign(new PassThrough({ highWaterMark: reads ? 65_536 : 1 }), {
    writeHead: () => undefined,
    removeHeader: () => undefined,
  });
  const read = () => raw.setEncoding('utf8').on('data', (chunk: string) => parser.feed(chunk));
  if (reads) read();
  const reply = { hijack: () => ({ raw }), getHeaders: () => ({}), request: { method: 'GET' } };
  await subscribers.open({ name, ...(lastId !== undefined && { lastId }) }, reply, () => new Error('malformed'));
  const days = () => heard.filter(({ event }) => event === 'day');
  return { heard, days, read, says: () => days().map(({ data }) => (JSON.parse(data) as { day: string }).day) };
};
/** The same object with other methods, for those who ask it. */
const having = <T extends object>(of: T, more: Partial<T>): T =>
  new Proxy(of, {
    get(target, name) {
      const value: unknown = name in more ? more[name as keyof T] : Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
/** A projector whose followers get the updates of one event at a time. */
const oneByOne = (projector: Projector): Projector =>
  having(projector, {
    ask: (name, answer) =>
      projector.ask(name, (of, point) =>
        answer(having(of, { follow: (at, head, most, breathe) => of.follow(at, head, most, breathe, () => true) }), point),
      ),
  });
/** So many heartbeats, at least. */
const beats = (n = 4) => sleep(n * BEAT_MS + 10);

describe('a new day in the time zone of the ledger', () => {
  it('is one message without an id, to those whose rows look at the day, and sends no row again', async () => {
    const [register, trail] = [await follow('contract-register'), await follow('decisions')];
    now = '2026-06-10T22:59:59.999Z';
    await beats();
    expect(register.says()).toEqual([]);
    now = '2026-06-10T23:00:00.000Z'; // midnight in London, in summer
    await beats(8);
    expect(register.days()).toEqual([{ event: 'day', id: undefined, data: '{"day":"2026-06-11"}' }]);
    expect(register.heard.map(({ event }) => event)).toEqual(['hello', 'day']);
    expect(trail.heard.map(({ event }) => event)).toEqual(['hello']);
  });

  it.each<[string, readonly [string, string][]]>([
    ['when clocks go forward: a day of 23 hours', [['2026-03-28T23:59:59Z', ''], ['2026-03-29T00:00:00Z', '2026-03-29'], ['2026-03-29T22:59:59Z', ''], ['2026-03-29T23:00:00Z', '2026-03-30']]], // prettier-ignore
    ['when clocks go back: a day of 25 hours', [['2026-10-24T22:59:59Z', ''], ['2026-10-24T23:00:00Z', '2026-10-25'], ['2026-10-25T23:59:59Z', ''], ['2026-10-26T00:00:00Z', '2026-10-26']]], // prettier-ignore
    ['when the clock jumps over days: once for all of them', [['2026-06-20T09:00:00Z', '2026-06-20']]],
    ['when the clock is set back: the day that rows go by then', [['2026-06-20T09:00:00Z', '2026-06-20'], ['2026-06-10T09:00:00Z', '2026-06-10']]], // prettier-ignore
  ])('comes once %s', async (_, steps) => {
    now = steps[0]![1] === '' ? steps[0]![0] : now;
    const { says } = await follow('tower-board');
    const expected: string[] = [];
    for (const [instant, day] of steps) {
      now = instant;
      await beats();
      if (day !== '') expected.push(day);
      expect(says()).toEqual(expected);
    }
  });

  it('is heard by a client that comes back after midnight, unless what it heard last is of today', async () => {
    const first = await follow('contract-register');
    const award = { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: { unknown: true } };
    await world.record('contract-a', 'AwardContract', award);
    await rows.projector.idle();
    await beats();
    const lastId = first.heard.at(-1)!.id!;
    const sameDay = await follow('contract-register', { lastId });
    now = '2026-06-12T09:00:00.000Z';
    const later = await follow('contract-register', { lastId });
    await beats();
    expect([sameDay.says(), later.says()]).toEqual([['2026-06-12'], ['2026-06-12']]);
    expect(later.heard.map(({ event }) => event)).toEqual(['day']);
  });

  it('leaves nothing of the day before for a client that begins with every row', async () => {
    const award = { programme: 'met', suppliers: [{ supplier: 'csc' }], value: { unknown: true }, startsOn: '2026-01-01', endsOn: '2026-06-11' }; // prettier-ignore
    for (const id of ['a', 'b']) await world.record(`contract-${id}`, 'AwardContract', { ...award, title: id });
    await rows.projector.idle();
    subscribers.close();
    subscribers = new Subscribers({ projector: oneByOne(rows.projector), store: world.store, log: pino({ level: 'silent' }), most: 10 });
    const sent = async () => {
      const { heard } = await follow('contract-register', { lastId: 'start' });
      while (heard.at(-1)?.event !== 'position') await sleep(BEAT_MS);
      return Object.assign({}, ...heard.slice(0, -1).map(({ data }) => (JSON.parse(data) as { changes: object }).changes)) as object;
    };
    const shown = async () => Object.fromEntries((await rows.all('contract-register')).map(({ key, row }) => [key, row]));
    const before = await shown();
    expect(await sent()).toEqual(before);
    now = '2026-06-12T09:00:00.000Z';
    const after = await shown();
    expect(after).not.toEqual(before);
    expect(await sent()).toEqual(after);
  });

  it('waits for a client that takes nothing at the moment, and is still one message', async () => {
    const slow = await follow('contract-register', { reads: false });
    for (const day of ['11', '12', '13']) {
      now = `2026-06-${day}T09:00:00.000Z`;
      await beats();
    }
    slow.read();
    await beats(8);
    expect(slow.says().at(-1)).toBe('2026-06-13');
    expect(slow.says().length).toBeLessThanOrEqual(2); // the first filled its socket
  });
});

it('is declared by every projection whose rows change with the day alone', async () => {
  await world.record('workforce-met', 'RecordBaseline', { programme: 'met', employer: 'authority', function: 'it', headcount: { count: 10, unit: 'posts' } }); // prettier-ignore
  await world.record('workforce-met', 'PlanTransfer', { programme: 'met', plan: 'p', from: { employer: 'authority', function: 'it', unit: 'posts' }, to: { employer: 'csc', function: 'it', unit: 'posts' }, inScope: { count: 5, unit: 'posts' }, expectedOn: '2026-07-01' }); // prettier-ignore
  const award = { programme: 'met', suppliers: [{ supplier: 'csc' }], value: { amount: '5', currency: 'GBP' }, startsOn: '2026-01-01', endsOn: '2026-08-31' }; // prettier-ignore
  for (const [id, more] of [
    ['t', { towers: ['hosting'] }],
    ['o', {}],
    ['f', { kind: 'framework' }],
  ] as const)
    // prettier-ignore
    await world.record(`contract-${id}`, 'AwardContract', { ...award, title: id, ...more });
  await rows.projector.idle();
  const on = async (day: string) => {
    now = `${day}T09:00:00.000Z`;
    const texts: Record<string, string> = {};
    for (const { name } of projections) texts[name] = JSON.stringify(await rows.all(name));
    return texts;
  };
  const [early, late] = [await on('2026-06-11'), await on('2027-06-11')];
  const changing = projections.filter(({ name }) => early[name] !== late[name]).map(({ name }) => name);
  const declared = projections.filter(({ byDay }) => byDay).map(({ name }) => name);
  expect(declared).toEqual(expect.arrayContaining(changing));
  // the deadlines go by the day in their filters alone
  expect(declared.filter((name) => !changing.includes(name))).toEqual(['deadlines']);
});
