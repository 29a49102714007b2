import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, percentile } from './load.js';

/** How long answers to /livez took, in ms. */
export interface Delays {
  readonly count: number;
  readonly p99: number;
  readonly max: number;
}
interface Settings {
  readonly urls: readonly string[];
}

const PAUSE_MS = 1;

/**
 * Asks servers for /livez all the time, one request after the other on a connection each, from a thread of its own: a load generator
 * beside it delays all of them alike, so what one takes beyond an idle control is the delay of its own event loop.
 */
export class Probe {
  private constructor(private readonly worker: Worker) {}

  static async start(urls: readonly string[]): Promise<Probe> {
    const worker = new Worker(new URL(import.meta.url), { workerData: { urls } satisfies Settings });
    await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    return new Probe(worker);
  }

  /** The delays since the last call, in the order of the addresses. A request that still waits counts as long as it has waited. */
  async take(): Promise<readonly Delays[]> {
    const answer = new Promise<readonly Delays[]>((resolve) => this.worker.once('message', resolve));
    this.worker.postMessage('take');
    return answer;
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
  }
}

const serve = async ({ urls }: Settings): Promise<void> => {
  const connections = await Promise.all(urls.map((url) => Connection.open(url)));
  const taken: number[][] = urls.map(() => []);
  parentPort!.on('message', () => {
    const delays = connections.map((connection, i): Delays => {
      const all = [...taken[i]!, connection.waitingMs].sort((a, b) => a - b);
      taken[i] = [];
      return { count: all.length, p99: percentile(all, 99), max: all.at(-1)! };
    });
    parentPort!.postMessage(delays);
  });
  parentPort!.postMessage('ready');
  await Promise.all(
    connections.map(async (connection, i) => {
      try {
        for (;;) {
          taken[i]!.push((await connection.get('/livez')).ms);
          await sleep(PAUSE_MS);
        }
      } catch {
        // the server ended: what was taken so far stays
      }
    }),
  );
};

if (!isMainThread) await serve(workerData as Settings);
