import {
  fieldAt,
  isLedgerEvent,
  ledgerDataOf,
  ledgerEvents,
  shapeOf,
  wordsOf,
  type AnyAggregate,
  type Corrected,
  type Entry,
  type Evidence,
  type Field,
  type Fields,
  type History,
  type RecordedEvent,
} from '../../kernel/index.js';

/** A text of an event, and where it stands: a pointer into the data, `/record/reason`, `/evidence/0/title` and so on, or `/id`. */
export interface SearchText {
  readonly pointer: string;
  readonly text: string;
}
/** What an event is found by: as it reads now, and as it read before; of what was withdrawn all reads as before. */
export interface Wordings {
  readonly current: readonly SearchText[];
  readonly superseded: readonly SearchText[];
}

/** Characters of an event that are searched: what stands behind them is not found. */
const MAX_CHARACTERS = 20_000;

/** Every text of a value of no known shape. */
function* textsInJson(value: unknown, pointer: string): Generator<SearchText> {
  if (typeof value === 'string') yield { pointer, text: value };
  else if (Array.isArray(value)) for (const [i, item] of value.entries()) yield* textsInJson(item, `${pointer}/${i}`);
  else if (typeof value === 'object' && value !== null)
    for (const [name, item] of Object.entries(value)) yield* textsInJson(item, `${pointer}/${name}`);
}

/** Titles, reasons, names, addresses and ids: no dates, figures or choices. */
function* textsInField(field: Field, value: unknown, pointer: string): Generator<SearchText> {
  if (value === undefined || value === null) return;
  switch (field.kind) {
    case 'text':
    case 'uri':
    case 'id':
    case 'ref':
      return yield* textsInJson(value, pointer);
    case 'json':
      return yield* textsInJson(value, pointer);
    case 'value': {
      const why = (value as { readonly withheld?: { readonly why?: unknown } }).withheld?.why;
      return yield* textsInJson(why, `${pointer}/withheld/why`);
    }
    case 'list':
      if (Array.isArray(value)) for (const [i, item] of value.entries()) yield* textsInField(field.item!, item, `${pointer}/${i}`);
      return;
    case 'object':
      return yield* textsIn(field.fields!, value, pointer);
    default:
  }
}
function* textsIn(fields: Fields, data: unknown, at = ''): Generator<SearchText> {
  if (typeof data !== 'object' || data === null) return;
  for (const [name, field] of Object.entries(fields))
    yield* textsInField(field, (data as Readonly<Record<string, unknown>>)[name], `${at}/${name}`);
}
/** Why and on what papers it was decided. */
function* textsOfRecord({ reason, authority, decidedBy }: Entry['grounds'], evidence: readonly Evidence[]): Generator<SearchText> {
  if (reason !== undefined) yield { pointer: '/record/reason', text: reason };
  if (authority) yield { pointer: '/record/authority/reference', text: authority.reference };
  if (decidedBy) {
    yield { pointer: '/record/decidedBy/person', text: decidedBy.person };
    if (decidedBy.office !== undefined) yield { pointer: '/record/decidedBy/office', text: decidedBy.office };
  }
  for (const [i, { title, uri, paragraph }] of evidence.entries())
    for (const [name, text] of Object.entries({ title, uri, paragraph })) if (text) yield { pointer: `/evidence/${i}/${name}`, text };
}

/** As recorded, before anything was corrected. @throws UnsupportedSchemaVersionError */
const recordedTexts = (aggregate: AnyAggregate, event: RecordedEvent): readonly SearchText[] => {
  const { metadata } = event;
  const own = isLedgerEvent(event.type)
    ? [...textsIn(noted(event.type), ledgerDataOf(event))]
    : [...textsIn(aggregate.events[event.type]!.fields, shapeOf(aggregate, event))];
  const id = event.revision === 0 ? [{ pointer: '/id', text: event.stream.slice(aggregate.category.length + 1) }] : [];
  return [...own, ...textsOfRecord(metadata, metadata.evidence ?? []), ...id];
};
/** Of the ledger's own events a note has texts of its own; what a correction writes belongs to the fact that it corrects. */
const noted = (type: string): Fields => (type === 'FactAnnotated' ? ledgerEvents.FactAnnotated : {});

const correctedTexts = ({ aggregate }: History, { recorded, data, grounds, evidence }: Entry): readonly SearchText[] => {
  const id = recorded.revision === 0 ? [{ pointer: '/id', text: recorded.stream.slice(aggregate.category.length + 1) }] : [];
  return [...textsIn(aggregate.events[recorded.type]!.fields, data), ...textsOfRecord(grounds, evidence), ...id];
};

/** What corrections wrote into a fact, whichever of it still stands. */
function* textsOfCorrections({ aggregate, recorded }: History, event: RecordedEvent): Generator<SearchText> {
  for (const other of recorded) {
    if (other.type !== 'FactCorrected') continue;
    const { event: of, changes } = ledgerDataOf(other) as Corrected;
    if (of !== event.id) continue;
    for (const { pointer, value } of changes) {
      if (/^\/(record|evidence)(\/|$)/.test(pointer)) yield* textsInJson(value, pointer);
      const field = fieldAt(aggregate.events[event.type]!.fields, pointer);
      if (field) yield* textsInField(field, value, pointer);
    }
  }
}

/** What a new event is found by, which nothing has corrected yet. @throws UnsupportedSchemaVersionError */
export const newWordings = (aggregate: AnyAggregate, event: RecordedEvent): Wordings => ({
  current: recordedTexts(aggregate, event),
  superseded: NONE,
});

/** What an event of a stream is found by. Linear in the length of the stream. @throws UnsupportedSchemaVersionError */
export const wordingsOf = (history: History, event: RecordedEvent): Wordings => {
  const recorded = recordedTexts(history.aggregate, event);
  if (isLedgerEvent(event.type)) return history.withdrawn.has(event.id) ? { current: NONE, superseded: recorded } : { current: recorded, superseded: NONE }; // prettier-ignore
  const entry = history.entries.find((one) => one.recorded.id === event.id);
  if (entry && entry.corrections.length === 0) return { current: recorded, superseded: NONE };
  const current = entry ? correctedTexts(history, entry) : NONE;
  const now = new Set(current.map(nameOf));
  const before = new Map<string, SearchText>();
  for (const text of [...recorded, ...textsOfCorrections(history, event)]) if (!now.has(nameOf(text))) before.set(nameOf(text), text);
  return { current, superseded: [...before.values()] };
};
const nameOf = ({ pointer, text }: SearchText): string => JSON.stringify([pointer, text]);
const NONE: readonly SearchText[] = [];

/** The words of some texts, with a mark between each two, so that no phrase goes from one into another. */
export const searchedWords = (texts: readonly SearchText[]): readonly string[] => {
  let left = MAX_CHARACTERS;
  return texts.flatMap(({ text }) => {
    const words = wordsOf(text.slice(0, left));
    left = Math.max(0, left - text.length);
    return words.length > 0 ? [...words, BETWEEN] : words;
  });
};
/** No text has this word. */
const BETWEEN = '-';
