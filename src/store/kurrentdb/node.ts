import { EventStoreDBClient } from '@eventstore/db-client';
import gossipServices from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import type { ClusterInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streamServices from '@eventstore/db-client/generated/streams_grpc_pb.js';
import messages from '@eventstore/db-client/generated/streams_pb.js';
import type { AppendReq, AppendResp, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { isIP } from 'node:net';
import type { Readable } from 'node:stream';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type { Connection, Endpoint } from './connection.js';
import { Failed, failureOf } from './errors.js';

/** An event in the bytes that are sent: what the caller does with his afterwards changes nothing. */
export interface Proposed {
  readonly id: string;
  readonly type: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** Commit and prepare position of a record in the server's log. */
export interface LogPosition {
  readonly commit: bigint;
  readonly prepare: bigint;
}

export type AppendAnswer = { readonly revision: number; readonly position?: LogPosition } | { readonly elsewhere: number };

/** What to read: one stream from a revision, or the whole log from a position, perhaps for ever. */
export interface Reading {
  readonly stream?: string;
  readonly from: 'start' | 'end' | number | LogPosition;
  readonly backwards?: boolean;
  /** Events at most; absent: a subscription. */
  readonly limit?: number;
  /** A page of the log is cut once it holds so many, so that a thousand large events do not fill the memory. */
  readonly bytes?: number;
  readonly prefixes?: readonly string[];
  /** Whether the prefixes are of event types rather than of stream names. */
  readonly byType?: boolean;
}

export interface Member {
  readonly endpoint: Endpoint;
  readonly state: 'leader' | 'follower' | 'other';
  readonly isAlive: boolean;
}

export type Responses = Readable & { cancel(): void } & AsyncIterable<ReadResp>;

/** How many records the server looks at for one page of a filtered read, and between two checkpoints of a subscription. */
const WINDOW = 1000;

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
      const fail = (error: unknown) => reject(new Failed(failureOf(error)));
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
      const answered = (error: unknown, info: ClusterInfo) => (error ? reject(new Failed(failureOf(error))) : resolve(membersOf(info)));
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
      throw this.#closed ? new Failed({ kind: 'not-ready', message: 'The connection was left.' }) : error;
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

/** Of VNodeState in the gossip protocol. */
const [FOLLOWER, LEADER] = [6, 8];

const membersOf = (info: ClusterInfo): readonly Member[] =>
  info.getMembersList().map((member) => {
    const at = member.getHttpEndPoint();
    const state = member.getState() === LEADER ? 'leader' : member.getState() === FOLLOWER ? 'follower' : 'other';
    return { endpoint: { address: at?.getAddress() ?? '', port: at?.getPort() ?? 0 }, state, isAlive: member.getIsAlive() };
  });

const headerOf = (stream: string, expected: number | 'any'): AppendReq => {
  const options = new messages.AppendReq.Options();
  options.setStreamIdentifier(identifierOf(stream));
  if (expected === 'any') options.setAny(new shared.Empty());
  else if (expected < 0) options.setNoStream(new shared.Empty());
  else options.setRevision(String(expected));
  const request = new messages.AppendReq();
  request.setOptions(options);
  return request;
};

const requestOf = ({ id, type, data, metadata }: Proposed): AppendReq => {
  const uuid = new shared.UUID();
  uuid.setString(id);
  const message = new messages.AppendReq.ProposedMessage();
  message.setId(uuid);
  message.getMetadataMap().set('type', type).set('content-type', 'application/json');
  message.setData(data);
  message.setCustomMetadata(metadata);
  const request = new messages.AppendReq();
  request.setProposedMessage(message);
  return request;
};

const answerOf = (response: AppendResp): AppendAnswer => {
  const wrong = response.getWrongExpectedVersion();
  if (wrong) return { elsewhere: wrong.hasCurrentRevision() ? Number(wrong.getCurrentRevision()) : -1 };
  const success = response.getSuccess();
  const position = success?.getPosition();
  return {
    revision: success?.hasCurrentRevision() ? Number(success.getCurrentRevision()) : -1,
    ...(position && { position: { commit: BigInt(position.getCommitPosition()), prepare: BigInt(position.getPreparePosition()) } }),
  };
};

const identifierOf = (stream: string) => {
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(Buffer.from(stream));
  return identifier;
};

const readRequestOf = ({ stream, from, backwards = false, limit, prefixes, byType = false }: Reading) => {
  const { Options } = messages.ReadReq;
  const options = new Options();
  const empty = new shared.Empty();
  if (stream === undefined) {
    const all = new Options.AllOptions();
    if (from === 'start') all.setStart(empty);
    else if (from === 'end') all.setEnd(empty);
    else if (typeof from === 'object') {
      const position = new Options.Position();
      position.setCommitPosition(String(from.commit));
      position.setPreparePosition(String(from.prepare));
      all.setPosition(position);
    }
    options.setAll(all);
  } else {
    const of = new Options.StreamOptions();
    of.setStreamIdentifier(identifierOf(stream));
    if (from === 'start') of.setStart(empty);
    else if (from === 'end') of.setEnd(empty);
    else of.setRevision(String(from));
    options.setStream(of);
  }
  if (limit === undefined) options.setSubscription(new Options.SubscriptionOptions());
  else options.setCount(String(limit));
  options.setReadDirection(backwards ? 1 : 0);
  options.setResolveLinks(false);
  const uuids = new Options.UUIDOption();
  uuids.setString(empty);
  options.setUuidOption(uuids);
  if (prefixes) {
    const expression = new Options.FilterOptions.Expression();
    expression.setPrefixList([...prefixes]);
    const filter = new Options.FilterOptions();
    if (byType) filter.setEventType(expression);
    else filter.setStreamIdentifier(expression);
    filter.setMax(WINDOW);
    filter.setCheckpointintervalmultiplier(1);
    options.setFilter(filter);
  } else options.setNoFilter(empty);
  const request = new messages.ReadReq();
  request.setOptions(options);
  return request;
};
