import type { ClusterInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import messages from '@eventstore/db-client/generated/streams_pb.js';
import type { AppendReq, AppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { Endpoint } from './connection.js';

// Requests to the server and its responses, as messages of its gRPC protocol.

/** An event already serialised, so later changes to the caller's object have no effect. */
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

export type AppendAnswer = { readonly revision: number; readonly position?: LogPosition } | { readonly conflictAt: number };

/** What to read: one stream from a revision, or the whole log from a position; without a limit it is a subscription. */
export interface Reading {
  readonly stream?: string;
  readonly from: 'start' | 'end' | number | LogPosition;
  readonly backwards?: boolean;
  /** Whether a page of the log begins with the record at its position; otherwise with the one after it. */
  readonly inclusive?: boolean;
  /** Maximum number of events; a subscription when absent. */
  readonly limit?: number;
  /** A page of the log ends once it holds this many bytes, so that a thousand large events do not fill the memory. */
  readonly bytes?: number;
  readonly prefixes?: readonly string[];
  /** Whether the prefixes apply to event types instead of stream names. */
  readonly byType?: boolean;
}

export interface Member {
  readonly endpoint: Endpoint;
  readonly state: 'leader' | 'follower' | 'other';
  readonly isAlive: boolean;
}

/** Records that the server scans for one page of a filtered read, and between two checkpoints of a subscription. */
const WINDOW = 1000;

/** Values of VNodeState in the gossip protocol. */
const [FOLLOWER, LEADER] = [6, 8];

export const membersOf = (info: ClusterInfo): readonly Member[] =>
  info.getMembersList().map((member) => {
    const at = member.getHttpEndPoint();
    const state = member.getState() === LEADER ? 'leader' : member.getState() === FOLLOWER ? 'follower' : 'other';
    return { endpoint: { address: at?.getAddress() ?? '', port: at?.getPort() ?? 0 }, state, isAlive: member.getIsAlive() };
  });

export const headerOf = (stream: string, expected: number | 'any'): AppendReq => {
  const options = new messages.AppendReq.Options();
  options.setStreamIdentifier(identifierOf(stream));
  if (expected === 'any') options.setAny(new shared.Empty());
  else if (expected < 0) options.setNoStream(new shared.Empty());
  else options.setRevision(String(expected));
  const request = new messages.AppendReq();
  request.setOptions(options);
  return request;
};

export const requestOf = ({ id, type, data, metadata }: Proposed): AppendReq => {
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

export const answerOf = (response: AppendResp): AppendAnswer => {
  const wrong = response.getWrongExpectedVersion();
  if (wrong) return { conflictAt: wrong.hasCurrentRevision() ? Number(wrong.getCurrentRevision()) : -1 };
  const success = response.getSuccess();
  const position = success?.getPosition();
  return {
    revision: success?.hasCurrentRevision() ? Number(success.getCurrentRevision()) : -1,
    ...(position && { position: { commit: BigInt(position.getCommitPosition()), prepare: BigInt(position.getPreparePosition()) } }),
  };
};

export const identifierOf = (stream: string) => {
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(Buffer.from(stream));
  return identifier;
};

export const readRequestOf = ({ stream, from, backwards = false, limit, prefixes, byType = false }: Reading) => {
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
