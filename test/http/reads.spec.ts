import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { contractRegister } from '../../projections/contract-register.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { award, partsOf, startServer, stopServer, recordWorld, accepted, type Server } from './server.js';

let server: Server;
let awarded: any;
let signed: any;
let corrected: any;
const get = (path: string) => server.get(path);
const ok = async (path: string) => {
  const { status, text, body } = await get(path);
  if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
  return body;
};

beforeAll(async () => {
  server = await startServer();
  await recordWorld(server);
  awarded = await accepted(
    server.post('/contracts/hosting/award-contract', {
      ...award,
      record: { effectiveOn: '2015-11-01', decidedBy: { person: 'dmpc', office: 'Deputy Mayor' }, authority: { reference: 'PCD 813' } },
    }),
  );
  await sleep(5);
  signed = await accepted(server.post('/contracts/hosting/sign-contract', { record: { effectiveOn: '2015-12' } }));
  await sleep(5);
  corrected = await accepted(
    server.post('/contracts/hosting/correct-fact', {
      event: awarded.events[0].id,
      changes: [{ pointer: '/title', value: 'Hosting, as corrected' }],
      because: 'error',
      record: { authority: { reference: 'pcd-813' }, decidedBy: { person: 'auditor' } },
    }),
  );
  await ok(`/projections?minPosition=${corrected.position}`);
});
afterAll(() => stopServer(server));

describe('the state of an aggregate', () => {
  it('is what the recorded events say now', async () => {
    const { status, headers, body } = await get('/contracts/hosting');
    expect([status, headers.get('etag')]).toEqual([200, '"2@0.1.0"']);
    expect(body).toEqual(
      expect.objectContaining({
        id: 'hosting',
        stream: 'contract-hosting',
        revision: 2,
        position: corrected.position,
        recordedAt: corrected.recordedAt,
      }),
    );
    expect(body.state).toEqual(expect.objectContaining({ stage: 'signed', title: 'Hosting, as corrected' }));
  });

  it('is there for every aggregate', async () => {
    expect((await ok('/programmes/met')).state.title).toBe('Total Technology');
    expect((await ok('/towers/hosting')).state.stage).toBe('planned');
    expect((await ok('/suppliers/csc')).state.title).toBe('CSC');
  });

  it('is asked by the recorded clock: at a revision, a position, an instant', async () => {
    for (const query of [`revision=1`, `position=${signed.position}`, `recordedAt=${signed.recordedAt}`]) {
      const body = await ok(`/contracts/hosting?${query}`);
      expect([query, body.revision, body.state.title, body.state.stage]).toEqual([query, 1, award.title, 'signed']);
    }
    const { asOf } = await ok(`/contracts/hosting?recordedAt=${signed.recordedAt}`);
    expect(asOf).toEqual({ position: signed.position, recordedAt: signed.recordedAt, final: true });
    expect((await ok(`/contracts/hosting?recordedAt=${new Date().toISOString()}`)).asOf.final).toBe(false);
  });

  it('is asked by the day of the act: what is uncertain is marked', async () => {
    expect((await get('/contracts/hosting?effectiveOn=2015-10-31')).body.state.stage).toBe('none');
    const body = await ok('/contracts/hosting?effectiveOn=2015-12-10');
    expect(body.state.stage).toBe('signed');
    expect(body.approximate).toEqual([{ event: signed.events[0].id, type: 'ContractSigned', effectiveOn: '2015-12' }]);
    expect((await ok('/contracts/hosting?effectiveOn=2015-11-20')).state.stage).toBe('awarded');
  });

  it('is asked by both clocks at once', async () => {
    const body = await ok(`/contracts/hosting?recordedAt=${awarded.recordedAt}&effectiveOn=2016-01-01`);
    expect([body.state.stage, body.state.title]).toEqual(['awarded', award.title]);
  });
});

describe('a projection on any day', () => {
  const register = '/projections/contract-register';
  const stages = async (query: string) =>
    Object.fromEntries((await ok(`${register}?${query}`)).rows.map(({ key, stage }: any) => [key, stage]));

  it('is asked by the day of the act, of rows, of one row and of lists', async () => {
    expect(await stages('effectiveOn=2015-10-31')).toEqual({});
    expect(await stages('effectiveOn=2015-11-01')).toEqual({ 'contract:hosting': 'awarded' });
    expect(await stages('effectiveOn=2015-11-01T23:30:00Z')).toEqual({ 'contract:hosting': 'awarded' });
    expect((await ok(`${register}/contract:hosting?effectiveOn=2015-11-20`)).row.stage).toBe('awarded');
    expect((await get(`${register}/contract:hosting?effectiveOn=2015-10-31`)).status).toBe(404);
    expect((await ok(`/projections/exposure/supplier:csc/contracts?effectiveOn=${signed.recordedAt}`)).entries).toHaveLength(1);
    expect((await get('/projections/exposure/supplier:csc/contracts?effectiveOn=2015-10-31')).status).toBe(404);
  });

  it('names the facts that may lie on the other side of the day', async () => {
    const { row, uncertain, asOf } = await ok(`${register}/contract:hosting?effectiveOn=2015-12-10`);
    expect([row.stage, asOf.effectiveOn]).toEqual(['signed', '2015-12-10']);
    expect(uncertain).toMatchObject({
      counts: { inside: 1, leftOut: 0 },
      inside: [{ event: signed.events[0].id, effectiveOn: '2015-12' }],
    });
    expect(uncertain.withoutInside).toContainEqual({ op: 'replace', path: '/stage', value: 'awarded', was: 'signed' });
    const [inPage] = (await ok(`${register}?effectiveOn=2015-12-10`)).rows;
    expect(inPage.uncertain).toEqual(uncertain);
    expect((await ok(`${register}/contract:hosting?effectiveOn=2016-01-01`)).uncertain).toBeUndefined();
  });

  it('is asked by both clocks at once', async () => {
    const { rows, asOf } = await ok(`${register}?recordedAt=${awarded.recordedAt}&effectiveOn=2016-01-01`);
    expect(rows.map(({ stage, title }: any) => [stage, title])).toEqual([['awarded', award.title]]);
    expect(asOf).toMatchObject({ effectiveOn: '2016-01-01', recordedAt: awarded.recordedAt, position: awarded.position });
    expect((await ok(`${register}?effectiveOn=2016-01-01&position=${signed.position}`)).rows[0].title).toBe(award.title);
  });

  it('is sent as a table to those who prefer one, of any day', async () => {
    const { headers, text } = await server.get(`${register}?effectiveOn=2015-11-01`, { accept: 'text/csv' });
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
    const [head, first, ...rest] = text.split('\r\n');
    expect(head).toMatch(/^\uFEFF?contract,programme,title,stage/);
    expect(first).toMatch(/^hosting,met,.*,awarded,/);
    expect(rest).toEqual(['']);
    expect(headers.get('vary')).toMatch(/^Accept(,|$)/);
    for (const accept of ['application/json, text/csv', 'text/csv;q=0.1, application/json', 'text/csv;q=0, */*', 'text/html'])
      expect((await server.get(register, { accept })).body.rows.length).toBeGreaterThan(0);
    for (const accept of ['text/csv, application/json;q=0.9', 'application/json;q=0.5, TEXT/CSV'])
      expect((await server.get(register, { accept })).headers.get('content-type')).toBe('text/csv; charset=utf-8');
  });

  it('keeps its day and its programme from page to page', async () => {
    const { next, rows } = await ok('/projections/tower-board?effectiveOn=2150-01-01&limit=1');
    expect(rows).toHaveLength(1);
    const rest = await ok(`/projections/tower-board?effectiveOn=2150-01-01&limit=10&cursor=${next}`);
    expect(rest.rows.map(({ key }: any) => key)).not.toContain(rows[0].key);
    for (const other of ['', '&effectiveOn=2150-01-02', '&effectiveOn=2150-01-01&programme=met'])
      expect([other, (await get(`/projections/tower-board?limit=1&cursor=${next}${other}`)).status]).toEqual([other, 400]);
  });

  it('takes the end of a day as recorded, in the time zone of the ledger', async () => {
    const today = partsOf(server).projector.today;
    const { asOf, rows } = await ok(`${register}?recordedAt=${today}`);
    expect([asOf.final, rows[0].title]).toEqual([false, 'Hosting, as corrected']);
    expect((await ok(`${register}?recordedAt=2016-01-01`)).rows).toEqual([]);
  });
});

describe('the history of an aggregate', () => {
  it('shows who decided what, when, on which paper, and what it changed', async () => {
    const { entries, ledger } = await ok('/contracts/hosting/history');
    expect(entries.map(({ type, effectiveOn }: any) => [type, effectiveOn])).toEqual([
      ['ContractAwarded', '2015-11-01'],
      ['ContractSigned', '2015-12'],
    ]);
    expect(entries[0]).toEqual(
      expect.objectContaining({
        decision: awarded.decision,
        decidedBy: { person: 'dmpc', office: 'Deputy Mayor' },
        authority: { reference: 'PCD 813' },
        daysLate: expect.any(Number),
        changed: expect.arrayContaining([{ op: 'replace', path: '/stage', was: 'none', value: 'awarded' }]),
      }),
    );
    expect(ledger.map(({ type }: any) => type)).toEqual(['FactCorrected']);
  });

  it('adds what others recorded about it, in log order', async () => {
    await accepted(server.post('/programmes/met/appoint-integrator', { contract: 'hosting' }));
    const { position } = await accepted(server.post('/programmes/met/annotate', { note: 'Not about the contract.' }));
    const { entries } = await ok(`/contracts/hosting/history?related=true&minPosition=${position}`);
    expect(entries.map(({ type }: any) => type)).toEqual([
      'TowerPlanned',
      'SupplierRegistered',
      'ContractAwarded',
      'ContractSigned',
      'IntegratorAppointed',
    ]);
  });

  it('comes in pages that stay with the revision of the first, whatever is recorded meanwhile', async () => {
    await accepted(server.post('/contracts/paged/award-contract', award));
    for (let n = 1; n <= 5; n++)
      await accepted(
        server.post('/contracts/paged/approve-change', { kind: 'value', to: { amount: `${200 + n}000000.00`, currency: 'GBP' } }),
      );
    const { events } = await accepted(server.post('/contracts/paged/annotate', { note: 'A note.' }));
    let position = '';
    const whole = await ok('/contracts/paged/history');
    expect([whole.entries.length, whole.ledger.length, whole.next]).toEqual([6, 1, undefined]);
    for (const limit of [1, 2, 4]) {
      const first = await ok(`/contracts/paged/history?limit=${limit}`);
      const [entries, ledger] = [[...first.entries], [...first.ledger]];
      if (limit === 1) ({ position } = await accepted(server.post('/contracts/paged/annotate', { note: 'Meanwhile.' })));
      for (let { next } = first; next;) {
        const page = await ok(`/contracts/paged/history?limit=${limit}&cursor=${next}`);
        expect(page.revision).toBe(first.revision);
        expect(page.entries.length + page.ledger.length).toBeLessThanOrEqual(limit);
        entries.push(...page.entries);
        ledger.push(...page.ledger);
        next = page.next;
      }
      expect(entries).toEqual(whole.entries);
      expect(ledger.map(({ event }: any) => event)).toContain(events[0].id);
    }
    expect((await get('/contracts/paged/history?cursor=x')).status).toBe(400);
    await ok(`/projections?minPosition=${position}`);
  });

  it('comes in pages with what others recorded about it, in log order', async () => {
    const whole = await ok('/contracts/hosting/history?related=true');
    const entries: any[] = [];
    for (let cursor = ''; ;) {
      const page = await ok(`/contracts/hosting/history?related=true&limit=2${cursor}`);
      entries.push(...page.entries);
      if (!page.next) {
        expect(page.ledger).toEqual(whole.ledger);
        break;
      }
      cursor = `&cursor=${page.next}`;
    }
    expect(entries).toEqual(whole.entries);
  });

  it('is asked by the recorded clock too', async () => {
    const { entries, ledger } = await ok('/contracts/hosting/history?revision=0');
    expect([entries.length, ledger.length]).toEqual([1, 0]);
  });
});

describe('a projection', () => {
  it('is listed with its question and how far it has read', async () => {
    const { projections } = await ok('/projections');
    expect(projections.map(({ name }: any) => name)).toEqual(expect.arrayContaining(['tower-board', 'contract-register', 'decisions']));
    for (const p of projections) expect(p).toEqual(expect.objectContaining({ state: 'serving', lag: 0, faulted: [] }));
  });

  it('shows a row right after the command that made it, to who waits for its position', async () => {
    for (let i = 0; i < 10; i++) {
      const { position } = await accepted(server.post(`/contracts/mine-${i}/award-contract`, award));
      const body = await ok(`/projections/contract-register/contract:mine-${i}?minPosition=${position}`);
      expect([body.key, body.row.stage]).toEqual([`contract:mine-${i}`, 'awarded']);
    }
  });

  it('that does not reach a position in time says so', async () => {
    const { status, headers, body } = await get('/projections/tower-board?minPosition=900000');
    expect([status, body.type, headers.get('retry-after')]).toEqual([503, 'urn:tower-ledger:problem:not-caught-up', '1']);
  }, 10_000);

  it('is read in pages that stay with one position', async () => {
    const first = await ok('/projections/contract-register?limit=4');
    expect([first.projection, first.version, first.lag, first.rows.length]).toEqual(['contract-register', contractRegister.version, 0, 4]);
    await accepted(server.post('/contracts/zz-later/award-contract', award));
    const keys = first.rows.map(({ key }: any) => key);
    for (let next = first.next; next;) {
      const page = await ok(`/projections/contract-register?limit=4&cursor=${next}`);
      expect(page.asOf.position).toBe(first.asOf.position);
      keys.push(...page.rows.map(({ key }: any) => key));
      next = page.next;
    }
    expect(keys).toEqual([...new Set(keys)].sort());
    expect(keys).toContain('contract:hosting');
    expect(keys).not.toContain('contract:zz-later');
  });

  it('is filtered by what it declares', async () => {
    const { rows } = await ok('/projections/contract-register?supplier=csc&stage=signed');
    expect(rows.map(({ key }: any) => key)).toEqual(['contract:hosting']);
    expect((await ok('/projections/contract-register?supplier=atos')).rows).toEqual([]);
  });

  it('has the lists of a row in pages, newest first, at any position', async () => {
    const { projections } = await ok('/projections');
    expect(projections.find(({ name }: any) => name === 'tower-board').lists.tower).toContain('contracts');
    const list = '/projections/tower-board/tower:hosting/contracts';
    const first = await ok(`${list}?limit=2`);
    expect([first.key, first.list, first.entries.length]).toEqual(['tower:hosting', 'contracts', 2]);
    const { position } = await accepted(server.post('/contracts/listed-later/award-contract', award));
    await ok(`/projections?minPosition=${position}`);
    const ids = first.entries.map(({ contract }: any) => contract);
    for (let { next } = first; next;) {
      const page = await ok(`${list}?limit=2&cursor=${next}`);
      expect(page.asOf.position).toBe(first.asOf.position);
      ids.push(...page.entries.map(({ contract }: any) => contract));
      next = page.next;
    }
    expect(ids).toContain('hosting');
    expect([new Set(ids).size, ids.includes('listed-later')]).toEqual([ids.length, false]);
    expect((await ok(`${list}?limit=1`)).entries[0].contract).toBe('listed-later');
    expect((await ok(`${list}?position=${first.asOf.position}&limit=2`)).entries).toEqual(first.entries);
  });

  it.each([
    ['/projections/tower-board/tower:hosting/invoices', 404],
    ['/projections/tower-board/tower:nowhere/contracts', 404],
    ['/projections/tower-board/tower:hosting/contracts?cursor=x', 400],
    ['/projections/tower-board/tower:hosting/contracts?limit=101', 400],
  ])('refuses a list or a cursor that is none: %s', async (path, status) => expect((await get(path)).status).toBe(status));

  it('is asked at a position and an instant, and answers the same for ever', async () => {
    const path = `/projections/contract-register/contract:hosting?position=${signed.position}`;
    const before = await ok(path);
    expect([before.row.stage, before.row.title, before.asOf]).toEqual(['signed', award.title, { position: signed.position, final: true }]);
    expect((await ok(`/projections/contract-register?recordedAt=${awarded.recordedAt}&limit=1`)).rows[0].stage).toBe('awarded');
    await accepted(server.post('/contracts/hosting/annotate', { note: 'Later.' }));
    expect(await ok(path)).toEqual(before);
  });
});

describe('the log', () => {
  it('is read whole, in pages, in store order', async () => {
    const all: any[] = [];
    for (let cursor = ''; ;) {
      const { events, next } = await ok(`/events?limit=7${cursor && `&cursor=${cursor}`}`);
      all.push(...events);
      if (!next) break;
      cursor = next;
    }
    expect(all[0]).toEqual(expect.objectContaining({ type: 'ProgrammeChartered', stream: 'programme-met', revision: 0 }));
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    const positions = all.map(({ position }) => Number(position));
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
  });

  it('is filtered by type, subject, actor, time', async () => {
    await accepted(server.post('/suppliers/jane-s/register-supplier', { title: 'X', form: 'company' }, { 'x-actor': 'jane' }));
    const { position } = await accepted(server.post('/suppliers/csc/annotate', { note: 'x' }));
    const types = async (query: string) => (await ok(`/events?minPosition=${position}&${query}`)).events.map(({ type }: any) => type);
    expect(await types('type=TowerPlanned')).toEqual(['TowerPlanned']);
    expect(await types('actor=jane')).toEqual(['SupplierRegistered']);
    expect(await types('subject=contract-hosting&type=ContractSigned')).toEqual(['ContractSigned']);
    expect(await types('subject=contract:hosting')).toContain('IntegratorAppointed');
    expect(await types('subject=contract-hosting')).not.toContain('IntegratorAppointed');
    expect(await types(`subject=contract-hosting&from=${signed.recordedAt}&to=${signed.recordedAt}`)).toEqual(['ContractSigned']);
    expect(await types('to=2000-01-01T00:00:00Z')).toEqual([]);
    expect(await types('type=StaffLeft')).toEqual([]);
    expect(await types(`position=${awarded.position}&subject=contract-hosting`)).toEqual(['ContractAwarded']);
  });

  it('hands out one event as recorded, whatever was corrected since', async () => {
    const event = await ok(`/events/${awarded.events[0].id}`);
    expect([event.type, event.data.title, event.position]).toEqual(['ContractAwarded', award.title, awarded.position]);
  });
});

describe('a decision', () => {
  it('has a dossier: asked, known, assessed, and what became of its facts', async () => {
    const dossier = await ok(`/decisions/${awarded.decision}`);
    expect(dossier).toEqual(
      expect.objectContaining({
        decision: awarded.decision,
        command: 'AwardContract',
        stream: 'contract-hosting',
        effectiveOn: '2015-11-01',
        asked: expect.objectContaining({ title: award.title }),
        known: expect.arrayContaining([expect.objectContaining({ stream: 'supplier-csc', revision: 0 })]),
      }),
    );
    expect(dossier.events[0].corrections).toEqual([
      expect.objectContaining({ pointer: '/title', value: 'Hosting, as corrected', was: award.title }),
    ]);
  });

  it('is taken again from what was known, and comes out the same', async () => {
    for (const { decision } of [awarded, signed, corrected]) {
      const { same, differences, refused } = await ok(`/decisions/${decision}/replay`);
      expect({ same, differences, refused }).toEqual({ same: true, differences: [], refused: undefined });
    }
  });

  it('is found by its paper, however it is written, and by its person', async () => {
    const ids = async (query: string) => (await ok(`/decisions?${query}`)).decisions.map(({ decision }: any) => decision);
    for (const reference of ['PCD-813', 'PCD%20813', 'pcd813'])
      expect((await ids(`reference=${reference}`)).toSorted()).toEqual([awarded.decision, corrected.decision].toSorted());
    expect(await ids('person=dmpc')).toEqual([awarded.decision]);
    expect(await ids('person=nobody')).toEqual([]);
    const { decisions, next } = await ok('/decisions?reference=PCD-813&limit=1');
    const rest = await ok(`/decisions?reference=PCD-813&limit=1&cursor=${next}`);
    expect([...decisions, ...rest.decisions].map(({ decision }: any) => decision).toSorted()).toEqual(
      [awarded.decision, corrected.decision].toSorted(),
    );
    expect(rest.next).toBeUndefined();
  });
});

describe('a read that the caller has already', () => {
  const read = (path: string, tag: string) => server.get(path, { 'if-none-match': tag });
  const paths = ['/contracts/hosting', '/contracts/hosting/history'];

  it.each(paths)('of %s is answered with 304 and its tag, until something is recorded', async (path) => {
    const { headers } = await get(path);
    const tag = headers.get('etag')!;
    for (const known of [tag, `"1@0.1.0", ${tag}`, `W/${tag}`, '*']) {
      const { status, text, headers: said } = await read(path, known);
      expect([known, status, text, said.get('etag')]).toEqual([known, 304, '', tag]);
    }
    for (const other of ['"1@0.1.0"', '"2"', '"2@0.0.9"', 'W/"1@0.1.0"'])
      expect([other, (await read(path, other)).status]).toEqual([other, 200]);
    const { position, revision } = await accepted(
      server.post('/contracts/hosting/annotate', { note: 'Read it again.' }, { 'if-match': tag }),
    );
    const { status, headers: after } = await read(`${path}?minPosition=${position}`, tag);
    expect([status, after.get('etag')]).toEqual([200, `"${revision}@0.1.0"`]);
    expect((await read(`${path}?minPosition=${position}`, after.get('etag')!)).status).toBe(304);
  });

  it('is answered in full at another point, and where others recorded what it shows', async () => {
    const tag = (await get('/contracts/hosting')).headers.get('etag')!;
    for (const query of [
      '?effectiveOn=2100-01-01',
      `?recordedAt=${new Date().toISOString()}`,
      '?revision=2',
      '/history?related=true',
      '/history?revision=2',
    ])
      expect([query, (await read(`/contracts/hosting${query}`, tag)).status]).toEqual([query, 200]);
    expect((await get('/contracts/hosting/history?related=true')).headers.get('etag')).toBeNull();
    for (const path of ['/projections/tower-board', '/events', `/decisions/${awarded.decision}`, '/livez'])
      expect([path, (await read(path, '*')).status]).toEqual([path, 200]);
    expect((await read('/contracts/nowhere', '*')).status).toBe(404);
  });

  it('is named in the head of an answer too', async () => {
    const tag = (await get('/contracts/hosting')).headers.get('etag')!;
    const { status, headers } = await fetch(`${server.url}/contracts/hosting`, { method: 'HEAD', headers: { 'if-none-match': tag } });
    expect([status, headers.get('etag')]).toEqual([304, tag]);
  });
});
