import { describe, it } from '@jest/globals';
import { awardContract } from '../../src/domain/contract/commands/award-contract.js';
import { contract } from '../../src/domain/contract/index.js';
import { correctFact } from '../../src/domain/ledger/commands/correct-fact.js';
import { markDuplicate } from '../../src/domain/ledger/commands/mark-duplicate.js';
import { raiseLoss } from '../../src/domain/loss/commands/raise-loss.js';
import { loss } from '../../src/domain/loss/index.js';
import { addWarning } from '../../src/domain/programme/commands/add-warning.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { tower } from '../../src/domain/tower/index.js';
import { planTransfer } from '../../src/domain/workforce/commands/plan-transfer.js';
import { recordBaseline } from '../../src/domain/workforce/commands/record-baseline.js';
import { workforce } from '../../src/domain/workforce/index.js';
import { context, specification, stream, theFact } from '../given.js';

const value = { amount: '5', currency: 'GBP' };
const others = [
  ...['met', 'nhs'].map((id) => stream(programme, id, context('ProgrammeChartered', { title: id, authority: id, baseCurrency: 'GBP' }))),
  ...['met', 'nhs'].map((id) => stream(tower, `${id}-hosting`, context('TowerPlanned', { programme: id, title: 'Hosting' }))),
  ...['met', 'nhs'].map((id) => stream(contract, `${id}-old`, context('ContractPlanned', { programme: id, title: 'Old' }))),
  stream(supplier, 'csc', context('SupplierRegistered', { title: 'CSC', form: 'company' })),
];
const given = specification(contract, { others });
const award = { programme: 'met', title: 'New', suppliers: [{ supplier: 'csc' }], value };
const loses = { programme: 'met', title: 'Paid twice', bearer: 'authority', category: 'overpayment', gross: value };

describe('a reference stays inside its programme', () => {
  it('a tower of another programme is refused, with its place', async () => {
    await given()
      .when(awardContract, { ...award, towers: ['met-hosting', 'nhs-hosting'] })
      .rejects('ledger/another-programme', {
        pointer: '/towers/1',
        detail: 'The tower nhs-hosting is of the programme nhs, this is of met.',
      });
    await given(context('ContractPlanned', { programme: 'nhs', title: 'New' }))
      .when(awardContract, { suppliers: [{ supplier: 'csc' }], value, towers: ['met-hosting'] })
      .rejects('ledger/another-programme', { pointer: '/towers/0' });
    await given().when(awardContract, { ...award, towers: ['met-hosting'] }).leaves({ towers: ['met-hosting'] }); // prettier-ignore
  });

  it('so is a contract of another programme, wherever it is named', async () => {
    const refused = { detail: 'contract nhs-old is of the programme nhs' };
    await given()
      .when(awardContract, { ...award, replaces: 'nhs-old' })
      .rejects('ledger/another-programme', { pointer: '/replaces', ...refused });
    await specification(loss, { others })()
      .when(raiseLoss, { ...loses, contract: 'nhs-old' })
      .rejects('ledger/another-programme', { pointer: '/contract', ...refused });
    await specification(programme, { id: 'met', others })(
      context('ProgrammeChartered', { title: 'M', authority: 'M', baseCurrency: 'GBP' }),
    )
      .when(addWarning, { warning: 'w', summary: 's', by: 'b', source: { title: 't' }, about: { contract: 'nhs-old' } })
      .rejects('ledger/another-programme', { pointer: '/about/contract', ...refused });
  });

  it('a plan of another programme cannot be under a contract of this one', () =>
    specification(workforce, { id: 'met', others })()
      .when(planTransfer, {
        programme: 'met',
        plan: 'p',
        from: { employer: 'authority', function: 'it', unit: 'people' },
        to: { employer: 'csc', function: 'it', unit: 'people' },
        inScope: { count: 5, unit: 'people' },
        contract: 'nhs-old',
      })
      .rejects('ledger/another-programme', { pointer: '/contract' }));

  it('also what a correction names, and what is kept of a duplicate', async () => {
    const awarded = context('ContractAwarded', { ...award, towers: ['met-hosting'] });
    await given(awarded)
      .when(correctFact, { event: theFact(1), changes: [{ pointer: '/towers/0', value: 'nhs-hosting' }], because: 'error' })
      .rejects('ledger/another-programme', { pointer: '/changes/0/value' });
    await given(awarded).when(markDuplicate, { of: 'nhs-old' }).rejects('ledger/another-programme', { pointer: '/of' });
    await given(awarded).when(markDuplicate, { of: 'met-old' }).leaves({ stage: 'none' });
  });

  it('a supplier belongs to no programme', () =>
    given()
      .when(awardContract, award)
      .leaves({ suppliers: [{ supplier: 'csc' }] }));
});

describe('an identifier of another system', () => {
  const ocid = { scheme: 'ocid', id: 'OCDS-1' };
  const holder = stream(contract, 'holder', context('ContractPlanned', { programme: 'met', title: 'Holder', references: [ocid] }));
  const beside = specification(contract, { others: [...others, holder] });
  const awarded = context('ContractAwarded', award);

  it('belongs to one contract, by its exact text', async () => {
    await beside()
      .when(awardContract, { ...award, references: [{ scheme: 'local', id: '1' }, ocid] })
      .rejects('ledger/reference-taken', { pointer: '/references/1', detail: 'belongs to contract-holder' });
    const other = { ...ocid, id: 'ocds-1' };
    await beside().when(awardContract, { ...award, references: [other, other] }).leaves({ references: [other] }); // prettier-ignore
  });

  it('may stay where a correction leaves it, beside one that it adds', async () => {
    const own = { scheme: 'ocid', id: 'OCDS-2' };
    const owner = specification(contract, { id: 'owner', others: [...others, stream(contract, 'owner-too', context('ContractPlanned', { programme: 'met', title: 'Too', references: [{ scheme: 'local', id: 'OCDS-2' }, { scheme: 'ocid', id: 'OCDS-3' }] }))] }); // prettier-ignore
    const holds = context('ContractPlanned', { programme: 'met', title: 'Own', references: [own] });
    const changes = (value: unknown) => ({ event: theFact(1), changes: [{ pointer: '/title', value: 'Other' }, { pointer: '/references', value }], because: 'error' }); // prettier-ignore
    await owner(holds)
      .when(correctFact, changes([own, { scheme: 'local', id: 'OCDS-3' }]))
      .leaves({ references: [own, { scheme: 'local' }] });
    for (const taken of [{ scheme: 'local', id: 'OCDS-2' }, { scheme: 'ocid', id: 'OCDS-3' }])
      await owner(holds)
        .when(correctFact, changes([own, taken]))
        .rejects('ledger/reference-taken', { pointer: '/changes/1/value', detail: `${taken.scheme} ${taken.id} belongs to contract-owner-too.` }); // prettier-ignore
  });

  it('also where a correction adds it', async () => {
    const add = { event: theFact(1), changes: [{ pointer: '/references', value: [ocid] }], because: 'error' };
    await beside(awarded).when(correctFact, add).rejects('ledger/reference-taken', { pointer: '/changes/0/value' });
    await given(awarded)
      .when(correctFact, add)
      .leaves({ references: [ocid] });
  });
});

describe('an employer is the authority or a registered supplier', () => {
  const baseline = (employer: string) => ({ programme: 'met', employer, function: 'it', headcount: { count: 5, unit: 'people' } });
  const counted = (employer: string) => specification(workforce, { id: 'met', others })().when(recordBaseline, baseline(employer));

  it('the authority needs no registration, a supplier does', async () => {
    await counted('authority').leaves({ pools: [{ employer: 'authority' }] });
    await counted('csc').leaves({ pools: [{ employer: 'csc' }] });
    await counted('cssc').rejects('ledger/unknown-reference', { pointer: '/employer', detail: 'No supplier cssc' });
  });

  it('on both sides of a transfer', () =>
    specification(workforce, { id: 'met', others })()
      .when(planTransfer, {
        programme: 'met',
        plan: 'p',
        from: { employer: 'authority', function: 'it', unit: 'people' },
        to: { employer: 'nobody', function: 'it', unit: 'people' },
        inScope: { count: 5, unit: 'people' },
      })
      .rejects('ledger/unknown-reference', { pointer: '/to/employer' }));
});
