import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { accepted, closeRunning, startServer, type Answer, type Server } from './server.js';

/** What a specialist in transfers of undertakings tries, each in a programme of its own. */
let server: Server;
beforeAll(async () => {
  server = await startServer();
  for (const id of ['sa', 'sb']) await accepted(server.post(`/suppliers/${id}/register-supplier`, { title: id, form: 'company' }));
});
afterAll(closeRunning);

type Json = Record<string, any>;
const pool = (employer: string, unit = 'people', of = 'it') => ({ employer, function: of, unit });

class Desk {
  #position = '';
  static async open(id: string): Promise<Desk> {
    const desk = new Desk(id);
    const chartered = { title: id, authority: 'A council', baseCurrency: 'GBP', record: { effectiveOn: '2000' } };
    await accepted(server.post(`/programmes/${id}/charter-programme`, chartered));
    return desk;
  }
  constructor(readonly id: string) {}

  async send(command: string, data: Json, on?: string): Promise<Answer> {
    const answer = await server.post(`/workforces/${this.id}/${command}`, { ...data, ...(on && { record: { effectiveOn: on } }) });
    this.#position = answer.body?.position ?? this.#position;
    return answer;
  }
  /** @returns the event, for a correction or a withdrawal */
  async does(command: string, data: Json, on?: string): Promise<string> {
    const { status, body } = await this.send(command, data, on);
    expect([command, status, body.detail]).toEqual([command, 201, undefined]);
    return body.events[0].id;
  }
  async refused(code: string, command: string, data: Json, on?: string): Promise<void> {
    const { status, body } = await this.send(command, data, on);
    expect([command, status, body.type]).toEqual([command, 409, `urn:tower-ledger:problem:${code}`]);
  }
  count = (employer: string, count: number | string | Json, unit = 'people', on = '2015-01-01', more: Json = {}) =>
    this.does('record-baseline', { programme: this.id, employer, function: 'it', headcount: typeof count === 'object' ? { ...count, unit } : { count, unit }, ...more }, on); // prettier-ignore
  plan = (inScope: number | Json, more: Json = {}, on = '2015-03-01') =>
    this.does('plan-transfer', { programme: this.id, plan: 'p1', from: pool('authority'), to: pool('sa'), inScope: typeof inScope === 'object' ? inScope : { count: inScope, unit: 'people' }, ...more }, on); // prettier-ignore
  async read(projection: string, key: string, query = ''): Promise<Json> {
    const { status, body } = await server.get(`/projections/${projection}/${encodeURIComponent(key)}?minPosition=${this.#position}${query}`); // prettier-ignore
    expect([key, status]).toEqual([key, 200]);
    return body.row;
  }
  register = (id: string) => this.read('transfer-register', `transfer:${this.id}/${id}`);
  planned = (id = 'p1') => this.read('transfer-register', `plan:${this.id}/${id}`);
  table = (employer: string, unit = 'people', of = 'it') => this.read('staff-movements', `pool:${this.id}/${employer}/${of}/${unit}`);
  board = () => this.read('workforce', `workforce:${this.id}`);
  codes = async (id: string): Promise<readonly string[]> => (await this.register(id))['findings'].map(({ code }: Json) => code);
}
type Quantity = number | string | Json;
const transfer = (id: string, inScope: Quantity, moved: Quantity, more: Json = {}): Json => ({ transfer: id, from: pool('authority'), to: pool('sa'), inScope, moved, ...more }); // prettier-ignore

const cases: Record<string, (d: Desk) => Promise<void>> = {
  // second-generation transfers, and returns
  'a second-generation transfer names the first': async (d) => {
    await d.count('authority', 100);
    await d.does('transfer-staff', transfer('t1', 50, 50), '2016-01-01');
    await d.does('transfer-staff', transfer('t2', 50, 48, { retained: 2, from: pool('sa'), to: pool('sb'), origin: { kind: 'second-generation', transfer: 't1' } }), '2018-01-01'); // prettier-ignore
    expect([await d.codes('t2'), (await d.table('sb'))['closing'], (await d.table('sa'))['closing']]).toEqual([[], 'unknown, net +48 recorded', 'unknown, net +2 recorded']); // prettier-ignore
  },
  'a second-generation transfer from who was not the transferee is flagged': async (d) => {
    await d.count('authority', 100);
    await d.does('transfer-staff', transfer('t1', 50, 50), '2016-01-01');
    await d.does('transfer-staff', transfer('t2', 50, 50, { from: pool('sb'), to: pool('sa'), origin: { kind: 'second-generation', transfer: 't1' } }), '2018-01-01'); // prettier-ignore
    expect(await d.codes('t2')).toEqual(['another-origin']);
  },
  'what the second generation brings back to the authority is a return': async (d) => {
    await d.count('authority', 100);
    await d.does('transfer-staff', transfer('t1', 50, 50), '2016-01-01');
    await d.does('transfer-staff', transfer('t2', 50, 50, { from: pool('sa'), to: pool('sb'), origin: { kind: 'second-generation', transfer: 't1' } }), '2018-01-01'); // prettier-ignore
    await d.does('transfer-staff', transfer('t3', 40, 40, { from: pool('sb'), to: pool('authority'), origin: { kind: 'return', transfer: 't2' } }), '2020-01-01'); // prettier-ignore
    expect([await d.codes('t3'), (await d.table('authority'))['closing']]).toEqual([[], '90 people']);
    await d.does('transfer-staff', transfer('t4', 5, 5, { from: pool('sa'), to: pool('sb'), origin: { kind: 'return', transfer: 't1' } }), '2021-01-01'); // prettier-ignore
    expect(await d.codes('t4')).toEqual(['not-a-return']);
  },
  'an earlier transfer that is recorded late comes first, and cannot go while another stands on it': async (d) => {
    await d.count('authority', 100);
    const second = transfer('t2', 50, 50, { from: pool('sa'), to: pool('sb'), origin: { kind: 'second-generation', transfer: 't1' } });
    await d.refused('workforce/unknown-origin', 'transfer-staff', second, '2018-01-01');
    const first = await d.does('transfer-staff', transfer('t1', 50, 50), '2016-01-01');
    await d.does('transfer-staff', second, '2018-01-01');
    const { status, body } = await d.send('withdraw-fact', { event: first });
    expect([status, body.because]).toEqual([409, 'workforce/unknown-origin']);
  },
  // objections, and who does not move
  'who objects has left, and is no leaver and nobody redundant': async (d) => {
    await d.count('authority', 100);
    await d.does('transfer-staff', transfer('t1', 40, 10, { objected: 30 }), '2016-01-01');
    const { lines } = await d.table('authority');
    expect(lines.map(({ line, text }: Json) => `${line} ${text}`)).toEqual(['opening +100', 'transferred-out −10', 'objected −30']);
    expect((await d.board())['findings']).toEqual([]);
  },
  'more reasons for objecting than people who objected are refused, though others did not move': async (d) => {
    await d.count('authority', 100);
    const notMoved = [{ why: 'objected', count: 6 }];
    await d.refused('workforce/more-than-did-not-move', 'transfer-staff', transfer('t1', 40, 20, { objected: 5, retained: 15, notMoved }));
    await d.does('transfer-staff', transfer('t1', 40, 20, { objected: 5, retained: 15, notMoved: [{ why: 'objected', count: 5 }, { why: 'redeployed', count: 10 }, { why: 'other', count: 5 }] })); // prettier-ignore
  },
  'more full-time equivalents than people objected, or left, are flagged as those who moved are': async (d) => {
    await d.count('authority', 100);
    await d.count('authority', '90.5', 'fte');
    await d.does('transfer-staff', transfer('t1', 12, 10, { objected: 1, left: 1, fte: { moved: '9.5', objected: '1.5', left: '1.1' } }));
    expect((await d.codes('t1')).filter((code) => code !== 'consultation-missing')).toEqual(['fte-above-people', 'fte-above-people']);
  },
  // redundancies
  'twenty redundant in connection with a transfer need notice, whether they are leavers or did not move': async (d) => {
    await d.count('authority', 100);
    await d.does('record-leavers', { ...pool('authority'), count: 11, reason: 'redundancy-connected-with-transfer' }, '2016-01-10');
    expect((await d.board())['findings']).toEqual([]);
    await d.does('transfer-staff', transfer('t1', 50, 41, { left: 9, notMoved: [{ why: 'redundant', count: 9 }] }), '2016-03-01');
    expect((await d.board())['findings']).toMatchObject([{ code: 'collective-redundancy', count: 20, from: '2016-01-10', until: '2016-03-01' }]); // prettier-ignore
  },
  'the same who are redundant under the plan and at the transfer are counted once': async (d) => {
    await d.count('authority', 100);
    await d.plan(50);
    await d.does('record-leavers', { ...pool('authority'), count: 12, plan: 'p1', reason: 'redundancy' }, '2016-01-10');
    await d.does('transfer-staff', transfer('t1', 50, 38, { plan: 'p1', left: 12, notMoved: [{ why: 'redundant', count: 12 }] }), '2016-03-01'); // prettier-ignore
    expect([(await d.board())['findings'], (await d.table('authority'))['closing']]).toEqual([[], '50 people']);
  },
  'twenty within ninety days of two employers are no collective redundancy of either': async (d) => {
    await d.count('authority', 100);
    await d.count('sa', 100);
    await d.does('record-leavers', { ...pool('authority'), count: 19, reason: 'redundancy' }, '2016-02-28');
    await d.does('record-leavers', { ...pool('sa'), count: 19, reason: 'redundancy' }, '2016-03-02');
    await d.does('record-leavers', { ...pool('authority'), count: 1, reason: 'redundancy' }, '2016-05-28'); // the 91st day
    expect((await d.board())['findings']).toEqual([]);
    await d.does('record-leavers', { ...pool('authority'), count: 1, reason: 'redundancy' }, '2016-05-27');
    expect((await d.board())['findings']).toMatchObject([{ employer: 'authority', count: 20 }]);
  },
  // liability information and consultation
  'liability information is late by the law of the day of the transfer, also when that day is corrected': async (d) => {
    await d.count('authority', 100);
    await d.plan(50, { basis: 'business-transfer' });
    await d.does('record-consultation', { plan: 'p1', with: 'union' }, '2015-10-01');
    await d.does('deliver-liability-information', { plan: 'p1' }, '2016-03-10');
    const event = await d.does('transfer-staff', transfer('t1', 50, 50, { plan: 'p1' }), '2016-04-07');
    expect((await d.register('t1'))['liability']).toMatchObject({
      due: { latest: '2016-03-10' },
      result: 'within-precision',
      daysLate: null,
    });
    await d.does('correct-fact', { event, changes: [{ pointer: '/effectiveOn', value: '2016-04-01' }], because: 'error' });
    expect((await d.register('t1'))['liability']).toMatchObject({ due: { latest: '2016-03-04' }, result: 'late', daysLate: 6 });
  },
  'liability information is not due by code of practice, and nobody says so where no basis is recorded': async (d) => {
    await d.count('authority', 100);
    await d.plan(20, { basis: 'code-of-practice' });
    await d.does('transfer-staff', transfer('t1', 20, 20, { plan: 'p1' }), '2016-04-01');
    expect([(await d.register('t1'))['liability'].result, await d.codes('t1')]).toEqual(['not-due', []]);
    await d.does('transfer-staff', transfer('t2', 20, 20), '2016-04-01');
    expect([(await d.register('t2'))['basis'], await d.codes('t2')]).toEqual([null, []]);
  },
  'liability information for a transfer of an uncertain day may be late, or in time': async (d) => {
    await d.count('authority', 100);
    await d.plan(20, { basis: 'business-transfer' });
    await d.does('record-consultation', { plan: 'p1', with: 'union' }, '2015-10-01');
    await d.does('deliver-liability-information', { plan: 'p1' }, '2016-03-20');
    await d.does('transfer-staff', transfer('t1', 20, 20, { plan: 'p1' }), '2016-04');
    expect((await d.register('t1'))['liability']).toMatchObject({ due: { earliest: '2016-03-04', latest: '2016-04-02' }, result: 'within-precision' }); // prettier-ignore
  },
  'a direct consultation beside the union is none without representatives': async (d) => {
    await d.count('authority', 100);
    await d.plan(50, { basis: 'business-transfer' });
    await d.does('deliver-liability-information', { plan: 'p1' }, '2015-12-01');
    await d.does('record-consultation', { plan: 'p1', with: 'direct', employees: 800 }, '2015-10-01');
    await d.does('transfer-staff', transfer('t1', 50, 50, { plan: 'p1' }), '2016-04-01');
    expect(await d.codes('t1')).toEqual(['consulted-directly']);
    const late = await d.does('record-consultation', { plan: 'p1', with: 'union' }, '2016-05-01');
    expect(await d.codes('t1')).toEqual(['consulted-directly']);
    await d.does('withdraw-fact', { event: late });
    await d.does('record-consultation', { plan: 'p1', with: 'union' }, '2015-10-02');
    expect(await d.codes('t1')).toEqual([]);
  },
  'a small employer may consult directly, by the rules of the day': async (d) => {
    await d.count('authority', 49);
    await d.plan(20, { basis: 'business-transfer' });
    await d.does('deliver-liability-information', { plan: 'p1' }, '2015-12-01');
    await d.does('record-consultation', { plan: 'p1', with: 'direct', employees: 49 }, '2015-10-01');
    const event = await d.does('transfer-staff', transfer('t1', 20, 20, { plan: 'p1' }), '2024-06-30');
    expect(await d.codes('t1')).toEqual(['consulted-directly']);
    await d.does('correct-fact', { event, changes: [{ pointer: '/effectiveOn', value: '2024-07-01' }], because: 'error' });
    expect(await d.codes('t1')).toEqual([]);
  },
  'a transfer in law without a plan has nobody informed and no information': async (d) => {
    await d.count('authority', 100);
    await d.does('transfer-staff', transfer('t1', 20, 20, { basis: 'service-provision-change' }), '2016-04-01');
    expect(await d.codes('t1')).toEqual(['liability-information-missing', 'consultation-missing']);
  },
  // people, posts, full-time equivalents
  'full-time equivalents that were recorded as leavers and again at the transfer are flagged': async (d) => {
    await d.count('authority', 100);
    await d.count('authority', '90.0', 'fte');
    await d.plan(50);
    await d.does('record-leavers', { ...pool('authority'), count: 10, plan: 'p1' }, '2015-06-01');
    await d.does('record-leavers', { ...pool('authority', 'fte'), count: '8.0' }, '2015-06-01');
    await d.does('transfer-staff', transfer('t1', 50, 40, { plan: 'p1', left: 10, fte: { moved: '36.0', left: '8.0' } }), '2016-04-01');
    expect([await d.codes('t1'), (await d.table('authority', 'fte'))['closing']]).toEqual([['leavers-twice'], '38 fte']);
  },
  'more vacant posts than there are, or than posts, are flagged': async (d) => {
    await d.count('authority', 10, 'posts', '2015-01-01', { vacancies: 2 });
    const posts = { from: pool('authority', 'posts'), to: pool('sa', 'posts') };
    const event = await d.does('transfer-staff', transfer('t1', 5, 5, { ...posts, vacancies: 4 }), '2016-01-01');
    const own = async () => (await d.board())['pools'].find(({ employer }: Json) => employer === 'authority');
    expect(await own()).toMatchObject({ vacancies: 0, findings: [{ code: 'vacancies-below-zero' }] });
    await d.does('correct-fact', { event, changes: [{ pointer: '/vacancies', value: 0 }, { pointer: '/moved', value: 9 }, { pointer: '/inScope', value: 9 }], because: 'error' }); // prettier-ignore
    expect(await own()).toMatchObject({ vacancies: 2, findings: [{ code: 'more-vacant-than-posts', text: '2 posts would be vacant of the 1 posts that authority, it, posts holds.' }] }); // prettier-ignore
  },
  'half a person is no person, and half an equivalent is one': async (d) => {
    await d.count('authority', 100);
    await d.refused('workforce/not-whole', 'transfer-staff', transfer('t1', '7.5', '7.5'));
    await d.does('transfer-staff', transfer('t1', '7.5', '7.5', { from: pool('authority', 'fte'), to: pool('sa', 'fte') }));
    expect((await d.table('sa', 'fte'))['closing']).toBe('unknown, net +7.5 recorded');
  },
  // pools that were never counted, or about so many
  'S6-over-400: of over 400 posts 412 move, and who is left is unknown and never below none': async (d) => {
    await d.count('authority', { count: 400, qualifier: 'over' }, 'posts');
    const posts = { from: pool('authority', 'posts'), to: pool('sa', 'posts') };
    await d.does('transfer-staff', transfer('t1', 412, 412, posts), '2016-01-01');
    expect((await d.table('authority', 'posts'))['closing']).toBe('0 or more posts, unknown');
    await d.does('transfer-staff', transfer('t2', { count: 400, qualifier: 'over' }, { count: 400, qualifier: 'over' }, posts), '2017');
    expect(await d.table('authority', 'posts')).toMatchObject({ closing: '0 or more posts, unknown', balances: true });
  },
  'a pool that was never counted has a net, and its first count an opening that was there all along': async (d) => {
    await d.plan(25);
    await d.does('record-leavers', { ...pool('authority'), count: 25 }, '2016-01-01');
    expect((await d.table('authority'))['closing']).toBe('unknown, net −25 recorded');
    await d.count('authority', 75, 'people', '2016-06-01');
    const { lines, closing } = await d.table('authority');
    expect([lines.map(({ text }: Json) => text), closing]).toEqual([['+100', '−25'], '75 people']);
  },
  'a count of an earlier day that is recorded late makes the later one a recount': async (d) => {
    await d.count('authority', 480, 'people', '2016-12-31');
    await d.count('authority', 500, 'people', '2016-01-01');
    await d.does('record-leavers', { ...pool('authority'), count: 10 }, '2016-06-01');
    const { lines, check } = await d.table('authority');
    expect([lines.map(({ line, text }: Json) => `${line} ${text}`), check]).toEqual([['opening +500', 'left: not stated −10', 'unexplained −10'], 'balances']); // prettier-ignore
  },
  'nobody can leave whom a count had not, and nobody left more than there were': async (d) => {
    await d.count('authority', 10);
    await d.refused('workforce/below-zero', 'transfer-staff', transfer('t1', 11, 11));
    await d.refused('workforce/below-zero', 'redeploy', { employer: 'authority', unit: 'people', from: 'it', to: 'hr', count: 11 });
    await d.refused('workforce/below-zero', 'record-leavers', { ...pool('authority'), count: 11 });
    await d.does('redeploy', { employer: 'authority', unit: 'people', from: 'it', to: 'hr', count: 10 }, '2016-01-01');
    await d.refused('ledger/breaks-later-event', 'record-leavers', { ...pool('authority'), count: 1 }, '2015-06-01');
  },
  // plans
  'a plan is revised below what moved: who moved before the new list is not on it': async (d) => {
    await d.count('authority', 800);
    await d.plan(400);
    await d.does('transfer-staff', transfer('t1', 300, 280, { plan: 'p1', retained: 20 }), '2016-03-01');
    await d.does('revise-plan', { plan: 'p1', inScope: { count: 90, unit: 'people' } }, '2016-06-01');
    expect(await d.planned()).toMatchObject({ status: 'begun', list: { count: 90 }, inScope: 390, moved: 280, retained: 20, remaining: 90, findings: [] }); // prettier-ignore
    await d.does('transfer-staff', transfer('t2', 90, 90, { plan: 'p1' }), '2016-09-01');
    expect(await d.planned()).toMatchObject({ status: 'done', inScope: 390, moved: 370, remaining: 0, findings: [] });
    await d.does('transfer-staff', transfer('t3', 1, 1, { plan: 'p1' }), '2016-09-02');
    expect((await d.planned())['findings']).toMatchObject([{ code: 'beyond-scope' }]);
  },
  'a list of a day before a transfer, recorded after it, has those who moved': async (d) => {
    await d.count('authority', 800);
    await d.plan(400);
    await d.does('transfer-staff', transfer('t1', 300, 300, { plan: 'p1' }), '2016-03-01');
    await d.does('revise-plan', { plan: 'p1', inScope: { count: 200, unit: 'people' } }, '2016-01-01');
    expect(await d.planned()).toMatchObject({ inScope: 200, moved: 300, remaining: 0, findings: [{ code: 'beyond-scope' }] });
  },
  'a cancelled plan ends, a transfer under it is flagged, and the cancellation can be withdrawn': async (d) => {
    await d.count('authority', 800);
    await d.plan(400, { expectedOn: '2016-03' });
    const event = await d.does('cancel-plan', { plan: 'p1', why: 'Called off' }, '2015-09-01');
    expect(await d.planned()).toMatchObject({ status: 'cancelled', remaining: 0, overdue: false, overdueAfter: null });
    await d.refused('workforce/plan-cancelled', 'revise-plan', { plan: 'p1', expectedOn: '2017' });
    await d.refused('workforce/duplicate', 'plan-transfer', { programme: d.id, plan: 'p1', from: pool('authority'), to: pool('sa'), inScope: { count: 4, unit: 'people' } }); // prettier-ignore
    await d.does('transfer-staff', transfer('t1', 300, 300, { plan: 'p1' }), '2016-03-01');
    expect(await d.codes('t1')).toEqual(['cancelled-plan']);
    await d.does('withdraw-fact', { event });
    expect([await d.codes('t1'), await d.planned()]).toMatchObject([[], { status: 'begun', remaining: 100, overdue: true }]);
  },
  'a plan cannot be withdrawn from under its transfers and leavers, unless they go with it': async (d) => {
    await d.count('authority', 800);
    const event = await d.plan(400);
    await d.does('record-leavers', { ...pool('authority'), count: 10, plan: 'p1' }, '2015-06-01');
    await d.does('transfer-staff', transfer('t1', 300, 290, { plan: 'p1', left: 10 }), '2016-03-01');
    expect((await d.table('authority'))['closing']).toBe('500 people');
    expect((await d.send('withdraw-fact', { event })).status).toBe(409);
    await d.does('withdraw-fact', { event, withDependants: true });
    expect((await d.table('authority'))['closing']).toBe('800 people');
  },
  // corrections in any order
  'leavers under the plan count once in whatever order they, the transfer and a correction of it come': async (d) => {
    await d.count('authority', 800);
    await d.plan(300);
    const event = await d.does(
      'transfer-staff',
      transfer('t1', 300, 275, { plan: 'p1', objected: 5, retained: 15, left: 5 }),
      '2016-03-01',
    );
    await d.does('record-leavers', { ...pool('authority'), count: 10, plan: 'p1' }, '2015-06-01');
    expect((await d.register('t1'))['leftBefore']).toBe(5);
    const changes = [{ pointer: '/moved', value: 270 }, { pointer: '/left', value: 10 }]; // prettier-ignore
    expect((await d.send('correct-fact', { event, changes: changes.slice(0, 1), because: 'error' })).body.because).toBe('workforce/does-not-add-up'); // prettier-ignore
    await d.does('correct-fact', { event, changes, because: 'error' });
    expect([(await d.table('authority'))['closing'], (await d.table('sa'))['closing'], await d.codes('t1')]).toEqual(['515 people', 'unknown, net +270 recorded', []]); // prettier-ignore
  },
  'a transfer recorded twice under two names is more than its plan has in scope': async (d) => {
    await d.count('authority', 800);
    await d.plan(300);
    for (const id of ['t1', 'again']) await d.does('transfer-staff', transfer(id, 300, 300, { plan: 'p1' }), '2016-03-01');
    expect((await d.planned())['findings']).toMatchObject([{ code: 'beyond-scope', text: expect.stringContaining('600 people') }]);
    await d.refused('workforce/duplicate', 'transfer-staff', transfer('t1', 1, 1));
  },
};

describe('a specialist in transfers of undertakings', () => {
  it.each(Object.entries(cases).map(([name, run], i) => [name, run, `case-${i}`] as const))('%s', async (_, run, id) =>
    run(await Desk.open(id)),
  );
});
