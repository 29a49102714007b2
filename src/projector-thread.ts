// Entry of the thread that follows the log and writes the read model. Nothing imports it: projector-worker.ts starts it.
import { parentPort, workerData } from 'node:worker_threads';
import { projections } from '../projections/index.js';
import { aggregates } from './domain/index.js';
import { Follower, HISTORY_BYTES } from './engine/read/follower.js';
import type { FromThread, ThreadError, ThreadOptions, ToThread } from './projector-worker.js';
import { replicaLog } from './store/replica/replica-log.js';
import { ledgerFile } from './store/sqlite/log-file.js';
import { SqliteReadModelFile } from './store/sqlite/read-model-file.js';

const { log: place, readModel: file, genesis } = workerData as ThreadOptions;
const port = parentPort!;
const post = (message: FromThread): void => port.postMessage(message);
const plain = (error: unknown): ThreadError => {
  const { name, message, stack, code }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error));
  return { name, message, stack, code };
};

const log = place.kind === 'sqlite' ? ledgerFile(place.file, genesis) : replicaLog(place.file, genesis);
const follower = new Follower({
  log,
  readModel: new SqliteReadModelFile(file).write(),
  projections,
  aggregates,
  historyBytes: HISTORY_BYTES,
  listener: {
    report: (report) => post({ report }),
    log: (message, error) => post({ log: message, ...(error !== undefined && { error: plain(error) }) }),
  },
});

const close = async (): Promise<void> => {
  try {
    await follower.close();
    post({ closed: true });
  } catch (error) {
    post({ closed: true, error: plain(error) });
  }
  log.close();
  port.close();
};
follower.ended.catch((error: unknown) => post({ ended: plain(error) }));

port.on('message', (message: ToThread) => {
  if (message === 'more') log.notify();
  else if (message === 'flush') follower.flush();
  else if (message === 'retire') follower.retire();
  else if (message === 'close') void close();
  else
    follower.rebuild(message.rebuild).then(
      () => post({ rebuilt: message.id }),
      (error: unknown) => post({ rebuilt: message.id, error: plain(error) }),
    );
});
