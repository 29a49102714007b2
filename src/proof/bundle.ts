import { canonical, type RecordedEvent } from '../kernel/index.js';
import type { Genesis } from '../store/event-store.js';

/** The files of a bundle; docs/proof-format.md says what each holds. */
export const BUNDLE_FILES = {
  about: 'bundle.json',
  events: 'events.jsonl',
  checkpoint: 'checkpoint',
  manifest: 'manifest',
  older: 'older-checkpoints.jsonl',
} as const;
export const BUNDLE_FORMAT = 'tower-ledger-bundle/1';
/** Bytes of a file that is read whole, and of a line of events with its newline, at most. */
export const MAX_TEXT = 16 << 20;
/** Older notes that go with a bundle. */
export const MAX_NOTES = 64;

/** What a bundle is of: the whole ledger, the streams about a programme, or what a decision was taken on. */
export const KINDS = ['ledger', 'programme', 'decision'] as const;
export type BundleKind = (typeof KINDS)[number];

/** A short name for a bundle: of its archive, and of the folder in commands that a page shows. @param of a programme, or the id of a decision */
export const bundleName = (kind: BundleKind, of: string): string =>
  kind === 'ledger' ? 'ledger' : kind === 'programme' ? of : `decision-${of.slice(-12)}`;

export interface BundleAbout {
  readonly format: typeof BUNDLE_FORMAT;
  readonly kind: BundleKind;
  /** The programme or the decision; `-` for a whole ledger. */
  readonly of: string;
  readonly genesis: Genesis;
  /** The public key by which the notes in the bundle are checked. */
  readonly key: string;
}

/** What a part of a ledger holds of one stream: its revisions from 0 on. */
export interface StreamPart {
  readonly stream: string;
  /** The last revision in the bundle. */
  readonly last: number;
  /** Whether the stream had no later revision under the checkpoint. */
  readonly isHead: boolean;
}

export interface Manifest {
  readonly origin: string;
  readonly kind: BundleKind;
  readonly of: string;
  readonly size: number;
  /** Root under the checkpoint, in hexadecimal. */
  readonly root: string;
  /** SHA-256 of the file of events, in hexadecimal. */
  readonly sha256: string;
  /** Of a part, each stream; of a whole ledger none, since its root says it all. */
  readonly streams: readonly StreamPart[];
  /** Other files of the bundle and their SHA-256, in hexadecimal. */
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
}

/** The signed text of a manifest. @param events number of lines, for people who read it */
export const manifestBody = ({ origin, kind, of, size, root, sha256, streams, files }: Manifest, events: number): string =>
  [
    `${origin}/manifest`,
    `${kind} ${of}`,
    `checkpoint ${size} ${root}`,
    `events ${events} ${sha256}`,
    ...streams.map(({ stream, last, isHead }) => `stream ${stream} ${last} ${isHead ? 'head' : 'part'}`),
    ...files.map(({ path, sha256: hash }) => `file ${path} ${hash}`),
    '',
  ].join('\n');

const FORM =
  /^([^ \n]+)\/manifest\n(ledger|programme|decision) ([^ \n]+)\ncheckpoint (0|[1-9]\d{0,14}) ([\da-f]{64})\nevents (?:0|[1-9]\d{0,14}) ([\da-f]{64})\n/;
const STREAM = /^stream ([^ \n]+) (0|[1-9]\d{0,14}) (head|part)$/;
const FILE = /^file ([\w-][\w.-]*(?:\/[\w-][\w.-]*)*) ([\da-f]{64})$/;
export const isBundlePath = (path: string): boolean => /^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/.test(path);
/** Files that no manifest leaves out. */
const ALWAYS = [BUNDLE_FILES.about, BUNDLE_FILES.checkpoint, BUNDLE_FILES.older];

/** Undefined when the text is no manifest. */
export const parseManifest = (body: string): Manifest | undefined => {
  const [head, origin, kind, of, size, root, sha256] = FORM.exec(body) ?? [];
  if (head === undefined) return undefined;
  const streams: StreamPart[] = [];
  const files: { readonly path: string; readonly sha256: string }[] = [];
  for (const line of body.slice(head.length, -1).split('\n')) {
    const [, stream, last, place] = STREAM.exec(line) ?? [];
    const [, path, hash] = FILE.exec(line) ?? [];
    if (stream !== undefined) streams.push({ stream, last: Number(last), isHead: place === 'head' });
    else if (path !== undefined && isNamedByHash(path, hash!)) files.push({ path, sha256: hash! });
    else return undefined;
  }
  const paths = new Set(files.map(({ path }) => path));
  const isEachOnce = paths.size === files.length && new Set(streams.map(({ stream }) => stream)).size === streams.length;
  if (!isEachOnce || !ALWAYS.every((path) => paths.has(path)) || (kind === 'ledger' && streams.length > 0)) return undefined;
  return { origin: origin!, kind: kind as BundleKind, of: of!, size: Number(size), root: root!, sha256: sha256!, streams, files };
};
/** Evidence has the hash that is its name. */
const isNamedByHash = (path: string, sha256: string): boolean => !path.startsWith('evidence/') || path === `evidence/${sha256}`;

/** What else its line holds besides the event. */
export interface Envelope {
  readonly leafindex: number;
  /** In hexadecimal. */
  readonly leafhash: string;
  /** Of a part: the hashes that lead to the root, in hexadecimal, one after another. */
  readonly inclusion?: string;
}

export const sourceOf = ({ ledgerId }: Pick<Genesis, 'ledgerId'>): string => `urn:tower-ledger:${ledgerId}`;

/** The attributes of a CloudEvents 1.0 envelope around an event. Its data is what the leaf is made of. */
export const attributesOf = (event: Omit<RecordedEvent, 'position'>, source: string, place: Envelope) => ({
  datacontenttype: 'application/json',
  id: event.id,
  ...place,
  source,
  specversion: '1.0',
  subject: event.stream,
  time: event.metadata.recordedAt,
  type: event.type,
});

/** One line of a bundle, canonical JSON: `data` comes first by the order of names. @param leaf the canonical JSON of the leaf's input */
export const lineOf = (leaf: string, attributes: ReturnType<typeof attributesOf>): string =>
  `{"data":${leaf},${canonical(attributes).slice(1)}\n`;
