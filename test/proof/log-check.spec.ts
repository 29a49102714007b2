import { describe, expect, it } from '@jest/globals';
import { UNREADABLE, type RecordedEvent } from '../../src/kernel/index.js';
import { LogCheck } from '../../src/proof/log-check.js';
import { checkTree } from '../../src/store/tree-check.js';
import { eventsOf, KeptTree, logOf } from './kept-tree.js';

const until = async (holds: () => boolean): Promise<void> => {
  for (let n = 0; !holds(); n++) {
    if (n > 1000) throw new Error('It did not come to pass.');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
};

/** More than 256 events, over which a node is kept that is compared. */
const SIZE = 600;
const events = eventsOf(SIZE);
const other = (n: number): RecordedEvent => eventsOf(n + 1, 'forged')[n]!;
const nameOf = (n: number): string => `position ${n + 1} (contract-c${Math.floor(n / 3)}, revision ${n % 3})`;
const foreign = (position: string): RecordedEvent => ({
  ...other(0),
  stream: 'other',
  position,
  metadata: { ...other(0).metadata, schemaVersion: UNREADABLE },
});

describe('a log that is compared with its tree', () => {
  const check = (log: readonly RecordedEvent[], tree = new KeptTree(events), options = {}) => checkTree(logOf(log), tree, options);

  it('is as it was stored', async () => {
    const tree = new KeptTree(events);
    const read: number[] = [];
    expect(await check(events, tree, { pause: async (n: number) => void read.push(n) })).toEqual({
      checked: SIZE,
      root: tree.root,
      faults: [],
    });
    expect(read).toEqual([200, 400, 600]);
    expect(await check([], new KeptTree())).toEqual({ checked: 0, root: new KeptTree().root, faults: [] });
  });

  it('is compared as far as the tree reached when the check began', async () => {
    const tree = new KeptTree(events.slice(0, 250));
    const log = logOf(events);
    const grown = { ...log, readAll: (after?: string, limit?: number) => (tree.size < 300 && tree.add(events[tree.size]!), log.readAll(after, limit)) }; // prettier-ignore
    expect(await checkTree(grown, tree)).toEqual({ checked: 250, root: new KeptTree(events.slice(0, 250)).root, faults: [] });
    expect(tree.size).toBe(252);
  });

  const differs = (n: number) => `The event at ${nameOf(n)} is not the one that was stored: its hash differs.`;
  it.each<[string, readonly RecordedEvent[], readonly string[], number]>([
    ['an event is another', events.with(450, other(450)), [differs(450)], SIZE - 1],
    ['two events are others', events.with(0, other(0)).with(SIZE - 1, other(SIZE - 1)), [differs(0), differs(SIZE - 1)], SIZE - 2],
    ['an event is missing', events.toSpliced(10, 1), [`Event 10 is missing before the event at ${nameOf(11)}.`], SIZE - 1],
    ['events are missing', events.toSpliced(190, 30), [`Events 190 to 219 are missing before the event at ${nameOf(220)}.`], SIZE - 30],
    [
      'two events stand in another order',
      events.with(2, events[3]!).with(3, events[2]!),
      [`Event 2 is missing before the event at ${nameOf(3)}.`, `Event 3 is missing before the event at ${nameOf(4)}.`],
      SIZE,
    ],
    ['the first is missing', events.slice(1), [`Event 0 is missing before the event at ${nameOf(1)}.`], SIZE - 1],
    ['the last is missing', events.slice(0, -1), [`Event ${SIZE - 1} is missing at the end of the log.`], SIZE - 1],
    ['its end is missing', events.slice(0, 400), [`Events 400 to ${SIZE - 1} are missing at the end of the log.`], 400],
    ['all of it is missing', [], [`Events 0 to ${SIZE - 1} are missing at the end of the log.`], 0],
    [
      'an event was put in',
      events.toSpliced(5, 0, { ...other(5), position: 'x', stream: 'contract-x' }),
      ['The event at position x (contract-x, revision 2) has no hash in the tree: it was put in later.'],
      SIZE,
    ],
  ])('is named where %s', async (_, log, faults, checked) => expect(await check(log)).toMatchObject({ faults, checked }));

  it('may hold what another program wrote, which is no leaf', async () =>
    expect(await check([foreign('a'), ...events.slice(0, 300), foreign('b'), ...events.slice(300)])).toMatchObject({
      checked: SIZE,
      faults: [],
    }));

  it('is named where the hash that is kept over events is not theirs, or is lost', async () => {
    const over = (from: number, until: number) => [`The hash that is kept over events ${from} to ${until} is not that of these events.`];
    for (const [index, from, until] of [
      [0, 0, 255],
      [1, 256, 511],
    ] as const) {
      // prettier-ignore
      const tree = new KeptTree(events);
      tree.nodes.set(`8 ${index}`, Buffer.alloc(32));
      expect((await check(events, tree)).faults).toEqual(over(from, until));
      tree.nodes.delete(`8 ${index}`);
      expect((await check(events, tree)).faults).toEqual(over(from, until));
    }
    // a tree makes the others of these when it is asked
    const tree = new KeptTree(events);
    tree.nodes.set('7 0', Buffer.alloc(32));
    expect((await check(events, tree)).faults).toEqual([]);
    // where an event is another one, so is all that is above it
    tree.nodes.set('8 0', Buffer.alloc(32));
    expect((await check(events.with(3, other(3)), tree)).faults).toEqual([differs(3)]);
    tree.node = () => {
      throw new TypeError('The disk is away.');
    };
    await expect(check(events, tree)).rejects.toThrow('The disk is away.');
  });

  it('is named where the root that is kept is not that of its events', async () => {
    const tree = new KeptTree(events);
    const { root } = tree;
    tree.claimed = 'ab'.repeat(32);
    expect((await check(events, tree)).faults).toEqual([
      `Every event has the hash that was kept, but the root over them is ${root}, and the kept one is ${tree.claimed}.`,
    ]);
    expect((await check(events.with(3, other(3)), tree)).faults).toEqual([differs(3)]);
  });

  it('is named first by what the tree says of itself', async () => {
    const tree = new KeptTree(events);
    tree.fault = 'They cannot belong together.';
    expect((await check(events.with(3, other(3)), tree)).faults).toEqual(['They cannot belong together.', differs(3)]);
  });

  it('is read no further behind twenty faults, or as many as are asked for', async () => {
    const forged = eventsOf(SIZE, 'forged');
    expect((await check(forged)).faults).toHaveLength(20);
    expect(await check(forged, undefined, { maxFaults: 3 })).toMatchObject({ checked: 0, faults: [differs(0), differs(1), differs(2)] });
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    await expect(check(events, undefined, { signal: stop.signal })).rejects.toThrow('enough');
    const soon = new AbortController();
    await expect(check(events, undefined, { signal: soon.signal, pause: async () => soon.abort(new Error('later')) })).rejects.toThrow(
      'later',
    );
  });
});

describe('the check of the log in the background', () => {
  const checked = (tree: KeptTree, log: () => readonly RecordedEvent[], everyMs = 1) => {
    const messages: unknown[][] = [];
    let [uptime, reads] = [0, 0];
    const store = { tree, readAll: (after?: string, limit?: number) => (reads++, logOf(log()).readAll(after, limit)) };
    const check = new LogCheck({ store, uptime: () => (uptime += 0.25), everyMs, log: (...message) => void messages.push(message) });
    return { check, messages, reads: () => reads };
  };
  const few = events.slice(0, 5);

  it('says how many events it has compared, and how long ago', async () => {
    const { check, messages } = checked(new KeptTree(few), () => few, 1e9);
    expect([check.last, check.fault, check.age]).toEqual([undefined, undefined, undefined]);
    await until(() => check.last !== undefined);
    const { endedAt } = check.last!;
    expect(check.last).toEqual({ events: 5, endedAt, faults: [] });
    expect(endedAt).toBeGreaterThan(0);
    const [one, two] = [check.age!, check.age!];
    expect(two - one).toBeCloseTo(0.00025, 10);
    expect(one).toBeCloseTo(0.00025, 10);
    expect([check.fault, messages]).toEqual([undefined, []]);
    await check.close();
  });

  it('goes on, and logs what it finds once', async () => {
    let log: readonly RecordedEvent[] = few;
    const { check, messages, reads } = checked(new KeptTree(few), () => log);
    await until(() => reads() > 3);
    expect(messages).toEqual([]);
    log = few.with(2, other(2));
    await until(() => check.fault !== undefined);
    const more = async () => {
      const before = reads();
      await until(() => reads() > before + 3);
    };
    await more();
    expect(messages).toEqual([[check.fault]]);
    expect(check.last).toMatchObject({ events: 4, faults: [expect.stringContaining(nameOf(2))] });
    log = few.with(2, other(2)).with(4, other(4));
    await until(() => check.last!.faults.length === 2);
    await more();
    expect(messages).toHaveLength(3);
    log = few;
    await until(() => check.fault === undefined);
    await check.close();
    const before = reads();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect([reads(), messages.length]).toEqual([before, 3]);
  });

  it('keeps its last result where the log cannot be read, says so, and ends when it is closed', async () => {
    const { check, messages } = checked(new KeptTree(few), () => {
      throw new Error('The disk is away.');
    });
    await until(() => messages.length > 0);
    expect([check.last, messages]).toEqual([
      undefined,
      [['The log could not be checked against its tree.', new Error('The disk is away.')]],
    ]);
    await new Promise((resolve) => setTimeout(resolve, 20)); // it tries again in a minute
    await check.close();
    expect(messages).toHaveLength(1);
    const closed = checked(new KeptTree(events), () => events);
    await closed.check.close();
    expect([closed.check.last, closed.messages]).toEqual([undefined, []]);
  });

  it('ends between two pages, and says nothing of what it has not read', async () => {
    let go = (): void => undefined;
    const held = new Promise<void>((resolve) => (go = resolve));
    const tree = new KeptTree(few);
    let isRead = false;
    const readAll = async (...page: [string?, number?]) => ((isRead = true), await held, logOf(few).readAll(...page));
    const messages: unknown[] = [];
    const check = new LogCheck({ store: { tree, readAll }, uptime: () => 0, everyMs: 1, log: (...message) => void messages.push(message) });
    await until(() => isRead);
    const closed = check.close();
    go();
    await closed;
    expect([check.last, messages]).toEqual([undefined, []]);
  });

  it('finds what is altered at once, and rests nine times as long as it works', async () => {
    const begun = performance.now();
    let uptime = 0;
    const messages: unknown[] = [];
    const altered = logOf(few.with(2, other(2)));
    const check = new LogCheck({ store: { tree: new KeptTree(few), readAll: altered.readAll }, uptime: () => (uptime += 5), everyMs: 1e9, log: (...message) => void messages.push(message) }); // prettier-ignore
    await until(() => check.last !== undefined);
    // five milliseconds before its page, and as many behind: a timer is never early by more than one
    expect(performance.now() - begun).toBeGreaterThan(86);
    expect(messages).toEqual([[check.fault]]);
    await check.close();
  });
});
