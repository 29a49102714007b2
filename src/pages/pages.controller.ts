import { Controller, Get, Inject, Post, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BUNDLE, Bundles } from '../http/bundles.js';
import { RefusalFinder, REFUSAL_FILTERS } from '../http/find-refusals.js';
import { formOf } from '../http/form-body.js';
import { CONFIG, REFUSED, type Config, type NoteRefused } from '../http/ledger.js';
import { badHeader, NotFoundError } from '../http/problem.js';
import { queryOf } from '../http/request.js';
import { beginSession, endSession, refuseForeignForm, sessionOf } from '../http/sessions.js';
import { Subscribers } from '../http/subscribers.js';
import { plural } from '../kernel/index.js';
import { Checkpoints } from '../proof/checkpoints.js';
import { assetOf } from './assets.js';
import { boardPage } from './board.js';
import { changesPage } from './changes.js';
import { contractPage } from './contract.js';
import { contractsPage, REGISTER } from './contracts.js';
import { deadlinesPage } from './deadlines.js';
import { decisionPage } from './decision.js';
import { DECISION_FACETS, decisionsPage } from './decisions.js';
import { frameOf, PageErrors, searchOf, send } from './frame.js';
import { healthPage } from './health.js';
import { homePage } from './home.js';
import { livePage } from './live.js';
import { lossesPage, lossPage } from './losses.js';
import { PageLedger } from './page-ledger.js';
import { packPage } from './pack.js';
import { peoplePage } from './people.js';
import { proofPage } from './proof.js';
import { Read } from './read.js';
import { refusalsPage } from './refusals.js';
import { SEARCH_FACETS, searchPage } from './search.js';
import { stepAddress, type Frame, type Page, type Search } from './shell.js';
import { signInPage } from './sign-in.js';
import { subjectPage } from './subject.js';
import { supplierPage, suppliersPage } from './suppliers.js';

const CLOCKS = ['effectiveOn', 'recordedAt', 'position', 'minPosition'];
const LIST = [...CLOCKS, 'cursor'];
const paramOf = (request: FastifyRequest, name: string): string => (request.params as Readonly<Record<string, string>>)[name] ?? '';

/** The pages for people: the same ledger as the API, in process. */
@ApiExcludeController()
@UseFilters(PageErrors)
@Controller('app')
export class PagesController {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(PageLedger) private readonly ledger: PageLedger,
    @Inject(Subscribers) private readonly subscribers: Subscribers,
    @Inject(Checkpoints) private readonly checkpoints: Checkpoints,
    @Inject(Bundles) private readonly bundles: Bundles,
    @Inject(RefusalFinder) private readonly finder: RefusalFinder,
    @Inject(REFUSED) private readonly refused: NoteRefused,
  ) {}

  /** @param known the query parameters that the page takes */
  async #page(
    request: FastifyRequest,
    reply: FastifyReply,
    known: readonly string[],
    made: (read: Read, frame: Frame) => Promise<Page>,
  ): Promise<void> {
    const query: Search = searchOf(request, [...known, 'walk']);
    const read = await Read.of(this.ledger, query);
    const frame = frameOf(this.ledger, request, query, read.point.asOf);
    send(reply, frame, await made(read, frame));
  }

  @Get()
  home(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#page(request, reply, LIST, homePage);
  }

  /** Leads to the first step of the guided walk. */
  @Get('walk')
  walk(@Res() reply: FastifyReply): void {
    void reply.redirect(stepAddress(1), 303);
  }

  @Get('boards/:id')
  board(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#page(request, reply, LIST, (read, frame) => boardPage(read, frame, paramOf(request, 'id')));
  }

  @Get('programmes/:id/pack')
  pack(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#page(request, reply, [...CLOCKS, 'since'], (read, frame) => packPage(read, frame, paramOf(request, 'id')));
  }

  @Get('contracts')
  contracts(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#page(request, reply, [...LIST, ...REGISTER], contractsPage);
  }

  @Get('contracts/:id')
  contract(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#page(request, reply, [...CLOCKS, 'from'], (read, frame) => contractPage(read, frame, paramOf(request, 'id')));
  }

  @Get('decisions')
  decisions(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#page(request, reply, [...LIST, 'reference', 'person', 'rule', ...DECISION_FACETS], decisionsPage);
  }

  @Get('decisions/:id')
  decision(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#page(request, reply, CLOCKS, (read, frame) => decisionPage(read, frame, paramOf(request, 'id')));
  }

  @Get('suppliers')
  suppliers(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#page(request, reply, [...LIST, 'programme'], suppliersPage);
  }

  @Get('suppliers/:id')
  supplier(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#page(request, reply, CLOCKS, (read, frame) => supplierPage(read, frame, paramOf(request, 'id')));
  }

  @Get('people')
  people(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#page(request, reply, [...LIST, 'programme'], peoplePage);
  }

  @Get('losses')
  losses(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#page(request, reply, [...LIST, 'programme', 'bearer'], lossesPage);
  }

  @Get('losses/:id')
  loss(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#page(request, reply, CLOCKS, (read, frame) => lossPage(read, frame, paramOf(request, 'id')));
  }

  @Get('deadlines')
  deadlines(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#page(request, reply, [...CLOCKS, 'programme', 'kind', 'dueBy'], deadlinesPage);
  }

  @Get('changes')
  changes(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#page(request, reply, [...CLOCKS, 'programme', 'from', 'until', 'clock'], changesPage);
  }

  @Get('search')
  search(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#page(request, reply, [...CLOCKS, 'q', ...SEARCH_FACETS], searchPage);
  }

  @Get('health')
  health(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#page(request, reply, ['minPosition'], healthPage);
  }

  @Get('proof')
  proof(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#page(request, reply, ['minPosition'], (read, frame) => proofPage(this.checkpoints, read, frame));
  }

  /** As the API sends it: the session of a page has no token in a header. */
  @Get('proof/bundle')
  bundle(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.bundles.send(queryOf(request, Object.keys(BUNDLE)), request, reply);
  }

  @Get('refusals')
  refusals(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#page(request, reply, ['cursor', ...REFUSAL_FILTERS], (read, frame) => refusalsPage(this.finder, read, frame));
  }

  @Get('live')
  live(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#page(request, reply, ['minPosition', 'effectiveOn', 'recordedAt', 'programme', 'contract'], livePage);
  }

  /** A message for each decision, as the API sends them: the session of a page has no token in a header. */
  @Get('live/events')
  async liveEvents(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const filters = searchOf(request, ['programme', 'contract']);
    const choice = Object.keys(filters).length === 0 ? undefined : { filters: filters as Readonly<Record<string, string>> };
    const lastId = request.headers['last-event-id'] as string | undefined;
    await this.subscribers.open({ name: 'decisions', choice, lastId }, reply, (detail) => badHeader('last-event-id', detail));
  }

  @Get(['programmes/:id', 'towers/:id', 'workforces/:id'])
  subject(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const category = request.url.split('/')[2]!;
    const aggregate = this.ledger.registry.aggregates.find((one) => plural(one.category) === category)!;
    return this.#page(request, reply, CLOCKS, (read, frame) => subjectPage(read, frame, aggregate, paramOf(request, 'id')));
  }

  @Get('sign-in')
  signInForm(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const { next } = searchOf(request, ['next']);
    if (this.config.tokens === undefined) return void reply.redirect('/app', 303);
    send(reply, frameOf(this.ledger, request, {}), signInPage(frameOf(this.ledger, request, {}), inside(next)));
  }

  @Post('sign-in')
  async signIn(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(request, []);
    const form = formOf(request);
    refuseForeignForm(request, form.get('csrf'));
    const session = sessionOf(request);
    const { takesToken } = request.server;
    if (!session || !takesToken) throw new NotFoundError('This server has no tokens: everybody on this machine is signed in.');
    const token = (form.get('token') ?? '').trim();
    const frame = frameOf(this.ledger, request, {});
    if (token === '') return send(reply, frame, signInPage(frame, inside(form.get('next')), 'Enter your token'));
    if (!(await takesToken(request, token))) {
      this.refused(request, { status: 401, code: 'not-authenticated', detail: 'The token is not known, or was revoked.' });
      return send(reply, frame, signInPage(frame, inside(form.get('next')), 'This token is not known, or was revoked'));
    }
    beginSession(session, token);
    void reply.redirect(inside(form.get('next')), 303);
  }

  @Post('sign-out')
  signOut(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    refuseForeignForm(request, formOf(request).get('csrf'));
    const session = sessionOf(request);
    if (session) endSession(session);
    void reply.redirect('/app/sign-in', 303);
  }

  @Get('assets/:name')
  asset(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const { type, bytes } = assetOf(paramOf(request, 'name'));
    void reply.header('content-type', type).header('cache-control', 'public, max-age=31536000, immutable').send(bytes);
  }

  @Get('*')
  nothing(): void {
    throw new NotFoundError('There is no such page.');
  }
}

/** Only an address of these pages is gone to after a sign-in. */
const inside = (next: string | null | undefined): string => (next && /^\/app(?=[/?]|$)/.test(next) && !/[\\\s]/.test(next) ? next : '/app');
