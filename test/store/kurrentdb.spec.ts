import { afterAll, beforeAll } from '@jest/globals';
import { KurrentStore } from '../../src/store/kurrentdb/kurrent-store.js';
import { StandIn } from '../kurrentdb/stand-in.js';
import { eventStoreContract, newId } from './event-store.contract.js';

const server = new StandIn();
beforeAll(() => server.start());
afterAll(() => server.kill());

const open = (more = {}) =>
  KurrentStore.open({ url: server.url, timeZone: 'Europe/London', now: () => '2026-03-04T05:06:07.089Z', newId, ...more });

eventStoreContract('KurrentDB, on the wire,', open);
