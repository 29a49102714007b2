import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { STATEMENT_FORMATS } from '../../projections/losses-statement-text.js';
import type { Statement } from '../../projections/losses-statement-row.js';
import { recordWorld, World } from '../random-history.js';
import { inMemory, type InMemory } from './in-memory.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const usd = (amount: string, stated: string) => ({ amount, currency: 'USD', stated: [gbp(stated)] });
let world: World;
let rows: InMemory;

beforeAll(async () => {
  world = new World('2021-11-04');
  await recordWorld(world);
  const record = (id: string, command: string, data: object, effectiveOn: string) => world.record(`loss-${id}`, command, data, { effectiveOn }); // prettier-ignore
  const raise = (id: string, gross: object, more: object = {}) => record(id, 'RaiseLoss', { programme: 'met', title: `Loss ${id}`, bearer: 'authority', category: 'cash', gross, ...more }, '2019-05-01'); // prettier-ignore
  const writeOffs = [{ approver: 'Director' }];
  await world.record('programme-met', 'AdoptPolicy', { policy: 'scheme', title: 'Scheme', version: '1', inForceFrom: '2011', writeOffs, specialPayments: writeOffs }); // prettier-ignore
  await raise('a', gbp('100'));
  await record('a', 'WriteOff', { amount: gbp('40') }, '2019-06-01');
  await record('a', 'WriteOff', { amount: gbp('20') }, '2019-06-02');
  await record('a', 'ReverseWriteOff', { amount: gbp('10') }, '2019-07-01');
  await record('a', 'RecordRecovery', { amount: gbp('70'), interest: gbp('2'), costs: gbp('1') }, '2019-08-01');
  await record('a', 'ReverseRecovery', { amount: gbp('5') }, '2019-09-01');
  await record('a', 'RecordRecovery', { amount: gbp('6') }, '2020-05-01');
  await raise('b', usd('100', '80'));
  await record('b', 'WriteOff', { amount: usd('100', '80') }, '2019-06-01');
  await record('b', 'RecordRecovery', { amount: usd('50', '30') }, '2019-07-01');
  await raise('c', gbp('7'), { bearer: 'supplier', supplier: 'csc' });
  await record('c', 'WriteOff', { amount: gbp('7') }, '2019-06-01');
  await raise('d', gbp('50'), { kind: 'special-payment', category: 'ex-gratia' });
  await record('d', 'ApproveSpecialPayment', { amount: gbp('50') }, '2019-06-01');
  await record('d', 'RecordSpecialPayment', { amount: gbp('30') }, '2019-06-02');
  await record('d', 'RecordSpecialPayment', { amount: gbp('20') }, '2019-06-03');
  await raise('e', { unknown: true }, { category: 'stores' });
  await record('e', 'WriteOff', { amount: gbp('3') }, '2019-06-01');
  await raise('f', { amount: '12', currency: 'GBP', qualifier: 'at-least' }, { category: 'stores' });
  await record('f', 'WriteOff', { amount: gbp('11') }, '2019');
});
beforeEach(async () => void (rows = await inMemory('losses-statement', world)));
const year = (name: string) => rows.row(`year:met/${name}`) as Statement;

/** What each column of a record holds, apart from what it leaves empty. */
const recordsOf = (name: string): readonly string[] => {
  const { columns, records } = STATEMENT_FORMATS.csv;
  const cellsOf = (record: ReturnType<typeof records>[number]) => columns.map(([column, cell]) => [column, cell(record)] as const);
  return records(year(name)).map((record) => cellsOf(record).flatMap(([column, cell]) => (cell === undefined || cell === '' ? [] : [`${column}=${cell}`])).join(' ')); // prettier-ignore
};

describe('a financial year reads as a statement', () => {
  it('with all that happened in it, by kind, category and bearer', () =>
    expect(STATEMENT_FORMATS.text.row(year('2019-20')).split('\n')).toEqual([
      'Losses statement of Total Technology (met), 2019-20, to 2020-03-31',
      `  loss: cash                                 2 cases identified, £100 + US$100; 2 cases written off or paid; written off £60 + US$100; reversed £10; recovered of this year's losses £65 + US$50; interest £2; costs £1; lost in exchange £10; 4 not met and not ratified`,
      '  loss: stores                               2 cases identified, £12 or more; 1 case written off or paid; written off at most £3; 1 not met and not ratified',
      '  loss: cash (borne by a supplier)           1 case identified, £7; 1 case written off or paid; written off £7',
      '  special payment: ex gratia                 1 case identified, £50; 1 case written off or paid; approved £50; paid £50; 1 not met and not ratified',
      '    b: Loss b: US$100 (£80)',
      '    a: Loss a: £100',
      '    f: Loss f: at least £12',
      '    d: Loss d: £50',
      '    e: Loss e: unknown',
      '    c: Loss c: £7',
      '  net written off                            £0 + £60 to £63 written off − £10 reversed − £15 recovered = £35 to £38',
      '  net written off                            US$0 + US$100 written off − US$0 reversed − US$50 recovered = US$50',
      '  net written off (borne by a supplier)      £0 + £7 written off − £0 reversed − £0 recovered = £7',
      '  no policy in force says above which amount a case is named',
      '',
      '',
    ]));

  it('with what came back later, and the net that it opens with', () =>
    expect(STATEMENT_FORMATS.text.row(year('2020-21')).split('\n')).toEqual([
      'Losses statement of Total Technology (met), 2020-21, to 2021-03-31',
      `  loss: cash                                 recovered of earlier years' losses £6`,
      '    a: Loss a: £100',
      '  net written off                            £35 to £38 + £0 written off − £0 reversed − £6 recovered = £29 to £32',
      '  net written off                            US$50 + US$0 written off − US$0 reversed − US$0 recovered = US$50',
      '  net written off (borne by a supplier)      £7 + £0 written off − £0 reversed − £0 recovered = £7',
      '  no policy in force says above which amount a case is named',
      '',
      '',
    ]));

  it('apart from what lies in no one year', () =>
    expect(STATEMENT_FORMATS.text.row(year('undated')).split('\n')).toEqual([
      'Losses statement of Total Technology (met), on days that lie in no one financial year',
      '  loss: stores                               1 case written off or paid; written off £11; 1 not met and not ratified',
      '    f: Loss f: at least £12',
      '',
      '',
    ]));
});

describe('a statement says', () => {
  const statement = (more: Partial<Statement>): readonly string[] =>
    STATEMENT_FORMATS.text.row({ ...year('2020-21'), lines: [], net: [], losses: [], counts: { losses: 0 }, ...more }).split('\n').slice(1, -2); // prettier-ignore
  const disclosed = (more: object) =>
    statement({ disclosed: { above: gbp('300000'), policy: 'accounts', version: '1', cases: [], complete: true, ...more } });
  const named = (name: string | null, amount: string, ...titles: readonly string[]) => ({ case: name, amount: gbp(amount), kind: 'loss', category: 'cash', bearer: 'authority', losses: titles.map((title) => ({ loss: title, title })) }); // prettier-ignore

  it('which losses and cases are above the amount of a policy, that none is, and where others may be', () => {
    expect(disclosed({})).toEqual(['  none above GBP 300000']);
    expect(disclosed({ cases: [named(null, '400000', 'Fraud'), named('flood', '500000', 'Cellar', 'Roof')] })).toEqual([
      '  above GBP 300000: Fraud: GBP 400000',
      '  above GBP 300000: case flood: Cellar; Roof: GBP 500000',
    ]);
    expect(disclosed({ complete: false })).toEqual([
      '  none above GBP 300000',
      '  others may be above it: beyond the 20 largest, or in a currency without an equivalent',
    ]);
  });

  it('by how much a net differs for what is undated, and how many losses it does not list', () => {
    const [net] = year('2020-21').net;
    const difference = { ...net!.difference, text: '£11' };
    expect(
      statement({
        net: [{ ...net!, balances: false, difference }],
        losses: year('2020-21').losses,
        counts: { losses: 3 },
        disclosed: null,
      }),
    ).toEqual([
      // prettier-ignore
      '    a: Loss a: £100',
      '    and 2 more',
      '  net written off                            £35 to £38 + £0 written off − £0 reversed − £6 recovered = £29 to £32, with £11 undated',
      '  no policy in force says above which amount a case is named',
    ]);
  });

  it('of a line with a long name as much as there is room for, and of one whose figures have no case that there is none', () => {
    const [line] = year('2019-20').lines;
    const [of] = statement({
      lines: [{ ...line!, category: 'claim-waived-or-abandoned', bearer: 'supplier', identifiedCases: 0, cases: 0 }],
    });
    expect(of).toMatch(/^ {2}loss: claim waived or abandoned \(borne by… 0 cases written off or paid; written off £60 \+ US\$100; /);
    const exactly = statement({ lines: [{ ...line!, category: 'x'.repeat(36) }] })[0]!;
    expect(exactly.startsWith(`  loss: ${'x'.repeat(36)} 2 cases identified`)).toBe(true);
  });
});

describe('a financial year as records', () => {
  it('has one for each line and currency, its cases counted in the first, and one for each net', () => {
    expect(recordsOf('2019-20')).toEqual([
      'programme=met year=2019-20 row=line kind=loss category=cash bearer=authority currency=GBP identifiedCases=2 cases=2 unratified=4 identifiedLeast=100.00 identifiedMost=100.00 writtenOffLeast=60.00 writtenOffMost=60.00 reversedLeast=10.00 reversedMost=10.00 recoveredThisYearLeast=65.00 recoveredThisYearMost=65.00 recoveredOfWrittenOffLeast=15.00 recoveredOfWrittenOffMost=15.00 interestLeast=2.00 interestMost=2.00 costsLeast=1.00 costsMost=1.00 exchangeLeast=10.00 exchangeMost=10.00',
      'programme=met year=2019-20 row=line kind=loss category=cash bearer=authority currency=USD identifiedCases=0 cases=0 unratified=0 identifiedLeast=100.00 identifiedMost=100.00 writtenOffLeast=100.00 writtenOffMost=100.00 recoveredThisYearLeast=50.00 recoveredThisYearMost=50.00 recoveredOfWrittenOffLeast=50.00 recoveredOfWrittenOffMost=50.00',
      'programme=met year=2019-20 row=line kind=loss category=stores bearer=authority currency=GBP identifiedCases=2 cases=1 unratified=1 identifiedLeast=12.00 writtenOffLeast=0.00 writtenOffMost=3.00',
      'programme=met year=2019-20 row=line kind=loss category=cash bearer=supplier currency=GBP identifiedCases=1 cases=1 unratified=0 identifiedLeast=7.00 identifiedMost=7.00 writtenOffLeast=7.00 writtenOffMost=7.00',
      'programme=met year=2019-20 row=line kind=special-payment category=ex-gratia bearer=authority currency=GBP identifiedCases=1 cases=1 unratified=1 identifiedLeast=50.00 identifiedMost=50.00 approvedLeast=50.00 approvedMost=50.00 paidLeast=50.00 paidMost=50.00',
      'programme=met year=2019-20 row=net bearer=authority currency=GBP writtenOffLeast=60.00 writtenOffMost=63.00 reversedLeast=10.00 reversedMost=10.00 recoveredOfWrittenOffLeast=15.00 recoveredOfWrittenOffMost=15.00 openingLeast=0.00 openingMost=0.00 closingLeast=35.00 closingMost=38.00 differenceLeast=0.00 differenceMost=0.00 balances=true',
      'programme=met year=2019-20 row=net bearer=authority currency=USD writtenOffLeast=100.00 writtenOffMost=100.00 reversedLeast=0.00 reversedMost=0.00 recoveredOfWrittenOffLeast=50.00 recoveredOfWrittenOffMost=50.00 openingLeast=0.00 openingMost=0.00 closingLeast=50.00 closingMost=50.00 differenceLeast=0.00 differenceMost=0.00 balances=true',
      'programme=met year=2019-20 row=net bearer=supplier currency=GBP writtenOffLeast=7.00 writtenOffMost=7.00 reversedLeast=0.00 reversedMost=0.00 recoveredOfWrittenOffLeast=0.00 recoveredOfWrittenOffMost=0.00 openingLeast=0.00 openingMost=0.00 closingLeast=7.00 closingMost=7.00 differenceLeast=0.00 differenceMost=0.00 balances=true',
    ]);
    expect(recordsOf('2020-21')).toEqual([
      'programme=met year=2020-21 row=line kind=loss category=cash bearer=authority currency=GBP identifiedCases=0 cases=0 unratified=0 recoveredEarlierLeast=6.00 recoveredEarlierMost=6.00 recoveredOfWrittenOffLeast=6.00 recoveredOfWrittenOffMost=6.00',
      'programme=met year=2020-21 row=net bearer=authority currency=GBP writtenOffLeast=0.00 writtenOffMost=0.00 reversedLeast=0.00 reversedMost=0.00 recoveredOfWrittenOffLeast=6.00 recoveredOfWrittenOffMost=6.00 openingLeast=35.00 openingMost=38.00 closingLeast=29.00 closingMost=32.00 differenceLeast=0.00 differenceMost=0.00 balances=true',
      'programme=met year=2020-21 row=net bearer=authority currency=USD writtenOffLeast=0.00 writtenOffMost=0.00 reversedLeast=0.00 reversedMost=0.00 recoveredOfWrittenOffLeast=0.00 recoveredOfWrittenOffMost=0.00 openingLeast=50.00 openingMost=50.00 closingLeast=50.00 closingMost=50.00 differenceLeast=0.00 differenceMost=0.00 balances=true',
      'programme=met year=2020-21 row=net bearer=supplier currency=GBP writtenOffLeast=0.00 writtenOffMost=0.00 reversedLeast=0.00 reversedMost=0.00 recoveredOfWrittenOffLeast=0.00 recoveredOfWrittenOffMost=0.00 openingLeast=7.00 openingMost=7.00 closingLeast=7.00 closingMost=7.00 differenceLeast=0.00 differenceMost=0.00 balances=true',
    ]);
    expect(recordsOf('undated')).toEqual([
      'programme=met year=undated row=line kind=loss category=stores bearer=authority currency=GBP identifiedCases=0 cases=1 unratified=1 writtenOffLeast=11.00 writtenOffMost=11.00',
    ]);
  });
});

describe('the figures of a year', () => {
  it('of losses are added up by bearer, and special payments apart', () => {
    const { totals, counts, losses } = year('2019-20');
    expect([totals.authority.cases, totals.authority.unratified, totals.supplier.cases, totals.specialPayments.cases, totals.specialPayments.unratified]).toEqual([3, 5, 1, 1, 1]); // prettier-ignore
    expect([totals.authority.writtenOff.map(({ text }) => text), totals.authority.identified]).toEqual([
      ['£60 to £63', 'US$100'],
      [
        { currency: 'GBP', least: '112.00', most: null, text: '£112 or more' },
        { currency: 'USD', least: '100.00', most: '100.00', text: 'US$100' },
      ],
    ]);
    expect([counts.losses, losses.length]).toEqual([6, 6]);
  });

  it('that are below nothing say so', async () => {
    await world.record('loss-b', 'ReverseRecovery', { amount: usd('50', '30') }, { effectiveOn: '2021-05-01' });
    rows = await inMemory('losses-statement', world);
    expect(year('2021-22').net[1]).toMatchObject({ currency: 'USD', recovered: { least: '-50.00', text: '−US$50' }, closing: { text: 'US$100' }, balances: true }); // prettier-ignore
  });
});
