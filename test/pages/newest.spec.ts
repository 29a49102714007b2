import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { accepted, closeRunning, recordWorld, startServer, stopServer, type Server } from '../http/server.js';
import { pageOf } from './html.js';

let server: Server;
let position: string;
beforeAll(async () => {
  server = await startServer();
  await recordWorld(server);
  const source = { title: 'A report' };
  const about = { supplier: 'csc' };
  const loss = { programme: 'met', title: 'Paid', bearer: 'authority', category: 'other', supplier: 'csc', gross: { amount: '7', currency: 'GBP' } }; // prettier-ignore
  for (let i = 1; i <= 21; i++) {
    await accepted(server.post('/programmes/met/add-warning', { warning: `w-${i}`, summary: `Warned ${i}.`, by: 'Press', source, about }));
    await accepted(server.post('/programmes/met/raise-risk', { risk: `r-${i}`, summary: `Risky ${i}.`, source, about }));
    ({ position } = await accepted(server.post(`/losses/l-${i}/raise-loss`, loss)));
  }
}, 60_000);
afterAll(async () => {
  await stopServer(server);
  await closeRunning();
});

it.each([
  ['/app/suppliers/csc', ['losses', 'warnings', 'risks']],
  ['/app/boards/met', ['warnings', 'risks']],
  ['/app/programmes/met/pack', ['warnings', 'risks']],
])('%s has the newest 20 of a list, says of how many, and leads to all', async (path, lists) => {
  const { html, text } = await pageOf(server, `${path}?minPosition=${position}`);
  for (const name of lists) {
    expect(text).toContain(`The newest 20 of 21 ${name}. All of them as JSON`);
    const [, address] = new RegExp(`href="([^"]*/${name})(\\?[^"]*)?">All of them as JSON`).exec(html)!;
    const { body } = await server.get(`${address}?limit=100`);
    expect(body.entries).toHaveLength(21);
  }
});

it('a search says where not all were looked through by name, and finds what was recorded of the others', async () => {
  const search = async (words: string) => (await pageOf(server, `/app/search?q=${words}&minPosition=${position}`)).text;
  const said = 'Not all contracts, suppliers and losses were looked through by name';
  expect(await search('Zenith')).not.toContain(said);
  const register = (id: string, title: string) => accepted(server.post(`/suppliers/${id}/register-supplier`, { title, form: 'company' }));
  for (let i = 0; i < 500; i++) await register(`s-${i}`, `Firm ${i}`);
  ({ position } = await register('zenith', 'Zenith'));
  const text = await search('Zenith');
  expect(text).toContain(said);
  expect(text).toContain('In what was recorded supplier zenith');
}, 60_000);
