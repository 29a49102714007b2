import { createHash } from 'node:crypto';
import { canonical } from '../kernel/index.js';
import { leafHash, type Hash } from '../store/merkle-tree.js';
import { MAX_TEXT } from './bundle.js';
import { isObject, isPlain, textIn } from './canonical-text.js';

/** What a line of events holds that is not malformed. */
export interface Entry {
  readonly stream: string;
  readonly revision: number;
  readonly leafindex: number;
  readonly leafhash: string;
  readonly inclusion: unknown;
  /** Computed from the event in the line. */
  readonly hash: Hash;
  /** Whether the attributes are those that belong to the event. */
  readonly isEnvelope: boolean;
}

/** The names of the attributes in their order, as text: `inclusion` stands in a part alone. */
const namesIn = (isPart: boolean): string =>
  [
    'datacontenttype',
    'id',
    ...(isPart ? ['inclusion'] : []),
    'leafhash',
    'leafindex',
    'source',
    'specversion',
    'subject',
    'time',
    'type',
  ].join();
const NAMES = { whole: namesIn(false), part: namesIn(true) };

/** Undefined where the line is malformed. @param line without its newline */
export const entryIn = (line: Buffer, source: string, isPart: boolean): Entry | undefined => {
  const text = textIn(line);
  const value = text === undefined ? undefined : parsed(text);
  if (text === undefined || !isObject(value) || !isPlain(value)) return undefined;
  const { data, ...attributes } = value;
  if (!isObject(data)) return undefined;
  const leaf = canonical(data);
  if (!isCanonical(text, leaf, value, attributes)) return undefined;
  const { stream, revision } = data;
  const { leafindex, leafhash, inclusion } = attributes;
  if (typeof stream !== 'string' || typeof revision !== 'number') return undefined;
  if (typeof leafindex !== 'number' || leafindex < 0 || typeof leafhash !== 'string') return undefined;
  const isEnvelope =
    Object.keys(attributes).join() === (isPart ? NAMES.part : NAMES.whole) &&
    (!isPart || typeof inclusion === 'string') &&
    isOf(attributes, data, source);
  return { stream, revision, leafindex, leafhash, inclusion, hash: leafHash(leaf), isEnvelope };
};

/** The event comes first by the order of names, unless somebody put another attribute before it. */
const isCanonical = (text: string, leaf: string, value: object, attributes: object): boolean =>
  text === `{"data":${leaf},${canonical(attributes).slice(1)}` || canonical(value) === text;

type Values = Readonly<Record<string, unknown>>;
const isOf = (attributes: Values, data: Values, source: string): boolean =>
  attributes['specversion'] === '1.0' &&
  attributes['datacontenttype'] === 'application/json' &&
  attributes['source'] === source &&
  attributes['id'] === data['id'] &&
  attributes['type'] === data['type'] &&
  attributes['subject'] === data['stream'] &&
  ['id', 'type', 'time'].every((name) => typeof attributes[name] === 'string') &&
  isObject(data['metadata']) &&
  attributes['time'] === data['metadata']['recordedAt'];

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

const NEWLINE = 0x0a;

/** The lines of a file without their newlines. Undefined is a last line that has none, or one that is too long: it is the last. */
export async function* linesOf(file: AsyncIterable<Buffer>): AsyncGenerator<Buffer | undefined> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of file) {
    const bytes = Buffer.concat([rest, chunk]);
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      if (end + 1 - from > MAX_TEXT) return yield undefined;
      yield bytes.subarray(from, end);
      from = end + 1;
    }
    rest = bytes.subarray(from);
    if (rest.length >= MAX_TEXT) return yield undefined;
  }
  if (rest.length > 0) yield undefined;
}

export const hashOf = async (file: AsyncIterable<Buffer>): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of file) hash.update(chunk);
  return hash.digest('hex');
};
