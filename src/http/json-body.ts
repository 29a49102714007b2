import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { Closing } from './closing.js';
import { duplicateName, stepOf } from '../kernel/index.js';
import { BadRequestError } from './problem.js';

export const BODY_LIMIT = 1024 * 1024;
const MAX_DEPTH = 32;
/** So much of a body that is too large is read and dropped: its sender gets the answer instead of a reset connection. */
const DRAIN_LIMIT = 64 * BODY_LIMIT;

/** The one route whose body is any bytes: they are handed on as they come, and counted there. */
export const EVIDENCE = 'evidence/:sha256';

/** The only parser of bodies: at most 1 MB and 32 levels, checked before anything parses. What it refuses is read to its end, so that the answer arrives. */
export const acceptJson = (fastify: FastifyInstance, closing: Closing): void => {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/octet-stream', (request: FastifyRequest, payload: IncomingMessage, answer) => {
    const isPlain = request.headers['content-encoding'] === undefined;
    if (isPlain && request.routeOptions.url === `/${EVIDENCE}`) return answer(null, payload);
    payload.resume();
    answer(new BadRequestError([{ header: 'content-type', detail: 'must be application/json, not encoded' }], 'media-type', 415));
  });
  fastify.addContentTypeParser('application/json', (request: FastifyRequest, payload: IncomingMessage, answer) => {
    let isAnswered = false;
    const done: typeof answer = (error, body) => {
      if (isAnswered) return;
      isAnswered = true;
      whole();
      answer(error, body);
    };
    const whole = closing.unfinished((error) => done(error));
    const charset = /;\s*charset="?([^";\s]*)/i.exec(request.headers['content-type']!)?.[1];
    if (charset !== undefined && charset.toLowerCase() !== 'utf-8') {
      payload.resume();
      return done(
        new BadRequestError([{ header: 'content-type', detail: 'must name UTF-8, the only encoding of JSON' }], 'media-type', 415),
      );
    }
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
      payload.resume();
      return done(new BadRequestError([{ header: 'content-encoding', detail: 'must be absent or identity' }], 'content-encoding', 415));
    }
    let chunks: Buffer[] = [];
    let size = 0;
    payload.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= BODY_LIMIT) chunks.push(chunk);
      else chunks = [];
      if (size > DRAIN_LIMIT) payload.destroy();
    });
    payload.on('error', (error) => done(error));
    payload.on('end', () => {
      if (size > BODY_LIMIT)
        return done(new BadRequestError([{ pointer: '', detail: `must not be larger than ${BODY_LIMIT} bytes` }], 'body-too-large', 413));
      try {
        done(null, parse(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
      } catch (error) {
        done(error as Error);
      }
    });
  });
};

const bad = (detail: string, pointer = ''): BadRequestError => new BadRequestError([{ pointer, detail }], 'bad-body');

/** @throws BadRequestError */
export const parse = (sent: Buffer): unknown => {
  const bytes = sent[0] === 0xef && sent[1] === 0xbb && sent[2] === 0xbf ? sent.subarray(3) : sent; // one byte order mark
  if (bytes.length === 0) throw bad('must not be empty');
  if (!isUtf8(bytes)) throw bad('must be UTF-8');
  const { members, odd } = scan(bytes);
  const text = bytes.toString('utf8');
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    const place = /at position (\d+)/.exec((error as Error).message)?.[1];
    throw bad(`is not JSON${place === undefined ? '' : `: broken at character ${place}`}`);
  }
  if (odd || /__proto__|constructor|prototype/.test(text)) inspect(body, '');
  if (membersOf(body) !== members) throw bad('is given twice in one object', duplicateName(text));
  return body;
};

/** How many fields the objects of a value have together: fewer than its text, where a name stands twice and the last value won. */
const membersOf = (value: unknown): number => {
  if (typeof value !== 'object' || value === null) return 0;
  let members = 0;
  if (Array.isArray(value)) for (const entry of value) members += membersOf(entry);
  else
    for (const name in value) {
      const entry = (value as Readonly<Record<string, unknown>>)[name];
      members += typeof entry === 'object' ? 1 + membersOf(entry) : 1;
    }
  return members;
};

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT, COMMA, COLON] = Buffer.from('"\\[]{},:');
const LONG_NUMBER = 24;

/**
 * Bounds the depth before anything recursive sees the text.
 * @returns how many fields its objects have, names that stand twice counted twice; and whether it is odd: holds what only `inspect` can
 * judge, escapes that may hide a name or half a character, or a long number
 */
const scan = (bytes: Buffer): { readonly members: number; readonly odd: boolean } => {
  let depth = 0;
  let bare = 0;
  let members = 0;
  let odd = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) {
      bare = 0;
      for (i++; i < bytes.length && bytes[i] !== QUOTE; i++)
        if (bytes[i] === BACKSLASH) {
          odd ||= bytes[i + 1] === 0x75;
          i++;
        }
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      bare = 0;
      if (++depth > MAX_DEPTH) throw bad(`must not be deeper than ${MAX_DEPTH} levels`);
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      bare = 0;
      depth--;
    } else if (byte === COLON) {
      bare = 0;
      members++;
    } else if (byte === COMMA) bare = 0;
    else if (byte! > 0x20) {
      bare++;
      // 1e999 is no number that a ledger could store
      if (bare > LONG_NUMBER || ((byte === 0x65 || byte === 0x45) && bytes[i - 1]! >= 0x2e && bytes[i - 1]! <= 0x39)) odd = true;
    }
  }
  return { members, odd };
};

const forbidden = new Set(['__proto__', 'constructor', 'prototype']);
const inspect = (value: unknown, at: string): void => {
  if (typeof value === 'string' && !value.isWellFormed()) throw bad('must not hold broken unicode', at);
  if (typeof value === 'number' && !Number.isFinite(value)) throw bad('is too large a number', at);
  if (Array.isArray(value)) value.forEach((entry, i) => inspect(entry, `${at}/${i}`));
  else if (typeof value === 'object' && value !== null)
    for (const [key, entry] of Object.entries(value)) {
      const here = `${at}/${stepOf(key)}`;
      if (forbidden.has(key)) throw bad('is a name that is never a field', here);
      if (!key.isWellFormed()) throw bad('must not hold broken unicode', here);
      inspect(entry, here);
    }
};
