import type { Json, RecordedEvent } from './event.js';
import type { History } from './history.js';
import type { StateOf, AnyAggregate } from './aggregate.js';

/**
 * What one stream adds to a projection under one key. Holds from a position to a position; replaced whole when its stream changes.
 * What is kept of a part is where it stands and what it adds to totals: that follows from the stream's state.
 */
export interface Contribution {
  /** `contract:euc`: once among the parts that a stream adds, or an event. */
  readonly key: string;
  /** What rows show of it: folded from the log when a row asks, and then it may look at the whole history. */
  value(): Json;
  /** Whether a row stands under this key. */
  readonly row?: boolean;
  /** Keys whose rows show this part too: a contract's part links to its towers and its supplier. */
  readonly links?: readonly string[];
  /** Whole numbers that this part adds to totals: total key → measure → amount. Kept by adding and taking away, so no row reads all parts. */
  readonly sums?: Readonly<Record<string, Readonly<Record<string, bigint>>>>;
}
export type Contributions = readonly Contribution[];

/** What a row may see: parts within two links of its key, at one position. */
export interface Lookup {
  /** The parts under a key: one for each stream that added one, in order of stream, then those of events in store order. */
  get(key: string): readonly any[];
  /** The parts that link to a key: those of streams in order of their key, then those of events in store order. */
  referencing(key: string): readonly { readonly key: string; readonly value: any }[];
  /** The sums of a total key; a measure that nobody added is absent. */
  sum(key: string): Readonly<Record<string, bigint>>;
}

export interface ProjectionSource {
  readonly category: string;
  contribute(history: History<any>): Contributions;
}

/** One question, one file. Pure: what each stream adds, and how a row is rendered from the parts around its key. */
export interface Projection<Row = any> {
  readonly name: string;
  /** A new version is a new generation: it is rebuilt, and subscribers get `reset`. */
  readonly version: number;
  readonly question: string;
  /** By folded stream: replaced whole with every event of the stream, corrections and late events included. */
  readonly from: readonly ProjectionSource[];
  /** By event as recorded: kept for ever. For views of the log alone. */
  byEvent?(event: RecordedEvent): Contributions;
  /** Query parameters that choose rows: name → the values a row answers to. */
  readonly filters?: Readonly<Record<string, (row: Row) => string | readonly string[] | undefined>>;
  row(key: string, lookup: Lookup): Row | undefined;
}

export const projection = <Row = any>(definition: Projection<Row>): Projection<Row> => definition;

/** What one subject's streams add. */
export const source = <S extends AnyAggregate>(
  aggregate: S,
  contribute: (history: History<StateOf<S>>) => Contributions,
): ProjectionSource => ({
  category: aggregate.category,
  contribute,
});
