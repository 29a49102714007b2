import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { askMapping, mappingOf, type Mapping } from '../../src/cli/import-mapping.js';
import { importRegister, type RegisterOptions, type RegisterReport } from '../../src/cli/import-register.js';
import type { RowOutcome } from '../../src/cli/register-rows.js';
import { NotCsvError } from '../../src/csv.js';
import { accepted, startServer, stopServer, type Server } from '../http/server.js';
import { registerRows, registerText, type RegisterRow } from './register.js';

let server: Server;
let file: string;
let shipped: Record<string, any>;
const open = async (settings: Record<string, string> = {}): Promise<void> => {
  server = await startServer(settings);
  file = join(server.dir, 'register.csv');
  shipped = JSON.parse(await readFile('src/cli/uk-local-authority.json', 'utf8'));
  await accepted(server.post('/programmes/council/charter-programme', { title: 'Council', authority: 'Invented Council', baseCurrency: 'GBP', record: { effectiveOn: '2018' } })); // prettier-ignore
};
const close = () => stopServer(server);

const mapping = (changed: Record<string, string> = {}, more: object = {}): Mapping => {
  const columns = Object.fromEntries(
    Object.entries<any>(shipped['columns']).map(([name, column]) => [name, changed[name] ? { ...column, changed: changed[name] } : column]),
  );
  return mappingOf({ ...shipped, columns, ...more }, { programme: 'council' });
};
const options = (): RegisterOptions => ({ file, mapping: mapping(), url: server.url, actor: 'ana', patienceMs: 1000 });
const send = (more: Partial<RegisterOptions> = {}): Promise<RegisterReport> => importRegister({ ...options(), on: '2025-12-31', ...more });
const wrote = (rows: readonly RegisterRow[]) => writeFile(file, registerText(rows));
const counts = ({ outcomes }: RegisterReport) => Object.fromEntries(Object.entries(outcomes).filter(([, n]) => n > 0));
const of = ({ reports }: RegisterReport, outcome: RowOutcome) => reports.filter((report) => report.outcome === outcome);
const size = async (): Promise<number> => (await settled(), (await allEvents()).length);
const allEvents = async (): Promise<any[]> => {
  const all: any[] = [];
  for (let cursor = ''; ;) {
    const { body } = await server.get(`/events?limit=500${cursor}`);
    all.push(...body.events);
    if (body.next === undefined) return all;
    cursor = `&cursor=${body.next}`;
  }
};
/** Once the projections have read everything. */
const settled = async (): Promise<void> => {
  for (let lag = 1; lag > 0;) ({ lag } = (await server.get('/projections')).body.projections[0]);
};
const table = async (query = ''): Promise<Map<string, Record<string, string>>> => {
  await settled();
  const { text } = await server.get(`/projections/contract-register?format=csv${query}`);
  const [header, ...lines] = text.replace('\ufeff', '').trim().split('\r\n').map((line) => line.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/)); // prettier-ignore
  return new Map(lines.map((cells) => [cells[0]!, Object.fromEntries(cells.map((cell, i) => [header![i], cell]))]));
};

describe('a register of 500 contracts, imported twice', () => {
  let rows: RegisterRow[];
  let first: RegisterReport;
  let second: RegisterReport;
  let before: { events: number; lastYear: any; figures: any; now: Map<string, Record<string, string>> };
  let repeated: RegisterReport;

  const policies = { 'Contract end date': 'change', 'Contract value': 'change' };
  /** What last year's board says of each contract but its wording. */
  const figuresOn = async (day: string) => [...(await table(`&effectiveOn=${day}`))].map(([id, { title: _, ...figures }]) => [id, figures]);
  const boardOn = async (day: string) =>
    (await server.get(`/projections/money?effectiveOn=${day}&kind=programme`)).body.rows.map(({ outside, towers }: any) => ({ outside, towers })); // prettier-ignore

  beforeAll(async () => {
    await open();
    rows = registerRows(500);
    await wrote(rows);
    first = await send({ mapping: mapping(policies) });
    const now = await table();
    before = { events: (await allEvents()).length, lastYear: await boardOn('2025-12-31'), figures: await figuresOn('2025-12-31'), now };

    const edit = (i: number, change: Partial<RegisterRow>) => (rows[i] = { ...rows[i]!, ...change });
    edit(0, { 'Contract title': 'Street lighting, North one' });
    edit(1, { 'Contract title': 'Library books for the South 2' });
    edit(2, { 'Contract description': 'School meals' });
    edit(10, { 'Contract end date': '31/12/2033' });
    edit(11, { 'Contract end date': '31/12/2034' });
    edit(12, { 'Contract value': '£2,000,000.00' });
    edit(13, { 'Contract value': '3000000', 'Contract end date': '31/12/2035' });
    edit(20, { 'Supplier name': 'Carr North Ltd' });
    edit(21, { 'Supplier name': 'Dunmore North Ltd' });
    rows.splice(30, 1);
    await wrote(rows);
    second = await send({ mapping: mapping(policies), on: '2026-11-01' });
    await settled();
    repeated = await send({ mapping: mapping(policies), on: '2026-11-01' });
  }, 60_000);
  afterAll(close);

  it('records every row once, and registers every supplier once', async () => {
    expect(counts(first)).toEqual({ recorded: 500 });
    expect([first.rows, first.suppliers, first.unknownColumns]).toEqual([500, 40, []]);
    expect(before.now.size).toBe(500);
  });

  it('makes corrections of three typos, changes of four extensions and uplifts, asks two, and reports the row that is gone', () => {
    expect(counts(second)).toEqual({ corrected: 3, changed: 5, asked: 2, vanished: 1, unchanged: 490 });
    expect(new Set(of(second, 'changed').map(({ key }) => key)).size).toBe(4); // one of them both
    expect(of(second, 'asked').map(({ line, column, was, is }) => [line, column, was, is])).toEqual([
      [expect.any(Number), 'Supplier name', expect.any(String), 'Carr North Ltd'],
      [expect.any(Number), 'Supplier name', expect.any(String), 'Dunmore North Ltd'],
    ]);
    expect(of(second, 'vanished')).toEqual([{ key: 'C/0031-A', contract: 'council-c-0031-a', outcome: 'vanished', why: expect.any(String) }]); // prettier-ignore
  });

  it('records nothing but these decisions, and nothing when it is repeated but the question', async () => {
    const events = (await allEvents()).slice(before.events);
    expect(events.map(({ type }) => type).sort()).toEqual([...Array(4).fill('ChangeApproved'), ...Array(3).fill('FactCorrected')]);
    expect(counts(repeated)).toEqual({ asked: 2, vanished: 1, unchanged: 497 });
  });

  it('dates a change between the two imports', async () => {
    const events = (await allEvents()).filter(({ type }) => type === 'ChangeApproved');
    expect(new Set(events.map(({ metadata }) => metadata.effectiveOn))).toEqual(new Set(['[2026-01-01..2026-11-01]']));
  });

  it('does not move the board of last year', async () => {
    expect(await boardOn('2025-12-31')).toEqual(before.lastYear);
    expect(before.figures).toHaveLength(500);
    expect(await figuresOn('2025-12-31')).toEqual(before.figures);
    expect(await boardOn('2026-11-01')).not.toEqual(before.lastYear);
  });

  it('exports the same figures as a table', async () => {
    const exported = await table();
    expect(exported.size).toBe(500);
    expect(exported.get('council-c-0031-a')).toEqual(before.now.get('council-c-0031-a')); // the row that is gone
    for (const row of rows) {
      const id = `council-${row['Contract reference number'].toLowerCase().replace('/', '-')}`;
      const { originalAmount, ceilingAmount, originalCurrency, startsEarliest, endsLatest } = exported.get(id)!;
      const pounds = row['Contract value'].replace(/[£,]/g, '');
      const [startsOn, endsOn] = [row['Contract start date'], row['Contract end date']].map((day) => (day === 'TBC' ? '' : day.split('/').reverse().join('-'))); // prettier-ignore
      expect([id, Number(ceilingAmount), startsEarliest, endsLatest]).toEqual([id, Number(pounds), startsOn, endsOn]);
      if (pounds !== '') expect(originalCurrency).toBe('GBP');
      expect(Number(originalAmount)).toBe(Number(before.now.get(id)!['originalAmount']));
    }
  });
});

describe('a register', () => {
  beforeEach(open);
  afterEach(close);

  it('records nothing in a dry run, and says the same', async () => {
    await wrote(registerRows(20));
    const events = await size();
    expect(counts(await send({ dryRun: true }))).toEqual({ recorded: 20 });
    expect(await size()).toBe(events);
    expect(counts(await send())).toEqual({ recorded: 20 });
    const [row, ...others] = registerRows(20);
    await wrote([{ ...row!, 'Contract title': 'Other', 'Contract start date': '02/01/2030' }, ...others]);
    expect(of(await send({ dryRun: true }), 'refused').length + of(await send({ dryRun: true }), 'corrected').length).toBe(2);
    expect(of(await send({ dryRun: true }), 'unchanged')).toHaveLength(19);
  });

  it('says of each cell that cannot be read its line and column, and sends nothing of that row', async () => {
    const [a, b, c, d, e, f] = registerRows(6) as [RegisterRow, RegisterRow, RegisterRow, RegisterRow, RegisterRow, RegisterRow];
    await wrote([
      { ...a, 'Contract value': '£1.000,50', 'Contract end date': '31/02/2030' },
      { ...b, 'Contract value': '$500', 'Contract start date': '13/14/2020' },
      { ...c, 'Contract reference number': '' },
      { ...d, 'Contract reference number': f['Contract reference number'], 'Contract title': '' },
      { ...e, 'Contract title': '', SME: 'maybe' },
      { ...f, 'Supplier name': '', 'Contract title': 'Ok' },
    ]);
    const done = await send();
    expect(of(done, 'broken').map(({ line, column, why }) => `${line} ${column}: ${why}`)).toEqual([
      '2 Contract end date: "31/02/2030" is no day of the calendar as day, month, year.',
      '2 Contract value: "£1.000,50" is no amount such as 1,234.50.',
      '3 Contract start date: "13/14/2020" is no day of the calendar as day, month, year.',
      '3 Contract value: "$500" is in USD, and the mapping says GBP.',
      '5 Contract reference number: The row has no key.',
      '7 Contract reference number: C/0006-B stands in lines 7 and 10.',
      '8 SME: "maybe" is neither yes nor no.',
      '10 Contract reference number: C/0006-B stands in lines 7 and 10.',
    ]);
    expect(counts(done)).toEqual({ broken: 8 });
    await wrote([
      { ...e, 'Contract title': '' },
      { ...f, 'Contract end date': '01/01/2001' },
    ]);
    const more = await send();
    expect(more.reports.map(({ outcome, column, why }) => `${outcome} ${column}: ${why}`)).toEqual([
      'broken Contract title: A contract has a title: the cell is empty.',
      'refused Contract end date: It would start on 2020-06-01 and end on 2001-01-01.',
    ]);
  });

  it('reads nothing from an empty cell, and does not take back what it said before', async () => {
    const [row] = registerRows(2) as [RegisterRow, RegisterRow];
    await wrote([{ ...row, 'Contract description': '' }]);
    await send();
    await wrote([{ ...row, 'Contract description': 'Lamps', 'Contract end date': 'N/A', 'Contract value': '' }]);
    expect(counts(await send({ on: '2026-04-01' }))).toEqual({ corrected: 1 }); // said for the first time
    const { state } = (await server.get('/contracts/council-c-0001-a')).body;
    expect([state.description, state.term.endsOn, state.ceiling.amount]).toEqual(['Lamps', '2026-01-28', '5000.5']);
    await wrote([{ ...row, 'Contract description': '' }]);
    expect(counts(await send({ on: '2026-05-01' }))).toEqual({ unchanged: 1 });
  });

  it('compares with what it said last, not with what others recorded since', async () => {
    const [row] = registerRows(1) as [RegisterRow];
    await wrote([row]);
    await send();
    const change = { kind: 'value', to: { amount: '9000', currency: 'GBP' }, record: { effectiveOn: '2026-02-01' } };
    await accepted(server.post('/contracts/council-c-0001-a/approve-change', change));
    expect(counts(await send({ on: '2026-04-01' }))).toEqual({ unchanged: 1 });
    await wrote([{ ...row, 'Contract value': '9,000' }]);
    expect(counts(await send({ on: '2026-04-02' }))).toEqual({ unchanged: 1 }); // it is recorded already
  });

  it('asks what a changed cell means: an answer is kept, so that nobody is asked again', async () => {
    const [a, b, c] = registerRows(3) as [RegisterRow, RegisterRow, RegisterRow];
    await wrote([a, b, c]);
    await send();
    const edited = [
      { ...a, 'Contract value': '6000', 'Supplier name': b['Supplier name'] },
      { ...b, 'Contract value': '7000' },
      { ...c, 'Contract end date': '01/02/2040' },
    ];
    await wrote(edited);
    const questions: string[] = [];
    const answers = ['correct', 'change', 'claim', 'later'];
    const ask = async (question: string) => {
      questions.push(question);
      return answers.shift()!;
    };
    const done = await send({ on: '2026-04-01', ask });
    expect(questions).toEqual([
      'Line 2, C/0001-A: "Contract value" was £5,000.50, and is 6000.',
      'Line 2, C/0001-A: "Supplier name" was ashdown-north-ltd, and is Birch & Sons North Ltd.',
      'Line 3, C/0002-B: "Contract value" was £12,919, and is 7000.',
      'Line 5, C/0003-A: "Contract end date" was 2028-03-28, and is 01/02/2040.',
    ]);
    expect(counts(done)).toEqual({ corrected: 1, changed: 1, claimed: 1, asked: 1 });
    const [first, second] = [(await server.get('/contracts/council-c-0001-a')).body.state, (await server.get('/contracts/council-c-0002-b')).body.state]; // prettier-ignore
    expect([first.original.amount, JSON.stringify(first).includes('birch-sons-north-ltd'), second.ceiling.amount]).toEqual(['6000', true, '12919']); // prettier-ignore
    expect(counts(await send({ on: '2026-05-01' }))).toEqual({ unchanged: 2, asked: 1 });
  });

  it('finds a supplier by any of its names, and refuses one that may be several', async () => {
    const [a, b, c] = registerRows(3) as [RegisterRow, RegisterRow, RegisterRow];
    await accepted(server.post('/suppliers/one/register-supplier', { title: 'One Ltd', form: 'company', aliases: ['Acme'] }));
    await accepted(server.post('/suppliers/two/register-supplier', { title: 'Two Ltd', form: 'company', aliases: ['ACME Ltd'] }));
    await accepted(server.post('/suppliers/three/register-supplier', { title: 'Acme Ltd.', form: 'company' }));
    await wrote([
      { ...a, 'Supplier name': 'ａcme' },
      { ...b, 'Supplier name': 'ACME LTD' },
      { ...c, 'Supplier name': 'Two, Ltd' },
    ]);
    const done = await send();
    expect(counts(done)).toEqual({ recorded: 2, broken: 1 });
    expect(of(done, 'broken')).toMatchObject([{ line: 3, column: 'Supplier name', why: '"ACME LTD" may be three or two.' }]);
    expect(done.suppliers).toBe(0);
  });

  it('finds a supplier by a name that it had, and by that of one that became part of it', async () => {
    const [a, b] = registerRows(2) as [RegisterRow, RegisterRow];
    await accepted(server.post('/suppliers/new/register-supplier', { title: 'Old Ltd', form: 'company', record: { effectiveOn: '2018' } }));
    await accepted(server.post('/suppliers/new/rename-supplier', { title: 'New Ltd', record: { effectiveOn: '2020-01-01' } }));
    await accepted(
      server.post('/suppliers/small/register-supplier', { title: 'Small Ltd', form: 'company', record: { effectiveOn: '2018' } }),
    );
    await accepted(server.post('/suppliers/small/merge-suppliers', { into: 'new', record: { effectiveOn: '2021-01-01' } }));
    await wrote([
      { ...a, 'Supplier name': 'Old Ltd' },
      { ...b, 'Supplier name': 'Small Ltd' },
    ]);
    expect([counts(await send()), (await send()).suppliers]).toEqual([{ recorded: 2 }, 0]);
    for (const id of ['council-c-0001-a', 'council-c-0002-b'])
      expect((await server.get(`/contracts/${id}`)).body.state.suppliers).toMatchObject([{ supplier: 'new' }]);
  });

  it('matches a contract that somebody recorded with the reference', async () => {
    const [row] = registerRows(1) as [RegisterRow];
    await wrote([row]);
    await send();
    const other = { ...row, 'Contract reference number': 'X 1' };
    await accepted(
      server.post('/contracts/by-hand/plan-contract', { programme: 'council', title: 'Planned', references: [{ scheme: 'council-contract', id: 'X 1' }], record: { effectiveOn: '2024' } }),
    ); // prettier-ignore
    await settled();
    await wrote([row, other]);
    const done = await send({ on: '2026-04-01' });
    expect(done.reports.filter(({ contract }) => contract === 'by-hand' || contract === undefined).map(({ outcome, column }) => `${outcome} ${column}`)).toContain('corrected Contract title'); // prettier-ignore
    expect((await server.get('/contracts/by-hand')).body.state.title).toBe(row['Contract title']);
  });

  it('names columns that the mapping does not, and refuses a file without one that it does', async () => {
    const [row] = registerRows(1) as [RegisterRow];
    const text = registerText([row]);
    await writeFile(file, text.replace('Department', 'Directorate').replace('\r\n', ',Colour\r\n'));
    const { Department: _, ...columns } = shipped['columns'];
    expect((await send({ mapping: mapping({}, { columns }) })).unknownColumns).toEqual(['Directorate', 'Colour']);
    await expect(send()).rejects.toThrow(/has no column "Department": it has Contract reference number, /);
    await expect(send({ mapping: mappingOf({ ...shipped, columns }, { programme: 'other' }) })).rejects.toThrow(
      /No programme other is recorded/,
    );
    await writeFile(file, '');
    await expect(send()).rejects.toThrow(/has no line/);
    await writeFile(file, `${text}"`); // a cell that does not end
    await expect(send()).rejects.toBeInstanceOf(NotCsvError);
  });
});

describe.each(['Pacific/Kiritimati', 'Pacific/Pago_Pago'])('a register without a day, imported into a ledger of %s', (timeZone) => {
  beforeAll(() => open({ LEDGER_TIME_ZONE: timeZone }));
  afterAll(close);

  it('is of today there, whatever day it is where the import runs', async () => {
    await wrote(registerRows(2));
    expect(counts(await importRegister(options()))).toEqual({ recorded: 2 });
    await settled();
    const { body } = await server.get('/decisions?command=RecordContract');
    const days = body.decisions.map(({ effectiveOn }: { effectiveOn: string }) => effectiveOn);
    expect(new Set(days)).toEqual(new Set([Temporal.Now.plainDateISO(timeZone).toString()]));
  });
});

describe('a mapping', () => {
  const whole = { programme: 'p', key: { column: 'K', scheme: 's' }, dates: 'day-first', vat: 'ex', columns: { T: { field: 'title' }, S: { field: 'supplier' } } }; // prettier-ignore

  it('says what is usual of each field: an end, a value and a supplier are asked', () => {
    const { columns, currency, stage, role } = mappingOf({ ...whole, columns: { ...whole.columns, V: { field: 'value' }, O: null } });
    expect([columns, currency, stage, role]).toEqual([
      { T: { field: 'title', changed: 'correct' }, S: { field: 'supplier', changed: 'ask' }, V: { field: 'value', changed: 'ask' }, O: null }, // prettier-ignore
      'GBP',
      'live',
      'outside',
    ]);
  });

  it('is refused with the place that is wrong', () => {
    const cases: readonly (readonly [object, RegExp])[] = [
      [{ dates: 'usual' }, /"dates" is "usual"/],
      [{ vat: undefined }, /"vat" is missing/],
      [{ currency: 'XQX' }, /ISO 4217/],
      [{ programme: 'No' }, /--programme/],
      [{ key: 'K' }, /"key" must be/],
      [{ key: { column: 'K', scheme: 'a b' } }, /without blanks/],
      [{ colour: 1 }, /"colour" is no part/],
      [{ columns: { T: { field: 'title' } } }, /No column says supplier/],
      [{ columns: { T: { field: 'title', changed: 'change' } } }, /columns\.T\.changed/],
      [{ columns: { T: { field: 'name' } } }, /columns\.T\.field/],
      [{ columns: { ...whole.columns, U: { field: 'title' } } }, /Two columns say title/],
      [{ columns: { ...whole.columns, N: { field: 'sme', changed: 'ask' } } }, /are not compared/],
    ];
    for (const [more, message] of cases) expect(() => mappingOf({ ...whole, ...more })).toThrow(message);
    expect(() => mappingOf([])).toThrow(/no JSON object/);
  });

  it('is made of the answers of a person, with a proposal for each column that is known', async () => {
    const proposals: Record<string, string | undefined> = {};
    const ask = async (question: string, choices?: readonly string[], proposed?: string): Promise<string> => {
      const said = /^What does "(.*)" say/.exec(question)?.[1];
      if (said) proposals[said] = proposed;
      if (/programme/.test(question)) return 'council';
      return proposed ?? (/VAT/.test(question) ? 'ex' : choices![0]!);
    };
    const made = await askMapping(['Ref', 'Contract title', 'Supplier name', 'End date', 'Colour'], ask);
    expect(proposals).toEqual({ 'Contract title': 'title', 'Supplier name': 'supplier', 'End date': 'endsOn', Colour: 'nothing' });
    expect(mappingOf(made)).toMatchObject({ key: { column: 'Ref', scheme: 'contract-register' }, columns: { 'End date': { field: 'endsOn', changed: 'ask' }, Colour: null } }); // prettier-ignore
  });
});
