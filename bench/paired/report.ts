import { fixed, spread, table } from '../table.js';
import { UnfinishedError, within } from '../patience.js';
import type { Build } from './builds.js';

/** What a measurement is run with. */
export interface Run {
  /** The base first, if there is one; this build last. */
  readonly builds: readonly Build[];
  readonly rounds: number;
  readonly roundMs: number;
  readonly quick: boolean;
  /** How long one measurement of one build may take, in ms. */
  readonly patienceMs: number;
  /** An empty folder of its own, removed at the end. */
  folder(): Promise<string>;
  /** Contracts of the long log: 142,900 are a million events. */
  readonly contracts: number;
}

/** Rounds of one figure of one build, or why there are none. */
export type Figure = readonly number[] | string;

/** One line of a measurement's table: a figure of every build, and how they compare by round. */
export interface Line {
  readonly what: string;
  readonly figures: readonly Figure[];
  readonly digits?: number;
  /** Whether the last column is this build's figure divided by the base's. */
  readonly compare?: boolean;
  /** What is required of this build, in words. */
  readonly required?: string;
}

const shown = (figure: Figure, digits: number): string => (typeof figure === 'string' ? figure : spread(figure, digits));

const ratio = (figures: readonly Figure[]): string => {
  const [base, own] = [figures[0]!, figures.at(-1)!];
  if (figures.length < 2 || typeof base === 'string' || typeof own === 'string') return '';
  return spread(
    own.flatMap((value, i) => (base[i] ? [value / base[i]] : [])),
    3,
  );
};

/** Prints a measurement: medians over its rounds, with the least and the most in brackets. */
export const report = (
  title: string,
  { builds }: { readonly builds: readonly { readonly name: string }[] },
  lines: readonly Line[],
): void => {
  const rows = lines.map(({ what, figures, digits = 1, compare = false, required = '' }) => [
    what,
    ...figures.map((figure) => shown(figure, digits)),
    ...(builds.length > 1 ? [compare ? ratio(figures) : ''] : []),
    required,
  ]);
  const head = [title, ...builds.map(({ name }) => name), ...(builds.length > 1 ? ['÷ base'] : []), 'required (wished)'];
  console.log(`\n${table([head, ...rows])}`);
};

/** Runs a part of a measurement within its time. @returns the sentence that says why there is no figure */
export const attempt = async <T>(ms: number, work: () => Promise<T>): Promise<T | string> => {
  try {
    return await within(ms, work());
  } catch (error) {
    if (error instanceof UnfinishedError) return error.message;
    return error instanceof Error ? `failed: ${error.message.slice(0, 60)}` : String(error);
  }
};

/** One line of CPU by thread, the largest first. */
export const threads = (rounds: readonly Readonly<Record<string, number>>[]): string => {
  const names = [...new Set(rounds.flatMap((round) => Object.keys(round)))];
  return names
    .map((name) => ({ name, micros: rounds.reduce((sum, round) => sum + (round[name] ?? 0), 0) / rounds.length }))
    .filter(({ micros }) => micros >= 0.3)
    .sort((a, b) => b.micros - a.micros)
    .map(({ name, micros }) => `${name} ${fixed(micros)}`)
    .join(', ');
};
