import { EventStoreDBClient } from '@eventstore/db-client';
import gossipServices from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import type { ClusterInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streamServices from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { AppendResp, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { isIP } from 'node:net';
import type { Readable } from 'node:stream';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type { Connection, Endpoint } from './connection.js';
import { CallFailedError, failureOf } from './errors.js';
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

export type Responses = Readable & { cancel(): void } & AsyncIterable<ReadResp>;

/**
 * The client of one node. It is told an endpoint and nothing else, so it neither discovers nor reconnects (what it does of both is
 * partial, and can end the process); calls go through its channel and the protocol it brings. Its public reads know no filter on the
 * log, no deadline, and hide whether an event was JSON; its append takes what it sends later than it is called.
 */
export class Node extends EventStoreDBClient {
  readonly endpoint: Endpoint;
  readonly #credentials: Connection['credentials'];
  #closed = false;

  /** @param generation differs between nodes made one after another, see below */
  constructor(endpoint: Endpoint, connection: Connection, generation: number) {
    const { tls, rootCertificate, userCertificate, credentials, connectionName, keepAliveInterval, keepAliveTimeout } = connection;
    const ip = endpoint.address.replace(/^\[|\]$/g, '');
    const byNumber = tls && isIP(ip) !== 0;
    super(
      {
        endpoint,
        // The gRPC library gives a channel the connection of any other with the same settings, even one that is half open.
        keepAliveInterval: keepAliveInterval + (generation % 1000),
        keepAliveTimeout,
        ...(connectionName !== undefined && { connectionName }),
      },
      {
        insecure: !tls,
        ...(rootCertificate && { rootCertificate }),
        ...(userCertificate && { userCertFile: userCertificate.certificate, userKeyFile: userCertificate.key }),
        ...(byNumber && { verifyOptions: { checkServerIdentity: (_: string, shown: PeerCertificate) => checkServerIdentity(ip, shown) } }),
      },
    );
    this.endpoint = endpoint;
    this.#credentials = credentials;
    if (byNumber) this.#withoutServerName();
  }

  /**
   * The gRPC library asks for a server by its address where that is a number, and TLS does not let it: it is given a name to ask for, which
   * no server knows; the certificate is compared with the address all the same.
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

  /** As one unary call that the leader answers. @throws Failed */
  async append(stream: string, expected: number | 'any', events: readonly Proposed[], deadline: number): Promise<AppendAnswer> {
    const streams = await this.execute(streamServices.StreamsClient, 'streams', async (client) => client);
    const [metadata, options] = this.#arguments({ requiresLeader: true, deadline });
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) => reject(new CallFailedError(failureOf(error)));
      const answered = (error: unknown, response: AppendResp) => (error ? fail(error) : resolve(answerOf(response)));
      const call = this.#begin(() => streams.append(metadata, options, answered));
      call.on('error', fail);
      call.write(headerOf(stream, expected));
      for (const event of events) call.write(requestOf(event));
      call.end();
    });
  }

  /** The raw responses; whoever stops reading must `cancel`. A subscription has no deadline. @throws Failed when the call cannot be made */
  async responses(reading: Reading, deadline = Number.POSITIVE_INFINITY): Promise<Responses> {
    const streams = await this.execute(streamServices.StreamsClient, 'streams', async (client) => client);
    const forEver = deadline === Number.POSITIVE_INFINITY;
    const [metadata, options] = this.#arguments({ requiresLeader: true, ...(!forEver && { deadline }) }, forEver);
    const stream = this.#begin(() => streams.read(readRequestOf(reading), metadata, options));
    stream.on('error', () => undefined); // also when nobody reads any more
    return stream;
  }

  /** What the node knows of its cluster. @throws Failed */
  async members(deadline: number): Promise<readonly Member[]> {
    const gossip = await this.execute(gossipServices.GossipClient, 'gossip', async (client) => client);
    const [metadata, options] = this.callArguments({ deadline }); // whoever it is that asks
    return new Promise((resolve, reject) => {
      const answered = (error: unknown, info: ClusterInfo) =>
        error ? reject(new CallFailedError(failureOf(error))) : resolve(membersOf(info));
      this.#begin(() => gossip.read(new shared.Empty(), metadata, options, answered));
    });
  }

  /** No new calls; those under way come to their end. */
  async close(): Promise<void> {
    this.#closed = true;
    (await this.getChannel()).close();
  }

  /** A call on a channel that was closed meanwhile is never sent. */
  #begin<Call>(make: () => Call): Call {
    try {
      return make();
    } catch (error) {
      throw this.#closed ? new CallFailedError({ kind: 'not-ready', message: 'The connection was left.' }) : error;
    }
  }

  #arguments(options: { readonly requiresLeader?: boolean; readonly deadline?: number }, forEver = false) {
    const base = { ...options, ...(this.#credentials && { credentials: this.#credentials }) };
    const [metadata, call] = this.callArguments(base, forEver ? { deadline: Number.POSITIVE_INFINITY } : {});
    return [uncompressed(metadata), call] as const;
  }
}

/**
 * Asks for answers as they are. The gRPC library asks for them compressed, without an option to the contrary, and unpacks each event by
 * itself: on a network of one's own that takes several times of what it saves.
 */
const uncompressed = <M extends { set(key: string, value: string | Buffer): void; clone(): M }>(metadata: M): M => {
  const { set, clone } = metadata;
  metadata.set = (key: string, value: string | Buffer) => set.call(metadata, key, key === 'grpc-accept-encoding' ? 'identity' : value);
  metadata.clone = () => uncompressed(clone.call(metadata));
  return metadata;
};
