import { address, type Frame } from './shell.js';

/** A question about rows that have been found already, as a parameter of the address. */
export interface Facet<R> {
  readonly name: string;
  readonly title: string;
  /** What a row counts under: nothing, one or several values. */
  of(row: R): readonly string[];
  label(value: string): string;
}
/** Values of a facet that are shown, the most frequent first. */
const VALUES = 8;

/** Whether a row is what the address narrows down to. */
export const isWithin = <R,>(row: R, facets: readonly Facet<R>[], { query }: Pick<Frame, 'query'>): boolean =>
  facets.every(({ name, of }) => query[name] === undefined || of(row).includes(query[name]));

const countsOf = <R,>(rows: readonly R[], { of }: Facet<R>): readonly (readonly [value: string, count: number])[] => {
  const counts = new Map<string, number>();
  for (const row of rows) for (const value of new Set(of(row))) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
};

/** How many of the rows have what: each value is a link that narrows down to it, and a chosen one a link that takes it away. */
export const Facets = <R,>({
  facets,
  rows,
  frame,
  bound,
}: {
  readonly facets: readonly Facet<R>[];
  /** Those that were looked at, not only those that are shown. */
  readonly rows: readonly R[];
  readonly frame: Frame;
  /** Says what was counted, where that is not everything. */
  readonly bound?: string | undefined;
}) => {
  const counted = facets.map((facet) => ({ facet, counts: countsOf(rows, facet), chosen: frame.query[facet.name] }));
  const shown = counted.filter(({ counts, chosen }) => counts.length > 1 || chosen !== undefined);
  if (shown.length === 0) return null;
  const narrowed = (name: string, value: string | undefined) =>
    address(frame.path, { ...frame.query, cursor: undefined, from: undefined, [name]: value });
  return (
    <nav class="facets noprint" aria-label="Narrow down">
      {shown.map(({ facet: { name, title, label }, counts, chosen }) => (
        <div>
          <b>{title}</b>
          <ul>
            {chosen === undefined ? (
              counts.slice(0, VALUES).map(([value, count]) => (
                <li>
                  <a href={narrowed(name, value)}>
                    <bdi>{label(value)}</bdi>
                  </a>{' '}
                  <span class="num quiet">{count.toLocaleString('en-GB')}</span>
                </li>
              ))
            ) : (
              <li>
                <bdi>{label(chosen)}</bdi>{' '}
                <a href={narrowed(name, undefined)}>
                  any<span class="hidden"> {title.toLowerCase()}</span>
                </a>
              </li>
            )}
            {chosen === undefined && counts.length > VALUES && <li class="quiet">and {counts.length - VALUES} more</li>}
          </ul>
        </div>
      ))}
      {bound !== undefined && <p class="small quiet">{bound}</p>}
    </nav>
  );
};
