import compress from '@fastify/compress';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { isStream } from './routes.js';

/** Answers of fewer bytes than the first are sent as they are; those of more than the second are compressed on another thread. */
const OPTIONS = { encodings: ['gzip'], threshold: 1024, syncThreshold: 8192 } satisfies RouteOptions['compress'];
const READS = /^\/(projections|events|decisions|search)(\/|$)/;

/**
 * The description and what reads answer with, where the caller takes gzip. Not the answers of commands, which their callers wait for; not
 * streams, of which each message would wait for the next one; and nothing with an ETag, which names the bytes that are sent.
 */
const isCompressed = (method: string, route: string): boolean =>
  method === 'GET' && (route === '/openapi.json' || (READS.test(route) && !isStream(route)));

/** Before any route is there. */
export const compressAnswers = async (fastify: FastifyInstance): Promise<void> => {
  fastify.addHook('onRoute', (route) => {
    // the options of a route are taken in the place of those of the plugin
    route.compress = isCompressed([route.method].flat()[0]!, route.url) && OPTIONS;
  });
  await fastify.register(compress, { global: false, globalDecompression: false, ...OPTIONS });
};
