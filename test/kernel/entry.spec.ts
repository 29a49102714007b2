import { describe, expect, it } from '@jest/globals';
import { completions, contextOf, correctable, groundsOf, History, isSystem, openClaims, SYSTEM, type Entry, type Json, type Metadata } from '../../src/kernel/index.js'; // prettier-ignore
import { contract } from '../../src/domain/contract/index.js';
import { context, historyOf, stream, theFact, type GivenEvent } from '../given.js';
import { plainly, tape } from './plain-history.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const award = { programme: 'met', title: 'EUC', suppliers: [{ supplier: 'csc' }], value: gbp('95.00') };
const awarded = context('ContractAwarded', award, '2016', { reason: 'Cheapest', evidence: [{ title: 'Press' }] });
const claim = (pointer: string, value: Json): GivenEvent =>
  context('FactAnnotated', { event: theFact(1), note: 'Another source', claim: { pointer, value } });
const corrected = (pointer: string, value: Json, because = 'error'): GivenEvent =>
  context('FactCorrected', { event: theFact(1), changes: [{ pointer, value }], because });
const of = (...events: readonly GivenEvent[]): Entry => historyOf(stream(contract, 'euc', awarded, ...events)).entries[0]!;
const open = (entry: Entry, completedBy: readonly Entry[] = []) => openClaims(entry, completedBy).map((note) => [note.claim.pointer, note.claim.value]); // prettier-ignore

describe('a claim on a field of a fact is open', () => {
  it('while the field says something else', () => {
    expect(open(of(claim('/title', 'Desktops'), claim('/value', gbp('96'))))).toEqual([['/title', 'Desktops'], ['/value', gbp('96')]]); // prettier-ignore
    expect(open(of())).toEqual([]);
    expect(open(of(claim('/endsOn', '2020')))).toEqual([['/endsOn', '2020']]);
  });

  it('of its date, its grounds and its sources as well', () => {
    const all = [claim('/effectiveOn', '2015'), claim('/record/reason', 'Dear'), claim('/evidence/0/title', 'Minutes')];
    expect(open(of(...all))).toHaveLength(3);
    expect(open(of(claim('/effectiveOn', '2016'), claim('/record/reason', 'Cheapest'), claim('/evidence/0/title', 'Press')))).toEqual([]);
  });

  it('and not where the field says the same, also since it was corrected', () => {
    expect(open(of(claim('/title', 'EUC'), claim('/suppliers', [{ supplier: 'csc' }])))).toEqual([]);
    expect(open(of(claim('/title', 'Desktops'), corrected('/title', 'Desktops')))).toEqual([]);
    expect(open(of(claim('/title', 'Desktops'), corrected('/title', 'Laptops')))).toEqual([['/title', 'Desktops']]);
  });

  it('and not once a correction settled it, on the field itself, in it or around it', () => {
    const settled = (pointer: string, value: Json) => corrected(pointer, value, 'settled');
    expect(open(of(claim('/title', 'Desktops'), settled('/title', 'EUC')))).toEqual([]);
    expect(open(of(claim('/value', gbp('96')), settled('/value/amount', '97')))).toEqual([]);
    expect(open(of(claim('/value/amount', '96'), settled('/value', gbp('97'))))).toEqual([]);
    expect(open(of(claim('/title', 'Desktops'), settled('/value', gbp('97'))))).toEqual([['/title', 'Desktops']]);
    expect(open(of(settled('/title', 'EUC'), claim('/title', 'Desktops')))).toEqual([['/title', 'Desktops']]);
    expect(of(claim('/title', 'Desktops'), settled('/title', 'EUC')).notes).toMatchObject([{ settledBy: theFact(3) }]);
  });

  it('where money is compared as a number, however many zeros it has, and other texts as they stand', () => {
    for (const amount of ['95', '95.0', '95.00'])
      expect(open(of(claim('/value', gbp(amount)), claim('/value/amount', amount)))).toEqual([]);
    for (const amount of ['950', '9.5', '095', '95.01']) expect(open(of(claim('/value', gbp(amount)), claim('/value/amount', amount)))).toHaveLength(2); // prettier-ignore
    expect(open(of(claim('/value', { amount: '95', currency: 'EUR' })))).toHaveLength(1);
    expect(open(of(corrected('/value', gbp('100')), claim('/value', gbp('1')), claim('/value/amount', '1')))).toHaveLength(2);
    expect(open(of(corrected('/value', gbp('100.50')), claim('/value', gbp('100.5')), claim('/value/amount', '100.5')))).toEqual([]);
    expect(open(of(corrected('/title', '1.0'), claim('/title', '1')))).toEqual([['/title', '1']]);
    expect(open(of(claim('/value/amount', 95), claim('/value', null), claim('/value', { unknown: true })))).toHaveLength(3);
  });

  it('and not where another fact completed the field so', () => {
    const undisclosed = context('ContractAwarded', { ...award, value: { undisclosed: true } }, '2016');
    const disclosed = context('ValueDisclosed', { value: gbp('95') }, '2019');
    const history = historyOf(stream(contract, 'euc', undisclosed, disclosed, claim('/value', gbp('95.00')), claim('/value', gbp('96'))));
    const [entry] = history.entries;
    const completing = completions(history).get(entry!)!;
    expect(completing.map(({ recorded }) => recorded.type)).toEqual(['ValueDisclosed']);
    expect([open(entry!).length, open(entry!, completing)]).toEqual([2, [['/value', gbp('96')]]]);
  });

  it('of notes, those that claim nothing are none', () =>
    expect(open(of(context('FactAnnotated', { event: theFact(1), note: 'Seen' })))).toEqual([]));
});

describe('facts and those that complete them', () => {
  const at = (revision: number, type: string, effectiveOn: string) => ({
    id: `e${revision}`,
    type,
    data: type === 'Opened' ? { since: '2015' } : { n: revision },
    stream: 'tape-x',
    revision,
    position: String(revision),
    metadata: { schemaVersion: type === 'Added' ? 2 : 1, recordedAt: '2020-01-01T00:00:00.000Z', effectiveOn, about: {}, command: { id: `d${revision}`, name: 'Given' }, actor: { id: 'ana' }, known: [], $correlationId: 'given', $causationId: 'given' } as Metadata, // prettier-ignore
  });
  it('are found with each other, several in their order', () => {
    const log = [
      at(0, 'Added', '2016'),
      at(1, 'Moved', '2017'),
      at(2, 'Learned', '2020'),
      at(3, 'Learned', '2019'),
      at(4, 'Opened', '2021'),
    ];
    const history = History.of(tape, 'x', log);
    const found = completions(history);
    expect([...found].map(([of, by]) => [of.recorded.id, by.map(({ recorded }) => recorded.id)])).toEqual([['e0', ['e3', 'e2']]]);
    expect([...found.keys()][0]).toBe(history.entries[0]);
    expect(completions(History.of(tape, 'x', log.slice(0, 2))).size).toBe(0);
    expect(history.state).toEqual(plainly(log).state);
  });
});

describe('the context of a fact', () => {
  it('has no more than was said', () => {
    expect([groundsOf({}), groundsOf({ reason: '' }), groundsOf({ decidedBy: { person: 'p' }, authority: { reference: 'PCD 1' } })]).toStrictEqual([
      {},
      { reason: '' },
      { decidedBy: { person: 'p' }, authority: { reference: 'PCD 1' } },
    ]); // prettier-ignore
    const bare = { data: { title: 'A' }, effectiveOn: '2016', evidence: [], grounds: {} };
    expect(correctable(bare)).toStrictEqual({ title: 'A', effectiveOn: '2016', evidence: [], record: {} });
    expect(correctable({ ...bare, sequence: 0, grounds: { reason: 'x' } })).toStrictEqual({ title: 'A', effectiveOn: '2016', evidence: [], record: { reason: 'x', sequence: 0 } }); // prettier-ignore
  });

  it('has how policy judged it: as it was corrected, else as it was recorded', () => {
    const met = (version: string) => [{ rule: 'r', version, inputs: {}, result: 'met' as const }];
    const recorded = { id: 'e', metadata: { actor: { id: 'ana' }, assessed: met('1') } };
    const entry = { recorded, effectiveOn: '2016', evidence: [], grounds: {}, corrections: [], notes: [], data: {} } as unknown as Entry;
    expect([contextOf(entry).assessed, contextOf({ ...entry, judged: met('2') }).assessed, contextOf({ ...entry, judged: [] }).assessed]).toEqual([met('1'), met('2'), []]); // prettier-ignore
    expect(contextOf({ ...entry, asOf: '2015' })).toMatchObject({ asOf: '2015', effectiveOn: '2016', recordedBy: 'ana' });
  });
});

it('the system is no person, however its name is written', () => {
  expect([SYSTEM, 'System', 'SYSTEM', 'ana', 'systems', ''].map(isSystem)).toEqual([true, true, true, false, false, false]);
});
