import { describe, expect, it } from '@jest/globals';
import { approveChange } from '../../src/domain/contract/commands/approve-change.js';
import { awardContract } from '../../src/domain/contract/commands/award-contract.js';
import { bodyOf, IdempotencyKeyReusedError, replayReceipt, type Body } from '../../src/engine/write/receipt.js';
import type { Metadata, RecordedEvent } from '../../src/kernel/index.js';
import { leafOf } from '../../src/store/merkle-tree.js';

const data = { programme: 'met', suppliers: [{ supplier: 'csc' }], value: { amount: '1', currency: 'GBP' } };
const metadata = {
  schemaVersion: 1,
  recordedAt: '2026-03-01T09:00:00.000Z',
  effectiveOn: '2016',
  about: {},
  command: { id: 'd-1', name: 'AwardContract', record: ['effectiveOn'] },
  actor: { id: 'ana' },
  $correlationId: 'd-1',
  $causationId: 'd-1',
  known: [{ stream: 'programme-met', revision: 3 }],
} satisfies Metadata;
const first: RecordedEvent = { id: 'e-1', type: 'ContractAwarded', data, metadata, stream: 'contract-x', revision: 4, position: '40' };
const assessed = [{ rule: 'r', version: '1', inputs: {}, result: 'met' as const }];
const second: RecordedEvent = { ...first, id: 'e-2', type: 'ContractSigned', data: {}, revision: 5, position: '47', metadata: { ...metadata, assessed } }; // prettier-ignore
const body: Body = { ...data, record: { effectiveOn: '2016' } };
const ana = { id: 'ana' };

describe('a command that was sent before', () => {
  it('gets the original response, of all its events', () =>
    expect(replayReceipt(awardContract, body, ana, [first, second])).toEqual({
      decision: 'd-1',
      command: 'AwardContract',
      stream: 'contract-x',
      revision: 5,
      position: '47',
      recordedAt: '2026-03-01T09:00:00.000Z',
      effectiveOn: '2016',
      events: [
        { id: 'e-1', type: 'ContractAwarded', revision: 4, data, leaf: leafOf(first).toString('hex'), proof: '/proofs/inclusion/e-1' },
        { id: 'e-2', type: 'ContractSigned', revision: 5, data: {}, leaf: leafOf(second).toString('hex'), proof: '/proofs/inclusion/e-2' },
      ],
      assessed,
      known: [{ stream: 'programme-met', revision: 3 }],
      outcome: 'replayed',
    }));

  it('gets it whatever order its fields come in, and whatever role its sender has now', () => {
    const { programme, suppliers, value } = data;
    const again = { record: { effectiveOn: '2016' }, value, suppliers, programme };
    expect(replayReceipt(awardContract, again, { id: 'ana', role: 'auditor' }, [first])).toMatchObject({
      outcome: 'replayed',
      assessed: [],
    });
  });

  it.each<[string, string, () => unknown]>([
    ['another body', 'body or actor', () => replayReceipt(awardContract, { ...body, suppliers: [{ supplier: 'atos' }] }, ana, [first])],
    ['another record', 'body or actor', () => replayReceipt(awardContract, { ...body, record: { effectiveOn: '2017' } }, ana, [first])],
    ['another sender', 'body or actor', () => replayReceipt(awardContract, body, { id: 'bob' }, [first])],
    ['another command', 'command', () => replayReceipt(approveChange, body, ana, [first])],
  ])('is refused with %s under the same key', (_, what, replay) => {
    expect(replay).toThrow(IdempotencyKeyReusedError);
    expect(replay).toThrow(expect.objectContaining({ name: 'IdempotencyKeyReusedError', message: `This key belongs to another ${what}.` }));
  });
});

describe('the body of an event', () => {
  const stored = (command: object) => ({ data, metadata: { ...metadata, command: { id: 'd', name: 'N', ...command } } });

  it('is what was kept, or what it is made from, or empty where it is not the first of its decision', () => {
    expect(bodyOf(stored({ body: { other: 1 } }))).toEqual({ other: 1 });
    expect(bodyOf(stored({ record: null }))).toEqual(data);
    expect(bodyOf(stored({ record: ['effectiveOn'] }))).toEqual(body);
    expect(bodyOf(stored({ record: [] }))).toEqual({ ...data, record: {} });
    expect(bodyOf(stored({}))).toEqual({});
  });
});
