import { expect } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projections as all } from '../../projections/index.js';
import { aggregates } from '../../src/domain/index.js';
import { Projector, type ProjectionOptions } from '../../src/engine/read/projector.js';
import type { Row } from '../../src/engine/read/rows/rendering.js';
import { textOfChanges, type Update } from '../../src/engine/read/rows/updates.js';
import { canonical, type Projection, type RecordedEvent } from '../../src/kernel/index.js';
import { SqliteReadModelFile } from '../../src/store/sqlite/read-model-file.js';
import type { ReadModel, ReadModelReader } from '../../src/store/read-model.js';
import type { EventStore } from '../../src/store/event-store.js';
import { MemoryStore } from '../fakes/memory-store.js';

/** Hands the log out a few events at a time, wherever decisions and streams happen to be cut. */
export class InPieces extends MemoryStore {
  override follow(after: string | undefined, signal: AbortSignal): AsyncIterable<readonly RecordedEvent[]> {
    return super.follow(after, signal, 3);
  }
}

/** What projections say of a log, from a read model in a folder of its own. */
export class Rows {
  readonly logged: string[] = [];
  readonly projector: Projector;

  constructor(
    readonly store: EventStore,
    readonly projections: readonly Projection[] = all,
    readonly folder: string = newFolder(),
    options: Partial<ProjectionOptions> = {},
  ) {
    const readModel = options.readModel ?? readModelIn(folder);
    const log = (message: string) => void this.logged.push(message);
    const now = () => new Date().toISOString();
    this.projector = Projector.start({ store, projections, aggregates: aggregates, log, now, ...options, readModel });
    open.add(this);
  }

  /** Once all that is in the store has been read. */
  async read(): Promise<this> {
    await this.projector.idle();
    return this;
  }
  async row(projection: string, key: string, at?: number): Promise<any> {
    return this.projector.row(projection, key, at);
  }
  async all(projection: string, at?: number): Promise<Row[]> {
    return (await this.projector.rows(projection, { limit: 10_000, ...(at !== undefined && { at }) })).rows;
  }
  /** Every update after an sequence, asked for a few at a time. */
  async updates(projection: string, after = 0, limit?: number): Promise<Update[]> {
    const updates: Update[] = [];
    for (let from = after; from < this.projector.sequence;) {
      const page = await this.projector.updates(projection, from, limit);
      expect(page.upTo).toBeGreaterThan(from);
      for (const { changes } of page.updates) expect(textOfChanges(changes)).toBe(JSON.stringify(changes)); // it is assembled
      updates.push(...page.updates);
      from = page.upTo;
    }
    return updates;
  }
  /** What every projection shows now, and every change that led to it. */
  async texts(): Promise<Record<string, string>> {
    const texts: Record<string, string> = {};
    for (const { name } of this.projections) texts[name] = canonical({ rows: await this.all(name), updates: await this.updates(name) });
    return texts;
  }
  /** What is kept of every projection: where parts stand, and totals; and the words by which events are found. */
  dumps(): Record<string, string> {
    const words = this.projector.dumpWords();
    return { ...Object.fromEntries(this.projections.map(({ name }) => [name, this.projector.dump(name)])), words };
  }

  /** As after a stop of the process: what was kept is read again, perhaps by another program. */
  async restart(projections = this.projections, store = this.store): Promise<Rows> {
    open.delete(this);
    await this.projector.close();
    const again = new Rows(store, projections, this.folder);
    await again.projector.opened;
    return again;
  }
  async close(): Promise<void> {
    open.delete(this);
    await this.projector.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const open = new Set<Rows>();
export const readModelIn = (folder: string): SqliteReadModelFile => new SqliteReadModelFile(join(folder, 'read-model.db'));
/** A read model whose connections are changed when they are opened, to fail where a test wants them to. */
export class ChangedFile extends SqliteReadModelFile {
  constructor(
    folder: string,
    private readonly change: { readonly written?: (model: ReadModel) => void; readonly read?: (reader: ReadModelReader) => void },
  ) {
    super(join(folder, 'read-model.db'));
  }
  override write(): ReadModel {
    const model = super.write();
    this.change.written?.(model);
    return model;
  }
  override read(...asked: Parameters<SqliteReadModelFile['read']>): ReadModelReader {
    const reader = super.read(...asked);
    this.change.read?.(reader);
    return reader;
  }
}
export const newFolder = (): string => mkdtempSync(join(tmpdir(), 'tower-ledger-rows-'));
export const closeRows = async (): Promise<void> => {
  await Promise.all([...open].map((rows) => rows.close()));
};

/** Events as they were recorded, into a store that has what came before them. */
export const appendAll = async (store: EventStore, events: readonly RecordedEvent[]): Promise<void> => {
  for (const event of events) await store.append(event.stream, event.revision - 1, [event]);
};

/**
 * The rows after these events. They are read as they come, in pieces and with a restart in the middle; what is kept and what is shown
 * must then be, to the byte, what they are when the events are read at once, and when every projection is rebuilt.
 */
export const rowsAfter = async (events: readonly RecordedEvent[], projections: readonly Projection[] = all): Promise<Rows> => {
  const coming = new InPieces();
  const before = new Rows(coming, projections);
  const middle = Math.ceil(events.length / 2);
  await appendAll(coming, events.slice(0, middle));
  await before.read();
  const rows = await before.restart();
  await appendAll(coming, events.slice(middle));
  await rows.read();

  const whole = new MemoryStore();
  await appendAll(whole, events);
  const atOnce = await new Rows(whole, projections).read();
  const [dumps, texts] = [rows.dumps(), await rows.texts()];
  expect(atOnce.dumps()).toEqual(dumps);
  expect(await atOnce.texts()).toEqual(texts);
  await atOnce.close();

  for (const { name } of projections) await rows.projector.rebuild(name);
  expect(rows.dumps()).toEqual(dumps);
  expect(await rows.texts()).toEqual(texts);
  return rows;
};
