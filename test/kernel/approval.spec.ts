import { describe, expect, it } from '@jest/globals';
import { approveChange } from '../../src/domain/contract/commands/approve-change.js';
import { proposeChange } from '../../src/domain/contract/commands/propose-change.js';
import { correctFact } from '../../src/domain/ledger/commands/correct-fact.js';
import { approvalIn } from '../../src/kernel/index.js';

const correction = (...pointers: readonly string[]) => ({
  event: 'e',
  because: 'error',
  changes: pointers.map((pointer) => ({ pointer })),
});

describe('what asks for an approver', () => {
  it.each([
    ['a command that approves, as a whole', approveChange, {}, ''],
    ['one that approves and waives, as a whole too', approveChange, { record: { waives: ['notice'] } }, ''],
    ['a rule that is waived', proposeChange, { record: { waives: ['notice'] } }, '/record/waives'],
    ['a correction of who decided', correctFact, correction('/record/decidedBy/office'), '/changes/0/pointer'],
    ['a correction of the authority, wherever it stands', correctFact, correction('/title', '/record/authority'), '/changes/1/pointer'],
    ['a correction of all that was recorded beside', correctFact, correction('/record'), '/changes/0/pointer'],
    ['a correction that waives a rule', correctFact, { ...correction('/title'), record: { waives: ['notice'] } }, '/record/waives'],
  ])('is %s', (_, command, body: object, pointer) => expect(approvalIn(command, body)).toBe(pointer));

  it.each([
    ['a proposal', proposeChange, {}],
    ['one that waives nothing', proposeChange, { record: { waives: [] } }],
    ['a correction of anything else', correctFact, correction('/title', '/record/reason', '/authority', '/decidedBy')],
  ])('is not %s', (_, command, body: object) => expect(approvalIn(command, body)).toBeUndefined());
});
