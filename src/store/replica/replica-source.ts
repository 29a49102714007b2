import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordedEvent } from '../../kernel/index.js';
import {
  InvalidPositionError,
  StoreUnavailableError,
  type Appended,
  type EventStore,
  type Genesis,
  type Revision,
} from '../event-store.js';
import { REPLICA_FILE, ReplicaFile } from './replica-file.js';

/** Whether a folder holds a replica. */
export const hasReplica = (dir: string): boolean => existsSync(join(dir, REPLICA_FILE));

/**
 * A replica as the log that it is a copy of, without the store that it was made from: what is left when that has lost events. Needs the
 * folder for itself, and only reads. The log ends with an error before an event that is damaged.
 */
export class ReplicaSource implements EventStore {
  readonly kind = 'kurrentdb';
  readonly #file: ReplicaFile;

  /** @throws FolderInUseError, UnsafeSqliteError, HistoryBrokenError when the file is damaged, Error when it holds no ledger */
  constructor(dir: string) {
    this.#file = new ReplicaFile(dir);
    if (this.#file.genesis) return;
    this.#file.close();
    throw new Error(`The replica in ${dir} is empty.`);
  }

  get genesis(): Genesis {
    return this.#file.genesis!;
  }

  async read(stream: string, from: Revision = 0, limit = 1000): Promise<readonly RecordedEvent[]> {
    return this.#file.ofStream(stream, from, limit);
  }

  async readAll(after?: string, limit = 1000): Promise<readonly RecordedEvent[]> {
    return this.#file.soundPage(after === undefined ? 0 : this.#sequenceOf(after), limit);
  }

  async *follow(after: string | undefined, signal: AbortSignal, limit = 500): AsyncGenerator<readonly RecordedEvent[], void> {
    for (let at = after; !signal.aborted;) {
      const page = await this.readAll(at, limit);
      if (page.length === 0) return;
      yield page;
      at = page.at(-1)!.position;
    }
  }

  async append(): Promise<Appended> {
    throw new StoreUnavailableError('A replica without its store takes no appends.');
  }

  size(): number {
    return this.#file.sequence;
  }

  async head(): Promise<string | undefined> {
    return this.#file.position;
  }

  compare(a: string, b: string): number {
    return this.#sequenceOf(a) - this.#sequenceOf(b);
  }

  async close(): Promise<void> {
    this.#file.close();
  }

  #sequenceOf(position: string): number {
    const sequence = this.#file.sequenceOf(position);
    if (sequence === undefined) throw new InvalidPositionError(`The replica has no event at ${position.slice(0, 40)}.`);
    return sequence;
  }
}
