import { linkedList, NEWEST, newestOf, ownList, projection, type Key, type Lookup } from '../src/kernel/index.js';
import { contract, type Contract } from '../src/domain/contract/index.js';
import { spendTotals } from './accounts.js';
import { commitmentsUnder, listedIn, listedUnder, replacements } from './commitments.js';
import { contractLists } from './contract-lists.js';
import { foundBeside, frameworkBeside } from './frameworks.js';
import { lossesOf, lossLine } from './losses.js';
import { programmeLists } from './programmes.js';
import { groupOf, onDay } from './promised.js';
import { poolShown, targetShown } from './staff.js';
import { changeOf, type contractShown } from './tower-board-contract.js';
import {
  accounts,
  contracts,
  counted,
  keyOfSupplier,
  links,
  losses,
  plans,
  predecessors,
  programmes,
  rankOf,
  risks,
  stages,
  suppliers,
  towers,
  towersOf,
  transfers,
  warnings,
  withSupplier,
  workforces,
  type Whose,
} from './tower-board-sources.js';
import { holdings, shared, type Holding } from './tower-parts.js';
import { assessedIn } from './trail.js';

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
  version: 15,
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
