/** What a caller asks of the stream before anything is decided (RFC 9110, section 13). */
export interface Precondition {
  /** One of these revisions, -1 for a stream without events; none when no tag that came is a strong one of a revision. `any`: the stream has events. */
  readonly ifMatch?: readonly number[] | 'any' | undefined;
  /** The stream has no events. */
  readonly ifNoneMatch?: 'any' | undefined;
}

/** Why a stream at this revision is not what the caller asks for, as a sentence; undefined when it is. */
export const unmetPrecondition = ({ ifMatch, ifNoneMatch }: Precondition, stream: string, revision: number): string | undefined => {
  const place = revision === -1 ? `${stream} has no events yet` : `${stream} is at revision ${revision}`;
  if (ifNoneMatch !== undefined && revision !== -1) return `${place}, and the command asks for a new one.`;
  if (ifMatch === undefined || (ifMatch === 'any' ? revision !== -1 : ifMatch.includes(revision))) return undefined;
  if (ifMatch === 'any') return `${place}.`;
  if (ifMatch.length === 0)
    return `${place}, and no tag that came is a revision in quotes. A weak tag never matches: a proxy on the way may have added its W/.`;
  return `${place}, not ${ifMatch.join(' or ')}.`;
};
