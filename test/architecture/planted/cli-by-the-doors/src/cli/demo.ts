import { engine } from '../engine/handle.js';
export const demo = engine;
