import type { C } from './c.js';

export interface D {
  readonly c?: C;
}
