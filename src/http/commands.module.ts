import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { aggregates, commands } from '../domain/index.js';
import { commandController, onTheBus } from './command.js';
import { CommandGateway } from './command-gateway.js';
import { OperationsModule } from './operations.module.js';
import { placesOf } from './routes.js';

const made = commands.map((command) => {
  const { Message, Handler } = onTheBus(command);
  return { Handler, controllers: placesOf(command, aggregates).map((aggregate) => commandController(command, aggregate, Message)) };
});

/** For each command a handler on the bus, and a controller for each aggregate that takes it: see command.ts. */
@Module({
  imports: [CqrsModule.forRoot(), OperationsModule],
  providers: [CommandGateway, ...made.map(({ Handler }) => Handler)],
  controllers: made.flatMap(({ controllers }) => controllers),
  exports: [CommandGateway],
})
export class CommandsModule {}
