import { Body, Controller, Inject, Post, Req, Res, type Type } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Projector } from '../engine/read/projector.js';
import { Engine, type CommandRequest } from '../engine/write/engine.js';
import type { Receipt } from '../engine/write/receipt.js';
import { kebab, plural, type AnyCommand, type AnyAggregate } from '../kernel/index.js';
import { BodyPipe } from './body.js';
import { CommandGateway, type CommandMessage } from './command-gateway.js';
import { mayWithdrawAll, namedBy, type NamedBy } from './named-by.js';
import { describeCommand } from './openapi.js';
import { actorOf, correlationOf, flagOf, idempotencyKeyOf, idOf, ifMatchOf, ifNoneMatchOf, queryOf } from './request.js';

const named = <T extends Type>(type: T, name: string): T => Object.defineProperty(type, 'name', { value: name });

/** `new Message(request)` goes over Nest's command bus under the command's own name. */
type MessageClass = Type<CommandMessage> & (new (request: CommandRequest) => CommandMessage);

/** Command → the message that goes over the bus. */
const messages = new Map<AnyCommand, MessageClass>();
/** Where a command is sent from elsewhere than its route. */
export const messageOf = (command: AnyCommand, request: CommandRequest): CommandMessage => new (messages.get(command)!)(request);

/**
 * The classes that Nest knows a command by are made here and named after it. AwardContract has the message `AwardContract`, the handler
 * `AwardContractHandler` and the controller `AwardContractController`; SignContract has `SignContract`, `SignContractHandler` and
 * `SignContractController`; and so on for every command in src/domain. None of them has a file of its own.
 */
export const onTheBus = (command: AnyCommand): { readonly Message: MessageClass; readonly Handler: Type<ICommandHandler> } => {
  class Message extends Command<Receipt> {
    constructor(readonly request: CommandRequest) {
      super();
    }
  }
  named(Message, command.name);
  messages.set(command, Message);

  @CommandHandler(Message)
  class Handler implements ICommandHandler<Message> {
    constructor(@Inject(Engine) private readonly engine: Engine) {}

    execute({ request }: Message): Promise<Receipt> {
      return this.engine.handle(request);
    }
  }
  return { Message, Handler: named(Handler, `${command.name}Handler`) };
};

/** `AwardContractController` takes `POST /contracts/:id/award-contract`. */
export const commandController = (command: AnyCommand, aggregate: AnyAggregate, Message: MessageClass): Type => {
  const shape = new BodyPipe(command);
  const lists = mayWithdrawAll(command.events);

  @Controller(`${plural(aggregate.category)}/:id`)
  class CommandController {
    constructor(
      @Inject(CommandGateway) private readonly gateway: CommandGateway,
      @Inject(Engine) private readonly engine: Engine,
      @Inject(Projector) private readonly projector: Projector,
    ) {}

    @Post(kebab(command.name))
    @describeCommand(command, aggregate)
    async request(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @Body(shape) body: CommandRequest['body']): Promise<void> {
      const dryRun = flagOf(queryOf(request, ['dryRun']), 'dryRun');
      const commandRequest: CommandRequest = {
        command,
        aggregate,
        id: idOf(request),
        body,
        actor: actorOf(request, { command, body, dryRun }),
        idempotencyKey: idempotencyKeyOf(request),
        ifMatch: ifMatchOf(request),
        ifNoneMatch: ifNoneMatchOf(request),
        dryRun,
        correlationId: correlationOf(request),
      };
      const receipt = await this.gateway.send(new Message(commandRequest));
      const { id } = commandRequest;
      const named = lists ? await namedBy(this.projector, aggregate, await this.engine.history(aggregate, id), receipt) : undefined;
      answer(reply, receipt, named);
    }
  }
  return named(CommandController, `${command.name}Controller`);
};

/** A repeated key gets the original response, byte for byte; a header says so. */
const answer = (reply: FastifyReply, receipt: Receipt, namedBy?: NamedBy): void => {
  const { decision, command, stream, revision, position, recordedAt, effectiveOn, events, assessed, known } = receipt;
  const outcome = receipt.outcome === 'replayed' ? 'accepted' : receipt.outcome;
  reply.header('content-type', 'application/json; charset=utf-8').header('etag', `"${revision}"`);
  if (receipt.outcome === 'replayed') reply.header('idempotency-replayed', 'true');
  if (outcome === 'accepted') reply.code(201).header('location', `/decisions/${decision}`);
  else reply.code(200);
  reply.send(
    JSON.stringify({ decision, outcome, command, stream, revision, position, recordedAt, effectiveOn, events, assessed, known, namedBy }),
  );
};
