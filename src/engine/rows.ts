import { canonical, type Around, type Json, type Part, type Parts, type Projection } from '../kernel/index.js';
import type { Ordinal, Place, ReadModel } from '../store/read-model.js';
import { split } from './audit.js';
import { partsOf, sameStanding, stoppedIn, type Feed } from './feed.js';
import type { Readers } from './readers.js';

export interface Row {
  readonly key: string;
  readonly row: any;
}

/** All row changes of one position; a row that is gone is `null`. */
export interface Update {
  readonly ordinal: Ordinal;
  readonly position: string;
  readonly event: string;
  readonly stream: string;
  readonly changes: { readonly [key: string]: any };
}

/** What a stream adds at a revision, with what it shows. */
type Added = Readonly<Record<string, { readonly part: Part; readonly value: Json; text?: string }>>;

/** Keys that a filtered page looks at, and events that a page of updates does, before it answers with what it has. */
const LOOKED_AT = 2000;
const RENDERED = 2000;
const ADDED = 4000;

/**
 * Rows have no versions: a row now and a row at an ordinal are the same rendering of the parts that held there. What a part shows is
 * folded from the log when it is asked for. What changed at an ordinal is what the event's stream adds otherwise than before, and the
 * rows around it, rendered before and after.
 */
export class Rows {
  readonly #rendered = new Map<string, { readonly row: any; readonly text: string }>();
  readonly #added = new Map<string, Added>();
  readonly #updates = new Map<Ordinal, Promise<Update | undefined>>();

  constructor(
    private readonly readModel: ReadModel,
    private readonly projection: Projection,
    private readonly feed: Feed,
    private readonly readers: Readers,
  ) {}

  async row(key: string, at: Ordinal): Promise<any> {
    return (await this.#render(key, at)).row;
  }

  /** A page of rows in order of key. `next` is the key to go on after; absent when there are no more. */
  async page(
    at: Ordinal,
    after: string,
    limit: number,
    filters: { readonly [name: string]: string } = {},
  ): Promise<{ rows: Row[]; next?: string }> {
    const rows: Row[] = [];
    let cursor = after;
    for (let looked = 0; looked < LOOKED_AT;) {
      const keys = this.readModel.rowKeys(this.feed.build.id, at, cursor, Math.min(200, limit + 1));
      for (const key of keys) {
        if (rows.length === limit) return { rows, next: cursor };
        cursor = key;
        looked++;
        const row = await this.row(key, at);
        if (row !== undefined && this.#passes(row, filters)) rows.push({ key, row });
      }
      if (keys.length < Math.min(200, limit + 1)) return { rows };
    }
    return { rows, next: cursor };
  }

  /** Row changes after an ordinal, a bounded number at a time, and how far they reach: `upTo` itself may have changed nothing. */
  async updates(after: Ordinal, head: Ordinal, limit = 100): Promise<{ readonly updates: readonly Update[]; readonly upTo: Ordinal }> {
    const updates: Update[] = [];
    const reach = Math.min(head, after + LOOKED_AT);
    for (let ordinal = after + 1; ordinal <= reach; ordinal++) {
      const update = await this.#updateAt(ordinal);
      if (update) updates.push(update);
      if (updates.length === limit) return { updates, upTo: ordinal };
    }
    return { updates, upTo: reach };
  }

  /** Followers of one projection share what they are told. */
  #updateAt(ordinal: Ordinal): Promise<Update | undefined> {
    const known = this.#updates.get(ordinal);
    if (known) return known;
    if (this.#updates.size >= RENDERED) this.#updates.clear();
    const update = this.#update(ordinal);
    this.#updates.set(ordinal, update);
    update.catch(() => this.#updates.delete(ordinal));
    return update;
  }

  async #update(ordinal: Ordinal): Promise<Update | undefined> {
    const { position, id, stream, revision } = this.readModel.eventAt(ordinal)!;
    const keys = await this.#changed(stream, revision, ordinal);
    const affected = new Set(keys.flatMap((key) => [...this.#affectedBy(key, ordinal - 1), ...this.#affectedBy(key, ordinal)]));
    const changes: Record<string, any> = {};
    for (const key of [...affected].sort()) {
      const before = this.#hasRow(key, ordinal - 1) ? await this.#render(key, ordinal - 1) : undefined;
      const after = this.#hasRow(key, ordinal) ? await this.#render(key, ordinal) : undefined;
      if (before?.text !== after?.text) changes[key] = after?.row ?? null;
    }
    return Object.keys(changes).length === 0 ? undefined : { ordinal, position, event: id, stream, changes };
  }

  /** Keys of the parts and totals that an event changed. */
  async #changed(stream: string, revision: number, ordinal: Ordinal): Promise<readonly string[]> {
    const { projection, feed } = this;
    const lasting = projection.byEvent ? Object.entries(await this.#addedBy(stream, revision)) : [];
    const changed = lasting.flatMap(([key, { part }]) => [key, ...Object.keys(part.sums ?? {})]);
    if (!projection.from.some(({ category }) => category === split(stream)[0])) return changed;
    const stopped = feed.stopped.get(stream) ?? Infinity;
    if (stopped < ordinal) return changed;
    const before = revision === 0 ? {} : await this.#addedAt(stream, revision - 1);
    if (stopped === ordinal) {
      const { about } = (await this.readers.event(stream, revision)).metadata;
      return [...changed, ...stoppedIn(partsIn(before), about.programme)];
    }
    const after = await this.#addedAt(stream, revision);
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const [was, is] = [before[key], after[key]];
      if (was && is && sameStanding(was.part, is.part) && textOf(was) === textOf(is)) continue;
      changed.push(key, ...Object.keys(was?.part.sums ?? {}), ...Object.keys(is?.part.sums ?? {}));
    }
    return changed;
  }

  /** Rows within two links of a part. */
  #affectedBy(key: string, at: Ordinal): string[] {
    const own = this.#linksOf(key, at);
    const around = this.readModel.linkingAt(this.feed.build.id, key, at).flatMap((part) => [part.key, ...part.links]);
    return [key, ...own, ...own.flatMap((link) => this.#linksOf(link, at)), ...around];
  }

  #linksOf(key: string, at: Ordinal): readonly string[] {
    return this.readModel.partsAt(this.feed.build.id, key, at).flatMap(({ links }) => links);
  }

  #hasRow(key: string, at: Ordinal): boolean {
    return this.readModel.partsAt(this.feed.build.id, key, at).some(({ row }) => row);
  }

  async #render(key: string, at: Ordinal): Promise<{ readonly row: any; readonly text: string }> {
    const name = `${at} ${key}`;
    const kept = this.#rendered.get(name);
    if (kept) return kept;
    const view = new View(this.readModel, this.feed, at, (id) => this.#added.get(id));
    let row: any;
    for (;;) {
      try {
        row = this.projection.row(key, view);
        break;
      } catch (error) {
        if (error !== MISSING) throw error;
        for (const [id, { stream, event, revision }] of view.missing)
          view.found(id, await (event === undefined ? this.#addedAt(stream, revision) : this.#addedBy(stream, revision)));
      }
    }
    const fresh = { row, text: canonical(row ?? null) };
    if (this.#rendered.size >= RENDERED) this.#rendered.clear();
    this.#rendered.set(name, fresh);
    return fresh;
  }

  /** What a stream adds at a revision. */
  async #addedAt(stream: string, revision: number): Promise<Added> {
    const id = idOf(stream, revision);
    return this.#added.get(id) ?? this.#keep(id, await this.readers.at(stream, revision, (h) => shown(partsOf(this.projection, h))));
  }
  /** What one event adds for ever. */
  async #addedBy(stream: string, revision: number): Promise<Added> {
    const id = idOf(stream, revision, true);
    return this.#added.get(id) ?? this.#keep(id, shown(this.projection.byEvent!(await this.readers.event(stream, revision))));
  }
  #keep(id: string, added: Added): Added {
    if (this.#added.size >= ADDED) this.#added.clear();
    this.#added.set(id, added);
    return added;
  }

  #passes(row: any, filters: { readonly [name: string]: string }): boolean {
    return Object.entries(filters).every(([name, wanted]) => {
      const answer = this.projection.filters![name]!(row);
      return Array.isArray(answer) ? answer.includes(wanted) : answer === wanted;
    });
  }
}

const idOf = (stream: string, revision: number, byEvent = false): string => `${stream}@${revision}${byEvent ? '!' : ''}`;
const shown = (parts: Parts): Added => Object.fromEntries(Object.entries(parts).map(([key, part]) => [key, { part, value: part.value() }]));
const partsIn = (added: Added): Parts => Object.fromEntries(Object.entries(added).map(([key, { part }]) => [key, part]));
const textOf = (one: Added[string]): string => (one.text ??= JSON.stringify(one.value));

/** Thrown out of a rendering that needs what is not at hand: it is fetched, and the row rendered again. */
const MISSING = new Error('Not at hand.');

type Wanted = Place & { readonly revision: number };

/** What a row sees at one ordinal. */
class View implements Around {
  /** What to fetch before the row is rendered again. */
  missing = new Map<string, Wanted>();
  readonly #found = new Map<string, Added>();
  readonly #at = new Map<string, readonly (readonly [id: string, place: Wanted])[]>();
  readonly #linking = new Map<string, readonly (readonly [id: string, place: Wanted])[]>();
  readonly #revisions = new Map<string, number>();

  constructor(
    private readonly readModel: ReadModel,
    private readonly feed: Feed,
    private readonly ordinal: Ordinal,
    private readonly kept: (id: string) => Added | undefined,
  ) {}

  found(id: string, added: Added): void {
    this.#found.set(id, added);
    this.missing.delete(id);
  }

  at(key: string): readonly any[] {
    return this.#values(this.#partsAt(key), () => this.#names(key, (other) => this.#partsAt(other)));
  }
  linking(key: string): readonly { readonly key: string; readonly value: any }[] {
    const places = this.#linkingTo(key);
    const values = this.#values(places, () => this.#names(key, (other) => this.#linkingTo(other)));
    return places.map(([, place], i) => ({ key: place.key, value: values[i] }));
  }
  total(key: string): Readonly<Record<string, bigint>> {
    const measures = this.readModel.totalAt(this.feed.build.id, key, this.ordinal);
    return Object.fromEntries(Object.entries(measures).map(([measure, n]) => [measure, BigInt(n)]));
  }

  #partsAt(key: string) {
    let places = this.#at.get(key);
    if (!places) this.#at.set(key, (places = this.#wanted(this.readModel.partsAt(this.feed.build.id, key, this.ordinal))));
    return places;
  }
  #linkingTo(key: string) {
    let places = this.#linking.get(key);
    if (!places) this.#linking.set(key, (places = this.#wanted(this.readModel.linkingAt(this.feed.build.id, key, this.ordinal))));
    return places;
  }
  #wanted(places: readonly Place[]) {
    return places.map((place) => {
      const revision = place.event === undefined ? this.#revisionOf(place.stream) : this.readModel.eventAt(place.event)!.revision;
      return [idOf(place.stream, revision, place.event !== undefined), { ...place, revision }] as const;
    });
  }
  /** Where a stream was; one that stopped is where it stood before. */
  #revisionOf(stream: string): number {
    let revision = this.#revisions.get(stream);
    if (revision === undefined) {
      revision = this.readModel.revisionAt(stream, Math.min(this.ordinal, (this.feed.stopped.get(stream) ?? Infinity) - 1));
      this.#revisions.set(stream, revision);
    }
    return revision;
  }

  /** @throws MISSING, having asked for what a row of this kind is likely to ask for next as well */
  #values(places: readonly (readonly [string, Wanted])[], alike: () => readonly (readonly [string, Wanted])[]): readonly any[] {
    const absent = (ids: readonly (readonly [string, Wanted])[]) => ids.filter(([id]) => !this.#get(id));
    if (absent(places).length > 0) {
      for (const [id, place] of absent([...places, ...alike()])) this.missing.set(id, place);
      throw MISSING;
    }
    return places.map(([id, { key }]) => this.#get(id)![key]!.value);
  }
  #get(id: string): Added | undefined {
    const found = this.#found.get(id);
    if (found) return found;
    const kept = this.kept(id);
    if (kept) this.#found.set(id, kept);
    return kept;
  }

  /** What is asked of one contract of a row is asked of all of them. */
  #names(key: string, of: (other: string) => readonly (readonly [string, Wanted])[]) {
    const kind = key.slice(0, key.indexOf(':') + 1);
    const named = [...this.#at.values(), ...this.#linking.values()].flat().flatMap(([, place]) => [place.key, ...place.links]);
    return [...new Set(named)].filter((other) => other !== key && other.startsWith(kind)).flatMap(of);
  }
}
