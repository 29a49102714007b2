import { describe, expect, it } from '@jest/globals';
import { bodyOf, storedBody, type Body } from '../../src/engine/write/receipt.js';
import { canonical, type Metadata } from '../../src/kernel/index.js';

const fields = { title: 'Hosting', value: { amount: '1', currency: 'GBP' } };
const record = { effectiveOn: '2016', decidedBy: { person: 'dmpc', office: 'Deputy Mayor' }, authority: { reference: 'PCD 813' }, reason: 'Growth', evidence: [{ title: 'PCD 813' }] }; // prettier-ignore

/** As the first event of a decision stores it, and as the body is read from there again. */
const again = (body: Body, recorded: (data: object) => object = (data) => data) => {
  const { record: said = {}, ...data } = body;
  const { waives: _, ...provenance } = said;
  const stored = storedBody(body, data, { type: 'X', data: recorded(data) });
  const metadata = { effectiveOn: '2026-03-01', ...provenance, command: { id: 'd', name: 'X', ...stored } } as unknown as Metadata;
  return { stored, body: bodyOf(JSON.parse(JSON.stringify({ data: recorded(data), metadata }))) };
};

describe('what a command was sent with', () => {
  it.each<[string, Body]>([
    ['without a record', fields],
    ['with an empty record', { ...fields, record: {} }],
    ['with the day of the act alone', { ...fields, record: { effectiveOn: '2015-11' } }],
    ['with all that a record says', { ...fields, record }],
    ['without fields', { record }],
  ])('%s is stored once, and read again the same in canonical JSON', (_, body) => {
    const read = again(body);
    expect(read.stored).toEqual({ record: body.record ? Object.keys(body.record) : null });
    expect(canonical(read.body)).toBe(canonical(body));
  });

  it.each<[string, Body, (data: object) => object]>([
    ['the event says something else', fields, () => ({ other: 1 })],
    ['a rule was waived, which no metadata holds', { ...fields, record: { ...record, waives: ['four-eyes'] } }, (data) => data],
  ])('is stored whole where %s', (_, body, recorded) => {
    const read = again(body, recorded);
    expect(read.stored).toEqual({ body });
    expect(canonical(read.body)).toBe(canonical(body));
  });
});
