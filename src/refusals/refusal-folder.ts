import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { refusalIn, type Refusal } from './refusal.js';

/** Where refusals are kept beside the ledger. */
export const REFUSALS_FOLDER = 'refusals';

/** Two kinds of files, so that what strangers send never takes the room of what people were refused. */
export const SERIES = ['people', 'strangers'] as const;
export type Series = (typeof SERIES)[number];
export const seriesOf = ({ status }: Pick<Refusal, 'status'>): Series => (status === 401 || status === 429 ? 'strangers' : 'people');

/** Of the bytes that may be used, eighths. */
const SHARES: Readonly<Record<Series, number>> = { people: 7, strangers: 1 };
/** Files of a kind: the oldest goes as a whole. */
const FILES = 16;
/** Bytes that are read at once, and of a first line at most. */
const CHUNK = 64 << 10;
const HEAD = 512;
/** A longer line is none of ours. */
const MAX_LINE = CHUNK;
/** Files that are set aside and kept. */
const KEPT_ASIDE = 3;
const DAY_MS = 86_400_000;

const FORMAT = 'tower-ledger-refusals-1';
const NAME = /^(people|strangers)-([0-8]\d{15})\.jsonl$/; // an id, as in a line

export interface RefusalFolderOptions {
  /** The data folder. */
  readonly dir: string;
  /** Whose refusals they are: a file of another ledger is set aside. */
  readonly ledger: string;
  /** Bytes of all files, and days, at most. */
  readonly maxBytes: number;
  readonly maxDays: number;
  readonly log: (message: string, error?: unknown) => void;
  /** Whether files that are none of ours are left where they are. */
  readonly onlyLooks?: boolean;
}

interface Segment {
  readonly name: string;
  readonly series: Series;
  /** The id of its first refusal. */
  readonly first: number;
  bytes: number;
}

/** Milliseconds since 1970 of an id, or later. */
const timeOf = (id: number): number => id / 1000;
export const idText = (id: number): string => String(id).padStart(16, '0');

/**
 * Refusals in files of JSON Lines, oldest first, that are only appended to and removed as a whole: 16 files of each kind, the oldest of
 * which goes when there are too many bytes or it is too old. A line that cannot be read is passed over; a file that is none of ours is
 * set aside. Nothing here waits for the disk on the event loop.
 */
export class RefusalFolder {
  readonly #dir: string;
  #segments: Segment[] = [];
  /** Files whose last line may not be whole. */
  readonly #torn = new Set<string>();
  #lastId = 0;

  private constructor(private readonly options: RefusalFolderOptions) {
    this.#dir = join(options.dir, REFUSALS_FOLDER);
  }

  /** Never fails: what cannot be opened is set aside, and said. */
  static async open(options: RefusalFolderOptions): Promise<RefusalFolder> {
    const folder = new RefusalFolder(options);
    try {
      await folder.#open();
    } catch (error) {
      options.log('The folder of refusals cannot be read: what it holds is not shown.', error);
    }
    return folder;
  }

  /** The highest id in it; 0 where it is empty. */
  get lastId(): number {
    return this.#lastId;
  }
  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async #open(): Promise<void> {
    const found = this.options.maxBytes === 0 ? undefined : await stat(this.#dir).catch(() => undefined);
    if (!found) return;
    if (!found.isDirectory()) return this.#setAside(this.#dir, `${this.#dir}.set-aside`, 'it is a file');
    for (const name of (await readdir(this.#dir)).sort()) {
      const [, series, first] = NAME.exec(name) ?? [];
      if (first === undefined) continue;
      const file = join(this.#dir, name);
      const why = await this.#whyForeign(file);
      if (why !== undefined) await this.#setAside(file, join(this.#dir, `set-aside-${name}`), why);
      else {
        const { size } = await stat(file);
        this.#segments.push({ name, series: series as Series, first: Number(first), bytes: size });
        this.#torn.add(name);
      }
    }
    if (!this.options.onlyLooks) await this.#forgetAside();
    this.#segments.sort((a, b) => a.first - b.first);
    for (const series of SERIES) {
      const last = this.#segments.findLast((segment) => segment.series === series);
      if (!last) continue;
      this.#lastId = Math.max(this.#lastId, last.first);
      for await (const { rows } of this.#backwards(last)) {
        if (rows[0] === undefined) continue;
        this.#lastId = Math.max(this.#lastId, Number(rows[0].id));
        break;
      }
    }
  }

  async #whyForeign(file: string): Promise<string | undefined> {
    const { ledger } = this.options;
    try {
      const about = await stat(file);
      if (!about.isFile()) return 'it is no file';
      const head = Buffer.alloc(HEAD);
      const handle = await open(file, 'r');
      const { bytesRead } = await handle.read(head, 0, HEAD, 0).finally(() => handle.close());
      const line = head.toString('utf8', 0, bytesRead).split('\n', 1)[0]!;
      const { format, ledger: its } = JSON.parse(line) as { readonly format?: unknown; readonly ledger?: unknown };
      if (format !== FORMAT) return 'it holds no refusals';
      return its === ledger ? undefined : 'it is of another ledger';
    } catch (error) {
      return (error as Error).message;
    }
  }

  async #setAside(file: string, to: string, why: string): Promise<void> {
    if (this.options.onlyLooks) return this.options.log(`${file} is left out: ${why}.`);
    await rm(to, { recursive: true, force: true });
    await rename(file, to);
    this.options.log(`${file} is set aside as ${to}: ${why}.`);
  }
  async #forgetAside(): Promise<void> {
    const aside = (await readdir(this.#dir)).filter((name) => name.startsWith('set-aside-')).sort();
    for (const name of aside.slice(0, -KEPT_ASIDE)) await rm(join(this.#dir, name), { recursive: true, force: true });
  }

  /** Appends refusals of one kind, in the order of their ids. They are not synced: a power cut may take the last ones. @throws when the disk says no */
  async append(series: Series, refusals: readonly Refusal[]): Promise<void> {
    const most = this.#most(series) / FILES;
    for (let from = 0; from < refusals.length;) {
      const first = Number(refusals[from]!.id);
      const segment = this.#current(series, first) ?? this.#begun(series, first);
      let text = '';
      let to = from;
      for (; to < refusals.length && (text === '' || segment.bytes + text.length < most); to++) text += `${JSON.stringify(refusals[to])}\n`;
      await this.#write(segment, text);
      this.#lastId = Math.max(this.#lastId, Number(refusals[to - 1]!.id));
      from = to;
      await this.prune(first);
    }
  }

  #most(series: Series): number {
    return (this.options.maxBytes * SHARES[series]) / 8;
  }
  /** The file that is appended to, unless it is full or its first refusal is old. */
  #current(series: Series, at: number): Segment | undefined {
    const last = this.#segments.findLast((segment) => segment.series === series);
    const isOld = last && timeOf(at) - timeOf(last.first) > this.#spanMs;
    return last && !isOld && last.bytes < this.#most(series) / FILES ? last : undefined;
  }
  #begun(series: Series, first: number): Segment {
    const segment = { name: `${series}-${idText(first)}.jsonl`, series, first, bytes: 0 };
    this.#segments.push(segment);
    return segment;
  }

  /** What a full disk left of the text is taken back, so that it can be written again. */
  async #write(segment: Segment, text: string): Promise<void> {
    const handle = await this.#opened(join(this.#dir, segment.name));
    try {
      const { size } = await handle.stat();
      const head = size === 0 ? `${JSON.stringify({ format: FORMAT, ledger: this.options.ledger })}\n` : this.#torn.has(segment.name) ? '\n' : ''; // prettier-ignore
      try {
        await handle.appendFile(head + text);
        this.#torn.delete(segment.name);
        segment.bytes = size + Buffer.byteLength(head + text);
      } catch (error) {
        this.#torn.add(segment.name);
        await handle.truncate(size).catch(() => undefined);
        throw error;
      }
    } finally {
      await handle.close();
    }
  }
  async #opened(file: string): Promise<FileHandle> {
    try {
      return await open(file, 'a', 0o600);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      await mkdir(this.#dir, { recursive: true, mode: 0o700 });
      return open(file, 'a', 0o600);
    }
  }

  /** Removes the oldest files while there are too many bytes, and those of which every refusal is too old. */
  async prune(now: number): Promise<void> {
    const gone: Segment[] = [];
    for (const series of SERIES) {
      const own = this.#segments.filter((segment) => segment.series === series);
      let bytes = own.reduce((sum, segment) => sum + segment.bytes, 0);
      for (const segment of own) {
        const isOld = timeOf(segment.first) + this.#spanMs < this.#oldest(now);
        if (!isOld && (bytes <= this.#most(series) || segment === own.at(-1))) break;
        bytes -= segment.bytes;
        gone.push(segment);
      }
    }
    this.#segments = this.#segments.filter((segment) => !gone.includes(segment));
    for (const { name } of gone) await rm(join(this.#dir, name), { force: true });
  }
  /** Milliseconds since 1970 before which refusals are too old. */
  #oldest(now: number): number {
    return timeOf(now) - this.options.maxDays * DAY_MS;
  }
  /** How long one file is appended to, in milliseconds. */
  get #spanMs(): number {
    return (this.options.maxDays * DAY_MS) / FILES;
  }

  /**
   * Refusals newest first, with an id below `before` and not too old, a part of a file at a time. A part may be empty.
   * @param unwritten those that are not in a file yet, oldest first
   */
  async *newestFirst(before: number, now: number, unwritten: readonly Refusal[] = []): AsyncGenerator<Part> {
    const oldest = this.#oldest(now);
    const sources = SERIES.map(
      (series) =>
        new Source(
          this.#of(
            series,
            before,
            unwritten.filter((one) => seriesOf(one) === series),
          ),
        ),
    );
    try {
      for (let last = before; ;) {
        let damaged = 0;
        for (const source of sources) damaged += await source.fill();
        const rows: Refusal[] = [];
        let isTooOld = false;
        while (!sources.some((source) => source.needsMore)) {
          const row = newestOf(sources)?.take();
          if (!row) break;
          const id = Number(row.id);
          if (id >= last) continue; // written twice by a disk that was full
          isTooOld = timeOf(id) < oldest;
          if (isTooOld) break;
          last = id;
          rows.push(row);
        }
        if (rows.length > 0 || damaged > 0) yield { rows, damaged };
        if (isTooOld || sources.every((source) => source.isAtEnd)) return;
      }
    } finally {
      for (const source of sources) await source.close();
    }
  }

  async *#of(series: Series, before: number, unwritten: readonly Refusal[]): AsyncGenerator<Part> {
    yield { rows: unwritten.filter(({ id }) => Number(id) < before).toReversed(), damaged: 0 };
    for (const segment of this.#segments.filter((one) => one.series === series && one.first < before).toReversed())
      yield* this.#backwards(segment);
  }

  /** Parts of a file, from its end to its beginning; nothing of one that is gone. */
  async *#backwards({ name }: Segment): AsyncGenerator<Part> {
    const handle = await open(join(this.#dir, name), 'r').catch(() => undefined);
    if (!handle) return;
    try {
      let rest: Buffer = Buffer.alloc(0);
      for (let end = (await handle.stat()).size; end > 0;) {
        const begin = Math.max(0, end - CHUNK);
        const { bytesRead, buffer } = await handle.read(Buffer.alloc(end - begin), 0, end - begin, begin);
        end = begin;
        const bytes = Buffer.concat([buffer.subarray(0, bytesRead), rest]);
        const whole = begin === 0 ? 0 : bytes.indexOf(10) + 1;
        if (whole === 0 && begin > 0) {
          rest = bytes.length > MAX_LINE ? Buffer.alloc(0) : bytes;
          continue;
        }
        rest = bytes.subarray(0, whole);
        yield partOf(bytes.subarray(whole).toString('utf8').split('\n'));
      }
    } finally {
      await handle.close();
    }
  }
}

export interface Part {
  readonly rows: readonly Refusal[];
  /** Lines that could not be read. */
  readonly damaged: number;
}
const partOf = (lines: readonly string[]): Part => {
  const rows: Refusal[] = [];
  let damaged = 0;
  for (const line of lines.toReversed()) {
    if (line === '' || line.startsWith('{"format":')) continue;
    const refusal = refusalIn(line);
    if (refusal) rows.push(refusal);
    else damaged++;
  }
  return { rows, damaged };
};

export interface CountedRefusals {
  readonly refusals: number;
  readonly lines: number;
  readonly damaged: number;
  readonly bytes: number;
  /** The instant of the oldest. */
  readonly since: string | undefined;
  /** Files that are none of ours, and why. */
  readonly foreign: readonly string[];
}
/** Counts what a folder of refusals holds, and changes nothing of it. */
export const countRefusals = async (dir: string, ledger: string): Promise<CountedRefusals> => {
  const foreign: string[] = [];
  const log = (message: string) => void foreign.push(message);
  const folder = await RefusalFolder.open({ dir, ledger, maxBytes: Infinity, maxDays: Infinity, log, onlyLooks: true });
  let [refusals, lines, damaged] = [0, 0, 0];
  let since: string | undefined;
  for await (const part of folder.newestFirst(Number.MAX_SAFE_INTEGER, 0)) {
    damaged += part.damaged;
    for (const { times, refusedAt } of part.rows) {
      lines++;
      refusals += times;
      since = refusedAt;
    }
  }
  return { refusals, lines, damaged, bytes: folder.bytes, since, foreign };
};

/** Rows of one kind of files, a part ahead. */
class Source {
  #rows: readonly Refusal[] = [];
  #next = 0;
  isAtEnd = false;

  constructor(private readonly parts: AsyncGenerator<Part>) {}

  get needsMore(): boolean {
    return !this.isAtEnd && this.#next >= this.#rows.length;
  }
  /** Reads on until there is a row, or the end. @returns lines that could not be read */
  async fill(): Promise<number> {
    let damaged = 0;
    while (this.needsMore) {
      const { value, done } = await this.parts.next();
      if (done) this.isAtEnd = true;
      else {
        [this.#rows, this.#next] = [value.rows, 0];
        damaged += value.damaged;
      }
    }
    return damaged;
  }
  /** Ends what is open. */
  async close(): Promise<void> {
    await this.parts.return(undefined);
  }
  get first(): Refusal | undefined {
    return this.#rows[this.#next];
  }
  take(): Refusal {
    return this.#rows[this.#next++]!;
  }
}
const newestOf = (sources: readonly Source[]): Source | undefined =>
  sources.reduce<Source | undefined>((best, source) => (source.first && (!best || source.first.id > best.first!.id) ? source : best), undefined); // prettier-ignore
