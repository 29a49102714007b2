import type { FastifyInstance } from 'fastify';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ShuttingDownError, shutDown } from './problem.js';
import type { Headers } from './security-headers.js';

/**
 * What the server does with those who wait when it begins to close: a body that has not come whole and a request whose headers have not are
 * answered 503 at once, and so is what comes over an open connection from then on. Fastify ends each connection behind its answer.
 */
export class Closing {
  #begun = false;
  readonly #unfinished = new Set<(error: Error) => void>();

  /** Notes a body that has not come whole. @returns what is called once it has */
  unfinished(end: (error: Error) => void): () => void {
    this.#unfinished.add(end);
    return () => void this.#unfinished.delete(end);
  }

  watch(fastify: FastifyInstance, headers: Headers): void {
    /** The last answer of each connection: answers go out in the order of their requests, so with it all earlier ones have ended too. */
    const connections = new Map<Socket, ServerResponse | undefined>();
    fastify.server.on('connection', (socket) => {
      connections.set(socket, undefined);
      socket.once('close', () => connections.delete(socket));
    });
    fastify.server.on('request', ({ socket }, response) => {
      if (connections.has(socket)) connections.set(socket, response);
    });
    fastify.addHook('preClose', (done) => {
      this.#begun = true;
      for (const end of this.#unfinished) end(new ShuttingDownError('The server is closing.'));
      fastify.server.closeIdleConnections();
      for (const [socket, last] of connections) if ((!last || last.writableFinished) && !socket.destroyed) shutDown(socket, headers); // headers have not come whole
      done();
    });
    fastify.addHook('onRequest', (_request, _reply, done) =>
      this.#begun ? done(new ShuttingDownError('The server is closing.')) : done(),
    );
  }
}
