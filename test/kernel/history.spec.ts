import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { contract } from '../../src/domain/contract/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { certainlyBefore, eventsOf, History, Snapshot, IllegalTransitionError, UNREADABLE, UnreadableEventError, UnsupportedSchemaVersionError, aggregate, text, type Entry, type RecordedEvent } from '../../src/kernel/index.js'; // prettier-ignore
import { historyOf, stream, theFact, context } from '../given.js';
import { uncertainDate } from '../random-history.js';

const typesOf = (entries: readonly Entry[]): string[] => entries.map(({ recorded }) => recorded.type);

const warned = (warning: string) => ({ warning, summary: 'Not without risk.', by: 'Watchdog', source: { title: 'A report' } });
/** A programme with warnings that take effect on these days, recorded in this order. */
const ofProgramme = (...warnings: readonly (readonly [warning: string, on: string])[]): History =>
  historyOf(
    stream(
      programme,
      'met',
      context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '1950'),
      ...warnings.map(([warning, on]) => context('WarningAdded', warned(warning), on)),
    ),
  );
const orderOf = ({ state }: History): string[] => state.warnings.map(({ warning }: { warning: string }) => warning);
const awarded = { programme: 'met', title: 'EUC', suppliers: [{ supplier: 'csc' }], value: { unknown: true } };
const two = [context('ContractAwarded', awarded, '2016'), context('ContractSigned', {}, '2017')];

describe('a backdated event', () => {
  it.each<readonly [what: string, recorded: readonly (readonly [string, string])[], order: string]>([
    ['events recorded in order keep that order', [['a', '2015'], ['b', '2016'], ['c', '2017']], 'a b c'],
    ['it comes before the first event that is certainly later', [['a', '2015'], ['c', '2017'], ['b', '2016']], 'a b c'],
    ['events of one day keep the order in which they were recorded', [['a', '2016-02-29'], ['b', '2016-02-29']], 'a b'],
    ['also before a later day that was recorded first', [['a', '2016-02-29'], ['c', '2017'], ['b', '2016-02-29']], 'a b c'],
    ['a month does not move before a day within it', [['a', '2016-02-29'], ['b', '2016-02']], 'a b'],
    ['an event of unknown date keeps the place where it was recorded', [['a', '2015'], ['b', 'unknown'], ['c', '2014']], 'c a b'],
    ['an interval moves only before events that it certainly precedes', [['a', '2016'], ['c', '2018'], ['b', '[2015..2017]']], 'a b c'],
    ['an event known only to be before a day moves before that day', [['a', '2016-03-01'], ['b', '[..2016-02-29]']], 'b a'],
    ['an event known only to be after a day stays at the end', [['a', '2018'], ['b', '[2015..]']], 'a b'],
  ])('%s', (_, recorded, order) => expect(orderOf(ofProgramme(...recorded)).join(' ')).toBe(order)); // prettier-ignore

  it('comes, for any dates, before the first event that is certainly later, else at the end', () =>
    fc.assert(
      fc.property(fc.array(uncertainDate, { maxLength: 12 }), (days) => {
        const expected: { readonly warning: string; readonly on: string }[] = [];
        days.forEach((on, i) => {
          const later = expected.findIndex((other) => certainlyBefore(on, other.on));
          expected.splice(later === -1 ? expected.length : later, 0, { warning: `w${i}`, on });
        });
        expect(orderOf(ofProgramme(...days.map((on, i) => [`w${i}`, on] as const)))).toEqual(expected.map(({ warning }) => warning));
      }),
    ));

  it('is decided on the state at its place in valid-time order', () => {
    const history = ofProgramme(['a', '2015'], ['c', '2017']);
    const { place, state } = history.before('2016');
    expect(place).toBe(2);
    expect(state.warnings).toEqual([expect.objectContaining({ warning: 'a' })]);
    expect(history.before('unknown')).toEqual({ place: 3, state: history.state });
    expect(history.before('1949')).toEqual({ place: 0, state: programme.initial });
  });

  it('is refused when a later event can no longer follow it, and the error names that event', () => {
    const history = historyOf(stream(contract, 'euc', context('ContractAwarded', awarded, '2015'), context('ContractSigned', {}, '2017')));
    const late = (type: string, data: object) =>
      history.tryEvents([{ type, data }], [{ event: 'new-0', effectiveOn: '2016' }], history.before('2016'));
    expect(late('DelayRecorded', { milestone: 'Go-live', to: 'unknown' })).toEqual([expect.objectContaining({ stage: 'awarded' })]);
    expect(() => late('ContractCancelled', { why: 'Out of money' })).toThrow(
      expect.objectContaining({ name: 'IllegalTransitionError', code: 'contract/stage', entry: history.entries[1] }),
    );
    expect(() => late('ContractClosed', { finalValue: { unknown: true }, endedOn: '2016' })).toThrow(
      expect.objectContaining({ name: 'IllegalTransitionError', code: 'contract/stage', entry: undefined }),
    );
  });
});

describe('a fact reads as corrected', () => {
  const corrected = (event: number, pointer: string, value: unknown) =>
    context('FactCorrected', { event: theFact(event), changes: [{ pointer, value }], because: 'error' });

  it('with the corrected value, and the former value kept alongside', () => {
    const { entries, state } = historyOf(stream(contract, 'euc', ...two, corrected(1, '/title', 'End-user computing')));
    expect(state.title).toBe('End-user computing');
    expect(entries[0]!.corrections).toEqual([
      { event: theFact(1), pointer: '/title', value: 'End-user computing', because: 'error', by: theFact(3), was: 'EUC' },
    ]);
    expect(entries[0]!.recorded.data.title).toBe('EUC');
  });

  it('by the newest correction of the field or of an object that contains it', () => {
    const value = (...corrections: readonly ReturnType<typeof corrected>[]) =>
      historyOf(stream(contract, 'euc', ...two, ...corrections)).state.original;
    const amount = corrected(1, '/value/amount', '3');
    const whole = corrected(1, '/value', { amount: '2', currency: 'GBP' });
    expect(value(whole, amount)).toEqual({ amount: '3', currency: 'GBP' });
    expect(value(whole, amount, whole)).toEqual({ amount: '2', currency: 'GBP' });
    expect(value(whole, amount, whole, amount)).toEqual({ amount: '3', currency: 'GBP' });
  });

  it('at the place of its corrected date, also in the state', () => {
    const { entries, state } = historyOf(
      stream(contract, 'euc', ...two, context('DelayRecorded', { milestone: 'Go-live', to: 'unknown' }, '2018'), corrected(3, '/effectiveOn', '2016-12-31')), // prettier-ignore
    );
    expect(typesOf(entries)).toEqual(['ContractAwarded', 'DelayRecorded', 'ContractSigned']);
    expect(state.stage).toBe('signed');
  });

  it('with the evidence that a correction adds', () => {
    const { entries } = historyOf(stream(contract, 'euc', ...two, corrected(1, '/evidence', [{ title: 'OJEU' }])));
    expect(entries[0]!.evidence).toEqual([{ title: 'OJEU' }]);
    expect(entries[0]!.data).toEqual(two[0]!.data);
  });

  it('and not at all once it is withdrawn', () => {
    const history = historyOf(stream(contract, 'euc', ...two, context('FactWithdrawn', { event: theFact(2) })));
    expect(history.state.stage).toBe('awarded');
    expect([...history.withdrawn]).toEqual([[theFact(2), theFact(3)]]);
    expect(history.revision).toBe(2);
  });

  it('with its notes; a note without an event belongs to the whole aggregate', () => {
    const claim = { pointer: '/value', value: { unknown: true } };
    const { entries, notes } = historyOf(
      stream(contract, 'euc', ...two, context('FactAnnotated', { note: 'Seen' }), context('FactAnnotated', { event: theFact(1), note: 'Disputed', claim })), // prettier-ignore
    );
    expect(entries[0]!.notes).toEqual([expect.objectContaining({ note: 'Disputed', claim, by: theFact(4) })]);
    expect(notes).toEqual([expect.objectContaining({ note: 'Seen', by: theFact(3) })]);
  });

  it('in today’s schema version: older versions are upcast, a newer version is an error and never skipped', () => {
    const renamed = aggregate({
      category: 'tower',
      initial: { stage: 'none', title: '' },
      stages: ['none', 'planned'],
      events: {
        Planned: eventsOf<{ stage: string; title: string }>()({
          allowedIn: ['none'],
          fields: { title: text() },
          version: 3,
          upcast: { 1: ({ name }) => ({ label: name }), 2: ({ label }) => ({ title: label }) },
          evolve: (_, { title }) => ({ stage: 'planned', title }),
        }),
      },
      about: () => ({}),
    });
    const [any] = ofProgramme().recorded;
    const planned = (schemaVersion: number, data: object, type = 'Planned') =>
      History.of(renamed, 'x', [{ ...any!, type, data, metadata: { ...any!.metadata, schemaVersion } }]);
    expect(planned(1, { name: 'Hosting' }).state.title).toBe('Hosting');
    expect(planned(2, { label: 'Hosting' }).state.title).toBe('Hosting');
    expect(planned(3, { title: 'Hosting' }).state.title).toBe('Hosting');
    expect(() => planned(4, { title: 'Hosting' })).toThrow(UnsupportedSchemaVersionError);
    expect(() => planned(1, {}, 'Unheard')).toThrow(UnsupportedSchemaVersionError);
    expect(() => planned(1, { note: 'Later' }, 'FactAnnotated')).not.toThrow();
    expect(() => planned(2, { note: 'Later' }, 'FactAnnotated')).toThrow(UnsupportedSchemaVersionError);
  });
});

describe('a history that is read at once', () => {
  const marked = context('DuplicateMarked', { of: 'other' }, '2018');
  const seen = context('FactAnnotated', { note: 'Seen' }, '2018');
  it('has all that was recorded, also behind what took its facts away', () =>
    expect(historyOf(stream(contract, 'euc', ...two, marked, seen)).recorded.map(({ type }) => type)).toEqual([
      'ContractAwarded',
      'ContractSigned',
      'DuplicateMarked',
      'FactAnnotated',
    ]));
});

describe('a decision of several events', () => {
  it('is found by its id, with all its events', () => {
    const [award, signature, ...rest] = historyOf(stream(contract, 'euc', ...two, context('FactAnnotated', { note: 'Seen' }))).recorded;
    const command = { id: 'of-both', name: 'Both' };
    const of = (event: RecordedEvent): RecordedEvent => ({ ...event, metadata: { ...event.metadata, command } });
    const history = History.of(contract, 'euc', [of(award!), of(signature!), ...rest]);
    expect(history.decision('of-both').map(({ type }) => type)).toEqual(['ContractAwarded', 'ContractSigned']);
    expect(history.decision('decision-3')).toHaveLength(1);
    expect(history.decision('none')).toEqual([]);
  });

  it('must be legal after each single event, because readers of the log see them one at a time', () => {
    const history = historyOf(stream(contract, 'euc', ...two, context('ServiceStarted', {}, '2018')));
    const given = { type: 'TerminationNoticeGiven', data: { by: 'authority' } };
    const withdrawn = { type: 'TerminationNoticeWithdrawn', data: {} };
    const at = (effectiveOn: string) => [given, withdrawn].map((_, i) => ({ event: `new-${i}`, effectiveOn }));
    expect(() => history.tryEvents([given, withdrawn], at('2019'), history.before('2019'))).not.toThrow();
    expect(() => history.tryEvents([given, withdrawn], at('2017'), history.before('2017'))).toThrow(IllegalTransitionError);
  });
});

it('a snapshot never passes over a note of a newer schema version', () => {
  const { recorded } = historyOf(stream(contract, 'euc', ...two, context('FactAnnotated', { note: 'Seen' })));
  const newer = { ...recorded.at(-1)!, metadata: { ...recorded.at(-1)!.metadata, schemaVersion: 2 } };
  const snapshot = Snapshot.of(History.of(contract, 'euc', recorded.slice(0, -1)));
  expect(snapshot.extended(recorded.slice(-1)).revision).toBe(recorded.length - 1);
  expect(() => snapshot.extended([newer])).toThrow(UnsupportedSchemaVersionError);
});

it('what is stored and is no event is named by its position, and nothing passes over it', () => {
  const { recorded } = historyOf(stream(contract, 'euc', ...two, context('FactAnnotated', { note: 'Seen' })));
  for (const [revision, event] of recorded.entries()) {
    const damaged = { ...event, data: null, position: '77', metadata: { ...event.metadata, schemaVersion: UNREADABLE } };
    const before = History.of(contract, 'euc', recorded.slice(0, revision));
    for (const folded of [before, Snapshot.of(before)]) {
      const reading = () => folded.extended([damaged]);
      expect(reading).toThrow(UnreadableEventError);
      expect(reading).toThrow(`The event at position 77, revision ${revision} of contract-euc, cannot be read: it is damaged, or another program wrote it.`); // prettier-ignore
    }
  }
});
