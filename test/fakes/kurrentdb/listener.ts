import { createParser } from 'eventsource-parser';

export interface Update {
  readonly position: string;
  readonly event: string;
  readonly type: string;
  readonly stream: string;
}

/** A client of a projection's update stream that keeps every update it receives. */
export class Listener {
  readonly updates: Update[] = [];
  readonly resets: string[] = [];
  /** Id of the last message, from which another listener can resume. */
  lastId = '';
  readonly #gone = new AbortController();

  /** Resolves once the server has sent the starting id or accepted the given one. */
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
    reading.catch(() => undefined); // hung up, or the server is gone
    if (lastId === undefined) while (this.lastId === '') await new Promise((later) => setTimeout(later, 2));
    else this.lastId = lastId;
  }
}
