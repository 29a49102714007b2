import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { isBundlePath } from './bundle.js';

/** Media type of a bundle in one file. */
export const ARCHIVE_TYPE = 'application/zip';
/** Bytes of an archive at most: sizes and places in it are numbers of 32 bits. */
export const MAX_ARCHIVE = 2 ** 32 - 1;
/** Their number is one of 16 bits. */
const MAX_FILES = 0xffff;

/** The archive would be larger than it may be. */
export class ArchiveTooLargeError extends Error {
  override readonly name = 'ArchiveTooLargeError';
}
/** A file is no archive of a bundle: the message says why. */
export class InvalidArchiveError extends Error {
  override readonly name = 'InvalidArchiveError';
}

/** A file that goes into an archive. Its content is taken before the next file is asked for. */
export interface ArchivedFile {
  readonly path: string;
  readonly content: AsyncIterable<string | Uint8Array>;
}

const LOCAL = 0x04034b50;
const DESCRIPTOR = 0x08074b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const [LOCAL_BYTES, CENTRAL_BYTES, END_BYTES] = [30, 46, 22];
/** Sizes and checksum stand behind the bytes, and in the directory. */
const BEHIND = 8;
/** Of the format: 2.0. A bundle has no times of its own, so all of it is of the first day that the format can write. */
const [NEEDED, FIRST_DAY] = [20, 0x21];
/** A regular file that everybody may read, as Unix writes it. */
const [MADE_BY, ATTRIBUTES] = [(3 << 8) | NEEDED, 0o100644 * 2 ** 16];

interface Written {
  readonly path: string;
  readonly offset: number;
  readonly size: number;
  readonly crc: number;
}

/**
 * A ZIP archive as it is written from its first byte to its last, without knowing what comes: each file as it is, not compressed. It holds
 * one piece of a content at a time, and asks for the next when this one was taken.
 * @throws ArchiveTooLargeError behind `MAX_ARCHIVE` bytes or 65,535 files
 */
export async function* archiveOf(files: AsyncIterable<ArchivedFile>): AsyncGenerator<Buffer, void, undefined> {
  const written: Written[] = [];
  let at = 0;
  const counted = (bytes: Buffer): Buffer => {
    at += bytes.length;
    if (at > MAX_ARCHIVE) throw new ArchiveTooLargeError(`An archive has ${MAX_ARCHIVE} bytes at most.`);
    return bytes;
  };
  for await (const { path, content } of files) {
    if (written.length === MAX_FILES) throw new ArchiveTooLargeError(`An archive has ${MAX_FILES} files at most.`);
    const offset = at;
    let [size, crc] = [0, 0];
    yield counted(Buffer.concat([localHeader(path), Buffer.from(path)]));
    for await (const piece of content) {
      const bytes = typeof piece === 'string' ? Buffer.from(piece) : Buffer.from(piece.buffer, piece.byteOffset, piece.length);
      size += bytes.length;
      crc = crc32(bytes, crc);
      if (bytes.length > 0) yield counted(bytes);
    }
    yield counted(descriptor(size, crc));
    written.push({ path, offset, size, crc });
  }
  const directory = Buffer.concat(written.flatMap((file) => [centralHeader(file), Buffer.from(file.path)]));
  yield counted(Buffer.concat([directory, endRecord(written.length, directory.length, at)]));
}

const localHeader = (path: string): Buffer => {
  const header = Buffer.alloc(LOCAL_BYTES);
  header.writeUInt32LE(LOCAL, 0);
  header.writeUInt16LE(NEEDED, 4);
  header.writeUInt16LE(BEHIND, 6);
  header.writeUInt16LE(FIRST_DAY, 12);
  header.writeUInt16LE(path.length, 26);
  return header;
};
const descriptor = (size: number, crc: number): Buffer => {
  const bytes = Buffer.alloc(16);
  for (const [i, value] of [DESCRIPTOR, crc, size, size].entries()) bytes.writeUInt32LE(value, 4 * i);
  return bytes;
};
const centralHeader = ({ path, offset, size, crc }: Written): Buffer => {
  const header = Buffer.alloc(CENTRAL_BYTES);
  header.writeUInt32LE(CENTRAL, 0);
  for (const [i, value] of [MADE_BY, NEEDED, BEHIND, 0, 0, FIRST_DAY].entries()) header.writeUInt16LE(value, 4 + 2 * i);
  for (const [i, value] of [crc, size, size].entries()) header.writeUInt32LE(value, 16 + 4 * i);
  header.writeUInt16LE(path.length, 28);
  header.writeUInt32LE(ATTRIBUTES, 38);
  header.writeUInt32LE(offset, 42);
  return header;
};
const endRecord = (files: number, directory: number, offset: number): Buffer => {
  const record = Buffer.alloc(END_BYTES);
  record.writeUInt32LE(END, 0);
  for (const at of [8, 10]) record.writeUInt16LE(files, at);
  record.writeUInt32LE(directory, 12);
  record.writeUInt32LE(offset, 16);
  return record;
};

/** Where the bytes of a file of an archive are. */
export interface Member {
  readonly from: number;
  readonly size: number;
}
/** Bytes of a directory that are read at most: some 100,000 files. */
const MAX_DIRECTORY = 16 << 20;

/**
 * The files of an archive by their paths, once each has the checksum that the directory says. What the directory does not name is not
 * looked at. @throws InvalidArchiveError
 */
export const membersOf = async (archive: string): Promise<ReadonlyMap<string, Member>> => {
  const file = await open(archive, 'r');
  try {
    const members = new Map<string, Member>();
    for (const { path, offset, size, crc } of await directoryOf(file)) {
      const from = await contentAt(file, path, offset);
      if (members.has(path)) throw new InvalidArchiveError(`It has ${path} twice.`);
      members.set(path, { from, size });
      if ((await checksumOf(archive, { from, size })) !== crc) throw new InvalidArchiveError(`The checksum of ${path} is another one.`);
    }
    return members;
  } finally {
    await file.close();
  }
};

const bytesAt = async (file: FileHandle, from: number, size: number): Promise<Buffer> => {
  const bytes = Buffer.alloc(size);
  const { bytesRead } = from < 0 ? { bytesRead: -1 } : await file.read(bytes, 0, size, from);
  if (bytesRead !== size) throw new InvalidArchiveError('It ends too early.');
  return bytes;
};

const directoryOf = async (file: FileHandle): Promise<readonly Written[]> => {
  const end = (await file.stat()).size - END_BYTES;
  const record = await bytesAt(file, end, END_BYTES);
  const [size, offset] = [record.readUInt32LE(12), record.readUInt32LE(16)];
  if (record.readUInt32LE(0) !== END || offset + size !== end)
    throw new InvalidArchiveError('It is no ZIP archive, or one that something was added to.');
  if (size > MAX_DIRECTORY) throw new InvalidArchiveError('Its directory is too large.');
  const directory = await bytesAt(file, offset, size);
  const files: Written[] = [];
  for (let at = 0; at < size;) {
    if (at + CENTRAL_BYTES > size || directory.readUInt32LE(at) !== CENTRAL) throw new InvalidArchiveError('Its directory is malformed.');
    const [needed, flags, method] = [6, 8, 10].map((offset) => directory.readUInt16LE(at + offset));
    const [crc, stored, whole] = [16, 20, 24].map((offset) => directory.readUInt32LE(at + offset));
    const [name, extra, comment] = [28, 30, 32].map((offset) => directory.readUInt16LE(at + offset));
    const path = directory.toString('latin1', at + CENTRAL_BYTES, at + CENTRAL_BYTES + name!);
    const isStored = needed === NEEDED && flags === BEHIND && method === 0 && stored === whole && extra === 0 && comment === 0;
    if (!isStored || !isBundlePath(path)) throw new InvalidArchiveError(`A file in it is not written as those of a bundle are.`);
    files.push({ path, crc: crc!, size: whole!, offset: directory.readUInt32LE(at + 42) });
    at += CENTRAL_BYTES + name!;
  }
  if (files[0]?.offset !== 0) throw new InvalidArchiveError('It does not begin with a file.');
  return files;
};

const contentAt = async (file: FileHandle, path: string, offset: number): Promise<number> => {
  const header = await bytesAt(file, offset, LOCAL_BYTES + path.length);
  const isSame = header.readUInt16LE(26) === path.length && header.toString('latin1', LOCAL_BYTES) === path;
  if (header.readUInt32LE(0) !== LOCAL || !isSame) throw new InvalidArchiveError(`${path} is not where the directory says.`);
  return offset + header.length + header.readUInt16LE(28);
};

const checksumOf = async (archive: string, member: Member): Promise<number> => {
  let [crc, size] = [0, 0];
  for await (const chunk of readMember(archive, member)) {
    crc = crc32(chunk, crc);
    size += chunk.length;
  }
  if (size !== member.size) throw new InvalidArchiveError('It ends too early.');
  return crc;
};

export const readMember = async function* (archive: string, { from, size }: Member): AsyncGenerator<Buffer, void, undefined> {
  if (size > 0) yield* createReadStream(archive, { start: from, end: from + size - 1, highWaterMark: 1 << 20 });
};
