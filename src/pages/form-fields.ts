import { checkField, type Field, type Fields, type Json } from '../kernel/index.js';

/** A part of a command's body: what a form sent, or what a form shows. */
export type Part = Json | undefined;
type Sent = URLSearchParams;

/** Entries of a list of objects that a form sends at most. */
const MOST = 100;
const SIZES: Readonly<Record<string, number>> = { k: 3, m: 6, bn: 9 };

/** `£95m`, `95,000,000.00` and `95000000` are the same figure; what is no figure stays as it was written, for the check to say so. */
export const figureIn = (written: string): string => {
  const [, whole, fraction = '', size] = /^[£$€]?\s*(-?[\d,]+)(?:\.(\d+))?\s*(k|m|bn)?$/i.exec(written.trim()) ?? [];
  if (whole === undefined) return written.trim();
  const plain = whole.replaceAll(',', '');
  const by = SIZES[size?.toLowerCase() ?? ''] ?? 0;
  if (by === 0) return fraction === '' ? plain : `${plain}.${fraction}`;
  const moved = `${plain}${fraction.padEnd(by, '0').slice(0, by)}`.replace(/^(-?)0+(?=\d)/, '$1');
  const rest = fraction.slice(by);
  return rest === '' ? moved : `${moved}.${rest}`;
};
const numberIn = (text: string): Part => (/^-?\d{1,15}$/.test(text) ? Number(text) : text);
const textIn = (form: Sent, at: string): string | undefined => form.get(at)?.trim().replaceAll('\r\n', '\n') || undefined;
const parsed = (text: string): Json | undefined => {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
};
/** An object, a list or a text in quotes as JSON; anything else is a text: `2016` may be a year. */
const jsonIn = (text: string): Json => {
  const json = parsed(text);
  return typeof json === 'string' || (typeof json === 'object' && json !== null) ? json : text;
};
/** How a form shows what it reads as the same again. */
export const jsonText = (value: Part): string =>
  typeof value === 'string' && jsonIn(value) === value ? value : value === undefined ? '' : JSON.stringify(value, null, 1);
/** What was written for a field of a fact: a number, yes or no where the field takes no such text. */
export const meant = (written: Json, field: Field | undefined): Json => {
  if (typeof written !== 'string' || !field || checkField(field, written, '').length === 0) return written;
  const json = parsed(written);
  return json !== undefined && checkField(field, json, '').length === 0 ? json : written;
};

/** The names of a value's states in a form: an amount, or why there is none. */
export const MISSING = ['undisclosed', 'unknown', 'withheld'] as const;

const amountIn = (form: Sent, at: string): Part => {
  const amount = textIn(form, `${at}/amount`);
  if (amount === undefined) return undefined;
  const [qualifier, roundedTo] = [textIn(form, `${at}/qualifier`), textIn(form, `${at}/roundedTo`)];
  return {
    amount: figureIn(amount),
    currency: (textIn(form, `${at}/currency`) ?? '').toUpperCase(),
    ...(qualifier !== undefined && { qualifier }),
    ...(roundedTo !== undefined && { roundedTo: figureIn(roundedTo) }),
  };
};

/** Whether the entries of a list are single lines of text. */
export const isLines = ({ item }: Field): boolean =>
  item !== undefined && ['text', 'id', 'ref', 'date', 'day', 'uri', 'uuid', 'pointer', 'choice'].includes(item.kind);

/** What a form says of one field; undefined where it was left empty. */
export const readField = (field: Field, at: string, form: Sent): Part => {
  const text = textIn(form, at);
  switch (field.kind) {
    case 'flag':
      return text === 'true' ? true : text === 'false' && !field.values ? false : undefined;
    case 'count':
    case 'tally':
    case 'percentage':
      return text === undefined ? undefined : numberIn(text.replaceAll(',', ''));
    case 'quantity':
    case 'headcount': {
      const count = textIn(form, `${at}/count`);
      if (count === undefined) return undefined;
      const [qualifier, unit] = [textIn(form, `${at}/qualifier`), textIn(form, `${at}/unit`)];
      const figure = numberIn(count.replaceAll(',', ''))!;
      if (field.kind === 'quantity' && qualifier === undefined) return figure;
      return { count: figure, ...(qualifier !== undefined && { qualifier }), ...(unit !== undefined && { unit }) };
    }
    case 'amount':
      return amountIn(form, at);
    case 'value': {
      const is = form.get(`${at}/is`);
      if (is === 'undisclosed') return { undisclosed: true };
      if (is === 'unknown') return { unknown: true };
      if (is === 'withheld') {
        const until = textIn(form, `${at}/until`);
        return { withheld: { ...(until !== undefined && { until }), why: textIn(form, `${at}/why`) ?? '' } };
      }
      return amountIn(form, at);
    }
    case 'object': {
      const fields: Fields = field.fields ?? {};
      const isEmpty = Object.entries(fields).every(
        ([name, one]) => readField({ ...one, optional: true }, `${at}/${name}`, form) === undefined,
      );
      return isEmpty && field.optional ? undefined : readFields(fields, form, at);
    }
    case 'list': {
      if (isLines(field)) {
        const lines = (text ?? '').split('\n').map((line) => line.trim()).filter((line) => line !== ''); // prettier-ignore
        return lines.length === 0 && field.optional ? undefined : lines;
      }
      const n = Math.min(MOST, Number(/^\d{1,3}$/.exec(form.get(`${at}/#`) ?? '')?.[0] ?? 0));
      const items = Array.from({ length: n }, (_, i) => readField({ ...field.item!, optional: true }, `${at}/${i}`, form)).filter(
        (item) => item !== undefined,
      );
      return items.length === 0 && field.optional ? undefined : items;
    }
    case 'json':
      return text === undefined ? undefined : jsonIn(text);
    default:
      return text;
  }
};
export const readFields = (fields: Fields, form: Sent, at = ''): { readonly [name: string]: Json } =>
  Object.fromEntries(
    Object.entries<Field>(fields).flatMap(([name, field]) => {
      const part = readField(field, `${at}/${name}`, form);
      return part === undefined ? [] : [[name, part] as const];
    }),
  );
