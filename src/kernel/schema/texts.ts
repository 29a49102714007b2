import type { Json } from '../event.js';
import type { Field } from './fields.js';
import { no, type Problem } from './problems.js';

export type Check = (field: Field, value: unknown, at: string, problems: Problem[]) => void;

/** Begins with what can be seen and is printable ASCII: nothing else needs to be looked for in most texts. */
const plain = /^[\x21-\x7e][\x20-\x7e]*$/;
// C0 but for tab and line ends, DEL, C1; lone surrogates are caught by isWellFormed.
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;
/** Embeddings, overrides and isolates: they make a reader see other words than were recorded. */
const turned = /[\u202a-\u202e\u2066-\u2069]/;
/** Anything that leaves a trace on paper: no blank, control or format character, no filler (U+3164), no empty braille cell. */
const visible = /[^\p{White_Space}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** White space, control and format characters, and fillers of the Basic Multilingual Plane, as ranges of a class. */
const INVISIBLE =
  '\\u0000-\\u0020\\u007f-\\u00a0\\u00ad\\u034f\\u0600-\\u0605\\u061c\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u115f\\u1160\\u1680\\u17b4\\u17b5' +
  '\\u180b-\\u180f\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u206f\\u2800\\u3000\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb';
const HIGH = '[\\ud800-\\udbff]';
const LOW = '[\\udc00-\\udfff]';
/**
 * The same as a regular expression for JSON Schema, with or without the flag `u`, since validators differ. It takes a text of nothing but
 * invisible characters beyond the Basic Multilingual Plane, which `visible` does not.
 */
export const TEXT =
  `^(?=[\\s\\S]*[^${INVISIBLE}])(?![\\s\\S]*(?:${HIGH}(?!${LOW})|(?<!${HIGH})${LOW}))` +
  '[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u202a-\\u202e\\u2066-\\u2069]*$';

/** The end of a sentence; undefined where somebody can see the text. */
export const whyNotVisible = (value: string): string | undefined =>
  value === '' ? 'must not be empty' : plain.test(value) || visible.test(value) ? undefined : 'must hold something that can be seen';

/** Whether a text is longer than `max` code points, as JSON Schema counts. */
const isLonger = (text: string, max: number): boolean => {
  if (text.length <= max) return false;
  if (text.length > 2 * max) return true;
  let points = 0;
  for (const _ of text) points++;
  return points > max;
};
/** The check of a kind that is a text. `also`: why it is none of that kind, as the end of a sentence. */
export const asText =
  (also: (text: string, field: Field) => string | undefined): Check =>
  (field, value, at, problems) => {
    if (typeof value !== 'string') return no(problems, at, 'must be a text');
    const max = field.max ?? 200;
    if (isLonger(value, max)) return no(problems, at, `must not be longer than ${max} characters`);
    if (!plain.test(value)) {
      if (!value.isWellFormed()) return no(problems, at, 'must not hold broken unicode');
      if (control.test(value)) return no(problems, at, 'must not hold control characters');
      if (turned.test(value)) return no(problems, at, 'must not hold characters that turn the direction of the text');
    }
    const why = also(value, field);
    if (why) no(problems, at, why);
  };
export const aString = (more: { readonly [key: string]: Json }) => ({ type: 'string', ...more });
