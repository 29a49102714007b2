import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Anchors, witnessesIn, type AnchorsOptions } from '../../src/proof/anchors.js';
import { signCheckpoint, type SignedCheckpoint } from '../../src/proof/checkpoint.js';
import type { Checkpoints } from '../../src/proof/checkpoints.js';
import { rootOf } from '../../src/proof/comparison.js';
import { COSIGNATURE, cosign, parseNote, signedBy, parseVerifierKey } from '../../src/proof/note.js';
import { consistencyProof } from '../../src/store/merkle-proof.js';
import { witnessRequest } from '../../src/proof/witness.js';
import { eventsOf, KeptTree } from './kept-tree.js';
import { KEY, keyText, ORIGIN, STRANGER } from './made-bundle.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
const folders: string[] = [];
afterAll(() => Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true }))));
const folder = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'tower-ledger-anchors-'));
  folders.push(dir);
  return dir;
};
const until = async (holds: () => boolean): Promise<void> => {
  for (let n = 0; !holds(); n++) {
    if (n > 1000) throw new Error('It did not come to pass.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

type Answer = readonly [status: number, body: string, headers?: Record<string, string>];
/** A server that gives the answers that it is given, and the last of them again. */
const outsider = async (...answers: readonly ((body: string) => Answer)[]) => {
  const got: { readonly path: string; readonly body: string; readonly type: string | undefined }[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request
      .on('data', (chunk) => (body += chunk))
      .on('end', () => {
        got.push({ path: `${request.method} ${request.url}`, body, type: request.headers['content-type'] });
        const [status, text, headers = {}] = answers[Math.min(got.length, answers.length) - 1]!(body);
        response.writeHead(status, headers).end(text);
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => (server.close(resolve), server.closeAllConnections())));
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, got };
};
const noteIn = (request: string): string => request.slice(request.indexOf('\n\n') + 2);
const signs = (request: string): Answer => [200, cosign(parseNote(noteIn(request)).body, 'w', STRANGER, 1_767_225_600)];
const SEER = keyText('w', STRANGER, COSIGNATURE);

const tree = new KeptTree(eventsOf(12));
const checkpointOf = (size: number): SignedCheckpoint =>
  signCheckpoint({ origin: ORIGIN, size, root: rootOf(tree, size), genesis: 'cd'.repeat(32) }, KEY);
const anchored = (latest: number | undefined, options: Partial<AnchorsOptions>) => {
  const listeners: ((checkpoint: SignedCheckpoint) => void)[] = [];
  const cosignatures: string[] = [];
  const messages: unknown[][] = [];
  const checkpoints = {
    tree,
    latest: latest === undefined ? undefined : checkpointOf(latest),
    onSigned: (listener: (checkpoint: SignedCheckpoint) => void) => void listeners.push(listener),
    cosigned: async (_: SignedCheckpoint, lines: readonly string[]) => void cosignatures.push(lines.join('')),
  } as unknown as Checkpoints;
  const anchors = new Anchors(checkpoints, { everyMs: 1, log: (...message) => void messages.push(message), ...options });
  closing.push(() => anchors.close());
  const sign = (size: number): void => {
    for (const listener of listeners) listener(checkpointOf(size));
  };
  return { anchors, sign, listeners, cosignatures, messages, said: () => messages.map(([message]) => message) };
};
const witnesses = (...urls: readonly string[]) => urls.map((url) => ({ url, key: parseVerifierKey(SEER) }));

describe('a checkpoint that outsiders keep', () => {
  it('is sent when there is one, and each time that one is signed, the newest alone', async () => {
    const hook = await outsider(() => [200, '']);
    const dir = join(await folder(), 'a', 'b');
    const { anchors, sign } = anchored(3, { webhook: hook.url, dir });
    await until(() => anchors.anchored === 3);
    for (const size of [5, 7, 8]) sign(size);
    await until(() => anchors.anchored === 8);
    expect(hook.got).toEqual([3, 8].map((size) => ({ path: 'POST /', body: checkpointOf(size).note, type: 'text/plain; charset=utf-8' })));
    expect((await readdir(dir)).sort()).toEqual(['example.org_l1_1_3', 'example.org_l1_1_8']);
    expect(await readFile(join(dir, 'example.org_l1_1_8'), 'utf8')).toBe(checkpointOf(8).note);
  });

  it('over no events is not sent', async () => {
    const hook = await outsider(() => [200, '']);
    const { anchors, sign } = anchored(0, { webhook: hook.url });
    await new Promise((resolve) => setTimeout(resolve, 20));
    sign(1);
    await until(() => anchors.anchored === 1);
    expect(hook.got.map(({ body }) => body)).toEqual([checkpointOf(1).note]);
  });

  it('goes nowhere where no outsider is named', () => {
    expect(anchored(3, {}).listeners).toEqual([]);
    expect(anchored(3, { witnesses: [] }).listeners).toEqual([]);
  });

  it('carries the signatures of witnesses, which sign each from the one before', async () => {
    const [one, other] = [await outsider(signs), await outsider(signs)];
    const dir = await folder();
    const { anchors, sign, cosignatures } = anchored(3, { dir, witnesses: witnesses(one.url, other.url) });
    await until(() => anchors.anchored === 3);
    sign(3);
    await until(() => one.got.length === 2);
    sign(8);
    await until(() => anchors.anchored === 8);
    const requests = [witnessRequest(0, [], checkpointOf(3).note), witnessRequest(3, [], checkpointOf(3).note), witnessRequest(3, consistencyProof(tree, 3, 8), checkpointOf(8).note)]; // prettier-ignore
    for (const { got } of [one, other]) expect(got).toEqual(requests.map((body) => ({ path: 'POST /add-checkpoint', body, type: 'text/plain; charset=utf-8' }))); // prettier-ignore
    const note = await readFile(join(dir, 'example.org_l1_1_8'), 'utf8');
    expect(note).toBe(checkpointOf(8).note + cosignatures.at(-1));
    expect(parseNote(note).signatures).toHaveLength(3);
    expect(signedBy(parseNote(note), parseVerifierKey(SEER))).toBe(1_767_225_600);
  });

  it('is signed by a witness that has signed another size before, once it says which', async () => {
    const witness = await outsider(() => [409, '2\n'], signs);
    const { anchors } = anchored(8, { witnesses: witnesses(witness.url) });
    await until(() => anchors.anchored === 8);
    expect(witness.got.map(({ body }) => body)).toEqual([
      witnessRequest(0, [], checkpointOf(8).note),
      witnessRequest(2, consistencyProof(tree, 2, 8), checkpointOf(8).note),
    ]);
  });

  it('carries nothing but its signature of what a witness answers', async () => {
    const others = Array.from({ length: 40 }, (_, i) => cosign('text\n', `w${i}`, KEY, 1)).join('');
    const witness = await outsider((body) => [
      200,
      `another text\n\n${others}${signs(body)[1]}${others.slice(0, others.indexOf('\n') + 1)}`,
    ]);
    const dir = await folder();
    const { anchors, cosignatures } = anchored(8, { dir, witnesses: witnesses(witness.url) });
    await until(() => anchors.anchored === 8);
    expect(cosignatures).toEqual([signs(`\n\n${checkpointOf(8).note}`)[1]]);
    expect(await readFile(join(dir, 'example.org_l1_1_8'), 'utf8')).toBe(checkpointOf(8).note + cosignatures[0]);
  });

  it.each<[string, ((body: string) => Answer)[], string]>([
    ['says another size again and again', [() => [409, '2\n'], () => [409, '3\n']], 'The witness answered 409: 3'],
    ['says a size that is none', [() => [409, 'two\n']], 'The witness answered 409: two'],
    ['says a size that the ledger does not have', [() => [409, '9\n']], 'The witness has signed 9 events, and the ledger has 8.'],
    ['refuses it', [() => [403, `No. ${'x'.repeat(300)}`]], `The witness answered 403: No. ${'x'.repeat(196)}`],
    [
      'answers with another signature',
      [() => [200, cosign('text\n', 'w', STRANGER, 1)]],
      'The witness answered without a valid signature by its key.',
    ],
    [
      'answers with the signature of another',
      [(body) => [200, cosign(parseNote(noteIn(body)).body, 'w', KEY, 1)]],
      'The witness answered without a valid signature by its key.',
    ],
    ['answers with nothing', [() => [200, '']], 'A signature line of the note is malformed.'],
    ['answers too much', [(body) => [200, `${signs(body)[1]}${'x'.repeat(100_001)}`]], 'The answer is too long.'],
    ['sends it elsewhere', [() => [307, '', { location: '/elsewhere' }]], 'fetch failed'],
  ])('is not anchored where a witness %s, which is logged once', async (_, answers, reason) => {
    const witness = await outsider(...answers);
    const hook = await outsider(() => [200, '']);
    const { anchors, sign, messages, cosignatures } = anchored(8, { webhook: hook.url, witnesses: witnesses(witness.url) });
    await until(() => hook.got.length === 1);
    sign(8);
    await until(() => hook.got.length === 2);
    expect(messages).toEqual([[`A checkpoint did not reach ${witness.url}.`, expect.objectContaining({ message: reason })]]);
    expect([anchors.anchored, cosignatures, hook.got.at(-1)!.body]).toEqual([0, [], checkpointOf(8).note]);
  });

  it('is anchored again once an outsider is back, which is logged as well', async () => {
    const hook = await outsider(
      () => [300, ''],
      () => [500, ''],
      () => [299, ''],
    );
    const { anchors, sign, messages } = anchored(3, { webhook: hook.url, witnesses: witnesses((await outsider(signs)).url) });
    for (const size of [4, 5]) {
      await until(() => hook.got.length === size - 3);
      sign(size);
    }
    await until(() => anchors.anchored === 5);
    expect(messages).toEqual([
      [`A checkpoint did not reach ${hook.url}.`, new Error('The webhook answered 300.')],
      [`Checkpoints reach ${hook.url} again.`],
    ]);
    sign(6);
    await until(() => anchors.anchored === 6);
    expect(messages).toHaveLength(2);
  });

  it('is not anchored where its folder cannot be made', async () => {
    const file = join(await folder(), 'file');
    await writeFile(file, '');
    const hook = await outsider(() => [200, '']);
    const { anchors, said } = anchored(3, { dir: file, webhook: hook.url });
    await until(() => hook.got.length === 1);
    expect([anchors.anchored, said()]).toEqual([0, [`A checkpoint did not reach ${file}.`]]);
  });

  it('is given up without a word when the server ends', async () => {
    const asked: string[] = [];
    const silent = createServer(({ url }) => void asked.push(url!));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => (silent.close(resolve), silent.closeAllConnections())));
    const url = `http://127.0.0.1:${(silent.address() as { port: number }).port}`;
    const { anchors, messages, sign } = anchored(3, { webhook: `${url}/hook`, witnesses: witnesses(url) });
    await until(() => asked.length === 1);
    sign(4);
    await anchors.close();
    expect([anchors.anchored, messages, asked]).toEqual([0, [], ['/add-checkpoint']]);
  });
});

describe('the witnesses of a file', () => {
  it('stand one in a line, an address and a key', () => {
    expect(witnessesIn(`# a comment\n\n  \nhttp://a.example:1/ ${SEER}\n \thttps://b.example/w//\t  ${SEER} \n`)).toEqual(
      witnesses('http://a.example:1', 'https://b.example/w/'),
    );
    const long = 'x'.repeat(100);
    for (const [line, message] of [
      ['', 'The file names no witness.'],
      ['# a comment\n\n', 'The file names no witness.'],
      [`http://a.example ${SEER}\n`.repeat(63), 'A checkpoint has room for 62 witnesses.'],
      ['a key', 'A witness is an address and a key, not "a key".'],
      [long, `A witness is an address and a key, not "${long.slice(0, 80)}".`],
      [`http://a ${SEER} more`, 'A witness is an address and a key, not'],
      ['http://a', 'A key is a line <name>+<id>+<base64> of an Ed25519 key.'],
      [`http://a ${keyText('w')}`, 'The key of w is none of a witness.'],
    ] as const)
      expect(() => witnessesIn(line)).toThrow(message);
  });
});
