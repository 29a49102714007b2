import {
  certainlyBefore,
  exponentOf,
  isAmount,
  optional,
  ratioOfRate,
  redenominated,
  text,
  uri,
  withdrawnOn,
  type Amount,
  type Value,
} from '../../../kernel/index.js';
import { afterAward, event, type Change, type Contract } from '../state.js';

/** The currency of its figures; undefined while none is known. */
const currencyOf = ({ original, ceiling, changes }: Contract): string | undefined => {
  for (const value of [ceiling, original, ...changes.flatMap(({ to, by }) => [to, by])]) {
    if (!value) continue;
    const known = isAmount(value) ? value : value.atLeast;
    if (known) return known.currency;
  }
  return undefined;
};

/** How the currency of a contract is replaced by another at a fixed rate. */
export const redenominating = {
  ContractRedenominated: event({
    allowedIn: [...afterAward, 'closed'],
    fields: {
      currency: text('The new currency, an ISO 4217 code', { max: 3, example: 'EUR' }),
      rate: text('The fixed rate, unrounded: units of the old currency for one of the new', { max: 24, example: '1.95583' }),
      basis: optional(text('The law that fixes the rate', { max: 300, example: 'Regulation (EC) No 2866/98' })),
      uri: optional(uri('Where it is published')),
    },
    rules: {
      'contract/no-currency-of-its-time': {
        says: 'A contract is redenominated in a currency that ISO 4217 lists on that day.',
        field: '/currency',
        detail: ({ data: { currency } }) => {
          const withdrawn = withdrawnOn(currency);
          return withdrawn === undefined ? `ISO 4217 does not list ${currency}.` : `${currency} was withdrawn in ${withdrawn}.`;
        },
        holds({ data: { currency }, effectiveOn }) {
          const withdrawn = withdrawnOn(currency);
          return exponentOf(currency) !== undefined && !(withdrawn !== undefined && certainlyBefore(withdrawn, effectiveOn));
        },
      },
      'contract/no-rate': {
        says: 'A rate is a decimal above zero.',
        field: '/rate',
        detail: ({ data: { rate } }) => `${rate} is none.`,
        holds: ({ data: { rate } }) => ratioOfRate(rate) !== undefined,
      },
      'contract/nothing-to-redenominate': {
        says: 'A contract is redenominated where a figure of its value is known.',
        field: '/currency',
        holds: (_, c) => currencyOf(c) !== undefined,
      },
      'contract/same-currency': {
        says: 'A contract is redenominated in another currency.',
        field: '/currency',
        detail: ({ data: { currency } }) => `It is in ${currency} already.`,
        holds: ({ data: { currency } }, c) => currencyOf(c) !== currency,
      },
    },
    evolve: (c, { currency, rate }, { event, effectiveOn: on }) => {
      // A correction is folded before its rules are asked: what no rule lets pass changes nothing.
      if (ratioOfRate(rate) === undefined || exponentOf(currency) === undefined) return c;
      const from = currencyOf(c);
      // most changes are from the ceiling that the one before them left
      const known = new Map<Value, Value>();
      const converted = (value: Value): Value => {
        const found = known.get(value) ?? redenominated(value, currency, rate);
        known.set(value, found);
        return found;
      };
      const change = (changed: Change): Change => ({
        ...changed,
        from: converted(changed.from),
        ...(changed.to && { to: converted(changed.to) }),
        ...(changed.by && { by: converted(changed.by) }),
        ...(changed.statedFrom && { statedFrom: converted(changed.statedFrom) }),
      });
      return {
        ...c,
        original: converted(c.original),
        ceiling: converted(c.ceiling),
        lots: c.lots.map((lot) => (lot.value ? { ...lot, value: converted(lot.value) } : lot)),
        options: c.options.map((option) => (option.value ? { ...option, value: converted(option.value) as Amount } : option)),
        changes: c.changes.map(change),
        ...(c.finalValue && { finalValue: converted(c.finalValue) }),
        ...(from && { redenominations: [...(c.redenominations ?? []), { event, on, from, to: currency, rate }] }),
      };
    },
  }),
};
