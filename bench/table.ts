import { median } from './load.js';

export const fixed = (n: number, digits = 1): string => n.toFixed(digits);

/** The first column is aligned to the left, the others to the right. */
export const table = (rows: readonly (readonly string[])[]): string => {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('   ')).join('\n');
};

/** The median of the rounds, with the least and the most. */
export const spread = (values: readonly number[], digits = 1): string => {
  if (values.length === 0) return '–';
  const middle = fixed(median(values), digits);
  return values.length === 1 ? middle : `${middle} (${fixed(Math.min(...values), digits)}–${fixed(Math.max(...values), digits)})`;
};
