import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_EVENTS, PAGE } from '../../src/http/bundles.js';
import { exportBundle } from '../../src/operate/bundle-export.js';
import { tokenCommands } from '../../src/operate/token-commands.js';
import { membersOf, readMember } from '../../src/proof/bundle-archive.js';
import { Checkpoints } from '../../src/proof/checkpoints.js';
import { EvidenceFolder } from '../../src/proof/evidence-folder.js';
import type { Leaf } from '../../src/store/merkle-proof.js';
import { leafOf } from '../../src/store/merkle-tree.js';
import { endPython, verified, verifiers } from '../proof/verifiers.js';
import { accepted, award, closeRunning, partsOf, recordWorld, startServer, stopServer, tempFolder, type Server } from './server.js';

const paper = 'the paper itself';
const PAPER = createHash('sha256').update(paper).digest('hex');
const evidence = [{ uri: 'https://example.org/a', title: 'Paper', confidence: 'primary', sha256: PAPER }];

let server: Server;
let dir: string;
let decision: string;
beforeAll(async () => {
  server = await startServer();
  dir = await tempFolder();
  await recordWorld(server);
  const headers = { 'content-type': 'application/octet-stream' };
  await fetch(`${server.url}/evidence/${PAPER}`, { method: 'PUT', headers, body: paper });
  const awarded = server.post('/contracts/csc/award-contract', { ...award, record: { effectiveOn: '2015-10', evidence } });
  decision = (await accepted(awarded)).decision;
  await accepted(server.post('/contracts/csc/sign-contract', { record: { effectiveOn: '2015-11' } }));
  await accepted(server.post('/programmes/other/charter-programme', { title: 'Other', authority: 'GLA', baseCurrency: 'GBP' }));
});
afterAll(endPython);
afterAll(closeRunning);
afterAll(async () => {
  await rm(server.dir, { recursive: true, force: true });
  await rm(dir, { recursive: true });
});

let taken = 0;
const download = async (query: string, of = server): Promise<{ readonly file: string; readonly headers: Headers }> => {
  const { status, headers, body } = await fetch(`${of.url}/proofs/bundle${query}`);
  expect(status).toBe(200);
  const file = join(dir, `${++taken}.zip`);
  await writeFile(file, body!);
  return { file, headers };
};
const problemAt = async (path: string): Promise<readonly [number, string]> => {
  const { status, body } = await server.get(path);
  return [status, body.errors?.[0].detail ?? body.detail];
};
const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  for (const end = Date.now() + 5000; !(await holds()); await new Promise((resolve) => setTimeout(resolve, 20)))
    if (Date.now() > end) throw new Error('It never came.');
};

describe('a bundle that is downloaded', () => {
  const given = async () => ({
    key: (await server.get('/proofs/key')).text.trim(),
    note: (await server.get('/proofs/checkpoint')).text,
  });

  it(`is of the whole ledger, of a programme or of a decision, and is valid for ${verifiers}`, async () => {
    const held = async (query: string) => {
      const { file, headers } = await download(query);
      expect(headers.get('content-type')).toBe('application/zip');
      const [last] = await verified(file, await given());
      return [headers.get('content-disposition')!.match(/"(.*)"/)![1], Number(last!.split(' ')[0])];
    };
    expect(await held('')).toEqual(['ledger.bundle.zip', 7]);
    expect(await held('?programme=met')).toEqual(['met.bundle.zip', 4]);
    expect(await held(`?decision=${decision}`)).toEqual([`decision-${decision.slice(-12)}.bundle.zip`, 4]);
  });

  it('has the files of the bundle that is exported beside the server, byte for byte', async () => {
    for (const [kind, of, query] of [
      ['ledger', '-', ''],
      ['programme', 'met', '?programme=met'],
      ['decision', decision, `?decision=${decision}`],
    ] as const) {
      const { file } = await download(query);
      const to = join(dir, `exported-${kind}`);
      await exportBundle({ from: server.dir, to, kind, of, host: 'localhost' });
      const members = await membersOf(file);
      expect([...members.keys()]).toContain(`evidence/${PAPER}`);
      for (const [path, member] of members) {
        const bytes = Buffer.concat(await Array.fromAsync(readMember(file, member)));
        expect([kind, path, bytes.toString()]).toEqual([kind, path, await readFile(join(to, path), 'utf8')]);
      }
    }
  });

  it('speaks of what was recorded when it was asked for, and of nothing that comes while it is sent', async () => {
    const checkpoints = server.app.get(Checkpoints);
    const signed = await checkpoints.current();
    const original = checkpoints.current;
    checkpoints.current = async () => {
      checkpoints.current = original;
      await accepted(server.post('/contracts/csc/start-service', { record: { effectiveOn: '2015-12-01' } }));
      return signed;
    };
    const { file } = await download('?programme=met');
    expect(await verified(file)).toEqual([expect.stringMatching(new RegExp(`^4 events are valid; checkpoint of ${signed!.size},`))]);
    expect((await verified((await download('?programme=met')).file))[0]).toMatch(/^5 events are valid; checkpoint of 8,/);
  });

  it('is refused with a sentence where there is nothing, or where the question makes no sense', async () => {
    expect(await problemAt('/proofs/bundle?programme=none')).toEqual([404, 'Nothing is recorded of the programme none.']);
    const unknown = '019353d2-0000-7000-8000-0000000000aa';
    expect(await problemAt(`/proofs/bundle?decision=${unknown}`)).toEqual([404, `No decision ${unknown} is recorded.`]);
    expect(await problemAt('/proofs/bundle?decision=x')).toEqual([400, 'must be a UUID in lower case']);
    expect(await problemAt('/proofs/bundle?programme=No')).toEqual([400, 'must be an id']);
    expect(await problemAt(`/proofs/bundle?programme=met&decision=${decision}`)).toEqual([400, 'cannot be combined with programme']);
    const empty = await startServer();
    expect((await empty.get('/proofs/bundle')).body.detail).toBe('Nothing is recorded yet.');
    await stopServer(empty);
  });

  it('is refused where the ledger is too large, and the answer says how one is made all the same', async () => {
    const checkpoints = server.app.get(Checkpoints);
    const folder = server.app.get(EvidenceFolder);
    const [current, bytes] = [checkpoints.current, folder.bytes];
    try {
      checkpoints.current = async () => ({ ...(await current.call(checkpoints))!, size: MAX_EVENTS + 1 });
      expect(await problemAt('/proofs/bundle')).toEqual([422, expect.stringContaining('npm run bundle')]);
      checkpoints.current = current;
      folder.bytes = async () => 2_000_000_001;
      expect(await problemAt('/proofs/bundle?programme=met')).toEqual([422, expect.stringContaining('2000 MB of evidence')]);
      expect((await server.get(`/proofs/bundle?decision=${decision}`)).status).toBe(200);
    } finally {
      [checkpoints.current, folder.bytes] = [current, bytes];
    }
  });

  it('is read no further than its client takes, and no further at all once the client has gone', async () => {
    const { store } = partsOf(server);
    const checkpoints = server.app.get(Checkpoints);
    const tree = checkpoints.tree as { leaves(from: number, limit: number): readonly Leaf[] };
    const [current, readAll, leaves] = [checkpoints.current, store.readAll, tree.leaves];
    const [one] = await store.readAll(undefined, 1);
    const event = { ...one!, data: { text: 'x'.repeat(10_000) } };
    const long = Array(PAGE).fill(event);
    const leavesOfLong = Array(PAGE).fill({ position: event.position, hash: leafOf(event) });
    let read = 0;
    try {
      checkpoints.current = async () => ({ ...(await current.call(checkpoints))!, size: MAX_EVENTS });
      store.readAll = async (after, limit) => (limit === PAGE ? (read++, long) : readAll.call(store, after, limit));
      tree.leaves = (from, limit) => (limit === PAGE ? leavesOfLong : leaves.call(tree, from, limit));
      const gone = new AbortController();
      const ask = () => fetch(`${server.url}/proofs/bundle`, { signal: gone.signal });
      const held = await Promise.all([ask(), ask()]); // an answer that nobody refers to any more is given up
      let seen = -1;
      await until(async () => seen === (seen = read) || (await new Promise((resolve) => setTimeout(resolve, 200)), false));
      expect(read).toBeGreaterThan(2);
      expect(read).toBeLessThan(200); // of 10,000 pages: what the two connections hold
      const third = await ask();
      const { type } = (await third.json()) as { readonly type: string };
      expect([third.status, type, third.headers.get('retry-after')]).toEqual([503, 'urn:tower-ledger:problem:too-many-bundles', '10']);
      expect(held.map(({ status, bodyUsed }) => [status, bodyUsed])).toEqual([[200, false], [200, false]]); // prettier-ignore
      gone.abort();
      [checkpoints.current, store.readAll, tree.leaves] = [current, readAll, leaves];
      await until(async () => (await fetch(`${server.url}/proofs/bundle`)).status === 200);
      expect(server.logged.filter((line) => line.includes('broke off'))).toEqual([]); // a client that goes is no failure
    } finally {
      [checkpoints.current, store.readAll, tree.leaves] = [current, readAll, leaves];
    }
  });

  it('is announced without a length, which nobody knows before it is made', async () => {
    const { status, headers } = await fetch(`${server.url}/proofs/bundle`, { method: 'HEAD' });
    expect([status, headers.get('content-type'), headers.get('content-length')]).toEqual([200, 'application/zip', null]);
  });

  it('that breaks off is no archive', async () => {
    const folder = server.app.get(EvidenceFolder);
    const { read } = folder;
    folder.read = () => {
      throw new Error('The disk is gone.');
    };
    const body = await fetch(`${server.url}/proofs/bundle`).then((answer) => answer.arrayBuffer().catch(() => undefined));
    folder.read = read;
    expect(body).toBeUndefined();
  });

  it('is sent to nobody while the history is not the one that was signed', async () => {
    const checkpoints = server.app.get(Checkpoints);
    Object.defineProperty(checkpoints, 'fault', { value: 'It was altered.', configurable: true });
    expect(await problemAt('/proofs/bundle')).toEqual([500, 'Nothing is signed: It was altered.']);
    delete (checkpoints as { fault?: unknown }).fault;
  });

  it('breaks off before its manifest at an event that is not the one that was stored, though no check has found it yet', async () => {
    const { store } = partsOf(server);
    const { readAll } = store;
    store.readAll = async (after, limit) =>
      (await readAll.call(store, after, limit)).map((event, i) =>
        i === 2 && limit === PAGE ? { ...event, data: { ...event.data, x: 1 } } : event,
      );
    const body = await fetch(`${server.url}/proofs/bundle`).then((answer) => answer.arrayBuffer().catch(() => undefined));
    store.readAll = readAll;
    expect(body).toBeUndefined();
    expect(server.logged.some((line) => /The event at position \d+ \(.*\) is not the one that was stored/.test(line))).toBe(true);
  });
});

describe('with tokens', () => {
  it('who may read may take a bundle away, and who sees the calendar alone may not', async () => {
    const file = join(dir, 'tokens.json');
    const tokenOf = async (role: string): Promise<string> => {
      const printed: string[] = [];
      const command = tokenCommands({
        file,
        now: () => '2026-11-24T12:00:00.000Z',
        print: (line) => printed.push(line),
        say: () => undefined,
      });
      await command.parseAsync(['add', '--person', role, '--role', role], { from: 'user' });
      return printed[0]!;
    };
    const tokens = [await tokenOf('auditor'), await tokenOf('board'), await tokenOf('calendar')];
    await server.close();
    const guarded = await startServer({ LEDGER_TOKENS: file, DATA_DIR: server.dir });
    const ask = (headers = {}) => guarded.get('/proofs/bundle?programme=met', headers).then(({ status }) => status);
    const statuses = await Promise.all(tokens.map((token) => ask({ authorization: `Bearer ${token}` })));
    expect([...statuses, await ask()]).toEqual([200, 200, 403, 401]);
    await guarded.close();
  });
});
