import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { NewEvent } from '../../src/kernel/index.js';
import type { EventStore } from '../../src/store/event-store.js';

/** A built tree that is measured. */
export interface Build {
  readonly name: string;
  readonly dist: string;
}

/** The part of the store's port that every build has had so far. */
export type AnyStore = Pick<EventStore, 'read' | 'append' | 'close'>;

/** Where builds have had their SQLite store, the newest first. */
const STORES = ['src/store/sqlite/sqlite-store.js', 'src/store/embedded/embedded-store.js'];

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

/** Opens a data folder with a build's own SQLite store, in this process. */
export const openStore = async ({ name, dist }: Build, dir: string): Promise<AnyStore> => {
  for (const file of STORES) {
    const path = join(dist, file);
    if (!(await exists(path))) continue;
    const module = (await import(pathToFileURL(path).href)) as Record<string, { open?(options: object): Promise<AnyStore> }>;
    const store = Object.values(module).find((value) => typeof value?.open === 'function');
    const options = { dir, timeZone: 'Europe/London', now: () => new Date().toISOString(), newId: () => crypto.randomUUID() };
    if (store) return store.open!(options);
  }
  throw new Error(`${name} has none of ${STORES.join(', ')} in ${dist}.`);
};

export type { NewEvent };
