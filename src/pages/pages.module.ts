import { Module } from '@nestjs/common';
import { CommandsModule } from '../http/commands.module.js';
import { OperationsModule } from '../http/operations.module.js';
import { QueriesModule } from '../http/queries.module.js';
import { CommandPagesController } from './command.controller.js';
import { PageLedger } from './page-ledger.js';
import { PagesController } from './pages.controller.js';

/** The pages for people under /app. */
@Module({
  imports: [CommandsModule, QueriesModule, OperationsModule],
  providers: [PageLedger],
  controllers: [PagesController, CommandPagesController],
})
export class PagesModule {}
