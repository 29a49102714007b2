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

type Found = SearchText[];

/** Adds every text of a value of no known shape. */
const addJson = (found: Found, value: unknown, pointer: string): void => {
  if (typeof value === 'string') found.push({ pointer, text: value });
  else if (typeof value === 'object' && value !== null)
    for (const [name, item] of Object.entries(value)) addJson(found, item, `${pointer}/${name}`);
};

/** Adds titles, reasons, names, addresses and ids: no dates, figures or choices. */
const addField = (found: Found, field: Field, value: unknown, pointer: string): void => {
  if (value === undefined || value === null) return;
  switch (field.kind) {
    case 'text':
    case 'uri':
    case 'id':
    case 'ref':
    case 'json':
      return addJson(found, value, pointer);
    case 'value': {
      const why = (value as { readonly withheld?: { readonly why?: unknown } }).withheld?.why;
      return addJson(found, why, `${pointer}/withheld/why`);
    }
    case 'list':
      if (Array.isArray(value)) value.forEach((item, i) => addField(found, field.item!, item, `${pointer}/${i}`));
      return;
    case 'object':
      return addFields(found, field.fields!, value, pointer);
    default:
  }
};
const addFields = (found: Found, fields: Fields, data: unknown, at = ''): void => {
  if (typeof data !== 'object' || data === null) return;
  for (const [name, field] of withTexts(fields)) addField(found, field, (data as Readonly<Record<string, unknown>>)[name], `${at}/${name}`);
};
/** Looked up for every event: the fields that may hold a text. */
const withTexts = (fields: Fields): readonly (readonly [string, Field])[] => {
  let known = fieldsWithTexts.get(fields);
  if (!known) fieldsWithTexts.set(fields, (known = Object.entries(fields).filter(([, field]) => mayHoldText(field))));
  return known;
};
const fieldsWithTexts = new WeakMap<Fields, readonly (readonly [string, Field])[]>();
const mayHoldText = ({ kind, item, fields }: Field): boolean => {
  if (kind === 'list') return mayHoldText(item!);
  if (kind === 'object') return Object.values(fields!).some(mayHoldText);
  return kind === 'text' || kind === 'uri' || kind === 'id' || kind === 'ref' || kind === 'json' || kind === 'value';
};
/** Adds why and on what papers it was decided. */
const addRecord = (found: Found, { reason, authority, decidedBy }: Entry['grounds'], evidence: readonly Evidence[]): void => {
  if (reason !== undefined) found.push({ pointer: '/record/reason', text: reason });
  if (authority) found.push({ pointer: '/record/authority/reference', text: authority.reference });
  if (decidedBy) {
    found.push({ pointer: '/record/decidedBy/person', text: decidedBy.person });
    if (decidedBy.office !== undefined) found.push({ pointer: '/record/decidedBy/office', text: decidedBy.office });
  }
  for (let i = 0; i < evidence.length; i++)
    for (const name of OF_EVIDENCE) {
      const text = evidence[i]![name];
      if (text) found.push({ pointer: `/evidence/${i}/${name}`, text });
    }
};
const OF_EVIDENCE = ['title', 'uri', 'paragraph'] as const;
const addId = (found: Found, { revision, stream }: RecordedEvent, { category }: AnyAggregate): void => {
  if (revision === 0) found.push({ pointer: '/id', text: stream.slice(category.length + 1) });
};

/** As recorded, before anything was corrected. @throws UnsupportedSchemaVersionError */
const recordedTexts = (aggregate: AnyAggregate, event: RecordedEvent): readonly SearchText[] => {
  const { metadata } = event;
  const found: Found = [];
  if (isLedgerEvent(event.type)) addFields(found, noted(event.type), ledgerDataOf(event));
  else addFields(found, aggregate.events[event.type]!.fields, shapeOf(aggregate, event));
  addRecord(found, metadata, metadata.evidence ?? NO_EVIDENCE);
  addId(found, event, aggregate);
  return found;
};
const NO_EVIDENCE: readonly Evidence[] = [];
/** Of the ledger's own events a note has texts of its own; what a correction writes belongs to the fact that it corrects. */
const noted = (type: string): Fields => (type === 'FactAnnotated' ? ledgerEvents.FactAnnotated : NO_FIELDS);
const NO_FIELDS: Fields = {};

const correctedTexts = ({ aggregate }: History, { recorded, data, grounds, evidence }: Entry): readonly SearchText[] => {
  const found: Found = [];
  addFields(found, aggregate.events[recorded.type]!.fields, data);
  addRecord(found, grounds, evidence);
  addId(found, recorded, aggregate);
  return found;
};

/** What corrections wrote into a fact, whichever of it still stands. */
const textsOfCorrections = ({ aggregate, recorded }: History, event: RecordedEvent): readonly SearchText[] => {
  const found: Found = [];
  for (const other of recorded) {
    if (other.type !== 'FactCorrected') continue;
    const { event: of, changes } = ledgerDataOf(other) as Corrected;
    if (of !== event.id) continue;
    for (const { pointer, value } of changes) {
      if (/^\/(record|evidence)(\/|$)/.test(pointer)) addJson(found, value, pointer);
      const field = fieldAt(aggregate.events[event.type]!.fields, pointer);
      if (field) addField(found, field, value, pointer);
    }
  }
  return found;
};

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

/** The words of some texts, a blank between each two words, and a mark behind each text, so that no phrase goes from one into another. */
export const searchedWords = (texts: readonly SearchText[]): string => {
  let left = MAX_CHARACTERS;
  let all = '';
  for (const { text } of texts) {
    if (left === 0) break;
    const words = wordsOf(text.length > left ? text.slice(0, left) : text);
    left = Math.max(0, left - text.length);
    if (words.length > 0) all += `${all && ' '}${words.join(' ')} ${BETWEEN}`;
  }
  return all;
};
/** No text has this word. */
const BETWEEN = '-';
