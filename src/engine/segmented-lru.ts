import { LRUCache } from 'lru-cache';

export interface SegmentedLruOptions<Value> {
  /** Of both segments together. */
  readonly maxBytes: number;
  /** @returns whole bytes, about; more than the cache holds counts as what it holds */
  readonly bytesOf: (value: Value, key: string) => number;
  /** The share of the bytes for values that were used once: 1/32 unless set. */
  readonly probation?: number;
}

const PROBATION = 1 / 32;
/** Keys that are remembered of what left the probation: at least so many, at most twice as many. */
const PASSED = 2000;
/** A value that would take more than this share of the probation is kept from the start: it is dear to make, and would drive out many. */
const MOST_OF_PROBATION = 1 / 8;

/**
 * Values by key, those used last, bounded by bytes. A value goes soon unless it is used again: most contracts are written once and then
 * lie still for months, so what comes once neither drives out what is used, nor lives long enough to be moved by the garbage collector.
 * Its key is remembered for longer, so that it stays when it comes back (2Q: Johnson and Shasha, VLDB 1994).
 */
export class SegmentedLru<Value extends object> {
  readonly #probation: LRUCache<string, Value>;
  readonly #kept: LRUCache<string, Value>;
  #passed = new Set<string>();
  #passedBefore = new Set<string>();
  readonly #most: number;
  readonly #bytesOf: (value: Value, key: string) => number;

  constructor({ maxBytes, bytesOf, probation: share = PROBATION }: SegmentedLruOptions<Value>) {
    const probation = Math.max(1, Math.floor(maxBytes * share));
    const kept = Math.max(1, Math.floor(maxBytes - probation));
    this.#most = probation * MOST_OF_PROBATION;
    this.#bytesOf = (value, key) => Math.max(1, Math.min(kept, Math.ceil(bytesOf(value, key))));
    this.#probation = new LRUCache({ maxSize: probation, dispose: (_, key, why) => why === 'evict' && this.#remember(key) });
    this.#kept = new LRUCache({ maxSize: kept });
  }

  /** Bytes of all values, about. */
  get bytes(): number {
    return this.#probation.calculatedSize + this.#kept.calculatedSize;
  }

  has(key: string): boolean {
    return this.#kept.has(key) || this.#probation.has(key);
  }
  /** Without using it. */
  peek(key: string): Value | undefined {
    return this.#kept.peek(key) ?? this.#probation.peek(key);
  }
  /** A use: who is asked for again is kept. */
  get(key: string): Value | undefined {
    const kept = this.#kept.get(key);
    if (kept) return kept;
    const value = this.#probation.peek(key);
    if (!value) return undefined;
    this.#probation.delete(key);
    this.#kept.set(key, value, { size: this.#bytesOf(value, key) });
    return value;
  }
  /** Puts a value in the place of another; it is weighed again. */
  set(key: string, value: Value): void {
    const size = this.#bytesOf(value, key);
    if (size <= this.#most && !this.#kept.has(key) && !this.#isBack(key)) {
      this.#probation.set(key, value, { size });
      return;
    }
    this.#probation.delete(key);
    this.#kept.set(key, value, { size });
  }
  delete(key: string): void {
    this.#probation.delete(key);
    this.#kept.delete(key);
  }

  #remember(key: string): void {
    if (this.#passed.size >= PASSED) [this.#passed, this.#passedBefore] = [new Set(), this.#passed];
    this.#passed.add(key);
  }
  #isBack(key: string): boolean {
    return this.#passed.delete(key) || this.#passedBefore.delete(key);
  }
}
