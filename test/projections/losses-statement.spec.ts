import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lossesStatement } from '../../projections/losses-statement.js';
import type { Statement } from '../../projections/losses-statement-row.js';
import { STATEMENT_FORMATS } from '../../projections/losses-statement-text.js';
import { VECTORS } from '../domain/loss-vectors.js';
import { closeRows, Rows, rowsAfter } from '../engine/rows-after.js';
import { csvOf } from '../../src/csv.js';
import { bounded, uncertainDate, World } from '../random-history.js';

const gbp = (amount: string, more: object = {}) => ({ amount, currency: 'GBP', ...more });
const loss = { programme: 'met', title: 'A loss', bearer: 'authority', category: 'irrecoverable-debt' };

let world: World;
const charter = async (more: object = {}, day = '2024-01-15') => {
  world = new World(day);
  const chartered = { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP', ...more };
  await world.record('programme-met', 'CharterProgramme', chartered, { effectiveOn: '2010' });
};
beforeEach(() => charter());
afterEach(closeRows);

const rows = async (): Promise<Rows> => new Rows(world.store, [lossesStatement]).read();
/** Every year by its name, without an order of its own. */
const allYears = async (of?: Rows): Promise<ReadonlyMap<string, Statement>> => {
  const found = await (of ?? (await rows())).all('losses-statement');
  return new Map(found.map(({ row }) => [row['year'] as string, row as unknown as Statement]));
};
const year = async (name: string): Promise<Statement> => (await allYears()).get(name)!;
const text = (figures: readonly { readonly text: string }[]): string => figures.map((figure) => figure.text).join(' + ') || 'nothing';
const record = async (id: string, command: string, data: object, effectiveOn?: string) =>
  world.record(`loss-${id}`, command, data, effectiveOn === undefined ? {} : { effectiveOn });
const { dividends, settlement, dollars } = VECTORS;

describe('the losses statement', () => {
  it('L4-dividends-by-year: a write-off stands in its year, and what came back later in the year of the receipt', async () => {
    await record('a', 'RaiseLoss', { ...loss, gross: gbp(dividends.gross) }, '2017-06-01');
    for (const [on, command, amount] of dividends.facts) await record('a', command, { amount: gbp(amount) }, on);
    const statements = await allYears(await rowsAfter(await world.events(), [lossesStatement])); // also in pieces, and rebuilt
    for (const [name, { cases, writtenOff, earlier }] of Object.entries(dividends.right.years)) {
      const { totals, net } = statements.get(name)!;
      expect({ name, cases: totals.authority.cases, writtenOff: text(totals.authority.writtenOff), earlier: text(totals.authority.recoveredEarlier) }).toEqual({ name, cases, writtenOff, earlier }); // prettier-ignore
      expect(net).toMatchObject([{ balances: true }]);
    }
    expect(statements.get('2021-22')!.net).toMatchObject([{ opening: { text: '£88,000' }, closing: { text: '£85,000' } }]);
    expect([...statements.keys()]).toEqual(['2017-18', '2018-19', '2019-20', '2020-21', '2021-22']); // a quiet year too
  });

  it('says at least and at most of each figure, also of a receipt that lowered the net less, the more the loss comes to', async () => {
    await record('a', 'RaiseLoss', { ...loss, gross: gbp('100', { qualifier: 'about', roundedTo: '20' }) }, '2019-05-01');
    await record('a', 'WriteOff', { amount: gbp('60') }, '2019-06-01');
    await record('a', 'RecordRecovery', { amount: gbp('50') }, '2019-07-01');
    await record('a', 'ReverseRecovery', { amount: gbp('50') }, '2020-05-01');
    const [first, second] = [await year('2019-20'), await year('2020-21')];
    expect(text(first.totals.authority.recoveredOfWrittenOff)).toBe('at most £20');
    expect(first.net).toMatchObject([
      { writtenOff: { text: '£60' }, recovered: { least: '0.00', most: '20.00', text: 'at most £20' }, closing: { text: '£40 to £60' }, balances: true }, // prettier-ignore
    ]);
    expect(second.net).toMatchObject([{ opening: { text: '£40 to £60' }, recovered: { least: '-20.00', most: '0.00' }, closing: { text: '£60' }, balances: true }]); // prettier-ignore
  });

  it('L6-settlement: what is waived in a settlement stands under claims waived or abandoned, and by name above the threshold', async () => {
    const policy = { policy: 'accounts', title: 'Accounts manual', version: '1', inForceFrom: '2018', discloseAbove: gbp('300000.00') };
    await world.record('programme-met', 'AdoptPolicy', policy, { effectiveOn: '2018' });
    await record('a', 'RaiseLoss', { ...loss, title: 'A claim', category: 'claim-waived-or-abandoned', gross: gbp(settlement.gross) }, '2019-05-01'); // prettier-ignore
    for (const [on, command, amount] of settlement.facts) await record('a', command, { amount: gbp(amount) }, on);
    await record('b', 'RaiseLoss', { ...loss, gross: gbp('300000.00') }, '2019-05-01');
    const { lines, disclosed, net } = await year('2019-20');
    const waived = lines.find(({ category }) => category === 'claim-waived-or-abandoned')!;
    expect([waived.cases, text(waived.writtenOff), text(waived.recoveredThisYear)]).toEqual([1, '£600,000', '£400,000']);
    expect(disclosed).toMatchObject({ policy: 'accounts', cases: [{ losses: [{ loss: 'a', title: 'A claim' }] }] });
    expect(net).toMatchObject([{ opening: { text: '£0' }, writtenOff: { text: '£600,000' }, closing: { text: '£600,000' } }]);
  });

  it('L9-dollars: foreign losses stand in their currency, and the difference in exchange on a line of its own', async () => {
    const usd = (amount: string, stated: string) => ({ amount, currency: 'USD', stated: [gbp(stated)] });
    await record('a', 'RaiseLoss', { ...loss, category: 'exchange', gross: usd(dollars.gross, dollars.cost) }, '2019-05-01');
    await record('a', 'WriteOff', { amount: usd(dollars.gross, dollars.cost) }, '2019-06-01');
    await record('a', 'RecordRecovery', { amount: usd(dollars.received, dollars.receivedAs) }, '2020-06-01');
    const { totals, net } = await year('2020-21');
    expect([text(totals.authority.recoveredEarlier), text(totals.authority.exchange)]).toEqual(['US$250,000', '£12,500']);
    expect(net).toMatchObject([{ currency: 'USD', opening: { text: 'US$1m' }, recovered: { text: 'US$250,000' }, closing: { text: 'US$750,000' } }]); // prettier-ignore
  });

  it('has losses that a supplier bears apart, and those of another authority in none of its lines', async () => {
    await world.record('supplier-csc', 'RegisterSupplier', { title: 'CSC', form: 'company' });
    await record('a', 'RaiseLoss', { ...loss, bearer: 'supplier', supplier: 'csc', gross: gbp('70') }, '2019-05-01');
    await record('b', 'RaiseLoss', { ...loss, elsewhere: { authority: 'NHS' }, gross: gbp('1100000000') }, '2019-05-01');
    await record('b', 'WriteOff', { amount: gbp('1100000000') }, '2019-05-01');
    const { totals, lines, losses, counts } = await year('2019-20');
    expect([text(totals.authority.identified), text(totals.supplier.identified)]).toEqual(['nothing', '£70']);
    expect([lines.length, losses, counts]).toMatchObject([1, [{ loss: 'a' }], { losses: 1 }]);
  });

  it('counts special payments apart, by what was approved and what was paid', async () => {
    await record('a', 'RaiseLoss', { ...loss, kind: 'special-payment', category: 'ex-gratia', gross: gbp('500') }, '2019-05-01');
    await record('a', 'ApproveSpecialPayment', { amount: gbp('400') }, '2020-03-31');
    await record('a', 'RecordSpecialPayment', { amount: gbp('400') }, '2020-04-01');
    const [then, after] = [await year('2019-20'), await year('2020-21')];
    expect([text(then.totals.specialPayments.approved), text(then.totals.specialPayments.paid)]).toEqual(['£400', 'nothing']);
    expect([after.totals.specialPayments.cases, text(after.totals.specialPayments.paid)]).toEqual([1, '£400']);
    expect([then.totals.authority.identifiedCases, after.net]).toEqual([0, []]);
  });

  it('names the cases above a threshold, two losses of one matter as one, and none without an adopted threshold', async () => {
    for (const id of ['a', 'b']) await record(id, 'RaiseLoss', { ...loss, case: 'fraud-7', gross: gbp('200000') }, '2019-05-01');
    expect((await year('2019-20')).disclosed).toBeNull();
    const policy = { policy: 'accounts', title: 'Accounts manual', inForceFrom: '2018' };
    await world.record('programme-met', 'AdoptPolicy', {
      ...policy,
      version: '1',
      discloseAbove: gbp('300000'),
      inForceUntil: '2020-12-31',
    });
    await world.record('programme-met', 'AdoptPolicy', { ...policy, version: '2', inForceFrom: '2021', discloseAbove: gbp('400000') });
    expect((await year('2019-20')).disclosed).toMatchObject({ version: '1', cases: [{ case: 'fraud-7', amount: gbp('400000.00') }] });
    await record('c', 'RaiseLoss', { ...loss, gross: gbp('400000') }, '2021-05-01');
    expect((await year('2021-22')).disclosed).toMatchObject({ version: '2', cases: [] });
  });

  it('counts what did not meet the policy until it is ratified', async () => {
    const writeOffs = [{ approver: 'Director' }];
    await world.record('programme-met', 'AdoptPolicy', { policy: 's', title: 'Scheme', version: '1', inForceFrom: '2011', writeOffs });
    await record('a', 'RaiseLoss', { ...loss, gross: gbp('200') }, '2019-05-01');
    const by = (office: string) => ({ decidedBy: { person: 'p-1', office }, effectiveOn: '2019-06-01' });
    const { events } = await world.record('loss-a', 'WriteOff', { amount: gbp('200') }, by('Clerk'));
    expect((await year('2019-20')).totals.authority.unratified).toBe(1);
    await world.record('loss-a', 'RatifyWriteOff', { event: events[0]!.id! }, { ...by('Director'), effectiveOn: '2021' });
    expect((await year('2019-20')).totals.authority.unratified).toBe(0);
  });

  it('of an approximate gross has both ends, until a revision says what it was from the beginning', async () => {
    await record('a', 'RaiseLoss', { ...loss, gross: gbp('65000000', { qualifier: 'about' }) }, '2019-05-01');
    await record('a', 'RecordRecovery', { amount: gbp('5000000') }, '2019-06-01');
    await record('a', 'WriteOff', { amount: gbp('60200000') }, '2019-07-01');
    expect((await year('2019-20')).net).toMatchObject([{ closing: { text: '£59.5m to £60.2m' }, balances: true }]);
    await record('a', 'ReviseLoss', { gross: gbp('65200000') }, '2020-05-01');
    expect((await year('2019-20')).net).toMatchObject([{ closing: { text: '£60.2m' }, balances: true }]);
    expect(await year('2020-21')).toBeUndefined(); // nothing moved in the year of the revision
  });

  it('has what lies in no one year apart, and says by how much a net differs for it', async () => {
    await record('a', 'RaiseLoss', { ...loss, gross: gbp('200') }, '2019-05-01');
    await record('a', 'WriteOff', { amount: gbp('50') }, '[2019-06-01..2020-06-01]');
    await record('a', 'WriteOff', { amount: gbp('30') }, '2020-07-01');
    expect(text((await year('undated')).totals.authority.writtenOff)).toBe('£50');
    expect((await year('2020-21')).net).toMatchObject([
      { writtenOff: { text: '£30' }, closing: { text: '£80' }, balances: false, difference: { text: '£50' } },
    ]);
  });

  it.each([
    ['january', '2019', '2019-12-31'],
    ['july', '2018-19-july', '2019-06-30'],
    ['october', '2018-19-october', '2019-09-30'],
  ])('begins in %s where the programme says so', async (financialYearStarts, name, lastDay) => {
    await charter({ financialYearStarts });
    await record('a', 'RaiseLoss', { ...loss, gross: gbp('200') }, '2019-05-01');
    expect(await year(name)).toMatchObject({ lastDay, totals: { authority: { identifiedCases: 1 } } });
    expect(await year('2019-20')).toBeUndefined();
  });

  it('changes in every later year with an earlier one', async () => {
    await record('a', 'RaiseLoss', { ...loss, gross: gbp('200') }, '2019-05-01');
    await record('a', 'WriteOff', { amount: gbp('50') }, '2021-05-01');
    await record('a', 'WriteOff', { amount: gbp('30') }, '2019-06-01');
    const { changes } = (await (await rows()).updates('losses-statement')).at(-1)!;
    expect(Object.keys(changes)).toEqual(['year:met/2019-20', 'year:met/2020-21', 'year:met/2021-22']);
    expect(changes['year:met/2021-22']).toMatchObject({ net: [{ opening: { text: '£30' }, closing: { text: '£80' } }] });
  });
});

describe('the losses statement of random histories', () => {
  const amount = fc.integer({ min: 1, max: 90 }).map((n) => gbp(`${n}.00`));
  const move = fc.record({
    id: fc.constantFrom('a', 'b'),
    command: fc.constantFrom('WriteOff', 'WriteOff', 'RecordRecovery', 'ReverseWriteOff', 'ReverseRecovery', 'ReviseLoss', 'WithdrawFact'),
    amount,
    about: fc.boolean(),
    on: fc.option(fc.oneof(fc.constantFrom('2015-05-01', '2016-05-01', '2017-05-01'), uncertainDate), { nil: undefined }),
  });

  it('each year opens with what the year before closed with, and balances unless something is undated', async () => {
    let [runs, dated, checked] = [0, 0, 0];
    await fc.assert(
      fc.asyncProperty(fc.array(move, { minLength: 4, maxLength: 14, size: 'max' }), async (moves) => {
        await charter({}, '2019-06-03');
        for (const id of ['a', 'b']) await record(id, 'RaiseLoss', { ...loss, gross: gbp('100.00') }, '2014-05-01');
        for (const { id, command, amount: of, about, on } of moves) {
          const last = (await world.history(`loss-${id}`)).entries.at(-1)!;
          const data =
            command === 'WithdrawFact'
              ? { event: last.recorded.id }
              : command === 'ReviseLoss'
                ? { gross: { ...of, ...(about && { qualifier: 'about' }) } }
                : { amount: of };
          if (command === 'WithdrawFact' && last.recorded.type === 'LossRaised') continue;
          await world.try(`loss-${id}`, command, data, on === undefined ? {} : { effectiveOn: on });
        }
        const read = await rows();
        const found = [...(await allYears(read)).values()];
        await read.close();
        runs++;
        const undated = found.some(({ lastDay }) => lastDay === null);
        let closing: { least: string; most: string | null } = { least: '0.00', most: '0.00' };
        for (const { net } of found.filter(({ lastDay }) => lastDay !== null))
          for (const side of net) {
            expect([side.opening.least, side.opening.most]).toEqual([closing.least, closing.most]);
            closing = side.closing;
            checked++;
            if (!undated) expect([side.balances, ++dated > 0]).toEqual([true, true]);
          }
      }),
      { numRuns: 25, ...bounded },
    );
    expect([checked > runs, dated > 0]).toEqual([true, true]); // as many runs as there is time for
  });
});

describe('as text and as CSV', () => {
  beforeEach(async () => {
    await record('a', 'RaiseLoss', { ...loss, gross: gbp('100000.00') }, '2017-06-01');
    await record('a', 'WriteOff', { amount: gbp('100000.00') }, '2018-03-31');
    await record('a', 'RecordRecovery', { amount: gbp('12000.00'), interest: gbp('4.50') }, '2020-06-01');
  });

  it('a year reads as a statement', async () => {
    expect(STATEMENT_FORMATS.text.row(await year('2020-21')).split('\n')).toEqual([
      'Losses statement of Total Technology (met), 2020-21, to 2021-03-31',
      "  loss: irrecoverable debt                   recovered of earlier years' losses £12,000; interest £4.50",
      '    a: A loss: £100,000',
      '  net written off                            £100,000 + £0 written off − £0 reversed − £12,000 recovered = £88,000',
      '  no policy in force says above which amount a case is named',
      '',
      '',
    ]);
  });

  it('names what is above the threshold of a policy', async () => {
    const policy = { policy: 'accounts', title: 'Accounts manual', version: '1', inForceFrom: '2010', discloseAbove: gbp('99999.99') };
    await world.record('programme-met', 'AdoptPolicy', policy);
    const lines = async (name: string) => STATEMENT_FORMATS.text.row(await year(name)).split('\n');
    expect(await lines('2017-18')).toContain('  above GBP 99999.99: A loss: GBP 100000.00');
    expect(await lines('2020-21')).toContain('  none above GBP 99999.99');
    for (let n = 0; n < 20; n++) await record(`n-${n}`, 'RaiseLoss', { ...loss, case: 'many', gross: gbp('6000.00') }, '2017-06-01');
    expect(
      (await lines('2017-18')).filter((line) => line.startsWith('  above') || line.startsWith('  others') || line.includes('and 1 more')),
    ).toEqual([
      '    and 1 more',
      '  above GBP 99999.99: A loss: GBP 100000.00',
      `  above GBP 99999.99: case many: ${Array(19).fill('A loss').join('; ')}: GBP 114000.00`,
      '  others may be above it: beyond the 20 largest, or in a currency without an equivalent',
    ]);
  });

  it('its columns hold one thing each, and a net closes', async () => {
    const statements = [...(await allYears()).values()];
    const { columns: fixed, records: of } = STATEMENT_FORMATS.csv;
    const [columns, ...records] = csvOf(fixed, statements.flatMap(of)).trimEnd().split('\n').map((line) => line.split(',')); // prettier-ignore
    expect(records.every((record) => record.length === columns!.length)).toBe(true);
    const cell = (name: string, column: string, row: string) =>
      records.find((record) => record[1] === name && record[2] === row)![columns!.indexOf(column)];
    expect([
      cell('2017-18', 'writtenOffLeast', 'line'),
      cell('2020-21', 'recoveredEarlierMost', 'line'),
      cell('2020-21', 'openingLeast', 'net'),
      cell('2020-21', 'recoveredOfWrittenOffLeast', 'net'),
      cell('2020-21', 'closingMost', 'net'),
      cell('2020-21', 'balances', 'net'),
    ]).toEqual(['100000.00', '12000.00', '100000.00', '12000.00', '88000.00', 'true']);
  });
});
