export { contract } from './contract.js';
export { ownerOf } from './events/ownership.js';
export { contractFindings } from './findings.js';
export { standstillEndOf } from './standstill.js';
export type { ContractLists } from './lists.js';
export {
  endOfContract,
  isRunning,
  lastDayOf,
  novationsAfter,
  pastEndFrom,
  STAGES,
  supplierOn,
  type Change,
  type Contract,
  type Stage,
} from './state.js';
