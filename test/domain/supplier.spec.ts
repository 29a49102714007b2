import { describe, expect, it } from '@jest/globals';
import { registerSupplier } from '../../src/domain/supplier/commands/register-supplier.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { specification, stream, context, type GivenEvent } from '../given.js';

const given = specification(supplier, { id: 'sscl', others: [stream(supplier, 'sopra-steria', registered('Sopra Steria'))] });

describe('RegisterSupplier', () => {
  it('registers a company', () => given().when(registerSupplier, csc).then(context('SupplierRegistered', csc)));

  it('keeps its other names and its number in a public register', () =>
    given()
      .when(registerSupplier, { ...csc, aliases: ['CSC', 'CSC Computer Sciences'], registration: '00963578' })
      .leaves({ stage: 'registered', title: csc.title, aliases: ['CSC', 'CSC Computer Sciences'], registration: '00963578', members: [] }));

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

const csc = { title: 'Computer Sciences Corporation', form: 'company' };
const jointVenture = (...members: string[]) => ({ title: 'Shared Services Connected Ltd', form: 'joint-venture', members });

function registered(title: string): GivenEvent {
  return context('SupplierRegistered', { title, form: 'company' }, '2009');
}
