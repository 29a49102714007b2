import { createWriteStream, type WriteStream } from 'node:fs';
import { open, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { finished } from 'node:stream/promises';

/** `failed`: the server answered 500, and nothing is known of the line. */
export type Outcome = 'accepted' | 'already-so' | 'replayed' | 'refused' | 'broken' | 'failed' | 'tried' | 'checked';
/** What became of a line, as the report says it. */
export interface Reported {
  readonly line: number;
  readonly key?: string;
  readonly outcome: Outcome;
  readonly why?: string;
  readonly errors?: unknown;
}
/** Where the decision of a line stands in the log. */
export interface Stands {
  readonly decision: string;
  readonly position: string;
}
export type Counts = { readonly [O in Outcome]: number } & { readonly lines: number };

/** The run ended before the file did; what was answered stays, and the next run goes on from there. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

interface Source {
  readonly file: string;
  readonly size: number;
  readonly modified: number;
  /** The server that it is sent to: another one has had none of it. */
  readonly url: string;
}
interface Done extends Source {
  /** How far every line was answered. */
  readonly lines: number;
  readonly bytes: number;
  readonly reportBytes: number;
  readonly counts: Counts;
  /** The last of their decisions in the log: a ledger that has it has all of them. */
  readonly last?: Stands;
}
const none: Counts = { lines: 0, accepted: 0, 'already-so': 0, replayed: 0, refused: 0, broken: 0, failed: 0, tried: 0, checked: 0 };

const AT_ONCE = 1 << 16;
const SAVE_EVERY = 500; // lines; so many are asked again after a kill

const sourceOf = async (file: string, url: string): Promise<Source> => {
  const { size, mtimeMs } = await stat(file);
  return { file, size, modified: mtimeMs, url };
};
const doneBefore = async (progressFile: string): Promise<Done | undefined> => {
  try {
    return JSON.parse(await readFile(progressFile, 'utf8')) as Done;
  } catch {
    return undefined;
  }
};

/** The number in a position grows with the log on every store. */
const isBehind = (one: Stands, other: Stands): boolean => numberIn(one.position) > numberIn(other.position);
const numberIn = (position: string): bigint => BigInt(/\d+/.exec(position)?.[0] ?? 0);

/** What became of each line, in the order of the file, and how far that goes, for a run that goes on from there. */
export class Report {
  counts: Counts;
  /** So many lines from the first on are answered, without a gap. */
  lines: number;
  bytes: number;
  /** Why nothing more can be reported. */
  failed: unknown;
  #reportBytes: number;
  #savedLines: number;
  #unwritten = '';
  #saving: Promise<void> | undefined;
  /** By line: answered, but not yet all before it. */
  readonly #answered = new Map<
    number,
    { readonly said: Reported | undefined; readonly bytes: number; readonly stands: Stands | undefined }
  >();
  #last: Stands | undefined;

  private constructor(
    readonly source: Source,
    private readonly out: WriteStream,
    /** Absent when nothing is kept for a next run. */
    private readonly progressFile: string | undefined,
    before: Done | undefined,
  ) {
    this.counts = { ...none, ...before?.counts };
    this.lines = before?.lines ?? 0;
    this.bytes = before?.bytes ?? 0;
    this.#reportBytes = before?.reportBytes ?? 0;
    this.#savedLines = this.lines;
    this.#last = before?.last;
    out.on('error', (error) => (this.failed ??= error));
  }

  /**
   * @param isThere whether the ledger at the address has a decision: one that was restored or replaced there may lack what was sent
   * @throws InterruptedError when the file is not as an earlier run left it
   */
  static async open(
    {
      file,
      url,
      report,
      progressFile,
    }: Pick<Source, 'file' | 'url'> & { readonly report: string; readonly progressFile: string | undefined },
    isThere: (stands: Stands) => Promise<boolean>,
  ): Promise<Report> {
    const source = await sourceOf(file, url);
    const done = progressFile && (await doneBefore(progressFile));
    const isGone = !done || done.url !== url || (done.last && !(await isThere(done.last)));
    const before = isGone ? undefined : done;
    if (before && (before.size !== source.size || before.modified !== source.modified))
      throw new InterruptedError(
        `${file} has changed since its last run. Send it from the start, with --again: nothing that was recorded then is recorded twice.`,
      );
    await (await open(report, 'a')).close();
    await truncate(report, before?.reportBytes ?? 0);
    return new Report(source, createWriteStream(report, { flags: 'a' }), progressFile, before);
  }

  /** @param said undefined for a line of which there is nothing to say */
  answer(line: number, bytes: number, said: Reported | undefined, stands?: Stands): void {
    this.#answered.set(line, { said, bytes, stands });
    for (let next = this.#answered.get(this.lines + 1); next; next = this.#answered.get(this.lines + 1)) {
      this.#answered.delete(++this.lines);
      this.bytes += next.bytes;
      if (next.stands && (!this.#last || isBehind(next.stands, this.#last))) this.#last = next.stands;
      if (!next.said) continue;
      this.#unwritten += `${JSON.stringify(next.said)}\n`;
      if (this.#unwritten.length > AT_ONCE) this.write();
      this.counts = { ...this.counts, lines: this.counts.lines + 1, [next.said.outcome]: this.counts[next.said.outcome] + 1 };
    }
    if (this.lines - this.#savedLines >= SAVE_EVERY) this.#saving ??= this.#save().finally(() => (this.#saving = undefined));
  }

  write(): void {
    if (this.#unwritten === '') return;
    const text = Buffer.from(this.#unwritten);
    this.#unwritten = '';
    this.#reportBytes += text.length;
    this.out.write(text);
  }

  /** Waits for what is being written: what is answered without being sent would else be reported faster. */
  async keepsUp(): Promise<void> {
    await this.#saving;
  }

  /** The report first: progress never says more than the report. */
  async #save(): Promise<void> {
    this.#savedLines = this.lines;
    this.write();
    const { lines, bytes, counts } = this;
    const done: Done = { ...this.source, lines, bytes, reportBytes: this.#reportBytes, counts, ...(this.#last && { last: this.#last }) };
    try {
      await new Promise<void>((written, failed) => this.out.write('', (error) => (error ? failed(error) : written())));
      if (!this.progressFile) return;
      await writeFile(`${this.progressFile}.new`, JSON.stringify(done));
      await rename(`${this.progressFile}.new`, this.progressFile);
    } catch (error) {
      this.failed ??= error;
    }
  }

  async close(): Promise<void> {
    await this.#saving;
    await this.#save();
    if (!this.out.errored) await finished(this.out.end()).catch((error: unknown) => (this.failed ??= error));
  }

  /** The file was read to its end. @throws InterruptedError when it is no longer what was read */
  async ended(): Promise<void> {
    const { size, modified } = await sourceOf(this.source.file, this.source.url);
    if (size !== this.source.size || modified !== this.source.modified)
      throw new InterruptedError(`${this.source.file} changed while it was read. Send it again from the start.`);
    if (this.progressFile) await rm(this.progressFile, { force: true });
  }
}
