import { describe, expect, it } from '@jest/globals';
import { approveChange } from '../../src/domain/contract/commands/approve-change.js';
import { awardContract } from '../../src/domain/contract/commands/award-contract.js';
import { novateContract } from '../../src/domain/contract/commands/novate-contract.js';
import { contract } from '../../src/domain/contract/index.js';
import { annotate } from '../../src/domain/ledger/commands/annotate.js';
import { correctFact } from '../../src/domain/ledger/commands/correct-fact.js';
import { markDuplicate } from '../../src/domain/ledger/commands/mark-duplicate.js';
import { reinstateFact } from '../../src/domain/ledger/commands/reinstate-fact.js';
import { withdrawFact } from '../../src/domain/ledger/commands/withdraw-fact.js';
import { registerSupplier } from '../../src/domain/supplier/commands/register-supplier.js';
import { aggregates } from '../../src/domain/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { tower } from '../../src/domain/tower/index.js';
import { decide, readOthers, type Load } from '../../src/engine/write/decide.js';
import { History, ref, Rejection, type AnyAggregate, type AnyCommand, type Assessment, type CommandInput, type EventContext, type Provenance, type Taken } from '../../src/kernel/index.js'; // prettier-ignore
import { context, historyOf, stream, theFact, TODAY, type GivenEvent } from '../given.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const met = historyOf(
  stream(programme, 'met', context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2009')),
);
const ofSupplier = (id: string) => historyOf(stream(supplier, id, context('SupplierRegistered', { title: id, form: 'company' }, '2009')));
const ofTower = (id: string) => historyOf(stream(tower, id, context('TowerPlanned', { programme: 'met', title: id }, '2010')));
const other = historyOf(stream(contract, 'other', context('ContractPlanned', { programme: 'met', title: 'Other' }, '2010')));
const world = [met, ofSupplier('csc'), ofSupplier('atos'), ofTower('hosting'), ofTower('euc'), other];
const award = { programme: 'met', suppliers: [{ supplier: 'csc' }], towers: ['hosting', 'euc'], value: gbp('100') };
const contractOf = (...events: readonly GivenEvent[]) => historyOf(stream(contract, 'siam', ...events));
const awarded = context('ContractAwarded', { programme: 'met', suppliers: [{ supplier: 'csc' }], value: gbp('100') }, '2015');

/** Finds what the world has, else a stream without events; counts what is asked. */
const loading = () => {
  const asked: string[] = [];
  const load: Load = async (category, id) => {
    const name = `${category}-${id}`;
    asked.push(name);
    return (
      world.find((history) => history.stream === name) ??
      History.of(
        aggregates.find((a) => a.category === category)!,
        id,
      )
    );
  };
  return { asked, load };
};
const inputOf = (data: object, record: Provenance = {}): CommandInput<object> => ({
  id: 'siam',
  data,
  record,
  actor: { id: 'ana' },
  effectiveOn: record.effectiveOn ?? TODAY,
  today: TODAY,
});
const decided = async (own: History, command: AnyCommand, data: object, record?: Provenance) =>
  decide(command, inputOf(data, record), await readOthers(command, { ...data }, own, loading().load));
const refusal = async (own: History, command: AnyCommand, data: object, record?: Provenance): Promise<unknown> => {
  const error: unknown = await decided(own, command, data, record).then(
    () => undefined,
    (e: unknown) => e,
  );
  if (!(error instanceof Rejection)) throw new Error('It was accepted.');
  return { code: error.code, detail: error.message, ...error.more };
};

describe('what a decision reads beside its own stream', () => {
  it('is its programme, then what the body names, each once and in that order', async () => {
    const { asked, load } = loading();
    const { own, others } = await readOthers(awardContract, { ...award, replaces: 'old' }, contractOf(), load);
    expect(asked).toEqual(['programme-met', 'tower-hosting', 'tower-euc', 'supplier-csc', 'contract-old']);
    expect([...others.keys()]).toEqual(asked);
    expect([own.revision, others.get('supplier-csc')!.state.title]).toEqual([-1, 'csc']);
  });

  it('is the programme that its stream names, also where the body names none', async () => {
    const { asked, load } = loading();
    await readOthers(approveChange, { kind: 'scope', summary: 'Print' }, contractOf(awarded), load);
    expect(asked).toEqual(['programme-met']);
  });

  it('is nothing where nothing governs it and the body names nothing', async () => {
    const { asked, load } = loading();
    await readOthers(registerSupplier, { title: 'Atos', form: 'company' }, History.of(supplier, 'x'), load);
    await readOthers(awardContract, {}, contractOf(), load);
    expect(asked).toEqual([]);
  });
});

describe('a decision', () => {
  it('knows the revisions that it read, and what each event is about: the state’s ids and those that the body names', async () => {
    const { events, known, about, assessed } = await decided(contractOf(), awardContract, award);
    expect(events.map(({ type }) => type)).toEqual(['ContractAwarded']);
    expect(known).toEqual([
      { stream: 'programme-met', revision: 0 },
      { stream: 'tower-hosting', revision: 0 },
      { stream: 'tower-euc', revision: 0 },
      { stream: 'supplier-csc', revision: 0 },
    ]);
    expect(about).toEqual([{ programme: 'met', contract: ['siam'], tower: ['hosting', 'euc'], supplier: ['csc'] }]);
    expect(assessed).toEqual([[]]);
  });

  it('hands the command what its fields name, each under the name of its field, with its state', async () => {
    const seen: unknown[] = [];
    const watched: AnyCommand = { ...awardContract, decide: (input, state) => (seen.push(input.refs), awardContract.decide(input, state)) };
    await decided(contractOf(), watched, award);
    const handed = (history: History) => ({ id: history.id, state: history.state });
    expect(seen).toStrictEqual([{ programme: handed(met), towers: [handed(ofTower('hosting')), handed(ofTower('euc'))] }]);
  });

  it('reads the programme that the body names alone, which the state does not know yet', async () => {
    const asks: AnyCommand = { ...awardContract, fields: {} };
    const { asked, load } = loading();
    await readOthers(asks, { programme: 'met' }, contractOf(), load);
    expect(asked).toEqual(['programme-met']);
  });

  it('is about the programme that the command names where the state has none', () => {
    const asks: AnyCommand = {
      ...registerSupplier,
      fields: { ...registerSupplier.fields, for: ref('programme') },
      decide: ({ data: { for: _, ...rest } }) => [{ type: 'SupplierRegistered', data: rest }],
    };
    const { about } = decide(
      asks,
      { ...inputOf({ title: 'Atos', form: 'company', for: 'met' }), id: 'atos' },
      { own: History.of(supplier, 'atos'), others: new Map([['programme-met', met]]) },
    );
    expect(about).toEqual([{ supplier: ['atos'], programme: 'met' }]);
  });

  it('is about an id once, and also about one that the state does not name', async () => {
    const notice = programme.command('Warn', { summary: 'Warn.', records: 'WarningAdded' });
    const warning = { warning: 'w', summary: 's', by: 'b', source: { title: 't' }, about: { supplier: 'atos', contract: 'siam' } };
    const others = new Map([['supplier-atos', ofSupplier('atos')], ['contract-siam', contractOf(awarded)]]); // prettier-ignore
    const { about } = decide(notice, { ...inputOf(warning), id: 'met' }, { own: met, others });
    expect(about).toEqual([{ programme: 'met', supplier: ['atos'], contract: ['siam'] }]);
  });

  it('of the ledger itself is about the stream as it is after it', async () => {
    const correction = { event: theFact(1), changes: [{ pointer: '/title', value: 'SIAM' }], because: 'refined' };
    const { events, about, known } = await decided(contractOf(awarded), correctFact, correction);
    expect(events).toEqual([{ type: 'FactCorrected', data: correction }]);
    expect(about).toEqual([{ contract: ['siam'], programme: 'met', supplier: ['csc'] }]);
    expect(known).toEqual([{ stream: 'programme-met', revision: 0 }]);
  });

  it('that changes nothing records nothing, whatever it waives', async () => {
    const again = { event: theFact(1), changes: [{ pointer: '/value/amount', value: '100' }], because: 'error' };
    expect(await decided(contractOf(awarded), correctFact, again, { waives: ['x/y'] })).toMatchObject({
      events: [],
      about: [],
      assessed: [],
    });
  });
});

describe('a command is refused', () => {
  it('on a day after today, but not on one that may be today', async () => {
    expect(await refusal(contractOf(), awardContract, award, { effectiveOn: '2026-03-03' })).toEqual({
      code: 'ledger/effective-after-today',
      detail: 'Today is 2026-03-02.',
      pointer: '/record/effectiveOn',
    });
    for (const effectiveOn of ['2026-03', '2026', 'unknown', TODAY])
      expect((await decided(contractOf(), awardContract, award, { effectiveOn })).events).toHaveLength(1);
  });

  it('where it names what is not recorded, at the place in the body', async () => {
    expect(await refusal(contractOf(), awardContract, { ...award, towers: ['hosting', 'cloud'] })).toEqual({
      code: 'ledger/unknown-reference',
      detail: 'No tower cloud is recorded.',
      pointer: '/towers/1',
    });
  });

  it('where it speaks of a stream of which nothing was recorded', async () => {
    expect(await refusal(contractOf(), annotate, { note: 'Seen' })).toEqual({
      code: 'contract/unknown',
      detail: 'No such contract: nothing was recorded of it.',
    });
    expect((await decided(contractOf(awarded), annotate, { note: 'Seen' })).events).toHaveLength(1);
  });

  it('before the first event of its stream, unless it can be the first itself', async () => {
    expect(await refusal(contractOf(awarded), approveChange, { kind: 'scope', summary: 'Print' }, { effectiveOn: '2014' })).toEqual({
      code: 'contract/not-yet',
      detail: 'It begins with ContractAwarded of 2015; this would lie before it.',
      pointer: '/record/effectiveOn',
    });
    expect(await refusal(contractOf(awarded), awardContract, award, { effectiveOn: '2014' })).toEqual({
      code: 'ledger/breaks-later-event',
      detail: expect.stringMatching(/^ContractAwarded of 2015 could no longer follow: .*awarded/),
      event: theFact(1),
      eventType: 'ContractAwarded',
      eventEffectiveOn: '2015',
      because: 'contract/stage',
    });
  });

  it('by its stage without a field to blame, by a rule with one', async () => {
    expect(await refusal(contractOf(awarded), awardContract, award)).toEqual({
      code: 'contract/stage',
      detail: 'The contract is awarded: ContractAwarded follows nothing, planned, tendering.',
    });
    const usd = { kind: 'value', to: { amount: '5', currency: 'USD' } };
    expect(await refusal(contractOf(awarded), approveChange, usd)).toMatchObject({
      code: 'contract/mixed-currencies',
      pointer: '/to/currency',
    });
  });
});

describe('an identifier of another system', () => {
  const references = [{ scheme: 'local', id: '1' }, { scheme: 'ocid', id: 'x' }]; // prettier-ignore
  const read = (holders: (reference: string) => readonly string[], command: AnyCommand = awardContract, data: object = { ...award, references }) =>
    readOthers(command, { ...data }, contractOf(), loading().load, undefined, async (category, { scheme, id }) => holders(`${category} ${scheme}/${id}`)); // prettier-ignore

  it('is looked for among its kind, and refused where another one has it, with its place', async () => {
    const set = await read((reference) => (reference === 'contract ocid/x' ? ['contract-siam', 'contract-old'] : []));
    expect(set.taken).toEqual([{ scheme: 'ocid', id: 'x', pointer: '/references/1', by: 'contract-old' }]);
    expect(() => decide(awardContract, inputOf({ ...award, references }), set)).toThrow('ocid x belongs to contract-old.');
  });

  it('is its own where nobody else has it; a command that adds none asks for none', async () => {
    expect((await read(() => ['contract-siam'])).taken).toEqual([]);
    const asked: string[] = [];
    const ask = (reference: string) => (asked.push(reference), []);
    expect(await read(ask, awardContract, award)).not.toHaveProperty('taken');
    expect(await read(ask, annotate, { note: 'Seen', references })).not.toHaveProperty('taken');
    expect(asked).toEqual([]);
  });
});

describe('the context of an event when it is folded', () => {
  const change = { kind: 'scope', summary: 'Print' };
  const changeAfter = async (record: Provenance) => {
    const own = contractOf(awarded);
    const seen: unknown[] = [];
    const watched = {
      ...contract,
      events: {
        ...contract.events,
        ChangeApproved: { ...contract.events.ChangeApproved, assess: (_: unknown, context: unknown) => (seen.push(context), []) },
      },
    };
    const history = History.of(watched as AnyAggregate, 'siam', own.recorded);
    const command = { ...approveChange, aggregate: watched } as AnyCommand;
    await decided(history, command, change, record);
    return seen[0];
  };

  it('is who decided it, on what authority, why, on what evidence and for which day', async () => {
    const record = {
      decidedBy: { person: 'p-1' },
      authority: { reference: 'PCD 813' },
      reason: 'Growth',
      evidence: [{ title: 'PCD 813' }],
    };
    expect(await changeAfter({ ...record, effectiveOn: '2019' })).toStrictEqual({
      event: 'new-0',
      effectiveOn: '2019',
      recordedBy: 'ana',
      ...record,
    });
  });

  it('leaves out what nobody said, and keeps an empty reason', async () => {
    expect(await changeAfter({})).toStrictEqual({ event: 'new-0', effectiveOn: TODAY, recordedBy: 'ana' });
    expect(await changeAfter({ reason: '' })).toStrictEqual({ event: 'new-0', effectiveOn: TODAY, recordedBy: 'ana', reason: '' });
  });
});

/** A contract whose changes and corrections are judged by these rules, together with the others of its set. */
const judged = (assess: (context: EventContext, taken: Taken, data: unknown) => readonly Assessment[], more: object = {}) => {
  const { assess: _, ...notJudged } = contract.events.ContractAwarded;
  const events = {
    ...contract.events,
    ContractAwarded: notJudged,
    ChangeApproved: {
      ...contract.events.ChangeApproved,
      assess: (data: unknown, context: EventContext, _: unknown, __: unknown, taken: Taken) => assess(context, taken, data),
    },
  };
  const aggregate = { ...contract, events, setOf: () => 'case-1', ...more } as unknown as AnyAggregate;
  const of = (...facts: readonly GivenEvent[]) => History.of(aggregate, 'siam', contractOf(...facts).recorded);
  return { of, approve: { ...approveChange, aggregate } as AnyCommand, award: { ...awardContract, aggregate } as AnyCommand };
};
const scope = { kind: 'scope', summary: 'Print' };
const rule = (name: string, result: Assessment['result'], note?: string): Assessment => ({ rule: name, version: '1', inputs: {}, result, ...(note && { note }) }); // prettier-ignore

describe('what policy judges together', () => {
  const members = async (set: string) => [`contract-${set}`, 'contract-siam', 'supplier-csc'];

  it('is read for a command whose events are judged, and for a correction: the others of the set, each once', async () => {
    const { of, approve } = judged(() => []);
    for (const [command, data] of [
      [approve, scope],
      [annotate, { note: 'Seen' }],
    ] as const) {
      // prettier-ignore
      const { asked, load } = loading();
      const { set, others } = await readOthers(command, data, of(awarded), load, members);
      expect(set).toEqual(['contract-case-1', 'supplier-csc']);
      expect(asked).toEqual(['programme-met', 'contract-case-1', 'supplier-csc']);
      expect([...others.keys()]).toEqual(asked);
    }
  });

  it('is read a few of its members at a time', async () => {
    const { of, approve } = judged(() => []);
    let [under, most, loaded] = [0, 0, 0];
    const load: Load = async (category, id) => {
      most = Math.max(most, ++under);
      await new Promise(setImmediate);
      under--;
      loaded++;
      return History.of(
        aggregates.find((a) => a.category === category)!,
        id,
      );
    };
    const many = Array.from({ length: 120 }, (_, n) => `contract-c${n}`);
    const { set, others } = await readOthers(approve, scope, of(awarded), load, async () => many);
    expect([set!.length, others.size, loaded, most]).toEqual([120, 121, 121, 50]);
  });

  it('is not read where nothing is judged, where it belongs to no set, or where nobody can say what the set holds', async () => {
    const { of, award: notJudged, approve } = judged(() => []);
    const alone = judged(() => [], { setOf: () => undefined });
    const read = (command: AnyCommand, data: object, own: History, ...known: [typeof members?]) => readOthers(command, { ...data }, own, loading().load, ...known); // prettier-ignore
    expect((await read(notJudged, award, of(), members)).set).toEqual([]);
    expect((await read(alone.approve, scope, alone.of(awarded), members)).set).toEqual([]);
    expect((await read(approve, scope, of(awarded))).set).toBeUndefined();
  });

  it('is handed to the rules as it was read, with who recorded the decision and whether it is taken now', async () => {
    const seen: Taken[] = [];
    const { of, approve } = judged((_, taken) => (seen.push(taken), []));
    const own = of(awarded);
    const read = await readOthers(approve, scope, own, loading().load, async () => ['supplier-csc']);
    decide(approve, inputOf(scope), read);
    decide(approve, inputOf(scope, { effectiveOn: '2020' }), { own, others: read.others });
    expect(seen).toStrictEqual([
      {
        now: true,
        on: TODAY,
        actor: { id: 'ana' },
        related: [{ id: 'csc', state: ofSupplier('csc').state }],
        id: 'siam',
        stateOf: expect.any(Function),
      },
      { now: false, on: '2020', actor: { id: 'ana' }, id: 'siam', stateOf: expect.any(Function) },
    ]);
    expect([seen[0]!.stateOf!('supplier', 'csc'), seen[1]!.stateOf!('supplier', 'nobody')]).toEqual([ofSupplier('csc').state, undefined]);
  });
});

describe('a decision that policy judges', () => {
  it('is judged as one that amends a fact where it corrects one, and as none where it records one', async () => {
    const seen: Taken[] = [];
    const { of, approve } = judged((_, taken) => (seen.push(taken), []));
    const changed = context('ChangeApproved', scope, '2016');
    await decided(of(awarded, changed), correctFact, { event: theFact(2), changes: [{ pointer: '/summary', value: 'More of it' }], because: 'error' }); // prettier-ignore
    expect([seen.length > 0, seen.every(({ amends, now }) => amends === true && now)]).toEqual([true, true]);
    seen.length = 0;
    await decided(of(awarded), approve, scope);
    expect(seen).toHaveLength(1);
    expect(seen[0]).not.toHaveProperty('amends');
  });

  it('of several events is judged event by event, each on what the one before it left', async () => {
    const found: number[] = [];
    const { ChangeApproved } = contract.events;
    const assess = (_: unknown, __: unknown, { changes }: { readonly changes: readonly unknown[] }) => (found.push(changes.length), []);
    const aggregate = {
      ...contract,
      events: { ...contract.events, ChangeApproved: { ...ChangeApproved, assess } },
    } as unknown as AnyAggregate;
    const twice = { ...approveChange, aggregate, decide: ({ data }: { readonly data: object }) => [1, 2].map(() => ({ type: 'ChangeApproved', data })) } as AnyCommand; // prettier-ignore
    const { assessed } = await decided(History.of(aggregate, 'siam', contractOf(awarded).recorded), twice, scope);
    expect([found, assessed]).toEqual([
      [0, 1],
      [[], []],
    ]);
  });

  it('is refused now with every rule that is not met, and what each says', async () => {
    const { of, approve } = judged(() => [rule('a/x', 'not-met', 'Mayor must approve this.'), rule('a/y', 'met'), rule('a/z', 'not-met')]);
    expect(await refusal(of(awarded), approve, scope)).toMatchObject({
      code: 'ledger/policy-not-met',
      detail: 'a/x: Mayor must approve this. a/z: not met',
      assessed: [{ rule: 'a/x' }, { rule: 'a/z' }],
    });
  });

  it('waives the rules that it names, each of those not met, and keeps the reason with them', async () => {
    const { of, approve } = judged(() => [rule('a/x', 'not-met'), rule('a/y', 'met')]);
    const waiver = { waives: ['a/x'], reason: '', authority: { reference: 'PCD 1' } };
    const { assessed } = await decided(of(awarded), approve, scope, waiver);
    expect(assessed).toStrictEqual([[{ ...rule('a/x', 'not-met'), result: 'waived', note: '' }, rule('a/y', 'met')]]);
    const { authority: _, ...onNoAuthority } = waiver;
    expect(await refusal(of(awarded), approve, scope, onNoAuthority)).toMatchObject({
      code: 'ledger/waiver-without-grounds',
      detail: 'Name the reason and the authority of the waiver.',
    });
    expect(await refusal(of(awarded), approve, scope, { ...waiver, waives: ['a/x', 'a/y'] })).toMatchObject({
      code: 'ledger/waives-nothing',
      detail: 'a/y was not assessed as not met here.',
    });
  });

  it('that corrects a fact is judged with the fact’s own grounds, but for who decides the correction and on what authority', async () => {
    const seen: EventContext[] = [];
    const { of, approve: _ } = judged((context) => (seen.push(context), []));
    const record = { decidedBy: { person: 'p-1' }, authority: { reference: 'PCD 1' }, reason: 'Growth' };
    const own = of(awarded, context('ChangeApproved', scope, '2019', record));
    const correction = { event: theFact(2), changes: [{ pointer: '/summary', value: 'More of it' }], because: 'refined' };
    await decided(own, correctFact, correction, { decidedBy: { person: 'p-2' }, authority: { reference: 'PCD 2' } });
    await decided(own, correctFact, correction, { authority: { reference: 'PCD 2' } });
    const grounds = { event: theFact(2), effectiveOn: '2019', recordedBy: 'ana', evidence: [], reason: 'Growth' };
    expect(seen).toStrictEqual([
      { ...grounds, decidedBy: { person: 'p-2' }, authority: { reference: 'PCD 2' } },
      { ...grounds, authority: { reference: 'PCD 2' } },
    ]);
    seen.length = 0;
    for (const change of [
      { pointer: '/evidence', value: [{ title: 'PCD 1' }] },
      { pointer: '/record/reason', remove: true },
    ])
      await decided(own, correctFact, { ...correction, changes: [change] });
    await decided(own, annotate, { event: theFact(2), note: 'Seen' });
    expect(seen).toEqual([]);
  });
});

describe('a correction that names nobody', () => {
  const grounds = { decidedBy: { person: 'p-1' }, authority: { reference: 'PCD 1' } };
  const changed = context('ChangeApproved', scope, '2019', grounds);
  const correction = { event: theFact(2), changes: [{ pointer: '/summary', value: 'More of it' }], because: 'refined' };
  /** A rule that asks who decided, and how the change is summed up. */
  const asking = (asksFor: (data: { summary?: string }) => string) =>
    judged(({ decidedBy }, _, data) => [
      { ...rule('a/x', decidedBy ? 'met' : 'not-met'), inputs: { of: asksFor(data as { summary?: string }) } },
    ]);

  it('is judged by the decider of the fact where policy says the same of it as before', async () => {
    const { of } = asking(() => 'nothing that is corrected');
    expect((await decided(of(awarded, changed), correctFact, correction)).assessed).toMatchObject([[{ result: 'met' }]]);
  });

  it('is judged as nobody’s where policy says another thing of it: who decided the fact did not decide this', async () => {
    const { of } = asking(({ summary = 'none' }) => summary);
    expect(await refusal(of(awarded, changed), correctFact, correction)).toMatchObject({ code: 'ledger/policy-not-met' });
    expect((await decided(of(awarded, changed), correctFact, correction, grounds)).assessed).toMatchObject([[{ inputs: { of: 'More of it' } }]]); // prettier-ignore
  });
});

describe('a withdrawal', () => {
  const withdrawing = (assessesWithdrawal?: boolean, ...more: readonly GivenEvent[]) => {
    const seen: EventContext[] = [];
    const { ChangeApproved, ContractSigned } = contract.events;
    const assess = (_: unknown, context: EventContext) => (seen.push(context), [rule('a/x', context.decidedBy ? 'met' : 'not-met')]);
    const events = {
      ...contract.events,
      ChangeApproved: { ...ChangeApproved, assess, ...(assessesWithdrawal && { assessesWithdrawal }) },
      ContractSigned: { ...ContractSigned, assess: () => [] },
    };
    const aggregate = { ...contract, events } as unknown as AnyAggregate;
    const changed = context('ChangeApproved', scope, '2019', { decidedBy: { person: 'p-1' } });
    return {
      seen,
      own: History.of(aggregate, 'siam', contractOf(awarded, context('ContractSigned', {}, '2016'), changed, ...more).recorded),
    };
  };

  it('of a fact that needed authority needs it as well, from who withdraws it, whatever its day', async () => {
    const { own, seen } = withdrawing(true);
    for (const record of [{}, { effectiveOn: '2012' }])
      expect(await refusal(own, withdrawFact, { event: theFact(3) }, record)).toMatchObject({ code: 'ledger/policy-not-met' });
    const { assessed } = await decided(own, withdrawFact, { event: theFact(3) }, { decidedBy: { person: 'p-2' } });
    expect(assessed).toEqual([[rule('a/x', 'met')]]);
    expect(seen.map(({ decidedBy, effectiveOn }) => [decidedBy, effectiveOn])).toEqual([
      [undefined, '2019'],
      [undefined, '2019'],
      [{ person: 'p-2' }, '2019'],
    ]);
  });

  it('also as the dependant of another fact', async () => {
    const { own } = withdrawing(true);
    expect(await refusal(own, withdrawFact, { event: theFact(1), withDependants: true })).toMatchObject({ code: 'ledger/policy-not-met' });
  });

  it('is judged again when it is taken back, and when the whole is marked as a duplicate', async () => {
    const { own } = withdrawing(true);
    const { own: gone } = withdrawing(true, context('FactWithdrawn', { event: theFact(3) }));
    for (const [command, data, history] of [
      [reinstateFact, { event: theFact(3) }, gone],
      [markDuplicate, { of: 'other' }, own],
    ] as const) {
      expect(await refusal(history, command, data)).toMatchObject({ code: 'ledger/policy-not-met' });
      expect((await decided(history, command, data, { decidedBy: { person: 'p-2' } })).assessed).toEqual([[rule('a/x', 'met')]]);
    }
  });

  it('of any other fact is judged by no policy', async () => {
    const { own, seen } = withdrawing();
    expect((await decided(own, withdrawFact, { event: theFact(3) })).assessed).toEqual([[]]);
    expect(seen).toEqual([]);
  });
});

describe('a refusal by a later fact', () => {
  it('advises to refine its date only where that is unknown', async () => {
    const own = contractOf(awarded, context('ContractSigned', {}, '2016'), context('ContractNovated', { supplier: 'atos' }, '2018'));
    expect(await refusal(own, novateContract, { supplier: 'atos' }, { effectiveOn: '2017' })).toMatchObject({
      detail: 'ContractNovated of 2018 could no longer follow: It is with atos.',
    });
  });

  it('is not a fault of the program: that passes', async () => {
    const { of, approve } = judged(() => [], { events: { ...contract.events, ChangeApproved: { ...contract.events.ChangeApproved, evolve: () => { throw new RangeError('A fault.'); } } } }); // prettier-ignore
    await expect(decided(of(awarded), approve, scope)).rejects.toThrow(RangeError);
  });
});
