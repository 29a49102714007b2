import { Readable } from 'node:stream';
import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { deadlines, type Deadline } from '../../projections/deadlines.js';
import { Projector } from '../engine/read/projector.js';
import type { RowValue } from '../engine/read/rows/rendering.js';
import { caughtUp, MIN_POSITION } from './as-of.js';
import { calendarEntry, calendarHead, CALENDAR_END, type CalendarEntry } from './calendar.js';
import { STORE, type EventStore } from './ledger.js';
import { describeRead, oneOfThese } from './openapi.js';
import { chosenBy } from './projections.controller.js';
import { queryOf } from './request.js';
import { FEED } from './routes.js';

/** Rows that are read at once. */
const PAGE = 100;
const NAME = deadlines.name;
const KINDS = Object.keys(deadlines.rows);
type Filters = Readonly<Record<string, string>>;
const FILTERS = {
  kind: 'Only of this kind, such as `end` or `option`.',
  programme: 'Only of this programme.',
  contract: 'Only of this contract.',
  supplier: 'Only of contracts with this supplier.',
  owner: 'Only of contracts that this person owns, by person id.',
  dueFrom: 'Only what may be due on this day or later.',
  dueBy: 'Only what may be due by this day.',
  within: 'Only what may be due within so many days from today, or is overdue.',
  token: 'A token of the role calendar alone, for programs that cannot send a header.',
  ...MIN_POSITION,
};

@Controller()
export class DeadlinesController {
  constructor(
    @Inject(STORE) readonly store: EventStore,
    @Inject(Projector) readonly projector: Projector,
  ) {}

  @Get(FEED)
  @describeRead({
    tag: 'projections',
    operationId: 'getCalendar',
    summary: 'The deadlines that have a day, as a calendar (RFC 5545) to subscribe to. An uncertain day is an entry of several days.',
    query: FILTERS,
    forms: { kind: oneOfThese(KINDS) },
    type: 'text/calendar',
    status: [400, 503],
  })
  async calendar(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { token: _, minPosition, ...asked } = queryOf(request, Object.keys(FILTERS));
    const filters = chosenBy(asked, NAME, deadlines.filters!);
    await caughtUp(this, { minPosition });
    const at = this.projector.sequence;
    const first = await this.#page(at, filters); // what keeps it from being answered is a problem, not half a calendar
    reply
      .header('content-type', 'text/calendar; charset=utf-8')
      .header('content-disposition', 'inline; filename="deadlines.ics"')
      .header('cache-control', 'private, no-cache')
      .send(Readable.from(this.#written(at, filters, first)));
  }

  #page(at: number, filters: Filters, cursor?: string) {
    return this.projector.rows(NAME, { at, limit: PAGE, filters, ...(cursor !== undefined && { cursor }) });
  }

  /** Every row that has a day, a page at a time: as one prefix of the log has them. */
  async *#written(at: number, filters: Filters, first: Awaited<ReturnType<Projector['rows']>>): AsyncGenerator<string> {
    const { ledgerId } = this.store.genesis;
    const stamp = this.projector.eventAt(at)?.watermark ?? new Date(0).toISOString();
    yield calendarHead(filters['programme'] === undefined ? 'Deadlines' : `Deadlines of ${filters['programme']}`);
    for (let page = first; ; page = await this.#page(at, filters, page.next)) {
      for (const { key, row } of page.rows) {
        const entry = entryOf(key, row, ledgerId);
        if (entry) yield calendarEntry(entry, stamp);
      }
      if (page.next === undefined) break;
    }
    yield CALENDAR_END;
  }
}

/** Whether a row is shown: of a stream that cannot be shown there is none of its own. */
const isDeadline = (row: RowValue): row is Deadline & RowValue => 'what' in row && 'due' in row;
/** Undefined without a day. Where one end is open it stands on the other. */
const entryOf = (key: string, row: RowValue, ledger: string): CalendarEntry | undefined => {
  if (!isDeadline(row)) return undefined;
  const { earliest, latest, what, due, contract, programme } = row;
  const from = earliest ?? latest;
  if (from === null) return undefined;
  const about = [contract && `contract ${contract}`, programme && `programme ${programme}`].filter(Boolean).join(', ');
  return {
    uid: `${key}@${ledger}`,
    from,
    until: latest ?? from,
    summary: earliest === latest ? what : `${what} (about: ${due})`,
    description: `Due ${due}${about === '' ? '' : ` (${about})`}`,
  };
};
