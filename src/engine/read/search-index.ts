import { History, isLedgerEvent, type RecordedEvent, type Snapshot } from '../../kernel/index.js';
import type { ReadModel, Sequence } from '../../store/read-model.js';
import { newWordings, searchedWords, wordingsOf, type SearchText } from './search-texts.js';

/**
 * Keeps by which words the events of the log are found. Like everything in the read model it is a function of the log alone: an event has
 * the words of what it says now, and apart from them those of what it said before.
 * @param now the stream with the event; undefined where it cannot be folded: what was found of it stays
 */
export const indexWords = (readModel: ReadModel, event: RecordedEvent, sequence: Sequence, now: History | Snapshot | undefined): void => {
  if (!now) return;
  readModel.addWords(sequence, 'current', wordsWith(event, newWordings(now.aggregate, event).current));
  if (!isLedgerEvent(event.type) || event.type === 'FactAnnotated' || !(now instanceof History)) return;
  const changed = changedBy(event, now);
  for (const other of changed.size > 0 ? now.recorded : NONE) {
    if (!changed.has(other.id)) continue;
    const { current, superseded } = wordingsOf(now, other);
    const at = readModel.eventById(other.id)!.sequence;
    readModel.replaceWords(at, 'current', wordsWith(other, current));
    readModel.replaceWords(at, 'superseded', wordsWith(other, superseded));
  }
};
const NONE: readonly RecordedEvent[] = [];

/** The events that one of the ledger's own events makes read otherwise. */
const changedBy = ({ type, data, id }: RecordedEvent, { recorded }: History): ReadonlySet<string> => {
  if (type === 'DuplicateMarked') return new Set(recorded.flatMap((other) => (isLedgerEvent(other.type) || other.id === id ? [] : [other.id]))); // prettier-ignore
  const { event, dependants = [] } = data as { readonly event?: string; readonly dependants?: readonly string[] };
  return new Set(event === undefined ? dependants : [event, ...dependants]);
};

/** Words that no text has: of which category an event is, and of which programme. */
export const categoryWord = (category: string): string => `-${category}`;
export const programmeWord = (programme: string): string => `-p-${programme}`;

const wordsWith = ({ stream, metadata: { about } }: RecordedEvent, texts: readonly SearchText[]): string => {
  const words = searchedWords(texts);
  if (words === '') return words;
  const category = categoryWord(stream.slice(0, stream.indexOf('-')));
  return `${words} ${category}${about.programme ? ` ${programmeWord(about.programme)}` : ''}`;
};
