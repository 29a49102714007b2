import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { targetsOf } from '../../src/engine/read/projection-writer.js';
import { DayIndex, type LinkedSince, type Placed, type Standing } from '../../src/engine/read/rows/day-index.js';
import { DayLookup, type Shown } from '../../src/engine/read/rows/day-lookup.js';
import { evaluated } from '../../src/engine/read/rows/rendering.js';
import { linkedList, NEWEST, ranked, sums, through, type Contribution, type StreamSource } from '../../src/kernel/index.js';

interface Given {
  readonly stream: string;
  readonly revision?: number;
  readonly contributes?: readonly (Contribution & { readonly event?: number; readonly since?: number })[];
  readonly uncertain?: readonly [approximate: number, leftOut: number];
  readonly without?: Standing['without'];
  readonly faulted?: readonly string[];
}
/** Streams in the order in which they began, the first at sequence 10, the next at 20. */
const standingsOf = (given: readonly Given[]): readonly Standing[] =>
  given.map(({ stream, revision = 0, contributes = [], uncertain = [0, 0], without, faulted }, i) => {
    const since = 10 * (i + 1);
    const standing: Standing = {
      stream,
      revision,
      since,
      placed: [],
      approximate: uncertain[0],
      leftOut: uncertain[1],
      bytes: 100 + i,
      ...(without && { without }),
      ...(faulted && { fault: { since, totals: new Set(faulted) } }),
    };
    for (const { event, since: at = since, ...contribution } of contributes)
      standing.placed.push({ contribution, targets: targetsOf(contribution), standing, since: at, ...(event !== undefined && { event }) });
    return standing;
  });
const indexOf = (...given: readonly Given[]) => DayIndex.of(100, standingsOf(given), async () => undefined);
/** The same where contracts carry on what counts under them, and links of some streams are newer than the streams. */
const indexOnDay = (given: readonly Given[], linkedSince?: LinkedSince) =>
  DayIndex.of(100, standingsOf(given), async () => undefined, linkedSince, new Map([['contract', ['', '#authority']]]));
const ids = (placed: readonly Placed[] = []) => placed.map(({ standing: { stream }, contribution: { key } }) => `${stream} ${key}`);

describe('what streams contribute on a day', () => {
  it('is found by stream, by key and by link; under one key is that of the stream that began first', async () => {
    const index = await indexOf(
      { stream: 'contract-b', contributes: [{ key: 'contract:b', links: ['tower:euc', 'tower:euc'] }] },
      { stream: 'contract-a', contributes: [{ key: 'contract:a', links: ['tower:euc', ranked(1, 'tower:net')] }, { key: 'contract:b' }] }, // prettier-ignore
    );
    expect([...index.byStream.keys()]).toEqual(['contract-b', 'contract-a']);
    expect([...index.places].map(([key, { standing }]) => [key, standing.stream])).toEqual([['contract:b', 'contract-b'], ['contract:a', 'contract-a']]); // prettier-ignore
    expect([...index.lists].map(([target, placed]) => [target, ids(placed)])).toEqual([
      ['contract0>tower:euc', ['contract-b contract:b', 'contract-a contract:a']],
      ['contract1>tower:net', ['contract-a contract:a']],
    ]);
    expect(index.at).toBe(100);
  });

  it('has the keys of rows in order, those of streams first, then those of events as they were recorded, each once', async () => {
    const event = (id: string, since: number, row = true) => ({ key: `event:${id}` as const, row, event: since, since });
    const index = await indexOf(
      { stream: 'contract-z', contributes: [{ key: 'contract:z', row: true }, event('1', 33), { key: 'contract:y' }] },
      { stream: 'contract-a', contributes: [{ key: 'contract:a', row: true }, event('2', 22), event('3', 44, false), event('4', 25)] },
      { stream: 'contract-b', contributes: [{ key: 'contract:a', row: true }] },
    );
    expect(index.rowKeys).toEqual(['contract:a', 'contract:z', 'event:2', 'event:4', 'event:1']);
  });

  it('lists what single events contribute among the others as they were recorded', async () => {
    const event = (id: string, since: number) => ({ key: `event:${id}` as const, links: ['person:p'], event: 0, since });
    const index = await indexOf(
      { stream: 'contract-z', contributes: [event('late', 33), event('first', 11)] },
      { stream: 'contract-a', contributes: [event('second', 22)] },
    );
    expect(ids(index.lists.get('event0>person:p'))).toEqual(['contract-z event:first', 'contract-a event:second', 'contract-z event:late']); // prettier-ignore
  });

  it('is added up by total; what comes to nothing is omitted, and a stream that cannot be folded is counted', async () => {
    const adding = (n: bigint, m = 0n) => [{ key: 'contract:x' as const, sums: { 'programme:met': { n, m } } }];
    const index = await indexOf(
      { stream: 'contract-a', contributes: adding(2n, 5n) },
      { stream: 'contract-b', contributes: adding(-2n) },
      { stream: 'contract-c', faulted: ['programme:met', 'tower:euc'] },
    );
    expect(index.measures('programme:met')).toEqual({ m: 5n, faulted: 1n });
    expect([index.measures('tower:euc'), index.measures('tower:net')]).toEqual([{ faulted: 1n }, {}]);
  });

  it('names the streams with uncertain facts that have a share in a total', async () => {
    const adding = (id: string) => [{ key: `contract:${id}` as const, sums: { 'programme:met': { n: 1n } } }];
    const index = await indexOf(
      { stream: 'contract-a', contributes: adding('a'), uncertain: [1, 0] },
      { stream: 'contract-b', contributes: adding('b') },
      { stream: 'contract-c', contributes: adding('c'), uncertain: [0, 2] },
      { stream: 'contract-d', contributes: adding('d'), uncertain: [1, 1] },
      { stream: 'contract-e', uncertain: [1, 1] },
    );
    expect([...index.uncertainIn].map(([total, streams]) => [total, [...streams]])).toEqual([['programme:met', ['contract-a', 'contract-c', 'contract-d']]]); // prettier-ignore
  });

  it('is weighed as what its streams weigh, and lets other work in after each of them', async () => {
    const worked: unknown[] = [];
    const given = [{ stream: 'contract-a', contributes: [{ key: 'contract:a' as const }, { key: 'contract:b' as const }] }, { stream: 'contract-c' }]; // prettier-ignore
    const index = await DayIndex.of(100, standingsOf(given), async (work) => void worked.push(work));
    expect([index.bytes, worked]).toEqual([201, [2, 0]]);
  });
});

describe('what goes on through a contract on a day', () => {
  const contract = (id: string, ...suppliers: readonly string[]): Given => ({
    stream: `contract-${id}`,
    contributes: [{ key: `contract:${id}`, links: suppliers.map((of) => `supplier:${of}`) }],
  });
  /** A loss that names contracts, of one pound under each of them. */
  const loss = (id: string, contracts: readonly string[], links: readonly string[] = []): Given => ({
    stream: `loss-${id}`,
    contributes: [
      {
        key: `loss:${id}`,
        links: [...links, ...contracts.map((of) => through(`contract:${of}`))],
        sums: Object.fromEntries(contracts.map((of) => [`contract:${of}`, { pence: 100n }])),
      },
    ],
  });

  it('is listed and counted with its suppliers of that day, whichever stream began first', async () => {
    const index = await indexOnDay([loss('a', ['desks']), contract('desks', 'csc', 'atos'), loss('b', ['desks'])]);
    for (const supplier of ['csc', 'atos']) {
      expect(ids(index.linked(`loss0>supplier:${supplier}`))).toEqual(['loss-a loss:a', 'loss-b loss:b']);
      expect(index.measures(`supplier:${supplier}`)).toEqual({ pence: 200n });
    }
    expect(index.measures('contract:desks')).toEqual({ pence: 200n });
  });

  it('is listed once with a supplier that it names itself, or of two contracts that it names', async () => {
    const index = await indexOnDay([contract('desks', 'csc'), contract('lan', 'csc'), loss('a', ['desks'], ['supplier:csc']), loss('b', ['desks', 'lan'])]); // prettier-ignore
    expect(ids(index.linked('loss0>supplier:csc'))).toEqual(['loss-a loss:a', 'loss-b loss:b']);
    expect(index.measures('supplier:csc')).toEqual({ pence: 300n });
  });

  it('is nowhere else where the contract is not there on that day, or has no supplier', async () => {
    const index = await indexOnDay([contract('planned'), loss('a', ['planned', 'unheard-of'])]);
    expect([...index.lists].map(([target, placed]) => [target, ids(placed)])).toEqual([
      ['^>contract:planned', ['loss-a loss:a']],
      ['^>contract:unheard-of', ['loss-a loss:a']],
    ]);
    expect(index.measures('supplier:csc')).toEqual({});
  });

  it('is uncertain where its own facts are, or those of the contract', async () => {
    const uncertain = (given: Given): Given => ({ ...given, uncertain: [1, 0] });
    const ofSupplier = async (...given: readonly Given[]) => [...((await indexOnDay(given)).uncertainIn.get('supplier:csc') ?? [])];
    const [desks, a, b] = [contract('desks', 'csc'), loss('a', ['desks']), loss('b', ['desks'])];
    expect(await ofSupplier(desks, a, b)).toEqual([]);
    expect(await ofSupplier(desks, uncertain(a), b)).toEqual(['loss-a']);
    expect(await ofSupplier(uncertain(desks), uncertain(a), b)).toEqual(['loss-a', 'contract-desks']);
  });
});

describe('a list on a day', () => {
  const at = (id: string, ...keys: readonly string[]): Given => ({
    stream: `contract-${id}`,
    contributes: keys.map((key) => ({ key: `contract:${key}`, links: ['tower:euc'] })),
  });

  it('has what is linked on that day alone since its stream began, and the rest since it is linked in the ledger', async () => {
    const asked: unknown[] = [];
    const index = await indexOnDay([at('a', 'a'), at('b', 'b'), at('c', 'c'), at('d', 'd')], (...question) => {
      asked.push(question);
      return new Map([['contract-a contract:a', 35], ['contract-c contract:c', 15], ['contract-b contract:d', 90]]); // prettier-ignore
    });
    const whole = ['contract-c contract:c', 'contract-b contract:b', 'contract-a contract:a', 'contract-d contract:d'];
    expect([ids(index.linked('contract0>tower:euc')), ids(index.linked('contract0>tower:euc'))]).toEqual([whole, whole]);
    expect(asked).toEqual([['contract0>tower:euc', 100]]); // once a list
  });

  it('has links of one event by the beginning of their streams, and those of one stream by key', async () => {
    const names = ['contract-a contract:a1', 'contract-a contract:a10', 'contract-a contract:a2', 'contract-b contract:b'];
    const index = await indexOnDay([at('a', 'a2', 'a10', 'a1'), at('b', 'b')], () => new Map(names.map((name) => [name, 50])));
    expect(ids(index.linked('contract0>tower:euc'))).toEqual(names);
  });

  it('of one, or of none, is looked up nowhere', async () => {
    const index = await indexOnDay([at('a', 'a')], () => {
      throw new Error('Nothing is in another order.');
    });
    expect([ids(index.linked('contract0>tower:euc')), index.linked('contract0>tower:net')]).toEqual([['contract-a contract:a'], []]);
  });
});

const contracts: StreamSource<'contract', { readonly title: string }> = { kind: 'contract', category: 'contract', place: () => [], show: () => ({}) }; // prettier-ignore
const byRank = linkedList(contracts, { ranks: 3, entry: ({ title }) => title });
const KEY = 'tower:euc';

/** Evaluates a question to an index, and says what it had to fetch. */
const ask = async <T>(
  index: DayIndex,
  question: (lookup: DayLookup) => T,
  shownOf: (placed: Placed) => Shown = ({ standing, contribution: { key } }) => ({ [key]: { title: `${standing.stream} ${key}` } }),
) => {
  // prettier-ignore
  const lookup = new DayLookup(index, '2016-02-29');
  const fetched: string[] = [];
  const answer = await evaluated(
    lookup,
    () => question(lookup),
    async (placed, id) => {
      fetched.push(id);
      return shownOf(placed);
    },
  );
  return { answer, fetched, touched: [...lookup.touched] };
};

describe('what a row sees of a day', () => {
  it('is what a contribution shows, fetched once, and nothing where there is none', async () => {
    const index = await indexOf({ stream: 'contract-a', revision: 4, contributes: [{ key: 'contract:a' }] });
    const { answer, fetched } = await ask(index, (lookup) => [lookup.get(contracts, 'a'), lookup.get(contracts, 'a'), lookup.get(contracts, 'b')]); // prettier-ignore
    expect(answer).toEqual([{ title: 'contract-a contract:a' }, { title: 'contract-a contract:a' }, undefined]);
    expect(fetched).toEqual(['contract-a@4']);
  });

  it('is of an event, of a stream and of a stream without its uncertain facts each a thing of its own', async () => {
    const index = await indexOf(
      { stream: 'contract-a', revision: 4, contributes: [{ key: 'contract:a' }, { key: 'contract:e', event: 2 }] },
      { stream: 'contract-b', revision: 1, contributes: [{ key: 'contract:b' }], without: 'left-out', uncertain: [1, 0] },
      { stream: 'contract-c', revision: 1, contributes: [{ key: 'contract:c' }], without: 'illegal', uncertain: [0, 1] },
    );
    const { fetched, touched } = await ask(index, (lookup) => ['a', 'e', 'b', 'c'].map((id) => lookup.get(contracts, id)));
    expect(fetched).toEqual(['contract-a@4', 'contract-a@2!', 'contract-b@1~', 'contract-c@1']);
    expect(touched).toEqual(['contract-b', 'contract-c']);
  });

  it('are entries of a list, the newest first within each rank, without those that show nothing', async () => {
    const at = (id: string, rank: number) => ({ stream: `contract-${id}`, contributes: [{ key: `contract:${id}` as const, links: [ranked(rank, KEY)] }] }); // prettier-ignore
    const index = await indexOf(at('a', 1), at('b', 0), at('c', 1), at('d', 0), at('e', 2), at('f', 1));
    const shown = ({ contribution: { key } }: Placed): Shown => (key === 'contract:c' ? {} : { [key]: { title: key.slice(-1) } });
    expect((await ask(index, (lookup) => lookup.newest(byRank, KEY), shown)).answer).toEqual(['d', 'b', 'f', 'a', 'e']);
    expect((await ask(index, (lookup) => lookup.newest({ ...byRank, most: 3 }, KEY), shown)).answer).toEqual(['d', 'b', 'f']);
    expect((await ask(index, (lookup) => lookup.newest(linkedList(contracts, { entry: ({ title }) => title }), KEY), shown)).answer).toEqual(['d', 'b']); // prettier-ignore
    expect((await ask(index, (lookup) => lookup.newest(byRank, 'tower:net'), shown)).answer).toEqual([]);
  });

  it('is no more of a list than the newest', async () => {
    const index = await indexOf(...Array.from({ length: NEWEST + 5 }, (_, i) => ({ stream: `contract-${i}`, contributes: [{ key: `contract:${i}` as const, links: [KEY] }] }))); // prettier-ignore
    const { answer, fetched } = await ask(index, (lookup) => lookup.newest(linkedList(contracts), KEY));
    expect([answer.length, fetched.length, answer[0]]).toEqual([
      NEWEST,
      NEWEST,
      { title: `contract-${NEWEST + 4} contract:${NEWEST + 4}` },
    ]);
  });

  it('is of a list any part of it', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.nat(2), { maxLength: 12 }), fc.nat(13), fc.nat(13), async (ranks, skip, limit) => {
        const index = await indexOf(...ranks.map((rank, i) => ({ stream: `contract-${i}`, contributes: [{ key: `contract:${i}` as const, links: [ranked(rank, KEY)] }] }))); // prettier-ignore
        const whole = [0, 1, 2].flatMap((rank) => ranks.flatMap((own, i) => (own === rank ? [`contract-${i} contract:${i}`] : [])).toReversed()); // prettier-ignore
        expect(ids(new DayLookup(index, '2016').linking(byRank, KEY, skip, limit))).toEqual(whole.slice(skip, skip + limit));
      }),
    ));

  it('are totals, with the streams that may change them and those that cannot be folded', async () => {
    const totals = sums({ n: 'count' });
    const index = await indexOf(
      { stream: 'contract-a', contributes: [{ key: 'contract:a', sums: { [KEY]: { n: 2n } } }], uncertain: [1, 0] },
      { stream: 'contract-b', faulted: [KEY] },
    );
    const { answer, touched } = await ask(index, (lookup) => [lookup.sum(totals, KEY), lookup.faulted(KEY), lookup.faulted('tower:net'), lookup.sum(totals, 'tower:net')]); // prettier-ignore
    expect([answer, touched]).toEqual([[{ n: 2 }, 1, 0, { n: 0 }], ['contract-a']]);
  });
});
