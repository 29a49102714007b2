import type { LogTree } from '../merkle-proof.js';
import type { Log } from '../merkle-tree.js';
import { checkTree } from '../tree-check.js';
import type { Examined } from './examination.js';

/** Whether every event still has the hash that was kept when it was stored, and the kept tree is the tree over these hashes. */
export async function* examineTree(log: Log, tree: LogTree): AsyncGenerator<Examined, void, undefined> {
  const { checked, root, faults } = await checkTree(log, tree);
  for (const detail of faults) yield { part: 'tree', ok: false, detail };
  if (faults.length === 0) yield { part: 'tree', ok: true, detail: `${checked} events, each as it was when it was stored; root ${root}` };
}
