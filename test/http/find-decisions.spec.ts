import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decisions } from '../../projections/decisions.js';
import { DecisionFinder, rowOf, type Wanted } from '../../src/http/find-decisions.js';
import { split } from '../../src/engine/audit/audit.js';
import { closeRows, Rows } from '../engine/rows-after.js';
import { recordWorld, World } from '../random-history.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const scheme = { policy: 'scheme', title: 'Scheme of consent', version: '1', inForceFrom: '2010', approvals: [{ stepOverOriginalAbove: 10, approver: 'Deputy Mayor' }] }; // prettier-ignore
/** Decisions on contracts that nothing is asked of: more than one part of the log is read for them. */
const FILLING = 1300;

let world: World;
let rows: Rows;
let finder: DecisionFinder;
const ids: Record<string, string> = {};
beforeAll(async () => {
  world = new World('2016-01-04');
  await recordWorld(world);
  await world.record('programme-met', 'AdoptPolicy', scheme);
  const award = { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: gbp('100') };
  const keep = async (name: string, ...asked: Parameters<World['record']>) => {
    const receipt = await world.record(...asked);
    ids[name] = receipt.decision!;
    return receipt.events[0]!.id!;
  };
  const awarded = await keep('awarded', 'contract-a', 'AwardContract', award, { effectiveOn: '2015', decidedBy: { person: 'p-1', office: 'Head of IT' } }); // prettier-ignore
  const change = (to: string) => ({ kind: 'value', to: gbp(to) });
  const paper = (person: string, office: string, reference = 'PCD 1') => ({ authority: { reference }, decidedBy: { person, office } });
  await keep('uplift', 'contract-a', 'ApproveChange', change('120'), paper('p-1', 'Deputy Mayor'));
  for (let n = 0; n < FILLING; n++) {
    if (n === 700) {
      world.wait(10);
      await keep('late', 'contract-a', 'ApproveChange', change('150'), { effectiveOn: '2016-01-05', ...paper('ana', 'Clerk') });
    }
    await world.record(`supplier-s-${n % 7}`, n < 7 ? 'RegisterSupplier' : 'Annotate', n < 7 ? { title: 'S', form: 'company' } : { note: `${n}` }); // prettier-ignore
  }
  world.wait(10);
  const signed = await keep('signed', 'contract-a', 'SignContract', {});
  const noted = await keep('noted', 'contract-a', 'RecordDelay', { milestone: 'Go-live', to: '2017' });
  await keep('correction', 'contract-a', 'CorrectFact', { event: awarded, changes: [{ pointer: '/title', value: 'Hosting 2' }], because: 'error' }); // prettier-ignore
  await keep('withdrawal', 'contract-a', 'WithdrawFact', { event: noted });
  await keep('unknown', 'contract-a', 'RecordDelay', { milestone: 'End', to: '2018' }, { effectiveOn: 'unknown' });
  expect(signed).toBeDefined();
  rows = await new Rows(world.store, [decisions]).read();
  finder = new DecisionFinder(rows.projector, (category, id) => world.history(`${category}-${id}`), 'Europe/London');
}, 60_000);
afterAll(closeRows);

/** The names of what is found, page by page. */
const found = async (wanted: Wanted, limit = 2): Promise<string[]> => {
  const names: string[] = [];
  for (let upTo: number | undefined = rows.projector.sequence; upTo !== undefined;) {
    const page: Awaited<ReturnType<DecisionFinder['page']>> = await finder.page(wanted, upTo, limit);
    expect(page.found.length).toBeLessThanOrEqual(limit);
    names.push(...page.found.map(({ event }) => Object.keys(ids).find((name) => ids[name] === event.metadata.command.id) ?? 'other'));
    upTo = page.next;
  }
  return names;
};
const onContract = ['unknown', 'withdrawal', 'correction', 'noted', 'signed', 'late', 'uplift', 'awarded'];

describe('decisions are found, newest first,', () => {
  it.each<[string, Wanted, string[]]>([
    ['by contract', { contract: 'a' }, onContract],
    ['by tower', { tower: 'hosting', command: 'AwardContract' }, ['awarded']],
    ['by supplier', { supplier: 'csc' }, [...onContract, 'other']],
    ['by paper, however it is written', { reference: 'pcd-1' }, ['late', 'uplift']],
    ['by who took it', { person: 'p-1' }, ['uplift', 'awarded']],
    ['by who recorded it', { actor: 'ana', contract: 'a' }, onContract],
    ['by who took or recorded it', { by: 'p-1' }, ['uplift', 'awarded']],
    ['by who took or recorded it, each once', { by: 'ana', reference: 'PCD 1' }, ['late', 'uplift']],
    ['by office, however it is written', { office: 'deputy  mayor' }, ['uplift']],
    ['by rule', { rule: 'scheme' }, ['late', 'uplift']],
    ['by rule and result', { rule: 'scheme/approval', result: 'not-met' }, ['late']],
    ['by result', { result: 'met' }, ['uplift']],
    ['by command', { command: 'RecordDelay' }, ['unknown', 'noted']],
    [
      'by the period of the act',
      { effectiveFrom: '2016-01-04', effectiveUntil: '2016-01-05', contract: 'a' },
      ['unknown', 'late', 'uplift'],
    ],
    ['by a day in which an act may lie', { effectiveUntil: '2015-06-30', contract: 'a' }, ['unknown', 'awarded']],
    ['by the period of recording', { recordedFrom: '2016-01-10T00:00:00.000Z', recordedUntil: '2016-01-20T00:00:00.000Z', contract: 'a' }, ['late']], // prettier-ignore
    ['by lateness', { backdated: true, contract: 'a' }, ['late', 'awarded']],
    ['that were not late', { backdated: false, contract: 'a', effectiveUntil: '2016-01-04' }, ['unknown', 'uplift']],
    ['that were corrected', { status: 'corrected' }, ['awarded']],
    ['that were withdrawn', { status: 'withdrawn' }, ['noted']],
    ['that stand', { status: 'stands', contract: 'a' }, onContract.filter((name) => !['awarded', 'noted'].includes(name))],
    ['by several at once', { reference: 'PCD 1', person: 'p-1', status: 'stands', contract: 'a' }, ['uplift']],
    ['and none by what nobody has', { supplier: 'nobody' }, []],
  ])('%s', async (_, wanted, names) => {
    expect(await found(wanted)).toEqual(names);
    expect(await found(wanted, 100)).toEqual(names);
    const { decisions: count, complete } = await finder.totals(wanted, rows.projector.sequence);
    expect([count, complete]).toEqual([names.length, true]);
  });

  it('all of them, where nothing is asked, once each', async () => {
    expect((await found({}, 500)).length).toBe(rows.projector.sequence);
  });

  it('with totals by status, by command and by result', async () => {
    expect(await finder.totals({ contract: 'a' }, rows.projector.sequence)).toEqual({
      decisions: 8,
      backdated: 2,
      byStatus: { corrected: 1, stands: 6, withdrawn: 1 },
      byCommand: { ApproveChange: 2, AwardContract: 1, CorrectFact: 1, RecordDelay: 2, SignContract: 1, WithdrawFact: 1 },
      byResult: { met: 1, 'not-met': 1 },
      complete: true,
    });
  });

  it('and a row says whether its act may lie outside of the period, and how late it was', async () => {
    const period = { effectiveFrom: '2015-06-01', effectiveUntil: '2016-01-05' };
    const { found: page } = await finder.page({ ...period, contract: 'a' }, rows.projector.sequence, 100);
    const marks = page.map((one) => rowOf(one, period, 'Europe/London')).map(({ decision, uncertain, daysLate, status }) => [decision, uncertain, daysLate, status]); // prettier-ignore
    expect(marks).toEqual([
      [ids['unknown'], true, undefined, 'stands'],
      [ids['late'], undefined, 9, 'stands'],
      [ids['uplift'], undefined, undefined, 'stands'],
      [ids['awarded'], true, 4, 'corrected'],
    ]);
  });

  it('in a stream that was never corrected without reading its history', async () => {
    const loaded: string[] = [];
    const watching = new DecisionFinder(rows.projector, (category, id) => (loaded.push(`${category}-${id}`), world.history(`${category}-${id}`)), 'Europe/London'); // prettier-ignore
    await watching.page({ status: 'corrected' }, rows.projector.sequence, 100);
    expect(new Set(loaded)).toEqual(new Set(['contract-a']));
    expect(split('contract-a')).toEqual(['contract', 'a']);
  });
});
