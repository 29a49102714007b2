/** More wait already than the signal takes. */
export class TooManyWaitersError extends Error {
  override readonly name = 'TooManyWaitersError';
  constructor(most: number) {
    super(`${most} requests wait already.`);
  }
}

interface Waiter {
  holds(): boolean;
  end(error?: unknown): void;
}

/**
 * Waiting for a condition. Each waiter names its own; it is checked at once, and again at every `notifyAll`. A waiter sleeps on while its
 * condition does not hold, so that what concerns others wakes nobody.
 */
export class Signal {
  readonly #waiters = new Set<Waiter>();

  /** @param most waiters at a time */
  constructor(private readonly most = 10_000) {}

  get size(): number {
    return this.#waiters.size;
  }

  /**
   * Resolves once the condition holds, or once the abort signal aborts.
   * @throws TooManyWaitersError, and what the condition throws
   */
  wait(signal: AbortSignal, holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted || holds()) return resolve();
      if (this.#waiters.size >= this.most) throw new TooManyWaitersError(this.most);
      const onAbort = () => waiter.end();
      const waiter: Waiter = {
        holds,
        end: (error) => {
          this.#waiters.delete(waiter);
          signal.removeEventListener('abort', onAbort);
          if (error === undefined) resolve();
          else reject(error);
        },
      };
      this.#waiters.add(waiter);
      signal.addEventListener('abort', onAbort);
    });
  }

  /** Wakes every waiter whose condition holds now. */
  notifyAll(): void {
    for (const waiter of [...this.#waiters])
      try {
        if (waiter.holds()) waiter.end();
      } catch (error) {
        waiter.end(error);
      }
  }
}
