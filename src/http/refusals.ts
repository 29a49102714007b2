import type { FastifyRequest } from 'fastify';
import { Engine, StaleRevisionError, type CommandRequest } from '../engine/write/engine.js';
import { IdempotencyKeyReusedError } from '../engine/write/receipt.js';
import { isIdentifier, kebab, plural, Rejection, type Assessment } from '../kernel/index.js';
import type { AutomationRefusals } from '../refusals/automation-refusals.js';
import { RefusalRecorder } from '../refusals/refusal-recorder.js';
import type { Refused } from '../refusals/refusal.js';
import type { RefusedRequest, Registry } from './ledger.js';
import { signedInAs } from './request.js';
import { isQuery } from './routes.js';

/** What is refused over HTTP, in the words in which it is remembered. Nothing here is called for what is accepted. */
export class Refusals {
  constructor(
    private readonly recorder: RefusalRecorder,
    private readonly engine: Engine,
    private readonly registry: Registry,
  ) {}

  /** A command that a rule, a precondition or its key refused. A dry run asks and is refused nothing; a failure of ours is no refusal. */
  ofCommand(request: CommandRequest, error: unknown): void {
    if (request.dryRun) return;
    const { idempotencyKey } = request;
    this.#note(request, error, (refused) => this.recorder.note({ ...refused, ...(idempotencyKey !== undefined && { idempotencyKey }) }));
  }

  /** A command of an automation that a rule or a precondition refused: its key is the ledger's own, and is not remembered. */
  ofAutomation(request: CommandRequest, error: unknown, refusals: AutomationRefusals): void {
    const { causationId } = request;
    this.#note(request, error, (refused) => void refusals.note({ ...refused, ...(causationId !== undefined && { causationId }) }));
  }

  #note(request: CommandRequest, error: unknown, remember: (refused: Refused) => void): void {
    const refused = refusedBy(error);
    if (!refused) return;
    const { command, aggregate, id, actor, correlationId } = request;
    const note = (programme: unknown) =>
      remember({
        ...refused,
        actor: actor.id,
        ...(actor.role !== undefined && { role: actor.role }),
        command: command.name,
        stream: `${aggregate.category}-${id}`,
        ...(isIdentifier(programme) && { programme }),
        ...(correlationId !== undefined && { correlationId }),
      });
    void this.#programmeOf(request).then(note, () => note(undefined));
  }

  /** The programme that governs the stream, else the one that the body names. */
  async #programmeOf({ aggregate, id, body }: CommandRequest): Promise<unknown> {
    const { governedBy, category } = aggregate;
    if (category === 'programme') return id;
    const own = governedBy?.of((await this.engine.history(aggregate, id)).state);
    return own ?? (body as { readonly programme?: unknown }).programme;
  }

  /** A request without a token in force, or with one whose roles may not. */
  ofRequest(request: FastifyRequest, { token, ...refused }: RefusedRequest): void {
    if (refused.status === 403 && (request.query as { readonly dryRun?: unknown } | undefined)?.dryRun === 'true') return;
    const actor = signedInAs(request);
    const who = token
      ? { actor: token.person, role: token.roles.join(', ') }
      : actor
        ? { actor: actor.id, ...(actor.role !== undefined && { role: actor.role }) }
        : { address: request.ip };
    this.recorder.note({ ...refused, ...who, ...(refused.status === 403 ? this.#placeOf(request) : { request: routeOf(request) }) });
  }

  /** The command and the stream that the address means, for those who are known. */
  #placeOf(request: FastifyRequest): Pick<Refused, 'command' | 'stream' | 'request'> {
    const { url = '', method } = request.routeOptions;
    const steps = url
      .replace(/^\/app(?=\/)/, '')
      .split('/')
      .slice(1);
    const { category = steps[0], id, command: named = steps[2] } = request.params as Readonly<Record<string, string | undefined>>;
    const aggregate = this.registry.aggregates.find((one) => plural(one.category) === category);
    const command = this.registry.commands.find(({ name }) => kebab(name) === named);
    return {
      ...(aggregate && isIdentifier(id) && { stream: `${aggregate.category}-${id}` }),
      ...(command && aggregate && method === 'POST' && !isQuery(method, url) ? { command: command.name } : { request: routeOf(request) }),
    };
  }
}

/** Method and route, as the server knows them: nothing that the caller made up. */
const routeOf = ({ method, routeOptions: { url } }: FastifyRequest): string => `${method} ${url ?? 'no route'}`;

const refusedBy = (error: unknown): Refused | undefined => {
  if (error instanceof StaleRevisionError) return { status: 412, code: 'stale-revision', detail: error.message };
  if (error instanceof IdempotencyKeyReusedError) return { status: 422, code: 'key-reused', detail: error.message };
  if (!(error instanceof Rejection)) return undefined;
  const { pointer, assessed } = error.more as { readonly pointer?: string; readonly assessed?: readonly Pick<Assessment, 'rule'>[] };
  return {
    status: 409,
    code: error.code,
    detail: error.message,
    ...(pointer !== undefined && { pointer }),
    ...(assessed && { policies: [...new Set(assessed.map(({ rule }) => rule))] }),
  };
};
