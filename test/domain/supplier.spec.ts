import { describe, expect, it } from '@jest/globals';
import { addAlias } from '../../src/domain/supplier/commands/add-alias.js';
import { mergeSuppliers } from '../../src/domain/supplier/commands/merge-suppliers.js';
import { registerSupplier } from '../../src/domain/supplier/commands/register-supplier.js';
import { reinstateSupplier } from '../../src/domain/supplier/commands/reinstate-supplier.js';
import { renameSupplier } from '../../src/domain/supplier/commands/rename-supplier.js';
import { suspendSupplier } from '../../src/domain/supplier/commands/suspend-supplier.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { specification, stream, context, type GivenEvent } from '../given.js';

const given = specification(supplier, { id: 'sscl', others: [stream(supplier, 'sopra-steria', registered('Sopra Steria'))] });

describe('RegisterSupplier', () => {
  it('registers a company', () => given().when(registerSupplier, csc).then(context('SupplierRegistered', csc)));

  it('keeps its other names and its number in a public register', () =>
    given()
      .when(registerSupplier, { ...csc, aliases: ['CSC', 'CSC Computer Sciences'], registration: '00963578' })
      .leaves({ stage: 'registered', title: csc.title, aliases: ['CSC', 'CSC Computer Sciences'], registration: '00963578', members: [] }));

  it('says whether it is a small enterprise and a social one, or that it is not, only where that was sent', async () => {
    await given()
      .when(registerSupplier, { ...csc, sme: false, vcse: true })
      .leaves({ sme: false, vcse: true });
    await given().when(registerSupplier, csc).leaves((state) => expect([Object.keys(state).includes('sme'), Object.keys(state).includes('vcse')]).toEqual([false, false])); // prettier-ignore
  });

  it('knows the members of a joint venture, which are registered themselves', () =>
    given()
      .when(registerSupplier, jointVenture('sopra-steria'))
      .then(context('SupplierRegistered', jointVenture('sopra-steria'))));

  it('needs a member to be registered first', () =>
    given()
      .when(registerSupplier, jointVenture('sopra-steria', 'nobody'))
      .rejects('ledger/unknown-reference', { pointer: '/members/1', detail: 'No supplier nobody is recorded.' }));

  it('never registers a joint venture as a member of itself', () =>
    given().when(registerSupplier, jointVenture('sscl')).rejects('ledger/unknown-reference', { pointer: '/members/0' }));

  it('gives a company no members', () =>
    given()
      .when(registerSupplier, { ...csc, members: ['sopra-steria'] })
      .rejects('supplier/company-with-members', { pointer: '/members' }));

  it('accepts an empty list of members', () =>
    given()
      .when(registerSupplier, { ...csc, members: [] })
      .then(context('SupplierRegistered', { ...csc, members: [] })));

  it('registers each supplier once', () =>
    given(registered('SSCL')).when(registerSupplier, csc).rejects('supplier/exists', { detail: 'can only come first' }));

  it('needs no programme, and is assessed by no adopted rule', () => given().when(registerSupplier, csc).assesses({}));

  it('is never recorded before its day', () =>
    given()
      .when(registerSupplier, csc, { effectiveOn: '2026-03-03' })
      .rejects('ledger/effective-after-today', { detail: 'Today is 2026-03-02.' }));

  it.each(['2009', '[..2009-12-31]', 'unknown', '2026'])('may have happened on %s', (effectiveOn) =>
    given().when(registerSupplier, csc, { effectiveOn }).then(context('SupplierRegistered', csc)),
  );

  it('is about itself; without other names it has none', async () => {
    expect(supplier.about('csc', supplier.initial)).toEqual({ supplier: ['csc'] });
    await given().when(registerSupplier, csc).leaves({ aliases: [], members: [], form: 'company' });
  });
});

describe('RenameSupplier', () => {
  it('keeps the former names, each with the day of the change', () =>
    given(registered('CSC'), context('SupplierRenamed', { title: 'DXC' }, '2017-04-01'))
      .when(renameSupplier, { title: 'DXC Technology' }, { effectiveOn: '2018' })
      .leaves({
        title: 'DXC Technology',
        formerNames: [
          { title: 'CSC', until: '2017-04-01' },
          { title: 'DXC', until: '2018' },
        ],
      }));
  it('gives another name than before', () =>
    given(registered('CSC')).when(renameSupplier, { title: 'CSC' }).rejects('supplier/same-name', { pointer: '/title' }));
  it('needs a supplier that is registered, and not part of another one', async () => {
    await given().when(renameSupplier, { title: 'DXC' }).rejects('supplier/unknown');
    await given(registered('CSC'), merged).when(renameSupplier, { title: 'DXC' }).rejects('supplier/stage');
    await given(registered('CSC')).when(renameSupplier, { title: 'DXC' }, { effectiveOn: '2008' }).rejects('supplier/not-yet');
  });
});

describe('AddAlias', () => {
  it('adds another name, also to a supplier that became part of another one', () =>
    given(registered('CSC'), merged)
      .when(addAlias, { alias: 'CSC Computer Sciences' })
      .leaves({ aliases: ['CSC Computer Sciences'] }));
  it('records each name once', () =>
    given(registered('CSC'), context('AliasAdded', { alias: 'CSC Ltd' }))
      .when(addAlias, { alias: 'CSC Ltd' })
      .rejects('supplier/known-alias', { pointer: '/alias' }));
  it('needs a supplier that is registered', () => given().when(addAlias, { alias: 'CSC' }).rejects('supplier/unknown'));
  it('is refused where the supplier has 1,000 other names, and so is a 1,001st new name', async () => {
    const many = (type: string, field: string) => Array.from({ length: 1000 }, (_, n) => context(type, { [field]: `CSC ${n}` }, '2016'));
    const full = (pointer: string) => ({ pointer, detail: 'A supplier has at most 1,000 other names, and as many former ones.' });
    const aliases = many('AliasAdded', 'alias');
    await given(registered('CSC'), ...aliases)
      .when(addAlias, { alias: 'one more' })
      .rejects('supplier/full', full('/alias'));
    await given(registered('CSC'), ...aliases.slice(1))
      .when(addAlias, { alias: 'one more' })
      .then(context('AliasAdded', { alias: 'one more' }));
    await given(registered('CSC'), ...many('SupplierRenamed', 'title'))
      .when(renameSupplier, { title: 'one more' })
      .rejects('supplier/full', full('/title'));
  });
});

describe('MergeSuppliers', () => {
  it('says of which supplier it is part now, and is about both', async () => {
    await given(registered('CSC'))
      .when(mergeSuppliers, { into: 'sopra-steria' }, { effectiveOn: '2017' })
      .leaves({ stage: 'merged', merged: { into: 'sopra-steria', on: '2017' } });
    expect(supplier.about('csc', { ...supplier.initial, merged: { into: 'dxc', on: '2017' } })).toStrictEqual({ supplier: ['csc', 'dxc'] });
  });
  it('needs another supplier', () =>
    given(registered('SSCL')).when(mergeSuppliers, { into: 'sscl' }).rejects('supplier/merged-into-itself', { pointer: '/into' }));
  it('needs a supplier that is registered', () => given().when(mergeSuppliers, { into: 'sopra-steria' }).rejects('supplier/unknown'));
});

describe('SuspendSupplier and ReinstateSupplier', () => {
  const suspended = context('SupplierSuspended', { ground: 'Grave misconduct' }, '2017');
  it('takes the good standing away, with the ground, and gives it back', async () => {
    await given(registered('CSC'))
      .when(suspendSupplier, { ground: 'Grave misconduct', until: '2018' }, { effectiveOn: '2017' })
      .leaves({ stage: 'registered', suspended: { ground: 'Grave misconduct', until: '2018', on: '2017' } });
    const cured = { why: 'It was cured' };
    await given(registered('CSC'), suspended).when(reinstateSupplier, cured).then(context('SupplierReinstated', cured));
    await given(registered('CSC'), suspended, context('SupplierReinstated', cured, '2018'))
      .when(suspendSupplier, { ground: 'Again' }, { effectiveOn: '2019' })
      .leaves({ suspended: { ground: 'Again', on: '2019' } });
  });
  it('suspends a supplier in good standing only', () =>
    given(registered('CSC'), suspended)
      .when(suspendSupplier, { ground: 'Again' })
      .rejects('supplier/suspended', { detail: 'It is suspended since 2017.' }));
  it('never ends a suspension before it begins', () =>
    given(registered('CSC'))
      .when(suspendSupplier, { ground: 'Again', until: '2016' }, { effectiveOn: '2017' })
      .rejects('supplier/suspension-ends-before-start', { pointer: '/until', detail: 'It begins on 2017.' }));
  it('keeps each suspension that was taken back, with its days', async () => {
    const again = context('SupplierSuspended', { ground: 'Again', until: '2021' }, '2019');
    await given(registered('CSC'), suspended, context('SupplierReinstated', {}, '2018'), again)
      .when(reinstateSupplier, {}, { effectiveOn: '2020' })
      .leaves((state) => {
        expect(state.suspended).toBeUndefined();
        expect(state.formerSuspensions).toEqual([
          { ground: 'Grave misconduct', on: '2017', endedOn: '2018' },
          { ground: 'Again', until: '2021', on: '2019', endedOn: '2020' },
        ]);
      });
  });

  it('reinstates a supplier that is suspended only', () =>
    given(registered('CSC')).when(reinstateSupplier, {}).rejects('supplier/in-good-standing'));
  it('needs a supplier that is registered', async () => {
    await given().when(suspendSupplier, { ground: 'Again' }).rejects('supplier/unknown');
    await given().when(reinstateSupplier, {}).rejects('supplier/unknown');
  });
});

const merged = context('SupplierMerged', { into: 'sopra-steria' }, '2017');

const csc = { title: 'Computer Sciences Corporation', form: 'company' };
const jointVenture = (...members: string[]) => ({ title: 'Shared Services Connected Ltd', form: 'joint-venture', members });

function registered(title: string): GivenEvent {
  return context('SupplierRegistered', { title, form: 'company' }, '2009');
}
