export {
  programme,
  type HeadcountTarget,
  type Policy,
  type Programme,
  type Risk,
  type Saving,
  type SavingsTarget,
  type Strategy,
  type Warning,
} from './programme.js';
