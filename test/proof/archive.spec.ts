import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportBundle } from '../../src/operate/bundle-export.js';
import { archiveOf, membersOf, type ArchivedFile } from '../../src/proof/bundle-archive.js';
import { Checkpoints } from '../../src/proof/checkpoints.js';
import { ProofFolder } from '../../src/proof/proof-folder.js';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { fact, newId } from '../store/event-store.contract.js';
import { endPython, faultsOf, isInstalled, verified, verifiers } from './verifiers.js';

let dir: string;
/** A bundle as a folder, and the same in one file. */
let folder: string;
let whole: Buffer;
const now = () => '2026-03-04T05:06:07.089Z';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tower-ledger-archive-'));
  const source = join(dir, 'source');
  await mkdir(source);
  const store = await SqliteStore.open({ dir: source, timeZone: 'Europe/London', now, newId });
  const checkpoints = await Checkpoints.open({ store, folder: new ProofFolder(source), host: 'example.org', now, log: () => undefined });
  for (let n = 0; n < 5; n++) await store.append('contract-a', n - 1, [fact({ n, text: 'ü\u2028' })]);
  await checkpoints.close();
  await store.close();
  folder = join(dir, 'bundle');
  await exportBundle({ from: source, to: folder, kind: 'ledger', of: '-', host: 'example.org', dossier: '' });
  whole = await archived(folder);
});
afterAll(endPython);
afterAll(() => rm(dir, { recursive: true }));

async function* filesIn(dir: string): AsyncGenerator<ArchivedFile> {
  for (const path of (await readdir(dir)).sort()) yield { path, content: createReadStream(join(dir, path)) };
}
const archived = async (dir: string): Promise<Buffer> => Buffer.concat(await Array.fromAsync(archiveOf(filesIn(dir))));

let made = 0;
const kept = async (bytes: Buffer): Promise<string> => {
  const file = join(dir, `${++made}.zip`);
  await writeFile(file, bytes);
  return file;
};
/** The bytes with one changed. */
const flipped = (at: number, bytes = whole): Buffer => {
  const changed = Buffer.from(bytes);
  changed[at]! ^= 0x10;
  return changed;
};

describe('a bundle in one file', () => {
  it(`is checked by ${verifiers} as the folder is that it unpacks to`, async () => {
    const lines = await verified(folder);
    expect(lines).toEqual([expect.stringMatching(/^5 events are valid/)]);
    expect(await verified(await kept(whole))).toEqual(lines);
  });

  it('can be unpacked by others, byte for byte', async () => {
    if (!isInstalled) return;
    const to = join(dir, 'unpacked');
    expect(spawnSync('python3', ['-m', 'zipfile', '-e', await kept(whole), to]).status).toBe(0);
    expect((await readdir(to)).sort()).toEqual((await readdir(folder)).sort());
    for (const name of await readdir(folder)) expect(await readFile(join(to, name))).toEqual(await readFile(join(folder, name)));
  });

  it('shows a fault of a file in it as that of a folder', async () => {
    const forged = join(dir, 'forged');
    await cp(folder, forged, { recursive: true });
    await writeFile(join(forged, 'dossier.html'), 'another');
    await rm(join(forged, 'manifest'));
    const found = await faultsOf(forged);
    expect(found).toEqual(['FAULT file-missing manifest']);
    expect(await faultsOf(await kept(await archived(forged)))).toEqual(found);
  });

  it('that was cut, added to, or is no archive, is named, whatever is left of it', async () => {
    const malformed = ['FAULT archive-malformed the bundle', '0 events are valid; checkpoint of -, root -'];
    const twice = async function* (): AsyncGenerator<ArchivedFile> {
      yield* filesIn(folder);
      yield* filesIn(folder);
    };
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from('no archive'),
      whole.subarray(0, -1),
      whole.subarray(0, whole.length / 2),
      Buffer.concat([whole, Buffer.from('\n')]),
      Buffer.concat([Buffer.from('#'), whole]),
      Buffer.concat(await Array.fromAsync(archiveOf(twice()))),
      Buffer.concat(await Array.fromAsync(archiveOf((async function* () {})()))),
    ])
      expect(await verified(await kept(bytes))).toEqual(malformed);
  });

  it('names no file outside of it', async () => {
    for (const path of ['../x', '/x', 'a/../../x', 'a\\x', '.x', 'x/']) {
      const one = async function* (): AsyncGenerator<ArchivedFile> {
        yield { path, content: createReadStream(join(folder, 'bundle.json')) };
      };
      const bytes = Buffer.concat(await Array.fromAsync(archiveOf(one())));
      expect(await faultsOf(await kept(bytes))).toEqual(['FAULT archive-malformed the bundle']);
    }
  });

  it('with any byte of its headers changed is malformed, or no other than before', async () => {
    const [valid] = await verified(folder);
    const members = [...(await membersOf(await kept(whole))).values()];
    const directory = whole.readUInt32LE(whole.length - 6);
    const first = members[0]!;
    const places = [
      ...Array.from({ length: first.from }, (_, i) => i), // the header of the first file
      ...Array.from({ length: 16 }, (_, i) => first.from + first.size + i), // what stands behind its bytes
      ...Array.from({ length: 46 + 'bundle.json'.length }, (_, i) => directory + i),
      ...Array.from({ length: 22 }, (_, i) => whole.length - 22 + i),
    ];
    const found = new Set<string>();
    for (const at of places) found.add((await verified(await kept(flipped(at)))).join('\n'));
    expect([...found].sort()).toEqual([valid, 'FAULT archive-malformed the bundle\n0 events are valid; checkpoint of -, root -'].sort());
    for (const { from } of members.filter(({ size }) => size > 0))
      expect(await faultsOf(await kept(flipped(from)))).toEqual(['FAULT archive-malformed the bundle']);
  });
});
