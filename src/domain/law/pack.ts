import {
  bounds,
  certainlyBefore,
  choice,
  count,
  date,
  flag,
  id,
  isUncertainDate,
  list,
  object,
  optional,
  text,
  uri,
  type DataOf,
  type Problem,
} from '../../kernel/index.js';

/** What the rules of a pack are asked about. A change of term without an option is a change; one by an option is not. */
export const SUBJECTS = ['change', 'signature', 'publication', 'transfer', 'redundancies'] as const;
export type Subject = (typeof SUBJECTS)[number];
/** The law that a contract was procured under. */
export const REGIMES = ['PCR2006', 'PCR2015', 'PA2023', 'framework-call-off', 'other', 'unknown'] as const;
const KINDS = ['cap', 'threshold', 'notice', 'standstill', 'duty'] as const;

/**
 * What a rule can ask, each with its kind and the words that name it where it is missing. Closed: a fact that is not listed is malformed.
 * `citation`: the text of a paper that cites the law; `money`: an amount in one currency. `stepPercent` is derived from the values of a change.
 */
export const FACTS = {
  ground: { of: 'change', kind: 'citation', named: 'the ground' },
  unforeseen: { of: 'change', kind: 'flag', named: 'unforeseen' },
  work: { of: 'change', kind: 'word', named: 'what the contract is for (goods, services or works)' },
  buyer: { of: 'change', kind: 'word', named: 'what the authority is (central or sub-central)' },
  decidedOn: { of: 'change', kind: 'date', named: 'the day of the change' },
  changeNoticeOn: { of: 'change', kind: 'date', named: 'the notice of the change' },
  stepPercent: { of: 'change', kind: 'number', named: 'the value before or after the change' },
  cumulative: { of: 'change', kind: 'money', named: 'what the changes come to' },
  signedOn: { of: 'signature', kind: 'date', named: 'the day of the signature' },
  awardNoticeOn: { of: 'signature', kind: 'date', named: 'the award notice' },
  standstillLetterOn: { of: 'signature', kind: 'date', named: 'the standstill letter' },
  electronic: { of: 'signature', kind: 'flag', named: 'whether the standstill letter was sent electronically' },
  awardedOn: { of: 'publication', kind: 'date', named: 'the day of the award' },
  concludedOn: { of: 'publication', kind: 'date', named: 'the day on which the contract was concluded' },
  endedOn: { of: 'publication', kind: 'date', named: 'the day on which the contract ended' },
  awardPublishedOn: { of: 'publication', kind: 'date', named: 'the notice of the award' },
  detailsPublishedOn: { of: 'publication', kind: 'date', named: 'the notice of the details of the contract' },
  terminationPublishedOn: { of: 'publication', kind: 'date', named: 'the notice of the end' },
  basis: { of: 'transfer', kind: 'word', named: 'the basis of the transfer in law' },
  transferOn: { of: 'transfer', kind: 'date', named: 'the day of the transfer' },
  liabilityInformationOn: { of: 'transfer', kind: 'date', named: 'the liability information' },
  consulted: { of: 'transfer', kind: 'word', named: 'whom the employer consulted' },
  employees: { of: 'transfer', kind: 'number', named: 'the number of employees' },
  transferring: { of: 'transfer', kind: 'number', named: 'how many transfer' },
  redundancies: { of: 'redundancies', kind: 'number', named: 'the number of redundancies' },
  firstRedundancyOn: { of: 'redundancies', kind: 'date', named: 'the first redundancy' },
  redundancyNoticeOn: { of: 'redundancies', kind: 'date', named: 'the notice of the redundancies' },
} as const satisfies { readonly [name: string]: { readonly of: Subject; readonly kind: FactKind; readonly named: string } };
export type FactName = keyof typeof FACTS;
type FactKind = 'citation' | 'flag' | 'word' | 'date' | 'money' | 'number';
const NAMES = Object.keys(FACTS) as FactName[];

/** Closed operators. `from` is that day or later, `until` that day or earlier; `cites` is of a text that cites the value. */
export const OPERATORS = ['is', 'is-not', 'one-of', 'cites', 'from', 'until', 'at-least', 'above', 'at-most', 'below'] as const;
type Operator = (typeof OPERATORS)[number];
const OPERATORS_OF: { readonly [K in FactKind]: readonly Operator[] } = {
  citation: ['cites'],
  flag: ['is'],
  word: ['is', 'is-not', 'one-of'],
  date: ['from', 'until'],
  money: ['at-least', 'above', 'at-most', 'below'],
  number: ['at-least', 'above', 'at-most', 'below'],
};

const condition = object({
  field: choice(NAMES, 'The fact that is asked'),
  op: choice(OPERATORS, 'How it is compared'),
  value: text('A word, a date, a decimal number, yes or no, or an amount such as "164176.00 GBP"; several words are joined by "|"'),
});
const conditions = list(condition, undefined, { min: 1, max: 20 });
const rule = object({
  id: id('The rule', { example: 'unforeseen' }),
  kind: choice(KINDS),
  article: text('Where it stands in the source', { max: 100, example: 'reg. 72(1)(c)' }),
  says: text('What it asks, in our own words', { max: 500 }),
  when: optional(conditions),
  must: optional(conditions),
  limit: optional(
    object({
      of: choice(['step', 'cumulative', 'term'], 'What is limited: each change, all changes together, or what a change adds to the term'),
      below: optional(flag('Whether it must stay below the percentage; it may reach it when absent')),
      base: choice(['original', 'indexed', 'maximumTerm'], 'Of what the percentage is taken'),
      percent: text('A decimal number', { max: 12, example: '12.5' }),
      decreases: optional(flag('Whether a decrease is limited as well')),
    }),
  ),
  days: optional(
    object({
      count: count('How many', { max: 3660 }),
      kind: choice(['calendar', 'working']),
      act: choice(NAMES, 'The fact that has to keep the distance'),
      before: optional(choice(NAMES, 'The act lies so many days before this one')),
      after: optional(choice(NAMES, 'The act lies after so many days from this one')),
      within: optional(choice(NAMES, 'The act lies within so many days from this one')),
      toWorkingDay: optional(flag('Whether a last day that is no working day gives the next one')),
      first: optional(flag('Whether the day itself is the first of the days; the day after it when absent')),
    }),
  ),
  within: optional(count('Days within which what is counted adds up', { max: 3660 })),
});
/** A pack of rules: one text of law, in one version, on one subject. */
export const packFields = {
  id: id('The pack', { example: 'pcr-2015-changes' }),
  version: text('Version', { max: 40, example: '2015-02-26' }),
  title: text('The text of law'),
  inForce: object({ from: date('First day in force'), until: optional(date('Last day in force')) }),
  source: object({
    uris: list(uri(), 'Where the text stands', { min: 1, max: 20 }),
    read: choice(['in-full', 'in-part'], 'How much of it was read: what rests on a part is to be confirmed'),
  }),
  appliesTo: object({
    subject: choice(SUBJECTS),
    regimes: optional(list(choice(REGIMES), 'Contracts under these alone; any when absent', { min: 1, max: REGIMES.length })),
  }),
  rules: list(rule, undefined, { min: 1, max: 60 }),
};
export type Pack = DataOf<typeof packFields>;
export type LawRule = Pack['rules'][number];
export type Condition = NonNullable<LawRule['when']>[number];

const DECIMAL = /^(0|[1-9]\d{0,8})(\.\d{1,4})?$/;
const MONEY = /^(0|[1-9]\d{0,17})(\.\d{1,4})? [A-Z]{3}$/;
/** The words of a condition on a word. */
export const wordsOf = ({ value }: Pick<Condition, 'value'>): readonly string[] => value.split('|').map((word) => word.trim());

const whyNotAValue = (kind: FactKind, { op, value }: Condition): string | undefined => {
  if (kind === 'date') return isUncertainDate(value) && bounds(value).earliest === bounds(value).latest ? undefined : 'must be a day';
  if (kind === 'number') return DECIMAL.test(value) ? undefined : 'must be a decimal number';
  if (kind === 'money') return MONEY.test(value) ? undefined : 'must be an amount such as "164176.00 GBP"';
  if (kind === 'flag') return value === 'yes' || value === 'no' ? undefined : 'must be yes or no';
  if (kind === 'word' && op !== 'one-of' && value.includes('|')) return 'must be one word: several need one-of';
  return undefined;
};

/** What is wrong with a condition of a rule on a subject. */
const faultsOfCondition = (condition: Condition, subject: Subject, pointer: string): Problem[] => {
  const { of, kind } = FACTS[condition.field];
  if (of !== subject) return [{ pointer: `${pointer}/field`, detail: `${condition.field} is no fact of a ${subject}` }];
  if (!OPERATORS_OF[kind].includes(condition.op)) return [{ pointer: `${pointer}/op`, detail: `${condition.field} is asked by ${OPERATORS_OF[kind].join(', ')}` }]; // prettier-ignore
  const why = whyNotAValue(kind, condition);
  return why === undefined ? [] : [{ pointer: `${pointer}/value`, detail: why }];
};

const faultsOfRule = (rule: LawRule, subject: Subject, pointer: string): Problem[] => {
  const { kind, when = [], must = [], limit, days, within } = rule;
  const faults = [
    ...when.flatMap((c, i) => faultsOfCondition(c, subject, `${pointer}/when/${i}`)),
    ...must.flatMap((c, i) => faultsOfCondition(c, subject, `${pointer}/must/${i}`)),
  ];
  const fault = (at: string, detail: string): void => void faults.push({ pointer: `${pointer}${at}`, detail });
  if ((kind === 'cap') !== (limit !== undefined)) fault('/limit', kind === 'cap' ? 'is missing: a cap has a limit' : 'is only of a cap');
  if ((kind === 'notice' || kind === 'standstill') !== (days !== undefined))
    fault('/days', days ? 'are only of a notice or a standstill' : `are missing: a ${kind} has days`);
  if (kind === 'threshold' && must.length === 0) fault('/must', 'is missing: a threshold says what must hold');
  if (within !== undefined && subject !== 'redundancies') fault('/within', 'is only of redundancies');
  if (limit) {
    if (subject !== 'change') fault('/limit', 'is only of a change');
    if (!DECIMAL.test(limit.percent)) fault('/limit/percent', 'must be a decimal number');
    if ((limit.of === 'term') !== (limit.base === 'maximumTerm'))
      fault('/limit/base', 'must be maximumTerm of a term, and of a term alone');
  }
  if (days) {
    if ([days.before, days.after, days.within].filter((day) => day !== undefined).length !== 1)
      fault('/days/before', 'or after or within must stand, one alone');
    for (const name of ['act', 'before', 'after', 'within'] as const) {
      const fact = days[name];
      if (fact !== undefined && (FACTS[fact].kind !== 'date' || FACTS[fact].of !== subject)) fault(`/days/${name}`, `${fact} is no day of a ${subject}`); // prettier-ignore
    }
  }
  return faults;
};

/** The first condition that can never hold together with those before it; -1 where all can. */
const contradiction = (conditions: readonly Condition[]): number =>
  conditions.findIndex((condition, i) => {
    const before = conditions.slice(0, i).filter(({ field }) => field === condition.field);
    return before.some((earlier) => !canBoth(FACTS[condition.field].kind, [...before, condition], earlier, condition));
  });
const canBoth = (kind: FactKind, all: readonly Condition[], a: Condition, b: Condition): boolean => {
  if (kind === 'flag') return a.value === b.value;
  if (kind === 'word') return wordsLeft(all) !== 0;
  if (kind === 'citation') return true;
  return overlap(kind, a, b);
};
/** How many words conditions leave; undefined where they only exclude some. */
const wordsLeft = (all: readonly Condition[]): number | undefined => {
  const allowed = all.filter(({ op }) => op !== 'is-not').map((c) => new Set(wordsOf(c)));
  const refused = new Set(all.filter(({ op }) => op === 'is-not').map(({ value }) => value));
  return allowed.length === 0 ? undefined : allowed.reduce((left, more) => left.intersection(more)).difference(refused).size;
};
const lowers: readonly Operator[] = ['from', 'at-least', 'above'];
const overlap = (kind: FactKind, a: Condition, b: Condition): boolean => {
  const [low, high] = lowers.includes(a.op) ? [a, b] : [b, a];
  if (lowers.includes(high.op) || !lowers.includes(low.op)) return true;
  const open = low.op === 'above' || high.op === 'below';
  const order = compareValues(kind, low.value, high.value);
  return order < 0 || (order === 0 && !open);
};
const compareValues = (kind: FactKind, a: string, b: string): number => {
  if (kind === 'date') return certainlyBefore(a, b) ? -1 : certainlyBefore(b, a) ? 1 : 0;
  // Amounts of two currencies cannot be compared: both conditions may hold.
  if (kind === 'money' && a.slice(-3) !== b.slice(-3)) return -1;
  return Math.sign(Number(a.split(' ')[0]) - Number(b.split(' ')[0]));
};

/** What is malformed in a pack whose fields were checked: JSON Pointers into it. */
export const malformedIn = ({ rules, appliesTo: { subject } }: Pack): readonly Problem[] => [
  ...rules.flatMap((rule, i) => faultsOfRule(rule, subject, `/rules/${i}`)),
  ...rules.flatMap(({ id }, i) =>
    rules.findIndex((r) => r.id === id) < i ? [{ pointer: `/rules/${i}/id`, detail: `${id} is the id of another rule` }] : [],
  ),
];

/** The day by which a rule holds, of each subject. */
export const DAY_OF = {
  change: 'decidedOn',
  signature: 'signedOn',
  publication: 'awardedOn',
  transfer: 'transferOn',
  redundancies: 'firstRedundancyOn',
} as const satisfies { readonly [S in Subject]: FactName };

/** The first rule of a well-formed pack that can never apply, with the condition that no other one leaves room for. */
export const unreachableIn = ({ rules, inForce, appliesTo: { subject } }: Pack): Problem | undefined => {
  const field = DAY_OF[subject];
  const { earliest } = bounds(inForce.from);
  const { latest } = bounds(inForce.until ?? 'unknown');
  for (const [i, { id, when = [] }] of rules.entries()) {
    const own = contradiction(when);
    if (own !== -1) return { pointer: `/rules/${i}/when/${own}`, detail: `${id} never applies: ${when[own]!.field} cannot be both` };
    const outside = when.findIndex((c) => c.field === field && ((c.op === 'until' && c.value < earliest) || (c.op === 'from' && c.value > latest))); // prettier-ignore
    if (outside !== -1) return { pointer: `/rules/${i}/when/${outside}`, detail: `${id} never applies: the pack is not in force then` };
  }
  return undefined;
};
