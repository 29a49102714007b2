import { certainlyBefore, isAmount, subject, type Value } from '../../kernel/index.js';
import { programme } from '../programme/programme.js';
import { awarding } from './facts/award.js';
import { changing } from './facts/change.js';
import { ending } from './facts/end.js';
import { none, type Contract } from './state.js';

/** Whether every figure that was told of its value is in one currency. Asked with every fact. */
const inOneCurrency = ({ original, ceiling, changes, finalValue }: Contract): boolean => {
  let currency: string | undefined;
  const fits = (value: Value | undefined): boolean => {
    if (!value || !isAmount(value)) return true;
    currency ??= value.currency;
    return value.currency === currency;
  };
  return fits(original) && fits(ceiling) && fits(finalValue) && changes.every(({ to, by }) => fits(to) && fits(by));
};

export const contract = subject({
  category: 'contract',
  initial: none,
  events: { ...awarding, ...changing, ...ending },
  invariants: {
    'contract/ends-before-start': {
      says: 'A contract cannot end before it starts.',
      holds: ({ term: { startsOn, endsOn } }) => !startsOn || !endsOn || !certainlyBefore(endsOn, startsOn),
    },
    'contract/mixed-currencies': {
      says: 'A contract has one currency: all that is told of its value must share it.',
      holds: inOneCurrency,
    },
    'contract/no-programme': {
      says: 'A contract belongs to a programme, named when its stream opens.',
      holds: ({ programme }) => programme !== undefined,
    },
  },
  about: (id, { programme, towers, supplier }) => ({
    contract: [id],
    ...(towers.length && { tower: towers }),
    ...(programme && { programme }),
    ...(supplier && { supplier: [supplier] }),
  }),
  governedBy: { aggregate: programme, of: (c) => c.programme },
  completeFrom: (c) => c.historyCompleteFrom,
});
