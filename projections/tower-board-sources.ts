import { ranked, source, sums, type Key, type Measures } from '../src/kernel/index.js';
import { account } from '../src/domain/account/index.js';
import { contract, idsOf, type Contract } from '../src/domain/contract/index.js';
import { loss } from '../src/domain/loss/index.js';
import { programme, type Programme } from '../src/domain/programme/index.js';
import { supplier } from '../src/domain/supplier/index.js';
import { partsOfTower, tower } from '../src/domain/tower/index.js';
import { workforce } from '../src/domain/workforce/index.js';
import { spendShown, spendSums } from './accounts.js';
import { commits } from './commitments.js';
import { frameworkLinks } from './frameworks.js';
import { lossShown, lossSums } from './losses.js';
import { programmeShown, riskShown, warningInRow } from './programmes.js';
import { groupOf, hasEnded, isPromised, supplierKeys, suppliersIn } from './promised.js';
import { headcountFrom } from './staff.js';
import { contractShown } from './tower-board-contract.js';
import { trailOf } from './trail.js';

/** A tower's own contracts, and those that only stand before them. */
export type Whose = 'own' | 'incumbent';

export const towersOf = sums({ towers: 'count' });
export const stages = sums({
  cancelled: 'count',
  closed: 'count',
  exiting: 'count',
  planned: 'count',
  tendering: 'count',
  awarded: 'count',
  signed: 'count',
  live: 'count',
  'notice-given': 'count',
});
export const counted = sums({
  warnings: 'count',
  risks: 'count',
  openWarnings: 'count',
  openRisks: 'count',
  needs: 'count',
  predecessors: 'count',
  losses: 'count',
  plans: 'count',
  transfers: 'count',
});
/** One more of something under each key. */
const counting = (keys: readonly Key[], one: Parameters<typeof counted.of>[0]) =>
  Object.fromEntries(keys.map((key) => [key, counted.of(one)]));

export const programmes = source(programme, 'programme', {
  place: (id, { stage, integrator }) => [
    { key: `programme:${id}`, row: stage !== 'none', links: integrator ? [`contract:${integrator.contract}`] : [] },
  ],
  show: (history) => ({
    [`programme:${history.id}`]: { ...programmeShown(history), integrator: history.state.integrator ?? null },
  }),
});
/** Each warning and risk is a contribution of its own, linked to what it is about. */
export const warnings = source(programme, 'warning', {
  place: (id, state) =>
    state.warnings.map(({ warning, about, answers }) => {
      const links = linksOf(about);
      const one = { warnings: 1, ...(answers.length === 0 && { openWarnings: 1 }) };
      return { key: `warning:${id}/${warning}` as const, links, sums: counting(links, one) };
    }),
  show: ({ id, state }) => Object.fromEntries(state.warnings.map((warning) => [`warning:${id}/${warning.warning}`, warningInRow(warning)])),
});
export const risks = source(programme, 'risk', {
  place: (id, state) =>
    state.risks.map(({ risk, about, closed }) => {
      const links = linksOf(about);
      const one = { risks: 1, ...(!closed && { openRisks: 1 }) };
      return { key: `risk:${id}/${risk}` as const, links, sums: counting(links, one) };
    }),
  show: ({ id, state }) => Object.fromEntries(state.risks.map((risk) => [`risk:${id}/${risk.risk}`, riskShown(risk)])),
});
const linksOf = (about: Programme['risks'][number]['about'] = {}): readonly Key[] =>
  (['supplier', 'contract', 'tower'] as const).flatMap((kind) => (about[kind] ? [`${kind}:${about[kind]}` as const] : []));

export const workforces = source(workforce, 'workforce', {
  place: (id, { stage, programme }) => (stage === 'none' ? [] : [{ key: `workforce:${id}`, links: [`programme:${programme}`] }]),
  show: ({ id, state }) => ({ [`workforce:${id}`]: state.pools }),
});
export const plans = source(workforce, 'plan', {
  place: (id, state) =>
    state.plans.map(({ plan, contract }) => {
      const links: Key[] = contract ? [`contract:${contract}`] : [];
      return { key: `plan:${id}/${plan}` as const, links, sums: counting(links, { plans: 1 }) };
    }),
  show: ({ id, state }) => Object.fromEntries(state.plans.map(({ plan, inScope }) => [`plan:${id}/${plan}`, inScope])),
});
export const transfers = source(workforce, 'transfer', {
  place: (id, state) =>
    state.transfers.map(({ transfer, contract }) => {
      const links: Key[] = contract ? [`contract:${contract}`] : [];
      return { key: `transfer:${id}/${transfer}` as const, links, sums: counting(links, { transfers: 1 }) };
    }),
  show: ({ id, state }) =>
    Object.fromEntries(
      state.transfers.map(({ transfer, moved, from: { unit } }) => [`transfer:${id}/${transfer}`, headcountFrom(moved, unit)]),
    ),
});

export const losses = source(loss, 'loss', {
  place(id, state) {
    if (state.stage === 'none') return [];
    const contract: Key[] = state.contract ? [`contract:${state.contract}`] : [];
    return [
      {
        key: `loss:${id}`,
        row: state.elsewhere !== undefined,
        links: [...contract, ...(state.supplier ? [`supplier:${state.supplier}`] : [])],
        sums: { ...lossSums(state, `programme:${state.programme}`), ...counting(contract, { losses: 1 }) },
      },
    ];
  },
  show: ({ id, state }) => ({ [`loss:${id}`]: lossShown(id, state) }),
});

/** What a tower waits for: a tower cannot be live before those that it needs. */
export const links = source(programme, 'link', {
  place: (id, state) =>
    state.links.map(({ tower, needs }) => {
      const key = `tower:${tower}` as const;
      return { key: `link:${id}/${tower}/${needs}` as const, links: [key], sums: { [key]: counted.of({ needs: 1 }) } };
    }),
  show: ({ id, state }) =>
    Object.fromEntries(state.links.map(({ tower, needs, why }) => [`link:${id}/${tower}/${needs}`, { tower: needs, why: why ?? null }])),
});

export const predecessors = source(tower, 'predecessor', {
  place: (id, state) =>
    partsOfTower(state).map(({ tower }) => {
      const key = `tower:${tower}` as const;
      return { key: `predecessor:${id}/${tower}` as const, links: [key], sums: { [key]: counted.of({ predecessors: 1 }) } };
    }),
  show: ({ id, state }) =>
    Object.fromEntries(
      partsOfTower(state).map(({ tower, contracts = [], takes }) => [
        `predecessor:${id}/${tower}`,
        {
          tower: id,
          title: state.title || id,
          how: state.split ? ('split' as const) : ('merged' as const),
          on: (state.split ?? state.merged)!.on,
          contracts,
          takes: takes ?? null,
        },
      ]),
    ),
});
/** Stages of a tower that its contracts do not change. */
const OVER = ['merged', 'split', 'cancelled'] as const;
export const towers = source(tower, 'tower', {
  place: (id, state) => {
    const { stage, programme } = state;
    const links = partsOfTower(state).map(({ tower: into }): Key => `tower:${into}`);
    return [
      {
        key: `tower:${id}`,
        row: stage !== 'none',
        links,
        sums: programme ? { [`programme:${programme}`]: towersOf.of({ towers: 1 }) } : {},
      },
    ];
  },
  show: (history) => {
    const { id, state } = history;
    return {
      [`tower:${id}`]: {
        tower: id,
        programme: state.programme ?? null,
        title: state.title || id,
        scope: state.scope ?? null,
        merged: state.merged ?? null,
        split: state.split ?? null,
        cancelled: state.cancelled ?? null,
        isOver: OVER.find((stage) => stage === state.stage),
        trail: trailOf(history),
      },
    };
  },
});

/** How many contracts of a tower a supplier has: the row carries only some of them. */
export const withSupplier = sums({ contracts: 'count' });
const ONE_WITH = withSupplier.of({ contracts: 1 });
export const keyOfSupplier = (tower: Key, supplier: string) => `${tower}#with/${supplier}` as Key;

/** A contract outside the towers stands in no tower, whatever it names: in one place. */
const towersOfContract = (c: Contract): readonly string[] => (groupOf(c) === 'towers' ? c.towers : []);
/** What a contract adds under each of its towers, and in its programme's group. A tower's stage follows from how many are at which stage. */
const sumsOf = (c: Contract, day: string | undefined) => {
  const ids = idsOf(suppliersIn(c, day));
  const adds = commits(c);
  const at = c.stage === 'none' ? {} : stages.of({ [c.stage]: 1 });
  const whose: Whose = c.role === 'tower' ? 'own' : 'incumbent';
  const of: Record<string, Measures> = {};
  if (c.programme) of[`programme:${c.programme}#${groupOf(c)}`] = adds;
  for (const id of towersOfContract(c)) {
    of[`tower:${id}`] = adds;
    of[`tower:${id}#${whose}`] = at;
    for (const supplier of ids) of[keyOfSupplier(`tower:${id}`, supplier)] = ONE_WITH;
  }
  return of;
};
/** In the list of a tower: its own contracts in force, then those to come and those of others, then what has ended. */
export const rankOf = (c: Pick<Contract, 'stage' | 'role' | 'kind'>): number =>
  hasEnded(c) ? 2 : c.role === 'tower' && isPromised(c) ? 0 : 1;
export const contracts = source(contract, 'contract', {
  place: (id, c, day) =>
    c.stage === 'none' || c.kind === 'framework'
      ? []
      : [
          {
            key: `contract:${id}`,
            row: groupOf(c) === 'outside',
            links: [...towersOfContract(c).map((t) => ranked(rankOf(c), `tower:${t}`)), ...supplierKeys(c), ...frameworkLinks(c)],
            sums: sumsOf(c, day),
          },
        ],
  show: (history) => ({ [`contract:${history.id}`]: contractShown(history) }),
});
export const suppliers = source(supplier, 'supplier', {
  place: (id) => [{ key: `supplier:${id}` }],
  show: ({ id, state }) => ({ [`supplier:${id}`]: state.title || id }),
  shownByLinking: true,
});

/** What is committed, invoiced and paid of each contract. */
export const accounts = source(account, 'account', {
  place: (id, a) => (a.stage === 'none' ? [] : [{ key: `account:${id}`, links: [`contract:${id}`], sums: spendSums(a) }]),
  show: ({ id, state }) => ({ [`account:${id}`]: spendShown(state) }),
});
