export { tower, type Tower } from './tower.js';
