import { beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
const planted = 'test/architecture/planted';

/** Runs a tool with the repository's configuration. A tool that finds something exits with an error but still prints its result. */
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
  'time-is-passed-in': Array.from({ length: 9 }, () => 'Time is passed in, never read from a clock.'),
  'no-randomness': ['No randomness: ids and jitter are passed in.', 'No randomness: ids and jitter are passed in.'],
  'pure-without-machine': ['process', 'console', 'crypto', 'fetch', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'globalThis'].map((name) => `Unexpected use of '${name}'.`), // prettier-ignore
  'pure-without-waiting': ['Pure code is synchronous.', 'Pure code is synchronous.'],
  'no-any': ['Unexpected any. Specify a different type.'],
  'no-never': Array.from({ length: 3 }, () => 'No cast to never: it silences every check.'),
};

describe('the import rules', () => {
  let found: Awaited<ReturnType<typeof imports>>;
  beforeAll(async () => {
    found = await imports(planted);
  }, 180_000);

  it('are kept by the whole product', async () => expect(await imports('src', 'projections', 'bench')).toEqual([]), 180_000);

  it.each(rules)('%s reports its planted file', (rule) => {
    const reported = found.filter(({ rule: { name }, from }) => name === rule && from.startsWith(`${planted}/${rule}/`));
    expect(reported).not.toEqual([]);
  });

  it('no-circles reports a circle of values and one of types', () => {
    const reported = found.filter(({ rule: { name } }) => name === 'no-circles').map(({ from }) => from.split('/').at(-1));
    expect(reported.sort()).toEqual(['a.ts', 'c.ts']);
  });
});

describe('the lint rules against clocks, randomness and waiting', () => {
  let found: readonly Linted[];
  beforeAll(async () => {
    found = await lint('--no-ignore', planted);
  }, 180_000);

  it('are kept by the whole product', async () => {
    const linted = await lint('src', 'projections');
    expect(linted.length).toBeGreaterThan(80);
    expect(linted.filter(({ messages }) => messages.length > 0)).toEqual([]);
  }, 180_000);

  it.each(Object.entries(ESLINT))('%s reports its planted files', (rule, expected) => {
    const messages = found.filter(({ filePath }) => filePath.includes(`/planted/${rule}/`)).flatMap((file) => file.messages);
    expect(messages.map(({ message }) => message.replace(/([^.])$/, '$1.')).sort()).toEqual([...expected].sort());
  });
});

it('any stands in the kernel alone, each time with its reason', async () => {
  const files = readdirSync(root + '/src', { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name));
  const exceptions = files.flatMap((name) =>
    readFileSync(join(root, 'src', name), 'utf8')
      .split('\n')
      .flatMap((line) => (/eslint-disable.*no-explicit-any/.test(line) ? [{ name, line: line.trim() }] : [])),
  );
  expect(exceptions.length).toBeGreaterThan(5);
  for (const { name, line } of exceptions) {
    expect(name).toMatch(/^kernel\//);
    expect(line).toMatch(/no-explicit-any -- \S+( \S+){4,}/);
  }
});

it('every planted folder belongs to a rule', () =>
  expect(readdirSync(join(root, planted)).sort()).toEqual([...rules, ...Object.keys(ESLINT)].sort()));
