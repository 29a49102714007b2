import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';

/**
 * What comes in small batches, in larger ones: at once when nothing came for `pauseMs`, else so long after the batch before it, or when
 * there are `most`. Whoever walks away ends `source` by a signal of its own, since it may be waiting.
 */
export async function* microBatches<T>(
  source: AsyncIterable<readonly T[]>,
  most: number,
  pauseMs: number,
): AsyncGenerator<readonly T[], void> {
  const batches = source[Symbol.asyncIterator]();
  let rest: Promise<unknown> = Promise.resolve();
  let next = batches.next();
  try {
    for (;;) {
      const first = await next;
      if (first.done) return;
      const batch = [...first.value];
      const enough = rest.then(() => turn());
      next = batches.next();
      while (batch.length < most) {
        const more = await Promise.race([next, enough]);
        if (!more || more.done) break;
        batch.push(...more.value);
        next = batches.next();
      }
      yield batch;
      rest = sleep(pauseMs);
    }
  } finally {
    next.catch(() => undefined);
  }
}
