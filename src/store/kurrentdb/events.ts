import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { NewEvent, RecordedEvent } from '../../kernel/index.js';
import { InvalidPositionError, isMetadata, PositionOfAnotherStoreError, unreadableMetadata } from '../event-store.js';
import type { LogPosition, Proposed } from './protocol.js';

export const TOMBSTONE = '$streamDeleted';

const POSITION = /^k(0|[1-9]\d{0,18})(?:\.(0|[1-9]\d{0,18}))?$/;

/** `k<commit>`, or `k<commit>.<prepare>` where they differ. */
export const nameOf = ({ commit, prepare }: LogPosition): string => (commit === prepare ? `k${commit}` : `k${commit}.${prepare}`);

/** @throws InvalidPositionError; PositionOfAnotherStoreError when it has the form of an embedded store's position */
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

/** A record of the server's log, with its position and the size of its data and metadata in bytes. */
export interface Recorded {
  /** The stream's name on the server. */
  readonly name: string;
  readonly id: string;
  readonly revision: number;
  readonly type: string;
  readonly position: LogPosition;
  readonly size: number;
  /** The event of a stream of the ledger. Parses on every call. */
  recorded(stream: string): RecordedEvent;
  /** Parses on every call; undefined when the data are not JSON. */
  json(): unknown;
}

const text = new TextDecoder();

export const recordedOf = (response: ReadResp): Recorded | undefined => {
  const event = response.getEvent()?.getEvent();
  if (!event) return undefined;
  const system = event.getMetadataMap();
  const position = { commit: BigInt(event.getCommitPosition()), prepare: BigInt(event.getPreparePosition()) };
  const [data, custom] = [event.getData_asU8(), event.getCustomMetadata_asU8()];
  const record = {
    name: text.decode(event.getStreamIdentifier()!.getStreamName_asU8()),
    id: event.getId()!.getString(),
    revision: Number(event.getStreamRevision()),
    type: system.get('type') ?? '',
    position,
    size: data.length + custom.length,
    json: () => (system.get('content-type') === 'application/json' ? parsed(data) : undefined),
  };
  const recorded = (stream: string): RecordedEvent => {
    const [json, metadata] = [record.json(), parsed(custom)];
    const { id } = record;
    const readable = json !== undefined && isMetadata(metadata);
    return {
      id,
      type: record.type,
      data: json ?? null,
      metadata: readable ? metadata : unreadableMetadata(id, instantOf(system.get('created') ?? '0')),
      stream,
      revision: record.revision,
      position: nameOf(position),
    };
  };
  return { ...record, recorded };
};

/** The server counts ticks of 100 ns. */
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

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** @throws TypeError when an id is not a lower-case UUID, the only form that the server returns unchanged */
export const proposedOf = ({ id, type, data, metadata }: NewEvent): Proposed => {
  if (!UUID.test(id)) throw new TypeError(`${JSON.stringify(id)} is not a lower-case UUID, which KurrentDB requires as an event id.`);
  return { id, type, data: Buffer.from(JSON.stringify(data)), metadata: Buffer.from(JSON.stringify(metadata)) };
};
