import { beforeEach, describe, expect, it } from '@jest/globals';
import { commands } from '../../src/domain/index.js';
import { historyPage, replay, type Replay } from '../../src/engine/audit/audit.js';
import { dossierOf } from '../../src/engine/audit/dossier.js';
import type { Json, NewEvent } from '../../src/kernel/index.js';
import { theFact } from '../given.js';
import { recordWorld, World } from '../random-history.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const scheme = { policy: 'scheme', title: 'Scheme of consent', version: '1', inForceFrom: '2010', approvals: [{ stepOverOriginalAbove: 10, approver: 'Deputy Mayor' }] }; // prettier-ignore
const deputyMayor = { decidedBy: { person: 'p-1', office: 'Deputy Mayor' }, authority: { reference: 'PCD 813' } };
const uplift = { kind: 'value', to: gbp('150000000') };

let world: World;
beforeEach(async () => {
  world = new World('2019-11-04');
  await recordWorld(world);
  await world.record('programme-met', 'AdoptPolicy', scheme);
  await world.record(
    'contract-siam',
    'AwardContract',
    { programme: 'met', suppliers: [{ supplier: 'atos' }], value: gbp('96000000') },
    { effectiveOn: '2015' },
  );
});

const eventsOf = async (decision: string) => (await world.history('contract-siam')).decision(decision);
const replayOf = async (decision: string): Promise<Replay> => {
  const events = await eventsOf(decision);
  const command = commands.find(({ name }) => name === events[0]!.metadata.command.name)!;
  return replay((category, id) => world.history(`${category}-${id}`), command, events);
};
const approved = async () => (await world.record('contract-siam', 'ApproveChange', uplift, deputyMayor)).decision!;

describe('replaying a decision against what was known', () => {
  it('gives the same events and the same assessed rules', async () => {
    const taken = await replayOf(await approved());
    expect(taken).toMatchObject({ same: true, differences: [] });
    expect(taken.again).toEqual(taken.recorded);
    expect(taken.again).toMatchObject([{ type: 'ChangeApproved', assessed: [{ rule: 'scheme/approval', result: 'met' }] }]);
    expect(taken.known).toEqual([
      { stream: 'contract-siam', revision: 0 },
      { stream: 'programme-met', revision: 1 },
    ]);
  });

  it('ignores what was recorded later, in its own stream and in others', async () => {
    const decision = await approved();
    const [award] = (await world.history('contract-siam')).recorded;
    await world.record('contract-siam', 'CorrectFact', { event: award!.id, changes: [{ pointer: '/value/amount', value: '149000000' }], because: 'error' }, deputyMayor); // prettier-ignore
    await world.record('contract-siam', 'TerminateContract', { ground: 'Breach' }).catch(() => undefined);
    const stricter = { ...scheme, version: '2', approvals: [{ stepOverOriginalAbove: 1, approver: 'Mayor' }] };
    await world.record('programme-met', 'AdoptPolicy', stricter);
    expect(await replayOf(decision)).toMatchObject({ same: true, differences: [] });
  });

  /** Writes a decision that the rules would not take directly into the log. */
  const smuggled = async (command: string, body: Json, type: string, data: object): Promise<string> => {
    const { metadata } = (await eventsOf(await approved()))[0]!;
    const { assessed: _, ...rest } = metadata;
    const event: NewEvent = {
      id: theFact(900),
      type,
      data,
      metadata: { ...rest, command: { id: 'smuggled', name: command, body } },
    };
    await world.store.append('contract-siam', 1, [event]);
    return 'smuggled';
  };

  it('shows where the recorded events differ', async () => {
    const decision = await smuggled('ApproveChange', { kind: 'value', to: gbp('160000000'), record: deputyMayor }, 'ChangeApproved', { kind: 'value', to: gbp('190000000') }); // prettier-ignore
    const { same, differences } = await replayOf(decision);
    expect(same).toBe(false);
    expect(differences.map(({ path }) => path)).toContain('/events/0/data/to/amount');
    expect(JSON.stringify(differences)).toMatch(/190000000.*160000000/);
  });

  it('replays a correction that was stored when corrections had one field', async () => {
    const [award] = (await world.history('contract-siam')).recorded;
    const stored = { event: award!.id, pointer: '/title', value: 'SIAM', because: 'error' };
    const decision = await smuggled('CorrectFact', stored, 'FactCorrected', stored);
    const { again, ...taken } = await replayOf(decision);
    expect(taken).toMatchObject({ same: true, differences: [] });
    expect(again.map(({ data }) => data)).toEqual([
      { event: award!.id, changes: [{ pointer: '/title', value: 'SIAM' }], because: 'error' },
    ]);
  });

  it('shows that the command would have been refused', async () => {
    const decision = await smuggled('ApproveChange', { kind: 'value', record: deputyMayor }, 'ChangeApproved', { kind: 'value', to: gbp('190000000') }); // prettier-ignore
    expect(await replayOf(decision)).toMatchObject({ same: false, again: [], refused: { code: 'contract/change-without-value' } });
  });
});

describe('the dossier of a decision', () => {
  it('has the command, what was known and assessed, and what happened to its events since', async () => {
    const decision = await approved();
    const [event] = await eventsOf(decision);
    await world.record('contract-siam', 'Annotate', { event: event!.id, note: 'Seen' });
    await world.record('contract-siam', 'WithdrawFact', { event: event!.id });
    const dossier = dossierOf(await eventsOf(decision), await world.history('contract-siam'));
    expect(dossier).toMatchObject({
      decision,
      command: 'ApproveChange',
      actor: { id: 'ana' },
      ...deputyMayor,
      asked: { ...uplift, record: deputyMayor },
      assessed: [{ rule: 'scheme/approval', version: '1', result: 'met' }],
      events: [{ type: 'ChangeApproved', withdrawnBy: expect.any(String) }],
    });
    expect(dossier).not.toHaveProperty('daysLate');
  });

  it('gives the minimum number of days that it was recorded late', async () => {
    const [award] = (await world.history('contract-siam')).recorded;
    const dossier = dossierOf([award!], await world.history('contract-siam'));
    expect(dossier.daysLate).toBe(1404); // 2015-12-31 → 2019-11-04
  });
});

describe('the history of an aggregate', () => {
  it('has each event in valid-time order with what it changed', async () => {
    await approved();
    await world.record('contract-siam', 'SignContract', {}, { effectiveOn: '2016' });
    const { entries, ledger, withdrawn } = await historyPage(await world.history('contract-siam'), 0, 100);
    expect(entries.map(({ type }) => type)).toEqual(['ContractAwarded', 'ContractSigned', 'ChangeApproved']);
    expect(entries[2]!.changed).toContainEqual({ op: 'replace', path: '/ceiling/amount', was: '96000000', value: '150000000' });
    expect([ledger, withdrawn]).toEqual([[], []]);
  });
});
