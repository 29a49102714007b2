import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { Closing } from './closing.js';
import { BODY_LIMIT } from './json-body.js';
import { BadRequestError } from './problem.js';
import { isPage } from './routes.js';

const wrong = (detail: string, code: 'media-type' | 'body-too-large' | 'bad-body', status: number) =>
  new BadRequestError([{ pointer: '', detail }], code, status);

/** Forms of the pages, at most 1 MB: the body is a `URLSearchParams`. Nothing but a page takes one. */
export const acceptForms = (fastify: FastifyInstance, closing: Closing): void => {
  fastify.addContentTypeParser('application/x-www-form-urlencoded', (request: FastifyRequest, payload: IncomingMessage, done) => {
    if (!isPage(request.routeOptions.url ?? '')) {
      payload.resume();
      return done(wrong('must be JSON', 'media-type', 415));
    }
    let chunks: Buffer[] = [];
    let size = 0;
    let isAnswered = false;
    const answer: typeof done = (error, body) => {
      if (isAnswered) return;
      isAnswered = true;
      whole();
      done(error, body);
    };
    const whole = closing.unfinished((error) => answer(error));
    payload.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= BODY_LIMIT) chunks.push(chunk);
      else chunks = [];
      if (size > 8 * BODY_LIMIT) payload.destroy();
    });
    payload.on('error', (error) => answer(error));
    payload.on('end', () => {
      if (size > BODY_LIMIT) return answer(wrong(`must not be larger than ${BODY_LIMIT} bytes`, 'body-too-large', 413));
      const sent = Buffer.concat(chunks);
      if (!isUtf8(sent)) return answer(wrong('must be UTF-8', 'bad-body', 400));
      answer(null, new URLSearchParams(sent.toString('utf8')));
    });
  });
};

/** The form that was sent to a page: without a body it has no field. @throws BadRequestError where the body is something else */
export const formOf = ({ body }: FastifyRequest): URLSearchParams => {
  if (body instanceof URLSearchParams) return body;
  if (body === undefined || body === null) return new URLSearchParams();
  throw new BadRequestError([{ header: 'content-type', detail: 'must be that of a form of these pages' }], 'bad-header', 415);
};
