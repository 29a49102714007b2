import { LRUCache } from 'lru-cache';
import { Buffer } from 'node:buffer';
import type { OutgoingHttpHeaders } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Writable } from 'node:stream';
import type { Logger } from 'pino';
import { dayOf } from '../kernel/index.js';
import { RebuildingError, type Projector } from '../engine/read/projector.js';
import { textOfChanges, type Followed, type RowChoice, type Update } from '../engine/read/rows/updates.js';
import type { EventStore } from '../store/event-store.js';
import type { IndexedEvent, Sequence } from '../store/read-model.js';
import { Budget } from './budget.js';
import { NotCaughtUpError, ShuttingDownError, TooManySubscribersError } from './problem.js';

const HEARTBEAT_MS = 15_000;
/** A client that reads nothing for so long is dropped; it may have seen the end of the stream for so long. */
const STALLED_MS = 60_000;
const LAST_WORD_MS = 5000;
const REACH_MS = 5000;
const RETRY_MS = 100;
/** Messages that a follower may be behind and still get one for each event. */
const MOST_BEHIND = 100;
/**
 * What a batch of messages holds before those that are ready are sent, in bytes, and what clients that take nothing more may have in their
 * sockets all together, counted as if no two shared any: beyond it, those that took nothing for longest are cut off. So a client costs a
 * batch and one message more.
 */
const BATCH_BYTES = 1 << 20;
const HELD_BYTES = 64 << 20;
/** The share of the event loop for followers while commands use it, and their share while a batch is made. */
const SHARE = 0.16;
const SHARE_WITHIN = 0.67;
/** Memory for rendered messages that followers who come later share, in bytes. */
const KEPT_BYTES = 6 << 20;
/** How long a batch waits for what is not committed yet, in milliseconds. */
const FLUSH_MS = 60;
/** What a batch of messages may take before those that are ready are sent, in milliseconds. */
const BATCH_MS = 100;
/** Writes to sockets without a pause, and their bytes. */
const WRITES = 100;
const WRITTEN_BYTES = 1 << 20;
/** Why the loop is woken: an error made for each time would cost more than what it is woken for. */
const WOKEN = new Error('There may be something to send.');
/** The place before the first event. */
const START = 'start';

interface Port {
  readonly projector: Projector;
  readonly store: EventStore;
  readonly log: Logger;
  readonly most: number;
  readonly stalledMs?: number;
  readonly heldBytes?: number;
  readonly heartbeatMs?: number;
}
interface Message {
  readonly event?: string;
  readonly id?: string;
  readonly data: object;
}
/** Why a client has to read the rows again. */
type Reason = 'another-generation' | 'another-event' | 'beyond-the-log' | 'no-event' | 'too-many-rows';

/** What a stream of updates needs of a response. */
interface Response extends Writable {
  readonly socket?: Writable | null;
  removeHeader(name: string): void;
  writeHead(status: number, headers: OutgoingHttpHeaders): unknown;
}
/** What it needs of Fastify's reply. */
export interface Reply {
  hijack(): { readonly raw: Response };
  getHeaders(): object;
  readonly request: { readonly method: string };
}

/** What a client asks to follow. */
export interface Followable {
  /** The projection. */
  readonly name: string;
  /** Every row, unless set. */
  readonly choice?: RowChoice | undefined;
  /** The id of a message to continue after, or `start`; unless set, the client hears of what comes. */
  readonly lastId?: string | undefined;
}

/** A client: what is kept of it is its place, and what its socket has not taken yet, at most one batch of messages. */
interface Follower {
  readonly name: string;
  readonly generation: string;
  readonly choice: RowChoice | undefined;
  /** The choice as a text: the same for those who hear the same. */
  readonly chosen: string;
  readonly raw: Response;
  /** Where its bytes go: past the response, which does for each message what only the first one needs. */
  readonly socket: Writable;
  at: Sequence;
  /** The place that the last id it was sent names. */
  heard: Sequence;
  /** The day of the rows that it has, where they look at the day. */
  day: string | undefined;
  /** It began at the start, and has not reached the head yet: it gets every row, in as many messages as that takes. */
  isFromStart: boolean;
  /** Its socket takes no more until it drains; if it never does, the timer ends it. */
  full: NodeJS.Timeout | undefined;
}
interface Batch {
  readonly bytes: Buffer;
  readonly upTo: Sequence;
  /** What the last id in it names; absent where it has none. */
  readonly last?: Sequence;
  /** Instead of messages: the client has to read the rows again. */
  readonly reset?: Reason;
}

/**
 * Clients that follow projections. One loop serves all of them, one batch at a time and within a budget: what is new to those at the same
 * place of a projection is rendered once, into bytes that those with the same choice of rows share. A client that is behind waits for its
 * turn; one far behind gets the latest row of each key. One that hears nothing for long is sent its place, so that it comes back there.
 */
export class Subscribers {
  readonly #followers = new Set<Follower>();
  /** Those whose sockets take no more, in the order in which they stopped. */
  readonly #full = new Set<Follower>();
  readonly #budget = new Budget(SHARE, SHARE_WITHIN);
  readonly #kept = new LRUCache<string, Batch>({ maxSize: KEPT_BYTES, sizeCalculation: ({ bytes }) => bytes.length + 500 });
  /** Projections that are being rebuilt: asked again a moment later. */
  readonly #resting = new Set<string>();
  #wake = new AbortController();
  #heartbeat: NodeJS.Timeout | undefined;
  #running = false;
  #ahead = true;
  #closed = false;

  constructor(private readonly port: Port) {}

  get size(): number {
    return this.#followers.size;
  }

  /** @throws before anything is sent, what `fault` makes of an id that is malformed */
  async open({ name, choice, lastId }: Followable, reply: Reply, fault: (detail: string) => Error): Promise<void> {
    const { projector, most } = this.port;
    const given = lastId === undefined ? undefined : parsed(lastId === START ? `${projector.generation(name)}.${START}` : lastId);
    if (given === null) throw fault('must be <generation>.<position>.<end of the event id>, the id of a message, or start');
    const from = given && (await this.#placeOf(name, given));
    await this.#serving(name);
    if (this.#closed) throw new ShuttingDownError('The server is closing.');
    if (this.#followers.size >= most) throw new TooManySubscribersError(`${most} clients follow already.`);

    const { raw } = reply.hijack();
    const at = typeof from === 'number' ? from : projector.sequence;
    const socket: Writable = raw.socket ?? raw; // behind another response on its connection it has no socket yet
    const follower: Follower = {
      name,
      generation: projector.generation(name),
      choice,
      chosen: choice ? JSON.stringify([choice.key ?? null, Object.entries(choice.filters).sort()]) : '',
      raw,
      socket,
      at,
      heard: at,
      day: projector.projection(name).byDay && (this.#dayOf(from) ?? projector.today),
      isFromStart: lastId === START && at < projector.sequence,
      full: undefined,
    };
    const drained = () => this.#drained(follower);
    socket.on('drain', drained);
    raw.on('close', () => {
      socket.off('drain', drained);
      this.#drop(follower);
    });
    raw.on('error', () => this.#drop(follower));
    raw.removeHeader('transfer-encoding'); // the stream ends with its connection: chunks would cost three writes for one
    raw.writeHead(200, {
      ...(reply.getHeaders() as OutgoingHttpHeaders),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    if (reply.request.method === 'HEAD') return void raw.end();
    this.#followers.add(follower);
    this.#heartbeat ??= setInterval(() => this.#beat(), this.port.heartbeatMs ?? HEARTBEAT_MS);
    const greeting =
      from === undefined || (lastId === START && !follower.isFromStart)
        ? this.#standing('hello', name, at)
        : typeof from === 'string'
          ? this.#standing('reset', name, at, from)
          : '';
    raw.write(`retry: 2000\n\n${greeting}`); // with the headers
    this.#sendDay(follower);
    this.#wake.abort(WOKEN);
    if (!this.#running) void this.#run();
  }

  /** Ends every stream; its client comes back with the last id that it saw. */
  close(): void {
    this.#closed = true;
    for (const follower of this.#followers) this.#end(follower);
    this.#wake.abort(WOKEN);
  }

  /** The sequence behind an id, or why it is none of this log. @throws InvalidPositionError, NotCaughtUpError */
  async #placeOf(name: string, { generation, position, end }: LastId): Promise<number | Reason> {
    const { projector, store } = this.port;
    if (generation !== projector.generation(name)) return 'another-generation';
    if (position === START) return 0;
    if (end === undefined) return 'no-event';
    const head = await store.head();
    const beyond = head === undefined || store.compare(position, head) > 0;
    if (beyond && !store.readLocal) return 'beyond-the-log'; // else another node may have shown what this one has not read yet
    if (!(await projector.reached(position, REACH_MS))) {
      if (beyond) return 'beyond-the-log';
      throw new NotCaughtUpError(`Position ${position} was not read again yet.`);
    }
    const sequence = projector.sequenceAt(position);
    return sequence !== undefined && endOf(projector.eventAt(sequence)!.id) === end ? sequence : 'another-event';
  }

  /** A rebuild that is nearly done is waited for: browsers do not come back after a 503. @throws RebuildingError */
  async #serving(name: string): Promise<void> {
    for (const patience = AbortSignal.timeout(REACH_MS); ; await sleep(50))
      try {
        return void (await this.port.projector.ask(name, () => Promise.resolve()));
      } catch (error) {
        if (!(error instanceof RebuildingError) || patience.aborted || this.#closed) throw error;
      }
  }

  async #run(): Promise<void> {
    const { projector, log } = this.port;
    this.#running = true;
    try {
      while (this.#followers.size > 0) {
        this.#wake = new AbortController();
        const group = this.#next();
        if (group) {
          this.#budget.begin();
          await this.#serve(group);
          // Commits are batched for longer while nobody waits: what came meanwhile is asked for, so that the next batch has it.
          if (await this.#budget.rest()) await projector.beyond(projector.sequence, AbortSignal.timeout(FLUSH_MS));
        } else await projector.beyond(projector.sequence, this.#wake.signal);
      }
    } catch (error) {
      if (!this.#closed) log.error({ err: error }, 'Subscribers were lost.');
      for (const follower of this.#followers) this.#end(follower);
    } finally {
      this.#running = false;
    }
  }

  /** Those at one place of one projection who have something to hear: in turn those furthest ahead, and those furthest behind. */
  #next(): readonly [Follower, ...Follower[]] | undefined {
    const { projector } = this.port;
    const groups = new Map<string, [Follower, ...Follower[]]>();
    let group: [Follower, ...Follower[]] | undefined;
    for (const follower of this.#followers) {
      const { name, at, generation, full, isFromStart } = follower;
      if (full || this.#resting.has(name) || (at >= projector.sequence && generation === projector.generation(name))) continue;
      // Most stand where the one before them stands.
      if (!group || group[0].at !== at || group[0].name !== name || group[0].isFromStart !== isFromStart) {
        const place = `${name} ${at} ${isFromStart}`;
        group = groups.get(place);
        if (!group) {
          groups.set(place, (group = [follower]));
          continue;
        }
      }
      group.push(follower);
    }
    this.#ahead = !this.#ahead;
    const sign = this.#ahead ? 1 : -1;
    return [...groups.values()].reduce<[Follower, ...Follower[]] | undefined>(
      (best, group) => (best && (best[0].at - group[0].at) * sign >= 0 ? best : group),
      undefined,
    );
  }

  async #serve(group: readonly [Follower, ...Follower[]]): Promise<void> {
    const { projector, log } = this.port;
    const [{ name, at, generation, isFromStart }] = group;
    const isServed = generation === projector.generation(name);
    /** Rendered once for all of them, when the first one needs it. */
    let followed: Promise<Followed> | undefined;
    const follow = () => (followed ??= this.#follow(name, at, isFromStart));
    for (const alike of Map.groupBy(group, ({ chosen }) => chosen).values()) {
      let batch: Batch;
      try {
        batch = isServed ? await this.#batch(alike[0]!, follow) : { ...NOTHING, reset: 'another-generation' };
      } catch (error) {
        if (error instanceof RebuildingError) return this.#rest(name);
        if (!this.#closed) log.error({ err: error, projection: name }, 'Subscribers of a projection were lost.');
        for (const follower of group) this.#end(follower);
        return;
      }
      await this.#sendAll(alike, batch);
    }
  }

  async #sendAll(alike: readonly Follower[], { bytes, upTo, last, reset }: Batch): Promise<void> {
    const { projector } = this.port;
    const { name } = alike[0]!;
    const at = reset === 'another-generation' ? projector.sequence : upTo;
    const sent = reset ? Buffer.from(this.#standing('reset', name, at, reset)) : bytes;
    let written = 0;
    for (const follower of alike) {
      follower.at = upTo;
      follower.heard = reset ? at : (last ?? follower.heard);
      if (sent.length > 0) this.#send(follower, sent);
      if (reset === 'another-generation') this.#end(follower);
      else if (follower.isFromStart && (reset || upTo >= projector.sequence)) {
        follower.isFromStart = false;
        if (!reset) this.#sendPlace(follower);
      }
      if (++written >= WRITES || written * sent.length >= WRITTEN_BYTES) {
        written = 0;
        await this.#budget.breathe();
      }
    }
  }

  #rest(name: string): void {
    this.#resting.add(name);
    setTimeout(() => {
      this.#resting.delete(name);
      this.#wake.abort(WOKEN);
    }, RETRY_MS);
  }

  /** What is new behind a place. From the start on, a part with too many rows for one message is halved until it has fewer. */
  async #follow(name: string, at: Sequence, isFromStart: boolean): Promise<Followed> {
    const { projector } = this.port;
    const enough = (bytes: number) => bytes > BATCH_BYTES || this.#budget.spent > BATCH_MS;
    for (let head = projector.sequence; ;) {
      const followed = await projector.ask(name, (rows) => rows.follow(at, head, MOST_BEHIND, this.#budget.breathe, enough));
      const isTooMuch = followed.latest && !followed.latest.changes;
      if (!isFromStart || !isTooMuch) return followed;
      head = at + Math.floor((followed.upTo - at) / 2);
    }
  }

  async #batch({ name, at, generation, choice, chosen, isFromStart }: Follower, follow: () => Promise<Followed>): Promise<Batch> {
    const head = this.port.projector.sequence;
    const place = `${generation} ${this.port.projector.today} ${at} ${isFromStart} ${chosen}`;
    const known = this.#kept.get(place);
    if (known) return known;
    const followed = await follow();
    const batch = await this.#rendered(choice ? await this.#chosen(name, at, followed, choice) : followed, generation);
    if (followed.upTo < head) this.#kept.set(place, batch); // it stays as it is that day, whatever follows
    return batch;
  }

  /** The same for a follower who hears of some rows alone. */
  #chosen(name: string, at: Sequence, { updates, upTo, latest }: Followed, choice: RowChoice): Promise<Followed> {
    const { breathe } = this.#budget;
    return this.port.projector.ask(name, async (rows): Promise<Followed> => {
      const own: Update[] = [];
      for (const update of updates) {
        const changes = await rows.chosen(update.changes, choice, breathe);
        if (changes) own.push({ ...update, changes });
        await breathe();
      }
      if (!latest) return { updates: own, upTo };
      const { key } = choice;
      // one row is read whatever the number of the others
      const all = latest.changes ?? (key === undefined ? undefined : ((await rows.changeOf(key, at, upTo, breathe)) ?? NO_CHANGES));
      if (!all) return { updates: own, upTo, latest };
      const changes = all === NO_CHANGES ? undefined : await rows.chosen(all, choice, breathe);
      return { updates: own, upTo, ...(changes && { latest: { ...latest, changes } }) };
    });
  }

  async #rendered({ updates, upTo, latest }: Followed, generation: string): Promise<Batch> {
    if (latest && !latest.changes) return { ...NOTHING, upTo, reset: 'too-many-rows' };
    const event = this.port.projector.eventAt(upTo);
    const messages: string[] = [];
    if (latest?.changes && event) messages.push(await this.#message(event, generation, latest.changes, latest.events));
    for (const { sequence, changes } of updates)
      messages.push(await this.#message(this.port.projector.eventAt(sequence)!, generation, changes));
    const last = latest ? upTo : updates.at(-1)?.sequence;
    return { bytes: Buffer.from(messages.join('')), upTo, ...(last !== undefined && { last }) };
  }
  /** @param events how many the changes are of, where it is not one */
  async #message(indexed: IndexedEvent, generation: string, changes: Update['changes'], events?: number): Promise<string> {
    const { position, id: event, stream } = indexed;
    const { type, metadata } = await this.port.projector.event(indexed);
    const data = { position, event, decision: metadata.command.id, type, stream, ...(events !== undefined && { events }) };
    const text = `${JSON.stringify(data).slice(0, -1)},"changes":${textOfChanges(changes)}}`;
    await this.#budget.breathe();
    return `id: ${idOf(generation, indexed)}\ndata: ${text}\n\n`;
  }

  /** Where a client stands, and why it has to read the rows again. */
  #standing(event: 'hello' | 'position' | 'reset', name: string, at: number, reason?: Reason): string {
    const generation = this.port.projector.generation(name);
    const indexed = this.port.projector.eventAt(at);
    const data = { generation, position: indexed?.position ?? START, ...(reason && { reason }) };
    return textOf({ event, id: indexed ? idOf(generation, indexed) : `${generation}.${START}`, data });
  }

  #send(follower: Follower, bytes: Buffer): void {
    if (!this.#followers.has(follower) || follower.socket.write(bytes) || follower.full) return;
    follower.full = setTimeout(() => this.#end(follower, 'stalled'), this.port.stalledMs ?? STALLED_MS);
    this.#full.add(follower);
    let held = 0;
    for (const { socket } of this.#full) held += socket.writableLength;
    for (const each of this.#full) {
      if (held <= (this.port.heldBytes ?? HELD_BYTES)) break;
      held -= each.socket.writableLength;
      this.#drop(each);
      each.raw.destroy();
    }
  }
  #drained(follower: Follower): void {
    clearTimeout(follower.full);
    follower.full = undefined;
    this.#full.delete(follower);
    this.#wake.abort(WOKEN);
  }

  #beat(): void {
    for (const follower of this.#followers) {
      if (follower.full) continue;
      this.#sendDay(follower);
      if (follower.heard < follower.at) this.#sendPlace(follower);
      else follower.socket.write(': heartbeat\n\n');
    }
  }
  /** One message where another day has begun in the ledger's time zone than that of the rows that a follower has: it reads them again. */
  #sendDay(follower: Follower): void {
    const { today } = this.port.projector;
    if (follower.day === undefined || follower.day === today) return;
    follower.day = today;
    this.#send(follower, Buffer.from(textOf({ event: 'day', data: { day: today } })));
  }
  /** The earliest day of what a client has that comes back: that on which the event of its last id was recorded. */
  #dayOf(from: Sequence | Reason | undefined): string | undefined {
    const { projector, store } = this.port;
    const event = typeof from === 'number' ? projector.eventAt(from) : undefined;
    return event && dayOf(event.watermark, store.genesis.timeZone);
  }
  /** Nothing up to its place was for it but what it was sent: it may continue from there. */
  #sendPlace(follower: Follower): void {
    const { name, at, generation } = follower;
    if (generation !== this.port.projector.generation(name)) return; // the reset comes
    follower.heard = at;
    this.#send(follower, Buffer.from(this.#standing('position', name, at)));
  }

  /** Ends a stream; a client that does not read the end in time is cut off. */
  #end(follower: Follower, why?: string): void {
    if (!this.#drop(follower)) return;
    const { raw } = follower;
    raw.end(why === undefined ? undefined : textOf({ event: 'end', data: { reason: why } }));
    setTimeout(() => raw.destroy(), LAST_WORD_MS).unref();
  }
  #drop(follower: Follower): boolean {
    if (!this.#followers.delete(follower)) return false;
    this.#drained(follower);
    if (this.#followers.size === 0) this.#heartbeat = void clearInterval(this.#heartbeat);
    return true;
  }
}

const NOTHING: Batch = { bytes: Buffer.alloc(0), upTo: 0 };
const NO_CHANGES: Update['changes'] = {};

interface LastId {
  readonly generation: string;
  readonly position: string;
  /** The last digits of the event's id. */
  readonly end?: string | undefined;
}
const parsed = (id: string): LastId | null => {
  const [, generation, position, end] = /^([0-9a-z]{1,64})\.([!-~]{1,64}?)(?:\.([0-9a-f]{12}))?$/.exec(id) ?? [];
  return position === undefined ? null : { generation: generation!, position, end };
};
/** The last 12 digits of an event's id: positions come again in a log that was restored from an older copy, ids do not. */
const endOf = (event: string): string => event.slice(-12);
const idOf = (generation: string, { position, id }: IndexedEvent): string => `${generation}.${position}.${endOf(id)}`;

const textOf = ({ event, id, data }: Message): string =>
  `${event ? `event: ${event}\n` : ''}${id ? `id: ${id}\n` : ''}data: ${JSON.stringify(data)}\n\n`;
