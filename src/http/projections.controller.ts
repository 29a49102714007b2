import { Readable } from 'node:stream';
import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isIdentifier, type Format } from '../kernel/index.js';
import { csvOf } from '../csv.js';
import { Projector } from '../engine/read/projector.js';
import { preferredType } from './accept.js';
import { sendJson, varyBy } from './answer.js';
import { beforeAll, caughtUp, effectiveOnOf, lastDayOf, MIN_POSITION, ON_DAY, POINT, pointOf, type Point } from './as-of.js';
import type { DayQuestion } from '../engine/read/rows/day-views.js';
import type { RowOnDay } from '../engine/read/rows/rows-on-day.js';
import { InvalidCursorError } from '../engine/read/read-errors.js';
import type { ListPage, Row } from '../engine/read/rows/rendering.js';
import { lagOf, STORE, type EventStore, type ReadSide } from './ledger.js';
import { describeRead } from './openapi.js';
import { badHeader, badParameter, NotFoundError } from './problem.js';
import { dayIn, flagOf, oneOf, queryOf, wholeOf, type Query } from './request.js';
import { MAX_DAYS, projectionAnswers } from './schemas.js';
import { Subscribers } from './subscribers.js';

const PAGE = { cursor: '`next` of the page before.', limit: 'Rows at most, 1 to 500; 100 unless set. A page of large rows ends earlier.' };
const LIST_PAGE = { cursor: PAGE.cursor, limit: 'Entries at most, 1 to 100; 20 unless set.' };
const FORMAT = {
  format:
    'Every row in a form that the projection has beside JSON, such as `csv` or `text`; with the header `Accept: text/csv` it is `csv`.',
};
const ORDER = {
  sort: 'The column in whose order the rows come, such as `ends`; `-ends` begins with the last. `GET /projections` names the columns. At most 5,000 rows may pass.',
  totals: '`true`: what all rows that pass come to, where the projection has totals. At most 5,000 rows may pass.',
};
const DAY = { ...ON_DAY, programme: 'With effectiveOn: what is recorded of this programme alone, for a ledger of many contracts.' };
const UPDATES = {
  after:
    'Continue after this id of a message; `start` begins with every row. The header Last-Event-ID takes precedence, with the same filters.',
  key: 'Only this row.',
  ticket: 'A ticket of POST /stream-tickets, once, in the place of a token.',
};
const path = { name: 'The projection.' };

/** Cursors stay with the prefix of the log that the first page was of. */
export const cursorFor = (sequence: number, place: string): string => Buffer.from(`${sequence} ${place}`).toString('base64url');
export const readCursor = (cursor: string): { readonly sequence: number; readonly place: string } => {
  const parts = /^(\d{1,15}) (.*)$/s.exec(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (!parts) throw badParameter('cursor', 'is not a cursor of this list');
  return { sequence: Number(parts[1]), place: parts[2]! };
};

/**
 * A page of a list of a row, pinned to the sequence of the first page.
 * @throws NotFoundError, BadRequestError, RebuildingError
 */
export const listPage = async (
  { projector }: Pick<ReadSide, 'projector'>,
  name: string,
  key: string,
  list: string,
  {
    cursor,
    limit,
    at = projector.sequence,
    onDay,
  }: { readonly cursor: string | undefined; readonly limit: number; readonly at?: number; readonly onDay?: OnDay | undefined },
): Promise<ListPage & { readonly at: number }> => {
  const from = cursor === undefined ? undefined : readDayCursor(cursor, onDay);
  const sequence = from?.sequence ?? at;
  if (sequence > projector.sequence) throw badParameter('cursor', 'is not a cursor of this ledger');
  const page = await projector
    .ask(name, (rows, days) =>
      onDay ? days.list({ ...onDay, at: sequence }, key, list, from?.place, limit) : rows.list(key, list, sequence, from?.place, limit),
    )
    .catch(badCursor);
  if (!page) throw new NotFoundError(`The rows of ${name} have no list ${list.slice(0, 80)}.`);
  return { at: sequence, entries: page.entries, ...(page.next !== undefined && { next: dayCursorFor(sequence, page.next, onDay) }) };
};
const badCursor = (error: unknown): never => {
  throw error instanceof InvalidCursorError ? badParameter('cursor', 'is not a cursor of this list') : error;
};

/** A read as of a day: its cursors stay with the day and the programme too. */
type OnDay = Omit<DayQuestion, 'at'>;
const dayCursorFor = (sequence: number, place: string, onDay: OnDay | undefined): string =>
  cursorFor(sequence, onDay ? `@${onDay.day} ${onDay.programme ?? '-'} ${place}` : place);
/** Cursors of rows stay with their order too. */
const sortedPlace = (place: string, sort: string | undefined): string => (sort === undefined ? place : `>${sort} ${place}`);
const readSortedPlace = (place: string, sort: string | undefined): string => {
  const begin = sort === undefined ? '' : `>${sort} `;
  if (sort === undefined ? place.startsWith('>') : !place.startsWith(begin))
    throw badParameter('cursor', 'is one of another order: sort stays the same from page to page');
  return place.slice(begin.length);
};
const readDayCursor = (cursor: string, onDay: OnDay | undefined): ReturnType<typeof readCursor> => {
  const { sequence, place } = readCursor(cursor);
  if (!onDay && !place.startsWith('@')) return { sequence, place };
  const [, day, programme, rest] = /^@(\S+) (\S+) (.*)$/s.exec(place) ?? [];
  if (!onDay || rest === undefined || day !== onDay.day || programme !== (onDay.programme ?? '-'))
    throw badParameter('cursor', 'is one of another day or programme: effectiveOn and programme stay the same from page to page');
  return { sequence, place: rest };
};

/** The rows that are asked for. */
interface Asked {
  readonly at: number;
  readonly limit: number;
  readonly filters: Readonly<Record<string, string>>;
  readonly after: string | undefined;
  readonly onDay: OnDay | undefined;
  readonly sort: string | undefined;
}

@Controller('projections')
export class ProjectionsController {
  constructor(
    @Inject(STORE) readonly store: EventStore,
    @Inject(Projector) readonly projector: Projector,
    @Inject(Subscribers) private readonly subscribers: Subscribers,
  ) {}

  @Get()
  @describeRead({
    tag: 'projections',
    operationId: 'listProjections',
    summary: 'The questions that are kept answered, the lists of their rows, and how far each has read.',
    query: MIN_POSITION,
    answer: 'ProjectionList',
    status: [400, 503],
  })
  async list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await caughtUp(this, queryOf(request, Object.keys(MIN_POSITION)));
    const { projector } = this;
    const lag = await lagOf(this);
    const projections = projector.list().map((status) => ({
      ...status,
      filters: Object.keys(projector.projection(status.name).filters ?? {}),
      sorts: Object.keys(projector.projection(status.name).sorts ?? {}),
      lists: Object.fromEntries(
        Object.entries(projector.projection(status.name).lists ?? {}).map(([kind, lists]) => [kind, Object.keys(lists)]),
      ),
      lag: lag + status.behind,
    }));
    sendJson(reply, { today: projector.today, projections });
  }

  @Get(':name')
  @describeRead({
    tag: 'projections',
    operationId: 'getProjection',
    summary: "The projection's rows in order of their key. Its filters are query parameters of their own.",
    path,
    query: { ...PAGE, ...ORDER, ...POINT, ...DAY, ...FORMAT },
    status: [400, 404, 422, 503],
  })
  async rows(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { name, projector } = this.#named(request);
    const { filters: declared = {}, formats = {}, sorts, totals, version } = projector.projection(name);
    const known = [PAGE, ORDER, POINT, DAY, FORMAT, declared].flatMap(Object.keys);
    const lacks: Readonly<Record<string, boolean>> = { sort: !sorts, totals: !totals, format: Object.keys(formats).length === 0 };
    const offered = known.filter((parameter) => !lacks[parameter]);
    const query = queryOf(request, known, offered);
    const { sort } = query;
    if (sort !== undefined && !Object.hasOwn(sorts ?? {}, sort.replace(/^-/, '')))
      throw badParameter('sort', `is no column that ${name} is sorted by: ${Object.keys(sorts ?? {}).join(', ') || 'it has none'}`);
    const withTotals = flagOf(query, 'totals');
    if (withTotals && !totals) throw badParameter('totals', `are none that ${name} has`);
    const onDay = this.#onDay(query, declared);
    const wanted =
      query['format'] ?? (formats['csv'] && preferredType(request, ['application/json', 'text/csv']) === 'text/csv' ? 'csv' : undefined);
    const format = wanted === undefined ? undefined : Object.entries(formats).find(([other]) => other === wanted)?.[1];
    if (formats['csv']) varyBy(reply, 'Accept');
    if (wanted !== undefined && !format)
      throw badParameter('format', `is none that ${name} has: ${Object.keys(formats).join(', ') || 'it has JSON alone'}`);
    const limit = wholeOf(query, 'limit', 1, 500) ?? 100;
    const cursor = query['cursor'] === undefined ? undefined : readDayCursor(query['cursor'], onDay);
    await caughtUp(this, query);
    const point = await pointOf(this, query);
    const at = cursor?.sequence ?? point.sequence ?? projector.sequence;
    if (at > projector.sequence) throw badParameter('cursor', 'is not a cursor of this ledger');
    const filters = chosenBy(query, name, declared);
    const page = (limit: number, after: string | undefined) => this.#page(name, { at, limit, filters, after, onDay, sort });
    if (format) {
      for (const page of ['cursor', 'limit', 'totals'])
        if (query[page] !== undefined) throw badParameter(page, 'cannot be combined with format, which has every row');
      if (sort !== undefined) await page(1, undefined); // what keeps it from being sorted is a problem, not an empty table
      return void reply.header('content-type', `${format.type}; charset=utf-8`).send(Readable.from(written(format, page)));
    }
    const { rows, next } = await page(limit, cursor && readSortedPlace(cursor.place, sort));
    sendJson(reply, {
      projection: name,
      version,
      generation: projector.generation(name),
      asOf: asOf(point, effectiveOnOf(this, query), cursor && (projector.eventAt(at)?.position ?? null)),
      lag: await lagOf(this),
      rows: rows.map(({ key, row, uncertain }) => ({ key, ...row, ...(uncertain && { uncertain }) })),
      ...(next !== undefined && { next: dayCursorFor(at, sortedPlace(next, sort), onDay) }),
      ...(withTotals && { totals: await this.#totals(name, { at, filters, onDay, sort }) }),
    });
  }

  #totals(name: string, { at, onDay, ...asked }: Pick<Asked, 'at' | 'filters' | 'onDay' | 'sort'>): Promise<object | undefined> {
    return this.projector.ask(name, (rows, days) => (onDay ? days.totals({ ...onDay, at }, asked) : rows.totals(at, asked)));
  }

  async #page(
    name: string,
    { at, limit, filters, after, onDay, sort }: Asked,
  ): Promise<{ readonly rows: readonly (Row & Partial<RowOnDay>)[]; readonly next?: string }> {
    const { projector } = this;
    if (sort !== undefined) {
      const order = { filters, sort };
      const rowsOnDay = (day: OnDay) => projector.ask(name, (_, days) => days.sorted({ ...day, at }, after ?? '', limit, order));
      const page = onDay ? rowsOnDay(onDay) : projector.ask(name, (rows) => rows.sorted(at, after ?? '', limit, order));
      return page.catch(badCursor);
    }
    if (!onDay) return projector.rows(name, { at, limit, filters, ...(after !== undefined && { cursor: after }) });
    return projector.ask(name, (_, days) => days.page({ ...onDay, at }, after ?? '', limit, filters)).catch(badCursor);
  }

  /** @param declared the filters of the projection: the programme is one of most */
  #onDay(query: Query, declared: object = {}): OnDay | undefined {
    const effectiveOn = effectiveOnOf(this, query);
    const { programme } = query;
    if (effectiveOn !== undefined) return { day: lastDayOf(effectiveOn), programme };
    if (programme !== undefined && !Object.hasOwn(declared, 'programme'))
      throw badParameter('programme', 'is known with effectiveOn alone');
    return undefined;
  }

  @Get(':name/updates')
  @describeRead({
    tag: 'projections',
    operationId: 'followProjection',
    summary:
      'Server-Sent Events: a message for each position that changed rows, with all of them; `null` is a row that is gone, or passes the filters no more. A follower that is far behind gets the latest row of each key.',
    path,
    query: UPDATES,
    type: 'text/event-stream',
  })
  async updates(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { name, projector } = this.#named(request);
    const { filters: declared = {}, rows } = projector.projection(name);
    const query = queryOf(request, [UPDATES, declared].flatMap(Object.keys));
    const { after, key } = query;
    const kinds = Object.keys(rows);
    if (key !== undefined && !kinds.some((kind) => key.startsWith(`${kind}:`)))
      throw badParameter('key', `must begin with ${kinds.map((kind) => `${kind}:`).join(' or ')}`);
    const filters = chosenBy(query, name, declared);
    const choice = key === undefined && Object.keys(filters).length === 0 ? undefined : { key, filters };
    const last = request.headers['last-event-id'] as string | undefined;
    const fault = (detail: string) => (last === undefined ? badParameter('after', detail) : badHeader('last-event-id', detail));
    await this.subscribers.open({ name, choice, lastId: last ?? after }, reply, fault);
  }

  @Get(':name/:key')
  @describeRead({
    tag: 'projections',
    operationId: 'getRow',
    summary: 'One row.',
    path: { ...path, key: 'The key of the row, such as `tower:hosting`.' },
    query: { ...POINT, ...DAY },
    status: [400, 404, 422, 503],
  })
  async row(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { name, projector } = this.#named(request);
    const { key } = request.params as { readonly key: string };
    const query = queryOf(request, [POINT, DAY].flatMap(Object.keys));
    const onDay = this.#onDay(query);
    await caughtUp(this, query);
    const point = await pointOf(this, query);
    const found = await this.#row(name, key, point.sequence ?? projector.sequence, onDay);
    if (!found)
      throw new NotFoundError(`${name} has no row ${key.slice(0, 80)}${onDay ? ` on ${onDay.day}` : ''}.${beforeAll(this, point)}`);
    sendJson(reply, {
      projection: name,
      version: projector.projection(name).version,
      generation: projector.generation(name),
      asOf: asOf(point, effectiveOnOf(this, query)),
      key,
      ...found,
    });
  }

  async #row(name: string, key: string, at: number, onDay: OnDay | undefined): Promise<Omit<RowOnDay, 'key'> | undefined> {
    if (onDay) return this.projector.ask(name, (_, days) => days.row({ ...onDay, at }, key));
    const row = await this.projector.row(name, key, at);
    return row && { row };
  }

  @Get(':name/:key/:list')
  @describeRead({
    tag: 'projections',
    operationId: 'getList',
    summary: 'A list of one row in pages, newest first: its contracts, decisions, changes … The row carries the newest 20 and a count.',
    path: {
      ...path,
      key: 'The key of the row.',
      list: 'The list, such as `contracts`; `GET /projections` names those of each kind of row.',
    },
    query: { ...LIST_PAGE, ...POINT, ...DAY },
    status: [400, 404, 422, 503],
  })
  async entries(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { name, projector } = this.#named(request);
    const { key, list } = request.params as { readonly key: string; readonly list: string };
    const query = queryOf(request, [LIST_PAGE, POINT, DAY].flatMap(Object.keys));
    const onDay = this.#onDay(query);
    const limit = wholeOf(query, 'limit', 1, 100) ?? 20;
    await caughtUp(this, query);
    const point = await pointOf(this, query);
    const { at, ...page } = await listPage(this, name, key, list, {
      cursor: query['cursor'],
      limit,
      onDay,
      ...(point.sequence !== undefined && { at: point.sequence }),
    });
    if (page.entries.length === 0 && !(await this.#row(name, key, at, onDay)))
      throw new NotFoundError(`${name} has no row ${key.slice(0, 80)}.${beforeAll(this, point)}`);
    sendJson(reply, {
      projection: name,
      version: projector.projection(name).version,
      generation: projector.generation(name),
      asOf: asOf(point, effectiveOnOf(this, query), projector.eventAt(at)?.position ?? null),
      key,
      list,
      ...page,
    });
  }

  #named(request: FastifyRequest) {
    const { name } = request.params as { readonly name: string };
    const { projector } = this;
    if (!projector.has(name)) throw new NotFoundError(`There is no projection ${name.slice(0, 80)}.`);
    return { name, projector };
  }
}

const DECIMAL = /^\d{1,15}(\.\d{1,4})?$/;
/** The filters of a projection that are asked for. @throws BadRequestError for a value that no row can have */
export const chosenBy = (query: Query, name: string, declared: object): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.keys(declared).flatMap((filter) => {
      const value = query[filter];
      if (value === undefined) return [];
      const form = projectionAnswers.get(name)?.filters[filter] ?? 'text';
      if (form === 'flag') flagOf(query, filter);
      else if (form === 'day') dayIn(query, filter);
      else if (form === 'days') return [[filter, String(wholeOf(query, filter, 0, MAX_DAYS))]];
      else if (form === 'decimal' && !DECIMAL.test(value)) throw badParameter(filter, 'must be an amount such as 95000000.00');
      else if (form === 'id' && !isIdentifier(value))
        throw badParameter(filter, 'must be an id of small letters, digits and hyphens, at most 64');
      else if (typeof form === 'object') oneOf(query, filter, form);
      return [[filter, value]];
    }),
  );

/** What an answer is true for, by both clocks. @param position of the first page */
const asOf = (point: Point, effectiveOn: string | undefined, position: string | null = point.asOf.position) => ({
  ...point.asOf,
  position,
  ...(effectiveOn !== undefined && { effectiveOn }),
});

/** Every row that passes, a page at a time: as one prefix of the log has them. */
async function* written(
  format: Format,
  page: (limit: number, after: string | undefined) => Promise<{ readonly rows: readonly Row[]; readonly next?: string }>,
): AsyncGenerator<string> {
  for (let cursor: string | undefined, more = true; more;) {
    const first = cursor === undefined;
    const { rows, next } = await page(100, cursor);
    yield format.type === 'text/csv'
      ? csvOf(format.columns, rows.flatMap(({ row }) => format.records(row)), { header: first, bom: first, eol: '\r\n' }) // prettier-ignore
      : rows.map(({ row }) => format.row(row)).join('');
    cursor = next;
    more = next !== undefined;
  }
}
