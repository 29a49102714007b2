import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';

/** How often the files are looked at. */
const EVERY_MS = 2000;

/**
 * Calls `onGone` once, within seconds, when a file is removed or replaced under its name: what is written to it since would be lost with
 * the process. One look at a time, so that a file system that hangs costs one.
 * @returns what ends it
 */
export const watchFiles = (files: readonly string[], onGone: (error: Error) => void): (() => void) => {
  const opened = files.map((file) => identity(statSync(file, { bigint: true })));
  let [looking, ended] = [false, false];
  const end = () => {
    ended = true;
    clearInterval(timer);
  };
  const look = async () => {
    if (looking) return;
    looking = true;
    for (const [i, file] of files.entries()) {
      const found = await stat(file, { bigint: true }).then(identity, (error: Error) => error);
      if (ended) return;
      if (found === opened[i]) continue;
      end();
      return onGone(new Error(`${basename(file)} was removed or replaced while it was open.`, { cause: found }));
    }
    looking = false;
  };
  const timer = setInterval(look, EVERY_MS);
  timer.unref();
  return end;
};

const identity = ({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string => `${dev}:${ino}`;
