import type { Contract } from '../src/domain/contract/index.js';
import { hasEnded } from './promised.js';

/** Values with VAT, without it, and those of which it is not known are never one figure. */
export const VAT = ['ex', 'inc', 'unknown'] as const;
export type Vat = (typeof VAT)[number];
const VAT_WORDS: { readonly [V in Vat]: string } = { ex: 'without VAT', inc: 'with VAT', unknown: 'VAT not known' };
/** How far a contract has come on the day of the row: promised and not begun, in force, ended. */
export const STATES = ['toCome', 'inForce', 'ended'] as const;
export type State = (typeof STATES)[number];
export const stateOf = ({ stage }: Pick<Contract, 'stage'>): State =>
  hasEnded({ stage }) ? 'ended' : stage === 'awarded' || stage === 'signed' ? 'toCome' : 'inForce';

/** Of figures that differ in VAT, each by itself; else the text of all. */
export const textByVat = (parts: readonly (readonly [vat: Vat, text: string])[], all: string): string =>
  parts.length < 2 ? all : parts.map(([vat, text]) => `${text} ${VAT_WORDS[vat]}`).join(' + ');
/** Whether figures are with VAT, without it, of unknown VAT, or some of each: then only the parts can be compared. Null of none. */
export const vatOf = (parts: readonly (readonly [vat: Vat, ...unknown[]])[]): Vat | 'mixed' | null =>
  parts.length > 1 ? 'mixed' : (parts[0]?.[0] ?? null);
