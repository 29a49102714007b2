import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { award, closeRunning, startServer, stopServer, recordWorld, accepted, type Server } from './server.js';

const ROW = '/projections/contract-register/contract:c1';
let server: Server;
const positions: string[] = [];

beforeAll(async () => {
  server = await startServer();
  await recordWorld(server);
  const send = async (command: string, body: unknown) =>
    positions.push((await accepted(server.post(`/contracts/c1/${command}`, body))).position);
  await send('award-contract', award);
  await send('sign-contract', {});
  await send('annotate', { note: 'A note.' });
});
afterAll(() => stopServer(server));
afterAll(closeRunning);

/** As after a start: no history is in memory. */
const restart = async (): Promise<void> => {
  const { dir } = server;
  await server.close();
  server = await startServer({ DATA_DIR: dir });
};

/** Sends requests over one connection without waiting for the answers; of each its status line and the stage of its row. */
const pipelined = (paths: readonly string[]): Promise<string[]> =>
  new Promise((resolve, reject) => {
    const { hostname, port, host } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    let text = '';
    socket.setTimeout(5000, () => socket.destroy(new Error(`Only ${JSON.stringify(text)} was answered.`)));
    socket.on('error', reject).on('close', () => resolve(text.match(/HTTP\/1\.1 \d+|(?<="stage":")\w+/g) ?? []));
    socket.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    const last = paths.length - 1;
    socket.write(
      paths.map((path, i) => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${i === last ? 'Connection: close\r\n' : ''}\r\n`).join(''),
    );
  });

it('two reads of one row at a later and an earlier position, sent together after a start, are each answered with the row there', async () => {
  for (const [later, earlier] of [
    [2, 0],
    [2, 1],
    [0, 2],
  ]) {
    await restart();
    const stages = [later, earlier].map((n) => (n === 0 ? 'awarded' : 'signed'));
    expect(await pipelined([later, earlier].map((n) => `${ROW}?position=${positions[n!]}`))).toEqual(
      stages.flatMap((stage) => ['HTTP/1.1 200', stage]),
    );
    expect((await server.get('/livez')).status).toBe(200);
  }
});

it('three reads that wait for one position are answered once it is read', async () => {
  await restart();
  const next = String(Number(positions.at(-1)) + 1);
  const waiting = ['contract-register', 'tower-board', 'decisions'].map((name) => server.get(`/projections/${name}?minPosition=${next}`));
  const receipt = await accepted(server.post('/contracts/c2/award-contract', award));
  expect(receipt.position).toBe(next);
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200, 200]);
});

it('200 subscribers that come and go keep nobody waiting', async () => {
  await restart();
  const names = ['contract-register', 'tower-board', 'decisions'];
  let over = false;
  const subscribers = Array.from({ length: 200 }, async (_, n) => {
    const gone = new AbortController();
    try {
      const response = await fetch(`${server.url}/projections/${names[n % 3]}/updates`, { signal: gone.signal });
      await response.body!.getReader().read();
    } finally {
      gone.abort();
    }
  });
  const reading = (async () => {
    for (let n = 0; !over; n++) expect((await server.get(`${ROW}?position=${positions[n % 3]}`)).status).toBe(200);
  })();
  const writing = (async () => {
    for (let n = 0; n < 10; n++) await accepted(server.post(`/contracts/c1/annotate`, { note: `Note ${n}.` }));
  })();
  await Promise.all([...subscribers, writing]);
  over = true;
  await reading;
  expect((await server.get('/livez')).status).toBe(200);
});
