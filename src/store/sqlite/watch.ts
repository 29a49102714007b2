import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';

/** How often the files are looked at. */
const EVERY_MS = 2000;

/**
 * Calls `onGone` once, within seconds, when a file is removed or replaced under its name: what is written to it since would be lost with
 * the process. One look at a time, so that a file system that hangs costs one.
 * @param growing of the files, those that never get smaller: one that did was cut, or another one was copied over it
 * @returns what ends it
 */
export const watchFiles = (files: readonly string[], onGone: (error: Error) => void, growing: readonly string[] = []): (() => void) => {
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
      if (isThere && !(growing.includes(file) && now.size < before.size)) {
        opened[i] = now;
        continue;
      }
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
