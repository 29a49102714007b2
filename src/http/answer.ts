import type { FastifyReply } from 'fastify';

/** The answer depends on this header of its request too. */
export const varyBy = (reply: FastifyReply, header: string): void => {
  const others = reply.getHeader('vary');
  void reply.header('vary', others === undefined ? header : `${String(others)}, ${header}`);
};

export const sendJson = (reply: FastifyReply, body: object): void =>
  void reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(body));
