import { programmeBoard as programmeRows } from '../../projections/programme.js';
import { More } from './more.js';
import type { Read } from './read.js';
import type { ProgrammeRow } from './rows.js';
import { address, clocksOf, places, to, type Frame, type Page } from './shell.js';
import { Name, some } from './words.js';

/** The programmes of the ledger; of an empty one, what to do first. */
export const homePage = async (read: Read, frame: Frame): Promise<Page> => {
  const { rows, next } = await read.rows<ProgrammeRow>(programmeRows.name);
  return {
    title: 'Programmes',
    api: { json: address('/projections/programme', clocksOf(frame.query)) },
    body: (
      <>
        <h1>Programmes</h1>
        {rows.length === 0 ? (
          <p>
            Nothing is recorded {read.day === undefined ? 'yet' : 'up to that day'}.{' '}
            {frame.mayCommand ? (
              <a href="/app/programmes/-/charter-programme">Charter a programme</a>
            ) : (
              'A contract manager charters the first programme.'
            )}
          </p>
        ) : (
          <ul class="line">
            {rows.map(({ row }) => (
              <li>
                <a href={to(frame, places.board(row.programme))}>
                  <Name of={row.title} />
                </a>
                <div class="when">
                  <Name of={row.authority} /> · <bdi>{row.programme}</bdi>
                </div>
              </li>
            ))}
          </ul>
        )}
        <More frame={frame} next={next} of={some(rows.length, 'programme')} />
      </>
    ),
  };
};
