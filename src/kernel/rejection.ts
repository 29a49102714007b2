import type { Json } from './event.js';

/** A command refused by a business rule: a stable code for programs and a sentence for people. Independent of HTTP. */
export class Rejection extends Error {
  override readonly name = 'Rejection';

  constructor(
    readonly code: string,
    sentence: string,
    /** JSON Pointer of the offending field, and further details for programs. */
    readonly more: { readonly pointer?: string; readonly [key: string]: Json | undefined } = {},
  ) {
    super(sentence);
  }
}

// A function declaration, because TypeScript narrows `state` after `if (…) reject(…)` only for declared functions, not for arrows.
// `reject<keyof typeof refusals>(…)` makes the compiler report an undeclared code.
export function reject<Code extends string = string>(code: Code, sentence: string, more?: Rejection['more']): never {
  throw new Rejection(code, sentence, more);
}
