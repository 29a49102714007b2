import { transformFile } from '@swc/core';
import { copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { spawn, type ChildProcess } from 'node:child_process';

const root = join(import.meta.dirname, '..');

/** The program compiled into a folder of its own, for tests that start it as a process. @returns the folder; remove it after use */
export const build = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'tower-ledger-built-'));
  await symlink(join(root, 'node_modules'), join(dir, 'node_modules'));
  await writeFile(join(dir, 'package.json'), '{"name":"tower-ledger","version":"0.0.0","type":"module"}');
  for (const folder of ['src', 'projections'])
    for (const name of await readdir(join(root, folder), { recursive: true })) {
      if (!/\.(tsx?|json|css|svg|js)$/.test(name)) continue;
      const made = join(dir, folder, name.replace(/\.tsx?$/, '.js'));
      await mkdir(dirname(made), { recursive: true });
      if (/\.(json|css|svg|js)$/.test(name)) {
        await copyFile(join(root, folder, name), made);
        continue;
      }
      const markup =
        name.endsWith('.tsx') &&
        ({
          jsc: {
            parser: { syntax: 'typescript', decorators: true, tsx: true },
            transform: { react: { runtime: 'automatic', importSource: 'preact' } },
          },
        } as const);
      const { code } = await transformFile(join(root, folder, name), { configFile: join(root, '.swcrc'), sourceMaps: false, ...markup });
      await writeFile(made, code);
    }
  return dir;
};

export interface Started {
  readonly url: string;
  readonly process: ChildProcess;
  /** Everything that it wrote to stderr so far. */
  stderr(): string;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/**
 * The built server as a process, listening on a free port. Rejects with what it wrote to stderr when it ends before that.
 * @param flags of Node; after a `--`, of the server
 */
export const startBuilt = async (dir: string, env: Readonly<Record<string, string>>, ...flags: string[]): Promise<Started> => {
  const own = flags.includes('--') ? flags.indexOf('--') : flags.length;
  const child = spawn(process.execPath, [...flags.slice(0, own), join(dir, 'src/main.js'), ...flags.slice(own + 1)], {
    env: { ...process.env, NODE_OPTIONS: '', PORT: '0', HOST: '127.0.0.1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [written, complained] = ['', ''];
  child.stderr.on('data', (chunk: Buffer) => (complained += chunk.toString()));
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.on('close', (code, signal) => resolve({ code, signal })),
  );
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      written += chunk.toString();
      const ready = /ready at (\S+)/.exec(written);
      if (ready) resolve(ready[1]!);
    });
    void ended.then(({ code, signal }) => reject(new Error(`Ended with ${code ?? signal}: ${complained}`)));
  });
  return { url, process: child, stderr: () => complained, ended };
};

export const removeBuilt = (dir: string): Promise<void> => rm(dir, { recursive: true, force: true });
