import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
/** Without the layout, which a formatter may change. */
const plain = (code: string): string => code.replaceAll(/\s+/g, ' ').replaceAll(/,(?= ?[)\]}])/g, '').trim(); // prettier-ignore

const page = read('docs/extend.md');
const blocks = [...page.matchAll(/```ts\n\/\/ (\S+)\n([^]+?)```/g)].map(([, file, code]) => [file!, code!] as const);
const readme = read('README.md');
const howTo = readme.slice(readme.indexOf('### Add a command'), readme.indexOf('### Check'));

describe('how to add a command and a projection', () => {
  it('is linked from the README, and has code to look at', () => {
    expect(howTo).toContain('(docs/extend.md)');
    expect(blocks).toHaveLength(page.split('```ts\n').length - 1);
    expect(blocks.length).toBeGreaterThan(5);
  });

  it.each(blocks)('shows code of %s', (file, code) => expect(plain(read(file))).toContain(plain(code)));

  it('names files, folders, specs and scripts that there are', () => {
    const said = `${howTo}\n${page}`;
    const named = [...said.matchAll(/`((?:src|test|projections|docs)\/[^`<{ ]+)`/g)].map(([, path]) => path!);
    const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: object };
    const ran = [...said.matchAll(/npm run ([a-z:]+)/g)].map(([, script]) => script!);
    const specs = [...said.matchAll(/npm test -- ([^`]+)`/g)].flatMap(([, all]) => all!.split(/\s+/).filter((one) => !one.includes('<')));
    expect(named.length).toBeGreaterThan(5);
    expect(specs.length).toBeGreaterThan(5);
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(ran.filter((script) => !Object.hasOwn(scripts, script))).toEqual([]);
    expect(specs.filter((spec) => !existsSync(join(root, spec)) && !existsSync(join(root, `${spec}.spec.ts`)))).toEqual([]);
  });
});
