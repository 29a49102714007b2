import { describe, expect, it } from '@jest/globals';
import type { Checkpoint } from '../../src/proof/checkpoint.js';
import { compareWithNote, rootOf } from '../../src/proof/comparison.js';
import { MerkleTree } from '../../src/store/merkle-tree.js';
import { eventsOf, KeptTree } from './kept-tree.js';
import { ORIGIN } from './made-bundle.js';

const events = eventsOf(20);
const tree = new KeptTree(events);
const forged = new KeptTree(events.with(11, eventsOf(20, 'forged')[11]!));
const GENESIS = 'cd'.repeat(32);
/** A note over the first events of a history. */
const note = (size: number, of: KeptTree = tree, more: Partial<Checkpoint> = {}): Checkpoint => ({
  origin: ORIGIN,
  size,
  root: size > of.size ? 'ab'.repeat(32) : rootOf(of, size),
  genesis: GENESIS,
  ...more,
});

describe('the root over the first events', () => {
  it('is that of a ledger that was recorded so far, and there is none over more than all', () => {
    for (let size = 0; size <= 20; size++) expect(rootOf(tree, size)).toBe(new KeptTree(events.slice(0, size)).root);
    expect(rootOf(new KeptTree(), 0)).toBe(new MerkleTree().root());
    expect(() => rootOf(tree, 21)).toThrow(new RangeError('The tree has no 21 leaves.'));
  });
});

describe('a ledger and the last note that was signed over it', () => {
  const compared = (last: Checkpoint, older: readonly Checkpoint[], of = tree) => compareWithNote(of, GENESIS, last, older);

  it('agree where the ledger goes on from the note', () => {
    for (const size of [0, 1, 8, 20]) expect(compared(note(size), [])).toEqual({ state: 'agrees' });
    expect(compared(note(12), [note(4), note(8)])).toEqual({ state: 'agrees' });
  });

  it('differ where the first record is another', () =>
    expect(compared(note(8, tree, { genesis: 'ef'.repeat(32) }), [note(4)])).toEqual({
      state: 'differs',
      agreesUpTo: 0,
      detail: 'The first record of the ledger is not the one that the last note was signed with.',
    }));

  it('say how far the ledger goes where it has fewer events than were signed', () => {
    const behind = (older: readonly Checkpoint[]) => compared(note(21), older);
    expect(behind([])).toMatchObject({ state: 'behind', agreesUpTo: 0 });
    expect(behind([note(16), note(4), note(8, forged), note(12, forged)])).toEqual({
      state: 'behind',
      agreesUpTo: 16,
      detail:
        'The ledger has 20 events, but the last note was signed over 21; up to event 16 it agrees with an older note. ' +
        'Events were removed, or a backup was restored. If one was restored, start the server once with --new-epoch.',
    });
  });

  it.each<[readonly number[], number, number]>([
    [[], 0, 20],
    [[4], 4, 20],
    [[16, 4, 8], 8, 16],
    [[11, 12], 11, 12],
    [[19, 16, 12], 0, 12],
  ])('differ where an event is another, which older notes over %j events narrow', (sizes, agreesUpTo, first) => {
    expect(
      compared(
        note(20),
        sizes.map((size) => note(size)),
        forged,
      ),
    ).toEqual({
      state: 'differs',
      agreesUpTo,
      detail:
        `The ledger's events are not those that were signed: it agrees with the note over ${agreesUpTo} events, ` +
        `and not with the one over ${first}, so what was changed is among events ${agreesUpTo} to ${first - 1}, counted from 0.`,
    });
  });

  it('differ from the first note behind the last with which the ledger agrees, of those that are not over more events than it has', () => {
    const notOf = (older: readonly Checkpoint[]) => expect(compared(note(20), older, forged)).toMatchObject({ state: 'differs', detail: expect.stringContaining('among events 8 to 19') }); // prettier-ignore
    notOf([note(8), note(4, tree, { root: 'ab'.repeat(32) }), note(24)]);
    notOf([note(8), note(8, tree, { root: 'ab'.repeat(32) })]);
    // of the epoch before a backup was restored: the ledger goes another way since, and nothing of that was changed
    notOf([note(8), note(10, tree, { root: 'ab'.repeat(32), origin: 'example.org/l1/0' })]);
  });

  it('differ where the last note was signed after the forgery, and an older one was left', () => {
    const last = note(20, forged);
    expect(compared(last, [note(4), note(16)], forged)).toMatchObject({ state: 'differs', agreesUpTo: 4, detail: expect.stringContaining('among events 4 to 15') }); // prettier-ignore
    expect(compared(last, [note(20)], forged)).toMatchObject({ state: 'differs' });
    expect(compared(last, [note(4), note(8)], forged)).toEqual({ state: 'agrees' });
    // notes of another epoch need not agree, nor those over events that a backup has lost
    expect(compared(last, [note(16, tree, { origin: 'example.org/l1/2' })], forged)).toEqual({ state: 'agrees' });
    expect(compared(note(8, forged), [note(16)], forged)).toEqual({ state: 'agrees' });
  });
});
