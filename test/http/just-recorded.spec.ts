import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { accepted, partsOf, recordWorld, startServer, stopServer, type Server } from './server.js';

let server: Server;
let notes = 0;
beforeAll(async () => {
  server = await startServer();
  await recordWorld(server);
});
afterAll(() => stopServer(server));

/** A decision that no row knows of yet: the projections read it a moment later. */
const justRecorded = async (): Promise<{ readonly decision: string; readonly event: string }> => {
  const { decision, events } = await accepted(server.post('/programmes/met/annotate', { note: `Note ${notes++}.` }));
  return { decision, event: events[0].id };
};
const reads = {
  'a decision': ({ decision }) => server.get(`/decisions/${decision}`),
  'its replay': ({ decision }) => server.get(`/decisions/${decision}/replay`),
  'its replay by another policy': ({ decision }) => server.post('/replays', { decision }),
  'its bundle': ({ decision }) => server.get(`/proofs/bundle?decision=${decision}`),
  'its page': ({ decision }) => server.get(`/app/decisions/${decision}`),
  'an event': ({ event }) => server.get(`/events/${event}`),
  'its proof': ({ event }) => server.get(`/proofs/inclusion/${event}`),
} satisfies Record<string, (recorded: Awaited<ReturnType<typeof justRecorded>>) => ReturnType<Server['get']>>;
const NONE = { decision: '019353d2-0000-7000-9000-000000000000', event: '019353d2-0000-7000-9000-000000000000' };

describe.each(Object.entries(reads))('%s', (_, read) => {
  it('is there as soon as the command was answered', async () => expect((await read(await justRecorded())).status).toBe(200));

  it('that nobody recorded is not there', async () => expect((await read(NONE)).status).toBe(404));

  it('is not said to be none while the rows are behind the log', async () => {
    const { projector } = partsOf(server);
    const { reached } = projector;
    await justRecorded();
    projector.reached = async () => false;
    const { status } = await read(NONE);
    projector.reached = reached;
    expect(status).toBe(503);
  });
});
