import { changeFigures, measuresOf, source, projection, showTotal, totalOf, type Lookup } from '../src/kernel/index.js';
import { contract } from '../src/domain/contract/index.js';
import { loss } from '../src/domain/loss/index.js';
import { programme } from '../src/domain/programme/index.js';
import { lossMeasures } from './loss-part.js';

const PROMISED = new Set(['awarded', 'signed', 'live', 'notice-given', 'exiting', 'closed']);

const total = (lookup: Lookup, key: string, prefix: string) => {
  const sum = totalOf(lookup.sum(key), prefix);
  return { ...sum, text: showTotal(sum) };
};

/** Ceilings, not payments: what was approved at first, what it is now, and what the difference was approved for. */
export const money = projection({
  name: 'money',
  version: 1,
  question: 'What was approved at first, what is the ceiling now, what was saved and what was lost?',
  filters: { kind: (row) => row.kind, programme: (row) => row.programme, group: (row) => row.group },
  from: [
    source(contract, ({ id, state: c }) => {
      if (!PROMISED.has(c.stage)) return [];
      const group = c.role === 'outside' || c.towers.length === 0 ? 'outside' : 'towers';
      return [
        {
          key: `contract:${id}`,
          value: () =>
            ({
              kind: 'contract',
              contract: id,
              programme: c.programme ?? null,
              group,
              title: c.title || id,
              supplier: c.supplier ?? null,
              original: c.original,
              ceiling: c.ceiling,
              covers: c.covers,
              vat: c.vat,
              changes: c.changes.flatMap(({ event, on, from, to, by, ground, reference }) =>
                to || by
                  ? [{ event, on, from, to: to ?? null, by: by ?? null, ground: ground ?? null, reference: reference ?? null, ...(to && { figures: changeFigures(c.original, from, to) }) }] // prettier-ignore
                  : [],
              ),
              finalValue: c.finalValue ?? null,
            }) as never,
          row: true,
          sums: {
            [`programme:${c.programme}`]: {
              ...measuresOf(c.original, `${group}.original.`),
              ...measuresOf(c.ceiling, `${group}.ceiling.`),
            },
          },
        },
      ];
    }),
    source(loss, ({ id, state }) => (state.stage === 'none' ? [] : [{ key: `loss:${id}`, value: () => ({ loss: id }), sums: { [`programme:${state.programme}`]: lossMeasures(state) } }])), // prettier-ignore
    source(programme, ({ id, state: p }) =>
      p.stage === 'none'
        ? []
        : [
            {
              key: `programme:${id}`,
              value: () =>
                ({ kind: 'programme', programme: id, title: p.title, baseCurrency: p.baseCurrency, savings: p.savingsTargets }) as never,
              row: true,
            },
          ],
    ),
  ],
  row(key, lookup) {
    const [own] = lookup.get(key);
    if (!own || !key.startsWith('programme:')) return own;
    const of = (group: string) => ({
      original: total(lookup, key, `${group}.original.`),
      ceiling: total(lookup, key, `${group}.ceiling.`),
    });
    const lost = (who: string) => ({ gross: total(lookup, key, `${who}.gross.`), net: total(lookup, key, `${who}.net.`), recovered: total(lookup, key, `${who}.recovered.`) }); // prettier-ignore
    return { ...own, towers: of('towers'), outside: of('outside'), losses: { authority: lost('authority'), supplier: lost('supplier') } };
  },
});
