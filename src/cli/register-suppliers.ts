import { hash } from 'node:crypto';
import { matchKey } from '../kernel/index.js';

interface SupplierEvents {
  readonly events: readonly {
    readonly stream: string;
    readonly data: { readonly title?: string; readonly alias?: string; readonly aliases?: readonly string[]; readonly into?: string };
  }[];
  readonly next?: string;
}
/** Where a chain of mergers ends; one that goes round ends where it began. */
const lastIn = (into: ReadonlyMap<string, string>, id: string): string => {
  const seen = new Set([id]);
  for (let last = id; ;) {
    const next = into.get(last);
    if (next === undefined || seen.has(next)) return last;
    seen.add((last = next));
  }
};

/** The suppliers of a ledger by the names that they have or had, and those that a run registers. */
export class Suppliers {
  /** Name → the suppliers that have or had it; of one that merged into another, that other. */
  readonly #names = new Map<string, readonly string[]>();
  readonly #ids = new Set<string>();
  readonly #registered = new Set<string>();

  /** How many the run registered. */
  get registered(): number {
    return this.#registered.size;
  }
  isRegistered(id: string): boolean {
    return this.#registered.has(id);
  }
  named(name: string): readonly string[] {
    return this.#names.get(matchKey(name)) ?? [];
  }
  freeId(name: string): string {
    return freeId(name, (id) => this.#ids.has(id));
  }
  add(id: string, name: string): void {
    this.#registered.add(id);
    this.#ids.add(id);
    this.#names.set(matchKey(name), [id]);
  }

  async read(get: <T>(path: string) => Promise<T>): Promise<void> {
    const add = (id: string, name: string): void => {
      this.#ids.add(id);
      const key = matchKey(name);
      const same = this.#names.get(key) ?? [];
      if (!same.includes(id)) this.#names.set(key, [...same, id]);
    };
    type Page = { rows: { supplier: string; title: string }[]; next?: string };
    for (let cursor = ''; ;) {
      const { rows, next } = await get<Page>(`/projections/exposure?kind=supplier&limit=500${cursor}`);
      for (const { supplier, title } of rows) add(supplier, title);
      if (next === undefined) break;
      cursor = `&cursor=${next}`;
    }
    const into = new Map<string, string>();
    for (const type of ['SupplierRegistered', 'SupplierRenamed', 'AliasAdded', 'SupplierMerged'])
      for (let cursor = ''; ;) {
        const { events, next } = await get<SupplierEvents>(`/events?type=${type}&limit=500${cursor}`);
        for (const { stream, data } of events) {
          const id = idIn(stream);
          for (const name of [data.title, data.alias, ...(data.aliases ?? [])]) if (name !== undefined && this.#ids.has(id)) add(id, name);
          if (data.into !== undefined) into.set(id, data.into);
        }
        if (next === undefined) break;
        cursor = `&cursor=${next}`;
      }
    for (const [key, same] of this.#names) {
      this.#names.set(key, [...new Set(same.map((id) => lastIn(into, id)))]);
    }
  }
}

const idIn = (stream: string): string => stream.slice(stream.indexOf('-') + 1);
/** An id of the words of a text that nobody has; with a part of the text's hash where it had to be cut or is taken. */
export const freeId = (text: string, isTaken: (id: string) => boolean): string => {
  const plain = text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  if (plain !== '' && plain.length <= 64 && !isTaken(plain)) return plain;
  return `${(plain || 'x').slice(0, 50).replace(/-+$/, '')}-${hash('sha256', text).slice(0, 12)}`;
};
