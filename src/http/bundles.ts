import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { split } from '../engine/audit/audit.js';
import type { Projector } from '../engine/read/projector.js';
import type { Engine } from '../engine/write/engine.js';
import { checkField, isIdentifier, uuid, type RecordedEvent } from '../kernel/index.js';
import { ARCHIVE_TYPE, archiveOf } from '../proof/bundle-archive.js';
import { bundleName, type BundleKind } from '../proof/bundle.js';
import { bundleFiles, reachOf, type BundleSubject, type Chosen, type EventPages } from '../proof/bundle-writer.js';
import type { SignedCheckpoint } from '../proof/checkpoint.js';
import type { Checkpoints } from '../proof/checkpoints.js';
import type { EvidenceFolder } from '../proof/evidence-folder.js';
import { mergedStreams } from '../proof/merged-streams.js';
import { AlteredHistoryError, StoreUnavailableError } from '../store/event-store.js';
import { pagesOf } from '../store/merkle-tree.js';
import { caughtUp, MIN_POSITION } from './as-of.js';
import { Budget } from './budget.js';
import { loadFrom, type EventStore, type Registry } from './ledger.js';
import { patiently } from './patiently.js';
import { badParameter, BundleTooLargeError, NotFoundError, ShuttingDownError, TooManyBundlesError } from './problem.js';
import { streamOfDecision } from './recorded.js';
import type { Query } from './request.js';

/** Bundles that may be under way. */
const MOST = 2;
/** Events that are read at once: no more than these and the next ones are held, however slowly a client takes them. */
export const PAGE = 100;
/** Lines of the log's index that are read at once. */
const LINES = 500;
/** The share of the event loop that a bundle takes while others use it. */
const SHARE = 0.4;
/** Events of the log that a whole ledger or a programme is read from, events of a decision, and bytes of evidence, at most. */
export const MAX_EVENTS = 1_000_000;
export const MAX_EVIDENCE_BYTES = 2_000_000_000;

/** The query parameters of a bundle. */
export const BUNDLE = {
  programme: 'Only the streams about this programme; without it and without a decision, the whole ledger.',
  decision: 'Only the stream of this decision, and what was known when it was taken, up to it.',
  ...MIN_POSITION,
};

interface Parts {
  readonly store: EventStore;
  readonly projector: Projector;
  readonly engine: Engine;
  readonly registry: Registry;
  readonly checkpoints: Checkpoints;
  readonly evidence: EvidenceFolder;
}

/** The newest note. @throws AlteredHistoryError, StoreUnavailableError while nothing is signed */
export const currentNote = async (checkpoints: Checkpoints): Promise<SignedCheckpoint> => {
  const checkpoint = await checkpoints.current();
  const { alteration } = checkpoints;
  if (alteration !== undefined) throw new AlteredHistoryError(`Nothing is signed: ${alteration}`);
  if (!checkpoint) throw new StoreUnavailableError('Nothing is signed until the replica has caught up.');
  return checkpoint;
};

/** Bundles as archives, made while they are sent: of what was recorded when they were asked for. */
export class Bundles {
  #underWay = 0;

  constructor(private readonly parts: Parts) {}

  /** @throws BadRequestError, NotFoundError, BundleTooLargeError, TooManyBundlesError, AlteredHistoryError, StoreUnavailableError */
  async send(query: Query, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { kind, of } = askedIn(query);
    await caughtUp(this.parts, query);
    if (this.#underWay >= MOST) throw new TooManyBundlesError(`${MOST} bundles are under way, as many as may.`);
    if (reply.raw.destroyed) return;
    this.#underWay++;
    reply.raw.once('close', () => this.#underWay--);
    const [subject, log] = await this.#subject(kind, of);
    void reply
      .header('content-type', ARCHIVE_TYPE)
      .header('content-disposition', `attachment; filename="${bundleName(kind, of)}.bundle.zip"`)
      .header('cache-control', 'no-store');
    if (request.method === 'HEAD') return void reply.send(Readable.from([])); // no length is said: it is not known before it is made
    const budget = new Budget(SHARE);
    const pages = this.#whileOpen(log.pages, budget);
    const files = bundleFiles(subject, { ...log, pages }, budget.breathe);
    reply.send(
      Readable.from(
        patiently(archiveOf(files), () => reply.raw.destroy()),
        { objectMode: false, highWaterMark: 1 },
      ),
    );
  }

  async #subject(kind: BundleKind, of: string): Promise<readonly [BundleSubject, EventPages]> {
    const { store, checkpoints, evidence } = this.parts;
    const { genesis, tree } = checkpoints;
    const checkpoint = await currentNote(checkpoints);
    if (checkpoint.size === 0) throw new NotFoundError('Nothing is recorded yet.');
    // the projections may be behind the log, and the bundle speaks of every event under the checkpoint
    const last = tree.positionOf(checkpoint.size - 1);
    if (kind !== 'ledger' && last !== undefined) await caughtUp(this.parts, { minPosition: last });
    const chosen = await this.#chosen(kind, of);
    await this.#refuseTooLarge(kind, checkpoint.size, chosen);
    const subject = {
      kind,
      of,
      genesis,
      tree,
      chosen,
      checkpoint,
      older: checkpoints.folder.older(),
      signer: checkpoints.signer,
      evidence,
    };
    return [
      subject,
      kind === 'decision' ? { pages: mergedStreams(store, chosen!), isSparse: true } : { pages: pagesOf(store, undefined, PAGE) },
    ];
  }

  #chosen(kind: BundleKind, of: string): Promise<Chosen | undefined> {
    if (kind === 'ledger') return Promise.resolve(undefined);
    return kind === 'programme' ? this.#ofProgramme(of) : this.#ofDecision(of);
  }

  /** The streams with an event about the programme, from the log's index. */
  async #ofProgramme(programme: string): Promise<Chosen> {
    const { projector } = this.parts;
    const chosen = new Map<string, number>();
    const upTo = projector.sequence;
    for (const query of [{ tags: [`programme:${programme}`] }, { tags: [], stream: `programme-${programme}` }])
      for (let after = 0; ;) {
        const lines = await projector.events({ ...query, after, upTo, limit: LINES });
        for (const { stream } of lines) chosen.set(stream, Infinity);
        if (lines.length < LINES) break;
        after = lines.at(-1)!.sequence;
      }
    if (chosen.size === 0) throw new NotFoundError(`Nothing is recorded of the programme ${programme}.`);
    return chosen;
  }

  async #ofDecision(decision: string): Promise<Chosen> {
    const { engine, registry } = this.parts;
    const stream = await streamOfDecision(this.parts, decision);
    const chosen = new Map<string, number>();
    for (const event of (await loadFrom(engine, registry)(...split(stream))).decision(decision)) reachOf(chosen, event);
    return chosen;
  }

  async #refuseTooLarge(kind: BundleKind, size: number, chosen: Chosen | undefined): Promise<void> {
    const events = kind === 'decision' ? [...chosen!.values()].reduce((sum, upTo) => sum + upTo + 1, 0) : size;
    const bytes = kind === 'decision' ? 0 : await this.parts.evidence.bytes();
    const beyond = 'npm run bundle makes one of any size on the machine of the ledger.';
    if (events > MAX_EVENTS) throw new BundleTooLargeError(`A bundle of ${MAX_EVENTS} events at most is sent: ${beyond}`);
    if (bytes > MAX_EVIDENCE_BYTES)
      throw new BundleTooLargeError(
        `More than ${MAX_EVIDENCE_BYTES / 1e6} MB of evidence are kept, as much as a bundle is sent with: ${beyond}`,
      );
  }

  /** The same pages; a server that closes ends the answer before it is whole. */
  async *#whileOpen(pages: AsyncIterable<readonly RecordedEvent[]>, budget: Budget): AsyncGenerator<readonly RecordedEvent[]> {
    for await (const page of pages) {
      if (this.parts.projector.isEndingWaits) throw new ShuttingDownError('The server is closing.');
      budget.begin(); // the time that the client took does not count as work
      yield page;
    }
  }
}

/** @throws BadRequestError */
const askedIn = ({ programme, decision }: Query): { readonly kind: BundleKind; readonly of: string } => {
  if (programme !== undefined && decision !== undefined) throw badParameter('decision', 'cannot be combined with programme');
  if (programme !== undefined && !isIdentifier(programme)) throw badParameter('programme', 'must be an id');
  const [problem] = decision === undefined ? [] : checkField(uuid(), decision, '');
  if (problem) throw badParameter('decision', problem.detail);
  if (programme !== undefined) return { kind: 'programme', of: programme };
  return decision === undefined ? { kind: 'ledger', of: '-' } : { kind: 'decision', of: decision };
};
