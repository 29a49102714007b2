import { projections } from '../../projections/index.js';
import { aggregates } from '../../src/domain/index.js';
import { split } from '../../src/engine/audit/audit.js';
import type { DayQuestion } from '../../src/engine/read/rows/day-views.js';
import { bounds, canonical, History, isLedgerEvent, type Json, type Provenance, type RecordedEvent } from '../../src/kernel/index.js';
import { memoryStore } from '../fakes/memory-store.js';
import { byStream, World } from '../random-history.js';
import { appendAll, Rows } from './rows-after.js';

/** One day that a date may be: the latest that it allows, else the earliest. */
const exactly = (date: string): string => {
  const { earliest, latest } = bounds(date);
  return latest.startsWith('9999') ? (earliest.startsWith('0000') ? '2014-02-03' : earliest) : latest;
};
/** A world in which every fact has a certain day. */
export class CertainWorld extends World {
  override async record(stream: string, command: string, data: object, record: Provenance = {}) {
    const { changes } = data as { readonly changes?: readonly { readonly pointer: string; readonly value?: unknown }[] };
    const corrected = changes
      ? { ...data, changes: changes.map((c) => (c.pointer === '/effectiveOn' ? { ...c, value: exactly(String(c.value)) } : c)) }
      : data;
    return super.record(stream, command, corrected, {
      ...record,
      ...(record.effectiveOn !== undefined && { effectiveOn: exactly(record.effectiveOn) }),
    });
  }
}

/** The events that a ledger would have which was only given the facts of a day and before, with what is known of them. */
export const upTo = (day: string, events: readonly RecordedEvent[]): readonly RecordedEvent[] => {
  const given = new Set<string>();
  for (const [stream, own] of byStream(events)) {
    const [category, id] = split(stream);
    const history = History.of(
      aggregates.find((one) => one.category === category)!,
      id,
      own,
    );
    const believed = new Map(history.entries.map(({ recorded, effectiveOn }) => [recorded.id, effectiveOn]));
    for (const { id: event, type, metadata } of own)
      if (!isLedgerEvent(type) && (believed.get(event) ?? metadata.effectiveOn) <= day) given.add(event);
    for (const { recorded } of history.asOf(day).revealed) given.add(recorded.id); // what they say was so on that day already
    for (const { id: event, type, data } of own)
      if (isLedgerEvent(type)) {
        const { event: of, dependants = [] } = data as { readonly event?: string; readonly dependants?: readonly string[] };
        if (of === undefined ? own.some((other) => given.has(other.id)) : [of, ...dependants].some((one) => given.has(one)))
          given.add(event);
      }
  }
  return events.filter(({ id }) => given.has(id));
};

/** A ledger of these events alone, on which it is the end of a day. */
export const ledgerOf = async (events: readonly RecordedEvent[], day = '2030-01-01'): Promise<Rows> => {
  const store = memoryStore();
  const revisions = new Map<string, number>();
  for (const event of events) {
    const revision = (revisions.get(event.stream) ?? -1) + 1;
    revisions.set(event.stream, revision);
    await appendAll(store, [{ ...event, revision }]);
  }
  return new Rows(store, projections, undefined, { now: () => `${day}T12:00:00.000Z` }).read();
};

/** Lists of other streams stand in the order in which these were begun; decisions have another place in another log. */
const LISTS = new Set(['contracts', 'losses', 'lossList', 'warnings', 'risks', 'planned', 'moved', 'staff', 'decisions']);
const comparable = (value: unknown, name = ''): unknown => {
  if (Array.isArray(value)) {
    const all = value.map((one) => comparable(one));
    return LISTS.has(name) ? all.toSorted((a, b) => (canonical(a as Json) < canonical(b as Json) ? -1 : 1)) : all;
  }
  if (typeof value !== 'object' || value === null) return value;
  const place = 'command' in value && 'decision' in value ? ['position', 'revision'] : [];
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => (place.includes(key) || member === undefined ? [] : [[key, comparable(member, key)]])),
  );
};

export const onDay = (rows: Rows, name: string, question: DayQuestion, limit = 10_000, after = '', filters: Record<string, string> = {}) =>
  rows.projector.ask(name, (_, days) => days.page(question, after, limit, filters));

/** What a projection shows: rows, single rows and every list of them. */
export const shown = async (rows: Rows, name: string, question?: DayQuestion) => {
  const all = question ? (await onDay(rows, name, question)).rows : await rows.all(name);
  const { lists = {} } = rows.projector.projection(name);
  const found: Record<string, unknown> = {};
  for (const { key, row } of all) {
    if (key.startsWith('decision:') && (row as { readonly effectiveOn: string }).effectiveOn > (question?.day ?? '9999')) continue;
    found[key] = comparable(row);
    for (const list of Object.keys(lists[split(key.replace(':', '-'))[0]] ?? {})) {
      const page = await rows.projector.ask(name, (now, days) =>
        question ? days.list(question, key, list, undefined, 100) : now.list(key, list, rows.projector.sequence, undefined, 100),
      );
      found[`${key} ${list}`] = comparable(page!.entries, 'losses');
    }
  }
  return found;
};

/** Whether a stream is there on a day before its first fact, since that fact says so. */
export const isBroughtIn = (events: readonly RecordedEvent[], day: string): boolean =>
  [...byStream(events)].some(([stream, own]) => {
    const [category, id] = split(stream);
    const of = aggregates.find((one) => one.category === category)!;
    return History.of(of, id, own)
      .asOf(day)
      .entries.some(({ asOf }) => asOf !== undefined);
  });
