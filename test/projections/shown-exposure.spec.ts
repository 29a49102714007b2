import { beforeEach, describe, expect, it } from '@jest/globals';
import { recordWorld, World } from '../random-history.js';
import { inMemory } from './in-memory.js';

const gbp = (amount: string, more: object = {}) => ({ amount, currency: 'GBP', ...more });
const award = { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: gbp('95000000') };
const loss = { programme: 'met', title: 'Paid for nothing', bearer: 'authority', category: 'other', gross: gbp('65000000'), supplier: 'csc' }; // prettier-ignore
const source = { title: 'A report' };

let world: World;
beforeEach(async () => {
  world = new World('2016-01-04');
  await recordWorld(world);
  await world.record('contract-hosting', 'AwardContract', award);
});
const met = (command: string, data: object) => world.record('programme-met', command, data);
const exposure = () => inMemory('exposure', world);

describe('the exposure to a supplier', () => {
  it('is who it is, and what is promised to it', async () => {
    await world.record('supplier-sscl', 'RegisterSupplier', { title: 'SSCL', form: 'joint-venture', members: ['csc'] });
    await world.record('contract-euc', 'AwardContract', { ...award, title: undefined, value: gbp('5000000') } as object);
    await world.record('contract-next', 'PlanContract', { programme: 'met', title: 'Planned' });
    const rows = await exposure();
    expect(rows.row('supplier:csc')).toMatchObject({
      kind: 'supplier',
      supplier: 'csc',
      title: 'CSC',
      form: 'company',
      members: [],
      ceiling: { text: '£100m' },
      contracts: [
        { contract: 'euc', title: 'euc', stage: 'awarded', role: 'tower', ceiling: gbp('5000000') },
        { contract: 'hosting', title: 'Hosting', stage: 'awarded', role: 'tower', ceiling: gbp('95000000') },
      ],
      counts: { contracts: 2, losses: 0, warnings: 0, risks: 0 },
    });
    expect(rows.row('supplier:sscl')).toMatchObject({
      form: 'joint-venture',
      members: [{ supplier: 'csc', title: 'CSC' }],
      ceiling: { text: 'nothing' },
      contracts: [],
    });
    expect([rows.row('supplier:nobody'), rows.row('loss:x'), rows.row('programme:nhs')]).toEqual([undefined, undefined, undefined]);
  });

  it('has contracts that have ended behind those in force, and follows a novation', async () => {
    for (const id of ['contract-old', 'contract-new']) await world.record(id, 'AwardContract', award);
    await world.record('contract-new', 'CancelContract', { why: 'No money' });
    await world.record('contract-old', 'SignContract', {});
    await world.record('contract-old', 'TerminateContract', { ground: 'Expiry' });
    await world.record('contract-old', 'CloseContract', { finalValue: gbp('1'), endedOn: '2016-01-04' });
    await world.record('contract-moved', 'AwardContract', award);
    await world.record('contract-moved', 'SignContract', {});
    await world.record('contract-moved', 'NovateContract', { supplier: 'atos' });
    await world.record('contract-last', 'AwardContract', award);
    const rows = await exposure();
    const of = (key: string) => rows.list(key, 'contracts').map(({ contract }) => contract);
    expect([of('supplier:csc'), of('supplier:atos')]).toEqual([['last', 'hosting', 'old'], ['moved']]); // prettier-ignore
    expect(rows.row('supplier:csc').ceiling.text).toBe('£285m');
  });

  it('is what was lost, by who bears it, what was warned of and what may happen', async () => {
    await world.record('loss-a', 'RaiseLoss', loss);
    await world.record('loss-b', 'RaiseLoss', { ...loss, bearer: 'supplier', gross: gbp('3') });
    await world.record('loss-c', 'RaiseLoss', { ...loss, gross: gbp('7'), elsewhere: { authority: 'NHS' } });
    await world.record('loss-d', 'RaiseLoss', { ...loss, supplier: undefined, gross: gbp('11') } as object);
    await met('AddWarning', { warning: 'w', summary: 'Late before', by: 'Press', source, about: { supplier: 'csc' } });
    await met('AddWarning', { warning: 'v', summary: 'Dear', by: 'Press', source });
    await met('RaiseRisk', { risk: 'r', summary: 'May be late', source, about: { supplier: 'csc' } });
    await met('RaiseRisk', { risk: 's', summary: 'May fail', source, about: { tower: 'euc' } });
    const rows = await exposure();
    const csc = rows.row('supplier:csc');
    const gross = ({ losses }: any) => [losses.authority, losses.supplier, losses.elsewhere].map((by) => by.gross.text);
    expect(gross(csc)).toEqual(['£65m', '£3', '£7']);
    expect(csc.lossList.map(({ loss }: { loss: string }) => loss)).toEqual(['c', 'b', 'a']);
    expect([csc.warnings, csc.risks]).toMatchObject([[{ warning: 'w' }], [{ risk: 'r' }]]);
    expect(csc.counts).toEqual({ contracts: 1, losses: 3, warnings: 1, risks: 1, aliases: 0, formerNames: 0 });
    const programme = rows.row('programme:met');
    expect(programme).toMatchObject({ kind: 'programme', programme: 'met', title: 'Total Technology' });
    expect(gross(programme)).toEqual(['£65,000,011', '£3', '£7']);
    expect([programme.warnings, programme.risks]).toMatchObject([
      [{ warning: 'v' }, { warning: 'w' }],
      [{ risk: 's' }, { risk: 'r' }],
    ]);
    expect(programme.counts).toEqual({ losses: 4, warnings: 2, risks: 2 });
    for (const name of ['losses', 'warnings', 'risks']) expect(rows.list('programme:met', name)).toHaveLength(name === 'losses' ? 4 : 2);
    for (const name of ['losses', 'warnings', 'risks']) expect(rows.list('supplier:csc', name)).toHaveLength(name === 'losses' ? 3 : 1);
    expect(rows.row('supplier:atos').counts).toEqual({ contracts: 0, losses: 0, warnings: 0, risks: 0, aliases: 0, formerNames: 0 });
  });
});

describe('a loss in the exposure', () => {
  it('has a row of its own with what it is made of, and the record behind it', async () => {
    const items = ['Licences', 'Hardware', 'Licences'].map((title, i) => ({ item: `item-${i}`, title, amount: gbp('10') })); // prettier-ignore
    await world.record('loss-a', 'RaiseLoss', { ...loss, gross: gbp('30'), items });
    const rows = await exposure();
    expect(rows.row('loss:a')).toMatchObject({ kind: 'loss', loss: 'a', bearer: 'authority', counts: { items: 3 } });
    expect(rows.row('loss:a').trail.lastDecision.command).toBe('RaiseLoss');
    expect(rows.list('loss:a', 'items').map(({ title }) => title)).toEqual(['Licences', 'Hardware', 'Licences']);
  });

  it('is found by kind, programme, supplier and bearer, as suppliers and programmes are', async () => {
    await world.record('loss-a', 'RaiseLoss', loss);
    await world.record('loss-b', 'RaiseLoss', { ...loss, bearer: 'supplier', supplier: 'atos' });
    const rows = await exposure();
    expect(rows.keys()).toEqual(['loss:a', 'loss:b', 'programme:met', 'supplier:atos', 'supplier:csc']);
    expect(rows.keys({ kind: 'loss' })).toEqual(['loss:a', 'loss:b']);
    expect(rows.keys({ kind: 'supplier' })).toEqual(['supplier:atos', 'supplier:csc']);
    expect(rows.keys({ supplier: 'csc' })).toEqual(['loss:a', 'supplier:csc']);
    expect(rows.keys({ programme: 'met' })).toEqual(['loss:a', 'loss:b', 'programme:met']);
    expect(rows.keys({ bearer: 'supplier' })).toEqual(['loss:b']);
  });
});

describe('what is withdrawn', () => {
  it('is in no row and no total any more', async () => {
    await world.record('loss-a', 'RaiseLoss', loss);
    for (const stream of ['loss-a', 'contract-hosting', 'supplier-atos', 'programme-met'])
      await world.record(stream, 'WithdrawFact', { event: (await world.history(stream)).first!.recorded.id });
    const rows = await exposure();
    expect(rows.keys()).toEqual(['supplier:csc']);
    expect(rows.row('supplier:csc')).toMatchObject({ ceiling: { text: 'nothing' }, lossList: [], counts: { contracts: 0, losses: 0 } });
    const money = await inMemory('money', world);
    expect([money.keys(), Object.keys(money.measures('programme:met#authority'))]).toEqual([[], []]);
  });
});

describe('a contribution to the exposure', () => {
  it('links to the programme, and to the supplier where it names one', async () => {
    await world.record('loss-a', 'RaiseLoss', { ...loss, supplier: undefined } as object);
    await met('RaiseRisk', { risk: 'r', summary: 'May be late', source });
    await met('RaiseRisk', { risk: 's', summary: 'May fail', source, about: { supplier: 'csc' } });
    const rows = await exposure();
    const sources = Object.fromEntries(rows.projection.from.map((one) => [one.kind, one as any]));
    const linksOf = async (kind: string, stream: string, id: string) =>
      sources[kind].place(id, (await world.history(stream)).state).map(({ links }: any) => links);
    expect(await linksOf('loss', 'loss-a', 'a')).toEqual([['programme:met']]);
    expect(await linksOf('risk', 'programme-met', 'met')).toEqual([['programme:met'], ['programme:met', 'supplier:csc']]);
    expect(await linksOf('contract', 'contract-hosting', 'hosting')).toEqual([['supplier:csc']]);
    expect(await linksOf('contract', 'contract-none', 'none')).toEqual([]);
    await world.record('supplier-sscl', 'RegisterSupplier', { title: 'SSCL', form: 'joint-venture', members: ['csc'] });
    expect(await linksOf('supplier', 'supplier-sscl', 'sscl')).toEqual([['supplier:csc']]);
    expect(await linksOf('loss', 'loss-none', 'none')).toEqual([]);
  });
});

describe('what names only a contract', () => {
  const { supplier: _, ...ofNobody } = loss;

  it('stands and counts with the supplier of that contract, and on its entry; what names both counts once', async () => {
    await world.record('contract-euc', 'AwardContract', { ...award, towers: ['euc'], value: gbp('5000000') });
    await world.record('loss-a', 'RaiseLoss', { ...ofNobody, contract: 'hosting', gross: gbp('7') });
    await world.record('loss-b', 'RaiseLoss', { ...loss, contract: 'hosting', gross: gbp('11') });
    await met('RaiseRisk', { risk: 'r', summary: 'May be late', source, about: { contract: 'euc' } });
    await met('AddWarning', { warning: 'w', summary: 'Dear', by: 'Press', source, about: { contract: 'hosting' } });
    const rows = await exposure();
    const csc = rows.row('supplier:csc');
    expect(csc.losses.authority).toMatchObject({ losses: 2, gross: { text: '£18' } });
    expect(csc.counts).toEqual({ contracts: 2, losses: 2, warnings: 1, risks: 1, aliases: 0, formerNames: 0 });
    const [euc, hosting] = csc.contracts;
    expect([euc.risks, euc.losses, euc.warnings]).toMatchObject([[{ risk: 'r' }], [], []]);
    expect(hosting.losses.map(({ loss }: { loss: string }) => loss)).toEqual(['b', 'a']);
    expect([hosting.warnings, hosting.risks]).toMatchObject([[{ warning: 'w' }], []]);
    const sources = Object.fromEntries(rows.projection.from.map((one) => [one.kind, one as any]));
    const linksOf = async (id: string) => sources['loss'].place(id, (await world.history(`loss-${id}`)).state)[0].links;
    expect(await linksOf('a')).toEqual(['programme:met', 'contract:hosting', '^|contract:hosting']);
    expect(await linksOf('b')).toEqual(['programme:met', 'supplier:csc', 'contract:hosting']);
  });

  it('counts and stands in the lists of the supplier alike, whichever of its many contracts it names', async () => {
    await world.record('loss-a', 'RaiseLoss', { ...ofNobody, contract: 'hosting', gross: gbp('7') });
    await met('AddWarning', { warning: 'w', summary: 'Dear', by: 'Press', source, about: { contract: 'hosting' } });
    await met('RaiseRisk', { risk: 'r', summary: 'May be late', source, about: { contract: 'hosting' } });
    for (let i = 1; i <= 21; i++) await world.record(`contract-more-${i}`, 'AwardContract', { ...award, value: gbp('1') });
    await world.record('loss-b', 'RaiseLoss', { ...ofNobody, contract: 'more-21', gross: gbp('11') });
    await world.record('loss-c', 'RaiseLoss', { ...loss, contract: 'hosting', gross: gbp('13') });
    const rows = await exposure();
    const csc = rows.row('supplier:csc');
    expect(csc.losses.authority).toMatchObject({ losses: 3, gross: { text: '£31' } });
    expect(csc.counts).toMatchObject({ contracts: 22, losses: 3, warnings: 1, risks: 1 });
    expect(csc.lossList.map(({ loss }: { loss: string }) => loss)).toEqual(['c', 'b', 'a']);
    expect([csc.warnings, csc.risks]).toMatchObject([[{ warning: 'w' }], [{ risk: 'r' }]]);
    for (const [name, n] of [
      ['losses', 3],
      ['warnings', 1],
      ['risks', 1],
    ] as const)
      expect(rows.list('supplier:csc', name)).toHaveLength(n);
  });

  it('is a finding where the loss names another supplier than its contract', async () => {
    await world.record('loss-a', 'RaiseLoss', { ...loss, supplier: 'atos', contract: 'hosting' });
    await world.record('loss-b', 'RaiseLoss', { ...loss, contract: 'hosting' });
    await world.record('loss-c', 'RaiseLoss', { ...ofNobody, contract: 'hosting' });
    const rows = await exposure();
    expect(rows.row('loss:a').findings).toEqual(['The contract hosting is with csc, not with atos.']);
    expect([rows.row('loss:b').findings, rows.row('loss:c').findings]).toEqual([[], []]);
  });
});

describe('a contract with several suppliers', () => {
  const lots = [{ lot: 'north', title: 'North', value: gbp('100') }, { lot: 'south', title: 'South', value: gbp('400') }]; // prettier-ignore
  const suppliers = [
    { supplier: 'csc', lot: 'north' },
    { supplier: 'csc', lot: 'south' },
    { supplier: 'atos', lot: 'south' },
  ];
  beforeEach(() => world.record('contract-desks', 'AwardContract', { ...award, towers: ['euc'], value: gbp('500'), lots, suppliers }));

  it('is one contract of each, with all its lots: what a supplier has alone, and apart from it what it has with others', async () => {
    const rows = await exposure();
    const [csc, atos] = ['csc', 'atos'].map((id) => rows.row(`supplier:${id}`));
    expect(csc).toMatchObject({ ceiling: { text: '£95,000,100' }, jointly: { text: '£400', contracts: 1 }, counts: { contracts: 2 } });
    expect(atos).toMatchObject({ ceiling: { text: 'nothing' }, jointly: { text: '£400', contracts: 1 }, counts: { contracts: 1 } });
  });

  it('fits a loss of any of them, and names all of them where it does not', async () => {
    await world.record('supplier-sopra', 'RegisterSupplier', { title: 'Sopra', form: 'company' });
    for (const supplier of ['atos', 'sopra']) await world.record(`loss-${supplier}`, 'RaiseLoss', { ...loss, supplier, contract: 'desks' });
    const rows = await exposure();
    expect(rows.row('loss:atos').findings).toEqual([]);
    expect(rows.row('loss:sopra').findings).toEqual(['The contract desks is with csc, atos, not with sopra.']);
  });
});

describe('a write-off of a day before any table of authority', () => {
  it('is a finding where it was recorded after the first table was adopted, whatever else was adopted before', async () => {
    const policy = { policy: 's', title: 'Scheme', version: '1', inForceFrom: '2015' };
    const writeOff = async (id: string) => {
      await world.record(`loss-${id}`, 'RaiseLoss', { ...loss, gross: gbp('7') }, { effectiveOn: '2014-05-01' });
      await world.record(`loss-${id}`, 'WriteOff', { amount: gbp('7') }, { effectiveOn: '2014-06-01' });
    };
    await met('AdoptPolicy', { ...policy, policy: 'accounts', discloseAbove: gbp('300000') });
    await writeOff('before');
    world.wait(1);
    await met('AdoptPolicy', { ...policy, writeOffs: [{ approver: 'Director' }] });
    await writeOff('after');
    world.wait(1);
    await met('AdoptPolicy', { ...policy, version: '2', writeOffs: [{ approver: 'Mayor' }] });
    const rows = await exposure();
    expect(rows.row('loss:before').findings).toEqual([]);
    expect(rows.row('loss:after').findings).toEqual([
      'The write-off of 2014-06-01 was recorded on 2016-01-05, of a day on which no adopted table was in force: its authority was not assessed.',
    ]);
  });
});

it('a write-off of a day before any table was recorded on the day that it was in the time zone of the ledger', async () => {
  const scheme = { policy: 's', title: 'Scheme', version: '1', inForceFrom: '2015', writeOffs: [{ approver: 'Director' }] };
  await met('AdoptPolicy', scheme);
  await world.record('loss-late', 'RaiseLoss', { ...loss, gross: gbp('7') }, { effectiveOn: '2014-05-01' });
  world.wait(150.6); // 2 June, 23:24 by UTC
  await world.record('loss-late', 'WriteOff', { amount: gbp('7') }, { effectiveOn: '2014-06-01' });
  expect((await exposure()).row('loss:late').findings).toMatchObject([expect.stringContaining('recorded on 2016-06-03')]);
});

it('a write-off is a finding as of when the first table was recorded, whichever of the tables was adopted first', async () => {
  const policy = { policy: 's', title: 'Scheme', version: '1', inForceFrom: '2015', writeOffs: [{ approver: 'Director' }] };
  world.wait(1);
  await met('AdoptPolicy', policy);
  await world.record('loss-a', 'RaiseLoss', { ...loss, gross: gbp('7') }, { effectiveOn: '2014-05-01' });
  await world.record('loss-a', 'WriteOff', { amount: gbp('7') }, { effectiveOn: '2014-06-01' });
  world.wait(1);
  await world.record('programme-met', 'AdoptPolicy', { ...policy, version: '0' }, { effectiveOn: '2016-01-04' });
  expect((await exposure()).row('loss:a').findings).toHaveLength(1);
});

describe('the losses of one case', () => {
  it('have a row together, with their sums by who bears them', async () => {
    await world.record('loss-a', 'RaiseLoss', { ...loss, case: 'flood', gross: gbp('7') });
    await world.record('loss-b', 'RaiseLoss', { ...loss, case: 'flood', bearer: 'supplier', gross: gbp('11') });
    await world.record('loss-c', 'RaiseLoss', { ...loss, gross: gbp('13') });
    const rows = await exposure();
    const { kind, losses, lossList, counts } = rows.row('case:met/flood');
    expect([kind, losses.authority.gross.text, losses.supplier.gross.text, counts]).toEqual(['case', '£7', '£11', { losses: 2 }]);
    expect(lossList.map(({ loss }: { loss: string }) => loss)).toEqual(['b', 'a']);
    expect(rows.row('case:met/none')).toBeUndefined();
  });
});

describe('what a supplier is promised no more', () => {
  const running = { ...award, stage: 'live', role: 'tower', value: gbp('100') };
  const record = (id: string, more: object = {}) => world.record(`contract-${id}`, 'RecordContract', { ...running, ...more });
  const promisedTo = async (id: string) => {
    const { ceiling, jointly, replaced, counts } = (await exposure()).row(`supplier:${id}`);
    return [ceiling.text, jointly?.text ?? null, replaced, counts.contracts];
  };
  beforeEach(async () => {
    await world.record('contract-hosting', 'CancelContract', { why: 'No money' });
    await record('old');
  });

  it('is what another contract with it has taken the place of, once that runs: it stays in its list', async () => {
    await record('new', { stage: 'signed', replaces: 'old', value: gbp('300') });
    expect(await promisedTo('csc')).toEqual(['£400', null, 0, 2]);
    await world.record('contract-new', 'StartService', {});
    expect(await promisedTo('csc')).toEqual(['£300', null, 1, 2]);
  });

  it('stays where the replacement is with another supplier, or replaces what is with another one', async () => {
    await record('new', { replaces: 'old', suppliers: [{ supplier: 'atos' }], value: gbp('300') });
    expect([await promisedTo('csc'), await promisedTo('atos')]).toEqual([['£100', null, 0, 1], ['£300', null, 0, 1]]); // prettier-ignore
  });

  it('is what it had alone or with others, also of a contract that changed hands', async () => {
    await world.record('contract-old', 'AdmitSupplier', { supplier: 'atos', takesEffectOn: '2016-01-03' });
    expect([await promisedTo('csc'), await promisedTo('atos')]).toEqual([['nothing', '£100', 0, 1], ['nothing', '£100', 0, 1]]); // prettier-ignore
    await record('new', { replaces: 'old', value: gbp('300') });
    expect([await promisedTo('csc'), await promisedTo('atos')]).toEqual([['£300', null, 1, 2], ['nothing', '£100', 0, 1]]); // prettier-ignore
    await world.record('contract-old', 'RemoveSupplier', { supplier: 'csc', takesEffectOn: '2016-01-04' });
    expect([await promisedTo('csc'), await promisedTo('atos')]).toEqual([['£300', null, 0, 1], ['£100', null, 0, 1]]); // prettier-ignore
  });

  it('is what it has alone since another one left, where it was a supplier all along', async () => {
    await world.record('contract-old', 'AdmitSupplier', { supplier: 'atos' });
    await world.record('contract-old', 'RemoveSupplier', { supplier: 'atos', takesEffectOn: '2016-01-04' });
    await record('new', { replaces: 'old', value: gbp('300') });
    expect([await promisedTo('csc'), await promisedTo('atos')]).toEqual([['£300', null, 1, 2], ['nothing', null, 0, 0]]); // prettier-ignore
  });

  it('is nothing where what was replaced was a plan: nothing was promised by it', async () => {
    await world.record('contract-plan', 'PlanContract', { programme: 'met', title: 'Plan' });
    await record('new', { replaces: 'plan', value: gbp('300') });
    expect(await promisedTo('csc')).toEqual(['£400', null, 0, 2]);
  });

  it('names the others of a contract by their ids, and takes no id for a name', async () => {
    await record('joint', { suppliers: [{ supplier: 'csc' }, { supplier: 'atos' }] });
    await world.record('contract-joint', 'SignContract', {});
    await world.record('contract-joint', 'NovateContract', { from: 'atos', supplier: 'csc', takesEffectOn: '2030-01-01' });
    for (const row of [
      (await exposure()).row('supplier:csc').contracts.find(({ contract }: any) => contract === 'joint'),
      (await inMemory('money', world)).row('contract:joint'),
    ])
      for (const { suppliers, ...of } of [row, row.becomes]) {
        expect(suppliers[0]).toMatchObject({ supplier: 'csc', promised: gbp('100') });
        for (const one of [of, ...suppliers])
          expect(Object.keys(one).filter((field) => ['name', 'supplierName'].includes(field))).toEqual([]);
      }
  });

  it('can be opened: what it has alone, and what it has with others', async () => {
    await record('new', { replaces: 'old', value: gbp('300') });
    await record('joint', { suppliers: [{ supplier: 'csc' }, { supplier: 'atos' }] });
    const rows = await exposure();
    rows.row('supplier:csc');
    const by = (promise: string) => ({ key: 'supplier:csc', measures: ['ex', 'inc', 'unknown'].map((vat) => `${promise}.${vat}`), field: `/${promise}`, without: ['contract:old'] }); // prettier-ignore
    expect(rows.addedUp).toEqual([by('ceiling'), by('jointly')]);
  });
});

it('the row of a supplier says that it was suspended and merged, and names members by their id where they were withdrawn', async () => {
  await world.record('supplier-jv', 'RegisterSupplier', { title: 'JV', form: 'joint-venture', members: ['atos', 'csc'] });
  await world.record('supplier-jv', 'SuspendSupplier', { ground: 'Misconduct' });
  await world.record('supplier-atos', 'WithdrawFact', { event: (await world.history('supplier-atos')).first!.recorded.id });
  await world.record('supplier-csc', 'MergeSuppliers', { into: 'jv' });
  const rows = await exposure();
  expect(rows.row('supplier:jv')).toMatchObject({ suspended: { ground: 'Misconduct' }, merged: null, members: [{ supplier: 'atos', title: 'atos' }, { supplier: 'csc', title: 'CSC' }] }); // prettier-ignore
  expect(rows.row('supplier:csc')).toMatchObject({ suspended: null, merged: { into: 'jv' } });
});

it('what a supplier is promised is no sum of figures that differ in VAT: neither what it has alone, nor what it has with others', async () => {
  const promise = (id: string, value: object, vat: string, suppliers = ['csc']) =>
    world.record(`contract-${id}`, 'AwardContract', { ...award, value, vat, suppliers: suppliers.map((supplier) => ({ supplier })) });
  await promise('a', gbp('100'), 'ex');
  await promise('b', gbp('120'), 'inc');
  await promise('c', { undisclosed: true }, 'inc');
  for (const vat of ['ex', 'inc']) await promise(`joint-${vat}`, gbp('7'), vat, ['csc', 'atos']);
  const rows = await exposure();
  const { ceiling, jointly } = rows.row('supplier:csc');
  expect([ceiling.text, ceiling.vat]).toEqual(['£100 without VAT + at least £120, 1 undisclosed with VAT + £95m VAT not known', 'mixed']);
  expect(ceiling.amounts.map(({ amount, vat }: any) => [amount, vat])).toEqual([['100.00', 'ex'], ['120.00', 'inc'], ['95000000.00', 'unknown']]); // prettier-ignore
  expect(jointly).toMatchObject({ text: '£7 without VAT + £7 with VAT', vat: 'mixed', contracts: 2 });
  expect(rows.row('supplier:atos')).toMatchObject({
    ceiling: { text: 'nothing', vat: null },
    jointly: { text: '£7 without VAT + £7 with VAT' },
  });
});
