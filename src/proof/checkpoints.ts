import type { KeyObject } from 'node:crypto';
import type { EventStore, Genesis } from '../store/event-store.js';
import type { LogTree } from '../store/merkle-proof.js';
import { genesisHash, originOf, signCheckpoint, type SignedCheckpoint } from './checkpoint.js';
import { compareWithNote } from './comparison.js';
import { noteSigner, withLines, type NoteSigner } from './note.js';
import { sentenceOf, type Missed, type ProofFolder } from './proof-folder.js';

export interface CheckpointsOptions {
  readonly store: Pick<EventStore, 'kind' | 'genesis' | 'onCommit'> & { readonly tree: LogTree };
  readonly folder: ProofFolder;
  /** What the origin of every note begins with. */
  readonly host: string;
  /** Whether the notes may begin again where the ledger does not agree with the last one. */
  readonly newEpoch?: boolean;
  now(): string;
  /** What the check of the whole log found last: nothing is signed over it. */
  altered?(): string | undefined;
  /** Messages for the operator. */
  log(message: string, error?: unknown): void;
  /** At most one note is signed in so many milliseconds. */
  readonly everyMs?: number;
  /** How often is looked whether key and note are there as they were left. */
  readonly lookEveryMs?: number;
}

const EVERY_MS = 1000;
const LOOK_EVERY_MS = 2000;
/** A note is kept among the older ones once in so many notes: about once a minute where there is always something new. */
const OLDER_EVERY = 60;

/**
 * The signed checkpoints of a ledger on this node. The last one is kept outside the ledger's file and compared with the tree when the ledger
 * is opened; while they disagree, nothing more is signed.
 */
export class Checkpoints {
  readonly #options: CheckpointsOptions;
  readonly #key: KeyObject;
  readonly #genesis: string;
  readonly #listeners: ((checkpoint: SignedCheckpoint) => void)[] = [];
  #epoch = 1;
  #latest: SignedCheckpoint | undefined;
  #fault: string | undefined;
  /** A replica may be behind its last note until it has caught up. */
  #ahead: SignedCheckpoint | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;
  #missed: Missed | undefined;
  #signing: Promise<void> = Promise.resolve();
  #signed = 0;
  #closed = false;

  private constructor(options: CheckpointsOptions, key: KeyObject) {
    this.#options = options;
    this.#key = key;
    this.#genesis = genesisHash(options.store.genesis);
  }

  /** Compares the tree with the last note, and signs it as it is now where they agree. @throws ProofFolderError */
  static async open(options: CheckpointsOptions): Promise<Checkpoints> {
    const hadKey = options.folder.hasKey;
    const checkpoints = new Checkpoints(options, options.folder.keyOrNew());
    checkpoints.#compare(hadKey);
    await checkpoints.#sign();
    checkpoints.#keepOlder();
    options.store.onCommit?.(() => checkpoints.#schedule());
    checkpoints.#lookLater();
    return checkpoints;
  }

  /** The last note; undefined while the ledger does not agree with the one before. */
  get latest(): SignedCheckpoint | undefined {
    return this.#latest;
  }
  /** Why the ledger does not agree with its last note; undefined when it does. */
  get fault(): string | undefined {
    return this.#fault ?? this.#options.store.tree.fault;
  }
  /** Why nothing more is signed: a fault, or an event that is not the one that was stored; undefined when the history is as it was. */
  get alteration(): string | undefined {
    return this.fault ?? this.#options.altered?.();
  }
  /** Which of the files that a restart compares the ledger with was removed or replaced; undefined while they are as they were left. */
  get missed(): Missed | undefined {
    return this.#missed;
  }
  /** The public key by which the notes of today are checked, as one line. */
  get verifierKey(): string {
    return this.signer.key;
  }
  /** Signs notes of today's epoch: to be asked only while there is no alteration. */
  get signer(): NoteSigner {
    return noteSigner(this.origin, this.#key);
  }
  get origin(): string {
    return originOf(this.#options.host, this.genesis, this.#epoch);
  }
  get genesis(): Genesis {
    return this.#options.store.genesis;
  }
  get tree(): LogTree {
    return this.#options.store.tree;
  }
  get folder(): ProofFolder {
    return this.#options.folder;
  }

  /** The newest note, signed now where one event or more has come since the last; undefined while nothing is signed. */
  async current(): Promise<SignedCheckpoint | undefined> {
    await this.#sign();
    return this.latest;
  }

  /** Adds signatures of witnesses to a note; one that is no longer the newest stays as it is. @param lines as a note has them */
  cosigned({ note }: SignedCheckpoint, lines: readonly string[]): Promise<void> {
    const adding = this.#signing.then(async () => {
      if (this.#latest?.note !== note) return;
      const signed = { ...this.#latest, note: withLines(note, lines) };
      await this.folder.keep(signed.note);
      this.#latest = signed;
    });
    this.#signing = adding.catch(() => undefined);
    return adding;
  }

  /** Calls `listener` with each note once it is kept. */
  onSigned(listener: (checkpoint: SignedCheckpoint) => void): void {
    this.#listeners.push(listener);
  }

  /** Signs what has come since the last note. */
  async close(): Promise<void> {
    await this.#sign();
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#looking);
    this.#keepOlder();
  }

  #compare(hadKey: boolean): void {
    const { store, folder, newEpoch, log } = this.#options;
    let last: SignedCheckpoint | undefined;
    let [fault, agreesUpTo]: [string | undefined, number] = [undefined, 0];
    try {
      last = folder.last();
      if (!last && hadKey && store.tree.size > 0 && folder.older().length > 0) fault = 'The last note is gone, though older ones are kept.';
    } catch (error) {
      fault = `The last note cannot be read: ${(error as Error).message}`;
    }
    this.#epoch = last ? Number(last.origin.split('/').at(-1)) : folder.epochs().length + 1;
    if (last && store.tree.fault === undefined) {
      const agreement = compareWithNote(store.tree, this.#genesis, last, folder.older());
      if (agreement.state === 'behind' && store.kind !== 'sqlite') {
        this.#ahead = last;
        return;
      }
      if (agreement.state !== 'agrees') ({ detail: fault, agreesUpTo } = agreement);
      else this.#latest = last;
    }
    if (fault === undefined) return;
    if (!newEpoch) {
      this.#fault = fault;
      log(fault);
      return;
    }
    this.#epoch++;
    const { size, root } = store.tree;
    folder.begin({ epoch: this.#epoch, begunAt: this.#options.now(), size, root, agreesUpTo, last: last?.note ?? '' });
    log(`Epoch ${this.#epoch} of the notes begins at ${size} events, since --new-epoch is given: ${fault}`);
  }

  #schedule(): void {
    if (this.#timer || this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#sign();
    }, this.#options.everyMs ?? EVERY_MS).unref();
  }

  /** One look at a time, so that a file system that hangs costs one. */
  #lookLater(): void {
    if (this.#closed) return;
    this.#looking = setTimeout(() => void this.#look(), this.#options.lookEveryMs ?? LOOK_EVERY_MS).unref();
  }
  /** In the order of what is kept, so that a note on its way into its file is no other one. */
  #look(): Promise<void> {
    this.#signing = this.#signing.then(async () => {
      const missed = this.#latest && (await this.folder.missed(this.#key, this.#latest.note));
      // another of the two may be the first that is missed at the next look
      if ((missed === undefined) !== (this.#missed === undefined))
        this.#options.log(missed ? sentenceOf(missed) : 'The key and the last checkpoint are there again.');
      this.#missed = missed;
      this.#lookLater();
    });
    return this.#signing;
  }

  /** One after another: a later note never comes before an earlier one. */
  #sign(): Promise<void> {
    this.#signing = this.#signing
      .then(() => this.#signNow())
      .catch((error: unknown) => this.#options.log('A checkpoint could not be kept.', error));
    return this.#signing;
  }
  async #signNow(): Promise<void> {
    const { tree } = this;
    if (this.alteration !== undefined || this.#closed) return;
    if (this.#ahead && !this.#hasCaughtUp(this.#ahead)) return;
    const { size, root } = tree;
    const { origin } = this;
    if (this.#latest?.size === size) return; // two notes over as many events could be of two histories
    const checkpoint = signCheckpoint({ origin, size, root, genesis: this.#genesis }, this.#key);
    await this.folder.keep(checkpoint.note);
    this.#latest = checkpoint;
    if (this.#signed++ % OLDER_EVERY === 0) this.#keepOlder();
    for (const listener of this.#listeners) listener(checkpoint);
  }

  #keepOlder(): void {
    try {
      if (this.latest && this.folder.older().at(-1)?.note !== this.latest.note) this.folder.keepOlder(this.latest.note);
    } catch (error) {
      this.#options.log('A checkpoint could not be kept among the older ones.', error);
    }
  }

  #hasCaughtUp(note: SignedCheckpoint): boolean {
    if (this.tree.size < note.size) return false;
    this.#ahead = undefined;
    const agreement = compareWithNote(this.tree, this.#genesis, note, this.folder.older());
    if (agreement.state === 'agrees') return true;
    this.#fault = agreement.detail;
    this.#options.log(this.#fault);
    return false;
  }
}
