import {
  amountOf,
  betweenOf,
  certainlyBefore,
  dayOf,
  isAmount,
  minor,
  newestOf,
  showAmount,
  showBetween,
  showTotal,
  sums,
  type Between,
  type Key,
  type Lookup,
  type Measures,
  type Total,
} from '../src/kernel/index.js';
import {
  caseKey,
  comesTo,
  currencyOf,
  figuresIn,
  isOurs,
  isUnratified,
  leastGrossIn,
  mayBeTooMuch,
  netIn,
  outstandingIn,
  writtenOffIn,
  type Loss,
  type Movement,
} from '../src/domain/loss/index.js';
import { formerCasesOf, type InCase } from './loss-cases.js';
import { inForce, outgrown, type Basis, type Programme, type Table } from '../src/domain/programme/index.js';

/** A loss as rows show it. */
export const lossShown = (id: string, l: Loss) => {
  const figures = figuresIn(l);
  return {
    loss: id,
    programme: l.programme ?? null,
    title: l.title,
    stage: l.stage,
    lossKind: l.kind,
    bearer: l.bearer,
    category: l.category,
    case: l.case ?? null,
    gross: l.gross,
    items: newestOf(l.items).map((item) => itemShown(item, l)),
    outstanding: l.kind === 'loss' ? l.outstanding : null,
    recovered: l.recovered ?? null,
    interest: l.interest ?? null,
    costs: l.costs ?? null,
    writtenOff: l.writtenOff ?? null,
    net: l.net ?? null,
    /** The same for people: `£59.5m to £60.2m`. */
    texts: { outstanding: l.kind === 'loss' ? shown(l, outstandingIn(figures)) : null, net: l.net ? shown(l, netIn(figures)) : null },
    proposed: l.proposed ?? null,
    movements: newestOf(l.movements),
    revised: l.revisions.at(-1) ?? null,
    approved: newestOf(l.approved),
    paid: newestOf(l.paid),
    identifiedOn: l.identifiedOn,
    occurredOn: l.occurredOn ?? null,
    writtenOffOn: l.writtenOffOn ?? null,
    closed: l.closed ?? null,
    supplier: l.supplier ?? null,
    contract: l.contract ?? null,
    elsewhere: l.elsewhere ?? null,
    findings: findingsOf(l),
    counts: {
      items: l.items.length,
      movements: l.movements.length,
      revisions: l.revisions.length,
      approved: l.approved.length,
      paid: l.paid.length,
    },
  };
};

const shown = (l: Loss, between: Between): string => showBetween(between, currencyOf(l) ?? 'GBP');

/** By item, in minor units: what was written off or recovered of it by name, less what was taken back. */
const namedIn = (movements: Loss['movements'], flow: Movement['flow'], back: Movement['flow']): ReadonlyMap<string, bigint> => {
  const sums = new Map<string, bigint>();
  for (const { item, flow: is, amount } of movements)
    if (item !== undefined && (is === flow || is === back))
      sums.set(item, (sums.get(item) ?? 0n) + (is === flow ? minor(amount) : -minor(amount)));
  return sums;
};
const ofItems = ({ movements }: Loss) => ({
  writtenOff: namedIn(movements, 'write-off', 'reversal'),
  recovered: namedIn(movements, 'recovery', 'recovery-reversal'),
});
/** An item with what was written off and recovered of it by name. */
export const itemShown = (item: Loss['items'][number], l: Loss) => {
  const { writtenOff, recovered } = ofItems(l);
  const { currency } = item.amount;
  return {
    ...item,
    writtenOff: amountOf(writtenOff.get(item.item) ?? 0n, currency),
    recovered: amountOf(recovered.get(item.item) ?? 0n, currency),
  };
};
const DONE = { writtenOff: 'is written off', recovered: 'was recovered' } as const;
/**
 * Items of which more was written off, or recovered, than they come to; of which more was taken back than that; and those that are named
 * though a revision left them out.
 */
const oddItems = (l: Loss): readonly string[] =>
  Object.entries(ofItems(l)).flatMap(([what, sums]) =>
    [...sums].flatMap(([name, units]) => {
      const known = l.items.find(({ item }) => item === name);
      const done = DONE[what as keyof typeof DONE];
      const show = (n: bigint): string => showAmount(amountOf(n, currencyOf(l)!));
      if (units < 0n) return [`${show(-units)} more was taken back of the item ${name} than ${done} of it.`];
      if (!known) return units === 0n ? [] : [`${show(units)} ${done} of ${name}, which is no item any more.`];
      if (units <= minor(known.amount)) return [];
      return [`${show(units)} ${done} of the item ${name}, which comes to ${showAmount(known.amount)}.`];
    }),
  );
/** The first payment that came before as much was approved. */
const paidEarly = ({ paid, approved }: Loss): readonly string[] => {
  let sum = 0n;
  for (const { on, amount } of paid) {
    sum += minor(amount);
    const until = (late: boolean): bigint =>
      approved.reduce((units, by) => (late && certainlyBefore(on, by.on) ? units : units + minor(by.amount)), 0n);
    if (sum > until(true) && sum <= until(false)) return [`What was paid on ${on} was approved only after that.`];
  }
  return [];
};

/** What a reader of one loss should look into, the newest 20; nothing of it was refused. */
const findingsOf = (l: Loss): readonly string[] => {
  const findings: string[] = [];
  if (mayBeTooMuch(figuresIn(l))) findings.push('What is written off may be more than the gross.');
  const total = (payments: Loss['paid']) => payments.reduce((sum, { amount }) => sum + minor(amount), 0n);
  if (l.currencies.length === 1 && total(l.paid) > total(l.approved))
    findings.push(`More was paid than was approved: ${showAmount(amountOf(total(l.paid) - total(l.approved), l.currencies[0]!))}.`);
  const claimed = l.kind === 'special-payment' ? betweenOf(l.gross).most : undefined;
  if (l.currencies.length === 1 && claimed !== undefined && total(l.approved) > claimed)
    findings.push(`More was approved than the claim comes to: ${showAmount(amountOf(total(l.approved) - claimed, l.currencies[0]!))}.`);
  if (l.currencies.length === 1) findings.push(...paidEarly(l), ...oddItems(l));
  if (l.closed && l.closed.how !== 'recovered' && netIn(figuresIn(l)).most === 0n)
    findings.push('It is closed as written off, and nothing is written off that has not come back.');
  const items = l.items.reduce((sum, { amount }) => sum + minor(amount), 0n);
  const { least, most } = betweenOf(l.gross);
  if (l.items.length > 0 && (items < least || (most !== undefined && items > most)))
    findings.push(`The items come to ${showAmount(amountOf(items, l.items[0]!.amount.currency))}, not to the gross as revised.`);
  for (const decision of decisionsOf(l)) {
    const { what, unmet = [], waived = [], ratified } = decision;
    if (isUnratified(decision)) findings.push(`The ${what} was not found to meet ${unmet.join(', ')}, and is not ratified.`);
    const without = new Set([...waived, ...(ratified?.waived ?? [])]);
    if (without.size > 0) findings.push(`For the ${what} ${[...without].join(', ')} was waived.`);
  }
  return newestOf(findings);
};

const UNTIL_APPROVED = 'let it join again, or leave by who may decide on the whole case.';

/** Cases that a loss came out of without the authority over the whole case, so that it is judged without it. `since`: when the first table was recorded. */
export const outOfCases = (
  l: Pick<Row, 'case' | 'bearer' | 'elsewhere'>,
  times: readonly InCase[],
  { since, timeZone }: { readonly since: string | undefined; readonly timeZone: string },
): readonly string[] =>
  isOwn(l)
    ? formerCasesOf(times, l.case).flatMap(({ case: name, way, leftOn, recordedAt, decided }): readonly string[] => {
        if (!decided) return [`It was in the case ${name} until a ${way === 'corrected' ? 'correction' : 'withdrawal'} of ${leftOn} took it out: ${UNTIL_APPROVED}`]; // prettier-ignore
        const { unmet = [], waived = [], assessed } = decided;
        if (unmet.length > 0) return [`It left the case ${name} on ${leftOn}, which was not found to meet ${unmet.join(', ')}: ${UNTIL_APPROVED}`]; // prettier-ignore
        if (waived.length > 0) return [`For its leaving of the case ${name} on ${leftOn} ${waived.join(', ')} was waived.`];
        if (assessed || since === undefined || recordedAt! < since) return [];
        return [`It left the case ${name} on ${leftOn}, as recorded on ${dayOf(recordedAt!, timeZone)}: no adopted table was in force on that day, so its authority was not assessed: ${UNTIL_APPROVED}`]; // prettier-ignore
      })
    : [];

type Decisions = Pick<Loss, 'movements' | 'approved'>;
/** What somebody needed authority for, named as findings name it. */
const decisionsOf = ({ movements, approved }: Decisions) => [
  ...movements.flatMap((m) => (m.flow === 'write-off' || m.flow === 'reversal' ? [{ ...m, what: `${NAMES[m.flow]} of ${m.on}` }] : [])),
  ...approved.map((payment) => ({ ...payment, what: `special payment approved on ${payment.on}` })),
];
const NAMES = { 'write-off': 'write-off', reversal: 'reversal of a write-off' } as const;

type Governing = Pick<Programme, 'policies'>;
type Row = ReturnType<typeof lossShown>;
const tableOf = ({ lossKind }: Pick<Row, 'lossKind'>): Table => (lossKind === 'loss' ? 'writeOffs' : 'specialPayments');
const isOwn = ({ bearer, elsewhere }: Pick<Row, 'bearer' | 'elsewhere'>): boolean => bearer === 'authority' && !elsewhere;

/** Decisions, among the newest 20 of a loss, that nobody has ratified though the approver has no authority over what it comes to now. */
const insufficient = (l: Row, programme: Governing, basis: Basis, because: string): readonly string[] =>
  isOwn(l)
    ? decisionsOf(l).flatMap((decision) => {
        const { what, on, office, correctedBy, ratified } = decision;
        if ('flow' in decision && decision.flow === 'reversal') return [];
        if (isUnratified(decision)) return []; // found already
        // one that approved it with enough authority: a lower office that ratifies as well takes nothing from it
        const offices = [office, correctedBy, ...(ratified?.earlier ?? []), ratified?.office].filter((name) => name !== undefined);
        const by = offices.at(-1);
        const beyond = (name: string | undefined) => outgrown(programme, tableOf(l), basis, { on, office: name });
        if (offices.some((name) => beyond(name).length === 0)) return [];
        return beyond(by).map(({ approver, basis: now }) => {
          const comes = now ? `it comes to ${showAmount(now)} now, and ` : '';
          return by === undefined
            ? `Nobody is named as deciding the ${what}: ${approver} must ratify it.`
            : `The ${what} was approved under too small ${because} by ${by}: ${comes}${approver} must ratify it.`;
        });
      })
    : [];

/** What a loss comes to by itself has outgrown an approval: its gross was revised since, or more was written off or approved. */
export const outgrownIn = (l: Row, programme: Governing): readonly string[] => {
  const all = l.counts.movements === l.movements.length;
  const basis: Basis = {
    'the gross': (currency) => leastGrossIn(l, currency),
    'all that is written off': (currency) =>
      l.writtenOff?.currency === currency ? minor(l.writtenOff) : all ? writtenOffIn(l, currency) : undefined,
  };
  const approved: Basis = {
    'all that is approved': (currency) =>
      l.counts.approved === l.approved.length
        ? comesTo({ kind: 'special-payment', gross: l.gross, movements: [], approved: l.approved, paid: [] }, currency)
        : undefined,
  };
  return insufficient(l, programme, l.lossKind === 'loss' ? basis : approved, 'a gross');
};

/** What a case comes to has outgrown an approval of one of its losses: another one was raised, revised or decided on since, or beside it. */
export const outgrownByCase = (l: Row, programme: Governing, ofCase: Measures): readonly string[] =>
  insufficient(l, programme, { 'the case': (currency) => caseIn(ofCase, currency) }, 'a case');

/**
 * Decisions, among the newest 20, that were recorded while the programme had adopted a table, as of a day on which none was in force: so
 * nobody's authority was assessed. `recorded` is the instant of each, by event; `since` that of the first table.
 */
export const unassessedIn = (
  l: Row,
  recorded: Readonly<Record<string, string>>,
  { policies, since, timeZone }: Governing & { readonly since: string | undefined; readonly timeZone: string },
): readonly string[] =>
  isOwn(l) && since !== undefined
    ? decisionsOf(l).flatMap(({ what, event, on, assessed, ratified }) => {
        const at = recorded[event];
        if (assessed || ratified || at === undefined || at < since) return [];
        if (inForce({ policies }, on).some((policy) => policy[tableOf(l)]?.length)) return []; // by its office: see `outgrownIn`
        return [`The ${what} was recorded on ${dayOf(at, timeZone)}, of a day on which no adopted table was in force: its authority was not assessed.`]; // prettier-ignore
      })
    : [];

/** A loss in a list. */
export const lossLine = ({ loss, title, bearer, elsewhere, gross, net, outstanding }: ReturnType<typeof lossShown>) => ({
  loss,
  title,
  bearer,
  elsewhere,
  gross,
  net,
  outstanding,
});

export const lossTotals = sums({ losses: 'count', gross: 'value', net: 'value', recovered: 'value', outstanding: 'value' });

/** Who bears it; what belongs to another authority stands apart, in no total of ours. */
export const bearerOf = (l: Loss): 'authority' | 'supplier' | 'elsewhere' => (l.elsewhere ? 'elsewhere' : l.bearer);

/** What a loss adds to the totals of these keys; a special payment is no loss. */
export const lossSums = (l: Loss, ...keys: readonly Key[]) =>
  l.kind !== 'loss'
    ? {}
    : Object.fromEntries(
        keys.map((key) => [
          `${key}#${bearerOf(l)}`,
          lossTotals.of({ losses: 1, gross: l.gross, net: l.net, recovered: l.recovered, outstanding: l.outstanding }),
        ]),
      );

/** Under which the sum of a case stands that authority over its losses, or over its special payments, follows. */
export const caseSumKey = (programme: string, name: string, kind: Loss['kind']) => `${caseKey(programme, name)}#${kind}` as const;
/** What a loss adds to that sum: minor units in each currency in which it is known, and how many losses are; and to its case one entry. */
export const caseSums = (l: Loss): Readonly<Record<string, Measures>> => {
  if (l.case === undefined) return {};
  const inAll = { [caseKey(l.programme!, l.case)]: { entries: 1n } };
  if (!isOurs(l)) return inAll;
  const { gross } = l;
  const stated =
    [gross, ...l.movements.map(({ amount }) => amount), ...l.approved.map(({ amount }) => amount), ...l.paid.map(({ amount }) => amount)] // prettier-ignore
      .flatMap((value) => (isAmount(value) ? [value.currency, ...(value.stated ?? []).map(({ currency }) => currency)] : []));
  if (stated.length === 0) return inAll; // nothing, in any currency
  const measures: Record<string, bigint> = { losses: 1n };
  for (const currency of new Set(stated)) {
    const units = comesTo(l, currency);
    if (units === undefined) continue;
    measures[`in ${currency}`] = units;
    measures[`known ${currency}`] = 1n;
  }
  return { ...inAll, [caseSumKey(l.programme!, l.case, l.kind)]: measures };
};
const caseIn = (measures: Measures, currency: string): bigint | undefined =>
  (measures[`known ${currency}`] ?? 0n) === (measures['losses'] ?? 0n) ? (measures[`in ${currency}`] ?? 0n) : undefined;

/** A total with its text. */
export const withText = (total: Total) => ({ ...total, text: showTotal(total) });

/** The losses of some keys together, by who bears them. */
export const lossesOf = (lookup: Lookup, who: ReturnType<typeof bearerOf>, ...keys: readonly Key[]) => {
  const together: Record<string, bigint> = {};
  for (const key of keys)
    for (const [measure, n] of Object.entries(lookup.measures(`${key}#${who}`))) together[measure] = (together[measure] ?? 0n) + n;
  const { losses, gross, net, recovered, outstanding } = lossTotals.total(together);
  return {
    losses,
    gross: withText(gross),
    net: withText(net),
    recovered: withText(recovered),
    outstanding: withText(outstanding),
  };
};
