import Database from 'better-sqlite3';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { canonical } from '../../kernel/index.js';
import type { Genesis } from '../event-store.js';
import { compareLogs, type Log } from '../merkle-tree.js';
import { examineLedger } from './examination.js';
import { LOCK_FILE, lockFolder, makePrivateFile } from './folder.js';
import {
  GENESIS,
  LEDGER_FILE,
  NoLedgerError,
  PARTIAL_FILE,
  publishFile,
  readGenesis,
  refuseUnfinished,
  removeFile,
} from './ledger-file.js';
import { recordedOf, type EventRow } from './rows.js';

export interface CopyProgress {
  readonly phase: 'copying' | 'checking' | 'comparing';
  /** Of the phase, between 0 and 1. */
  readonly part: number;
}

export interface CopyOptions {
  /** The folder of the ledger. A server may be writing to it: what is recorded after the beginning is not in the copy. */
  readonly from: string;
  /** The folder of the copy: it is made, and must hold no ledger. */
  readonly to: string;
  /** Whether that folder must hold nothing at all. */
  readonly intoEmpty?: boolean;
  readonly signal?: AbortSignal;
  onProgress?(progress: CopyProgress): void;
  /** Pages that are copied without a pause, 4 KiB each. */
  readonly pages?: number;
}

export interface CopiedLedger {
  readonly ledgerId: string;
  /** Events of the copy, and the root over their leaves, in hexadecimal: the same in the ledger that was copied. */
  readonly count: number;
  readonly root: string;
  readonly bytes: number;
}

/** The copy cannot be made where it should be, or is not what the ledger holds: there is no copy then. */
export class NotCopiedError extends Error {
  override readonly name = 'NotCopiedError';
}

const PAGES = 1000;
/** How long to wait for another process that has locked the ledger. */
const BUSY_MS = 10_000;

/**
 * Copies the ledger of a folder as it is at one moment, and compares the copy with it, event by event, before it gets its name. The WAL of
 * the ledger cannot be cut while pages are copied, so it grows with what is recorded meanwhile.
 * @throws NotCopiedError, NoLedgerError, UnsupportedFormatError, FolderInUseError when another copy is being made there; the signal's reason
 */
export const copyLedger = async (options: CopyOptions): Promise<CopiedLedger> => {
  const [from, to] = [resolve(options.from), resolve(options.to)];
  const file = join(from, LEDGER_FILE);
  if (!existsSync(file)) throw new NoLedgerError(`${from} holds no ${LEDGER_FILE}: there is nothing to copy.`);
  refuseUnfinished(file);
  const source = new Database(file, { readonly: true, timeout: BUSY_MS });
  try {
    const genesis = readGenesis(source, file);
    refuseTarget(to, options);
    const release = lockFolder(to);
    const partial = join(to, PARTIAL_FILE);
    try {
      removeFile(partial); // from a run that was interrupted
      makePrivateFile(partial);
      const last = await copyPages(source, partial, options);
      const { count, root } = await proveCopy({ source, genesis, last, partial }, options);
      options.signal?.throwIfAborted();
      const bytes = statSync(partial).size;
      refuseTarget(to, options);
      publishFile(partial, join(to, LEDGER_FILE));
      return { ledgerId: genesis.ledgerId, count, root, bytes };
    } finally {
      removeFile(partial);
      release();
    }
  } finally {
    source.close();
  }
};

const refuseTarget = (to: string, { intoEmpty = false }: CopyOptions): void => {
  const found = existsSync(to) ? readdirSync(to).filter((name) => !name.startsWith(PARTIAL_FILE) && !name.startsWith(LOCK_FILE)) : [];
  if (intoEmpty && found.length > 0) throw new NotCopiedError(`${to} is not empty: it holds ${found[0]}. Name an empty or new folder.`);
  if (found.some((name) => name.startsWith(LEDGER_FILE)))
    throw new NotCopiedError(`${to} holds a ledger already. Name another folder: no copy is ever overwritten.`);
};

/**
 * Within one read transaction: without it, each commit of another process would make the copy start over.
 * @returns the position of the last event
 */
const copyPages = async (
  source: Database.Database,
  partial: string,
  { pages = PAGES, signal, onProgress }: CopyOptions,
): Promise<number> => {
  source.exec('BEGIN');
  try {
    const last = lastOf(source);
    await source.backup(partial, {
      progress: ({ totalPages, remainingPages }) => {
        signal?.throwIfAborted();
        onProgress?.({ phase: 'copying', part: totalPages === 0 ? 0 : 1 - remainingPages / totalPages });
        return pages;
      },
    });
    return last;
  } finally {
    source.exec('COMMIT');
  }
};

interface Made {
  readonly source: Database.Database;
  readonly genesis: Genesis;
  /** The position of the last event when the copy was made. */
  readonly last: number;
  readonly partial: string;
}

/** Examines the copy by itself, then beside the ledger, which only grows: the copy must be its beginning, up to `last`. */
const proveCopy = async (
  { source, genesis, last, partial }: Made,
  { signal, onProgress }: CopyOptions,
): Promise<{ readonly count: number; readonly root: string }> => {
  const copy = new Database(partial);
  try {
    copy.pragma('journal_mode = DELETE'); // the copy is one file, which may be copied on as it is
    onProgress?.({ phase: 'checking', part: 0 });
    for await (const { ok, detail } of examineLedger(copy)) {
      signal?.throwIfAborted();
      if (!ok) throw new NotCopiedError(`The copy is damaged, and was removed: ${detail}. If that comes again, so is the ledger: npm run doctor.`); // prettier-ignore
    }
    if (canonical(readGenesis(copy, partial)) !== canonical(genesis)) throw new NotCopiedError('The copy is one of another ledger.');
    const { count } = copy.prepare<[], { count: number }>(`SELECT count(*) AS count FROM events WHERE stream <> '${GENESIS}'`).get()!;
    const { same, roots } = await compareLogs(logOf(source), logOf(copy), {
      count,
      ...(signal && { signal }),
      onProgress: (events) => onProgress?.({ phase: 'comparing', part: count === 0 ? 1 : events / count }),
    });
    if (same !== count || roots[0] !== roots[1] || lastOf(copy) !== last)
      throw new NotCopiedError(`The copy is not the ledger, and was removed: they are alike for ${same} events only.`);
    return { count, root: roots[1] };
  } finally {
    copy.close();
  }
};

const lastOf = (db: Database.Database): number => db.prepare<[], { last: number }>('SELECT max(position) AS last FROM events').get()!.last;

const logOf = (db: Database.Database): Log => {
  const page = db.prepare<[number, number], EventRow<number>>(
    `SELECT * FROM events WHERE position > ? AND stream <> '${GENESIS}' ORDER BY position LIMIT ?`,
  );
  return { readAll: async (after, limit = 500) => page.all(Number(after ?? 0), limit).map(recordedOf) };
};
