import type { Genesis } from '../event-store.js';
import { LogFile } from '../sqlite/log-file.js';

/** The log in a replica. */
export const replicaLog = (file: string, genesis: Genesis): LogFile =>
  new LogFile(file, genesis, {
    behind: 'SELECT * FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?',
    ofStream: 'SELECT * FROM events WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?',
    placeOf: 'SELECT sequence AS place FROM events WHERE position = ?',
  });
