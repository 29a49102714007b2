import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { accepted, award, startServer, stopServer, recordWorld, type Server } from './server.js';

let server: Server;
/** Of what was recorded last. */
let position: string;
const sent = async (path: string, body: object) => {
  const receipt = await accepted(server.post(path, body));
  ({ position } = receipt);
  return receipt;
};
const ocid = { scheme: 'ocid', id: 'OCDS-b5fd17/1234 (Lot #2) | ж > 1' };
const find = async ({ scheme, id }: { scheme: string; id: string }, more = '') => {
  const query = `scheme=${encodeURIComponent(scheme)}&id=${encodeURIComponent(id)}&minPosition=${position}${more}`;
  const { status, body } = await server.get(`/references?${query}`);
  return status === 200 ? body.references : status;
};

beforeAll(async () => {
  server = await startServer();
  await recordWorld(server);
  await sent('/contracts/first/award-contract', { ...award, references: [ocid, { scheme: 'local', id: 'C-1' }] });
});
afterAll(() => stopServer(server));

describe('an identifier of another system', () => {
  it('has its own case and length, and finds what it belongs to', async () => {
    const long = { scheme: 'local', id: 'Ü'.repeat(200) };
    await sent('/contracts/long/award-contract', { ...award, references: [long] });
    expect(await find(long)).toMatchObject([{ category: 'contract', ...long, holders: [{ id: 'long' }] }]);
    expect(await find(ocid)).toEqual([
      { category: 'contract', ...ocid, holders: [{ category: 'contract', id: 'first', title: award.title }], counts: { holders: 1 }, finding: null }, // prettier-ignore
    ]);
    expect(await find({ ...ocid, id: ocid.id.toLowerCase() })).toEqual([]);
    const { status } = await server.post('/contracts/longer/award-contract', {
      ...award,
      references: [{ scheme: 'x', id: 'y'.repeat(201) }],
    });
    expect(status).toBe(400);
  });

  it('belongs to one contract: another one is refused, naming the first', async () => {
    const { status, body } = await server.post('/contracts/second/award-contract', {
      ...award,
      references: [{ scheme: 'a', id: 'b' }, ocid],
    });
    expect([status, body.type]).toEqual([409, 'urn:tower-ledger:problem:ledger/reference-taken']);
    expect(body.errors).toEqual([{ pointer: '/references/1', detail: `ocid ${ocid.id} belongs to contract-first.` }]);
  });

  it('of the same text belongs also to one supplier, one tower and one programme, or in another scheme', async () => {
    await sent('/suppliers/holder/register-supplier', { title: 'H', form: 'company', sme: true, vcse: false, references: [ocid] });
    await sent('/towers/holder/plan-tower', { programme: 'met', title: 'H', references: [ocid] });
    await sent('/programmes/holder/charter-programme', { title: 'H', authority: 'A', baseCurrency: 'GBP', references: [ocid] });
    await sent('/contracts/scheme/award-contract', { ...award, references: [{ ...ocid, scheme: 'OCID' }] });
    expect((await find(ocid)).map(({ category }: any) => category)).toEqual(['programme', 'tower', 'contract', 'supplier']);
    expect((await find(ocid, '&category=tower')).map(({ category }: any) => category)).toEqual(['tower']);
    expect((await server.get('/suppliers/holder')).body.state).toMatchObject({ sme: true, vcse: false, references: [ocid] });
  });

  it('may be said again of the contract that has it', async () => {
    const planned = { programme: 'met', title: 'P', references: [{ scheme: 'local', id: 'P-1' }] };
    await sent('/contracts/planned/plan-contract', planned);
    await sent('/contracts/planned/award-contract', { ...award, references: [...planned.references, { scheme: 'local', id: 'P-2' }] });
    const { body } = await server.get('/contracts/planned');
    expect(body.state.references).toEqual([{ scheme: 'local', id: 'P-1' }, { scheme: 'local', id: 'P-2' }]); // prettier-ignore
  });

  it('is added and taken away by a correction, and refused there too', async () => {
    const { events } = await sent('/contracts/bare/award-contract', award);
    const correct = (change: object) =>
      server.post('/contracts/bare/correct-fact', { event: events[0].id, changes: [{ pointer: '/references', ...change }], because: 'better-source' }); // prettier-ignore
    const { status, body } = await correct({ value: [ocid] });
    expect([status, body.type, body.errors[0].pointer]).toEqual([
      409,
      'urn:tower-ledger:problem:ledger/reference-taken',
      '/changes/0/value',
    ]);
    const other = { scheme: 'ocid', id: 'ocds-2' };
    ({ position } = await accepted(correct({ value: [other] })));
    expect(await find(other)).toMatchObject([{ holders: [{ id: 'bare' }] }]);
    ({ position } = await accepted(correct({ remove: true })));
    expect(await find(other)).toEqual([]);
    await sent('/contracts/taker/award-contract', { ...award, references: [other] });
  });

  it('is free again once what had it is withdrawn', async () => {
    const own = { scheme: 'ocid', id: 'ocds-3' };
    const { events } = await sent('/contracts/gone/award-contract', { ...award, references: [own] });
    await sent('/contracts/gone/withdraw-fact', { event: events[0].id });
    await sent('/contracts/after/award-contract', { ...award, references: [own] });
    expect(await find(own)).toMatchObject([{ holders: [{ id: 'after' }] }]);
  });

  it('of a notice may be that of another notice', async () => {
    const notice = { reference: 'N 1', references: [{ scheme: 'ted', id: '2016/S 045-075423' }] };
    await sent('/contracts/first/publish-award-notice', notice);
    await sent('/contracts/long/publish-award-notice', notice);
    expect((await server.get('/contracts/long')).body.state.notices).toMatchObject([notice]);
    expect(await find(notice.references[0]!)).toEqual([]);
  });

  it.each(['', 'scheme=ocid', 'id=1', 'scheme=&id=1', 'scheme=a&id=1&category=loss', 'scheme=a&id=1&other=1'])(
    'is asked for by scheme and text: never %s',
    async (query) => expect((await server.get(`/references?${query}`)).status).toBe(400),
  );
});

it('a contract says what is bought, by whom and why without competition', async () => {
  const particulars = {
    description: 'Servers',
    buyer: 'Another force',
    procedure: 'negotiated',
    directAward: { ground: 'Extreme urgency' },
  };
  await sent('/contracts/direct/award-contract', { ...award, ...particulars });
  expect((await server.get('/contracts/direct')).body.state).toMatchObject(particulars);
  expect((await server.get('/contracts/first')).body.state).not.toHaveProperty('buyer');
});
