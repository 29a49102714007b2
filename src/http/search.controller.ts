import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { aggregates } from '../domain/index.js';
import { Projector } from '../engine/read/projector.js';
import { NoSearchWordsError, type SearchHit } from '../engine/read/search.js';
import { isIdentifier, plural } from '../kernel/index.js';
import { sendJson } from './answer.js';
import { caughtUp, MIN_POSITION } from './as-of.js';
import { lagOf, STORE, type EventStore } from './ledger.js';
import { describeRead, oneOfThese } from './openapi.js';
import { badParameter } from './problem.js';
import { flagOf, oneOf, queryOf, wholeOf } from './request.js';

const CATEGORIES = aggregates.map(({ category }) => category);
/** Characters of a question at most. */
const MAX_QUESTION = 200;
const QUERY = {
  q: `Words, all of which one event has, whatever their case: at most ${MAX_QUESTION} characters. In quotes those that follow each other; with a * at its end a word that only begins so. PCD 813, PCD-813 and pcd813 are the same; 1/12 is one word.`,
  category: 'Only of programmes, towers, contracts, suppliers, losses or workforces: `contract`.',
  programme: 'Only of this programme. A supplier belongs to none.',
  superseded: '`false`: only what holds now. `true`: only what read so before it was corrected or withdrawn. Both unless set, marked.',
  cursor: '`next` of the page before.',
  limit: 'Hits at most, 1 to 100; 20 unless set.',
  ...MIN_POSITION,
};
/** Finds events by the words of their titles, names, references, reasons, notes and papers. */
@Controller('search')
export class SearchController {
  constructor(
    @Inject(STORE) readonly store: EventStore,
    @Inject(Projector) readonly projector: Projector,
  ) {}

  @Get()
  @describeRead({
    tag: 'log',
    operationId: 'search',
    summary: 'What was recorded with these words: in titles, suppliers, references, reasons, notes and papers, the newest first.',
    query: QUERY,
    forms: { category: oneOfThese(CATEGORIES) },
    status: [400, 503],
    answer: 'SearchPage',
  })
  async search(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const query = queryOf(request, Object.keys(QUERY));
    const { q, category, programme, superseded, cursor } = query;
    if (q === undefined) throw badParameter('q', 'is needed: the words to look for');
    if (q.length > MAX_QUESTION) throw badParameter('q', `has more than ${MAX_QUESTION} characters`);
    oneOf(query, 'category', CATEGORIES);
    if (programme !== undefined && !isIdentifier(programme)) throw badParameter('programme', 'is no id');
    flagOf(query, 'superseded');
    const limit = wholeOf(query, 'limit', 1, 100) ?? 20;
    const wording = superseded === undefined ? undefined : superseded === 'true' ? 'superseded' : 'current';
    const before = cursor === undefined ? undefined : placeOf(cursor);
    await caughtUp(this, query);
    const { hits, next } = await this.projector
      .search({ text: q, category, programme, wording, before, limit })
      .catch((error: unknown): never => {
        throw error instanceof NoSearchWordsError ? badParameter('q', error.message) : error;
      });
    sendJson(reply, {
      q,
      hits: hits.map(shown),
      ...(next !== undefined && { next: Buffer.from(String(next)).toString('base64url') }),
      position: this.projector.position ?? null,
      lag: await lagOf(this),
    });
  }
}

const shown = ({ stream, ...hit }: SearchHit) => {
  const at = stream.indexOf('-');
  const [category, id] = [stream.slice(0, at), stream.slice(at + 1)];
  return { category, id, ...hit, href: `/${plural(category)}/${id}` };
};
const placeOf = (cursor: string): number => {
  const place = Buffer.from(cursor, 'base64url').toString('utf8');
  if (!/^\d{1,15}$/.test(place)) throw badParameter('cursor', 'is not a cursor of a search');
  return Number(place);
};
