import { newestOf, ownList, type OwnList } from '../src/kernel/index.js';
import { contract, CONTRACT_LISTS, ownerOf, type Contract, type ContractLists } from '../src/domain/contract/index.js';

/** Lists of a contract that no number of events makes longer: what one event may state bounds them. */
type Bounded = 'towers' | 'lots' | 'options' | 'breaks' | 'references';
type ListOf<State> = { [Name in keyof State]-?: NonNullable<State[Name]> extends readonly unknown[] ? Name : never }[keyof State];
/** All other lists of its state: a row carries the newest items of each, and its pages hold all. */
export type GrowingList = Exclude<ListOf<Contract>, Bounded>;

type ItemOf<Name extends GrowingList> = NonNullable<Contract[Name]>[number];
const itemsOf = <Name extends GrowingList>(c: Contract, name: Name): readonly ItemOf<Name>[] | undefined => c[name];

/** The newest of each of these lists that the contract has, and how many there are of it: absent lists stay absent. */
export const newestLists = <Name extends GrowingList>(c: Contract, names: readonly Name[]) => {
  const lists: { [N in Name]?: readonly ItemOf<N>[] } = {};
  const counts: { [N in Name]?: number } = {};
  for (const name of names) {
    const items = itemsOf(c, name);
    if (items === undefined) continue;
    lists[name] = newestOf(items);
    counts[name] = items.length;
  }
  return { lists, counts: counts as { readonly [N in keyof Pick<Contract, Name>]: number } };
};

/** All of a list of the state, in pages. */
export const listOf = <Name extends GrowingList>(name: Name): OwnList<ItemOf<Name>, ItemOf<Name>> =>
  ownList(
    contract,
    ({ state }): readonly ItemOf<Name>[] => itemsOf(state, name) ?? [],
    (item) => item,
  );
const names = Object.keys(CONTRACT_LISTS) as readonly (keyof ContractLists)[];
export const contractLists = Object.fromEntries(names.map((name) => [name, listOf(name)])) as {
  readonly [Name in keyof ContractLists]-?: OwnList<ItemOf<Name>, ItemOf<Name>>;
};

/** What the board shows of how a contract is performed, and by whom it is answered for. */
export const conductShown = (c: Contract, most: number) => {
  const { proposals = [], milestones = [], kpis = [], disputes = [], serviceCredits = [] } = c;
  const { owner = null, department = null } = ownerOf(c) ?? {};
  return {
    owner,
    department,
    milestones: newestOf(milestones, most),
    conduct: {
      proposals: proposals.filter(({ status }) => status === 'open').length,
      milestonesMissed: milestones.filter(({ status }) => status === 'missed').length,
      kpisMissed: kpis.filter(({ last }) => last?.result === 'missed').length,
      disputes: disputes.filter(({ status }) => status === 'open').length,
      serviceCredits: serviceCredits.length,
    },
  };
};
