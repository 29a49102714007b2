import { reject } from '../../kernel/index.js';
import type { Contract } from './state.js';

export const optionRefusals = {
  'contract/unknown-option': 'The contract has no such option.',
  'contract/option-not-open': 'The option was exercised or has lapsed.',
};

/** @throws Rejection when an option that is named is not one of the contract's, or not open */
export const mustBeOpen = (options: Contract['options'], option: string | undefined): void => {
  if (!option) return;
  const offered = options.find((o) => o.option === option);
  if (!offered) reject('contract/unknown-option', `It has ${options.map((o) => o.option).join(', ') || 'none'}.`, { pointer: '/option' });
  if (offered.status !== 'open') reject('contract/option-not-open', `${option} is ${offered.status}.`, { pointer: '/option' });
};
