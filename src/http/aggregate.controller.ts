import { Controller, Get, Inject, Req, Res, type Type } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Projector } from '../engine/read/projector.js';
import { Engine } from '../engine/write/engine.js';
import { historyView, split, stateView } from '../engine/audit/audit.js';
import { plural, whyNotADate, type AnyAggregate, type History } from '../kernel/index.js';
import { sendJson } from './answer.js';
import { caughtUp, atPoint, POINT, pointOf, type Point } from './as-of.js';
import { loadFrom, REGISTRY, STORE, type EventStore, type Registry } from './ledger.js';
import { describeRead } from './openapi.js';
import { badParameter, NotFoundError } from './problem.js';
import { flagOf, idOf, isKnown, queryOf, tagOf, wholeOf, type Query } from './request.js';
import { VERSION } from './version.js';

const STATE = {
  ...POINT,
  revision: 'As it was recorded up to this revision of the stream.',
  effectiveOn: 'As it stood on this day: the acts of that day and before, as far as their days are known.',
};
const HISTORY = { ...POINT, revision: STATE.revision, related: 'true adds the records of others that are about it, in log order.' };

/** `GET /contracts/:id` and its history: the same for every subject. */
export const aggregateController = (aggregate: AnyAggregate): Type => {
  const { category } = aggregate;
  const title = `${category[0]!.toUpperCase()}${category.slice(1)}`;

  @Controller(`${plural(category)}/:id`)
  class SubjectController {
    constructor(
      @Inject(STORE) readonly store: EventStore,
      @Inject(Projector) readonly projector: Projector,
      @Inject(Engine) private readonly engine: Engine,
      @Inject(REGISTRY) private readonly registry: Registry,
    ) {}

    @Get()
    @describeRead({
      tag: category,
      operationId: `get${title}`,
      summary: `The ${category} as believed, by both clocks.`,
      idOf: category,
      query: STATE,
      validated: true,
    })
    async state(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
      const query = queryOf(request, Object.keys(STATE));
      const { effectiveOn } = query;
      if (effectiveOn !== undefined && (effectiveOn === 'unknown' || whyNotADate(effectiveOn)))
        throw badParameter('effectiveOn', whyNotADate(effectiveOn) ?? 'must be a date');
      const { history, point } = await this.#read(request, query);
      if (this.#isKnown(request, reply, query, history)) return;
      const last = history.recorded.at(-1)!;
      const { id, stream, revision, ...view } = stateView(history, { effectiveOn });
      sendJson(reply, {
        id,
        stream,
        revision,
        position: last.position,
        recordedAt: last.metadata.recordedAt,
        ...(point.sequence !== undefined && { asOf: point.asOf }),
        ...(effectiveOn !== undefined && { effectiveOn }),
        ...view,
      });
    }

    @Get('history')
    @describeRead({
      tag: category,
      operationId: `get${title}History`,
      summary: `Every fact of the ${category} in its place: who decided it, why, and what it changed.`,
      idOf: category,
      query: HISTORY,
      validated: true,
    })
    async history(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
      const query = queryOf(request, Object.keys(HISTORY));
      const withRelated = flagOf(query, 'related');
      const { history, point } = await this.#read(request, query);
      if (this.#isKnown(request, reply, query, history)) return;
      const { id, stream, revision } = history;
      const { timeZone } = this.store.genesis;
      const { entries, ...rest } = historyView(history, timeZone);
      const related = withRelated ? await this.#related(history, point) : [];
      const all = withRelated ? [...entries, ...related].sort((a, b) => this.store.compare(a.position, b.position)) : entries;
      sendJson(reply, { id, stream, revision, ...(point.sequence !== undefined && { asOf: point.asOf }), entries: all, ...rest });
    }

    /**
     * Names the validator of an answer that depends on this stream and the query alone, and answers a plain read with 304 where the caller
     * has it. A read at a point of the log, or of what others recorded, may change while the stream stays as it is.
     */
    #isKnown(request: FastifyRequest, reply: FastifyReply, query: Query, { revision }: History): boolean {
      const tag = tagOf(revision, VERSION);
      const isPlain = Object.keys(query).every((name) => name === 'minPosition');
      if (query['related'] !== 'true' && (query['position'] ?? query['recordedAt']) === undefined) reply.header('etag', tag);
      if (!isPlain || !isKnown(request, tag)) return false;
      reply.code(304).send();
      return true;
    }

    async #read(request: FastifyRequest, query: Query): Promise<{ readonly history: History; readonly point: Point }> {
      const id = idOf(request);
      const revision = wholeOf(query, 'revision', 0, Number.MAX_SAFE_INTEGER);
      if (revision !== undefined && (query['recordedAt'] ?? query['position']) !== undefined)
        throw badParameter('revision', 'cannot be combined with recordedAt or position');
      await caughtUp(this, query);
      const point = await pointOf(this, query);
      const now = await this.engine.history(aggregate, id);
      if (revision !== undefined && revision > now.revision) throw new NotFoundError(`${now.stream} is at revision ${now.revision}.`);
      const history = revision === undefined ? atPoint(this, now, point) : now.atRevision(revision);
      if (history.revision === -1) throw new NotFoundError(`No ${category} ${id} is recorded${now.revision === -1 ? '' : ' up to then'}.`);
      return { history, point };
    }

    /** What others recorded about it: whole streams of the towers and suppliers it names, and single facts of any other stream. */
    async #related(history: History, point: Point) {
      const { projector, store } = this;
      const load = loadFrom(this.engine, this.registry);
      const named = new Set(
        history.recorded.flatMap(({ metadata: { about } }) => [
          ...(about.tower ?? []).map((id) => `tower-${id}`),
          ...(about.supplier ?? []).map((id) => `supplier-${id}`),
        ]),
      );
      const upTo = point.sequence ?? projector.sequence;
      const single = new Map<string, Set<string>>();
      for (let after = 0; ;) {
        const page = await projector.events({ tags: [`${category}:${history.id}`], after, upTo, limit: 500 });
        for (const { stream, id } of page)
          if (stream !== history.stream && !named.has(stream)) single.set(stream, (single.get(stream) ?? new Set()).add(id));
        if (page.length < 500) break;
        after = page.at(-1)!.sequence;
      }
      named.delete(history.stream);
      const streams = [...named, ...single.keys()];
      const views = await Promise.all(
        streams.map(async (stream) => {
          const { entries } = historyView(atPoint(this, await load(...split(stream)), point), store.genesis.timeZone);
          const only = single.get(stream);
          return only ? entries.filter(({ event }) => only.has(event)) : entries;
        }),
      );
      return views.flat();
    }
  }
  return Object.defineProperty(SubjectController, 'name', { value: `${title}Controller` });
};
