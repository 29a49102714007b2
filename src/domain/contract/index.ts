export { contract } from './contract.js';
export { contractFindings } from './findings.js';
export { endOfContract, lastDayOf, pastEndFrom, STAGES, type Change, type Contract, type Stage } from './state.js';
