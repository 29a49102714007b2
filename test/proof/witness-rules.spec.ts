import { describe, expect, it } from '@jest/globals';
import { signCheckpoint, type Checkpoint } from '../../src/proof/checkpoint.js';
import { COSIGNATURE, parseNote, parseVerifierKey, signedBy } from '../../src/proof/note.js';
import { Witness, witnessRequest, type Seen } from '../../src/proof/witness.js';
import { consistencyProof } from '../../src/store/merkle-proof.js';
import { rootOf } from '../../src/proof/comparison.js';
import { eventsOf, KeptTree } from './kept-tree.js';
import { KEY, keyText, ORIGIN, STRANGER } from './made-bundle.js';

const tree = new KeptTree(eventsOf(12));
const note = (size: number, more: Partial<Checkpoint> = {}, key = KEY): string =>
  signCheckpoint({ origin: ORIGIN, size, root: rootOf(tree, size), genesis: 'cd'.repeat(32), ...more }, key).note;
const asked = (old: number, size: number): string =>
  witnessRequest(old, old === 0 || old === size ? [] : consistencyProof(tree, old, size), note(size));

/** A witness that knows two ledgers, the first by two keys. */
const witnessOf = (seen: Record<string, Seen> = {}) => {
  const kept = new Map(Object.entries(seen));
  const writes: unknown[] = [];
  let isFull = false;
  const witness = new Witness({
    name: 'w',
    key: STRANGER,
    ledgers: [keyText(ORIGIN, STRANGER), keyText(), keyText('example.org/l2/1')].map(parseVerifierKey),
    seen: (origin) => kept.get(origin),
    keep: async (origin, last) => {
      await new Promise((resolve) => setImmediate(resolve));
      if (isFull) throw new Error('The disk is full.');
      kept.set(origin, last);
      writes.push([origin, last.size]);
    },
    now: () => 1_767_225_600,
  });
  return { witness, kept, writes, fill: (full: boolean) => (isFull = full) };
};
const seer = parseVerifierKey(keyText('w', STRANGER, COSIGNATURE));
const PLAIN = 'text/plain; charset=utf-8';

describe('a witness', () => {
  it('signs what continues the checkpoint that it signed last, which it has kept before', async () => {
    const { witness, kept, writes } = witnessOf();
    for (const [old, size] of [
      [0, 3],
      [3, 3],
      [3, 8],
      [8, 12],
    ] as const) {
      // prettier-ignore
      const { status, type, body } = await witness.add(asked(old, size));
      expect([status, type, signedBy(parseNote(note(size) + body), seer)]).toEqual([200, PLAIN, 1_767_225_600]);
      expect(kept.get(ORIGIN)).toEqual({ size, root: rootOf(tree, size) });
    }
    expect(writes).toEqual([3, 3, 8, 12].map((size) => [ORIGIN, size]));
    expect((await witness.add(asked(0, 0))).status).toBe(409);
    const fresh = witnessOf();
    expect((await fresh.witness.add(witnessRequest(0, [Buffer.alloc(32)], note(3)))).status).toBe(422);
    expect((await fresh.witness.add(asked(0, 0))).status).toBe(200);
    expect((await fresh.witness.add(asked(0, 5))).status).toBe(200);
  });

  it('keeps what it has seen of each ledger by itself', async () => {
    const { witness, kept } = witnessOf({ 'example.org/l2/1': { size: 9, root: 'ab'.repeat(32) } });
    expect((await witness.add(asked(0, 3))).status).toBe(200);
    expect(kept.get('example.org/l2/1')!.size).toBe(9);
  });

  it.each<[string, string, number, string]>([
    ['says the size that it has signed where another is named', asked(2, 8), 409, '3\n'],
    ['says the size that it has signed where none is named', asked(0, 8), 409, '3\n'],
    ['signs no other history of the same size', witnessRequest(3, [], note(3, { root: 'ab'.repeat(32) })), 409, '3\n'],
    [
      'signs nothing without a proof',
      witnessRequest(3, [], note(8)),
      422,
      'The proof does not lead from the checkpoint that was signed last to this one.\n',
    ],
    [
      'signs nothing by the proof of another size',
      witnessRequest(3, consistencyProof(tree, 4, 8), note(8)),
      422,
      'The proof does not lead from the checkpoint that was signed last to this one.\n',
    ],
    [
      'signs nothing with a proof where none is needed',
      witnessRequest(3, [Buffer.alloc(32)], note(3)),
      422,
      'The proof does not lead from the checkpoint that was signed last to this one.\n',
    ],
    [
      'signs no other history by a proof of this one',
      witnessRequest(3, consistencyProof(tree, 3, 8), note(8, { root: 'ab'.repeat(32) })),
      422,
      'The proof does not lead from the checkpoint that was signed last to this one.\n',
    ],
    [
      'refuses an old size above the new one',
      asked(9, 9).replace('old 9', 'old 10'),
      400,
      'The old size is above that of the checkpoint.\n',
    ],
    ['does not know every ledger', witnessRequest(0, [], note(3, { origin: 'example.org/l3/1' })), 404, 'The origin is not known here.\n'],
    [
      'refuses what a stranger signed',
      witnessRequest(3, [], note(3, {}, STRANGER).replace(ORIGIN, 'example.org/l2/1')),
      403,
      'The note over 3 events has no valid signature by a known key of example.org/l2/1.\n',
    ],
    [
      'refuses what is no checkpoint',
      witnessRequest(3, [], note(3).replace('genesis', 'genesi')),
      403,
      'This is no checkpoint of a ledger.\n',
    ],
    ['refuses a note without a signature', witnessRequest(3, [], `${ORIGIN}\n`), 403, 'This is no signed note.\n'],
    ['refuses what is no request', 'add', 400, 'This is no request to add a checkpoint.\n'],
    ['refuses a request without a note', 'old 3\n\n', 400, 'This is no request to add a checkpoint.\n'],
    ['refuses a size with a zero before it', asked(3, 3).replace('old 3', 'old 03'), 400, 'This is no request to add a checkpoint.\n'],
    [
      'refuses a size of 16 digits',
      asked(3, 3).replace('old 3', `old ${'3'.repeat(16)}`),
      400,
      'This is no request to add a checkpoint.\n',
    ],
    ['refuses a request with text before it', ` ${asked(3, 3)}`, 400, 'This is no request to add a checkpoint.\n'],
    [
      'refuses a proof whose hashes are too short',
      asked(3, 3).replace('\n\n', '\nAAAA\n\n'),
      400,
      'This is no request to add a checkpoint.\n',
    ],
    [
      'refuses a proof of more hashes than any tree needs',
      witnessRequest(3, Array<Buffer>(64).fill(Buffer.alloc(32)), note(8)),
      400,
      'This is no request to add a checkpoint.\n',
    ],
    [
      'reads a proof of as many hashes as a tree may need',
      witnessRequest(3, Array<Buffer>(63).fill(Buffer.alloc(32)), note(8)),
      422,
      'The proof does not lead from the checkpoint that was signed last to this one.\n',
    ],
  ])('%s', async (_, request, status, body) => {
    const { witness, writes } = witnessOf({ [ORIGIN]: { size: 3, root: rootOf(tree, 3) } });
    expect(await witness.add(request)).toEqual({ status, type: status === 409 ? 'text/x.tlog.size' : PLAIN, body });
    expect(writes).toEqual([]);
  });

  it('signs nothing that it could not keep, and answers the next request all the same', async () => {
    const { witness, kept, fill } = witnessOf();
    fill(true);
    await expect(witness.add(asked(0, 3))).rejects.toThrow('The disk is full.');
    expect(kept.size).toBe(0);
    fill(false);
    expect((await witness.add(asked(0, 3))).status).toBe(200);
  });

  it('signs one of two histories that are shown to it at once', async () => {
    const { witness, kept } = witnessOf();
    const two = [asked(0, 3), witnessRequest(0, [], note(4, { root: 'ab'.repeat(32) }))];
    expect((await Promise.all(two.map((request) => witness.add(request)))).map(({ status }) => status)).toEqual([200, 409]);
    expect(kept.get(ORIGIN)!.size).toBe(3);
  });
});
