import { readFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { projections } from '../../projections/index.js';
import { commandPage } from './command-docs.js';

const ROWS = /^Rows: .*$/m;
/** The line that names every projection. */
export const rowsLine = (): string => `Rows: ${projections.map(({ name }) => `\`${name}\``).join(', ')}.`;

/** The README text with an up-to-date line of the projections. */
export const withRows = (readme: string): string => readme.replace(ROWS, rowsLine());

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await writeFile('README.md', withRows(await readFile('README.md', 'utf8')));
  await writeFile('docs/commands.md', commandPage());
}
