import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, Endpoint } from './connection.js';
import { breaksConnection, CallFailedError, type Failure } from './errors.js';
import { Node } from './node.js';

export interface ClusterConnectionOptions {
  readonly connection: Connection;
  /** How long a call is tried again while nothing was done, and an outage lasts before calls fail at once; milliseconds. */
  readonly patience: number;
  now(): string;
  log(message: string): void;
}

const FIRST_REST = 50;
const LONGEST_REST = 5_000;

/**
 * The way to the leader: one client at a time. One that failed is left (what is under way on it comes to its end) and the next is made
 * after a rest that grows, with jitter. Of each outage the log hears twice: when it begins and when it is over.
 */
export class ClusterConnection {
  readonly #options: ClusterConnectionOptions;
  readonly #closing = new AbortController();
  /** A sequence of its own for each process: nothing is decided by it. */
  #jitter = 1 + (createHash('sha1').update(`${hostname()} ${process.pid}`).digest().readUInt32BE() % 2_147_483_646);
  #node: Node | undefined;
  #seeking: Promise<Node> | undefined;
  #generation = 0;
  /** Failures in a row. */
  #failures = 0;
  #resting: Failure | undefined;
  #restTimer: NodeJS.Timeout | undefined;
  /** The leader, as a node told that was not. */
  #told: Endpoint | undefined;
  /** Members that gossip named: the seeds may all be gone one day. */
  #members: readonly Endpoint[] = [];
  #outage: { readonly since: string; readonly old: AbortSignal } | undefined;

  constructor(options: ClusterConnectionOptions) {
    this.#options = options;
  }

  /** Milliseconds until it is worth coming again, for whoever was refused. */
  get retryAfter(): number {
    return Math.min(LONGEST_REST, FIRST_REST * 2 ** this.#failures) + this.#options.patience;
  }

  /** Milliseconds to wait before the next try, longer after each, and not the same on any two machines. */
  jitter(tries: number, longest = LONGEST_REST): number {
    this.#jitter = (this.#jitter * 16_807) % 2_147_483_647;
    return (this.#jitter / 2_147_483_647) * Math.min(longest, FIRST_REST * 2 ** tries);
  }

  log(message: string): void {
    this.#options.log(message);
  }

  /** @throws Failed when there is no way at present; nothing was sent then */
  async node(): Promise<Node> {
    if (this.#closing.signal.aborted) throw new CallFailedError({ kind: 'not-ready', message: 'The store is closed.' });
    if (this.#node) return this.#node;
    if (this.#resting) throw new CallFailedError({ kind: 'not-ready', message: this.#resting.message });
    return (this.#seeking ??= this.#seek().finally(() => (this.#seeking = undefined)));
  }

  /** One try. @throws Failed */
  async once<T>(work: (node: Node) => Promise<T>): Promise<T> {
    const node = await this.node();
    try {
      const done = await work(node);
      this.worked(node);
      return done;
    } catch (error) {
      if (error instanceof CallFailedError) this.failed(node, error.failure);
      throw error;
    }
  }

  /** Tries while the failure allows it and patience lasts. @throws Failed */
  async persist<T>(work: (node: Node) => Promise<T>, allows: (failure: Failure) => boolean): Promise<T> {
    let over: AbortSignal | undefined;
    for (let tries = 0; ; tries++) {
      try {
        return await this.once(work);
      } catch (error) {
        if (!(error instanceof CallFailedError) || !allows(error.failure)) throw error;
        over ??= AbortSignal.timeout(this.#options.patience);
        if (over.aborted || this.#outage?.old.aborted || this.#closing.signal.aborted) throw error;
      }
      await this.rest(this.jitter(tries, 500));
    }
  }

  /** Waits, unless the link is closed. */
  async rest(ms: number, signal?: AbortSignal): Promise<void> {
    const until = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
    await sleep(ms, undefined, { signal: until }).catch(() => undefined);
  }

  /** A node answered. */
  worked(node: Node): void {
    if (node !== this.#node) return;
    this.#failures = 0;
    if (!this.#outage) return;
    const seconds = (Date.parse(this.#options.now()) - Date.parse(this.#outage.since)) / 1000;
    this.#outage = undefined;
    this.log(`KurrentDB answers again at ${nameOf(node.endpoint)}, after ${seconds.toFixed(1)} s.`);
  }

  /** A call on a node failed: perhaps it is to be left. */
  failed(node: Node, failure: Failure): void {
    if (!breaksConnection(failure)) return this.worked(node);
    if (node !== this.#node) return;
    this.#leave(node);
    const leader = failure.kind === 'not-leader' ? failure.leader : undefined;
    this.#told = leader;
    if (leader && this.#failures++ === 0) this.log(`KurrentDB is led by ${nameOf(leader)} now.`);
    else this.#broke(nameOf(node.endpoint), failure);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#restTimer);
    await this.#seeking?.catch(() => undefined);
    if (this.#node) this.#leave(this.#node);
  }

  async #seek(): Promise<Node> {
    const { hosts, cluster } = this.#options.connection;
    const answer = this.#told;
    this.#told = undefined;
    if (answer) return (this.#node = this.#make(answer));
    if (!cluster) return (this.#node = this.#make(hosts[0]!));
    const seeds = new Map([...hosts, ...this.#members].map((endpoint) => [nameOf(endpoint), endpoint]));
    try {
      this.#node = await Promise.any([...seeds.values()].map((seed) => this.#leaderBy(seed)));
      return this.#node;
    } catch (error) {
      const reasons = error instanceof AggregateError ? error.errors : [error];
      const message = [...new Set(reasons.map((reason) => (reason as Error).message))].join('; ');
      this.#broke([...seeds.keys()].join(', '), { kind: 'not-ready', message });
      throw new CallFailedError({ kind: 'not-ready', message });
    }
  }

  /** Of several that are asked at once the first is taken; what the others find is not kept. */
  async #leaderBy(seed: Endpoint): Promise<Node> {
    const node = this.#make(seed);
    try {
      const members = await node.members(this.#options.connection.gossipTimeout);
      const leader = members.find(({ state, isAlive }) => state === 'leader' && isAlive);
      if (!leader) throw new CallFailedError({ kind: 'not-ready', message: `${nameOf(seed)} knows of no leader.` });
      this.#members = members.flatMap(({ endpoint, isAlive }) => (isAlive ? [endpoint] : []));
      return this.#make(leader.endpoint);
    } finally {
      void node.close();
    }
  }

  #make(endpoint: Endpoint): Node {
    return new Node(endpoint, this.#options.connection, this.#generation++);
  }

  #leave(node: Node): void {
    this.#node = undefined;
    void node.close();
  }

  #broke(where: string, failure: Failure): void {
    if (this.#closing.signal.aborted) return;
    if (!this.#outage) {
      this.#outage = { since: this.#options.now(), old: AbortSignal.timeout(this.#options.patience) };
      this.log(`KurrentDB at ${where} does not answer (${failure.message}); trying again until it does.`);
    }
    this.#resting = failure;
    clearTimeout(this.#restTimer);
    this.#restTimer = setTimeout(() => (this.#resting = undefined), this.jitter(this.#failures++));
    this.#restTimer.unref();
  }
}

export const nameOf = ({ address, port }: Endpoint): string => `${address}:${port}`;
