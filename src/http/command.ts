import { Body, Controller, Inject, Post, Req, Res, type Provider, type Type } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Ask, Receipt } from '../engine/write/engine.js';
import { kebab, plural, type AnyCommand, type AnySubject } from '../kernel/index.js';
import { BodyPipe } from './body.js';
import { LEDGER, type Ledger } from './ledger.js';
import { describeCommand } from './openapi.js';
import { actorOf, correlationOf, flagOf, idempotencyKeyOf, idOf, ifMatchOf, ifNoneMatchOf, queryOf } from './request.js';

const named = <T extends Type>(type: T, name: string): T => Object.defineProperty(type, 'name', { value: name });

export interface OnTheBus {
  /** `new Message(ask)` goes on Nest's command bus under the command's own name. */
  readonly Message: new (ask: Ask) => Command<Receipt>;
  readonly handler: Provider;
}

/** The command's message and its handler, both named after it. */
export const onTheBus = (command: AnyCommand): OnTheBus => {
  class Message extends Command<Receipt> {
    constructor(readonly ask: Ask) {
      super();
    }
  }
  named(Message, command.name);

  @CommandHandler(Message)
  class Handler implements ICommandHandler<Message> {
    constructor(@Inject(LEDGER) private readonly ledger: Ledger) {}

    execute({ ask }: Message): Promise<Receipt> {
      return this.ledger.engine.handle(ask);
    }
  }
  return { Message, handler: named(Handler, `${command.name}Handler`) };
};

/** `AwardContract` → `POST /contracts/:id/award-contract`. */
export const commandController = (command: AnyCommand, subject: AnySubject, { Message }: OnTheBus): Type => {
  const shape = new BodyPipe(command);

  @Controller(`${plural(subject.category)}/:id`)
  class CommandController {
    constructor(
      @Inject(CommandBus) private readonly bus: CommandBus,
      @Inject(LEDGER) private readonly ledger: Ledger,
    ) {}

    @Post(kebab(command.name))
    @describeCommand(command, subject)
    async ask(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @Body(shape) body: Ask['body']): Promise<void> {
      const ask: Ask = {
        command,
        subject,
        id: idOf(request),
        body,
        actor: actorOf(request),
        idempotencyKey: idempotencyKeyOf(request),
        ifMatch: ifMatchOf(request),
        ifNoneMatch: ifNoneMatchOf(request),
        dryRun: flagOf(queryOf(request, ['dryRun']), 'dryRun'),
        correlationId: correlationOf(request),
      };
      try {
        const receipt = await this.bus.execute(new Message(ask));
        this.ledger.metrics.command(command.name, receipt.outcome);
        answer(reply, receipt);
      } catch (error) {
        this.ledger.metrics.command(command.name, outcomes[(error as Error).name] ?? 'failed');
        throw error;
      }
    }
  }
  return named(CommandController, `${command.name}Controller`);
};

const outcomes: Readonly<Record<string, string>> = {
  Rejection: 'refused',
  Stale: 'stale',
  KeyReused: 'key-reused',
  Busy: 'queue-full',
  OutcomeUnknown: 'unknown',
};

/** A repeated key is answered in the same bytes as the first time; only a header tells. */
const answer = (reply: FastifyReply, receipt: Receipt): void => {
  const { decision, command, stream, revision, position, recordedAt, effectiveOn, events, assessed, known } = receipt;
  const outcome = receipt.outcome === 'replayed' ? 'accepted' : receipt.outcome;
  reply.header('content-type', 'application/json; charset=utf-8').header('etag', `"${revision}"`);
  if (receipt.outcome === 'replayed') reply.header('idempotency-replayed', 'true');
  if (outcome === 'accepted') reply.code(201).header('location', `/decisions/${decision}`);
  else reply.code(200);
  reply.send(JSON.stringify({ decision, outcome, command, stream, revision, position, recordedAt, effectiveOn, events, assessed, known }));
};
