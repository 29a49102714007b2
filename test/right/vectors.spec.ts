import { afterEach, describe, expect, it } from '@jest/globals';
import { contractRegister } from '../../projections/contract-register.js';
import { towerBoard } from '../../projections/tower-board.js';
import { closeRows, Rows } from '../engine/rows-after.js';
import { inMemory } from '../projections/in-memory.js';
import { recordWorld, World } from '../random-history.js';

afterEach(closeRows);

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const LONDON = 'https://www.london.gov.uk';
const POLICING = `${LONDON}/programmes-strategies/mayors-office-policing-and-crime/governance-and-decision-making/mopac-decisions-0`;
const PCD437 = `${LONDON}/what-we-do/mayors-office-policing-and-crime-mopac/governance-and-decision-making/mopac-decisions-0/uplift-siam-ict-tower-contract`;
const PCD813 = `${POLICING}/pegasus-programme-next-generation-uplift-current-contracts`;
const DCMS = `${POLICING}/data-centre-managed-service-tower-contract-extension`;

interface Uplift {
  readonly from: string;
  readonly to: string;
  /** Where the source measures from a value of its own. */
  readonly stated?: string;
  readonly source: string;
}
/** Figures of public papers, through commands and events to the row of the tower. */
const board = async (original: string, uplifts: readonly Uplift[]) => {
  const world = new World('2026-03-02');
  await recordWorld(world);
  const award = { programme: 'met', title: 'A tower', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: gbp(original) };
  await world.record('contract-c', 'AwardContract', award, { effectiveOn: '2015' });
  for (const { to, stated, source } of uplifts) {
    const statedFrom = stated === undefined ? {} : { statedFrom: gbp(stated) };
    await world.record('contract-c', 'ApproveChange', { kind: 'value', to: gbp(to), ...statedFrom }, { evidence: [{ uri: source }] });
  }
  const [c] = (await inMemory('tower-board', world)).row('tower:hosting').contracts;
  return c.changes.map(({ from, to, figures, asStated }: any) => ({ from: from.amount, to: to.amount, ...figures, ...asStated }));
};

describe('the figures of a change, to the digit', () => {
  it.each<[string, string, readonly Uplift[], object]>([
    [
      'V1: SIAM, £96m to £143m, which the source calls 50 %',
      '96000000',
      [{ from: '96000000', to: '143000000', source: PCD437 }],
      { stepOverOriginal: '0.489583', cumulativeOverOriginal: '0.489583' },
    ],
    [
      'V2: SIAM, £143m to £176.8m: each step below 50 % of the original, together 84 %',
      '96000000',
      [
        { from: '96000000', to: '143000000', source: PCD437 },
        { from: '143000000', to: '176800000', source: PCD813 },
      ],
      { stepOverOriginal: '0.352083', stepOverCurrent: '0.236364', cumulativeOverOriginal: '0.841667' },
    ],
    [
      'V3: DCMS, £6.807m to £10.210m',
      '6807000',
      [{ from: '6807000', to: '10210000', source: DCMS }],
      { stepOverOriginal: '0.499927', cumulativeOverOriginal: '0.499927' },
    ],
    [
      'V4: DCMS, £10.2m as the paper rounds it to £15.2m: within 50 % of the current value, above 50 % of the original',
      '6807000',
      [
        { from: '6807000', to: '10210000', source: DCMS },
        { from: '10210000', to: '15200000', stated: '10200000', source: PCD813 },
      ],
      { stepOverOriginal: '0.734538', stepOverCurrent: '0.490196', cumulativeOverOriginal: '1.232995' },
    ],
  ])('%s', async (_, original, uplifts, figures) => {
    const shown = await board(original, uplifts);
    expect(shown).toMatchObject(uplifts.map(({ from, to }) => ({ from, to })));
    expect(shown.at(-1)).toMatchObject(figures);
  });
});

describe('V8: an award that was published a hundred times too large, and corrected six minutes later', () => {
  // "Business Case for LGR" on https://www.contractsfinder.service.gov.uk: £10,932,000, and £109,320 under the same id of the award.
  it('says £109,320 now and on the day of the award, and £10,932,000 as it was believed for six minutes', async () => {
    const world = new World('2026-03-02');
    await recordWorld(world);
    const award = { programme: 'met', title: 'Business Case for LGR', suppliers: [{ supplier: 'csc' }], towers: ['euc'] };
    const { events } = await world.record('contract-lgr', 'AwardContract', { ...award, value: gbp('10932000') });
    const then = (await world.events()).length;
    world.wait(6 / (24 * 60));
    const change = { pointer: '/value/amount', value: '109320' };
    await world.record('contract-lgr', 'CorrectFact', { event: events[0]!.id!, changes: [change], because: 'error' });
    const recorded = (await world.events()).slice(-2).map(({ metadata }) => Temporal.Instant.from(metadata.recordedAt));
    expect(recorded[0]!.until(recorded[1]!).total('minutes')).toBe(6);

    const history = await world.history('contract-lgr');
    expect(history.state).toMatchObject({ original: gbp('109320'), ceiling: gbp('109320') });
    expect(history.asOf('2026-03-02').state).toMatchObject({ original: gbp('109320') });
    expect(history.atRevision(0).state).toMatchObject({ original: gbp('10932000') });
    expect(history.entries[0]!.corrections).toMatchObject([
      { pointer: '/value/amount', value: '109320', was: '10932000', because: 'error' },
    ]);

    const rows = await new Rows(world.store, [contractRegister, towerBoard]).read();
    const total = async (at?: number) => (await rows.row('tower-board', 'programme:met', at)).totals.towers.text;
    expect([await total(), await total(then)]).toEqual(['£109,320', '£10.932m']);
    expect((await rows.row('contract-register', 'contract:lgr')).trail).toMatchObject({ corrections: 1 });
  });
});
