import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { documentOf } from '../../src/http/openapi.js';
import { startServer, stopServer, tempFolder, type Server } from './server.js';

const root = join(import.meta.dirname, '../..');
let server: Server;
let dir: string;
beforeAll(async () => {
  server = await startServer();
  dir = await tempFolder();
});
afterAll(async () => {
  await stopServer(server);
  await rm(dir, { recursive: true });
});

/** Runs a tool; one that finds something ends with an error, whose output is the finding. */
const run = async (script: string, ...args: string[]): Promise<string> => {
  const ran = promisify(execFile)(process.execPath, [join(root, 'node_modules', script), ...args], { cwd: root, maxBuffer: 1 << 26 });
  const { stdout } = await ran.catch((error: { readonly stdout: string }) => error);
  return stdout;
};

/** What a linter says; most often a schema is missing because the types have changed since it was written. */
const withCure = (message: string): string =>
  /resolve|\$ref|schema/i.test(message) ? `${message} (Is it missing? npm run schemas)` : message;

describe('the OpenAPI document, of a server on this machine alone and of one with tokens', () => {
  let files: readonly [alone: string, withTokens: string];
  beforeAll(async () => {
    files = [join(dir, 'alone.json'), join(dir, 'tokens.json')];
    for (const [i, file] of files.entries()) await writeFile(file, JSON.stringify(documentOf(server.app, '0.1.0', i === 1)));
  });

  it('passes the recommended rules of Redocly without a warning', async () => {
    for (const file of files) {
      const { problems } = JSON.parse(await run('@redocly/cli/bin/cli.js', 'lint', file, '--config', 'redocly.yaml', '--format=json'));
      expect(problems.map(({ ruleId, message, location }: any) => [ruleId, withCure(message), location[0]?.pointer])).toEqual([]);
    }
  }, 180_000);

  it('passes the OpenAPI rules of Spectral without a warning', async () => {
    const out = await run('@stoplight/spectral-cli/dist/index.js', 'lint', files[1], '-r', '.spectral.yaml', '-f', 'json', '-q');
    expect(JSON.parse(out).map(({ code, message, path }: any) => [code, withCure(message), path.join('.')])).toEqual([]);
  }, 180_000);
});
