import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';

/**
 * Combines small batches into larger ones. A batch is yielded at once when the last one is more than `pauseMs` old, otherwise `pauseMs`
 * after it, or as soon as it has `most` items. A consumer that stops early must abort `source` itself, because it may be waiting.
 */
export async function* microBatches<T>(
  source: AsyncIterable<readonly T[]>,
  most: number,
  pauseMs: number,
): AsyncGenerator<readonly T[], void> {
  const batches = source[Symbol.asyncIterator]();
  let pause: Promise<unknown> = Promise.resolve();
  let next = batches.next();
  try {
    for (;;) {
      const first = await next;
      if (first.done) return;
      const batch = [...first.value];
      const enough = pause.then(() => turn());
      next = batches.next();
      while (batch.length < most) {
        const more = await Promise.race([next, enough]);
        if (!more || more.done) break;
        batch.push(...more.value);
        next = batches.next();
      }
      yield batch;
      pause = sleep(pauseMs);
    }
  } finally {
    next.catch(() => undefined);
  }
}
