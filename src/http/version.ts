import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The version of this package, from source and from `dist`. */
export const VERSION: string = (() => {
  for (const up of ['../..', '../../..'])
    try {
      const { name, version } = JSON.parse(readFileSync(join(import.meta.dirname, up, 'package.json'), 'utf8'));
      if (name === 'tower-ledger') return String(version);
    } catch {
      // not there: one level up
    }
  return '0.0.0';
})();
