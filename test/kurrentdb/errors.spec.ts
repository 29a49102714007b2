import { describe, expect, it } from '@jest/globals';
import {
  AppendTooLargeError,
  genesisIn,
  HistoryBrokenError,
  InvalidPositionError,
  isOfTheStore,
  OutcomeUnknownError,
  StoreFailedError,
  StoreUnavailableError,
  StreamBrokenError,
  UnsupportedFormatError,
} from '../../src/store/event-store.js';
import { breaksConnection, failureOf, isRetryableRead, portError, STATUS, type Failure } from '../../src/store/kurrentdb/errors.js';
import { nameOf, positionOf } from '../../src/store/kurrentdb/events.js';

/** A failed call as the gRPC library throws it. */
const failed = (code: number, details?: string, trailers: Readonly<Record<string, string>> = {}) => ({
  code,
  ...(details !== undefined && { details }),
  metadata: { get: (key: string) => (key in trailers ? [trailers[key]!] : []) },
});

describe('why a call failed', () => {
  it.each<[Failure['kind'], unknown]>([
    ['not-leader', failed(STATUS.notFound, 'Leader info available', { exception: 'not-leader' })],
    ['deleted', failed(STATUS.failedPrecondition, 'gone', { exception: 'stream-deleted' })],
    ['too-large', failed(STATUS.invalidArgument, 'big', { exception: 'maximum-append-size-exceeded' })],
    ['too-large', failed(STATUS.invalidArgument, 'big', { exception: 'maximum-append-event-size-exceeded' })],
    ['not-ready', failed(STATUS.unavailable, 'Server Is Not Ready')],
    ['not-ready', failed(STATUS.unavailable, 'No connection established: refused')],
    ['busy', failed(STATUS.resourceExhausted)],
    ['busy', failed(STATUS.unavailable, 'Server Is Too Busy')],
    ['timed-out', failed(STATUS.aborted, 'CommitTimeout')],
    ['refused', failed(STATUS.permissionDenied, 'Access Denied')],
    ['refused', failed(STATUS.unauthenticated)],
    ['invalid-position', failed(STATUS.invalidArgument, 'Invalid position')],
    ['invalid-position', failed(STATUS.unknown, 'Unexpected ReadAllResult: InvalidPosition')],
    ['invalid', failed(STATUS.invalidArgument, 'no such thing')],
    ['invalid', failed(STATUS.unimplemented)],
    ['lost', failed(STATUS.unavailable, 'Connection dropped')],
    ['lost', failed(99, 'a code of a later server')],
    ['lost', new Error('socket hang up')],
    ['lost', 'a text that was thrown'],
  ])('is %s: %j', (kind, error) => expect(failureOf(error).kind).toBe(kind));

  it('names the leader where the server does, and only then', () => {
    const leading = (port: string) =>
      failureOf(failed(STATUS.notFound, '', { exception: 'not-leader', 'leader-endpoint-host': 'n2', 'leader-endpoint-port': port }))
        .leader;
    expect([leading('2113'), leading('')]).toEqual([{ address: 'n2', port: 2113 }, undefined]);
  });

  it('says whether the deadline passed, and keeps what was said', () => {
    expect(failureOf(failed(STATUS.deadlineExceeded, 'late'))).toEqual({ kind: 'lost', message: 'deadlineExceeded: late', isLate: true });
    expect(failureOf('cut')).toEqual({ kind: 'lost', message: 'cut' });
    expect(failureOf(failed(99))).toEqual({ kind: 'lost', message: '99: ' });
  });
});

describe('what a failure becomes for the engine', () => {
  const of = (kind: Failure['kind'], what: { stream?: string; append?: boolean } = {}, more: Partial<Failure> = {}): Error =>
    portError({ kind, message: 'why', ...more }, { ...what, retryAfter: 3 });

  it.each<[Failure['kind'], new (...args: never[]) => Error, RegExp]>([
    ['too-large', AppendTooLargeError, /too large for KurrentDB: why/],
    ['invalid-position', InvalidPositionError, /no such position: why/],
    ['refused', StoreUnavailableError, /refused the credentials, certificate or permission: why/],
    ['invalid', StoreUnavailableError, /did not understand the request: why/],
    ['timed-out', StoreUnavailableError, /did not answer: why/],
    ['lost', StoreUnavailableError, /did not answer: why/],
    ['busy', StoreUnavailableError, /is unavailable: why/],
    ['not-leader', StoreUnavailableError, /is unavailable: why/],
    ['other-ledger', StoreUnavailableError, /is unavailable: why/],
  ])('of a read that was %s', (kind, type, message) => {
    expect(of(kind)).toBeInstanceOf(type);
    expect(of(kind).message).toMatch(message);
  });

  it('is an unknown outcome of an append that got no answer, never one of a read', () => {
    for (const kind of ['timed-out', 'lost'] as const) {
      expect(of(kind, { append: true })).toBeInstanceOf(OutcomeUnknownError);
      expect(of(kind)).not.toBeInstanceOf(OutcomeUnknownError);
    }
    expect(of('refused', { append: true })).toBeInstanceOf(StoreUnavailableError);
    expect(of('refused', { append: true }, { mayBeStored: true })).toBeInstanceOf(OutcomeUnknownError);
    expect(of('refused', {}, { mayBeStored: true })).toBeInstanceOf(StoreUnavailableError);
  });

  it('is lost history where a stream, or the whole log, was deleted', () => {
    expect(of('deleted', { stream: 'contract-c1' })).toMatchObject({ stream: 'contract-c1', why: 'it was deleted' });
    expect(of('deleted', { stream: 'contract-c1' })).toBeInstanceOf(StreamBrokenError);
    expect(of('deleted').message).toBe('The log was deleted on the server.');
    expect(of('deleted')).toBeInstanceOf(HistoryBrokenError);
  });

  it('says when to try again only where that can help', () => {
    const after = (kind: Failure['kind']) => (of(kind) as StoreUnavailableError).retryAfter;
    expect([after('lost'), after('busy'), after('refused'), after('invalid')]).toEqual([3, 3, undefined, undefined]);
  });
});

it('a connection is replaced where it, or its node, is of no use; a read is repeated where that changes nothing', () => {
  const kinds: readonly Failure['kind'][] = ['not-leader', 'not-ready', 'busy', 'refused', 'other-ledger', 'deleted', 'too-large', 'invalid-position', 'invalid', 'timed-out', 'lost']; // prettier-ignore
  const those = (of: (failure: Failure) => boolean) => kinds.filter((kind) => of({ kind, message: '' }));
  expect(those(breaksConnection)).toEqual(['not-leader', 'not-ready', 'other-ledger', 'lost']);
  expect(those(isRetryableRead)).toEqual(['not-leader', 'not-ready', 'busy', 'other-ledger', 'timed-out', 'lost']);
});

it('an error is of the store, or of what was read from it', () => {
  const ofTheStore = [new StoreUnavailableError('away'), new StoreFailedError('failed'), new HistoryBrokenError('lost')];
  expect(ofTheStore.map(isOfTheStore)).toEqual([true, true, true]);
  expect([new InvalidPositionError('none'), new TypeError('wrong'), undefined].map(isOfTheStore)).toEqual([false, false, false]);
});

it('a position names commit and prepare where they differ', () => {
  expect([nameOf({ commit: 7n, prepare: 7n }), nameOf({ commit: 7n, prepare: 5n })]).toEqual(['k7', 'k7.5']);
  for (const position of [
    { commit: 7n, prepare: 5n },
    { commit: 0n, prepare: 0n },
  ])
    expect(positionOf(nameOf(position))).toEqual(position);
});

it('the first record of a ledger is whole, or none', () => {
  const genesis = { ledgerId: 'l', formatVersion: 2, timeZone: 'UTC', createdAt: '2026-01-01T00:00:00.000Z' };
  expect(genesisIn(genesis)).toEqual(genesis);
  for (const missing of ['ledgerId', 'formatVersion', 'timeZone']) expect(genesisIn({ ...genesis, [missing]: undefined })).toBeUndefined();
  expect([genesisIn(null), genesisIn(undefined), genesisIn('text')]).toEqual([undefined, undefined, undefined]);
  expect(() => genesisIn({ ...genesis, formatVersion: 3 })).toThrow(UnsupportedFormatError);
});
