import type { FastifyReply } from 'fastify';
import { once } from 'node:events';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { setImmediate as breathe, setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { RebuildingError, type Projector } from '../engine/read/projector.js';
import type { Update } from '../engine/read/rows.js';
import { localPage, type EventStore } from '../store/event-store.js';
import { NotCaughtUpError, ShuttingDownError, TooManySubscribersError } from './problem.js';

const HEARTBEAT_MS = 15_000;
/** A client that reads nothing for so long is let go. */
const STALLED_MS = 60_000;
const REACH_MS = 5000;
const REMEMBERED = 2000;
/** The position before the first event. */
const START = 'start';

interface Port {
  readonly projector: Projector;
  readonly store: EventStore;
  readonly log: Logger;
  readonly most: number;
}
interface Message {
  readonly event?: string;
  readonly id?: string;
  readonly data: object;
}

/**
 * Clients that follow a projection. Each pulls its own updates out of the read model at its own pace: nothing is kept for a client but
 * what its socket holds, and where it stands.
 */
export class Subscribers {
  readonly #open = new Set<AbortController>();
  readonly #told = new Map<number, { readonly type: string; readonly decision: string }>();
  #closed = false;

  constructor(private readonly port: Port) {}

  get size(): number {
    return this.#open.size;
  }

  /** @throws before anything is sent, what `fault` makes of an id that is malformed */
  async open(name: string, lastId: string | undefined, reply: FastifyReply, fault: (detail: string) => Error): Promise<void> {
    const { projector, most } = this.port;
    const given = lastId === undefined ? undefined : /^([0-9a-z]{1,64})\.([!-~]{1,64})$/.exec(lastId);
    if (given === null) throw fault('must be <generation>.<position>, the id of a message');
    const from = given ? await this.#sequenceOf(name, given[1]!, given[2]!) : undefined;
    await this.#serving(name);
    if (this.#closed) throw new ShuttingDownError('The server is closing.');
    if (this.#open.size >= most) throw new TooManySubscribersError(`${most} clients follow already.`);

    const { raw } = reply.hijack();
    const gone = new AbortController();
    this.#open.add(gone);
    raw.on('close', () => gone.abort());
    raw.on('error', () => gone.abort());
    raw.writeHead(200, {
      ...(reply.getHeaders() as OutgoingHttpHeaders),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    if (reply.request.method === 'HEAD') gone.abort();
    const greeting = from !== undefined ? undefined : lastId === undefined ? 'hello' : 'reset';
    void this.#serve(name, from ?? projector.sequence, greeting, raw, gone.signal)
      .catch((error: unknown) => this.port.log.error({ err: error, projection: name }, 'A subscriber was lost.'))
      .finally(() => {
        this.#open.delete(gone);
        raw.end();
      });
  }

  /** Ends every stream; its client comes back with the last id it saw. */
  close(): void {
    this.#closed = true;
    for (const gone of this.#open) gone.abort();
  }

  /** Where to go on after an id; undefined when it is of another generation or of a log that is not this one. @throws InvalidPosition */
  async #sequenceOf(name: string, generation: string, position: string): Promise<number | undefined> {
    const { projector, store } = this.port;
    if (generation !== projector.generation(name)) return undefined;
    if (position === START) return 0;
    const head = await store.head();
    const beyond = head === undefined || store.compare(position, head) > 0;
    if (beyond && !store.readLocal) return undefined; // else another node may have shown what is not at hand here yet
    if (await projector.reached(position, REACH_MS)) return projector.sequenceAt(position);
    if (beyond) return undefined;
    throw new NotCaughtUpError(`Position ${position} was not read again yet.`);
  }

  /** A rebuild that is nearly done is waited for: browsers do not come back after a 503. @throws Rebuilding */
  async #serving(name: string): Promise<void> {
    for (const patience = AbortSignal.timeout(REACH_MS); ; await sleep(50))
      try {
        return void (await this.port.projector.rows(name, { limit: 1 }));
      } catch (error) {
        if (!(error instanceof RebuildingError) || patience.aborted) throw error;
      }
  }

  async #serve(name: string, from: number, greeting: 'hello' | 'reset' | undefined, raw: ServerResponse, gone: AbortSignal): Promise<void> {
    const { projector } = this.port;
    const generation = projector.generation(name);
    const here = (sequence: number) => projector.eventAt(sequence)?.position ?? START;
    const say = (event: string, position: string): Message => ({
      event,
      id: `${projector.generation(name)}.${position}`,
      data: { generation: projector.generation(name), position },
    });
    const heartbeat = setInterval(() => raw.writableNeedDrain || raw.write(': heartbeat\n\n'), HEARTBEAT_MS);
    try {
      raw.write('retry: 2000\n\n');
      if (greeting) await write(raw, say(greeting, here(from)), gone);
      for (let at = from; !gone.aborted;) {
        if (projector.generation(name) !== generation) return await write(raw, say('reset', here(projector.sequence)), gone);
        const { updates, upTo } = await projector.updates(name, at);
        for (const update of updates) {
          await write(raw, { id: `${generation}.${update.position}`, data: await this.#dataOf(update) }, gone);
          if (gone.aborted) return;
        }
        at = upTo;
        if (at >= projector.sequence) await projector.beyond(at, gone);
        else await breathe();
      }
    } finally {
      clearInterval(heartbeat);
    }
  }

  async #dataOf({ sequence, position, event, stream, changes }: Update): Promise<object> {
    let answer = this.#told.get(sequence);
    if (!answer) {
      const { projector, store } = this.port;
      const [recorded] = await localPage(store, stream, projector.eventAt(sequence)!.revision, 1);
      answer = { type: recorded!.type, decision: recorded!.metadata.command.id };
      if (this.#told.size >= REMEMBERED) this.#told.clear();
      this.#told.set(sequence, answer);
    }
    return { position, event, decision: answer.decision, type: answer.type, stream, changes };
  }
}

/** Waits until the socket takes more. */
const write = async (raw: ServerResponse, { event, id, data }: Message, gone: AbortSignal): Promise<void> => {
  const text = `${event ? `event: ${event}\n` : ''}${id ? `id: ${id}\n` : ''}data: ${JSON.stringify(data)}\n\n`;
  if (gone.aborted || raw.write(text)) return;
  try {
    await once(raw, 'drain', { signal: AbortSignal.any([gone, AbortSignal.timeout(STALLED_MS)]) });
  } catch {
    if (!gone.aborted) raw.destroy();
  }
};
