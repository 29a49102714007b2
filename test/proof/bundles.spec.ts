import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { spawnSync } from 'node:child_process';
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportBundle, type BundleOptions } from '../../src/operate/bundle-export.js';
import { migrate } from '../../src/operate/migration.js';
import { openLedger, placeOf } from '../../src/operate/stores.js';
import { checkpointBody, genesisHash, openCheckpoint, signCheckpoint } from '../../src/proof/checkpoint.js';
import { Checkpoints } from '../../src/proof/checkpoints.js';
import { COSIGNATURE, cosign, signNote, verifierKey } from '../../src/proof/note.js';
import { ProofFolder } from '../../src/proof/proof-folder.js';
import { canonical } from '../../src/kernel/index.js';
import { leafHash, MerkleTree } from '../../src/store/merkle-tree.js';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { fact, metadata, newId } from '../store/event-store.contract.js';
import { endPython, faultsOf, isInstalled, verified, verifiers } from './verifiers.js';

const folders: string[] = [];
const folder = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'tower-ledger-bundle-'));
  folders.push(dir);
  return dir;
};
afterAll(endPython);
afterAll(() => Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true }))));

const now = () => '2026-03-04T05:06:07.089Z';
const store = (dir: string, genesis?: SqliteStore['genesis']) =>
  SqliteStore.open({ dir, timeZone: 'Europe/London', now, newId, ...(genesis && { genesis }) });
const noted = (ledger: SqliteStore, dir: string) =>
  Checkpoints.open({ store: ledger, folder: new ProofFolder(dir), host: 'example.org', now, log: () => undefined });

const paper = 'the paper itself';
const PAPER = createHash('sha256').update(paper).digest('hex');
const DECISION = '019353d2-0000-7000-8000-0000000000aa';
const about = (programme: string) => ({ metadata: { ...metadata, about: { programme }, known: [] } });
const strange = { 'ü\u{1f600}': ['\u2028', '\u0001"\\', 'ꙮ'], 'b\uffff': 2 ** 53 - 1, b: -7, '': null, 'b\u{10000}': true };

/** A ledger of twelve events, of two programmes; the first note was kept over four, the second over eight. */
let source: string;
let kept: readonly string[];
beforeAll(async () => {
  source = await folder();
  const ledger = await store(source);
  const notes: string[] = [];
  const record = async (stream: string, revision: number, more: object, data: unknown = { n: revision }) =>
    ledger.append(stream, revision - 1, [fact(data, more)]);
  const sign = async () => {
    const checkpoints = await noted(ledger, source);
    notes.push((await checkpoints.current())!.note);
    await checkpoints.close();
  };
  await record('programme-met', 0, about('met'));
  await record('contract-a', 0, about('met'), strange);
  await record('contract-b', 0, about('other'));
  await record('supplier-s', 0, { metadata: { ...metadata, about: {} } });
  await sign();
  await record('contract-a', 1, about('met'));
  await record('supplier-s', 1, { metadata: { ...metadata, about: {} } });
  await record('contract-a', 2, {
    metadata: {
      ...about('met').metadata,
      evidence: [{ uri: 'https://example.org/a', title: 'Paper', confidence: 'primary', sha256: PAPER }],
    },
  });
  await record('contract-b', 1, about('other'));
  await sign();
  await record('contract-c', 0, about('met'));
  await record('contract-a', 3, {
    metadata: {
      ...metadata,
      about: { programme: 'met' },
      command: { id: DECISION, name: 'x' },
      known: [{ stream: 'supplier-s', revision: 1 }],
    },
  });
  await record('supplier-s', 2, { metadata: { ...metadata, about: {} } });
  await record('contract-a', 4, about('met'));
  await sign();
  await ledger.close();
  kept = notes;
  await mkdir(join(source, 'evidence'));
  await writeFile(join(source, 'evidence', PAPER), paper);
}, 60_000);

const bundle = async (kind: BundleOptions['kind'], of = '-', dossier?: string): Promise<string> => {
  const to = join(await folder(), 'bundle');
  await exportBundle({ from: source, to, kind, of, host: 'example.org', ...(dossier !== undefined && { dossier }) });
  return to;
};

const edit = async (dir: string, name: string, change: (text: string) => string): Promise<string> => {
  const text = await readFile(join(dir, name), 'utf8');
  expect(change(text)).not.toBe(text);
  await writeFile(join(dir, name), change(text));
  return dir;
};
const lines = (change: (lines: string[]) => string[]) => (text: string) => change(text.split(/(?<=\n)/)).join('');
const inLine = (n: number, change: (line: string) => string) => lines((all) => all.map((line, i) => (i === n ? change(line) : line)));
const replaced = (n: number, from: string | RegExp, to: string) => inLine(n, (line) => line.replace(from, to));
/** The first digit after `before`, or of the text, is another one: '0' instead would leave one text in sixteen as it was. */
const otherDigit = (before: string) => (text: string) =>
  text.replace(new RegExp(`(?<=${before})[\\da-f]`), (digit) => (digit === '0' ? '1' : '0'));
/** A line whose leaf is that of what it says now. */
const forgedLine = (line: string): string => {
  const { data, ...rest } = JSON.parse(line.replace('"n":1', '"n":8'));
  return `${canonical({ data, ...rest, leafhash: leafHash(canonical(data)).toString('hex') })}\n`;
};

describe('a bundle', () => {
  it('of a whole ledger holds every event, and is valid by itself and with a key and a note from elsewhere', async () => {
    const dir = await bundle('ledger');
    const { key } = JSON.parse(await readFile(join(dir, 'bundle.json'), 'utf8'));
    const [last] = await verified(dir, { key });
    expect(last).toMatch(/^12 events are valid; checkpoint of 12, root [\da-f]{64}$/);
    for (const note of kept) expect(await faultsOf(dir, { note })).toEqual([]);
  });

  it('of a programme holds its streams whole, and no others', async () => {
    const dir = await bundle('programme', 'met', '<p>A dossier</p>');
    expect((await verified(dir)).at(-1)).toMatch(/^7 events are valid; checkpoint of 12/);
    const manifest = await readFile(join(dir, 'manifest'), 'utf8');
    expect(manifest.split('\n').filter((line) => line.startsWith('stream'))).toEqual([
      'stream contract-a 4 head',
      'stream contract-c 0 head',
      'stream programme-met 0 head',
    ]);
    expect(manifest).toContain('file dossier.html ');
    await writeFile(join(dir, 'evidence', PAPER), 'another paper');
    await rm(join(dir, 'dossier.html'));
    expect(await faultsOf(dir)).toEqual([`FAULT file-altered evidence/${PAPER}`, 'FAULT file-missing dossier.html']);
  });

  it('of a decision holds its stream and what was known, up to then', async () => {
    const dir = await bundle('decision', DECISION);
    expect((await verified(dir)).at(-1)).toMatch(/^6 events are valid; checkpoint of 12/);
    expect(await readFile(join(dir, 'manifest'), 'utf8')).toContain('stream contract-a 3 part\nstream supplier-s 1 part\n');
  });

  it('of a decision that knew a stream before its first event leaves that stream out', async () => {
    const dir = await folder();
    const ledger = await store(dir);
    const known = [{ stream: 'supplier-later', revision: -1 }];
    await ledger.append('contract-a', -1, [fact({}, { metadata: { ...metadata, command: { id: DECISION, name: 'x' }, known } })]);
    await ledger.append('supplier-later', -1, [fact({})]);
    await (await noted(ledger, dir)).close();
    await ledger.close();
    const to = join(await folder(), 'bundle');
    await exportBundle({ from: dir, to, kind: 'decision', of: DECISION, host: 'example.org' });
    expect((await verified(to)).at(-1)).toMatch(/^1 events are valid; checkpoint of 2/);
  });

  it('is not made of what is not there, nor in a folder that holds something', async () => {
    await expect(bundle('programme', 'nothing')).rejects.toThrow('Nothing is recorded of the programme nothing.');
    await expect(exportBundle({ from: source, to: source, kind: 'ledger', of: '-', host: 'example.org' })).rejects.toThrow('is not empty');
    await expect(exportBundle({ from: '/nowhere', to: '/nowhere', kind: 'ledger', of: '-', host: 'x' })).rejects.toThrow(
      'holds no ledger.db',
    );
  });

  it('of a whole ledger can be imported again, with the same root', async () => {
    const dir = await bundle('ledger');
    const from = await openLedger(placeOf(`bundle:${dir}`));
    const to = await store(await folder(), from.genesis);
    const { count, root } = await migrate({ from, to });
    expect((await verified(dir)).at(-1)).toBe(`${count} events are valid; checkpoint of ${count}, root ${root}`);
    await from.close();
    await to.close();
    await expect(openLedger(placeOf(`bundle:${await bundle('programme', 'met')}`))).rejects.toThrow('only a whole ledger can be imported');
  });

  it.each<[string, (lines: string) => string, string]>([
    ['an event was changed', (lines) => lines.replace('"n":1', '"n":8'), 'event-altered event 4 (contract-a, revision 1)'],
    ['the end is missing', (lines) => lines.slice(0, -9), 'line-malformed line'],
    ['its last events are missing', (lines) => lines.slice(0, lines.slice(0, -1).lastIndexOf('\n') + 1), 'events-missing events'],
    ['a line is no JSON', (lines) => `{${lines}`, 'line-malformed line 1'],
    ['a line is longer than any', (lines) => `${lines}${'x'.repeat(17 << 20)}\n`, 'line-malformed line'],
  ])('of a whole ledger is not imported where %s', async (_, change, fault) => {
    const dir = await bundle('ledger');
    const file = join(dir, 'events.jsonl');
    await writeFile(file, change(await readFile(file, 'utf8')));
    const opening = openLedger(placeOf(`bundle:${dir}`));
    await expect(opening).rejects.toThrow(`The bundle in ${dir} is not what a ledger signed, and nothing is copied from it: ${fault}`);
  });

  it('is imported without a piece of evidence that is not there', async () => {
    const dir = await bundle('ledger');
    const pieces = await readdir(join(dir, 'evidence'));
    for (const piece of pieces) await rm(join(dir, 'evidence', piece));
    const from = await openLedger(placeOf(`bundle:${dir}`));
    expect([pieces.length > 0, (await from.readAll(undefined, 1)).length]).toEqual([true, 1]);
    await from.close();
    await rm(join(dir, 'bundle.json'));
    await expect(openLedger(placeOf(`bundle:${dir}`))).rejects.toThrow('There is no ledger');
    await writeFile(join(dir, 'bundle.json'), '{');
    await expect(openLedger(placeOf(`bundle:${dir}`))).rejects.toThrow('file-malformed bundle.json');
  });

  const event = (leaf: number, stream: string, revision: number) => `event ${leaf} (${stream}, revision ${revision})`;
  const file = 'FAULT file-altered events.jsonl';
  it.each<[string, 'ledger' | 'programme', string, (text: string) => string, string[]]>([
    ['data', 'ledger', 'events.jsonl', replaced(4, '"n":1', '"n":8'), [`FAULT event-altered ${event(4, 'contract-a', 1)}`, file]],
    ['metadata', 'ledger', 'events.jsonl', replaced(5, 'person-1', 'person-2'), [`FAULT event-altered ${event(5, 'supplier-s', 1)}`, file]],
    ['a hash', 'ledger', 'events.jsonl', inLine(4, otherDigit('"leafhash":"')), [`FAULT event-altered ${event(4, 'contract-a', 1)}`, file]],
    [
      'a stream',
      'ledger',
      'events.jsonl',
      replaced(4, /contract-a/g, 'contract-b'),
      [`FAULT event-altered ${event(4, 'contract-b', 1)}`, file],
    ],
    [
      'an envelope',
      'ledger',
      'events.jsonl',
      replaced(4, '"subject":"contract-a"', '"subject":"contract-b"'),
      [`FAULT envelope-altered ${event(4, 'contract-a', 1)}`, file],
    ],
    [
      'another attribute',
      'ledger',
      'events.jsonl',
      replaced(4, '"specversion"', '"sequence":1,"specversion"'),
      ['FAULT line-malformed line 5', 'FAULT events-missing events 4 to 4', file],
    ],
    [
      'a blank',
      'ledger',
      'events.jsonl',
      replaced(4, '"data":', '"data": '),
      ['FAULT line-malformed line 5', 'FAULT events-missing events 4 to 4', file],
    ],
    [
      'a type',
      'ledger',
      'events.jsonl',
      replaced(4, 'Contract', 'C\ufffdntract'),
      [`FAULT event-altered ${event(4, 'contract-a', 1)}`, file],
    ],
    [
      'the order',
      'ledger',
      'events.jsonl',
      lines((all) => [...all.slice(0, 4), all[5]!, all[4]!, ...all.slice(6)]),
      [`FAULT order-altered ${event(5, 'supplier-s', 1)}`, 'FAULT events-missing events 5 to 5', file],
    ],
    ['a removed event', 'ledger', 'events.jsonl', lines((all) => all.toSpliced(4, 2)), ['FAULT events-missing events 4 to 5', file]],
    ['a removed tail', 'ledger', 'events.jsonl', lines((all) => all.slice(0, 9)), ['FAULT events-missing events 9 to 11', file]],
    [
      'the last newline',
      'ledger',
      'events.jsonl',
      (text) => text.slice(0, -1),
      ['FAULT line-malformed line 12', 'FAULT events-missing events 11 to 11', file],
    ],
    [
      'an event and its hash',
      'ledger',
      'events.jsonl',
      inLine(4, forgedLine),
      ['FAULT root-differs events 4 to 7', 'FAULT history-rewritten 8', file],
    ],
    [
      'data of a part',
      'programme',
      'events.jsonl',
      replaced(2, '"n":1', '"n":8'),
      [`FAULT event-altered ${event(4, 'contract-a', 1)}`, 'FAULT stream-incomplete contract-a, revision 1', file],
    ],
    [
      'an event and its hash in a part',
      'programme',
      'events.jsonl',
      inLine(2, forgedLine),
      [`FAULT proof-invalid ${event(4, 'contract-a', 1)}`, 'FAULT stream-incomplete contract-a, revision 1', file],
    ],
    [
      'a proof',
      'programme',
      'events.jsonl',
      inLine(0, otherDigit('"inclusion":"')),
      [`FAULT proof-invalid ${event(0, 'programme-met', 0)}`, 'FAULT stream-incomplete programme-met, revision 0', file],
    ],
    [
      'a removed tail of a part',
      'programme',
      'events.jsonl',
      lines((all) => all.slice(0, -1)),
      ['FAULT stream-incomplete contract-a, revision 4', file],
    ],
    ['a manifest', 'programme', 'manifest', (text) => text.replace('contract-a 4', 'contract-a 3'), ['FAULT note-invalid manifest']],
    ['a checkpoint', 'ledger', 'checkpoint', (text) => text.replace('\n12\n', '\n11\n'), ['FAULT note-invalid checkpoint']],
    [
      'a signature',
      'ledger',
      'checkpoint',
      (text) => text.replace(/.(?=.=*\n$)/, (digit) => (digit === 'A' ? 'B' : 'A')),
      ['FAULT note-invalid checkpoint'],
    ],
    ['the first record', 'ledger', 'bundle.json', (text) => text.replace('Europe/London', 'Europe/Berlin'), ['FAULT genesis-altered']],
    ['the key', 'ledger', 'bundle.json', (text) => text.replace(/\+[\da-f]{8}\+/, '+00000000+'), ['FAULT key-malformed']],
    [
      'the kind',
      'ledger',
      'bundle.json',
      (text) => text.replace('"kind":"ledger"', '"kind":"programme"'),
      ['FAULT file-altered bundle.json'],
    ],
    [
      'an older note',
      'ledger',
      'older-checkpoints.jsonl',
      (text) => text.replace('\\n4\\n', '\\n3\\n'),
      ['FAULT note-invalid older-checkpoints.jsonl'],
    ],
    ['a proof of consistency', 'ledger', 'older-checkpoints.jsonl', otherDigit('"proof":"'), ['FAULT consistency-invalid 4']],
    [
      'a list of older notes',
      'ledger',
      'older-checkpoints.jsonl',
      (text) => text.slice(1),
      ['FAULT file-malformed older-checkpoints.jsonl'],
    ],
  ])(`altered in %s of a %s is named by ${verifiers}`, async (_, kind, name, change, expected) => {
    const dir = await edit(await bundle(kind, kind === 'ledger' ? '-' : 'met'), name, change);
    const found = await faultsOf(dir);
    for (const [i, line] of expected.entries()) expect(found[i]).toContain(line);
    if (name === 'events.jsonl') expect(found).toHaveLength(expected.length);
  });

  it('without a file names it', async () => {
    for (const name of ['bundle.json', 'events.jsonl', 'checkpoint', 'manifest', 'older-checkpoints.jsonl']) {
      const dir = await bundle('ledger');
      await rm(join(dir, name));
      expect((await faultsOf(dir))[0]).toBe(`FAULT file-missing ${name}`);
    }
  });

  it('of a rolled-back ledger, of a rewritten one, and of another one, does not agree with a note that was kept', async () => {
    const dir = await bundle('ledger');
    const key = new ProofFolder(source).key();
    const { origin, genesis } = openCheckpoint(kept[0]!, (name) => new ProofFolder(source).verifiers(name));
    const note = (size: number, root = 'ab'.repeat(32)) => signCheckpoint({ origin, genesis, size, root }, key).note;
    expect(await faultsOf(dir, { note: note(13) })).toEqual(['FAULT rolled-back 13']);
    expect(await faultsOf(dir, { note: note(12) })).toEqual(['FAULT history-rewritten 12', 'FAULT root-differs events 8 to 11']);
    expect(await faultsOf(dir, { note: note(6) })).toEqual(['FAULT root-differs events 4 to 5', 'FAULT history-rewritten 6']);
    expect(await faultsOf(dir, { note: 'no note' })).toEqual(['FAULT note-invalid the kept note']);
    const stranger = generateKeyPairSync('ed25519');
    const own = verifierKey(origin, stranger.publicKey);
    expect(await faultsOf(dir, { key: own })).toEqual([`FAULT key-differs ${origin}`, 'FAULT note-invalid checkpoint']);
    const empty = new MerkleTree().root();
    const forged = signNote(checkpointBody({ origin, genesis, size: 4, root: empty }), origin, stranger.privateKey);
    expect(await faultsOf(dir, { note: forged })).toEqual(['FAULT note-invalid the kept note']);
  });

  it('is checked by a program of at most 300 lines that needs Python alone', async () => {
    const text = await readFile('tools/verify.py', 'utf8');
    expect(text.split('\n').length).toBeLessThanOrEqual(301);
    const imported = [...text.matchAll(/^(?:import|from) (.+)$/gm)].map(([, names]) => names);
    expect(imported).toEqual(['argparse, base64, hashlib, io, json, os, re, sys, zipfile']);
    if (!isInstalled) return;
    const { stderr, status } = spawnSync('python3', ['-B', 'test/proof/verify_test.py'], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, expect.stringContaining('Ran 4 tests')]);
  });
});

describe('any byte of a bundle', () => {
  const files = {
    ledger: ['bundle.json', 'checkpoint', 'manifest', 'older-checkpoints.jsonl'],
    programme: ['manifest', `evidence/${PAPER}`],
  };
  const templates = new Map<string, string>();
  beforeAll(async () => {
    for (const kind of ['ledger', 'programme'] as const) templates.set(kind, await bundle(kind, kind === 'ledger' ? '-' : 'met'));
  });
  /** What the verifiers print while a file of a bundle is another one. */
  const withFile = async (kind: string, name: string, bytes: Buffer): Promise<string[]> => {
    const file = join(templates.get(kind)!, name);
    const before = await readFile(file);
    await writeFile(file, bytes);
    try {
      return await verified(templates.get(kind)!);
    } finally {
      await writeFile(file, before);
    }
  };
  /** By which an event is named in a fault. */
  const eventsIn = (text: string): string[] =>
    text.split('\n').flatMap((line) => {
      const [, stream] = /"stream":"([^"]*)"/.exec(line) ?? [];
      const [[, revision] = [], [, leaf] = []] = [/"revision":(\d+),"stream"/.exec(line) ?? [], /"leafindex":(\d+)/.exec(line) ?? []];
      return stream === undefined || leaf === undefined ? [] : [`event ${leaf} (${stream}, revision ${revision})`];
    });
  const alteredEvents = async (kind: string, change: (bytes: Buffer) => Buffer): Promise<void> => {
    const before = await readFile(join(templates.get(kind)!, 'events.jsonl'));
    const after = change(before);
    const found = await withFile(kind, 'events.jsonl', after);
    const lineSet = new Set(after.toString('latin1').split('\n'));
    const same = before
      .toString('latin1')
      .split('\n')
      .filter((line) => line !== '' && lineSet.has(line));
    if (after.equals(before)) return expect(found).toHaveLength(1);
    expect(found).toContain('FAULT file-altered events.jsonl');
    const untouched = new Set(eventsIn(same.join('\n')));
    expect(found.filter((line) => [...untouched].some((name) => line.endsWith(name)))).toEqual([]);
    expect(Number.parseInt(found.at(-1)!, 10)).toBeGreaterThanOrEqual(same.length);
  };

  it(`of its events is named by ${verifiers}, and no event beside it is called invalid`, async () => {
    const kind = fc.constantFrom('ledger', 'programme');
    await fc.assert(
      fc.asyncProperty(kind, fc.nat(1_000_000), fc.integer({ min: 1, max: 255 }), (of, at, by) =>
        alteredEvents(of, (bytes) => Buffer.from(bytes.with(at % bytes.length, bytes[at % bytes.length]! ^ by))),
      ),
      { numRuns: 40 },
    );
  }, 60_000);

  it(`of the number of an event is named by ${verifiers}, wherever it then points`, async () => {
    const kind = fc.constantFrom('ledger', 'programme');
    await fc.assert(
      fc.asyncProperty(kind, fc.nat(11), fc.constantFrom(0, 1, 5, 8, 11, 12, 99, 1e15), (of, at, to) =>
        alteredEvents(of, (bytes) => {
          const all = bytes.toString('utf8').split(/(?<=\n)/);
          return Buffer.from(all.with(at % all.length, all[at % all.length]!.replace(/"leafindex":\d+/, `"leafindex":${to}`)).join(''));
        }),
      ),
      { numRuns: 30 },
    );
  }, 60_000);

  it(`of another file is named by ${verifiers}, and no event is called invalid`, async () => {
    const where = fc.constantFrom(...Object.entries(files).flatMap(([kind, names]) => names.map((name) => [kind, name] as const)));
    await fc.assert(
      fc.asyncProperty(where, fc.nat(1_000_000), fc.integer({ min: 1, max: 255 }), async ([kind, name], at, by) => {
        const bytes = await readFile(join(templates.get(kind)!, name));
        const found = await withFile(kind, name, Buffer.from(bytes.with(at % bytes.length, bytes[at % bytes.length]! ^ by)));
        const about = /^FAULT (\S+ (bundle\.json|checkpoint|manifest|older-checkpoints\.jsonl|evidence\/\S+)|genesis-altered \S+|consistency-invalid \d+|checkpoint-differs \d+)$/; // prettier-ignore
        expect(found.length).toBeGreaterThan(1);
        for (const line of found.slice(0, -1)) expect(line).toMatch(about);
        expect(['0', '7', '12']).toContain(found.at(-1)!.split(' ')[0]);
        expect(found.some((line) => line.includes(name) || line.includes('genesis-altered'))).toBe(true);
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});

it('a bundle stays valid when its ledger goes on', async () => {
  const dir = await bundle('ledger');
  const copy = await folder();
  await cp(source, copy, { recursive: true });
  const ledger = await store(copy);
  await ledger.append('contract-z', -1, [fact()]);
  await ledger.close();
  expect(await faultsOf(dir)).toEqual([]);
});

it('the example of the format is what this program makes', async () => {
  const page = await readFile('docs/proof-format.md', 'utf8');
  const seed = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 1)]);
  const key = createPrivateKey({ key: seed, format: 'der', type: 'pkcs8' });
  const tree = new MerkleTree();
  const roots = [0, 1, 2].map((n) => {
    const recordedAt = `2026-01-0${n + 1}T00:00:00.000Z`;
    const text = canonical({ v: 1, id: `a${n}`, stream: 'contract-a', revision: n, type: 'Noted', data: { n }, metadata: { recordedAt } });
    expect(page).toContain(`${text}\n${leafHash(text).toString('hex')}\n`);
    tree.add(leafHash(text));
    return tree.root();
  });
  expect(page).toContain(`${roots[1]}\n${roots[2]}\n`);
  const genesis = { createdAt: '2026-01-01T00:00:00.000Z', formatVersion: 2, ledgerId: 'l1', timeZone: 'UTC' } as const;
  const origin = 'example.org/l1/1';
  const checkpoint = signCheckpoint({ origin, size: 3, root: tree.root(), genesis: genesisHash(genesis) }, key);
  const cosigned = checkpoint.note + cosign(checkpointBody(checkpoint), 'w.example.org', key, 1_767_225_600);
  const keys = [verifierKey(origin, createPublicKey(key)), verifierKey('w.example.org', createPublicKey(key), COSIGNATURE)];
  for (const text of [canonical(genesis), ...keys, cosigned]) expect(page).toContain(`${text.trimEnd()}\n`);
});
