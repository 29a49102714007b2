import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { contractRegister } from '../projections/contract-register.js';

const root = join(import.meta.dirname, '..');
const pages = ['README.md', ...readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)]; // prettier-ignore
const read = (page: string): string => readFileSync(join(root, page), 'utf8');

/** The anchors that GitHub gives the headings of a page. */
const anchorsOf = (page: string): ReadonlySet<string> =>
  new Set(
    [
      ...read(page)
        .replaceAll(/^```[^]*?^```/gm, '')
        .matchAll(/^#+ (.+)$/gm),
    ].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
const linksOf = (text: string): readonly string[] => [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!).filter((target) => !/^[a-z]+:/.test(target)); // prettier-ignore
/** Where a link of a page leads to nothing. */
const dangling = (page: string, target: string): boolean => {
  const [file, anchor] = target.split('#') as [string, string?];
  const to = file === '' ? page : relative(root, join(root, dirname(page), file));
  return !existsSync(join(root, to)) || (anchor !== undefined && !anchorsOf(to).has(anchor));
};

describe('the pages for readers', () => {
  it('are all reached from the README', () => {
    const reached = new Set(['README.md']);
    for (const page of reached)
      for (const target of linksOf(read(page))) {
        const to = relative(root, join(root, dirname(page), target.split('#')[0]!));
        if (pages.includes(to)) reached.add(to);
      }
    expect(pages.filter((page) => !reached.has(page))).toEqual([]);
  });

  it.each(pages)('%s links to what there is', (page) => expect(linksOf(read(page)).filter((target) => dangling(page, target))).toEqual([]));

  it('name every filter of the register', () => {
    const [paragraph] = /\*\*Filters of the register\.\*\*[^]*?\n\n/.exec(read('docs/http.md'))!;
    expect([...paragraph.matchAll(/`(\w+)`/g)].map(([, name]) => name).sort()).toEqual(Object.keys(contractRegister.filters!).sort());
  });

  it('a link to a file or a heading that is not there is found', () => {
    expect(dangling('README.md', 'docs/nothing.md')).toBe(true);
    expect(dangling('README.md', '#nothing')).toBe(true);
    expect(dangling('docs/http.md', '../README.md#use')).toBe(false);
  });
});
