import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { accepted, award, recordWorld, startServer, stopServer, type Server } from './server.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const about = (amount: string) => ({ ...gbp(amount), qualifier: 'about' });
const contracts: Record<string, object> = {
  a: { title: 'Zebra crossings', value: gbp('100'), vat: 'ex', endsOn: '2020-03' },
  b: { title: 'ａpples', value: about('65000000'), vat: 'inc', endsOn: '2019-01-31', suppliers: [{ supplier: 'atos' }] },
  c: { title: 'Desks', value: { undisclosed: true }, vat: 'ex' },
  d: { title: 'Mail', value: { amount: '5', currency: 'EUR' }, vat: 'ex', endsOn: '[..2020-02-01]' },
  e: { title: 'Old desks', value: gbp('20'), vat: 'ex', endsOn: '2020-03-01' },
};

let server: Server;
const read = async (query: string) => (await server.get(`/projections/contract-register?${query}`)).body;
const idsOf = ({ rows }: any): string => rows.map((row: any) => row.contract).join('');
const keysBy = async (sort: string): Promise<string> => idsOf(await read(`sort=${sort}`));

beforeAll(async () => {
  server = await startServer();
  await recordWorld(server);
  const { startsOn: _, endsOn: __, ...base } = award;
  let last: any;
  for (const [id, more] of Object.entries(contracts))
    last = await accepted(server.post(`/contracts/${id}/award-contract`, { ...base, ...more, record: { effectiveOn: '2018' } }));
  await server.get(`/projections?minPosition=${last.position}`);
});
afterAll(() => stopServer(server));

describe('the contract register in another order', () => {
  it('is sorted by each of its columns, either way; what is not known comes last', async () => {
    expect(await keysBy('title')).toBe('bcdea');
    expect(await keysBy('-title')).toBe('aedcb');
    expect(await keysBy('ends')).toBe('baecd'); // of d no first day is known
    expect(await keysBy('-ends')).toBe('aebcd');
    expect(await keysBy('ceiling')).toBe('deabc');
    expect(await keysBy('-ceiling')).toBe('baedc');
    expect(await keysBy('supplier')).toBe('bacde');
    expect(await keysBy('-contract')).toBe('edcba');
    expect(await keysBy('stage')).toBe('abcde');
    expect(await keysBy('starts')).toBe('abcde');
  });

  it('is read in pages that stay as they were while contracts are recorded', async () => {
    const first = await read('sort=-title&limit=2');
    const { position } = await accepted(server.post('/contracts/f/award-contract', { ...award, title: 'Yachts' }));
    const second = await read(`sort=-title&limit=2&minPosition=${position}&cursor=${first.next}`);
    const third = await read(`sort=-title&limit=2&cursor=${second.next}`);
    expect([first, second, third].map(idsOf)).toEqual(['ae', 'dc', 'b']);
    expect(third.next).toBeUndefined();
    expect(await keysBy('-title')).toBe('afedcb');
  });

  it('is sorted on a day too, and as a table', async () => {
    expect(idsOf(await read('sort=-title&effectiveOn=2018-12-31&supplier=csc'))).toBe('aedc');
    const { text } = await server.get('/projections/contract-register?sort=ends&endsUntil=2020-06-30&format=csv');
    expect(text.split('\r\n').map((line) => line.split(',')[0])).toEqual(['contract', 'b', 'a', 'e', 'd', '']);
  });

  it('is filtered by what kind of contract it is, and by the days of the next milestone', async () => {
    expect(idsOf(await read('kind=framework'))).toBe('');
    expect(idsOf(await read('kind=contract&endsUntil=2019-12-31'))).toBe('bd');
    expect(idsOf(await read('milestoneFrom=2016-01-01'))).toBe('');
    for (const [query, detail] of [
      ['kind=lease', 'must be one of call-off, contract, framework'],
      ['milestoneFrom=2016-13', 'must be a day such as 2016-02-29'],
      ['milestoneUntil=soon', 'must be a day such as 2016-02-29'],
      ['startsFrom=2016', 'must be a day such as 2016-02-29'],
      ['startsUntil=31.1.2016', 'must be a day such as 2016-02-29'],
      ['originalFrom=95m', 'must be an amount such as 95000000.00'],
      ['originalUntil=£1', 'must be an amount such as 95000000.00'],
      ['frameworkLot=Lot 2', 'must be an id of small letters, digits and hyphens, at most 64'],
    ] as const)
      expect((await read(query)).errors).toEqual([{ parameter: query.split('=')[0], detail }]);
  });

  it('refuses a column that it has not, and a cursor of another order', async () => {
    const { body, status } = await server.get('/projections/contract-register?sort=colour');
    expect([status, body.errors[0].parameter, body.errors[0].detail]).toEqual([
      400,
      'sort',
      'is no column that contract-register is sorted by: contract, title, supplier, stage, original, ceiling, programme, kind, role, framework, owner, department, milestone, findings, starts, ends',
    ]);
    const { next } = await read('sort=title&limit=1');
    for (const query of ['sort=-title', 'limit=1', 'sort=ends'])
      expect((await server.get(`/projections/contract-register?${query}&cursor=${next}`)).status).toBe(400);
    expect((await server.get('/projections/decisions?sort=title')).body.errors[0].detail).toMatch(/it has none/);
    expect((await server.get('/projections/decisions?totals=true')).status).toBe(400);
  });
});

describe('the totals of the register', () => {
  it('are those of the rows that pass, and keep VAT, currencies and states apart', async () => {
    const { totals, rows } = await read('endsUntil=2020-06-30&totals=true&limit=1&sort=ends');
    expect(rows.length).toBe(1);
    expect(totals).toMatchObject({
      rows: 4,
      notCounted: { frameworks: 0, withoutPromise: 0, replaced: 0 },
      ceiling: '€5 + £120 without VAT + about £65m with VAT',
      vat: 'mixed',
      byVat: {
        ex: {
          contracts: 3,
          ceiling: {
            amounts: [
              { currency: 'EUR', amount: '5.00' },
              { currency: 'GBP', amount: '120.00' },
            ],
          },
        },
        inc: { contracts: 1, ceiling: { amounts: [{ between: { least: '64500000.00', most: '65500000.00' } }] } },
      },
      byState: { toCome: { contracts: 4 } },
    });
  });

  it('name what is not known, and are the same on a day', async () => {
    const now = (await read('text=desks&totals=true')).totals;
    expect([now.rows, now.ceiling, now.vat]).toEqual([2, 'at least £20, 1 undisclosed', 'ex']);
    expect((await read('text=desks&totals=true&effectiveOn=2018-12-31')).totals).toEqual(now);
    expect((await read('text=desks&totals=true&effectiveOn=2017-12-31')).totals).toMatchObject({ rows: 0, contracts: 0, ceiling: 'nothing' }); // prettier-ignore
  });

  it('do not count a contract beside the one that has taken its place, once that runs', async () => {
    const { position } = await accepted(
      server.post('/contracts/new-e/record-contract', {
        programme: 'met', title: 'New old desks', stage: 'live', role: 'incumbent', suppliers: [{ supplier: 'csc' }], replaces: 'e', value: gbp('30'), vat: 'ex',
      }),
    ); // prettier-ignore
    const { totals } = await read(`text=old&totals=true&minPosition=${position}`);
    expect([totals.rows, totals.contracts, totals.notCounted, totals.ceiling]).toEqual([
      2,
      1,
      { frameworks: 0, withoutPromise: 0, replaced: 1 },
      '£30',
    ]);
    const planned = await accepted(server.post('/contracts/newer/plan-contract', { programme: 'met', title: 'Newer old desks' }));
    const later = (await read(`text=old&totals=true&minPosition=${planned.position}`)).totals;
    expect([later.rows, later.contracts, later.notCounted.withoutPromise]).toEqual([3, 1, 1]);
    expect((await read('text=zebra&totals=true')).totals.ceiling).toBe('£100');
  });
});
