import secureSession from '@fastify/secure-session';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { NotAllowedError } from './problem.js';

declare module '@fastify/secure-session' {
  interface SessionData {
    /** The API token that its owner entered: it is checked again on each request. */
    token: string;
    /** In every form of this session. */
    csrf: string;
  }
}

export const SIGN_IN = '/app/sign-in';
const EXPIRY_SECONDS = 12 * 60 * 60;
const secret = (): string => randomBytes(24).toString('base64url');

/**
 * Sessions of the pages, in a cookie that only the server can read: sealed with a key that all nodes share. Without a key of its own a server
 * makes one, and its sessions end with it.
 */
export const openSessions = async (fastify: FastifyInstance, key: string | undefined): Promise<void> => {
  await fastify.register(secureSession, {
    key: key === undefined ? randomBytes(32) : Buffer.from(key, 'hex'),
    cookieName: 'tower-ledger',
    expiry: EXPIRY_SECONDS,
    cookie: { path: '/app', httpOnly: true, sameSite: 'strict', secure: true },
  });
};

/** Where there are no tokens there is no session: one secret for all who use this machine, until the server ends. */
const LOCAL = secret();

/** The secret that forms of this request carry. */
export const csrfOf = (request: FastifyRequest): string => {
  const session = sessionOf(request);
  if (!session) return LOCAL;
  let csrf = session.get('csrf');
  if (csrf === undefined) session.set('csrf', (csrf = secret()));
  return csrf;
};
/** By their secrets, as long as a copy of the cookie could be opened: a restart with the same key, and other nodes, know none of them. */
const signedOut = new LRUCache<string, true>({ max: 10_000, ttl: EXPIRY_SECONDS * 1000 });
type Session = FastifyRequest['session'];
export const beginSession = (session: Session, token: string): void => {
  session.regenerate();
  session.set('token', token);
  session.set('csrf', secret());
};
export const endSession = (session: Session): void => {
  const csrf = session.get('csrf');
  if (csrf !== undefined) {
    signedOut.set(csrf, true);
    for (const answer of streams.get(csrf) ?? []) answer.destroy();
  }
  session.delete();
};
/** Answers that go on after their request was let in, by the secret of their session: as many as may follow at all. */
const streams = new Map<string, Set<ServerResponse>>();
/** Ends the answer when the session is signed out. */
export const untilSignedOut = (session: Session, answer: ServerResponse): void => {
  const csrf = session.get('csrf');
  if (csrf === undefined) return;
  const answers = streams.get(csrf) ?? new Set();
  streams.set(csrf, answers.add(answer));
  answer.on('close', () => {
    answers.delete(answer);
    if (answers.size === 0 && streams.get(csrf) === answers) streams.delete(csrf);
  });
};
/** Undefined where nobody is signed in, or has signed out. */
export const tokenOf = (session: Session): string | undefined =>
  signedOut.has(session.get('csrf') ?? '') ? undefined : session.get('token');

/** Undefined where the server has no tokens. */
export const sessionOf = (request: FastifyRequest): Session | undefined => (request as { readonly session?: Session }).session;

/** A form that another site made has neither the secret nor an origin of ours. @throws NotAllowedError */
export const refuseForeignForm = (request: FastifyRequest, sent: string | null): void => {
  const { origin, host } = request.headers;
  const isForeign = origin !== undefined && (origin === 'null' || !URL.canParse(origin) || new URL(origin).host !== host);
  const [expected, given] = [Buffer.from(csrfOf(request)), Buffer.from(sent ?? '')];
  if (isForeign || expected.length !== given.length || !timingSafeEqual(expected, given))
    throw new NotAllowedError('This form is not one of this session any more: open the page again, and send it from there.');
};

/** Leads somebody who is not signed in to the page for it, and back to where they were going. */
export const leadToSignIn = (request: FastifyRequest, reply: FastifyReply): void => {
  const next = request.method === 'GET' ? request.url : '/app';
  void reply.header('cache-control', 'no-store').redirect(`${SIGN_IN}?next=${encodeURIComponent(next)}`, 303);
};
/** Pages that are shown to everybody: the one to sign in on, and what it looks like. */
export const isOpenPage = (route: string): boolean => route === SIGN_IN || route.startsWith('/app/assets/');
