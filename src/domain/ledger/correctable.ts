import {
  changeAt,
  check,
  checkField,
  correctable,
  fieldAt,
  hasPlace,
  object,
  optional,
  overlap,
  provenanceFields,
  refsIn,
  reject,
  Rejection,
  withoutValue,
  withValue,
  type Change,
  type Correctable,
  type Entry,
  type ExternalReference,
  type Field,
  type Fields,
  type History,
  type Json,
  type NamedReference,
  type RecordedEvent,
  type Reference,
} from '../../kernel/index.js';

/** The refusals of a command that names a fact of this stream. */
export const factRefusals = {
  'ledger/unknown-event': 'No such event in this stream.',
  'ledger/already-withdrawn': 'The event has been withdrawn.',
};

/** The entry that a command speaks of. */
export const factOf = (history: History, event: string): Entry => {
  const entry = history.entryOf(event);
  if (entry) return entry;
  const { withdrawn, stream } = history;
  if (withdrawn.has(event))
    reject<Code>('ledger/already-withdrawn', `Event ${event} was withdrawn by ${withdrawn.get(event)}.`, { pointer: '/event' });
  const own = history.recordedAs(event);
  reject<Code>('ledger/unknown-event', own ? ownStands(own) : `No event ${event} in ${stream}.`, { pointer: '/event' });
};
/** What to send instead of a command on one of the ledger's own events. */
const INSTEAD: Readonly<Record<string, (of: string) => string>> = {
  FactCorrected: (of) => `correct event ${of} again`,
  FactWithdrawn: (of) => `reinstate event ${of}`,
  FactReinstated: (of) => `withdraw event ${of} again`,
  FactAnnotated: () => 'withdraw it, and annotate again',
};
const ownStands = ({ type, data }: RecordedEvent): string => {
  const instead = INSTEAD[type]?.((data as { readonly event: string }).event);
  return `${type} is the ledger's own and stands as it is${instead ? `: ${instead}` : ''}.`;
};

/** The fact or the note that a command speaks of, as recorded, unless it was withdrawn. */
export const standingOf = (history: History, event: string): RecordedEvent => {
  const recorded = history.recordedAs(event);
  return recorded?.type === 'FactAnnotated' && !history.withdrawn.has(event) ? recorded : factOf(history, event).recorded;
};

export const fieldRefusals = {
  'ledger/unknown-field': 'The event has no such field.',
  'ledger/wrong-value': 'The value is not of the kind of its field, or breaks a rule of the event.',
};
export const changeRefusals = {
  'ledger/never-corrected': 'The programme that a stream belongs to is never corrected: withdraw the fact and record it again.',
  'ledger/never-removed': 'Only an optional field can be removed.',
  'ledger/overlapping-changes': 'Each change of a correction has a field of its own.',
};
type Code = keyof typeof factRefusals | keyof typeof fieldRefusals | keyof typeof changeRefusals;

const { effectiveOn, evidence, reason, authority, decidedBy, sequence } = provenanceFields;
/** What pointers go through: the data, and what was sent beside them that is no identity of the decision. */
const shapeOf = (history: History, { recorded }: Entry): Fields => ({
  ...history.aggregate.events[recorded.type]!.fields,
  effectiveOn: optional(effectiveOn),
  evidence,
  record: object({ reason, authority, decidedBy, sequence }),
});

/**
 * A pointer as it is stored. The day and the evidence, which a command sends in its `record`, are stored outside the data:
 * `/record/effectiveOn` is `/effectiveOn`, and `/record/evidence/0` is `/evidence/0`.
 */
export const stored = <Pointing extends { readonly pointer: string }>(one: Pointing): Pointing => {
  const [, inRecord] = /^\/record(\/(?:effectiveOn|evidence)(?:\/.*)?)$/s.exec(one.pointer) ?? [];
  return inRecord === undefined ? one : { ...one, pointer: inRecord };
};
const pointersOf = ({ record, ...shape }: Fields): readonly string[] => [
  ...Object.keys(shape).map((name) => `/${name}`),
  ...Object.keys(record!.fields!).map((name) => `/record/${name}`),
];

/** The field at a pointer. Throws a `Rejection` when the event has no such place; `where` the body holds the pointer. */
const fieldOf = (shape: Fields, { recorded }: Entry, now: unknown, pointer: string, where: string): Field => {
  const field = fieldAt(shape, pointer);
  if (!field) reject<Code>('ledger/unknown-field', `${recorded.type} has no field ${pointer}. Its fields are ${pointersOf(shape).join(', ')}.`, { pointer: where }); // prettier-ignore
  if (!hasPlace(now, pointer)) reject<Code>('ledger/unknown-field', `This ${recorded.type} has nothing at ${pointer}.`, { pointer: where });
  return field;
};

/** Throws a `Rejection` when a claim is about no field of the event, or its value is not of the kind of the field. */
export const checkClaim = (
  history: History,
  entry: Entry,
  { pointer, value }: { readonly pointer: string; readonly value: Json },
): void => {
  const [shape, now] = [shapeOf(history, entry), correctable(entry)];
  const field = fieldOf(shape, entry, now, pointer, '/claim/pointer');
  const [problem] = [...checkField(field, value, ''), ...check(shape, withValue(now, pointer, value))];
  if (problem) reject<Code>('ledger/wrong-value', `${pointer} ${problem.detail}.`, { pointer: '/claim/value' });
};

/**
 * The event as it reads after all changes, each on what the ones before it leave, checked as a whole.
 * @throws Rejection that names the change
 */
export const corrected = (history: History, entry: Entry, changes: readonly Change[]): Correctable => {
  const shape = shapeOf(history, entry);
  let now = correctable(entry);
  changes.forEach(({ pointer, value, remove }, i) => {
    const where = `/changes/${i}`;
    const twice = changes.slice(0, i).find((earlier) => overlap(earlier.pointer, pointer));
    if (twice) reject<Code>('ledger/overlapping-changes', `${twice.pointer} is changed here already.`, { pointer: `${where}/pointer` });
    const field = fieldOf(shape, entry, now, pointer, `${where}/pointer`);
    if (field.category === 'programme')
      reject<Code>('ledger/never-corrected', `${pointer} is what the stream belongs to.`, { pointer: `${where}/pointer` });
    if ((value === undefined) === (remove === undefined))
      reject<Code>('ledger/wrong-value', `Send a value for ${pointer}, or remove: true, and not both.`, { pointer: where });
    if (remove) {
      if (!field.optional) reject<Code>('ledger/never-removed', `${pointer} is not optional.`, { pointer: `${where}/pointer` });
      now = withoutValue(now, pointer);
      return;
    }
    const [problem] = checkField(field, value, '');
    if (problem) reject<Code>('ledger/wrong-value', `${pointer}${problem.pointer} ${problem.detail}.`, { pointer: `${where}/value` });
    now = withValue(now, pointer, value!);
  });
  const [problem] = check(shape, now);
  if (problem) reject<Code>('ledger/wrong-value', `${problem.pointer} ${problem.detail}.`, { pointer: placeOf(changes, problem.pointer) });
  return now;
};

/** Where a body holds the change that a place in the event is of. */
export const placeOf = (changes: readonly Change[], pointer: string): string => `/changes/${changeAt(changes, pointer)}/value`;

/** The external references that a correction adds. */
export const addedReferences = (changes: readonly Change[], history: History, event: string): readonly NamedReference[] => {
  const entry = history.entryOf(event);
  const touched = changes.findIndex(({ pointer }) => overlap(pointer, '/references'));
  if (touched === -1 || !entry || !history.aggregate.events[entry.recorded.type]!.fields.references?.unique) return [];
  const after = attempted(history, entry, changes);
  const before = (entry.data.references ?? []) as readonly ExternalReference[];
  return ((after?.references ?? []) as readonly ExternalReference[])
    .filter((one) => !before.some(({ scheme, id }) => scheme === one.scheme && id === one.id))
    .map(({ scheme, id }) => ({ scheme, id, pointer: `/changes/${touched}/value` }));
};
/** Undefined for a correction that will be refused. */
const attempted = (...correction: Parameters<typeof corrected>): Correctable | undefined => {
  try {
    return corrected(...correction);
  } catch (error) {
    if (error instanceof Rejection) return undefined;
    throw error;
  }
};

/** What the new values of a correction name; what `corrected` refuses names nothing. */
export const namedIn = (changes: readonly Change[], history: History, event: string): readonly Reference[] => {
  const entry = history.entryOf(event);
  if (!entry) return [];
  const shape = shapeOf(history, entry);
  let now = correctable(entry);
  return changes.flatMap(({ pointer, value }, i) => {
    const field = fieldAt(shape, pointer);
    const isSound = field && value !== undefined && hasPlace(now, pointer) && checkField(field, value, '').length === 0;
    if (!isSound || field.category === 'programme') return [];
    now = withValue(now, pointer, value);
    return refsIn({ value: field }, { value }, `/changes/${i}`);
  });
};
