import { readFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { commands } from '../domain/index.js';

/** What every command can do, from the commands themselves. */
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

/** A README with the table as it is now. */
export const withTable = (readme: string): string =>
  readme.replace(between, (_, before, after) => `${before}\n${commandTable()}\n${after}`);

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await writeFile('README.md', withTable(await readFile('README.md', 'utf8')));
