import { randomUUIDv7 } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SqliteStore, LEDGER_FILE } from '../store/sqlite/sqlite-store.js';
import type { EventStore, Genesis } from '../store/event-store.js';
import { KurrentStore } from '../store/kurrentdb/kurrent-store.js';

/** Where a ledger is kept, as an operator writes it. */
export type Place = { readonly kind: 'embedded'; readonly dir: string } | { readonly kind: 'kurrentdb'; readonly url: string };

/** The place that an operator named cannot be used: the message says why. */
export class BadPlaceError extends Error {
  override readonly name = 'BadPlaceError';
}

/** `embedded:DIR` or `kurrentdb:URL`. @throws BadPlaceError */
export const placeOf = (text: string): Place => {
  const [, kind, at] = /^(embedded|kurrentdb):(.+)$/s.exec(text) ?? [];
  if (at === undefined)
    throw new BadPlaceError('A ledger is at embedded:DIR, with its data folder, or at kurrentdb:URL, with a connection string.');
  return kind === 'embedded' ? { kind, dir: resolve(at) } : { kind: 'kurrentdb', url: at };
};

/** As it may be printed: without the user and the password. */
export const nameOf = (place: Place): string =>
  place.kind === 'embedded' ? `embedded:${place.dir}` : `kurrentdb:${place.url.replace(/\/\/.*@/s, '//')}`;

/** The ledger of a place. @throws BadPlaceError when it has none; FolderInUseError, StoreUnavailableError */
export const openLedger = async (place: Place): Promise<EventStore> => {
  const none = (): never => {
    throw new BadPlaceError(`There is no ledger at ${nameOf(place)}.`);
  };
  if (place.kind === 'embedded' && !existsSync(join(place.dir, LEDGER_FILE))) none();
  return open(place, { timeZone: 'UTC', newId: none });
};

/** The ledger of a place, or a new one that begins with `genesis`. @throws FolderInUseError, StoreUnavailableError */
export const openOrBegin = (place: Place, genesis: Genesis): Promise<EventStore> =>
  open(place, { timeZone: genesis.timeZone, genesis, newId: () => randomUUIDv7() });

const open = async (
  place: Place,
  options: { readonly timeZone: string; readonly genesis?: Genesis; newId(): string },
): Promise<EventStore> => {
  const now = () => new Date().toISOString(); // eslint-disable-line no-restricted-syntax -- where an operator's command joins its parts
  if (place.kind === 'embedded') return SqliteStore.open({ dir: place.dir, now, ...options });
  return KurrentStore.open({ url: place.url, now, ...options });
};
