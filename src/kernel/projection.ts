import type { AnyAggregate, StateOf } from './aggregate.js';
import type { AnyState, RecordedEvent } from './event.js';
import type { History } from './history.js';
import type { Value } from './values/amounts.js';
import { measuring, totalOf, type Total } from './values/totals.js';

/** `contract:met-euc`: a kind and an id. */
export type Key<Kind extends string = string> = `${Kind}:${string}`;

/** Whole numbers by measure. */
export type Measures = Readonly<Record<string, bigint>>;

/** Where one stream stands in a projection, by its state alone. Holds from one event to another; replaced whole when its stream changes. */
export interface Contribution<Kind extends string = string> {
  /** Used once among the contributions of a stream, or of an event. */
  readonly key: Key<Kind>;
  /** Whether a row stands under this key. */
  readonly row?: boolean;
  /** Keys of the rows that show this contribution too: a contract links to its towers and its supplier. See `ranked`. */
  readonly links?: readonly string[];
  /**
   * What it adds to totals: total key → measures. A total belongs to the row of its key, up to a `#`: `programme:met#outside`.
   * Totals are kept by adding and subtracting, so no row reads everything that was added.
   */
  readonly sums?: Readonly<Record<string, Measures>>;
}
export type Contributions = readonly Contribution[];

/** A link whose contribution comes behind all of a lower rank (0 to 9) in the lists of the other row; without it the rank is 0. */
export const ranked = (rank: number, key: Key): string => (rank === 0 ? key : `${rank}|${key}`);

/** What the streams of one aggregate contribute under keys of one kind. */
export interface StreamSource<Kind extends string = string, Shown = unknown> {
  readonly kind: Kind;
  readonly category: string;
  /** Rows of contributions that link to it show it, such as the name of a supplier, and change with it. */
  readonly shownByLinking?: boolean;
  /** `source` checked it against the state of its aggregate. */
  place(id: string, state: AnyState, day?: string): readonly Contribution<Kind>[];
  /** What rows show of the contributions, by key: made when a row asks, and not stored. */
  show(history: History): Readonly<Record<string, Shown>>;
}
/** What single events contribute, as recorded and for ever: for views of the log alone. */
export interface EventSource<Kind extends string = string, Shown = unknown> {
  readonly kind: Kind;
  readonly category?: undefined;
  readonly shownByLinking?: undefined;
  place(event: RecordedEvent): readonly Contribution<Kind>[];
  show(event: RecordedEvent): Readonly<Record<string, Shown>>;
}
export type Source<Kind extends string = string, Shown = unknown> = StreamSource<Kind, Shown> | EventSource<Kind, Shown>;

export const source = <S extends AnyAggregate, const Kind extends string, Shown>(
  aggregate: S,
  kind: Kind,
  steps: {
    /** `day`: of a view of a day; absent where a stream is placed as recorded, which midnight does not change. */
    place(id: string, state: StateOf<S>, day?: string): readonly Contribution<NoInfer<Kind>>[];
    show(history: History<StateOf<S>>): Readonly<Record<string, Shown>>;
    readonly shownByLinking?: boolean;
  },
): StreamSource<Kind, Shown> => ({ kind, category: aggregate.category, ...steps });

export const eventSource = <const Kind extends string, Shown>(
  kind: Kind,
  steps: Pick<EventSource<NoInfer<Kind>, Shown>, 'place' | 'show'>,
): EventSource<Kind, Shown> => ({ kind, ...steps });

/** Measures by name: whole numbers, or values of money that are added by currency and by what is not known of them. */
export type MeasureKinds = Readonly<Record<string, 'count' | 'value'>>;
/** The totals of one key. */
export type SumOf<M extends MeasureKinds> = { readonly [K in keyof M]: M[K] extends 'count' ? number : Total };
export interface Sums<M extends MeasureKinds> {
  /** What one contribution adds. */
  of(amounts: { readonly [K in keyof M]?: (M[K] extends 'count' ? number : Value) | undefined }): Measures;
  total(measures: Measures): SumOf<M>;
}
export const sums = <const M extends MeasureKinds>(kinds: M): Sums<M> => {
  const measured = new Map(Object.keys(kinds).map((name) => [name, measuring(`${name}.`)]));
  return {
    of(amounts) {
      let measures: Record<string, bigint> | undefined;
      for (const name in amounts) {
        const amount = amounts[name];
        if (typeof amount === 'number') (measures ??= {})[name] = amount === 1 ? 1n : BigInt(amount);
        else if (amount !== undefined) measures = measured.get(name)!(amount as Value, measures);
      }
      return measures ?? {};
    },
    total: (measures) =>
      Object.fromEntries(
        Object.entries(kinds).map(([name, kind]) => [
          name,
          kind === 'count' ? Number(measures[name] ?? 0n) : totalOf(measures, `${name}.`),
        ]),
      ) as SumOf<M>,
  };
};

/** Contributions that link to a row, newest first within a rank: the row carries the first of them, the rest comes in pages. */
export interface LinkedList<Shown = unknown, Entry = unknown> {
  readonly from: Source<string, Shown>;
  /** Ranks that its links use, from 0. */
  readonly ranks: number;
  /** Entries that a row looks at, where it is not `NEWEST`: for lists that rows look through and do not carry. */
  readonly most?: number | undefined;
  entry(shown: Shown, lookup: Lookup): Entry;
}
/** Items of the row's own stream, oldest first as the stream has them: the row carries the last of them, the rest comes in pages. */
export interface OwnList<Item = unknown, Entry = unknown> {
  readonly category: string;
  items(history: History): readonly Item[];
  /** `day`: as of `Lookup`. */
  entry(item: Item, history: History, day: string): Entry;
}
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a projection holds lists of many shapes; `linkedList` and `ownList` checked each
export type List = LinkedList<any> | OwnList<any>;

export function linkedList<Shown>(from: Source<string, Shown>): LinkedList<Shown, Shown>;
export function linkedList<Shown, Entry>(
  from: Source<string, Shown>,
  options: { readonly ranks?: number; readonly most?: number; entry(shown: Shown, lookup: Lookup): Entry },
): LinkedList<Shown, Entry>;
export function linkedList(from: Source, { ranks = 1, most, entry = (shown: unknown) => shown }: Partial<LinkedList> = {}): LinkedList {
  return { from, ranks, most, entry };
}

export const ownList = <S extends AnyAggregate, Item, Entry>(
  aggregate: S,
  items: (history: History<StateOf<S>>) => readonly Item[],
  entry: (item: Item, history: History<StateOf<S>>, day: string) => Entry,
): OwnList<Item, Entry> => ({ category: aggregate.category, items, entry });

/** Entries of a list that a row carries at most. */
export const NEWEST = 20;

/** The last items of a list, in its order: what a row carries of a list of its own stream, and an entry of a list with a smaller `most`. */
export const newestOf = <Item>(items: readonly Item[], most = NEWEST): readonly Item[] =>
  items.length > most ? items.slice(-most) : items;

/** What a row may see at one position: contributions within two links of its key, and its totals. */
export interface Lookup {
  /** The day that the row is asked for, `YYYY-MM-DD`: today in the ledger's time zone, unless another was asked for. */
  readonly day: string;
  /** What is shown of the contribution under a key of a source; undefined when there is none. */
  get<Shown>(source: Source<string, Shown>, id: string): Shown | undefined;
  /** The first entries of a list of the row under a key, at most `NEWEST` unless the list has another bound. */
  newest<Shown, Entry>(list: LinkedList<Shown, Entry>, key: Key): readonly Entry[];
  /** The totals of a key. */
  sum<M extends MeasureKinds>(sums: Sums<M>, key: Key): SumOf<M>;
  /** The same as measures, which can be added up over several keys. */
  measures(key: Key): Measures;
  /** Streams that had a share in the totals of a key and can be folded no more. */
  faulted(key: Key): number;
  /** Says which measures of a key the amounts of a total add up, where `sum` does not: so that the total can be opened. */
  addedUp?(amounts: object, total: ShownTotal): void;
}

/**
 * A total that a row shows: the key that it is kept under, its measures, and the field of a state that they add up, where that has another
 * name. `without`: keys of contributions to it that the row does not count. `also`: other keys, of which the row counts contributions as
 * well: those that are named, or all of them but those of `without`.
 */
export interface ShownTotal {
  readonly key: string;
  readonly measures: readonly string[];
  readonly field?: string;
  readonly without?: readonly string[];
  readonly also?: readonly { readonly key: string; readonly only?: readonly string[] }[];
}

/** Kind → how the row of an id is rendered; undefined when there is none. */
export type RowsByKind<Row = unknown> = Readonly<Record<string, (id: string, lookup: Lookup) => Row | undefined>>;
type RowOf<R extends RowsByKind> = NonNullable<ReturnType<R[keyof R]>>;
type FieldsOf<Row> = Row extends unknown ? keyof Row : never;
/** The fields of any kind of row; those that only some kinds have may be absent. */
export type AnyRow<Row> = {
  readonly [F in FieldsOf<Row>]?: Row extends unknown ? (F extends keyof Row ? Row[F] : never) : never;
};

/** A cell of a table; null and undefined leave it empty. */
export type Cell = string | number | boolean | null | undefined;
/**
 * A fixed list of columns, each with its name, its cell of a record, and whether that is a number, as a decimal text too: whatever is not a
 * number is a text, which no spreadsheet must take for a formula. A column never changes its place: a new one comes last.
 */
export type Columns<Of> = readonly (readonly [name: string, cell: (of: Of) => Cell, kind?: 'number'])[];

/** A row of whatever projection. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- rows are of many shapes; `projection` checked what asks them where it was written
export type RowOfAny = any;

/** Rows as text, one after another. */
export interface TextFormat {
  readonly type: 'text/plain';
  row(row: RowOfAny): string;
}
/** Rows as a table: each is no record, or one, or several. */
export interface TableFormat<Of> {
  readonly type: 'text/csv';
  readonly columns: Columns<Of>;
  records(row: RowOfAny): readonly Of[];
}
/** A form beside JSON in which rows are sent. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- its columns were checked against its records where they were written
export type Format = TextFormat | TableFormat<any>;

/** A value that rows are chosen by, at one row: what the row does not carry is looked up. */
export interface Chosen {
  readonly value: string;
  readonly key: Key;
  readonly lookup: Pick<Lookup, 'sum' | 'day'>;
}
/** The values that a row answers to; or, where it may carry only some of its entries, whether it answers to this one. */
export type Filter<Row> = (row: Row, chosen: Chosen) => boolean | string | readonly (string | null)[] | null | undefined;

/** What a row is sorted by: texts by their characters, whole numbers by their size; a row without it comes last, in either direction. */
export type SortValue = string | bigint | null | undefined;
/** What the rows that pass filters come to. */
export interface ListTotals<Row = RowOfAny, Part = RowOfAny> {
  /** What one row adds: kept while the rows are read, so it is small. */
  part(row: Row): Part;
  total(parts: readonly Part[]): object;
}

/** One question, one file. Pure: what each stream contributes, and how a row is rendered from the contributions around its key. */
export interface Projection {
  readonly name: string;
  /** A new version is a new generation: the projection is rebuilt, and subscribers get `reset`. */
  readonly version: number;
  readonly question: string;
  /** Whether rows or filters look at the day: those who follow it hear that another day has begun, and read what they show again. */
  readonly byDay?: true;
  readonly from: readonly Source[];
  /** A kind of rows each of which shows what rows of its kind show that link to it, and those that link to these. */
  readonly inherits?: string;
  readonly rows: RowsByKind;
  /** Kind of row → its lists, each with pages of its own. */
  readonly lists?: Readonly<Record<string, Readonly<Record<string, List>>>>;
  /** Name of a format → how rows are written in it. */
  readonly formats?: Readonly<Record<string, Format>>;
  /** Query parameters that choose rows. */
  readonly filters?: Readonly<Record<string, Filter<RowOfAny>>>;
  /** Columns that rows may be sorted by. */
  readonly sorts?: Readonly<Record<string, (row: RowOfAny) => SortValue>>;
  readonly totals?: ListTotals;
}

/** `rows` stands before `filters`: the compiler infers in that order. @throws TypeError when two sources have one kind */
export const projection = <R extends RowsByKind>(
  definition: Omit<Projection, 'rows' | 'filters' | 'sorts'> & {
    readonly rows: R;
    readonly filters?: Readonly<Record<string, Filter<AnyRow<RowOf<R>>>>>;
    readonly sorts?: Readonly<Record<string, (row: AnyRow<RowOf<R>>) => SortValue>>;
  },
): Projection => {
  const kinds = definition.from.map(({ kind }) => kind);
  const twice = kinds.find((kind, i) => kinds.indexOf(kind) < i);
  if (twice !== undefined) throw new TypeError(`Two sources of ${definition.name} are of the kind ${twice}.`);
  return definition;
};
