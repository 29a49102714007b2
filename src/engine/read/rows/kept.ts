import { LRUCache } from 'lru-cache';

/** Memory for rendered rows, and for what they show, of all projections of the process, in bytes: objects take about four times their text. */
const KEPT_BYTES = 18 << 20;
const all = new LRUCache<string, object>({ maxSize: KEPT_BYTES });
let instances = 0;

/** What is kept of one build, by name; of all builds at most `KEPT_BYTES`. */
export class Kept {
  readonly #instance = ++instances;

  get<Value extends object>(name: string): Value | undefined {
    return all.get(`${this.#instance} ${name}`) as Value | undefined;
  }
  set(name: string, value: object, bytes: number): void {
    all.set(`${this.#instance} ${name}`, value, { size: bytes });
  }
  delete(name: string): void {
    all.delete(`${this.#instance} ${name}`);
  }
}
