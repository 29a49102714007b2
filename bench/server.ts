import { spawn } from 'node:child_process';
import { Agent, request, type IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}
export interface Server {
  readonly url: string;
  readonly pid: number;
  /** From spawn to the first 200 of /readyz. */
  readonly readyMs: number;
  get(path: string): Promise<Answer>;
  post(path: string, body: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** As a power switch would. */
  kill(): Promise<Ending>;
  /** As an operator would. */
  stop(): Promise<Ending>;
}

const MAIN = join(import.meta.dirname, '../src/main.js');
const READY_WITHIN_MS = 120_000;
const running = new Set<() => void>();
process.on('exit', () => {
  for (const kill of running) kill();
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/** The built server as a process of its own on a free port, ready. */
export const startServer = async (dataDir: string, env: Readonly<Record<string, string>> = {}): Promise<Server> => {
  const begun = performance.now();
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, LEDGER_LOG_LEVEL: 'silent', ...env, HOST: '127.0.0.1', PORT: '0', DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const killChild = () => void child.kill('SIGKILL');
  running.add(killChild);
  const ended = new Promise<Ending>((resolve) =>
    child.on('exit', (code, signal) => {
      running.delete(killChild);
      resolve({ code, signal });
    }),
  );
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const ready = /ready at (\S+)/.exec(said);
      if (ready) resolve(ready[1]!);
    });
    void ended.then(({ code, signal }) => reject(new Error(`The server ended with ${code ?? signal} before it listened.`)));
  });
  const agent = new Agent({ keepAlive: true });
  const ask = (method: string, path: string, headers: Readonly<Record<string, string>>, body?: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const asked = request(url + path, { agent, method, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode!, headers: response.headers, text: Buffer.concat(chunks).toString('utf8') }),
        );
      });
      asked.on('error', reject);
      asked.end(body);
    });
  const end = (signal: NodeJS.Signals): Promise<Ending> => {
    child.kill(signal);
    return ended.finally(() => agent.destroy());
  };
  for (;;) {
    const { status, text } = await ask('GET', '/readyz', {});
    if (status === 200) break;
    if (performance.now() - begun > READY_WITHIN_MS) throw new Error(`The server did not become ready: ${text}`);
    await sleep(5);
  }
  return {
    url,
    pid: child.pid!,
    readyMs: performance.now() - begun,
    get: (path) => ask('GET', path, {}),
    post: (path, body, headers = {}) => ask('POST', path, { 'content-type': 'application/json', ...headers }, body),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
};

/** @throws with the server's own words when it does not answer 2xx */
export const got = async <T>(answer: Promise<Answer>): Promise<T> => {
  const { status, text } = await answer;
  if (status < 200 || status > 299) throw new Error(`${status} ${text}`);
  return JSON.parse(text) as T;
};

interface Status {
  readonly name: string;
  readonly state: string;
  readonly position: string | null;
  readonly lag: number;
}

/** Waits until every projection has read the whole log. @returns the last position, and the projections' names */
export const caughtUp = async (
  server: Server,
  minPosition?: string,
): Promise<{ readonly position: string; readonly names: readonly string[] }> => {
  for (let query = minPosition ? `?minPosition=${minPosition}` : ''; ; query = '') {
    const answer = await server.get(`/projections${query}`);
    if (answer.status === 200) {
      const { projections } = JSON.parse(answer.text) as { readonly projections: readonly Status[] };
      if (projections.every(({ state, lag }) => state === 'serving' && lag === 0))
        return { position: projections[0]!.position ?? '', names: projections.map(({ name }) => name) };
    } else if (answer.status !== 503) throw new Error(`${answer.status} ${answer.text}`);
    await sleep(2);
  }
};

/** Numbers in [0, 1) that a seed repeats. */
export const randomOf = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
};
