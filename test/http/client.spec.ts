import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { recordWorld, startServer, stopServer, tempFolder, type Server } from './server.js';

const root = join(import.meta.dirname, '../..');
let server: Server;
let dir: string;
beforeAll(async () => {
  server = await startServer();
  await recordWorld(server);
  dir = await tempFolder();
});
afterAll(async () => {
  await stopServer(server);
  await rm(dir, { recursive: true });
});

/** Runs a program of this project; one that fails says why. */
const run = async (...args: string[]): Promise<string> => {
  const ran = promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: 1 << 26, env: { ...process.env, NO_COLOR: '1' } });
  return ran.then(
    ({ stdout }) => stdout,
    (error: { readonly stdout: string; readonly stderr: string }) => `failed\n${error.stdout}${error.stderr}`.slice(0, 5000),
  );
};

/** As an integrator writes it: the compiler knows every name, value and answer in it. */
const program = (url: string) => `
import * as ledger from './client/index.ts';
import { client } from './client/client.gen.ts';
import type { AwardContractBody, ContractRegisterUpdate, Problem, Receipt } from './client/types.gen.ts';

client.setConfig({ baseUrl: '${url}' });
const path = { id: 'hosting' };
const body: AwardContractBody = {
  programme: 'met',
  title: 'Hosting',
  towers: ['hosting'],
  suppliers: [{ supplier: 'csc' }],
  value: { amount: '155000000.00', currency: 'GBP' },
  startsOn: '2015-12-01',
  endsOn: '2020-11-30',
};
// @ts-expect-error -- an amount is a text, so that no digit of it is lost
const wrong: AwardContractBody = { ...body, value: { amount: 155000000, currency: 'GBP' } };
// @ts-expect-error -- a stage is one of a closed list
const sleeping: NonNullable<ledger.ListContractRegisterRowsData['query']>['stage'] = 'sleeping';
void [wrong, sleeping];

const { stream } = await ledger.followContractRegister({ query: { after: 'start', supplier: 'csc' } });
const headers = { 'Idempotency-Key': 'one' };
const awarded = await ledger.awardContract({ path, headers, body, throwOnError: true });
const receipt: Receipt = awarded.data;
const again = await ledger.awardContract({ path, headers, body, throwOnError: true });
const refused = await ledger.awardContract({ path: { id: 'other' }, body: { ...body, suppliers: [{ supplier: 'nobody' }] } });
const problem: Problem | undefined = refused.error;
const minPosition = receipt.position!;

const row = await ledger.getContractRegisterRow({ path: { key: 'contract:hosting' }, query: { minPosition }, throwOnError: true });
const pages: string[][] = [];
for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
  const { data } = await ledger.listDecisions({ query: { limit: 2, ...(cursor !== undefined && { cursor }) }, throwOnError: true });
  pages.push(data.decisions.map(({ command }) => command));
  cursor = data.next;
}
const dossier = await ledger.getDecision({ path: { id: receipt.decision! }, throwOnError: true });

const updates: ContractRegisterUpdate[] = [];
for await (const event of stream) {
  if (!('changes' in event)) continue;
  updates.push(event);
  break;
}
console.log(JSON.stringify({
  outcome: receipt.outcome,
  replayed: [again.response.headers.get('idempotency-replayed'), again.data.decision === receipt.decision],
  problem: problem && [problem.status, problem.type, problem.errors?.map(({ pointer }) => pointer)],
  row: row.data.row.title,
  ceiling: row.data.row.ceiling,
  pages,
  dossier: typeof dossier.data === 'string' ? dossier.data : dossier.data.command,
  updates: updates.map(({ type, changes }) => [type, Object.entries(changes).map(([key, changed]) => [key, changed?.stage])]),
}));
process.exit();
`;

describe('a client that is generated from the description', () => {
  it('is compiled with an integrator’s program, which records, reads and follows', async () => {
    await writeFile(join(dir, 'openapi.json'), (await server.get('/openapi.json')).text);
    const generate = `
      import { createClient } from '@hey-api/openapi-ts';
      import config from ${JSON.stringify(join(root, 'tools/openapi-ts.config.mjs'))};
      const output = { path: ${JSON.stringify(join(dir, 'client'))}, module: { extension: '.ts' } };
      await createClient({ ...config, input: ${JSON.stringify(join(dir, 'openapi.json'))}, output, logs: { level: 'silent' } });`;
    expect(await run('--input-type=module', '-e', generate)).not.toMatch(/failed/);

    await writeFile(join(dir, 'package.json'), JSON.stringify({ type: 'module' }));
    await writeFile(join(dir, 'program.ts'), program(server.url));
    const compilerOptions = {
      target: 'es2023',
      lib: ['es2023', 'dom', 'dom.iterable'],
      module: 'nodenext',
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      skipLibCheck: true,
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
    };
    await writeFile(join(dir, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['program.ts', 'client/**/*.ts'] }));
    const [compiled, printed] = await Promise.all([
      run(join(root, 'node_modules/typescript/bin/tsc'), '-p', dir),
      run('--disable-warning=ExperimentalWarning', join(dir, 'program.ts')),
    ]);
    expect(compiled).toBe('');
    expect(printed).toMatch(/^\{/);
    expect(JSON.parse(printed)).toEqual({
      outcome: 'accepted',
      replayed: ['true', true],
      problem: [409, 'urn:tower-ledger:problem:ledger/unknown-reference', ['/suppliers/0/supplier']],
      row: 'Hosting',
      ceiling: expect.objectContaining({ amount: '155000000.00', currency: 'GBP' }),
      pages: [['AwardContract', 'RegisterSupplier'], ['RegisterSupplier', 'PlanTower'], ['CharterProgramme']],
      dossier: 'AwardContract',
      updates: [['ContractAwarded', [['contract:hosting', 'awarded']]]],
    });
  }, 180_000);
});
