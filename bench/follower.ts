import { once } from 'node:events';
import { connect } from 'node:net';

/** A message of a projection's updates. `data` is JSON. */
export interface Message {
  readonly event: string | undefined;
  readonly id: string | undefined;
  readonly data: string;
}
export interface Updates {
  /** Lets the messages lie in the socket, as a client that does not read. */
  pause(): void;
  resume(): void;
  close(): void;
  /** Resolves when either side has ended the stream. */
  readonly closed: Promise<void>;
}

const fieldsOf = (message: string): Message => {
  const fields = new Map(message.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
  return { event: fields.get('event'), id: fields.get('id'), data: fields.get('data') ?? '' };
};

/**
 * Follows a projection, after the id of a message if there is one. HTTP/1.0 spares the client the chunks: a thousand followers in one
 * process must not take the time that is measured.
 * @throws when the server does not answer 200
 */
export const openUpdates = async (
  url: string,
  { projection, after, take }: { readonly projection: string; readonly after?: string | undefined; take(message: Message): void },
): Promise<Updates> => {
  const { hostname, port, host } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  await once(socket, 'connect');
  socket.on('error', () => undefined); // the server was killed, or this side closed
  socket.setEncoding('utf8');
  const header = after === undefined ? '' : `last-event-id: ${after}\r\n`;
  socket.write(`GET /projections/${projection}/updates HTTP/1.0\r\nhost: ${host}\r\n${header}\r\n`);

  let rest = '';
  await new Promise<void>((resolve, reject) => {
    const head = (chunk: string) => {
      rest += chunk;
      const end = rest.indexOf('\r\n\r\n');
      if (end === -1) return;
      const status = rest.slice(9, 12);
      rest = rest.slice(end + 4);
      socket.off('data', head);
      if (status === '200') return resolve();
      socket.destroy();
      reject(new Error(`A follower of ${projection} got ${status}: ${rest}`));
    };
    socket.on('data', head);
    void closed.then(() => reject(new Error('The server closed the connection.')));
  });
  const read = (chunk: string) => {
    const messages = (rest + chunk).split('\n\n');
    rest = messages.pop()!;
    for (const message of messages.map(fieldsOf)) if (message.data !== '') take(message); // comments and `retry` have none
  };
  read('');
  socket.on('data', read);
  return { pause: () => void socket.pause(), resume: () => void socket.resume(), close: () => void socket.destroy(), closed };
};

export interface Received {
  readonly position: string;
  /** Of the last event of the message; absent in a `reset`. */
  readonly event?: string;
  /** The rows of the message by key; absent in a `reset`. */
  readonly changes?: Readonly<Record<string, unknown>>;
  /** Why all rows have to be read again. */
  readonly reason?: string;
}

/** A client of a projection's updates. When its server is gone, it resumes at the next one after the last id that it received. */
export class Follower {
  readonly received: Received[] = [];
  #lastId: string | undefined;
  #updates: Updates | undefined;

  constructor(private readonly projection: string) {}

  /** Resolves once the server has sent a first id. @throws when it does not answer 200 */
  async open(url: string): Promise<void> {
    this.#updates = await openUpdates(url, { projection: this.projection, after: this.#lastId, take: (message) => this.#take(message) });
    while (this.#lastId === undefined) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  close(): void {
    this.#updates?.close();
  }

  #take({ id, event, data }: Message): void {
    if (id === undefined) return;
    this.#lastId = id;
    if (event === 'reset' || event === undefined) this.received.push(JSON.parse(data) as Received);
  }
}
