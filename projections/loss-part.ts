import { measuresOf } from '../src/kernel/index.js';
import type { Loss } from '../src/domain/loss/index.js';

/** A loss as rows show it. */
export const lossPart = (id: string, l: Loss) => ({
  loss: id,
  programme: l.programme ?? null,
  title: l.title,
  stage: l.stage,
  bearer: l.bearer,
  category: l.category,
  gross: l.gross,
  items: l.items,
  recovered: l.recovered ?? null,
  net: l.net ?? null,
  proposed: l.proposed ?? null,
  identifiedOn: l.identifiedOn,
  writtenOffOn: l.writtenOffOn ?? null,
  supplier: l.supplier ?? null,
  contract: l.contract ?? null,
  elsewhere: l.elsewhere ?? null,
});
export type LossPart = ReturnType<typeof lossPart>;

/** What a loss adds to totals, by who bears it; what belongs to another authority stands apart, in no total of ours. */
export const lossMeasures = (l: Loss): Readonly<Record<string, bigint>> => {
  const who = l.elsewhere ? 'elsewhere' : l.bearer;
  return {
    [`${who}.losses`]: 1n,
    ...measuresOf(l.gross, `${who}.gross.`),
    ...(l.net && measuresOf(l.net, `${who}.net.`)),
    ...(l.recovered && measuresOf(l.recovered, `${who}.recovered.`)),
  };
};
