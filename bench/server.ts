import { existsSync } from 'node:fs';
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
  /** Whether its build takes one supplier of a contract, not several. */
  readonly oneSupplier: boolean;
  readonly url: string;
  readonly pid: number;
  /** From spawn to the first 200 of /readyz. */
  readonly readyMs: number;
  get(path: string): Promise<Answer>;
  post(path: string, body: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** As a power failure would. */
  kill(): Promise<Ending>;
  /** As an operator would. */
  stop(): Promise<Ending>;
}

/** This build's own `dist`. */
export const DIST = join(import.meta.dirname, '..');
const READY_WITHIN_MS = 120_000;
const running = new Set<() => void>();
process.on('exit', () => {
  for (const kill of running) kill();
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

export interface StartOptions {
  /** The `dist` folder of the build that is started; this one's unless set. */
  readonly dist?: string;
  /** Whether to wait for /readyz, and how long: a first read model of a long log takes minutes. */
  readonly readyWithinMs?: number | 'listening';
}

/** The built server as a process of its own on a free port, ready unless `listening` is enough. */
export const startServer = async (
  dataDir: string,
  env: Readonly<Record<string, string>> = {},
  { dist = DIST, readyWithinMs = READY_WITHIN_MS }: StartOptions = {},
): Promise<Server> => {
  const begun = performance.now();
  const child = spawn(process.execPath, [join(dist, 'src/main.js')], {
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
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const ready = /ready at (\S+)/.exec(output);
      if (ready) resolve(ready[1]!);
    });
    void ended.then(({ code, signal }) => reject(new Error(`The server ended with ${code ?? signal} before it listened.`)));
  });
  const agent = new Agent({ keepAlive: true });
  const send = (method: string, path: string, headers: Readonly<Record<string, string>>, body?: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const sent = request(url + path, { agent, method, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode!, headers: response.headers, text: Buffer.concat(chunks).toString('utf8') }),
        );
      });
      sent.on('error', reject);
      sent.end(body);
    });
  const end = (signal: NodeJS.Signals): Promise<Ending> => {
    child.kill(signal);
    return ended.finally(() => agent.destroy());
  };
  for (; readyWithinMs !== 'listening';) {
    const { status, text } = await send('GET', '/readyz', {});
    if (status === 200) break;
    if (performance.now() - begun > readyWithinMs) throw new Error(`The server did not become ready: ${text}`);
    await sleep(5);
  }
  return {
    url,
    oneSupplier: !existsSync(join(dist, 'src/domain/contract/suppliers.js')),
    pid: child.pid!,
    readyMs: performance.now() - begun,
    get: (path) => send('GET', path, {}),
    post: (path, body, headers = {}) => send('POST', path, { 'content-type': 'application/json', ...headers }, body),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
};

/** @throws with the answer's body when its status is not 2xx */
export const got = async <T>(answer: Promise<Answer>): Promise<T> => {
  const { status, text } = await answer;
  if (status < 200 || status > 299) throw new Error(`${status} ${text}`);
  return JSON.parse(text) as T;
};

interface Status {
  readonly name: string;
  readonly state: string;
  readonly position: string | null;
  /** Events; a text such as "1000 or more" counts as more than any number. */
  readonly lag: number | string;
}

/** Waits until every projection has read the whole log. @returns the last position and the names of the projections */
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

/** Pseudo-random numbers in [0, 1): the same for the same seed. */
export const randomOf = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
};
