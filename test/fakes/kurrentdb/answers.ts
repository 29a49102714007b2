import streams from '@eventstore/db-client/generated/streams_pb.js';
import { readFailed, RefusedError, streamDeleted, thrown } from './failures.js';
import { BeyondEndError, InvalidPositionError, type Log, type Position, type Recorded } from './log.js';
import { eventMessage, nameOf, notFoundMessage } from './messages.js';
import { subscriptionToAll, subscriptionToStream, type Filter } from './subscription.js';

type Options = streams.ReadReq.Options;

/** The response messages of a read or a subscription. */
export const answersTo = (log: Log, options: Options, over: AbortSignal): AsyncIterable<streams.ReadResp> | Iterable<streams.ReadResp> => {
  const stream = options.getStream();
  if (options.hasSubscription()) {
    return stream
      ? subscriptionToStream(log, nameOf(stream.getStreamIdentifier()), revisionOf(stream), over)
      : subscriptionToAll(log, positionOf(options.getAll()!), filterOf(options.getFilter()), over);
  }
  return stream ? streamRead(log, stream, options) : allRead(log, options.getAll()!, options);
};

const isBackwards = (options: Options): boolean => options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS;

function* streamRead(log: Log, stream: streams.ReadReq.Options.StreamOptions, options: Options): Generator<streams.ReadResp> {
  const name = nameOf(stream.getStreamIdentifier());
  const from = revisionOf(stream);
  const count = Number(options.getCount());
  if (count === 0) throw new RefusedError(readFailed('Stream', 'Error', "maxCount should be positive. (Parameter 'maxCount')"));
  if (from === 'end' && !isBackwards(options)) {
    throw new RefusedError(readFailed('Stream', 'Error', "fromEventNumber should be non negative. (Parameter 'fromEventNumber')"));
  }
  const found = log.read(name, isBackwards(options) ? 'backwards' : 'forwards', from, count);
  if (found === 'deleted') throw new RefusedError(streamDeleted(name));
  if (found === 'not-found') yield notFoundMessage(name);
  else for (const event of found) yield eventMessage(event);
}

function* allRead(log: Log, all: streams.ReadReq.Options.AllOptions, options: Options): Generator<streams.ReadResp> {
  const from = positionOf(all);
  const count = Number(options.getCount());
  const allows = filterOf(options.getFilter())?.allows;
  for (const event of found()) yield eventMessage(event);

  function found(): readonly Recorded[] {
    try {
      if (isBackwards(options)) return from === 'start' ? [] : log.readAllBackwards(from, count, allows);
      if (from === 'end') return [];
      return log.readAll(from === 'start' ? { commit: 0, prepare: 0 } : from, count, Infinity, allows).events;
    } catch (error) {
      const kind = allows ? 'FilteredAll' : 'All';
      if (error instanceof InvalidPositionError)
        throw new RefusedError(readFailed(kind, 'InvalidPosition', 'no log record is at that position.'));
      if (error instanceof BeyondEndError)
        throw new RefusedError(readFailed(kind, 'Error', 'that position is greater than the writer checkpoint.'));
      throw error;
    }
  }
}

const revisionOf = (stream: streams.ReadReq.Options.StreamOptions): number | 'start' | 'end' =>
  stream.hasStart() ? 'start' : stream.hasEnd() ? 'end' : Number(stream.getRevision());

const positionOf = (all: streams.ReadReq.Options.AllOptions): Position | 'start' | 'end' => {
  if (all.hasStart()) return 'start';
  if (all.hasEnd()) return 'end';
  const position = all.getPosition()!;
  const commit = Number(position.getCommitPosition());
  const prepare = Number(position.getPreparePosition());
  if (commit < prepare) throw new RefusedError(thrown);
  return { commit, prepare };
};

const filterOf = (filter: streams.ReadReq.Options.FilterOptions | undefined): Filter | undefined => {
  if (!filter) return undefined;
  const byStream = filter.hasStreamIdentifier();
  const expression = byStream ? filter.getStreamIdentifier()! : filter.getEventType()!;
  const prefixes = expression.getPrefixList();
  const pattern = expression.getRegex() === '' ? undefined : new RegExp(expression.getRegex(), 'u');
  return {
    allows: ({ stream, type }) => {
      const name = byStream ? stream : type;
      return pattern ? pattern.test(name) : prefixes.some((prefix) => name.startsWith(prefix));
    },
    window: filter.hasMax() ? filter.getMax() : undefined,
    interval: filter.getCheckpointintervalmultiplier(),
  };
};
