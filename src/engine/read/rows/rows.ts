import { setImmediate as turn } from 'node:timers/promises';
import type { Key, LinkedList, OwnList, ShownTotal } from '../../../kernel/index.js';
import { MAX_SCANNED, type Sequence } from '../../../store/read-model.js';
import { split } from '../../audit/audit.js';
import { contributionsTo, TotalsSeen, type Opened } from '../contributions-to.js';
import { kindOf, targetOf } from '../projection-writer.js';
import { keysAfter, Listings, type Listing, type ListQuestion, type Passing } from './listing.js';
import { listOf, ownPage, pageOf, passes, rowOf, type ListPage, type Row, type RowValue } from './rendering.js';
import { breath, RowReader } from './row-reader.js';
import { RowUpdates } from './updates.js';
import { cursorOfPlace, placeOfCursor, placeOfOrigin } from './view.js';

/** Keys that are read at once. */
const KEYS = 200;

/**
 * Rows have no versions: a row now and a row at a sequence are the same rendering of the contributions that held there. What rows show of
 * a contribution is folded from the log when a row asks.
 */
export class Rows {
  readonly #reader: RowReader;
  readonly #updates: RowUpdates;
  readonly #listings: Listings;

  constructor(...from: ConstructorParameters<typeof RowReader>) {
    this.#reader = new RowReader(...from);
    this.#updates = new RowUpdates(this.#reader);
    this.#listings = new Listings(this.#reader.projection);
  }

  async row(key: string, at: Sequence): Promise<RowValue | undefined> {
    return (await this.#reader.render(key, this.#reader.viewAt(at))).row;
  }

  /**
   * A page of rows: those of streams in order of key, then those of events in store order; at most `limit`, and about `PAGE_BYTES` of text.
   * `next` is the key to go on after; absent when there are no more.
   * @param kind only rows of this kind, whose keys stand together
   */
  async page(
    at: Sequence,
    after: string,
    limit: number,
    filters: { readonly [name: string]: string } = {},
    kind?: string,
  ): Promise<{ rows: Row[]; next?: string }> {
    const view = this.#reader.viewAt(at);
    const breathe = breath();
    const { projection } = this.#reader;
    const keys = kind === undefined ? this.#keys(at, after) : whileOf(kind, this.#keys(at, after === '' ? `${kind}:` : after));
    return pageOf(keys, { after, limit, most: MAX_SCANNED }, async (key) => {
      await breathe();
      const { row, text } = await this.#reader.render(key, view, breathe);
      return row && passes(projection, { key, row }, view, filters) ? { row: { key, row }, text: text.length } : undefined;
    });
  }

  /**
   * A page of the rows that pass, in the order that is asked for; `next` as for `page`.
   * @throws ListTooLargeError, InvalidCursorError
   */
  async sorted(at: Sequence, after: string, limit: number, question: ListQuestion): Promise<{ rows: Row[]; next?: string }> {
    const view = this.#reader.viewAt(at);
    const breathe = breath();
    return pageOf(keysAfter(await this.#listing(at, question), after), { after, limit, most: Infinity }, async (key) => {
      const { row, text } = await this.#reader.render(key, view, breathe);
      await breathe();
      return row && { row: { key, row }, text: text.length };
    });
  }

  /** What the rows that pass come to; undefined where the projection has no totals. @throws ListTooLargeError */
  async totals(at: Sequence, question: ListQuestion): Promise<object | undefined> {
    return this.#reader.projection.totals && (await this.#listing(at, question)).totals;
  }

  #listing(at: Sequence, question: ListQuestion): Promise<Listing> {
    return this.#listings.of(`${at} ${this.#reader.today()}`, question, {
      count: (most) => this.#count(at, most),
      passing: () => this.#passing(at, question.filters),
    });
  }
  async #count(at: Sequence, most: number): Promise<number> {
    let count = 0;
    for await (const _ of this.#keys(at, '')) if (++count === most) break;
    return count;
  }
  async *#passing(at: Sequence, filters: ListQuestion['filters']): AsyncGenerator<Passing> {
    const view = this.#reader.viewAt(at);
    const breathe = breath();
    for await (const key of this.#keys(at, '')) {
      await breathe();
      const { row } = await this.#reader.render(key, view, breathe, true);
      yield { key, row: row && passes(this.#reader.projection, { key, row }, view, filters) ? row : undefined };
    }
  }

  /**
   * A page of a list of a row, newest first; undefined when there is no such list.
   * @param cursor `next` of the page before, at the same sequence
   * @throws InvalidCursorError
   */
  async list(key: string, name: string, at: Sequence, cursor: string | undefined, limit: number): Promise<ListPage | undefined> {
    const list = listOf(this.#reader.projection, key, name);
    if (!list) return undefined;
    return 'from' in list ? this.#linkedPage(list, key as Key, at, cursor, limit) : this.#ownPage(list, key, at, cursor, limit);
  }

  /** A row, and the totals in it by JSON Pointer. */
  async totalsOf(
    key: string,
    at: Sequence,
  ): Promise<{ readonly row: RowValue; readonly totals: ReadonlyMap<string, ShownTotal> } | undefined> {
    const view = this.#reader.viewAt(at);
    const seen = new TotalsSeen();
    const watched = seen.watch(view);
    const row = await this.#reader.evaluate(view, () => rowOf(this.#reader.projection, key, watched));
    return row ? { row, totals: seen.in(row) } : undefined;
  }

  /** What a total adds up. @throws ViewTooLargeError */
  opened(total: ShownTotal, at: Sequence): Promise<Opened> {
    const { readModel, projection, histories, writer } = this.#reader;
    return contributionsTo({ readModel, build: writer.build.id, projection, histories }, total, at);
  }

  /** Events of a kind that may link to a key, newest first, from a sequence down: what each contributes decides. */
  eventsLinking(kind: string, key: string, upTo: Sequence, limit: number): readonly Sequence[] {
    return this.#reader.readModel.marked(this.#reader.writer.build.id, targetOf(kind, 0, key), { upTo, limit, newestFirst: true });
  }

  async #linkedPage(list: LinkedList, key: Key, at: Sequence, cursor: string | undefined, limit: number): Promise<ListPage> {
    const from = cursor === undefined ? undefined : placeOfCursor(cursor, list.ranks);
    const view = this.#reader.viewAt(at);
    const origins = view.linking(list, key, from, limit + 1);
    const page = origins.slice(0, limit);
    const entries = await this.#reader.evaluate(view, () => view.entries(list, page));
    return { entries, ...(origins.length > limit && { next: cursorOfPlace(placeOfOrigin(page.at(-1)!)) }) };
  }

  async #ownPage(list: OwnList, key: string, at: Sequence, cursor: string | undefined, limit: number): Promise<ListPage> {
    const view = this.#reader.viewAt(at);
    const [place] = view.places(key);
    if (!place || split(place.stream)[0] !== list.category) return { entries: [] };
    const history = await this.#reader.histories.at(place.stream, view.revisionOf(place.stream));
    return ownPage(list, history, view.day, cursor, limit);
  }

  async *#keys(at: Sequence, after: string): AsyncGenerator<string> {
    const last = (await this.#reader.eventsUnder(after, at))[0]?.sequence;
    if (last === undefined)
      for (let cursor = after; ;) {
        const { keys, next } = this.#reader.readModel.rowKeys(this.#reader.writer.build.id, at, cursor, KEYS);
        yield* keys;
        if (next === undefined) break;
        cursor = next;
        await turn();
      }
    if (!this.#reader.readsEvents) return;
    let passed = last === undefined;
    const breathe = breath();
    for (let sequence = last ?? 1; sequence <= at; sequence++) {
      const { stream, revision } = this.#reader.readModel.eventAt(sequence)!;
      for (const [key, { contribution }] of Object.entries(await this.#reader.added.byEvent(stream, revision))) {
        if (passed && contribution.row && (await this.#reader.eventsUnder(key, at))[0]?.sequence === sequence) yield key;
        passed ||= key === after;
      }
      await breathe();
    }
  }

  /** Row changes after a sequence, a bounded number at a time, and how far they reach: `upTo` itself may have changed nothing. */
  updates(...asked: Parameters<RowUpdates['after']>): ReturnType<RowUpdates['after']> {
    return this.#updates.after(...asked);
  }
  /** What a follower hears of the events after its place. */
  follow(...asked: Parameters<RowUpdates['follow']>): ReturnType<RowUpdates['follow']> {
    return this.#updates.follow(...asked);
  }
  /** The changes of rows that pass. */
  chosen(...asked: Parameters<RowUpdates['chosen']>): ReturnType<RowUpdates['chosen']> {
    return this.#updates.chosen(...asked);
  }
  /** What changed of one row between two sequences. */
  changeOf(...asked: Parameters<RowUpdates['changeOf']>): ReturnType<RowUpdates['changeOf']> {
    return this.#updates.changeOf(...asked);
  }
}

async function* whileOf(kind: string, keys: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  for await (const key of keys) {
    if (kindOf(key) !== kind) return;
    yield key;
  }
}
