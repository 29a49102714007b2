import code from '@eventstore/db-client/generated/code_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import status from '@eventstore/db-client/generated/status_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { status as STATUS } from '@grpc/grpc-js';
import any from 'google-protobuf/google/protobuf/any_pb.js';
import google from 'google-protobuf/google/protobuf/empty_pb.js';
import { RefusedError, thrown, type Failure } from './failures.js';
import { TOMBSTONE, type Expected, type Outcome, type Position, type Proposed, type Recorded } from './log.js';

export const nameOf = (identifier: shared.StreamIdentifier | undefined): string =>
  Buffer.from(identifier?.getStreamName_asU8() ?? []).toString();

export const identifierOf = (stream: string): shared.StreamIdentifier => {
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(Buffer.from(stream));
  return identifier;
};

export const expectedOf = (
  options: streams.AppendReq.Options | streams.BatchAppendReq.Options | streams.DeleteReq.Options | streams.TombstoneReq.Options,
): Expected => {
  if (options.hasAny()) return 'any';
  if (options.hasNoStream()) return -1;
  if (options.hasStreamExists()) return 'exists';
  return Number('getStreamPosition' in options ? options.getStreamPosition() : options.getRevision());
};

/** Sets a position in a response; several responses have the same shape here. */
export const positionedAt = <
  Place extends { setCommitPosition(value: string): unknown; setPreparePosition(value: string): unknown },
  Response extends { setPosition(value: Place): unknown },
>(
  position: number,
  place: Place,
  response: Response,
): Response => {
  place.setCommitPosition(String(position));
  place.setPreparePosition(String(position));
  response.setPosition(place);
  return response;
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export const proposedOf = (message: streams.AppendReq.ProposedMessage | streams.BatchAppendReq.ProposedMessage): Proposed => {
  const id = message.getId()?.getString() ?? '';
  const type = (message.getMetadataMap().get('type') as string | undefined) ?? '';
  if (!UUID.test(id) || type === '') throw new RefusedError(thrown);
  return {
    id: id.toLowerCase(),
    type,
    json: message.getMetadataMap().get('content-type') === 'application/json',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
};

/** Bytes that count towards the limits of one append. */
export const sizeOf = ({ type, data, metadata }: Proposed): number => data.length + metadata.length + type.length * 2;

const TICKS_PER_MILLISECOND = 10_000n;

export const eventMessage = (record: Recorded): streams.ReadResp => {
  const id = new shared.UUID();
  id.setString(record.id);
  const event = new streams.ReadResp.ReadEvent.RecordedEvent();
  event.setId(id);
  event.setStreamIdentifier(identifierOf(record.stream));
  event.setStreamRevision(record.revision === TOMBSTONE ? '9223372036854775807' : String(record.revision));
  event.setCommitPosition(String(record.position));
  event.setPreparePosition(String(record.position));
  event
    .getMetadataMap()
    .set('type', record.type)
    .set('created', String(BigInt(record.created) * TICKS_PER_MILLISECOND))
    .set('content-type', record.json ? 'application/json' : 'application/octet-stream');
  event.setData(record.data);
  event.setCustomMetadata(record.metadata);
  const read = new streams.ReadResp.ReadEvent();
  read.setEvent(event);
  read.setCommitPosition(String(record.position));
  const response = new streams.ReadResp();
  response.setEvent(read);
  return response;
};

export const confirmationMessage = (id: string): streams.ReadResp => {
  const confirmation = new streams.ReadResp.SubscriptionConfirmation();
  confirmation.setSubscriptionId(id);
  const response = new streams.ReadResp();
  response.setConfirmation(confirmation);
  return response;
};

export const caughtUpMessage = (): streams.ReadResp => {
  const response = new streams.ReadResp();
  response.setCaughtUp(new streams.ReadResp.CaughtUp());
  return response;
};

export const checkpointMessage = ({ commit, prepare }: Position): streams.ReadResp => {
  const checkpoint = new streams.ReadResp.Checkpoint();
  checkpoint.setCommitPosition(String(commit));
  checkpoint.setPreparePosition(String(prepare));
  const response = new streams.ReadResp();
  response.setCheckpoint(checkpoint);
  return response;
};

export const notFoundMessage = (stream: string): streams.ReadResp => {
  const notFound = new streams.ReadResp.StreamNotFound();
  notFound.setStreamIdentifier(identifierOf(stream));
  const response = new streams.ReadResp();
  response.setStreamNotFound(notFound);
  return response;
};

export const appendMessage = (expected: Expected, outcome: Exclude<Outcome, { reason: 'stream-deleted' }>): streams.AppendResp => {
  const response = new streams.AppendResp();
  if (outcome.ok) {
    const success = new streams.AppendResp.Success();
    success.setCurrentRevision(String(outcome.revision));
    if (outcome.position === undefined) success.setNoPosition(new shared.Empty());
    else positionedAt(outcome.position, new streams.AppendResp.Position(), success);
    response.setSuccess(success);
    return response;
  }
  const wrong = new streams.AppendResp.WrongExpectedVersion();
  if (expected === 'any') wrong.setExpectedAny(new shared.Empty());
  else if (expected === 'exists') wrong.setExpectedStreamExists(new shared.Empty());
  else if (expected === -1) wrong.setExpectedNoStream(new shared.Empty());
  else wrong.setExpectedRevision(String(expected));
  if (outcome.current === -1) wrong.setCurrentNoStream(new shared.Empty());
  else wrong.setCurrentRevision(String(outcome.current));
  response.setWrongExpectedVersion(wrong);
  return response;
};

const batchResponse = (id: string, stream: string): streams.BatchAppendResp => {
  const correlation = new shared.UUID();
  correlation.setString(id);
  const response = new streams.BatchAppendResp();
  response.setCorrelationId(correlation);
  response.setStreamIdentifier(identifierOf(stream));
  return response;
};

const failed = (
  response: streams.BatchAppendResp,
  name: string,
  reason: code.Code,
  details: { serializeBinary(): Uint8Array },
): streams.BatchAppendResp => {
  const packed = new any.Any();
  packed.pack(details.serializeBinary(), `event_store.client.${name}`);
  const error = new status.Status();
  error.setCode(reason);
  error.setMessage(name);
  error.setDetails(packed);
  response.setError(error);
  return response;
};

export const batchMessage = (id: string, stream: string, expected: Expected, outcome: Outcome): streams.BatchAppendResp => {
  const response = batchResponse(id, stream);
  if (outcome.ok) {
    const success = new streams.BatchAppendResp.Success();
    success.setCurrentRevision(String(outcome.revision));
    if (outcome.position === undefined) success.setNoPosition(new google.Empty());
    else positionedAt(outcome.position, new shared.AllStreamPosition(), success);
    response.setSuccess(success);
    return response;
  }
  if (outcome.reason === 'stream-deleted') {
    const deleted = new shared.StreamDeleted();
    deleted.setStreamIdentifier(identifierOf(stream));
    return failed(response, 'StreamDeleted', code.Code.NOT_FOUND, deleted);
  }
  const wrong = new shared.WrongExpectedVersion();
  if (expected === 'any') wrong.setExpectedAny(new google.Empty());
  else if (expected === 'exists') wrong.setExpectedStreamExists(new google.Empty());
  else if (expected === -1) wrong.setExpectedNoStream(new google.Empty());
  else wrong.setExpectedStreamPosition(String(expected));
  if (outcome.current === -1) wrong.setCurrentNoStream(new google.Empty());
  else wrong.setCurrentStreamRevision(String(outcome.current));
  return failed(response, 'WrongExpectedVersion', code.Code.ALREADY_EXISTS, wrong);
};

/** What the server says when it has not handled an append: as the status of a call of its own, and as the message of a batch's answer. */
const NOT_HANDLED = [
  ['Server Is Not Ready', 'Server Is Not Ready'],
  ['Server Is Too Busy', 'Server Is Busy'],
  ['No leader info available in response', 'No leader info available in response'],
] as const;

/** The answer that refuses one append of a batch call; undefined for a failure that ends the whole call. */
export const batchFailure = (id: string, stream: string, failure: Failure): streams.BatchAppendResp | undefined => {
  const { metadata = {}, details = '' } = failure;
  const exception = metadata['exception'];
  const response = batchResponse(id, stream);
  if (exception === 'access-denied') return failed(response, 'AccessDenied', code.Code.PERMISSION_DENIED, new shared.AccessDenied());
  if (exception === 'maximum-append-event-size-exceeded') {
    return failed(response, 'MaximumAppendEventSizeExceeded', code.Code.INVALID_ARGUMENT, new shared.MaximumAppendSizeExceeded());
  }
  if (failure.code === STATUS.ABORTED) return failed(response, 'Timeout', code.Code.DEADLINE_EXCEEDED, new shared.Timeout());
  const unhandled = NOT_HANDLED.find(([by]) => details === by)?.[1];
  if (unhandled !== undefined) {
    failed(response, 'Empty', code.Code.OK, new shared.Empty()).getError()!.setMessage(unhandled);
    return response;
  }
  if (exception === 'maximum-append-size-exceeded') {
    const exceeded = new shared.MaximumAppendSizeExceeded();
    exceeded.setMaxappendsize(Number(metadata['maximum-append-size']));
    return failed(response, 'MaximumAppendSizeExceeded', code.Code.INVALID_ARGUMENT, exceeded);
  }
  if (failure !== thrown) return undefined;
  const bad = new shared.BadRequest();
  bad.setMessage(details);
  return failed(response, 'BadRequest', code.Code.INVALID_ARGUMENT, bad);
};
