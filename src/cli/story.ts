import { join } from 'node:path';
import { importFile } from './importer.js';
import { boardOf, dossierOf, exposureOf, staffOf, type Dossier, type Exposed, type Replay, type Row, type Staff } from './show.js';

const STORY = join(import.meta.dirname, 'met-police.jsonl');

type Get = <T>(path: string) => Promise<T>;
const textFrom =
  (url: string, token: string | undefined) =>
  async (path: string): Promise<string> => {
    const response = await fetch(url + path, { headers: token ? { authorization: `Bearer ${token}` } : {} });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    return response.text();
  };

/**
 * Sends the story over HTTP on one connection, line by line. Reads name the position they need, so any node of a cluster may answer them.
 * @param folder for the import's report
 * @returns the boards at each mark and at the end, the losses statement of each year, the workforce example, and the audit of one decision
 * @throws Error when any line is not accepted
 */
export const tellStory = async (
  url: string,
  folder: string,
  progress: (part: number) => void,
  token?: string,
): Promise<readonly string[]> => {
  const text = textFrom(url, token);
  const get: Get = async <T>(path: string) => JSON.parse(await text(path)) as T;
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
    boards.push(await board(get, mark.title, mark.position));
    boards.push(exposureOf(mark.title, await pages<Exposed>(get, `/projections/exposure?kind=supplier&${atPosition(mark.position)}`)));
  }
  const { row } = await get<{ row: Staff }>(`/projections/workforce/${encodeURIComponent('workforce:example')}?minPosition=${last}`);
  return [
    ...boards,
    (await text(`/projections/losses-statement?programme=met&format=text&${atPosition(last)}`)).trimEnd().concat('\n'),
    staffOf('An invented example of a transfer, for no source tells of one that was carried out', row),
    await audited(get, last),
  ];
};

/** Query for the state at exactly this position; the node waits until its replica has reached it. */
const atPosition = (position: string): string => `position=${position}&minPosition=${position}`;

const pages = async <T>(get: Get, path: string): Promise<readonly T[]> => {
  const rows: T[] = [];
  for (let cursor: string | undefined, more = true; more;) {
    const page = await get<{ rows: readonly T[]; next?: string | null }>(
      `${path}&limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
    );
    rows.push(...page.rows);
    cursor = page.next ?? undefined;
    more = cursor !== undefined;
  }
  return rows;
};
const board = async (get: Get, title: string, position: string): Promise<string> => {
  const { recordedAt } = await get<{ recordedAt: string }>(`/programmes/met?minPosition=${position}`);
  const rows = await pages<Row>(get, `/projections/tower-board?programme=met&${atPosition(position)}`);
  return boardOf(title, position, rows, recordedAt.slice(0, 10));
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
