import type { History, Contribution, Contributions, Projection, RecordedEvent } from '../../kernel/index.js';
import { MAX_PAGE, type ProjectionBuild, type Sequence, type ReadModel } from '../../store/read-model.js';

/** Where a stream stands: what it adds follows from its state alone. */
export type Folded = Pick<History, 'aggregate' | 'id' | 'revision' | 'state'>;

/** What a stream adds to a projection. @throws what keeps it from adding anything */
export const contributionsOf = (projection: Projection, folded: Folded): Contributions => {
  const history = folded as History; // only what is shown looks at more, and that is asked of a whole history
  let contributions = NO_PARTS;
  for (const { category, contribute } of projection.from)
    if (category === history.aggregate.category)
      contributions = contributions.length > 0 ? [...contributions, ...contribute(history)] : contribute(history);
  if (contributions.length < 2) return contributions;
  const keys = new Set<string>();
  for (const { key } of contributions) if (keys.size === keys.add(key).size) throw new Error(`Two parts stand under ${key}.`);
  return contributions;
};

/** Keeps where one build's parts, links and totals stand true for the last event it took. */
export class ProjectionWriter {
  cursor: Sequence;
  /** Streams that could not be folded any more → the sequence from which on their parts stay as they were. */
  readonly faulted: Map<string, Sequence>;
  readonly #current = new Map<string, Added>();
  readonly #totals = new Map<string, Total>();

  constructor(
    private readonly readModel: ReadModel,
    private readonly projection: Projection,
    readonly build: ProjectionBuild,
    private readonly log: (message: string, error: unknown) => void,
  ) {
    this.cursor = build.cursor;
    this.faulted = new Map();
    for (let page = readModel.faulted(build.id, { limit: MAX_PAGE }); page.length > 0;) {
      for (const { stream, sequence } of page) this.faulted.set(stream, sequence);
      page = readModel.faulted(build.id, { after: page.at(-1)!.stream, limit: MAX_PAGE });
    }
  }

  /** Whether it reads streams of a category, or each event by itself. */
  reads(category: string): boolean {
    return this.projection.byEvent !== undefined || this.#folds(category);
  }
  #folds(category: string): boolean {
    return this.projection.from.some((contribution) => contribution.category === category);
  }

  /** Told before each event, so that what the stream adds until then is known. */
  expect({ stream, revision }: RecordedEvent, category: string, history: Folded | undefined): void {
    if (this.#current.has(stream) || !this.#folds(category) || this.faulted.has(stream)) return;
    if (this.#current.size >= CURRENT) this.#current.clear();
    const known = history !== undefined && revision > 0;
    this.#current.set(stream, known ? { state: history.state, contributions: contributionsOf(this.projection, history) } : NOTHING_ADDED);
  }

  /** @param history undefined when the stream cannot be folded any more */
  take(event: RecordedEvent, category: string, history: Folded | undefined, sequence: Sequence): void {
    const { stream } = event;
    if (this.projection.byEvent)
      for (const { key, links = NO_LINKS, sums } of this.projection.byEvent(event)) {
        this.readModel.mark(this.build.id, under(key), sequence);
        for (const link of links) this.readModel.mark(this.build.id, referencing(link), sequence);
        this.#count(undefined, sums, sequence);
      }
    if (!this.#folds(category) || this.faulted.has(stream)) return;
    const before = this.#current.get(stream) ?? NOTHING_ADDED;
    let contributions: Contributions;
    try {
      if (!history) throw new Error(`${event.type} at revision ${event.revision} cannot be folded.`);
      if (history.state === before.state) return;
      contributions = contributionsOf(this.projection, history);
    } catch (error) {
      this.#stop(event, sequence, error);
      return;
    }
    this.#replace(stream, before.contributions, contributions, sequence); // what the read model throws is no fault of the stream
    this.#current.set(stream, { state: history.state, contributions });
  }

  #replace(stream: string, before: Contributions, after: Contributions, at: Sequence): void {
    const [last, next] = [byKey(before), byKey(after)];
    for (const contribution of before) {
      const other = next(contribution.key);
      if (other && samePlace(contribution, other)) continue;
      this.readModel.closeContribution(this.build.id, placeOf(stream, contribution), at);
      if (!other) this.#count(contribution.sums, undefined, at);
    }
    for (const part of after) {
      const other = last(part.key);
      if (!other || !samePlace(other, part)) this.readModel.openContribution(this.build.id, placeOf(stream, part), at);
      this.#count(other?.sums, part.sums, at);
    }
  }

  /** Totals that the stream had a share in say so; one that stops at its first event, its programme's. */
  #stop({ stream, metadata: { about } }: RecordedEvent, sequence: Sequence, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.log(`${this.projection.name}: ${stream} stopped.`, error);
    this.faulted.set(stream, sequence);
    this.readModel.fault(this.build.id, { stream, sequence, error: why });
    for (const key of faultedIn(this.#current.get(stream)?.contributions ?? NO_PARTS, about.programme))
      this.#count({}, { [key]: { faulted: 1n } }, sequence);
    this.#current.delete(stream);
  }

  /** Takes the old sums away and adds the new. */
  #count(before: Contribution['sums'] = NOTHING, after: Contribution['sums'] = NOTHING, at: Sequence): void {
    if (before === after) return;
    for (const key in before) if (!after[key]) this.#move(key, before[key]!, NOTHING, at);
    for (const key in after) if (!sameSums(before[key], after[key]!)) this.#move(key, before[key] ?? NOTHING, after[key]!, at);
  }

  #move(key: string, before: Measures, after: Measures, at: Sequence): void {
    const total = this.#totalOf(key);
    for (const measure in before) total.add(measure, -before[measure]!);
    for (const measure in after) total.add(measure, after[measure]!);
    this.readModel.setSum(this.build.id, key, total.toString(), at);
  }

  #totalOf(key: string): Total {
    let total = this.#totals.get(key);
    if (!total) {
      if (this.#totals.size > 1000) this.#totals.clear();
      total = new Total(this.readModel.sumAt(this.build.id, key, Number.MAX_SAFE_INTEGER - 1));
      this.#totals.set(key, total);
    }
    return total;
  }
}

/** Sums by measure; what is left of nothing is nothing. */
class Total {
  readonly #sums = new Map<string, bigint>();
  /** The measures in order, each as JSON has it. */
  #order: (readonly [measure: string, quoted: string])[] | undefined;

  constructor(recorded: Readonly<Record<string, string>>) {
    for (const measure in recorded) this.add(measure, BigInt(recorded[measure]!));
  }

  add(measure: string, n: bigint): void {
    const sum = this.#sums.get(measure);
    if (sum === undefined) this.#order = undefined;
    this.#sums.set(measure, (sum ?? 0n) + n);
  }

  toString(): string {
    this.#order ??= [...this.#sums.keys()].sort().map((measure) => [measure, JSON.stringify(measure)] as const);
    let text = '';
    for (const [measure, quoted] of this.#order) {
      const sum = this.#sums.get(measure)!;
      if (sum !== 0n) text += `${text && ','}${quoted}:"${sum}"`;
    }
    return `{${text}}`;
  }
}

/** What a stream adds, and the state it follows from. */
interface Added {
  readonly state: unknown;
  readonly contributions: Contributions;
}
/** Streams whose parts are at hand: those of others are made of their history again. */
const CURRENT = 300;

type Measures = Readonly<Record<string, bigint>>;
const NOTHING = {};
const NO_PARTS: Contributions = [];
const NOTHING_ADDED: Added = { state: undefined, contributions: NO_PARTS };
const NO_LINKS: readonly string[] = [];

const placeOf = (stream: string, { key, row = false, links = NO_LINKS }: Contribution) => ({ key, stream, row, links: distinct(links) });
const distinct = (links: readonly string[]): readonly string[] =>
  links.every((link, i) => links.indexOf(link) === i) ? links : [...new Set(links)];

/** Few are looked through, many looked up. */
const byKey = (contributions: Contributions): ((key: string) => Contribution | undefined) => {
  if (contributions.length <= 8) return (key) => contributions.find((contribution) => contribution.key === key);
  const known = new Map(contributions.map((part) => [part.key, part]));
  return (key) => known.get(key);
};

const samePlace = ({ row = false, links = NO_LINKS }: Contribution, other: Contribution): boolean => {
  const { row: otherRow = false, links: others = NO_LINKS } = other;
  return row === otherRow && links.length === others.length && links.every((link, i) => link === others[i]);
};

const sameSums = (before: Measures | undefined, after: Measures): boolean => {
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

/** The marks of an event that adds a part under a key, or one that links to a key. */
export const under = (key: string): string => `=${key}`;
export const referencing = (key: string): string => `>${key}`;

/** Whether two parts stand alike and add alike; what they show is another question. */
export const sameStanding = (before: Contribution, after: Contribution): boolean =>
  samePlace(before, after) && [...keysOf(before.sums, after.sums)].every((key) => sameSums(before.sums?.[key] ?? NOTHING, after.sums?.[key] ?? NOTHING)); // prettier-ignore
const keysOf = (...sums: readonly Contribution['sums'][]): ReadonlySet<string> => new Set(sums.flatMap((s) => Object.keys(s ?? NOTHING)));

/** Where a stream that stops is counted. */
export const faultedIn = (contributions: Contributions, programme: string | undefined): ReadonlySet<string> => {
  const keys = keysOf(...contributions.map(({ sums }) => sums));
  return keys.size > 0 || !programme ? keys : new Set([`programme:${programme}`]);
};
