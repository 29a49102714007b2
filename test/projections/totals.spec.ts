import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { closeRows, rowsAfter } from '../engine/rows-after.js';
import { recordWorld, World } from '../random-history.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const planned = { programme: 'met', title: 'Hosting', towers: ['hosting'] };
const award = { suppliers: [{ supplier: 'csc' }], value: gbp('95000000') };

let world: World;
beforeEach(async () => {
  world = new World('2019-11-04');
  await recordWorld(world);
});
afterEach(closeRows);

describe('the totals of ceilings', () => {
  const textsAt = async (from: number) => {
    const events = await world.events();
    const rows = await rowsAfter(events);
    const texts: string[][] = [];
    for (let at = from + 1; at <= events.length; at++)
      texts.push([
        (await rows.row('tower-board', 'programme:met', at)).totals.towers.text,
        (await rows.row('money', 'programme:met', at)).towers.ceiling.text,
        (await rows.row('exposure', 'supplier:csc', at)).ceiling.text,
      ]);
    return texts;
  };
  const everywhere = (text: string) => [text, text, text];

  it('count a contract from its award to its close, and after', async () => {
    const before = (await world.events()).length;
    await world.record('contract-hosting', 'PlanContract', planned);
    await world.record('contract-hosting', 'OpenTender', {});
    await world.record('contract-hosting', 'AwardContract', award);
    await world.record('contract-hosting', 'SignContract', {});
    await world.record('contract-hosting', 'StartService', {});
    await world.record('contract-hosting', 'GiveTerminationNotice', { by: 'authority' });
    await world.record('contract-hosting', 'TerminateContract', { ground: 'Convenience' });
    await world.record('contract-hosting', 'CloseContract', { finalValue: gbp('90000000'), endedOn: '2019-11-04' });
    const counted = Array.from({ length: 6 }, () => everywhere('£95m'));
    expect(await textsAt(before)).toEqual([everywhere('nothing'), everywhere('nothing'), ...counted]);
  });

  it('no longer count a contract whose award was cancelled', async () => {
    const before = (await world.events()).length;
    await world.record('contract-hosting', 'AwardContract', { ...planned, ...award });
    await world.record('contract-hosting', 'CancelContract', { why: 'No money' });
    expect(await textsAt(before)).toEqual([everywhere('£95m'), everywhere('nothing')]);
  });
});

describe('a contract that is planned without towers', () => {
  it('stands outside them, with a row and a total of its own', async () => {
    await world.record('contract-desk', 'PlanContract', { programme: 'met', title: 'Service desk' });
    await world.record('contract-desk', 'AwardContract', award);
    const events = await world.events();
    const rows = await rowsAfter(events);
    expect((await rows.row('tower-board', 'contract:desk', events.length - 1)).group).toBe('outside');
    const { towers, outside } = (await rows.row('tower-board', 'programme:met')).totals;
    expect([towers.text, outside.text, outside.contracts]).toEqual(['nothing', '£95m', 1]);
  });
});

describe('the totals of losses', () => {
  it('add up what was lost, what is written off and what came back, by who bears it', async () => {
    const loss = { programme: 'met', title: 'Paid for nothing', category: 'other', supplier: 'csc' };
    await world.record('loss-a', 'RaiseLoss', { ...loss, bearer: 'authority', gross: gbp('65000000') });
    await world.record('loss-b', 'RaiseLoss', { ...loss, bearer: 'authority', gross: gbp('5000000') });
    await world.record('loss-c', 'RaiseLoss', { ...loss, bearer: 'supplier', gross: gbp('2000000') });
    await world.record('loss-b', 'WriteOff', { amount: gbp('1000000') });
    await world.record('loss-a', 'RecordRecovery', { amount: gbp('4000000') });
    const rows = await rowsAfter(await world.events());
    const shown = [
      (await rows.row('tower-board', 'programme:met')).losses,
      (await rows.row('money', 'programme:met')).losses,
      (await rows.row('exposure', 'programme:met')).losses,
    ];
    const texts = ({ gross, net, recovered }: Record<string, any>) => [gross, net, recovered].map((total) => total.text ?? total);
    expect(shown.map(({ authority }) => texts(authority))).toEqual(Array.from({ length: 3 }, () => ['£70m', '£1m', '£4m']));
    expect(shown.map(({ supplier }) => texts(supplier))).toEqual(Array.from({ length: 3 }, () => ['£2m', 'nothing', 'nothing']));
  });
});
