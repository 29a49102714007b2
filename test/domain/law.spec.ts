import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  all,
  any,
  cited,
  cites,
  isWorkingDay,
  judge,
  lastDayOf,
  malformedIn,
  not,
  packOf,
  shipped,
  unreachableIn,
  type Answer,
  type Facts,
  type Judgement,
  type Pack,
} from '../../src/domain/law/index.js';
import { addDays } from '../../src/kernel/index.js';

/** What the rules say: `id` → whether it holds, with `?` where it may not apply. */
const said = (judgements: readonly Judgement[]) =>
  Object.fromEntries(judgements.map(({ rule, applies, holds }) => [rule.id, `${holds}${applies === 'yes' ? '' : '?'}`]));
const gbp = (amount: string) => ({ amount, currency: 'GBP' });
/** In pounds, exact. */
const pounds = (n: number) => ({ least: BigInt(n * 100), most: BigInt(n * 100), currency: 'GBP' });
const change = (original: string, current: string, to: string): NonNullable<Facts['change']> => ({
  original: gbp(original),
  current: gbp(current),
  to: gbp(to),
});

describe('the caps of PCR 2015 reg. 72(1)(b) and (c)', () => {
  const by72b = (of: NonNullable<Facts['change']>) =>
    judge(shipped.pcr2015Changes, { decidedOn: '2018-06-01', ground: 'PCR 2015 reg. 72(1)(b)', change: of }).find(({ rule }) => rule.id === 'additional')!; // prettier-ignore

  it.each([
    ['V1: £96m to £143m is 48.96 % of the original', change('96000000', '96000000', '143000000'), 'yes', undefined],
    ['V2: £143m to £176.8m is 35.2 %, together 84.2 %', change('96000000', '143000000', '176800000'), 'yes', 'above 50 %'],
    ['V3: £6.807m to £10.210m is 49.99 %', change('6807000', '6807000', '10210000'), 'yes', undefined],
    ['V4: £10.2m to £15.2m is 73.5 % of the original, though 49.02 % of the current value', change('6807000', '10200000', '15200000'), 'no', 'above 50 %'], // prettier-ignore
    ['exactly 50 %', change('100', '100', '150'), 'yes', undefined],
    ['a penny more', change('100', '100', '150.01'), 'no', 'above 50 %'],
    ['a decrease of any size', change('100', '100', '1'), 'yes', undefined],
    ['figures too rounded to tell', { ...change('100', '100', '150'), to: { ...gbp('150'), roundedTo: '10' } }, 'within-precision', undefined], // prettier-ignore
  ])('are of each change, and of the original price: %s', (_, of, holds, flag) => {
    const judgement = by72b(of);
    expect(judgement.holds).toBe(holds);
    if (flag === undefined) expect(judgement).not.toHaveProperty('flag');
    else expect(judgement.flag).toContain(flag);
  });

  it('are of the price as indexed, where it was', () => {
    expect(by72b(change('100', '160', '220')).holds).toBe('no');
    expect(by72b({ ...change('100', '160', '220'), indexed: gbp('120') })).toMatchObject({ holds: 'yes', applies: 'yes' });
  });

  it('name what they lack', () =>
    expect(by72b({ ...change('1', '1', '2'), original: { undisclosed: true } })).toMatchObject({
      holds: 'unknown',
      missing: ['the value before or after the change'],
      unclear: [],
    }));

  it('hold of a change that leaves the value alone', () =>
    expect(said(judge(shipped.pcr2015Changes, { decidedOn: '2018', ground: 'reg 72(1)(c)', unforeseen: true }))).toEqual({ unforeseen: 'yes', 'unforeseen-need': 'yes' })); // prettier-ignore

  it('leave to a person what only a person can judge, and name what was not said', () => {
    const judgements = judge(shipped.pcr2015Changes, { decidedOn: '2018', ground: 'reg 72(1)(c)' });
    expect(judgements.find(({ rule }) => rule.id === 'unforeseen-need')).toMatchObject({ holds: 'unknown', missing: ['unforeseen'] });
    expect(said(judge(shipped.pcr2015Changes, { decidedOn: '2018', ground: 'reg 72(1)(a)' }))).toEqual({ 'review-clause': 'judgement' });
    expect(said(judge(shipped.pcr2015Changes, { decidedOn: '2018', ground: 'reg 72(1)(c)', unforeseen: false }))).toMatchObject({ 'unforeseen-need': 'no' }); // prettier-ignore
  });
});

describe('the de-minimis of PCR 2015 reg. 72(5)', () => {
  const small = (facts: Facts) => said(judge(shipped.pcr2015Changes, { decidedOn: '2018-06-01', ground: 'reg. 72(5)', ...facts }));

  it.each([
    ['the second change of 6 % brings them to 12 %', '1000000', '1060000', '1120000', 'no'],
    ['together 9.99 %', '1000000', '1050000', '1099900', 'yes'],
    ['exactly 10 % is not below it', '1000000', '1050000', '1100000', 'no'],
    ['back to where it began', '1000000', '1200000', '1000000', 'yes'],
    ['together 12 % less', '1000000', '940000', '880000', 'no'],
  ])('adds up: %s', (_, original, current, to, holds) =>
    expect(small({ work: 'services', change: change(original, current, to) })['small-goods-services']).toBe(holds),
  );

  it('is 15 % of a contract for works, and says both where nobody says what it is for', () => {
    const of = { change: change('1000000', '1000000', '1120000'), cumulative: pounds(120_000) };
    expect(small({ ...of, work: 'works' })).toEqual({ 'small-works': 'yes', 'threshold-works-2018': 'yes' });
    expect(small({ ...of, buyer: 'sub-central' })).toEqual({
      'small-goods-services': 'no?',
      'small-works': 'yes?',
      'threshold-sub-central-2018': 'yes?',
      'threshold-works-2018': 'yes?',
    });
  });

  it.each([
    ['2015-12-31', 172_513, 'threshold-sub-central-2015', 'yes'],
    ['2016-01-01', 164_176, 'threshold-sub-central-2016', 'no'],
    ['2018-01-01', 181_301, 'threshold-sub-central-2018', 'yes'],
    ['2018-01-01', 181_302, 'threshold-sub-central-2018', 'no'],
    ['2024-01-01', 214_903, 'threshold-sub-central-2024', 'yes'],
  ])('also stays below the threshold of its day: %s, £%i', (decidedOn, sum, rule, holds) => {
    const facts = { work: 'goods', buyer: 'sub-central', decidedOn, change: change('99999999', '99999999', '99999999'), cumulative: pounds(sum) }; // prettier-ignore
    expect(small(facts)).toEqual({ 'small-goods-services': 'yes', [rule]: holds });
  });

  it('decides nothing on an amount in another currency, nor of one that is known only in part', () => {
    const of = (cumulative: Facts['cumulative']) => small({ work: 'works', cumulative })['threshold-works-2018'];
    expect(of({ least: 1n, most: 1n, currency: 'EUR' })).toBe('unknown');
    expect(of({ least: 1n, currency: 'GBP' })).toBe('unknown');
    expect(of({ least: 455_141_300n, currency: 'GBP' })).toBe('no');
    expect(of({ most: 455_141_299n, currency: 'GBP' })).toBe('yes');
  });
});

describe('the Procurement Act 2023', () => {
  const pa = (facts: Facts) => said(judge(shipped.pa2023Changes, { decidedOn: '2026-01-15', work: 'services', ...facts }));

  it('caps the grounds of Schedule 8 that have a cap at 50 % of each change', () => {
    for (const [paragraph, rule] of [[4, 'unforeseeable'], [5, 'known-risk'], [8, 'additional']] as const) {
      const ground = `Schedule 8, paragraph ${paragraph}`;
      expect(pa({ ground, change: change('100', '140', '190') })).toMatchObject({ [rule]: 'yes' });
      expect(pa({ ground, change: change('100', '140', '190.01') })).toMatchObject({ [rule]: 'no' });
    } // prettier-ignore
    expect(pa({ ground: 'Sch. 8 para. 1', change: change('100', '100', '900') })).toEqual({ 'provided-for': 'judgement', 'change-notice-goods-services': 'unknown' }); // prettier-ignore
  });

  it.each([
    ['60 months', 60, '2029-03-31', '2029-09-30', 'yes'],
    ['60 months and a day more than 10 %', 60, '2029-03-31', '2029-10-01', 'no'],
    ['66 months, of which 10 % are 6.6', 66, '2029-03-31', '2029-10-10', 'within-precision'],
    ['66 months and more than 7 of them', 66, '2029-03-31', '2029-11-01', 'no'],
    ['a term that becomes shorter by 7 months', 60, '2029-10-31', '2029-03-31', 'no'],
    ['an unknown longest term', undefined, '2029-03-31', '2029-09-30', 'unknown'],
    ['an end that is not known', 60, undefined, '2029-09-30', 'unknown'],
    ['a new end that is not known to the month', 60, '2029-03-31', '2030', 'unknown'],
  ])('lets a change that is not substantial alter the term by 10 % of its longest: %s', (_, maximum, endsOn, newEndsOn, holds) =>
    expect(pa({ ground: 's. 74(1)(b)', term: { endsOn, newEndsOn, maximum } })['term']).toBe(holds),
  );

  it('lets a small change alter the value by 10 %, or 15 % of works, each by itself and up or down', () => {
    const small = (work: string, to: string) => pa({ ground: 'section 74(1)(c)', work, change: change('1000', '1090', to) });
    expect(small('services', '1190')).toMatchObject({ 'small-goods-services': 'yes' });
    expect(small('services', '1190.01')).toMatchObject({ 'small-goods-services': 'no' });
    expect(small('goods', '980')).toMatchObject({ 'small-goods-services': 'no' });
    expect(small('works', '1240')).toMatchObject({ 'small-works': 'yes' });
    expect(small('works', '1240.01')).toMatchObject({ 'small-works': 'no' });
  });

  it('asks for a notice before a change of more than 10 %', () => {
    const of = (to: string, changeNoticeOn?: string) => pa({ ground: 's. 74(1)(b)', change: change('1000', '1000', to), changeNoticeOn });
    expect(of('1100')).not.toHaveProperty('change-notice-goods-services');
    expect(of('1100.01')).toMatchObject({ 'change-notice-goods-services': 'unknown' });
    expect(of('899')).toMatchObject({ 'change-notice-goods-services': 'unknown' });
    expect(of('1200', '2026-01-14')).toMatchObject({ 'change-notice-goods-services': 'yes' });
    expect(of('1200', '2026-01-15')).toMatchObject({ 'change-notice-goods-services': 'within-precision' });
    expect(of('1200', '2026-01-16')).toMatchObject({ 'change-notice-goods-services': 'no' });
  });

  it('knows the step only within the precision of its sources', () => {
    const to = { ...gbp('1100'), roundedTo: '10' };
    expect(pa({ ground: 's. 74(1)(b)', change: { original: gbp('1000'), current: gbp('1000'), to } })).toMatchObject({ 'change-notice-goods-services': 'unknown?' }); // prettier-ignore
    const thirds = { original: gbp('3'), current: gbp('3'), to: gbp('3.30') };
    expect(pa({ ground: 's. 74(1)(b)', change: thirds })).not.toHaveProperty('change-notice-goods-services');
  });
});

describe('a contract under the regulations of 2006', () => {
  it('has no percentage: a person judges whether a change is substantial', () =>
    expect(said(judge(shipped.pcr2006Changes, { decidedOn: '2012', change: change('1', '1', '9') }))).toEqual({ 'not-substantial': 'judgement' })); // prettier-ignore
});

describe('standstill', () => {
  const sent = (pack: Pack, facts: Facts) => judge(pack, facts);

  it.each([
    ['sent on Tuesday 23 March 2010, it ends after Easter', '2010-03-23', true, '2010-04-06'],
    ['sent on a Monday, it ends on Thursday of the week after', '2016-11-21', true, '2016-12-01'],
    ['of which the tenth day is a Sunday', '2016-11-24', true, '2016-12-05'],
    ['by post it is 15 days', '2016-11-21', false, '2016-12-06'],
    ['by post over Christmas', '2016-12-12', false, '2016-12-28'],
  ])('under PCR is 10 days from the letter, to a working day: %s', (_, standstillLetterOn, electronic, last) => {
    for (const pack of [shipped.pcr2006Standstill, shipped.pcr2015Standstill].slice(standstillLetterOn < '2015' ? 0 : 1)) {
      const on = (signedOn: string) => sent(pack.id.includes('2006') ? pack : shipped.pcr2015Standstill, { signedOn, electronic, standstillLetterOn }); // prettier-ignore
      if (last < pack.inForce.from) continue;
      expect(on(last)).toMatchObject([{ holds: 'no', due: { earliest: last, latest: last } }]);
      expect(on(addDays(last, 1))).toMatchObject([{ holds: 'yes' }]);
    }
  });

  it.each([
    ['over Christmas 2024', '2024-12-24', '2025-01-07'],
    ['of a week without holidays', '2025-03-03', '2025-03-12'],
    ['over Easter', '2025-04-15', '2025-04-28'],
    ['of a notice on a Saturday', '2025-03-01', '2025-03-12'],
  ])('under the Act is 8 working days that begin with the notice: %s', (_, awardNoticeOn, last) => {
    expect(lastDayOf(awardNoticeOn, { count: 8, kind: 'working', first: true })).toBe(last);
    if (awardNoticeOn < shipped.pa2023Standstill.inForce.from) return;
    expect(sent(shipped.pa2023Standstill, { signedOn: last, awardNoticeOn })).toMatchObject([{ holds: 'no' }]);
    expect(sent(shipped.pa2023Standstill, { signedOn: addDays(last, 1), awardNoticeOn })).toMatchObject([{ holds: 'yes' }]);
  });

  it('is not over for certain where a day is known to the month, and names what it lacks', () => {
    const of = (facts: Facts) => judge(shipped.pcr2015Standstill, { electronic: true, ...facts });
    expect(of({ signedOn: '2016-12', standstillLetterOn: '2016-11-21' })).toMatchObject([{ holds: 'unknown', unclear: ['the day of the signature'] }]); // prettier-ignore
    expect(of({ signedOn: '2017-01', standstillLetterOn: '2016-11' })).toMatchObject([{ holds: 'yes', due: { earliest: '2016-11-11', latest: '2016-12-12' } }]); // prettier-ignore
    expect(of({ signedOn: '2016-12-24' })).toMatchObject([{ holds: 'unknown', missing: ['the standstill letter'] }]);
    expect(of({ signedOn: '2016-12-24', standstillLetterOn: '[..2016-12-01]' })).toMatchObject([{ holds: 'unknown', unclear: ['the standstill letter'] }]); // prettier-ignore
    expect(said(judge(shipped.pcr2015Standstill, { signedOn: '2017-01-01', standstillLetterOn: '2016-11-21' }))).toEqual({ electronic: 'yes?', 'other-means': 'yes?' }); // prettier-ignore
    expect(judge(shipped.pcr2015Standstill, { signedOn: '2015-02-25', electronic: true })).toEqual([]);
  });

  it('is unknown beyond the years whose bank holidays are listed', () => {
    expect(isWorkingDay('2009-12-31')).toBeUndefined();
    expect(isWorkingDay('2028-01-03')).toBeUndefined();
    expect(lastDayOf('2027-12-30', { count: 10, kind: 'calendar', toWorkingDay: true })).toBeUndefined();
    expect(lastDayOf('2027-12-24', { count: 8, kind: 'working' })).toBeUndefined();
    expect(lastDayOf('2027-12-30', { count: 10, kind: 'calendar' })).toBe('2028-01-09');
    expect(lastDayOf('2027-12-30', { count: 1, kind: 'calendar', first: true })).toBe('2027-12-30');
    expect(judge(shipped.pa2023Standstill, { signedOn: '2028-02-01', awardNoticeOn: '2027-12-30' })).toMatchObject([{ holds: 'unknown', unclear: ['the award notice'] }]); // prettier-ignore
  });

  it.each([
    ['2012-06-05', false],
    ['2012-06-06', true],
    ['2020-05-08', false],
    ['2020-05-04', true],
    ['2022-09-19', false],
    ['2021-12-28', false],
    ['2010-01-01', false],
    ['2027-12-31', true],
    ['2026-11-28', false],
    ['2026-11-29', false],
    ['2026-11-30', true],
  ])('knows working days: %s', (day, works) => expect(isWorkingDay(day)).toBe(works));
});

describe('what a ground cites', () => {
  it.each([
    ['PCR 2015 reg. 72(1)(b)', '72(1)(b)', true],
    ['Regulation 72 (1) (b), additional services', '72(1)(b)', true],
    ['reg. 172(1)(b)', '72(1)(b)', false],
    ['reg. 72(1)(c)', '72(1)(b)', false],
    ['Schedule 8, paragraph 4', 'Sch. 8 para. 4', true],
    ['Sch 8 para 45', 'Sch. 8 para. 4', false],
    ['Sch 8 para 45 and Sch 8 para 4', 'Sch. 8 para. 4', true],
    ['Section 74(1)(b)', '74(1)(b)', true],
  ])('%s cites %s: %s', (text, article, expected) => expect(cites(text, article)).toBe(expected));

  it('is none of the pack where no rule is of it', () =>
    expect(judge(shipped.pcr2015Changes, { decidedOn: '2018', ground: 'Option' })).toEqual([]));

  it('makes every rule a possible one where it was not said', () => {
    const judgements = judge(shipped.pcr2015Changes, { decidedOn: '2018-06-01', change: change('100', '100', '200') });
    expect(said(judgements)).toMatchObject({ additional: 'no?', unforeseen: 'no?', 'review-clause': 'judgement?' });
    expect(judgements.every(({ missing }) => missing.includes('the ground'))).toBe(true);
  });
});

describe('answers', () => {
  const answers: readonly Answer[] = ['yes', 'no', 'unknown', 'within-precision'];
  it('are of three values, and a fourth where sources are rounded', () => {
    expect(answers.map(not)).toEqual(['no', 'yes', 'unknown', 'within-precision']);
    expect([all([]), any([])]).toEqual(['yes', 'no']);
    expect([all(['yes', 'within-precision', 'unknown']), any(['no', 'within-precision', 'unknown'])]).toEqual(['unknown', 'unknown']);
    expect([all(['unknown', 'no']), any(['unknown', 'yes'])]).toEqual(['no', 'yes']);
    expect([all(['yes', 'within-precision']), any(['no', 'within-precision'])]).toEqual(['within-precision', 'within-precision']);
  });
  it('of one is that of not one of the opposites', () =>
    fc.assert(fc.property(fc.array(fc.constantFrom(...answers)), (list) => any(list) === not(all(list.map(not))))));
});

describe('a pack', () => {
  const bare = { id: 'p', version: '1', title: 'P', inForce: { from: '2015-01-01' }, source: { uris: ['https://example.org/law'], read: 'in-full' } } as const; // prettier-ignore
  const of = (subject: Pack['appliesTo']['subject'], ...rules: object[]): Pack =>
    ({ ...bare, appliesTo: { subject }, rules: rules.map((rule, i) => ({ id: `r${i}`, kind: 'duty', article: 'a', says: 'S.', ...rule })) }) as Pack; // prettier-ignore
  const when = (...conditions: [field: string, op: string, value: string][]) => ({
    when: conditions.map(([field, op, value]) => ({ field, op, value })),
  });
  const limit = { of: 'step', base: 'original', percent: '12.5' };
  const days = { count: 10, kind: 'calendar', act: 'signedOn', after: 'awardNoticeOn' };

  it.each<[string, Pack, pointer: string, detail: string]>([
    ['a fact of another subject', of('change', when(['basis', 'is', 'none'])), '/rules/0/when/0/field', 'basis is no fact of a change'],
    ['an operator that the fact has not', of('change', when(['unforeseen', 'above', '3'])), '/rules/0/when/0/op', 'unforeseen is asked by is'], // prettier-ignore
    ['a ground by its words', of('change', when(['ground', 'is', 'reg. 72'])), '/rules/0/when/0/op', 'ground is asked by cites'],
    ['a flag that is neither yes nor no', of('change', when(['unforeseen', 'is', 'true'])), '/rules/0/when/0/value', 'must be yes or no'],
    ['a day that is a month', of('change', when(['decidedOn', 'from', '2015-02'])), '/rules/0/when/0/value', 'must be a day'],
    ['a day that is none', of('change', when(['decidedOn', 'from', '2015-02-30'])), '/rules/0/when/0/value', 'must be a day'],
    ['an unknown day', of('change', when(['decidedOn', 'from', 'unknown'])), '/rules/0/when/0/value', 'must be a day'],
    ['a number that is none', of('transfer', when(['employees', 'below', 'ten'])), '/rules/0/when/0/value', 'must be a decimal number'],
    ['an amount without a currency', of('change', when(['cumulative', 'below', '100.00'])), '/rules/0/when/0/value', 'must be an amount such as "164176.00 GBP"'], // prettier-ignore
    ['several words for one', of('change', when(['work', 'is', 'goods | services'])), '/rules/0/when/0/value', 'must be one word: several need one-of'], // prettier-ignore
    ['a malformed demand', of('change', { must: when(['unforeseen', 'is', 'maybe']).when }), '/rules/0/must/0/value', 'must be yes or no'],
    ['a cap without a limit', of('change', { kind: 'cap' }), '/rules/0/limit', 'is missing: a cap has a limit'],
    ['a limit of a duty', of('change', { limit }), '/rules/0/limit', 'is only of a cap'],
    ['a notice without days', of('signature', { kind: 'notice' }), '/rules/0/days', 'are missing: a notice has days'],
    ['days of a duty', of('signature', { days }), '/rules/0/days', 'are only of a notice or a standstill'],
    ['a threshold that asks for nothing', of('change', { kind: 'threshold' }), '/rules/0/must', 'is missing: a threshold says what must hold'], // prettier-ignore
    ['a span of what does not add up', of('change', { within: 90 }), '/rules/0/within', 'is only of redundancies'],
    ['a cap on what is no change', of('transfer', { kind: 'cap', limit }), '/rules/0/limit', 'is only of a change'],
    ['a percentage that is none', of('change', { kind: 'cap', limit: { ...limit, percent: '50%' } }), '/rules/0/limit/percent', 'must be a decimal number'], // prettier-ignore
    ['a term of the original value', of('change', { kind: 'cap', limit: { ...limit, of: 'term' } }), '/rules/0/limit/base', 'must be maximumTerm of a term, and of a term alone'], // prettier-ignore
    ['a step of the longest term', of('change', { kind: 'cap', limit: { ...limit, base: 'maximumTerm' } }), '/rules/0/limit/base', 'must be maximumTerm of a term, and of a term alone'], // prettier-ignore
    ['days before and after', of('signature', { kind: 'standstill', days: { ...days, before: 'awardNoticeOn' } }), '/rules/0/days/before', 'or after or within must stand, one alone'], // prettier-ignore
    ['days neither before nor after', of('signature', { kind: 'standstill', days: { ...days, after: undefined } }), '/rules/0/days/before', 'or after or within must stand, one alone'], // prettier-ignore
    ['a distance from what is no day', of('signature', { kind: 'standstill', days: { ...days, after: 'electronic' } }), '/rules/0/days/after', 'electronic is no day of a signature'], // prettier-ignore
    ['an act of another subject', of('signature', { kind: 'standstill', days: { ...days, act: 'transferOn' } }), '/rules/0/days/act', 'transferOn is no day of a signature'], // prettier-ignore
    ['a rule of the id of another', of('change', { id: 'a' }, { id: 'a' }), '/rules/1/id', 'a is the id of another rule'],
  ])('is malformed with %s', (_, pack, pointer, detail) => expect(malformedIn(pack)).toContainEqual({ pointer, detail }));

  it('is well-formed with every kind of rule', () => {
    const pack = of('change', when(['unforeseen', 'is', 'no'], ['cumulative', 'at-most', '1 GBP'], ['work', 'one-of', 'goods|works']), { kind: 'cap', limit }, { kind: 'cap', limit: { of: 'term', base: 'maximumTerm', percent: '10' } }, { kind: 'threshold', must: when(['cumulative', 'below', '10.50 GBP']).when }); // prettier-ignore
    expect(malformedIn(pack)).toEqual([]);
    expect(malformedIn(of('signature', { kind: 'standstill', days }))).toEqual([]);
    expect(malformedIn(of('redundancies', { within: 90 }))).toEqual([]);
  });

  it.each<[string, Pack, index: number]>([
    ['from a day and until an earlier one', of('change', when(['decidedOn', 'from', '2016-01-02'], ['decidedOn', 'until', '2016-01-01'])), 1], // prettier-ignore
    ['at least so many and fewer', of('transfer', when(['employees', 'at-least', '10'], ['transferring', 'below', '5'], ['employees', 'below', '10'])), 2], // prettier-ignore
    ['above and at most the same', of('transfer', when(['employees', 'at-most', '10'], ['employees', 'above', '10'])), 1],
    ['above and below of one amount', of('change', when(['cumulative', 'above', '10 GBP'], ['cumulative', 'below', '10 GBP'])), 1],
    ['two words of one fact', of('change', when(['work', 'is', 'goods'], ['work', 'is', 'works'])), 1],
    ['a word and not that word', of('change', when(['work', 'one-of', 'goods | works'], ['work', 'is-not', 'goods'], ['work', 'is-not', 'works'])), 2], // prettier-ignore
    ['yes and no', of('change', when(['unforeseen', 'is', 'yes'], ['unforeseen', 'is', 'no'])), 1],
    ['a day before the pack is in force', of('change', when(['work', 'is', 'works'], ['decidedOn', 'until', '2014-12-31'])), 1],
    ['a day after it', { ...of('change', when(['decidedOn', 'from', '2020-01-02'])), inForce: { from: '2015-01-01', until: '2020-01-01' } }, 0], // prettier-ignore
  ])('has a rule that can never apply with %s', (_, pack, index) => {
    expect(malformedIn(pack)).toEqual([]);
    expect(unreachableIn(pack)).toMatchObject({ pointer: `/rules/0/when/${index}`, detail: expect.stringContaining('r0 never applies') });
  });

  it.each<[string, Pack]>([
    ['on one day', of('change', when(['decidedOn', 'from', '2016-01-01'], ['decidedOn', 'until', '2016-01-01']))],
    ['of exactly so many', of('transfer', when(['employees', 'at-least', '10'], ['employees', 'at-most', '10']))],
    ['within two limits of one side', of('transfer', when(['employees', 'at-least', '10'], ['employees', 'above', '5']))],
    ['of amounts in two currencies', of('change', when(['cumulative', 'above', '10 GBP'], ['cumulative', 'below', '5 EUR']))],
    ['of a word that is none of others', of('change', when(['work', 'is-not', 'goods'], ['work', 'is-not', 'works']))],
    ['that cites two articles', of('change', when(['ground', 'cites', '72(1)(b)'], ['ground', 'cites', '72(1)(c)']))],
    ['from the last day that it is in force', { ...of('change', when(['decidedOn', 'from', '2020-01-01'])), inForce: { from: '2015-01-01', until: '2020-01-01' } }], // prettier-ignore
    ['until the first', of('change', when(['decidedOn', 'until', '2015-01-01']))],
    ['without a condition', of('change', {})],
  ])('has a rule that can apply %s', (_, pack) => expect(unreachableIn(pack)).toBeUndefined());

  it('is in force only from its first day to its last', () => {
    const pack = { ...of('change', {}), inForce: { from: '2015-01-01', until: '2016-12-31' } };
    const on = (decidedOn: string | undefined) => said(judge(pack, { decidedOn }));
    expect(['2014-12-31', '2017-01-01'].map(on)).toEqual([{}, {}]);
    expect(['2015-01-01', '2016-12-31'].map(on)).toEqual([{ r0: 'judgement' }, { r0: 'judgement' }]);
    expect(['2014', '[2016..2017]', undefined].map(on)).toEqual([{}, { r0: 'judgement?' }, { r0: 'judgement?' }]);
  });

  it('is reachable with words, citations, amounts and days that leave room', () => {
    for (const pack of [
      of('change', when(['unforeseen', 'is', 'yes'], ['unforeseen', 'is', 'yes'])),
      of('change', when(['work', 'is', 'works'], ['work', 'is-not', 'goods'])),
      of('change', when(['cumulative', 'above', '5 GBP'], ['cumulative', 'below', '10 GBP'])),
      of('change', when(['cumulative', 'below', '10 GBP'], ['cumulative', 'above', '5 GBP'])),
      of('change', when(['changeNoticeOn', 'until', '2010-01-01'])),
      of('change', when(['decidedOn', 'from', '2010-01-01'])),
      { ...of('change', when(['decidedOn', 'until', '2030-01-01'])), inForce: { from: '2015-01-01', until: '2020-01-01' } },
      { ...of('change', when(['changeNoticeOn', 'from', '2030-01-01'])), inForce: { from: '2015-01-01', until: '2020-01-01' } },
    ])
      expect(unreachableIn(pack)).toBeUndefined();
    expect(unreachableIn(of('change', when(['cumulative', 'above', '10 GBP'], ['cumulative', 'below', '10 EUR'])))).toBeUndefined();
    expect(unreachableIn(of('change', when(['cumulative', 'above', '20 GBP'], ['cumulative', 'below', '10 GBP'])))).toBeDefined();
  });

  it('says by what a fact is asked, and takes any text as a citation', () => {
    expect(malformedIn(of('change', when(['work', 'cites', 'works'])))).toEqual([{ pointer: '/rules/0/when/0/op', detail: 'work is asked by is, is-not, one-of' }]); // prettier-ignore
    expect(malformedIn(of('change', when(['ground', 'cites', '72(1)(b) | 72(1)(c)'])))).toEqual([]);
  });

  it.each<[op: string, value: string, least: number | undefined, most: number | undefined, Answer]>([
    ['at-least', '10', 10, 20, 'yes'],
    ['at-least', '10', 9, 10, 'unknown'],
    ['at-least', '10', 1, 9, 'no'],
    ['at-least', '10', 10, undefined, 'yes'],
    ['at-least', '10', undefined, 9, 'no'],
    ['at-least', '10', undefined, undefined, 'unknown'],
    ['above', '10', 11, 11, 'yes'],
    ['above', '10', 10, 11, 'unknown'],
    ['above', '10', 10, 10, 'no'],
    ['above', '10', undefined, undefined, 'unknown'],
    ['at-most', '10', 9, 10, 'yes'],
    ['at-most', '10', 10, 11, 'unknown'],
    ['at-most', '10', 11, 12, 'no'],
    ['at-most', '10', undefined, undefined, 'unknown'],
    ['below', '10', 8, 9, 'yes'],
    ['below', '10', 9, 10, 'unknown'],
    ['below', '10', 10, 10, 'no'],
    ['below', '10', undefined, undefined, 'unknown'],
  ])('compares an interval: %s %s of %s to %s is %s', (op, value, least, most, expected) => {
    const pack = { ...of('transfer', { must: when(['employees', op, value]).when }), inForce: { from: '2000-01-01' } };
    const employees = { ...(least !== undefined && { least }), ...(most !== undefined && { most }) };
    const [judgement] = judge(pack as Pack, { transferOn: '2020-01-01', employees });
    expect(judgement).toMatchObject({ holds: expected, missing: [], unclear: expected === 'unknown' ? ['the number of employees'] : [] });
  });

  it('asks for words, one of them, or none of them, and names a fact that is absent or unknown', () => {
    const must = (op: string, value: string, work: string | undefined) =>
      judge(of('change', { must: when(['work', op, value]).when }), { decidedOn: '2018', work })[0];
    expect(['goods', 'works'].map((work) => must('is', 'goods', work)!.holds)).toEqual(['yes', 'no']);
    expect(['goods', 'works'].map((work) => must('is-not', 'goods', work)!.holds)).toEqual(['no', 'yes']);
    expect(['goods', 'services', 'works'].map((work) => must('one-of', 'goods | works', work)!.holds)).toEqual(['yes', 'no', 'yes']);
    for (const work of [undefined, 'unknown'])
      expect(must('is', 'goods', work)).toMatchObject({ holds: 'unknown', missing: ['what the contract is for (goods, services or works)'], unclear: [] }); // prettier-ignore
  });

  it('names what stands in the way of an answer alone', () => {
    const two = of('change', {
      must: when(['work', 'is', 'goods'], ['unforeseen', 'is', 'yes'], ['decidedOn', 'from', '2015-06-01']).when,
    });
    const missing = (facts: Facts) => judge(two, { decidedOn: '2018', ...facts })[0];
    expect(missing({ work: 'works' })).toMatchObject({ holds: 'no', missing: [], unclear: [] });
    expect(missing({ work: 'goods' })).toMatchObject({ holds: 'unknown', missing: ['unforeseen'], unclear: [] });
    expect(missing({ work: 'goods', unforeseen: true, decidedOn: '2015' })).toMatchObject({ holds: 'unknown', missing: [], unclear: ['the day of the change'] }); // prettier-ignore
  });

  it('limits by a decimal percentage, of the value that it names', () => {
    const holds = (limit: object, of1: NonNullable<Facts['change']>) =>
      judge(of('change', { kind: 'cap', limit: { of: 'step', base: 'original', percent: '12.5', ...limit } }), { decidedOn: '2018', change: of1 })[0]!; // prettier-ignore
    expect(holds({}, change('100', '100', '112.50')).holds).toBe('yes');
    expect(holds({}, change('100', '100', '112.51')).holds).toBe('no');
    expect(holds({ percent: '0.5' }, change('1000', '1000', '1005')).holds).toBe('yes');
    expect(holds({ percent: '0.5' }, change('1000', '1000', '1005.01')).holds).toBe('no');
    const indexed = { ...change('100', '150', '165'), indexed: gbp('120') };
    expect(holds({}, indexed).holds).toBe('no');
    expect(holds({ base: 'indexed' }, indexed).holds).toBe('yes');
    expect(holds({ below: true }, { ...change('100', '100', '112'), to: { ...gbp('112'), roundedTo: '2' } }).holds).toBe(
      'within-precision',
    );
  });

  it('knows a step that was recorded by itself exactly, beside a rounded total, and nothing of a figure without an end', () => {
    const of1 = (limit: object, more: object) =>
      judge(of('change', { kind: 'cap', limit: { of: 'step', base: 'original', percent: '10', ...limit } }), { decidedOn: '2018', change: { ...change('1000', '1000', '1100'), ...more } })[0]!; // prettier-ignore
    const rounded = { current: { ...gbp('1000'), roundedTo: '100' }, to: { ...gbp('1100'), roundedTo: '100' } };
    expect(of1({}, rounded).holds).toBe('within-precision');
    expect(of1({}, { ...rounded, by: gbp('100') }).holds).toBe('yes');
    expect(of1({}, { ...rounded, by: gbp('100.01') }).holds).toBe('no');
    expect(of1({ of: 'cumulative' }, { ...rounded, by: gbp('100') }).holds).toBe('within-precision');
    expect(of1({}, { to: { ...gbp('1050'), qualifier: 'over' } })).toMatchObject({
      holds: 'unknown',
      unclear: ['the value before or after the change'],
    });
    expect(of1({ below: true }, { to: { ...gbp('1100'), roundedTo: '100' } }).holds).toBe('within-precision');
    expect(of1({ below: true }, { to: gbp('1200') }).holds).toBe('no');
  });

  it('flags the sum of changes only where each of them is limited, and by the value that the limit is of', () => {
    const flag = (limit: object, facts: Facts) =>
      judge(of('change', { kind: 'cap', limit: { of: 'step', base: 'original', percent: '50', ...limit } }), { decidedOn: '2018', ...facts })[0]!.flag; // prettier-ignore
    const sum = { change: { ...change('100', '140', '165'), indexed: gbp('150') } };
    expect(flag({}, sum)).toContain('above 50 %');
    expect(flag({ base: 'indexed' }, sum)).toBeUndefined();
    expect(flag({ base: 'indexed' }, { change: change('100', '140', '165') })).toContain('above 50 %');
    expect(flag({ of: 'cumulative' }, sum)).toBeUndefined();
    expect(flag({}, {})).toBeUndefined();
  });

  it('lets a term become shorter where only longer ones are limited, and names what it lacks of it', () => {
    const of1 = (term: NonNullable<Facts['term']>) =>
      judge(of('change', { kind: 'cap', limit: { of: 'term', base: 'maximumTerm', percent: '10' } }), { decidedOn: '2018', term })[0];
    expect(of1({ endsOn: '2029-10-31', newEndsOn: '2025-03-31', maximum: 60 })).toMatchObject({ holds: 'yes' });
    expect(of1({ endsOn: '2029-10-31', newEndsOn: '2031-03-31' })).toMatchObject({ missing: ['the longest term that was awarded'] });
    expect(of1({ newEndsOn: '2031-03-31', maximum: 60 })).toMatchObject({ missing: ['the last day of the term'] });
  });

  it.each<[string, Facts['change'], Answer]>([
    ['an increase', change('1000', '1000', '1100.01'), 'yes'],
    ['exactly the percentage', change('1000', '1000', '1100'), 'no'],
    ['a decrease', change('1000', '1000', '899.99'), 'yes'],
    ['a decrease of exactly the percentage', change('1000', '1000', '900'), 'no'],
    ['a decrease known within its precision', { ...change('1000', '1000', '900'), to: { ...gbp('900'), roundedTo: '2' } }, 'unknown'],
    ['a decrease that is more within its precision', { ...change('1000', '1000', '880'), to: { ...gbp('880'), roundedTo: '2' } }, 'yes'],
    ['up or down by little', { ...change('1000', '1000', '1000'), to: { ...gbp('1000'), roundedTo: '20' } }, 'no'],
    ['up or down by more', { ...change('1000', '1000', '1000'), to: { ...gbp('1000'), roundedTo: '400' } }, 'unknown'],
    ['a third of a millionth more', change('3000000000', '3000000000', '3300000000.01'), 'unknown'],
    ['a third of a millionth less', change('3000000000', '3000000000', '2699999999.99'), 'unknown'],
    ['no change of value', undefined, 'no'],
    ['a value that is not known', { ...change('1', '1', '1'), to: { undisclosed: true } }, 'unknown'],
  ])('knows a step in per cent, up or down: %s', (_, of1, expected) => {
    const pack = of('change', { must: when(['stepPercent', 'above', '10']).when });
    expect(judge(pack, { decidedOn: '2018', change: of1 })[0]!.holds).toBe(expected);
  });

  it('counts days back from a day as well as it is known', () => {
    const on = (transferOn: string, liabilityInformationOn?: string) =>
      judge(shipped.transfers, { basis: 'business-transfer', transferOn, liabilityInformationOn }).find(
        ({ rule }) => rule.kind === 'notice',
      );
    expect(on('2016-04-01')).toMatchObject({ holds: 'unknown', missing: ['the liability information'], due: { earliest: '2016-03-04', latest: '2016-03-04' } }); // prettier-ignore
    expect(on('2016-04', 'unknown')).toMatchObject({ missing: ['the liability information'], due: { earliest: '2016-03-04', latest: '2016-04-02' } }); // prettier-ignore
    expect(on('2016-04', '2016-03-03')).toMatchObject({ holds: 'yes' });
    expect(on('2016-04', '2016-03-20')).toMatchObject({ holds: 'within-precision' });
    expect(on('2016-04', '2016-04-03')).toMatchObject({ holds: 'no' });
    expect(on('[2016-04-01..]')).toMatchObject({ holds: 'unknown', missing: [], unclear: ['the day of the transfer'] });
    expect(on('unknown')).toMatchObject({ applies: 'unknown', missing: ['the day of the transfer'], unclear: [] });
  });

  it('knows the end of a period only where both of its ends are in the years that are listed', () => {
    const [judgement] = judge(shipped.pcr2015Standstill, { signedOn: '2028-02-01', electronic: true, standstillLetterOn: '2027-12' });
    expect(judgement).toMatchObject({ holds: 'unknown', unclear: ['the standstill letter'], missing: [] });
    expect(judgement).not.toHaveProperty('due');
    expect(judge(shipped.pcr2015Standstill, { signedOn: 'unknown', electronic: true, standstillLetterOn: 'unknown' })[0]).toMatchObject({ missing: ['the day of the signature', 'the standstill letter'].slice(1) }); // prettier-ignore
  });

  it('is cited with its version, and whether it is to be confirmed', () => {
    expect(cited(shipped.transfers)).toBe('gb-transfers version 2024-07-01, to be confirmed');
    expect(cited(of('change', {}))).toBe('p version 1');
  });

  it('that is shipped is well-formed, says where it was read, and is to be confirmed unless it was read in full', () => {
    for (const pack of Object.values(shipped)) {
      expect(packOf(JSON.parse(JSON.stringify(pack)))).toEqual(pack);
      expect(pack.source.uris.length).toBeGreaterThan(0);
      expect(pack.source.read).toBe('in-part');
    }
  });

  it('is refused as a file, with the place that is wrong', () => {
    expect(() => packOf({ ...shipped.transfers, version: 3 })).toThrow('gb-transfers /version: must be a text');
    expect(() => packOf(of('change', { kind: 'cap' }))).toThrow('p /rules/0/limit: is missing');
    expect(() => packOf(of('change', when(['unforeseen', 'is', 'yes'], ['unforeseen', 'is', 'no'])))).toThrow(
      'p /rules/0/when/1: r0 never',
    );
    expect(() => packOf(null)).toThrow('must be an object');
  });
});
