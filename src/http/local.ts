import type { FastifyInstance } from 'fastify';
import { isLoopback } from '../config.js';
import { BadRequestError } from './problem.js';

/**
 * In local mode everyone who reaches the server may use it, so a page in a browser must not: it can make its own name mean 127.0.0.1, but
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

/** Two names for one server: a proxy on the way may have gone by the other one (RFC 9112, section 3.2). Node keeps the first. */
export const takeOneHost = (fastify: FastifyInstance): void => {
  fastify.addHook('onRequest', ({ raw: { rawHeaders } }, _reply, done) => {
    let hosts = 0;
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = rawHeaders[i]!;
      if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
    }
    if (hosts > 1) return done(new BadRequestError([{ header: 'host', detail: 'must be given once' }], 'bad-header'));
    done();
  });
};
