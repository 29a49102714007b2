import { EventStoreDBClient } from '@eventstore/db-client';
import gossipServices from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import type { ClusterInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streamServices from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { AppendResp, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { isIP } from 'node:net';
import type { Readable } from 'node:stream';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { BatchAppend } from './batch-append.js';
import type { Connection, Endpoint } from './connection.js';
import { CallFailedError, failureOf, type Failure } from './errors.js';
import {
  answerOf,
  headerOf,
  membersOf,
  readRequestOf,
  requestOf,
  type AppendAnswer,
  type Member,
  type Proposed,
  type Reading,
} from './protocol.js';

/** The value of grpc-js's ConnectivityState. */
const READY = 2;
const LOST: Failure = { kind: 'not-ready', message: 'The connection was lost.' };

type Channel = Awaited<ReturnType<EventStoreDBClient['getChannel']>>;
export type Responses = Readable & { cancel(): void } & AsyncIterable<ReadResp>;

/**
 * The client of one node. It gets a single endpoint, so its own discovery and reconnection, which are incomplete and can end the process,
 * stay unused. Calls use its channel and its protocol messages directly: its public reads offer no filter on $all and no deadline and
 * hide whether an event was JSON, and its append serialises the events only after it has returned to the caller.
 */
export class Node extends EventStoreDBClient {
  readonly endpoint: Endpoint;
  readonly #credentials: Connection['credentials'];
  readonly #connection: Connection;
  #batch: BatchAppend | undefined;
  #closed = false;
  #pinned: Channel | undefined;
  #isLost = false;

  /** @param generation a number that differs between successive nodes, see `keepAliveInterval` below */
  constructor(endpoint: Endpoint, connection: Connection, generation: number) {
    const { tls, rootCertificate, userCertificate, credentials, connectionName, keepAliveInterval, keepAliveTimeout } = connection;
    const ip = endpoint.address.replace(/^\[|\]$/g, '');
    const byAddress = tls && isIP(ip) !== 0;
    super(
      {
        endpoint,
        // The gRPC library shares a connection between channels with equal settings, even a half-open one. A varying interval prevents it.
        keepAliveInterval: keepAliveInterval + (generation % 1000),
        keepAliveTimeout,
        ...(connectionName !== undefined && { connectionName }),
      },
      {
        insecure: !tls,
        ...(rootCertificate && { rootCertificate }),
        ...(userCertificate && { userCertFile: userCertificate.certificate, userKeyFile: userCertificate.key }),
        ...(byAddress && { verifyOptions: { checkServerIdentity: (_: string, shown: PeerCertificate) => checkServerIdentity(ip, shown) } }),
      },
    );
    this.endpoint = endpoint;
    this.#credentials = credentials;
    this.#connection = connection;
    if (byAddress) this.#withoutServerName();
  }

  /**
   * The gRPC library sends the address as the TLS server name, which TLS forbids for an IP address. So it sends a placeholder name that no
   * server knows; `checkServerIdentity` still compares the certificate with the address.
   */
  #withoutServerName(): void {
    const channelOf = this.getChannel;
    this.getChannel = async () => {
      const channel = await channelOf();
      const { internalChannel } = channel as unknown as { readonly internalChannel: { readonly options: Record<string, unknown> } };
      internalChannel.options['grpc.ssl_target_name_override'] = 'by-address.invalid';
      return channel;
    };
  }

  /**
   * From now on this node is lost once its connection is. The gRPC library would reconnect by itself, to whatever answers at the address
   * then, and nobody would have checked that.
   * @throws CallFailedError when the connection is lost already
   */
  async pin(): Promise<void> {
    const channel = await this.getChannel();
    if (channel.getConnectivityState(false) !== READY) throw new CallFailedError(LOST);
    this.#pinned = channel;
    channel.watchConnectivityState(READY, Number.POSITIVE_INFINITY, () => (this.#isLost = true));
  }

  /** Appends with one call that only the leader answers. @throws CallFailedError */
  async append(stream: string, expected: number | 'any', events: readonly Proposed[], deadline: number): Promise<AppendAnswer> {
    const streams = await this.execute(streamServices.StreamsClient, 'streams', async (client) => client);
    const [metadata, options] = this.#arguments({ requiresLeader: true, deadline });
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) => reject(new CallFailedError(failureOf(error)));
      // An answer over another connection than the pinned one may be another server's.
      const answered = (error: unknown, response: AppendResp) =>
        error ? fail(error) : this.#isLost ? fail(new CallFailedError({ ...LOST, kind: 'lost' })) : resolve(answerOf(response));
      const call = this.#begin(() => streams.append(metadata, options, answered));
      call.on('error', fail);
      call.write(headerOf(stream, expected));
      for (const event of events) call.write(requestOf(event));
      call.end();
    });
  }

  /**
   * Connects for `batchAppend`. A server that is looked at after that is the one that answers here, or has ended.
   * @param deadline in milliseconds @throws CallFailedError
   */
  async connectForAppends(deadline: number): Promise<void> {
    this.#batch = new BatchAppend(this.endpoint, this.#connection);
    await this.#batch.connected(deadline);
  }

  /** Appends on the request that all small appends to this node share, until its connection ends. @throws CallFailedError */
  async batchAppend(stream: string, expected: number, events: readonly Proposed[], deadline: number): Promise<AppendAnswer> {
    this.#mustBePinned();
    if (!this.#batch) throw new CallFailedError(LOST);
    return this.#batch.append(stream, expected, events, deadline);
  }

  /** The raw responses. A caller that stops reading must `cancel`. No deadline for a subscription. @throws CallFailedError if not sent */
  async responses(reading: Reading, deadline = Number.POSITIVE_INFINITY): Promise<Responses> {
    const streams = await this.execute(streamServices.StreamsClient, 'streams', async (client) => client);
    const isSubscription = deadline === Number.POSITIVE_INFINITY;
    const [metadata, options] = this.#arguments({ requiresLeader: true, ...(!isSubscription && { deadline }) }, isSubscription);
    const stream = this.#begin(() => streams.read(readRequestOf(reading), metadata, options));
    stream.on('error', () => undefined); // an error after the last read must not end the process
    return stream;
  }

  /** The members of the cluster as this node sees them. @throws CallFailedError */
  async members(deadline: number): Promise<readonly Member[]> {
    const gossip = await this.execute(gossipServices.GossipClient, 'gossip', async (client) => client);
    const [metadata, options] = this.callArguments({ deadline }); // gossip needs no credentials
    return new Promise((resolve, reject) => {
      const answered = (error: unknown, info: ClusterInfo) =>
        error ? reject(new CallFailedError(failureOf(error))) : resolve(membersOf(info));
      this.#begin(() => gossip.read(new shared.Empty(), metadata, options, answered));
    });
  }

  /** Refuses new calls; calls in flight finish. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#batch?.close();
    (await this.getChannel()).close();
  }

  /** @throws CallFailedError when the connection that was pinned is lost */
  #mustBePinned(): void {
    if (this.#pinned && (this.#isLost ||= !this.#closed && this.#pinned.getConnectivityState(false) !== READY))
      throw new CallFailedError(LOST);
  }

  /** Makes a call. On a channel that has been closed meanwhile it is never sent, and the failure says so. */
  #begin<Call>(make: () => Call): Call {
    this.#mustBePinned();
    try {
      return make();
    } catch (error) {
      throw this.#closed ? new CallFailedError({ kind: 'not-ready', message: 'The connection was closed.' }) : error;
    }
  }

  #arguments(options: { readonly requiresLeader?: boolean; readonly deadline?: number }, isSubscription = false) {
    const base = { ...options, ...(this.#credentials && { credentials: this.#credentials }) };
    const [metadata, call] = this.callArguments(base, isSubscription ? { deadline: Number.POSITIVE_INFINITY } : {});
    return [uncompressed(metadata), call] as const;
  }
}

/**
 * Requests uncompressed responses. The gRPC library always asks for compression and has no option against it. It decompresses each event
 * separately, which on a local network costs several times what it saves.
 */
const uncompressed = <M extends { set(key: string, value: string | Buffer): void; clone(): M }>(metadata: M): M => {
  const { set, clone } = metadata;
  metadata.set = (key: string, value: string | Buffer) => set.call(metadata, key, key === 'grpc-accept-encoding' ? 'identity' : value);
  metadata.clone = () => uncompressed(clone.call(metadata));
  return metadata;
};
