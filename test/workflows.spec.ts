import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly env?: Readonly<Record<string, string>>;
}
interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<string, { readonly 'runs-on': string; readonly 'timeout-minutes': number; readonly steps: readonly Step[] }>
  >;
}

const root = join(import.meta.dirname, '..');
const folder = join(root, '.github/workflows');
const files = readdirSync(folder);
const textOf = (file: string): string => readFileSync(join(folder, file), 'utf8');
const read = (file: string): Workflow => parse(textOf(file)) as Workflow;
const runsOf = ({ steps }: { readonly steps: readonly Step[] }): readonly string[] => steps.flatMap(({ run }) => run ?? []);
const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true });
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly scripts: Readonly<Record<string, string>> };

describe.each(files)('%s', (file) => {
  const { on, permissions, jobs } = read(file);

  it('runs on every push and pull request, with read permission only and a time limit', () => {
    expect(Object.keys(on)).toEqual(expect.arrayContaining(['push', 'pull_request']));
    expect(permissions).toEqual({ contents: 'read' });
    for (const job of Object.values(jobs)) {
      expect(job['runs-on']).toMatch(/^ubuntu-\d\d\.\d\d$/);
      expect(job['timeout-minutes']).toBeLessThanOrEqual(90);
    }
  });

  it('pins every action to a commit and names its version', () => {
    const uses = [...textOf(file).matchAll(/uses: (.*)$/gm)].map(([, action]) => action);
    expect(uses.length).toBeGreaterThan(0);
    for (const action of uses) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('calls only scripts, profiles and services that exist', () => {
    const lines = Object.values(jobs).flatMap(runsOf).join('\n');
    for (const [, script] of lines.matchAll(/npm run ([\w:]+)/g)) expect(Object.keys(scripts)).toContain(script);
    const profiles = Object.values<any>(compose.services).flatMap((service) => service.profiles);
    for (const [, profile] of lines.matchAll(/--profile (\S+)/g)) expect(profiles).toContain(profile);
    for (const [, service] of lines.matchAll(/docker compose (?:build|kill|run --rm -T|exec -T) ([\w-]+)/g))
      expect(Object.keys(compose.services)).toContain(service);
  });
});

describe('the workflows', () => {
  it('run the same check that must pass before a change lands', () => {
    expect(Object.values(read('ci.yml').jobs).flatMap(runsOf)).toEqual(['bash .ci/run']);
    expect(statSync(join(root, '.ci/run')).isFile()).toBe(true);
  });

  it('start the cluster, run the demo on it, again with one node killed, and then the event store contract', () => {
    const { steps } = read('cluster.yml').jobs['cluster']!;
    const indexOf = (what: RegExp): number => {
      const i = steps.findIndex(({ run }) => what.test(run ?? ''));
      expect([what, i]).not.toEqual([what, -1]);
      return i;
    };
    const order = [
      /GITHUB_ENV/,
      /docker compose run --rm -T tokens add --person ci --role integrator/,
      /docker compose --profile cluster up --detach --wait/,
      /^npm run demo -- --url http:\/\/127\.0\.0\.1:3000$/,
      /docker compose kill api-1\s+npm run demo -- --url/,
      /npm run test:kurrentdb/,
    ].map(indexOf);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    const contract = steps[order.at(-1)!]!;
    for (const node of [1, 2, 3]) expect(contract.env!['LEDGER_KURRENTDB_URL']).toContain(`kurrentdb-${node}:2113`);
    expect(contract.run).toContain(`--network ${compose.name}_inside`);
    expect(contract.run).toContain(`--volume ${compose.name}_certificates:/certs:ro`);
  });

  it('generate passwords and tokens, mask them, and contain none', () => {
    const text = textOf('cluster.yml');
    const masked = [...text.matchAll(/^\s*echo "::add-mask::\$(\w+)"$/gm)].map(([, name]) => name);
    const kept = [...text.matchAll(/^\s*echo "[^=]+=\$(\w+)" >> "\$GITHUB_ENV"$/gm)].map(([, name]) => name);
    expect(kept).toEqual(masked);
    expect(kept).toHaveLength(2);
    for (const [, user] of text.matchAll(/:\/\/([^@\s]+)@/g)) expect(user).toBe('admin:${{ env.KURRENTDB_ADMIN_PASSWORD }}');
    expect(text).not.toMatch(/changeit|tower_[\w-]{43}/);
  });
});
