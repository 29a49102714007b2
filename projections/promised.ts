import { NEWEST, newestOf, partOf, sums, type Chosen, type Key, type Measures, type Value } from '../src/kernel/index.js';
import {
  idsOf,
  pastEndFrom,
  shareUnits,
  suppliersChangeOn,
  suppliersOf,
  suppliersOn,
  WHOLE,
  type Contract,
  type Supply,
} from '../src/domain/contract/index.js';

const PROMISED: ReadonlySet<Contract['stage']> = new Set(['awarded', 'signed', 'live', 'notice-given', 'exiting', 'closed']);

/** Whether money was ever promised under it: a closed contract stays in the totals; a framework is in none, since its call-offs are. */
export const isPromised = ({ stage, kind }: Pick<Contract, 'stage' | 'kind'>): boolean => PROMISED.has(stage) && kind !== 'framework';

export const hasEnded = ({ stage }: Pick<Contract, 'stage'>): boolean => stage === 'closed' || stage === 'cancelled';

/** The group of a contract on the boards. */
export const groupOf = ({ role, towers }: Pick<Contract, 'role' | 'towers'>): 'towers' | 'outside' =>
  role === 'outside' || towers.length === 0 ? 'outside' : 'towers';

/** With whom a contract stands: on the day of a view, else once everything that was decided has taken effect. */
export const suppliersIn = (c: Contract, day: string | undefined): readonly Supply[] =>
  day === undefined ? suppliersOf(c) : suppliersOn(c, day);
/** What a contract promises to one of its suppliers: alone, or jointly with the others of its lot. */
interface Part {
  readonly supply: Supply;
  readonly value: Value;
  readonly jointly: boolean;
}
/**
 * What each of these suppliers is promised: of the ceiling, or of its lot as awarded. Shares come first, in order; what they leave is of
 * those without a share, jointly where there are several. A supplier without a lot beside others with lots is promised the ceiling jointly.
 */
export const partsOf = ({ ceiling, lots }: Pick<Contract, 'ceiling' | 'lots'>, suppliers: readonly Supply[]): readonly Part[] => {
  const [only] = suppliers;
  if (only && suppliers.length === 1 && only.share === undefined && only.lot === undefined)
    return [{ supply: only, value: ceiling, jointly: false }];
  const groups = Map.groupBy(suppliers, ({ lot }) => lot);
  return [...groups].flatMap(([lot, all]) => {
    const whole: Value = lot === undefined ? ceiling : (lots.find((one) => one.lot === lot)?.value ?? { unknown: true });
    let shared = 0;
    const parts: Part[] = [];
    for (const supply of all) {
      if (supply.share === undefined) continue;
      const to = shared + shareUnits(supply);
      parts.push({ supply, value: partOf(whole, shared, to, WHOLE), jointly: false });
      shared = to;
    }
    const others = all.filter(({ share, supplier }, i) => share === undefined && all.findIndex((one) => one.share === undefined && one.supplier === supplier) === i); // prettier-ignore
    const jointly = others.length > 1 || (lot === undefined && groups.size > 1);
    const left = shared === 0 ? whole : partOf(whole, shared, WHOLE, WHOLE);
    return [...parts, ...others.map((supply): Part => ({ supply, value: left, jointly }))];
  });
};

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
export const dayShown = (c: Contract) => ({
  suppliers: c.suppliers,
  lots: c.lots,
  ceiling: c.ceiling,
  pastEndFrom: pastEndFrom(c) ?? null,
});
type DayShown = ReturnType<typeof dayShown> & { readonly kind?: string };
/** The newest of some suppliers, each with what it is promised. */
const withPromises = (shown: DayShown, supplies: readonly Supply[]) => {
  const parts = new Map((shown.kind === 'framework' ? [] : partsOf(shown, supplies)).map((part) => [part.supply, part]));
  return newestOf(supplies).map((one) => {
    const part = parts.get(one);
    return { ...one, ...(part && { promised: part.value, jointly: part.jointly }) };
  });
};
/** The suppliers of the contract on a day, in the words of `of`; who they become and when; since when it is past its end. */
const shownOn = <Suppliers extends object>(shown: DayShown, day: string, of: (supplies: readonly Supply[]) => Suppliers) => {
  const { suppliers: all, pastEndFrom: from } = shown;
  const on = suppliersChangeOn({ suppliers: all }, day);
  return {
    ...of(suppliersOn({ suppliers: all }, day)),
    becomes: on === undefined ? null : { ...of(suppliersOn({ suppliers: all }, on)), on },
    pastEndSince: from !== null && from <= day ? from : null,
  };
};
/** For a row that joins the names of suppliers. */
export const onDay = (shown: DayShown, day: string, nameOf: (id: string) => string) =>
  shownOn(shown, day, (supplies) => {
    const suppliers = withPromises(shown, supplies).map((one) => ({ ...one, name: nameOf(one.supplier) }));
    const more = supplies.length - suppliers.length;
    const names = [...new Set(suppliers.map(({ name }) => name))].join(', ');
    return { suppliers, supplierName: supplies.length === 0 ? null : more > 0 ? `${names} and ${more} more` : names };
  });
/** For a row that joins none: an id is no name. */
export const onDayById = (shown: DayShown, day: string) =>
  shownOn(shown, day, (supplies) => ({ suppliers: withPromises(shown, supplies) }));
