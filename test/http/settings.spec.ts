import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createApp } from '../../src/app.module.js';
import { ConfigError, configOf } from '../../src/config.js';
import { closeRunning, startServer, stopServer, tempFolder, type Server } from './server.js';

let server: Server;
let dir: string;
const inside = (name: string): string => join(dir, name);
beforeAll(async () => {
  [server, dir] = [await startServer(), await tempFolder()];
  const keep = (name: string, text: string) => writeFile(inside(name), text, { mode: 0o600 });
  await keep('file', 'no key');
  await keep('rsa.pem', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  await keep('tokens.json', '{"tokens":[]}');
  await mkdir(join(inside('closed'), 'ledger.lock'), { recursive: true });
  await keep('witnesses', '# none yet\n\n');
});
afterAll(() => stopServer(server));
afterAll(closeRunning);
afterAll(() => rm(dir, { recursive: true }));

it.each<[string, () => string, RegExp, Readonly<Record<string, string>>?]>([
  ['PORT', () => new URL(server.url).port, /^PORT \d+ cannot be used: .*EADDRINUSE/],
  ['HOST', () => '203.0.113.7', /^HOST must be an address of this machine, not "203\.0\.113\.7": /, { LEDGER_TOKENS: 'tokens.json' }],
  ['DATA_DIR', () => inside('closed'), /^DATA_DIR cannot be used: EISDIR: .*ledger\.lock'\.$/],
  ['LEDGER_PROOF_KEY', () => inside('file'), /^LEDGER_PROOF_KEY: .*file holds no Ed25519 key in PEM/],
  ['LEDGER_PROOF_KEY', () => inside('rsa.pem'), /^LEDGER_PROOF_KEY: .*it is a key for rsa/],
  ['LEDGER_ANCHOR_DIR', () => inside('file'), /^LEDGER_ANCHOR_DIR must be a folder: .*file is a file\.$/],
  ['LEDGER_WITNESSES', () => inside('witnesses'), /^LEDGER_WITNESSES: The file names no witness\.$/],
  ['LEDGER_WITNESSES', () => inside('nosuch'), /^LEDGER_WITNESSES: ENOENT/],
  ['LEDGER_KURRENTDB_URL', () => 'nonsense', /^LEDGER_KURRENTDB_URL: Invalid KurrentDB connection string/, { LEDGER_STORE: 'kurrentdb' }],
])('a start with %s that does not hold what it should ends with a sentence that names it', async (key, value, sentence, others = {}) => {
  const env = { PORT: '0', DATA_DIR: inside('data'), LEDGER_LOG_LEVEL: 'silent', ...others, [key]: value() };
  const { LEDGER_TOKENS: tokens } = env as { readonly LEDGER_TOKENS?: string };
  const config = configOf({ ...env, ...(tokens !== undefined && { LEDGER_TOKENS: inside(tokens) }) });
  const error = await createApp(config).then(
    ({ close }) => close(),
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as Error).message).toMatch(sentence);
});
