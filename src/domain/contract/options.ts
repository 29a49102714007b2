import { add, amountOf, askedOf, isAmount, moveEnd, type Occurrence, type Rules, type Value } from '../../kernel/index.js';
import { isRunning, lastDayOf, type Change, type Contract } from './state.js';

type Option = Contract['options'][number];
export const optionOf = (option: string | undefined, { options }: Pick<Contract, 'options'>): Option | undefined =>
  options.find((offered) => offered.option === option);

/** The options that can still be exercised: none while a notice stands, and none of a contract that has ended. */
export const openOptions = (c: Contract): readonly Option[] =>
  isRunning(c) && c.stage !== 'notice-given' && c.stage !== 'exiting' ? c.options.filter(({ status }) => status === 'open') : [];
/** The last day on which an option is exercised in time: as many months before the end of the contract as its notice takes. */
export const lastDayToExercise = ({ noticeMonths = 0 }: Option, c: Contract): string | undefined => {
  const last = lastDayOf(c);
  return last && moveEnd(last, -noticeMonths);
};

/** For an event that can name an option: it is one of the contract's, and open. */
export const optionRules = {
  'contract/unknown-option': {
    says: 'The contract has no such option.',
    field: '/option',
    detail: (_, { options }) => `It has ${options.map(({ option }) => option).join(', ') || 'none'}.`,
    holds: ({ data: { option } }, contract) => option === undefined || optionOf(option, contract) !== undefined,
  },
  'contract/option-not-open': {
    says: 'The option was exercised or has lapsed.',
    field: '/option',
    detail: ({ data: { option } }, contract) => `${option} is ${optionOf(option, contract)!.status}.`,
    holds: ({ data: { option } }, contract) => (optionOf(option, contract)?.status ?? 'open') === 'open',
  },
} satisfies Rules<Occurrence<{ readonly option?: string }>, Contract>;

/** A ceiling to which something was added, nobody knows how much: an approved maximum counts as what it may come to. */
export const atLeast = (ceiling: Value): Value =>
  isAmount(ceiling) ? { ...amountOf(askedOf(ceiling).least, ceiling.currency), qualifier: 'at-least' } : ceiling;

/**
 * What exercising an option adds to the ceiling: nothing where the value covers the options; its own value where the value covers the
 * initial term; else it is not known, and the ceiling is at least what it was.
 */
export const addedBy = ({ value }: Option, { covers, ceiling }: Contract): Pick<Change, 'by' | 'to'> => {
  if (covers === 'with-options') return {};
  if (covers !== 'initial-term' || !value) return { by: { unknown: true }, ...(isAmount(ceiling) && { to: atLeast(ceiling) }) };
  return { by: value, ...(isAmount(ceiling) && ceiling.currency === value.currency && { to: add(ceiling, value) }) };
};
