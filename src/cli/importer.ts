import { hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandIdOf } from '../engine/write/command-id.js';
import { LedgerClient, type Answer } from './ledger-client.js';
import { linesOf, lineOf, LONGEST, NotJsonLinesError, otherForm, withoutMark, type Broken, type SentCommand, type Mark } from './lines.js';
import { InterruptedError, Report, type Counts, type Outcome, type Reported, type Stands } from './report.js';

export { NotJsonLinesError } from './lines.js';
export { InterruptedError } from './report.js';

export interface ImportOptions {
  readonly file: string;
  readonly url: string;
  /** Who sends them, to a server that takes the caller's word; else their token says so. */
  readonly actor: string;
  readonly token?: string;
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
  /** Where an answered line ended in the log. */
  answered?(position: string): void;
  /** At a mark, when everything before it was answered. */
  marked?(mark: Mark): Promise<void>;
}
/** Lines under way at most, sent or waiting for earlier ones; behind a line that has no answer yet, so many times as many were answered. */
const AHEAD = 2048;
const BEHIND = 16;
/** And their bytes: long lines are held in smaller numbers. */
const AHEAD_BYTES = 8 << 20;
const PATIENCE_MS = 60_000; // a restart takes less

/**
 * Sends a file of commands, a JSON text each line, in order: a line waits for those before it that speak of the same aggregate or of one it
 * names, and a programme's lines for all. Every line has a key, so one that was sent before is answered as it was then.
 * @returns how many lines came to what
 * A line that the server answers with 500 is reported as failed, and the run goes on.
 * @throws InterruptedError when the server stays away, or the file changed while it was read; NotJsonLinesError before anything is sent
 */
export const importFile = async (options: ImportOptions): Promise<Counts> => {
  const { file, dryRun = false, again = false } = options;
  await refuseOtherForms(file);
  const place = join(options.folder ?? dirname(file), basename(file));
  const progressFile = dryRun ? undefined : `${place}.progress.json`;
  if (progressFile && again) await rm(progressFile, { force: true });
  const { url, token, actor } = options;
  const ledger = new LedgerClient(url, token ? { authorization: `Bearer ${token}` } : { 'x-actor': actor }, PATIENCE_MS);
  try {
    const isThere = async ({ decision, position }: Stands): Promise<boolean> => {
      const asked = () => ledger.ask('GET', `/decisions/${decision}?minPosition=${position}`);
      // a log that does not reach there may be another one
      const { status } = await askUntil(() => asked().then((one) => (/problem:not-caught-up/.test(one.text) ? { ...one, status: 404 } : one)), options); // prettier-ignore
      return status === 200;
    };
    const report = await Report.open({ file, url, report: options.report ?? `${place}.report.jsonl`, progressFile }, isThere);
    const run = new Run(options, report, ledger);
    try {
      await run.read();
    } finally {
      await run.settle();
    }
    await report.ended();
    return report.counts;
  } finally {
    ledger.close();
  }
};

/** Without an answer, or with one to come again, the same is asked again: a key makes it the same command. @throws InterruptedError */
const askUntil = async (
  ask: () => Promise<Answer>,
  { url, patienceMs = PATIENCE_MS }: ImportOptions,
  isOver = () => false,
): Promise<Answer> => {
  let patience: AbortSignal | undefined;
  for (let wait = 50; ; wait = Math.min(wait * 2, 2000)) {
    let why: unknown;
    const answer = await ask().catch((error: unknown) => {
      why = error instanceof Error ? error.message || error.name : error;
    });
    // no line is refused for who sent it: with another token the next run goes on from here
    if (answer && [401, 403, 429].includes(answer.status)) throw new InterruptedError(`${url} does not take the token: ${answer.text}`);
    if (answer && ![502, 503, 504].includes(answer.status)) return answer;
    if (answer) why = `${answer.status} ${answer.text}`;
    patience ??= AbortSignal.timeout(patienceMs);
    if (patience.aborted || isOver()) throw new InterruptedError(`${url} does not answer: ${String(why)}`);
    await sleep(wait);
  }
};

const refuseOtherForms = async (file: string): Promise<void> => {
  const beginning = Buffer.alloc(LONGEST + 1024);
  const handle = await open(file);
  const { bytesRead } = await handle.read(beginning, 0, beginning.length, 0).finally(() => handle.close());
  const form = otherForm(beginning.toString('utf8', 0, bytesRead));
  if (form)
    throw new NotJsonLinesError(`${file}: this looks like ${form}; the import reads JSON Lines: one {"key", "post", "body"} a line.`);
};

/** A line on its way: sent when nothing is left that it waits for. */
interface Work {
  readonly line: number;
  readonly bytes: number;
  readonly sent: SentCommand;
  waits: number;
  readonly followers: Work[];
}

/** Which names came before, in 16 to 32 bytes for each: of its hash 48 bits are kept, which two of a million names hardly share. */
class Seen {
  #slots = new Float64Array(1 << 10);
  #names = 0;

  has(name: string): boolean {
    const hash = hashOf(name);
    return this.#slots[this.#slotOf(hash)] === hash;
  }

  add(name: string): void {
    if (this.has(name)) return;
    if (++this.#names * 2 > this.#slots.length) {
      const slots = this.#slots;
      this.#slots = new Float64Array(slots.length * 2);
      for (const hash of slots) if (hash !== 0) this.#slots[this.#slotOf(hash)] = hash;
    }
    const hash = hashOf(name);
    this.#slots[this.#slotOf(hash)] = hash;
  }

  #slotOf(hash: number): number {
    const { length } = this.#slots;
    let slot = hash % length;
    while (this.#slots[slot] !== 0 && this.#slots[slot] !== hash) slot = (slot + 1) % length;
    return slot;
  }
}
type Failed = Pick<Reported, 'why'> & { readonly outcome: 'failed' };
const failed = ({ status, text }: Answer): Failed => ({ outcome: 'failed', why: `The server answered ${status}: ${text.slice(0, 500)}` });

const hashOf = (name: string): number => Number.parseInt(hash('sha1', name).slice(0, 12), 16) + 1; // an empty slot is 0

class Run {
  #failed: unknown;
  /** In a dry run: the streams of earlier lines. */
  readonly #earlier = new Seen();
  readonly #under = new Set<Work>();
  #underBytes = 0;
  /** The last line under way about a stream, and about a programme. */
  readonly #last = new Map<string, Work>();
  #barrier: Work | undefined;
  /** In the order of the file. */
  readonly #ready: Work[] = [];
  #senders = 0;
  /** Wakes the reader, who waits for room or for all that is under way. */
  #wake: { readonly when: () => boolean; readonly go: () => void } | undefined;
  #position: string | undefined;
  /** Where the last decisions stand in the log, by stream. */
  readonly #positions = new Map<string, string>();

  constructor(
    private readonly o: ImportOptions,
    private readonly report: Report,
    private readonly ledger: LedgerClient,
    private readonly connections = o.connections ?? 64,
  ) {}

  async read(): Promise<void> {
    let number = this.report.lines;
    for await (const lines of linesOf(createReadStream(this.o.file, { start: this.report.bytes }))) {
      for (const { text, bytes } of lines) {
        if (this.#hasFailed) return;
        number++;
        if (text.trim() === '') this.#answer(number, bytes, undefined);
        else await this.#take(number, bytes, lineOf(number === 1 ? withoutMark(text) : text));
        if (!this.#hasRoom(number, 1)) await this.#until(() => this.#hasFailed || this.#hasRoom(number, 0.9));
      }
      await this.report.keepsUp();
    }
  }

  get #hasFailed(): boolean {
    return this.#failed !== undefined || this.report.failed !== undefined;
  }
  #hasRoom(number: number, part: number): boolean {
    return this.#under.size < AHEAD * part && this.#underBytes < AHEAD_BYTES * part && number - this.report.lines < AHEAD * BEHIND * part;
  }
  async #until(when: () => boolean): Promise<void> {
    if (!when()) await new Promise<void>((go) => (this.#wake = { when, go }));
  }

  async #take(line: number, bytes: number, sent: SentCommand | Mark | Broken): Promise<void> {
    if ('why' in sent) return this.#answer(line, bytes, { line, outcome: 'broken', ...sent });
    if ('mark' in sent) {
      await this.#until(() => this.#under.size === 0);
      if (this.#hasFailed) return;
      this.report.write();
      await this.o.marked?.(sent);
      return this.#answer(line, bytes, undefined);
    }
    if (this.o.dryRun) {
      const follows = this.#earlier.has(sent.stream) || sent.after.some((stream) => this.#earlier.has(stream));
      this.#earlier.add(sent.stream);
      if (follows) return this.#answer(line, bytes, { line, key: sent.key, outcome: 'checked', why: 'It follows earlier lines.' });
    }
    const work: Work = { line, bytes, sent, waits: 0, followers: [] };
    const after = (before: Work | undefined) => {
      if (!before) return;
      before.followers.push(work);
      work.waits++;
    };
    // what a programme adopts or appoints may bear on everything behind it
    const all = sent.stream.startsWith('programme-');
    if (all) for (const before of this.#under) after(before);
    else {
      after(this.#barrier);
      after(this.#last.get(sent.stream));
      for (const stream of sent.after) after(this.#last.get(stream));
    }
    this.#under.add(work);
    this.#underBytes += bytes;
    this.#last.set(sent.stream, work);
    if (all) this.#barrier = work;
    if (work.waits === 0) this.#isReady(work);
  }

  /** First in the file, first sent: few streams are under way at once, and the server still holds their histories when the next line comes. */
  #isReady(work: Work): void {
    if ((this.#ready.at(-1)?.line ?? 0) < work.line) this.#ready.push(work);
    else
      this.#ready.splice(
        this.#ready.findIndex(({ line }) => line > work.line),
        0,
        work,
      );
    if (this.#senders < this.connections) void this.#sendReady();
  }

  async #sendReady(): Promise<void> {
    this.#senders++;
    for (let work = this.#ready.shift(); work; work = this.#ready.shift()) {
      const { line, bytes, sent } = work;
      try {
        if (!this.#hasFailed) {
          const { stands, ...said } = await this.#send(sent);
          this.#answer(line, bytes, { line, key: sent.key, ...said }, stands);
        }
      } catch (error) {
        this.#failed ??= error;
      }
      this.#done(work);
    }
    this.#senders--;
  }

  #done(work: Work): void {
    this.#under.delete(work);
    this.#underBytes -= work.bytes;
    if (this.#last.get(work.sent.stream) === work) this.#last.delete(work.sent.stream);
    if (this.#barrier === work) this.#barrier = undefined;
    for (const next of work.followers) if (--next.waits === 0) this.#isReady(next);
    if (!this.#wake?.when()) return;
    const { go } = this.#wake;
    this.#wake = undefined;
    go();
  }

  async #send({ key, path, body, stream }: SentCommand): Promise<Pick<Reported, 'outcome' | 'why' | 'errors'> & { stands?: Stands }> {
    let sent = body;
    if (typeof body['event'] === 'string' && body['event'].startsWith('@')) {
      const event = await this.#eventOf(stream, body['event'].slice(1));
      if (typeof event !== 'string' && event) return event;
      if (!event) return { outcome: 'refused', why: `No line ${body['event']} is recorded in ${stream}.` };
      sent = { ...body, event };
    }
    const answer = await this.#ask('POST', `${path}${this.o.dryRun ? '?dryRun=true' : ''}`, JSON.stringify(sent), key);
    if (answer.status >= 500) return failed(answer);
    const said = JSON.parse(answer.text) as { detail?: string; outcome?: Outcome; errors?: unknown; decision: string; position?: string };
    const { decision, position } = said;
    if (position !== undefined) this.#stands(stream, position);
    if (answer.status === 201) return { outcome: answer.replayed ? 'replayed' : 'accepted', ...(position && { stands: { decision, position } }) }; // prettier-ignore
    if (answer.status === 200) return { outcome: said.outcome === 'already-so' ? 'already-so' : 'tried' };
    return { outcome: 'refused', why: said.detail ?? String(answer.status), ...(said.errors !== undefined && { errors: said.errors }) };
  }

  /** Answers that cross may come in another order than they stand in the log; what is no longer kept stands before the last. */
  #stands(stream: string, position: string): void {
    this.#position = position;
    this.o.answered?.(position);
    this.#positions.delete(stream);
    this.#positions.set(stream, position);
    if (this.#positions.size > AHEAD) this.#positions.delete(this.#positions.keys().next().value!);
  }

  /** The first event of an earlier line: its decision is known from its key. */
  async #eventOf(stream: string, key: string): Promise<string | Failed | undefined> {
    const position = this.#positions.get(stream) ?? this.#position;
    const read = position === undefined ? '' : `?minPosition=${position}`; // the projections may be behind
    const answer = await this.#ask('GET', `/decisions/${commandIdOf(stream, key)}${read}`);
    if (answer.status >= 500) return failed(answer);
    if (answer.status !== 200) return undefined;
    return (JSON.parse(answer.text) as { events: readonly { readonly event: string }[] }).events[0]?.event;
  }

  #ask(method: 'GET' | 'POST', path: string, body?: string, key?: string): Promise<Answer> {
    return askUntil(
      () => this.ledger.ask(method, path, body, key),
      this.o,
      () => this.#hasFailed,
    );
  }

  #answer(line: number, bytes: number, said: Reported | undefined, stands?: Stands): void {
    this.report.answer(line, bytes, said, stands);
    const { lines, bytes: read, source } = this.report;
    this.o.progress?.({ lines, bytes: read, of: source.size });
  }

  async settle(): Promise<void> {
    await this.#until(() => this.#under.size === 0);
    await this.report.close();
    if (this.#hasFailed) throw this.#failed ?? this.report.failed;
  }
}
