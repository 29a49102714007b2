import { programmeBoard } from '../../projections/programme.js';
import type { ComponentChildren } from 'preact';
import type { Read } from './read.js';
import type { ProgrammeRow } from './rows.js';
import { places, to, type Frame } from './shell.js';
import { Name } from './words.js';

/** The way back to the board of a programme, by its title. */
export const boardCrumb = async (read: Read, frame: Frame, programme: string | null | undefined): Promise<ComponentChildren> => {
  if (programme === null || programme === undefined) return null;
  const found = await read.row<ProgrammeRow>(programmeBoard.name, `programme:${programme}`, programme);
  return (
    <p class="crumbs">
      <a href={to(frame, places.board(programme))}>
        Board of <Name of={found?.row.title ?? programme} />
      </a>
    </p>
  );
};
