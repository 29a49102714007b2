import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { accepted, award, startServer, stopServer, recordWorld, type Server } from './server.js';

let server: Server;
const sent = (path: string, body: object) => accepted(server.post(path, body));
const scheme = (version: string) => ({
  policy: 'scheme',
  title: 'Scheme of consent',
  version,
  inForceFrom: '2010',
  approvals: [{ stepOverOriginalAbove: 10, approver: 'Deputy Mayor' }],
});
const decidedBy = { person: 'dmpc', office: 'Deputy Mayor' };
const uplift = (pounds: number) =>
  sent('/contracts/hosting/approve-change', {
    kind: 'value',
    to: { amount: `${pounds}000000`, currency: 'GBP' },
    record: { effectiveOn: '2016', decidedBy, authority: { reference: `PCD 1/${pounds}` } },
  });
let position: string;
const listed = async (query: string): Promise<any> => (await server.get(`/decisions?${query}&minPosition=${position}`)).body;
const marks = async (query: string) =>
  (await listed(query)).decisions.map(({ decision, assessed }: any) => [decision, ...assessed.map(({ since }: any) => since)]);

let adopted: any;
let first: any;
let second: any;
beforeAll(async () => {
  server = await startServer();
  await recordWorld(server);
  await sent('/contracts/hosting/award-contract', { ...award, record: { effectiveOn: '2015' } });
  adopted = await sent('/programmes/met/adopt-policy', scheme('1'));
  first = await uplift(200);
  second = await uplift(220);
  ({ position } = second);
});
afterAll(() => stopServer(server));

describe('decisions that a rule has judged', () => {
  it('are listed under the rule and under its policy, in pages', async () => {
    const both = [[second.decision, undefined], [first.decision, undefined]]; // prettier-ignore
    expect(await marks('rule=scheme/approval')).toEqual(both);
    expect(await marks('rule=scheme')).toEqual(both);
    const page = await listed('rule=scheme&limit=1');
    expect(page.decisions.map(({ decision }: any) => decision)).toEqual([second.decision]);
    expect(await marks(`rule=scheme&limit=1&cursor=${page.next}`)).toEqual([[first.decision, undefined]]);
    expect((await listed('rule=other')).decisions).toEqual([]);
  });

  it('are marked, not judged again, when the policy is corrected', async () => {
    const correction = {
      event: adopted.events[0].id,
      changes: [{ pointer: '/approvals/0/stepOverOriginalAbove', value: 5 }],
      because: 'error',
    };
    const corrected = await sent('/programmes/met/correct-fact', correction);
    const third = await uplift(240);
    ({ position } = third);
    expect(await marks('rule=scheme')).toEqual([[third.decision, undefined], [second.decision, 'corrected'], [first.decision, 'corrected']]); // prettier-ignore
    const { assessed } = (await listed('rule=scheme')).decisions[1];
    expect(assessed).toEqual([
      { rule: 'scheme/approval', version: '1', result: 'met', since: 'corrected', by: corrected.events[0].id, text: 'assessed under a rule since corrected' }, // prettier-ignore
    ]);
  });

  it('are marked when the policy is withdrawn, in every list and in their dossier', async () => {
    const { events, position: after } = await sent('/programmes/met/withdraw-fact', { event: adopted.events[0].id });
    position = after;
    const since = { since: 'withdrawn', by: events[0].id, text: 'assessed under a rule since withdrawn' };
    expect((await listed('rule=scheme')).decisions.map(({ assessed }: any) => assessed)).toMatchObject([[since], [since], [since]]);
    expect((await listed('reference=pcd 1-200')).decisions).toMatchObject([{ decision: first.decision, assessed: [since] }]);
    expect((await server.get(`/decisions/${first.decision}`)).body.assessed).toMatchObject([{ result: 'met', ...since }]);
  });

  it('are not marked for what the policy was adopted as again', async () => {
    await sent('/programmes/met/adopt-policy', scheme('1'));
    const { decision, position: after } = await uplift(260);
    position = after;
    expect((await marks('rule=scheme&limit=2'))).toEqual([[decision, undefined], [expect.any(String), 'withdrawn']]); // prettier-ignore
  });

  it('are as they were once the withdrawal is taken back', async () => {
    const other = await sent('/programmes/nhs/charter-programme', { title: 'N', authority: 'NHS', baseCurrency: 'GBP' });
    const policy = await sent('/programmes/nhs/adopt-policy', { ...scheme('1'), policy: 'consent', checks: ['standstill'] });
    await sent('/contracts/nhs/award-contract', { programme: 'nhs', title: 'N', suppliers: [{ supplier: 'csc' }], value: award.value, record: { effectiveOn: '2015' } }); // prettier-ignore
    const signed = await sent('/contracts/nhs/sign-contract', { record: { effectiveOn: '2016' } });
    const withdrawal = await sent('/programmes/nhs/withdraw-fact', { event: policy.events[0].id });
    ({ position } = withdrawal);
    expect(await marks('rule=consent/standstill')).toEqual([[signed.decision, 'withdrawn']]);
    ({ position } = await sent('/programmes/nhs/reinstate-fact', { event: policy.events[0].id }));
    expect(await marks('rule=consent/standstill')).toEqual([[signed.decision, undefined]]);
    expect(other.revision).toBe(0);
  });

  it.each(['rule=', 'rule=a/b/c', 'rule=Scheme'])('are asked for by one policy or rule alone, never %s', async (query) =>
    expect((await server.get(`/decisions?${query}`)).status).toBe(400),
  );
});

describe('decisions on one paper', () => {
  it('"1/12" is not "11/2" nor "112"', async () => {
    const on = async (reference: string) => (await listed(`reference=${encodeURIComponent(reference)}`)).decisions.length;
    expect(await on('PCD 1/200')).toBe(1);
    expect([await on('PCD 12/00'), await on('PCD 1200')]).toEqual([0, 0]);
    expect(await on('ｐｃｄ　１／２００')).toBe(1);
  });
});
