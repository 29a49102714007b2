import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonical } from '../../src/kernel/index.js';
import { COSIGNATURE, cosign, signNote } from '../../src/proof/note.js';
import { leafHash } from '../../src/store/merkle-tree.js';
import { GENESIS, KEY, keyText, leafObject, LEAVES, makeBundle, ORIGIN, STRANGER, type LeafObject, type Made, type Plan } from './made-bundle.js'; // prettier-ignore
import { endPython, faultsOf, verified, verifiers, type Given } from './verifiers.js';

let folder: string | undefined;
let made = 0;
const forged = async (plan: Plan): Promise<readonly [string, Made]> => {
  folder ??= await mkdtemp(join(tmpdir(), 'tower-ledger-forged-'));
  const dir = join(folder, String(++made));
  await mkdir(dir);
  return [dir, await makeBundle(dir, plan)];
};
afterAll(endPython);
afterAll(async () => {
  if (folder !== undefined) await rm(folder, { recursive: true });
});

const found = async (plan: Plan, given?: Given): Promise<readonly string[]> => {
  const [dir] = await forged(plan);
  return (await faultsOf(dir, given)).map((line) => line.replace(/^FAULT /, ''));
};
const nested = (levels: number): unknown => (levels === 0 ? 0 : { a: nested(levels - 1) });
const withLeaf = (n: number, more: object): readonly LeafObject[] => LEAVES.with(n, { ...LEAVES[n], ...more });
const whose = (n: number): string => `event ${n} (${LEAVES[n]!['stream']}, revision ${LEAVES[n]!['revision']})`;
const PART = { kind: 'programme' } as const;
const bodyOf = (note: string): string => `${note.split('\n\n')[0]}\n`;

describe('a bundle that its own key has signed', () => {
  it.each<[string, Plan]>([
    ['a whole ledger', {}],
    ['a part', PART],
    ['a ledger without events', { leaves: [] }],
    ['older notes, one of them over all events', { older: ({ line }) => [line(2), line(5)] }],
    ['an event that is nested as deep as may be', { leaves: withLeaf(1, { data: nested(98) }) }],
    ['the largest numbers', { leaves: withLeaf(1, { data: { a: 2 ** 53 - 1, b: 1 - 2 ** 53 } }) }],
    ['half of a pair of surrogates, which JSON escapes', { leaves: withLeaf(1, { data: { a: '\ud83d' } }) }],
    ['a file in a folder of its own', { files: { 'a-b_1/c.d': 'text' } }],
    ['another kind in its manifest than in its first file', { about: (about) => ({ ...about, kind: 'decision' }) }],
    ['more events than are read without a pause', { leaves: Array.from({ length: 501 }, (_, n) => leafObject(n, `contract-${n}`, 0)) }],
    ['a signature of somebody else beside its own', { checkpointNote: (note) => note + cosign(bodyOf(note), 'w', STRANGER, 1) }],
  ])(`is valid for ${verifiers}: with %s`, async (_, plan) => {
    // the note's own file is hashed as it is, so the manifest agrees with it
    expect(await found(plan)).toEqual([]);
  });

  const about = (change: object): Plan => ({ about: (whole) => ({ ...(whole as object), ...change }) });
  const malformed = ['file-malformed bundle.json'];
  const noKey = ['key-malformed bundle.json'];
  it.each<[string, Plan, readonly string[]]>([
    ['one member more', about({ more: 1 }), malformed],
    ['another format', about({ format: 'tower-ledger-bundle/2' }), malformed],
    ['a kind that there is not', about({ kind: 'contract' }), malformed],
    ['a subject that is no text', about({ of: 1 }), malformed],
    ['a key that is no text', about({ key: 1 }), noKey],
    ['a list of its key', about({ key: [keyText()] }), noKey],
    ['a first record that is a list', about({ genesis: ['l1'] }), malformed],
    ['a first record without an id', about({ genesis: { ledgerId: 1 } }), malformed],
    ['a list', { about: () => [1] }, malformed],
    ['no newline', { aboutText: (text) => text.trimEnd() }, malformed],
    ['two newlines', { aboutText: (text) => `${text}\n` }, malformed],
    ['a blank', { aboutText: (text) => text.replace(':', ': ') }, malformed],
    ['a byte that is no UTF-8', { aboutText: (text) => Buffer.from(text.replace('UTC', 'ÿ'), 'latin1') }, malformed],
    ['a name twice', { aboutText: (text) => text.replace('{', '{"format":"tower-ledger-bundle/1",') }, malformed],
    ['a fraction', about({ genesis: { ...GENESIS, n: 1.5 } }), malformed],
    ['a number that is too large', about({ genesis: { ...GENESIS, n: 2 ** 53 } }), malformed],
    ['too many levels', about({ genesis: { ...GENESIS, n: nested(99) } }), malformed],
    ['the key of a witness', about({ key: keyText(ORIGIN, KEY, COSIGNATURE) }), noKey],
    ['a key of an unknown type', about({ key: keyText(ORIGIN, KEY, 2) }), noKey],
    ['a key whose id is another', about({ key: keyText().replace(/\+[\da-f]/, (at) => (at === '+0' ? '+1' : '+0')) }), noKey],
    ['a key with a blank', about({ key: `${keyText()} ` }), noKey],
    ['a key that is longer', about({ key: keyText().replace(/=*$/, 'AAAA') }), noKey],
    ['the first record of another ledger', about({ genesis: { ...GENESIS, timeZone: 'GMT' } }), [`genesis-altered ${ORIGIN}`]],
  ])(`is named by ${verifiers} where bundle.json has %s`, async (_, plan, faults) => expect(await found(plan)).toEqual(faults));

  it(`is compared by ${verifiers} with the keys that are given`, async () => {
    const [dir, { note }] = await forged({});
    const seer = keyText('w', STRANGER, COSIGNATURE);
    const given = (more: Given) => faultsOf(dir, more);
    expect(await given({ key: `\n\t ${keyText()} \r\n` })).toEqual([]);
    expect(await given({ key: `\v${keyText()}` })).toEqual(['FAULT key-malformed the given key']);
    expect(await given({ key: keyText(ORIGIN, KEY, COSIGNATURE) })).toEqual(['FAULT key-malformed the given key']);
    expect(await given({ key: 'none', witness: 'none' })).toEqual(['FAULT key-malformed the given key']);
    expect(await given({ key: keyText('example.org/l1/2') })).toEqual([`FAULT key-differs ${ORIGIN}`, 'FAULT note-invalid checkpoint']);
    expect(await given({ key: keyText().replace('/', '/ ') })).toEqual(['FAULT key-malformed the given key']);
    expect(await verified(dir, { witness: keyText() })).toEqual([
      'FAULT key-malformed the witness key',
      '0 events are valid; checkpoint of -, root -',
    ]);
    expect(await given({ witness: seer })).toEqual(['FAULT cosignature-missing w']);
    const body = bodyOf(note(5));
    const [seen] = await forged({ checkpointNote: (own) => own + cosign(body, 'w', STRANGER, 1_767_225_600) });
    expect(await faultsOf(seen, { witness: `${seer}\n`, key: keyText() })).toEqual([]);
    expect(await faultsOf(seen, { witness: keyText('w', KEY, COSIGNATURE) })).toEqual(['FAULT cosignature-missing w']);
    expect(await faultsOf(seen, { witness: keyText('x', STRANGER, COSIGNATURE) })).toEqual(['FAULT cosignature-missing x']);
    const [other] = await forged({ checkpointNote: (own) => own + cosign(body.replace('\n5\n', '\n6\n'), 'w', STRANGER, 1) });
    expect(await faultsOf(other, { witness: seer })).toEqual(['FAULT cosignature-missing w']);
  });

  const noCheckpoint = ['note-invalid checkpoint'];
  const body = (from: string | RegExp, to: string): Plan => ({ checkpointBody: (text) => text.replace(from, to) });
  it.each<[string, Plan]>([
    ['a line more', { checkpointBody: (text) => `${text}more\n` }],
    ['a line less', body(/genesis.*\n/, '')],
    ['a size with a zero before it', body('\n5\n', '\n05\n')],
    ['a size of 16 digits', body('\n5\n', `\n${'1'.repeat(16)}\n`)],
    ['a negative size', body('\n5\n', '\n-5\n')],
    ['a root in base64 that no encoder writes', body(/[A-Za-z\d+/]=\n/, 'B=\n')],
    ['a root that is too short', body(/\n....(?=[^\n]*=\n)/, '\n')],
    ['a root that is too long', body(/(?==\n)/, 'AAAA')],
    ['a hash of the first record in upper case', body(/[\da-f]{64}/, 'A'.repeat(64))],
    ['a hash of the first record that is too short', body(/[\da-f]\n$/, '\n')],
    ['no word before the hash of the first record', body('genesis ', '')],
    ['a root over no events', { leaves: [], checkpoint: { root: 'ab'.repeat(32) } }],
    ['the origin of another ledger', { checkpoint: { origin: 'example.org/l2/1', name: ORIGIN } }],
    ['the signature of a stranger', { checkpoint: { key: STRANGER } }],
    ['a signature under another name', { checkpoint: { name: 'example.org/l1/2' } }],
    ['no signature', { checkpointNote: (note) => note.replace(/\n\n.*\n$/, '\n\n') }],
    ['no newline at its end', { checkpointNote: (note) => note.trimEnd() }],
    ['a signature line that is malformed beside its own', { checkpointNote: (note) => `${note}\u2014 w AAAA\n` }],
    ['more signatures than may be', { checkpointNote: (note) => note + `\u2014 w AAAAAAA=\n`.repeat(64) }],
    ['a byte that is no UTF-8', { checkpointNote: (note) => Buffer.concat([Buffer.from(note.slice(0, -1)), Buffer.from([0xff, 0x0a])]) }],
    ['an origin without an epoch', { origin: 'example.org/l1' }],
    ['an origin that is a host alone', { origin: 'example.org' }],
    ['an origin with a part more', { origin: 'example.org/a/l1/1' }],
    ['an origin with an empty part', { origin: 'example.org//1' }],
    ['an origin without a host', { origin: '/l1/1' }],
    ['an epoch of 0', { origin: 'example.org/l1/0' }],
    ['an epoch with a zero before it', { origin: 'example.org/l1/01' }],
    ['an epoch that is a word', { origin: 'example.org/l1/one' }],
  ])(`has no valid checkpoint for ${verifiers} where that has %s`, async (_, plan) => expect(await found(plan)).toEqual(noCheckpoint));

  it(`has a valid checkpoint for ${verifiers} with as many signatures as may be`, async () =>
    expect(await found({ checkpointNote: (note) => note + `\u2014 w AAAAAAA=\n`.repeat(63) })).toEqual([]));

  const noManifest = ['note-invalid manifest'];
  const file = (path: string, sha256 = 'ab'.repeat(32)): Plan => ({ manifest: (text) => `${text}file ${path} ${sha256}\n` });
  const stream = (line: string): Plan => ({ ...PART, manifest: (text) => `${text}stream ${line}\n` });
  const without = (name: string): Plan => ({ manifest: (text) => text.replace(new RegExp(`file ${name} .*\n`), '') });
  it.each<[string, Plan]>([
    ['another origin', { manifest: (text) => text.replace(ORIGIN, 'example.org/l1/2') }],
    ['the signature of a stranger', { manifestNote: (note) => signNote(bodyOf(note), ORIGIN, STRANGER) }],
    ['two signatures', { manifestNote: (note) => note + note.split('\n').at(-2) + '\n' }],
    ['a signature of a witness beside its own', { manifestNote: (note) => note + cosign(bodyOf(note), 'w', STRANGER, 1) }],
    ['a kind that there is not', { manifest: (text) => text.replace('\nledger', '\ncontract') }],
    ['an empty subject', { manifest: (text) => text.replace('\nledger -', '\nledger ') }],
    ['a blank in its subject', { manifest: (text) => text.replace('\nledger -', '\nledger - -') }],
    ['a size with a zero before it', { manifest: (text) => text.replace('checkpoint 5', 'checkpoint 05') }],
    ['a number of lines that is none', { manifest: (text) => text.replace('events 5', 'events five') }],
    ['a root in upper case', { manifest: (text) => text.replace(/(?<=checkpoint 5 ).*/, 'A'.repeat(64)) }],
    ['an empty line', { manifest: (text) => text.replace('file', '\nfile') }],
    ['an unknown line', { manifest: (text) => `${text}more\n` }],
    ['no line of bundle.json', without('bundle.json')],
    ['no line of checkpoint', without('checkpoint')],
    ['no line of older-checkpoints.jsonl', without('older-checkpoints.jsonl')],
    ['a file twice', { manifest: (text) => text.replace(/file checkpoint .*\n/, '$&$&') }],
    ['a stream twice', { ...PART, manifest: (text) => text.replace(/stream .*\n/, '$&$&') }],
    ['a stream of a whole ledger', { manifest: (text) => `${text}stream contract-a 2 head\n` }],
    ['a stream with a blank', stream('contract -a 2 head')],
    ['a revision below 0', stream('contract-c -1 head')],
    ['a revision with a zero before it', stream('contract-c 01 head')],
    ['a revision of 16 digits', stream(`contract-c ${'1'.repeat(16)} head`)],
    ['a word where head or part should be', stream('contract-c 1 tail')],
    ['more than a stream in a line', stream('contract-c 1 head more')],
    ['a path out of the bundle', file('../x')],
    ['a path from the root', file('/x')],
    ['an empty part of a path', file('a//b')],
    ['a path that ends with a slash', file('a/')],
    ['a part of a path that begins with a point', file('a/.b')],
    ['a path with a blank', file('a b')],
    ['a path with a letter beyond ASCII', file('ä')],
    ['a hash that is too short', file('x', 'ab'.repeat(31))],
    ['a hash in upper case', file('x', 'AB'.repeat(32))],
    ['evidence with another hash than its name', file(`evidence/${'cd'.repeat(32)}`)],
  ])(`has no valid manifest for ${verifiers} where that has %s`, async (_, plan) => expect(await found(plan)).toEqual(noManifest));

  it.each<[string, Plan, readonly string[]]>([
    ['a file that is not there', file('x'), ['file-missing x']],
    ['a file below a file', file('checkpoint/x'), ['file-missing checkpoint/x']],
    ['a folder', { ...file('a'), files: { 'a/b': 'text' } }, ['file-missing a']],
    ['a name that is longer than a file may have', file('x'.repeat(300)), [`file-missing ${'x'.repeat(300)}`]],
    ['evidence that is not there', file(`evidence/${'ab'.repeat(32)}`), [`file-missing evidence/${'ab'.repeat(32)}`]],
    [
      'another size',
      { manifest: (text) => text.replace('checkpoint 5', 'checkpoint 6') },
      ['checkpoint-differs 5', 'events-missing events 5 to 5'],
    ],
    [
      'another root',
      { manifest: (text) => text.replace(/(?<=checkpoint 5 ).*/, 'ab'.repeat(32)) },
      ['checkpoint-differs 5', 'root-differs events 0 to 4'],
    ],
    [
      'another size of a part',
      { ...PART, manifest: (text) => text.replace('checkpoint 5', 'checkpoint 3') },
      ['checkpoint-differs 5', ...[0, 2, 4].map((n) => `proof-invalid ${whose(n)}`), 'stream-incomplete contract-a, revision 0'],
    ],
    [
      'a later revision than it holds',
      { ...PART, manifest: (text) => text.replace('contract-a 2', 'contract-a 3') },
      ['stream-incomplete contract-a, revision 3'],
    ],
    [
      'an earlier revision than it holds',
      { ...PART, manifest: (text) => text.replace('contract-a 2', 'contract-a 1') },
      ['stream-unlisted contract-a, revision 2'],
    ],
    [
      'no line of a stream that it holds',
      { ...PART, manifest: (text) => text.replace(/stream .*\n/, '') },
      ['stream-unlisted contract-a, revision 2'],
    ],
    [
      'streams that it does not hold',
      stream('contract-ä 0 head\nstream contract-ö 0 head'),
      ['stream-incomplete contract-?, revision 0', 'stream-incomplete contract-?, revision 0'],
    ],
    [
      'another hash of its events',
      { manifest: (text) => text.replace(/(?<=events 5 ).*/, 'ab'.repeat(32)) },
      ['file-altered events.jsonl'],
    ],
    ['another number of lines, which only people read', { manifest: (text) => text.replace('events 5', 'events 4') }, []],
  ])(`is named by ${verifiers} where its manifest has %s`, async (_, plan, faults) => expect(await found(plan)).toEqual(faults));

  const malformedOlder = ['file-malformed older-checkpoints.jsonl'];
  const invalidOlder = ['note-invalid older-checkpoints.jsonl'];
  const pair = (more: (made: Made) => object): Plan => ({ older: (notes) => [`${canonical({ note: notes.note(2), proof: notes.proof(2), ...more(notes) })}\n`] }); // prettier-ignore
  it.each<[string, Plan, readonly string[]]>([
    [
      'as many of them as may be',
      { older: ({ note }) => [...Array<string>(63).fill(`{"note":"none","proof":""}\n`), `${canonical({ note: note(6), proof: '' })}\n`] },
      ['note-invalid older-checkpoints.jsonl', 'consistency-invalid 6'],
    ],
    [
      'more of them than may be',
      { older: ({ note }) => [...Array<string>(63).fill(`{"note":"none","proof":""}\n`), `${canonical({ note: note(6), proof: '' })}\n`, `${canonical({ note: note(7), proof: '' })}\n`] }, // prettier-ignore
      ['note-invalid older-checkpoints.jsonl', 'consistency-invalid 6', ...malformedOlder],
    ],
    ['no newline', { older: ({ line }) => [line(2).trimEnd()] }, malformedOlder],
    ['an empty line', { older: ({ line }) => [line(2), '\n', line(3)] }, malformedOlder],
    ['a member more', pair(() => ({ more: '' })), malformedOlder],
    ['no proof', { older: ({ note }) => [`${canonical({ note: note(2) })}\n`] }, malformedOlder],
    ['one member by both names', { older: () => [`{"note,proof":"x"}\n`] }, malformedOlder],
    ['a note that is no text', pair(() => ({ note: 2 })), malformedOlder],
    ['a proof that is no text', pair(() => ({ proof: 2 })), malformedOlder],
    ['a list', { older: () => ['["note","proof"]\n'] }, malformedOlder],
    ['a blank', { older: ({ line }) => [line(2).replace(':', ': ')] }, malformedOlder],
    ['a byte that is no UTF-8', { olderBytes: Buffer.from([0xff, 0x0a]) }, malformedOlder],
    ['no note', pair(() => ({ note: 'none' })), invalidOlder],
    ['a note of another origin', { older: ({ line }) => [line(2, { origin: 'example.org/l1/2' })] }, invalidOlder],
    ['a note that a stranger signed', { older: ({ line }) => [line(2, { key: STRANGER })] }, invalidOlder],
    ['a note with half of a pair of surrogates', pair(({ note }) => ({ note: `${note(2)}\u2014 \ud83d AAAAAAA=\n` })), invalidOlder],
    ['a proof in upper case', pair(({ proof }) => ({ proof: proof(2).toUpperCase() })), ['consistency-invalid 2']],
    ['half of a hash', pair(({ proof }) => ({ proof: proof(2).slice(0, -32) })), ['consistency-invalid 2']],
    ['a proof that is too long', pair(({ proof }) => ({ proof: proof(2) + 'ab'.repeat(32) })), ['consistency-invalid 2']],
    ['a proof that is too short', pair(() => ({ proof: '' })), ['consistency-invalid 2']],
    [
      'a proof where none is needed',
      { older: ({ note }) => [`${canonical({ note: note(5), proof: 'ab'.repeat(32) })}\n`] },
      ['consistency-invalid 5'],
    ],
    ['a note over no events', { older: ({ note }) => [`${canonical({ note: note(0), proof: '' })}\n`] }, ['consistency-invalid 0']],
    ['a note over more events', { older: ({ note }) => [`${canonical({ note: note(6), proof: '' })}\n`] }, ['consistency-invalid 6']],
    [
      'a note over other events',
      { older: ({ line }) => [line(1), line(2, { root: 'ab'.repeat(32) }), line(4, { root: 'cd'.repeat(32) })] },
      ['consistency-invalid 2', 'consistency-invalid 4', 'root-differs events 1 to 1', 'history-rewritten 2', 'history-rewritten 4'],
    ],
  ])(`is named by ${verifiers} where its older notes have %s`, async (_, plan, faults) => expect(await found(plan)).toEqual(faults));

  const ROOT = 'ab'.repeat(32);
  it.each<[string, (made: Made) => string | Buffer, readonly string[]]>([
    ['that it continues', ({ note }) => note(3), []],
    ['over no events', ({ note }) => note(0), []],
    ['over all of its events', ({ note }) => note(5), []],
    ['over more events', ({ note }) => note(6), ['rolled-back 6']],
    ['over more events of another ledger', ({ note }) => note(6, { genesis: ROOT }), ['rolled-back 6']],
    ['of a ledger with another first record', ({ note }) => note(3, { genesis: ROOT }), [`genesis-altered ${ORIGIN}`]],
    ['over as many events', ({ note }) => note(5, { root: ROOT }), ['history-rewritten 5', 'root-differs events 2 to 4']],
    ['over as many events as an older note', ({ note }) => note(2, { root: ROOT }), ['history-rewritten 2', 'root-differs events 0 to 1']],
    ['over fewer events', ({ note }) => note(3, { root: ROOT }), ['root-differs events 2 to 2', 'history-rewritten 3']],
    ['of another epoch', ({ note }) => note(3, { origin: 'example.org/l1/2' }), ['origin-differs example.org/l1/2']],
    [
      'of another epoch by a stranger',
      ({ note }) => note(3, { origin: 'example.org/l1/2', key: STRANGER }),
      ['note-invalid the kept note'],
    ],
    [
      'of another epoch under the name of this one',
      ({ note }) => note(3, { origin: 'example.org/l1/2', name: ORIGIN }),
      ['note-invalid the kept note'],
    ],
    ['that a stranger signed', ({ note }) => note(3, { key: STRANGER }), ['note-invalid the kept note']],
    ['that is empty', () => '', ['note-invalid the kept note']],
    ['that is too long', ({ note }) => `${note(3)}\u2014 ${'ä'.repeat(9 << 20)} AAAAAAA=\n`, ['note-invalid the kept note']],
    ['that is no UTF-8', () => Buffer.from([0xff]), ['note-invalid the kept note']],
  ])(`is compared by ${verifiers} with a note that somebody kept %s`, async (_, noteOf, faults) => {
    const [dir, notes] = await forged({ older: ({ line }) => [line(2)] });
    expect(await faultsOf(dir, { note: noteOf(notes) })).toEqual(faults.map((fault) => `FAULT ${fault}`));
  });
});

describe('an event in a bundle that its own key has signed', () => {
  const changed = (more: object, n = 1): Plan => ({ attributes: (attributes, at) => (at === n ? { ...attributes, ...more } : attributes) });
  const line = (change: (line: string) => string | Buffer, n = 1): Plan => ({
    lines: (all) => (all as (string | Buffer)[]).with(n, change(all[n]!)),
  });
  const envelope = [`envelope-altered ${whose(1)}`];
  it.each<[string, Plan]>([
    ['another version of CloudEvents', changed({ specversion: '1.1' })],
    ['another type of its content', changed({ datacontenttype: 'text/plain' })],
    ['another source', changed({ source: 'urn:tower-ledger:l2' })],
    ['another id', changed({ id: 'a2' })],
    ['another type', changed({ type: 'Other' })],
    ['another subject', changed({ subject: 'contract-a' })],
    ['another time', changed({ time: '2026-01-02T00:00:00.000Z' })],
    ['an attribute more', changed({ zone: 'UTC' })],
    ['an attribute before the event', changed({ a: 1 })],
    ['an attribute less', changed({ time: undefined })],
    ['a proof in a whole ledger', changed({ inclusion: '' })],
    ['an id that is no text', { leaves: withLeaf(1, { id: 5 }) }],
    ['a type that is no text', { leaves: withLeaf(1, { type: null }) }],
    ['a time that is no text', { leaves: withLeaf(1, { metadata: { recordedAt: 5 } }) }],
    ['metadata that are a list', { leaves: withLeaf(1, { metadata: [] }), ...changed({ time: 'x' }) }],
    ['metadata that are a text', { leaves: withLeaf(1, { metadata: 'x' }), ...changed({ time: 'x' }) }],
  ])(`is named by ${verifiers} where its envelope has %s`, async (_, plan) => expect(await found(plan)).toEqual(envelope));

  it(`of a part is named by ${verifiers} where its proof leads elsewhere`, async () => {
    const proof = (change: (proof: string) => unknown): Plan => ({
      ...PART,
      attributes: (attributes, n) => (n === 2 ? { ...attributes, inclusion: change(String(attributes['inclusion'])) } : attributes),
    });
    const incomplete = 'stream-incomplete contract-a, revision 1';
    for (const change of [
      (text: string) => text.toUpperCase(),
      (text: string) => text + 'ab'.repeat(32),
      () => '',
      (text: string) => text.slice(0, -1),
    ])
      // prettier-ignore
      expect(await found(proof(change))).toEqual([`proof-invalid ${whose(2)}`, incomplete]);
    expect(await found(proof(() => 5))).toEqual([`envelope-altered ${whose(2)}`, incomplete]);
    expect(await found(proof(() => undefined))).toEqual([`envelope-altered ${whose(2)}`, incomplete]);
    const elsewhere: Plan = { ...PART, attributes: (attributes, n) => (n === 2 ? { ...attributes, leafindex: 5 } : attributes) };
    expect(await found(elsewhere)).toEqual(['proof-invalid event 5 (contract-a, revision 1)', incomplete]);
  });

  it(`of a part is in its place, once, and follows the one before it in its stream, or is named by ${verifiers}`, async () => {
    const swapped = (order: readonly number[]): Plan => ({ ...PART, shown: [0, 1, 2, 4], lines: (all) => order.map((n) => all[n]!) });
    expect(await found(swapped([0, 1, 2, 3]))).toEqual(['stream-incomplete contract-b, revision 1'].slice(1));
    expect(await found(swapped([0, 0, 1, 2, 3]))).toEqual([`order-altered ${whose(0)}`]);
    expect(await found(swapped([0, 2, 1, 3]))).toEqual([`order-altered ${whose(1)}`, 'stream-incomplete contract-b, revision 0']);
    expect(await found(swapped([1, 2, 3]))).toEqual(['stream-incomplete contract-a, revision 0']);
    expect(await found(swapped([0, 1, 3]))).toEqual(['stream-incomplete contract-a, revision 1']);
  });

  const missing = 'events-missing events 1 to 1';
  it.each<[string, Plan]>([
    ['a stream that is no text', { leaves: withLeaf(1, { stream: 5 }) }],
    ['a revision that is no number', { leaves: withLeaf(1, { revision: '0' }) }],
    ['a place below 0', changed({ leafindex: -1 })],
    ['a place that is a text', changed({ leafindex: '1' })],
    ['a hash that is no text', changed({ leafhash: 1 })],
    ['a fraction', line((text) => text.replace('"n":1', '"n":1.5'))],
    ['a fraction that is none', line((text) => text.replace('"n":1', '"n":1.0'))],
    ['a zero below 0', line((text) => text.replace('"n":1', '"n":-0'))],
    ['a number that is too large', line((text) => text.replace('"n":1', '"n":9007199254740992'))],
    ['too many levels', line((text) => text.replace('"n":1', `"n":${canonical(nested(98))}`))],
    ['a name twice', line((text) => text.replace('"n":1', '"n":1,"n":1'))],
    [
      'its names in another order',
      line((text) =>
        text.replace('"id":"a1","leafhash"', '"leafindex":1,"id":"a1","leafhash"').replace(',"leafindex":1,"source"', ',"source"'),
      ),
    ],
    ['an escape in upper case', line((text) => text.replace('"n":1', '"n":"\\uD83D"'))],
    ['an escape that is not needed', line((text) => text.replace('"n":1', '"n":"\\/"'))],
    ['data that are a list', line((text) => text.replace(/\{"data":\{.*\},"datacontenttype"/, '{"data":[],"datacontenttype"'))],
    ['data that are nothing', line((text) => text.replace(/\{"data":\{.*\},"datacontenttype"/, '{"data":null,"datacontenttype"'))],
    ['data that are a text', line((text) => text.replace(/\{"data":\{.*\},"datacontenttype"/, '{"data":"x","datacontenttype"'))],
    ['a list', line((text) => `[${text.trimEnd()}]\n`)],
    ['nothing', line(() => '\n')],
    ['a byte that is no UTF-8', line((text) => Buffer.from(text.replace('"n":1', '"n":"ÿ"'), 'latin1'))],
    ['a carriage return', line((text) => text.replace('\n', '\r\n'))],
  ])(`is malformed for ${verifiers} where its line has %s`, async (_, plan) =>
    expect(await found(plan)).toEqual(['line-malformed line 2', missing]),
  );

  it(`is named by ${verifiers} where it is behind those that the checkpoint is over`, async () => {
    const more = leafObject(5, 'contract-c', 0);
    const behind: Plan = {
      lines: (all) => [
        ...all,
        `${canonical({ ...JSON.parse(all[4]!), data: more, id: 'a5', leafindex: 5, leafhash: leafHash(canonical(more)).toString('hex'), subject: 'contract-c' })}\n`,
      ],
    };
    expect(await found(behind)).toEqual(['checkpoint-exceeded event 5 (contract-c, revision 0)']);
  });

  const order = (n: number) => `order-altered ${whose(n)}`;
  const gap = (from: number, to = from) => `events-missing events ${from} to ${to}`;
  it.each<[readonly (number | 'noise')[], readonly string[]]>([
    [[0, 1, 2, 3, 4], []],
    [[], [gap(0, 4)]],
    [[1, 2, 3, 4], [gap(0)]],
    [[0, 1, 3, 4], [gap(2)]],
    [[0, 1, 2, 4], [gap(3)]],
    [[0, 1], [gap(2, 4)]],
    [[0, 0, 1, 2, 3, 4], [order(0)]],
    [[0, 1, 0, 2, 3, 4], [order(0)]],
    [
      [0, 1, 2, 4, 3],
      [order(4), gap(4)],
    ],
    [
      [0, 2, 1, 3, 4],
      [order(2), gap(2)],
    ],
    [
      [4, 3, 2, 1, 0],
      [order(4), order(3), order(2), order(1), gap(1, 4)],
    ],
    [
      [0, 3, 'noise', 1, 2, 4],
      [order(3), 'line-malformed line 3', gap(3)],
    ],
    [[0, 'noise', 1, 2, 3, 4], ['line-malformed line 2']],
    [
      [0, 1, 2, 3, 'noise'],
      ['line-malformed line 5', gap(4)],
    ],
  ])(`of a whole ledger is in its place, once, or is named by ${verifiers}: %j`, async (places, faults) =>
    expect(await found({ lines: (all) => places.map((n) => (n === 'noise' ? 'noise\n' : all[n]!)) })).toEqual(faults),
  );

  it(`that is another is named by ${verifiers}, and narrowed by older notes where its hash is another as well`, async () => {
    const forge = (text: string): string => {
      const { data, ...rest } = JSON.parse(text.replace(/"n":\d/, '"n":9'));
      return `${canonical({ data, ...rest, leafhash: leafHash(canonical(data)).toString('hex') })}\n`;
    };
    expect(await found(line((text) => text.replace('"n":1', '"n":9')))).toEqual([`event-altered ${whose(1)}`]);
    expect(await found({ ...PART, ...line((text) => text.replace('"n":2', '"n":9')) })).toEqual([`event-altered ${whose(2)}`, 'stream-incomplete contract-a, revision 1']); // prettier-ignore
    expect(await found({ ...PART, lines: (all) => [all[0]!, 'noise\n', ...all.slice(1)] })).toEqual(['line-malformed line 2']);
    expect(await found(line(forge))).toEqual(['root-differs events 0 to 4']);
    const noted: Plan = { ...line(forge, 3), older: ({ line: noteOver }) => [noteOver(2), noteOver(4), noteOver(5)] };
    expect(await found(noted)).toEqual(['root-differs events 2 to 3', 'history-rewritten 4', 'history-rewritten 5']);
    // whether the root is another is said of events about which nothing else is
    expect(await found({ lines: (all) => [all[0]!, forge(all[1]!), ...all.slice(2), 'noise\n'] })).toEqual(['line-malformed line 6']);
    const ahead: Plan = { ...line((text) => text.replace('"leafindex":4', '"leafindex":5'), 4) };
    expect(await found(ahead)).toEqual(['checkpoint-exceeded event 5 (contract-a, revision 2)', gap(4)]);
  });

  it(`is named by ${verifiers} a hundred times at most, and all of its lines are read`, async () => {
    const noise = Array<string>(150).fill('noise\n');
    const first = (from: number) => Array.from({ length: 100 }, (_, n) => `line-malformed line ${n + from}`);
    expect(await found({ lines: (all) => [all[0]!, ...noise, ...all.slice(1)] })).toEqual(first(2));
    expect(await found({ lines: (all) => [all[0]!, all[2]!, ...noise, ...all.slice(3)] })).toEqual([missing, ...first(3).slice(0, -1)]);
    const [dir] = await forged({ lines: (all) => [all[0]!, ...noise, ...all.slice(1)] });
    expect((await verified(dir)).at(-1)).toMatch(/^5 events are valid; checkpoint of 5, root [\da-f]{64}$/);
  });

  it(`is judged by ${verifiers} alike in any order, missing, twice, altered, or among lines that are none`, async () => {
    const kind = fc.constantFrom<Plan>({}, PART, { ...PART, shown: [0, 1, 2, 3, 4] });
    const change = fc.constantFrom<(text: string) => string>(
      ...Array<(text: string) => string>(6).fill((text) => text),
      () => 'noise\n',
      (text) => text.replace('"Noted"', '"Other"'),
      (text) => text.replace(/"n":\d/, '"n":9'),
    );
    await fc.assert(
      fc.asyncProperty(kind, fc.array(fc.tuple(fc.nat(4), change), { maxLength: 9 }), async (plan, picked) => {
        const [dir] = await forged({ ...plan, older: ({ line }) => [line(2), line(4)], lines: (all) => picked.map(([n, change]) => change(all[n % all.length]!)) }); // prettier-ignore
        const lines = await verified(dir);
        expect(Number.parseInt(lines.at(-1)!, 10)).toBeLessThanOrEqual(5);
      }),
      { numRuns: 20 },
    );
  }, 60_000);

  it(`may have as long a line as a file that is read whole, for ${verifiers}, and nothing is read behind a longer one`, async () => {
    const lengths: number[] = [];
    const long = (length: number): Plan => ({
      leaves: withLeaf(1, { data: { text: 'x'.repeat(length) } }),
      lines: (all) => (lengths.push(all[1]!.length), all),
    });
    expect(await found(long(0))).toEqual([]);
    const most = (16 << 20) - lengths[0]!;
    expect(await found(long(most))).toEqual([]);
    expect(await found(long(most + 1))).toEqual(['line-malformed line 2', 'events-missing events 1 to 4']);
    expect(lengths[1]).toBe(16 << 20);
  }, 60_000);
});
