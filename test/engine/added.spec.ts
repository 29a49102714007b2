import { describe, expect, it } from '@jest/globals';
import { AddedByStreams, idOf } from '../../src/engine/read/rows/added.js';
import { Kept } from '../../src/engine/read/rows/kept.js';
import type { HistoryCache } from '../../src/engine/history-cache.js';
import { eventSource, type Contribution, type Projection, type RecordedEvent, type StreamSource } from '../../src/kernel/index.js';

/** A projection of contracts and of single events, and what it was asked. */
const asking = (projection: Partial<Projection>) => {
  const [read, failures]: [string[], string[]] = [[], []];
  const histories = {
    at: async (stream: string, revision: number) => (read.push(`${stream}@${revision}`), { aggregate: { category: stream.slice(0, stream.indexOf('-')) }, id: stream.slice(stream.indexOf('-') + 1), stream, revision, state: { revision } }), // prettier-ignore
    event: async (stream: string, revision: number) => (
      read.push(`${stream}@${revision}!`),
      { id: `${stream}@${revision}` } as RecordedEvent
    ),
  } as unknown as HistoryCache;
  const writer = { build: { id: 1 }, faulted: new Map(), failed: (stream: string, key: string, error: unknown) => void failures.push(`${stream} ${key} ${(error as Error).message}`) }; // prettier-ignore
  const kept = new Kept();
  const added = new AddedByStreams({ projection: { from: [], ...projection } as unknown as Projection, writer, histories }, kept);
  return { added, read, failures, kept };
};
const shown = ({ id, revision }: { readonly id: string; readonly revision: number }) => ({ title: `${id} at ${revision}` });
let [places, shows] = [0, 0];
const contracts: StreamSource<'contract'> = {
  kind: 'contract',
  category: 'contract',
  place: (id) => (places++, [{ key: `contract:${id}`, row: true, links: ['tower:euc'] }]),
  show: (history) => (shows++, { [`contract:${history.id}`]: shown(history) }),
};
const options: StreamSource<'option'> = {
  kind: 'option',
  category: 'contract',
  place: (id, { revision }) => (revision > 1 ? [{ key: `option:${id}/1` }, { key: `option:${id}/2` }] : []),
  show: ({ id }) => ({ [`option:${id}/1`]: { n: 1 } }),
};
const towers: StreamSource<'tower'> = { ...contracts, kind: 'tower', category: 'tower', place: (id) => [{ key: `tower:${id}` }] } as StreamSource<'tower'>; // prettier-ignore

describe('what a stream contributes at a revision', () => {
  it('is what each source of its category places, with what it shows, and its text', async () => {
    const { added, read } = asking({ from: [contracts, towers, options] });
    expect(await added.at('contract-a', 2)).toEqual({
      'contract:a': { contribution: { key: 'contract:a', row: true, links: ['tower:euc'] }, value: { title: 'a at 2' }, text: '{"title":"a at 2"}' }, // prettier-ignore
      'option:a/1': { contribution: { key: 'option:a/1' }, value: { n: 1 }, text: '{"n":1}' },
      'option:a/2': { contribution: { key: 'option:a/2' }, value: undefined, text: '' },
    });
    expect(Object.keys(await added.at('contract-a', 1))).toEqual(['contract:a']);
    expect(await added.at('programme-met', 1)).toEqual({});
    expect(read).toEqual(['contract-a@2', 'contract-a@1', 'programme-met@1']);
  });

  it('is made once, and kept by the revision', async () => {
    const { added, read } = asking({ from: [contracts] });
    expect([added.known('contract-a@2'), idOf('contract-a', 2, false), idOf('contract-a', 2, true)]).toEqual([undefined, 'contract-a@2', 'contract-a@2!']); // prettier-ignore
    const first = await added.at('contract-a', 2);
    expect([await added.at('contract-a', 2), added.known('contract-a@2')]).toEqual([first, first]);
    expect(await added.at('contract-a', 2)).toBe(first);
    expect(read).toEqual(['contract-a@2']);
  });

  it('is placed once, whether or not it is shown', async () => {
    const { added, read, kept } = asking({ from: [contracts, options] });
    places = 0;
    const where = await added.contributionsAt('contract-a', 2);
    expect(where.map(({ key }) => key)).toEqual(['contract:a', 'option:a/1', 'option:a/2']);
    expect(await added.contributionsAt('contract-a', 2)).toBe(where);
    expect([read, places, added.known('contract-a@2')]).toEqual([['contract-a@2'], 1, undefined]);
    const whole = await added.at('contract-a', 2);
    expect([Object.values(whole).map(({ contribution }) => contribution), places]).toEqual([where, 1]);
    expect(kept.get('place contract-a@2')).toBeUndefined(); // what shows it too is kept instead
    expect(await added.contributionsAt('contract-a', 2)).toEqual(where);
    expect([read, places]).toEqual([['contract-a@2', 'contract-a@2'], 1]);
  });

  it('asks no source to show what it does not place', async () => {
    let asked = 0;
    const silent: StreamSource<'option'> = { ...options, place: () => [], show: () => (asked++, {}) };
    const { added } = asking({ from: [contracts, silent, towers] });
    shows = 0;
    expect([Object.keys(await added.at('contract-a', 2)), asked, shows]).toEqual([['contract:a'], 0, 1]);
  });

  it('asks no source of another category for what has the same kind', async () => {
    const others = { ...contracts, category: 'tower', show: () => ({ 'contract:a': { title: 'of a tower' } }) } as unknown as StreamSource;
    const { added } = asking({ from: [contracts, others] });
    expect((await added.at('contract-a', 2))['contract:a']!.value).toEqual({ title: 'a at 2' });
  });

  it('is kept however long its text is', async () => {
    const long = { ...contracts, show: () => ({ 'contract:a': { title: 'x'.repeat(5000) } }) };
    const { added } = asking({ from: [long] });
    const first = await added.at('contract-a', 2);
    expect(first['contract:a']!.text).toHaveLength(5012);
    expect(await added.at('contract-a', 2)).toBe(first);
  });

  it('leaves out what cannot be shown, and names the stream with the keys of that kind', async () => {
    const broken: StreamSource<'option'> = { ...options, show: () => { throw new Error('Out of ink.'); } }; // prettier-ignore
    const { added, failures } = asking({ from: [contracts, broken] });
    const found = await added.at('contract-a', 2);
    expect(Object.entries(found).map(([key, { value, text }]) => [key, value, text])).toEqual([
      ['contract:a', { title: 'a at 2' }, '{"title":"a at 2"}'],
      ['option:a/1', undefined, ''],
      ['option:a/2', undefined, ''],
    ]);
    expect(failures).toEqual(['contract-a option:a/1 Out of ink.', 'contract-a option:a/2 Out of ink.']);
  });
});

describe('what a single event contributes', () => {
  const decisions = (
    contributions: readonly Contribution<'decision'>[],
    show = () => ({ 'decision:1': { n: 1 } }) as Record<string, object>,
  ) =>
    // prettier-ignore
    eventSource('decision', { place: () => contributions, show });

  it('is what sources of events place and show, made once, and apart from its stream', async () => {
    const { added, read } = asking({ from: [contracts, decisions([{ key: 'decision:1' }])] });
    const first = await added.byEvent('contract-a', 2);
    expect(first).toEqual({ 'decision:1': { contribution: { key: 'decision:1' }, value: { n: 1 }, text: '{"n":1}' } });
    expect(await added.byEvent('contract-a', 2)).toBe(first);
    expect([added.known('contract-a@2!'), added.known('contract-a@2'), read]).toEqual([first, undefined, ['contract-a@2!']]);
  });

  it('is shown only where it contributes, by sources of events alone', async () => {
    let asked = 0;
    const silent = decisions([], () => (asked++, {}));
    shows = 0;
    expect([await asking({ from: [contracts, silent] }).added.byEvent('contract-a', 2), asked, shows]).toEqual([{}, 0, 0]);
    await asking({ from: [contracts, decisions([{ key: 'decision:1' }])] }).added.byEvent('contract-a', 2);
    expect(shows).toBe(0);
  });

  it('is without what cannot be shown', async () => {
    const broken = decisions([{ key: 'decision:1' }], () => { throw new Error('Out of ink.'); }); // prettier-ignore
    const { added, failures } = asking({ from: [contracts, broken] });
    expect(await added.byEvent('contract-a', 2)).toEqual({ 'decision:1': { contribution: { key: 'decision:1' }, value: undefined, text: '' } }); // prettier-ignore
    expect(failures).toEqual(['contract-a decision:1 Out of ink.']);
  });
});
