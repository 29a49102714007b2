import type { Json } from './event.js';

/** The business said no. Carries a stable code for programs and a sentence for people; knows nothing of HTTP. */
export class Rejection extends Error {
  override readonly name = 'Rejection';

  constructor(
    readonly code: string,
    sentence: string,
    /** JSON Pointer of the field that is to blame, and what else a program can use. */
    readonly more: { readonly pointer?: string; readonly [key: string]: Json | undefined } = {},
  ) {
    super(sentence);
  }
}

// A declared function, not an arrow: only then does TypeScript narrow `state` after `if (…) reject(…)`.
// `reject<keyof typeof refusals>(…)` lets the compiler find a code that is none.
export function reject<Code extends string = string>(code: Code, sentence: string, more?: Rejection['more']): never {
  throw new Rejection(code, sentence, more);
}
