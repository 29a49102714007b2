export { type HeadcountTarget, type Risk, type Saving, type SavingsTarget, type Strategy } from './aims.js';
export { programme, type Policy, type Programme, type Warning } from './programme.js';
