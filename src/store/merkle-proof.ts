import { nodeHash, type Hash } from './merkle-tree.js';

/** What proofs are made of: the roots of a tree's perfect subtrees. */
export interface Nodes {
  /** The root of the `index`-th perfect subtree of 2^level leaves, counted from 0. @throws RangeError beyond the tree */
  node(level: number, index: number): Hash;
}

export interface Leaf {
  readonly hash: Hash;
  /** Of its event; undefined where the log has lost it. */
  readonly position: string | undefined;
}

/** The Merkle tree that a store keeps with its log: a hash for each event, and some of the nodes above them. */
export interface LogTree extends Nodes {
  /** Number of leaves. */
  readonly size: number;
  /** Root over all of them, in hexadecimal. */
  readonly root: string;
  /** Why the tree and the log cannot belong together, as far as their sizes show; undefined when they can. */
  readonly fault: string | undefined;
  /** The kept hashes of `limit` leaves at most, from a leaf on, and the positions of their events. */
  leaves(from: number, limit: number): readonly Leaf[];
  /** Which leaf the event at a position is; undefined when it is none. */
  leafAt(position: string): number | undefined;
  /** The position of a leaf's event; undefined beyond the tree. */
  positionOf(leaf: number): string | undefined;
}

const HASH_BYTES = 32;

/** The largest power of two below `size`, which is above 1. */
const splitOf = (size: number): number => 2 ** Math.floor(Math.log2(size - 1));

const rangeHash = (nodes: Nodes, start: number, size: number): Hash => {
  const level = Math.log2(size);
  if (Number.isInteger(level)) return nodes.node(level, start / size);
  const left = splitOf(size);
  return nodeHash(rangeHash(nodes, start, left), rangeHash(nodes, start + left, size - left));
};

/** The root over the first `size` leaves, at least one. */
export const rootAt = (nodes: Nodes, size: number): Hash => rangeHash(nodes, 0, size);

/** RFC 6962, 2.1.1: what leads from a leaf to the root over the first `size` leaves, from below. */
export const inclusionProof = (nodes: Nodes, leaf: number, size: number): Hash[] => {
  const path = (start: number, count: number): Hash[] => {
    if (count === 1) return [];
    const left = splitOf(count);
    return leaf < start + left
      ? [...path(start, left), rangeHash(nodes, start + left, count - left)]
      : [...path(start + left, count - left), rangeHash(nodes, start, left)];
  };
  if (!(leaf >= 0 && leaf < size)) throw new RangeError(`There is no leaf ${leaf} among ${size}.`);
  return path(0, size);
};

/** RFC 6962, 2.1.2: what shows that the tree of `to` leaves begins with that of `from`, which is between 1 and `to`. */
export const consistencyProof = (nodes: Nodes, from: number, to: number): Hash[] => {
  const path = (old: number, start: number, count: number, isKnown: boolean): Hash[] => {
    if (old === count) return isKnown ? [] : [rangeHash(nodes, start, count)];
    const left = splitOf(count);
    return old <= left
      ? [...path(old, start, left, isKnown), rangeHash(nodes, start + left, count - left)]
      : [...path(old - left, start + left, count - left, false), rangeHash(nodes, start, left)];
  };
  if (!(from >= 1 && from <= to)) throw new RangeError(`A tree of ${to} leaves does not begin with one of ${from}.`);
  return path(from, 0, to, true);
};

/** RFC 9162, 2.1.3.2: whether a proof leads from a leaf's hash to a root. */
export const isIncluded = (leafHash: Hash, leaf: number, size: number, proof: readonly Hash[], root: Hash): boolean => {
  if (!(leaf >= 0 && leaf < size) || leafHash.length !== HASH_BYTES) return false;
  let [node, last, hash] = [leaf, size - 1, leafHash];
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else hash = nodeHash(hash, sibling);
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && hash.equals(root);
};

/** Exact, where the logarithm of a number above 2^48 is rounded to a whole one. */
const isPowerOfTwo = (n: number): boolean => (n % 2 === 0 ? isPowerOfTwo(n / 2) : n === 1);

/** RFC 9162, 2.1.4.2: whether a proof shows that a tree begins with an older one of at least one leaf. */
export const isConsistent = (from: number, to: number, proof: readonly Hash[], oldRoot: Hash, newRoot: Hash): boolean => {
  if (!(from >= 1 && from <= to)) return false;
  if (from === to) return proof.length === 0 && oldRoot.equals(newRoot);
  const [first, ...rest] = isPowerOfTwo(from) ? [oldRoot, ...proof] : proof;
  if (!first) return false;
  let [node, last] = [from - 1, to - 1];
  while (node % 2 === 1) [node, last] = [(node - 1) / 2, Math.floor(last / 2)];
  let [old, now] = [first, first];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      [old, now] = [nodeHash(sibling, old), nodeHash(sibling, now)];
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else now = nodeHash(now, sibling);
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && old.equals(oldRoot) && now.equals(newRoot);
};
