import { isUtf8 } from 'node:buffer';
import { canonical } from '../kernel/index.js';

/** Of objects and lists in one another; the outermost is the first level. */
const MAX_DEPTH = 100;

/** The value that a text stands for, where it is canonical JSON as docs/proof-format.md has it; else undefined. */
export const parseCanonical = (text: string): unknown => {
  let value: unknown;
  try {
    value = JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
  return isPlain(value) && canonical(value) === text ? value : undefined;
};

/** Whether canonical JSON can show a value: every number is an integer, and nothing is nested too deep. */
export const isPlain = (value: unknown, level = 1): boolean => {
  if (typeof value === 'number') return Number.isSafeInteger(value);
  if (value === null || typeof value !== 'object') return true;
  if (level > MAX_DEPTH) return false;
  for (const entry of Array.isArray(value) ? value : Object.values(value)) if (!isPlain(entry, level + 1)) return false;
  return true;
};

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The text of bytes; undefined when they are no UTF-8. */
export const textIn = (bytes: Buffer): string | undefined => (isUtf8(bytes) ? bytes.toString('utf8') : undefined);
