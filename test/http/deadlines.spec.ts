import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { calendarEntry } from '../../src/http/calendar.js';
import { tokenCommands } from '../../src/operate/token-commands.js';
import { readTokens } from '../../src/http/token-file.js';
import { accepted, closeRunning, startServer, tempFolder, type Server } from './server.js';

afterAll(closeRunning);

/** Lines of a calendar, unfolded. */
const lines = (text: string): readonly string[] => text.replaceAll('\r\n ', '').split('\r\n');
const entry = { uid: 'end:a@ledger', from: '2020-11-30', until: '2020-11-30', summary: 'It ends', description: 'Due 2020-11-30' };

describe('an entry of the calendar', () => {
  it('lasts whole days, the last of them included', () =>
    expect(lines(calendarEntry({ ...entry, from: '2020-11-30', until: '2020-12-31' }, '2026-03-02T09:30:00.000Z'))).toEqual([
      'BEGIN:VEVENT',
      'UID:end:a@ledger',
      'DTSTAMP:20260302T093000Z',
      'DTSTART;VALUE=DATE:20201130',
      'DTEND;VALUE=DATE:20210101',
      'SUMMARY:It ends',
      'DESCRIPTION:Due 2020-11-30',
      'TRANSP:TRANSPARENT',
      'END:VEVENT',
      '',
    ]));

  it('has no line of more than 75 octets, cuts no character, and escapes what would end a value', () => {
    const summary = `Hosting; „Zentrale“, Teil\\2\nBEGIN:VEVENT ${'ü€😀'.repeat(60)}`;
    const text = calendarEntry({ ...entry, summary }, '2026-03-02T09:30:00.000Z');
    for (const line of text.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
    expect(text).not.toContain('\uFFFD');
    expect(lines(text)[5]).toBe(`SUMMARY:Hosting\\; „Zentrale“\\, Teil\\\\2\\nBEGIN:VEVENT ${'ü€😀'.repeat(60)}`);
    expect(lines(text).filter((line) => line.startsWith('BEGIN:'))).toEqual(['BEGIN:VEVENT']);
  });
});

/** @returns the position of the last event */
const fill = async ({ post }: Pick<Server, 'post'>, headers?: Record<string, string>): Promise<string> => {
  let position = '';
  const send = async (path: string, body: object) => ({ position } = await accepted(post(path, body, headers)));
  await send('/programmes/met/charter-programme', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' });
  await send('/towers/hosting/plan-tower', { programme: 'met', title: 'Hosting' });
  await send('/suppliers/csc/register-supplier', { title: 'CSC', form: 'company' });
  for (const [id, endsOn] of [
    ['one', '2020-11-30'],
    ['two', '2021'],
    ['three', 'unknown'],
  ] as const)
    // prettier-ignore
    await send(`/contracts/${id}/award-contract`, {
      programme: 'met',
      title: `Hosting ${id}`,
      towers: ['hosting'],
      suppliers: [{ supplier: 'csc' }],
      value: { amount: '1.00', currency: 'GBP' },
      endsOn,
      record: { effectiveOn: '2015' },
    });
  return position;
};

describe('the calendar of deadlines', () => {
  let server: Server;
  beforeAll(async () => {
    server = await startServer();
    const minPosition = await fill(server);
    await server.get(`/deadlines.ics?minPosition=${minPosition}`);
  });

  it.each([
    ['a period', 'dueFrom=2020-12-01&dueBy=2021-12-31', ['Hosting two ends (about: 2021)']],
    ['an owner', 'owner=nobody', []],
    ['what is near', 'within=0', ['Hosting one ends', 'Hosting two ends (about: 2021)']],
  ])('is of %s where that is asked', async (_, query, summaries) => {
    const { text } = await server.get(`/deadlines.ics?${query}`);
    const found = lines(text).filter((line) => line.startsWith('SUMMARY:'));
    expect(found).toEqual(summaries.map((summary) => `SUMMARY:${summary}`));
  });

  it('has every deadline that has a day, whole days long, with ids that stay', async () => {
    const { status, headers, text } = await server.get('/deadlines.ics');
    expect([status, headers.get('content-type')]).toEqual([200, 'text/calendar; charset=utf-8']);
    const all = lines(text);
    expect([all[0], all.at(-2)]).toEqual(['BEGIN:VCALENDAR', 'END:VCALENDAR']);
    expect(all.filter((line) => line.startsWith('DTSTART') || line.startsWith('DTEND'))).toEqual([
      'DTSTART;VALUE=DATE:20201130',
      'DTEND;VALUE=DATE:20201201',
      'DTSTART;VALUE=DATE:20210101',
      'DTEND;VALUE=DATE:20220101',
    ]);
    expect(all).toContain('SUMMARY:Hosting two ends (about: 2021)');
    expect((await server.get('/deadlines.ics')).text).toBe(text);
  });

  it('has the day on which an invoice is to be paid', async () => {
    const send = (path: string, body: object) => server.post(path, { ...body, record: { effectiveOn: '2016' } });
    await accepted(send('/accounts/three/open-account', { programme: 'met', contract: 'three' }));
    const invoice = { invoice: 'i-1', amount: { amount: '9.00', currency: 'GBP' }, dueOn: '2016-06-30' };
    const { position } = await accepted(send('/accounts/three/record-invoice', invoice));
    const { text } = await server.get(`/deadlines.ics?kind=invoice&supplier=csc&minPosition=${position}`);
    expect(lines(text)).toEqual(expect.arrayContaining(['DTSTART;VALUE=DATE:20160630', 'SUMMARY:Invoice i-1 of Hosting three is to be paid: £9'])); // prettier-ignore
    const payment = { payment: 'p', amount: { amount: '9.00', currency: 'GBP' }, invoices: ['i-1'] };
    const paid = await accepted(send('/accounts/three/record-payment', payment));
    expect((await server.get(`/deadlines.ics?kind=invoice&minPosition=${paid.position}`)).text).not.toContain('BEGIN:VEVENT');
  });

  it('is asked for a part', async () => {
    expect(lines((await server.get('/deadlines.ics?contract=one')).text).filter((line) => line === 'BEGIN:VEVENT')).toHaveLength(1);
    expect(lines((await server.get('/deadlines.ics?programme=other')).text)).not.toContain('BEGIN:VEVENT');
    expect((await server.get('/deadlines.ics?colour=red')).status).toBe(400);
  });

  it.each([
    ['kind=birthday', /^must be one of end, /],
    ['dueFrom=soon', /^must be a day /],
    ['dueBy=2021-02-29', /^must be a day /],
    ['within=-1', /^must be a whole number from 0 to 9999$/],
    ['within=a-month', /^must be a whole number from 0 to 9999$/],
  ])('refuses %s, here and in the list, rather than be empty', async (query, detail) => {
    for (const path of ['/deadlines.ics', '/projections/deadlines', '/projections/deadlines/updates']) {
      const { status, body } = await server.get(`${path}?${query}`);
      expect([path, status, body.errors]).toEqual([path, 400, [{ parameter: query.split('=')[0], detail: expect.stringMatching(detail) }]]);
    }
  });
});

describe('with tokens', () => {
  const made = async (file: string, person: string, ...roles: string[]): Promise<string> => {
    const printed: string[] = [];
    const command = tokenCommands({
      file,
      now: () => '2026-11-24T12:00:00.000Z',
      print: (line) => printed.push(line),
      say: () => undefined,
    });
    await command.parseAsync(['add', '--person', person, ...roles.flatMap((role) => ['--role', role])], { from: 'user' });
    return printed[0]!;
  };
  let [file, server, manager, feed]: [string, Server, string, string] = ['', undefined!, '', ''];
  beforeAll(async () => {
    file = join(await tempFolder(), 'tokens.json');
    [manager, feed] = [await made(file, 'ana', 'contract-manager'), await made(file, 'ana', 'calendar')];
    server = await startServer({ LEDGER_TOKENS: file });
    const minPosition = await fill(server, { authorization: `Bearer ${manager}` });
    await server.get(`/deadlines.ics?minPosition=${minPosition}&token=${feed}`);
  });

  it('a calendar token in the address shows the calendar and nothing else', async () => {
    expect(lines((await server.get(`/deadlines.ics?token=${feed}`)).text)).toContain('BEGIN:VEVENT');
    for (const path of ['/events', '/projections/deadlines', '/contracts/one'])
      for (const answer of [await server.get(`${path}?token=${feed}`), await server.get(path, { authorization: `Bearer ${feed}` })])
        expect([401, 403]).toContain(answer.status);
  });

  it('a token that may do more is not taken from an address, and is in a header', async () => {
    expect((await server.get(`/deadlines.ics?token=${manager}`)).status).toBe(403);
    expect((await server.get('/deadlines.ics')).status).toBe(401);
    expect((await server.get('/deadlines.ics', { authorization: `Bearer ${manager}` })).status).toBe(200);
  });

  it('its address is revoked with its token', async () => {
    const { id } = (await readTokens(file)).find(({ roles }) => roles.includes('calendar'))!;
    const command = tokenCommands({ file, now: () => '2026-11-24T12:00:00.000Z', print: () => undefined, say: () => undefined });
    await command.parseAsync(['revoke', id], { from: 'user' });
    for (const end = Date.now() + 5000; (await server.get(`/deadlines.ics?token=${feed}`)).status !== 401;)
      if (Date.now() > end) throw new Error('The token is still taken.');
  });
});
