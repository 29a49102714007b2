export { contract } from './contract.js';
export { ownerOf } from './events/ownership.js';
export { contractFindings } from './findings.js';
export { lastDayToExercise, openOptions } from './options.js';
export { dueNotices } from './notices.js';
export { standstillEndOf } from './standstill.js';
export { idsOf, shareUnits, suppliersChangeOn, suppliersOf, suppliersOn, WHOLE } from './suppliers.js';
export { CONTRACT_LISTS, type ContractLists } from './lists.js';
export {
  agreedEndOf,
  endBasisOf,
  endOfContract,
  firstDayOf,
  isRunning,
  lastDayOf,
  pastEndFrom,
  STAGES,
  type Change,
  type Contract,
  type Stage,
  type Supply,
} from './state.js';
