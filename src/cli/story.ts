import { join } from 'node:path';
import { importFile } from './importer.js';
import { boardFrom, getFrom, pages, textFrom, type Get } from './reads.js';
import { dossierOf, exposureOf, type Dossier, type Exposed, type Replay } from './show.js';
import { movementsCsv, movementsOf, plansOf, registerCsv, registerOf, type Movements, type Planned, type Registered } from './staff.js';

const STORY = join(import.meta.dirname, 'met-police.jsonl');

/** Days of which the boards are printed, as they are known at the end of the story. */
const DAYS = ['2016-12-31', '2020-12-31'];

/**
 * Sends the story over HTTP on one connection, line by line. Reads name the position they need, so any node of a cluster may answer them.
 * @param folder for the import's report
 * @returns the boards at each mark, at the end and on some days, the losses statement of each year, the register and the movement tables of the invented
 * transfer, and the audit of one decision
 * @throws Error when any line is not accepted
 */
export const recordStory = async (
  url: string,
  folder: string,
  progress: (part: number) => void,
  token?: string,
): Promise<readonly string[]> => {
  const text = textFrom(url, token);
  const get = getFrom(url, token);
  /** Position of the last answer. */
  let last = '';
  const marks: { readonly title: string; readonly position: string }[] = [];
  const { refused, broken, failed } = await importFile({
    file: STORY,
    folder,
    url,
    actor: 'contract-manager',
    ...(token && { token }),
    connections: 1,
    answered: (at) => (last = at),
    progress: ({ bytes, of }) => progress(bytes / of),
    marked: async ({ title }) => void marks.push({ title, position: last }),
  });
  if (refused + broken + failed > 0)
    throw new Error(`${refused + broken + failed} lines of the story were not accepted: ${join(folder, 'met-police.jsonl.report.jsonl')}`);
  const boards: string[] = [];
  for (const mark of [...marks, { title: 'As it is known now', position: last }]) {
    boards.push(await boardFrom(get, mark.title, { programme: 'met', position: mark.position }));
    boards.push(exposureOf(mark.title, await pages<Exposed>(get, `/projections/exposure?kind=supplier&${atPosition(mark.position)}`)));
  }
  for (const on of DAYS) boards.push(await boardFrom(get, `On ${on}, as it is known now`, { programme: 'met', on, position: last }));
  return [
    ...boards,
    (await text(`/projections/losses-statement?programme=met&format=text&${atPosition(last)}`)).trimEnd().concat('\n'),
    await plannedOf(get, 'met', last),
    ...(await transfersOf(get, 'example', last)),
    await audited(get, last),
  ];
};

/** Query for the state at exactly this position; the node waits until its replica has reached it. */
const atPosition = (position: string): string => `position=${position}&minPosition=${position}`;

/** What is planned of staff in a programme. */
const plannedOf = async (get: Get, programme: string, position: string): Promise<string> => {
  const plans = await pages<Planned>(get, `/projections/transfer-register?kind=plan&programme=${programme}&${atPosition(position)}`);
  return plansOf('Transfers of staff that are planned', plans);
};
/** The register of transfers and the movement tables of a programme, as text and as CSV. */
const transfersOf = async (get: Get, programme: string, position: string): Promise<readonly string[]> => {
  const of = `programme=${programme}&${atPosition(position)}`;
  const transfers = await pages<Registered>(get, `/projections/transfer-register?kind=transfer&${of}`);
  const pools = await pages<Movements>(get, `/projections/staff-movements?kind=pool&${of}`);
  return [
    registerOf('The register of an invented transfer, for no source reports one that was carried out', transfers),
    registerCsv(transfers),
    movementsOf('What became of the staff of the invented example', pools),
    movementsCsv(pools),
  ];
};

const audited = async (get: Get, last: string): Promise<string> => {
  const read = `minPosition=${last}`;
  const { decisions } = await get<{ decisions: readonly { decision: string; stream: string }[] }>(`/decisions?reference=PCD-813&${read}`);
  const { decision } = decisions.find(({ stream }) => stream === 'contract-met-dcms-keysource')!;
  return dossierOf(
    await get<Dossier>(`/decisions/${decision}?${read}`),
    await get<Replay>(`/decisions/${decision}/replay?${read}`),
    decisions.length,
  );
};
