import { pagesOf, type Log } from '../store/merkle-tree.js';
import { EvidenceDiffersError, isSha256, type EvidenceFolder } from './evidence-folder.js';

/** Some of a number of things, by name. */
export interface Named {
  readonly count: number;
  /** `MAX_NAMED` of them at most. */
  readonly names: readonly string[];
}

export interface EvidenceCheck {
  /** Pieces that have the hash of their name. */
  readonly whole: number;
  readonly bytes: number;
  readonly altered: Named;
  /** Pieces that are kept and that no event names. */
  readonly unnamed: Named;
  /** Of what events name, as often as they do: papers that somebody keeps elsewhere, or that were removed. */
  readonly missing: Named;
  /** Files that are no piece of evidence, such as one whose sending was cut. */
  readonly foreign: Named;
}

const MAX_NAMED = 20;

class Names implements Named {
  count = 0;
  readonly #names = new Set<string>();
  get names(): readonly string[] {
    return [...this.#names];
  }
  add(name: string): void {
    this.count++;
    if (this.#names.size < MAX_NAMED) this.#names.add(name);
  }
}

/**
 * Compares every piece of evidence with its hash, and the pieces with what events name. Reads each piece and the log once, piece by piece and
 * page by page; in memory are the names of the pieces, some 100 bytes for each.
 */
export const checkEvidence = async (log: Log, folder: EvidenceFolder): Promise<EvidenceCheck> => {
  const [altered, unnamed, missing, foreign] = [new Names(), new Names(), new Names(), new Names()];
  let [whole, bytes] = [0, 0];
  const kept = new Set<string>();
  for (const name of await folder.files()) {
    if (!isSha256(name)) {
      foreign.add(name);
      continue;
    }
    kept.add(name);
    try {
      bytes += (await folder.check(name)) ?? 0;
      whole++;
    } catch (error) {
      if (!(error instanceof EvidenceDiffersError)) throw error;
      altered.add(name);
    }
  }
  const left = new Set(kept);
  for await (const page of pagesOf(log))
    for (const { metadata } of page)
      for (const { sha256 } of metadata.evidence ?? []) {
        if (sha256 === undefined) continue;
        if (kept.has(sha256)) left.delete(sha256);
        else missing.add(sha256);
      }
  for (const name of left) unnamed.add(name);
  return { whole, bytes, altered, unnamed, missing, foreign };
};
