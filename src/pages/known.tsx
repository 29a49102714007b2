import { split } from '../engine/audit/audit.js';
import { places, to, type Frame } from './shell.js';
import { numberText, wordsOf } from './words.js';

/** The streams that a decision knew, and how far. */
export const KnownStreams = ({
  of,
  frame,
}: {
  readonly of: readonly { readonly stream: string; readonly revision: number }[];
  readonly frame: Frame;
}) => (
  <ul>
    {of.map(({ stream, revision }) => {
      const [category, id] = split(stream);
      return (
        <li>
          <a href={to(frame, places.about(category, id))}>
            {wordsOf(category)} <bdi>{id}</bdi>
          </a>{' '}
          <span class="quiet">{factsText(revision)}</span>
        </li>
      );
    })}
  </ul>
);
const factsText = (revision: number): string => {
  if (revision < 0) return 'nothing recorded';
  return revision === 0 ? 'its first event' : `its first ${numberText(revision + 1)} events`;
};
