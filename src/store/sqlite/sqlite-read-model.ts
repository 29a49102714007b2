import type { ContributionPlace, FaultedStream, IndexedEvent, ProjectionBuild, ReadModel, Sequence, Tag, Wording } from '../read-model.js';
import { ReadModelQueries } from './read-model-queries.js';
import { hashOf, OF_BUILD, placeOfWords, Recent, stepsOf, storedKey, TotalSteps } from './read-model-tables.js';
import type { Value } from './statements.js';

/** Events whose rows are collected before they are written: in order of their keys that costs less, but each row lives for so long. */
const WRITTEN = 1000;
/** Rows that are looked through at once for those of a build that is retired. */
const RETIRED = 5000;

/** Memory for the numbers of the tags of one kind; there are seven kinds. */
const TAGS_BYTES = 400 << 10;

/** The one connection that writes a read model. Its queries see what it has written itself. */
export class SqliteReadModel extends ReadModelQueries implements ReadModel {
  /** Names that are not committed yet; they are committed before there are many. */
  readonly #new = new Map<string, number>();
  #lastName: number | undefined;
  /** What the transaction adds: written in order of its keys, many rows at a time, before it ends or anything is read. */
  #pending = new Pending();
  /** What grows with each event that it adds: written once, before it ends or anything is read. */
  #growing = new Growing();
  readonly #tags = new Map<string, Recent>();
  #state: 'none' | 'inside' | 'held' = 'none';

  transaction(work: () => void, hold = false): void {
    if (this.#state === 'inside') throw new Error('A transaction is open already.');
    try {
      if (this.#state === 'none') this.#run('BEGIN IMMEDIATE');
      this.#state = 'inside';
      work();
      if (!hold) this.#write();
      else if (this.#pending.events.length >= WRITTEN) this.#writeRows();
      if (hold) this.#state = 'held';
      else this.#end();
    } catch (error) {
      this.#undo();
      throw error;
    }
  }
  commit(): void {
    if (this.#state !== 'held') return;
    try {
      this.#write();
      this.#end();
    } catch (error) {
      this.#undo();
      throw error;
    }
  }

  addEvent({ sequence, position, stream, revision, id, watermark }: IndexedEvent, tags: readonly Tag[]): void {
    // The first event of a stream names it: nothing has to be looked up.
    this.#pending.events.push([sequence, position, revision === 0 ? this.#newName(stream) : this.#name(stream), revision, id, watermark]);
    for (const [kind, value] of tags) {
      if (stream.length === kind.length + 1 + value.length && stream.startsWith(kind) && stream.endsWith(value)) continue; // its own
      const tag = this.#tag(kind, value);
      const sequences = this.#growing.tagged.get(tag);
      if (!sequences) this.#growing.tagged.set(tag, [sequence]);
      else if (sequences[sequences.length - 1] !== sequence) sequences.push(sequence);
    }
  }

  addWords(at: Sequence, wording: Wording, words: string): void {
    if (words !== '') this.#pending.words.push([placeOfWords(at, wording), words]);
  }
  replaceWords(at: Sequence, wording: Wording, words: string): void {
    this.#write(); // what it replaces may be pending
    this.#run('DELETE FROM words WHERE rowid = ?', placeOfWords(at, wording));
    this.addWords(at, wording, words);
  }

  addBuild(projection: string, version: number, serving: boolean): ProjectionBuild {
    const sql = 'INSERT INTO builds (projection, version, cursor, serving) VALUES (?, ?, 0, ?) RETURNING id';
    let id = 0;
    this.transaction(() => ({ id } = this.get<{ id: number }>(sql, projection, version, serving ? 1 : 0)!));
    return { id, projection, version, cursor: 0, serving };
  }
  moveBuild(build: number, cursor: Sequence): void {
    this.#run('UPDATE builds SET cursor = ? WHERE id = ?', cursor, build);
  }
  activate(build: number): void {
    this.#drop('id <> ? AND projection = (SELECT projection FROM builds WHERE id = ?)', build, build);
    this.#run('UPDATE builds SET serving = 1 WHERE id = ?', build);
  }
  dropBuild(build: number): void {
    this.#drop('id = ?', build);
  }
  #drop(which: string, ...values: Value[]): void {
    this.#run(`INSERT INTO retired SELECT id, 0 FROM builds WHERE ${which}`, ...values);
    this.#run(`DELETE FROM builds WHERE ${which}`, ...values);
  }
  retire(): boolean {
    const retired = this.get<{ build: number; stream: number }>('SELECT build, stream FROM retired LIMIT 1');
    if (!retired) return false;
    const { build, stream } = retired;
    for (const [table, column] of Object.entries(OF_BUILD)) {
      const some = `SELECT ${column} FROM ${table} WHERE build = ? ORDER BY ${column} LIMIT 1000`;
      const { last } = this.get<{ last: Value }>(`SELECT max(${column}) AS last FROM (${some})`, build)!;
      if (last === null) continue;
      this.#run(`DELETE FROM ${table} WHERE build = ? AND ${column} <= ?`, build, last);
      return true;
    }
    const next = `SELECT stream FROM contributions WHERE stream > ? ORDER BY stream LIMIT ${RETIRED}`;
    const { last } = this.get<{ last: number | null }>(`SELECT max(stream) AS last FROM (${next})`, stream)!;
    if (last === null) {
      this.#run('DELETE FROM retired WHERE build = ?', build);
      return this.retire();
    }
    this.#run('DELETE FROM contributions WHERE stream > ? AND stream <= ? AND build = ?', stream, last, build);
    this.#run('UPDATE retired SET stream = ? WHERE build = ?', last, build);
    return true;
  }

  openContribution(build: number, { key, stream, row, links }: ContributionPlace, at: Sequence): void {
    const of = this.#name(stream);
    const stored = storedKey(key, stream);
    const { contributions, links: linked, rows } = this.#pending;
    contributions.push([of, build, stored, at, null, row ? 1 : 0, links.length > 0 ? JSON.stringify(links) : null]);
    if (row) rows.push([build, key, of, stored]);
    for (const target of links) linked.push([build, this.#name(target), at, stored, of, null]);
  }
  closeContribution(build: number, { key, stream, links }: ContributionPlace, at: Sequence): void {
    const of = this.#name(stream);
    const stored = storedKey(key, stream);
    // The query writes what is pending: what is closed may have been opened in this transaction.
    const open = this.get<{ since: number }>('SELECT since FROM contributions WHERE build = ? AND stream = ? AND key = ? AND until IS NULL', build, of, stored); // prettier-ignore
    if (!open) return;
    const sql = 'UPDATE contributions SET until = ? WHERE build = ? AND stream = ? AND key = ? AND since = ?';
    this.#run(sql, at, build, of, stored, open.since);
    for (const target of links)
      this.#run(
        'UPDATE links SET until = ? WHERE build = ? AND target = ? AND since = ? AND key = ? AND stream = ?',
        at,
        build,
        this.#name(target),
        open.since,
        stored,
        of,
      );
  }
  mark(build: number, name: string, at: Sequence): void {
    this.#pending.marks.push([build, hashOf(name), at]);
  }
  setSum(build: number, key: string, sums: ReadonlyMap<string, bigint>, at: Sequence): void {
    this.#growing.setTotal(build, key, sums, at);
  }
  /** Asked for nearly every event, so it does not write what is pending: of that, only a sum of this very key matters. */
  override sumAt(build: number, key: string, sequence: Sequence): Readonly<Record<string, bigint>> {
    if (this.#state !== 'inside') return super.sumAt(build, key, sequence);
    const last = this.#growing.totalOf(build, key);
    if (!last) return this.storedSum(build, key, sequence);
    if (sequence < last.at) return super.sumAt(build, key, sequence);
    return Object.fromEntries([...last.sums].filter(([, sum]) => sum !== 0n));
  }
  fault(build: number, { stream, sequence, error }: FaultedStream): void {
    this.#run('INSERT OR IGNORE INTO faulted VALUES (?, ?, ?, ?)', build, stream, sequence, error);
  }

  override close(): void {
    try {
      this.commit();
    } finally {
      super.close();
    }
  }

  /** Commits what is held, or writes what is pending in the transaction that asks. */
  protected override all<Row>(sql: string, ...values: Value[]): Row[] {
    if (this.#state === 'held') this.commit();
    else this.#write();
    return super.all(sql, ...values);
  }
  protected override known(name: string): number | undefined {
    return this.#new.get(name) ?? super.known(name);
  }

  #end(): void {
    this.#run('COMMIT');
    this.#state = 'none';
    for (const [name, id] of this.#new) this.names.set(name, id);
    this.#new.clear();
  }
  /** Forgets what a transaction added that failed. */
  #undo(): void {
    this.#state = 'none';
    this.#tags.clear();
    this.#new.clear();
    this.#lastName = undefined;
    this.#pending = new Pending();
    this.#growing = new Growing();
    this.guard(() => this.statements.rollback());
  }

  #tag(kind: string, value: string): number {
    let known = this.#tags.get(kind);
    if (!known) this.#tags.set(kind, (known = new Recent(TAGS_BYTES)));
    let tag = known.get(value);
    if (tag === undefined) known.set(value, (tag = this.#name(`${kind}:${value}`)));
    return tag;
  }
  /** Streams and tags are stored once, and named by number. */
  #name(name: string): number {
    return this.known(name) ?? this.#newName(name);
  }
  #newName(name: string): number {
    this.#lastName ??= this.guard(() => this.statements.all('SELECT coalesce(max(id), 0) AS last FROM names', []) as { last: number }[])[0]!.last; // prettier-ignore
    const id = ++this.#lastName;
    this.#pending.names.push([id, name]);
    this.#new.set(name, id);
    return id;
  }

  #write(): void {
    this.#writeRows();
    if (this.#growing.empty) return;
    const totals = this.#growing.totalRows();
    const tags = [...this.#growing.tagged].map(([tag, sequences]) => [tag, sequences[0]!, sequences.length, stepsOf(sequences)]);
    this.#growing = new Growing();
    this.guard(() => {
      this.statements.insert('totals', totals.sort(inOrder));
      this.statements.insert('tags', tags.sort(inOrder));
    });
  }
  #writeRows(): void {
    if (this.#pending.empty) return;
    const { names, events, contributions, rows, links, marks, words } = this.#pending;
    this.#pending = new Pending();
    this.guard(() => {
      this.statements.insert('names', names);
      this.statements.insert('events', events);
      this.statements.insert('contributions', contributions.sort(inOrder));
      this.statements.insert('rows', rows.sort(inOrder), 'IGNORE');
      this.statements.insert('links', links.sort(inOrder));
      this.statements.insert('marks', marks.sort(inOrder), 'IGNORE');
      // one by one: a statement with several rows has the index write a part of its own before it
      for (const [place, text] of words) this.statements.run('INSERT INTO words (rowid, text) VALUES (?, ?)', [place!, text!]);
    });
  }

  #run(sql: string, ...values: Value[]): void {
    this.guard(() => this.statements.run(sql, values));
  }
}

/** In order of the first two columns; what comes later at one place stays behind. */
const inOrder = (a: readonly Value[], b: readonly Value[]): number => {
  const [first, other] = [a[0]!, b[0]!];
  if (first !== other) return first < other ? -1 : 1;
  const [second, another] = [a[1]!, b[1]!];
  return second === another ? 0 : second < another ? -1 : 1;
};

/** Rows that are not written yet. */
class Pending {
  readonly names: Value[][] = [];
  readonly events: Value[][] = [];
  readonly contributions: Value[][] = [];
  readonly rows: Value[][] = [];
  readonly links: Value[][] = [];
  readonly marks: number[][] = [];
  readonly words: Value[][] = [];

  get empty(): boolean {
    const { names, events, contributions, links, marks, words } = this;
    return [names, events, contributions, links, marks, words].every((rows) => rows.length === 0);
  }
}

/** Rows that are not written yet, to which later events add. */
class Growing {
  readonly tagged = new Map<number, Sequence[]>();
  /** Build → key → the totals that it changes last, and the rows before them. */
  readonly #totals = new Map<number, Map<string, TotalSteps>>();
  readonly #fullTotals: Value[][] = [];

  get empty(): boolean {
    return this.#totals.size === 0 && this.tagged.size === 0;
  }

  totalOf(build: number, key: string): TotalSteps | undefined {
    return this.#totals.get(build)?.get(key);
  }
  setTotal(build: number, key: string, sums: ReadonlyMap<string, bigint>, at: Sequence): void {
    let totals = this.#totals.get(build);
    if (!totals) this.#totals.set(build, (totals = new Map()));
    let steps = totals.get(key);
    if (!steps?.takes(sums)) {
      if (steps && !steps.undo(at)) this.#fullTotals.push(rowOf(build, key, steps));
      totals.set(key, (steps = new TotalSteps(at, sums)));
    }
    steps.add(at, sums);
  }
  totalRows(): Value[][] {
    const last = [...this.#totals].flatMap(([build, totals]) => [...totals].map(([key, steps]) => rowOf(build, key, steps)));
    return [...this.#fullTotals, ...last];
  }
}

const rowOf = (build: number, key: string, { row: { since, measures, steps } }: TotalSteps): Value[] => [
  build,
  key,
  since,
  measures,
  steps,
];
