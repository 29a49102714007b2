export { workforce, type Leavers, type Workforce } from './workforce.js';
export {
  balanceOf,
  closingOf,
  inUnit,
  poolName,
  poolOf,
  samePool,
  sumIn,
  type Line,
  type Movement,
  type Pool,
  type PoolName,
} from './pools.js';
export { dayOfTransfer, inRange, type Consultation, type Plan, type Transfer } from './transfers.js';
export {
  liabilityOf,
  overdueAfter,
  plannedDuties,
  planFindings,
  planOf,
  poolFindings,
  progressOf,
  redundancyFindings,
  transferFindings,
  transfersUnder,
  type Duty,
  type Finding,
  type Progress,
} from './findings.js';
