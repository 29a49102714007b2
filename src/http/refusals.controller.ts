import { Readable } from 'node:stream';
import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { csvOf } from '../csv.js';
import { Projector } from '../engine/read/projector.js';
import type { Columns } from '../kernel/index.js';
import { REFUSAL_STATUSES } from '../refusals/refusal.js';
import { preferredType } from './accept.js';
import { sendJson, varyBy } from './answer.js';
import type { RefusalPage, RememberedRefusal } from './answers.js';
import { refuseFuture } from './as-of.js';
import { commandNames, refusalCodes, RefusalFinder, wantedRefusals, type WantedRefusals } from './find-refusals.js';
import { CONFIG, STORE, type Config, type EventStore } from './ledger.js';
import { describeRead, oneOfThese } from './openapi.js';
import { badParameter } from './problem.js';
import { cursorFor, readCursor } from './projections.controller.js';
import { flagOf, oneOf, queryOf, wholeOf } from './request.js';

const LIST = {
  actor: 'What this person tried.',
  command: 'Of this command, such as ApproveChange.',
  rule: 'Refused with this code: of a rule, such as contract/stage, or not-allowed and the like.',
  policy: 'Refused since a policy, or one of its rules such as scheme/approval, was not met.',
  stream: 'On the stream of this aggregate, such as contract-x.',
  programme: 'On what this programme governs, or on what would have been governed by it.',
  from: 'Refused at this instant or on this day, or later.',
  to: 'Refused at this instant or on this day, or before.',
  status: `Answered with this status: ${REFUSAL_STATUSES.join(', ')}.`,
  totals: 'true adds how many there are, by status, person, command and rule: of 100,000 lines at most, else of the newest.',
  format: 'csv for every refusal that passes the filters, as with the header `Accept: text/csv`.',
  cursor: '`next` of the page before.',
  limit: '1 to 500; 100 when absent. A page ends earlier after 20,000 lines or 512 KB.',
};
const LIST_FORMATS = ['json', 'csv'];
const aText = { type: 'string' } as const;
const FORMS = {
  command: oneOfThese(commandNames),
  rule: oneOfThese(refusalCodes),
  status: oneOfThese(REFUSAL_STATUSES.map(String)),
  format: oneOfThese(LIST_FORMATS),
  from: aText,
  to: aText,
};

/** Of the table of refusals; docs/csv.md says what each is. */
export const refusalColumns: Columns<RememberedRefusal> = [
  ['refusal', ({ id }) => id],
  ['refusedAt', ({ refusedAt }) => refusedAt],
  ['until', ({ until }) => until],
  ['times', ({ times }) => times, 'number'],
  ['grouped', ({ grouped }) => grouped ?? false],
  ['status', ({ status }) => status, 'number'],
  ['rule', ({ code }) => code],
  ['title', ({ title }) => title],
  ['detail', ({ detail }) => detail],
  ['pointer', ({ pointer }) => pointer],
  ['policies', ({ policies }) => policies?.join(' ')],
  ['actor', ({ actor }) => actor],
  ['role', ({ role }) => role],
  ['address', ({ address }) => address],
  ['command', ({ command }) => command],
  ['stream', ({ stream }) => stream],
  ['programme', ({ programme }) => programme],
  ['request', ({ request }) => request],
  ['idempotencyKey', ({ idempotencyKey }) => idempotencyKey],
  ['correlationId', ({ correlationId }) => correlationId],
  ['causationId', ({ causationId }) => causationId],
];

/** What was refused to whom, as this node remembers it. */
@Controller('refusals')
export class RefusalsController {
  constructor(
    @Inject(RefusalFinder) private readonly finder: RefusalFinder,
    @Inject(STORE) private readonly store: EventStore,
    @Inject(Projector) readonly projector: Projector,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get()
  @describeRead({
    tag: 'refusals',
    operationId: 'listRefusals',
    summary:
      'What this node refused, newest first: who tried what, when, and which rule said no. Dry runs and malformed bodies are not among them. Also as CSV.',
    query: LIST,
    forms: FORMS,
    answer: 'RefusalPage',
    texts: ['text/csv'],
    status: [400],
  })
  async list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const query = queryOf(request, Object.keys(LIST));
    const wanted = wantedRefusals(query, this.store.genesis.timeZone);
    refuseFuture(this, 'from', wanted.from);
    const limit = wholeOf(query, 'limit', 1, 500) ?? 100;
    const isCounted = flagOf(query, 'totals');
    const { format, cursor } = query;
    oneOf(query, 'format', LIST_FORMATS);
    refuseFuture(this, 'from', wanted.from);
    const asCsv = format === 'csv' || (format === undefined && preferredType(request, ['application/json', 'text/csv']) === 'text/csv');
    varyBy(reply, 'Accept');
    if (asCsv) {
      for (const page of ['cursor', 'limit', 'totals'])
        if (query[page] !== undefined) throw badParameter(page, 'cannot be combined with CSV, which has every refusal');
      return void reply.header('content-type', 'text/csv; charset=utf-8').send(Readable.from(this.#csv(wanted)));
    }
    const { refusals, next } = await this.finder.page(wanted, refusalCursor(cursor), limit);
    const totals = isCounted ? await this.finder.totals(wanted) : undefined;
    const { recorder } = this.finder;
    const page: RefusalPage = {
      scope: this.store.kind === 'kurrentdb' ? 'node' : 'ledger',
      keptDays: this.config.refusalsDays,
      keptMegabytes: this.config.refusalsMb,
      unremembered: recorder.unremembered,
      ...(recorder.failure && { failing: recorder.failure.message }),
      ...(totals && { totals }),
      refusals,
      ...(next !== undefined && { next: cursorFor(0, next) }),
    };
    sendJson(reply, page);
  }

  /** Every refusal, a part at a time. */
  async *#csv(wanted: WantedRefusals): AsyncGenerator<string> {
    yield csvOf(refusalColumns, [], { header: true, bom: true, eol: '\r\n' });
    for await (const refusals of this.finder.every(wanted))
      if (refusals.length > 0) yield csvOf(refusalColumns, refusals, { header: false, eol: '\r\n' });
  }
}

/** The id below which a page begins. @throws BadRequestError */
export const refusalCursor = (cursor: string | undefined): number | undefined => {
  if (cursor === undefined) return undefined;
  const { place } = readCursor(cursor);
  if (!/^\d{16}$/.test(place)) throw badParameter('cursor', 'is not a cursor of this list');
  return Number(place);
};
