/**
 * The words by which a text is found: NFKC, case folded, cut where letters and digits meet, and at every separator but one between two
 * digits. `PCD 813`, `PCD-813` and `pcd８１３` have the same words; `1/12` is one word, and neither `11/2` nor `112`.
 */
export const wordsOf = (text: string): string[] =>
  ASCII.test(text) ? wordsOfAscii(text) : text.normalize('NFKC').split(/\s+/u).flatMap(wordsOfPart);

/** Most texts: the same words in one pass. */
const wordsOfAscii = (text: string): string[] => {
  const words = text.toUpperCase().match(/[A-Z]+|\d+(?:[^A-Z\d\s]+\d+)*/g);
  if (!words) return [];
  for (let i = 0; i < words.length; i++) if (words[i]!.length > 2 && words[i]! < 'A') words[i] = words[i]!.replace(/\D+/g, '-');
  return words;
};
const ASCII = /^[\0-\x7f]*$/;

/** Of a text without white space. Lower case first: both forms of a sigma, and an ß and its SS, meet in upper case. */
const wordsOfPart = (part: string): readonly string[] =>
  part
    .toLowerCase()
    .toUpperCase()
    .normalize('NFKC')
    .replace(/(?<=\p{Nd})[^\p{L}\p{M}\p{N}]+(?=\p{Nd})/gu, '-')
    .replace(/(?<!\p{Nd})[^\p{L}\p{M}\p{N}]+|[^\p{L}\p{M}\p{N}]+(?!\p{Nd})|(?<=\p{L}\p{M}*)(?=\p{N})|(?<=\p{N})(?=\p{L})/gu, ' ')
    .split(' ')
    .filter((word) => word !== '');

/** A part of a text as it is shown; `hit`: it has a word that was asked for. */
export interface SnippetPart {
  readonly text: string;
  readonly hit?: true;
}

/** Characters of a snippet, about, and how many of them stand before its first hit. */
const SNIPPET = 160;
const BEFORE = 50;

/**
 * The part of a text around its first hit, with all hits in it marked: plain data, never markup. Undefined where it has none.
 * @param isHit whether a word was asked for
 */
export const snippetOf = (text: string, isHit: (word: string) => boolean): readonly SnippetPart[] | undefined => {
  const pieces = [...text.matchAll(/\s+|\S+/gu)].map(([piece]) => ({ piece, hit: wordsOf(piece).some(isHit) }));
  const first = pieces.findIndex(({ hit }) => hit);
  if (first === -1) return undefined;
  let from = first;
  for (let length = 0; from > 0 && length + pieces[from - 1]!.piece.length <= BEFORE; from--) length += pieces[from - 1]!.piece.length;
  if (pieces[from]!.piece.trim() === '') from++;
  let to = from;
  for (let length = 0; to < pieces.length && (to <= first || length < SNIPPET); to++) length += pieces[to]!.piece.length;
  const parts: { text: string; hit?: true }[] = [];
  const add = (text: string, hit: boolean): void => {
    const last = parts.at(-1);
    if (last && !last.hit && !hit) last.text += text;
    else if (text !== '') parts.push(hit ? { text, hit } : { text });
  };
  if (from > 0) add('… ', false);
  for (const { piece, hit } of pieces.slice(from, to)) {
    const [, before = '', own = piece, after = ''] = hit ? /^([^\p{L}\p{M}\p{N}]*)(.*?)([^\p{L}\p{M}\p{N}]*)$/su.exec(piece)! : [];
    if (before) add(before, false);
    add(own.length > SNIPPET ? `${own.slice(0, SNIPPET)}…` : own, hit);
    if (after) add(after, false);
  }
  if (to < pieces.length) add(' …', false);
  return parts;
};
