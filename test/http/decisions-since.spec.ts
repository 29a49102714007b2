import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { accepted, award, startServer, stopServer, recordWorld, type Server } from './server.js';

let server: Server;
beforeAll(async () => {
  server = await startServer();
  await recordWorld(server);
});
afterAll(() => stopServer(server));

it('a list of decisions marks what was withdrawn or corrected since', async () => {
  const record = { authority: { reference: 'PCD 999' }, decidedBy: { person: 'dmpc' } };
  const of = async (id: string) => await accepted(server.post(`/contracts/${id}/award-contract`, { ...award, record }));
  const [stands, corrected, withdrawn] = [await of('stands'), await of('corrected'), await of('withdrawn')];
  const change = { event: corrected.events[0].id, pointer: '/title', value: 'As corrected', because: 'error' };
  await accepted(server.post('/contracts/corrected/correct-fact', change));
  const last = await accepted(server.post('/contracts/withdrawn/withdraw-fact', { event: withdrawn.events[0].id }));
  const { decisions } = (await server.get(`/decisions?reference=PCD-999&minPosition=${last.position}`)).body;
  const marks = new Map(decisions.map(({ decision, ...rest }: any) => [decision, [rest.withdrawn, rest.corrections]]));
  expect([stands, corrected, withdrawn].map(({ decision }) => marks.get(decision))).toEqual([
    [undefined, undefined],
    [undefined, 1],
    ['all', undefined],
  ]);
});
