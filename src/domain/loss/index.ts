export { comesTo, isOurs } from './authority.js';
export { mayBeTooMuch, netIn, outstandingIn } from './figures.js';
export { caseKey, loss } from './loss.js';
export {
  ALL_CATEGORIES,
  CATEGORIES,
  currencyOf,
  equivalentIn,
  figuresIn,
  isUnratified,
  KINDS,
  leastGrossIn,
  LOSS_STAGES,
  writtenOffIn,
  type Category,
  type Loss,
  type LossKind,
  type LossStage,
  type Movement,
  type Net,
} from './state.js';
