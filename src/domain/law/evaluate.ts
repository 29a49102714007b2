import {
  addDays,
  before,
  bounds,
  certainlyBefore,
  compareRatio,
  minor,
  monthsBetween,
  moveEnd,
  ratio,
  ratioOfPercent,
  stepRangeOverOriginal,
  within,
  type Amount,
  type Range,
  type Value,
} from '../../kernel/index.js';
import { all, not, type Answer } from './answers.js';
import { DAY_OF, FACTS, wordsOf, type Condition, type FactName, type LawRule, type Pack } from './pack.js';
import { lastDayOf } from './working-days.js';

/** An amount between two ends, in minor units of one currency; without a bound that end is open. */
export interface MoneyRange {
  readonly least?: bigint;
  readonly most?: bigint;
  readonly currency: string;
}
interface Kinds {
  readonly citation: string;
  readonly word: string;
  readonly date: string;
  readonly flag: boolean;
  readonly number: Range;
  readonly money: MoneyRange;
}
/** What is known of what a pack is asked about. An absent fact is unknown. */
export type Facts = { readonly [N in Exclude<FactName, 'stepPercent'>]?: Kinds[(typeof FACTS)[N]['kind']] | undefined } & {
  /**
   * The money of a change: as awarded, with indexation where there was one, before it and after it; what it adds, and what all changes add
   * together, where each states its step.
   */
  readonly change?:
    | {
        readonly original: Value;
        readonly indexed?: Value;
        readonly current: Value;
        readonly to: Value;
        readonly by?: Amount;
        readonly added?: Amount;
      }
    | undefined;
  /** The term of a change: its last day before and after, and the longest term that was awarded, in months. */
  readonly term?: { readonly endsOn?: string | undefined; readonly newEndsOn: string; readonly maximum?: number | undefined } | undefined;
};

/** What one rule says of the facts. A rule that certainly does not apply says nothing. */
export interface Judgement {
  readonly rule: LawRule;
  /** Whether it applies: unknown where a fact is missing that its conditions ask for. */
  readonly applies: Exclude<Answer, 'no'>;
  /** Whether what it asks holds; `judgement` where it asks for what only a person can judge. */
  readonly holds: Answer | 'judgement';
  /** Facts that were not said, and facts that are not known well enough, by their names in sentences. */
  readonly missing: readonly string[];
  readonly unclear: readonly string[];
  /** The first and the last day on which an act may be due, or a period may end. */
  readonly due?: { readonly earliest: string; readonly latest: string };
  /** What is to be flagged though the rule is met. */
  readonly flag?: string;
}

/** What the rules of a pack say of the facts, in the order of the pack. */
export const judge = (pack: Pack, facts: Facts): readonly Judgement[] => {
  const inForce = inForceOn(pack, facts);
  return pack.rules.flatMap((rule) => judged(rule, inForce, facts));
};
/** Whether a pack is in force on the day that its subject goes by. */
export const inForceOn = ({ inForce: { from, until }, appliesTo: { subject } }: Pack, facts: Facts): Answer => {
  const on = facts[DAY_OF[subject]];
  return on === undefined ? 'unknown' : all([not(before(on, from)), until === undefined ? 'yes' : not(before(until, on))]);
};

/** What is asked of one fact, or of several: its answer, and what stands in the way of one. */
interface Asked {
  readonly answer: Answer;
  readonly missing: readonly string[];
  readonly unclear: readonly string[];
}
const certain = (answer: Answer): Asked => ({ answer, missing: [], unclear: [] });
const missing = (...named: readonly string[]): Asked => ({ answer: 'unknown', missing: named, unclear: [] });
const of = (answer: Answer, named: string): Asked => (answer === 'unknown' ? { answer, missing: [], unclear: [named] } : certain(answer));
const together = (asked: readonly Asked[]): Asked => {
  const answer = all(asked.map((a) => a.answer));
  if (answer !== 'unknown') return certain(answer);
  return { answer, missing: asked.flatMap((a) => a.missing), unclear: asked.flatMap((a) => a.unclear) };
};

const judged = (rule: LawRule, inForce: Answer, facts: Facts): readonly Judgement[] => {
  const when = together([certain(inForce), ...(rule.when ?? []).map((condition) => ask(condition, facts))]);
  if (when.answer === 'no') return [];
  const must = (rule.must ?? []).map((condition) => ask(condition, facts));
  const kept = rule.limit && keeps(rule.limit, facts);
  const distance = rule.days && keepsDistance(rule.days, facts);
  const asked = [...must, ...(kept ? [kept] : []), ...(distance ? [distance.asked] : [])];
  const { answer, missing, unclear } = together(asked);
  const flag = rule.limit && avoids(rule, facts);
  return [
    {
      rule,
      applies: when.answer,
      holds: asked.length === 0 ? 'judgement' : answer,
      missing: [...new Set([...when.missing, ...missing])],
      unclear: [...new Set([...when.unclear, ...unclear])],
      ...(distance?.due && { due: distance.due }),
      ...(flag !== undefined && { flag }),
    },
  ];
};

/** Whether a condition holds of the facts. */
const ask = (condition: Condition, facts: Facts): Asked => {
  const { field, op, value } = condition;
  const { kind, named } = FACTS[field];
  const fact = field === 'stepPercent' ? stepPercent(facts) : facts[field];
  if (fact === undefined || fact === 'unknown') return missing(named);
  switch (kind) {
    case 'flag':
      return certain(fact === (value === 'yes') ? 'yes' : 'no');
    case 'word':
      return certain(wordsOf(condition).includes(fact as string) === (op !== 'is-not') ? 'yes' : 'no');
    case 'citation':
      return certain(cites(fact as string, value) ? 'yes' : 'no');
    case 'date':
      return of(op === 'from' ? not(before(fact as string, value)) : not(before(value, fact as string)), named);
    case 'number':
      return of(compared(op, fact as Range, Number(value)), named);
    case 'money':
      return of(comparedMoney(op, fact as MoneyRange, value), named);
  }
};

/** `PCR 2015 reg. 72(1)(b)` cites `72(1)(b)`; `Schedule 8, paragraph 4` cites `Sch. 8 para. 4`. */
export const cites = (text: string, article: string): boolean => {
  const [cited, wanted] = [folded(text), folded(article)];
  for (let at = cited.indexOf(wanted); at !== -1; at = cited.indexOf(wanted, at + 1))
    if (!/[0-9]/.test(cited[at - 1] ?? '') && !/[0-9]/.test(cited[at + wanted.length] ?? '')) return true;
  return false;
};
const SHORT = [[/schedule/g, 'sch'], [/paragraph/g, 'para'], [/regulation/g, 'reg'], [/section/g, 's']] as const; // prettier-ignore
const folded = (text: string): string =>
  SHORT.reduce((short, [long, abbreviation]) => short.replace(long, abbreviation), text.normalize('NFKC').toLowerCase()).replace(
    /[^\p{L}\p{N}()]/gu,
    '',
  );

/** How many per cent of the original a change adds or takes, to six digits: between the ends of its sources' precision. */
const stepPercent = ({ change }: Facts): Range | undefined => {
  if (!change) return { least: 0, most: 0 };
  const step = stepRangeOverOriginal(change.original, change.current, change.to, change.by);
  if (!step) return undefined;
  const [low, high] = [millionths(step.low), millionths(step.high)];
  const [least, most] = low.down >= 0 ? [low.down, high.up] : high.up <= 0 ? [-high.up, -low.down] : [0, Math.max(-low.down, high.up)];
  return { least, most };
};
const millionths = ({ over, under }: ReturnType<typeof ratio>): { readonly down: number; readonly up: number } => {
  const scaled = over * 100_000_000n;
  const down = scaled / under - (scaled % under < 0n ? 1n : 0n);
  return { down: Number(down) / 1e6, up: Number(scaled % under === 0n ? down : down + 1n) / 1e6 };
};

type Op = Condition['op'];
const compared = <N extends number | bigint>(op: Op, { least, most }: { readonly least?: N; readonly most?: N }, value: N): Answer => {
  const [certainly, never] =
    op === 'at-least'
      ? [least !== undefined && least >= value, most !== undefined && most < value]
      : op === 'above'
        ? [least !== undefined && least > value, most !== undefined && most <= value]
        : op === 'at-most'
          ? [most !== undefined && most <= value, least !== undefined && least > value]
          : [most !== undefined && most < value, least !== undefined && least >= value];
  return certainly ? 'yes' : never ? 'no' : 'unknown';
};
/** An amount in another currency than the condition's decides nothing. */
const comparedMoney = (op: Op, range: MoneyRange, value: string): Answer => {
  const [amount, currency] = value.split(' ') as [string, string];
  return currency === range.currency ? compared(op, range, minor({ amount, currency })) : 'unknown';
};

type Limit = NonNullable<LawRule['limit']>;
const MONEY = 'the value before or after the change';
const keeps = (limit: Limit, facts: Facts): Asked => (limit.of === 'term' ? keepsTerm(limit, facts) : keepsMoney(limit, facts));
const keepsMoney = ({ of: limited, base, percent, decreases, below }: Limit, { change }: Facts): Asked => {
  // A change that leaves the value alone keeps every limit on it.
  if (!change) return certain('yes');
  const { original, indexed = original, current, to, by, added } = change;
  const measured = base === 'indexed' ? indexed : original;
  const step = stepRangeOverOriginal(measured, limited === 'step' ? current : original, to, limited === 'step' ? by : added);
  if (!step) return missing(MONEY);
  const cap = ratioOfPercent(percent);
  const less = { low: opposite(step.high), high: opposite(step.low) };
  const keeps = (range: typeof step): Answer => {
    const kept = within(range, cap);
    if (kept === 'not assessable') return 'unknown';
    if (!below || kept !== 'yes' || compareRatio(range.high, cap) < 0) return kept;
    return compareRatio(range.low, cap) >= 0 ? 'no' : 'within-precision';
  };
  return of(all([step, ...(decreases ? [less] : [])].map(keeps)), MONEY);
};
const opposite = ({ over, under }: ReturnType<typeof ratio>) => ({ over: -over, under });

/** Ten per cent of a longest term of 66 months are 6.6: beyond 7 months is more, 6 months are not, between them is within precision. */
const keepsTerm = ({ percent, decreases }: Limit, { term }: Facts): Asked => {
  if (!term) return certain('yes');
  const { endsOn, newEndsOn, maximum } = term;
  if (maximum === undefined) return missing('the longest term that was awarded');
  if (endsOn === undefined || monthsBetween(endsOn, newEndsOn) === undefined) return missing('the last day of the term');
  const { over, under } = ratioOfPercent(percent);
  const [floor, ceiling] = [Number((over * BigInt(maximum)) / under), Number((over * BigInt(maximum) + under - 1n) / under)];
  const shorter = certainlyBefore(newEndsOn, endsOn);
  if (shorter && !decreases) return certain('yes');
  const [from, to] = shorter ? [newEndsOn, endsOn] : [endsOn, newEndsOn];
  if (certainlyBefore(moveEnd(from, ceiling), to)) return certain('no');
  return certain(before(moveEnd(from, floor), to) === 'no' ? 'yes' : 'within-precision');
};

/** Each change may be within its limit, and all of them together beyond it: the law asks that they do not aim at avoiding it. */
const avoids = ({ limit }: LawRule, facts: Facts): string | undefined => {
  if (limit?.of !== 'step' || !facts.change) return undefined;
  const { original, indexed = original, to, added } = facts.change;
  const sum = stepRangeOverOriginal(limit.base === 'indexed' ? indexed : original, original, to, added);
  if (!sum || within(sum, ratioOfPercent(limit.percent)) !== 'no') return undefined;
  return `Together with the changes before it, it is above ${limit.percent} %: changes may not be split to avoid the limit.`;
};

/** Whether an act keeps its distance in days from another one, and when it is due. */
const keepsDistance = (
  days: NonNullable<LawRule['days']>,
  facts: Facts,
): { readonly asked: Asked; readonly due?: NonNullable<Judgement['due']> } => {
  const by = days.before ?? days.after ?? days.within!;
  const dates = facts as { readonly [name: string]: string | undefined };
  const [act, reference] = [dates[days.act], dates[by]];
  if (reference === undefined || reference === 'unknown') return { asked: missing(FACTS[by].named) };
  const due = days.before === undefined ? endOf(days, reference) : latestActBefore(days, reference);
  if (!due) return { asked: { answer: 'unknown', missing: [], unclear: [FACTS[by].named] } };
  if (act === undefined || act === 'unknown') return { asked: missing(FACTS[days.act].named), due };
  const on = bounds(act);
  if (days.before !== undefined) {
    // On the day itself it is within precision: counted in clear days, it is due a day earlier.
    const answer = on.latest < due.earliest ? 'yes' : on.earliest > due.latest ? 'no' : 'within-precision';
    return { asked: certain(answer), due };
  }
  if (days.within !== undefined) {
    const answer = on.latest <= due.earliest ? 'yes' : on.earliest > due.latest ? 'no' : 'unknown';
    return { asked: of(answer, FACTS[days.act].named), due };
  }
  return { asked: of(on.earliest > due.latest ? 'yes' : on.latest <= due.earliest ? 'no' : 'unknown', FACTS[days.act].named), due };
};
const closed = (date: string) => {
  const { earliest, latest } = bounds(date);
  return earliest === '0000-00-00' || latest === '9999-99-99' ? undefined : { earliest, latest };
};
const endOf = (days: NonNullable<LawRule['days']>, reference: string): Judgement['due'] => {
  const on = closed(reference);
  const [earliest, latest] = [on && lastDayOf(on.earliest, days), on && lastDayOf(on.latest, days)];
  return earliest === undefined || latest === undefined ? undefined : { earliest, latest };
};
const latestActBefore = ({ count }: NonNullable<LawRule['days']>, reference: string): Judgement['due'] => {
  const on = closed(reference);
  return on && { earliest: addDays(on.earliest, -count), latest: addDays(on.latest, -count) };
};
