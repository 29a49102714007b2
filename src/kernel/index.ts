export {
  add,
  amountOf,
  askedOf,
  betweenOf,
  compare,
  isAmount,
  minor,
  movedTo,
  partOf,
  perYear,
  reaches,
  subtract,
  valueOf,
  whyNotAnAmount,
  type Amount,
  type Between,
  type FormerAmount,
  type Missing,
  type Qualifier,
  type Value,
} from './values/amounts.js';
export * from './values/change-figures.js';
export * from './values/currencies.js';
export * from './values/dates.js';
export { convertedBy, redenominated } from './values/exchange.js';
export * from './values/headcounts.js';
export * from './values/match-key.js';
export * from './values/precision.js';
export { compareRatio, ratio, ratioOfPercent, ratioOfRate, roundHalfEven, roundHalfUp, toDecimal, toPercent } from './values/ratios.js';
export { showAmount, showBetween, showValue } from './values/show-amounts.js';
export * from './values/totals.js';
export * from './values/words.js';
export * from './event.js';
export * from './finding.js';
export { fieldAt } from './schema/composites.js';
export * from './schema/fields.js';
export * from './schema/kinds.js';
export * from './schema/named.js';
export { joinProblems, MAX_PROBLEMS, type Problem } from './schema/problems.js';
export * from './schema/provenance.js';
export * from './entry.js';
export * from './history.js';
export { completions, isRevealing } from './reveal.js';
export * from './schema-version.js';
export * from './values/json.js';
export * from './ledger.js';
export * from './ledger-command.js';
export * from './names.js';
export * from './projection.js';
export * from './rejection.js';
export * from './rule.js';
export * from './snapshot.js';
export * from './transition.js';
export * from './aggregate.js';
export * from './approval.js';
export * from './automation.js';
