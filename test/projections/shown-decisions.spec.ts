import { beforeEach, describe, expect, it } from '@jest/globals';
import { judgedBy, keysOf } from '../../projections/decisions.js';
import { assessedIn, trailOf } from '../../projections/trail.js';
import type { CommandStamp, RecordedEvent } from '../../src/kernel/index.js';
import { recordWorld, World } from '../random-history.js';
import { inMemory, InMemory } from './in-memory.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const award = { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: gbp('95000000') };
const consent = { policy: 'consent', title: 'Scheme of consent', version: '1', inForceFrom: '2010', approvals: [{ stepOverOriginalAbove: 10, approver: 'Mayor' }] }; // prettier-ignore

let world: World;
beforeEach(async () => {
  world = new World('2016-01-04');
  await recordWorld(world);
});
const hosting = (command: string, data: object, record = {}) => world.record('contract-hosting', command, data, record);
const firstOf = async (stream: string) => (await world.history(stream)).recorded[0]!.id;

describe('a decision', () => {
  it('is who took it, for when, why, on which paper and evidence, and what was assessed', async () => {
    await world.record('programme-met', 'AdoptPolicy', consent);
    await hosting('AwardContract', award);
    const record = {
      decidedBy: { person: 'p-1', office: 'Mayor' },
      authority: { reference: 'PCD 813' },
      reason: 'Growth',
      evidence: [{ uri: 'https://example.org/813', title: 'Paper' }, { title: 'Press' }, { paragraph: '4' }],
    };
    const { decision, position } = await hosting('ApproveChange', { kind: 'value', to: gbp('150000000') }, record);
    expect((await inMemory('decisions', world)).row(`decision:${decision}`)).toEqual({
      decision,
      command: 'ApproveChange',
      stream: 'contract-hosting',
      revision: 1,
      position,
      recordedAt: '2016-01-04T09:00:00.000Z',
      effectiveOn: '2016-01-04',
      actor: 'ana',
      decidedBy: record.decidedBy,
      reference: 'PCD 813',
      reason: 'Growth',
      evidence: ['https://example.org/813', 'Press', null],
      assessed: [{ rule: 'consent/approval', version: '1', result: 'met' }],
      judgedBy: { programme: 'met', revision: 1 },
      about: { programme: 'met', contract: ['hosting'], tower: ['hosting'], supplier: ['csc'] },
    });
  });

  it('has nulls for what nobody said, and stands under no paper and no person', async () => {
    const { decision } = await hosting('AwardContract', award);
    const decisions = await inMemory('decisions', world);
    expect(decisions.row(`decision:${decision}`)).toMatchObject({ decidedBy: null, reference: null, reason: null, evidence: [], assessed: [] }); // prettier-ignore
    expect([decisions.row('person:p-1'), decisions.row('reference:PCD1')]).toEqual([undefined, undefined]);
  });

  it('of several events stands once, whether its body is kept or made from its first event', async () => {
    await hosting('AwardContract', award);
    const [event] = (await world.history('contract-hosting')).recorded as [RecordedEvent];
    const as = (command: CommandStamp): RecordedEvent => ({ ...event, metadata: { ...event.metadata, command } });
    const of = (...events: RecordedEvent[]) => new InMemory('decisions', events).keys();
    expect(of(as({ id: 'd', name: 'N', body: {} }))).toEqual(['decision:d']);
    expect(of(as({ id: 'd', name: 'N', record: null }))).toEqual(['decision:d']);
    expect(of(as({ id: 'd', name: 'N' }))).toEqual([]);
  });

  it('stands under its paper, however it is written, and under its person, the newest first, counted', async () => {
    await hosting('AwardContract', award);
    const taken: string[] = [];
    for (const [reference, person] of [
      ['PCD 813', 'p-1'],
      ['pcd-813', 'p-2'],
      ['PCD 81', 'p-1'],
    ] as const)
      // prettier-ignore
      taken.push((await hosting('ApproveChange', { kind: 'scope', summary: 'Print' }, { authority: { reference }, decidedBy: { person } })).decision!);
    const decisions = await inMemory('decisions', world);
    const of = (key: string) => decisions.row(key).decisions.map(({ decision }: { decision: string }) => decision);
    expect([of('reference:PCD813'), of('reference:PCD81')]).toEqual([[taken[1], taken[0]], [taken[2]]]); // prettier-ignore
    expect([of('person:p-1'), of('person:p-2')]).toEqual([[taken[2], taken[0]], [taken[1]]]); // prettier-ignore
    expect([decisions.row('person:p-1').counts, decisions.row('reference:PCD81').counts]).toEqual([{ decisions: 2 }, { decisions: 1 }]);
    expect(decisions.list('person:p-1', 'decisions')).toHaveLength(2);
    expect(decisions.list('reference:PCD813', 'decisions')).toHaveLength(2);
  });

  it('is found by command, stream, actor, person and paper', async () => {
    const first = `decision:${(await hosting('AwardContract', award, { authority: { reference: 'PCD 813' } })).decision}`;
    const second = `decision:${(await hosting('ApproveChange', { kind: 'scope', summary: 'Print' }, { decidedBy: { person: 'p-1' } })).decision}`;
    const decisions = await inMemory('decisions', world);
    expect(decisions.keys({ command: 'ApproveChange' })).toEqual([second]);
    expect(decisions.keys({ stream: 'contract-hosting' })).toEqual([first, second].sort());
    expect(decisions.keys({ person: 'p-1' })).toEqual([second]);
    expect([decisions.keys({ reference: 'PCD 813' }), decisions.keys({ reference: 'PCD813' })]).toEqual([[first], [first]]);
    expect([decisions.keys({ actor: 'ana' }).length, decisions.keys({ actor: 'bob' })]).toEqual([7, []]);
  });

  it('is found by what it is about', async () => {
    const first = `decision:${(await hosting('AwardContract', award)).decision}`;
    const { decision } = await world.record('supplier-csc', 'AddAlias', { alias: 'CSC' });
    const decisions = await inMemory('decisions', world);
    expect(decisions.keys({ contract: 'hosting' })).toEqual([first]);
    expect(decisions.keys({ programme: 'met', tower: 'hosting' })).toContain(first);
    expect(decisions.keys({ supplier: 'csc' })).toEqual(expect.arrayContaining([first, `decision:${decision}`]));
    expect([decisions.keys({ tower: 'euc' }), decisions.keys({ contract: 'euc' }), decisions.keys({ programme: 'csc' })]).not.toContainEqual(expect.arrayContaining([first])); // prettier-ignore
  });

  it('stands under its policy and its rule, its paper and its person, and those that a correction puts in their place', () => {
    const event = (type: string, data: object, metadata: object = {}) => ({ type, data, metadata: { schemaVersion: type === 'FactCorrected' ? 2 : 1, ...metadata } }) as unknown as RecordedEvent; // prettier-ignore
    const corrected = (...changes: readonly object[]) => [...keysOf(event('FactCorrected', { event: 'e', because: 'error', changes }))];
    const assessed = [{ rule: 'consent/approval' }, { rule: 'consent/standstill' }, { rule: 'law' }];
    expect([...keysOf(event('X', {}, { assessed }))]).toEqual(['rule:consent', 'rule:consent/approval', 'rule:consent/standstill', 'rule:law']); // prettier-ignore
    expect([...keysOf(event('X', {}, { authority: { reference: 'Pcd 1' }, decidedBy: { person: 'p-1' } }))]).toEqual(['reference:PCD1', 'person:p-1']); // prettier-ignore
    expect([...keysOf(event('X', { changes: [{ pointer: '/record/decidedBy/person', value: 'p-9' }] }))]).toEqual([]);
    expect(corrected({ pointer: '/record/authority/reference', value: 'PCD 2' }, { pointer: '/title', value: 'Desks' })).toEqual(['reference:PCD2']); // prettier-ignore
    expect(corrected({ pointer: '/record/decidedBy', value: { person: 'p-2', office: 'Mayor' } })).toEqual(['person:p-2']);
    expect(corrected({ pointer: '/record/decidedBy/office', value: 'Mayor' }, { pointer: '/record/authority/uri', value: 'u' })).toEqual(
      [],
    );
    expect(corrected({ pointer: '/record/reason', remove: true })).toEqual([]);
  });

  it('was judged by the policies of its programme as they were known: of a decision of the programme, before itself', () => {
    const [assessed, known] = [
      [{ rule: 'consent/approval' }],
      [
        { stream: 'tower-hosting', revision: 0 },
        { stream: 'programme-met', revision: 7 },
      ],
    ];
    const of = (stream: string, metadata: object) => judgedBy({ stream, revision: 5, metadata } as unknown as RecordedEvent);
    expect(of('programme-lfb', { assessed, known })).toEqual({ programme: 'lfb', revision: 4 });
    expect(of('contract-hosting', { assessed, known })).toEqual({ programme: 'met', revision: 7 });
    expect(of('contract-hosting', { assessed, known: known.slice(0, 1) })).toBeNull();
    expect([of('contract-hosting', { assessed: [], known }), of('programme-met', { known })]).toEqual([null, null]);
  });
});

describe('the record behind a row', () => {
  const trail = async (most?: number) => trailOf(await world.history('contract-hosting'), most);

  it('of nothing is empty', async () =>
    expect(await trail()).toEqual({ lastDecision: null, evidence: null, sources: 0, claims: [], notes: [], daysLate: 0, corrections: 0, assessed: [] })); // prettier-ignore

  it('names the last decision, never one of the ledger’s own, and its paper', async () => {
    const { decision } = await hosting('AwardContract', award, { authority: { reference: 'PCD 1' }, effectiveOn: '2015' });
    await hosting('Annotate', { note: 'Seen' });
    expect((await trail()).lastDecision).toEqual({ decision, command: 'AwardContract', on: '2015', reference: 'PCD 1' });
    const last = await hosting('ApproveChange', { kind: 'scope', summary: 'Print' }, { effectiveOn: '2015-06' });
    expect((await trail()).lastDecision).toMatchObject({ decision: last.decision, reference: null });
  });

  it('names the last decision by day of those that stand, with its day and its paper as corrected', async () => {
    await hosting('AwardContract', award, { effectiveOn: '2015-01-01' });
    const late = await hosting(
      'ApproveChange',
      { kind: 'scope', summary: 'More' },
      { effectiveOn: '2015-12-01', authority: { reference: 'PCD 2' } },
    );
    const early = await hosting('ApproveChange', { kind: 'scope', summary: 'More' }, { effectiveOn: '2015-06-01' });
    expect((await trail()).lastDecision).toMatchObject({ decision: late.decision, on: '2015-12-01', reference: 'PCD 2' });
    const changes = [{ pointer: '/effectiveOn', value: '2015-12-31' }, { pointer: '/record/authority', value: { reference: 'PCD 3' } }]; // prettier-ignore
    await hosting('CorrectFact', { event: early.events[0]!.id!, changes, because: 'error' });
    expect((await trail()).lastDecision).toMatchObject({ decision: early.decision, on: '2015-12-31', reference: 'PCD 3' });
    await hosting('WithdrawFact', { event: early.events[0]!.id! });
    expect((await trail()).lastDecision).toMatchObject({ decision: late.decision, on: '2015-12-01' });
  });

  it('counts each source once, and grades the best of them', async () => {
    const evidence = (...sources: object[]) => ({ evidence: sources });
    await hosting(
      'AwardContract',
      award,
      evidence({ title: 'Press', confidence: 'press' }, { uri: 'urn:a', title: 'A', confidence: 'low' }),
    );
    expect(await trail()).toMatchObject({ sources: 2, evidence: 'press' });
    await hosting('ApproveChange', { kind: 'scope', summary: 'Print' }, evidence({ title: 'Press', confidence: 'press' }, { uri: 'urn:a', title: 'Another title' })); // prettier-ignore
    expect(await trail()).toMatchObject({ sources: 2, evidence: 'press' });
    await hosting('ApproveChange', { kind: 'scope', summary: 'Print' }, evidence({ title: 'Sums', confidence: 'derived' }, { uri: 'urn:b', confidence: 'primary' })); // prettier-ignore
    expect(await trail()).toMatchObject({ sources: 4, evidence: 'primary' });
  });

  it('keeps the newest claims with their source, and no plain note among them', async () => {
    await hosting('AwardContract', award);
    const event = await firstOf('contract-hosting');
    const claim = (amount: string) => ({ pointer: '/value/amount', value: amount });
    const said = (amount: string, ...evidence: object[]) => hosting('Annotate', { event, note: 'Another source', claim: claim(amount) }, { evidence }); // prettier-ignore
    await said('1', { title: 'Press' });
    await said('2', { uri: 'urn:a', title: 'A' }, { title: 'B' });
    await said('3', { paragraph: '4' }, { title: 'C' });
    await said(award.value.amount, { title: 'Agrees' });
    await hosting('Annotate', { event, note: 'Seen' });
    expect((await trail()).claims).toEqual([
      { event, ...claim('1'), source: 'Press' },
      { event, ...claim('2'), source: 'urn:a' },
      { event, ...claim('3'), source: 'C' },
    ]);
    expect((await trail(2)).claims.map(({ value }) => value)).toEqual(['2', '3']);
    await hosting('CorrectFact', { event, changes: [claim('2')], because: 'settled' });
    expect((await trail()).claims).toEqual([]);
  });

  it('keeps the newest notes that stand, of an event or of all of it, in the order in which they were recorded', async () => {
    await hosting('AwardContract', award);
    const event = await firstOf('contract-hosting');
    await hosting('Annotate', { event, note: 'Seen' });
    const { events } = await hosting('Annotate', { note: 'Read again' }, { evidence: [{ title: 'A file' }, { uri: 'urn:a' }] });
    await hosting('Annotate', { event, note: 'Another source', claim: { pointer: '/title', value: 'X' } }, { evidence: [{ title: 'B' }] });
    await hosting('Annotate', { event, note: 'Seen twice' });
    const [seen, read, twice] = [
      { event, note: 'Seen', source: null },
      { event: null, note: 'Read again', source: 'A file' },
      { event, note: 'Seen twice', source: null },
    ];
    expect((await trail()).notes).toEqual([seen, read, twice]);
    expect((await trail(2)).notes).toEqual([read, twice]);
    await hosting('WithdrawFact', { event: events[0]!.id! });
    expect((await trail()).notes).toEqual([seen, twice]);
  });

  it('counts corrections, and the days of the event that was latest', async () => {
    await hosting('AwardContract', award, { effectiveOn: '2015-12-25' });
    await hosting('ApproveChange', { kind: 'scope', summary: 'Print' }, { effectiveOn: '2016-01-01' });
    expect(await trail()).toMatchObject({ daysLate: 10, corrections: 0 });
    const event = await firstOf('contract-hosting');
    await hosting('CorrectFact', { event, changes: [{ pointer: '/title', value: 'Hosting services' }], because: 'refined' });
    await hosting('CorrectFact', { event, changes: [{ pointer: '/effectiveOn', value: '2015-12-31' }], because: 'refined' });
    expect(await trail()).toMatchObject({ daysLate: 4, corrections: 2 });
  });

  it('has the newest assessments that were not met or waived, a correction in the place of what it corrects', async () => {
    await world.record('programme-met', 'AdoptPolicy', consent);
    await hosting('AwardContract', award, { effectiveOn: '2014' });
    const by = (office: string, effectiveOn: string, more = {}) => ({ decidedBy: { person: 'p-1', office }, effectiveOn, ...more });
    const first = await hosting('ApproveChange', { kind: 'value', to: gbp('150000000') }, by('Director', '2015-01'));
    await hosting('ApproveChange', { kind: 'value', to: gbp('200000000') }, by('Mayor', '2015-02'));
    const waiver = { waives: ['consent/approval'], reason: 'Urgent', authority: { reference: 'PCD 2' } };
    await hosting('ApproveChange', { kind: 'value', to: gbp('250000000') }, by('Director', '2015-03', waiver));
    expect((await trail()).assessed.map(({ result }) => result)).toEqual(['not-met', 'waived']);
    expect((await trail(1)).assessed.map(({ result }) => result)).toEqual(['waived']);
    const event = first.events[0]!.id!;
    await hosting(
      'CorrectFact',
      { event, changes: [{ pointer: '/to/amount', value: '151000000' }], because: 'error' },
      by('Mayor', '2016-01-04'),
    );
    expect((await trail()).assessed.map(({ result }) => result)).toEqual(['waived']);
    await hosting('WithdrawFact', { event: (await world.history('contract-hosting')).entries.at(-1)!.recorded.id });
    expect((await trail()).assessed).toEqual([]);
    const assessed = assessedIn((await world.history('contract-hosting')).recorded);
    expect([assessed.size, [...assessed.keys()][0], assessed.get(event)![0]!.result]).toEqual([3, event, 'met']);
  });
});
