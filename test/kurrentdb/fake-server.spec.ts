import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { Caller } from './caller.js';
import { serverBehaviour } from './server.behaviour.js';
import { FakeServer } from '../fakes/kurrentdb/fake-server.js';
import { playWorkload } from './workload.js';

const url = process.env['LEDGER_KURRENTDB_URL'];

serverBehaviour('the fake server', async () => {
  const server = await new FakeServer().start();
  return { url: server.url, stop: () => server.kill() };
});

if (url !== undefined) serverBehaviour('a real server', async () => ({ url }));

describe('a mixed workload', () => {
  const RECORDED = new URL('./recorded.json', import.meta.url);
  const SEEDS = [1, 2, 3, 15];

  const answersOf = async (at: string): Promise<readonly (readonly string[])[]> => {
    const [caller, batching] = [new Caller(at), new Caller(at, true)];
    const answers: (readonly string[])[] = [];
    for (const seed of SEEDS) answers.push(await playWorkload(caller, batching, seed, `w${randomUUID().slice(0, 8)}`));
    await Promise.all([caller.dispose(), batching.dispose()]);
    return answers;
  };
  const recorded = async () => JSON.parse(await readFile(RECORDED, 'utf8'));

  // With RECORD set, the real server's answers become the expected answers of the fake server.
  if (url !== undefined) {
    it('gets the recorded answers from a real server', async () => {
      const answers = await answersOf(url);
      if (process.env['RECORD']) await writeFile(RECORDED, `${JSON.stringify(answers, null, 2)}\n`);
      expect(answers).toEqual(await recorded());
    }, 60_000);
  }

  it('gets the answers of a real server from the fake server', async () => {
    const server = await new FakeServer().start();
    const answers = await answersOf(server.url);
    await server.kill();
    expect(answers).toEqual(await recorded());
  }, 60_000);
});
