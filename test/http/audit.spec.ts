import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { tokenCommands } from '../../src/operate/token-commands.js';
import { accepted, award, partsOf, recordWorld, startServer, stopServer, tempFolder, type Answer, type Server } from './server.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const scheme = (approver: string, above = 10) => ({
  policy: 'scheme',
  title: 'Scheme of consent',
  version: '1',
  inForceFrom: '2010',
  approvals: [{ stepOverOriginalAbove: above, approver }],
});
const HTML = { accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8' };
const MARKDOWN = { accept: 'text/markdown' };
const evil = '</bdi><script>alert("x")</script>';

let server: Server;
let position: string;
let awarded: any;
let uplift: any;
let correction: any;
let delay: any;
const sent = async (path: string, body: object, headers = {}): Promise<any> => {
  const receipt = await accepted(server.post(path, body, headers));
  ({ position } = receipt);
  return receipt;
};
const read = (path: string, headers = {}): Promise<Answer> => server.get(`${path}${path.includes('?') ? '&' : '?'}minPosition=${position}`, headers); // prettier-ignore
const ok = async (path: string): Promise<any> => {
  const { status, body, text } = await read(path);
  if (status !== 200) throw new Error(`${status} ${text}`);
  return body;
};
beforeAll(async () => {
  server = await startServer();
  await recordWorld(server);
  await sent('/programmes/met/adopt-policy', scheme('Deputy Mayor'));
  awarded = await sent(
    '/contracts/hosting/award-contract',
    { ...award, value: { undisclosed: true }, record: { effectiveOn: '2015-11-01', reason: evil, evidence: [{ title: evil }] } }, // prettier-ignore
    { 'x-correlation-id': 'case-7' },
  );
  await sent('/contracts/hosting/disclose-value', { value: gbp('100'), record: { effectiveOn: '2016' } }, { 'x-correlation-id': 'case-7' });
  uplift = await sent('/contracts/hosting/approve-change', {
    kind: 'value',
    to: gbp('120'),
    record: { effectiveOn: '2016-03-01', decidedBy: { person: 'dm', office: 'Deputy Mayor' }, authority: { reference: 'PCD 1' } },
  });
  await sent('/programmes/met/record-portfolio-size', { projects: 40 });
  delay = await sent('/contracts/hosting/approve-change', { kind: 'value', to: gbp('125'), record: { effectiveOn: 'unknown' } });
  await sent('/contracts/hosting/annotate', { event: awarded.events[0].id, note: 'The press says 90.', claim: { pointer: '/value', value: gbp('90') }, record: { evidence: [{ title: 'Press' }] } }); // prettier-ignore
  correction = await sent('/contracts/hosting/correct-fact', { event: uplift.events[0].id, changes: [{ pointer: '/to/amount', value: '130' }], because: 'error', record: { decidedBy: { person: 'dm', office: 'Deputy Mayor' } } }); // prettier-ignore
  await sent('/contracts/hosting/withdraw-fact', { event: delay.events[0].id });
});
afterAll(() => stopServer(server));

describe('the decisions as a table', () => {
  it('have a row for each that passes the filters, as a spreadsheet reads it', async () => {
    const { status, headers, text } = await read('/decisions?contract=hosting&person=dm', { accept: 'text/csv' });
    expect([status, headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8']);
    expect(text).toMatch(/^decision,recordedAt,effectiveOn,daysLate,status,/);
    const [head, ...rows] = text.trimEnd().split('\r\n').map((line) => line.split(',')); // prettier-ignore
    const table = rows.map((row) => Object.fromEntries(head!.map((name, i) => [name, row[i]])));
    expect(table).toHaveLength(2);
    expect(table[1]).toMatchObject({
      decision: uplift.decision,
      effectiveOn: '2016-03-01',
      status: 'corrected',
      corrections: '1',
      command: 'ApproveChange',
      stream: 'contract-hosting',
      programme: 'met',
      contracts: 'hosting',
      decidedBy: 'dm',
      office: 'Deputy Mayor',
      reference: 'PCD 1',
      assessed: 'scheme/approval 1: met',
      position: uplift.position,
    });
    expect(table[0]).toMatchObject({ decision: correction.decision, command: 'CorrectFact', status: 'stands' });
  });

  it('are all of them, and so no page is asked for', async () => {
    const all = await read('/decisions?format=csv');
    expect(all.text.trimEnd().split('\r\n').length).toBeGreaterThan(8);
    for (const page of ['cursor=1', 'limit=5', 'totals=true']) {
      const { status, body } = await read(`/decisions?format=csv&${page}`);
      expect([status, body.errors[0]]).toMatchObject([400, { parameter: page.split('=')[0] }]);
    }
  });
});

describe('a dossier', () => {
  it('says first what became of the decision, with what the field was and how policy assessed it again', async () => {
    const dossier = await ok(`/decisions/${uplift.decision}`);
    expect(dossier).toMatchObject({ status: 'corrected', command: 'ApproveChange', summary: expect.any(String) });
    expect(dossier.since).toMatchObject([
      {
        kind: 'corrected',
        decision: correction.decision,
        because: 'error',
        changes: [{ pointer: '/to/amount', was: '120', value: '130' }],
        assessed: [{ rule: 'scheme/approval', result: 'met' }],
        of: [uplift.events[0].id],
      },
    ]);
    expect((await ok(`/decisions/${delay.decision}`)).since).toMatchObject([{ kind: 'withdrawn' }]);
    expect((await ok(`/decisions/${awarded.decision}`)).since).toMatchObject([{ kind: 'annotated', claim: { pointer: '/value' } }]);
  });

  it('has what it changed, as it was read right after it, and what was known with its content', async () => {
    const { events, known, knownMeans } = await ok(`/decisions/${uplift.decision}`);
    expect(events[0].changed).toContainEqual({ op: 'replace', path: '/ceiling/amount', was: '100', value: '120' });
    expect(known).toMatchObject([
      { stream: 'contract-hosting', revision: 1, since: 4, href: '/contracts/hosting?revision=1', state: { ceiling: gbp('100') } },
      { stream: 'programme-met', revision: 1, since: 1, state: { policies: [{ policy: 'scheme' }] } },
    ]);
    expect(known[1].state).not.toHaveProperty('portfolio');
    expect(knownMeans).toMatch(/at least \d+ days after the act of 2016-03-01\. It is not what those who decided had before them/);
  });

  it('says what known means of an act without a day, on its day, and how much of it is later than the act', async () => {
    expect((await ok(`/decisions/${delay.decision}`)).knownMeans).toContain('The day of the act is unknown');
    const today = await sent('/towers/late/plan-tower', { programme: 'met', title: 'Late' });
    expect((await ok(`/decisions/${today.decision}`)).knownMeans).toMatch(/recorded, on the day of the act\.$/);
    const back = await sent('/contracts/hosting/record-delay', { milestone: 'M', to: '2016', record: { effectiveOn: '2015-12-01' } });
    const { known, events } = await ok(`/decisions/${back.decision}`);
    expect(known[0]).toMatchObject({ stream: 'contract-hosting', laterThanTheAct: 2 });
    expect(events[0].changed.map(({ path }: any) => path)).toContain('/delays/0');
    await sent('/contracts/hosting/withdraw-fact', { event: back.events[0].id });
  });

  it('names what was recorded with it, and what a correction is about', async () => {
    const { caused } = await ok(`/decisions/${awarded.decision}`);
    expect(caused).toMatchObject({ correlation: 'case-7', causing: [], together: [{ command: 'DiscloseValue', stream: 'contract-hosting' }] }); // prettier-ignore
    expect((await ok(`/decisions/${correction.decision}`)).caused.about).toMatchObject([
      { decision: uplift.decision, command: 'ApproveChange', type: 'ChangeApproved', event: uplift.events[0].id },
    ]);
  });

  it.each([
    [undefined, 'application/json'],
    ['application/json', 'application/json'],
    ['*/*', 'application/json'],
    ['text/html,application/xhtml+xml;q=0.9,*/*;q=0.8', 'text/html'],
    ['text/markdown', 'text/markdown'],
    ['text/*;q=0.5, text/html;q=0.2', 'text/markdown'],
    ['text/html;q=0, text/markdown;q=0.1', 'text/markdown'],
    ['image/png', 'application/problem+json'],
  ])('comes for Accept: %s as %s', async (accept, type) => {
    const { headers, status } = await read(`/decisions/${uplift.decision}`, accept === undefined ? {} : { accept });
    expect([headers.get('content-type'), status]).toEqual([`${type}; charset=utf-8`, type.endsWith('problem+json') ? 406 : 200]);
  });

  it('as HTML is one harmless page under a policy of its own, whatever the ledger says', async () => {
    const { text, headers } = await read(`/decisions/${awarded.decision}`, HTML);
    expect(text).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;');
    expect(text).not.toMatch(/<(script|link|img|iframe|object|embed|form)\b|\son\w+="/);
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-.*frame-ancestors 'none'$/);
    expect(headers.get('vary')).toMatch(/^Accept\b/);
  });

  it('shows what no command takes any more and a log may hold: turned text, 5,000 characters, an address that runs', async () => {
    const { store } = partsOf(server);
    const [registered] = await store.read('supplier-atos', 0, 1);
    const command = { id: '01a20c2f-4d4f-7aef-9223-dff2a95f8890', name: 'Annotate', record: ['reason', 'evidence'] };
    const metadata = { ...registered!.metadata, schemaVersion: 1, command, reason: `${evil}\u202e001£`, evidence: [{ title: 'it', uri: 'javascript:alert(1)' }] }; // prettier-ignore
    await store.append('supplier-atos', 0, [
      { id: '01a20c2f-4d4f-7aef-9223-dff2a95f8891', type: 'FactAnnotated', data: { note: 'x'.repeat(5000) }, metadata },
    ]);
    position = (await store.head())!;
    const { text } = await read(`/decisions/${command.id}`, HTML);
    expect(text).toContain('[U+202E]001£');
    expect(text).toContain(`<bdi>${'x'.repeat(5000)}</bdi>`);
    expect(text).not.toMatch(/<script|href="javascript|\u202e/);
  });

  it('as Markdown and as HTML has every part', async () => {
    const markdown = (await read(`/decisions/${uplift.decision}`, MARKDOWN)).text;
    const html = (await read(`/decisions/${uplift.decision}?format=html`)).text;
    const heads = ['What was asked', 'Evidence', 'What it changed', 'Rules', 'What was known', 'Caused by and causing', 'Check it'];
    for (const head of heads) expect([head, markdown.includes(`## ${head}\n`), html.includes(`<h2>${head}</h2>`)]).toEqual([head, true, true]); // prettier-ignore
    expect(markdown).toContain('> - CORRECTED SINCE');
    expect(markdown).toContain('/to/amount: 120 → 130');
    expect(markdown).toContain('assessed again by scheme/approval 1: met');
    expect((await read(`/decisions/${delay.decision}`, MARKDOWN)).text).toContain('> - WITHDRAWN SINCE');
  });
});

describe('why a field is as it is', () => {
  const why = (field: string, more = '') => ok(`/contracts/hosting/history?field=${encodeURIComponent(field)}${more}`);

  it('each event that set it, from the undisclosed start on, with claims, and what was withdrawn', async () => {
    const { entries, withdrawn, now } = await why('/ceiling/amount');
    const undisclosed = { value: null, instead: { path: '/ceiling', value: { undisclosed: true } } };
    expect(entries.map(({ type, was, now }: any) => [type, was, now])).toEqual([
      ['ContractAwarded', { value: null }, undisclosed],
      ['ValueDisclosed', undisclosed, { value: '100' }],
      ['ChangeApproved', { value: '100' }, { value: '130' }],
    ]);
    expect(entries[0].claims).toMatchObject([{ note: 'The press says 90.', would: { value: '90' } }]);
    expect(entries[2].corrections).toMatchObject([{ pointer: '/to/amount', was: '120' }]);
    expect(withdrawn).toMatchObject([{ event: delay.events[0].id, type: 'ChangeApproved', now: { value: '125' } }]);
    expect(now).toEqual({ value: '130' });
  });

  it('in pages, and as it was at a revision', async () => {
    const first = await why('/ceiling/amount', '&limit=2');
    expect(first.entries.map(({ type }: any) => type)).toEqual(['ContractAwarded', 'ValueDisclosed']);
    expect((await why('/ceiling/amount', `&limit=2&cursor=${first.next}`)).entries.map(({ type }: any) => type)).toEqual([
      'ChangeApproved',
    ]);
    expect((await why('/ceiling/amount', '&revision=0')).entries).toHaveLength(1);
  });

  it('of a whole field, of one that nobody corrected, and of one that is not there', async () => {
    expect((await why('/stage')).entries.map(({ now }: any) => now)).toEqual([{ value: 'awarded' }]);
    const { status, body } = await read('/contracts/hosting/history?field=/cieling');
    expect([status, body.errors[0].parameter, body.detail]).toEqual([400, 'field', expect.stringMatching(/\/cieling.*\/ceiling/)]);
    for (const field of ['ceiling', '/a~2', '/__proto__', '/constructor'])
      expect([field, (await read(`/contracts/hosting/history?field=${field}`)).status]).toEqual([field, 400]);
    expect((await read('/contracts/hosting/history?field=/stage&related=true')).status).toBe(400);
  });
});

describe('a total of a row', () => {
  it('opens into what each stream adds, which adds up', async () => {
    await sent('/contracts/second/award-contract', { ...award, value: gbp('20.50') });
    const path = '/projections/tower-board/programme:met/contributions?field=/totals/towers';
    const { contributions, text, value, addsUp, count } = await ok(path);
    expect([text, value.text, addsUp, count]).toEqual(['£150.50', '£150.50', true, 2]);
    expect(contributions.map(({ stream, text, why }: any) => [stream, text, why])).toEqual([
      ['contract-hosting', '£130', expect.stringMatching(/^\/contracts\/hosting\/history\?field=\/ceiling&revision=\d+$/)],
      ['contract-second', '£20.50', '/contracts/second/history?field=/ceiling&revision=0'],
    ]);
    expect((await ok(contributions[1].why)).now).toEqual({ value: gbp('20.50') });
    const { contributions: page, next } = await ok(`${path}&limit=1`);
    expect([page.length, (await ok(`${path}&limit=1&cursor=${next}`)).contributions[0].stream]).toEqual([1, 'contract-second']);
    expect((await ok(`${path}&position=${awarded.position}`)).text).toBe('1 undisclosed');
  });

  it('keeps figures that differ in VAT apart, as its row does', async () => {
    await sent('/towers/desk/plan-tower', { programme: 'met', title: 'Desk' });
    await sent('/contracts/desk-ex/award-contract', { ...award, towers: ['desk'], vat: 'ex', value: gbp('100') });
    await sent('/contracts/desk-inc/award-contract', { ...award, towers: ['desk'], vat: 'inc', value: gbp('50') });
    const { text, value, total, addsUp } = await ok('/projections/tower-board/tower:desk/contributions?field=/total');
    expect([text, value.text, addsUp]).toEqual(['£100 without VAT + £50 with VAT', '£100 without VAT + £50 with VAT', true]);
    expect(total.amounts.map(({ amount, vat }: any) => [amount, vat])).toEqual([
      ['100.00', 'ex'],
      ['50.00', 'inc'],
    ]);
  });

  it.each([
    ['/projections/tower-board/programme:met/contributions', 400, 'there are /totals/towers, /totals/outside'],
    ['/projections/tower-board/programme:met/contributions?field=/title', 400, 'is no total of this row'],
    ['/projections/tower-board/programme:none/contributions?field=/totals', 404, 'has no row'],
    ['/projections/nosuch/programme:met/contributions?field=/totals', 404, 'no projection'],
    ['/projections/decisions/reference:PCD1/contributions?field=/counts', 400, 'it has none that can be opened'],
  ])('is refused where there is none: %s', async (path, status, detail) => {
    const answer = await read(path);
    expect([answer.status, answer.body.detail]).toEqual([status, expect.stringContaining(detail)]);
  });

  it('that belongs to what has no stream of its own is not opened, and the refusal says of which totals are', async () => {
    await sent('/contracts/call-off/award-contract', { ...award, towers: [], kind: 'call-off', framework: { reference: 'RM1' } });
    const { status, body } = await read('/projections/frameworks/external-framework:RM1/contributions');
    expect([status, body.detail]).toEqual([400, expect.stringContaining('it has none that can be opened: only those of programmes, towers, contracts and suppliers can')]); // prettier-ignore
  });
});

describe('replays', () => {
  const lines = async (body: object): Promise<any[]> => {
    const { status, text, headers } = await server.post(`/replays?minPosition=${position}`, body);
    expect([status, headers.get('content-type')]).toEqual([200, 'application/jsonl; charset=utf-8']);
    expect(text.endsWith('\n')).toBe(true);
    return text.trimEnd().split('\n').map((line) => JSON.parse(line)); // prettier-ignore
  };
  const events = async () => (await server.get('/events?limit=500')).text;

  it('of a programme, a period and a decision give every decision again, and record nothing', async () => {
    const before = await events();
    const all = await lines({ recordedFrom: '2000-01-01' });
    const { summary } = all.at(-1);
    expect(summary).toMatchObject({ replayed: all.length - 1, same: all.length - 1, differs: 0, refused: 0, failed: 0 });
    expect(all.length - 1).toBe(JSON.parse(before).events.length);
    const ofProgramme = await lines({ programme: 'met' });
    expect(ofProgramme.map(({ stream }) => stream).filter(Boolean)).not.toContain('supplier-csc');
    expect(ofProgramme.at(-1).summary.same).toBe(ofProgramme.length - 1);
    expect(await lines({ decision: uplift.decision })).toMatchObject([{ decision: uplift.decision, outcome: 'same', reference: 'PCD 1' }, { summary: { replayed: 1, same: 1 } }]); // prettier-ignore
    expect(await lines({ recordedUntil: '2001-01-01' })).toMatchObject([{ summary: { replayed: 0 } }]);
    expect(await lines({ programme: 'nobody' })).toMatchObject([{ summary: { replayed: 0 } }]);
    expect(await lines({ recordedFrom: uplift.recordedAt, recordedUntil: uplift.recordedAt, programme: 'met' })).toMatchObject([{ decision: uplift.decision }, {}]); // prettier-ignore
    expect(await events()).toBe(before);
  });

  it('with another policy say what would come out otherwise, by office and by threshold', async () => {
    const outcome = async (policy: object) => (await lines({ decision: uplift.decision, policy }))[0];
    expect(await outcome(scheme('Mayor'))).toMatchObject({
      outcome: 'differs',
      results: { recorded: [{ result: 'met' }], again: [{ rule: 'scheme/approval', result: 'not-met' }] },
    });
    expect(await outcome(scheme('Mayor', 50))).toMatchObject({ outcome: 'same' });
    expect(await outcome({ ...scheme('Deputy Mayor'), version: '9', title: 'In other words' })).toMatchObject({ outcome: 'same' });
    const other = await outcome({ ...scheme('Mayor'), policy: 'second' });
    expect(other.results.again.map(({ rule, result }: any) => [rule, result])).toEqual([['scheme/approval', 'met'], ['second/approval', 'not-met']]); // prettier-ignore
  });

  it('with another policy say which decisions would be refused', async () => {
    await sent('/contracts/third/award-contract', { ...award, value: gbp('100') });
    const taken = await sent('/contracts/third/approve-change', { kind: 'value', to: gbp('120'), record: { decidedBy: { person: 'dm', office: 'Deputy Mayor' } } }); // prettier-ignore
    expect((await lines({ decision: taken.decision, policy: scheme('Mayor') }))[0]).toMatchObject({
      outcome: 'refused',
      refused: { code: 'ledger/policy-not-met', detail: expect.stringContaining('Mayor must approve this') },
    });
  });

  it.each<[object, string]>([
    [{}, ''],
    [{ decision: 'x' }, '/decision'],
    [{ decision: '01a20c2f-4d4f-7aef-9223-dff2a95f8832', programme: 'met' }, '/decision'],
    [{ programme: 'A B' }, '/programme'],
    [{ programme: 'met', recordedFrom: 'yesterday' }, '/recordedFrom'],
    [{ recordedFrom: '2020-01-02', recordedUntil: '2020-01-01' }, '/recordedUntil'],
    [{ programme: 'met', nosuch: 1 }, '/nosuch'],
    [{ programme: 'met', policy: { policy: 'scheme' } }, '/policy/title'],
    [{ programme: 'met', policy: { policy: 'scheme', title: 'T', version: '1', inForceFrom: '2010' } }, '/policy/approvals'],
    [{ programme: 'met', policy: { ...scheme('A'), inForceUntil: '2009' } }, '/policy/inForceUntil'],
  ])('of %j are refused with their place', async (body, pointer) => {
    const { status, body: problem } = await server.post('/replays', body);
    expect([status, problem.errors[0].pointer]).toEqual([400, pointer]);
  });

  it('of a decision that is not there are 404', async () =>
    expect((await server.post('/replays', { decision: '01a20c2f-4d4f-7aef-9223-dff2a95f8832' })).status).toBe(404));

  it('go on where one decision cannot be replayed', async () => {
    const { store } = partsOf(server);
    const [first] = await store.read('contract-third', 0, 1);
    const command = { id: '01a20c2f-4d4f-7aef-9223-dff2a95f8899', name: 'NoLonger', body: {} };
    await store.append('contract-third', 1, [{ ...first!, id: '01a20c2f-4d4f-7aef-9223-dff2a95f8898', type: 'ContractSigned', data: {}, metadata: { ...first!.metadata, schemaVersion: 1, command } }]); // prettier-ignore
    position = (await store.head())!;
    const all = await lines({ programme: 'met' });
    expect(all.filter(({ outcome }) => outcome === 'failed')).toMatchObject([
      { command: 'NoLonger', error: 'There is no command NoLonger any more.' },
    ]);
    expect(all.at(-1).summary).toMatchObject({ failed: 1, replayed: all.length - 1 });
  });

  it('run two at a time; closing one makes room', async () => {
    const { projector } = partsOf(server);
    const whole = projector.events.bind(projector);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let begun = 0;
    projector.events = async (query) => {
      if (query.limit === 500 && query.tags.length === 1 && query.tags[0] === 'programme:met') {
        begun++;
        await held;
      }
      return whole(query);
    };
    try {
      const ask = (signal?: AbortSignal) =>
        fetch(`${server.url}/replays`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"programme":"met"}', ...(signal && { signal }) }); // prettier-ignore
      const gone = new AbortController();
      const closed = ask(gone.signal).then(
        (answer) => answer.text(),
        () => 'closed',
      );
      const second = ask();
      await until(() => begun === 2);
      const third = await ask();
      expect([third.status, third.headers.get('retry-after'), ((await third.json()) as any).type]).toEqual([503, '10', 'urn:tower-ledger:problem:too-many-replays']); // prettier-ignore
      gone.abort();
      expect(await closed).toBe('closed');
      let fourth: Response | undefined;
      const asked = until(async () => (fourth = await ask()).status === 200);
      setTimeout(release, 300);
      await asked;
      expect((await fourth!.text()).trimEnd().split('\n').at(-1)).toContain('"summary"');
      expect((await (await second).text()).trimEnd().split('\n').at(-1)).toContain('"summary"');
    } finally {
      projector.events = whole;
      release();
    }
  });
});

const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  for (const end = Date.now() + 5000; !(await holds()); await new Promise((resolve) => setTimeout(resolve, 20)))
    if (Date.now() > end) throw new Error('It never came.');
};

describe('with tokens', () => {
  it('who may read may ask for replays, and who sees the calendar alone may not', async () => {
    const dir = await tempFolder();
    const file = join(dir, 'tokens.json');
    const tokenOf = async (role: string): Promise<string> => {
      const printed: string[] = [];
      const command = tokenCommands({
        file,
        now: () => '2026-11-24T12:00:00.000Z',
        print: (line) => printed.push(line),
        say: () => undefined,
      });
      await command.parseAsync(['add', '--person', role, '--role', role], { from: 'user' });
      return printed[0]!;
    };
    const [auditor, board, calendar] = [await tokenOf('auditor'), await tokenOf('board'), await tokenOf('calendar')];
    const guarded = await startServer({ LEDGER_TOKENS: file });
    const ask = async (token: string, path = '/replays') =>
      (await guarded.post(path, { recordedFrom: '2020-01-01' }, { authorization: `Bearer ${token}` })).status;
    expect([await ask(auditor), await ask(board), await ask(calendar)]).toEqual([200, 200, 403]);
    expect(await ask(auditor, '/programmes/met/charter-programme')).toBe(403);
    expect((await guarded.post('/replays', {})).status).toBe(401);
    await stopServer(guarded);
  });
});
