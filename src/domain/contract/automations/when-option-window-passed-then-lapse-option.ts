import { addDays, bounds, dayOf, isDay, type Automation, type History } from '../../../kernel/index.js';
import { contract } from '../contract.js';
import { lapseOption } from '../commands/lapse-option.js';
import { lastDayToExercise, openOptions } from '../options.js';
import { endBasisOf, pastEndFrom, type Contract } from '../state.js';

/**
 * The last day on which an option of the contract can be exercised; undefined where it is not open, or no day is known: one that is only
 * counted from the start of the service was confirmed by nobody.
 */
const windowOf = (option: string, c: Contract): string | undefined => {
  if (endBasisOf(c) === 'service-start') return undefined;
  const open = openOptions(c).find((offered) => offered.option === option);
  return open && lastDayToExercise(open, c);
};

/** The stream as the ledger had it at the end of a day. */
const knownOn = (day: string, history: History<Contract>): History<Contract> =>
  history.atRevision(history.recorded.findLastIndex(({ metadata }) => dayOf(metadata.recordedAt, history.timeZone) <= day));

/**
 * An option lapses on the day after its last one. It is left to a person where the ledger did not know that day when it came: what is
 * recorded late may be followed by the exercise that was recorded later still. While an extension by it is sought, it lapses with the
 * contract's own last day. One whose lapse somebody withdrew does not lapse again by itself for the same day.
 */
export const whenOptionWindowPassedThenLapseOption: Automation = {
  name: 'when-option-window-passed-then-lapse-option',
  summary: 'An option whose last day has certainly passed, and which nobody exercised, lapses.',
  deadline: 'option',
  aggregate: contract,
  waitsForDay: true,
  due({ history, item: option, programme, today }) {
    const c: Contract = history.state;
    const window = windowOf(option, c);
    const last = window && bounds(window).latest;
    if (!last || !isDay(last)) return undefined;
    const { extensionSought: sought } = c;
    const on = sought && (sought.option ?? option) === option ? pastEndFrom(c) : addDays(last, 1);
    if (on === undefined || addDays(on, programme?.lateGraceDays ?? 0) > today) return undefined;
    if (c.historyCompleteFrom !== undefined && bounds(c.historyCompleteFrom).latest > last) return undefined;

    const known = knownOn(last, history);
    if (windowOf(option, known.state) !== window) return undefined;
    const [cause] = [...known.steps()].reverse().filter(({ before, after }) => windowOf(option, before) !== windowOf(option, after));
    return {
      command: lapseOption,
      aggregate: contract,
      id: history.id,
      body: {
        option,
        why: `Nobody exercised it by ${window}, the last day to do so.`,
        record: { effectiveOn: on },
      },
      cause: cause!.entry.recorded,
      key: `${option} ${on}`,
    };
  },
};
