import type { ClientReadableStream } from '@grpc/grpc-js';
import {
  ANY,
  EventStoreDBClient,
  jsonEvent,
  type AppendExpectedRevision,
  type AppendResult,
  type Credentials,
  type EventData,
} from '@eventstore/db-client';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import services from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

const { Options } = streams.ReadReq;

/** The client appends with a separate call when it has credentials, and with the shared batch call when it has none. */
const CREDENTIALS: Credentials = { username: 'admin', password: 'changeit' };

export interface Position {
  readonly commit: number;
  readonly prepare: number;
}

export interface ReadOptions {
  readonly stream?: string;
  /** A revision, or a position in $all. */
  readonly from?: number | Position | 'start' | 'end';
  readonly backwards?: boolean;
  /** A subscription when absent. */
  readonly count?: number;
  readonly prefixes?: readonly string[];
  readonly regex?: string;
  readonly by?: 'stream' | 'type';
  readonly window?: number;
  readonly interval?: number;
  readonly requiresLeader?: boolean;
}

export const event = (data: unknown = {}, id: string = randomUUID(), type = 'Happened'): EventData =>
  jsonEvent({ id, type, data: data as Record<string, unknown> });

export const events = (count: number): EventData[] => Array.from({ length: count }, (_, n) => event({ n }));

/** A client that describes the outcome of every call as a short text, so that the answers of two servers can be compared. */
export class Caller {
  readonly client: EventStoreDBClient;
  /** Event names by position, for every event that this caller appended: positions are described by them. */
  readonly places = new Map<number, string>();

  constructor(
    url: string,
    /** Whether to append with the shared batch call. */
    readonly batches = false,
  ) {
    this.client = EventStoreDBClient.connectionString(url);
  }

  /** `at 1` for the last revision, `at 1, nowhere` when the answer has no position, or the error. */
  async append(stream: string, added: readonly EventData[], expectedRevision: AppendExpectedRevision | number = ANY): Promise<string> {
    return this.#outcome(async () => {
      const expected = typeof expectedRevision === 'number' ? BigInt(expectedRevision) : expectedRevision;
      const options = { expectedRevision: expected, ...(!this.batches && { credentials: CREDENTIALS }) };
      const { nextExpectedRevision, position }: AppendResult = await this.client.appendToStream(stream, [...added], options);
      if (position && added.length > 0) this.places.set(Number(position.commit), `${stream}@${nextExpectedRevision}`);
      return `at ${nextExpectedRevision}${position ? '' : ', nowhere'}`;
    });
  }

  /** Appends events and returns the position of the last one. */
  async appended(stream: string, count = 1): Promise<number> {
    const options = { credentials: CREDENTIALS };
    const { nextExpectedRevision, position } = await this.client.appendToStream(stream, events(count), options);
    this.places.set(Number(position!.commit), `${stream}@${nextExpectedRevision}`);
    return Number(position!.commit);
  }

  delete(stream: string, expected: number | 'any' | 'no_stream' = 'any'): Promise<string> {
    const expectedRevision = typeof expected === 'number' ? BigInt(expected) : expected;
    return this.#outcome(async () => `deleted ${typeof (await this.client.deleteStream(stream, { expectedRevision })).position}`);
  }

  tombstone(stream: string, expected: number | 'any' | 'no_stream' = 'any'): Promise<string> {
    const expectedRevision = typeof expected === 'number' ? BigInt(expected) : expected;
    return this.#outcome(async () => `tombstoned ${typeof (await this.client.tombstoneStream(stream, { expectedRevision })).position}`);
  }

  bound(stream: string, metadata: { maxCount?: number; truncateBefore?: number }): Promise<string> {
    return this.#outcome(async () => {
      const { nextExpectedRevision } = await this.client.setStreamMetadata(stream, metadata, { credentials: CREDENTIALS });
      return `at ${nextExpectedRevision}`;
    });
  }

  /** `stream@revision` of each event, or the error. */
  async read(options: ReadOptions): Promise<readonly string[] | string> {
    const messages = await this.messages({ count: 1_000, ...options });
    const wrong = messages.find((message) => typeof message === 'string');
    return wrong ?? messages.flatMap((message) => (typeof message === 'string' ? [] : (named(message) ?? [])));
  }

  /** All response messages of a read, followed by the error if it failed. */
  async messages(options: ReadOptions & { readonly count: number }): Promise<readonly (streams.ReadResp | string)[]> {
    const found: (streams.ReadResp | string)[] = [];
    try {
      for await (const message of await this.#call(options)) found.push(message as streams.ReadResp);
    } catch (error) {
      found.push(errorText(error));
    }
    return found;
  }

  /** Fills `places` with every event after a position. */
  async learn(from: number): Promise<void> {
    for (const message of await this.messages({ from, count: 100_000 })) {
      if (typeof message === 'string') throw new Error(message);
      const read = message.getEvent()?.getEvent();
      if (read) this.places.set(Number(read.getCommitPosition()), named(message)!);
    }
  }

  /** A subscription, or a read if it has a `count`, with its messages as texts. */
  async subscribe(options: ReadOptions): Promise<Subscribed> {
    return new Subscribed(await this.#call(options), (position) => this.places.get(position));
  }

  dispose(): Promise<void> {
    return this.client.dispose();
  }

  async #outcome(act: () => Promise<string>): Promise<string> {
    try {
      return await act();
    } catch (error) {
      return errorText(error);
    }
  }

  async #call(options: ReadOptions): Promise<ClientReadableStream<streams.ReadResp>> {
    const inside = this.client as any;
    const client = await inside.getGRPCClient(services.StreamsClient, 'read');
    const { requiresLeader = false } = options;
    return client.read(requestOf(options), ...inside.callArguments({ requiresLeader }, { deadline: Infinity }));
  }
}

/** The messages of a subscription. Positions are named lazily, because an event may arrive before its writer has its answer. */
export class Subscribed {
  #received: (string | (() => string))[] = [];

  constructor(
    readonly call: ClientReadableStream<streams.ReadResp>,
    placeOf: (position: number) => string | undefined,
  ) {
    const textOf = (message: streams.ReadResp): string => {
      if (message.hasConfirmation()) return 'confirmed';
      if (message.hasCaughtUp()) return 'caught up';
      const checkpoint = message.getCheckpoint();
      if (!checkpoint) return named(message) ?? '?';
      const [commit, prepare] = [Number(checkpoint.getCommitPosition()), Number(checkpoint.getPreparePosition())];
      return `checkpoint ${prepare === commit ? 'at' : 'before'} ${placeOf(commit) ?? '?'}`;
    };
    call.on('data', (message: streams.ReadResp) => this.#received.push(() => textOf(message)));
    call.on('error', (error) => this.#received.push(() => errorText(error)));
    call.on('end', () => this.#received.push(() => 'ended'));
  }

  /** Waits for the message `last` and a little longer. @returns every message since the previous call */
  async until(last: string, linger = 30, wait = 5_000): Promise<readonly string[]> {
    for (let waited = 0; waited < wait && !this.#named().includes(last); waited += 5) await sleep(5);
    await sleep(linger);
    const received = this.#named();
    this.#received = [];
    return received;
  }

  #named(): readonly string[] {
    const received = this.#received.map((text) => (typeof text === 'string' ? text : text()));
    this.#received = received.map((text, n) => (text.endsWith('?') ? this.#received[n]! : text));
    return received;
  }

  cancel(): void {
    this.call.cancel();
  }
}

const named = (message: streams.ReadResp): string | undefined => {
  if (message.hasStreamNotFound()) return 'not found';
  const read = message.getEvent()?.getEvent();
  if (!read) return undefined;
  const revision = read.getStreamRevision();
  return `${Buffer.from(read.getStreamIdentifier()!.getStreamName_asU8()).toString()}@${revision.length > 18 ? 'end' : revision}`;
};

/** Describes an error without the details that differ between servers or between the two ways to append. */
const errorText = (error: unknown): string => {
  const { type, code, details, actualVersion, message, _raw } = error as {
    type?: string;
    code?: number;
    details?: string;
    actualVersion?: bigint | string;
    message?: string;
    _raw?: { details?: string };
  };
  if (type === 'wrong-expected-version') return `wrong: at ${String(actualVersion)}`;
  if (type !== undefined && type !== 'unknown') return type;
  const text = details ?? _raw?.details ?? message ?? '';
  return `${code ?? 'error'}: ${text.replace(/ >> [^]*/, '')}`;
};

const requestOf = (options: ReadOptions): streams.ReadReq => {
  const { stream, from = 'start', backwards = false, count, prefixes, regex, by = 'stream', window, interval = 1 } = options;
  const empty = new shared.Empty();
  const requested = new Options();
  if (stream !== undefined) {
    const identifier = new shared.StreamIdentifier();
    identifier.setStreamName(Buffer.from(stream));
    const of = new Options.StreamOptions();
    of.setStreamIdentifier(identifier);
    if (from === 'start') of.setStart(empty);
    else if (from === 'end') of.setEnd(empty);
    else of.setRevision(String(from));
    requested.setStream(of);
  } else {
    const all = new Options.AllOptions();
    if (from === 'start') all.setStart(empty);
    else if (from === 'end') all.setEnd(empty);
    else {
      const { commit, prepare } = typeof from === 'number' ? { commit: from, prepare: from } : from;
      const position = new Options.Position();
      position.setCommitPosition(String(commit));
      position.setPreparePosition(String(prepare));
      all.setPosition(position);
    }
    requested.setAll(all);
  }
  if (count === undefined) requested.setSubscription(new Options.SubscriptionOptions());
  else requested.setCount(String(count));
  requested.setReadDirection(backwards ? Options.ReadDirection.BACKWARDS : Options.ReadDirection.FORWARDS);
  const uuid = new Options.UUIDOption();
  uuid.setString(empty);
  requested.setUuidOption(uuid);
  if (prefixes || regex !== undefined) {
    const expression = new Options.FilterOptions.Expression();
    if (prefixes) expression.setPrefixList([...prefixes]);
    if (regex !== undefined) expression.setRegex(regex);
    const filter = new Options.FilterOptions();
    if (by === 'stream') filter.setStreamIdentifier(expression);
    else filter.setEventType(expression);
    if (window === undefined) filter.setCount(empty);
    else filter.setMax(window);
    filter.setCheckpointintervalmultiplier(interval);
    requested.setFilter(filter);
  } else requested.setNoFilter(empty);
  const request = new streams.ReadReq();
  request.setOptions(requested);
  return request;
};
