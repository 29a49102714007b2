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

/** The keys that a JSON Pointer goes through. */
export const steps = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

/** A key as a step of a JSON Pointer, at most 64 characters of it. */
export const stepOf = (key: string): string =>
  (key.length > 64 ? `${key.slice(0, 63)}…` : key).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1');

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
/** The entry of a list that a step names: `7`, never `07`, `-` or `length`. */
const isEntry = (list: readonly unknown[], step: string): boolean => /^(0|[1-9]\d{0,8})$/.test(step) && Number(step) < list.length;
const has = (value: unknown, step: string): boolean =>
  Array.isArray(value) ? isEntry(value, step) : isObject(value) && Object.hasOwn(value, step);

/** The value that a JSON Pointer (RFC 6901) names, by own properties and existing list entries alone; undefined when there is none. */
export const at = (value: unknown, pointer: string): any => {
  let here: any = value;
  for (const step of steps(pointer)) {
    if (!has(here, step)) return undefined;
    here = here[step];
  }
  return here;
};

/** Whether `withValue` has an effect at a JSON Pointer: all that leads there exists, and so does a list entry that it ends in. */
export const hasPlace = (value: unknown, pointer: string): boolean => {
  const way = steps(pointer);
  const last = way.pop();
  let here: any = value;
  for (const step of way) {
    if (!has(here, step)) return false;
    here = here[step];
  }
  return last === undefined || isObject(here) || has(here, last);
};

/** A copy with the value at a JSON Pointer replaced or, in an object, added; the same value where `hasPlace` says no. */
export const withValue = (value: any, pointer: string, to: Json): any => put(value, steps(pointer), to);

const put = (value: any, [step, ...rest]: string[], to: Json): any => {
  if (step === undefined) return to;
  if (Array.isArray(value)) return isEntry(value, step) ? value.with(Number(step), put(value[Number(step)], rest, to)) : value;
  if (!isObject(value) || (rest.length > 0 && !Object.hasOwn(value, step))) return value;
  return { ...value, [step]: put(value[step], rest, to) };
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

const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/gs;

/**
 * The JSON Pointer of the first name that stands twice in one object of a JSON text, where `JSON.parse` keeps the last value without a
 * word; undefined when there is none. The text is JSON already, and as deep as the caller allows.
 */
export const duplicateName = (text: string): string | undefined => {
  /** The objects (their names) and lists (no names) that are open, and where each stands. */
  const open: { readonly names: Set<string> | undefined; step: string; entry: number }[] = [];
  let last = '';
  for (const [token] of text.matchAll(TOKENS)) {
    const here = open.at(-1);
    if (token === '{' || token === '[') open.push({ names: token === '{' ? new Set() : undefined, step: '0', entry: 0 });
    else if (token === '}' || token === ']') open.pop();
    else if (token === ',') {
      if (here && !here.names) here.step = String(++here.entry);
    } else if (token === ':') {
      const name = JSON.parse(last) as string;
      here!.step = stepOf(name);
      if (here!.names!.has(name)) return open.map(({ step }) => `/${step}`).join('');
      here!.names!.add(name);
    } else last = token;
  }
  return undefined;
};
