import {
  amountOf,
  certainlyBefore,
  convertedBy,
  exponentOf,
  object,
  optional,
  ratio,
  ratioOfRate,
  roundHalfUp,
  text,
  toDecimal,
  withdrawnOn,
  type Amount,
  type DataOf,
  type Occurrence,
  type Rules,
} from '../../kernel/index.js';

const exchangeFields = {
  currency: text('The currency in which the account is kept, an ISO 4217 code', { max: 3, example: 'GBP' }),
  rate: text('Units of it for one unit of the currency of the amount', { max: 25, example: '0.7812' }),
};
/** Into which currency an amount was converted, and at which rate: units of that currency for one of its own. */
export type Exchange = DataOf<typeof exchangeFields>;
export const exchange = optional(object(exchangeFields, 'The rate of exchange of that day, where the amount is in a foreign currency'));

interface Exchanged {
  readonly amount: Amount;
  readonly exchange?: Exchange;
}
export const exchangeRules = {
  'account/no-rate': {
    says: 'A rate of exchange is a decimal above zero, with at most 12 digits before the point and 12 after it.',
    field: '/exchange/rate',
    detail: ({ data: { exchange } }) =>
      `${exchange!.rate} is none: it must be above zero, with at most 12 digits before the point and 12 after it.`,
    holds: ({ data: { exchange } }) => !exchange || ratioOfRate(exchange.rate) !== undefined,
  },
  'account/no-currency-of-its-time': {
    says: 'An account is kept in a currency that ISO 4217 lists on that day.',
    field: '/exchange/currency',
    detail({ data: { exchange } }) {
      const withdrawn = withdrawnOn(exchange!.currency);
      return withdrawn === undefined
        ? `ISO 4217 does not list ${exchange!.currency}.`
        : `${exchange!.currency} was withdrawn in ${withdrawn}.`;
    },
    holds({ data: { exchange }, effectiveOn }) {
      if (!exchange) return true;
      const withdrawn = withdrawnOn(exchange.currency);
      return exponentOf(exchange.currency) !== undefined && !(withdrawn !== undefined && certainlyBefore(withdrawn, effectiveOn));
    },
  },
  'account/same-currency': {
    says: 'A rate of exchange is between two currencies.',
    field: '/exchange/currency',
    detail: ({ data: { amount } }) => `The amount is in ${amount.currency} already.`,
    holds: ({ data: { amount, exchange } }) => exchange?.currency !== amount.currency,
  },
} satisfies Rules<Occurrence<Exchanged>, unknown>;

/** Why no difference in exchange can be said of a payment, though it or one of its orders has a rate. */
export const UNREALISED = {
  'no-rate': 'its orders have a rate of exchange, and the payment has none',
  'not-allocated': 'it is not allocated to an invoice',
  'no-rate-of-the-order': 'an invoice that it pays is of no order with a rate of exchange',
  'several-rates': 'its orders have different rates of exchange: record a payment for each',
  'other-currency': 'its orders are in another currency, or lead to another one',
  'not-exact': 'its amount is not exact',
} as const;
export type Unrealised = keyof typeof UNREALISED;

/** What a payment cost at its own rate, and what it would have cost at the rate of its order. */
export interface Realised {
  /** At the commitment. */
  readonly committedRate: string;
  readonly atCommitment: Amount;
  readonly atPayment: Amount;
  /** How much more it cost; below zero where it cost less. */
  readonly difference: Amount;
  /** The same before it was rounded. */
  readonly unrounded: string;
}

/**
 * The difference in exchange that a payment realises, as IAS 21.28 asks: the amount at the rate of the payment, less the amount at the rate
 * of the order. Each is rounded once to the minor unit, half up without its sign: of conversions only Regulation (EC) No 1103/97, article 5,
 * says how; IAS 21 does not. So the difference is what the two booked figures differ by. Undefined where no rate is known.
 */
export const realisedBy = (
  payment: Exchanged & { readonly invoices?: readonly string[] },
  orders: readonly (Exchanged | undefined)[],
): Realised | Unrealised | undefined => {
  const { amount, exchange } = payment;
  const rates = orders.map((order) => order?.exchange);
  const [first] = rates;
  if (!exchange) return rates.some((rate) => rate !== undefined) ? 'no-rate' : undefined;
  if (orders.length === 0) return 'not-allocated';
  if (!first || rates.includes(undefined)) return 'no-rate-of-the-order';
  const isOther = (order: Exchanged | undefined): boolean =>
    order?.exchange?.currency !== exchange.currency || order.amount.currency !== amount.currency;
  if (orders.some(isOther)) return 'other-currency';
  // A correction is folded before its rules are asked.
  if (!ratioOfRate(first.rate) || !ratioOfRate(exchange.rate) || exponentOf(exchange.currency) === undefined) return 'no-rate';
  if (rates.some((rate) => !isSame(rate!.rate, first.rate))) return 'several-rates';
  if ((amount.qualifier ?? 'exact') !== 'exact' || amount.roundedTo !== undefined) return 'not-exact';
  const [before, after] = [convertedBy(amount, exchange.currency, first.rate), convertedBy(amount, exchange.currency, exchange.rate)];
  const [atCommitment, atPayment] = [roundHalfUp(before), roundHalfUp(after)];
  return {
    committedRate: first.rate,
    atCommitment: amountOf(atCommitment, exchange.currency),
    atPayment: amountOf(atPayment, exchange.currency),
    difference: amountOf(atPayment - atCommitment, exchange.currency),
    unrounded: plain(
      after.over * before.under - before.over * after.under,
      after.under * before.under * 10n ** BigInt(exponentOf(exchange.currency)!),
    ),
  };
};
/** Of an amount with at most 4 digits after the point and a rate with 12: never more than 16, all of them. */
const plain = (over: bigint, under: bigint): string => toDecimal(ratio(over, under), 16).replace(/\.?0+$/, '');
const isSame = (a: string, b: string): boolean => {
  const [x, y] = [ratioOfRate(a), ratioOfRate(b)];
  return x !== undefined && y !== undefined && x.over === y.over && x.under === y.under;
};
