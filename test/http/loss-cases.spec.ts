import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { accepted, closeRunning, startServer, type Answer, type Server } from './server.js';

/** What a government accountant tries, each in a programme of its own. */
let server: Server;
beforeAll(async () => {
  server = await startServer();
  await accepted(server.post('/suppliers/csc/register-supplier', { title: 'CSC', form: 'company' }));
});
afterAll(closeRunning);

type Json = Record<string, any>;
const gbp = (amount: string, more: Json = {}) => ({ amount, currency: 'GBP', ...more });
const usd = (amount: string, stated?: string) => ({ amount, currency: 'USD', ...(stated && { stated: [gbp(stated)] }) });
const of = (amount: string) => ({ amount: gbp(amount) });
const table = [{ grossAbove: gbp('500000'), approver: 'Deputy Mayor' }, { grossAbove: gbp('50000'), approver: 'Chief Finance Officer' }, { approver: 'Director' }]; // prettier-ignore
const [DIRECTOR, OFFICER, MAYOR] = table.map(({ approver }) => approver).toReversed() as [string, string, string];
interface Said {
  readonly on?: string;
  readonly by?: string;
  readonly more?: Json;
}

class Books {
  #position = '';
  static async open(id: string): Promise<Books> {
    await accepted(server.post(`/programmes/${id}/charter-programme`, { title: id, authority: 'A council', baseCurrency: 'GBP', record: { effectiveOn: '2000' } })); // prettier-ignore
    return new Books(id);
  }
  constructor(readonly id: string) {}
  adopt = (more: Json = {}) =>
    accepted(server.post(`/programmes/${this.id}/adopt-policy`, { policy: 'scheme', title: 'Scheme', version: '1', inForceFrom: '2001', writeOffs: table, specialPayments: table, ...more })); // prettier-ignore
  async send(command: string, data: Json, { on, by, more = {} }: Said = {}, loss = 'a'): Promise<Answer> {
    const record = { ...(on && { effectiveOn: on }), ...(by && { decidedBy: { person: 'p-1', office: by } }), ...more };
    const answer = await server.post(`/losses/${this.id}-${loss}/${command}`, { ...data, record });
    this.#position = answer.body?.position ?? this.#position;
    return answer;
  }
  /** @returns the event */
  async does(command: string, data: Json, said: Said = {}, loss = 'a'): Promise<string> {
    const { status, body } = await this.send(command, data, said, loss);
    expect([command, status, body.detail]).toEqual([command, 201, undefined]);
    return body.events[0].id;
  }
  async refused(code: string, command: string, data: Json, said: Said = {}, loss = 'a'): Promise<string> {
    const { status, body } = await this.send(command, data, said, loss);
    expect([command, status, body.type]).toEqual([command, 409, `urn:tower-ledger:problem:${code}`]);
    return body.detail;
  }
  raise = (gross: Json, more: Json = {}, loss = 'a', on = '2010-01-01') =>
    this.does('raise-loss', { programme: this.id, title: `Loss ${loss}`, bearer: 'authority', category: 'irrecoverable-debt', gross, ...more }, { on }, loss); // prettier-ignore
  correct = (event: string, pointer: string, value: unknown, loss = 'a') =>
    this.does('correct-fact', { event, changes: [{ pointer, value }], because: 'error' }, {}, loss);
  async read(projection: string, key: string): Promise<Json> {
    const { status, body } = await server.get(`/projections/${projection}/${encodeURIComponent(key)}?minPosition=${this.#position}`);
    expect([key, status]).toEqual([key, 200]);
    return body.row;
  }
  row = (loss = 'a') => this.read('exposure', `loss:${this.id}-${loss}`);
  findings = async (loss = 'a'): Promise<readonly string[]> => (await this.row(loss))['findings'];
  year = (name: string) => this.read('losses-statement', `year:${this.id}/${name}`);
  /** `recovered + net + outstanding`, and what was written off. */
  async figures(loss = 'a'): Promise<readonly string[]> {
    const { recovered, net, outstanding, writtenOff } = await this.row(loss);
    return [recovered, net, outstanding, writtenOff].map((value) => value?.amount ?? '–');
  }
  net = async (name: string): Promise<readonly string[]> =>
    (await this.year(name))['net'].flatMap(({ opening, writtenOff, reversed, recovered, closing, balances }: Json) => [opening.text, writtenOff.text, reversed.text, recovered.text, closing.text, balances]); // prettier-ignore
}

const cases: Record<string, (b: Books) => Promise<void>> = {
  // the order of recording
  'L1-order: a receipt pays what is outstanding first, also when it is of an earlier day and recorded late': async (b) => {
    await b.raise(gbp('100.00'));
    await b.does('write-off', of('60.00'), { on: '2019-03-01' });
    await b.does('record-recovery', of('30.00'), { on: '2019-02-01' });
    expect(await b.figures()).toEqual(['30.00', '60.00', '10.00', '60.00']);
  },
  'L2-reinstated: what was reversed is outstanding, and paid; nothing is left to write off': async (b) => {
    await b.raise(gbp('100.00'));
    await b.does('write-off', of('100.00'), { on: '2019-03-01' });
    await b.does('record-recovery', of('40.00'), { on: '2019-05-01' });
    expect(await b.figures()).toEqual(['40.00', '60.00', '0.00', '100.00']);
    await b.does('reverse-write-off', of('40.00'), { on: '2019-04-01' }); // recorded after the receipt that follows it
    expect(await b.figures()).toEqual(['40.00', '60.00', '0.00', '60.00']);
    await b.refused('loss/more-than-outstanding', 'write-off', of('0.01'));
  },
  'what is written off later is not too much for a receipt that is recorded late, unless it was all': async (b) => {
    await b.raise(gbp('100.00'));
    await b.does('write-off', of('100.00'), { on: '2019-03-01' });
    expect(await b.refused('ledger/breaks-later-event', 'record-recovery', of('0.01'), { on: '2019-02-01' })).toContain('WrittenOff of 2019-03-01'); // prettier-ignore
    await b.does('record-recovery', of('0.01'), { on: '2019-03-02' });
  },
  'a receipt of before a proposal leaves of the proposal what is outstanding': async (b) => {
    await b.raise(gbp('100.00'));
    await b.does('propose-write-off', of('100.00'), { on: '2019-03-01' });
    await b.does('record-recovery', of('30.00'), { on: '2019-02-01' });
    expect((await b.row())['proposed']).toMatchObject({ left: gbp('70.00') });
  },
  'a cheque that bounced after it lowered the net raises it again': async (b) => {
    await b.raise(gbp('100.00'));
    await b.does('write-off', of('80.00'), { on: '2019-03-01' });
    await b.does('record-recovery', of('50.00'), { on: '2019-04-01' });
    await b.does('reverse-recovery', of('50.00'), { on: '2019-05-01' });
    expect(await b.figures()).toEqual(['0.00', '80.00', '20.00', '80.00']);
  },
  // evasion
  'a loss that is withdrawn and reinstated around a write-off of its case': async (b) => {
    await b.adopt();
    const event = await b.raise(gbp('490000'), { case: 'k' });
    await b.raise(gbp('490000'), { case: 'k' }, 'b');
    await b.does('withdraw-fact', { event });
    await b.does('write-off', of('490000'), { by: OFFICER }, 'b');
    await b.does('reinstate-fact', { event });
    const { lossList } = await b.read('exposure', `case:${b.id}/k`);
    expect(lossList).toMatchObject([{ loss: `${b.id}-a`, findings: [] }, { loss: `${b.id}-b`, findings: [expect.stringContaining('under too small a case')] }]); // prettier-ignore
  },
  'a loss that is called a special payment, which is no loss and can be written off by nobody': async (b) => {
    await b.adopt({ specialPayments: undefined });
    await b.raise(gbp('900000'), { kind: 'special-payment', category: 'other' });
    await b.refused('loss/stage', 'write-off', of('900000'));
    await b.does('record-special-payment', of('900000'));
    expect(await b.findings()).toEqual(['More was paid than was approved: £900,000.']);
  },
  'a write-off that is reversed and made again is one, and two halves are the whole': async (b) => {
    await b.adopt();
    await b.raise({ unknown: true });
    await b.does('write-off', of('50000'), { by: DIRECTOR });
    await b.does('reverse-write-off', of('50000'), { by: DIRECTOR });
    await b.does('write-off', of('30000'), { by: DIRECTOR });
    expect(await b.refused('ledger/policy-not-met', 'write-off', of('20000.01'), { by: DIRECTOR })).toContain('£50,000.01');
  },
  'an item is written off, or recovered, beyond what it comes to': async (b) => {
    const items = [{ item: 'pay', title: 'Pay', amount: gbp('60.00') }, { item: 'cash', title: 'Cash', amount: gbp('40.00') }]; // prettier-ignore
    await b.raise(gbp('100.00'), { items });
    await b.does('write-off', { ...of('70.00'), item: 'pay' });
    await b.does('record-recovery', { ...of('30.00'), item: 'cash' });
    expect(await b.findings()).toEqual(['£70 is written off of the item pay, which comes to £60.']);
    await b.does('record-recovery', { ...of('11.00'), item: 'cash' });
    expect(await b.findings()).toContain('£41 was recovered of the item cash, which comes to £40.');
    await b.does('reverse-write-off', { ...of('10.00'), item: 'pay' });
    await b.does('reverse-recovery', { ...of('1.00'), item: 'cash' });
    expect(await b.findings()).toEqual([]);
  },
  'more is approved as a special payment than was claimed': async (b) => {
    await b.adopt();
    await b.raise(gbp('100.00'), { kind: 'special-payment', category: 'ex-gratia' });
    await b.does('approve-special-payment', of('101.00'), { by: DIRECTOR });
    expect(await b.findings()).toEqual(['More was approved than the claim comes to: £1.']);
  },
  'a decision of before the policy, recorded now': async (b) => {
    await b.adopt({ inForceFrom: '2018' });
    await b.raise(gbp('900000'));
    await b.does('write-off', of('900000'), { on: '2017-12-31', by: DIRECTOR });
    expect(await b.findings()).toEqual([expect.stringContaining('of a day on which no adopted table was in force')]);
  },
  'a higher office may do what a lower one may, with a limit that is enough': async (b) => {
    await b.adopt();
    await b.raise(gbp('60000'));
    const limited = (amount: string) => ({ by: MAYOR, more: { authority: { reference: 'PCD 1', limit: gbp(amount) } } });
    await b.refused('ledger/policy-not-met', 'write-off', of('60000'), limited('59999.99'));
    await b.does('write-off', of('60000'), limited('60000'));
  },
  'two write-offs at once are not both of what is outstanding': async (b) => {
    await b.raise(gbp('100.00'));
    const tried = await Promise.all([1, 2, 3].map(() => b.send('write-off', of('100.00'))));
    expect(tried.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  },
  // ratification, proposals
  'a ratification shows its day and the day of the write-off, and by who may not is none': async (b) => {
    await b.adopt();
    await b.raise(gbp('60000'));
    const event = await b.does('write-off', of('60000'), { on: '2019-03-01', by: DIRECTOR });
    await b.does('ratify-write-off', { event }, { on: '2019-04-01', by: DIRECTOR });
    expect(await b.findings()).toHaveLength(1);
    await b.does('ratify-write-off', { event }, { on: '2019-05-01', by: OFFICER });
    expect([await b.findings(), (await b.row())['movements']]).toMatchObject([[], [{ on: '2019-03-01', ratified: { on: '2019-05-01', office: OFFICER } }]]); // prettier-ignore
  },
  'a proposal is consumed by what is written off and by what comes back, and a reversal does not bring it back': async (b) => {
    await b.raise(gbp('100.00'));
    await b.does('propose-write-off', of('60.00'));
    await b.does('write-off', of('40.00'));
    expect((await b.row())['proposed']).toMatchObject({ amount: gbp('60.00'), left: gbp('20.00') });
    await b.does('record-recovery', of('50.00'));
    expect((await b.row())['proposed']).toMatchObject({ left: gbp('10.00') });
    await b.does('write-off', of('10.00'));
    await b.does('reverse-write-off', of('10.00'));
    expect(await b.row()).toMatchObject({ stage: 'written-off', proposed: null });
    await b.refused('loss/nothing-proposed', 'reject-write-off', {});
  },
  'a closed loss takes a dividend, and is open again once that is taken back': async (b) => {
    await b.raise(gbp('100.00'));
    await b.does('write-off', of('100.00'), { on: '2019-03-01' });
    await b.does('close-loss', { how: 'written-off-and-pursued' }, { on: '2019-04-01' });
    await b.does('record-recovery', of('10.00'), { on: '2019-05-01' });
    expect(await b.row()).toMatchObject({ stage: 'closed', closed: { on: '2019-04-01' } });
    await b.does('reverse-recovery', of('10.00'), { on: '2019-06-01' });
    expect(await b.row()).toMatchObject({ stage: 'written-off', closed: null });
  },
  // foreign currency
  'L9-dollars: what is written off at one rate and received at another loses in exchange': async (b) => {
    await b.raise(usd('1000000.00', '800000.00'));
    await b.does('write-off', { amount: usd('1000000.00', '800000.00') }, { on: '2019-05-01' });
    await b.does('record-recovery', { amount: usd('250000.00', '187500.00') }, { on: '2019-06-01' });
    const { lines, net } = await b.year('2019-20');
    expect([lines[0].exchange.map(({ text }: Json) => text), net.map(({ closing }: Json) => closing.text)]).toEqual([['£12,500'], ['US$750,000']]); // prettier-ignore
  },
  'a foreign loss without its equivalent is not assessable, and in a case it makes the case so': async (b) => {
    await b.adopt();
    await b.raise(usd('100'), { case: 'k' });
    await b.raise(gbp('100'), { case: 'k' }, 'b');
    expect(await b.refused('ledger/policy-not-met', 'write-off', { amount: usd('100', '80') }, { by: MAYOR })).toContain('give the equivalent'); // prettier-ignore
    expect(await b.refused('ledger/policy-not-met', 'write-off', of('100'), { by: MAYOR }, 'b')).toContain('give the equivalent');
    await b.does('revise-loss', { gross: usd('100', '80') });
    await b.does('write-off', of('100'), { by: DIRECTOR }, 'b');
  },
  'a loss in pounds takes nothing in dollars': async (b) => {
    await b.raise(gbp('100.00'));
    for (const command of ['write-off', 'propose-write-off', 'record-recovery']) await b.refused('loss/mixed-currencies', command, { amount: usd('1.00', '1.00') }); // prettier-ignore
    await b.refused('loss/mixed-currencies', 'record-recovery', { ...of('1.00'), interest: usd('1.00') });
  },
  // year ends
  'L4-dividends-by-year: a write-off of the last day of March, and dividends of later years': async (b) => {
    await b.raise(gbp('100000.00'), {}, 'a', '2017-06-01');
    const event = await b.does('write-off', of('100000.00'), { on: '2018-03-31' });
    await b.does('record-recovery', of('12000.00'), { on: '2020-06-01' });
    await b.does('record-recovery', of('3000.00'), { on: '2021-06-01' });
    expect(await b.net('2017-18')).toEqual(['£0', '£100,000', '£0', '£0', '£100,000', true]);
    expect(await b.net('2021-22')).toEqual(['£88,000', '£0', '£0', '£3,000', '£85,000', true]);
    await b.correct(event, '/effectiveOn', '2018-04-01'); // the next year's
    expect(await b.net('2018-19')).toEqual(['£0', '£100,000', '£0', '£0', '£100,000', true]);
    expect((await b.year('2020-21'))['totals'].authority.recoveredEarlier).toMatchObject([{ text: '£12,000' }]);
  },
  'L5-interest: only the principal lowers the net': async (b) => {
    await b.raise(gbp('85000.00'));
    await b.does('write-off', of('85000.00'), { on: '2021-03-01' });
    await b.does('record-recovery', { ...of('85000.00'), interest: gbp('4000.00'), costs: gbp('1000.00') }, { on: '2022-06-01' });
    expect(await b.row()).toMatchObject({ interest: gbp('4000.00'), costs: gbp('1000.00'), net: gbp('0.00'), recovered: gbp('85000.00') });
    expect(await b.net('2022-23')).toEqual(['£85,000', '£0', '£0', '£85,000', '£0', true]);
    await b.refused('loss/recovered-too-much', 'record-recovery', of('0.01'));
  },
  'a reversal of a later year is of that year, and the net of the year before stands': async (b) => {
    await b.raise(gbp('100.00'));
    await b.does('write-off', of('100.00'), { on: '2019-03-31' });
    await b.does('reverse-write-off', of('40.00'), { on: '2019-04-01' });
    expect([await b.net('2018-19'), await b.net('2019-20')]).toEqual([['£0', '£100', '£0', '£0', '£100', true], ['£100', '£0', '£40', '£0', '£60', true]]); // prettier-ignore
  },
  'a write-off of an uncertain day stands in its year, or with what has none': async (b) => {
    await b.raise(gbp('100.00'));
    await b.does('write-off', of('60.00'), { on: '2019-03' });
    await b.does('write-off', of('40.00'), { on: '[2019-03-31..2019-04-01]' });
    expect(await b.net('2018-19')).toEqual(['£0', '£60', '£0', '£0', '£60', true]);
    expect((await b.year('undated'))['totals'].authority.writtenOff).toMatchObject([{ text: '£40' }]);
  },
  'a revision that is recorded after the year end changes the year, and what was believed can still be read': async (b) => {
    await b.raise(gbp('100.00'), {}, 'a', '2019-05-01');
    await b.does('write-off', of('50.00'), { on: '2019-06-01' });
    const before = (await b.year('2019-20'))['totals'].authority.identified;
    await b.does('revise-loss', { gross: gbp('120.00') }, { on: '2020-05-01' });
    expect([before, (await b.year('2019-20'))['totals'].authority.identified]).toMatchObject([[{ text: '£100' }], [{ text: '£120' }]]);
  },
  'a case that is joined later is disclosed as one matter above the threshold': async (b) => {
    await b.adopt({ writeOffs: undefined, specialPayments: undefined, discloseAbove: gbp('300000') });
    await b.raise(gbp('200000'), {}, 'a', '2019-05-01');
    await b.raise(gbp('150000'), {}, 'b', '2019-05-01');
    expect((await b.year('2019-20'))['disclosed'].cases).toEqual([]);
    for (const id of ['a', 'b']) await b.does('join-case', { case: 'k' }, {}, id);
    expect((await b.year('2019-20'))['disclosed'].cases).toMatchObject([{ case: 'k', amount: gbp('350000.00') }]);
  },
  'what a supplier bears and what belongs to another authority are in no total of ours': async (b) => {
    await b.raise(gbp('100'), { bearer: 'supplier', supplier: 'csc' }, 'a', '2019-05-01');
    await b.raise(gbp('200'), { elsewhere: { authority: 'NHS' } }, 'b', '2019-05-01');
    await b.raise(gbp('300'), {}, 'c', '2019-05-01');
    const { totals, counts } = await b.year('2019-20');
    expect([totals.authority.identified[0].text, totals.supplier.identified[0].text, counts.losses]).toEqual(['£300', '£100', 2]);
  },
  // about so much
  'L10-about: of about 65 million 5 come back and 60.2 are written off, and half a million more is refused': async (b) => {
    await b.raise(gbp('65000000', { qualifier: 'about' }));
    await b.does('record-recovery', of('5000000.00'));
    await b.refused('loss/more-than-outstanding', 'write-off', of('60500000.01'));
    await b.does('write-off', of('60200000.00'));
    expect(await b.row()).toMatchObject({ texts: { outstanding: 'at most £300,000', net: '£59.5m to £60.2m' }, findings: ['What is written off may be more than the gross.'] }); // prettier-ignore
  },
};

describe('a government accountant', () => {
  it.each(Object.entries(cases).map(([name, run], i) => [name, run, `books-${i}`] as const))('%s', async (_, run, id) =>
    run(await Books.open(id)),
  );
});
