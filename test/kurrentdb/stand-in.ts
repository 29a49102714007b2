import {
  Server,
  ServerCredentials,
  status as Status,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import gossipService from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import featuresService from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidPosition, Log, type Expected, type Outcome, type Position, type Proposed, type Recorded } from './log.js';
import {
  accessDenied,
  appendMessage,
  batchFailure,
  batchMessage,
  deleteAtWrongRevision,
  eventMessage,
  eventTooLarge,
  nameOf,
  notFoundMessage,
  notLeader,
  proposedOf,
  Refused,
  sizeOf,
  statusOf,
  streamDeleted,
  thrown,
  tooLarge,
  type Failure,
} from './messages.js';
import { subscriptionToAll, subscriptionToStream, type Filter } from './subscription.js';

const METHODS = ['append', 'batchAppend', 'readStream', 'readAll', 'subscribe', 'delete', 'tombstone', 'gossip', 'features'] as const;

/** A kind of call as a test sees it; `batchAppend` is one append inside the long call that carries many. */
export type Method = (typeof METHODS)[number];

/** What becomes of one call: an answer that is an error, no answer at all, or its connection destroyed. */
export type Fate = Failure | 'hold' | 'cut';
type Plan = { readonly fate: Fate; readonly stored: boolean; readonly after: number };

interface Call {
  readonly metadata: { get(key: string): readonly (string | Buffer)[] };
  getPeer(): string;
  on(event: 'cancelled', heard: () => void): unknown;
}

/** The endless wait of a call that is held. */
const forever = (): Promise<never> => new Promise(() => {});

/**
 * A single KurrentDB node as its client sees it, in this process: the same answers, trailers, positions and subscriptions for what the
 * ledger uses, and knobs for what goes wrong. Its data outlives `stop`, `kill` and `start`.
 */
export class StandIn {
  readonly log: Log;
  /** How often each kind of call was received. */
  readonly calls = Object.fromEntries(METHODS.map((method) => [method, 0])) as Record<Method, number>;
  /** Milliseconds that every call waits before it is looked at. */
  latency = 0;
  /** Most appends that were under way at once. */
  appendsAtOnce = 0;
  openSubscriptions = 0;
  /** Bytes that one append, and one event, may have; the server's own bounds unless a test lowers them. */
  maxAppendSize = 256 * 1024 * 1024;
  maxEventSize = 16 * 1024 * 1024 - 1024;

  readonly #grpc = new Server({ 'grpc.max_receive_message_length': 17 * 1024 * 1024 });
  readonly #door: ReturnType<Server['createConnectionInjector']>;
  readonly #sockets = new Set<Socket>();
  readonly #plans = new Map<Method, Plan[]>();
  readonly #subscriptions = new Set<{ end(failure?: Failure): void; silence(): void }>();
  #listener = createServer();
  #port: number;
  #appends = 0;
  #leader: { host: string; port: number } | undefined;
  #password: string | undefined;

  constructor({ port = 0, now = Date.now }: { port?: number; now?: () => number } = {}) {
    this.#port = port;
    this.log = new Log(now);
    this.#grpc.addService(streamsService.StreamsService, {
      read: (call: ServerWritableStream<streams.ReadReq, streams.ReadResp>) => void this.#read(call),
      append: (call: ServerReadableStream<streams.AppendReq, streams.AppendResp>, answer: sendUnaryData<streams.AppendResp>) =>
        void this.#append(call, answer),
      batchAppend: (call: ServerDuplexStream<streams.BatchAppendReq, streams.BatchAppendResp>) => void this.#batchAppend(call),
      delete: this.#unary('delete', (call: ServerUnaryCall<streams.DeleteReq, streams.DeleteResp>) => this.#delete(call)),
      tombstone: this.#unary('tombstone', (call: ServerUnaryCall<streams.TombstoneReq, streams.TombstoneResp>) => this.#tombstone(call)),
    });
    this.#grpc.addService(gossipService.GossipService, { read: this.#unary('gossip', () => this.#gossip()) });
    this.#grpc.addService(featuresService.ServerFeaturesService, {
      getSupportedMethods: this.#unary('features', () => supportedMethods()),
    });
    this.#door = this.#grpc.createConnectionInjector(ServerCredentials.createInsecure());
    this.#boot();
  }

  get port(): number {
    return this.#port;
  }

  /** The connection string of this node alone; with `discover`, the one that asks for the cluster's members first. */
  get url(): string {
    return `esdb://127.0.0.1:${this.#port}?tls=false`;
  }

  get discoverUrl(): string {
    return `esdb+discover://127.0.0.1:${this.#port}?tls=false`;
  }

  /** Listens, on the same port as before if it ran already. */
  async start(): Promise<this> {
    this.#listener = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
      this.#door.injectConnection(socket);
    });
    this.#listener.listen(this.#port, '127.0.0.1');
    await once(this.#listener, 'listening');
    this.#port = (this.#listener.address() as AddressInfo).port;
    return this;
  }

  /** Ends as a node that is told to: its subscriptions are ended, then its connections. */
  async stop(): Promise<void> {
    const closed = this.#closeListener();
    for (const subscription of this.#subscriptions) subscription.end({ code: Status.UNAVAILABLE, details: 'Server Is Not Ready' });
    await sleep(20);
    this.#destroyConnections();
    await closed;
    this.#boot();
  }

  /** Ends as a killed process does: every connection is destroyed at once. */
  async kill(): Promise<void> {
    const closed = this.#closeListener();
    this.#destroyConnections();
    await closed;
    this.#boot();
  }

  /** The events of a stream, whatever its bounds hide. */
  stored(stream: string): readonly Recorded[] {
    return this.log.stored(stream);
  }

  /** What another program writes: JSON or not, at whatever revision the stream is. */
  writeForeign(stream: string, event: { type: string; data: Buffer; contentType?: string; metadata?: Buffer; id?: string }): Recorded {
    const { type, data, contentType = 'application/json', metadata = Buffer.alloc(0), id = randomUUID() } = event;
    const outcome = this.log.append(stream, 'any', [{ id, type, json: contentType === 'application/json', data, metadata }]);
    if (!outcome.ok) throw new Error(`${stream}: ${outcome.reason}`);
    return this.log.stored(stream).at(-1)!;
  }

  /** What the server writes for itself: moves the head of $all. */
  systemWrite(times = 1): void {
    for (let n = 0; n < times; n++) {
      this.writeForeign(`$stats-127.0.0.1:${this.#port}`, { type: '$statsCollected', data: Buffer.from('{"proc-mem":1}') });
    }
  }

  deleteStream(stream: string): void {
    this.log.softDelete(stream, 'any');
  }

  tombstoneStream(stream: string): void {
    this.log.tombstone(stream, 'any');
  }

  /** Sets `$maxCount` or `$tb` (truncate before) of a stream. */
  boundStream(stream: string, bounds: { $maxCount?: number; $tb?: number }): void {
    this.log.bound(stream, bounds);
  }

  /** The next call of a kind fails, before anything is stored; a read or subscription after it sent `after` messages. */
  failNext(method: Method, failure: Failure, { times = 1, after = 0 } = {}): void {
    for (let n = 0; n < times; n++) this.#plan(method, { fate: failure, stored: false, after });
  }

  /** The next call of a kind is never answered; nothing is stored. */
  holdNext(method: Method, { after = 0 } = {}): void {
    this.#plan(method, { fate: 'hold', stored: false, after });
  }

  /** The connection of the next call of a kind is destroyed; nothing is stored. */
  cutNext(method: Method, { after = 0 } = {}): void {
    this.#plan(method, { fate: 'cut', stored: false, after });
  }

  /** The next write of a kind is stored, but its writer never hears so. */
  storeThenFail(method: 'append' | 'batchAppend' | 'delete' | 'tombstone', fate: Fate = 'cut'): void {
    this.#plan(method, { fate, stored: true, after: 0 });
  }

  /** From now on this node is a follower: writes, and reads that require the leader, are sent elsewhere. Without arguments it leads again. */
  leaderIs(host?: string, port?: number): void {
    this.#leader = host === undefined || port === undefined ? undefined : { host, port };
  }

  /** From now on calls need this user and password. */
  requireCredentials(user: string, password: string): void {
    this.#password = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  }

  /** Subscriptions that are open stay so, and never say anything again. */
  silenceSubscriptions(): void {
    for (const subscription of this.#subscriptions) subscription.silence();
  }

  /** Ends the open subscriptions, with an error if one is given. */
  dropSubscriptions(failure?: Failure): void {
    for (const subscription of this.#subscriptions) subscription.end(failure);
  }

  /** A node that comes up records its election. */
  #boot(): void {
    this.writeForeign('$epoch-information', { type: '$epoch-information', data: Buffer.from(JSON.stringify({ EpochId: randomUUID() })) });
  }

  #closeListener(): Promise<void> {
    return new Promise((resolve) => this.#listener.close(() => resolve()));
  }

  #destroyConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #plan(method: Method, plan: Plan): void {
    this.#plans.set(method, [...(this.#plans.get(method) ?? []), plan]);
  }

  /** Counts a call, lets it wait, and says what is planned for it; one that is planned to fail before anything is stored fails here. */
  async #receive(method: Method, call: Call): Promise<Plan | undefined> {
    this.calls[method]++;
    const plan = this.#plans.get(method)?.shift();
    if (this.latency > 0) await sleep(this.latency);
    if (plan && !plan.stored && plan.after === 0) await this.#meet(plan.fate, call);
    this.#admit(method, call);
    return plan;
  }

  /** @throws Refused, unless the call is never answered */
  async #meet(fate: Fate, call: Call): Promise<never> {
    if (fate === 'hold') return forever();
    if (fate !== 'cut') throw new Refused(fate);
    const port = Number(/:(\d+)$/.exec(call.getPeer())?.[1]);
    for (const socket of this.#sockets) if (socket.remotePort === port) socket.destroy();
    return forever();
  }

  #admit(method: Method, call: Call): void {
    const [authorization] = call.metadata.get('authorization');
    if (this.#password !== undefined && method !== 'gossip' && method !== 'features') {
      if (authorization === undefined) throw new Refused(accessDenied);
      if (authorization !== this.#password) throw new Refused({ code: Status.UNAUTHENTICATED });
    }
    if (this.#leader === undefined || method === 'gossip' || method === 'features') return;
    const reads = method === 'readStream' || method === 'readAll' || method === 'subscribe';
    if (!reads || call.metadata.get('requires-leader')[0] === 'true') throw new Refused(notLeader(this.#leader.host, this.#leader.port));
  }

  #unary<Request, Response>(method: Method, handle: (call: ServerUnaryCall<Request, Response>) => Response) {
    return async (call: ServerUnaryCall<Request, Response>, answer: sendUnaryData<Response>) => {
      try {
        const plan = await this.#receive(method, call);
        const response = handle(call);
        if (plan?.stored) await this.#meet(plan.fate, call);
        answer(null, response);
      } catch (error) {
        answer(statusOf(failureOf(error)));
      }
    };
  }

  async #append(
    call: ServerReadableStream<streams.AppendReq, streams.AppendResp>,
    answer: sendUnaryData<streams.AppendResp>,
  ): Promise<void> {
    this.appendsAtOnce = Math.max(this.appendsAtOnce, ++this.#appends);
    call.on('cancelled', () => undefined);
    try {
      const plan = await this.#receive('append', call);
      const requests: streams.AppendReq[] = [];
      for await (const request of call) requests.push(request as streams.AppendReq);
      const options = requests[0]?.getOptions();
      if (!options) throw new Refused(thrown);
      const stream = nameOf(options.getStreamIdentifier());
      const expected = expectedOf(options);
      const events = requests.slice(1).map((request) => proposedOf(request.getProposedMessage()!));
      const outcome = this.#store(stream, expected, events);
      if (plan?.stored) await this.#meet(plan.fate, call);
      if (!outcome.ok && outcome.reason === 'stream-deleted') throw new Refused(streamDeleted(stream));
      answer(null, appendMessage(expected, outcome));
    } catch (error) {
      answer(statusOf(failureOf(error)));
    } finally {
      this.#appends--;
    }
  }

  #store(stream: string, expected: Expected, events: readonly Proposed[]): Outcome {
    if (stream === '') throw new Refused(thrown);
    let size = 0;
    for (const event of events) {
      if (sizeOf(event) > this.maxEventSize) throw new Refused(eventTooLarge(event.id, sizeOf(event), this.maxEventSize));
      size += sizeOf(event);
      if (size > this.maxAppendSize) throw new Refused(tooLarge(this.maxAppendSize));
    }
    return this.log.append(stream, expected, events);
  }

  async #batchAppend(call: ServerDuplexStream<streams.BatchAppendReq, streams.BatchAppendResp>): Promise<void> {
    const begun = new Map<string, { options: streams.BatchAppendReq.Options; requests: streams.BatchAppendReq[] }>();
    call.on('cancelled', () => undefined);
    try {
      for await (const request of call as AsyncIterable<streams.BatchAppendReq>) {
        const id = request.getCorrelationId()!.getString();
        const options = request.getOptions();
        if (options) begun.set(id, { options, requests: [] });
        const append = begun.get(id);
        if (!append) continue;
        append.requests.push(request);
        if (!request.getIsFinal()) continue;
        begun.delete(id);
        const plan = await this.#receive('batchAppend', call);
        const expected = expectedOf(append.options);
        const stream = nameOf(append.options.getStreamIdentifier());
        const answer = this.#batch(id, stream, expected, append.requests);
        if (plan?.stored) await this.#meet(plan.fate, call);
        call.write(answer);
      }
      call.end();
    } catch (error) {
      call.emit('error', statusOf(failureOf(error)));
    }
  }

  /** One append of a long call fails in its answer; the call goes on. */
  #batch(id: string, stream: string, expected: Expected, requests: readonly streams.BatchAppendReq[]): streams.BatchAppendResp {
    try {
      const events = requests.flatMap((request) => request.getProposedMessagesList().map(proposedOf));
      return batchMessage(id, stream, expected, this.#store(stream, expected, events));
    } catch (error) {
      return batchFailure(id, stream, failureOf(error));
    }
  }

  #delete(call: ServerUnaryCall<streams.DeleteReq, streams.DeleteResp>): streams.DeleteResp {
    const options = call.request.getOptions()!;
    const response = new streams.DeleteResp();
    const at = this.#deleted(options, (stream, expected) => this.log.softDelete(stream, expected));
    const position = new streams.DeleteResp.Position();
    position.setCommitPosition(String(at));
    position.setPreparePosition(String(at));
    response.setPosition(position);
    return response;
  }

  #tombstone(call: ServerUnaryCall<streams.TombstoneReq, streams.TombstoneResp>): streams.TombstoneResp {
    const options = call.request.getOptions()!;
    const response = new streams.TombstoneResp();
    const at = this.#deleted(options, (stream, expected) => this.log.tombstone(stream, expected));
    const position = new streams.TombstoneResp.Position();
    position.setCommitPosition(String(at));
    position.setPreparePosition(String(at));
    response.setPosition(position);
    return response;
  }

  #deleted(
    options: streams.DeleteReq.Options | streams.TombstoneReq.Options,
    remove: (stream: string, expected: Expected) => Outcome,
  ): number {
    const stream = nameOf(options.getStreamIdentifier());
    const expected = expectedOf(options);
    const outcome = remove(stream, expected);
    if (outcome.ok) return outcome.position!;
    throw new Refused(
      outcome.reason === 'stream-deleted' ? streamDeleted(stream) : deleteAtWrongRevision(stream, expected, outcome.current),
    );
  }

  async #read(call: ServerWritableStream<streams.ReadReq, streams.ReadResp>): Promise<void> {
    const options = call.request.getOptions()!;
    const method = options.hasSubscription() ? 'subscribe' : options.hasAll() ? 'readAll' : 'readStream';
    const cancelled = new AbortController();
    call.on('cancelled', () => cancelled.abort());
    let silent = false;
    let end: (failure?: Failure) => void = () => {};
    const ended = new Promise<Failure | undefined>((resolve) => (end = resolve));
    const subscription = { end, silence: () => (silent = true) };
    if (method === 'subscribe') {
      this.openSubscriptions++;
      this.#subscriptions.add(subscription);
      void ended.then((failure) => {
        cancelled.abort();
        if (failure) call.emit('error', statusOf(failure));
        else call.end();
      });
    }
    try {
      const plan = await this.#receive(method, call);
      let sent = 0;
      const messages = method === 'subscribe' ? this.#subscribe(options, cancelled.signal) : this.#answers(options);
      for await (const message of messages) {
        if (plan && sent >= plan.after) await this.#meet(plan.fate, call);
        if (cancelled.signal.aborted) return;
        if (silent) await forever();
        sent++;
        if (!call.write(message)) await Promise.race([once(call, 'drain'), once(cancelled.signal, 'abort')]);
      }
      if (plan && plan.after > 0) await this.#meet(plan.fate, call);
      if (method !== 'subscribe') call.end();
    } catch (error) {
      if (!cancelled.signal.aborted) call.emit('error', statusOf(failureOf(error)));
    } finally {
      if (this.#subscriptions.delete(subscription)) this.openSubscriptions--;
    }
  }

  #subscribe(options: streams.ReadReq.Options, signal: AbortSignal): AsyncIterable<streams.ReadResp> {
    const stream = options.getStream();
    if (stream) {
      const from = stream.hasStart() ? 'start' : stream.hasEnd() ? 'end' : Number(stream.getRevision());
      return subscriptionToStream(this.log, nameOf(stream.getStreamIdentifier()), from, signal);
    }
    const all = options.getAll()!;
    const from = all.hasStart() ? 'start' : all.hasEnd() ? 'end' : positionOf(all.getPosition()!);
    return subscriptionToAll(this.log, from, filterOf(options.getFilter()), signal);
  }

  *#answers(options: streams.ReadReq.Options): Iterable<streams.ReadResp> {
    const count = Number(options.getCount());
    const backwards = options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS;
    const stream = options.getStream();
    if (stream) {
      const name = nameOf(stream.getStreamIdentifier());
      const from = stream.hasStart() ? 'start' : stream.hasEnd() ? 'end' : Number(stream.getRevision());
      const found = this.log.read(name, backwards ? 'backwards' : 'forwards', from, count);
      if (found === 'deleted') throw new Refused(streamDeleted(name));
      if (found === 'not-found') yield notFoundMessage(name);
      else for (const event of found) yield eventMessage(event);
      return;
    }
    const all = options.getAll()!;
    const from = all.hasStart() ? 'start' : all.hasEnd() ? 'end' : positionOf(all.getPosition()!);
    const allows = filterOf(options.getFilter())?.allows;
    if (backwards) {
      if (from === 'start') return;
      for (const event of this.log.readAllBackwards(from, count, allows)) yield eventMessage(event);
      return;
    }
    if (from === 'end') return;
    const start = from === 'start' ? { commit: 0, prepare: 0 } : from;
    for (const event of this.log.readAll(start, count, Infinity, allows).events) yield eventMessage(event);
  }

  #gossip(): gossip.ClusterInfo {
    const members = [this.#member(this.#port, this.#leader ? FOLLOWER : LEADER)];
    if (this.#leader) members.push(this.#member(this.#leader.port, LEADER, this.#leader.host));
    const info = new gossip.ClusterInfo();
    info.setMembersList(members);
    return info;
  }

  #member(port: number, state: gossip.MemberInfo.VNodeState, host = '127.0.0.1'): gossip.MemberInfo {
    const endPoint = new gossip.EndPoint();
    endPoint.setAddress(host);
    endPoint.setPort(port);
    const id = new shared.UUID();
    id.setString(randomUUID());
    const member = new gossip.MemberInfo();
    member.setInstanceId(id);
    member.setTimeStamp(String(this.log.now() * 10_000));
    member.setState(state);
    member.setIsAlive(true);
    member.setHttpEndPoint(endPoint);
    return member;
  }
}

const { FOLLOWER, LEADER } = gossip.MemberInfo.VNodeState;

const failureOf = (error: unknown): Failure => {
  if (error instanceof Refused) return error.failure;
  if (error instanceof InvalidPosition) return { code: Status.INVALID_ARGUMENT, details: 'Trying to read from an invalid position.' };
  return thrown;
};

const positionOf = (position: streams.ReadReq.Options.Position): Position => {
  const commit = Number(position.getCommitPosition());
  const prepare = Number(position.getPreparePosition());
  if (commit < prepare) throw new Refused(thrown);
  return { commit, prepare };
};

const expectedOf = (
  options: streams.AppendReq.Options | streams.BatchAppendReq.Options | streams.DeleteReq.Options | streams.TombstoneReq.Options,
): Expected => {
  if (options.hasAny()) return 'any';
  if (options.hasNoStream()) return -1;
  if (options.hasStreamExists()) return 'exists';
  return Number('getStreamPosition' in options ? options.getStreamPosition() : options.getRevision());
};

const filterOf = (filter: streams.ReadReq.Options.FilterOptions | undefined): Filter | undefined => {
  if (!filter) return undefined;
  const onStream = filter.hasStreamIdentifier();
  const expression = onStream ? filter.getStreamIdentifier()! : filter.getEventType()!;
  const prefixes = expression.getPrefixList();
  const regex = expression.getRegex() === '' ? undefined : new RegExp(expression.getRegex());
  const interval = filter.getCheckpointintervalmultiplier();
  return {
    allows: ({ stream, type }) => {
      const text = onStream ? stream : type;
      return regex ? regex.test(text) : prefixes.some((prefix) => text.startsWith(prefix));
    },
    window: filter.hasMax() ? filter.getMax() : undefined,
    interval,
  };
};

const supportedMethods = (): features.SupportedMethods => {
  const supported = new features.SupportedMethods();
  supported.setEventStoreServerVersion('26.1.0');
  for (const [name, service] of [
    ['event_store.client.streams.streams', streamsService.StreamsService],
    ['event_store.client.gossip.gossip', gossipService.GossipService],
    ['event_store.client.server_features.serverfeatures', featuresService.ServerFeaturesService],
  ] as const) {
    for (const method of Object.keys(service)) {
      const entry = new features.SupportedMethod();
      entry.setServiceName(name);
      entry.setMethodName(method.toLowerCase());
      supported.addMethods(entry);
    }
  }
  return supported;
};
