import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** A fault in a table that Stryker skips, because it is built when a module is loaded: a stage, a rule, a field, a sum. */
interface Planted {
  /** What the fault breaks, as a sentence. */
  readonly name: string;
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Spec files that must fail, as jest's patterns. */
  readonly specs: readonly string[];
}

const { positionals } = parseArgs({ allowPositionals: true });
const ROOT = join(import.meta.dirname, '../..');
const COPIED = ['src', 'projections', 'test', 'package.json', 'jest.config.mjs', '.swcrc', 'tsconfig.json', 'README.md'];
const TIMEOUT_MS = 300_000;

const all = JSON.parse(readFileSync(join(import.meta.dirname, 'planted.json'), 'utf8')) as readonly Planted[];
/** Without arguments all of them, else those whose name or file has one of the words. */
const chosen = all.filter(({ name, file }) => positionals.length === 0 || positionals.some((word) => `${name} ${file}`.includes(word)));

/** What jest reports, as far as it is read here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly { readonly message: string }[];
}

const copy = mkdtempSync(join(tmpdir(), 'tower-ledger-planted-'));
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
for (const path of COPIED) cpSync(join(ROOT, path), join(copy, path), { recursive: true });
symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));

const runSpecs = (specs: readonly string[]): Report | undefined => {
  const output = join(copy, 'report.json');
  rmSync(output, { force: true });
  const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
  spawnSync(process.execPath, [...jest, '--silent', '--json', `--outputFile=${output}`, ...specs], {
    cwd: copy,
    stdio: 'ignore',
    timeout: TIMEOUT_MS,
  });
  try {
    return JSON.parse(readFileSync(output, 'utf8')) as Report;
  } catch {
    return undefined; // it hung, or did not even start
  }
};

const faults: string[] = [];
const fail = (sentence: string): void => {
  faults.push(sentence);
  console.error(sentence);
};

const specs = [...new Set(chosen.flatMap((planted) => planted.specs))];
const whole = runSpecs(specs);
if (!whole || whole.numPassedTests === 0 || whole.numFailedTests + whole.numRuntimeErrorTestSuites > 0) {
  console.error(`The specs must pass before anything is planted: ${specs.join(' ')}\n${whole?.testResults.find(({ message }) => message)?.message.slice(0, 2000)}`); // prettier-ignore
  process.exit(1);
}

let killed = 0;
for (const { name, file, find, replace, specs } of chosen) {
  const path = join(copy, file);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    fail(`NO FILE   ${file}: ${name}`);
    continue;
  }
  const places = text.split(find).length - 1;
  if (places !== 1) {
    fail(`NO PLACE  ${file}: ${name} (its text stands there ${places} times: ${find})`);
    continue;
  }
  const begun = performance.now();
  writeFileSync(
    path,
    text.replace(find, () => replace),
  );
  const report = runSpecs(specs);
  writeFileSync(path, text);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  if (!report) fail(`NO REPORT ${file}: ${name} (${seconds} s)`);
  else if (report.numFailedTests > 0) {
    killed++;
    console.log(`killed    ${file}: ${name} (${seconds} s)`);
  } else if (report.numRuntimeErrorTestSuites > 0)
    fail(`BROKEN    ${file}: ${name} does not load: ${report.testResults.find(({ message }) => message)?.message.slice(0, 300)}`);
  else fail(`SURVIVED  ${file}: ${name} (${seconds} s)`);
}
console.log(`\n${killed} of ${chosen.length} planted mutants killed`);
process.exit(faults.length === 0 ? 0 : 1);
