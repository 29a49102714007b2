import {
  add,
  amount,
  choice,
  compare,
  date,
  eventsOf,
  isAmount,
  list,
  minor,
  object,
  optional,
  ref,
  showAmount,
  subject,
  subtract,
  text,
  value,
  type Amount,
  type Value,
} from '../../kernel/index.js';
import { writeOffApprovalOf } from '../programme/policies.js';
import { programme, type Programme } from '../programme/programme.js';

export const LOSS_STAGES = ['none', 'identified', 'recovering', 'proposed', 'written-off', 'reversed'] as const;
export type LossStage = (typeof LOSS_STAGES)[number];
const open: readonly LossStage[] = ['identified', 'recovering', 'proposed', 'written-off', 'reversed'];

/** One cause of loss, with its items and their sum. Paid is not lost; what a supplier bears is in no total of the authority. */
export interface Loss {
  readonly stage: LossStage;
  readonly programme?: string;
  readonly title: string;
  readonly bearer: 'authority' | 'supplier';
  readonly category: string;
  readonly supplier?: string;
  readonly contract?: string;
  readonly elsewhere?: { readonly authority: string; readonly programme?: string };
  readonly gross: Value;
  /** Of every amount that was recorded of it. */
  readonly currencies: readonly string[];
  readonly items: readonly { readonly title: string; readonly amount: Amount }[];
  /** Written off, less what came back or was reversed since. */
  readonly net?: Amount;
  readonly recovered?: Amount;
  readonly proposed?: { readonly amount: Amount; readonly on: string };
  readonly identifiedOn: string;
  readonly writtenOffOn?: string;
}

const event = eventsOf<Loss, Programme>();
const currencies = (l: Loss, v: Value): Pick<Loss, 'currencies'> => ({
  currencies: isAmount(v) ? [...new Set([...l.currencies, v.currency])] : l.currencies,
});
const sum = (a: Amount | undefined, b: Amount): Amount => (a && a.currency === b.currency ? add(a, b) : b);
const lowered = (net: Amount | undefined, by: Amount): Amount | undefined => {
  if (!net || net.currency !== by.currency) return net;
  return compare(net, by) <= 0 ? { amount: '0.00', currency: net.currency } : subtract(net, by);
};
const about = (v: Value): boolean => !isAmount(v) || !['exact', 'under', 'at-most'].includes(v.qualifier ?? 'exact');
/** What the items come to, where that can be compared with the gross: an exact figure. */
const itemised = (gross: Value, items: Loss['items']): Amount | undefined => {
  const [first, ...rest] = items.map(({ amount }) => amount);
  const comparable = first && isAmount(gross) && (gross.qualifier ?? 'exact') === 'exact';
  return comparable && items.every(({ amount }) => amount.currency === gross.currency) ? rest.reduce(add, first) : undefined;
};
const ONE_CURRENCY = 'A loss has one currency.';

export const loss = subject({
  category: 'loss',
  initial: {
    stage: 'none',
    title: '',
    bearer: 'authority',
    category: '',
    gross: { unknown: true },
    currencies: [],
    items: [],
    identifiedOn: '',
  } as Loss,
  stages: LOSS_STAGES,
  events: {
    LossRaised: event({
      allowedIn: ['none'],
      fields: {
        programme: ref('programme'),
        title: text('What was lost, in our own words', { example: 'Milestones paid for a system that was never live' }),
        bearer: choice(['authority', 'supplier'], 'Who bears it'),
        category: choice(['fruitless-payment', 'irrecoverable-debt', 'abandoned-claim', 'contract', 'other'], 'The kind of loss'),
        gross: value('What it comes to before anything is recovered'),
        items: optional(
          list(object({ title: text('What the item is'), amount: amount() }), 'What it is made of; together the gross', { max: 100 }),
        ),
        supplier: optional(ref('supplier', 'The supplier that bears or caused it')),
        contract: optional(ref('contract', 'The contract that it comes from')),
        elsewhere: optional(
          object({ authority: text('Authority'), programme: optional(text('Programme')) }, 'The other authority that it belongs to'),
        ),
        identifiedOn: optional(date('When it was seen')),
      },
      rules: {
        'loss/no-bearer': {
          says: 'A loss that a supplier bears names the supplier.',
          field: '/supplier',
          holds: ({ data: { bearer, supplier } }) => bearer !== 'supplier' || supplier !== undefined,
        },
        'loss/mixed-currencies': {
          says: ONE_CURRENCY,
          field: '/items',
          detail: ({ data: { gross } }) => `The loss is in ${isAmount(gross) ? gross.currency : 'another currency'}.`,
          holds: ({ data: { gross, items = [] } }) => !isAmount(gross) || items.every(({ amount }) => amount.currency === gross.currency),
        },
        'loss/does-not-add-up': {
          says: 'The items of a loss come to its gross.',
          field: '/gross',
          detail: ({ data: { gross, items = [] } }) => `The items come to ${itemised(gross, items)!.amount}.`,
          holds: ({ data: { gross, items = [] } }) => {
            const total = itemised(gross, items);
            return !total || !isAmount(gross) || minor(total) === minor(gross);
          },
        },
      },
      evolve: (l, { items = [], identifiedOn, ...rest }, { effectiveOn }) => ({
        ...l,
        ...rest,
        ...currencies(l, rest.gross),
        stage: 'identified',
        items,
        identifiedOn: identifiedOn ?? effectiveOn,
      }),
    }),
    LossRevised: event({
      allowedIn: open,
      fields: { gross: value('What it comes to as it is known now'), why: optional(text('Why', { max: 1000 })) },
      evolve: (l, { gross }) => ({ ...l, ...currencies(l, gross), gross, items: [] }),
    }),
    WriteOffProposed: event({
      allowedIn: ['identified', 'recovering', 'written-off', 'reversed'],
      fields: { amount: amount('What is to be written off') },
      evolve: (l, { amount }, { effectiveOn }) => ({
        ...l,
        ...currencies(l, amount),
        stage: 'proposed',
        proposed: { amount, on: effectiveOn },
      }),
    }),
    WrittenOff: event({
      allowedIn: open,
      fields: { amount: amount('What is written off') },
      evolve: ({ proposed: _, ...l }, { amount }, { effectiveOn }) => ({
        ...l,
        ...currencies(l, amount),
        stage: 'written-off',
        net: sum(l.net, amount),
        writtenOffOn: effectiveOn,
      }),
      assess: ({ amount }, context, { bearer, elsewhere, gross }, programme) =>
        bearer === 'supplier' || elsewhere ? [] : writeOffApprovalOf(programme, { gross, amount }, context),
    }),
    RecoveryRecorded: event({
      allowedIn: open,
      fields: { amount: amount('What came back'), from: optional(text('From whom')) },
      evolve: (l, { amount }) => ({
        ...l,
        ...currencies(l, amount),
        stage: l.stage === 'identified' ? 'recovering' : l.stage,
        recovered: sum(l.recovered, amount),
        ...(l.net && { net: lowered(l.net, amount)! }),
      }),
    }),
    WriteOffReversed: event({
      allowedIn: ['written-off', 'proposed'],
      fields: { amount: amount('What is no longer written off'), why: optional(text('Why', { max: 1000 })) },
      rules: {
        'loss/not-written-off': {
          says: 'Nothing of this loss is written off.',
          field: '/amount',
          holds: (_, { net }) => net !== undefined,
        },
      },
      evolve: (l, { amount }) => {
        const net = l.net && l.net.currency === amount.currency ? subtract(l.net, amount) : l.net;
        return { ...l, ...currencies(l, amount), ...(net && { net }), stage: net && minor(net) === 0n ? 'reversed' : l.stage };
      },
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
        WriteOffReversed: '/amount/currency',
      },
      detail: ({ currencies }) => `It would be in ${currencies.join(' and ')}.`,
      holds: ({ currencies }) => currencies.length <= 1,
    },
    'loss/more-than-gross': {
      says: 'What is written off and what was recovered are together no more than the gross loss.',
      brokenBy: { LossRevised: '/gross', WrittenOff: '/amount', RecoveryRecorded: '/amount' },
      detail: ({ gross, net, recovered }) =>
        `${[net && `${showAmount(net)} written off`, recovered && `${showAmount(recovered)} recovered`].filter(Boolean).join(' and ')} exceed ${isAmount(gross) ? showAmount(gross) : 'the gross'}.`,
      holds: ({ gross, net, recovered }) => {
        if (!isAmount(gross) || about(gross)) return true;
        return (net ? minor(net) : 0n) + (recovered ? minor(recovered) : 0n) <= minor(gross);
      },
    },
    'loss/reversed-too-much': {
      says: 'No more can be reversed than is written off.',
      brokenBy: { WriteOffReversed: '/amount' },
      holds: ({ net }) => !net || minor(net) >= 0n,
    },
  },
  about: (_, { programme, supplier, contract }) => ({
    ...(programme && { programme }),
    ...(supplier && { supplier: [supplier] }),
    ...(contract && { contract: [contract] }),
  }),
  governedBy: { aggregate: programme, of: (l) => l.programme },
});
