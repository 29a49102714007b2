import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const now = (): number => performance.now();

/** More than this does not wait on the way; the sender is held back, as by a full buffer of TCP. */
const MOST_WAITING = 1024 * 1024;

/** One direction of a connection: bytes, and at last its end, in order, each as late as the delay was when it came. */
class Way {
  /** Nothing gets through, and nothing is lost. */
  held = false;
  /** Everything vanishes. */
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
    if (this.#waiting > MOST_WAITING) this.from.pause();
    else this.from.resume();
  }
}

/** A client's connection through the proxy, and the proxy's own to the target. */
class Pair {
  readonly requests: Way;
  readonly answers: Way;
  readonly #sockets: readonly [Socket, Socket];
  /** A reset of one side waits here while the connection is held. */
  #broken = false;

  constructor(client: Socket, target: Socket, delay: () => number, closed: () => void) {
    this.#sockets = [client, target];
    this.requests = new Way(client, target, delay);
    this.answers = new Way(target, client, delay);
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

/** A TCP proxy in front of a server, through which a connection can die in every way that it can. */
export class Proxy {
  readonly #pairs = new Set<Pair>();
  #listener: Server | undefined;
  #port = 0;
  #delay = 0;
  #held = false;

  constructor(
    /** Where a new connection goes; may be changed. */
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

  /** Ends every connection in both directions (FIN). What was on its way is lost. */
  cut(): void {
    for (const pair of this.#pairs) pair.end();
  }

  /** Breaks every connection off (RST). */
  reset(): void {
    for (const pair of this.#pairs) pair.reset();
  }

  /** Half open: connections stay, new ones too, and nothing gets through in either direction, not even an end, until `resume`. */
  hold(): void {
    this.#held = true;
    for (const pair of this.#pairs) pair.hold();
  }

  /** Everything, both ways, is so many milliseconds late from now on. */
  delay(milliseconds: number): void {
    this.#delay = milliseconds;
  }

  /** On the connections that are there requests still get through, and answers vanish; after some milliseconds, if told, they are cut. */
  dropAnswers(cutAfter?: number): void {
    const pairs = [...this.#pairs];
    for (const pair of pairs) pair.answers.dropping = true;
    if (cutAfter !== undefined) setTimeout(() => pairs.forEach((pair) => pair.end()), cutAfter).unref();
  }

  /** Takes no new connection: whoever tries is refused. */
  refuse(): void {
    this.#listener?.close();
    this.#listener = undefined;
  }

  /** Takes new connections again, on the same port. */
  async accept(): Promise<void> {
    this.refuse();
    this.#listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#connect(client));
    this.#listener.listen(this.#port, '127.0.0.1');
    await once(this.#listener, 'listening');
    this.#port = (this.#listener.address() as AddressInfo).port;
  }

  /** Undoes `hold` and `delay`: what was held goes on its way, however late. */
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
