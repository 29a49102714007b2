import { Inject } from '@nestjs/common';
import { Projector } from '../engine/read/projector.js';
import { Engine } from '../engine/write/engine.js';
import { REGISTRY, STORE, type EventStore, type Registry } from '../http/ledger.js';
import type { Ledger } from './read.js';

/** The ledger that the pages read from and command. */
export class PageLedger implements Ledger {
  constructor(
    @Inject(STORE) readonly store: EventStore,
    @Inject(Projector) readonly projector: Projector,
    @Inject(Engine) readonly engine: Engine,
    @Inject(REGISTRY) readonly registry: Registry,
  ) {}
}
