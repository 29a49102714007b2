import { closeTower } from './close-tower.js';
export const planTower = closeTower;
