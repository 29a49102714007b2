import type { FastifyInstance } from 'fastify';
import type { Socket } from 'node:net';

/**
 * A client may send a thousand requests over one connection and read no answer. Of each connection one answer is written and at most one
 * more is made meanwhile; other requests wait until it is their turn. So what a connection holds is two answers, whatever it asks.
 */
export const servePipelined = (fastify: FastifyInstance): void => {
  /** Of each connection: when the answer that was asked for last may be written. */
  const turns = new WeakMap<Socket, Promise<void>>();
  fastify.addHook('onRequest', (request, { raw }, done) => {
    if (raw.socket) return done(); // no answer is before it
    const { socket } = request.raw;
    const before = turns.get(socket);
    turns.set(socket, new Promise((resolve) => raw.once('socket', () => resolve())));
    if (before) void before.then(() => done());
    else done();
  });
};
