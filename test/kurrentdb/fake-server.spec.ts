import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { Caller } from './caller.js';
import { serverBehaviour } from './server.behaviour.js';
import { FakeServer } from '../fakes/kurrentdb/fake-server.js';
import { playWorkload } from './workload.js';

const url = process.env['KURRENTDB_URL'];

serverBehaviour('the stand-in', async () => {
  const server = await new FakeServer().start();
  return { url: server.url, stop: () => server.kill() };
});

if (url !== undefined) serverBehaviour('a real server', async () => ({ url }));

describe('a mixed workload', () => {
  const RECORDED = new URL('./recorded.json', import.meta.url);
  /** Of these the second and fourth held surprises. */
  const SEEDS = [1, 2, 3, 15];

  const played = async (at: string): Promise<readonly (readonly string[])[]> => {
    const [caller, batching] = [new Caller(at), new Caller(at, true)];
    const answers: (readonly string[])[] = [];
    for (const seed of SEEDS) answers.push(await playWorkload(caller, batching, seed, `w${randomUUID().slice(0, 8)}`));
    await Promise.all([caller.dispose(), batching.dispose()]);
    return answers;
  };
  const recorded = async () => JSON.parse(await readFile(RECORDED, 'utf8'));

  // With RECORD set these answers are what the stand-in is held to from then on.
  if (url !== undefined) {
    it('is answered by a real server as it was when that was recorded', async () => {
      const answers = await played(url);
      if (process.env['RECORD']) await writeFile(RECORDED, `${JSON.stringify(answers, null, 2)}\n`);
      expect(answers).toEqual(await recorded());
    }, 60_000);
  }

  it('is answered by the stand-in as a real server answered it', async () => {
    const server = await new FakeServer().start();
    const answers = await played(server.url);
    await server.kill();
    expect(answers).toEqual(await recorded());
  }, 60_000);
});
