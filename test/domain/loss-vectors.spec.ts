import { describe, expect, it } from '@jest/globals';
import { loss, type Loss } from '../../src/domain/loss/index.js';
import { recordRecovery } from '../../src/domain/loss/commands/record-recovery.js';
import { writeOff } from '../../src/domain/loss/commands/write-off.js';
import { programme } from '../../src/domain/programme/index.js';
import { context, historyOf, specification, stream, type GivenEvent } from '../given.js';
import { VECTORS } from './loss-vectors.js';

const met = stream(programme, 'met', context('ProgrammeChartered', { title: 'T', authority: 'MPS', baseCurrency: 'GBP' }, '2010'));
const given = specification(loss, { id: 'vector', others: [met] });
const gbp = (amount: string, more: object = {}) => ({ amount, currency: 'GBP', ...more });
const raised = (gross: object): GivenEvent =>
  context('LossRaised', { programme: 'met', title: 'A loss', bearer: 'authority', category: 'other', gross }, '2013');
const TYPES = { WriteOff: 'WrittenOff', ReverseWriteOff: 'WriteOffReversed', RecordRecovery: 'RecoveryRecorded' } as const;
const factsOf = (facts: readonly (readonly [on: string, command: keyof typeof TYPES, amount: object | string])[]): GivenEvent[] =>
  facts.map(([on, command, amount]) =>
    context(TYPES[command], typeof amount === 'string' ? { amount: gbp(amount) } : (amount as { data: object }).data, on),
  );
const stateOf = (...events: readonly GivenEvent[]): Loss => historyOf(stream(loss, 'vector', ...events)).state;
const figures = ({ writtenOff, recovered, net, outstanding }: Loss) => ({ writtenOff, recovered, net, outstanding });
const money = (right: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(right).map(([name, amount]) => [name, gbp(amount)]));

describe('the right answers of public accounts', () => {
  const { order, reinstated, dividends, interest, settlement, dollars, about } = VECTORS;

  it('L1-order: a receipt pays what is outstanding, whether it came before or after the write-off', () => {
    expect(figures(stateOf(raised(gbp(order.gross)), ...factsOf(order.facts)))).toEqual(money(order.right));
    expect(figures(stateOf(raised(gbp(order.gross)), ...factsOf(order.also)))).toEqual(money(order.right));
    const [first, second] = factsOf(order.also) as [GivenEvent, GivenEvent];
    expect(figures(stateOf(raised(gbp(order.gross)), second, first))).toEqual(money(order.right));
  });

  it('L2-reinstated: what was reversed is outstanding, and a receipt pays it', async () => {
    const events = [raised(gbp(reinstated.gross)), ...factsOf(reinstated.facts)];
    expect(figures(stateOf(...events))).toEqual(money(reinstated.right));
    await given(...events)
      .when(writeOff, { amount: gbp('0.01') })
      .rejects('loss/more-than-outstanding', { detail: '£0.01 is more than what is outstanding: £0' });
  });

  it('L4-dividends-by-year: dividends lower the net', () =>
    expect(stateOf(raised(gbp(dividends.gross)), ...factsOf(dividends.facts)).net).toEqual(gbp(dividends.right.net)));

  it('L5-interest: only the principal lowers the net', () => {
    const { amount, ...apart } = interest.receipt;
    const receipt = { amount: gbp(amount), interest: gbp(apart.interest), costs: gbp(apart.costs) };
    const state = stateOf(raised(gbp(dividends.gross)), ...factsOf(dividends.facts), context('RecoveryRecorded', receipt, '2022-06-01'));
    expect({ recovered: state.recovered, interest: state.interest, costs: state.costs, net: state.net }).toEqual(money(interest.right));
  });

  it('L6-settlement: what a settlement leaves is written off', () => {
    const state = stateOf(raised(gbp(settlement.gross)), ...factsOf(settlement.facts));
    expect([state.net, state.outstanding]).toEqual([gbp(settlement.right.net), gbp(settlement.right.outstanding)]);
  });

  it('L9-dollars: the net keeps the rate of the write-off, and a receipt at another rate loses in exchange', () => {
    const usd = (amount: string, stated: string) => ({ amount, currency: 'USD', stated: [gbp(stated)] });
    const { movements, net, book } = stateOf(
      raised({ amount: dollars.gross, currency: 'USD' }),
      context('WrittenOff', { amount: usd(dollars.gross, dollars.cost) }, '2019'),
      context('RecoveryRecorded', { amount: usd(dollars.received, dollars.receivedAs) }, '2020'),
    );
    expect(net).toEqual({ amount: dollars.right.net, currency: 'USD' });
    expect([book, movements[1]!.exchange]).toEqual([
      { currency: 'GBP', cost: dollars.right.netAtCost, exchange: dollars.right.exchangeLoss },
      gbp(dollars.right.exchangeLoss),
    ]);
  });

  it('L10-about: an approximate gross gives figures between two ends, and only what is certainly too much is refused', async () => {
    const gross = gbp(about.gross, { qualifier: 'about' });
    const received = context('RecoveryRecorded', { amount: gbp(about.received) }, '2017');
    await given(raised(gross), received)
      .when(writeOff, { amount: gbp(about.writtenOff) })
      .leaves(({ figures: { least, most }, net, outstanding }) => {
        expect(outstanding).toEqual(gbp(about.right.outstandingAtMost, { qualifier: 'at-most' }));
        expect(net).toEqual(gbp('59850000.00', { qualifier: 'about', roundedTo: '700000.00' })); // 59.5m to 60.2m
        expect([least.booked, most.booked]).toEqual([about.right.netAtMost, about.right.netAtMost]);
      });
    await given(raised(gross), received)
      .when(writeOff, { amount: gbp(about.tooMuch) })
      .rejects('loss/more-than-outstanding', { detail: '£59.5m to £60.5m' });
    await given(raised(gross))
      .when(recordRecovery, { amount: gbp('65500000.01') })
      .rejects('loss/recovered-too-much');
  });
});
