import { describe, expect, it } from '@jest/globals';
import { correctFact } from '../../src/domain/ledger/commands/correct-fact.js';
import { addWarning } from '../../src/domain/programme/commands/add-warning.js';
import { answerWarning } from '../../src/domain/programme/commands/answer-warning.js';
import { closeRisk } from '../../src/domain/programme/commands/close-risk.js';
import { linkTowers } from '../../src/domain/programme/commands/link-towers.js';
import { mitigateRisk } from '../../src/domain/programme/commands/mitigate-risk.js';
import { setBudget } from '../../src/domain/programme/commands/set-budget.js';
import { programme } from '../../src/domain/programme/index.js';
import { tower } from '../../src/domain/tower/index.js';
import { context, specification, stream, theFact } from '../given.js';

const planned = (title: string) => context('TowerPlanned', { programme: 'met', title }, '2014');
const given = specification(programme, {
  id: 'met',
  others: [
    stream(tower, 'hosting', planned('Hosting')),
    stream(tower, 'networks', planned('Networks')),
    stream(tower, 'applications', planned('Applications')),
  ],
});
const chartered = context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2014');
const source = { title: 'A report' };
const raised = context('RiskRaised', { risk: 'late', summary: 'It may be late', source, likelihood: 'high', impact: 'high' }, '2015');
const closed = context('RiskClosed', { risk: 'late', how: 'passed' }, '2017');
const warning = { warning: 'towers', summary: 'Towers are not for all', by: 'GDS', source };

describe('MitigateRisk', () => {
  const measure = { risk: 'late', measure: 'A second team', likelihood: 'low' };
  it('keeps what was done, and how likely and how bad it is now', () =>
    given(chartered, raised)
      .when(mitigateRisk, measure, { effectiveOn: '2016' })
      .leaves({
        risks: [
          {
            ...{ risk: 'late', summary: 'It may be late', source, likelihood: 'low', impact: 'high', on: '2015', event: theFact(2) },
            mitigations: [{ measure: 'A second team', on: '2016', event: theFact(3) }],
          },
        ],
      }));
  it('is of one risk among several: the others stay as they were', async () => {
    const dear = context('RiskRaised', { risk: 'dear', summary: 'It may be dear', source, impact: 'high' }, '2015');
    await given(chartered, raised, dear)
      .when(mitigateRisk, { risk: 'dear', measure: 'A fixed price', impact: 'low' })
      .leaves(({ risks }) =>
        expect(risks.map(({ risk, impact, mitigations }) => [risk, impact, mitigations.length])).toEqual([
          ['late', 'high', 0],
          ['dear', 'low', 1],
        ]),
      );
    await given(chartered, raised, dear, closed).when(mitigateRisk, { risk: 'dear', measure: 'A fixed price' }).leaves({ risks: [{ closed: { how: 'passed' } }, { mitigations: [{}] }] }); // prettier-ignore
    await given(chartered, raised, dear, closed, context('RiskClosed', { risk: 'dear', how: 'occurred' }, '2018'))
      .when(closeRisk, { risk: 'dear', how: 'passed' })
      .rejects('programme/risk-closed', { detail: 'dear was closed on 2018.' });
  });
  it('of what was never raised changes nothing, also where a correction folds it first', () =>
    given(chartered, raised, context('RiskMitigated', measure, '2016'))
      .when(correctFact, { event: theFact(3), changes: [{ pointer: '/risk', value: 'dear' }], because: 'error' })
      .rejects('ledger/wrong-value', { because: 'programme/unknown-risk' }));
  it('needs a risk that was raised', () =>
    given(chartered, raised)
      .when(mitigateRisk, { ...measure, risk: 'dear' })
      .rejects('programme/unknown-risk', { pointer: '/risk', detail: 'No risk dear was raised.' }));
  it('needs a risk that is open, on the day of the measure', async () => {
    await given(chartered, raised, closed)
      .when(mitigateRisk, measure)
      .rejects('programme/risk-closed', { pointer: '/risk', detail: 'late was closed on 2017.' });
    await given(chartered, raised, closed).when(mitigateRisk, measure, { effectiveOn: '2016' }).then(context('RiskMitigated', measure));
  });
});

describe('CloseRisk', () => {
  const passed = { risk: 'late', how: 'passed', why: 'It was in time' };
  it('says how the risk ended', () =>
    given(chartered, raised)
      .when(closeRisk, passed, { effectiveOn: '2017' })
      .leaves({
        risks: [
          {
            ...{ risk: 'late', summary: 'It may be late', source, likelihood: 'high', impact: 'high', on: '2015', event: theFact(2) },
            mitigations: [],
            closed: { how: 'passed', why: 'It was in time', on: '2017', event: theFact(3) },
          },
        ],
      }));
  it('needs a risk that was raised', () =>
    given(chartered).when(closeRisk, passed).rejects('programme/unknown-risk', { pointer: '/risk' }));
  it('closes each risk once', () =>
    given(chartered, raised, closed).when(closeRisk, passed).rejects('programme/risk-closed', { pointer: '/risk' }));
  it('is refused before a measure that was taken later', () =>
    given(chartered, raised, context('RiskMitigated', { risk: 'late', measure: 'A second team' }, '2016'))
      .when(closeRisk, passed, { effectiveOn: '2015-12-31' })
      .rejects('ledger/breaks-later-event', { eventType: 'RiskMitigated', because: 'programme/risk-closed' }));
});

describe('AnswerWarning', () => {
  const added = context('WarningAdded', warning, '2015');
  it('keeps each answer, with the day and who gave it', () =>
    given(chartered, added, context('WarningAnswered', { warning: 'towers', answer: 'We look into it' }, '2015-06'))
      .when(answerWarning, { warning: 'towers', answer: 'The model was changed', by: 'Chief Digital Officer' }, { effectiveOn: '2016' })
      .leaves({
        warnings: [
          {
            ...{ ...warning, on: '2015', event: theFact(2) },
            answers: [
              { answer: 'We look into it', on: '2015-06', event: theFact(3) },
              { answer: 'The model was changed', by: 'Chief Digital Officer', on: '2016', event: theFact(4) },
            ],
          },
        ],
      }));
  it('needs a warning that was recorded', () =>
    given(chartered, added)
      .when(answerWarning, { warning: 'cost', answer: 'No' })
      .rejects('programme/unknown-warning', { pointer: '/warning', detail: 'No warning cost was recorded.' }));
  it('answers one of several', () =>
    given(chartered, added, context('WarningAdded', { ...warning, warning: 'cost' }, '2015'))
      .when(answerWarning, { warning: 'cost', answer: 'No' })
      .leaves(({ warnings }) => expect(warnings.map(({ answers }) => answers.length)).toEqual([0, 1])));
  it('leaves a warning the same one: it is recorded once', () =>
    given(chartered, added, context('WarningAnswered', { warning: 'towers', answer: 'Yes' }))
      .when(addWarning, warning)
      .changesNothing());
});

describe('SetBudget', () => {
  const pounds = (amount: string) => ({ amount, currency: 'GBP' });
  const budget = { year: 2016, kind: 'capital', amount: pounds('200000000') };
  it('keeps what stood before: the last of a year and kind counts', () =>
    given(chartered, context('BudgetSet', budget, '2015'))
      .when(setBudget, { ...budget, amount: pounds('150000000') }, { effectiveOn: '2016' })
      .leaves({
        budgets: [
          { ...budget, on: '2015', event: theFact(2) },
          { ...budget, amount: pounds('150000000'), on: '2016', event: theFact(3) },
        ],
      }));
  it('is in the base currency of its programme', () =>
    given(chartered)
      .when(setBudget, { ...budget, amount: { amount: '5', currency: 'EUR' } })
      .rejects('programme/budget-in-another-currency', { pointer: '/amount/currency', detail: 'is not in GBP' }));
});

describe('LinkTowers', () => {
  const link = (tower: string, needs: string) => ({ tower, needs });
  const linked = (tower: string, needs: string) => context('TowersLinked', link(tower, needs), '2015');
  it('says which tower waits for which', () =>
    given(chartered)
      .when(linkTowers, link('hosting', 'networks'))
      .then(context('TowersLinked', link('hosting', 'networks'))));
  it('changes nothing where it is recorded already', () =>
    given(chartered, linked('hosting', 'networks')).when(linkTowers, link('hosting', 'networks')).changesNothing());
  it('links two towers once, whatever the reason', () =>
    given(chartered, linked('hosting', 'networks'))
      .when(linkTowers, { ...link('hosting', 'networks'), why: 'Cables' })
      .rejects('programme/linked-already', { pointer: '/needs', detail: 'hosting waits for networks already.' }));
  it('names the two towers in the refusal, also where others were linked before', () =>
    given(chartered, linked('hosting', 'networks'), linked('networks', 'applications'))
      .when(linkTowers, { ...link('hosting', 'networks'), why: 'Cables' })
      .rejects('programme/linked-already', { detail: 'hosting waits for networks already.' }));
  it('never lets a tower wait for itself', async () => {
    await given(chartered)
      .when(linkTowers, link('hosting', 'hosting'))
      .rejects('programme/circular-links', { pointer: '/needs', detail: 'hosting would have to be live before itself.' });
    await given(chartered, linked('hosting', 'networks'), linked('networks', 'applications'))
      .when(linkTowers, link('applications', 'hosting'))
      .rejects('programme/circular-links', { pointer: '/needs' });
  });
  it('lets two towers wait for the same one, which waits for none', () =>
    given(chartered, linked('hosting', 'networks'), linked('applications', 'networks'))
      .when(linkTowers, link('hosting', 'applications'))
      .then(context('TowersLinked', link('hosting', 'applications'))));
  it('needs a programme', () => given().when(linkTowers, link('hosting', 'networks')).rejects('programme/unknown'));
  it('needs towers that are recorded', () =>
    given(chartered).when(linkTowers, link('hosting', 'storage')).rejects('ledger/unknown-reference', { pointer: '/needs' }));
});
