import { beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
const planted = 'test/architecture/planted';

/** A tool of the repository, with its own configuration; one that finds something ends with an error, and says it all the same. */
const tool = async (name: string, ...args: string[]): Promise<string> => {
  const script = join(root, 'node_modules', name);
  const run = promisify(execFile)(process.execPath, [script, ...args], { cwd: root, maxBuffer: 1 << 26 });
  const { stdout, stderr } = await run.catch((error: { stdout: string; stderr: string }) => error);
  if (!stdout) throw new Error(stderr);
  return stdout;
};
const imports = async (...folders: string[]): Promise<readonly { readonly rule: { readonly name: string }; readonly from: string }[]> => {
  const out = await tool('dependency-cruiser/bin/dependency-cruise.mjs', '--config', '.dependency-cruiser.cjs', '-T', 'json', ...folders);
  return JSON.parse(out).summary.violations;
};
interface Linted {
  readonly filePath: string;
  readonly messages: readonly { readonly ruleId: string; readonly message: string; readonly line: number; readonly column: number }[];
}
const lint = async (...args: string[]): Promise<readonly Linted[]> => JSON.parse(await tool('eslint/bin/eslint.js', '-f', 'json', ...args));

const { forbidden } = createRequire(import.meta.url)(join(root, '.dependency-cruiser.cjs')) as { forbidden: readonly { name: string }[] };
const rules = forbidden.map(({ name }) => name);
const ESLINT: Readonly<Record<string, readonly string[]>> = {
  'time-is-told': Array.from({ length: 9 }, () => 'The time is told, never read.'),
  'no-chance': ['Nothing is left to chance.', 'Nothing is left to chance.'],
  'pure-without-machine': ['process', 'console', 'crypto', 'fetch', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'globalThis'].map((name) => `Unexpected use of '${name}'.`), // prettier-ignore
  'pure-without-waiting': ['Nothing pure waits.', 'Nothing pure waits.'],
  'no-any': ['Unexpected any. Specify a different type.'],
};

describe('who may know whom', () => {
  let found: Awaited<ReturnType<typeof imports>>;
  beforeAll(async () => {
    found = await imports(planted);
  }, 60_000);

  it('holds in the whole product', async () => expect(await imports('src', 'projections', 'bench')).toEqual([]), 60_000);

  it.each(rules)('%s bites on its planted file', (rule) => {
    const bitten = found.filter(({ rule: { name }, from }) => name === rule && from.startsWith(`${planted}/${rule}/`));
    expect(bitten).not.toEqual([]);
  });
});

describe('what is pure reads no clock, draws nothing, waits for nothing', () => {
  let found: readonly Linted[];
  beforeAll(async () => {
    found = await lint('--no-ignore', planted);
  }, 60_000);

  it('in the whole product', async () => {
    const linted = await lint('src', 'projections');
    expect(linted.length).toBeGreaterThan(80);
    expect(linted.filter(({ messages }) => messages.length > 0)).toEqual([]);
  }, 60_000);

  it.each(Object.entries(ESLINT))('%s bites on its planted files', (rule, expected) => {
    const messages = found.filter(({ filePath }) => filePath.includes(`/planted/${rule}/`)).flatMap((file) => file.messages);
    expect(messages.map(({ message }) => message.replace(/([^.])$/, '$1.')).sort()).toEqual([...expected].sort());
  });
});

it('nothing is planted that no rule bites on', () =>
  expect(readdirSync(join(root, planted)).sort()).toEqual([...rules, ...Object.keys(ESLINT)].sort()));
