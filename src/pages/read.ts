import { setImmediate as turn } from 'node:timers/promises';
import type { Projector } from '../engine/read/projector.js';
import type { Row, ListPage } from '../engine/read/rows/rendering.js';
import type { DayQuestion } from '../engine/read/rows/day-views.js';
import type { RowOnDay } from '../engine/read/rows/rows-on-day.js';
import { split } from '../engine/audit/audit.js';
import type { Engine } from '../engine/write/engine.js';
import { atPoint, caughtUp, effectiveOnOf, lastDayOf, pointOf, type Point } from '../http/as-of.js';
import { loadFrom, type EventStore, type Registry } from '../http/ledger.js';
import { cursorFor, listPage, readCursor } from '../http/projections.controller.js';
import { badParameter, NotFoundError } from '../http/problem.js';
import type { History } from '../kernel/index.js';
import type { Search } from './shell.js';

/** What the pages read from and command: the same objects as the API has, in process. */
export interface Ledger {
  readonly store: EventStore;
  readonly projector: Projector;
  readonly engine: Engine;
  readonly registry: Registry;
}

export interface Found<R> {
  readonly key: string;
  readonly row: R;
  readonly uncertain?: RowOnDay['uncertain'];
}
export interface FoundPage<R> {
  readonly rows: readonly Found<R>[];
  /** A cursor for the address of the next page. */
  readonly next?: string;
}

/** Rows of one page at most. */
export const ROWS = 100;
/** Rows that are read for a figure, and pages of them: what lies beyond is named on the page. */
const SCANNED_PAGES = 10;

/** Reads of one page, all at one point of the log and on one day. */
export class Read {
  private constructor(
    readonly ledger: Ledger,
    readonly query: Search,
    readonly point: Point,
    readonly at: number,
    /** The day that was asked for; undefined where rows are asked as they stand now. */
    readonly day: string | undefined,
  ) {}

  /** @throws BadRequestError, NotCaughtUpError */
  static async of(ledger: Ledger, query: Search): Promise<Read> {
    const effectiveOn = effectiveOnOf(ledger, query);
    await caughtUp(ledger, query);
    const point = await pointOf(ledger, query);
    const { cursor } = query;
    const pinned = cursor === undefined || /^\d{1,15}$/.test(cursor) ? undefined : readCursor(cursor).sequence;
    const at = pinned ?? point.sequence ?? ledger.projector.sequence;
    if (at > ledger.projector.sequence) throw badParameter('cursor', 'is not a cursor of this ledger');
    return new Read(ledger, query, point, at, effectiveOn === undefined ? undefined : lastDayOf(effectiveOn));
  }

  /** The same reads, of another day and as known at another time. */
  elsewhere(query: Search): Promise<Read> {
    return Read.of(this.ledger, query);
  }

  get today(): string {
    return this.day ?? this.ledger.projector.today;
  }
  get timeZone(): string {
    return this.ledger.store.genesis.timeZone;
  }

  #question(programme: string | undefined): DayQuestion | undefined {
    return this.day === undefined ? undefined : { at: this.at, day: this.day, programme };
  }

  async #page(name: string, filters: Readonly<Record<string, string>>, limit: number, after: string) {
    const { projector } = this.ledger;
    const question = this.#question(filters['programme']);
    const page: { readonly rows: readonly (Row & Partial<RowOnDay>)[]; readonly next?: string } = question
      ? await projector.ask(name, (_, days) => days.page(question, after, limit, filters))
      : await projector.rows(name, { at: this.at, limit, filters, cursor: after });
    return page;
  }

  /** One page of rows, from the cursor of the address. */
  async rows<R>(name: string, filters: Search = {}, limit = ROWS): Promise<FoundPage<R>> {
    const after = this.query['cursor'] === undefined ? '' : readCursor(this.query['cursor']).place;
    const { rows, next } = await this.#page(name, given(filters), limit, after);
    return { rows: rows as unknown as readonly Found<R>[], ...(next !== undefined && { next: cursorFor(this.at, next) }) };
  }

  /** Rows from the first on, at most `pages` pages of 100; `isAll` says whether there are no more. */
  async all<R>(
    name: string,
    filters: Search = {},
    pages = SCANNED_PAGES,
  ): Promise<{ readonly rows: readonly Found<R>[]; readonly isAll: boolean }> {
    const rows: Found<R>[] = [];
    let after: string | undefined = '';
    for (let n = 0; n < pages && after !== undefined; n++) {
      const page: { readonly rows: readonly unknown[]; readonly next?: string } = await this.#page(name, given(filters), ROWS, after);
      rows.push(...(page.rows as readonly Found<R>[]));
      after = page.next;
    }
    return { rows, isAll: after === undefined };
  }

  async row<R>(name: string, key: string, programme?: string): Promise<Found<R> | undefined> {
    const { projector } = this.ledger;
    const question = this.#question(programme);
    if (question) return (await projector.ask(name, (_, days) => days.row(question, key))) as unknown as Found<R> | undefined;
    const row = await projector.row(name, key, this.at);
    return row && { key, row: row as R };
  }

  /** @throws NotFoundError */
  async mustHave<R>(name: string, key: string, programme?: string): Promise<Found<R>> {
    const found = await this.row<R>(name, key, programme);
    if (!found)
      throw new NotFoundError(`There is no ${key.replace(':', ' ').slice(0, 80)}${this.day ? ` on ${this.day}` : ' at that time'}.`);
    return found;
  }

  async list<E>(name: string, key: string, list: string, limit = 100): Promise<readonly E[]> {
    const question = this.#question(undefined);
    const page: ListPage | undefined = await this.ledger.projector.ask(name, (rows, days) =>
      question ? days.list(question, key, list, undefined, limit) : rows.list(key, list, this.at, undefined, limit),
    );
    return (page?.entries ?? []) as readonly E[];
  }

  /** A stream as it was recorded at the point of the page. */
  async history(category: string, id: string): Promise<History> {
    const history = await loadFrom(this.ledger.engine, this.ledger.registry)(category, id);
    return atPoint(this.ledger, history, { ...this.point, sequence: this.point.sequence });
  }
  stream(name: string): Promise<History> {
    return this.history(...split(name));
  }
}

/** A page of a list, from a cursor on. */
export const listOf = async <E>(
  read: Read,
  name: string,
  key: string,
  list: string,
  limit: number,
  cursor: string | undefined,
): Promise<{ readonly rows: readonly E[]; readonly next?: string }> => {
  const { entries, next } = await listPage(read.ledger, name, key, list, { cursor, limit, at: read.at });
  return { rows: entries as readonly E[], ...(next !== undefined && { next }) };
};

const given = (filters: Search): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(filters).filter((pair): pair is [string, string] => pair[1] !== undefined));

/** Items of which the HTML is made before other work gets its turn. */
const TOGETHER = 8;
/** The HTML of many items, with pauses: no page holds anything up. */
export const inTurns = async <T>(items: readonly T[], html: (item: T) => string): Promise<string> => {
  let all = '';
  for (const [i, item] of items.entries()) {
    if (i > 0 && i % TOGETHER === 0) await turn();
    all += html(item);
  }
  return all;
};
