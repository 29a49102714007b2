import {
  certainlyBefore,
  compare,
  daysBetween,
  endOfTerm,
  isDay,
  isAmount,
  showValue,
  type Amount,
  type Finding,
} from '../../kernel/index.js';
import { agreedEndOf, statedEndOf, type Contract } from './state.js';

/** Pairs of days that follow one another in most lives of a contract, and the code of the finding where they do not. */
const ORDER = [
  ['awarded', 'signed', 'signed-before-award'],
  ['awarded', 'started', 'started-before-award'],
  ['signed', 'started', 'started-before-signature'],
  ['awarded', 'begins', 'term-before-award'],
  ['signed', 'begins', 'term-before-signature'],
  ['awarded', 'ends', 'ended-before-award'],
  ['signed', 'ends', 'ended-before-signature'],
] as const;
type Day = (typeof ORDER)[number][0 | 1];
const NAMES: { readonly [D in Day]: string } = {
  awarded: 'awarded',
  signed: 'signed',
  started: 'in service',
  begins: 'to begin',
  ends: 'to end',
};

/** What is unusual in what is recorded of a contract, and was not refused. */
export const contractFindings = (c: Contract): readonly Finding[] => {
  const { dates, term, finalValue, ceiling } = c;
  const findings: Finding[] = [];
  const find = (code: string, text: string): void => void findings.push({ code, text });
  const end = statedEndOf(c);
  const days: { readonly [D in Day]: string | undefined } = {
    awarded: dates['awarded'],
    signed: dates['signed'],
    started: dates['started'],
    begins: term.startsOn === dates['started'] ? undefined : term.startsOn,
    ends: end,
  };
  for (const [earlier, later, code] of ORDER) {
    const [from, to] = [days[earlier], days[later]];
    if (from && to && certainlyBefore(to, from)) find(code, `It was ${NAMES[later]} ${day(to)}, and ${NAMES[earlier]} ${day(from)}.`);
  }
  if (days.started && !days.awarded && c.suppliers.length === 0)
    find('started-without-award', `The service started ${day(days.started)}; no award is recorded.`);
  else if (days.started && !days.signed && c.stage !== 'awarded')
    find('service-without-signature', `The service started ${day(days.started)}; no signature is recorded.`);
  if (end && days.started && certainlyBefore(end, days.started))
    find('started-after-end', `The service started on ${days.started}; its term ended on ${end}.`);
  else if (end && term.startsOn && certainlyBefore(end, term.startsOn))
    find('never-started', `It was to begin on ${term.startsOn} and ended on ${end}.`);
  if (days.started && days.begins && certainlyBefore(days.started, days.begins))
    find('started-before-term', `The service started ${day(days.started)}; its term begins ${day(days.begins)}.`);
  const contradiction = contradictionIn({ ...term, endsOn: agreedEndOf(c) });
  if (contradiction) find('term-contradicts-itself', contradiction);
  for (const { lot, term } of c.lots) {
    const contradiction = term && contradictionIn(term);
    if (contradiction) find('term-contradicts-itself', `${lot}: ${contradiction}`);
  }
  if (finalValue && isAmount(finalValue) && isAmount(ceiling) && isAbove(finalValue, ceiling))
    find('final-value-above-ceiling', `It came to ${showValue(finalValue)}; ${showValue(ceiling)} was approved.`);
  if (c.closed?.wasToEndOn && certainlyBefore(c.closed.wasToEndOn, c.closed.endedOn))
    find(
      'ended-late',
      `It was to end on ${c.closed.wasToEndOn} and ended on ${c.closed.endedOn}${c.closed.reason === undefined ? '.' : `: ${c.closed.reason}`}`,
    );
  return findings;
};
interface Stated {
  readonly months?: number | undefined;
  readonly startsOn?: string | undefined;
  readonly endsOn?: string | undefined;
}
/** How the months of a term differ from its first and last day, as agreed at first: `one day later` is a common slip, and one. */
const contradictionIn = ({ months, startsOn, endsOn }: Stated): string | undefined => {
  if (!months || !startsOn || startsOn === 'unknown' || !endsOn) return undefined;
  const end = endOfTerm(startsOn, months);
  if (!certainlyBefore(end, endsOn) && !certainlyBefore(endsOn, end)) return undefined;
  const off = isDay(end) && isDay(endsOn) ? `, ${some(daysBetween(end, endsOn))}` : '';
  return `${months} months from ${startsOn} end on ${end}; ${endsOn} is stated${off}.`;
};
const some = (days: number): string => {
  const n = Math.abs(days);
  return `${n === 1 ? 'one day' : `${n} days`} ${days > 0 ? 'later' : 'earlier'}`;
};
const day = (date: string): string => (date === 'unknown' ? 'on an unknown day' : `on ${date}`);
/** Whether the figures say so, and neither is a bound that leaves it open. */
const isAbove = (value: Amount, limit: Amount): boolean =>
  value.currency === limit.currency &&
  compare(value, limit) > 0 &&
  !['under', 'at-most'].includes(value.qualifier ?? 'exact') &&
  !['over', 'at-least'].includes(limit.qualifier ?? 'exact');
