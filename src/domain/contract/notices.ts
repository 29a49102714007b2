import { add, certainlyBefore, isAmount, newestOf, type Value } from '../../kernel/index.js';
import { judge, shipped, type FactName, type Facts, type Judgement } from '../law/index.js';
import { changeRegimeOf } from './law.js';
import { isRunning, type Change, type Contract } from './state.js';
import type { Proposal } from './lists.js';

const OF_CONTRACTS = { PCR2006: shipped.pcr2006Notices, PCR2015: shipped.pcr2015Notices, PA2023: shipped.pa2023Notices } as const;
/** What each notice of the law of publication is called, by the fact that it makes true. */
const NAMES: { readonly [Fact in FactName]?: readonly [notice: string, name: string] } = {
  awardPublishedOn: ['award', 'The notice of the award of'],
  detailsPublishedOn: ['contract-details', 'The notice of the details of'],
  terminationPublishedOn: ['termination', 'The notice of the end of'],
};

/** A notice that the shipped law asks for, and that was not published. */
export interface DueNotice {
  /** Once among the notices of a contract: `award`, or `change/<event or proposal>`. */
  readonly notice: string;
  /** What it is, before the title of the contract. */
  readonly name: string;
  /** Where the law says so. */
  readonly article: string;
  /** The last day to publish it, as far as it is known. */
  readonly due: string | undefined;
  /** Whether the law asks for it is not known, such as of a change whose value is withheld. */
  readonly perhaps: boolean;
}

/** The first day from which all that was published is recorded here: undefined of a contract whose whole life is. */
const recordedFrom = ({ historyCompleteFrom, dates }: Contract): string | undefined => historyCompleteFrom ?? dates['recordedAs'];
/** Whether something happened while all that was published was recorded here. */
const isRecorded = (c: Contract, on: string): boolean => {
  const from = recordedFrom(c);
  return from === undefined || (on !== 'unknown' && !certainlyBefore(on, from));
};

const dayIn = (due: Judgement['due']): string | undefined =>
  due && (due.earliest === due.latest ? due.latest : `[${due.earliest}..${due.latest}]`);

/** The day on which a contract ended, or certainly ends: of one that runs on undefined. */
const endedOn = ({ stage, closed, terminations }: Contract): string | undefined => {
  const whole = stage === 'exiting' ? terminations.at(-1) : undefined;
  return closed?.endedOn ?? whole?.endsOn ?? whole?.on;
};

const ofItsLife = (c: Contract, regime: keyof typeof OF_CONTRACTS): readonly DueNotice[] => {
  const { awarded: awardedOn, signed: concludedOn } = c.dates;
  const ended = endedOn(c);
  const published = (kind: string) => c.otherNotices?.find((notice) => notice.kind === kind)?.on;
  const known: { readonly [Fact in FactName]?: string | undefined } = {
    awardedOn,
    concludedOn,
    endedOn: ended,
    awardPublishedOn: c.notices[0]?.on,
    detailsPublishedOn: published('contract-details'),
    terminationPublishedOn: published('termination'),
  };
  return judge(OF_CONTRACTS[regime], known as Facts).flatMap(({ rule: { article, days }, applies, due }) => {
    const { act, before, within } = days!;
    const from = known[(before ?? within)!];
    // Until the contract is concluded, the notice before it has no day yet.
    const on = from ?? (before === undefined ? undefined : awardedOn);
    if (known[act] !== undefined || on === undefined || !isRecorded(c, on)) return [];
    const [notice, name] = NAMES[act]!;
    return [{ notice, name, article, due: dayIn(due), perhaps: applies !== 'yes' }];
  });
};

interface Altered {
  readonly id: string;
  /** The day of the change, or that by which it is to be decided. */
  readonly on: string | undefined;
  readonly from: Value;
  readonly to?: Value | undefined;
  readonly by?: Change['by'] | undefined;
  readonly ground?: string | undefined;
  /** The day of the change before it. */
  readonly after: string | undefined;
}
/** The ceiling after a step, where both are known. */
const after = (from: Value, by: Value | undefined): Value | undefined =>
  by && (isAmount(from) && isAmount(by) && from.currency === by.currency ? add(from, by) : { unknown: true });
const proposed = ({ proposal, decideBy, to, by, ground }: Proposal, c: Contract): Altered => ({
  id: proposal,
  on: decideBy,
  from: c.ceiling,
  to: to ?? after(c.ceiling, by),
  by,
  ground,
  after: c.changes.at(-1)?.on,
});
/** Of a change: the rule of law that asks for a notice of it. */
const asksForNotice = (c: Contract, { on, from, to, by, ground }: Altered): Judgement | undefined => {
  const regime = changeRegimeOf(c);
  const decidedOn = on ?? 'unknown';
  if (regime === 'PCR2015') return judge(shipped.pcr2015ChangeNotices, { decidedOn, ground }).find(({ applies }) => applies === 'yes');
  if (regime !== 'PA2023') return undefined;
  const step = by && isAmount(by) ? by : undefined;
  const facts: Facts = { decidedOn, ...(to && { change: { original: c.original, current: from, to, ...(step && { by: step }) } }) };
  return judge(shipped.pa2023Changes, facts).find(({ rule }) => rule.days?.act === 'changeNoticeOn');
};
/**
 * Notices of the newest 20 changes and of the newest 20 that are proposed. A notice is of the first change that has none and is not
 * older than the change before that one: one that is published late is published.
 */
const ofChanges = (c: Contract): readonly DueNotice[] => {
  const decided = c.changes.filter(({ kind }) => kind !== 'indexation');
  const newest = newestOf(decided);
  const before = decided.length - newest.length;
  const altered: Altered[] = newest.map(({ event: id, on, from, to, by, ground }, i) => {
    return { id, on, from, to: to ?? after(from, by), by, ground, after: decided[before + i - 1]?.on };
  });
  if (isRunning(c)) altered.push(...newestOf((c.proposals ?? []).filter(({ status }) => status === 'open')).map((one) => proposed(one, c)));
  const asked = altered.flatMap((one) => {
    if (one.on !== undefined && !isRecorded(c, one.on)) return [];
    const judgement = asksForNotice(c, one);
    return judgement ? [{ one, judgement }] : [];
  });
  for (const { kind, on } of c.otherNotices ?? []) {
    if (kind !== 'change') continue;
    const at = asked.findIndex(({ one: { after } }) => after === undefined || !certainlyBefore(on, after));
    if (at !== -1) asked.splice(at, 1);
  }
  return asked.map(({ one: { id, on }, judgement: { rule, applies } }) => ({
    notice: `change/${id}`,
    name: 'The notice of a change of',
    article: rule.article,
    due: rule.days === undefined || on === 'unknown' ? undefined : on,
    perhaps: applies !== 'yes',
  }));
};

/**
 * The notices that the law of the contract asks for and that are not recorded: none where that law is not known, and none of what happened
 * before the history of the contract is complete here.
 */
export const dueNotices = (c: Contract): readonly DueNotice[] => {
  if (!isRunning(c) && c.stage !== 'closed') return [];
  const regime = changeRegimeOf(c) as keyof typeof OF_CONTRACTS | undefined;
  return regime === undefined ? [] : [...ofItsLife(c, regime), ...ofChanges(c)];
};
