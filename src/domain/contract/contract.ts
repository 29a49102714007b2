import { isAmount, aggregate, betweenOf, showValue, type Value } from '../../kernel/index.js';
import { programme } from '../programme/programme.js';
import { awarding } from './events/award.js';
import { changing } from './events/change.js';
import { ending } from './events/end.js';
import { extending } from './events/extension.js';
import { novating } from './events/novation.js';
import { proposing } from './events/proposal.js';
import { disputing } from './events/disputes.js';
import { tracking } from './events/milestones.js';
import { owning } from './events/ownership.js';
import { performing } from './events/performance.js';
import { standing } from './events/standstill.js';
import { providing } from './events/terms.js';
import { redenominating } from './events/redenomination.js';
import { starting } from './events/start.js';
import { none, ONE_CURRENCY, STAGES, type Contract } from './state.js';
import { idsOf, suppliersOf } from './suppliers.js';

/** Asks each figure of its value in turn, until one says yes. Asked with every event, so without a list of them. */
const someFigure = (
  { original, ceiling, lots, options, changes, finalValue }: Contract,
  says: (value: Value | undefined) => boolean,
): boolean => {
  if (says(original) || says(ceiling) || says(finalValue)) return true;
  for (const { value } of lots) if (says(value)) return true;
  for (const { value } of options) if (says(value)) return true;
  for (const { to, by } of changes) if (says(to) || says(by)) return true;
  return false;
};
/** The contract that was found to have one currency last: most events change none of its figures, and are asked nothing again. */
let found: Contract | undefined;
const hasSameFigures = (a: Contract, b: Contract): boolean =>
  a.changes === b.changes &&
  a.ceiling === b.ceiling &&
  a.original === b.original &&
  a.options === b.options &&
  a.lots === b.lots &&
  a.finalValue === b.finalValue;
const hasOneCurrency = (contract: Contract): boolean => {
  if (found && hasSameFigures(found, contract)) return true;
  let first: string | undefined;
  const isOne = !someFigure(contract, (value) => value !== undefined && isAmount(value) && value.currency !== (first ??= value.currency));
  if (isOne) found = contract;
  return isOne;
};
const currenciesOf = (contract: Contract): ReadonlySet<string> => {
  const currencies = new Set<string>();
  someFigure(contract, (value) => {
    if (value && isAmount(value)) currencies.add(value.currency);
    return false;
  });
  return currencies;
};

/** Whatever its sources are rounded to. */
const isBelowZero = (value: Value): boolean => (betweenOf(value).most ?? 0n) < 0n;

/** Suppliers that every event of a contract is about: the newest of them. What an event itself names comes on top. */
const NAMED = 20;

export const contract = aggregate({
  category: 'contract',
  initial: none,
  stages: STAGES,
  events: {
    ...awarding,
    ...starting,
    ...changing,
    ...extending,
    ...novating,
    ...ending,
    ...redenominating,
    ...proposing,
    ...tracking,
    ...performing,
    ...disputing,
    ...owning,
    ...standing,
    ...providing,
  },
  invariants: {
    'contract/ceiling-below-zero': {
      says: 'A ceiling goes below zero only where the supplier pays from the start.',
      brokenBy: { ChangeApproved: ['/by/amount', '/to/amount'], IndexationApplied: ['/to/amount', '/percent'] },
      detail: ({ original, ceiling }) => `It would be ${showValue(ceiling)}, and was ${showValue(original)} at first.`,
      holds: ({ original, ceiling }) => !isAmount(original) || !isAmount(ceiling) || !isBelowZero(ceiling) || isBelowZero(original),
    },
    'contract/mixed-currencies': {
      says: ONE_CURRENCY,
      brokenBy: {
        ContractPlanned: '/lots',
        ContractRecorded: ['/lots', '/options'],
        ContractAwarded: ['/lots', '/options'],
        ValueDisclosed: '/value/currency',
        ChangeApproved: ['/to/currency', '/by/currency'],
        ContractClosed: '/finalValue/currency',
        IndexationApplied: '/to/currency',
      },
      detail: (contract) => `It would be in ${[...currenciesOf(contract)].join(' and ')}.`,
      holds: (contract) => hasOneCurrency(contract),
    },
  },
  about(id, { programme, towers, suppliers, framework }) {
    const supplier = idsOf(suppliersOf({ suppliers })).slice(-NAMED);
    return {
      contract: framework?.contract === undefined ? [id] : [id, framework.contract],
      ...(towers.length && { tower: towers }),
      ...(programme && { programme }),
      ...(supplier.length && { supplier }),
    };
  },
  governedBy: { aggregate: programme, of: (c) => c.programme },
  completeFrom: (c) => c.historyCompleteFrom,
});
