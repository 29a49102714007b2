import {
  addDays,
  addMonths,
  changeFigures,
  growth,
  isAmount,
  isDay,
  measuresOf,
  source,
  perYear,
  projection,
  showTotal,
  toPercent,
  totalOf,
  type Lookup,
  type Assessment,
  type Contribution,
  type Contributions,
} from '../src/kernel/index.js';
import { contract, type Contract } from '../src/domain/contract/index.js';
import { programme, type Programme } from '../src/domain/programme/index.js';
import { supplier } from '../src/domain/supplier/index.js';
import { loss } from '../src/domain/loss/index.js';
import { tower, type Tower } from '../src/domain/tower/index.js';
import { workforce, type Plan, type Transfer } from '../src/domain/workforce/index.js';
import { lossMeasures, lossPart, type LossPart } from './loss-part.js';
import { trailOf, type Trail } from './trail.js';

type ContractPart = ReturnType<typeof contractPart>;

const contractPart = (id: string, c: Contract, trail: Trail) => ({
  contract: id,
  programme: c.programme!,
  title: c.title || id,
  stage: c.stage,
  role: c.role,
  towers: c.towers,
  supplier: c.supplier ?? null,
  original: c.original,
  ceiling: c.ceiling,
  cumulative: percent(growth(c.original, c.ceiling, c.original)),
  covers: c.covers,
  term: { ...c.term, ends: endOf(c), latestEnd: endOf(c, monthsOf(c, 'open')) },
  perYear:
    isAmount(c.original) && c.term.months
      ? perYear(c.original, c.term.months + (c.covers === 'with-options' ? monthsOf(c, 'open', 'exercised') : 0))
      : null,
  options: c.options,
  changes: c.changes.map((change) => ({
    ...change,
    ...(change.to && { figures: changeFigures(c.original, change.from, change.to) }),
    // The source may measure from a value of its own: both are shown.
    ...(change.to && change.statedFrom && { asStated: changeFigures(c.original, change.statedFrom, change.to) }),
    assessed: trail.assessed[change.event] ?? [],
  })),
  delays: c.delays,
  termination: c.termination ?? null,
  notice: c.notice ?? null,
  finalValue: c.finalValue ?? null,
  trail: { ...trail, assessed: notMet(trail.assessed) },
});

const percent = (ratio: Parameters<typeof toPercent>[0] | undefined) => (ratio ? toPercent(ratio) : null);
const notMet = (assessed: Trail['assessed']): readonly Assessment[] =>
  Object.values(assessed)
    .flat()
    .filter(({ result }) => result === 'not-met' || result === 'waived');
const monthsOf = ({ options }: Contract, ...statuses: readonly Contract['options'][number]['status'][]): number =>
  options.reduce((sum, { months, status }) => sum + (statuses.includes(status) ? months : 0), 0);
const endOf = ({ term: { startsOn, endsOn, months, extendedMonths = 0 } }: Contract, more = 0): string | null => {
  if (startsOn === 'unknown' && !endsOn) return null;
  if (endsOn) return more ? addMonths(endsOn, more) : endsOn;
  return startsOn && months ? lastDayOf(startsOn, months + extendedMonths + more) : null;
};

/** The day before the same day so many months on. A date that is not one day only is shifted by whole months. */
const lastDayOf = (startsOn: string, months: number): string => {
  const after = addMonths(startsOn, months);
  return isDay(after) ? addDays(after, -1) : after;
};

const PROMISED = new Set(['awarded', 'signed', 'live', 'notice-given', 'exiting', 'closed']);
const group = ({ role, towers }: Pick<Contract, 'role' | 'towers'>): 'towers' | 'outside' =>
  role === 'outside' || towers.length === 0 ? 'outside' : 'towers';

const ONE = { towers: { 'towers.contracts': 1n }, outside: { 'outside.contracts': 1n } };
const ofContract = (id: string, c: Contract, trail: () => Trail): Contribution => ({
  key: `contract:${id}`,
  value: () => contractPart(id, c, trail()) as never,
  row: group(c) === 'outside',
  links: [...c.towers.map((t) => `tower:${t}`), ...(c.supplier ? [`supplier:${c.supplier}`] : [])],
  sums: {
    [`programme:${c.programme}`]: PROMISED.has(c.stage) ? { ...measuresOf(c.ceiling, `${group(c)}.`), ...ONE[group(c)] } : ONE[group(c)],
  },
});

/** How far a tower has come is what its most advanced contract says; those that only stood before it count when nothing else does. */
const STAGE: { readonly [stage: string]: string } = {
  planned: 'procuring',
  tendering: 'procuring',
  awarded: 'awarded',
  signed: 'transitioning',
  live: 'live',
  'notice-given': 'live',
  exiting: 'exiting',
  closed: 'closed',
  cancelled: 'planned',
};
const ORDER = ['cancelled', 'closed', 'exiting', 'planned', 'tendering', 'awarded', 'signed', 'live', 'notice-given'];
const stageOf = (contracts: readonly ContractPart[]): string => {
  const own = contracts.filter(({ role }) => role === 'tower');
  const furthest = (own.length > 0 ? own : contracts).toSorted((a, b) => ORDER.indexOf(b.stage) - ORDER.indexOf(a.stage))[0];
  return furthest ? STAGE[furthest.stage]! : 'planned';
};

const linked = (lookup: Lookup, key: string, kind: string) =>
  lookup.referencing(key).flatMap(({ key, value }) => (key.startsWith(`${kind}:`) ? [value] : []));
/** A contract with what others recorded of it: who moved, what was lost, what was warned of. */
const named = (lookup: Lookup, c: ContractPart) => ({
  ...c,
  people: {
    planned: linked(lookup, `contract:${c.contract}`, 'plan').map(({ inScope }: Plan) => inScope),
    moved: linked(lookup, `contract:${c.contract}`, 'transfer').map(({ moved, from: { unit } }: Transfer) => ({ count: moved, unit })),
  },
  losses: linked(lookup, `contract:${c.contract}`, 'loss').map(({ loss, title, bearer, gross, net }: LossPart) => ({
    loss,
    title,
    bearer,
    gross,
    net,
  })),
  warnings: linked(lookup, `contract:${c.contract}`, 'warning'),
  risks: linked(lookup, `contract:${c.contract}`, 'risk'),
  supplierName: c.supplier && ((lookup.get(`supplier:${c.supplier}`)[0]?.title as string | undefined) ?? c.supplier),
});
const totals = (lookup: Lookup, key: string, prefix: string) => {
  const total = totalOf(lookup.sum(key), prefix);
  return { ...total, text: showTotal(total), contracts: Number(lookup.sum(key)[`${prefix}contracts`] ?? 0n) };
};

const lost = (lookup: Lookup, key: string, who: string) => ({
  gross: showTotal(totalOf(lookup.sum(key), `${who}.gross.`)),
  net: showTotal(totalOf(lookup.sum(key), `${who}.net.`)),
  recovered: showTotal(totalOf(lookup.sum(key), `${who}.recovered.`)),
});
/** Each warning and risk is a part of its own, linked to what it is about. */
const warned = (id: string, { warnings, risks }: Programme): Contributions => [
  ...warnings.map((w) => ({ key: `warning:${id}/${w.warning}`, value: () => w as never, links: about(w.about) })),
  ...risks.map((r) => ({ key: `risk:${id}/${r.risk}`, value: () => r as never, links: about(r.about) })),
];
const about = (of: { readonly supplier?: string; readonly contract?: string; readonly tower?: string } = {}): readonly string[] =>
  (['supplier', 'contract', 'tower'] as const).flatMap((category) => (of[category] ? [`${category}:${of[category]}`] : []));

/** The board on one screen: a header for the programme, a row for each tower, a row for each contract that stands outside them. */
export const towerBoard = projection({
  name: 'tower-board',
  version: 2,
  question: 'Where does each tower stand: supplier, money, term, changes, and on whose decision?',
  filters: {
    programme: (row) => row.programme,
    group: (row) => row.group,
    supplier: (row) => row.contracts?.map((c: ContractPart) => c.supplier),
    stage: (row) => row.stage,
  },
  from: [
    source(programme, (history) => [
      {
        key: `programme:${history.id}`,
        value: () => ({ ...header(history.id, history.state), trail: trailOf(history) }) as never,
        row: history.state.stage !== 'none',
        links: history.state.integrator ? [`contract:${history.state.integrator.contract}`] : [],
      },
      ...warned(history.id, history.state),
    ]),
    source(workforce, ({ id, state }) => [
      ...(state.stage === 'none'
        ? []
        : [{ key: `workforce:${id}`, value: () => ({ pools: state.pools }) as never, links: [`programme:${state.programme}`] }]),
      ...state.plans.map((plan) => ({
        key: `plan:${id}/${plan.plan}`,
        value: () => plan as never,
        links: plan.contract ? [`contract:${plan.contract}`] : [],
      })),
      ...state.transfers.map((t) => ({
        key: `transfer:${id}/${t.transfer}`,
        value: () => t as never,
        links: t.contract ? [`contract:${t.contract}`] : [],
      })),
    ]),
    source(loss, ({ id, state }) =>
      state.stage === 'none'
        ? []
        : [
            {
              key: `loss:${id}`,
              value: () => lossPart(id, state) as never,
              row: state.elsewhere !== undefined,
              links: [...(state.contract ? [`contract:${state.contract}`] : []), ...(state.supplier ? [`supplier:${state.supplier}`] : [])],
              sums: { [`programme:${state.programme}`]: lossMeasures(state) },
            },
          ],
    ),
    source(tower, (history) => [
      {
        key: `tower:${history.id}`,
        value: () => ({ ...towerPart(history.id, history.state), trail: trailOf(history) }) as never,
        row: history.state.stage !== 'none',
        sums: history.state.programme ? { [`programme:${history.state.programme}`]: { 'towers.towers': 1n } } : {},
      },
    ]),
    source(contract, (history) => (history.state.stage === 'none' ? [] : [ofContract(history.id, history.state, () => trailOf(history))])),
    source(supplier, ({ id, state }) => [{ key: `supplier:${id}`, value: () => ({ title: state.title, form: state.form ?? null }) }]),
  ],
  row(key, lookup) {
    const [own] = lookup.get(key);
    if (!own) return undefined;
    if (key.startsWith('programme:'))
      return {
        group: 'programme',
        ...own,
        towers: Number(lookup.sum(key)['towers.towers'] ?? 0n),
        faulted: Number(lookup.sum(key)['faulted'] ?? 0n),
        totals: { towers: totals(lookup, key, 'towers.'), outside: totals(lookup, key, 'outside.') },
        staff: linked(lookup, key, 'workforce').flatMap(({ pools }) => pools),
        losses: { authority: lost(lookup, key, 'authority'), supplier: lost(lookup, key, 'supplier') },
      };
    if (key.startsWith('loss:'))
      return (
        own.elsewhere && {
          group: 'elsewhere',
          ...own,
          supplierName: own.supplier && (lookup.get(`supplier:${own.supplier}`)[0]?.title ?? own.supplier),
        }
      );
    if (key.startsWith('contract:') && group(own as never) === 'towers') return undefined;
    if (key.startsWith('contract:'))
      return { group: 'outside', programme: own.programme, title: own.title, stage: own.stage, contracts: [named(lookup, own)] };
    const contracts = linked(lookup, key, 'contract').map((value) => named(lookup, value as ContractPart));
    return {
      group: 'towers',
      ...own,
      stage: stageOf(contracts),
      contracts,
      warnings: linked(lookup, key, 'warning'),
      risks: linked(lookup, key, 'risk'),
    };
  },
});

const header = (
  id: string,
  {
    title,
    authority,
    baseCurrency,
    integrator,
    warnings,
    policies,
    strategies,
    portfolio,
    savingsTargets,
    savings,
    headcountTargets,
    risks,
  }: Programme,
) => ({
  programme: id,
  title,
  authority,
  baseCurrency,
  integrator: integrator ?? null,
  strategies,
  portfolio: portfolio ?? null,
  savings: { targets: savingsTargets, recorded: savings },
  headcountTargets,
  risks,
  warnings: warnings.map(({ warning, by, summary, source, on, about }) => ({ warning, by, summary, source, on, about: about ?? null })),
  policies: policies.map(({ policy, version, title }) => ({ policy, version, title })),
});
const towerPart = (id: string, { programme, title, scope }: Tower) => ({
  tower: id,
  programme: programme ?? null,
  title,
  scope: scope ?? null,
});
