import type {
  sendUnaryData,
  ServerDuplexStream,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { answersTo } from './answers.js';
import {
  deleteAtWrongRevision,
  eventTooLarge,
  failureOf,
  GoneError,
  RefusedError,
  statusOf,
  streamDeleted,
  thrown,
  tooLarge,
} from './failures.js';
import type { Expected, Log, Outcome, Proposed } from './log.js';
import { appendMessage, batchFailure, batchMessage, expectedOf, nameOf, positionedAt, proposedOf, sizeOf } from './messages.js';
import type { Method, Plan, FaultInjection } from './fault-injection.js';

/** The log that calls work on, and the maximum bytes of one append and of one event. */
export interface Backend {
  readonly log: Log;
  readonly maxAppendSize: number;
  readonly maxEventSize: number;
}

/** Fault injection for an open subscription. `reset` ends it without a status, as a server does on shutdown. */
export interface OpenSubscription {
  silence(): void;
  end(failure?: Parameters<typeof statusOf>[0]): void;
  reset(): void;
}

type AppendCall = ServerReadableStream<streams.AppendReq, streams.AppendResp>;
type BatchCall = ServerDuplexStream<streams.BatchAppendReq, streams.BatchAppendResp>;
type ReadCall = ServerWritableStream<streams.ReadReq, streams.ReadResp>;

/** The five calls of the streams service. */
export class StreamsService {
  readonly subscriptions = new Set<OpenSubscription>();
  appendsAtOnce = 0;
  #appends = 0;

  constructor(
    readonly backend: Backend,
    readonly faults: FaultInjection,
  ) {}

  implementation(): UntypedServiceImplementation {
    return {
      append: (call: AppendCall, answer: sendUnaryData<streams.AppendResp>) => void this.#append(call, answer),
      batchAppend: (call: BatchCall) => void this.#batchAppend(call),
      read: (call: ReadCall) => void this.#read(call),
      delete: this.unary('delete', ({ request }: ServerUnaryCall<streams.DeleteReq, streams.DeleteResp>) => {
        const at = this.#remove(request.getOptions()!, (stream, expected) => this.backend.log.softDelete(stream, expected));
        return positionedAt(at, new streams.DeleteResp.Position(), new streams.DeleteResp());
      }),
      tombstone: this.unary('tombstone', ({ request }: ServerUnaryCall<streams.TombstoneReq, streams.TombstoneResp>) => {
        const at = this.#remove(request.getOptions()!, (stream, expected) => this.backend.log.tombstone(stream, expected));
        return positionedAt(at, new streams.TombstoneResp.Position(), new streams.TombstoneResp());
      }),
    };
  }

  /** A call with one request and one answer. */
  unary<Request, Response>(method: Method, handle: (call: ServerUnaryCall<Request, Response>) => Response) {
    return async (call: ServerUnaryCall<Request, Response>, answer: sendUnaryData<Response>): Promise<void> => {
      try {
        const plan = await this.faults.admit(method, call);
        const response = handle(call);
        if (plan) await this.faults.fail(plan.fate, call);
        answer(null, response);
      } catch (error) {
        if (!(error instanceof GoneError)) answer(statusOf(failureOf(error)));
      }
    };
  }

  async #append(call: AppendCall, answer: sendUnaryData<streams.AppendResp>): Promise<void> {
    this.appendsAtOnce = Math.max(this.appendsAtOnce, ++this.#appends);
    try {
      const plan = await this.faults.admit('append', call);
      const requests: streams.AppendReq[] = [];
      for await (const request of call) requests.push(request as streams.AppendReq);
      if (call.cancelled) throw new GoneError(); // a partial append stores nothing
      const options = requests[0]?.getOptions();
      if (!options) throw new RefusedError(thrown);
      const stream = nameOf(options.getStreamIdentifier());
      const expected = expectedOf(options);
      const outcome = this.#store(stream, expected, requests.slice(1).map((request) => proposedOf(request.getProposedMessage()!))); // prettier-ignore
      if (plan) await this.faults.fail(plan.fate, call);
      if (!outcome.ok && outcome.reason === 'stream-deleted') throw new RefusedError(streamDeleted(stream));
      answer(null, appendMessage(expected, outcome));
    } catch (error) {
      if (!(error instanceof GoneError) && !call.cancelled) answer(statusOf(failureOf(error)));
    } finally {
      this.#appends--;
    }
  }

  /** Takes the appends in order of arrival, and answers each as soon as it is done. */
  async #batchAppend(call: BatchCall): Promise<void> {
    const answers = new Set<Promise<void>>();
    let over = false;
    const end = (error: unknown) => {
      if (!over && !(error instanceof GoneError) && !call.cancelled) call.emit('error', statusOf(failureOf(error)));
      over = true;
    };
    const begun = new Map<string, { options: streams.BatchAppendReq.Options; events: streams.BatchAppendReq.ProposedMessage[] }>();
    try {
      // The call must stay open after an error here, so that the error can be sent on it.
      for await (const request of call.iterator({ destroyOnReturn: false }) as AsyncIterable<streams.BatchAppendReq>) {
        const id = request.getCorrelationId()!.getString();
        const options = request.getOptions();
        if (options) begun.set(id, { options, events: [] });
        const append = begun.get(id);
        append?.events.push(...request.getProposedMessagesList());
        if (!append || !request.getIsFinal()) continue;
        begun.delete(id);
        this.appendsAtOnce = Math.max(this.appendsAtOnce, ++this.#appends);
        const answer: Promise<void> = this.#batch(call, id, append.options, append.events)
          .then((response) => void (!over && !call.cancelled && call.write(response)), end)
          .finally(() => {
            this.#appends--;
            answers.delete(answer);
          });
        answers.add(answer);
      }
      while (answers.size > 0) await Promise.all(answers);
      if (!over) call.end();
    } catch (error) {
      end(error);
    }
  }

  /** A refused append is reported in its own answer and the batch call continues; any other error ends the batch call. */
  async #batch(
    call: BatchCall,
    id: string,
    options: streams.BatchAppendReq.Options,
    events: readonly streams.BatchAppendReq.ProposedMessage[],
  ): Promise<streams.BatchAppendResp> {
    const stream = nameOf(options.getStreamIdentifier());
    const expected = expectedOf(options);
    try {
      const plan = await this.faults.admit('batchAppend', call);
      const outcome = this.#store(stream, expected, events.map(proposedOf));
      if (plan) await this.faults.fail(plan.fate, call);
      return batchMessage(id, stream, expected, outcome);
    } catch (error) {
      const answer = error instanceof RefusedError && batchFailure(id, stream, error.failure);
      if (answer) return answer;
      throw error;
    }
  }

  #store(stream: string, expected: Expected, events: readonly Proposed[]): Outcome {
    if (stream === '') throw new RefusedError(thrown);
    let size = 0;
    for (const event of events) {
      if (sizeOf(event) > this.backend.maxEventSize) {
        throw new RefusedError(eventTooLarge(event.id, sizeOf(event), this.backend.maxEventSize));
      }
      size += sizeOf(event);
      if (size > this.backend.maxAppendSize) throw new RefusedError(tooLarge(this.backend.maxAppendSize));
    }
    return this.backend.log.append(stream, expected, events);
  }

  /** Removes a stream. @returns the position of the record that removed it */
  #remove(options: Parameters<typeof expectedOf>[0], remove: (stream: string, expected: Expected) => Outcome): number {
    const stream = nameOf(options.getStreamIdentifier());
    const expected = expectedOf(options);
    const outcome = remove(stream, expected);
    if (outcome.ok) return outcome.position!;
    if (outcome.reason === 'stream-deleted') throw new RefusedError(streamDeleted(stream));
    throw new RefusedError(deleteAtWrongRevision(stream, expected, outcome.current));
  }

  async #read(call: ReadCall): Promise<void> {
    const options = call.request.getOptions()!;
    const over = new AbortController();
    call.on('cancelled', () => over.abort());
    if (!options.hasSubscription()) return this.#answer(options.hasAll() ? 'readAll' : 'readStream', call, over.signal);
    let silent = false;
    const subscription: OpenSubscription = {
      silence: () => (silent = true),
      end: (failure) => {
        over.abort();
        if (failure) call.emit('error', statusOf(failure));
        else call.end();
      },
      reset: () => (call as unknown as { call: { stream: ServerHttp2Stream } }).call.stream.close(0),
    };
    this.subscriptions.add(subscription);
    await this.#answer('subscribe', call, over.signal, () => silent);
    this.subscriptions.delete(subscription);
  }

  async #answer(method: Method, call: ReadCall, over: AbortSignal, isSilent = () => false): Promise<void> {
    try {
      const plan = await this.faults.admit(method, call);
      await this.#send(call, plan, over, isSilent);
      if (plan) await this.faults.fail(plan.fate, call);
      if (!over.aborted) call.end();
    } catch (error) {
      if (!(error instanceof GoneError) && !over.aborted) call.emit('error', statusOf(failureOf(error)));
    }
  }

  /** Sends messages at the caller's pace. */
  async #send(call: ReadCall, plan: Plan | undefined, over: AbortSignal, isSilent: () => boolean): Promise<void> {
    let sent = 0;
    for await (const message of answersTo(this.backend.log, call.request.getOptions()!, over)) {
      if (over.aborted || (plan && sent === plan.after)) return;
      if (isSilent()) return await once(over, 'abort').then(() => undefined);
      if (!call.write(message)) await Promise.race([once(call, 'drain'), once(over, 'abort')]);
      sent++;
    }
  }
}
