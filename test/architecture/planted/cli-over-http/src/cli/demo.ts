import { engine } from '../engine/write/engine.js';
export const demo = engine;
