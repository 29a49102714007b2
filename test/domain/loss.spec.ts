import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { proposeWriteOff } from '../../src/domain/loss/commands/propose-write-off.js';
import { raiseLoss } from '../../src/domain/loss/commands/raise-loss.js';
import { recordRecovery } from '../../src/domain/loss/commands/record-recovery.js';
import { reverseWriteOff } from '../../src/domain/loss/commands/reverse-write-off.js';
import { reviseLoss } from '../../src/domain/loss/commands/revise-loss.js';
import { writeOff } from '../../src/domain/loss/commands/write-off.js';
import { loss, type Loss } from '../../src/domain/loss/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { isAmount, minor } from '../../src/kernel/index.js';
import { specification, stream, context, type ToldFact } from '../given.js';
import { tellWorld, World } from '../random-history.js';

const gbp = (amount: string, more: object = {}) => ({ amount, currency: 'GBP', ...more });
const usd = (amount: string) => ({ amount, currency: 'USD' });
const world = (...events: ToldFact[]) => [
  stream(
    programme,
    'met',
    context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2010'),
    ...events,
  ),
  stream(supplier, 'csc', context('SupplierRegistered', { title: 'CSC', form: 'company' }, '2009')),
];
const given = specification(loss, { id: 'debts', others: world() });
const debts = {
  programme: 'met',
  title: 'Irrecoverable debts',
  bearer: 'authority',
  category: 'irrecoverable-debt',
  gross: gbp('110529.32'),
};
const raised = (more: object = {}) => context('LossRaised', { ...debts, ...more }, '2013');
const of = (amount: string) => ({ amount: gbp(amount) });
const written = (amount: string, on = '2016') => context('WrittenOff', of(amount), on);
const recovered = (amount: string, on = '2015') => context('RecoveryRecorded', of(amount), on);

describe('RaiseLoss', () => {
  it('raises one cause of loss, with its items and their sum', () =>
    given()
      .when(raiseLoss, {
        ...debts,
        items: [
          { title: 'Payroll', amount: gbp('100000') },
          { title: 'Cash', amount: gbp('10529.32') },
        ],
      })
      .leaves({
        stage: 'identified',
        gross: gbp('110529.32'),
        items: [{ title: 'Payroll' }, { title: 'Cash' }],
        identifiedOn: '2026-03-02',
      }));

  it('has items that come to its gross', async () => {
    await given()
      .when(raiseLoss, { ...debts, items: [{ title: 'Payroll', amount: gbp('100000') }] })
      .rejects('loss/does-not-add-up', { pointer: '/gross', detail: '100000' });
    await given()
      .when(raiseLoss, { ...debts, items: [{ title: 'Payroll', amount: usd('110529.32') }] })
      .rejects('loss/mixed-currencies', { pointer: '/items' });
    await given()
      .when(raiseLoss, { ...debts, gross: { unknown: true }, items: [{ title: 'Payroll', amount: gbp('100000') }] })
      .leaves({ stage: 'identified' });
  });

  it('names the supplier that bears it', async () => {
    await given()
      .when(raiseLoss, { ...debts, bearer: 'supplier' })
      .rejects('loss/no-bearer', { pointer: '/supplier' });
    const elsewhere = { authority: 'NHS', programme: 'National Programme for IT' };
    await given()
      .when(raiseLoss, { ...debts, bearer: 'supplier', supplier: 'csc', elsewhere })
      .leaves({ bearer: 'supplier', supplier: 'csc', elsewhere });
  });

  it('is raised once', () => given(raised()).when(raiseLoss, debts).rejects('loss/exists'));
});

describe('ReviseLoss', () => {
  it('states what it comes to as it is known now', () =>
    given(raised({ gross: gbp('65000000', { qualifier: 'about' }) }))
      .when(reviseLoss, { gross: gbp('64100000') })
      .leaves({ gross: gbp('64100000'), items: [] }));

  it('never falls below what was written off and recovered', () =>
    given(raised(), written('110529.32'))
      .when(reviseLoss, { gross: gbp('110529.31') })
      .rejects('loss/more-than-gross'));

  it('stays in its currency', () =>
    given(raised(), written('1'))
      .when(reviseLoss, { gross: usd('110529.32') })
      .rejects('loss/mixed-currencies'));

  it('needs a loss', async () => {
    await given()
      .when(reviseLoss, { gross: gbp('1') })
      .rejects('loss/unknown');
    await given(raised())
      .when(reviseLoss, { gross: gbp('1') }, { effectiveOn: '2012' })
      .rejects('loss/not-yet');
  });
});

describe('ProposeWriteOff and WriteOff', () => {
  it('propose, and then write off: the proposal is gone', async () => {
    await given(raised())
      .when(proposeWriteOff, of('110529.32'))
      .leaves({ stage: 'proposed', proposed: of('110529.32') });
    await given(raised(), context('WriteOffProposed', of('110529.32'), '2015'))
      .when(writeOff, of('110529.32'))
      .leaves((state) => {
        expect([state.stage, state.net, state.writtenOffOn]).toEqual(['written-off', gbp('110529.32'), '2026-03-02']);
        expect(state).not.toHaveProperty('proposed');
      });
  });

  it('need no proposal when only the approval is on paper', () => given(raised()).when(writeOff, of('1')).leaves({ stage: 'written-off' }));

  it('add up to no more than the gross, with what was recovered', async () => {
    await given(raised(), recovered('10529.32')).when(writeOff, of('100000.01')).rejects('loss/more-than-gross');
    await given(raised(), recovered('10529.32'))
      .when(writeOff, of('100000'))
      .leaves({ net: gbp('100000') });
    await given(raised(), written('110529')).when(writeOff, of('0.33')).rejects('loss/more-than-gross');
  });

  it('are no certain violation while the gross is approximate or unknown', async () => {
    await given(raised({ gross: gbp('65000000', { qualifier: 'about' }) }))
      .when(writeOff, of('66000000'))
      .leaves({ stage: 'written-off' });
    await given(raised({ gross: { unknown: true } }))
      .when(writeOff, of('66000000'))
      .leaves({ stage: 'written-off' });
    await given(raised({ gross: gbp('10', { qualifier: 'at-most' }) }))
      .when(writeOff, of('11'))
      .rejects('loss/more-than-gross');
  });

  it('stay in the currency of the loss', async () => {
    await given(raised())
      .when(writeOff, { amount: usd('1') })
      .rejects('loss/mixed-currencies');
    await given(raised())
      .when(proposeWriteOff, { amount: usd('1') })
      .rejects('loss/mixed-currencies');
  });

  it('follow a loss that is not proposed already', () =>
    given(raised(), context('WriteOffProposed', of('1'), '2015'))
      .when(proposeWriteOff, of('2'))
      .rejects('loss/stage'));
});

describe('RecordRecovery', () => {
  it('before a write-off leaves less to write off', () =>
    given(raised())
      .when(recordRecovery, of('10000'))
      .leaves({ stage: 'recovering', recovered: gbp('10000') }));

  it('after a write-off lowers the net', () =>
    given(raised(), written('110529.32'))
      .when(recordRecovery, of('10529.32'))
      .leaves({ stage: 'written-off', net: gbp('100000.00'), recovered: gbp('10529.32') }));

  it('never brings back more than was lost', async () => {
    await given(raised()).when(recordRecovery, of('110529.33')).rejects('loss/more-than-gross');
    await given(raised())
      .when(recordRecovery, { amount: usd('1') })
      .rejects('loss/mixed-currencies');
  });
});

describe('ReverseWriteOff', () => {
  it('takes back what was written off, at most', async () => {
    await given(raised(), written('100'))
      .when(reverseWriteOff, of('40'))
      .leaves({ stage: 'written-off', net: gbp('60.00') });
    await given(raised(), written('100'))
      .when(reverseWriteOff, of('100'))
      .leaves({ stage: 'reversed', net: gbp('0.00') });
    await given(raised(), written('100')).when(reverseWriteOff, of('100.01')).rejects('loss/reversed-too-much');
    await given(raised(), written('100'))
      .when(reverseWriteOff, { amount: usd('1') })
      .rejects('loss/mixed-currencies');
  });

  it('needs something that is written off', () =>
    given(raised(), context('WriteOffProposed', of('1'), '2015'))
      .when(reverseWriteOff, of('1'))
      .rejects('loss/not-written-off'));
});

describe('the approval of a write-off', () => {
  const writeOffs = [{ grossAtLeast: gbp('100000'), approver: 'Deputy Mayor' }, { approver: 'Director of Finance' }];
  const policy = context(
    'PolicyAdopted',
    { policy: 'scheme', title: 'Scheme of consent', version: '1', inForceFrom: '2011', writeOffs },
    '2011',
  );
  const underScheme = specification(loss, { id: 'debts', others: world(policy) });
  const by = (office: string, effectiveOn?: string) => ({ decidedBy: { person: 'p-1', office }, ...(effectiveOn && { effectiveOn }) });
  const rule = 'scheme/write-off';

  it('follows the gross loss, however little of it is written off', async () => {
    await underScheme(raised()).when(writeOff, of('1'), by('Deputy Mayor')).assesses({ [rule]: { result: 'met', inputs: { approver: 'Deputy Mayor' } } }); // prettier-ignore
    await underScheme(raised())
      .when(writeOff, of('1'), by('Director of Finance'))
      .rejects('ledger/policy-not-met', { detail: 'Deputy Mayor' });
    await underScheme(raised({ gross: gbp('99999.99') }))
      .when(writeOff, of('1'), by('director of finance'))
      .assesses({ [rule]: 'met' });
  });

  it('is accepted when it is backdated, with the unmet rule recorded', () =>
    underScheme(raised())
      .when(writeOff, of('1'), by('Director of Finance', '2016'))
      .assesses({ [rule]: 'not-met' }));

  it('cannot be assessed for an unknown gross, an unnamed decider or an unknown day', async () => {
    await underScheme(raised({ gross: { unknown: true } }))
      .when(writeOff, of('1'), by('Deputy Mayor'))
      .assesses({ [rule]: 'not-assessable' });
    await underScheme(raised())
      .when(writeOff, of('1'))
      .assesses({ [rule]: 'not-assessable' });
    await underScheme(raised())
      .when(writeOff, of('1'), by('Deputy Mayor', 'unknown'))
      .assesses({ [rule]: 'not-assessable' });
  });

  it('is not assessed for what a supplier bears, or another authority', async () => {
    await underScheme(raised({ bearer: 'supplier', supplier: 'csc' }))
      .when(writeOff, of('1'), by('Nobody'))
      .assesses({});
    await underScheme(raised({ elsewhere: { authority: 'NHS' } }))
      .when(writeOff, of('1'), by('Nobody'))
      .assesses({});
  });
});

describe('whatever is recorded', () => {
  const money = fc.integer({ min: 1, max: 200 }).map((n) => gbp(`${n}.00`));
  const on = fc.constantFrom(undefined, '2012', '2013-05', '2014-02-03', '[..2013]', 'unknown');
  const move = fc.tuple(fc.constantFrom('ReviseLoss', 'ProposeWriteOff', 'WriteOff', 'RecordRecovery', 'ReverseWriteOff'), money, on);

  it('net written off and recovered are no more than the gross, after every fact', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(money, fc.array(move, { maxLength: 25 }), async (gross, moves) => {
        const world = new World('2016-01-04');
        await tellWorld(world);
        await world.tell('loss-x', 'RaiseLoss', { ...debts, gross }, { effectiveOn: '2011' });
        for (const [command, amount, effectiveOn] of moves)
          await world.try('loss-x', command, command === 'ReviseLoss' ? { gross: amount } : { amount }, {
            ...(effectiveOn && { effectiveOn }),
          });
        accepted += world.accepted - 6;
        for (const { after } of (await world.history('loss-x')).steps()) {
          const { gross, net, recovered } = after as Loss;
          if (isAmount(gross)) expect((net ? minor(net) : 0n) + (recovered ? minor(recovered) : 0n)).toBeLessThanOrEqual(minor(gross));
          expect(net ? minor(net) : 0n).toBeGreaterThanOrEqual(0n);
        }
      }),
      { numRuns: 60 },
    );
    expect(accepted).toBeGreaterThan(100);
  });
});
