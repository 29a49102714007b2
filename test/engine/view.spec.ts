import { describe, expect, it } from '@jest/globals';
import { targetsOf, under } from '../../src/engine/read/projection-writer.js';
import type { Added } from '../../src/engine/read/rows/added.js';
import { evaluated, type ServedBuild } from '../../src/engine/read/rows/rendering.js';
import { InvalidCursorError } from '../../src/engine/read/read-errors.js';
import { cursorOfPlace, placeOfCursor, View, placeOfOrigin, type ListPlace, type Origin } from '../../src/engine/read/rows/view.js';
import { eventSource, linkedList, NEWEST, ranked, sums, type Contribution, type Key, type StreamSource } from '../../src/kernel/index.js';
import type { ReadModelReader } from '../../src/store/read-model.js';

interface Title {
  readonly title: string;
}
const contracts: StreamSource<'contract', Title> = { kind: 'contract', category: 'contract', place: () => [], show: () => ({}) };
const decisions = eventSource<'decision', Title>('decision', { place: () => [], show: () => ({}) });
const KEY = 'tower:euc';
const titles = linkedList(contracts, { ranks: 3, entry: ({ title }) => title });
const totals = sums({ n: 'count' });

interface Given extends Contribution {
  readonly stream: string;
  readonly from: number;
  readonly until?: number;
  readonly sequence?: number;
}
/** A read model that holds these contributions, and says what it was asked for. */
const readModelOf = (given: {
  readonly streams?: readonly Given[];
  readonly events?: readonly (Given & { readonly marks?: readonly string[] })[];
  readonly revisions?: Readonly<Record<string, readonly number[]>>;
}) => {
  // prettier-ignore
  const { streams = [], events = [], revisions = {} } = given;
  const asked: string[] = [];
  const at = (sequence: number) => streams.filter(({ from, until = Infinity }) => from <= sequence && sequence < until);
  const placed = ({ key, stream, from, row = false, ...rest }: Given) => ({ key, stream, row, since: from, links: targetsOf({ key, ...rest }) }); // prettier-ignore
  const reader = {
    contributionsAt: (build: number, key: string, sequence: number) => {
      asked.push(`places ${build} ${key} @${sequence}`);
      return at(sequence).filter((one) => one.key === key).map(placed); // prettier-ignore
    },
    referencingAt: (build: number, target: string, sequence: number, { after, limit }: { after?: ListPlace; limit: number }) => {
      asked.push(`list ${build} ${target} @${sequence} ${limit}${after ? ` after ${after.since}` : ''}`);
      const found = at(sequence).map(placed).filter(({ links }) => links.includes(target)).toSorted((a, b) => b.since - a.since); // prettier-ignore
      return found.filter(({ since }) => !after || since < after.since).slice(0, limit);
    },
    marked: (build: number, name: string, { upTo, limit, newestFirst }: { upTo: number; limit: number; newestFirst?: boolean }) => {
      asked.push(`marks ${build} ${name} @${upTo} ${limit}`);
      const found = events.filter(({ from, marks, ...one }) => from <= upTo && (marks ?? [under(one.key), ...targetsOf(one)]).includes(name)).map(({ from }) => from).sort((a, b) => a - b); // prettier-ignore
      return (newestFirst ? found.reverse() : found).slice(0, limit);
    },
    sumAt: (build: number, key: string, sequence: number) => {
      asked.push(`sum ${build} ${key} @${sequence}`);
      return { n: BigInt(at(sequence).length) };
    },
    eventAt: (sequence: number) => ({ ...events.find(({ from }) => from === sequence)!, revision: sequence }),
    revisionAt: (stream: string, sequence: number) => {
      asked.push(`revision ${stream} @${sequence}`);
      return (revisions[stream] ?? []).filter((since) => since <= sequence).length - 1;
    },
  } as unknown as ReadModelReader;
  const taken = () => asked.splice(0);
  return { reader, taken };
};
const writerOf = (faulted: Readonly<Record<string, number>> = {}): ServedBuild => ({ build: { id: 7 }, faulted: new Map(Object.entries(faulted)), failed: () => undefined }); // prettier-ignore
/** What is shown of a stream at a revision: a title that says which, unless it shows nothing. */
const fetching = (events: readonly Given[] = [], nothing: readonly string[] = []) => {
  const fetched: string[] = [];
  const fetch = async ({ stream, revision, byEvent, key }: Origin, id: string): Promise<Added> => {
    fetched.push(id);
    const own = byEvent ? events.filter(({ from }) => from === revision) : [{ key: key as Key, stream, from: 0 }];
    return Object.fromEntries(own.map((contribution) => [contribution.key, { contribution, value: nothing.includes(contribution.key) ? undefined : { title: `${contribution.key.split(':')[1]}@${revision}` }, text: '' }])); // prettier-ignore
  };
  return { fetched, fetch };
};
const contractAt = (id: string, from: number, more: Partial<Given> = {}): Given => ({ key: `contract:${id}`, stream: `contract-${id}`, from, ...more }); // prettier-ignore

describe('what a row sees at a sequence', () => {
  it('is what a contribution shows, of the stream that began first, at its revision then; it is read once', async () => {
    const { reader, taken } = readModelOf({
      streams: [contractAt('a', 3), contractAt('a', 5, { stream: 'contract-other' })],
      revisions: { 'contract-a': [3, 4, 9] },
    });
    const { fetched, fetch } = fetching();
    const view = new View(reader, writerOf(), 6, '2016-02-29', () => undefined);
    expect(await evaluated(view, () => [view.get(contracts, 'a'), view.get(contracts, 'a')], fetch)).toEqual([{ title: 'a@1' }, { title: 'a@1' }]); // prettier-ignore
    expect([fetched, taken()]).toEqual([['contract-a@1'], ['places 7 contract:a @6', 'revision contract-a @6']]);
    expect(await evaluated(view, () => view.get(contracts, 'b'), fetch)).toBeUndefined();
    expect([view.get(contracts, 'b'), taken(), view.day]).toEqual([undefined, ['places 7 contract:b @6'], '2016-02-29']);
  });

  it('is taken from what is kept, where it is', async () => {
    const { reader } = readModelOf({ streams: [contractAt('a', 3)], revisions: { 'contract-a': [3] } });
    const contribution = { key: 'contract:a' } as const;
    const view = new View(reader, writerOf(), 6, '2016', (id) => (id === 'contract-a@0' ? { 'contract:a': { contribution, value: { title: 'kept' }, text: '' } } : undefined)); // prettier-ignore
    expect(view.get(contracts, 'a')).toEqual({ title: 'kept' });
  });

  it('is of a stream that can be folded no more what it was before', async () => {
    const { reader } = readModelOf({ streams: [contractAt('a', 3)], revisions: { 'contract-a': [3, 4, 5] } });
    const revision = (faulted: Readonly<Record<string, number>>, sequence: number) => new View(reader, writerOf(faulted), sequence, '2016', () => undefined).revisionOf('contract-a'); // prettier-ignore
    expect([revision({}, 5), revision({ 'contract-a': 5 }, 9), revision({ 'contract-a': 5 }, 4), revision({ 'contract-a': 5 }, 3)]).toEqual([2, 1, 1, 0]); // prettier-ignore
  });

  it('is under a key of single events that of the first which contributes, as recorded', async () => {
    const events = [
      { key: 'decision:other' as const, stream: 'contract-a', from: 2, marks: [under('decision:d')] },
      { key: 'decision:d' as const, stream: 'contract-a', from: 3 },
      { key: 'decision:d' as const, stream: 'contract-b', from: 4 },
      { key: 'decision:d' as const, stream: 'contract-b', from: 9 },
    ];
    const { reader, taken } = readModelOf({ events });
    const { fetched, fetch } = fetching(events);
    const view = new View(reader, writerOf(), 6, '2016', () => undefined);
    expect(await evaluated(view, () => view.get(decisions, 'd'), fetch)).toEqual({ title: 'd@3' });
    expect(fetched).toEqual(['contract-a@2!', 'contract-a@3!', 'contract-b@4!']);
    expect(taken()[0]).toBe('marks 7 =decision:d @6 200');
  });

  it('are entries of a list, the newest first within each rank, without those that show nothing', async () => {
    const linked = (id: string, from: number, rank: number) => contractAt(id, from, { links: [ranked(rank, KEY)] });
    const streams = [linked('a', 1, 1), linked('b', 2, 0), linked('c', 3, 1), linked('d', 4, 0), linked('e', 5, 2), linked('late', 9, 0)];
    const { reader, taken } = readModelOf({ streams, revisions: Object.fromEntries(streams.map(({ stream, from }) => [stream, [from]])) });
    const newest = async (most?: number) => {
      const view = new View(reader, writerOf(), 6, '2016', () => undefined);
      return (await evaluated(view, () => view.newest({ ...titles, most }, KEY), fetching([], ['contract:c']).fetch)) as string[];
    };
    expect(await newest()).toEqual(['d@0', 'b@0', 'a@0', 'e@0']);
    expect(taken().filter((one) => one.startsWith('list'))).toEqual([0, 1, 2].map((rank) => `list 7 contract${rank}>tower:euc @6 ${NEWEST}`)); // prettier-ignore
    expect([await newest(3), await newest(2), await newest(1)]).toEqual([['d@0', 'b@0'], ['d@0', 'b@0'], ['d@0']]);
    taken();
    await newest(2);
    expect(taken().filter((one) => one.startsWith('list'))).toEqual(['list 7 contract0>tower:euc @6 2']);
  });

  it('are of a list of single events those contributions that link to the row', async () => {
    const at = (from: number, id: string, links: readonly string[]) => ({ key: `decision:${id}` as const, stream: 'contract-a', from, links }); // prettier-ignore
    const events = [at(2, 'a', ['person:p']), at(3, 'b', ['person:p']), at(3, 'c', ['person:q']), at(4, 'd', ['person:q']), at(9, 'e', ['person:p'])]; // prettier-ignore
    const { reader, taken } = readModelOf({ events });
    const view = new View(reader, writerOf(), 6, '2016', () => undefined);
    const list = linkedList(decisions, { entry: ({ title }) => title });
    expect(await evaluated(view, () => view.newest(list, 'person:p'), fetching(events).fetch)).toEqual(['b@3', 'a@2']);
    expect(taken()).toEqual([`marks 7 decision0>person:p @6 ${NEWEST}`]);
    const after = placeOfOrigin(view.linking(list, 'person:p', undefined, 1)[0]!);
    expect(after).toEqual({ rank: 0, since: 3, key: '-' });
    expect(view.linking(list, 'person:p', after, 5).map(({ since, byEvent, revision }) => [since, byEvent, revision])).toEqual([[2, true, 2]]); // prettier-ignore
  });

  it('is any part of a list, behind the place where another ended', async () => {
    const streams = [1, 2, 3, 4, 5, 6].map((n) => contractAt(`${n}`, n, { links: [ranked(n % 3, KEY)] }));
    const { reader } = readModelOf({ streams });
    const view = new View(reader, writerOf(), 9, '2016', () => undefined);
    const whole = view.linking(titles, KEY, undefined, 100);
    expect(whole.map(({ key, rank }) => `${rank} ${key}`)).toEqual(['0 contract:6', '0 contract:3', '1 contract:4', '1 contract:1', '2 contract:5', '2 contract:2']); // prettier-ignore
    for (let limit = 1; limit <= 7; limit++) {
      const paged: Origin[] = [];
      for (let after: ListPlace | undefined; ;) {
        const page = view.linking(titles, KEY, after, limit);
        expect(page.length).toBeLessThanOrEqual(limit);
        paged.push(...page);
        if (page.length === 0) break;
        after = placeOfOrigin(page.at(-1)!);
      }
      expect(paged).toEqual(whole);
    }
  });

  it('are totals, read once', () => {
    const { reader, taken } = readModelOf({ streams: [contractAt('a', 1), contractAt('b', 2)] });
    const view = new View(reader, writerOf(), 9, '2016', () => undefined);
    expect([view.sum(totals, KEY), view.sum(totals, KEY), taken()]).toEqual([{ n: 2 }, { n: 2 }, ['sum 7 tower:euc @9']]);
  });
});

describe('what a row sees that goes on to a later sequence', () => {
  const linked = (id: string, from: number, until?: number) => contractAt(id, from, { links: [KEY], ...(until && { until }) });
  const streams = [linked('a', 1), linked('b', 2, 7), linked('c', 7)];
  const revisions = { 'contract-a': [1, 7], 'contract-b': [2, 7], 'contract-c': [7] };
  const none = { keys: new Set<string>(), moved: new Set<string>(), totals: new Map(), revisions: new Map() };
  const asked = async () => {
    const { reader, taken } = readModelOf({ streams, revisions });
    const view = new View(reader, writerOf(), 6, '2016', () => undefined);
    const { fetch, fetched } = fetching();
    const look = () => evaluated(view, () => [view.newest(titles, KEY), view.get(contracts, 'a'), view.measures(KEY)], fetch);
    expect(await look()).toEqual([['b@0', 'a@0'], { title: 'a@0' }, { n: 2n }]);
    taken();
    return { view, look, taken, fetched };
  };

  it('is read again where it moved, and nowhere else', async () => {
    const { view, look, taken } = await asked();
    expect(view.moved(7, { ...none, moved: new Set(['contract0>tower:euc', 'contract:b', 'contract:c']) })).toBe(view);
    expect([(await look())[0], view.sequence]).toEqual([['c@0', 'a@0'], 7]);
    expect(taken()).toEqual(['list 7 contract0>tower:euc @7 20', 'revision contract-c @7']);
  });

  it('is as it was where nothing moved', async () => {
    const { view, look, taken } = await asked();
    view.moved(8, none);
    expect(await look()).toEqual([['b@0', 'a@0'], { title: 'a@0' }, { n: 2n }]);
    expect(taken()).toEqual([]);
  });

  it('shows what its streams say at their new revisions', async () => {
    const { view, look, taken, fetched } = await asked();
    view.moved(7, { ...none, keys: new Set(['contract:a']), revisions: new Map([['contract-a', 1]]) });
    expect(await look()).toEqual([['b@0', 'a@1'], { title: 'a@1' }, { n: 2n }]);
    expect([taken(), fetched.at(-1)]).toEqual([[], 'contract-a@1']);
  });

  it('adds to totals what was added, where they were read; others are read when they are asked for', async () => {
    const { view, taken } = await asked();
    view.moved(7, { ...none, totals: new Map([[KEY, { n: 3n }], ['tower:net', { n: 4n }]]) }); // prettier-ignore
    expect([view.measures(KEY), view.measures('tower:net'), taken()]).toEqual([{ n: 5n }, { n: 2n }, ['sum 7 tower:net @7']]);
  });

  it('finds the places under a key again where they moved', async () => {
    const { view, taken } = await asked();
    expect([view.places('contract:b').length, view.places('contract:b').length, taken().length]).toEqual([1, 1, 1]);
    view.moved(7, { ...none, moved: new Set(['contract:b']) });
    expect([view.places('contract:b'), taken()]).toEqual([[], ['places 7 contract:b @7']]);
  });
});

describe('the cursor of a list', () => {
  it('is the place at which a page ended, whatever the key of its last entry is', () => {
    for (const key of ['contract:a', 'decision:a b\nc', '-']) {
      const place = { rank: 2, since: 123456789012345, key };
      expect(cursorOfPlace(place)).toBe(`2 123456789012345 ${key}`);
      expect(placeOfCursor(cursorOfPlace(place), 3)).toEqual(place);
    }
  });

  it.each(['', '0', '0 1', '0 1 ', ' 0 1 a', 'x0 1 a', 'x 1 a', '0 x a', '0 1234567890123456 a', '00 1 a', '-1 1 a'])('is none of %j', (cursor) =>
    expect(() => placeOfCursor(cursor, 3)).toThrow(InvalidCursorError),
  ); // prettier-ignore

  it('is of a rank that the list has', () => {
    expect(placeOfCursor('1 7 contract:a', 2)).toEqual({ rank: 1, since: 7, key: 'contract:a' });
    expect(() => placeOfCursor('2 7 contract:a', 2)).toThrow(InvalidCursorError);
  });
});
