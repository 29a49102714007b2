import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import { COSIGNATURE, parseVerifierKey, verifierKey } from '../proof/note.js';
import { ProofFolder } from '../proof/proof-folder.js';
import { MAX_REQUEST, Witness, type Seen } from '../proof/witness.js';

export interface WitnessServerOptions {
  /** Where its key and what it has seen are kept. */
  readonly dir: string;
  readonly name: string;
  /** Public keys of ledgers, one a line. */
  readonly ledgers: string;
  readonly host: string;
  readonly port: number;
  /** Milliseconds since 1970. */
  now(): number;
}

export interface WitnessServer {
  readonly url: string;
  /** By which its signatures are checked. */
  readonly key: string;
  close(): Promise<void>;
}

const REQUEST_MS = 10_000;
const SEEN_FILE = 'seen.json';

/** @throws InvalidNoteError when a line is no key; ProofFolderError when its own key cannot be used */
export const startWitness = async ({ dir, name, ledgers, host, port, now }: WitnessServerOptions): Promise<WitnessServer> => {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const key = new ProofFolder(dir).keyOrNew();
  const file = join(dir, SEEN_FILE);
  const seen = new Map<string, Seen>(
    existsSync(file) ? Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, Seen>) : [],
  );
  const witness = new Witness({
    name,
    key,
    ledgers: ledgers.split('\n').flatMap((line) => (line.trim() === '' || line.startsWith('#') ? [] : [parseVerifierKey(line.trim())])),
    seen: (origin) => seen.get(origin),
    keep: async (origin, last) => {
      await writeFile(`${file}.new`, JSON.stringify(Object.fromEntries(new Map(seen).set(origin, last))), { mode: 0o600, flush: true });
      await rename(`${file}.new`, file);
      seen.set(origin, last);
    },
    now: () => Math.floor(now() / 1000),
  });
  const server = serve(witness);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as { readonly port: number };
  return {
    url: `http://${host}:${address.port}`,
    key: verifierKey(name, createPublicKey(key), COSIGNATURE),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const serve = (witness: Witness): Server =>
  createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) => {
    const answer = (status: number, type: string, body: string) => response.writeHead(status, { 'content-type': type }).end(body);
    const refuse = (status: number) => answer(status, 'text/plain; charset=utf-8', '');
    if (request.url !== '/add-checkpoint') return void refuse(404);
    if (request.method !== 'POST') return void refuse(405);
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_REQUEST) chunks.push(chunk);
      else request.destroy();
    });
    request.on('end', () => {
      witness.add(Buffer.concat(chunks).toString('utf8')).then(
        ({ status, type, body }) => answer(status, type, body),
        () => refuse(500),
      );
    });
  });
