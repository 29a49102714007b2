import cors from '@fastify/cors';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isPage } from './routes.js';

/** What a page of another origin may read of an answer, and send with a request. */
const EXPOSED = ['ETag', 'Location', 'Link', 'Retry-After', 'Idempotency-Replayed', 'WWW-Authenticate', 'Allow', 'Content-Disposition'];
const SENT = [
  'Accept',
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'If-Match',
  'If-None-Match',
  'Last-Event-ID',
  'X-Actor',
  'X-Correlation-Id',
];
/** Seconds for which a browser may keep what a preflight said. */
const KEPT_SECONDS = 600;

/**
 * Lets pages of these origins use the API, and of no other: an origin is compared whole, and never answered with `*`. Cookies are not taken
 * from them, so the pages of this server, which go by a cookie, stay its own. A preflight carries no token: it is answered before one is
 * asked for.
 */
export const allowOrigins = async (fastify: FastifyInstance, origins: readonly string[]): Promise<void> => {
  const allowed = new Set(origins);
  await fastify.register(cors, {
    delegator: ({ headers: { origin }, url }: FastifyRequest, done) => {
      const isAllowed = origin !== undefined && allowed.has(origin) && !isPage(url.split('?')[0]!);
      done(null, {
        origin: isAllowed && origin,
        methods: ['GET', 'HEAD', 'POST', 'PUT'],
        allowedHeaders: SENT,
        exposedHeaders: EXPOSED,
        maxAge: KEPT_SECONDS,
        credentials: false,
      });
    },
  });
};
