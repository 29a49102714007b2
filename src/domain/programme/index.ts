export { type HeadcountTarget, type Saving, type SavingsTarget, type Strategy } from './aims.js';
export { outgrown, type Basis, type Table } from './loss-authority.js';
export { inForce } from './policies.js';
export type { LossRow, Policy } from './policy.js';
export { programme, YEAR_STARTS, type Programme, type YearStart } from './programme.js';
export type { Budget } from './budget.js';
export type { Risk, Warning } from './risks.js';
