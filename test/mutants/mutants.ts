import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/**
 * Mutation testing by Stryker, a run for each scope: `npm run mutants -- src/kernel/values` mutates that folder. Results are kept in
 * .stryker/ and used again where neither a file nor its specs have changed; `--force` runs every mutant again.
 */
interface Scope {
  readonly name: string;
  readonly files: readonly string[];
  /** Prefixes of spec files, by commas. */
  readonly specs: string;
  /** How long a mutant may go on beyond its specs, where many of them end nothing that waits; 20 s unless set. */
  readonly timeoutMs?: number;
}

/** A file belongs to the first scope that has it. */
const scopes: readonly Scope[] = [
  { name: 'dates', files: ['src/kernel/values/dates.ts'], specs: 'test/kernel/dates' },
  {
    name: 'amounts',
    files: ['src/kernel/values/{amounts,ratios,exchange,change-figures,totals,show-amounts}.ts'],
    specs: 'test/kernel/amounts,test/domain/(money(?=\\.)|about|loss-figures|contract-changes|former-currencies),test/projections/promised',
  },
  { name: 'headcounts', files: ['src/kernel/values/headcounts.ts'], specs: 'test/kernel/headcounts' },
  { name: 'words', files: ['src/kernel/values/{words,match-key,currencies}.ts'], specs: 'test/kernel/(words|match-key|amounts)' },
  { name: 'json', files: ['src/kernel/values/json.ts'], specs: 'test/kernel/(json|differences|canonical)' },
  { name: 'fields', files: ['src/kernel/schema/*.ts'], specs: 'test/kernel/fields' },
  {
    name: 'history',
    files: ['src/kernel/{history,amendments,valid-time-order,trial,as-of,snapshot,entry,transition,schema-version}.ts'],
    specs: 'test/kernel/(history|command),test/domain/(ledger|rules)',
  },
  {
    name: 'kernel',
    files: ['src/kernel/**/*.ts'],
    specs: 'test/kernel/(?!history|random|dates|amounts|json|differences|fields|headcounts)',
  },
  {
    name: 'policies',
    files: ['policies', 'loss-authority'].map((name) => `src/domain/programme/${name}.ts`),
    specs: 'test/domain/(programme|contract|law-adopted|cumulative|about|loss-authority|loss-tables)',
  },
  { name: 'figures', files: ['src/domain/loss/figures.ts'], specs: 'test/domain/loss-(figures|details)' },
  { name: 'loss', files: ['src/domain/loss/**/*.ts'], specs: 'test/domain/loss(?!-figures|-any)' },
  { name: 'workforce', files: ['src/domain/workforce/**/*.ts'], specs: 'test/domain/(workforce|leavers-between|law)' },
  { name: 'law', files: ['src/domain/law/*.ts'], specs: 'test/domain/law' },
  { name: 'account-sums', files: ['src/domain/account/state.ts'], specs: 'test/domain/account(?=\\.|-(sums|outstanding|money))' },
  { name: 'account-findings', files: ['src/domain/account/findings.ts'], specs: 'test/domain/account(?=\\.|-(sums|money|redenominated))' },
  { name: 'account', files: ['src/domain/account/**/*.ts'], specs: 'test/domain/account' },
  {
    name: 'standing',
    files: ['src/domain/{contract/{standing,closing},supplier/standing}.ts'],
    specs: 'test/domain/(adopted-checks|supplier)',
  },
  { name: 'suppliers', files: ['src/domain/contract/suppliers.ts'], specs: 'test/domain/(suppliers|bounds)' },
  {
    name: 'award',
    files: ['src/domain/contract/events/award.ts'],
    specs: 'test/domain/(contract(?=\\.)|recorded-contract|suppliers|references)',
  },
  {
    name: 'terms',
    files: ['src/domain/contract/events/{start,terms,standstill}.ts'],
    specs: 'test/domain/(contract(?=\\.|-(ends|options|terms))|term-and-service|rules-in-any-order)',
  },
  {
    name: 'extension',
    files: ['src/domain/contract/events/extension.ts'],
    specs: 'test/domain/(adopted-checks|contract(?=\\.|-(ends|options|terms))|law-adopted|term-and-service)',
  },
  {
    name: 'novation',
    files: ['src/domain/contract/events/novation.ts'],
    specs: 'test/domain/(adopted-checks|bounds|contract(?=\\.)|suppliers)',
  },
  {
    name: 'end',
    files: ['src/domain/contract/events/end.ts'],
    specs: 'test/domain/(adopted-checks|contract(?=\\.|-(ends|terms))|months-and-days|suppliers|term-and-service)',
  },
  {
    name: 'composed',
    files: ['src/domain/contract/framework.ts'],
    specs: 'test/domain/(contract(?=\\.)|bounds|recorded-contract|suppliers)',
  },
  {
    name: 'contract-findings',
    files: ['src/domain/contract/findings.ts'],
    specs: 'test/domain/(contract(?=\\.|-(days|ends|terms))|term-and-service)',
  },
  { name: 'milestones', files: ['src/domain/contract/events/milestones.ts'], specs: 'test/domain/contract(?=\\.|-performance)' },
  {
    name: 'contract',
    files: ['src/domain/contract/**/*.ts'],
    specs:
      'test/domain/(contract|suppliers|proposals|recorded|references|indexation|money|months|about|disclosed|law-adopted|cumulative|bounds|backdated|rules|adopted-checks)',
  },
  {
    name: 'programme',
    files: ['src/domain/programme/**/*.ts'],
    specs: 'test/domain/(programme|risks-and-budget|law-adopted|proposals|bounds|backdated|rules)',
  },
  { name: 'tower', files: ['src/domain/tower/**/*.ts'], specs: 'test/domain/tower' },
  { name: 'supplier', files: ['src/domain/supplier/**/*.ts'], specs: 'test/domain/supplier' },
  {
    name: 'ledger',
    files: ['src/domain/ledger/**/*.ts'],
    specs: 'test/(domain/(ledger|references|suppliers|contract-ends|backdated|rules)|kernel/approval)',
  },
  { name: 'statement', files: ['projections/losses-statement*.ts'], specs: 'test/projections/(losses-statement|loss-attacks)' },
  {
    name: 'losses',
    files: ['projections/{losses,loss-cases}.ts'],
    specs: 'test/projections/(losses|loss-rows|loss-evasions|loss-attacks|shown-exposure)',
  },
  {
    name: 'staff',
    files: ['projections/{workforce,staff*,transfer-register}.ts'],
    specs: 'test/projections/(workforce|staff-rows|staff-attacks)',
  },
  { name: 'exposure', files: ['projections/exposure.ts'], specs: 'test/projections/shown-exposure' },
  { name: 'deadlines', files: ['projections/deadlines.ts'], specs: 'test/projections/(deadlines|duties|shown-deadlines)' },
  { name: 'accounts', files: ['projections/accounts.ts'], specs: 'test/projections/accounts' },
  { name: 'frameworks', files: ['projections/frameworks.ts'], specs: 'test/projections/shown-frameworks' },
  {
    name: 'commitments',
    files: ['projections/commitments.ts'],
    specs: 'test/projections/(commitments|replaced|shown-(frameworks|commitments|board))',
  },
  {
    name: 'register',
    files: ['projections/{contract-register,register-totals}.ts'],
    specs: 'test/projections/shown-(register|contracts)',
  },
  {
    name: 'board',
    files: ['projections/{tower-board*,tower-parts}.ts'],
    specs: 'test/projections/(shown-(board|towers)|towers-over)',
  },
  { name: 'per-year', files: ['projections/per-year.ts'], specs: 'test/projections/per-year' },
  {
    name: 'money',
    files: ['projections/money.ts'],
    specs: 'test/projections/(money|replaced|people-and-losses|totals|shown-contracts)',
  },
  { name: 'waiting', files: ['projections/waiting.ts'], specs: 'test/projections/waiting' },
  { name: 'projections', files: ['projections/*.ts'], specs: 'test/projections/(shown|trail|people-and-losses|per-year|promised)' },
  { name: 'clock', files: ['src/engine/write/clock-guard.ts'], specs: 'test/engine/clock-guard' },
  {
    name: 'engine',
    files: ['decide', 'receipt', 'precondition', 'command-id'].map((name) => `src/engine/write/${name}.ts`),
    specs: 'test/engine/(decide|receipt|precondition|command-id),test/domain/(ledger|contract|references|former|backdated)',
  },
  {
    name: 'histories',
    files: ['history-cache', 'earlier', 'segmented-lru'].map((name) => `src/engine/${name}.ts`),
    specs: 'test/engine/(history-cache|segmented-lru|concurrent-histories)',
  },
  { name: 'automations', files: ['src/engine/automation/automations.ts'], specs: 'test/engine/automation-runs', timeoutMs: 3000 },
  { name: 'follower', files: ['src/engine/read/follower.ts'], specs: 'test/engine/follower' },
  {
    name: 'writer',
    files: ['src/engine/read/projection-writer.ts'],
    specs: 'test/engine/(follower(?=\\.)|standing|rows-around)',
    timeoutMs: 3000,
  },
  { name: 'carried', files: ['src/engine/read/carried.ts'], specs: 'test/(engine/carried|projections/through-contracts)' },
  { name: 'updates', files: ['src/engine/read/rows/updates.ts'], specs: 'test/engine/(row-updates|rows-around)' },
  {
    name: 'rows',
    files: ['src/engine/read/rows/{added,changed,day-index,listing,row-text,view}.ts'],
    specs: 'test/engine/(added|changed|day-index|listing|row-text|view)',
  },
  { name: 'rendering', files: ['src/engine/read/rows/rendering.ts'], specs: 'test/engine/(rendering|listing)' },
  { name: 'search', files: ['src/engine/read/{search,search-texts}.ts'], specs: 'test/engine/search' },
  { name: 'audit', files: ['src/engine/audit/*.ts'], specs: 'test/engine/(audit|dossier|document|why|replays)' },
  { name: 'proof', files: ['src/proof/*.ts'], specs: 'test/proof/' },
  {
    name: 'tree',
    files: ['merkle-proof', 'merkle-tree', 'tree-check'].map((name) => `src/store/${name}.ts`),
    specs: 'test/(proof/(merkle|log-check)|store/merkle)',
  },
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    force: { type: 'boolean', default: false },
    /** Runs the specs of each scope once, without a mutant. */
    dry: { type: 'boolean', default: false },
    concurrency: { type: 'string', default: '1' },
    /** The least percentage that a file may have. */
    least: { type: 'string', default: '85' },
  },
});
const least = Number(values.least);
const wanted = (file: string): boolean => positionals.length === 0 || positionals.some((path) => file.startsWith(path.replace(/\/$/, '')));

/** The part of Stryker's report that is read here. */
interface Report {
  readonly files: Readonly<Record<string, { readonly mutants: readonly { readonly status: string; readonly location: { start: { line: number } } }[] }>>; // prettier-ignore
}
const KILLED = ['Killed', 'Timeout'];
const ALIVE = ['Survived', 'NoCoverage'];

const run = ({ name, specs, timeoutMs = 20_000 }: Scope, files: readonly string[]): void => {
  console.log(`\n${name}: ${files.join(', ')} by ${specs}`);
  const begun = performance.now();
  const stryker = [
    'node_modules/@stryker-mutator/core/bin/stryker.js',
    'run',
    'test/mutants/stryker.config.mjs',
    ...[
      '--mutate',
      files.join(','),
      '--concurrency',
      values.concurrency,
      '--timeoutMS',
      String(timeoutMs),
      ...(values.force ? ['--force'] : []),
      ...(values.dry ? ['--dryRunOnly'] : []),
    ],
  ];
  const env = { ...process.env, MUTANTS_SPECS: specs, MUTANTS_SCOPE: name };
  const { status } = spawnSync(process.execPath, stryker, { stdio: 'inherit', env });
  if (status !== 0) throw new Error(`Stryker ended with ${status} on ${name}.`);
  console.log(`${name}: ${((performance.now() - begun) / 1000).toFixed(0)} s`);
};

const claimed = new Set<string>();
const below: string[] = [];
for (const scope of scopes) {
  const files = scope.files.flatMap((pattern) => globSync(pattern)).filter((file) => !claimed.has(file));
  for (const file of files) claimed.add(file);
  const chosen = files.filter(wanted).toSorted();
  if (chosen.length === 0) continue;
  run(scope, chosen);
  const report = `.stryker/${scope.name}.json`;
  if (values.dry || !existsSync(report)) continue;
  const { files: results } = JSON.parse(readFileSync(report, 'utf8')) as Report;
  for (const file of chosen) {
    const mutants = results[file]?.mutants ?? [];
    const count = (statuses: readonly string[]) => mutants.filter(({ status }) => statuses.includes(status)).length;
    const [killed, alive] = [count(KILLED), count(ALIVE)];
    if (killed + alive === 0) continue;
    const score = (100 * killed) / (killed + alive);
    const line = `${score.toFixed(1)} %  ${file}: ${killed} killed, ${alive} alive`;
    console.log(line);
    if (score < least) below.push(line);
  }
}
if (below.length > 0) console.error(`\nBelow ${least} %:\n${below.join('\n')}`);
process.exit(below.length > 0 ? 1 : 0);
