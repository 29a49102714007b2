import { bounds, daysLate, type Automation } from '../../../kernel/index.js';
import { contract } from '../contract.js';
import { terminateContract } from '../commands/terminate-contract.js';
import type { Contract } from '../state.js';

/**
 * A termination lists the contracts whose end it makes necessary; each is terminated by a command of its own, on the same day and by the
 * same decider, and is accepted or refused by itself. A termination that was recorded late is history: the others are recorded as they were.
 */
export const whenContractTerminatedThenTerminateForced: Automation = {
  name: 'when-contract-terminated-then-terminate-forced',
  summary: 'A contract whose end is made necessary by the termination of another one is terminated.',
  deadline: 'forced-end',
  aggregate: contract,
  waitsForDay: false,
  due({ history, item: forced, programme }) {
    const c: Contract = history.state;
    const isForced = (other: { readonly contract: string }): boolean => other.contract === forced;
    const termination = c.terminations.findLast(({ forces }) => forces?.some(isForced));
    const entry = history.entries.find(({ recorded }) => recorded.id === termination?.event);
    if (!termination || !entry) return undefined;
    const { recorded, effectiveOn, grounds } = entry;
    const { historyCompleteFrom: complete } = c;
    const late = daysLate(effectiveOn, recorded.metadata.recordedAt, history.timeZone) > (programme?.lateGraceDays ?? 0);
    if (complete === undefined ? late : bounds(complete).latest > bounds(effectiveOn).earliest) return undefined;

    const endsOn = termination.forces?.find(isForced)?.endsOn;
    const { authority, decidedBy = { person: recorded.metadata.actor.id }, reason } = grounds;
    return {
      command: terminateContract,
      aggregate: contract,
      id: forced,
      body: {
        ground: `Forced by the termination of ${history.id}`,
        causedBy: history.id,
        ...(endsOn !== undefined && { endsOn }),
        record: { effectiveOn, decidedBy, ...(authority && { authority }), ...(reason !== undefined && { reason }) },
      },
      cause: recorded,
      key: recorded.id,
    };
  },
};
