import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { backupCommand, restoreCommand, type CopyTerminal } from '../../src/operate/backup-commands.js';
import type { SqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { build, removeBuilt } from '../built.js';
import { fact, facts, freshStream, wholeLog } from '../store/event-store.contract.js';
import { newFolders, openStore } from '../store/folders.js';

const newFolder = newFolders();
const opened: SqliteStore[] = [];
const open = async (dir: string): Promise<SqliteStore> => {
  opened.push(await openStore(dir));
  return opened.at(-1)!;
};
afterEach(() => Promise.all(opened.splice(0).map((store) => store.close())));

const run = async (command: (terminal: CopyTerminal) => ReturnType<typeof backupCommand>, env: CopyTerminal['env'], ...words: string[]) => {
  let printed = '';
  await command({ env, print: (text) => (printed += text), onProgress: () => undefined }).parseAsync(words, { from: 'user' });
  return printed;
};

describe('backup and restore', () => {
  it('copy the ledger of DATA_DIR into a folder and back into DATA_DIR, and say how much it is', async () => {
    const [dir, backup, data] = [await newFolder(), await newFolder(), join(await newFolder(), 'data')];
    const store = await open(dir);
    const { ledgerId } = store.genesis;
    await store.append(freshStream(), -1, facts(5));
    expect(await run(backupCommand, { DATA_DIR: dir }, backup)).toMatch(
      new RegExp(
        `^The backup of ledger ${ledgerId} with its 5 events is in ${backup}: 0\\.\\d MB, checked, and equal to the source\\.\nroot [\\da-f]{64}$`,
      ),
    );
    expect(await run(restoreCommand, { DATA_DIR: data }, backup)).toContain(
      `The restored copy of ledger ${ledgerId} with its 5 events is in ${data}`,
    );
    const elsewhere = await newFolder();
    expect(await run(restoreCommand, { DATA_DIR: data }, backup, '--to', elsewhere)).toContain(`is in ${elsewhere}`);
    for (const copy of [data, elsewhere]) expect(await wholeLog(await open(copy))).toEqual(await wholeLog(store));
  });

  it.each([
    ['backup', backupCommand],
    ['restore', restoreCommand],
  ] as const)('leave a cluster to its own backups: %s', async (_, command) => {
    // prettier-ignore
    const [dir, target] = [await newFolder(), await newFolder()];
    await open(dir);
    await expect(run(command, { LEDGER_STORE: 'kurrentdb', DATA_DIR: dir }, target)).rejects.toThrow(
      /the log is on the KurrentDB cluster, which has backups of its own/,
    );
    expect(await readdir(target)).toEqual([]);
  });

  it.each([backupCommand, restoreCommand])('say what is not part of them', (command) => {
    const help = command({ env: {}, print: () => undefined, onProgress: () => undefined }).helpInformation().replace(/\s+/g, ' '); // prettier-ignore
    expect(help).toContain('Read models are not part of it');
    expect(help).toContain('API tokens are not either');
    expect(help).toContain('Nor are pieces of evidence and remembered refusals');
  });
});

describe('the built commands', () => {
  let built: string;
  beforeAll(async () => {
    built = await build();
  }, 60_000);
  afterAll(() => removeBuilt(built));
  const start = (name: string, env: Readonly<Record<string, string>>, ...words: string[]) =>
    promisify(execFile)(process.execPath, [join(built, `src/operate/${name}.js`), ...words], { env: { ...process.env, NODE_OPTIONS: '', ...env } }); // prettier-ignore

  it('copy a ledger to which another process writes on and on, and restore it', async () => {
    const [dir, backup, data] = [await newFolder(), await newFolder(), await newFolder()];
    const store = await open(dir);
    const record = () => store.append(freshStream(), -1, [fact({ text: 'x'.repeat(100_000) })]);
    for (let n = 0; n < 100; n++) await record();
    let recording = true;
    const writer = (async () => {
      while (recording) await record();
    })();
    const { stdout, stderr } = await start('backup', { DATA_DIR: dir }, backup);
    recording = false;
    await writer;
    expect(stderr.split('\n')).toEqual(['copying', 'checking', 'comparing', '']);
    const [, count, root] = /with its (\d+) events [^]*\nroot (\S+)/.exec(stdout)!;
    const restored = await start('restore', {}, backup, '--to', data);
    expect(restored.stdout).toContain(`root ${root}`);
    const log = await wholeLog(await open(data), undefined, 50);
    expect(log.length).toBe(Number(count));
    expect(log.length).toBeGreaterThanOrEqual(100);
    expect(log.map(({ id }) => id)).toEqual((await wholeLog(store, undefined, 50)).slice(0, log.length).map(({ id }) => id));
  }, 60_000);

  it('end with 1 and a sentence when there is no copy', async () => {
    const [dir, target] = [await newFolder(), await newFolder()];
    await expect(start('backup', { DATA_DIR: dir }, target)).rejects.toMatchObject({
      code: 1,
      stderr: `${dir} holds no ledger.db: there is nothing to copy.\n`,
    });
  }, 60_000);
});
