import type { Logger } from 'pino';

const EVERY_MS = 10_000;
const ADDRESSES = 1000;

/** Writes failed sign-ins to the log: the first of an address at once, those after it as one line every ten seconds, with their number. */
export class FailedSignIns {
  /** At most 1,000 addresses; the rest share one entry. */
  readonly #heard = new Map<string, { failures: number; reason: string }>();

  constructor(private readonly log: Logger) {}

  /** @param reason one of a few sentences, and nothing that the caller sent */
  note(address: string, reason: string): void {
    const from = this.#heard.has(address) || this.#heard.size < ADDRESSES ? address : 'other addresses';
    const heard = this.#heard.get(from);
    if (heard) {
      heard.failures++;
      heard.reason = reason;
      return;
    }
    this.#heard.set(from, { failures: 0, reason });
    this.#say(from, reason, 1);
    this.#later(from);
  }

  #later(address: string): void {
    setTimeout(() => {
      const heard = this.#heard.get(address)!;
      if (heard.failures === 0) return void this.#heard.delete(address);
      this.#say(address, heard.reason, heard.failures);
      heard.failures = 0;
      this.#later(address);
    }, EVERY_MS).unref();
  }

  #say(address: string, reason: string, failures: number): void {
    this.log.warn({ address, reason, failures }, 'A sign-in failed.');
  }
}
