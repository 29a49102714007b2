import { KurrentStore } from '../../src/store/kurrentdb/kurrent-store.js';
import { eventStoreContract, newId } from './event-store.contract.js';

const url = process.env['KURRENTDB_URL'];
const open = () => KurrentStore.open({ url: url!, timeZone: 'Europe/London', now: () => '2026-03-04T05:06:07.089Z', newId });

if (url) eventStoreContract('KurrentDB, a real server', open);
