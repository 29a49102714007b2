import type { Contract } from '../src/domain/contract/index.js';

const PROMISED: ReadonlySet<Contract['stage']> = new Set(['awarded', 'signed', 'live', 'notice-given', 'exiting', 'closed']);

/** Whether money was ever promised under it: a closed contract stays in the totals. */
export const isPromised = ({ stage }: Pick<Contract, 'stage'>): boolean => PROMISED.has(stage);

export const hasEnded = ({ stage }: Pick<Contract, 'stage'>): boolean => stage === 'closed' || stage === 'cancelled';

/** The group of a contract on the boards. */
export const groupOf = ({ role, towers }: Pick<Contract, 'role' | 'towers'>): 'towers' | 'outside' =>
  role === 'outside' || towers.length === 0 ? 'outside' : 'towers';
