import { setTimeout as sleep } from 'node:timers/promises';
import { accessDenied, GoneError, notLeader, notReady, RefusedError, unauthenticated, type Failure } from './failures.js';

const METHODS = ['append', 'batchAppend', 'readStream', 'readAll', 'subscribe', 'delete', 'tombstone', 'gossip', 'features'] as const;

/** A kind of call. `batchAppend` is one append inside the shared batch call. */
export type Method = (typeof METHODS)[number];

/** How a call fails: an error as the answer, no answer, or a destroyed connection. */
export type Fate = Failure | 'hold' | 'cut';

/** A fault for one call. `recorded`: only after its write is stored. `after`: for reads and subscriptions, after this many messages. */
export interface Plan {
  readonly fate: Fate;
  readonly recorded: boolean;
  readonly after: number;
}

/** What every call of the gRPC library offers. */
export interface Call {
  readonly cancelled: boolean;
  readonly metadata: { get(key: string): readonly (string | Buffer)[] };
  getPeer(): string;
  on(event: 'cancelled', listener: () => void): unknown;
}

/** Every call passes through here: it is counted, delayed, authorised, and given the fault that a test planned for it. */
export class FaultInjection {
  readonly calls = Object.fromEntries(METHODS.map((method) => [method, 0])) as Record<Method, number>;
  latency = 0;
  ready = true;
  leader: { readonly host: string; readonly port: number } | undefined;
  authorization: string | undefined;
  readonly #plans = new Map<Method, Plan[]>();
  readonly #waiting = new Set<() => void>();

  constructor(
    /** Destroys the connection of a peer. */
    readonly cut: (peer: string) => void,
  ) {}

  plan(method: Method, plan: Plan, times = 1): void {
    const plans = this.#plans.get(method) ?? [];
    this.#plans.set(method, [...plans, ...Array.from({ length: times }, () => plan)]);
  }

  /** @returns the planned fault, if it comes after the work. @throws RefusedError, GoneError */
  async admit(method: Method, call: Call): Promise<Plan | undefined> {
    this.calls[method]++;
    for (const wake of this.#waiting) wake();
    const plan = this.#plans.get(method)?.shift();
    if (this.latency > 0) await sleep(this.latency);
    if (plan && !plan.recorded && plan.after === 0) await this.fail(plan.fate, call);
    if (call.cancelled) throw new GoneError();
    if (method !== 'gossip' && method !== 'features') this.#check(call);
    return plan;
  }

  /** Makes the call fail; never resolves. @throws RefusedError, GoneError */
  fail(fate: Fate, call: Call): Promise<never> {
    if (typeof fate === 'object') return Promise.reject(new RefusedError(fate));
    if (fate === 'cut') this.cut(call.getPeer());
    return new Promise((_, reject) => {
      if (call.cancelled) reject(new GoneError());
      call.on('cancelled', () => reject(new GoneError()));
    });
  }

  /** Resolves once a kind of call has been received `times` times in total. */
  async received(method: Method, times: number): Promise<void> {
    while (this.calls[method] < times) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  #check(call: Call): void {
    const [authorization] = call.metadata.get('authorization');
    if (this.authorization !== undefined && authorization !== this.authorization) {
      throw new RefusedError(authorization === undefined ? accessDenied : unauthenticated);
    }
    if (!this.ready) throw new RefusedError(notReady);
    // A follower serves calls itself, writes included, unless the caller requires the leader.
    const mustLead = call.metadata.get('requires-leader')[0] === 'true';
    if (this.leader && mustLead) throw new RefusedError(notLeader(this.leader.host, this.leader.port));
  }
}
