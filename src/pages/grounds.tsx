import type { Assessed } from '../engine/audit/dossier.js';
import { Fields, Name, some, Source, Tag, Text, Value_ } from './words.js';

export const lateText = (days: number): string =>
  days > 730 ? `recorded ${Math.floor(days / 365)} years late` : `recorded ${some(days, 'day')} late`;

export const Evidences = ({
  of,
}: {
  readonly of: readonly { readonly uri?: string; readonly title?: string; readonly paragraph?: string; readonly confidence?: string }[];
}) =>
  of.length === 0 ? null : (
    <ul>
      {of.map(({ uri, title, paragraph, confidence }) => (
        <li>
          <Source uri={uri} title={title} />
          {paragraph !== undefined && (
            <>
              , <Name of={paragraph} />
            </>
          )}
          {confidence !== undefined && <span class="quiet small"> {confidence}</span>}
        </li>
      ))}
    </ul>
  );

export const Rules = ({ of }: { readonly of: readonly Assessed[] }) =>
  of.length === 0 ? (
    <p class="quiet">No policy was adopted that judges this.</p>
  ) : (
    <ul class="line">
      {of.map(({ rule, version, result, note, inputs, asRecordedBy, ...since }) => (
        <li>
          <Tag of={result} /> <bdi>{rule}</bdi> <span class="quiet small">{version}</span>
          {note !== undefined && (
            <p class="small">
              <Text of={note} />
            </p>
          )}
          {asRecordedBy !== undefined && (
            <p class="quiet small">
              Who decided is as recorded by <bdi>{asRecordedBy}</bdi>.
            </p>
          )}
          {Object.keys(since).some((name) => name !== 'refuses') && (
            <p class="small">
              <span class="tag warn">since then</span> <Value_ of={since} />
            </p>
          )}
          <details>
            <summary>What it was judged by</summary>
            <div>
              <Fields of={inputs} />
            </div>
          </details>
        </li>
      ))}
    </ul>
  );
