import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { importFile } from './importer.js';
import { boardOf, dossierOf, exposureOf, staffOf, type Dossier, type Exposed, type Replay, type Row, type Staff } from './show.js';

const STORY = join(import.meta.dirname, 'met-police.jsonl');

const get = async <T>(url: string): Promise<T> => {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as T;
};

/**
 * Sends the story over HTTP.
 * @param folder for the import's report
 * @returns the board as it stood at each mark and at the end, and one decision audited
 * @throws Error when a line is not accepted
 */
export const tellStory = async (url: string, folder: string, progress: (part: number) => void): Promise<readonly string[]> => {
  /** Where the log ends, once every projection has read it. */
  const position = async (): Promise<string> => {
    for (;;) {
      const { projections } = await get<{ projections: readonly { position: string; lag: number }[] }>(`${url}/projections`);
      if (projections.every(({ lag }) => lag === 0)) return projections[0]!.position;
      await sleep(10);
    }
  };
  const marks: { readonly title: string; readonly position: string }[] = [];
  const { refused, broken } = await importFile({
    file: STORY,
    folder,
    url,
    actor: 'contract-manager',
    progress: ({ bytes, of }) => progress(bytes / of),
    marked: async ({ title }) => void marks.push({ title, position: await position() }),
  });
  if (refused + broken > 0)
    throw new Error(`${refused + broken} lines of the story were not accepted: ${join(folder, 'met-police.jsonl.report.jsonl')}`);
  const boards: string[] = [];
  for (const mark of [...marks, { title: 'As it is known now', position: await position() }]) {
    boards.push(await board(url, mark.title, mark.position));
    boards.push(exposureOf(mark.title, await pages<Exposed>(`${url}/projections/exposure?kind=supplier&position=${mark.position}`)));
  }
  const { row } = await get<{ row: Staff }>(`${url}/projections/workforce/${encodeURIComponent('workforce:example')}`);
  return [
    ...boards,
    staffOf('An invented example of a transfer, for no source tells of one that was carried out', row),
    await audited(url),
  ];
};

const pages = async <T>(url: string): Promise<readonly T[]> => {
  const rows: T[] = [];
  for (let cursor: string | undefined, more = true; more;) {
    const page = await get<{ rows: readonly T[]; next?: string | null }>(
      `${url}&limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
    );
    rows.push(...page.rows);
    cursor = page.next ?? undefined;
    more = cursor !== undefined;
  }
  return rows;
};
const board = async (url: string, title: string, position: string): Promise<string> => {
  const { recordedAt } = await get<{ recordedAt: string }>(`${url}/programmes/met`);
  const rows = await pages<Row>(`${url}/projections/tower-board?programme=met&position=${position}`);
  return boardOf(title, position, rows, recordedAt.slice(0, 10));
};

const audited = async (url: string): Promise<string> => {
  const { decisions } = await get<{ decisions: readonly { decision: string; stream: string }[] }>(`${url}/decisions?reference=PCD-813`);
  const { decision } = decisions.find(({ stream }) => stream === 'contract-met-dcms-keysource')!;
  return dossierOf(
    await get<Dossier>(`${url}/decisions/${decision}`),
    await get<Replay>(`${url}/decisions/${decision}/replay`),
    decisions.length,
  );
};
