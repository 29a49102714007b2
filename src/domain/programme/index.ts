export { programme, type Programme, type Policy, type Warning } from './programme.js';
