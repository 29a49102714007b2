import { towerBoard } from '../../projections/tower-board.js';
import type { Found, Read } from './read.js';
import type { BoardRow, ContractEntry } from './rows.js';

/** Contracts that are read beyond those in the rows, of all towers together: some 40 ms of work. */
const MOST = 500;

/** A contract, with the row of the board that it stands in. */
export interface OnBoard {
  readonly entry: ContractEntry;
  readonly row: BoardRow;
}

/**
 * The contracts of rows of the board, each once, also where it serves several towers. A row has the newest 20: of a tower with more the others
 * are read. Of one that others became part of they stand in no list; then, and beyond 500 in all, `isAll` is false.
 */
export const contractsOf = async (
  read: Read,
  rows: readonly Found<BoardRow>[],
): Promise<{ readonly contracts: ReadonlyMap<string, OnBoard>; readonly isAll: boolean }> => {
  const contracts = new Map<string, OnBoard>();
  let [isAll, left] = [true, MOST];
  for (const { key, row } of rows) {
    const shown = row.contracts ?? [];
    const count = row.counts?.['contracts'] ?? shown.length;
    const isLong = count > shown.length && shown.length < left;
    const entries =
      isLong && (row.predecessors?.length ?? 0) === 0 && !row.split
        ? await read.list<ContractEntry>(towerBoard.name, key, 'contracts', left)
        : shown;
    if (entries !== shown) left -= entries.length;
    if (entries.length < count) isAll = false;
    for (const entry of entries) contracts.set(entry.contract, { entry, row });
  }
  return { contracts, isAll };
};
