import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { closeRunning, partsOf, startServer, stopServer, type Server } from './server.js';

let server: Server;
beforeAll(async () => void (server = await startServer()));
afterAll(() => stopServer(server));
afterAll(closeRunning);

const request = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
const connected = ({ url } = server) => connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);

it('of 20 requests that come over one connection at once, two are worked on, and all are answered in their order', async () => {
  const { projector } = partsOf(server);
  const row = projector.row.bind(projector);
  let release = () => undefined as void;
  const held = new Promise<void>((go) => (release = go));
  const asked: string[] = [];
  projector.row = async (...path) => {
    asked.push(path[1]);
    await held;
    return row(...path);
  };
  const keys = Array.from({ length: 20 }, (_, i) => `tower:t${i}`);
  let come = 0;
  const all = new Promise<void>((go) => server.app.getHttpServer().on('request', () => ++come === keys.length && go()));
  const socket = connected();
  let text = '';
  const answered = new Promise<void>((go) =>
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      if ((text.match(/no row tower:t\d+/g) ?? []).length === keys.length) go();
    }),
  );
  socket.write(keys.map((key) => request(`/projections/tower-board/${key}`)).join(''));
  await all;
  while (asked.length < 2) await turn();
  expect((await server.get('/livez')).status).toBe(200); // what could be worked on has begun
  expect(asked).toEqual(keys.slice(0, 2));
  release();
  await answered;
  expect(text.match(/(?<=no row )tower:t\d+/g)).toEqual(keys);
  socket.destroy();
  projector.row = row;
});

it('a client that takes nothing of its answers is cut off', async () => {
  const impatient = await startServer({}, { stalledMs: 200 });
  const socket = connected(impatient).pause();
  const ended = new Promise((go) => impatient.app.getHttpServer().once('timeout', go));
  socket.write(request('/openapi.json').repeat(40));
  await ended;
  socket.destroy();
  await stopServer(impatient);
});
