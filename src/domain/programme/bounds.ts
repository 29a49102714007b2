import type { Occurrence, Rules } from '../../kernel/index.js';
import type { Programme } from './state.js';

/** Entries that each list of a programme holds at most, whatever became of them. */
export const MOST = 1000;
/** For an event that adds an entry to a list of a programme. */
export const fits = <On extends Occurrence<object>>(what: string, listOf: (p: Programme, on: On) => readonly unknown[]) =>
  ({
    'programme/full': {
      says: `Each list of a programme holds at most ${MOST.toLocaleString('en')} entries.`,
      detail: () => `It has ${MOST.toLocaleString('en')} ${what}.`,
      holds: (on, p) => listOf(p, on).length < MOST,
    },
  }) satisfies Rules<On, Programme>;

/** Lists of which it is known: an event that leaves a list as it was does not look through it again. */
const known = new WeakSet<readonly unknown[]>();
/**
 * Whether the last entry has a key that none before it has. Every entry was the last one when it was added, so that no two are alike.
 * Linear in the list.
 */
export const isNew = <T>(list: readonly T[], keyOf: (entry: T) => string): boolean => {
  if (list.length === 0 || known.has(list)) return true;
  const key = keyOf(list.at(-1)!);
  for (let i = 0; i < list.length - 1; i++) if (keyOf(list[i]!) === key) return false;
  known.add(list);
  return true;
};
