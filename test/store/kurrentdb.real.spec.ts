import { jest } from '@jest/globals';
import { KurrentStore } from '../../src/store/kurrentdb/kurrent-store.js';
import { eventStoreContract, newId } from './event-store.contract.js';

const url = process.env['KURRENTDB_URL'];
const open = () => KurrentStore.open({ url: url!, timeZone: 'Europe/London', now: () => '2026-03-04T05:06:07.089Z', newId });

// What earlier runs wrote is read too where a test reads the whole log.
jest.setTimeout(60_000);
if (url) eventStoreContract('KurrentDB, a real server,', open);
