import { Command, InvalidArgumentError, Option } from 'commander';
import { isSystem } from '../kernel/index.js';
import {
  BadTokenFileError,
  changeTokens,
  IS_SYSTEM,
  newToken,
  PERSON,
  readTokens,
  ROLES,
  type Role,
  type Token,
} from '../http/token-file.js';

export interface Terminal {
  /** Where the file is by default. */
  readonly file: string;
  /** The instant of now, in UTC. */
  now(): string;
  /** What a program may read on: the token alone, or the list. */
  print(line: string): void;
  say(line: string): void;
}

const person = (id: string): string => {
  if (!PERSON.test(id)) throw new InvalidArgumentError('A person id has letters, digits and . _ @ -, at most 128 characters.');
  if (isSystem(id)) throw new InvalidArgumentError(`A person ${IS_SYSTEM}.`);
  return id;
};
const line = ({ id, person, roles, createdAt, revokedAt }: Token): string =>
  [id, person, roles.join(','), createdAt, revokedAt === undefined ? 'in force' : `revoked ${revokedAt}`].join('  ');

/** `add`, `list` and `revoke`. A server that reads the file takes each change within seconds. @throws BadTokenFileError, CommanderError */
export const tokenCommands = ({ file: place, now, print, say }: Terminal): Command => {
  const program = new Command('tokens')
    .description('Makes and revokes the tokens with which people and programs speak to a server whose LEDGER_TOKENS names the file.')
    .exitOverride()
    .configureOutput({ writeOut: (text) => print(text.trimEnd()), writeErr: (text) => say(text.trimEnd()) });
  const inFile = () => new Option('--file <file>', 'the file of hashed tokens').default(place);

  program
    .command('add')
    .description('makes a token and prints it, once: the file keeps its hash')
    .addOption(new Option('--person <id>', 'whose commands they are').argParser(person).makeOptionMandatory())
    .addOption(new Option('--role <role...>', 'what they may do').choices(Object.keys(ROLES)).makeOptionMandatory())
    .addOption(inFile())
    .action(async (options: { readonly person: string; readonly role: readonly Role[]; readonly file: string }) => {
      const { token, entry } = newToken({ person: options.person, roles: [...new Set(options.role)], createdAt: now() });
      await changeTokens(options.file, (tokens) => [...tokens, entry]);
      say(`Token ${entry.id} of ${entry.person} (${entry.roles.join(', ')}) is in force. It is shown this once:`);
      print(token);
    });
  program
    .command('list')
    .description('shows who has tokens; the tokens themselves nobody can show')
    .addOption(inFile())
    .action(async ({ file }: { readonly file: string }) => {
      for (const token of await readTokens(file)) print(line(token));
    });
  program
    .command('revoke')
    .description('ends a token, and the streams that were opened with it')
    .argument('<id>', 'as list shows it')
    .addOption(inFile())
    .action(async (id: string, { file }: { readonly file: string }) => {
      await changeTokens(file, (tokens) => {
        const token = tokens.find((t) => t.id === id);
        if (!token) throw new BadTokenFileError(`${file} has no token ${id}.`);
        if (token.revokedAt !== undefined) throw new BadTokenFileError(`Token ${id} was revoked at ${token.revokedAt}.`);
        return tokens.map((t) => (t === token ? { ...t, revokedAt: now() } : t));
      });
      say(`Token ${id} is revoked.`);
    });
  return program;
};
