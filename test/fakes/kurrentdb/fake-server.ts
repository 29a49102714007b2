import { Server, ServerCredentials } from '@grpc/grpc-js';
import gossipServices from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import featuresServices from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import streamsServices from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Failure } from './failures.js';
import { clusterMessage, supportedMethods } from './cluster-messages.js';
import { Log, type Recorded } from './log.js';
import { FaultInjection, type Fate, type Method } from './fault-injection.js';
import { StreamsService } from './streams-service.js';

export interface FakeServerOptions {
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** The log of another node, which makes this one a member of its cluster. */
  readonly log?: Log;
  /** PEM. With `clientsOf`, callers need a certificate signed by that authority. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly clientsOf?: string };
}

/**
 * A fake KurrentDB node in this process, with fault injection. For what the ledger uses it gives the same answers, trailers, positions and
 * subscriptions as a real node. Its data survive `stop`, `kill` and `start`. Not implemented: links, persistent subscriptions, projections,
 * users, permissions of single streams, $maxAge.
 */
export class FakeServer {
  /** May be replaced by another log, to simulate the restore of a backup. */
  log: Log;
  /** Maximum bytes of one append and of one event. The defaults are the server's. */
  maxAppendSize = 256 * 1024 * 1024;
  maxEventSize = 16 * 1024 * 1024;

  readonly #faults = new FaultInjection((peer) => this.#cut(peer));
  readonly #streams: StreamsService;
  readonly #tls: FakeServerOptions['tls'];
  readonly #sockets = new Set<Socket>();
  #grpc: Server | undefined;
  #listener = createServer();
  #port: number;

  constructor({ port = 0, now = Date.now, log = new Log(now), tls }: FakeServerOptions = {}) {
    this.#port = port;
    this.#tls = tls;
    this.log = log;
    this.#streams = new StreamsService(this, this.#faults);
  }

  get port(): number {
    return this.#port;
  }

  /** The connection string of this node alone. */
  get url(): string {
    return this.#tls ? `esdb://localhost:${this.#port}?tls=true` : `esdb://127.0.0.1:${this.#port}?tls=false`;
  }

  /** Number of calls received, by kind. */
  get calls(): Readonly<Record<Method, number>> {
    return this.#faults.calls;
  }

  /** Highest number of appends in flight at once. */
  get appendsAtOnce(): number {
    return this.#streams.appendsAtOnce;
  }

  get openSubscriptions(): number {
    return this.#streams.subscriptions.size;
  }

  get latency(): number {
    return this.#faults.latency;
  }

  /** Milliseconds that every call waits before it is processed. */
  set latency(milliseconds: number) {
    this.#faults.latency = milliseconds;
  }

  /** Listens; after the first start always on the same port. */
  async start(): Promise<this> {
    this.#grpc = new Server({ 'grpc.max_receive_message_length': 17 * 1024 * 1024 });
    this.#grpc.addService(streamsServices.StreamsService, this.#streams.implementation());
    this.#grpc.addService(gossipServices.GossipService, { read: this.#streams.unary('gossip', () => this.#members()) });
    this.#grpc.addService(featuresServices.ServerFeaturesService, {
      getSupportedMethods: this.#streams.unary('features', supportedMethods),
    });
    const injector = this.#grpc.createConnectionInjector(this.#credentials());
    this.#listener = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
      injector.injectConnection(socket);
    });
    this.#listener.listen(this.#port, '127.0.0.1');
    await once(this.#listener, 'listening');
    this.#port = (this.#listener.address() as AddressInfo).port;
    // A starting node records its election in a stream that is hidden from readers of $all.
    this.writeForeign('$epoch-information', { type: '$epoch-information', data: Buffer.from('{}') });
    return this;
  }

  /**
   * A graceful shutdown: refuses new calls, lets calls in flight finish, and drops what is still open after `grace` milliseconds.
   * Subscriptions go silent at once and then end without a status.
   */
  async stop(grace = 50): Promise<void> {
    const closed = this.#close();
    this.#grpc?.tryShutdown(() => undefined);
    this.silenceSubscriptions();
    await sleep(grace);
    for (const subscription of this.#streams.subscriptions) subscription.reset();
    await sleep(10);
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** A killed process: every connection is destroyed at once. */
  async kill(): Promise<void> {
    const closed = this.#close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** All events of a stream, including those hidden by truncation or deletion. */
  recorded(stream: string): readonly Recorded[] {
    return this.log.recorded(stream);
  }

  /** Writes an event as another program would: JSON by default, at the end of the stream. */
  writeForeign(stream: string, event: { type: string; data: Buffer; contentType?: string; metadata?: Buffer; id?: string }): Recorded {
    const { type, data, contentType = 'application/json', metadata = Buffer.alloc(0), id = randomUUID() } = event;
    const outcome = this.log.append(stream, 'any', [{ id, type, json: contentType === 'application/json', data, metadata }]);
    if (!outcome.ok) throw new Error(`${stream}: ${outcome.reason}`);
    return this.log.recorded(stream).at(-1)!;
  }

  /** Writes system events, which move the head of $all. */
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

  /** Replaces a stream's metadata: `$maxCount` limits its events, `$tb` is the revision before which it is truncated. */
  boundStream(stream: string, bounds: { $maxCount?: number; $tb?: number }): void {
    this.log.bound(stream, bounds);
  }

  /** The next `times` calls of a kind fail before anything is stored; a read or subscription fails after `after` messages. */
  failNext(method: Method, failure: Failure, { times = 1, after = 0 } = {}): void {
    this.#faults.plan(method, { fate: failure, recorded: false, after }, times);
  }

  /** The next `times` calls of a kind store nothing and get no answer; a read or subscription stalls after `after` messages. */
  holdNext(method: Method, { times = 1, after = 0 } = {}): void {
    this.#faults.plan(method, { fate: 'hold', recorded: false, after }, times);
  }

  /** The next `times` calls of a kind store nothing and lose their connection. */
  cutNext(method: Method, { times = 1, after = 0 } = {}): void {
    this.#faults.plan(method, { fate: 'cut', recorded: false, after }, times);
  }

  /** The next write of a kind is stored, but its writer gets no success answer. */
  storeThenFail(method: 'append' | 'batchAppend' | 'delete' | 'tombstone', fate: Fate = 'cut'): void {
    this.#faults.plan(method, { fate, recorded: true, after: 0 });
  }

  /** Resolves once a kind of call has been received `times` times in total. */
  received(method: Method, times: number): Promise<void> {
    return this.#faults.received(method, times);
  }

  /** Becomes a follower of another node: calls that require the leader are redirected there. Without arguments it leads again. */
  leaderIs(host?: string, port?: number): void {
    this.#faults.leader = host === undefined || port === undefined ? undefined : { host, port };
  }

  /** Whether it accepts calls: a node that is starting or electing a leader does not. */
  isReady(ready: boolean): void {
    this.#faults.ready = ready;
  }

  /** From now on calls need this user and password, except for gossip and server features. */
  requireCredentials(user: string, password: string): void {
    this.#faults.authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  }

  /** The open subscriptions stay open but send nothing more. */
  silenceSubscriptions(): void {
    for (const subscription of this.#streams.subscriptions) subscription.silence();
  }

  /** Ends the open subscriptions, with a failure if one is given. */
  dropSubscriptions(failure?: Failure): void {
    for (const subscription of this.#streams.subscriptions) subscription.end(failure);
  }

  #credentials(): ServerCredentials {
    if (!this.#tls) return ServerCredentials.createInsecure();
    const { certificate, key, clientsOf } = this.#tls;
    const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(certificate) };
    return ServerCredentials.createSsl(clientsOf === undefined ? null : Buffer.from(clientsOf), [pair], clientsOf !== undefined);
  }

  #close(): Promise<void> {
    return new Promise((resolve) => this.#listener.close(() => resolve()));
  }

  #cut(peer: string): void {
    const port = Number(/:(\d+)$/.exec(peer)?.[1]);
    for (const socket of this.#sockets) if (socket.remotePort === port) socket.destroy();
  }

  #members() {
    const { leader, ready } = this.#faults;
    const own = { host: this.#tls ? 'localhost' : '127.0.0.1', port: this.#port };
    return clusterMessage(this.log.now(), [
      { ...own, state: !ready ? 'electing' : leader ? 'follower' : 'leader' },
      ...(leader ? [{ ...leader, state: 'leader' as const }] : []),
    ]);
  }
}
