import Database from 'better-sqlite3';
import { rmSync } from 'node:fs';
import {
  NOW,
  type Build,
  type EventQuery,
  type IndexedEvent,
  type KeptPart,
  type Ordinal,
  type ReadModel,
  type StoppedStream,
} from '../read-model.js';

/** Changes with the tables below: an older file is made anew. */
const SHAPE = '1';

const TABLES = `
  CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE IF NOT EXISTS events (
    ordinal INTEGER PRIMARY KEY, position TEXT NOT NULL, stream INTEGER NOT NULL, revision INTEGER NOT NULL, id TEXT NOT NULL, log_time TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS events_by_id ON events (id);
  CREATE INDEX IF NOT EXISTS events_by_stream ON events (stream, ordinal, revision);
  CREATE TABLE IF NOT EXISTS tags (tag INTEGER NOT NULL, ordinal INTEGER NOT NULL, PRIMARY KEY (tag, ordinal)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS builds (id INTEGER PRIMARY KEY AUTOINCREMENT, projection TEXT NOT NULL, version INTEGER NOT NULL, cursor INTEGER NOT NULL, serving INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS parts (
    build INTEGER NOT NULL, key TEXT NOT NULL, stream INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL,
    row INTEGER NOT NULL, links TEXT NOT NULL, sums TEXT NOT NULL, value TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS parts_by_key ON parts (build, key, until, since, row);
  CREATE INDEX IF NOT EXISTS parts_now ON parts (build, stream, key) WHERE until = ${NOW};
  CREATE TABLE IF NOT EXISTS links (
    build INTEGER NOT NULL, target TEXT NOT NULL, until INTEGER NOT NULL, key TEXT NOT NULL, stream INTEGER NOT NULL, since INTEGER NOT NULL,
    PRIMARY KEY (build, target, until, key, stream)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS totals (
    build INTEGER NOT NULL, key TEXT NOT NULL, until INTEGER NOT NULL, since INTEGER NOT NULL, measures TEXT NOT NULL, PRIMARY KEY (build, key, until)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS changes (build INTEGER NOT NULL, ordinal INTEGER NOT NULL, key TEXT NOT NULL, PRIMARY KEY (build, ordinal, key)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS stopped (build INTEGER NOT NULL, stream TEXT NOT NULL, ordinal INTEGER NOT NULL, error TEXT NOT NULL, PRIMARY KEY (build, stream)) STRICT, WITHOUT ROWID;
`;
const OF_BUILD = ['parts', 'links', 'totals', 'changes', 'stopped'] as const;

interface PartRow {
  readonly key: string;
  readonly row: number;
  readonly links: string;
  readonly sums: string;
  readonly value: string;
}
const EVENT =
  'SELECT e.ordinal, e.position, n.name AS stream, e.revision, e.id, e.log_time AS logTime FROM events e JOIN names n ON n.id = e.stream';

/** A SQLite file of its own beside the log: thrown away and made again whenever it is of no use. */
export class EmbeddedReadModel implements ReadModel {
  readonly #db: Database.Database;
  readonly #statements = new Map<string, Database.Statement<unknown[]>>();
  readonly #names = new Map<string, number>();
  /** What changed at the ordinal that is being written. */
  readonly #changes = new Set<string>();
  #changesAt: Ordinal = -1;

  /** @param file a path, or `:memory:` */
  constructor(file: string) {
    this.#db = opened(file);
  }

  claim(ledger: string): void {
    const mine = `${SHAPE} ${ledger}`;
    const owner = this.#get<{ value: string }>(`SELECT value FROM about WHERE key = 'ledger'`);
    if (owner?.value === mine) return;
    this.transaction(() => {
      for (const table of [...OF_BUILD, 'builds', 'tags', 'events', 'names']) this.#db.exec(`DELETE FROM ${table}`);
      this.#run(`INSERT OR REPLACE INTO about VALUES ('ledger', ?)`, mine);
    });
    this.#names.clear();
  }

  transaction(work: () => void): void {
    this.#changes.clear();
    this.#db.exec('BEGIN');
    try {
      work();
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
      this.#names.clear();
      throw error;
    }
  }

  addEvent({ ordinal, position, stream, revision, id, logTime }: IndexedEvent, tags: readonly string[]): void {
    this.#run('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)', ordinal, position, this.#name(stream), revision, id, logTime);
    for (const tag of tags) this.#run('INSERT OR IGNORE INTO tags VALUES (?, ?)', this.#name(tag), ordinal);
  }
  lastEvent(): IndexedEvent | undefined {
    return this.#get(`${EVENT} ORDER BY e.ordinal DESC LIMIT 1`);
  }
  eventAt(ordinal: Ordinal): IndexedEvent | undefined {
    return this.#get(`${EVENT} WHERE e.ordinal = ?`, ordinal);
  }
  eventById(id: string): IndexedEvent | undefined {
    return this.#get(`${EVENT} WHERE e.id = ?`, id);
  }

  events({ tags, stream, from, until, after, upTo, limit }: EventQuery): readonly IndexedEvent[] {
    const ids = tags.map((tag) => this.#known(tag));
    const of = stream === undefined ? undefined : this.#known(stream);
    if (ids.includes(undefined) || (stream !== undefined && of === undefined)) return [];
    const where = [
      'e.ordinal > ? AND e.ordinal <= ?',
      ...(of === undefined ? [] : ['e.stream = ?']),
      ...(from === undefined ? [] : ['e.log_time >= ?']),
      ...(until === undefined ? [] : ['e.log_time <= ?']),
      ...ids.map(() => 'EXISTS (SELECT 1 FROM tags t WHERE t.tag = ? AND t.ordinal = e.ordinal)'),
    ];
    const values = [after, upTo, of, from, until, ...ids].filter((value) => value !== undefined);
    if (ids.length > 0 && of === undefined) {
      // one tag leads, so that what is rare is found without reading the whole log
      const sql = `${EVENT} JOIN tags lead ON lead.ordinal = e.ordinal WHERE lead.tag = ? AND lead.ordinal > ? AND ${where.join(' AND ')} ORDER BY lead.ordinal LIMIT ?`;
      return this.#all(sql, this.#rarest(ids as number[]), after, ...values, limit);
    }
    return this.#all(`${EVENT} WHERE ${where.join(' AND ')} ORDER BY e.ordinal LIMIT ?`, ...values, limit);
  }

  revisionAt(stream: string, ordinal: Ordinal): number {
    const sql = 'SELECT revision FROM events WHERE stream = ? AND ordinal <= ? ORDER BY ordinal DESC LIMIT 1';
    return this.#get<{ revision: number }>(sql, this.#known(stream) ?? -1, ordinal)?.revision ?? -1;
  }

  builds(): readonly Build[] {
    return this.#all<Omit<Build, 'serving'> & { serving: number }>('SELECT * FROM builds ORDER BY id').map((b) => ({
      ...b,
      serving: b.serving === 1,
    }));
  }
  addBuild(projection: string, version: number, serving: boolean): Build {
    const sql = 'INSERT INTO builds (projection, version, cursor, serving) VALUES (?, ?, 0, ?)';
    const id = Number(this.#run(sql, projection, version, serving ? 1 : 0).lastInsertRowid);
    return { id, projection, version, cursor: 0, serving };
  }
  moveBuild(build: number, cursor: Ordinal): void {
    this.#run('UPDATE builds SET cursor = ? WHERE id = ?', cursor, build);
  }
  serve(build: number): void {
    this.#run('DELETE FROM builds WHERE id <> ? AND projection = (SELECT projection FROM builds WHERE id = ?)', build, build);
    this.#run('UPDATE builds SET serving = 1 WHERE id = ?', build);
  }
  sweep(): boolean {
    for (const table of OF_BUILD) {
      const gone = this.#get<{ build: number }>(`SELECT build FROM ${table} WHERE build NOT IN (SELECT id FROM builds) LIMIT 1`);
      if (!gone) continue;
      if (table === 'parts') this.#run('DELETE FROM parts WHERE rowid IN (SELECT rowid FROM parts WHERE build = ? LIMIT 2000)', gone.build);
      else this.#run(`DELETE FROM ${table} WHERE build = ?`, gone.build);
      return true;
    }
    return false;
  }

  partsOf(build: number, stream: string): readonly KeptPart[] {
    const sql = `SELECT key, row, links, sums, value FROM parts WHERE build = ? AND stream = ? AND until = ${NOW} ORDER BY key`;
    return this.#all<PartRow>(sql, build, this.#known(stream) ?? -1).map(kept);
  }
  closePart(build: number, stream: string, key: string, at: Ordinal): void {
    this.#run(
      `UPDATE parts SET until = ? WHERE build = ? AND stream = ? AND key = ? AND until = ${NOW}`,
      at,
      build,
      this.#name(stream),
      key,
    );
    this.#changed(build, key, at);
  }
  openPart(build: number, stream: string, { key, value, row, links, sums }: KeptPart, at: Ordinal): void {
    const sql = `INSERT INTO parts VALUES (?, ?, ?, ?, ${NOW}, ?, ?, ?, ?)`;
    this.#run(sql, build, key, this.#name(stream), at, row ? 1 : 0, JSON.stringify(links), JSON.stringify(sums), value);
    this.#changed(build, key, at);
  }
  openLink(build: number, stream: string, from: string, to: string, at: Ordinal): void {
    this.#run(`INSERT INTO links VALUES (?, ?, ${NOW}, ?, ?, ?)`, build, to, from, this.#name(stream), at);
  }
  closeLink(build: number, stream: string, from: string, to: string, at: Ordinal): void {
    const sql = `UPDATE links SET until = ? WHERE build = ? AND target = ? AND until = ${NOW} AND key = ? AND stream = ?`;
    this.#run(sql, at, build, to, from, this.#name(stream));
  }
  totalAt(build: number, key: string, ordinal: Ordinal): Readonly<Record<string, string>> {
    const sql = 'SELECT measures FROM totals WHERE build = ? AND key = ? AND until > ? AND since <= ? ORDER BY until LIMIT 1';
    const row = this.#get<{ measures: string }>(sql, build, key, ordinal, ordinal);
    return row ? (JSON.parse(row.measures) as Record<string, string>) : {};
  }
  setTotal(build: number, key: string, measures: Readonly<Record<string, string>>, at: Ordinal): void {
    const first = this.#changed(build, key, at);
    if (!first) this.#run(`DELETE FROM totals WHERE build = ? AND key = ? AND until = ${NOW} AND since = ?`, build, key, at);
    this.#run(`UPDATE totals SET until = ? WHERE build = ? AND key = ? AND until = ${NOW}`, at, build, key);
    this.#run(`INSERT INTO totals VALUES (?, ?, ${NOW}, ?, ?)`, build, key, at, JSON.stringify(measures));
  }
  stop(build: number, { stream, ordinal, error }: StoppedStream): void {
    this.#run('INSERT OR IGNORE INTO stopped VALUES (?, ?, ?, ?)', build, stream, ordinal, error);
  }
  stopped(build: number): readonly StoppedStream[] {
    return this.#all('SELECT stream, ordinal, error FROM stopped WHERE build = ? ORDER BY stream', build);
  }

  partsAt(build: number, key: string, ordinal: Ordinal): readonly KeptPart[] {
    const sql = `SELECT p.key, p.row, p.links, p.sums, p.value FROM parts p JOIN names n ON n.id = p.stream
      WHERE p.build = ? AND p.key = ? AND p.until > ? AND p.since <= ? ORDER BY n.name`;
    return this.#all<PartRow>(sql, build, key, ordinal, ordinal).map(kept);
  }
  linkingAt(build: number, key: string, ordinal: Ordinal): readonly KeptPart[] {
    const sql = 'SELECT DISTINCT key FROM links WHERE build = ? AND target = ? AND until > ? AND since <= ? ORDER BY key';
    return this.#all<{ key: string }>(sql, build, key, ordinal, ordinal)
      .flatMap((link) => this.partsAt(build, link.key, ordinal))
      .filter(({ links }) => links.includes(key));
  }
  rowKeys(build: number, ordinal: Ordinal, after: string, limit: number): readonly string[] {
    const sql = 'SELECT DISTINCT key FROM parts WHERE build = ? AND key > ? AND row = 1 AND until > ? AND since <= ? ORDER BY key LIMIT ?';
    return this.#all<{ key: string }>(sql, build, after, ordinal, ordinal, limit).map(({ key }) => key);
  }
  changes(build: number, after: Ordinal, upTo: Ordinal, limit: number): readonly { readonly ordinal: Ordinal; readonly key: string }[] {
    return this.#all(
      'SELECT ordinal, key FROM changes WHERE build = ? AND ordinal > ? AND ordinal <= ? ORDER BY ordinal, key LIMIT ?',
      build,
      after,
      upTo,
      limit,
    );
  }

  dump(build: number): string {
    const streams = 'JOIN names n ON n.id = t.stream';
    const read = [
      `SELECT t.key, n.name, t.since, t.until, t.row, t.links, t.sums, t.value FROM parts t ${streams} WHERE t.build = ? ORDER BY 1, 2, 3`,
      `SELECT t.target, t.key, n.name, t.since, t.until FROM links t ${streams} WHERE t.build = ? ORDER BY 1, 2, 3, 4`,
      'SELECT key, since, until, measures FROM totals WHERE build = ? ORDER BY 1, 2',
      'SELECT ordinal, key FROM changes WHERE build = ? ORDER BY 1, 2',
    ];
    return read.map((sql) => JSON.stringify(this.#all(sql, build))).join('\n');
  }

  close(): void {
    this.#db.close();
  }

  /** A key that changes twice at one ordinal is written once. @returns whether it is the first change there */
  #changed(build: number, key: string, at: Ordinal): boolean {
    if (at !== this.#changesAt) this.#changes.clear();
    this.#changesAt = at;
    const name = `${build} ${key}`;
    if (this.#changes.has(name)) return false;
    this.#changes.add(name);
    this.#run('INSERT OR IGNORE INTO changes VALUES (?, ?, ?)', build, at, key);
    return true;
  }

  #rarest(tags: readonly number[]): number {
    const [first] = tags;
    if (tags.length === 1) return first!;
    const size = (tag: number) => this.#all('SELECT 1 FROM tags WHERE tag = ? LIMIT 1000', tag).length;
    return tags.toSorted((a, b) => size(a) - size(b))[0]!;
  }

  /** Streams and tags are kept once, and named by number. */
  #name(name: string): number {
    const known = this.#known(name);
    if (known !== undefined) return known;
    const id = Number(this.#run('INSERT INTO names (name) VALUES (?)', name).lastInsertRowid);
    this.#names.set(name, id);
    return id;
  }
  #known(name: string): number | undefined {
    const kept = this.#names.get(name);
    if (kept !== undefined) return kept;
    const row = this.#get<{ id: number }>('SELECT id FROM names WHERE name = ?', name);
    if (!row) return undefined;
    if (this.#names.size > 20_000) this.#names.clear();
    this.#names.set(name, row.id);
    return row.id;
  }

  #statement(sql: string): Database.Statement<unknown[]> {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, (statement = this.#db.prepare(sql)));
    return statement;
  }
  #run(sql: string, ...values: unknown[]): Database.RunResult {
    return this.#statement(sql).run(...values);
  }
  #get<Row>(sql: string, ...values: unknown[]): Row | undefined {
    return this.#statement(sql).get(...values) as Row | undefined;
  }
  #all<Row>(sql: string, ...values: unknown[]): Row[] {
    return this.#statement(sql).all(...values) as Row[];
  }
}

const kept = ({ key, row, links, sums, value }: PartRow): KeptPart => ({
  key,
  value,
  row: row === 1,
  links: JSON.parse(links) as string[],
  sums: JSON.parse(sums) as KeptPart['sums'],
});

const opened = (file: string): Database.Database => {
  try {
    return prepared(file);
  } catch {
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
    return prepared(file);
  }
};
const prepared = (file: string): Database.Database => {
  const db = new Database(file);
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    db.pragma('cache_size = -16000');
    db.pragma('wal_autocheckpoint = 4000');
    db.exec(TABLES);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
};
