import type { Hash } from '../store/merkle-tree.js';

export const bytesOf = (hex: string): Hash => Buffer.from(hex, 'hex');

/** The hashes of a proof in a bundle; undefined where a value is none. */
export const hashesIn = (text: unknown): Hash[] | undefined =>
  typeof text === 'string' && /^([\da-f]{64})*$/.test(text)
    ? Array.from({ length: text.length / 64 }, (_, i) => bytesOf(text.slice(64 * i, 64 * i + 64)))
    : undefined;

/** A proof as the text that stands in a bundle. */
export const proofText = (hashes: readonly Hash[]): string => hashes.map((hash) => hash.toString('hex')).join('');
