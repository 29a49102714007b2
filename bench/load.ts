import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Post {
  readonly path: string;
  readonly body: string;
  readonly key?: string;
}
export interface Reply {
  readonly status: number;
  readonly body: string;
  /** From the request's first byte to the answer's last. */
  readonly ms: number;
}

/**
 * One connection that sends one request after the other. It understands only as much HTTP as this server answers, so that it takes little
 * of the measured time itself: node:http spends as much on a request as the server does on a no-op.
 */
export class Connection {
  #rest: Buffer = Buffer.alloc(0);
  #begun = 0;
  #waiting: { resolve(reply: Reply): void; reject(error: Error): void } | undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly host: string,
  ) {
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('close', () => this.#waiting?.reject(new Error('The server closed the connection.')));
    socket.on('error', (error) => this.#waiting?.reject(error));
  }

  static open(url: string): Promise<Connection> {
    const { hostname, port, host } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => resolve(new Connection(socket, host)));
    });
  }

  get(path: string): Promise<Reply> {
    return this.#send(`GET ${path} HTTP/1.1\r\nhost: ${this.host}\r\n\r\n`);
  }

  post({ path, body, key }: Post): Promise<Reply> {
    return this.#send(
      `POST ${path} HTTP/1.1\r\nhost: ${this.host}\r\ncontent-type: application/json\r\nx-actor: bench\r\n` +
        `${key === undefined ? '' : `idempotency-key: ${key}\r\n`}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }

  /** How long the request has waited that is under way; 0 when none is. */
  get waitingMs(): number {
    return this.#waiting ? performance.now() - this.#begun : 0;
  }

  close(): void {
    this.socket.destroy();
  }

  #send(request: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#begun = performance.now();
      this.socket.write(request);
    });
  }

  #read(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const head = this.#rest.indexOf('\r\n\r\n');
    if (head === -1) return;
    const heading = this.#rest.toString('latin1', 0, head);
    const end = head + 4 + Number(/\r\ncontent-length: (\d+)/i.exec(heading)?.[1] ?? 0);
    if (this.#rest.length < end) return;
    const body = this.#rest.toString('utf8', head + 4, end);
    this.#rest = this.#rest.subarray(end);
    const { resolve } = this.#waiting!;
    this.#waiting = undefined;
    resolve({ status: Number(heading.slice(9, 12)), body, ms: performance.now() - this.#begun });
  }
}

export interface Load {
  readonly url: string;
  readonly connections: number;
  readonly status: number;
  /** What a connection sends next; undefined ends it. */
  next(connection: number): Post | undefined;
  /** Called with every answer as it comes. */
  answered?(reply: Reply): void;
}
export interface Driven {
  readonly count: number;
  /** When the first request was sent. */
  readonly begun: number;
  readonly ended: number;
  /** In ascending order. */
  readonly latencies: readonly number[];
  readonly last: string;
}

/** Every connection sends its next request as soon as the previous one is answered. @throws when an answer has another status */
export const drive = async ({ url, connections, status, next, answered }: Load): Promise<Driven> => {
  const open = await Promise.all(Array.from({ length: connections }, () => Connection.open(url)));
  const latencies: number[] = [];
  let last = '';
  const begun = performance.now();
  await Promise.all(
    open.map(async (connection, i) => {
      for (let post = next(i); post; post = next(i)) {
        const reply = await connection.post(post);
        if (reply.status !== status) throw new Error(`POST ${post.path}: ${reply.status} ${reply.body}`);
        latencies.push(reply.ms);
        answered?.(reply);
        last = reply.body;
      }
    }),
  );
  const ended = performance.now();
  for (const connection of open) connection.close();
  return { count: latencies.length, begun, ended, latencies: latencies.sort((a, b) => a - b), last };
};

/** @param sorted in ascending order */
export const percentile = (sorted: readonly number[], p: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))] ?? NaN;
export const median = (numbers: readonly number[]): number =>
  percentile(
    numbers.toSorted((a, b) => a - b),
    50,
  );

/** A process that answers every request with the same bytes, without reading it: the idle control of a measurement. */
export const startControl = async (): Promise<{ readonly url: string; stop(): void }> => {
  const answers = `
    const answer = 'HTTP/1.1 201 Created\\r\\ncontent-type: application/json\\r\\ncontent-length: 2\\r\\n\\r\\n{}';
    const server = require('node:net').createServer((socket) => socket.on('data', () => socket.write(answer)).on('error', () => {}));
    server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;
  const child = spawn(process.execPath, ['-e', answers], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  const stop = () => void child.kill('SIGKILL');
  process.once('exit', stop);
  return { url: `http://127.0.0.1:${String(port).trim()}`, stop };
};

/** How many requests a second the generator itself can send. */
export const ceiling = async (ms: number): Promise<number> => {
  const control = await startControl();
  const end = performance.now() + ms;
  const next = () => (performance.now() < end ? { path: '/', body: '{}' } : undefined);
  const { count, begun, ended } = await drive({ url: control.url, connections: 64, status: 201, next });
  control.stop();
  return (count / (ended - begun)) * 1000;
};
