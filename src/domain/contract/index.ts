export { contract } from './contract.js';
export { contractFindings } from './findings.js';
export { idsOf, suppliersChangeOn, suppliersOf, suppliersOn } from './suppliers.js';
export { endOfContract, isRunning, lastDayOf, pastEndFrom, STAGES, type Change, type Contract, type Stage, type Supply } from './state.js';
