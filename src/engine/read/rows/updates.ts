import { type Contributions, type Key, type Source } from '../../../kernel/index.js';
import { MAX_PAGE, MAX_SCANNED, type IndexedEvent, type Sequence } from '../../../store/read-model.js';
import { split } from '../../audit/audit.js';
import { faultedIn, keyOfTarget, kindOf, sameStanding } from '../projection-writer.js';
import { carriedIn, throughOf, throughTarget, type Carried } from '../carried.js';
import { Changed } from './changed.js';
import { passes, type Breathe, type RowValue } from './rendering.js';
import { breath, type Rendered, type RowReader } from './row-reader.js';
import { placeOfOrigin, type Origin, type View } from './view.js';

export type Changes = Readonly<Record<string, RowValue | null>>;
/** The JSON of changes, rendered once: a row as its text. */
const texts = new WeakMap<Changes, string>();
export const textOfChanges = (changes: Changes): string => texts.get(changes) ?? JSON.stringify(changes);

/** Which rows a follower hears of: one of them, and those that pass the filters of the projection. */
export interface RowChoice {
  readonly key?: string | undefined;
  readonly filters: Readonly<Record<string, string>>;
}
/** Between which sequences rows changed, and what they were before, as far as they were rendered. */
interface Origins {
  readonly from: Sequence;
  readonly to: Sequence;
  readonly was: ReadonlyMap<string, Rendered>;
  readonly is: ReadonlyMap<string, Rendered>;
}
/** Of changes that a follower hears of. */
const origins = new WeakMap<Changes, Origins>();

/** All row changes of one position; a row that is gone is `null`. */
export interface Update {
  readonly sequence: Sequence;
  readonly position: string;
  readonly event: string;
  readonly stream: string;
  readonly changes: Changes;
}
/** What a follower hears of the events after its place, up to `upTo`. */
export interface Followed {
  readonly upTo: Sequence;
  readonly updates: readonly Update[];
  /** Instead of updates: how many events may have changed rows, and the latest row of each; of too many rows none. */
  readonly latest?: { readonly events: number; readonly changes: Changes | undefined };
}

/** Events that were followed without a gap: a row that was rendered on the way is the same at the end, or it was rendered again. */
interface Run {
  readonly from: Sequence;
  readonly to: Sequence;
}
interface KeptUpdate {
  readonly update: Update | undefined;
}
interface LastRendered extends Rendered {
  readonly at: Sequence;
}

/** Contributions that are read at once. */
const KEYS = 200;
/** Keys around the contributions of one message that are looked at; rows that it may change, and their text, about. */
const MAX_AFFECTED = 10_000;
const MAX_CHANGED = 500;
/** Rows that inherit from the rows around one contribution, at most. */
const MAX_HEIRS = 1000;
const MAX_CHANGED_BYTES = 4 << 20;

const NONE: Contributions = [];
/** Of a row that was there, and was not rendered. */
const OTHER: Rendered = { row: undefined, text: '?' };
/** Also of a place whose row is rendered as nothing. */
const NO_ROW: Rendered = { row: undefined, text: 'null' };
/** A row under its key, as JSON. */
const lineOf = (key: string, { row, text }: Rendered): string => `${JSON.stringify(key)}:${row ? text : 'null'}`;

/**
 * What changed at a sequence: what the event's stream contributes otherwise than before, and the rows around it, rendered before and after.
 */
export class RowUpdates {
  #run: Run = { from: 0, to: 0 };
  readonly #carries: Carried;

  constructor(private readonly reader: RowReader) {
    this.#carries = carriedIn(reader.projection);
  }

  /** Whether a stream's events may change rows. */
  #reads(stream: string): boolean {
    return this.reader.readsEvents || this.reader.projection.from.some(({ category }) => category === split(stream)[0]);
  }

  /** Row changes after a sequence, a bounded number at a time, and how far they reach: `upTo` itself may have changed nothing. */
  async after(
    after: Sequence,
    head: Sequence,
    limit = 100,
    breathe: Breathe = breath(),
  ): Promise<{ readonly updates: readonly Update[]; readonly upTo: Sequence }> {
    const updates: Update[] = [];
    const reach = Math.min(head, after + MAX_SCANNED);
    for (let sequence = after + 1; sequence <= reach; sequence++) {
      const update = await this.#sharedUpdateAt(sequence, breathe);
      if (update) updates.push(update);
      if (updates.length === limit) return { updates, upTo: sequence };
      await breathe();
    }
    return { updates, upTo: reach };
  }

  /** Those who ask at the same time share an update. */
  readonly #underWay = new Map<Sequence, Promise<Update | undefined>>();
  #sharedUpdateAt(sequence: Sequence, breathe: Breathe): Promise<Update | undefined> {
    const { kept } = this.reader;
    const name = `update ${sequence}`;
    const known = kept.get<KeptUpdate>(name);
    if (known) return Promise.resolve(known.update);
    let update = this.#underWay.get(sequence);
    if (!update) {
      update = this.#updateAt(this.reader.readModel.eventAt(sequence)!, breathe).finally(() => this.#underWay.delete(sequence));
      this.#underWay.set(sequence, update);
      update.then(
        (update) => kept.set(name, { update } satisfies KeptUpdate, 200 + 5 * JSON.stringify(update ?? null).length),
        () => undefined,
      );
    }
    return update;
  }

  async #updateAt({ sequence, position, id, stream, revision }: IndexedEvent, breathe: Breathe, run?: Run): Promise<Update | undefined> {
    const changed = new Changed();
    if (this.reader.readsEvents) changed.byEvent(await this.reader.added.byEvent(stream, revision));
    await this.#compare(changed, stream, revision - 1, revision, sequence - 1, sequence);
    const changes = (await this.#changes(changed, sequence - 1, sequence, breathe, true, run))!;
    return Object.keys(changes).length === 0 ? undefined : { sequence, position, event: id, stream, changes };
  }

  /**
   * What a follower hears of the events after its place: an update for each, or, when more than `most` of them may have changed rows, the
   * latest row of each key. Looks at `MAX_SCANNED` events at most, so `upTo` may lie before the head.
   * @param enough whether the updates end here, which have so many bytes, about
   */
  async follow(
    after: Sequence,
    head: Sequence,
    most: number,
    breathe: Breathe = breath(),
    enough = (_: number) => false,
  ): Promise<Followed> {
    // Followers that begin at different places meet at the same ones, and at the head.
    const upTo = head - after <= MAX_SCANNED ? head : (Math.floor(after / MAX_SCANNED) + 1) * MAX_SCANNED;
    const events: IndexedEvent[] = [];
    for (let from = after; from < upTo;) {
      const page = this.reader.readModel.events({ tags: [], after: from, upTo, limit: MAX_PAGE });
      events.push(...page.events.filter(({ stream }) => this.#reads(stream)));
      from = page.scanned;
      await breathe();
    }
    if (this.#run.to !== after) this.#run = { from: after, to: after };
    if (events.length > most) {
      const changes = await this.#latest(events, after, upTo, breathe);
      this.#run = changes ? { ...this.#run, to: upTo } : { from: upTo, to: upTo };
      return { upTo, updates: [], latest: { events: events.length, changes } };
    }
    const updates: Update[] = [];
    let bytes = 0;
    for (const event of events) {
      const update = await this.#updateAt(event, breathe, this.#run);
      if (update) updates.push(update);
      if (update) bytes += textOfChanges(update.changes).length;
      this.#run = { ...this.#run, to: event.sequence };
      if (enough(bytes)) return { upTo: event.sequence, updates };
      await breathe();
    }
    this.#run = { ...this.#run, to: upTo };
    return { upTo, updates };
  }

  /** The row of a key at the end of a run, where the run has rendered it. */
  #lastRendered(key: string, run: Run | undefined): Rendered | undefined {
    const last = run && this.reader.kept.get<LastRendered>(`last ${this.reader.today()} ${key}`);
    return last && last.at > run.from && last.at <= run.to ? last : undefined;
  }
  #keepLast(key: string, { row, text }: Rendered, at: Sequence): void {
    const last: LastRendered = { row, text, at };
    this.reader.kept.set(`last ${this.reader.today()} ${key}`, last, 200 + 5 * text.length);
  }

  /** The latest row of each key that these events may have changed; undefined when they are too many. */
  async #latest(events: readonly IndexedEvent[], after: Sequence, upTo: Sequence, breathe: Breathe): Promise<Changes | undefined> {
    const changed = new Changed();
    const streams = new Map<string, { from: number; to: number }>();
    for (const { stream, revision } of events) {
      const known = streams.get(stream);
      if (known) known.to = revision;
      else streams.set(stream, { from: revision - 1, to: revision });
      if (!this.reader.readsEvents) continue;
      changed.byEvent(await this.reader.added.byEvent(stream, revision));
      await breathe();
    }
    for (const [stream, { from, to }] of streams) {
      await this.#compare(changed, stream, from, to, after, upTo);
      await breathe();
    }
    return this.#changes(changed, after, upTo, breathe, false, this.#run);
  }

  /**
   * The rows around what changed, as they are at a sequence; of a row that is the same as before nothing.
   * @param exact whether rows that the run has not rendered yet are rendered before and after, whatever their number; else they count as
   * changed, and too many are undefined
   */
  async #changes(
    changed: Changed,
    from: Sequence,
    to: Sequence,
    breathe: Breathe,
    exact: boolean,
    run?: Run,
  ): Promise<Changes | undefined> {
    const carried = run && this.#carried?.sequence === run.to && this.#carried.day === this.reader.today() ? this.#carried : undefined;
    const before = carried ?? this.reader.viewAt(from);
    const affected = new Set(changed.rows);
    for (const key of changed.keys) {
      for await (const other of this.#affectedBy(key, before, breathe)) affected.add(other);
      await breathe();
    }
    const was = new Map<string, Rendered>();
    const isRow = (key: string) => this.reader.projection.rows[kindOf(key)] !== undefined;
    const wasAt = async (key: string, view: View): Promise<Rendered> => {
      const last = this.#lastRendered(key, run);
      if (last || !(await this.reader.hasRow(key, view))) return last ?? NO_ROW;
      return exact ? this.reader.render(key, view, breathe) : OTHER;
    };
    for (const key of affected)
      if (isRow(key)) {
        was.set(key, await wasAt(key, before));
        await breathe();
      }
    const now = carried && !changed.unclear ? carried.moved(to, changed) : this.reader.viewAt(to);
    if (run) this.#carried = now;
    for (const key of changed.keys)
      for await (const other of this.#affectedBy(key, now, breathe)) {
        if (!affected.has(other) && isRow(other)) was.set(other, await wasAt(other, this.reader.viewAt(from)));
        affected.add(other);
        if (!exact && affected.size > MAX_AFFECTED) return undefined;
        await breathe();
      }
    const changes: Record<string, RowValue | null> = {};
    const lines: string[] = [];
    const rendered = new Map<string, Rendered>();
    let [rows, bytes] = [0, 0];
    for (const key of [...was.keys()].sort()) {
      const is = (await this.reader.hasRow(key, now)) ? await this.reader.render(key, now, breathe, run !== undefined) : NO_ROW;
      if (run) this.#keepLast(key, is, to);
      if (was.get(key)!.text === is.text) continue;
      changes[key] = is.row ?? null;
      rendered.set(key, is);
      lines.push(lineOf(key, is));
      bytes += is.text.length;
      if (!exact && (++rows > MAX_CHANGED || bytes > MAX_CHANGED_BYTES)) return undefined;
      await breathe();
    }
    texts.set(changes, `{${lines.join(',')}}`);
    if (run) origins.set(changes, { from, to, was, is: rendered });
    return changes;
  }

  /**
   * The changes of rows that pass, `null` for one that passed before and does not any more; undefined where there is none.
   * @param changes of a follower's updates
   */
  async chosen(changes: Changes, { key: one, filters }: RowChoice, breathe: Breathe): Promise<Changes | undefined> {
    const { from, to, was, is } = origins.get(changes)!;
    const keys = one === undefined ? Object.keys(changes) : Object.hasOwn(changes, one) ? [one] : [];
    if (keys.length === 0) return undefined;
    const [before, now] = [this.reader.viewAt(from), this.reader.viewAt(to)];
    const isChosen = (key: string, { row }: Rendered, view: View): boolean =>
      row !== undefined && passes(this.reader.projection, { key, row }, view, filters);
    const own: Record<string, RowValue | null> = {};
    const lines: string[] = [];
    for (const key of keys) {
      const isPassing = isChosen(key, is.get(key)!, now);
      const last = was.get(key)!;
      if (!isPassing && !isChosen(key, last === OTHER ? await this.reader.render(key, before, breathe) : last, before)) continue;
      own[key] = isPassing ? changes[key]! : null;
      lines.push(lineOf(key, isPassing ? is.get(key)! : NO_ROW));
      await breathe();
    }
    if (lines.length === 0) return undefined;
    texts.set(own, `{${lines.join(',')}}`);
    return own;
  }

  /** What changed of one row between two sequences, whatever else did; undefined where it is the same. */
  async changeOf(key: string, from: Sequence, to: Sequence, breathe: Breathe): Promise<Changes | undefined> {
    const was = await this.reader.render(key, this.reader.viewAt(from), breathe);
    const is = await this.reader.render(key, this.reader.viewAt(to), breathe);
    if (was.text === is.text) return undefined;
    const changes: Changes = { [key]: is.row ?? null };
    texts.set(changes, `{${lineOf(key, is)}}`);
    origins.set(changes, { from, to, was: new Map([[key, was]]), is: new Map([[key, is]]) });
    return changes;
  }
  /** What the run has read of the read model at its end. */
  #carried: View | undefined;

  /** Adds what a stream contributes otherwise at one of its revisions than at another, which it had at two sequences. */
  async #compare(changed: Changed, stream: string, from: number, to: number, after: Sequence, upTo: Sequence): Promise<void> {
    if (!this.reader.projection.from.some(({ category }) => category === split(stream)[0])) return;
    const faulted = this.reader.writer.faulted.get(stream) ?? Infinity;
    if (faulted <= after) return;
    const before = from < 0 ? NONE : await this.reader.added.contributionsAt(stream, from);
    if (faulted > upTo) {
      const now = await this.reader.added.contributionsAt(stream, to);
      const alike = before.filter((was) => now.some((is) => is.key === was.key && sameStanding(was, is)));
      const same = alike.length > 0 ? await this.#sameShown(stream, from, to, alike) : NONE;
      if (this.#movesOthers(before, now, upTo)) changed.unclear = true;
      return changed.between(before, now, same, stream, to);
    }
    const at = this.reader.readModel.revisionAt(stream, faulted);
    const { about } = (await this.reader.histories.event(stream, at)).metadata;
    const last = at === 0 ? NONE : await this.reader.added.contributionsAt(stream, at - 1);
    changed.unclear = true;
    for (const { key } of [...before, ...last]) changed.keys.add(key);
    for (const key of faultedIn(last, about.programme)) changed.rows.add(key);
  }
  /** Whether what is added to totals or linked elsewhere, through other contributions, may change with these. */
  #movesOthers(before: Contributions, now: Contributions, upTo: Sequence): boolean {
    if (this.#carries.size === 0) return false;
    const { readModel, writer } = this.reader;
    return [...before, ...now].some(
      (one) =>
        throughOf(one).length > 0 ||
        (this.#carries.has(kindOf(one.key)) && readModel.referencingAt(writer.build.id, throughTarget(one.key), upTo, { limit: 1 }).length > 0), // prettier-ignore
    );
  }
  /** Those contributions of a stream that show at one revision what they show at another. */
  async #sameShown(stream: string, from: number, to: number, contributions: Contributions): Promise<Contributions> {
    const [before, now] = [await this.reader.added.at(stream, from), await this.reader.added.at(stream, to)];
    return contributions.filter(({ key }) => before[key]!.text === now[key]!.text);
  }

  /** Rows that may show a contribution, or did: its own, those it links to, and those that their contributions link to. */
  async *#affectedBy(key: string, view: View, breathe: Breathe): AsyncGenerator<string> {
    const { inherits } = this.reader.projection;
    const seen = new Set<string>();
    for await (const one of this.#around(key, view, breathe)) {
      yield one;
      if (inherits === undefined || kindOf(one) !== inherits) continue;
      for (const heirs = [one]; heirs.length > 0;) {
        const next = heirs.pop()!;
        if (seen.has(next) || seen.size === MAX_HEIRS) continue;
        seen.add(next);
        yield next;
        for (const { links } of view.places(next)) heirs.push(...links.map(keyOfTarget).filter((other) => kindOf(other) === inherits));
      }
    }
  }
  async *#around(key: string, view: View, breathe: Breathe): AsyncGenerator<string> {
    yield key;
    for (const { links } of await this.reader.standing(key, view))
      for (const target of links) {
        const link = keyOfTarget(target);
        yield link;
        for (const other of view.places(link)) yield* other.links.map(keyOfTarget);
      }
    const source = this.reader.projection.from.find(({ kind }) => kind === kindOf(key));
    if (!source?.shownByLinking) return;
    for (const from of this.reader.projection.from) {
      if (from.category === undefined) continue; // an event is never changed by what comes later
      const list = { from, ranks: 1 + this.#lastRank(from) };
      for (let last: Origin | undefined; ;) {
        const page = view.linking(list, key as Key, last && placeOfOrigin(last), KEYS);
        for (const { key: other, links } of page) {
          if (other !== undefined) yield other;
          yield* links.map(keyOfTarget);
        }
        if (page.length < KEYS) break;
        last = page.at(-1);
        await breathe();
      }
    }
  }
  #lastRank(source: Source): number {
    const lists = Object.values(this.reader.projection.lists ?? {}).flatMap((named) => Object.values(named));
    return Math.max(0, ...lists.map((list) => ('from' in list && list.from === source ? list.ranks - 1 : 0)));
  }
}
