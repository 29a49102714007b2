export { contract } from './contract.js';
export { contractFindings } from './findings.js';
export { idsOf, suppliersChangeOn, suppliersOf, suppliersOn, type Supply } from './suppliers.js';
export { endOfContract, isRunning, lastDayOf, pastEndFrom, STAGES, type Change, type Contract, type Stage } from './state.js';
