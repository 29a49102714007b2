import { LRUCache } from 'lru-cache';
import type { Projection, SortValue } from '../../../kernel/index.js';
import { InvalidCursorError, ListTooLargeError } from '../read-errors.js';

/** In which order rows are asked for, and what besides. */
export interface ListQuestion {
  readonly filters: Readonly<Record<string, string>>;
  /** A column of the projection; with a `-` before it the largest comes first. */
  readonly sort?: string | undefined;
}
/** The rows that pass, in order, with what they come to. */
export interface Listing {
  readonly rows: readonly Place[];
  readonly totals: object | undefined;
}
interface Place {
  readonly key: string;
  readonly by: SortValue;
}
/** What a view has: how many keys, at most as many as are asked for, and every row that passes; it lets other work in between. */
export interface Listable {
  count(most: number): number | Promise<number>;
  passing(): AsyncIterable<Passing>;
}
export interface Passing {
  readonly key: string;
  /** Undefined where it does not pass. */
  readonly row: object | undefined;
}

/** Rows that a listing has at most, and rows that are looked at for it. */
export const MAX_LISTED = 5000;
export const MAX_LOOKED_AT = 20_000;
/** Keys and what they are sorted by, of all listings that are kept, in bytes, about. */
const LISTINGS_BYTES = 4 << 20;

const kept = new LRUCache<string, Listing>({ maxSize: LISTINGS_BYTES });
let instances = 0;

/** The listings of one projection: those who ask for the same one at the same time share it. */
export class Listings {
  readonly #instance = ++instances;
  readonly #underWay = new Map<string, Promise<Listing>>();

  constructor(private readonly projection: Pick<Projection, 'name' | 'sorts' | 'totals'>) {}

  /**
   * @param view names what the rows are read from: a listing of the same view and question is the same
   * @throws ListTooLargeError before any row is made where the keys alone show it
   */
  async of(view: string, { filters, sort }: ListQuestion, from: Listable): Promise<Listing> {
    const name = JSON.stringify([this.#instance, view, sort ?? null, Object.entries(filters).sort()]);
    const known = kept.get(name);
    if (known) return known;
    let made = this.#underWay.get(name);
    if (!made) {
      made = this.#make(sort, from, Object.keys(filters).length === 0).finally(() => this.#underWay.delete(name));
      this.#underWay.set(name, made);
      made.then((listing) => kept.set(name, listing, { size: bytesOf(listing) + 2 * name.length }), () => undefined); // prettier-ignore
    }
    return made;
  }

  async #make(sort: string | undefined, { count, passing }: Listable, all: boolean): Promise<Listing> {
    const { sorts = {}, totals, name } = this.projection;
    const keys = await count(MAX_LOOKED_AT + 1);
    if (keys > MAX_LOOKED_AT)
      throw new ListTooLargeError(`${name} has more than ${MAX_LOOKED_AT} rows: they are neither sorted nor added up.`);
    if (all && keys > MAX_LISTED) throw this.#tooMany();
    const [column, down] = sort?.startsWith('-') ? [sort.slice(1), true] : [sort, false];
    const rows: Place[] = [];
    const parts: unknown[] = [];
    for await (const { key, row } of passing()) {
      if (!row) continue;
      if (rows.length === MAX_LISTED) throw this.#tooMany();
      rows.push({ key, by: column === undefined ? undefined : sorts[column]!(row) });
      if (totals) parts.push(totals.part(row));
    }
    if (column !== undefined) rows.sort((a, b) => compared(a, b, down));
    return { rows, totals: totals?.total(parts) };
  }

  #tooMany(): ListTooLargeError {
    return new ListTooLargeError(`More than ${MAX_LISTED} rows of ${this.projection.name} pass: choose fewer to sort them or to add them up.`); // prettier-ignore
  }
}

/** Rows without a value come last, and rows of one value in order of their key, in either direction. */
const compared = (a: Place, b: Place, down: boolean): number => {
  const [x, y] = [a.by ?? null, b.by ?? null];
  if (x === null || y === null) return x === y ? order(a.key, b.key) : x === null ? 1 : -1;
  const by = order(x, y);
  return by === 0 ? order(a.key, b.key) : down ? -by : by;
};
const order = <Of extends string | bigint>(a: Of, b: Of): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * The keys of a page behind a place, with the place that each is.
 * @param after the cursor of the page before, in a listing of the same view
 * @throws InvalidCursorError
 */
export const keysAfter = ({ rows }: Listing, after: string): readonly string[] => {
  if (after === '') return rows.map(({ key }) => key);
  const place = rows.findIndex(({ key }) => key === after);
  if (place === -1) throw new InvalidCursorError();
  return rows.slice(place + 1).map(({ key }) => key);
};

const bytesOf = ({ rows, totals }: Listing): number => {
  let bytes = 1000 + 5 * JSON.stringify(totals ?? null).length;
  for (const { key, by } of rows) bytes += 100 + 2 * key.length + 2 * (typeof by === 'string' ? by.length : 8);
  return bytes;
};
