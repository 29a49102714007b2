import { projections } from '../../projections/index.js';
import { aggregates } from '../../src/domain/index.js';
import { split } from '../../src/engine/audit/audit.js';
import {
  History,
  NEWEST,
  type Contribution,
  type Key,
  type LinkedList,
  type Lookup,
  type Projection,
  type RecordedEvent,
  type ShownTotal,
  type Source,
} from '../../src/kernel/index.js';
import { byStream, type World } from '../random-history.js';

/** A kind and an id; before it, in a link, the rank. */
const IS_KEY = /^([\d^]\|)?[a-z-]+:./;

interface Placed extends Contribution {
  readonly source: Source;
  readonly shown: unknown;
}

/** What a projection says of a log, worked out whole and in memory: its functions alone, without a store, a read model or a projector. */
export class InMemory {
  readonly #histories = new Map<string, History>();
  readonly #placed: Placed[] = [];
  readonly projection: Projection;
  /** What the totals of the rows that were asked for add up, as they say. */
  readonly addedUp: ShownTotal[] = [];

  constructor(
    name: string,
    events: readonly RecordedEvent[],
    /** The day that rows are asked for. */
    private readonly day = '2026-11-26',
    /** What a test makes of the history of each stream. */
    made = (history: History): History => history,
  ) {
    this.projection = projections.find((projection) => projection.name === name)!;
    for (const [stream, own] of byStream(events)) {
      const [category, id] = split(stream);
      const aggregate = aggregates.find((one) => one.category === category)!;
      this.#histories.set(stream, made(History.of(aggregate, id, own, 'Europe/London')));
    }
    for (const source of this.projection.from) {
      if (source.category === undefined) for (const event of events) this.#place(source, source.place(event), source.show(event));
      else
        for (const history of this.#histories.values())
          if (history.aggregate.category === source.category) this.#place(source, source.place(history.id, history.state), source.show(history)); // prettier-ignore
    }
  }

  #place(source: Source, contributions: readonly Contribution[], shown: Readonly<Record<string, unknown>>): void {
    for (const contribution of contributions) {
      const { key, links = [], sums = {} } = contribution;
      for (const one of [key, ...links, ...Object.keys(sums)])
        if (!IS_KEY.test(one) || !key.startsWith(`${source.kind}:`)) throw new TypeError(`The source ${source.kind} places ${key} under ${one}.`); // prettier-ignore
      this.#placed.push({ ...contribution, source, shown: shown[key] });
    }
  }

  readonly #lookup: Lookup = {
    day: this.day,
    get: <Shown>(source: Source<string, Shown>, id: string) =>
      this.#placed.find((placed) => placed.source === source && placed.key === `${source.kind}:${id}`)?.shown as Shown | undefined,
    newest: (list, key) => this.#linked(list, key).slice(0, list.most ?? NEWEST),
    sum: (sums, key) => sums.total(this.measures(key)),
    measures: (key) => this.measures(key),
    faulted: () => 0,
    addedUp: (_, total) => void this.addedUp.push(total),
  };

  /** The links of a contribution, each once, with those of what it links through. */
  #linksOf(placed: Placed): readonly string[] {
    const { links = [] } = placed;
    return [...new Set([...links.filter((link) => !link.startsWith('^|')), ...this.#behind(placed).flatMap(({ to }) => to)])];
  }
  /** The keys that it links through, with where the contributions under each link to. */
  #behind({
    links = [],
  }: Placed): readonly { readonly key: string; readonly to: readonly string[]; readonly carries: readonly string[] }[] {
    return links.flatMap((link) => {
      if (!link.startsWith('^|')) return [];
      const key = link.slice(2);
      return this.#placed.filter((other) => other.key === key).map((other) => ({ key, to: (other.links ?? []).map((one) => one.replace(/^\d\|/, '')), carries: other.source.carries ?? [] })); // prettier-ignore
    });
  }
  /** By rank, then the newest first. */
  #linked<Shown, Entry>({ from, ranks, entry }: LinkedList<Shown, Entry>, key: Key): readonly Entry[] {
    const ranked: Placed[][] = Array.from({ length: ranks }, () => []);
    for (const placed of this.#placed)
      for (const link of placed.source === from ? this.#linksOf(placed) : []) {
        const [rank, to] = /^\d\|/.test(link) ? [Number(link[0]), link.slice(2)] : [0, link];
        if (to === key) ranked[rank]!.unshift(placed);
      }
    return ranked.flat().map(({ shown }) => entry(shown as Shown, this.#lookup));
  }

  /** What the sources of a kind contribute. */
  placedBy(kind: string): readonly Contribution[] {
    return this.#placed.filter(({ source }) => source.kind === kind);
  }

  /** What the contributions add to the totals of a key. */
  measures(key: string): Readonly<Record<string, bigint>> {
    const measures: Record<string, bigint> = {};
    const add = (added: Readonly<Record<string, bigint>> = {}): void => {
      for (const [measure, n] of Object.entries(added)) measures[measure] = (measures[measure] ?? 0n) + n;
    };
    for (const placed of this.#placed) {
      add(placed.sums?.[key]);
      for (const { key: through, to, carries } of this.#behind(placed))
        for (const suffix of carries)
          if (key.endsWith(suffix) && to.includes(key.slice(0, key.length - suffix.length))) add(placed.sums?.[`${through}${suffix}`]);
    }
    return measures;
  }

  row(key: string): any {
    const colon = key.indexOf(':');
    return this.projection.rows[key.slice(0, colon)]!(key.slice(colon + 1), this.#lookup);
  }
  /** The keys under which a row stands, sorted; with filters, of the rows that answer to all of them. */
  keys(filters: Readonly<Record<string, string>> = {}): string[] {
    const answers = (key: string): boolean =>
      Object.entries(filters).every(([name, value]) => {
        const answer = this.projection.filters![name]!(this.row(key), { value, key: key as Key, lookup: this.#lookup });
        return answer === true || [answer ?? []].flat().includes(value);
      });
    const keys = this.#placed.flatMap(({ key, row }) => (row === true ? [key] : []));
    return [...new Set(keys)].filter((key) => this.row(key) !== undefined && answers(key)).sort();
  }
  /** A whole list of a row, newest first. */
  list(key: string, name: string): readonly any[] {
    const colon = key.indexOf(':');
    const [kind, id] = [key.slice(0, colon), key.slice(colon + 1)];
    const list = this.projection.lists![kind]![name]!;
    if ('from' in list) return this.#linked(list, key as Key);
    const history = this.#histories.get(`${list.category}-${id}`)!;
    return list.items(history).map((item) => list.entry(item, history, this.#lookup.day)).toReversed(); // prettier-ignore
  }
}

export const inMemory = async (name: string, world: World): Promise<InMemory> => new InMemory(name, await world.events());
