import { afterAll, expect, it } from '@jest/globals';
import { EventEmitter, once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Connections } from '../../src/http/connections.js';
import { closeRunning, startServer, stopServer } from './server.js';

afterAll(closeRunning);

it('as many connections are open as may: one more is dropped at once, and taken when another has ended', async () => {
  const server = await startServer({ LEDGER_MAX_CONNECTIONS: '3', LEDGER_SUBSCRIBERS: '2' });
  const opened = async (): Promise<Socket> => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1').on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  };
  const ask = async (socket: Socket, path: string): Promise<string> => {
    let text = '';
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    for await (const [chunk] of EventEmitter.on(socket, 'data', { close: ['close'] }))
      if ((text += String(chunk)).includes('\r\n\r\n') && (path !== '/metrics' || text.includes('ledger_connections_dropped '))) break;
    return text;
  };
  const taken = [await opened(), await opened(), await opened()];
  for (const socket of taken) expect(await ask(socket, '/livez')).toMatch(/^HTTP\/1\.1 200 /);
  const beyond = await opened();
  expect(await ask(beyond, '/livez')).toBe('');
  expect(await ask(taken[0]!, '/metrics')).toMatch(/^ledger_connections 3$[^]*^ledger_connections_dropped 1$/m);
  taken[1]!.destroy();
  let answered = '';
  for (let n = 0; answered === '' && n < 100; n++) {
    const socket = await opened();
    answered = await ask(socket, '/livez');
    socket.destroy();
  }
  expect(answered).toMatch(/^HTTP\/1\.1 200 /);
  for (const socket of taken) socket.destroy();
  await stopServer(server);
});

it('dropped connections are counted, and the log says how many at most once a minute', () => {
  const server = new EventEmitter() as HttpServer;
  const said: string[] = [];
  let now = 5;
  const connections = new Connections(
    server,
    7,
    (message) => void said.push(message),
    () => now,
  );
  for (const at of [5, 6, 60_004, 60_005]) {
    now = at;
    server.emit('drop');
  }
  expect(said.map((message) => /LEDGER_MAX_CONNECTIONS allows\. Dropped at once: (\d+) more/.exec(message)?.[1])).toEqual(['1', '3']);
  expect([server.maxConnections, connections.dropped, connections.open]).toEqual([7, 4, 0]);
});
