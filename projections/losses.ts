import {
  amountOf,
  betweenOf,
  minor,
  newestOf,
  showAmount,
  showBetween,
  showTotal,
  sums,
  type Between,
  type Key,
  type Lookup,
  type Total,
} from '../src/kernel/index.js';
import {
  currencyOf,
  figuresIn,
  leastGrossIn,
  mayBeTooMuch,
  netIn,
  outstandingIn,
  writtenOffIn,
  type Loss,
  type Movement,
} from '../src/domain/loss/index.js';
import { outgrown, type Basis, type Programme } from '../src/domain/programme/index.js';

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

/** An item with what was written off and recovered of it by name. */
export const itemShown = (item: Loss['items'][number], { movements }: Loss) => {
  const sum = (flow: Movement['flow'], back: Movement['flow']) =>
    movements
      .filter((m) => m.item === item.item && (m.flow === flow || m.flow === back))
      .reduce((total, { flow: is, amount }) => total + (is === flow ? minor(amount) : -minor(amount)), 0n);
  const { currency } = item.amount;
  return {
    ...item,
    writtenOff: amountOf(sum('write-off', 'reversal'), currency),
    recovered: amountOf(sum('recovery', 'recovery-reversal'), currency),
  };
};

/** What a reader of one loss should look into, the newest 20; nothing of it was refused. */
const findingsOf = (l: Loss): readonly string[] => {
  const findings: string[] = [];
  if (mayBeTooMuch(figuresIn(l))) findings.push('What is written off may be more than the gross.');
  const total = (payments: Loss['paid']) => payments.reduce((sum, { amount }) => sum + minor(amount), 0n);
  if (l.currencies.length === 1 && total(l.paid) > total(l.approved))
    findings.push(`More was paid than was approved: ${showAmount(amountOf(total(l.paid) - total(l.approved), l.currencies[0]!))}.`);
  const items = l.items.reduce((sum, { amount }) => sum + minor(amount), 0n);
  const { least, most } = betweenOf(l.gross);
  if (l.items.length > 0 && (items < least || (most !== undefined && items > most)))
    findings.push(`The items come to ${showAmount(amountOf(items, l.items[0]!.amount.currency))}, not to the gross as revised.`);
  for (const { on, unmet, ratified } of l.movements)
    if (unmet && !ratified) findings.push(`The write-off of ${on} was not found to meet ${unmet.join(', ')}, and is not ratified.`);
  return newestOf(findings);
};

/**
 * Write-offs, among the newest 20 movements, whose approver has no authority over what the loss comes to now: its gross was revised since,
 * or more was written off.
 */
export const outgrownIn = (l: ReturnType<typeof lossShown>, programme: Pick<Programme, 'policies'>): readonly string[] => {
  if (l.bearer === 'supplier' || l.elsewhere) return [];
  const all = l.counts.movements === l.movements.length;
  const basis: Basis = {
    'the gross': (currency) => leastGrossIn(l, currency),
    'all that is written off': (currency) =>
      l.writtenOff?.currency === currency ? minor(l.writtenOff) : all ? writtenOffIn(l, currency) : undefined,
  };
  return l.movements.flatMap(({ flow, on, office, unmet, ratified }) => {
    const by = ratified?.office ?? office;
    if (flow !== 'write-off' || by === undefined || (unmet && !ratified)) return [];
    return outgrown(programme, basis, { on, office: by }).map(
      ({ approver, basis: now }) =>
        `The write-off of ${on} was approved under too small a gross by ${by}: ${now ? `it comes to ${showAmount(now)} now, and ` : ''}${approver} must ratify it.`,
    );
  });
};

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
