import { isAmount } from '../../../kernel/index.js';
import { contract } from '../contract.js';
import { ONE_CURRENCY, type Contract } from '../state.js';

/** In which its figures were recorded at first; undefined while none is known. */
const currencyAtFirst = ({ redenominations, changes, finalValue }: Contract): string | undefined => {
  if (redenominations?.[0]) return redenominations[0].from;
  const known = [...changes.flatMap(({ to, by }) => [to, by]), finalValue].find((value) => value && isAmount(value));
  return known && isAmount(known) ? known.currency : undefined;
};

export const discloseValue = contract.command('DiscloseValue', {
  summary: 'Disclose the value of a contract whose award said that it was undisclosed, withheld or unknown: it was so from the award on.',
  records: 'ValueDisclosed',
  rules: {
    'contract/mixed-currencies': {
      says: ONE_CURRENCY,
      field: '/value/currency',
      detail: (_, c) => `Its figures were in ${currencyAtFirst(c)} when it was awarded.`,
      holds: ({ data: { value } }, c) => (currencyAtFirst(c) ?? value.currency) === value.currency,
    },
  },
});
