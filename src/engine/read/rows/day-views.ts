import { LRUCache } from 'lru-cache';
import {
  bounds,
  IllegalTransitionError,
  isLedgerEvent,
  isRevealing,
  Snapshot,
  type Bounds,
  type Contribution,
  type History,
  type RecordedEvent,
} from '../../../kernel/index.js';
import { MAX_PAGE, type Sequence } from '../../../store/read-model.js';
import { split } from '../../audit/audit.js';
import { contributionsOf, contributionsOfEvent, faultedIn, kindOf, readsEvents, targetsOf, type Folded } from '../projection-writer.js';
import { carriedIn, type Carried } from '../carried.js';
import { ViewTooLargeError } from '../read-errors.js';
import { DayIndex, type LinkedSince, type Placed, type Standing } from './day-index.js';
import { breather, type Breathe, type RowSource } from './rendering.js';

/** Which rows: as recorded up to a sequence, as of a day, of one programme or of the whole ledger. */
export interface DayQuestion {
  readonly at: Sequence;
  /** `YYYY-MM-DD`; one to come is answered as planned at the sequence. */
  readonly day: string;
  readonly programme?: string | undefined;
}

/** Streams of one category that a view of a day is made of at most. */
export const MAX_STREAMS_ON_DAY = 5000;
/** What the streams of one view contribute, in bytes, about; and of all views that are kept. */
const MAX_INDEX_BYTES = 64 << 20;
const INDEXES_BYTES = 64 << 20;
/** Events, contributions and entries that are worked on before other work gets its turn: some milliseconds. */
const SLICE = 100;
export const breath = (): Breathe => breather(SLICE);
/** Events of a stream that is read at once, and folded without a pause. */
const SHORT = 200;

const indexes = new LRUCache<string, DayIndex>({ maxSize: INDEXES_BYTES });
let instances = 0;
/** One view is made at a time, so that those under way take no more memory than one. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Views of days: each holds where every stream stands on the day. A view at a later sequence is made of an earlier one and of the streams
 * that were recorded since.
 */
export class DayViews {
  readonly #instance = ++instances;
  readonly #readsEvents: boolean;
  readonly #categories: ReadonlySet<string | undefined>;
  readonly #carried: Carried;
  /** Those who ask for the same view at the same time share it. */
  readonly #underWay = new Map<string, Promise<DayIndex>>();
  /** The newest view of a day and programme that was made. */
  readonly #newest = new LRUCache<string, string>({ max: 100 });

  constructor(private readonly from: RowSource) {
    this.#readsEvents = readsEvents(from.projection);
    this.#carried = carriedIn(from.projection);
    this.#categories = new Set(from.projection.from.map(({ category }) => category));
  }

  /** What a view is kept under. */
  nameOf(question: DayQuestion, without = false): string {
    return `${this.#instance} ${question.at} ${scopeOf(question)}${without ? ' ~' : ''}`;
  }

  /** @throws ViewTooLargeError */
  at(question: DayQuestion, without = false): Promise<DayIndex> {
    const name = this.nameOf(question, without);
    const known = indexes.get(name);
    if (known) return Promise.resolve(known);
    let made = this.#underWay.get(name);
    if (!made) {
      made = this.#make(question, name, without).finally(() => this.#underWay.delete(name));
      this.#underWay.set(name, made);
    }
    return made;
  }

  async #make(question: DayQuestion, name: string, without: boolean): Promise<DayIndex> {
    const whole = without ? await this.at(question) : undefined;
    const turnOf = last.then(() => (whole ? this.#withoutUncertain(question, whole) : this.#built(question)));
    last = turnOf.catch(() => undefined);
    const index = await turnOf;
    indexes.set(name, index, { size: 1000 + index.bytes });
    if (!without) this.#newest.set(scopeOf(question), name);
    return index;
  }

  async #withoutUncertain({ day }: DayQuestion, whole: DayIndex): Promise<DayIndex> {
    const breathe = breath();
    const standings: Standing[] = [];
    for (const standing of whole.byStream.values()) {
      if (standing.approximate === 0) {
        standings.push(standing);
        continue;
      }
      standings.push(await this.#stand(standing.stream, standing.since, whole.at, day, true));
      await breathe(standing.revision + 1);
    }
    return DayIndex.of(whole.at, standings, breathe, this.#linkedSince, this.#carried);
  }

  async #built(question: DayQuestion): Promise<DayIndex> {
    const { at, day, programme } = question;
    const breathe = breath();
    const earlier = indexes.peek(this.#newest.get(scopeOf(question)) ?? '');
    const base = earlier && earlier.at <= at ? earlier : undefined;
    const began = new Map<string, Sequence>();
    for (const { stream, since } of base?.byStream.values() ?? []) began.set(stream, since);
    const changed = await this.#recordedIn(programme, base?.at ?? 0, at, began, breathe);
    const byStream = new Map(base?.byStream);
    let bytes = base?.bytes ?? 0;
    const counts = new Map<string, number>();
    for (const stream of byStream.keys()) counts.set(split(stream)[0], (counts.get(split(stream)[0]) ?? 0) + 1);
    const waiting = [...changed.keys()];
    for (let next = 0; next < waiting.length; next++) {
      const stream = waiting[next]!;
      const [category] = split(stream);
      const was = byStream.get(stream);
      if (!was) counts.set(category, (counts.get(category) ?? 0) + 1);
      if (counts.get(category)! > MAX_STREAMS_ON_DAY) throw tooLarge(`more than ${MAX_STREAMS_ON_DAY} ${category} records`, programme);
      const standing = await this.#stand(stream, began.get(stream)!, at, day, false, changed.get(stream));
      bytes += standing.bytes - (was?.bytes ?? 0);
      if (bytes > MAX_INDEX_BYTES) throw tooLarge('more than one view holds', programme);
      byStream.set(stream, standing);
      // of one programme: also what its streams link to, such as suppliers
      if (programme !== undefined)
        for (const linked of this.#streamsLinkedBy(standing))
          if (!began.has(linked)) {
            const first = this.from.readModel.events({ tags: [], stream: linked, after: 0, upTo: at, limit: 1 }).events[0];
            if (!first) continue;
            began.set(linked, first.sequence);
            waiting.push(linked);
          }
      await breathe(standing.revision + 1);
    }
    const standings = [...byStream.values()].sort((a, b) => a.since - b.since);
    return DayIndex.of(at, standings, breathe, this.#linkedSince, this.#carried);
  }

  readonly #linkedSince: LinkedSince = (target, at) => {
    const { readModel, writer } = this.from;
    const found = new Map<string, Sequence>();
    const page = { limit: MAX_PAGE };
    for (let places = readModel.referencingAt(writer.build.id, target, at, page); places.length > 0;) {
      for (const { stream, key, since } of places) found.set(`${stream} ${key}`, since);
      if (places.length < MAX_PAGE || found.size >= MAX_STREAMS_ON_DAY) break;
      places = readModel.referencingAt(writer.build.id, target, at, { ...page, after: places.at(-1)! });
    }
    return found;
  };

  /** Streams that the projection reads with events after a sequence, up to another one, and their revisions there; of one programme those that are about it. */
  async #recordedIn(
    programme: string | undefined,
    after: Sequence,
    at: Sequence,
    began: Map<string, Sequence>,
    breathe: Breathe,
  ): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>();
    const counts = new Map<string, number>();
    const tag = programme === undefined ? undefined : `programme:${programme}`;
    for (let from = after; from < at;) {
      const page = this.from.readModel.streams({ tag, after: from, upTo: at });
      for (const { stream, sequence, revision } of page.streams) {
        const [category] = split(stream);
        if (!this.#readsEvents && !this.#categories.has(category)) continue;
        found.set(stream, revision);
        if (began.has(stream)) continue;
        began.set(stream, sequence);
        counts.set(category, (counts.get(category) ?? 0) + 1);
        if (counts.get(category)! > MAX_STREAMS_ON_DAY) throw tooLarge(`more than ${MAX_STREAMS_ON_DAY} ${category} records`, programme);
      }
      from = page.scanned;
      await breathe(SLICE);
    }
    if (programme === undefined) return found;
    // what was linked to has events of its own, which may be about no programme
    for (const stream of began.keys()) {
      if (found.has(stream)) continue;
      if (this.from.readModel.events({ tags: [], stream, after, upTo: at, limit: 1 }).events.length > 0)
        found.set(stream, this.from.readModel.revisionAt(stream, at));
      await breathe();
    }
    return found;
  }

  /** Of keys such as `supplier:atos` and `pool:met/…`: an id begins with that of its stream. */
  *#streamsLinkedBy({ placed }: Standing): Generator<string> {
    for (const { contribution } of placed)
      for (const link of contribution.links ?? []) {
        const key = link[1] === '|' ? link.slice(2) : link;
        const kind = kindOf(key);
        const source = this.from.projection.from.find((other) => other.kind === kind);
        if (source?.category !== undefined) yield `${source.category}-${key.slice(kind.length + 1).split('/')[0]}`;
      }
  }

  /** Where a stream stands on the day; a faulted one is read up to its fault. */
  async #stand(stream: string, since: Sequence, at: Sequence, day: string, without: boolean, known?: number): Promise<Standing> {
    const { readModel } = this.from;
    const faulted = this.from.writer.faulted.get(stream) ?? Infinity;
    const revision = faulted > at && known !== undefined ? known : readModel.revisionAt(stream, Math.min(at, faulted - 1));
    const { part, recorded = [], approximate, leftOut, left } = await this.#partOf(stream, revision, day, without);
    const contributions = part && part.revision >= 0 ? contributionsOf(this.from.projection, part, day) : [];
    const fault = faulted <= at ? await this.#faultOf(stream, faulted, revision, contributions) : undefined;
    const placed: Placed[] = [];
    const standing: Standing = { stream, revision, since, placed, approximate, leftOut, ...(left && { without: left }), ...(fault && { fault }), bytes: 300 }; // prettier-ignore
    const place = (contribution: Contribution, of: { readonly since: Sequence; readonly event?: number }): void => {
      placed.push({ contribution, targets: targetsOf(contribution), standing, ...of });
      standing.bytes += bytesOf(contribution);
    };
    for (const contribution of contributions) place(contribution, { since });
    if (this.#readsEvents)
      for (const event of recorded) {
        if (bounds(event.metadata.effectiveOn).earliest > day) continue; // a correction that was decided later
        const own = contributionsOfEvent(this.from.projection, event);
        if (own.length === 0) continue;
        const sequence = readModel.eventById(event.id)!.sequence;
        for (const contribution of own) place(contribution, { since: sequence, event: event.revision });
      }
    return standing;
  }

  /** The part of a stream before what is certainly later than the day, and how much of it is uncertain. */
  async #partOf(stream: string, revision: number, day: string, without: boolean): Promise<Part> {
    if (revision < 0) return { part: undefined, approximate: 0, leftOut: 0 };
    let whole: History | undefined;
    if (revision < SHORT) {
      const events = await this.from.histories.read(stream, 0, revision + 1);
      if (events.length > revision) {
        const empty = this.from.histories.emptyOf(stream);
        const quick = this.#readsEvents || without ? undefined : folded(Snapshot.of(empty), events, day);
        if (quick) return quick;
        whole = empty.extended(events);
      }
    }
    whole ??= await this.from.histories.at(stream, revision);
    const uncertain = whole.uncertainOn(day);
    const counts = { approximate: uncertain.approximate.length, leftOut: uncertain.leftOut.length };
    if (!without || counts.approximate === 0) {
      const part = whole.onDay(day);
      return { part, recorded: part.recorded, ...counts };
    }
    try {
      const part = whole.onDay(day, true);
      return { part, recorded: part.recorded, ...counts, left: 'left-out' };
    } catch (error) {
      if (!(error instanceof IllegalTransitionError)) throw error;
      const part = whole.onDay(day);
      return { part, recorded: part.recorded, ...counts, left: 'illegal' };
    }
  }

  async #faultOf(
    stream: string,
    since: Sequence,
    revision: number,
    contributions: readonly Contribution[],
  ): Promise<NonNullable<Standing['fault']>> {
    const { about } = (await this.from.histories.event(stream, revision + 1)).metadata;
    return { since, totals: faultedIn(contributions, about.programme) };
  }
}

interface Part {
  readonly part: Folded | undefined;
  /** What single events contribute by; of a part that was folded without a history it is not kept. */
  readonly recorded?: readonly RecordedEvent[];
  readonly approximate: number;
  readonly leftOut: number;
  readonly left?: NonNullable<Standing['without']>;
}
/**
 * The part of a stream of facts and notes alone, folded once: placed as a history places them, of which nothing but the state is needed.
 * Undefined where one corrects, withdraws or reveals another, or where one that stands behind the day brings in what was there already.
 */
const folded = (empty: Snapshot, events: readonly RecordedEvent[], day: string): Part | undefined => {
  const order: (Bounds & { readonly event: RecordedEvent })[] = [];
  let latestStart = '';
  for (const event of events) {
    if (event.type === 'FactAnnotated') continue;
    if (isLedgerEvent(event.type) || isRevealing(empty.aggregate, event.type)) return undefined;
    const { earliest, latest } = bounds(event.metadata.effectiveOn);
    const place = latestStart <= latest ? -1 : order.findIndex((other) => other.earliest > latest);
    if (place === -1) order.push({ event, earliest, latest });
    else order.splice(place, 0, { event, earliest, latest });
    if (earliest > latestStart) latestStart = earliest;
  }
  const later = order.findIndex(({ earliest }) => earliest > day);
  const end = later === -1 ? order.length : later;
  const { events: types } = empty.aggregate;
  const opening = order.findIndex(({ event }) => !types[event.type]?.mayPrecede);
  if (opening >= end && types[order[opening]!.event.type]?.bringsIn) return undefined;
  const approximate = order.slice(0, end).filter(({ latest }) => latest > day).length;
  const leftOut = order.slice(end).filter(({ earliest }) => earliest <= day).length;
  return { part: empty.extended(order.slice(0, end).map(({ event }) => event)), approximate, leftOut };
};

/** What views at one sequence and another have in common. */
const scopeOf = ({ day, programme = '' }: DayQuestion): string => `${day} ${programme}`;

const bytesOf = ({ key, links = [], sums = {} }: Contribution): number => {
  let bytes = 500 + 2 * key.length + 200 * links.length;
  for (const total in sums) bytes += 200 + 2 * total.length + 80 * Object.keys(sums[total]!).length;
  return bytes;
};

const tooLarge = (what: string, programme: string | undefined): ViewTooLargeError =>
  new ViewTooLargeError(
    programme === undefined
      ? `The ledger has ${what}: name a programme with the parameter programme.`
      : `The programme ${programme} has ${what}: read its contracts one at a time, by GET /contracts/{id}?effectiveOn=….`,
  );
