import { canonical, type Around, type Projection } from '../kernel/index.js';
import type { Build, Ordinal, ReadModel } from '../store/read-model.js';

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

/** Keys that a filtered page looks at before it answers with what it has. */
const LOOKED_AT = 2000;
const RENDERED = 2000;

/**
 * Rows have no versions: a row now and a row at an ordinal are the same rendering of the parts that held there. What changed at an
 * ordinal is found from the parts that changed, rendered before and after.
 */
export class Rows {
  readonly #rendered = new Map<string, { readonly row: any; readonly text: string }>();

  constructor(
    private readonly readModel: ReadModel,
    private readonly projection: Projection,
    private readonly build: Build,
  ) {}

  row(key: string, at: Ordinal): any {
    return this.#render(key, at).row;
  }

  /** A page of rows in order of key. `next` is the key to go on after; absent when there are no more. */
  page(at: Ordinal, after: string, limit: number, filters: { readonly [name: string]: string } = {}): { rows: Row[]; next?: string } {
    const rows: Row[] = [];
    let cursor = after;
    for (let looked = 0; looked < LOOKED_AT;) {
      const keys = this.readModel.rowKeys(this.build.id, at, cursor, Math.min(200, limit + 1));
      for (const key of keys) {
        if (rows.length === limit) return { rows, next: cursor };
        cursor = key;
        looked++;
        const row = this.row(key, at);
        if (row !== undefined && this.#passes(row, filters)) rows.push({ key, row });
      }
      if (keys.length < Math.min(200, limit + 1)) return { rows };
    }
    return { rows, next: cursor };
  }

  /** Row changes after an ordinal, a bounded number at a time, and how far they reach: `upTo` itself may have changed nothing. */
  updates(after: Ordinal, head: Ordinal, limit = 100): { readonly updates: readonly Update[]; readonly upTo: Ordinal } {
    const most = limit * 8;
    const changes = this.readModel.changes(this.build.id, after, head, most);
    const whole = changes.length < most ? head : changes.at(-1)!.ordinal - 1;
    const upTo = whole > after ? whole : head;
    const full = whole > after ? changes : this.readModel.changes(this.build.id, after, after + 1, Number.MAX_SAFE_INTEGER);
    const reach = whole > after ? upTo : after + 1;
    const byOrdinal = new Map<Ordinal, string[]>();
    for (const { ordinal, key } of full) if (ordinal <= reach) byOrdinal.set(ordinal, [...(byOrdinal.get(ordinal) ?? []), key]);
    const updates: Update[] = [];
    for (const [ordinal, keys] of byOrdinal) {
      const update = this.#update(ordinal, keys);
      if (update) updates.push(update);
      if (updates.length === limit) return { updates, upTo: ordinal };
    }
    return { updates, upTo: reach };
  }

  #update(ordinal: Ordinal, keys: readonly string[]): Update | undefined {
    const affected = new Set(keys.flatMap((key) => [...this.#affectedBy(key, ordinal - 1), ...this.#affectedBy(key, ordinal)]));
    const changes: Record<string, any> = {};
    for (const key of [...affected].sort()) {
      const before = this.#hasRow(key, ordinal - 1) ? this.#render(key, ordinal - 1) : undefined;
      const after = this.#hasRow(key, ordinal) ? this.#render(key, ordinal) : undefined;
      if (before?.text !== after?.text) changes[key] = after?.row ?? null;
    }
    if (Object.keys(changes).length === 0) return undefined;
    const { position, id, stream } = this.readModel.eventAt(ordinal)!;
    return { ordinal, position, event: id, stream, changes };
  }

  /** Rows within two links of a part. */
  #affectedBy(key: string, at: Ordinal): string[] {
    const own = this.#linksOf(key, at);
    const around = this.readModel.linkingAt(this.build.id, key, at).flatMap((part) => [part.key, ...part.links]);
    return [key, ...own, ...own.flatMap((link) => this.#linksOf(link, at)), ...around];
  }

  #linksOf(key: string, at: Ordinal): readonly string[] {
    return this.readModel.partsAt(this.build.id, key, at).flatMap(({ links }) => links);
  }

  #hasRow(key: string, at: Ordinal): boolean {
    return this.readModel.partsAt(this.build.id, key, at).some(({ row }) => row);
  }

  #render(key: string, at: Ordinal): { readonly row: any; readonly text: string } {
    const name = `${at} ${key}`;
    const kept = this.#rendered.get(name);
    if (kept) return kept;
    const row = this.projection.row(key, around(this.readModel, this.build.id, at));
    const fresh = { row, text: canonical(row ?? null) };
    if (this.#rendered.size >= RENDERED) this.#rendered.clear();
    this.#rendered.set(name, fresh);
    return fresh;
  }

  #passes(row: any, filters: { readonly [name: string]: string }): boolean {
    return Object.entries(filters).every(([name, wanted]) => {
      const answer = this.projection.filters![name]!(row);
      return Array.isArray(answer) ? answer.includes(wanted) : answer === wanted;
    });
  }
}

const around = (readModel: ReadModel, build: number, at: Ordinal): Around => ({
  at: (key) => readModel.partsAt(build, key, at).map(({ value }) => JSON.parse(value)),
  linking: (key) => readModel.linkingAt(build, key, at).map((part) => ({ key: part.key, value: JSON.parse(part.value) })),
  total: (key) => Object.fromEntries(Object.entries(readModel.totalAt(build, key, at)).map(([measure, n]) => [measure, BigInt(n)])),
});
