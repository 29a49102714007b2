import type { Contribution, Measures } from '../../../kernel/index.js';
import type { Sequence } from '../../../store/read-model.js';
import { carriedSums, throughOf, type Carried } from '../carried.js';
import { kindOf, linksIn, targetOf } from '../projection-writer.js';
import type { Breathe } from './rendering.js';

/** One contribution on the day, of a stream or of one of its events. */
export interface Placed {
  readonly contribution: Contribution;
  readonly targets: readonly string[];
  readonly standing: Standing;
  /** The revision of the event that contributes by itself. */
  readonly event?: number;
  /** The sequence of the first event of the stream, or of the event: lists have the newest first. */
  readonly since: Sequence;
}
/** What one stream contributes on the day. */
export interface Standing {
  readonly stream: string;
  /** Of the whole stream at the sequence. */
  readonly revision: number;
  readonly since: Sequence;
  readonly placed: Placed[];
  /** Since when it cannot be folded any more, and the totals that count it. */
  readonly fault?: { readonly since: Sequence; readonly totals: ReadonlySet<string> };
  readonly approximate: number;
  readonly leftOut: number;
  /** Whether the facts that may be later are left out; `illegal` where the others cannot follow without them, so that they are not. */
  readonly without?: 'left-out' | 'illegal';
  bytes: number;
}
/** What every stream contributes on a day, by key, by link and by total: made whole, never changed. */
export class DayIndex {
  readonly byStream: ReadonlyMap<string, Standing>;
  /** Of several contributions under one key, that of the stream that began first. */
  readonly places = new Map<string, Placed>();
  /** Link target → contributions, in the order in which their streams began. */
  readonly lists = new Map<string, Placed[]>();
  readonly #inOrder = new Map<string, readonly Placed[]>();
  readonly #sums = new Map<string, Record<string, bigint>>();
  /** Key of a total → streams with uncertain facts that have a share in it. */
  readonly uncertainIn = new Map<string, Set<string>>();
  /** Keys that have rows: those of streams in order of key, then those of events in store order. */
  rowKeys: readonly string[] = [];
  bytes = 0;

  constructor(
    readonly at: Sequence,
    standings: readonly Standing[],
    private readonly linkedSince: LinkedSince = () => NOT_LINKED,
  ) {
    this.byStream = new Map(standings.map((standing) => [standing.stream, standing]));
  }

  /** @param standings in the order in which their streams began */
  static async of(
    at: Sequence,
    standings: readonly Standing[],
    breathe: Breathe,
    linkedSince?: LinkedSince,
    carried: Carried = NOTHING_CARRIED,
  ): Promise<DayIndex> {
    const index = new DayIndex(at, standings, linkedSince);
    const keys = new Set<string>();
    const events: Placed[] = [];
    const going: Placed[] = [];
    for (const standing of standings) {
      for (const placed of standing.placed) {
        index.#add(placed);
        if (placed.contribution.row && placed.event === undefined) keys.add(placed.contribution.key);
        if (placed.event !== undefined) events.push(placed);
        if (carried.size > 0 && throughOf(placed.contribution).length > 0) going.push(placed);
      }
      for (const total of standing.fault?.totals ?? []) index.#count(total, { faulted: 1n });
      index.bytes += standing.bytes;
      await breathe(standing.placed.length);
    }
    for (const placed of going) index.#carry(placed, carried);
    if (events.length > 0) for (const list of index.lists.values()) list.sort((a, b) => a.since - b.since);
    const inOrder = events.filter(({ contribution }) => contribution.row).sort((a, b) => a.since - b.since);
    index.rowKeys = [...new Set([...[...keys].sort(), ...inOrder.map(({ contribution }) => contribution.key)])];
    return index;
  }

  #add(placed: Placed): void {
    const { contribution, targets, standing } = placed;
    if (!this.places.has(contribution.key)) this.places.set(contribution.key, placed);
    for (const target of targets) this.#list(target, placed);
    for (const total in contribution.sums) {
      this.#count(total, contribution.sums[total]!);
      this.#markUncertain(total, standing);
    }
  }
  #list(target: string, placed: Placed): void {
    const list = this.lists.get(target);
    if (list) list.push(placed);
    else this.lists.set(target, [placed]);
  }
  #markUncertain(total: string, { approximate, leftOut, stream }: Standing): void {
    if (approximate + leftOut === 0) return;
    const streams = this.uncertainIn.get(total);
    if (streams) streams.add(stream);
    else this.uncertainIn.set(total, new Set([stream]));
  }
  /** Lists and counts it where what it links through links to, once all stand. */
  #carry(placed: Placed, carried: Carried): void {
    const { contribution, targets, standing } = placed;
    const between = throughOf(contribution).flatMap((key) => this.places.get(key) ?? []);
    const linksOf = (key: string): readonly string[] => linksIn(this.places.get(key)?.targets ?? []);
    const links = new Set(throughOf(contribution).flatMap(linksOf));
    for (const link of links) {
      const target = targetOf(kindOf(contribution.key), 0, link);
      if (!targets.includes(target)) this.#list(target, placed);
    }
    const sums = carriedSums(contribution, carried, linksOf);
    for (const total in sums) {
      this.#count(total, sums[total]!);
      for (const one of [standing, ...between.map(({ standing: other }) => other)]) this.#markUncertain(total, one);
    }
  }
  #count(total: string, measures: Measures): void {
    let sum = this.#sums.get(total);
    if (!sum) this.#sums.set(total, (sum = {}));
    for (const measure in measures) {
      sum[measure] = (sum[measure] ?? 0n) + measures[measure]!;
      if (sum[measure] === 0n) delete sum[measure];
    }
  }
  /** The contributions of a list, the newest last, as in the rows that do not ask for a day: what is linked on the day alone since its stream began. */
  linked(target: string): readonly Placed[] {
    const all = this.lists.get(target) ?? NONE;
    if (all.length < 2) return all;
    let inOrder = this.#inOrder.get(target);
    if (!inOrder) {
      const since = this.linkedSince(target, this.at);
      const placeOf = ({ contribution: { key }, standing, ...own }: Placed) => since.get(`${standing.stream} ${key}`) ?? own.since;
      const byKey = (a: Placed, b: Placed) => (a.contribution.key < b.contribution.key ? -1 : 1);
      inOrder = all.toSorted((a, b) => placeOf(a) - placeOf(b) || a.since - b.since || byKey(a, b));
      this.#inOrder.set(target, inOrder);
    }
    return inOrder;
  }
  measures(total: string): Measures {
    return this.#sums.get(total) ?? NOTHING;
  }
}
const NOTHING: Measures = {};
const NOTHING_CARRIED: Carried = new Map();
const NONE: readonly Placed[] = [];

/** Of a link target: stream and key → since when it is linked so, up to a sequence. */
export type LinkedSince = (target: string, at: Sequence) => ReadonlyMap<string, Sequence>;
const NOT_LINKED: ReadonlyMap<string, Sequence> = new Map();
