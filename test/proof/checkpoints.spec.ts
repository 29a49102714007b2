import { afterAll, describe, expect, it } from '@jest/globals';
import { copyFile, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { genesisHash, signCheckpoint, type SignedCheckpoint } from '../../src/proof/checkpoint.js';
import { Checkpoints, type CheckpointsOptions } from '../../src/proof/checkpoints.js';
import { cosign, parseNote, parseVerifierKey, signedBy } from '../../src/proof/note.js';
import { ProofFolder } from '../../src/proof/proof-folder.js';
import { eventsOf, KeptTree } from './kept-tree.js';
import { GENESIS, STRANGER } from './made-bundle.js';

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true }))));

const events = eventsOf(20);
const others = eventsOf(20, 'forged');
const NOW = '2026-03-04T05:06:07.089Z';

/** A ledger in memory, whose notes are kept in a folder. */
const ledgerOf = async (size: number) => {
  const dir = await mkdtemp(join(tmpdir(), 'tower-ledger-notes-'));
  folders.push(dir);
  const tree = new KeptTree(events.slice(0, size));
  const messages: string[] = [];
  let commit = (): void => undefined;
  const open = (more: Partial<CheckpointsOptions> = {}, kind: 'sqlite' | 'kurrentdb' = 'sqlite', folder = new ProofFolder(dir)) =>
    Checkpoints.open({
      store: { kind, genesis: { ...GENESIS, formatVersion: 2 }, tree, onCommit: (listener: () => void) => void (commit = listener) },
      folder,
      host: 'example.org',
      now: () => NOW,
      log: (message) => void messages.push(message),
      everyMs: 1,
      ...more,
    });
  const grow = (by: number, from = events): void => {
    for (const event of from.slice(tree.size, tree.size + by)) tree.add(event);
  };
  return { dir, tree, messages, open, grow, commit: () => commit(), folder: new ProofFolder(dir) };
};
const until = async (holds: () => boolean): Promise<void> => {
  for (let n = 0; !holds(); n++) {
    if (n > 1000) throw new Error('It did not come to pass.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
const sizes = (notes: readonly SignedCheckpoint[]): number[] => notes.map(({ size }) => size);

describe('the checkpoints of a ledger', () => {
  it('say which of the files that a restart needs was removed or replaced, once, until it is put back', async () => {
    const { dir, open, messages } = await ledgerOf(3);
    const checkpoints = await open({ lookEveryMs: 1 });
    const another = await ledgerOf(3);
    await (await another.open()).close();
    const away = join(dir, 'away');
    const states: string[] = [];
    for (const [name, by] of [
      ['key.pem'],
      ['checkpoint'],
      [''],
      ['key.pem', 'key.pem'],
      ['key.pem', 'checkpoint'],
      ['checkpoint', 'checkpoint'],
    ]) {
      const file = join(dir, 'proof', name!);
      await rename(file, away);
      if (by !== undefined) await copyFile(join(another.dir, 'proof', by), file);
      const state = by === undefined ? 'gone' : 'replaced';
      await until(() => checkpoints.missed?.state === state);
      expect(checkpoints.missed!.file).toMatch(new RegExp(`proof/${name || '(key\\.pem|checkpoint)'}$`));
      expect(checkpoints.fault).toBeUndefined();
      states.push(state);
      await rename(away, file);
      await until(() => checkpoints.missed === undefined);
    }
    const said = states.flatMap((state) => [`was (removed|${state === 'gone' ? 'removed' : 'replaced'}) while the ledger was open: put it back as it was`, 'are there again']); // prettier-ignore
    expect(messages).toEqual(said.map((text) => expect.stringMatching(new RegExp(`${text}\\.$`))));
    await checkpoints.close();
    await rm(join(dir, 'proof'), { recursive: true });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(checkpoints.missed).toBeUndefined();
  });

  it('take no note that is on its way into its file for another one', async () => {
    const { open, grow, messages } = await ledgerOf(1);
    const checkpoints = await open({ lookEveryMs: 0 });
    for (let n = 0; n < 15; n++) {
      grow(1);
      const note = (await checkpoints.current())!;
      await checkpoints.cosigned(note, [cosign(parseNote(note.note).body, 'w', STRANGER, 1)]);
      expect(checkpoints.missed).toBeUndefined();
    }
    await checkpoints.close();
    expect(messages).toEqual([]);
  });

  it('are not signed over what the check of the log found, until it finds nothing more', async () => {
    let found: string | undefined;
    const { open, grow, folder } = await ledgerOf(3);
    const checkpoints = await open({ altered: () => found });
    grow(1);
    found = 'The event at position 2 is not the one that was stored.';
    expect([(await checkpoints.current())!.size, folder.last()!.size]).toEqual([3, 3]);
    expect([checkpoints.alteration, checkpoints.fault]).toEqual([found, undefined]);
    found = undefined;
    expect([(await checkpoints.current())!.size, folder.last()!.size, checkpoints.alteration]).toEqual([4, 4, undefined]);
    await checkpoints.close();
  });

  it('are signed when it is opened, and again once it has grown', async () => {
    const { open, grow, tree, folder, messages } = await ledgerOf(3);
    const checkpoints = await open();
    const first = checkpoints.latest!;
    expect(first).toMatchObject({ origin: 'example.org/l1/1', size: 3, root: tree.root, genesis: genesisHash(checkpoints.genesis) });
    expect(signedBy(parseNote(first.note), parseVerifierKey(checkpoints.verifierKey))).toBe(true);
    expect(signedBy(parseNote(checkpoints.signer.sign('text\n')), parseVerifierKey(checkpoints.verifierKey))).toBe(true);
    expect(checkpoints.origin).toBe('example.org/l1/1');
    const seen: number[] = [];
    checkpoints.onSigned(({ size }) => void seen.push(size));
    expect(await checkpoints.current()).toBe(first);
    grow(2);
    expect(checkpoints.latest).toBe(first);
    expect((await checkpoints.current())!.size).toBe(5);
    expect(await checkpoints.current()).toBe(checkpoints.latest);
    expect([seen, folder.last()!.note]).toEqual([[5], checkpoints.latest!.note]);
    grow(1);
    await checkpoints.close();
    expect([seen, folder.last()!.size, messages]).toEqual([[5, 6], 6, []]);
    const again = await open();
    expect([again.latest!.note, again.fault, await again.current()]).toEqual([folder.last()!.note, undefined, again.latest]);
    await again.close();
  });

  it('are signed of themselves after what is recorded, once for all that comes meanwhile, until they are closed', async () => {
    const { open, grow, commit, folder } = await ledgerOf(1);
    const checkpoints = await open();
    const seen: number[] = [];
    checkpoints.onSigned(({ size }) => void seen.push(size));
    for (let n = 0; n < 3; n++) {
      grow(1);
      commit();
    }
    await until(() => seen.length > 0);
    grow(1);
    commit();
    await until(() => seen.length > 1);
    expect(seen).toEqual([4, 5]);
    grow(1);
    commit();
    await checkpoints.close();
    expect(seen).toEqual([4, 5, 6]);
    grow(1);
    commit();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([await checkpoints.current(), seen, folder.last()!.size]).toEqual([checkpoints.latest, [4, 5, 6], 6]);
  });

  it('are kept among the older ones when the ledger is opened and closed, and once in sixty', async () => {
    const { open, tree, folder, dir } = await ledgerOf(0);
    const checkpoints = await open();
    const many = eventsOf(130);
    expect(sizes(folder.older())).toEqual([0]);
    for (let n = 0; n < 130; n++) {
      tree.add(many[n]!);
      await checkpoints.current();
    }
    expect(sizes(folder.older())).toEqual([0, 60, 120]);
    await checkpoints.close();
    expect(sizes(folder.older())).toEqual([0, 60, 120, 130]);
    await (await open()).close();
    expect(sizes(folder.older())).toEqual([0, 60, 120, 130]);
    // of a process that ended without closing them, the next one keeps the last
    const killed = await open();
    for (const event of eventsOf(132).slice(130)) {
      tree.add(event);
      await killed.current();
    }
    expect(sizes(folder.older())).toEqual([0, 60, 120, 130, 131]);
    await open();
    expect(sizes(folder.older())).toEqual([0, 60, 120, 130, 131, 132]);
    expect((await readdir(join(dir, 'proof'))).sort()).toEqual(['checkpoint', 'key.pem', 'older-checkpoints']);
  });

  it('carry the signatures of witnesses, where they came while the note was the newest', async () => {
    const { open, grow, folder } = await ledgerOf(3);
    const checkpoints = await open();
    const first = checkpoints.latest!;
    const line = cosign(parseNote(first.note).body, 'w', STRANGER, 1);
    await checkpoints.cosigned(first, [line]);
    expect([checkpoints.latest!.note, folder.last()!.note]).toEqual([first.note + line, first.note + line]);
    const later = cosign(parseNote(first.note).body, 'w', STRANGER, 2);
    await checkpoints.cosigned(first, [later]); // the note has changed meanwhile
    expect(checkpoints.latest!.note).toBe(first.note + line);
    expect((await checkpoints.current())!.note).toBe(first.note + line);
    grow(1);
    const next = (await checkpoints.current())!;
    await checkpoints.cosigned(first, [line]);
    expect([checkpoints.latest, folder.last()!.note]).toEqual([next, next.note]);
    await checkpoints.cosigned(next, [line]);
    await checkpoints.close();
    const again = await open();
    expect([again.latest!.note, folder.last()!.note]).toEqual([next.note + line, next.note + line]);
    await again.close();
  });

  it('carry one signature of each witness, however often it signs the same one', async () => {
    const { open, folder } = await ledgerOf(3);
    const line = (name: string, at: number) => cosign(parseNote(folder.last()!.note).body, name, STRANGER, at);
    for (let at = 1; at <= 70; at++) {
      const checkpoints = await open();
      await checkpoints.cosigned(checkpoints.latest!, [line('w', at), line('v', at)]);
      await checkpoints.close();
    }
    const { note } = folder.last()!;
    expect(note.endsWith(line('w', 70) + line('v', 70))).toBe(true);
    expect([parseNote(note).signatures.length, folder.older().map((older) => older.note)]).toEqual([3, [note]]);
  });

  it('stay as they are where a note would have more signatures than any reader takes', async () => {
    const { open, folder } = await ledgerOf(3);
    const checkpoints = await open();
    const first = checkpoints.latest!;
    const lines = Array.from({ length: 64 }, (_, i) => cosign(parseNote(first.note).body, `w${i}`, STRANGER, 1));
    await expect(checkpoints.cosigned(first, lines)).rejects.toThrow('64 signatures at most');
    expect([checkpoints.latest, folder.last()!.note]).toEqual([first, first.note]);
    await checkpoints.cosigned(first, lines.slice(1));
    expect(parseNote(folder.last()!.note).signatures).toHaveLength(64);
    await checkpoints.close();
  });

  it('are kept in a folder that is made, also where the key that all nodes share lies elsewhere', async () => {
    const { open, messages, dir } = await ledgerOf(3);
    const shared = (await ledgerOf(0)).dir;
    const folder = new ProofFolder(dir, join(shared, 'key.pem'));
    await (await open({}, 'sqlite', folder)).close();
    expect([folder.last()?.size, messages, await readdir(join(dir, 'proof'))]).toEqual([3, [], ['checkpoint', 'older-checkpoints']]);
  });

  it('do not keep a ledger from closing whose folder of them was removed', async () => {
    const { open, messages, dir } = await ledgerOf(3);
    const checkpoints = await open();
    await rm(join(dir, 'proof'), { recursive: true });
    await checkpoints.close();
    expect(messages).toEqual(['A checkpoint could not be kept among the older ones.']);
  });

  it('go on after one that could not be kept', async () => {
    const { open, grow, dir } = await ledgerOf(3);
    const errors: unknown[] = [];
    let isFull = false;
    class FullFolder extends ProofFolder {
      override async keep(note: string): Promise<void> {
        if (isFull) throw new Error('The disk is full.');
        return super.keep(note);
      }
    }
    const checkpoints = await open({ log: (...message) => void errors.push(message) }, 'sqlite', new FullFolder(dir));
    const first = checkpoints.latest!;
    isFull = true;
    grow(1);
    expect(await checkpoints.current()).toBe(first);
    expect(errors).toEqual([['A checkpoint could not be kept.', new Error('The disk is full.')]]);
    await expect(checkpoints.cosigned(first, [cosign(parseNote(first.note).body, 'w', STRANGER, 1)])).rejects.toThrow('The disk is full.');
    expect(checkpoints.latest).toBe(first);
    isFull = false;
    expect((await checkpoints.current())!.size).toBe(4);
    await checkpoints.close();
  });
});

describe('a ledger that does not agree with its last note', () => {
  /** A ledger that was signed over ten events, and then altered. */
  const altered = async (alter: (tree: KeptTree, dir: string) => unknown, kind?: 'kurrentdb') => {
    const ledger = await ledgerOf(6);
    await (await ledger.open()).close();
    ledger.grow(4);
    await (await ledger.open()).close();
    await alter(ledger.tree, ledger.dir);
    const checkpoints = await ledger.open({}, kind);
    return { ...ledger, checkpoints };
  };
  const cut = (tree: KeptTree): void => tree.become(events.slice(0, 8));
  const forged = (tree: KeptTree): void => tree.become(events.slice(0, 10).with(7, others[7]!));
  const gone = (_: KeptTree, dir: string) => rm(join(dir, 'proof', 'checkpoint'));

  it.each<[string, (tree: KeptTree, dir: string) => unknown, string]>([
    ['is behind it', cut, 'The ledger has 8 events, but the last note was signed over 10; up to event 6 it agrees with an older note.'],
    ['has other events', forged, 'so what was changed is among events 6 to 9, counted from 0.'],
    ['has lost it', gone, 'The last note is gone, though older ones are kept.'],
    ['has another text in its place', (_, dir) => writeFile(join(dir, 'proof', 'checkpoint'), 'x'), 'The last note cannot be read: This is no signed note.'], // prettier-ignore
  ])('says why, and nothing more is signed, where it %s', async (_, alter, reason) => {
    const { checkpoints, messages, grow, commit, folder } = await altered(alter);
    expect([checkpoints.latest, await checkpoints.current()]).toEqual([undefined, undefined]);
    expect(checkpoints.fault).toContain(reason);
    expect(messages).toEqual([checkpoints.fault]);
    grow(2);
    commit();
    await checkpoints.close();
    expect([checkpoints.latest, sizes(folder.older())]).toEqual([undefined, [6, 10]]);
    expect(folder.epochs()).toEqual([]);
  });

  it('begins a new epoch where the operator says so, and stays in it', async () => {
    for (const [alter, size, agreesUpTo] of [
      [cut, 8, 6],
      [forged, 10, 6],
      [gone, 10, 0],
    ] as const) {
      // prettier-ignore
      const { checkpoints, open, folder, tree, messages } = await altered(alter);
      const reason = checkpoints.fault;
      const last = alter === gone ? '' : folder.last()!.note;
      await checkpoints.close();
      const begun = await open({ newEpoch: true });
      expect([begun.fault, begun.latest!.origin, begun.latest!.size]).toEqual([undefined, 'example.org/l1/2', size]);
      expect(folder.epochs()).toEqual([{ epoch: 2, begunAt: NOW, size, root: tree.root, agreesUpTo, last }]);
      expect(messages.at(-1)).toBe(`Epoch 2 of the notes begins at ${size} events, since --new-epoch is given: ${reason}`);
      await begun.close();
      const again = await open({ newEpoch: true });
      expect([again.fault, again.origin, folder.epochs().length]).toEqual([undefined, 'example.org/l1/2', 1]);
      await again.close();
      await rm(join(folders.at(-1)!, 'proof', 'checkpoint'));
      await rm(join(folders.at(-1)!, 'proof', 'older-checkpoints'));
      const without = await open();
      expect(without.origin).toBe('example.org/l1/2');
      await without.close();
    }
  });

  it('stays in an epoch of two digits', async () => {
    const { open, folder } = await ledgerOf(3);
    const first = await open();
    await first.close();
    const { size, root, genesis } = first.latest!;
    await folder.keep(signCheckpoint({ origin: 'example.org/l1/12', size, root, genesis }, folder.key()).note);
    const again = await open();
    expect([again.fault, again.origin]).toEqual([undefined, 'example.org/l1/12']);
    await again.close();
  });

  it('is none where nothing was signed before, or where nothing is recorded', async () => {
    const { open, dir, folder, tree } = await ledgerOf(3);
    await (await open()).close();
    await rm(join(dir, 'proof', 'checkpoint'));
    await rm(join(dir, 'proof', 'older-checkpoints'));
    const one = await open();
    expect(one.fault).toBeUndefined();
    await one.close();
    await rm(join(dir, 'proof', 'checkpoint'));
    tree.become([]);
    const empty = await open();
    expect([empty.fault, sizes(folder.older())]).toEqual([undefined, [3, 0]]);
    await empty.close();
  });

  it('is not ready, and signs nothing, while its tree does not belong to its log', async () => {
    const { open, tree, folder, grow } = await ledgerOf(3);
    await (await open()).close();
    tree.fault = 'The log has other events.';
    grow(1);
    const checkpoints = await open({ newEpoch: true });
    expect([checkpoints.fault, checkpoints.latest, await checkpoints.current()]).toEqual([
      'The log has other events.',
      undefined,
      undefined,
    ]);
    expect([folder.last()!.size, folder.epochs()]).toEqual([3, []]);
    await checkpoints.close();
  });

  it('may be a replica that has yet to catch up, and signs nothing until it has', async () => {
    const { checkpoints, grow, folder, messages } = await altered(cut, 'kurrentdb');
    const last = folder.last()!.note;
    expect([checkpoints.fault, await checkpoints.current()]).toEqual([undefined, undefined]);
    grow(1);
    expect([checkpoints.fault, await checkpoints.current()]).toEqual([undefined, undefined]);
    expect(folder.last()!.note).toBe(last);
    grow(1);
    expect((await checkpoints.current())!.size).toBe(10);
    grow(1);
    expect((await checkpoints.current())!.size).toBe(11);
    await checkpoints.close();
    expect(messages).toEqual([]);
  });

  it('is found in a replica once it has caught up', async () => {
    const { checkpoints, grow, folder, messages } = await altered(cut, 'kurrentdb');
    const last = folder.last()!.note;
    grow(2, others);
    expect(await checkpoints.current()).toBeUndefined();
    expect(folder.last()!.note).toBe(last);
    expect(checkpoints.fault).toContain('so what was changed is among events 6 to 9, counted from 0.');
    expect(messages).toEqual([checkpoints.fault]);
    grow(1);
    expect(await checkpoints.current()).toBeUndefined();
    await checkpoints.close();
    expect([folder.last()!.size, messages.length]).toEqual([10, 1]);
  });

  it('is found in a replica that has other events already', async () => {
    const { checkpoints } = await altered(forged, 'kurrentdb');
    expect(checkpoints.fault).toContain('among events 6 to 9');
    await checkpoints.close();
  });
});
