import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const now = (): number => performance.now();

/** Maximum bytes in transit; beyond that the sender is paused, as by a full TCP buffer. */
const MAX_IN_TRANSIT = 1024 * 1024;

/** One direction of a connection: forwards bytes and the end in order, each delayed by the delay at its arrival. */
class Direction {
  /** Nothing is forwarded and nothing is lost. */
  held = false;
  /** Everything is discarded. */
  dropping = false;
  readonly #queue: { readonly bytes: Buffer | undefined; readonly due: number }[] = [];
  #waiting = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    readonly from: Socket,
    readonly to: Socket,
    delay: () => number,
  ) {
    const take = (bytes: Buffer | undefined) => {
      this.#queue.push({ bytes, due: now() + delay() });
      this.#waiting += bytes?.length ?? 0;
      this.#move();
    };
    from.on('data', take);
    from.on('end', () => take(undefined));
    to.on('drain', () => this.#move());
  }

  release(): void {
    this.held = false;
    this.#move();
  }

  #move(): void {
    clearTimeout(this.#timer);
    while (!this.held && this.#queue.length > 0 && !this.to.writableNeedDrain) {
      const { bytes, due } = this.#queue[0]!;
      if (due > now()) {
        this.#timer = setTimeout(() => this.#move(), due - now());
        break;
      }
      this.#queue.shift();
      this.#waiting -= bytes?.length ?? 0;
      if (this.dropping || !this.to.writable) continue;
      if (bytes) this.to.write(bytes);
      else this.to.end();
    }
    if (this.#waiting > MAX_IN_TRANSIT) this.from.pause();
    else this.from.resume();
  }
}

/** A client's connection to the proxy, and the proxy's connection to the target. */
class Pair {
  readonly requests: Direction;
  readonly answers: Direction;
  readonly #sockets: readonly [Socket, Socket];
  /** A reset of one side that is passed on once the connection is no longer held. */
  #broken = false;

  constructor(client: Socket, target: Socket, delay: () => number, closed: () => void) {
    this.#sockets = [client, target];
    this.requests = new Direction(client, target, delay);
    this.answers = new Direction(target, client, delay);
    for (const socket of this.#sockets) {
      socket.on('error', () => undefined);
      socket.on('close', (failed) => {
        if (failed) this.#broken = true;
        if (this.#broken && !this.requests.held) this.reset();
        if (client.destroyed && target.destroyed) closed();
      });
    }
  }

  hold(): void {
    this.requests.held = this.answers.held = true;
  }

  release(): void {
    this.requests.release();
    this.answers.release();
    if (this.#broken) this.reset();
  }

  end(): void {
    for (const socket of this.#sockets) {
      socket.end();
      socket.on('end', () => socket.destroy());
    }
  }

  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }
}

/** A TCP proxy in front of a server, which makes connections fail in every way that TCP can. */
export class Proxy {
  readonly #pairs = new Set<Pair>();
  #listener: Server | undefined;
  #port = 0;
  #delay = 0;
  #held = false;

  constructor(
    /** Where new connections go; may be changed. */
    public target: { readonly port: number; readonly host?: string },
  ) {}

  get port(): number {
    return this.#port;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  async start(port = 0): Promise<this> {
    this.#port = port;
    await this.accept();
    return this;
  }

  /** Ends every connection in both directions (FIN). Bytes in transit are lost. */
  cut(): void {
    for (const pair of this.#pairs) pair.end();
  }

  /** Resets every connection (RST). */
  reset(): void {
    for (const pair of this.#pairs) pair.reset();
  }

  /** Half open: connections, also new ones, stay open, but nothing is forwarded in either direction, not even an end, until `resume`. */
  hold(): void {
    this.#held = true;
    for (const pair of this.#pairs) pair.hold();
  }

  /** Delays everything in both directions from now on. */
  delay(milliseconds: number): void {
    this.#delay = milliseconds;
  }

  /** Existing connections forward requests but discard answers; after `cutAfter` milliseconds, if given, they are ended. */
  dropAnswers(cutAfter?: number): void {
    const pairs = [...this.#pairs];
    for (const pair of pairs) pair.answers.dropping = true;
    if (cutAfter !== undefined) setTimeout(() => pairs.forEach((pair) => pair.end()), cutAfter).unref();
  }

  /** Refuses new connections. */
  refuse(): void {
    this.#listener?.close();
    this.#listener = undefined;
  }

  /** Accepts new connections again, on the same port. */
  async accept(): Promise<void> {
    this.refuse();
    this.#listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#connect(client));
    this.#listener.listen(this.#port, '127.0.0.1');
    await once(this.#listener, 'listening');
    this.#port = (this.#listener.address() as AddressInfo).port;
  }

  /** Undoes `hold` and `delay`: held bytes are forwarded. */
  resume(): void {
    this.#held = false;
    this.#delay = 0;
    for (const pair of this.#pairs) pair.release();
  }

  async close(): Promise<void> {
    this.refuse();
    this.reset();
    while (this.#pairs.size > 0) await new Promise((later) => setTimeout(later, 1));
  }

  #connect(client: Socket): void {
    const target = connect({ allowHalfOpen: true, noDelay: true, host: '127.0.0.1', ...this.target });
    const pair: Pair = new Pair(client, target, () => this.#delay, () => this.#pairs.delete(pair)); // prettier-ignore
    if (this.#held) pair.hold();
    this.#pairs.add(pair);
  }
}
