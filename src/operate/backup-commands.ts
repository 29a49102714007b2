import { Command } from 'commander';
import { copyLedger, NotCopiedError, type CopiedLedger, type CopyProgress } from '../store/sqlite/ledger-copy.js';

export interface CopyTerminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  /** What a program may read on. */
  print(line: string): void;
  onProgress(progress: CopyProgress): void;
}

const NOT_PART = 'Read models are not part of it, since a server makes them again from the log; API tokens are not either: keep their file yourself. Nor are pieces of evidence and remembered refusals: the folders evidence and refusals can be copied at any time.'; // prettier-ignore

/** A log on a cluster is no file in the folder. */
const refuseCluster = ({ LEDGER_STORE }: CopyTerminal['env']): void => {
  if (LEDGER_STORE !== 'kurrentdb') return;
  throw new NotCopiedError(
    'LEDGER_STORE=kurrentdb: the log is on the KurrentDB cluster, which has backups of its own (see its documentation). ' +
      'The replica in DATA_DIR is made from it again; to get a file, migrate to embedded:DIR and back that up.',
  );
};

const resultOf = (what: string, dir: string, { ledgerId, count, root, bytes }: CopiedLedger): string =>
  `${what} of ledger ${ledgerId} with its ${count} events is in ${dir}: ${(bytes / 1e6).toFixed(1)} MB, checked, and equal to the source.\n` +
  `root ${root}`;

/** Copies the ledger of DATA_DIR into a folder, also while a server writes to it. @throws NotCopiedError, NoLedgerError, FolderInUseError */
export const backupCommand = ({ env, signal, print, onProgress }: CopyTerminal): Command =>
  new Command('backup')
    .description(`Copies the ledger of DATA_DIR into a folder, also while a server runs, and proves that both hold the same. ${NOT_PART}`)
    .argument('<dir>', 'where the copy is made: a folder that holds no ledger')
    .action(async (dir: string) => {
      refuseCluster(env);
      const from = env['DATA_DIR'] ?? './data';
      print(resultOf('The backup', dir, await copyLedger({ from, to: dir, onProgress, ...(signal && { signal }) })));
    });

/** Copies a backup into a folder that a server may then use. @throws as `backupCommand` */
export const restoreCommand = ({ env, signal, print, onProgress }: CopyTerminal): Command =>
  new Command('restore')
    .description(`Copies a backup into an empty or new folder, for a server to start on, and proves that both hold the same. ${NOT_PART}`)
    .argument('<from-dir>', 'the folder of the backup')
    .option('--to <dir>', 'where the ledger is to be', env['DATA_DIR'] ?? './data')
    .action(async (from: string, { to }: { readonly to: string }) => {
      refuseCluster(env);
      print(resultOf('The restored copy', to, await copyLedger({ from, to, intoEmpty: true, onProgress, ...(signal && { signal }) })));
    });
