import { newestOf, ownList, type OwnList } from '../src/kernel/index.js';
import { contract, ownerOf, type Contract, type ContractLists } from '../src/domain/contract/index.js';

/** Lists that a contract comes to have while it runs, by their names in rows. */
const NAMES = [
  'proposals',
  'milestones',
  'kpis',
  'kpiAssessments',
  'serviceCredits',
  'disputes',
  'owners',
  'standstillLetters',
  'challenges',
  'otherNotices',
  'indexations',
  'breaksDecided',
] as const satisfies readonly (keyof ContractLists)[];

/** The newest of each list that the contract has, and how many there are of it: absent lists stay absent. */
export const newestLists = (c: Contract, most?: number) => {
  const present = NAMES.filter((name) => c[name] !== undefined);
  return {
    lists: Object.fromEntries(present.map((name) => [name, newestOf<unknown>(c[name]!, most)])) as ContractLists,
    counts: Object.fromEntries(present.map((name) => [name, c[name]!.length])) as { readonly [N in keyof ContractLists]?: number },
  };
};

type ItemOf<N extends keyof ContractLists> = NonNullable<ContractLists[N]>[number];
const listOf = <N extends keyof ContractLists>(name: N): OwnList<ItemOf<N>, ItemOf<N>> =>
  ownList(
    contract,
    ({ state }): readonly ItemOf<N>[] => (state as ContractLists)[name] ?? [],
    (item) => item,
  );
/** All of each list, in pages. */
export const contractLists: { readonly [N in keyof ContractLists]-?: OwnList<ItemOf<N>, ItemOf<N>> } = {
  proposals: listOf('proposals'),
  milestones: listOf('milestones'),
  kpis: listOf('kpis'),
  kpiAssessments: listOf('kpiAssessments'),
  serviceCredits: listOf('serviceCredits'),
  disputes: listOf('disputes'),
  owners: listOf('owners'),
  standstillLetters: listOf('standstillLetters'),
  challenges: listOf('challenges'),
  otherNotices: listOf('otherNotices'),
  indexations: listOf('indexations'),
  breaksDecided: listOf('breaksDecided'),
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
