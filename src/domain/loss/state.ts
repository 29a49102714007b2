import {
  add,
  amountOf,
  betweenOf,
  isAmount,
  isUnmet,
  minor,
  roundHalfEven,
  subtract,
  valueOf,
  type Amount,
  type Between,
  type EventContext,
  type Value,
} from '../../kernel/index.js';
import { after, figuresOf, netIn, outstandingIn, recoveredIn, type Figures, type Flow, type Supposed } from './figures.js';

export const LOSS_STAGES = [
  'none',
  'identified',
  'recovering',
  'proposed',
  'written-off',
  'reversed',
  'claimed',
  'approved',
  'paid',
  'closed',
] as const;
export type LossStage = (typeof LOSS_STAGES)[number];
/** The stages of a loss, and of a special payment, in which it can be changed. */
export const OPEN = ['identified', 'recovering', 'proposed', 'written-off', 'reversed'] as const satisfies readonly LossStage[];
export const PAYING = ['claimed', 'approved', 'paid'] as const satisfies readonly LossStage[];

/** Kind → its categories, as public accounts have them. */
export const CATEGORIES = {
  loss: [
    'cash',
    'bookkeeping',
    'exchange',
    'overpayment',
    'stores',
    'fruitless-payment',
    'constructive',
    'irrecoverable-debt',
    'claim-waived-or-abandoned',
    'other',
  ],
  'special-payment': ['extra-contractual', 'ex-gratia', 'compensation', 'special-severance', 'other'],
} as const;
export type LossKind = keyof typeof CATEGORIES;
export const KINDS = ['loss', 'special-payment'] as const satisfies readonly LossKind[];
export type Category = (typeof CATEGORIES)[LossKind][number];
export const ALL_CATEGORIES: readonly Category[] = [...new Set<Category>([...CATEGORIES.loss, ...CATEGORIES['special-payment']])];

export const BECAUSE = ['insolvent', 'untraceable', 'uneconomic', 'settled', 'time-barred', 'no-value'] as const;
export const AFTERWARDS = ['pursued', 'closed'] as const;
export const CLOSED_HOW = ['recovered', 'written-off-and-pursued', 'written-off-and-closed'] as const;

/** A figure supposed at one end of the gross, in units of the currency. */
interface StoredSupposed {
  readonly gross?: string;
  readonly recovered: string;
  readonly booked: string;
  readonly ofBooked: string;
}

/** At least and at most, in units of the currency. */
export interface Net {
  readonly least: string;
  readonly most: string;
}

/** A write-off, a receipt, or one of them taken back. */
export interface Movement {
  readonly event: string;
  readonly flow: Flow;
  readonly on: string;
  readonly amount: Amount;
  readonly item?: string;
  readonly because?: (typeof BECAUSE)[number];
  readonly afterwards?: (typeof AFTERWARDS)[number];
  readonly interest?: Amount;
  readonly costs?: Amount;
  readonly from?: string;
  readonly office?: string;
  /** Who decided its last correction that policy judged, where that is another one. */
  readonly correctedBy?: string;
  readonly reference?: string;
  /** By how much it moved the net; below zero where it lowered it. */
  readonly net: Net;
  /** The net after it. */
  readonly after: Net;
  /** What a receipt, or one that is paid back, lost in exchange against the rate of the write-off; below zero where it gained. */
  readonly exchange?: Amount;
  /** Whether an adopted table was asked who decides it. */
  readonly assessed?: true;
  /** Adopted rules that it did not meet when it was recorded. */
  readonly unmet?: readonly string[];
  /** Adopted rules that its authority waived. */
  readonly waived?: readonly string[];
  readonly ratified?: Ratified;
}
/** A ratification that met the adopted rules: one that did not is none. */
interface Ratified {
  readonly event: string;
  readonly on: string;
  readonly office?: string;
  readonly correctedBy?: string;
  readonly reference?: string;
  readonly waived?: readonly string[];
  /** Other offices that ratified it before. */
  readonly earlier?: readonly string[];
}

/** What a loss came to from the beginning, as it is known from a day on. */
export interface Revision {
  readonly event: string;
  readonly on: string;
  readonly gross: Value;
  readonly why?: string;
}

/** Payments made beside the accounts, or what was approved of them. */
export interface SpecialPayment {
  readonly event: string;
  readonly on: string;
  readonly amount: Amount;
  readonly office?: string;
  readonly correctedBy?: string;
  readonly reference?: string;
  readonly assessed?: true;
  readonly unmet?: readonly string[];
  readonly waived?: readonly string[];
  readonly ratified?: Ratified;
}

/** A case that it left, and who decided that it is a matter of its own. */
export interface CaseLeft {
  readonly case: string;
  readonly event: string;
  readonly on: string;
  readonly office?: string;
  readonly reference?: string;
  readonly assessed?: true;
  readonly unmet?: readonly string[];
  readonly waived?: readonly string[];
}

export interface LossItem {
  readonly item: string;
  readonly title: string;
  readonly amount: Amount;
}

/** One cause of loss, with its items and their sum. Paid is not lost; what a supplier bears is in no total of the authority. */
export interface Loss {
  readonly stage: LossStage;
  readonly programme?: string;
  readonly title: string;
  readonly kind: LossKind;
  readonly bearer: 'authority' | 'supplier';
  readonly category: Category | '';
  /** What is one matter for authority: the losses of a programme with the same name here. */
  readonly case?: string;
  readonly casesLeft: readonly CaseLeft[];
  readonly supplier?: string;
  readonly contract?: string;
  readonly elsewhere?: { readonly authority: string; readonly programme?: string };
  readonly gross: Value;
  /** Of every amount that was recorded of it. */
  readonly currencies: readonly string[];
  readonly items: readonly LossItem[];
  readonly revisions: readonly Revision[];
  /** Gross = recovered + net written off + outstanding, for either end of the gross. */
  readonly figures: { readonly least: StoredSupposed; readonly most: StoredSupposed };
  readonly outstanding: Value;
  /** All that was written off less what was reversed, whatever came back since. */
  readonly writtenOff?: Amount;
  /** What is written off and has not come back. */
  readonly net?: Value;
  /** Principal alone: interest and costs stand apart. */
  readonly recovered?: Amount;
  readonly interest?: Amount;
  readonly costs?: Amount;
  readonly movements: readonly Movement[];
  /** `amount` as proposed; `left` of it is neither written off nor paid since. */
  readonly proposed?: { readonly event: string; readonly amount: Amount; readonly left: Amount; readonly on: string; readonly proposedBy?: string }; // prettier-ignore
  /** What is written off of a foreign loss in the currency in which its write-offs are stated; absent where one of them is not. */
  readonly book?: { readonly currency: string; readonly cost: string; readonly exchange: string };
  readonly approved: readonly SpecialPayment[];
  readonly paid: readonly SpecialPayment[];
  readonly identifiedOn: string;
  readonly occurredOn?: string;
  readonly writtenOffOn?: string;
  readonly closed?: { readonly how: (typeof CLOSED_HOW)[number]; readonly on: string; readonly why?: string };
}

const ZERO: StoredSupposed = { gross: '0', recovered: '0', booked: '0', ofBooked: '0' };
export const NO_LOSS: Loss = {
  stage: 'none',
  title: '',
  kind: 'loss',
  bearer: 'authority',
  category: '',
  gross: { unknown: true },
  currencies: [],
  items: [],
  revisions: [],
  figures: { least: ZERO, most: ZERO },
  outstanding: { unknown: true },
  movements: [],
  approved: [],
  paid: [],
  casesLeft: [],
  identifiedOn: '',
};

/** Absent while no amount is known: then every figure is 0 in any currency. */
export const currencyOf = ({ currencies }: Pick<Loss, 'currencies'>): string | undefined => currencies[0];

const unitsIn =
  (currency: string | undefined) =>
  (amount: string): bigint =>
    currency === undefined ? BigInt(amount) : minor({ amount, currency });
/** Without digits after the point while no currency is known: `0` is right in any. */
const textIn =
  (currency: string | undefined) =>
  (units: bigint): string =>
    currency === undefined ? String(units) : amountOf(units, currency).amount;

/** The figures that were read or written last: a fact finds what the one before it left, and its rules ask several times. */
let last: { readonly stored: Loss['figures']; readonly currency: string | undefined; readonly figures: Figures } | undefined;
export const figuresIn = ({ figures: stored, currencies }: Pick<Loss, 'figures' | 'currencies'>): Figures => {
  const [currency] = currencies;
  if (last?.stored !== stored || last.currency !== currency) last = { stored, currency, figures: readFigures(stored, currency) };
  return last.figures;
};
const readFigures = ({ least, most }: Loss['figures'], currency: string | undefined): Figures => {
  const units = unitsIn(currency);
  const read = ({ gross, recovered, booked, ofBooked }: StoredSupposed): Supposed => ({
    ...(gross !== undefined && { gross: units(gross) }),
    recovered: units(recovered),
    booked: units(booked),
    ofBooked: units(ofBooked),
  });
  return { least: read(least), most: read(most) };
};

/** The state with these figures and all that follows from them. */
export const withFigures = (l: Loss, figures: Figures): Loss => figured({ ...l }, figures);
/** The same of a state of its own: a loss of many movements is folded again with each of them, so it is copied once. */
const figured = (next: Changing<Loss>, figures: Figures): Loss => {
  const currency = currencyOf(next);
  const text = textIn(currency);
  const { least, most } = figures;
  // what the fact did not move is written as it was
  const was = last?.stored === next.figures && last.currency === currency ? last : undefined;
  const storedLeast = storedAs(least, text, was?.figures.least, was?.stored.least);
  const stored = {
    least: storedLeast,
    // both ends of an exact gross are one, and so is all that follows from them
    most: least.gross === most.gross ? storedLeast : storedAs(most, text, was?.figures.most, was?.stored.most),
  };
  last = { stored, currency, figures };
  next.figures = stored;
  const value = (between: Between): Value => (currency === undefined ? next.gross : valueOf(between, currency));
  next.outstanding = next.movements.length === 0 ? next.gross : value(outstandingIn(figures));
  if (currency === undefined) return next;
  if (next.writtenOffOn !== undefined) {
    next.writtenOff = amountOf(most.booked + most.ofBooked, currency);
    next.net = value(netIn(figures));
  }
  if (next.recovered !== undefined || recoveredIn(figures) > 0n) next.recovered = { amount: stored.most.recovered, currency };
  if (!next.proposed) return next;
  const proposed = stillProposed(next.proposed, outstandingIn(figures).most, currency);
  if (proposed) return { ...next, proposed };
  const { proposed: _, ...rest } = next;
  return rest;
};
const storedAs = (
  { gross, recovered, booked, ofBooked }: Supposed,
  text: (units: bigint) => string,
  was: Supposed | undefined,
  known: StoredSupposed | undefined,
): StoredSupposed => {
  const moved = {
    recovered: known && was!.recovered === recovered ? known.recovered : text(recovered),
    booked: known && was!.booked === booked ? known.booked : text(booked),
    ofBooked: known && was!.ofBooked === ofBooked ? known.ofBooked : text(ofBooked),
  };
  return gross === undefined ? moved : { gross: (known && was!.gross === gross ? known.gross : undefined) ?? text(gross), ...moved };
};
type Changing<T> = { -readonly [K in keyof T]: T[K] };

/** A proposal never speaks of more than is outstanding; nothing is left of one that is spent. */
const stillProposed = (proposed: NonNullable<Loss['proposed']>, outstanding: bigint | undefined, currency: string): Loss['proposed'] => {
  if (proposed.left.currency !== currency) return proposed;
  const left = minor(proposed.left);
  const most = outstanding === undefined || left <= outstanding ? left : outstanding;
  return most <= 0n ? undefined : { ...proposed, left: most === left ? proposed.left : amountOf(most, currency) };
};

/** With the currencies of what was recorded; of more than one, no figure is changed, since that is refused. */
export const withCurrencies = (l: Loss, ...values: readonly (Value | undefined)[]): Loss => {
  const more = values.flatMap((v) => (v && isAmount(v) && !l.currencies.includes(v.currency) ? [v.currency] : []));
  return more.length === 0 ? l : { ...l, currencies: [...l.currencies, ...new Set(more)] };
};
export const isMixed = ({ currencies }: Pick<Loss, 'currencies'>): boolean => currencies.length > 1;

/** The loss as if its gross had always been this one. */
export const regrossed = (l: Loss, gross: Value): Loss => {
  const known = withCurrencies({ ...l, gross }, gross);
  return isMixed(known) ? known : withFigures(known, revisedFigures(known, gross));
};
export const revisedFigures = (l: Loss, gross: Value): Figures =>
  figuresOf(
    gross,
    l.movements.map(({ flow, amount }) => ({ flow, amount: minor(amount) })),
  );

type Recorded = Partial<Pick<Movement, 'item' | 'because' | 'afterwards' | 'interest' | 'costs' | 'from'>> & { readonly amount: Amount };

/** The loss after a movement. */
export const withMovement = (l: Loss, flow: Flow, data: Recorded, context: EventContext): Loss => {
  const known = withCurrencies(l, data.amount, data.interest, data.costs);
  if (isMixed(known)) return known;
  const { currency } = data.amount;
  const units = minor(data.amount);
  const before = figuresIn(known);
  const figures = after(before, flow, units);
  const [was, is] = [netIn(before), netIn(figures)];
  const book = booked(known, flow, data.amount, was.most!, is.most!);
  const { amount, item, because, afterwards, interest, costs, from } = data;
  const movement = { event: context.event, flow, on: context.effectiveOn, amount } as Changing<Movement>;
  if (item !== undefined) movement.item = item;
  if (because) movement.because = because;
  if (afterwards) movement.afterwards = afterwards;
  if (interest) movement.interest = interest;
  if (costs) movement.costs = costs;
  if (from !== undefined) movement.from = from;
  if (isDecided(context)) Object.assign(movement, decidedIn(context));
  movement.net = netOfMove(was, is, currency);
  movement.after = netText(is, currency);
  if (book?.difference !== undefined) movement.exchange = amountOf(book.difference, book.currency);
  const copy: Changing<Loss> = known.book ? withoutBook(known) : { ...known };
  copy.movements = [...known.movements, movement];
  if (flow === 'write-off') copy.writtenOffOn = context.effectiveOn;
  if (interest) copy.interest = known.interest ? add(known.interest, interest) : interest;
  if (costs) copy.costs = known.costs ? add(known.costs, costs) : costs;
  if (book)
    copy.book = {
      currency: book.currency,
      cost: amountOf(book.cost, book.currency).amount,
      exchange: amountOf(book.exchange, book.currency).amount,
    };
  const next: Changing<Loss> = figured(copy, figures);
  if (next.stage !== 'closed') next.stage = stageOf(next);
  return next;
};
const withoutBook = ({ book: _, ...l }: Loss): Loss => l;

const netText = ({ least, most }: Between, currency: string | undefined): Net => {
  const text = textIn(currency);
  const first = text(least);
  return { least: first, most: least === most ? first : text(most!) };
};
const netOfMove = (was: Between, is: Between, currency: string | undefined): Net =>
  netText({ least: is.least - was.least, most: is.most! - was.most! }, currency);

/** The loss with another gross, which was its gross from the beginning. */
export const revised = (l: Loss, revision: Revision): Loss => {
  const next = regrossed(l, revision.gross);
  return isMixed(next) ? next : { ...next, revisions: [...l.revisions, revision] };
};

const isDecided = ({ decidedBy, authority, assessed }: EventContext): boolean =>
  decidedBy !== undefined || authority !== undefined || assessed !== undefined;
export const decidedIn = ({ decidedBy, authority, assessed = [] }: EventContext) => {
  const unmet = assessed.filter(isUnmet).map(({ rule }) => rule);
  const waived = assessed.filter(({ result }) => result === 'waived').map(({ rule }) => rule);
  const judged = assessed.map(({ inputs }) => inputs['office']).find((office) => typeof office === 'string');
  return {
    ...(decidedBy?.office !== undefined && { office: decidedBy.office }),
    ...(judged !== undefined && judged !== decidedBy?.office && unmet.length === 0 && { correctedBy: judged }),
    ...(authority && { reference: authority.reference }),
    ...(assessed.length > 0 && { assessed: true as const }),
    ...(unmet.length > 0 && { unmet }),
    ...(waived.length > 0 && { waived }),
  };
};
export const isUnratified = ({ unmet, ratified }: Pick<Movement, 'unmet' | 'ratified'>): boolean => unmet !== undefined && !ratified;

/** The loss with one of its decisions ratified; unchanged where the ratification did not meet the rules either. */
export const withRatified = (l: Loss, of: string, context: EventContext): Loss => {
  const { unmet, assessed: _, ...by } = decidedIn(context);
  if (unmet) return l;
  const ratified: Ratified = { event: context.event, on: context.effectiveOn, ...by };
  const after = ({ ratified: before }: Pick<Movement, 'ratified'>): Ratified => {
    const earlier = new Set([...(before?.earlier ?? []), ...(before?.office === undefined ? [] : [before.office])]);
    if (ratified.office !== undefined) earlier.delete(ratified.office);
    return earlier.size === 0 ? ratified : { ...ratified, earlier: [...earlier] };
  };
  const mend = <D extends Pick<Movement, 'event' | 'ratified'>>(decisions: readonly D[]): readonly D[] =>
    decisions.map((decision) => (decision.event === of ? { ...decision, ratified: after(decision) } : decision));
  return { ...l, movements: mend(l.movements), approved: mend(l.approved) };
};

/** An equivalent of an amount in a currency, in minor units: its own, or as stated. */
export const equivalentIn = (amount: Amount, currency: string): bigint | undefined => {
  if (amount.currency === currency) return minor(amount);
  const stated = amount.stated?.find((s) => s.currency === currency);
  return stated && minor(stated);
};

interface Booked {
  readonly currency: string;
  readonly cost: bigint;
  readonly exchange: bigint;
  readonly difference?: bigint;
}
/**
 * The net of a foreign loss at the rate of its write-offs. A receipt that lowers the net gives back its share of that cost; what was
 * received for it at another rate is the exchange difference. A receipt that is paid back takes its share of the difference back, by the
 * equivalent that is stated of it. Nothing is kept where one of the figures is not stated.
 */
const booked = ({ book, writtenOffOn }: Loss, flow: Flow, amount: Amount, was: bigint, is: bigint): Booked | undefined => {
  const known = book && { ...book, cost: unitsIn(book.currency)(book.cost), exchange: unitsIn(book.currency)(book.exchange) };
  if (flow === 'write-off') {
    const currency = known?.currency ?? (writtenOffOn === undefined ? amount.stated?.[0]?.currency : undefined);
    const cost = currency === undefined ? undefined : equivalentIn(amount, currency);
    return cost === undefined ? undefined : { currency: currency!, cost: (known?.cost ?? 0n) + cost, exchange: known?.exchange ?? 0n };
  }
  if (!known || was === is) return known;
  if (is > was) {
    if (was === 0n) return undefined;
    const restored = roundHalfEven(known.cost * (is - was), was);
    const rest = { ...known, cost: known.cost + restored };
    const paidBack = equivalentIn(amount, known.currency);
    if (flow !== 'recovery-reversal' || paidBack === undefined) return rest;
    const difference = roundHalfEven(paidBack * (is - was), minor(amount)) - restored;
    return { ...rest, exchange: known.exchange + difference, difference };
  }
  const released = roundHalfEven(known.cost * (was - is), was);
  const rest = { ...known, cost: known.cost - released };
  if (flow !== 'recovery') return rest;
  const received = equivalentIn(amount, known.currency);
  if (received === undefined) return undefined;
  const difference = released - roundHalfEven(received * (was - is), minor(amount));
  return { ...rest, exchange: known.exchange + difference, difference };
};

/** Where a loss stands that is not closed. */
export const stageOf = (l: Loss): LossStage => {
  if (l.kind === 'special-payment') return l.paid.length > 0 ? 'paid' : l.approved.length > 0 ? 'approved' : 'claimed';
  if (l.writtenOff && minor(l.writtenOff) > 0n) return 'written-off';
  if (l.proposed) return 'proposed';
  if (l.writtenOff) return 'reversed';
  return l.recovered && minor(l.recovered) > 0n ? 'recovering' : 'identified';
};

export const withProposal = (l: Loss, amount: Amount, { event, effectiveOn: on, decidedBy, recordedBy }: EventContext): Loss => {
  const known = withCurrencies(l, amount);
  if (isMixed(known)) return known;
  const proposedBy = decidedBy?.person ?? recordedBy;
  const proposed = { event, amount, left: amount, on, ...(proposedBy !== undefined && { proposedBy }) };
  const next = withFigures({ ...known, proposed }, figuresIn(known));
  return { ...next, stage: stageOf(next) };
};
export const withoutProposal = ({ proposed: _, ...l }: Loss): Loss => ({ ...l, stage: stageOf(l) });

/** What was written off is no longer proposed. */
export const spent = (l: Loss, amount: Amount): Loss => {
  if (!l.proposed || l.proposed.left.currency !== amount.currency) return l;
  const left = subtract(amountOf(minor(l.proposed.left), amount.currency), amountOf(minor(amount), amount.currency));
  if (minor(left) > 0n) return { ...l, proposed: { ...l.proposed, left } };
  const { proposed: _, ...rest } = l;
  return rest;
};

/** What a loss certainly comes to in a currency, in minor units: its least gross, or the equivalent that its source states. */
export const leastGrossIn = ({ gross }: Pick<Loss, 'gross'>, currency: string): bigint | undefined => {
  if (!isAmount(gross)) return 0n;
  return gross.currency === currency ? betweenOf(gross).least : equivalentIn(gross, currency);
};
/** All that was written off less what was reversed, in a currency; undefined where a write-off is not stated in it. */
export const writtenOffIn = ({ movements }: Pick<Loss, 'movements'>, currency: string): bigint | undefined => {
  let sum = 0n;
  for (const { flow, amount } of movements) {
    if (flow !== 'write-off' && flow !== 'reversal') continue;
    const units = equivalentIn(amount, currency);
    if (units === undefined && flow === 'write-off') return undefined;
    sum += flow === 'write-off' ? units! : -(units ?? 0n);
  }
  return sum;
};
