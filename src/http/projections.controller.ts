import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Projector } from '../engine/read/projector.js';
import { sendJson } from './answer.js';
import { caughtUp, MIN_POSITION, POINT, pointOf } from './as-of.js';
import { lagOf, STORE, type EventStore } from './ledger.js';
import { describeRead } from './openapi.js';
import { badHeader, badParameter, NotFoundError } from './problem.js';
import { queryOf, wholeOf } from './request.js';
import { Subscribers } from './subscribers.js';

const PAGE = { cursor: '`next` of the page before.', limit: 'Rows at most, 1 to 500; 100 unless told.' };
const path = { name: 'The projection.' };

/** Cursors stay with the prefix of the log that the first page was of. */
const cursorFor = (sequence: number, key: string): string => Buffer.from(`${sequence} ${key}`).toString('base64url');
const readCursor = (cursor: string): { readonly sequence: number; readonly key: string } => {
  const parts = /^(\d{1,15}) (.*)$/s.exec(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (!parts) throw badParameter('cursor', 'is not a cursor of this projection');
  return { sequence: Number(parts[1]), key: parts[2]! };
};

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
    summary: 'The questions that are kept answered, and how far each has read.',
    query: MIN_POSITION,
    status: [400, 503],
  })
  async list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await caughtUp(this, queryOf(request, Object.keys(MIN_POSITION)));
    const { projector } = this;
    const lag = await lagOf(this);
    const projections = projector.list().map((status) => ({
      ...status,
      filters: Object.keys(projector.projection(status.name).filters ?? {}),
      lag: lag + status.behind,
    }));
    sendJson(reply, { projections });
  }

  @Get(':name')
  @describeRead({
    tag: 'projections',
    operationId: 'getProjection',
    summary: "The projection's rows in order of their key. Its filters are query parameters of their own.",
    path,
    query: { ...PAGE, ...POINT },
  })
  async rows(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { name, projector } = this.#named(request);
    const { filters: declared = {}, version } = projector.projection(name);
    const query = queryOf(request, [...Object.keys(PAGE), ...Object.keys(POINT), ...Object.keys(declared)]);
    const limit = wholeOf(query, 'limit', 1, 500) ?? 100;
    const cursor = query['cursor'] === undefined ? undefined : readCursor(query['cursor']);
    await caughtUp(this, query);
    const point = await pointOf(this, query);
    const at = cursor?.sequence ?? point.sequence ?? projector.sequence;
    if (at > projector.sequence) throw badParameter('cursor', 'is not a cursor of this ledger');
    const filters = Object.fromEntries(Object.keys(declared).flatMap((f) => (query[f] === undefined ? [] : [[f, query[f]]])));
    const { rows, next } = await projector.rows(name, { at, limit, filters, ...(cursor && { cursor: cursor.key }) });
    sendJson(reply, {
      projection: name,
      version,
      generation: projector.generation(name),
      asOf: cursor ? { ...point.asOf, position: projector.eventAt(at)?.position ?? null } : point.asOf,
      lag: await lagOf(this),
      rows: rows.map(({ key, row }) => ({ key, ...row })),
      ...(next !== undefined && { next: cursorFor(at, next) }),
    });
  }

  @Get(':name/updates')
  @describeRead({
    tag: 'projections',
    operationId: 'followProjection',
    summary: 'Server-Sent Events: a message for each position that changed rows, with all of them; `null` is a row that is gone.',
    path,
    query: { after: 'Go on after this id of a message; the header Last-Event-ID goes before.' },
    type: 'text/event-stream',
  })
  async updates(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { name } = this.#named(request);
    const { after } = queryOf(request, ['after']);
    const last = request.headers['last-event-id'];
    const fault = (detail: string) => (last === undefined ? badParameter('after', detail) : badHeader('last-event-id', detail));
    await this.subscribers.open(name, (last as string | undefined) ?? after, reply, fault);
  }

  @Get(':name/:key')
  @describeRead({
    tag: 'projections',
    operationId: 'getRow',
    summary: 'One row.',
    path: { ...path, key: 'The key of the row, such as `tower:hosting`.' },
    query: POINT,
  })
  async row(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { name, projector } = this.#named(request);
    const { key } = request.params as { readonly key: string };
    const query = queryOf(request, Object.keys(POINT));
    await caughtUp(this, query);
    const { sequence, asOf } = await pointOf(this, query);
    const row: unknown = await projector.row(name, key, sequence ?? projector.sequence);
    if (row === undefined) throw new NotFoundError(`${name} has no row ${key.slice(0, 80)}.`);
    sendJson(reply, {
      projection: name,
      version: projector.projection(name).version,
      generation: projector.generation(name),
      asOf,
      key,
      row,
    });
  }

  #named(request: FastifyRequest) {
    const { name } = request.params as { readonly name: string };
    const { projector } = this;
    if (!projector.has(name)) throw new NotFoundError(`There is no projection ${name.slice(0, 80)}.`);
    return { name, projector };
  }
}
