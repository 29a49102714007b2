import type { Contribution, Contributions, Measures } from '../../../kernel/index.js';
import { byKey, keyOfTarget, keyOfTotal, samePlace, sameSums, targetsOf } from '../projection-writer.js';
import type { Added } from './added.js';

/** What events changed. */
export class Changed {
  /** Of contributions: rows around them may show them. */
  readonly keys = new Set<string>();
  /** Of rows that show totals. */
  readonly rows = new Set<string>();
  /** Of totals: what was added to each. */
  readonly totals = new Map<string, Measures>();
  /** Keys and targets whose places moved. */
  readonly moved = new Set<string>();
  readonly revisions = new Map<string, number>();
  /** Whether more may have moved. */
  unclear = false;

  byEvent(added: Added): void {
    for (const { contribution } of Object.values(added)) {
      this.keys.add(contribution.key);
      this.#count(undefined, contribution.sums);
      for (const target of targetsOf(contribution)) {
        this.moved.add(target);
        this.rows.add(keyOfTarget(target));
      }
      this.moved.add(contribution.key);
    }
  }

  /** @param same those of both that stand alike and show the same */
  between(before: Contributions, now: Contributions, same: Contributions, stream: string, revision: number): void {
    this.revisions.set(stream, revision);
    const [last, next] = [byKey(before), byKey(now)];
    const unchanged = byKey(same);
    for (const key of new Set([...before, ...now].map((contribution) => contribution.key))) {
      if (unchanged(key)) continue;
      const [was, is] = [last(key), next(key)];
      this.keys.add(key);
      this.#count(was?.sums, is?.sums);
      if (was && is && samePlace(was, is)) continue;
      this.moved.add(key);
      for (const one of [was, is]) if (one) for (const target of targetsOf(one)) this.moved.add(target);
    }
  }

  #count(before: NonNullable<Contribution['sums']> = {}, after: NonNullable<Contribution['sums']> = {}): void {
    for (const total of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const [was = NOTHING, is = NOTHING] = [before[total], after[total]];
      if (sameSums(was, is)) continue;
      this.rows.add(keyOfTotal(total));
      this.totals.set(total, plus(minus(this.totals.get(total) ?? NOTHING, was), is));
    }
  }
}
const NOTHING: Measures = {};
/** Zero measures are omitted, as they are where totals are stored. */
export const plus = (a: Measures, b: Measures): Measures => {
  const sum: Record<string, bigint> = { ...a };
  for (const measure in b) {
    sum[measure] = (sum[measure] ?? 0n) + b[measure]!;
    if (sum[measure] === 0n) delete sum[measure];
  }
  return sum;
};
const minus = (a: Measures, b: Measures): Measures => plus(a, Object.fromEntries(Object.entries(b).map(([measure, n]) => [measure, -n])));
