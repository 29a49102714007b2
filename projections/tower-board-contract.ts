import { changeFigures, growth, isAmount, newestOf, toPercent, type Assessment, type History } from '../src/kernel/index.js';
import {
  contractFindings,
  endBasisOf,
  endOfContract,
  lastDayOf,
  openOptions,
  type Change,
  type Contract,
} from '../src/domain/contract/index.js';
import { conductShown } from './contract-lists.js';
import { callOffShown } from './frameworks.js';
import { perYearOf } from './per-year.js';
import { dayShown } from './promised.js';
import { assessedIn, trailOf } from './trail.js';

const percent = (ratio: Parameters<typeof toPercent>[0] | undefined) => (ratio ? toPercent(ratio) : null);
/** The last day that it can come to have by the options that can still be exercised. */
const latestEndOf = (c: Contract): string | undefined => {
  const open = openOptions(c);
  return open.length === 0 ? lastDayOf(c) : endOfContract(c, open.reduce((sum, { months }) => sum + months, 0)); // prettier-ignore
};

const isUnknown = (by: Change['by']): boolean => by !== undefined && !isAmount(by);
const changeShown = (change: Change, { original }: Contract, assessed: readonly Assessment[] = []) => ({
  ...change,
  // Where nobody knows what was added, no figure says it.
  ...(change.to && !isUnknown(change.by) && { figures: changeFigures(original, change.from, change.to) }),
  // The source may measure from a value of its own: both are shown.
  ...(change.to && change.statedFrom && { asStated: changeFigures(original, change.statedFrom, change.to) }),
  assessed,
});
/** Changes never change: a contract that is changed again shows its earlier ones as before. */
const changesShown = new WeakMap<Change, Pick<Contract, 'original'> & { readonly assessed: readonly Assessment[] | undefined; readonly shown: ReturnType<typeof changeShown> }>(); // prettier-ignore
export const changeOf = (change: Change, c: Contract, assessed: readonly Assessment[] | undefined) => {
  const known = changesShown.get(change);
  if (known && known.original === c.original && known.assessed === assessed) return known.shown;
  const shown = changeShown(change, c, assessed);
  changesShown.set(change, { original: c.original, assessed, shown });
  return shown;
};
/** What an entry of a tower's list carries of each list of its own; all of it is in the lists of the contract. */
const MOST = 5;
/** A contract as the board has it, from its own stream alone. */
export const contractShown = (history: History<Contract>) => {
  const { id, state: c } = history;
  const assessed = assessedIn(history.recorded);
  const { suppliers, lots, ...today } = dayShown(c);
  return {
    contract: id,
    programme: c.programme ?? null,
    title: c.title || id,
    stage: c.stage,
    role: c.role,
    towers: c.towers,
    ...today,
    original: c.original,
    cumulative: percent(growth(c.original, c.ceiling, c.original)),
    covers: c.covers,
    kind: c.kind,
    vat: c.vat,
    term: { ...c.term, ends: lastDayOf(c) ?? null, endBasis: endBasisOf(c), latestEnd: latestEndOf(c) ?? null },
    perYear: perYearOf(c),
    options: newestOf(c.options, MOST),
    changes: newestOf(c.changes, MOST).map((change) => changeOf(change, c, assessed.get(change.event))),
    delays: newestOf(c.delays, MOST),
    terminations: newestOf(c.terminations, MOST),
    ...conductShown(c, MOST),
    notice: c.notice ?? null,
    extensionSought: c.extensionSought ?? null,
    closed: c.closed ?? null,
    framework: c.framework ?? null,
    finalValue: c.finalValue ?? null,
    trail: trailOf(history, MOST, assessed),
    // What follows is other in an entry, or not in it: the text of all before is the same, and is kept.
    suppliers,
    findings: contractFindings(c),
    counts: {
      suppliers: c.suppliers.length,
      options: c.options.length,
      changes: c.changes.length,
      delays: c.delays.length,
      milestones: c.milestones?.length ?? 0,
    },
    lots,
    calledOff: callOffShown(c),
  };
};
