export interface Config {
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  readonly timeZone: string;
  readonly logLevel: string;
  /** Commands under way at most; the next one is told to come again. */
  readonly queue: number;
  /** Clients that may follow projections at the same time. */
  readonly subscribers: number;
  /** Events that a projection may be behind while the server still calls itself ready. */
  readonly readyLag: number;
  /** Routes that only measure. */
  readonly benchRoutes: boolean;
}

/** A setting that is not there or not allowed: the message is for whoever starts the server. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

type Environment = Readonly<Record<string, string | undefined>>;
interface Setting<T> {
  readonly key: string;
  readonly fallback: string;
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
const words = (key: string, fallback: string, allowed: string, isAllowed: (value: string) => boolean): Setting<string> => ({
  key,
  fallback,
  allowed,
  read: (value) => (isAllowed(value) ? value : undefined),
});

const isZone = (zone: string): boolean => {
  try {
    return /^[A-Za-z]/.test(zone) && new Intl.DateTimeFormat('en', { timeZone: zone }) !== undefined;
  } catch {
    return false;
  }
};

const settings: { readonly [K in keyof Config]: Setting<Config[K]> } = {
  port: whole('PORT', 3000, 0, 65535),
  host: words('HOST', '127.0.0.1', 'an address to listen on', (host) => host !== '' && !/[\s/]/.test(host)),
  dataDir: words('DATA_DIR', './data', 'a folder', (dir) => dir.trim() !== '' && !dir.includes('\0')),
  timeZone: words('LEDGER_TIME_ZONE', 'Europe/London', 'a time zone by its IANA name, such as Europe/London', isZone),
  logLevel: words('LEDGER_LOG_LEVEL', 'info', `one of ${LEVELS.join(', ')}`, (level) => LEVELS.includes(level)),
  queue: whole('LEDGER_QUEUE', 1024, 1, 65536),
  subscribers: whole('LEDGER_SUBSCRIBERS', 1000, 0, 100_000),
  readyLag: whole('LEDGER_READY_LAG', 1000, 0, 1_000_000),
  benchRoutes: {
    key: 'LEDGER_BENCH_ROUTES',
    fallback: 'false',
    allowed: 'true or false',
    read: (value) => (value === 'true' ? true : value === 'false' ? false : undefined),
  },
};

/** By name or number: only this machine can be meant. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);

/** @throws ConfigError that names the key */
export const configOf = (env: Environment): Config => {
  const known = Object.values(settings).map(({ key }) => key);
  const stranger = Object.keys(env).find((key) => key.startsWith('LEDGER_') && !known.includes(key));
  if (stranger)
    throw new ConfigError(`${stranger} is not a setting. There are: ${known.filter((key) => key.startsWith('LEDGER_')).join(', ')}.`);
  const valueOf = <T>({ key, fallback, allowed, read }: Setting<T>): T => {
    const value = read(env[key] ?? fallback);
    if (value === undefined) throw new ConfigError(`${key} must be ${allowed}, not ${JSON.stringify(env[key])}.`);
    return value;
  };
  const config = Object.fromEntries(Object.entries(settings).map(([name, s]) => [name, valueOf<unknown>(s)])) as unknown as Config;
  if (!isLoopback(config.host))
    throw new ConfigError(
      `HOST must be a loopback address (127.0.0.1, ::1, localhost), not ${JSON.stringify(config.host)}: ` +
        'the server does not listen beyond this machine without authentication, which it does not have yet.',
    );
  return config;
};
