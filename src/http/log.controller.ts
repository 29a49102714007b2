import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { REFERENCED, referenceKey } from '../../projections/identifiers.js';
import { Projector } from '../engine/read/projector.js';
import { checkField, isIdentifier, uuid, type RecordedEvent } from '../kernel/index.js';
import { localPage } from '../store/event-store.js';
import type { IndexedEvent } from '../store/read-model.js';
import { sendJson } from './answer.js';
import { caughtUp, MIN_POSITION, POINT, pointOf, refuseFuture } from './as-of.js';
import { REGISTRY, STORE, type EventStore, type Registry } from './ledger.js';
import { describeRead, oneOfThese } from './openapi.js';
import { badParameter, BadRequestError } from './problem.js';
import { eventWithId } from './recorded.js';
import { instantOf, oneOf, queryOf, wholeOf, type Query } from './request.js';
import { eventTypes } from './schemas.js';

const PAGE = { cursor: '`next` of the page before.', limit: '1 to 500; 100 when absent.' };
const EVENTS = {
  type: 'Only events of this type.',
  subject: '`contract-x` for the stream of an aggregate, `contract:x` for every event about it.',
  actor: 'Only what this person recorded.',
  from: 'Recorded at this instant or later.',
  to: 'Recorded at this instant or before.',
  correlation: 'Only what belongs together under this id.',
  ...PAGE,
  ...POINT,
};
const REFERENCES = {
  scheme: 'Whose identifiers these are, such as ocid.',
  id: 'The identifier, in exactly its text.',
  category: 'Only of programmes, towers, contracts or suppliers.',
  ...MIN_POSITION,
};
/** The log itself. */
@Controller()
export class LogController {
  constructor(
    @Inject(STORE) readonly store: EventStore,
    @Inject(Projector) readonly projector: Projector,
    @Inject(REGISTRY) private readonly registry: Registry,
  ) {}

  @Get('events')
  @describeRead({
    tag: 'log',
    operationId: 'listEvents',
    summary: 'The whole log in store order, as recorded.',
    query: EVENTS,
    answer: 'EventPage',
    status: [400, 503],
  })
  async events(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const query = queryOf(request, Object.keys(EVENTS));
    const limit = wholeOf(query, 'limit', 1, 500) ?? 100;
    const after = wholeOf(query, 'cursor', 0, Number.MAX_SAFE_INTEGER) ?? 0;
    const [from, until] = [instantOf(query, 'from'), instantOf(query, 'to')];
    oneOf(query, 'type', eventTypes);
    const { tags, stream } = this.#chosen(query);
    refuseFuture(this, 'from', from);
    await caughtUp(this, query);
    const { sequence, asOf } = await pointOf(this, query);
    const { projector } = this;
    const upTo = sequence ?? projector.sequence;
    const found = await projector.events({ tags, stream, from, until, after, upTo, limit: limit + 1 });
    const page = found.slice(0, limit);
    const events = await this.#stored(page);
    sendJson(reply, { asOf, events, ...(found.length > limit && { next: String(page.at(-1)!.sequence) }) });
  }

  @Get('events/:id')
  @describeRead({
    tag: 'log',
    operationId: 'getEvent',
    summary: 'One event, as recorded.',
    path: { id: 'The event.' },
    query: MIN_POSITION,
    answer: 'RecordedEvent',
  })
  async event(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const id = uuidOf(request);
    await caughtUp(this, queryOf(request, Object.keys(MIN_POSITION)));
    const [event] = await this.#stored([await eventWithId(this, id)]);
    sendJson(reply, event!);
  }

  @Get('references')
  @describeRead({
    tag: 'log',
    operationId: 'findReference',
    summary: 'The programmes, towers, contracts and suppliers that have an identifier of another system.',
    query: REFERENCES,
    forms: { category: oneOfThese(REFERENCED) },
    answer: 'References',
    status: [400, 503],
  })
  async references(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const query = queryOf(request, Object.keys(REFERENCES));
    const { scheme, id, category } = query;
    if (!scheme) throw badParameter('scheme', 'must be given');
    if (!id) throw badParameter('id', 'must be given');
    oneOf(query, 'category', REFERENCED);
    const wanted = REFERENCED.filter((one) => category === undefined || one === category);
    await caughtUp(this, query);
    const rows = await Promise.all(wanted.map((one) => this.projector.row('identifiers', referenceKey(one, { scheme, id }))));
    sendJson(reply, { references: rows.filter((row) => row !== undefined) });
  }

  #chosen({ type, subject: aggregate, actor, correlation }: Query): { readonly tags: readonly string[]; readonly stream?: string } {
    const tags = [
      ...(type === undefined ? [] : [`type:${type}`]),
      ...(actor === undefined ? [] : [`actor:${actor}`]),
      ...(correlation === undefined ? [] : [`correlation:${correlation}`]),
    ];
    if (aggregate === undefined) return { tags };
    const [, category = '', between, id] = /^([a-z]+)([-:])(.*)$/s.exec(aggregate) ?? [];
    if (!this.registry.aggregates.some((s) => s.category === category) || !isIdentifier(id))
      throw badParameter('subject', 'must be an aggregate such as contract-x (its stream) or contract:x (all about it)');
    return between === '-' ? { tags, stream: aggregate } : { tags: [...tags, aggregate] };
  }

  /** The events of index lines: one read for each run of a stream. */
  async #stored(found: readonly IndexedEvent[]): Promise<readonly RecordedEvent[]> {
    const runs: { readonly stream: string; readonly from: number; count: number }[] = [];
    for (const { stream, revision } of found) {
      const last = runs.at(-1);
      if (last && last.stream === stream && last.from + last.count === revision) last.count++;
      else runs.push({ stream, from: revision, count: 1 });
    }
    return (await Promise.all(runs.map(({ stream, from, count }) => localPage(this.store, stream, from, count)))).flat();
  }
}

export const uuidOf = (request: FastifyRequest): string => {
  const { id } = request.params as { readonly id: string };
  const [problem] = checkField(uuid(), id, '');
  if (problem) throw new BadRequestError([{ parameter: 'id', detail: problem.detail }], 'bad-parameter');
  return id;
};
