import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { closeRows, rowsAfter } from '../engine/rows-after.js';
import { theFact } from '../given.js';
import { recordWorld, World } from '../random-history.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const award = { programme: 'met', title: 'Service integration', towers: [], suppliers: [{ supplier: 'atos' }], value: gbp('96000000') };

let world: World;
beforeEach(async () => {
  world = new World('2019-11-04');
  await recordWorld(world);
  await world.record('contract-siam', 'AwardContract', award, { effectiveOn: '2015-08-24', evidence: [{ title: 'Newspaper' }] });
});
afterEach(closeRows);

const uplift = (to: string, reference: string, person: string, on = '2019-11-04') =>
  world.record(
    'contract-siam',
    'ApproveChange',
    { kind: 'value', to: gbp(to) },
    { effectiveOn: on, authority: { reference }, decidedBy: { person, office: 'Deputy Mayor' }, reason: 'Pegasus' },
  );
const decisions = async () => {
  const rows = await rowsAfter(await world.events());
  return {
    rows,
    row: (key: string) => rows.row('decisions', key),
    on: async (key: string): Promise<string[]> =>
      (await rows.row('decisions', key))?.decisions.map(({ decision }: { decision: string }) => decision),
    find: async (filters: Record<string, string>) =>
      (await rows.projector.rows('decisions', { filters })).rows.map(({ row }) => row.decision),
  };
};

describe('a decision', () => {
  it('is found by its id: who, when, on which paper, on what evidence', async () => {
    const receipt = await uplift('143000000', 'PCD 437', 'p-1');
    expect(await (await decisions()).row(`decision:${receipt.decision}`)).toEqual({
      decision: receipt.decision,
      command: 'ApproveChange',
      stream: 'contract-siam',
      revision: 1,
      position: receipt.position,
      recordedAt: '2019-11-04T09:00:00.000Z',
      effectiveOn: '2019-11-04',
      actor: 'ana',
      decidedBy: { person: 'p-1', office: 'Deputy Mayor' },
      reference: 'PCD 437',
      reason: 'Pegasus',
      evidence: [],
      assessed: [],
      judgedBy: null,
      about: expect.objectContaining({ programme: 'met', contract: ['siam'] }),
    });
  });

  it('shows what was assessed, by rule and version', async () => {
    const consent = { policy: 'consent', title: 'Scheme of consent', version: '2016-1', inForceFrom: '2010', approvals: [{ stepOverOriginalAbove: 10, approver: 'Deputy Mayor' }] }; // prettier-ignore
    await world.record('programme-met', 'AdoptPolicy', consent);
    const { decision } = await uplift('143000000', 'PCD 437', 'p-1');
    expect((await (await decisions()).row(`decision:${decision}`)).assessed).toEqual([
      { rule: 'consent/approval', version: '2016-1', result: 'met' },
    ]);
  });

  it('of several facts is one row', async () => {
    const before = (await (await decisions()).rows.all('decisions')).length;
    const { metadata } = (await world.store.read('contract-siam'))[0]!;
    const command = (n: number) => ({ id: 'of-both', name: 'SignAndStart', ...(n === 1 && { body: {} }) });
    const event = (n: number, type: string) => ({ id: theFact(900 + n), type, data: {}, metadata: { ...metadata, command: command(n) } });
    await world.store.append('contract-siam', 0, [event(1, 'ContractSigned'), event(2, 'ServiceStarted')]);
    const { rows, find } = await decisions();
    expect(await rows.all('decisions')).toHaveLength(before + 1);
    expect(await find({ command: 'SignAndStart' })).toEqual(['of-both']);
  });

  it('stays as it was recorded when its facts are corrected or withdrawn', async () => {
    const { decision, events } = await uplift('143000000', 'PCD 437', 'p-1');
    const before = await (await decisions()).row(`decision:${decision}`);
    await world.record('contract-siam', 'CorrectFact', {
      event: events[0]!.id!,
      changes: [{ pointer: '/effectiveOn', value: '2018' }],
      because: 'error',
    });
    await world.record('contract-siam', 'WithdrawFact', { event: events[0]!.id! });
    expect(await (await decisions()).row(`decision:${decision}`)).toEqual(before);
  });
});

describe('decisions on one paper', () => {
  it('are found under the paper, in any spelling', async () => {
    const { decision: other } = await uplift('143000000', 'PCD 437', 'p-1', '2018-09-01');
    const { decision: first } = await uplift('150000000', 'PCD 813', 'p-1');
    const { decision: second } = await uplift('176800000', 'PCD-813', 'p-2');
    const { on, find, row } = await decisions();
    expect(await on('reference:PCD813')).toEqual([second, first]);
    expect(await on('reference:PCD437')).toEqual([other]);
    expect(await row('reference:PCD9')).toBeUndefined();
    expect(await find({ reference: 'PCD813' })).toEqual([first, second]);
    expect(await find({ reference: 'PCD 813' })).toEqual([first]);
  });

  it('are found with the correction that puts the paper or the person in the place of another', async () => {
    const { decision, events } = await uplift('143000000', 'PCD 437', 'p-1');
    const correct = (pointer: string, value: unknown) =>
      world.record('contract-siam', 'CorrectFact', { event: events[0]!.id!, changes: [{ pointer, value }], because: 'error' });
    const paper = await correct('/record/authority/reference', 'pcd 444');
    const whole = await correct('/record/authority', { reference: 'PCD 445' });
    const decider = await correct('/record/decidedBy/person', 'p-9');
    await correct('/to/amount', '144000000');
    const { on } = await decisions();
    expect(await on('reference:PCD437')).toEqual([decision]);
    expect(await on('reference:PCD444')).toEqual([paper.decision]);
    expect(await on('reference:PCD445')).toEqual([whole.decision]);
    expect(await on('person:p-9')).toEqual([decider.decision]);
  });

  it('are found under the policy and the rule that judged them', async () => {
    const consent = { policy: 'consent', title: 'Scheme of consent', version: '2016-1', inForceFrom: '2010', approvals: [{ stepOverOriginalAbove: 10, approver: 'Deputy Mayor' }] }; // prettier-ignore
    await world.record('programme-met', 'AdoptPolicy', consent);
    const { decision: first } = await uplift('143000000', 'PCD 437', 'p-1');
    const { decision: second } = await uplift('176800000', 'PCD 813', 'p-2');
    const { on, row } = await decisions();
    for (const rule of ['consent', 'consent/approval']) expect(await on(`rule:${rule}`)).toEqual([second, first]);
    expect(await row('rule:consent/standstill')).toBeUndefined();
    expect((await row(`decision:${first}`)).judgedBy).toEqual({ programme: 'met', revision: expect.any(Number) });
  });

  it('are found under the person who took them, and by who recorded them', async () => {
    const { decision: first } = await uplift('143000000', 'PCD 437', 'p-1');
    const { decision: second } = await uplift('176800000', 'PCD 813', 'p-2');
    const { on, find, rows } = await decisions();
    expect(await on('person:p-2')).toEqual([second]);
    expect(await find({ person: 'p-1' })).toEqual([first]);
    expect(await find({ actor: 'ana' })).toHaveLength((await rows.all('decisions')).length);
    expect(await find({ stream: 'contract-siam', command: 'ApproveChange' })).toEqual([first, second]);
  });
});
