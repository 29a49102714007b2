import { afterAll, expect, it, jest } from '@jest/globals';
import { accepted, award, closeRunning, recordWorld, startServer } from '../http/server.js';
import { pageOf, rowWith } from './html.js';

afterAll(async () => {
  jest.useRealTimers();
  await closeRunning();
});

it('what became known on a summer day is explained by what was recorded in its first hour, which by UTC is of the day before', async () => {
  jest.useFakeTimers({
    now: Date.parse('2026-06-02T23:24:00Z'),
    doNotFake: ['hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate', 'setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'], // prettier-ignore
  });
  const server = await startServer();
  await recordWorld(server);
  const { position } = await accepted(server.post('/contracts/c/award-contract', award));
  const asked = `/app/changes?programme=met&clock=recorded&from=2026-06-02&until=2026-06-03&minPosition=${position}`;
  expect(rowWith((await pageOf(server, asked)).html, 'Hosting by CSC')).toContain('Contract awarded');
});
