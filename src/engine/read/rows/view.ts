import { LRUCache } from 'lru-cache';
import { NEWEST, type Key, type LinkedList, type Source } from '../../../kernel/index.js';
import type { ContributionPlace, ReadModelReader, Sequence } from '../../../store/read-model.js';
import { targetOf, targetsOf, under } from '../projection-writer.js';
import { InvalidCursorError } from '../read-errors.js';
import { idOf, type Added } from './added.js';
import { plus, type Changed } from './changed.js';
import { FetchingLookup, type ServedBuild } from './rendering.js';
import { isShownBy } from './row-text.js';

/** Events under a key that are looked at. */
const KEYS = 200;

/** Where an entry of a list comes from: a contribution of a stream at a revision, or of one event. */
export interface Origin {
  readonly id: string;
  /** Of an event, what it contributes says. */
  readonly key: string | undefined;
  readonly target: string;
  readonly stream: string;
  readonly revision: number;
  readonly byEvent: boolean;
  readonly links: readonly string[];
  readonly rank: number;
  /** Since when it stands where it stands. */
  readonly since: Sequence;
}
/** A place in a list. */
export interface ListPlace {
  readonly rank: number;
  readonly since: Sequence;
  readonly key: string;
}
export const placeOfOrigin = ({ rank, since, key = '-' }: Origin): ListPlace => ({ rank, since, key });
export const cursorOfPlace = ({ rank, since, key }: ListPlace): string => `${rank} ${since} ${key}`;
export const placeOfCursor = (cursor: string, ranks: number): ListPlace => {
  const [, rank, since, key] = /^(\d) (\d{1,15}) (.+)$/s.exec(cursor) ?? [];
  if (key === undefined || Number(rank) >= ranks) throw new InvalidCursorError();
  return { rank: Number(rank), since: Number(since), key };
};

/** Of so many bytes, about. It is made when its first value comes: a view is made for every question. */
class Cache<Value extends object | number> {
  #values: LRUCache<string, Value> | undefined;

  constructor(
    private readonly maxSize: number,
    private readonly bytesOf: (value: Value) => number,
  ) {}

  get(key: string): Value | undefined {
    return this.#values?.get(key);
  }
  set(key: string, value: Value): void {
    this.#values ??= new LRUCache({ maxSize: this.maxSize });
    this.#values.set(key, value, { size: 200 + 2 * key.length + this.bytesOf(value) });
  }
  delete(key: string): void {
    this.#values?.delete(key);
  }
}

/** What a row sees at one sequence. */
export class View extends FetchingLookup<Origin, Added> {
  // All together at most 6 MB, and seldom more than some kilobytes.
  readonly #first = new Cache<readonly Origin[]>(2 << 20, (origins) => 300 * origins.length);
  readonly #revisions = new Cache<number>(1 << 20, () => 0);
  readonly #placesUnder = new Cache<readonly ContributionPlace[]>(1 << 20, (places) => 300 * places.length);
  readonly #sums = new Cache<Readonly<Record<string, bigint>>>(1 << 20, (sums) => 80 * Object.keys(sums).length);
  /** What was shown under keys. */
  readonly #got = new Cache<{ readonly value: unknown }>(1 << 20, () => 1000);

  constructor(
    private readonly readModel: ReadModelReader,
    private readonly writer: ServedBuild,
    public sequence: Sequence,
    readonly day: string,
    private readonly known: (id: string) => Added | undefined,
  ) {
    super();
  }

  get<Shown>(source: Source<string, Shown>, id: string): Shown | undefined {
    const key = `${source.kind}:${id}`;
    const got = this.#got.get(key);
    if (got) return got.value as Shown | undefined;
    let value: unknown;
    for (const added of this.#need(this.#originsUnder(source, key)))
      if (added[key]) {
        value = added[key].value;
        break;
      }
    this.#got.set(key, { value });
    return value as Shown | undefined;
  }

  newest<Shown, Entry>(list: LinkedList<Shown, Entry>, key: Key): readonly Entry[] {
    const { most = NEWEST } = list;
    const origins: Origin[] = [];
    for (let rank = 0; rank < list.ranks && origins.length < most; rank++) {
      const target = targetOf(list.from.kind, rank, key);
      let first = this.#first.get(target);
      if (!first) this.#first.set(target, (first = this.#from(list.from, target, rank, undefined, most)));
      origins.push(...first);
    }
    return this.entries(
      list,
      origins.slice(0, most).map((origin) => (origin.byEvent ? origin : { ...origin, ...this.#at(origin.stream) })),
    );
  }

  /** @throws MISSING */
  entries<Shown, Entry>(list: LinkedList<Shown, Entry>, origins: readonly Origin[]): readonly Entry[] {
    const added = this.#need(origins);
    return origins.flatMap(({ key, target }, i) =>
      (key === undefined ? keysLinking(added[i]!, target) : [key]).flatMap((each) => {
        const value = added[i]![each]?.value;
        return value === undefined ? [] : [isShownBy(list.entry(value as Shown, this), value)];
      }),
    );
  }

  measures(key: string): Readonly<Record<string, bigint>> {
    let measures = this.#sums.get(key);
    if (!measures) {
      measures = this.readModel.sumAt(this.writer.build.id, key, this.sequence);
      this.#sums.set(key, measures);
    }
    return measures;
  }

  /** Contributions of a list behind a place, newest first within each rank. */
  linking({ from, ranks }: Pick<LinkedList, 'from' | 'ranks'>, key: Key, after: ListPlace | undefined, limit: number): readonly Origin[] {
    const found: Origin[] = [];
    for (let rank = after?.rank ?? 0; rank < ranks && found.length < limit; rank++) {
      const target = targetOf(from.kind, rank, key);
      const behind = after?.rank === rank ? after : undefined;
      const more = limit - found.length;
      found.push(...this.#from(from, target, rank, behind, more));
    }
    return found;
  }
  #from({ category }: Source, target: string, rank: number, after: ListPlace | undefined, limit: number): readonly Origin[] {
    return category === undefined ? this.#events(target, rank, after, limit) : this.#places(target, rank, after, limit);
  }

  /** The same at a later sequence: places that moved are read again, and what was added to totals is added here. */
  moved(sequence: Sequence, { keys, moved, totals, revisions }: Pick<Changed, 'keys' | 'moved' | 'totals' | 'revisions'>): this {
    this.sequence = sequence;
    this.found.clear();
    for (const name of moved) {
      this.#first.delete(name);
      this.#placesUnder.delete(name);
    }
    for (const key of keys) this.#got.delete(key);
    for (const [total, added] of totals) {
      const known = this.#sums.get(total);
      if (known) this.#sums.set(total, plus(known, added));
    }
    for (const [stream, revision] of revisions) this.#revisions.set(stream, revision);
    return this;
  }
  #places(target: string, rank: number, after: ListPlace | undefined, limit: number): readonly Origin[] {
    const { readModel, writer, sequence } = this;
    return readModel
      .referencingAt(writer.build.id, target, sequence, { ...(after && { after }), limit })
      .map(({ key, stream, links, since }) => this.#originOf(stream, { key, target, links, rank, since }));
  }
  #events(target: string, rank: number, after: ListPlace | undefined, limit: number): readonly Origin[] {
    const upTo = Math.min(this.sequence, (after?.since ?? Infinity) - 1);
    return this.readModel
      .marked(this.writer.build.id, target, { upTo, limit, newestFirst: true })
      .map((since) => this.#originOfEvent(since, target, rank));
  }
  /** Oldest first: of events that were marked with the key, the first that contributes under it counts. */
  #originsUnder({ category }: Source, key: string): readonly Origin[] {
    const { readModel, writer, sequence } = this;
    if (category === undefined)
      return readModel
        .marked(writer.build.id, under(key), { upTo: sequence, limit: KEYS })
        .map((since) => this.#originOfEvent(since, key, 0));
    return this.places(key)
      .slice(0, 1)
      .map(({ stream, links }) => this.#originOf(stream, { key, target: key, links, rank: 0, since: 0 }));
  }

  #originOf(stream: string, place: Pick<Origin, 'key' | 'target' | 'links' | 'rank' | 'since'>): Origin {
    return { stream, byEvent: false, ...place, ...this.#at(stream) };
  }
  #at(stream: string): Pick<Origin, 'id' | 'revision'> {
    const revision = this.revisionOf(stream);
    return { id: idOf(stream, revision, false), revision };
  }
  #originOfEvent(since: Sequence, target: string, rank: number): Origin {
    const { stream, revision } = this.readModel.eventAt(since)!;
    return { id: idOf(stream, revision, true), key: undefined, target, stream, revision, byEvent: true, links: [], rank, since };
  }

  /** The places under a key. */
  places(key: string): readonly ContributionPlace[] {
    let places = this.#placesUnder.get(key);
    if (!places) this.#placesUnder.set(key, (places = this.readModel.contributionsAt(this.writer.build.id, key, this.sequence)));
    return places;
  }

  /** Where a stream was; a faulted one stays where it stood before. */
  revisionOf(stream: string): number {
    let revision = this.#revisions.get(stream);
    if (revision === undefined) {
      revision = this.readModel.revisionAt(stream, Math.min(this.sequence, (this.writer.faulted.get(stream) ?? Infinity) - 1));
      this.#revisions.set(stream, revision);
    }
    return revision;
  }

  /** @throws MISSING when some of it has to be fetched first */
  #need(origins: readonly Origin[]): readonly Added[] {
    return this.need(origins, ({ id }) => {
      const known = this.found.get(id) ?? this.known(id);
      if (known) this.found.set(id, known);
      return [id, known];
    });
  }
}

/** The contributions of an event that link to a target; a mark may name more events than link to it. */
const keysLinking = (added: Added, target: string): readonly string[] =>
  Object.keys(added).filter((key) => targetsOf(added[key]!.contribution).includes(target));
