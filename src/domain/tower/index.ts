export { tower, type Part, type Tower } from './tower.js';
