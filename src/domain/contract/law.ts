import {
  add,
  before,
  certainlyBefore,
  isAmount,
  minor,
  type Amount,
  type Assessment,
  type EventContext,
  type Value,
} from '../../kernel/index.js';
import type { Facts, MoneyRange } from '../law/index.js';
import { lawOf } from '../programme/law.js';
import { approvalOf, inputsOf } from '../programme/policies.js';
import type { WithPolicies } from '../programme/policy.js';
import { indexedOriginal } from './indexation.js';
import type { Notice } from './lists.js';
import { statedEndOf, type Contract } from './state.js';

/** Regimes whose packs of law are of changes; a call-off and any other regime leave open which law holds. */
const KNOWN = ['PCR2006', 'PCR2015', 'PA2023'];
/** First days of procedures under the regulations of 2015, and under the Act. */
const [PCR2015, PA2023] = ['2015-02-26', '2025-02-24'] as const;

/** Under which law a contract is changed: as it was recorded, else by the day on which its procedure started; undefined where unknown. */
export const changeRegimeOf = ({ regime, dates: { tendered } }: Pick<Contract, 'regime' | 'dates'>): string | undefined => {
  if (regime !== undefined) return KNOWN.includes(regime) ? regime : undefined;
  if (tendered === undefined) return undefined;
  if (before(tendered, PCR2015) === 'yes') return 'PCR2006';
  if (before(tendered, PCR2015) === 'no' && before(tendered, PA2023) === 'yes') return 'PCR2015';
  return before(tendered, PA2023) === 'no' ? 'PA2023' : undefined;
};

/** What the changes of a contract come to, more or less: only of exact amounts in one currency. */
const differenceOf = (original: Value, to: Value): MoneyRange | undefined => {
  if (!isExactly(original) || !isExactly(to) || original.currency !== to.currency) return undefined;
  const difference = minor(to) - minor(original);
  const units = difference < 0n ? -difference : difference;
  return { least: units, most: units, currency: to.currency };
};
const isExactly = (value: Value): value is Amount =>
  isAmount(value) && (value.qualifier ?? 'exact') === 'exact' && value.roundedTo === undefined;

/** The longest term that was awarded: what was agreed at first, with every option. */
const longestTerm = ({ term: { months }, options }: Contract): number | undefined =>
  months === undefined ? undefined : options.reduce((sum, option) => sum + option.months, months);

/** The notice of the change that comes next: the last one that was published since the change before. */
const changeNoticeOf = ({ otherNotices, changes }: Pick<Contract, 'otherNotices' | 'changes'>): Notice | undefined => {
  const notice = otherNotices?.findLast(({ kind }) => kind === 'change');
  const before = changes.findLast(({ kind }) => kind !== 'indexation');
  return notice && before && certainlyBefore(notice.on, before.on) ? undefined : notice;
};

/**
 * What all changes have added to the value since the award, with one more step: where each of them states its step. Undefined where one
 * states only the new ceiling, so that the sum is as uncertain as the two ends.
 */
const addedWith = ({ changes }: Pick<Contract, 'changes'>, by: Amount | undefined): Amount | undefined => {
  let sum = by;
  for (const { to, by: step } of changes) {
    if (!to && !step) continue;
    if (!sum || !step || !isAmount(step) || step.currency !== sum.currency) return undefined;
    sum = add(sum, step);
  }
  return sum;
};

/** What the law of changes asks of one. */
export const factsOfChange = (
  c: Contract,
  {
    on,
    to,
    by,
    newEndsOn,
    ground,
    unforeseen,
  }: {
    readonly on: string;
    readonly to?: Value | undefined;
    /** What is added, where the step itself is known. */
    readonly by?: Amount | undefined;
    readonly newEndsOn?: string | undefined;
    readonly ground?: string | undefined;
    readonly unforeseen?: boolean | undefined;
  },
): Facts => {
  const indexed = indexedOriginal(c);
  const added = addedWith(c, by);
  const noticed = changeNoticeOf(c);
  return {
    decidedOn: on,
    ground,
    unforeseen,
    ...(noticed && { changeNoticeOn: noticed.on }),
    cumulative: differenceOf(c.original, to ?? c.ceiling),
    ...(to && {
      change: { original: c.original, ...(indexed && { indexed }), current: c.ceiling, to, ...(by && { by }), ...(added && { added }) },
    }),
    ...(newEndsOn !== undefined && { term: { endsOn: statedEndOf(c), newEndsOn, maximum: longestTerm(c) } }),
  };
};

/** What adopted tables and packs of law say of a change of value, term or scope; of an extension without an option, which changes the term. */
export const assessChange = (
  c: Contract,
  { to, by, newEndsOn, unforeseen, ground }: Omit<Parameters<typeof factsOfChange>[1], 'on'>,
  context: EventContext,
  programme: WithPolicies,
): readonly Assessment[] => {
  const change = {
    original: c.original,
    current: c.ceiling,
    to,
    by,
    added: addedWith(c, by),
    endsOn: statedEndOf(c),
    newEndsOn,
    unforeseen,
  };
  const facts = factsOfChange(c, { on: context.effectiveOn, to, by, newEndsOn, ground, unforeseen });
  const inputs = { ...inputsOf(change), ...(ground !== undefined && { ground }) };
  return [
    ...(to || newEndsOn ? approvalOf(programme, change, context) : []),
    ...lawOf(programme, { subject: 'change', regime: changeRegimeOf(c), facts, inputs }, context),
  ];
};

/** The facts that the law of standstill asks for: the last letter, and the last award notice. */
export const factsOfStandstill = ({ notices, standstillLetters }: Pick<Contract, 'notices' | 'standstillLetters'>) => {
  const [letter, notice] = [standstillLetters?.at(-1), notices.at(-1)];
  return {
    ...(notice && { awardNoticeOn: notice.on }),
    ...(letter && { standstillLetterOn: letter.on, electronic: letter.electronic }),
  };
};

/** What adopted packs of law say of a signature. */
export const assessSignature = (c: Contract, context: EventContext, programme: WithPolicies): readonly Assessment[] => {
  const facts = { signedOn: context.effectiveOn, ...factsOfStandstill(c) };
  return lawOf(programme, { subject: 'signature', regime: changeRegimeOf(c), facts, inputs: facts }, context);
};
