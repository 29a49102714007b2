import { describe, expect, it } from '@jest/globals';
import { admitSupplier } from '../../src/domain/contract/commands/admit-supplier.js';
import { assignOwner } from '../../src/domain/contract/commands/assign-owner.js';
import { awardContract } from '../../src/domain/contract/commands/award-contract.js';
import { novateContract } from '../../src/domain/contract/commands/novate-contract.js';
import { planContract } from '../../src/domain/contract/commands/plan-contract.js';
import { recordContract } from '../../src/domain/contract/commands/record-contract.js';
import { removeSupplier } from '../../src/domain/contract/commands/remove-supplier.js';
import { terminateContract } from '../../src/domain/contract/commands/terminate-contract.js';
import { none } from '../../src/domain/contract/state.js';
import { hasRoom, idsOf, suppliersChangeOn, suppliersOf } from '../../src/domain/contract/suppliers.js';
import { contract, suppliersOn } from '../../src/domain/contract/index.js';
import { aggregates } from '../../src/domain/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { replayLine, Versions } from '../../src/engine/audit/replays.js';
import { openClaims, type RecordedEvent } from '../../src/kernel/index.js';
import { appendAll } from '../engine/rows-after.js';
import { memoryStore } from '../fakes/memory-store.js';
import { context, specification, stream, theFact, type GivenEvent } from '../given.js';
import { recordWorld, World } from '../random-history.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const others = [
  stream(programme, 'met', context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2010')),
  ...['csc', 'atos', 'eviden'].map((id) => stream(supplier, id, context('SupplierRegistered', { title: id, form: 'company' }, '2010'))),
  stream(contract, 'desks', context('ContractAwarded', { programme: 'met', title: 'Desks', kind: 'framework', suppliers: [{ supplier: 'csc' }], value: gbp('9') }, '2015')), // prettier-ignore
];
const given = specification(contract, { others });
const award = (more: object = {}) => ({ programme: 'met', title: 'C', suppliers: [{ supplier: 'csc' }], value: gbp('100'), ...more });
const record = (more: object = {}) => ({ ...award(), stage: 'live', role: 'outside', ...more });
const plan = (more: object = {}) => ({ programme: 'met', title: 'C', ...more });
const lots = [{ lot: 'north', title: 'North' }, { lot: 'south', title: 'South', value: gbp('40') }]; // prettier-ignore
const live = (more: object = {}): readonly GivenEvent[] => [context('ContractRecorded', record(more), '2016-01-01')];
const both = { suppliers: [{ supplier: 'csc' }, { supplier: 'atos' }] };
const on = (effectiveOn: string) => ({ effectiveOn });

describe('who supplies a contract', () => {
  it('is one, or several with shares, with lots, or jointly', async () => {
    for (const suppliers of [
      [{ supplier: 'csc', role: 'sole' }],
      [
        { supplier: 'csc', share: '59.9999' },
        { supplier: 'atos', share: '40.0001', role: 'lead' },
      ],
      [
        { supplier: 'csc', lot: 'north', share: 100 },
        { supplier: 'csc', lot: 'south' },
        { supplier: 'atos', lot: 'south', share: 100 },
      ],
      [
        { supplier: 'csc', role: 'joint' },
        { supplier: 'atos', role: 'joint' },
      ],
    ])
      await given().when(awardContract, award({ suppliers, lots })).leaves({ suppliers, lots });
  });

  it('is not there twice', async () => {
    await given()
      .when(awardContract, award({ suppliers: [{ supplier: 'csc' }, { supplier: 'csc', share: 10 }] }))
      .rejects('contract/duplicate-supplier', { pointer: '/suppliers', detail: 'csc is there already.' });
    await given()
      .when(recordContract, record({ suppliers: [{ supplier: 'csc' }, { supplier: 'csc', share: 10 }] }))
      .rejects('contract/duplicate-supplier', { pointer: '/suppliers', detail: 'csc is there already.' });
  });
  it('is not there twice in a lot', async () => {
    await given()
      .when(
        awardContract,
        award({
          lots,
          suppliers: [
            { supplier: 'csc', lot: 'north' },
            { supplier: 'csc', lot: 'north' },
          ],
        }),
      )
      .rejects('contract/duplicate-supplier', { pointer: '/suppliers', detail: 'in the lot north' });
    await given()
      .when(
        recordContract,
        record({
          lots,
          suppliers: [
            { supplier: 'csc', lot: 'north' },
            { supplier: 'csc', lot: 'north' },
          ],
        }),
      )
      .rejects('contract/duplicate-supplier', { pointer: '/suppliers', detail: 'in the lot north' });
  });
  it('has nobody beside it where it is the sole one', async () => {
    await given()
      .when(awardContract, award({ suppliers: [{ supplier: 'csc' }, { supplier: 'atos', role: 'sole' }] }))
      .rejects('contract/not-sole', { pointer: '/suppliers', detail: 'atos is the sole supplier.' });
    await given()
      .when(recordContract, record({ suppliers: [{ supplier: 'csc' }, { supplier: 'atos', role: 'sole' }] }))
      .rejects('contract/not-sole', { pointer: '/suppliers', detail: 'atos is the sole supplier.' });
    await given(...live({ suppliers: [{ supplier: 'csc', role: 'sole' }] }))
      .when(admitSupplier, { supplier: 'atos' })
      .rejects('contract/not-sole', { detail: 'csc is the sole supplier.' });
    await given(...live())
      .when(admitSupplier, { supplier: 'atos', role: 'sole' })
      .rejects('contract/not-sole', { detail: 'atos is the sole supplier.' });
  });
  it('has at most the whole, in each lot', async () => {
    await given()
      .when(
        awardContract,
        award({
          suppliers: [
            { supplier: 'csc', share: 60 },
            { supplier: 'atos', share: '40.0001' },
          ],
        }),
      )
      .rejects('contract/shares-above-whole', { pointer: '/suppliers', detail: 'come to 100.0001 per cent.' });
    await given()
      .when(
        recordContract,
        record({
          suppliers: [
            { supplier: 'csc', share: 60 },
            { supplier: 'atos', share: '40.0001' },
          ],
        }),
      )
      .rejects('contract/shares-above-whole', { pointer: '/suppliers', detail: 'come to 100.0001 per cent.' });
  });
  it('is each of them once, whatever lots it has, and those who left no more', () => {
    const suppliers = [{ supplier: 'csc', lot: 'north' }, { supplier: 'atos', leftOn: '2020-04-01' }, { supplier: 'csc', lot: 'south' }]; // prettier-ignore
    expect([idsOf(suppliers), idsOf([]), idsOf(suppliersOf({ suppliers }))]).toEqual([['csc', 'atos'], [], ['csc']]);
    expect(suppliersOf({ suppliers })).toEqual([suppliers[0], suppliers[2]]);
  });
  it('shares each lot, and the contract as a whole, by itself', async () => {
    const shares = (north: number, south: number, whole: number) =>
      given().when(
        awardContract,
        award({
          lots,
          suppliers: [
            { supplier: 'csc', lot: 'north', share: north },
            { supplier: 'atos', lot: 'north', share: 30 },
            { supplier: 'csc', lot: 'south', share: south },
            { supplier: 'atos', lot: 'south', share: 50 },
            { supplier: 'eviden', share: whole },
            { supplier: 'atos' },
          ],
        }),
      );
    await shares(70, 50, 100).leaves({ suppliers: [{ share: 70 }, { share: 30 }, { share: 50 }, {}, { share: 100 }, {}] });
    await shares(71, 50, 100).rejects('contract/shares-above-whole', { detail: 'The shares in the lot north come to 101 per cent.' });
    await shares(70, 51, 100).rejects('contract/shares-above-whole', { detail: 'The shares in the lot south come to 101 per cent.' });
  });
  it('has at most 5,000 suppliers, with those that have left', () => {
    const { says, holds } = hasRoom['contract/full'];
    const withAsMany = (n: number) => ({ ...none, suppliers: Array.from({ length: n }, (_, i) => ({ supplier: `s-${i}`, leftOn: '2016' })) }); // prettier-ignore
    expect([holds(undefined, withAsMany(4999)), holds(undefined, withAsMany(5000))]).toEqual([true, false]);
    expect(says).toContain('at most 5,000 suppliers');
  });
  it('changes next on the first day, after the day that is asked for, on which somebody joins or leaves', () => {
    const one = { supplier: 'csc', joinedOn: '2016-04-01', leftOn: '2020' };
    const suppliers = [one, { supplier: 'atos', joinedOn: '2018' }, { supplier: 'eviden' }];
    const next = (day: string) => suppliersChangeOn({ suppliers }, day);
    expect(['2015-01-01', '2016-04-01', '2018-06-01', '2021-01-01'].map(next)).toEqual(['2016-04-01', '2018', '2020', undefined]);
    expect(suppliersChangeOn({ suppliers: [{ supplier: 'csc' }] }, '2015')).toBeUndefined();
  });
  it('has a lot that is there', async () => {
    await given()
      .when(awardContract, award({ lots, suppliers: [{ supplier: 'csc', lot: 'west' }] }))
      .rejects('contract/unknown-lot', { pointer: '/suppliers', detail: 'west is none of its lots: north, south.' });
    await given()
      .when(recordContract, record({ lots, suppliers: [{ supplier: 'csc', lot: 'west' }] }))
      .rejects('contract/unknown-lot', { pointer: '/suppliers', detail: 'west is none of its lots: north, south.' });
  });

  it('is registered', () =>
    given().when(awardContract, award({ suppliers: [{ supplier: 'csc' }, { supplier: 'nobody' }] })).rejects('ledger/unknown-reference', { pointer: '/suppliers/1/supplier' })); // prettier-ignore
});

describe('what a contract is', () => {
  it('is a contract, a framework, or a call-off of a framework here or elsewhere', async () => {
    await given().when(awardContract, award()).leaves({ kind: 'contract', lots: [] });
    await given()
      .when(awardContract, award({ kind: 'framework', lots }))
      .leaves({ kind: 'framework', lots });
    const framework = { contract: 'desks', lot: 'north' };
    await given().when(awardContract, award({ framework })).leaves({ kind: 'call-off', framework });
    await given().when(recordContract, record({ kind: 'call-off', framework: { reference: 'RM3804' } })).leaves({ framework: { reference: 'RM3804' } }); // prettier-ignore
    await given(context('ContractPlanned', plan({ framework }), '2015'))
      .when(awardContract, { suppliers: [{ supplier: 'csc' }], value: gbp('1') })
      .leaves({ kind: 'call-off', framework });
  });

  it('names one framework', async () => {
    await given()
      .when(planContract, plan({ framework: {} }))
      .rejects('contract/framework-or-reference', { pointer: '/framework' });
    await given()
      .when(awardContract, award({ framework: {} }))
      .rejects('contract/framework-or-reference', { pointer: '/framework' });
    await given()
      .when(recordContract, record({ framework: {} }))
      .rejects('contract/framework-or-reference', { pointer: '/framework' });
  });
  it('names it in one way', async () => {
    await given()
      .when(planContract, plan({ framework: { contract: 'desks', reference: 'RM3804' } }))
      .rejects('contract/framework-or-reference', { pointer: '/framework' });
    await given()
      .when(awardContract, award({ framework: { contract: 'desks', reference: 'RM3804' } }))
      .rejects('contract/framework-or-reference', { pointer: '/framework' });
    await given()
      .when(recordContract, record({ framework: { contract: 'desks', reference: 'RM3804' } }))
      .rejects('contract/framework-or-reference', { pointer: '/framework' });
  });
  it('names its framework where it is a call-off', async () => {
    await given()
      .when(planContract, plan({ kind: 'call-off' }))
      .rejects('contract/call-off-without-framework', { pointer: '/framework' });
    await given()
      .when(awardContract, award({ kind: 'call-off' }))
      .rejects('contract/call-off-without-framework', { pointer: '/framework' });
    await given()
      .when(recordContract, record({ kind: 'call-off' }))
      .rejects('contract/call-off-without-framework', { pointer: '/framework' });
  });
  it('is a call-off where it names its framework', async () => {
    const sent = { kind: 'framework', framework: { contract: 'desks' } };
    await given().when(planContract, plan(sent)).rejects('contract/not-a-call-off', { pointer: '/kind', detail: 'It is a framework.' });
    await given().when(awardContract, award(sent)).rejects('contract/not-a-call-off', { pointer: '/kind', detail: 'It is a framework.' });
    await given().when(recordContract, record(sent)).rejects('contract/not-a-call-off', { pointer: '/kind', detail: 'It is a framework.' });
  });
  it('stays of the kind that was planned', async () => {
    const planned = given(context('ContractPlanned', plan({ kind: 'framework', lots }), '2015'));
    const sent = { suppliers: [{ supplier: 'csc' }], value: gbp('1') };
    await planned.when(awardContract, { ...sent, kind: 'framework' }).leaves({ kind: 'framework', lots });
    await planned.when(awardContract, sent).leaves({ kind: 'framework', lots });
    await planned.when(awardContract, { ...sent, kind: 'contract' }).rejects('contract/another-kind', { detail: 'It was planned as a framework.' }); // prettier-ignore
  });
  it('has each lot once', async () => {
    const sent = { lots: [...lots, lots[1]] };
    await given()
      .when(planContract, plan(sent))
      .rejects('contract/duplicate-lot', { pointer: '/lots', detail: 'south stands there twice.' });
    await given()
      .when(awardContract, award(sent))
      .rejects('contract/duplicate-lot', { pointer: '/lots', detail: 'south stands there twice.' });
    await given()
      .when(recordContract, record(sent))
      .rejects('contract/duplicate-lot', { pointer: '/lots', detail: 'south stands there twice.' });
  });
  it('has lots that do not end before they start', async () => {
    const sent = {
      lots: [
        lots[0],
        { lot: 'a', title: 'A', term: { endsOn: '2016' } },
        { lot: 'b', title: 'B', term: { startsOn: '2017', endsOn: '2016' } },
      ],
    };
    await given()
      .when(planContract, plan(sent))
      .rejects('contract/lot-ends-before-start', { pointer: '/lots', detail: 'b would start on 2017 and end on 2016.' });
    await given()
      .when(awardContract, award(sent))
      .rejects('contract/lot-ends-before-start', { pointer: '/lots', detail: 'b would start on 2017 and end on 2016.' });
    await given()
      .when(recordContract, record(sent))
      .rejects('contract/lot-ends-before-start', { pointer: '/lots', detail: 'b would start on 2017 and end on 2016.' });
  });
  it('has one currency in all its lots', async () => {
    await given()
      .when(planContract, plan({ lots: [lots[1], { lot: 'a', title: 'A', value: { amount: '1', currency: 'EUR' } }] }))
      .rejects('contract/mixed-currencies', { pointer: '/lots' });
    await given()
      .when(awardContract, award({ lots: [lots[1], { lot: 'a', title: 'A', value: { amount: '1', currency: 'EUR' } }] }))
      .rejects('contract/mixed-currencies', { pointer: '/lots' });
    await given()
      .when(recordContract, record({ lots: [lots[1], { lot: 'a', title: 'A', value: { amount: '1', currency: 'EUR' } }] }))
      .rejects('contract/mixed-currencies', { pointer: '/lots' });
  });

  it('is neither its own framework, which has to be recorded, nor in its own place', async () => {
    const itself = specification(contract, { id: 'desks', others });
    const framework = { contract: 'desks' };
    await itself(context('ContractPlanned', plan(), '2014')).when(awardContract, { ...award(), framework }).rejects('contract/framework-of-itself', { pointer: '/framework/contract' }); // prettier-ignore
    await itself(context('ContractPlanned', plan(), '2014')).when(awardContract, { ...award(), replaces: 'desks' }).rejects('contract/replaces-itself', { pointer: '/replaces' }); // prettier-ignore
    await given().when(awardContract, award({ framework: { contract: 'nothing' } })).rejects('ledger/unknown-reference', { pointer: '/framework/contract' }); // prettier-ignore
  });

  it('stays of the kind that was planned', () =>
    given(context('ContractPlanned', plan({ kind: 'framework' }), '2015'))
      .when(awardContract, { suppliers: [{ supplier: 'csc' }], value: gbp('1'), kind: 'contract' })
      .rejects('contract/another-kind', { pointer: '/kind', detail: 'It was planned as a framework.' }));
});

describe('a supplier that joins', () => {
  it('is one from the day on which that takes effect', () =>
    given(...live())
      .when(admitSupplier, { supplier: 'atos', share: '10.5', takesEffectOn: '2020-04-01' }, on('2020-02-01'))
      .leaves((c) => {
        expect(suppliersOn(c, '2020-03-31')).toEqual([{ supplier: 'csc' }]);
        expect(suppliersOn(c, '2020-04-01')).toMatchObject([{ supplier: 'csc' }, { supplier: 'atos', share: '10.5' }]);
      }));

  it('is refused beside those who are there then', async () => {
    await given(...live())
      .when(admitSupplier, { supplier: 'csc' })
      .rejects('contract/duplicate-supplier', { pointer: '/supplier' });
    await given(...live({ suppliers: [{ supplier: 'csc', role: 'sole' }] })).when(admitSupplier, { supplier: 'atos' }).rejects('contract/not-sole', { pointer: '/role', detail: 'csc is the sole' }); // prettier-ignore
    await given(...live({ suppliers: [{ supplier: 'csc', share: 60 }] })).when(admitSupplier, { supplier: 'atos', share: 41, takesEffectOn: '2020-04-01' }).rejects('contract/shares-above-whole', { pointer: '/share', detail: 'come to 101 per cent on 2020-04-01.' }); // prettier-ignore
    await given(...live()).when(admitSupplier, { supplier: 'atos', lot: 'west' }).rejects('contract/unknown-lot', { pointer: '/lot', detail: 'it has none' }); // prettier-ignore
  });

  it('may take the share of one that leaves on that day', async () => {
    const leaving = context('SupplierRemoved', { supplier: 'csc', takesEffectOn: '2020-04-01' }, '2020-01-01');
    const shared = live({
      suppliers: [
        { supplier: 'csc', share: 60 },
        { supplier: 'atos', share: 40 },
      ],
    });
    const admitted = (takesEffectOn: string) => given(...shared, leaving).when(admitSupplier, { supplier: 'eviden', share: 60, takesEffectOn }); // prettier-ignore
    await admitted('2020-03-31').rejects('contract/shares-above-whole');
    await admitted('2020-04-01').leaves({});
  });

  it('is there together with one that joins on the same date, however the date is written', () =>
    given(...live({ suppliers: [{ supplier: 'csc', share: 40 }] }), context('SupplierAdmitted', { supplier: 'atos', share: 40 }, '2018-01'))
      .when(admitSupplier, { supplier: 'eviden', share: 40 }, on('[2018-01-01..2018-01-31]'))
      .rejects('contract/shares-above-whole'));

  it('may come back', () =>
    given(...live(both), context('SupplierRemoved', { supplier: 'csc' }, '2017'))
      .when(admitSupplier, { supplier: 'csc' }, on('2018'))
      .leaves({ suppliers: [{ supplier: 'csc', leftOn: '2017' }, { supplier: 'atos' }, { supplier: 'csc', joinedOn: '2018' }] }));

  it('in a backdated record is refused where a later one would then be too much', () =>
    given(...live({ suppliers: [{ supplier: 'csc', share: 60 }] }), context('SupplierAdmitted', { supplier: 'atos', share: 40 }, '2019'))
      .when(admitSupplier, { supplier: 'eviden', share: 1 }, on('2018'))
      .rejects('ledger/breaks-later-event', { because: 'contract/shares-above-whole' }));
});

describe('a supplier that leaves', () => {
  it('is none any more from the day on which that takes effect', () =>
    given(...live(both))
      .when(removeSupplier, { supplier: 'csc', why: 'Insolvency', takesEffectOn: '2020-04-01' }, on('2020-02-01'))
      .leaves((c) => {
        expect(suppliersOn(c, '2020-03-31').map(({ supplier }) => supplier)).toEqual(['csc', 'atos']);
        expect(suppliersOn(c, '2020-04-01').map(({ supplier }) => supplier)).toEqual(['atos']);
      }));

  it('may leave one lot alone', () =>
    given(
      ...live({
        lots,
        suppliers: [
          { supplier: 'csc', lot: 'north' },
          { supplier: 'csc', lot: 'south' },
        ],
      }),
    )
      .when(removeSupplier, { supplier: 'csc', lot: 'north' }, on('2017'))
      .leaves({ suppliers: [{ lot: 'north', leftOn: '2017' }, { lot: 'south' }] }));

  it('is one of the contract, and not its last; of a framework it may be', async () => {
    await given(...live(both)).when(removeSupplier, { supplier: 'eviden' }).rejects('contract/not-its-supplier', { pointer: '/supplier', detail: 'eviden is none of its suppliers: csc, atos.' }); // prettier-ignore
    await given(...live(both)).when(removeSupplier, { supplier: 'csc', lot: 'north' }).rejects('contract/not-its-supplier', { detail: 'csc is none of its suppliers in the lot north: csc, atos.' }); // prettier-ignore
    await given(...live())
      .when(removeSupplier, { supplier: 'csc' })
      .rejects('contract/last-supplier', { pointer: '/supplier' });
    await given(...live({ kind: 'framework' }))
      .when(removeSupplier, { supplier: 'csc' })
      .leaves({ suppliers: [{ leftOn: '2026-03-02' }] });
  });

  it('may come back and leave again: it was none in between', () =>
    given(
      ...live(both),
      context('SupplierRemoved', { supplier: 'csc' }, '2017-01-01'),
      context('SupplierAdmitted', { supplier: 'csc' }, '2018-01-01'),
    )
      .when(removeSupplier, { supplier: 'csc' }, on('2019-01-01'))
      .leaves((c) => {
        expect(c.suppliers.filter(({ supplier }) => supplier === 'csc').map(({ joinedOn, leftOn }) => [joinedOn, leftOn])).toEqual([[undefined, '2017-01-01'], ['2018-01-01', '2019-01-01']]); // prettier-ignore
        for (const [day, ids] of [
          ['2016-12-31', ['csc', 'atos']],
          ['2017-01-01', ['atos']],
          ['2018-06-01', ['atos', 'csc']],
          ['2019-01-01', ['atos']],
        ] as const)
          // prettier-ignore
          expect([day, suppliersOn(c, day).map(({ supplier }) => supplier)]).toEqual([day, ids]);
      }));

  it('leaves a framework that has none: nobody else leaves it, and it ends with nobody', async () => {
    const left = given(...live({ kind: 'framework' }), context('SupplierRemoved', { supplier: 'csc' }, '2017'));
    await left.when(removeSupplier, { supplier: 'csc' }).rejects('contract/not-its-supplier', { detail: 'csc is none of its suppliers: it has none.' }); // prettier-ignore
    await left.when(terminateContract, { ground: 'Convenience', from: 'csc' }).rejects('contract/not-its-supplier', { detail: 'csc is none of its suppliers: it has none.' }); // prettier-ignore
    await left.when(terminateContract, { ground: 'Convenience' }).leaves({ stage: 'exiting' });
  });

  it('does not leave before it joins', () =>
    given(...live(), context('SupplierAdmitted', { supplier: 'atos', takesEffectOn: '2021-01-01' }, '2020'))
      .when(removeSupplier, { supplier: 'atos', takesEffectOn: '2020-12-31' }, on('2020-06-01'))
      .rejects('contract/leaves-before-joining', { pointer: '/takesEffectOn', detail: 'atos joins on 2021-01-01.' }));
});

describe('a novation of a contract with several suppliers', () => {
  it('names the one that it takes over from, and gives its share, lot and part', () =>
    given(
      ...live({
        lots,
        suppliers: [
          { supplier: 'csc', share: 60, lot: 'north', role: 'lead' },
          { supplier: 'atos', lot: 'south' },
        ],
      }),
    )
      .when(novateContract, { supplier: 'eviden', from: 'csc', takesEffectOn: '2020-04-01' }, on('2020-02-01'))
      .leaves({
        suppliers: [
          { supplier: 'csc', leftOn: '2020-04-01' },
          { supplier: 'atos' },
          { supplier: 'eviden', share: 60, lot: 'north', role: 'lead', joinedOn: '2020-04-01' },
        ],
        novations: [{ from: 'csc', to: 'eviden', on: '2020-04-01' }],
      }));

  it('is refused where it names none, another, or the one that takes over', async () => {
    const taken = (data: object) => given(...live(both)).when(novateContract, { supplier: 'eviden', ...data });
    await taken({}).rejects('contract/which-supplier', { pointer: '/from', detail: 'csc, atos' });
    await given(...live(both))
      .when(novateContract, { supplier: 'eviden' })
      .rejects('contract/which-supplier');
    await given(...live(both)).when(novateContract, { supplier: 'csc', from: 'eviden' }).rejects('contract/not-its-supplier', { pointer: '/from', detail: 'eviden is none of its suppliers: csc, atos.' }); // prettier-ignore
    await given(...live(both))
      .when(novateContract, { supplier: 'csc', from: 'csc' })
      .rejects('contract/same-supplier');
  });

  it('may be to one of the others, who then has both parts', () =>
    given(
      ...live({
        suppliers: [
          { supplier: 'csc', share: 60 },
          { supplier: 'atos', share: 40 },
        ],
      }),
    )
      .when(novateContract, { supplier: 'atos', from: 'csc' }, on('2017'))
      .leaves({ suppliers: [{ leftOn: '2017' }, { supplier: 'atos', share: 40 }, { supplier: 'atos', share: 60, joinedOn: '2017' }] }));

  it('does not take effect before the one that it takes over from has come', () =>
    given(...live(), context('ContractNovated', { supplier: 'atos', takesEffectOn: '2021-01-01' }, '2020'))
      .when(novateContract, { supplier: 'eviden', takesEffectOn: '2020-12-31' }, on('2020-06-01'))
      .rejects('contract/leaves-before-joining', { detail: 'atos joins on 2021-01-01.' }));
});

describe('a termination of a contract with several suppliers', () => {
  it('is with one of them: the contract goes on with the others', () =>
    given(...live(both))
      .when(terminateContract, { ground: 'Failure to deliver', from: 'csc', endsOn: '2020-03-31' }, on('2020-01-01'))
      .leaves({
        stage: 'live',
        suppliers: [{ supplier: 'csc', leftOn: '2020-04-01' }, { supplier: 'atos' }],
        terminations: [{ from: 'csc', partial: false, endsOn: '2020-03-31' }],
      }));

  it('with the last of them is of the whole contract', () =>
    given(...live(both), context('ContractTerminated', { ground: 'Failure to deliver', from: 'csc' }, '2019'))
      .when(terminateContract, { ground: 'Convenience' }, on('2020'))
      .leaves({ stage: 'exiting', suppliers: [{ supplier: 'csc', leftOn: '2019' }, { supplier: 'atos' }] }));

  it('that names the only one is of the whole contract, in however many lots it serves', async () => {
    const ends = { ground: 'Convenience', from: 'csc' };
    const whole = { stage: 'exiting', dates: { terminated: '2020' }, terminations: [{ ground: 'Convenience', partial: false }] };
    const named = ({ terminations }: { readonly terminations: readonly object[] }) =>
      expect(terminations).toEqual([expect.not.objectContaining({ from: expect.anything() })]);
    for (const alone of [
      {},
      {
        lots,
        suppliers: [
          { supplier: 'csc', lot: 'north' },
          { supplier: 'csc', lot: 'south' },
        ],
      },
    ]) {
      await given(...live(alone))
        .when(terminateContract, ends, on('2020'))
        .leaves(whole);
      await given(...live(alone))
        .when(terminateContract, ends, on('2020'))
        .leaves(named);
    }
  });

  it('of a part of the services keeps the supplier', () =>
    given(...live(both)).when(terminateContract, { ground: 'Convenience', from: 'csc', partial: true }).leaves({ stage: 'live', suppliers: both.suppliers })); // prettier-ignore

  it('is refused where it names none or another', async () => {
    await given(...live(both))
      .when(terminateContract, { ground: 'Convenience' })
      .rejects('contract/which-supplier', { pointer: '/from' });
    await given(...live(both)).when(terminateContract, { ground: 'Convenience', from: 'eviden' }).rejects('contract/not-its-supplier'); // prettier-ignore
  });
});

describe('the first shape of an award, with one supplier', () => {
  it('is read as a list of one', () => {
    const { suppliers: _, ...data } = award();
    const first = { ...context('ContractAwarded', { ...data, supplier: 'csc' }, '2016-01-01'), schemaVersion: 1 };
    return given(first)
      .when(admitSupplier, { supplier: 'atos' })
      .leaves({ suppliers: [{ supplier: 'csc' }, { supplier: 'atos' }] });
  });

  it('is corrected and claimed by the place that the supplier had in it', () => {
    const { suppliers: _, ...data } = award();
    const first = { ...context('ContractAwarded', { ...data, supplier: 'csc' }, '2016-01-01'), schemaVersion: 1 };
    const corrected = context('FactCorrected', { event: theFact(1), changes: [{ pointer: '/supplier', value: 'atos' }], because: 'error' });
    const claimed = context('FactAnnotated', { event: theFact(1), note: 'The press', claim: { pointer: '/supplier', value: 'eviden' } });
    return given(first, corrected, claimed)
      .when(assignOwner, { department: 'IT' })
      .leaves((c, { entries: [entry] }) => {
        expect(c.suppliers).toEqual([{ supplier: 'atos' }]);
        expect(entry!.data).not.toHaveProperty('supplier');
        expect(entry!.corrections).toMatchObject([{ pointer: '/suppliers/0/supplier', was: 'csc', value: 'atos' }]);
        expect(openClaims(entry!)).toMatchObject([{ claim: { pointer: '/suppliers/0/supplier', value: 'eviden' } }]);
      });
  });

  it('is decided again as it was: a replay says the same', async () => {
    const world = new World('2016-01-04');
    await recordWorld(world);
    await world.record('contract-c', 'AwardContract', { programme: 'met', title: 'C', suppliers: [{ supplier: 'csc' }], value: { unknown: true } }); // prettier-ignore
    const events = (await world.events()).map((event): RecordedEvent => {
      if (event.type !== 'ContractAwarded') return event;
      const { suppliers: _, ...data } = event.data;
      const { body: __, ...command } = event.metadata.command;
      return { ...event, data: { ...data, supplier: 'csc' }, metadata: { ...event.metadata, schemaVersion: 1, command } };
    });
    const store = memoryStore();
    await appendAll(store, events);
    const line = await replayLine(new Versions(store, aggregates), awardContract, events.filter(({ type }) => type === 'ContractAwarded')); // prettier-ignore
    expect(line).toMatchObject({ command: 'AwardContract', outcome: 'same' });
  });
});
