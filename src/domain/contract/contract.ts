import { certainlyBefore, isAmount, subject, type Value } from '../../kernel/index.js';
import { programme } from '../programme/programme.js';
import { awarding } from './facts/award.js';
import { changing } from './facts/change.js';
import { ending } from './facts/end.js';
import { none, type Contract } from './state.js';

/** Every figure that was told of its value. */
const figuresOf = ({ original, ceiling, changes, finalValue }: Contract): readonly (Value | undefined)[] => [
  original,
  ceiling,
  ...changes.flatMap(({ to, by }) => [to, by]),
  finalValue,
];

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
      holds: (c) => new Set(figuresOf(c).flatMap((v) => (v && isAmount(v) ? [v.currency] : []))).size <= 1,
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
  home: { subject: programme, of: (c) => c.programme },
  completeFrom: (c) => c.historyCompleteFrom,
});
