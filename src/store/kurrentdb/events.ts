import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { Json, NewEvent, RecordedEvent } from '../../kernel/index.js';
import { InvalidPositionError, isMetadata, PositionOfAnotherStoreError, unreadableMetadata } from '../event-store.js';
import type { LogPosition, Proposed } from './protocol.js';

/** The JSON texts of an event's data and metadata. */
export type Texts = readonly [data: string, metadata: string];

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
  /** The event of a stream of the ledger. Parses on every call. @param keepsTexts whether `textsOf` is to know its texts */
  recorded(stream: string, keepsTexts?: boolean): RecordedEvent;
  /** Parses on every call; undefined when the data are not JSON. */
  json(): unknown;
}

/** An event that keeps the texts of its data and metadata, since what received it writes them again. */
class ReceivedEvent implements RecordedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: RecordedEvent['data'];
  readonly metadata: RecordedEvent['metadata'];
  readonly stream: string;
  readonly revision: number;
  readonly position: string;
  readonly #texts: Texts;

  constructor({ id, type, data, metadata, stream, revision, position }: RecordedEvent, texts: Texts) {
    this.id = id;
    this.type = type;
    this.data = data;
    this.metadata = metadata;
    this.stream = stream;
    this.revision = revision;
    this.position = position;
    this.#texts = texts;
  }

  static textsOf(event: RecordedEvent): Texts | undefined {
    return #texts in event ? event.#texts : undefined;
  }
}
export const { textsOf } = ReceivedEvent;

const text = new TextDecoder();

export const recordedOf = (response: ReadResp): Recorded | undefined => {
  const event = response.getEvent()?.getEvent();
  if (!event) return undefined;
  const system = event.getMetadataMap();
  const position = { commit: BigInt(event.getCommitPosition()), prepare: BigInt(event.getPreparePosition()) };
  const [data, custom] = [event.getData_asU8(), event.getCustomMetadata_asU8()];
  const id = event.getId()!.getString();
  const type = system.get('type') ?? '';
  const revision = Number(event.getStreamRevision());
  const dataText = () => (system.get('content-type') === 'application/json' ? text.decode(data) : '');
  const recorded = (stream: string, keepsTexts = false): RecordedEvent => {
    const texts: Texts = [dataText(), text.decode(custom)];
    const [json, metadata] = texts.map(parsed);
    const place = { stream, revision, position: nameOf(position) };
    if (json === undefined || !isMetadata(metadata))
      return {
        id,
        type,
        data: (json ?? null) as Json,
        metadata: unreadableMetadata(id, instantOf(system.get('created') ?? '0')),
        ...place,
      };
    const found = { id, type, data: json as Json, metadata, ...place };
    return keepsTexts ? new ReceivedEvent(found, texts) : found;
  };
  const name = text.decode(event.getStreamIdentifier()!.getStreamName_asU8());
  return { name, id, revision, type, position, size: data.length + custom.length, json: () => parsed(dataText()), recorded };
};

/** The server counts ticks of 100 ns. */
const instantOf = (ticks: string): string => {
  const ms = /^\d{1,22}$/.test(ticks) ? Number(BigInt(ticks) / 10_000n) : 0;
  return new Date(ms > 8.64e15 ? 0 : ms).toISOString();
};

const parsed = (json: string): unknown => {
  try {
    return JSON.parse(json) as unknown;
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
