import {
  AppendTooLargeError,
  HistoryBrokenError,
  InvalidPositionError,
  OutcomeUnknownError,
  StoreUnavailableError,
  StreamBrokenError,
} from '../event-store.js';
import type { Endpoint } from './connection.js';

/** The gRPC status codes that this adapter distinguishes. */
export const STATUS = {
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** Why a call to the server failed. */
export interface Failure {
  readonly kind:
    | 'not-leader' // another node is the leader; nothing was done
    | 'not-ready' // never sent, or the server is starting or electing a leader; nothing was done
    | 'busy' // the server is overloaded; nothing was done
    | 'refused' // wrong credentials or missing permission; nothing was done
    | 'other-ledger' // the server holds no ledger, or another one; nothing was done
    | 'deleted' // the stream has a tombstone
    | 'too-large' // the append exceeds the server's limit; nothing was done
    | 'invalid-position' // the position belongs to another log
    | 'invalid' // the server does not understand the request; nothing was done
    | 'timed-out' // the server reports an unknown outcome; repeating the call is safe
    | 'lost'; // no answer came; the outcome is unknown
  /** For logs; contains no secret. */
  readonly message: string;
  readonly leader?: Endpoint;
  /** Whether the deadline passed before the answer was complete. */
  readonly isLate?: boolean;
  /** The append may be stored although the failure's kind says that nothing was done: it shared a request with the one refused. */
  readonly mayBeStored?: true;
}

interface GrpcError {
  readonly code: number;
  readonly details?: string;
  readonly metadata?: { get(key: string): readonly (string | Buffer)[] };
}
const isGrpc = (error: unknown): error is GrpcError =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'number';

/** Details by which the gRPC library says that nothing was sent, or the server that nothing was done. */
const NOT_DONE =
  /^(No connection established|Name resolution failed|Channel closed before call started|Server Is Not Ready|No leader info available)/;

export const failureOf = (error: unknown): Failure => {
  if (error instanceof CallFailedError) return error.failure;
  if (!isGrpc(error)) return { kind: 'lost', message: error instanceof Error ? error.message : String(error) };
  const { code, details = '', metadata } = error;
  const answer = (key: string): string => String(metadata?.get(key)[0] ?? '');
  const message = `${Object.entries(STATUS).find(([, number]) => number === code)?.[0] ?? code}: ${details}`;
  const exception = answer('exception');
  if (exception === 'not-leader') {
    const [address, port] = [answer('leader-endpoint-host'), Number(answer('leader-endpoint-port'))];
    return { kind: 'not-leader', message, ...(address !== '' && port > 0 && { leader: { address, port } }) };
  }
  if (exception === 'stream-deleted') return { kind: 'deleted', message };
  if (/^maximum-append-(event-)?size-exceeded$/.test(exception)) return { kind: 'too-large', message };
  if (NOT_DONE.test(details)) return { kind: 'not-ready', message };
  if (code === STATUS.resourceExhausted || details === 'Server Is Too Busy') return { kind: 'busy', message };
  if (code === STATUS.aborted) return { kind: 'timed-out', message };
  if (code === STATUS.permissionDenied || code === STATUS.unauthenticated) return { kind: 'refused', message };
  if (code === STATUS.invalidArgument) return { kind: /invalid position/i.test(details) ? 'invalid-position' : 'invalid', message };
  if (/InvalidPosition/.test(details)) return { kind: 'invalid-position', message };
  if (code === STATUS.unimplemented || code === STATUS.failedPrecondition) return { kind: 'invalid', message };
  return { kind: 'lost', message, ...(code === STATUS.deadlineExceeded && { isLate: true }) };
};

/** Why a stream with a tombstone or a soft deletion is incomplete. */
export const DELETED = 'it was deleted';

/** A Failure as an exception. */
export class CallFailedError extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

/** Whether the connection is unusable and a new one is needed. */
export const breaksConnection = ({ kind }: Failure): boolean =>
  kind === 'not-leader' || kind === 'not-ready' || kind === 'other-ledger' || kind === 'lost';
/** Whether nothing was done and the same call may soon succeed. */
export const isTransient = ({ kind }: Failure): boolean =>
  kind === 'not-leader' || kind === 'not-ready' || kind === 'other-ledger' || kind === 'busy';

/** Whether a read, which changes nothing, may be repeated. */
export const isRetryableRead = (failure: Failure): boolean =>
  isTransient(failure) || failure.kind === 'lost' || failure.kind === 'timed-out';

/** The error of the store port that a failure becomes. */
export const portError = (
  failure: Failure,
  what: { readonly stream?: string; readonly append?: boolean; readonly retryAfter: number },
): Error => {
  const { kind, message } = failure;
  if (what.append && failure.mayBeStored) return new OutcomeUnknownError(`KurrentDB ended the request before it answered: ${message}`);
  switch (kind) {
    case 'deleted':
      if (what.stream === undefined) return new HistoryBrokenError('The log was deleted on the server.');
      return new StreamBrokenError(what.stream, DELETED);
    case 'too-large':
      return new AppendTooLargeError(`The append is too large for KurrentDB: ${message}`);
    case 'invalid-position':
      return new InvalidPositionError(`The server's log has no such position: ${message}`);
    case 'refused':
      return new StoreUnavailableError(`KurrentDB refused the credentials, certificate or permission: ${message}`);
    case 'invalid':
      return new StoreUnavailableError(`KurrentDB did not understand the request: ${message}`);
    case 'timed-out':
    case 'lost':
      if (what.append) return new OutcomeUnknownError(`KurrentDB did not answer: ${message}`);
      return new StoreUnavailableError(`KurrentDB did not answer: ${message}`, what.retryAfter);
    default:
      return new StoreUnavailableError(`KurrentDB is unavailable: ${message}`, what.retryAfter);
  }
};
