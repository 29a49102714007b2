import { steps } from '../values/json.js';
import { choice, choiceOfTrue, date, list, object, optional, tally, text, type Field, type Fields } from './fields.js';

const QUALIFIERS = ['exact', 'about', 'under', 'over', 'at-most', 'at-least'] as const;

/** The fields inside values that are more than one: a field of their kind carries none of its own. */
const money: Fields = {
  amount: text(undefined, { max: 24, example: '95000000.00' }),
  currency: text(undefined, { max: 3, example: 'GBP' }),
};
export const amountFields: Fields = {
  ...money,
  qualifier: optional(choice(QUALIFIERS)),
  roundedTo: optional(text('What the source rounds to, in units of the currency', { max: 24, example: '1000000' })),
  stated: optional(
    list(object({ ...money, rate: optional(text(undefined, { max: 24, example: '1.36' })) }), 'Equivalents as the source prints them', {
      max: 5,
    }),
  ),
};
export const quantityFields: Fields = { count: tally(), qualifier: optional(choice(QUALIFIERS)) };
export const headcountFields: Fields = { ...quantityFields, unit: choice(['posts', 'people', 'fte']) };
export const disclosures: readonly Fields[] = [
  { undisclosed: choiceOfTrue() },
  { unknown: choiceOfTrue() },
  { withheld: object({ until: optional(date()), why: text() }) },
];

/** The field that a JSON Pointer names inside an object with these fields; undefined when there is none. */
export const fieldAt = (fields: Fields, pointer: string): Field | undefined => {
  let here: Field | undefined = object(fields);
  for (const step of steps(pointer)) {
    if (here?.kind === 'list') here = /^(0|[1-9]\d*)$/.test(step) ? here.item : undefined;
    else {
      const inner: Fields = (here && fieldsOf(here)) ?? {};
      here = Object.hasOwn(inner, step) ? inner[step] : undefined;
    }
  }
  return here;
};

const fieldsOf = ({ kind, fields }: Field): Fields | undefined =>
  kind === 'object'
    ? fields
    : kind === 'amount' || kind === 'value'
      ? amountFields
      : kind === 'headcount'
        ? headcountFields
        : kind === 'quantity'
          ? quantityFields
          : undefined;
