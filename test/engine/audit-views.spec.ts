import { beforeEach, describe, expect, it } from '@jest/globals';
import { contract } from '../../src/domain/contract/index.js';
import { commands } from '../../src/domain/index.js';
import { becameOf, boundedView, entryViews, historyPage, replay, split, stateView } from '../../src/engine/audit/audit.js';
import { dossierOf } from '../../src/engine/audit/dossier.js';
import type { Metadata, RecordedEvent } from '../../src/kernel/index.js';
import { context, historyOf, stream } from '../given.js';
import { recordWorld, World } from '../random-history.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const award = { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: gbp('100') };

let world: World;
beforeEach(async () => {
  world = new World('2016-01-04');
  await recordWorld(world);
});
const hosting = (command: string, data: object, record = {}) => world.record('contract-hosting', command, data, record);
const history = () => world.history('contract-hosting');
const idOf = async (revision: number) => (await history()).recorded[revision]!.id;

describe('the state of an aggregate', () => {
  it('is as recorded, with what other sources claim and the notes on the whole', async () => {
    await hosting('AwardContract', award, { effectiveOn: '2015' });
    const event = await idOf(0);
    const claim = { pointer: '/value/amount', value: '95' };
    await hosting('Annotate', { event, note: 'The press', claim }, { evidence: [{ title: 'Press' }] });
    await hosting('Annotate', { event, note: 'Seen' });
    await hosting('Annotate', { note: 'On the whole' });
    const view = stateView(await history());
    expect(view).toMatchObject({ id: 'hosting', stream: 'contract-hosting', revision: 3, state: { stage: 'awarded' }, approximate: [] });
    expect(view.conflicts).toEqual([{ event, by: await idOf(1), ...claim, note: 'The press', evidence: [{ title: 'Press' }] }]);
    expect(view.notes).toMatchObject([{ note: 'On the whole' }]);
  });

  it('as of a day is that of the events before it, and names those that may lie after', async () => {
    await hosting('AwardContract', award, { effectiveOn: '2014' });
    await hosting('SignContract', {}, { effectiveOn: '2015' });
    await hosting('StartService', {}, { effectiveOn: '2016-01-02' });
    const asOf = async (effectiveOn: string | undefined) => stateView(await history(), { effectiveOn });
    expect(await asOf('2015-06-30')).toMatchObject({
      state: { stage: 'signed' },
      revision: 2,
      approximate: [{ event: await idOf(1), type: 'ContractSigned', effectiveOn: '2015' }],
    });
    expect(await asOf('2016-01-03')).toMatchObject({ state: { stage: 'live' }, approximate: [] });
    expect(await asOf(undefined)).toMatchObject({ state: { stage: 'live' }, approximate: [] });
  });
});

describe('the answer with a state', () => {
  const WHOLE = 64 << 10;
  const view = (state: object, notes: readonly object[] = []) =>
    ({ ...stateView(historyOf(stream(contract, 'hosting'))), state, notes }) as unknown as ReturnType<typeof stateView>;
  const items = (count: number) => Array.from({ length: count }, (_, n) => ({ n }));

  it('has all of its lists up to 64 K characters', () => {
    const filled = (length: number) => view({ changes: items(30), text: 'x'.repeat(length) });
    const fits = filled(WHOLE - JSON.stringify(filled(0)).length);
    expect(JSON.stringify(fits)).toHaveLength(WHOLE);
    expect(boundedView(fits)).toBe(fits);
  });

  it('has beyond that the newest 20 of each list, and says by pointer how many there are', () => {
    const state = { changes: items(30), delays: items(20), text: 'x'.repeat(WHOLE) };
    const bounded = boundedView(view(state, items(21)));
    expect(bounded.counts).toEqual({ '/state/changes': 30, '/notes': 21 });
    expect(bounded.state).toEqual({ changes: items(30).slice(-20), delays: items(20), text: state.text });
    expect([bounded.notes, bounded.id]).toEqual([items(21).slice(-20), 'hosting']);
  });
});

describe('what became of a decision', () => {
  it('is that it stands, that its events were corrected so often, or that some or all of them were withdrawn', async () => {
    await hosting('AwardContract', award, { effectiveOn: '2015' });
    await hosting('RecordDelay', { milestone: 'Go-live', to: '2017' });
    await hosting('RecordDelay', { milestone: 'Go-live', to: '2018' });
    const became = async (...revisions: readonly number[]) => {
      const now = await history();
      return becameOf(revisions.map((revision) => now.recorded[revision]!), now); // prettier-ignore
    };
    expect(await became(0)).toEqual({ status: 'stands' });
    for (const change of [
      { pointer: '/title', value: 'Data centre' },
      { pointer: '/value/amount', value: '101' },
    ])
      await hosting('CorrectFact', { event: await idOf(0), changes: [change], because: 'error' });
    expect([await became(0), await became(1)]).toEqual([{ status: 'corrected', corrections: 2 }, { status: 'stands' }]);
    await hosting('WithdrawFact', { event: await idOf(2) });
    expect(await became(1, 2)).toEqual({ status: 'partly-withdrawn', withdrawn: 'some' });
    expect(await became(2)).toEqual({ status: 'withdrawn', withdrawn: 'all' });
    expect(await became(0, 2)).toEqual({ status: 'partly-withdrawn', withdrawn: 'some', corrections: 2 });
  });
});

describe('a decision under another policy', () => {
  it('is taken again with the programme as if it had adopted it, and everything else as it was known', async () => {
    await hosting('AwardContract', award, { effectiveOn: '2015' });
    const { recorded } = await history();
    const command = commands.find(({ name }) => name === 'AwardContract')!;
    const asked: unknown[] = [];
    const again = await replay(
      (category, id) => world.history(`${category}-${id}`),
      command,
      recorded,
      (state, effectiveOn) => {
        asked.push([(state as { readonly authority?: string }).authority, effectiveOn]);
        return state;
      },
    );
    expect(recorded[0]!.metadata.known.length).toBeGreaterThan(1);
    expect([again.same, asked]).toEqual([true, [[expect.any(String), '2015']]]);
  });
});

describe('the history of an aggregate', () => {
  const lived = async () => {
    await hosting('AwardContract', award, { effectiveOn: '2015-12-25', evidence: [{ title: 'Press' }] });
    const { decision } = await hosting('SignContract', {}, { decidedBy: { person: 'p-1' }, authority: { reference: 'PCD 1' }, reason: 'Agreed' }); // prettier-ignore
    await hosting('RecordDelay', { milestone: 'Go-live', to: '2017' });
    await hosting('RecordDelay', { milestone: 'Go-live', to: '2018' });
    await hosting('Annotate', { event: await idOf(0), note: 'Seen' });
    await hosting('CorrectFact', {
      event: await idOf(2),
      changes: [{ pointer: '/milestone', value: 'First service' }],
      because: 'refined',
    });
    await hosting('WithdrawFact', { event: await idOf(3) });
    return decision;
  };
  const shape = async (from: number, limit: number) => {
    const { entries, ledger, withdrawn, next } = await historyPage(await history(), from, limit);
    return [entries.map(({ revision }) => revision), ledger.map(({ revision }) => revision), withdrawn.map(({ event }) => event), next];
  };

  it('is its events in valid-time order, then corrections, withdrawals and notes, then what was withdrawn, page by page', async () => {
    await lived();
    const gone = await idOf(3);
    expect(await shape(0, 100)).toEqual([[0, 1, 2], [4, 5, 6], [gone], undefined]);
    expect((await historyPage(await history(), 6, 1)).withdrawn).toEqual([{ event: gone, by: await idOf(6), type: 'DelayRecorded', effectiveOn: '2016-01-04' }]); // prettier-ignore
    expect(await shape(0, 7)).toEqual([[0, 1, 2], [4, 5, 6], [gone], undefined]);
    expect(await shape(0, 6)).toEqual([[0, 1, 2], [4, 5, 6], [], 6]);
    expect(await shape(0, 2)).toEqual([[0, 1], [], [], 2]);
    expect(await shape(2, 2)).toEqual([[2], [4], [], 4]);
    expect(await shape(4, 2)).toEqual([[], [5, 6], [], 6]);
    expect(await shape(3, 1)).toEqual([[], [4], [], 4]);
    expect(await shape(6, 2)).toEqual([[], [], [gone], undefined]);
    expect(await shape(7, 2)).toEqual([[], [], [], undefined]);
    const pages = [];
    for (let from: number | undefined = 0; from !== undefined;) {
      const page = await historyPage(await history(), from, 1);
      pages.push(page.entries.length + page.ledger.length + page.withdrawn.length);
      from = page.next;
    }
    expect(pages).toEqual(Array(7).fill(1));
  });

  it('says of each event who decided it, why, on what evidence and how late it was recorded, and what it changed', async () => {
    const decision = await lived();
    const { entries } = await historyPage(await history(), 0, 3);
    expect(entries[0]).toMatchObject({ type: 'ContractAwarded', stream: 'contract-hosting', revision: 0, effectiveOn: '2015-12-25', daysLate: 10, evidence: [{ title: 'Press' }], data: award, corrections: [], notes: [{ note: 'Seen' }] }); // prettier-ignore
    expect(entries[0]!.changed).toContainEqual({ op: 'replace', path: '/stage', was: 'none', value: 'awarded' });
    expect(entries[1]).toMatchObject({
      decision,
      command: 'SignContract',
      actor: { id: 'ana' },
      decidedBy: { person: 'p-1' },
      authority: { reference: 'PCD 1' },
      reason: 'Agreed',
      recordedAt: '2016-01-04T09:00:00.000Z',
      evidence: [],
    });
    expect(entries[1]).not.toHaveProperty('daysLate');
    expect(entries[1]!.changed).toEqual([
      { op: 'replace', path: '/stage', was: 'awarded', value: 'signed' },
      { op: 'add', path: '/dates/signed', value: '2016-01-04' },
    ]);
    expect(entries[2]).toMatchObject({ data: { milestone: 'First service' }, corrections: [{ was: 'Go-live', because: 'refined' }] });
  });

  it('says of what the ledger recorded about them what it was, and of what was withdrawn by what', async () => {
    await lived();
    const { ledger, withdrawn } = await historyPage(await history(), 3, 100);
    expect(ledger[0]).toMatchObject({ type: 'FactAnnotated', stream: 'contract-hosting', revision: 4, command: 'Annotate', evidence: [], data: { note: 'Seen' } }); // prettier-ignore
    expect(ledger.map(({ type }) => type)).toEqual(['FactAnnotated', 'FactCorrected', 'FactWithdrawn']);
    expect(withdrawn).toEqual([{ event: await idOf(3), by: await idOf(6), type: 'DelayRecorded', effectiveOn: '2016-01-04' }]);
  });

  it('has of some entries those that are wanted, by their place', async () => {
    await lived();
    const revisions = async (...asked: [number, number]) => (await entryViews(await history(), ...asked)).map(({ revision }) => revision);
    expect([await revisions(0, 9), await revisions(1, 2), await revisions(2, 2)]).toEqual([[0, 1, 2], [1], []]);
    const delays = await entryViews(await history(), 0, 9, ({ recorded }) => recorded.type === 'DelayRecorded');
    expect(delays.map(({ revision }) => revision)).toEqual([2]);
  });

  it('lets other work go on between its entries', async () => {
    await hosting('AwardContract', award);
    for (let n = 0; n < 40; n++) await hosting('RecordDelay', { milestone: `M${n}`, to: 'unknown' });
    let turns = 0;
    const count = (): void => void (turns++, (timer = setImmediate(count)));
    let timer = setImmediate(count);
    expect((await historyPage(await history(), 0, 100)).entries).toHaveLength(41);
    clearImmediate(timer);
    expect(turns).toBeGreaterThanOrEqual(2);
    expect(turns).toBeLessThan(20);
  });

  it('lets other work go on before a page that begins far behind', async () => {
    const delay = context('DelayRecorded', { milestone: 'Go-live', to: 'unknown' }, '2016-03-01');
    const long = historyOf(
      stream(contract, 'long', context('ContractAwarded', award, '2016-01-01'), ...Array<typeof delay>(900).fill(delay)),
    );
    let turns = 0;
    const count = (): void => void (turns++, (timer = setImmediate(count)));
    let timer = setImmediate(count);
    expect((await historyPage(long, 900, 1)).entries).toMatchObject([{ revision: 900 }]);
    clearImmediate(timer);
    expect(turns).toBeGreaterThanOrEqual(4);
  });
});

describe('the dossier of a decision', () => {
  it('has what was asked and known, and what became of each event since', async () => {
    const { decision } = await hosting('AwardContract', award, { effectiveOn: '2015-12-25', evidence: [{ title: 'Press' }] });
    const event = await idOf(0);
    const dossier = async () => dossierOf((await history()).decision(decision!), await history());
    const first = await dossier();
    expect(first).toMatchObject({
      stream: 'contract-hosting',
      decision,
      command: 'AwardContract',
      effectiveOn: '2015-12-25',
      daysLate: 10,
      evidence: [{ title: 'Press' }],
      asked: { ...award, record: { effectiveOn: '2015-12-25', evidence: [{ title: 'Press' }] } },
      known: [
        { stream: 'contract-hosting', revision: -1 },
        { stream: 'programme-met', revision: 0 },
        { stream: 'tower-hosting', revision: 0 },
        { stream: 'supplier-csc', revision: 0 },
      ],
      assessed: [],
    });
    expect(first.events).toStrictEqual([{ event, type: 'ContractAwarded', revision: 0, position: expect.any(String), data: award }]);
    await hosting('CorrectFact', { event, changes: [{ pointer: '/title', value: 'Hosting services' }], because: 'refined' });
    await hosting('Annotate', { event, note: 'Seen' });
    expect((await dossier()).events).toMatchObject([{ data: award, corrections: [{ value: 'Hosting services', was: 'Hosting' }], notes: [{ note: 'Seen' }] }]); // prettier-ignore
    await hosting('WithdrawFact', { event });
    expect((await dossier()).events).toStrictEqual([{ event, type: 'ContractAwarded', revision: 0, position: expect.any(String), data: award, withdrawnBy: await idOf(3) }]); // prettier-ignore
  });

  it('has no evidence and no days where there are none, and what was assessed of every event', async () => {
    await hosting('AwardContract', award);
    const [event] = (await history()).recorded as [RecordedEvent];
    const assessed = (rule: string): Metadata => ({ ...event.metadata, assessed: [{ rule, version: '1', inputs: {}, result: 'met' }] });
    const dossier = dossierOf([event, { ...event, metadata: assessed('a') }, { ...event, metadata: assessed('b') }], await history());
    expect(dossier).not.toHaveProperty('daysLate');
    expect([dossier.evidence, dossier.assessed.map(({ rule }) => rule)]).toEqual([[], ['a', 'b']]);
    expect(dossier.events[0]).not.toHaveProperty('notes');
  });
});

describe('a replay', () => {
  const replayed = async (change: (event: RecordedEvent) => RecordedEvent = (event) => event) => {
    const recorded = (await history()).recorded.at(-1)!;
    const command = commands.find(({ name }) => name === recorded.metadata.command.name)!;
    return replay((category, id) => world.history(`${category}-${id}`), command, [change(recorded)]);
  };

  it('of a decision without rules has nothing assessed, and the same events', async () => {
    const { decision } = await hosting('AwardContract', award);
    expect(await replayed()).toEqual({
      decision,
      same: true,
      differences: [],
      known: expect.arrayContaining([{ stream: 'contract-hosting', revision: -1 }]),
      recorded: [{ type: 'ContractAwarded', data: award, assessed: [] }],
      again: [{ type: 'ContractAwarded', data: award, assessed: [] }],
    });
  });

  it('shows where another revision was known than the decision reads', async () => {
    await hosting('AwardContract', award);
    const { same, differences } = await replayed((event) => ({
      ...event,
      metadata: { ...event.metadata, known: event.metadata.known.concat({ stream: 'supplier-atos', revision: 0 }) },
    }));
    expect([same, differences]).toEqual([false, [{ op: 'remove', path: '/known/supplier-atos', was: 0 }]]);
  });

  it('of a decision that would be refused says why, and passes on what is no refusal', async () => {
    await hosting('AwardContract', award);
    const unknown = (event: RecordedEvent) => ({ ...event, metadata: { ...event.metadata, known: [] } });
    expect(await replayed(unknown)).toMatchObject({
      same: false,
      differences: [],
      again: [],
      refused: { code: 'ledger/unknown-reference', detail: 'No programme met is recorded.' },
    });
    const broken = replay(async () => Promise.reject(new Error('The disk is gone.')), commands[0]!, (await history()).recorded);
    await expect(broken).rejects.toThrow('The disk is gone.');
    const [command] = commands.filter(({ name }) => name === 'AwardContract');
    const wrong = { ...command!, decide: () => { throw new RangeError('A fault of the program.'); } }; // prettier-ignore
    await expect(replay((category, id) => world.history(`${category}-${id}`), wrong, (await history()).recorded)).rejects.toThrow(RangeError); // prettier-ignore
  });
});

it('the name of a stream is a category and an id, which may have dashes', () =>
  expect(split('contract-met-hosting')).toEqual(['contract', 'met-hosting']));
