import { expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { compileAsync } from 'sass';

const root = join(import.meta.dirname, '../..');

it('the style sheet that is served is what sass makes of its source, and small', async () => {
  const { css } = await compileAsync(join(root, 'src/pages/style.scss'), {
    style: 'compressed',
    quietDeps: true,
    loadPaths: [join(root, 'node_modules')],
  });
  const served = await readFile(join(root, 'src/pages/assets/style.css'), 'utf8');
  expect(served === `${css}\n` ? 'the same' : 'another one: npm run styles').toBe('the same');
  expect(gzipSync(served).length).toBeLessThan(20_000);
});
