import { certainlyBefore } from '../../kernel/index.js';
import { judge, shipped } from '../law/index.js';
import { changeRegimeOf, factsOfStandstill } from './law.js';
import type { Challenge } from './lists.js';
import type { Contract } from './state.js';

const PACKS = {
  PCR2006: shipped.pcr2006Standstill,
  PCR2015: shipped.pcr2015Standstill,
  PA2023: shipped.pa2023Standstill,
} as const;

type Standing = Pick<Contract, 'notices' | 'standstillLetters' | 'regime' | 'dates'>;

/** The last day of the standstill that the law of the contract gives: undefined where the law, the letter or the notice is not known. */
const byLaw = (c: Standing): string | undefined => {
  const pack = PACKS[changeRegimeOf(c) as keyof typeof PACKS] as (typeof PACKS)[keyof typeof PACKS] | undefined;
  const due = pack && judge(pack, factsOfStandstill(c)).find(({ due }) => due !== undefined)?.due;
  return due && (due.earliest === due.latest ? due.latest : `[${due.earliest}..${due.latest}]`);
};

/** The last day of the standstill: the latest that a letter or an award notice states, else what the law gives. */
export const standstillEndOf = (c: Standing): string | undefined => {
  const stated = [...c.notices, ...(c.standstillLetters ?? [])].flatMap(({ standstillEndsOn }) => standstillEndsOn ?? []);
  return stated.length > 0 ? stated.reduce((last, on) => (certainlyBefore(last, on) ? on : last)) : byLaw(c);
};

/** The challenges that forbid the signature. */
export const suspending = ({ challenges = [] }: Pick<Contract, 'challenges'>): readonly Challenge[] =>
  challenges.filter(({ suspends, resolved }) => suspends && !resolved);
