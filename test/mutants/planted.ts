import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

/** What became of one of them. `NO PLACE`: its text does not stand there once. `BROKEN`: the file does not load with it. */
type Outcome = 'killed' | 'hung' | 'SURVIVED' | 'BROKEN' | 'NO FILE' | 'NO PLACE' | 'NO REPORT';

/**
 * All of them, or those whose name or file has one of the words: `npm run mutants:planted -- src/domain/loss`. A run of all takes most of an
 * hour: `--part 2/4` runs the second quarter, and `--log FILE` keeps each outcome there, so that a run with the same file continues an
 * interrupted one. A fault is run again once its text, its file's name or its specs' names have changed.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { part: { type: 'string', default: '1/1' }, log: { type: 'string' } },
});
const [part, parts] = values.part.split('/').map(Number) as [number, number];
if (!(Number.isInteger(part) && part >= 1 && part <= parts)) throw new Error(`--part ${values.part}: it is written as 2/4.`);
const ROOT = join(import.meta.dirname, '../..');
const COPIED = ['src', 'projections', 'test', 'tools', 'package.json', 'jest.config.mjs', '.swcrc', 'tsconfig.json', 'README.md', 'docs'];
/** All specs that are chosen, without a fault. */
const WHOLE_MS = 900_000;
/** The specs of one fault: so long, and three times what all of them took, but not longer than the second; then the fault has hung them. */
const [PATIENCE_MS, MOST_PATIENCE_MS] = [60_000, 300_000];

const all = JSON.parse(readFileSync(join(import.meta.dirname, 'planted.json'), 'utf8')) as readonly Planted[];
const wanted = all
  .filter(({ name, file }) => positionals.length === 0 || positionals.some((word) => `${name} ${file}`.includes(word)))
  .filter((_, i) => i % parts === part - 1);

/** A line of the log. */
interface Logged {
  readonly planted: Planted;
  readonly outcome: Outcome;
  readonly seconds: number;
  /** The first test that failed, or why it is not killed. */
  readonly detail: string;
}
const logged = new Map<string, Outcome>();
if (values.log && existsSync(values.log))
  for (const line of readFileSync(values.log, 'utf8').split('\n').filter(Boolean)) {
    const { planted, outcome } = JSON.parse(line) as Logged;
    logged.set(JSON.stringify(planted), outcome);
  }
const isKilled = (outcome: Outcome | undefined): boolean => outcome === 'killed' || outcome === 'hung';
const chosen = wanted.filter((planted) => !isKilled(logged.get(JSON.stringify(planted))));
const outcomes: Outcome[] = wanted.filter((planted) => !chosen.includes(planted)).map((planted) => logged.get(JSON.stringify(planted))!);

/** What jest reports, as far as it is read here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}
/** Of the tests that failed, the first: a kill by a test that has nothing to do with the fault is chance. */
const killer = ({ testResults }: Report): string | undefined =>
  testResults.flatMap(({ assertionResults }) => assertionResults).find(({ status }) => status === 'failed')?.fullName;

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
  const end = () => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // nobody is left in it
    }
  };
  const timer = setTimeout(() => ((hung = true), end()), timeoutMs);
  const interrupted = () => (end(), process.exit(1));
  process.on('SIGINT', interrupted).on('SIGTERM', interrupted);
  await once(child, 'exit');
  end(); // a server that a fault kept from ending
  process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
  clearTimeout(timer);
  if (hung) return 'hung';
  try {
    return JSON.parse(readFileSync(output, 'utf8')) as Report;
  } catch {
    return undefined;
  }
};

const state = (planted: Planted, outcome: Outcome, detail: string, begunAt = performance.now()): void => {
  outcomes.push(outcome);
  const seconds = Math.round((performance.now() - begunAt) / 100) / 10;
  const line = `${outcome.padEnd(9)} ${planted.file}: ${planted.name} (${seconds} s)${detail && `, ${detail}`}`;
  if (isKilled(outcome)) console.log(line);
  else console.error(line);
  if (values.log) appendFileSync(values.log, `${JSON.stringify({ outcome, seconds, detail, planted } satisfies Logged)}\n`);
};

const specs = [...new Set(chosen.flatMap((planted) => planted.specs))];
const begunAt = performance.now();
const whole = chosen.length > 0 ? await runSpecs(specs) : undefined;
if (
  chosen.length > 0 &&
  (!whole || whole === 'hung' || whole.numPassedTests === 0 || whole.numFailedTests + whole.numRuntimeErrorTestSuites > 0)
) {
  console.error(`The specs must pass before anything is planted: ${specs.join(' ')}\n${whole === 'hung' ? whole : whole?.testResults.find(({ message }) => message)?.message.slice(0, 2000)}`); // prettier-ignore
  process.exit(1);
}
const patienceMs = Math.min(MOST_PATIENCE_MS, PATIENCE_MS + 3 * (performance.now() - begunAt));

for (const planted of chosen) {
  const { file, find, replace, specs } = planted;
  const path = join(copy, file);
  if (!existsSync(path)) {
    state(planted, 'NO FILE', '');
    continue;
  }
  const text = readFileSync(path, 'utf8');
  const places = text.split(find).length - 1;
  if (places !== 1) {
    state(planted, 'NO PLACE', `its text stands there ${places} times: ${find}`);
    continue;
  }
  const plantedAt = performance.now();
  writeFileSync(
    path,
    text.replace(find, () => replace),
  );
  const report = await runSpecs(specs, patienceMs);
  writeFileSync(path, text);
  if (!report) state(planted, 'NO REPORT', '', plantedAt);
  else if (report === 'hung') state(planted, 'hung', '', plantedAt);
  else if (report.numFailedTests > 0) state(planted, 'killed', `by “${killer(report)}”`, plantedAt);
  else if (report.numRuntimeErrorTestSuites > 0)
    state(planted, 'BROKEN', `${report.testResults.find(({ message }) => message)?.message.slice(0, 300)}`, plantedAt);
  else state(planted, 'SURVIVED', '', plantedAt);
}
const counts = Object.entries(Object.groupBy(outcomes, (outcome) => outcome)).map(([outcome, of]) => `${of.length} ${outcome}`);
console.log(`\n${outcomes.filter(isKilled).length} of ${wanted.length} planted mutants killed (${counts.join(', ')})`);
process.exit(outcomes.every(isKilled) ? 0 : 1);
