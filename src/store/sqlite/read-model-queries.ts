import {
  MAX_PAGE,
  MAX_SCANNED,
  ReadModelDamagedError,
  ReadModelUnavailableError,
  type EventPage,
  type EventQuery,
  type FaultedStream,
  type IndexedEvent,
  type ProjectionBuild,
  type ReadModelReader,
  type Sequence,
  type StoredPlace,
  type StreamPage,
  type WordPage,
  type WordQuery,
  WORDS_LOOKED_AT,
} from '../read-model.js';
import { codeOf } from './folder.js';
import {
  expressionOf,
  hashOf,
  keyOf,
  placeOfWords,
  Recent,
  sequencesOf,
  streamOwning,
  totalAt,
  totalsIn,
  wordsAtPlace,
  type TaggedRow,
  type TotalRow,
} from './read-model-tables.js';
import type { Statements, Value } from './statements.js';

const EVENT =
  'SELECT e.sequence, e.position, n.name AS stream, e.revision, e.id, e.watermark FROM events e JOIN names n ON n.id = e.stream';
const PLACE = 'SELECT c.key, n.name AS stream, c.stream AS number, c.row, c.links, c.since FROM';
/** As `keyOf`. Beside the sequence it decides only between contributions of one event. */
const KEY_OF_LINK = `iif(l.key = '', substr(n.name, 1, instr(n.name, '-') - 1) || ':' || substr(n.name, instr(n.name, '-') + 1), l.key)`;
interface PlaceRow {
  readonly key: string;
  readonly stream: string;
  readonly row: number;
  readonly links: string | null;
  readonly since: number;
}

/** After these the file is as it was: the next attempt may succeed. */
const UNAVAILABLE = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|CANTOPEN|READONLY|NOMEM|PERM|INTERRUPT|PROTOCOL)/;

const STREAMS = `SELECT n.name AS stream, min(e.sequence) AS sequence,
  (SELECT x.revision FROM events x WHERE x.stream = e.stream AND x.sequence <= ? ORDER BY x.sequence DESC LIMIT 1) AS revision FROM`;
const BY_STREAM = 'GROUP BY e.stream ORDER BY 2';
const SUM = 'SELECT since, measures, steps FROM totals WHERE build = ? AND key = ? AND since <= ? ORDER BY since DESC LIMIT 1';

/** What an error of SQLite says about the file of a read model; any other error is itself. */
export const readModelError = (error: unknown): unknown => {
  const code = codeOf(error);
  const damaged = error instanceof SyntaxError; // of JSON that the file holds
  if (!damaged && !code.startsWith('SQLITE_')) return error;
  const message = (error as Error).message;
  if (damaged || !UNAVAILABLE.test(code)) return new ReadModelDamagedError(`The read model is damaged: ${message}.`, { cause: error });
  return new ReadModelUnavailableError(`The read model is not available: ${message}.`, { cause: error });
};

/** Memory for the numbers of streams and tags that a connection knows, one that reads and one that writes: some 20,000 names. */
const NAMES_BYTES = 3 << 20;

/** Queries over one connection. */
export class ReadModelQueries implements ReadModelReader {
  /** Ids of streams and tags that are in the file. They never change. */
  protected readonly names = new Recent(NAMES_BYTES);

  /** @param onDamage called with each damage before it is thrown */
  constructor(
    protected readonly statements: Statements,
    private readonly onDamage?: (error: ReadModelDamagedError) => void,
  ) {}

  lastEvent(): IndexedEvent | undefined {
    return this.get(`${EVENT} ORDER BY e.sequence DESC LIMIT 1`);
  }
  eventAt(sequence: Sequence): IndexedEvent | undefined {
    return this.get(`${EVENT} WHERE e.sequence = ?`, sequence);
  }
  eventById(id: string): IndexedEvent | undefined {
    return this.get(`${EVENT} WHERE e.id = ?`, id);
  }

  events({ tags, stream, from, until, after, upTo, limit }: EventQuery): EventPage {
    const postings = tags.map((tag) => this.#postingsOf(tag));
    const of = stream === undefined ? undefined : this.known(stream);
    if (postings.some((one) => one.tag === undefined && one.stream === undefined) || (stream !== undefined && of === undefined))
      return { events: [], scanned: upTo };
    const [lead, ...others] = this.#rarestFirst(postings);
    const most = Math.min(limit, MAX_PAGE);
    const begin = from === undefined ? after : Math.max(after, this.#before(from, false));
    const end = until === undefined ? upTo : Math.min(upTo, this.#before(until, true));
    if (lead === undefined) {
      const filter = of === undefined ? '' : 'AND e.stream = ?';
      const sql = `${EVENT} WHERE e.sequence > ? AND e.sequence <= ? ${filter} ORDER BY e.sequence LIMIT ?`;
      const events = this.all<IndexedEvent>(sql, begin, end, ...(of === undefined ? [] : [of]), most);
      return { events, scanned: events.length < most ? upTo : (events.at(-1)?.sequence ?? begin) };
    }
    const events: IndexedEvent[] = [];
    const has = others.map((tag) => this.#tagging(tag));
    const sql = `${EVENT} WHERE e.sequence = ? ${of === undefined ? '' : 'AND e.stream = ?'}`;
    let [looked, scanned] = [0, begin];
    for (const sequence of this.#sequencesOf(lead, begin)) {
      if (sequence > end) break;
      if (events.length === most || looked++ === MAX_SCANNED) return { events, scanned };
      scanned = sequence;
      if (!has.every((tagged) => tagged(sequence))) continue;
      const event = this.get<IndexedEvent>(sql, sequence, ...(of === undefined ? [] : [of]));
      if (event) events.push(event);
    }
    return { events, scanned: upTo };
  }

  streams({ tag, after, upTo }: Parameters<ReadModelReader['streams']>[0]): StreamPage {
    if (tag === undefined) {
      const scanned = Math.min(upTo, after + MAX_PAGE);
      const within = 'e.sequence > ? AND e.sequence <= ?';
      const sql = `${STREAMS} events e JOIN names n ON n.id = e.stream WHERE ${within} ${BY_STREAM}`;
      return { streams: this.all(sql, upTo, after, scanned), scanned };
    }
    const sequences: Sequence[] = [];
    for (const sequence of this.#sequencesOf(this.#postingsOf(tag), after)) {
      if (sequence > upTo || sequences.length === MAX_PAGE) break;
      sequences.push(sequence);
    }
    const sql = `${STREAMS} json_each(?) j CROSS JOIN events e ON e.sequence = j.value JOIN names n ON n.id = e.stream ${BY_STREAM}`;
    const streams = this.all<StreamPage['streams'][number]>(sql, upTo, JSON.stringify(sequences));
    return { streams, scanned: sequences.length < MAX_PAGE ? upTo : sequences.at(-1)! };
  }

  revisionAt(stream: string, sequence: Sequence): number {
    const sql = 'SELECT revision FROM events WHERE stream = ? AND sequence <= ? ORDER BY sequence DESC LIMIT 1';
    return this.get<{ revision: number }>(sql, this.known(stream) ?? -1, sequence)?.revision ?? -1;
  }

  /** As many as there are projections, and a few that are being made. */
  builds(): readonly ProjectionBuild[] {
    const builds = this.all<Omit<ProjectionBuild, 'serving'> & { serving: number }>('SELECT * FROM builds ORDER BY id');
    return builds.map((build) => ({ ...build, serving: build.serving === 1 }));
  }

  marked(
    build: number,
    name: string,
    { after = 0, upTo, limit, newestFirst = false }: Parameters<ReadModelReader['marked']>[2],
  ): readonly Sequence[] {
    const order = newestFirst ? 'DESC' : 'ASC';
    const sql = `SELECT sequence FROM marks WHERE build = ? AND hash = ? AND sequence > ? AND sequence <= ? ORDER BY sequence ${order} LIMIT ?`;
    return this.all<{ sequence: Sequence }>(sql, build, hashOf(name), after, upTo, Math.min(limit, MAX_PAGE)).map(
      ({ sequence }) => sequence,
    );
  }
  sumAt(build: number, key: string, sequence: Sequence): Readonly<Record<string, bigint>> {
    return this.#totalOf(this.get<TotalRow>(SUM, build, key, sequence), sequence);
  }
  /** As `sumAt`, of what was written: it sees nothing that is pending. */
  protected storedSum(build: number, key: string, sequence: Sequence): Readonly<Record<string, bigint>> {
    return this.#totalOf(this.guard(() => this.statements.get(SUM, [build, key, sequence])) as TotalRow | undefined, sequence);
  }
  #totalOf(row: TotalRow | undefined, sequence: Sequence): Readonly<Record<string, bigint>> {
    return row ? this.guard(() => totalAt(row, sequence)) : {};
  }
  faulted(build: number, { after = '', limit }: { readonly after?: string; readonly limit: number }): readonly FaultedStream[] {
    const sql = 'SELECT stream, sequence, error FROM faulted WHERE build = ? AND stream > ? ORDER BY stream LIMIT ?';
    return this.all(sql, build, after, Math.min(limit, MAX_PAGE));
  }
  faultOf(build: number, stream: string): FaultedStream | undefined {
    return this.get('SELECT stream, sequence, error FROM faulted WHERE build = ? AND stream = ?', build, stream);
  }

  contributionsAt(
    build: number,
    key: string,
    sequence: Sequence,
    { after, limit }: { readonly after?: string; readonly limit: number } = { limit: MAX_PAGE },
  ): readonly StoredPlace[] {
    const behind = after === undefined ? -1 : (this.known(after) ?? -1);
    const own = this.known(streamOwning(key)) ?? -1;
    const holds = 'AND c.stream > ? AND c.since <= ? AND (c.until IS NULL OR c.until > ?)';
    const sql = `${PLACE} contributions c JOIN names n ON n.id = c.stream WHERE c.build = ? AND c.stream = ? AND c.key = '' ${holds}
      UNION ALL
      ${PLACE} contributions c INDEXED BY contributions_by_key JOIN names n ON n.id = c.stream WHERE c.build = ? AND c.key = ? AND c.key <> '' ${holds}
      ORDER BY number, since LIMIT ?`;
    const asked = [behind, sequence, sequence];
    return this.#places(sql, build, own, ...asked, build, key, ...asked, Math.min(limit, MAX_PAGE));
  }

  referencingAt(
    build: number,
    key: string,
    sequence: Sequence,
    { after, limit, newestFirst = true }: Parameters<ReadModelReader['referencingAt']>[3],
  ): readonly StoredPlace[] {
    const target = this.known(key);
    if (target === undefined) return [];
    const [behind, order] = newestFirst ? ['<', 'DESC'] : ['>', 'ASC'];
    const from = after ? `AND l.since ${behind}= ? AND (l.since ${behind} ? OR ${KEY_OF_LINK} ${behind} ?)` : '';
    const sql = `${PLACE} links l CROSS JOIN contributions c ON c.build = l.build AND c.stream = l.stream AND c.key = l.key AND c.since = l.since
      CROSS JOIN names n ON n.id = l.stream
      WHERE l.build = ? AND l.target = ? AND l.since <= ? AND (l.until IS NULL OR l.until > ?) ${from}
      ORDER BY l.since ${order}, ${KEY_OF_LINK} ${order} LIMIT ?`;
    const place = after ? [after.since, after.since, after.key] : [];
    return this.#places(sql, build, target, sequence, sequence, ...place, Math.min(limit, MAX_PAGE));
  }

  /** Goes from key to key of those that ever had a row, however many earlier contributions stand under each. */
  rowKeys(build: number, sequence: Sequence, after: string, limit: number): { readonly keys: readonly string[]; readonly next?: string } {
    const most = Math.min(limit, MAX_PAGE);
    const sql = `WITH RECURSIVE some (key, n) AS (
        SELECT min(key), 1 FROM rows WHERE build = ? AND key > ?
        UNION ALL
        SELECT (SELECT min(key) FROM rows WHERE build = ? AND key > some.key), n + 1 FROM some WHERE some.key IS NOT NULL AND n < ?
      )
      SELECT key, EXISTS (
        SELECT 1 FROM rows r CROSS JOIN contributions c ON c.build = r.build AND c.stream = r.stream AND c.key = r.stored
        WHERE r.build = ? AND r.key = some.key AND c.row = 1 AND c.since <= ? AND (c.until IS NULL OR c.until > ?)
      ) AS row FROM some WHERE key IS NOT NULL`;
    const found = this.all<{ key: string; row: number }>(sql, build, after, build, most, build, sequence, sequence);
    const keys = found.filter(({ row }) => row === 1).map(({ key }) => key);
    return { keys, ...(found.length === most && { next: found.at(-1)!.key }) };
  }

  findWords(query: WordQuery): WordPage {
    const { wording, before, upTo } = query;
    const limit = Math.min(query.limit, MAX_PAGE);
    const from = Math.min(before ?? Infinity, placeOfWords(upTo, 'superseded') + 1);
    const to = Math.max(0, from - 2 * WORDS_LOOKED_AT);
    const of = wording === undefined ? '' : `AND rowid % 2 = ${wording === 'current' ? 0 : 1}`;
    const sql = `SELECT rowid AS place FROM words WHERE words MATCH ? AND rowid < ? AND rowid >= ? ${of} ORDER BY rowid DESC LIMIT ?`;
    const places = this.all<{ place: number }>(sql, expressionOf(query), from, to, limit).map(({ place }) => place);
    const next = places.length === limit ? places.at(-1)! : to;
    return { found: places.map(wordsAtPlace), ...(next > 0 && { next }) };
  }

  dumpWords(): string {
    this.statements.db.exec(`CREATE VIRTUAL TABLE IF NOT EXISTS temp.placed_words USING fts5vocab('main', 'words', 'instance')`);
    return JSON.stringify(this.all('SELECT term, doc, "offset" FROM temp.placed_words ORDER BY 1, 2, 3'));
  }

  dump(build: number): string {
    const streams = 'JOIN names n ON n.id = t.stream';
    const read = [
      `SELECT t.key, n.name, t.since, t.until, t.row, t.links FROM contributions t ${streams} WHERE t.build = ? ORDER BY 1, 2, 3`,
      `SELECT target.name, t.key, n.name, t.since, t.until FROM links t ${streams} JOIN names target ON target.id = t.target WHERE t.build = ? ORDER BY 1, 2, 3, 4`,
      `SELECT t.key, n.name, t.stored FROM rows t ${streams} WHERE t.build = ? ORDER BY 1, 2`,
      'SELECT hash, sequence FROM marks WHERE build = ? ORDER BY 1, 2',
    ];
    // Rows of totals begin and end where they were written: what they say is the same.
    const totals = this.all<TotalRow & { key: string }>('SELECT * FROM totals WHERE build = ? ORDER BY key, since', build).flatMap((row) =>
      totalsIn(row).map(({ since, total }) => [
        row.key,
        since,
        Object.entries(total)
          .sort()
          .map(([name, sum]) => [name, String(sum)]),
      ]),
    );
    return [...read.map((sql) => JSON.stringify(this.all(sql, build))), JSON.stringify(totals)].join('\n');
  }

  close(): void {
    this.statements.db.close();
  }

  /** @throws ReadModelDamagedError, ReadModelUnavailableError */
  protected guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      const thrown = readModelError(error);
      if (thrown instanceof ReadModelDamagedError) this.onDamage?.(thrown);
      throw thrown;
    }
  }
  protected all<Row>(sql: string, ...values: Value[]): Row[] {
    return this.guard(() => this.statements.all(sql, values) as Row[]);
  }
  protected get<Row>(sql: string, ...values: Value[]): Row | undefined {
    return this.all<Row>(sql, ...values)[0];
  }
  protected parsed<T>(json: string): T {
    return this.guard(() => JSON.parse(json) as T);
  }
  protected known(name: string): number | undefined {
    const kept = this.names.get(name);
    if (kept !== undefined) return kept;
    const row = this.guard(() => this.statements.get('SELECT id FROM names WHERE name = ?', [name])) as { id: number } | undefined;
    if (row) this.names.set(name, row.id);
    return row?.id;
  }

  #places(sql: string, ...values: Value[]): readonly StoredPlace[] {
    return this.all<PlaceRow>(sql, ...values).map(({ key, stream, row, links, since }) => ({
      key: keyOf(key, stream),
      stream,
      row: row === 1,
      links: links === null ? NONE : this.parsed<string[]>(links),
      since,
    }));
  }

  /** Of how many events the watermark is below an instant, or not beyond it. */
  #before(instant: string, inclusive: boolean): Sequence {
    const last = this.get<{ sequence: number | null }>('SELECT max(sequence) AS sequence FROM events')!.sequence ?? 0;
    const sql = 'SELECT sequence, watermark FROM events WHERE sequence <= ? ORDER BY sequence DESC LIMIT 1';
    let [low, high] = [0, last];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      const found = this.get<{ sequence: number; watermark: string }>(sql, middle);
      if (!found || found.sequence <= low) low = middle;
      else if (found.watermark < instant || (inclusive && found.watermark === instant)) low = middle;
      else high = found.sequence - 1;
    }
    return low;
  }

  /** An event is tagged with its own stream without a row that says so. */
  #postingsOf(tag: string): Postings {
    return { tag: this.known(tag), stream: this.known(tag.replace(':', '-')) };
  }
  /** Up to a few thousand events are counted: which of two large ones is larger does not matter. */
  #rarestFirst(all: readonly Postings[]): readonly Postings[] {
    if (all.length < 2) return all;
    const size = new Map(all.map((postings) => [postings, this.#sizeOf(postings)]));
    return all.toSorted((a, b) => size.get(a)! - size.get(b)!);
  }
  #sizeOf({ tag = -1, stream = -1 }: Postings): number {
    const sql = `SELECT coalesce(sum(count), 0) + (SELECT count(*) FROM (SELECT 1 FROM events WHERE stream = ? LIMIT 1000)) AS size
      FROM (SELECT count FROM tags WHERE tag = ? LIMIT 1000)`;
    return this.get<{ size: number }>(sql, stream, tag)!.size;
  }
  /** The sequences of a tag beyond one, in order. */
  *#sequencesOf({ tag, stream }: Postings, after: Sequence): Generator<Sequence> {
    const others = tag === undefined ? undefined : this.#tagged(tag, after);
    let other = others?.next();
    if (stream !== undefined)
      for (const own of this.#ofStream(stream, after)) {
        for (; other && !other.done && other.value < own; other = others!.next()) yield other.value;
        yield own;
      }
    for (; other && !other.done; other = others!.next()) yield other.value;
  }
  /** 50 events at a time. */
  *#ofStream(stream: number, after: Sequence): Generator<Sequence> {
    const sql = 'SELECT sequence FROM events WHERE stream = ? AND sequence > ? ORDER BY sequence LIMIT 50';
    for (let beyond = after; ;) {
      const page = this.all<{ sequence: Sequence }>(sql, stream, beyond);
      for (const { sequence } of page) yield (beyond = sequence);
      if (page.length < 50) return;
    }
  }
  /** 50 rows at a time. */
  *#tagged(tag: number, after: Sequence): Generator<Sequence> {
    const sql =
      'SELECT first, count, steps FROM tags WHERE tag = ? AND first >= coalesce((SELECT max(first) FROM tags WHERE tag = ? AND first <= ?), 0) ORDER BY first LIMIT 50';
    for (let beyond = after; ;) {
      const page = this.all<TaggedRow>(sql, tag, tag, beyond);
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
  /** Whether a tag is on an event, asked in order. */
  #tagging({ tag, stream }: Postings): (sequence: Sequence) => boolean {
    let sequences = new Set<Sequence>();
    let [first, last] = [0, -1];
    const sql = 'SELECT first, count, steps FROM tags WHERE tag = ? AND first <= ? ORDER BY first DESC LIMIT 1';
    return (sequence) => {
      if (stream !== undefined && this.get('SELECT 1 FROM events WHERE sequence = ? AND stream = ?', sequence, stream)) return true;
      if (tag === undefined) return false;
      if (sequence < first || sequence > last) {
        const row = this.get<TaggedRow>(sql, tag, sequence);
        const found = row ? sequencesOf(row) : [];
        sequences = new Set(found);
        [first, last] = row ? [row.first, found.at(-1)!] : [0, -1];
      }
      return sequences.has(sequence);
    };
  }
}

/** What tells the events of a tag: the tag's rows, and the stream of that name. */
interface Postings {
  readonly tag: number | undefined;
  readonly stream: number | undefined;
}

const NONE: readonly string[] = [];
