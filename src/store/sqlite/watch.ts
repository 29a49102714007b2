import { read, readSync, statSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';

/** How often the files are looked at. */
const EVERY_MS = 2000;

/** Whether a file still holds what was written to it, by the bytes that it has and had: if not it was cut, or written over. */
export type Whole = (size: bigint, before: bigint) => boolean | Promise<boolean>;

/**
 * Calls `onGone` once, within seconds, when a file is removed or replaced under its name: what is written to it since would be lost with
 * the process. One look at a time, so that a file system that hangs costs one.
 * @returns what ends it
 */
export const watchFiles = (
  files: readonly string[],
  onGone: (error: Error) => void,
  whole: ReadonlyMap<string, Whole> = new Map(),
): (() => void) => {
  const opened = files.map((file) => found(statSync(file, { bigint: true })));
  let [looking, ended] = [false, false];
  const end = () => {
    ended = true;
    clearInterval(timer);
  };
  const look = async () => {
    if (looking) return;
    looking = true;
    for (const [i, file] of files.entries()) {
      const now = await stat(file, { bigint: true }).then(found, (error: Error) => error);
      if (ended) return;
      const before = opened[i]!;
      const isThere = !(now instanceof Error) && now.identity === before.identity;
      if (isThere && (await (whole.get(file)?.(now.size, before.size) ?? true))) {
        opened[i] = now;
        continue;
      }
      if (ended) return;
      end();
      const what = isThere ? 'cut or written over' : 'removed or replaced';
      return onGone(new Error(`${basename(file)} was ${what} while it was open.`, { cause: now }));
    }
    looking = false;
  };
  const timer = setInterval(look, EVERY_MS);
  timer.unref();
  return end;
};

const found = ({ dev, ino, size }: { readonly dev: bigint; readonly ino: bigint; readonly size: bigint }) => ({
  identity: `${dev}:${ino}`,
  size,
});

/** Of the header of a database: its format, which a copy made by a backup has otherwise, and the mark of its ledger. */
const HEADER = 64;
const lasting = (header: Buffer): Buffer => Buffer.concat([header.subarray(0, 24), header.subarray(60)]);
/**
 * A database that never gets smaller, and keeps of its header what SQLite writes once.
 * @param descriptor of the file: to close it would release the locks that SQLite has on the file
 */
export const databaseOf = (descriptor: number): Whole => {
  const first = Buffer.alloc(HEADER);
  readSync(descriptor, first, 0, HEADER, 0);
  return async (size, before) => {
    if (size < before) return false;
    const now = await promisify(read)(descriptor, Buffer.alloc(HEADER), 0, HEADER, 0).catch(() => undefined); // a disk that fails is another matter
    return now === undefined || lasting(now.buffer).equals(lasting(first));
  };
};

/** What each WAL of SQLite begins with, but for its last bit. */
const WAL_MAGIC = 0x377f0682;
/**
 * A WAL that was emptied begins with zeros once more is written to it. One that is smaller may be in order: another program may have written
 * all that it held into the file.
 * @param isRead whether a new connection reads all that was committed
 */
export const walOf =
  (file: string, isRead: () => boolean): Whole =>
  async (size, before) => {
    if (size < before && !isRead()) return false;
    const wal = await open(file).catch(() => undefined);
    const begin = await wal?.read(Buffer.alloc(4), 0, 4, 0).catch(() => undefined); // a disk that fails is another matter
    await wal?.close().catch(() => undefined);
    return begin === undefined || begin.bytesRead < 4 || (begin.buffer.readUInt32BE() & ~1) === WAL_MAGIC;
  };
