import type { Amount } from '../src/kernel/index.js';
import type { Loss } from '../src/domain/loss/index.js';

/** What a line of the statement counts. */
export const COUNTS = ['identifiedCases', 'cases', 'unratified'] as const;
/** What a line adds up, by currency. */
export const FIGURES = [
  'identified',
  'writtenOff',
  'reversed',
  'recoveredThisYear',
  'recoveredEarlier',
  'recoveredOfWrittenOff',
  'interest',
  'costs',
  'exchange',
  'approved',
  'paid',
] as const;

/** A figure in one currency, at least and at most, with its text. `most` is null where nothing bounds it. */
export interface Shown {
  readonly currency: string;
  readonly least: string;
  readonly most: string | null;
  readonly text: string;
}
export type Line = { readonly [C in (typeof COUNTS)[number]]: number } & { readonly [F in (typeof FIGURES)[number]]: readonly Shown[] };

interface Group {
  readonly kind: Loss['kind'];
  readonly category: string;
  readonly bearer: 'authority' | 'supplier';
}

/** Opening net + written off − reversed − recovered = closing net. */
export interface Net {
  readonly bearer: Group['bearer'];
  readonly currency: string;
  readonly opening: Shown;
  readonly writtenOff: Shown;
  readonly reversed: Shown;
  /** Of what was written off. */
  readonly recovered: Shown;
  readonly closing: Shown;
  readonly balances: boolean;
  /** What the closing net has beside the movements of the year: undated movements. */
  readonly difference: Shown;
}

/** Losses and cases above the amount from which a policy asks for their names. `complete` is false where others may be above it too. */
export interface Disclosed {
  readonly above: Amount;
  readonly policy: string;
  readonly version: string;
  readonly cases: readonly (Group & {
    readonly case: string | null;
    readonly losses: readonly { readonly loss: string; readonly title: string }[];
    readonly amount: Amount;
  })[];
  readonly complete: boolean;
}

/** One financial year of a programme; `Entry` is a loss in its list. */
export interface Statement<Entry = { readonly loss: string; readonly title: string; readonly gross: Loss['gross'] }> {
  readonly programme: string;
  readonly year: string;
  readonly title: string;
  readonly authority: string;
  /** Null of what has no day in one financial year. */
  readonly lastDay: string | null;
  readonly lines: readonly (Group & Line)[];
  readonly totals: { readonly authority: Line; readonly supplier: Line; readonly specialPayments: Line };
  readonly net: readonly Net[];
  readonly disclosed: Disclosed | null;
  /** The 20 largest. */
  readonly losses: readonly Entry[];
  readonly counts: { readonly losses: number };
}
