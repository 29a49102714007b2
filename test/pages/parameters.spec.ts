import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { RequestMethod } from '@nestjs/common';
import { PagesController } from '../../src/pages/pages.controller.js';
import { closeRunning, startServer, stopServer, type Server } from '../http/server.js';
import { pageOf, recordStory } from './html.js';

let server: Server;
let decision: string;
beforeAll(async () => {
  server = await startServer();
  await recordStory(server);
  decision = (await server.get('/decisions?limit=1')).body.decisions[0].decision;
}, 60_000);
afterAll(async () => {
  await stopServer(server);
  await closeRunning();
});

/** Every page that takes a query, from the routes themselves: a new one is judged by the same rules. */
const ID: Readonly<Record<string, string>> = { boards: 'met', contracts: 'met-siam-atos', suppliers: 'atos', towers: 'hosting', losses: 'commandpoint', workforces: 'example', programmes: 'met' }; // prettier-ignore
const pages = (): readonly string[] =>
  Object.values(Object.getOwnPropertyDescriptors(PagesController.prototype))
    .filter(({ value }) => Reflect.getMetadata('method', value) === RequestMethod.GET)
    .flatMap(({ value }) => Reflect.getMetadata('path', value) as string | readonly string[])
    .filter((path) => !/^(walk|assets|live.events|proof.bundle)|\*/.test(path))
    .map((path) => `/app/${path === '/' ? '' : path}`.replace(':id', path.startsWith('decisions') ? decision : (ID[path.split('/')[0]!] ?? 'met'))); // prettier-ignore

/** What the query of a page may hold: a page that does not know a parameter says which ones it knows. */
const known = async (path: string): Promise<readonly string[]> => {
  const { text } = await pageOf(server, `${path}?nosuch=1`);
  return (
    /there are ([\w, ]+)/
      .exec(text)?.[1]
      ?.split(/,\s*/)
      .map((name) => name.trim().split(' ')[0]!) ?? []
  );
};

/** Days, names, numbers, places and texts that some parameter may not have, and some page may trip over. */
const HOSTILE = ['__proto__', '-1', '%00', '(((', '2016-02-30', '0000-01-01', '9999-12-31', '[2016..]', 'MSB4'];

it('what a parameter of a page cannot be is refused, and never a fault of the server', async () => {
  const faults: string[] = [];
  let count = 0;
  for (const path of pages())
    for (const name of await known(path)) {
      if (name === 'minPosition') continue; // a position to come is waited for
      for (const value of HOSTILE) {
        const { statusCode } = await server.app.inject({
          method: 'GET',
          url: `${path}?${name}=${value}`,
          headers: { accept: 'text/html' },
        });
        if (statusCode >= 500) faults.push(`${path}?${name}=${value}: ${statusCode}`);
      }
      count++;
    }
  expect(faults).toEqual([]);
  expect(count).toBeGreaterThan(100);
}, 60_000);

it.each([
  ['/app/contracts?sort=nosuch', 'sort must be one of title, supplier, stage, ends, ceiling'],
  ['/app/changes?programme=met&until=soon', 'until must be a day such as 2016-02-29'],
  ['/app/changes?programme=met&from=2016-02-30', 'from must be a day such as 2016-02-29'],
  ['/app/programmes/met/pack?since=2016', 'since must be a day such as 2016-02-29'],
])('%s is refused with a sentence that names the parameter', async (path, sentence) => {
  const { status, text } = await pageOf(server, path);
  expect([status, text]).toEqual([400, expect.stringContaining(sentence)]);
});
