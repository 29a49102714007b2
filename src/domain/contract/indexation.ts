import { isAmount, minor, movedTo, ratioOfPercent, roundHalfEven, type Amount, type Value } from '../../kernel/index.js';
import type { Contract } from './state.js';

interface Indexed {
  readonly percent?: number | string;
  readonly falls?: boolean;
  readonly to?: Amount;
}
/** The ceiling after an indexation: as stated, or so many per cent more or less, rounded half-even. */
export const indexedCeiling = ({ percent, falls = false, to }: Indexed, { ceiling }: Pick<Contract, 'ceiling'>): Value => {
  if (to) return to;
  if (!isAmount(ceiling) || percent === undefined) return ceiling;
  const { over, under } = ratioOfPercent(percent);
  const difference = roundHalfEven(minor(ceiling) * over, under);
  return movedTo(minor(ceiling) + (falls ? -difference : difference), ceiling);
};

/** The value at first as indexations have moved it since: what law measures some changes against. Undefined where none did, or where it is not known. */
export const indexedOriginal = ({ original, indexations = [] }: Pick<Contract, 'original' | 'indexations'>): Value | undefined => {
  if (!isAmount(original) || indexations.length === 0) return undefined;
  let units = minor(original);
  for (const { from, to } of indexations) {
    if (!to || !isAmount(from) || !isAmount(to) || minor(from) === 0n || to.currency !== from.currency) return undefined;
    units = roundHalfEven(units * minor(to), minor(from));
  }
  return movedTo(units, original);
};
