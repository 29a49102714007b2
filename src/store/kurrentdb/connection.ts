import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** What a connection string says, checked. */
export interface Connection {
  readonly hosts: readonly Endpoint[];
  /** Several nodes: the leader is sought by gossip. Otherwise the one host is asked, and the leader it names. */
  readonly cluster: boolean;
  readonly tls: boolean;
  /** `password` is not enumerable, so that nothing that prints an object prints it. */
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

/** A connection string that is not understood. The message names the option, and never holds the string or what is secret in it. */
export class InvalidConnectionError extends Error {
  override readonly name = 'InvalidConnectionError';
  readonly code = 'invalid-connection';
}
const wrong = (message: string): never => {
  throw new InvalidConnectionError(`The connection string of KurrentDB: ${message}`);
};

const OPTIONS = ['tls', 'tlsVerifyCert', 'tlsCAFile', 'userCertFile', 'userKeyFile', 'connectionName', 'defaultDeadline', 'gossipTimeout', 'keepAliveInterval', 'keepAliveTimeout', 'nodePreference'] as const; // prettier-ignore
type Option = (typeof OPTIONS)[number];
/** Options of the client that would be read and do nothing here. */
const IDLE = ['maxDiscoverAttempts', 'discoveryInterval', 'throwOnAppendFailure', 'dnsDiscover'];
const flat = (name: string): string => name.toLowerCase().replaceAll(/[_-]/g, '');

/**
 * Read here and not by the client, which prints the whole string when an option is unknown, cuts a password at its colon, and takes
 * `tlsVerifyCert=false` without a word of effect.
 * @throws InvalidConnection
 */
export const connectionOf = (url: string): Connection => {
  const scheme = /^(esdb|kurrentdb|kdb)(\+discover)?:\/\//.exec(url.trim());
  if (!scheme) return wrong('it begins with esdb://, esdb+discover://, kurrentdb:// or kurrentdb+discover://.');
  const rest = url.trim().slice(scheme[0].length);
  const user = rest.slice(0, Math.max(0, rest.indexOf('@')));
  if (rest.split('@').length > 2 || /[/?#]/.test(user)) wrong('percent-encode / ? # @ and % in the user and password.');
  const [place = '', query, ...more] = rest.slice(user === '' ? 0 : user.length + 1).split('?');
  if (more.length > 0) wrong('it has more than one "?": percent-encode it in a value.');
  const given = optionsOf(query ?? '');
  const hosts = place.replace(/\/+$/, '').split(',').map(hostOf);
  const tls = yesOrNo('tls', given) ?? true;
  if (yesOrNo('tlsVerifyCert', given) === false)
    wrong('tlsVerifyCert=false is not supported: name the authority that signed the certificate with tlsCAFile.');
  if (given.get('nodePreference') !== undefined && flat(given.get('nodePreference')!) !== 'leader')
    wrong('nodePreference can only be leader: what is decided is read from there.');
  for (const option of ['tlsCAFile', 'userCertFile', 'userKeyFile'] as const)
    if (!tls && given.has(option)) wrong(`${option} has no effect with tls=false.`);
  if (given.has('userCertFile') !== given.has('userKeyFile')) wrong('userCertFile and userKeyFile belong together.');
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
    // The client does not switch keep-alive off by -1 but sets a timer that no timer can hold, and warns on the console below 10 s.
    keepAliveInterval: whole('keepAliveInterval', given, 10_000) ?? 10_000,
    keepAliveTimeout: whole('keepAliveTimeout', given, 1) ?? 10_000,
  };
};

const optionsOf = (query: string): ReadonlyMap<Option, string> => {
  const given = new Map<Option, string>();
  for (const pair of query === '' ? [] : query.split('&')) {
    const [key = '', value = '', ...more] = pair.split('=');
    // What is no word may be a piece of something secret.
    const named = /^[A-Za-z_-]{1,32}$/.test(key) ? key : 'what stands there';
    const option = OPTIONS.find((known) => flat(known) === flat(key));
    if (IDLE.some((idle) => flat(idle) === flat(key))) wrong(`${named} has no effect here; leave it out.`);
    if (!option) return wrong(`${named} is not an option. There are: ${OPTIONS.join(', ')}.`);
    if (given.has(option)) wrong(`${option} is told twice.`);
    if (value === '' || more.length > 0) wrong(`${option} needs one value, as in ${option}=value.`);
    given.set(option, decoded(value, option).trim());
  }
  return given;
};

const hostOf = (host: string): Endpoint => {
  const [, address, port = '2113'] = /^(\[[\dA-Fa-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/.exec(host.trim()) ?? [];
  if (address === undefined || Number(port) < 1 || Number(port) > 65535)
    return wrong('it names hosts as host:port, separated by commas, after the user and password if there are any.');
  return { address, port: Number(port) };
};

const credentialsOf = (user: string): { readonly username: string; readonly password: string } => {
  const colon = user.indexOf(':');
  if (colon < 1 || colon === user.length - 1) wrong('a user comes with a password, as in user:password@host.');
  const [username, password] = [decoded(user.slice(0, colon), 'the user'), decoded(user.slice(colon + 1), 'the password')];
  return Object.defineProperty({ username } as { username: string; password: string }, 'password', { value: password });
};

const decoded = (text: string, what: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return wrong(`${what} is not percent-encoded as it should be (a lone % is %25).`);
  }
};

const yesOrNo = (option: Option, given: ReadonlyMap<Option, string>): boolean | undefined => {
  const value = given.get(option);
  if (value !== undefined && value !== 'true' && value !== 'false') wrong(`${option} is true or false.`);
  return value === undefined ? undefined : value === 'true';
};

const whole = (option: Option, given: ReadonlyMap<Option, string>, min: number): number | undefined => {
  const value = given.get(option);
  if (value === undefined) return undefined;
  if (!/^\d{1,9}$/.test(value) || Number(value) < min) wrong(`${option} is a whole number, ${min} or more.`);
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
