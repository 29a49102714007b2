/** How often the log says again that appends are refused. */
const AGAIN_MS = 60_000;

export type Say = (message: string, error?: unknown) => void;

/** Says that appends are refused for a while: when that begins, once a minute while more are refused, and when one is stored again. */
export class AppendOutage {
  #cause: Error | undefined;
  #refused = 0;
  #unsaid = 0;
  #again: NodeJS.Timeout | undefined;

  constructor(private readonly say: Say = () => undefined) {}

  /** Why the last append was refused; undefined once one is stored. */
  get cause(): Error | undefined {
    return this.#cause;
  }

  /** @param appends how many were refused together */
  refused(cause: Error, appends: number): void {
    const begins = this.#cause === undefined;
    this.#cause = cause;
    this.#refused += appends;
    if (!begins) return void (this.#unsaid += appends);
    this.say('The ledger cannot be written for now: commands are refused until it can.', cause);
    this.#again = setInterval(() => {
      if (this.#unsaid > 0) this.say(`The ledger still cannot be written: ${this.#refused} appends were refused so far.`, this.#cause);
      this.#unsaid = 0;
    }, AGAIN_MS);
    this.#again.unref();
  }

  stored(): void {
    if (this.#cause === undefined) return;
    this.say(`The ledger is written again; ${this.#refused} appends were refused meanwhile.`);
    this.end();
  }

  /** Says nothing more. */
  end(): void {
    clearInterval(this.#again);
    this.#cause = undefined;
    this.#refused = this.#unsaid = 0;
  }
}
