import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { logBrokenAnswers } from './broken-answers.js';
import { Closing } from './closing.js';
import { Connections } from './connections.js';
import { compressAnswers } from './compression.js';
import { allowOrigins } from './cors.js';
import { acceptForms } from './form-body.js';
import { acceptJson } from './json-body.js';
import type { Config } from './ledger.js';
import { stayLocal, takeOneHost } from './local.js';
import { servePipelined } from './pipelining.js';
import { notHttp, sendProblem, type ProblemContext } from './problem.js';
import { addSecurityHeaders, secure, securityHeaders } from './security-headers.js';
import { openSessions } from './sessions.js';
import { judgeTickets, StreamTickets } from './stream-tickets.js';
import { requireTokens, Tokens } from './tokens.js';

/** How long a request may take to come whole, its body included. */
const REQUEST_MS = 30_000;
/** How long a connection may pass nothing in either direction. Streams pass a heartbeat every 15 s. */
const STALLED_MS = 120_000;
export interface Limits {
  readonly requestMs?: number;
  readonly stalledMs?: number;
}
interface Context extends ProblemContext {
  /** An instant in UTC. */
  readonly now: () => string;
}

/** Fastify as the ledger listens with it: what is true of every request, before Nest sees one. @throws ConfigError */
export const adapterFor = async (
  config: Config,
  { log, commands, now }: Context,
  { requestMs = REQUEST_MS, stalledMs = STALLED_MS }: Limits,
): Promise<FastifyAdapter> => {
  const headers = await securityHeaders(config.tokens !== undefined);
  const adapter = new FastifyAdapter({
    logger: false,
    // Node takes the longer of the two timeouts for the whole request, and looks at its connections every 30 s unless set
    requestTimeout: requestMs,
    http: { requestTimeout: requestMs, headersTimeout: requestMs, connectionsCheckingInterval: Math.min(2000, requestMs / 4) },
    connectionTimeout: stalledMs,
    forceCloseConnections: 'idle',
    return503OnClosing: false, // ours says when to come back
    trustProxy: config.trustedProxies ? [...config.trustedProxies] : false,
    // The length of an id is judged where all of it is judged.
    routerOptions: { maxParamLength: 16_384 },
    frameworkErrors: (error: Error, _request: unknown, reply: unknown) => {
      const answer = reply as FastifyReply;
      secure(answer, headers.api);
      sendProblem(error, answer, { log, commands });
    },
    clientErrorHandler: notHttp(headers.api),
  });
  const fastify = adapter.getInstance() as unknown as FastifyInstance;
  addSecurityHeaders(fastify, headers);
  fastify.decorate(
    'connections',
    new Connections(
      fastify.server,
      config.maxConnections,
      (message) => log.warn(message),
      () => Date.parse(now()),
    ),
  );
  servePipelined(fastify);
  const closing = new Closing();
  closing.watch(fastify, headers.api);
  takeOneHost(fastify);
  fastify.decorate('streamTickets', new StreamTickets(config.sessionKey, () => Date.parse(now())));
  if (config.tokens === undefined) stayLocal(fastify);
  if (config.allowedOrigins) await allowOrigins(fastify, config.allowedOrigins);
  if (config.tokens === undefined) judgeTickets(fastify);
  else {
    await openSessions(fastify, config.sessionKey);
    await requireTokens(fastify, {
      tokens: await Tokens.open(config.tokens, log),
      log,
      subscribersPerToken: config.subscribersPerToken,
    });
  }
  logBrokenAnswers(fastify, log);
  await compressAnswers(fastify);
  acceptJson(fastify, closing);
  acceptForms(fastify, closing);
  return adapter;
};
