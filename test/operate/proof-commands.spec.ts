import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleCommand, rotateKeyCommand, verifyCommand, witnessCommand } from '../../src/operate/proof-commands.js';
import { runCommand, type Terminal } from '../../src/operate/run-command.js';
import { checkpointBody, parseCheckpoint } from '../../src/proof/checkpoint.js';
import { parseNote, parseVerifierKey, signedBy } from '../../src/proof/note.js';
import { accepted, award, closeRunning, recordWorld, startServer, type Server } from '../http/server.js';

const folders: string[] = [];
const folder = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'tower-ledger-commands-'));
  folders.push(dir);
  return dir;
};
afterAll(closeRunning);
afterAll(() => Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true }))));

const commands = { bundle: bundleCommand, verify: verifyCommand, witness: witnessCommand, 'rotate-key': rotateKeyCommand };
interface Ran {
  readonly code: number;
  readonly printed: string;
  readonly said: string;
}
/** Runs a command as `npm run NAME -- WORDS` does, in this process. */
const run = async (
  name: keyof typeof commands,
  words: readonly string[],
  env: Terminal['env'] = {},
  more: Partial<Terminal> = {},
): Promise<Ran> => {
  const [printed, said]: [string[], string[]] = [[], []];
  const code = await runCommand(commands[name], words, {
    env,
    signal: new AbortController().signal,
    print: (line) => void printed.push(line),
    say: (line) => void said.push(line),
    show: () => undefined,
    exit: () => undefined,
    ...more,
  });
  return { code, printed: printed.join('\n'), said: said.join('\n') };
};
const until = async <T>(read: () => T | undefined | Promise<T | undefined>): Promise<T> => {
  for (let n = 0; n < 500; n++) {
    const value = await read();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('It did not come to pass.');
};

/** A ledger of five events that a server made. */
const recorded = async (env: Readonly<Record<string, string>> = {}): Promise<Server> => {
  const server = await startServer({ DATA_DIR: await folder(), ...env });
  await recordWorld(server);
  await accepted(server.post('/contracts/csc/award-contract', award));
  return server;
};
const textOf = (server: Server, path: string): Promise<string> => server.get(path).then(({ text }) => text);

describe('a command with wrong arguments', () => {
  it.each<[keyof typeof commands, readonly string[], string]>([
    ['bundle', [], "missing required argument 'dir'"],
    ['bundle', ['to', '--programme', 'a', '--decision', 'b'], 'cannot be used with'],
    ['bundle', ['to', '--dossier', '/nowhere'], 'It cannot be read'],
    ['verify', [], "missing required argument 'bundle'"],
    ['verify', ['a', 'b'], 'too many arguments'],
    ['verify', ['a', '--note', '/nowhere'], 'It cannot be read'],
    ['verify', ['a', '--other'], "unknown option '--other'"],
    ['witness', ['--ledgers', '/nowhere', '--name', 'w'], 'It cannot be read'],
    ['witness', [], "required option '--name <name>' not specified"],
    ['witness', ['--name', 'a name'], 'none of them a blank or +'],
    ['witness', ['--port', '70000'], 'from 0 to 65535'],
    ['rotate-key', ['now'], 'too many arguments'],
  ])('%s %j says what is wrong and how it is used, with exit code 64', async (name, words, message) => {
    const { code, printed, said } = await run(name, words);
    expect([code, printed]).toEqual([64, '']);
    expect(said).toContain(message);
    expect(said).toMatch(new RegExp(`^usage: ${name} \\[options\\]`, 'm'));
  });

  it('is described where it is asked for help', async () => {
    const { code, printed } = await run('verify', ['--help']);
    expect([code, printed]).toEqual([0, expect.stringContaining('Checks a bundle offline')]);
  });
});

describe('a bundle', () => {
  it('is exported while the server runs, and verified with the key and a note from the server', async () => {
    const server = await recorded();
    const [to, elsewhere] = [join(await folder(), 'bundle'), await folder()];
    await writeFile(join(elsewhere, 'key'), await textOf(server, '/proofs/key'));
    await writeFile(join(elsewhere, 'note'), await textOf(server, '/proofs/checkpoint'));
    const exported = await run('bundle', [to], { DATA_DIR: server.dir });
    expect(exported).toMatchObject({
      code: 0,
      printed: expect.stringMatching(/^5 events and 0 pieces of evidence are in .*; checkpoint of 5 events, root [\da-f]{64}$/),
    });
    const words = [to, '--key', join(elsewhere, 'key'), '--note', join(elsewhere, 'note')];
    expect(await run('verify', words)).toEqual({
      code: 0,
      said: '',
      printed: expect.stringMatching(/^5 events are valid; checkpoint of 5, root/),
    });
    expect((await run('verify', [to])).said).toContain('The key is the one in the bundle');
    expect(await run('bundle', [to], { DATA_DIR: server.dir })).toMatchObject({ code: 1, said: expect.stringContaining('is not empty') });

    const events = join(to, 'events.jsonl');
    await writeFile(events, (await readFile(events, 'utf8')).replace('155000000', '105000000'));
    const { code, printed } = await run('verify', words);
    expect([code, printed.split('\n').slice(0, 2)]).toEqual([
      1,
      ['FAULT event-altered event 4 (contract-csc, revision 0)', 'FAULT file-altered events.jsonl'],
    ]);
    await server.close();
  });

  it('is not made where the operator ends the command, and then nothing is left of it', async () => {
    const server = await recorded();
    const to = join(await folder(), 'bundle');
    const signal = AbortSignal.abort(new Error('Interrupted.'));
    expect(await run('bundle', [to], { DATA_DIR: server.dir }, { signal })).toMatchObject({ code: 1, said: 'Interrupted.' });
    expect(await readdir(join(to, '..'))).toEqual([]);
    await server.close();
  });
});

describe('a new key', () => {
  it('signs the last checkpoint beside the former one, and a bundle of it is valid with its older notes', async () => {
    const server = await recorded();
    const former = (await textOf(server, '/proofs/key')).trim();
    const env = { DATA_DIR: server.dir };
    expect(await run('rotate-key', [], env)).toMatchObject({ code: 1, said: expect.stringContaining('is in use by another process') });
    await server.close();
    const rotated = await run('rotate-key', [], env);
    expect(rotated.said).toBe('');
    const key = /^The new key: (\S+)$/.exec(rotated.printed)![1]!;
    expect([rotated.code, key]).toEqual([0, expect.not.stringContaining(former)]);
    const note = parseNote(await readFile(join(server.dir, 'proof', 'checkpoint'), 'utf8'));
    expect([former, key].map((one) => signedBy(note, parseVerifierKey(one)))).toEqual([true, true]);

    const again = await startServer(env);
    expect((await again.get('/readyz')).status).toBe(200);
    expect((await textOf(again, '/proofs/key')).trim()).toBe(key);
    await accepted(again.post('/suppliers/new/register-supplier', { title: 'New', form: 'company' }));
    await again.close();
    const to = join(await folder(), 'bundle');
    await run('bundle', [to], env);
    expect(await run('verify', [to, '--key', key])).toMatchObject({ code: 0, printed: expect.stringMatching(/^6 events are valid/) });
    expect((await run('verify', [to, '--key', former])).printed).toMatch(/^FAULT key-differs/);
  });

  it('is not made where there is no key', async () =>
    expect(await run('rotate-key', [], { DATA_DIR: await folder() })).toMatchObject({
      code: 1,
      said: expect.stringContaining('key.pem does not exist'),
    }));
});

describe('a checkpoint', () => {
  it('reaches a folder, a webhook and a witness by the settings of a server, and its bundle is verified by the key of the witness', async () => {
    const elsewhere = await folder();
    const [keys, witnesses, drop] = ['keys', 'witnesses', 'drop'].map((name) => join(elsewhere, name)) as [string, string, string];
    const dir = await folder();
    const first = await startServer({ DATA_DIR: dir });
    await writeFile(keys, await textOf(first, '/proofs/key'));
    await first.close();

    const stop = new AbortController();
    const printed: string[] = [];
    const witness = run(
      'witness',
      ['--name', 'w.example.org', '--ledgers', keys, '--dir', join(elsewhere, 'w'), '--port', '0'],
      {},
      {
        signal: stop.signal,
        print: (line) => void printed.push(line),
      },
    );
    const line = await until(() => printed[0]?.split('\n')[1]);
    await writeFile(witnesses, `${line}\n`);
    const got: string[] = [];
    const hook = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk)).on('end', () => response.end(String(got.push(body)))); // prettier-ignore
    });
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
    const { port } = hook.address() as { port: number };

    const server = await recorded({
      DATA_DIR: dir,
      LEDGER_ANCHOR_DIR: drop,
      LEDGER_ANCHOR_WEBHOOK: `http://127.0.0.1:${port}/`,
      LEDGER_WITNESSES: witnesses,
      LEDGER_ANCHOR_SECONDS: '1',
    });
    await textOf(server, '/proofs/checkpoint');
    const metric = async () => /^ledger_anchored_events (\d+)$/m.exec(await textOf(server, '/metrics'))?.[1];
    await until(async () => ((await metric()) === '5' ? true : undefined));
    await server.close();
    stop.abort();
    expect((await witness).code).toBe(0);
    await new Promise((resolve) => hook.close(resolve));

    const name = (await readdir(drop)).find((file) => file.endsWith('_5'))!;
    const note = await readFile(join(drop, name), 'utf8');
    expect(got.at(-1)).toBe(note);
    expect(parseCheckpoint(parseNote(note).body)).toMatchObject({ size: 5 });
    expect(checkpointBody(parseCheckpoint(parseNote(note).body))).toBe(parseNote(note).body);
    const to = join(await folder(), 'bundle');
    await run('bundle', [to], { DATA_DIR: dir });
    const [, key] = line.split(' ');
    expect(await run('verify', [to, '--witness', key!, '--note', join(drop, name)])).toMatchObject({ code: 0 });
    const stranger = key!.replace(/^[^+]+\+[\da-f]{8}/, 'x+00000000');
    expect((await run('verify', [to, '--witness', stranger])).printed).toMatch(/^FAULT key-malformed the witness key\n0 events/);
  });
});
