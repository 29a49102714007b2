import { createHash } from 'node:crypto';

const NAMESPACE = Buffer.from('5f8f2c1d6c0b5d3e9a7a0c4b1f2e3d4c', 'hex');

/** UUIDv5 of the stream and the caller's key: the identity of a command that may come twice. */
export const commandIdOf = (stream: string, key: string): string => {
  const hash = createHash('sha1').update(NAMESPACE).update(`${stream}\n${key}`).digest();
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};
