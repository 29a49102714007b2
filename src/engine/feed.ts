import { canonical, type History, type Parts, type Projection, type StoredEvent } from '../kernel/index.js';
import type { Build, KeptPart, Ordinal, ReadModel } from '../store/read-model.js';

/** Keeps one build's parts, links and totals true for the last event it took. */
export class Feed {
  cursor: Ordinal;
  readonly #current = new Map<string, Map<string, KeptPart>>();
  readonly #totals = new Map<string, Map<string, bigint>>();
  readonly #stopped: Set<string>;

  constructor(
    private readonly readModel: ReadModel,
    private readonly projection: Projection,
    readonly build: Build,
    private readonly log: (message: string, error: unknown) => void,
  ) {
    this.cursor = build.cursor;
    this.#stopped = new Set(readModel.stopped(build.id).map(({ stream }) => stream));
  }

  /** @param history undefined when the stream cannot be folded any more */
  take(event: StoredEvent, history: History | undefined, ordinal: Ordinal): void {
    const { stream } = event;
    const byEvent = this.projection.byEvent?.(event);
    if (byEvent) for (const [key, part] of Object.entries(kept(byEvent))) this.#open(stream, part, key, ordinal);
    const contributions = this.projection.from.filter(({ category }) => stream.startsWith(`${category}-`));
    if (contributions.length === 0 || this.#stopped.has(stream)) return;
    let parts: { readonly [key: string]: KeptPart };
    try {
      if (!history) throw new Error(`${event.type} at revision ${event.revision} cannot be folded.`);
      parts = Object.assign({}, ...contributions.map((c) => kept(c.contribute(history))));
    } catch (error) {
      this.#stop(event, ordinal, error);
      return;
    }
    this.#replace(stream, parts, ordinal, event.revision === 0); // what the read model throws is no fault of the stream
  }

  #replace(stream: string, parts: { readonly [key: string]: KeptPart }, at: Ordinal, fresh: boolean): void {
    const current = this.#partsOf(stream, fresh);
    for (const [key, before] of current) {
      const after = parts[key];
      if (after && same(before, after)) continue;
      this.readModel.closePart(this.build.id, stream, key, at);
      for (const link of before.links) if (!after?.links.includes(link)) this.readModel.closeLink(this.build.id, stream, key, link, at);
      if (!after) {
        this.#count(before.sums, {}, at);
        current.delete(key);
      }
    }
    for (const [key, after] of Object.entries(parts)) {
      const before = current.get(key);
      if (before && same(before, after)) continue;
      this.#open(stream, after, key, at, before);
      current.set(key, after);
    }
  }

  #open(stream: string, part: KeptPart, key: string, at: Ordinal, before?: KeptPart): void {
    this.readModel.openPart(this.build.id, stream, part, at);
    for (const link of part.links) if (!before?.links.includes(link)) this.readModel.openLink(this.build.id, stream, key, link, at);
    this.#count(before?.sums ?? {}, part.sums, at);
  }

  /** Totals that the stream had a share in say so; one that stops at its first event, its programme's. */
  #stop({ stream, metadata: { about } }: StoredEvent, ordinal: Ordinal, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.log(`${this.projection.name}: ${stream} stopped.`, error);
    this.#stopped.add(stream);
    this.readModel.stop(this.build.id, { stream, ordinal, error: why });
    const keys = new Set([...this.#partsOf(stream).values()].flatMap(({ sums }) => Object.keys(sums)));
    if (keys.size === 0 && about.programme) keys.add(`programme:${about.programme}`);
    for (const key of keys) this.#count({}, { [key]: { stopped: '1' } }, ordinal);
  }

  /** Takes the old sums away and adds the new: what is left of nothing is nothing. */
  #count(before: KeptPart['sums'], after: KeptPart['sums'], at: Ordinal): void {
    if (before === after) return;
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (canonical(before[key]) === canonical(after[key])) continue;
      const total = this.#totalOf(key);
      for (const [measure, n] of Object.entries(before[key] ?? {})) total.set(measure, (total.get(measure) ?? 0n) - BigInt(n));
      for (const [measure, n] of Object.entries(after[key] ?? {})) total.set(measure, (total.get(measure) ?? 0n) + BigInt(n));
      for (const [measure, n] of total) if (n === 0n) total.delete(measure);
      this.readModel.setTotal(this.build.id, key, Object.fromEntries([...total].map(([m, n]) => [m, String(n)]).sort()), at);
    }
  }

  #partsOf(stream: string, fresh = false): Map<string, KeptPart> {
    let parts = this.#current.get(stream);
    if (!parts) {
      if (this.#current.size > 500) this.#current.clear();
      parts = new Map(fresh ? [] : this.readModel.partsOf(this.build.id, stream).map((part) => [part.key, part]));
      this.#current.set(stream, parts);
    }
    return parts;
  }

  #totalOf(key: string): Map<string, bigint> {
    let total = this.#totals.get(key);
    if (!total) {
      if (this.#totals.size > 1000) this.#totals.clear();
      const stored = this.readModel.totalAt(this.build.id, key, Number.MAX_SAFE_INTEGER - 1);
      total = new Map(Object.entries(stored).map(([measure, n]) => [measure, BigInt(n)]));
      this.#totals.set(key, total);
    }
    return total;
  }
}

const kept = (parts: Parts): { readonly [key: string]: KeptPart } =>
  Object.fromEntries(
    Object.entries(parts).map(([key, { value, row = false, links = [], sums = {} }]) => [
      key,
      {
        key,
        value: JSON.stringify(value),
        row,
        links: [...new Set(links)],
        sums: Object.fromEntries(
          Object.entries(sums).map(([total, measures]) => [
            total,
            Object.fromEntries(Object.entries(measures).map(([m, n]) => [m, String(n)])),
          ]),
        ),
      },
    ]),
  );

const same = (a: KeptPart, b: KeptPart): boolean =>
  a.value === b.value && a.row === b.row && canonical(a.links) === canonical(b.links) && canonical(a.sums) === canonical(b.sums);
