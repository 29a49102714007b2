import { contract } from '../src/domain/contract/index.js';
import { programme } from '../src/domain/programme/index.js';
import { supplier } from '../src/domain/supplier/index.js';
import { tower } from '../src/domain/tower/index.js';
import {
  linkedList,
  projection,
  source,
  sums,
  type AnyAggregate,
  type ExternalReference,
  type Key,
  type LinkedList,
  type Lookup,
} from '../src/kernel/index.js';

/** Where the holders of a reference stand: `contract-reference:ocid/ocds-1`, each part percent-encoded. */
export const referenceKey = (category: string, { scheme, id }: ExternalReference): Key =>
  `${category}-reference:${encodeURIComponent(scheme)}/${encodeURIComponent(id)}`;
export const REFERENCED = ['programme', 'tower', 'contract', 'supplier'] as const;

const totals = sums({ holders: 'count' });
const ONE = totals.of({ holders: 1 });

interface Holder {
  readonly category: string;
  readonly id: string;
  readonly title: string;
}

const of = (aggregate: AnyAggregate) => {
  const { category } = aggregate;
  const holders = source<AnyAggregate, string, Holder>(aggregate, `${category}-holder`, {
    place(id, { references = [] }: { readonly references?: readonly ExternalReference[] }) {
      if (references.length === 0) return [];
      const links = references.map((reference) => referenceKey(category, reference));
      return [{ key: `${category}-holder:${id}`, links, sums: Object.fromEntries(links.map((key) => [key, ONE])) }];
    },
    show: ({ id, state }) => ({ [`${category}-holder:${id}`]: { category, id, title: (state as { title: string }).title || id } }),
  });
  const list: LinkedList<Holder, Holder> = linkedList(holders);
  const row = (id: string, lookup: Lookup) => {
    const key: Key = `${category}-reference:${id}`;
    const counts = lookup.sum(totals, key);
    if (counts.holders === 0) return undefined;
    const [scheme, reference] = id.split('/').map(decodeURIComponent);
    return {
      category,
      scheme,
      id: reference,
      holders: lookup.newest(list, key),
      counts,
      // Two were recorded at the same moment: the index that refuses the second did not know the first yet.
      finding: counts.holders > 1 ? 'several have this reference' : null,
    };
  };
  return { kind: `${category}-reference`, holders, list, row };
};
/** One identifier, and who has it. */
export type Identified = NonNullable<ReturnType<ReturnType<typeof of>['row']>>;
const kinds = [programme, tower, contract, supplier].map((aggregate) => of(aggregate as AnyAggregate));

/** Which programme, tower, contract or supplier an identifier of another system belongs to; `holders` are one unless a race was lost. */
export const identifiers = projection({
  name: 'identifiers',
  version: 1,
  question: 'Whose is this identifier of another system?',
  from: kinds.map(({ holders }) => holders),
  rows: Object.fromEntries(kinds.map(({ kind, row }) => [kind, row])),
  lists: Object.fromEntries(kinds.map(({ kind, list }) => [kind, { holders: list }])),
});
