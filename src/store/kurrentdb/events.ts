import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { Json, Metadata, NewEvent, RecordedEvent } from '../../kernel/index.js';
import { CATEGORIES, InvalidPositionError, PositionOfAnotherStoreError, UNREADABLE } from '../event-store.js';
import type { LogPosition, Proposed } from './protocol.js';

/** Streams of the ledger, as the server filters them. */
export const STREAMS: readonly string[] = CATEGORIES.map((category) => `${category}-`);
/** Where the server keeps what bounds a stream, and marks it as deleted. */
export const BOUNDS: readonly string[] = STREAMS.map((prefix) => `$$${prefix}`);
export const TOMBSTONE = '$streamDeleted';

const POSITION = /^k(0|[1-9]\d{0,18})(?:\.(0|[1-9]\d{0,18}))?$/;

/** `k<commit>`, or `k<commit>.<prepare>` where they differ. */
export const nameOf = ({ commit, prepare }: LogPosition): string => (commit === prepare ? `k${commit}` : `k${commit}.${prepare}`);

/** @throws InvalidPosition */
export const positionOf = (name: string): LogPosition => {
  const [, commit, prepare = commit] = (name.length < 64 && POSITION.exec(name)) || [];
  if (commit === undefined || prepare === undefined)
    throw new (/^\d{1,15}$/.test(name) ? PositionOfAnotherStoreError : InvalidPositionError)(
      `${JSON.stringify(name.slice(0, 40))} is not a position of this store.`,
    );
  return { commit: BigInt(commit), prepare: BigInt(prepare) };
};

export const order = (a: LogPosition, b: LogPosition): number => {
  const difference = a.commit === b.commit ? a.prepare - b.prepare : a.commit - b.commit;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
};

/** A record of the server's log, with its place and the size of what it holds in bytes. */
export interface Recorded {
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly position: LogPosition;
  readonly size: number;
  /** Parsed anew with each call. */
  recorded(): RecordedEvent;
  /** Undefined when it is no JSON. */
  json(): unknown;
}

const text = new TextDecoder();

export const recordedOf = (response: ReadResp): Recorded | undefined => {
  const event = response.getEvent()?.getEvent();
  if (!event) return undefined;
  const answer = event.getMetadataMap();
  const position = { commit: BigInt(event.getCommitPosition()), prepare: BigInt(event.getPreparePosition()) };
  const [data, custom] = [event.getData_asU8(), event.getCustomMetadata_asU8()];
  const record = {
    stream: text.decode(event.getStreamIdentifier()!.getStreamName_asU8()),
    revision: Number(event.getStreamRevision()),
    type: answer.get('type') ?? '',
    position,
    size: data.length + custom.length,
    json: () => (answer.get('content-type') === 'application/json' ? parsed(data) : undefined),
  };
  const recorded = (): RecordedEvent => {
    const [json, metadata] = [record.json(), parsed(custom)];
    const id = event.getId()!.getString();
    const readable = json !== undefined && isOurs(metadata);
    return {
      id,
      type: record.type,
      data: json ?? null,
      metadata: readable ? metadata : unreadable(id, answer.get('created') ?? '0'),
      stream: record.stream,
      revision: record.revision,
      position: nameOf(position),
    };
  };
  return { ...record, recorded };
};

/** Of an event that others wrote: complete, so that no reader stumbles, and of a version that none skips. */
const unreadable = (id: string, ticks: string): Metadata => ({
  schemaVersion: UNREADABLE,
  recordedAt: instantOf(ticks),
  effectiveOn: 'unknown',
  about: {},
  command: { id, name: 'unknown' },
  actor: { id: 'unknown' },
  $correlationId: id,
  $causationId: id,
  known: [],
});

/** The server counts in steps of 100 ns. */
const instantOf = (ticks: string): string => {
  const ms = /^\d{1,22}$/.test(ticks) ? Number(BigInt(ticks) / 10_000n) : 0;
  return new Date(ms > 8.64e15 ? 0 : ms).toISOString();
};

const parsed = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(text.decode(bytes)) as unknown;
  } catch {
    return undefined;
  }
};

const isText = (value: unknown): boolean => typeof value === 'string';
const isOurs = (value: unknown): value is Metadata => {
  const m = value as Partial<Record<keyof Metadata, Json>> | null | undefined;
  const in_ = (field: Json | undefined, key: string): unknown => (field as { readonly [key: string]: Json } | null | undefined)?.[key];
  return (
    typeof m === 'object' &&
    m !== null &&
    Number.isSafeInteger(m.schemaVersion) &&
    [m.recordedAt, m.effectiveOn, m.$correlationId, m.$causationId].every(isText) &&
    [in_(m.command, 'id'), in_(m.command, 'name'), in_(m.actor, 'id')].every(isText) &&
    typeof m.about === 'object' &&
    m.about !== null &&
    Array.isArray(m.known)
  );
};

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** @throws TypeError when an id is not one that the server can keep */
export const proposedOf = ({ id, type, data, metadata }: NewEvent): Proposed => {
  if (!UUID.test(id)) throw new TypeError(`${JSON.stringify(id)} is not a UUID in lower case, as an event of KurrentDB needs.`);
  return { id, type, data: Buffer.from(JSON.stringify(data)), metadata: Buffer.from(JSON.stringify(metadata)) };
};
