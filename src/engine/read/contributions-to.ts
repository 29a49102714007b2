import { setImmediate as turn } from 'node:timers/promises';
import {
  at as valueAt,
  showTotal,
  totalOf,
  type Lookup,
  type MeasureKinds,
  type Measures,
  type Projection,
  type ShownTotal,
  type Sums,
  type Total,
} from '../../kernel/index.js';
import { isOfTheStore } from '../../store/event-store.js';
import type { ReadModelReader, Sequence } from '../../store/read-model.js';
import type { HistoryCache } from '../history-cache.js';
import { contributionsOf, kindOf } from './projection-writer.js';
import { ViewTooLargeError } from './read-errors.js';

/** Streams that are looked through for a total at most. */
const MAX_STREAMS = 5000;

/** Notes which totals a row is rendered from, by the objects that they are handed out as: a row that copies one keeps its amounts. */
export class TotalsSeen {
  readonly #seen = new WeakMap<object, ShownTotal>();

  watch(lookup: Lookup): Lookup {
    return {
      day: lookup.day,
      get: (source, id) => lookup.get(source, id),
      newest: (list, key) => lookup.newest(list, key),
      measures: (key) => lookup.measures(key),
      faulted: (key) => lookup.faulted(key),
      addedUp: (amounts, total) => void this.#seen.set(amounts, total),
      sum: <M extends MeasureKinds>(sums: Sums<M>, key: Parameters<Lookup['sum']>[1]) => {
        const total = lookup.sum(sums, key);
        for (const [measure, value] of Object.entries(total)) {
          if (value === null || typeof value !== 'object') continue;
          this.#seen.set(value as object, { key, measures: [measure] });
          this.#seen.set((value as Total).amounts as object, { key, measures: [measure] });
        }
        return total;
      },
    };
  }

  /** Every total in a row, by its JSON Pointer. */
  in(row: unknown): ReadonlyMap<string, ShownTotal> {
    const found = new Map<string, ShownTotal>();
    const look = (value: unknown, path: string): void => {
      if (value === null || typeof value !== 'object') return;
      const { amounts } = value as { readonly amounts?: unknown };
      const total = this.#seen.get(value) ?? (amounts !== null && typeof amounts === 'object' ? this.#seen.get(amounts) : undefined);
      if (total) return void found.set(path, total);
      for (const [name, inner] of Object.entries(value)) look(inner, `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    };
    look(row, '');
    return found;
  }
}

/** What one stream adds to a total. */
export interface Adds {
  readonly key: string;
  readonly stream: string;
  readonly revision: number;
  readonly adds: Total;
  readonly text: string;
  /** The field of its state that it adds, where the state has one of the measure's name. */
  readonly field?: string;
  /** The stream cannot be folded any more: what it adds is not known. */
  readonly faulted?: true;
  /** It stands under the key of the total and is not counted: a contract that runs has taken its place. */
  readonly notCounted?: true;
}
export interface Opened {
  readonly total: Total;
  readonly text: string;
  readonly contributions: readonly Adds[];
  /** Whether the contributions, with those that are not counted, add up to exactly the total that is kept. */
  readonly addsUp: boolean;
}

/** The ids that the log's index has tags for. */
const TAGGED = ['programme', 'tower', 'contract', 'supplier'];
/** Whether the streams behind a total can be found: it belongs to a programme, a tower, a contract or a supplier. */
export const canBeOpened = ({ key }: ShownTotal): boolean => TAGGED.includes(kindOf(key));

/**
 * What a total adds up, in the order in which the streams began, as of a sequence: each stream about its key, 5,000 at most, is folded and
 * asked again what it contributes.
 * @throws ViewTooLargeError
 */
export const contributionsTo = async (
  { readModel, build, projection, histories }: { readonly readModel: ReadModelReader; readonly build: number; readonly projection: Projection; readonly histories: HistoryCache }, // prettier-ignore
  { key, measures, field = `/${measures[0]}`, without = [], also = [] }: ShownTotal,
  at: Sequence,
): Promise<Opened> => {
  const contributions: Adds[] = [];
  const total: Record<string, bigint> = {};
  const add = (added: Measures, times: bigint): void => {
    for (const name in added) total[name] = (total[name] ?? 0n) + times * added[name]!;
  };
  const counted = new Set<string>();
  let addsUp = true;
  for (const { key: under, only } of [{ key, only: undefined }, ...also]) {
    const sum: Record<string, bigint> = {};
    const kept = ofMeasures(readModel.sumAt(build, under, at), measures);
    if (only === undefined) add(kept, 1n);
    for (const [stream, revision] of await streamsAbout(under.split('#')[0]!, readModel, at)) {
      await turn();
      try {
        const history = await histories.at(stream, revision);
        for (const { key: own, sums } of contributionsOf(projection, history)) {
          const added = ofMeasures(sums?.[under], measures);
          if (Object.keys(added).length === 0) continue;
          for (const name in added) sum[name] = (sum[name] ?? 0n) + added[name]!;
          if (only && !only.includes(own)) continue;
          const isOut = without.includes(own);
          const isCounted = !isOut && !counted.has(own);
          // What is kept under a key has all of it; of a key of which some are named, those alone are added.
          if (only === undefined && !isCounted) add(added, -1n);
          if (only !== undefined && isCounted) add(added, 1n);
          if (counted.has(own)) continue;
          counted.add(own);
          const adds = totalOf(added);
          const hasField = valueAt(history.state, field) !== undefined;
          const text = showTotal(adds);
          contributions.push({ key: own, stream, revision, adds, text, ...(hasField && { field }), ...(isOut && { notCounted: true }) });
        }
      } catch (error) {
        if (isOfTheStore(error)) throw error;
        contributions.push({ key: stream, stream, revision, adds: totalOf({}), text: 'not known', faulted: true });
      }
    }
    addsUp &&= [...new Set([...Object.keys(kept), ...Object.keys(sum)])].every((name) => (kept[name] ?? 0n) === (sum[name] ?? 0n));
  }
  const shown = totalOf(Object.fromEntries(Object.entries(total).filter(([, n]) => n !== 0n)));
  return { total: shown, text: showTotal(shown), contributions, addsUp };
};

/** The streams about an identifier, each with its revision. @throws ViewTooLargeError */
const streamsAbout = async (tag: string, readModel: ReadModelReader, at: Sequence): Promise<ReadonlyMap<string, number>> => {
  const streams = new Map<string, number>();
  for (let after = 0; after < at;) {
    const page = readModel.streams({ tag, after, upTo: at });
    for (const { stream, revision } of page.streams) streams.set(stream, revision);
    if (streams.size > MAX_STREAMS)
      throw new ViewTooLargeError(`More than ${MAX_STREAMS} streams are about ${tag}: ask for what each tower or supplier adds.`);
    after = page.scanned;
    await turn();
  }
  return streams;
};

/** What stands under these measures, added up. */
const ofMeasures = (all: Measures = {}, measures: readonly string[]): Measures => {
  const added: Record<string, bigint> = {};
  for (const [name, n] of Object.entries(all)) {
    const measure = measures.find((one) => name.startsWith(`${one}.`));
    if (measure !== undefined && n !== 0n) added[name.slice(measure.length + 1)] = (added[name.slice(measure.length + 1)] ?? 0n) + n;
  }
  return Object.fromEntries(Object.entries(added).filter(([, n]) => n !== 0n));
};
