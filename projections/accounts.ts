import { measuresOf, newestOf, ownList, projection, source, totalOf, type Key, type Lookup, type Measures } from '../src/kernel/index.js';
import {
  account,
  accountFindings,
  convertedLines,
  expectedSpend,
  financialYearOf,
  MEASURES,
  NATURES,
  periodsOfYear,
  standing,
  totalMeasures,
  UNDATED,
  type Account,
  type Nature,
  type Redenomination,
} from '../src/domain/account/index.js';
import { contract, idsOf, suppliersOf } from '../src/domain/contract/index.js';
import { programme, type Budget, type YearStart } from '../src/domain/programme/index.js';
import { byVatOf } from './commitments.js';
import { withText } from './losses.js';
import { textByVat, VAT, vatOf } from './vat.js';

const MONTHS: { readonly [Y in YearStart]: number } = { january: 1, april: 4, july: 7, october: 10 };

/** What one measure comes to: amounts that differ in VAT are never one figure. */
const figure = (measures: Measures, name: string) => {
  const parts = VAT.flatMap((vat) => {
    const total = totalOf(measures, `${name}.${vat}.`);
    return total.amounts.length > 0 ? [[vat, withText(total)] as const] : [];
  });
  const all = withText(totalOf(withoutVat(measures, name)));
  return {
    ...byVatOf(parts, all),
    text: textByVat(parts.map(([vat, part]) => [vat, part.text]), all.text), // prettier-ignore
    vat: vatOf(parts),
  };
};
const withoutVat = (measures: Measures, name: string): Measures => {
  const all: Record<string, bigint> = {};
  for (const [measure, n] of Object.entries(measures)) {
    const vat = VAT.find((one) => measure.startsWith(`${name}.${one}.`));
    if (vat === undefined) continue;
    const rest = measure.slice(name.length + vat.length + 2);
    all[rest] = (all[rest] ?? 0n) + n;
  }
  return all;
};
/** Committed, invoiced and paid of summed measures, each with its text; and what was realised in exchange, above zero where it cost more. */
const figures = (measures: Measures) => ({
  ...(Object.fromEntries(MEASURES.map((measure) => [measure, figure(measures, measure)])) as {
    readonly [M in (typeof MEASURES)[number]]: ReturnType<typeof figure>;
  }),
  exchange: withText(totalOf(measures, 'exchange.')),
});
/** `2016/17`, or `2016` where the financial year is the calendar year. */
const yearText = (year: number, startsIn: number): string =>
  startsIn === 1 ? String(year) : `${year}/${String((year + 1) % 100).padStart(2, '0')}`;

/** What rows of its contract show of an account. */
export const spendShown = (a: Account) => {
  const { committed, invoiced, paid } = figures(totalMeasures(a));
  return { committed: committed.text, invoiced: invoiced.text, paid: paid.text, settledOn: a.settledOn ?? null };
};

/** What is expected of a financial year: of one nature, or in all. */
const expectedOf = (expected: ReturnType<typeof expectedSpend>, { vat }: Account, year: number, nature?: Nature): Measures =>
  Object.fromEntries(
    expected
      .filter((one) => one.year === year && one.nature === nature)
      .flatMap(({ amount }) => Object.entries(measuresOf(amount, `expected.${vat}.`))),
  );
const expectedFigure = (measures: Measures) => figure(measures, 'expected');
/** What an account adds under keys of its programme: in all, by month, and by month and nature; and what it expects, by year and nature. */
const sumsOf = (a: Account): Readonly<Record<string, Measures>> => {
  const { programme: of, sums: byMonth } = a;
  if (of === undefined) return {};
  const lines = expectedSpend(a);
  const expected = lines.map(({ year, nature }): [string, Measures] => [
    `programme:${of}#expected/${year}/${nature ?? ''}`,
    expectedOf(lines, a, year, nature),
  ]);
  const months = Object.entries(byMonth).map(([month, measures]): [string, Measures] => [
    `programme:${of}#spend/${month}`,
    Object.fromEntries(Object.entries(measures).map(([name, n]) => [name, BigInt(n)])),
  ]);
  return { [`programme:${of}#spend`]: totalMeasures(a), ...Object.fromEntries([...months, ...expected]) };
};

const accounts = source(account, 'account', {
  place: (id, a) =>
    a.stage === 'none' ? [] : [{ key: `account:${id}`, row: true, links: [`contract:${id}`, `programme:${a.programme}`], sums: sumsOf(a) }],
  show: ({ id, state: a }) => ({
    [`account:${id}`]: {
      account: a,
      shown: {
        kind: 'account',
        contract: id,
        programme: a.programme ?? null,
        stage: a.stage,
        vat: a.vat,
        settledOn: a.settledOn ?? null,
        commitments: newestOf(a.commitments),
        invoices: newestOf(a.invoices),
        payments: newestOf(a.payments),
        expected: newestOf(standing(a)),
        counts: {
          commitments: a.commitments.length,
          invoices: a.invoices.length,
          payments: a.payments.length,
          expected: standing(a).length,
        },
      },
    },
  }),
});
const contracts = source(contract, 'contract', {
  place: (id, c) => (c.stage === 'none' ? [] : [{ key: `contract:${id}` }]),
  shownByLinking: true,
  show: ({ id, state: c }) => ({
    [`contract:${id}`]: {
      title: c.title || id,
      ceiling: c.ceiling,
      vat: c.vat,
      redenominations: c.redenominations ?? [],
      suppliers: newestOf(idsOf(suppliersOf(c))),
    },
  }),
});
const programmes = source(programme, 'programme', {
  place: (id, { stage }) => (stage === 'none' ? [] : [{ key: `programme:${id}`, row: true }]),
  show: ({ id, state: p }) => ({
    [`programme:${id}`]: {
      title: p.title,
      starts: p.financialYearStarts,
      budgets: p.budgets.filter((one, i) => !p.budgets.some(({ year, kind }, j) => j > i && year === one.year && kind === one.kind)),
    },
  }),
});

/** The financial years of what an account holds; undefined of what lies in no one of them. */
const spentIn = (a: Account, startsIn: number): readonly (number | undefined)[] =>
  Object.keys(a.sums).filter((key) => !key.includes('/')).map((period) => (period === UNDATED ? undefined : financialYearOf(period, startsIn))); // prettier-ignore
/** By the financial year of the programme, in all and by nature: as many as the account has months in, or expects something of. */
const yearsOf = (a: Account, startsIn: number) => {
  const spent = spentIn(a, startsIn).filter((year) => year !== undefined);
  const expected = expectedSpend(a);
  const years = [...new Set([...spent, ...expected.map(({ year }) => year)])].sort((x, y) => x - y);
  return years.map((year) => {
    const periods = new Set(periodsOfYear(year, startsIn));
    const of = (nature?: Nature) => ({
      expected: expectedFigure(expectedOf(expected, a, year, nature)),
      ...figures(
        totalMeasures(a, (key) => {
          const [period, spentOn] = key.split('/');
          return spentOn === nature && periods.has(period!);
        }),
      ),
    });
    const named = (nature: Nature): boolean =>
      [...periods].some((period) => a.sums[`${period}/${nature}`]) || expected.some((one) => one.year === year && one.nature === nature);
    return {
      year: yearText(year, startsIn),
      ...of(),
      byNature: Object.fromEntries(NATURES.filter(named).map((nature) => [nature, of(nature)])),
    };
  });
};
const naturesOf = (a: Account) =>
  Object.fromEntries(
    NATURES.flatMap((nature) => {
      const measures = totalMeasures(a, (key) => key.endsWith(`/${nature}`));
      return Object.keys(measures).length > 0 ? [[nature, figures(measures)] as const] : [];
    }),
  );

/**
 * What a redenomination of the contract makes of the account: the fixed rates, the newest 20 lines of which something was left and that are
 * converted, and what is committed in them and not invoiced. Null where the currency was not replaced.
 */
const redenominatedShown = (a: Account, redenominations: readonly Redenomination[]) => {
  if (redenominations.length === 0) return null;
  const lines = convertedLines(a, redenominations);
  const measures: Record<string, bigint> = {};
  for (const { of, left } of lines)
    if (of === 'commitment') for (const [name, n] of Object.entries(measuresOf(left))) measures[name] = (measures[name] ?? 0n) + n;
  return {
    rates: newestOf(redenominations).map(({ on, from, to, rate }) => ({ on, from, to, rate })),
    lines: newestOf(lines),
    count: lines.length,
    notInvoiced: withText(totalOf(measures)),
  };
};

/** A budget with what was expected, committed, invoiced and paid in its year. */
const budgetShown = ({ event: _, ...budget }: Budget, key: Key, startsIn: number, lookup: Lookup) => {
  const total: Record<string, bigint> = {};
  for (const period of periodsOfYear(budget.year, startsIn))
    for (const [name, n] of Object.entries(lookup.measures(`${key}#spend/${period}/${budget.kind}` as Key)))
      total[name] = (total[name] ?? 0n) + n;
  return {
    ...budget,
    financialYear: yearText(budget.year, startsIn),
    expected: expectedFigure(lookup.measures(`${key}#expected/${budget.year}/${budget.kind}` as Key)),
    ...figures(total),
  };
};

/** What was spent, beside what was approved and what was budgeted. */
export const accountBoard = projection({
  name: 'accounts',
  version: 6,
  question: 'What is expected, committed, invoiced and paid, of which contract, in which year, against which budget?',
  from: [accounts, contracts, programmes],
  rows: {
    account(id, lookup) {
      const row = lookup.get(accounts, id);
      if (!row) return undefined;
      const of = lookup.get(contracts, id);
      const starts =
        MONTHS[(row.account.programme === undefined ? undefined : lookup.get(programmes, row.account.programme)?.starts) ?? 'april'];
      return {
        ...row.shown,
        title: of?.title ?? id,
        suppliers: of?.suppliers ?? [],
        ceiling: of?.ceiling ?? null,
        ...figures(totalMeasures(row.account)),
        byYear: yearsOf(row.account, starts),
        byNature: naturesOf(row.account),
        undated: spentIn(row.account, starts).includes(undefined),
        redenominated: redenominatedShown(row.account, of?.redenominations ?? []),
        findings: accountFindings(row.account, of),
      };
    },
    programme(id, lookup) {
      const row = lookup.get(programmes, id);
      const key = `programme:${id}` as const;
      return (
        row && {
          kind: 'programme',
          programme: id,
          title: row.title,
          ...figures(spendOf(lookup, key)),
          budgets: newestOf(row.budgets).map((budget) => budgetShown(budget, key, MONTHS[row.starts], lookup)),
          counts: { budgets: row.budgets.length },
          faultedStreams: lookup.faulted(`${key}#spend` as Key),
        }
      );
    },
  },
  lists: {
    account: {
      commitments: ownList(account, ({ state }) => state.commitments, (one) => one), // prettier-ignore
      invoices: ownList(account, ({ state }) => state.invoices, (one) => one), // prettier-ignore
      payments: ownList(account, ({ state }) => state.payments, (one) => one), // prettier-ignore
      expected: ownList(account, ({ state }) => standing(state), (one) => one), // prettier-ignore
    },
  },
  filters: {
    kind: (row) => row.kind,
    programme: (row) => row.programme,
    contract: (row) => row.contract,
    supplier: (row) => row.suppliers,
    finding: (row) => row.findings?.map(({ code }) => code),
  },
});

/** What all accounts of a programme come to. */
function spendOf(lookup: Lookup, key: Key): Measures {
  return lookup.measures(`${key}#spend` as Key);
}
/** The same in the words of a board; null where no account is open. */
export const spendTotals = (lookup: Lookup, key: Key) => {
  const measures = spendOf(lookup, key);
  if (Object.keys(measures).length === 0) return null;
  const { committed, invoiced, paid } = figures(measures);
  return { committed: committed.text, invoiced: invoiced.text, paid: paid.text };
};
/** What an account adds to the total of its programme. */
export const spendSums = (a: Account): Readonly<Record<string, Measures>> =>
  a.programme === undefined ? {} : { [`programme:${a.programme}#spend`]: totalMeasures(a) };
