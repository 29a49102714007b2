import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  archiveOf,
  ArchiveTooLargeError,
  InvalidArchiveError,
  membersOf,
  readMember,
  type ArchivedFile,
} from '../../src/proof/bundle-archive.js';
import { openBundle } from '../../src/proof/bundle-folder.js';

let folder: string | undefined;
let made = 0;
afterAll(async () => {
  if (folder !== undefined) await rm(folder, { recursive: true });
});
const kept = async (bytes: Buffer): Promise<string> => {
  folder ??= await mkdtemp(join(tmpdir(), 'tower-ledger-form-'));
  const file = join(folder, `${++made}.zip`);
  await writeFile(file, bytes);
  return file;
};
async function* listed(files: Readonly<Record<string, readonly (string | Uint8Array)[]>>): AsyncGenerator<ArchivedFile> {
  for (const [path, pieces] of Object.entries(files)) yield { path, content: iterated(pieces) };
}
async function* iterated(pieces: readonly (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  yield* pieces;
}
const archived = async (files: Readonly<Record<string, readonly (string | Uint8Array)[]>>): Promise<Buffer> =>
  Buffer.concat(await Array.fromAsync(archiveOf(listed(files))));

const files = { 'a/b.txt': ['ü', Buffer.from('xyz').subarray(1), ''], empty: [], last: ['z'.repeat(10)] };
/** Where the parts of an archive of these files begin. */
const parts = async () => {
  const bytes = await archived(files);
  const end = bytes.length - 22;
  const directory = bytes.readUInt32LE(end + 16);
  return { bytes, end, directory, second: directory + 46 + 'a/b.txt'.length };
};

describe('an archive', () => {
  it('holds its files as they are, in their order, and is read as it was written', async () => {
    const { bytes } = await parts();
    const archive = await kept(bytes);
    const members = await membersOf(archive);
    expect([...members.keys()]).toEqual(['a/b.txt', 'empty', 'last']);
    const read = await openBundle(archive);
    const texts = await Promise.all([...members.keys()].map(async (path) => (await read.bytesOf(path)).toString()));
    expect(texts).toEqual(['üyz', '', 'z'.repeat(10)]);
    expect(['a/b.txt', 'empty', 'none'].map((path) => read.sizeOf(path))).toEqual([4, 0, undefined]);
    expect(await Array.fromAsync(readMember(archive, members.get('empty')!))).toEqual([]);
    // each piece goes out as it comes, with the header before it and the sizes behind it
    const pieces = await Array.fromAsync(archiveOf(listed({ x: ['one', '', 'two'] })));
    expect(pieces.map((piece) => piece.length)).toEqual([31, 3, 3, 16, 46 + 1 + 22]);
  });

  it('says of each file what others need to unpack it', async () => {
    const { bytes, directory, second, end } = await parts();
    const words = (at: number, count: number) => Array.from({ length: count }, (_, n) => bytes.readUInt16LE(at + 2 * n));
    // needed, flags, method, time, day; then nothing, since it is not known yet; the lengths of the name and of nothing more
    expect(words(4, 13)).toEqual([20, 8, 0, 0, 0x21, 0, 0, 0, 0, 0, 0, 7, 0]);
    expect(words(directory + 4, 6)).toEqual([(3 << 8) | 20, 20, 8, 0, 0, 0x21]);
    expect([20, 24].map((at) => bytes.readUInt32LE(directory + at))).toEqual([4, 4]);
    expect(words(directory + 28, 5)).toEqual([7, 0, 0, 0, 0]);
    expect([38, 42].map((at) => bytes.readUInt32LE(directory + at))).toEqual([0o100644 * 2 ** 16, 0]);
    expect(bytes.readUInt32LE(second + 42)).toBe(30 + 7 + 4 + 16);
    expect(words(end + 4, 4)).toEqual([0, 0, 3, 3]);
    expect([12, 16].map((at) => bytes.readUInt32LE(end + at))).toEqual([end - directory, directory]);
    const behind = 30 + 7 + 4;
    expect([0, 8, 12].map((at) => bytes.readUInt32LE(behind + at))).toEqual([0x08074b50, 4, 4]);
    expect(bytes.readUInt32LE(behind + 4)).toBe(bytes.readUInt32LE(directory + 16));
  });

  it('has 65,535 files at most', async () => {
    const many = async function* (count: number): AsyncGenerator<ArchivedFile> {
      for (let n = 0; n < count; n++) yield { path: 'x', content: iterated([]) };
    };
    const taken = async (count: number) => {
      let bytes = 0;
      for await (const piece of archiveOf(many(count))) bytes += piece.length;
      return bytes;
    };
    expect(await taken(65_535)).toBe(65_535 * (30 + 1 + 16 + 46 + 1) + 22);
    await expect(taken(65_536)).rejects.toThrow(new ArchiveTooLargeError('An archive has 65535 files at most.'));
  });

  const other = 'It is no ZIP archive, or one that something was added to.';
  const written = 'A file in it is not written as those of a bundle are.';
  type Places = Awaited<ReturnType<typeof parts>>;
  it.each<[string, (places: Places) => Buffer, string]>([
    ['is empty', () => Buffer.alloc(0), 'It ends too early.'],
    ['is shorter than its end', () => Buffer.alloc(21), 'It ends too early.'],
    ['has another end', ({ bytes, end }) => changed(bytes, end, 0), other],
    [
      'has something before its directory',
      ({ bytes, directory }) => Buffer.concat([bytes.subarray(0, directory), Buffer.alloc(1), bytes.subarray(directory)]),
      other,
    ],
    ['says that its directory is longer', ({ bytes, end }) => changed(bytes, end + 12, bytes[end + 12]! + 1), other],
    ['has a directory of something else', ({ bytes, directory }) => changed(bytes, directory, 0), 'Its directory is malformed.'],
    ['has something else in its directory', ({ bytes, second }) => changed(bytes, second, 0), 'Its directory is malformed.'],
    [
      'has a directory that ends within a file',
      ({ bytes, end, directory }) => endingWith(bytes.subarray(0, end - 5), directory),
      'Its directory is malformed.',
    ],
    ['needs a later version', ({ bytes, directory }) => changed(bytes, directory + 6, 45), written],
    ['has encrypted files', ({ bytes, directory }) => changed(bytes, directory + 8, 9), written],
    ['has compressed files', ({ bytes, directory }) => changed(bytes, directory + 10, 8), written],
    ['says two sizes of a file', ({ bytes, directory }) => changed(bytes, directory + 20, 5), written],
    ['has a comment of a file', ({ bytes, directory }) => changed(bytes, directory + 32, 1), written],
    ['has more about a file', ({ bytes, directory }) => changed(bytes, directory + 30, 1), written],
    ['has a path out of it', ({ bytes, directory }) => changed(bytes, directory + 46, 0x2f), written],
    ['has another path in the place of a file', ({ bytes }) => changed(bytes, 30, 0x62), 'a/b.txt is not where the directory says.'],
    ['has a longer path in the place of a file', ({ bytes }) => changed(bytes, 26, 8), 'a/b.txt is not where the directory says.'],
    ['has no file in the place of one', ({ bytes }) => changed(bytes, 0, 0), 'a/b.txt is not where the directory says.'],
    ['says that a file is elsewhere', ({ bytes, second }) => changed(bytes, second + 42, 0), 'empty is not where the directory says.'],
    ['says that a file is behind its end', ({ bytes, second }) => changed(bytes, second + 44, 0xff), 'It ends too early.'],
    ['has other bytes', ({ bytes }) => changed(bytes, 30 + 7, 0), 'The checksum of a/b.txt is another one.'],
    [
      'says another checksum',
      ({ bytes, directory }) => changed(bytes, directory + 16, bytes[directory + 16]! ^ 1),
      'The checksum of a/b.txt is another one.',
    ],
    [
      'says that a file has more bytes than there are',
      ({ bytes, directory }) => changed(changed(bytes, directory + 22, 0xff), directory + 26, 0xff),
      'It ends too early.',
    ],
    ['does not begin with a file', ({ bytes, directory }) => changed(bytes, directory + 42, 1), 'It does not begin with a file.'],
    ['has no file', () => endingWith(Buffer.alloc(0), 0), 'It does not begin with a file.'],
    ['has too large a directory', () => endingWith(Buffer.alloc((16 << 20) + 1), 0), 'Its directory is too large.'],
  ])('is none of a bundle where it %s', async (_, change, message) => {
    await expect(membersOf(await kept(change(await parts())))).rejects.toThrow(new InvalidArchiveError(message));
  });

  it('is none where it has a path twice, or cannot be read', async () => {
    const twice = async function* () {
      yield* listed({ x: ['a'] });
      yield* listed({ x: ['a'] });
    };
    const archive = await kept(Buffer.concat(await Array.fromAsync(archiveOf(twice()))));
    await expect(openBundle(archive)).rejects.toThrow(new InvalidArchiveError('It has x twice.'));
    expect((await openBundle(join(archive, '..'))).sizeOf('none')).toBeUndefined();
    expect((await openBundle(join(archive, '..', 'nowhere'))).sizeOf('bundle.json')).toBeUndefined();
  });
});

const changed = (bytes: Buffer, at: number, to: number): Buffer => Buffer.from(bytes.with(at, to));
/** With the record at its end: a directory from a place on. */
const endingWith = (bytes: Buffer, directory: number): Buffer => {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt32LE(bytes.length - directory, 12);
  end.writeUInt32LE(directory, 16);
  return Buffer.concat([bytes, end]);
};
