import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonical } from '../../src/kernel/index.js';
import '../seed.js';

/** RFC 8785, as it reads: keys by their UTF-16 code units, no white space. */
const byTheRfc = (value: unknown): string => {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(byTheRfc).join(',')}]`;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${byTheRfc(member)}`).join(',')}}`;
};

const key = fc.oneof(
  fc.constantFrom('a', 'b', 'B', 'ab', '', '10', '9', '-1', '1e3', '__proto__', '_', '$a', 'constructor', '\u20ac', '\ufb33', '\u{1f600}'),
  fc.string({ maxLength: 3, unit: 'binary' }),
);
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, 0, -0, 1e21, 0.1, 'x', 'é"\\\n\u2028', '\ud800'),
    tie('list'),
    tie('object'),
    tie('object'),
  ),
  list: fc.array(tie('json'), { maxLength: 4 }),
  // parsed, as what comes from the wire: `__proto__` is a member like any other
  object: fc.array(fc.tuple(key, tie('json')), { maxLength: 6 }).map((members) => JSON.parse(`{${members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`) as unknown), // prettier-ignore
}));

describe('canonical JSON', () => {
  it('is what RFC 8785 says, whatever the keys', () => {
    fc.assert(
      fc.property(json, (value) => expect(canonical(value)).toBe(byTheRfc(value))),
      { numRuns: 2000 },
    );
  });

  it('changes nothing of the value', () => {
    fc.assert(
      fc.property(json, (value) => {
        const before = JSON.stringify(value);
        canonical(value);
        expect(JSON.stringify(value)).toBe(before);
      }),
    );
  });

  it('leaves out what is undefined, and has null for it in a list', () => {
    expect(canonical({ b: 1, a: undefined, 1: undefined })).toBe('{"b":1}');
    expect(canonical({ b: [undefined], a: { d: undefined, c: 2 } })).toBe('{"a":{"c":2},"b":[null]}');
    expect(canonical(undefined)).toBe('null');
  });
});
