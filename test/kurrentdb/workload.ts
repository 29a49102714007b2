import type { EventData } from '@eventstore/db-client';
import { event, type Caller } from './caller.js';

/** Pseudo-random numbers below a bound, the same in every run. */
const drawn = (seed: number) => {
  let state = seed * 2_654_435_761;
  return (below: number): number => {
    state = (Math.imul(state ^ (state >>> 15), 1 | state) + 0x6d2b79f5) | 0;
    const mixed = state ^ (state + Math.imul(state ^ (state >>> 7), 61 | state));
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
};

/**
 * A mixture of writes, retries, deletions, metadata changes, reads and subscriptions, determined by a seed, on four streams whose names
 * begin with `key`. @returns the answers of the server, line by line, without what is specific to one server; line 0 names the seed
 */
export const playWorkload = async (
  caller: Caller,
  batching: Caller,
  seed: number,
  key: string,
  steps = 100,
): Promise<readonly string[]> => {
  const draw = drawn(seed);
  const pick = <T>(from: readonly T[]): T => from[draw(from.length)]!;
  const streams = ['a', 'b', 'c', 'd'].map((name) => `${key}${name}`);
  const others = `other-${key}`;
  const sent = new Map<string, { readonly added: EventData[]; readonly expected: number }[]>(streams.map((stream) => [stream, []]));
  const begin = await caller.appended(others);
  const places = [begin];
  const lines = [`seed ${seed}`];

  const acts: Readonly<Record<string, () => Promise<unknown>>> = {
    append: async () => {
      const stream = pick(streams);
      const added = Array.from({ length: 1 + draw(4) }, () => event());
      const expected = pick(['any', 'no_stream', 'stream_exists', draw(6), draw(3)] as const);
      if (typeof expected === 'number') sent.get(stream)!.push({ added, expected });
      return (draw(3) === 0 ? batching : caller).append(stream, added, expected);
    },
    grow: async () => {
      const stream = pick(streams);
      const at = /@(\d+)$/.exec((await caller.read({ stream, from: 'end', backwards: true, count: 1 }))[0] ?? '')?.[1];
      const expected = at === undefined ? -1 : Number(at);
      const added = Array.from({ length: 1 + draw(5) }, () => event());
      sent.get(stream)!.push({ added, expected });
      return caller.append(stream, added, expected === -1 ? 'no_stream' : expected);
    },
    retry: async () => {
      const stream = pick(streams);
      const earlier = sent.get(stream)!;
      if (earlier.length === 0) return 'nothing to retry';
      const { added, expected } = pick(earlier);
      const from = draw(added.length);
      const part = [...added.slice(from, from + 1 + draw(added.length)), ...(draw(4) === 0 ? [event()] : [])];
      const at = pick([expected + from, expected + from, expected, 'any'] as const);
      return caller.append(stream, part, at === -1 ? 'no_stream' : at);
    },
    elsewhere: async () => {
      for (let n = draw(12); n >= 0; n--) places.push(await caller.appended(others));
      return 'written elsewhere';
    },
    delete: () => caller.delete(pick(streams), pick(['any', 'any', draw(5)])),
    truncate: () => caller.bound(pick(streams), { truncateBefore: draw(8) }),
    bound: () => caller.bound(pick(streams), { maxCount: 1 + draw(4) }),
    read: () => caller.read({ stream: pick(streams), from: pick(['start', draw(8), draw(8)]), count: 1 + draw(6) }),
    readBack: () => caller.read({ stream: pick(streams), from: pick(['end', draw(8)]), backwards: true, count: 1 + draw(6) }),
    metadata: () => caller.read({ stream: `$$${pick(streams)}` }),
    readAll: async () => {
      const backwards = draw(2) === 0;
      const from = pick(places);
      const filter = pick([{}, { prefixes: [key] }, { prefixes: [`${key}a`, `$$${key}`] }]);
      const found = await caller.read({ from, backwards, count: 1 + draw(20), ...filter });
      return typeof found === 'string' ? found : found.filter((name) => name.includes(key));
    },
    subscribe: async () => {
      await caller.learn(begin);
      const filter = pick([{ prefixes: [`${key}a`] }, { prefixes: [`${key}b`, `${key}c`] }, { prefixes: ['nothing'] }]);
      const subscribed = await caller.subscribe({ from: pick(places), window: 1 + draw(40), interval: 1 + draw(3), ...filter });
      const received = await subscribed.until('caught up', 0);
      subscribed.cancel();
      return received;
    },
  };
  const often = ['append', 'grow', 'grow', 'grow', 'retry', 'retry', 'elsewhere', 'read', 'readBack', 'readAll', 'subscribe', 'subscribe'];
  const kinds = [...often, ...often, 'delete', 'truncate', 'bound', 'metadata'];

  for (let step = 0; step < steps; step++) {
    const kind = step === steps - 10 ? 'tombstone' : pick(kinds);
    const answer = kind === 'tombstone' ? await caller.tombstone(`${key}d`) : await acts[kind]!();
    lines.push(`${kind}: ${typeof answer === 'string' ? answer : (answer as string[]).join(' ')}`.replaceAll(key, ''));
  }
  for (const stream of streams) lines.push(`at last: ${String(await caller.read({ stream }))}`.replaceAll(key, ''));
  lines.push(`at last: ${String(await caller.read({ from: begin, prefixes: [key, `$$${key}`] }))}`.replaceAll(key, ''));
  return lines;
};
