import {
  amount,
  amountOf,
  betweenOf,
  certainlyBefore,
  choice,
  date,
  eventsOf,
  id,
  isAmount,
  list,
  minor,
  object,
  optional,
  ref,
  showAmount,
  showBetween,
  aggregate,
  text,
  uuid,
  value,
  type Amount,
  type EventContext,
  type Rule,
  type Value,
} from '../../kernel/index.js';
import { programme, type Programme } from '../programme/programme.js';
import { paymentApproval, writeOffApproval, writtenOffByTwo } from './authority.js';
import { netIn, outstandingIn, tooMuch } from './figures.js';
import {
  AFTERWARDS,
  ALL_CATEGORIES,
  BECAUSE,
  CATEGORIES,
  CLOSED_HOW,
  currencyOf,
  decidedIn,
  figuresIn,
  isMixed,
  KINDS,
  LOSS_STAGES,
  NO_LOSS,
  OPEN,
  PAYING,
  regrossed,
  revised,
  revisedFigures,
  spent,
  stageOf,
  withCurrencies,
  withMovement,
  withoutProposal,
  withProposal,
  withRatified,
  type Category,
  type Loss,
  type LossItem,
} from './state.js';

const event = eventsOf<Loss, Programme>();
const ONE_CURRENCY = 'A loss has one currency.';

const items = list(
  object({ item: id('The item', { example: 'payroll' }), title: text('What the item is'), amount: amount() }),
  'What it is made of; together the gross',
  { max: 100 },
);
const itemOf = optional(id('The item that it is of'));
const why = optional(text('Why', { max: 1000 }));

type AnyRule<Data> = Rule<{ readonly data: Data } & Pick<EventContext, 'effectiveOn'>, Loss>;
/** Amounts are above zero; a value that is no amount is none. */
const aboveZero = <Name extends string>(...names: readonly Name[]): AnyRule<{ readonly [N in Name]?: Value | undefined }> => {
  const first = (data: { readonly [N in Name]?: Value | undefined }) =>
    names.find((name) => data[name] && isAmount(data[name]) && minor(data[name]) === 0n);
  return {
    says: 'An amount is above zero.',
    field: ({ data }) => `/${first(data)!}/amount`,
    holds: ({ data }) => first(data) === undefined,
  };
};
const knownItem: AnyRule<{ readonly item?: string | undefined }> = {
  says: 'A write-off or a recovery names an item that the loss has.',
  field: '/item',
  detail: ({ data: { item } }, l) => `${item} is none of ${l.items.map((i) => i.item).join(', ') || 'its items: it has none'}.`,
  holds: ({ data: { item } }, l) => item === undefined || l.items.some((known) => known.item === item),
};
export const withinOutstanding: AnyRule<{ readonly amount: Amount }> = {
  says: 'No more is written off, or proposed to be, than is outstanding.',
  field: '/amount',
  detail: ({ data }, l) => `${showAmount(data.amount)} is more than what is outstanding: ${shownIn(l, outstandingIn(figuresIn(l)))}.`,
  holds: ({ data }, l) => !comparable(l, data.amount) || atMost(data.amount, outstandingIn(figuresIn(l)).most),
};
const onlyOnce: AnyRule<{ readonly items?: readonly LossItem[] | undefined }> = {
  says: 'Each item of a loss has an id of its own.',
  field: '/items',
  detail: ({ data: { items = [] } }) => `${twice(items)!.item} is the id of another item.`,
  holds: ({ data: { items = [] } }) => !twice(items),
};
const addsUp: AnyRule<{ readonly gross: Value; readonly items?: readonly LossItem[] | undefined }> = {
  says: 'The items of a loss come to its gross.',
  field: '/gross',
  detail: ({ data: { gross, items = [] } }) => `The items come to ${showAmount(itemised(gross, items)!)}.`,
  holds: ({ data: { gross, items = [] } }) => {
    const total = itemised(gross, items);
    if (!total) return true;
    const { least, most } = betweenOf(gross);
    return minor(total) >= least && (most === undefined || minor(total) <= most);
  },
};
const inOneCurrency: AnyRule<{ readonly gross: Value; readonly items?: readonly LossItem[] | undefined }> = {
  says: ONE_CURRENCY,
  field: '/items',
  detail: ({ data: { gross } }) => `The loss is in ${isAmount(gross) ? gross.currency : 'another currency'}.`,
  holds: ({ data: { gross, items = [] } }) =>
    new Set([...(isAmount(gross) ? [gross.currency] : []), ...items.map(({ amount }) => amount.currency)]).size <= 1,
};

const twice = (list: readonly LossItem[]): LossItem | undefined =>
  list.find(({ item }, i) => list.some((other, j) => j < i && other.item === item));
/** What the items come to, where they and the gross have one currency. */
const itemised = (gross: Value, list: readonly LossItem[]): Amount | undefined => {
  if (!isAmount(gross) || list.length === 0 || list.some(({ amount }) => amount.currency !== gross.currency)) return undefined;
  return amountOf(
    list.reduce((sum, { amount }) => sum + minor(amount), 0n),
    gross.currency,
  );
};
/** Whether an amount can be compared with the figures; another currency is refused for that alone. */
const comparable = (l: Loss, { currency }: Amount): boolean => !isMixed(l) && (currencyOf(l) ?? currency) === currency;
const atMost = (amount: Amount, most: bigint | undefined): boolean => most === undefined || betweenOf(amount).least <= most;
const shownIn = (l: Loss, between: Parameters<typeof showBetween>[0]): string => showBetween(between, currencyOf(l)!);

export const loss = aggregate({
  category: 'loss',
  initial: NO_LOSS,
  stages: LOSS_STAGES,
  events: {
    LossRaised: event({
      allowedIn: ['none'],
      fields: {
        programme: ref('programme'),
        title: text('What was lost, in our own words', { example: 'Milestones paid for a system that was never live' }),
        kind: optional(choice(KINDS, 'A loss, or a payment that no contract or law asks for; a loss when absent')),
        bearer: choice(['authority', 'supplier'], 'Who bears it'),
        category: choice(ALL_CATEGORIES, 'What kind of loss or special payment'),
        case: optional(id('What is one matter for authority: the losses of the programme with the same name here')),
        gross: value('What it comes to before anything is recovered'),
        items: optional(items),
        supplier: optional(ref('supplier', 'The supplier that bears or caused it')),
        contract: optional(ref('contract', 'The contract that it comes from')),
        elsewhere: optional(
          object({ authority: text('Authority'), programme: optional(text('Programme')) }, 'The other authority that it belongs to'),
        ),
        identifiedOn: optional(date('When it was seen')),
        occurredOn: optional(date('When it happened')),
      },
      rules: {
        'loss/no-bearer': {
          says: 'A loss that a supplier bears names the supplier.',
          field: '/supplier',
          holds: ({ data: { bearer, supplier } }) => bearer !== 'supplier' || supplier !== undefined,
        },
        'loss/category-of-another-kind': {
          says: 'A category is one of its kind, loss or special payment.',
          field: '/category',
          detail: ({ data: { kind = 'loss', category } }) => `${category} is none of a ${kind}: ${CATEGORIES[kind].join(', ')}.`,
          holds: ({ data: { kind = 'loss', category } }) => (CATEGORIES[kind] as readonly Category[]).includes(category),
        },
        'loss/dated-ahead': {
          says: 'A loss occurred, and was seen, on the day on which it is raised or earlier.',
          field: ({ data: { identifiedOn }, effectiveOn }) =>
            identifiedOn && certainlyBefore(effectiveOn, identifiedOn) ? '/identifiedOn' : '/occurredOn',
          detail: ({ effectiveOn }) => `It is raised on ${effectiveOn}.`,
          holds: ({ data: { identifiedOn, occurredOn }, effectiveOn }) =>
            ![identifiedOn, occurredOn].some((on) => on !== undefined && certainlyBefore(effectiveOn, on)),
        },
        'loss/not-above-zero': aboveZero('gross'),
        'loss/duplicate-item': onlyOnce,
        'loss/mixed-currencies': inOneCurrency,
        'loss/does-not-add-up': addsUp,
      },
      evolve: (l, { items = [], kind = 'loss', identifiedOn, ...rest }, { effectiveOn }) => {
        const raised = withItems({ ...l, ...rest, kind, identifiedOn: identifiedOn ?? effectiveOn }, items);
        return { ...regrossed(raised, rest.gross), stage: stageOf(raised) };
      },
    }),
    LossRevised: event({
      allowedIn: [...OPEN, ...PAYING],
      reveals: ['LossRaised'],
      fields: { gross: value('What it comes to as it is known now'), items: optional(items), why },
      rules: {
        'loss/not-above-zero': aboveZero('gross'),
        'loss/duplicate-item': onlyOnce,
        'loss/mixed-currencies': inOneCurrency,
        'loss/does-not-add-up': addsUp,
        'loss/more-than-gross': {
          says: 'What is written off and what was recovered are together no more than the gross loss.',
          field: '/gross',
          detail: ({ data: { gross } }, l) => {
            const { most } = figuresIn(l);
            const currency = currencyOf(l)!;
            return `${showAmount(amountOf(most.booked, currency))} written off and ${showAmount(amountOf(most.recovered, currency))} recovered exceed ${shownIn(l, betweenOf(gross))}.`;
          },
          holds: ({ data: { gross } }, l) => isMixed(withCurrencies(l, gross)) || !tooMuch(revisedFigures(l, gross)),
        },
      },
      evolve: (l, { gross, items: others, why: reason }, { event: of, effectiveOn: on }) =>
        revised(withItems(l, others ?? l.items), { event: of, on, gross, ...(reason !== undefined && { why: reason }) }),
    }),
    CaseJoined: event({
      allowedIn: [...OPEN, ...PAYING, 'closed'],
      reveals: ['LossRaised'],
      fields: { case: id('The case: what is one matter for authority', { example: 'fraud-7' }), why },
      rules: {
        'loss/in-another-case': {
          says: 'A loss is in one case: it leaves that one first, or the fact that put it there is corrected.',
          field: '/case',
          detail: (_, { case: name }) => `It is in the case ${name}.`,
          holds: ({ data }, { case: name }) => name === undefined || name === data.case,
        },
      },
      evolve: (l, { case: name }) => ({ ...l, case: name }),
    }),
    CaseLeft: event({
      allowedIn: [...OPEN, ...PAYING, 'closed'],
      reveals: ['LossRaised'],
      fields: { case: id('The case that it is in', { example: 'fraud-7' }), why: text('Why it is a matter of its own', { max: 1000 }) },
      rules: {
        'loss/not-in-case': {
          says: 'A loss leaves the case that it is in.',
          field: '/case',
          detail: (_, { case: name }) => (name === undefined ? 'It is in no case.' : `It is in the case ${name}.`),
          holds: ({ data }, { case: name }) => name === data.case,
        },
      },
      evolve: ({ case: _, ...l }, { case: name }, context) => ({
        ...l,
        casesLeft: [...l.casesLeft, { case: name, event: context.event, on: context.effectiveOn, ...decidedIn(context) }],
      }),
      assess: (_, context, l, governing, taken) =>
        l.kind === 'loss'
          ? writeOffApproval(l, undefined, governing, context, taken)
          : paymentApproval(l, undefined, governing, context, taken),
    }),
    WriteOffProposed: event({
      allowedIn: OPEN,
      fields: { amount: amount('What is to be written off') },
      rules: {
        'loss/not-above-zero': aboveZero('amount'),
        'loss/already-proposed': {
          says: 'One write-off is proposed at a time: reject or withdraw the proposal first.',
          field: '/amount',
          detail: (_, { proposed }) => `${showAmount(proposed!.left)} is proposed since ${proposed!.on}.`,
          holds: (_, { proposed }) => !proposed,
        },
      },
      evolve: (l, { amount }, context) => withProposal(l, amount, context),
    }),
    WriteOffRejected: event({
      allowedIn: OPEN,
      fields: { why },
      rules: { 'loss/nothing-proposed': { says: 'No write-off is proposed.', holds: (_, { proposed }) => proposed !== undefined } },
      evolve: (l) => withoutProposal(l),
    }),
    WriteOffProposalWithdrawn: event({
      allowedIn: OPEN,
      fields: { why },
      rules: { 'loss/nothing-proposed': { says: 'No write-off is proposed.', holds: (_, { proposed }) => proposed !== undefined } },
      evolve: (l) => withoutProposal(l),
    }),
    WrittenOff: event({
      allowedIn: OPEN,
      fields: {
        amount: amount('What is written off'),
        because: optional(choice(BECAUSE, 'Why it cannot be had')),
        afterwards: optional(choice(AFTERWARDS, 'Whether it is pursued all the same')),
        item: itemOf,
      },
      rules: {
        'loss/not-above-zero': aboveZero('amount'),
        'loss/unknown-item': knownItem,
        'loss/more-than-outstanding': withinOutstanding,
      },
      evolve: (l, data, context) => withMovement(spent(l, data.amount), 'write-off', data, context),
      assessesWithdrawal: true,
      assess: ({ amount }, context, l, governing, taken) => [
        ...writtenOffByTwo(l, amount, governing, context, taken),
        ...writeOffApproval(l, amount, governing, context, taken),
      ],
    }),
    WriteOffRatified: event({
      allowedIn: [...OPEN, ...PAYING, 'closed'],
      fields: { event: uuid('The event of the write-off, of its reversal, or of the approval of a special payment') },
      rules: {
        'loss/unknown-write-off': {
          says: 'A ratification names a write-off of the loss, a reversal of one, or the approval of a special payment.',
          field: '/event',
          detail: ({ data }) => `${data.event} is none that stands before it.`,
          holds: ({ data }, l) =>
            l.approved.some(({ event: of }) => of === data.event) ||
            l.movements.some(({ event: of, flow }) => of === data.event && (flow === 'write-off' || flow === 'reversal')),
        },
      },
      evolve: (l, { event: of }, context) => withRatified(l, of, context),
      assess: (_, context, l, governing, taken) =>
        l.kind === 'loss'
          ? writeOffApproval(l, undefined, governing, context, taken)
          : paymentApproval(l, undefined, governing, context, taken),
    }),
    RecoveryRecorded: event({
      allowedIn: [...OPEN, 'closed'],
      fields: {
        amount: amount('What came back of the loss itself'),
        interest: optional(amount('Interest that came with it')),
        costs: optional(amount('Costs that were paid with it')),
        from: optional(text('From whom')),
        item: itemOf,
      },
      rules: {
        'loss/not-above-zero': aboveZero('amount', 'interest', 'costs'),
        'loss/unknown-item': knownItem,
        'loss/recovered-too-much': {
          says: 'No more is recovered of a loss than is outstanding or written off.',
          field: '/amount',
          detail: ({ data }, l) =>
            `${showAmount(data.amount)} is more than what is outstanding (${shownIn(l, outstandingIn(figuresIn(l)))}) and written off (${shownIn(l, netIn(figuresIn(l)))}); interest and costs stand apart.`,
          holds: ({ data }, l) => {
            if (!comparable(l, data.amount)) return true;
            const { most } = outstandingIn(figuresIn(l));
            return most === undefined || atMost(data.amount, most + netIn(figuresIn(l)).most!);
          },
        },
      },
      evolve: (l, data, context) => withMovement(l, 'recovery', data, context),
    }),
    RecoveryReversed: event({
      allowedIn: [...OPEN, 'closed'],
      fields: { amount: amount('What was paid back, or never came'), why, item: itemOf },
      rules: {
        'loss/not-above-zero': aboveZero('amount'),
        'loss/unknown-item': knownItem,
        'loss/not-recovered': {
          says: 'No more is taken back of recoveries than was recovered.',
          field: '/amount',
          detail: ({ data }, { recovered }) =>
            `${showAmount(data.amount)} is more than the ${recovered ? showAmount(recovered) : 'nothing'} recovered.`,
          holds: ({ data }, l) => !comparable(l, data.amount) || atMost(data.amount, figuresIn(l).most.recovered),
        },
      },
      evolve: (l, data, context) => reopened(withMovement(l, 'recovery-reversal', data, context)),
    }),
    WriteOffReversed: event({
      allowedIn: [...OPEN, 'closed'],
      fields: { amount: amount('What is no longer written off'), why, item: itemOf },
      rules: {
        'loss/not-above-zero': aboveZero('amount'),
        'loss/not-written-off': {
          says: 'Nothing of this loss is written off.',
          field: '/amount',
          holds: (_, { net }) => net !== undefined,
        },
        'loss/unknown-item': knownItem,
        'loss/reversed-too-much': {
          says: 'No more can be reversed than is written off.',
          field: '/amount',
          detail: ({ data }, l) =>
            `${showAmount(data.amount)} is more than what is written off and has not come back: ${shownIn(l, netIn(figuresIn(l)))}.`,
          holds: ({ data }, l) => !comparable(l, data.amount) || atMost(data.amount, netIn(figuresIn(l)).most),
        },
      },
      evolve: (l, data, context) => reopened(withMovement(l, 'reversal', data, context)),
      assessesWithdrawal: true,
      assess: (_, context, l, governing, taken) => writeOffApproval(l, undefined, governing, context, taken),
    }),
    SpecialPaymentApproved: event({
      allowedIn: PAYING,
      fields: { amount: amount('What may be paid') },
      rules: { 'loss/not-above-zero': aboveZero('amount') },
      evolve: (l, { amount }, context) => {
        const payment = { event: context.event, on: context.effectiveOn, amount, ...decidedIn(context) };
        const next = withCurrencies({ ...l, approved: [...l.approved, payment] }, amount);
        return { ...next, stage: stageOf(next) };
      },
      assess: ({ amount }, context, l, governing, taken) => paymentApproval(l, amount, governing, context, taken),
    }),
    SpecialPaymentRecorded: event({
      allowedIn: PAYING,
      fields: { amount: amount('What was paid'), to: optional(text('To whom: a role or an organisation, never a name of a person')) },
      rules: { 'loss/not-above-zero': aboveZero('amount') },
      evolve: (l, { amount }, context) => {
        const payment = { event: context.event, on: context.effectiveOn, amount, ...decidedIn(context) };
        const next = withCurrencies({ ...l, paid: [...l.paid, payment] }, amount);
        return { ...next, stage: stageOf(next) };
      },
    }),
    LossClosed: event({
      allowedIn: OPEN,
      fields: { how: choice(CLOSED_HOW, 'Recovered, or written off and pursued all the same or no longer'), why },
      rules: {
        'loss/still-open': {
          says: 'A loss is closed when nothing is outstanding; as recovered, when nothing is written off either.',
          field: '/how',
          detail: ({ data: { how } }, l) => {
            const [net, outstanding] = [netIn(figuresIn(l)), outstandingIn(figuresIn(l))];
            const open = outstanding.least > 0n ? `${shownIn(l, outstanding)} is outstanding` : undefined;
            return `${[open, how === 'recovered' && net.least > 0n ? `${shownIn(l, net)} is written off` : undefined].filter(Boolean).join(', ')}.`;
          },
          holds: ({ data: { how } }, l) => {
            if (isMixed(l)) return true;
            const figures = figuresIn(l);
            return outstandingIn(figures).least === 0n && (how !== 'recovered' || netIn(figures).least === 0n);
          },
        },
      },
      evolve: (l, { how, why: reason }, { effectiveOn: on }) => ({
        ...l,
        stage: 'closed',
        closed: { how, on, ...(reason !== undefined && { why: reason }) },
      }),
    }),
  },
  invariants: {
    'loss/mixed-currencies': {
      says: ONE_CURRENCY,
      brokenBy: {
        LossRevised: '/gross/currency',
        WriteOffProposed: '/amount/currency',
        WrittenOff: '/amount/currency',
        RecoveryRecorded: '/amount/currency',
        RecoveryReversed: '/amount/currency',
        WriteOffReversed: '/amount/currency',
        SpecialPaymentApproved: '/amount/currency',
        SpecialPaymentRecorded: '/amount/currency',
      },
      detail: ({ currencies }) => `It would be in ${currencies.join(' and ')}.`,
      holds: (l) => !isMixed(l),
    },
  },
  about: (_, { programme: of, supplier, contract }) => ({
    ...(of && { programme: of }),
    ...(supplier && { supplier: [supplier] }),
    ...(contract && { contract: [contract] }),
  }),
  governedBy: { aggregate: programme, of: (l) => l.programme },
  setOf: (l) => (l.case === undefined ? undefined : caseKey(l.programme!, l.case)),
});

/** Under which the losses of one case are found. */
export const caseKey = (programme: string, name: string): `case:${string}` => `case:${programme}/${name}`;

function withItems(l: Loss, items: Loss['items']): Loss {
  return { ...withCurrencies(l, ...items.map(({ amount }) => amount)), items };
}

/** A loss of which something is open again is no longer closed. */
function reopened(l: Loss): Loss {
  if (l.stage !== 'closed') return l;
  const { closed: _, ...rest } = l;
  return { ...rest, stage: stageOf(rest) };
}
