import { readFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
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

const between = /(<!-- commands -->)[^]*?(<!-- \/commands -->)/;

/** The README text with an up-to-date table. */
export const withTable = (readme: string): string =>
  readme.replace(between, (_, before, after) => `${before}\n${commandTable()}\n${after}`);

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await writeFile('README.md', withTable(await readFile('README.md', 'utf8')));
