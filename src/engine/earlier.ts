import { setImmediate as turn } from 'node:timers/promises';
import { History } from '../kernel/index.js';

/** Events that are folded without a pause. */
const SLICE = 500;

/** A history as it was at a revision, -1 before its first event: what is folded again of a long one lets other work go on meanwhile. */
export const earlier = async (history: History, revision: number, nearest?: History): Promise<History> => {
  if (revision >= history.revision) return history;
  let version = nearest ?? History.of(history.aggregate, history.id, [], history.timeZone);
  while (version.revision < revision) {
    version = version.extended(history.recordedFrom(version.revision + 1, Math.min(version.revision + SLICE, revision)));
    if (version.revision < revision) await turn();
  }
  return version;
};
