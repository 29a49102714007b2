import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { badParameter } from './problem.js';
import { isStream } from './routes.js';

declare module 'fastify' {
  interface FastifyInstance {
    readonly streamTickets: StreamTickets;
  }
}

/** How long a ticket is good for. */
export const TICKET_SECONDS = 30;
/** Used tickets that are remembered until they expire, at some 100 bytes each; beyond, none is taken until some have. */
const MAX_USED = 10_000;
/** No ticket is longer. */
const MAX_LENGTH = 1000;

/** What a ticket lets its bearer do: open the stream at this path, once, as the token that it was made with. */
export interface Grant {
  /** The path of the stream, without a query. */
  readonly path: string;
  /** The id of the token, and the role in which it follows; where the server has no tokens, none. */
  readonly token?: string | undefined;
  readonly role?: string | undefined;
}
interface Signed extends Grant {
  /** In milliseconds. */
  readonly expires: number;
  readonly nonce: string;
}

/**
 * Tickets for a browser's EventSource, which can send no header: what they grant, signed, so that nothing is kept of one until it is used.
 * Every node that has the key takes them, and each takes one once.
 */
export class StreamTickets {
  readonly #key: Buffer;
  /** Nonce of a used ticket → when it expires: in the order of their use. */
  readonly #used = new Map<string, number>();

  /**
   * @param secret what all nodes share, in hexadecimal; without one, tickets are good at this node alone, until it ends
   * @param now in milliseconds
   */
  constructor(
    secret: string | undefined,
    private readonly now: () => number,
  ) {
    const shared = secret === undefined ? randomBytes(32) : Buffer.from(secret, 'hex');
    this.#key = Buffer.from(hkdfSync('sha256', shared, '', 'tower-ledger stream tickets', 32));
  }

  /** @returns the ticket, and when it expires, in milliseconds */
  issue(grant: Grant): { readonly ticket: string; readonly expires: number } {
    const expires = this.now() + TICKET_SECONDS * 1000;
    const signed: Signed = { ...grant, expires, nonce: randomBytes(16).toString('base64url') };
    const content = Buffer.from(JSON.stringify(signed)).toString('base64url');
    return { ticket: `${content}.${this.#signature(content).toString('base64url')}`, expires };
  }

  /** What a ticket grants at a path; undefined where it is not ours, of another path, used or expired. It is used then. */
  take(ticket: string, path: string): Grant | undefined {
    const [content = '', signature = '', ...more] = ticket.length > MAX_LENGTH ? [] : ticket.split('.');
    const [expected, given] = [this.#signature(content), Buffer.from(signature, 'base64url')];
    if (more.length > 0 || given.length !== expected.length || !timingSafeEqual(expected, given)) return undefined;
    const { expires, nonce, ...grant } = JSON.parse(Buffer.from(content, 'base64url').toString('utf8')) as Signed;
    const now = this.now();
    if (grant.path !== path || expires <= now || expires > now + 2 * TICKET_SECONDS * 1000 || this.#used.has(nonce)) return undefined;
    if (this.#used.size >= MAX_USED) this.#forget(now);
    if (this.#used.size >= MAX_USED) return undefined;
    this.#used.set(nonce, expires);
    return grant;
  }

  #forget(now: number): void {
    for (const [nonce, expires] of this.#used) if (expires <= now) this.#used.delete(nonce);
  }
  #signature(content: string): Buffer {
    return createHmac('sha256', this.#key).update(content).digest();
  }
}

export const REFUSED = 'is not in force: it was used, has expired, or is of another stream. POST /stream-tickets makes one';

/** The ticket of a request for a stream. @throws BadRequestError where it comes with a token */
export const ticketOf = (request: FastifyRequest): string | undefined => {
  const { ticket } = request.query as { readonly ticket?: unknown };
  if (typeof ticket !== 'string' || !isStream(request.routeOptions.url)) return undefined;
  if (request.headers.authorization !== undefined) throw badParameter('ticket', 'cannot be combined with the header Authorization');
  return ticket;
};

export const pathOf = ({ url }: Pick<FastifyRequest, 'url'>): string => url.split('?', 1)[0]!;

/** Where the server has no tokens, nobody needs a ticket; one that is given is judged all the same. */
export const judgeTickets = (fastify: FastifyInstance): void => {
  fastify.addHook('onRequest', (request, _reply, done) => {
    const ticket = ticketOf(request);
    if (ticket === undefined || fastify.streamTickets.take(ticket, pathOf(request))) return done();
    done(badParameter('ticket', REFUSED));
  });
};
