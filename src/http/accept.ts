import type { FastifyRequest } from 'fastify';

/**
 * The media type of an answer, of those that it has, by the header `Accept` (RFC 9110): the one with the highest quality; of equals the first
 * that the answer names. Undefined where the caller takes none of them.
 */
export const preferredType = ({ headers: { accept } }: Pick<FastifyRequest, 'headers'>, types: readonly string[]): string | undefined => {
  if (accept === undefined) return types[0];
  const ranges = accept.split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const [, q] = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.exec(parameters.find((one) => one.startsWith('q=')) ?? '') ?? [];
    return { type, quality: q === undefined ? 1 : Number(q) };
  });
  const qualityOf = (type: string): number => {
    const matching = [type, `${type.split('/')[0]}/*`, '*/*'].map((wanted) => ranges.find((range) => range.type === wanted));
    return matching.find((range) => range !== undefined)?.quality ?? 0;
  };
  let best: string | undefined;
  for (const type of types) if (qualityOf(type) > (best === undefined ? 0 : qualityOf(best))) best = type;
  return best;
};
