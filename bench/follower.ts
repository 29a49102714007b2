import { request, type IncomingMessage } from 'node:http';

export interface Heard {
  readonly position: string;
  readonly event: string;
}

/** A client of a projection's updates: when its server is gone, it goes on at the next one after the last id that it heard. */
export class Follower {
  readonly heard: Heard[] = [];
  #lastId: string | undefined;
  #response: IncomingMessage | undefined;

  constructor(private readonly projection: string) {}

  /** @throws when the server does not go on where the last one ended */
  async open(url: string): Promise<void> {
    const headers = this.#lastId === undefined ? {} : { 'last-event-id': this.#lastId };
    const response = await new Promise<IncomingMessage>((resolve, reject) =>
      request(`${url}/projections/${this.projection}/updates`, { headers }, resolve).on('error', reject).end(),
    );
    if (response.statusCode !== 200) throw new Error(`A subscriber was answered ${response.statusCode}.`);
    this.#response = response;
    let rest = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      const messages = (rest + chunk).split('\n\n');
      rest = messages.pop()!;
      for (const message of messages) this.#hear(message);
    });
    response.on('error', () => undefined); // the server was killed
    while (this.#lastId === undefined) await new Promise((later) => setTimeout(later, 2));
  }

  close(): void {
    this.#response?.destroy();
  }

  #hear(message: string): void {
    const fields = new Map(message.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
    const [id, event, data] = ['id', 'event', 'data'].map((name) => fields.get(name));
    if (id === undefined) return;
    this.#lastId = id;
    if (event === 'reset') this.heard.push({ position: 'reset', event: 'reset' });
    else if (event === undefined) this.heard.push(JSON.parse(data!) as Heard);
  }
}
