import { LRUCache } from 'lru-cache';
import { setImmediate as turn } from 'node:timers/promises';
import {
  bounds,
  differences,
  IllegalTransitionError,
  isLedgerEvent,
  isRevealing,
  NEWEST,
  Snapshot,
  type Bounds,
  type Contribution,
  type Entry,
  type History,
  type Key,
  type LinkedList,
  type Lookup,
  type MeasureKinds,
  type Measures,
  type Operation,
  type OwnList,
  type Projection,
  type RecordedEvent,
  type Source,
  type SumOf,
  type Sums,
} from '../../kernel/index.js';
import { MAX_SCANNED, type ReadModelReader, type Sequence } from '../../store/read-model.js';
import { split } from '../audit/audit.js';
import type { HistoryCache } from '../history-cache.js';
import {
  contributionsOf,
  contributionsOfEvent,
  faultedIn,
  kindOf,
  readsEvents,
  targetOf,
  targetsOf,
  type Folded,
} from './projection-writer.js';
import { ViewTooLargeError } from './read-errors.js';
import { keysAfter, Listings, type Listing, type ListQuestion, type Passing } from './listing.js';
import { InvalidCursorError, type ListPage, type RowValue, type ServedBuild } from './rows.js';

/** Which rows: as recorded up to a sequence, as of a day, of one programme or of the whole ledger. */
export interface DayQuestion {
  readonly at: Sequence;
  /** `YYYY-MM-DD`; one to come is answered as planned at the sequence. */
  readonly day: string;
  readonly programme?: string | undefined;
}

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

/** Streams of one category that a view of a day is made of at most. */
export const MAX_STREAMS_ON_DAY = 5000;
/** What the streams of one view contribute, in bytes, about; and of all views that are kept. */
const MAX_INDEX_BYTES = 64 << 20;
const INDEXES_BYTES = 64 << 20;
/** Rows that were rendered, and what they show of contributions, in bytes, about. */
const RENDERED_BYTES = 8 << 20;
const SHOWN_BYTES = 8 << 20;
/** Text of the rows of one page, about. */
const PAGE_BYTES = 512 << 10;
/** Events, contributions and entries that are worked on before other work gets its turn: some milliseconds. */
const SLICE = 100;
/** Events of a stream that is read at once, and folded without a pause. */
const SHORT = 200;
/** Changes of one uncertain fact that are named. */
const MAX_CHANGES = 20;

/** One contribution on the day, of a stream or of one of its events. */
interface Placed {
  readonly contribution: Contribution;
  readonly targets: readonly string[];
  readonly standing: Standing;
  /** The revision of the event that contributes by itself. */
  readonly event?: number;
  /** The sequence of the first event of the stream, or of the event: lists have the newest first. */
  readonly since: Sequence;
}
/** What one stream contributes on the day. */
interface Standing {
  readonly stream: string;
  /** Of the whole stream at the sequence. */
  readonly revision: number;
  readonly since: Sequence;
  readonly placed: Placed[];
  /** Since when it cannot be folded any more, and the totals that count it. */
  readonly fault?: { readonly since: Sequence; readonly totals: ReadonlySet<string> };
  readonly approximate: number;
  readonly leftOut: number;
  /** Whether the facts that may be later are left out; `illegal` where the others cannot follow without them, so that they are not. */
  readonly without?: 'left-out' | 'illegal';
  bytes: number;
}
type Shown = Readonly<Record<string, unknown>>;
interface Rendered {
  readonly row: RowValue | undefined;
  /** Streams with uncertain facts that it is made of. */
  readonly touched: ReadonlySet<string>;
  /** Length as JSON. */
  readonly text: number;
  readonly uncertain?: Uncertain;
}

const indexes = new LRUCache<string, DayIndex>({ maxSize: INDEXES_BYTES });
const shownOf = new LRUCache<string, Shown>({ maxSize: SHOWN_BYTES });
const rendered = new LRUCache<string, Rendered>({ maxSize: RENDERED_BYTES });
let instances = 0;
/** One view is made at a time, so that those under way take no more memory than one. */
let last: Promise<unknown> = Promise.resolve();

type Breathe = (work?: number) => Promise<void>;
/** Gives other work its turn after so much work: an event that is folded, a contribution or an entry is one. */
const breather = (): Breathe => {
  let done = 0;
  return async (work = 1) => {
    done += work;
    if (done < SLICE) return;
    done = 0;
    await turn();
  };
};

/** What every stream contributes on a day, by key, by link and by total: made whole, never changed. */
class DayIndex {
  readonly byStream: ReadonlyMap<string, Standing>;
  /** Of several contributions under one key, that of the stream that began first. */
  readonly places = new Map<string, Placed>();
  /** Link target → contributions, the newest last. */
  readonly lists = new Map<string, Placed[]>();
  readonly #sums = new Map<string, Record<string, bigint>>();
  /** Key of a total → streams with uncertain facts that have a share in it. */
  readonly uncertainIn = new Map<string, Set<string>>();
  /** Keys that have rows: those of streams in order of key, then those of events in store order. */
  rowKeys: readonly string[] = [];
  bytes = 0;

  constructor(
    readonly at: Sequence,
    standings: readonly Standing[],
  ) {
    this.byStream = new Map(standings.map((standing) => [standing.stream, standing]));
  }

  /** @param standings in the order in which their streams began */
  static async of(at: Sequence, standings: readonly Standing[], breathe: Breathe): Promise<DayIndex> {
    const index = new DayIndex(at, standings);
    const keys = new Set<string>();
    const events: Placed[] = [];
    for (const standing of standings) {
      for (const placed of standing.placed) {
        index.#add(placed);
        if (placed.contribution.row && placed.event === undefined) keys.add(placed.contribution.key);
        if (placed.event !== undefined) events.push(placed);
      }
      for (const total of standing.fault?.totals ?? []) index.#count(total, { faulted: 1n });
      index.bytes += standing.bytes;
      await breathe(standing.placed.length);
    }
    if (events.length > 0) for (const list of index.lists.values()) list.sort((a, b) => a.since - b.since);
    const inOrder = events.filter(({ contribution }) => contribution.row).sort((a, b) => a.since - b.since);
    index.rowKeys = [...new Set([...[...keys].sort(), ...inOrder.map(({ contribution }) => contribution.key)])];
    return index;
  }

  #add(placed: Placed): void {
    const { contribution, targets, standing } = placed;
    if (!this.places.has(contribution.key)) this.places.set(contribution.key, placed);
    for (const target of targets) {
      const list = this.lists.get(target);
      if (list) list.push(placed);
      else this.lists.set(target, [placed]);
    }
    for (const total in contribution.sums) {
      this.#count(total, contribution.sums[total]!);
      if (standing.approximate + standing.leftOut === 0) continue;
      const streams = this.uncertainIn.get(total);
      if (streams) streams.add(standing.stream);
      else this.uncertainIn.set(total, new Set([standing.stream]));
    }
  }
  #count(total: string, measures: Measures): void {
    let sum = this.#sums.get(total);
    if (!sum) this.#sums.set(total, (sum = {}));
    for (const measure in measures) {
      sum[measure] = (sum[measure] ?? 0n) + measures[measure]!;
      if (sum[measure] === 0n) delete sum[measure];
    }
  }
  measures(total: string): Measures {
    return this.#sums.get(total) ?? NOTHING;
  }
}
const NOTHING: Measures = {};

/** Thrown out of an evaluation that needs what is not in memory: it is fetched, and evaluated again. */
const MISSING = new Error('Not in memory.');

/** What a row sees of one index. */
class DayLookup implements Lookup {
  readonly missing = new Map<string, Placed>();
  /** Streams with uncertain facts that were looked at. */
  readonly touched = new Set<string>();
  readonly #found = new Map<string, Shown>();

  constructor(
    readonly index: DayIndex,
    readonly day: string,
  ) {}

  found(id: string, shown: Shown): void {
    this.#found.set(id, shown);
  }
  get<Value>(source: Source<string, Value>, id: string): Value | undefined {
    const key = `${source.kind}:${id}`;
    const placed = this.index.places.get(key);
    return placed && (this.#need([placed])[0]![key] as Value | undefined);
  }
  newest<Value, Item>(list: LinkedList<Value, Item>, key: Key): readonly Item[] {
    return this.entries(list, this.linking(list, key, 0, list.most ?? NEWEST));
  }
  /** Contributions of a list, newest first within each rank. */
  linking({ from, ranks }: Pick<LinkedList, 'from' | 'ranks'>, key: Key, skip: number, limit: number): readonly Placed[] {
    const found: Placed[] = [];
    let before = skip;
    for (let rank = 0; rank < ranks && found.length < limit; rank++) {
      const all = this.index.lists.get(targetOf(from.kind, rank, key)) ?? [];
      for (let i = all.length - 1 - before; i >= 0 && found.length < limit; i--) found.push(all[i]!);
      before = Math.max(0, before - all.length);
    }
    return found;
  }
  /** @throws MISSING */
  entries<Value, Item>(list: LinkedList<Value, Item>, placed: readonly Placed[]): readonly Item[] {
    const shown = this.#need(placed);
    return placed.flatMap(({ contribution: { key } }, i) => {
      const value = shown[i]![key];
      return value === undefined ? [] : [list.entry(value as Value, this)];
    });
  }
  sum<M extends MeasureKinds>(sums: Sums<M>, key: Key): SumOf<M> {
    return sums.total(this.measures(key));
  }
  measures(key: string): Measures {
    for (const stream of this.index.uncertainIn.get(key) ?? []) this.touched.add(stream);
    return this.index.measures(key);
  }
  faulted(key: Key): number {
    return Number(this.index.measures(key)['faulted'] ?? 0n);
  }

  #need(all: readonly Placed[]): readonly Shown[] {
    const shown = all.map((placed) => {
      const { standing } = placed;
      if (standing.approximate + standing.leftOut > 0) this.touched.add(standing.stream);
      const id = idOf(placed);
      const known = this.#found.get(id);
      if (!known) this.missing.set(id, placed);
      return known;
    });
    if (this.missing.size > 0) throw MISSING;
    return shown as readonly Shown[];
  }
}
const idOf = ({ standing: { stream, revision, without }, event }: Placed): string =>
  event === undefined ? `${stream}@${revision}${without === 'left-out' ? '~' : ''}` : `${stream}@${event}!`;

/**
 * The rows of a projection as of a day: the same functions as for the rows of today, on the states that the streams had on that day. A view
 * holds where each stream stands; what rows show of it is folded from the log when a row asks. A view at a later sequence is made of an
 * earlier one and of the streams that were recorded since.
 */
export class RowsOnDay {
  readonly #instance = ++instances;
  readonly #readsEvents: boolean;
  readonly #categories: ReadonlySet<string>;
  /** Those who ask for the same view at the same time share it. */
  readonly #underWay = new Map<string, Promise<DayIndex>>();
  /** The newest view of a day and programme that was made. */
  readonly #newest = new LRUCache<string, string>({ max: 100 });
  readonly #listings: Listings;

  constructor(
    private readonly readModel: ReadModelReader,
    private readonly projection: Projection,
    private readonly writer: ServedBuild,
    private readonly histories: HistoryCache,
  ) {
    this.#readsEvents = readsEvents(projection);
    this.#categories = new Set(projection.from.flatMap(({ category }) => category ?? []));
    this.#listings = new Listings(projection);
  }

  /** @throws ViewTooLargeError */
  async row(question: DayQuestion, key: string): Promise<RowOnDay | undefined> {
    return this.#render(question, await this.#index(question), key, breather());
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
    const index = await this.#index(question);
    const breathe = breather();
    const rows: RowOnDay[] = [];
    const place = after === '' ? -1 : index.rowKeys.indexOf(after);
    if (place === -1 && after !== '') throw new InvalidCursorError();
    let bytes = 0;
    for (let i = place + 1; i < index.rowKeys.length; i++) {
      if (rows.length === limit || bytes >= PAGE_BYTES || i - place > MAX_SCANNED) return { rows, next: index.rowKeys[i - 1]! };
      const key = index.rowKeys[i]!;
      const row = await this.#render(question, index, key, breathe, filters);
      await breathe(10);
      if (!row) continue;
      rows.push(row);
      bytes += rendered.peek(`${this.#nameOf(question)} ${key}`)?.text ?? PAGE_BYTES;
    }
    return { rows };
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
    const index = await this.#index(question);
    const breathe = breather();
    const rows: RowOnDay[] = [];
    let [cursor, bytes] = [after, 0];
    for (const key of keysAfter(listing, after)) {
      if (rows.length === limit || bytes >= PAGE_BYTES) return { rows, next: cursor };
      cursor = key;
      const row = await this.#render(question, index, key, breathe);
      await breathe(10);
      if (!row) continue;
      rows.push(row);
      bytes += rendered.peek(`${this.#nameOf(question)} ${key}`)?.text ?? PAGE_BYTES;
    }
    return { rows };
  }

  /** What the rows that pass come to; undefined where the projection has no totals. @throws ViewTooLargeError, ListTooLargeError */
  async totals(question: DayQuestion, asked: ListQuestion): Promise<object | undefined> {
    return this.projection.totals && (await this.#listing(question, asked)).totals;
  }

  #listing(question: DayQuestion, asked: ListQuestion): Promise<Listing> {
    return this.#listings.of(this.#nameOf(question), asked, () => this.#passing(question, asked.filters));
  }
  async *#passing(question: DayQuestion, filters: ListQuestion['filters']): AsyncGenerator<Passing> {
    const index = await this.#index(question);
    const breathe = breather();
    for (const key of index.rowKeys) {
      const lookup = new DayLookup(index, question.day);
      const [row] = await this.#rowIn(lookup, key, breathe);
      await breathe(10);
      yield { key, row: row && this.#passes(key, row, lookup, filters) ? row : undefined };
    }
  }

  /**
   * A page of a list of a row, newest first; undefined when there is no such list.
   * @throws ViewTooLargeError, InvalidCursorError
   */
  async list(question: DayQuestion, key: string, name: string, cursor: string | undefined, limit: number): Promise<ListPage | undefined> {
    const list = Object.entries(this.projection.lists?.[kindOf(key)] ?? {}).find(([other]) => other === name)?.[1];
    if (!list) return undefined;
    const index = await this.#index(question);
    if (cursor !== undefined && !/^\d{1,9}$/.test(cursor)) throw new InvalidCursorError();
    if (!('from' in list)) return this.#ownPage(list, question, index, key, cursor, limit);
    const lookup = new DayLookup(index, question.day);
    const skip = Number(cursor ?? 0);
    const found = lookup.linking(list, key as Key, skip, limit + 1);
    const entries = await this.#evaluate(lookup, () => lookup.entries(list, found.slice(0, limit)), breather());
    return { entries, ...(found.length > limit && { next: String(skip + limit) }) };
  }

  async #ownPage(
    list: OwnList,
    { day }: DayQuestion,
    index: DayIndex,
    key: string,
    cursor: string | undefined,
    limit: number,
  ): Promise<ListPage> {
    const standing = index.places.get(key)?.standing;
    if (!standing || split(standing.stream)[0] !== list.category) return { entries: [] };
    const history = await this.#historyOf(standing, day);
    const items = list.items(history);
    const end = cursor === undefined ? items.length : Number(cursor);
    if (end > items.length) throw new InvalidCursorError();
    const start = Math.max(0, end - limit);
    const entries = items
      .slice(start, end)
      .reverse()
      .map((item) => list.entry(item, history, day));
    return { entries, ...(start > 0 && { next: String(start) }) };
  }

  /** The row of a key where it answers to the filters; what is uncertain in it is asked for only then. */
  async #render(
    question: DayQuestion,
    index: DayIndex,
    key: string,
    breathe: Breathe,
    filters: Readonly<Record<string, string>> = {},
  ): Promise<RowOnDay | undefined> {
    const name = `${this.#nameOf(question)} ${key}`;
    let known = rendered.get(name);
    if (!known) {
      const [row, touched] = await this.#rowIn(new DayLookup(index, question.day), key, breathe);
      const text = row ? JSON.stringify(row).length : 0;
      known = { row, touched, text };
      rendered.set(name, known, { size: 300 + name.length + 5 * text + 100 * touched.size });
    }
    const { row, touched } = known;
    if (!row || !this.#passes(key, row, new DayLookup(index, question.day), filters)) return undefined;
    if (touched.size > 0 && !known.uncertain) {
      const uncertain = await this.#uncertain(question, index, key, row, touched, breathe);
      const text = known.text + JSON.stringify(uncertain).length;
      known = { row, touched, text, uncertain };
      rendered.set(name, known, { size: 300 + name.length + 5 * text + 100 * touched.size });
    }
    return { key, row, ...(known.uncertain && { uncertain: known.uncertain }) };
  }

  async #rowIn(lookup: DayLookup, key: string, breathe: Breathe): Promise<[RowValue | undefined, ReadonlySet<string>]> {
    const render = this.projection.rows[kindOf(key)];
    if (!render) return [undefined, lookup.touched];
    const row = await this.#evaluate(lookup, () => render(key.slice(key.indexOf(':') + 1), lookup) as RowValue | undefined, breathe);
    return [row && this.#withFault(row, lookup.index.places.get(key)?.standing), new Set(lookup.touched)];
  }

  /** The row of a stream that can be folded no more says so. */
  #withFault(row: RowValue, standing: Standing | undefined): RowValue {
    if (!standing?.fault) return row;
    const { position, id: event } = this.readModel.eventAt(standing.fault.since)!;
    const error = this.readModel.faultOf(this.writer.build.id, standing.stream)?.error ?? null;
    return { ...row, faulted: { stream: standing.stream, position, event, error } };
  }

  #passes(key: string, row: RowValue, lookup: Lookup, filters: Readonly<Record<string, string>>): boolean {
    return Object.entries(filters).every(([name, value]) => {
      const answer = this.projection.filters![name]!(row, { value, key: key as Key, lookup });
      return Array.isArray(answer) ? answer.includes(value) : answer === value || answer === true;
    });
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
      const history = await this.histories.at(stream, revision);
      const around = history.uncertainOn(day);
      const [within, behind] = [new Set(around.approximate.slice(-NEWEST)), new Set(around.leftOut.slice(-NEWEST))];
      for (const { entry, before, after } of history.steps()) {
        if (within.has(entry) && inside.length < NEWEST) inside.push(factOf(entry, before, after));
        if (behind.has(entry) && leftOut.length < NEWEST) leftOut.push(factOf(entry, before, after));
        await breathe();
      }
    }
    if (counts.inside === 0) return { inside, leftOut, counts, withoutInside: [] };
    const without = await this.#index(question, true);
    for (const stream of touched) {
      const standing = without.byStream.get(stream)!;
      if (standing.without === 'illegal') counts.needed += standing.approximate;
    }
    if (counts.needed === counts.inside) return { inside, leftOut, counts, withoutInside: null };
    const [other] = await this.#rowIn(new DayLookup(without, day), key, breathe);
    return { inside, leftOut, counts, withoutInside: other ? differences(row, other) : [{ op: 'remove', path: '', was: null }] };
  }

  /** Evaluates what looks things up; what is missing is fetched, with a pause now and then, and it is evaluated again. */
  async #evaluate<T>(lookup: DayLookup, evaluate: () => T, breathe: Breathe): Promise<T> {
    for (;;) {
      lookup.touched.clear();
      try {
        return evaluate();
      } catch (error) {
        if (error !== MISSING) throw error;
        for (const [id, placed] of lookup.missing) {
          lookup.found(id, await this.#shown(id, placed, lookup.day));
          await breathe(placed.standing.revision + 1);
        }
        lookup.missing.clear();
      }
    }
  }

  async #shown(id: string, { standing, event }: Placed, day: string): Promise<Shown> {
    const name = `${this.#instance} ${day} ${id}`;
    const known = shownOf.get(name);
    if (known) return known;
    const values: Record<string, unknown> = {};
    const show = (kind: string, from: () => object): void => {
      try {
        Object.assign(values, from());
      } catch (error) {
        this.writer.failed(standing.stream, `${kind}:${split(standing.stream)[1]}`, error);
      }
    };
    if (event !== undefined) {
      const recorded = await this.histories.event(standing.stream, event);
      for (const source of this.projection.from) if (source.category === undefined) show(source.kind, () => source.show(recorded));
    } else {
      const history = await this.#historyOf(standing, day);
      const kinds = new Set(standing.placed.map(({ contribution }) => kindOf(contribution.key)));
      for (const source of this.projection.from)
        if (source.category === history.aggregate.category && kinds.has(source.kind)) show(source.kind, () => source.show(history));
    }
    shownOf.set(name, values, { size: 200 + name.length + 5 * JSON.stringify(values).length });
    return values;
  }

  async #historyOf({ stream, revision, without }: Standing, day: string): Promise<History> {
    return (await this.histories.at(stream, revision)).onDay(day, without === 'left-out');
  }

  #nameOf({ at, day, programme = '' }: DayQuestion, without = false): string {
    return `${this.#instance} ${at} ${day} ${programme}${without ? ' ~' : ''}`;
  }

  /** @throws ViewTooLargeError */
  #index(question: DayQuestion, without = false): Promise<DayIndex> {
    const name = this.#nameOf(question, without);
    const known = indexes.get(name);
    if (known) return Promise.resolve(known);
    let made = this.#underWay.get(name);
    if (!made) {
      made = this.#make(question, name, without).finally(() => this.#underWay.delete(name));
      this.#underWay.set(name, made);
    }
    return made;
  }

  async #make(question: DayQuestion, name: string, without: boolean): Promise<DayIndex> {
    const whole = without ? await this.#index(question) : undefined;
    const turnOf = last.then(() => (whole ? this.#withoutUncertain(question, whole) : this.#built(question)));
    last = turnOf.catch(() => undefined);
    const index = await turnOf;
    indexes.set(name, index, { size: 1000 + index.bytes });
    if (!without) this.#newest.set(`${question.day} ${question.programme ?? ''}`, name);
    return index;
  }

  async #withoutUncertain({ day }: DayQuestion, whole: DayIndex): Promise<DayIndex> {
    const breathe = breather();
    const standings: Standing[] = [];
    for (const standing of whole.byStream.values()) {
      standings.push(standing.approximate > 0 ? await this.#stand(standing.stream, standing.since, whole.at, day, true) : standing);
      await breathe(standing.approximate > 0 ? standing.revision + 1 : 1);
    }
    return DayIndex.of(whole.at, standings, breathe);
  }

  async #built({ at, day, programme }: DayQuestion): Promise<DayIndex> {
    const breathe = breather();
    const earlier = indexes.peek(this.#newest.get(`${day} ${programme ?? ''}`) ?? '');
    const base = earlier && earlier.at <= at ? earlier : undefined;
    const began = new Map<string, Sequence>();
    for (const { stream, since } of base?.byStream.values() ?? []) began.set(stream, since);
    const changed = await this.#recordedIn(programme, base?.at ?? 0, at, began, breathe);
    const byStream = new Map(base?.byStream);
    let bytes = base?.bytes ?? 0;
    const counts = new Map<string, number>();
    for (const stream of byStream.keys()) counts.set(split(stream)[0], (counts.get(split(stream)[0]) ?? 0) + 1);
    const waiting = [...changed.keys()];
    for (let next = 0; next < waiting.length; next++) {
      const stream = waiting[next]!;
      const [category] = split(stream);
      const was = byStream.get(stream);
      if (!was) counts.set(category, (counts.get(category) ?? 0) + 1);
      if (counts.get(category)! > MAX_STREAMS_ON_DAY) throw tooLarge(`more than ${MAX_STREAMS_ON_DAY} ${category} records`, programme);
      const standing = await this.#stand(stream, began.get(stream)!, at, day, false, changed.get(stream));
      bytes += standing.bytes - (was?.bytes ?? 0);
      if (bytes > MAX_INDEX_BYTES) throw tooLarge('more than one view holds', programme);
      byStream.set(stream, standing);
      // of one programme: also what its streams link to, such as suppliers
      if (programme !== undefined)
        for (const linked of this.#streamsLinkedBy(standing))
          if (!began.has(linked)) {
            const first = this.readModel.events({ tags: [], stream: linked, after: 0, upTo: at, limit: 1 }).events[0];
            if (!first) continue;
            began.set(linked, first.sequence);
            waiting.push(linked);
          }
      await breathe(standing.revision + 1);
    }
    const standings = [...byStream.values()].sort((a, b) => a.since - b.since);
    return DayIndex.of(at, standings, breathe);
  }

  /** Streams that the projection reads with events after a sequence, up to another one, and their revisions there; of one programme those that are about it. */
  async #recordedIn(
    programme: string | undefined,
    after: Sequence,
    at: Sequence,
    began: Map<string, Sequence>,
    breathe: Breathe,
  ): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>();
    const counts = new Map<string, number>();
    const tag = programme === undefined ? undefined : `programme:${programme}`;
    for (let from = after; from < at;) {
      const page = this.readModel.streams({ tag, after: from, upTo: at });
      for (const { stream, sequence, revision } of page.streams) {
        if (found.has(stream)) continue;
        const [category] = split(stream);
        if (!this.#readsEvents && !this.#categories.has(category)) continue;
        found.set(stream, revision);
        if (began.has(stream)) continue;
        began.set(stream, sequence);
        counts.set(category, (counts.get(category) ?? 0) + 1);
        if (counts.get(category)! > MAX_STREAMS_ON_DAY) throw tooLarge(`more than ${MAX_STREAMS_ON_DAY} ${category} records`, programme);
      }
      from = page.scanned;
      await breathe(SLICE);
    }
    if (programme === undefined) return found;
    // what was linked to has events of its own, which may be about no programme
    for (const stream of began.keys()) {
      if (found.has(stream)) continue;
      if (this.readModel.events({ tags: [], stream, after, upTo: at, limit: 1 }).events.length > 0)
        found.set(stream, this.readModel.revisionAt(stream, at));
      await breathe();
    }
    return found;
  }

  /** Of keys such as `supplier:atos` and `pool:met/…`: an id begins with that of its stream. */
  *#streamsLinkedBy({ placed }: Standing): Generator<string> {
    for (const { contribution } of placed)
      for (const link of contribution.links ?? []) {
        const key = link[1] === '|' ? link.slice(2) : link;
        const kind = kindOf(key);
        const source = this.projection.from.find((other) => other.kind === kind);
        if (source?.category !== undefined) yield `${source.category}-${key.slice(kind.length + 1).split('/')[0]}`;
      }
  }

  /** Where a stream stands on the day; a faulted one is read up to its fault. */
  async #stand(stream: string, since: Sequence, at: Sequence, day: string, without: boolean, known?: number): Promise<Standing> {
    const { readModel } = this;
    const faulted = this.writer.faulted.get(stream) ?? Infinity;
    const revision = faulted > at && known !== undefined ? known : readModel.revisionAt(stream, Math.min(at, faulted - 1));
    const { part, recorded, approximate, leftOut, left } = await this.#partOf(stream, revision, day, without);
    const contributions = part && part.revision >= 0 ? contributionsOf(this.projection, part, day) : [];
    const fault = faulted <= at ? await this.#faultOf(stream, faulted, revision, contributions) : undefined;
    const placed: Placed[] = [];
    const standing: Standing = { stream, revision, since, placed, approximate, leftOut, ...(left && { without: left }), ...(fault && { fault }), bytes: 300 }; // prettier-ignore
    const place = (contribution: Contribution, of: { readonly since: Sequence; readonly event?: number }): void => {
      placed.push({ contribution, targets: targetsOf(contribution), standing, ...of });
      standing.bytes += bytesOf(contribution);
    };
    for (const contribution of contributions) place(contribution, { since });
    if (this.#readsEvents)
      for (const event of recorded) {
        if (bounds(event.metadata.effectiveOn).earliest > day) continue; // a correction that was decided later
        const own = contributionsOfEvent(this.projection, event);
        if (own.length === 0) continue;
        const sequence = readModel.eventById(event.id)!.sequence;
        for (const contribution of own) place(contribution, { since: sequence, event: event.revision });
      }
    return standing;
  }

  /** The part of a stream before what is certainly later than the day, and how much of it is uncertain. */
  async #partOf(stream: string, revision: number, day: string, without: boolean): Promise<Part> {
    if (revision < 0) return { part: undefined, recorded: [], approximate: 0, leftOut: 0 };
    let whole: History | undefined;
    if (revision < SHORT) {
      const events = await this.histories.read(stream, 0, revision + 1);
      const empty = this.histories.emptyOf(stream);
      const quick = this.#readsEvents || without ? undefined : folded(Snapshot.of(empty), events, day);
      if (quick) return quick;
      if (events.length === revision + 1) whole = empty.extended(events);
    }
    whole ??= await this.histories.at(stream, revision);
    const uncertain = whole.uncertainOn(day);
    const counts = { approximate: uncertain.approximate.length, leftOut: uncertain.leftOut.length };
    if (!without || counts.approximate === 0) {
      const part = whole.onDay(day);
      return { part, recorded: part.recorded, ...counts };
    }
    try {
      const part = whole.onDay(day, true);
      return { part, recorded: part.recorded, ...counts, left: 'left-out' };
    } catch (error) {
      if (!(error instanceof IllegalTransitionError)) throw error;
      const part = whole.onDay(day);
      return { part, recorded: part.recorded, ...counts, left: 'illegal' };
    }
  }

  async #faultOf(
    stream: string,
    since: Sequence,
    revision: number,
    contributions: readonly Contribution[],
  ): Promise<NonNullable<Standing['fault']>> {
    const { about } = (await this.histories.event(stream, revision + 1)).metadata;
    return { since, totals: faultedIn(contributions, about.programme) };
  }
}

interface Part {
  readonly part: Folded | undefined;
  /** What single events contribute by; of a part that was folded without a history it is not kept. */
  readonly recorded: readonly RecordedEvent[];
  readonly approximate: number;
  readonly leftOut: number;
  readonly left?: NonNullable<Standing['without']>;
}
/**
 * The part of a stream of facts and notes alone, folded once: placed as a history places them, of which nothing but the state is needed.
 * Undefined where one corrects, withdraws or reveals another.
 */
const folded = (empty: Snapshot, events: readonly RecordedEvent[], day: string): Part | undefined => {
  const order: (Bounds & { readonly event: RecordedEvent })[] = [];
  let latestStart = '';
  for (const event of events) {
    if (event.type === 'FactAnnotated') continue;
    if (isLedgerEvent(event.type) || isRevealing(empty.aggregate, event.type)) return undefined;
    const { earliest, latest } = bounds(event.metadata.effectiveOn);
    const place = latestStart <= latest ? -1 : order.findIndex((other) => other.earliest > latest);
    if (place === -1) order.push({ event, earliest, latest });
    else order.splice(place, 0, { event, earliest, latest });
    if (earliest > latestStart) latestStart = earliest;
  }
  const later = order.findIndex(({ earliest }) => earliest > day);
  const end = later === -1 ? order.length : later;
  const approximate = order.slice(0, end).filter(({ latest }) => latest > day).length;
  const leftOut = order.slice(end).filter(({ earliest }) => earliest <= day).length;
  return { part: empty.extended(order.slice(0, end).map(({ event }) => event)), recorded: [], approximate, leftOut };
};

const factOf = ({ recorded, effectiveOn }: Entry, before: unknown, after: unknown): UncertainFact => ({
  event: recorded.id,
  type: recorded.type,
  stream: recorded.stream,
  effectiveOn,
  changed: differences(before, after).slice(0, MAX_CHANGES),
});

const bytesOf = ({ key, links = [], sums = {} }: Contribution): number => {
  let bytes = 500 + 2 * key.length + 200 * links.length;
  for (const total in sums) bytes += 200 + 2 * total.length + 80 * Object.keys(sums[total]!).length;
  return bytes;
};

const tooLarge = (what: string, programme: string | undefined): ViewTooLargeError =>
  new ViewTooLargeError(
    programme === undefined
      ? `The ledger has ${what}: name a programme with the parameter programme.`
      : `The programme ${programme} has ${what}: read its contracts one at a time, by GET /contracts/{id}?effectiveOn=….`,
  );
