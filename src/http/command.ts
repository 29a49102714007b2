import { Body, Controller, Inject, Post, Req, Res, type Provider, type Type } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OverloadedError, StaleRevisionError, type CommandRequest } from '../engine/write/engine.js';
import { IdempotencyKeyReusedError, type Receipt } from '../engine/write/receipt.js';
import { kebab, plural, Rejection, type AnyCommand, type AnyAggregate } from '../kernel/index.js';
import { OutcomeUnknownError } from '../store/event-store.js';
import { BodyPipe } from './body.js';
import { LEDGER, type Ledger } from './ledger.js';
import { describeCommand } from './openapi.js';
import { actorOf, correlationOf, flagOf, idempotencyKeyOf, idOf, ifMatchOf, ifNoneMatchOf, queryOf } from './request.js';

const named = <T extends Type>(type: T, name: string): T => Object.defineProperty(type, 'name', { value: name });

export interface OnTheBus {
  /** `new Message(ask)` goes on Nest's command bus under the command's own name. */
  readonly Message: new (request: CommandRequest) => Command<Receipt>;
  readonly handler: Provider;
}

/** The command's message and its handler, both named after it. */
export const onTheBus = (command: AnyCommand): OnTheBus => {
  class Message extends Command<Receipt> {
    constructor(readonly request: CommandRequest) {
      super();
    }
  }
  named(Message, command.name);

  @CommandHandler(Message)
  class Handler implements ICommandHandler<Message> {
    constructor(@Inject(LEDGER) private readonly ledger: Ledger) {}

    execute({ request: ask }: Message): Promise<Receipt> {
      return this.ledger.engine.handle(ask);
    }
  }
  return { Message, handler: named(Handler, `${command.name}Handler`) };
};

/** `AwardContract` → `POST /contracts/:id/award-contract`. */
export const commandController = (command: AnyCommand, aggregate: AnyAggregate, { Message }: OnTheBus): Type => {
  const shape = new BodyPipe(command);

  @Controller(`${plural(aggregate.category)}/:id`)
  class CommandController {
    constructor(
      @Inject(CommandBus) private readonly bus: CommandBus,
      @Inject(LEDGER) private readonly ledger: Ledger,
    ) {}

    @Post(kebab(command.name))
    @describeCommand(command, aggregate)
    async request(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @Body(shape) body: CommandRequest['body']): Promise<void> {
      const ask: CommandRequest = {
        command,
        aggregate,
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
        this.ledger.metrics.command(command.name, outcomeOf(error));
        throw error;
      }
    }
  }
  return named(CommandController, `${command.name}Controller`);
};

const outcomeOf = (error: unknown): string => {
  if (error instanceof Rejection) return 'refused';
  if (error instanceof StaleRevisionError) return 'stale';
  if (error instanceof IdempotencyKeyReusedError) return 'key-reused';
  if (error instanceof OverloadedError) return 'queue-full';
  return error instanceof OutcomeUnknownError ? 'unknown' : 'failed';
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
