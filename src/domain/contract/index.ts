export { contract } from './contract.js';
export { STAGES, type Change, type Contract, type Stage } from './state.js';
