import { generateKeyPairSync, sign, X509Certificate, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

const der = (tag: number, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  const { length } = body;
  const head = length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), body]);
};
const sequence = (...parts: Buffer[]): Buffer => der(0x30, ...parts);
const text = (tag: number, value: string): Buffer => der(tag, Buffer.from(value));
const TRUE = der(0x01, Buffer.from([255]));

// Object identifiers as X.690 encodes them.
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'));
const COMMON_NAME = oid('550403');
const BASIC_CONSTRAINTS = oid('551d13');
const SUBJECT_ALTERNATIVE_NAMES = oid('551d11');

const nameOf = (common: string): Buffer => sequence(der(0x31, sequence(COMMON_NAME, text(0x0c, common))));
const addressed = (host: string): Buffer => (isIP(host) === 4 ? der(0x87, Buffer.from(host.split('.').map(Number))) : text(0x82, host));

export interface Certificate {
  /** PEM, both. */
  readonly certificate: string;
  readonly key: string;
}

/** A certificate authority for tests: it issues certificates for hosts, or for users when no host is given. */
export class Authority {
  /** PEM of the root certificate that clients must trust. */
  readonly certificate: string;
  readonly #key: KeyObject;
  #serial = 1;

  constructor(readonly name = 'an authority for tests') {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#key = privateKey;
    this.certificate = this.#signed(name, publicKey, sequence(BASIC_CONSTRAINTS, TRUE, der(0x04, sequence(TRUE))));
  }

  issue(name: string, hosts: readonly string[] = []): Certificate {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const names = hosts.length > 0 ? [sequence(SUBJECT_ALTERNATIVE_NAMES, der(0x04, sequence(...hosts.map(addressed))))] : [];
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return { certificate: this.#signed(name, publicKey, ...names), key };
  }

  #signed(subject: string, key: KeyObject, ...extensions: Buffer[]): string {
    const body = sequence(
      der(0xa0, der(0x02, Buffer.from([2]))), // version 3
      der(0x02, Buffer.from([this.#serial++])),
      ECDSA_WITH_SHA256,
      nameOf(this.name),
      sequence(text(0x17, '200101000000Z'), text(0x17, '491231235959Z')),
      nameOf(subject),
      key.export({ type: 'spki', format: 'der' }),
      ...(extensions.length > 0 ? [der(0xa3, sequence(...extensions))] : []),
    );
    const signature = der(0x03, Buffer.from([0]), sign('sha256', body, this.#key));
    return new X509Certificate(sequence(body, ECDSA_WITH_SHA256, signature)).toString();
  }
}
