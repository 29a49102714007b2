import { setImmediate as turn } from 'node:timers/promises';
import { snippetOf, wordsOf, type SnippetPart } from '../../kernel/index.js';
import type { FoundWords, ReadModelReader, Sequence, WordGroup, Wording } from '../../store/read-model.js';
import type { HistoryCache } from '../history-cache.js';
import { categoryWord, programmeWord } from './search-index.js';
import { wordingsOf } from './search-texts.js';

export interface SearchQuestion {
  /** Words, all of which one event has; in quotes those that follow each other; with a `*` at its end a word that only begins so. */
  readonly text: string;
  readonly category?: string | undefined;
  readonly programme?: string | undefined;
  readonly wording?: Wording | undefined;
  /** `next` of the page before. */
  readonly before?: number | undefined;
  readonly limit: number;
}
export interface SearchHit {
  readonly stream: string;
  readonly event: string;
  readonly type: string;
  readonly revision: number;
  readonly position: string;
  readonly recordedAt: string;
  readonly effectiveOn: string;
  /** Whether this is how it read before a correction, or of a fact that was withdrawn. */
  readonly superseded: false | 'corrected' | 'withdrawn';
  /** Where the text stands in the event. */
  readonly pointer: string;
  readonly snippet: readonly SnippetPart[];
}
export interface SearchPage {
  readonly hits: readonly SearchHit[];
  readonly next?: number;
}

/** The text asks for no word, or for too many. */
export class NoSearchWordsError extends Error {
  override readonly name = 'NoSearchWordsError';
}

/** Groups of words that one question has at most. */
const MAX_GROUPS = 16;
/** Parts of the log that one page looks through at most: some millions of events. */
const MAX_PARTS = 100;
/** The least that has to stand before a `*`. */
const MIN_BEGINNING = 2;

/** What the text of a question asks for. @throws NoSearchWordsError */
export const groupsOf = (text: string): readonly WordGroup[] => {
  const groups: WordGroup[] = [];
  for (const [, quoted, bare] of text.matchAll(/"([^"]*)"?|([^\s"]+)/gu)) {
    const words = wordsOf((quoted ?? bare)!);
    if (words.length === 0) continue;
    const begins = quoted === undefined && bare!.endsWith('*') && words.at(-1)!.length >= MIN_BEGINNING;
    groups.push({ words, begins });
  }
  if (groups.length === 0) throw new NoSearchWordsError('It has no word: a word is of letters or digits.');
  if (groups.length > MAX_GROUPS) throw new NoSearchWordsError(`It has more than ${MAX_GROUPS} words.`);
  return groups;
};

/** Whether a word is one of those that are asked for. */
const askedIn = (groups: readonly WordGroup[]): ((word: string) => boolean) => {
  const whole = new Set<string>();
  const beginnings: string[] = [];
  for (const { words, begins } of groups)
    for (const [i, word] of words.entries()) {
      if (begins && i === words.length - 1) beginnings.push(word);
      else whole.add(word);
    }
  return (word) => whole.has(word) || beginnings.some((beginning) => word.startsWith(beginning));
};

/**
 * A page of events that have all the words, the newest first. A hit is read from the log: what the index finds and the log does not say
 * any more is left out.
 * @throws NoSearchWordsError
 */
export const searchPage = async (
  { readModel, histories, sequence }: { readonly readModel: ReadModelReader; readonly histories: HistoryCache; readonly sequence: Sequence }, // prettier-ignore
  { text, category, programme, wording, before, limit }: SearchQuestion,
): Promise<SearchPage> => {
  const groups = groupsOf(text);
  const marks = [...(category ? [categoryWord(category)] : []), ...(programme ? [programmeWord(programme)] : [])];
  const isHit = askedIn(groups);
  const hits: SearchHit[] = [];
  let place = before;
  for (let part = 0; part < MAX_PARTS; part++) {
    const page = readModel.findWords({ groups, marks, wording, before: place, upTo: sequence, limit: limit - hits.length });
    for (const found of page.found) {
      const hit = await hitOf(readModel, histories, sequence, found, isHit);
      if (hit) hits.push(hit);
      await turn();
    }
    place = page.next;
    if (place === undefined) return { hits };
    if (hits.length >= limit) break;
    await turn();
  }
  return { hits, next: place! };
};

const hitOf = async (
  readModel: ReadModelReader,
  histories: HistoryCache,
  upTo: Sequence,
  { sequence, wording }: FoundWords,
  isHit: (word: string) => boolean,
): Promise<SearchHit | undefined> => {
  const { stream, revision, position, id } = readModel.eventAt(sequence)!;
  const history = await histories.at(stream, readModel.revisionAt(stream, upTo));
  const [recorded] = history.recordedFrom(revision, revision);
  if (!recorded || recorded.id !== id) return undefined;
  const { metadata, type } = recorded;
  const best = bestOf(wordingsOf(history, recorded)[wording], isHit);
  if (!best) return undefined;
  const superseded = wording === 'current' ? false : history.withdrawn.has(id) ? 'withdrawn' : 'corrected';
  const { recordedAt, effectiveOn } = metadata;
  return { stream, event: id, type, revision, position, recordedAt, effectiveOn, superseded, ...best };
};

/** The text with the most of the words, the first of several. */
const bestOf = (
  texts: readonly { readonly pointer: string; readonly text: string }[],
  isHit: (word: string) => boolean,
): Pick<SearchHit, 'pointer' | 'snippet'> | undefined => {
  let best: { readonly pointer: string; readonly text: string } | undefined;
  let most = 0;
  for (const one of texts) {
    const n = new Set(wordsOf(one.text).filter(isHit)).size;
    if (n > most) [best, most] = [one, n];
  }
  const snippet = best && snippetOf(best.text, isHit);
  return snippet && { pointer: best!.pointer, snippet };
};
