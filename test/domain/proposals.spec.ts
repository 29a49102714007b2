import { describe, expect, it } from '@jest/globals';
import { approveChange } from '../../src/domain/contract/commands/approve-change.js';
import { proposeChange } from '../../src/domain/contract/commands/propose-change.js';
import { rejectChange } from '../../src/domain/contract/commands/reject-change.js';
import { withdrawProposal } from '../../src/domain/contract/commands/withdraw-proposal.js';
import { contract } from '../../src/domain/contract/index.js';
import { correctFact } from '../../src/domain/ledger/commands/correct-fact.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { context, specification, stream, theFact, type GivenEvent, type Stream } from '../given.js';

const given = specification(contract, { others: world() });
const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const printing = { kind: 'value', summary: 'Printing is added.', to: gbp('1100000') };
const awarded = context(
  'ContractAwarded',
  {
    programme: 'met',
    title: 'Desk',
    suppliers: [{ supplier: 'csc' }],
    value: gbp('1000000'),
    startsOn: '2016-04-01',
    endsOn: '2027-03-31',
  },
  '2016-02-01',
);
const proposed = (more: object = {}, by = 'p-1'): GivenEvent =>
  context('ChangeProposed', { proposal: 'printing', ...printing, ...more }, '2026-01-05', { decidedBy: { person: by } });
const rejected = context('ChangeRejected', { proposal: 'printing', why: 'Too dear' }, '2026-02-01');

describe('ProposeChange', () => {
  it('changes nothing of the contract: it waits for a decision', () =>
    given(awarded)
      .when(proposeChange, { proposal: 'printing', ...printing, decideBy: '2026-04' }, { decidedBy: { person: 'p-1' } })
      .leaves((c) => {
        expect([c.ceiling, c.changes]).toEqual([gbp('1000000'), []]);
        expect(c.proposals).toEqual([
          expect.objectContaining({ ...printing, proposal: 'printing', proposedBy: 'p-1', decideBy: '2026-04', status: 'open', on: '2026-03-02' }), // prettier-ignore
        ]);
      }));

  it('is made by the person who records it, where nobody else is named', () =>
    given(awarded)
      .when(proposeChange, { proposal: 'printing', ...printing })
      .leaves({ proposals: [{ proposedBy: 'ana' }] }));

  it('has an id of its own', () =>
    given(awarded, proposed())
      .when(proposeChange, { proposal: 'printing', kind: 'scope', summary: 'Other' })
      .rejects('contract/proposal-exists', { pointer: '/proposal', detail: '2026-01-05' }));

  it('is made while the contract runs', () =>
    given(
      awarded,
      context('ContractSigned', {}, '2016-02-10'),
      context('ContractTerminated', { ground: 'Convenience' }, '2020-03-31'),
      context('ContractClosed', { finalValue: { unknown: true }, endedOn: '2020-03-31' }, '2020-04-01'),
    )
      .when(proposeChange, { proposal: 'printing', ...printing })
      .rejects('contract/stage', { detail: 'The contract is closed' }));

  const asks = (data: object) => ({ proposal: 'one', ...data });
  it('says as much as its approval has to say', async () => {
    await given(awarded)
      .when(proposeChange, asks({ kind: 'value' }))
      .rejects('contract/change-without-value', { pointer: '/to' });
    await given(awarded)
      .when(proposeChange, asks({ ...printing, by: gbp('1') }))
      .rejects('contract/change-duplicate', { pointer: '/by' });
    await given(awarded)
      .when(proposeChange, asks({ kind: 'term' }))
      .rejects('contract/change-without-end', { pointer: '/endsOn' });
    await given(awarded)
      .when(proposeChange, asks({ kind: 'scope' }))
      .rejects('contract/change-without-content');
    await given(awarded, context('ServiceStarted', {}, '2016-04-01'))
      .when(proposeChange, asks({ kind: 'term', endsOn: '2016-03' }))
      .rejects('contract/ends-before-start', { pointer: '/endsOn' });
  });
});

describe('ApproveChange of a proposal', () => {
  it('needs only its id: the approval itself says what was proposed', () =>
    given(awarded, proposed())
      .when(approveChange, { proposal: 'printing' }, { authority: { reference: 'PCD 813' } })
      .then(context('ChangeApproved', { ...printing, proposal: 'printing' })));

  it('raises the ceiling, and nothing waits any more', () =>
    given(awarded, proposed())
      .when(approveChange, { proposal: 'printing' })
      .leaves({
        ceiling: gbp('1100000'),
        changes: [{ proposal: 'printing', to: gbp('1100000') }],
        proposals: [{ status: 'approved', decidedOn: '2026-03-02' }],
      }));

  it('never approves something else', async () => {
    await given(awarded, proposed())
      .when(approveChange, { proposal: 'printing', to: gbp('1200000') })
      .rejects('contract/other-than-proposed', { pointer: '/to', detail: 'printing differs in to' });
    await given(awarded, proposed())
      .when(approveChange, { proposal: 'printing', endsOn: '2028' })
      .rejects('contract/other-than-proposed', { pointer: '/endsOn' });
  });

  it('may repeat what was proposed, and adds nothing to it', async () => {
    const again = { ...printing, to: gbp('1100000') };
    await given(awarded, proposed())
      .when(approveChange, { proposal: 'printing', ...again })
      .then(context('ChangeApproved', { proposal: 'printing', ...again }));
    await given(awarded, proposed())
      .when(approveChange, { proposal: 'printing', ...again, ground: 'Need' })
      .rejects('contract/other-than-proposed', { pointer: '/ground', detail: 'printing differs in ground.' });
  });

  it('leaves other proposals open, as a change that nobody proposed does', async () => {
    const scanning = proposed({ proposal: 'scanning', summary: 'Scanning is added.' });
    await given(awarded, proposed(), scanning)
      .when(approveChange, { proposal: 'scanning' })
      .leaves(({ proposals }) => expect(proposals!.map(({ status }) => status)).toEqual(['open', 'approved']));
    await given(awarded, proposed())
      .when(approveChange, { ...printing, summary: 'Something else' })
      .leaves(({ proposals }) => expect(proposals!.map(({ status }) => status)).toEqual(['open']));
    await given(awarded)
      .when(approveChange, printing)
      .leaves((c) => expect(c).not.toHaveProperty('proposals'));
  });

  it('is of a proposal that was made, and that nobody has decided', async () => {
    await given(awarded).when(approveChange, { proposal: 'printing' }).rejects('contract/unknown-proposal', { pointer: '/proposal' });
    await given(awarded, proposed(), rejected)
      .when(approveChange, { proposal: 'printing' })
      .rejects('contract/proposal-decided', { detail: 'printing was rejected on 2026-02-01' });
  });

  it('is of a contract that is recorded', async () => {
    await given().when(approveChange, { proposal: 'printing' }).rejects('contract/unknown');
    await given().when(approveChange, {}).rejects('contract/unknown');
  });

  it('without a proposal says what changes', () =>
    given(awarded)
      .when(approveChange, { to: gbp('1') })
      .rejects('contract/change-without-kind', { pointer: '/kind' }));

  it('stays as approved: the proposal can no longer be corrected into another one', () =>
    given(awarded, proposed(), context('ChangeApproved', { ...printing, proposal: 'printing' }, '2026-02-01'))
      .when(correctFact, { event: theFact(2), changes: [{ pointer: '/to/amount', value: '9000000' }], because: 'error' })
      .rejects('ledger/breaks-later-event', { because: 'contract/other-than-proposed' }));
});

describe('RejectChange and WithdrawProposal', () => {
  it('keep why, and change nothing of the contract', async () => {
    await given(awarded, proposed())
      .when(rejectChange, { proposal: 'printing', why: 'Too dear' })
      .leaves({ ceiling: gbp('1000000'), proposals: [{ status: 'rejected', why: 'Too dear', decidedOn: '2026-03-02' }] });
    await given(awarded, proposed())
      .when(withdrawProposal, { proposal: 'printing' })
      .leaves((c) => expect([c.proposals![0]!.status, c.proposals![0]!.why]).toEqual(['withdrawn', undefined]));
    await given(awarded, proposed())
      .when(withdrawProposal, { proposal: 'printing', why: 'No longer needed' })
      .leaves({ proposals: [{ status: 'withdrawn', why: 'No longer needed' }] });
  });

  it('decide one of several, and leave the others open', () =>
    given(awarded, proposed(), proposed({ proposal: 'scanning' }))
      .when(rejectChange, { proposal: 'scanning', why: 'No' })
      .leaves((c) => expect(c.proposals!.map(({ status }) => status)).toEqual(['open', 'rejected'])));

  it('are of a proposal that was made, and decided once', async () => {
    await given(awarded).when(rejectChange, { proposal: 'printing', why: 'No' }).rejects('contract/unknown-proposal');
    await given(awarded, proposed(), rejected).when(rejectChange, { proposal: 'printing', why: 'No' }).rejects('contract/proposal-decided');
    await given(awarded).when(withdrawProposal, { proposal: 'printing' }).rejects('contract/unknown-proposal');
    await given(awarded, proposed(), rejected).when(withdrawProposal, { proposal: 'printing' }).rejects('contract/proposal-decided');
  });

  it('never lie before what they decide', () =>
    given(awarded, proposed())
      .when(rejectChange, { proposal: 'printing', why: 'No' }, { effectiveOn: '2025' })
      .rejects('contract/unknown-proposal', { detail: 'before that day' }));
});

describe('two people, where the programme has adopted the check', () => {
  const rule = 'rules/two-people';
  const policy = context('PolicyAdopted', { policy: 'rules', title: 'Rules', version: '1', inForceFrom: '2010', checks: ['two-people'] });
  const signedIn = (id: string) => specification(contract, { others: world(policy), actor: { id, role: 'approver' } });
  const local = specification(contract, { others: world(policy) });
  const approval = { proposal: 'printing' };

  it('are asked of nothing where it has not', () => given(awarded, proposed()).when(approveChange, approval).assesses({}));

  it('propose and approve: met', () =>
    signedIn('p-2')(awarded, proposed())
      .when(approveChange, approval)
      .assesses({ [rule]: { result: 'met', inputs: { proposedBy: 'p-1', approvedBy: 'p-2' } } }));

  it('are not one: it is refused now, by whatever name', async () => {
    await signedIn('p-1')(awarded, proposed())
      .when(approveChange, approval)
      .rejects('ledger/policy-not-met', { detail: 'p-1 proposed it' });
    await signedIn('p-2')(awarded, proposed())
      .when(approveChange, approval, { decidedBy: { person: 'p-1' } })
      .rejects('ledger/policy-not-met');
  });

  it('cannot be asked for where nobody knows whether the check was in force by then', async () => {
    const perhaps = context('PolicyAdopted', { ...policy.data, inForceFrom: '2026-03' }, '2026');
    const by = (id: string) =>
      specification(contract, { others: world(perhaps), actor: { id, role: 'approver' } })(awarded, proposed()).when(
        approveChange,
        approval,
      );
    const note = 'Whether the policy was in force on that day is not known.';
    await by('p-1').assesses({ [rule]: { result: 'not-assessable', note } });
    await by('p-2').assesses({ [rule]: 'not-assessable' });
  });

  it('cannot be known to be two where nobody is signed in', () =>
    local(awarded, proposed())
      .when(approveChange, approval, { decidedBy: { person: 'p-2' } })
      .assesses({ [rule]: { result: 'not-assessable', note: expect.stringMatching('Nobody is signed in') } }));

  it('are one where both are named as the same, though nobody is signed in', () =>
    local(awarded, proposed())
      .when(approveChange, approval, { decidedBy: { person: 'p-1' } })
      .rejects('ledger/policy-not-met'));

  it('are asked of a decision taken now, and not of one that is imported', async () => {
    await signedIn('p-2')(awarded).when(approveChange, printing).rejects('ledger/policy-not-met', { detail: 'Nobody proposed this' });
    await signedIn('p-2')(awarded)
      .when(approveChange, printing, { effectiveOn: '2017' })
      .assesses({ [rule]: { result: 'not-assessable', note: 'Recorded without proposal.' } });
  });

  it('are not asked of a correction of what was imported', () =>
    signedIn('p-2')(awarded, context('ChangeApproved', printing, '2017'))
      .when(correctFact, { event: theFact(2), changes: [{ pointer: '/to/amount', value: '1100001' }], because: 'error' })
      .assesses({ [rule]: { result: 'not-assessable', note: 'Recorded without proposal.' } }));

  it('may be waived, with a reason and an authority', () =>
    signedIn('p-1')(awarded, proposed())
      .when(approveChange, approval, { waives: [rule], reason: 'Nobody else was there', authority: { reference: 'PCD 9' } })
      .assesses({ [rule]: 'waived' }));
});

function world(...events: GivenEvent[]): Stream[] {
  const chartered = context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2009');
  return [
    stream(programme, 'met', chartered, ...events),
    stream(supplier, 'csc', context('SupplierRegistered', { title: 'CSC', form: 'company' }, '2009')),
  ];
}
