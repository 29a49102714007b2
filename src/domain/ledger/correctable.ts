import {
  check,
  checkField,
  fieldAt,
  provenanceFields,
  hasPlace,
  object,
  reject,
  withValue,
  type Entry,
  type Field,
  type History,
  type Json,
  type RecordedEvent,
} from '../../kernel/index.js';

/** The refusals of a command that names a fact of this stream. */
export const factRefusals = {
  'ledger/unknown-event': 'No such event in this stream.',
  'ledger/already-withdrawn': 'The event has been withdrawn.',
};

/** The entry that a command speaks of. */
export const factOf = ({ entries, recorded, withdrawn, stream }: History, event: string): Entry => {
  const entry = entries.find(({ recorded: stored }) => stored.id === event);
  if (entry) return entry;
  if (withdrawn.has(event))
    reject<Code>('ledger/already-withdrawn', `Event ${event} was withdrawn by ${withdrawn.get(event)}.`, { pointer: '/event' });
  const own: RecordedEvent | undefined = recorded.find(({ id }) => id === event);
  reject<Code>('ledger/unknown-event', own ? `${own.type} is the ledger's own and stands as it is.` : `No event ${event} in ${stream}.`, {
    pointer: '/event',
  });
};

export const fieldRefusals = {
  'ledger/unknown-field': 'The event has no such field.',
  'ledger/wrong-value': 'The value is not of the kind of its field, or breaks a rule of the event.',
};
type Code = keyof typeof factRefusals | keyof typeof fieldRefusals;

const shapeOf = (history: History, { recorded }: Entry): Field =>
  object({
    ...history.aggregate.events[recorded.type]!.fields,
    effectiveOn: provenanceFields.effectiveOn,
    evidence: provenanceFields.evidence,
  });

/**
 * The field at a pointer of an event. Throws a `Rejection` when the event has no such place, or the value is not of its kind; `within` is
 * where the body holds the pointer and the value.
 */
export const fieldOf = (history: History, entry: Entry, pointer: string, value: Json, within: '' | '/claim' = ''): Field => {
  const shape = shapeOf(history, entry);
  const field = fieldAt(shape.fields!, pointer);
  const before = { ...entry.data, effectiveOn: entry.effectiveOn, evidence: entry.evidence };
  const here = { pointer: `${within}/pointer` };
  if (!field) reject<Code>('ledger/unknown-field', `${entry.recorded.type} has no field ${pointer}.`, here);
  if (!hasPlace(before, pointer)) reject<Code>('ledger/unknown-field', `This ${entry.recorded.type} has nothing at ${pointer}.`, here);
  const [problem] = [...checkField(field, value, '/value'), ...check(shape.fields!, withValue(before, pointer, value))];
  if (problem) reject<Code>('ledger/wrong-value', `${pointer} ${problem.detail}.`, { pointer: `${within}/value` });
  return field;
};

/** What a value names, wherever it stands in it: what an event is about cannot become something else. */
export const namesIn = (field: Field, value: unknown): readonly unknown[] => {
  if (value === undefined) return [];
  if (['id', 'ref', 'uuid'].includes(field.kind)) return [value];
  if (field.kind === 'list') return (value as readonly unknown[]).flatMap((entry) => namesIn(field.item!, entry));
  if (field.kind !== 'object') return [];
  return Object.entries(field.fields!).flatMap(([name, inner]) => namesIn(inner, (value as Readonly<Record<string, unknown>>)[name]));
};
