import { setImmediate as turn } from 'node:timers/promises';
import { isFirst, keysOf, summary } from '../../projections/decisions.js';
import { becameOf, split, STANDS, type Became, type DecisionStatus } from '../engine/audit/audit.js';
import type { Projector } from '../engine/read/projector.js';
import type { Load } from '../engine/write/decide.js';
import { bounds, daysLate, matchKey, sameName, type Assessment, type RecordedEvent } from '../kernel/index.js';
import type { IndexedEvent, Sequence } from '../store/read-model.js';

export const RESULTS = ['met', 'not-met', 'not-assessable', 'waived'] as const satisfies readonly Assessment['result'][];
/** `withdrawn` finds what is withdrawn in part, too. */
export const STATUSES = ['stands', 'corrected', 'withdrawn'] as const;

/** What is asked of decisions: all of it must hold. */
export interface Wanted {
  readonly reference?: string | undefined;
  /** Who took it, who recorded it, and who did either of them. */
  readonly person?: string | undefined;
  readonly actor?: string | undefined;
  readonly by?: string | undefined;
  readonly office?: string | undefined;
  readonly rule?: string | undefined;
  readonly result?: string | undefined;
  readonly programme?: string | undefined;
  readonly tower?: string | undefined;
  readonly contract?: string | undefined;
  readonly supplier?: string | undefined;
  readonly command?: string | undefined;
  /** Days: the act may lie in this period. */
  readonly effectiveFrom?: string | undefined;
  readonly effectiveUntil?: string | undefined;
  /** Instants, inclusive. */
  readonly recordedFrom?: string | undefined;
  readonly recordedUntil?: string | undefined;
  readonly backdated?: boolean | undefined;
  readonly status?: (typeof STATUSES)[number] | undefined;
}

/** Rows of a page end it at this many bytes of text, about; events that a page reads; lines of the log's index that it passes over. */
const PAGE_BYTES = 512 << 10;
const MAX_READ = 5000;
const MAX_PASSED = 100_000;
/** The same for totals. */
const MAX_COUNTED = 20_000;
/** Decisions that are looked at before other work gets its turn. */
const BREATH = 16;
/** Lines of the index that are read at once, and the widest part of the log that is looked through at once. */
const CHUNK = 500;
const WIDEST = 1 << 20;

/** Lines of the log's index, newest first, from a sequence down; fewer than `limit` where there are no more. */
type Source = (upTo: Sequence, limit: number) => Promise<readonly IndexedEvent[]>;

export interface Found {
  readonly event: RecordedEvent;
  readonly became: Became;
}

/** A decision in a list. */
export type DecisionRow = ReturnType<typeof rowOf>;
export const rowOf = ({ event, became }: Found, { effectiveFrom, effectiveUntil }: Wanted, timeZone: string) => {
  const { effectiveOn, recordedAt, actor } = event.metadata;
  const late = daysLate(effectiveOn, recordedAt, timeZone);
  const { earliest, latest } = bounds(effectiveOn);
  const isInside = (effectiveFrom === undefined || earliest >= effectiveFrom) && (effectiveUntil === undefined || latest <= effectiveUntil);
  return {
    ...summary(event),
    ...(actor.role !== undefined && { role: actor.role }),
    ...(late > 0 && { daysLate: late }),
    ...became,
    /** The day of the act may lie outside of the period that was asked for. */
    ...(!isInside && { uncertain: true as const }),
  };
};

export interface Totals {
  readonly decisions: number;
  readonly backdated: number;
  readonly byStatus: Readonly<Partial<Record<DecisionStatus, number>>>;
  readonly byCommand: Readonly<Record<string, number>>;
  /** Assessments of these decisions. */
  readonly byResult: Readonly<Partial<Record<Assessment['result'], number>>>;
  /** False where more decisions would have to be looked at than one answer may: then these are of the newest ones. */
  readonly complete: boolean;
}

/** Finds decisions in the log's index and in the projection of decisions, newest first. */
export class DecisionFinder {
  readonly #touched: TouchedStreams;

  constructor(
    private readonly projector: Projector,
    private readonly load: Load,
    private readonly timeZone: string,
  ) {
    this.#touched = new TouchedStreams(projector);
  }

  /**
   * A page of decisions, newest first: at most `limit`, about 512 KB of text, 5,000 events read and 100,000 passed over. It may be empty, and
   * say where to go on. @param upTo the newest event that is looked at
   */
  async page(wanted: Wanted, upTo: Sequence, limit: number): Promise<{ readonly found: readonly Found[]; readonly next?: Sequence }> {
    const found: Found[] = [];
    let bytes = 0;
    let further: Sequence | undefined;
    const { next } = await this.#walk(wanted, upTo, { read: MAX_READ, passed: MAX_PASSED }, (one, sequence) => {
      if (found.length === limit || bytes >= PAGE_BYTES) {
        further = sequence;
        return false;
      }
      found.push(one);
      bytes += 1000 + JSON.stringify(summary(one.event)).length;
      return true;
    });
    return { found, ...((further ?? next) > 0 && { next: further ?? next }) };
  }

  /** How many there are, by what became of them, by command and by result, of 20,000 events at most. */
  async totals(wanted: Wanted, upTo: Sequence): Promise<Totals> {
    const [byStatus, byCommand, byResult] = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()];
    const count = (of: Map<string, number>, name: string): void => void of.set(name, (of.get(name) ?? 0) + 1);
    let [decisions, backdated] = [0, 0];
    const { next } = await this.#walk(wanted, upTo, { read: MAX_COUNTED, passed: 4 * MAX_PASSED }, ({ event, became }) => {
      const { effectiveOn, recordedAt, command, assessed = [] } = event.metadata;
      decisions++;
      if (daysLate(effectiveOn, recordedAt, this.timeZone) > 0) backdated++;
      count(byStatus, became.status);
      count(byCommand, command.name);
      for (const { result } of assessed) count(byResult, result);
      return true;
    });
    const sorted = (of: Map<string, number>) => Object.fromEntries([...of].sort(([a], [b]) => (a < b ? -1 : 1)));
    return {
      decisions,
      backdated,
      byStatus: sorted(byStatus),
      byCommand: sorted(byCommand),
      byResult: sorted(byResult),
      complete: next === 0,
    };
  }

  /** @returns `next`: the sequence to go on from; 0 at the end */
  async #walk(
    wanted: Wanted,
    upTo: Sequence,
    most: { readonly read: number; readonly passed: number },
    take: (found: Found, sequence: Sequence) => boolean,
  ): Promise<{ readonly next: Sequence }> {
    const source = this.#sourceOf(wanted);
    const touched = await this.#touched.until(this.projector.sequence);
    const mayStand = wanted.status === undefined || wanted.status === 'stands';
    let [read, passed] = [0, 0];
    for (let at = upTo; at > 0;) {
      const lines = await source(at, CHUNK);
      for (const line of lines) {
        at = line.sequence - 1;
        const isTouched = touched === undefined || touched.has(line.stream);
        if (!isTouched && !mayStand) {
          if (++passed >= most.passed) return { next: at };
          continue;
        }
        const event = await this.projector.event(line);
        if (++read % BREATH === 0) await turn();
        const found = isFirst(event) && matches(event, wanted, this.timeZone) ? await this.#found(event, isTouched, wanted) : undefined;
        if (found && !take(found, line.sequence)) return { next: at };
        if (read >= most.read) return { next: at };
      }
      if (lines.length < CHUNK) return { next: 0 };
      await turn();
    }
    return { next: 0 };
  }

  async #found(event: RecordedEvent, isTouched: boolean, { status }: Wanted): Promise<Found | undefined> {
    let became = STANDS;
    if (isTouched) {
      const history = await this.load(...split(event.stream));
      became = becameOf(history.decision(event.metadata.command.id), history);
    }
    const isWanted = status === undefined || became.status === status || (status === 'withdrawn' && became.status === 'partly-withdrawn');
    return isWanted ? { event, became } : undefined;
  }

  /** The lines that may be wanted: the fewest of those that one index names. */
  #sourceOf(wanted: Wanted): Source {
    const { reference, rule, person, by, actor, programme, tower, contract, supplier, recordedFrom, recordedUntil } = wanted;
    if (reference !== undefined) return this.#linking(`reference:${matchKey(reference)}`);
    if (person !== undefined) return this.#linking(`person:${person}`);
    const tags = Object.entries({ actor, programme, tower, contract, supplier }).flatMap(([name, id]) =>
      id === undefined ? [] : [`${name}:${id}`],
    );
    const period = { from: recordedFrom, until: recordedUntil };
    if (by !== undefined) return merged(this.#linking(`person:${by}`), this.#indexed({ tags: [...tags, `actor:${by}`], ...period }));
    if (rule !== undefined) return this.#linking(`rule:${rule}`);
    return this.#indexed({ tags, ...period });
  }

  #linking(key: string): Source {
    return async (upTo, limit) => {
      const sequences = await this.projector.ask('decisions', async (rows) => rows.eventsLinking('decision', key, upTo, limit));
      return sequences.flatMap((sequence) => this.projector.eventAt(sequence) ?? []);
    };
  }

  /** Looks through the log from its end, in parts that grow while they hold little. */
  #indexed(query: { readonly tags: readonly string[]; readonly from: string | undefined; readonly until: string | undefined }): Source {
    let width = CHUNK;
    return async (upTo, limit) => {
      const found: IndexedEvent[] = [];
      for (let end = upTo; end > 0 && found.length < limit;) {
        const begin = Math.max(0, end - width);
        const part = await this.projector.events({ ...query, after: begin, upTo: end, limit: CHUNK + 1 });
        if (part.length > CHUNK) {
          width = Math.max(CHUNK, width >> 2); // more than are read at once: a part of CHUNK events never is
          continue;
        }
        found.push(...part.toReversed());
        if (begin === 0 || this.#isBefore(query.from, begin)) break;
        end = begin;
        if (part.length < CHUNK / 4) width = Math.min(2 * width, WIDEST);
      }
      return found.slice(0, limit);
    };
  }
  #isBefore(from: string | undefined, sequence: Sequence): boolean {
    return from !== undefined && (this.projector.eventAt(sequence)?.watermark ?? '') < from;
  }
}

/** Two sources as one, each line once. */
const merged =
  (a: Source, b: Source): Source =>
  async (upTo, limit) => {
    const lines = new Map([...(await a(upTo, limit)), ...(await b(upTo, limit))].map((line) => [line.sequence, line]));
    return [...lines.values()].sort((one, other) => other.sequence - one.sequence).slice(0, limit);
  };

const matches = (event: RecordedEvent, wanted: Wanted, timeZone: string): boolean => {
  const { metadata } = event;
  const { about, actor, decidedBy, effectiveOn, recordedAt, command, assessed = [] } = metadata;
  const { reference, person, by, rule, result, effectiveFrom, effectiveUntil, recordedFrom, recordedUntil, backdated } = wanted;
  const keys = keysOf(event);
  const { earliest, latest } = bounds(effectiveOn);
  const under = (key: string, value: string | undefined): boolean => value === undefined || keys.has(`${key}:${value}`);
  const names = (ids: string | readonly string[] | undefined, id: string | undefined): boolean =>
    id === undefined || [ids ?? []].flat().includes(id);
  return (
    under('reference', reference === undefined ? undefined : matchKey(reference)) &&
    under('person', person) &&
    under('rule', rule) &&
    (by === undefined || keys.has(`person:${by}`) || actor.id === by) &&
    (wanted.actor === undefined || actor.id === wanted.actor) &&
    (wanted.office === undefined || (decidedBy?.office !== undefined && sameName(decidedBy.office, wanted.office))) &&
    (wanted.command === undefined || command.name === wanted.command) &&
    names(about.programme, wanted.programme) &&
    names(about.tower, wanted.tower) &&
    names(about.contract, wanted.contract) &&
    names(about.supplier, wanted.supplier) &&
    (result === undefined ||
      assessed.some((one) => one.result === result && (rule === undefined || one.rule === rule || one.rule.startsWith(`${rule}/`)))) &&
    (effectiveFrom === undefined || latest >= effectiveFrom) &&
    (effectiveUntil === undefined || earliest <= effectiveUntil) &&
    (recordedFrom === undefined || recordedAt >= recordedFrom) &&
    (recordedUntil === undefined || recordedAt <= recordedUntil) &&
    (backdated === undefined || daysLate(effectiveOn, recordedAt, timeZone) > 0 === backdated)
  );
};

/** Names of streams that are kept at most: some 2 MB. */
const MAX_TOUCHED = 20_000;
const TOUCHING = ['FactCorrected', 'FactWithdrawn', 'DuplicateMarked'];

/** The streams in which anything was ever corrected or withdrawn: of all others every decision stands as it was recorded. */
class TouchedStreams {
  readonly #streams = new Set<string>();
  #until: Sequence = 0;
  #isFull = false;

  constructor(private readonly projector: Pick<Projector, 'events'>) {}

  /** Those up to a sequence, and perhaps later ones; undefined where they are too many to be kept. */
  async until(sequence: Sequence): Promise<ReadonlySet<string> | undefined> {
    const from = this.#until;
    if (!this.#isFull && sequence > from) {
      for (const type of TOUCHING)
        for (let after = from; ;) {
          const page = await this.projector.events({ tags: [`type:${type}`], after, upTo: sequence, limit: CHUNK });
          for (const { stream } of page) this.#streams.add(stream);
          if (page.length < CHUNK || this.#streams.size > MAX_TOUCHED) break;
          after = page.at(-1)!.sequence;
        }
      this.#until = Math.max(this.#until, sequence);
    }
    if (this.#streams.size > MAX_TOUCHED) {
      this.#isFull = true;
      this.#streams.clear();
    }
    return this.#isFull ? undefined : this.#streams;
  }
}
