import { describe, expect, it } from '@jest/globals';
import { recordContract } from '../../src/domain/contract/commands/record-contract.js';
import { contract, type Stage } from '../../src/domain/contract/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { historyOf, context, specification, stream } from '../given.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const others = [
  stream(programme, 'met', context('ProgrammeChartered', { title: 'T', authority: 'MPS', baseCurrency: 'GBP' }, '1990')),
  stream(supplier, 'csc', context('SupplierRegistered', { title: 'CSC', form: 'company' }, '1990')),
];
const recorded = (more: object = {}) => ({
  programme: 'met',
  title: 'Hosting',
  stage: 'live',
  role: 'outside',
  suppliers: [{ supplier: 'csc' }],
  value: gbp('95000000'),
  awardedOn: '2015-06-01',
  signedOn: '2015-08-24',
  startsOn: '2015-11-02',
  ...more,
});
const registered = (more: object = {}, ...events: readonly ReturnType<typeof context>[]) =>
  historyOf(stream(contract, 'c', context('ContractRecorded', recorded(more), '2026-02-01'), ...events));

describe('a contract that a register brings in today', () => {
  it.each<[string, Stage]>([
    ['2015-05-31', 'none'],
    ['2015-06-01', 'awarded'],
    ['2015-08-24', 'signed'],
    ['2016-12-31', 'live'],
    ['2026-02-01', 'live'],
  ])('stood so on %s: %s', (day, stage) => expect(registered().asOf(day).state).toMatchObject({ stage }));

  it('has the terms of its record, and is marked "recorded later"', () => {
    const { state, entries, revealed } = registered().asOf('2016-12-31');
    expect(state).toMatchObject({ ceiling: gbp('95000000'), suppliers: [{ supplier: 'csc' }], recordedLater: '2026-02-01' });
    expect([entries.length, revealed]).toEqual([1, []]);
    expect(registered().asOf('2026-02-01').state).not.toHaveProperty('recordedLater');
    expect(registered().state).not.toHaveProperty('recordedLater');
  });

  it('was never further than recorded, and not there before any certain day', () => {
    expect(registered({ stage: 'signed' }).asOf('2016-12-31').state).toMatchObject({ stage: 'signed' });
    expect(registered({ startsOn: '2016', signedOn: '2015' }).asOf('2016-06-01').state).toMatchObject({ stage: 'signed' });
    expect(registered({ awardedOn: undefined, signedOn: undefined, startsOn: undefined }).asOf('2016-12-31')).toMatchObject({ state: { stage: 'none' }, entries: [] }); // prettier-ignore
  });

  it('is completed by what was disclosed since', () => {
    const disclosed = context('ValueDisclosed', { value: gbp('96000000') }, '2026-02-10');
    const { state, revealed } = registered({ value: { undisclosed: true } }, disclosed).asOf('2016-12-31');
    expect(state).toMatchObject({ original: gbp('96000000'), ceiling: gbp('96000000'), stage: 'live' });
    expect(revealed.map(({ recorded: { type } }) => type)).toEqual(['ValueDisclosed']);
  });

  it('changes only from the day of its record on', () => {
    const changed = registered({}, context('ChangeApproved', { kind: 'value', to: gbp('143000000') }, '2026-02-20'));
    expect(changed.asOf('2016-12-31').state).toMatchObject({ ceiling: gbp('95000000') });
    expect(changed.state).toMatchObject({ ceiling: gbp('143000000') });
  });

  it('takes no fact of an earlier day', () =>
    specification(contract, { id: 'd', others })()
      .when(recordContract, recorded(), { effectiveOn: '2016-12-31' })
      .leaves((_, history) => expect(history.before('2016-01-01')).toMatchObject({ place: 0, state: { stage: 'none' } })));

  describe('whose service started before its record, as a fact of its own,', () => {
    const undated = { awardedOn: undefined, signedOn: undefined, startsOn: undefined };
    const started = (on: string, more: object = {}, ...events: readonly ReturnType<typeof context>[]) =>
      registered({ ...undated, ...more }, context('ServiceStarted', {}, on), ...events);

    it.each<[string, Stage, string, object]>([
      ['2018-03-31', 'none', '2018-04-01', {}],
      ['2018-04-01', 'live', '2018-04-01', {}],
      ['2019-06-30', 'live', '2018-04-01', {}],
      ['2019-06-30', 'none', '2019', {}],
      ['2020-01-01', 'live', '2019', {}],
      ['2018-04-01', 'signed', '2018-04-01', { stage: 'signed' }],
      ['2018-03-31', 'signed', '2018-04-01', { signedOn: '2018-01-01' }],
      ['2026-02-01', 'live', '2018-04-01', {}],
    ])('on %s: %s', (day, stage, on, more) => expect(started(on, more).asOf(day).state).toMatchObject({ stage }));

    it('has the terms of its record from that day on, marked "recorded later", and its own day of service', () => {
      const { state, entries, revealed } = started('2018-04-01').asOf('2019-06-30');
      expect(state).toMatchObject({ ceiling: gbp('95000000'), recordedLater: '2026-02-01', dates: { started: '2018-04-01' } });
      expect([entries.map(({ recorded: { type } }) => type), revealed]).toEqual([['ServiceStarted', 'ContractRecorded'], []]);
      expect(started('2018-04-01').onDay('2019-06-30').state).toEqual(state);
    });

    it('is completed by what was disclosed since', () => {
      const disclosed = context('ValueDisclosed', { value: gbp('96000000') }, '2026-02-10');
      const { state, revealed } = started('2018-04-01', { value: { undisclosed: true } }, disclosed).asOf('2019-06-30');
      expect([state.ceiling, revealed.map(({ recorded: { type } }) => type)]).toEqual([gbp('96000000'), ['ValueDisclosed']]);
    });

    it('names a start that may lie after the day, without which nothing was there', () => {
      const history = started('[..2019-12-31]', { stage: 'live' });
      expect(history.asOf('2019-06-30').approximate.map(({ recorded: { type } }) => type)).toEqual(['ServiceStarted']);
      expect(history.onDay('2019-06-30', true).revision).toBe(-1);
      expect(history.onDay('2020-01-01').state.stage).toBe('live');
    });
  });

  it('that was not brought in but planned is not there before its plan', () => {
    const planned = historyOf(stream(contract, 'p', context('ContractPlanned', { programme: 'met', title: 'P' }, '2016')));
    expect(planned.asOf('2015')).toMatchObject({ state: { stage: 'none' }, entries: [] });
  });
});
