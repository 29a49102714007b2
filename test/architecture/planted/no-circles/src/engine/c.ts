import type { D } from './d.js';

export interface C {
  readonly d: D;
}
