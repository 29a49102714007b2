import { Controller, Get, Inject, Post, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { contractRegister } from '../../projections/contract-register.js';
import { exposure } from '../../projections/exposure.js';
import { programmeBoard } from '../../projections/programme.js';
import { towerBoard } from '../../projections/tower-board.js';
import { StaleRevisionError, type CommandRequest } from '../engine/write/engine.js';
import { IdempotencyKeyReusedError, type Receipt } from '../engine/write/receipt.js';
import { BodyPipe, bodyFields } from '../http/body.js';
import { messageOf } from '../http/command.js';
import { CommandGateway } from '../http/command-gateway.js';
import { formOf } from '../http/form-body.js';
import { parse } from '../http/json-body.js';
import { BadRequestError, NotAllowedError, NotFoundError } from '../http/problem.js';
import { actorOf, queryOf } from '../http/request.js';
import { placesOf } from '../http/routes.js';
import { refuseForeignForm } from '../http/sessions.js';
import {
  fieldAt,
  isIdentifier,
  kebab,
  object,
  plural,
  provenanceFields,
  Rejection,
  type AnyAggregate,
  type AnyCommand,
  type Fields,
  type Json,
  type Problem,
} from '../kernel/index.js';
import { checkPage } from './check-page.js';
import { NEW, prefilled, type Form } from './form.js';
import { formPage } from './form-page.js';
import { meant, readFields } from './form-fields.js';
import { frameOf, PageErrors, send } from './frame.js';
import { PageLedger } from './page-ledger.js';
import type { Frame, Search } from './shell.js';

interface Place {
  readonly command: AnyCommand;
  readonly aggregate: AnyAggregate;
  readonly id: string;
}
/** A value for a field of a fact, as far as it was filled in. */
interface Written {
  readonly [name: string]: Json;
  readonly pointer?: string;
  readonly value?: Json;
}
/** Identifiers that a form proposes of one kind. */
const PROPOSED = 100;
const PROPOSALS = {
  supplier: { name: exposure.name, filters: { kind: 'supplier' } },
  tower: { name: towerBoard.name, filters: { group: 'towers' } },
  contract: { name: contractRegister.name, filters: {} },
  programme: { name: programmeBoard.name, filters: {} },
} as const;

/** Commands as forms, made from the fields that they declare: a dry run first, then sent under the key that the form carries. */
@ApiExcludeController()
@UseFilters(PageErrors)
@Controller('app/:category/:id/:command')
export class CommandPagesController {
  readonly #pipes = new Map<AnyCommand, BodyPipe>();

  constructor(
    @Inject(PageLedger) private readonly ledger: PageLedger,
    @Inject(CommandGateway) private readonly gateway: CommandGateway,
  ) {}

  @Get()
  async form(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const place = this.#place(request);
    const frame = this.#frame(request, place.command);
    const query = queryOf(request, ['effectiveOn', 'recordedAt', ...Object.keys(place.command.fields)]);
    const form = await this.#asked(place, prefilled(place.command.fields, query), randomUUID(), {});
    send(reply, frame, formPage(form, frame));
  }

  @Post()
  async send(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const place = this.#place(request);
    const sent = formOf(request);
    refuseForeignForm(request, sent.get('csrf'));
    const frame = this.#frame(request, place.command);
    const key = /^[\x21-\x7e]{8,128}$/.exec(sent.get('key') ?? '')?.[0] ?? randomUUID();
    const fields = bodyFields(place.command);
    const step = sent.get('step') ?? 'check';
    const whole = sent.get('body');
    const body = whole === null ? await this.#asMeant(place, readFields(fields, sent)) : objectIn(parse(Buffer.from(whole)));
    const newId = sent.get('#id')?.trim();
    const answers = { ...place, newId, body, key };
    const again = async (problems: readonly Problem[], room: Form['room'] = {}, under = key) => {
      const form = await this.#asked(place, body, under, { newId, problems, room });
      send(reply, frame, formPage(form, frame));
    };
    const [, added] = /^add (\/.{1,200})$/.exec(step) ?? [];
    if (added !== undefined) return again([], { [added]: 1 });
    if (step === 'edit') return again([]);

    const problems = this.#problems(answers);
    if (problems.length > 0) return again(problems);
    try {
      if (step === 'send') {
        const revision = /^-?\d{1,15}$/.exec(sent.get('revision') ?? '')?.[0];
        const receipt = await this.#handle(request, answers, false, revision === undefined ? undefined : Number(revision));
        const { decision, position } = receipt;
        if (decision !== undefined)
          return void reply.redirect(`/app/decisions/${decision}${position === undefined ? '' : `?minPosition=${position}`}`, 303);
      }
      const receipt = await this.#handle(request, answers, true);
      const form = await this.#asked(place, body, key, { newId });
      send(reply, frame, checkPage(form, receipt, frame));
    } catch (error) {
      const found = problemsIn(error);
      if (!found || (step === 'send' && error instanceof NotAllowedError)) throw error;
      await again(found, {}, error instanceof IdempotencyKeyReusedError ? randomUUID() : key);
    }
  }

  #frame(request: FastifyRequest, command: AnyCommand): Frame {
    const frame = frameOf(this.ledger, request, {});
    if (!frame.mayCommand) throw new NotAllowedError('Your role may read and not record.');
    if (command.approves === true) actorOf(request, { command, body: {} });
    return frame;
  }

  /** @throws NotFoundError */
  #place(request: FastifyRequest): Place {
    const { category, id, command: name } = request.params as Readonly<Record<string, string>>;
    const aggregate = this.ledger.registry.aggregates.find((a) => plural(a.category) === category);
    const command = this.ledger.registry.commands.find((c) => kebab(c.name) === name);
    if (!aggregate || !command || !placesOf(command, this.ledger.registry.aggregates).includes(aggregate))
      throw new NotFoundError('There is no such page.');
    if (id !== NEW && !isIdentifier(id)) throw new NotFoundError('There is no such page.');
    return { command, aggregate, id };
  }

  /** What is wrong with the shape of the answers, as the API would say it. */
  #problems({ command, id, newId, body }: Place & { readonly newId: string | undefined; readonly body: object }): readonly Problem[] {
    const pipe = this.#pipes.get(command) ?? new BodyPipe(command);
    this.#pipes.set(command, pipe);
    const named: Problem[] =
      id === NEW && !isIdentifier(newId)
        ? [{ pointer: '/#id', detail: 'The identifier must be small letters, digits and -, at most 64' }]
        : [];
    try {
      pipe.transform(body);
      return named;
    } catch (error) {
      if (!(error instanceof BadRequestError)) throw error;
      return [...named, ...error.errors.flatMap((fault) => ('pointer' in fault ? [fault] : []))];
    }
  }

  #handle(
    request: FastifyRequest,
    {
      command,
      aggregate,
      id,
      newId,
      body,
      key,
    }: Place & { readonly newId: string | undefined; readonly body: Form['body']; readonly key: string },
    dryRun: boolean,
    revision?: number,
  ): Promise<Receipt> {
    const asked: CommandRequest = {
      command,
      aggregate,
      id: id === NEW ? newId! : id,
      body,
      // refused before it is checked: the step after that would be
      actor: actorOf(request, { command, body }),
      dryRun,
      ...(id === NEW && { ifNoneMatch: 'any' as const }),
      ...(!dryRun && { idempotencyKey: key }),
      ...(!dryRun && revision !== undefined && id !== NEW && { ifMatch: [revision] }),
    };
    return this.gateway.send(messageOf(command, asked));
  }

  async #asked(
    place: Place,
    body: Form['body'],
    key: string,
    { newId, problems = [], room = {} }: Partial<Pick<Form, 'newId' | 'problems' | 'room'>>,
  ): Promise<Form> {
    const fields = bodyFields(place.command);
    const fact = await this.#factOf(place, body);
    return { ...place, newId, fields, body, key, problems, room, fact, known: await this.#known(fields) };
  }

  /** The fact that the command is about. */
  async #factOf({ aggregate, id }: Place, { event }: Form['body']): Promise<Form['fact']> {
    if (typeof event !== 'string' || id === NEW) return undefined;
    return (await this.ledger.engine.history(aggregate, id)).entries.find(({ recorded }) => recorded.id === event);
  }

  /** Values for fields of a fact as these fields take them. */
  async #asMeant(place: Place, body: Form['body']): Promise<Form['body']> {
    const fact = await this.#factOf(place, body);
    if (!fact) return body;
    const fields = { ...place.aggregate.events[fact.recorded.type]!.fields, ...provenanceFields, record: object(provenanceFields) };
    const asMeant = (one: Written) =>
      one.value === undefined ? one : { ...one, value: meant(one.value, fieldAt(fields, one.pointer ?? '/')) };
    const { changes, claim } = body as { readonly changes?: readonly Written[]; readonly claim?: Written };
    return { ...body, ...(changes && { changes: changes.map(asMeant) }), ...(claim && { claim: asMeant(claim) }) };
  }

  /** Identifiers that the fields may mean: the first of each kind. */
  async #known(fields: Fields): Promise<Form['known']> {
    const wanted = new Set<string>();
    const look = (inner: Fields) => {
      for (const { category, names, item, fields } of Object.values(inner)) {
        if (category !== undefined) wanted.add(category);
        if (names !== undefined) wanted.add(names.category);
        if (item) look({ item });
        if (fields) look(fields);
      }
    };
    look(fields);
    const known: Record<string, readonly (readonly [string, string])[]> = {};
    for (const [category, { name, filters }] of Object.entries(PROPOSALS)) {
      if (!wanted.has(category)) continue;
      const { rows } = await this.ledger.projector.rows(name, { limit: PROPOSED, filters });
      known[category] = rows.map(({ key, row }) => [key.slice(key.indexOf(':') + 1), String((row as Search)['title'] ?? '')] as const);
    }
    return known;
  }
}

/** What a form shows beside its fields; undefined where an error is none of the answers'. */
const problemsIn = (error: unknown): readonly Problem[] | undefined => {
  if (error instanceof Rejection)
    return [{ pointer: typeof error.more.pointer === 'string' ? error.more.pointer : '', detail: error.message }];
  if (error instanceof NotAllowedError && error.pointer !== undefined) return [{ pointer: error.pointer, detail: error.message }];
  if (error instanceof BadRequestError) return error.errors.flatMap((fault) => ('pointer' in fault ? [fault] : []));
  if (error instanceof StaleRevisionError)
    return [{ pointer: '', detail: 'Somebody recorded something here meanwhile, or it exists already: check your answers again.' }];
  if (error instanceof IdempotencyKeyReusedError)
    return [
      {
        pointer: '',
        detail: 'This form was sent before with other answers, which are recorded. To record these too, check them and send them.',
      },
    ];
  return undefined;
};

/** What the page of a check sent along. @throws BadRequestError where it is no object */
const objectIn = (body: unknown): { readonly [name: string]: Json } => {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as { readonly [name: string]: Json };
  throw new BadRequestError([{ pointer: '', detail: 'must be an object' }], 'bad-body');
};
