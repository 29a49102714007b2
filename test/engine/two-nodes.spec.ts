import { expect, it } from '@jest/globals';
import { raceTwoNodes } from './two-nodes.js';

it('two nodes execute a key once and never accept a stale If-Match, whatever is read beside them', async () => {
  expect(await raceTwoNodes({ rounds: 100, atOnce: 20 })).toEqual({ rounds: 100, executedTwice: 0, staleAccepted: 0, unexpected: [] });
});
