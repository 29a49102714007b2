import { hash } from 'node:crypto';

const NAMESPACE = Buffer.from('5f8f2c1d6c0b5d3e9a7a0c4b1f2e3d4c', 'hex');

/** UUIDv5 of the stream and the caller's key: the identity of a command that may come twice. */
export const commandIdOf = (stream: string, key: string): string => {
  const hex = hash('sha1', Buffer.concat([NAMESPACE, Buffer.from(`${stream}\n${key}`)]), 'hex');
  const variant = ((parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};
