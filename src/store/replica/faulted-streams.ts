import { setTimeout as sleep } from 'node:timers/promises';
import { StreamBrokenError } from '../event-store.js';
import { whyBroken } from './comparison.js';
import type { FaultedStream, ReplicaFile } from './replica-file.js';
import type { ReplicatedStore } from './replicated-store.js';

/** Between two looks at streams that the store did not show whole. */
const RECHECK_MS = 3000;
/** Streams that are looked at in one round. */
const PAGE = 50;
/** Faulted streams in a status, and the kinds of them. */
const SHOWN = 20;
const SHOWN_KINDS = ['broken', 'foreign', 'unknown-category', 'damaged'] as const;

export interface FaultedStreamsOptions {
  readonly file: ReplicaFile;
  readonly signal: AbortSignal;
  /** Undefined until the store has connected once. */
  remote(): ReplicatedStore | undefined;
  log(message: string, error?: unknown): void;
  /** Called after each round of looks at the store. */
  onRound(): void;
}

/** The streams of a replica that are faulted. Those that the store does not show whole are looked at until it shows all of them. */
export class FaultedStreams {
  readonly #options: FaultedStreamsOptions;
  #isRechecking = false;
  #rechecking: Promise<void> = Promise.resolve();
  /** Ends the pause between two rounds. */
  #again = new AbortController();

  constructor(options: FaultedStreamsOptions) {
    this.#options = options;
  }

  /** The number of them, and the first 20 by kind and name. */
  status(): { readonly count: number; readonly streams: readonly FaultedStream[] } {
    const { file } = this.#options;
    const count = SHOWN_KINDS.reduce((sum, kind) => sum + file.countOf(kind), 0);
    return { count, streams: count === 0 ? [] : SHOWN_KINDS.flatMap((kind) => file.faults(kind, '', SHOWN)).slice(0, SHOWN) };
  }

  /** @param why a clause with its subject, such as "it was deleted" */
  setBroken(stream: string, why: string): void {
    const { file, signal, log } = this.#options;
    if (signal.aborted) return;
    const known = file.faultOf(stream, 'broken');
    if (known !== why) file.setFault(stream, 'broken', why);
    if (known === undefined) {
      const held = file.headOf(stream) + 1;
      log(
        `${stream} is incomplete on the server: ${why}. The replica has its ${held} events; commands on it are refused until the server shows all of ` +
          'them again. If they are lost there, npm run migrate -- --from replica:DIR copies the ledger to another prefix or server.',
      );
    }
    if (!this.#isRechecking) this.recheck();
  }

  /** The store may have hidden or deleted events of a stream: they are compared at once. */
  suspect(stream: string): void {
    if (this.#options.signal.aborted) return;
    this.#options.file.setFault(stream, 'suspect', 'its metadata changed, or it was deleted');
    this.recheck();
  }

  /** Looks at the streams that the store may not show whole, until it shows all of them. */
  recheck(): void {
    this.#again.abort();
    if (this.#isRechecking || this.#options.signal.aborted) return;
    this.#isRechecking = true;
    this.#rechecking = this.#rounds()
      .catch((error: unknown) => this.#options.log('Faulted streams could not be looked at again.', error))
      .finally(() => (this.#isRechecking = false));
  }

  /** Resolves once nothing is looked at any more: after the signal aborted. */
  async ended(): Promise<void> {
    await this.#rechecking;
  }

  async #rounds(): Promise<void> {
    const { file, signal, onRound } = this.#options;
    while (!signal.aborted && file.countOf('broken') + file.countOf('suspect') > 0) {
      this.#again = new AbortController();
      const until = AbortSignal.any([signal, this.#again.signal]);
      for (const kind of ['suspect', 'broken'] as const)
        for (let after = ''; ;) {
          const page = file.faults(kind, after, PAGE);
          for (const { stream } of page) if (!signal.aborted) await this.#look(stream);
          if (signal.aborted) return;
          if (page.length < PAGE) break;
          after = page.at(-1)!.stream;
        }
      onRound();
      await sleep(RECHECK_MS, undefined, { signal: until }).catch(() => undefined);
    }
  }

  async #look(stream: string): Promise<void> {
    const { file, signal, log } = this.#options;
    const remote = this.#options.remote();
    if (!remote?.brokenBy) return;
    let broken: string | undefined;
    try {
      broken = await whyBroken(file, remote, stream);
    } catch (error) {
      if (error instanceof StreamBrokenError) broken = error.why;
      else return; // the store is away: the stream stays as it is
    }
    if (signal.aborted) return;
    file.clearFault(stream, 'suspect');
    if (broken !== undefined) return this.setBroken(stream, broken);
    if (file.faultOf(stream, 'broken') === undefined) return;
    file.clearFault(stream, 'broken');
    log(`${stream} is whole on the server again; commands on it are accepted.`);
  }
}
