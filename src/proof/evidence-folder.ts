/** Where evidence is kept beside the ledger, each piece under its SHA-256. */
export const EVIDENCE_FOLDER = 'evidence';

export const isSha256 = (text: string): boolean => /^[\da-f]{64}$/.test(text);
