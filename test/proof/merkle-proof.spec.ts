import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { consistencyProof, inclusionProof, isConsistent, isIncluded, rootAt, type Nodes } from '../../src/store/merkle-proof.js';
import { MerkleTree, nodeHash, type Hash } from '../../src/store/merkle-tree.js';

interface Inclusion {
  readonly name: string;
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly root: string;
  readonly leafHash: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}
interface Consistency {
  readonly name: string;
  readonly size1: number;
  readonly size2: number;
  readonly root1: string;
  readonly root2: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}
const vectors = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors.json'), 'utf8')) as {
  readonly inclusion: readonly Inclusion[];
  readonly consistency: readonly Consistency[];
};
const bytes = (base64: string): Hash => Buffer.from(base64, 'base64');
const all = (proof: readonly string[] | null): Hash[] => (proof ?? []).map(bytes);

const MOST = 300;
const leaves = Array.from({ length: MOST }, (_, n) => createHash('sha256').update(`leaf ${n}`).digest());
/** Every node, kept as it is completed. */
const kept = new Map<string, Hash>();
const roots: Hash[] = [createHash('sha256').digest()];
const tree = new MerkleTree();
for (const [n, leaf] of leaves.entries()) {
  kept.set(`0 ${n}`, leaf);
  tree.add(leaf, (level, index, node) => kept.set(`${level} ${index}`, node));
  roots.push(Buffer.from(tree.root(), 'hex'));
}
const nodes: Nodes = { node: (level, index) => kept.get(`${level} ${index}`)! };
/** What RFC 6962 says a root is, read literally. */
const defined = (from: number, size: number): Hash => {
  if (size === 1) return leaves[from]!;
  let left = 1;
  while (left * 2 < size) left *= 2;
  return nodeHash(defined(from, left), defined(from + left, size - left));
};

describe('a proof', () => {
  it.each(vectors.inclusion)('of inclusion is judged as transparency-dev judges it: $name', (v) =>
    expect(isIncluded(bytes(v.leafHash), v.leafIdx, v.treeSize, all(v.proof), bytes(v.root))).toBe(!v.wantErr),
  );
  it.each(vectors.consistency)('of consistency is judged as transparency-dev judges it: $name', (v) =>
    expect(isConsistent(v.size1, v.size2, all(v.proof), bytes(v.root1), bytes(v.root2))).toBe(!v.wantErr),
  );

  it('of inclusion leads from every leaf of every tree up to 300 leaves to its root, and from no other leaf', () => {
    for (let size = 1; size <= MOST; size++) {
      expect(roots[size]!.equals(defined(0, size))).toBe(true);
      expect(rootAt(nodes, size).equals(roots[size]!)).toBe(true);
      for (let leaf = size % 7; leaf < size; leaf += size > 40 ? 7 : 1) {
        const proof = inclusionProof(nodes, leaf, size);
        const right = isIncluded(leaves[leaf]!, leaf, size, proof, roots[size]!);
        const wrong = isIncluded(leaves[(leaf + 1) % MOST]!, leaf, size, proof, roots[size]!);
        if (!right || wrong) throw new Error(`leaf ${leaf} of ${size}`);
      }
    }
  });

  it('of consistency shows that every tree up to 300 leaves begins with every smaller one, and with no other', () => {
    for (let to = 1; to <= MOST; to++)
      for (let from = 1 + (to % 5); from <= to; from += to > 40 ? 5 : 1) {
        const proof = consistencyProof(nodes, from, to);
        const right = isConsistent(from, to, proof, roots[from]!, roots[to]!);
        const wrong = isConsistent(from, to, proof, roots[from - 1]!, roots[to]!);
        if (!right || wrong) throw new Error(`${from} of ${to}`);
      }
  });

  it('is asked only of leaves and sizes that there are', () => {
    for (const leaf of [5, -1]) expect(() => inclusionProof(nodes, leaf, 5)).toThrow(new RangeError(`There is no leaf ${leaf} among 5.`));
    for (const from of [0, 6])
      expect(() => consistencyProof(nodes, from, 5)).toThrow(new RangeError(`A tree of 5 leaves does not begin with one of ${from}.`));
  });

  const [a, b, c, x] = leaves as [Hash, Hash, Hash, Hash];
  it('of inclusion leads from no leaf that the tree does not have, and from nothing that is no hash', () => {
    expect(isIncluded(a, 0, 1, [], a)).toBe(true);
    for (const leaf of [1, 2, -1, NaN]) expect(isIncluded(a, leaf, 1, [], a)).toBe(false);
    for (const size of [0, -1, NaN]) expect(isIncluded(a, 0, size, [], a)).toBe(false);
    expect(isIncluded(a.subarray(1), 0, 1, [], a.subarray(1))).toBe(false);
    expect(isIncluded(b, 2, 2, [a], nodeHash(a, b))).toBe(false);
  });

  it('that is longer than the way to the root leads nowhere, whatever it would come to', () => {
    expect(isIncluded(a, 0, 1, [x], nodeHash(x, a))).toBe(false);
    expect(isIncluded(a, 0, 1, [x], nodeHash(a, x))).toBe(false);
    expect(isIncluded(b, 1, 2, [a, x], nodeHash(x, nodeHash(a, b)))).toBe(false);
    const left = nodeHash(a, b);
    const [three, four] = [nodeHash(left, c), nodeHash(left, nodeHash(c, x))];
    expect(isConsistent(3, 4, [c, x, left], three, four)).toBe(true);
    expect(isConsistent(3, 4, [c, x, left, x], nodeHash(x, three), nodeHash(x, four))).toBe(false);
    expect(isConsistent(3, 4, [c, x, left, x], three, nodeHash(four, x))).toBe(false);
    expect(isConsistent(3, 4, [], three, four)).toBe(false);
  });

  it('of consistency shows nothing of a tree that is smaller than the older one', () => {
    for (const [from, to] of [
      [2, 1],
      [4, 2],
      [0, 1],
      [1, 0],
      [NaN, 1],
      [1, NaN],
    ] as const)
      // prettier-ignore
      expect(isConsistent(from, to, [], a, a)).toBe(false);
    expect(isConsistent(4, 4, [], a, a)).toBe(true);
    expect(isConsistent(4, 4, [], a, b)).toBe(false);
  });

  it('of consistency is judged exactly between trees of any size', () => {
    // of 2^49 leaves, one and another: a logarithm would take 2^49 + 1 for a power of two
    const size = 2 ** 49;
    const [older, newer] = [nodeHash(a, b), nodeHash(a, nodeHash(b, c))];
    expect(isConsistent(size + 1, size + 2, [b, c, a], older, newer)).toBe(true);
    expect(isConsistent(size + 1, size + 2, [c, a], older, newer)).toBe(false);
    expect(isConsistent(size, size + 1, [b], a, older)).toBe(true);
  });
});
