import { afterAll, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:http';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startWitness } from '../../src/operate/witness-server.js';
import { Anchors, witnessesIn } from '../../src/proof/anchors.js';
import { signCheckpoint } from '../../src/proof/checkpoint.js';
import { Checkpoints } from '../../src/proof/checkpoints.js';
import { parseNote, parseVerifierKey, signedBy } from '../../src/proof/note.js';
import { ProofFolder } from '../../src/proof/proof-folder.js';
import { witnessRequest } from '../../src/proof/witness.js';
import { consistencyProof } from '../../src/store/merkle-proof.js';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { fact, freshStream, newId } from '../store/event-store.contract.js';

const folders: string[] = [];
const folder = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'tower-ledger-witness-'));
  folders.push(dir);
  return dir;
};
const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
  await Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true })));
});

const now = () => '2026-03-04T05:06:07.089Z';
const SECONDS = 1_772_600_767;

/** A ledger with checkpoints, and a witness that knows its key. */
const world = async () => {
  const [dir, own] = [await folder(), await folder()];
  const store = await SqliteStore.open({ dir, timeZone: 'Europe/London', now, newId });
  const checkpoints = await Checkpoints.open({ store, folder: new ProofFolder(dir), host: 'example.org', now, log: () => undefined });
  const start = () =>
    startWitness({
      dir: own,
      name: 'w.example.org',
      ledgers: `# known\n${checkpoints.verifierKey}\n`,
      host: '127.0.0.1',
      port: 0,
      now: () => SECONDS * 1000,
    });
  const witness = await start();
  closing.push(
    () => store.close(),
    () => checkpoints.close(),
    () => witness.close(),
  );
  const record = () => store.append(freshStream(), -1, [fact()]);
  const ask = async (body: string, url = witness.url) => {
    const answer = await fetch(`${url}/add-checkpoint`, { method: 'POST', body });
    return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
  };
  return { store, checkpoints, witness, record, ask, start, dir };
};
const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  for (let n = 0; !(await holds()); n++) {
    if (n > 500) throw new Error('It did not come to pass.');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

describe('a witness', () => {
  it('signs a checkpoint that continues the one before, and refuses every other one as C2SP says', async () => {
    const { store, checkpoints, witness, record, ask, start } = await world();
    for (let n = 0; n < 3; n++) await record();
    const three = (await checkpoints.current())!;
    const first = await ask(witnessRequest(0, [], three.note));
    expect(first.status).toBe(200);
    expect(signedBy(parseNote(three.note + first.text), parseVerifierKey(witness.key))).toBe(SECONDS);

    for (let n = 0; n < 4; n++) await record();
    const seven = (await checkpoints.current())!;
    const proof = consistencyProof(store.tree, 3, 7);
    const size = { status: 409, type: 'text/x.tlog.size', text: '3\n' };
    expect(await ask(witnessRequest(0, [], seven.note))).toEqual(size);
    expect(await ask(witnessRequest(2, consistencyProof(store.tree, 2, 7), seven.note))).toEqual(size);
    expect((await ask(witnessRequest(3, proof.slice(1), seven.note))).status).toBe(422);
    expect((await ask(witnessRequest(8, [], seven.note))).status).toBe(400);
    expect((await ask(`old 03\n\n${seven.note}`)).status).toBe(400);
    expect((await ask(witnessRequest(3, proof, seven.note.replace('\n7\n', '\n6\n')))).status).toBe(403);
    expect((await ask(witnessRequest(3, proof, seven.note.replaceAll('example.org', 'example.com')))).status).toBe(404);
    const forged = signCheckpoint({ ...three, root: 'ab'.repeat(32) }, checkpoints.folder.key());
    expect(await ask(witnessRequest(3, [], forged.note))).toEqual(size);
    expect((await ask(witnessRequest(3, proof, seven.note))).status).toBe(200);
    expect((await ask(witnessRequest(7, [], seven.note))).status).toBe(200);
    expect((await fetch(`${witness.url}/add-checkpoint`)).status).toBe(405);
    expect((await fetch(witness.url, { method: 'POST' })).status).toBe(404);

    await witness.close();
    const again = await start();
    closing.push(() => again.close());
    expect(again.key).toBe(witness.key);
    expect(await ask(witnessRequest(3, proof, seven.note), again.url)).toEqual({ ...size, text: '7\n' });
  });
});

describe('a checkpoint', () => {
  it('goes to a folder, to a webhook and to witnesses, whose signatures it carries from then on', async () => {
    const { checkpoints, witness, record, store, dir } = await world();
    const got: string[] = [];
    const hook = createServer((request, response) => {
      let body = '';
      request
        .on('data', (chunk) => (body += chunk))
        .on('end', () => {
          got.push(body);
          response.end();
        });
    });
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => hook.close(() => resolve())));
    const drop = join(await folder(), 'kept');
    const messages: string[] = [];
    const anchors = new Anchors(checkpoints, {
      dir: drop,
      webhook: `http://127.0.0.1:${(hook.address() as { port: number }).port}/`,
      witnesses: witnessesIn(`# who signs\n${witness.url}/ ${witness.key}\n`),
      everyMs: 20,
      log: (message) => void messages.push(message),
    });
    closing.push(() => anchors.close());
    for (let n = 0; n < 5; n++) await record();
    await checkpoints.current();
    await until(() => anchors.anchored === 5);
    const note = checkpoints.latest!.note;
    expect(signedBy(parseNote(note), parseVerifierKey(witness.key))).toBe(SECONDS);
    expect(got.at(-1)).toBe(note);
    const files = await readdir(drop);
    expect(
      await readFile(
        join(
          drop,
          files.find((name) => name.endsWith('_5'))!,
        ),
        'utf8',
      ),
    ).toBe(note);
    expect(new ProofFolder(dir).last()!.note).toBe(note);

    await witness.close();
    await record();
    await checkpoints.current();
    await until(() => messages.length > 0);
    expect(messages).toEqual([`A checkpoint did not reach ${witness.url}.`]);
    expect([anchors.anchored, store.size()]).toEqual([5, 6]);
  });

  it('is not sent to what is no address and no key of a witness', async () => {
    const { checkpoints, dir } = await world();
    expect(() => witnessesIn('# none\n\n')).toThrow('The file names no witness.');
    expect(() => witnessesIn('no-address key')).toThrow('A witness is an address and a key');
    expect(() => witnessesIn(`http://localhost ${checkpoints.verifierKey}`)).toThrow('is none of a witness');
    expect(() => witnessesIn('http://localhost key')).toThrow('A key is a line');
    await writeFile(join(dir, 'proof', 'checkpoint'), 'nothing');
    expect(() => new ProofFolder(dir).last()).toThrow('This is no signed note.');
  });
});
