import { describe, it } from '@jest/globals';
import { adoptPolicy } from '../../src/domain/programme/commands/adopt-policy.js';
import { mitigateRisk } from '../../src/domain/programme/commands/mitigate-risk.js';
import { raiseRisk } from '../../src/domain/programme/commands/raise-risk.js';
import { programme } from '../../src/domain/programme/index.js';
import { context, specification } from '../given.js';

const given = specification(programme, { id: 'met' });
const chartered = context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2014');
const risk = { risk: 'late', summary: 'It may be late', source: { title: 'A report' } };
const policy = { policy: 'scheme', title: 'Scheme of consent', version: '1', checks: ['standstill'], inForceFrom: '2016' };
const raised = context('RiskRaised', risk, '2015');
const on2016 = { effectiveOn: '2016-05-01' };

describe('a review', () => {
  it('of a risk is due on a day that is said with it, and moved with a measure against it', () =>
    given(chartered, context('RiskRaised', { ...risk, reviewDue: '2016' }, '2015'))
      .when(mitigateRisk, { risk: 'late', measure: 'Looked at again', reviewDue: '2017-05' }, on2016)
      .leaves(({ risks }) => {
        if (risks[0]!.reviewDue !== '2017-05') throw new Error(`It is due ${risks[0]!.reviewDue}.`);
      }));

  it('may be due on the day on which it is asked for, as far as that is known', () =>
    given(chartered)
      .when(raiseRisk, { ...risk, reviewDue: '2016' }, on2016)
      .then(context('RiskRaised', { ...risk, reviewDue: '2016' })));

  const before = { pointer: '/reviewDue', detail: 'It is asked for on 2016-05-01.' };
  it('of a risk follows the day on which the risk is raised', () =>
    given(chartered)
      .when(raiseRisk, { ...risk, reviewDue: '2016-04' }, on2016)
      .rejects('programme/review-before-its-record', before));
  it('of a risk follows the day of the measure that asks for it', () =>
    given(chartered, raised)
      .when(mitigateRisk, { risk: 'late', measure: 'Looked at again', reviewDue: '2016-04-30' }, on2016)
      .rejects('programme/review-before-its-record', before));
  it('of a policy follows the day of its adoption', () =>
    given(chartered)
      .when(adoptPolicy, { ...policy, reviewDue: '2015' }, on2016)
      .rejects('programme/review-before-its-record', before));
});
