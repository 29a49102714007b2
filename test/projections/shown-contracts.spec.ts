import { beforeEach, describe, expect, it } from '@jest/globals';
import { groupOf, hasEnded, isPromised } from '../../projections/promised.js';
import { STAGES } from '../../src/domain/contract/state.js';
import { recordWorld, World } from '../random-history.js';
import { inMemory } from './in-memory.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const award = { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: gbp('95000000') };

let world: World;
beforeEach(async () => {
  world = new World('2016-01-04');
  await recordWorld(world);
  await world.record('contract-hosting', 'AwardContract', award, { authority: { reference: 'PCD 1' } });
});
const hosting = (command: string, data: object, record = {}) => world.record('contract-hosting', command, data, record);

describe('money', () => {
  it('is promised from the award on, and also after the close', () =>
    expect(STAGES.filter((stage) => isPromised({ stage, kind: 'call-off' }))).toEqual([
      'awarded',
      'signed',
      'live',
      'notice-given',
      'exiting',
      'closed',
    ]));

  it('ends with the close or the cancellation', () =>
    expect(STAGES.filter((stage) => hasEnded({ stage }))).toEqual(['closed', 'cancelled']));

  it('belongs to the towers, unless the contract stands outside them or names none', () => {
    expect(groupOf({ role: 'tower', towers: ['euc'] })).toBe('towers');
    expect(groupOf({ role: 'incumbent', towers: ['euc'] })).toBe('towers');
    expect(groupOf({ role: 'outside', towers: ['euc'] })).toBe('outside');
    expect(groupOf({ role: 'tower', towers: [] })).toBe('outside');
  });
});

describe('the register of contracts', () => {
  const everything = async () => {
    await hosting('PublishAwardNotice', { reference: '2016/S 045', uri: 'https://example.org/notice' });
    await hosting('SignContract', {});
    await hosting('ApproveChange', { kind: 'value', to: gbp('96000000') }, { authority: { reference: 'PCD 2' } });
    await hosting('ApproveChange', { kind: 'scope', summary: 'Print' });
    await hosting('RecordDelay', { milestone: 'Go-live', to: '2017' });
    await hosting('RecordDelay', { milestone: 'Go-live', to: '2018' });
    await hosting('NovateContract', { supplier: 'atos' });
    await hosting('NovateContract', { supplier: 'csc' });
  };

  it('has in full what a contract has come to, and who supplies it', async () => {
    await everything();
    const row = (await inMemory('contract-register', world)).row('contract:hosting');
    expect(row).toMatchObject({
      contract: 'hosting',
      stage: 'signed',
      suppliers: [{ supplier: 'csc' }],
      supplierName: 'CSC',
      ceiling: gbp('96000000'),
    });
    expect(row.changes.map(({ kind }: { kind: string }) => kind)).toEqual(['value', 'scope']);
    expect(row.delays.map(({ to }: { to: string }) => to)).toEqual(['2017', '2018']);
    expect(row.novations).toMatchObject([{ from: 'csc', to: 'atos' }, { from: 'atos', to: 'csc' }]); // prettier-ignore
    expect(row.notices).toMatchObject([{ reference: '2016/S 045', uri: 'https://example.org/notice', on: '2016-01-04' }]);
    expect(row.counts).toEqual({ changes: 2, delays: 2, novations: 2, notices: 1, suppliers: 3, terminations: 0 });
    expect(row.trail.lastDecision.command).toBe('NovateContract');
  });

  it('has all changes, delays, novations and notices in lists of their own, newest first', async () => {
    await everything();
    const register = await inMemory('contract-register', world);
    const list = (name: string) => register.list('contract:hosting', name);
    expect(list('changes').map(({ kind }) => kind)).toEqual(['scope', 'value']);
    expect(list('delays')).toMatchObject([{ milestone: 'Go-live', to: '2018' }, { milestone: 'Go-live', to: '2017' }]); // prettier-ignore
    expect(list('novations').map(({ to }) => to)).toEqual(['csc', 'atos']);
    expect(list('notices')).toMatchObject([{ reference: '2016/S 045' }]);
  });

  it('finds contracts by programme, supplier, tower and stage', async () => {
    await world.record('contract-networks', 'PlanContract', { programme: 'met', title: 'Networks' });
    await world.record('contract-euc', 'AwardContract', { ...award, towers: ['euc', 'hosting'], suppliers: [{ supplier: 'atos' }] });
    const register = await inMemory('contract-register', world);
    const found = (filters: Record<string, string>) => register.keys(filters).map((key) => key.slice('contract:'.length));
    expect(found({})).toEqual(['euc', 'hosting', 'networks']);
    expect([found({ programme: 'met' }).length, found({ programme: 'nhs' }).length]).toEqual([3, 0]);
    expect([found({ supplier: 'atos' }), found({ supplier: 'csc' })]).toEqual([['euc'], ['hosting']]);
    expect([found({ tower: 'euc' }), found({ tower: 'hosting' })]).toEqual([['euc'], ['euc', 'hosting']]);
    expect([found({ stage: 'planned' }), found({ stage: 'awarded' })]).toEqual([['networks'], ['euc', 'hosting']]);
  });

  it('links a contract to its supplier, whose name its row shows, and has none that was withdrawn', async () => {
    await world.record('contract-networks', 'PlanContract', { programme: 'met', title: 'Networks' });
    const { events } = await world.record('contract-gone', 'PlanContract', { programme: 'met', title: 'Gone' });
    await world.record('contract-gone', 'WithdrawFact', { event: events[0]!.id! });
    const register = await inMemory('contract-register', world);
    const [contracts, suppliers] = register.projection.from as readonly any[];
    expect(contracts.place('hosting', (await world.history('contract-hosting')).state)).toEqual([
      { key: 'contract:hosting', row: true, links: ['supplier:csc'], sums: {} },
    ]);
    expect(contracts.place('networks', (await world.history('contract-networks')).state)[0].links).toEqual([]);
    expect([suppliers.shownByLinking, contracts.shownByLinking]).toEqual([true, undefined]);
    expect(register.row('contract:networks')).toMatchObject({ supplierName: null });
    expect([register.row('contract:gone'), register.keys()]).toEqual([undefined, ['contract:hosting', 'contract:networks']]);
  });

  it('shows the id of a supplier whose registration is withdrawn', async () => {
    const history = await world.history('supplier-csc');
    await world.record('supplier-csc', 'WithdrawFact', { event: history.first!.recorded.id });
    const register = await inMemory('contract-register', world);
    expect(register.row('contract:hosting').suppliers).toMatchObject([{ supplier: 'csc', name: 'csc' }]);
  });
});

describe('the money of contracts', () => {
  it('is what was approved at first, what it is now, and every change of value with its figures', async () => {
    await hosting('ApproveChange', { kind: 'value', to: gbp('100000000'), ground: 'Growth' }, { authority: { reference: 'PCD 2' } });
    await hosting('ApproveChange', { kind: 'term', endsOn: '2020' });
    await hosting('ApproveChange', { kind: 'value', by: gbp('5000000') });
    const row = (await inMemory('money', world)).row('contract:hosting');
    expect(row).toMatchObject({
      kind: 'contract',
      contract: 'hosting',
      programme: 'met',
      group: 'towers',
      title: 'Hosting',
      suppliers: [{ supplier: 'csc' }],
      original: gbp('95000000'),
      ceiling: gbp('105000000.00'),
      covers: 'unknown',
      vat: 'unknown',
      finalValue: null,
      counts: { changes: 2 },
    });
    expect(row.changes).toEqual([
      {
        event: expect.any(String),
        on: '2016-01-04',
        from: gbp('95000000'),
        to: gbp('100000000'),
        by: null,
        ground: 'Growth',
        reference: 'PCD 2',
        figures: { stepOverOriginal: '0.052632', stepOverCurrent: '0.052632', cumulativeOverOriginal: '0.052632' },
      },
      expect.objectContaining({ by: gbp('5000000'), ground: null, reference: null, to: gbp('105000000.00') }),
    ]);
  });

  it('has no figures for a step whose sum is not known, and lists what moved the value, newest first', async () => {
    await world.record('contract-siam', 'AwardContract', { ...award, value: { undisclosed: true } });
    await world.record('contract-siam', 'ApproveChange', { kind: 'value', by: gbp('5') });
    await world.record('contract-siam', 'ApproveChange', { kind: 'scope', summary: 'Print' });
    await world.record('contract-siam', 'ApproveChange', { kind: 'value', to: gbp('7') });
    const money = await inMemory('money', world);
    const [newest, oldest, ...none] = money.list('contract:siam', 'changes');
    expect([newest.to, oldest.to, oldest.by, none]).toEqual([gbp('7'), null, gbp('5'), []]);
    expect(oldest).not.toHaveProperty('figures');
    expect(newest).toHaveProperty('figures');
  });

  it('is added up by programme, towers apart from what stands outside, at first and now', async () => {
    await hosting('ApproveChange', { kind: 'value', to: gbp('100000000') });
    await world.record('contract-desk', 'AwardContract', { ...award, title: 'Service desk', towers: [], value: gbp('2000000') });
    await world.record('contract-networks', 'PlanContract', { programme: 'met', title: 'Networks', towers: ['euc'] });
    await world.record('loss-a', 'RaiseLoss', { programme: 'met', title: 'Paid twice', category: 'other', bearer: 'authority', gross: gbp('7') }); // prettier-ignore
    await world.record('loss-b', 'RaiseLoss', { programme: 'met', title: 'Late', category: 'other', bearer: 'supplier', supplier: 'csc', gross: gbp('9') }); // prettier-ignore
    const { towers, outside, losses } = (await inMemory('money', world)).row('programme:met');
    expect([towers.original.text, towers.ceiling.text]).toEqual(['£95m', '£100m']);
    expect([outside.original.text, outside.ceiling.text]).toEqual(['£2m', '£2m']);
    expect([losses.authority.gross.text, losses.supplier.gross.text]).toEqual(['£7', '£9']);
    expect(Object.keys(losses.authority)).toEqual(['gross', 'net', 'recovered', 'outstanding']);
  });

  it('has a row for each contract from its award on and for each programme, found by kind, programme and group', async () => {
    await world.record('contract-desk', 'AwardContract', { ...award, title: undefined, towers: [] } as object);
    await world.record('contract-networks', 'PlanContract', { programme: 'met', title: 'Networks' });
    await world.record('programme-met', 'SetSavingsTarget', { target: 't', title: 'Saved', amount: gbp('1') });
    await world.record('programme-met', 'SetSavingsTarget', { target: 'u', title: 'Saved later', amount: gbp('2') });
    const money = await inMemory('money', world);
    expect(money.keys()).toEqual(['contract:desk', 'contract:hosting', 'programme:met']);
    expect(money.keys({ kind: 'programme' })).toEqual(['programme:met']);
    expect(money.keys({ kind: 'contract', group: 'outside' })).toEqual(['contract:desk']);
    expect(money.keys({ group: 'towers', programme: 'met' })).toEqual(['contract:hosting']);
    expect(money.row('contract:desk').title).toBe('desk');
    const { kind, title, baseCurrency, savings, counts } = money.row('programme:met');
    expect([kind, title, baseCurrency, counts]).toEqual(['programme', 'Total Technology', 'GBP', { savings: 2 }]);
    expect([savings[0].target, money.list('programme:met', 'savings').map(({ target }) => target)]).toEqual(['t', ['u', 't']]);
    expect([money.row('programme:nhs'), money.row('contract:networks')]).toEqual([undefined, undefined]);
  });

  it('shows what a contract came to in the end', async () => {
    await hosting('SignContract', {});
    await hosting('TerminateContract', { ground: 'Expiry' });
    await hosting('CloseContract', { finalValue: gbp('90000000'), endedOn: '2016-01-04' });
    expect((await inMemory('money', world)).row('contract:hosting').finalValue).toEqual(gbp('90000000'));
  });
});
