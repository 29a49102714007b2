import { afterAll, describe, expect, it } from '@jest/globals';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signCheckpoint } from '../../src/proof/checkpoint.js';
import { EvidenceDiffersError, EvidenceFolder, EvidenceTooLargeError, isSha256 } from '../../src/proof/evidence-folder.js';
import { cosign, parseNote, rawOf, verifierKey } from '../../src/proof/note.js';
import { ProofFolder, ProofFolderError } from '../../src/proof/proof-folder.js';
import { ORIGIN, STRANGER } from './made-bundle.js';

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true }))));
const folder = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'tower-ledger-folders-'));
  folders.push(dir);
  return dir;
};
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe('the folder of evidence', () => {
  const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
  async function* sent(...chunks: readonly string[]): AsyncGenerator<Buffer> {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  const limits = { maxBytes: 10, maxTotal: 16 };

  it('keeps each piece once, under its hash, for its owner alone', async () => {
    const dir = await folder();
    const evidence = new EvidenceFolder(dir, limits);
    expect([await evidence.list(), await evidence.files(), await evidence.bytes()]).toEqual([[], [], 0]);
    const hash = hashOf('a paper');
    expect(await evidence.put(hash, sent('a ', 'paper'))).toBe(true);
    expect([await evidence.put(hash, sent('a paper')), await evidence.bytes()]).toEqual([false, 7]);
    expect([await evidence.check(hash), await evidence.check(hashOf('none'))]).toEqual([7, undefined]);
    expect(Buffer.concat(await Array.fromAsync(evidence.read(hash) as AsyncIterable<Buffer>)).toString()).toBe('a paper');
    expect(await Promise.all([modeOf(join(dir, 'evidence')), modeOf(join(dir, 'evidence', hash))])).toEqual([0o700, 0o600]);
    await writeFile(join(dir, 'evidence', 'B.partial'), '');
    await writeFile(join(dir, 'evidence', 'A.partial'), '');
    expect([await evidence.list(), await evidence.files()]).toEqual([[hash], [hash, 'A.partial', 'B.partial'].sort()]);
    expect(await new EvidenceFolder(dir, limits).bytes()).toBe(7);
  });

  it('keeps nothing that is not what its address says, that is too large, or whose sending ended', async () => {
    const dir = await folder();
    const evidence = new EvidenceFolder(dir, limits);
    await expect(evidence.put(hashOf('one'), sent('two'))).rejects.toThrow(new EvidenceDiffersError(`must have the SHA-256 of its address, and has ${hashOf('two')}`)); // prettier-ignore
    const ten = 'x'.repeat(10);
    await expect(evidence.put(hashOf(`${ten}x`), sent(ten, 'x'))).rejects.toThrow(new EvidenceTooLargeError('A piece of evidence has 10 bytes at most.')); // prettier-ignore
    const cut = async function* () {
      yield Buffer.from('half');
      throw new Error('The client has gone.');
    };
    await expect(evidence.put(hashOf('half'), cut())).rejects.toThrow('The client has gone.');
    expect([await evidence.files(), await evidence.bytes()]).toEqual([[], 0]);
    expect(await evidence.put(hashOf(ten), sent(ten))).toBe(true);
    await expect(evidence.put(hashOf('7 bytes'), sent('7 bytes'))).rejects.toThrow(new EvidenceTooLargeError('All evidence has 16 bytes at most.')); // prettier-ignore
    expect([await evidence.put(hashOf('6bytes'), sent('6bytes')), await evidence.bytes()]).toEqual([true, 16]);
    expect(await evidence.files()).toHaveLength(2);
    await expect(new EvidenceFolder(dir).put(hashOf('x'), sent('x'))).rejects.toThrow('A piece of evidence has 0 bytes at most.');
  });

  it('counts what is coming, so two pieces at once are no more than may be', async () => {
    const dir = await folder();
    const evidence = new EvidenceFolder(dir, { maxBytes: 10, maxTotal: 15 });
    const pieces = ['x'.repeat(10), 'y'.repeat(10)];
    const put = await Promise.allSettled(pieces.map((text) => evidence.put(hashOf(text), sent(text.slice(0, 5), text.slice(5)))));
    const kept = put.filter(({ status }) => status === 'fulfilled').length;
    expect([kept < 2, await evidence.bytes(), (await evidence.files()).length]).toEqual([true, 10 * kept, kept]);
  });

  it('shows no piece that was altered, and reaches no other file', async () => {
    const dir = await folder();
    const evidence = new EvidenceFolder(dir, limits);
    await evidence.put(hashOf('one'), sent('one'));
    await writeFile(join(dir, 'evidence', hashOf('one')), 'two');
    await expect(evidence.check(hashOf('one'))).rejects.toThrow(new EvidenceDiffersError(`The evidence ${hashOf('one')} is not what was sent: its hash differs.`)); // prettier-ignore
    for (const name of ['../key', 'x', hashOf('x').toUpperCase(), `${hashOf('x')}/`]) {
      expect(isSha256(name)).toBe(false);
      expect(() => evidence.read(name)).toThrow(new TypeError('This is no SHA-256.'));
    }
  });
});

describe('the folder of keys and notes', () => {
  const noteBy = (proofs: ProofFolder, size: number): string =>
    signCheckpoint({ origin: ORIGIN, size, root: 'ab'.repeat(32), genesis: 'cd'.repeat(32) }, proofs.key()).note;
  const sizes = (proofs: ProofFolder): number[] => proofs.older().map(({ size }) => size);

  it('has a key that its owner alone may use, and makes it once', async () => {
    const dir = await folder();
    const proofs = new ProofFolder(dir);
    const file = join(dir, 'proof', 'key.pem');
    expect(proofs.hasKey).toBe(false);
    expect(() => proofs.key()).toThrow(new ProofFolderError(`${file} does not exist.`));
    expect(proofs.verifiers(ORIGIN)).toEqual([]);
    const key = proofs.keyOrNew();
    expect([proofs.hasKey, key.asymmetricKeyType, proofs.keyOrNew().equals(key)]).toEqual([true, 'ed25519', true]);
    expect(await Promise.all([modeOf(join(dir, 'proof')), modeOf(file)])).toEqual([0o700, 0o600]);
    for (const mode of [0o640, 0o604, 0o601]) {
      await chmod(file, mode);
      expect(() => proofs.key()).toThrow(`Others than its owner may use ${file}. Take that from them (chmod 600), and replace the key.`);
    }
    await chmod(file, 0o400);
    expect(proofs.key().equals(key)).toBe(true);
    await chmod(file, 0o600);
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
    await writeFile(file, other);
    expect(() => proofs.key()).toThrow(`${file} holds no Ed25519 key in PEM: it is a key for ec.`);
    await writeFile(file, 'none');
    expect(() => proofs.key()).toThrow(`${file} holds no Ed25519 key in PEM: `);
    await rm(file);
    await mkdir(file, 0o700);
    expect(() => proofs.key()).toThrow(`${file} cannot be read: EISDIR`);
    expect(new ProofFolderError('x')).toMatchObject({ name: 'ProofFolderError', code: 'no-proof-folder' });
  });

  it('may have its key elsewhere, which all nodes share', async () => {
    const [dir, shared] = [await folder(), join(await folder(), 'a', 'shared.pem')];
    const key = new ProofFolder(dir, shared).keyOrNew();
    expect(new ProofFolder(await folder(), shared).key().equals(key)).toBe(true);
    expect(new ProofFolder(dir).hasKey).toBe(false);
  });

  it('knows the former keys of a key that another node replaced', async () => {
    const shared = join(await folder(), 'shared.pem');
    const [here, there] = [new ProofFolder(await folder(), shared), new ProofFolder(await folder(), shared)];
    for (const node of [here, there]) node.keyOrNew();
    await there.keep(noteBy(there, 5));
    here.rotate();
    here.rotate();
    expect(there.last()!.size).toBe(5);
    expect([here, there].map((node) => node.verifiers(ORIGIN).length)).toEqual([3, 3]);
  });

  it('knows its former keys, so what they signed stays valid', async () => {
    const dir = await folder();
    const proofs = new ProofFolder(dir);
    proofs.keyOrNew();
    await proofs.keep(noteBy(proofs, 5));
    const [one, two] = [proofs.rotate(), proofs.rotate()];
    expect(one.now.equals(two.former)).toBe(true);
    expect(new Set([one.former, two.former, two.now].map((key) => rawOf(key).toString('hex'))).size).toBe(3);
    expect(proofs.verifiers(ORIGIN).map(({ name, key }) => verifierKey(name, key))).toEqual(
      [two.now, one.former, two.former].map((key) => verifierKey(ORIGIN, key)),
    );
    expect(proofs.last()!.size).toBe(5);
    expect(await modeOf(join(dir, 'proof', 'former-keys'))).toBe(0o600);
    await rm(join(dir, 'proof', 'former-keys'));
    expect(() => proofs.last()).toThrow('has no valid signature by a known key');
  });

  it('keeps the last note, and older ones with all of their signatures', async () => {
    const dir = await folder();
    const proofs = new ProofFolder(dir);
    proofs.keyOrNew();
    expect([proofs.last(), proofs.older(), proofs.epochs()]).toEqual([undefined, [], []]);
    const notes = [1, 2, 3].map((size) => {
      const note = noteBy(proofs, size);
      return size === 2 ? note + cosign(parseNote(note).body, 'w', STRANGER, 1) : note;
    });
    for (const note of notes) {
      await proofs.keep(note);
      proofs.keepOlder(note);
    }
    expect(proofs.last()!.note).toBe(notes[2]);
    expect(proofs.older().map(({ note }) => note)).toEqual(notes);
    const foreign = signCheckpoint({ origin: ORIGIN, size: 9, root: 'ab'.repeat(32), genesis: 'cd'.repeat(32) }, STRANGER).note;
    proofs.keepOlder(foreign);
    proofs.keepOlder(noteBy(proofs, 10));
    expect(sizes(proofs)).toEqual([1, 2, 3, 10]);
    expect((await readdir(join(dir, 'proof'))).sort()).toEqual(['checkpoint', 'key.pem', 'older-checkpoints']);
    expect(await Promise.all(['checkpoint', 'older-checkpoints'].map((name) => modeOf(join(dir, 'proof', name))))).toEqual([0o600, 0o600]);
  });

  it('removes every second note of the older half where there are more than it keeps', async () => {
    const dir = await folder();
    const proofs = new ProofFolder(dir);
    proofs.keyOrNew();
    await mkdir(join(dir, 'proof'), { recursive: true });
    const notes = Array.from({ length: 256 }, (_, n) => noteBy(proofs, n + 1));
    await writeFile(join(dir, 'proof', 'older-checkpoints'), notes.slice(0, 255).join('\n\n'));
    proofs.keepOlder(notes[255]!);
    const kept = async () =>
      (await readFile(join(dir, 'proof', 'older-checkpoints'), 'utf8')).split('\n\n\n').map((text) => Number(text.split('\n')[1]));
    expect(await kept()).toEqual(notes.map((_, n) => n + 1));
    proofs.keepOlder(noteBy(proofs, 257));
    const all = Array.from({ length: 257 }, (_, n) => n + 1);
    expect(await kept()).toEqual(all.filter((n) => n > 128 || n % 2 === 1));
  });

  it('has its epochs in their order', async () => {
    const proofs = new ProofFolder(await folder());
    const epoch = (n: number) => ({
      epoch: n,
      begunAt: '2026-03-04T05:06:07.089Z',
      size: n,
      root: 'ab'.repeat(32),
      agreesUpTo: 1,
      last: 'a\nb',
    });
    proofs.begin(epoch(2));
    proofs.begin(epoch(3));
    expect(proofs.epochs()).toEqual([epoch(2), epoch(3)]);
  });
});
