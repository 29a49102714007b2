import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createApp, type App } from '../../src/app.module.js';
import { configOf } from '../../src/config.js';
import { Projector } from '../../src/engine/read/projector.js';
import type { Limits } from '../../src/http/fastify.js';
import { LOG, REPLICA, STORE, type EventStore, type Logger, type ReplicaStatus } from '../../src/http/ledger.js';
import { Subscribers } from '../../src/http/subscribers.js';
import { Described } from './described.js';
import { kebab, plural, type AnyCommand } from '../../src/kernel/index.js';

export interface Server extends App {
  readonly dir: string;
  /** The lines that the server logged, warnings and above. */
  readonly logged: string[];
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: any;
}

/** What a test takes hold of behind the routes of a running server. */
export const partsOf = ({ app }: Pick<App, 'app'>) => ({
  store: app.get<EventStore>(STORE),
  projector: app.get(Projector),
  subscribers: app.get(Subscribers),
  replica: app.get<ReplicaStatus | undefined>(REPLICA),
  log: app.get<Logger>(LOG),
});

/** Fastify looks up the name of each plugin in `require.cache`, and each route is one: that of jest is slow to go through. */
const PLUGIN_NAME = Symbol.for('fastify.display-name');
Object.defineProperty(Function.prototype, PLUGIN_NAME, {
  get(this: { readonly name: string }) {
    return this.name || 'anonymous';
  },
  set(this: object, value: string) {
    Object.defineProperty(this, PLUGIN_NAME, { value, writable: true });
  },
});

export const tempFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'tower-ledger-'));

/** A real server on a folder of its own, or on one that is already there. */
export const startServer = async (
  env: Readonly<Record<string, string>> = {},
  limits: Limits = {},
  args: readonly string[] = [],
): Promise<Server> => {
  const dir = env['DATA_DIR'] ?? (await tempFolder());
  const logged: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) });
  const started = await createApp(configOf({ PORT: '0', DATA_DIR: dir, ...env }, args), log, limits);
  const ask = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(started.url + path, init);
    const text = await response.text();
    const isJson = /json(?!l)/.test(response.headers.get('content-type') ?? '');
    const body: unknown = isJson ? JSON.parse(text) : undefined;
    const type = response.headers.get('content-type') ?? '';
    const fault = Described.of(started, env['LEDGER_TOKENS'] === undefined ? 'local' : 'tokens').fault(
      init.method ?? 'GET',
      path,
      response.status,
      type,
      body,
    );
    if (fault !== undefined) throw new Error(`${fault}\n${text.slice(0, 2000)}`);
    return { status: response.status, headers: response.headers, text, body };
  };
  const server: Server = {
    ...started,
    dir,
    close: async () => {
      running.delete(server);
      await started.close();
    },
    logged,
    get: (path, headers = {}) => ask(path, { headers }),
    post: (path, body, headers = {}) =>
      ask(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
  };
  running.add(server);
  return server;
};

const running = new Set<Server>();
/** A failed test may leave a server running, which would keep the test run from ending. */
export const closeRunning = async (): Promise<void> => {
  await Promise.all([...running].map(stopServer));
};

export const stopServer = async (server: Server): Promise<void> => {
  await server.close();
  await rm(server.dir, { recursive: true, force: true });
};

export const pathOf = (command: AnyCommand, id: string, category = command.aggregate?.category ?? 'contract'): string =>
  `/${plural(category)}/${id}/${kebab(command.name)}`;

/** A small world: a programme, a tower, two suppliers. */
export const recordWorld = async ({ post }: Server): Promise<void> => {
  await accepted(post('/programmes/met/charter-programme', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }));
  await accepted(post('/towers/hosting/plan-tower', { programme: 'met', title: 'Hosting' }));
  await accepted(post('/suppliers/csc/register-supplier', { title: 'CSC', form: 'company' }));
  await accepted(post('/suppliers/atos/register-supplier', { title: 'Atos', form: 'company' }));
};
export const accepted = async (answer: Promise<Answer>): Promise<any> => {
  const { status, text, body } = await answer;
  if (status !== 201) throw new Error(`${status} ${text}`);
  return body;
};

export const award = {
  programme: 'met',
  title: 'Hosting by CSC',
  towers: ['hosting'],
  suppliers: [{ supplier: 'csc' }],
  value: { amount: '155000000.00', currency: 'GBP' },
  startsOn: '2015-12-01',
  endsOn: '2020-11-30',
};
