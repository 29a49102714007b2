import { afterAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { configOf, isLoopback } from '../src/config.js';
import { connectionOf } from '../src/store/kurrentdb/connection.js';

interface Service {
  readonly image: string;
  readonly profiles?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly networks?: readonly string[];
  readonly network_mode?: string;
  readonly restart: string;
  readonly stop_grace_period?: string;
  readonly user?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: {
    readonly test: readonly string[];
    readonly interval: string;
    readonly timeout: string;
    readonly retries: number;
  };
  readonly build?: { readonly dockerfile_inline: string };
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, object>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly configs: Readonly<Record<string, { readonly content: string }>>;
}

const root = join(import.meta.dirname, '..');
const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
const { services, volumes, networks, configs } = parse(text, { merge: true }) as Compose;
const named = (prefix: RegExp): readonly (readonly [string, Service])[] => Object.entries(services).filter(([name]) => prefix.test(name));
const lasting = Object.entries(services).filter(([, { restart }]) => restart !== 'no');
const [nodes, apis] = [named(/^kurrentdb-\d$/), named(/^api-\d$/)];
const PASSWORD = 'a-password.of_24~letters';
/** Interpolates variables like Compose: `${NAME:-default}`, and `$$` for `$`. */
const filled = (value: string, env: Readonly<Record<string, string>> = {}): string =>
  value.replaceAll(/\$\$|\$\{(\w+):-([^}]*)\}/g, (all, name: string, fallback: string) => (all === '$$' ? '$' : env[name] || fallback));
const environmentOf = ({ environment = {} }: Service): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, filled(value, { KURRENTDB_ADMIN_PASSWORD: PASSWORD })]));

describe('docker-compose.yml', () => {
  it('has one profile for a single process and one for a cluster, and no service outside a profile', () => {
    const of = (profile: string) => Object.keys(services).filter((name) => services[name]!.profiles?.includes(profile));
    expect(of('embedded')).toEqual(['tower-ledger']);
    expect(of('cluster').sort()).toEqual(['api-1', 'api-2', 'certificates', 'kurrentdb-1', 'kurrentdb-2', 'kurrentdb-3', 'load-balancer']);
    expect(Object.values(services).every(({ profiles = [] }) => profiles.length === 1)).toBe(true);
  });

  it('gives every long-running service a health check, a restart policy and time to stop', () => {
    expect(lasting.map(([name]) => name).sort()).toEqual(['api-1', 'api-2', 'kurrentdb-1', 'kurrentdb-2', 'kurrentdb-3', 'load-balancer', 'tower-ledger']); // prettier-ignore
    for (const [name, { healthcheck, restart, stop_grace_period }] of lasting) {
      expect([name, restart, healthcheck?.test[0], stop_grace_period]).toEqual([
        name,
        'unless-stopped',
        'CMD',
        expect.stringMatching(/^\d+s$/),
      ]);
      expect([healthcheck!.interval, healthcheck!.timeout, healthcheck!.retries]).toEqual(['5s', '5s', expect.any(Number)]);
      expect(healthcheck!.test.every((word) => typeof word === 'string')).toBe(true);
    }
  });

  it('checks the health of a process with a program that its image contains', async () => {
    const [, program, flag, script] = services['tower-ledger']!.healthcheck!.test;
    expect([program, flag]).toEqual(['node', '-e']);
    const { status, stderr } = spawnSync(process.execPath, [flag!, script!], { env: { PORT: '1' }, encoding: 'utf8' });
    expect([status, stderr]).toEqual([1, '']);
  });

  it('publishes only the load balancer, by default on this machine only', () => {
    const published = Object.entries(services).filter(([, { ports = [] }]) => ports.length > 0);
    expect(published.map(([name, { ports }]) => [name, ports!.map((port) => filled(port))])).toEqual([
      ['load-balancer', ['127.0.0.1:3000:8080']],
    ]);
    const host = Object.values(services).filter(({ network_mode }) => network_mode === 'host');
    expect(host).toEqual([services['tower-ledger']]);
    expect(isLoopback(configOf(environmentOf(services['tower-ledger']!)).host)).toBe(true);
  });

  it('keeps the nodes on an internal network', () => {
    for (const [, node] of [...nodes, ...apis]) expect(node.networks).toEqual(['inside']);
    expect(networks['inside']).toEqual({ internal: true });
    expect(services['load-balancer']!.networks).toEqual(['inside', 'outside']);
  });

  it('contains no password and no default for one', () => {
    const secrets = Object.values(services).flatMap(({ environment = {} }) =>
      Object.entries(environment).filter(([key]) => /PASSWORD|SECRET|KEY$/.test(key)),
    );
    expect(secrets.length).toBeGreaterThan(4);
    for (const [key, value] of secrets) expect([key, value]).toEqual([key, expect.stringMatching(/^\$\{\w+_PASSWORD:-\}$/)]);
    expect(text).not.toMatch(/changeit|tower_[\w-]{43}/);
    for (const [, url] of text.matchAll(/:\/\/([^@\s]+)@/g)) expect(url).toBe('admin:${KURRENTDB_ADMIN_PASSWORD:-}');
  });

  it('lets services depend only on services of the same profile, on conditions that can be met', () => {
    for (const [name, { depends_on = {}, profiles }] of Object.entries(services))
      for (const [on, { condition }] of Object.entries(depends_on)) {
        const needed = services[on]!;
        expect([name, on, needed.profiles]).toEqual([name, on, profiles]);
        if (condition === 'service_healthy') expect(needed.healthcheck).toBeDefined();
        if (needed.restart === 'no') expect([name, on, condition]).toEqual([name, on, 'service_completed_successfully']);
      }
    for (const [, node] of [...nodes, ...apis]) expect(node.depends_on).toHaveProperty('certificates');
    for (const [, api] of apis) for (const [node] of nodes) expect(api.depends_on![node]).toEqual({ condition: 'service_healthy' });
    expect(Object.keys(services['load-balancer']!.depends_on!)).toEqual(apis.map(([name]) => name));
  });

  it('declares and uses every volume, each with a single writer', () => {
    const used = Object.entries(services).flatMap(([service, { volumes = [] }]) =>
      volumes.map((volume) => [service, ...volume.split(':')]),
    );
    expect([...new Set(used.map(([, volume]) => volume))].sort()).toEqual(Object.keys(volumes).sort());
    const writers = used.filter(([, , , mode]) => mode !== 'ro').map(([, volume]) => volume);
    expect(writers.sort()).toEqual(Object.keys(volumes).sort());
  });

  it('pins every image to a version', () => {
    const images = [...text.matchAll(/(?:image:|FROM) (\S+)/g)].map(([, image]) => image!);
    for (const image of images.filter((i) => i !== 'tower-ledger')) expect(image).toMatch(/:\d+(\.\d+)*(-\w+)?$/);
  });

  it('builds the image from existing files and runs the same program as npm start, not as root', () => {
    const { dockerfile_inline: file } = services['tower-ledger']!.build!;
    const copied = [...file.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, from]) => from!.split(' '));
    expect(copied).toContain('package-lock.json');
    for (const path of copied) expect([path, existsSync(join(root, path))]).toEqual([path, true]);
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const [main] = JSON.parse(/^CMD (.*)$/m.exec(file)![1]!).slice(1);
    expect(scripts.start).toContain(`node ${main}`);
    expect(file.lastIndexOf('USER node')).toBeGreaterThan(file.lastIndexOf('FROM'));
    expect(new Set(['tower-ledger', 'api-1', 'api-2', 'tokens'].map((name) => services[name]!.image))).toEqual(new Set(['tower-ledger']));
  });

  describe('the cluster', () => {
    it('has three nodes that find each other by name', () => {
      expect(nodes.map(([name]) => name)).toEqual(['kurrentdb-1', 'kurrentdb-2', 'kurrentdb-3']);
      for (const [name, node] of nodes) {
        const env = environmentOf(node);
        expect(env).toEqual(
          expect.objectContaining({
            KURRENTDB_CLUSTER_SIZE: '3',
            KURRENTDB_NODE_HOST_ADVERTISE_AS: name,
            KURRENTDB_REPLICATION_HOST_ADVERTISE_AS: name,
            KURRENTDB_DEFAULT_ADMIN_PASSWORD: PASSWORD,
            KURRENTDB_CERTIFICATE_FILE: `/certs/node${name.at(-1)}/node.crt`,
            KURRENTDB_CERTIFICATE_PRIVATE_KEY_FILE: `/certs/node${name.at(-1)}/node.key`,
          }),
        );
        expect(env['KURRENTDB_GOSSIP_SEED']!.split(',')).toEqual(
          nodes.filter(([other]) => other !== name).map(([other]) => `${other}:2113`),
        );
        expect(Object.keys(env).filter((key) => /INSECURE/.test(key))).toEqual([]);
        expect(node.volumes).toEqual([`${name}:/var/lib/kurrentdb`, 'certificates:/certs:ro']);
      }
    });

    it('has two API nodes with a valid configuration, tokens, and a folder each', () => {
      expect(apis.map(([name]) => name)).toEqual(['api-1', 'api-2']);
      for (const [name, api] of apis) {
        const { host, store, tokens, dataDir, kurrentdbUrl } = configOf(environmentOf(api));
        expect([host, store, tokens, dataDir]).toEqual(['0.0.0.0', 'kurrentdb', '/tokens/tokens.json', '/data']);
        expect(api.volumes).toEqual([`${name}:/data`, 'tokens:/tokens:ro', 'certificates:/certs:ro']);
        // the certificate exists only in a running cluster
        const [url, ca] = kurrentdbUrl!.split('&');
        expect(ca).toBe('tlsCAFile=/certs/ca/ca.crt');
        const { hosts, credentials, tls } = connectionOf(url!);
        expect(hosts).toEqual(nodes.map(([node]) => ({ address: node, port: 2113 })));
        expect([tls, credentials!.username, credentials!.password]).toEqual([true, 'admin', PASSWORD]);
      }
      expect(environmentOf(services['tokens']!)).toEqual({ LEDGER_TOKENS: '/tokens/tokens.json' });
    });

    it('uses only settings that the program knows', () => {
      const keys = Object.values(services).flatMap(({ environment = {} }) =>
        Object.keys(environment).filter((key) => key.startsWith('LEDGER_')),
      );
      expect(keys.length).toBeGreaterThan(5);
      for (const key of new Set(keys)) expect(() => configOf({ [key]: ' ' })).not.toThrow(/is not a setting/);
    });

    it('has a load balancer that checks the readiness of each API node and forwards streams unbuffered', () => {
      const config = filled(configs['load-balancer']!.content);
      const servers = [...config.matchAll(/^\s*server (\S+) (\S+):(\d+)$/gm)].map(([, name, host, port]) => [name, host, port]);
      expect(servers).toEqual(apis.map(([name, api]) => [name, name, environmentOf(api)['PORT']]));
      expect(config).toMatch(/option httpchk[\s\S]*http-check send meth GET uri \/readyz[\s\S]*http-check expect status 200/);
      expect(config).toMatch(/default-server check /);
      expect(config).not.toMatch(/http-buffer-request|compression|cache/);
      // longer than a stream may be silent: 15 seconds
      for (const side of ['client', 'server']) expect(config).toMatch(new RegExp(`timeout ${side} [1-9]\\d*m$`, 'm'));
      // a command that one node may have received is not sent to another
      expect(config).toMatch(/^\s*retry-on conn-failure$/m);
      expect(config).toMatch(new RegExp(`bind :${services['load-balancer']!.ports![0]!.split(':').at(-1)}$`, 'm'));
    });
  });

  describe('the certificates', () => {
    const dir = mkdtempSync(join(tmpdir(), 'tower-ledger-certs-'));
    const bin = join(dir, 'bin');
    const certs = join(dir, 'certs');
    afterAll(() => rmSync(dir, { recursive: true }));
    for (const folder of [bin, certs]) mkdirSync(folder);
    const program = (name: string, script: string) => {
      writeFileSync(join(bin, name), `#!/bin/bash\n${script}\n`);
      chmodSync(join(bin, name), 0o755);
    };
    // a fake that writes its arguments into the certificate files
    program(
      'es-gencert-cli',
      'said="$*"; kind=$1; while [ "$1" != -out ]; do shift; done; mkdir "$2" && name=$([ $kind = create-ca ] && echo ca || echo node) && echo "$said $RANDOM" | tee "$2/$name.crt" > "$2/$name.key"',
    );
    program('chown', 'true');
    const script = filled(services['certificates']!.command![0]!).replaceAll('/certs', certs);
    const run = (env: Readonly<Record<string, string>>) =>
      spawnSync('bash', ['-euc', script], {
        env: { PATH: `${bin}:${process.env['PATH']}`, ...env },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    const right = { KURRENTDB_ADMIN_PASSWORD: PASSWORD, KURRENTDB_OPS_PASSWORD: PASSWORD };
    const read = (file: string) => readFileSync(join(certs, file), 'utf8');
    const mode = (file: string) => statSync(join(certs, file)).mode & 0o777;

    it.each([
      ['no password', {}],
      ['an empty password', { ...right, KURRENTDB_ADMIN_PASSWORD: '' }],
      ["the vendor's default password", { ...right, KURRENTDB_ADMIN_PASSWORD: 'changeit' }],
      ['a password that would break a connection string', { ...right, KURRENTDB_ADMIN_PASSWORD: 'sixteen:or@more/letters' }],
      ['no operations password', { KURRENTDB_ADMIN_PASSWORD: PASSWORD }],
      ['a short operations password', { ...right, KURRENTDB_OPS_PASSWORD: 'short' }],
    ])('are not issued with %s, so no node starts', (_, env: Readonly<Record<string, string>>) => {
      const { status, stderr } = run(env);
      expect(status).not.toBe(0);
      for (const value of Object.values(env)) if (value !== '') expect(stderr).not.toContain(value);
      expect(existsSync(join(certs, 'ca'))).toBe(false);
    });

    it('are issued for the node names, and renewed on every start by the same authority', () => {
      expect(run(right)).toEqual(expect.objectContaining({ status: 0, stderr: '' }));
      const [authority, first] = [read('ca/ca.crt'), read('node1/node.crt')];
      for (const [name] of nodes) expect(read(`node${name.at(-1)}/node.crt`)).toContain(`-dns-names localhost,${name} `);
      expect([mode('ca/ca.key'), mode('ca/ca.crt'), mode('node1/node.key'), mode('node1/node.crt')]).toEqual([0o400, 0o444, 0o400, 0o444]);
      expect(run(right).status).toBe(0);
      expect(read('ca/ca.crt')).toBe(authority);
      expect(read('node1/node.crt')).not.toBe(first);
    });
  });

  if (spawnSync('docker', ['compose', 'version']).status === 0)
    it('is valid for docker compose, also without passwords in the environment', () => {
      for (const profile of ['embedded', 'cluster', 'tokens']) {
        const { status, stderr } = spawnSync('docker', ['compose', '--profile', profile, 'config', '--quiet'], {
          cwd: root,
          encoding: 'utf8',
        });
        expect([status, stderr]).toEqual([0, '']);
      }
    });
});
