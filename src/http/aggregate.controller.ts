import { Controller, Get, Inject, Req, Res, type Type } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Projector } from '../engine/read/projector.js';
import { Engine } from '../engine/write/engine.js';
import { boundedView, entryViews, historyPage, split, stateView } from '../engine/audit/audit.js';
import { UnknownFieldError, whyOf, type Why } from '../engine/audit/why.js';
import { plural, type AnyAggregate, type History } from '../kernel/index.js';
import { sendJson } from './answer.js';
import { beforeAll, caughtUp, atPoint, effectiveOnOf, ON_DAY, POINT, pointOf, type Point } from './as-of.js';
import type { IndexedEvent } from '../store/read-model.js';
import { loadFrom, REGISTRY, STORE, type EventStore, type Registry } from './ledger.js';
import { describeRead } from './openapi.js';
import { cursorFor, readCursor } from './projections.controller.js';
import { badParameter, GoneError, NotFoundError } from './problem.js';
import { flagOf, idOf, isKnown, oneOf, queryOf, tagOf, wholeOf, type Query } from './request.js';
import { stateAnswerOf } from './schemas.js';
import { VERSION } from './version.js';

const STATE = {
  ...POINT,
  revision: 'As it was recorded up to this revision of the stream.',
  ...ON_DAY,
  lists:
    '`all`: every item of each list. Without it an answer that would be longer than 64 KB has the newest 20 of each, and `counts` of those that have more.',
};
const HISTORY = {
  ...POINT,
  revision: STATE.revision,
  field:
    'A JSON Pointer into the state, such as /ceiling/amount: only the events that set it, with what it said before and after, and the claims on them.',
  related: 'true adds the records of others that are about it, in log order.',
  cursor: '`next` of the page before: pages stay with the revision of the first.',
  limit: 'Entries at most, 1 to 500; 100 unless set.',
};

const readHistoryCursor = (cursor: string) => {
  const { sequence, place } = readCursor(cursor);
  const [, revision, from] = /^(\d{1,9}) (\d{1,9})$/.exec(place) ?? [];
  if (from === undefined) throw badParameter('cursor', 'is not a cursor of this list');
  return { sequence, revision: Number(revision), from: Number(from) };
};

/** The answer links to the one that is kept, where there is one. */
const whyGone = ({ aggregate: { category }, id, duplicateOf }: History, reply: FastifyReply): GoneError => {
  if (duplicateOf === undefined) return new GoneError(`All that was recorded of ${category} ${id} has been withdrawn: see its history.`);
  const href = `/${plural(category)}/${duplicateOf}`;
  reply.header('link', `<${href}>; rel="canonical"`);
  return new GoneError(`${category} ${id} is a duplicate of ${duplicateOf}.`, { id: duplicateOf, href });
};

/** `GET /contracts/:id` and its history: the same for every aggregate. */
export const aggregateController = (aggregate: AnyAggregate): Type => {
  const { category } = aggregate;
  const title = `${category[0]!.toUpperCase()}${category.slice(1)}`;

  @Controller(`${plural(category)}/:id`)
  class SubjectController {
    constructor(
      @Inject(STORE) readonly store: EventStore,
      @Inject(Projector) readonly projector: Projector,
      @Inject(Engine) readonly engine: Engine,
      @Inject(REGISTRY) private readonly registry: Registry,
    ) {}

    @Get()
    @describeRead({
      tag: category,
      operationId: `get${title}`,
      summary: `The ${category} as believed, by both clocks.`,
      idOf: category,
      query: STATE,
      answer: stateAnswerOf(category),
      status: [400, 404, 410, 503],
      validated: true,
    })
    async state(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
      const query = queryOf(request, Object.keys(STATE));
      const effectiveOn = effectiveOnOf(this, query);
      const { history, point } = await this.#read(request, query);
      if (history.entries.length === 0) throw whyGone(history, reply);
      if (this.#isKnown(request, reply, query, history)) return;
      const last = history.recorded.at(-1)!;
      const isWhole = oneOf(query, 'lists', ['all']) !== undefined;
      const whole = stateView(history, { effectiveOn });
      const { id, stream, revision, ...view } = isWhole ? whole : boundedView(whole);
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
      summary: `Every event of the ${category} in its place, in pages: who decided it, why, and what it changed.`,
      idOf: category,
      query: HISTORY,
      answer: ['HistoryPage', 'WhyPage'],
      validated: true,
    })
    async history(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
      const query = queryOf(request, Object.keys(HISTORY));
      const limit = wholeOf(query, 'limit', 1, 500) ?? 100;
      const isRelated = flagOf(query, 'related');
      const cursor = query['cursor'] === undefined ? undefined : readHistoryCursor(query['cursor']);
      const { minPosition } = query;
      const { history, point } = await this.#read(request, cursor ? { minPosition, revision: String(cursor.revision) } : query);
      if (this.#isKnown(request, reply, query, history)) return;
      const { id, stream, revision } = history;
      const { field } = query;
      if (field !== undefined) {
        if (query['related'] !== undefined) throw badParameter('related', 'cannot be combined with field');
        const { next, ...why } = await this.#why(history, field, cursor?.from ?? 0, limit);
        const asOf = point.sequence !== undefined && { asOf: point.asOf };
        return sendJson(reply, {
          id,
          stream,
          revision,
          ...asOf,
          ...why,
          ...(next !== undefined && { next: cursorFor(0, `${revision} ${next}`) }),
        });
      }
      const { next, ...page } = isRelated
        ? await this.#related(history, cursor?.sequence ?? point.sequence ?? this.projector.sequence, cursor?.from ?? 0, limit)
        : { ...(await historyPage(history, cursor?.from ?? 0, limit)), sequence: 0 };
      sendJson(reply, {
        id,
        stream,
        revision,
        ...(point.sequence !== undefined && { asOf: point.asOf }),
        entries: page.entries,
        ledger: page.ledger,
        withdrawn: page.withdrawn,
        ...(next !== undefined && { next: cursorFor(page.sequence, `${revision} ${next}`) }),
      });
    }

    async #why(history: History, field: string, from: number, limit: number): Promise<Why> {
      if (!/^(\/([^~/]|~[01])*)+$/.test(field) || field.length > 500)
        throw badParameter('field', 'must be a JSON Pointer such as /ceiling/amount');
      try {
        return await whyOf(history, field, from, limit);
      } catch (error) {
        throw error instanceof UnknownFieldError ? badParameter('field', error.message) : error;
      }
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
      const history = await (revision === undefined ? atPoint(this, now, point) : this.engine.historyAt(now, revision));
      if (history.revision === -1)
        throw new NotFoundError(`No ${category} ${id} is recorded${now.revision === -1 ? '.' : ` up to then.${beforeAll(this, point)}`}`);
      return { history, point };
    }

    /**
     * Its own entries with what others recorded about it, in log order: whole streams of the towers and suppliers it names, and single
     * events of any other stream. Of other streams only those of the page are folded.
     */
    async #related(history: History, sequence: number, from: number, limit: number) {
      const { projector } = this;
      const load = loadFrom(this.engine, this.registry);
      const named = new Set([history.stream]);
      for (const { metadata } of history.recorded) {
        for (const id of metadata.about.tower ?? []) named.add(`tower-${id}`);
        for (const id of metadata.about.supplier ?? []) named.add(`supplier-${id}`);
      }
      const found = new Map<number, IndexedEvent>();
      const collect = async (query: { readonly tags: readonly string[]; readonly stream?: string }) => {
        for (let after = 0; ;) {
          const page = await projector.events({ ...query, after, upTo: sequence, limit: 500 });
          for (const event of page)
            if (event.stream !== history.stream || event.revision <= history.revision) found.set(event.sequence, event);
          if (page.length < 500) break;
          after = page.at(-1)!.sequence;
        }
      };
      for (const stream of named) await collect({ tags: [], stream });
      await collect({ tags: [`${category}:${history.id}`] });
      const inOrder = [...found.values()].sort((a, b) => a.sequence - b.sequence);
      const entries: Awaited<ReturnType<typeof entryViews>> = [];
      for (const [stream, events] of Map.groupBy(inOrder.slice(from, from + limit), (event) => event.stream)) {
        const ids = new Set(events.map(({ id }) => id));
        const whole = stream === history.stream ? history : await load(...split(stream));
        const other = await this.engine.historyAt(whole, projector.revisionAt(stream, sequence));
        entries.push(...(await entryViews(other, 0, Infinity, ({ recorded }) => ids.has(recorded.id))));
      }
      entries.sort((a, b) => this.store.compare(a.position, b.position));
      if (from + limit < inOrder.length) return { entries, ledger: [], withdrawn: [], next: from + limit, sequence };
      // The last page has the ledger's own events too, the newest of them where there are many.
      const { ledger, withdrawn } = await historyPage(history, history.entries.length, limit);
      return { entries, ledger, withdrawn, next: undefined, sequence };
    }
  }
  return Object.defineProperty(SubjectController, 'name', { value: `${title}Controller` });
};
