import { CommanderError, type Command } from 'commander';
import { progressBar } from './progress.js';

/** Of sysexits.h: the arguments are wrong. */
export const USAGE = 64;

export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the operator ends the command. */
  readonly signal: AbortSignal;
  /** What a program may read on. */
  print(line: string): void;
  say(line: string): void;
  show(phase: string, part: number): void;
  /** With which code the program ends, if not with 0. */
  exit(code: number): void;
}

/**
 * Runs a command with arguments: wrong ones give what is wrong with them, a line of usage and `USAGE`; an error gives its message and 1.
 * @returns the exit code
 */
export const runCommand = async (make: (terminal: Terminal) => Command, args: readonly string[], terminal: Terminal): Promise<number> => {
  let code = 0;
  const command = make({ ...terminal, exit: (given) => (code = given) });
  command.exitOverride().configureOutput({
    writeOut: (text) => terminal.print(text.trimEnd()),
    outputError: (text) => terminal.say(`${text}usage: ${command.name()} ${command.usage()}`),
  });
  try {
    await command.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
    terminal.say(error instanceof Error ? error.message : String(error));
    return 1;
  }
  return code;
};

/** Runs it with the arguments, the environment and the terminal of this process. */
export const runHere = async (make: (terminal: Terminal) => Command): Promise<void> => {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(new Error('Interrupted.')));
  const bar = progressBar(process.stderr);
  process.exitCode = await runCommand(make, process.argv.slice(2), {
    env: process.env,
    signal: stop.signal,
    print(line) {
      bar.end();
      process.stdout.write(`${line}\n`);
    },
    say(line) {
      bar.end();
      process.stderr.write(`${line}\n`);
    },
    show: (phase, part) => bar.show(phase, part),
    exit: () => undefined,
  });
};
