import {
  check,
  checkField,
  fieldAt,
  groundsFields,
  object,
  refsIn,
  reject,
  withValue,
  type Entry,
  type Field,
  type History,
  type Json,
  type StoredEvent,
} from '../../kernel/index.js';

/** The refusals of a command that names a fact of this subject. */
export const factRefusals = {
  'ledger/unknown-event': 'No such event in this stream.',
  'ledger/already-withdrawn': 'The event has been withdrawn.',
};

/** The entry that a command speaks of. */
export const factOf = ({ entries, recorded, withdrawn, stream }: History, event: string): Entry => {
  const entry = entries.find(({ stored }) => stored.id === event);
  if (entry) return entry;
  if (withdrawn.has(event))
    reject('ledger/already-withdrawn', `Event ${event} was withdrawn by ${withdrawn.get(event)}.`, { pointer: '/event' });
  const own: StoredEvent | undefined = recorded.find(({ id }) => id === event);
  reject('ledger/unknown-event', own ? `${own.type} is the ledger's own and stands as it is.` : `No event ${event} in ${stream}.`, {
    pointer: '/event',
  });
};

export const fieldRefusals = {
  'ledger/unknown-field': 'The event has no such field.',
  'ledger/wrong-value': 'The value is not of the kind of its field.',
};

const shapeOf = (history: History, { stored }: Entry): Field =>
  object({ ...history.subject.events[stored.type]!.fields, effectiveOn: groundsFields.effectiveOn, evidence: groundsFields.evidence });

/** The field at a pointer of an event, having checked that a value is of its kind. */
export const fieldOf = (history: History, entry: Entry, pointer: string, value: Json): Field => {
  const shape = shapeOf(history, entry);
  const field = fieldAt(shape.fields!, pointer);
  if (!field) reject('ledger/unknown-field', `${entry.stored.type} has no field ${pointer}.`, { pointer: '/pointer' });
  const whole = withValue({ ...entry.data, effectiveOn: entry.effectiveOn, evidence: entry.evidence }, pointer, value);
  const [problem] = [...checkField(field, value, '/value'), ...check(shape.fields!, whole)];
  if (problem) reject('ledger/wrong-value', `${pointer} ${problem.detail}.`, { pointer: '/value' });
  return field;
};

/** Identifiers stay as they were told: what an event is about cannot become something else. */
export const namesSomething = (field: Field, value: Json): boolean =>
  ['id', 'ref', 'uuid'].includes(field.kind) || refsIn({ field }, { field: value }).length > 0;
