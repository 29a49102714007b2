import { randomUUIDv7 } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BUNDLE_FILES } from '../proof/bundle.js';
import { checkBundle } from '../proof/bundle-check.js';
import { BundleSource } from './bundle-source.js';
import { SqliteStore, LEDGER_FILE } from '../store/sqlite/sqlite-store.js';
import type { EventStore, Genesis } from '../store/event-store.js';
import { KurrentStore } from '../store/kurrentdb/kurrent-store.js';
import { prefixOf } from '../store/kurrentdb/stream-names.js';
import { hasReplica, ReplicaSource } from '../store/replica/replica-source.js';

/** Where a ledger is kept, as an operator writes it. */
export type Place =
  | { readonly kind: 'embedded'; readonly dir: string }
  | { readonly kind: 'kurrentdb'; readonly url: string; readonly prefix?: string }
  /** The data folder of a node on KurrentDB: what it has copied, without the server. */
  | { readonly kind: 'replica'; readonly dir: string }
  /** A bundle of a whole ledger. */
  | { readonly kind: 'bundle'; readonly dir: string };

/** The place that an operator named cannot be used: the message says why. */
export class BadPlaceError extends Error {
  override readonly name = 'BadPlaceError';
}

/** `embedded:DIR`, `kurrentdb:URL`, `kurrentdb:URL#PREFIX`, `replica:DIR` or `bundle:DIR`. @throws BadPlaceError */
export const placeOf = (text: string): Place => {
  const [, kind, at] = /^(embedded|kurrentdb|replica|bundle):(.+)$/s.exec(text) ?? [];
  if (at === undefined)
    throw new BadPlaceError(
      'A ledger is at embedded:DIR, with its data folder; at kurrentdb:URL, with a connection string, or kurrentdb:URL#PREFIX; at ' +
        'replica:DIR, with the data folder of a node on KurrentDB; or at bundle:DIR, with a bundle of a whole ledger.',
    );
  if (kind === 'embedded' || kind === 'replica' || kind === 'bundle') return { kind, dir: resolve(at) };
  const [, url = '', given] = /^(.*?)(?:#([^#]*))?$/s.exec(at)!;
  if (given === undefined) return { kind: 'kurrentdb', url };
  const prefix = prefixOf(given);
  if (prefix === undefined) throw new BadPlaceError('The prefix after # must be letters and digits, with dots between them, such as met.');
  return { kind: 'kurrentdb', url, prefix };
};

/** As it may be printed: without the user and the password. */
export const nameOf = (place: Place): string =>
  place.kind !== 'kurrentdb'
    ? `${place.kind}:${place.dir}`
    : `kurrentdb:${place.url.replace(/\/\/.*@/s, '//')}${place.prefix === undefined ? '' : `#${place.prefix.slice(0, -1)}`}`;

/** The ledger of a place. @throws BadPlaceError when it has none; FolderInUseError, StoreUnavailableError */
export const openLedger = async (place: Place): Promise<EventStore> => {
  const none = (): never => {
    throw new BadPlaceError(`There is no ledger at ${nameOf(place)}.`);
  };
  if (place.kind === 'embedded' && !existsSync(join(place.dir, LEDGER_FILE))) none();
  if (place.kind === 'replica' && !hasReplica(place.dir)) none();
  if (place.kind === 'bundle' && !existsSync(join(place.dir, BUNDLE_FILES.about))) none();
  if (place.kind === 'bundle') await refuseForged(place.dir);
  return open(place, { timeZone: 'UTC', newId: none });
};

/** What is copied from a bundle is compared with the copy alone: whether it is what the ledger signed, only the bundle's own check says. */
const refuseForged = async (dir: string): Promise<void> => {
  const faults = (await checkBundle(dir)).faults.filter(({ code, about }) => !(code.startsWith('file-') && about.startsWith('evidence/')));
  if (faults.length === 0) return;
  const named = faults.slice(0, SHOWN).map(({ code, about }) => `${code} ${about}`);
  const more = faults.length > SHOWN ? `, and ${faults.length - SHOWN} more` : '';
  throw new BadPlaceError(`The bundle in ${dir} is not what a ledger signed, and nothing is copied from it: ${named.join(', ')}${more}.`);
};
const SHOWN = 5;

/** The ledger of a place, or a new one that begins with `genesis`. @throws FolderInUseError, StoreUnavailableError */
export const openOrBegin = (place: Place, genesis: Genesis): Promise<EventStore> =>
  open(place, { timeZone: genesis.timeZone, genesis, newId: () => randomUUIDv7() });

const open = async (
  place: Place,
  options: { readonly timeZone: string; readonly genesis?: Genesis; newId(): string },
): Promise<EventStore> => {
  const now = () => new Date().toISOString(); // eslint-disable-line no-restricted-syntax -- where an operator's command joins its parts
  if (place.kind === 'embedded') return SqliteStore.open({ dir: place.dir, now, ...options });
  if (place.kind === 'bundle') {
    if (options.genesis) throw new BadPlaceError('A bundle can only be copied from: npm run bundle makes one.');
    return new BundleSource(place.dir);
  }
  if (place.kind === 'replica') {
    if (options.genesis) throw new BadPlaceError('A replica can only be copied from: nothing is written to it but what its server has.');
    return new ReplicaSource(place.dir);
  }
  const { url, prefix = '' } = place;
  return KurrentStore.open({ url, prefix, now, ...options });
};
