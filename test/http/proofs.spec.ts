import { afterAll, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { cp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseCheckpoint } from '../../src/proof/checkpoint.js';
import { parseNote, parseVerifierKey, signedBy } from '../../src/proof/note.js';
import { isConsistent, isIncluded } from '../../src/store/merkle-proof.js';
import { LEDGER_FILE } from '../../src/store/sqlite/sqlite-store.js';
import { accepted, award, closeRunning, partsOf, recordWorld, startServer, stopServer, tempFolder, type Server } from './server.js';

const folders: string[] = [];
afterAll(closeRunning);
afterAll(() => Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true }))));

const bytes = (hex: string) => Buffer.from(hex, 'hex');
const opened = async ({ get }: Server) => {
  const note = parseNote((await get('/proofs/checkpoint')).text);
  const key = parseVerifierKey((await get('/proofs/key')).text.trim());
  return { ...parseCheckpoint(note.body), signed: signedBy(note, key), key };
};

/** A closed ledger of five events, as the server left it. */
const recorded = async (): Promise<string> => {
  const server = await startServer();
  folders.push(server.dir);
  await recordWorld(server);
  await accepted(server.post('/contracts/csc/award-contract', award));
  await server.close();
  return server.dir;
};
const made = recorded();
/** A copy of it, which a test may change. */
const copied = async (): Promise<string> => {
  const dir = await tempFolder();
  folders.push(dir);
  await cp(await made, dir, { recursive: true });
  return dir;
};
const forge = (dir: string, ...statements: string[]): void => {
  const db = new Database(join(dir, LEDGER_FILE));
  db.exec('DROP TRIGGER events_are_never_changed; DROP TRIGGER events_are_never_deleted');
  for (const statement of statements) db.exec(statement);
  db.close();
};

describe('proofs', () => {
  it('lead from a receipt to a signed checkpoint, and from an older checkpoint to a newer one', async () => {
    const server = await startServer();
    await recordWorld(server);
    const older = await opened(server);
    expect(older.signed).toBe(true);
    const receipt = await accepted(server.post('/contracts/csc/award-contract', award));
    const [event] = receipt.events;
    const { body } = await server.get(`${event.proof}?minPosition=${receipt.position}`);
    expect(body).toMatchObject({ event: event.id, leaf: event.leaf, index: 4, size: 5 });
    const newer = parseCheckpoint(parseNote(body.checkpoint).body);
    expect(newer).toMatchObject({ size: 5, root: body.root, origin: older.origin, genesis: older.genesis });
    expect(isIncluded(bytes(event.leaf), body.index, body.size, body.proof.map(bytes), bytes(newer.root))).toBe(true);
    const { body: grown } = await server.get(`/proofs/consistency?from=${older.size}`);
    expect(grown.roots).toEqual({ from: older.root, to: newer.root });
    expect(isConsistent(older.size, newer.size, grown.proof.map(bytes), bytes(older.root), bytes(newer.root))).toBe(true);
    await stopServer(server);
  });

  it('are refused with a sentence for what is not there', async () => {
    const server = await startServer({ DATA_DIR: await copied() });
    const { body } = await server.get('/events');
    const details = async (path: string) => {
      const { status, body } = await server.get(path);
      return [status, body.errors?.[0].detail ?? body.detail];
    };
    const id = body.events[3].id;
    expect(await details('/proofs/inclusion/no-id')).toEqual([400, 'must be a UUID in lower case']);
    expect(await details('/proofs/inclusion/019353d2-0000-7000-8000-000000000009')).toEqual([404, expect.stringContaining('is recorded')]);
    expect(await details(`/proofs/inclusion/${id}?size=3`)).toEqual([400, 'must be above 3: the event is leaf 3, counted from 0']);
    expect(await details(`/proofs/inclusion/${id}?size=6`)).toEqual([400, 'must not be above 5: the ledger has no more events']);
    expect(await details('/proofs/consistency')).toEqual([400, 'is needed: the size of the older tree']);
    expect(await details('/proofs/consistency?from=4&to=3')).toEqual([400, 'must not be above 3']);
    expect((await server.get(`/proofs/inclusion/${id}?size=4`)).body.size).toBe(4);
    await server.close();
  });

  it('are signed by a key that is made at the first start and that its owner alone may read', async () => {
    const dir = await copied();
    const file = join(dir, 'proof', 'key.pem');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const server = await startServer({ DATA_DIR: dir });
    expect((await opened(server)).signed).toBe(true);
    await server.close();
    await writeFile(file, 'no key');
    await expect(startServer({ DATA_DIR: dir })).rejects.toThrow('holds no Ed25519 key');
  });

  it('are not measured: the metrics say what is signed, and what the last whole check came to', async () => {
    const server = await startServer({ DATA_DIR: await copied() });
    const metrics = async () => (await server.get('/metrics')).text;
    expect(await metrics()).toMatch(/^ledger_checkpoint_events 5$/m);
    while (/ledger_log_check_age_seconds Nan/i.test(await metrics())) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await metrics()).toMatch(/^ledger_log_check_events 5$/m);
    expect(await metrics()).toMatch(/^ledger_history_altered 0$/m);
    await server.close();
  });
});

describe('evidence', () => {
  const put = (server: Server, sha256: string, body: string, type = 'application/octet-stream') =>
    fetch(`${server.url}/evidence/${sha256}`, { method: 'PUT', headers: { 'content-type': type }, body });
  const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

  it('is kept under its hash, which is compared when it comes and when it goes out', async () => {
    const server = await startServer({ LEDGER_EVIDENCE_MB: '1', LEDGER_EVIDENCE_TOTAL_MB: '2' });
    const paper = 'the paper '.repeat(5000);
    const path = `/evidence/${hashOf(paper)}`;
    expect((await server.get(path)).status).toBe(404);
    expect((await put(server, hashOf(paper), paper)).status).toBe(201);
    expect((await put(server, hashOf(paper), paper)).status).toBe(204);
    const { status, text, headers } = await server.get(path);
    expect([status, text, headers.get('content-disposition')]).toEqual([200, paper, `attachment; filename="${hashOf(paper)}"`]);

    expect((await put(server, hashOf('another'), paper)).status).toBe(400);
    expect((await put(server, 'no-hash', paper)).status).toBe(400);
    expect((await put(server, hashOf('{}'), '{}', 'text/plain')).status).toBe(415);
    const large = 'x'.repeat(1_000_001);
    expect((await put(server, hashOf(large), large)).status).toBe(413);
    const [first, second] = ['a'.repeat(990_000), 'b'.repeat(990_000)];
    expect([(await put(server, hashOf(first), first)).status, (await put(server, hashOf(second), second)).status]).toEqual([201, 413]);
    expect(await readdir(join(server.dir, 'evidence'))).toHaveLength(2);

    await writeFile(join(server.dir, 'evidence', hashOf(paper)), 'another paper');
    const altered = await server.get(path);
    expect([altered.status, altered.body.detail]).toEqual([500, expect.stringContaining('its hash differs')]);
    await stopServer(server);
  });
});

describe('a server whose folder of proofs is removed', () => {
  it('or a key of which is replaced, is not ready and says why, records what comes, and is ready again once all is back', async () => {
    const server = await startServer();
    const isReady = async (wanted: number) => {
      for (let n = 0; ; n++) {
        const { status, body } = await server.get('/readyz');
        if (status === wanted) return body;
        if (n > 300) throw new Error(`still ${status}: ${JSON.stringify(body)}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    await isReady(200);
    const proof = join(server.dir, 'proof');
    await rename(proof, `${proof}-away`);
    expect(await isReady(503)).toMatchObject({
      proof: 'gone',
      store: 'answers',
      reason: expect.stringContaining(`${join(proof, 'key.pem')} was removed`),
    });
    expect((await server.post('/suppliers/late/register-supplier', { title: 'Late', form: 'company' })).status).toBe(201);
    await rename(`${proof}-away`, proof);
    expect(await isReady(200)).toMatchObject({ proof: 'agrees' });
    const key = join(proof, 'key.pem');
    const pem = await readFile(key);
    await writeFile(key, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
    expect(await isReady(503)).toMatchObject({
      proof: 'replaced',
      reason: `${key} was replaced while the ledger was open: put it back as it was.`,
    });
    await writeFile(key, pem);
    expect(await isReady(200)).toMatchObject({ proof: 'agrees' });
    await stopServer(server);
  });
});

describe('a server on a ledger that was', () => {
  const reasonOf = async (dir: string): Promise<string> => {
    const server = await startServer({ DATA_DIR: dir });
    for (let n = 0; ; n++) {
      const { status, body } = await server.get('/readyz');
      if (status === 503 && body.proof === 'altered') {
        await server.close();
        return body.reason;
      }
      if (n > 200) throw new Error(`still ready: ${JSON.stringify(body)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  it.each([
    [
      'changed in one event',
      `UPDATE events SET data = replace(data, 'CSC', 'CSD') WHERE position = 6`,
      'The event at position 6 (contract-csc, revision 0)',
    ],
    [
      'cut at its end',
      'DELETE FROM events WHERE position = 6',
      'The log has 4 events, but the Merkle tree that is kept with it has 5 leaves.',
    ],
    [
      'cut at its end with its tree',
      'DELETE FROM events WHERE position = 6; DELETE FROM leaves WHERE n = 4',
      'The ledger has 4 events, but the last note was signed over 5',
    ],
    ['changed with its tree', `UPDATE leaves SET hash = zeroblob(32) WHERE n = 4`, 'what was changed is among events'],
    [
      'rid of its tree',
      `UPDATE events SET data = replace(data, 'CSC', 'CSD') WHERE position = 6; DELETE FROM leaves; DELETE FROM nodes`,
      'what was changed is among events',
    ],
    [
      'given another first record',
      `UPDATE events SET data = json_set(data, '$.createdAt', '2020') WHERE position = 1`,
      'The first record of the ledger is not the one',
    ],
  ])('%s is not ready, and says why', async (_, statement, reason) => {
    const dir = await copied();
    forge(dir, statement);
    expect(await reasonOf(dir)).toContain(reason);
  });

  it('changed in one event signs nothing once that is found, over what is recorded since neither, and shows no proof', async () => {
    const dir = await copied();
    forge(dir, `UPDATE events SET data = replace(data, 'CSC', 'CSD') WHERE position = 6`);
    const server = await startServer({ DATA_DIR: dir });
    while ((await server.get('/readyz')).body.proof !== 'altered') await new Promise((resolve) => setTimeout(resolve, 20));
    await accepted(server.post('/suppliers/late/register-supplier', { title: 'Late', form: 'company' }));
    for (const path of ['checkpoint', 'bundle', 'consistency?from=1']) {
      const { status, body } = await server.get(`/proofs/${path}`);
      expect([path, status, body.detail]).toEqual([path, 500, expect.stringContaining('Nothing is signed: The event at position 6')]);
    }
    expect((await server.get('/app/proof')).text).toContain('The event at position 6');
    expect((await server.get('/app/proof')).text).not.toContain('/proofs/bundle');
    expect(server.logged.filter((line) => line.includes('unexpected'))).toEqual([]); // the finding was said once: strangers may ask on
    await server.close();
    expect((await readFile(join(dir, 'proof', 'checkpoint'), 'utf8')).split('\n')[1]).toBe('5');
  });

  it('is said to be unproven at a start without its notes, and not where they are kept', async () => {
    const dir = await copied();
    const unproven = ({ logged }: Server) => logged.filter((line) => /No checkpoint is kept in .*over the 5 events/.test(line)).length;
    const kept = await startServer({ DATA_DIR: dir });
    await kept.close();
    await rm(join(dir, 'proof'), { recursive: true });
    const lost = await startServer({ DATA_DIR: dir });
    await lost.close();
    expect([unproven(kept), unproven(lost)]).toEqual([0, 1]);
  });

  it('rolled back records nothing, until a start with --new-epoch says that a backup was restored', async () => {
    const old = await copied();
    const dir = await copied();
    const server = await startServer({ DATA_DIR: dir });
    await accepted(server.post('/suppliers/late/register-supplier', { title: 'Late', form: 'company' }));
    const last = await opened(server);
    await server.close();
    await cp(join(old, LEDGER_FILE), join(dir, LEDGER_FILE));
    await rm(join(dir, 'read-model.db'), { force: true });

    const behind = await startServer({ DATA_DIR: dir });
    const refused = await behind.post('/suppliers/other/register-supplier', { title: 'Other', form: 'company' });
    expect([refused.status, refused.body.detail]).toEqual([500, expect.stringContaining('the last note was signed over 6')]);
    expect((await behind.get('/proofs/checkpoint')).status).toBe(500);
    expect((await behind.get('/readyz')).body.reason).toContain('up to event 5 it agrees with an older note');
    expect(behind.logged.filter((line) => line.includes('unexpected'))).toEqual([]);
    await behind.close();

    const again = await startServer({ DATA_DIR: dir }, {}, ['--new-epoch']);
    expect((await again.get('/readyz')).body).toMatchObject({ ready: true, proof: 'agrees' });
    const first = await opened(again);
    expect([last.origin.split('/').at(-1), first.origin.split('/').at(-1), first.size, first.signed]).toEqual(['1', '2', 5, true]);
    const epochs = (await readFile(join(dir, 'proof', 'epochs.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(epochs).toEqual([expect.objectContaining({ epoch: 2, size: 5, agreesUpTo: 5, last: expect.stringContaining(last.origin) })]);
    await again.close();

    const next = await startServer({ DATA_DIR: dir });
    expect((await opened(next)).origin).toBe(first.origin);
    expect(partsOf(next).store.tree!.size).toBe(5);
    await next.close();
  });

  it('given another note is not ready', async () => {
    const dir = await copied();
    const file = join(dir, 'proof', 'checkpoint');
    await writeFile(file, (await readFile(file, 'utf8')).replace('\n5\n', '\n4\n'));
    expect(await reasonOf(dir)).toContain('has no valid signature by a known key');
  });
});
