/** Those who wait for more: woken together, each looks for itself whether it was what it waits for. */
export class Signal {
  readonly #asleep = new Set<() => void>();

  /** Until the next `wake`, or the signal aborts; not at all when it is `already` there. */
  wait(signal: AbortSignal, already: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const awake = () => {
        this.#asleep.delete(awake);
        signal.removeEventListener('abort', awake);
        resolve();
      };
      this.#asleep.add(awake);
      signal.addEventListener('abort', awake);
      if (signal.aborted || already()) awake();
    });
  }

  notifyAll(): void {
    for (const awake of [...this.#asleep]) awake();
  }
}
