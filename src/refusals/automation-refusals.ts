import { LRUCache } from 'lru-cache';
import type { Refused } from './refusal.js';
import type { RefusalRecorder } from './refusal-recorder.js';

const DAY_MS = 86_400_000;
/** Refusals that are remembered, and lines of the files that are looked at after a start: some 3 MB. */
const MOST = 10_000;
const MAX_LOOKED_AT = 20_000;

/** What automations were refused: each once a day, since an automation asks again after every start and on every node. */
export class AutomationRefusals {
  readonly #noted = new LRUCache<string, number>({ max: MOST });
  #read: Promise<void> | undefined;

  constructor(
    private readonly recorder: Pick<RefusalRecorder, 'note' | 'newestFirst'>,
    /** In UTC with milliseconds. */
    private readonly now: () => string,
    /** The actor of automations. */
    private readonly actor: string,
  ) {}

  async note(refused: Refused): Promise<void> {
    await (this.#read ??= this.#readBack());
    const [key, at] = [keyOf(refused), Date.parse(this.now())];
    const last = this.#noted.get(key);
    if (last !== undefined && at - last < DAY_MS) return;
    this.#noted.set(key, at);
    this.recorder.note(refused);
  }

  /** What this node remembers of the last day. Never fails: what cannot be read may be noted twice. */
  async #readBack(): Promise<void> {
    const since = Date.parse(this.now()) - DAY_MS;
    let looked = 0;
    try {
      for await (const { rows } of this.recorder.newestFirst())
        for (const row of rows) {
          const at = Date.parse(row.refusedAt);
          if (at < since || looked++ === MAX_LOOKED_AT) return;
          const key = keyOf(row);
          if (row.actor === this.actor && !this.#noted.has(key)) this.#noted.set(key, at);
        }
    } catch {
      // the recorder says what is wrong with its files
    }
  }
}

/** The automation, the stream, the event that made the command necessary, and the rule. */
const keyOf = ({ role, stream, causationId, code }: Refused): string => [role, stream, causationId, code].join('\0');
