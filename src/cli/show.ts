import {
  amountOf,
  isAmount,
  minor,
  roundHalfEven,
  showTotal,
  showValue,
  toPercent,
  type Assessment,
  type Total,
  type Value,
} from '../kernel/index.js';

/** What the board's rows hold, as far as it is printed. */
interface Trail {
  readonly claims: readonly { readonly pointer: string; readonly value: unknown; readonly source: string | null }[];
  readonly corrections: number;
  readonly toldDaysLate: number;
  readonly evidence: string | null;
}
interface Figures {
  readonly stepOverOriginal: string;
  readonly stepOverCurrent: string;
  readonly cumulativeOverOriginal: string;
}
interface Contract {
  readonly contract: string;
  readonly stage: string;
  readonly supplierName: string | null;
  readonly original: Value;
  readonly ceiling: Value;
  readonly cumulative: string | null;
  readonly perYear: Value | null;
  readonly term: { readonly months?: number; readonly ends: string | null };
  readonly changes: readonly {
    readonly kind: string;
    readonly to?: Value;
    readonly reference?: string;
    readonly figures?: Figures;
    readonly asStated?: Figures;
  }[];
  readonly delays: readonly { readonly milestone: string; readonly from?: string; readonly to: string }[];
  readonly termination: { readonly on: string; readonly ground: string; readonly causedBy?: string } | null;
  readonly trail: Trail;
}
export interface Row {
  readonly key: string;
  readonly group: string;
  readonly title: string;
  readonly authority?: string;
  readonly stage: string;
  readonly contracts?: readonly Contract[];
  readonly integrator?: { readonly contract: string } | null;
  readonly warnings?: readonly { readonly by: string; readonly summary: string }[];
  readonly totals?: { readonly towers: Total; readonly outside: Total };
}

const percent = (decimal: string): string => {
  const [whole = '0', fraction = ''] = decimal.split('.');
  return /^\d+(\.\d+)?$/.test(decimal) ? toPercent({ over: BigInt(whole + fraction), under: 10n ** BigInt(fraction.length) }) : decimal;
};
const figuresOf = ({ stepOverOriginal, stepOverCurrent, cumulativeOverOriginal }: Figures): string =>
  `step ${percent(stepOverOriginal)} of original, ${percent(stepOverCurrent)} of current; cumulative ${percent(cumulativeOverOriginal)}`;

const column = (text: string, width: number): string => (text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width));
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const yearsOf = (months: number): string => (months % 12 === 0 ? `${months / 12} years` : `${months} months`);

const moneyOf = ({ original, ceiling, cumulative }: Contract): string =>
  same(original, ceiling) ? showValue(ceiling) : `${showValue(original)} → ${showValue(ceiling)} (+${cumulative ?? '?'})`;
const termOf = ({ term, perYear }: Contract): string =>
  [term.months && yearsOf(term.months), perYear && `${yearly(perYear)} a year`, term.ends && `ends ${term.ends}`]
    .filter(Boolean)
    .join(', ');

/** A derived figure, to four digits: what was told is never shortened. */
const yearly = (value: Value): string => {
  if (!isAmount(value) || value.amount.length < 11) return showValue(value);
  const rounded = amountOf(roundHalfEven(minor(value), 1_000_000n) * 1_000_000n, value.currency);
  return showValue({ ...value, ...rounded });
};

const lineOf = (tower: string, stage: string, contract?: Contract): string =>
  `${column(tower, 22)} ${column(stage, 13)} ${column(contract ? `${contract.contract} · ${contract.supplierName ?? '–'}` : '–', 42)} ${column(contract ? moneyOf(contract) : '–', 30)} ${contract ? termOf(contract) : ''}`.trimEnd();

const notesOf = ({ changes, delays, termination, trail }: Contract): readonly string[] => [
  ...changes.flatMap(({ kind, to, reference, figures, asStated }) => [
    ...(figures ? [`${kind} → ${showValue(to!)}${reference ? ` (${reference})` : ''}: ${figuresOf(figures)}`] : []),
    ...(asStated && !same(asStated, figures) ? [`  from the paper's own figure: ${figuresOf(asStated)}`] : []),
  ]),
  ...delays.map(({ milestone, from, to }) => `late: ${milestone} ${from ?? '?'} → ${to}`),
  ...(termination
    ? [`terminated on ${termination.on}: ${termination.ground}${termination.causedBy ? ` (caused by ${termination.causedBy})` : ''}`]
    : []),
  ...trail.claims.map(
    ({ pointer, value, source }) =>
      `another source says ${pointer.slice(1)} ${claimed(value)}${source?.startsWith('http') ? ` (${new URL(source).host})` : ''}`,
  ),
];
const claimed = (value: unknown): string =>
  typeof value === 'object' && value !== null && ('amount' in value || 'undisclosed' in value) ? showValue(value as Value) : String(value);

/** The tower board as a page of text. */
export const boardOf = (title: string, position: string, rows: readonly Row[]): string => {
  const [programme] = rows.filter(({ group }) => group === 'programme');
  const block = (group: string) =>
    rows
      .filter((row) => row.group === group)
      .flatMap(({ key, title: name, stage, contracts = [] }) => {
        const first = group === 'towers' ? name : key.startsWith('contract:') ? '' : name;
        return contracts.length === 0
          ? [lineOf(first, stage)]
          : contracts.flatMap((c, i) => [
              lineOf(i === 0 ? first : '', group === 'towers' && i === 0 ? stage : c.stage, c),
              ...notesOf(c).map((note) => `    ${note}`),
            ]);
      });
  return [
    `${title} · position ${position}`,
    `${programme?.title} of the ${programme?.authority} · integrator ${programme?.integrator?.contract ?? 'none'} · ${programme?.warnings?.length ?? 0} warnings`,
    '─'.repeat(132),
    lineHead,
    ...block('towers'),
    `  total of the towers: ${programme?.totals ? showTotal(amountsOf(programme.totals.towers)) : '–'}`,
    'Outside the towers',
    ...block('outside'),
    `  total outside: ${programme?.totals ? showTotal(amountsOf(programme.totals.outside)) : '–'}`,
    '',
  ].join('\n');
};
const lineHead = `${column('tower', 22)} ${column('stage', 13)} ${column('contract · supplier', 42)} ${column('ceiling: original → now', 30)} term`;
const amountsOf = ({ amounts, undisclosed, withheld, unknown }: Total): Total => ({ amounts, undisclosed, withheld, unknown }) as Total;

export interface Dossier {
  readonly command: string;
  readonly decision: string;
  readonly stream: string;
  readonly recordedAt: string;
  readonly effectiveOn: string;
  readonly actor: { readonly id: string };
  readonly decidedBy?: { readonly office?: string };
  readonly authority?: { readonly reference: string };
  readonly evidence: readonly { readonly title?: string; readonly uri?: string }[];
  readonly known: readonly { readonly stream: string; readonly revision: number }[];
  readonly assessed: readonly Assessment[];
}
export interface Replay {
  readonly same: boolean;
  readonly differences: readonly unknown[];
}

/** One decision as an auditor reads it, with what came of taking it again. */
export const dossierOf = (d: Dossier, { same: isSame, differences }: Replay, onPaper: number): string =>
  [
    `Audit: ${d.authority?.reference} (${onPaper} decisions stand on this paper), one of them: ${d.decision}`,
    `  what       ${d.command} on ${d.stream}, of ${d.effectiveOn === 'unknown' ? 'an unknown day' : d.effectiveOn}, recorded ${d.recordedAt} by ${d.actor.id}`,
    `  decided by ${d.decidedBy?.office ?? 'not told'}`,
    `  evidence   ${d.evidence.map(({ title, uri }) => title ?? uri).join('; ')}`,
    `  known      ${d.known.map(({ stream, revision }) => `${stream}@${revision}`).join(', ')}`,
    ...d.assessed.map(({ rule, version, result, note }) => `  rule       ${rule} ${version}: ${result}${note ? `. ${note}` : ''}`),
    `  replayed   ${isSame ? 'taken again from what was known: the same decision' : `differs: ${JSON.stringify(differences)}`}`,
    '',
  ].join('\n');
