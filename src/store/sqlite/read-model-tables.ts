import type { FoundWords, WordQuery, Wording } from '../read-model.js';

/** Changes with the tables below, and with the words by which events are found: a file with others is made again. */
export const SHAPE = '11';

/**
 * Parts of the words' index are merged seldom: an event costs a fifth less, a search looks through some more parts.
 * Long rows are kept apart from the order in which they are found: in one tree with it they would leave room for four on a page.
 * What all builds hold of a stream lies together, and so what new streams contribute is appended at one place.
 */
export const TABLES = `
  CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE events (
    sequence INTEGER PRIMARY KEY, position TEXT NOT NULL, stream INTEGER NOT NULL, revision INTEGER NOT NULL, id TEXT NOT NULL, watermark TEXT NOT NULL
  ) STRICT;
  CREATE INDEX events_by_id ON events (id);
  CREATE INDEX events_by_stream ON events (stream, sequence, revision);
  CREATE TABLE tags (tag INTEGER NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL, steps TEXT NOT NULL) STRICT;
  CREATE UNIQUE INDEX tags_by_first ON tags (tag, first);
  CREATE TABLE builds (id INTEGER PRIMARY KEY AUTOINCREMENT, projection TEXT NOT NULL, version INTEGER NOT NULL, cursor INTEGER NOT NULL, serving INTEGER NOT NULL) STRICT;
  CREATE TABLE retired (build INTEGER PRIMARY KEY, stream INTEGER NOT NULL) STRICT;
  CREATE TABLE contributions (
    stream INTEGER NOT NULL, build INTEGER NOT NULL, key TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER,
    row INTEGER NOT NULL, links TEXT, PRIMARY KEY (stream, build, key, since)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX contributions_by_key ON contributions (build, key) WHERE key <> '';
  CREATE TABLE rows (build INTEGER NOT NULL, key TEXT NOT NULL, stream INTEGER NOT NULL, stored TEXT NOT NULL, PRIMARY KEY (build, key, stream)) STRICT, WITHOUT ROWID;
  CREATE TABLE links (
    build INTEGER NOT NULL, target INTEGER NOT NULL, since INTEGER NOT NULL, key TEXT NOT NULL, stream INTEGER NOT NULL, until INTEGER,
    PRIMARY KEY (build, target, since, key, stream)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE marks (build INTEGER NOT NULL, hash INTEGER NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (build, hash, sequence)) STRICT, WITHOUT ROWID;
  CREATE TABLE totals (build INTEGER NOT NULL, key TEXT NOT NULL, since INTEGER NOT NULL, measures TEXT NOT NULL, steps TEXT NOT NULL) STRICT;
  CREATE UNIQUE INDEX totals_by_key ON totals (build, key, since);
  CREATE TABLE faulted (build INTEGER NOT NULL, stream TEXT NOT NULL, sequence INTEGER NOT NULL, error TEXT NOT NULL, PRIMARY KEY (build, stream)) STRICT, WITHOUT ROWID;
  CREATE VIRTUAL TABLE words USING fts5 (text, content = '', contentless_delete = 1, tokenize = "ascii tokenchars '-'");
  INSERT INTO words (words, rank) VALUES ('automerge', 16);
`;

/**
 * Words of events are found by a number that holds the sequence and the wording. They come folded, and so the tokenizer only cuts at blanks:
 * beyond ASCII every character belongs to a word. The text itself stays in the log.
 */
export const placeOfWords = (sequence: number, wording: Wording): number => 2 * sequence + (wording === 'superseded' ? 1 : 0);
export const wordsAtPlace = (place: number): FoundWords => ({
  sequence: Math.floor(place / 2),
  wording: place % 2 === 1 ? 'superseded' : 'current',
});
/**
 * What the index is asked for: each group in quotes, so that nothing in it is read as an operator.
 * @throws TypeError of what is no word: it would change the question
 */
export const expressionOf = ({ groups, marks }: Pick<WordQuery, 'groups' | 'marks'>): string =>
  [...groups, ...marks.map((mark) => ({ words: [mark], begins: false }))]
    .map(({ words, begins }) => {
      for (const word of words) if (!/^[\p{L}\p{M}\p{N}-]+$/u.test(word)) throw new TypeError(`${JSON.stringify(word)} is no word.`);
      return `"${words.join(' ')}"${begins ? ' *' : ''}`;
    })
    .join(' AND ');

/** The tables whose keys begin with the build, each with the column behind it. */
export const OF_BUILD = { rows: 'key', links: 'target', marks: 'hash', totals: 'key', faulted: 'stream' } as const;

/**
 * Most streams contribute under the key that is their own name, `contract:csc` for `contract-csc`: such a key is stored as ''. So what new
 * streams contribute is appended to the tables, in place of text that goes everywhere in them.
 */
export const storedKey = (key: string, stream: string): string => (isOwn(key, stream) ? '' : key);
export const keyOf = (stored: string, stream: string): string => (stored === '' ? ownKey(stream) : stored);
/** Also `met:x` for `met-x-y`: a name that is no key's is not found. */
export const streamOwning = (key: string): string => key.replace(':', '-');

const ownKey = (stream: string): string => stream.replace('-', ':');
const isOwn = (key: string, stream: string): boolean => {
  const at = key.indexOf(':');
  return (
    stream.length === key.length && stream.indexOf('-') === at && stream.startsWith(key.slice(0, at)) && stream.endsWith(key.slice(at + 1))
  );
};

/** The sequences of one tag in one transaction, at most a few thousand: the first, and the steps from each to the next. */
export interface TaggedRow {
  readonly first: number;
  readonly count: number;
  readonly steps: string;
}
export const stepsOf = (sequences: readonly number[]): string => {
  let text = '';
  for (let i = 1; i < sequences.length; i++) text += `${i > 1 ? ' ' : ''}${sequences[i]! - sequences[i - 1]!}`;
  return text;
};
export const sequencesOf = ({ first, steps }: TaggedRow): number[] => {
  const sequences = [first];
  if (steps !== '') for (const step of steps.split(' ')) sequences.push(sequences.at(-1)! + Number(step));
  return sequences;
};

/** Changes of a total that one row holds: a reader parses so many at most. */
const STEPS_IN_ROW = 64;

/** The totals of one key over some of its changes: the names of the measures once, then what they came to at each change. */
export interface TotalRow {
  readonly since: number;
  /** A JSON list of names. */
  readonly measures: string;
  /** Of each change how far it lies behind `since`, and a sum for each name: `0 1 95000000;7 2 176800000`. */
  readonly steps: string;
}

/** A row of totals that grows until it is written; only then are its sums written as text. */
export class TotalSteps {
  readonly #names: readonly string[];
  /** Of each change how far it lies behind `since`, then its sums. */
  readonly #steps: (number | bigint)[] = [];
  #count = 0;
  at = 0;

  constructor(
    readonly since: number,
    public sums: ReadonlyMap<string, bigint>,
  ) {
    this.#names = [...sums.keys()];
  }

  /** Whether it has room for sums of these measures. */
  takes(sums: ReadonlyMap<string, bigint>): boolean {
    if (sums.size !== this.#names.length || this.#count >= STEPS_IN_ROW) return false;
    let i = 0;
    for (const name of sums.keys()) if (name !== this.#names[i++]) return false;
    return true;
  }
  add(at: number, sums: ReadonlyMap<string, bigint>): void {
    if (at === this.at) this.#pop(); // the last one at a sequence stays
    this.#steps.push(at - this.since);
    for (const sum of sums.values()) this.#steps.push(sum);
    this.#count++;
    this.at = at;
    this.sums = sums;
  }
  /** @returns whether nothing is left */
  undo(at: number): boolean {
    if (at === this.at) this.#pop();
    return this.#count === 0;
  }
  #pop(): void {
    if (this.#count === 0) return;
    this.#steps.length -= 1 + this.#names.length;
    this.#count--;
  }
  get row(): TotalRow {
    const width = 1 + this.#names.length;
    const steps: string[] = [];
    for (let at = 0; at < this.#steps.length; at += width) steps.push(this.#steps.slice(at, at + width).join(' '));
    return { since: this.since, measures: JSON.stringify(this.#names), steps: steps.join(';') };
  }
}

/** The totals of a row at a sequence at or behind its first; zero measures are omitted. @throws SyntaxError when the row is damaged */
export const totalAt = ({ since, measures, steps }: TotalRow, sequence: number): Readonly<Record<string, bigint>> => {
  const names = JSON.parse(measures) as readonly string[];
  let found = '';
  for (const step of steps.split(';')) {
    if (since + Number.parseInt(step, 10) > sequence) break;
    found = step;
  }
  const [, ...sums] = found.split(' ');
  if (sums.length !== names.length) throw new SyntaxError(`a total of ${names.length} measures has ${sums.length} sums`);
  const total: Record<string, bigint> = {};
  for (const [i, name] of names.entries()) {
    const sum = BigInt(sums[i]!);
    if (sum !== 0n) total[name] = sum;
  }
  return total;
};
/** From which sequence on which totals held. @throws SyntaxError when the row is damaged */
export const totalsIn = (row: TotalRow): { readonly since: number; readonly total: Readonly<Record<string, bigint>> }[] =>
  row.steps.split(';').map((step) => {
    const since = row.since + Number.parseInt(step, 10);
    return { since, total: totalAt(row, since) };
  });

/** 44 bits of a name: a short number for what is looked up and never listed. */
export const hashOf = (name: string): number => {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < name.length; i++) {
    const c = name.charCodeAt(i);
    a = Math.imul(a ^ c, 2654435761);
    b = Math.imul(b ^ c, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (a >>> 0) * 4096 + ((b >>> 0) & 4095);
};

/** Numbers by name, those used last, in about `maxBytes` at most: cheaper than an exact order of use. */
export class Recent {
  #now = new Map<string, number>();
  #before = new Map<string, number>();
  /** Of `#now`. */
  #bytes = 0;
  constructor(private readonly maxBytes: number) {}

  get(name: string): number | undefined {
    const value = this.#now.get(name);
    if (value !== undefined) return value;
    const older = this.#before.get(name);
    if (older !== undefined) this.set(name, older);
    return older;
  }
  set(name: string, value: number): void {
    const bytes = name.length + ENTRY_BYTES;
    if (this.#bytes + bytes > this.maxBytes / 2) {
      [this.#now, this.#before] = [new Map(), this.#now];
      this.#bytes = 0;
    }
    this.#now.set(name, value);
    this.#bytes += bytes;
  }
  clear(): void {
    this.#now = new Map();
    this.#before = new Map();
    this.#bytes = 0;
  }
}

/** What an entry of a map takes beside its name. */
const ENTRY_BYTES = 100;
