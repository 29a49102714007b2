import { newestOf, showTotal, sums, type Key, type Lookup, type Total } from '../src/kernel/index.js';
import type { Loss } from '../src/domain/loss/index.js';

/** A loss as rows show it. */
export const lossShown = (id: string, l: Loss) => ({
  loss: id,
  programme: l.programme ?? null,
  title: l.title,
  stage: l.stage,
  bearer: l.bearer,
  category: l.category,
  gross: l.gross,
  items: newestOf(l.items),
  recovered: l.recovered ?? null,
  net: l.net ?? null,
  proposed: l.proposed ?? null,
  identifiedOn: l.identifiedOn,
  writtenOffOn: l.writtenOffOn ?? null,
  supplier: l.supplier ?? null,
  contract: l.contract ?? null,
  elsewhere: l.elsewhere ?? null,
  counts: { items: l.items.length },
});

/** A loss in a list. */
export const lossLine = ({ loss, title, bearer, elsewhere, gross, net }: ReturnType<typeof lossShown>) => ({
  loss,
  title,
  bearer,
  elsewhere,
  gross,
  net,
});

export const lossTotals = sums({ losses: 'count', gross: 'value', net: 'value', recovered: 'value' });

/** Who bears it; what belongs to another authority stands apart, in no total of ours. */
export const bearerOf = (l: Loss): 'authority' | 'supplier' | 'elsewhere' => (l.elsewhere ? 'elsewhere' : l.bearer);

/** What a loss adds to the totals of these keys. */
export const lossSums = (l: Loss, ...keys: readonly Key[]) =>
  Object.fromEntries(
    keys.map((key) => [`${key}#${bearerOf(l)}`, lossTotals.of({ losses: 1, gross: l.gross, net: l.net, recovered: l.recovered })]),
  );

/** A total with its text. */
export const withText = (total: Total) => ({ ...total, text: showTotal(total) });

/** The losses of a key by who bears them. */
export const lossesOf = (lookup: Lookup, key: Key, who: ReturnType<typeof bearerOf>) => {
  const { losses, gross, net, recovered } = lookup.sum(lossTotals, `${key}#${who}`);
  return { losses, gross: withText(gross), net: withText(net), recovered: withText(recovered) };
};
