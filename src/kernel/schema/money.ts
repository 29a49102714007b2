import { whyNotAnAmount, type Amount } from '../values/amounts.js';
import { currenciesByDigits } from '../values/currencies.js';
import type { Json } from '../event.js';
import type { Field } from './fields.js';

type Schema = { readonly [key: string]: Json };

/** What is wrong with money of which each field alone is right. */
export const whyNotMoney = (
  { amount, currency, qualifier = 'exact', roundedTo, stated = [] }: Amount,
  { signed: negative = false }: Field,
): readonly [field: string, why: string] | undefined => {
  const bound = amount.startsWith('-') && qualifier !== 'exact' && qualifier !== 'about';
  const context = [
    ['amount', whyNotAnAmount(amount, currency, { negative })],
    ['qualifier', bound ? 'must be exact or about where the amount is below zero' : undefined],
    ['roundedTo', roundedTo === undefined ? undefined : whyNotAnAmount(roundedTo, currency)],
    ...stated.map((s, i) => [`stated/${i}/amount`, whyNotAnAmount(s.amount, s.currency, { negative })] as const),
    ...stated.map((s, i) => [`stated/${i}/rate`, s.rate === undefined || rateForm.test(s.rate) ? undefined : 'must be a plain decimal such as 1.36'] as const), // prettier-ignore
  ] as const;
  const [field, why] = context.find(([, why]) => why !== undefined) ?? [];
  return field && why ? [field, why] : undefined;
};
const RATE = '^(0|[1-9]\\d{0,11})(\\.\\d{1,12})?$';
const rateForm = new RegExp(RATE);

/** Money with the digits that its currency has. */
const withDigits = (schema: Schema, signed: boolean): Schema => {
  const pattern = (digits: number, signed = false) =>
    `^${signed ? '(?:-(?=.*[1-9]))?' : ''}(0|[1-9]\\d{0,17})${digits > 0 ? `(\\.\\d{1,${digits}})?` : ''}$`;
  const { properties, ...rest } = schema as { readonly properties: Readonly<Record<string, Schema>> };
  const codes = [...currenciesByDigits].sort(([a], [b]) => a - b);
  const [most] = codes.at(-1)!;
  const judged = codes.reduceRight<Schema>((otherwise, [digits, currencies]) => {
    const then = { properties: { amount: { pattern: pattern(digits, signed) }, roundedTo: { pattern: pattern(digits) } } };
    return digits === most ? then : { if: { properties: { currency: { enum: [...currencies] } } }, then, else: otherwise };
  }, {});
  return {
    ...rest,
    properties: {
      ...properties,
      amount: { type: 'string', pattern: pattern(most, signed), examples: ['95000000.00'] },
      currency: { enum: codes.flatMap(([, currencies]) => currencies).sort(), description: 'ISO 4217' },
    },
    ...judged,
  };
};

/** The schema of an amount, from that of its fields. */
export const moneySchema = (ofFields: Schema, signed: boolean): Schema => {
  const schema = withDigits(ofFields, signed);
  const { roundedTo, stated, ...properties } = schema['properties'] as Readonly<Record<string, Schema>>;
  const { items, ...list } = stated as { readonly items: Schema };
  const printed = withDigits(items, signed);
  const rate = { type: 'string', pattern: RATE };
  const whole = {
    ...schema,
    properties: {
      ...properties,
      roundedTo: { ...roundedTo },
      stated: { ...list, items: { ...printed, properties: { ...(printed['properties'] as Schema), rate } } },
    },
  };
  if (!signed) return whole;
  // Below zero it is exact or about.
  const bound = { properties: { amount: { pattern: '^-' }, qualifier: { enum: ['under', 'over', 'at-most', 'at-least'] } } };
  return { ...whole, not: { ...bound, required: ['qualifier'] } };
};
