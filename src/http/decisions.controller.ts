import { Readable } from 'node:stream';
import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isFirst } from '../../projections/decisions.js';
import { csvOf } from '../csv.js';
import { replay, split } from '../engine/audit/audit.js';
import { htmlOf, markdownOf, PAGE_POLICY } from '../engine/audit/document.js';
import { wholeDossier, type Surroundings } from '../engine/audit/dossier.js';
import { dossierPage } from '../engine/audit/dossier-page.js';
import { ruleSince } from '../engine/audit/rules.js';
import { Projector } from '../engine/read/projector.js';
import { Engine } from '../engine/write/engine.js';
import {
  checkField,
  dayOf,
  id as anIdentifier,
  isDay,
  isIdentifier,
  matchKey,
  plural,
  type Columns,
  type History,
  type RecordedEvent,
} from '../kernel/index.js';
import type { Dossier } from './answers.js';
import { preferredType } from './accept.js';
import { sendJson, varyBy } from './answer.js';
import { caughtUp, MIN_POSITION, refuseFuture } from './as-of.js';
import { DecisionFinder, RESULTS, rowOf, STATUSES, type DecisionRow, type Wanted } from './find-decisions.js';
import { loadFrom, REGISTRY, STORE, type EventStore, type Registry } from './ledger.js';
import { uuidOf } from './log.controller.js';
import { describeRead, oneOfThese } from './openapi.js';
import { cursorFor, readCursor } from './projections.controller.js';
import { badParameter, NotAcceptableError, NotFoundError } from './problem.js';
import { streamOfDecision } from './recorded.js';
import { dayIn, flagOf, instantOf, oneOf, queryOf, wholeOf, type Query } from './request.js';

const FILTERS = {
  reference: 'On one paper: PCD 813, PCD-813 and pcd813 are the same.',
  person: 'That this person took.',
  actor: 'That this person recorded.',
  by: 'That this person took or recorded.',
  office: 'That somebody took in this office, however its name is written.',
  rule: 'That a policy, or one of its rules such as scheme/approval, has judged: marked where it was withdrawn or corrected since.',
  result: `With a rule, or the rule that is named, assessed so: ${RESULTS.join(', ')}.`,
  programme: 'About this programme.',
  tower: 'About this tower.',
  contract: 'About this contract.',
  supplier: 'About this supplier.',
  command: 'Taken by this command, such as ApproveChange.',
  effectiveFrom: 'Whose act may lie on this day or later.',
  effectiveUntil: 'Whose act may lie on this day or before.',
  recordedFrom: 'Recorded at this instant or on this day, or later.',
  recordedUntil: 'Recorded at this instant or on this day, or before.',
  backdated: 'true for those that were certainly recorded after the day of the act, false for the others.',
  status: `What became of it: ${STATUSES.join(', ')}, of which the last is also in part.`,
};
const LIST = {
  ...FILTERS,
  totals: 'true adds how many there are, by status, by command and by result: of 20,000 events at most, else of the newest.',
  format: 'csv for every decision that passes the filters, as with the header `Accept: text/csv`.',
  cursor: '`next` of the page before.',
  limit: '1 to 500; 100 when absent. A page ends earlier after 5,000 events or 512 KB.',
  ...MIN_POSITION,
};
const LIST_FORMATS = ['json', 'csv'];
const FORMATS = { json: 'application/json', markdown: 'text/markdown', html: 'text/html' } as const;
const DOSSIER = {
  format: `Instead of the header Accept: ${Object.keys(FORMATS).join(', ')}.`,
  ...MIN_POSITION,
};
const RULE = /^[a-z0-9-]{1,64}(\/[a-z0-9-]{1,64})?$/;

/** How policy assessed a decision, and the programme whose policy that was. */
interface Judged {
  readonly assessed: readonly { readonly rule: string; readonly version: string }[];
  readonly judgedBy: { readonly programme: string; readonly revision: number } | null;
}

interface Page {
  readonly rows: readonly DecisionRow[];
  readonly next?: number;
}

const people = (row: DecisionRow) => row.decidedBy ?? { person: null, office: null };
/** Of the table of decisions; docs/csv.md says what each is. */
export const decisionColumns: Columns<DecisionRow> = [
  ['decision', ({ decision }) => decision],
  ['recordedAt', ({ recordedAt }) => recordedAt],
  ['effectiveOn', ({ effectiveOn }) => effectiveOn],
  ['daysLate', ({ daysLate }) => daysLate ?? 0, 'number'],
  ['status', ({ status }) => status],
  ['corrections', ({ corrections }) => corrections ?? 0, 'number'],
  ['command', ({ command }) => command],
  ['stream', ({ stream }) => stream],
  ['programme', ({ about }) => about.programme],
  ['towers', ({ about }) => about.tower?.join(' ')],
  ['contracts', ({ about }) => about.contract?.join(' ')],
  ['suppliers', ({ about }) => about.supplier?.join(' ')],
  ['recordedBy', ({ actor }) => actor],
  ['role', ({ role }) => role],
  ['decidedBy', (row) => people(row).person],
  ['office', (row) => people(row).office],
  ['reference', ({ reference }) => reference],
  ['reason', ({ reason }) => reason],
  ['assessed', ({ assessed }) => assessed.map(({ rule, version, result }) => `${rule} ${version}: ${result}`).join('; ')],
  ['evidence', ({ evidence }) => evidence.filter((one) => one !== null).join(' ')],
  ['position', ({ position }) => position],
];

/** Decisions: found, on one page each, and taken again. */
@Controller('decisions')
export class DecisionsController {
  readonly #finder: DecisionFinder;
  readonly #load: ReturnType<typeof loadFrom>;

  constructor(
    @Inject(STORE) readonly store: EventStore,
    @Inject(Projector) readonly projector: Projector,
    @Inject(Engine) engine: Engine,
    @Inject(REGISTRY) private readonly registry: Registry,
  ) {
    this.#load = loadFrom(engine, registry);
    this.#finder = new DecisionFinder(projector, this.#load, store.genesis.timeZone);
  }

  @Get()
  @describeRead({
    tag: 'decisions',
    operationId: 'listDecisions',
    summary:
      'Decisions that pass every filter, newest first; each says whether it or its rule was withdrawn or corrected since. Also as CSV.',
    query: LIST,
    forms: { format: oneOfThese(LIST_FORMATS) },
    answer: 'DecisionPage',
    texts: ['text/csv'],
    status: [400, 503],
  })
  async list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const query = queryOf(request, Object.keys(LIST));
    const wanted = this.#wanted(query);
    refuseFuture(this, 'recordedFrom', wanted.recordedFrom);
    const withTotals = flagOf(query, 'totals');
    const limit = wholeOf(query, 'limit', 1, 500) ?? 100;
    const { format } = query;
    oneOf(query, 'format', LIST_FORMATS);
    const asCsv = format === 'csv' || (format === undefined && preferredType(request, ['application/json', 'text/csv']) === 'text/csv');
    const cursor = query['cursor'] === undefined ? undefined : readCursor(query['cursor']);
    await caughtUp(this, query);
    const at = cursor?.sequence ?? this.projector.sequence;
    const upTo = cursor === undefined ? at : /^\d{1,15}$/.test(cursor.place) ? Number(cursor.place) : -1;
    if (at > this.projector.sequence || upTo < 0 || upTo > at) throw badParameter('cursor', 'is not a cursor of this list');
    varyBy(reply, 'Accept');
    if (asCsv) {
      for (const page of ['cursor', 'limit', 'totals'])
        if (query[page] !== undefined) throw badParameter(page, 'cannot be combined with CSV, which has every decision');
      return void reply.header('content-type', 'text/csv; charset=utf-8').send(Readable.from(this.#csv(wanted, at)));
    }
    const { rows, next } = await this.#rows(wanted, upTo, limit);
    const totals = withTotals ? await this.#finder.totals(wanted, at) : undefined;
    const asOf = { position: this.projector.eventAt(at)?.position ?? null, final: false };
    sendJson(reply, {
      asOf,
      ...(totals && { totals }),
      decisions: await this.#judged(rows),
      ...(next !== undefined && { next: cursorFor(at, String(next)) }),
    });
  }

  async #rows(wanted: Wanted, upTo: number, limit: number): Promise<Page> {
    const { found, next } = await this.#finder.page(wanted, upTo, limit);
    const rows = found.map((one) => rowOf(one, wanted, this.store.genesis.timeZone));
    return { rows, ...(next !== undefined && { next }) };
  }

  /** Every decision, a page at a time: as one prefix of the log has them. */
  async *#csv(wanted: Wanted, at: number): AsyncGenerator<string> {
    yield csvOf(decisionColumns, [], { header: true, bom: true, eol: '\r\n' });
    for (let upTo: number | undefined = at; upTo !== undefined;) {
      const page: Page = await this.#rows(wanted, upTo, 100);
      if (page.rows.length > 0) yield csvOf(decisionColumns, page.rows, { header: false, eol: '\r\n' });
      upTo = page.next;
    }
  }

  /** @throws BadRequestError */
  #wanted(query: Query): Wanted {
    const { reference, rule, result, status, command } = query;
    if (reference !== undefined && matchKey(reference) === '') throw badParameter('reference', 'must name a paper');
    for (const name of ['person', 'actor', 'by'])
      if (query[name] !== undefined && checkField(anIdentifier(), query[name], '').length > 0 && !PERSON.test(query[name]))
        throw badParameter(name, 'must be a person id');
    for (const name of ['programme', 'tower', 'contract', 'supplier'])
      if (query[name] !== undefined && !isIdentifier(query[name])) throw badParameter(name, 'must be an id');
    if (rule !== undefined && !RULE.test(rule)) throw badParameter('rule', 'must be a policy or one of its rules, such as scheme/approval');
    oneOf(query, 'result', RESULTS);
    const wantedStatus = STATUSES.find((one) => one === status);
    if (status !== undefined && !wantedStatus) throw badParameter('status', `must be one of ${STATUSES.join(', ')}`);
    oneOf(query, 'command', this.registry.commands.map(({ name }) => name)); // prettier-ignore
    for (const name of ['effectiveFrom', 'effectiveUntil']) dayIn(query, name);
    const { person, actor, by, office, programme, tower, contract, supplier, effectiveFrom, effectiveUntil } = query;
    return {
      ...{
        reference,
        person,
        actor,
        by,
        office,
        rule,
        result,
        programme,
        tower,
        contract,
        supplier,
        command,
        effectiveFrom,
        effectiveUntil,
      },
      ...periodOf(query, this.store.genesis.timeZone),
      backdated: query['backdated'] === undefined ? undefined : flagOf(query, 'backdated'),
      status: wantedStatus,
    };
  }

  @Get(':id')
  @describeRead({
    tag: 'decisions',
    operationId: 'getDecision',
    summary:
      'The dossier: everything about one decision on one page, as JSON, as Markdown, or as one HTML file that prints on A4 and needs nothing else.',
    path: { id: 'The decision.' },
    query: DOSSIER,
    forms: { format: oneOfThese(Object.keys(FORMATS)) },
    answer: 'Dossier',
    texts: ['text/markdown', 'text/html'],
    status: [400, 404, 406, 503],
  })
  async dossier(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const query = queryOf(request, Object.keys(DOSSIER));
    const type = formOf(request, query);
    const { events, history } = await this.#decision(request, query);
    const asOf = { position: this.projector.position ?? null, final: false };
    const dossier = await wholeDossier(events, history, this.#surroundings(events[0]!));
    const proof = events.map(({ id }) => ({ event: id, href: `/proofs/inclusion/${id}` }));
    varyBy(reply, 'Accept');
    if (type === FORMATS.json) return sendJson(reply, { asOf, ...dossier, proof } satisfies Dossier);
    const page = dossierPage(dossier, asOf, proof);
    reply.header('content-type', `${type}; charset=utf-8`);
    if (type === FORMATS.markdown) return void reply.send(markdownOf(page));
    reply.header('content-security-policy', `${PAGE_POLICY}; frame-ancestors 'none'`).send(htmlOf(page));
  }

  @Get(':id/replay')
  @describeRead({
    tag: 'decisions',
    operationId: 'replayDecision',
    summary: 'The decision taken again from what was known: the same, or what differs.',
    path: { id: 'The decision.' },
    query: MIN_POSITION,
    answer: 'Replay',
  })
  async replay(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { events } = await this.#decision(request, queryOf(request, Object.keys(MIN_POSITION)));
    const { name } = events[0]!.metadata.command;
    const command = this.registry.commands.find((c) => c.name === name);
    if (!command) throw new NotFoundError(`There is no command ${name} any more.`);
    sendJson(reply, await replay(this.#load, command, events));
  }

  /** Each assessment with what became of its policy since. */
  async #judged<D extends Judged>(decisions: readonly D[]): Promise<readonly D[]> {
    const programmes = new Map<string, History>();
    const marked: D[] = [];
    for (const decision of decisions) {
      const { assessed, judgedBy: by } = decision;
      if (by && !programmes.has(by.programme)) programmes.set(by.programme, await this.#load('programme', by.programme));
      const programme = by && programmes.get(by.programme);
      marked.push(
        programme ? { ...decision, assessed: assessed.map((a) => ({ ...a, ...ruleSince(programme, by.revision, a) })) } : decision,
      );
    }
    return marked;
  }

  #surroundings(first: RecordedEvent): Surroundings {
    const { projector } = this;
    return {
      load: this.#load,
      command: this.registry.commands.find(({ name }) => name === first.metadata.command.name),
      href: (stream, revision) => {
        const [category, id] = split(stream);
        return `/${plural(category)}/${id}${revision < 0 ? '' : `?revision=${revision}`}`;
      },
      event: async (id) => {
        const found = projector.eventById(id);
        return found && projector.event(found);
      },
      correlated: async (correlation, limit) => {
        const found = await projector.events({ tags: [`correlation:${correlation}`], after: 0, limit });
        const events = await Promise.all(found.map((line) => projector.event(line)));
        return events.filter(isFirst);
      },
    };
  }

  async #decision(
    request: FastifyRequest,
    query: Query,
  ): Promise<{ readonly events: readonly RecordedEvent[]; readonly history: History }> {
    const id = uuidOf(request);
    await caughtUp(this, query);
    const history = await this.#load(...split(await streamOfDecision(this, id)));
    return { events: history.decision(id), history };
  }
}

const PERSON = /^[A-Za-z0-9._@-]{1,128}$/;

/** @throws BadRequestError, NotAcceptableError */
const formOf = (request: FastifyRequest, { format }: Query): string => {
  if (format !== undefined) {
    const known = Object.entries(FORMATS).find(([name]) => name === format)?.[1];
    if (!known) throw badParameter('format', `must be one of ${Object.keys(FORMATS).join(', ')}`);
    return known;
  }
  const types = Object.values(FORMATS);
  const type = preferredType(request, types);
  if (type === undefined) throw new NotAcceptableError(`There are ${types.join(', ')}.`);
  return type;
};

/** A period of the recorded clock: instants, or days in the time zone of the ledger, both ends in it. @throws BadRequestError */
export const periodOf = (
  query: Query,
  timeZone: string,
  [first, last]: readonly [string, string] = ['recordedFrom', 'recordedUntil'],
): Pick<Wanted, 'recordedFrom' | 'recordedUntil'> => {
  const end = (name: string, isLast: boolean): string | undefined => {
    const asked = query[name];
    if (asked === undefined || !isDay(asked)) return instantOf(query, name);
    const begins = Temporal.PlainDate.from(asked).toZonedDateTime(timeZone);
    const instant = isLast ? begins.add({ days: 1 }).subtract({ milliseconds: 1 }) : begins;
    return instant.toInstant().toString({ smallestUnit: 'millisecond' });
  };
  const period = { recordedFrom: end(first, false), recordedUntil: end(last, true) };
  const { recordedFrom: from, recordedUntil: until } = period;
  if (from !== undefined && until !== undefined && from > until) throw badParameter(last, `is before ${first}, ${dayOf(from, timeZone)}`);
  return period;
};
