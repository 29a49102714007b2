import { beforeAll, describe, expect, it } from '@jest/globals';
import { UnknownFieldError, whyOf } from '../../src/engine/audit/why.js';
import type { Receipt } from '../../src/engine/write/receipt.js';
import type { History } from '../../src/kernel/index.js';
import { recordWorld, World } from '../random-history.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const PRESS = [{ title: 'Press' }];
const idOf = ({ events: [first] }: Receipt): string => first!.id!;

let world: World;
let history: History;
let [awarded, disclosed, raised, gone, claimed] = ['', '', '', '', ''];
const hosting = (command: string, data: object, record = {}) => world.record('contract-hosting', command, data, record);
beforeAll(async () => {
  world = new World('2016-01-04');
  await recordWorld(world);
  const award = { programme: 'met', title: 'Hosting', suppliers: [{ supplier: 'csc' }], value: { undisclosed: true } };
  awarded = idOf(await hosting('AwardContract', award, { effectiveOn: '2014' }));
  disclosed = idOf(await hosting('DiscloseValue', { value: gbp('100') }, { effectiveOn: '2015-01-01' }));
  await hosting('SignContract', {}, { effectiveOn: '2015-02-01' });
  raised = idOf(await hosting('ApproveChange', { kind: 'value', to: gbp('120') }, { effectiveOn: '2015-06-01' }));
  gone = idOf(await hosting('ApproveChange', { kind: 'value', to: gbp('125') }, { effectiveOn: '2015-09-01' }));
  await hosting('RecordDelay', { milestone: 'Go-live', to: '2017' }, { effectiveOn: '2015-10-01' });
  const claims = (pointer: string, value: unknown) => hosting('Annotate', { event: raised, note: `Of ${pointer}`, claim: { pointer, value } }, { evidence: PRESS }); // prettier-ignore
  claimed = idOf(await claims('/to/amount', '150'));
  await claims('/effectiveOn', '2015-07');
  await claims('/record/reason', 'Need');
  await claims('/kind', 'term');
  await hosting('CorrectFact', { event: raised, changes: [{ pointer: '/to/amount', value: '130' }], because: 'error' });
  await hosting('WithdrawFact', { event: gone });
  history = await world.history('contract-hosting');
});
const why = (field: string, from = 0, limit = 100) => whyOf(history, field, from, limit);
const undisclosed = { value: null, instead: { path: '/ceiling', value: { undisclosed: true } } };

describe('why a field is as it is', () => {
  it('is each fact that set it, in valid-time order, from what it said before to what it said then', async () => {
    const { field, now, entries, next } = await why('/ceiling/amount');
    expect([field, now, next]).toEqual(['/ceiling/amount', { value: '130' }, undefined]);
    expect(entries.map(({ event, type, was, now }) => [event, type, was, now])).toEqual([
      [awarded, 'ContractAwarded', { value: null }, undisclosed],
      [disclosed, 'ValueDisclosed', undisclosed, { value: '100' }],
      [raised, 'ChangeApproved', { value: '100' }, { value: '130' }],
    ]);
    expect(entries[2]!.corrections).toMatchObject([{ pointer: '/to/amount', was: '120' }]);
  });

  it('says of a value that is not known why there is no amount', async () => {
    const early = await whyOf(history.atRevision(0), '/original/amount', 0, 10);
    expect(early.now).toEqual({ value: null, instead: { path: '/original', value: { undisclosed: true } } });
  });

  it('is said of the whole state as well', async () => {
    const { entries } = await why('');
    expect(entries.map(({ type }) => type)).toEqual(['ContractAwarded', 'ValueDisclosed', 'ContractSigned', 'ChangeApproved', 'DelayRecorded']); // prettier-ignore
    expect(entries[0]!.was).toEqual({ value: null });
  });

  it('comes in pages, each with where the next begins', async () => {
    const first = await why('/ceiling/amount', 0, 2);
    expect([first.entries.map(({ event }) => event), first.next]).toEqual([[awarded, disclosed], 3]);
    const second = await why('/ceiling/amount', first.next, 2);
    expect([second.entries.map(({ event }) => event), second.next, second.withdrawn]).toEqual([[raised], undefined, []]);
    expect((await why('/ceiling/amount', 0, 3)).next).toBeUndefined();
    expect((await why('/stage', 2)).entries.map(({ type }) => type)).toEqual(['ContractSigned']);
  });
});

describe('what another source claims of a fact', () => {
  it('stands with it, and with what the field would say if that were right', async () => {
    const [, , change] = (await why('/ceiling/amount')).entries;
    expect(change!.claims).toEqual([
      { by: claimed, note: 'Of /to/amount', evidence: PRESS, claim: { pointer: '/to/amount', value: '150' }, would: { value: '150' } },
      expect.objectContaining({ note: 'Of /effectiveOn' }),
      expect.objectContaining({ note: 'Of /record/reason' }),
      expect.objectContaining({ note: 'Of /kind' }),
    ]);
    for (const claim of change!.claims.slice(1)) expect(claim).not.toHaveProperty('would');
  });

  it('shows a fact that leaves the field as it was, where the field would be another', async () => {
    const sought = await world.record('contract-print', 'AwardContract', { programme: 'met', title: 'Print', suppliers: [{ supplier: 'csc' }], value: gbp('5') }); // prettier-ignore
    const delayed = await world.record('contract-print', 'ApproveChange', { kind: 'scope', summary: 'More' });
    for (const [pointer, value] of [['/to', gbp('9')], ['/summary', 'Much more']] as const) // prettier-ignore
      await world.record('contract-print', 'Annotate', { event: idOf(delayed), note: 'Seen', claim: { pointer, value } }, { evidence: PRESS }); // prettier-ignore
    const print = await world.history('contract-print');
    const { entries } = await whyOf(print, '/ceiling/amount', 0, 10);
    expect(entries.map(({ event }) => event)).toEqual([idOf(sought), idOf(delayed)]);
    expect(entries[1]!.claims.map(({ would }) => would)).toEqual([{ value: '9' }, undefined]);
    expect((await whyOf(print, '/title', 0, 10)).entries.map(({ event }) => event)).toEqual([idOf(sought)]);
  });
});

describe('a fact that was withdrawn', () => {
  it('is named with what it had set, on the first page', async () => {
    const by = history.withdrawn.get(gone);
    expect((await why('/ceiling/amount')).withdrawn).toEqual([
      { event: gone, type: 'ChangeApproved', revision: 4, by, was: { value: '130' }, now: { value: '125' } },
    ]);
    expect((await why('/stage')).withdrawn).toEqual([]);
  });

  it('makes a field known that nothing else ever set', async () => {
    const delay = await world.record('tower-euc', 'CancelTower', { why: 'Two became one' });
    await world.record('tower-euc', 'WithdrawFact', { event: idOf(delay) });
    const found = await whyOf(await world.history('tower-euc'), '/cancelled/why', 0, 10);
    expect(found).toMatchObject({ now: { value: null }, entries: [], withdrawn: [{ type: 'TowerCancelled', was: { value: null } }] });
  });
});

describe('a field that there never was', () => {
  it('is refused, with the fields that there are', async () => {
    await expect(why('/cieling')).rejects.toThrow(UnknownFieldError);
    await expect(why('/cieling')).rejects.toThrow(/^names nothing that contract-hosting ever had: \/cieling\. It has \/stage, .*\/ceiling/);
    await expect(why(`/${'x'.repeat(200)}`)).rejects.toThrow(new RegExp(`ever had: /${'x'.repeat(79)}\\. It has`));
    await expect(whyOf(history.atRevision(-1), '/stage', 0, 10)).rejects.toThrow(UnknownFieldError);
  });

  it('is not one that said something once', async () => {
    const { entries, now } = await why('/ceiling/undisclosed');
    expect([entries.map(({ type }) => type), now]).toEqual([['ContractAwarded', 'ValueDisclosed'], { value: null }]);
  });
});
