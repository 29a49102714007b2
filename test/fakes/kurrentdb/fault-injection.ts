import { setTimeout as sleep } from 'node:timers/promises';
import { accessDenied, GoneError, notLeader, notReady, RefusedError, unauthenticated, type Failure } from './failures.js';

const METHODS = ['append', 'batchAppend', 'readStream', 'readAll', 'subscribe', 'delete', 'tombstone', 'gossip', 'features'] as const;

/** A kind of call as a test sees it; `batchAppend` is one append inside the long call that carries many. */
export type Method = (typeof METHODS)[number];

/** What becomes of a call: an answer that is an error, no answer at all, or its connection destroyed. */
export type Fate = Failure | 'hold' | 'cut';

/** `stored`: only after its work is done. `after`: of a read or subscription, once so many messages were sent. */
export interface Plan {
  readonly fate: Fate;
  readonly recorded: boolean;
  readonly after: number;
}

/** What every call of the gRPC library has. */
export interface Call {
  readonly cancelled: boolean;
  readonly metadata: { get(key: string): readonly (string | Buffer)[] };
  getPeer(): string;
  on(event: 'cancelled', heard: () => void): unknown;
}

/** Where every call comes in: counted, delayed, let in or sent away, or met by what a test planned for it. */
export class Reception {
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

  /** @throws Refused, Gone */
  async admit(method: Method, call: Call): Promise<Plan | undefined> {
    this.calls[method]++;
    for (const wake of this.#waiting) wake();
    const plan = this.#plans.get(method)?.shift();
    if (this.latency > 0) await sleep(this.latency);
    if (plan && !plan.recorded && plan.after === 0) await this.meet(plan.fate, call);
    if (call.cancelled) throw new GoneError();
    if (method !== 'gossip' && method !== 'features') this.#check(call);
    return plan;
  }

  /** Never returns. @throws Refused, Gone */
  meet(fate: Fate, call: Call): Promise<never> {
    if (typeof fate === 'object') return Promise.reject(new RefusedError(fate));
    if (fate === 'cut') this.cut(call.getPeer());
    return new Promise((_, reject) => {
      if (call.cancelled) reject(new GoneError());
      call.on('cancelled', () => reject(new GoneError()));
    });
  }

  /** Once a kind of call was received so many times in all. */
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
    // A follower passes writes on to the leader, and answers reads, unless the caller asked for the leader itself.
    const mustLead = call.metadata.get('requires-leader')[0] === 'true';
    if (this.leader && mustLead) throw new RefusedError(notLeader(this.leader.host, this.leader.port));
  }
}
