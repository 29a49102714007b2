import { describe, expect, it } from '@jest/globals';
import { planTower } from '../../src/domain/tower/commands/plan-tower.js';
import { programme } from '../../src/domain/programme/index.js';
import { tower } from '../../src/domain/tower/index.js';
import { specification, stream, context } from '../given.js';

const chartered = context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2014');
const given = specification(tower, { id: 'hosting', others: [stream(programme, 'met', chartered)] });
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
