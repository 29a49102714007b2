import type { Json } from '../event.js';

/** What JSON shows as it is. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\ud7ff\ue000-\uffff]*$/;
const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));

/** Canonical JSON (RFC 8785): the same text for the same value, whatever order its keys came in. Absent and undefined are one. */
export const canonical = (value: unknown): string => {
  if (typeof value === 'string') return quoted(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  let text = '';
  if (Array.isArray(value)) {
    for (const entry of value) text += (text && ',') + canonical(entry);
    return `[${text}]`;
  }
  const fields = value as { readonly [key: string]: unknown };
  for (const key of Object.keys(fields).sort())
    if (fields[key] !== undefined) text += `${text && ','}${quoted(key)}:${canonical(fields[key])}`;
  return `{${text}}`;
};

const steps = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

/** The value that a JSON Pointer (RFC 6901) names; undefined when there is none. */
export const at = (value: unknown, pointer: string): any => {
  let here: any = value;
  for (const step of steps(pointer)) {
    if (here === null || typeof here !== 'object' || !Object.hasOwn(here, step)) return undefined;
    here = here[step];
  }
  return here;
};

/** A copy with the value at a JSON Pointer replaced or, in an object, added. */
export const withValue = (value: any, pointer: string, to: Json): any => put(value, steps(pointer), to);

const put = (value: any, [step, ...rest]: string[], to: Json): any => {
  if (step === undefined) return to;
  if (Array.isArray(value)) return value.map((entry, i) => (String(i) === step ? put(entry, rest, to) : entry));
  return { ...value, [step]: put(value?.[step], rest, to) };
};

export interface Change {
  readonly pointer: string;
  readonly from: Json;
  readonly to: Json;
}

/** What differs between two values, deepest place first named; `null` stands for absent. */
export const differences = (from: any, to: any, pointer = ''): Change[] => {
  if (canonical(from) === canonical(to)) return [];
  const walk = (v: unknown) => v !== null && typeof v === 'object' && !Array.isArray(v);
  if (!walk(from) || !walk(to)) return [{ pointer, from: from ?? null, to: to ?? null }];
  return [...new Set([...Object.keys(from), ...Object.keys(to)])].flatMap((key) =>
    differences(from[key], to[key], `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  );
};
