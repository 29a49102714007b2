export { tower, type Part, type Tower } from './tower.js';
export { partsOfTower } from './successors.js';
