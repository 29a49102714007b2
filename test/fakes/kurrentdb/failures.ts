import { Metadata, status as Status } from '@grpc/grpc-js';
import { InvalidPositionError, type Expected } from './log.js';

/** A failed call on the wire: `metadata` becomes its trailers. */
export interface Failure {
  readonly code: Status;
  readonly details?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

export class RefusedError extends Error {
  constructor(readonly failure: Failure) {
    super(failure.details ?? Status[failure.code]);
  }
}

/** The caller has gone; no answer is sent. */
export class GoneError extends Error {}

export const statusOf = ({ code, details = Status[code], metadata = {} }: Failure) => {
  const trailers = new Metadata();
  for (const [key, value] of Object.entries(metadata)) trailers.set(key, value);
  return { code, details, metadata: trailers };
};

/** The server's answer to an unexpected exception in its handler. */
export const thrown: Failure = { code: Status.UNKNOWN, details: 'Exception was thrown by handler.' };
export const notReady: Failure = { code: Status.UNAVAILABLE, details: 'Server Is Not Ready' };
export const unauthenticated: Failure = { code: Status.UNAUTHENTICATED, details: 'Unauthenticated' };
export const accessDenied: Failure = {
  code: Status.PERMISSION_DENIED,
  details: 'Access Denied',
  metadata: { exception: 'access-denied' },
};

/** A read that the server started and aborted. */
export const readFailed = (kind: 'Stream' | 'All' | 'FilteredAll', result: string, why: string): Failure => ({
  code: Status.UNKNOWN,
  details: `Unexpected ${kind === 'FilteredAll' ? 'FilteredReadAll' : `Read${kind}`}Result: ${result} >> ${why}`,
});

export const notLeader = (host: string, port: number): Failure => ({
  code: Status.NOT_FOUND,
  details: 'Leader info available',
  metadata: { exception: 'not-leader', 'leader-endpoint-host': host, 'leader-endpoint-port': String(port) },
});

export const streamDeleted = (stream: string): Failure => ({
  code: Status.FAILED_PRECONDITION,
  details: `Event stream '${stream}' is deleted.`,
  metadata: { exception: 'stream-deleted', 'stream-name': stream },
});

export const deleteAtWrongRevision = (stream: string, expected: Expected, current: number): Failure => {
  const version = expected === 'any' ? -2 : expected === 'exists' ? -4 : expected;
  return {
    code: Status.FAILED_PRECONDITION,
    details: `Delete failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${version}, Actual version: ${current}`,
    metadata: {
      exception: 'wrong-expected-version',
      'stream-name': stream,
      'expected-version': String(version),
      'actual-version': String(current),
    },
  };
};

export const tooLarge = (limit: number): Failure => ({
  code: Status.INVALID_ARGUMENT,
  details: `Maximum Append Size of ${limit} Exceeded.`,
  metadata: { exception: 'maximum-append-size-exceeded', 'maximum-append-size': String(limit) },
});

export const eventTooLarge = (id: string, size: number, limit: number): Failure => ({
  code: Status.INVALID_ARGUMENT,
  details: `Event with Id: ${id}, Size: ${size}, exceeds Maximum Append Event Size of ${limit}.`,
  metadata: {
    exception: 'maximum-append-event-size-exceeded',
    'maximum-append-event-size': String(limit),
    'event-id': id,
    'proposed-append-event-size': String(size),
  },
});

/** A subscription's answer to an invalid position; a read has its own, see `readFailed`. */
const invalidPosition: Failure = { code: Status.INVALID_ARGUMENT, details: 'Trying to read from an invalid position.' };

export const failureOf = (error: unknown): Failure =>
  error instanceof RefusedError ? error.failure : error instanceof InvalidPositionError ? invalidPosition : thrown;
