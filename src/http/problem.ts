import { Catch, HttpException, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { ClockError } from '../engine/write/clock-guard.js';
import { engineRefusals } from '../engine/write/decide.js';
import { OverloadedError, StaleRevisionError } from '../engine/write/engine.js';
import { IdempotencyKeyReusedError } from '../engine/write/receipt.js';
import { RebuildingError } from '../engine/read/projector.js';
import { ListTooLargeError, ViewTooLargeError } from '../engine/read/read-errors.js';
import { UnreadableEventError, UnsupportedSchemaVersionError, Rejection, stageRefusals, type Json, type Problem } from '../kernel/index.js';
import {
  AppendTooLargeError,
  AlteredHistoryError,
  HistoryBrokenError,
  InvalidPositionError,
  OutcomeUnknownError,
  PositionOfAnotherStoreError,
  StoreUnavailableError,
  StreamBrokenError,
  WrongExpectedRevisionError,
} from '../store/event-store.js';
import { ReadModelDamagedError, ReadModelUnavailableError } from '../store/read-model.js';
import { TooManyWaitersError } from '../store/signal.js';
import { LOG, REFUSED, REGISTRY, type Logger, type NoteRefused, type RefusedRequest, type Registry } from './ledger.js';
import { Routes } from './routes.js';
import type { Headers } from './security-headers.js';

/** RFC 9457. `type` is stable: programs go by it, people by the rest. */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly errors?: readonly Fault[];
  readonly [more: string]: unknown;
}

/** Where a request is wrong: a place in its body, a parameter of its address, or a header. */
export type Fault =
  Problem | { readonly parameter: string; readonly detail: string } | { readonly header: string; readonly detail: string };

/** What was wrong with the request itself. */
export class BadRequestError extends Error {
  override readonly name = 'BadRequestError';
  constructor(
    readonly errors: readonly Fault[],
    readonly code: keyof typeof titles = 'bad-request',
    readonly status = 400,
  ) {
    super(errors[0] ? `${placeOf(errors[0])} ${errors[0].detail}.`.trimStart() : 'The request is malformed.');
  }
}
const placeOf = (fault: Fault): string =>
  'parameter' in fault ? fault.parameter : 'header' in fault ? fault.header : fault.pointer || 'The body';
export const badParameter = (parameter: string, detail: string): BadRequestError =>
  new BadRequestError([{ parameter, detail }], 'bad-parameter');
export const badHeader = (header: string, detail: string): BadRequestError => new BadRequestError([{ header, detail }], 'bad-header');

/** No token came with the request, or one that is not in force. */
export class NotAuthenticatedError extends Error {
  override readonly name = 'NotAuthenticatedError';
  constructor(
    message: string,
    readonly reason?: 'invalid_token',
  ) {
    super(message);
  }
  /** RFC 6750, section 3. */
  get challenge(): string {
    return `Bearer realm="tower-ledger"${this.reason ? `, error="${this.reason}"` : ''}`;
  }
}
/** The token is in force, and none of its roles may do this. */
export class NotAllowedError extends Error {
  override readonly name = 'NotAllowedError';
  constructor(
    message: string,
    /** Whose token it is. */
    readonly token?: { readonly person: string; readonly roles: readonly string[] },
    /** The place in the body that asks for another role. */
    readonly pointer?: string,
  ) {
    super(message);
  }
}
export class MethodNotAllowedError extends Error {
  override readonly name = 'MethodNotAllowedError';
}
/** The header `Accept` names no form that the answer has. */
export class NotAcceptableError extends Error {
  override readonly name = 'NotAcceptableError';
}
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
}
/** All that was recorded of it has been withdrawn, or it is a duplicate. */
export class GoneError extends Error {
  override readonly name = 'GoneError';
  constructor(
    message: string,
    /** The one that is kept, and its address. */
    readonly duplicateOf?: { readonly id: string; readonly href: string },
  ) {
    super(message);
  }
}
/** A read's `minPosition` was not reached in time. */
export class NotCaughtUpError extends Error {
  override readonly name = 'NotCaughtUpError';
}
export class TooManySubscribersError extends Error {
  override readonly name = 'TooManySubscribersError';
}
/** As many replays as may are under way. */
export class TooManyReplaysError extends Error {
  override readonly name = 'TooManyReplaysError';
}
/** As many bundles as may are being sent. */
export class TooManyBundlesError extends Error {
  override readonly name = 'TooManyBundlesError';
}
/** A bundle would be larger than one that is sent. */
export class BundleTooLargeError extends Error {
  override readonly name = 'BundleTooLargeError';
}
/** This token has taken its share of the follower slots. */
export class TooManyForTokenError extends Error {
  override readonly name = 'TooManyForTokenError';
}
/** Too many tokens that are not in force came from one address. */
export class TooManyFailedSignInsError extends Error {
  override readonly name = 'TooManyFailedSignInsError';
  constructor(readonly retryAfter: number) {
    super('Too many tokens that are not in force came from this address. A token that is in force is taken at any time.');
  }
}
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';
  constructor(readonly more: Readonly<Record<string, Json>>) {
    super(
      'The store is away, its history is not the one that was signed, its proof is gone or replaced, the clock cannot be trusted, or the projections are too far behind.',
    );
  }
}
export class ShuttingDownError extends Error {
  override readonly name = 'ShuttingDownError';
}

const typeOf = (code: string): string => `urn:tower-ledger:problem:${code}`;
const titles = {
  'bad-request': 'The request is malformed.',
  'bad-body': 'The body is not what this command takes.',
  'bad-parameter': 'A parameter is not known or not allowed.',
  'bad-header': 'A header is malformed.',
  'bad-position': 'This is not a position of this ledger.',
  'position-gone': 'The position is one of another store.',
  'too-slow': 'The request did not come whole in time.',
  'body-too-large': 'The body is too large.',
  'too-large': 'The record is too large.',
  'media-type': 'The body must be JSON.',
  'content-encoding': 'The body must not be compressed or encoded otherwise.',
  'view-too-large': 'The view of a day is too large.',
  'bundle-too-large': 'The bundle is too large to be sent.',
  'list-too-large': 'More rows pass than are sorted or added up at once.',
  'not-found': 'Nothing is there.',
  withdrawn: 'All that was recorded of it has been withdrawn.',
  duplicate: 'It is a duplicate of another one, which is kept.',
  'not-authenticated': 'The request needs a token that is in force.',
  'not-allowed': 'The roles of this token may not do this.',
  'bad-host': 'The server answers to this machine alone.',
  'method-not-allowed': 'The method is not allowed here.',
  'stale-revision': 'The stream is not as the request asks.',
  'key-reused': 'The idempotency key was used for another command.',
  'queue-full': 'Too many commands are under way.',
  contention: 'Others wrote to the same stream at the same time.',
  'store-unavailable': 'The store is away.',
  clock: "The server's clock cannot be trusted.",
  'outcome-unknown': 'Whether the command was stored is not known.',
  'newer-version-needed': 'The stream holds facts that are newer than this program.',
  'not-caught-up': 'The position was not reached in time.',
  'too-many-subscribers': 'Too many clients follow.',
  'too-many-replays': 'Too many replays are under way.',
  'too-many-bundles': 'Too many bundles are under way.',
  'not-acceptable': 'The answer has none of the forms that the request takes.',
  'too-many-for-token': 'Too many clients follow with this token.',
  'too-many-failed-sign-ins': 'Too many sign-ins failed.',
  rebuilding: 'The projection is being rebuilt.',
  'stream-broken': 'The store no longer shows every event of this stream: commands on it are refused until it does.',
  'history-broken': 'What was recorded is gone or changed: no answer can be given on it.',
  'not-ready': 'The server is not ready.',
  'shutting-down': 'The server is closing.',
  internal: 'Something went wrong on our side.',
} as const;
/** Of a rule, its own: `contract/unknown`. */
type Code = keyof typeof titles | `${string}/${string}`;
const byStatus: Readonly<Record<number, keyof typeof titles>> = {
  404: 'not-found',
  408: 'too-slow',
  413: 'body-too-large',
  415: 'media-type',
  503: 'shutting-down',
};

interface Answer {
  readonly code: Code;
  readonly status: number;
  readonly detail?: string | undefined;
  readonly title?: string | undefined;
  readonly errors?: readonly Fault[] | undefined;
  readonly more?: Readonly<Record<string, Json | undefined>>;
  readonly retryAfter?: number;
  readonly challenge?: string;
}

const again = (code: keyof typeof titles, retryAfter: number, detail: string): Answer => ({ code, status: 503, retryAfter, detail });
const ALL_STAGES = ['/unknown', '/exists', '/not-yet', '/stage'];

/** The sentence of a code: that of a rule as the rule declares it. */
export const titleOf = (code: string, commands: Registry['commands']): string =>
  (titles as Readonly<Record<string, string>>)[code] ??
  (engineRefusals as Readonly<Record<string, string>>)[code] ??
  (ALL_STAGES.some((end) => code.endsWith(end)) ? stageRefusals(code.split('/')[0]!)[code] : undefined) ??
  commands.find(({ refusals }) => Object.hasOwn(refusals, code))?.refusals[code] ??
  'Refused by a rule.';

/** The only place that gives an error its status and its code. */
const answerTo = (error: unknown, { commands }: Pick<Registry, 'commands'>): Answer => {
  if (error instanceof BadRequestError) return { code: error.code, status: error.status, detail: error.message, errors: error.errors };
  if (error instanceof Rejection) {
    const { pointer, ...more } = error.more;
    const title = titleOf(error.code, commands);
    const detail = error.message;
    return { code: error.code as Code, status: 409, title, detail, more, ...(pointer !== undefined && { errors: [{ pointer, detail }] }) };
  }
  if (error instanceof NotAuthenticatedError)
    return { code: 'not-authenticated', status: 401, detail: error.message, challenge: error.challenge };
  if (error instanceof NotAllowedError) {
    const { message: detail, pointer } = error;
    return { code: 'not-allowed', status: 403, detail, ...(pointer !== undefined && { errors: [{ pointer, detail }] }) };
  }
  if (error instanceof StaleRevisionError)
    return { code: 'stale-revision', status: 412, detail: error.message, more: { revision: error.actual } };
  if (error instanceof IdempotencyKeyReusedError) return { code: 'key-reused', status: 422, detail: error.message };
  if (error instanceof PositionOfAnotherStoreError)
    return { code: 'position-gone', status: 410, detail: `${error.message} It is one of the store that the ledger was in before.` };
  if (error instanceof InvalidPositionError) return { code: 'bad-position', status: 400, detail: error.message };
  if (error instanceof MethodNotAllowedError) return { code: 'method-not-allowed', status: 405, detail: error.message };
  if (error instanceof NotFoundError) return { code: 'not-found', status: 404, detail: error.message };
  if (error instanceof GoneError)
    return error.duplicateOf
      ? { code: 'duplicate', status: 410, detail: error.message, more: { duplicateOf: error.duplicateOf } }
      : { code: 'withdrawn', status: 410, detail: error.message };
  if (error instanceof OverloadedError) return again('queue-full', 1, error.message);
  if (error instanceof ClockError)
    return again('clock', Math.max(1, Math.ceil(error.retryAfter / 1000)), `${error.message} Nothing was stored.`);
  if (error instanceof WrongExpectedRevisionError)
    return again('contention', 1, 'Others won every race for the stream: send the command again.');
  if (error instanceof StoreUnavailableError)
    return again('store-unavailable', Math.max(1, Math.ceil((error.retryAfter ?? 5000) / 1000)), 'Nothing was stored: send the command again later.'); // prettier-ignore
  if (error instanceof AppendTooLargeError)
    return { code: 'too-large', status: 413, detail: 'The command makes a record larger than the store takes.' };
  if (error instanceof StreamBrokenError) return again('stream-broken', 10, error.message);
  if (error instanceof HistoryBrokenError) return { code: 'history-broken', status: 500, detail: error.message };
  if (error instanceof OutcomeUnknownError)
    return again('outcome-unknown', 1, 'The command may or may not have been stored: send it again with the same Idempotency-Key.');
  if (error instanceof ListTooLargeError) return { code: 'list-too-large', status: 422, detail: error.message };
  if (error instanceof ViewTooLargeError) return { code: 'view-too-large', status: 422, detail: error.message };
  if (error instanceof UnreadableEventError) return { code: error.code, status: 500, detail: error.message };
  if (error instanceof UnsupportedSchemaVersionError) return again('newer-version-needed', 60, error.message);
  if (error instanceof NotCaughtUpError || error instanceof TooManyWaitersError) return again('not-caught-up', 1, error.message);
  if (error instanceof TooManySubscribersError) return again('too-many-subscribers', 10, error.message);
  if (error instanceof TooManyReplaysError) return again('too-many-replays', 10, error.message);
  if (error instanceof TooManyBundlesError) return again('too-many-bundles', 10, error.message);
  if (error instanceof BundleTooLargeError) return { code: 'bundle-too-large', status: 422, detail: error.message };
  if (error instanceof NotAcceptableError) return { code: 'not-acceptable', status: 406, detail: error.message };
  if (error instanceof TooManyForTokenError) return { code: 'too-many-for-token', status: 429, retryAfter: 10, detail: error.message };
  if (error instanceof TooManyFailedSignInsError)
    return { code: 'too-many-failed-sign-ins', status: 429, retryAfter: error.retryAfter, detail: error.message };
  if (error instanceof RebuildingError || error instanceof ReadModelDamagedError) return again('rebuilding', 5, error.message);
  if (error instanceof ReadModelUnavailableError) return again('not-caught-up', 1, error.message);
  if (error instanceof NotReadyError) return { ...again('not-ready', 1, error.message), more: error.more };
  if (error instanceof ShuttingDownError) return again('shutting-down', 1, error.message);
  const status = error instanceof HttpException ? error.getStatus() : statusOf(error);
  if (status >= 400 && status < 500) return { code: byStatus[status] ?? 'bad-request', status, detail: messageOf(error) };
  if (status === 503) return again('shutting-down', 1, 'The server is closing.');
  return { code: 'internal', status: 500 };
};

const statusOf = (error: unknown): number => {
  const { statusCode } = (error ?? {}) as { readonly statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : 500;
};
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'The request is malformed.');

const render = ({ code, status, title, detail, errors, more = {} }: Answer): ProblemDetails => ({
  type: typeOf(code),
  title: title ?? titles[code as keyof typeof titles] ?? STATUS_CODES[status] ?? 'No.',
  status,
  ...(detail !== undefined && { detail }),
  ...(errors && { errors }),
  ...Object.fromEntries(Object.entries(more).filter(([name]) => !['type', 'title', 'status', 'detail', 'errors'].includes(name))),
});

/** An error as the problem that the API would answer, for a page that shows it. */
export const problemOf = (error: unknown, registry: Pick<Registry, 'commands'>): ProblemDetails => render(answerTo(error, registry));

/** What an answer refuses somebody; undefined where it is no refusal, or one of a command, which its controller knows more of. */
export const refusedBy = (error: unknown, registry: Pick<Registry, 'commands'>): RefusedRequest | undefined => {
  const isRefusal =
    error instanceof NotAuthenticatedError || error instanceof NotAllowedError || error instanceof TooManyFailedSignInsError;
  if (!isRefusal) return undefined;
  const { code, status } = answerTo(error, registry);
  return {
    status: status as RefusedRequest['status'],
    code,
    detail: error.message,
    ...(error instanceof NotAllowedError && error.token && { token: error.token }),
    ...(error instanceof NotAllowedError && error.pointer && { pointer: error.pointer }),
  };
};

export interface ProblemContext extends Pick<Registry, 'commands'> {
  readonly log: Logger;
}

/** Whether an answer is of a failure that only the log explains, under an id. */
export const isUnexpected = (error: unknown, status: number): boolean => status === 500 && !(error instanceof AlteredHistoryError);

/** Answers an error. One that has no code of its own is logged under an id, and the answer shows nothing of it but the id. */
export const sendProblem = (error: unknown, reply: FastifyReply, { commands, log }: ProblemContext): void => {
  let answer = answerTo(error, { commands });
  if (isUnexpected(error, answer.status)) {
    const id = randomUUID();
    log.error({ err: error, id, method: reply.request.method, route: reply.request.routeOptions?.url }, 'unexpected');
    answer = { ...answer, more: { instance: `urn:uuid:${id}` } };
  }
  if (reply.sent) return;
  if (answer.retryAfter !== undefined) reply.header('retry-after', String(answer.retryAfter));
  if (answer.challenge !== undefined) reply.header('www-authenticate', answer.challenge);
  reply
    .code(answer.status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify(render(answer)));
};

/** Ends a connection on which no request has come whole, with the reason. */
export const shutDown = (socket: Socket, headers: Headers): void => {
  const { retryAfter, ...answer } = again('shutting-down', 1, 'The server is closing.');
  endWith(socket, answer, [...headers, ['Retry-After', String(retryAfter)]]);
};

/** Answers what came over a connection and was not HTTP, or not in time. */
export const notHttp =
  (headers: Headers) =>
  (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
    const title = status === 431 ? STATUS_CODES[status] : undefined;
    endWith(socket, { code: status === 408 ? 'too-slow' : 'bad-request', status, title }, headers);
  };

const endWith = (socket: Socket, answer: Answer, headers: Headers): void => {
  const body = JSON.stringify(render(answer));
  const head = [
    `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
};

@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #context: ProblemContext;

  constructor(
    @Inject(LOG) log: Logger,
    @Inject(REGISTRY) { commands }: Registry,
    @Inject(Routes) private readonly routes: Routes,
    @Inject(REFUSED) private readonly refused: NoteRefused,
  ) {
    this.#context = { log, commands };
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    const request = http.getRequest<FastifyRequest>();
    if (error instanceof HttpException && error.getStatus() === 404 && request.is404) return this.#noRoute(request, reply);
    const refused = refusedBy(error, this.#context);
    if (refused) this.refused(request, refused);
    sendProblem(error, reply, this.#context);
  }

  #noRoute(request: FastifyRequest, reply: FastifyReply): void {
    const allowed = this.routes.methodsAt(request.url.split('?')[0]!);
    if (allowed.length === 0) return sendProblem(new NotFoundError('There is no such route.'), reply, this.#context);
    reply.header('allow', allowed.join(', '));
    const detail = `There is no ${request.method} here.`;
    sendProblem(new MethodNotAllowedError(detail), reply, this.#context);
  }
}
