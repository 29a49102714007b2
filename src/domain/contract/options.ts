import type { Occurrence, Rules } from '../../kernel/index.js';
import type { Contract } from './state.js';

const optionOf = ({ data: { option } }: Occurrence<{ readonly option?: string }>, { options }: Contract) =>
  options.find((offered) => offered.option === option);

/** For an event that can name an option: it is one of the contract's, and open. */
export const optionRules = {
  'contract/unknown-option': {
    says: 'The contract has no such option.',
    field: '/option',
    detail: (_, { options }) => `It has ${options.map(({ option }) => option).join(', ') || 'none'}.`,
    holds: (occurrence, contract) => occurrence.data.option === undefined || optionOf(occurrence, contract) !== undefined,
  },
  'contract/option-not-open': {
    says: 'The option was exercised or has lapsed.',
    field: '/option',
    detail: (occurrence, contract) => `${occurrence.data.option} is ${optionOf(occurrence, contract)!.status}.`,
    holds: (occurrence, contract) => (optionOf(occurrence, contract)?.status ?? 'open') === 'open',
  },
} satisfies Rules<Occurrence<{ readonly option?: string }>, Contract>;
