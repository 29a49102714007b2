import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** A parsed and validated connection string. */
export interface Connection {
  readonly hosts: readonly Endpoint[];
  /** True for several nodes: the leader is found by gossip. Otherwise the one host is called, or the leader that it names. */
  readonly cluster: boolean;
  readonly tls: boolean;
  /** `password` is not enumerable, so printing or serialising the object never shows it. */
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly rootCertificate?: Buffer;
  readonly userCertificate?: { readonly certificate: Buffer; readonly key: Buffer };
  readonly connectionName?: string;
  /** Milliseconds. */
  readonly defaultDeadline?: number;
  readonly gossipTimeout: number;
  readonly keepAliveInterval: number;
  readonly keepAliveTimeout: number;
}

/** An invalid connection string. The message names the option and never contains the string or a secret from it. */
export class InvalidConnectionError extends Error {
  override readonly name = 'InvalidConnectionError';
  readonly code = 'invalid-connection';
}
const wrong = (message: string): never => {
  throw new InvalidConnectionError(`Invalid KurrentDB connection string: ${message}`);
};

const OPTIONS = ['tls', 'tlsVerifyCert', 'tlsCAFile', 'userCertFile', 'userKeyFile', 'connectionName', 'defaultDeadline', 'gossipTimeout', 'keepAliveInterval', 'keepAliveTimeout', 'nodePreference'] as const; // prettier-ignore
type Option = (typeof OPTIONS)[number];
/** Options of the client that have no effect here. They are refused rather than ignored. */
const INEFFECTIVE = ['maxDiscoverAttempts', 'discoveryInterval', 'throwOnAppendFailure', 'dnsDiscover'];
const flat = (name: string): string => name.toLowerCase().replaceAll(/[_-]/g, '');

/**
 * The client does not parse the string: it prints the whole string when an option is unknown, cuts a password at a colon, and silently
 * ignores `tlsVerifyCert=false`.
 * @throws InvalidConnectionError
 */
export const connectionOf = (url: string): Connection => {
  const scheme = /^(esdb|kurrentdb|kdb)(\+discover)?:\/\//.exec(url.trim());
  if (!scheme) return wrong('it must begin with esdb://, esdb+discover://, kurrentdb:// or kurrentdb+discover://.');
  const rest = url.trim().slice(scheme[0].length);
  const user = rest.slice(0, Math.max(0, rest.indexOf('@')));
  if (rest.split('@').length > 2 || /[/?#]/.test(user)) wrong('percent-encode / ? # @ and % in the user and password.');
  const [place = '', query, ...more] = rest.slice(user === '' ? 0 : user.length + 1).split('?');
  if (more.length > 0) wrong('it contains more than one "?"; percent-encode it inside a value.');
  const given = optionsOf(query ?? '');
  const hosts = place.replace(/\/+$/, '').split(',').map(hostOf);
  const tls = yesOrNo('tls', given) ?? true;
  if (yesOrNo('tlsVerifyCert', given) === false)
    wrong('tlsVerifyCert=false is not supported: name the authority that signed the certificate with tlsCAFile.');
  if (given.get('nodePreference') !== undefined && flat(given.get('nodePreference')!) !== 'leader')
    wrong('nodePreference must be leader: decisions are read from the leader.');
  for (const option of ['tlsCAFile', 'userCertFile', 'userKeyFile'] as const)
    if (!tls && given.has(option)) wrong(`${option} has no effect with tls=false.`);
  if (given.has('userCertFile') !== given.has('userKeyFile')) wrong('userCertFile and userKeyFile must be given together.');
  const name = given.get('connectionName');
  const defaultDeadline = whole('defaultDeadline', given, 1);
  return {
    hosts,
    cluster: scheme[2] !== undefined || hosts.length > 1,
    tls,
    ...(user !== '' && { credentials: credentialsOf(user) }),
    ...(given.has('tlsCAFile') && { rootCertificate: certificateOf('tlsCAFile', given) }),
    ...(given.has('userCertFile') && {
      userCertificate: { certificate: certificateOf('userCertFile', given), key: fileOf('userKeyFile', given) },
    }),
    ...(name !== undefined && { connectionName: name }),
    ...(defaultDeadline !== undefined && { defaultDeadline }),
    gossipTimeout: (whole('gossipTimeout', given, 1) ?? 3) * 1000,
    // At least 10 s: the client warns on the console below that, and -1 sets an invalid timer instead of switching keep-alive off.
    keepAliveInterval: whole('keepAliveInterval', given, 10_000) ?? 10_000,
    keepAliveTimeout: whole('keepAliveTimeout', given, 1) ?? 10_000,
  };
};

const optionsOf = (query: string): ReadonlyMap<Option, string> => {
  const given = new Map<Option, string>();
  for (const pair of query === '' ? [] : query.split('&')) {
    const [key = '', value = '', ...more] = pair.split('=');
    // A key that is not a plain word may be part of a secret, so it is not quoted.
    const label = /^[A-Za-z_-]{1,32}$/.test(key) ? key : 'one of the names';
    const option = OPTIONS.find((known) => flat(known) === flat(key));
    if (INEFFECTIVE.some((name) => flat(name) === flat(key))) wrong(`${label} has no effect here; leave it out.`);
    if (!option) return wrong(`${label} is not an option. Options are: ${OPTIONS.join(', ')}.`);
    if (given.has(option)) wrong(`${option} is given twice.`);
    if (value === '' || more.length > 0) wrong(`${option} needs one value, as in ${option}=value.`);
    given.set(option, decoded(value, option).trim());
  }
  return given;
};

const hostOf = (host: string): Endpoint => {
  const [, address, port = '2113'] = /^(\[[\dA-Fa-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/.exec(host.trim()) ?? [];
  if (address === undefined || Number(port) < 1 || Number(port) > 65535)
    return wrong('hosts are written as host:port, separated by commas, after user:password@ if there is one.');
  return { address, port: Number(port) };
};

const credentialsOf = (user: string): { readonly username: string; readonly password: string } => {
  const colon = user.indexOf(':');
  if (colon < 1 || colon === user.length - 1) wrong('a user needs a password, as in user:password@host.');
  const [username, password] = [decoded(user.slice(0, colon), 'the user'), decoded(user.slice(colon + 1), 'the password')];
  return Object.defineProperty({ username } as { username: string; password: string }, 'password', { value: password });
};

const decoded = (text: string, what: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return wrong(`${what} is not percent-encoded correctly (write %25 for a plain %).`);
  }
};

const yesOrNo = (option: Option, given: ReadonlyMap<Option, string>): boolean | undefined => {
  const value = given.get(option);
  if (value !== undefined && value !== 'true' && value !== 'false') wrong(`${option} must be true or false.`);
  return value === undefined ? undefined : value === 'true';
};

const whole = (option: Option, given: ReadonlyMap<Option, string>, min: number): number | undefined => {
  const value = given.get(option);
  if (value === undefined) return undefined;
  if (!/^\d{1,9}$/.test(value) || Number(value) < min) wrong(`${option} must be a whole number, at least ${min}.`);
  return Number(value);
};

const fileOf = (option: Option, given: ReadonlyMap<Option, string>): Buffer => {
  const path = given.get(option)!;
  try {
    return readFileSync(path);
  } catch (error) {
    return wrong(`${option} cannot be read: ${(error as Error).message}`);
  }
};

const certificateOf = (option: Option, given: ReadonlyMap<Option, string>): Buffer => {
  const bytes = fileOf(option, given);
  try {
    void new X509Certificate(bytes);
  } catch {
    wrong(`${option} is not a certificate in PEM form.`);
  }
  return bytes;
};
