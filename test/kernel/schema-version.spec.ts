import { describe, expect, it } from '@jest/globals';
import { UNREADABLE, UnreadableEventError, type AnyAggregate, type RecordedEvent } from '../../src/kernel/index.js';
import { changeAt, ledgerDataOf, upcastCorrection, versionOf } from '../../src/kernel/ledger.js';
import { pointerOf, shapeOf, unsupported } from '../../src/kernel/schema-version.js';

/** Three shapes of one type: a name that became a list, and then a list of parties. */
const aggregate = {
  category: 'deal',
  events: {
    Agreed: {
      version: 3,
      upcast: { 1: ({ supplier }: any) => ({ suppliers: [supplier] }), 2: ({ suppliers }: any) => ({ parties: suppliers.map((name: string) => ({ name })) }) }, // prettier-ignore
      moved: { 1: { '/supplier': '/suppliers/0' }, 2: { '/suppliers/0': '/parties/0/name', '/parties': '/never' } },
    },
    Ended: {},
    Extended: { version: 3, upcast: { 1: (data: any) => data, 2: (data: any) => data }, moved: { 2: { '/to': '/until' } } },
  },
} as unknown as AnyAggregate;
const event = (type: string, schemaVersion: number, data: object = {}): RecordedEvent =>
  ({ type, data, stream: 'deal-d', revision: 4, position: '28', metadata: { schemaVersion } }) as unknown as RecordedEvent;

describe('an event of an earlier shape', () => {
  it('is read in the shape of today, whatever shapes lie between', () => {
    expect(shapeOf(aggregate, event('Agreed', 1, { supplier: 'csc' }))).toEqual({ parties: [{ name: 'csc' }] });
    expect(shapeOf(aggregate, event('Agreed', 2, { suppliers: ['csc'] }))).toEqual({ parties: [{ name: 'csc' }] });
    expect(shapeOf(aggregate, event('Agreed', 3, { parties: [] }))).toEqual({ parties: [] });
    expect([versionOf(aggregate, 'Agreed'), versionOf(aggregate, 'Ended'), versionOf(aggregate, 'NeverSeen')]).toEqual([3, 1, 1]);
  });

  it('has what a pointer led to where today has it', () => {
    const at = (version: number, pointer: string) => pointerOf(aggregate, event('Agreed', version), pointer);
    expect([at(1, '/supplier'), at(2, '/suppliers/0'), at(1, '/title')]).toEqual(['/parties/0/name', '/parties/0/name', '/title']);
    expect([at(3, '/supplier'), at(3, '/parties')]).toEqual(['/supplier', '/parties']);
    expect(pointerOf(aggregate, event('Extended', 1), '/to')).toBe('/until'); // the first change of its shape moved nothing
    expect(pointerOf(aggregate, event('Ended', 1), '/why')).toBe('/why');
    expect(pointerOf(aggregate, event('NeverSeen', 1), '/why')).toBe('/why');
    expect(pointerOf(aggregate, undefined, '/why')).toBe('/why');
  });

  it('that is newer than this program, or of a type that it does not know, is not read', () => {
    expect(() => shapeOf(aggregate, event('Ended', 2))).toThrow('Ended at deal-d@4 is newer than this program.');
    expect(() => shapeOf(aggregate, event('NeverSeen', 1))).toThrow('NeverSeen at deal-d@4 is newer than this program.');
    expect(unsupported(event('Ended', 2))).toMatchObject({ name: 'UnsupportedSchemaVersionError', event: { type: 'Ended', revision: 4 } });
  });

  it('that cannot be read at all says where it stands, under a code of its own', () =>
    expect(unsupported(event('Ended', UNREADABLE))).toMatchObject({
      constructor: UnreadableEventError,
      name: 'UnreadableEventError',
      code: 'history-broken',
      message: 'The event at position 28, revision 4 of deal-d, cannot be read: it is damaged, or another program wrote it.',
      event: { type: 'Ended', stream: 'deal-d', revision: 4 },
    }));
});

describe("the ledger's own events", () => {
  const change = { pointer: '/value', value: 1 };
  it('have versions of their own', () => {
    expect([versionOf(aggregate, 'FactCorrected'), versionOf(aggregate, 'FactWithdrawn')]).toEqual([2, 1]);
    expect(() => ledgerDataOf(event('FactCorrected', 3))).toThrow('is newer than this program');
    expect(() => ledgerDataOf(event('FactWithdrawn', 2))).toThrow('is newer than this program');
    expect(() => ledgerDataOf(event('Agreed', 1))).toThrow('is newer than this program');
  });

  it('of which a correction once had one field alone: it reads as one change', () => {
    const now = { event: 'e', because: 'error', changes: [change] } as const;
    expect(upcastCorrection({ event: 'e', because: 'error', ...change })).toEqual(now);
    expect(upcastCorrection(now)).toBe(now);
    expect(ledgerDataOf(event('FactCorrected', 1, { event: 'e', because: 'error', ...change }))).toEqual(now);
    expect(ledgerDataOf(event('FactCorrected', 2, now))).toBe(now);
    const withdrawn = { event: 'e', value: 1, pointer: '/value', because: 'error' };
    expect(ledgerDataOf(event('FactWithdrawn', 1, withdrawn))).toBe(withdrawn);
  });

  it('a place in an event is of the change that leads there, else of the first', () => {
    const changes = ['/title', '/value/amount', '/lots'].map((pointer) => ({ pointer }));
    expect(['/lots/0/title', '/value', '/title', '/vat'].map((pointer) => changeAt(changes, pointer))).toEqual([2, 1, 0, 0]);
  });
});
