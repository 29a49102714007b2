import type { FastifyRequest } from 'fastify';
import { userInfo } from 'node:os';
import type { CommandRequest } from '../engine/write/engine.js';
import { approvalIn, IDENTIFIER, isDay, isIdentifier, isSystem, WAIVES, type Actor } from '../kernel/index.js';
import { badHeader, badParameter, NotAllowedError } from './problem.js';
import { IS_SYSTEM, may, PERSON, type Role } from './token-file.js';

const operator = ((): string => {
  try {
    const name = userInfo()
      .username.replaceAll(/[^A-Za-z0-9._@-]/g, '-')
      .slice(0, 128);
    return name === '' || isSystem(name) ? 'unknown' : name;
  } catch {
    return 'unknown'; // a user without an entry in the system's list
  }
})();

const header = (request: FastifyRequest, name: string, form: RegExp, must: string): string | undefined => {
  const value = request.headers[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || !form.test(value)) throw badHeader(name, must);
  return value;
};

const signedIn = new WeakMap<FastifyRequest, Actor>();
const tokens = new WeakMap<FastifyRequest, SigningToken>();
/** A token, as far as a request knows it: its id and all its roles. */
export interface SigningToken {
  readonly id: string;
  readonly roles: readonly Role[];
}
/** The request is this person's, in this role: its token said so, which may have more roles. */
export const signIn = (request: FastifyRequest, actor: Actor, { id, roles }: SigningToken): void => {
  signedIn.set(request, actor);
  tokens.set(request, { id, roles });
};
/** The id of the token that it came with; undefined without one. */
export const tokenOf = (request: FastifyRequest): string | undefined => tokens.get(request)?.id;
/** All roles of the token that it came with. */
export const rolesOf = (request: FastifyRequest): readonly Role[] => tokens.get(request)?.roles ?? [];

/** Whose token it came with; undefined without one. */
export const signedInAs = (request: FastifyRequest): Actor | undefined => signedIn.get(request);

/**
 * Who sends a command: whose token it came with, as an approver where the command asks for one; in local mode whom the caller names, else who
 * runs the server.
 * @throws NotAllowedError where it asks for an approver, and the token is none's; not for a dry run
 */
export const actorOf = (request: FastifyRequest, { command, body, dryRun }: Pick<CommandRequest, 'command' | 'body' | 'dryRun'>): Actor => {
  const known = signedIn.get(request);
  if (known) {
    const pointer = approvalIn(command, body);
    if (pointer === undefined) return known;
    const roles = rolesOf(request);
    const role = roles.find((one) => may(one, 'approve'));
    if (role) return { ...known, role };
    if (dryRun) return known;
    const what = pointer === '' ? `send ${command.name}` : pointer === WAIVES ? 'waive a rule' : 'correct a decider or an authority';
    throw new NotAllowedError(`${roles.join(', ')} may not ${what}: it takes the role approver.`, { person: known.id, roles }, pointer);
  }
  const id = header(request, 'x-actor', PERSON, 'must be a person id of letters, digits and . _ @ -, at most 128 characters') ?? operator;
  if (isSystem(id)) throw badHeader('x-actor', IS_SYSTEM);
  return { id };
};
export const idempotencyKeyOf = (request: FastifyRequest): string | undefined =>
  header(request, 'idempotency-key', /^[\x20-\x7e]{1,255}$/, 'must be 1 to 255 printable ASCII characters');
export const correlationOf = (request: FastifyRequest): string | undefined =>
  header(request, 'x-correlation-id', /^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 printable ASCII characters without blanks');

const TAG = String.raw`(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"`;
const TAGS = new RegExp(`^(?:\\*|${TAG}(?:[ \\t]*,[ \\t]*${TAG})*)$`);
/** A revision; behind an `@` stands the version of the program that showed it. */
const REVISION_TAG = /^(-1|0|[1-9]\d{0,14})(?:@.*)?$/;
/** The revisions that a command may meet its stream at. Weak tags, and tags of others, are left out: none of them ever matches. */
export const ifMatchOf = (request: FastifyRequest): readonly number[] | 'any' | undefined => {
  const value = header(request, 'if-match', TAGS, 'must be tags in quotes such as "3", "-1" for one without events, or *');
  if (value === undefined) return undefined;
  if (value === '*') return 'any';
  return [...value.matchAll(/(W\/)?"([^"]*)"/g)].flatMap(([, weak, tag]) => {
    const revision = weak === undefined && REVISION_TAG.exec(tag!)?.[1];
    return revision ? [Number(revision)] : [];
  });
};
/** A command asks only whether anything is there. */
export const ifNoneMatchOf = (request: FastifyRequest): 'any' | undefined => {
  const value = header(request, 'if-none-match', /^\*$/, 'must be * on a command: only if nothing is recorded there yet');
  return value === undefined ? undefined : 'any';
};

/** The validator of what is read of a stream: it says the same as long as the stream and the program are the same. */
export const tagOf = (revision: number, version: string): string => `"${revision}@${version}"`;
/** Whether the caller has what a read would answer. Tags are compared weakly, as RFC 9110 asks: a proxy may have compressed the answer. */
export const isKnown = (request: FastifyRequest, tag: string): boolean => {
  const value = request.headers['if-none-match'];
  if (value === undefined) return false;
  const tags: readonly string[] = value.match(/"[^"]*"/g) ?? [];
  return value.trim() === '*' || tags.includes(tag);
};

/** An id from the path. */
export const idOf = (request: FastifyRequest): string => {
  const { id } = request.params as { readonly id: string };
  if (!isIdentifier(id)) throw badParameter('id', `must match ${IDENTIFIER}`);
  return id;
};

export type Query = Readonly<Record<string, string | undefined>>;
/**
 * The query parameters of a route that knows these and no others, each given once.
 * @param offered those of them that a refusal names: a route may know some only to say why it does not take them
 */
export const queryOf = (request: FastifyRequest, known: readonly string[], offered = known): Query => {
  const query = request.query as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(query)) {
    if (!known.includes(name)) {
      const there = [...new Set(offered)].join(', ');
      throw badParameter(name.slice(0, 64), there ? `is not known here: there are ${there}` : 'is not known here');
    }
    if (typeof query[name] !== 'string') throw badParameter(name, 'must be given once');
    if (query[name] === '') throw badParameter(name, 'must not be empty');
  }
  return query as Query;
};

/** Values that a refusal names at most. */
const MAX_NAMED = 200;
/** A value of a closed list; of any list where there is none. @throws BadRequestError that names the values */
export const oneOf = (query: Query, name: string, values: readonly string[] | undefined): string | undefined => {
  const value = query[name];
  if (value === undefined || !values || values.includes(value)) return value;
  const more = values.length - MAX_NAMED;
  throw badParameter(
    name,
    `must be one of ${values.slice(0, MAX_NAMED).join(', ')}${more > 0 ? `, and ${more} more: see /openapi.json` : ''}`,
  );
};
/** @throws BadRequestError for what is no day */
export const dayIn = (query: Query, name: string): string | undefined => {
  const value = query[name];
  if (value !== undefined && !isDay(value)) throw badParameter(name, 'must be a day such as 2016-02-29');
  return value;
};
export const flagOf = (query: Query, name: string): boolean => {
  const value = query[name];
  if (value !== undefined && value !== 'true' && value !== 'false') throw badParameter(name, 'must be true or false');
  return value === 'true';
};
export const wholeOf = (query: Query, name: string, min: number, max: number): number | undefined => {
  const value = query[name];
  if (value === undefined) return undefined;
  if (!/^-?\d{1,15}$/.test(value) || Number(value) < min || Number(value) > max)
    throw badParameter(name, `must be a whole number from ${min} to ${max}`);
  return Number(value);
};
/** An instant in UTC with milliseconds, as events carry it. */
export const instantOf = (query: Query, name: string): string | undefined => {
  const value = query[name];
  if (value === undefined) return undefined;
  if (/^[\d:.T-]+ \d{2}:\d{2}$/.test(value))
    throw badParameter(name, 'has a blank before its offset, which a + in an address stands for: write the + as %2B');
  const form = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;
  try {
    if (!form.test(value)) throw new RangeError(value);
    return Temporal.Instant.from(value).toString({ smallestUnit: 'millisecond' });
  } catch {
    throw badParameter(name, 'must be an instant such as 2026-11-24T09:30:00Z');
  }
};
