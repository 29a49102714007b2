import { Inject } from '@nestjs/common';
import { Command, CommandBus } from '@nestjs/cqrs';
import { ClockError } from '../engine/write/clock-guard.js';
import { OverloadedError, StaleRevisionError, type CommandRequest } from '../engine/write/engine.js';
import { IdempotencyKeyReusedError, type Receipt } from '../engine/write/receipt.js';
import { Rejection } from '../kernel/index.js';
import { OutcomeUnknownError } from '../store/event-store.js';
import { Metrics } from './metrics.js';
import { Refusals } from './refusals.js';

/** What goes over Nest's command bus. */
export interface CommandMessage extends Command<Receipt> {
  readonly request: CommandRequest;
}

/** The way of every command from its route or its form: the bus, the metrics and, where it is refused, the refusals. */
export class CommandGateway {
  constructor(
    @Inject(CommandBus) private readonly bus: CommandBus,
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(Refusals) private readonly refusals: Refusals,
  ) {}

  /** @throws what the engine throws */
  async send(message: CommandMessage): Promise<Receipt> {
    const { request } = message;
    const { name } = request.command;
    try {
      const receipt = await this.bus.execute(message);
      this.metrics.command(name, receipt.outcome);
      return receipt;
    } catch (error) {
      this.metrics.command(name, outcomeOf(error));
      this.refusals.ofCommand(request, error);
      throw error;
    }
  }
}

/** How the metrics name what became of a command. */
const outcomeOf = (error: unknown): string => {
  if (error instanceof Rejection) return 'refused';
  if (error instanceof StaleRevisionError) return 'stale';
  if (error instanceof IdempotencyKeyReusedError) return 'key-reused';
  if (error instanceof OverloadedError) return 'queue-full';
  if (error instanceof ClockError) return 'clock';
  return error instanceof OutcomeUnknownError ? 'unknown' : 'failed';
};
