import { createReadStream, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArchiveError, membersOf, readMember, type Member } from './bundle-archive.js';

/** The files of a bundle that is checked: of a folder, or of an archive. */
export interface BundleFolder {
  /** Bytes of a file; undefined where there is none. */
  sizeOf(path: string): number | undefined;
  /** All bytes of a file that is there. */
  bytesOf(path: string): Promise<Buffer>;
  /** In pieces of 1 MB. */
  read(path: string): AsyncIterable<Buffer>;
}

/** Bytes that are read at once. */
const CHUNK = 1 << 20;

/** @param at a folder, or an archive. @throws InvalidArchiveError */
export const openBundle = async (at: string): Promise<BundleFolder> => (isFile(at) ? archived(at, await membersIn(at)) : inFolder(at));

const isFile = (at: string): boolean => statSync(at, { throwIfNoEntry: false })?.isFile() ?? false;

const inFolder = (dir: string): BundleFolder => ({
  sizeOf: (path) => {
    try {
      const stats = statSync(join(dir, path));
      return stats.isFile() ? stats.size : undefined;
    } catch {
      return undefined; // also where no file can have such a name
    }
  },
  bytesOf: async (path) => readFileSync(join(dir, path)),
  read: (path) => createReadStream(join(dir, path), { highWaterMark: CHUNK }),
});

const membersIn = async (archive: string): Promise<ReadonlyMap<string, Member>> => {
  try {
    return await membersOf(archive);
  } catch (error) {
    throw error instanceof InvalidArchiveError ? error : new InvalidArchiveError('It cannot be read.', { cause: error });
  }
};

const archived = (archive: string, members: ReadonlyMap<string, Member>): BundleFolder => {
  const read = (path: string) => readMember(archive, members.get(path)!);
  return {
    sizeOf: (path) => members.get(path)?.size,
    bytesOf: async (path) => Buffer.concat(await Array.fromAsync(read(path))),
    read,
  };
};
