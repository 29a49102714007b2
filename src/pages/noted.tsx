import type { LossLine, Noted } from './rows.js';
import { places, to, type Frame } from './shell.js';
import { Day, Money, Name, Text } from './words.js';

export const Losses = ({ of, frame }: { readonly of: readonly LossLine[]; readonly frame: Frame }) =>
  of.length === 0 ? (
    <p class="quiet">None is recorded.</p>
  ) : (
    <ul>
      {of.map(({ loss, title, bearer, gross, net }) => (
        <li>
          <a href={to(frame, places.loss(loss))}>
            <Name of={title} />
          </a>
          : <Money of={gross} /> gross,{' '}
          {net === null ? (
            'nothing written off'
          ) : (
            <>
              <Money of={net} /> net
            </>
          )}
          , {bearer} bears it
        </li>
      ))}
    </ul>
  );

export const NotedList = ({
  of,
  findings = [],
}: {
  readonly of: readonly Noted[];
  readonly findings?: readonly { readonly text: string }[];
}) =>
  of.length + findings.length === 0 ? (
    <p class="quiet">None.</p>
  ) : (
    <ul>
      {findings.map(({ text }) => (
        <li>
          <span class="tag warn">finding</span> <Text of={text} />
        </li>
      ))}
      {of.map(({ summary, warning, on, by }) => (
        <li>
          <span class="tag warn">{warning === undefined ? 'risk' : 'warning'}</span> <Text of={summary} />{' '}
          <span class="quiet small">
            <Day on={on} />
            {by !== undefined && (
              <>
                , <Name of={by} />
              </>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
