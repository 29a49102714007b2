import {
  canonical,
  inKeyOrder,
  type Actor,
  type AnyCommand,
  type Assessment,
  type Event,
  type Json,
  type Known,
  type Metadata,
  type Provenance,
  type RecordedEvent,
} from '../../kernel/index.js';
import { leafOf, type Hash } from '../../store/merkle-tree.js';

export interface ReceiptEvent {
  readonly id?: string;
  readonly type: string;
  readonly revision?: number;
  readonly data: Json;
  /** Its leaf in the Merkle tree of the log, in hexadecimal; absent where nothing was appended. */
  readonly leaf?: string;
  /** The address of the proof that it is in the ledger. */
  readonly proof?: string;
}

/** @param event as it is stored */
export const receiptOf = (event: Omit<RecordedEvent, 'position'>, leaf: Hash = leafOf(event)): ReceiptEvent => ({
  id: event.id,
  type: event.type,
  revision: event.revision,
  data: event.data,
  leaf: leaf.toString('hex'),
  proof: `/proofs/inclusion/${event.id}`,
});

/** The answer to a command. */
export interface Receipt {
  readonly decision?: string;
  /** The event that led to it, where an automation issued it. */
  readonly causedBy?: string;
  readonly command: string;
  readonly stream: string;
  readonly revision: number;
  /** Of the last event; absent when nothing was appended. */
  readonly position?: string;
  readonly recordedAt?: string;
  readonly effectiveOn?: string;
  readonly events: readonly ReceiptEvent[];
  readonly assessed: readonly Assessment[];
  readonly known: readonly Known[];
  readonly outcome: 'accepted' | 'replayed' | 'already-so' | 'dry-run';
}

/** The same key came with another command, body or actor. */
export class IdempotencyKeyReusedError extends Error {
  override readonly name = 'IdempotencyKeyReusedError';
}

/** A command's whole body: its fields, and `record`. */
export interface Body {
  readonly record?: Provenance;
  readonly [field: string]: unknown;
}

const PROVENANCE = ['effectiveOn', 'sequence', 'decidedBy', 'authority', 'reason', 'evidence'] as const;

/**
 * How the body is stored with the first event of a decision. Where the event's data are the command's fields as sent, and its metadata
 * holds all that `record` said, only the names of what `record` said are stored: `bodyOf` makes the body from them.
 */
export const storedBody = ({ record, ...rest }: Body, data: unknown, first: Event): Pick<Metadata['command'], 'body' | 'record'> => {
  const said = record && (Object.keys(record) as (typeof PROVENANCE)[number][]);
  if (first.data !== data || said?.some((name) => !PROVENANCE.includes(name)))
    return { body: inKeyOrder({ ...rest, ...(record && { record }) } as Json) };
  return { record: said ?? null };
};

/** The body that a command was sent with, equal in canonical JSON. @param first the first event of its decision */
export const bodyOf = ({ data, metadata }: Pick<RecordedEvent, 'data' | 'metadata'>): Body => {
  const { body, record } = metadata.command;
  if (body !== undefined) return body as unknown as Body;
  if (record === undefined) return {};
  if (record === null) return data as Body;
  return { ...data, record: Object.fromEntries(record.map((name) => [name, metadata[name as keyof Metadata]])) };
};

/**
 * The original response to a command that was sent before, built from what is stored.
 * @throws IdempotencyKeyReusedError
 */
export const replayReceipt = (command: AnyCommand, body: Body, actor: Actor, events: readonly RecordedEvent[]): Receipt => {
  const [first] = events as readonly [RecordedEvent];
  const { metadata } = first;
  if (metadata.command.name !== command.name || metadata.actor.id !== actor.id || canonical(bodyOf(first)) !== canonical(body))
    throw new IdempotencyKeyReusedError(
      `This key belongs to another ${metadata.command.name === command.name ? 'body or actor' : 'command'}.`,
    );
  const last = events.at(-1)!;
  return {
    decision: metadata.command.id,
    ...(metadata.$causationId !== metadata.command.id && { causedBy: metadata.$causationId }),
    command: command.name,
    stream: last.stream,
    revision: last.revision,
    position: last.position,
    recordedAt: metadata.recordedAt,
    effectiveOn: metadata.effectiveOn,
    events: events.map((event) => receiptOf(event)),
    assessed: events.flatMap((e) => e.metadata.assessed ?? []),
    known: metadata.known,
    outcome: 'replayed',
  };
};
