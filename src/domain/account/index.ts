export { account } from './account.js';
export { accountFindings } from './findings.js';
export {
  financialYearOf,
  MEASURES,
  monthsOfYear,
  NATURES,
  totalMeasures,
  UNDATED,
  type Account,
  type Measure,
  type Nature,
} from './state.js';
