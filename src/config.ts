import { isIP } from 'node:net';
import { prefixOf } from './store/kurrentdb/stream-names.js';

export interface Config {
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  /** Where the log is kept: in the data folder, or on a KurrentDB, of which the data folder then holds a copy. */
  readonly store: 'embedded' | 'kurrentdb';
  /** A connection string with what is secret in it: not enumerable, so that nothing that prints an object prints it. */
  readonly kurrentdbUrl?: string;
  /** Before the names of the ledger's streams on a KurrentDB, with its dot; without one, they have the names of the categories alone. */
  readonly prefix?: string;
  /** Whether small appends to KurrentDB share one request, or each is a call of its own. */
  readonly kurrentdbAppends: 'batch' | 'unary';
  /** The file of API tokens; without one, everybody on this machine may do everything. */
  readonly tokens?: string;
  /** Seals the sessions of the pages: 64 hexadecimal digits, the same on every node. Not enumerable, as what is secret. */
  readonly sessionKey?: string;
  readonly timeZone: string;
  /** The record-time watermark that a clock may be behind of: an instant as events carry it. */
  readonly acceptWatermark?: string;
  readonly logLevel: string;
  /** Maximum in-flight commands; beyond that, 503 with `Retry-After`. */
  readonly queue: number;
  /** Clients that may follow projections at the same time. */
  readonly subscribers: number;
  /** How many of them with one token. */
  readonly subscribersPerToken: number;
  /** Connections that may be open at the same time, those of followers among them; what comes beyond is dropped. */
  readonly maxConnections: number;
  /** Addresses and networks of proxies whose X-Forwarded-For is believed; none unless set. */
  readonly trustedProxies?: readonly string[];
  /** Origins whose pages may use the API, each whole; none unless set. */
  readonly allowedOrigins?: readonly string[];
  /** Events that a projection may be behind while the server still calls itself ready. */
  readonly readyLag: number;
  /** Seconds since a replica was known to have all of the log, while the server still calls itself ready. */
  readonly readySeconds: number;
  /** How long requests that were accepted may take once the server closes. */
  readonly closingSeconds: number;
  /** Whether this node issues commands that are due by themselves, such as the lapse of an option. */
  readonly automations: boolean;
  /** Routes that only measure. */
  readonly benchRoutes: boolean;
  /** The file of the key that signs checkpoints, which all nodes of a ledger share; without one, each has a key in its data folder. */
  readonly proofKey?: string;
  /** What the origin of every checkpoint begins with. */
  readonly proofHost: string;
  /** A folder outside the data folder into which checkpoints are put, for somebody else to keep. */
  readonly anchorDir?: string;
  /** An address to which checkpoints are posted. */
  readonly anchorWebhook?: string;
  /** The file of witnesses whose signatures are asked for, one a line: address and public key. */
  readonly witnesses?: string;
  /** Seconds from one checkpoint that goes out to the next. */
  readonly anchorSeconds: number;
  /** Megabytes of one piece of evidence, and of all of them. */
  readonly evidenceMb: number;
  readonly evidenceTotalMb: number;
  /** Megabytes of remembered refusals, and days for which they are kept. */
  readonly refusalsMb: number;
  readonly refusalsDays: number;
  /** Hours from one check of the whole log to the next. */
  readonly checkHours: number;
  /** Whether checkpoints may begin again where the ledger does not agree with the last one: `--new-epoch`, for one start. */
  readonly newEpoch?: boolean;
}

/** A setting that is not there or not allowed: the message is for the operator. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

type Environment = Readonly<Record<string, string | undefined>>;
interface Setting<T> {
  readonly key: string;
  /** None: the setting may be absent. */
  readonly fallback?: string;
  /** What is allowed, as the rest of the sentence "must be …". */
  readonly allowed: string;
  read(value: string): T | undefined;
}

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

const whole = (key: string, fallback: number, min: number, max: number): Setting<number> => ({
  key,
  fallback: String(fallback),
  allowed: `a whole number from ${min} to ${max}`,
  read: (value) => (/^(0|[1-9]\d{0,8})$/.test(value) && Number(value) >= min && Number(value) <= max ? Number(value) : undefined),
});
const words = <T extends string = string>(
  key: string,
  fallback: string | undefined,
  allowed: string,
  isAllowed: (value: string) => boolean,
): Setting<T> => ({
  key,
  ...(fallback !== undefined && { fallback }),
  allowed,
  read: (value) => (isAllowed(value) ? (value as T) : undefined),
});
const flag = (key: string, fallback: 'true' | 'false'): Setting<boolean> => ({
  key,
  fallback,
  allowed: 'true or false',
  read: (value) => (value === 'true' ? true : value === 'false' ? false : undefined),
});
/** What they hold is never shown. */
const SECRET = ['LEDGER_KURRENTDB_URL', 'LEDGER_SESSION_KEY'];
const isPath = (path: string): boolean => path.trim() !== '' && !path.includes('\0');

/** An IP address, or one with the length of its network's prefix. */
const isNetwork = (text: string): boolean => {
  const [address = '', prefix, ...more] = text.split('/');
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)]!;
  return bits > 0 && more.length === 0 && (prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits));
};

/** A scheme, a host and perhaps a port, as a browser writes them. */
const isOrigin = (text: string): boolean => /^https?:[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text;

const isZone = (zone: string): boolean => {
  try {
    return /^[A-Za-z]/.test(zone) && new Intl.DateTimeFormat('en', { timeZone: zone }) !== undefined;
  } catch {
    return false;
  }
};

const instant = (value: string): string | undefined => {
  try {
    return Temporal.Instant.from(value).toString({ smallestUnit: 'millisecond' });
  } catch {
    return undefined;
  }
};

const settings: { readonly [K in Exclude<keyof Config, 'newEpoch'>]-?: Setting<NonNullable<Config[K]>> } = {
  port: whole('PORT', 3000, 0, 65535),
  host: words('HOST', '127.0.0.1', 'an address to listen on', (host) => host !== '' && !/[\s/]/.test(host)),
  dataDir: words('DATA_DIR', './data', 'a folder', isPath),
  store: words('LEDGER_STORE', 'embedded', 'embedded or kurrentdb', (store) => store === 'embedded' || store === 'kurrentdb'),
  kurrentdbUrl: words('LEDGER_KURRENTDB_URL', undefined, 'a connection string', (url) => url.trim() !== ''),
  prefix: { key: 'LEDGER_PREFIX', allowed: 'letters and digits, with dots between them, such as met', read: prefixOf },
  kurrentdbAppends: words('LEDGER_KURRENTDB_APPENDS', 'batch', 'batch or unary', (way) => way === 'batch' || way === 'unary'),
  tokens: words('LEDGER_TOKENS', undefined, 'a file, made by npm run tokens', isPath),
  sessionKey: words('LEDGER_SESSION_KEY', undefined, '64 hexadecimal digits', (key) => /^[0-9a-f]{64}$/i.test(key)),
  timeZone: words('LEDGER_TIME_ZONE', 'Europe/London', 'a time zone by its IANA name, such as Europe/London', isZone),
  acceptWatermark: { key: 'LEDGER_ACCEPT_WATERMARK', allowed: 'an instant such as 2028-01-31T09:30:00.000Z', read: instant },
  logLevel: words('LEDGER_LOG_LEVEL', 'info', `one of ${LEVELS.join(', ')}`, (level) => LEVELS.includes(level)),
  queue: whole('LEDGER_QUEUE', 1024, 1, 65536),
  subscribers: whole('LEDGER_SUBSCRIBERS', 1000, 0, 100_000),
  subscribersPerToken: whole('LEDGER_SUBSCRIBERS_PER_TOKEN', 50, 0, 100_000),
  maxConnections: whole('LEDGER_MAX_CONNECTIONS', 10_000, 1, 1_000_000),
  trustedProxies: {
    key: 'LEDGER_TRUSTED_PROXIES',
    allowed: 'addresses or networks with commas between, such as 127.0.0.1,10.0.0.0/8',
    read: (value) => {
      const proxies = value.split(',').map((proxy) => proxy.trim());
      return proxies.every(isNetwork) ? proxies : undefined;
    },
  },
  allowedOrigins: {
    key: 'LEDGER_ALLOWED_ORIGINS',
    allowed: 'origins with commas between, such as https://board.example.org,http://localhost:5173, and never *',
    read: (value) => {
      const origins = value.split(',').map((origin) => origin.trim());
      return origins.every(isOrigin) ? origins : undefined;
    },
  },
  readyLag: whole('LEDGER_READY_LAG', 1000, 0, 1_000_000),
  readySeconds: whole('LEDGER_READY_SECONDS', 10, 1, 3600),
  closingSeconds: whole('LEDGER_CLOSING_SECONDS', 5, 0, 600),
  automations: flag('LEDGER_AUTOMATIONS', 'true'),
  benchRoutes: flag('LEDGER_BENCH_ROUTES', 'false'),
  proofKey: words('LEDGER_PROOF_KEY', undefined, 'a file with an Ed25519 key in PEM', isPath),
  proofHost: words('LEDGER_PROOF_HOST', 'localhost', 'a host name, such as ledger.example.org', (host) =>
    /^[a-z\d][a-z\d.-]{0,252}$/.test(host),
  ),
  anchorDir: words('LEDGER_ANCHOR_DIR', undefined, 'a folder', isPath),
  anchorWebhook: words(
    'LEDGER_ANCHOR_WEBHOOK',
    undefined,
    'an address that begins with http:// or https:// and holds no user or password',
    (url) => /^https?:\/\//.test(url) && URL.canParse(url) && !/^[^/]*\/\/[^/?#]*@/.test(url),
  ),
  witnesses: words('LEDGER_WITNESSES', undefined, 'a file with an address and a key in each line', isPath),
  anchorSeconds: whole('LEDGER_ANCHOR_SECONDS', 60, 1, 86_400),
  evidenceMb: whole('LEDGER_EVIDENCE_MB', 32, 0, 4096),
  evidenceTotalMb: whole('LEDGER_EVIDENCE_TOTAL_MB', 10_240, 0, 10_000_000),
  refusalsMb: whole('LEDGER_REFUSALS_MB', 64, 0, 10_000),
  refusalsDays: whole('LEDGER_REFUSALS_DAYS', 400, 1, 36_500),
  checkHours: whole('LEDGER_CHECK_HOURS', 24, 1, 8760),
};

const NEW_EPOCH = '--new-epoch';

/** By name or number: only this machine can be meant. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);

/** @param args of the command line. @throws ConfigError that names the key */
export const configOf = (env: Environment, args: readonly string[] = []): Config => {
  const unknown = args.find((arg) => arg !== NEW_EPOCH);
  if (unknown !== undefined) throw new ConfigError(`${unknown} is no option of the server. There is: ${NEW_EPOCH}.`);
  const known = Object.values(settings).map(({ key }) => key);
  const stranger = Object.keys(env).find((key) => key.startsWith('LEDGER_') && !known.includes(key));
  if (stranger)
    throw new ConfigError(`${stranger} is not a setting. There are: ${known.filter((key) => key.startsWith('LEDGER_')).join(', ')}.`);
  if (env['KURRENTDB_URL'] !== undefined && env['LEDGER_KURRENTDB_URL'] === undefined)
    throw new ConfigError(
      'KURRENTDB_URL is now called LEDGER_KURRENTDB_URL, because a KurrentDB server that inherits KURRENTDB_URL takes it for an option of ' +
        'its own and does not start. Set LEDGER_KURRENTDB_URL instead.',
    );
  const valueOf = <T>({ key, fallback, allowed, read }: Setting<T>): T | undefined => {
    const given = env[key] ?? fallback;
    if (given === undefined) return undefined;
    const value = read(given);
    if (value === undefined)
      throw new ConfigError(`${key} must be ${allowed}${SECRET.includes(key) ? '' : `, not ${JSON.stringify(env[key])}`}.`);
    return value;
  };
  const given = Object.entries(settings).flatMap(([name, s]) => {
    const value = valueOf<unknown>(s);
    return value === undefined ? [] : [[name, value] as const];
  });
  const config = Object.fromEntries([...given, ...(args.includes(NEW_EPOCH) ? [['newEpoch', true]] : [])]) as unknown as Config;
  if (config.kurrentdbUrl !== undefined) Object.defineProperty(config, 'kurrentdbUrl', { enumerable: false });
  if (config.sessionKey !== undefined) Object.defineProperty(config, 'sessionKey', { enumerable: false });
  if (config.store === 'kurrentdb' && config.kurrentdbUrl === undefined)
    throw new ConfigError('LEDGER_KURRENTDB_URL must be a connection string, since LEDGER_STORE is kurrentdb.');
  if (!isLoopback(config.host) && config.tokens === undefined)
    throw new ConfigError(
      `HOST must be a loopback address (127.0.0.1, ::1, localhost), not ${JSON.stringify(config.host)}: ` +
        'the server does not listen beyond this machine without authentication. LEDGER_TOKENS names the file of those who may use it.',
    );
  if (config.maxConnections <= config.subscribers)
    throw new ConfigError(
      `LEDGER_MAX_CONNECTIONS must be more than LEDGER_SUBSCRIBERS, ${config.subscribers}, not ${config.maxConnections}: ` +
        'each follower holds a connection, and others need some too.',
    );
  return config;
};
