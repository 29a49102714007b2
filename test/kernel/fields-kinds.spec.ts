import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from '@jest/globals';
import { supplier } from '../../src/domain/supplier/index.js';
import {
  amount,
  check,
  checkField,
  choice,
  count,
  currenciesIn,
  date,
  day,
  exampleOf,
  fieldAt,
  flag,
  headcount,
  id,
  isIdentifier,
  joinProblems,
  json,
  list,
  MAX_PROBLEMS,
  object,
  optional,
  percentage,
  pointer,
  provenanceFields,
  quantity,
  ref,
  refsIn,
  refsOf,
  schemaOf,
  signedAmount,
  signedValue,
  tally,
  text,
  uri,
  uuid,
  value,
  withReferences,
  type Field,
  type Fields,
} from '../../src/kernel/index.js';
import { wrongFor } from '../wrong-values.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
/** What is wrong with a value of a field, as `place: sentence`. */
const faults = (field: Field, given: unknown): string[] =>
  checkField(field, given, '').map(({ pointer, detail }) => (pointer ? `${pointer}: ${detail}` : detail));
const schema = (field: Field) => schemaOf({ it: field })['properties'] as { readonly it: object };

type Case = readonly [kind: string, field: Field, right: readonly unknown[], wrong: readonly (readonly [given: unknown, fault: string])[]];
const NO_TALLY = 'must be a whole number, or a decimal text such as "7.5" of full-time equivalents';
const NO_PERCENTAGE = 'must be a whole number, or a decimal text such as "12.5"';
// prettier-ignore
const cases: readonly Case[] = [
  ['text', text(undefined, { max: 4 }), ['a', 'abcd', 'ä'], [['', 'must not be empty'], [5, 'must be a text'], ['abcde', 'must not be longer than 4 characters']]],
  ['identifier', id(), ['met', '0-x', 'a'.repeat(64)], [['Met', 'must match ^[a-z0-9][a-z0-9-]{0,63}$'], ['a'.repeat(65), 'must match ^[a-z0-9][a-z0-9-]{0,63}$'], ['-a', 'must match ^[a-z0-9][a-z0-9-]{0,63}$']]],
  ['reference', ref(supplier), ['csc'], [['CSC', 'must match ^[a-z0-9][a-z0-9-]{0,63}$'], [null, 'must be a text']]],
  ['UUID', uuid(), ['019353d2-0000-7000-8000-00000000000a'], [['019353D2-0000-7000-8000-000000000000', 'must be a UUID in lower case'], ['x019353d2-0000-7000-8000-000000000000', 'must be a UUID in lower case'], ['019353d2-0000-7000-8000-0000000000000', 'must be a UUID in lower case']]],
  ['address', uri(), ['https://a', 'http://a', 'urn:pcd:813', 'mailto:a@b', 'FILE:x'], [['x https://a', 'must be an address that begins with https:, http:, urn:, file: or mailto:'], ['https:', 'must be an address that begins with https:, http:, urn:, file: or mailto:'], ['https://a b', 'must be an address that begins with https:, http:, urn:, file: or mailto:']]],
  ['pointer', pointer(), ['/value/amount', '/', '/a~1b~0', '//'], [['value', 'must be a JSON Pointer such as /value/amount'], ['/~2', 'must be a JSON Pointer such as /value/amount'], ['x/a', 'must be a JSON Pointer such as /value/amount']]],
  ['choice', choice(['ex', 'inc']), ['ex', 'inc'], [['vat', 'must be one of ex, inc'], [['ex'], 'must be one of ex, inc']]],
  ['flag', flag(), [true, false], [['true', 'must be true or false'], [1, 'must be true or false']]],
  ['date', date(), ['2016', '2016-02-29', '[..2016]', 'unknown'], [['2016-02-30', '2016-02-30 is not a day of the calendar'], [2016, 'must be a text']]],
  ['day', day(), ['2016-02-29'], [['2016', 'must be one day, such as 2016-02-29'], ['2016-02-30', '2016-02-30 is not a day of the calendar']]],
  ['count', count(undefined, { min: 1, max: 9 }), [1, 9], [[0, 'must be from 1 to 9'], [10, 'must be from 1 to 9'], [1.5, 'must be a whole number'], ['3', 'must be a whole number']]],
  ['count without limits', count(), [0, 1_000_000_000], [[-1, 'must be from 0 to 1000000000'], [1_000_000_001, 'must be from 0 to 1000000000'], [-0, 'must be a whole number']]],
  ['amount', amount(), [gbp('1'), { amount: '5', currency: 'JPY' }, { amount: '1.123', currency: 'KWD' }, { ...gbp('1'), qualifier: 'about', roundedTo: '1000', stated: [{ amount: '2', currency: 'USD', rate: '1.36' }, { amount: '2', currency: 'EUR' }] }], [[gbp('0.001'), '/amount: has 3 digits after the point; GBP has 2'], [{ ...gbp('1'), roundedTo: '1,000' }, '/roundedTo: must be a plain decimal such as 95000000.00, without sign, exponent or separators'], [{ ...gbp('1'), stated: [{ amount: '2', currency: 'EUR' }, { amount: '0.5', currency: 'JPY' }] }, '/stated/1/amount: has 1 digits after the point; JPY has 0'], [{ ...gbp('1'), stated: [{ amount: '2', currency: 'USD', rate: '1.36 or so' }] }, '/stated/0/rate: must be a plain decimal such as 1.36'], [{ amount: '1', currency: 5 }, '/currency: must be a text'], [{ amount: 1, currency: 'GBP' }, '/amount: must be a text'], [{ ...gbp('1'), roundedTo: 5 }, '/roundedTo: must be a text']]],
  ['amount that may be below zero', signedAmount(), [gbp('-1'), { ...gbp('-1'), qualifier: 'about' }, { ...gbp('-1'), qualifier: 'exact' }, { ...gbp('1'), qualifier: 'under' }], [...['under', 'over', 'at-most', 'at-least'].map((qualifier) => [{ ...gbp('-1'), qualifier }, '/qualifier: must be exact or about where the amount is below zero'] as const), [{ ...gbp('-1'), roundedTo: '-1' }, '/roundedTo: must be a plain decimal such as 95000000.00, without sign, exponent or separators']]],
  ['value', value(), [gbp('1'), { undisclosed: true }, { unknown: true }, { withheld: { why: 'commercial' } }, { withheld: { why: 'commercial', until: '2020' } }], [[{ undisclosed: false }, '/undisclosed: must be true'], [{ unknown: 1 }, '/unknown: must be true'], [{ withheld: {} }, '/withheld/why: is missing'], [{ undisclosed: true, amount: '1' }, '/amount: is not a field that is known here'], ['undisclosed', 'must be an object'], [gbp('0.001'), '/amount: has 3 digits after the point; GBP has 2']]],
  ['headcount', headcount(), [{ count: 0, unit: 'fte' }, { count: '7.5', unit: 'fte' }, { count: 3, unit: 'people', qualifier: 'under' }], [[{ count: 1, unit: 'heads' }, '/unit: must be one of posts, people, fte'], [{ count: -1, unit: 'fte' }, `/count: ${NO_TALLY}`], [{ count: '7.5', unit: 'people' }, '/count: must be a whole number: only full-time equivalents have a decimal text'], [{ count: 0, unit: 'people', qualifier: 'under' }, '/count: must not be under none']]],
  ['tally', tally(), [0, 1_000_000_000, '7.5', '0.0001', '999999999'], [[-1, NO_TALLY], [-0, NO_TALLY], [1_000_000_001, NO_TALLY], [1.5, NO_TALLY], ['01', NO_TALLY], ['1.00001', NO_TALLY], ['x1', NO_TALLY], ['1x', NO_TALLY], [true, NO_TALLY]]],
  ['quantity', quantity(undefined, { min: 1 }), [1, '7.5', { count: 400 }, { count: '0.5', qualifier: 'under' }], [[0, 'must be above zero'], ['0.0', 'must be above zero'], [{ count: 0 }, '/count: must be above zero'], [{ count: 0, qualifier: 'under' }, '/count: must not be under none'], [{ count: 1.5 }, `/count: ${NO_TALLY}`], [{ qualifier: 'over' }, '/count: is missing'], [{ count: 1, qualifier: 'some' }, '/qualifier: must be one of exact, about, under, over, at-most, at-least'], [null, NO_TALLY]]],
  ['quantity of none', quantity(), [0, '0', { count: 0 }, { count: 0, qualifier: 'over' }], [[{ count: 0, qualifier: 'under' }, '/count: must not be under none']]],
  ['percentage', percentage(), [0, 1000, '12.5', '0.0001'], [[-1, NO_PERCENTAGE], [-0, NO_PERCENTAGE], [1.5, NO_PERCENTAGE], ['012', NO_PERCENTAGE], ['1.00001', NO_PERCENTAGE], ['x1', NO_PERCENTAGE], ['1x', NO_PERCENTAGE], [1001, 'must be from 0 to 1000'], ['1000.1', 'must be from 0 to 1000']]],
  ['list', list(id(), undefined, { min: 1, max: 2 }), [['a'], ['a', 'b']], [[[], 'must hold from 1 to 2 entries'], [['a', 'b', 'c'], 'must hold from 1 to 2 entries'], ['a', 'must be a list'], [['a', 'B'], '/1: must match ^[a-z0-9][a-z0-9-]{0,63}$']]],
  ['object', object({ person: id(), office: optional(text()) }), [{ person: 'p-1' }, { person: 'p-1', office: 'Director' }], [[{}, '/person: is missing'], [{ person: 'p-1', age: 3 }, '/age: is not a field that is known here'], [[], 'must be an object'], [null, 'must be an object']]],
];
describe.each(cases)('a field of the kind %s', (_, field, right, wrong) => {
  const validator = () => new Ajv2020({ strict: false, validateFormats: false }).compile(schema(field).it);

  it('takes what is right, as its schema does', () => {
    const validate = validator();
    for (const given of right) expect([given, faults(field, given), validate(given)]).toEqual([given, [], true]);
  });

  it('says what is wrong, and where; its schema refuses all of it but a zero below zero, which JSON does not tell from zero', () => {
    const validate = validator();
    for (const [given, fault] of wrong)
      expect([given, faults(field, given), validate(given)]).toEqual([given, [fault], Object.is(given, -0)]);
  });

  it('takes its own example, as its schema does, and refuses all that it calls wrong', () => {
    const { it: example } = exampleOf({ it: field });
    expect([faults(field, example), validator()(example)]).toEqual([[], true]);
    expect(wrongFor(field).length).toBeGreaterThan(3);
    for (const given of wrongFor(field)) expect([given, faults(field, given).length > 0]).toEqual([given, true]);
  });
});

describe('the schema of a field', () => {
  it('gives its bounds, its form and what it is about', () => {
    const fields: Fields = {
      title: text('Name of the tower', { max: 60 }),
      person: id(),
      supplier: ref(supplier, 'Who takes it over'),
      member: ref('supplier'),
      partner: ref(supplier),
      event: uuid(),
      source: uri(),
      place: pointer(),
      vat: choice(['ex', 'inc']),
      partial: optional(flag()),
      on: date(),
      until: day(),
      months: count('Months', { min: 1, max: 1200 }),
      towers: list(id(), 'Towers', { max: 20 }),
      any: json(),
    };
    expect(schemaOf(fields)).toEqual({
      type: 'object',
      additionalProperties: false,
      required: Object.keys(fields).filter((name) => name !== 'partial'),
      properties: {
        title: { type: 'string', minLength: 1, maxLength: 60, pattern: expect.any(String), description: 'Name of the tower' },
        person: { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,63}$' },
        supplier: { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,63}$', description: 'Who takes it over' },
        member: { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,63}$', description: 'the id of a supplier' },
        partner: { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,63}$', description: 'the id of a supplier' },
        event: { type: 'string', format: 'uuid', pattern: expect.stringContaining('[0-9a-f]{8}-') },
        source: { type: 'string', pattern: expect.any(String), maxLength: 2000 },
        place: { type: 'string', pattern: expect.any(String), maxLength: 200 },
        vat: { enum: ['ex', 'inc'] },
        partial: { type: 'boolean' },
        on: {
          title: 'Date',
          type: 'string',
          pattern: expect.any(String),
          description: expect.stringContaining('[..2016-02-29], [2018..], unknown'),
        },
        until: { type: 'string', format: 'date', pattern: expect.any(String) },
        months: { type: 'integer', minimum: 1, maximum: 1200, description: 'Months' },
        towers: { type: 'array', items: { type: 'string', pattern: expect.any(String) }, minItems: 0, maxItems: 20, description: 'Towers' },
        any: {},
      },
    });
  });

  it('of money and of people has a title, and lists every way to have no amount', () => {
    expect(schema(amount()).it).toMatchObject({ title: 'Amount', required: ['amount', 'currency'] });
    expect(schema(headcount()).it).toMatchObject({ title: 'Headcount', required: ['count', 'unit'] });
    const { title, oneOf } = schema(value()).it as { readonly title: string; readonly oneOf: readonly { readonly required: string[]; readonly properties: object }[] }; // prettier-ignore
    expect([title, oneOf.map(({ required }) => required)]).toEqual(['Value', [['amount', 'currency'], ['undisclosed'], ['unknown'], ['withheld']]]); // prettier-ignore
    expect(oneOf[1]!.properties).toEqual({ undisclosed: { const: true } });
  });

  it('has a title of its own where the amount may be below zero, and where a quantity is above it', () => {
    const titles = [signedAmount(), signedValue(), quantity(), quantity(undefined, { min: 1 })].map((field) => schema(field).it);
    expect(titles).toEqual(['SignedAmount', 'SignedValue', 'Quantity', 'QuantityAboveZero'].map((title) => expect.objectContaining({ title }))); // prettier-ignore
  });

  it('of money gives an example, and the currencies by name', () => {
    const { properties } = schema(amount()).it as { readonly properties: Readonly<Record<string, { readonly enum: readonly string[] }>> };
    expect([properties['amount'], properties['currency']]).toMatchObject([{ examples: ['95000000.00'] }, { description: 'ISO 4217' }]);
    const { enum: currencies } = properties['currency']!;
    expect(currencies).toEqual([...currencies].sort());
    expect(currencies).toEqual(expect.arrayContaining(['GBP', 'JPY', 'KWD']));
  });

  it.each([7, 10, 42, 100, 305])('of a percentage up to %d takes every figure up to it, and none above', (max) => {
    const field = percentage(undefined, { max });
    const validate = new Ajv2020({ strict: false }).compile(schema(field).it);
    const texts = Array.from({ length: 1100 }, (_, n) => [`${n}`, `${n}.0`, `${n}.5`, `0${n}`]).flat();
    expect(texts.filter((text) => validate(text) !== (faults(field, text).length === 0))).toEqual([]);
    expect(texts.filter((text) => validate(text))).toHaveLength(3 * max + 2);
  });
});

describe('the example of an input', () => {
  it('has every required field, and an optional one where it has an example of its own', () => {
    const fields: Fields = {
      title: text('Name of the tower, in full'),
      plain: text(),
      paper: text('Paper', { example: 'PCD 813' }),
      months: count(undefined, { min: 6 }),
      few: count(),
      scope: optional(text('Scope')),
      office: optional(text('Office', { example: 'Director' })),
      by: choice(['authority', 'supplier']),
      towers: list(id()),
      supplier: ref('supplier'),
      value: value(),
      staff: headcount(),
      who: object({ person: id(), role: optional(text()) }),
      isPartial: flag(),
      any: json(),
    };
    expect(exampleOf(fields)).toEqual({
      title: 'Name of the tower',
      plain: 'text',
      paper: 'PCD 813',
      months: 6,
      few: 1,
      office: 'Director',
      by: 'authority',
      towers: ['met-example'],
      supplier: 'example-supplier',
      value: { amount: '95000000.00', currency: 'GBP' },
      staff: { count: 113, unit: 'people' },
      who: { person: 'met-example' },
      isPartial: true,
      any: '2016-02-29',
    });
  });
});

describe('what an input names', () => {
  const fields = (): Fields => ({
    programme: ref('programme'),
    towers: optional(list(ref('tower'))),
    about: optional(object({ supplier: optional(ref('supplier')), note: optional(text()) })),
    steps: optional(list(object({ by: ref('supplier') }))),
    title: optional(text()),
  });

  it('is every id of another aggregate, with its place', () => {
    const data = { programme: 'met', towers: ['euc', 'hosting'], about: { supplier: 'csc' }, steps: [{ by: 'atos' }], title: 'x' };
    expect(refsIn(fields(), data)).toEqual([
      { category: 'programme', id: 'met', pointer: '/programme' },
      { category: 'tower', id: 'euc', pointer: '/towers/0' },
      { category: 'tower', id: 'hosting', pointer: '/towers/1' },
      { category: 'supplier', id: 'csc', pointer: '/about/supplier' },
      { category: 'supplier', id: 'atos', pointer: '/steps/0/by' },
    ]);
    expect(refsIn(fields(), { programme: 'met', about: {} })).toEqual([{ category: 'programme', id: 'met', pointer: '/programme' }]);
    expect(refsIn(fields(), undefined)).toEqual([]);
  });

  it('is a supplier where an id names one, unless it is a word of its own', () => {
    const bearer = id(undefined, { names: { category: 'supplier', unless: ['authority'] } });
    const data = { by: 'csc', shares: [{ bearer: 'authority' }, { bearer: 'atos' }] };
    expect(refsIn({ by: bearer, shares: list(object({ bearer })) }, data)).toEqual([
      { category: 'supplier', id: 'csc', pointer: '/by' },
      { category: 'supplier', id: 'atos', pointer: '/shares/1/bearer' },
    ]);
  });

  it('has the name of its field where it is one or a list, and none deeper inside', () => {
    const refer = (category: string, id: string) => `${category}:${id}`;
    const data = { programme: 'met', towers: ['euc', 'hosting'], about: { supplier: 'csc' }, steps: [{ by: 'atos' }] };
    expect(refsOf(fields(), data, refer)).toEqual({ programme: 'programme:met', towers: ['tower:euc', 'tower:hosting'] });
    expect(refsOf(fields(), { towers: [] }, refer)).toEqual({ towers: [] });
    expect(refsOf(fields(), undefined, refer)).toEqual({});
  });
});

describe('the money of an input', () => {
  const fields = (): Fields => ({
    paid: amount(),
    value: optional(value()),
    table: optional(list(object({ from: amount(), approver: text() }))),
    record: optional(object({ limit: optional(amount()), office: optional(text()) })),
    title: optional(text()),
  });

  it('is every currency, with its place; what is not disclosed has none', () => {
    const data = {
      paid: gbp('1'),
      value: { amount: '2', currency: 'USD', stated: [{ amount: '2', currency: 'EUR' }] },
      table: [{ from: gbp('3'), approver: 'Mayor' }, { from: { amount: '4', currency: 'DEM' }, approver: 'Director' }],
      record: { limit: { amount: '5', currency: 'CHF' }, office: 'Board' },
      title: 'x',
    }; // prettier-ignore
    expect(currenciesIn(fields(), data)).toEqual([
      { currency: 'GBP', pointer: '/paid/currency' },
      { currency: 'USD', pointer: '/value/currency' },
      { currency: 'GBP', pointer: '/table/0/from/currency' },
      { currency: 'DEM', pointer: '/table/1/from/currency' },
      { currency: 'CHF', pointer: '/record/limit/currency' },
    ]);
    expect(currenciesIn(fields(), { paid: gbp('1'), value: { undisclosed: true }, table: [], record: {} })).toEqual([
      { currency: 'GBP', pointer: '/paid/currency' },
    ]);
    expect(currenciesIn(fields(), undefined)).toEqual([]);
    expect(currenciesIn({ title: text() }, { title: 'GBP' })).toEqual([]);
  });
});

it('references to other systems are each kept once, in the order in which they were recorded', () => {
  const [a, b] = [
    { scheme: 'ocid', id: 'a' },
    { scheme: 'ocid', id: 'b' },
  ];
  const other = { scheme: 'ted', id: 'a' };
  expect(withReferences([a], [b, other, a, b])).toEqual({ references: [a, b, other] });
  expect([withReferences(undefined, [a]), withReferences([a])]).toEqual([{ references: [a] }, { references: [a] }]);
  expect(Object.keys(withReferences([], []))).toEqual([]);
});

describe('what several checks say', () => {
  const many = (n: number) => check({ list: list(text(), undefined, { max: 200 }) }, { list: Array(n).fill('') });

  it('is listed as if one check had said it', () => {
    expect(joinProblems([many(2), [], many(1)])).toHaveLength(3);
    expect(joinProblems([many(30), many(20)])).toHaveLength(MAX_PROBLEMS);
    expect(joinProblems([many(30), many(21)]).at(-1)).toEqual({ pointer: '', detail: '1 more fault is not listed' });
    expect(joinProblems([many(60), many(30)])).toHaveLength(MAX_PROBLEMS + 1);
    expect(joinProblems([many(60), many(30)]).at(-1)!.detail).toBe('40 more faults are not listed');
    expect(joinProblems([[], many(60)]).at(-1)!.detail).toBe('10 more faults are not listed');
  });

  it('names a field by its key, at most 64 characters of it, as a step of a pointer', () => {
    expect(check({}, { 'a/b': 1, ['x'.repeat(99)]: 1 }).map(({ pointer }) => pointer)).toEqual(['/a~1b', `/${'x'.repeat(63)}…`]);
    expect(check({ title: text() }, {}, '/record')).toEqual([{ pointer: '/record/title', detail: 'is missing' }]);
    expect(check({ toString: text() }, {})).toEqual([{ pointer: '/toString', detail: 'is missing' }]);
  });

  it('of money is one fault: what it is made of, else its figures', () =>
    expect(check({ value: amount() }, { value: { amount: '1e9', currency: 5, extra: 1 } }).map(({ pointer }) => pointer)).toEqual([
      '/value/extra',
      '/value/currency',
    ]));

  it('of figures is counted behind fifty other faults', () => {
    const faulty = check({ list: list(text()), paid: amount() }, { list: Array(50).fill(''), paid: gbp('0.001') });
    expect(faulty.at(-1)).toEqual({ pointer: '', detail: '1 more fault is not listed' });
  });
});

it('a field at a pointer is one of money, of people and of the record too', () => {
  const fields: Fields = { staff: headcount(), paid: amount(), units: quantity(), ...provenanceFields };
  const kinds = [
    '/staff/count',
    '/paid/stated/0/rate',
    '/decidedBy/person',
    '/authority/limit/amount',
    '/evidence/3/published',
    '/units/qualifier',
    '/units/unit',
    '/reason/count',
    '/reason/x',
  ];
  expect(kinds.map((pointer) => fieldAt(fields, pointer)?.kind)).toEqual([
    'tally',
    'text',
    'id',
    'text',
    'date',
    'choice',
    undefined,
    undefined,
    undefined,
  ]);
  expect(fieldAt(fields, '')?.kind).toBe('object');
});

it('an id is a text of lower-case letters, digits and dashes', () =>
  expect(['met', 'met-1', 'Met', '', 5, undefined].map(isIdentifier)).toEqual([true, true, false, false, false, false]));
