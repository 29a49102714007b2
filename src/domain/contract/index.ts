export { contract } from './contract.js';
export { contractFindings } from './findings.js';
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
