import { object, optional, references, text, withReferences, type DataOf } from '../../kernel/index.js';
import type { Contract } from './state.js';

/** What describes a contract beside its terms. */
export const particulars = {
  description: optional(text('What is bought', { max: 2000 })),
  buyer: optional(text('Who buys, where it is not the authority of the programme', { max: 300 })),
  references,
};
/** How it was procured. */
export const procured = {
  procedure: optional(text('Procedure', { max: 100, example: 'restricted' })),
  directAward: optional(object({ ground: text('Why it was awarded without competition', { max: 1000 }) })),
};

type Particulars = Pick<Contract, 'description' | 'buyer' | 'references' | 'procedure' | 'directAward'>;
/** What is sent replaces what was known; references are added. */
export const withParticulars = (
  c: Contract,
  { description, buyer, references, procedure, directAward }: DataOf<typeof particulars> & DataOf<Partial<typeof procured>>,
): Particulars => ({
  ...(description && { description }),
  ...(buyer && { buyer }),
  ...(procedure && { procedure }),
  ...(directAward && { directAward }),
  ...withReferences(c.references, references),
});
