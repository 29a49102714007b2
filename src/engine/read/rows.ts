import { canonical, type Lookup, type Json, type Contribution, type Contributions, type Projection } from '../../kernel/index.js';
import { MAX_PAGE, type Sequence, type ContributionPlace, type ReadModelReader } from '../../store/read-model.js';
import { split } from '../audit/audit.js';
import { referencing, contributionsOf, sameStanding, faultedIn, under } from './projection-writer.js';
import type { HistoryCache } from '../history-cache.js';

export interface Row {
  readonly key: string;
  readonly row: any;
}

/** All row changes of one position; a row that is gone is `null`. */
export interface Update {
  readonly sequence: Sequence;
  readonly position: string;
  readonly event: string;
  readonly stream: string;
  readonly changes: { readonly [key: string]: any };
}

/** What a stream adds at a revision, with what it shows. */
type Added = Readonly<Record<string, { readonly contribution: Contribution; readonly value: Json; text?: string }>>;

/** The build that rows are read from. */
export interface ServedBuild {
  readonly build: { readonly id: number };
  /** From which event on a stream cannot be folded. */
  readonly faulted: { get(stream: string): Sequence | undefined };
  /** A contribution of a stream cannot be rendered. */
  failed(stream: string, key: string, error: unknown): void;
}

type Standing = Pick<ContributionPlace, 'key' | 'row' | 'links'>;
/** A part that one event added for ever. */
interface EventPart extends Standing {
  readonly sequence: Sequence;
}

/** Keys that are read at once. */
const KEYS = 200;
/** Keys that a filtered page looks at, and events that a page of updates does, before it answers with what it has. */
const MAX_SCANNED = 2000;
const RENDERED = 2000;
const ADDED = 4000;

/**
 * Rows have no versions: a row now and a row at an sequence are the same rendering of the parts that held there. What a part shows is
 * folded from the log when it is asked for. What changed at an sequence is what the event's stream adds otherwise than before, and the
 * rows around it, rendered before and after.
 */
export class Rows {
  readonly #rendered = new Map<string, { readonly row: unknown; readonly text: string }>();
  readonly #added = new Map<string, Added>();
  readonly #updates = new Map<Sequence, Promise<Update | undefined>>();

  constructor(
    private readonly readModel: ReadModelReader,
    private readonly projection: Projection,
    private readonly writer: ServedBuild,
    private readonly histories: HistoryCache,
  ) {}

  async row(key: string, at: Sequence): Promise<any> {
    return (await this.#render(key, at)).row;
  }

  /**
   * A page of rows: those of streams in order of key, then those of events in store order. `next` is the key to go on after; absent when
   * there are no more.
   */
  async page(
    at: Sequence,
    after: string,
    limit: number,
    filters: { readonly [name: string]: string } = {},
  ): Promise<{ rows: Row[]; next?: string }> {
    const rows: Row[] = [];
    let [cursor, looked] = [after, 0];
    for await (const key of this.#keys(at, after)) {
      if (rows.length === limit || looked++ === MAX_SCANNED) return { rows, next: cursor };
      cursor = key;
      const row = await this.row(key, at);
      if (row !== undefined && this.#passes(row, filters)) rows.push({ key, row });
    }
    return { rows };
  }

  async *#keys(at: Sequence, after: string): AsyncGenerator<string> {
    const last = (await this.#eventsUnder(after, at))[0]?.sequence;
    if (last === undefined)
      for (let cursor = after; ;) {
        const { keys, next } = this.readModel.rowKeys(this.writer.build.id, at, cursor, KEYS);
        yield* keys;
        if (next === undefined) break;
        cursor = next;
      }
    if (!this.projection.byEvent) return;
    let passed = last === undefined;
    for (let sequence = last ?? 1; sequence <= at; sequence++) {
      const { stream, revision } = this.readModel.eventAt(sequence)!;
      for (const [key, { contribution }] of Object.entries(await this.#addedBy(stream, revision))) {
        if (passed && contribution.row && (await this.#eventsUnder(key, at))[0]?.sequence === sequence) yield key;
        passed ||= key === after;
      }
    }
  }

  /** Row changes after an sequence, a bounded number at a time, and how far they reach: `upTo` itself may have changed nothing. */
  async updates(after: Sequence, head: Sequence, limit = 100): Promise<{ readonly updates: readonly Update[]; readonly upTo: Sequence }> {
    const updates: Update[] = [];
    const reach = Math.min(head, after + MAX_SCANNED);
    for (let sequence = after + 1; sequence <= reach; sequence++) {
      const update = await this.#updateAt(sequence);
      if (update) updates.push(update);
      if (updates.length === limit) return { updates, upTo: sequence };
    }
    return { updates, upTo: reach };
  }

  /** Followers of one projection share what they are told. */
  #updateAt(sequence: Sequence): Promise<Update | undefined> {
    const known = this.#updates.get(sequence);
    if (known) return known;
    if (this.#updates.size >= RENDERED) this.#updates.clear();
    const update = this.#update(sequence);
    this.#updates.set(sequence, update);
    update.catch(() => this.#updates.delete(sequence));
    return update;
  }

  async #update(sequence: Sequence): Promise<Update | undefined> {
    const { position, id, stream, revision } = this.readModel.eventAt(sequence)!;
    const keys = await this.#changed(stream, revision, sequence);
    const affected = new Set<string>();
    for (const key of keys)
      for (const at of [sequence - 1, sequence]) for (const other of await this.#affectedBy(key, at)) affected.add(other);
    const changes: Record<string, any> = {};
    for (const key of [...affected].sort()) {
      const before = (await this.#hasRow(key, sequence - 1)) ? await this.#render(key, sequence - 1) : undefined;
      const after = (await this.#hasRow(key, sequence)) ? await this.#render(key, sequence) : undefined;
      if (before?.text !== after?.text) changes[key] = after?.row ?? null;
    }
    return Object.keys(changes).length === 0 ? undefined : { sequence, position, event: id, stream, changes };
  }

  /** Keys of the parts and totals that an event changed. */
  async #changed(stream: string, revision: number, sequence: Sequence): Promise<readonly string[]> {
    const { projection, writer } = this;
    const lasting = projection.byEvent ? Object.entries(await this.#addedBy(stream, revision)) : [];
    const changed = lasting.flatMap(([key, { contribution }]) => [key, ...Object.keys(contribution.sums ?? {})]);
    if (!projection.from.some(({ category }) => category === split(stream)[0])) return changed;
    const faulted = writer.faulted.get(stream) ?? Infinity;
    if (faulted < sequence) return changed;
    const before = revision === 0 ? {} : await this.#addedAt(stream, revision - 1);
    if (faulted === sequence) {
      const { about } = (await this.histories.event(stream, revision)).metadata;
      return [...changed, ...faultedIn(partsIn(before), about.programme)];
    }
    const after = await this.#addedAt(stream, revision);
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const [was, is] = [before[key], after[key]];
      if (was && is && sameStanding(was.contribution, is.contribution) && textOf(was) === textOf(is)) continue;
      changed.push(key, ...Object.keys(was?.contribution.sums ?? {}), ...Object.keys(is?.contribution.sums ?? {}));
    }
    return changed;
  }

  /** Rows within two links of a part. */
  async #affectedBy(key: string, at: Sequence): Promise<string[]> {
    const affected = [key];
    for (const { links } of await this.#partsAt(key, at))
      for (const link of links) {
        affected.push(link);
        for (const contribution of await this.#partsAt(link, at)) affected.push(...contribution.links);
      }
    const linking = [...allReferencing(this.readModel, this.writer.build.id, key, at), ...(await this.#eventsLinkingTo(key, at))];
    return [...affected, ...linking.flatMap((part) => [part.key, ...part.links])];
  }

  async #partsAt(key: string, at: Sequence): Promise<readonly Standing[]> {
    return [...allContributions(this.readModel, this.writer.build.id, key, at), ...(await this.#eventsUnder(key, at))];
  }
  async #hasRow(key: string, at: Sequence): Promise<boolean> {
    return (await this.#partsAt(key, at)).some(({ row }) => row);
  }

  #eventsUnder(key: string, at: Sequence): Promise<readonly EventPart[]> {
    return this.#eventParts(under(key), at, (other) => other === key);
  }
  #eventsLinkingTo(key: string, at: Sequence): Promise<readonly EventPart[]> {
    return this.#eventParts(referencing(key), at, (_, { links = [] }) => links.includes(key));
  }
  async #eventParts(mark: string, at: Sequence, is: (key: string, contribution: Contribution) => boolean): Promise<readonly EventPart[]> {
    if (!this.projection.byEvent) return [];
    const found: EventPart[] = [];
    for (const sequence of allMarked(this.readModel, this.writer.build.id, mark, at)) {
      const { stream, revision } = this.readModel.eventAt(sequence)!;
      for (const [key, { contribution: part }] of Object.entries(await this.#addedBy(stream, revision)))
        if (is(key, part)) found.push({ key, row: part.row === true, links: part.links ?? [], sequence });
    }
    return found;
  }

  async #render(key: string, at: Sequence): Promise<{ readonly row: unknown; readonly text: string }> {
    const name = `${at} ${key}`;
    const kept = this.#rendered.get(name);
    if (kept) return kept;
    const view = new View(this.readModel, this.projection, this.writer, at, (id) => this.#added.get(id));
    let row: unknown;
    for (;;) {
      try {
        row = this.projection.row(key, view);
        break;
      } catch (error) {
        if (error !== MISSING) throw error;
        for (const [id, { stream, revision, byEvent }] of view.missing)
          view.found(id, await (byEvent ? this.#addedBy(stream, revision) : this.#addedAt(stream, revision)));
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
    return (
      this.#added.get(id) ??
      this.#keep(id, this.#shown(stream, contributionsOf(this.projection, await this.histories.at(stream, revision))))
    );
  }
  /** What one event adds for ever. */
  async #addedBy(stream: string, revision: number): Promise<Added> {
    const id = idOf(stream, revision, true);
    return (
      this.#added.get(id) ?? this.#keep(id, this.#shown(stream, this.projection.byEvent!(await this.histories.event(stream, revision))))
    );
  }
  /** A part that cannot be shown is left out, and its stream is named among those that stopped. */
  #shown(stream: string, contributions: Contributions): Added {
    const added: Record<string, Added[string]> = {};
    for (const contribution of contributions)
      try {
        added[contribution.key] = { contribution, value: contribution.value() };
      } catch (error) {
        this.writer.failed(stream, contribution.key, error);
      }
    return added;
  }

  #keep(id: string, added: Added): Added {
    if (this.#added.size >= ADDED) this.#added.clear();
    this.#added.set(id, added);
    return added;
  }

  #passes(row: unknown, filters: { readonly [name: string]: string }): boolean {
    return Object.entries(filters).every(([name, wanted]) => {
      const answer = this.projection.filters![name]!(row);
      return Array.isArray(answer) ? answer.includes(wanted) : answer === wanted;
    });
  }
}

/** All pages, in order of key and stream. */
const allContributions = (readModel: ReadModelReader, build: number, key: string, at: Sequence): readonly ContributionPlace[] => {
  const places: ContributionPlace[] = [];
  for (let page = readModel.contributionsAt(build, key, at); page.length > 0;) {
    places.push(...page);
    page = readModel.contributionsAt(build, key, at, { after: page.at(-1)!.stream, limit: MAX_PAGE });
  }
  return places.sort(inOrder);
};
const allReferencing = (readModel: ReadModelReader, build: number, key: string, at: Sequence): readonly ContributionPlace[] => {
  const places: ContributionPlace[] = [];
  for (let page = readModel.referencingAt(build, key, at, { limit: MAX_PAGE }); page.length > 0;) {
    places.push(...page);
    page = readModel.referencingAt(build, key, at, { after: page.at(-1)!, limit: MAX_PAGE });
  }
  return places.sort(inOrder);
};
const allMarked = (readModel: ReadModelReader, build: number, name: string, upTo: Sequence): readonly Sequence[] => {
  const sequences: Sequence[] = [];
  for (let page = readModel.marked(build, name, { upTo, limit: MAX_PAGE }); page.length > 0;) {
    sequences.push(...page);
    page = readModel.marked(build, name, { after: page.at(-1)!, upTo, limit: MAX_PAGE });
  }
  return sequences;
};
const inOrder = (a: ContributionPlace, b: ContributionPlace): number =>
  a.key < b.key ? -1 : a.key > b.key ? 1 : a.stream < b.stream ? -1 : a.stream > b.stream ? 1 : 0;

const idOf = (stream: string, revision: number, byEvent = false): string => `${stream}@${revision}${byEvent ? '!' : ''}`;
const partsIn = (added: Added): Contributions => Object.values(added).map(({ contribution }) => contribution);
const textOf = (one: Added[string]): string => (one.text ??= JSON.stringify(one.value));

/** Thrown out of a rendering that needs what is not at hand: it is fetched, and the row rendered again. */
const MISSING = new Error('Not at hand.');

/** What a stream adds at a revision, or one event of it alone. */
interface Source {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly byEvent: boolean;
  /** Where it stands; of an event that is told by what it adds. */
  readonly place?: ContributionPlace;
}

/** What a row sees at one sequence. */
class View implements Lookup {
  /** What to fetch before the row is rendered again. */
  readonly missing = new Map<string, Source>();
  readonly #found = new Map<string, Added>();
  readonly #under = new Map<string, readonly Source[]>();
  readonly #linkedTo = new Map<string, readonly Source[]>();
  readonly #revisions = new Map<string, number>();

  constructor(
    private readonly readModel: ReadModelReader,
    private readonly projection: Projection,
    private readonly writer: ServedBuild,
    private readonly sequence: Sequence,
    private readonly kept: (id: string) => Added | undefined,
  ) {}

  found(id: string, added: Added): void {
    this.#found.set(id, added);
    this.missing.delete(id);
  }

  get(key: string): readonly any[] {
    const sources = this.#partsUnder(key);
    this.#atHand(sources, key, (other) => this.#partsUnder(other));
    return sources.flatMap(({ id }) => this.#get(id)![key] ?? []).map(({ value }) => value);
  }
  referencing(key: string): readonly { readonly key: string; readonly value: any }[] {
    const sources = this.#partsLinkingTo(key);
    this.#atHand(sources, key, (other) => this.#partsLinkingTo(other));
    return sources.flatMap(({ id, place }) => {
      const added = this.#get(id)!;
      const shown = place && added[place.key];
      if (place) return shown ? [{ key: place.key, value: shown.value }] : [];
      return Object.entries(added).flatMap(([own, { contribution, value }]) =>
        contribution.links?.includes(key) ? [{ key: own, value }] : [],
      );
    });
  }
  sum(key: string): Readonly<Record<string, bigint>> {
    const measures = this.readModel.sumAt(this.writer.build.id, key, this.sequence);
    return Object.fromEntries(Object.entries(measures).map(([measure, n]) => [measure, BigInt(n)]));
  }

  #partsUnder(key: string): readonly Source[] {
    return this.#sources(this.#under, key, () => allContributions(this.readModel, this.writer.build.id, key, this.sequence), under(key));
  }
  #partsLinkingTo(key: string): readonly Source[] {
    return this.#sources(
      this.#linkedTo,
      key,
      () => allReferencing(this.readModel, this.writer.build.id, key, this.sequence),
      referencing(key),
    );
  }
  #sources(
    known: Map<string, readonly Source[]>,
    key: string,
    places: () => readonly ContributionPlace[],
    mark: string,
  ): readonly Source[] {
    let sources = known.get(key);
    if (sources) return sources;
    const events = this.projection.byEvent ? allMarked(this.readModel, this.writer.build.id, mark, this.sequence) : [];
    sources = [
      ...places().map((place) => sourceOf(place.stream, this.#revisionOf(place.stream), place)),
      ...events.map((sequence) => {
        const { stream, revision } = this.readModel.eventAt(sequence)!;
        return sourceOf(stream, revision);
      }),
    ];
    known.set(key, sources);
    return sources;
  }
  /** Where a stream was; one that stopped is where it stood before. */
  #revisionOf(stream: string): number {
    let revision = this.#revisions.get(stream);
    if (revision === undefined) {
      revision = this.readModel.revisionAt(stream, Math.min(this.sequence, (this.writer.faulted.get(stream) ?? Infinity) - 1));
      this.#revisions.set(stream, revision);
    }
    return revision;
  }

  /** @throws MISSING, having asked too for what is likely to be asked next: of one contract in a row, so of all of them */
  #atHand(sources: readonly Source[], key: string, of: (other: string) => readonly Source[]): void {
    if (sources.every(({ id }) => this.#get(id))) return;
    const kind = key.slice(0, key.indexOf(':') + 1);
    const seen = [...this.#under.values(), ...this.#linkedTo.values()].flat();
    const alike = new Set(
      seen.flatMap(({ place }) => (place ? [place.key, ...place.links] : [])).filter((other) => other.startsWith(kind)),
    );
    for (const source of [...sources, ...[...alike].flatMap(of)]) if (!this.#get(source.id)) this.missing.set(source.id, source);
    throw MISSING;
  }
  #get(id: string): Added | undefined {
    const found = this.#found.get(id);
    if (found) return found;
    const kept = this.kept(id);
    if (kept) this.#found.set(id, kept);
    return kept;
  }
}

const sourceOf = (stream: string, revision: number, place?: ContributionPlace): Source => {
  const byEvent = place === undefined;
  return { id: idOf(stream, revision, byEvent), stream, revision, byEvent, ...(place && { place }) };
};
