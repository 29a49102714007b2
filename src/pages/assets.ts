import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NotFoundError } from '../http/problem.js';

const TYPES: Readonly<Record<string, string>> = {
  'style.css': 'text/css; charset=utf-8',
  'pages.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
};
const assets = new Map(
  Object.entries(TYPES).map(([name, type]) => [name, { type, bytes: readFileSync(join(import.meta.dirname, 'assets', name)) }]),
);

/** Differs with every change of an asset: it stands in their addresses, so that browsers keep them for ever. */
export const ASSETS_VERSION = [...assets.values()].reduce((hash, { bytes }) => hash.update(bytes), createHash('sha256')).digest('hex').slice(0, 12); // prettier-ignore

/** @throws NotFoundError */
export const assetOf = (name: string) => {
  const asset = assets.get(name);
  if (!asset) throw new NotFoundError('There is no such file.');
  return asset;
};
