import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, Endpoint } from './connection.js';
import { breaksConnection, CallFailedError, failureOf, type Failure } from './errors.js';
import { Node } from './node.js';

export interface ClusterConnectionOptions {
  readonly connection: Connection;
  /** Milliseconds. How long a safe call is retried, and how long an outage lasts before calls fail at once. */
  readonly patience: number;
  now(): string;
  log(message: string): void;
}

const FIRST_BACKOFF = 50;
const LONGEST_BACKOFF = 5_000;

/**
 * The connection to the leader: one client at a time. A client that failed is discarded (calls in flight on it finish), and the next one is
 * made after an exponential backoff with jitter. Each outage is logged twice, when it begins and when it ends, and once more where the server
 * comes back with something else than the ledger.
 */
export class ClusterConnection {
  readonly #options: ClusterConnectionOptions;
  readonly #closing = new AbortController();
  /** What each new node must pass before the first call on it. */
  #check: ((node: Node) => Promise<void>) | undefined;
  /** State of a pseudo-random sequence, seeded per process. It only spreads retries; no decision depends on it. */
  #jitter = 1 + (createHash('sha1').update(`${hostname()} ${process.pid}`).digest().readUInt32BE() % 2_147_483_646);
  #node: Node | undefined;
  #connecting: Promise<Node> | undefined;
  #generation = 0;
  /** Consecutive failures. */
  #failures = 0;
  #backingOff: Failure | undefined;
  #backoffTimer: NodeJS.Timeout | undefined;
  /** The leader that a follower named when it refused a call. */
  #redirect: Endpoint | undefined;
  /** Members from the last gossip: the hosts of the connection string may all be replaced one day. */
  #members: readonly Endpoint[] = [];
  #outage: { readonly since: string; readonly old: AbortSignal; isRefused: boolean } | undefined;

  constructor(options: ClusterConnectionOptions) {
    this.#options = options;
  }

  /** Milliseconds after which a refused caller should retry. */
  get retryAfter(): number {
    return Math.min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** this.#failures) + this.#options.patience;
  }

  /** Milliseconds to wait before the next attempt: exponential, at most `longest`, with jitter that differs between processes. */
  jitter(tries: number, longest = LONGEST_BACKOFF): number {
    this.#jitter = (this.#jitter * 16_807) % 2_147_483_647;
    return (this.#jitter / 2_147_483_647) * Math.min(longest, FIRST_BACKOFF * 2 ** tries);
  }

  /** Whether calls have failed since the last one that succeeded. */
  get isAway(): boolean {
    return this.#outage !== undefined;
  }

  log(message: string): void {
    this.#options.log(message);
  }

  /** Uses no node from now on that has not passed `check`, which throws CallFailedError. */
  require(check: (node: Node) => Promise<void>): void {
    this.#check = check;
    if (this.#node) this.#discard(this.#node);
  }

  /** @throws CallFailedError when no leader is reachable at present; nothing was sent then */
  async node(): Promise<Node> {
    if (this.#closing.signal.aborted) throw new CallFailedError({ kind: 'not-ready', message: 'The store is closed.' });
    if (this.#node && !this.#connecting) return this.#node;
    if (this.#backingOff) throw new CallFailedError({ ...this.#backingOff, kind: outageKind(this.#backingOff) });
    return (this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined)));
  }

  /** Runs `work` once. @throws CallFailedError */
  async attempt<T>(work: (node: Node) => Promise<T>): Promise<T> {
    const node = await this.node();
    try {
      const result = await work(node);
      this.succeeded(node);
      return result;
    } catch (error) {
      if (error instanceof CallFailedError) this.failed(node, error.failure);
      throw error;
    }
  }

  /** Repeats `work` while `allows` accepts the failure and patience lasts. @throws CallFailedError */
  async retry<T>(work: (node: Node) => Promise<T>, allows: (failure: Failure) => boolean): Promise<T> {
    let over: AbortSignal | undefined;
    for (let tries = 0; ; tries++) {
      try {
        return await this.attempt(work);
      } catch (error) {
        if (!(error instanceof CallFailedError) || !allows(error.failure)) throw error;
        over ??= AbortSignal.timeout(this.#options.patience);
        if (over.aborted || this.#outage?.old.aborted || this.#closing.signal.aborted) throw error;
      }
      await this.backoff(this.jitter(tries, 500));
    }
  }

  /** Waits, or returns at once when this connection is closed or `signal` aborts. */
  async backoff(ms: number, signal?: AbortSignal): Promise<void> {
    const until = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
    await sleep(ms, undefined, { signal: until }).catch(() => undefined);
  }

  /** Records that a node answered. */
  succeeded(node: Node): void {
    if (node !== this.#node) return;
    this.#failures = 0;
    if (!this.#outage) return;
    const seconds = (Date.parse(this.#options.now()) - Date.parse(this.#outage.since)) / 1000;
    this.#outage = undefined;
    this.log(`KurrentDB is answering again at ${nameOf(node.endpoint)}, after ${seconds.toFixed(1)} s.`);
  }

  /** Records that a call on a node failed, and discards the node if the connection is of no further use. */
  failed(node: Node, failure: Failure): void {
    if (!breaksConnection(failure)) return this.succeeded(node);
    if (node !== this.#node) return;
    this.#discard(node);
    const leader = failure.kind === 'not-leader' ? failure.leader : undefined;
    this.#redirect = leader;
    if (leader && this.#failures++ === 0) this.log(`KurrentDB has a new leader: ${nameOf(leader)}.`);
    else this.#beginOutage(nameOf(node.endpoint), failure);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#backoffTimer);
    await this.#connecting?.catch(() => undefined);
    if (this.#node) this.#discard(this.#node);
  }

  async #connect(): Promise<Node> {
    const node = (this.#node = await this.#find());
    if (!this.#check) return node;
    try {
      await this.#check(node);
      await node.pin();
      return node;
    } catch (error) {
      const failure = failureOf(error);
      if (breaksConnection(failure)) this.failed(node, failure);
      else this.#discard(node);
      throw new CallFailedError(failure);
    }
  }

  async #find(): Promise<Node> {
    const { hosts, cluster } = this.#options.connection;
    const redirect = this.#redirect;
    this.#redirect = undefined;
    if (redirect) return this.#make(redirect);
    if (!cluster) return this.#make(hosts[0]!);
    const seeds = new Map([...hosts, ...this.#members].map((endpoint) => [nameOf(endpoint), endpoint]));
    try {
      return await Promise.any([...seeds.values()].map((seed) => this.#leaderFrom(seed)));
    } catch (error) {
      const reasons = error instanceof AggregateError ? error.errors : [error];
      const message = [...new Set(reasons.map((reason) => (reason as Error).message))].join('; ');
      this.#beginOutage([...seeds.keys()].join(', '), { kind: 'not-ready', message });
      throw new CallFailedError({ kind: 'not-ready', message });
    }
  }

  /** Asks one seed for the leader. Several seeds are asked at once; the first answer wins and the others are dropped. */
  async #leaderFrom(seed: Endpoint): Promise<Node> {
    const node = this.#make(seed);
    try {
      const members = await node.members(this.#options.connection.gossipTimeout);
      const leader = members.find(({ state, isAlive }) => state === 'leader' && isAlive);
      if (!leader) throw new CallFailedError({ kind: 'not-ready', message: `${nameOf(seed)} knows no leader.` });
      this.#members = members.flatMap(({ endpoint, isAlive }) => (isAlive ? [endpoint] : []));
      return this.#make(leader.endpoint);
    } finally {
      void node.close();
    }
  }

  #make(endpoint: Endpoint): Node {
    return new Node(endpoint, this.#options.connection, this.#generation++);
  }

  #discard(node: Node): void {
    if (this.#node === node) this.#node = undefined;
    void node.close();
  }

  #beginOutage(where: string, failure: Failure): void {
    if (this.#closing.signal.aborted) return;
    const isRefused = failure.kind === 'other-ledger';
    if (!this.#outage || (isRefused && !this.#outage.isRefused))
      this.log(`KurrentDB at ${where} ${isRefused ? 'is refused' : 'does not answer'} (${failure.message}); retrying.`);
    this.#outage ??= { since: this.#options.now(), old: AbortSignal.timeout(this.#options.patience), isRefused };
    this.#outage.isRefused ||= isRefused;
    this.#backingOff = failure;
    clearTimeout(this.#backoffTimer);
    this.#backoffTimer = setTimeout(() => (this.#backingOff = undefined), this.jitter(this.#failures++));
    this.#backoffTimer.unref();
  }
}

/** Nothing is sent during an outage. */
const outageKind = ({ kind }: Failure): Failure['kind'] => (kind === 'other-ledger' ? kind : 'not-ready');

export const nameOf = ({ address, port }: Endpoint): string => `${address}:${port}`;
