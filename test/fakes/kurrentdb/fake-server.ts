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
import { Reception, type Fate, type Method } from './fault-injection.js';
import { StreamsService } from './streams-service.js';

export interface StandInOptions {
  /** 0, unless told: any that is free. */
  readonly port?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Of another node, of whose cluster this one is then a member. */
  readonly log?: Log;
  /** PEM. With `clientsOf` callers need a certificate which that authority signed. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly clientsOf?: string };
}

/**
 * A single KurrentDB node as its client sees it, in this process: the same answers, trailers, positions and subscriptions for what the
 * ledger uses, and knobs for what goes wrong. Its data outlives `stop`, `kill` and `start`. Not there: links, persistent subscriptions,
 * projections, users, rights of single streams, $maxAge.
 */
export class StandIn {
  /** May be replaced by that of another node, as when a backup is restored. */
  log: Log;
  /** Bytes that one append, and one event, may have; as on the server unless a test lowers them. */
  maxAppendSize = 256 * 1024 * 1024;
  maxEventSize = 16 * 1024 * 1024;

  readonly #reception = new Reception((peer) => this.#cut(peer));
  readonly #streams: StreamsService;
  readonly #tls: StandInOptions['tls'];
  readonly #sockets = new Set<Socket>();
  #grpc: Server | undefined;
  #listener = createServer();
  #port: number;

  constructor({ port = 0, now = Date.now, log = new Log(now), tls }: StandInOptions = {}) {
    this.#port = port;
    this.#tls = tls;
    this.log = log;
    this.#streams = new StreamsService(this, this.#reception);
  }

  get port(): number {
    return this.#port;
  }

  /** The connection string of this node alone. */
  get url(): string {
    return this.#tls ? `esdb://localhost:${this.#port}?tls=true` : `esdb://127.0.0.1:${this.#port}?tls=false`;
  }

  /** How often each kind of call was received. */
  get calls(): Readonly<Record<Method, number>> {
    return this.#reception.calls;
  }

  /** The most appends that were under way at once. */
  get appendsAtOnce(): number {
    return this.#streams.appendsAtOnce;
  }

  get openSubscriptions(): number {
    return this.#streams.subscriptions.size;
  }

  get latency(): number {
    return this.#reception.latency;
  }

  /** Milliseconds that every call waits before it is looked at. */
  set latency(milliseconds: number) {
    this.#reception.latency = milliseconds;
  }

  /** Listens, on the same port as before if it ran already. */
  async start(): Promise<this> {
    this.#grpc = new Server({ 'grpc.max_receive_message_length': 17 * 1024 * 1024 });
    this.#grpc.addService(streamsServices.StreamsService, this.#streams.implementation());
    this.#grpc.addService(gossipServices.GossipService, { read: this.#streams.unary('gossip', () => this.#members()) });
    this.#grpc.addService(featuresServices.ServerFeaturesService, {
      getSupportedMethods: this.#streams.unary('features', supportedMethods),
    });
    const door = this.#grpc.createConnectionInjector(this.#credentials());
    this.#listener = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
      door.injectConnection(socket);
    });
    this.#listener.listen(this.#port, '127.0.0.1');
    await once(this.#listener, 'listening');
    this.#port = (this.#listener.address() as AddressInfo).port;
    // A node that comes up records its election, in a stream that readers of $all are not shown.
    this.writeForeign('$epoch-information', { type: '$epoch-information', data: Buffer.from('{}') });
    return this;
  }

  /**
   * Ends as a node that is told to: takes no new call, lets those under way come to their end, and drops what is open after `grace`
   * milliseconds; subscriptions end without a status then, and say nothing before.
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

  /** Ends as a process that is killed: every connection is gone at once. */
  async kill(): Promise<void> {
    const closed = this.#close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** The events of a stream, whatever its bounds hide. */
  recorded(stream: string): readonly Recorded[] {
    return this.log.recorded(stream);
  }

  /** What another program writes: JSON unless told otherwise, at whatever revision the stream is. */
  writeForeign(stream: string, event: { type: string; data: Buffer; contentType?: string; metadata?: Buffer; id?: string }): Recorded {
    const { type, data, contentType = 'application/json', metadata = Buffer.alloc(0), id = randomUUID() } = event;
    const outcome = this.log.append(stream, 'any', [{ id, type, json: contentType === 'application/json', data, metadata }]);
    if (!outcome.ok) throw new Error(`${stream}: ${outcome.reason}`);
    return this.log.recorded(stream).at(-1)!;
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

  /** Replaces a stream's metadata: `$maxCount`, and `$tb`, the revision before which it is truncated. */
  boundStream(stream: string, bounds: { $maxCount?: number; $tb?: number }): void {
    this.log.bound(stream, bounds);
  }

  /** The next call of a kind fails before anything is stored; a read or subscription after it sent `after` messages. */
  failNext(method: Method, failure: Failure, { times = 1, after = 0 } = {}): void {
    this.#reception.plan(method, { fate: failure, recorded: false, after }, times);
  }

  /** The next call of a kind is never answered and stores nothing; a read or subscription ends so after it sent `after` messages. */
  holdNext(method: Method, { times = 1, after = 0 } = {}): void {
    this.#reception.plan(method, { fate: 'hold', recorded: false, after }, times);
  }

  /** The connection of the next call of a kind is destroyed, and nothing is stored. */
  cutNext(method: Method, { times = 1, after = 0 } = {}): void {
    this.#reception.plan(method, { fate: 'cut', recorded: false, after }, times);
  }

  /** The next write of a kind is stored, and its writer never hears so. */
  storeThenFail(method: 'append' | 'batchAppend' | 'delete' | 'tombstone', fate: Fate = 'cut'): void {
    this.#reception.plan(method, { fate, recorded: true, after: 0 });
  }

  /** Once a kind of call was received so many times in all. */
  received(method: Method, times: number): Promise<void> {
    return this.#reception.received(method, times);
  }

  /** Follows another node: calls that require the leader are sent there, other writes are passed on. Without arguments it leads again. */
  leaderIs(host?: string, port?: number): void {
    this.#reception.leader = host === undefined || port === undefined ? undefined : { host, port };
  }

  /** Whether it takes calls: a node that starts or takes part in an election does not. */
  isReady(ready: boolean): void {
    this.#reception.ready = ready;
  }

  /** From now on calls need this user and password; those to find the cluster and its features do not. */
  requireCredentials(user: string, password: string): void {
    this.#reception.authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  }

  /** Subscriptions that are open stay so, and never say anything again. */
  silenceSubscriptions(): void {
    for (const subscription of this.#streams.subscriptions) subscription.silence();
  }

  /** Ends the open subscriptions, with an error if one is given. */
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
    const { leader, ready } = this.#reception;
    const own = { host: this.#tls ? 'localhost' : '127.0.0.1', port: this.#port };
    return clusterMessage(this.log.now(), [
      { ...own, state: !ready ? 'electing' : leader ? 'follower' : 'leader' },
      ...(leader ? [{ ...leader, state: 'leader' as const }] : []),
    ]);
  }
}
