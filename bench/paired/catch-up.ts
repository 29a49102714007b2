import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { openUpdates, type Updates } from '../follower.js';

/** Followers that resume at an id, and again from there whenever they have received a position. */
export interface CatchUpSettings {
  readonly url: string;
  /** Followers are spread over these projections in turn. */
  readonly from: readonly { readonly projection: string; readonly after: string; readonly until: number }[];
  readonly followers: number;
}

/** Followers in a thread of their own, so that what they receive takes no time of the load generator. */
export class CatchUp {
  private constructor(private readonly worker: Worker) {}

  static async start(settings: CatchUpSettings): Promise<CatchUp> {
    const worker = new Worker(new URL(import.meta.url), { workerData: settings });
    await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    return new CatchUp(worker);
  }

  /** Ends all of them. @returns how many messages they received */
  async stop(): Promise<number> {
    const answer = new Promise<number>((resolve) => this.worker.once('message', resolve));
    this.worker.postMessage('stop');
    const messages = await answer;
    await this.worker.terminate();
    return messages;
  }
}

/** Between two connections of one follower. */
const PAUSE_MS = 50;

const serve = async ({ url, from, followers }: CatchUpSettings): Promise<void> => {
  let messages = 0;
  parentPort!.on('message', () => parentPort!.postMessage(messages));
  parentPort!.postMessage('started');
  const follow = async (n: number): Promise<void> => {
    const { projection, after, until } = from[n % from.length]!;
    for (;;) {
      const end = Promise.withResolvers<void>();
      let updates: Updates | undefined;
      try {
        updates = await openUpdates(url, {
          projection,
          after,
          take: ({ event, data }) => {
            if (event === 'hello') return;
            messages++;
            if (event === 'reset') end.resolve(); // too far behind: a client would read the rows, and follow from now on
            if (Number(/"position":"(\d+)"/.exec(data.slice(0, 200))?.[1]) >= until) end.resolve();
          },
        });
        await Promise.race([end.promise, updates.closed]);
        await sleep(PAUSE_MS);
      } catch {
        await sleep(PAUSE_MS); // the server was killed, or refuses another follower for now
      }
      updates?.close();
    }
  };
  await Promise.all(Array.from({ length: followers }, (_, n) => follow(n)));
};

if (!isMainThread) await serve(workerData as CatchUpSettings);
