import type { Contribution, Key, Measures, Projection } from '../../kernel/index.js';

/** Kind of key → the totals under it that count where its contributions link to. */
export type Carried = ReadonlyMap<string, readonly string[]>;
export const carriedIn = ({ from }: Pick<Projection, 'from'>): Carried =>
  new Map(from.flatMap(({ kind, carries }) => (carries ? [[kind, carries] as const] : [])));

/** The keys that a contribution links through. */
export const throughOf = ({ links }: Contribution): readonly Key[] => {
  let found: Key[] | undefined;
  if (links) for (const link of links) if (link[0] === '^' && link[1] === '|') (found ??= []).push(link.slice(2) as Key);
  return found ?? NONE;
};
const NONE: readonly Key[] = [];

/** The target under which all stand that link through a key. */
export const throughTarget = (key: string): string => `^>${key}`;
export const isThroughTarget = (target: string): boolean => target[0] === '^';

/**
 * What a contribution adds where the contributions under the keys that it links through link to.
 * @param linksOf the keys that these link to
 */
export const carriedSums = (
  contribution: Contribution,
  carried: Carried,
  linksOf: (key: Key) => readonly string[],
): NonNullable<Contribution['sums']> => {
  const sums: Record<string, Measures> = {};
  for (const key of throughOf(contribution))
    for (const suffix of carried.get(key.slice(0, key.indexOf(':'))) ?? []) {
      const added = contribution.sums?.[`${key}${suffix}`];
      if (added) for (const link of linksOf(key)) sums[`${link}${suffix}`] = plus(sums[`${link}${suffix}`], added);
    }
  return sums;
};
/** Totals of several kinds of sums under their keys. */
export const plusSums = (own: Contribution['sums'] = {}, carried: NonNullable<Contribution['sums']>): NonNullable<Contribution['sums']> => {
  const sums: Record<string, Measures> = { ...own };
  for (const key in carried) sums[key] = plus(sums[key], carried[key]!);
  return sums;
};
const plus = (a: Measures | undefined, b: Measures): Measures => {
  if (!a) return b;
  const sum: Record<string, bigint> = { ...a };
  for (const measure in b) sum[measure] = (sum[measure] ?? 0n) + b[measure]!;
  return sum;
};
