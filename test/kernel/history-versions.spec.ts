import { describe, expect, it, jest } from '@jest/globals';
import { contract } from '../../src/domain/contract/index.js';
import { withdrawFact } from '../../src/domain/ledger/commands/withdraw-fact.js';
import { contextOf, History, Snapshot, type Event, type Metadata, type RecordedEvent } from '../../src/kernel/index.js';
import { context, historyOf, stream, theFact, type GivenEvent } from '../given.js';

const award = { programme: 'met', title: 'EUC', suppliers: [{ supplier: 'csc' }], value: { amount: '100', currency: 'GBP' } };
const awarded = context('ContractAwarded', award, '2016');
const signed = context('ContractSigned', {}, '2018');
const started = context('ServiceStarted', {}, '2019');
const delayed = (on: string) => context('DelayRecorded', { milestone: 'Go-live', to: 'unknown' }, on);
const noted = (event?: number) => context('FactAnnotated', { note: 'Seen', ...(event && { event: theFact(event) }) });
const recordedAs = (...events: readonly GivenEvent[]) => historyOf(stream(contract, 'euc', ...events)).recorded;
const read = (events: Iterable<RecordedEvent>) => History.of(contract, 'euc', events);
const typesOf = ({ entries }: History) => entries.map(({ recorded }) => recorded.type);

describe('an empty history', () => {
  it('has the initial state, no first entry, and revision -1', () => {
    const empty = read([]);
    expect([empty.revision, empty.state, empty.first, empty.latestStart, empty.bytes]).toEqual([-1, contract.initial, undefined, '', 0]);
    expect([empty.recorded, empty.entries, empty.notes, [...empty.steps()]]).toEqual([[], [], [], []]);
  });

  it('extended by nothing is the same value', () => {
    const empty = read([]);
    expect(empty.extended([])).toBe(empty);
  });
});

describe('histories that go on from one', () => {
  const [first, second, third] = recordedAs(awarded, signed, delayed('2019')) as [RecordedEvent, RecordedEvent, RecordedEvent];
  const [, cancelled] = recordedAs(awarded, context('ContractCancelled', { why: 'No money' }, '2017')) as [RecordedEvent, RecordedEvent];
  const [, note] = recordedAs(awarded, noted(1)) as [RecordedEvent, RecordedEvent];
  const by = (command: string, event: RecordedEvent): RecordedEvent => ({
    ...event,
    metadata: { ...event.metadata, command: { id: command, name: 'Given' } },
  });
  const three = () => {
    const base = read([first]);
    return { base, left: base.extended([by('left', second)]), right: base.extended([by('right', cancelled)]) };
  };

  it('each have what they were extended by, and the first has neither', () => {
    const { base, left, right } = three();
    expect([base, left, right].map(({ state }) => state.stage)).toEqual(['awarded', 'signed', 'cancelled']);
    expect([base, left, right].map(typesOf)).toEqual([
      ['ContractAwarded'],
      ['ContractAwarded', 'ContractSigned'],
      ['ContractAwarded', 'ContractCancelled'],
    ]);
    expect([base, left, right].map(({ recorded }) => recorded.map(({ type }) => type))).toEqual([base, left, right].map(typesOf));
  });

  it('by the same event are each as if they had been read whole', () => {
    const base = read([first]);
    const [one, other] = [base.extended([second]), base.extended([second])];
    const whole = read([first, second]);
    for (const version of [one, other, one.extended([third]).atRevision(1)])
      expect([version.recorded, version.entries, version.bytes, version.latestStart]).toEqual([whole.recorded, whole.entries, whole.bytes, whole.latestStart]); // prettier-ignore
    expect(base.bytes).toBe(read([first]).bytes);
    expect(other.extended([third]).state).toEqual(read([first, second, third]).state);
  });

  it('leave an empty one empty', () => {
    const empty = read([]);
    expect([empty.extended([first]).first?.recorded, empty.first]).toEqual([first, undefined]);
  });

  it('each find their own decisions alone', () => {
    const { base, left, right } = three();
    const found = (history: History) => ['decision-1', 'left', 'right'].flatMap((id) => history.decision(id).map(({ type }) => type));
    expect([base, left, right].map(found)).toEqual([base, left, right].map(typesOf));
  });

  it('read no further than they go, whatever another one has read', () => {
    const { base, left } = three();
    const types = (history: History, from: number, to: number) => history.recordedFrom(from, to).map(({ type }) => type);
    expect(types(base, 0, 5)).toEqual(['ContractAwarded']);
    expect(types(left, 0, 5)).toEqual(['ContractAwarded', 'ContractSigned']);
    expect([types(left, 1, 1), types(left, 0, 0), types(left, 2, 9)]).toEqual([['ContractSigned'], ['ContractAwarded'], []]);
    expect([...base.steps()]).toHaveLength(1);
  });

  it('put a backdated event in its place in their own order alone', () => {
    const { left } = three();
    const backdated = left.extended([{ ...third, metadata: { ...third.metadata, effectiveOn: '2017' } }]);
    const inOrder = left.extended([third]);
    expect(typesOf(backdated)).toEqual(['ContractAwarded', 'DelayRecorded', 'ContractSigned']);
    expect(typesOf(inOrder)).toEqual(['ContractAwarded', 'ContractSigned', 'DelayRecorded']);
    expect([typesOf(left), left.state.delays, backdated.state.stage]).toEqual([['ContractAwarded', 'ContractSigned'], [], 'signed']);
  });

  it('add a note to an entry of their own alone, and to no other', () => {
    const { base, left } = three();
    const annotated = base.extended([note]);
    const twice = base.extended([note, { ...note, id: theFact(8), revision: 2 }]);
    expect([base, annotated, twice].map(({ entries }) => entries[0]!.notes.length)).toEqual([0, 1, 2]);
    const of = (nth: number) => ({ ...note, revision: 2, data: { note: 'Seen', event: theFact(nth) } });
    expect(left.extended([of(2)]).entries.map(({ notes }) => notes.length)).toEqual([0, 1]);
    expect(base.extended([{ ...of(2), revision: 1 }]).entries.map(({ notes }) => notes.length)).toEqual([0]);
    expect([annotated.state, typesOf(left)[1]]).toEqual([base.state, 'ContractSigned']);
  });

  it('keep their time zone, which is UTC unless the ledger has another', () => {
    const { base, left } = three();
    const london = History.of(contract, 'euc', [first, second], 'Europe/London');
    expect([base.timeZone, left.timeZone, london.timeZone, london.atRevision(0).timeZone]).toEqual(['UTC', 'UTC', 'Europe/London', 'Europe/London']); // prettier-ignore
    expect(History.of(contract, 'euc').recorded).toEqual([]);
  });
});

describe('a decision of a stream', () => {
  const together = recordedAs(awarded, signed, started, noted()).map((event, i): RecordedEvent => {
    const command = { id: ['award', 'both', 'both', 'note'][i]!, name: 'Given' };
    return { ...event, metadata: { ...event.metadata, command } };
  });

  it('has its events alone, also where another one follows', () => {
    const history = read(together);
    expect(history.decision('both').map(({ revision }) => revision)).toEqual([1, 2]);
    expect(history.decision('award').map(({ revision }) => revision)).toEqual([0]);
    expect(history.decision('note').map(({ revision }) => revision)).toEqual([3]);
    expect(read(together.slice(0, 3)).decision('both').map(({ revision }) => revision)).toEqual([1, 2]); // prettier-ignore
  });

  it('is not there yet at an earlier revision', () => {
    const history = read(together);
    expect([history.atRevision(0).decision('both'), history.atRevision(0).decision('award').length]).toEqual([[], 1]);
    for (const revision of [3, 9]) expect(history.atRevision(revision)).toBe(history);
    expect(history.atRevision(1).revision).toBe(1);
    expect(history.atRevision(-1).state).toEqual(contract.initial);
  });
});

describe('the first entry and the latest first day', () => {
  it('are those of valid-time order, not of the record', () => {
    const history = historyOf(stream(contract, 'euc', context('ContractPlanned', { programme: 'met', title: 'EUC' }, 'unknown'), awarded));
    expect([history.first!.recorded.type, history.latestStart]).toEqual(['ContractPlanned', '2016-01-01']);
    const earlier = historyOf(stream(contract, 'euc', awarded, signed, delayed('2017')));
    expect([earlier.first!.recorded.type, earlier.latestStart]).toEqual(['ContractAwarded', '2018-01-01']);
  });

  it('are those of what is left once the rest is withdrawn', () => {
    const gone = historyOf(stream(contract, 'euc', awarded, signed, context('FactWithdrawn', { event: theFact(2) })));
    expect([gone.first!.recorded.type, gone.latestStart]).toEqual(['ContractAwarded', '2016-01-01']);
    const nothing = historyOf(stream(contract, 'euc', awarded, signed, context('FactWithdrawn', { event: theFact(1), dependants: [theFact(2)] }))); // prettier-ignore
    expect([nothing.first, nothing.latestStart, nothing.state, nothing.revision]).toEqual([undefined, '', contract.initial, 2]);
    expect([...nothing.withdrawn]).toEqual([[theFact(1), theFact(3)], [theFact(2), theFact(3)]]); // prettier-ignore
  });
});

describe('a change of the ledger that is only tried', () => {
  const live = () => historyOf(stream(contract, 'euc', awarded, signed, started));
  const withdrawal = (nth: number): Event => ({ type: 'FactWithdrawn', data: { event: theFact(nth) } });
  const note: Event = { type: 'FactAnnotated', data: { note: 'Seen', event: theFact(1) } };

  it('leaves the history as it is', () => {
    const history = live();
    const tried = history.with([withdrawal(3)]);
    expect([tried.state.stage, tried.revision, typesOf(tried)]).toEqual(['signed', 3, ['ContractAwarded', 'ContractSigned']]);
    expect([history.state.stage, history.revision, history.recorded.length, history.withdrawn.size]).toEqual(['live', 2, 3, 0]);
    expect([tried.decision('decision-2').length, history.decision('decision-2').length]).toEqual([1, 1]);
  });

  it('of several events is read in their order', () => {
    const tried = live().with([note, withdrawal(3)]);
    expect([tried.revision, tried.recorded.slice(-2).map(({ revision, type, id }) => [revision, type, id])]).toEqual([
      4,
      [[3, 'FactAnnotated', 'new-0'], [4, 'FactWithdrawn', 'new-1']], // prettier-ignore
    ]);
    expect(tried.entries[0]!.notes).toHaveLength(1);
  });

  it('is refused where a later fact could no longer follow, naming it', () => {
    const history = live();
    expect(() => history.with([withdrawal(1)])).toThrow(
      expect.objectContaining({ code: 'contract/unknown', entry: expect.objectContaining({ recorded: history.recorded[1] }) }),
    );
    expect(() => history.with([note, withdrawal(1)])).toThrow(expect.objectContaining({ code: 'contract/unknown' }));
  });

  it('is tolerated where the rule was broken before, and it is not held against a note', () => {
    const same = context('ContractNovated', { supplier: 'csc' }, '2019-06');
    const broken = historyOf(stream(contract, 'euc', awarded, signed, started, same, delayed('2020')));
    expect(broken.with([withdrawal(5)]).state.delays).toEqual([]);
    expect(broken.with([note]).entries[0]!.notes).toHaveLength(1);
    expect(() => broken.with([{ type: 'FactCorrected', data: { event: theFact(4), changes: [{ pointer: '/supplier', value: 'atos' }], because: 'error' } }])).not.toThrow(); // prettier-ignore
    const sound = historyOf(stream(contract, 'euc', awarded, signed, started, context('ContractNovated', { supplier: 'atos' }, '2019-06')));
    const corrected = {
      type: 'FactCorrected',
      data: { event: theFact(4), changes: [{ pointer: '/supplier', value: 'csc' }], because: 'error' },
    };
    expect(() => sound.with([corrected])).toThrow(expect.objectContaining({ code: 'contract/same-supplier' }));
  });
});

describe('a history as of a day', () => {
  const of = () => historyOf(stream(contract, 'euc', awarded, signed, delayed('unknown'), started));
  const daysAsOf = (day: string) =>
    of()
      .asOf(day)
      .entries.map(({ effectiveOn }) => effectiveOn);

  it('has what comes before the first event that is certainly later, and the state of it', () => {
    expect([daysAsOf('2015'), daysAsOf('2016-12-31'), daysAsOf('2018'), daysAsOf('2019-05')]).toEqual([
      [],
      ['2016'],
      ['2016', '2018', 'unknown'],
      ['2016', '2018', 'unknown', '2019'],
    ]);
    expect(['2015', '2017', '2018', '2030'].map((day) => of().asOf(day).state.stage)).toEqual(['none', 'awarded', 'signed', 'live']);
  });

  it('names those that may lie after the day', () => {
    const mayBeAfter = (day: string) =>
      of()
        .asOf(day)
        .approximate.map(({ effectiveOn }) => effectiveOn);
    expect([mayBeAfter('2018-06-30'), mayBeAfter('2018-12-31'), mayBeAfter('2018'), mayBeAfter('unknown')]).toEqual([
      ['2018', 'unknown'],
      ['unknown'],
      ['unknown'],
      [],
    ]);
  });
});

describe('a snapshot', () => {
  const events = recordedAs(awarded, signed, noted(1), started);
  const atSignature = () => Snapshot.of(read(events.slice(0, 2)));
  const on = (effectiveOn: string, event = events[3]!) => ({ ...event, metadata: { ...event.metadata, effectiveOn } });

  it('goes on in order, past notes, and is another value then', () => {
    const snapshot = atSignature();
    expect(snapshot.canExtendWith(events.slice(2))).toBe(true);
    const { state, revision, stream, id } = snapshot.extended(events.slice(2));
    expect([state, revision, stream, id]).toEqual([read(events).state, 3, 'contract-euc', 'euc']);
    expect([snapshot.state.stage, snapshot.revision]).toEqual(['signed', 1]);
    expect(snapshot.canExtendWith([])).toBe(true);
  });

  it('does not go on with an event that may come before the latest, nor with a correction or a withdrawal', () => {
    const snapshot = atSignature();
    const can = (effectiveOn: string) => snapshot.canExtendWith([on(effectiveOn)]);
    expect(['2017', '2018', '2018-01-01', '2017-12-31', 'unknown', '[..2017]', '2019'].map(can)).toEqual([false, true, true, false, true, false, true]); // prettier-ignore
    expect(snapshot.canExtendWith([on('2020'), on('2019')])).toBe(false);
    expect(snapshot.canExtendWith([on('2019'), on('2019-06')])).toBe(true);
    expect(snapshot.canExtendWith([on('[2010..2020]'), on('2017')])).toBe(false); // the latest event is still the signature
    for (const type of ['FactCorrected', 'FactWithdrawn']) expect(snapshot.canExtendWith([{ ...on('2020'), type }])).toBe(false);
  });

  it('knows after it went on what the latest event is', () => {
    const snapshot = atSignature();
    const later = snapshot.extended([on('2020')]);
    expect([later.canExtendWith([on('2019')]), later.canExtendWith([on('2020-06')])]).toEqual([false, true]);
    const undated = snapshot.extended([on('unknown')]);
    expect([undated.canExtendWith([on('2018')]), undated.canExtendWith([on('2017')])]).toEqual([true, false]);
  });

  it('folds each event with who decided it, why and on what evidence', () => {
    const snapshot = atSignature();
    const approved = context('ChangeApproved', { kind: 'scope', summary: 'Print' }, '2019', { authority: { reference: 'PCD 1' } });
    const all = recordedAs(awarded, signed, approved);
    expect(snapshot.extended(all.slice(2)).state.changes).toMatchObject([{ on: '2019', reference: 'PCD 1' }]);
  });
});

describe('about how much memory a history takes', () => {
  const [plain] = recordedAs(awarded) as [RecordedEvent];
  const weight = (more: Partial<RecordedEvent>, metadata: Partial<Metadata> = {}) =>
    read([{ ...plain, ...more, metadata: { ...plain.metadata, ...metadata } }]).bytes;
  const long = 'x'.repeat(100_000);
  const evidence = (text: string) => [{ title: text }];
  const assessed = (note: string) => [{ rule: 'r', version: '1', inputs: {}, result: 'met' as const, note }];

  it.each<[what: string, of: (text: string) => number]>([
    ['a text of its data', (title) => weight({ data: { ...award, title } })],
    ['the body that is kept', (body) => weight({}, { command: { id: 'd', name: 'G', body } })],
    ['the reason', (reason) => weight({}, { reason })],
    ['the evidence', (text) => weight({}, { evidence: evidence(text) })],
    ['what was assessed', (note) => weight({}, { assessed: assessed(note) })],
  ])('grows with %s by its length', (_, of) => expect(of(long) - of('')).toBe(100_000));

  it('grows with the entries of a list and the streams that were known, and with every event', () => {
    const listed = (n: number) => weight({ data: { ...award, towers: Array(n).fill('euc') } });
    expect(listed(1000) - listed(0)).toBeGreaterThan(1000 * 16);
    const known = Array.from({ length: 50 }, (_, n) => ({ stream: `contract-${n}`, revision: 1 }));
    const base = weight({});
    expect(weight({}, { known }) - base).toBe(5000);
    expect(base).toBeGreaterThan(1100);
    const [first, second] = recordedAs(awarded, signed) as [RecordedEvent, RecordedEvent];
    expect(read([first, second]).bytes).toBe(read([first]).extended([second]).bytes);
    expect(read([first, second]).bytes).toBeGreaterThan(base + 1100);
  });

  it('counts a null, a number and a flag as little', () => {
    const noted = (value: unknown) =>
      weight({ type: 'FactAnnotated', data: { note: 'n', claim: { pointer: '/x', value } } }, { schemaVersion: 1 });
    expect([noted(null), noted(5), noted(true)].map((bytes) => bytes - noted(undefined))).toEqual([0, 0, 0]);
    expect(noted({}) - noted(null)).toBe(24);
  });
});

describe('a history that is read at once', () => {
  it('copies what is known of its facts once, however many corrections, notes and withdrawals it has', () => {
    const each = (of: (event: number) => GivenEvent) => Array.from({ length: 100 }, (_, n) => of(n + 3));
    const changes = [{ pointer: '/milestone', value: 'Later' }];
    const events = recordedAs(
      awarded,
      signed,
      ...each(() => delayed('2019')),
      ...each((n) => context('FactCorrected', { event: theFact(n), changes, because: 'error' })),
      ...each(noted),
      ...each((n) => context('FactWithdrawn', { event: theFact(n) })),
    );
    const { Map: Usual } = globalThis;
    let copied = 0;
    globalThis.Map = class<Key, Value> extends Usual<Key, Value> {
      constructor(entries?: Iterable<readonly [Key, Value]> | null) {
        super(entries);
        copied += this.size;
      }
    } as MapConstructor;
    let history;
    try {
      history = read(events);
    } finally {
      globalThis.Map = Usual;
    }
    expect(copied).toBeLessThan(1000);
    expect([history.entries.length, history.withdrawn.size]).toEqual([2, 100]);
    const half = read(events.slice(0, 250));
    const seen = JSON.stringify(half.entries);
    expect([half.extended(events.slice(250)).entries.length, JSON.stringify(half.entries)]).toEqual([2, seen]);
  });
});

describe('what can no longer follow an event that is withdrawn', () => {
  const novated = (supplier: string, on: string) => context('ContractNovated', { supplier }, on);
  const of = (...events: readonly GivenEvent[]) => historyOf(stream(contract, 'euc', awarded, signed, ...events));

  it('is found in one pass: each with those before it gone too, and nothing else', () => {
    const history = of(novated('atos', '2019'), delayed('2019-06'), novated('csc', '2020'), novated('atos', '2021'));
    expect(history.dependantsOf(theFact(3))).toEqual([theFact(5)]);
    expect(history.dependantsOf(theFact(4))).toEqual([]);
    expect(history.dependantsOf(theFact(1))).toEqual([2, 3, 4, 5, 6].map(theFact));
    expect(typesOf(history)).toHaveLength(6);
  });

  it('is looked for once, however many they are', () => {
    const history = of(...Array.from({ length: 300 }, () => delayed('2019')));
    const tried = jest.spyOn(History.prototype, 'with');
    const data = { event: theFact(1), withDependants: true };
    const [withdrawal] = withdrawFact.decide({ data } as unknown as Parameters<typeof withdrawFact.decide>[0], history);
    expect((withdrawal!.data as { dependants: readonly string[] }).dependants).toHaveLength(301);
    expect(tried).toHaveBeenCalledTimes(1);
    tried.mockRestore();
  });

  it('is not what was broken before', () => {
    const twice = of(novated('atos', '2019'), delayed('2019-06'), novated('atos', '2020'));
    expect(twice.dependantsOf(theFact(4))).toEqual([]);
  });
});

describe('what this program is too old for', () => {
  it('is never passed over, also where a later event of the same page withdraws it', () => {
    const [award, correction] = recordedAs(awarded, context('FactCorrected', { event: theFact(1), changes: [{ pointer: '/title', value: 'X' }], because: 'error' })); // prettier-ignore
    const newer = { ...award!, id: theFact(7), revision: 2, type: 'ContractEnchanted' };
    const withdrawal = { ...correction!, id: theFact(8), revision: 3, type: 'FactWithdrawn', data: { event: theFact(7) } };
    expect(() => read([award!, correction!, newer, withdrawal])).toThrow(
      expect.objectContaining({
        name: 'UnsupportedSchemaVersionError',
        message: 'ContractEnchanted at contract-euc@2 is newer than this program.',
        event: newer,
      }),
    );
  });
});

describe('a correction of a field', () => {
  it('goes into the data, unless it is of the day or of the evidence as a whole', () => {
    const correctedAt = (pointer: string, value: unknown) =>
      context('FactCorrected', { event: theFact(1), changes: [{ pointer, value }], because: 'error' });
    const [event] = recordedAs(context('ContractAwarded', award, '2016', { evidence: [{ title: 'Press' }] })) as [RecordedEvent];
    const after = (pointer: string, value: unknown) => {
      const correction = { ...event, id: theFact(2), revision: 1, ...correctedAt(pointer, value) } as RecordedEvent;
      return read([event, correction]).entries[0]!;
    };
    expect(after('/effectiveOn', '2015')).toMatchObject({ effectiveOn: '2015', data: award });
    expect(after('/evidence/0/title', 'PCD 1')).toMatchObject({ evidence: [{ title: 'PCD 1' }], data: award });
    expect(after('/evidence', [])).toMatchObject({ evidence: [], corrections: [{ was: [{ title: 'Press' }] }] });
    expect(after('/value/amount', '7').data.value).toEqual({ amount: '7', currency: 'GBP' });
    expect(after('/effectiveOnTime', 'noon')).toMatchObject({ effectiveOn: '2016', data: { effectiveOnTime: 'noon' } });
    expect(after('/title/evidence', 'x').evidence).toEqual([{ title: 'Press' }]);
    expect(after('/endsOn', '2020').corrections).toMatchObject([{ pointer: '/endsOn', was: null }]);
  });
});

it('the context of an event has no more than was said', () => {
  const said = { decidedBy: { person: 'p-1' }, authority: { reference: 'PCD 1' }, reason: '', evidence: [{ title: 'Press' }] };
  const [bare, full] = historyOf(stream(contract, 'euc', awarded, context('ContractSigned', {}, '2018', said))).entries;
  expect(contextOf(bare!)).toStrictEqual({ event: theFact(1), effectiveOn: '2016', recordedBy: 'ana', evidence: [] });
  expect(contextOf(full!)).toStrictEqual({ event: theFact(2), effectiveOn: '2018', recordedBy: 'ana', ...said });
});
