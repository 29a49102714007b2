import { setImmediate as turn } from 'node:timers/promises';
import type {
  History,
  Key,
  LinkedList,
  Lookup,
  MeasureKinds,
  Measures,
  OwnList,
  Projection,
  Source,
  SumOf,
  Sums,
} from '../../../kernel/index.js';
import type { ReadModelReader, Sequence } from '../../../store/read-model.js';
import type { HistoryCache } from '../../history-cache.js';
import { kindOf } from '../projection-writer.js';
import { InvalidCursorError } from '../read-errors.js';

export type RowValue = Readonly<Record<string, unknown>>;
export interface Row {
  readonly key: string;
  readonly row: RowValue;
}
/** A page of a list; `next` is where to go on, absent at the end. */
export interface ListPage {
  readonly entries: readonly unknown[];
  readonly next?: string;
}

/** The build that rows are read from. */
export interface ServedBuild {
  readonly build: { readonly id: number };
  /** From which event on a stream cannot be folded. */
  readonly faulted: { get(stream: string): Sequence | undefined };
  /** A contribution of a stream cannot be rendered. */
  failed(stream: string, key: string, error: unknown): void;
}

/** What the rows of a projection are rendered from. */
export interface RowSource {
  readonly readModel: ReadModelReader;
  readonly projection: Projection;
  readonly writer: ServedBuild;
  readonly histories: HistoryCache;
}

/** Lets other work in between where it is due: for a turn of the event loop, or longer where the work is for followers. */
export type Breathe = (work?: number) => Promise<unknown>;
/** Gives other work its turn after so much work. */
export const breather = (most: number): Breathe => {
  let done = 0;
  return async (work = 1) => {
    done += work;
    if (done < most) return;
    done = 0;
    await turn();
  };
};

/** Thrown out of an evaluation that needs what is not in memory: it is fetched, and evaluated again. */
const MISSING = new Error('Not in memory.');

/** What a row sees, of which some may have to be fetched first. */
export abstract class FetchingLookup<Place, Shown> implements Lookup {
  /** What to fetch before it is evaluated again, by its id. */
  readonly missing = new Map<string, Place>();
  protected readonly found = new Map<string, Shown>();
  abstract readonly day: string;

  abstract get<Value>(source: Source<string, Value>, id: string): Value | undefined;
  abstract newest<Value, Item>(list: LinkedList<Value, Item>, key: Key): readonly Item[];
  abstract measures(key: string): Measures;

  sum<M extends MeasureKinds>(sums: Sums<M>, key: Key): SumOf<M> {
    return sums.total(this.measures(key));
  }
  faulted(key: Key): number {
    return Number(this.measures(key)['faulted'] ?? 0n);
  }
  fetched(id: string, shown: Shown): void {
    this.found.set(id, shown);
  }

  /** @throws MISSING when some of it has to be fetched first */
  protected need<Wanted extends Place>(
    places: readonly Wanted[],
    known: (place: Wanted) => readonly [id: string, Shown | undefined],
  ): readonly Shown[] {
    const shown = places.map((place) => {
      const [id, value] = known(place);
      if (value === undefined) this.missing.set(id, place);
      return value;
    });
    if (this.missing.size > 0) throw MISSING;
    return shown as readonly Shown[];
  }
}

/** Evaluates what looks things up; what is missing is fetched, and it is evaluated again. */
export const evaluated = async <T, Place, Shown>(
  lookup: FetchingLookup<Place, Shown>,
  evaluate: () => T,
  fetch: (place: Place, id: string) => Promise<Shown>,
): Promise<T> => {
  for (;;)
    try {
      return evaluate();
    } catch (error) {
      if (error !== MISSING) throw error;
      for (const [id, place] of lookup.missing) lookup.fetched(id, await fetch(place, id));
      lookup.missing.clear();
    }
};

/** The row of a key; undefined where the projection has none of its kind, or shows nothing. */
export const rowOf = ({ rows }: Projection, key: string, lookup: Lookup): RowValue | undefined =>
  rows[kindOf(key)]?.(key.slice(key.indexOf(':') + 1), lookup) as RowValue | undefined;

/** The row of a stream that can be folded no more says so. */
export const withFault = ({ readModel, writer }: RowSource, row: RowValue, stream: string, since: Sequence): RowValue => {
  const { position, id: event } = readModel.eventAt(since)!;
  const error = readModel.faultOf(writer.build.id, stream)?.error ?? null;
  return { ...row, faulted: { stream, position, event, error } };
};

/** Whether a row answers to all filters. */
export const passes = (projection: Projection, { key, row }: Row, lookup: Lookup, filters: Readonly<Record<string, string>>): boolean =>
  Object.entries(filters).every(([name, value]) => {
    const answer = projection.filters![name]!(row, { value, key: key as Key, lookup });
    return Array.isArray(answer) ? answer.includes(value) : answer === value || answer === true;
  });

/** Adds what sources show; what cannot be shown is left out, and `failed` hears why. */
export const addShown = (into: Record<string, unknown>, show: () => object, failed: (error: unknown) => void): void => {
  try {
    Object.assign(into, show());
  } catch (error) {
    failed(error);
  }
};

/** A list of a row by its name; undefined when there is no such list. */
export const listOf = ({ lists }: Projection, key: string, name: string): LinkedList | OwnList | undefined =>
  Object.entries(lists?.[kindOf(key)] ?? {}).find(([other]) => other === name)?.[1];

/** How many entries of a list a cursor leaves out, or how many are left. @throws InvalidCursorError */
export const placeIn = (cursor: string): number => {
  if (!/^\d{1,9}$/.test(cursor)) throw new InvalidCursorError();
  return Number(cursor);
};

/** A page of what one stream lists, newest first. @throws InvalidCursorError */
export const ownPage = (list: OwnList, history: History, day: string, cursor: string | undefined, limit: number): ListPage => {
  const items = list.items(history);
  const end = cursor === undefined ? items.length : placeIn(cursor);
  if (end > items.length) throw new InvalidCursorError();
  const start = Math.max(0, end - limit);
  const entries = items
    .slice(start, end)
    .reverse()
    .map((item) => list.entry(item, history, day));
  return { entries, ...(start > 0 && { next: String(start) }) };
};

/** Text of the rows of one page, about: it ends early, and says where to go on. */
const PAGE_BYTES = 512 << 10;

/**
 * The first rows of keys, at most `limit` and about `PAGE_BYTES` of text; `next` is the key to go on after, absent when there are no more.
 * @param after the key that the page before ended with
 * @param most keys that are looked at
 * @param render a row with its length as JSON; undefined where it is not on the page
 */
export const pageOf = async <Of extends Row>(
  keys: AsyncIterable<string> | Iterable<string>,
  { after, limit, most }: { readonly after: string; readonly limit: number; readonly most: number },
  render: (key: string) => Promise<{ readonly row: Of; readonly text: number } | undefined>,
): Promise<{ rows: Of[]; next?: string }> => {
  const rows: Of[] = [];
  let [cursor, scanned, bytes] = [after, 0, 0];
  for await (const key of keys) {
    if (rows.length === limit || bytes >= PAGE_BYTES || scanned++ === most) return { rows, next: cursor };
    cursor = key;
    const found = await render(key);
    if (!found) continue;
    rows.push(found.row);
    bytes += found.text;
  }
  return { rows };
};
