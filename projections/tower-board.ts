import {
  changeFigures,
  growth,
  isAmount,
  linkedList,
  NEWEST,
  newestOf,
  ownList,
  projection,
  ranked,
  source,
  sums,
  toPercent,
  type Assessment,
  type History,
  type Key,
  type Lookup,
  type Measures,
} from '../src/kernel/index.js';
import { account } from '../src/domain/account/index.js';
import {
  contract,
  contractFindings,
  endBasisOf,
  endOfContract,
  idsOf,
  lastDayOf,
  type Change,
  type Contract,
} from '../src/domain/contract/index.js';
import { loss } from '../src/domain/loss/index.js';
import { programme, type Programme } from '../src/domain/programme/index.js';
import { supplier } from '../src/domain/supplier/index.js';
import { partsOfTower, tower } from '../src/domain/tower/index.js';
import { workforce } from '../src/domain/workforce/index.js';
import { spendShown, spendSums, spendTotals } from './accounts.js';
import { commitmentsUnder, commits, listedIn, listedUnder, replacements } from './commitments.js';
import { conductShown, contractLists } from './contract-lists.js';
import { callOffShown, foundBeside, frameworkBeside, frameworkLinks } from './frameworks.js';
import { lossesOf, lossLine, lossShown, lossSums } from './losses.js';
import { perYearOf } from './per-year.js';
import { programmeLists, programmeShown, riskShown, warningInRow } from './programmes.js';
import { dayShown, groupOf, hasEnded, isPromised, onDay, supplierKeys, suppliersIn } from './promised.js';
import { headcountFrom, poolShown, targetShown } from './staff.js';
import { holdings, shared, type Holding } from './tower-parts.js';
import { assessedIn, trailOf } from './trail.js';

/** A tower's own contracts, and those that only stand before them. */
type Whose = 'own' | 'incumbent';
type TowerStage = 'planned' | 'procuring' | 'awarded' | 'transitioning' | 'live' | 'exiting' | 'closed' | 'merged' | 'split' | 'cancelled';
/**
 * How far a tower has come, by what serves it: the first line of which it has a contract. Its own contract counts from the award on; until
 * then, and when it was cancelled or is closed, the tower is where its incumbent is.
 */
const STAGE_OF: readonly (readonly [whose: Whose, at: readonly Contract['stage'][], stage: TowerStage])[] = [
  ['own', ['live', 'notice-given'], 'live'],
  ['own', ['signed'], 'transitioning'],
  ['own', ['awarded'], 'awarded'],
  ['incumbent', ['live', 'notice-given'], 'live'],
  ['incumbent', ['signed'], 'transitioning'],
  ['own', ['exiting'], 'exiting'],
  ['incumbent', ['exiting'], 'exiting'],
  ['own', ['planned', 'tendering'], 'procuring'],
  ['own', ['closed'], 'closed'],
  ['incumbent', ['closed'], 'closed'],
];

const towersOf = sums({ towers: 'count' });
const stages = sums({
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
const counted = sums({
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

const percent = (ratio: Parameters<typeof toPercent>[0] | undefined) => (ratio ? toPercent(ratio) : null);
const monthsOf = ({ options }: Contract, ...statuses: readonly Contract['options'][number]['status'][]): number =>
  options.reduce((sum, { months, status }) => sum + (statuses.includes(status) ? months : 0), 0);

const isUnknown = (by: Change['by']): boolean => by !== undefined && !isAmount(by);
const changeShown = (change: Change, { original }: Contract, assessed: readonly Assessment[] = []) => ({
  ...change,
  // Where nobody knows what was added, no figure says it.
  ...(change.to && !isUnknown(change.by) && { figures: changeFigures(original, change.from, change.to) }),
  // The source may measure from a value of its own: both are shown.
  ...(change.to && change.statedFrom && { asStated: changeFigures(original, change.statedFrom, change.to) }),
  assessed,
});
/** Changes never change: a contract that is changed again shows its earlier ones as before. */
const changesShown = new WeakMap<Change, Pick<Contract, 'original'> & { readonly assessed: readonly Assessment[] | undefined; readonly shown: ReturnType<typeof changeShown> }>(); // prettier-ignore
const changeOf = (change: Change, c: Contract, assessed: readonly Assessment[] | undefined) => {
  const known = changesShown.get(change);
  if (known && known.original === c.original && known.assessed === assessed) return known.shown;
  const shown = changeShown(change, c, assessed);
  changesShown.set(change, { original: c.original, assessed, shown });
  return shown;
};
/** What an entry of a tower's list carries of each list of its own; all of it is in the lists of the contract. */
const MOST = 5;
const contractShown = (history: History<Contract>) => {
  const { id, state: c } = history;
  const assessed = assessedIn(history.recorded);
  const { suppliers, lots, ...today } = dayShown(c);
  return {
    contract: id,
    programme: c.programme ?? null,
    title: c.title || id,
    stage: c.stage,
    role: c.role,
    towers: c.towers,
    ...today,
    original: c.original,
    cumulative: percent(growth(c.original, c.ceiling, c.original)),
    covers: c.covers,
    kind: c.kind,
    vat: c.vat,
    term: { ...c.term, ends: lastDayOf(c) ?? null, endBasis: endBasisOf(c), latestEnd: endOfContract(c, monthsOf(c, 'open')) ?? null },
    perYear: perYearOf(c),
    options: newestOf(c.options, MOST),
    changes: newestOf(c.changes, MOST).map((change) => changeOf(change, c, assessed.get(change.event))),
    delays: newestOf(c.delays, MOST),
    terminations: newestOf(c.terminations, MOST),
    ...conductShown(c, MOST),
    notice: c.notice ?? null,
    extensionSought: c.extensionSought ?? null,
    closed: c.closed ?? null,
    framework: c.framework ?? null,
    finalValue: c.finalValue ?? null,
    trail: trailOf(history, MOST, assessed),
    // What follows is other in an entry, or not in it: the text of all before is the same, and is kept.
    suppliers,
    findings: contractFindings(c),
    counts: {
      suppliers: c.suppliers.length,
      options: c.options.length,
      changes: c.changes.length,
      delays: c.delays.length,
      milestones: c.milestones?.length ?? 0,
    },
    lots,
    calledOff: callOffShown(c),
  };
};

const programmes = source(programme, 'programme', {
  place: (id, { stage, integrator }) => [
    { key: `programme:${id}`, row: stage !== 'none', links: integrator ? [`contract:${integrator.contract}`] : [] },
  ],
  show: (history) => ({
    [`programme:${history.id}`]: { ...programmeShown(history), integrator: history.state.integrator ?? null },
  }),
});
/** Each warning and risk is a contribution of its own, linked to what it is about. */
const warnings = source(programme, 'warning', {
  place: (id, state) =>
    state.warnings.map(({ warning, about, answers }) => {
      const links = linksOf(about);
      const one = { warnings: 1, ...(answers.length === 0 && { openWarnings: 1 }) };
      return { key: `warning:${id}/${warning}` as const, links, sums: counting(links, one) };
    }),
  show: ({ id, state }) => Object.fromEntries(state.warnings.map((warning) => [`warning:${id}/${warning.warning}`, warningInRow(warning)])),
});
const risks = source(programme, 'risk', {
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

const workforces = source(workforce, 'workforce', {
  place: (id, { stage, programme }) => (stage === 'none' ? [] : [{ key: `workforce:${id}`, links: [`programme:${programme}`] }]),
  show: ({ id, state }) => ({ [`workforce:${id}`]: state.pools }),
});
const plans = source(workforce, 'plan', {
  place: (id, state) =>
    state.plans.map(({ plan, contract }) => {
      const links: Key[] = contract ? [`contract:${contract}`] : [];
      return { key: `plan:${id}/${plan}` as const, links, sums: counting(links, { plans: 1 }) };
    }),
  show: ({ id, state }) => Object.fromEntries(state.plans.map(({ plan, inScope }) => [`plan:${id}/${plan}`, inScope])),
});
const transfers = source(workforce, 'transfer', {
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

const losses = source(loss, 'loss', {
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
const links = source(programme, 'link', {
  place: (id, state) =>
    state.links.map(({ tower, needs }) => {
      const key = `tower:${tower}` as const;
      return { key: `link:${id}/${tower}/${needs}` as const, links: [key], sums: { [key]: counted.of({ needs: 1 }) } };
    }),
  show: ({ id, state }) =>
    Object.fromEntries(state.links.map(({ tower, needs, why }) => [`link:${id}/${tower}/${needs}`, { tower: needs, why: why ?? null }])),
});

const predecessors = source(tower, 'predecessor', {
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
const towers = source(tower, 'tower', {
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
const withSupplier = sums({ contracts: 'count' });
const ONE_WITH = withSupplier.of({ contracts: 1 });
const keyOfSupplier = (tower: Key, supplier: string) => `${tower}#with/${supplier}` as Key;

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
const rankOf = (c: Pick<Contract, 'stage' | 'role' | 'kind'>): number => (hasEnded(c) ? 2 : c.role === 'tower' && isPromised(c) ? 0 : 1);
const contracts = source(contract, 'contract', {
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
const suppliers = source(supplier, 'supplier', {
  place: (id) => [{ key: `supplier:${id}` }],
  show: ({ id, state }) => ({ [`supplier:${id}`]: state.title || id }),
  shownByLinking: true,
});

/** What is committed, invoiced and paid of each contract. */
const accounts = source(account, 'account', {
  place: (id, a) => (a.stage === 'none' ? [] : [{ key: `account:${id}`, links: [`contract:${id}`], sums: spendSums(a) }]),
  show: ({ id, state }) => ({ [`account:${id}`]: spendShown(state) }),
});

const nameOf = (lookup: Lookup, supplier: string | null): string | null => supplier && (lookup.get(suppliers, supplier) ?? supplier);

const lists = {
  plans: linkedList(plans),
  transfers: linkedList(transfers),
  losses: linkedList(losses, { entry: lossLine }),
  warnings: linkedList(warnings),
  risks: linkedList(risks),
  needs: linkedList(links),
  predecessors: linkedList(predecessors),
  staff: linkedList(workforces),
};
/** A contract with what others recorded of it: who moved, what was lost, what was warned of. */
const contractEntry = ({ lots, calledOff, ...c }: ReturnType<typeof contractShown>, lookup: Lookup) => {
  const key = `contract:${c.contract}` as const;
  const { plans: planned, transfers: moved, losses, warnings, risks, openWarnings, openRisks } = lookup.sum(counted, key);
  const today = onDay({ ...c, lots }, lookup.day, (supplier) => nameOf(lookup, supplier)!);
  return {
    ...c,
    ...today,
    findings: [...c.findings, ...foundBeside(calledOff, lookup)],
    people: {
      planned: planned > 0 ? lookup.newest(lists.plans, key) : [],
      moved: moved > 0 ? lookup.newest(lists.transfers, key) : [],
    },
    account: lookup.get(accounts, c.contract) ?? null,
    losses: losses > 0 ? lookup.newest(lists.losses, key) : [],
    warnings: warnings > 0 ? lookup.newest(lists.warnings, key) : [],
    risks: risks > 0 ? lookup.newest(lists.risks, key) : [],
    counts: { ...c.counts, planned, moved, losses, warnings, risks, openWarnings, openRisks },
  };
};
const contractsOfTower = linkedList(contracts, { ranks: 3, entry: contractEntry });
/** Contracts of a tower that was split that are looked through for those that stayed with it. */
const lookedThrough = linkedList(contracts, { ranks: 3, most: 100, entry: contractEntry });
const holdingOf = holdings({ contracts, towers, predecessors });
/** The contracts that a tower holds, in the order of its list: first those in force, then those to come, then what has ended. */
const contractsHeld = (lookup: Lookup, { isMerged, towers: all, given, left }: Holding) => {
  if (isMerged) return [];
  const of = (tower: string) => lookup.newest(left.size > 0 ? lookedThrough : contractsOfTower, `tower:${tower}`);
  const others = [...given.keys()].flatMap((id) => {
    const c = lookup.get(contracts, id);
    return c ? [contractEntry(c, lookup)] : [];
  });
  const entries = [...all.flatMap(of), ...others].filter(({ contract: id }) => !left.has(id));
  const once = [...new Map(entries.map((entry) => [entry.contract, entry])).values()];
  return once.sort((a, b) => rankOf(a) - rankOf(b)).slice(0, NEWEST);
};

/** The stage, and whose contract says it; nobody's while nothing was procured, or all of it was cancelled. */
const stageOf = (
  lookup: Lookup,
  key: Key,
  holding: Holding | undefined,
): { readonly stage: TowerStage; readonly stageOf: Whose | null } => {
  const keys = holding ? holding.towers.map((id): Key => `tower:${id}`) : [key];
  const isAt = (whose: Whose, stage: Exclude<Contract['stage'], 'none'>): boolean =>
    keys.some((one) => lookup.sum(stages, `${one}#${whose}`)[stage] > 0) ||
    [...(holding?.given.values() ?? [])].some((c) => c.stage === stage && (c.role === 'tower' ? 'own' : 'incumbent') === whose);
  const found = STAGE_OF.find(([whose, some]) => some.some((stage) => stage !== 'none' && isAt(whose, stage)));
  return found ? { stage: found[2], stageOf: found[0] } : { stage: 'planned', stageOf: null };
};
const ended = (stage: TowerStage): ReturnType<typeof stageOf> => ({ stage, stageOf: null });
/** The total of a tower, and that of a group of a programme. */
const towerTotal = (lookup: Lookup, tower: string) =>
  commitmentsUnder(lookup, `tower:${tower}`, `tower:${tower}`, (id) => {
    const c = lookup.get(contracts, id);
    return c && groupOf(c) === 'towers' && c.towers.includes(tower) ? c : undefined;
  });
const groupTotal = (lookup: Lookup, programme: string, group: ReturnType<typeof groupOf>) =>
  commitmentsUnder(lookup, `programme:${programme}#${group}`, `programme:${programme}`, (id, of) => {
    const c = of === group ? lookup.get(contracts, id) : undefined;
    return c && c.programme === programme && groupOf(c) === group ? c : undefined;
  });
const lost = (lookup: Lookup, key: Key, who: 'authority' | 'supplier') => {
  const { gross, net, recovered, outstanding } = lossesOf(lookup, who, key);
  return { gross: gross.text, net: net.text, recovered: recovered.text, outstanding: outstanding.text };
};

/** The board on one screen: a header for the programme, a row for each tower, a row for each contract that stands outside them. */
export const towerBoard = projection({
  name: 'tower-board',
  version: 12,
  question: 'Where does each tower stand: supplier, money, term, changes, and on whose decision?',
  byDay: true,
  inherits: 'tower',
  from: [
    programmes,
    warnings,
    risks,
    workforces,
    plans,
    transfers,
    losses,
    towers,
    predecessors,
    links,
    contracts,
    replacements,
    shared,
    suppliers,
    frameworkBeside,
    accounts,
  ],
  rows: {
    programme(id, lookup) {
      const row = lookup.get(programmes, id);
      const key = `programme:${id}` as const;
      const pools = row ? lookup.newest(lists.staff, key).flat() : [];
      return (
        row && {
          group: 'programme' as const,
          ...row,
          headcountTargets: row.headcountTargets.map((target) => targetShown(target, pools)),
          ...lookup.sum(towersOf, key),
          faultedStreams: lookup.faulted(key),
          totals: { towers: groupTotal(lookup, id, 'towers'), outside: groupTotal(lookup, id, 'outside') },
          spent: spendTotals(lookup, key),
          staff: newestOf(pools).map(poolShown),
          losses: { authority: lost(lookup, key, 'authority'), supplier: lost(lookup, key, 'supplier') },
        }
      );
    },
    loss(id, lookup) {
      const row = lookup.get(losses, id);
      return row?.elsewhere && { group: 'elsewhere' as const, ...row, supplierName: nameOf(lookup, row.supplier) };
    },
    contract(id, lookup) {
      const row = lookup.get(contracts, id);
      if (!row || groupOf(row) === 'towers') return undefined;
      return {
        group: 'outside' as const,
        programme: row.programme,
        title: row.title,
        stage: row.stage,
        contracts: [contractEntry(row, lookup)],
      };
    },
    tower(id, lookup) {
      const row = lookup.get(towers, id);
      const key = `tower:${id}` as const;
      if (!row) return undefined;
      const { warnings, risks, openWarnings, openRisks, needs, predecessors: before } = lookup.sum(counted, key);
      const { isOver, ...shown } = row;
      const holding = isOver || before > 0 ? holdingOf(lookup, id) : undefined;
      const { contracts: _, ...total } = holding?.total() ?? towerTotal(lookup, id);
      const listed = holding ? listedIn(holding.measures) : listedUnder(lookup, key);
      return {
        group: 'towers' as const,
        ...shown,
        ...(isOver ? ended(isOver) : stageOf(lookup, key, holding)),
        predecessors: before > 0 ? lookup.newest(lists.predecessors, key) : [],
        needs: needs > 0 ? lookup.newest(lists.needs, key) : [],
        total,
        contracts: holding ? contractsHeld(lookup, holding) : lookup.newest(contractsOfTower, key),
        warnings: lookup.newest(lists.warnings, key),
        risks: lookup.newest(lists.risks, key),
        counts: { contracts: listed, warnings, risks, openWarnings, openRisks },
      };
    },
  },
  lists: {
    tower: { contracts: contractsOfTower, warnings: lists.warnings, risks: lists.risks, predecessors: lists.predecessors },
    contract: {
      ...contractLists,
      changes: ownList(
        contract,
        ({ state }) => state.changes,
        (change, { state, recorded }) => changeOf(change, state, assessedIn(recorded).get(change.event)),
      ),
      delays: ownList(
        contract,
        ({ state }) => state.delays,
        (delay) => delay,
      ),
      losses: lists.losses,
      warnings: lists.warnings,
      risks: lists.risks,
      plans: lists.plans,
      transfers: lists.transfers,
    },
    programme: programmeLists,
  },
  filters: {
    programme: (row) => row.programme,
    group: (row) => row.group,
    supplier: (row, { value, key, lookup }) =>
      row.contracts?.some(({ suppliers }) => suppliers.some(({ supplier }) => supplier === value)) ||
      lookup.sum(withSupplier, keyOfSupplier(key, value)).contracts > 0,
    stage: (row) => row.stage,
  },
});
