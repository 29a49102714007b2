import { engine } from '../engine/engine.js';
export const asked = engine;
