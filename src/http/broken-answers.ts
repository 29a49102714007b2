import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Logger } from './ledger.js';
import { ShuttingDownError } from './problem.js';

/** An answer that is sent while it is made has its status long before it fails: only the log can say why it ended early. */
export const logBrokenAnswers = (fastify: FastifyInstance, log: Logger): void => {
  fastify.addHook('onSend', ({ routeOptions: { url } }, { raw }, payload, done) => {
    if (payload instanceof Readable)
      payload.once('error', (error) => {
        const isGone = raw.destroyed || (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE';
        if (!isGone && !(error instanceof ShuttingDownError)) log.error({ err: error }, `An answer of ${url} broke off while it was sent.`);
      });
    done(null, payload);
  });
};
