import { amount, choice, count, date, id, list, object, optional, text, uri, type TypeOf } from './fields.js';

const evidence = object({
  uri: optional(uri()),
  title: optional(text(undefined, { max: 300 })),
  published: optional(date()),
  paragraph: optional(text()),
  sha256: optional(text('SHA-256 of the document in hexadecimal', { max: 64 })),
  confidence: optional(choice(['primary', 'press', 'derived', 'low'])),
});

const externalReference = object({
  scheme: text('Whose identifiers these are', { max: 60, example: 'ocid' }),
  id: text('As the other system writes it', { max: 200, example: 'ocds-b5fd17-1234' }),
});
/** An identifier of another system: any case, compared as exact text. */
export type ExternalReference = NonNullable<TypeOf<typeof externalReference>>;
const otherSystems = list(externalReference, 'Identifiers in other systems', { max: 20 });
/** Each belongs to one aggregate of its category, by its exact text. */
export const references = optional({ ...otherSystems, unique: true } as typeof otherSystems);
/** Of what has no stream of its own, such as a notice: several may have the same. */
export const sharedReferences = optional(otherSystems);

/** Each once, in the order in which they were recorded; absent where there is none. */
export const withReferences = (
  before: readonly ExternalReference[] = [],
  more: readonly ExternalReference[] = [],
): { readonly references?: readonly ExternalReference[] } => {
  const all = [...before];
  for (const { scheme, id } of more) if (!all.some((other) => other.scheme === scheme && other.id === id)) all.push({ scheme, id });
  return all.length > 0 ? { references: all } : {};
};

/** The reserved key `record` of every command: when, who decided, on what authority and evidence. */
export const provenanceFields = {
  effectiveOn: optional(date('The day of the act; today when absent')),
  sequence: optional(count('Its place among facts of the stream on the same day', { max: 1_000_000 })),
  decidedBy: optional(object({ person: id('Person id, never a name'), office: optional(text()) })),
  authority: optional(object({ reference: text('Paper or delegation, such as PCD 813'), limit: optional(amount()) })),
  reason: optional(text(undefined, { max: 2000 })),
  evidence: optional(list(evidence, undefined, { max: 20 })),
  waives: optional(list(text(), 'Ids of rules set aside: needs a reason and an authority', { max: 20 })),
};
