import { bounds, showHeadcount, type Columns, type Quantity, type Unit } from '../kernel/index.js';
import { csvOf } from '../csv.js';

interface PoolName {
  readonly employer: string;
  readonly function: string;
  readonly unit: Unit;
}
interface Finding {
  readonly code: string;
  readonly text: string;
}
/** What a row of the transfer register has, as far as it is printed. */
export interface Registered {
  readonly transfer: string;
  readonly plan: string | null;
  readonly contract: string | null;
  readonly suppliers: readonly string[];
  readonly basis: string | null;
  readonly activity: string | null;
  readonly transferOn: string;
  readonly from: PoolName;
  readonly to: PoolName;
  readonly unit: Unit;
  readonly inScope: Quantity;
  readonly moved: Quantity;
  readonly objected: Quantity;
  readonly retained: Quantity;
  readonly left: Quantity;
  readonly fte: { readonly moved: Quantity } | null;
  readonly pension: readonly { readonly by: string; readonly count: number }[];
  readonly liability: {
    readonly due: { readonly earliest: string; readonly latest: string } | null;
    readonly delivered: string | null;
    readonly result: string;
    readonly daysLate: number | null;
  };
  readonly consulted: readonly { readonly informedOn: string; readonly with: string; readonly measures?: string }[];
  readonly findings: readonly Finding[];
}
/** A movement table: lines, and whether they come to what the pool holds. */
export interface Movements extends PoolName {
  readonly lines: readonly { readonly line: string; readonly text: string; readonly least: number | null; readonly most: number | null }[];
  readonly closing: string;
  readonly counted: boolean;
  readonly least: number | null;
  readonly most: number | null;
  readonly check: string;
}

const figure = (quantity: Quantity, unit: Unit): string =>
  showHeadcount({ ...(typeof quantity === 'object' ? quantity : { count: quantity }), unit }).replace(` ${unit}`, '');
const name = ({ employer, function: of }: PoolName): string => `${employer}, ${of}`;
const dueOf = ({ due }: Registered['liability']): string =>
  due === null ? 'not due' : due.earliest === due.latest ? `due ${due.latest}` : `due ${due.earliest} to ${due.latest}`;
const lateness = ({ result, daysLate }: Registered['liability']): string =>
  daysLate === null ? result.replace('-', ' ') : `${daysLate} days late`;

/** The register as a page of text. */
export const registerOf = (title: string, transfers: readonly Registered[]): string =>
  [
    title,
    ...transfers.flatMap((t) => [
      `  ${t.transfer}, ${t.transferOn}: ${t.basis ?? 'basis not recorded'}${t.activity ? ` · ${t.activity}` : ''} · ${name(t.from)} → ${name(t.to)}`,
      `    ${figure(t.inScope, t.unit)} ${t.unit} in scope = ${figure(t.moved, t.unit)} moved + ${figure(t.objected, t.unit)} objected + ${figure(t.retained, t.unit)} retained + ${figure(t.left, t.unit)} left${t.fte ? ` · ${figure(t.fte.moved, 'fte')} fte moved` : ''}`,
      `    liability information: ${dueOf(t.liability)}, ${t.liability.delivered === null ? 'none recorded' : `delivered ${t.liability.delivered}`}: ${lateness(t.liability)}`,
      ...t.consulted.map(
        ({ informedOn, with: whom, measures }) => `    informed on ${informedOn}: ${whom}${measures ? ` · measures: ${measures}` : ''}`,
      ),
      ...(t.pension.length > 0 ? [`    pensions: ${t.pension.map(({ by, count }) => `${count} ${by}`).join(', ')}`] : []),
      ...t.findings.map(({ code, text }) => `    finding ${code}: ${text}`),
    ]),
    '',
  ].join('\n');

/** What a row of a plan has, as far as it is printed. */
export interface Planned extends Readonly<Record<'inScope' | 'moved' | 'objected' | 'retained' | 'left' | 'remaining', number | string>> {
  readonly plan: string;
  readonly from: PoolName;
  readonly to: PoolName;
  readonly status: string;
  readonly expectedOn: string | null;
  readonly overdue: boolean;
  readonly findings: readonly Finding[];
}
/** Plans and what came of them. */
export const plansOf = (title: string, plans: readonly Planned[]): string =>
  [
    title,
    ...plans.flatMap((p) => [
      `  ${p.plan}${p.expectedOn ? `, expected ${p.expectedOn}` : ''}: ${name(p.from)} → ${name(p.to)} · ${p.status}${p.overdue ? ', overdue' : ''}`,
      `    ${p.inScope} in scope: ${p.moved} moved, ${p.objected} objected, ${p.retained} retained, ${p.left} left, ${p.remaining} remaining`,
      ...p.findings.map(({ code, text }) => `    finding ${code}: ${text}`),
    ]),
    '',
  ].join('\n');

const count = (quantity: Quantity | undefined) => (typeof quantity === 'object' ? quantity.count : quantity);
const qualifier = (quantity: Quantity | undefined) => (typeof quantity === 'object' ? quantity.qualifier : undefined);
const amounts = ['inScope', 'moved', 'objected', 'retained', 'left'] as const;
/** First and last day on which it may have been; an open end is empty. */
const days = (of: string, date: (transfer: Registered) => string | null | undefined): Columns<Registered> => {
  const day = (end: 'earliest' | 'latest') => (transfer: Registered) => {
    const found = bounds(date(transfer) ?? 'unknown')[end];
    return /^0000|^9999/.test(found) ? null : found;
  };
  return [
    [`${of}Earliest`, day('earliest')],
    [`${of}Latest`, day('latest')],
  ];
};
const quantities = (of: string, quantity: (transfer: Registered) => Quantity | undefined): Columns<Registered> => [
  [of, (transfer) => count(quantity(transfer)), 'number'],
  [`${of}Qualifier`, (transfer) => qualifier(quantity(transfer))],
];
export const registerColumns: Columns<Registered> = [
  ['transfer', ({ transfer }) => transfer],
  ['plan', ({ plan }) => plan],
  ['contract', ({ contract }) => contract],
  ['suppliers', ({ suppliers }) => suppliers.join(' ')],
  ['basis', ({ basis }) => basis],
  ['activity', ({ activity }) => activity],
  ...days('transferOn', ({ transferOn }) => transferOn),
  ['fromEmployer', ({ from }) => from.employer],
  ['fromFunction', ({ from }) => from.function],
  ['toEmployer', ({ to }) => to.employer],
  ['toFunction', ({ to }) => to.function],
  ['unit', ({ unit }) => unit],
  ...amounts.flatMap((of) => quantities(of, (transfer) => transfer[of])),
  ...quantities('fteMoved', ({ fte }) => fte?.moved),
  ['liabilityDueEarliest', ({ liability }) => liability.due?.earliest],
  ['liabilityDueLatest', ({ liability }) => liability.due?.latest],
  ...days('liabilityDelivered', ({ liability }) => liability.delivered),
  ['liabilityResult', ({ liability }) => liability.result],
  ['liabilityDaysLate', ({ liability }) => liability.daysLate, 'number'],
  ...days('informedOn', ({ consulted }) => consulted[0]?.informedOn),
  ['informedWith', ({ consulted }) => consulted[0]?.with],
  ['findings', ({ findings }) => findings.map(({ code }) => code).join(' ')],
];
export const registerCsv = (transfers: readonly Registered[]): string => csvOf(registerColumns, transfers);

/** Movement tables as a page of text. */
export const movementsOf = (title: string, pools: readonly Movements[]): string =>
  [
    title,
    ...pools.flatMap((p) => [
      `  ${name(p)}, ${p.unit}`,
      ...p.lines.map(({ line, text }) => `    ${line.padEnd(30)} ${text.padStart(8)}`),
      `    ${'closing'.padEnd(30)} ${p.closing}`,
      `    ${p.check}`,
    ]),
    '',
  ].join('\n');

type MovementLine = PoolName & Movements['lines'][number] & { readonly check: string };
export const movementColumns: Columns<MovementLine> = [
  ['employer', ({ employer }) => employer],
  ['function', ({ function: of }) => of],
  ['unit', ({ unit }) => unit],
  ['line', ({ line }) => line],
  ['least', ({ least }) => least, 'number'],
  ['most', ({ most }) => most, 'number'],
  ['check', ({ check }) => check],
];
/** A row for each line of each table, and one for what it comes to. */
export const movementsCsv = (pools: readonly Movements[]): string =>
  csvOf(
    movementColumns,
    pools.flatMap(({ lines, ...pool }) => [
      ...lines.map((line) => ({ ...pool, ...line })),
      { ...pool, line: pool.counted ? 'closing' : 'net', text: pool.closing },
    ]),
  );
