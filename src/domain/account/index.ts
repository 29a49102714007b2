export { account } from './account.js';
export { accountFindings } from './findings.js';
export { convertedLines, type Redenomination } from './redenomination.js';
export {
  expectedSpend,
  financialYearOf,
  MEASURES,
  monthsOfYear,
  periodOf,
  periodsOfYear,
  NATURES,
  totalMeasures,
  standing,
  UNDATED,
  unpaid,
  type Account,
  type Measure,
  type Nature,
} from './state.js';
