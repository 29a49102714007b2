import { LRUCache } from 'lru-cache';
import { differences, NEWEST, type Entry, type History, type Key, type Operation } from '../../../kernel/index.js';
import { MAX_SCANNED, type ReadModelReader } from '../../../store/read-model.js';
import type { Projection } from '../../../kernel/index.js';
import { split } from '../../audit/audit.js';
import type { HistoryCache } from '../../history-cache.js';
import { kindOf } from '../projection-writer.js';
import { InvalidCursorError } from '../read-errors.js';
import type { DayIndex, Placed, Standing } from './day-index.js';
import { DayLookup, type Shown } from './day-lookup.js';
import { breath, DayViews, type DayQuestion } from './day-views.js';
import { keysAfter, Listings, type Listing, type ListQuestion, type Passing } from './listing.js';
import {
  addShown,
  evaluated,
  listOf,
  ownPage,
  pageOf,
  passes,
  placeIn,
  rowOf,
  withFault,
  type Breathe,
  type ListPage,
  type RowSource,
  type RowValue,
  type ServedBuild,
} from './rendering.js';

/** A fact of which it is not certain on which side of the day it lies, with what it changes in the state of its stream. */
interface UncertainFact {
  readonly event: string;
  readonly type: string;
  readonly stream: string;
  readonly effectiveOn: string;
  readonly changed: readonly Operation[];
}
/** The facts behind a row that may lie on the other side of the day: the newest 20 of each kind, and how many there are. */
export interface Uncertain {
  /** In the row, and perhaps later than the day. */
  readonly inside: readonly UncertainFact[];
  /** Not in the row, and perhaps of the day or before. */
  readonly leftOut: readonly UncertainFact[];
  /** `needed` are those inside that others of their stream cannot follow without. */
  readonly counts: { readonly inside: number; readonly leftOut: number; readonly needed: number };
  /** What makes the row without those inside, but for those that are needed, of the row with them; null where all are needed. */
  readonly withoutInside: readonly Operation[] | null;
}
export interface RowOnDay {
  readonly key: string;
  readonly row: RowValue;
  readonly uncertain?: Uncertain;
}

/** Rows that were rendered, and what they show of contributions, in bytes, about. */
const RENDERED_BYTES = 8 << 20;
const SHOWN_BYTES = 8 << 20;
/** Changes of one uncertain fact that are named. */
const MAX_CHANGES = 20;

interface Rendered {
  readonly row: RowValue | undefined;
  /** Streams with uncertain facts that it is made of. */
  readonly touched: ReadonlySet<string>;
  /** Length as JSON. */
  readonly text: number;
  readonly uncertain?: Uncertain;
}

const shownOf = new LRUCache<string, Shown>({ maxSize: SHOWN_BYTES });
const rendered = new LRUCache<string, Rendered>({ maxSize: RENDERED_BYTES });
let instances = 0;

/**
 * The rows of a projection as of a day: the same functions as for the rows of today, on the states that the streams had on that day. A view
 * holds where each stream stands; what rows show of it is folded from the log when a row asks. A view at a later sequence is made of an
 * earlier one and of the streams that were recorded since.
 */
export class RowsOnDay {
  readonly #instance = ++instances;
  readonly #views: DayViews;
  readonly #listings: Listings;
  private readonly from: RowSource;

  constructor(readModel: ReadModelReader, projection: Projection, writer: ServedBuild, histories: HistoryCache) {
    this.from = { readModel, projection, writer, histories };
    this.#views = new DayViews(this.from);
    this.#listings = new Listings(projection);
  }

  /** @throws ViewTooLargeError */
  async row(question: DayQuestion, key: string): Promise<RowOnDay | undefined> {
    return this.#render(question, await this.#views.at(question), key, breath());
  }

  /**
   * A page of rows in order of key, those of events last; at most `limit`, and about `PAGE_BYTES` of text.
   * @throws ViewTooLargeError, InvalidCursorError
   */
  async page(
    question: DayQuestion,
    after: string,
    limit: number,
    filters: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly rows: readonly RowOnDay[]; readonly next?: string }> {
    const index = await this.#views.at(question);
    const place = index.rowKeys.indexOf(after);
    if (place === -1 && after !== '') throw new InvalidCursorError();
    return this.#page(question, index, index.rowKeys.slice(place + 1), { after, limit, most: MAX_SCANNED }, filters);
  }

  /**
   * A page of the rows that pass, in the order that is asked for.
   * @throws ViewTooLargeError, ListTooLargeError, InvalidCursorError
   */
  async sorted(
    question: DayQuestion,
    after: string,
    limit: number,
    asked: ListQuestion,
  ): Promise<{ readonly rows: readonly RowOnDay[]; readonly next?: string }> {
    const listing = await this.#listing(question, asked);
    const index = await this.#views.at(question);
    return this.#page(question, index, keysAfter(listing, after), { after, limit, most: Infinity });
  }

  #page(
    question: DayQuestion,
    index: DayIndex,
    keys: readonly string[],
    bounds: Parameters<typeof pageOf>[1],
    filters: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly rows: readonly RowOnDay[]; readonly next?: string }> {
    const breathe = breath();
    return pageOf(keys, bounds, async (key) => {
      const row = await this.#render(question, index, key, breathe, filters);
      await breathe(10);
      return row && { row, text: rendered.peek(`${this.#views.nameOf(question)} ${key}`)?.text ?? Infinity };
    });
  }

  /** What the rows that pass come to; undefined where the projection has no totals. @throws ViewTooLargeError, ListTooLargeError */
  async totals(question: DayQuestion, asked: ListQuestion): Promise<object | undefined> {
    return this.from.projection.totals && (await this.#listing(question, asked)).totals;
  }

  #listing(question: DayQuestion, asked: ListQuestion): Promise<Listing> {
    return this.#listings.of(this.#views.nameOf(question), asked, {
      count: async () => (await this.#views.at(question)).rowKeys.length,
      passing: () => this.#passing(question, asked.filters),
    });
  }
  async *#passing(question: DayQuestion, filters: ListQuestion['filters']): AsyncGenerator<Passing> {
    const index = await this.#views.at(question);
    const breathe = breath();
    for (const key of index.rowKeys) {
      const lookup = new DayLookup(index, question.day);
      const [row] = await this.#rowIn(lookup, key, breathe);
      await breathe(10);
      yield { key, row: row && passes(this.from.projection, { key, row }, lookup, filters) ? row : undefined };
    }
  }

  /**
   * A page of a list of a row, newest first; undefined when there is no such list.
   * @throws ViewTooLargeError, InvalidCursorError
   */
  async list(question: DayQuestion, key: string, name: string, cursor: string | undefined, limit: number): Promise<ListPage | undefined> {
    const list = listOf(this.from.projection, key, name);
    if (!list) return undefined;
    const index = await this.#views.at(question);
    if (!('from' in list)) {
      const standing = index.places.get(key)?.standing;
      if (!standing || split(standing.stream)[0] !== list.category) return { entries: [] };
      return ownPage(list, await this.#historyOf(standing, question.day), question.day, cursor, limit);
    }
    const lookup = new DayLookup(index, question.day);
    const skip = cursor === undefined ? 0 : placeIn(cursor);
    const found = lookup.linking(list, key as Key, skip, limit + 1);
    const entries = await this.#evaluate(lookup, () => lookup.entries(list, found.slice(0, limit)), breath());
    return { entries, ...(found.length > limit && { next: String(skip + limit) }) };
  }

  /** The row of a key where it answers to the filters; what is uncertain in it is asked for only then. */
  async #render(
    question: DayQuestion,
    index: DayIndex,
    key: string,
    breathe: Breathe,
    filters: Readonly<Record<string, string>> = {},
  ): Promise<RowOnDay | undefined> {
    const name = `${this.#views.nameOf(question)} ${key}`;
    let known = rendered.get(name);
    if (!known) {
      const [row, touched] = await this.#rowIn(new DayLookup(index, question.day), key, breathe);
      const text = row ? JSON.stringify(row).length : 0;
      known = { row, touched, text };
      rendered.set(name, known, { size: 300 + name.length + 5 * text + 100 * touched.size });
    }
    const { row, touched } = known;
    if (!row || !passes(this.from.projection, { key, row }, new DayLookup(index, question.day), filters)) return undefined;
    if (touched.size > 0 && !known.uncertain) {
      const uncertain = await this.#uncertain(question, index, key, row, touched, breathe);
      const text = known.text + JSON.stringify(uncertain).length;
      known = { row, touched, text, uncertain };
      rendered.set(name, known, { size: 300 + name.length + 5 * text + 100 * touched.size });
    }
    return { key, row, ...(known.uncertain && { uncertain: known.uncertain }) };
  }

  async #rowIn(lookup: DayLookup, key: string, breathe: Breathe): Promise<[RowValue | undefined, ReadonlySet<string>]> {
    const row = await this.#evaluate(lookup, () => rowOf(this.from.projection, key, lookup), breathe);
    const standing = lookup.index.places.get(key)?.standing;
    const shown = row && standing?.fault ? withFault(this.from, row, standing.stream, standing.fault.since) : row;
    return [shown, new Set(lookup.touched)];
  }

  async #uncertain(
    question: DayQuestion,
    index: DayIndex,
    key: string,
    row: RowValue,
    touched: ReadonlySet<string>,
    breathe: Breathe,
  ): Promise<Uncertain> {
    const { day } = question;
    const [inside, leftOut]: [UncertainFact[], UncertainFact[]] = [[], []];
    const counts = { inside: 0, leftOut: 0, needed: 0 };
    for (const stream of touched) {
      const { revision, approximate, leftOut: left } = index.byStream.get(stream)!;
      counts.inside += approximate;
      counts.leftOut += left;
      if (inside.length >= NEWEST && leftOut.length >= NEWEST) continue;
      const history = await this.from.histories.at(stream, revision);
      const around = history.uncertainOn(day);
      const [within, behind] = [new Set(around.approximate.slice(-NEWEST)), new Set(around.leftOut.slice(-NEWEST))];
      for (const { entry, before, after } of history.steps()) {
        if (within.has(entry) && inside.length < NEWEST) inside.push(factOf(entry, before, after));
        if (behind.has(entry) && leftOut.length < NEWEST) leftOut.push(factOf(entry, before, after));
        await breathe();
      }
    }
    if (counts.inside === 0) return { inside, leftOut, counts, withoutInside: [] };
    const without = await this.#views.at(question, true);
    for (const stream of touched) {
      const standing = without.byStream.get(stream)!;
      if (standing.without === 'illegal') counts.needed += standing.approximate;
    }
    if (counts.needed === counts.inside) return { inside, leftOut, counts, withoutInside: null };
    const [other] = await this.#rowIn(new DayLookup(without, day), key, breathe);
    return { inside, leftOut, counts, withoutInside: other ? differences(row, other) : [{ op: 'remove', path: '', was: null }] };
  }

  /** Evaluates what looks things up, with a pause now and then for what has to be fetched. */
  #evaluate<T>(lookup: DayLookup, evaluate: () => T, breathe: Breathe): Promise<T> {
    return evaluated(lookup, evaluate, async (placed, id) => {
      const shown = await this.#shown(id, placed, lookup.day);
      await breathe(placed.standing.revision + 1);
      return shown;
    });
  }

  async #shown(id: string, { standing, event }: Placed, day: string): Promise<Shown> {
    const name = `${this.#instance} ${day} ${id}`;
    const known = shownOf.get(name);
    if (known) return known;
    const values: Record<string, unknown> = {};
    const show = (kind: string, from: () => object): void =>
      addShown(values, from, (error) => this.from.writer.failed(standing.stream, `${kind}:${split(standing.stream)[1]}`, error));
    if (event !== undefined) {
      const recorded = await this.from.histories.event(standing.stream, event);
      for (const source of this.from.projection.from) if (source.category === undefined) show(source.kind, () => source.show(recorded));
    } else {
      const history = await this.#historyOf(standing, day);
      const kinds = new Set(standing.placed.map(({ contribution }) => kindOf(contribution.key)));
      for (const source of this.from.projection.from)
        if (source.category === history.aggregate.category && kinds.has(source.kind)) show(source.kind, () => source.show(history));
    }
    shownOf.set(name, values, { size: 200 + name.length + 5 * JSON.stringify(values).length });
    return values;
  }

  async #historyOf({ stream, revision, without }: Standing, day: string): Promise<History> {
    return (await this.from.histories.at(stream, revision)).onDay(day, without === 'left-out');
  }
}

const factOf = ({ recorded, effectiveOn }: Entry, before: unknown, after: unknown): UncertainFact => ({
  event: recorded.id,
  type: recorded.type,
  stream: recorded.stream,
  effectiveOn,
  changed: differences(before, after).slice(0, MAX_CHANGES),
});
