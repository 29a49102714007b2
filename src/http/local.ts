import type { FastifyInstance } from 'fastify';
import { isLoopback } from '../config.js';
import { BadRequestError } from './problem.js';

/**
 * In local mode whoever reaches the server may use it, so a page in a browser must not: it can make its own name mean 127.0.0.1, but
 * then the name still stands in the Host header.
 */
export const stayLocal = (fastify: FastifyInstance): void => {
  const seen = new Set<string>();
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { host = '' } = request.headers;
    if (seen.has(host)) return done();
    if (
      !isLoopback(
        host
          .replace(/:\d+$/, '')
          .replace(/^\[(.*)\]$/, '$1')
          .toLowerCase(),
      )
    )
      return done(new BadRequestError([{ header: 'host', detail: 'must name this machine' }], 'bad-host', 421));
    if (seen.size < 100) seen.add(host);
    done();
  });
};
