import { measuresOf, source, projection, showTotal, totalOf, type Lookup } from '../src/kernel/index.js';
import { contract } from '../src/domain/contract/index.js';
import { loss } from '../src/domain/loss/index.js';
import { programme } from '../src/domain/programme/index.js';
import { supplier } from '../src/domain/supplier/index.js';
import { lossMeasures, lossPart } from './loss-part.js';
import { trailOf } from './trail.js';

const PROMISED = new Set(['awarded', 'signed', 'live', 'notice-given', 'exiting', 'closed']);

const total = (lookup: Lookup, key: string, prefix: string) => {
  const measures = lookup.sum(key);
  const sum = totalOf(measures, prefix);
  return { ...sum, text: showTotal(sum) };
};
const losses = (lookup: Lookup, key: string, who: string) => ({
  losses: Number(lookup.sum(key)[`${who}.losses`] ?? 0n),
  gross: total(lookup, key, `${who}.gross.`),
  net: total(lookup, key, `${who}.net.`),
  recovered: total(lookup, key, `${who}.recovered.`),
});
const all = (lookup: Lookup, key: string) => ({
  authority: losses(lookup, key, 'authority'),
  supplier: losses(lookup, key, 'supplier'),
  elsewhere: losses(lookup, key, 'elsewhere'),
});
const linked = (lookup: Lookup, key: string, kind: string) =>
  lookup.referencing(key).flatMap(({ key, value }) => (key.startsWith(`${kind}:`) ? [value] : []));

/** What is at stake with whom: a row for each supplier, each loss, each programme. */
export const exposure = projection({
  name: 'exposure',
  version: 1,
  question: 'What is promised to each supplier, what was lost and who bears it, what was warned of?',
  filters: {
    kind: (row) => row.kind,
    supplier: (row) => row.supplier,
    programme: (row) => row.programme,
    bearer: (row) => row.bearer,
  },
  from: [
    source(supplier, ({ id, state }) => [
      {
        key: `supplier:${id}`,
        value: () => ({ supplier: id, title: state.title, form: state.form ?? null, members: state.members }),
        row: state.stage !== 'none',
      },
    ]),
    source(contract, ({ id, state: c }) =>
      !c.supplier || !PROMISED.has(c.stage)
        ? []
        : [
            {
              key: `contract:${id}`,
              value: () => ({ contract: id, title: c.title || id, stage: c.stage, role: c.role, ceiling: c.ceiling }) as never,
              links: [`supplier:${c.supplier}`],
              sums: { [`supplier:${c.supplier}`]: measuresOf(c.ceiling, 'ceiling.') },
            },
          ],
    ),
    source(loss, (history) => {
      const { id, state } = history;
      if (state.stage === 'none') return [];
      const keys = [`programme:${state.programme}`, ...(state.supplier ? [`supplier:${state.supplier}`] : [])];
      return [
        {
          key: `loss:${id}`,
          value: () => ({ ...lossPart(id, state), trail: trailOf(history) }) as never,
          row: true,
          links: keys,
          sums: Object.fromEntries(keys.map((key) => [key, lossMeasures(state)])),
        },
      ];
    }),
    source(programme, ({ id, state }) => [
      { key: `programme:${id}`, value: () => ({ programme: id, title: state.title }), row: state.stage !== 'none' },
      ...[
        ...state.warnings.map((w) => ({ key: `warning:${id}/${w.warning}`, value: w, about: w.about })),
        ...state.risks.map((r) => ({ key: `risk:${id}/${r.risk}`, value: r, about: r.about })),
      ].map(({ key, value, about }) => ({
        key,
        value: () => value as never,
        links: [`programme:${id}`, ...(about?.supplier ? [`supplier:${about.supplier}`] : [])],
      })),
    ]),
  ],
  row(key, lookup) {
    const [own] = lookup.get(key);
    if (!own) return undefined;
    const warned = { warnings: linked(lookup, key, 'warning'), risks: linked(lookup, key, 'risk') };
    if (key.startsWith('loss:')) return { kind: 'loss', ...own };
    if (key.startsWith('programme:')) return { kind: 'programme', ...own, losses: all(lookup, key), ...warned };
    return {
      kind: 'supplier',
      ...own,
      ceiling: total(lookup, key, 'ceiling.'),
      contracts: linked(lookup, key, 'contract'),
      losses: all(lookup, key),
      lossList: linked(lookup, key, 'loss').map(({ loss, title, bearer, elsewhere, gross, net }) => ({
        loss,
        title,
        bearer,
        elsewhere,
        gross,
        net,
      })),
      ...warned,
    };
  },
});
