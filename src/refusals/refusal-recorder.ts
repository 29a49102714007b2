import { bounded, whoOf, type Refusal, type RefusalStatus, type Refused } from './refusal.js';
import { RefusalFolder, seriesOf, idText, SERIES, type Part, type RefusalFolderOptions, type Series } from './refusal-folder.js';

/** From a refusal to its line on the disk, at most: what a process loses that is killed. */
const FLUSH_MS = 1000;
/** How long the same refusal again is only counted. */
export const WINDOW_MS = 60_000;
/** How often it is looked for files that are too old. */
const PRUNE_MS = 3_600_000;
/** Bytes of lines that wait for the disk, and of refusals that are counted in one window, for each kind. */
const MAX_WAITING = 1 << 20;
const MAX_COUNTED = 1 << 20;

/** Refusals that are remembered one by one: so many at once, and so many more a minute; of one person or address, and of all. */
const ALLOWANCES: Readonly<Record<Series, { readonly one: Allowance; readonly all: Allowance }>> = {
  people: { one: { most: 300, aMinute: 10 }, all: { most: 3000, aMinute: 100 } },
  strangers: { one: { most: 20, aMinute: 1 }, all: { most: 200, aMinute: 10 } },
};
/** People and addresses whose allowance is kept; the one that was quiet longest makes room for another. */
const MAX_KNOWN = 2000;

interface Allowance {
  readonly most: number;
  readonly aMinute: number;
}

export interface RefusalRecorderOptions extends Omit<RefusalFolderOptions, 'log'> {
  /** In UTC with milliseconds. */
  now(): string;
  readonly log: (message: string, error?: unknown) => void;
}

/** The refusals of one kind that came within a minute. */
class Window {
  readonly entries = new Map<string, { readonly first: Refusal; times: number; from: string; until: string }>();
  bytes = 0;
}

/**
 * Remembers what this node refused. `note` costs some microseconds and never waits: lines go to the disk together, within a second, off the
 * event loop. The same refusal again within a minute is counted, and its number follows at the end of the minute as a line of its own. Who
 * causes more than 300 different ones, and 10 more each minute, is remembered by command and rule. So a loop takes some kilobytes a minute
 * and pushes nothing out.
 */
export class RefusalRecorder {
  readonly #windows: Readonly<Record<Series, Window>> = { people: new Window(), strangers: new Window() };
  readonly #buckets: Readonly<Record<Series, Buckets>> = {
    people: new Buckets(ALLOWANCES.people),
    strangers: new Buckets(ALLOWANCES.strangers),
  };
  readonly #counts = new Map<RefusalStatus, number>();
  #waiting: Refusal[] = [];
  #waitingBytes = 0;
  #lastId: number;
  #unremembered = 0;
  #failure: Error | undefined;
  #flushing: Promise<void> = Promise.resolve();
  #flushTimer: NodeJS.Timeout | undefined;
  #windowTimer: NodeJS.Timeout | undefined;
  /** Milliseconds since 1970: a timer may be late, and a clock may jump. */
  #windowEnds = Infinity;
  readonly #pruneTimer: NodeJS.Timeout;

  private constructor(
    private readonly folder: RefusalFolder,
    private readonly options: RefusalRecorderOptions,
  ) {
    this.#lastId = folder.lastId;
    this.#pruneTimer = setInterval(() => void this.#prune(), PRUNE_MS).unref();
  }

  /** Never fails. */
  static async open(options: RefusalRecorderOptions): Promise<RefusalRecorder> {
    const recorder = new RefusalRecorder(await RefusalFolder.open(options), options);
    await recorder.#prune();
    return recorder;
  }

  /** Refusals since the start, by what they were answered with. */
  get counts(): ReadonlyMap<RefusalStatus, number> {
    return this.#counts;
  }
  /** Refusals since the start of which nothing is remembered, since the disk was full for too long. */
  get unremembered(): number {
    return this.#unremembered;
  }
  /** Why refusals cannot be written for now. */
  get failure(): Error | undefined {
    return this.#failure;
  }
  get bytes(): number {
    return this.folder.bytes;
  }
  /** Whether any are remembered at all. */
  get isOn(): boolean {
    return this.options.maxBytes > 0;
  }

  note(given: Refused): void {
    this.#counts.set(given.status, (this.#counts.get(given.status) ?? 0) + 1);
    if (!this.isOn) return;
    const at = this.options.now();
    const refused = bounded(given);
    const series = seriesOf(refused);
    if (Date.parse(at) >= this.#windowEnds) this.#endWindow();
    const window = this.#windows[series];
    const key = keyOf(refused, false);
    if (this.#again(window, key, at)) return;
    const isOneByOne = window.bytes < MAX_COUNTED && this.#buckets[series].take(whoOf(refused), Date.parse(at));
    if (isOneByOne) return this.#begin(window, key, refused, at);
    const { status, code } = refused;
    const { actor, role, address, command } = refused;
    // the codes, commands and roles that there are bound the second group
    const group = window.bytes < 1.5 * MAX_COUNTED ? present({ status, code, actor, role, address, command }) : { status, code };
    const groupKey = keyOf(group, true);
    if (!this.#again(window, groupKey, at)) this.#begin(window, groupKey, group, at, true);
  }

  #again(window: Window, key: string, at: string): boolean {
    const entry = window.entries.get(key);
    if (!entry) return false;
    if (entry.times === 0) entry.from = at;
    entry.times++;
    entry.until = at;
    return true;
  }

  #begin(window: Window, key: string, refused: Refused, at: string, grouped = false): void {
    const refusal = this.#made(refused, { refusedAt: at, times: 1, ...(grouped && { grouped }) });
    window.entries.set(key, { first: refusal, times: 0, from: at, until: at });
    window.bytes += 200 + 2 * JSON.stringify(refusal).length;
    if (!this.#windowTimer) {
      this.#windowTimer = setTimeout(() => this.#endWindow(), WINDOW_MS).unref();
      this.#windowEnds = Date.parse(at) + WINDOW_MS;
    }
    this.#put(refusal);
  }

  #made(refused: Refused, more: Pick<Refusal, 'refusedAt' | 'until' | 'times' | 'grouped'>): Refusal {
    const at = Date.parse(more.until ?? more.refusedAt) * 1000;
    this.#lastId = Math.max(this.#lastId + 1, at);
    return { id: idText(this.#lastId), ...more, ...refused };
  }

  #put(refusal: Refusal): void {
    const bytes = JSON.stringify(refusal).length;
    if (this.#waitingBytes + bytes > MAX_WAITING) {
      this.#unremembered += refusal.times;
      return;
    }
    this.#waiting.push(refusal);
    this.#waitingBytes += bytes;
    this.#flushTimer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  /** What came again within the minute follows as one line each. */
  #endWindow(): void {
    clearTimeout(this.#windowTimer);
    this.#windowTimer = undefined;
    this.#windowEnds = Infinity;
    for (const window of Object.values(this.#windows)) {
      for (const { first, times, from, until } of window.entries.values()) {
        const { id: _, refusedAt: __, times: ___, grouped, ...refused } = first;
        if (times > 0) this.#put(this.#made(refused, { refusedAt: from, ...(times > 1 && { until }), times, ...(grouped && { grouped }) }));
      }
      window.entries.clear();
      window.bytes = 0;
    }
  }

  /** Writes what waits for the disk. Never fails: what could not be written waits on. */
  flush(): Promise<void> {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    return (this.#flushing = this.#flushing.then(() => this.#write()));
  }

  async #write(): Promise<void> {
    const refusals = this.#waiting;
    if (refusals.length === 0) return;
    try {
      for (const series of SERIES) {
        const own = new Set(refusals.filter((one) => seriesOf(one) === series));
        if (own.size > 0) await this.folder.append(series, [...own]);
        this.#waiting = this.#waiting.filter((one) => !own.has(one));
      }
      if (this.#failure) this.options.log(`Refusals are written again; ${this.#unremembered} were not remembered.`);
      this.#failure = undefined;
    } catch (error) {
      if (!this.#failure)
        this.options.log('Refusals cannot be written for now: 1 MB of them waits for the disk, more are only counted.', error);
      this.#failure = error as Error;
      this.#flushTimer ??= setTimeout(() => void this.flush(), 5 * FLUSH_MS).unref();
    }
    this.#waitingBytes = this.#waiting.reduce((sum, one) => sum + JSON.stringify(one).length, 0);
  }

  async #prune(): Promise<void> {
    await this.folder.prune(Date.parse(this.options.now()) * 1000).catch((error: unknown) => this.options.log('Old refusals cannot be removed.', error)); // prettier-ignore
  }

  /** Refusals newest first, with an id below `before`, a part at a time: those included that wait for the disk or came again just now. */
  async *newestFirst(before = Number.MAX_SAFE_INTEGER): AsyncGenerator<Part> {
    await this.flush();
    const again = new Map(
      Object.values(this.#windows).flatMap(({ entries }) => [...entries.values()].map((entry) => [entry.first.id, entry] as const)),
    );
    for await (const { rows, damaged } of this.folder.newestFirst(before, Date.parse(this.options.now()) * 1000, this.#waiting))
      yield {
        rows: rows.map((row) => {
          const entry = again.get(row.id);
          return entry && entry.times > 0 ? { ...row, until: entry.until, times: row.times + entry.times } : row;
        }),
        damaged,
      };
  }

  /** Writes all that is counted so far. */
  async close(): Promise<void> {
    clearInterval(this.#pruneTimer);
    this.#endWindow();
    await this.flush();
    clearTimeout(this.#flushTimer);
    if (this.#waiting.length > 0) this.options.log(`${this.#waiting.length} refusals could not be written and are lost.`, this.#failure);
  }
}

/** Everything that is kept, in one text. */
const keyOf = (refused: Refused, grouped: boolean): string => {
  const { status, code, detail, pointer, policies, actor, role, address, command, stream, programme, request, idempotencyKey, correlationId, causationId } = refused; // prettier-ignore
  return [grouped, status, code, detail, pointer, policies?.join(' '), actor, role, address, command, stream, programme, request, idempotencyKey, correlationId, causationId].join('\0'); // prettier-ignore
};
const present = (refused: { readonly [K in keyof Refused]: Refused[K] | undefined }): Refused =>
  Object.fromEntries(Object.entries(refused).filter(([, value]) => value !== undefined)) as unknown as Refused;

/** What somebody may still have remembered one by one: grows by the minute up to its most. */
class Buckets {
  readonly #known = new Map<string, Bucket>();
  readonly #all: Bucket;
  constructor(private readonly allowances: { readonly one: Allowance; readonly all: Allowance }) {
    this.#all = new Bucket(allowances.all);
  }
  take(who: string, at: number): boolean {
    const own = this.#known.get(who) ?? new Bucket(this.allowances.one);
    this.#known.delete(who);
    this.#known.set(who, own);
    if (this.#known.size > MAX_KNOWN) this.#known.delete(this.#known.keys().next().value!);
    return own.has(at) && this.#all.has(at) && own.take() && this.#all.take();
  }
}
class Bucket {
  #left: number;
  #at = -Infinity;
  constructor(private readonly allowance: Allowance) {
    this.#left = allowance.most;
  }
  has(at: number): boolean {
    const { most, aMinute } = this.allowance;
    const minutes = Math.max(0, at - this.#at) / 60_000;
    this.#left = Math.min(most, this.#left + (Number.isFinite(minutes) ? minutes * aMinute : 0));
    this.#at = at;
    return this.#left >= 1;
  }
  take(): true {
    this.#left--;
    return true;
  }
}
