import { showValue, type Columns, type TableFormat, type TextFormat } from '../src/kernel/index.js';
import { COUNTS, FIGURES, type Line, type Shown, type Statement } from './losses-statement-row.js';

const show = (figures: readonly Shown[]): string => figures.map(({ text }) => text).join(' + ') || 'nothing';
const words = (name: string): string => name.replaceAll('-', ' ');
const cases = (n: number): string => `${n} ${n === 1 ? 'case' : 'cases'}`;
const column = (text: string, width: number): string => (text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width));

/** What stands in a line, apart from what it does not have. */
const partsOf = (line: Line): readonly string[] => {
  const figure = (name: string, figures: readonly Shown[]): string[] => (figures.length > 0 ? [`${name} ${show(figures)}`] : []);
  return [
    ...(line.identifiedCases > 0 ? [`${cases(line.identifiedCases)} identified, ${show(line.identified)}`] : []),
    ...(line.cases > 0 || line.writtenOff.length > 0 ? [`${cases(line.cases)} written off or paid`] : []),
    ...figure('written off', line.writtenOff),
    ...figure('reversed', line.reversed),
    ...figure("recovered of this year's losses", line.recoveredThisYear),
    ...figure("recovered of earlier years' losses", line.recoveredEarlier),
    ...figure('interest', line.interest),
    ...figure('costs', line.costs),
    ...figure('lost in exchange', line.exchange),
    ...figure('approved', line.approved),
    ...figure('paid', line.paid),
    ...(line.unratified > 0 ? [`${line.unratified} not met and not ratified`] : []),
  ];
};

/** A financial year for people to read. */
const statementText = ({ programme, year, title, lastDay, lines, net, disclosed, losses, counts }: Statement): string =>
  [
    `Losses statement of ${title} (${programme}), ${lastDay ? `${year}, to ${lastDay}` : 'on days that lie in no one financial year'}`,
    ...lines.map(
      ({ kind, category, bearer, ...line }) =>
        `  ${column(`${words(kind)}: ${words(category)}${bearer === 'supplier' ? ' (borne by a supplier)' : ''}`, 42)} ${partsOf(line).join('; ')}`,
    ),
    ...losses.map(({ loss, title: of, gross }) => `    ${loss}: ${of}: ${showValue(gross)}`),
    ...(counts.losses > losses.length ? [`    and ${counts.losses - losses.length} more`] : []),
    ...net.map(
      ({ bearer, opening, writtenOff, reversed, recovered, closing, balances, difference }) =>
        `  ${column(`net written off${bearer === 'supplier' ? ' (borne by a supplier)' : ''}`, 42)} ${opening.text} + ${writtenOff.text} written off − ${reversed.text} reversed − ${recovered.text} recovered = ${closing.text}${balances ? '' : `, with ${difference.text} undated`}`,
    ),
    ...(disclosed
      ? disclosed.cases.length > 0
        ? disclosed.cases.map(
            ({ losses, amount, case: name }) =>
              `  above ${disclosed.above.currency} ${disclosed.above.amount}: ${name ? `case ${name}: ` : ''}${losses.map((l) => l.title).join('; ')}: ${amount.currency} ${amount.amount}`,
          )
        : [`  none above ${disclosed.above.currency} ${disclosed.above.amount}`]
      : lastDay
        ? ['  no policy in force says above which amount a case is named']
        : []),
    ...(disclosed && !disclosed.complete
      ? ['  others may be above it: beyond the 20 largest, or in a currency without an equivalent']
      : []),
    '',
  ].join('\n');

const NET = ['opening', 'closing', 'difference'] as const;

/** One record: a line in one currency, or the net of one bearer in one currency. Amounts are decimal texts; what is absent is empty. */
type Atoms = Readonly<Record<string, string | number | boolean>>;
const COLUMNS: Columns<Atoms> = [
  ...['programme', 'year', 'row', 'kind', 'category', 'bearer', 'currency'].map((name) => [name, (of: Atoms) => of[name]] as const),
  ...[...COUNTS, ...[...FIGURES, ...NET].flatMap((name) => [`${name}Least`, `${name}Most`])].map(
    (name) => [name, (of: Atoms) => of[name], 'number'] as const,
  ),
  ['balances', ({ balances }) => balances],
];

/** A line with several currencies is a record for each, counted in the first. */
const recordsOf = ({ programme, year, lines, net }: Statement): readonly Atoms[] => [
  ...lines.flatMap(({ kind, category, bearer, ...line }) => {
    const currencies = [...new Set(FIGURES.flatMap((name) => line[name].map(({ currency }) => currency)))].sort();
    return (currencies.length > 0 ? currencies : ['']).map((currency, i) => ({
      ...{ programme, year, row: 'line', kind, category, bearer, currency },
      ...Object.fromEntries(COUNTS.map((name) => [name, i === 0 ? line[name] : 0])),
      ...Object.fromEntries(FIGURES.flatMap((name) => endsOf(name, line[name].find((figure) => figure.currency === currency)))), // prettier-ignore
    }));
  }),
  ...net.map(({ bearer, currency, balances, recovered, ...figures }) => ({
    ...{ programme, year, row: 'net', bearer, currency },
    ...Object.fromEntries((['writtenOff', 'reversed', ...NET] as const).flatMap((name) => endsOf(name, figures[name]))),
    ...Object.fromEntries(endsOf('recoveredOfWrittenOff', recovered)),
    balances,
  })),
];
const endsOf = (name: string, figure: Shown | undefined): readonly (readonly [column: string, amount: string])[] =>
  figure
    ? [
        [`${name}Least`, figure.least],
        [`${name}Most`, figure.most ?? ''],
      ]
    : [];

/** Ways in which the statement is sent beside JSON. */
export const STATEMENT_FORMATS = {
  csv: { type: 'text/csv', columns: COLUMNS, records: recordsOf } satisfies TableFormat<Atoms>,
  text: { type: 'text/plain', row: (row: Statement) => `${statementText(row)}\n` } satisfies TextFormat,
};
