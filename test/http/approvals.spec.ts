import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { commands } from '../../src/domain/index.js';
import { changeTokens, newToken, type Role } from '../../src/http/token-file.js';
import { accepted, award, closeRunning, recordWorld, startServer, stopServer, tempFolder, type Answer, type Server } from './server.js';

let server: Server;
let folder: string;
const made: Record<string, string> = {};
const as = (person: string): Record<string, string> => ({ authorization: `Bearer ${made[person]}` });
const make = async (person: string, ...roles: Role[]): Promise<void> => {
  const { token, entry } = newToken({ person, roles, createdAt: '2026-11-24T12:00:00.000Z' });
  await changeTokens(join(folder, 'tokens.json'), (tokens) => [...tokens, entry]);
  made[person] = token;
};
const PEOPLE: readonly (readonly [person: string, ...roles: Role[]])[] = [
  ['jane', 'contract-manager'],
  ['ada', 'approver'],
  ['sam', 'contract-manager', 'approver'],
  ['ines', 'integrator'],
  ['otto', 'auditor'],
];
const to = (amount: string) => ({ kind: 'value', to: { amount, currency: 'GBP' } });
const approve = (person: string, query = '') => server.post(`/contracts/ours/approve-change${query}`, to('160000000.00'), as(person));
const refused = ({ status, body }: Answer) => [status, body.type?.split(':').at(-1), body.errors?.[0].pointer];

beforeAll(async () => {
  folder = await tempFolder();
  for (const [person, ...roles] of PEOPLE) await make(person, ...roles);
  server = await startServer({ LEDGER_TOKENS: join(folder, 'tokens.json') });
  const asJane = { ...server, post: (path: string, body: unknown) => server.post(path, body, as('jane')) };
  await recordWorld(asJane);
  await accepted(asJane.post('/contracts/ours/award-contract', award));
  await accepted(asJane.post('/losses/l1/raise-loss', { programme: 'met', title: 'Paid twice', kind: 'loss', bearer: 'authority', category: 'fruitless-payment', gross: { amount: '100.00', currency: 'GBP' } })); // prettier-ignore
}, 60_000);
afterAll(async () => {
  await stopServer(server);
  await rm(folder, { recursive: true, force: true });
  await closeRunning();
});

describe('where people sign in', () => {
  it('approving and writing off are acts of an approver', () => {
    const names = commands.filter(({ approves }) => approves === true).map(({ name }) => name);
    expect(names.sort()).toEqual(['ApproveChange', 'ApproveSpecialPayment', 'RatifyWriteOff', 'WriteOff']);
  });

  it('a change is approved by an approver, and by nobody else who may record', async () => {
    for (const person of ['jane', 'ines']) {
      const answer = await approve(person);
      expect(refused(answer)).toEqual([403, 'not-allowed', '']);
      expect(answer.body.detail).toMatch(/^(contract-manager|integrator) may not send ApproveChange: it takes the role approver\.$/);
    }
    expect((await server.get('/contracts/ours', as('jane'))).body.revision).toBe(0);
    await accepted(approve('ada'));
  });

  it('a person of both roles approves as an approver, and records all else as before', async () => {
    const actorOf = async ({ events: [{ id }], position }: { events: any[]; position: string }) =>
      (await server.get(`/events/${id}?minPosition=${position}`, as('otto'))).body.metadata.actor;
    const approval = server.post('/contracts/ours/approve-change', to('170000000.00'), as('sam'));
    expect(await actorOf(await accepted(approval))).toEqual({ id: 'sam', role: 'approver' });
    const note = server.post('/contracts/ours/annotate', { note: 'Seen.' }, as('sam'));
    expect(await actorOf(await accepted(note))).toEqual({ id: 'sam', role: 'contract-manager' });
  });

  it('a loss is written off by an approver', async () => {
    const writeOff = { amount: { amount: '10.00', currency: 'GBP' } };
    expect(refused(await server.post('/losses/l1/write-off', writeOff, as('jane')))).toEqual([403, 'not-allowed', '']);
    const { status } = await server.post('/losses/l1/write-off', writeOff, as('ada'));
    expect(status).not.toBe(403);
  });

  it('a rule is waived by an approver, with whatever command', async () => {
    const waive = { note: 'Seen.', record: { waives: ['standstill'], reason: 'Urgent', authority: { reference: 'PCD 1' } } };
    const answer = await server.post('/contracts/ours/annotate', waive, as('jane'));
    expect(refused(answer)).toEqual([403, 'not-allowed', '/record/waives']);
    expect(answer.body.detail).toBe('contract-manager may not waive a rule: it takes the role approver.');
    expect((await server.post('/contracts/ours/annotate', waive, as('ada'))).status).not.toBe(403);
    const none = { note: 'Seen.', record: { waives: [] } };
    expect((await server.post('/contracts/ours/annotate', none, as('jane'))).status).not.toBe(403);
  });

  it('who decided, and on what authority, is corrected by an approver; all else by everybody who records', async () => {
    const { events } = await accepted(server.post('/contracts/theirs/award-contract', { ...award, title: 'Theirs' }, as('jane')));
    const correct = (changes: readonly object[], person: string) =>
      server.post('/contracts/theirs/correct-fact', { event: events[0].id, because: 'error', changes, record: { reason: 'Misread.' } }, as(person)); // prettier-ignore
    const title = { pointer: '/title', value: 'Hosting' };
    const reference = { pointer: '/record/authority', value: { reference: 'PCD 813' } };
    const decider = { pointer: '/record/decidedBy', value: { person: 'ada', office: 'Mayor' } };
    for (const [changes, at] of [
      [[reference], '/changes/0/pointer'],
      [[title, decider], '/changes/1/pointer'],
      [[{ pointer: '/record/decidedBy/person', value: 'ada' }], '/changes/0/pointer'],
      [[title, { pointer: '/record', value: { decidedBy: { person: 'ada' } } }], '/changes/1/pointer'],
    ] as const) {
      const answer = await correct(changes, 'jane');
      expect(refused(answer)).toEqual([403, 'not-allowed', at]);
      expect(answer.body.detail).toBe('contract-manager may not correct a decider or an authority: it takes the role approver.');
    }
    await accepted(correct([title, { pointer: '/record/reason', value: 'As published.' }], 'jane'));
    await accepted(correct([reference, decider], 'ada'));
  });

  it('a dry run takes no approver: what it would be refused for is asked beforehand', async () => {
    expect((await approve('jane', '?dryRun=true')).status).toBe(200);
    expect((await approve('otto', '?dryRun=true')).status).toBe(403);
  });

  it('an attempt is remembered for the auditor, with the command, the stream and the place that asked for an approver', async () => {
    await approve('jane');
    await server.post('/contracts/ours/annotate', { note: 'Seen.', record: { waives: ['standstill'] } }, as('ines'));
    const { refusals } = (await server.get('/refusals?status=403', as('otto'))).body;
    expect(refusals[0]).toMatchObject({ actor: 'ines', role: 'integrator', command: 'Annotate', stream: 'contract-ours', pointer: '/record/waives' }); // prettier-ignore
    expect(refusals).toContainEqual(expect.objectContaining({ actor: 'jane', role: 'contract-manager', command: 'ApproveChange', stream: 'contract-ours' })); // prettier-ignore
  });
});

describe('the form of a command that takes an approver', () => {
  /** A browser of somebody who signed in: it keeps its cookie. */
  const browser = async (person: string) => {
    let cookie = '';
    const go = async (path: string, form?: Readonly<Record<string, string>>) => {
      const answer = await fetch(server.url + path, { redirect: 'manual', headers: { cookie }, ...(form && { method: 'POST', body: new URLSearchParams(form) }) }); // prettier-ignore
      cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
      return { status: answer.status, text: await answer.text() };
    };
    const csrfAt = async (path: string): Promise<string> => /name="csrf" value="([^"]+)"/.exec((await go(path)).text)![1]!;
    await go('/app/sign-in', { csrf: await csrfAt('/app/sign-in'), token: made[person]! });
    const send = async (path: string, fields: Readonly<Record<string, string>>) => go(path, { csrf: await csrfAt('/app'), ...fields });
    return { see: go, send };
  };

  it('is offered to approvers alone, and says to others what it takes', async () => {
    const [jane, ada] = [await browser('jane'), await browser('ada')];
    const path = '/app/contracts/ours';
    expect([(await jane.see(path)).text, (await ada.see(path)).text].map((text) => text.includes(`${path}/approve-change`))).toEqual([false, true]); // prettier-ignore
    expect((await jane.see(path)).text).toContain(`${path}/propose-change`);
    expect((await ada.see(`${path}/approve-change`)).status).toBe(200);
    const { status, text } = await jane.see(`${path}/approve-change`);
    expect([status, text.includes('contract-manager may not send ApproveChange: it takes the role approver.')]).toEqual([403, true]);
    const sent = await jane.send(`${path}/approve-change`, { step: 'send', body: JSON.stringify(to('1.00')) });
    expect([sent.status, sent.text.includes('it takes the role approver')]).toEqual([403, true]);
  });

  it('says beside the rules that it would waive that this takes one, before anything is sent', async () => {
    const jane = await browser('jane');
    const body = JSON.stringify({ note: 'Seen.', record: { waives: ['standstill'], reason: 'Urgent', authority: { reference: 'PCD 1' } } });
    const checked = await jane.send('/app/contracts/ours/annotate', { step: 'check', body });
    expect(checked.text).toContain('contract-manager may not waive a rule: it takes the role approver.');
    expect(checked.text).toContain('Seen.');
    const sent = await jane.send('/app/contracts/ours/annotate', { step: 'send', body });
    expect([sent.status, sent.text.includes('it takes the role approver')]).toEqual([403, true]);
    const { refusals } = (await server.get('/refusals?status=403', as('otto'))).body;
    expect(refusals).toContainEqual(expect.objectContaining({ actor: 'jane', command: 'Annotate', times: 2, pointer: '/record/waives' }));
  });
});
