import type { Transport } from '../../src/store/kurrentdb/kurrent-store.js';

/** The way in which the stores of a spec append. Specs that import this one's tests for another way set it first. */
export const transport: { appends: Transport } = { appends: 'batch' };

/** The fake server's name of an append, as it counts and fails them. */
export const appendBy = (appends: Transport = transport.appends) => (appends === 'batch' ? 'batchAppend' : 'append');
