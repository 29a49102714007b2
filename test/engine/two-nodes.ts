import { setTimeout as sleep } from 'node:timers/promises';
import { aggregates, commands } from '../../src/domain/index.js';
import { commandIdOf } from '../../src/engine/write/command-id.js';
import { Engine, StaleRevisionError, type CommandRequest } from '../../src/engine/write/engine.js';
import type { Receipt } from '../../src/engine/write/receipt.js';
import type { EventStore } from '../../src/store/event-store.js';
import { memoryStore } from '../fakes/memory-store.js';

/** How far the two nodes are from their store, in ms for a call and its answer, on average. */
const NEAR_MS = 1;
const FAR_MS = 10;
/** The second command of a race follows the first by up to so many ms, so that they meet at every step. */
const LATEST_START_MS = 24;

export interface Races {
  readonly rounds: number;
  /** Rounds in which one key was executed twice. */
  readonly executedTwice: number;
  /** Rounds in which a command was accepted although its `If-Match` was not the revision before it. */
  readonly staleAccepted: number;
  /** Answers that neither race allows, as sentences. */
  readonly unexpected: readonly string[];
}

const CALLS = new Set<PropertyKey>(['read', 'append', 'readAll', 'head']);

/** The same store, but every call and its answer take some time: half to one and a half of the distance, so that they overtake each other. */
const distant = (store: EventStore, ms: number): EventStore => {
  let calls = 0;
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (!CALLS.has(name)) return value.bind(target) as unknown;
      return async (...args: unknown[]): Promise<unknown> => {
        const own = ms * (0.5 + ((calls++ * 7) % 11) / 10);
        await sleep(own / 2);
        const answer: unknown = await value.apply(target, args);
        if (ms > 1) await sleep(own / 2);
        return answer;
      };
    },
  });
};

const contract = aggregates.find(({ category }) => category === 'contract')!;
const programme = aggregates.find(({ category }) => category === 'programme')!;

const gbp = (amount: number) => ({ amount: String(amount), currency: 'GBP' });
const changeTo = (pounds: number) => ({ kind: 'value', to: gbp(pounds) });

/** Two engines on one log, at different distances from it. */
const twoNodes = async () => {
  const store = memoryStore();
  let ids = 0;
  const ports = { now: () => new Date().toISOString(), newId: () => `019353d2-0000-7000-8000-${String(++ids).padStart(12, '0')}` };
  const engineOn = (on: EventStore) => new Engine({ store: on, ...ports }, aggregates);
  const send = (engine: Engine, stream: string, command: string, body: object, more: Partial<CommandRequest> = {}): Promise<Receipt> => {
    const [category, id] = [stream.slice(0, stream.indexOf('-')), stream.slice(stream.indexOf('-') + 1)];
    return engine.handle({
      command: commands.find(({ name }) => name === command)!,
      aggregate: aggregates.find((aggregate) => aggregate.category === category)!,
      id,
      body: body as CommandRequest['body'],
      actor: { id: 'ana' },
      ...more,
    });
  };
  const direct = engineOn(store);
  await send(direct, 'programme-p', 'CharterProgramme', { title: 'Programme', authority: 'Authority', baseCurrency: 'GBP' });
  await send(direct, 'supplier-s', 'RegisterSupplier', { title: 'Supplier', form: 'company' });
  return { store, send, direct, near: engineOn(distant(store, NEAR_MS)), far: engineOn(distant(store, FAR_MS)) };
};
type Nodes = Awaited<ReturnType<typeof twoNodes>>;

/** Reads a contract and its programme on a node until it is stopped, as views do beside commands. */
const readUntil = async (engine: Engine, id: string, over: () => boolean): Promise<void> => {
  while (!over()) await Promise.all([engine.history(contract, id), engine.history(programme, 'p')]);
};

const sentenceOf = (result: PromiseSettledResult<Receipt>): string =>
  result.status === 'fulfilled' ? result.value.outcome : String(result.reason);

/** The same command with the same key on both nodes, as a client sends it that got no answer from the first. */
const raceKey = async (
  { store, send, near, far }: Nodes,
  stream: string,
  startMs: number,
): Promise<{ twice: boolean; unexpected: string[] }> => {
  const body = changeTo(2000);
  const key = { idempotencyKey: 'key' };
  const results = await Promise.allSettled([
    send(far, stream, 'ApproveChange', body, key),
    sleep(startMs).then(() => send(near, stream, 'ApproveChange', body, key)),
  ]);
  const events = (await store.read(stream)).filter(({ type }) => type === 'ChangeApproved'); // of whatever decision
  const allowed = (result: PromiseSettledResult<Receipt>) => ['accepted', 'replayed'].includes(sentenceOf(result));
  const isOfKey = events.every(({ metadata }) => metadata.command.id === commandIdOf(stream, 'key'));
  return { twice: events.length > 1 || !isOfKey, unexpected: results.filter((result) => !allowed(result)).map(sentenceOf) };
};

/** Two commands on different nodes that saw the same revision, and a third that does not care. */
const raceRevision = async (
  { store, send, near, far }: Nodes,
  stream: string,
  startMs: number,
): Promise<{ stale: boolean; unexpected: string[] }> => {
  const ifMatch = (await store.read(stream)).at(-1)!.revision;
  const [first, second, free] = await Promise.allSettled([
    send(far, stream, 'ApproveChange', changeTo(3000), { ifMatch: [ifMatch] }),
    sleep(startMs).then(() => send(near, stream, 'ApproveChange', changeTo(4000), { ifMatch: [ifMatch] })),
    sleep(LATEST_START_MS - startMs).then(() => send(near, stream, 'ApproveChange', changeTo(5000))),
  ]);
  const guarded = [first, second];
  const stale = guarded.some(
    (result) => result.status === 'fulfilled' && result.value.outcome === 'accepted' && result.value.revision !== ifMatch + 1,
  );
  const allowed = (result: PromiseSettledResult<Receipt>) =>
    sentenceOf(result) === 'accepted' || (result.status === 'rejected' && result.reason instanceof StaleRevisionError);
  const unexpected = guarded.filter((result) => !allowed(result));
  if (sentenceOf(free) !== 'accepted') unexpected.push(free);
  return { stale, unexpected: unexpected.map(sentenceOf) };
};

/** Both races on a new contract in each round, with readers on both nodes beside them; `atOnce` rounds at the same time. */
export const raceTwoNodes = async ({ rounds, atOnce }: { readonly rounds: number; readonly atOnce: number }): Promise<Races> => {
  const nodes = await twoNodes();
  const races = { rounds, executedTwice: 0, staleAccepted: 0, unexpected: [] as string[] };
  const roundOf = async (n: number): Promise<void> => {
    const stream = `contract-c${n}`;
    const award = { programme: 'p', title: 'Contract', suppliers: [{ supplier: 's' }], value: gbp(1000) };
    await nodes.send(nodes.direct, stream, 'AwardContract', award);
    let over = false;
    const readers = [nodes.near, nodes.far].map((node) => readUntil(node, `c${n}`, () => over));
    const startMs = n % LATEST_START_MS;
    const key = await raceKey(nodes, stream, startMs);
    const revision = await raceRevision(nodes, stream, startMs);
    over = true;
    await Promise.all(readers);
    races.executedTwice += Number(key.twice);
    races.staleAccepted += Number(revision.stale);
    races.unexpected.push(...key.unexpected, ...revision.unexpected);
  };
  let next = 0;
  const worker = async () => {
    while (next < rounds) await roundOf(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return races;
};
