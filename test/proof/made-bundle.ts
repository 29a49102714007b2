import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { canonical } from '../../src/kernel/index.js';
import { checkpointBody, genesisHash } from '../../src/proof/checkpoint.js';
import { ED25519, signNote, verifierKey } from '../../src/proof/note.js';
import { consistencyProof, inclusionProof, type Nodes } from '../../src/store/merkle-proof.js';
import { leafHash, MerkleTree, type Hash } from '../../src/store/merkle-tree.js';

/** The Ed25519 key whose 32 secret bytes are each `byte`. */
export const keyOfByte = (byte: number): KeyObject =>
  createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, byte)]),
    format: 'der',
    type: 'pkcs8',
  });
export const KEY = keyOfByte(1);
export const STRANGER = keyOfByte(2);
export const ORIGIN = 'example.org/l1/1';
export const GENESIS = { createdAt: '2026-01-01T00:00:00.000Z', formatVersion: 2, ledgerId: 'l1', timeZone: 'UTC' };
export const keyText = (name = ORIGIN, key = KEY, type = ED25519): string => verifierKey(name, createPublicKey(key), type);

/** An event as its leaf has it. */
export type LeafObject = Readonly<Record<string, unknown>>;
const recordedAt = '2026-01-01T00:00:00.000Z';
export const leafObject = (n: number, stream: string, revision: number, more: object = {}): LeafObject => ({
  v: 1,
  id: `a${n}`,
  stream,
  revision,
  type: 'Noted',
  data: { n },
  metadata: { recordedAt },
  ...more,
});
/** Five events of two streams. */
export const LEAVES: readonly LeafObject[] = [
  leafObject(0, 'contract-a', 0),
  leafObject(1, 'contract-b', 0),
  leafObject(2, 'contract-a', 1),
  leafObject(3, 'contract-b', 1),
  leafObject(4, 'contract-a', 2),
];

export interface Signed {
  readonly size?: number;
  readonly root?: string;
  readonly genesis?: string;
  readonly origin?: string;
  readonly name?: string;
  readonly key?: KeyObject;
}
type Text = string | Buffer;
type Change<T> = (value: T) => T;

/** What a forger who has the key of a ledger may put into its bundle: all that is not named here agrees with it, and is signed. */
export interface Plan {
  readonly kind?: 'ledger' | 'programme';
  /** The origin, and the name of the key. */
  readonly origin?: string;
  readonly genesis?: object;
  readonly leaves?: readonly LeafObject[];
  /** Of a part, the leaves that it has; else those of `contract-a`. */
  readonly shown?: readonly number[];
  readonly about?: (about: Readonly<Record<string, unknown>>) => unknown;
  readonly aboutText?: (text: string) => Text;
  /** The attributes of each line, beside the event. */
  readonly attributes?: (attributes: Readonly<Record<string, unknown>>, n: number) => object;
  readonly lines?: (lines: readonly string[]) => readonly Text[];
  readonly checkpoint?: Signed;
  readonly checkpointBody?: Change<string>;
  readonly checkpointNote?: (note: string) => Text;
  readonly manifest?: Change<string>;
  readonly manifestNote?: Change<string>;
  readonly older?: (made: Made) => readonly string[];
  readonly olderBytes?: Buffer;
  /** Other files, named in the manifest. */
  readonly files?: Readonly<Record<string, string>>;
}

/** What a plan for older notes is made with. */
export interface Made {
  /** A note over the first events. */
  note(size: number, more?: Signed): string;
  /** From the tree of so many leaves to that of the bundle, in hexadecimal. */
  proof(size: number): string;
  /** A line of older notes. */
  line(size: number, more?: Signed): string;
}

const sha256 = (text: Text): string => createHash('sha256').update(text).digest('hex');
const hex = (hashes: readonly Hash[]): string => hashes.map((hash) => hash.toString('hex')).join('');

/** Writes a bundle that its own key has signed. @returns notes over its beginnings */
export const makeBundle = async (dir: string, plan: Plan = {}): Promise<Made> => {
  const { kind = 'ledger', origin = ORIGIN, genesis = GENESIS, leaves = LEAVES } = plan;
  const isPart = kind !== 'ledger';
  const kept = new Map<string, Hash>();
  const tree = new MerkleTree();
  const roots = [tree.root()];
  for (const [n, leaf] of leaves.entries()) {
    const hash = leafHash(canonical(leaf));
    kept.set(`0 ${n}`, hash);
    tree.add(hash, (level, index, node) => kept.set(`${level} ${index}`, node));
    roots.push(tree.root());
  }
  const nodes: Nodes = { node: (level, index) => kept.get(`${level} ${index}`)! };
  const size = leaves.length;
  const signed = (at: number, more: Signed = {}, change: Change<string> = (body) => body): string => {
    const checkpoint = { origin, size: at, root: roots[at] ?? 'ab'.repeat(32), genesis: genesisHash(genesis as typeof GENESIS & { formatVersion: 2 }), ...more }; // prettier-ignore
    return signNote(change(checkpointBody(checkpoint)), more.name ?? checkpoint.origin, more.key ?? KEY);
  };
  const proof = (at: number): string => hex(consistencyProof(nodes, at, size));
  const made: Made = {
    note: (at, more) => signed(at, more),
    proof,
    line: (at, more) => `${canonical({ note: signed(at, more), proof: proof(at) })}\n`,
  };

  const streamOf = (n: number): string => String(leaves[n]!['stream']);
  const shown = plan.shown ?? [...leaves.keys()].filter((n) => !isPart || streamOf(n) === 'contract-a');
  const lines = shown.map((n) => {
    const leaf = leaves[n]!;
    const attributes = {
      datacontenttype: 'application/json',
      id: leaf['id'],
      ...(isPart && { inclusion: hex(inclusionProof(nodes, n, size)) }),
      leafhash: kept.get(`0 ${n}`)!.toString('hex'),
      leafindex: n,
      source: `urn:tower-ledger:${origin.split('/').at(-2)}`,
      specversion: '1.0',
      subject: leaf['stream'],
      time: (leaf['metadata'] as LeafObject | undefined)?.['recordedAt'],
      type: leaf['type'],
    };
    return `${canonical({ data: leaf, ...(plan.attributes ?? ((same) => same))(attributes, n) })}\n`;
  });
  const events = Buffer.concat((plan.lines ?? ((all) => all))(lines).map((line) => Buffer.from(line as string)));
  const about = { format: 'tower-ledger-bundle/1', genesis, key: keyText(origin), kind, of: isPart ? 'met' : '-' };
  const aboutText = `${canonical((plan.about ?? ((same) => same))(about))}\n`;
  const files: Record<string, Text> = {
    'bundle.json': plan.aboutText?.(aboutText) ?? aboutText,
    checkpoint: (plan.checkpointNote ?? ((same) => same))(signed(size, plan.checkpoint, plan.checkpointBody)),
    'older-checkpoints.jsonl': plan.olderBytes ?? plan.older?.(made).join('') ?? '',
    ...plan.files,
  };
  const heads = new Map(shown.map((n) => [streamOf(n), Number(leaves[n]!['revision'])]));
  const body = [
    `${origin}/manifest`,
    `${kind} ${about.of}`,
    `checkpoint ${size} ${roots[size]}`,
    `events ${shown.length} ${sha256(events)}`,
    ...(isPart ? [...heads].map(([stream, last]) => `stream ${stream} ${last} head`) : []),
    ...Object.entries(files).map(([path, text]) => `file ${path} ${sha256(text)}`),
    '',
  ].join('\n');
  const note = signNote((plan.manifest ?? ((same) => same))(body), origin, KEY);
  for (const [path, text] of Object.entries({
    ...files,
    'events.jsonl': events,
    manifest: (plan.manifestNote ?? ((same) => same))(note),
  })) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
  return made;
};
