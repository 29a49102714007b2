import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventStore } from '../src/store/event-store.js';
import { KurrentStore } from '../src/store/kurrentdb/kurrent-store.js';
import { prefixOf } from '../src/store/kurrentdb/stream-names.js';
import { leafOf, pagesOf, MerkleTree } from '../src/store/merkle-tree.js';

const READY_WITHIN_MS = 120_000;

/** The ledger of the servers, which take the same setting. */
const open = (url: string): Promise<EventStore> =>
  KurrentStore.open({
    url,
    prefix: prefixOf(process.env['LEDGER_PREFIX'] ?? '') ?? '',
    timeZone: 'Europe/London',
    now: () => new Date().toISOString(),
    newId: () => crypto.randomUUID(),
  });

/** A KurrentDB that an operator's command starts, in the foreground and on durable data. */
export class Database {
  #process: ChildProcess | undefined;

  constructor(
    private readonly url: string,
    private readonly command: string,
  ) {
    process.on('exit', () => this.#signal('SIGKILL'));
  }

  /** Resolves once it answers. */
  async start(): Promise<void> {
    // KurrentDB takes every variable that begins with its name for a setting, and exits on one that it does not know
    const { LEDGER_KURRENTDB_URL: _, ...env } = process.env;
    const child = spawn('sh', ['-c', this.command], { detached: true, env, stdio: ['ignore', 'ignore', 'inherit'] });
    this.#process = child;
    for (const end = performance.now() + READY_WITHIN_MS; ; await sleep(50))
      try {
        return await (await open(this.url)).close();
      } catch (error) {
        if (child.exitCode !== null) throw new Error(`The command of the database ended with ${child.exitCode}.`, { cause: error });
        if (performance.now() > end) throw error;
      }
  }
  /** As a power failure would. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }
  /** As an operator would. */
  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const ended = this.#process && once(this.#process, 'exit');
    this.#signal(signal);
    await ended;
    this.#process = undefined;
  }
  /** Signals the process group: the command may be a shell that started others. */
  #signal(signal: NodeJS.Signals): void {
    try {
      if (this.#process?.pid !== undefined) process.kill(-this.#process.pid, signal);
    } catch {
      // it has ended already
    }
  }
}

/** The log as the database itself returns it. Each reading continues where the last one ended. */
export class DatabaseLog {
  readonly #tree = new MerkleTree();
  #last: string | undefined;

  constructor(private readonly url: string) {}

  /** Counts the ledger's events, and computes the root over their leaves. */
  async read(): Promise<{ readonly count: number; readonly root: string }> {
    const store = await open(this.url);
    try {
      for await (const page of pagesOf(store, this.#last)) {
        for (const event of page) this.#tree.add(leafOf(event));
        this.#last = page.at(-1)!.position;
      }
    } finally {
      await store.close();
    }
    return { count: this.#tree.size, root: this.#tree.root() };
  }
}
