import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { boardOf, dossierOf, type Dossier, type Replay, type Row } from './show.js';

/** A line of the scenario: a command with its stable key, or a mark between two parts of the story. */
type Line =
  { readonly key: string; readonly post: string; readonly body: { event?: string } } | { readonly mark: string; readonly title: string };

const scenario = async (): Promise<readonly Line[]> => {
  const text = await readFile(join(import.meta.dirname, 'met-police.jsonl'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
};

const get = async <T>(url: string): Promise<T> => {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as T;
};

/**
 * Sends the story over HTTP, command by command.
 * @returns the board as it stood at each mark and at the end, and one decision audited
 * @throws Error when a command is not accepted
 */
export const tellStory = async (url: string, progress: (told: number, all: number) => void): Promise<readonly string[]> => {
  const { marks, position } = await tell(url, await scenario(), progress);
  const boards: string[] = [];
  for (const mark of [...marks, { title: 'As it is known now', position }]) boards.push(await board(url, mark.title, mark.position));
  return [...boards, await audited(url)];
};

const tell = async (url: string, lines: readonly Line[], progress: (told: number, all: number) => void) => {
  const events = new Map<string, string>();
  const marks: { readonly title: string; readonly position: string }[] = [];
  let position = '';
  let told = 0;
  const all = lines.filter((line) => 'key' in line).length;
  for (const line of lines) {
    if ('mark' in line) {
      marks.push({ title: line.title, position });
      continue;
    }
    const body = line.body.event ? { ...line.body, event: events.get(line.body.event.slice(1)) } : line.body;
    const response = await fetch(url + line.post, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': line.key, 'x-actor': 'contract-manager' },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as { readonly position: string; readonly events: readonly { readonly id: string }[] };
    if (response.status !== 201) throw new Error(`${line.key}: ${response.status} ${JSON.stringify(answer)}`);
    events.set(line.key, answer.events[0]!.id);
    position = answer.position;
    progress(++told, all);
  }
  return { marks, position };
};

const board = async (url: string, title: string, position: string): Promise<string> => {
  const rows: Row[] = [];
  for (let cursor: string | undefined, more = true; more;) {
    const page = await get<{ rows: readonly Row[]; next?: string | null }>(
      `${url}/projections/tower-board?programme=met&position=${position}&limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
    );
    rows.push(...page.rows);
    cursor = page.next ?? undefined;
    more = cursor !== undefined;
  }
  return boardOf(title, position, rows);
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
