import { expect } from '@jest/globals';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { writeFile } from 'node:fs/promises';
import { checkBundle } from '../../src/proof/bundle-check.js';

/** Whether the verifier in the second language can be run here. */
export const isInstalled = spawnSync('python3', ['--version']).status === 0;
/** For the titles of tests: who checks. */
export const verifiers = isInstalled ? 'both verifiers' : 'one verifier alone (there is no python3 here)';

export interface Given {
  readonly key?: string;
  readonly note?: string | Buffer;
  readonly witness?: string;
}
interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

let python: ChildProcess | undefined;
const awaited: { resolve(line: string): void; reject(error: Error): void }[] = [];
/** One process for all bundles, one after another. */
export const runPython = async (args: readonly string[]): Promise<Ended> => {
  if (!python) {
    python = spawn('python3', ['-I', '-B', 'test/proof/verify_many.py'], { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface(python.stdout!).on('line', (line) => awaited.shift()!.resolve(line));
    python.once('exit', (code) => awaited.splice(0).forEach(({ reject }) => reject(new Error(`The verifier ended with ${code}.`))));
  }
  const answer = new Promise<string>((resolve, reject) => awaited.push({ resolve, reject }));
  python.stdin!.write(`${JSON.stringify(args)}\n`);
  return JSON.parse(await answer);
};
export const endPython = async (): Promise<void> => {
  const ended = python && new Promise((resolve) => python!.once('exit', resolve));
  python?.stdin!.end();
  await ended;
};

/** What both verifiers print, which is the same. */
export const verified = async (dir: string, given: Given = {}): Promise<string[]> => {
  const { key, note, witness } = given;
  const { faults, valid, size, root } = await checkBundle(dir, {
    ...(key !== undefined && { key }),
    ...(witness !== undefined && { witness }),
    ...(note !== undefined && { note: Buffer.from(note) }),
  });
  const lines = [
    ...faults.map(({ code, about }) => `FAULT ${code} ${about}`),
    `${valid} events are valid; checkpoint of ${size ?? '-'}, root ${root ?? '-'}`,
  ];
  if (!isInstalled) return lines;
  if (note !== undefined) await writeFile(`${dir}-note`, note);
  const words = { key, witness, note: note === undefined ? undefined : `${dir}-note` };
  const args = Object.entries(words).flatMap(([name, word]) => (word === undefined ? [] : [`--${name}`, word]));
  const { stdout, stderr, status } = await runPython([dir, ...args]);
  expect({ lines: stdout.trimEnd().split('\n'), stderr, status }).toEqual({ lines, stderr: '', status: faults.length > 0 ? 1 : 0 });
  return lines;
};
export const faultsOf = async (dir: string, given?: Given): Promise<string[]> => (await verified(dir, given)).slice(0, -1);
