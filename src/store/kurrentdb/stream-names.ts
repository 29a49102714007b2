import { CATEGORIES } from '../event-store.js';

/**
 * What the ledger's streams are called on the server. With a prefix such as `met.` several ledgers share a server: `met.contract-…`. The
 * prefix is known to this adapter alone; beyond it streams have the names that leaves and roots are made of.
 */
export class StreamNames {
  /** The stream of the ledger's first record. */
  readonly genesis: string;
  /** The doctor's own stream: outside every category, so it is never taken for a stream of the ledger. */
  readonly doctor: string;
  /** For server-side filters: the ledger's streams, and the metadata streams where the server keeps their truncation and deletion. */
  readonly streams: readonly string[];
  readonly bounds: readonly string[];
  /** For followers: these, and the marks of a migration behind the first record. */
  readonly followed: readonly string[];
  readonly #prefix: string;

  /** @param prefix empty, or as `prefixOf` returns it */
  constructor(prefix = '') {
    this.#prefix = prefix;
    this.genesis = `${prefix}genesis`;
    this.doctor = prefix === '' ? 'ledger-doctor' : `${prefix}doctor`;
    // Under a prefix of its own every category counts, known or not. Without one, other programs' streams are beside the ledger's.
    this.streams = prefix === '' ? CATEGORIES.map((category) => `${category}-`) : [prefix];
    this.bounds = this.streams.map((start) => `$$${start}`);
    this.followed = [...this.streams, ...this.bounds, ...(prefix === '' ? [this.genesis] : [])];
  }

  /** The name on the server. */
  onServer(stream: string): string {
    return this.#prefix + stream;
  }

  /** The stream of the ledger with this name on the server; undefined for every other stream, also one of a ledger with a longer prefix. */
  ofLedger(name: string): string | undefined {
    if (!this.streams.some((start) => name.startsWith(start))) return undefined;
    const stream = name.slice(this.#prefix.length);
    return /^[^.-]+-./s.test(stream) ? stream : undefined;
  }

  /** The stream of the ledger whose metadata a stream on the server holds. */
  boundedBy(name: string): string | undefined {
    return name.startsWith('$$') ? this.ofLedger(name.slice(2)) : undefined;
  }
}

const MOST_CHARACTERS = 64;

/**
 * A prefix as it is put before stream names, with its dot: `met` and `met.` are `met.`. Undefined when it is not allowed: a `-` would
 * split categories in the wrong place (`$ce-met`).
 */
export const prefixOf = (text: string): string | undefined =>
  text.length <= MOST_CHARACTERS && /^[A-Za-z0-9]+(\.[A-Za-z0-9]+)*\.?$/.test(text) ? `${text.replace(/\.$/, '')}.` : undefined;
