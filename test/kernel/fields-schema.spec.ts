import { describe, expect, it } from '@jest/globals';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import {
  amount,
  check,
  choice,
  count,
  currenciesByDigits,
  date,
  day,
  flag,
  headcount,
  id,
  percentage,
  pointer,
  quantity,
  schemaOf,
  signedAmount,
  signedValue,
  tally,
  text,
  uri,
  uuid,
  value,
  type Field,
} from '../../src/kernel/index.js';

const fields = {
  text: text(),
  id: id(),
  flag: flag(),
  date: date(),
  day: day(),
  count: count(),
  uri: uri(),
  amount: amount(),
  signedAmount: signedAmount(),
  value: value(),
  signedValue: signedValue(),
  percentage: percentage(),
  share: percentage(undefined, { max: 100 }),
  some: percentage(undefined, { max: 42 }),
  few: percentage(undefined, { max: 7 }),
  headcount: headcount(),
  tally: tally(),
  someone: tally(undefined, { min: 1 }),
  quantity: quantity(),
  quantityAboveZero: quantity(undefined, { min: 1 }),
  pointer: pointer(),
  uuid: uuid(),
  choice: choice(['ex', 'inc']),
} satisfies Record<string, Field<any>>;

/** Made in the test that asks for it, so that a fault in a schema fails that test. */
const validatorOf = (name: keyof typeof fields): ValidateFunction =>
  new Ajv2020({ strict: false, validateFormats: false }).compile(schemaOf({ it: fields[name] }));

const digits = fc.stringMatching(/^(0|00|[1-9]\d{0,3}|[1-9]\d{17,18}|-0|-?[1-9])(\.\d{0,5})?$/);
const plain = fc.oneof(
  fc.stringMatching(/^(18|19|20|21|22|24|28|31|32)(00|04|16|99)(-(00|02|04|12|13)(-(00|01|28|29|30|31|32))?)?$/),
  fc.constantFrom('', 'unknown', '2016-2', '2016-02-29T00:00', ' 2016'),
);
const dates = fc.oneof(plain, fc.tuple(plain, plain).map(([from, to]) => `[${from}..${to}]`)); // prettier-ignore
const qualifiers = fc.option(fc.constantFrom('exact', 'about', 'under', 'over', 'at-most', 'at-least', 'nearly'), { nil: undefined });
const codes = [...currenciesByDigits.values()].map((all) => all[0]!);
const money = fc.record(
  {
    amount: digits,
    currency: fc.constantFrom(...codes, 'GBP', 'GBX', 'DEM'),
    qualifier: qualifiers,
    roundedTo: digits,
    stated: fc.array(fc.record({ amount: digits, currency: fc.constantFrom('JPY', 'EUR'), rate: digits }, { requiredKeys: ['amount', 'currency'] }), { maxLength: 2 }), // prettier-ignore
  },
  { requiredKeys: ['amount', 'currency'] },
);
const people = fc.record(
  {
    count: fc.oneof(digits, fc.integer({ min: -1, max: 3 })),
    unit: fc.constantFrom('posts', 'people', 'fte', 'heads'),
    qualifier: qualifiers,
  },
  { requiredKeys: ['count'] },
);
const missing = fc.constantFrom(
  { undisclosed: true },
  { undisclosed: false },
  { unknown: true },
  { withheld: { why: 'x' } },
  { withheld: {} },
);
const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.string({ maxLength: 220 }),
  fc.constantFrom(
    ' ',
    '\u2800',
    '\u3164',
    'a\u202eb',
    'a\u0007',
    'a\tb',
    '\ud800',
    'https://x.org/ä',
    'HTTP:x',
    'urn:a b',
    '/a/~2',
    '/a/~1',
    'a-b',
  ),
  fc.uuid(),
);
/** As it comes in a body: nothing that JSON cannot say. */
const anything = fc.oneof(dates, digits, money, people, missing, texts, fc.integer({ min: -2, max: 1_000_000_001 }), fc.boolean()).map((sent) => JSON.parse(JSON.stringify(sent)) as unknown); // prettier-ignore

/** What the patterns do not see: an interval that ends before it begins, and a text of invisible characters of other planes. */
const BEYOND = ['the interval ends before it begins', 'must hold something that can be seen'];

describe('the schema of a field', () => {
  it.each([' ', '\n', '\u2800', '\u3164', '\u200b', '\ud800', 'a\udc00b'])(
    'takes no text that shows nothing, and no half of a character: %j',
    (sent) => expect(validatorOf('text')({ it: sent })).toBe(false),
  );

  it.each(Object.keys(fields) as (keyof typeof fields)[])('takes of %s what its check takes, and nothing else', (name) => {
    const it: Field<any> = fields[name];
    const validate = validatorOf(name);
    fc.assert(
      fc.property(anything, (sent) => {
        const problems = check({ it }, { it: sent });
        if (problems.some(({ detail }) => BEYOND.includes(detail))) return;
        expect([sent, validate({ it: sent })]).toEqual([sent, problems.length === 0]);
      }),
      { numRuns: 1000 },
    );
  });
});
