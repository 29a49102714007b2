import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { ConfigError, configOf } from '../src/config.js';

const URL = 'esdb://admin:s3cret-s3cret@db.example:2113?tls=true';

describe('the configuration', () => {
  it('has defaults for everything that the embedded store needs', () => {
    expect(configOf({ PATH: '/bin' })).toStrictEqual({
      port: 3000,
      host: '127.0.0.1',
      dataDir: './data',
      store: 'embedded',
      kurrentdbAppends: 'batch',
      timeZone: 'Europe/London',
      logLevel: 'info',
      queue: 1024,
      subscribers: 1000,
      subscribersPerToken: 50,
      maxConnections: 10_000,
      readyLag: 1000,
      readySeconds: 10,
      closingSeconds: 5,
      evidenceMb: 32,
      evidenceTotalMb: 10_240,
      refusalsMb: 64,
      refusalsDays: 400,
      anchorSeconds: 60,
      automations: true,
      benchRoutes: false,
      checkHours: 24,
      proofHost: 'localhost',
    });
  });

  it.each([
    ['PORT', 'abc', '0 to 65535'],
    ['PORT', '65536', '0 to 65535'],
    ['PORT', '', '0 to 65535'],
    ['PORT', '-1', '0 to 65535'],
    ['HOST', '', 'address'],
    ['HOST', '0.0.0.0', 'without authentication'],
    ['HOST', '::', 'without authentication'],
    ['HOST', '192.168.1.4', 'LEDGER_TOKENS'],
    ['DATA_DIR', '', 'folder'],
    ['LEDGER_STORE', 'postgres', 'embedded or kurrentdb'],
    ['LEDGER_KURRENTDB_URL', ' ', 'connection string'],
    ['LEDGER_PREFIX', '', 'letters and digits'],
    ['LEDGER_PREFIX', 'met-2', 'letters and digits'],
    ['LEDGER_PREFIX', '.met', 'letters and digits'],
    ['LEDGER_READY_SECONDS', '0', '1 to 3600'],
    ['LEDGER_KURRENTDB_APPENDS', 'grpc', 'batch or unary'],
    ['LEDGER_TOKENS', '', 'file'],
    ['LEDGER_TIME_ZONE', 'Mars/Olympus', 'IANA'],
    ['LEDGER_TIME_ZONE', '+01:00', 'IANA'],
    ['LEDGER_ACCEPT_WATERMARK', 'yesterday', 'an instant'],
    ['LEDGER_ACCEPT_WATERMARK', '2028-01-31', 'an instant'],
    ['LEDGER_LOG_LEVEL', 'loud', 'fatal, error, warn, info, debug, trace, silent'],
    ['LEDGER_QUEUE', '0', '1 to 65536'],
    ['LEDGER_AUTOMATIONS', 'off', 'true or false'],
    ['LEDGER_REFUSALS_MB', '-1', '0 to 10000'],
    ['LEDGER_REFUSALS_DAYS', '0', '1 to 36500'],
    ['LEDGER_BENCH_ROUTES', 'yes', 'true or false'],
    ['LEDGER_SUBSCRIBERS_PER_TOKEN', '-1', '0 to 100000'],
    ['LEDGER_MAX_CONNECTIONS', '0', '1 to 1000000'],
    ['LEDGER_MAX_CONNECTIONS', '1000', 'more than LEDGER_SUBSCRIBERS, 1000, not 1000'],
    ['LEDGER_TRUSTED_PROXIES', '', 'addresses or networks'],
    ['LEDGER_TRUSTED_PROXIES', 'proxy.example', 'addresses or networks'],
    ['LEDGER_TRUSTED_PROXIES', '10.0.0.0/33', 'addresses or networks'],
    ['LEDGER_TRUSTED_PROXIES', '10.0.0.1,', 'addresses or networks'],
    ['LEDGER_ALLOWED_ORIGINS', '*', 'never *'],
    ['LEDGER_ALLOWED_ORIGINS', 'https://a.example/', 'origins'],
    ['LEDGER_ALLOWED_ORIGINS', 'https://a.example,https://*.example', 'origins'],
    ['LEDGER_ALLOWED_ORIGINS', 'a.example', 'origins'],
    ['LEDGER_ANCHOR_WEBHOOK', 'ftp://a.example', 'begins with http'],
    ['LEDGER_ANCHOR_WEBHOOK', 'https://user:secret@a.example', 'no user or password'],
    ['LEDGER_QEUE', '1', 'LEDGER_QUEUE'],
  ])('refuses %s=%s and says what is allowed', (key, value, allowed) => {
    const refused = () => configOf({ [key]: value });
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(key);
    expect(refused).toThrow(allowed);
  });

  it('takes an instant in any zone, as events carry it', () =>
    expect(configOf({ LEDGER_ACCEPT_WATERMARK: '2028-01-31T10:30+01:00' }).acceptWatermark).toBe('2028-01-31T09:30:00.000Z'));

  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('lets the server listen on %s', (HOST) =>
    expect(configOf({ HOST }).host).toBe(HOST),
  );

  it('lets the server listen on any address when a token file is set', () => {
    const { host, tokens } = configOf({ HOST: '0.0.0.0', LEDGER_TOKENS: '/run/tokens.json' });
    expect([host, tokens]).toEqual(['0.0.0.0', '/run/tokens.json']);
  });

  it('reads the trusted proxies as a list', () =>
    expect(configOf({ LEDGER_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8,2001:db8::/32' }).trustedProxies).toEqual([
      '127.0.0.1',
      '10.0.0.0/8',
      '2001:db8::/32',
    ]));

  it('accepts KurrentDB as the store only with a connection string', () => {
    expect(() => configOf({ LEDGER_STORE: 'kurrentdb' })).toThrow(/LEDGER_KURRENTDB_URL/);
    const { store, kurrentdbUrl } = configOf({ LEDGER_STORE: 'kurrentdb', LEDGER_KURRENTDB_URL: URL });
    expect([store, kurrentdbUrl]).toEqual(['kurrentdb', URL]);
  });

  it('says what the connection string is called now when only its former name is set', () => {
    expect(() => configOf({ LEDGER_STORE: 'kurrentdb', KURRENTDB_URL: URL })).toThrow(/^KURRENTDB_URL is now called LEDGER_KURRENTDB_URL/);
    expect(configOf({ LEDGER_KURRENTDB_URL: URL, KURRENTDB_URL: 'x' }).kurrentdbUrl).toBe(URL);
  });

  it.each(['met', 'met.', 'met.East.2'])('reads the prefix %s with one dot at its end', (LEDGER_PREFIX) =>
    expect(configOf({ LEDGER_PREFIX }).prefix).toBe(LEDGER_PREFIX.replace(/\.?$/, '.')),
  );

  it('never prints the password of a connection string', () => {
    const config = configOf({ LEDGER_STORE: 'kurrentdb', LEDGER_KURRENTDB_URL: URL });
    expect(`${JSON.stringify(config)} ${inspect(config)}`).not.toContain('s3cret');
    for (const wrong of [{ LEDGER_STORE: 'x' }, { HOST: '0.0.0.0' }, { LEDGER_X: '1' }])
      expect(() => configOf({ LEDGER_KURRENTDB_URL: URL, ...wrong })).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('s3cret') }),
      );
  });
});
