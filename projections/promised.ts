import { newestOf, type Key } from '../src/kernel/index.js';
import { novationsAfter, pastEndFrom, supplierOn, type Contract } from '../src/domain/contract/index.js';

const PROMISED: ReadonlySet<Contract['stage']> = new Set(['awarded', 'signed', 'live', 'notice-given', 'exiting', 'closed']);

/** Whether money was ever promised under it: a closed contract stays in the totals. */
export const isPromised = ({ stage }: Pick<Contract, 'stage'>): boolean => PROMISED.has(stage);

export const hasEnded = ({ stage }: Pick<Contract, 'stage'>): boolean => stage === 'closed' || stage === 'cancelled';

/** The group of a contract on the boards. */
export const groupOf = ({ role, towers }: Pick<Contract, 'role' | 'towers'>): 'towers' | 'outside' =>
  role === 'outside' || towers.length === 0 ? 'outside' : 'towers';

/** With whom a contract stands: on the day of a view, else once every novation has taken effect. */
export const supplierIn = (c: Contract, day: string | undefined): string | undefined =>
  day === undefined ? c.supplier : supplierOn(c, day);
/** Suppliers whose names a row of the contract may show, as keys. */
export const supplierKeys = ({ supplier, novations }: Contract): readonly Key[] =>
  [...new Set([...(supplier ? [supplier] : []), ...novations.map(({ from }) => from)])].map((id): Key => `supplier:${id}`);

/** Novations that are looked at for a day: the newest of them. */
const MOST = 5;
/** What depends on the day on which a row is read. */
export const dayShown = (c: Contract) => ({
  supplier: c.supplier ?? null,
  novations: newestOf(c.novations, MOST),
  pastEndFrom: pastEndFrom(c) ?? null,
});
/** With whom the contract is on a day, whose it becomes and when, and since when it is past its end. */
export const onDay = ({ supplier, novations, pastEndFrom: from }: ReturnType<typeof dayShown>, day: string) => {
  const [next] = novationsAfter({ novations }, day);
  return {
    supplier: next?.from ?? supplier,
    becomes: next ? { supplier: next.to, on: next.on } : null,
    pastEndSince: from !== null && from <= day ? from : null,
  };
};
