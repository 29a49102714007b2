import { setTimeout as sleep } from 'node:timers/promises';
import { DiffersError, type Receipt, type Sent } from './check.js';
import { randomOf, type Answer, type Server } from './server.js';

const TOWERS = 8;
/** Contracts of a round that many writers append to at the same time. */
const SHARED = 12;

/** The commands of all rounds. Ids begin with the seed, so that a database may hold those of earlier runs. */
export class Commands {
  readonly all: Sent[] = [];
  #made = 0;
  /** Seeded again for each command: the nth is the same, however many the machine manages before a kill. */
  #random: () => number;

  constructor(private readonly seed: number) {
    this.#random = randomOf(seed);
  }

  pick(below: number): number {
    return Math.floor(this.#random() * below);
  }

  world(): Sent[] {
    return [
      this.#command(`/programmes/p-${this.seed}/charter-programme`, {
        title: 'Programme',
        authority: 'Authority',
        baseCurrency: 'GBP',
      }),
      ...Array.from({ length: TOWERS }, (_, i) => this.#command(`/towers/${this.#tower(i)}/plan-tower`, this.#titled(`Tower ${i}`))),
      this.#command(`/suppliers/s-${this.seed}/register-supplier`, { title: 'Supplier', form: 'company' }),
    ];
  }

  shared(round: number): Sent[] {
    return Array.from({ length: SHARED }, (_, i) => this.#award(this.#shared(round, i)));
  }

  /** A third of them goes to streams that other writers append to as well. */
  next(round: number): Sent {
    const id = `${this.seed}-${round}-${this.#made}`;
    this.#random = randomOf(this.seed * 1_000_003 + this.#made);
    const kind = this.#random();
    if (kind < 0.17) return this.#command(`/suppliers/s-${id}/register-supplier`, { title: `Supplier ${id}`, form: 'company' });
    if (kind < 0.34) return this.#command(`/towers/t-${id}/plan-tower`, this.#titled(`Tower ${id}`));
    if (kind < 0.5)
      return this.#command(`/contracts/c-${id}/plan-contract`, {
        ...this.#titled(`Contract ${id}`),
        towers: [this.#tower(this.pick(TOWERS))],
      });
    if (kind < 0.66) return this.#award(`c-${id}`);
    const shared = () => this.#shared(round, this.pick(SHARED));
    if (kind < 0.78) return this.#command(`/contracts/${shared()}/annotate`, { note: `Note ${id}` });
    if (kind < 0.9) return this.#command(`/contracts/${shared()}/record-delay`, { milestone: `Milestone ${id}`, to: '2031-05' });
    const first = `first-${this.seed}-${round}-${this.pick(20)}`;
    return this.#command(`/suppliers/${first}/register-supplier`, { title: `Supplier ${id}`, form: 'company' }, true);
  }

  #command(path: string, body: object, contested = false): Sent {
    const sent = { key: `key-${this.seed}-${++this.#made}`, path, body: JSON.stringify(body), contested };
    this.all.push(sent);
    return sent;
  }
  #award(id: string): Sent {
    return this.#command(`/contracts/${id}/award-contract`, {
      ...this.#titled(`Contract ${id}`),
      towers: [this.#tower(this.pick(TOWERS))],
      suppliers: [{ supplier: `s-${this.seed}` }],
      value: { amount: `${1 + this.pick(999)}000000.00`, currency: 'GBP' },
    });
  }
  #titled(title: string) {
    return { programme: `p-${this.seed}`, title };
  }
  #tower(i: number): string {
    return `t-${this.seed}-${i}`;
  }
  #shared(round: number, i: number): string {
    return `shared-${this.seed}-${round}-${i}`;
  }
}

export const post = (server: Server, { key, path, body }: Sent): Promise<Answer> =>
  server.post(path, body, { 'idempotency-key': key, 'x-actor': 'crash' });

/** Keeps the answer to a command. @throws DiffersError when a command of this kind may not get it */
export const note = (sent: Sent, { status, text }: Answer): void => {
  if (status === 201) sent.answer = { text, receipt: JSON.parse(text) as Receipt };
  else if (status === 409 && sent.contested) sent.refused = true;
  else throw new DiffersError(`${sent.key} ${sent.path} was answered ${status} ${text}`);
};

/** Sends a command until it has an answer other than 503, which it gets while the store is away or others win every race. */
export const insist = async (server: Server, sent: Sent, later?: () => void): Promise<Answer> => {
  for (;;) {
    const answer = await post(server, sent);
    if (later === undefined || answer.status !== 503) {
      note(sent, answer);
      return answer;
    }
    later();
    await sleep(20);
  }
};

export interface Writing {
  readonly commands: Commands;
  readonly round: number;
  readonly server: Server;
  readonly writers: number;
  /** Whether the server has been killed: only then may a connection be lost. */
  killed(): boolean;
  /** Whether the writers stop. */
  over(): boolean;
  answered(answer: Answer): void;
  /** Called for every 503 before the command is sent again; absent where the store is never away. */
  readonly later?: () => void;
}

/** Runs writers until they are over or their server is killed. */
export const write = async ({ commands, round, server, writers, killed, over, answered, later }: Writing): Promise<void> => {
  const writer = async () => {
    while (!over()) {
      const sent = commands.next(round);
      try {
        answered(await insist(server, sent, later));
      } catch (error) {
        if (error instanceof DiffersError) throw error;
        if (killed()) return;
        throw new DiffersError(`The connection was lost before the server was killed: ${String(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: writers }, writer));
};
