import { Command } from 'commander';
import { existsSync, readFileSync } from 'node:fs';
import { checkBundle } from '../proof/bundle-check.js';

const command = new Command('verify')
  .description('Checks a bundle offline: docs/proof-format.md says how. Exit code 1 when anything does not hold.')
  .argument('<dir>', 'the folder of the bundle')
  .option('--key <key>', 'the public key, or a file with it, that came another way: without one, the key in the bundle is used')
  .option('--note <file>', 'a signed checkpoint that was kept elsewhere')
  .parse();
const { key, note } = command.opts<{ key?: string; note?: string }>();
const [dir] = command.processedArgs as [string];
const read = (text: string): string => (existsSync(text) ? readFileSync(text, 'utf8') : text);

const { faults, valid, size, root } = await checkBundle(dir, {
  ...(key !== undefined && { key: read(key) }),
  ...(note !== undefined && { note: readFileSync(note, 'utf8') }),
});
for (const { code, about } of faults) process.stdout.write(`FAULT ${code} ${about}\n`);
process.stdout.write(`${valid} events are valid; checkpoint of ${size ?? '-'}, root ${root ?? '-'}\n`);
if (key === undefined) process.stderr.write('The key is the one in the bundle: compare it with one that came another way.\n');
if (faults.length > 0) process.exitCode = 1;
