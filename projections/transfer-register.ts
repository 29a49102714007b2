import { newestOf, projection, source, type Key, type Lookup } from '../src/kernel/index.js';
import { contract, idsOf, suppliersOf } from '../src/domain/contract/index.js';
import { supplier } from '../src/domain/supplier/index.js';
import { workforce, type Finding } from '../src/domain/workforce/index.js';
import { supplierKeys } from './promised.js';
import { planOn, planShown, transferShown } from './staff.js';

const contractLink = (contract: string | undefined): readonly Key[] => (contract === undefined ? [] : [`contract:${contract}`]);

const transfers = source(workforce, 'transfer', {
  place: (id, { transfers, plans }) => {
    const planned = new Map(plans.map(({ plan, contract }) => [plan, contract]));
    return transfers.map((t) => ({
      key: `transfer:${id}/${t.transfer}` as const,
      row: true,
      links: contractLink(t.contract ?? planned.get(t.plan ?? '')),
    }));
  },
  show: ({ id, state }) =>
    Object.fromEntries(
      state.transfers.map((t) => [`transfer:${id}/${t.transfer}`, { kind: 'transfer', programme: id, ...transferShown(t, state) }]),
    ),
});
const plans = source(workforce, 'plan', {
  place: (id, { plans }) =>
    plans.map(({ plan, contract }) => ({ key: `plan:${id}/${plan}` as const, row: true, links: contractLink(contract) })),
  show: ({ id, state }) =>
    Object.fromEntries(state.plans.map((plan) => [`plan:${id}/${plan.plan}`, { kind: 'plan', programme: id, ...planShown(plan, state) }])),
});
const contracts = source(contract, 'contract', {
  place: (id, c) => [{ key: `contract:${id}`, links: supplierKeys(c) }],
  show: ({ id, state }) => ({ [`contract:${id}`]: idsOf(suppliersOf(state)) }),
  shownByLinking: true,
});
const suppliers = source(supplier, 'supplier', {
  place: (id) => [{ key: `supplier:${id}` }],
  show: ({ id, state }) => ({ [`supplier:${id}`]: { members: state.members } }),
});

/** A supplier of the contract is one of the two employers, itself or by a member of its. */
const suppliersIn = (
  {
    contract,
    from,
    to,
  }: { readonly contract: string | null; readonly from: { readonly employer: string }; readonly to: { readonly employer: string } },
  lookup: Lookup,
): { readonly suppliers: readonly string[]; readonly findings: readonly Finding[] } => {
  const its = lookup.get(contracts, contract ?? '') ?? [];
  const shown = newestOf(its);
  const isIts = (employer: string): boolean =>
    its.includes(employer) || its.some((one) => lookup.get(suppliers, one)?.members.includes(employer));
  if (its.length === 0 || isIts(from.employer) || isIts(to.employer)) return { suppliers: shown, findings: [] };
  const text = `The contract ${contract} is with ${shown.join(', ')}; they transfer from ${from.employer} to ${to.employer}.`;
  return { suppliers: shown, findings: [{ code: 'not-the-supplier', text }] };
};
const withSuppliers = <R extends Parameters<typeof suppliersIn>[0] & { readonly findings: readonly Finding[] }>(
  row: R | undefined,
  lookup: Lookup,
) => {
  if (!row) return undefined;
  const { suppliers, findings } = suppliersIn(row, lookup);
  return { ...row, suppliers, findings: [...row.findings, ...findings] };
};

/** One row for each transfer, and one for each plan. */
export const transferRegister = projection({
  name: 'transfer-register',
  version: 2,
  question: 'Who transferred, on which basis, when, with which information and consultation, and what is still planned?',
  byDay: true,
  from: [transfers, plans, contracts, suppliers],
  rows: {
    transfer: (id, lookup) => withSuppliers(lookup.get(transfers, id), lookup),
    plan(id, lookup) {
      const row = withSuppliers(lookup.get(plans, id), lookup);
      return row && planOn(row, lookup.day);
    },
  },
  filters: {
    kind: (row) => row.kind,
    programme: (row) => row.programme,
    employer: (row) => [row.from?.employer ?? null, row.to?.employer ?? null],
    contract: (row) => row.contract,
    basis: (row) => row.basis,
    overdue: (row) => (row.overdue === undefined ? null : String(row.overdue)),
    finding: (row) => row.findings?.map(({ code }) => code),
  },
});
