import { rmSync } from 'node:fs';
import {
  type ProjectionBuild,
  type EventQuery,
  type IndexedEvent,
  type Sequence,
  type ContributionPlace,
  type LinkedPage,
  type LinkedPlace,
  type ReadModel,
  type FaultedStream,
  type Tag,
} from '../read-model.js';
import { HereSql, ThreadSql, type Sql } from './sql.js';
import { Statements, type Value } from './statements.js';

/** Changes with the tables below: an older file is made anew. */
const SHAPE = '5';

const TABLES = `
  CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE IF NOT EXISTS events (
    sequence INTEGER PRIMARY KEY, position TEXT NOT NULL, stream INTEGER NOT NULL, revision INTEGER NOT NULL, id TEXT NOT NULL, watermark TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS events_by_id ON events (id);
  CREATE INDEX IF NOT EXISTS events_by_stream ON events (stream, sequence, revision);
  CREATE TABLE IF NOT EXISTS tags (tag INTEGER NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL, steps TEXT NOT NULL, PRIMARY KEY (tag, first)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS builds (id INTEGER PRIMARY KEY AUTOINCREMENT, projection TEXT NOT NULL, version INTEGER NOT NULL, cursor INTEGER NOT NULL, serving INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS contributions (
    build INTEGER NOT NULL, key TEXT NOT NULL, stream INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER,
    row INTEGER NOT NULL, links TEXT, PRIMARY KEY (build, key, stream, since)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS links (
    build INTEGER NOT NULL, target TEXT NOT NULL, since INTEGER NOT NULL, key TEXT NOT NULL, stream INTEGER NOT NULL, until INTEGER,
    PRIMARY KEY (build, target, since, key, stream)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS marks (build INTEGER NOT NULL, hash INTEGER NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (build, hash, sequence)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS totals (build INTEGER NOT NULL, key TEXT NOT NULL, since INTEGER NOT NULL, measures TEXT NOT NULL, PRIMARY KEY (build, key, since)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS faulted (build INTEGER NOT NULL, stream TEXT NOT NULL, sequence INTEGER NOT NULL, error TEXT NOT NULL, PRIMARY KEY (build, stream)) STRICT, WITHOUT ROWID;
`
  .split(';')
  .slice(0, -1);
/** The tables of builds, each with the first column of its key after the build. */
const OF_BUILD = { contributions: 'key', links: 'target', marks: 'hash', totals: 'key', faulted: 'stream' } as const;

interface ContributionRow {
  readonly key: string;
  readonly stream: string;
  readonly row: number;
  readonly links: string | null;
}
const CONTRIBUTION = 'SELECT p.key, n.name AS stream, p.row, p.links';
const EVENT =
  'SELECT e.sequence, e.position, n.name AS stream, e.revision, e.id, e.watermark FROM events e JOIN names n ON n.id = e.stream';

/** A SQLite file of its own beside the log: thrown away and made again whenever it is of no use. */
export class SqliteReadModel implements ReadModel {
  readonly #sql: Sql;
  readonly #names = new Recent<number>(20_000);
  /** Names that may not have been committed yet, and the number of the last. */
  readonly #new = new Map<string, number>();
  #lastName: number | undefined;
  /** What the transaction adds: written in order of its keys, many rows at a time, before it ends or anything is read. */
  #pending = new Pending();
  readonly #tags = new Map<string, Recent<number>>();
  #listener: ((error: Error) => void) | undefined;

  /**
   * @param file a path, or `:memory:`
   * @param thread whether a file is written on a thread of its own
   */
  constructor(file: string, { thread = false }: { readonly thread?: boolean } = {}) {
    const here = opened(file);
    this.#sql = thread && file !== ':memory:' ? new ThreadSql(here, file, (error) => this.#failed(error)) : new HereSql(here);
  }

  onFailure(listener: (error: Error) => void): void {
    this.#listener = listener;
  }
  #failed(error: Error): void {
    this.#sql.rollback();
    this.#forget();
    this.#listener?.(error);
  }

  bind(ledger: string): void {
    const mine = `${SHAPE} ${ledger}`;
    const owner = this.#get<{ value: string }>(`SELECT value FROM about WHERE key = 'ledger'`);
    if (owner?.value === mine) return;
    this.transaction(() => {
      for (const table of [...Object.keys(OF_BUILD), 'builds', 'tags', 'events', 'names']) this.#run(`DROP TABLE ${table}`);
      for (const table of TABLES) this.#run(table); // an earlier program may have given them other columns
      this.#run(`INSERT OR REPLACE INTO about VALUES ('ledger', ?)`, mine);
    });
    this.#sql.settle();
    this.#forget();
  }

  transaction(work: () => void, hold = false): void {
    const { held } = this.#sql;
    try {
      this.#sql.begin();
      work();
      if (hold && this.#pending.events.length < WRITTEN) return this.#sql.hold();
      this.#write();
      if (hold) return this.#sql.hold({ flush: true });
      this.#sql.commit();
      if (this.#new.size < NEW) return;
      this.#sql.settle();
      this.#new.clear();
    } catch (error) {
      this.#sql.rollback();
      this.#forget();
      if (held) this.#listener?.(error as Error); // it took along what another had ended
      throw error;
    }
  }
  commit(): void {
    if (this.#sql.held) this.transaction(() => undefined);
  }

  addEvent({ sequence, position, stream, revision, id, watermark }: IndexedEvent, tags: readonly Tag[]): void {
    this.#pending.events.push([sequence, position, this.#name(stream), revision, id, watermark]);
    for (const [kind, value] of tags) {
      const tag = this.#tag(kind, value);
      const sequences = this.#pending.tagged.get(tag);
      if (!sequences) this.#pending.tagged.set(tag, [sequence]);
      else if (sequences[sequences.length - 1] !== sequence) sequences.push(sequence);
    }
  }
  lastEvent(): IndexedEvent | undefined {
    return this.#get(`${EVENT} ORDER BY e.sequence DESC LIMIT 1`);
  }
  eventAt(sequence: Sequence): IndexedEvent | undefined {
    return this.#get(`${EVENT} WHERE e.sequence = ?`, sequence);
  }
  eventById(id: string): IndexedEvent | undefined {
    return this.#get(`${EVENT} WHERE e.id = ?`, id);
  }

  events({ tags, stream, from, until, after, upTo, limit }: EventQuery): readonly IndexedEvent[] {
    const ids = tags.map((tag) => this.#known(tag));
    const of = stream === undefined ? undefined : this.#known(stream);
    if (ids.includes(undefined) || (stream !== undefined && of === undefined)) return [];
    const [lead, ...others] = this.#rarestFirst(ids as number[]);
    const within = `${from === undefined ? '' : 'AND e.watermark >= ?'} ${until === undefined ? '' : 'AND e.watermark <= ?'} ${of === undefined ? '' : 'AND e.stream = ?'}`;
    const values = [from, until, of].filter((value) => value !== undefined);
    if (lead === undefined)
      return this.#all(
        `${EVENT} WHERE e.sequence > ? AND e.sequence <= ? ${within} ORDER BY e.sequence LIMIT ?`,
        after,
        upTo,
        ...values,
        limit,
      );
    const found: IndexedEvent[] = [];
    const has = others.map((tag) => this.#tagging(tag));
    for (const sequence of this.#sequencesOf(lead, after)) {
      if (sequence > upTo || found.length === limit) break;
      if (!has.every((tagged) => tagged(sequence))) continue;
      const event = this.#get<IndexedEvent>(`${EVENT} WHERE e.sequence = ? ${within}`, sequence, ...values);
      if (event) found.push(event);
    }
    return found;
  }

  revisionAt(stream: string, sequence: Sequence): number {
    const sql = 'SELECT revision FROM events WHERE stream = ? AND sequence <= ? ORDER BY sequence DESC LIMIT 1';
    return this.#get<{ revision: number }>(sql, this.#known(stream) ?? -1, sequence)?.revision ?? -1;
  }

  builds(): readonly ProjectionBuild[] {
    return this.#all<Omit<ProjectionBuild, 'serving'> & { serving: number }>('SELECT * FROM builds ORDER BY id').map((b) => ({
      ...b,
      serving: b.serving === 1,
    }));
  }
  addBuild(projection: string, version: number, serving: boolean): ProjectionBuild {
    const sql = 'INSERT INTO builds (projection, version, cursor, serving) VALUES (?, ?, 0, ?) RETURNING id';
    let id = 0;
    this.transaction(() => ({ id } = this.#get<{ id: number }>(sql, projection, version, serving ? 1 : 0)!));
    return { id, projection, version, cursor: 0, serving };
  }
  moveBuild(build: number, cursor: Sequence): void {
    this.#run('UPDATE builds SET cursor = ? WHERE id = ?', cursor, build);
  }
  activate(build: number): void {
    this.#run('DELETE FROM builds WHERE id <> ? AND projection = (SELECT projection FROM builds WHERE id = ?)', build, build);
    this.#run('UPDATE builds SET serving = 1 WHERE id = ?', build);
  }
  retire(): boolean {
    for (const [table, column] of Object.entries(OF_BUILD)) {
      const gone = this.#get<{ build: number }>(`SELECT build FROM ${table} WHERE build NOT IN (SELECT id FROM builds) LIMIT 1`);
      if (!gone) continue;
      const some = `SELECT ${column} FROM ${table} WHERE build = ? ORDER BY ${column} LIMIT 1000`;
      this.#run(`DELETE FROM ${table} WHERE build = ? AND ${column} <= (SELECT max(${column}) FROM (${some}))`, gone.build, gone.build);
      return true;
    }
    return false;
  }

  openContribution(build: number, { key, stream, row, links }: ContributionPlace, at: Sequence): void {
    const of = this.#name(stream);
    const { contributions, links: linked } = this.#pending;
    contributions.push([build, key, of, at, null, row ? 1 : 0, links.length > 0 ? JSON.stringify(links) : null]);
    for (const target of links) linked.push([build, target, at, key, of, null]);
  }
  closeContribution(build: number, { key, stream, links }: ContributionPlace, at: Sequence): void {
    const of = this.#name(stream);
    this.#write(); // what is closed may have been opened in this transaction
    const since = '(SELECT since FROM contributions WHERE build = ? AND key = ? AND stream = ? AND until IS NULL)';
    for (const target of links)
      this.#run(`UPDATE links SET until = ? WHERE build = ? AND target = ? AND since = ${since} AND key = ? AND stream = ?`, at, build, target, build, key, of, key, of); // prettier-ignore
    this.#run('UPDATE contributions SET until = ? WHERE build = ? AND key = ? AND stream = ? AND until IS NULL', at, build, key, of);
  }
  mark(build: number, name: string, at: Sequence): void {
    this.#pending.marks.push([build, hashOf(name), at]);
  }
  marked(build: number, name: string, upTo: Sequence, limit: number): readonly Sequence[] {
    const sql = 'SELECT sequence FROM marks WHERE build = ? AND hash = ? AND sequence <= ? ORDER BY sequence DESC LIMIT ?';
    return this.#all<{ sequence: Sequence }>(sql, build, hashOf(name), upTo, limit).map(({ sequence: sequence }) => sequence);
  }
  sumAt(build: number, key: string, sequence: Sequence): Readonly<Record<string, string>> {
    const sql = 'SELECT measures FROM totals WHERE build = ? AND key = ? AND since <= ? ORDER BY since DESC LIMIT 1';
    const row = this.#get<{ measures: string }>(sql, build, key, sequence);
    return row ? (JSON.parse(row.measures) as Record<string, string>) : {};
  }
  setSum(build: number, key: string, measures: string, at: Sequence): void {
    this.#pending.totals.push([build, key, at, measures]);
  }
  fault(build: number, { stream, sequence, error }: FaultedStream): void {
    this.#run('INSERT OR IGNORE INTO faulted VALUES (?, ?, ?, ?)', build, stream, sequence, error);
  }
  faulted(build: number): readonly FaultedStream[] {
    return this.#all('SELECT stream, sequence, error FROM faulted WHERE build = ? ORDER BY stream', build);
  }

  contributionsAt(build: number, key: string, sequence: Sequence): readonly ContributionPlace[] {
    const sql = `${CONTRIBUTION} FROM contributions p JOIN names n ON n.id = p.stream WHERE p.build = ? AND p.key = ? AND (p.until IS NULL OR p.until > ?) AND p.since <= ? ORDER BY n.name, p.since`;
    return this.#all<ContributionRow>(sql, build, key, sequence, sequence).map(placed);
  }
  referencingAt(build: number, target: string, sequence: Sequence, { after, limit }: LinkedPage): readonly LinkedPlace[] {
    const sql = `${CONTRIBUTION}, l.since FROM links l
      JOIN contributions p ON p.build = l.build AND p.key = l.key AND p.stream = l.stream AND p.since = l.since
      JOIN names n ON n.id = p.stream
      WHERE l.build = ? AND l.target = ? AND l.since <= ? AND (l.since, l.key) < (?, ?) AND (l.until IS NULL OR l.until > ?)
      ORDER BY l.since DESC, l.key DESC LIMIT ?`;
    const [since, key] = after ? [after.since, after.key] : [Number.MAX_SAFE_INTEGER, ''];
    return this.#all<ContributionRow & { readonly since: Sequence }>(sql, build, target, sequence, since, key, sequence, limit).map(
      (row) => ({ ...placed(row), since: row.since }),
    );
  }
  rowKeys(build: number, sequence: Sequence, after: string, limit: number): readonly string[] {
    const sql =
      'SELECT DISTINCT key FROM contributions WHERE build = ? AND key > ? AND row = 1 AND (until IS NULL OR until > ?) AND since <= ? ORDER BY key LIMIT ?';
    return this.#all<{ key: string }>(sql, build, after, sequence, sequence, limit).map(({ key }) => key);
  }

  dump(build: number): string {
    const streams = 'JOIN names n ON n.id = t.stream';
    const read = [
      `SELECT t.key, n.name, t.since, t.until, t.row, t.links FROM contributions t ${streams} WHERE t.build = ? ORDER BY 1, 2, 3`,
      `SELECT t.target, t.key, n.name, t.since, t.until FROM links t ${streams} WHERE t.build = ? ORDER BY 1, 2, 3, 4`,
      'SELECT hash, sequence FROM marks WHERE build = ? ORDER BY 1, 2',
      'SELECT key, since, measures FROM totals WHERE build = ? ORDER BY 1, 2',
    ];
    return read.map((sql) => JSON.stringify(this.#all(sql, build))).join('\n');
  }

  close(): void {
    try {
      this.commit();
    } finally {
      this.#sql.close();
    }
  }

  #rarestFirst(tags: readonly number[]): readonly number[] {
    if (tags.length < 2) return tags;
    const sql = 'SELECT coalesce(sum(count), 0) AS size FROM (SELECT count FROM tags WHERE tag = ? LIMIT 1000)';
    const size = new Map(tags.map((tag) => [tag, this.#get<{ size: number }>(sql, tag)!.size]));
    return tags.toSorted((a, b) => size.get(a)! - size.get(b)!);
  }
  /** A tag's sequences beyond one, in order, read as they are asked for. */
  *#sequencesOf(tag: number, after: Sequence): Generator<Sequence> {
    const sql =
      'SELECT first, count, steps FROM tags WHERE tag = ? AND first >= coalesce((SELECT max(first) FROM tags WHERE tag = ? AND first <= ?), 0) ORDER BY first LIMIT 50';
    for (let beyond = after; ;) {
      const page = this.#all<Tagged>(sql, tag, tag, beyond);
      let last = beyond;
      for (const row of page)
        for (const sequence of sequencesOf(row)) {
          if (sequence > beyond) yield sequence;
          last = sequence;
        }
      if (page.length < 50) return;
      beyond = last;
    }
  }
  /** Whether a tag is on an sequence, asked in order. */
  #tagging(tag: number): (sequence: Sequence) => boolean {
    let sequences = new Set<Sequence>();
    let [first, last] = [0, -1];
    const sql = 'SELECT first, count, steps FROM tags WHERE tag = ? AND first <= ? ORDER BY first DESC LIMIT 1';
    return (sequence) => {
      if (sequence < first || sequence > last) {
        const row = this.#get<Tagged>(sql, tag, sequence);
        sequences = new Set(row ? sequencesOf(row) : []);
        [first, last] = row ? [row.first, Math.max(...sequences)] : [0, -1];
      }
      return sequences.has(sequence);
    };
  }

  /** What was remembered of a transaction that did not come to pass. */
  #forget(): void {
    this.#names.clear();
    this.#tags.clear();
    this.#new.clear();
    this.#lastName = undefined;
    this.#pending = new Pending();
  }
  #tag(kind: string, value: string): number {
    let known = this.#tags.get(kind);
    if (!known) this.#tags.set(kind, (known = new Recent(20_000)));
    let tag = known.get(value);
    if (tag === undefined) known.set(value, (tag = this.#name(`${kind}:${value}`)));
    return tag;
  }
  /** Streams and tags are kept once, and named by number. */
  #name(name: string): number {
    const known = this.#known(name);
    if (known !== undefined) return known;
    this.#lastName ??= (this.#sql.all('SELECT coalesce(max(id), 0) AS last FROM names') as { last: number }[])[0]!.last;
    const id = ++this.#lastName;
    this.#pending.names.push([id, name]);
    this.#new.set(name, id);
    this.#names.set(name, id);
    return id;
  }
  #known(name: string): number | undefined {
    const kept = this.#names.get(name) ?? this.#new.get(name);
    if (kept !== undefined) return kept;
    const [row] = this.#sql.recall('SELECT id FROM names WHERE name = ?', name) as { id: number }[];
    if (row) this.#names.set(name, row.id);
    return row?.id;
  }

  #write(): void {
    if (this.#pending.empty) return;
    const { names, events, contributions, links, marks, totals, tagged } = this.#pending;
    this.#pending = new Pending();
    this.#sql.insert('INSERT INTO names', names);
    this.#sql.insert('INSERT INTO events', events);
    this.#sql.insert('INSERT INTO contributions', contributions.sort(by(4)));
    this.#sql.insert('INSERT INTO links', links.sort(by(5)));
    this.#sql.insert('INSERT OR IGNORE INTO marks', marks.sort(by(3)));
    this.#sql.insert('INSERT OR REPLACE INTO totals', totals.sort(by(3))); // the last of one sequence holds
    const tags = [...tagged].map(([tag, sequences]) => [tag, sequences[0]!, sequences.length, stepsOf(sequences)]);
    this.#sql.insert('INSERT INTO tags', tags.sort(by(1)));
  }

  #run(sql: string, ...values: Value[]): void {
    this.#sql.run(sql, ...values);
  }
  #get<Row>(sql: string, ...values: Value[]): Row | undefined {
    return this.#all<Row>(sql, ...values)[0];
  }
  #all<Row>(sql: string, ...values: Value[]): Row[] {
    if (this.#sql.held) this.commit();
    else this.#write();
    return this.#sql.all(sql, ...values) as Row[];
  }
}

/** Events that are held together: what is written in order of its keys costs far less. */
const WRITTEN = 2000;
/** Names that are kept at the most before it is waited until they are in the file. */
const NEW = 20_000;

/** By so many columns, which come first. */
const by =
  (columns: number) =>
  (a: readonly Value[], b: readonly Value[]): number => {
    for (let i = 0; i < columns; i++) if (a[i] !== b[i]) return a[i]! < b[i]! ? -1 : 1;
    return 0;
  };

/** The entries used of late, twice as many as `most` at the most. */
class Recent<V> {
  #now = new Map<string, V>();
  #before = new Map<string, V>();
  constructor(private readonly most: number) {}

  get(name: string): V | undefined {
    const value = this.#now.get(name);
    if (value !== undefined) return value;
    const older = this.#before.get(name);
    if (older !== undefined) this.set(name, older);
    return older;
  }
  set(name: string, value: V): void {
    if (this.#now.size >= this.most) [this.#now, this.#before] = [new Map(), this.#now];
    this.#now.set(name, value);
  }
  clear(): void {
    this.#now = new Map();
    this.#before = new Map();
  }
}

/** Rows on their way into the file. */
class Pending {
  readonly names: Value[][] = [];
  readonly events: Value[][] = [];
  readonly contributions: Value[][] = [];
  readonly links: Value[][] = [];
  readonly marks: number[][] = [];
  readonly totals: Value[][] = [];
  readonly tagged = new Map<number, Sequence[]>();

  get empty(): boolean {
    return (
      this.names.length + this.events.length + this.contributions.length + this.links.length + this.marks.length + this.totals.length === 0
    );
  }
}

const placed = ({ key, stream, row, links }: ContributionRow): ContributionPlace => ({
  key,
  stream,
  row: row === 1,
  links: links === null ? NONE : (JSON.parse(links) as string[]),
});
const NONE: readonly string[] = [];

/** 44 bits of a name: a short number for what is looked up and never listed. */
const hashOf = (name: string): number => {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < name.length; i++) {
    const c = name.charCodeAt(i);
    a = Math.imul(a ^ c, 2654435761);
    b = Math.imul(b ^ c, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (a >>> 0) * 4096 + ((b >>> 0) & 4095);
};

/** The sequences of one tag in one transaction: the first, and the steps from each to the next. */
interface Tagged {
  readonly first: Sequence;
  readonly count: number;
  readonly steps: string;
}
const stepsOf = (sequences: readonly Sequence[]): string => {
  let text = '';
  for (let i = 1; i < sequences.length; i++) text += `${i > 1 ? ' ' : ''}${sequences[i]! - sequences[i - 1]!}`;
  return text;
};
const sequencesOf = ({ first, steps }: Tagged): Sequence[] => {
  const sequences = [first];
  if (steps !== '') for (const step of steps.split(' ')) sequences.push(sequences.at(-1)! + Number(step));
  return sequences;
};

const opened = (file: string): Statements => {
  try {
    return prepared(file);
  } catch {
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
    return prepared(file);
  }
};
const prepared = (file: string): Statements => {
  const statements = new Statements(file);
  try {
    for (const table of TABLES) statements.db.exec(table);
    return statements;
  } catch (error) {
    statements.db.close();
    throw error;
  }
};
