/** How long a piece of an answer may wait for its reader, in milliseconds. */
const PATIENCE_MS = 30_000;

/** The same pieces, given up when the reader takes nothing for 30 seconds. */
export async function* patiently<T>(pieces: AsyncIterable<T>, giveUp: () => void): AsyncGenerator<T> {
  for await (const piece of pieces) {
    const timer = setTimeout(giveUp, PATIENCE_MS);
    try {
      yield piece;
    } finally {
      clearTimeout(timer);
    }
  }
}
