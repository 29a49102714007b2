import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { split } from '../engine/audit/audit.js';
import { canBeOpened } from '../engine/read/contributions-to.js';
import { Projector } from '../engine/read/projector.js';
import { at as valueAt, plural, type Total } from '../kernel/index.js';
import { sendJson } from './answer.js';
import { beforeAll, caughtUp, POINT, pointOf } from './as-of.js';
import { STORE, type EventStore } from './ledger.js';
import { describeRead } from './openapi.js';
import { badParameter, NotFoundError } from './problem.js';
import { queryOf, wholeOf } from './request.js';

const QUERY = {
  field: 'A JSON Pointer to a total of the row, such as /totals/towers.',
  cursor: '`next` of the page before.',
  limit: 'Contributions at most, 1 to 500; 100 unless set.',
  ...POINT,
};

/** Why a total is as it is. */
@Controller('projections')
export class ContributionsController {
  constructor(
    @Inject(STORE) readonly store: EventStore,
    @Inject(Projector) readonly projector: Projector,
  ) {}

  @Get(':name/:key/contributions')
  @describeRead({
    tag: 'projections',
    operationId: 'openTotal',
    summary:
      'Why a total of a row is as it is: what each stream adds to it, in the order in which they began, and whether that adds up. Of 5,000 streams at most.',
    path: { name: 'The projection.', key: 'The key of the row, such as `programme:met`.' },
    query: QUERY,
    answer: 'OpenedTotal',
    status: [400, 404, 422, 503],
  })
  async contributions(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { name, key } = request.params as { readonly name: string; readonly key: string };
    const { projector } = this;
    if (!projector.has(name)) throw new NotFoundError(`There is no projection ${name.slice(0, 80)}.`);
    const query = queryOf(request, Object.keys(QUERY));
    const { field } = query;
    const limit = wholeOf(query, 'limit', 1, 500) ?? 100;
    const from = wholeOf(query, 'cursor', 0, 1_000_000) ?? 0;
    await caughtUp(this, query);
    const point = await pointOf(this, query);
    const at = point.sequence ?? projector.sequence;
    const found = await projector.ask(name, (rows) => rows.totalsOf(key, at));
    if (!found) throw new NotFoundError(`${name} has no row ${key.slice(0, 80)}.${beforeAll(this, point)}`);
    const openable = [...found.totals].filter(([, total]) => canBeOpened(total));
    const none = `it has none that can be opened${found.totals.size > 0 ? ': only those of programmes, towers, contracts and suppliers can' : ''}`;
    const paths = openable.slice(0, 20).map(([path]) => path);
    const there = paths.length > 0 ? `there are ${paths.join(', ')}` : none;
    if (field === undefined) throw badParameter('field', `must name a total of the row: ${there}`);
    const [path, total] = openable.find(([path]) => path === field || field.startsWith(`${path}/`)) ?? [];
    if (path === undefined || !total) throw badParameter('field', `is no total of this row: ${there}`);
    const { contributions, ...opened } = await projector.ask(name, (rows) => rows.opened(total, at));
    const page = contributions.slice(from, from + limit);
    const value = valueAt(found.row, path) as unknown as Total & { readonly text?: string };
    const { amounts, undisclosed, withheld, unknown, text = opened.text } = value;
    sendJson(reply, {
      projection: name,
      key,
      asOf: { ...point.asOf, position: projector.eventAt(at)?.position ?? null },
      field: path,
      value,
      ...opened,
      total: { amounts, undisclosed, withheld, unknown }, // what differs in VAT stays apart, as in the row
      text,
      count: contributions.length,
      contributions: page.map(({ field: own, ...one }) => {
        const [category, id] = split(one.stream);
        return { ...one, ...(own !== undefined && { why: `/${plural(category)}/${id}/history?field=${own}&revision=${one.revision}` }) };
      }),
      ...(from + limit < contributions.length && { next: String(from + limit) }),
    });
  }
}
