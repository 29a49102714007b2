import { describe, expect, it } from '@jest/globals';
import { hash } from 'node:crypto';
import { commandIdOf } from '../../src/engine/write/command-id.js';

describe('the id of a command', () => {
  it('never changes: what a key stood for yesterday it stands for after every upgrade', () => {
    expect(commandIdOf('contract-met-siam', 'key-1')).toBe('a84d58cc-8c40-515a-be46-e0e33fb2041c');
  });

  it('is another for another stream and for another key', () => {
    const ids = [['contract-a', 'bk'], ['contract-b', 'bk'], ['contract-a', 'l'], ['contract-ab', 'k']]; // prettier-ignore
    expect(new Set(ids.map(([stream, key]) => commandIdOf(stream!, key!))).size).toBe(ids.length);
  });

  it('is a UUID of version 5 (RFC 9562)', () => {
    for (let n = 0; n < 50; n++)
      expect(commandIdOf('contract-x', String(n))).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('is made of the first 16 bytes of the SHA-1 of name space, stream and key', () => {
    const name = Buffer.concat([Buffer.from('5f8f2c1d6c0b5d3e9a7a0c4b1f2e3d4c', 'hex'), Buffer.from('contract-x\n7')]);
    const bytes = Buffer.from(hash('sha1', name, 'hex'), 'hex').subarray(0, 16);
    bytes[6] = (bytes[6]! & 0x0f) | 0x50;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    expect(commandIdOf('contract-x', '7').replaceAll('-', '')).toBe(bytes.toString('hex'));
  });
});
