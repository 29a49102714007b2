import { certainlyBefore, type Followed, type StateOfOther } from '../../kernel/index.js';
import type { Contract } from '../contract/index.js';
import type { Part, Tower } from './tower.js';

/** How a tower ended, and on which day; undefined of one that stands. */
export const endOf = ({ stage, merged, split, cancelled }: Tower): { readonly how: string; readonly on: string } | undefined => {
  const end = merged ?? split ?? cancelled;
  return end && { how: merged ? `merged into ${merged.into}` : stage, on: end.on };
};
/** The end of a tower that is over on a day, as far as that is certain. */
export const endedBy = (tower: Tower | undefined, day: string): ReturnType<typeof endOf> => {
  const end = tower && endOf(tower);
  return end && !certainlyBefore(day, end.on) ? end : undefined;
};

/** The towers that go on with what a tower held, each with its part: the whole where it was merged into one. */
export const partsOfTower = ({ merged, split }: Tower): readonly Part[] => split?.into ?? (merged ? [{ tower: merged.into }] : []);
/** The towers that one contract of a tower goes on in; the tower itself where its split names no other one. */
const goesOnIn = (tower: Tower, contract: string): readonly string[] | undefined => {
  if (tower.merged) return [tower.merged.into];
  const parts = tower.split?.into.filter(({ contracts = [] }) => contracts.includes(contract)).map(({ tower: into }) => into) ?? [];
  return parts.length > 0 ? parts : undefined;
};

/**
 * The towers that a contract serves on a day: those that it names, and where those were merged or split, the ones that go on with it.
 * @param own the tower that is asked, as it is before it is merged or split
 */
export const towersServed = (
  contract: string,
  { towers, role }: Pick<Contract, 'towers' | 'role'>,
  day: string,
  towerOf: (id: string) => Tower | undefined,
): readonly string[] => {
  const served = new Set<string>();
  const looked = new Set<string>();
  const look = (id: string): void => {
    if (looked.has(id)) return;
    looked.add(id);
    const tower = towerOf(id);
    const next = endedBy(tower, day) && goesOnIn(tower!, contract);
    if (next) next.forEach(look);
    else served.add(id);
  };
  if (role !== 'outside') towers.forEach(look);
  return [...served];
};

type Named = { readonly into: readonly Pick<Part, 'contracts'>[] };
/** What a split looks at: the towers that its contracts have come through. */
export const towersBehind = ({ into }: Named, stateOf: StateOfOther): readonly Followed[] => {
  const seen = new Set<string>();
  const behind = (id: string, contract: string): void => {
    const key = `${id} ${contract}`;
    if (seen.has(key)) return;
    seen.add(key);
    const tower: Tower | undefined = stateOf('tower', id);
    for (const next of (tower && goesOnIn(tower, contract)) ?? []) behind(next, contract);
  };
  for (const { contracts = [] } of into)
    for (const contract of contracts) for (const id of (stateOf('contract', contract) as Contract | undefined)?.towers ?? []) behind(id, contract); // prettier-ignore
  return [...new Set([...seen].map((key) => key.slice(0, key.indexOf(' '))))].map((id) => ({ category: 'tower', id }));
};
