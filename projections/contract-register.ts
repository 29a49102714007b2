import {
  bounds,
  daysOf,
  isAmount,
  isDay,
  minor,
  newestOf,
  projection,
  source,
  type Columns,
  type History,
  type List,
  type TableFormat,
  type Value,
} from '../src/kernel/index.js';
import { contract, contractFindings, endBasisOf, lastDayOf, ownerOf, STAGES, type Contract } from '../src/domain/contract/index.js';
import { supplier } from '../src/domain/supplier/index.js';
import { contractLists, listOf, newestLists, type GrowingList } from './contract-lists.js';
import { callOffShown, foundBeside, frameworkBeside, frameworkLinks } from './frameworks.js';
import { perYearOf } from './per-year.js';
import { dayShown, isWith, onDay, supplierKeys, sumsWithSuppliers } from './promised.js';
import { registerTotals } from './register-totals.js';
import { trailOf } from './trail.js';

/** A list of the state that is missing here does not compile: without a line the row would carry all of it. */
const lists = {
  changes: listOf('changes'),
  delays: listOf('delays'),
  novations: listOf('novations'),
  suppliers: listOf('suppliers'),
  notices: listOf('notices'),
  terminations: listOf('terminations'),
  redenominations: listOf('redenominations'),
  ...contractLists,
} satisfies { readonly [Name in GrowingList]: List };
const names = Object.keys(lists) as readonly (keyof typeof lists)[];

/** Who answers for it. */
const ownerShown = (c: Contract) => {
  const { owner = null, department = null } = ownerOf(c) ?? {};
  return { owner, department };
};
/** Of all its milestones: how they stand, and which of those that are planned is expected first. */
const milestonesShown = ({ milestones = [] }: Contract) => {
  const next = milestones
    .filter(({ status }) => status === 'planned')
    .toSorted((a, b) => (bounds(a.forecast).earliest < bounds(b.forecast).earliest ? -1 : 1))[0];
  return {
    milestonesReached: milestones.filter(({ status }) => status === 'reached').length,
    milestonesMissed: milestones.filter(({ status }) => status === 'missed').length,
    nextMilestone: next ? { milestone: next.milestone, title: next.title, forecast: next.forecast } : null,
  };
};
const shown = (history: History<Contract>) => {
  const { id, state } = history;
  const newest = newestLists(state, names);
  return {
    contract: id,
    ...state,
    ...newest.lists,
    ...ownerShown(state),
    ...milestonesShown(state),
    ...dayShown(state),
    calledOff: callOffShown(state),
    findings: contractFindings(state),
    /** The last day: of its term, or by a notice. */
    ends: lastDayOf(state) ?? null,
    endBasis: endBasisOf(state),
    perYear: perYearOf(state),
    counts: newest.counts,
    trail: trailOf(history),
  };
};

const contracts = source(contract, 'contract', {
  place: (id, state, day) =>
    state.stage === 'none'
      ? []
      : [
          {
            key: `contract:${id}`,
            row: true,
            links: [...supplierKeys(state), ...frameworkLinks(state)],
            sums: sumsWithSuppliers(`contract:${id}`, state, day),
          },
        ],
  show: (history) => ({ [`contract:${history.id}`]: shown(history) }),
});
/** Of each supplier, the newest of its other and of its former names: rows are found by them too. */
const OTHER_NAMES = 5;
const suppliers = source(supplier, 'supplier', {
  place: (id) => [{ key: `supplier:${id}` }],
  show: ({ id, state: { title, aliases, formerNames } }) => ({
    [`supplier:${id}`]: {
      title: title || id,
      others: [...newestOf(aliases, OTHER_NAMES), ...newestOf(formerNames, OTHER_NAMES).map((former) => former.title)],
    },
  }),
  shownByLinking: true,
});

/** Texts are compared without regard to case or to how their characters are composed. */
const folded = (text: string): string => text.normalize('NFKC').toLowerCase();
/** Whether a text holds every word of another one; an ß and its SS meet in upper case. */
const holds = (text: string, words: string): boolean => {
  const found = folded(text).toUpperCase();
  return folded(words).toUpperCase().split(/\s+/).every((word) => found.includes(word)); // prettier-ignore
};

const namesOf = ({ supplierName, otherNames = [] }: { readonly supplierName?: string | null; readonly otherNames?: readonly string[] }) => [
  supplierName ?? '',
  ...otherNames,
];

/** An amount of the currency of a figure as a decimal, compared with its minor units; a filter that is no decimal chooses nothing. */
const compared = (figure: Value, value: string): bigint | undefined => {
  if (!isAmount(figure) || !/^\d{1,15}(\.\d{1,4})?$/.test(value)) return undefined;
  const { currency } = figure;
  const digits = (value.split('.')[1] ?? '').length;
  const scale = 10n ** 4n;
  const asked = BigInt(value.replace('.', '')) * 10n ** BigInt(4 - digits);
  return minor(figure) * scale - asked * minor({ amount: '1', currency });
};

type OnDay = ReturnType<typeof onDay>;
interface Registered extends Omit<ReturnType<typeof shown>, 'suppliers' | 'calledOff'> {
  readonly suppliers: OnDay['suppliers'];
  readonly supplierName: OnDay['supplierName'];
  readonly pastEndSince: string | null;
}
const at = (day: string | undefined, end: 'earliest' | 'latest'): string | null => (day === undefined ? null : daysOf(day)[end]);
const amountIn = (value: Value) => (isAmount(value) ? value.amount : null);
const currencyIn = (value: Value) => (isAmount(value) ? value.currency : null);
/** `about`; `exact` where nothing else is said; `undisclosed`, `withheld` or `unknown` of a value without an amount. */
const qualifierIn = (value: Value): string => (isAmount(value) ? (value.qualifier ?? 'exact') : Object.keys(value)[0]!);

/** Columns never change their place: a new one comes last. */
const COLUMNS: Columns<Registered> = [
  ['contract', ({ contract }) => contract],
  ['programme', ({ programme }) => programme ?? null],
  ['title', ({ title }) => title],
  ['stage', ({ stage }) => stage],
  ['role', ({ role }) => role],
  ['towers', ({ towers }) => towers.join(' ')],
  ['supplier', ({ suppliers }) => [...new Set(suppliers.map(({ supplier }) => supplier))].join(' ')],
  ['supplierName', ({ supplierName }) => supplierName],
  ['originalAmount', ({ original }) => amountIn(original), 'number'],
  ['originalCurrency', ({ original }) => currencyIn(original)],
  ['originalQualifier', ({ original }) => qualifierIn(original)],
  ['ceilingAmount', ({ ceiling }) => amountIn(ceiling), 'number'],
  ['ceilingCurrency', ({ ceiling }) => currencyIn(ceiling)],
  ['ceilingQualifier', ({ ceiling }) => qualifierIn(ceiling)],
  ['vat', ({ vat }) => vat],
  ['startsEarliest', ({ term }) => at(term.startsOn, 'earliest')],
  ['startsLatest', ({ term }) => at(term.startsOn, 'latest')],
  ['endsEarliest', ({ ends }) => at(ends ?? undefined, 'earliest')],
  ['endsLatest', ({ ends }) => at(ends ?? undefined, 'latest')],
  ['pastEndSince', ({ pastEndSince }) => pastEndSince],
  ['kind', ({ kind }) => kind],
  ['framework', ({ framework }) => framework?.contract ?? framework?.reference ?? null],
  ['frameworkLot', ({ framework }) => framework?.lot ?? null],
  ['owner', ({ owner }) => owner],
  ['department', ({ department }) => department],
  ['milestones', ({ counts }) => counts.milestones ?? 0, 'number'],
  ['milestonesReached', ({ milestonesReached }) => milestonesReached, 'number'],
  ['milestonesMissed', ({ milestonesMissed }) => milestonesMissed, 'number'],
  ['nextMilestone', ({ nextMilestone }) => nextMilestone?.milestone ?? null],
  ['nextMilestoneEarliest', ({ nextMilestone }) => at(nextMilestone?.forecast, 'earliest')],
  ['nextMilestoneLatest', ({ nextMilestone }) => at(nextMilestone?.forecast, 'latest')],
  ['findings', ({ findings }) => findings.map(({ code }) => code).join(' ')],
  ['endBasis', ({ endBasis }) => endBasis],
  ['originalPerYearAmount', ({ perYear }) => perYear?.amount, 'number'],
  ['originalPerYearCurrency', ({ perYear }) => perYear?.currency],
  ['originalPerYearQualifier', ({ perYear }) => perYear && (perYear.qualifier ?? 'exact')],
  ['originalPerYearDivides', ({ perYear }) => perYear?.divides],
];

/** What a row is sorted by where it is a date of any precision: its first possible day. */
const dayIn = (day: string | null | undefined): string | null => at(day ?? undefined, 'earliest');
/** Amounts are sorted within their currency, in the order of its code; what is not known comes last. */
const sortedAmount = (value: Value | undefined): string | null => {
  if (!value || !isAmount(value)) return null;
  const units = minor(value) + OFFSET;
  return `${value.currency} ${String(units).padStart(24, '0')}`;
};
/** Above every amount below zero. */
const OFFSET = 10n ** 22n;

/** Every contract that was ever recorded. */
export const contractRegister = projection({
  name: 'contract-register',
  version: 14,
  question: 'Which contracts are there, with whom, for how much, until when?',
  byDay: true,
  from: [contracts, suppliers, frameworkBeside],
  rows: {
    contract(id, lookup) {
      const row = lookup.get(contracts, id);
      if (!row) return undefined;
      const today = onDay(row, lookup.day, (supplier) => lookup.get(suppliers, supplier)?.title ?? supplier);
      const { calledOff, findings, ...own } = row;
      const otherNames = [...new Set(today.suppliers.flatMap(({ supplier }) => lookup.get(suppliers, supplier)?.others ?? []))];
      return { ...own, ...today, otherNames, findings: [...findings, ...foundBeside(calledOff, lookup)] };
    },
  },
  lists: { contract: lists },
  formats: { csv: { type: 'text/csv', columns: COLUMNS, records: (row: Registered) => [row] } satisfies TableFormat<Registered> },
  filters: {
    /** Words of its id, its title or the names that its supplier has and had. */
    text: (row, { value }) =>
      holds([row.contract, row.title, ...(row.suppliers ?? []).map(({ supplier }) => supplier), ...namesOf(row)].join(' '), value),
    supplierName: (row, { value }) => holds(namesOf(row).join(' '), value),
    endsFrom: (row, { value }) => row.ends != null && isDay(value) && bounds(row.ends).latest >= value,
    endsUntil: (row, { value }) => row.ends != null && isDay(value) && bounds(row.ends).earliest <= value,
    pastEnd: (row) => String(row.pastEndSince != null),
    valueFrom: (row, { value }) => (compared(row.ceiling!, value) ?? -1n) >= 0n,
    valueUntil: (row, { value }) => (compared(row.ceiling!, value) ?? 1n) <= 0n,
    originalFrom: (row, { value }) => (compared(row.original!, value) ?? -1n) >= 0n,
    originalUntil: (row, { value }) => (compared(row.original!, value) ?? 1n) <= 0n,
    startsFrom: (row, { value }) => row.term?.startsOn !== undefined && isDay(value) && bounds(row.term.startsOn).latest >= value,
    startsUntil: (row, { value }) => row.term?.startsOn !== undefined && isDay(value) && bounds(row.term.startsOn).earliest <= value,
    programme: (row) => row.programme,
    supplier: (row, chosen) => isWith(row.suppliers, chosen),
    tower: (row) => row.towers,
    stage: (row) => row.stage,
    owner: (row) => row.owner,
    kind: (row) => row.kind,
    role: (row) => row.role,
    vat: (row) => row.vat,
    framework: (row) => row.framework?.contract ?? row.framework?.reference,
    frameworkLot: (row) => row.framework?.lot,
    finding: (row) => (row.findings ?? []).map(({ code }) => code),
    milestoneFrom: (row, { value }) => row.nextMilestone != null && isDay(value) && bounds(row.nextMilestone.forecast).latest >= value,
    milestoneUntil: (row, { value }) => row.nextMilestone != null && isDay(value) && bounds(row.nextMilestone.forecast).earliest <= value,
    department: (row) => row.department,
  },
  sorts: {
    contract: (row) => row.contract,
    title: (row) => (row.title === undefined ? null : folded(row.title)),
    supplier: (row) => (row.supplierName ? folded(row.supplierName) : null),
    stage: (row) => (row.stage === undefined ? null : String(STAGES.indexOf(row.stage)).padStart(2, '0')),
    original: (row) => sortedAmount(row.original),
    ceiling: (row) => sortedAmount(row.ceiling),
    programme: (row) => row.programme ?? null,
    kind: (row) => row.kind ?? null,
    role: (row) => row.role ?? null,
    framework: (row) => row.framework?.contract ?? row.framework?.reference ?? null,
    owner: (row) => row.owner ?? null,
    department: (row) => (row.department == null ? null : folded(row.department)),
    milestone: (row) => dayIn(row.nextMilestone?.forecast),
    findings: (row) => BigInt((row.findings ?? []).length),
    starts: (row) => dayIn(row.term?.startsOn),
    ends: (row) => dayIn(row.ends),
  },
  totals: registerTotals,
});
