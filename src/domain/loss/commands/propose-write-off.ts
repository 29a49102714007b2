import { loss, withinOutstanding } from '../loss.js';
import { OPEN, type LossStage } from '../state.js';

const open: ReadonlySet<LossStage> = new Set(OPEN);

export const proposeWriteOff = loss.command('ProposeWriteOff', {
  summary: 'Propose to write off a loss, wholly or in part.',
  records: 'WriteOffProposed',
  rules: {
    // Asked when it is proposed, and not again: what is recorded later of an earlier day leaves of a proposal what is outstanding.
    'loss/more-than-outstanding': { ...withinOutstanding, holds: (act, l) => !open.has(l.stage) || withinOutstanding.holds(act, l) },
  },
});
