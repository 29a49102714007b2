import {
  AppendTooLargeError,
  HistoryBrokenError,
  InvalidPositionError,
  OutcomeUnknownError,
  StoreUnavailableError,
} from '../event-store.js';
import type { Endpoint } from './connection.js';

/** The numbers of gRPC that mean something here. */
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

/** What went wrong on the way to the server or there. */
export interface Failure {
  readonly kind:
    | 'not-leader' // another node leads; nothing was done
    | 'not-ready' // never sent, or the server is starting or electing; nothing was done
    | 'busy' // the server has too much to do; nothing was done
    | 'refused' // by its credentials or rights; nothing was done
    | 'deleted' // the stream was tombstoned
    | 'too-large' // nothing was done
    | 'invalid-position' // of another log
    | 'invalid' // the server does not understand; nothing was done
    | 'timed-out' // the server answers that it does not know; asking again does no harm
    | 'lost'; // the answer did not come: it may or may not have been done
  /** For logs; holds no secret. */
  readonly message: string;
  readonly leader?: Endpoint;
}

interface GrpcError {
  readonly code: number;
  readonly details?: string;
  readonly metadata?: { get(key: string): readonly (string | Buffer)[] };
}
const isGrpc = (error: unknown): error is GrpcError =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'number';

/** Nothing was sent, says the gRPC library; or the server, before it did anything. */
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
  return { kind: 'lost', message };
};

/** A failure on its way through promises. */
export class CallFailedError extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

/** Whether the connection is of no further use, and another is to be sought. */
export const breaksConnection = ({ kind }: Failure): boolean => kind === 'not-leader' || kind === 'not-ready' || kind === 'lost';
/** Whether the same call may soon succeed, though nothing was done. */
export const passes = ({ kind }: Failure): boolean => kind === 'not-leader' || kind === 'not-ready' || kind === 'busy';

/** Whether a question, which changes nothing, may be asked again. */
export const mayBeAskedAgain = (failure: Failure): boolean => passes(failure) || failure.kind === 'lost' || failure.kind === 'timed-out';

/** What a failure means for the caller of the port. */
export const portError = (
  failure: Failure,
  what: { readonly stream?: string; readonly append?: boolean; readonly retryAfter: number },
): Error => {
  const { kind, message } = failure;
  const stream = what.stream ?? 'The log';
  switch (kind) {
    case 'deleted':
      return new HistoryBrokenError(`${stream} was deleted on the server: what was recorded in it is gone.`);
    case 'too-large':
      return new AppendTooLargeError(`KurrentDB takes no append as large as this: ${message}`);
    case 'invalid-position':
      return new InvalidPositionError(`The server knows no such position in its log: ${message}`);
    case 'refused':
      return new StoreUnavailableError(`KurrentDB refused the user, certificate or right: ${message}`);
    case 'invalid':
      return new StoreUnavailableError(`KurrentDB did not understand the request: ${message}`);
    case 'timed-out':
    case 'lost':
      if (what.append) return new OutcomeUnknownError(`No answer came from KurrentDB: ${message}`);
      return new StoreUnavailableError(`No answer came from KurrentDB: ${message}`, what.retryAfter);
    default:
      return new StoreUnavailableError(`KurrentDB is away: ${message}`, what.retryAfter);
  }
};
