import { boardOf, type Row } from './show.js';

export type Get = <T>(path: string) => Promise<T>;

/** Reads from a server. @throws Error with its answer when it is not 2xx */
export const textFrom =
  (url: string, token: string | undefined) =>
  async (path: string): Promise<string> => {
    const response = await fetch(url + path, { headers: token ? { authorization: `Bearer ${token}` } : {} });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    return response.text();
  };
export const getFrom = (url: string, token: string | undefined): Get => {
  const text = textFrom(url, token);
  return async <T>(path: string) => JSON.parse(await text(path)) as T;
};

/** All rows of a projection, page by page. @param path with a query */
export const pages = async <T>(get: Get, path: string): Promise<readonly T[]> => {
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

/** What a board is asked for: as recorded now and as of today unless it says otherwise. */
export interface BoardQuestion {
  readonly programme: string;
  /** A day: how things stood then. */
  readonly on?: string | undefined;
  /** An instant or a day: what was recorded by then. */
  readonly recordedAt?: string | undefined;
  /** Exactly up to this position of the log. */
  readonly position?: string | undefined;
}

/** The tower board of a programme as a page of text. @throws Error when the server does not answer it */
export const boardFrom = async (get: Get, title: string, { programme, on, recordedAt, position }: BoardQuestion): Promise<string> => {
  const query = new URLSearchParams({ programme });
  if (on !== undefined) query.set('effectiveOn', on);
  if (recordedAt !== undefined) query.set('recordedAt', recordedAt);
  if (position !== undefined) for (const name of ['position', 'minPosition']) query.set(name, position);
  const path = `/projections/tower-board?${query}`;
  const rows = await pages<Row>(get, path);
  const { asOf } = await get<{ asOf: { position: string } }>(`${path}&limit=1`);
  const at = position ?? asOf.position;
  const last = await get<{ recordedAt: string }>(`/programmes/${programme}?position=${at}&minPosition=${at}`);
  const day = on ?? (position === undefined ? (await get<{ today: string }>('/projections')).today : last.recordedAt.slice(0, 10));
  return boardOf(title, at, rows, day);
};
