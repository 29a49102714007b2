import { kurrent } from '../kurrentdb/kurrent-store.js';
export const replica = kurrent;
