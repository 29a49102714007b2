import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Where evidence is kept beside the ledger, each piece under its SHA-256. */
export const EVIDENCE_FOLDER = 'evidence';

export const isSha256 = (text: string): boolean => /^[\da-f]{64}$/.test(text);

/** What was sent is not what its address says. */
export class EvidenceDiffersError extends Error {
  override readonly name = 'EvidenceDiffersError';
}
/** There is no room for it. */
export class EvidenceTooLargeError extends Error {
  override readonly name = 'EvidenceTooLargeError';
}

export interface EvidenceLimits {
  /** Bytes of one piece, at most. */
  readonly maxBytes: number;
  /** Bytes of all of them, at most. */
  readonly maxTotal: number;
}

/** Pieces of evidence in a folder, each named by its SHA-256, which is compared when a piece comes and each time that it goes out. */
export class EvidenceFolder {
  readonly #dir: string;
  /** Bytes of all pieces, those that are coming included; undefined until it is counted. */
  #total: Promise<number> | undefined;
  #coming = 0;

  constructor(
    dataDir: string,
    private readonly limits: EvidenceLimits = { maxBytes: 0, maxTotal: 0 },
  ) {
    this.#dir = join(dataDir, EVIDENCE_FOLDER);
  }

  /**
   * Keeps a piece, durably.
   * @returns whether it is new
   * @throws EvidenceDiffersError, EvidenceTooLargeError: then nothing is kept
   */
  async put(sha256: string, chunks: AsyncIterable<Buffer>): Promise<boolean> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    const total = await (this.#total ??= this.#count());
    const made = join(this.#dir, `${randomUUID()}.partial`);
    const file = await open(made, 'wx', 0o600);
    const hash = createHash('sha256');
    let size = 0;
    try {
      for await (const chunk of chunks) {
        size += chunk.length;
        this.#coming += chunk.length;
        if (size > this.limits.maxBytes) throw new EvidenceTooLargeError(`A piece of evidence has ${this.limits.maxBytes} bytes at most.`);
        if (total + this.#coming > this.limits.maxTotal)
          throw new EvidenceTooLargeError(`All evidence has ${this.limits.maxTotal} bytes at most.`);
        hash.update(chunk);
        await file.write(chunk);
      }
      const found = hash.digest('hex');
      if (found !== sha256) throw new EvidenceDiffersError(`must have the SHA-256 of its address, and has ${found}`);
      await file.sync();
      const isNew = !existsSync(this.#fileOf(sha256));
      await rename(made, this.#fileOf(sha256));
      if (!isNew) this.#coming -= size;
      return isNew;
    } catch (error) {
      this.#coming -= size;
      await rm(made, { force: true });
      throw error;
    } finally {
      await file.close();
    }
  }

  /** The size of a piece, once its bytes have their hash; undefined when there is none. @throws EvidenceDiffersError when it was altered */
  async check(sha256: string): Promise<number | undefined> {
    const file = this.#fileOf(sha256);
    if (!existsSync(file)) return undefined;
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
    if (hash.digest('hex') !== sha256) throw new EvidenceDiffersError(`The evidence ${sha256} is not what was sent: its hash differs.`);
    return (await stat(file)).size;
  }
  /** Bytes of all pieces. */
  async bytes(): Promise<number> {
    return (await (this.#total ??= this.#count())) + this.#coming;
  }
  read(sha256: string): NodeJS.ReadableStream {
    return createReadStream(this.#fileOf(sha256));
  }
  /** The hashes of all pieces. */
  async list(): Promise<readonly string[]> {
    return (await this.files()).filter(isSha256);
  }
  /** The names of all files, in order: those of pieces are their hashes. */
  async files(): Promise<readonly string[]> {
    return existsSync(this.#dir) ? (await readdir(this.#dir)).sort() : [];
  }

  #fileOf(sha256: string): string {
    if (!isSha256(sha256)) throw new TypeError('This is no SHA-256.');
    return join(this.#dir, sha256);
  }

  async #count(): Promise<number> {
    let total = 0;
    for (const sha256 of await this.list()) total += (await stat(this.#fileOf(sha256))).size;
    return total;
  }
}
