import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { csvOf } from '../../src/csv.js';
import { closeRows, rowsAfter } from '../engine/rows-after.js';
import { recordWorld, World } from '../random-history.js';

const award = {
  programme: 'met',
  title: 'Hosting',
  towers: ['hosting'],
  suppliers: [{ supplier: 'csc' }],
  value: { amount: '95000000', currency: 'GBP' },
};

let world: World;
beforeEach(async () => {
  world = new World('2016-01-04');
  await recordWorld(world);
});
afterEach(closeRows);

const register = async () => {
  const rows = await rowsAfter(await world.events());
  return {
    rows,
    row: (id: string) => rows.row('contract-register', `contract:${id}`),
    keys: async (filters: Record<string, string> = {}) =>
      (await rows.projector.rows('contract-register', { filters })).rows.map(({ key }) => key.slice('contract:'.length)),
  };
};
const firstOf = async (stream: string): Promise<string> => (await world.store.read(stream))[0]!.id;

describe('the contract register', () => {
  it('has every contract whole, with the name of its supplier', async () => {
    await world.record('contract-hosting', 'AwardContract', award);
    expect(await (await register()).row('hosting')).toMatchObject({
      contract: 'hosting',
      stage: 'awarded',
      suppliers: [{ supplier: 'csc', name: 'CSC' }],
      supplierName: 'CSC',
      towers: ['hosting'],
      original: award.value,
      dates: { awarded: '2016-01-04' },
    });
  });

  it('has a contract that is planned, before anybody supplies it', async () => {
    await world.record('contract-networks', 'PlanContract', { programme: 'met', title: 'Networks' });
    expect(await (await register()).row('networks')).toMatchObject({ stage: 'planned', supplierName: null, original: { unknown: true } });
  });

  it('finds contracts by programme, supplier, tower and stage', async () => {
    await world.record('contract-a', 'AwardContract', award);
    await world.record('contract-b', 'AwardContract', { ...award, towers: ['hosting', 'euc'], suppliers: [{ supplier: 'atos' }] });
    await world.record('contract-b', 'SignContract', {});
    const { keys } = await register();
    expect(await keys()).toEqual(['a', 'b']);
    expect(await keys({ programme: 'met' })).toEqual(['a', 'b']);
    expect(await keys({ supplier: 'atos' })).toEqual(['b']);
    expect(await keys({ tower: 'hosting' })).toEqual(['a', 'b']);
    expect(await keys({ tower: 'euc', stage: 'signed' })).toEqual(['b']);
    expect(await keys({ tower: 'euc', stage: 'awarded' })).toEqual([]);
  });

  it('finds contracts by words, by the name of the supplier, by their end and by their value', async () => {
    await world.record('contract-a', 'AwardContract', { ...award, title: 'Ｈosting of Servers', endsOn: '2018-03-31' });
    await world.record('contract-b', 'AwardContract', { ...award, title: 'Desks', suppliers: [{ supplier: 'atos' }], startsOn: '2016-02-01', termMonths: 12, value: { amount: '1000.50', currency: 'GBP' } }); // prettier-ignore
    await world.record('contract-c', 'AwardContract', { ...award, title: 'Hosting of mail', value: { undisclosed: true }, endsOn: '2015' });
    const { keys } = await register();
    expect(await keys({ text: 'hosting' })).toEqual(['a', 'c']);
    expect(await keys({ text: 'SERVERS csc' })).toEqual(['a']);
    expect(await keys({ supplierName: 'ato' })).toEqual(['b']);
    expect(await keys({ endsFrom: '2017-01-31' })).toEqual(['a', 'b']);
    expect(await keys({ endsFrom: '2017-02-01' })).toEqual(['a']);
    expect(await keys({ endsUntil: '2017-01-31' })).toEqual(['b', 'c']);
    expect(await keys({ endsFrom: '2015-06-01', endsUntil: '2015-06-02' })).toEqual(['c']);
    expect(await keys({ valueFrom: '1000.5' })).toEqual(['a', 'b']);
    expect(await keys({ valueFrom: '1000.51' })).toEqual(['a']);
    expect(await keys({ valueUntil: '1000.50' })).toEqual(['b']);
    expect(await keys({ valueUntil: '1000.49' })).toEqual([]);
    expect(await keys({ valueFrom: 'much' })).toEqual([]);
  });

  it('is found by every name that its supplier has and had', async () => {
    await world.record('contract-a', 'AwardContract', award);
    await world.record('supplier-csc', 'AddAlias', { alias: 'Computer Sciences Corp.' });
    await world.record('supplier-csc', 'AddAlias', { alias: 'Straße GmbH' });
    await world.record('supplier-csc', 'RenameSupplier', { title: 'DXC Technology' });
    const { keys, row } = await register();
    expect(await row('a')).toMatchObject({ supplierName: 'DXC Technology', otherNames: ['Computer Sciences Corp.', 'Straße GmbH', 'CSC'] });
    for (const name of ['computer SCIENCES', 'dxc', 'CSC', 'ｄｘｃ technology'])
      expect([await keys({ supplierName: name }), await keys({ text: name })]).toEqual([['a'], ['a']]);
    expect(await keys({ supplierName: 'capita' })).toEqual([]);
    for (const name of ['STRASSE', 'straße']) expect(await keys({ supplierName: name })).toEqual(['a']);
  });

  it('is filtered by the value as awarded, whatever it was changed to, and by the first day of the term', async () => {
    const of = (value: string, startsOn?: string) => ({
      ...award,
      value: { amount: value, currency: 'GBP' },
      ...(startsOn && { startsOn }),
    });
    const on = { effectiveOn: '2015-06-01' };
    await world.record('contract-a', 'AwardContract', of('1000.50', '2016-01-31'), on);
    await world.record('contract-b', 'AwardContract', of('2000', '2016-02'), on);
    await world.record('contract-c', 'AwardContract', of('3000'), on);
    await world.record('contract-d', 'AwardContract', { ...award, value: { undisclosed: true } }, on);
    await world.record('contract-a', 'ApproveChange', { kind: 'value', to: { amount: '9000', currency: 'GBP' } }, { effectiveOn: '2016-01-02' }); // prettier-ignore
    const { keys } = await register();
    const found: readonly [Record<string, string>, readonly string[]][] = [
      [{ originalFrom: '1000.50' }, ['a', 'b', 'c']],
      [{ originalFrom: '1000.51' }, ['b', 'c']],
      [{ originalUntil: '2000' }, ['a', 'b']],
      [{ originalUntil: '2000', valueFrom: '9000' }, ['a']],
      [{ originalFrom: 'much' }, []],
      [{ startsFrom: '2016-02-01' }, ['b']],
      [{ startsFrom: '2016-02-29' }, ['b']],
      [{ startsFrom: '2016-03-01' }, []],
      [{ startsUntil: '2016-01-31' }, ['a']],
      [{ startsUntil: '2016-02-01' }, ['a', 'b']],
      [{ startsFrom: '2016-01-01', startsUntil: '2016-01-31' }, ['a']],
    ];
    for (const [filters, ids] of found) expect([filters, await keys(filters)]).toEqual([filters, ids]);
  });

  it('says since when a contract is past its end, until it is closed', async () => {
    await world.record('contract-a', 'AwardContract', { ...award, endsOn: '2018-03' }, { effectiveOn: '2016-01-01' });
    await world.record('contract-b', 'AwardContract', { ...award, endsOn: '2150-01-01' });
    await world.record('contract-c', 'PlanContract', { programme: 'met', title: 'Networks' });
    const { keys, row, rows } = await register();
    expect([(await row('a')).pastEndSince, (await row('b')).pastEndSince, (await row('c')).pastEndSince]).toEqual([
      '2018-04-01',
      null,
      null,
    ]);
    expect([await keys({ pastEnd: 'true' }), await keys({ pastEnd: 'false' })]).toEqual([['a'], ['b', 'c']]);
    const on = (day: string) =>
      rows.projector.ask('contract-register', async (_, days) => (await days.row({ at: rows.projector.sequence, day }, 'contract:a'))!.row);
    expect([(await on('2018-03-31'))['pastEndSince'], (await on('2018-04-01'))['pastEndSince']]).toEqual([null, '2018-04-01']);
  });

  it('ends a contract on the day that a notice names, and is sorted and found by it', async () => {
    const noticed = async (id: string, term: object, takesEffectOn: string) => {
      await world.record(`contract-${id}`, 'AwardContract', { ...award, ...term }, { effectiveOn: '2015-06-01' });
      await world.record(`contract-${id}`, 'SignContract', {}, { effectiveOn: '2015-06-02' });
      await world.record(`contract-${id}`, 'GiveTerminationNotice', { by: 'authority', takesEffectOn }, { effectiveOn: '2015-07-01' });
    };
    await noticed('a', { startsOn: '2015-01-01', termMonths: 60 }, '2015-10-31');
    await noticed('b', { startsOn: '2014-12-01', termMonths: 12 }, '2016-12-31');
    const { row, keys } = await register();
    expect([await row('a'), await row('b')].map(({ ends, endBasis, pastEndSince }) => [ends, endBasis, pastEndSince])).toEqual([
      ['2015-10-31', 'stated', '2015-11-01'],
      ['2015-11-30', 'term-start', '2015-12-01'],
    ]);
    expect([await keys({ endsUntil: '2015-10-31' }), await keys({ endsFrom: '2015-11-01' })]).toEqual([['a'], ['b']]);
  });

  it('has the last day of a lease of 999 years, in its table as well', async () => {
    await world.record('contract-a', 'AwardContract', { ...award, startsOn: '2020-01-01', termMonths: 11_988 });
    await world.record('contract-b', 'AwardContract', { ...award, startsOn: '3199-12', termMonths: 12 });
    const { rows, row, keys } = await register();
    const { columns, records } = rows.projector.projection('contract-register').formats!['csv'] as any;
    const ends = async (id: string) => {
      const of = records(await row(id))[0];
      return ['endsEarliest', 'endsLatest', 'pastEndSince'].map((name) => columns.find(([one]: any) => one === name)[1](of));
    };
    expect([(await row('a')).ends, await ends('a')]).toEqual(['3018-12-31', ['3018-12-31', '3018-12-31', null]]);
    expect([(await row('b')).ends, await ends('b')]).toEqual(['[3200-11-30..3200-12-30]', ['3200-11-30', '3200-12-30', null]]);
    expect([await keys({ endsFrom: '3018-12-31' }), await keys({ endsUntil: '3018-12-31' })]).toEqual([['a', 'b'], ['a']]);
    expect([await row('a'), await row('b')].map(rows.projector.projection('contract-register').sorts!['ends']!)).toEqual(['3018-12-31', '3200-11-30']); // prettier-ignore
  });

  it('has a record for each contract as a table', async () => {
    await world.record('contract-a', 'AwardContract', { ...award, startsOn: '2016-02', endsOn: '2018-03-31', vat: 'ex' });
    await world.record('contract-b', 'AwardContract', { ...award, title: '=1+1', value: { unknown: true } });
    const { rows } = await register();
    const { csv } = rows.projector.projection('contract-register').formats!;
    if (csv?.type !== 'text/csv') throw new Error('It has no table.');
    const records = (await rows.all('contract-register')).flatMap(({ row }) => csv.records(row));
    expect(csvOf(csv.columns, records).split('\n')).toEqual([
      'contract,programme,title,stage,role,towers,supplier,supplierName,originalAmount,originalCurrency,originalQualifier,ceilingAmount,ceilingCurrency,ceilingQualifier,vat,startsEarliest,startsLatest,endsEarliest,endsLatest,pastEndSince,kind,framework,frameworkLot,owner,department,milestones,milestonesReached,milestonesMissed,nextMilestone,nextMilestoneEarliest,nextMilestoneLatest,findings,endBasis,originalPerYearAmount,originalPerYearCurrency,originalPerYearQualifier,originalPerYearDivides',
      'a,met,Hosting,awarded,tower,hosting,csc,CSC,95000000,GBP,exact,95000000,GBP,exact,ex,2016-02-01,2016-02-29,2018-03-31,2018-03-31,2018-04-01,contract,,,,,0,0,0,,,,,stated,44675701.60,GBP,about,original ÷ at most 26 months × 12 by its dates',
      "b,met,'=1+1,awarded,tower,hosting,csc,CSC,,,unknown,,,unknown,unknown,,,,,,contract,,,,,0,0,0,,,,,,,,,",
      '',
    ]);
  });

  it('keeps a terminated contract, and who caused its end', async () => {
    await world.record('contract-other', 'AwardContract', award);
    await world.record('contract-hosting', 'AwardContract', award);
    await world.record('contract-hosting', 'SignContract', {});
    await world.record('contract-hosting', 'TerminateContract', { ground: 'Its tower is gone', causedBy: 'other' });
    expect(await (await register()).row('hosting')).toMatchObject({
      stage: 'exiting',
      terminations: [{ ground: 'Its tower is gone', causedBy: 'other', partial: false, on: '2016-01-04' }],
    });
  });

  it('has no longer a contract that never was', async () => {
    await world.record('contract-hosting', 'AwardContract', award);
    await world.record('contract-hosting', 'WithdrawFact', { event: await firstOf('contract-hosting') });
    const { keys, rows } = await register();
    expect(await keys()).toEqual([]);
    expect((await rows.updates('contract-register')).at(-1)!.changes).toEqual({ 'contract:hosting': null });
  });

  it('shows what it believes now, and what it believed then', async () => {
    await world.record('contract-hosting', 'AwardContract', award);
    const then = (await world.events()).length;
    await world.record('contract-hosting', 'CorrectFact', { event: await firstOf('contract-hosting'), changes: [{ pointer: '/effectiveOn', value: '2015-12-01' }], because: 'better-source' }); // prettier-ignore
    const { row, rows } = await register();
    expect(await row('hosting')).toMatchObject({ dates: { awarded: '2015-12-01' }, trail: { corrections: 1, daysLate: 34 } });
    expect(await rows.row('contract-register', 'contract:hosting', then)).toMatchObject({
      dates: { awarded: '2016-01-04' },
      trail: { corrections: 0, daysLate: 0 },
    });
  });

  it('lists what is late, with its cause', async () => {
    await world.record('contract-hosting', 'AwardContract', award);
    await world.record('contract-hosting', 'RecordDelay', { milestone: 'Go-live', from: '2016-06', to: 'unknown', cause: 'Migration' });
    expect((await (await register()).row('hosting')).delays).toEqual([
      { milestone: 'Go-live', from: '2016-06', to: 'unknown', cause: 'Migration', event: expect.any(String) },
    ]);
  });

  it('says who gave notice, and forgets a notice that was withdrawn', async () => {
    await world.record('contract-hosting', 'AwardContract', award);
    await world.record('contract-hosting', 'SignContract', {});
    await world.record('contract-hosting', 'GiveTerminationNotice', { by: 'supplier', takesEffectOn: '2016-09' });
    expect(await (await register()).row('hosting')).toMatchObject({
      stage: 'notice-given',
      notice: { by: 'supplier', takesEffectOn: '2016-09' },
    });
    await world.record('contract-hosting', 'WithdrawTerminationNotice', {});
    const { notice, stage } = await (await register()).row('hosting');
    expect([stage, notice]).toEqual(['signed', undefined]);
  });
});

describe('the kind, the framework, the milestones, the owner and the findings of a contract', () => {
  it('are columns of the register, in JSON and in CSV, found and sorted by', async () => {
    const on = { effectiveOn: '2015-06-01' };
    await world.record('contract-frame', 'AwardContract', { ...award, kind: 'framework', endsOn: '2015-12-31' }, { effectiveOn: '2014' });
    await world.record('contract-call', 'AwardContract', { ...award, framework: { contract: 'frame' }, startsOn: '2016-03-01' }, { effectiveOn: '2016-01-02' }); // prettier-ignore
    await world.record('contract-own', 'AwardContract', { ...award, framework: { reference: 'RM3804', lot: 'two' } }, on);
    await world.record('contract-own', 'AssignOwner', { owner: 'p-1', department: 'Digital' }, on);
    for (const [milestone, baseline] of [
      ['late', '2015-07-01'],
      ['done', '2015-08-01'],
      ['next', '2016-05'],
      ['last', '2016-09-01'],
    ])
      // prettier-ignore
      await world.record('contract-own', 'SetMilestone', { milestone, title: milestone, baseline }, on);
    await world.record('contract-own', 'RecordMilestone', { milestone: 'done' }, { effectiveOn: '2015-08-02' });
    await world.record('contract-own', 'MissMilestone', { milestone: 'late' }, { effectiveOn: '2015-07-02' });
    const { rows, row, keys } = await register();
    expect(await row('own')).toMatchObject({
      kind: 'call-off',
      owner: 'p-1',
      milestonesReached: 1,
      milestonesMissed: 1,
      nextMilestone: { milestone: 'next', forecast: '2016-05' },
      findings: [],
    });
    expect(await row('call')).toMatchObject({ findings: [{ code: 'called-off-after-end' }], framework: { contract: 'frame' } });
    expect(await row('own')).not.toHaveProperty('calledOff');
    const found: readonly [Record<string, string>, string][] = [
      [{ kind: 'framework' }, 'frame'],
      [{ kind: 'call-off' }, 'call own'],
      [{ framework: 'frame' }, 'call'],
      [{ framework: 'RM3804' }, 'own'],
      [{ finding: 'called-off-after-end' }, 'call'],
      [{ owner: 'p-1' }, 'own'],
      [{ department: 'Digital' }, 'own'],
      [{ role: 'outside' }, ''],
      [{ vat: 'unknown' }, 'call frame own'],
      [{ milestoneFrom: '2016-05-31' }, 'own'],
      [{ milestoneUntil: '2016-04-30' }, ''],
      [{ frameworkLot: 'two' }, 'own'],
      [{ frameworkLot: 'one' }, ''],
      [{ framework: 'RM3804', frameworkLot: 'two' }, 'own'],
    ];
    for (const [filters, ids] of found) expect([filters, (await keys(filters)).join(' ')]).toEqual([filters, ids]);
    const { sorts } = rows.projector.projection('contract-register');
    const by = async (id: string) => Object.fromEntries(await Promise.all(['kind', 'framework', 'owner', 'department', 'milestone', 'findings'].map(async (sort) => [sort, sorts![sort]!(await row(id))]))); // prettier-ignore
    expect(await by('own')).toEqual({
      kind: 'call-off',
      framework: 'RM3804',
      owner: 'p-1',
      department: 'digital',
      milestone: '2016-05-01',
      findings: 0n,
    });
    expect(await by('call')).toMatchObject({ framework: 'frame', owner: null, milestone: null, findings: 1n });
    const { columns, records } = rows.projector.projection('contract-register').formats!['csv'] as any;
    const own = records(await row('own'))[0];
    const cells = Object.fromEntries(columns.map(([name, cell]: any) => [name, cell(own)]));
    expect(cells).toMatchObject({ kind: 'call-off', framework: 'RM3804', frameworkLot: 'two', owner: 'p-1', department: 'Digital', milestones: 4, milestonesReached: 1, milestonesMissed: 1, nextMilestone: 'next', nextMilestoneEarliest: '2016-05-01', nextMilestoneLatest: '2016-05-31', findings: '' }); // prettier-ignore
    const call = records(await row('call'))[0];
    expect(columns.find(([name]: any) => name === 'findings')[1](call)).toBe('called-off-after-end');
  });
});
