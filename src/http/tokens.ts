import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { timingSafeEqual } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { ConfigError } from '../config.js';
import { FailedSignIns } from './failed-sign-ins.js';
import { badHeader, NotAllowedError, NotAuthenticatedError, TooManyFailedSignInsError, TooManyForTokenError } from './problem.js';
import { signIn } from './request.js';
import { FEED, isOpen, isPage, isQuery, isStream, showsRefusals } from './routes.js';
import { isOpenPage, leadToSignIn, sessionOf, tokenOf, untilSignedOut } from './sessions.js';
import { pathOf, REFUSED, ticketOf } from './stream-tickets.js';
import { hashOf, may, readTokens, refuseOpenFile, refuseSystem, ROLES, TOKEN, type Act, type Role, type Token } from './token-file.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** Whether somebody may sign in with it; a failure counts. Only where the server has tokens. @throws TooManyFailedSignInsError */
    takesToken?(request: FastifyRequest, given: string): Promise<boolean>;
  }
}

/** How long a revoked token may still be taken. */
const LOOK_MS = 1000;

type Known = Pick<Token, 'id' | 'person' | 'roles'> & { readonly hash: Buffer };

/** The tokens in force, as their file says. A file that is broken, gone or open to others changes nothing, and is logged once. */
export class Tokens {
  #known: readonly Known[] = [];
  #mark = '';
  #looking = false;
  #timer: NodeJS.Timeout | undefined;
  /** Answers that go on after their request was let in, by the id of its token. */
  readonly #streams = new Map<string, Set<ServerResponse>>();

  private constructor(
    private readonly file: string,
    private readonly log: Logger,
  ) {}

  /** @throws ConfigError when the file cannot be used */
  static async open(file: string, log: Logger): Promise<Tokens> {
    const tokens = new Tokens(file, log);
    try {
      tokens.#mark = await tokens.#markOf();
      await refuseOpenFile(file);
      const found = await readTokens(file);
      refuseSystem(file, found);
      tokens.#take(found);
    } catch (error) {
      throw new ConfigError(`LEDGER_TOKENS: ${(error as Error).message} npm run tokens -- add makes one.`, { cause: error });
    }
    tokens.#timer = setInterval(() => void tokens.#look(), LOOK_MS).unref();
    return tokens;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Every hash is compared, and whole, so that the time it takes shows nothing of them. */
  find(token: string): Known | undefined {
    const hash = hashOf(token);
    let found: Known | undefined;
    for (const known of this.#known) if (timingSafeEqual(known.hash, hash)) found = known;
    return found;
  }

  /** The token in force that has this id, which is no secret. */
  byId(id: string): Known | undefined {
    return this.#known.find((known) => known.id === id);
  }

  /** Ends the answer when the token is revoked. @throws TooManyForTokenError when `most` answers of this token go on already */
  untilRevoked(id: string, answer: ServerResponse, most: number): void {
    const answers = this.#streams.get(id) ?? new Set();
    if (answers.size >= most)
      throw new TooManyForTokenError(`${answers.size} clients follow with this token already, and it has ${most} places.`);
    this.#streams.set(id, answers.add(answer));
    answer.on('close', () => {
      answers.delete(answer);
      if (answers.size === 0 && this.#streams.get(id) === answers) this.#streams.delete(id);
    });
  }

  /** Runs every second and not on a request: the request of an open stream came long ago. */
  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const mark = await this.#markOf();
      if (mark === this.#mark) return;
      this.#mark = mark;
      await refuseOpenFile(this.file);
      const found = await readTokens(this.file);
      refuseSystem(this.file, found);
      this.#take(found);
      this.log.info({ file: this.file, tokens: this.#known.length }, 'The file of API tokens was read again.');
    } catch (error) {
      this.log.error({ err: error }, 'The file of API tokens cannot be used: what it said before stays in force.');
    } finally {
      this.#looking = false;
    }
  }

  /** Differs after every change of the file, of its contents or of who may write it. */
  async #markOf(): Promise<string> {
    return stat(this.file).then(
      ({ ino, size, mtimeMs, mode }) => `${ino} ${size} ${mtimeMs} ${mode}`,
      (error: NodeJS.ErrnoException) => String(error.code),
    );
  }

  #take(tokens: readonly Token[]): void {
    this.#known = tokens
      .filter(({ revokedAt }) => revokedAt === undefined)
      .map(({ id, person, roles, sha256 }) => ({ id, person, roles, hash: Buffer.from(sha256, 'hex') }));
    const inForce = new Set(this.#known.map(({ id }) => id));
    for (const [id, answers] of this.#streams) if (!inForce.has(id)) for (const answer of answers) answer.destroy();
  }
}

/** Programs that subscribe to a calendar send no headers. */
const inAddress = (request: FastifyRequest): string | undefined => {
  const { token } = request.query as { readonly token?: unknown };
  return typeof token === 'string' ? `Bearer ${token}` : undefined;
};

const notAllowed = (token: Known, act: Act): NotAllowedError =>
  new NotAllowedError(`${token.roles.join(', ')} may not do this: it takes one of ${allowing(act)}.`, token);
const allowing = (act: Act): string => (Object.keys(ROLES) as Role[]).filter((role) => may(role, act)).join(', ');

/** Failed sign-ins of an address in a minute; the next get 429. */
const FAILURES = 20;
const FAILURES_MS = 60_000;
/** Addresses whose failures are counted; the one that was quiet longest makes room for another. */
const COUNTED = 5000;

interface Options {
  readonly tokens: Tokens;
  readonly log: Logger;
  /** Clients that may follow with one token. */
  readonly subscribersPerToken: number;
}

/** Every route that is not open, and every address that is no route, takes a token in force with a role that may do what is asked. */
export const requireTokens = async (fastify: FastifyInstance, { tokens, log, subscribersPerToken }: Options): Promise<void> => {
  await fastify.register(rateLimit, { global: false, max: FAILURES, timeWindow: FAILURES_MS, cache: COUNTED });
  const count = fastify.createRateLimit();
  const failed = new FailedSignIns(log);
  /** Counts a failure only after it is one, so that no sign-in of others at the same address is ever refused for it. */
  const fail = async (request: FastifyRequest, reason: string, error: Error): Promise<Error> => {
    failed.note(request.ip, reason);
    const counted = await count(request);
    return !counted.isAllowed && counted.isExceeded ? new TooManyFailedSignInsError(counted.ttlInSeconds) : error;
  };

  /** A page's session names the token: it must be in force now, with a role that may do what is asked. */
  const signInToPage = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void => {
    const session = sessionOf(request)!;
    const given = tokenOf(session);
    const token = given === undefined ? undefined : tokens.find(given);
    if (!token) {
      if (given !== undefined) session.set('token', undefined);
      return leadToSignIn(request, reply);
    }
    const act = showsRefusals(request.routeOptions.url)
      ? 'refusals'
      : ['GET', 'HEAD'].includes(request.method) || request.url === '/app/sign-out'
        ? 'read'
        : 'command';
    const role = token.roles.find((r) => may(r, 'command')) ?? token.roles.find((r) => may(r, 'read'));
    if (!role || !token.roles.some((r) => may(r, act))) return done(notAllowed(token, act));
    signIn(request, { id: token.person, role }, token);
    if (request.routeOptions.url?.endsWith('/events'))
      try {
        tokens.untilRevoked(token.id, reply.raw, subscribersPerToken);
        untilSignedOut(session, reply.raw);
      } catch (error) {
        return done(error as Error);
      }
    done();
  };
  /** A ticket is as good as the token that it was made with: revoked, or without the role, that is taken no more. */
  const followBy = (
    ticket: string,
    request: FastifyRequest,
    reply: FastifyReply,
    refuse: (reason: string, error: Error) => void,
    done: (error?: Error) => void,
  ): void => {
    const granted = fastify.streamTickets.take(ticket, pathOf(request));
    const token = granted?.token === undefined ? undefined : tokens.byId(granted.token);
    const role = token?.roles.find((r) => r === granted!.role && may(r, 'read'));
    if (!token || !role) return refuse('no ticket in force', new NotAuthenticatedError(`The ticket ${REFUSED}.`, 'invalid_token'));
    signIn(request, { id: token.person, role }, token);
    try {
      tokens.untilRevoked(token.id, reply.raw, subscribersPerToken);
    } catch (error) {
      return done(error as Error);
    }
    done();
  };
  fastify.decorate('takesToken', async (request: FastifyRequest, given: string): Promise<boolean> => {
    const token = TOKEN.test(given) ? tokens.find(given) : undefined;
    if (token) return token.roles.some((r) => may(r, 'read'));
    const error = new NotAuthenticatedError('The token is not known, or was revoked.', 'invalid_token');
    const failure = await fail(request, 'not a token in force', error);
    if (failure !== error) throw failure;
    return false;
  });

  fastify.addHook('onRequest', (request, reply, done) => {
    const { url: route } = request.routeOptions;
    if (route !== undefined && isOpen(route)) return done();
    if (route !== undefined && isPage(route)) return isOpenPage(route) ? done() : signInToPage(request, reply, done);
    const refuse = (reason: string, error: Error) => void fail(request, reason, error).then(done, done);
    const ticket = ticketOf(request);
    if (ticket !== undefined) return followBy(ticket, request, reply, refuse, done);
    const authorization = request.headers.authorization ?? (route === FEED ? inAddress(request) : undefined);
    const unsigned = new NotAuthenticatedError('Send a token: Authorization: Bearer ….');
    if (authorization === undefined) return done(unsigned);
    const [, given] = /^bearer +(\S+) *$/i.exec(authorization) ?? [];
    if (given === undefined) return refuse('no bearer token', unsigned);
    const token = TOKEN.test(given) ? tokens.find(given) : undefined;
    if (!token)
      return refuse('not a token in force', new NotAuthenticatedError('The token is not known, or was revoked.', 'invalid_token'));
    if (request.headers.authorization === undefined && token.roles.some((r) => r !== 'calendar'))
      return done(new NotAllowedError('Only a token of the role calendar, and of no other, may stand in an address.', token));
    const act =
      route === FEED
        ? 'calendar'
        : showsRefusals(route)
          ? 'refusals'
          : request.is404 || ['GET', 'HEAD'].includes(request.method) || isQuery(request.method, route)
            ? 'read'
            : 'command';
    const role = token.roles.find((r) => may(r, act));
    if (!role) return done(notAllowed(token, act));
    if (request.headers['x-actor'] !== undefined) return done(badHeader('x-actor', 'is not taken: the token says who sends a command'));
    signIn(request, { id: token.person, role }, token);
    if (isStream(route))
      try {
        tokens.untilRevoked(token.id, reply.raw, subscribersPerToken);
      } catch (error) {
        return done(error as Error);
      }
    done();
  });
  fastify.addHook('onClose', (_, done) => {
    tokens.close();
    done();
  });
};
