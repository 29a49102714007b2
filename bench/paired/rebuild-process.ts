import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What this process prints at its end, as JSON. */
export interface Rebuilt {
  readonly ratio: number;
  readonly events: number;
  /** CPU of the whole process, scans included, in µs. */
  readonly cpu: number;
}

/** A build's own `bench/rebuild.js` on a folder: `rebuild-process.js DIST FOLDER`. */
const [dist, dir] = process.argv.slice(2);
if (dist !== undefined && dir !== undefined) {
  const { rebuildAgainstScan } = (await import(pathToFileURL(join(dist, 'bench/rebuild.js')).href)) as {
    /** An older build has the number of events in its sentence only. */
    rebuildAgainstScan(dir: string): Promise<{ readonly ratio: number; readonly events?: number; readonly says?: string }>;
  };
  const { ratio, says, events = Number(/, (\d+) events/.exec(says ?? '')?.[1]) } = await rebuildAgainstScan(dir);
  const { user, system } = process.cpuUsage();
  console.log(JSON.stringify({ ratio, events, cpu: user + system } satisfies Rebuilt));
  process.exit(0);
}
