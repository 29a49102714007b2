import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordStory } from '../src/cli/story.js';
import { isIncluded } from '../src/store/merkle-proof.js';
import { startServer, stopServer, type Answer, type Server } from './http/server.js';

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
const [, section] = /\n## Audit a decision\n([^]*?)\n## /.exec(readme)!;
const [, commands] = /```sh\n([^`]+)```/.exec(section!)!;
const CALL = /^curl -sN? '([^']+)'(?: -H '([^:]+): ([^']+)')?(?: -d '([^']+)')?$/;

/** Each command with the parts of its answer that stand below it. */
const calls: {
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
  readonly parts: string[];
}[] = [];
for (const line of commands!.trim().split('\n')) {
  const [, url, name, value, body] = CALL.exec(line) ?? [];
  if (url !== undefined) calls.push({ url: new URL(url), headers: name ? { [name]: value! } : {}, body, parts: [] });
  else if (line.startsWith('# → ')) calls.at(-1)!.parts.push(line.slice(4));
  else if (!line.startsWith('# ')) throw new Error(`Neither a call nor a comment: ${line}`);
}

describe('the README audits a decision', () => {
  let server: Server;
  let written: string;
  const log = async (): Promise<string> => (await server.get('/events?limit=500')).text;
  const answerTo = ({ url, headers, body }: (typeof calls)[number]): Promise<Answer> => {
    const path = url.pathname + url.search;
    return body === undefined ? server.get(path, headers) : server.post(path, body, headers);
  };
  beforeAll(async () => {
    server = await startServer();
    await recordStory(server.url, server.dir, () => undefined);
    written = await log();
  }, 60_000);
  afterAll(() => stopServer(server));

  it('in ten calls', () => expect(calls).toHaveLength(10));

  it.each(calls.map((call) => [`${call.url.pathname}${call.url.search}`, call] as const))('%s answers what it says', async (_, call) => {
    const { status, text } = await answerTo(call);
    expect(status).toBe(200);
    expect(call.parts.length).toBeGreaterThan(0);
    for (const part of call.parts) expect(text).toContain(part);
  });

  it('whose event is proven to be under a signed root', async () => {
    const [dossier, checkpoint] = calls.slice(5, 7) as [(typeof calls)[number], (typeof calls)[number]];
    const { proof } = JSON.parse((await answerTo(dossier)).text);
    expect(proof).toHaveLength(1);
    const { event, leaf, index, size, root, proof: path, checkpoint: note } = JSON.parse((await server.get(proof[0].href)).text);
    const ofHex = (hash: string) => Buffer.from(hash, 'hex');
    expect([event, note]).toEqual([proof[0].event, (await answerTo(checkpoint)).text]);
    expect(note.split('\n').slice(1, 3)).toEqual([String(size), ofHex(root).toString('base64')]);
    expect(isIncluded(ofHex(leaf), index, size, path.map(ofHex), ofHex(root))).toBe(true);
    expect(isIncluded(ofHex(leaf), index + 1, size, path.map(ofHex), ofHex(root))).toBe(false);
  });

  it('in whose what-if, decisions come out otherwise by the office, and as they were by the threshold', async () => {
    const ofSiam = async (call: (typeof calls)[number]) =>
      (await answerTo(call)).text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .filter(({ stream, reference }) => stream === 'contract-met-siam-atos' && reference)
        .map(({ reference, outcome }) => [reference, outcome]);
    const [office, threshold] = calls.slice(-2) as [(typeof calls)[number], (typeof calls)[number]];
    expect(await ofSiam(office)).toEqual([['PCD 437', 'differs'], ['PCD 813', 'differs']]); // prettier-ignore
    expect(await ofSiam(threshold)).toEqual([['PCD 437', 'differs'], ['PCD 813', 'same']]); // prettier-ignore
  });

  it('and records nothing', async () => expect(await log()).toBe(written));
});
