import { createParser } from 'eventsource-parser';

export interface Update {
  readonly position: string;
  readonly event: string;
  readonly type: string;
  readonly stream: string;
}

/** A client that follows a projection's updates and keeps what it heard. */
export class Listener {
  readonly updates: Update[] = [];
  readonly resets: string[] = [];
  /** Of the last message: where another one goes on. */
  lastId = '';
  readonly #gone = new AbortController();

  /** Once the server has said where it begins, or that it goes on after an id. */
  static async to(url: string, lastId?: string): Promise<Listener> {
    const listener = new Listener();
    await listener.#open(url, lastId);
    return listener;
  }

  hangUp(): void {
    this.#gone.abort();
  }

  async #open(url: string, lastId: string | undefined): Promise<void> {
    const response = await fetch(url, { signal: this.#gone.signal, ...(lastId !== undefined && { headers: { 'last-event-id': lastId } }) });
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    const parser = createParser({
      onEvent: ({ event, id, data }) => {
        this.lastId = id ?? this.lastId;
        if (event === undefined) this.updates.push(JSON.parse(data) as Update);
        if (event === 'reset') this.resets.push(data);
      },
    });
    const text = response.body!.pipeThrough(new TextDecoderStream());
    const reading = (async () => {
      for await (const chunk of text) parser.feed(chunk);
    })();
    reading.catch(() => undefined); // it hung up, or the server is gone
    if (lastId === undefined) while (this.lastId === '') await new Promise((later) => setTimeout(later, 2));
    else this.lastId = lastId;
  }
}
