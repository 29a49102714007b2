import { readFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { projections } from '../../projections/index.js';
import { commands } from '../domain/index.js';

/** A Markdown table of every command with its events and refusals, generated from the registry. */
export const commandTable = (): string =>
  [
    '| Command | Events | Refusals of its own |',
    '|---|---|---|',
    ...commands.map(
      ({ name, events, refusals }) =>
        `| ${name} | ${events.join(', ')} | ${
          Object.keys(refusals)
            .map((code) => `\`${code}\``)
            .join(', ') || '–'
        } |`,
    ),
  ].join('\n');

const ROWS = /^Rows: .*$/m;
/** The line that names every projection. */
export const rowsLine = (): string => `Rows: ${projections.map(({ name }) => `\`${name}\``).join(', ')}.`;
const TABLE = /(<!-- commands -->)[^]*?(<!-- \/commands -->)/;

/** The README text with an up-to-date table of the commands, and an up-to-date line of the projections. */
export const withTable = (readme: string): string =>
  readme.replace(ROWS, rowsLine()).replace(TABLE, (_, before: string, after: string) => `${before}\n${commandTable()}\n${after}`);

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await writeFile('README.md', withTable(await readFile('README.md', 'utf8')));
