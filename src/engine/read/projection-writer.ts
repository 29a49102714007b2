import { LRUCache } from 'lru-cache';
import type { Contribution, Contributions, History, Measures, Projection, RecordedEvent, StreamSource } from '../../kernel/index.js';
import { split } from '../audit/audit.js';
import type { Prepared } from '../history-cache.js';
import { SegmentedLru } from '../segmented-lru.js';
import { carriedIn, carriedSums, isThroughTarget, plusSums, throughOf, throughTarget, type Carried } from './carried.js';
import { MAX_PAGE, type ContributionPlace, type ProjectionBuild, type ReadModel, type Sequence } from '../../store/read-model.js';

/** Where a stream stands: what it contributes follows from its state alone. */
export type Folded = Pick<History, 'aggregate' | 'id' | 'revision' | 'state'>;

/** What a stream contributes to a projection. @throws what keeps it from contributing anything */
export const contributionsOf = (projection: Projection, { aggregate: { category }, id, state }: Folded, day?: string): Contributions => {
  let contributions = NONE;
  for (const source of sourcesOf(projection, category)) {
    const placed = source.place(id, state, day);
    contributions = contributions.length > 0 ? [...contributions, ...placed] : placed;
  }
  return distinctKeys(contributions);
};
const sourcesByCategory = new WeakMap<Projection, Map<string, readonly StreamSource[]>>();
const sourcesOf = (projection: Projection, category: string): readonly StreamSource[] => {
  let known = sourcesByCategory.get(projection);
  if (!known) {
    const streams = projection.from.filter((source) => source.category !== undefined);
    sourcesByCategory.set(projection, (known = Map.groupBy(streams, (source) => source.category)));
  }
  return known.get(category) ?? NO_SOURCES;
};
const NO_SOURCES: readonly StreamSource[] = [];

/** What one event contributes for ever. */
export const contributionsOfEvent = ({ from }: Projection, event: RecordedEvent): Contributions =>
  distinctKeys(from.flatMap((source) => (source.category === undefined ? source.place(event) : NONE)));

const distinctKeys = (contributions: Contributions): Contributions => {
  if (contributions.length < 2) return contributions;
  const keys = new Set<string>();
  for (const { key } of contributions) if (keys.size === keys.add(key).size) throw new Error(`Two contributions stand under ${key}.`);
  return contributions;
};

/** Whether single events contribute to it. */
export const readsEvents = ({ from }: Projection): boolean => from.some(({ category }) => category === undefined);

/** Where a link is stored: the kind of the contribution and its rank come first, so that each list of a row is one range of the index. */
export const targetOf = (kind: string, rank: number, key: string): string => `${kind}${rank}>${key}`;
/** The row that a stored link belongs to. */
export const keyOfTarget = (target: string): string => target.slice(target.indexOf('>') + 1);
export const kindOf = (key: string): string => key.slice(0, key.indexOf(':'));
/** The row that a total belongs to. */
export const keyOfTotal = (total: string): string => (total.includes('#') ? total.slice(0, total.indexOf('#')) : total);

/** Each target once. */
export const targetsOf = ({ key, links = NO_LINKS }: Contribution): readonly string[] => {
  if (links.length === 0) return NO_LINKS;
  const kind = kindOf(key);
  const targets = links.map((link) => (link[1] === '|' ? targetBehind(kind, link[0]!, link.slice(2)) : targetOf(kind, 0, link)));
  return targets.every((target, i) => targets.indexOf(target) === i) ? targets : [...new Set(targets)];
};

const targetBehind = (kind: string, rank: string, key: string): string =>
  rank === '^' ? throughTarget(key) : targetOf(kind, Number(rank), key);

/** Keeps one build's contributions, links and totals true for the last event that it took. */
export class ProjectionWriter {
  cursor: Sequence;
  /** Faulted streams, which can be folded no more → the sequence from which on their contributions stay as they were. */
  readonly faulted: Map<string, Sequence>;
  readonly #readsEvents: boolean;
  readonly #carried: Carried;
  readonly #totals = new LRUCache<string, Map<string, bigint>>({
    maxSize: TOTALS_BYTES,
    sizeCalculation: (total, key) => 300 + 2 * key.length + 100 * total.size,
  });

  constructor(
    private readonly readModel: ReadModel,
    private readonly projection: Projection,
    readonly build: ProjectionBuild,
    private readonly log: (message: string, error: unknown) => void,
  ) {
    this.cursor = build.cursor;
    this.#readsEvents = readsEvents(projection);
    this.#carried = carriedIn(projection);
    this.faulted = new Map();
    for (let page = readModel.faulted(build.id, { limit: MAX_PAGE }); page.length > 0;) {
      for (const { stream, sequence } of page) this.faulted.set(stream, sequence);
      page = readModel.faulted(build.id, { after: page.at(-1)!.stream, limit: MAX_PAGE });
    }
  }

  /** Whether streams of a category contribute, or every event by itself. */
  reads(category: string): boolean {
    return this.#readsEvents || this.#folds(category);
  }
  #folds(category: string): boolean {
    return sourcesOf(this.projection, category).length > 0;
  }

  /** What a stream contributed before an event. */
  before({ stream, revision }: RecordedEvent, category: string, history: Folded | undefined): Added {
    if (revision === 0 || !history || !this.#folds(category) || this.faulted.has(stream)) return NOTHING_ADDED;
    return { state: history.state, contributions: contributionsOf(this.projection, history) };
  }

  /**
   * @param history undefined when the stream cannot be folded any more
   * @returns what the stream contributes from now on
   */
  take(event: RecordedEvent, category: string, history: Folded | undefined, before: Added, sequence: Sequence): Added {
    const { stream } = event;
    if (this.#readsEvents)
      for (const contribution of contributionsOfEvent(this.projection, event)) {
        this.readModel.mark(this.build.id, under(contribution.key), sequence);
        for (const target of targetsOf(contribution)) this.readModel.mark(this.build.id, target, sequence);
        this.#count(undefined, contribution.sums, sequence);
      }
    if (!this.#folds(category) || this.faulted.has(stream)) return before;
    let contributions: Contributions;
    try {
      if (!history) throw new Error(`${event.type} at revision ${event.revision} cannot be folded.`);
      if (history.state === before.state) return before;
      contributions = contributionsOf(this.projection, history);
    } catch (error) {
      this.#stop(event, before, sequence, error);
      return NOTHING_ADDED;
    }
    this.#replace(event, before.contributions, contributions, sequence); // what the read model throws is no fault of the stream
    return { state: history.state, contributions };
  }

  /** Places first, then totals: to close a place writes what is pending, and a total that several contributions share is written once. */
  #replace({ stream, revision }: RecordedEvent, before: Contributions, after: Contributions, at: Sequence): void {
    if (before.length === 0) {
      for (const contribution of after) this.readModel.openContribution(this.build.id, this.#placeOf(stream, contribution, at), at);
      if (revision > 0) for (const contribution of after) this.#carry(undefined, contribution, at); // before, nothing can have named it
      for (const contribution of after) this.#count(undefined, this.#sumsOf(contribution, at), at);
      return;
    }
    const [last, next] = [byKey(before), byKey(after)];
    for (const contribution of before) {
      const other = next(contribution.key);
      if (!other || !samePlace(contribution, other))
        this.readModel.closeContribution(this.build.id, this.#placeOf(stream, contribution, at), at);
    }
    for (const contribution of after) {
      const other = last(contribution.key);
      if (!other || !samePlace(other, contribution))
        this.readModel.openContribution(this.build.id, this.#placeOf(stream, contribution, at), at);
    }
    for (const contribution of before) if (!next(contribution.key)) this.#carry(contribution, undefined, at);
    for (const contribution of after) this.#carry(last(contribution.key), contribution, at);
    for (const contribution of before) if (!next(contribution.key)) this.#count(this.#sumsOf(contribution, at), undefined, at);
    for (const contribution of after) {
      const other = last(contribution.key);
      this.#count(other && this.#sumsOf(other, at), this.#sumsOf(contribution, at), at);
    }
  }

  #placeOf(stream: string, contribution: Contribution, at: Sequence): ContributionPlace {
    const { key, row = false } = contribution;
    const links = targetsOf(contribution);
    if (!links.some(isThroughTarget)) return { key, stream, row, links };
    const own = links.filter((target) => !isThroughTarget(target));
    return { key, stream, row, links: [...own, ...this.#goingOn(key, own, links.filter(isThroughTarget), at)] };
  }
  /** What it links through, and behind that where this links to now. */
  #goingOn(key: string, own: readonly string[], through: readonly string[], at: Sequence): readonly string[] {
    const more = through.flatMap((target) => this.#linksUnder(keyOfTarget(target), at)).map((link) => targetOf(kindOf(key), 0, link));
    return [...through, ...new Set(more.filter((target) => !own.includes(target)))];
  }
  #sumsOf(contribution: Contribution, at: Sequence): Contribution['sums'] {
    if (throughOf(contribution).length === 0) return contribution.sums;
    return plusSums(
      contribution.sums,
      carriedSums(contribution, this.#carried, (key) => this.#linksUnder(key, at)),
    );
  }
  /** Where the contributions under a key link to. */
  #linksUnder(key: string, at: Sequence): readonly string[] {
    return linksIn(this.readModel.contributionsAt(this.build.id, key, at).flatMap(({ links }) => links));
  }

  /** Moves what links through a contribution along with it, and what that adds. */
  #carry(before: Contribution | undefined, after: Contribution | undefined, at: Sequence): void {
    const { key } = (after ?? before)!;
    const carries = this.#carried.get(kindOf(key));
    if (!carries) return;
    const [was, is] = [before, after].map((one) => linksIn(one ? targetsOf(one) : NO_LINKS)) as [readonly string[], readonly string[]];
    const [gone, come] = [was.filter((link) => !is.includes(link)), is.filter((link) => !was.includes(link))];
    if (gone.length + come.length === 0 || !this.#relink(key, at)) return;
    for (const suffix of carries) {
      const total = Object.fromEntries(this.#totalOf(`${key}${suffix}`));
      if (Object.keys(total).length === 0) continue;
      for (const link of gone) this.#move(`${link}${suffix}`, total, NOTHING, at);
      for (const link of come) this.#move(`${link}${suffix}`, NOTHING, total, at);
    }
  }
  /** Whether anything links through a key. */
  #relink(key: string, at: Sequence): boolean {
    const target = throughTarget(key);
    const page = { limit: MAX_PAGE };
    let places = this.readModel.referencingAt(this.build.id, target, at, page);
    const found = places.length > 0;
    while (places.length > 0) {
      for (const place of places) {
        this.readModel.closeContribution(this.build.id, place, at);
        const own = place.links.slice(0, place.links.findIndex(isThroughTarget));
        const links = [...own, ...this.#goingOn(place.key, own, place.links.filter(isThroughTarget), at)];
        this.readModel.openContribution(this.build.id, { ...place, links }, at);
      }
      if (places.length < MAX_PAGE) break;
      places = this.readModel.referencingAt(this.build.id, target, at, { ...page, after: places.at(-1)! });
    }
    return found;
  }

  /** Totals that the stream had a share in count it; a stream that faults at its first event counts in its programme. */
  #stop({ stream, metadata: { about } }: RecordedEvent, before: Added, sequence: Sequence, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.log(`${this.projection.name}: ${stream} is faulted.`, error);
    this.faulted.set(stream, sequence);
    this.readModel.fault(this.build.id, { stream, sequence, error: why });
    const contributions = before.contributions.map((one) => ({ ...one, sums: this.#sumsOf(one, sequence) ?? NOTHING }));
    for (const key of faultedIn(contributions, about.programme)) this.#count({}, { [key]: { faulted: 1n } }, sequence);
  }

  /** Subtracts the old amounts and adds the new. */
  #count(before: Contribution['sums'] = NOTHING, after: Contribution['sums'] = NOTHING, at: Sequence): void {
    if (before === after) return;
    for (const key in before) if (!after[key]) this.#move(key, before[key]!, NOTHING, at);
    for (const key in after) if (!sameSums(before[key], after[key]!)) this.#move(key, before[key] ?? NOTHING, after[key]!, at);
  }

  #move(key: string, before: Measures, after: Measures, at: Sequence): void {
    const total = this.#totalOf(key);
    const known = total.size;
    for (const measure in before) total.set(measure, (total.get(measure) ?? 0n) - before[measure]!);
    for (const measure in after) total.set(measure, (total.get(measure) ?? 0n) + after[measure]!);
    if (total.size !== known) {
      this.#totals.delete(key); // set alone would not weigh it again
      this.#totals.set(key, total);
    }
    this.readModel.setSum(this.build.id, key, total, at);
  }

  #totalOf(key: string): Map<string, bigint> {
    let total = this.#totals.get(key);
    if (!total) {
      total = new Map(Object.entries(this.readModel.sumAt(this.build.id, key, Number.MAX_SAFE_INTEGER - 1)));
      this.#totals.set(key, total);
    }
    return total;
  }
}

/** Memory for the totals of one projection that were changed last, in bytes, about. */
const TOTALS_BYTES = 256 << 10;
/** Memory for what streams contribute now, in bytes, about; of other streams it is made from their state again. */
const CURRENT_BYTES = 6 << 20;

/** The writers of one follower or one rebuild, which take the same events in the same order. */
export class Writers {
  readonly #of = new Map<string, readonly ProjectionWriter[]>();
  /** By stream, for each writer of its category. */
  readonly #current = new SegmentedLru<readonly Added[]>({
    maxBytes: CURRENT_BYTES,
    probation: 1 / 12, // events of as many streams as are written at one time
    bytesOf: (added) => added.reduce((bytes, { contributions }) => bytes + 100 + 500 * contributions.length, 300),
  });
  constructor(readonly all: readonly ProjectionWriter[]) {}

  /** @returns the stream with the event; undefined where it cannot be folded */
  take(event: RecordedEvent, streams: Prepared, sequence: Sequence, failed?: (error: unknown) => void): ReturnType<Prepared['advance']> {
    const { stream } = event;
    const history = streams.before(event);
    const category = history?.aggregate.category ?? split(stream)[0];
    let writers = this.#of.get(category);
    if (!writers) this.#of.set(category, (writers = this.all.filter((writer) => writer.reads(category))));
    const before = this.#current.get(stream) ?? writers.map((writer) => writer.before(event, category, history));
    const now = streams.advance(event, failed);
    const after = writers.map((writer, i) => writer.take(event, category, now, before[i]!, sequence));
    this.#current.set(stream, after);
    return now;
  }
}

/** What a stream contributes, and the state that it follows from. */
export interface Added {
  readonly state: unknown;
  readonly contributions: Contributions;
}

const NOTHING = {};
const NONE: Contributions = [];
const NOTHING_ADDED: Added = { state: undefined, contributions: NONE };
const NO_LINKS: readonly string[] = [];

/** The rows that targets belong to, each once; none of what is only linked through. */
export const linksIn = (targets: readonly string[]): readonly string[] => [
  ...new Set(targets.filter((target) => !isThroughTarget(target)).map(keyOfTarget)),
];

/** A few are searched through, many are looked up. */
export const byKey = (contributions: Contributions): ((key: string) => Contribution | undefined) => {
  if (contributions.length <= 8) return (key) => contributions.find((contribution) => contribution.key === key);
  const known = new Map<string, Contribution>(contributions.map((contribution) => [contribution.key, contribution]));
  return (key) => known.get(key);
};

/** Whether two contributions stand alike, whatever they add. */
export const samePlace = ({ row = false, links = NO_LINKS }: Contribution, other: Contribution): boolean => {
  const { row: otherRow = false, links: others = NO_LINKS } = other;
  return row === otherRow && links.length === others.length && links.every((link, i) => link === others[i]);
};

export const sameSums = (before: Measures | undefined, after: Measures): boolean => {
  if (before === after) return true;
  if (before === undefined) return false;
  let n = 0;
  for (const measure in before) {
    if (before[measure] !== after[measure]) return false;
    n++;
  }
  for (const _ in after) n--;
  return n === 0;
};

/** The mark of an event that contributes under a key; for a link it is the link's target. */
export const under = (key: string): string => `=${key}`;

/** Whether two contributions stand alike and add alike; what they show is another question. */
export const sameStanding = (before: Contribution, after: Contribution): boolean =>
  samePlace(before, after) && [...totalsOf(before, after)].every((key) => sameSums(before.sums?.[key] ?? NOTHING, after.sums?.[key] ?? NOTHING)); // prettier-ignore
const totalsOf = (...contributions: Contributions): ReadonlySet<string> =>
  new Set(contributions.flatMap(({ sums }) => Object.keys(sums ?? NOTHING)));

/** The keys whose totals count a stream that faults. */
export const faultedIn = (contributions: Contributions, programme: string | undefined): ReadonlySet<string> => {
  const keys = new Set([...totalsOf(...contributions)].map(keyOfTotal));
  return keys.size > 0 || !programme ? keys : new Set([`programme:${programme}`]);
};
