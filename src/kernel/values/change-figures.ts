import { askedOf, betweenOf, isAmount, minor, type Amount, type Value } from './amounts.js';
import { exactly } from './exchange.js';
import { compareRatio, ratio, toDecimal, type Ratio } from './ratios.js';

/** The three figures of a change, to six digits or `not assessable`. All three are shown, because each alone misleads. */
interface ChangeFigures {
  readonly stepOverOriginal: string;
  readonly stepOverCurrent: string;
  readonly cumulativeOverOriginal: string;
}
const NOT_ASSESSABLE = 'not assessable';

/** (to − from) ÷ base, exact; undefined when a value is missing or in another currency, or the base is zero. */
export const growth = (from: Value, to: Value, base: Value): Ratio | undefined => {
  if (!isAmount(from) || !isAmount(to) || !isAmount(base)) return undefined;
  if (from.currency !== to.currency || base.currency !== to.currency || minor(base) === 0n) return undefined;
  const [a, b, c] = [exactly(to), exactly(from), exactly(base)];
  return ratio((a.over * b.under - b.over * a.under) * c.under, a.under * b.under * c.over);
};

export const changeFigures = (original: Value, current: Value, to: Value): ChangeFigures => {
  const six = (ratio: Ratio | undefined) => (ratio ? toDecimal(ratio, 6) : NOT_ASSESSABLE);
  return {
    stepOverOriginal: six(growth(current, to, original)),
    stepOverCurrent: six(growth(current, to, current)),
    cumulativeOverOriginal: six(growth(original, to, original)),
  };
};

/** The lowest and highest possible value of a ratio; an end that nothing bounds is 10^30, or −10^30. */
interface RatioRange {
  readonly low: Ratio;
  readonly high: Ratio;
}
const UNBOUNDED = 10n ** 30n;
const isBounded = ({ over, under }: Ratio): boolean => over < UNBOUNDED * under && over > -UNBOUNDED * under;

/**
 * The possible range of a change's step ÷ original, given the rounding of its sources; of the step alone (`by`) where it is known. Undefined
 * when a figure is missing or in another currency, or when the original may be zero.
 */
export const stepRangeOverOriginal = (original: Value, current: Value, to: Value, by?: Amount): RatioRange | undefined => {
  if (!growth(current, to, original)) return undefined;
  const base = askedOf(original as Amount);
  if (base.least <= 0n && (base.most === undefined || base.most >= 0n)) return undefined;
  const [from, until] = [askedOf(current as Amount), askedOf(to as Amount)];
  const step = by ? betweenOf(by) : { least: from.most === undefined ? undefined : until.least - from.most, most: until.most === undefined ? undefined : until.most - from.least }; // prettier-ignore
  // An income is a negative original: the ends change places.
  const [least, most] = base.least > 0n ? [step.least, step.most] : [negated(step.most), negated(step.least)];
  const [near, far] = base.least > 0n ? [base.least, base.most] : [-base.most!, -base.least];
  const over = (n: bigint, nearest: boolean): Ratio => (nearest ? ratio(n, near) : far === undefined ? ratio(0n, 1n) : ratio(n, far));
  return {
    low: least === undefined ? ratio(-UNBOUNDED, 1n) : over(least, least < 0n),
    high: most === undefined ? ratio(UNBOUNDED, 1n) : over(most, most > 0n),
  };
};
const negated = (n: bigint | undefined): bigint | undefined => (n === undefined ? undefined : -n);

/** Whether a step stays within a cap, which it may reach exactly. `within-precision` when the sources are rounded too much to tell. */
export const within = (step: RatioRange | undefined, cap: Ratio): 'yes' | 'no' | 'within-precision' | typeof NOT_ASSESSABLE => {
  if (!step) return NOT_ASSESSABLE;
  if (compareRatio(step.high, cap) <= 0) return 'yes';
  if (compareRatio(step.low, cap) > 0) return 'no';
  return isBounded(step.low) && isBounded(step.high) ? 'within-precision' : NOT_ASSESSABLE;
};
