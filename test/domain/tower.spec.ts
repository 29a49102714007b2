import { describe, expect, it } from '@jest/globals';
import { cancelTower } from '../../src/domain/tower/commands/cancel-tower.js';
import { mergeTowers } from '../../src/domain/tower/commands/merge-towers.js';
import { planTower } from '../../src/domain/tower/commands/plan-tower.js';
import { splitTower } from '../../src/domain/tower/commands/split-tower.js';
import { contract } from '../../src/domain/contract/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { tower } from '../../src/domain/tower/index.js';
import { specification, stream, context } from '../given.js';

const chartered = context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2014');
const given = specification(tower, {
  id: 'hosting',
  others: [
    stream(programme, 'met', chartered),
    stream(tower, 'cloud', context('TowerPlanned', { programme: 'met', title: 'Cloud' }, '2015')),
  ],
});
const hosting = { programme: 'met', title: 'Hosting' };

describe('PlanTower', () => {
  it('plans a tower of the programme', () => given().when(planTower, hosting).then(context('TowerPlanned', hosting)));

  it('keeps what the tower holds and the day it was planned, as well as both are known', () =>
    given()
      .when(planTower, { ...hosting, scope: 'Data centres and cloud platforms' }, { effectiveOn: '2015' })
      .leaves({ stage: 'planned', programme: 'met', title: 'Hosting', scope: 'Data centres and cloud platforms', plannedOn: '2015' }));

  it('needs a programme that is recorded', () =>
    given()
      .when(planTower, { ...hosting, programme: 'nhs' })
      .rejects('ledger/unknown-reference', { pointer: '/programme', detail: 'No programme nhs is recorded.' }));

  it('plans each tower once', () => given(context('TowerPlanned', hosting)).when(planTower, hosting).rejects('tower/exists'));

  it('is refused when it is backdated before its first planning', () =>
    given(context('TowerPlanned', hosting, '2015'))
      .when(planTower, hosting, { effectiveOn: '2014' })
      .rejects('ledger/breaks-later-event', { eventType: 'TowerPlanned', eventEffectiveOn: '2015', because: 'tower/exists' }));

  it('is assessed by no rule', () => given().when(planTower, hosting).assesses({}));

  it('is about itself and its programme', () => {
    expect(tower.about('hosting', { ...tower.initial, programme: 'met' })).toStrictEqual({ tower: ['hosting'], programme: 'met' });
    expect(tower.about('hosting', tower.initial)).toStrictEqual({ tower: ['hosting'] });
  });
});

describe('MergeTowers', () => {
  const planned = context('TowerPlanned', hosting, '2015');
  it('ends the tower on its day, and says which one goes on', () =>
    given(planned)
      .when(mergeTowers, { into: 'cloud' }, { effectiveOn: '2020' })
      .leaves({ stage: 'merged', merged: { into: 'cloud', on: '2020' }, title: 'Hosting' }));
  it('is about both towers', () =>
    expect(tower.about('hosting', { ...tower.initial, merged: { into: 'cloud', on: '2020' } })).toStrictEqual({
      tower: ['hosting', 'cloud'],
    }));
  it('never merges a tower into itself', () =>
    given(planned).when(mergeTowers, { into: 'hosting' }).rejects('tower/merged-into-itself', { pointer: '/into' }));
  it('needs a tower that goes on', () =>
    given(planned).when(mergeTowers, { into: 'storage' }).rejects('ledger/unknown-reference', { pointer: '/into' }));
  it('needs a tower that goes on and is not over itself: whether it is, the day of the merger says', async () => {
    const over = specification(tower, {
      id: 'hosting',
      others: [
        stream(programme, 'met', chartered),
        stream(tower, 'cloud', context('TowerPlanned', { programme: 'met', title: 'Cloud' }, '2015'), context('TowerCancelled', { why: 'No money' }, '2018')), // prettier-ignore
        stream(tower, 'print', context('TowerPlanned', { programme: 'met', title: 'Print' }, '2015'), context('TowerMerged', { into: 'cloud' }, '2017')), // prettier-ignore
      ],
    });
    await over(planned)
      .when(mergeTowers, { into: 'cloud' }, { effectiveOn: '2019' })
      .rejects('tower/successor-over', { pointer: '/into', detail: 'cloud was cancelled on 2018.' });
    await over(planned)
      .when(mergeTowers, { into: 'print' }, { effectiveOn: '2017' })
      .rejects('tower/successor-over', { pointer: '/into', detail: 'print was merged into cloud on 2017.' });
    await over(planned).when(mergeTowers, { into: 'cloud' }, { effectiveOn: '2017' }).then(context('TowerMerged', { into: 'cloud' })); // prettier-ignore
  });
  it('needs a tower that was planned, and is the end of it', async () => {
    await given().when(mergeTowers, { into: 'cloud' }).rejects('tower/unknown');
    await given(planned, context('TowerMerged', { into: 'cloud' }, '2020'))
      .when(mergeTowers, { into: 'cloud' })
      .rejects('tower/stage');
  });
});

describe('SplitTower', () => {
  const planned = context('TowerPlanned', hosting, '2015');
  const terms = { title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: { amount: '1', currency: 'GBP' } };
  const splitting = specification(tower, {
    id: 'hosting',
    others: [
      stream(programme, 'met', chartered),
      ...['cloud', 'storage'].map((id) => stream(tower, id, context('TowerPlanned', { programme: 'met', title: id }, '2015'))),
      stream(contract, 'csc', context('ContractAwarded', { programme: 'met', ...terms }, '2015')),
    ],
  });
  const into = [{ tower: 'cloud', contracts: ['csc'], takes: 'The savings target' }, { tower: 'storage' }];

  it('ends the tower on its day, and says which ones go on with what', () =>
    splitting(planned)
      .when(splitTower, { into }, { effectiveOn: '2020' })
      .leaves((state, history) => {
        expect(state).toEqual({ stage: 'split', programme: 'met', title: 'Hosting', plannedOn: '2015', split: { into, on: '2020' } });
        expect(history.asOf('2019-12-31').state.stage).toBe('planned');
      }));
  it('is about all of them', () =>
    expect(tower.about('hosting', { ...tower.initial, split: { into, on: '2020' } })).toStrictEqual({
      tower: ['hosting', 'cloud', 'storage'],
    }));
  it.each([
    ['itself', [{ tower: 'cloud' }, { tower: 'hosting' }], '/into/1/tower'],
    ['one tower twice', [{ tower: 'cloud' }, { tower: 'storage' }, { tower: 'cloud' }], '/into/2/tower'],
  ])('never names %s', (_, into, pointer) => splitting(planned).when(splitTower, { into }).rejects('tower/split-into-itself', { pointer }));
  it('names a contract in several towers, and in each of them once', async () => {
    const both = [
      { tower: 'cloud', contracts: ['csc'] },
      { tower: 'storage', contracts: ['csc'] },
    ];
    await splitting(planned)
      .when(splitTower, { into: both })
      .then(context('TowerSplit', { into: both }));
    await splitting(planned)
      .when(splitTower, { into: [{ tower: 'cloud' }, { tower: 'storage', contracts: ['csc', 'csc'] }] })
      .rejects('tower/contract-named-twice', { pointer: '/into/1/contracts/1' });
  });
  it.each([
    ['a tower that nobody planned', [{ tower: 'cloud' }, { tower: 'print' }], '/into/1/tower'],
    ['a contract that nobody awarded', [{ tower: 'cloud', contracts: ['dxc'] }, { tower: 'storage' }], '/into/0/contracts/0'],
  ])('never names %s', (_, into, pointer) =>
    splitting(planned).when(splitTower, { into }).rejects('ledger/unknown-reference', { pointer }),
  );
  const award = (title: string, towers: readonly string[]) =>
    context('ContractAwarded', { programme: 'met', ...terms, title, towers }, '2015');
  const inherited = specification(tower, {
    id: 'hosting',
    others: [
      stream(programme, 'met', chartered),
      ...['cloud', 'storage'].map((id) => stream(tower, id, context('TowerPlanned', { programme: 'met', title: id }, '2015'))),
      stream(tower, 'all', context('TowerPlanned', { programme: 'met', title: 'All' }, '2015'), context('TowerSplit', { into: [{ tower: 'old', contracts: ['far', 'near'] }, { tower: 'cloud', contracts: ['other'] }] }, '2016')), // prettier-ignore
      stream(tower, 'old', context('TowerPlanned', { programme: 'met', title: 'Old' }, '2015'), context('TowerMerged', { into: 'hosting' }, '2018')), // prettier-ignore
      stream(contract, 'far', award('Far', ['all'])),
      stream(contract, 'other', award('Other', ['all'])),
      stream(contract, 'stayed', award('Stayed', ['all'])),
      stream(contract, 'cloudy', award('Cloudy', ['cloud', 'storage'])),
      stream(contract, 'none', award('None', [])),
    ],
  });
  const with_ = (contract: string) => ({ into: [{ tower: 'storage' }, { tower: 'cloud', contracts: [contract] }] });
  it('names a contract that came to it when other towers were split and merged', () =>
    inherited(planned)
      .when(splitTower, with_('far'), { effectiveOn: '2019' })
      .then(context('TowerSplit', with_('far'))));
  it.each([
    ['of other towers', 'cloudy', 'cloudy serves cloud, storage.', '2019'],
    ['of no tower', 'none', 'none serves no tower.', '2019'],
    ['that went to another one', 'other', 'other serves cloud.', '2019'],
    ['that stayed with a tower that was split', 'stayed', 'stayed serves all.', '2019'],
    ['that comes to it later', 'far', 'far serves old.', '2017'],
  ])('never names a contract %s', (_, contract, detail, effectiveOn) =>
    inherited(planned)
      .when(splitTower, with_(contract), { effectiveOn })
      .rejects('tower/contract-of-another-tower', { pointer: '/into/1/contracts/0', detail }),
  );
  it('needs towers that go on and are not over themselves', () =>
    inherited(planned)
      .when(splitTower, { into: [{ tower: 'cloud' }, { tower: 'old' }] }, { effectiveOn: '2019' })
      .rejects('tower/successor-over', { pointer: '/into/1/tower', detail: 'old was merged into hosting on 2018.' }));
  it('needs a tower that was planned, and is the end of it', async () => {
    await splitting().when(splitTower, { into }).rejects('tower/unknown');
    await splitting(planned, context('TowerSplit', { into }, '2020'))
      .when(mergeTowers, { into: 'cloud' })
      .rejects('tower/stage');
    await splitting(planned, context('TowerSplit', { into }, '2020'))
      .when(cancelTower, { why: 'Nobody needs it' })
      .rejects('tower/stage');
  });
});

describe('CancelTower', () => {
  const planned = context('TowerPlanned', hosting, '2015');
  it('gives the tower up, with the reason', () =>
    given(planned)
      .when(cancelTower, { why: 'Nobody needs it' }, { effectiveOn: '2016' })
      .leaves({ stage: 'cancelled', cancelled: { why: 'Nobody needs it', on: '2016' } }));
  it('needs a tower that was planned, and is the end of it', async () => {
    await given().when(cancelTower, { why: 'Nobody needs it' }).rejects('tower/unknown');
    await given(planned).when(cancelTower, { why: 'Nobody needs it' }, { effectiveOn: '2014' }).rejects('tower/not-yet');
    await given(planned, context('TowerCancelled', { why: 'Nobody needs it' }, '2020'))
      .when(cancelTower, { why: 'Again' })
      .rejects('tower/stage');
  });
});
