/**
 * What all writings of one reference or name have in common: NFKC, case folded, without separators, but for one between two digits,
 * whatever it is. `PCD 813`, `PCD-813` and `pcd８１３` are one paper; `1/12` is neither `11/2` nor `112`. Empty where nothing can be read.
 */
export const matchKey = (text: string): string =>
  // Lower case first: both forms of a sigma, and an ß and its SS, meet in upper case.
  text
    .normalize('NFKC')
    .toLowerCase()
    .toUpperCase()
    .normalize('NFKC')
    .replace(/(?<=\p{Nd})[^\p{L}\p{M}\p{N}]+(?=\p{Nd})/gu, '-')
    .replace(/(?<!\p{Nd})[^\p{L}\p{M}\p{N}]+|[^\p{L}\p{M}\p{N}]+(?!\p{Nd})/gu, '');

/** Whether two texts are one name: an office, an authority, a supplier. */
export const sameName = (a: string, b: string): boolean => {
  const key = matchKey(a);
  return key === '' ? a === b : key === matchKey(b);
};
