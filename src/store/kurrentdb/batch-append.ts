import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { Status } from '@eventstore/db-client/generated/status_pb.js';
import messages from '@eventstore/db-client/generated/streams_pb.js';
import type { BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { appendFrame, PREFIX } from './append-frame.js';
import type { Connection, Endpoint } from './connection.js';
import { CallFailedError, failureOf, STATUS, type Failure } from './errors.js';
import type { AppendAnswer, Proposed } from './protocol.js';

const PATH = '/event_store.client.streams.Streams/BatchAppend';

/**
 * Maximum bytes of data and metadata of an append on the shared request. Larger ones use a call of their own: they would hold up the
 * others, and a message above the server's limit ends the whole request. With 64 appends in flight at most 4 MB wait to be sent.
 */
export const MAX_BATCHED_BYTES = 64 * 1024;

/** Maximum bytes of one answer. The server's answers have about a hundred. */
const MAX_ANSWER_BYTES = 1024 * 1024;

interface Waiting {
  resolve(answer: AppendAnswer): void;
  reject(error: CallFailedError): void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Many appends on one BatchAppend request, which costs a fraction of one call each. All appends of one turn of the event loop leave in one
 * write; answers come in any order and are matched by correlation id. A request that ends fails each append without an answer, and the next
 * append opens another on the same connection. When the connection ends, so does this: the owner makes another, and first finds out which
 * server is there. Its appends in flight are as many as the caller starts.
 */
export class BatchAppend {
  readonly #session: ClientHttp2Session;
  readonly #headers: OutgoingHttpHeaders;
  readonly #waiting = new Map<string, Waiting>();
  #request: ClientHttp2Stream | undefined;
  /** The appends of this turn. */
  #frames: Buffer[] = [];
  #appends = 0;
  /** The beginning of an answer whose end has not arrived. */
  #rest: Buffer | undefined;
  #connected = false;
  #closing = false;
  #error: Error | undefined;

  constructor({ address, port }: Endpoint, connection: Connection) {
    const { tls, rootCertificate, userCertificate, credentials, connectionName, keepAliveInterval, keepAliveTimeout } = connection;
    this.#headers = {
      ':method': 'POST',
      ':path': PATH,
      'content-type': 'application/grpc',
      te: 'trailers',
      'requires-leader': 'true',
      ...(connectionName !== undefined && { 'connection-name': connectionName }),
      // As the client does, without TLS no credentials are sent.
      ...(tls && credentials && { authorization: `Basic ${base64(`${credentials.username}:${credentials.password}`)}` }),
    };
    this.#session = connect(`${tls ? 'https' : 'http'}://${address}:${port}`, {
      settings: { enablePush: false },
      ...(rootCertificate && { ca: rootCertificate }),
      ...(userCertificate && { cert: userCertificate.certificate, key: userCertificate.key }),
    });
    const pings = setInterval(() => this.#ping(keepAliveTimeout), keepAliveInterval).unref();
    this.#session.on('connect', () => (this.#connected = true));
    this.#session.on('error', (error: Error) => (this.#error ??= error));
    // A server that shuts down finishes what it has and takes nothing new.
    this.#session.on('goaway', () => this.close());
    this.#session.on('close', () => {
      clearInterval(pings);
      this.#fail(this.#lost());
    });
  }

  /** Resolves once the connection is established. @param deadline in milliseconds @throws CallFailedError */
  connected(deadline: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#destroy('it was not established before the deadline'), deadline);
      this.#session.once('close', () => {
        clearTimeout(timer);
        reject(new CallFailedError(this.#lost()));
      });
      this.#session.once('connect', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Whether it takes no more appends. */
  get isClosed(): boolean {
    return this.#closing || this.#session.closed || this.#session.destroyed;
  }

  /** @param deadline in milliseconds @throws CallFailedError */
  append(stream: string, expected: number, events: readonly Proposed[], deadline: number): Promise<AppendAnswer> {
    if (this.isClosed) return Promise.reject(new CallFailedError({ kind: 'not-ready', message: CLOSED }));
    const id = `00000000-0000-4000-8000-${(++this.#appends).toString(16).padStart(12, '0')}`;
    if (this.#frames.push(appendFrame(id, stream, expected, events)) === 1) setImmediate(() => this.#write());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#late(id), deadline);
      this.#waiting.set(id, { resolve, reject, timer });
    });
  }

  /** Takes no more appends; those in flight finish. */
  close(): void {
    this.#closing = true;
    if (this.#waiting.size === 0) this.#session.destroy();
  }

  #write(): void {
    const frames = this.#frames;
    this.#frames = [];
    if (frames.length === 0 || this.#session.destroyed) return;
    this.#request ??= this.#open();
    this.#request.write(Buffer.concat(frames));
  }

  #open(): ClientHttp2Stream {
    const request = this.#session.request(this.#headers, { endStream: false });
    this.#error = undefined;
    const end = (failure: Failure): void => {
      request.close();
      if (this.#request !== request) return;
      this.#request = undefined;
      this.#fail(failure);
    };
    request.on('response', (headers) => {
      if (headers['grpc-status'] !== undefined || headers[':status'] !== 200) end(endedWith(headers));
    });
    request.on('data', (chunk: Buffer) => this.#request === request && this.#read(chunk));
    request.on('trailers', (trailers) => end(endedWith(trailers)));
    request.on('error', (error) => (this.#error ??= error));
    request.on('end', () => end(this.#lost()));
    request.on('close', () => end(request.rstCode === constants.NGHTTP2_REFUSED_STREAM ? UNREAD : this.#lost()));
    return request;
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    let at = 0;
    while (bytes.length - at >= PREFIX) {
      const length = bytes.readUInt32BE(at + 1);
      if (bytes[at] !== 0 || length > MAX_ANSWER_BYTES) return this.#destroy('The server sent a compressed or a huge answer.');
      if (bytes.length - at < PREFIX + length) break;
      this.#answered(bytes.subarray(at + PREFIX, at + PREFIX + length));
      at += PREFIX + length;
    }
    this.#rest = at < bytes.length ? bytes.subarray(at) : undefined;
  }

  #answered(bytes: Uint8Array): void {
    const response = messages.BatchAppendResp.deserializeBinary(bytes);
    const waiting = this.#take(response.getCorrelationId()?.getString() ?? '');
    if (!waiting) return; // its deadline has passed
    const answer = answerOf(response);
    if ('kind' in answer) waiting.reject(new CallFailedError(answer));
    else waiting.resolve(answer);
  }

  /** Removes an append that is settled. The last one of a closed connection ends it. */
  #take(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (!waiting) return undefined;
    clearTimeout(waiting.timer);
    this.#waiting.delete(id);
    if (this.#closing && this.#waiting.size === 0) this.#session.destroy();
    return waiting;
  }

  #late(id: string): void {
    // Without a connection nothing was sent, and nothing may be sent later: the connection is given up.
    if (!this.#connected) return this.#destroy('it was not established before the deadline');
    this.#take(id)?.reject(new CallFailedError({ kind: 'lost', message: 'No answer came before the deadline.' }));
  }

  /** A connection that does not answer may be half open, which its socket does not notice. */
  #ping(timeout: number): void {
    if (!this.#connected || this.#session.destroyed) return;
    const late = setTimeout(() => this.#destroy('The connection does not answer.'), timeout).unref();
    if (!this.#session.ping(() => clearTimeout(late))) clearTimeout(late);
  }

  #destroy(message: string): void {
    this.#error ??= new Error(message);
    this.#session.destroy();
  }

  /** Fails every append without an answer. */
  #fail(failure: Failure): void {
    [this.#frames, this.#rest] = [[], undefined];
    for (const id of [...this.#waiting.keys()]) this.#take(id)?.reject(new CallFailedError(failure));
  }

  #lost(): Failure {
    const why = this.#error?.message;
    if (!this.#connected) return { kind: 'not-ready', message: `No connection established: ${why ?? 'it was closed'}` };
    return { kind: 'lost', message: why ?? 'The server ended the request.' };
  }
}

const CLOSED = 'The connection was closed.';
const UNREAD: Failure = { kind: 'not-ready', message: 'The server refused the request unread.' };

/**
 * What the status of a request says of its appends. Refused credentials concern the whole request. Any other refusal, such as that of a
 * node that has ceased to be the leader, answers one append only: others before it may be stored.
 */
const endedWith = (headers: IncomingHttpHeaders): Failure => {
  const failure = failureOf(statusOf(headers));
  return failure.kind === 'refused' ? failure : { ...failure, mayBeStored: true };
};

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Statuses that an intermediary may answer instead of gRPC's own, as the gRPC protocol maps them. */
const HTTP_STATUS: { readonly [status: number]: number } = {
  400: STATUS.internal,
  401: STATUS.unauthenticated,
  403: STATUS.permissionDenied,
  404: STATUS.unimplemented,
  429: STATUS.unavailable,
  502: STATUS.unavailable,
  503: STATUS.unavailable,
  504: STATUS.unavailable,
};

/** The status of a request as the gRPC library would give it. */
const statusOf = (headers: IncomingHttpHeaders) => {
  const http = Number(headers[':status'] ?? 200);
  const given = headers['grpc-status'];
  const code = given === undefined ? (HTTP_STATUS[http] ?? STATUS.unknown) : Number(given);
  const details = given === undefined ? `HTTP status ${http}` : decoded(String(headers['grpc-message'] ?? ''));
  return { code, details, metadata: { get: (key: string) => [headers[key] ?? []].flat() } };
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const answerOf = (response: BatchAppendResp): AppendAnswer | Failure => {
  const error = response.getError();
  if (error) return refusalOf(error);
  const success = response.getSuccess();
  const position = success?.getPosition();
  return {
    revision: success?.hasCurrentRevision() ? Number(success.getCurrentRevision()) : -1,
    ...(position && { position: { commit: BigInt(position.getCommitPosition()), prepare: BigInt(position.getPreparePosition()) } }),
  };
};

const KINDS: { readonly [type: string]: Failure['kind'] } = {
  StreamDeleted: 'deleted',
  AccessDenied: 'refused',
  Timeout: 'timed-out',
  MaximumAppendSizeExceeded: 'too-large',
  MaximumAppendEventSizeExceeded: 'too-large',
  BadRequest: 'invalid',
  InvalidTransaction: 'invalid',
};

/** What the server says of one append: by the type of its details, or by its message where there are none. */
const refusalOf = (error: Status): AppendAnswer | Failure => {
  const [type, message] = [error.getDetails()?.getTypeUrl().split('.').at(-1) ?? '', error.getMessage()];
  if (type === 'WrongExpectedVersion') {
    const wrong = shared.WrongExpectedVersion.deserializeBinary(error.getDetails()!.getValue_asU8());
    return { conflictAt: wrong.hasCurrentStreamRevision() ? Number(wrong.getCurrentStreamRevision()) : -1 };
  }
  const kind = KINDS[type] ?? (message === 'Server Is Busy' ? 'busy' : undefined);
  return kind ? { kind, message: `${type || 'busy'}: ${message}` } : failureOf({ code: STATUS.unknown, details: message });
};
