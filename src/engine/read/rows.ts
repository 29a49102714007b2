import { LRUCache } from 'lru-cache';
import { setImmediate as turn } from 'node:timers/promises';
import {
  NEWEST,
  type Contribution,
  type Contributions,
  type Key,
  type LinkedList,
  type Lookup,
  type MeasureKinds,
  type Measures,
  type OwnList,
  type Projection,
  type Source,
  type SumOf,
  type ShownTotal,
  type Sums,
} from '../../kernel/index.js';
import {
  MAX_PAGE,
  MAX_SCANNED,
  type ContributionPlace,
  type IndexedEvent,
  type ReadModelReader,
  type Sequence,
} from '../../store/read-model.js';
import { split } from '../audit/audit.js';
import {
  byKey,
  contributionsOf,
  contributionsOfEvent,
  faultedIn,
  keyOfTarget,
  keyOfTotal,
  kindOf,
  readsEvents,
  samePlace,
  sameStanding,
  sameSums,
  targetOf,
  targetsOf,
  under,
} from './projection-writer.js';
import { contributionsTo, TotalsSeen, type Opened } from './contributions-to.js';
import type { HistoryCache } from '../history-cache.js';
import { keysAfter, Listings, type Listing, type ListQuestion, type Passing } from './listing.js';
import { InvalidCursorError } from './read-errors.js';
import { isShownBy, textOfRow, textOfShown } from './row-text.js';

export { InvalidCursorError };

export type RowValue = Readonly<Record<string, unknown>>;
export interface Row {
  readonly key: string;
  readonly row: RowValue;
}
type Changes = Readonly<Record<string, RowValue | null>>;
/** The JSON of changes, rendered once: a row as its text. */
const texts = new WeakMap<Changes, string>();
export const textOfChanges = (changes: Changes): string => texts.get(changes) ?? JSON.stringify(changes);

/** Which rows a follower hears of: one of them, and those that pass the filters of the projection. */
export interface RowChoice {
  readonly key?: string | undefined;
  readonly filters: Readonly<Record<string, string>>;
}
/** Between which sequences rows changed, and what they were before, as far as they were rendered. */
interface Origins {
  readonly from: Sequence;
  readonly to: Sequence;
  readonly was: ReadonlyMap<string, Rendered>;
  readonly is: ReadonlyMap<string, Rendered>;
}
/** Of changes that a follower hears of. */
const origins = new WeakMap<Changes, Origins>();

/** The build that rows are read from. */
export interface ServedBuild {
  readonly build: { readonly id: number };
  /** From which event on a stream cannot be folded. */
  readonly faulted: { get(stream: string): Sequence | undefined };
  /** A contribution of a stream cannot be rendered. */
  failed(stream: string, key: string, error: unknown): void;
}

/** All row changes of one position; a row that is gone is `null`. */
export interface Update {
  readonly sequence: Sequence;
  readonly position: string;
  readonly event: string;
  readonly stream: string;
  readonly changes: Changes;
}
/** What a follower hears of the events after its place, up to `upTo`. */
export interface Followed {
  readonly upTo: Sequence;
  readonly updates: readonly Update[];
  /** Instead of updates: how many events may have changed rows, and the latest row of each; of too many rows none. */
  readonly latest?: { readonly events: number; readonly changes: Changes | undefined };
}

/** A page of a list; `next` is where to go on, absent at the end. */
export interface ListPage {
  readonly entries: readonly unknown[];
  readonly next?: string;
}

/** What a stream or an event contributes, with what rows show of it. */
interface Added {
  readonly [key: string]: { readonly contribution: Contribution; readonly value: unknown; readonly text: string };
}
/** Events that were followed without a gap: a row that was rendered on the way is the same at the end, or it was rendered again. */
interface Run {
  readonly from: Sequence;
  readonly to: Sequence;
}
type Standing = Pick<ContributionPlace, 'key' | 'row' | 'links'>;
interface Rendered {
  readonly row: RowValue | undefined;
  readonly text: string;
}

interface KeptUpdate {
  readonly update: Update | undefined;
}
interface KeptContributions {
  readonly contributions: Contributions;
}
interface LastRendered extends Rendered {
  readonly at: Sequence;
}

/** Memory for rendered rows, and for what they show, of all projections of the process, in bytes. */
const KEPT_BYTES = 18 << 20;
/** Keys that are read at once. */
const KEYS = 200;
/** Text of the rows of one page, about: it ends early, and says where to go on. */
const PAGE_BYTES = 512 << 10;
/** Keys around the contributions of one message that are looked at; rows that it may change, and their text, about. */
const MAX_AFFECTED = 10_000;
const MAX_CHANGED = 500;
const MAX_CHANGED_BYTES = 4 << 20;
/** Contributions and rows that a reader reads before other work gets its turn. */
const BREATH = 8;

/** Objects take about four times the memory of their text. */
const kept = new LRUCache<string, Rendered | LastRendered | KeptUpdate | KeptContributions | Added>({ maxSize: KEPT_BYTES });
let instances = 0;

/** Lets other work in between where it is due: for a turn of the event loop, or longer where the work is for followers. */
export type Breathe = () => Promise<unknown>;
const breather = (): Breathe => {
  let read = 0;
  return async () => {
    if (++read % BREATH === 0) await turn();
  };
};

/**
 * Rows have no versions: a row now and a row at a sequence are the same rendering of the contributions that held there. What rows show of
 * a contribution is folded from the log when a row asks. What changed at a sequence is what the event's stream contributes otherwise than
 * before, and the rows around it, rendered before and after.
 */
export class Rows {
  readonly #instance = ++instances;
  #run: Run = { from: 0, to: 0 };
  readonly #readsEvents: boolean;
  readonly #listings: Listings;

  constructor(
    private readonly readModel: ReadModelReader,
    private readonly projection: Projection,
    private readonly writer: ServedBuild,
    private readonly histories: HistoryCache,
    /** The day in the ledger's time zone, which rows may look at. */
    private readonly today: () => string,
  ) {
    this.#readsEvents = readsEvents(projection);
    this.#listings = new Listings(projection);
  }

  /** Whether a stream's events may change rows. */
  #reads(stream: string): boolean {
    return this.#readsEvents || this.projection.from.some(({ category }) => category === split(stream)[0]);
  }

  async row(key: string, at: Sequence): Promise<RowValue | undefined> {
    return (await this.#render(key, this.#viewAt(at))).row;
  }

  /**
   * A page of rows: those of streams in order of key, then those of events in store order; at most `limit`, and about `PAGE_BYTES` of text.
   * `next` is the key to go on after; absent when there are no more.
   */
  async page(
    at: Sequence,
    after: string,
    limit: number,
    filters: { readonly [name: string]: string } = {},
  ): Promise<{ rows: Row[]; next?: string }> {
    const rows: Row[] = [];
    const view = this.#viewAt(at);
    const breathe = breather();
    let [cursor, scanned, bytes] = [after, 0, 0];
    for await (const key of this.#keys(at, after)) {
      if (rows.length === limit || bytes >= PAGE_BYTES || scanned++ === MAX_SCANNED) return { rows, next: cursor };
      cursor = key;
      await breathe();
      const { row, text } = await this.#render(key, view, breathe);
      if (row === undefined || !this.#passes(key, row, view, filters)) continue;
      rows.push({ key, row });
      bytes += text.length;
    }
    return { rows };
  }

  /**
   * A page of the rows that pass, in the order that is asked for; `next` as for `page`.
   * @throws ListTooLargeError, InvalidCursorError
   */
  async sorted(at: Sequence, after: string, limit: number, question: ListQuestion): Promise<{ rows: Row[]; next?: string }> {
    const view = this.#viewAt(at);
    const breathe = breather();
    const rows: Row[] = [];
    let [cursor, bytes] = [after, 0];
    for (const key of keysAfter(await this.#listing(at, question), after)) {
      if (rows.length === limit || bytes >= PAGE_BYTES) return { rows, next: cursor };
      cursor = key;
      const { row, text } = await this.#render(key, view, breathe);
      await breathe();
      if (row === undefined) continue;
      rows.push({ key, row });
      bytes += text.length;
    }
    return { rows };
  }

  /** What the rows that pass come to; undefined where the projection has no totals. @throws ListTooLargeError */
  async totals(at: Sequence, question: ListQuestion): Promise<object | undefined> {
    return this.projection.totals && (await this.#listing(at, question)).totals;
  }

  #listing(at: Sequence, question: ListQuestion): Promise<Listing> {
    return this.#listings.of(`${at} ${this.today()}`, question, () => this.#passing(at, question.filters));
  }
  async *#passing(at: Sequence, filters: ListQuestion['filters']): AsyncGenerator<Passing> {
    const view = this.#viewAt(at);
    const breathe = breather();
    for await (const key of this.#keys(at, '')) {
      await breathe();
      const { row } = await this.#render(key, view, breathe, true);
      yield { key, row: row && this.#passes(key, row, view, filters) ? row : undefined };
    }
  }

  /**
   * A page of a list of a row, newest first; undefined when there is no such list.
   * @param cursor `next` of the page before, at the same sequence
   * @throws InvalidCursorError
   */
  async list(key: string, name: string, at: Sequence, cursor: string | undefined, limit: number): Promise<ListPage | undefined> {
    const list = Object.entries(this.projection.lists?.[kindOf(key)] ?? {}).find(([other]) => other === name)?.[1];
    if (!list) return undefined;
    return 'from' in list ? this.#linkedPage(list, key as Key, at, cursor, limit) : this.#ownPage(list, key, at, cursor, limit);
  }

  /** A row, and the totals in it by JSON Pointer. */
  async totalsOf(
    key: string,
    at: Sequence,
  ): Promise<{ readonly row: RowValue; readonly totals: ReadonlyMap<string, ShownTotal> } | undefined> {
    const view = this.#viewAt(at);
    const render = this.projection.rows[kindOf(key)];
    const seen = new TotalsSeen();
    const watched = seen.watch(view);
    const row = render && (await this.#evaluate(view, () => render(key.slice(key.indexOf(':') + 1), watched)));
    return row ? { row: row as RowValue, totals: seen.in(row) } : undefined;
  }

  /** What a total adds up. @throws ViewTooLargeError */
  opened(total: ShownTotal, at: Sequence): Promise<Opened> {
    const { readModel, projection, histories } = this;
    return contributionsTo({ readModel, build: this.writer.build.id, projection, histories }, total, at);
  }

  /** Events of a kind that may link to a key, newest first, from a sequence down: what each contributes decides. */
  eventsLinking(kind: string, key: string, upTo: Sequence, limit: number): readonly Sequence[] {
    return this.readModel.marked(this.writer.build.id, targetOf(kind, 0, key), { upTo, limit, newestFirst: true });
  }

  async #linkedPage(list: LinkedList, key: Key, at: Sequence, cursor: string | undefined, limit: number): Promise<ListPage> {
    const from = cursor === undefined ? undefined : placeOfCursor(cursor, list.ranks);
    const view = this.#viewAt(at);
    const origins = view.linking(list, key, from, limit + 1);
    const page = origins.slice(0, limit);
    const entries = await this.#evaluate(view, () => view.entries(list, page));
    return { entries, ...(origins.length > limit && { next: cursorOfPlace(placeOfOrigin(page.at(-1)!)) }) };
  }

  async #ownPage(list: OwnList, key: string, at: Sequence, cursor: string | undefined, limit: number): Promise<ListPage> {
    const view = this.#viewAt(at);
    const [place] = view.places(key);
    if (!place || split(place.stream)[0] !== list.category) return { entries: [] };
    const revision = view.revisionOf(place.stream);
    const history = await this.histories.at(place.stream, revision);
    const items = list.items(history);
    const end = cursor === undefined ? items.length : Number(cursor);
    if (!Number.isInteger(end) || end < 0 || end > items.length) throw new InvalidCursorError();
    const start = Math.max(0, end - limit);
    const entries = items
      .slice(start, end)
      .reverse()
      .map((item) => list.entry(item, history, view.day));
    return { entries, ...(start > 0 && { next: String(start) }) };
  }

  async *#keys(at: Sequence, after: string): AsyncGenerator<string> {
    const last = (await this.#eventsUnder(after, at))[0]?.sequence;
    if (last === undefined)
      for (let cursor = after; ;) {
        const { keys, next } = this.readModel.rowKeys(this.writer.build.id, at, cursor, KEYS);
        yield* keys;
        if (next === undefined) break;
        cursor = next;
        await turn();
      }
    if (!this.#readsEvents) return;
    let passed = last === undefined;
    const breathe = breather();
    for (let sequence = last ?? 1; sequence <= at; sequence++) {
      const { stream, revision } = this.readModel.eventAt(sequence)!;
      for (const [key, { contribution }] of Object.entries(await this.#addedBy(stream, revision))) {
        if (passed && contribution.row && (await this.#eventsUnder(key, at))[0]?.sequence === sequence) yield key;
        passed ||= key === after;
      }
      await breathe();
    }
  }

  /** Row changes after a sequence, a bounded number at a time, and how far they reach: `upTo` itself may have changed nothing. */
  async updates(
    after: Sequence,
    head: Sequence,
    limit = 100,
    breathe: Breathe = breather(),
  ): Promise<{ readonly updates: readonly Update[]; readonly upTo: Sequence }> {
    const updates: Update[] = [];
    const reach = Math.min(head, after + MAX_SCANNED);
    for (let sequence = after + 1; sequence <= reach; sequence++) {
      const update = await this.#sharedUpdateAt(sequence, breathe);
      if (update) updates.push(update);
      if (updates.length === limit) return { updates, upTo: sequence };
      await breathe();
    }
    return { updates, upTo: reach };
  }

  /** Those who ask at the same time share an update. */
  readonly #underWay = new Map<Sequence, Promise<Update | undefined>>();
  #sharedUpdateAt(sequence: Sequence, breathe: Breathe): Promise<Update | undefined> {
    const name = this.#name(`update ${sequence}`);
    const known = kept.get(name) as KeptUpdate | undefined;
    if (known) return Promise.resolve(known.update);
    let update = this.#underWay.get(sequence);
    if (!update) {
      update = this.#updateAt(this.readModel.eventAt(sequence)!, breathe).finally(() => this.#underWay.delete(sequence));
      this.#underWay.set(sequence, update);
      update.then((update) => kept.set(name, { update } satisfies KeptUpdate, { size: 200 + 5 * JSON.stringify(update ?? null).length }), () => undefined); // prettier-ignore
    }
    return update;
  }

  async #updateAt({ sequence, position, id, stream, revision }: IndexedEvent, breathe: Breathe, run?: Run): Promise<Update | undefined> {
    const changed = new Changed();
    if (this.#readsEvents) changed.byEvent(await this.#addedBy(stream, revision));
    await this.#compare(changed, stream, revision - 1, revision, sequence - 1, sequence);
    const changes = (await this.#changes(changed, sequence - 1, sequence, breathe, true, run))!;
    return Object.keys(changes).length === 0 ? undefined : { sequence, position, event: id, stream, changes };
  }

  /**
   * What a follower hears of the events after its place: an update for each, or, when more than `most` of them may have changed rows, the
   * latest row of each key. Looks at `MAX_SCANNED` events at most, so `upTo` may lie before the head.
   * @param enough whether the updates end here, which have so many bytes, about
   */
  async follow(
    after: Sequence,
    head: Sequence,
    most: number,
    breathe: Breathe = breather(),
    enough = (_: number) => false,
  ): Promise<Followed> {
    // Followers that begin at different places meet at the same ones, and at the head.
    const upTo = head - after <= MAX_SCANNED ? head : (Math.floor(after / MAX_SCANNED) + 1) * MAX_SCANNED;
    const events: IndexedEvent[] = [];
    for (let from = after; from < upTo;) {
      const page = this.readModel.events({ tags: [], after: from, upTo, limit: MAX_PAGE });
      events.push(...page.events.filter(({ stream }) => this.#reads(stream)));
      from = Math.max(page.scanned, page.events.at(-1)?.sequence ?? 0);
      await breathe();
    }
    if (this.#run.to !== after) this.#run = { from: after, to: after };
    if (events.length > most) {
      const changes = await this.#latest(events, after, upTo, breathe);
      this.#run = changes ? { ...this.#run, to: upTo } : { from: upTo, to: upTo };
      return { upTo, updates: [], latest: { events: events.length, changes } };
    }
    const updates: Update[] = [];
    let bytes = 0;
    for (const event of events) {
      const update = await this.#updateAt(event, breathe, this.#run);
      if (update) updates.push(update);
      if (update) bytes += textOfChanges(update.changes).length;
      this.#run = { ...this.#run, to: event.sequence };
      if (enough(bytes)) return { upTo: event.sequence, updates };
      await breathe();
    }
    this.#run = { ...this.#run, to: upTo };
    return { upTo, updates };
  }

  /** The row of a key at the end of a run, where the run has rendered it. */
  #lastRendered(key: string, run: Run | undefined): Rendered | undefined {
    const last = run && (kept.get(this.#name(`last ${this.today()} ${key}`)) as LastRendered | undefined);
    return last && last.at > run.from && last.at <= run.to ? last : undefined;
  }
  #keepLast(key: string, { row, text }: Rendered, at: Sequence): void {
    const last: LastRendered = { row, text, at };
    kept.set(this.#name(`last ${this.today()} ${key}`), last, { size: 200 + 5 * text.length });
  }

  /** The latest row of each key that these events may have changed; undefined when they are too many. */
  async #latest(events: readonly IndexedEvent[], after: Sequence, upTo: Sequence, breathe: Breathe): Promise<Changes | undefined> {
    const changed = new Changed();
    const streams = new Map<string, { from: number; to: number }>();
    for (const { stream, revision } of events) {
      const known = streams.get(stream);
      if (known) known.to = revision;
      else streams.set(stream, { from: revision - 1, to: revision });
      if (!this.#readsEvents) continue;
      changed.byEvent(await this.#addedBy(stream, revision));
      await breathe();
    }
    for (const [stream, { from, to }] of streams) {
      await this.#compare(changed, stream, from, to, after, upTo);
      await breathe();
    }
    return this.#changes(changed, after, upTo, breathe, false, this.#run);
  }

  /**
   * The rows around what changed, as they are at a sequence; of a row that is the same as before nothing.
   * @param exact whether rows that the run has not rendered yet are rendered before and after, whatever their number; else they count as
   * changed, and too many are undefined
   */
  async #changes(
    changed: Changed,
    from: Sequence,
    to: Sequence,
    breathe: Breathe,
    exact: boolean,
    run?: Run,
  ): Promise<Changes | undefined> {
    const carried = run && this.#carried?.sequence === run.to && this.#carried.day === this.today() ? this.#carried : undefined;
    const before = carried ?? this.#viewAt(from);
    const affected = new Set(changed.rows);
    for (const key of changed.keys) {
      for await (const other of this.#affectedBy(key, before, breathe)) affected.add(other);
      await breathe();
    }
    const was = new Map<string, Rendered>();
    const isRow = (key: string) => this.projection.rows[kindOf(key)] !== undefined;
    const wasAt = async (key: string, view: View): Promise<Rendered> => {
      const last = this.#lastRendered(key, run);
      if (last || !(await this.#hasRow(key, view))) return last ?? NO_ROW;
      return exact ? this.#render(key, view, breathe) : OTHER;
    };
    for (const key of affected)
      if (isRow(key)) {
        was.set(key, await wasAt(key, before));
        await breathe();
      }
    const now = carried && !changed.unclear ? carried.moved(to, changed) : this.#viewAt(to);
    if (run) this.#carried = now;
    for (const key of changed.keys)
      for await (const other of this.#affectedBy(key, now, breathe)) {
        if (!affected.has(other) && isRow(other)) was.set(other, await wasAt(other, this.#viewAt(from)));
        affected.add(other);
        if (!exact && affected.size > MAX_AFFECTED) return undefined;
        await breathe();
      }
    const changes: Record<string, RowValue | null> = {};
    const lines: string[] = [];
    const rendered = new Map<string, Rendered>();
    let [rows, bytes] = [0, 0];
    for (const key of [...was.keys()].sort()) {
      const is = (await this.#hasRow(key, now)) ? await this.#render(key, now, breathe, run !== undefined) : NO_ROW;
      if (run) this.#keepLast(key, is, to);
      if (was.get(key)!.text === is.text) continue;
      changes[key] = is.row ?? null;
      rendered.set(key, is);
      lines.push(lineOf(key, is));
      bytes += is.text.length;
      if (!exact && (++rows > MAX_CHANGED || bytes > MAX_CHANGED_BYTES)) return undefined;
      await breathe();
    }
    texts.set(changes, `{${lines.join(',')}}`);
    if (run) origins.set(changes, { from, to, was, is: rendered });
    return changes;
  }

  /**
   * The changes of rows that pass, `null` for one that passed before and does not any more; undefined where there is none.
   * @param changes of a follower's updates
   */
  async chosen(changes: Changes, { key: one, filters }: RowChoice, breathe: Breathe): Promise<Changes | undefined> {
    const { from, to, was, is } = origins.get(changes)!;
    const keys = one === undefined ? Object.keys(changes) : Object.hasOwn(changes, one) ? [one] : [];
    if (keys.length === 0) return undefined;
    const [before, now] = [this.#viewAt(from), this.#viewAt(to)];
    const passes = (key: string, { row }: Rendered, view: View): boolean => row !== undefined && this.#passes(key, row, view, filters);
    const own: Record<string, RowValue | null> = {};
    const lines: string[] = [];
    for (const key of keys) {
      const isPassing = passes(key, is.get(key)!, now);
      const last = was.get(key)!;
      if (!isPassing && !passes(key, last === OTHER ? await this.#render(key, before, breathe) : last, before)) continue;
      own[key] = isPassing ? changes[key]! : null;
      lines.push(lineOf(key, isPassing ? is.get(key)! : NO_ROW));
      await breathe();
    }
    if (lines.length === 0) return undefined;
    texts.set(own, `{${lines.join(',')}}`);
    return own;
  }

  /** What changed of one row between two sequences, whatever else did; undefined where it is the same. */
  async changeOf(key: string, from: Sequence, to: Sequence, breathe: Breathe): Promise<Changes | undefined> {
    const was = await this.#render(key, this.#viewAt(from), breathe);
    const is = await this.#render(key, this.#viewAt(to), breathe);
    if (was.text === is.text) return undefined;
    const changes: Changes = { [key]: is.row ?? null };
    texts.set(changes, `{${lineOf(key, is)}}`);
    origins.set(changes, { from, to, was: new Map([[key, was]]), is: new Map([[key, is]]) });
    return changes;
  }
  /** What the run has read of the read model at its end. */
  #carried: View | undefined;

  /** Adds what a stream contributes otherwise at one of its revisions than at another, which it had at two sequences. */
  async #compare(changed: Changed, stream: string, from: number, to: number, after: Sequence, upTo: Sequence): Promise<void> {
    if (!this.projection.from.some(({ category }) => category === split(stream)[0])) return;
    const faulted = this.writer.faulted.get(stream) ?? Infinity;
    if (faulted <= after) return;
    const before = from < 0 ? NONE : await this.#contributionsAt(stream, from);
    if (faulted > upTo) {
      const now = await this.#contributionsAt(stream, to);
      const alike = before.filter((was) => now.some((is) => is.key === was.key && sameStanding(was, is)));
      const same = alike.length > 0 ? await this.#sameShown(stream, from, to, alike) : NONE;
      return changed.between(before, now, same, stream, to);
    }
    const at = this.readModel.revisionAt(stream, faulted);
    const { about } = (await this.histories.event(stream, at)).metadata;
    const last = at === 0 ? NONE : await this.#contributionsAt(stream, at - 1);
    changed.unclear = true;
    for (const { key } of [...before, ...last]) changed.keys.add(key);
    for (const key of faultedIn(last, about.programme)) changed.rows.add(key);
  }
  /** Those contributions of a stream that show at one revision what they show at another. */
  async #sameShown(stream: string, from: number, to: number, contributions: Contributions): Promise<Contributions> {
    const [before, now] = [await this.#addedAt(stream, from), await this.#addedAt(stream, to)];
    return contributions.filter(({ key }) => before[key]!.text === now[key]!.text);
  }

  /** Rows that may show a contribution, or did: its own, those it links to, and those that their contributions link to. */
  async *#affectedBy(key: string, view: View, breathe: Breathe): AsyncGenerator<string> {
    yield key;
    for (const { links } of await this.#standing(key, view))
      for (const target of links) {
        const link = keyOfTarget(target);
        yield link;
        for (const other of view.places(link)) yield* other.links.map(keyOfTarget);
      }
    const source = this.projection.from.find(({ kind }) => kind === kindOf(key));
    if (!source?.shownByLinking) return;
    for (const from of this.projection.from) {
      if (from.category === undefined) continue; // an event is never changed by what comes later
      const list = { from, ranks: 1 + this.#lastRank(from) };
      for (let last: Origin | undefined; ;) {
        const page = view.linking(list, key as Key, last && placeOfOrigin(last), KEYS);
        for (const { key: other, links } of page) {
          if (other !== undefined) yield other;
          yield* links.map(keyOfTarget);
        }
        if (page.length < KEYS) break;
        last = page.at(-1);
        await breathe();
      }
    }
  }
  #lastRank(source: Source): number {
    const lists = Object.values(this.projection.lists ?? {}).flatMap((named) => Object.values(named));
    return Math.max(0, ...lists.map((list) => ('from' in list && list.from === source ? list.ranks - 1 : 0)));
  }

  async #standing(key: string, view: View): Promise<readonly Standing[]> {
    const places = view.places(key);
    return this.#readsEvents ? [...places, ...(await this.#eventsUnder(key, view.sequence))] : places;
  }
  async #hasRow(key: string, view: View): Promise<boolean> {
    return (await this.#standing(key, view)).some(({ row }) => row);
  }

  /** Events that contribute under a key, which few do. */
  async #eventsUnder(key: string, at: Sequence): Promise<readonly (Standing & { readonly sequence: Sequence })[]> {
    if (!this.#readsEvents) return [];
    const found: (Standing & { readonly sequence: Sequence })[] = [];
    for (const sequence of this.readModel.marked(this.writer.build.id, under(key), { upTo: at, limit: KEYS })) {
      const { stream, revision } = this.readModel.eventAt(sequence)!;
      const contribution = (await this.#addedBy(stream, revision))[key]?.contribution;
      if (contribution) found.push({ key, row: contribution.row === true, links: targetsOf(contribution), sequence });
    }
    return found;
  }

  #viewAt(at: Sequence): View {
    return new View(this.readModel, this.writer, at, this.today(), (id) => kept.get(this.#name(id)) as Added | undefined);
  }

  /** @param once whether nobody asks again for the row at this sequence */
  async #render(key: string, view: View, breathe: Breathe = breather(), once = false): Promise<Rendered> {
    const name = this.#name(`${view.sequence} ${view.day} ${key}`);
    const known = kept.get(name) as Rendered | undefined;
    if (known) return known;
    const render = this.projection.rows[kindOf(key)];
    const id = key.slice(key.indexOf(':') + 1);
    const shown = render && (await this.#evaluate(view, () => render(id, view), breathe));
    const row = shown ? this.#withFault(key, view, shown as RowValue) : undefined;
    const rendered: Rendered = { row, text: row ? textOfRow(row) : 'null' };
    if (!once) kept.set(name, rendered, { size: 200 + 5 * rendered.text.length });
    return rendered;
  }

  /** The row of a stream that can be folded no more says so. */
  #withFault(key: string, view: View, row: RowValue): RowValue {
    for (const { stream } of view.places(key)) {
      const since = this.writer.faulted.get(stream);
      if (since === undefined || since > view.sequence) continue;
      const { position, id: event } = this.readModel.eventAt(since)!;
      const error = this.readModel.faultOf(this.writer.build.id, stream)?.error;
      return { ...row, faulted: { stream, position, event, error: error ?? null } };
    }
    return row;
  }

  /** Evaluates what looks things up; what is missing is fetched, with a pause now and then, and it is evaluated again. */
  async #evaluate<T>(view: View, evaluate: () => T, breathe: Breathe = breather()): Promise<T> {
    for (;;)
      try {
        return evaluate();
      } catch (error) {
        if (error !== MISSING) throw error;
        for (const { id, stream, revision, byEvent } of view.missing.values()) {
          view.found(id, await (byEvent ? this.#addedBy(stream, revision) : this.#addedAt(stream, revision)));
          await breathe();
        }
        view.missing.clear();
      }
  }

  /** Where a stream stands at a revision; what it shows there is another question. */
  async #contributionsAt(stream: string, revision: number): Promise<Contributions> {
    const id = idOf(stream, revision, false);
    const added = kept.get(this.#name(id)) as Added | undefined;
    if (added) return Object.values(added).map(({ contribution }) => contribution);
    const name = this.#name(`place ${id}`);
    const known = kept.get(name) as KeptContributions | undefined;
    if (known) return known.contributions;
    const contributions = contributionsOf(this.projection, await this.histories.at(stream, revision));
    kept.set(name, { contributions } satisfies KeptContributions, { size: 300 + 500 * contributions.length });
    return contributions;
  }
  /** What a stream contributes at a revision, with what rows show of it. */
  async #addedAt(stream: string, revision: number): Promise<Added> {
    const id = idOf(stream, revision, false);
    const known = kept.get(this.#name(id)) as Added | undefined;
    if (known) return known;
    const history = await this.histories.at(stream, revision);
    const values: Record<string, unknown> = {};
    const place = this.#name(`place ${id}`);
    const contributions = (kept.get(place) as KeptContributions | undefined)?.contributions ?? contributionsOf(this.projection, history);
    kept.delete(place);
    const kinds = new Set(contributions.map(({ key }) => kindOf(key)));
    for (const source of this.projection.from)
      if (source.category === history.aggregate.category && kinds.has(source.kind))
        this.#show(stream, contributions, source.kind, values, () => source.show(history));
    return this.#keep(id, contributions, values);
  }
  /** What one event contributes for ever. */
  async #addedBy(stream: string, revision: number): Promise<Added> {
    const id = idOf(stream, revision, true);
    const known = kept.get(this.#name(id)) as Added | undefined;
    if (known) return known;
    const event = await this.histories.event(stream, revision);
    const values: Record<string, unknown> = {};
    const contributions = contributionsOfEvent(this.projection, event);
    if (contributions.length > 0)
      for (const source of this.projection.from)
        if (source.category === undefined) this.#show(stream, contributions, source.kind, values, () => source.show(event));
    return this.#keep(id, contributions, values);
  }
  /** What cannot be shown is left out, and its stream is named among the faulted ones. */
  #show(stream: string, contributions: readonly Contribution[], kind: string, into: Record<string, unknown>, show: () => object): void {
    try {
      Object.assign(into, show());
    } catch (error) {
      for (const { key } of contributions) if (kindOf(key) === kind) this.writer.failed(stream, key, error);
    }
  }

  #keep(id: string, contributions: readonly Contribution[], values: Readonly<Record<string, unknown>>): Added {
    const added: Record<string, Added[string]> = {};
    let bytes = 200;
    for (const contribution of contributions) {
      const value = values[contribution.key];
      const text = value === undefined ? '' : textOfShown(value);
      added[contribution.key] = { contribution, value, text };
      bytes += 600 + 5 * text.length;
    }
    kept.set(this.#name(id), added, { size: bytes });
    return added;
  }
  #name(id: string): string {
    return `${this.#instance} ${id}`;
  }

  #passes(key: string, row: RowValue, lookup: View, filters: { readonly [name: string]: string }): boolean {
    return Object.entries(filters).every(([name, value]) => {
      const answer = this.projection.filters![name]!(row, { value, key: key as Key, lookup });
      return Array.isArray(answer) ? answer.includes(value) : answer === value || answer === true;
    });
  }
}

/** What events changed. */
class Changed {
  /** Of contributions: rows around them may show them. */
  readonly keys = new Set<string>();
  /** Of rows that show totals. */
  readonly rows = new Set<string>();
  /** Of totals: what was added to each. */
  readonly totals = new Map<string, Measures>();
  /** Keys and targets whose places moved. */
  readonly moved = new Set<string>();
  readonly revisions = new Map<string, number>();
  /** Whether more may have moved. */
  unclear = false;

  byEvent(added: Added): void {
    for (const { contribution } of Object.values(added)) {
      this.keys.add(contribution.key);
      this.#count(undefined, contribution.sums);
      for (const target of targetsOf(contribution)) {
        this.moved.add(target);
        this.rows.add(keyOfTarget(target));
      }
      this.moved.add(contribution.key);
    }
  }

  /** @param same those of both that stand alike and show the same */
  between(before: Contributions, now: Contributions, same: Contributions, stream: string, revision: number): void {
    this.revisions.set(stream, revision);
    const [last, next] = [byKey(before), byKey(now)];
    const unchanged = byKey(same);
    for (const key of new Set([...before, ...now].map((contribution) => contribution.key))) {
      if (unchanged(key)) continue;
      const [was, is] = [last(key), next(key)];
      this.keys.add(key);
      this.#count(was?.sums, is?.sums);
      if (was && is && samePlace(was, is)) continue;
      this.moved.add(key);
      for (const one of [was, is]) if (one) for (const target of targetsOf(one)) this.moved.add(target);
    }
  }

  #count(before: NonNullable<Contribution['sums']> = {}, after: NonNullable<Contribution['sums']> = {}): void {
    for (const total of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const [was = NOTHING, is = NOTHING] = [before[total], after[total]];
      if (sameSums(was, is)) continue;
      this.rows.add(keyOfTotal(total));
      this.totals.set(total, plus(minus(this.totals.get(total) ?? NOTHING, was), is));
    }
  }
}
const NOTHING: Measures = {};
const NONE: Contributions = [];
/** Zero measures are omitted, as they are where totals are stored. */
const plus = (a: Measures, b: Measures): Measures => {
  const sum: Record<string, bigint> = { ...a };
  for (const measure in b) {
    sum[measure] = (sum[measure] ?? 0n) + b[measure]!;
    if (sum[measure] === 0n) delete sum[measure];
  }
  return sum;
};
const minus = (a: Measures, b: Measures): Measures => plus(a, Object.fromEntries(Object.entries(b).map(([measure, n]) => [measure, -n])));
/** Of a row that was there, and was not rendered. */
const OTHER: Rendered = { row: undefined, text: '?' };
/** Also of a place whose row is rendered as nothing. */
const NO_ROW: Rendered = { row: undefined, text: 'null' };
/** A row under its key, as JSON. */
const lineOf = (key: string, { row, text }: Rendered): string => `${JSON.stringify(key)}:${row ? text : 'null'}`;

const idOf = (stream: string, revision: number, byEvent: boolean): string => `${stream}@${revision}${byEvent ? '!' : ''}`;

/** Thrown out of an evaluation that needs what is not in memory: it is fetched, and evaluated again. */
const MISSING = new Error('Not in memory.');

/** Where an entry of a list comes from: a contribution of a stream at a revision, or of one event. */
interface Origin {
  readonly id: string;
  /** Of an event, what it contributes says. */
  readonly key: string | undefined;
  readonly target: string;
  readonly stream: string;
  readonly revision: number;
  readonly byEvent: boolean;
  readonly links: readonly string[];
  readonly rank: number;
  /** Since when it stands where it stands. */
  readonly since: Sequence;
}
/** A place in a list. */
interface ListPlace {
  readonly rank: number;
  readonly since: Sequence;
  readonly key: string;
}
const placeOfOrigin = ({ rank, since, key = '-' }: Origin): ListPlace => ({ rank, since, key });
const cursorOfPlace = ({ rank, since, key }: ListPlace): string => `${rank} ${since} ${key}`;
const placeOfCursor = (cursor: string, ranks: number): ListPlace => {
  const [, rank, since, key] = /^(\d) (\d{1,15}) (.+)$/s.exec(cursor) ?? [];
  if (key === undefined || Number(rank) >= ranks) throw new InvalidCursorError();
  return { rank: Number(rank), since: Number(since), key };
};

/** Of so many bytes, about. It takes no room for entries before they come: a view is made for every question. */
const cacheOf = <Value extends object | number>(maxBytes: number, bytesOf: (value: Value) => number) =>
  new LRUCache<string, Value>({ maxSize: maxBytes, sizeCalculation: (value, key) => 200 + 2 * key.length + bytesOf(value) });

/** What a row sees at one sequence. */
class View implements Lookup {
  /** What to fetch before it is evaluated again. */
  readonly missing = new Map<string, Pick<Origin, 'id' | 'stream' | 'revision' | 'byEvent'>>();
  readonly #found = new Map<string, Added>();
  // All together at most 6 MB, and seldom more than some kilobytes.
  readonly #first = cacheOf<readonly Origin[]>(2 << 20, (origins) => 300 * origins.length);
  readonly #revisions = cacheOf<number>(1 << 20, () => 0);
  readonly #placesUnder = cacheOf<readonly ContributionPlace[]>(1 << 20, (places) => 300 * places.length);
  readonly #sums = cacheOf<Readonly<Record<string, bigint>>>(1 << 20, (sums) => 80 * Object.keys(sums).length);
  /** What was shown under keys. */
  readonly #got = cacheOf<{ readonly value: unknown }>(1 << 20, () => 1000);

  constructor(
    private readonly readModel: ReadModelReader,
    private readonly writer: ServedBuild,
    public sequence: Sequence,
    readonly day: string,
    private readonly kept: (id: string) => Added | undefined,
  ) {}

  found(id: string, added: Added): void {
    this.#found.set(id, added);
  }

  get<Shown>(source: Source<string, Shown>, id: string): Shown | undefined {
    const key = `${source.kind}:${id}`;
    const got = this.#got.get(key);
    if (got) return got.value as Shown | undefined;
    let value: unknown;
    for (const added of this.#need(this.#originsUnder(source, key)))
      if (added[key]) {
        value = added[key].value;
        break;
      }
    this.#got.set(key, { value });
    return value as Shown | undefined;
  }

  newest<Shown, Entry>(list: LinkedList<Shown, Entry>, key: Key): readonly Entry[] {
    const { most = NEWEST } = list;
    const origins: Origin[] = [];
    for (let rank = 0; rank < list.ranks && origins.length < most; rank++) {
      const target = targetOf(list.from.kind, rank, key);
      let first = this.#first.get(target);
      if (!first) this.#first.set(target, (first = this.#from(list.from, target, rank, undefined, most)));
      origins.push(...first);
    }
    return this.entries(
      list,
      origins.slice(0, most).map((origin) => (origin.byEvent ? origin : { ...origin, ...this.#at(origin.stream) })),
    );
  }

  /** @throws MISSING */
  entries<Shown, Entry>(list: LinkedList<Shown, Entry>, origins: readonly Origin[]): readonly Entry[] {
    const added = this.#need(origins);
    return origins.flatMap(({ key, target }, i) =>
      (key === undefined ? keysLinking(added[i]!, target) : [key]).flatMap((each) => {
        const value = added[i]![each]?.value;
        return value === undefined ? [] : [isShownBy(list.entry(value as Shown, this), value)];
      }),
    );
  }

  sum<M extends MeasureKinds>(sums: Sums<M>, key: Key): SumOf<M> {
    return sums.total(this.measures(key));
  }
  faulted(key: Key): number {
    return Number(this.measures(key)['faulted'] ?? 0n);
  }
  measures(key: string): Readonly<Record<string, bigint>> {
    let measures = this.#sums.get(key);
    if (!measures) {
      measures = this.readModel.sumAt(this.writer.build.id, key, this.sequence);
      this.#sums.set(key, measures);
    }
    return measures;
  }

  /** Contributions of a list behind a place, newest first within each rank. */
  linking({ from, ranks }: Pick<LinkedList, 'from' | 'ranks'>, key: Key, after: ListPlace | undefined, limit: number): readonly Origin[] {
    const found: Origin[] = [];
    for (let rank = after?.rank ?? 0; rank < ranks && found.length < limit; rank++) {
      const target = targetOf(from.kind, rank, key);
      const behind = after?.rank === rank ? after : undefined;
      const more = limit - found.length;
      found.push(...this.#from(from, target, rank, behind, more));
    }
    return found;
  }
  #from({ category }: Source, target: string, rank: number, after: ListPlace | undefined, limit: number): readonly Origin[] {
    return category === undefined ? this.#events(target, rank, after, limit) : this.#places(target, rank, after, limit);
  }

  /** The same at a later sequence: places that moved are read again, and what was added to totals is added here. */
  moved(sequence: Sequence, { keys, moved, totals, revisions }: Pick<Changed, 'keys' | 'moved' | 'totals' | 'revisions'>): this {
    this.sequence = sequence;
    this.#found.clear();
    for (const name of moved) {
      this.#first.delete(name);
      this.#placesUnder.delete(name);
    }
    for (const key of keys) this.#got.delete(key);
    for (const [total, added] of totals) {
      const known = this.#sums.get(total);
      if (known) this.#sums.set(total, plus(known, added));
    }
    for (const [stream, revision] of revisions) this.#revisions.set(stream, revision);
    return this;
  }
  #places(target: string, rank: number, after: ListPlace | undefined, limit: number): readonly Origin[] {
    const { readModel, writer, sequence } = this;
    return readModel
      .referencingAt(writer.build.id, target, sequence, { ...(after && { after }), limit })
      .map(({ key, stream, links, since }) => this.#originOf(stream, { key, target, links, rank, since }));
  }
  #events(target: string, rank: number, after: ListPlace | undefined, limit: number): readonly Origin[] {
    const upTo = Math.min(this.sequence, (after?.since ?? Infinity) - 1);
    return this.readModel
      .marked(this.writer.build.id, target, { upTo, limit, newestFirst: true })
      .map((since) => this.#originOfEvent(since, target, rank));
  }
  /** Oldest first: of events that were marked with the key, the first that contributes under it counts. */
  #originsUnder({ category }: Source, key: string): readonly Origin[] {
    const { readModel, writer, sequence } = this;
    if (category === undefined)
      return readModel
        .marked(writer.build.id, under(key), { upTo: sequence, limit: KEYS })
        .map((since) => this.#originOfEvent(since, key, 0));
    return this.places(key)
      .slice(0, 1)
      .map(({ stream, links }) => this.#originOf(stream, { key, target: key, links, rank: 0, since: 0 }));
  }

  #originOf(stream: string, place: Pick<Origin, 'key' | 'target' | 'links' | 'rank' | 'since'>): Origin {
    return { stream, byEvent: false, ...place, ...this.#at(stream) };
  }
  #at(stream: string): Pick<Origin, 'id' | 'revision'> {
    const revision = this.revisionOf(stream);
    return { id: idOf(stream, revision, false), revision };
  }
  #originOfEvent(since: Sequence, target: string, rank: number): Origin {
    const { stream, revision } = this.readModel.eventAt(since)!;
    return { id: idOf(stream, revision, true), key: undefined, target, stream, revision, byEvent: true, links: [], rank, since };
  }

  /** The places under a key. */
  places(key: string): readonly ContributionPlace[] {
    let places = this.#placesUnder.get(key);
    if (!places) this.#placesUnder.set(key, (places = this.readModel.contributionsAt(this.writer.build.id, key, this.sequence)));
    return places;
  }

  /** Where a stream was; a faulted one stays where it stood before. */
  revisionOf(stream: string): number {
    let revision = this.#revisions.get(stream);
    if (revision === undefined) {
      revision = this.readModel.revisionAt(stream, Math.min(this.sequence, (this.writer.faulted.get(stream) ?? Infinity) - 1));
      this.#revisions.set(stream, revision);
    }
    return revision;
  }

  /** @throws MISSING when some of it has to be fetched first */
  #need(origins: readonly Origin[]): readonly Added[] {
    const added = origins.map((origin) => {
      const known = this.#found.get(origin.id) ?? this.kept(origin.id);
      if (known) this.#found.set(origin.id, known);
      else this.missing.set(origin.id, origin);
      return known;
    });
    if (this.missing.size > 0) throw MISSING;
    return added as readonly Added[];
  }
}

/** The contributions of an event that link to a target; a mark may name more events than link to it. */
const keysLinking = (added: Added, target: string): readonly string[] =>
  Object.keys(added).filter((key) => targetsOf(added[key]!.contribution).includes(target));
