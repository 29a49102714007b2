import type { Server } from 'node:http';

declare module 'fastify' {
  interface FastifyInstance {
    /** The connections of this server. */
    readonly connections: Connections;
  }
}

/** At most one message in so many milliseconds. */
const SAY_EVERY_MS = 60_000;

/** Bounds the connections of a server: Node drops what comes beyond before any of it is read, so that nobody can take all descriptors. */
export class Connections {
  #open = 0;
  #dropped = 0;
  #said = { dropped: 0, at: -Infinity };

  constructor(
    server: Server,
    private readonly most: number,
    private readonly warn: (message: string) => void,
    /** In milliseconds. */
    private readonly now: () => number,
  ) {
    server.maxConnections = most;
    server.on('connection', (socket) => {
      this.#open++;
      socket.once('close', () => this.#open--);
    });
    server.on('drop', () => this.#drop());
  }

  get open(): number {
    return this.#open;
  }
  /** Since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  #drop(): void {
    this.#dropped++;
    const at = this.now();
    if (at - this.#said.at < SAY_EVERY_MS) return;
    const count = this.#dropped - this.#said.dropped;
    this.#said = { dropped: this.#dropped, at };
    this.warn(`${this.most} connections are open, as many as LEDGER_MAX_CONNECTIONS allows. Dropped at once: ${count} more.`);
  }
}
