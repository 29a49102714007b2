import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acceptJson } from './json-body.js';
import type { Config, Logger, Registry } from './ledger.js';
import { stayLocal } from './local.js';
import { notHttp, sendProblem } from './problem.js';
import { requireTokens, Tokens } from './tokens.js';

/** Fastify as the ledger listens with it: what holds for every request, before Nest sees it. @throws ConfigError */
export const adapterFor = async (config: Config, log: Logger, { commands }: Registry): Promise<FastifyAdapter> => {
  const adapter = new FastifyAdapter({
    logger: false,
    requestTimeout: 30_000,
    forceCloseConnections: 'idle',
    // An id is judged as a whole, its length included, by the routes.
    routerOptions: { maxParamLength: 16_384 },
    frameworkErrors: (error: Error, _request: FastifyRequest, reply: FastifyReply) => sendProblem(error, reply, { commands, log }),
    clientErrorHandler: notHttp,
  } as never);
  const fastify = adapter.getInstance() as unknown as FastifyInstance;
  if (config.tokens === undefined) stayLocal(fastify);
  else requireTokens(fastify, await Tokens.open(config.tokens, log));
  acceptJson(fastify);
  return adapter;
};
