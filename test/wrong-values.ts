import { exampleOf, type Field, type Kind } from '../src/kernel/index.js';

const texts = (...wrong: readonly unknown[]): readonly unknown[] => [null, 5, true, [], {}, ...wrong];
const exampleOfField = (field: Field): unknown => exampleOf({ field: { ...field, optional: false } })['field'];

/** Values that must be refused wherever a field of this kind stands; the compiler asks for a row of every kind. */
const wrong: { readonly [K in Kind]: (field: Field) => readonly unknown[] } = {
  text: ({ max = 200 }) =>
    texts('', ' ', '\u200b\u3164', 'a\u0000b', 'a\u0085b', '\u202ea', '\ud800', 'x'.repeat(max + 1), '🏗'.repeat(max + 1)),
  id: () => texts('', 'Ä', '..', 'a/b', '$all', 'A', '-a', 'a\u0000', 'a'.repeat(65)),
  ref: () => texts('', 'é', '../x', '$x', 'X', 'a'.repeat(65)),
  uuid: () => texts('', 'x', '019353D2-0000-7000-8000-000000000000'),
  uri: () => texts('', 'javascript:alert(1)', 'no address', 'https://a b'),
  pointer: () => texts('', 'value', '/~2'),
  choice: () => [null, '', 'no such choice', 1, [], {}],
  flag: () => [null, 'true', 1, [], {}],
  date: () => texts('', 'soon', '2016-02-30', '2016-13', '[2016-03-01..2016-02-01]', '2016-2-1', '20160229'),
  day: () => texts('', '2016', '2016-02', 'unknown', '2016-02-30', '[..2016-02-29]'),
  count: ({ min = 0, max = 1_000_000_000 }) => [null, '3', 1.5, min - 1, max + 1, Number.MAX_VALUE, [], {}],
  amount: ({ signed }) => [
    null,
    '95',
    95,
    [],
    {},
    ...['1e9', '-0', '0.001', '1,000', '', '+1', '01', ...(signed ? [] : ['-1'])].map((amount) => ({ amount, currency: 'GBP' })),
    { amount: '1', currency: 'XXQ' },
    { amount: 1, currency: 'GBP' },
    { amount: '1', currency: 'GBP', extra: 1 },
    { amount: '1', currency: 'GBP', roundedTo: 'a million' },
    { amount: '1', currency: 'GBP', stated: [{ amount: '1', currency: 'USD', rate: 'x' }] },
  ],
  value: () => [
    null,
    'undisclosed',
    0,
    [],
    {},
    { undisclosed: false },
    { withheld: true },
    { undisclosed: true, amount: '1' },
    { amount: '0.001', currency: 'GBP' },
  ],
  headcount: () => [
    null,
    113,
    {},
    { count: 1 },
    { count: -1, unit: 'people' },
    { count: 1.5, unit: 'people' },
    { count: '1.5', unit: 'people' },
    { count: 0, qualifier: 'under', unit: 'people' },
    { count: 1, unit: 'heads' },
  ],
  tally: ({ min = 0 }) => [null, -1, 1.5, '', '-1', '1,5', '7.', '1e3', '0.00001', [], {}, ...(min > 0 ? [0, '0.0'] : [])],
  quantity: ({ min = 0 }) => [
    null,
    -1,
    1.5,
    '7.',
    [],
    {},
    { count: -1 },
    { count: 1, qualifier: 'roughly' },
    { count: 0, qualifier: 'under' },
    ...(min > 0 ? [0, { count: 0 }] : []),
  ],
  percentage: ({ max = 1000 }) => [null, -1, 12.5, '', '-1', '12,5', '12.', '1e1', '0.00001', max + 1, `${max}.1`, [], {}],
  list: ({ item, max = 100 }) => [
    null,
    'x',
    {},
    ...wrongFor(item!)
      .slice(0, 3)
      .map((w) => [w]),
    Array.from({ length: max + 1 }, () => exampleOfField(item!)),
  ],
  object: ({ fields }) => [null, 'x', 1, [], { ...(exampleOf(fields!) as object), noSuchField: 1 }],
  json: () => [],
};

export const wrongFor = (field: Field): readonly unknown[] => wrong[field.kind](field);
