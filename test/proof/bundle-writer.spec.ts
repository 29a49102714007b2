import { afterAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { UNREADABLE, type RecordedEvent } from '../../src/kernel/index.js';
import { bundleName } from '../../src/proof/bundle.js';
import { bundleFiles, NotBundledError, reachOf, type Bundled, type BundleSubject, type EventPages } from '../../src/proof/bundle-writer.js';
import { genesisHash, signCheckpoint, type SignedCheckpoint } from '../../src/proof/checkpoint.js';
import { rootOf } from '../../src/proof/comparison.js';
import { noteSigner } from '../../src/proof/note.js';
import { eventsOf, KeptTree } from './kept-tree.js';
import { GENESIS, KEY, ORIGIN, STRANGER } from './made-bundle.js';
import { endPython, faultsOf, verified, verifiers } from './verifiers.js';

let folder: string | undefined;
let made = 0;
afterAll(endPython);
afterAll(async () => {
  if (folder !== undefined) await rm(folder, { recursive: true });
});

const genesis = { ...GENESIS, formatVersion: 2 } as const;
const events = eventsOf(20);
const tree = new KeptTree(events);
const note = (size: number, { of = tree, origin = ORIGIN, key = KEY } = {}): SignedCheckpoint =>
  signCheckpoint({ origin, size, root: rootOf(of, size), genesis: genesisHash(genesis) }, key);
const papers = new Map<string, string>();
const paper = (text: string): string => {
  const hash = createHash('sha256').update(text).digest('hex');
  papers.set(hash, text);
  return hash;
};
const evidence = { list: async () => [...papers.keys()], read: (hash: string) => Readable.from([papers.get(hash)!]) };
const subjectOf = (more: Partial<BundleSubject> = {}): BundleSubject => ({
  kind: more.chosen ? 'programme' : 'ledger',
  of: more.chosen ? 'met' : '-',
  genesis,
  tree,
  checkpoint: note(20),
  older: [],
  signer: noteSigner(ORIGIN, KEY),
  evidence,
  ...more,
});
async function* paged(log: readonly RecordedEvent[], limit = 7): AsyncGenerator<readonly RecordedEvent[]> {
  for (let at = 0; at < log.length; at += limit) yield log.slice(at, at + limit);
}
/** Writes a bundle, and gives its files in their order. */
const bundled = async (subject: BundleSubject, log: EventPages = { pages: paged(events) }, breathe?: () => Promise<void>) => {
  folder ??= await mkdtemp(join(tmpdir(), 'tower-ledger-writer-'));
  const dir = join(folder, String(++made));
  const files = bundleFiles(subject, log, breathe);
  const paths: string[] = [];
  for (;;) {
    const { done, value } = await files.next();
    if (done) return { dir, paths, result: value as Bundled, text: (path: string) => readFile(join(dir, path), 'utf8') };
    paths.push(value.path);
    const chunks = await Array.fromAsync(value.content);
    await mkdir(dirname(join(dir, value.path)), { recursive: true });
    await writeFile(join(dir, value.path), Buffer.concat(chunks.map((chunk) => Buffer.from(chunk))));
  }
};
const linesIn = (text: string): { leafindex: number; subject: string; data: { revision: number } }[] =>
  text.split('\n').slice(0, -1).map((line) => JSON.parse(line)); // prettier-ignore
/** The sizes of older notes. */
const linesOf = (text: string): number[] =>
  text.split('\n').slice(0, -1).map((line) => Number(JSON.parse(line).note.split('\n')[1])); // prettier-ignore
const PARTS = ['bundle.json', 'checkpoint', 'older-checkpoints.jsonl', 'events.jsonl', 'manifest'];

describe('a bundle that is written', () => {
  it('has a short name', () => {
    const names = [
      bundleName('ledger', '-'),
      bundleName('programme', 'met'),
      bundleName('decision', '019353d2-0000-7000-8000-0123456789ab'),
    ];
    expect(names).toEqual(['ledger', 'met', 'decision-0123456789ab']);
  });

  it(`of a whole ledger has its events under the checkpoint, and is valid for ${verifiers}`, async () => {
    const { dir, paths, result } = await bundled(subjectOf());
    expect([paths, result]).toEqual([PARTS, { events: 20, size: 20, root: tree.root, evidence: 0 }]);
    expect(await faultsOf(dir)).toEqual([]);
    let taken = 0;
    const growing = async function* () {
      for await (const page of paged(events, 6)) {
        taken++;
        yield page;
      }
    };
    const earlier = await bundled(subjectOf({ checkpoint: note(12) }), { pages: growing() });
    expect(earlier.result).toEqual({ events: 12, size: 12, root: rootOf(tree, 12), evidence: 0 });
    expect([taken, await faultsOf(earlier.dir)]).toEqual([2, []]);
  });

  it('of a part has its streams as far as they were chosen, and says where each goes on', async () => {
    const chosen = new Map([['contract-c5', 1], ['contract-c1', Infinity], ['contract-c0', 2]]); // prettier-ignore
    const part = await bundled(subjectOf({ chosen }));
    expect(part.result.events).toBe(8);
    expect((await part.text('manifest')).split('\n').slice(1, 7)).toEqual([
      'programme met',
      `checkpoint 20 ${tree.root}`,
      expect.stringMatching(/^events 8 /),
      'stream contract-c0 2 head',
      'stream contract-c1 2 head',
      'stream contract-c5 1 part',
    ]);
    expect(await faultsOf(part.dir)).toEqual([]);
    const sparse = events.filter(({ stream }) => chosen.has(stream));
    const same = await bundled(subjectOf({ chosen }), { pages: paged(sparse), isSparse: true });
    for (const path of PARTS) expect([path, await same.text(path)]).toEqual([path, await part.text(path)]);
    const renamed = events.map((event) => ({ ...event, stream: event.stream.replace(/\d$/, (n) => String(9 - Number(n))) }));
    const of = new KeptTree(renamed);
    const all = new Map(renamed.map(({ stream }) => [stream, Infinity]));
    const sorted = await bundled(subjectOf({ tree: of, checkpoint: note(20, { of }), chosen: all }), { pages: paged(renamed, 20) });
    expect((await sorted.text('manifest')).match(/(?<=stream contract-c)\d/g)).toEqual(['3', '4', '5', '6', '7', '8', '9']);
    // what was recorded after the checkpoint is no part of it
    const early = await bundled(subjectOf({ chosen, checkpoint: note(5) }), { pages: paged(sparse), isSparse: true });
    expect((await early.text('manifest')).match(/stream .*/g)).toEqual(['stream contract-c0 2 head', 'stream contract-c1 1 head']);
    expect(await faultsOf(early.dir)).toEqual([]);
  });

  it('has the evidence that its events name and that the ledger keeps', async () => {
    const [one, two, three] = ['one', 'two', 'three'].map(paper).sort().reverse() as [string, string, string];
    const naming = events.map((event, n) => ({ ...event, metadata: { ...event.metadata, evidence: [{ uri: 'https://example.org/a', title: 'Paper', confidence: 'primary' as const, ...([{ sha256: two }, {}, { sha256: 'ab'.repeat(32) }, { sha256: one }, { sha256: two }, { sha256: three }][n] ?? {}) }] } })); // prettier-ignore
    const own = new KeptTree(naming);
    const subject = subjectOf({ tree: own, checkpoint: note(20, { of: own }), dossier: '<p>A dossier</p>' });
    const { dir, paths, result, text } = await bundled(subject, { pages: paged(naming) });
    const kept = [one, two, three].sort().map((hash) => `evidence/${hash}`);
    expect(paths).toEqual([...PARTS.slice(0, -1), ...kept, 'dossier.html', 'manifest']);
    expect([result.evidence, await text('dossier.html')]).toEqual([3, '<p>A dossier</p>']);
    expect(await faultsOf(dir)).toEqual([]);
    const part = await bundled(
      { ...subject, kind: 'programme', of: 'met', chosen: new Map([['contract-c0', Infinity]]) },
      { pages: paged(naming) },
    );
    expect(part.paths.filter((path) => path.startsWith('evidence'))).toEqual([`evidence/${two}`]);
  });

  it('has the older notes of its origin that its key signed, 64 at most, each with its proof', async () => {
    const long = new KeptTree(eventsOf(100));
    const of = { of: long };
    const valid = Array.from({ length: 100 }, (_, n) => note(n + 1, of));
    const others = [note(0, of), note(50, { ...of, origin: 'example.org/l1/2' }), note(60, { ...of, key: STRANGER })];
    const mixed = [note(1), note(0), note(2, { origin: 'example.org/l1/2' }), note(3, { key: STRANGER }), note(20)];
    const few = await bundled(subjectOf({ older: mixed }));
    expect(linesOf(await few.text('older-checkpoints.jsonl'))).toEqual([1]);
    expect(await faultsOf(few.dir)).toEqual([]);
    const subject = subjectOf({ tree: long, checkpoint: note(90, of), older: [...valid, ...others] });
    const { text } = await bundled(subject, { pages: paged(eventsOf(100)) });
    expect(linesOf(await text('older-checkpoints.jsonl'))).toEqual(Array.from({ length: 64 }, (_, n) => n + 26));
  });

  it('leaves out what another program wrote, unless it is a leaf', async () => {
    const foreign = {
      ...events[0]!,
      id: 'x',
      position: 'x',
      stream: 'other',
      metadata: { ...events[0]!.metadata, schemaVersion: UNREADABLE },
    };
    const { dir, result } = await bundled(subjectOf(), { pages: paged(events.toSpliced(5, 0, foreign).toSpliced(0, 0, foreign)) });
    expect([result.events, await faultsOf(dir)]).toEqual([20, []]);
    const own = new KeptTree([foreign, ...events]);
    const leaf = await bundled(subjectOf({ tree: own, checkpoint: note(21, { of: own }) }), { pages: paged([foreign, ...events]) });
    expect([leaf.result.events, await faultsOf(leaf.dir)]).toEqual([21, []]);
  });

  it('gives other work its turn after every eighth event', async () => {
    let breaths = 0;
    await bundled(subjectOf(), { pages: paged(events, 20) }, async () => void breaths++);
    expect(breaths).toBe(2);
  });

  it('is refused where it has more than a bundle may', async () => {
    const hashes = Array.from({ length: 100_001 }, (_, n) => n.toString(16).padStart(64, '0'));
    const naming = (count: number): RecordedEvent => ({ ...events[0]!, metadata: { ...events[0]!.metadata, evidence: hashes.slice(0, count).map((sha256) => ({ uri: 'u', title: 't', confidence: 'primary' as const, sha256 })) } }); // prettier-ignore
    const taken = async (count: number) => {
      const tree = new KeptTree([naming(count)]);
      const subject = subjectOf({ tree, checkpoint: note(1, { of: tree }), evidence: { ...evidence, list: async () => hashes } });
      for await (const { content } of bundleFiles(subject, { pages: paged([naming(count)]) })) await Array.fromAsync(content);
    };
    await expect(taken(100_001)).rejects.toThrow(new NotBundledError('A bundle has 100000 pieces of evidence at most.'));
    await expect(bundled(subjectOf({ of: 'x'.repeat(16 << 20) }))).rejects.toThrow(new NotBundledError('This part has too many streams or pieces of evidence for one bundle.')); // prettier-ignore
    const early = bundleFiles(subjectOf(), { pages: paged(events) });
    for (let n = 0; n < 4; n++) await early.next();
    await expect(early.next()).rejects.toThrow(new TypeError('The events were not taken to their end.'));
  }, 60_000);
});

describe('a bundle whose manifest would be signed over a history that is not the one that was signed', () => {
  const other = events.with(7, eventsOf(20, 'forged')[7]!);
  const more = { ...events[3]!, id: 'more', stream: 'contract-x', position: 'x' };
  const part = (...streams: string[]) => ({ kind: 'programme' as const, of: 'met', chosen: new Map(streams.map((stream) => [stream, Infinity])) }); // prettier-ignore
  it.each<[string, Partial<BundleSubject>, readonly RecordedEvent[], string]>([
    ['an event is another', {}, other, 'The event at position 8 (contract-c2, revision 1) is not the one that was stored.'],
    ['an event was put in', {}, events.toSpliced(7, 0, more), 'Events are missing before the one at position x (contract-x, revision 0).'],
    ['an event was removed', {}, events.toSpliced(7, 1), 'Events are missing before the one at position 9 (contract-c2, revision 2).'],
    ['the last event was removed', {}, events.slice(0, -1), 'Events from 19 on are missing.'],
    ['an event of the part is another', part('contract-c2'), other, 'The event at position 8 (contract-c2, revision 1) is not the one that was stored.'], // prettier-ignore
  ])('is not made where %s', async (_, more, log, finding) => {
    const made = bundled(subjectOf(more), { pages: paged(log) });
    await expect(made).rejects.toThrow(new NotBundledError(`This history is not the one that was signed, so no bundle is made of it. ${finding}`)); // prettier-ignore
  });

  it('is not made of single streams either, where one of their events is missing', async () => {
    const sparse = events.filter(({ stream, revision }) => stream === 'contract-c2' && revision !== 1);
    const made = bundled(subjectOf({ ...part('contract-c2'), kind: 'decision' }), { pages: paged(sparse), isSparse: true });
    await expect(made).rejects.toThrow('Revision 1 of contract-c2 is missing.');
  });

  it('is made of a part none of whose events was touched', async () => {
    const { dir } = await bundled(subjectOf(part('contract-c1', 'contract-c3')), { pages: paged(other) });
    expect(await faultsOf(dir)).toEqual([]);
  });
});

describe('a bundle of a history that is not the one that was signed', () => {
  const altered = (more: Partial<BundleSubject>, log: readonly RecordedEvent[]) => bundled(subjectOf({ isAltered: true, ...more }), { pages: paged(log) }); // prettier-ignore

  it('has no manifest, and every event that is there', async () => {
    const { dir, paths, result, text } = await altered({ checkpoint: note(12) }, events);
    expect([paths, result.events]).toEqual([PARTS.slice(0, -1), 20]);
    expect(linesIn(await text('events.jsonl')).map(({ leafindex }) => leafindex)).toEqual(events.map((_, n) => n));
    expect((await faultsOf(dir))[0]).toBe('FAULT file-missing manifest');
  });

  it('has the hash of each event as it was kept, so the event that is another is named', async () => {
    const { dir } = await altered({}, events.with(7, eventsOf(20, 'forged')[7]!));
    expect(await faultsOf(dir)).toEqual(['FAULT file-missing manifest', 'FAULT event-altered event 7 (contract-c2, revision 1)']);
  });

  it('shows which event is missing, and which was put in', async () => {
    const cut = await altered({}, events.toSpliced(7, 1));
    expect(await faultsOf(cut.dir)).toEqual(['FAULT file-missing manifest', 'FAULT events-missing events 7 to 7']);
    const more = { ...events[3]!, id: 'more', stream: 'contract-x', position: 'x' };
    const longer = await altered({}, [...events, more]);
    expect(await faultsOf(longer.dir)).toEqual([
      'FAULT file-missing manifest',
      'FAULT checkpoint-exceeded event 20 (contract-x, revision 0)',
    ]);
    const between = await altered({}, events.toSpliced(7, 0, more));
    expect((await verified(between.dir)).slice(0, 2)).toEqual([
      'FAULT file-missing manifest',
      'FAULT checkpoint-exceeded event 20 (contract-x, revision 0)',
    ]);
  });

  it('names the event that is another behind one that is missing', async () => {
    const log = events.with(9, eventsOf(20, 'forged')[9]!).toSpliced(7, 1);
    expect(await faultsOf((await altered({}, log)).dir)).toEqual(['FAULT file-missing manifest', 'FAULT events-missing events 7 to 7', 'FAULT event-altered event 9 (contract-c3, revision 0)']); // prettier-ignore
  });

  it('has an empty proof where the tree that is kept leads nowhere', async () => {
    const other = new KeptTree(events.with(6, eventsOf(7, 'forged')[6]!));
    const { text } = await altered({ tree: other, checkpoint: note(20, { of: other }), older: [note(4), note(8)] }, events);
    const notes = (await text('older-checkpoints.jsonl')).split('\n').slice(0, -1);
    expect(notes.map((line) => JSON.parse(line).proof)).toEqual([expect.stringMatching(/^[\da-f]{64,}$/), '']);
    const less = new KeptTree(events.slice(0, 6));
    const cut = await altered({ tree: less, older: [note(4)], chosen: new Map([['contract-c0', Infinity], ['contract-c6', Infinity]]) }, events); // prettier-ignore
    expect(JSON.parse(await cut.text('older-checkpoints.jsonl')).proof).toBe('');
    expect(linesIn(await cut.text('events.jsonl')).map((line) => [line.subject, line.leafindex])).toEqual([...[0, 1, 2].map((n) => ['contract-c0', n]), ['contract-c6', 18], ['contract-c6', 19]]); // prettier-ignore
    const broken = new KeptTree(events);
    broken.node = () => {
      throw new TypeError('The disk is away.');
    };
    await expect(altered({ tree: broken, older: [note(4)] }, events)).rejects.toThrow('The disk is away.');
  });
});

describe('what a decision was taken on', () => {
  it('is its own stream up to it, and each stream that was known as far as it was', () => {
    const [event] = events;
    const known = [{ stream: 'supplier-s', revision: 4 }, { stream: 'supplier-t', revision: -1 }, { stream: 'contract-c0', revision: 1 }]; // prettier-ignore
    const chosen = new Map([['supplier-s', 2], ['tower-t', 5]]); // prettier-ignore
    reachOf(chosen, { ...event!, revision: 3, metadata: { ...event!.metadata, known } });
    expect([...chosen]).toEqual([['supplier-s', 4], ['tower-t', 5], ['contract-c0', 3]]); // prettier-ignore
    reachOf(chosen, { ...event!, revision: 4, metadata: { ...event!.metadata, known: [{ stream: 'tower-t', revision: 0 }] } });
    expect([...chosen]).toEqual([['supplier-s', 4], ['tower-t', 5], ['contract-c0', 4]]); // prettier-ignore
    const first = new Map<string, number>();
    reachOf(first, { ...event!, revision: 0, metadata: { ...event!.metadata, known: [{ stream: 'supplier-s', revision: 0 }] } });
    expect([...first]).toEqual([['contract-c0', 0], ['supplier-s', 0]]); // prettier-ignore
  });
});
