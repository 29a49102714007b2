export { account } from './account.js';
export { accountFindings } from './findings.js';
export {
  expectedSpend,
  financialYearOf,
  MEASURES,
  monthsOfYear,
  NATURES,
  totalMeasures,
  standing,
  UNDATED,
  type Account,
  type Measure,
  type Nature,
} from './state.js';
