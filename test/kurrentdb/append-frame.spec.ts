import { describe, expect, it } from '@jest/globals';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import messages from '@eventstore/db-client/generated/streams_pb.js';
import { appendFrame, PREFIX } from '../../src/store/kurrentdb/append-frame.js';
import type { Proposed } from '../../src/store/kurrentdb/protocol.js';

const uuid = (text: string) => {
  const made = new shared.UUID();
  made.setString(text);
  return made;
};

/** The same message by the client's generated code. */
const generated = (id: string, stream: string, expected: number, events: readonly Proposed[]): Buffer => {
  const options = new messages.BatchAppendReq.Options();
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(Buffer.from(stream));
  options.setStreamIdentifier(identifier);
  if (expected < 0) options.setNoStream(new shared.Empty());
  else options.setStreamPosition(String(expected));
  const request = new messages.BatchAppendReq();
  request.setCorrelationId(uuid(id));
  request.setOptions(options);
  for (const event of events) {
    const message = new messages.BatchAppendReq.ProposedMessage();
    message.setId(uuid(event.id));
    message.getMetadataMap().set('type', event.type).set('content-type', 'application/json');
    message.setData(event.data);
    message.setCustomMetadata(event.metadata);
    request.addProposedMessages(message);
  }
  request.setIsFinal(true);
  return Buffer.from(request.serializeBinary());
};

const idOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const event = (n: number, bytes: number, type = 'ContractAwarded'): Proposed => ({
  id: idOf(1000 + n),
  type,
  data: Buffer.alloc(bytes, `{"n":${n}}`),
  metadata: Buffer.from(`{"recordedAt":"2026-01-01T00:00:00.00${n}Z"}`),
});

describe('the message of an append', () => {
  it.each<[string, string, number, readonly Proposed[]]>([
    ['of one event to a new stream', 'contract-hosting', -1, [event(1, 300)]],
    ['at revision 0', 'met.contract-hosting', 0, [event(1, 2)]],
    ['at a revision of one byte, the largest', 'contract-a', 127, [event(1, 127)]],
    ['at a revision of two bytes, the smallest', 'contract-a', 128, [event(1, 128)]],
    ['at a revision of more than 32 bits', 'contract-a', 2 ** 40 + 5, [event(1, 16_383)]],
    ['of several events, in order', 'contract-a', 3, [event(1, 16_384), event(2, 1), event(3, 70_000)]],
    ['with names of more than one byte a letter', 'contract-Fußgängerübergänge-日本語', -1, [event(1, 5, 'Größenänderung—日本')]],
    ['of an event without metadata', 'contract-a', -1, [{ ...event(1, 10), metadata: Buffer.from('{}') }]],
  ])('%s is what the generated code writes, behind its length', (_, stream, expected, events) => {
    const frame = appendFrame(idOf(7), stream, expected, events);
    const message = generated(idOf(7), stream, expected, events);
    expect(frame.subarray(0, PREFIX).toString('hex')).toBe(`00${message.length.toString(16).padStart(8, '0')}`);
    expect(frame.subarray(PREFIX).equals(message)).toBe(true);
  });
});
