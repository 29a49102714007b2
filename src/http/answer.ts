import type { FastifyReply } from 'fastify';

export const sendJson = (reply: FastifyReply, body: object): void =>
  void reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(body));
