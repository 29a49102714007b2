import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { canonical, UNREADABLE, type RecordedEvent } from '../../src/kernel/index.js';
import { memoryStore } from '../fakes/memory-store.js';
import { compareLogs, leafHash, leafOf, pagesOf, MerkleTree, type Hash } from '../../src/store/merkle-tree.js';
import { fact, facts, freshStream, metadata } from './event-store.contract.js';

const sha256 = (...chunks: (Hash | string)[]): Hash => {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest();
};

/** The definition in RFC 6962, 2.1, taken literally. */
const byDefinition = (leaves: readonly Hash[]): Hash => {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leaves[0]!;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha256('\u0001', byDefinition(leaves.slice(0, k)), byDefinition(leaves.slice(k)));
};

const treeOf = (leaves: readonly Hash[]): MerkleTree => {
  const tree = new MerkleTree();
  for (const leaf of leaves) tree.add(leaf);
  return tree;
};

const event: RecordedEvent = { ...fact({ b: 1, a: ['ü', 0.1] }), id: '019353d2-0000-7000-8000-000000000009', stream: 'contract-c-1', revision: 3, position: '12' }; // prettier-ignore

describe('the Merkle tree', () => {
  it('has the roots of the published Certificate Transparency test vectors', () => {
    const data = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
    const roots = [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ];
    const tree = new MerkleTree();
    expect(tree.root()).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    data.forEach((hex, i) => {
      tree.add(leafHash(Buffer.from(hex, 'hex').toString('latin1')));
      expect(tree.root()).toBe(roots[i]);
    });
  });

  it('of any size has the root that RFC 6962 defines', () => {
    const leaf = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.array(leaf, { maxLength: 70 }), (leaves) => {
        expect(treeOf(leaves).root()).toBe(byDefinition(leaves).toString('hex'));
      }),
    );
  });

  it('can be saved and restored at any size', () => {
    const leaves = Array.from({ length: 40 }, (_, n) => leafHash(String(n)));
    for (let n = 0; n <= 40; n++) {
      const state = JSON.parse(JSON.stringify(treeOf(leaves.slice(0, n)).state()));
      const tree = MerkleTree.from(state);
      expect(tree.size).toBe(n);
      expect(tree.root()).toBe(treeOf(leaves.slice(0, n)).root());
      for (const leaf of leaves.slice(n)) tree.add(leaf);
      expect(tree.root()).toBe(treeOf(leaves).root());
    }
  });

  it('keeps at most one hash for each binary digit of its size', () => {
    const tree = treeOf(Array.from({ length: 1023 }, (_, n) => leafHash(String(n))));
    expect(tree.state().frontier).toHaveLength(10 * 64);
    tree.add(leafHash('1023'));
    expect(tree.state().frontier).toHaveLength(64);
  });

  it('is not changed by leaves added to its clone', () => {
    const tree = treeOf([leafHash('a'), leafHash('b'), leafHash('c')]);
    const before = tree.root();
    const clone = tree.clone();
    clone.add(leafHash('d'));
    expect(tree.root()).toBe(before);
    expect(clone.root()).not.toBe(before);
    tree.add(leafHash('d'));
    expect(tree.root()).toBe(clone.root());
  });

  it('refuses an invalid state', () => {
    const { frontier } = treeOf([leafHash('a')]).state();
    for (const state of [
      { size: 2 ** 32 + 2 ** 31, frontier }, // two trees
      { size: 0, frontier },
      { size: -1, frontier },
      { size: 1.5, frontier },
      { size: 1, frontier: '' },
      { size: 1, frontier: 'z'.repeat(64) },
      { size: -1, frontier: '' },
      { size: 2 ** 53, frontier },
      { size: NaN, frontier: '' },
      { size: Infinity, frontier: '' },
    ])
      expect(() => MerkleTree.from(state)).toThrow(new RangeError('This is not a valid Merkle tree state.'));
    expect(MerkleTree.from({ size: 2 ** 40, frontier }).size).toBe(2 ** 40);
  });
});

const reversed = <T extends object>(value: T): T => Object.fromEntries(Object.entries(value).reverse()) as T;

describe('the leaf of an event', () => {
  it('is the hash of a zero byte and its canonical JSON', () => {
    const text =
      `{"data":{"a":["ü",0.1],"b":1},"id":"019353d2-0000-7000-8000-000000000009","metadata":${canonical(metadata)},` +
      '"revision":3,"stream":"contract-c-1","type":"ContractAwarded","v":1}';
    expect(leafOf(event)).toEqual(sha256(Buffer.from([0]), Buffer.from(text, 'utf8')));
  });

  it('does not depend on the position or the order of keys', () => {
    const leaf = leafOf(event);
    expect(leafOf({ ...event, position: 'k77' })).toEqual(leaf);
    expect(leafOf({ ...event, data: { a: ['ü', 0.1], b: 1 } })).toEqual(leaf);
    expect(leafOf(JSON.parse(JSON.stringify(event)))).toEqual(leaf);
    expect(leafOf({ ...event, metadata: reversed(metadata) })).toEqual(leaf);
  });

  it.each<[string, Partial<RecordedEvent>]>([
    ['its id', { id: '019353d2-0000-7000-8000-00000000000a' }],
    ['its stream', { stream: 'contract-c-2' }],
    ['its revision', { revision: 4 }],
    ['its type', { type: 'ContractSigned' }],
    ['its data', { data: { b: 1, a: ['ü', 0.10001] } }],
    ['the order of a list in it', { data: { b: 1, a: [0.1, 'ü'] } }],
    ['its metadata', { metadata: { ...metadata, actor: { id: 'person-2' } } }],
  ])('differs when %s differs', (_, changed) => {
    expect(leafOf({ ...event, ...changed })).not.toEqual(leafOf(event));
  });

  it('uses canonical JSON as defined by RFC 8785', () => {
    const numbers = '[333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001, -0, 1e21, 999999999999999900000, 1e-7]';
    expect(canonical(JSON.parse(numbers))).toBe('[333333333.3333333,1e+30,4.5,0.002,1e-27,0,1e+21,999999999999999900000,1e-7]');
    const text = String.raw`"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/\u2028\u007f"`;
    expect(canonical(JSON.parse(text))).toBe(String.raw`"€$\u000f\nA'B\"\\\\\"/` + '\u2028\u007f"');
    const keys = String.raw`{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7,"__proto__":8}`;
    expect(canonical(JSON.parse(keys))).toBe('{"\\r":2,"1":4,"__proto__":8,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}');
  });
});

describe('two logs', () => {
  const filled = async (sizes: readonly number[], events = facts(sizes.reduce((a, b) => a + b, 0))) => {
    const streams = sizes.map(() => freshStream());
    const batches = sizes.map((size, i) => events.slice(sizes.slice(0, i).reduce((a, b) => a + b, 0)).slice(0, size));
    const newStore = async () => {
      const store = memoryStore();
      for (const [i, stream] of streams.entries()) await store.append(stream, -1, batches[i]!);
      return store;
    };
    return { newStore, streams, batches };
  };

  it('are read in pages, each event once', async () => {
    const { newStore } = await filled([7, 6, 5]);
    const store = await newStore();
    const seen: RecordedEvent[] = [];
    for await (const page of pagesOf(store, undefined, 4)) seen.push(...page);
    expect(seen).toEqual(await store.readAll());
  });

  it('that are equal have the same root, up to the shorter end', async () => {
    const { newStore, streams } = await filled([3, 2]);
    const [one, other] = [await newStore(), await newStore()];
    const shifted = { readAll: async (after?: string, limit?: number) => (await other.readAll(after, limit)).slice(0, 2) };
    const log = await one.readAll();
    const { same, roots, positions, next } = await compareLogs(one, shifted);
    expect(same).toBe(5);
    expect(roots[0]).toBe(byDefinition(log.map(leafOf)).toString('hex'));
    expect(roots[1]).toBe(roots[0]);
    expect(positions).toEqual([log.at(-1)!.position, log.at(-1)!.position]);
    expect(next).toEqual([undefined, undefined]);
    await other.append(streams[0]!, 2, facts(1));
    expect((await compareLogs(one, other, { count: 5 })).next).toEqual([undefined, undefined]);
    const longer = await compareLogs(one, other);
    expect(longer.same).toBe(5);
    expect(longer.next).toMatchObject([undefined, { stream: streams[0], revision: 3 }]);
  });

  it('are compared without the events of other programs', async () => {
    const own = (await (async () => { const store = memoryStore(); await store.append('contract-a', -1, facts(6)); return store.readAll(); })()); // prettier-ignore
    const foreign = (count: number): RecordedEvent[] => Array.from({ length: count }, (_, n) => ({ ...own[0]!, id: `f${n}`, stream: 'other', position: `f${count}-${n}`, metadata: { ...metadata, schemaVersion: UNREADABLE } })); // prettier-ignore
    const logOf = (events: readonly RecordedEvent[]) => ({
      readAll: async (after?: string, limit?: number) => {
        const from = after === undefined ? 0 : events.findIndex(({ position }) => position === after) + 1;
        return events.slice(from, from + (limit ?? 1000));
      },
    });
    // the second log has a page of 500 that is not its own, and then the rest
    const other = logOf([...foreign(3), ...own.slice(0, 2), ...foreign(1200), ...own.slice(2)]);
    const whole = await compareLogs(logOf(own), other);
    expect(whole).toMatchObject({ same: 6, next: [undefined, undefined], positions: [own[5]!.position, own[5]!.position] });
    const three = await compareLogs(logOf(own), other, { count: 3 });
    expect([three.same, three.positions[0], three.roots[0]]).toEqual([3, own[2]!.position, treeOf(own.slice(0, 3).map(leafOf)).root()]);
    expect(await compareLogs(logOf(foreign(4)), logOf([]))).toMatchObject({ same: 0, next: [undefined, undefined], positions: [undefined, undefined] }); // prettier-ignore
    expect(await compareLogs(logOf(own), logOf(own), { count: 0 })).toMatchObject({ same: 0, next: [undefined, undefined] });
  });

  it('that diverge are reported with the first event that differs', async () => {
    const { streams, batches } = await filled([4, 4]);
    const [one, other] = [memoryStore(), memoryStore()];
    for (const [i, stream] of streams.entries()) await one.append(stream, -1, batches[i]!);
    await other.append(streams[0]!, -1, batches[0]!);
    await other.append(streams[1]!, -1, [batches[1]![0]!, { ...batches[1]![1]!, data: { n: 'forged' } }, batches[1]![2]!]);
    const { same, next } = await compareLogs(one, other);
    expect(same).toBe(5);
    expect(next).toMatchObject([
      { stream: streams[1], revision: 1, data: { n: 5 } },
      { stream: streams[1], revision: 1, data: { n: 'forged' } },
    ]);
  });
});
