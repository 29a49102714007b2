import { rootAt, type LogTree } from '../store/merkle-proof.js';
import { MerkleTree } from '../store/merkle-tree.js';
import type { Checkpoint } from './checkpoint.js';

/** What a note says about a ledger by its tree alone: the log is not read. */
export type Agreement =
  | { readonly state: 'agrees' }
  /** The ledger has fewer events than the note was signed over. */
  | { readonly state: 'behind'; readonly agreesUpTo: number; readonly detail: string }
  /** The ledger has other events than the note was signed over. */
  | { readonly state: 'differs'; readonly agreesUpTo: number; readonly detail: string };

export const EMPTY_ROOT = new MerkleTree().root();

/** The root over the first `size` leaves of a tree, in hexadecimal. @throws RangeError when the tree is smaller, or has lost a node */
export const rootOf = (tree: LogTree, size: number): string => {
  if (size > tree.size) throw new RangeError(`The tree has no ${size} leaves.`);
  if (size === 0) return EMPTY_ROOT;
  return size === tree.size ? tree.root : rootAt(tree, size).toString('hex');
};

/** @param older notes of the same ledger, by which a difference is narrowed to a range */
export const compareWithNote = (tree: LogTree, genesis: string, note: Checkpoint, older: readonly Checkpoint[]): Agreement => {
  const agrees = (checkpoint: Checkpoint): boolean => checkpoint.size <= tree.size && rootOf(tree, checkpoint.size) === checkpoint.root;
  const known = older.toSorted((a, b) => a.size - b.size);
  const agreesUpTo = known.findLast(agrees)?.size ?? 0;
  if (note.genesis !== genesis)
    return { state: 'differs', agreesUpTo: 0, detail: 'The first record of the ledger is not the one that the last note was signed with.' };
  if (note.size > tree.size)
    return {
      state: 'behind',
      agreesUpTo,
      detail:
        `The ledger has ${tree.size} events, but the last note was signed over ${note.size}; up to event ${agreesUpTo} it agrees with an older note. ` +
        'Events were removed, or a backup was restored. If one was restored, start the server once with --new-epoch.',
    };
  // Of the notes that a forger left, the newest disagrees where any does.
  const newest = known.findLast(({ origin, size }) => origin === note.origin && size <= note.size);
  if (agrees(note) && (!newest || agrees(newest))) return { state: 'agrees' };
  // notes of an epoch before it may disagree by right, since the ledger goes another way
  const first = known.find(({ origin, size }) => origin === note.origin && size > agreesUpTo && size <= tree.size)?.size ?? note.size;
  return {
    state: 'differs',
    agreesUpTo,
    detail:
      `The ledger's events are not those that were signed: it agrees with the note over ${agreesUpTo} events, ` +
      `and not with the one over ${first}, so what was changed is among events ${agreesUpTo} to ${first - 1}, counted from 0.`,
  };
};
