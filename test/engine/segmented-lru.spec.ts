import { describe, expect, it } from '@jest/globals';
import { SegmentedLru } from '../../src/engine/segmented-lru.js';

interface Value {
  readonly bytes: number;
}
const cacheOf = (maxBytes: number, probation?: number) =>
  new SegmentedLru<Value>({ maxBytes, bytesOf: ({ bytes }) => bytes, ...(probation !== undefined && { probation }) });
const small = (): Value => ({ bytes: 10 });

describe('a cache of two segments', () => {
  it('keeps what was asked for again, however much comes once', () => {
    const cache = cacheOf(3200);
    const used = small();
    cache.set('used', used);
    expect(cache.get('used')).toBe(used);
    for (let i = 0; i < 1000; i++) cache.set(`once-${i}`, small());
    expect(cache.get('used')).toBe(used);
    expect(cache.has('once-0')).toBe(false);
    expect(cache.has('once-999')).toBe(true);
  });

  it('evicts first what was not used for longest', () => {
    const cache = cacheOf(3200);
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
    for (const name of names) cache.set(name, { bytes: 310 });
    cache.get('a');
    cache.peek('b');
    cache.set('k', { bytes: 310 });
    expect(names.filter((name) => !cache.has(name))).toEqual(['b']);
  });

  it('holds no more bytes than it may, whatever comes', () => {
    const cache = cacheOf(3200);
    for (let i = 0; i < 2000; i++) {
      const key = `k-${(i * 7) % 911}`;
      cache.set(key, { bytes: 1 + ((i * 13) % 400) });
      if (i % 3 === 0) cache.get(`k-${(i * 5) % 911}`);
      expect(cache.bytes).toBeLessThanOrEqual(3200);
    }
    expect(cache.bytes).toBeGreaterThan(2000);
  });

  it('has room for one thirty-second part of them used once', () => {
    const cache = cacheOf(3200);
    for (let i = 0; i < 1000; i++) cache.set(`once-${i}`, small());
    expect(cache.bytes).toBe(100);
    const more = cacheOf(3200, 1 / 4);
    for (let i = 0; i < 1000; i++) more.set(`once-${i}`, small());
    expect(more.bytes).toBe(800);
  });

  it('does not count a look as a use', () => {
    const cache = cacheOf(3200);
    cache.set('looked-at', small());
    for (let i = 0; i < 5; i++) expect(cache.peek('looked-at')).toBeDefined();
    expect(cache.has('looked-at')).toBe(true);
    for (let i = 0; i < 20; i++) cache.set(`once-${i}`, small());
    expect(cache.peek('looked-at')).toBeUndefined();
  });

  it('keeps from the start what would drive out many of those used once', () => {
    const cache = cacheOf(3200);
    cache.set('large', { bytes: 13 });
    for (let i = 0; i < 100; i++) cache.set(`once-${i}`, small());
    expect(cache.has('large')).toBe(true);
    const even = cacheOf(2560); // 80 bytes for those used once: an eighth of them is 10
    even.set('an-eighth', small());
    for (let i = 0; i < 100; i++) even.set(`once-${i}`, small());
    expect(even.has('an-eighth')).toBe(false);
  });

  it('keeps the newest of what is larger than all of it, weighed as all of it', () => {
    const cache = cacheOf(3200);
    cache.set('a', { bytes: 1 << 20 });
    expect(cache.get('a')).toEqual({ bytes: 1 << 20 });
    cache.set('b', { bytes: 1 << 20 });
    expect(cache.has('a')).toBe(false);
    expect(cache.has('b')).toBe(true);
    expect(cache.bytes).toBe(3100);
  });

  it('keeps what comes back after it went, so that many which are used in turn all stay', () => {
    const cache = cacheOf(32_000);
    for (let round = 0; round < 2; round++) for (let i = 0; i < 500; i++) cache.set(`in-turn-${i}`, small());
    for (let i = 0; i < 500; i++) expect(cache.has(`in-turn-${i}`)).toBe(true);
    expect(cache.bytes).toBe(5000);
  });

  it('remembers some thousand keys of what went, and forgets those before', () => {
    const cache = cacheOf(3200);
    cache.set('first', small());
    for (let i = 0; i < 1500; i++) cache.set(`once-${i}`, small());
    cache.set('first', small());
    for (let i = 0; i < 100; i++) cache.set(`more-${i}`, small());
    expect(cache.has('first')).toBe(true);
    const other = cacheOf(3200);
    other.set('first', small());
    for (let i = 0; i < 4010; i++) other.set(`once-${i}`, small()); // 4,000 of them went after the first
    other.set('first', small());
    for (let i = 0; i < 100; i++) other.set(`more-${i}`, small());
    expect(other.has('first')).toBe(false);
  });

  it('does not take for coming back what was replaced, or deleted, before it went', () => {
    const cache = cacheOf(3200);
    for (let i = 0; i < 3; i++) cache.set('replaced', small());
    cache.set('deleted', small());
    cache.delete('deleted');
    cache.set('deleted', small());
    for (let i = 0; i < 100; i++) cache.set(`once-${i}`, small());
    expect([cache.has('replaced'), cache.has('deleted')]).toEqual([false, false]);
  });

  it('puts a value in the place of the one before it, in whichever segment that is, and weighs it again', () => {
    const cache = cacheOf(3200);
    cache.set('once', small());
    cache.set('once', { bytes: 12 });
    expect([cache.peek('once'), cache.bytes]).toEqual([{ bytes: 12 }, 12]);
    cache.get('once');
    expect(cache.bytes).toBe(12);
    cache.set('once', { bytes: 9 });
    expect([cache.peek('once'), cache.bytes]).toEqual([{ bytes: 9 }, 9]);
    cache.set('grown', { bytes: 5 });
    cache.set('grown', { bytes: 500 });
    expect([cache.peek('grown'), cache.bytes]).toEqual([{ bytes: 500 }, 509]);
  });

  it('forgets a value that is deleted, in both segments', () => {
    const cache = cacheOf(3200);
    cache.set('once', small());
    cache.set('used', small());
    cache.get('used');
    cache.delete('once');
    cache.delete('used');
    expect([cache.has('once'), cache.has('used'), cache.bytes]).toEqual([false, false, 0]);
  });
});
