import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Proxy } from '../fakes/kurrentdb/proxy.js';

const MEBIBYTE = 1024 * 1024;

let echo: Server;
let echoed: string;
let atEcho: Socket[];
let proxy: Proxy;

beforeEach(async () => {
  echoed = '';
  atEcho = [];
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    atEcho.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      echoed += bytes.toString();
      socket.write(bytes);
    });
    socket.on('end', () => socket.end());
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await new Proxy({ port: (echo.address() as AddressInfo).port }).start();
});

afterEach(async () => {
  await proxy.close();
  for (const socket of atEcho) socket.destroy();
  echo.close();
});

/** A client that records what it receives and how its connection ends. */
const dial = async (port = proxy.port) => {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const client = { socket, received: '', ended: false, error: undefined as string | undefined };
  socket.on('data', (bytes) => (client.received += bytes.toString()));
  socket.on('end', () => (client.ended = true));
  socket.on('error', (error: NodeJS.ErrnoException) => (client.error = error.code));
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => undefined);
  return client;
};

const until = async (is: () => boolean): Promise<void> => {
  for (let n = 0; n < 1000 && !is(); n++) await sleep(2);
  expect(is()).toBe(true);
};

describe('a proxy', () => {
  it('forwards bytes and the end in order, in both directions', async () => {
    const client = await dial();
    const text = 'abcdefghij'.repeat(400_000);
    client.socket.end(text);
    await until(() => client.ended);
    expect(client.received.length).toBe(text.length);
    expect(client.received).toBe(text);
    await until(() => proxy.connections === 0);
  });

  it('forwards a reset', async () => {
    const client = await dial();
    client.socket.write('a');
    await until(() => client.received === 'a');
    atEcho[0]!.resetAndDestroy();
    await until(() => client.error === 'ECONNRESET');
  });

  it('cuts: both sides see the end, and nothing more gets through', async () => {
    const client = await dial();
    client.socket.write('a');
    await until(() => client.received === 'a');
    proxy.cut();
    await until(() => client.ended);
    expect(client.error).toBeUndefined();
    client.socket.write('b');
    await until(() => atEcho[0]!.readableEnded);
    await sleep(20);
    expect(echoed).toBe('a');
    client.socket.end();
    await until(() => proxy.connections === 0);
  });

  it('resets: the client sees its connection reset', async () => {
    const client = await dial();
    client.socket.write('a');
    await until(() => client.received === 'a');
    proxy.reset();
    await until(() => client.error === 'ECONNRESET');
    expect(client.ended).toBe(false);
    await until(() => atEcho[0]!.destroyed);
  });

  it('holds: connections stay open and nothing gets through until it resumes', async () => {
    const client = await dial();
    client.socket.write('a');
    await until(() => client.received === 'a');
    proxy.hold();
    client.socket.write('b');
    atEcho[0]!.write('c');
    const later = await dial();
    later.socket.write('d');
    await sleep(50);
    expect([echoed, client.received, later.received]).toEqual(['a', 'a', '']);
    expect([client.ended, client.error, client.socket.destroyed]).toEqual([false, undefined, false]);
    proxy.resume();
    await until(() => client.received === 'acb' && later.received === 'd');
  });

  it('holds back the end of one side until it resumes', async () => {
    const client = await dial();
    client.socket.write('a');
    await until(() => client.received === 'a');
    proxy.hold();
    client.socket.destroy();
    await sleep(50);
    expect(atEcho[0]!.readableEnded).toBe(false);
    proxy.resume();
    await until(() => atEcho[0]!.readableEnded || atEcho[0]!.destroyed);
  });

  it('holds back the reset of one side until it resumes', async () => {
    const client = await dial();
    client.socket.write('a');
    await until(() => client.received === 'a');
    proxy.hold();
    atEcho[0]!.resetAndDestroy();
    await sleep(50);
    expect([client.ended, client.error]).toEqual([false, undefined]);
    proxy.resume();
    await until(() => client.error === 'ECONNRESET');
  });

  it('delays each direction, without adding up the delays of consecutive messages', async () => {
    proxy.delay(100);
    const client = await dial();
    const start = performance.now();
    client.socket.write('a');
    await sleep(20);
    client.socket.write('b');
    await until(() => client.received === 'ab');
    const took = performance.now() - start;
    expect(took).toBeGreaterThan(200);
    expect(took).toBeLessThan(390);
  });

  it('drops answers: the request arrives, its answer does not, then the connection is cut', async () => {
    const client = await dial();
    client.socket.write('a');
    await until(() => client.received === 'a');
    proxy.dropAnswers(40);
    client.socket.write('b');
    await until(() => echoed === 'ab');
    await until(() => client.ended);
    expect(client.received).toBe('a');
    const later = await dial();
    later.socket.write('c');
    await until(() => later.received === 'c');
  });

  it('refuses new connections and keeps existing ones, until it accepts again', async () => {
    const client = await dial();
    proxy.refuse();
    expect((await dial()).error).toBe('ECONNREFUSED');
    client.socket.write('a');
    await until(() => client.received === 'a');
    const { port } = proxy;
    await proxy.accept();
    expect(proxy.port).toBe(port);
    const later = await dial();
    later.socket.write('b');
    await until(() => later.received === 'b');
  });

  it('connects new clients to a changed target, and resets them when nothing listens there', async () => {
    proxy.target = { port: 1 };
    const client = await dial();
    await until(() => client.error === 'ECONNRESET');
    proxy.target = { port: (echo.address() as AddressInfo).port };
    const later = await dial();
    later.socket.write('a');
    await until(() => later.received === 'a');
  });

  it('applies back-pressure to a sender whose receiver does not read', async () => {
    const client = await dial();
    client.socket.write('a');
    await until(() => client.received === 'a');
    client.socket.pause();
    let sent = 1;
    for (let held = false; !held && sent < 40 * MEBIBYTE; sent += MEBIBYTE) {
      if (atEcho[0]!.write(Buffer.alloc(MEBIBYTE))) continue;
      held = (await Promise.race([once(atEcho[0]!, 'drain'), sleep(400, 'held')])) === 'held';
    }
    expect(sent).toBeLessThan(30 * MEBIBYTE);
    client.socket.resume();
    await until(() => client.received.length === sent);
  });
});
