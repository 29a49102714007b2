import { LRUCache } from 'lru-cache';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import {
  dayOf,
  IllegalTransitionError,
  Rejection,
  SYSTEM,
  UnsupportedSchemaVersionError,
  type Automation,
  type DueCommand,
} from '../../kernel/index.js';
import { StaleRevisionError, type CommandRequest, type Engine } from '../write/engine.js';
import { IdempotencyKeyReusedError } from '../write/receipt.js';

/** A page of deadlines, by their keys. */
export interface DuePage {
  readonly keys: readonly string[];
  /** The key to go on after; absent at the end. */
  readonly next?: string;
}

export interface AutomationsOptions {
  readonly automations: readonly Automation[];
  readonly engine: Pick<Engine, 'handle' | 'history'>;
  /** A page of the deadlines of a kind, in order of key; with `overdueOn` those alone whose last day is certainly before that day. */
  readonly deadlines: (kind: string, after: string, overdueOn: string | undefined) => Promise<DuePage>;
  /** How far the deadlines have read the log. */
  readonly sequence: () => number;
  /** Resolves once the deadlines have read all that was acknowledged. @throws when they are behind for too long */
  readonly caughtUp: () => Promise<void>;
  /** Whether all that was recorded before a day is there, by whichever node; it is unless set. What waits for a day waits for this too. */
  readonly hasAllBefore?: (day: string) => boolean;
  /** The instant of now. @throws while nothing is recorded: a clock that is refused, a history that was altered, a store that failed */
  readonly now: () => string;
  readonly timeZone: string;
  readonly log: (message: string, error?: unknown) => void;
  /** A command was decided against. */
  readonly refused?: (request: CommandRequest, error: unknown) => void;
  /** Between two looks, between two parts of a long one, and before the first attempt after a failure; 5 s, 250 ms and 1 s unless set. */
  readonly everyMs?: number;
  readonly pauseMs?: number;
  readonly retryMs?: number;
}

/** What became of a command that was due: `replayed` where another node, or this one earlier, had issued it. */
export type AutomationOutcome = 'accepted' | 'replayed' | 'refused';

/** Deadlines that one run looks at, and commands that it issues, at most: the next run goes on after a pause. */
const MAX_LOOKED_AT = 2000;
const MAX_ISSUED = 200;
const LONGEST_RETRY_MS = 60_000;
/** How often one deadline is looked at again at once, where others record in its stream meanwhile. */
const MOST_ATTEMPTS = 5;
/** Refusals that are remembered, so that none is asked for again before the next start: some 2 MB. */
const MAX_REFUSED = 10_000;

/** How far a look at the deadlines of one automation has come. */
interface Look {
  /** What it is a look at: the day, and for what waits for no day the end of the log. */
  readonly of: string;
  readonly after: string;
  readonly done: boolean;
}

/**
 * Issues the commands that are due, in the same way as a caller does: checked, decided, refused where a rule says so. Each has an identity
 * that follows from its cause, and expects the revision that it read of its own stream, so several nodes that do the same at once record it once, and a run
 * that was interrupted is begun again. It reads the deadlines in pages, one command at a time, with a pause after so many.
 */
export class Automations {
  readonly #o: AutomationsOptions;
  readonly #stop = new AbortController();
  readonly #looks = new Map<Automation, Look>();
  readonly #refused = new LRUCache<string, true>({ max: MAX_REFUSED });
  readonly #counts = new Map<string, number>();
  #running: Promise<void> | undefined;
  #failed: unknown;
  #resting = false;

  constructor(options: AutomationsOptions) {
    this.#o = options;
  }

  start(): this {
    this.#running ??= this.#loop();
    return this;
  }
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** What keeps them from going on; undefined while they do. */
  get failed(): unknown {
    return this.#failed;
  }
  /** Whether they wait, because nothing can be recorded. */
  get isResting(): boolean {
    return this.#resting;
  }
  /** How many commands came to which outcome since the start. */
  get counts(): readonly { readonly automation: string; readonly outcome: AutomationOutcome; readonly count: number }[] {
    return [...this.#counts].map(([name, count]) => {
      const [automation, outcome] = name.split(' ') as [string, AutomationOutcome];
      return { automation, outcome, count };
    });
  }

  async #loop(): Promise<void> {
    const { everyMs = 5000, pauseMs = 250, retryMs = 1000, log } = this.#o;
    const { signal } = this.#stop;
    let failures = 0;
    for (let wait = retryMs; !signal.aborted;) {
      await sleep(wait, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        wait = (await this.run()) ? pauseMs : everyMs;
        [failures, this.#failed] = [0, undefined];
      } catch (error) {
        if (this.#failed === undefined) log('Automations stopped at a failure; they are tried again.', error);
        this.#failed = error;
        wait = Math.min(LONGEST_RETRY_MS, retryMs * 2 ** failures++);
      }
    }
  }

  /** Looks for what is due, and issues it: a bounded part. @returns whether more is left to look at. @throws what keeps it from going on */
  async run(): Promise<boolean> {
    const now = this.#now();
    if (now === undefined) return false;
    const today = dayOf(now, this.#o.timeZone);
    const left = { lookedAt: MAX_LOOKED_AT, issued: MAX_ISSUED };
    for (const automation of this.#o.automations) {
      if (automation.waitsForDay && this.#o.hasAllBefore?.(today) === false) continue;
      const look = await this.#lookOf(automation, today);
      if (look.done) continue;
      const after = await this.#look(automation, look, today, left);
      this.#looks.set(automation, { ...look, after: after ?? '', done: after === undefined });
      if (after !== undefined) return true;
    }
    return false;
  }

  /** Undefined while nothing can be recorded: that is no failure of theirs. */
  #now(): string | undefined {
    try {
      const now = this.#o.now();
      this.#resting = false;
      return now;
    } catch {
      this.#resting = true;
      return undefined;
    }
  }

  /** The look that is under way or done; another one where the day is another, or something was recorded since it was done. */
  async #lookOf(automation: Automation, today: string): Promise<Look> {
    const before = this.#looks.get(automation);
    const of = automation.waitsForDay ? today : `${today} ${this.#o.sequence()}`;
    if (before && (before.of === of || (!before.done && before.of.startsWith(today)))) return before;
    if (automation.waitsForDay) await this.#o.caughtUp();
    return { of, after: '', done: false };
  }

  /** @returns the key to go on after; undefined at the end */
  async #look(automation: Automation, look: Look, today: string, left: { lookedAt: number; issued: number }): Promise<string | undefined> {
    for (let { after } = look; ;) {
      const page = await this.#o.deadlines(automation.deadline, after, automation.waitsForDay ? today : undefined);
      for (const key of page.keys) {
        if (this.#stop.signal.aborted || left.lookedAt-- === 0 || left.issued === 0) return after;
        if (await this.#issue(automation, key, today)) left.issued--;
        after = key;
        await turn();
      }
      if (page.next === undefined) return undefined;
      after = page.next;
    }
  }

  /** @returns whether a command was sent. @throws what keeps it from being decided, to be tried again */
  async #issue(automation: Automation, deadline: string, today: string): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(automation, deadline, today);
      } catch (error) {
        // what was recorded since it was looked at may have taken away why it was due
        if (!(error instanceof StaleRevisionError) || attempt === MOST_ATTEMPTS) throw error;
      }
    }
  }

  async #attempt(automation: Automation, deadline: string, today: string): Promise<boolean> {
    const id = deadline.slice(deadline.indexOf(':') + 1);
    const slash = id.indexOf('/');
    const [of, item] = [id.slice(0, slash), id.slice(slash + 1)];
    let due: DueCommand | undefined;
    let revision: number;
    try {
      const { engine } = this.#o;
      const history = await engine.history(automation.aggregate, of);
      ({ revision } = history);
      const { governedBy } = automation.aggregate;
      const programme = governedBy?.of(history.state);
      const governing = programme === undefined ? undefined : (await engine.history(governedBy!.aggregate, programme)).state;
      due = automation.due({ history, item, programme: governing, today });
      if (!due) return false;
    } catch (error) {
      return this.#refuse(automation, deadline, error); // a stream that cannot be folded keeps no other from its turn
    }
    const name = `${automation.name} ${due.aggregate.category}-${due.id} ${due.key}`;
    if (this.#refused.has(name)) return false;
    const isOfItsStream = due.aggregate.category === automation.aggregate.category && due.id === of;
    const request: CommandRequest = {
      command: due.command,
      aggregate: due.aggregate,
      id: due.id,
      body: due.body,
      actor: { id: SYSTEM, role: automation.name },
      idempotencyKey: `\n${automation.name}\n${due.key}`, // no header can hold it, so no caller can take it first
      ...(isOfItsStream && { ifMatch: [revision] }),
      correlationId: due.cause.metadata.$correlationId,
      causationId: due.cause.id,
    };
    try {
      const receipt = await this.#o.engine.handle(request);
      this.#count(automation, receipt.outcome === 'accepted' ? 'accepted' : 'replayed');
    } catch (error) {
      this.#refuse(automation, name, error);
      this.#o.refused?.(request, error);
    }
    return true;
  }

  /** Logs a refusal once; it is not asked for again. @throws what is none */
  #refuse(automation: Automation, name: string, error: unknown): false {
    if (!isRefusal(error)) throw error;
    if (this.#refused.has(name)) return false;
    this.#refused.set(name, true);
    this.#count(automation, 'refused');
    this.#o.log(`${automation.name} was refused: ${name.slice(name.indexOf(' ') + 1)}: ${(error as Error).message}`);
    return false;
  }

  #count({ name }: Automation, outcome: AutomationOutcome): void {
    const key = `${name} ${outcome}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }
}

/** What is decided against, or cannot be read: it would come out the same again. */
const isRefusal = (error: unknown): boolean =>
  error instanceof Rejection ||
  error instanceof IdempotencyKeyReusedError ||
  error instanceof IllegalTransitionError ||
  error instanceof UnsupportedSchemaVersionError;
