import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Projector } from '../engine/read/projector.js';
import { checkField, uuid } from '../kernel/index.js';
import { ARCHIVE_TYPE } from '../proof/bundle-archive.js';
import { Checkpoints } from '../proof/checkpoints.js';
import type { SignedCheckpoint } from '../proof/checkpoint.js';
import { rootOf } from '../proof/comparison.js';
import { consistencyProof, inclusionProof } from '../store/merkle-proof.js';
import type { Hash } from '../store/merkle-tree.js';
import { sendJson } from './answer.js';
import { caughtUp, MIN_POSITION } from './as-of.js';
import { Bundles, BUNDLE, currentNote } from './bundles.js';
import { STORE, type EventStore } from './ledger.js';
import { describeRead } from './openapi.js';
import { badParameter, NotFoundError } from './problem.js';
import { eventWithId } from './recorded.js';
import { queryOf, wholeOf } from './request.js';

const INCLUSION = {
  size: 'The tree of so many events, such as that of a note that was kept; the newest note when absent.',
  ...MIN_POSITION,
};
const CONSISTENCY = {
  from: 'The size of the older tree, 1 or more.',
  to: 'The size of the newer tree; that of the newest note when absent.',
};
const MAX_SIZE = Number.MAX_SAFE_INTEGER;

/** What an outsider needs to check that the history was not rewritten; docs/proof-format.md says how. */
@Controller('proofs')
export class ProofsController {
  constructor(
    @Inject(Checkpoints) private readonly checkpoints: Checkpoints,
    @Inject(STORE) readonly store: EventStore,
    @Inject(Projector) readonly projector: Projector,
    @Inject(Bundles) private readonly bundles: Bundles,
  ) {}

  @Get('checkpoint')
  @describeRead({
    tag: 'proofs',
    operationId: 'getCheckpoint',
    summary: 'The newest signed checkpoint, with the cosignatures of witnesses: a C2SP signed note.',
    type: 'text/plain',
    status: [400, 503],
  })
  async checkpoint(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(request, []);
    void reply.type('text/plain; charset=utf-8').send((await currentNote(this.checkpoints)).note);
  }

  @Get('key')
  @describeRead({
    tag: 'proofs',
    operationId: 'getVerifierKey',
    summary: 'The public key by which checkpoints are checked. Keep it, and compare it with one that you got another way.',
    type: 'text/plain',
    status: [400],
  })
  key(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    queryOf(request, []);
    void reply.type('text/plain; charset=utf-8').send(`${this.checkpoints.verifierKey}\n`);
  }

  @Get('bundle')
  @describeRead({
    tag: 'proofs',
    operationId: 'getBundle',
    summary:
      'What an outsider needs to check the ledger offline, or a part of it, as a ZIP archive: its events, evidence and signed notes. It is sent while it is made; one that could not be sent whole is no archive.',
    query: BUNDLE,
    type: ARCHIVE_TYPE,
    status: [400, 404, 422, 503],
    qualifiers: {
      422: 'The ledger has more than 1,000,000 events or 2,000 MB of evidence: `npm run bundle` makes a bundle of any size.',
      503: 'Two bundles are under way, as many as may; or nothing is signed; or the server is not ready.',
    },
  })
  async bundle(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.bundles.send(queryOf(request, Object.keys(BUNDLE)), request, reply);
  }

  @Get('inclusion/:event')
  @describeRead({
    tag: 'proofs',
    operationId: 'getInclusionProof',
    summary: 'That an event is in the ledger: its leaf, and the hashes that lead from it to the root of a checkpoint.',
    path: { event: 'The event.' },
    query: INCLUSION,
    answer: 'InclusionProof',
  })
  async inclusion(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { event: id } = request.params as { readonly event: string };
    const [problem] = checkField(uuid(), id, '');
    if (problem) throw badParameter('event', problem.detail);
    const query = queryOf(request, Object.keys(INCLUSION));
    const given = wholeOf(query, 'size', 1, MAX_SIZE);
    await caughtUp(this, query);
    const { position } = await eventWithId(this, id);
    const checkpoint = await currentNote(this.checkpoints);
    const size = this.#sizeOf('size', given, checkpoint);
    const { tree } = this.checkpoints;
    const index = tree.leafAt(position);
    if (index === undefined) throw new NotFoundError(`No event ${id} is recorded.`);
    if (index >= size) throw badParameter('size', `must be above ${index}: the event is leaf ${index}, counted from 0`);
    const leaf = tree.leaves(index, 1)[0]!.hash.toString('hex');
    const proof = inclusionProof(tree, index, size).map(hex);
    sendJson(reply, { event: id, leaf, index, size, root: rootOf(tree, size), proof, checkpoint: checkpoint.note });
  }

  @Get('consistency')
  @describeRead({
    tag: 'proofs',
    operationId: 'getConsistencyProof',
    summary: 'That a newer tree begins with an older one: nothing under the older checkpoint was changed or removed.',
    query: CONSISTENCY,
    answer: 'ConsistencyProof',
    status: [400, 503],
  })
  async consistency(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const query = queryOf(request, Object.keys(CONSISTENCY));
    const older = wholeOf(query, 'from', 1, MAX_SIZE);
    if (older === undefined) throw badParameter('from', 'is needed: the size of the older tree');
    const newer = wholeOf(query, 'to', 1, MAX_SIZE);
    const checkpoint = await currentNote(this.checkpoints);
    const to = this.#sizeOf('to', newer, checkpoint);
    const from = this.#sizeOf('from', older, checkpoint);
    if (from > to) throw badParameter('from', `must not be above ${to}`);
    const { tree } = this.checkpoints;
    const roots = { from: rootOf(tree, from), to: rootOf(tree, to) };
    sendJson(reply, { from, to, roots, proof: consistencyProof(tree, from, to).map(hex), checkpoint: checkpoint.note });
  }

  #sizeOf(name: string, given: number | undefined, { size }: SignedCheckpoint): number {
    if (given !== undefined && given > size) throw badParameter(name, `must not be above ${size}: the ledger has no more events`);
    return given ?? size;
  }
}

const hex = (hash: Hash): string => hash.toString('hex');
