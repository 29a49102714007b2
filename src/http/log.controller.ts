import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { setImmediate as turn } from 'node:timers/promises';
import { paper } from '../../projections/decisions.js';
import { Projector } from '../engine/read/projector.js';
import { Engine } from '../engine/write/engine.js';
import { becameOf, dossierOf, replay, split } from '../engine/audit/audit.js';
import { checkField, id as anIdentifier, isIdentifier, uuid, type History, type RecordedEvent } from '../kernel/index.js';
import { localPage } from '../store/event-store.js';
import type { IndexedEvent } from '../store/read-model.js';
import { sendJson } from './answer.js';
import { caughtUp, MIN_POSITION, POINT, pointOf } from './as-of.js';
import { loadFrom, REGISTRY, STORE, type EventStore, type Registry } from './ledger.js';
import { describeRead } from './openapi.js';
import { listPage } from './projections.controller.js';
import { badParameter, BadRequestError, NotFoundError } from './problem.js';
import { instantOf, queryOf, wholeOf, type Query } from './request.js';

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
const DECISIONS = {
  reference: 'All decisions on one paper: PCD 813, PCD-813 and pcd813 are the same.',
  person: 'All decisions that one person took.',
  ...PAGE,
  ...MIN_POSITION,
};

/** What a row of a decision has, as far as it is read here. */
interface Decided {
  readonly decision: string;
  readonly stream: string;
}
/** Decisions that are looked up before other work gets its turn. */
const MARKED = 16;

/** The log itself, and the decisions in it. */
@Controller()
export class LogController {
  constructor(
    @Inject(STORE) readonly store: EventStore,
    @Inject(Projector) readonly projector: Projector,
    @Inject(Engine) private readonly engine: Engine,
    @Inject(REGISTRY) private readonly registry: Registry,
  ) {}

  @Get('events')
  @describeRead({
    tag: 'log',
    operationId: 'listEvents',
    summary: 'The whole log in store order, as recorded.',
    query: EVENTS,
    status: [400, 503],
  })
  async events(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const query = queryOf(request, Object.keys(EVENTS));
    const limit = wholeOf(query, 'limit', 1, 500) ?? 100;
    const after = wholeOf(query, 'cursor', 0, Number.MAX_SAFE_INTEGER) ?? 0;
    const [from, until] = [instantOf(query, 'from'), instantOf(query, 'to')];
    const { tags, stream } = this.#chosen(query);
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
  })
  async event(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const id = uuidOf(request);
    await caughtUp(this, queryOf(request, Object.keys(MIN_POSITION)));
    const found = this.projector.eventById(id);
    if (!found) throw new NotFoundError(`No event ${id} is recorded.`);
    const [event] = await this.#stored([found]);
    sendJson(reply, event!);
  }

  @Get('decisions')
  @describeRead({
    tag: 'log',
    operationId: 'listDecisions',
    summary: 'All decisions on one paper, or of one person, newest first; each says whether it was withdrawn or corrected since.',
    query: DECISIONS,
    status: [400, 503],
  })
  async decisions(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const query = queryOf(request, Object.keys(DECISIONS));
    const { reference, person } = query;
    if ((reference === undefined) === (person === undefined)) throw badParameter('reference', 'must be given, or person, and not both');
    if (reference !== undefined && paper(reference) === '') throw badParameter('reference', 'must name a paper');
    if (person !== undefined && checkField(anIdentifier(), person, '').length > 0) throw badParameter('person', 'must be a person id');
    const limit = wholeOf(query, 'limit', 1, 500) ?? 100;
    await caughtUp(this, query);
    const key = reference === undefined ? `person:${person}` : `reference:${paper(reference)}`;
    const { at, entries, next } = await listPage(this, 'decisions', key, 'decisions', { cursor: query['cursor'], limit });
    const decisions = await this.#marked(entries as readonly Decided[]);
    const asOf = { position: this.projector.eventAt(at)?.position ?? null, final: false };
    sendJson(reply, { asOf, decisions, ...(next !== undefined && { next }) });
  }

  @Get('decisions/:id')
  @describeRead({
    tag: 'log',
    operationId: 'getDecision',
    summary: 'The dossier: what was asked, by whom, what was known and assessed, and what became of its facts.',
    path: { id: 'The decision.' },
    query: MIN_POSITION,
  })
  async decision(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { events, history } = await this.#decision(request);
    sendJson(reply, dossierOf(events, history));
  }

  @Get('decisions/:id/replay')
  @describeRead({
    tag: 'log',
    operationId: 'replayDecision',
    summary: 'The decision taken again from what was known: the same, or what differs.',
    path: { id: 'The decision.' },
    query: MIN_POSITION,
  })
  async replay(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { events } = await this.#decision(request);
    const { name } = events[0]!.metadata.command;
    const command = this.registry.commands.find((c) => c.name === name);
    if (!command) throw new NotFoundError(`There is no command ${name} any more.`);
    sendJson(reply, await replay(loadFrom(this.engine, this.registry), command, events));
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

  /** Decisions with what became of their events since. */
  async #marked(decisions: readonly Decided[]): Promise<readonly object[]> {
    const load = loadFrom(this.engine, this.registry);
    const marked: object[] = [];
    for (const decision of decisions) {
      const history = await load(...split(decision.stream));
      marked.push({ ...decision, ...becameOf(history.decision(decision.decision), history) });
      if (marked.length % MARKED === 0) await turn();
    }
    return marked;
  }

  async #decision(request: FastifyRequest): Promise<{ readonly events: readonly RecordedEvent[]; readonly history: History }> {
    const id = uuidOf(request);
    await caughtUp(this, queryOf(request, Object.keys(MIN_POSITION)));
    const row = (await this.projector.row('decisions', `decision:${id}`)) as { readonly stream: string } | undefined;
    if (!row) throw new NotFoundError(`No decision ${id} is recorded.`);
    const history = await loadFrom(this.engine, this.registry)(...split(row.stream));
    return { events: history.decision(id), history };
  }
}

const uuidOf = (request: FastifyRequest): string => {
  const { id } = request.params as { readonly id: string };
  const [problem] = checkField(uuid(), id, '');
  if (problem) throw new BadRequestError([{ parameter: 'id', detail: problem.detail }], 'bad-parameter');
  return id;
};
