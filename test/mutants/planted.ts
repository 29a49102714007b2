import { spawn } from 'node:child_process';
import { once } from 'node:events';
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
/** All specs that are chosen, without a fault. */
const WHOLE_MS = 900_000;
/** The specs of one fault: so long, and three times what all of them took, but not longer than the second; then the fault has hung them. */
const [PATIENCE_MS, MOST_PATIENCE_MS] = [60_000, 300_000];

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

/** Undefined where jest does not even start. */
const runSpecs = async (specs: readonly string[], timeoutMs = WHOLE_MS): Promise<Report | 'hung' | undefined> => {
  const output = join(copy, 'report.json');
  rmSync(output, { force: true });
  const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
  const child = spawn(process.execPath, [...jest, '--silent', '--json', `--outputFile=${output}`, ...specs], {
    cwd: copy,
    stdio: 'ignore',
    detached: true, // a process group: workers in which a fault loops for ever end with it
  });
  let hung = false;
  const end = () => process.kill(-child.pid!, 'SIGKILL');
  const timer = setTimeout(() => ((hung = true), end()), timeoutMs);
  const interrupted = () => (end(), process.exit(1));
  process.on('SIGINT', interrupted).on('SIGTERM', interrupted);
  await once(child, 'exit');
  process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
  clearTimeout(timer);
  if (hung) return 'hung';
  try {
    return JSON.parse(readFileSync(output, 'utf8')) as Report;
  } catch {
    return undefined;
  }
};

const faults: string[] = [];
const fail = (sentence: string): void => {
  faults.push(sentence);
  console.error(sentence);
};

const specs = [...new Set(chosen.flatMap((planted) => planted.specs))];
const begunAt = performance.now();
const whole = await runSpecs(specs);
if (!whole || whole === 'hung' || whole.numPassedTests === 0 || whole.numFailedTests + whole.numRuntimeErrorTestSuites > 0) {
  console.error(`The specs must pass before anything is planted: ${specs.join(' ')}\n${whole === 'hung' ? whole : whole?.testResults.find(({ message }) => message)?.message.slice(0, 2000)}`); // prettier-ignore
  process.exit(1);
}
const patienceMs = Math.min(MOST_PATIENCE_MS, PATIENCE_MS + 3 * (performance.now() - begunAt));

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
  const report = await runSpecs(specs, patienceMs);
  writeFileSync(path, text);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  if (!report) fail(`NO REPORT ${file}: ${name} (${seconds} s)`);
  else if (report === 'hung' || report.numFailedTests > 0) {
    killed++;
    console.log(`killed    ${file}: ${name} (${seconds} s${report === 'hung' ? ', hung' : ''})`);
  } else if (report.numRuntimeErrorTestSuites > 0)
    fail(`BROKEN    ${file}: ${name} does not load: ${report.testResults.find(({ message }) => message)?.message.slice(0, 300)}`);
  else fail(`SURVIVED  ${file}: ${name} (${seconds} s)`);
}
console.log(`\n${killed} of ${chosen.length} planted mutants killed`);
process.exit(faults.length === 0 ? 0 : 1);
