import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyCommand } from '../src/kernel/index.js';

const folder = join(import.meta.dirname, 'domain');
const specs = readdirSync(folder)
  .filter((file) => file.endsWith('.spec.ts'))
  .map((file) => readFileSync(join(folder, file), 'utf8'));

/** `given(…).when(adoptPolicy, …).rejects('programme/policy-exists'`: the command and the code, wherever a specification has them. */
const REJECTS = /\.when\(\s*(\w+)(?:(?!\.when\()[^])*?\.rejects\(\s*'([^']+)'/g;

/** `AdoptPolicy programme/policy-exists`: what the specifications of the domain meet. */
export const metInSpecs: ReadonlySet<string> = new Set(
  specs.flatMap((spec) =>
    [...spec.matchAll(REJECTS)].map(([, command, code]) => `${command![0]!.toUpperCase()}${command!.slice(1)} ${code}`),
  ),
);

/** `AdoptPolicy` → `adoptPolicy`: how a specification writes a command. */
export const asWritten = ({ name }: Pick<AnyCommand, 'name'>): string => name[0]!.toLowerCase() + name.slice(1);
