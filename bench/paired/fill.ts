import { randomUUIDv7 } from 'node:crypto';
import { openUpdates } from '../follower.js';
import { got, startServer, type Server } from '../server.js';
import { awardOn, changeOf, lives, LIFE, recordWorld, SUPPLIERS, TOWERS } from '../story.js';
import { openStore, type AnyStore, type Build, type NewEvent } from './builds.js';

/** What a ledger is filled with. */
export interface Filling {
  /** Whole lives, 7 events each, on 64 towers and 32 suppliers, all decided by one person. */
  readonly contracts: number;
  /** Contracts of an award and so many changes of value each, `many-0`, `many-1` … */
  readonly longContracts?: readonly number[];
}
export interface Filled {
  readonly dir: string;
  readonly events: number;
  /** By projection: the id of a message before the first of these contracts. A follower that resumes there reads all of them. */
  readonly beginning: Readonly<Record<string, string>>;
}

const TEMPLATE = 'template';
const FOLLOWED = ['contract-register', 'tower-board'];
/** Streams that are appended at once: more would only wait in the store's queue. */
const AT_ONCE = 256;

type Ids = Readonly<Record<string, string>>;

/**
 * Events of one stream as text, cut at every id that differs in a copy: those of the contract, the tower, the supplier, the events and
 * the decisions. A copy costs a join and a parse, and no command.
 */
class Template {
  readonly #pieces: readonly string[];

  constructor(
    events: readonly NewEvent[],
    private readonly own: Ids,
  ) {
    const text = JSON.stringify(events.map(({ id, type, data, metadata }) => ({ id, type, data, metadata })));
    const names = Object.values(own).join('|');
    const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
    this.#pieces = text.split(new RegExp(`(?<=["-])(${names}|${uuid})(?=")`));
  }

  copy(ids: Ids): NewEvent[] {
    const replaced = new Map(Object.entries(this.own).map(([name, text]) => [text, ids[name]!]));
    const text = this.#pieces.map((piece, i) => {
      if (i % 2 === 0) return piece;
      if (!replaced.has(piece)) replaced.set(piece, randomUUIDv7());
      return replaced.get(piece)!;
    });
    return JSON.parse(text.join('')) as NewEvent[];
  }
}

/** The id that a new follower is greeted with. */
const greetingOf = async (server: Server, projection: string): Promise<string> => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const updates = await openUpdates(server.url, { projection, take: ({ id }) => id !== undefined && resolve(id) });
  const id = await promise;
  updates.close();
  return id;
};

/** One contract's life and one change, by commands: what every copy is made of. */
const makeTemplates = async (build: Build, dir: string) => {
  const server = await startServer(dir, {}, { dist: build.dist });
  await recordWorld(server);
  const beginning: Record<string, string> = {};
  for (const projection of FOLLOWED) beginning[projection] = await greetingOf(server, projection);

  const step = lives(LIFE, TEMPLATE, server);
  const streams: string[] = [];
  for (let post = step(0); post; post = step(0)) {
    const { stream } = await got<{ readonly stream: string }>(server.post(post.path, post.body, { 'idempotency-key': post.key! }));
    streams.push(stream);
  }
  const long = awardOn(server, `${TEMPLATE}-long`);
  await got(server.post(long.path, long.body));
  const longId = long.path.split('/')[2]!;
  const change = changeOf(longId, 160_000_000);
  await got(server.post(change.path, change.body));
  await server.stop();
  return { beginning, life: streams[0]!, long: `contract-${longId}` };
};

const appendAll = async (store: AnyStore, streams: Iterable<readonly [stream: string, events: NewEvent[]]>): Promise<number> => {
  let events = 0;
  let batch: Promise<unknown>[] = [];
  for (const [stream, all] of streams) {
    events += all.length;
    batch.push(appendPaged(store, stream, all));
    if (batch.length < AT_ONCE) continue;
    await Promise.all(batch);
    batch = [];
  }
  await Promise.all(batch);
  return events;
};
const appendPaged = async (store: AnyStore, stream: string, events: readonly NewEvent[]): Promise<void> => {
  for (let from = 0; from < events.length; from += 100) await store.append(stream, from - 1, events.slice(from, from + 100));
};

/**
 * Makes a ledger for a build: a few commands over HTTP to its server, then copies of their events through its own store. No read
 * model is made, so the next start has all to read.
 */
export const fill = async (build: Build, dir: string, { contracts, longContracts = [] }: Filling): Promise<Filled> => {
  const { beginning, life, long } = await makeTemplates(build, dir);
  const store = await openStore(build, dir);
  try {
    const lifeEvents = await store.read(life);
    /** Earlier builds have one supplier. */
    const award = lifeEvents[0]!.data as {
      readonly towers: readonly [string];
      readonly suppliers?: readonly [{ readonly supplier: string }];
      readonly supplier?: string;
    };
    const supplier = award.suppliers?.[0].supplier ?? award.supplier!;
    const own = { contract: life.slice('contract-'.length), tower: award.towers[0], supplier };
    const lifeTemplate = new Template(lifeEvents, own);
    const [longAward, change] = await store.read(long);
    const ownLong = { contract: long.slice('contract-'.length) };
    const [awardTemplate, changeTemplate] = [new Template([longAward!], ownLong), new Template([change!], ownLong)];

    const shortStreams = function* (): Iterable<readonly [string, NewEvent[]]> {
      for (let n = 0; n < contracts; n++) {
        const contract = `f-${n}`;
        yield [`contract-${contract}`, lifeTemplate.copy({ contract, tower: `t-${n % TOWERS}`, supplier: `s-${n % SUPPLIERS}` })];
      }
    };
    const longStreams = function* (): Iterable<readonly [string, NewEvent[]]> {
      for (const [n, changes] of longContracts.entries()) {
        const ids = { contract: `many-${n}` };
        const events = Array.from({ length: changes }, () => changeTemplate.copy(ids)).flat();
        yield [`contract-many-${n}`, [...awardTemplate.copy(ids), ...events]];
      }
    };
    const events = (await appendAll(store, shortStreams())) + (await appendAll(store, longStreams()));
    return { dir, events, beginning };
  } finally {
    await store.close();
  }
};
