import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isSystem, SYSTEM } from '../kernel/index.js';

/**
 * What may be done: reads; commands, which are all that is asked with another method than GET; those among them that approve, write off,
 * waive a rule, or correct a decider or an authority; reading the calendar of deadlines; and reading what was refused to whom.
 */
export type Act = 'read' | 'command' | 'approve' | 'calendar' | 'refusals';

/** Who uses the ledger, and what they may do there. */
export const ROLES = {
  'contract-manager': ['read', 'command', 'calendar'],
  approver: ['read', 'command', 'approve', 'calendar'],
  integrator: ['read', 'command', 'calendar'],
  auditor: ['read', 'calendar', 'refusals'],
  board: ['read', 'calendar'],
  /** Who looks after the server. */
  operator: ['read', 'calendar', 'refusals'],
  /** For an address that is given to a program: its token shows the calendar and nothing else. */
  calendar: ['calendar'],
} as const satisfies Readonly<Record<string, readonly Act[]>>;
export type Role = keyof typeof ROLES;
export const may = (role: Role, act: Act): boolean => (ROLES[role] as readonly Act[]).includes(act);

/** An entry of the file. The token itself is shown once, to the person who made it, and is kept nowhere. */
export interface Token {
  readonly id: string;
  /** A person id, never a name. */
  readonly person: string;
  readonly roles: readonly Role[];
  /** Of the token, in hexadecimal. */
  readonly sha256: string;
  /** Instants in UTC. */
  readonly createdAt: string;
  readonly revokedAt?: string;
}

/** The file is not there, cannot be read, or is not what the commands write. */
export class BadTokenFileError extends Error {
  override readonly name = 'BadTokenFileError';
}

/** Such as `tower_` and 43 characters of base64url; by the prefix a scanner finds one that was left in a file. */
export const TOKEN = /^tower_[A-Za-z0-9_-]{43}$/;

/** A token is 256 random bits, which nobody can guess: a plain hash keeps it as safe as a slow one would. */
export const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

const isText = (value: unknown, form: RegExp): value is string => typeof value === 'string' && form.test(value);
const isInstant = (value: unknown): boolean => isText(value, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
export const PERSON = /^[A-Za-z0-9._@-]{1,128}$/;
/** Behind `The person of … `: why no person may be called so. */
export const IS_SYSTEM = `cannot be called ${SYSTEM}: that is the ledger itself, where it acts without a person`;
const checks: { readonly [K in keyof Token]-?: (value: unknown) => boolean } = {
  id: (id) => isText(id, /^[a-z0-9-]{1,64}$/),
  person: (person) => isText(person, PERSON),
  roles: (roles) => Array.isArray(roles) && roles.length > 0 && roles.every((role) => Object.hasOwn(ROLES, role as string)),
  sha256: (hash) => isText(hash, /^[0-9a-f]{64}$/),
  createdAt: isInstant,
  revokedAt: (instant) => instant === undefined || isInstant(instant),
};

/** One wrong entry refuses the whole file: an entry that is misread may allow more than it says. @throws BadTokenFileError */
export const parseTokens = (text: string): readonly Token[] => {
  const wrong = (what: string): never => {
    throw new BadTokenFileError(what);
  };
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    return wrong('is not JSON');
  }
  const tokens = (file as { readonly tokens?: unknown } | null)?.tokens;
  if (!Array.isArray(tokens)) return wrong('has no list of tokens');
  for (const [i, entry] of tokens.entries()) {
    const token = (entry ?? {}) as Record<string, unknown>;
    for (const [field, isRight] of Object.entries(checks)) if (!isRight(token[field])) wrong(`has a wrong ${field} in its entry ${i + 1}`);
    const stranger = Object.keys(token).find((field) => !Object.hasOwn(checks, field));
    if (stranger !== undefined) wrong(`has a field that is not known in its entry ${i + 1}`);
  }
  const list = tokens as readonly Token[];
  for (const field of ['id', 'sha256'] as const)
    if (new Set(list.map((token) => token[field])).size !== list.length) wrong(`has the same ${field} twice`);
  return list;
};

/** Others who may write the file may make themselves a token. @throws BadTokenFileError whose message names the file */
export const refuseOpenFile = async (file: string): Promise<void> => {
  const mode = await stat(file).then(
    (found) => found.mode & 0o777,
    () => 0, // the next read says why
  );
  if ((mode & 0o022) !== 0 && process.platform !== 'win32')
    throw new BadTokenFileError(
      `${file} may be written by others than its owner (mode ${mode.toString(8)}): chmod go-w takes that from them.`,
    );
};

/** Nobody signs in as the ledger itself. A token that was revoked stays in the file. @throws BadTokenFileError whose message names the file */
export const refuseSystem = (file: string, tokens: readonly Token[]): void => {
  const reserved = tokens.find(({ person, revokedAt }) => revokedAt === undefined && isSystem(person));
  if (reserved)
    throw new BadTokenFileError(
      `${file}: the person of the token ${reserved.id} ${IS_SYSTEM}. npm run tokens -- revoke ${reserved.id} ends it.`,
    );
};

/** @throws BadTokenFileError whose message names the file */
export const readTokens = async (file: string): Promise<readonly Token[]> => {
  try {
    return parseTokens(await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof BadTokenFileError) throw new BadTokenFileError(`${file} ${error.message}.`);
    throw new BadTokenFileError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'}).`, { cause: error });
  }
};

/**
 * Writes what `change` makes of the file: whole or not at all, and for its owner alone, who stays the same. A file that is not there is
 * empty before.
 * @throws BadTokenFileError also when another command is writing
 */
export const changeTokens = async (file: string, change: (tokens: readonly Token[]) => readonly Token[]): Promise<void> => {
  const next = `${file}.new`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const handle = await open(next, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    const why =
      error.code === 'EEXIST' ? 'is there: another command writes, or one was cut, then remove it' : `cannot be made (${error.code})`;
    throw new BadTokenFileError(`${next} ${why}.`, { cause: error });
  });
  try {
    const before = await readTokens(file).catch((error: BadTokenFileError) => {
      if ((error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return [];
      throw error;
    });
    await handle.writeFile(`${JSON.stringify({ tokens: change(before) }, null, 2)}\n`);
    const owner = await stat(file).catch(() => undefined);
    // a server could not read what root made for itself, and would go on by what was there before
    if (owner) await handle.chown(owner.uid, owner.gid);
    await handle.sync();
    await rename(next, file);
    const folder = await open(dirname(file), 'r');
    await folder.sync().finally(() => folder.close());
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
};

/** @returns the token, which nothing can show again, and its entry */
export const newToken = (about: Pick<Token, 'person' | 'roles' | 'createdAt'>): { readonly token: string; readonly entry: Token } => {
  const token = `tower_${randomBytes(32).toString('base64url')}`;
  const sha256 = hashOf(token).toString('hex');
  return { token, entry: { id: sha256.slice(0, 12), ...about, sha256 } };
};
