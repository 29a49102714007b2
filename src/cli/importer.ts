import { createReadStream, createWriteStream, type WriteStream } from 'node:fs';
import { open, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandIdOf } from '../engine/identity.js';
import { linesOf, lineOf, type Broken, type Mark, type Told } from './lines.js';

export type Outcome = 'accepted' | 'already-so' | 'replayed' | 'refused' | 'broken' | 'tried' | 'checked';
/** What became of a line, as the report says it. */
export interface Reported {
  readonly line: number;
  readonly key?: string;
  readonly outcome: Outcome;
  readonly why?: string;
  readonly errors?: unknown;
}
export interface ImportOptions {
  readonly file: string;
  readonly url: string;
  readonly actor: string;
  /** Lines under way at the same time. */
  readonly connections?: number;
  /** Records nothing: a line is checked, and tried on the ledger as it is unless it follows earlier lines of the file. */
  readonly dryRun?: boolean;
  /** Where the report and the progress are kept; beside the file when absent. */
  readonly folder?: string;
  readonly report?: string;
  /** From the first line again, whatever an earlier run had done. */
  readonly again?: boolean;
  /** How long a server may stay away. */
  readonly patienceMs?: number;
  progress?(done: { readonly lines: number; readonly bytes: number; readonly of: number }): void;
  /** At a mark, when everything before it was answered. */
  marked?(mark: Mark): Promise<void>;
}
export type Counts = { readonly [O in Outcome]: number } & { readonly lines: number };

/** The run ended before the file did; what was answered stays, and the next run goes on from there. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Lines that wait for earlier ones, at most. */
const AHEAD = 2048;
const PATIENCE_MS = 60_000; // a restart takes less

interface Done {
  readonly file: string;
  readonly size: number;
  readonly modified: number;
  /** How far every line was answered. */
  readonly lines: number;
  readonly bytes: number;
  readonly reportBytes: number;
  readonly counts: Counts;
}
const none: Counts = { lines: 0, accepted: 0, 'already-so': 0, replayed: 0, refused: 0, broken: 0, tried: 0, checked: 0 };

/**
 * Sends a file of commands, a JSON text each line, in order: a line waits for those before it that tell of the same subject or of one it
 * names, and a programme's lines for all. Every line has a key, so one that was sent before is answered as it was then.
 * @returns how many lines came to what
 * @throws Interrupted when the server stays away, or the file changed while it was read
 */
export const importFile = async (options: ImportOptions): Promise<Counts> => {
  const { file, connections = 64, dryRun = false } = options;
  const place = join(options.folder ?? dirname(file), basename(file));
  const report = options.report ?? `${place}.report.jsonl`;
  const progressFile = `${place}.progress.json`;
  const { size, mtimeMs } = await stat(file);
  const before = options.again || dryRun ? undefined : await doneBefore(progressFile);
  if (before && (before.size !== size || before.modified !== mtimeMs))
    throw new Interrupted(`${file} has changed since its last run. Send it from the start: what was told then is not told again.`);
  await (await open(report, 'a')).close();
  await truncate(report, before?.reportBytes ?? 0);
  const run = new Run(options, createWriteStream(report, { flags: 'a' }), progressFile, before, { file, size, modified: mtimeMs });
  try {
    await run.read(connections);
  } finally {
    await run.settle();
  }
  const now = await stat(file);
  if (now.size !== size || now.mtimeMs !== mtimeMs)
    throw new Interrupted(`${file} changed while it was read. Send it again from the start.`);
  if (!dryRun) await rm(progressFile, { force: true });
  return run.counts;
};

const doneBefore = async (file: string): Promise<Done | undefined> => {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Done;
  } catch {
    return undefined;
  }
};

interface Asked {
  readonly method?: 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}
interface Answer {
  readonly status: number;
  readonly replayed: boolean;
  readonly text: string;
}

class Run {
  counts: Counts;
  #lines: number;
  #bytes: number;
  #reportBytes: number;
  #sent = 0;
  #failed: unknown;
  readonly #agent = new Agent({ keepAlive: true });
  #position: string | undefined;
  /** In a dry run: what earlier lines would have told of. */
  readonly #toldHere = new Set<string>();
  /** By line: answered, but not yet all before it. */
  readonly #answered = new Map<number, { readonly said: Reported | undefined; readonly bytes: number }>();
  readonly #under = new Set<Promise<void>>();
  /** The last line under way about a stream. */
  readonly #last = new Map<string, Promise<void>>();
  #barrier: Promise<unknown> = Promise.resolve();
  /** Wakes the reader, who waits while too many lines are under way. */
  #room = () => {};
  #free: (() => void)[] = [];

  constructor(
    private readonly o: ImportOptions,
    private readonly report: WriteStream,
    private readonly progressFile: string,
    before: Done | undefined,
    private readonly source: Pick<Done, 'file' | 'size' | 'modified'>,
  ) {
    this.counts = before?.counts ?? none;
    this.#lines = before?.lines ?? 0;
    this.#bytes = before?.bytes ?? 0;
    this.#reportBytes = before?.reportBytes ?? 0;
  }

  async read(connections: number): Promise<void> {
    let number = this.#lines;
    for await (const { text, bytes } of linesOf(createReadStream(this.o.file, { start: this.#bytes }))) {
      if (this.#failed) break;
      number++;
      if (text.trim() === '') this.#answer(number, bytes, undefined);
      else await this.#take(number, bytes, lineOf(text), connections);
      while (this.#under.size >= AHEAD) await new Promise<void>((room) => (this.#room = room));
      if (this.#bytes - this.#saved > 1 << 20) await this.save();
    }
  }

  async #take(line: number, bytes: number, told: Told | Mark | Broken, connections: number): Promise<void> {
    if ('why' in told) return this.#answer(line, bytes, { line, outcome: 'broken', ...told });
    if ('mark' in told) {
      await Promise.all(this.#under);
      await this.o.marked?.(told);
      return this.#answer(line, bytes, undefined);
    }
    if (this.o.dryRun) {
      const follows = [told.stream, ...told.after].some((stream) => this.#toldHere.has(stream));
      this.#toldHere.add(told.stream);
      if (follows) return this.#answer(line, bytes, { line, key: told.key, outcome: 'checked', why: 'It follows earlier lines.' });
    }
    // what a programme adopts or appoints may bear on everything behind it
    const all = told.stream.startsWith('programme-');
    const first = all ? [...this.#under] : [told.stream, ...told.after].flatMap((stream) => this.#last.get(stream) ?? []);
    const work = Promise.all([this.#barrier, ...first])
      .then(() => this.#place(connections))
      .then(async () => {
        try {
          if (!this.#failed) this.#answer(line, bytes, { line, key: told.key, ...(await this.#send(told)) });
        } catch (error) {
          this.#failed ??= error;
        } finally {
          this.#leave();
        }
      });
    const done = work.finally(() => {
      this.#under.delete(done);
      this.#room();
      if (this.#last.get(told.stream) === done) this.#last.delete(told.stream);
    });
    this.#under.add(done);
    this.#last.set(told.stream, done);
    if (all) this.#barrier = done;
  }

  async #place(connections: number): Promise<void> {
    if (this.#sent >= connections) await new Promise<void>((free) => this.#free.push(free));
    else this.#sent++;
  }
  #leave(): void {
    const next = this.#free.shift();
    if (next) next();
    else this.#sent--;
  }

  async #send({ key, path, body, stream }: Told): Promise<Pick<Reported, 'outcome' | 'why' | 'errors'>> {
    const sent = { ...body };
    if (typeof body['event'] === 'string' && body['event'].startsWith('@')) {
      const event = await this.#eventOf(stream, body['event'].slice(1));
      if (!event) return { outcome: 'refused', why: `No line ${body['event']} was told of ${stream}.` };
      sent['event'] = event;
    }
    const answer = await this.#ask(`${path}${this.o.dryRun ? '?dryRun=true' : ''}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key, 'x-actor': this.o.actor },
      body: JSON.stringify(sent),
    });
    const said = JSON.parse(answer.text) as { detail?: string; outcome?: Outcome; errors?: unknown; position?: string };
    if (said.position !== undefined) this.#position = said.position;
    if (answer.status === 201) return { outcome: answer.replayed ? 'replayed' : 'accepted' };
    if (answer.status === 200) return { outcome: said.outcome === 'already-so' ? 'already-so' : 'tried' };
    return { outcome: 'refused', why: said.detail ?? String(answer.status), ...(said.errors !== undefined && { errors: said.errors }) };
  }

  /** The first event of an earlier line: its decision is known from its key. */
  async #eventOf(stream: string, key: string): Promise<string | undefined> {
    const read = this.#position === undefined ? '' : `?minPosition=${this.#position}`; // what was just told may not be read yet
    const answer = await this.#ask(`/decisions/${commandIdOf(stream, key)}${read}`, { headers: { 'x-actor': this.o.actor } });
    if (answer.status !== 200) return undefined;
    return (JSON.parse(answer.text) as { events: readonly { readonly event: string }[] }).events[0]?.event;
  }

  /** What has no answer, or a later one, is asked again: the key makes it the same command. @throws Interrupted */
  async #ask(path: string, init: Asked): Promise<Answer> {
    const signal = AbortSignal.timeout(this.o.patienceMs ?? PATIENCE_MS);
    for (let wait = 50; ; wait = Math.min(wait * 2, 2000)) {
      let why: unknown;
      try {
        const answer = await this.#request(path, init);
        if (answer.status < 500) return answer;
        why = `${answer.status} ${answer.text}`;
      } catch (error) {
        why = error instanceof Error ? error.message || error.name : error;
      }
      if (signal.aborted || this.#failed) throw new Interrupted(`${this.o.url} does not answer: ${String(why)}`);
      await sleep(wait);
    }
  }

  #request(path: string, { method = 'GET', headers, body }: Omit<Asked, 'method'> & { readonly method?: string }): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request(this.o.url + path, { agent: this.#agent, method, headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        answer.on('error', reject);
        answer.on('end', () => resolve({ status: answer.statusCode!, replayed: answer.headers['idempotency-replayed'] === 'true', text }));
      });
      sent.on('error', reject);
      sent.setTimeout(PATIENCE_MS, () => sent.destroy(new Error('no answer came')));
      sent.end(body);
    });
  }

  #answer(line: number, bytes: number, said: Reported | undefined): void {
    this.#answered.set(line, { said, bytes });
    for (let next = this.#answered.get(this.#lines + 1); next; next = this.#answered.get(this.#lines + 1)) {
      this.#answered.delete(++this.#lines);
      this.#bytes += next.bytes;
      if (!next.said) continue;
      const text = `${JSON.stringify(next.said)}\n`;
      this.report.write(text);
      this.#reportBytes += Buffer.byteLength(text);
      this.counts = { ...this.counts, lines: this.counts.lines + 1, [next.said.outcome]: this.counts[next.said.outcome] + 1 };
    }
    this.o.progress?.({ lines: this.#lines, bytes: this.#bytes, of: this.source.size });
  }

  #saved = 0;
  /** The report first: progress never says more than the report. */
  async save(): Promise<void> {
    if (this.o.dryRun) return;
    this.#saved = this.#bytes;
    const done: Done = { ...this.source, lines: this.#lines, bytes: this.#bytes, reportBytes: this.#reportBytes, counts: this.counts };
    await new Promise((resolve) => this.report.write('', resolve));
    await writeFile(`${this.progressFile}.new`, JSON.stringify(done));
    await rename(`${this.progressFile}.new`, this.progressFile);
  }

  async settle(): Promise<void> {
    await Promise.all(this.#under);
    await this.save();
    this.#agent.destroy();
    this.report.end();
    await once(this.report, 'finish');
    if (this.#failed) throw this.#failed;
  }
}
