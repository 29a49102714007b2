import { NEWEST, newestOf, sums, type Chosen, type Key, type Measures } from '../src/kernel/index.js';
import {
  idsOf,
  pastEndFrom,
  suppliersChangeOn,
  suppliersOf,
  suppliersOn,
  type Contract,
  type Supply,
} from '../src/domain/contract/index.js';

const PROMISED: ReadonlySet<Contract['stage']> = new Set(['awarded', 'signed', 'live', 'notice-given', 'exiting', 'closed']);

/** Whether money was ever promised under it: a closed contract stays in the totals. */
export const isPromised = ({ stage }: Pick<Contract, 'stage'>): boolean => PROMISED.has(stage);

export const hasEnded = ({ stage }: Pick<Contract, 'stage'>): boolean => stage === 'closed' || stage === 'cancelled';

/** The group of a contract on the boards. */
export const groupOf = ({ role, towers }: Pick<Contract, 'role' | 'towers'>): 'towers' | 'outside' =>
  role === 'outside' || towers.length === 0 ? 'outside' : 'towers';

/** With whom a contract stands: on the day of a view, else once everything that was decided has taken effect. */
export const suppliersIn = (c: Contract, day: string | undefined): readonly Supply[] =>
  day === undefined ? suppliersOf(c) : suppliersOn(c, day);
/** Suppliers whose names a row of the contract may show, as keys. */
export const supplierKeys = ({ suppliers }: Contract): readonly Key[] => idsOf(suppliers).map((id): Key => `supplier:${id}`);

/** Rows carry the newest suppliers alone: of a contract that has more, a total under the row's key says of each whether it is one. */
const withSupplier = sums({ contracts: 'count' });
const ONE_WITH = withSupplier.of({ contracts: 1 });
const keyWith = (key: Key, supplier: string): Key => `${key}#with/${supplier}`;
export const sumsWithSuppliers = (key: Key, c: Contract, day: string | undefined): Readonly<Record<string, Measures>> => {
  const ids = idsOf(suppliersIn(c, day));
  return ids.length <= NEWEST ? {} : Object.fromEntries(ids.map((id) => [keyWith(key, id), ONE_WITH]));
};
/** For a filter by supplier. */
export const isWith = (suppliers: readonly { readonly supplier: string }[] | undefined, { value, key, lookup }: Chosen): boolean =>
  suppliers !== undefined &&
  (suppliers.some(({ supplier }) => supplier === value) ||
    (suppliers.length >= NEWEST && lookup.sum(withSupplier, keyWith(key, value)).contracts > 0));

/** What depends on the day on which a row is read. */
export const dayShown = (c: Contract) => ({ suppliers: c.suppliers, pastEndFrom: pastEndFrom(c) ?? null });
/**
 * The suppliers of the contract on a day, the newest of them; who they become and when; since when it is past its end.
 */
export const onDay = ({ suppliers: all, pastEndFrom: from }: ReturnType<typeof dayShown>, day: string, nameOf = (id: string) => id) => {
  const named = (supplies: readonly Supply[]) => {
    const suppliers = newestOf(supplies).map((one) => ({ ...one, name: nameOf(one.supplier) }));
    const more = supplies.length - suppliers.length;
    const names = [...new Set(suppliers.map(({ name }) => name))].join(', ');
    return { suppliers, supplierName: supplies.length === 0 ? null : more > 0 ? `${names} and ${more} more` : names };
  };
  const on = suppliersChangeOn({ suppliers: all }, day);
  return {
    ...named(suppliersOn({ suppliers: all }, day)),
    becomes: on === undefined ? null : { ...named(suppliersOn({ suppliers: all }, on)), on },
    pastEndSince: from !== null && from <= day ? from : null,
  };
};
