import { NEWEST, type Key, type LinkedList, type Measures, type Source } from '../../../kernel/index.js';
import { targetOf } from '../projection-writer.js';
import type { DayIndex, Placed } from './day-index.js';
import { FetchingLookup } from './rendering.js';

/** What rows show of one contribution or several, by key. */
export type Shown = Readonly<Record<string, unknown>>;

/** What a row sees of one index. */
export class DayLookup extends FetchingLookup<Placed, Shown> {
  /** Streams with uncertain facts that were looked at. */
  readonly touched = new Set<string>();

  constructor(
    readonly index: DayIndex,
    readonly day: string,
  ) {
    super();
  }

  get<Value>(source: Source<string, Value>, id: string): Value | undefined {
    const key = `${source.kind}:${id}`;
    const placed = this.index.places.get(key);
    return placed && (this.#need([placed])[0]![key] as Value | undefined);
  }
  newest<Value, Item>(list: LinkedList<Value, Item>, key: Key): readonly Item[] {
    return this.entries(list, this.linking(list, key, 0, list.most ?? NEWEST));
  }
  /** Contributions of a list, newest first within each rank. */
  linking({ from, ranks }: Pick<LinkedList, 'from' | 'ranks'>, key: Key, skip: number, limit: number): readonly Placed[] {
    const found: Placed[] = [];
    let before = skip;
    for (let rank = 0; rank < ranks && found.length < limit; rank++) {
      const all = this.index.linked(targetOf(from.kind, rank, key));
      for (let i = all.length - 1 - before; i >= 0 && found.length < limit; i--) found.push(all[i]!);
      before = Math.max(0, before - all.length);
    }
    return found;
  }
  /** @throws MISSING */
  entries<Value, Item>(list: LinkedList<Value, Item>, placed: readonly Placed[]): readonly Item[] {
    const shown = this.#need(placed);
    return placed.flatMap(({ contribution: { key } }, i) => {
      const value = shown[i]![key];
      return value === undefined ? [] : [list.entry(value as Value, this)];
    });
  }
  measures(key: string): Measures {
    for (const stream of this.index.uncertainIn.get(key) ?? []) this.touched.add(stream);
    return this.index.measures(key);
  }

  #need(all: readonly Placed[]): readonly Shown[] {
    return this.need(all, (placed) => {
      const { standing } = placed;
      if (standing.approximate + standing.leftOut > 0) this.touched.add(standing.stream);
      const id = idOf(placed);
      return [id, this.found.get(id)];
    });
  }
}
const idOf = ({ standing: { stream, revision, without }, event }: Placed): string =>
  event === undefined ? `${stream}@${revision}${without === 'left-out' ? '~' : ''}` : `${stream}@${event}!`;
