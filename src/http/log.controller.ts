import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { setImmediate as turn } from 'node:timers/promises';
import { judgedBy } from '../../projections/decisions.js';
import { REFERENCED, referenceKey } from '../../projections/identifiers.js';
import { Projector } from '../engine/read/projector.js';
import { Engine } from '../engine/write/engine.js';
import { becameOf, dossierOf, replay, split } from '../engine/audit/audit.js';
import { ruleSince } from '../engine/audit/rules.js';
import { checkField, id as anIdentifier, isIdentifier, matchKey, uuid, type History, type RecordedEvent } from '../kernel/index.js';
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
  rule: 'All decisions that a policy, or one of its rules such as scheme/approval, has judged: marked where it was withdrawn or corrected since.',
  ...PAGE,
  ...MIN_POSITION,
};

const REFERENCES = {
  scheme: 'Whose identifiers these are, such as ocid.',
  id: 'The identifier, in exactly its text.',
  category: 'Only of programmes, towers, contracts or suppliers.',
  ...MIN_POSITION,
};
const RULE = /^[a-z0-9-]{1,64}(\/[a-z0-9-]{1,64})?$/;

/** How policy assessed a decision, and the programme whose policy that was. */
interface Judged {
  readonly assessed: readonly { readonly rule: string; readonly version: string }[];
  readonly judgedBy: { readonly programme: string; readonly revision: number } | null;
}
/** What a row of a decision has, as far as it is read here. */
interface Decided extends Judged {
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
    answer: 'EventPage',
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
    answer: 'RecordedEvent',
  })
  async event(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const id = uuidOf(request);
    await caughtUp(this, queryOf(request, Object.keys(MIN_POSITION)));
    const found = this.projector.eventById(id);
    if (!found) throw new NotFoundError(`No event ${id} is recorded.`);
    const [event] = await this.#stored([found]);
    sendJson(reply, event!);
  }

  @Get('references')
  @describeRead({
    tag: 'log',
    operationId: 'findReference',
    summary: 'The programmes, towers, contracts and suppliers that have an identifier of another system.',
    query: REFERENCES,
    answer: 'References',
    status: [400, 503],
  })
  async references(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const query = queryOf(request, Object.keys(REFERENCES));
    const { scheme, id, category } = query;
    if (!scheme) throw badParameter('scheme', 'must be given');
    if (!id) throw badParameter('id', 'must be given');
    const wanted = REFERENCED.filter((one) => category === undefined || one === category);
    if (wanted.length === 0) throw badParameter('category', `must be one of ${REFERENCED.join(', ')}`);
    await caughtUp(this, query);
    const rows = await Promise.all(wanted.map((one) => this.projector.row('identifiers', referenceKey(one, { scheme, id }))));
    sendJson(reply, { references: rows.filter((row) => row !== undefined) });
  }

  @Get('decisions')
  @describeRead({
    tag: 'log',
    operationId: 'listDecisions',
    summary:
      'All decisions on one paper, of one person, or judged by one rule, newest first; each says whether it or its rule was withdrawn or corrected since.',
    query: DECISIONS,
    answer: 'DecisionPage',
    status: [400, 503],
  })
  async decisions(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const query = queryOf(request, Object.keys(DECISIONS));
    const { reference, person, rule } = query;
    if ([reference, person, rule].filter((given) => given !== undefined).length !== 1)
      throw badParameter('reference', 'must be given, or person, or rule, and only one of them');
    if (reference !== undefined && matchKey(reference) === '') throw badParameter('reference', 'must name a paper');
    if (person !== undefined && checkField(anIdentifier(), person, '').length > 0) throw badParameter('person', 'must be a person id');
    if (rule !== undefined && !RULE.test(rule)) throw badParameter('rule', 'must be a policy or one of its rules, such as scheme/approval');
    const limit = wholeOf(query, 'limit', 1, 500) ?? 100;
    await caughtUp(this, query);
    const key = reference !== undefined ? `reference:${matchKey(reference)}` : person !== undefined ? `person:${person}` : `rule:${rule}`;
    const { at, entries, next } = await listPage(this, 'decisions', key, 'decisions', { cursor: query['cursor'], limit });
    const decisions = await this.#judged(await this.#marked(entries as readonly Decided[]));
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
    answer: 'Dossier',
  })
  async decision(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { events, history } = await this.#decision(request);
    const dossier = dossierOf(events, history);
    const [{ assessed }] = await this.#judged([{ assessed: dossier.assessed, judgedBy: judgedBy(events[0]!) }]);
    sendJson(reply, { ...dossier, assessed });
  }

  @Get('decisions/:id/replay')
  @describeRead({
    tag: 'log',
    operationId: 'replayDecision',
    summary: 'The decision taken again from what was known: the same, or what differs.',
    path: { id: 'The decision.' },
    query: MIN_POSITION,
    answer: 'Replay',
  })
  async replay(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { events } = await this.#decision(request);
    const { name } = events[0]!.metadata.command;
    const command = this.registry.commands.find((c) => c.name === name);
    if (!command) throw new NotFoundError(`There is no command ${name} any more.`);
    sendJson(reply, await replay(loadFrom(this.engine, this.registry), command, events));
  }

  /** Each assessment with what became of its policy since. */
  async #judged<D extends Judged>(decisions: readonly D[]): Promise<readonly [D, ...D[]]> {
    const load = loadFrom(this.engine, this.registry);
    const programmes = new Map<string, History>();
    const marked: D[] = [];
    for (const decision of decisions) {
      const { assessed, judgedBy: by } = decision;
      if (by && !programmes.has(by.programme)) programmes.set(by.programme, await load('programme', by.programme));
      const programme = by && programmes.get(by.programme);
      marked.push(
        programme ? { ...decision, assessed: assessed.map((a) => ({ ...a, ...ruleSince(programme, by.revision, a) })) } : decision,
      );
    }
    return marked as [D, ...D[]];
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
  async #marked<D extends Decided>(decisions: readonly D[]): Promise<readonly D[]> {
    const load = loadFrom(this.engine, this.registry);
    const marked: D[] = [];
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
