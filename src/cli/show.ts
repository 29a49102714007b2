import {
  amountOf,
  applied,
  before,
  isAmount,
  minor,
  roundHalfEven,
  showHeadcount,
  showTotal,
  showValue,
  toPercent,
  type Assessment,
  type Headcount,
  type Operation,
  type Qualifier,
  type Total,
  type Value,
} from '../kernel/index.js';

/** What the board's rows hold, as far as it is printed. */
interface Trail {
  readonly claims: readonly { readonly pointer: string; readonly value: unknown; readonly source: string | null }[];
  readonly notes: readonly { readonly note: string; readonly source: string | null }[];
  readonly corrections: number;
  readonly daysLate: number;
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
  readonly perYear: (Value & { readonly divides: string }) | null;
  readonly term: { readonly months?: number; readonly ends: string | null; readonly endBasis: string | null };
  readonly changes: readonly {
    readonly kind: string;
    readonly to?: Value;
    readonly reference?: string;
    readonly figures?: Figures;
    readonly asStated?: Figures;
  }[];
  readonly delays: readonly { readonly milestone: string; readonly from?: string; readonly to: string }[];
  readonly terminations: readonly { readonly on: string; readonly ground: string; readonly causedBy?: string; readonly partial: boolean }[];
  readonly findings: readonly { readonly text: string }[];
  readonly becomes: { readonly supplierName: string | null; readonly on: string } | null;
  readonly pastEndSince: string | null;
  readonly people: { readonly planned: readonly Headcount[]; readonly moved: readonly Headcount[] };
  readonly losses: readonly LossLine[];
  readonly trail: Trail;
}
interface LossLine {
  readonly title: string;
  readonly bearer: string;
  readonly gross: Value;
  readonly net: Value | null;
}
interface Lost {
  readonly gross: string;
  readonly net: string;
  readonly recovered: string;
}
/** Facts of a row as of a day that may lie on the other side of it. */
interface Uncertain {
  readonly inside: readonly UncertainFact[];
  readonly leftOut: readonly UncertainFact[];
  readonly counts: { readonly inside: number; readonly leftOut: number; readonly needed: number };
  readonly withoutInside: readonly Operation[] | null;
}
interface UncertainFact {
  readonly type: string;
  readonly stream: string;
  readonly effectiveOn: string;
  readonly changed: readonly Operation[];
}
export interface Row {
  readonly key: string;
  readonly uncertain?: Uncertain;
  readonly group: string;
  readonly title: string;
  readonly authority?: string;
  readonly stage: string;
  /** Of a tower: whose contract says it. */
  readonly stageOf?: 'own' | 'incumbent' | null;
  /** The newest 20 of them: `counts` says how many there are. */
  readonly contracts?: readonly Contract[];
  readonly counts?: Readonly<Record<string, number>>;
  readonly integrator?: { readonly contract: string } | null;
  readonly warnings?: readonly { readonly by: string; readonly summary: string; readonly source: { readonly title: string } }[];
  readonly strategies?: readonly { readonly title: string; readonly on: string; readonly reviewDue?: string }[];
  readonly portfolio?: { readonly projects: number; readonly qualifier?: Qualifier } | null;
  readonly savings?: {
    readonly targets: readonly {
      readonly title: string;
      readonly amount?: Value;
      readonly percent?: number;
      readonly of?: string;
      readonly overMonths?: number;
    }[];
    readonly recorded: readonly unknown[];
  };
  readonly headcountTargets?: readonly {
    readonly title: string;
    readonly from?: Headcount;
    readonly to: Headcount;
    readonly text: string;
  }[];
  readonly staff?: readonly { readonly employer: string; readonly function: string; readonly text: string }[];
  readonly risks?: readonly { readonly summary: string; readonly source: { readonly title: string } }[];
  readonly losses?: { readonly authority: Lost; readonly supplier: Lost };
  readonly bearer?: string;
  readonly gross?: Value;
  readonly net?: Value | null;
  readonly supplierName?: string | null;
  readonly elsewhere?: { readonly authority: string; readonly programme?: string } | null;
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

const moneyOf = ({ original, ceiling, cumulative }: Contract): string => {
  if (!isAmount(ceiling) || same(original, ceiling)) return showValue(ceiling);
  const growth = cumulative?.startsWith('-') ? `−${cumulative.slice(1)}` : `+${cumulative ?? '?'}`;
  return `${showValue(original)} → ${showValue(ceiling)} (${growth})`;
};
const termOf = ({ term, perYear }: Contract): string =>
  [
    term.months && yearsOf(term.months),
    perYear && `${yearly(perYear)} a year (${perYear.divides})`,
    term.ends && `ends ${term.ends}${term.endBasis === 'service-start' ? ' (counted from the start of the service)' : ''}`,
  ]
    .filter(Boolean)
    .join(', ');

/** A derived figure, to four digits: what was recorded is never shortened. */
const yearly = (value: Value): string => {
  if (!isAmount(value) || value.amount.length < 11) return showValue(value);
  const rounded = amountOf(roundHalfEven(minor(value), 1_000_000n) * 1_000_000n, value.currency);
  return showValue({ ...value, ...rounded });
};

const lineOf = (tower: string, stage: string, contract?: Contract): string =>
  `${column(tower, 22)} ${column(stage, 13)} ${column(contract ? `${contract.contract} · ${contract.supplierName ?? '–'}` : '–', 42)} ${column(contract ? moneyOf(contract) : '–', 30)} ${contract ? termOf(contract) : ''}`.trimEnd();

const notesOf = ({
  changes,
  delays,
  terminations,
  becomes,
  pastEndSince,
  findings,
  people,
  losses,
  trail,
}: Contract): readonly string[] => [
  ...changes.flatMap(({ kind, to, reference, figures, asStated }) => [
    ...(figures ? [`${kind} → ${showValue(to!)}${reference ? ` (${reference})` : ''}: ${figuresOf(figures)}`] : []),
    ...(asStated && !same(asStated, figures) ? [`  from the paper's own figure: ${figuresOf(asStated)}`] : []),
  ]),
  ...delays.map(({ milestone, from, to }) => `late: ${milestone} ${from ?? '?'} → ${to}`),
  ...terminations.map(
    ({ on, ground, causedBy, partial }) =>
      `terminated ${partial ? 'in part ' : ''}on ${on}: ${ground}${causedBy ? ` (caused by ${causedBy})` : ''}`,
  ),
  ...(becomes ? [`becomes ${becomes.supplierName} on ${becomes.on}`] : []),
  ...(pastEndSince ? [`past its end since ${pastEndSince}`] : []),
  ...findings.map(({ text }) => `found: ${text}`),
  ...(people.planned.length + people.moved.length > 0
    ? [
        `people: ${people.planned.map(showHeadcount).join(', ') || 'none'} planned to move, ${people.moved.map(showHeadcount).join(', ') || 'none'} moved`,
      ]
    : []),
  ...losses.map(
    ({ title, bearer, gross, net }) => `loss (${bearer}): ${showValue(gross)}${net ? `, ${showValue(net)} written off` : ''}: ${title}`,
  ),
  ...trail.claims.map(({ pointer, value, source }) => `another source says ${pointer.slice(1)} ${claimed(value)}${hostOf(source)}`),
  ...trail.notes.map(({ note, source }) => `note: ${note}${hostOf(source)}`),
];
const hostOf = (source: string | null): string => (source?.startsWith('http') ? ` (${new URL(source).host})` : '');
const claimed = (value: unknown): string =>
  typeof value === 'object' && value !== null && ('amount' in value || 'undisclosed' in value) ? showValue(value as Value) : String(value);

/** `2 undated changes`, `1 fact of 2016`. */
const factsOf = (facts: readonly UncertainFact[], count = facts.length): string => {
  const noun = `${facts.every(({ type }) => type === 'ChangeApproved') ? 'change' : 'fact'}${count === 1 ? '' : 's'}`;
  const days = new Set(facts.map(({ effectiveOn }) => effectiveOn));
  const [day] = days;
  if (days.size > 1) return `${count} ${noun} of uncertain days`;
  return day === 'unknown' ? `${count} undated ${noun}` : `${count} ${noun} of ${day}`;
};
const typesOf = (facts: readonly UncertainFact[]): string => facts.map(({ type }) => type).join(', ');
/** What is uncertain of a contract in a row as of a day: its ceiling without the facts that may be later, and the facts that it leaves out. */
const uncertaintyOf = ({ contract, ceiling }: Contract, { uncertain, ...row }: Row): readonly string[] => {
  if (!uncertain) return [];
  const own = (facts: readonly UncertainFact[]) => facts.filter(({ stream }) => stream === `contract-${contract}`);
  const [inside, leftOut] = [own(uncertain.inside), own(uncertain.leftOut)];
  const without = uncertain.withoutInside && (applied(row, uncertain.withoutInside) as Row | undefined);
  const other = without?.contracts?.find((one) => one.contract === contract);
  const moving = inside.filter(({ changed }) => changed.some(({ path }) => path.startsWith('/ceiling')));
  return [
    ...(other && !same(other.ceiling, ceiling) ? [`${showValue(other.ceiling)} without ${factsOf(moving)}`] : []),
    ...(uncertain.withoutInside && !other ? [`not there without ${factsOf(inside)}`] : []),
    ...(inside.length > 0 ? [`perhaps later: ${factsOf(inside)} (${typesOf(inside)})`] : []),
    ...(leftOut.length > 0 ? [`left out, perhaps earlier: ${factsOf(leftOut)} (${typesOf(leftOut)})`] : []),
  ];
};
/** The total of a group, and the total without the facts that may be later. */
const totalText = (programme: Row | undefined, group: 'towers' | 'outside'): string => {
  if (!programme?.totals) return '–';
  const { uncertain, ...row } = programme;
  const all = showTotal(amountsOf(programme.totals[group]));
  if (!uncertain || uncertain.counts.inside === 0) return all;
  const { inside, needed } = uncertain.counts;
  if (uncertain.withoutInside === null) return `${all}, with ${factsOf(uncertain.inside, needed)} that others follow`;
  const without = (applied(row, uncertain.withoutInside) as Row | undefined)?.totals;
  const less = without ? showTotal(amountsOf(without[group])) : 'nothing';
  return less === all ? all : `${all}; ${less} without ${factsOf(uncertain.inside, inside - needed)}`;
};

/** A title of a paper or an article, as far as its first colon. */
const shortly = (title: string): string => title.split(':')[0]!;

/** What the programme aims at and what it lost: a line for each that is recorded. */
const headerOf = (programme: Row | undefined, today: string): readonly string[] => {
  const { strategies = [], portfolio, savings, headcountTargets = [], staff = [], risks = [], losses, warnings = [] } = programme ?? {};
  const lines: readonly (readonly [what: string, lines: readonly string[]])[] = [
    [
      'strategy',
      strategies.map(
        ({ title, on, reviewDue }) =>
          `${title} of ${on}${reviewDue ? `, review due ${reviewDue}${before(reviewDue, today) === 'yes' ? ', overdue' : ''}` : ''}`,
      ),
    ],
    [
      'projects',
      portfolio ? [`${portfolio.qualifier && portfolio.qualifier !== 'exact' ? `${portfolio.qualifier} ` : ''}${portfolio.projects}`] : [],
    ],
    [
      'savings promised',
      savings?.targets.map(({ title, amount, percent, of, overMonths }) =>
        [title, amount && showValue(amount), percent !== undefined && `${percent} % of ${of}`, overMonths && `in ${yearsOf(overMonths)}`]
          .filter(Boolean)
          .join(' · '),
      ) ?? [],
    ],
    ['savings verified', savings && savings.targets.length > 0 && savings.recorded.length === 0 ? ['none recorded'] : []],
    ['staff', staff.map(({ employer, function: of, text }) => `${employer} ${of}: ${text}`)],
    [
      'staff planned',
      headcountTargets.map(
        ({ title, from, to, text }) => `${title}: ${from ? `${showHeadcount(from)} → ` : ''}${showHeadcount(to)}; ${text}`,
      ),
    ],
    [
      'lost by us',
      losses && losses.authority.gross !== 'nothing'
        ? [`${losses.authority.gross}, written off ${losses.authority.net}, recovered ${losses.authority.recovered}`]
        : [],
    ],
    ['warnings', warnings.map(({ by, summary, source }) => `${by}: ${summary} (${shortly(source.title)})`)],
    ['risks', risks.map(({ summary, source }) => `${summary} (${shortly(source.title)})`)],
  ];
  return lines.flatMap(([what, sent]) => sent.map((line, i) => `${(i === 0 ? what : '').padEnd(18)} ${line}`));
};

/** The tower board as a page of text. @param today whether a review is overdue depends on it */
export const boardOf = (title: string, position: string, rows: readonly Row[], today: string): string => {
  const [programme] = rows.filter(({ group }) => group === 'programme');
  const block = (group: string) =>
    rows
      .filter((row) => row.group === group)
      .flatMap((row) => {
        const { key, title: name, stage, contracts: newest = [], stageOf, counts } = row;
        const left = (counts?.['contracts'] ?? newest.length) - newest.length;
        const more = left > 0 ? [`    and ${left} more contract${left === 1 ? '' : 's'}`] : [];
        const whose = stageOf === 'incumbent' ? ['    the stage of the tower is that of its incumbent'] : [];
        const contracts = newest.toSorted((a, b) => (a.contract < b.contract ? -1 : 1));
        const first = group === 'towers' ? name : key.startsWith('contract:') ? '' : name;
        return contracts.length === 0
          ? [lineOf(first, stage)]
          : [
              ...contracts.flatMap((c, i) => [
                lineOf(i === 0 ? first : '', group === 'towers' && i === 0 ? stage : c.stage, c),
                ...(i === 0 ? whose : []),
                ...[...notesOf(c), ...uncertaintyOf(c, row)].map((note) => `    ${note}`),
              ]),
              ...more,
            ];
      });
  return [
    `${title} · position ${position}`,
    programme
      ? `${programme.title} of the ${programme.authority} · integrator ${programme.integrator?.contract ?? 'none'}`
      : 'The programme had not begun.',
    ...headerOf(programme, today),
    '─'.repeat(132),
    lineHead,
    ...block('towers'),
    `  total of the towers: ${totalText(programme, 'towers')}`,
    'Outside the towers',
    ...block('outside'),
    `  total outside: ${totalText(programme, 'outside')}`,
    'Elsewhere, in no total of ours',
    ...rows
      .filter((row) => row.group === 'elsewhere')
      .flatMap(({ elsewhere, title: name, supplierName, bearer, gross, net }) => [
        `${column(elsewhere?.authority ?? '', 22)} ${elsewhere?.programme ?? name}: lost ${showValue(gross!)}, borne by ${bearer === 'supplier' ? supplierName : bearer}${net ? ', written off' : ''}`,
      ]),
    '',
  ].join('\n');
};
const lineHead = `${column('tower', 22)} ${column('stage', 13)} ${column('contract · supplier', 42)} ${column('ceiling: original → now', 30)} term`;
const amountsOf = ({ amounts, undisclosed, withheld, unknown }: Total): Total => ({ amounts, undisclosed, withheld, unknown }) as Total;

export interface Exposed {
  readonly supplier: string;
  readonly title: string;
  readonly form: string | null;
  readonly members: readonly { readonly title: string }[];
  readonly ceiling: { readonly text: string };
  readonly jointly: { readonly text: string; readonly contracts: number } | null;
  readonly counts: { readonly contracts: number; readonly losses: number; readonly warnings: number };
  readonly lossList: readonly (LossLine & { readonly loss: string; readonly elsewhere: { readonly authority: string } | null })[];
}
/** What is at stake with each supplier that was promised anything or lost anything. */
export const exposureOf = (title: string, rows: readonly Exposed[]): string =>
  [
    `Suppliers: ${title}`,
    ...rows
      .filter(({ counts }) => counts.contracts + counts.losses > 0)
      .flatMap(({ title, form, members, ceiling, jointly, counts, lossList }) => [
        `  ${column(title, 30)} ${ceiling.text}${jointly ? `, and jointly with others ${jointly.text}` : ''}${counts.contracts > 1 ? ` in ${counts.contracts} contracts` : ''}${members.length > 0 ? `, ${form?.replace('-', ' ')} of ${members.map((member) => member.title).join(', ')}` : ''}${counts.warnings > 0 ? `, ${counts.warnings} warned of it` : ''}`,
        ...lossList.map(
          ({ title, bearer, gross, elsewhere }) =>
            `    loss borne by ${bearer === 'supplier' ? 'the supplier' : 'the authority'}${elsewhere ? `, elsewhere (${elsewhere.authority})` : ''}: ${showValue(gross)}: ${title}`,
        ),
      ]),
    '',
  ].join('\n');

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
    `  decided by ${d.decidedBy?.office ?? 'not recorded'}`,
    `  evidence   ${d.evidence.map(({ title, uri }) => title ?? uri).join('; ')}`,
    `  known      ${d.known.map(({ stream, revision }) => `${stream}@${revision}`).join(', ')}`,
    ...d.assessed.map(({ rule, version, result, note }) => `  rule       ${rule} ${version}: ${result}${note ? `. ${note}` : ''}`),
    `  replayed   ${isSame ? 'taken again from what was known: the same decision' : `differs: ${JSON.stringify(differences)}`}`,
    '',
  ].join('\n');
