import { isDay, whyNotADate, whyNotAnAmount, type Amount } from '../kernel/index.js';

/** In which order a date of digits has its parts; `2020-04-30` is read in any case. */
export const DATE_ORDERS = ['day-first', 'month-first', 'year-first'] as const;
export type DateOrder = (typeof DATE_ORDERS)[number];
export interface CellRules {
  readonly dates: DateOrder;
  readonly currency: string;
}
/** What a cell says, or why it cannot be read. */
export type Read<T> = { readonly value: T } | { readonly why: string };

const PLACES: { readonly [O in DateOrder]: readonly [year: number, month: number, day: number] } = {
  'day-first': [3, 2, 1],
  'month-first': [3, 1, 2],
  'year-first': [1, 2, 3],
};
const WORDS: { readonly [O in DateOrder]: string } = {
  'day-first': 'day, month, year',
  'month-first': 'month, day, year',
  'year-first': 'year, month, day',
};

/** `30/04/2020`, `30.4.2020` or `2020-04-30`, with a time of midnight or none. */
export const dateIn = (text: string, { dates }: CellRules): Read<string> => {
  const day = text.replace(/[T ]00:00(:00(\.0+)?)?Z?$/, '');
  if (/^\d{4}(-\d\d(-\d\d)?)?$/.test(day)) {
    const why = whyNotADate(day);
    return why === undefined ? { value: day } : { why: `${why}` };
  }
  const parts = /^(\d{1,4})[/.-](\d{1,2})[/.-](\d{1,4})$/.exec(day);
  const [year = '', month = '', dayOfMonth = ''] = PLACES[dates].map((place) => parts?.[place] ?? '');
  if (year.length !== 4 || month.length > 2 || dayOfMonth.length > 2)
    return { why: `is no date of the form ${WORDS[dates]} with four digits of the year` };
  const value = `${year}-${month.padStart(2, '0')}-${dayOfMonth.padStart(2, '0')}`;
  return isDay(value) && whyNotADate(value) === undefined ? { value } : { why: `is no day of the calendar as ${WORDS[dates]}` };
};

const SIGNS: Readonly<Record<string, string>> = { '£': 'GBP', '€': 'EUR', $: 'USD' };

/** `£1,234.50`, `1234.5` or `GBP 1,234.50`. Thousands are commas or blanks, the decimal sign is a point. */
export const amountIn = (text: string, { currency }: CellRules): Read<Amount> => {
  const [, sign = '', number = '', code = ''] = /^([£€$]|[A-Z]{3})?\s*(\S.*?)\s*([A-Z]{3})?$/u.exec(text) ?? [];
  const named = SIGNS[sign] ?? (sign || code);
  if (named !== '' && named !== currency) return { why: `is in ${named}, and the mapping says ${currency}` };
  if (!/^(\d{1,3}([, \u00a0]\d{3})+|\d+)(\.\d+)?$/.test(number)) return { why: 'is no amount such as 1,234.50' };
  const [whole = '', fraction] = number.replaceAll(/[, \u00a0]/g, '').split('.');
  const kept = fraction?.replace(/0+$/, '');
  const amount = `${whole.replace(/^0+(?=\d)/, '')}${kept ? `.${kept}` : ''}`;
  const why = whyNotAnAmount(amount, currency);
  return why === undefined ? { value: { amount, currency } } : { why };
};

export const flagIn = (text: string): Read<boolean> =>
  /^(yes|y|true|1)$/i.test(text) ? { value: true } : /^(no|n|false|0)$/i.test(text) ? { value: false } : { why: 'is neither yes nor no' };

/** A text of one line at most so long; several lines become one. */
export const textIn = (text: string, max: number): Read<string> => {
  const value = text.replaceAll(/\s+/gu, ' ').trim();
  return value.length <= max ? { value } : { why: `has ${value.length} characters: at most ${max} are kept` };
};
