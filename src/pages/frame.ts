import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { Projector } from '../engine/read/projector.js';
import { LOG, REFUSED, REGISTRY, STORE, type EventStore, type Logger, type NoteRefused, type Registry } from '../http/ledger.js';
import { isUnexpected, problemOf, refusedBy } from '../http/problem.js';
import { queryOf, rolesOf, signedInAs } from '../http/request.js';
import { csrfOf, sessionOf } from '../http/sessions.js';
import { may, type Role } from '../http/token-file.js';
import { placesOf } from '../http/routes.js';
import { ASSETS_VERSION } from './assets.js';
import { problemPage } from './errors.js';
import type { Ledger } from './read.js';
import { documentOf, type Frame, type Page, type Search } from './shell.js';

/** The query of a page: a field of a form that was left empty is not asked. @throws BadRequestError */
export const searchOf = (request: FastifyRequest, known: readonly string[]): Search => {
  const query = request.query as Record<string, unknown>;
  for (const name of Object.keys(query)) if (query[name] === '') delete query[name];
  return queryOf(request, known);
};

const pathOf = ({ url }: FastifyRequest): string => url.split('?')[0]!;

export const frameOf = (
  { store, projector, registry }: Pick<Ledger, 'store' | 'projector' | 'registry'>,
  request: FastifyRequest,
  query: Search,
  asOf: Frame['asOf'] = { position: projector.position ?? null, final: false },
): Frame => {
  const actor = sessionOf(request) && signedInAs(request);
  const person = actor && { id: actor.id, role: actor.role ?? '' };
  const mayApprove = !person || rolesOf(request).some((role) => may(role, 'approve'));
  return {
    person,
    isOpen: sessionOf(request) !== undefined && actor === undefined,
    mayCommand: person ? may(person.role as Role, 'command') : sessionOf(request) === undefined,
    maySeeRefusals: person ? rolesOf(request).some((role) => may(role, 'refusals')) : sessionOf(request) === undefined,
    commands: (category) =>
      registry.commands
        .filter(({ approves }) => mayApprove || approves !== true)
        .filter((command) => placesOf(command, registry.aggregates).some((place) => place.category === category))
        .map(({ name, aggregate, events }) => ({ name, stages: aggregate && events.flatMap((type) => aggregate.events[type]!.allowedIn) })),
    csrf: csrfOf(request),
    path: pathOf(request),
    query,
    timeZone: store.genesis.timeZone,
    today: projector.today,
    version: ASSETS_VERSION,
    asOf,
  };
};

export const send = (reply: FastifyReply, frame: Frame, page: Page): void =>
  void reply
    .code(page.status ?? 200)
    .header('content-type', 'text/html; charset=utf-8')
    .header('cache-control', 'private, no-cache')
    .send(Buffer.from(documentOf(frame, page))); // as bytes: a response writes a text of several pieces far slower

/** An error is a page too. One that has no code of its own is logged under an id, and the page shows nothing of it but the id. */
@Catch()
export class PageErrors implements ExceptionFilter {
  constructor(
    @Inject(LOG) private readonly log: Logger,
    @Inject(REGISTRY) readonly registry: Registry,
    @Inject(STORE) readonly store: EventStore,
    @Inject(Projector) readonly projector: Projector,
    @Inject(REFUSED) private readonly refused: NoteRefused,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    const request = http.getRequest<FastifyRequest>();
    const refused = refusedBy(error, this.registry);
    if (refused) this.refused(request, refused);
    let problem = problemOf(error, this.registry);
    if (isUnexpected(error, problem.status)) {
      const id = randomUUID();
      this.log.error({ err: error, id, method: request.method, route: request.routeOptions?.url }, 'unexpected');
      problem = { ...problem, instance: `urn:uuid:${id}` };
    }
    if (reply.sent) return;
    send(reply, frameOf(this, request, {}), problemPage(problem));
  }
}
